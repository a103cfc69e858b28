// The structure-blind sweep: the raw bytes read as if MIME did not exist, so that nothing hides in what
// parsers disagree about. Of a message that nothing is ambiguous about, only what the structured reading did
// not see is swept.
#include "reader/mime.h"

#include <string.h>

#define SMALL       512 // bytes that a short run of base64 gives
#define MAX_LEVEL   3   // base64 in base64
#define RUN_LETTERS 16  // of base64 in a run, at least
#define SOFT_LINE   68  // bytes of a line of quoted-printable that goes on in the next, at least
#define MAX_FILES   20  // uuencoded and the like
#define MAX_FILTER  (4 << 20)

// ---- lines that were read --------------------------------------------------------------------------------

static guint64 hash_more(guint64 hash, const char *data, gsize len)
{
    for (gsize i = 0; i < len; i++)
        hash = (hash ^ (guchar)data[i]) * 0x100000001B3u;
    return hash;
}

static guint64 hash_line(const char *line, gsize len)
{
    return hash_more(0xCBF29CE484222325u, line, len);
}

// A line ends at LF, CR, or CRs and LF. Returns its length, with `*out_next` the length with its end.
static gsize next_line(const char *text, gsize len, gsize *out_next)
{
    const char *lf = memchr(text, '\n', len);
    gsize n = lf != NULL ? (gsize)(lf - text) : len;
    const char *cr = memchr(text, '\r', n);
    if (cr != NULL)
        n = (gsize)(cr - text);
    *out_next = n;
    while (*out_next < len && text[*out_next] == '\r')
        (*out_next)++;
    if (*out_next < len && text[*out_next] == '\n')
        (*out_next)++;
    return n;
}

static void trim(const char **line, gsize *len)
{
    while (*len > 0 && (**line == ' ' || **line == '\t')) {
        (*line)++;
        (*len)--;
    }
    while (*len > 0 && ((*line)[*len - 1] == ' ' || (*line)[*len - 1] == '\t'))
        (*len)--;
}

void sweep_note(ReaderState *state, const void *data, gsize len)
{
    const char *text = data;
    if (state->seen == NULL || len > MAX_FILTER)
        return;
    for (gsize pos = 0, next; pos < len; pos += next) {
        gsize n = next_line(text + pos, len - pos, &next);
        const char *line = text + pos;
        trim(&line, &n);
        if (n > 0)
            g_hash_table_add(state->seen, GSIZE_TO_POINTER(hash_line(line, n)));
    }
}

void sweep_note_field(ReaderState *state, const Field *field)
{
    g_autoptr(GString) line = g_string_new_len(field->name, (gssize)field->name_len);
    g_string_append_c(line, ':');
    g_string_append_len(line, field->value, (gssize)field->value_len);
    sweep_note(state, line->str, line->len);
}

void sweep_note_base64(ReaderState *state, const void *data, gsize len)
{
    const char *text = data;
    if (state->seen == NULL)
        return;
    guint64 hash = 0;
    for (gsize pos = 0, next; pos < len; pos += next) {
        gsize n = next_line(text + pos, len - pos, &next);
        const char *line = text + pos;
        trim(&line, &n);
        hash = hash_more(hash, line, n);
    }
    g_hash_table_add(state->seen, GSIZE_TO_POINTER(hash));
}

static bool is_seen(const ReaderState *state, guint64 hash)
{
    return state->seen != NULL && g_hash_table_contains(state->seen, GSIZE_TO_POINTER(hash));
}

// ---- readings --------------------------------------------------------------------------------------------

typedef struct {
    ReaderState *state;
    bool whole;     // leave nothing out
    guint files;    // uuencoded and the like, decoded so far
    GString *small; // what short runs of base64 were: one passage, not hundreds
} Sweep;

static void sweep_bytes(Sweep *sweep, const char *data, gsize len, guint level);

