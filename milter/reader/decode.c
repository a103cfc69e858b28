// Content decoding: base64 and quoted-printable. What no client would refuse is not refused here.
#include "reader/mime.h"

#include <string.h>

int decode_base64_value(unsigned char c)
{
    static const gint8 VALUES[128] = {
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62,
        -1, -1, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1, -1, 0,
        1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
        23, 24, 25, -1, -1, -1, -1, -1, -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
        39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1};
    return c < 128 ? VALUES[c] : -1;
}

// Sextets on their way to bytes.
typedef struct {
    guint32 bits;
    guint count; // sextets held, 0..3
    guint8 *out; // where the next byte goes
} Quad;

static void quad_push(Quad *quad, int value)
{
    quad->bits = quad->bits << 6 | (guint32)value;
    if (++quad->count < 4)
        return;
    *quad->out++ = quad->bits >> 16;
    *quad->out++ = quad->bits >> 8;
    *quad->out++ = quad->bits;
    quad->bits = quad->count = 0;
}

// Ends a group at padding or at the end of the data. A single sextet is no byte.
static void quad_flush(Quad *quad)
{
    guint32 bits = quad->bits << (6 * (4 - quad->count));
    if (quad->count >= 2)
        *quad->out++ = bits >> 16;
    if (quad->count == 3)
        *quad->out++ = bits >> 8;
    quad->bits = quad->count = 0;
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

DecodeVerdict decode_base64_by(const void *data, gsize len, guint rules, GByteArray *out)
{
    const unsigned char *bytes = data;
    DecodeVerdict verdict = DECODE_CLEAN;
    guint before = out->len;
    g_byte_array_set_size(out, before + (guint)(len / 4 * 3 + 3));
    Quad quad = {.out = out->data + before};
    bool padded = false; // a group has ended in padding
    for (gsize i = 0; i < len; i++) {
        int value = decode_base64_value(bytes[i]);
        if (value >= 0) {
            if (padded)
                verdict = DECODE_JUNK;
            quad_push(&quad, value);
        } else if (bytes[i] == '=' && !(rules & BASE64_EQUALS_JUNK) && quad.count >= 2) {
            quad_flush(&quad);
            padded = true;
        } else if ((bytes[i] == '-' || bytes[i] == '_') && !(rules & BASE64_MINUS_JUNK)) {
            quad_push(&quad, bytes[i] == '-' ? 62 : 63);
            verdict = DECODE_JUNK;
        } else if (!is_blank(bytes[i]) && !(bytes[i] == '=' && padded && quad.count == 0)) {
            verdict = DECODE_JUNK;
        }
    }
    quad_flush(&quad);
    g_byte_array_set_size(out, (guint)(quad.out - out->data));
    return verdict;
}

DecodeVerdict decode_base64(const void *data, gsize len, GByteArray *out)
{
    return decode_base64_by(data, len, 0, out);
}

// ---- quoted-printable ------------------------------------------------------------------------------------

// Length of a soft line break after '=' (white space, then a line end or the end of the data), 0 when there
// is none.
static gsize soft_break(const char *text, gsize len)
{
    gsize i = 0;
    while (i < len && (text[i] == ' ' || text[i] == '\t'))
        i++;
    if (i == len)
        return MAX(i, 1);
    if (text[i] == '\n')
        return i + 1;
    if (text[i] == '\r')
        return i + 1 < len && text[i + 1] == '\n' ? i + 2 : i + 1;
    return 0;
}

DecodeVerdict decode_quoted_printable(const void *data, gsize len, bool header, GByteArray *out)
{
    const char *text = data;
    DecodeVerdict verdict = DECODE_CLEAN;
    gsize start = 0; // of the stretch not yet copied
    for (gsize i = 0; i < len; i++) {
        bool space = header && text[i] == '_';
        if (text[i] != '=' && !space)
            continue;
        g_byte_array_append(out, (const guint8 *)text + start, i - start);
        start = i;
        bool pair = !space && len - i > 2;
        int high = pair ? g_ascii_xdigit_value(text[i + 1]) : -1;
        int low = pair ? g_ascii_xdigit_value(text[i + 2]) : -1;
        gsize skip = 0;
        guint8 byte = ' ';
        if (space) {
            skip = 1;
        } else if (high >= 0 && low >= 0) {
            byte = high << 4 | low;
            skip = 3;
        } else if (!header && (skip = soft_break(text + i + 1, len - i - 1)) > 0) {
            start = MIN(i + 1 + skip, len);
            i = start - 1;
            continue;
        }
        if (skip > 0) {
            g_byte_array_append(out, &byte, 1);
            start = i + skip;
            i = start - 1;
        } else {
            verdict = DECODE_JUNK;
        }
    }
    if (start < len)
        g_byte_array_append(out, (const guint8 *)text + start, len - start);
    return verdict;
}
