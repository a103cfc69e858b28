// A leaf part: its bytes by every transfer encoding that its fields name or its content suggests, then to
// content_read.
#include "reader/structure.h"

#include <string.h>

#define MAX_TYPES 3    // of a leaf that are tried
#define SHORT     4096 // base64 that may be too short for the sweep to know it

typedef enum { CODE_NONE, CODE_BASE64, CODE_QP, CODE_UU, CODE_YENC, CODE_BINHEX, CODE_LAST } Code;
static const char *const CODE_NAMES[CODE_LAST] = {"none",     "base64", "quoted-printable",
                                                  "uuencode", "yenc",   "binhex"};

const Field *structure_last(const GArray *fields, const char *name)
{
    const Field *found = NULL;
    for (guint i = 0; i < fields->len; i++) {
        const Field *field = &g_array_index(fields, Field, i);
        found = fields_is(field, name) ? field : found;
    }
    return found;
}

char *structure_type(const ReaderState *state, const Field *type)
{
    if (type == NULL)
        return g_strdup("");
    g_autoptr(Params) params =
        params_parse(type->value, type->value_len, (guint)state->limits->params_per_field);
    return g_utf8_make_valid(params->type, -1);
}

// ---- encodings -------------------------------------------------------------------------------------------

// The encodings a field's value may mean: the exact one, or all it hints at and none.
static void codes_of_field(const Field *field, bool codes[CODE_LAST])
{
    static const struct {
        const char *hint;
        Code code;
        bool exact; // the hint is the whole word
    } HINTS[] = {
        {"base64", CODE_BASE64, true}, {"quoted-printable", CODE_QP, true},
        {"x-uuencode", CODE_UU, true}, {"uuencode", CODE_UU, true},
        {"x-uue", CODE_UU, true},      {"64", CODE_BASE64, false},
        {"quoted", CODE_QP, false},    {"printable", CODE_QP, false},
        {"qp", CODE_QP, false},        {"uu", CODE_UU, false},
        {"yenc", CODE_YENC, false},    {"binhex", CODE_BINHEX, false},
    };
    g_autofree char *value = header_decode(field->value, field->value_len);
    g_autofree char *lower = g_ascii_strdown(value, -1);
    g_strstrip(lower);
    bool any = false;
    for (guint i = 0; i < G_N_ELEMENTS(HINTS); i++) {
        if (HINTS[i].exact && strcmp(lower, HINTS[i].hint) == 0) {
            codes[HINTS[i].code] = true;
            return;
        }
        if (!HINTS[i].exact && strstr(lower, HINTS[i].hint) != NULL)
            any = codes[HINTS[i].code] = true;
    }
    codes[CODE_NONE] = true;
    if (any)
        codes[CODE_BASE64] = codes[CODE_BASE64] || codes[CODE_QP];
}

// True when the bytes are lines of base64 and nothing else.
static bool looks_base64(const char *data, gsize len)
{
    gsize letters = 0, upper = 0, lower = 0;
    for (gsize i = 0; i < len; i++) {
        char c = data[i];
        if (c == '\r' || c == '\n' || c == '=')
            continue;
        if (decode_base64_value((guchar)c) < 0)
            return false;
        letters++;
        upper += g_ascii_isupper(c);
        lower += g_ascii_islower(c);
    }
    return letters >= 16 && upper > 0 && lower > 0;
}

// True when base64 was promised and something with words came.
static bool looks_plain(const char *data, gsize len)
{
    gsize blanks = 0;
    for (gsize i = 0; i < len; i++)
        blanks += data[i] == ' ';
    return blanks * 12 > len;
}

static bool is_text(const GByteArray *bytes)
{
    gsize odd = 0;
    for (guint i = 0; i < bytes->len; i++)
        odd +=
            (bytes->data[i] < ' ' && strchr("\t\r\n\f\x1b", bytes->data[i]) == NULL) || bytes->data[i] == 0;
    return bytes->len > 0 && odd * 20 <= bytes->len &&
           g_utf8_validate((const char *)bytes->data, bytes->len, NULL);
}