// Adds bytes as text in every charset they could be in.
static void emit(Sweep *sweep, const GString *text, const char *how)
{
    const char *fact = NULL;
    if (text->len == 0)
        return;
    g_autoptr(GPtrArray) readings = charset_readings(text->str, text->len, NULL, &fact);
    for (guint i = 0; i < readings->len; i++) {
        const CharsetReading *reading = readings->pdata[i];
        Passage *passage = reader_add_text(sweep->state, sweep->state->part, ORIGIN_SWEEP, VISIBILITY_SOURCE,
                                           reading->text, reading->len);
        if (passage != NULL)
            passage->reading = reading->reading != NULL
                                   ? g_strconcat("sweep: ", how, ", ", reading->reading, NULL)
                                   : g_strconcat("sweep: ", how, NULL);
    }
}

// Mostly printable, or UTF-16.
static bool is_text(const guint8 *data, gsize len)
{
    gsize odd = 0, nul = 0, high = 0, n = MIN(len, 4096);
    for (gsize i = 0; i < n; i++) {
        nul += data[i] == 0;
        high += data[i] >= 0x80;
        odd += data[i] != 0 && data[i] < ' ' && strchr("\t\r\n\f\v\x1b", data[i]) == NULL;
    }
    gsize valid = n;
    const char *end = NULL;
    if (high > 0 && !g_utf8_validate((const char *)data, (gssize)n, &end))
        valid = (gsize)(end - (const char *)data);
    bool wide = nul * 3 > n && nul * 3 < n * 2;
    return n >= 4 && odd * 20 <= n && (nul * 20 <= n || wide) && (valid + 4 >= n || high * 5 <= n || wide);
}

// ---- base64 ----------------------------------------------------------------------------------------------

// Letters of base64 in a line that is nothing else (a little junk allowed in long ones); 0 when it is
// something else.
static gsize base64_letters(const char *line, gsize len, bool *out_pure)
{
    gsize letters = 0, junk = 0;
    for (gsize i = 0; i < len; i++) {
        if (decode_base64_value((guchar)line[i]) >= 0 || line[i] == '=' || line[i] == '-' || line[i] == '_')
            letters++;
        else if (line[i] == ' ' || line[i] == '<' || line[i] == '>')
            return 0;
        else
            junk++;
    }
    *out_pure = junk == 0;
    return junk * 8 <= letters ? letters : 0;
}

// A document that only the sweep sees. Nothing else in there can be told from chance.
static void sweep_binary(Sweep *sweep, const char *run, gsize len)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const char *type = "";
    decode_base64(run, len, bytes);
    SniffClass cls = bytes->len > 64 ? sniff_content(bytes->data, bytes->len, "", NULL, &type) : SNIFF_TEXT;
    if ((cls == SNIFF_DOCUMENT || cls == SNIFF_ENCRYPTED) && strcmp(type, "application/octet-stream") != 0)
        message_add_fact(sweep->state->message, cls == SNIFF_DOCUMENT ? "unread" : "encrypted", -1, type);
}

// Decodes a run by each rule and alignment that gives text.
static void sweep_run(Sweep *sweep, const char *run, gsize len, guint level)
{
    static const guint RULES[] = {0, BASE64_EQUALS_JUNK, BASE64_MINUS_JUNK,
                                  BASE64_EQUALS_JUNK | BASE64_MINUS_JUNK};
    bool odd =
        memchr(run, '=', len) != NULL || memchr(run, '-', len) != NULL || memchr(run, '_', len) != NULL;
    bool done = false;
    for (gsize skip = 0; skip < 4 && !done && skip < len; skip++) {
        g_autofree char *last = NULL;
        for (guint i = 0; i < (odd ? G_N_ELEMENTS(RULES) : 1); i++) {
            g_autoptr(GByteArray) bytes = g_byte_array_new();
            decode_base64_by(run + skip, MIN(len - skip, 512), RULES[i], bytes);
            if (!is_text(bytes->data, bytes->len))
                continue;
            g_byte_array_set_size(bytes, 0);
            decode_base64_by(run + skip, len - skip, RULES[i], bytes);
            g_autofree char *hash = sha256_hex(bytes->data, bytes->len);
            if (g_strcmp0(hash, last) != 0 && bytes->len < SMALL)
                g_string_append_c(g_string_append_len(sweep->small, (const char *)bytes->data, bytes->len),
                                  '\n');
            else if (g_strcmp0(hash, last) != 0)
                sweep_bytes(sweep, (const char *)bytes->data, bytes->len, level + 1);
            g_free(last);
            last = g_steal_pointer(&hash);
            done = true;
        }
    }
    if (!done)
        sweep_binary(sweep, run, len);
}

