// What header blocks and boundaries say about a message that clients may see differently. Quiet on ordinary
// mail: every fact here holds a message for students.
#include "reader/prescan.h"

#include <string.h>

// A multipart that was declared.
typedef struct {
    bool opened, closed,
        text; // a delimiter, the last delimiter, a non-empty line before any delimiter was seen
    bool digest;
    bool reused; // declared again while it was open
} Boundary;

struct Lint {
    ReaderState *state;
    int part;
    GHashTable *boundaries; // char* -> Boundary
    GPtrArray *order;       // of char*, borrowed
    Boundary *waiting;      // declared last, no delimiter yet
    bool digest;            // the block to come is a part of a digest
    guint blocks;
    bool uuencode; // a begin line was the line before
};

Lint *lint_new(ReaderState *state, int part)
{
    Lint *lint = g_new0(Lint, 1);
    *lint = (Lint){.state = state, .part = part, .order = g_ptr_array_new()};
    lint->boundaries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return lint;
}

static void tell(Lint *lint, const char *fact, const char *detail)
{
    message_add_fact(lint->state->message, fact, lint->part, detail);
}

// ---- boundaries ------------------------------------------------------------------------------------------

LintLine lint_boundary_line(Lint *lint, const char *line, gsize len)
{
    if (g_hash_table_size(lint->boundaries) == 0)
        return LINT_TEXT;
    while (len > 2 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    if (len > 2048)
        return LINT_TEXT;
    g_autofree char *name = g_strndup(line + 2, len - 2);
    Boundary *found = g_hash_table_lookup(lint->boundaries, name);
    gsize n = strlen(name);
    bool last = found == NULL && n > 2 && strcmp(name + n - 2, "--") == 0;
    if (last) {
        name[n - 2] = '\0';
        found = g_hash_table_lookup(lint->boundaries, name);
    }
    if (found == NULL)
        return LINT_TEXT;
    found->opened = true;
    found->closed = found->closed || last;
    lint->waiting = NULL;
    lint->digest = found->digest;
    return last ? LINT_CLOSES : LINT_OPENS;
}

// What mailers put between the quotes, RFC or not; anything else is a trick.
static bool is_fair_boundary(const Param *param)
{
    if (param->len == 0 || param->len > 200 || param->extended || param->section >= 0)
        return false;
    if (param->value[param->len - 1] == ' ' || param->value[0] == ' ' || param->value[0] == '\'')
        return false;
    const char *word = strstr(param->value, "=?");
    if (word != NULL && strstr(word + 2, "?=") != NULL && strchr(word + 2, '?')[1] != '=')
        return false;
    for (gsize i = 0; i < param->len; i++)
        if (param->value[i] < ' ' || param->value[i] == 0x7F || strchr("\"\\", param->value[i]) != NULL ||
            (!param->quoted && strchr("(); ", param->value[i]) != NULL))
            return false;
    return true;
}

static void boundary_declare(Lint *lint, const char *name, bool digest)
{
    Boundary *old = g_hash_table_lookup(lint->boundaries, name);
    if (old != NULL) {
        old->reused = old->opened && !old->closed;
        if (old->reused)
            tell(lint, "nested-boundary", NULL);
        lint->waiting = old->opened ? NULL : old;
        return;
    }
    Boundary *boundary = g_new0(Boundary, 1);
    boundary->digest = digest;
    char *key = g_strdup(name);
    g_hash_table_insert(lint->boundaries, key, boundary);
    g_ptr_array_add(lint->order, key);
    lint->waiting = boundary;
}

static void lint_multipart(Lint *lint, const Params *params)
{
    bool digest = strcmp(params->type, "multipart/digest") == 0;
    guint count = 0;
    for (guint i = 0; i < params->params->len; i++) {
        const Param *param = params->params->pdata[i];
        if (strcmp(param->key, "boundary") != 0)
            continue;
        if (!is_fair_boundary(param))
            tell(lint, "boundary", param->len > 0 ? "malformed" : "empty");
        count++;
    }
    g_autoptr(GPtrArray) names = params_spellings(params, "boundary");
    for (guint i = 0; i < names->len; i++)
        boundary_declare(lint, names->pdata[i], digest);
    if (count == 0)
        tell(lint, "boundary", "none");
    if (names->len > 1)
        tell(lint, "dup-param", "boundary");
}

// ---- fields ----------------------------------------------------------------------------------------------

static Params *parse_params(const Lint *lint, const Field *field)
{
    return params_parse(field->value, field->value_len, (guint)lint->state->limits->params_per_field);
}

static void lint_content_type(Lint *lint, const Field *field, const Params *params)
{
    bool multi = strstr(params->type, "multipart") != NULL ||
                 memmem(field->value, field->value_len, "boundary", 8) != NULL;
    guint odd = params->odd & (multi ? ~0u : PARAMS_CONTROL);
    if (odd != 0)
        tell(lint, "odd-content-type", NULL);
    if (params->odd & PARAMS_ENCODED_WORD)
        tell(lint, "encoded-parameter", "Content-Type");
    if (params_differ(params, "charset") || params_differ(params, "name"))
        tell(lint, "dup-param", "Content-Type");
    g_autofree char *charset = params_get(params, "charset");
    if (charset != NULL && memmem(field->value, field->value_len, "charset==?", 10) != NULL)
        tell(lint, "encoded-parameter", "charset");
    if (multi && !g_str_has_prefix(params->type, "multipart/"))
        tell(lint, "odd-content-type", "multipart");
    if (g_str_has_prefix(params->type, "multipart/"))
        lint_multipart(lint, params);
}

// A transfer encoding that every client takes for the same. Unknown words that hint at none are taken for
// 8bit by all.
static void lint_encoding(Lint *lint, const Field *field, bool multipart)
{
    static const char *const FAIR[] = {"7bit",       "8bit",
                                       "binary",     "quoted-printable",
                                       "base64",     "x-uuencode",
                                       "7-bit",      "8-bit",
                                       "7bits",      "8bits",
                                       "utf-8",      "us-ascii",
                                       "none",       "plain",
                                       "text/plain", "iso-8859-1",
                                       "x-uue",      "uuencode",
                                       "8bit;",      "7bit;",
                                       "utf8",       ""};
    gsize len = 0;
    g_autofree char *value = fields_unfold(field->value, field->value_len, &len);
    bool fair = false;
    for (guint i = 0; i < G_N_ELEMENTS(FAIR) && !fair; i++)
        fair = strlen(FAIR[i]) == len && g_ascii_strncasecmp(value, FAIR[i], len) == 0;
    if (!fair)
        tell(lint, "odd-encoding", NULL);
    if (len > 4 && memmem(value, len, "=?", 2) != NULL)
        tell(lint, "encoded-parameter", "Content-Transfer-Encoding");
    bool codes = fair && len > 5 && strchr("qQbBxXuU", *value) != NULL &&
                 g_ascii_strncasecmp(value, "binary", 6) != 0 && g_ascii_strncasecmp(value, "u", 1) != 0;
    if (multipart && (codes || !fair))
        tell(lint, "encoding-on-multipart", NULL);
}

// Fields that may stand once, and mean something else when they do not. Equal copies are harmless.
static void lint_repeated(Lint *lint, const FieldBlock *block)
{
    static const struct {
        const char *name, *fact;
        bool top; // only of messages
    } ONCE[] = {
        {"Content-Type", "dup-content-type", false},
        {"Content-Transfer-Encoding", "dup-content-encoding", false},
        {"From", "dup-singleton", true},
        {"Subject", "dup-singleton", true},
        {"Sender", "dup-singleton", true},
        {"Reply-To", "dup-singleton", true},
        {"Content-Disposition", "dup-singleton", false},
    };
    for (guint k = 0; k < G_N_ELEMENTS(ONCE); k++) {
        const Field *first = NULL;
        bool differ = false;
        for (guint i = 0; i < block->fields->len; i++) {
            const Field *field = &g_array_index(block->fields, Field, i);
            if (!fields_is(field, ONCE[k].name))
                continue;
            differ = differ || (first != NULL && (first->value_len != field->value_len ||
                                                  memcmp(first->value, field->value, first->value_len) != 0));
            first = first != NULL ? first : field;
        }
        if (differ)
            tell(lint, ONCE[k].fact, ONCE[k].name);
    }
}

// A name that is a structural field's once what does not belong into a name is taken out ("Content-Ty\0pe").
static void lint_name(Lint *lint, const Field *field)
{
    static const char *const NAMES[] = {"content-type", "content-transfer-encoding", "content-disposition",
                                        "from", "subject"};
    g_autoptr(GString) clean = g_string_new(NULL);
    bool odd = false;
    for (gsize i = 0; i < field->name_len && i < 200; i++) {
        char c = field->name[i];
        if (c > ' ' && c < 0x7F)
            g_string_append_c(clean, g_ascii_tolower(c));
        else
            odd = true;
    }
    for (guint i = 0; odd && i < G_N_ELEMENTS(NAMES); i++)
        if (strcmp(clean->str, NAMES[i]) == 0)
            tell(lint, "odd-header-name", NAMES[i]);
    if (odd && memchr(field->name, '\0', field->name_len) != NULL)
        tell(lint, "odd-header-name", NULL);
}

// White space alone on a line: to some the end of the header, to others a fold. It matters where structure
// follows.
// `*out_hidden`: a fold that is a structural field to clients that ignore the white space before it.
static bool has_blank_fold(const Field *field, bool *out_hidden)
{
    static const char *const NAMES[] = {
        "content-type:", "content-transfer-encoding:", "content-disposition:"};
    const char *at = field->value, *end = at + field->value_len;
    bool blank = false;
    while ((at = memchr(at, '\n', (gsize)(end - at))) != NULL) {
        at++;
        while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
            at++;
        blank = blank || at == end || *at == '\n';
        for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++) {
            gsize n = strlen(NAMES[i]);
            bool same = (gsize)(end - at) > n && g_ascii_strncasecmp(at, NAMES[i], n) == 0;
            *out_hidden = *out_hidden || (same && strchr(" \t", at[n]) != NULL);
        }
    }
    return blank;
}

