// Decoders of pictures, on leptonica. The size that the header tells is asked before anything is decoded.
#include "reader/formats/bytes.h"
#include "reader/formats/picture.h"

#include <string.h>

// ---- grey ------------------------------------------------------------------------------------------------

PIX *picture_from_rows(const guint8 *rows, guint width, guint height, gsize stride)
{
    PIX *pix = pixCreate((l_int32)width, (l_int32)height, 8);
    if (pix == NULL)
        return NULL;
    for (guint y = 0; y < height; y++)
        memcpy(pixGetData(pix) + (gsize)y * pixGetWpl(pix), rows + y * stride, width);
    // Leptonica keeps pixels in words of 32 bits, the first in the highest byte.
    pixEndianByteSwap(pix);
    return pix;
}

// How far the darkest and the lightest pixel are apart, of one in `step` in both directions.
static int grey_range(PIX *grey)
{
    int low = 255, high = 0, wpl = pixGetWpl(grey);
    guint step = 1 + (guint)(MIN(pixGetWidth(grey), pixGetHeight(grey)) / 256);
    for (guint y = 0; y < (guint)pixGetHeight(grey); y += step) {
        const l_uint32 *line = pixGetData(grey) + (gsize)y * wpl;
        for (guint x = 0; x < (guint)pixGetWidth(grey); x += step) {
            int value = GET_DATA_BYTE(line, x);
            low = MIN(low, value);
            high = MAX(high, value);
        }
    }
    return high - low;
}

static PIX *grey_of_transparent(PIX *pix)
{
    enum { PLAIN = 24 };
    PIX *solid = pixRemoveAlpha(pix);
    PIX *grey = solid != NULL ? pixConvertTo8(solid, 0) : NULL;
    pixDestroy(&solid);
    if (grey != NULL && grey_range(grey) < PLAIN) {
        // White on nothing: shows on a dark ground.
        PIX *alpha = pixGetRGBComponent(pix, L_ALPHA_CHANNEL);
        if (alpha != NULL && grey_range(alpha) >= PLAIN) {
            pixDestroy(&grey);
            pixInvert(alpha, alpha);
            return alpha;
        }
        pixDestroy(&alpha);
    }
    return grey;
}

PIX *picture_grey(PIX *pix)
{
    PIX *plain =
        pixGetColormap(pix) == NULL
            ? pixClone(pix)
            : pixRemoveColormap(pix, pixGetSpp(pix) == 4 ? REMOVE_CMAP_WITH_ALPHA : REMOVE_CMAP_BASED_ON_SRC);
    PIX *grey = NULL;
    if (plain != NULL && pixGetDepth(plain) == 32 && pixGetSpp(plain) == 4)
        grey = grey_of_transparent(plain);
    else if (plain != NULL)
        grey = pixConvertTo8(plain, 0);
    if (grey != NULL)
        pixSetResolution(grey, pixGetXRes(pix), pixGetYRes(pix));
    pixDestroy(&plain);
    return grey;
}

PIX *picture_turned(PIX *grey, int orientation)
{
    // What EXIF's numbers ask for: quarters to the right, then mirrored.
    static const struct {
        guint8 quarters;
        bool mirrored;
    } TURNS[] = {{0, false}, {0, false}, {0, true}, {2, false}, {2, true},
                 {1, true},  {1, false}, {3, true}, {3, false}};
    if (orientation < 2 || orientation > 8)
        return grey;
    PIX *turned = pixRotateOrth(grey, TURNS[orientation].quarters);
    if (turned == NULL)
        return grey;
    if (TURNS[orientation].mirrored)
        pixFlipLR(turned, turned);
    pixDestroy(&grey);
    return turned;
}

// ---- formats ---------------------------------------------------------------------------------------------

