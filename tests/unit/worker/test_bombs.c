// Little that becomes much, and numbers that are not true: bombs of our own making. Each ends at a limit, in bounded time.
#include "archive_maker.h"
#include "attachment_fixture.h"
#include "zip_maker.h"

#include <gio/gio.h>
#include <string.h>
#include <time.h>

#define CALL "call my cell 415-555-0142"
#define MIB  (1024u * 1024)

static void append(GByteArray *out, guint64 value, guint bytes)
{
    for (guint i = 0; i < bytes; i++) {
        guint8 byte = (guint8)(value >> (8 * i));
        g_byte_array_append(out, &byte, 1);
    }
}

static void append_text(GByteArray *out, const void *text, gsize len)
{
    g_byte_array_append(out, text, (guint)len);
}

// `times` copies.
static void append_many(GByteArray *out, const GByteArray *piece, guint times)
{
    for (guint i = 0; i < times; i++)
        g_byte_array_append(out, piece->data, piece->len);
}

// Reads a bomb: `fact` must be told, and it must not take long. The processor's time, for other programs run meanwhile.
static void expect_bounded(const GByteArray *bytes, const char *name, const char *fact, const char *what)
{
    clock_t began = clock();
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", name);
    double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    cr_log_info("%s: %.2f s for %u bytes", what, seconds, bytes->len);
    cr_expect_lt(seconds, 3, "%s: %.2f s", what, seconds);
    cr_expect(message_has_fact(message, fact), "%s: %s", what,
              message->facts->len > 0 ? ((Fact *)message->facts->pdata[0])->name : "no fact");
}

// ---- zeros -----------------------------------------------------------------------------------------------

// Deflated `data` that can be repeated: it ends at a byte and is not the last block.
static GByteArray *deflate_unit(const void *data, gsize len)
{
    g_autoptr(GZlibCompressor) deflate = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, 6);
    GByteArray *out = g_byte_array_new();
    gsize read = 0, written = 0;
    g_byte_array_set_size(out, (guint)len + 1024);
    cr_assert_eq(g_converter_convert(G_CONVERTER(deflate), data, len, out->data, out->len, G_CONVERTER_FLUSH,
                                     &read, &written, NULL),
                 G_CONVERTER_CONVERTED);
    cr_assert_eq(read, len);
    g_byte_array_set_size(out, (guint)written);
    return out;
}

