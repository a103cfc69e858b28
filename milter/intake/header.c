// Header fields, for metadata. What a message means is the reader's to say; here only what records are found by.
#include "intake/internal.h"

#include <string.h>

enum { FIELDS_MOST = 4000, ADDRESSES_MOST = 20000 };
#define HEADER_MOST ((gsize)2 * 1024 * 1024)

static void field_free(gpointer data)
{
    IntakeField *field = data;
    g_free(field->name);
    g_free(field->value);
    g_free(field);
}

void header_free(IntakeHeader *header)
{
    if (header != NULL)
        g_ptr_array_unref(header->fields);
    g_free(header);
}

// ---- fields --------------------------------------------------------------------------------------------------

// Length of the field's name; 0 = the line is none.
static gsize name_length(const char *line, gsize len)
{
    gsize at = 0;
    while (at < len && line[at] > 32 && line[at] < 127 && line[at] != ':')
        at++;
    gsize name = at;
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return at < len && line[at] == ':' ? name : 0;
}

static bool is_mail_field(const char *name)
{
    static const char *const NAMES[] = {"From",        "To",           "Subject", "Date",
                                        "Received",    "Message-ID",   "Sender",  "MIME-Version",
                                        "Return-Path", "Delivered-To", "Cc",      "Reply-To"};
    bool known = false;
    for (gsize i = 0; i < G_N_ELEMENTS(NAMES) && !known; i++)
        known = g_ascii_strcasecmp(name, NAMES[i]) == 0;
    return known;
}

static void add_field(IntakeHeader *header, const char *line, gsize name, gsize len)
{
    const char *colon = memchr(line + name, ':', len - name);
    g_autofree char *raw = g_strndup(colon + 1, len - (gsize)(colon + 1 - line));
    IntakeField *field = g_new0(IntakeField, 1);
    // Unfolded: a line break goes, the white space behind it stays.
    gsize out = 0;
    for (gsize i = 0; raw[i] != '\0'; i++)
        if (raw[i] != '\r' && raw[i] != '\n')
            raw[out++] = raw[i];
    raw[out] = '\0';
    field->name = g_strndup(line, name);
    field->value = g_utf8_make_valid(g_strstrip(raw), -1);
    g_ptr_array_add(header->fields, field);
    header->known = header->known || is_mail_field(field->name);
}

// Where the line at `at` ends, with its line feed.
static gsize line_end(const char *data, gsize len, gsize at)
{
    const char *end = memchr(data + at, '\n', len - at);
    return end != NULL ? (gsize)(end - data) + 1 : len;
}

static bool is_blank(const char *line, gsize len)
{
    return len == 0 || line[0] == '\n' || (line[0] == '\r' && (len == 1 || line[1] == '\n'));
}

IntakeHeader *header_parse(const char *data, gsize len)
{
    IntakeHeader *header = g_new0(IntakeHeader, 1);
    header->fields = g_ptr_array_new_with_free_func(field_free);
    gsize most = MIN(len, HEADER_MOST), at = 0;
    while (at < most && header->fields->len < FIELDS_MOST) {
        gsize end = line_end(data, most, at);
        if (is_blank(data + at, end - at)) {
            at = end;
            break;
        }
        while (end < most && (data[end] == ' ' || data[end] == '\t'))
            end = line_end(data, most, end);
        gsize name = name_length(data + at, end - at);
        bool from_line = at == 0 && name == 0 && (strncmp(data, "From ", MIN(len, 5)) == 0 || data[0] == '>');
        if (name == 0 && !from_line)
            break; // no field: the body begins without an empty line
        if (name > 0)
            add_field(header, data + at, name, end - at);
        at = end;
    }
    header->body = at;
    return header;
}

