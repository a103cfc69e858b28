// Pictures, inside: what the files that decode and search them share. A grey picture is a Pix of 8 bits without colour map.
#pragma once

#include "reader/formats/formats.h"

#include <leptonica/allheaders.h>

typedef enum {
    PICTURE_DECODED,
    PICTURE_END,    // there is no such frame or page
    PICTURE_LARGE,  // more pixels than are decoded
    PICTURE_BROKEN, // its header says so
    PICTURE_UNREAD, // this decoder cannot; another might
} PictureResult;

// True when a picture of this size is decoded (limits.picture_pixels).
bool picture_affordable(const ReaderState *state, guint64 width, guint64 height);
// A grey copy: transparent on white, or the transparency itself where only that shows something. NULL when there is no memory.
PIX *picture_grey(PIX *pix);
// Rows of bytes to a grey picture. NULL when there is no memory.
PIX *picture_from_rows(const guint8 *rows, guint width, guint height, gsize stride);
// Text of `grey`: recognised where that is wanted, counted where it is not. False when it could not be done (a fact tells).
bool picture_text(ReaderState *state, guint part, const char *place, PIX *grey, guint resolution);

// Page or frame `number` of one picture (picture_decode.c).
PictureResult picture_decode(ReaderState *state, const char *type, SniffBytes bytes, guint number,
                             PIX **out_grey);
// Turned as a camera says it was held (EXIF orientation 1 to 8). Takes `grey`.
PIX *picture_turned(PIX *grey, int orientation);

// Animations, all frames as they are shown one after the other (gif.c).
void gif_read(ReaderState *state, guint part, SniffBytes bytes);
// HEIC, HEIF, AVIF (heif.c).
PictureResult heif_decode(ReaderState *state, SniffBytes bytes, guint number, PIX **out_grey);
void heif_notes(ReaderState *state, guint part, SniffBytes bytes);
void heif_warm_up(void);

// What the file says about itself: comments and EXIF (picture_notes.c). Returns EXIF's orientation, 1 when there is none.
int picture_notes(ReaderState *state, guint part, const char *type, SniffBytes bytes);
// A block of EXIF from its TIFF header on (exif.c). Returns the orientation, 1 when there is none.
int exif_read(ReaderState *state, guint part, SniffBytes tiff);

// Adds the codes in `grey`; their number (code.c).
guint code_search(ReaderState *state, guint part, const char *place, PIX *grey);
// One code's content, taken apart where it is a form of contact detail (code_content.c). `symbol` is its kind: "QR-Code".
void code_content(ReaderState *state, guint part, const char *place, const char *utf8, gsize len);

// Makes the engine for `languages`; false with `note` set when one of them is not installed (ocr.c).
bool ocr_open(const char *languages, GString *note);
// Adds the text in `grey`. False when it could not be recognised to the end.
bool ocr_search(ReaderState *state, guint part, const char *place, PIX *grey, guint resolution);
// A copy of at most so many pixels (ocr_prepare.c).
PIX *ocr_reduced(PIX *grey, float most_pixels);
// Pictures made ready for recognition: text dark on light and of a size that is read well. `out_scale` is what it was enlarged
// by.
PIX *ocr_prepared(PIX *grey, bool invert, float most_pixels, float *out_scale);
// The share of the picture that is dark ground, 0 to 1.
float ocr_dark_share(PIX *grey);

void pdf_warm_up(void);
