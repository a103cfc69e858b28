// HEIC and AVIF, on libheif. Its own HEVC decoder starts a thread, which the sandbox forbids: this one, on the same library, does not.
#include "reader/formats/picture.h"

#include <libde265/de265.h>
#include <libheif/heif.h>
#include <libheif/heif_plugin.h>
#include <string.h>

#define HEIF_PICTURES 16
#define HEIF_NOTE     (1024 * 1024) // bytes of a block of metadata

// ---- the decoder -----------------------------------------------------------------------------------------

static const char *hevc_name(void)
{
    return "libde265 in one thread";
}

static int hevc_supports(enum heif_compression_format format)
{
    return format == heif_compression_HEVC ? 1000 : 0;
}

static struct heif_error hevc_error(bool ok)
{
    struct heif_error error = {heif_error_Ok, heif_suberror_Unspecified, "Success"};
    if (!ok)
        error =
            (struct heif_error){heif_error_Decoder_plugin_error, heif_suberror_Unspecified, "not decoded"};
    return error;
}

static struct heif_error hevc_new(void **decoder)
{
    *decoder = de265_new_decoder();
    return hevc_error(*decoder != NULL);
}

static void hevc_free(void *decoder)
{
    de265_free_decoder(decoder);
}

static void hevc_strict(void *decoder, int flag)
{
}

// NAL units, each behind its length in four bytes.
static struct heif_error hevc_push(void *decoder, const void *data, size_t size)
{
    const guint8 *at = data;
    bool ok = true;
    while (ok && size >= 4) {
        gsize len = (gsize)at[0] << 24 | (gsize)at[1] << 16 | (gsize)at[2] << 8 | at[3];
        ok = len <= size - 4 && de265_push_NAL(decoder, at + 4, (int)len, 0, NULL) == DE265_OK;
        at += 4 + len;
        size -= ok ? 4 + len : 0;
    }
    return hevc_error(ok);
}

static bool hevc_plane(struct heif_image *to, const struct de265_image *from, int channel)
{
    static const enum heif_channel CHANNELS[] = {heif_channel_Y, heif_channel_Cb, heif_channel_Cr};
    int width = de265_get_image_width(from, channel), height = de265_get_image_height(from, channel);
    int bits = de265_get_bits_per_pixel(from, channel), stride = 0, to_stride = 0;
    const guint8 *rows = de265_get_image_plane(from, channel, &stride);
    if (rows == NULL ||
        heif_image_add_plane(to, CHANNELS[channel], width, height, bits).code != heif_error_Ok)
        return false;
    guint8 *to_rows = heif_image_get_plane(to, CHANNELS[channel], &to_stride);
    for (int y = 0; to_rows != NULL && y < height; y++)
        memcpy(to_rows + (gsize)y * (gsize)to_stride, rows + (gsize)y * (gsize)stride,
               (gsize)width * (bits > 8 ? 2 : 1));
    return to_rows != NULL;
}

static bool hevc_convert(const struct de265_image *from, struct heif_image **out)
{
    static const enum heif_chroma CHROMAS[] = {heif_chroma_monochrome, heif_chroma_420, heif_chroma_422,
                                               heif_chroma_444};
    enum de265_chroma chroma = de265_get_chroma_format(from);
    bool grey = chroma == de265_chroma_mono;
    if ((guint)chroma >= G_N_ELEMENTS(CHROMAS) ||
        heif_image_create(de265_get_image_width(from, 0), de265_get_image_height(from, 0),
                          grey ? heif_colorspace_monochrome : heif_colorspace_YCbCr, CHROMAS[chroma], out)
                .code != heif_error_Ok)
        return false;
    bool ok = true;
    for (int channel = 0; ok && channel < (grey ? 1 : 3); channel++)
        ok = hevc_plane(*out, from, channel);
    if (!ok) {
        heif_image_release(*out);
        *out = NULL;
    }
    return ok;
}

static struct heif_error hevc_decode(void *decoder, struct heif_image **out)
{
    *out = NULL;
    de265_flush_data(decoder);
    int more = 1;
    while (*out == NULL && more) {
        more = 0;
        de265_error error = de265_decode(decoder, &more);
        const struct de265_image *image = de265_get_next_picture(decoder);
        if (image != NULL && !hevc_convert(image, out))
            return hevc_error(false);
        if (error != DE265_OK && !more)
            break;
    }
    return hevc_error(*out != NULL);
}

static const struct heif_decoder_plugin HEVC = {
    .plugin_api_version = 3,
    .get_plugin_name = hevc_name,
    .does_support_format = hevc_supports,
    .new_decoder = hevc_new,
    .free_decoder = hevc_free,
    .push_data = hevc_push,
    .decode_image = hevc_decode,
    .set_strict_decoding = hevc_strict,
    .id_name = "chaperone",
};