// A gzip file of `times` copies of what `unit` deflates.
static GByteArray *gzip_of(const GByteArray *unit, guint times)
{
    GByteArray *out = g_byte_array_new();
    append_text(out, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    append_many(out, unit, times);
    append_text(out, "\1\0\0\xff\xff", 5);
    append(out, 0, 8);
    return out;
}

Test(bombs, ten_gigabytes_of_zeros, .timeout = 60)
{
    g_autofree guint8 *zeros = g_malloc0(4 * MIB);
    g_autoptr(GByteArray) unit = deflate_unit(zeros, 4 * MIB);
    g_autoptr(GByteArray) gzip = gzip_of(unit, 2560);
    expect_bounded(gzip, "zeros.gz", "archive-limit", "gzip");

    g_autoptr(GByteArray) deflated = g_byte_array_new();
    append_many(deflated, unit, 2560);
    append_text(deflated, "\1\0\0\xff\xff", 5);
    g_autoptr(ZipMaker) maker = zip_maker_new();
    ZipLie entry = {"zeros", "zeros", 0, 8, deflated->data, deflated->len, 0xfffffffe, -1};
    zip_maker_lie(maker, &entry);
    g_autoptr(GByteArray) zip = zip_maker_end(maker);
    expect_bounded(zip, "zeros.zip", "archive-limit", "zip");

    static const struct {
        const char *name;
        int (*filter)(struct archive *);
    } STREAMS[] = {{"zeros.bz2", archive_write_add_filter_bzip2},
                   {"zeros.xz", archive_write_add_filter_xz},
                   {"zeros.zst", archive_write_add_filter_zstd},
                   {"zeros.lz", archive_write_add_filter_lzip},
                   {"zeros.gz", archive_write_add_filter_gzip}};
    for (gsize i = 0; i < G_N_ELEMENTS(STREAMS); i++) {
        g_autoptr(GByteArray) member = archive_pack(STREAMS[i].filter, zeros, 4 * MIB);
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        append_many(bytes, member, 2560);
        expect_bounded(bytes, STREAMS[i].name, "archive-limit", STREAMS[i].name);
    }
}

Test(bombs, zeros_in_archives, .timeout = 60)
{
    g_autofree guint8 *zeros = g_malloc0(40 * MIB);
    for (const ArchiveKind *kind = ARCHIVE_KINDS + 1; kind->name != NULL; kind++) {
        g_autoptr(GByteArray) bytes = archive_make(kind, zeros, 40 * MIB, 1);
        if (bytes->len < 200 * 1024)
            expect_bounded(bytes, "box", "archive-limit", kind->name);
    }
}

// ---- many ------------------------------------------------------------------------------------------------

Test(bombs, a_million_entries_in_a_zip, .timeout = 60)
{
    g_autoptr(ZipMaker) maker = zip_maker_new();
    static const ZipLie EMPTY = {
        .local_name = "a", .central_name = "a", .data = "x", .len = 1, .size = 1, .place = -1};
    for (guint i = 0; i < 1000000; i++)
        zip_maker_lie(maker, &EMPTY);
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    g_autoptr(Config) config = config_defaults();
    config->limits.attachment_bytes = bytes->len;
    clock_t began = clock();
    g_autoptr(Message) message =
        attachment_read_with(bytes->data, bytes->len, "", "box.zip", &config->limits);
    cr_expect(message_has_fact(message, "archive-limit"));
    cr_expect_not(message_has_fact(message, "archive-mismatch"));
    cr_expect_gt(message->parts->len, 100, "%u", message->parts->len);
    cr_expect_lt(clock() - began, 3 * CLOCKS_PER_SEC, "%.2f s", (double)(clock() - began) / CLOCKS_PER_SEC);
}

// An empty file's header, again and again.
Test(bombs, a_million_entries_in_a_tar, .timeout = 60)
{
    g_autoptr(GByteArray) tar = archive_make(&ARCHIVE_KINDS[0], "", 0, 1), unit = NULL;
    g_autofree guint8 *headers = g_malloc(1000 * 512);
    gsize header = tar->len - 512;
    while (header > 0 && memcmp(tar->data + header + 257, "ustar", 5) != 0)
        header -= 512;
    for (guint i = 0; i < 1000; i++)
        memcpy(headers + i * 512, tar->data + header, 512);
    unit = deflate_unit(headers, 1000 * 512);
    g_autoptr(GByteArray) bytes = gzip_of(unit, 1000);
    expect_bounded(bytes, "box.tar.gz", "archive-limit", "a million in tar.gz");
}

// A document of half a million paragraphs.
Test(bombs, paragraphs, .timeout = 60)
{
    static const char TYPES[] =
        "<Types><Override PartName=\"/word/document.xml\" "
        "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></"
        "Types>";
    g_autoptr(GString) xml = g_string_new("<document><body>");
    for (guint i = 0; i < 500000; i++)
        g_string_append(xml, "<p><r><t>aaaaaaaa</t></r></p>");
    g_string_append(xml, "</body></document>");
    g_autoptr(ZipMaker) maker = zip_maker_new();
    zip_maker_add(maker, "[Content_Types].xml", TYPES, strlen(TYPES));
    zip_maker_add(maker, "word/document.xml", xml->str, xml->len);
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    g_autoptr(Config) config = config_defaults();
    config->limits.archive_ratio = 10000;
    config->limits.document_text = 4 * MIB;
    clock_t began = clock();
    g_autoptr(Message) message = attachment_read_with(bytes->data, bytes->len, "", "a.docx", &config->limits);
    cr_expect_lt(clock() - began, 3 * CLOCKS_PER_SEC, "%.2f s", (double)(clock() - began) / CLOCKS_PER_SEC);
    cr_expect(message_has_fact(message, "incomplete"));
    cr_expect_not_null(attachment_find(message, ORIGIN_DOCUMENT, NULL, "aaaaaaaa\naaaaaaaa\n"));
}

// ---- deep ------------------------------------------------------------------------------------------------

Test(bombs, nesting, .timeout = 30)
{
    g_autoptr(GByteArray) inner = NULL;
    for (guint level = 0; level < 12; level++) {
        g_autoptr(ZipMaker) maker = zip_maker_new();
        zip_maker_add(maker, level == 0 ? "note.txt" : "box.zip",
                      level == 0 ? (const guint8 *)CALL : inner->data,
                      level == 0 ? strlen(CALL) : inner->len);
        g_clear_pointer(&inner, g_byte_array_unref);
        inner = zip_maker_end(maker);
        g_autoptr(Message) message = attachment_read(inner->data, inner->len, "", "box.zip");
        bool found = attachment_find(message, ORIGIN_TEXT, NULL, CALL) != NULL;
        cr_expect_eq(found, level < 5, "level %u", level);
        cr_expect_eq(message_has_fact(message, "archive-limit"), level >= 5, "level %u", level);
    }
}

// Every entry is sixteen others, five levels down: a million files.
Test(bombs, branching, .timeout = 30)
{
    g_autoptr(GByteArray) inner = NULL;
    for (guint level = 0; level < 6; level++) {
        g_autoptr(ZipMaker) maker = zip_maker_new();
        for (guint i = 0; i < 16; i++) {
            g_autofree char *name = g_strdup_printf("%u", i);
            zip_maker_add(maker, name, level == 0 ? (const guint8 *)CALL : inner->data,
                          level == 0 ? strlen(CALL) : inner->len);
        }
        g_clear_pointer(&inner, g_byte_array_unref);
        inner = zip_maker_end(maker);
    }
    expect_bounded(inner, "box.zip", "archive-limit", "branching");
}

// Packed again and again, each time by another program.
Test(bombs, packed_two_hundred_times, .timeout = 30)
{
    static int (*const FILTERS[])(struct archive *) = {archive_write_add_filter_gzip,
                                                       archive_write_add_filter_bzip2};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    append_text(bytes, CALL, strlen(CALL));
    for (guint i = 0; i < 200; i++) {
        GByteArray *packed = archive_pack(FILTERS[i % G_N_ELEMENTS(FILTERS)], bytes->data, bytes->len);
        g_byte_array_unref(bytes);
        bytes = packed;
    }
    clock_t began = clock();
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "x.gz");
    cr_expect_lt(clock() - began, 3 * CLOCKS_PER_SEC);
    cr_expect(message_has_fact(message, "archive-limit") || message_has_fact(message, "damaged"));
}

