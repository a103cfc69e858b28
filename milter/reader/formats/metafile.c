// Windows metafiles (MS-EMF, MS-EMFPLUS, MS-WMF), the pictures that Office makes of what it embeds: the text they write and the bitmaps
// they paint. What they draw by lines is not recognised.
#include "reader/formats/ole.h"

#include <string.h>

#define EMF_PLUS 0x2b464d45u // "EMF+"

typedef struct {
    ReaderState *state;
    guint part;
    GString *text;
    guint32 line; // where the last text stood
    bool more;    // files inside may still be read
} Metafile;

// ---- what is found ---------------------------------------------------------------------------------------

// Text at height `line`: what stands at one height is one line.
static void metafile_text(Metafile *file, guint32 line, SniffBytes bytes, bool wide)
{
    GString *out = file->text;
    bool full = out->len > (gsize)file->state->limits->document_text;
    if (out->len > 0)
        g_string_append_c(out, line == file->line ? ' ' : '\n');
    file->line = line;
    if (!full && wide)
        bytes_utf16(out, bytes);
    else if (!full)
        bytes_ansi(out, bytes);
}

// Bytes of a bitmap's header, with its colours, from its own words.
static gsize metafile_bitmap_head(SniffBytes bitmap)
{
    gsize size = bytes_32(bitmap, 0), bits = bytes_16(bitmap, 14), used = bytes_32(bitmap, 32);
    gsize colours = used > 0 ? MIN(used, 256) : bits <= 8 ? (gsize)1 << bits : 0;
    return size + 4 * colours + (bytes_32(bitmap, 16) == 3 && size == 40 ? 12 : 0);
}

static void metafile_bitmap(Metafile *file, SniffBytes head, SniffBytes bits)
{
    gsize offset = 14 + head.len, len = offset + bits.len;
    if (!file->more || head.len < 40 || bits.len == 0 || len > G_MAXUINT32)
        return;
    guint32 words[] = {GUINT32_TO_LE((guint32)len), 0, GUINT32_TO_LE((guint32)offset)};
    g_autoptr(GByteArray) picture = g_byte_array_new();
    file->more = format_afford(file->state, file->part, len);
    g_byte_array_append(picture, (const guint8 *)"BM", 2);
    g_byte_array_append(picture, (const guint8 *)words, sizeof words);
    g_byte_array_append(picture, head.data, (guint)head.len);
    g_byte_array_append(picture, bits.data, (guint)bits.len);
    if (file->more)
        file->more =
            format_inside(file->state, file->part, "picture.bmp", "image/bmp", picture->data, picture->len);
}

// ---- EMF+ ------------------------------------------------------------------------------------------------

// Records in a comment of EMF.
static void metafile_plus(Metafile *file, SniffBytes bytes)
{
    gsize at = 0;
    while (bytes_have(bytes, at, 12)) {
        guint type = bytes_16(bytes, at), size = bytes_32(bytes, at + 4);
        SniffBytes body = bytes_part(bytes, at + 12, bytes_32(bytes, at + 8));
        // Strings, and glyphs that are characters.
        if (type == 0x401c)
            metafile_text(file, bytes_32(body, 16), bytes_part(body, 28, 2 * (gsize)bytes_32(body, 8)), true);
        else if (type == 0x4036 && (bytes_32(body, 4) & 1) != 0)
            metafile_text(file, 0, bytes_part(body, 16, 2 * (gsize)bytes_32(body, 12)), true);
        at = size >= 12 ? at + size : bytes.len;
    }
}

// ---- EMF -------------------------------------------------------------------------------------------------

static void metafile_small_text(Metafile *file, SniffBytes record)
{
    guint32 options = bytes_32(record, 20), count = bytes_32(record, 16);
    gsize at = 36 + ((options & 0x100) != 0 ? 0 : 16);
    bool wide = (options & 0x200) == 0;
    metafile_text(file, bytes_32(record, 12), bytes_part(record, at, (wide ? 2 : 1) * (gsize)count), wide);
}

