// Outlook's messages (MS-OXMSG): properties are streams, attachments and recipients storages, attached messages storages in these.
#include "reader/formats/ole.h"

#include <string.h>

#define OUTLOOK_MOST_PATH 4096

typedef struct {
    ReaderState *state;
    guint part;
    OleFile *ole;
} Outlook;

// A text property (PtypString, else PtypString8) of storage `in`; caller frees. NULL = none.
static char *outlook_text(const Outlook *outlook, const char *in, const char *property, gsize *out_len)
{
    gsize most = (gsize)outlook->state->limits->text_head;
    g_autofree char *wide = g_strconcat(in, "__substg1.0_", property, "001F", NULL);
    g_autofree char *narrow = g_strconcat(in, "__substg1.0_", property, "001E", NULL);
    g_autoptr(GByteArray) bytes = ole_stream(outlook->ole, wide, most);
    g_autoptr(GString) text = g_string_new(NULL);
    char *found = NULL;
    gsize len = 0;
    if (bytes != NULL) {
        bytes_utf16(text, (SniffBytes){bytes->data, bytes->len});
        len = text->len;
        found = g_string_free(g_steal_pointer(&text), FALSE);
    } else if ((bytes = ole_stream(outlook->ole, narrow, most)) != NULL) {
        found = charset_best(bytes->data, bytes->len, NULL, &len);
    }
    if (out_len != NULL)
        *out_len = len;
    return found;
}

static GByteArray *outlook_binary(const Outlook *outlook, const char *in, const char *property)
{
    g_autofree char *path = g_strconcat(in, "__substg1.0_", property, NULL);
    return ole_stream(outlook->ole, path, (gsize)outlook->state->limits->attachment_bytes);
}

// ---- one message -----------------------------------------------------------------------------------------

static void outlook_headers(const Outlook *outlook, const char *in, const char *where)
{
    static const struct {
        const char *property, *name;
    } HEADERS[] = {{"0037", "Subject"}, {"0C1A", "From"}, {"5D01", "From"}, {"0C1F", "From"},
                   {"0E04", "To"},      {"0E03", "Cc"},   {"0E02", "Bcc"}};
    for (guint i = 0; i < G_N_ELEMENTS(HEADERS); i++) {
        gsize len = 0;
        g_autofree char *value = outlook_text(outlook, in, HEADERS[i].property, &len);
        Passage *passage = value != NULL ? format_text(outlook->state, outlook->part, ORIGIN_HEADER,
                                                       VISIBILITY_SHOWN, where, value, len)
                                         : NULL;
        if (passage != NULL)
            passage->header = g_strdup(HEADERS[i].name);
    }
    gsize len = 0;
    g_autofree char *transport = outlook_text(outlook, in, "007D", &len);
    if (transport != NULL)
        format_text(outlook->state, outlook->part, ORIGIN_DATA, VISIBILITY_HIDDEN, where, transport, len);
}

static void outlook_rtf(const Outlook *outlook, const char *in)
{
    gsize most = (gsize)outlook->state->limits->text_head;
    g_autoptr(GByteArray) packed = outlook_binary(outlook, in, "10090102");
    if (packed == NULL || packed->len == 0)
        return;
    g_autoptr(GByteArray) rtf = lzfu_decompress((SniffBytes){packed->data, packed->len}, most);
    if (rtf == NULL)
        format_note(outlook->state, outlook->part, "damaged", "a body in packed RTF");
    else if (format_afford(outlook->state, outlook->part, rtf->len))
        format_inside(outlook->state, outlook->part, "body.rtf", "application/rtf", rtf->data, rtf->len);
}

