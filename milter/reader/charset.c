// Character sets: every plausible reading of some bytes, because clients do not agree on labels that lie.
#include "reader/mime.h"

#include <string.h>
#include <unicode/ucnv.h>

#define MAX_READINGS 6
#define MAX_MAP      65536

void charset_reading_free(CharsetReading *reading)
{
    if (reading == NULL)
        return;
    g_free(reading->text);
    g_free(reading->reading);
    g_clear_pointer(&reading->map, g_array_unref);
    g_free(reading);
}

// Text on its way out, with the map back to the bytes.
typedef struct {
    GString *text;
    GArray *map; // of PassageMap; NULL = no longer linear enough to be kept
} Output;

static Output output_new(gsize len)
{
    return (Output){.text = g_string_sized_new(len + 1),
                    .map = g_array_new(FALSE, FALSE, sizeof(PassageMap))};
}

static void output_clear(Output *out)
{
    g_string_free(out->text, TRUE);
    g_clear_pointer(&out->map, g_array_unref);
}

// States that what is appended next comes from `source`.
static void output_mark(Output *out, gsize source)
{
    if (out->map == NULL)
        return;
    const PassageMap *last =
        out->map->len > 0 ? &g_array_index(out->map, PassageMap, out->map->len - 1) : NULL;
    if (last != NULL && source - last->source == out->text->len - last->text)
        return;
    PassageMap entry = {.text = (guint32)out->text->len, .source = (guint32)source};
    if (out->map->len < MAX_MAP && source <= G_MAXUINT32 && out->text->len <= G_MAXUINT32)
        g_array_append_val(out->map, entry);
    else
        g_clear_pointer(&out->map, g_array_unref);
}

static void output_char(Output *out, gunichar c, gsize source)
{
    output_mark(out, source);
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        c = 0xFFFD;
    g_string_append_unichar(out->text, c);
}

// ---- what the bytes look like ----------------------------------------------------------------------------

typedef struct {
    gsize high, nul_even, nul_odd, invalid, overlong, multibyte;
    bool escape, tilde, plus;
} Look;

// Length of the UTF-8 sequence at `at`, its value in `*out_c`; 0 when there is none. `*out_overlong` when it
// is longer than it need be.
static gsize utf8_sequence(const guint8 *at, gsize len, gunichar *out_c, bool *out_overlong)
{
    static const gunichar LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    gsize n = at[0] >= 0xF8 ? 0 : at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : at[0] >= 0xC0 ? 2 : 0;
    if (n == 0 || n > len)
        return 0;
    gunichar c = at[0] & (0x7F >> n);
    for (gsize i = 1; i < n; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (at[i] & 0x3F);
    }
    *out_overlong = c < LEAST[n];
    *out_c = c;
    return c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0 : n;
}

static void look_at(const guint8 *data, gsize len, Look *out)
{
    *out = (Look){0};
    for (gsize i = 0; i < len; i++) {
        guint8 c = data[i];
        if (c >= 0x80) {
            gunichar value;
            bool overlong = false;
            gsize n = utf8_sequence(data + i, len - i, &value, &overlong);
            out->high++;
            out->invalid += n == 0;
            out->overlong += n > 0 && overlong;
            out->multibyte += n > 0 && !overlong;
            i += n > 0 ? n - 1 : 0;
        } else if (c == 0) {
            *(i % 2 == 0 ? &out->nul_even : &out->nul_odd) += 1;
        } else if (c < '0') {
            out->escape = out->escape || c == 0x1B;
            out->plus = out->plus || c == '+';
        } else if (c == '~') {
            out->tilde = true;
        }
    }
}

// ---- converters ------------------------------------------------------------------------------------------

typedef enum { UTF8_NUL_SHOWN = 1, UTF8_DROP_INVALID = 2, UTF8_OVERLONG = 4 } Utf8Policy;

