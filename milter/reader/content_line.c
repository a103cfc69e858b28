// Content lines of vCard 2.1 to 4.0 and (v/i)Calendar (RFC 6350 section 3.2, RFC 5545 section 3.1).
#include "reader/content_line.h"

#include <string.h>

void content_lines_init(ContentLines *lines, const char *utf8, gsize len)
{
    *lines = (ContentLines){.at = utf8, .end = utf8 + len, .line = g_string_new(NULL)};
}

void content_lines_clear(ContentLines *lines)
{
    g_string_free(lines->line, TRUE);
    g_free(lines->name);
    g_free(lines->value);
}

// Appends one physical line, NUL left out.
static void content_lines_take(ContentLines *lines)
{
    for (; lines->at < lines->end && *lines->at != '\r' && *lines->at != '\n'; lines->at++) {
        if (*lines->at)
            g_string_append_c(lines->line, *lines->at);
    }
    if (lines->at < lines->end && *lines->at == '\r')
        lines->at++;
    if (lines->at < lines->end && *lines->at == '\n')
        lines->at++;
}

static const char *content_lines_colon(const char *line)
{
    bool quoted = false;
    for (; *line; line++) {
        if (*line == '"')
            quoted = !quoted;
        else if (*line == ':' && !quoted)
            return line;
    }
    return NULL;
}

// Quoted-printable goes on after a line that ends in '='.
static bool content_lines_soft(const ContentLines *lines, bool quoted_printable)
{
    return quoted_printable && lines->at < lines->end && lines->line->len &&
           lines->line->str[lines->line->len - 1] == '=';
}

static void content_lines_unfold(ContentLines *lines)
{
    g_string_truncate(lines->line, 0);
    content_lines_take(lines);
    while (lines->at < lines->end && (*lines->at == ' ' || *lines->at == '\t')) {
        lines->at++;
        content_lines_take(lines);
    }
    const char *colon = strchr(lines->line->str, ':');
    g_autofree char *head = g_ascii_strup(lines->line->str, colon ? colon - lines->line->str : 0);
    bool quoted_printable = strstr(head, "QUOTED-PRINTABLE") != NULL;
    while (content_lines_soft(lines, quoted_printable)) {
        g_string_truncate(lines->line, lines->line->len - 1);
        content_lines_take(lines);
    }
}

// "item1.TEL;TYPE=cell" -> TEL.
static void content_lines_name(ContentLines *lines, const char *colon)
{
    const char *line = lines->line->str;
    gsize len = MIN(strcspn(line, ";:"), (gsize)(colon - line));
    g_autofree char *full = g_strndup(line, len);
    const char *dot = strrchr(full, '.');
    lines->name = g_ascii_strup(dot ? dot + 1 : full, -1);
    g_strstrip(lines->name);
    lines->params = line[len] == ';' ? line + len + 1 : NULL;
    lines->params_len = lines->params ? colon - lines->params : 0;
}

static char *content_lines_value(const ContentLines *lines, const char *value)
{
    if (!content_lines_says(lines, "QUOTED-PRINTABLE"))
        return g_strdup(value);
    g_autofree char *charset = content_lines_param(lines, "CHARSET");
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    decode_quoted_printable(value, strlen(value), false, bytes);
    return charset_best(bytes->data, bytes->len, charset, NULL);
}

bool content_lines_next(ContentLines *lines)
{
    g_clear_pointer(&lines->name, g_free);
    g_clear_pointer(&lines->value, g_free);
    while (lines->at < lines->end) {
        content_lines_unfold(lines);
        const char *colon = content_lines_colon(lines->line->str);
        colon = colon ? colon : strchr(lines->line->str, ':'); // a quote that does not end
        if (!colon)
            continue;
        content_lines_name(lines, colon);
        lines->value = content_lines_value(lines, colon + 1);
        return true;
    }
    return false;
}

// ---- parameters ------------------------------------------------------------------------------------------

// Takes the parameter at `*at` off the list and moves on. False at the end.
static bool content_param_next(const char **at, const char *end, const char **out_name, gsize *out_len)
{
    if (*at >= end)
        return false;
    bool quoted = false;
    const char *stop = *at;
    for (; stop < end && (quoted || *stop != ';'); stop++) {
        if (*stop == '"')
            quoted = !quoted;
    }
    *out_name = *at;
    *out_len = stop - *at;
    *at = stop + 1;
    return true;
}

char *content_lines_param(const ContentLines *lines, const char *name)
{
    gsize want = strlen(name), len = 0;
    const char *param = NULL;
    for (const char *at = lines->params;
         at && content_param_next(&at, lines->params + lines->params_len, &param, &len);) {
        if (len > want && param[want] == '=' && !g_ascii_strncasecmp(param, name, want)) {
            char *value = g_strndup(param + want + 1, len - want - 1);
            return g_strstrip(g_strdelimit(value, "\"", ' '));
        }
    }
    return NULL;
}

bool content_lines_says(const ContentLines *lines, const char *value)
{
    gsize want = strlen(value), len = 0;
    const char *param = NULL;
    for (const char *at = lines->params;
         at && content_param_next(&at, lines->params + lines->params_len, &param, &len);) {
        const char *sign = memchr(param, '=', len);
        gsize skip = sign ? sign + 1 - param : 0;
        if (len - skip == want && !g_ascii_strncasecmp(param + skip, value, want))
            return true;
    }
    return false;
}

char *content_lines_unescape(const char *value)
{
    GString *out = g_string_sized_new(strlen(value));
    for (const char *at = value; *at; at++) {
        if (*at == '\\' && at[1]) {
            at++;
            g_string_append_c(out, *at == 'n' || *at == 'N' ? '\n' : *at);
        } else {
            g_string_append_c(out, *at);
        }
    }
    return g_string_free(out, FALSE);
}

bool content_lines_binary(const ContentLines *lines, GByteArray *out)
{
    const char *data = lines->value;
    bool uri = !g_ascii_strncasecmp(data, "data:", 5);
    if (!uri && !content_lines_says(lines, "BASE64") && !content_lines_says(lines, "B"))
        return false;
    if (uri)
        data = strchr(data, ',') ? strchr(data, ',') + 1 : "";
    decode_base64(data, strlen(data), out);
    return true;
}

// ---- passages --------------------------------------------------------------------------------------------

void content_properties_init(ContentProperties *properties, ReaderState *state, guint part,
                             PassageOrigin origin, const char *reading)
{
    *properties = (ContentProperties){state, part, origin, reading, 0, g_string_new(NULL)};
}

void content_properties_add(ContentProperties *properties, const char *name, const char *text)
{
    if (properties->count++ < CONTENT_LINE_SINGLE)
        content_add_text(properties->state, properties->part, properties->origin, text, strlen(text),
                         properties->reading, name);
    else
        g_string_append_printf(properties->rest, "%s\n", text);
}

void content_properties_finish(ContentProperties *properties)
{
    content_add_text(properties->state, properties->part, properties->origin, properties->rest->str,
                     properties->rest->len, properties->reading, NULL);
    g_string_free(properties->rest, TRUE);
}
