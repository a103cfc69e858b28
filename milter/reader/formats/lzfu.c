// "Compressed RTF" of MAPI (MS-OXRTFCP): LZ77 with a dictionary of 4 KB that begins filled.
#include "reader/formats/ole.h"

#include <string.h>

#define WINDOW 4096u

static const char PREFILLED[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    "\\fdecor MS Sans "
    "SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab"
    "\\tx";

typedef struct {
    guint8 window[WINDOW];
    guint at;
    GByteArray *out;
    gsize max;
} Lzfu;

static bool lzfu_put(Lzfu *lzfu, guint8 byte)
{
    if (lzfu->out->len >= lzfu->max)
        return false;
    lzfu->window[lzfu->at] = byte;
    lzfu->at = (lzfu->at + 1) % WINDOW;
    g_byte_array_append(lzfu->out, &byte, 1);
    return true;
}

// A reference: 12 bits of place, 4 of length. False at the end mark, which refers to the place of writing.
static bool lzfu_copy(Lzfu *lzfu, guint reference)
{
    guint from = reference >> 4, count = (reference & 15) + 2;
    if (from == lzfu->at)
        return false;
    bool room = true;
    for (guint i = 0; i < count && room; i++)
        room = lzfu_put(lzfu, lzfu->window[(from + i) % WINDOW]);
    return room;
}

static void lzfu_run(Lzfu *lzfu, SniffBytes bytes)
{
    bool going = true;
    for (gsize at = 16; going && at < bytes.len;) {
        guint8 flags = bytes.data[at++];
        for (guint bit = 0; going && bit < 8 && at < bytes.len; bit++) {
            if ((flags & (1u << bit)) == 0) {
                going = lzfu_put(lzfu, bytes.data[at++]);
            } else {
                going = bytes_have(bytes, at, 2) &&
                        lzfu_copy(lzfu, (guint)bytes.data[at] << 8 | bytes.data[at + 1]);
                at += 2;
            }
        }
    }
}

GByteArray *lzfu_decompress(SniffBytes bytes, gsize max)
{
    guint32 magic = bytes_32(bytes, 8);
    GByteArray *out = NULL;
    if (magic == 0x414c454d) { // "MELA": stored
        SniffBytes plain = bytes_part(bytes, 16, max);
        out = g_byte_array_new();
        g_byte_array_append(out, plain.data, (guint)plain.len);
    } else if (magic == 0x75465a4c) { // "LZFu"
        Lzfu lzfu = {.at = sizeof PREFILLED - 1, .out = g_byte_array_new(), .max = max};
        memcpy(lzfu.window, PREFILLED, sizeof PREFILLED - 1);
        lzfu_run(&lzfu, bytes);
        out = lzfu.out;
    }
    return out;
}
