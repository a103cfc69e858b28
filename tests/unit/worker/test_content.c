// content_read: the one door.
#include "text_fixture.h"

#include <string.h>

Test(content, states_and_facts)
{
    static const struct {
        const char *data, *type;
        PartState state;
        const char *fact; // NULL = none of them
    } cases[] = {
        {"hello", "text/plain", PART_READ, NULL},
        {"\x89PNG\r\n\x1a\n\x01", "image/png", PART_UNREAD, "image"},
        {"\xff\xfb\x90", "audio/mpeg", PART_UNREAD, "media"},
        {"%PDF-1.4 startxref", "application/pdf", PART_UNREAD, "unread"},
        {"%PDF-1.4", "application/pdf", PART_UNREAD, "unread"},
        {"-----BEGIN PGP MESSAGE-----\n", "application/octet-stream", PART_FAILED, "encrypted"},
        {"-----BEGIN PGP SIGNATURE-----\n", "application/pgp-signature", PART_READ, "signed"},
    };
    static const char *const facts[] = {"image",     "media",  "unread",    "damaged",
                                        "encrypted", "signed", "wrong-type"};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(cases[i].data, cases[i].type);
        const Part *part = text_part(fixture, 1);
        g_autofree char *hash = sha256_hex(cases[i].data, strlen(cases[i].data));
        cr_expect_eq(part->state, cases[i].state, "case %zu", i);
        cr_expect_eq(part->size, strlen(cases[i].data));
        cr_expect_str_eq(part->sha256, hash);
        for (gsize k = 0; k < G_N_ELEMENTS(facts); k++)
            cr_expect_eq(text_fact(fixture, facts[k]), !g_strcmp0(cases[i].fact, facts[k]), "case %zu: %s", i,
                         facts[k]);
    }
}

Test(content, what_is_labelled_text_is_read_as_text_as_well)
{
    static const char data[] = "GIF89a\1\2\3\4\5\6\7\1\2\3 413-555-0142";
    g_autoptr(TextFixture) fixture = text_read(data, sizeof(data) - 1, "text/plain", NULL);
    g_autofree char *text = text_of(fixture, ORIGIN_TEXT, ANY_VISIBILITY);
    cr_expect(strstr(text, "413-555-0142"));
    cr_expect(text_fact(fixture, "wrong-type"));
    cr_expect(text_fact(fixture, "image"));
    cr_expect_str_eq(text_part(fixture, 1)->sniffed, "image/gif");
}

Test(content, text_under_another_label)
{
    g_autoptr(TextFixture) fixture = text_read_string("413-555-0142", "image/png");
    g_autofree char *text = text_of(fixture, ORIGIN_TEXT, ANY_VISIBILITY);
    cr_expect_str_eq(text, "413-555-0142");
    cr_expect(text_fact(fixture, "wrong-type"));
    g_autoptr(TextFixture) octets = text_read_string("413-555-0142", "application/octet-stream");
    cr_expect(!text_fact(octets, "wrong-type"), "octet-stream promises nothing");
}

Test(content, a_card_in_plain_text_is_read_both_ways)
{
    g_autoptr(TextFixture) fixture =
        text_read_string("BEGIN:VCARD\nTEL:413-\n 555-0142\nEND:VCARD\n", "text/plain");
    cr_expect_str_eq(text_property(fixture, "TEL"), "413-555-0142");
    cr_expect(text_passage(fixture, ORIGIN_TEXT, VISIBILITY_SHOWN));
}

// ---- files written into text -----------------------------------------------------------------------------

Test(content, uuencoded_file_in_text)
{
    g_autoptr(TextFixture) fixture = text_read_string(
        "See below.\r\nbegin at 5 o'clock\r\nbegin 644 a.txt\r\n,-#$S+34U-2TP,30R\r\n`\r\nend\r\n",
        "text/plain");
    g_autofree char *text = text_of(fixture, ORIGIN_TEXT, ANY_VISIBILITY);
    cr_expect(strstr(text, "|413-555-0142"), "%s", text);
    cr_expect(text_fact(fixture, "uuencode"));
    cr_assert_eq(fixture->state.message->parts->len, 3);
    cr_expect_str_eq(text_part(fixture, 2)->name, "a.txt");
    cr_expect_eq(text_part(fixture, 2)->parent, 1);
}

Test(content, yenc_in_text)
{
    GString *mail = g_string_new("=ybegin line=128 size=12 name=a.txt\r\n");
    for (const char *at = "413-555-0142"; *at; at++)
        g_string_append_c(mail, *at + 42);
    g_string_append(mail, "\r\n=yend size=12\r\n");
    g_autoptr(TextFixture) fixture = text_read(mail->str, mail->len, "text/plain", NULL);
    g_autofree char *text = text_of(fixture, ORIGIN_TEXT, ANY_VISIBILITY);
    cr_expect(g_str_has_suffix(text, "|413-555-0142"), "%s", text);
    cr_expect(text_fact(fixture, "yenc"));
    g_string_free(mail, TRUE);
}

