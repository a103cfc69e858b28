// Windows metafiles and objects embedded in documents. slides.emf and slides.wmf were made by LibreOffice; the others are put together
// here.
#include "attachment_fixture.h"

#include <gsf/gsf-outfile-msole.h>
#include <gsf/gsf-output-memory.h>
#include <gsf/gsf-utils.h>
#include <string.h>

// ---- metafiles -------------------------------------------------------------------------------------------

Test(metafile, files_of_another_program)
{
    static const struct {
        const char *file, *type;
    } CASES[] = {{"slides.emf", "image/emf"}, {"slides.wmf", "image/wmf"}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GBytes) file = attachment_file(CASES[i].file);
        gsize len = 0;
        const char *data = g_bytes_get_data(file, &len);
        g_autoptr(Message) message = attachment_read(data, len, "application/octet-stream", "file");
        cr_expect_str_eq(((Part *)message->parts->pdata[0])->sniffed, CASES[i].type);
        cr_expect_not_null(attachment_find(message, ORIGIN_DOCUMENT, NULL, "First slide words"));
        cr_expect_eq(message->facts->len, 0);
        for (gsize cut = len - 1; cut >= 64; cut--) {
            g_autoptr(Message) part = attachment_read(data, cut, "application/octet-stream", "file");
            cr_expect(message_has_fact(part, "damaged"), "%s at %zu", CASES[i].file, cut);
        }
    }
}

static void put(GByteArray *out, guint64 value, guint bytes)
{
    for (guint i = 0; i < bytes; i++) {
        guint8 byte = (guint8)(value >> (8 * i));
        g_byte_array_append(out, &byte, 1);
    }
}

// A record of EMF: its words, then `tail`.
static void record(GByteArray *out, guint type, const guint32 *words, gsize count, const void *tail,
                   gsize len)
{
    put(out, type, 4);
    put(out, 8 + 4 * count + len, 4);
    for (gsize i = 0; i < count; i++)
        put(out, words[i], 4);
    g_byte_array_append(out, tail, (guint)len);
}
#define RECORD(out, type, tail, tail_len, ...)                                                               \
    do {                                                                                                     \
        const guint32 body_[] = {__VA_ARGS__};                                                               \
        record(out, type, body_, G_N_ELEMENTS(body_), tail, tail_len);                                       \
    } while (0)

static GByteArray *enhanced(void)
{
    GByteArray *out = g_byte_array_new();
    RECORD(out, 1, " EMF", 4, 0, 0, 0, 0, 0, 0, 0, 0);
    return out;
}

Test(metafile, text_at_one_height_is_a_line)
{
    g_autoptr(GByteArray) out = enhanced();
    // EXTTEXTOUTW at 10, EXTTEXTOUTA at 10, SMALLTEXTOUT at 30.
    RECORD(out, 84, "4\0001\0005\0", 6, 0, 0, 0, 0, 0, 0, 0, 5, 10, 3, 76, 0, 0, 0, 0, 0, 0);
    RECORD(out, 83, "555", 3, 0, 0, 0, 0, 0, 0, 0, 9, 10, 3, 76, 0, 0, 0, 0, 0, 0);
    RECORD(out, 108, "0142", 4, 1, 30, 4, 0x300, 0, 0, 0);
    // A string of EMF+ in a comment.
    RECORD(out, 70, "c\0o\0a\0c\0h\0", 10, 54, 0x2b464d45, 0x401c, 50, 38, 0, 0, 5, 0, 50, 0, 0);
    RECORD(out, 14, "", 0, 0, 0, 0);
    g_autoptr(Message) message = attachment_read(out->data, out->len, "image/x-emf", "a.emf");
    const Passage *passage = attachment_find(message, ORIGIN_DOCUMENT, NULL, "415");
    cr_assert_not_null(passage);
    cr_expect_str_eq(passage->text, "415 555\n0142\ncoach");
    cr_expect_eq(message->facts->len, 0);
}

