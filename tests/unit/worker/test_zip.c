// Zip files: names, sizes, methods, and what their two directories say about each other.
#include "archive_maker.h"
#include "attachment_fixture.h"
#include "zip_maker.h"

#include <string.h>

#define CALL   "call my cell 415-555-0142"
#define LENGTH 25
#define SNAP   "my snap is example_coach"

static void append(GByteArray *out, guint64 value, guint bytes)
{
    for (guint i = 0; i < bytes; i++) {
        guint8 byte = (guint8)(value >> (8 * i));
        g_byte_array_append(out, &byte, 1);
    }
}

static Message *read_made(ZipMaker *maker)
{
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    return attachment_read(bytes->data, bytes->len, "", "box.zip");
}

static Message *read_lies(const ZipLie *lies, gsize count)
{
    g_autoptr(ZipMaker) maker = zip_maker_new();
    for (gsize i = 0; i < count; i++)
        if (lies[i].local_name != NULL || lies[i].central_name != NULL)
            zip_maker_lie(maker, &lies[i]);
    return read_made(maker);
}

static const char *first_fact(const Message *message)
{
    return message->facts->len > 0 ? ((Fact *)message->facts->pdata[0])->name : "";
}

// ---- honest ----------------------------------------------------------------------------------------------

Test(zip, names)
{
    static const char UNICODE[] = "up\x10\0\1\0\0\0\0\xe2\x98\x8e n.txt"; // its id is "up" in bytes
    static const struct {
        ZipLie lie;
        const char *name;
    } CASES[] = {
        {{"note.txt", "note.txt", 0, 0, CALL, LENGTH, LENGTH, -1}, "note.txt"},
        {{"m\xa2vil.txt", "m\xa2vil.txt", 0, 0, CALL, LENGTH, LENGTH, -1}, "m\xc3\xb3vil.txt"},
        {{"m\xc3\xb3vil.txt", "m\xc3\xb3vil.txt", 0x800, 0, CALL, LENGTH, LENGTH, -1}, "m\xc3\xb3vil.txt"},
        {{"m\xc3\xb3vil.txt", "m\xc3\xb3vil.txt", 0, 0, CALL, LENGTH, LENGTH, -1}, "m\xc3\xb3vil.txt"},
        {{"n.txt", "n.txt", 0, 0, CALL, LENGTH, LENGTH, -1, UNICODE, 4 + 5 + 9}, "\xe2\x98\x8e n.txt"},
        {{"..\\..\\x.txt", "..\\..\\x.txt", 0, 0, CALL, LENGTH, LENGTH, -1}, "..\\..\\x.txt"},
        {{"/etc/passwd", "/etc/passwd", 0, 0, CALL, LENGTH, LENGTH, -1}, "/etc/passwd"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        ZipLie lie = CASES[i].lie;
        guint8 extra[64];
        if (lie.extra != NULL) {
            memcpy(extra, lie.extra, lie.extra_len);
            extra[2] = (guint8)(lie.extra_len - 4);
            lie.extra = extra;
        }
        g_autoptr(Message) message = read_lies(&lie, 1);
        cr_expect_not_null(attachment_find(message, ORIGIN_FILENAME, NULL, CASES[i].name), "%zu", i);
        const Passage *passage = attachment_find(message, ORIGIN_TEXT, NULL, CALL);
        cr_assert_not_null(passage, "%zu: %s", i, first_fact(message));
        cr_expect_str_eq(((const Part *)message->parts->pdata[passage->part])->name, CASES[i].name);
        cr_expect_eq(message->facts->len, 0, "%zu: %s", i, first_fact(message));
    }
}

// Sizes that stand behind the data, with and without the mark in front of them.
Test(zip, streamed)
{
    for (guint marked = 0; marked < 2; marked++) {
        g_autoptr(ZipMaker) maker = zip_maker_new();
        g_autoptr(GByteArray) packed = zip_maker_deflate(CALL, LENGTH);
        g_autoptr(GByteArray) tail = g_byte_array_new();
        ZipLie local = {"a.txt", NULL, 8, 8, "", 0, 0, -1};
        ZipLie central = {NULL, "a.txt", 8, 8, NULL, packed->len, LENGTH, 0};
        if (marked)
            append(tail, 0x08074b50, 4);
        append(tail, 0, 4);
        append(tail, packed->len, 4);
        append(tail, LENGTH, 4);
        zip_maker_lie(maker, &local);
        zip_maker_junk(maker, packed->data, packed->len);
        zip_maker_junk(maker, tail->data, tail->len);
        zip_maker_lie(maker, &central);
        zip_maker_add(maker, "b.txt", SNAP, strlen(SNAP));
        g_autoptr(Message) message = read_made(maker);
        cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL), "%u", marked);
        cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, SNAP), "%u", marked);
        cr_expect_eq(message->facts->len, 0, "%u: %s", marked, first_fact(message));
    }
}

