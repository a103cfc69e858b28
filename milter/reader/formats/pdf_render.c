// What a page shows beside its text: rendered in grey, searched for codes, its pictures for text.
#include "reader/formats/pdf.h"
#include "reader/formats/picture.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

#define RENDER_DOTS     200.0             // an inch
#define RENDER_PIXELS   (9 * 1000 * 1000) // most of a page
#define RENDER_ALWAYS   20  // pages that are rendered whatever they hold: codes may be drawn with lines
#define RENDER_PICTURES 4   // of a page that are read by themselves; with more the page is
#define RENDER_MOST     0.5 // of a page in pictures: it is read whole

// ---- rendering -------------------------------------------------------------------------------------------

static PIX *render_grey(const guint8 *rows, guint width, guint height, gsize stride)
{
    g_autofree guint8 *grey = g_malloc((gsize)width * height);
    for (guint y = 0; y < height; y++) {
        for (guint x = 0; x < width; x++) {
            guint32 pixel;
            memcpy(&pixel, rows + y * stride + 4 * (gsize)x, 4);
            guint red = pixel >> 16 & 255, green = pixel >> 8 & 255, blue = pixel & 255;
            grey[(gsize)y * width + x] = (guint8)((77 * red + 151 * green + 28 * blue) >> 8);
        }
    }
    return picture_from_rows(grey, width, height, width);
}

// NULL when it cannot be rendered. `out_scale` gets pixels a point.
static PIX *render_page(PopplerPage *page, double *out_scale)
{
    double width = 0, height = 0;
    poppler_page_get_size(page, &width, &height);
    if (!(width >= 1 && height >= 1 && width < 1e6 && height < 1e6))
        return NULL;
    double scale = MIN(RENDER_DOTS / 72, sqrt(RENDER_PIXELS / (width * height)));
    int w = (int)ceil(width * scale), h = (int)ceil(height * scale);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_scale(cairo, scale, scale);
    poppler_page_render(page, cairo);
    cairo_surface_flush(surface);
    const guint8 *rows =
        cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS ? cairo_image_surface_get_data(surface) : NULL;
    PIX *grey = rows != NULL
                    ? render_grey(rows, (guint)w, (guint)h, (gsize)cairo_image_surface_get_stride(surface))
                    : NULL;
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    *out_scale = scale;
    return grey;
}

static bool render_is_blank(PIX *grey)
{
    int wpl = pixGetWpl(grey);
    for (int y = 0; y < pixGetHeight(grey); y++) {
        const l_uint32 *line = pixGetData(grey) + (gsize)y * (gsize)wpl;
        for (int x = 0; x < pixGetWidth(grey); x++)
            if (GET_DATA_BYTE(line, x) < 250)
                return false;
    }
    return true;
}

// ---- the pictures of a page --------------------------------------------------------------------------------

typedef struct {
    guint count;                          // large enough to hold text or a code
    double share;                         // of the page that all of them cover
    PopplerRectangle at[RENDER_PICTURES]; // from the top left, in points
} PagePictures;

static void render_find_pictures(PdfRead *pdf, PopplerPage *page, PagePictures *out)
{
    double width = 0, height = 0, dots = RENDER_DOTS / 72;
    poppler_page_get_size(page, &width, &height);
    GList *images = poppler_page_get_image_mapping(page);
    for (GList *item = images; item != NULL; item = item->next) {
        const PopplerRectangle *area = &((PopplerImageMapping *)item->data)->area;
        PopplerRectangle at = {.x1 = MAX(area->x1, 0),
                               .y1 = MAX(area->y1, 0),
                               .x2 = MIN(area->x2, width),
                               .y2 = MIN(area->y2, height)};
        double size = at.x2 > at.x1 && at.y2 > at.y1 ? (at.x2 - at.x1) * (at.y2 - at.y1) : 0;
        out->share += size / (width * height);
        if (size * dots * dots < (double)pdf->state->attachment->options->ocr_least_pixels)
            continue;
        if (out->count < RENDER_PICTURES)
            out->at[out->count] = at;
        out->count++;
    }
    poppler_page_free_image_mapping(images);
}

static void render_text(PdfRead *pdf, const char *place, PIX *grey, double scale)
{
    guint before = pdf->state->message->passages->len;
    picture_text(pdf->state, pdf->part, place, grey, (guint)(scale * 72 + 0.5));
    pdf->text |= pdf->state->message->passages->len > before;
}

static void render_text_of(PdfRead *pdf, const char *place, PIX *grey, double scale,
                           const PagePictures *pictures)
{
    for (guint i = 0; i < pictures->count; i++) {
        const PopplerRectangle *at = &pictures->at[i];
        BOX *box =
            boxCreate((l_int32)(at->x1 * scale), (l_int32)(at->y1 * scale),
                      (l_int32)((at->x2 - at->x1) * scale) + 1, (l_int32)((at->y2 - at->y1) * scale) + 1);
        PIX *clip = box != NULL ? pixClipRectangle(grey, box, NULL) : NULL;
        if (clip != NULL)
            render_text(pdf, place, clip, scale);
        pixDestroy(&clip);
        boxDestroy(&box);
    }
}

void pdf_pictures(PdfRead *pdf, PopplerPage *page, guint number, const char *place, bool has_text)
{
    PagePictures pictures = {0};
    double scale = 1;
    render_find_pictures(pdf, page, &pictures);
    if (has_text && pictures.count == 0 && number >= RENDER_ALWAYS)
        return;
    Attachment *attachment = pdf->state->attachment;
    if (attachment->pictures >= (guint)pdf->state->limits->pictures) {
        format_note(pdf->state, pdf->part, "picture-unread", "more pages with pictures than are read");
        return;
    }
    PIX *grey = render_page(page, &scale);
    if (grey == NULL) {
        format_note(pdf->state, pdf->part, "picture-unread", "a page that cannot be rendered");
        return;
    }
    if (!render_is_blank(grey)) {
        guint before = pdf->state->message->passages->len;
        attachment->pictures++;
        code_search(pdf->state, pdf->part, place, grey);
        pdf->text |= pdf->state->message->passages->len > before;
        if (!has_text || pictures.count > RENDER_PICTURES || pictures.share > RENDER_MOST)
            render_text(pdf, place, grey, scale);
        else
            render_text_of(pdf, place, grey, scale, &pictures);
    }
    pixDestroy(&grey);
}

// ---- before the sandbox closes -----------------------------------------------------------------------------

// A page with a line in a font that is not in it, so that fonts and their configuration are looked for now.
static const char WARM_UP[] =
    "%PDF-1.4\n"
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 90]/Contents 4 0 R/Resources<</Font<</F 5 0 "
    "R>>>>>>endobj\n"
    "4 0 obj<</Length 31>>stream\nBT /F 12 Tf 9 9 Td (Warm) Tj ET\nendstream endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    "trailer<</Root 1 0 R>>\n";

void pdf_warm_up(void)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(WARM_UP, sizeof WARM_UP - 1);
    PopplerDocument *document = poppler_document_new_from_bytes(bytes, NULL, NULL);
    PopplerPage *page = document != NULL ? poppler_document_get_page(document, 0) : NULL;
    double scale = 1;
    if (page != NULL) {
        g_free(poppler_page_get_text(page));
        PIX *grey = render_page(page, &scale);
        pixDestroy(&grey);
    }
    g_clear_object(&page);
    g_clear_object(&document);
}
