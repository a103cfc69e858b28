#include "zip_maker.h"

#include <gio/gio.h>
#include <string.h>

struct ZipMaker {
    GByteArray *bytes, *central;
    guint16 count;
};

ZipMaker *zip_maker_new(void)
{
    ZipMaker *maker = g_new0(ZipMaker, 1);
    maker->bytes = g_byte_array_new();
    maker->central = g_byte_array_new();
    return maker;
}

void zip_maker_free(ZipMaker *maker)
{
    if (maker == NULL)
        return;
    g_byte_array_unref(maker->bytes);
    g_byte_array_unref(maker->central);
    g_free(maker);
}

static void put(GByteArray *out, guint64 value, guint bytes)
{
    for (guint i = 0; i < bytes; i++) {
        guint8 byte = (guint8)(value >> (8 * i));
        g_byte_array_append(out, &byte, 1);
    }
}

static void put_text(GByteArray *out, const void *data, gsize len)
{
    if (len > 0)
        g_byte_array_append(out, data, (guint)len);
}

void zip_maker_sizes(ZipMaker *maker, const ZipLie *lie)
{
    put(maker->bytes, 0x04034b50, 4);
    put(maker->bytes, 20, 2);
    put(maker->bytes, lie->flags, 2);
    put(maker->bytes, lie->method, 2);
    put(maker->bytes, 0, 8); // time, sum
    put(maker->bytes, lie->len, 4);
    put(maker->bytes, lie->size, 4);
    put(maker->bytes, strlen(lie->local_name), 2);
    put(maker->bytes, lie->extra_len, 2);
    put_text(maker->bytes, lie->local_name, strlen(lie->local_name));
    put_text(maker->bytes, lie->extra, lie->extra_len);
}

void zip_maker_lie(ZipMaker *maker, const ZipLie *lie)
{
    gint64 place = lie->place >= 0 ? lie->place : maker->bytes->len;
    if (lie->local_name != NULL) {
        zip_maker_sizes(maker, lie);
        put_text(maker->bytes, lie->data, lie->len);
    }
    if (lie->central_name == NULL)
        return;
    maker->count++;
    put(maker->central, 0x02014b50, 4);
    put(maker->central, 20 | 20u << 16, 4);
    put(maker->central, lie->flags, 2);
    put(maker->central, lie->method, 2);
    put(maker->central, 0, 8);
    put(maker->central, lie->len, 4);
    put(maker->central, lie->size, 4);
    put(maker->central, strlen(lie->central_name), 2);
    put(maker->central, lie->extra_len, 2);
    put(maker->central, 0, 8); // comment, disk, attributes
    put(maker->central, 0, 2);
    put(maker->central, (guint64)place, 4);
    put_text(maker->central, lie->central_name, strlen(lie->central_name));
    put_text(maker->central, lie->extra, lie->extra_len);
}

void zip_maker_junk(ZipMaker *maker, const void *data, gsize len)
{
    put_text(maker->bytes, data, len);
}

gsize zip_maker_place(const ZipMaker *maker)
{
    return maker->bytes->len;
}

GByteArray *zip_maker_deflate(const void *data, gsize len)
{
    gsize room = len + len / 8 + 1024, read = 0, written = 0;
    GByteArray *packed = g_byte_array_new();
    g_byte_array_set_size(packed, (guint)room);
    g_autoptr(GZlibCompressor) deflate = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, 6);
    GConverterResult result = g_converter_convert(G_CONVERTER(deflate), data, len, packed->data, room,
                                                  G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
    g_assert(result == G_CONVERTER_FINISHED);
    g_byte_array_set_size(packed, (guint)written);
    return packed;
}

void zip_maker_add(ZipMaker *maker, const char *name, const void *data, gsize len)
{
    g_autoptr(GByteArray) packed = zip_maker_deflate(data, len);
    ZipLie honest = {.local_name = name,
                     .central_name = name,
                     .method = 8,
                     .data = packed->data,
                     .len = packed->len,
                     .size = (guint32)len,
                     .place = -1};
    zip_maker_lie(maker, &honest);
}

// The end record behind `out`, whose central directory begins at `begin`.
static void end_record(GByteArray *out, guint16 count, guint32 len, guint32 begin)
{
    put(out, 0x06054b50, 4);
    put(out, 0, 4);
    put(out, count, 2);
    put(out, count, 2);
    put(out, len, 4);
    put(out, begin, 4);
    put(out, 0, 2);
}

GByteArray *zip_maker_end(ZipMaker *maker)
{
    GByteArray *out = g_byte_array_ref(maker->bytes);
    guint32 begin = out->len;
    put_text(out, maker->central->data, maker->central->len);
    end_record(out, maker->count, maker->central->len, begin);
    return out;
}

GByteArray *zip_maker_end_large(ZipMaker *maker)
{
    GByteArray *out = g_byte_array_ref(maker->bytes);
    guint32 begin = out->len;
    put_text(out, maker->central->data, maker->central->len);
    guint32 record = out->len;
    put(out, 0x06064b50, 4);
    put(out, 44, 8);
    put(out, 45 | 45u << 16, 4);
    put(out, 0, 8); // disks
    put(out, maker->count, 8);
    put(out, maker->count, 8);
    put(out, maker->central->len, 8);
    put(out, begin, 8);
    put(out, 0x07064b50, 4);
    put(out, 0, 4);
    put(out, record, 8);
    put(out, 1, 4);
    end_record(out, 0xffff, 0xffffffff, 0xffffffff);
    return out;
}
