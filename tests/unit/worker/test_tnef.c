// winmail.dat: bodies, files, messages in messages, and lengths that lie.
#include "attachment_fixture.h"

#include <string.h>

#define CALL "call my cell 415-555-0142"

static void put(GByteArray *out, guint64 value, guint bytes)
{
    for (guint i = 0; i < bytes; i++) {
        guint8 byte = (guint8)(value >> (8 * i));
        g_byte_array_append(out, &byte, 1);
    }
}

static void tnef_put(GByteArray *out, guint level, guint32 id, const void *data, gsize len)
{
    put(out, level, 1);
    put(out, id, 4);
    put(out, len, 4);
    g_byte_array_append(out, data, (guint)len);
    put(out, 0, 2);
}

static void mapi_put(GByteArray *out, guint type, guint id, const void *data, gsize len)
{
    put(out, type, 2);
    put(out, id, 2);
    put(out, 1, 4);
    put(out, len, 4);
    g_byte_array_append(out, data, (guint)len);
    put(out, 0, (4 - len % 4) % 4);
}

static GByteArray *tnef_make(void)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) properties = g_byte_array_new(), file = g_byte_array_new();
    put(out, 0x223e9f78, 4);
    put(out, 1, 2);
    tnef_put(out, 1, 0x00018004, "Practice", 9);
    put(properties, 2, 4);
    mapi_put(properties, 0x001e, 0x1000, "body: " CALL, 6 + strlen(CALL) + 1);
    mapi_put(properties, 0x0102, 0x1013, "<p>page of <b>html</b></p>", 26);
    tnef_put(out, 1, 0x00069003, properties->data, properties->len);
    tnef_put(out, 2, 0x00069002, "render", 6);
    tnef_put(out, 2, 0x0006800f, "my snap is example_coach", 24);
    put(file, 1, 4);
    mapi_put(file, 0x001f, 0x3707, "l\0o\0n\0g\0.\0t\0x\0t\0", 16);
    tnef_put(out, 2, 0x00069005, file->data, file->len);
    return out;
}

Test(tnef, bodies_and_files)
{
    g_autoptr(GByteArray) bytes = tnef_make();
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
    cr_expect_not_null(attachment_find(message, ORIGIN_HEADER, NULL, "Practice"));
    cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, "body: " CALL));
    cr_expect_not_null(attachment_find(message, ORIGIN_HTML, NULL, "page of html"));
    const Passage *inside = attachment_find(message, -1, NULL, "my snap is example_coach");
    cr_assert_not_null(inside);
    g_autofree char *where = message_where(message, inside);
    cr_expect_str_eq(where, "attachment:long.txt");
    cr_expect_eq(message->facts->len, 0);
    // Cut between two attributes it is whole, as far as anybody can tell.
    for (gsize begin = 6, cut = 7; cut < bytes->len; cut++) {
        gsize end = begin + 11 + (bytes->data[begin + 5] | (gsize)bytes->data[begin + 6] << 8);
        begin = cut >= end ? end : begin;
        if (cut <= begin + 8)
            continue;
        g_autoptr(Message) broken = attachment_read(bytes->data, cut, "", "winmail.dat");
        cr_expect(message_has_fact(broken, "damaged"), "%zu", cut);
    }
}

// Lengths that go round.
Test(tnef, lengths_that_lie, .timeout = 10)
{
    static const guint32 LENGTHS[] = {0xffffffff, 0x7fffffff, 0x80000000, 0xfffffff0, 1000};
    for (gsize i = 0; i < G_N_ELEMENTS(LENGTHS); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        put(bytes, 0x223e9f78, 4);
        put(bytes, 1, 2);
        put(bytes, 1, 1);
        put(bytes, 0x00069003, 4);
        put(bytes, i % 2 == 0 ? 20 : LENGTHS[i], 4);
        put(bytes, LENGTHS[i], 4); // properties
        put(bytes, 0x0102 | 0x1013u << 16, 4);
        put(bytes, LENGTHS[i], 4);
        put(bytes, LENGTHS[i], 4);
        put(bytes, 0, 6);
        g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
        cr_expect(message_has_fact(message, "damaged"), "%x", LENGTHS[i]);
    }
}