typedef struct {
    const char *type;
    // Size of page `number`; false when there is none.
    bool (*header)(SniffBytes bytes, guint number, guint *out_width, guint *out_height);
    PIX *(*decode)(SniffBytes bytes, guint number);
    guint cost; // memory in four bytes a pixel that decoding takes at once
} PictureKind;

static bool header_png(SniffBytes bytes, guint number, guint *out_width, guint *out_height)
{
    l_int32 w = 0, h = 0;
    bool ok = readHeaderMemPng(bytes.data, bytes.len, &w, &h, NULL, NULL, NULL) == 0 && w > 0 && h > 0;
    *out_width = (guint)w;
    *out_height = (guint)h;
    return ok;
}

static PIX *decode_png(SniffBytes bytes, guint number)
{
    return pixReadMemPng(bytes.data, bytes.len);
}

static bool header_jpeg(SniffBytes bytes, guint number, guint *out_width, guint *out_height)
{
    l_int32 w = 0, h = 0;
    bool ok = readHeaderMemJpeg(bytes.data, bytes.len, &w, &h, NULL, NULL, NULL) == 0 && w > 0 && h > 0;
    *out_width = (guint)w;
    *out_height = (guint)h;
    return ok;
}

// A file that ends early is decoded as far as it goes, as every program does.
static PIX *decode_jpeg(SniffBytes bytes, guint number)
{
    l_int32 w = 0, h = 0, spp = 0, ycck = 0, cmyk = 0, warnings = 0;
    if (readHeaderMemJpeg(bytes.data, bytes.len, &w, &h, &spp, &ycck, &cmyk) != 0)
        return NULL;
    return pixReadMemJpeg(bytes.data, bytes.len, 0, 1, &warnings, ycck || cmyk ? 0 : L_JPEG_READ_LUMINANCE);
}

static bool header_tiff(SniffBytes bytes, guint number, guint *out_width, guint *out_height)
{
    l_int32 w = 0, h = 0, bps = 0, spp = 0, res = 0, cmap = 0, format = 0;
    bool ok = readHeaderMemTiff(bytes.data, bytes.len, (l_int32)number, &w, &h, &bps, &spp, &res, &cmap,
                                &format) == 0 &&
              w > 0 && h > 0;
    *out_width = (guint)w;
    *out_height = (guint)h;
    return ok;
}

static PIX *decode_tiff(SniffBytes bytes, guint number)
{
    return pixReadMemTiff(bytes.data, bytes.len, (l_int32)number);
}

static bool header_webp(SniffBytes bytes, guint number, guint *out_width, guint *out_height)
{
    l_int32 w = 0, h = 0, spp = 0;
    bool ok = readHeaderMemWebP(bytes.data, bytes.len, &w, &h, &spp) == 0 && w > 0 && h > 0;
    *out_width = (guint)w;
    *out_height = (guint)h;
    return ok;
}

// An animation's first frame as a file of its own: the decoder takes still pictures only.
static GByteArray *webp_first_frame(SniffBytes bytes)
{
    for (gsize at = 12; bytes_have(bytes, at, 24);) {
        gsize len = bytes_32(bytes, at + 4);
        if (memcmp(bytes.data + at, "ANMF", 4) == 0) {
            SniffBytes frame = bytes_part(bytes, at + 24, len > 16 ? len - 16 : 0);
            gsize skip = SNIFF_HAS(frame, 0, "ALPH") ? 8 + (((gsize)bytes_32(frame, 4) + 1) & ~(gsize)1) : 0;
            frame = bytes_part(frame, skip, frame.len);
            guint size = (guint)frame.len + 4;
            guint8 head[12] = {'R',
                               'I',
                               'F',
                               'F',
                               (guint8)size,
                               (guint8)(size >> 8),
                               (guint8)(size >> 16),
                               (guint8)(size >> 24),
                               'W',
                               'E',
                               'B',
                               'P'};
            GByteArray *out = g_byte_array_new();
            g_byte_array_append(out, head, sizeof head);
            return g_byte_array_append(out, frame.data, (guint)frame.len);
        }
        at += 8 + ((len + 1) & ~(gsize)1);
    }
    return NULL;
}