static DecodeVerdict decode(Code code, guint rules, const char *data, gsize len, GByteArray *out)
{
    switch (code) {
    case CODE_BASE64:
        return decode_base64_by(data, len, rules, out);
    case CODE_QP:
        return decode_quoted_printable(data, len, false, out);
    case CODE_UU:
        return decode_uu(data, len, out, NULL);
    case CODE_YENC:
        return decode_yenc(data, len, out);
    case CODE_BINHEX:
        return decode_binhex(data, len, out);
    default:
        g_byte_array_append(out, (const guint8 *)data, (guint)len);
        return DECODE_CLEAN;
    }
}

// ---- content ---------------------------------------------------------------------------------------------

// Delivery reports and the like: text with header lines in it, which no client takes for a message.
static void read_as_text(ReaderState *state, guint part, const GByteArray *bytes)
{
    const char *fact = NULL;
    Part *entry = state->message->parts->pdata[part];
    g_autoptr(GPtrArray) readings = charset_readings(bytes->data, bytes->len, entry->charset, &fact);
    for (guint i = 0; i < readings->len; i++)
        reader_add_reading(state, part, ORIGIN_TEXT, VISIBILITY_SHOWN, readings->pdata[i]);
    if (fact != NULL)
        message_add_fact(state->message, fact, (int)part, NULL);
    entry->state = PART_READ;
    state->decoded += bytes->len;
    content_keep(state, part, bytes->data, bytes->len);
}

// Content that lies elsewhere: where, from the parameters; and the phantom body.
static void read_external(ReaderState *state, guint part, const GArray *fields, const GByteArray *bytes)
{
    const Field *type = structure_last(fields, "Content-Type");
    message_add_fact(state->message, "external-body", (int)part, NULL);
    if (type != NULL) {
        g_autoptr(Params) params =
            params_parse(type->value, type->value_len, (guint)state->limits->params_per_field);
        for (guint i = 0; i < params->params->len; i++) {
            const Param *param = params->params->pdata[i];
            g_autofree char *text = header_decode(param->value, param->len);
            bool link = strcmp(param->key, "url") == 0;
            reader_add_text(state, part, link ? ORIGIN_LINK : ORIGIN_ATTRIBUTE, VISIBILITY_SHOWN, text,
                            strlen(text));
        }
    }
    read_as_text(state, part, bytes);
    structure_read(state, part, bytes->data, bytes->len);
}

static bool is_report(const char *type)
{
    static const char *const TYPES[] = {"message/delivery-status", "message/disposition-notification",
                                        "message/feedback-report", "text/rfc822-headers",
                                        "text/rfc822-header",      "message/global-delivery-status",
                                        "message/global-headers",  "message/tracking-status"};
    for (guint i = 0; i < G_N_ELEMENTS(TYPES); i++)
        if (strcmp(type, TYPES[i]) == 0)
            return true;
    return false;
}

// Clear-signed text once more, without the dashes that escape its lines. The signature itself is left alone.
static void read_signed(ReaderState *state, guint part, const char *text, gsize len)
{
    const char *begin = len == 0 ? NULL : memmem(text, len, "-----BEGIN PGP SIGNED MESSAGE-----", 34);
    if (begin == NULL)
        return;
    gsize left = len - (gsize)(begin - text);
    const char *signature = memmem(begin, left, "-----BEGIN PGP SIGNATURE-----", 29);
    const char *end = signature != NULL ? signature : text + len;
    g_autoptr(GString) plain = g_string_new(NULL);
    bool escaped = false;
    for (gsize n; begin < end; begin += n) {
        n = fields_line(begin, (gsize)(end - begin));
        gsize skip = n > 2 && begin[0] == '-' && begin[1] == ' ' ? 2 : 0;
        escaped = escaped || skip > 0;
        g_string_append_len(plain, begin + skip, (gssize)(n - skip));
    }
    if (!escaped)
        return;
    gsize out_len = 0;
    g_autofree char *utf8 = charset_best(plain->str, plain->len, NULL, &out_len);
    Passage *passage = reader_add_text(state, part, ORIGIN_TEXT, VISIBILITY_SHOWN, utf8, out_len);
    if (passage != NULL)
        passage->reading = g_strdup("dashes unescaped");
}