// ---- what else there is ----------------------------------------------------------------------------------

// A file with one attribute of properties: `count` of them in `properties`.
static GByteArray *tnef_with(guint level, guint32 id, guint32 count, const GByteArray *properties)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) value = g_byte_array_new();
    put(out, 0x223e9f78, 4);
    put(out, 1, 2);
    put(value, count, 4);
    g_byte_array_append(value, properties->data, properties->len);
    tnef_put(out, level, id, value->data, value->len);
    return out;
}

Test(tnef, strings_are_in_the_code_page_that_is_said)
{
    static const struct {
        guint32 page;
        const char *raw, *utf8;
    } CASES[] = {{1251, "\xcf\xf0\xe8\xe2\xe5\xf2", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"},
                 {1252,
                  "ma\xf1"
                  "ana",
                  "ma\xc3\xb1"
                  "ana"},
                 {65001,
                  "ma\xc3\xb1"
                  "ana",
                  "ma\xc3\xb1"
                  "ana"}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new(), page = g_byte_array_new();
        put(bytes, 0x223e9f78, 4);
        put(bytes, 1, 2);
        put(page, CASES[i].page, 4);
        put(page, 0, 4);
        tnef_put(bytes, 1, 0x00069007, page->data, page->len);
        tnef_put(bytes, 1, 0x0002800c, CASES[i].raw, strlen(CASES[i].raw) + 1);
        g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
        cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CASES[i].utf8), "%u", CASES[i].page);
        cr_expect_eq(message->facts->len, 0, "%u", CASES[i].page);
    }
}

Test(tnef, packed_rtf)
{
    static const char RTF[] = "{\\rtf1\\ansi " CALL "\\par }";
    for (guint packed = 0; packed < 2; packed++) {
        g_autoptr(GByteArray) body = g_byte_array_new(), properties = g_byte_array_new();
        put(body, 12 + sizeof RTF - 1, 4);
        put(body, sizeof RTF - 1, 4);
        put(body, packed ? 0x75465a4c : 0x414c454d, 4);
        put(body, 0, 4);
        for (gsize i = 0; i < sizeof RTF - 1; i++) {
            if (packed && i % 8 == 0)
                put(body, 0, 1); // eight that stand for themselves
            put(body, (guchar)RTF[i], 1);
        }
        mapi_put(properties, 0x0102, 0x1009, body->data, body->len);
        g_autoptr(GByteArray) bytes = tnef_with(1, 0x00069003, 1, properties);
        g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
        cr_expect_not_null(attachment_find(message, -1, NULL, CALL), "%u", packed);
        cr_expect_eq(message->facts->len, 0, "%u", packed);
    }
}

// The interface's id, then a file of the same kind.
Test(tnef, a_message_in_a_message)
{
    g_autoptr(GByteArray) inner = tnef_make(), object = g_byte_array_new(), properties = g_byte_array_new();
    put(object, 0x00020307, 8);
    put(object, 0x46000000000000c0, 8);
    g_byte_array_append(object, inner->data, inner->len);
    mapi_put(properties, 0x000d, 0x3701, object->data, object->len);
    g_autoptr(GByteArray) bytes = tnef_with(2, 0x00069005, 1, properties);
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
    const Passage *passage = attachment_find(message, -1, NULL, "my snap is example_coach");
    cr_assert_not_null(passage);
    g_autofree char *where = message_where(message, passage);
    cr_expect_str_eq(where, "attachment:attachment!long.txt", "%s", where);
    cr_expect_eq(message->facts->len, 0);
}

