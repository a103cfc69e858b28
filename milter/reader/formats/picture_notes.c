// Comments and EXIF blocks in the files of pictures: PNG's text, JPEG's and GIF's comments.
#include "reader/formats/bytes.h"
#include "reader/formats/picture.h"

#include <string.h>
#include <zlib.h>

#define NOTE_CHUNKS 10000         // walked through
#define NOTE_BYTES  (1024 * 1024) // of one text

static guint notes_be16(SniffBytes bytes, gsize at)
{
    return bytes_have(bytes, at, 2) ? (guint)bytes.data[at] << 8 | bytes.data[at + 1] : 0;
}

static guint32 notes_be32(SniffBytes bytes, gsize at)
{
    return (guint32)notes_be16(bytes, at) << 16 | notes_be16(bytes, at + 2);
}

static void notes_add(ReaderState *state, guint part, const char *name, SniffBytes text)
{
    gsize len = 0;
    g_autofree char *utf8 = charset_best(text.data, MIN(text.len, NOTE_BYTES), NULL, &len);
    format_metadata(state, part, name, utf8);
}

// ---- PNG -------------------------------------------------------------------------------------------------

static void notes_inflate(ReaderState *state, guint part, const char *name, SniffBytes packed)
{
    g_autofree guint8 *text = g_malloc(NOTE_BYTES);
    z_stream stream = {.next_in = (guint8 *)packed.data,
                       .avail_in = (uInt)MIN(packed.len, G_MAXUINT32),
                       .next_out = text,
                       .avail_out = NOTE_BYTES};
    if (inflateInit(&stream) != Z_OK)
        return;
    int result = inflate(&stream, Z_FINISH);
    gsize len = NOTE_BYTES - stream.avail_out;
    inflateEnd(&stream);
    if (result != Z_STREAM_END && len == NOTE_BYTES)
        format_note(state, part, "incomplete", "a comment longer than is read");
    if (len > 0 && format_afford(state, part, len))
        notes_add(state, part, name, (SniffBytes){text, len});
}

// keyword NUL text; keyword NUL method packed text; keyword NUL packed? method language NUL translation NUL text
static void notes_png_text(ReaderState *state, guint part, const char *chunk, SniffBytes body)
{
    const guint8 *end = body.len > 0 ? memchr(body.data, 0, MIN(body.len, 80)) : NULL;
    if (end == NULL)
        return;
    gsize key = (gsize)(end - body.data);
    g_autofree char *name = g_utf8_make_valid((const char *)body.data, (gssize)key);
    // Adobe's block of properties: numbers and dates of the program's own.
    if (strcmp(name, "XML:com.adobe.xmp") == 0)
        return;
    SniffBytes rest = bytes_part(body, key + 1, body.len);
    bool packed = strcmp(chunk, "zTXt") == 0;
    gsize skip = packed ? 1 : 0;
    if (strcmp(chunk, "iTXt") == 0) {
        packed = rest.len > 0 && rest.data[0] == 1;
        skip = 2;
        for (guint i = 0; i < 2 && skip < rest.len; i++) {
            const guint8 *stop = memchr(rest.data + skip, 0, rest.len - skip);
            skip = stop != NULL ? (gsize)(stop - rest.data) + 1 : rest.len;
        }
    }
    rest = bytes_part(rest, skip, rest.len);
    if (packed)
        notes_inflate(state, part, name, rest);
    else
        notes_add(state, part, name, rest);
}

static int notes_png(ReaderState *state, guint part, SniffBytes bytes)
{
    int orientation = 1;
    gsize at = 8;
    for (guint n = 0; n < NOTE_CHUNKS && bytes_have(bytes, at, 8); n++) {
        gsize len = notes_be32(bytes, at);
        char chunk[5] = {0};
        memcpy(chunk, bytes.data + at + 4, 4);
        SniffBytes body = bytes_part(bytes, at + 8, len);
        if (strcmp(chunk, "tEXt") == 0 || strcmp(chunk, "zTXt") == 0 || strcmp(chunk, "iTXt") == 0)
            notes_png_text(state, part, chunk, body);
        else if (strcmp(chunk, "eXIf") == 0)
            orientation = exif_read(state, part, body);
        at += 12 + len;
    }
    return orientation;
}

