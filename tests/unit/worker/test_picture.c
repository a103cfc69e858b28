// Pictures: formats, pages and frames, sizes, what they say about themselves. The files are made by tests/corpus/make_attachments.py.
#include "picture_fixture.h"

#include <libheif/heif.h>
#include <string.h>

#define INVITE "https://t.me/example_invite"

static const Part *first_part(const Message *message)
{
    return message->parts->pdata[0];
}

Test(picture, formats_of_one_code)
{
    static const struct {
        int format;
        const char *type;
    } FORMATS[] = {{IFF_PNG, "image/png"}, {IFF_JFIF_JPEG, "image/jpeg"}, {IFF_TIFF_LZW, "image/tiff"},
                   {IFF_GIF, "image/gif"}, {IFF_BMP, "image/bmp"},        {IFF_WEBP, "image/webp"},
                   {IFF_JP2, "image/jp2"}, {IFF_TIFF_G4, "image/tiff"}};
    g_autoptr(GBytes) file = attachment_file("code-link.png");
    gsize len = 0;
    const void *data = g_bytes_get_data(file, &len);
    PIX *code = pixReadMem(data, len), *grey = pixConvertTo8(code, 0);
    for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
        g_autoptr(GBytes) made =
            picture_file(FORMATS[i].format == IFF_TIFF_G4 ? code : grey, FORMATS[i].format);
        g_autoptr(Message) message = picture_read_as(made, false);
        cr_expect_str_eq(first_part(message)->sniffed, FORMATS[i].type);
        cr_expect_eq(first_part(message)->state, PART_READ, "%s", FORMATS[i].type);
        cr_expect_eq(first_part(message)->pictures, 1, "%s", FORMATS[i].type);
        cr_expect_not_null(attachment_find(message, ORIGIN_CODE, NULL, INVITE), "%s", FORMATS[i].type);
        cr_expect(message_has_fact(message, "code") && message_has_fact(message, "image"), "%s",
                  FORMATS[i].type);
    }
    pixDestroy(&grey);
    pixDestroy(&code);
}

// The grey picture as HEIC or AVIF.
static GBytes *heif_file(PIX *grey, enum heif_compression_format format, const char *path)
{
    struct heif_context *context = heif_context_alloc();
    struct heif_encoder *encoder = NULL;
    struct heif_image *image = NULL;
    int width = pixGetWidth(grey), height = pixGetHeight(grey), stride = 0;
    cr_assert_eq(heif_context_get_encoder_for_format(context, format, &encoder).code, heif_error_Ok);
    heif_image_create(width, height, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &image);
    heif_image_add_plane(image, heif_channel_interleaved, width, height, 8);
    guint8 *rows = heif_image_get_plane(image, heif_channel_interleaved, &stride);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            l_uint32 value = 0;
            pixGetPixel(grey, x, y, &value);
            memset(rows + (gsize)y * (gsize)stride + 3 * (gsize)x, (int)value, 3);
        }
    cr_assert_eq(heif_context_encode_image(context, image, encoder, NULL, NULL).code, heif_error_Ok);
    cr_assert_eq(heif_context_write_to_file(context, path).code, heif_error_Ok);
    char *data = NULL;
    gsize len = 0;
    cr_assert(g_file_get_contents(path, &data, &len, NULL));
    heif_image_release(image);
    heif_encoder_release(encoder);
    heif_context_free(context);
    return g_bytes_new_take(data, len);
}

Test(picture, heic_and_avif, .timeout = 60)
{
    static const enum heif_compression_format FORMATS[] = {heif_compression_HEVC, heif_compression_AV1};
    g_autoptr(GBytes) file = attachment_file("code-link.png");
    gsize len = 0;
    const void *data = g_bytes_get_data(file, &len);
    PIX *code = pixReadMem(data, len), *grey = pixConvertTo8(code, 0);
    g_autofree char *dir = g_dir_make_tmp("chaperone-heif-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "code.heic", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
        g_autoptr(GBytes) made = heif_file(grey, FORMATS[i], path);
        g_autoptr(Message) message = picture_read_as(made, false);
        cr_expect_eq(first_part(message)->state, PART_READ);
        cr_expect_not_null(attachment_find(message, ORIGIN_CODE, NULL, INVITE), "%s",
                           first_part(message)->sniffed);
        g_autoptr(GBytes) half = g_bytes_new_from_bytes(made, 0, g_bytes_get_size(made) / 2);
        g_autoptr(Message) cut = picture_read_as(half, false);
        cr_expect(message_has_fact(cut, "picture-unread") || message_has_fact(cut, "damaged"));
    }
    cr_expect_eq(remove(path), 0);
    cr_expect_eq(remove(dir), 0);
    pixDestroy(&grey);
    pixDestroy(&code);
}

