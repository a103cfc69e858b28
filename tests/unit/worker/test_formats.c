// Calendars, contact cards, tables, JSON, XML, RTF, enriched text.
#include "text_fixture.h"

#include <string.h>
#include <time.h>

// ---- vCard -----------------------------------------------------------------------------------------------

static const struct {
    const char *card, *property, *value;
} vcards[] = {
    {"BEGIN:VCARD\r\nVERSION:3.0\r\nTEL;TYPE=CELL:413-555-0142\r\nEND:VCARD\r\n", "TEL", "413-555-0142"},
    {"BEGIN:VCARD\nTEL:413\n -555\n\t-0142\nEND:VCARD\n", "TEL", "413-555-0142"},
    {"BEGIN:VCARD\nitem1.EMAIL;type=INTERNET:jo@example.org\n", "EMAIL", "jo@example.org"},
    {"BEGIN:VCARD\nTEL;CELL;ENCODING=QUOTED-PRINTABLE:=34=31=33-=\n555-0142\n", "TEL", "413-555-0142"},
    {"BEGIN:VCARD\nNOTE;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:caf=E9\n", "NOTE", "caf\u00e9"},
    {"BEGIN:VCARD\nNOTE:a\\nb\\, c\\; d\\\\e\n", "NOTE", "a\nb, c; d\\e"},
    {"BEGIN:VCARD\nADR;TYPE=home:;;12 Main St;Springfield;MA;01101;\n", "ADR",
     "12 Main St, Springfield, MA, 01101"},
    {"BEGIN:VCARD\nX-SOCIALPROFILE;type=twitter;x-user=jo:https://example.net/jo\n", "X-SOCIALPROFILE",
     "https://example.net/jo"},
    {"BEGIN:VCARD\nTEL;VALUE=uri;TYPE=\"voice,x:y\":tel:+1-413-555-0142\n", "TEL", "tel:+1-413-555-0142"},
    {"BEGIN:VCARD\nTEL;TYPE=\"open:413-555-0142\n", "TEL", "413-555-0142"},
    {"BEGIN:VCARD\nFN:Jo Doe", "FN", "Jo Doe"},
    {"BEGIN:VCARD\nTEL:", "TEL", NULL},
};

Test(vcard, properties)
{
    for (gsize i = 0; i < G_N_ELEMENTS(vcards); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(vcards[i].card, "text/vcard");
        const char *value = text_property(fixture, vcards[i].property);
        cr_expect(!g_strcmp0(value, vcards[i].value), "%s: %s", vcards[i].card, value);
    }
}

Test(vcard, picture_is_a_part_of_its_own)
{
    g_autoptr(TextFixture) fixture =
        text_read_string("BEGIN:VCARD\nPHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\nEND:VCARD\n", "text/vcard");
    cr_assert_eq(fixture->state.message->parts->len, 3);
    cr_expect_str_eq(text_part(fixture, 2)->sniffed, "image/png");
    cr_expect(text_fact(fixture, "image"));
}

Test(vcard, a_line_folded_a_million_times)
{
    GString *card = g_string_new("BEGIN:VCARD\nNOTE:");
    for (int i = 0; i < 1000000; i++)
        g_string_append(card, "\n 4");
    clock_t start = clock();
    g_autoptr(TextFixture) fixture = text_read(card->str, card->len, "text/vcard", NULL);
    cr_expect_lt((double)(clock() - start) / CLOCKS_PER_SEC, 2.0);
    cr_assert_not_null(text_property(fixture, "NOTE"));
    cr_expect_eq(strlen(text_property(fixture, "NOTE")), 1000000);
    g_string_free(card, TRUE);
}

Test(vcard, many_properties_share_a_passage)
{
    GString *card = g_string_new("BEGIN:VCARD\n");
    for (int i = 0; i < 10000; i++)
        g_string_append_printf(card, "TEL:413-555-01%02d\n", i % 100);
    g_string_append(card, "TEL:413-555-0142 last\n");
    g_autoptr(TextFixture) fixture = text_read(card->str, card->len, "text/vcard", NULL);
    g_autofree char *all = text_of(fixture, ORIGIN_VCARD, ANY_VISIBILITY);
    cr_expect(strstr(all, "0142 last"));
    cr_expect_lt(fixture->state.message->passages->len, 1000);
    g_string_free(card, TRUE);
}

// ---- calendar --------------------------------------------------------------------------------------------