// Signatures list the names of fields.
static bool lists_fields(const Field *field)
{
    g_autofree char *name = g_ascii_strdown(field->name, (gssize)field->name_len);
    return strstr(name, "signature") != NULL || strstr(name, "seal") != NULL;
}

// A line in a header block that is no field. Names with a space are a common mistake of programs and shown by
// none.
static bool is_harmless_stray(const char *line, gsize len)
{
    gsize n = 0;
    while (n < len && n < 40 && (g_ascii_isalnum(line[n]) || strchr(" -_.", line[n]) != NULL) &&
           line[n] != '\0')
        n++;
    bool field = n > 0 && n < len && line[n] == ':' && line[0] != ' ';
    return field && g_ascii_strncasecmp(line, "content", 7) != 0;
}

static void lint_stray(Lint *lint, const char *raw, gsize len, const FieldBlock *block)
{
    if (block->stray < block->body && block->stray < len) {
        gsize n = fields_line(raw + block->stray, len - block->stray);
        if (!is_harmless_stray(raw + block->stray, n))
            tell(lint, "header-in-body", NULL);
    }
    bool blank = false;
    for (guint i = 0; i < block->fields->len; i++) {
        const Field *field = &g_array_index(block->fields, Field, i);
        bool hidden = false;
        if (blank && field->name_len > 8 && g_ascii_strncasecmp(field->name, "content-", 8) == 0)
            tell(lint, "header-in-body", "white space for an empty line");
        blank = has_blank_fold(field, &hidden) || blank;
        if (hidden && !lists_fields(field))
            tell(lint, "odd-header-name", "a field in a fold");
    }
}

