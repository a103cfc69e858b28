// Parameters of Content-Type and Content-Disposition (RFC 2045, 2231), read leniently, and what was odd about
// them.
#include "reader/mime.h"

#include <string.h>

#define MAX_REST 500

typedef struct {
    const char *text;
    gsize len, pos;
    guint odd;
} Cursor;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Skips a comment, nested or not; the cursor stands on '('.
static void skip_comment(Cursor *at)
{
    guint depth = 0;
    for (; at->pos < at->len; at->pos++) {
        char c = at->text[at->pos];
        if (c == '\\' && at->pos + 1 < at->len)
            at->pos++;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0) {
            at->pos++;
            return;
        }
    }
    at->odd |= PARAMS_UNTERMINATED;
}

// White space and comments. True when there was white space.
static bool skip_blanks(Cursor *at)
{
    bool blank = false;
    while (at->pos < at->len && (is_blank(at->text[at->pos]) || at->text[at->pos] == '(')) {
        if (at->text[at->pos] == '(') {
            at->odd |= PARAMS_COMMENT;
            skip_comment(at);
        } else {
            blank = true;
            at->pos++;
        }
    }
    return blank;
}

static void take_quoted(Cursor *at, GString *out)
{
    bool closed = false;
    for (at->pos++; at->pos < at->len && !closed; at->pos++) {
        char c = at->text[at->pos];
        closed = c == '"';
        if (c == '\\' && at->pos + 1 < at->len) {
            at->odd |= PARAMS_ESCAPE;
            c = at->text[++at->pos];
        } else if (closed || c == '\r' || c == '\n') {
            continue;
        }
        g_string_append_c(out, c);
    }
    at->odd |= closed ? 0 : PARAMS_UNTERMINATED;
}

// A value without quotes: to the next ';'. Blanks inside it are junk to strict parsers and kept by lenient
// ones.
static void take_token(Cursor *at, GString *out)
{
    while (at->pos < at->len && at->text[at->pos] != ';') {
        char c = at->text[at->pos];
        at->odd |= c == '"' ? PARAMS_JUNK : 0;
        if (is_blank(c) || c == '(') {
            bool blank = skip_blanks(at);
            if (at->pos == at->len || at->text[at->pos] == ';')
                break;
            at->odd |= PARAMS_JUNK;
            if (blank)
                g_string_append_c(out, ' ');
            continue;
        }
        if (c != '\0')
            g_string_append_c(out, c);
        at->pos++;
    }
}

static void param_free(gpointer data)
{
    Param *param = data;
    g_free(param->key);
    g_free(param->value);
    g_free(param);
}

void params_free(Params *params)
{
    if (params == NULL)
        return;
    g_free(params->type);
    g_free(params->raw);
    g_ptr_array_unref(params->params);
    g_free(params);
}

// "filename*1*" -> key "filename", section 1, extended.
static void param_key(Param *param, GString *key)
{
    param->section = -1;
    if (key->len > 1 && key->str[key->len - 1] == '*') {
        param->extended = true;
        g_string_truncate(key, key->len - 1);
    }
    char *star = strchr(key->str, '*');
    if (star != NULL) {
        char *end = NULL;
        guint64 section = g_ascii_strtoull(star + 1, &end, 10);
        param->section = *end == '\0' && section < 100000 ? (int)section : 99999;
        *star = '\0';
    }
    param->key = g_ascii_strdown(key->str, -1);
}

// One parameter; the cursor stands behind its ';'.
static void take_param(Cursor *at, GPtrArray *out)
{
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) value = g_string_new(NULL);
    skip_blanks(at);
    while (at->pos < at->len && at->text[at->pos] != '=' && at->text[at->pos] != ';') {
        char c = at->text[at->pos];
        if (is_blank(c) || c == '(') {
            bool blank = skip_blanks(at);
            bool end = at->pos == at->len || at->text[at->pos] == ';';
            bool equals = !end && at->text[at->pos] == '=';
            at->odd |= !blank || end ? 0 : equals ? PARAMS_SPACE : PARAMS_JUNK;
            if (blank && !end && !equals)
                g_string_truncate(key, 0); // only the last word before '=' is the name
            continue;
        }
        at->odd |= c != '\0' && strchr("\"\\<>@,:/[]?", c) != NULL ? PARAMS_JUNK : 0;
        if (c != '\0')
            g_string_append_c(key, c);
        at->pos++;
    }
    if (at->pos == at->len || at->text[at->pos] == ';') {
        at->odd |= key->len > 0 ? PARAMS_JUNK : 0;
        return;
    }
    at->pos++;
    at->odd |= key->len == 0 ? PARAMS_JUNK : 0;
    at->odd |= skip_blanks(at) ? PARAMS_SPACE : 0;
    Param *param = g_new0(Param, 1);
    param->rest = at->pos;
    param->quoted = at->pos < at->len && at->text[at->pos] == '"';
    if (param->quoted)
        take_quoted(at, value);
    skip_blanks(at);
    if (param->quoted && at->pos < at->len && at->text[at->pos] != ';') {
        at->odd |= PARAMS_JUNK;
        take_token(at, value);
    } else if (!param->quoted) {
        take_token(at, value);
    }
    param_key(param, key);
    param->value = g_strndup(value->str, value->len);
    param->len = value->len;
    g_ptr_array_add(out, param);
}

static bool has_control(const char *raw, gsize len)
{
    for (gsize i = 0; i < len; i++)
        if ((raw[i] >= 0 && raw[i] < ' ' && !is_blank(raw[i])) || raw[i] == 0x7F)
            return true;
    return false;
}

