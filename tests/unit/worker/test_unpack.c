// Archives of all kinds, packed files, mailboxes: what is in them and where it stands.
#include "archive_maker.h"
#include "attachment_fixture.h"

#include <string.h>

#define CALL   "call my cell 415-555-0142"
#define LENGTH 25

static const char *first_fact(const Message *message)
{
    return message->facts->len > 0 ? ((Fact *)message->facts->pdata[0])->name : "";
}

static void expect_where(const Message *message, const char *text, const char *where, const char *what)
{
    const Passage *passage = attachment_find(message, -1, NULL, text);
    cr_assert_not_null(passage, "%s: %s", what, first_fact(message));
    g_autofree char *found = message_where(message, passage);
    cr_expect_str_eq(found, where, "%s: %s", what, found);
}

Test(unpack, entries_are_read_by_name)
{
    for (const ArchiveKind *kind = ARCHIVE_KINDS; kind->name != NULL; kind++) {
        g_autoptr(GByteArray) bytes = archive_make(kind, CALL, strlen(CALL), 2);
        g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "box");
        expect_where(message, CALL, "attachment:folder/note 0.txt", kind->name);
        cr_expect_not_null(attachment_find(message, ORIGIN_FILENAME, NULL, "folder/note 1.txt"), "%s",
                           kind->name);
        cr_expect_eq(message->parts->len, 3, "%s", kind->name);
        cr_expect_eq(message->facts->len, 0, "%s: %s", kind->name, first_fact(message));
    }
}

// Text that packs badly, so that a cut takes some of it.
static char *noise(gsize len)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    char *text = g_malloc(len + 1);
    for (gsize i = 0; i < len; i++)
        text[i] = (char)g_rand_int_range(rand, 'a', 'z' + 1);
    text[len] = '\0';
    return text;
}

Test(unpack, cut_anywhere_they_are_not_clean)
{
    g_autofree char *text = noise(4000);
    for (const ArchiveKind *kind = ARCHIVE_KINDS; kind->name != NULL; kind++) {
        g_autoptr(GByteArray) bytes = archive_make(kind, text, 4000, 3);
        // The last blocks of a tar are padding, and compress(1) has no end mark.
        gsize end = strcmp(kind->name, "tar") == 0 ? 13000 : bytes->len - 200;
        if (strcmp(kind->name, "tar.Z") == 0)
            continue;
        for (gsize cut = end; cut > 600; cut -= MIN(cut, 97)) {
            g_autoptr(Message) message = attachment_read(bytes->data, cut, "", "box");
            cr_expect_gt(message->facts->len, 0, "%s at %zu of %u", kind->name, cut, bytes->len);
        }
    }
}

Test(unpack, one_packed_file)
{
    static const struct {
        const char *name, *inside;
        int (*filter)(struct archive *);
    } CASES[] = {
        {"note.txt.gz", "attachment:note.txt", archive_write_add_filter_gzip},
        {"note.txt.bz2", "attachment:note.txt", archive_write_add_filter_bzip2},
        {"note.txt.xz", "attachment:note.txt", archive_write_add_filter_xz},
        {"note.txt.zst", "attachment:note.txt", archive_write_add_filter_zstd},
        {"note.txt.lz4", "attachment:note.txt", archive_write_add_filter_lz4},
        {"note.txt.lz", "attachment:note.txt", archive_write_add_filter_lzip},
        {"note.txt.Z", "attachment:note.txt", archive_write_add_filter_compress},
        {".gz", "attachment:data", archive_write_add_filter_gzip},
        {NULL, "attachment:data", archive_write_add_filter_gzip},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *where =
            CASES[i].name != NULL ? g_strdup_printf("attachment:%s!%s", CASES[i].name, CASES[i].inside + 11)
                                  : g_strdup(CASES[i].inside);
        g_autoptr(GByteArray) bytes = archive_pack(CASES[i].filter, CALL, strlen(CALL));
        g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", CASES[i].name);
        const Passage *passage = attachment_find(message, ORIGIN_TEXT, NULL, CALL);
        cr_assert_not_null(passage, "%zu: %s", i, first_fact(message));
        const Part *part = message->parts->pdata[passage->part];
        cr_expect_str_eq(part->name, CASES[i].inside + 11, "%zu: %s", i, part->name);
        cr_expect_eq(message->facts->len, 0, "%zu: %s", i, first_fact(message));
    }
}