// Sizes of 64 bits in the extra field, and an end record of 64 bits.
Test(zip, large)
{
    g_autoptr(ZipMaker) maker = zip_maker_new();
    g_autoptr(GByteArray) extra = g_byte_array_new(), end = g_byte_array_new();
    append(extra, 1, 2);
    append(extra, 16, 2);
    append(extra, LENGTH, 8);
    append(extra, LENGTH, 8);
    static const ZipLie HEADS = {"a.txt", NULL, 0, 0, "", 0xffffffff, 0xffffffff, -1};
    ZipLie local = HEADS, central = HEADS;
    local.extra = central.extra = extra->data;
    local.extra_len = central.extra_len = (guint16)extra->len;
    central.local_name = NULL;
    central.central_name = "a.txt";
    central.place = 0;
    zip_maker_sizes(maker, &local);
    zip_maker_junk(maker, CALL, LENGTH);
    zip_maker_lie(maker, &central);
    g_autoptr(GByteArray) bytes = zip_maker_end_large(maker);
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "box.zip");
    cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL));
    cr_expect_eq(message->facts->len, 0, "%s", first_fact(message));
}

// Programs that unpack themselves: offsets count from the first byte of the file, or of the archive.
Test(zip, behind_other_bytes)
{
    static const char *const JUNK[] = {"MZ some program",
                                       "MZ PK\003\004 \xff\xff\xff\xff\xff\xff a magic in its code"};
    for (gsize i = 0; i < G_N_ELEMENTS(JUNK); i++) {
        for (guint counted = 0; counted < 2; counted++) {
            g_autoptr(ZipMaker) maker = zip_maker_new();
            g_autoptr(GByteArray) bytes = g_byte_array_new();
            gsize len = strlen(JUNK[i]);
            if (counted)
                zip_maker_junk(maker, JUNK[i], len);
            else
                g_byte_array_append(bytes, (const guint8 *)JUNK[i], (guint)len);
            zip_maker_add(maker, "a.txt", CALL, LENGTH);
            g_autoptr(GByteArray) made = zip_maker_end(maker);
            g_byte_array_append(bytes, made->data, made->len);
            g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "setup.exe");
            cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL), "%zu, %u", i, counted);
            cr_expect_eq(message->facts->len, 0, "%zu, %u: %s", i, counted, first_fact(message));
        }
    }
}

Test(zip, nothing_inside)
{
    static const ZipLie FOLDER = {"folder/", "folder/", 0, 0, "", 0, 0, -1};
    static const ZipLie NOTHING = {"a.txt", "a.txt", 0, 8, "", 0, 0, -1};
    g_autoptr(ZipMaker) empty = zip_maker_new();
    g_autoptr(Message) none = read_made(empty), folder = read_lies(&FOLDER, 1),
                       nothing = read_lies(&NOTHING, 1);
    cr_expect_eq(none->facts->len, 0, "%s", first_fact(none));
    cr_expect_eq(folder->facts->len, 0, "%s", first_fact(folder));
    cr_expect_eq(folder->parts->len, 1);
    cr_expect_eq(nothing->facts->len, 0, "%s", first_fact(nothing));
}

// ---- methods ---------------------------------------------------------------------------------------------

// A .lzma file's header, as zip has it: version, length of the properties, properties.
static GByteArray *lzma_in_zip(const char *text)
{
    g_autoptr(GByteArray) alone = archive_pack(archive_write_add_filter_lzma, text, strlen(text));
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)"\x09\x04\5\0", 4);
    g_byte_array_append(out, alone->data, 5);
    g_byte_array_append(out, alone->data + 13, alone->len - 13);
    return out;
}