static Output utf8_read(const guint8 *data, gsize len, guint policy)
{
    Output out = output_new(len);
    for (gsize i = 0; i < len;) {
        gsize plain = i;
        while (plain < len && data[plain] < 0x80 && data[plain] != 0)
            plain++;
        if (plain > i) {
            output_mark(&out, i);
            g_string_append_len(out.text, (const char *)data + i, (gssize)(plain - i));
            i = plain;
            continue;
        }
        gunichar c = 0;
        bool overlong = false;
        gsize n = data[i] != 0 ? utf8_sequence(data + i, len - i, &c, &overlong) : 0;
        if (n > 0 && (!overlong || policy & UTF8_OVERLONG))
            output_char(&out, c, i);
        else if (data[i] == 0 ? policy & UTF8_NUL_SHOWN : !(policy & UTF8_DROP_INVALID))
            output_char(&out, 0xFFFD, i);
        i += MAX(n, 1);
    }
    return out;
}

// ICU's converter of that name; NULL when there is none.
static UConverter *icu_open(const char *name)
{
    UErrorCode status = U_ZERO_ERROR;
    UConverter *converter = ucnv_open(name, &status);
    if (U_FAILURE(status))
        return NULL;
    ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_SUBSTITUTE, NULL, NULL, NULL, &status);
    return converter;
}

static bool icu_knows(const char *name)
{
    UConverter *converter = icu_open(name);
    if (converter != NULL)
        ucnv_close(converter);
    return converter != NULL;
}

// `*out_bad` gets how many characters could not be converted.
static Output icu_read(UConverter *converter, const char *data, gsize len, gsize *out_bad)
{
    Output out = output_new(len);
    UChar units[2048];
    int32_t offsets[2048];
    const char *source = data;
    UErrorCode status = U_BUFFER_OVERFLOW_ERROR;
    gunichar high = 0;
    *out_bad = 0;
    ucnv_resetToUnicode(converter);
    while (status == U_BUFFER_OVERFLOW_ERROR) {
        const char *start = source;
        UChar *target = units;
        status = U_ZERO_ERROR;
        ucnv_toUnicode(converter, &target, units + G_N_ELEMENTS(units), &source, data + len, offsets, TRUE,
                       &status);
        for (const UChar *unit = units; unit < target; unit++) {
            gunichar c = *unit;
            gsize at = (gsize)(start - data) + (gsize)MAX(offsets[unit - units], 0);
            if (c >= 0xD800 && c < 0xDC00) {
                high = c;
                continue;
            }
            if (c >= 0xDC00 && c < 0xE000)
                c = high != 0 ? 0x10000 + ((high - 0xD800) << 10) + (c - 0xDC00) : 0xFFFD;
            high = 0;
            *out_bad += c == 0xFFFD;
            if (c != 0)
                output_char(&out, c, at);
        }
    }
    return out;
}

// One +...- run of UTF-7 at `at` (behind the '+'). Returns how many bytes it takes, 0 when it is none.
static gsize utf7_run(const char *at, gsize len, bool ascii_only, GString *out)
{
    gsize n = 0, before = out->len;
    guint32 bits = 0;
    guint held = 0;
    gunichar high = 0;
    bool good = true;
    for (int value; n < len && good && (value = decode_base64_value((unsigned char)at[n])) >= 0; n++) {
        bits = bits << 6 | (guint32)value;
        held += 6;
        if (held < 16)
            continue;
        held -= 16;
        gunichar c = bits >> held & 0xFFFF;
        bits &= (1u << held) - 1;
        bool low = c >= 0xDC00 && c < 0xE000;
        good = c != 0 && low == (high != 0) &&
               !(ascii_only && (c >= 0x7F || (c < ' ' && !strchr("\t\r\n", (int)c))));
        if (good && low)
            g_string_append_unichar(out, 0x10000 + ((high - 0xD800) << 10) + (c - 0xDC00));
        high = !low && c >= 0xD800 && c < 0xDC00 ? c : 0;
        if (good && !low && high == 0)
            g_string_append_unichar(out, c);
    }
    good = good && n >= 3 && held < 6 && bits == 0 && high == 0;
    if (!good)
        g_string_truncate(out, before);
    return !good ? 0 : n + (n < len && at[n] == '-');
}

// `*out_chars` gets how many characters came out of runs.
static Output utf7_read(const char *data, gsize len, bool ascii_only, gsize *out_chars)
{
    Output out = output_new(len);
    g_clear_pointer(&out.map, g_array_unref);
    *out_chars = 0;
    for (gsize i = 0; i < len; i++) {
        gsize before = out.text->len;
        gsize n = data[i] == '+' ? utf7_run(data + i + 1, len - i - 1, ascii_only, out.text) : 0;
        *out_chars += out.text->len - before;
        if (n == 0 && data[i] == '+' && i + 1 < len && data[i + 1] == '-')
            n = 1;
        if (out.text->len == before && data[i] != '\0')
            g_string_append_unichar(out.text, (guint8)data[i]);
        i += n;
    }
    return out;
}

