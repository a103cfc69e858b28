// Content decoding: base64 and quoted-printable. What no client would refuse is not refused here.
#include "reader/mime.h"

#include <string.h>

int decode_base64_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Sextets on their way to bytes.
typedef struct {
    guint32 bits;
    guint count; // sextets held, 0..3
} Quad;

static void quad_push(Quad *quad, int value, GByteArray *out)
{
    quad->bits = quad->bits << 6 | (guint32)value;
    if (++quad->count < 4)
        return;
    guint8 bytes[3] = {quad->bits >> 16, quad->bits >> 8, quad->bits};
    g_byte_array_append(out, bytes, 3);
    *quad = (Quad){0};
}

// Ends a group at padding or at the end of the data. A single sextet is no byte.
static void quad_flush(Quad *quad, GByteArray *out)
{
    guint32 bits = quad->bits << (6 * (4 - quad->count));
    guint8 bytes[2] = {bits >> 16, bits >> 8};
    if (quad->count >= 2)
        g_byte_array_append(out, bytes, quad->count - 1);
    *quad = (Quad){0};
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

DecodeVerdict decode_base64_by(const void *data, gsize len, guint rules, GByteArray *out)
{
    const unsigned char *bytes = data;
    DecodeVerdict verdict = DECODE_CLEAN;
    Quad quad = {0};
    bool padded = false; // a group has ended in padding
    for (gsize i = 0; i < len; i++) {
        int value = decode_base64_value(bytes[i]);
        if (value >= 0) {
            if (padded)
                verdict = DECODE_JUNK;
            quad_push(&quad, value, out);
        } else if (bytes[i] == '=' && !(rules & BASE64_EQUALS_JUNK) && quad.count >= 2) {
            quad_flush(&quad, out);
            padded = true;
        } else if ((bytes[i] == '-' || bytes[i] == '_') && !(rules & BASE64_MINUS_JUNK)) {
            quad_push(&quad, bytes[i] == '-' ? 62 : 63, out);
            verdict = DECODE_JUNK;
        } else if (!is_blank(bytes[i]) && !(bytes[i] == '=' && padded && quad.count == 0)) {
            verdict = DECODE_JUNK;
        }
    }
    quad_flush(&quad, out);
    return verdict;
}

DecodeVerdict decode_base64(const void *data, gsize len, GByteArray *out)
{
    return decode_base64_by(data, len, 0, out);
}

// ---- quoted-printable
// ---------------------------------------------------------------------------------------------------

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