Test(unpack, a_packed_file_has_a_name_of_its_own)
{
    static const guint8 HEAD[] = "\x1f\x8b\x08\x08\0\0\0\0\0\x03my cell.txt";
    g_autoptr(GByteArray) packed = archive_pack(archive_write_add_filter_gzip, CALL, strlen(CALL));
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, HEAD, sizeof HEAD);
    g_byte_array_append(bytes, packed->data + 10, packed->len - 10);
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "x.gz");
    const Passage *passage = attachment_find(message, ORIGIN_TEXT, NULL, CALL);
    cr_assert_not_null(passage);
    cr_expect_str_eq(((const Part *)message->parts->pdata[passage->part])->name, "my cell.txt");
    cr_expect_not_null(attachment_find(message, ORIGIN_FILENAME, NULL, "my cell.txt"));
}

// An empty archive to some, a file to others.
Test(unpack, text_behind_zeros)
{
    g_autofree char *zeros = g_malloc0(1024 + sizeof CALL);
    memcpy(zeros + 1024, CALL, strlen(CALL));
    g_autoptr(GByteArray) bytes = archive_pack(archive_write_add_filter_gzip, zeros, 1024 + strlen(CALL));
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "note.txt.gz");
    cr_expect_eq(message->parts->len, 2);
    cr_expect(attachment_find(message, -1, NULL, CALL) != NULL || message->facts->len > 0);
}

// What is no archive once it is unpacked is not taken for itself again.
Test(unpack, an_archive_that_is_none_is_damaged)
{
    static const char *const MAGICS[] = {"7z\xbc\xaf\x27\x1c\0\4", "Rar!\x1a\x07\x01\0junk",
                                         "MSCF\0\0\0\0\x20\0\0\0", "Rar!\x1a\x07\0junkjunk",
                                         "Rar!\x1a\x07p\0\xc5\x1a"};
    static const gsize LENGTHS[] = {8, 12, 12, 15, 10};
    for (gsize i = 0; i < G_N_ELEMENTS(MAGICS); i++) {
        g_autofree char *bytes = g_malloc0(400);
        memcpy(bytes, MAGICS[i], LENGTHS[i]);
        g_autoptr(Message) message = attachment_read(bytes, 400, "", "box");
        cr_expect(message_has_fact(message, "damaged"), "%zu: %s", i, first_fact(message));
        cr_expect_eq(message->parts->len, 1, "%zu", i);
    }
}

static void octal(char *at, guint digits, guint value)
{
    for (guint i = 0; i < digits; i++)
        at[digits - 1 - i] = (char)('0' + ((value >> (3 * i)) & 7));
}

// One header of a tar and its sum.
static void tar_header(char *block, const char *name, char type, guint size)
{
    memset(block, 0, 512);
    g_strlcpy(block, name, 100);
    octal(block + 100, 7, 0644);
    octal(block + 124, 11, size);
    block[156] = type;
    memset(block + 148, ' ', 8);
    guint sum = 0;
    for (guint i = 0; i < 512; i++)
        sum += (guchar)block[i];
    octal(block + 148, 6, sum);
    block[154] = '\0';
}

Test(unpack, names_are_text_and_links_are_names)
{
    static const struct {
        const char *name;
        char type;
    } CASES[] = {{"../../etc/passwd", '0'}, {"/tmp/absolute", '0'}, {"link", '2'}, {"hard", '1'},
                 {"device", '3'},           {"fifo", '6'}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *bytes = g_malloc0(2048);
        tar_header(bytes, CASES[i].name, CASES[i].type, CASES[i].type == '0' ? strlen(CALL) : 0);
        memcpy(bytes + 512, CALL, CASES[i].type == '0' ? strlen(CALL) : 0);
        g_autoptr(Message) message = attachment_read(bytes, 2048, "", "box.tar");
        cr_expect_not_null(attachment_find(message, ORIGIN_FILENAME, NULL, CASES[i].name), "%s",
                           CASES[i].name);
        cr_expect_eq(attachment_find(message, ORIGIN_TEXT, NULL, CALL) != NULL, CASES[i].type == '0', "%s",
                     CASES[i].name);
    }
}

