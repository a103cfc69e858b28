// The worker's entry: limits on what a message may become, and the order of reading.
#include "reader/mime.h"

#include <string.h>

// ---- passages --------------------------------------------------------------------------------------------

// `len`, or less, so that text[0..len) ends at a character.
static gsize whole_characters(const char *text, gsize len, gsize max)
{
    if (len <= max)
        return len;
    while (max > 0 && ((guchar)text[max] & 0xC0) == 0x80)
        max--;
    return max;
}

static bool is_blank_text(const char *text, gsize len)
{
    gsize i = 0;
    while (i < len && (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r')))
        i++;
    return i == len;
}

Passage *reader_add_text(ReaderState *state, guint part, PassageOrigin origin, Visibility visibility,
                         const char *utf8, gsize len)
{
    const ConfigLimits *limits = state->limits;
    gsize room = (gsize)limits->passage_bytes > state->passage_bytes
                     ? (gsize)limits->passage_bytes - state->passage_bytes
                     : 0;
    if (is_blank_text(utf8, len))
        return NULL;
    gsize take = state->passages < (guint)limits->passages ? whole_characters(utf8, len, room) : 0;
    if (take < len)
        message_add_fact(state->message, "incomplete", (int)part, "passages");
    if (take == 0)
        return NULL;
    state->passages++;
    state->passage_bytes += take;
    return message_add_passage(state->message, part, origin, visibility, utf8, take);
}

Passage *reader_add_reading(ReaderState *state, guint part, PassageOrigin origin, Visibility visibility,
                            const CharsetReading *reading)
{
    Passage *passage = reader_add_text(state, part, origin, visibility, reading->text, reading->len);
    if (passage != NULL) {
        passage->reading = g_strdup(reading->reading);
        passage->map = reading->map != NULL ? g_array_ref(reading->map) : NULL;
    }
    return passage;
}

// ---- line ends -------------------------------------------------------------------------------------------

// A copy whose CR, CR LF and CR CR LF are all LF: how clients that break lines at a bare CR see the message.
static GByteArray *plain_lines(const char *raw, gsize len)
{
    GByteArray *out = g_byte_array_sized_new((guint)len);
    for (gsize i = 0; i < len; i++) {
        gsize crs = 0;
        while (i + crs < len && raw[i + crs] == '\r')
            crs++;
        if (crs == 0) {
            g_byte_array_append(out, (const guint8 *)raw + i, 1);
            continue;
        }
        bool ended = i + crs < len && raw[i + crs] == '\n';
        for (gsize k = 0; k < (ended ? 1 : crs); k++)
            g_byte_array_append(out, (const guint8 *)"\n", 1);
        i += crs - (ended ? 0 : 1);
    }
    return out;
}

static bool has_bare_cr(const char *raw, gsize len)
{
    const char *at = raw, *end = raw + len;
    while (at < end && (at = memchr(at, '\r', (gsize)(end - at))) != NULL && at + 1 < end && at[1] == '\n')
        at += 2;
    return at != NULL && at + 1 < end && at[0] == '\r';
}

// ---- the message -----------------------------------------------------------------------------------------

static void parse_structure(ReaderState *state, const char *raw, gsize len)
{
    if (!has_bare_cr(raw, len)) {
        structure_read(state, 0, raw, len);
        return;
    }
    message_add_fact(state->message, "bare-cr", -1, NULL);
    g_autoptr(GByteArray) plain = plain_lines(raw, len);
    structure_read(state, 0, plain->data, plain->len);
}

static Message *parse(const void *raw, gsize len, const ConfigLimits *limits, bool sweep_only, bool keep,
                      GByteArray *blob)
{
    Message *message = message_new();
    ReaderState state = {.message = message, .limits = limits, .blob = blob, .keep = keep && blob != NULL};
    state.seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    if (len > (gsize)limits->inspect_bytes) {
        message_add_fact(message, "too-large", -1, NULL);
        len = (gsize)limits->inspect_bytes;
    }
    if (len == 0)
        message_add_fact(message, "no-structure", -1, "empty");
    else if (sweep_only)
        message_add_fact(message, "no-structure", -1, "sweep only");
    else
        parse_structure(&state, raw, len);
    if (len > 0)
        sweep_message(&state, raw, len);
    g_hash_table_unref(state.seen);
    return message;
}

Message *reader_parse(const void *raw, gsize len, const ConfigLimits *limits, bool sweep_only,
                      GByteArray *blob)
{
    return parse(raw, len, limits, sweep_only, false, blob);
}

Message *reader_parse_keeping(const void *raw, gsize len, const ConfigLimits *limits, GByteArray *blob)
{
    return parse(raw, len, limits, false, true, blob);
}