Params *params_parse(const char *raw, gsize len, guint max)
{
    Cursor at = {.text = raw, .len = len};
    Params *params = g_new0(Params, 1);
    params->params = g_ptr_array_new_with_free_func(param_free);
    g_autoptr(GString) type = g_string_new(NULL);
    at.odd = has_control(raw, len) ? PARAMS_CONTROL : 0;
    skip_blanks(&at);
    while (at.pos < len && raw[at.pos] != ';') {
        bool blank = skip_blanks(&at);
        if (blank && at.pos < len && raw[at.pos] != ';')
            at.odd |= PARAMS_JUNK;
        if (at.pos < len && raw[at.pos] != ';') {
            if ((guchar)raw[at.pos] > ' ')
                g_string_append_c(type, raw[at.pos]);
            at.pos++;
        }
    }
    params->type = g_ascii_strdown(type->str, -1);
    const char *slash = strchr(params->type, '/');
    at.odd |= slash == NULL || slash == params->type || slash[1] == '\0' ? PARAMS_TYPE : 0;
    at.odd |= strstr(params->type, "=?") != NULL ? PARAMS_ENCODED_WORD : 0;
    while (at.pos < len && params->params->len < max) {
        at.pos++;
        take_param(&at, params->params);
    }
    params->odd = at.odd;
    params->raw = g_strndup(raw, len);
    params->len = len;
    return params;
}

// ---- spellings -------------------------------------------------------------------------------------------

static void percent_decode(const char *text, gsize len, GString *out)
{
    for (gsize i = 0; i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? g_ascii_xdigit_value(text[i + 1]) : -1;
        int low = high >= 0 ? g_ascii_xdigit_value(text[i + 2]) : -1;
        g_string_append_c(out, low >= 0 ? (char)(high << 4 | low) : text[i]);
        i += low >= 0 ? 2 : 0;
    }
}

static void spelling_add(GPtrArray *out, char *text)
{
    g_strstrip(text);
    bool known = *text == '\0' || out->len >= 12;
    for (guint i = 0; i < out->len && !known; i++)
        known = strcmp(out->pdata[i], text) == 0;
    if (known)
        g_free(text);
    else
        g_ptr_array_add(out, text);
}

// charset'language'text, percent-encoded; both quotes may be missing.
static char *extended_decode(const char *value, gsize len)
{
    const char *end = value + len;
    const char *first = memchr(value, '\'', len);
    const char *second = first != NULL ? memchr(first + 1, '\'', (gsize)(end - first - 1)) : NULL;
    g_autofree char *charset = second != NULL ? g_strndup(value, (gsize)(first - value)) : NULL;
    const char *text = second != NULL ? second + 1 : value;
    g_autoptr(GString) bytes = g_string_new(NULL);
    percent_decode(text, (gsize)(end - text), bytes);
    return charset_best(bytes->str, bytes->len, charset, NULL);
}

static gint by_section(gconstpointer a, gconstpointer b)
{
    return (*(Param *const *)a)->section - (*(Param *const *)b)->section;
}

// Joins sections in the order of `sections`; with `gapless` only 0, 1, 2, ...
static char *join(const GPtrArray *sections, bool gapless)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    bool extended = false;
    int want = 0;
    for (guint i = 0; i < sections->len; i++) {
        const Param *param = sections->pdata[i];
        if (gapless && param->section != want)
            continue;
        want++;
        extended = extended || param->extended;
        g_string_append_len(bytes, param->value, (gssize)param->len);
    }
    if (extended)
        return extended_decode(bytes->str, bytes->len);
    return header_decode(bytes->str, bytes->len);
}

GPtrArray *params_spellings(const Params *params, const char *key)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) sections = g_ptr_array_new();
    for (guint i = 0; i < params->params->len; i++) {
        const Param *param = params->params->pdata[i];
        if (strcmp(param->key, key) != 0)
            continue;
        if (param->section >= 0)
            g_ptr_array_add(sections, (gpointer)param);
        else if (param->extended)
            spelling_add(out, extended_decode(param->value, param->len));
    }
    if (sections->len > 0) {
        spelling_add(out, join(sections, false)); // as they stand
        g_ptr_array_sort(sections, by_section);
        spelling_add(out, join(sections, true));
        spelling_add(out, join(sections, false));
    }
    for (guint i = 0; i < params->params->len; i++) {
        const Param *param = params->params->pdata[i];
        if (strcmp(param->key, key) == 0 && param->section < 0 && !param->extended)
            spelling_add(out, header_decode(param->value, param->len));
    }
    for (guint i = 0; i < params->params->len && (params->odd & PARAMS_JUNK); i++) {
        const Param *param =
            params->params->pdata[i]; // up to the end of the field: its ';' may be a part of it
        if (strcmp(param->key, key) == 0)
            spelling_add(out,
                         header_decode(params->raw + param->rest, MIN(params->len - param->rest, MAX_REST)));
    }
    return out;
}

char *params_get(const Params *params, const char *key)
{
    g_autoptr(GPtrArray) all = params_spellings(params, key);
    return all->len > 0 ? g_strdup(all->pdata[0]) : NULL;
}

bool params_differ(const Params *params, const char *key)
{
    const Param *first = NULL;
    bool differ = false;
    for (guint i = 0; i < params->params->len; i++) {
        const Param *param = params->params->pdata[i];
        if (strcmp(param->key, key) != 0 || param->section >= 0 || param->extended)
            continue;
        differ = differ || (first != NULL && g_ascii_strcasecmp(first->value, param->value) != 0);
        first = first != NULL ? first : param;
    }
    return differ;
}
