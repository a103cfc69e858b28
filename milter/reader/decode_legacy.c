// Content decoding of before MIME: uuencode, yEnc, BinHex 4.0.
#include "reader/mime.h"

#include <string.h>

// ---- uuencode --------------------------------------------------------------------------------------------

// Length of the line at `text` without its line end; `*out_next` gets its length with it.
static gsize line_length(const char *text, gsize len, gsize *out_next)
{
    *out_next = fields_line(text, len);
    gsize n = *out_next;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    return n;
}

static bool is_begin(const char *line, gsize len)
{
    if (len < 11 || memcmp(line, "begin ", 6) != 0)
        return false;
    gsize i = 6;
    while (i < len && i < 11 && line[i] >= '0' && line[i] <= '7')
        i++;
    return i >= 9 && i < len && line[i] == ' ';
}

static char *begin_name(const char *line, gsize len)
{
    gsize i = 6;
    while (i < len && line[i] != ' ')
        i++;
    return charset_best(line + MIN(i + 1, len), len - MIN(i + 1, len), NULL, NULL);
}

// One line of data; false when it cannot be one.
static bool uu_line(const unsigned char *line, gsize len, GByteArray *out)
{
    guint want = (line[0] - ' ') & 63;
    if (line[0] < ' ' || line[0] > '`')
        return false;
    for (gsize i = 1; want > 0; i += 4) {
        guint32 bits = 0;
        for (gsize k = i; k < i + 4; k++)
            bits = bits << 6 |
                   (k < len ? (guint32)((line[k] - ' ') & 63) : 0); // blanks at the end get lost on the way
        guint8 bytes[3] = {bits >> 16, bits >> 8, bits};
        guint take = MIN(want, 3);
        g_byte_array_append(out, bytes, take);
        want -= take;
    }
    return true;
}

DecodeVerdict decode_uu(const void *data, gsize len, GByteArray *out, char **out_name)
{
    const char *text = data;
    gsize next = 0, pos = 0;
    DecodeVerdict verdict = DECODE_JUNK; // until the end line was seen
    if (out_name != NULL)
        *out_name = NULL;
    for (gsize i = 0; i < len; i += next) { // without a begin line the data starts at once
        gsize n = line_length(text + i, len - i, &next);
        if (is_begin(text + i, n)) {
            if (out_name != NULL)
                *out_name = begin_name(text + i, n);
            pos = i + next;
            break;
        }
    }
    for (; pos < len; pos += next) {
        gsize n = line_length(text + pos, len - pos, &next);
        if (n == 3 && memcmp(text + pos, "end", 3) == 0) {
            verdict = DECODE_CLEAN;
            break;
        }
        if (n > 0 && !uu_line((const unsigned char *)text + pos, n, out))
            verdict = DECODE_JUNK;
    }
    return verdict;
}

// ---- yEnc ------------------------------------------------------------------------------------------------

static void yenc_line(const guint8 *line, gsize len, GByteArray *out)
{
    gsize i = len >= 2 && line[0] == '.' && line[1] == '.' ? 1 : 0; // stuffed dots of news
    for (; i < len; i++) {
        guint8 byte = line[i] - 42;
        if (line[i] == '=' && i + 1 < len)
            byte = line[++i] - 64 - 42;
        g_byte_array_append(out, &byte, 1);
    }
}

DecodeVerdict decode_yenc(const void *data, gsize len, GByteArray *out)
{
    const char *text = data;
    bool inside = false, ended = false;
    gsize next = 0;
    for (gsize pos = 0; pos < len && !ended; pos += next) {
        gsize n = line_length(text + pos, len - pos, &next);
        if (n >= 8 && memcmp(text + pos, "=ybegin ", 8) == 0)
            inside = true;
        else if (inside && n >= 5 && memcmp(text + pos, "=yend", 5) == 0)
            ended = true;
        else if (inside && !(n >= 6 && memcmp(text + pos, "=ypart", 6) == 0))
            yenc_line((const guint8 *)text + pos, n, out);
    }
    return ended ? DECODE_CLEAN : DECODE_JUNK;
}

// ---- BinHex 4.0 ------------------------------------------------------------------------------------------

static int binhex_value(unsigned char c)
{
    static const char ALPHABET[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
    const char *at = c != '\0' ? strchr(ALPHABET, c) : NULL;
    return at != NULL ? (int)(at - ALPHABET) : -1;
}

// Undoes the run-length coding: 0x90 N repeats the byte before it, 0x90 0x00 is 0x90 itself. The output is at
// most 255 times its input and `max` bytes.
static void binhex_expand(const GByteArray *packed, gsize max, GByteArray *out)
{
    for (guint i = 0; i < packed->len && out->len < max; i++) {
        guint8 byte = packed->data[i];
        if (byte != 0x90 || i + 1 == packed->len) {
            g_byte_array_append(out, &byte, 1);
            continue;
        }
        guint times = packed->data[++i];
        guint8 last = out->len > 0 ? out->data[out->len - 1] : 0;
        if (times == 0)
            g_byte_array_append(out, &byte, 1);
        for (; times > 1 && out->len < max; times--)
            g_byte_array_append(out, &last, 1);
    }
}

// Takes the data fork out of the expanded stream; the whole of it when its lengths make no sense.
static DecodeVerdict binhex_fork(const GByteArray *stream, GByteArray *out)
{
    gsize head =
        stream->len > 0 ? 2 + (gsize)stream->data[0] + 18 : 0; // length, name, NUL, type .. resource length
    if (head == 0 || head + 2 > stream->len) {
        g_byte_array_append(out, stream->data, stream->len);
        return DECODE_JUNK;
    }
    const guint8 *at = stream->data + head - 8;
    gsize want = (gsize)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
    gsize have = stream->len - head - 2;
    g_byte_array_append(out, stream->data + head + 2, MIN(want, have));
    return want <= have ? DECODE_CLEAN : DECODE_JUNK;
}

DecodeVerdict decode_binhex(const void *data, gsize len, GByteArray *out)
{
    const char *text = data;
    const char *start = g_strstr_len(text, (gssize)len, "(This file must be converted");
    gsize pos = start != NULL ? (gsize)(start - text) + fields_line(start, len - (gsize)(start - text)) : 0;
    const char *colon = pos < len ? memchr(text + pos, ':', len - pos) : NULL;
    pos = colon != NULL ? (gsize)(colon - text) + 1 : len;
    g_autoptr(GByteArray) packed = g_byte_array_new();
    guint32 bits = 0;
    guint held = 0;
    bool ended = false;
    for (; pos < len && !ended; pos++) {
        int value = binhex_value((unsigned char)text[pos]);
        ended = text[pos] == ':';
        if (value < 0)
            continue;
        bits = bits << 6 | (guint32)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            guint8 byte = bits >> held;
            g_byte_array_append(packed, &byte, 1);
        }
    }
    g_autoptr(GByteArray) stream = g_byte_array_new();
    binhex_expand(packed, 64 * 1024 * 1024, stream);
    DecodeVerdict verdict = binhex_fork(stream, out);
    return ended ? verdict : DECODE_JUNK;
}