Test(unpack, names_in_any_alphabet)
{
    static const struct {
        const char *raw, *utf8;
    } CASES[] = {{"\xe2\x98\x8e m\xc3\xb3vil.txt", "\xe2\x98\x8e m\xc3\xb3vil.txt"},
                 {"m\xf3vil de la entrenadora.txt", "m\xc3\xb3vil de la entrenadora.txt"}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *bytes = g_malloc0(2048);
        tar_header(bytes, CASES[i].raw, '0', strlen(CALL));
        memcpy(bytes + 512, CALL, strlen(CALL));
        g_autoptr(Message) message = attachment_read(bytes, 2048, "", "box.tar");
        cr_expect_not_null(attachment_find(message, ORIGIN_FILENAME, NULL, CASES[i].utf8), "%zu", i);
        cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL), "%zu", i);
    }
}

// ---- formats that nothing free writes --------------------------------------------------------------------

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

// A header of RAR 5 with its length and sum; all numbers are below 128.
static void rar5_header(GByteArray *out, const void *header, gsize len)
{
    g_autoptr(GByteArray) block = g_byte_array_new();
    append(block, len, 1);
    append_text(block, header, len);
    append(out, archive_sum(block->data, block->len), 4);
    append_text(out, block->data, block->len);
}

static GByteArray *rar5_make(void)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) file = g_byte_array_new();
    append_text(out, "Rar!\x1a\x07\x01\0", 8);
    rar5_header(out, "\1\0\0", 3);
    append_text(file, "\2\2", 2);
    append(file, LENGTH, 1);
    append(file, 0, 1);
    append(file, LENGTH, 1);
    append_text(file, "\0\0\1\x08note.txt", 12);
    rar5_header(out, file->data, file->len);
    append_text(out, CALL, LENGTH);
    rar5_header(out, "\5\0\0", 3);
    return out;
}

// Its headers are locked: nothing but that can be seen.
static GByteArray *rar5_locked(void)
{
    GByteArray *out = g_byte_array_new();
    append_text(out, "Rar!\x1a\x07\x01\0", 8);
    rar5_header(out,
                "\4\0\0\0\x0f"
                "0123456789abcdef",
                21);
    append_text(out, "0123456789abcdef0123456789abcdef", 32);
    return out;
}

static void rar_header(GByteArray *out, const GByteArray *header)
{
    append(out, archive_sum(header->data, header->len), 2);
    append_text(out, header->data, header->len);
}

// RAR 2 to 4, the file stored; `flags` of the file: 4 = locked.
static GByteArray *rar_make(guint flags)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) head = g_byte_array_new(), file = g_byte_array_new();
    append_text(out, "Rar!\x1a\x07\0", 7);
    append(head, 0x73, 1);
    append(head, 0, 2);
    append(head, 13, 2);
    append(head, 0, 6);
    rar_header(out, head);
    append(file, 0x74, 1);
    append(file, 0x8000 | flags, 2);
    append(file, 32 + 8, 2);
    append(file, LENGTH, 4);
    append(file, LENGTH, 4);
    append(file, 3, 1);
    append(file, archive_sum((const guint8 *)CALL, LENGTH), 4);
    append(file, 0, 4);
    append(file, 20 | 0x30 << 8, 2);
    append(file, 8, 2);
    append(file, 0100644, 4);
    append_text(file, "note.txt", 8);
    rar_header(out, file);
    append_text(out, CALL, LENGTH);
    return out;
}

static GByteArray *rar_plain(void)
{
    return rar_make(0);
}

static GByteArray *rar_locked(void)
{
    return rar_make(4);
}

static GByteArray *cab_make(void)
{
    GByteArray *out = g_byte_array_new();
    append_text(out, "MSCF", 4);
    append(out, 0, 4);
    append(out, 36 + 8 + 25 + 8 + LENGTH, 8);
    append(out, 36 + 8, 8);
    append(out, 0x0103, 2);
    append(out, 1, 2);
    append(out, 1, 2);
    append(out, 0, 6);
    append(out, 36 + 8 + 25, 4); // the folder: one block, stored
    append(out, 1, 2);
    append(out, 0, 2);
    append(out, LENGTH, 4); // the file
    append(out, 0, 10);
    append(out, 0x20, 2);
    append_text(out, "note.txt", 9);
    append(out, 0, 4);
    append(out, LENGTH, 2);
    append(out, LENGTH, 2);
    append_text(out, CALL, LENGTH);
    return out;
}