Test(zip, methods)
{
    static const struct {
        guint16 method, flags;
        const char *fact;
    } CASES[] = {{0, 0, NULL},      {8, 0, NULL},      {12, 0, NULL},       {14, 2, NULL},
                 {95, 0, NULL},     {9, 0, "unread"},  {6, 0, "unread"},    {1, 0, "unread"},
                 {93, 0, "unread"}, {77, 0, "unread"}, {0, 1, "encrypted"}, {99, 1, "encrypted"}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        guint16 method = CASES[i].method;
        g_autoptr(GByteArray) packed =
            method == 8    ? zip_maker_deflate(CALL, LENGTH)
            : method == 12 ? archive_pack(archive_write_add_filter_bzip2, CALL, LENGTH)
            : method == 95 ? archive_pack(archive_write_add_filter_xz, CALL, LENGTH)
            : method == 14 ? lzma_in_zip(CALL)
                           : g_byte_array_append(g_byte_array_new(), (const guint8 *)CALL, LENGTH);
        ZipLie lies[] = {{"a", "a", CASES[i].flags, method, packed->data, packed->len, LENGTH, -1},
                         {"b.txt", "b.txt", 0, 0, SNAP, strlen(SNAP), strlen(SNAP), -1}};
        g_autoptr(Message) message = read_lies(lies, 2);
        cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, SNAP), "method %u", method);
        cr_expect_eq(attachment_find(message, ORIGIN_TEXT, NULL, CALL) != NULL, CASES[i].fact == NULL,
                     "method %u: %s", method, first_fact(message));
        cr_expect_eq(message->facts->len, CASES[i].fact != NULL, "method %u: %s", method,
                     first_fact(message));
        cr_expect(CASES[i].fact == NULL || message_has_fact(message, CASES[i].fact), "method %u: %s", method,
                  first_fact(message));
    }
}

Test(zip, broken_bytes)
{
    static const ZipLie LIES[] = {{"a", "a", 0, 8, "\xff\xff\xff\xff", 4, 25, -1},
                                  {"a", "a", 0, 12, "BZh9junk", 8, 25, -1},
                                  {"a", "a", 0, 14, "\x09\x04\5\0junk", 8, 25, -1},
                                  {NULL, "a", 0, 0, "", 20, 20, 100000},
                                  {NULL, "a", 0, 0, "", 20, 20, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(LIES); i++) {
        g_autoptr(Message) message = read_lies(&LIES[i], 1);
        cr_expect(message_has_fact(message, "damaged"), "%zu: %s", i, first_fact(message));
    }
}

// ---- lies ------------------------------------------------------------------------------------------------

// What one directory hides, the other shows.
Test(zip, both_directories_are_read)
{
    g_autoptr(GByteArray) deflated = zip_maker_deflate(CALL, LENGTH);
    gsize len = deflated->len;
    const guint8 *data = deflated->data;
    const struct {
        const char *what;
        ZipLie lies[3];
    } CASES[] = {
        {"no central header",
         {{"note.txt", NULL, 0, 0, CALL, LENGTH, LENGTH, -1}, {"b", "b", 0, 0, "x", 1, 1, -1}}},
        {"no central header, last",
         {{"b", "b", 0, 0, "x", 1, 1, -1}, {"note.txt", NULL, 0, 0, CALL, LENGTH, LENGTH, -1}}},
        {"another name", {{"note.txt", "picture.png", 0, 0, CALL, LENGTH, LENGTH, -1}}},
        {"central says empty",
         {{"a.txt", NULL, 0, 0, CALL, LENGTH, LENGTH, -1}, {NULL, "a.txt", 0, 0, "", 0, 0, 0}}},
        {"local says empty",
         {{"a.txt", NULL, 0, 0, "", 0, 0, -1},
          {NULL, "a.txt", 0, 0, "", LENGTH, LENGTH, 0},
          {"call", NULL, 0, 0, CALL, LENGTH, LENGTH, -1}}},
        {"central says stored",
         {{"a.txt", NULL, 0, 8, data, len, LENGTH, -1}, {NULL, "a.txt", 0, 0, "", len, len, 0}}},
        {"local says stored",
         {{"a.txt", NULL, 0, 0, data, len, len, -1}, {NULL, "a.txt", 0, 8, "", len, LENGTH, 0}}},
        {"central says locked",
         {{"a.txt", NULL, 0, 0, CALL, LENGTH, LENGTH, -1}, {NULL, "a.txt", 1, 0, "", LENGTH, LENGTH, 0}}},
        {"local says locked",
         {{"a.txt", NULL, 1, 0, CALL, LENGTH, LENGTH, -1}, {NULL, "a.txt", 0, 0, "", LENGTH, LENGTH, 0}}},
        {"streamed, no central header",
         {{"a.txt", NULL, 8, 8, data, len, 0, -1}, {"b", "b", 0, 0, "x", 1, 1, -1}}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = read_lies(CASES[i].lies, 3);
        cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL), "%s: %s", CASES[i].what,
                           first_fact(message));
        cr_expect(message_has_fact(message, "archive-mismatch"), "%s: %s", CASES[i].what,
                  first_fact(message));
    }
}

