// GIF: an animation's frames are laid over each other as they are shown. Leptonica decodes only the first frame of a file, so
// each is handed to it as a file of its own.
#include "reader/formats/bytes.h"
#include "reader/formats/picture.h"

#include <string.h>

// Frames of an animation in which text is looked for: what is to be read stands still for more than one.
#define GIF_READ 8

typedef struct {
    gsize at, end; // image descriptor to the last block
    guint left, top, width, height;
    gsize colours, colours_len; // its own table, or the file's
    int transparent;            // index; -1 = none
    guint disposal;             // 2: cleared afterwards
} GifFrame;

// The number of bytes of the blocks from `at` on, their end mark included; they may end with the file.
static gsize gif_blocks(SniffBytes bytes, gsize at)
{
    gsize start = at;
    while (at < bytes.len && bytes.data[at] != 0)
        at += 1 + (gsize)bytes.data[at];
    return MIN(at + 1, bytes.len) - MIN(start, bytes.len);
}

static gsize gif_table(guint flags)
{
    return flags & 0x80 ? 3u << ((flags & 7) + 1) : 0;
}

// A graphic control's transparent colour and disposal; comments are the notes' matter.
static gsize gif_extension(SniffBytes bytes, gsize at, GifFrame *next)
{
    if (bytes_have(bytes, at, 7) && bytes.data[at + 1] == 0xf9 && bytes.data[at + 2] == 4) {
        next->transparent = bytes.data[at + 3] & 1 ? bytes.data[at + 6] : -1;
        next->disposal = bytes.data[at + 3] >> 2 & 7;
    }
    return at + 2 + gif_blocks(bytes, at + 2);
}

static gsize gif_image(SniffBytes bytes, gsize at, GifFrame *frame)
{
    frame->at = at;
    frame->left = bytes_16(bytes, at + 1);
    frame->top = bytes_16(bytes, at + 3);
    frame->width = bytes_16(bytes, at + 5);
    frame->height = bytes_16(bytes, at + 7);
    gsize own = gif_table(bytes.data[at + 9]);
    if (own > 0) {
        frame->colours = at + 10;
        frame->colours_len = own;
    }
    gsize data = at + 10 + own + 1;
    return frame->end = data + gif_blocks(bytes, data);
}

// GArray of GifFrame, at most `most`.
static GArray *gif_frames(SniffBytes bytes, guint most)
{
    GArray *frames = g_array_new(FALSE, TRUE, sizeof(GifFrame));
    gsize table = gif_table(bytes_have(bytes, 10, 1) ? bytes.data[10] : 0), at = 13 + table;
    GifFrame next = {.colours = 13, .colours_len = table, .transparent = -1};
    while (bytes_have(bytes, at, 11) && frames->len < most) {
        if (bytes.data[at] == 0x21) {
            at = gif_extension(bytes, at, &next);
        } else if (bytes.data[at] == 0x2c) {
            at = gif_image(bytes, at, &next);
            g_array_append_val(frames, next);
            next = (GifFrame){.colours = 13, .colours_len = table, .transparent = -1};
        } else {
            break;
        }
    }
    return frames;
}

// The frame as a file of its own; NULL when it is broken.
static PIX *gif_decode(SniffBytes bytes, const GifFrame *frame)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    if (!bytes_have(bytes, frame->colours, frame->colours_len) || frame->colours_len == 0 ||
        !bytes_have(bytes, frame->at, 10) || frame->end > bytes.len)
        return NULL;
    guint8 bits = 0;
    while ((gsize)3 << (bits + 1) < frame->colours_len)
        bits++;
    guint8 w0 = (guint8)frame->width, w1 = (guint8)(frame->width >> 8);
    guint8 h0 = (guint8)frame->height, h1 = (guint8)(frame->height >> 8);
    guint8 screen[7] = {w0, w1, h0, h1, (guint8)(0x80 | bits), 0, 0};
    guint8 image[10] = {0x2c, 0, 0, 0, 0, w0, w1, h0, h1, (guint8)(bytes.data[frame->at + 9] & 0x40)};
    gsize own = gif_table(bytes.data[frame->at + 9]), data = frame->at + 10 + own;
    g_byte_array_append(file, (const guint8 *)"GIF89a", 6);
    g_byte_array_append(file, screen, sizeof screen);
    g_byte_array_append(file, bytes.data + frame->colours, (guint)frame->colours_len);
    g_byte_array_append(file, image, sizeof image);
    g_byte_array_append(file, bytes.data + data, (guint)(frame->end - data));
    g_byte_array_append(file, (const guint8 *)"\x3b", 1);
    return pixReadMemGif(file->data, file->len);
}