// A 7z file whose directory is locked.
static GByteArray *seven_locked(void)
{
    static const guint8 HEADER[] = {0x17, 0x06, 0x00, 0x01, 0x09, 0x10, 0x00,       // one stream of 16 bytes
                                    0x07, 0x0b, 0x01, 0x00, 0x01, 0x24, 0x06, 0xf1, // AES
                                    0x07, 0x01, 0x02, 0x13, 0x00, 0x0c, 0x10, 0x00, 0x00};
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) start = g_byte_array_new();
    append(start, 16, 8);
    append(start, sizeof HEADER, 8);
    append(start, archive_sum(HEADER, sizeof HEADER), 4);
    append_text(out, "7z\xbc\xaf\x27\x1c\0\4", 8);
    append(out, archive_sum(start->data, start->len), 4);
    append_text(out, start->data, start->len);
    append_text(out, "0123456789abcdef", 16);
    append_text(out, HEADER, sizeof HEADER);
    return out;
}

Test(unpack, made_by_hand)
{
    static const struct {
        const char *name;
        GByteArray *(*make)(void);
        const char *fact;
    } CASES[] = {{"rar 5", rar5_make, NULL},
                 {"rar 4", rar_plain, NULL},
                 {"cab", cab_make, NULL},
                 {"rar 5, locked", rar5_locked, "encrypted"},
                 {"rar 4, locked", rar_locked, "encrypted"},
                 {"7z, locked", seven_locked, "encrypted"}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GByteArray) bytes = CASES[i].make();
        g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "box");
        if (CASES[i].fact == NULL)
            expect_where(message, CALL, "attachment:note.txt", CASES[i].name);
        cr_expect_eq(message->facts->len, CASES[i].fact != NULL, "%s: %s", CASES[i].name,
                     first_fact(message));
        cr_expect(CASES[i].fact == NULL || message_has_fact(message, CASES[i].fact), "%s: %s", CASES[i].name,
                  first_fact(message));
    }
}

// ---- mail in files ---------------------------------------------------------------------------------------

#define LETTER(subject, body) "From: a@example.org\nTo: b@example.org\nSubject: " subject "\n\n" body "\n"

Test(unpack, mail_in_files)
{
    static const struct {
        const char *name, *type, *bytes, *text, *where;
    } CASES[] = {
        {"a.eml", "", LETTER("one", CALL), CALL, "body"},
        {"a.mbox", "application/mbox",
         "From a@example.org Mon Nov 23 00:00:00 2026\n" LETTER(
             "one", "hello") "\nFrom b@example.org Mon Nov 23 00:00:00 2026\n" LETTER("two", CALL),
         CALL, "attachment:message 2"},
        {"a.mbox", "application/octet-stream",
         "From a@example.org Mon Nov 23 00:00:00 2026\r\nFrom: a@example.org\r\nSubject: "
         "x\r\n\r\nhello\r\n\r\nFrom "
         "b\r\nFrom: b@example.org\r\nSubject: y\r\nContent-Transfer-Encoding: base64\r\n\r\n"
         "Y2FsbCBteSBjZWxsIDQxNS01NTUtMDE0Mg==\r\n",
         CALL, "attachment:message 2"},
        {"a.emlx", "",
         "78\n" LETTER("one", CALL) "<?xml version=\"1.0\"?><plist><string>flags</string></plist>", CALL,
         "body"},
        {"page.mht", "text/html",
         "From: <Saved by a browser>\nSubject: page\nMIME-Version: 1.0\nContent-Type: multipart/related; "
         "boundary=\"b\"\n\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
         "<p>call my cell 415-5=\n55-0142</p>\n--b--\n",
         CALL, "body"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message =
            attachment_read(CASES[i].bytes, strlen(CASES[i].bytes), CASES[i].type, CASES[i].name);
        expect_where(message, CASES[i].text, CASES[i].where, CASES[i].where);
        cr_expect_not(message_has_fact(message, "damaged"), "%zu", i);
    }
}

// A line that only looks like the beginning of a message is text.
Test(unpack, from_in_a_letter_is_text)
{
    static const char BYTES[] = "From a Mon\n" LETTER("one", "hello\n\nFrom here on: " CALL);
    g_autoptr(Message) message = attachment_read(BYTES, strlen(BYTES), "", "a.mbox");
    expect_where(message, CALL, "body", "from");
}

Test(unpack, a_hundred_thousand_messages, .timeout = 30)
{
    g_autoptr(GString) box = g_string_new(NULL);
    for (guint i = 0; i < 100000; i++)
        g_string_append(box, "From a\n" LETTER("x", "y") "\n");
    g_autoptr(Message) message = attachment_read(box->str, box->len, "", "a.mbox");
    cr_expect(message_has_fact(message, "too-many-parts"));
}