static void read_bytes(ReaderState *state, guint part, const GArray *fields, const GByteArray *bytes)
{
    const Part *entry = state->message->parts->pdata[part];
    g_autofree char *type = g_strdup(entry->type);
    g_autofree char *charset = g_strdup(entry->charset);
    if (strcmp(type, "message/partial") == 0) {
        message_add_fact(state->message, "partial", (int)part, NULL);
        read_as_text(state, part, bytes);
        structure_read(state, part, bytes->data, bytes->len);
    } else if (strcmp(type, "message/external-body") == 0) {
        read_external(state, part, fields, bytes);
    } else if (is_report(type)) {
        read_as_text(state, part, bytes);
    } else {
        content_read(state, part, bytes->data, bytes->len, charset);
        read_signed(state, part, (const char *)bytes->data, bytes->len);
    }
}

// ---- readings --------------------------------------------------------------------------------------------

typedef struct {
    ReaderState *state;
    guint part;
    const GArray *fields;
    const char *data;
    gsize len;
    guint count;       // readings so far
    gsize size;        // of the first
    GPtrArray *hashes; // of char*: contents read so far
} Leaf;

// The message's budget of decoded bytes, which content_read counts.
static void leaf_cut(Leaf *leaf, GByteArray *bytes)
{
    ReaderState *state = leaf->state;
    gsize limit = (gsize)state->limits->decoded_bytes;
    gsize room = limit > state->decoded ? limit - state->decoded : 0;
    if (bytes->len > room) {
        message_add_fact(state->message, "incomplete", (int)leaf->part, "decoded bytes");
        g_byte_array_set_size(bytes, (guint)room);
    }
}

// Reads `bytes` unless they were read already; readings after the first are named.
static void leaf_add(Leaf *leaf, GByteArray *bytes, const char *name)
{
    ReaderState *state = leaf->state;
    leaf_cut(leaf, bytes);
    char *hash = sha256_hex(bytes->data, bytes->len);
    if (g_ptr_array_find_with_equal_func(leaf->hashes, hash, g_str_equal, NULL)) {
        g_free(hash);
        return;
    }
    g_ptr_array_add(leaf->hashes, hash);
    guint first = state->message->passages->len;
    gint64 before = ((Part *)state->message->parts->pdata[leaf->part])->blob;
    read_bytes(state, leaf->part, leaf->fields, bytes);
    for (guint i = first; leaf->count > 0 && i < state->message->passages->len; i++) {
        Passage *passage = state->message->passages->pdata[i];
        if (passage->reading == NULL)
            passage->reading = g_strdup_printf("encoding=%s", name);
    }
    Part *part = state->message->parts->pdata[leaf->part]; // the first reading is the part's
    if (leaf->count++ == 0 || part->blob != before)        // but for one that waits as a file
        leaf->size = bytes->len;
    part->size = leaf->size;
    if (part->state != PART_CONTAINER) {
        g_free(part->sha256);
        part->sha256 = g_strdup(leaf->hashes->pdata[0]);
    }
    if (bytes->len > 0 && memchr(bytes->data, 0, bytes->len) == NULL)
        sweep_note(state, bytes->data, bytes->len);
}

// Malformed base64 by the other rules that clients have for it.
static void leaf_add_variants(Leaf *leaf)
{
    static const guint RULES[] = {BASE64_EQUALS_JUNK, BASE64_MINUS_JUNK,
                                  BASE64_EQUALS_JUNK | BASE64_MINUS_JUNK};
    for (guint i = 0; i < G_N_ELEMENTS(RULES); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        decode_base64_by(leaf->data, leaf->len, RULES[i], bytes);
        if (is_text(bytes))
            leaf_add(leaf, bytes, "base64, other rule");
    }
}