// ---- one over the other ----------------------------------------------------------------------------------

// Two thousand entries of one local header.
Test(bombs, one_kernel_many_entries, .timeout = 30)
{
    g_autofree guint8 *zeros = g_malloc0(10 * MIB);
    g_autoptr(GByteArray) deflated = deflate_unit(zeros, 10 * MIB);
    append_text(deflated, "\1\0\0\xff\xff", 5);
    g_autoptr(ZipMaker) maker = zip_maker_new();
    for (guint i = 0; i < 1900; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        ZipLie entry = {i == 0 ? "0" : NULL, name, 0, 8, deflated->data, deflated->len, 10 * MIB, 0};
        zip_maker_lie(maker, &entry);
    }
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    expect_bounded(bytes, "box.zip", "archive-limit", "one kernel");
}

// Each entry's deflated stream takes the next one's header in as a stored block, and all end in one kernel.
Test(bombs, headers_quoted_in_data, .timeout = 30)
{
    enum { COUNT = 500, HEADER = 34, QUOTE = 5 };
    g_autofree guint8 *zeros = g_malloc0(10 * MIB);
    g_autoptr(GByteArray) kernel = deflate_unit(zeros, 10 * MIB);
    append_text(kernel, "\1\0\0\xff\xff", 5);
    g_autoptr(ZipMaker) maker = zip_maker_new();
    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *name = g_strdup_printf("%04u", i);
        gsize left = COUNT - 1 - i;
        gsize len = left * (HEADER + QUOTE) + kernel->len;
        ZipLie local = {name, NULL, 0, 8, NULL, len, (guint32)(left * HEADER + 10 * MIB), -1};
        ZipLie central = {NULL, name, 0, 8, NULL, len, local.size, (gint64)zip_maker_place(maker)};
        zip_maker_sizes(maker, &local);
        if (left > 0)
            zip_maker_junk(maker, "\0\x22\0\xdd\xff", QUOTE); // stored, 34 bytes
        zip_maker_lie(maker, &central);
    }
    zip_maker_junk(maker, kernel->data, kernel->len);
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    expect_bounded(bytes, "box.zip", "archive-limit", "quoted headers");
}