// ---- names -----------------------------------------------------------------------------------------------

// The name ICU knows, lower case; NULL when `declared` says nothing.
static char *canonical_name(const char *declared)
{
    static const struct {
        const char *from, *to;
    } ALIASES[] = {
        {"iso-8859-1", "windows-1252"},
        {"latin1", "windows-1252"},
        {"iso8859-1", "windows-1252"},
        {"iso_8859-1", "windows-1252"},
        {"iso-8859-8-i", "iso-8859-8"},
        {"iso-8859-8-e", "iso-8859-8"},
        {"hz-gb-2312", "hz"},
        {"utf8", "utf-8"},
        {"unicode-1-1-utf-8", "utf-8"},
        {"unicode-1-1-utf-7", "utf-7"},
        {"x-unicode-2-0-utf-7", "utf-7"},
        {"ascii", "us-ascii"},
        {"ansi_x3.4-1968", "us-ascii"},
        {"iso646-us", "us-ascii"},
        {"gb2312", "gb18030"},
        {"gbk", "gb18030"},
        {"ks_c_5601-1987", "windows-949"},
        {"euc-kr", "windows-949"},
        {"shift_jis", "windows-31j"},
        {"x-sjis", "windows-31j"},
        {"tis-620", "windows-874"},
        {"iso-8859-9", "windows-1254"},
        {"unicode", "utf-16"},
    };
    static const char *const NOTHING[] = {"",        "unknown",        "unknown-8bit", "x-unknown",
                                          "default", "none",           "binary",       "8bit",
                                          "7bit",    "x-user-defined", "_autodetect"};
    if (declared == NULL)
        return NULL;
    g_autofree char *name = g_ascii_strdown(declared, -1);
    g_strdelimit(name, "\"'", ' ');
    g_strstrip(name);
    name[strcspn(name, "; \t\r\n*")] = '\0';
    for (guint i = 0; i < G_N_ELEMENTS(NOTHING); i++)
        if (strcmp(name, NOTHING[i]) == 0)
            return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(ALIASES); i++)
        if (strcmp(name, ALIASES[i].from) == 0)
            return g_strdup(ALIASES[i].to);
    return g_steal_pointer(&name);
}

// The charset HTML or XML says of itself in its first bytes; NULL when it does not.
static char *charset_of_markup(const char *data, gsize len)
{
    g_autofree char *head = g_ascii_strdown(data, (gssize)MIN(len, 2048));
    if (strchr(head, '<') == NULL)
        return NULL;
    const char *at = strstr(head, "charset=");
    at = at != NULL ? at + 8 : g_str_has_prefix(head, "<?xml") ? strstr(head, "encoding=") : NULL;
    if (at == NULL)
        return NULL;
    at += g_str_has_prefix(at, "encoding=") ? 9 : 0;
    at += strspn(at, "\"' \\");
    g_autofree char *name = g_strndup(at, strcspn(at, "\"' \t\r\n/>;\\"));
    return canonical_name(name);
}

// ---- readings --------------------------------------------------------------------------------------------

typedef struct {
    const char *data;
    gsize len;
    Look look;
    GPtrArray *list;
    const char *fact;
} Reader;

// Facts from grave to slight; the gravest is told.
static void reader_fact(Reader *reader, const char *fact)
{
    static const char *const ORDER[] = {"overlong-utf8", "utf-7", "nul", "unknown-charset", "wrong-charset"};
    for (guint i = 0; i < G_N_ELEMENTS(ORDER); i++) {
        if (g_strcmp0(reader->fact, ORDER[i]) == 0)
            return;
        if (strcmp(fact, ORDER[i]) == 0) {
            reader->fact = fact;
            return;
        }
    }
}