// Takes the run of base64 lines at `text`; returns its length, 0 when there is none. `*out_pure` when no line
// of it could be anything else.
static gsize base64_run(const char *text, gsize len, guint64 *out_hash, bool *out_pure)
{
    gsize pos = 0, longest = 0, total = 0;
    *out_hash = 0;
    *out_pure = true;
    for (gsize next; pos < len; pos += next) {
        gsize n = next_line(text + pos, len - pos, &next);
        const char *line = text + pos;
        bool pure = true;
        trim(&line, &n);
        gsize letters = base64_letters(line, n, &pure);
        if (letters == 0 || (pos == 0 && letters < 4) || (n > 2 && line[0] == '-' && line[1] == '-'))
            break;
        longest = MAX(longest, letters);
        total += letters;
        *out_pure = *out_pure && pure;
        *out_hash = hash_more(*out_hash, line, n);
    }
    *out_pure = *out_pure && longest >= 40;
    return total >= RUN_LETTERS ? pos : 0;
}

// ---- other codes -----------------------------------------------------------------------------------------

static void sweep_quoted_printable(Sweep *sweep, const GString *text)
{
    bool any = false;
    for (gsize i = 0; i + 1 < text->len && !any; i++)
        any = text->str[i] == '=' &&
              (text->str[i + 1] == '\n' || (i + 2 < text->len && g_ascii_isxdigit(text->str[i + 1]) &&
                                            g_ascii_isxdigit(text->str[i + 2])));
    if (!any)
        return;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    decode_quoted_printable(text->str, text->len, false, bytes);
    GString view = {.str = (char *)bytes->data, .len = bytes->len};
    emit(sweep, &view, "quoted-printable");
}

// Lines with encoded-words and what is folded onto them.
static void sweep_words(Sweep *sweep, const GString *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *end = text->str + text->len;
    const char *at = text->str;
    while (at < end && (at = memmem(at, (gsize)(end - at), "=?", 2)) != NULL) {
        const char *start = at;
        while (start > text->str && start[-1] != '\n')
            start--;
        const char *stop = at;
        do {
            const char *lf = memchr(stop, '\n', (gsize)(end - stop));
            stop = lf != NULL ? lf + 1 : end;
        } while (stop < end && (*stop == ' ' || *stop == '\t'));
        g_autofree char *line = header_decode(start, (gsize)(stop - start));
        g_string_append(out, line);
        g_string_append_c(out, '\n');
        at = stop;
    }
    emit(sweep, out, "encoded-words");
}

// The character of a numeric reference at `at`, with its length; 0 when it is none.
static gunichar reference(const char *at, gsize len, gsize *out_len)
{
    if (len < 4 || at[0] != '&' || at[1] != '#')
        return 0;
    bool hex = at[2] == 'x' || at[2] == 'X';
    g_autofree char *number = g_strndup(at + (hex ? 3 : 2), MIN(10, len - (hex ? 3 : 2)));
    char *stop = NULL;
    guint64 value = g_ascii_isxdigit(*number) ? g_ascii_strtoull(number, &stop, hex ? 16 : 10) : 0;
    *out_len = value > 0 ? (gsize)(stop - number) + (hex ? 3 : 2) + (*stop == ';') : 0;
    return value < 0x110000 && g_unichar_validate((gunichar)value) ? (gunichar)value : 0;
}