Test(metafile, bitmaps_are_pictures)
{
    guint8 bitmap[40 + 8 + 4] = {40, [4] = 1, [8] = 1, [12] = 1, [14] = 1};
    g_autoptr(GByteArray) out = enhanced();
    RECORD(out, 81, bitmap, sizeof bitmap, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 80, 48, 128, 4, 0, 0, 1, 1);
    RECORD(out, 14, "", 0, 0, 0, 0);
    g_autoptr(Message) message = attachment_read(out->data, out->len, "", "a.emf");
    cr_assert_eq(message->parts->len, 2);
    cr_expect_str_eq(((Part *)message->parts->pdata[1])->sniffed, "image/bmp");
    cr_expect_not(message_has_fact(message, "damaged"));
}

Test(metafile, lies_about_sizes)
{
    for (guint i = 0; i < 16; i++) {
        g_autoptr(GByteArray) out = enhanced();
        guint32 words[17] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 76, 0};
        words[i] = 0xfffffff0;
        const guint TYPES[] = {70, 76, 81, 83, 84, 108};
        for (gsize k = 0; k < G_N_ELEMENTS(TYPES); k++)
            record(out, TYPES[k], words, G_N_ELEMENTS(words), "415", 3);
        RECORD(out, 14, "", 0, 0, 0, 0);
        g_autoptr(Message) message = attachment_read(out->data, out->len, "", "a.emf");
        cr_expect_eq(((Part *)message->parts->pdata[0])->state, PART_READ);
    }
    g_autoptr(GByteArray) none = enhanced();
    put(none, 84, 4);
    put(none, 0, 4);
    g_autoptr(Message) message = attachment_read(none->data, none->len, "", "a.emf");
    cr_expect(message_has_fact(message, "damaged"));
}

Test(metafile, a_drawing_without_words_is_a_picture)
{
    g_autoptr(GByteArray) out = enhanced();
    RECORD(out, 14, "", 0, 0, 0, 0);
    g_autoptr(Message) message = attachment_read(out->data, out->len, "", "a.emf");
    cr_expect_eq(message->facts->len, 1);
    cr_expect(message_has_fact(message, "image"));
}

// ---- objects ---------------------------------------------------------------------------------------------

static Message *read_object(const char *name, const void *data, gsize len)
{
    gsf_init();
    GsfOutput *memory = gsf_output_memory_new();
    GsfOutfile *root = gsf_outfile_msole_new(memory);
    GsfOutput *stream = gsf_outfile_new_child(root, name, FALSE);
    gsf_output_write(stream, len, data);
    gsf_output_close(stream);
    g_object_unref(stream);
    gsf_output_close(GSF_OUTPUT(root));
    Message *message =
        attachment_read(gsf_output_memory_get_bytes(GSF_OUTPUT_MEMORY(memory)),
                        (gsize)gsf_output_size(memory), "application/octet-stream", "oleObject1.bin");
    g_object_unref(root);
    g_object_unref(memory);
    return message;
}

Test(metafile, objects)
{
    static const char NATIVE[] =
        "\x32\0\0\0\2\0note.txt\0c:\\note.txt\0\0\0\3\0\2\0\0\0c\0\x11\0\0\0call 415-555-0142";
    static const struct {
        const char *stream;
        const void *data;
        gsize len;
        const char *text, *fact; // NULL = none
    } CASES[] = {
        {"\001Ole10Native", NATIVE, sizeof NATIVE - 1, "call 415-555-0142", "embedded-file"},
        {"CONTENTS", "<p>call 415</p>", 15, "call 415", "embedded-file"},
        {"Equation Native", "\34\0\0\0", 4, NULL, NULL},
        {"Something", "\34\0\0\0", 4, NULL, "unread"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = read_object(CASES[i].stream, CASES[i].data, CASES[i].len);
        cr_expect(CASES[i].text == NULL || attachment_find(message, -1, NULL, CASES[i].text) != NULL, "%s",
                  CASES[i].stream);
        cr_expect_eq(message->facts->len, CASES[i].fact == NULL ? 0 : 1, "%s", CASES[i].stream);
        cr_expect(CASES[i].fact == NULL || message_has_fact(message, CASES[i].fact), "%s", CASES[i].stream);
    }
}
