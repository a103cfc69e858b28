// OpenDocument put together here, in packages and flat; files of LibreOffice's making are in test_documents.c.
#include "attachment_fixture.h"
#include "zip_maker.h"

#include <string.h>
#include <time.h>

#define NAMES "xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' "

typedef struct {
    const char *name, *text;
} Entry;

static Message *read_entries(const char *type, const Entry *entries, gsize count)
{
    g_autoptr(ZipMaker) maker = zip_maker_new();
    ZipLie mimetype = {"mimetype", "mimetype", 0, 0, type, strlen(type), (guint32)strlen(type), -1};
    if (*type != '\0')
        zip_maker_lie(maker, &mimetype);
    for (gsize i = 0; i < count; i++)
        zip_maker_add(maker, entries[i].name, entries[i].text, strlen(entries[i].text));
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    return attachment_read(bytes->data, bytes->len, "", "file");
}
#define TEXT "application/vnd.oasis.opendocument.text"

static char *content(const char *styles, const char *body)
{
    return g_strconcat("<office:document-content " NAMES "><office:automatic-styles>", styles,
                       "</office:automatic-styles><office:body>", body,
                       "</office:body></office:document-content>", NULL);
}

static char *text_at(const Message *message, Visibility visibility, const char *place)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        bool text = passage->origin == ORIGIN_DOCUMENT || passage->origin == ORIGIN_TABLE;
        if (text && passage->visibility == visibility && g_strcmp0(passage->place, place) == 0)
            g_string_append(out, passage->text);
    }
    return g_strchomp(g_string_free(out, FALSE));
}

#define P(text) "<text:p>" text "</text:p>"

