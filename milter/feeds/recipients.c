#include "feeds/recipients.h"

#include <string.h>

#define QUOTED 'q' // in `mask`: the byte was in quotes or after a backslash
#define PLAIN  'p'

typedef struct {
    GString *text, *mask;
} Element;

static void put(Element *element, char c, char mask)
{
    g_string_append_c(element->text, c);
    g_string_append_c(element->mask, mask);
}

// Up to the next comma outside of quotes and comments. Where that is, or the end.
static const char *take_element(const char *at, Element *element)
{
    bool quoted = false;
    guint comments = 0;
    g_string_truncate(element->text, 0);
    g_string_truncate(element->mask, 0);
    for (; *at != '\0' && (quoted || comments > 0 || *at != ','); at++) {
        bool escaped = *at == '\\' && at[1] != '\0';
        if (escaped)
            at++;
        if (comments > 0)
            comments = comments + (!escaped && *at == '(') - (!escaped && *at == ')');
        else if (escaped)
            put(element, *at, QUOTED);
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && *at == '(')
            comments = 1;
        else
            put(element, *at, quoted ? QUOTED : PLAIN);
    }
    return at;
}

static gsize find_plain(const Element *element, gsize from, const char *any)
{
    while (from < element->text->len &&
           (element->mask->str[from] == QUOTED || strchr(any, element->text->str[from]) == NULL))
        from++;
    return from;
}

static bool each_address(const Element *element, RecipientFunc func, void *data)
{
    const GString *text = element->text;
    gsize open = find_plain(element, 0, "<");
    if (open < text->len) {
        gsize close = find_plain(element, open, ">");
        g_autofree char *inside = g_strstrip(g_strndup(text->str + open + 1, close - open - 1));
        return func(RECIPIENT_ADDRESS, inside, data);
    }
    bool ok = true;
    for (gsize from = 0, end; ok && from < text->len; from = end + 1) {
        end = find_plain(element, from, " \t");
        g_autofree char *word = g_strndup(text->str + from, end - from);
        ok = end == from || func(RECIPIENT_ADDRESS, word, data);
    }
    return ok;
}

static bool end_element(const Element *element, RecipientFunc func, void *data)
{
    const char *text = element->text->str + strspn(element->text->str, " \t");
    if (text[0] == '\0')
        return true;
    if (text[0] == '|' || text[0] == '/')
        return func(RECIPIENT_OTHER, text, data);
    if (g_ascii_strncasecmp(text, ":include:", strlen(":include:")) != 0)
        return each_address(element, func, data);
    g_autofree char *path = g_strstrip(g_strdup(text + strlen(":include:")));
    return func(RECIPIENT_INCLUDE, path, data);
}

bool recipients_each(const char *text, RecipientFunc func, void *data)
{
    Element element = {g_string_new(NULL), g_string_new(NULL)};
    bool ok = true;
    for (const char *at = text; ok && *at != '\0';) {
        at = take_element(at, &element);
        ok = end_element(&element, func, data);
        at += *at == ',' ? 1 : 0;
    }
    g_string_free(element.text, TRUE);
    g_string_free(element.mask, TRUE);
    return ok;
}

gsize recipients_name_length(const char *text, const char *ends)
{
    bool quoted = false;
    const char *at = text;
    for (; *at != '\0' && (quoted || (strchr(" \t", *at) == NULL && strchr(ends, *at) == NULL)); at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '"')
            quoted = !quoted;
    }
    return (gsize)(at - text);
}

char *recipients_unquote(const char *text, gsize length)
{
    GString *out = g_string_sized_new(length + 1);
    for (gsize i = 0; i < length; i++) {
        if (text[i] == '"')
            continue;
        if (text[i] == '\\' && i + 1 < length)
            i++;
        g_string_append_c(out, text[i]);
    }
    return g_string_free(out, FALSE);
}
