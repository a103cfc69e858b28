// Pictures by themselves: every page or frame searched for codes and, where wanted, for text.
#include "reader/formats/picture.h"

#include <string.h>

bool picture_affordable(const ReaderState *state, guint64 width, guint64 height)
{
    guint64 most = (guint64)state->limits->picture_pixels;
    return width > 0 && height > 0 && width <= most && height <= most / width;
}

// ---- searching -------------------------------------------------------------------------------------------

bool picture_text(ReaderState *state, guint part, const char *place, PIX *grey, guint resolution)
{
    Attachment *attachment = state->attachment;
    const AttachmentOptions *options = attachment->options;
    if ((int64_t)pixGetWidth(grey) * pixGetHeight(grey) < options->ocr_least_pixels)
        return true;
    if (!options->ocr) {
        ((Part *)state->message->parts->pdata[part])->pictures++;
        return true;
    }
    bool late = g_get_monotonic_time() >= attachment->deadline;
    if (late || attachment->recognised >= (guint)options->ocr_pictures) {
        format_note(state, part, "picture-unread",
                    late ? "no time left to recognise text" : "more pictures than text is recognised in");
        return false;
    }
    attachment->recognised++;
    bool whole = ocr_search(state, part, place, grey, resolution);
    if (!whole)
        format_note(state, part, "picture-unread", "text recognised only in part");
    return whole;
}

void picture_search(ReaderState *state, guint part, const char *place, const guint8 *grey, guint width,
                    guint height, gsize stride, guint resolution)
{
    PIX *pix =
        picture_affordable(state, width, height) ? picture_from_rows(grey, width, height, stride) : NULL;
    if (pix == NULL) {
        format_note(state, part, "picture-unread", "larger than is decoded");
        return;
    }
    code_search(state, part, place, pix);
    picture_text(state, part, place, pix, resolution);
    pixDestroy(&pix);
}

// ---- files -----------------------------------------------------------------------------------------------

static void picture_unread(ReaderState *state, guint part, PictureResult result, guint number)
{
    if (number == 0 && result == PICTURE_BROKEN)
        format_fail(state, part, "damaged", "a picture that no program can show");
    else if (number == 0)
        format_fail(state, part, "picture-unread",
                    result == PICTURE_LARGE ? "larger than is decoded" : "cannot be decoded");
    else
        format_note(state, part, "picture-unread", "a page that cannot be decoded");
}

static void picture_pages(ReaderState *state, guint part, const char *type, SniffBytes bytes, int orientation)
{
    Attachment *attachment = state->attachment;
    for (guint number = 0;; number++) {
        PIX *grey = NULL;
        bool full = attachment->pictures >= (guint)state->limits->pictures;
        PictureResult result = full ? PICTURE_LARGE : picture_decode(state, type, bytes, number, &grey);
        if (result == PICTURE_DECODED) {
            g_autofree char *place = number > 0 ? g_strdup_printf("page %u", number + 1) : NULL;
            guint resolution = (guint)MAX(pixGetXRes(grey), 0);
            attachment->pictures++;
            grey = picture_turned(grey, orientation);
            code_search(state, part, place, grey);
            picture_text(state, part, place, grey, resolution);
        } else if (result != PICTURE_END || number == 0) {
            picture_unread(state, part, result, number);
        }
        pixDestroy(&grey);
        if (result != PICTURE_DECODED)
            break;
    }
}

void picture_read(ReaderState *state, guint part, SniffBytes bytes)
{
    Part *info = state->message->parts->pdata[part];
    g_autofree char *type = g_strdup(info->sniffed);
    info->state = PART_READ;
    format_note(state, part, "image", type);
    int orientation = picture_notes(state, part, type, bytes);
    if (strcmp(type, "image/gif") == 0)
        gif_read(state, part, bytes);
    else
        picture_pages(state, part, type, bytes, orientation);
}