Test(odf, the_text_of_a_body)
{
    static const struct {
        const char *styles, *body, *shown, *hidden;
    } CASES[] = {
        {"", P("415-<text:span>555</text:span>-<text:bookmark/>0142"), "415-555-0142", ""},
        {"", "<text:h>a</text:h>" P("b"), "a\nb", ""},
        {"", P("a<text:s text:c='3'/>b<text:tab/>c<text:line-break/>d"), "a   b\tc\nd", ""},
        {"", P("a<text:s text:c='4000000000'/>b"), "a                b", ""},
        {"",
         P("415-<text:note><text:note-citation>1</text:note-citation><text:note-body>" P(
             "note") "</text:note-body>"
                     "</text:note>555-0142"),
         "415-555-0142\nnote", ""},
        {"",
         P("a<office:annotation><dc:creator>Pat</dc:creator><dc:date>2026</dc:date>" P(
             "remark") "</office:annotation>b"),
         "ab\nremark", ""},
        {"", P("415-<draw:frame><draw:text-box>" P("box") "</draw:text-box></draw:frame>555"), "415-555\nbox",
         ""},
        {"",
         "<text:tracked-changes><text:changed-region><text:deletion><office:change-info><dc:creator>Pat</"
         "dc:creator>"
         "</office:change-info>" P("gone") "</text:deletion></text:changed-region></text:tracked-changes>" P(
             "here"),
         "here", "gone"},
        {"<style:style style:name='T1'><style:text-properties text:display='none'/></style:style>",
         P("4<text:span text:style-name='T1'>x</text:span>15"), "415", "x"},
        {"", P("a<text:hidden-text text:string-value='b'/>"), "a", "b"},
        {"", "<text:section text:display='none'>" P("x") "</text:section>" P("y"), "y", "x"},
        {"",
         "<table:table><table:table-row><table:table-cell>" P("a") "</table:table-cell><table:table-cell>" P(
             "b")
             P("c") "</table:table-cell></table:table-row><table:table-row><table:table-cell>" P(
                 "d") "</table:table-cell></table:table-row></table:table>",
         "a\tb\nc\nd", ""},
        {"",
         P("<text:ruby><text:ruby-base>415</text:ruby-base><text:ruby-text>aid</text:ruby-text></text:ruby>"),
         "415", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *xml = content(CASES[i].styles, CASES[i].body);
        const Entry entries[] = {{"content.xml", xml}};
        g_autoptr(Message) message = read_entries(TEXT, entries, 1);
        g_autofree char *shown = text_at(message, VISIBILITY_SHOWN, NULL);
        g_autofree char *hidden = text_at(message, VISIBILITY_HIDDEN, NULL);
        cr_expect_str_eq(shown, CASES[i].shown, "case %zu: %s", i, shown);
        cr_expect_str_eq(hidden, CASES[i].hidden, "case %zu: %s", i, hidden);
        cr_expect_eq(message->facts->len, 0, "case %zu", i);
    }
}

Test(odf, sheets)
{
    g_autofree char *xml = content(
        "<style:style style:name='ta2'><style:table-properties table:display='false'/></style:style>",
        "<office:spreadsheet><table:table table:name='One'><table:table-column/><table:table-column "
        "table:visibility='collapse' table:number-columns-repeated='2'/>"
        "<table:table-row><table:table-cell office:value='4155550142'>" P(
            "4.16E+09") "</table:table-cell>"
                        "<table:table-cell>" P(
                            "away") "</table:table-cell><table:table-cell "
                                    "table:number-columns-repeated='1000000'/>"
                                    "<table:table-cell office:value='12.5'>" P(
                                        "$12.50") "</table:table-cell></table:table-row>"
                                                  "<table:table-row table:visibility='filter' "
                                                  "table:number-rows-repeated='1000000'><table:table-cell>" P(
                                                      "filtered") "</table:table-cell></table:table-row>"
                                                                  "<table:table-row><table:table-cell "
                                                                  "table:formula='of:=HYPERLINK(\"tel:"
                                                                  "4155550142\";\"x\")'>" P(
                                                                      "x") "</table:table-cell></"
                                                                           "table:table-row></table:table>"
                                                                           "<table:table table:name='Two' "
                                                                           "table:style-name='ta2'><table:"
                                                                           "table-row><table:table-cell>" P(
                                                                               "secret") "</"
                                                                                         "table:table-cell></"
                                                                                         "table:table-row></"
                                                                                         "table:table></"
                                                                                         "office:"
                                                                                         "spreadsheet>");
    const Entry entries[] = {{"content.xml", xml}};
    g_autoptr(Message) message = read_entries("application/vnd.oasis.opendocument.spreadsheet", entries, 1);
    g_autofree char *shown = text_at(message, VISIBILITY_SHOWN, "sheet One");
    g_autofree char *secret = text_at(message, VISIBILITY_HIDDEN, "sheet Two");
    cr_expect_str_eq(shown, "4.16E+09 4155550142\t\t\t$12.50\nx", "%s", shown);
    cr_expect_str_eq(secret, "secret");
    const char *const HIDDEN[] = {"away", "filtered", "HYPERLINK"};
    for (gsize i = 0; i < G_N_ELEMENTS(HIDDEN); i++) {
        const Passage *passage = attachment_find(message, -1, "sheet One", HIDDEN[i]);
        cr_assert_not_null(passage, "%s", HIDDEN[i]);
        cr_expect_eq(passage->visibility, VISIBILITY_HIDDEN, "%s", HIDDEN[i]);
    }
    cr_expect_not_null(attachment_find(message, ORIGIN_LINK, "sheet One", "tel:4155550142"));
}

Test(odf, slides_objects_links_and_what_it_says_of_itself)
{
    g_autofree char *slides =
        content("", "<office:presentation><draw:page><draw:frame><draw:text-box>" P(
                        "first") "</draw:text-box><svg:desc>alt words"
                                 "</svg:desc></draw:frame></draw:page><draw:page><draw:a "
                                 "xlink:href='https://example.net/x'/>" P("second") "<presentation:notes>" P(
                                     "note") "</presentation:notes></draw:page></office:presentation>");
    g_autofree char *object = content("", "<office:chart>" P("in a chart") "</office:chart>");
    const Entry entries[] = {
        {"content.xml", slides},
        {"styles.xml",
         "<office:document-styles><style:footer>" P("motto") "</style:footer></office:document-styles>"},
        {"meta.xml", "<office:document-meta><office:meta><dc:title>a "
                     "title</dc:title><meta:generator>nothing</meta:generator>"
                     "<meta:user-defined meta:name='Cell'>415-555-0142</meta:user-defined></office:meta>"
                     "</office:document-meta>"},
        {"Object 1/content.xml", object},
        {"Object 1/settings.xml", "<office:settings>nothing</office:settings>"},
        {"ObjectReplacements/Object 1", "\1\2\3\4"},
        {"Pictures/page.html", "<p>in a picture's place</p>"},
        {"Basic/Standard/Module1.xml", "<script:module>Sub x</script:module>"},
        {"layout-cache", "\1\2\3\4"},
    };
    g_autoptr(Message) message = read_entries("application/vnd.oasis.opendocument.presentation-template",
                                              entries, G_N_ELEMENTS(entries));
    static const struct {
        int origin;
        const char *place, *text;
    } EXPECTED[] = {
        {ORIGIN_DOCUMENT, "slide 1", "first"},
        {ORIGIN_ATTRIBUTE, "slide 1", "alt words"},
        {ORIGIN_DOCUMENT, "slide 2", "second"},
        {ORIGIN_DOCUMENT, "slide 2, notes", "note"},
        {ORIGIN_LINK, "slide 2", "https://example.net/x"},
        {ORIGIN_DOCUMENT, "headers and footers", "motto"},
        {ORIGIN_METADATA, "title", "a title"},
        {ORIGIN_METADATA, "Cell", "415-555-0142"},
        {ORIGIN_DOCUMENT, "object", "in a chart"},
        {ORIGIN_HTML, NULL, "in a picture's place"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++)
        cr_expect_not_null(attachment_find(message, EXPECTED[i].origin, EXPECTED[i].place, EXPECTED[i].text),
                           "%s", EXPECTED[i].text);
    cr_expect_null(attachment_find(message, -1, NULL, "nothing"));
    cr_expect_eq(message->facts->len, 1);
    cr_expect(message_has_fact(message, "macros"));
    cr_expect_str_eq(((Part *)message->parts->pdata[0])->sniffed,
                     "application/vnd.oasis.opendocument.presentation");
}

Test(odf, packages_that_lack_something)
{
    static const struct {
        const char *type;
        Entry entries[2];
        const char *fact; // NULL = none
        bool read;        // what stands in it
    } CASES[] = {
        {TEXT, {{"styles.xml", "<a/>"}, {"x.txt", "415"}}, "damaged", false},
        {TEXT, {{"content.xml", "<office:body><text:p>415</text:p>"}, {"x", ""}}, "damaged", true},
        {TEXT, {{"content.xml", "<office:body/>"}, {"x", ""}}, "no-text", false},
        {TEXT,
         {{"content.xml", "<!DOCTYPE x [<!ENTITY x '415'>]><text:p>&x;</text:p>"}, {"x", ""}},
         "damaged",
         false},
        {TEXT,
         {{"content.xml", "\1\2\3\4"},
          {"META-INF/manifest.xml", "<manifest><file-entry><encryption-data/></file-entry></manifest>"}},
         "encrypted",
         false},
        // The same without its first entry, as when somebody zips a folder.
        {"",
         {{"content.xml", "<office:body><text:p>415</text:p></office:body>"},
          {"META-INF/manifest.xml", "<a/>"}},
         NULL,
         true},
        {"", {{"list.txt", "call 415"}, {"META-INF/manifest.xml", "<a/>"}}, NULL, true},
        // Two formats in one.
        {TEXT,
         {{"word/document.xml", "<w:document><w:p><w:r><w:t>415</w:t></w:r></w:p></w:document>"},
          {"[Content_Types].xml", "<a/>"}},
         "archive-mismatch",
         true},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = read_entries(CASES[i].type, CASES[i].entries, 2);
        cr_expect(CASES[i].fact != NULL || message->facts->len == 0, "case %zu", i);
        cr_expect(CASES[i].fact == NULL || message_has_fact(message, CASES[i].fact), "case %zu", i);
        cr_expect_eq(attachment_find(message, -1, NULL, "415") != NULL, CASES[i].read, "case %zu", i);
    }
}

Test(odf, flat)
{
    static const char FLAT[] =
        "<?xml version='1.0'?><office:document " NAMES
        "><office:meta><dc:title>a title</dc:title></office:meta>"
        "<office:master-styles><style:header>" P(
            "head") "</style:header></office:master-styles>"
                    "<office:body><office:text>" P(
                        "415-<text:span>555</text:span>-0142") "<draw:image><office:binary-data>PHA+"
                                                               "aW4gYSBwaWN0dXJlPC9wPg==</"
                                                               "office:binary-data></draw:image>"
                                                               "</office:text></office:body></"
                                                               "office:document>";
    static const struct {
        int origin;
        const char *place, *text;
    } EXPECTED[] = {
        {ORIGIN_METADATA, "title", "a title"},
        {ORIGIN_DOCUMENT, "headers and footers", "head"},
        {ORIGIN_DOCUMENT, NULL, "415-555-0142"},
        {-1, NULL, "in a picture"},
    };
    g_autoptr(Message) message = attachment_read(FLAT, sizeof FLAT - 1, "application/octet-stream", "a.fodt");
    for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++)
        cr_expect_not_null(attachment_find(message, EXPECTED[i].origin, EXPECTED[i].place, EXPECTED[i].text),
                           "%s", EXPECTED[i].text);
    cr_expect_eq(message->facts->len, 0);
}

static char *repeated(const char *before, const char *what, guint count, const char *after)
{
    GString *out = g_string_new(before);
    for (guint i = 0; i < count; i++)
        g_string_append(out, what);
    g_string_append(out, after);
    return g_string_free(out, FALSE);
}

Test(odf, dear_ones, .timeout = 60)
{
    static const struct {
        const char *what, *again;
        guint count;
    } CASES[] = {
        {"spaces", "<text:s text:c='99999999'/>", 200000},
        {"columns", "<table:table-column table:number-columns-repeated='999999999'/>", 100000},
        {"tables", "<table:table table:name='x'/>", 100000},
        {"pages", "<draw:page/>", 200000},
        {"cells", "<table:table-cell office:value='4155550142'/>", 100000},
        {"rows", "<table:table-row table:number-rows-repeated='99999'><table:table-cell/></table:table-row>",
         80000},
        {"notes", "<text:p><text:note><text:p>a</text:p></text:note></text:p>", 100000},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *body =
            repeated("<office:spreadsheet>", CASES[i].again, CASES[i].count, "</office:spreadsheet>");
        g_autofree char *xml = content("", body);
        const Entry entries[] = {{"content.xml", xml}};
        clock_t began = clock();
        g_autoptr(Message) message =
            read_entries("application/vnd.oasis.opendocument.spreadsheet", entries, 1);
        cr_expect_lt(clock() - began, 8 * CLOCKS_PER_SEC, "%s", CASES[i].what);
        cr_expect_lt(message->passages->len, 5001, "%s", CASES[i].what);
    }
}