// ---- JPEG ------------------------------------------------------------------------------------------------

static int notes_jpeg(ReaderState *state, guint part, SniffBytes bytes)
{
    int orientation = 1;
    gsize at = 2;
    for (guint n = 0; n < NOTE_CHUNKS && bytes_have(bytes, at, 4) && bytes.data[at] == 0xff; n++) {
        guint marker = bytes.data[at + 1];
        if (marker == 0xff) { // filling
            at++;
            continue;
        }
        gsize len = notes_be16(bytes, at + 2);
        if (marker == 0xda || marker == 0xd9 || len < 2)
            break;
        SniffBytes body = bytes_part(bytes, at + 4, len - 2);
        if (marker == 0xfe)
            notes_add(state, part, "comment", body);
        else if (marker == 0xe1 && SNIFF_HAS(body, 0, "Exif\0\0"))
            orientation = exif_read(state, part, bytes_part(body, 6, body.len));
        at += 2 + len;
    }
    return orientation;
}

// ---- GIF and WebP ------------------------------------------------------------------------------------------

// Comments' blocks, wherever an extension begins; the blocks between are stepped over.
static void notes_gif(ReaderState *state, guint part, SniffBytes bytes)
{
    gsize at = 13;
    if (bytes_have(bytes, 10, 1) && bytes.data[10] & 0x80)
        at += 3u << ((bytes.data[10] & 7) + 1);
    for (guint n = 0; n < NOTE_CHUNKS && bytes_have(bytes, at, 10); n++) {
        guint mark = bytes.data[at], label = bytes.data[at + 1], flags = bytes.data[at + 9];
        if (mark != 0x21 && mark != 0x2c)
            break;
        at += mark == 0x21 ? 2 : 11 + (flags & 0x80 ? 3u << ((flags & 7) + 1) : 0);
        g_autoptr(GByteArray) text = g_byte_array_new();
        while (at < bytes.len && bytes.data[at] != 0) {
            SniffBytes block = bytes_part(bytes, at + 1, bytes.data[at]);
            if (mark == 0x21 && label == 0xfe && text->len < NOTE_BYTES)
                g_byte_array_append(text, block.data, (guint)block.len);
            at += 1 + (gsize)bytes.data[at];
        }
        at++;
        if (text->len > 0)
            notes_add(state, part, "comment", (SniffBytes){text->data, text->len});
    }
}

static int notes_webp(ReaderState *state, guint part, SniffBytes bytes)
{
    gsize at = 12;
    for (guint n = 0; n < NOTE_CHUNKS && bytes_have(bytes, at, 8); n++) {
        gsize len = bytes_32(bytes, at + 4);
        SniffBytes body = bytes_part(bytes, at + 8, len);
        if (SNIFF_HAS(bytes, at, "EXIF"))
            return exif_read(state, part, bytes_part(body, SNIFF_HAS(body, 0, "Exif\0\0") ? 6 : 0, body.len));
        at += 8 + ((len + 1) & ~(gsize)1);
    }
    return 1;
}

int picture_notes(ReaderState *state, guint part, const char *type, SniffBytes bytes)
{
    if (strcmp(type, "image/png") == 0)
        return notes_png(state, part, bytes);
    if (strcmp(type, "image/jpeg") == 0)
        return notes_jpeg(state, part, bytes);
    if (strcmp(type, "image/webp") == 0)
        return notes_webp(state, part, bytes);
    if (strcmp(type, "image/gif") == 0)
        notes_gif(state, part, bytes);
    else if (strcmp(type, "image/tiff") == 0)
        exif_read(state, part, bytes); // its pages are turned by the decoder
    else if (strcmp(type, "image/heic") == 0 || strcmp(type, "image/heif") == 0 ||
             strcmp(type, "image/avif") == 0)
        heif_notes(state, part, bytes);
    return 1;
}