Test(content, text_about_uuencode_is_not_uuencode)
{
    g_autoptr(TextFixture) fixture =
        text_read_string("begin with a smile\nbegin 12 weeks\nend\n", "text/plain");
    cr_expect(!text_fact(fixture, "uuencode"));
}

// Thousands of beginnings must not mean thousands of searches to the end.
Test(content, unended_files_are_linear)
{
    GString *mail = g_string_new(NULL);
    for (int i = 0; i < 100000; i++)
        g_string_append(mail, "begin 644 a\n");
    g_autoptr(TextFixture) fixture = text_read(mail->str, mail->len, "text/plain", NULL);
    cr_expect_lt(fixture->state.message->parts->len, 10);
    g_string_free(mail, TRUE);
}

// ---- OpenPGP and S/MIME ----------------------------------------------------------------------------------

Test(content, openpgp_in_text)
{
    g_autoptr(TextFixture) inside = text_read_string("Hi,\n-----BEGIN PGP MESSAGE-----\nabc\n", "text/plain");
    cr_expect(text_fact(inside, "encrypted"));
    cr_expect_eq(text_part(inside, 1)->state, PART_READ);
    g_autoptr(TextFixture) quoted = text_read_string("> -----BEGIN PGP MESSAGE-----\n", "text/plain");
    cr_expect(!text_fact(quoted, "encrypted"));
    g_autoptr(TextFixture) clear =
        text_read_string("-----BEGIN PGP SIGNED MESSAGE-----\n\n- 413-555-0142\n", "text/plain");
    cr_expect(text_fact(clear, "signed"));
    cr_expect(!text_fact(clear, "encrypted"));
}

Test(content, opaque_signature_is_unwrapped)
{
    static const char data[] =
        "\x30\x80\6\x09\x2a\x86\x48\x86\xf7\x0d\1\7\2\xa0\x80\x30\x80\2\1\1\x31\0\x30\x80"
        "\6\x09\x2a\x86\x48\x86\xf7\x0d\1\7\1\xa0\x80\4\x28"
        "Content-Type: text/plain\r\n\r\n413-555-0142\0\0";
    g_autoptr(TextFixture) fixture = text_read(data, sizeof(data) - 1, "application/pkcs7-mime", "smime.p7m");
    g_autofree char *text = text_of(fixture, ORIGIN_TEXT, ANY_VISIBILITY);
    cr_expect_str_eq(text, "413-555-0142");
    cr_expect(text_fact(fixture, "signed"));
    cr_expect(!text_fact(fixture, "unread"));
}

// ---- limits ----------------------------------------------------------------------------------------------

static TextFixture *limited(const char *text, int64_t head, int64_t tail, int64_t decoded)
{
    TextFixture *fixture = g_new0(TextFixture, 1);
    fixture->config = config_defaults();
    ConfigLimits *limits = &fixture->config->limits;
    limits->text_head = head;
    limits->text_tail = tail;
    limits->decoded_bytes = decoded;
    fixture->state.message = message_new();
    fixture->state.limits = limits;
    message_add_part(fixture->state.message, 0, "1", "text/plain");
    content_read(&fixture->state, 1, text, strlen(text), NULL);
    return fixture;
}

Test(content, limits)
{
    g_autoptr(TextFixture) cut = limited("beginning middle end", 9, 3, 1000);
    g_autofree char *text = text_of(cut, ORIGIN_TEXT, ANY_VISIBILITY);
    cr_expect_str_eq(text, "beginning|end");
    cr_expect(text_fact(cut, "incomplete"));
    g_autoptr(TextFixture) whole = limited("beginning end", 10, 3, 13);
    cr_expect(!text_fact(whole, "incomplete"));
    g_autoptr(TextFixture) spent = limited("beginning end", 10, 3, 12);
    cr_expect(text_fact(spent, "incomplete"));
    cr_expect_eq(text_part(spent, 1)->state, PART_FAILED);
}

// data: URIs in data: URIs in data: URIs.
Test(content, depth)
{
    g_autofree char *html = g_strdup("413-555-0142");
    for (int i = 0; i < 100; i++) {
        g_autofree char *inner = g_base64_encode((const guchar *)html, MIN(strlen(html), 100000));
        g_free(html);
        html = g_strdup_printf("<img src=\"data:text/html;base64,%s\">", inner);
    }
    g_autoptr(TextFixture) fixture = text_read_string(html, "text/html");
    cr_expect_leq(fixture->state.message->parts->len, (guint)fixture->config->limits.depth + 2);
}