// An attribute and a property say what the attachment holds: one reader takes this, another that.
Test(tnef, both_contents_are_read)
{
    g_autoptr(GByteArray) properties = g_byte_array_new(), tail = NULL, bytes = g_byte_array_new();
    mapi_put(properties, 0x0102, 0x3701, "homework, all of it", 19);
    tail = tnef_with(2, 0x00069005, 1, properties);
    put(bytes, 0x223e9f78, 4);
    put(bytes, 1, 2);
    tnef_put(bytes, 2, 0x00069002, "render", 6);
    tnef_put(bytes, 2, 0x0006800f, CALL, strlen(CALL));
    tnef_put(bytes, 2, 0x00018010, "my snap example_coach.txt", 26);
    tnef_put(bytes, 2, 0x00018010, "homework.txt", 13);
    g_byte_array_append(bytes, tail->data + 6, tail->len - 6);
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
    cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL));
    cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, "homework, all of it"));
    cr_expect_not_null(attachment_find(message, ORIGIN_FILENAME, NULL, "my snap example_coach"));
}

static void named_put(GByteArray *out, const char *text)
{
    put(out, 0x001e, 2);
    put(out, 0x8001, 2);
    put(out, 0, 16); // the set
    put(out, 1, 4);  // by name
    put(out, 6, 4);
    g_byte_array_append(out, (const guint8 *)"a\0b\0\0\0\0", 8);
    put(out, 1, 4);
    put(out, strlen(text) + 1, 4);
    g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text) + 1);
    put(out, 0, (4 - (strlen(text) + 1) % 4) % 4);
}

Test(tnef, cards_recipients_and_senders)
{
    g_autoptr(GByteArray) properties = g_byte_array_new(), row = g_byte_array_new(),
                          rows = g_byte_array_new();
    mapi_put(properties, 0x001e, 0x3a1c, "415-555-0142", 13);
    named_put(properties, "the place behind the gym");
    g_autoptr(GByteArray) bytes = tnef_with(1, 0x00069003, 2, properties);
    mapi_put(row, 0x001f, 0x3001, "C\0o\0a\0c\0h\0", 10);
    put(rows, 2, 4);
    put(rows, 1, 4);
    g_byte_array_append(rows, row->data, row->len);
    put(rows, 1, 4);
    g_byte_array_append(rows, row->data, row->len);
    tnef_put(bytes, 1, 0x00069004, rows->data, rows->len);
    static const char FROM[] = "\4\0\x20\0\6\0\x13\0Coach\0coach@example.org\0\0";
    tnef_put(bytes, 1, 0x00008000, FROM, sizeof FROM - 1);
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
    cr_expect_not_null(attachment_find(message, ORIGIN_DATA, NULL, "415-555-0142"));
    cr_expect_not_null(attachment_find(message, ORIGIN_DATA, NULL, "the place behind the gym"));
    const Passage *to = attachment_find(message, ORIGIN_HEADER, NULL, "Coach");
    cr_assert_not_null(to);
    cr_expect_str_eq(to->header, "To");
    cr_expect_not_null(attachment_find(message, ORIGIN_HEADER, NULL, "coach@example.org"));
    cr_expect_eq(message->facts->len, 0);
}

// What breaks in one attribute does not hide the others.
Test(tnef, behind_torn_properties)
{
    g_autoptr(GByteArray) properties = g_byte_array_new();
    put(properties, 0x77771234, 4);
    g_autoptr(GByteArray) bytes = tnef_with(1, 0x00069003, 3, properties);
    tnef_put(bytes, 1, 0x0002800c, CALL, strlen(CALL));
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
    cr_expect_not_null(attachment_find(message, ORIGIN_TEXT, NULL, CALL));
    cr_expect(message_has_fact(message, "damaged"));
}

Test(tnef, a_million_contents, .timeout = 30)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    put(bytes, 0x223e9f78, 4);
    put(bytes, 1, 2);
    for (guint i = 0; i < 1000000; i++)
        tnef_put(bytes, 2, 0x0006800f, &i, 4);
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "winmail.dat");
    cr_expect(message_has_fact(message, "archive-limit") || message_has_fact(message, "too-many-parts"));
}
