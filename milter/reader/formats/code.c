// QR and bar codes, with zbar: at several sizes, light on dark too.
#include "reader/formats/picture.h"

#include <string.h>
#include <zbar.h>

#define CODE_FRAME  16            // white around the picture: codes often fill it to its edge
#define CODE_LITTLE (1500 * 1000) // pixels: enlarged too where nothing is found
#define CODE_LEAST  (100 * 1000)  // smaller pictures are not reduced
#define CODE_MOST   (6000 * 1000) // larger ones are

static zbar_image_scanner_t *code_scanner(void)
{
    // Interleaved 2 of 5, Codabar and DataBar find numbers in any picture of stripes.
    static const zbar_symbol_type_t WANTED[] = {ZBAR_QRCODE, ZBAR_SQCODE, ZBAR_EAN13,  ZBAR_EAN8,   ZBAR_UPCA,
                                                ZBAR_UPCE,   ZBAR_CODE39, ZBAR_CODE93, ZBAR_CODE128};
    zbar_image_scanner_t *scanner = zbar_image_scanner_create();
    zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
    for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++)
        zbar_image_scanner_set_config(scanner, WANTED[i], ZBAR_CFG_ENABLE, 1);
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);
    return scanner;
}

// The pixels with a white frame, row after row.
static zbar_image_t *code_image(PIX *grey)
{
    guint width = (guint)pixGetWidth(grey), height = (guint)pixGetHeight(grey);
    gsize stride = width + 2 * CODE_FRAME, size = stride * (height + 2 * CODE_FRAME);
    guint8 *rows = g_malloc(size);
    memset(rows, 255, size);
    for (guint y = 0; y < height; y++) {
        const l_uint32 *line = pixGetData(grey) + (gsize)y * pixGetWpl(grey);
        guint8 *to = rows + (y + CODE_FRAME) * stride + CODE_FRAME;
        for (guint x = 0; x < width; x++)
            to[x] = GET_DATA_BYTE(line, x);
    }
    zbar_image_t *image = zbar_image_create();
    zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(image, (guint)stride, height + 2 * CODE_FRAME);
    zbar_image_set_data(image, rows, size, NULL);
    return image;
}

typedef struct {
    ReaderState *state;
    guint part;
    const char *place;
    PIX *grey; // codes that are found are painted over: they are no text
    zbar_image_scanner_t *scanner;
    GHashTable *known;
    guint found;
} CodeSearch;

static void code_cover(CodeSearch *search, const zbar_symbol_t *symbol, double scale)
{
    int left = G_MAXINT, top = G_MAXINT, right = 0, bottom = 0;
    for (guint i = 0; i < zbar_symbol_get_loc_size(symbol); i++) {
        int x = zbar_symbol_get_loc_x(symbol, i) - CODE_FRAME,
            y = zbar_symbol_get_loc_y(symbol, i) - CODE_FRAME;
        left = MIN(left, MAX(x, 0));
        top = MIN(top, MAX(y, 0));
        right = MAX(right, x);
        bottom = MAX(bottom, y);
    }
    if (right <= left || bottom <= top)
        return;
    BOX *box = boxCreate((l_int32)(left * scale), (l_int32)(top * scale), (l_int32)((right - left) * scale),
                         (l_int32)((bottom - top) * scale));
    pixSetInRect(search->grey, box);
    boxDestroy(&box);
}

// Looks at `pix`, which is the picture at another size, and may be inverted.
static void code_try(CodeSearch *search, PIX *pix)
{
    zbar_image_t *image = pix != NULL ? code_image(pix) : NULL;
    if (image == NULL)
        return;
    g_autofree void *rows = (void *)zbar_image_get_data(image);
    double scale = (double)pixGetWidth(search->grey) / pixGetWidth(pix);
    zbar_scan_image(search->scanner, image);
    for (const zbar_symbol_t *at = zbar_image_first_symbol(image); at != NULL; at = zbar_symbol_next(at)) {
        gsize len = 0;
        char *text = charset_best(zbar_symbol_get_data(at), zbar_symbol_get_data_length(at), NULL, &len);
        search->found++;
        if (g_hash_table_add(search->known, text)) {
            code_content(search->state, search->part, search->place, text, len);
            format_note(search->state, search->part, "code", zbar_get_symbol_name(zbar_symbol_get_type(at)));
            code_cover(search, at, scale);
        }
    }
    zbar_image_destroy(image);
}

// Reduced by halves until it has no more than `most` pixels.
static PIX *code_reduced(PIX *grey, gint64 most)
{
    PIX *less = pixClone(grey);
    while (less != NULL && (gint64)pixGetWidth(less) * pixGetHeight(less) > most) {
        PIX *half = pixScaleAreaMap2(less);
        pixDestroy(&less);
        less = half;
    }
    return less;
}

// Noise and blur trouble the reduced copy less, little codes need the larger one. What both leave is tried the other way round
// and enlarged.
guint code_search(ReaderState *state, guint part, const char *place, PIX *grey)
{
    gint64 pixels = (gint64)pixGetWidth(grey) * pixGetHeight(grey);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    CodeSearch search = {state, part, place, grey, code_scanner(), known, 0};
    PIX *large = code_reduced(grey, CODE_MOST);
    PIX *small = pixels > CODE_LEAST ? code_reduced(grey, MIN(CODE_LITTLE, pixels / 2)) : NULL;
    PIX *other = NULL, *more = NULL;
    code_try(&search, large);
    code_try(&search, small);
    if (search.found == 0)
        code_try(&search, other = pixInvert(NULL, small != NULL ? small : large));
    pixDestroy(&other);
    if (search.found == 0 && small != NULL && pixels <= CODE_LITTLE)
        code_try(&search, other = pixInvert(NULL, large));
    if (search.found == 0 && pixels <= CODE_LITTLE)
        code_try(&search, more = pixScaleGray2xLI(grey));
    pixDestroy(&large);
    pixDestroy(&small);
    pixDestroy(&other);
    pixDestroy(&more);
    zbar_image_scanner_destroy(search.scanner);
    return search.found;
}
