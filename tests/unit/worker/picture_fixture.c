#include "picture_fixture.h"

#include <cairo.h>
#include <string.h>

PIX *picture_of_text(const char *const *lines, guint count, int size, bool dark)
{
    int width = 28 * size, height = size * (int)(2 * count + 2);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cairo = cairo_create(surface);
    double ground = dark ? 0.1 : 1, ink = dark ? 1 : 0;
    cairo_set_source_rgb(cairo, ground, ground, ground);
    cairo_paint(cairo);
    cairo_set_source_rgb(cairo, ink, ink, ink);
    cairo_select_font_face(cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, size);
    for (guint i = 0; i < count; i++) {
        cairo_move_to(cairo, size, size * (2.0 * i + 2));
        cairo_show_text(cairo, lines[i]);
    }
    cairo_surface_flush(surface);
    PIX *pix = pixCreate(width, height, 8);
    const guint8 *rows = cairo_image_surface_get_data(surface);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            pixSetPixel(pix, x, y,
                        rows[(gsize)y * (gsize)cairo_image_surface_get_stride(surface) + 4 * (gsize)x]);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return pix;
}

GBytes *picture_file(PIX *pix, int format)
{
    l_uint8 *data = NULL;
    size_t len = 0;
    cr_assert_eq(pixWriteMem(&data, &len, pix, format), 0, "format %d", format);
    GBytes *bytes = g_bytes_new(data, len);
    lept_free(data);
    return bytes;
}

Message *picture_read_with(GBytes *file, const AttachmentOptions *options)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(file, &len);
    g_autofree void *exact = g_memdup2(data, len);
    return reader_parse_attachment(exact, len, "application/octet-stream", "flyer", NULL, options);
}

Message *picture_read_as(GBytes *file, bool ocr)
{
    g_autoptr(Config) config = config_defaults();
    AttachmentOptions options = {.limits = &config->limits,
                                 .ocr = ocr,
                                 .languages = config->attachments.ocr_languages,
                                 .ocr_pictures = config->attachments.ocr_pictures,
                                 .ocr_least_pixels = config->attachments.ocr_least_pixels};
    return picture_read_with(file, &options);
}

guint picture_facts(const Message *message, const char *name)
{
    guint count = 0;
    for (guint i = 0; i < message->facts->len; i++)
        count += strcmp(((Fact *)message->facts->pdata[i])->name, name) == 0;
    return count;
}