Test(picture, pages_frames_and_transparency)
{
    static const struct {
        const char *file, *place;
        guint pictures;
    } FILES[] = {{"pages.tif", "page 2", 2},
                 {"frames.gif", "frame 2", 3},
                 {"moving.webp", NULL, 1},
                 {"white-on-nothing.png", NULL, 1}};
    for (guint i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autoptr(GBytes) file = attachment_file(FILES[i].file);
        g_autoptr(Message) message = picture_read_as(file, false);
        const Passage *passage = attachment_find(message, ORIGIN_CODE, NULL, INVITE);
        cr_expect_not_null(passage, "%s", FILES[i].file);
        cr_expect(passage == NULL || g_strcmp0(passage->place, FILES[i].place) == 0, "%s", FILES[i].file);
        cr_expect_eq(first_part(message)->pictures, FILES[i].pictures, "%s: %u", FILES[i].file,
                     first_part(message)->pictures);
    }
}

Test(picture, what_it_says_about_itself)
{
    static const struct {
        const char *file, *text;
    } SAYS[] = {{"comments.png", "call 415-555-0142"},
                {"comments.png", "packed words 415-555-0143"},
                {"comments.png", "Título 415-555-0144"},
                {"exif.jpg", "described 415-555-0145"},
                {"exif.jpg", "Pat Example"},
                {"exif.jpg", "XP comment 415-555-0146"},
                {"exif.jpg", "user comment 415-555-0147"},
                {"exif.jpg", "jpeg comment 415-555-0148"}};
    for (guint i = 0; i < G_N_ELEMENTS(SAYS); i++) {
        g_autoptr(GBytes) file = attachment_file(SAYS[i].file);
        g_autoptr(Message) message = picture_read_as(file, false);
        cr_expect_not_null(attachment_find(message, ORIGIN_METADATA, NULL, SAYS[i].text), "%s", SAYS[i].text);
        cr_expect_eq(message_has_fact(message, "gps"), strcmp(SAYS[i].file, "exif.jpg") == 0);
    }
}

// A header may claim any size: it is believed before anything is decoded.
Test(picture, huge_ones_are_told)
{
    g_autoptr(GBytes) file = attachment_file("code-link.png");
    gsize len = g_bytes_get_size(file);
    g_autofree guint8 *data = g_memdup2(g_bytes_get_data(file, NULL), len);
    data[16] = data[20] = 0x00;
    data[17] = data[21] = 0x01; // 65536 and something both ways
    g_autoptr(GBytes) huge = g_bytes_new(data, len);
    g_autoptr(Message) message = picture_read_as(huge, false);
    cr_expect(message_has_fact(message, "picture-unread") || message_has_fact(message, "damaged"));
    cr_expect_eq(first_part(message)->state, PART_FAILED);

    g_autoptr(Config) config = config_defaults();
    ConfigLimits limits = config->limits;
    limits.picture_pixels = 100;
    AttachmentOptions options = {.limits = &limits};
    g_autoptr(Message) small = picture_read_with(file, &options);
    cr_expect(message_has_fact(small, "picture-unread"));
    cr_expect_null(attachment_find(small, ORIGIN_CODE, NULL, INVITE));
}

Test(picture, more_than_are_decoded_are_told)
{
    g_autoptr(GBytes) file = attachment_file("pages.tif");
    g_autoptr(Config) config = config_defaults();
    ConfigLimits limits = config->limits;
    limits.pictures = 1;
    AttachmentOptions options = {.limits = &limits};
    g_autoptr(Message) message = picture_read_with(file, &options);
    cr_expect(message_has_fact(message, "picture-unread"));
}

// What is cut off is told; a JPEG's rest is shown by every program, and read.
Test(picture, cut_off)
{
    static const char *const FILES[] = {"code-link.png", "frames.gif", "pages.tif", "moving.webp",
                                        "exif.jpg"};
    for (guint i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autoptr(GBytes) file = attachment_file(FILES[i]);
        for (gsize cut = g_bytes_get_size(file) / 2; cut > 40; cut -= MIN(cut, 97)) {
            g_autoptr(GBytes) some = g_bytes_new_from_bytes(file, 0, cut);
            g_autoptr(Message) message = picture_read_as(some, false);
            cr_expect(first_part(message)->pictures > 0 || message_has_fact(message, "picture-unread") ||
                          message_has_fact(message, "damaged") || message_has_fact(message, "unread"),
                      "%s, %zu bytes", FILES[i], cut);
        }
    }
}