Test(zip, both_names_are_text)
{
    static const ZipLie LIE = {"snap example_coach.txt", "homework.txt", 0, 0, CALL, LENGTH, LENGTH, -1};
    g_autoptr(Message) message = read_lies(&LIE, 1);
    cr_expect_not_null(attachment_find(message, ORIGIN_FILENAME, NULL, "snap example_coach"));
    cr_expect_not_null(attachment_find(message, ORIGIN_FILENAME, NULL, "homework.txt"));
}

// Bytes behind the end of a deflated entry, within its length.
Test(zip, behind_the_end_of_an_entry)
{
    g_autoptr(GByteArray) packed = zip_maker_deflate("homework", 8);
    g_byte_array_append(packed, (const guint8 *)"hidden", 6);
    ZipLie lie = {"a", "a", 0, 8, packed->data, packed->len, 8, -1};
    g_autoptr(Message) message = read_lies(&lie, 1);
    cr_expect(message_has_fact(message, "archive-mismatch"), "%s", first_fact(message));
}

// Two archives in a row: some readers see the first, others the second.
Test(zip, one_behind_the_other)
{
    g_autoptr(ZipMaker) one = zip_maker_new(), other = zip_maker_new();
    zip_maker_add(one, "one.txt", CALL, LENGTH);
    zip_maker_add(other, "other.txt", SNAP, strlen(SNAP));
    g_autoptr(GByteArray) bytes = zip_maker_end(one), second = zip_maker_end(other);
    g_byte_array_append(bytes, second->data, second->len);
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "box.zip");
    cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL));
    cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, SNAP));
    cr_expect(message_has_fact(message, "archive-mismatch"));
}

Test(zip, an_archive_in_an_archive_is_no_lie)
{
    g_autoptr(ZipMaker) inner = zip_maker_new(), outer = zip_maker_new();
    zip_maker_add(inner, "one.txt", CALL, LENGTH);
    g_autoptr(GByteArray) bytes = zip_maker_end(inner);
    ZipLie stored = {"inner.zip", "inner.zip", 0, 0, bytes->data, bytes->len, (guint32)bytes->len, -1};
    zip_maker_lie(outer, &stored);
    zip_maker_add(outer, "b.txt", SNAP, strlen(SNAP));
    g_autoptr(Message) message = read_made(outer);
    const Passage *passage = attachment_find(message, ORIGIN_TEXT, NULL, CALL);
    cr_assert_not_null(passage);
    g_autofree char *where = message_where(message, passage);
    cr_expect_str_eq(where, "attachment:inner.zip!one.txt");
    cr_expect_eq(message->facts->len, 0, "%s", first_fact(message));
}

Test(zip, overlapping_entries_are_a_bomb)
{
    static const ZipLie LIES[] = {{"a", NULL, 0, 0, "", 0, 0, -1},
                                  {NULL, "a", 0, 0, "", 60, 60, 0},
                                  {"c", "c", 0, 0, CALL, LENGTH, LENGTH, -1}};
    g_autoptr(Message) message = read_lies(LIES, G_N_ELEMENTS(LIES));
    cr_expect(message_has_fact(message, "archive-limit"), "%s", first_fact(message));
    cr_expect(message_has_fact(message, "archive-mismatch"), "%s", first_fact(message));
}

Test(zip, cut_anywhere_it_is_not_clean)
{
    g_autoptr(ZipMaker) maker = zip_maker_new();
    for (guint i = 0; i < 4; i++)
        zip_maker_add(maker, i % 2 == 0 ? "a.txt" : "b.txt", CALL, LENGTH);
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    for (gsize cut = bytes->len - 1; cut > 4; cut--) {
        g_autoptr(Message) message = attachment_read(bytes->data, cut, "", "box.zip");
        cr_expect_gt(message->facts->len, 0, "at %zu of %u", cut, bytes->len);
    }
}
