#include "archive_maker.h"

#include <criterion/criterion.h>

const ArchiveKind ARCHIVE_KINDS[] = {
    {"tar", archive_write_set_format_pax, archive_write_add_filter_none},
    {"tar.gz", archive_write_set_format_pax, archive_write_add_filter_gzip},
    {"tar.bz2", archive_write_set_format_pax, archive_write_add_filter_bzip2},
    {"tar.xz", archive_write_set_format_pax, archive_write_add_filter_xz},
    {"tar.zst", archive_write_set_format_pax, archive_write_add_filter_zstd},
    {"tar.lz4", archive_write_set_format_gnutar, archive_write_add_filter_lz4},
    {"tar.lz", archive_write_set_format_ustar, archive_write_add_filter_lzip},
    {"tar.Z", archive_write_set_format_v7tar, archive_write_add_filter_compress},
    {"cpio.gz", archive_write_set_format_cpio, archive_write_add_filter_gzip},
    {"7z", archive_write_set_format_7zip, archive_write_add_filter_none},
    {"zip", archive_write_set_format_zip, archive_write_add_filter_none},
    {NULL, NULL, NULL},
};

// Opened for at most `room` bytes of `out`.
static struct archive *archive_begin(const ArchiveKind *kind, GByteArray *out, gsize room, gsize *used)
{
    struct archive *archive = archive_write_new();
    g_byte_array_set_size(out, (guint)room);
    cr_assert_eq(kind->format(archive), ARCHIVE_OK);
    cr_assert_eq(kind->filter(archive), ARCHIVE_OK);
    cr_assert_eq(archive_write_open_memory(archive, out->data, room, used), ARCHIVE_OK);
    return archive;
}

static void archive_put(struct archive *archive, const char *name, const void *data, gsize len)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)len);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    cr_assert_eq(archive_write_header(archive, entry), ARCHIVE_OK);
    cr_assert_eq(archive_write_data(archive, data, len), (la_ssize_t)len);
    archive_entry_free(entry);
}

GByteArray *archive_make(const ArchiveKind *kind, const void *data, gsize len, guint entries)
{
    gsize used = 0;
    GByteArray *out = g_byte_array_new();
    struct archive *archive = archive_begin(kind, out, entries * (len + 2048) + 1024 * 1024, &used);
    for (guint i = 0; i < entries; i++) {
        g_autofree char *name = g_strdup_printf("folder/note %u.txt", i);
        archive_put(archive, name, data, len);
    }
    cr_assert_eq(archive_write_close(archive), ARCHIVE_OK);
    archive_write_free(archive);
    g_byte_array_set_size(out, (guint)used);
    return out;
}

GByteArray *archive_pack(int (*filter)(struct archive *), const void *data, gsize len)
{
    gsize used = 0;
    GByteArray *out = g_byte_array_new();
    ArchiveKind kind = {"packed", archive_write_set_format_raw, filter};
    struct archive *archive = archive_begin(&kind, out, len + 1024 * 1024, &used);
    archive_put(archive, "data", data, len);
    cr_assert_eq(archive_write_close(archive), ARCHIVE_OK);
    archive_write_free(archive);
    g_byte_array_set_size(out, (guint)used);
    return out;
}

guint32 archive_sum(const guint8 *data, gsize len)
{
    guint32 crc = 0xffffffff;
    for (gsize i = 0; i < len; i++) {
        crc ^= data[i];
        for (guint bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}