static PIX *decode_webp(SniffBytes bytes, guint number)
{
    g_autoptr(GByteArray) first = webp_first_frame(bytes);
    return first != NULL ? pixReadMemWebP(first->data, first->len) : pixReadMemWebP(bytes.data, bytes.len);
}

static bool header_bmp(SniffBytes bytes, guint number, guint *out_width, guint *out_height)
{
    bool old = bytes_32(bytes, 14) == 12;
    gint32 height = old ? (gint32)bytes_16(bytes, 20) : (gint32)bytes_32(bytes, 22);
    *out_width = old ? bytes_16(bytes, 18) : bytes_32(bytes, 18);
    *out_height = height < 0 ? 0u - (guint)height : (guint)height;
    return *out_width > 0 && *out_width <= G_MAXINT32 && *out_height > 0 && *out_height <= G_MAXINT32;
}

// Rows from the top, which a negative height says, are turned over afterwards.
static PIX *decode_bmp(SniffBytes bytes, guint number)
{
    gint32 height = (gint32)bytes_32(bytes, 22);
    if (bytes_32(bytes, 14) == 12 || height >= 0)
        return pixReadMemBmp(bytes.data, bytes.len);
    g_autofree guint8 *copy = g_memdup2(bytes.data, bytes.len);
    guint32 up = 0u - (guint32)height;
    for (guint i = 0; i < 4; i++)
        copy[22 + i] = (guint8)(up >> (8 * i));
    PIX *pix = pixReadMemBmp(copy, bytes.len);
    return pix != NULL ? pixFlipTB(pix, pix) : NULL;
}

static bool header_jp2(SniffBytes bytes, guint number, guint *out_width, guint *out_height)
{
    l_int32 w = 0, h = 0;
    bool ok = readHeaderMemJp2k(bytes.data, bytes.len, &w, &h, NULL, NULL, NULL) == 0 && w > 0 && h > 0;
    *out_width = (guint)w;
    *out_height = (guint)h;
    return ok;
}

static PIX *decode_jp2(SniffBytes bytes, guint number)
{
    return pixReadMemJp2k(bytes.data, bytes.len, 1, NULL, 0, 0);
}

static PictureResult decode_by(ReaderState *state, const PictureKind *kind, SniffBytes bytes, guint number,
                               PIX **out_grey)
{
    guint width = 0, height = 0;
    bool several = kind->decode == decode_tiff;
    if (number > 0 && !several)
        return PICTURE_END;
    if (!kind->header(bytes, number, &width, &height))
        return number > 0 ? PICTURE_END : PICTURE_BROKEN;
    if (!picture_affordable(state, width, (guint64)height * kind->cost))
        return PICTURE_LARGE;
    PIX *pix = kind->decode(bytes, number);
    *out_grey = pix != NULL ? picture_grey(pix) : NULL;
    pixDestroy(&pix);
    return *out_grey != NULL ? PICTURE_DECODED : PICTURE_UNREAD;
}

PictureResult picture_decode(ReaderState *state, const char *type, SniffBytes bytes, guint number,
                             PIX **out_grey)
{
    static const PictureKind KINDS[] = {
        {"image/png", header_png, decode_png, 1},    {"image/jpeg", header_jpeg, decode_jpeg, 1},
        {"image/tiff", header_tiff, decode_tiff, 1}, {"image/webp", header_webp, decode_webp, 1},
        {"image/bmp", header_bmp, decode_bmp, 1},    {"image/jp2", header_jp2, decode_jp2, 2},
    };
    for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++)
        if (strcmp(type, KINDS[i].type) == 0)
            return decode_by(state, &KINDS[i], bytes, number, out_grey);
    return heif_decode(state, bytes, number, out_grey);
}
