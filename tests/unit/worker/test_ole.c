// Word, Excel and PowerPoint of 1997-2003, Outlook's messages. letter.doc and sheet.xls were made by LibreOffice from the .fodt and
// .fods beside them; the others are put together here.
#include "attachment_fixture.h"

#include <gsf/gsf-outfile-msole.h>
#include <gsf/gsf-output-memory.h>
#include <gsf/gsf-utils.h>
#include <string.h>

typedef struct {
    int origin;
    const char *place, *text;
    Visibility visibility;
} Expected;

static void expect_all(const Message *message, const Expected *expected, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        const Passage *passage =
            attachment_find(message, expected[i].origin, expected[i].place, expected[i].text);
        cr_expect_not_null(passage, "nothing holds \"%s\"", expected[i].text);
        if (passage != NULL)
            cr_expect_eq(passage->visibility, expected[i].visibility, "%s", expected[i].text);
    }
}

// Cut anywhere, it is read or said to be broken, and never clean and empty.
static void expect_cuts_told(GBytes *whole)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(whole, &len);
    for (gsize cut = len - 1; cut > 600; cut -= MIN(cut, 577)) {
        g_autoptr(Message) message = attachment_read(data, cut, "", "cut");
        cr_expect(message->passages->len > 1 || message->facts->len > 0, "%zu bytes", cut);
    }
}

Test(ole, word)
{
    static const Expected EXPECTED[] = {
        {ORIGIN_DOCUMENT, NULL, "Call my cell 415-555-0142 on the day.", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, NULL, "café naïve “quoted” – the bus", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, NULL, "Привет мир", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, NULL, "left cell\tright cell", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, NULL, "footnote sentence", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, NULL, "Maple Hill School header", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, NULL, "footer 415-555-0101", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, NULL, "comment words", VISIBILITY_SHOWN},
        {ORIGIN_LINK, NULL, "https://www.instagram.com/coach_example_77", VISIBILITY_SHOWN},
        {ORIGIN_METADATA, NULL, "Field trip letter", VISIBILITY_HIDDEN},
    };
    g_autoptr(GBytes) file = attachment_file("letter.doc");
    g_autoptr(Message) message = attachment_read(g_bytes_get_data(file, NULL), g_bytes_get_size(file),
                                                 "application/octet-stream", "letter.bin");
    cr_expect_str_eq(((Part *)message->parts->pdata[0])->sniffed, "application/msword");
    cr_expect_eq(((Part *)message->parts->pdata[0])->state, PART_READ);
    expect_all(message, EXPECTED, G_N_ELEMENTS(EXPECTED));
    cr_expect_not(message_has_fact(message, "damaged"));
    expect_cuts_told(file);
}

Test(ole, word_with_a_password_is_encrypted)
{
    g_autoptr(GBytes) file = attachment_file("letter.doc");
    gsize len = g_bytes_get_size(file);
    g_autofree guint8 *data = g_memdup2(g_bytes_get_data(file, NULL), len);
    guint8 *fib = memmem(data, len, "\xec\xa5", 2);
    cr_assert_not_null(fib);
    fib[0x0b] |= 0x01;
    g_autoptr(Message) message = attachment_read(data, len, "application/msword", "a.doc");
    cr_expect(message_has_fact(message, "encrypted"));
    cr_expect_null(attachment_find(message, -1, NULL, "bus leaves"));
}

Test(ole, excel)
{
    static const Expected EXPECTED[] = {
        {ORIGIN_TABLE, "sheet Contacts", "Name\tCell café", VISIBILITY_SHOWN},
        {ORIGIN_TABLE, "sheet Contacts",
         "Pat Example\t4155550142\t3.25\tPat Example formula text\tnoted Привет", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, "sheet Contacts, comments", "sheet comment", VISIBILITY_SHOWN},
        {ORIGIN_TABLE, "sheet Secret", "hidden words", VISIBILITY_HIDDEN},
        {ORIGIN_LINK, NULL, "https://t.me/example_invite", VISIBILITY_SHOWN},
    };
    g_autoptr(GBytes) file = attachment_file("sheet.xls");
    g_autoptr(Message) message =
        attachment_read(g_bytes_get_data(file, NULL), g_bytes_get_size(file), "", "sheet.xls");
    expect_all(message, EXPECTED, G_N_ELEMENTS(EXPECTED));
    cr_expect_not(message_has_fact(message, "damaged"));
    expect_cuts_told(file);
}

// ---- files put together here -----------------------------------------------------------------------------

typedef struct {
    GsfOutput *memory;
    GsfOutfile *root;
} Maker;

static Maker maker_new(void)
{
    gsf_init();
    Maker maker = {.memory = gsf_output_memory_new()};
    maker.root = gsf_outfile_msole_new(maker.memory);
    return maker;
}

static GsfOutfile *maker_storage(GsfOutfile *in, const char *name)
{
    return GSF_OUTFILE(gsf_outfile_new_child(in, name, TRUE));
}

static void maker_close(gpointer output)
{
    gsf_output_close(GSF_OUTPUT(output));
    g_object_unref(output);
}

static void maker_stream(GsfOutfile *in, const char *name, const void *data, gsize len)
{
    GsfOutput *stream = gsf_outfile_new_child(in, name, FALSE);
    gsf_output_write(stream, len, data);
    maker_close(stream);
}

static void maker_wide(GsfOutfile *in, const char *name, const char *text)
{
    glong units = 0;
    g_autofree gunichar2 *wide = g_utf8_to_utf16(text, -1, NULL, &units, NULL);
    maker_stream(in, name, wide, 2 * (gsize)units);
}