// Takes `out`. The first reading is the plain one when `plain`; one equal to an earlier one is dropped.
static void reader_add(Reader *reader, Output out, bool plain, const char *name)
{
    bool known = reader->list->len >= MAX_READINGS;
    for (guint i = 0; i < reader->list->len && !known; i++) {
        const CharsetReading *old = reader->list->pdata[i];
        known = old->len == out.text->len && memcmp(old->text, out.text->str, old->len) == 0;
    }
    if (known) {
        output_clear(&out);
        return;
    }
    CharsetReading *reading = g_new0(CharsetReading, 1);
    reading->map = out.map;
    reading->len = out.text->len;
    reading->text = g_string_free(out.text, FALSE);
    reading->reading = plain && reader->list->len == 0 ? NULL : g_strdup_printf("charset=%s", name);
    g_ptr_array_add(reader->list, reading);
}

// Reads by ICU; false when the name is unknown.
static bool reader_icu(Reader *reader, const char *name, bool declared)
{
    UConverter *converter = icu_open(name);
    if (converter == NULL)
        return false;
    gsize bad = 0;
    Output out = icu_read(converter, reader->data, reader->len, &bad);
    ucnv_close(converter);
    if (bad > 0 && declared)
        reader_fact(reader, "wrong-charset");
    if (declared || bad * 10 <= out.text->len)
        reader_add(reader, out, declared, name);
    else
        output_clear(&out);
    return true;
}

// True when the charset writes ASCII text in other bytes than ASCII does.
static bool is_foreign(const char *name)
{
    static const char *const PREFIXES[] = {"utf-16", "utf16",   "utf-32", "ucs-",    "iso-10646",
                                           "ebcdic", "ibm-37",  "cp037",  "ibm037",  "ibm500",
                                           "cp500",  "ibm1047", "cp1047", "ibm-1047"};
    for (guint i = 0; i < G_N_ELEMENTS(PREFIXES); i++)
        if (g_str_has_prefix(name, PREFIXES[i]))
            return true;
    return false;
}

static bool is_utf8_name(const char *name)
{
    return name == NULL || strcmp(name, "utf-8") == 0 || strcmp(name, "us-ascii") == 0;
}

// UTF-16 by its mark or by where its zero bytes stand. NULL when it is none.
static const char *guess_utf16(const Reader *reader)
{
    const guint8 *data = (const guint8 *)reader->data;
    const Look *look = &reader->look;
    gsize units = reader->len / 2;
    if (reader->len >= 2 && data[0] == 0xFF && data[1] == 0xFE)
        return "utf-16le";
    if (reader->len >= 2 && data[0] == 0xFE && data[1] == 0xFF)
        return "utf-16be";
    if (units >= 4 && look->nul_odd * 3 > units && look->nul_even * 20 < units)
        return "utf-16le";
    if (units >= 4 && look->nul_even * 3 > units && look->nul_odd * 20 < units)
        return "utf-16be";
    return NULL;
}

// What the label says. `*out_known` is false for a label that nobody knows.
static void reader_declared(Reader *reader, const char *name, bool *out_known)
{
    gsize chars = 0;
    *out_known = true;
    if (is_utf8_name(name))
        return;
    if (strcmp(name, "utf-16") == 0 && guess_utf16(reader) != NULL)
        name = guess_utf16(reader); // which of the two the label leaves open
    if (strcmp(name, "utf-7") == 0)
        reader_add(reader, utf7_read(reader->data, reader->len, false, &chars), true, name);
    else if (reader->look.high + reader->look.nul_even + reader->look.nul_odd > 0 || reader->look.escape ||
             reader->look.tilde || is_foreign(name))
        *out_known = reader_icu(reader, name, true);
    else
        *out_known = icu_knows(name);
    if (!*out_known && reader->look.high == 0)
        reader_fact(reader, "wrong-charset");
}