static void metafile_record(Metafile *file, guint type, SniffBytes record)
{
    // Where the places of a bitmap's header and bits stand.
    gsize places = type == 76 || type == 77 ? 84 : 48;
    switch (type) {
    case 70: // comment
        if (bytes_32(record, 12) == EMF_PLUS)
            metafile_plus(file, bytes_part(record, 16, record.len));
        break;
    case 76: // BITBLT, STRETCHBLT, SETDIBITSTODEVICE, STRETCHDIBITS
    case 77:
    case 80:
    case 81:
        metafile_bitmap(file, bytes_part(record, bytes_32(record, places), bytes_32(record, places + 4)),
                        bytes_part(record, bytes_32(record, places + 8), bytes_32(record, places + 12)));
        break;
    case 83: // EXTTEXTOUTA, EXTTEXTOUTW
    case 84:
        metafile_text(
            file, bytes_32(record, 40),
            bytes_part(record, bytes_32(record, 48), (type == 84 ? 2 : 1) * (gsize)bytes_32(record, 44)),
            type == 84);
        break;
    case 108:
        metafile_small_text(file, record);
        break;
    default:
        break;
    }
}

// False when it breaks off.
static bool metafile_enhanced(Metafile *file, SniffBytes bytes)
{
    gsize at = 0;
    guint type = 0;
    bool whole = true;
    while (whole && type != 14 && bytes_have(bytes, at, 8)) {
        gsize size = bytes_32(bytes, at + 4);
        type = bytes_32(bytes, at);
        whole = size >= 8 && bytes_have(bytes, at, size);
        if (whole)
            metafile_record(file, type, bytes_part(bytes, at, size));
        at += size;
    }
    return whole && type == 14;
}

// ---- WMF -------------------------------------------------------------------------------------------------

static void metafile_old_record(Metafile *file, guint function, SniffBytes body)
{
    static const struct {
        guint function;
        gsize bitmap; // where it begins
    } PAINTS[] = {{0x0f43, 22}, {0x0b41, 20}, {0x0d33, 18}, {0x0940, 16}};
    for (guint i = 0; i < G_N_ELEMENTS(PAINTS); i++) {
        SniffBytes bitmap = bytes_part(body, PAINTS[i].bitmap, body.len);
        gsize head = function == PAINTS[i].function ? metafile_bitmap_head(bitmap) : 0;
        if (head > 0)
            metafile_bitmap(file, bytes_part(bitmap, 0, head), bytes_part(bitmap, head, bitmap.len));
    }
    if (function == 0x0521) {
        gsize len = bytes_16(body, 0);
        metafile_text(file, bytes_16(body, 2 + len + len % 2), bytes_part(body, 2, len), false);
    } else if (function == 0x0a32) {
        gsize at = 8 + ((bytes_16(body, 6) & 6) != 0 ? 8 : 0);
        metafile_text(file, bytes_16(body, 0), bytes_part(body, at, bytes_16(body, 4)), false);
    }
}

static bool metafile_old(Metafile *file, SniffBytes bytes)
{
    gsize at = SNIFF_HAS(bytes, 0, "\xd7\xcd\xc6\x9a") ? 22 + 18 : 18;
    guint function = 1;
    bool whole = true;
    while (whole && function != 0 && bytes_have(bytes, at, 6)) {
        gsize size = 2 * (gsize)bytes_32(bytes, at);
        function = bytes_16(bytes, at + 4);
        whole = size >= 6 && bytes_have(bytes, at, size);
        if (whole)
            metafile_old_record(file, function, bytes_part(bytes, at + 6, size - 6));
        at += size;
    }
    return whole && function == 0;
}

// ---- the picture -----------------------------------------------------------------------------------------

void metafile_read(ReaderState *state, guint part, SniffBytes bytes)
{
    Metafile file = {state, part, g_string_new(NULL), 0, true};
    guint parts = state->message->parts->len;
    ((Part *)state->message->parts->pdata[part])->state = PART_READ;
    bool whole = SNIFF_HAS(bytes, 40, " EMF") ? metafile_enhanced(&file, bytes) : metafile_old(&file, bytes);
    Passage *text =
        format_text(state, part, ORIGIN_DOCUMENT, VISIBILITY_SHOWN, NULL, file.text->str, file.text->len);
    // Of EMF+, whose bitmaps are files of other formats.
    ole_pictures(state, part, bytes);
    if (!whole)
        format_fail(state, part, "damaged", "a picture that breaks off");
    else if (text == NULL && state->message->parts->len == parts)
        format_note(state, part, "image", "a drawing");
    g_string_free(file.text, TRUE);
}