// ---- numbers that are not true ---------------------------------------------------------------------------

typedef struct {
    const char *what, *size; // 12 bytes
    char type;
    const char *real; // of a sparse file: 12 bytes
} TarLie;

static GByteArray *tar_make(const TarLie *lie)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, 4096);
    memset(out->data, 0, 4096);
    memcpy(out->data, "note.txt", 8);
    memcpy(out->data + 100, "0000644", 7);
    memcpy(out->data + 124, lie->size, 12);
    memcpy(out->data + 136, "00000000000", 11);
    out->data[156] = (guint8)lie->type;
    memcpy(out->data + 257, "ustar  ", 8);
    if (lie->real != NULL) {
        memcpy(out->data + 386, "00000000000", 11); // one piece, at the beginning
        memcpy(out->data + 398, "00000000031", 11);
        memcpy(out->data + 483, lie->real, 12);
    }
    memset(out->data + 148, ' ', 8);
    guint sum = 0;
    for (guint i = 0; i < 512; i++)
        sum += out->data[i];
    g_snprintf((char *)out->data + 148, 8, "%06o", sum);
    memcpy(out->data + 512, CALL, strlen(CALL));
    return out;
}

Test(bombs, tar_numbers, .timeout = 30)
{
    static const TarLie LIES[] = {
        {"size below zero", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", '0', NULL},
        {"size of the smallest number", "\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", '0', NULL},
        {"size of 8 EB", "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", '0', NULL},
        {"size of 8 GB", "77777777777\0", '0', NULL},
        {"name of 8 GB", "77777777777\0", 'L', NULL},
        {"link of 8 GB", "77777777777\0", 'K', NULL},
        {"pax header of 8 GB", "77777777777\0", 'x', NULL},
        {"pax header below zero", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", 'x', NULL},
        {"sparse, 8 GB", "00000000031\0", 'S', "77777777777\0"},
        {"sparse, 8 EB", "00000000031\0", 'S', "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"},
        {"sparse, below zero", "00000000031\0", 'S', "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(LIES); i++) {
        g_autoptr(GByteArray) bytes = tar_make(&LIES[i]);
        clock_t began = clock();
        g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "box.tar");
        cr_expect_lt(clock() - began, 3 * CLOCKS_PER_SEC, "%s", LIES[i].what);
        cr_expect_gt(message->facts->len, 0, "%s", LIES[i].what);
    }
}

Test(bombs, huge_names, .timeout = 30)
{
    g_autofree char *name = g_malloc0(60001);
    memset(name, 'n', 60000);
    g_autoptr(ZipMaker) maker = zip_maker_new();
    for (guint i = 0; i < 500; i++) {
        ZipLie entry = {name, name, 0, 0, CALL, strlen(CALL), strlen(CALL), -1};
        zip_maker_lie(maker, &entry);
    }
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    g_autoptr(Config) config = config_defaults();
    config->limits.attachment_bytes = MAX(config->limits.attachment_bytes, bytes->len);
    clock_t began = clock();
    g_autoptr(Message) message =
        attachment_read_with(bytes->data, bytes->len, "", "box.zip", &config->limits);
    cr_expect_lt(clock() - began, 3 * CLOCKS_PER_SEC);
    cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL));
    for (guint i = 1; i < message->parts->len; i++)
        cr_expect_leq(strlen(((const Part *)message->parts->pdata[i])->name), 4096);
}