static void heif_open(void)
{
    static gsize opened;
    if (g_once_init_enter(&opened)) {
        heif_init(NULL);
        heif_register_decoder_plugin(&HEVC);
        g_once_init_leave(&opened, 1);
    }
}

// ---- pictures --------------------------------------------------------------------------------------------

// The plane that is nearest to grey.
static PIX *heif_grey(const struct heif_image *image)
{
    enum heif_channel channel =
        heif_image_has_channel(image, heif_channel_Y) ? heif_channel_Y : heif_channel_G;
    int stride = 0, width = heif_image_get_width(image, channel),
        height = heif_image_get_height(image, channel);
    int bits = heif_image_get_bits_per_pixel_range(image, channel);
    const guint8 *rows = heif_image_get_plane_readonly(image, channel, &stride);
    if (rows == NULL || width <= 0 || height <= 0)
        return NULL;
    if (bits <= 8)
        return picture_from_rows(rows, (guint)width, (guint)height, (gsize)stride);
    g_autofree guint8 *narrow = g_malloc((gsize)width * (gsize)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            guint16 value;
            memcpy(&value, rows + (gsize)y * (gsize)stride + 2 * (gsize)x, 2);
            narrow[(gsize)y * (gsize)width + (gsize)x] = (guint8)(value >> (bits - 8));
        }
    return picture_from_rows(narrow, (guint)width, (guint)height, (gsize)width);
}

static PictureResult heif_picture(ReaderState *state, const struct heif_image_handle *handle, PIX **out_grey)
{
    int width = heif_image_handle_get_width(handle), height = heif_image_handle_get_height(handle);
    if (width <= 0 || height <= 0)
        return PICTURE_BROKEN;
    if (!picture_affordable(state, (guint64)width, (guint64)height))
        return PICTURE_LARGE;
    struct heif_image *image = NULL;
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    // The other decoder of AV1 starts threads.
    if (heif_image_handle_get_luma_bits_per_pixel(handle) > 0)
        options->decoder_id = "aom";
    struct heif_error error =
        heif_decode_image(handle, &image, heif_colorspace_undefined, heif_chroma_undefined, options);
    heif_decoding_options_free(options);
    if (error.code == heif_error_Ok && image != NULL)
        *out_grey = heif_grey(image);
    if (image != NULL)
        heif_image_release(image);
    return *out_grey != NULL ? PICTURE_DECODED : PICTURE_UNREAD;
}

static struct heif_context *heif_parse(SniffBytes bytes)
{
    heif_open();
    struct heif_context *context = heif_context_alloc();
    heif_context_set_max_decoding_threads(context, 0);
    if (heif_context_read_from_memory_without_copy(context, bytes.data, bytes.len, NULL).code !=
        heif_error_Ok) {
        heif_context_free(context);
        return NULL;
    }
    return context;
}

PictureResult heif_decode(ReaderState *state, SniffBytes bytes, guint number, PIX **out_grey)
{
    struct heif_context *context = heif_parse(bytes);
    if (context == NULL)
        return number > 0 ? PICTURE_END : PICTURE_BROKEN;
    heif_item_id ids[HEIF_PICTURES];
    int count = heif_context_get_list_of_top_level_image_IDs(context, ids, HEIF_PICTURES);
    struct heif_image_handle *handle = NULL;
    PictureResult result = count <= 0 ? PICTURE_BROKEN : PICTURE_UNREAD;
    if (number > 0 && number >= (guint)MAX(count, 0))
        result = PICTURE_END;
    else if (count > 0 && heif_context_get_image_handle(context, ids[number], &handle).code == heif_error_Ok)
        result = heif_picture(state, handle, out_grey);
    if (handle != NULL)
        heif_image_handle_release(handle);
    heif_context_free(context);
    return result;
}

// EXIF behind four bytes that tell where in the block it begins. Pictures come out upright, whatever it says.
void heif_notes(ReaderState *state, guint part, SniffBytes bytes)
{
    struct heif_context *context = heif_parse(bytes);
    struct heif_image_handle *handle = NULL;
    heif_item_id id = 0;
    if (context != NULL && heif_context_get_primary_image_handle(context, &handle).code == heif_error_Ok &&
        heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) == 1) {
        gsize len = heif_image_handle_get_metadata_size(handle, id);
        g_autofree guint8 *block = len > 4 && len <= HEIF_NOTE ? g_malloc(len) : NULL;
        if (block != NULL && heif_image_handle_get_metadata(handle, id, block).code == heif_error_Ok) {
            gsize skip =
                4 + ((gsize)block[0] << 24 | (gsize)block[1] << 16 | (gsize)block[2] << 8 | block[3]);
            if (skip < len)
                exif_read(state, part, (SniffBytes){block + skip, len - skip});
        }
    }
    if (handle != NULL)
        heif_image_handle_release(handle);
    if (context != NULL)
        heif_context_free(context);
}

void heif_warm_up(void)
{
    heif_open();
}