bool lint_block(Lint *lint, const char *raw, gsize len, LintEnd end)
{
    FieldBlock block;
    fields_split(raw, len, (guint)lint->state->limits->headers_per_block, &block);
    bool message = lint->digest && block.fields->len == 0, multipart = false, coded = false;
    lint->digest = false;
    lint_stray(lint, raw, len, &block);
    lint_repeated(lint, &block);
    for (guint i = 0; i < block.fields->len; i++) {
        const Field *field = &g_array_index(block.fields, Field, i);
        lint_name(lint, field);
        if (!fields_is(field, "Content-Type"))
            continue;
        g_autoptr(Params) params = parse_params(lint, field);
        lint_content_type(lint, field, params);
        multipart = multipart || g_str_has_prefix(params->type, "multipart/");
        message = message || strcmp(params->type, "message/rfc822") == 0 ||
                  strcmp(params->type, "message/global") == 0 || strcmp(params->type, "message/news") == 0;
    }
    for (guint i = 0; i < block.fields->len; i++) {
        const Field *field = &g_array_index(block.fields, Field, i);
        if (!fields_is(field, "Content-Transfer-Encoding"))
            continue;
        lint_encoding(lint, field, multipart);
        coded = coded || memmem(field->value, field->value_len, "64", 2) != NULL;
    }
    if (multipart && end == LINT_BY_BOUNDARY)
        tell(lint, "boundary", "in a header");
    fields_clear(&block);
    lint->blocks++;
    return message && end == LINT_BY_EMPTY_LINE && !coded;
}

void lint_body_line(Lint *lint, const char *line, gsize len)
{
    if (lint->waiting != NULL && len > 0)
        lint->waiting->text = true;
    if (lint->uuencode && len > 1 && (gsize)((((guchar)line[0] - ' ') & 63) + 2) / 3 * 4 <= len)
        tell(lint, "uuencode", NULL);
    lint->uuencode = len > 10 && memcmp(line, "begin ", 6) == 0 && g_ascii_isdigit(line[6]) &&
                     g_ascii_isdigit(line[7]) && g_ascii_isdigit(line[8]);
    if (len > 8 && memcmp(line, "=ybegin ", 8) == 0)
        tell(lint, "yenc", NULL);
    if (len > 40 && *line == '(' && memmem(line, len, "must be converted with BinHex", 29) != NULL)
        tell(lint, "binhex", NULL);
}

void lint_end(Lint *lint, bool quiet)
{
    for (guint i = 0; i < lint->order->len && !quiet; i++) {
        const Boundary *boundary = g_hash_table_lookup(lint->boundaries, lint->order->pdata[i]);
        if (!boundary->opened && (boundary->text || i == 0))
            tell(lint, "boundary", "unused");
        if (i == 0 && boundary->opened && !boundary->closed)
            tell(lint, "truncated", NULL);
    }
    g_hash_table_unref(lint->boundaries);
    g_ptr_array_unref(lint->order);
    g_free(lint);
}