// Does the tag at `at`, opening or closing, begin or end a line?
static bool ends_line(const char *at, gsize len)
{
    static const char *const NAMES[] = {"br", "p",     "div",        "td", "th",    "tr",  "li",
                                        "ul", "table", "blockquote", "hr", "h1",    "h2",  "h3",
                                        "h4", "h5",    "h6",         "ol", "title", "body"};
    gsize from = len > 1 && at[1] == '/' ? 2 : 1, n = 0;
    while (from + n < len && n < 12 && g_ascii_isalnum(at[from + n]))
        n++;
    bool found = false;
    for (guint i = 0; i < G_N_ELEMENTS(NAMES) && !found; i++)
        found = strlen(NAMES[i]) == n && g_ascii_strncasecmp(at + from, NAMES[i], n) == 0;
    return found;
}

// Tags taken off and character references decoded, where it looks like HTML.
static void sweep_tags(Sweep *sweep, const GString *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *end = text->str + text->len, *close = text->str;
    gsize tags = 0;
    for (const char *at = text->str; at < end; at++) {
        gsize n = 0;
        gunichar c = *at == '&' ? reference(at, (gsize)(end - at), &n) : 0;
        bool tag = *at == '<' && at + 1 < end && (g_ascii_isalpha(at[1]) || at[1] == '/' || at[1] == '!');
        if (tag && close != NULL && close < at)
            close = memchr(at, '>', (gsize)(end - at));
        if (tag && close != NULL) {
            if (ends_line(at, (gsize)(end - at)))
                g_string_append_c(out, '\n');
            at = close;
        } else if (c != 0) {
            g_string_append_unichar(out, c);
            at += n - 1;
        } else {
            g_string_append_c(out, *at);
            continue;
        }
        tags++;
    }
    if (tags > 0)
        emit(sweep, out, "tags stripped");
}

// A file in the style of before MIME, when `text` begins with its first line.
static void sweep_legacy(Sweep *sweep, const char *text, gsize len, guint level)
{
    static const char *const BEGINS[] = {"begin ", "=ybegin ", "(This file must be converted with BinHex"};
    guint kind = 0;
    while (kind < G_N_ELEMENTS(BEGINS) &&
           (len <= strlen(BEGINS[kind]) + 4 || memcmp(text, BEGINS[kind], strlen(BEGINS[kind])) != 0))
        kind++;
    if (kind == G_N_ELEMENTS(BEGINS) || (kind == 0 && !g_ascii_isdigit(text[6])))
        return;
    sweep->files++;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (kind == 0)
        decode_uu(text, len, bytes, NULL);
    else if (kind == 1)
        decode_yenc(text, len, bytes);
    else
        decode_binhex(text, len, bytes);
    if (is_text(bytes->data, bytes->len))
        sweep_bytes(sweep, (const char *)bytes->data, bytes->len, level + 1);
}

// ---- the sweep -------------------------------------------------------------------------------------------

// Keeps the lines of `data` that were not read already.
static void keep_lines(const Sweep *sweep, const char *data, gsize len, GString *text)
{
    for (gsize pos = 0, next; pos < len; pos += next) {
        gsize n = next_line(data + pos, len - pos, &next);
        const char *line = data + pos;
        trim(&line, &n);
        if (n > 0 && !sweep->whole && is_seen(sweep->state, hash_line(line, n)))
            continue;
        g_string_append_len(text, data + pos, line + n - (data + pos));
        g_string_append_c(text, '\n');
    }
}

// Takes out the ends of lines that quoted-printable put into words: in no reading is there a detail in half of one.
// Beside a tag the line still ends.
static void join_lines(GString *text)
{
    gsize to = 0, start = 0; // what is kept, and where its last line begins in the text
    for (gsize at = 0; at < text->len; at++) {
        char c = text->str[at];
        bool soft = c == '=' && at + 1 < text->len && text->str[at + 1] == '\n' && at - start >= SOFT_LINE &&
                    at - start < SOFT_LINE + 8 && text->str[at - 1] != '=';
        bool ends =
            soft && (text->str[at - 1] == '>' || at + 2 == text->len || strchr("\n<", text->str[at + 2]));
        if (c == '\n')
            start = at + 1;
        if (soft && !ends)
            start = ++at + 1;
        else if (!soft)
            text->str[to++] = c;
    }
    g_string_truncate(text, to);
}