// What the bytes themselves say, when it is not what the label says.
static void reader_by_bytes(Reader *reader, const char *name, bool known)
{
    const guint8 *data = (const guint8 *)reader->data;
    const Look *look = &reader->look;
    const char *wide = guess_utf16(reader);
    gsize nul = look->nul_even + look->nul_odd;
    bool mark = reader->len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0;
    bool foreign = name != NULL && is_foreign(name);
    if (wide != NULL && !reader_icu(reader, wide, reader->list->len == 0))
        wide = NULL;
    if (wide != NULL && !foreign)
        reader_fact(reader, "wrong-charset");
    if (look->invalid == 0 && look->overlong == 0 && !(foreign && nul * 4 > reader->len)) {
        bool other = reader->list->len > 0 && (look->high > 0 || mark || foreign);
        if (reader->list->len == 0 || other)
            reader_add(reader, utf8_read(data, reader->len, 0), true, "utf-8");
        if (!known || (other && wide == NULL && look->multibyte > 0) ||
            (look->high > 0 && g_strcmp0(name, "us-ascii") == 0) || (foreign && look->high == 0 && nul == 0))
            reader_fact(reader, "wrong-charset");
    } else if (is_utf8_name(name) || !known) {
        bool mostly = look->multibyte > 0 || look->overlong > 0 || g_strcmp0(name, "utf-8") == 0;
        reader_fact(reader, !known && look->multibyte == 0 ? "unknown-charset" : "wrong-charset");
        if (mostly && wide == NULL)
            reader_add(reader, utf8_read(data, reader->len, UTF8_OVERLONG), true, "utf-8");
        reader_icu(reader, "windows-1252", false);
        reader_add(reader, utf8_read(data, reader->len, UTF8_DROP_INVALID), true,
                   "utf-8, invalid bytes dropped");
    }
    if (look->overlong > 0 && (is_utf8_name(name) || !known)) {
        reader_fact(reader, "overlong-utf8");
        reader_add(reader, utf8_read(data, reader->len, UTF8_OVERLONG), false, "utf-8, overlong");
    }
    if (nul > 0 && wide == NULL && !foreign) {
        reader_fact(reader, "nul");
        reader_add(reader, utf8_read(data, reader->len, UTF8_NUL_SHOWN), false, "utf-8, nul shown");
    }
}

// Seven-bit disguises, whatever the label. `utf7`: the text itself says it is UTF-7, so one character is
// enough.
static void reader_by_escapes(Reader *reader, const char *name, bool utf7)
{
    if (reader->look.plus && g_strcmp0(name, "utf-7") != 0) {
        gsize chars = 0;
        Output out = utf7_read(reader->data, reader->len, !utf7, &chars);
        if (chars >= (utf7 ? 1 : 4)) {
            reader_fact(reader, "utf-7");
            reader_add(reader, out, false, "utf-7");
        } else {
            output_clear(&out);
        }
    }
    if (reader->look.tilde && g_strcmp0(name, "hz") != 0 && reader->look.high == 0 &&
        memmem(reader->data, reader->len, "~{", 2) != NULL &&
        memmem(reader->data, reader->len, "~}", 2) != NULL)
        reader_icu(reader, "hz", false);
    if (reader->look.escape && !(name != NULL && g_str_has_prefix(name, "iso-2022")) &&
        reader->look.high == 0)
        reader_icu(reader, "iso-2022-jp-2", false);
}

GPtrArray *charset_readings(const void *data, gsize len, const char *declared, const char **out_fact)
{
    Reader reader = {.data = data, .len = len};
    reader.list = g_ptr_array_new_with_free_func((GDestroyNotify)charset_reading_free);
    g_autofree char *name = canonical_name(declared);
    look_at(data, len, &reader.look);
    bool known = true;
    reader_declared(&reader, name, &known);
    reader_by_bytes(&reader, name, known);
    bool several = reader.look.high > 0 || reader.look.escape; // readings, depending on the character set
    g_autofree char *inner = several || reader.look.plus ? charset_of_markup(data, len) : NULL;
    bool utf7 = g_strcmp0(inner, "utf-7") == 0;
    if (several && !utf7 && inner != NULL && !is_utf8_name(inner) && g_strcmp0(inner, name) != 0 &&
        !is_foreign(inner))
        reader_icu(&reader, inner, false);
    reader_by_escapes(&reader, name, utf7);
    if (reader.list->len == 0)
        reader_icu(&reader, "windows-1252", true);
    *out_fact = reader.fact;
    return reader.list;
}

char *charset_best(const void *data, gsize len, const char *declared, gsize *out_len)
{
    const char *fact = NULL;
    g_autoptr(GPtrArray) list = charset_readings(data, len, declared, &fact);
    CharsetReading *first = list->pdata[0];
    if (out_len != NULL)
        *out_len = first->len;
    return g_steal_pointer(&first->text);
}