static GBytes *maker_end(Maker *maker)
{
    maker_close(maker->root);
    GBytes *bytes = g_bytes_new(gsf_output_memory_get_bytes(GSF_OUTPUT_MEMORY(maker->memory)),
                                (gsize)gsf_output_size(maker->memory));
    g_object_unref(maker->memory);
    return bytes;
}

static void ppt_add(GByteArray *out, guint head, guint type, const void *body, gsize len)
{
    guint8 bytes[8] = {(guint8)head, (guint8)(head >> 8), (guint8)type,        (guint8)(type >> 8),
                       (guint8)len,  (guint8)(len >> 8),  (guint8)(len >> 16), (guint8)(len >> 24)};
    g_byte_array_append(out, bytes, 8);
    g_byte_array_append(out, body, (guint)len);
}

static GBytes *ppt_make(bool encrypted)
{
    Maker maker = maker_new();
    g_autoptr(GByteArray) slide = g_byte_array_new();
    ppt_add(slide, 0, 0x0fa8, "Bytes of text\rmy cell 415-555-0142", 35);
    ppt_add(slide, 0, 0x0fa0, "W\0i\0d\0e\0 \0\x1f\x04", 12);
    g_autoptr(GByteArray) notes = g_byte_array_new();
    ppt_add(notes, 0, 0x0fa8, "for the speaker", 15);
    g_autoptr(GByteArray) link = g_byte_array_new();
    ppt_add(link, 0x10, 0x0fba, "h\0t\0t\0p\0:\0/\0/\0x\0.\0e\0", 20);
    g_autoptr(GByteArray) stream = g_byte_array_new();
    ppt_add(stream, 15, 0x0fd7, link->data, link->len);
    ppt_add(stream, 15, 0x03ee, slide->data, slide->len);
    ppt_add(stream, 15, 0x03f0, notes->data, notes->len);
    if (encrypted)
        ppt_add(stream, 15, 0x2f14, "", 0);
    while (stream->len < 5000)
        ppt_add(stream, 0, 0x0001, "padding", 7);
    maker_stream(maker.root, "PowerPoint Document", stream->data, stream->len);
    if (encrypted)
        maker_stream(maker.root, "EncryptedSummary", "x", 1);
    return maker_end(&maker);
}

Test(ole, powerpoint)
{
    static const Expected EXPECTED[] = {
        {ORIGIN_DOCUMENT, "slide 1", "Bytes of text\nmy cell 415-555-0142\nWide П", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, "notes 1", "for the speaker", VISIBILITY_SHOWN},
        {ORIGIN_LINK, NULL, "http://x.e", VISIBILITY_SHOWN},
    };
    g_autoptr(GBytes) file = ppt_make(false), locked = ppt_make(true);
    g_autoptr(Message) message =
        attachment_read(g_bytes_get_data(file, NULL), g_bytes_get_size(file), "", "a.ppt");
    expect_all(message, EXPECTED, G_N_ELEMENTS(EXPECTED));
    expect_cuts_told(file);
    g_autoptr(Message) closed =
        attachment_read(g_bytes_get_data(locked, NULL), g_bytes_get_size(locked), "", "a.ppt");
    cr_expect(message_has_fact(closed, "encrypted"));
}

static void msg_fill(GsfOutfile *in, const char *subject, const char *body)
{
    maker_stream(in, "__properties_version1.0", "01234567890123456789012345678901", 32);
    maker_wide(in, "__substg1.0_0037001F", subject);
    maker_wide(in, "__substg1.0_1000001F", body);
}

static GBytes *msg_make(void)
{
    static const guint8 PACKED[] = {
        0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03,
        0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65,
        0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0};
    Maker maker = maker_new();
    msg_fill(maker.root, "Outer subject", "outer body 415-555-0142");
    maker_stream(maker.root, "__substg1.0_10090102", PACKED, sizeof PACKED);
    GsfOutfile *recipient = maker_storage(maker.root, "__recip_version1.0_#00000000");
    maker_wide(recipient, "__substg1.0_39FE001F", "pat@example.org");
    maker_close(recipient);
    GsfOutfile *file = maker_storage(maker.root, "__attach_version1.0_#00000000");
    maker_wide(file, "__substg1.0_3707001F", "note.txt");
    maker_stream(file, "__substg1.0_37010102", "find me @example_coach", 22);
    maker_close(file);
    GsfOutfile *second = maker_storage(maker.root, "__attach_version1.0_#00000001");
    GsfOutfile *inner = maker_storage(second, "__substg1.0_3701000D");
    msg_fill(inner, "Inner subject", "inner body");
    maker_close(inner);
    maker_close(second);
    return maker_end(&maker);
}

Test(ole, outlook)
{
    static const Expected EXPECTED[] = {
        {ORIGIN_HEADER, NULL, "Outer subject", VISIBILITY_SHOWN},
        {ORIGIN_TEXT, NULL, "outer body 415-555-0142", VISIBILITY_SHOWN},
        {ORIGIN_HEADER, NULL, "pat@example.org", VISIBILITY_SHOWN},
        {-1, NULL, "find me @example_coach", VISIBILITY_SHOWN},
        {ORIGIN_HEADER, "attached message 1", "Inner subject", VISIBILITY_SHOWN},
        {ORIGIN_TEXT, "attached message 1", "inner body", VISIBILITY_SHOWN},
        {-1, NULL, "hello world", VISIBILITY_SHOWN}, // the example of MS-OXRTFCP 4.1.1
    };
    g_autoptr(GBytes) file = msg_make();
    g_autoptr(Message) message =
        attachment_read(g_bytes_get_data(file, NULL), g_bytes_get_size(file), "", "a.msg");
    expect_all(message, EXPECTED, G_N_ELEMENTS(EXPECTED));
    expect_cuts_told(file);
}