// ---- dictionaries ----------------------------------------------------------------------------------------

// A 7z file of one LZMA stream that says it needs a dictionary of 4 GB.
static GByteArray *seven_make(void)
{
    static const guint8 HEADER[] = {
        0x01, 0x04, 0x06, 0x00, 0x01, 0x09, 0x10, 0x00, // one stream of 16 bytes
        0x07, 0x0b, 0x01, 0x00, 0x01, 0x23, 0x03, 0x01, 0x01, 0x05, 0x5d, 0xff, 0xff, 0xff, 0xff, // LZMA
        0x0c, 0x19, 0x00, 0x00,                                           // of 25 bytes
        0x05, 0x01, 0x11, 0x05, 0x00, 'a',  0x00, 0x00, 0x00, 0x00, 0x00, // called "a"
    };
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) start = g_byte_array_new();
    append(start, 16, 8);
    append(start, sizeof HEADER, 8);
    append(start, archive_sum(HEADER, sizeof HEADER), 4);
    append_text(out, "7z\xbc\xaf\x27\x1c\0\4", 8);
    append(out, archive_sum(start->data, start->len), 4);
    append_text(out, start->data, start->len);
    append(out, 0, 16);
    append_text(out, HEADER, sizeof HEADER);
    return out;
}

// An xz file whose block says so (1.5 GB), up to the block's data.
static GByteArray *xz_make(void)
{
    GByteArray *out = g_byte_array_new();
    append_text(out,
                "\xfd"
                "7zXZ\0\0\1",
                8);
    append(out, archive_sum((const guint8 *)"\0\1", 2), 4);
    static const guint8 BLOCK[] = {2, 0, 0x21, 1, 37, 0, 0, 0};
    append_text(out, BLOCK, sizeof BLOCK);
    append(out, archive_sum(BLOCK, sizeof BLOCK), 4);
    append(out, 0x0000e001, 4);
    append(out, 0, 12);
    return out;
}

Test(bombs, dictionaries, .timeout = 30)
{
    g_autoptr(GByteArray) seven = seven_make(), xz = xz_make(), zstd = g_byte_array_new(),
                          lzip = g_byte_array_new();
    append_text(zstd,
                "\x28\xb5\x2f\xfd\0\xff\x01\0\0"
                "a",
                10);
    append_text(lzip, "LZIP\1\x1d\0\0\0\0\0\0\0\0", 14);
    const struct {
        const char *name;
        const GByteArray *bytes;
    } CASES[] = {{"a.7z", seven}, {"a.xz", xz}, {"a.zst", zstd}, {"a.lz", lzip}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        clock_t began = clock();
        g_autoptr(Message) message =
            attachment_read(CASES[i].bytes->data, CASES[i].bytes->len, "", CASES[i].name);
        cr_expect_lt(clock() - began, 3 * CLOCKS_PER_SEC, "%s", CASES[i].name);
        cr_expect(message_has_fact(message, "archive-limit") || message_has_fact(message, "damaged"), "%s",
                  CASES[i].name);
    }
}
