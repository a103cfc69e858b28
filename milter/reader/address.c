// Address fields (RFC 5322), read leniently: nothing that a client shows as a name, a comment or an address
// is lost.
#include "reader/mime.h"

#include <string.h>

static void mailbox_free(gpointer data)
{
    Mailbox *mailbox = data;
    g_free(mailbox->name);
    g_free(mailbox->address);
    g_free(mailbox);
}

GPtrArray *address_list_new(void)
{
    return g_ptr_array_new_with_free_func(mailbox_free);
}

// One list element on its way: words outside everything, angle address, comments.
typedef struct {
    GString *words, *angle, *comment;
    bool quoted; // a quoted string was among the words
    bool has_angle;
} Element;

static void element_clear(Element *element)
{
    g_string_truncate(element->words, 0);
    g_string_truncate(element->angle, 0);
    g_string_truncate(element->comment, 0);
    element->quoted = element->has_angle = false;
}

// Takes a quoted string, a comment or an angle address from text[pos] (which opens it) to `close`; returns
// the place of its last byte. Comments nest.
static gsize take_until(const char *text, gsize len, gsize pos, char open, char close, GString *out)
{
    guint depth = 1;
    gsize i = pos + 1;
    for (; i < len; i++) {
        if (text[i] == '\\' && i + 1 < len && close != '>')
            i++;
        else if (text[i] == close && --depth == 0)
            break;
        else if (text[i] == open && open == '(')
            depth++;
        g_string_append_c(out, text[i]);
    }
    return MIN(i, len - 1);
}

static char *decoded(GString *text)
{
    char *out = header_decode(text->str, text->len);
    return g_strstrip(out);
}

// A bare address among the words: the one word with '@', with what blanks were put around the '@' and the
// dots taken out.
static char *bare_address(const char *words, char **out_rest)
{
    g_autofree char *text = g_strdup(words);
    g_strstrip(text);
    char *at = strchr(text, '@');
    *out_rest = NULL;
    if (at == NULL) {
        bool one = *text != '\0' && strpbrk(text, " \t") == NULL;
        if (!one)
            *out_rest = g_strdup(text);
        return one ? g_strdup(text) : g_strdup("");
    }
    char *start = at, *end = at + 1;
    while (start > text && g_ascii_isspace(start[-1]))
        start--;
    while (start > text && !g_ascii_isspace(start[-1]))
        start--;
    end += strspn(end, " \t");
    end += strcspn(end, " \t");
    g_autoptr(GString) address = g_string_new(NULL);
    for (const char *c = start; c < end; c++)
        if (!g_ascii_isspace(*c))
            g_string_append_c(address, *c);
    g_autofree char *before = g_strndup(text, (gsize)(start - text));
    g_autofree char *rest = g_strconcat(before, end, NULL);
    g_strstrip(rest);
    if (*rest != '\0')
        *out_rest = g_steal_pointer(&rest);
    return g_strdup(address->str);
}

static void element_end(Element *element, const char *group, GPtrArray *out)
{
    g_autofree char *words = decoded(element->words);
    g_autofree char *comment = decoded(element->comment);
    g_autofree char *rest = NULL;
    g_autofree char *address = NULL;
    if (element->has_angle) {
        address = g_strndup(element->angle->str, element->angle->len);
        g_strstrip(address);
        const char *route = strchr(address, ':'); // <@a,@b:local@domain>
        if (*address == '@' && route != NULL)
            memmove(address, route + 1, strlen(route + 1) + 1);
        rest = g_strdup(words);
    } else if (element->quoted && strchr(words, '@') == NULL) {
        address = g_strdup("");
        rest = g_strdup(words);
    } else {
        address = bare_address(words, &rest);
    }
    g_autoptr(GString) name = g_string_new(group);
    const char *pieces[] = {rest, comment};
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++)
        if (pieces[i] != NULL && *pieces[i] != '\0')
            g_string_append_printf(name, "%s%s", name->len > 0 ? " " : "", pieces[i]);
    if (*address != '\0' || name->len > 0) {
        Mailbox *mailbox = g_new0(Mailbox, 1);
        mailbox->address = g_utf8_make_valid(address, -1);
        mailbox->name = name->len > 0 ? g_strdup(name->str) : NULL;
        g_ptr_array_add(out, mailbox);
    }
    element_clear(element);
}

bool address_parse(const char *raw, gsize len, guint max, GPtrArray *out)
{
    gsize n = 0;
    g_autofree char *text = fields_unfold(raw, len, &n);
    Element element = {g_string_new(NULL), g_string_new(NULL), g_string_new(NULL), false, false};
    g_autofree char *group = NULL;
    gsize i = 0;
    for (; i < n && out->len < max; i++) {
        switch (text[i]) {
        case '"':
            element.quoted = true;
            i = take_until(text, n, i, '"', '"', element.words);
            break;
        case '(':
            if (element.comment->len > 0)
                g_string_append_c(element.comment, ' ');
            i = take_until(text, n, i, '(', ')', element.comment);
            break;
        case '<':
            if (element.has_angle)
                g_string_append_c(element.angle, ' ');
            element.has_angle = true;
            i = take_until(text, n, i, '<', '>', element.angle);
            break;
        case ',':
        case ';':
            element_end(&element, group, out);
            if (text[i] == ';')
                g_clear_pointer(&group, g_free);
            break;
        case ':':
            g_free(group);
            group = decoded(element.words);
            element_clear(&element);
            break;
        case '\0':
            break;
        default:
            g_string_append_c(element.words, text[i]);
        }
    }
    if (i == n && out->len < max)
        element_end(&element, group, out);
    if (out->len == 0 && group != NULL && *group != '\0') { // a group without members still shows its name
        Mailbox *mailbox = g_new0(Mailbox, 1);
        *mailbox = (Mailbox){.name = g_steal_pointer(&group), .address = g_strdup("")};
        g_ptr_array_add(out, mailbox);
    }
    g_string_free(element.words, TRUE);
    g_string_free(element.angle, TRUE);
    g_string_free(element.comment, TRUE);
    return i == n;
}