Test(calendar, properties)
{
    static const struct {
        const char *line, *property, *value;
    } cases[] = {
        {"SUMMARY:Call 413\r\n -555-0142", "SUMMARY", "Call 413-555-0142"},
        {"DESCRIPTION;LANGUAGE=en:a\\nb", "DESCRIPTION", "a\nb"},
        {"LOCATION:https://example.org/meet", "LOCATION", "https://example.org/meet"},
        {"ORGANIZER;CN=\"Doe, Jo\":MAILTO:jo@example.org", "ORGANIZER", "Doe, Jo jo@example.org"},
        {"ATTENDEE;EMAIL=x@example.net;CN=Jo:urn:uuid:1", "ATTENDEE", "Jo urn:uuid:1 x@example.net"},
        {"DESCRIPTION;ENCODING=QUOTED-PRINTABLE:=34=31=\r\n=33", "DESCRIPTION", "413"},
        {"X-GOOGLE-CONFERENCE:https://example.org/x", "X-GOOGLE-CONFERENCE", "https://example.org/x"},
        {"CONTACT:413-555-0142", "CONTACT", "413-555-0142"},
        {"DTSTART:20260101T000000Z", "DTSTART", NULL},
        {"UID:4135550142@example.org", "UID", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n%s\r\nEND:VEVENT\r\n", cases[i].line);
        g_autoptr(TextFixture) fixture = text_read_string(text, "text/calendar");
        const char *value = text_property(fixture, cases[i].property);
        cr_expect(!g_strcmp0(value, cases[i].value), "%s: %s", cases[i].line, value);
    }
}

Test(calendar, html_description_and_attachment)
{
    g_autoptr(TextFixture) fixture =
        text_read_string("BEGIN:VCALENDAR\nX-ALT-DESC;FMTTYPE=text/html:<p>413<b>-</b>555\n"
                         "ATTACH;ENCODING=BASE64;FMTTYPE=text/plain:NDEz\n",
                         "text/calendar");
    g_autofree char *html = text_of(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
    g_autofree char *text = text_of(fixture, ORIGIN_TEXT, VISIBILITY_SHOWN);
    cr_expect_str_eq(html, "413-555");
    cr_expect_str_eq(text, "413");
}

// ---- tables ----------------------------------------------------------------------------------------------

Test(table, cells_and_rows)
{
    static const struct {
        const char *table, *text;
    } cases[] = {
        {"name,phone\r\nJo,413-555-0142\r\n", "name\tphone\nJo\t413-555-0142\n"},
        {"a;b;c\n1,5;2;3\n", "a\tb\tc\n1,5\t2\t3\n"},
        {"a\tb\n", "a\tb\n"},
        {"413,555,0142", "413\t555\t0142"},
        {"\"a,b\",\"c\"\"d\",\"e\nf\"\n", "a,b\tc\"d\te f\n"},
        {"=\"0142\",x", "0142\tx"},
        {"a \"b\" c,d", "a \"b\" c\td"},
        {"\"open,413\n555", "open,413 555|\"open,413\n555"},
        {"a\n\n\nb", "a\nb"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(cases[i].table, "text/csv");
        g_autofree char *text = text_of(fixture, ORIGIN_TABLE, ANY_VISIBILITY);
        cr_expect_str_eq(text, cases[i].text, "%s", cases[i].table);
    }
}

// ---- data ------------------------------------------------------------------------------------------------

Test(data, text)
{
    static const struct {
        const char *type, *data, *text;
    } cases[] = {
        {"application/json", "{\"tel\": \"413-\\u0035\\u0035\\u0035\\t0142\"}", "{tel: 413-555\t0142}"},
        {"application/json", "\"\\ud83d\\ude00 \\ud83d \\uzz \\\"\"", "\U0001f600  uzz \""},
        {"application/json", "\"\\", "\\"},
        {"application/xml", "<a b='413'>&#52;<![CDATA[1]]><!-- c --></a>", "413\n4\n1\n c \n"},
        {"application/xml", "<!DOCTYPE a [<!ENTITY x \"413\">]><a>&x;</a>", NULL},
        {"text/enriched", "<bold>413</bold>-<<555", "413-<555"},
        {"text/richtext", "a<nl>b < c", "a\nb < c"},
        {"application/rtf", "{\\rtf1\\ansi 4{\\b 1}3-555-\\'30142\\par x}", "413-555-0142\nx"},
        {"application/rtf", "{\\rtf1{\\fonttbl{\\f0 Arial;}}{\\*\\x hidden}\\u8211 ?\\u-10179?\\u-8704?z}",
         "\u2013\U0001f600z"},
        {"application/rtf", "{\\rtf1\\uc2\\u52 ab1\\bin3 xyz3\\\\\\{\\~}", "413\\{\u00a0"},
        {"application/rtf", "{\\rtf1 \\bin2147483647 413-555-0142}", "413-555-0142"},
        {"application/rtf", "{\\rtf1 a{\\pict 00ff}b{\\*\\htmltag <p>}\\", "ab<p>"},
        {"text/x-python", "tel = '413'", "tel = '413'"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(cases[i].data, cases[i].type);
        g_autofree char *text = text_of(fixture, ORIGIN_DATA, ANY_VISIBILITY);
        if (cases[i].text)
            cr_expect_str_eq(text, cases[i].text, "%s", cases[i].data);
        else
            cr_expect(strstr(text, "413"), "%s", cases[i].data);
    }
}

Test(data, rtf_links)
{
    g_autoptr(TextFixture) fixture = text_read_string(
        "{\\rtf1{\\field{\\*\\fldinst{HYPERLINK \"tel:%34135550142\"}}{\\fldrslt call}}", "application/rtf");
    g_autofree char *link = text_of(fixture, ORIGIN_LINK, ANY_VISIBILITY);
    g_autofree char *text = text_of(fixture, ORIGIN_DATA, ANY_VISIBILITY);
    cr_expect_str_eq(link, "tel:4135550142");
    cr_expect_str_eq(text, "call");
}

Test(data, rtf_of_a_million_groups)
{
    GString *rtf = g_string_new("{\\rtf1 ");
    for (int i = 0; i < 1000000; i++)
        g_string_append_c(rtf, '{');
    g_string_append(rtf, "413");
    for (int i = 0; i < 1000000; i++)
        g_string_append_c(rtf, '}');
    g_string_append(rtf, " 555}");
    g_autoptr(TextFixture) fixture = text_read(rtf->str, rtf->len, "application/rtf", NULL);
    g_autofree char *text = text_of(fixture, ORIGIN_DATA, ANY_VISIBILITY);
    cr_expect_str_eq(text, "413 555");
    cr_expect(text_fact(fixture, "incomplete"));
    g_string_free(rtf, TRUE);
}