static void outlook_bodies(const Outlook *outlook, const char *in, const char *where)
{
    gsize len = 0;
    g_autofree char *plain = outlook_text(outlook, in, "1000", &len);
    g_autoptr(GByteArray) html = outlook_binary(outlook, in, "10130102");
    gsize html_len = 0;
    g_autofree char *html_text = outlook_text(outlook, in, "1013", &html_len);
    if (plain != NULL)
        format_text(outlook->state, outlook->part, ORIGIN_TEXT, VISIBILITY_SHOWN, where, plain, len);
    if (html != NULL && html->len > 0)
        format_inside(outlook->state, outlook->part, "body.html", "text/html", html->data, html->len);
    if (html_text != NULL && html_len > 0)
        format_inside(outlook->state, outlook->part, "body.html", "text/html", html_text, html_len);
    outlook_rtf(outlook, in);
}

static char *outlook_name(const Outlook *outlook, const char *in)
{
    char *name = outlook_text(outlook, in, "3707", NULL);
    if (name == NULL)
        name = outlook_text(outlook, in, "3704", NULL);
    return name != NULL ? name : outlook_text(outlook, in, "3001", NULL);
}

static void outlook_file(const Outlook *outlook, const char *in)
{
    g_autoptr(GByteArray) data = outlook_binary(outlook, in, "37010102");
    g_autofree char *name = outlook_name(outlook, in), *type = outlook_text(outlook, in, "370E", NULL);
    g_autofree char *label = type != NULL ? g_ascii_strdown(type, -1) : g_strdup("");
    if (data != NULL && data->len > 0 && format_afford(outlook->state, outlook->part, data->len))
        format_inside(outlook->state, outlook->part, name != NULL ? name : "attachment", label, data->data,
                      data->len);
}

static void outlook_recipient(const Outlook *outlook, const char *in, const char *where)
{
    static const char *const PROPERTIES[] = {"3001", "39FE", "3003"};
    for (guint i = 0; i < G_N_ELEMENTS(PROPERTIES); i++) {
        gsize len = 0;
        g_autofree char *value = outlook_text(outlook, in, PROPERTIES[i], &len);
        Passage *passage = value != NULL ? format_text(outlook->state, outlook->part, ORIGIN_HEADER,
                                                       VISIBILITY_SHOWN, where, value, len)
                                         : NULL;
        if (passage != NULL)
            passage->header = g_strdup("To");
    }
}

// ---- messages in messages --------------------------------------------------------------------------------

// Reads the message in storage `in` and adds the storages of those attached to it to `todo`.
static void outlook_message(const Outlook *outlook, const char *in, guint number, GPtrArray *todo)
{
    g_autoptr(GPtrArray) names = ole_list(outlook->ole, in);
    g_autofree char *where = *in != '\0' ? g_strdup_printf("attached message %u", number) : NULL;
    outlook_headers(outlook, in, where);
    outlook_bodies(outlook, in, where);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_strconcat(in, name, "/", NULL);
        if (g_str_has_prefix(name, "__recip_version1.0_")) {
            outlook_recipient(outlook, path, where);
        } else if (g_str_has_prefix(name, "__attach_version1.0_")) {
            g_autofree char *inner = g_strconcat(path, "__substg1.0_3701000D/", NULL);
            outlook_file(outlook, path);
            if (ole_has(outlook->ole, inner))
                g_ptr_array_add(todo, g_steal_pointer(&inner));
        }
    }
}

void outlook_read(ReaderState *state, guint part, SniffBytes bytes)
{
    g_autoptr(OleFile) ole = ole_open(bytes);
    guint before = state->message->passages->len + state->message->parts->len;
    ((Part *)state->message->parts->pdata[part])->state = PART_CONTAINER;
    if (ole == NULL) {
        format_fail(state, part, "damaged", "an Outlook message");
        return;
    }
    Outlook outlook = {state, part, ole};
    g_autoptr(GPtrArray) todo = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(todo, g_strdup(""));
    for (guint i = 0; i < todo->len; i++) {
        if (i >= (guint)state->limits->parts || strlen(todo->pdata[i]) > OUTLOOK_MOST_PATH) {
            format_note(state, part, "archive-limit", "messages in messages");
            break;
        }
        outlook_message(&outlook, todo->pdata[i], i, todo);
    }
    if (state->message->passages->len + state->message->parts->len == before)
        format_note(state, part, "no-text", NULL);
}