static void gif_clear(PIX *canvas, const GifFrame *frame)
{
    BOX *box =
        boxCreate((l_int32)frame->left, (l_int32)frame->top, (l_int32)frame->width, (l_int32)frame->height);
    pixSetInRect(canvas, box);
    boxDestroy(&box);
}

static void gif_lay(PIX *canvas, PIX *picture, const GifFrame *frame)
{
    PIX *grey = pixConvertTo8(picture, 0);
    guint width = MIN(frame->width, (guint)pixGetWidth(picture)),
          height = MIN(frame->height, (guint)pixGetHeight(picture));
    for (guint y = 0; grey != NULL && y < height && frame->top + y < (guint)pixGetHeight(canvas); y++) {
        l_uint32 *to = pixGetData(canvas) + (gsize)(frame->top + y) * pixGetWpl(canvas);
        const l_uint32 *from = pixGetData(grey) + (gsize)y * pixGetWpl(grey);
        for (guint x = 0; x < width && frame->left + x < (guint)pixGetWidth(canvas); x++) {
            l_uint32 index = 0;
            if (frame->transparent < 0 || pixGetPixel(picture, (l_int32)x, (l_int32)y, &index) != 0 ||
                (int)index != frame->transparent)
                SET_DATA_BYTE(to, frame->left + x, GET_DATA_BYTE(from, x));
        }
    }
    pixDestroy(&grey);
}

static void gif_look(ReaderState *state, guint part, PIX *canvas, guint number, guint count)
{
    g_autofree char *place = count > 1 ? g_strdup_printf("frame %u", number + 1) : NULL;
    bool read = number == 0 || number * GIF_READ / count != (number - 1) * GIF_READ / count;
    code_search(state, part, place, canvas);
    if (read)
        picture_text(state, part, place, canvas, 0);
}

static void gif_play(ReaderState *state, guint part, SniffBytes bytes, const GArray *frames, PIX *canvas)
{
    guint broken = 0;
    for (guint i = 0; i < frames->len; i++) {
        const GifFrame *frame = &g_array_index(frames, GifFrame, i);
        PIX *picture =
            picture_affordable(state, frame->width, frame->height) ? gif_decode(bytes, frame) : NULL;
        if (picture != NULL) {
            state->attachment->pictures++;
            gif_lay(canvas, picture, frame);
            gif_look(state, part, canvas, i, frames->len);
        } else {
            broken++;
        }
        pixDestroy(&picture);
        if (frame->disposal == 2)
            gif_clear(canvas, frame);
    }
    if (broken > 0 && broken == frames->len)
        format_fail(state, part, "picture-unread", "cannot be decoded");
    else if (broken > 0)
        format_note(state, part, "picture-unread", "a frame that cannot be decoded");
}

void gif_read(ReaderState *state, guint part, SniffBytes bytes)
{
    guint most = (guint)state->limits->pictures, spent = state->attachment->pictures;
    guint width = bytes_16(bytes, 6), height = bytes_16(bytes, 8);
    g_autoptr(GArray) frames = gif_frames(bytes, most > spent ? most - spent : 0);
    for (guint i = 0; i < frames->len && i < 1;
         i++) { // programs go by the first frame where the screen has no size
        const GifFrame *first = &g_array_index(frames, GifFrame, i);
        width = MAX(width, first->left + first->width);
        height = MAX(height, first->top + first->height);
    }
    PIX *canvas =
        picture_affordable(state, width, height) ? pixCreate((l_int32)width, (l_int32)height, 8) : NULL;
    if (frames->len == 0) {
        format_fail(state, part, most > spent ? "damaged" : "picture-unread",
                    "a picture without any frame that is read");
    } else if (canvas == NULL) {
        format_fail(state, part, "picture-unread", "larger than is decoded");
    } else {
        pixSetAll(canvas);
        gif_play(state, part, bytes, frames, canvas);
    }
    if (frames->len > GIF_READ)
        format_note(state, part, "media", "an animation; text is looked for in some of its frames");
    pixDestroy(&canvas);
}