const char *header_value(const IntakeHeader *header, const char *name)
{
    for (guint i = 0; i < header->fields->len; i++) {
        const IntakeField *field = header->fields->pdata[i];
        if (g_ascii_strcasecmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

// ---- words of RFC 2047 ---------------------------------------------------------------------------------------

static GByteArray *decode_q(const char *text, gsize len)
{
    GByteArray *out = g_byte_array_new();
    for (gsize i = 0; i < len; i++) {
        guint8 byte = (guint8)text[i];
        if (byte == '=' && i + 2 < len + 0 && g_ascii_isxdigit(text[i + 1]) &&
            g_ascii_isxdigit(text[i + 2])) {
            byte = (guint8)(g_ascii_xdigit_value(text[i + 1]) * 16 + g_ascii_xdigit_value(text[i + 2]));
            i += 2;
        } else if (byte == '_') {
            byte = ' ';
        }
        g_byte_array_append(out, &byte, 1);
    }
    return out;
}

// One encoded word at `at`: its text, and where it ends; NULL when there is none.
static char *decode_word(const char *at, const char **out_end)
{
    enum { CHARSET_MOST = 60, WORD_MOST = 2000 }; // looked no further: a value may hold many beginnings
    if (!g_str_has_prefix(at, "=?"))
        return NULL;
    const char *charset = at + 2, *kind = memchr(charset, '?', strnlen(charset, CHARSET_MOST));
    if (kind == NULL || kind[1] == '\0' || kind[2] != '?')
        return NULL;
    const char *text = kind + 3, *end = g_strstr_len(text, (gssize)strnlen(text, WORD_MOST), "?=");
    if (end == NULL)
        return NULL;
    g_autofree char *name = g_strndup(charset, (gsize)(kind - charset));
    name[strcspn(name, "*")] = '\0'; // RFC 2231: a language
    g_autoptr(GByteArray) bytes = NULL;
    if (kind[1] == 'B' || kind[1] == 'b') {
        g_autofree char *coded = g_strndup(text, (gsize)(end - text));
        gsize len = 0;
        guchar *plain = *coded != '\0' ? g_base64_decode(coded, &len) : NULL;
        bytes = g_byte_array_new_take(plain, len);
    } else {
        bytes = decode_q(text, (gsize)(end - text));
    }
    *out_end = end + 2;
    gsize written = 0;
    char *plain = g_convert((const char *)bytes->data, bytes->len, "UTF-8", name, NULL, &written, NULL);
    return plain != NULL ? plain : g_utf8_make_valid((const char *)bytes->data, bytes->len);
}

char *header_decode(const char *value)
{
    g_autoptr(GString) out = g_string_new(NULL);
    bool after_word = false;
    for (const char *at = value; *at != '\0';) {
        const char *end = NULL;
        gsize blank = strspn(at, " \t");
        const char *begin = at + blank;
        g_autofree char *word = *begin == '=' ? decode_word(begin, &end) : NULL;
        if (word != NULL) {
            if (!after_word) // white space between two words is no text
                g_string_append_len(out, at, (gssize)blank);
            g_string_append(out, word);
            at = end;
        } else {
            gsize plain = blank + 1;
            if (*begin == '\0')
                plain = blank;
            else
                plain += strcspn(begin + 1, " \t=");
            g_string_append_len(out, at, (gssize)plain);
            at += plain;
        }
        after_word = word != NULL;
    }
    return g_utf8_make_valid(out->str, (gssize)strlen(out->str));
}

// ---- addresses -----------------------------------------------------------------------------------------------

void intake_address_free(gpointer data)
{
    IntakeAddress *address = data;
    g_free(address->name);
    g_free(address->address);
    g_free(address);
}

typedef struct {
    GString *text, *angle;
    bool quoted, in_angle, had_angle;
    guint comment;
} Mailbox;

static void mailbox_end(Mailbox *box, GPtrArray *list)
{
    g_strstrip(box->text->str);
    g_strstrip(box->angle->str);
    const char *address = box->had_angle ? box->angle->str : box->text->str;
    if (*address != '\0' && list->len < ADDRESSES_MOST) {
        IntakeAddress *one = g_new0(IntakeAddress, 1);
        one->address = g_strdup(address);
        one->name = box->had_angle && *box->text->str != '\0' ? header_decode(box->text->str) : NULL;
        g_ptr_array_add(list, one);
    }
    g_string_truncate(box->text, 0);
    g_string_truncate(box->angle, 0);
    box->in_angle = box->had_angle = false;
}

static void mailbox_char(Mailbox *box, char c, GPtrArray *list)
{
    if (c == '"' && box->comment == 0)
        box->quoted = !box->quoted;
    else if (!box->quoted && c == '(')
        box->comment++;
    else if (!box->quoted && c == ')' && box->comment > 0)
        box->comment--;
    else if (box->comment > 0)
        return;
    else if (!box->quoted && c == '<')
        box->in_angle = box->had_angle = true;
    else if (!box->quoted && c == '>')
        box->in_angle = false;
    else if (!box->quoted && !box->in_angle && (c == ',' || c == ';'))
        mailbox_end(box, list);
    else if (!box->quoted && !box->in_angle && c == ':')
        g_string_truncate(box->text, 0); // the name of a group
    else
        g_string_append_c(box->in_angle ? box->angle : box->text, c);
}

GPtrArray *header_addresses(const char *value)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(intake_address_free);
    Mailbox box = {.text = g_string_new(NULL), .angle = g_string_new(NULL)};
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\\' && box.quoted && at[1] != '\0')
            g_string_append_c(box.text, *++at);
        else
            mailbox_char(&box, *at, list);
    }
    mailbox_end(&box, list);
    g_string_free(box.text, TRUE);
    g_string_free(box.angle, TRUE);
    return list;
}

char *header_parameter(const char *value, const char *name)
{
    gsize len = strlen(name);
    for (const char *at = strchr(value, ';'); at != NULL; at = strchr(at, ';')) {
        at += 1 + strspn(at + 1, " \t");
        if (g_ascii_strncasecmp(at, name, len) != 0)
            continue;
        const char *equals = at + len + strspn(at + len, " \t");
        if (*equals != '=')
            continue;
        equals += 1 + strspn(equals + 1, " \t");
        return *equals == '"' ? g_strndup(equals + 1, strcspn(equals + 1, "\""))
                              : g_strndup(equals, strcspn(equals, "; \t"));
    }
    return NULL;
}