static void leaf_read_code(Leaf *leaf, Code code)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    DecodeVerdict verdict = decode(code, 0, leaf->data, leaf->len, bytes);
    const char *fact = code == CODE_YENC ? "yenc" : code == CODE_BINHEX ? "binhex" : NULL;
    if (verdict == DECODE_JUNK && (code == CODE_BASE64 || code == CODE_QP))
        fact = code == CODE_QP ? "qp-junk" : "base64-junk";
    if (fact != NULL)
        message_add_fact(leaf->state->message, fact, (int)leaf->part, NULL);
    leaf_add(leaf, bytes, CODE_NAMES[code]);
    if (code == CODE_BASE64)
        sweep_note_base64(leaf->state, leaf->data, leaf->len);
    if (code == CODE_BASE64 && verdict == DECODE_JUNK)
        leaf_add_variants(leaf);
}

// What the fields do not say and the content does.
static void leaf_sniff(Leaf *leaf, const bool codes[CODE_LAST])
{
    if (!codes[CODE_BASE64] && looks_base64(leaf->data, leaf->len)) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        decode_base64(leaf->data, leaf->len, bytes);
        if (is_text(bytes))
            leaf_add(leaf, bytes, CODE_NAMES[CODE_BASE64]);
    }
    if (codes[CODE_BASE64] && !codes[CODE_NONE] && looks_plain(leaf->data, leaf->len))
        leaf_read_code(leaf, CODE_NONE);
}

// Other Content-Type fields that make a multipart of what GMime took for a leaf.
static void leaf_read_types(Leaf *leaf)
{
    guint count = 0, tried = 0;
    for (guint i = 0; i < leaf->fields->len; i++)
        count += fields_is(&g_array_index(leaf->fields, Field, i), "Content-Type");
    if (leaf->len > (gsize)leaf->state->limits->text_head)
        return; // the field told that the type is ambiguous; the sweep reads the rest
    for (guint i = 0; i < leaf->fields->len && count > 1 && tried < MAX_TYPES; i++) {
        const Field *field = &g_array_index(leaf->fields, Field, i);
        g_autofree char *type = fields_is(field, "Content-Type") ? structure_type(leaf->state, field) : NULL;
        if (type == NULL || !g_str_has_prefix(type, "multipart/"))
            continue;
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, (const guint8 *)"Content-Type:", 13);
        g_byte_array_append(bytes, (const guint8 *)field->value, (guint)field->value_len);
        g_byte_array_append(bytes, (const guint8 *)"\n\n", 2);
        g_byte_array_append(bytes, (const guint8 *)leaf->data, (guint)leaf->len);
        tried++;
        leaf_cut(leaf, bytes);
        leaf->state->decoded += bytes->len;
        structure_read(leaf->state, leaf->part, bytes->data, bytes->len);
    }
}

void leaf_read(ReaderState *state, guint part, const GArray *fields, const char *data, gsize len)
{
    Leaf leaf = {.state = state, .part = part, .fields = fields, .data = data, .len = len};
    leaf.hashes = g_ptr_array_new_with_free_func(g_free);
    bool codes[CODE_LAST] = {false}, any = false;
    Part *entry = state->message->parts->pdata[part];
    for (guint i = 0; i < fields->len; i++) {
        const Field *field = &g_array_index(fields, Field, i);
        if (fields_is(field, "Content-Id") && entry->content_id == NULL)
            entry->content_id = header_decode(field->value, field->value_len);
        if (!fields_is(field, "Content-Transfer-Encoding"))
            continue;
        if (entry->encoding == NULL)
            entry->encoding = header_decode(field->value, field->value_len);
        codes_of_field(field, codes);
        any = true;
    }
    if (!any)
        codes[CODE_NONE] = true;
    if (strstr(entry->type, "binhex") != NULL && memmem(data, len, "converted with BinHex", 21) != NULL)
        codes[CODE_BINHEX] = true;
    for (Code code = CODE_LAST - 1; code > CODE_NONE; code--)
        if (codes[code])
            leaf_read_code(&leaf, code);
    if (codes[CODE_NONE])
        leaf_read_code(&leaf, CODE_NONE);
    leaf_sniff(&leaf, codes);
    leaf_read_types(&leaf);
    if (codes[CODE_NONE] || codes[CODE_QP] || len < SHORT)
        sweep_note(state, data, len);
    g_ptr_array_unref(leaf.hashes);
}