// Splits into lines of text, which are kept, and coded runs, which are decoded.
static void sweep_bytes(Sweep *sweep, const char *data, gsize len, guint level)
{
    g_autoptr(GString) text = g_string_sized_new(MIN(len, 1 << 20));
    for (gsize pos = 0, next; pos < len; pos += next) {
        guint64 hash = 0;
        bool pure = false;
        next = 0;
        while (pos + next < len && (data[pos + next] == '\n' || data[pos + next] == '\r'))
            next++;
        if (next > 0) { // empty lines
            g_string_append_len(text, "\n\n", next > 1 ? 2 : 1);
            continue;
        }
        gsize run = level < MAX_LEVEL ? base64_run(data + pos, len - pos, &hash, &pure) : 0;
        if (run > 0 && (sweep->whole || !is_seen(sweep->state, hash)))
            sweep_run(sweep, data + pos, run, level);
        if (run == 0 && level < MAX_LEVEL && sweep->files < MAX_FILES && strchr("b=(", data[pos]) != NULL)
            sweep_legacy(sweep, data + pos, len - pos, level);
        next = run;
        if (run == 0)
            next_line(data + pos, len - pos, &next);
        if (!pure || run == 0)
            keep_lines(sweep, data + pos, next, text);
    }
    join_lines(text);
    emit(sweep, text, level > 0 ? "base64" : "text");
    sweep_quoted_printable(sweep, text);
    sweep_words(sweep, text);
    sweep_tags(sweep, text);
}

// True when clients may see the message in another way than it was read.
static bool is_doubtful(const Message *message)
{
    static const char *const PLAIN[] = {"encrypted", "unread", "damaged", "opaque-signed", "incomplete"};
    bool doubt = false;
    for (guint i = 0; i < message->facts->len && !doubt; i++) {
        FactClass cls = FACT_ODD;
        const Fact *fact = message->facts->pdata[i];
        message_fact_lookup(fact->name, &cls, NULL);
        doubt = cls != FACT_ODD;
        for (guint k = 0; k < G_N_ELEMENTS(PLAIN) && doubt; k++)
            doubt = strcmp(fact->name, PLAIN[k]) != 0;
    }
    return doubt;
}

// The header block without the fields that only machines write and read; of the first `max`, which is more
// than any mail has.
static GString *shown_fields(const char *raw, gsize len, guint max, gsize *out_body)
{
    GString *out = g_string_new(NULL);
    FieldBlock block;
    fields_split(raw, len, G_MAXUINT, &block);
    *out_body = block.stray < block.body ? block.stray : block.body;
    for (guint i = 0; i < block.fields->len; i++) {
        const Field *field = &g_array_index(block.fields, Field, i);
        g_autofree char *name = g_strndup(field->name, field->name_len);
        if ((gsize)(field->name - raw) >= *out_body || (i < max && fields_technical(name)))
            continue;
        g_string_append_len(out, field->name, field->value + field->value_len - field->name);
        g_string_append_c(out, '\n');
    }
    fields_clear(&block);
    return out;
}

void sweep_message(ReaderState *state, const void *raw, gsize len)
{
    Sweep sweep = {.state = state, .whole = is_doubtful(state->message), .small = g_string_new(NULL)};
    gsize body = 0;
    g_autoptr(GString) head = shown_fields(raw, len, (guint)state->limits->headers_per_block, &body);
    sweep_bytes(&sweep, head->str, head->len, 0);
    sweep_bytes(&sweep, (const char *)raw + body, len - body, 0);
    for (guint level = 1; level <= MAX_LEVEL && sweep.small->len > 0; level++) {
        g_autoptr(GString) small = sweep.small;
        sweep.small = g_string_new(NULL);
        sweep_bytes(&sweep, small->str, small->len, level);
    }
    g_string_free(sweep.small, TRUE);
}
