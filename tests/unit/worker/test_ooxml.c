// Office Open XML put together here: what is joined, hidden, ordered and called how; files of LibreOffice's making are in
// test_documents.c.
#include "attachment_fixture.h"
#include "zip_maker.h"

#include <string.h>
#include <time.h>

typedef struct {
    const char *name, *text;
    gsize len; // 0 = of a string
} Entry;

static Message *read_entries(const Entry *entries, gsize count, bool typed)
{
    g_autoptr(ZipMaker) maker = zip_maker_new();
    if (typed)
        zip_maker_add(maker, "[Content_Types].xml", "<Types/>", 8);
    for (gsize i = 0; i < count; i++)
        zip_maker_add(maker, entries[i].name, entries[i].text,
                      entries[i].len > 0 ? entries[i].len : strlen(entries[i].text));
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    return attachment_read(bytes->data, bytes->len, "", "file");
}
#define READ(entries) read_entries(entries, G_N_ELEMENTS(entries), true)

// All text of `visibility` at `place`, of text or tables.
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

static void expect_link(const Message *message, const char *place, const char *url)
{
    const Passage *link = attachment_find(message, ORIGIN_LINK, place, url);
    cr_expect_not_null(link, "%s", url);
    if (link != NULL)
        cr_expect_str_eq(link->text, url);
}

#define R(text)   "<w:r><w:t xml:space='preserve'>" text "</w:t></w:r>"
#define P(text)   "<w:p>" text "</w:p>"
#define RELS(all) "<Relationships>" all "</Relationships>"
#define REL(id, type, target)                                                                                \
    "<Relationship Id='" id "' Type='http://purl.oclc.org/ooxml/officeDocument/relationships/" type          \
    "' Target='" target "'/>"
#define LINK(id, target)                                                                                     \
    "<Relationship Id='" id "' Type='urn:x/hyperlink' TargetMode='External' Target='" target "'/>"

// ---- documents -------------------------------------------------------------------------------------------

Test(ooxml, the_text_of_a_body)
{
    static const struct {
        const char *body, *shown, *hidden;
    } CASES[] = {
        {P(R("415-") "<w:proofErr/>" R("555") "<w:bookmarkStart/>" R("-0142")), "415-555-0142", ""},
        {P(R("a")) P(R("b")), "a\nb", ""},
        {P(R("a") "<w:r><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>"),
         "a\tb\nc-d", ""},
        {P("<w:pPr><w:tabs><w:tab w:val='left' w:pos='720'/></w:tabs></w:pPr>" R("a")), "a", ""},
        {P("<w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r>" R("y")), "y", "x"},
        {P("<w:r><w:rPr><w:vanish w:val='false'/></w:rPr><w:t>x</w:t></w:r>"), "x", ""},
        {P("<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>" R("y")), "y", ""},
        {P(R("415-") "<w:r><w:rPr><w:vanish/></w:rPr><w:t>xx</w:t></w:r>" R("555-0142")), "415-555-0142",
         "xx"},
        {P("<w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins>" R("new") "</w:ins>"), "new",
         "gone"},
        {P("<w:moveFrom>" R("from") "</w:moveFrom><w:moveTo>" R("to") "</w:moveTo>"), "to", "from"},
        {P(R("415-") "<w:r><w:pict><v:textbox><w:txbxContent>" P(
             R("box")) "</w:txbxContent></v:textbox></w:pict></w:r>" R("555-0142")),
         "415-555-0142\nbox", ""},
        {P("<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:t>4</w:t></mc:Choice>"
           "<mc:Fallback><w:t>5</w:t></mc:Fallback></mc:AlternateContent></w:r>"),
         "4", "5"},
        {"<w:tbl><w:tr><w:tc>" P(R("a")) "</w:tc><w:tc>" P(R("b"))
             P(R("c")) "</w:tc></w:tr>"
                       "<w:tr><w:tc>" P("") "</w:tc><w:tc>" P(R("d")) "</w:tc></w:tr></w:tbl>" P(R("e")),
         "a\tb\nc\n\td\ne", ""},
        {"<w:tbl><w:tr><w:trPr><w:hidden/></w:trPr><w:tc>" P(R("a")) "</w:tc></w:tr></w:tbl>", "", "a"},
        {P("<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent>" R("415-") "</w:sdtContent></w:sdt>" R("555")),
         "415-555", ""},
        {P("<w:r><w:sym w:font='Symbol' w:char='F034'/><w:sym w:font='Arial' w:char='0031'/>"
           "<w:sym w:font='Wingdings' w:char='F028'/></w:r>"),
         "41", ""},
        {P("<w:r><w:instrText> MACROBUTTON x call 415 </w:instrText></w:r>" R("y")), "y",
         "MACROBUTTON x call 415"},
        {P("<w:r><w:fldChar w:fldCharType='begin'/><w:instrText>PAGEREF _Toc415555014</w:instrText>"
           "<w:fldChar w:fldCharType='separate'/><w:t>3</w:t><w:fldChar w:fldCharType='end'/></w:r>"),
         "3", ""},
        {P("<w:r><w:rPr><w:rStyle w:val='Gone'/></w:rPr><w:t>x</w:t></w:r>"
           "<w:r><w:rPr><w:rStyle w:val='AlsoGone'/></w:rPr><w:t>z</w:t></w:r>"
           "<w:r><w:rPr><w:rStyle w:val='AlsoGone'/><w:vanish w:val='0'/></w:rPr><w:t>y</w:t></w:r>"),
         "y", "xz"},
        {P("<m:oMath><m:r><m:t>415</m:t></m:r></m:oMath>"), "415", ""},
        {P("<w:ruby><w:rt>" R("aid") "</w:rt><w:rubyBase>" R("415") "</w:rubyBase></w:ruby>"), "415", "aid"},
        {P("<wp:posOffset>4155550142</wp:posOffset>"), "", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *document =
            g_strconcat("<w:document><w:body>", CASES[i].body, "</w:body></w:document>", NULL);
        const Entry entries[] = {
            {"_rels/.rels", RELS(REL("r1", "officeDocument", "word/document.xml"))},
            {"word/_rels/document.xml.rels", RELS(REL("r1", "styles", "styles.xml"))},
            {"word/document.xml", document},
            {"word/styles.xml", "<w:styles><w:style w:styleId='AlsoGone'><w:basedOn w:val='Gone'/></w:style>"
                                "<w:style w:styleId='Gone'><w:rPr><w:vanish/></w:rPr></w:style></w:styles>"},
        };
        g_autoptr(Message) message = READ(entries);
        g_autofree char *shown = text_at(message, VISIBILITY_SHOWN, NULL);
        g_autofree char *hidden = text_at(message, VISIBILITY_HIDDEN, NULL);
        cr_expect_str_eq(shown, CASES[i].shown, "case %zu: %s", i, shown);
        cr_expect_str_eq(hidden, CASES[i].hidden, "case %zu: %s", i, hidden);
        cr_expect_not(message_has_fact(message, "damaged"), "case %zu", i);
    }
}

Test(ooxml, links_descriptions_and_properties)
{
    static const Entry ENTRIES[] = {
        {"_rels/.rels", RELS(REL("r1", "officeDocument", "word/document.xml")
                                 REL("r2", "metadata/core-properties", "docProps/core.xml")
                                     REL("r3", "custom-properties", "docProps/custom.xml"))},
        {"word/_rels/document.xml.rels",
         RELS(LINK("r1", "tel:%34155550142") LINK("r2", "https://example.net/?a=1&amp;b=2")
                  LINK("r3", "file:///C:/a.dotm") REL("r4", "header", "/word/h.xml"))},
        {"word/document.xml",
         "<w:document>" P(
             "<w:r><w:drawing><wp:docPr id='1' descr='a poster' title='of a number'/></w:drawing>"
             "<w:pict><v:shape alt='words'><v:textpath string='WordArt'/></v:shape></w:pict></w:r>")
             P("<w:fldSimple w:instr='HYPERLINK \"https://example.net/x\"'>" R("here") "</w:fldSimple>")
                 P("<w:r><w:instrText>HYPERLINK \\l \"place\"</w:instrText></w:r>") "</w:document>"},
        {"word/h.xml", "<w:hdr>" P(R("head")) "</w:hdr>"},
        {"docProps/core.xml", "<cp:coreProperties><dc:title>a title</dc:title><dc:creator>Pat</dc:creator>"
                              "<dcterms:created>2026-01-01</dcterms:created></cp:coreProperties>"},
        {"docProps/custom.xml",
         "<Properties><property name='Cell'><vt:lpwstr>415-555-0142</vt:lpwstr></property>"
         "</Properties>"},
    };
    g_autoptr(Message) message = READ(ENTRIES);
    expect_link(message, NULL, "tel:4155550142");
    expect_link(message, NULL, "https://example.net/?a=1&b=2");
    expect_link(message, NULL, "https://example.net/x");
    cr_expect_null(attachment_find(message, ORIGIN_LINK, NULL, "file:"));
    cr_expect_null(attachment_find(message, ORIGIN_LINK, NULL, "place"));
    cr_expect_not_null(attachment_find(message, ORIGIN_DOCUMENT, "header", "head"));
    const char *const ATTRIBUTES[] = {"a poster", "of a number", "words", "WordArt"};
    for (gsize i = 0; i < G_N_ELEMENTS(ATTRIBUTES); i++)
        cr_expect_not_null(attachment_find(message, ORIGIN_ATTRIBUTE, NULL, ATTRIBUTES[i]));
    cr_expect_not_null(attachment_find(message, ORIGIN_METADATA, "title", "a title"));
    cr_expect_not_null(attachment_find(message, ORIGIN_METADATA, "creator", "Pat"));
    cr_expect_not_null(attachment_find(message, ORIGIN_METADATA, "Cell", "415-555-0142"));
    cr_expect_null(attachment_find(message, ORIGIN_METADATA, NULL, "2026"));
}

// Names of entries say nothing that counts.
Test(ooxml, what_a_part_is_its_content_says)
{
    static const Entry ENTRIES[] = {
        {"_rels/.rels", RELS(REL("r1", "officeDocument", "odd/place.bin"))},
        {"odd/place.bin", "<w:document>" P(R("415-") R("555-0142")) "</w:document>"},
        {"odd/_rels/place.bin.rels",
         RELS(REL("r1", "comments", "%63.foo") REL("r2", "aFChunk", "chunk.xml"))},
        {"odd/c.foo", "<w:comments><w:comment>" P(R("a re") R("mark")) "</w:comment></w:comments>"},
        {"odd/chunk.xml", "<?xml version='1.0'?><html><body><p>in a <b>chunk</b></p></body></html>"},
        {"odd/rich.xml", "{\\rtf1 rich wo{\\b rds}}"},
        {"nowhere/left.xml", "<w:ftr>" P(R("left al") R("one")) "</w:ftr>"},
        {"customXml/item1.xml", "<a:any xmlns:a='urn:x'><b>in data</b></a:any>"},
        {"word/x.xml", "<w:hdr/>"},
    };
    g_autoptr(Message) message = READ(ENTRIES);
    static const struct {
        int origin;
        const char *place, *text;
        Visibility visibility;
    } EXPECTED[] = {
        {ORIGIN_DOCUMENT, NULL, "415-555-0142", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, "comments", "a remark", VISIBILITY_SHOWN},
        {ORIGIN_HTML, NULL, "in a chunk", VISIBILITY_SHOWN},
        {ORIGIN_DATA, NULL, "rich words", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, "nowhere/left.xml", "left alone", VISIBILITY_SHOWN},
        {ORIGIN_DOCUMENT, "customXml/item1.xml", "in data", VISIBILITY_HIDDEN},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
        const Passage *passage =
            attachment_find(message, EXPECTED[i].origin, EXPECTED[i].place, EXPECTED[i].text);
        cr_expect_not_null(passage, "%s", EXPECTED[i].text);
        if (passage != NULL)
            cr_expect_eq(passage->visibility, EXPECTED[i].visibility, "%s", EXPECTED[i].text);
    }
    cr_expect_eq(message->facts->len, 0);
}

Test(ooxml, packages_that_lack_something)
{
    static const struct {
        Entry entry;
        bool typed;
        const char *fact; // NULL = none
    } CASES[] = {
        {{"word/document.xml", "<w:document>" P(R("415")) "</w:document>"}, true, NULL},
        {{"word/document.xml", "<w:document>" P("") "</w:document>"}, true, "no-text"},
        {{"word/footer1.xml", "<w:ftr>" P(R("415")) "</w:ftr>"}, true, "damaged"},
        {{"word/document.xml", "<w:document>" P(R("415")) "<w:p>"}, true, "damaged"},
        // A folder of somebody's words.
        {{"word/list.txt", "call 415-555-0142"}, false, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = read_entries(&CASES[i].entry, 1, CASES[i].typed);
        cr_expect_eq(message->facts->len, CASES[i].fact == NULL ? 0 : 1, "case %zu", i);
        cr_expect(CASES[i].fact == NULL || message_has_fact(message, CASES[i].fact), "case %zu", i);
        cr_expect_eq(attachment_find(message, -1, NULL, "415") != NULL,
                     strstr(CASES[i].entry.text, "415") != NULL, "case %zu", i);
    }
}

Test(ooxml, dead_weight_is_no_file_inside)
{
    static const Entry ENTRIES[] = {
        {"_rels/.rels", RELS(REL("r1", "officeDocument", "word/document.xml")
                                 REL("r2", "metadata/thumbnail", "docProps/thumbnail.emf"))},
        {"word/document.xml", "<w:document>" P(R("words")) "</w:document>"},
        {"word/fonts/font1.odttf", "\1\2\3\4"},
        {"word/theme/theme1.xml", "<a:theme name='x'><a:t>no</a:t></a:theme>"},
        {"word/settings.xml", "<w:settings><w:t>no</w:t></w:settings>"},
        {"docProps/thumbnail.emf", "\1\2\3\4"},
        {"xl/printerSettings/printerSettings1.bin", "\1\2\3\4"},
        {"word/vbaProject.bin", "\1\2\3\4"},
    };
    g_autoptr(Message) message = READ(ENTRIES);
    cr_expect_eq(message->parts->len, 1);
    cr_expect_eq(message->facts->len, 1);
    cr_expect(message_has_fact(message, "macros"));
    cr_expect_null(attachment_find(message, -1, NULL, "no"));
    cr_expect_str_eq(((Part *)message->parts->pdata[0])->sniffed,
                     "application/vnd.ms-word.document.macroenabled.12");
}

// ---- workbooks -------------------------------------------------------------------------------------------

#define BOOK(sheet)                                                                                          \
    {"_rels/.rels", RELS(REL("r1", "officeDocument", "xl/workbook.xml"))},                                   \
        {"xl/workbook.xml", "<workbook><sheets><sheet name='Later' sheetId='2' r:id='r2'/>"                  \
                            "<sheet name='First' sheetId='1' r:id='r1' state='hidden'/></sheets>"            \
                            "<definedNames><definedName name='Cell'>\"415\"</definedName></definedNames>"    \
                            "</workbook>"},                                                                  \
        {"xl/_rels/workbook.xml.rels",                                                                       \
         RELS(REL("r1", "worksheet", "worksheets/a.xml") REL("r2", "worksheet", "worksheets/b.xml")          \
                  REL("r3", "sharedStrings", "s.xml") REL("r4", "styles", "styles.xml"))},                   \
        {"xl/s.xml",                                                                                         \
         "<sst><si><t>name</t></si><si><r><t>two </t></r><r><t>runs</t></r><rPh><t>aid</t></rPh>"            \
         "</si><si><t>nowhere</t></si></sst>"},                                                              \
        {"xl/styles.xml",                                                                                    \
         "<styleSheet><numFmts><numFmt formatCode='\"call \\4\\1\\5\"'/></numFmts></styleSheet>"},           \
        {"xl/worksheets/a.xml", "<worksheet><sheetData><row><c t='inlineStr'><is><t>in</t></is></c></row>"   \
                                "</sheetData></worksheet>"},                                                 \
    {                                                                                                        \
        "xl/worksheets/b.xml", "<worksheet>" sheet "</worksheet>"                                            \
    }

Test(ooxml, the_cells_of_a_sheet)
{
    static const struct {
        Entry entries[7];
        const char *shown, *hidden;
    } CASES[] = {
        {{BOOK(
             "<sheetData><row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>"
             "<row><c><v>4155550142</v></c><c><v>4.155550142E9</v></c><c><v>3.25</v></c></row></sheetData>")},
         "name\ttwo runs\n4155550142\t4155550142\t3.25",
         ""},
        {{BOOK("<sheetData><row><c t='str'><f>\"a\"&amp;B1</f><v>ab</v></c><c t='b'><v>1</v></c><c "
               "t='e'><v>#REF!</v></c>"
               "</row><row hidden='1'><c><v>7</v></c></row></sheetData>")},
         "ab",
         "\"a\"&B1\n7"},
        {{BOOK("<cols><col min='2' max='3' hidden='1'/></cols><sheetData><row><c r='A1'><v>1</v></c><c "
               "r='B1'><v>2</v>"
               "</c><c r='D1'><v>4</v></c></row></sheetData>")},
         "1\t4",
         "\t2"},
        {{BOOK("<sheetData><row><c t='s'><v>99</v></c><c "
               "t='s'><v>-1</v></c><c><v>x</v></c></row></sheetData>")},
         "x",
         ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = READ(CASES[i].entries);
        g_autofree char *shown = text_at(message, VISIBILITY_SHOWN, "sheet Later");
        g_autofree char *hidden = text_at(message, VISIBILITY_HIDDEN, "sheet Later");
        cr_expect_str_eq(shown, CASES[i].shown, "case %zu: %s", i, shown);
        cr_expect_str_eq(hidden, CASES[i].hidden, "case %zu: %s", i, hidden);
        g_autofree char *other = text_at(message, VISIBILITY_HIDDEN, "sheet First");
        cr_expect_str_eq(other, "in");
        cr_expect_not_null(attachment_find(message, -1, "strings without a cell", "nowhere"));
        cr_expect_not_null(attachment_find(message, ORIGIN_ATTRIBUTE, NULL, "call 415"));
        cr_expect_not_null(attachment_find(message, -1, NULL, "Cell \"415\""));
        cr_expect_null(attachment_find(message, -1, NULL, "aid"));
    }
}

Test(ooxml, what_stands_beside_the_cells)
{
    static const Entry ENTRIES[] = {
        BOOK("<sheetData><row><c><f>HYPERLINK(\"tel:4155550142\",\"call\")</f><v>0</v></c></row></sheetData>"
             "<dataValidations><dataValidation prompt='type "
             "it'><formula1>\"red,blue\"</formula1></dataValidation>"
             "</dataValidations><hyperlinks><hyperlink ref='A1' r:id='r1' tooltip='tip'/></hyperlinks>"
             "<headerFooter><oddHeader>&amp;L&amp;\"Arial,Bold\"&amp;12 head &amp;&amp; "
             "all&amp;R&amp;P</oddHeader>"
             "</headerFooter>"),
        {"xl/worksheets/_rels/b.xml.rels",
         RELS(LINK("r1", "https://example.net/x") REL("r2", "comments", "../c.xml")
                  REL("r3", "threadedComment", "../t.xml") REL("r4", "drawing", "../d.xml"))},
        {"xl/c.xml", "<comments><authors><author>Pat</author></authors><commentList><comment "
                     "ref='A1'><text><r><t>a re</t></r>"
                     "<r><t>mark</t></r></text></comment></commentList></comments>"},
        {"xl/t.xml",
         "<ThreadedComments><threadedComment><text>an answer</text></threadedComment></ThreadedComments>"},
        {"xl/d.xml", "<xdr:wsDr><xdr:sp><xdr:txBody><a:p><a:r><a:t>in a "
                     "</a:t></a:r><a:r><a:t>box</a:t></a:r></a:p></xdr:txBody>"
                     "</xdr:sp></xdr:wsDr>"},
        {"xl/_rels/d.xml.rels", RELS(REL("r1", "chart", "chart.xml"))},
        {"xl/chart.xml",
         "<c:chartSpace><c:cat><c:strCache><c:pt><c:v>bar</c:v></c:pt></c:strCache></"
         "c:cat><c:val><c:numCache>"
         "<c:pt><c:v>4155550142</c:v></c:pt><c:pt><c:v>12</c:v></c:pt></c:numCache></c:val></c:chartSpace>"},
    };
    g_autoptr(Message) message = READ(ENTRIES);
    expect_link(message, "sheet Later", "tel:4155550142");
    expect_link(message, "sheet Later", "https://example.net/x");
    static const struct {
        int origin;
        const char *place, *text;
    } EXPECTED[] = {
        {ORIGIN_ATTRIBUTE, "sheet Later", "type it"},
        {ORIGIN_ATTRIBUTE, "sheet Later", "red,blue"},
        {ORIGIN_ATTRIBUTE, "sheet Later", "tip"},
        {ORIGIN_ATTRIBUTE, "sheet Later", "head & all"},
        {ORIGIN_DOCUMENT, "sheet Later, comments", "a remark"},
        {ORIGIN_DOCUMENT, "sheet Later, comments", "Pat"},
        {ORIGIN_DOCUMENT, "sheet Later, comments", "an answer"},
        {ORIGIN_DOCUMENT, "sheet Later, drawing", "in a box"},
        {ORIGIN_DOCUMENT, "sheet Later, drawing, chart", "bar\n4155550142"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++)
        cr_expect_not_null(attachment_find(message, EXPECTED[i].origin, EXPECTED[i].place, EXPECTED[i].text),
                           "%s", EXPECTED[i].text);
    cr_expect_null(attachment_find(message, ORIGIN_DOCUMENT, NULL, "12"));
}

// Records of a binary workbook.
static void record(GByteArray *out, guint type, const void *body, gsize len)
{
    guint8 head[] = {(guint8)(type < 128 ? type : (type & 0x7f) | 0x80), (guint8)(type >> 7)};
    guint8 size = (guint8)len;
    g_byte_array_append(out, head, type < 128 ? 1 : 2);
    g_byte_array_append(out, &size, 1);
    g_byte_array_append(out, body, (guint)len);
}

Test(ooxml, binary_workbooks)
{
    g_autoptr(GByteArray) book = g_byte_array_new(), strings = g_byte_array_new(), sheet = g_byte_array_new();
    record(book, 131, "", 0);
    record(book, 156, "\0\0\0\0\1\0\0\0\2\0\0\0r\0\x31\0\1\0\0\0S\0", 22);
    record(strings, 159, "\1\0\0\0\1\0\0\0", 8);
    record(strings, 19, "\0\3\0\0\0a\0b\0c\0", 11);
    record(sheet, 129, "", 0);
    record(sheet, 0, "\0\0\0\0", 4);
    record(sheet, 7, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    record(sheet, 6, "\1\0\0\0\0\0\0\0\2\0\0\0x\0y\0", 16);
    record(sheet, 5, "\2\0\0\0\0\0\0\0\x00\x00\xc0\x37\x15\xf6\xee\x41", 16);
    record(sheet, 0, "\1\0\0\0", 4);
    record(sheet, 2, "\0\0\0\0\0\0\0\0\x12\0\0\0", 12);
    const Entry entries[] = {
        {"_rels/.rels", RELS(REL("r1", "officeDocument", "xl/workbook.bin"))},
        {"xl/workbook.bin", (const char *)book->data, book->len},
        {"xl/_rels/workbook.bin.rels",
         RELS(REL("r1", "worksheet", "worksheets/s.bin") REL("r2", "sharedStrings", "s.bin"))},
        {"xl/s.bin", (const char *)strings->data, strings->len},
        {"xl/worksheets/s.bin", (const char *)sheet->data, sheet->len},
        {"xl/media/x.bin", "\x01\x02\x03\x04\x05\x06"},
    };
    g_autoptr(Message) message = READ(entries);
    g_autofree char *shown = text_at(message, VISIBILITY_SHOWN, "sheet S");
    cr_expect_str_eq(shown, "abc\txy\t4155550142\n4");
    cr_expect_str_eq(((Part *)message->parts->pdata[0])->sniffed,
                     "application/vnd.ms-excel.sheet.binary.macroenabled.12");
    // What is none of its parts is not taken for one.
    cr_expect(message_has_fact(message, "unread"));
    // Cut anywhere, records are read to where they end.
    for (gsize cut = 0; cut < sheet->len; cut++) {
        Entry cut_entries[G_N_ELEMENTS(entries)];
        memcpy(cut_entries, entries, sizeof entries);
        cut_entries[4].len = cut;
        cut_entries[4].text = cut > 0 ? cut_entries[4].text : "";
        g_autoptr(Message) part = READ(cut_entries);
        cr_expect_not_null(part);
    }
}

// ---- presentations ---------------------------------------------------------------------------------------

#define SLIDE(text) "<p:sp><p:txBody><a:p><a:r><a:t>" text "</a:t></a:r></a:p></p:txBody></p:sp>"

Test(ooxml, slides_in_their_order)
{
    static const Entry ENTRIES[] = {
        {"_rels/.rels", RELS(REL("r1", "officeDocument", "ppt/presentation.xml"))},
        {"ppt/presentation.xml",
         "<p:presentation><p:sldIdLst><p:sldId id='256' r:id='r9'/><p:sldId id='257' r:id='r1'/>"
         "</p:sldIdLst></p:presentation>"},
        {"ppt/_rels/presentation.xml.rels",
         RELS(REL("r1", "slide", "slides/slide1.xml") REL("r9", "slide", "slides/slide2.xml"))},
        {"ppt/slides/slide1.xml", "<p:sld show='0'>" SLIDE("hidden slide") "</p:sld>"},
        {"ppt/slides/slide2.xml",
         "<p:sld>" SLIDE(
             "shown slide") "<p:sp><p:nvSpPr><p:cNvPr hidden='1' descr='alt'/></p:nvSpPr>"
                            "<p:txBody><a:p><a:r><a:t>hidden shape</a:t></a:r></a:p></p:txBody></p:sp>"
                            "<a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>l</a:t></a:r></a:p></a:txBody></"
                            "a:tc>"
                            "<a:tc><a:txBody><a:p><a:r><a:t>r</a:t></a:r></a:p></a:txBody></a:tc></a:tr></"
                            "a:tbl></p:sld>"},
        {"ppt/slides/_rels/slide2.xml.rels",
         RELS(REL("r1", "notesSlide", "../n.xml") REL("r2", "comments", "../c.xml")
                  REL("r3", "slideLayout", "../l.xml") REL("r4", "diagramData", "../d.xml"))},
        {"ppt/n.xml", "<p:notes>" SLIDE("a note") "</p:notes>"},
        {"ppt/c.xml", "<p:cmLst><p:cm><p:text>a remark</p:text></p:cm></p:cmLst>"},
        {"ppt/d.xml", "<dgm:dataModel><dgm:pt><dgm:t><a:p><a:r><a:t>art</a:t></a:r></a:p></dgm:t></dgm:pt></"
                      "dgm:dataModel>"},
        {"ppt/l.xml", "<p:sldLayout><p:sp><p:nvSpPr><p:nvPr><p:ph/></p:nvPr></"
                      "p:nvSpPr><p:txBody><a:p><a:r><a:t>Click here</a:t>"
                      "</a:r></a:p></p:txBody></p:sp>" SLIDE("school motto") "</p:sldLayout>"},
    };
    static const struct {
        const char *place, *shown, *hidden;
    } EXPECTED[] = {
        {"slide 1", "shown slide\nl\tr", "hidden shape"},
        {"slide 2", "", "hidden slide"},
        {"slide 1, notes", "a note", ""},
        {"slide 1, comments", "a remark", ""},
        {"slide 1, diagram", "art", ""},
        {"layout", "school motto", ""},
    };
    g_autoptr(Message) message = READ(ENTRIES);
    for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
        g_autofree char *shown = text_at(message, VISIBILITY_SHOWN, EXPECTED[i].place);
        g_autofree char *hidden = text_at(message, VISIBILITY_HIDDEN, EXPECTED[i].place);
        cr_expect_str_eq(shown, EXPECTED[i].shown, "%s: %s", EXPECTED[i].place, shown);
        cr_expect_str_eq(hidden, EXPECTED[i].hidden, "%s: %s", EXPECTED[i].place, hidden);
    }
    cr_expect_null(attachment_find(message, -1, NULL, "Click"));
    cr_expect_not_null(attachment_find(message, ORIGIN_ATTRIBUTE, "slide 1", "alt"));
}

// ---- dear ones -------------------------------------------------------------------------------------------

static char *repeated(const char *before, const char *what, guint count, const char *after)
{
    GString *out = g_string_new(before);
    for (guint i = 0; i < count; i++)
        g_string_append(out, what);
    g_string_append(out, after);
    return g_string_free(out, FALSE);
}

// Time goes with the size of what is read; what is over a limit is told.
Test(ooxml, dear_ones, .timeout = 120)
{
    g_autofree char *book =
        repeated("<workbook><sheets>", "<sheet name='x' r:id='r1'/>", 100000, "</sheets></workbook>");
    g_autofree char *rels =
        repeated("<Relationships>", REL("r1", "slide", "../../../x/./y/../z.xml"), 50000, "</Relationships>");
    g_autofree char *links =
        repeated("<Relationships>", LINK("r1", "https://example.net/x"), 50000, "</Relationships>");
    g_autofree char *string = repeated("<sst><si><t>", "0123456789", 100000, "</t></si></sst>");
    g_autofree char *shares =
        repeated("<worksheet><row>", "<c t='s'><v>0</v></c>", 200000, "</row></worksheet>");
    g_autofree char *spans =
        repeated("<worksheet>", "<col min='1' max='16384' hidden='1'/>", 200000, "</worksheet>");
    g_autofree char *margins =
        repeated("<worksheet><oddHeader>", "&amp;\"", 300000, "</oddHeader></worksheet>");
    g_autofree char *runs = repeated("<w:document><w:p>", R("415"), 200000, "</w:p></w:document>");
    g_autofree char *boxes = repeated("<w:document>", "<w:p><w:r><w:txbxContent>", 80, "</w:document>");
    g_autofree char *fields = repeated("<w:document>", "<w:r><w:instrText>HYPERLINK \"</w:instrText></w:r>",
                                       200000, "</w:document>");
    const struct {
        const char *what;
        Entry entries[3];
        const char *fact; // NULL = none is asked
    } cases[] = {
        {"sheets", {{"xl/workbook.xml", book}, {"_rels/.rels", rels}, {"a", "a"}}, NULL},
        {"links", {{"word/document.xml", runs}, {"word/_rels/document.xml.rels", links}, {"a", "a"}}, NULL},
        {"strings", {{"xl/s.xml", string}, {"xl/w.xml", shares}, {"xl/workbook.xml", book}}, "incomplete"},
        {"columns", {{"xl/w.xml", spans}, {"xl/v.xml", margins}, {"xl/workbook.xml", book}}, NULL},
        {"boxes", {{"word/document.xml", boxes}, {"word/footer1.xml", fields}, {"a", "a"}}, "damaged"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        clock_t began = clock();
        g_autoptr(Message) message = READ(cases[i].entries);
        cr_expect_lt(clock() - began, 8 * CLOCKS_PER_SEC, "%s", cases[i].what);
        cr_expect(cases[i].fact == NULL || message_has_fact(message, cases[i].fact), "%s", cases[i].what);
    }
}

// Links past the number that get a passage each are still there.
Test(ooxml, many_links)
{
    GString *rels = g_string_new("<Relationships>");
    for (guint i = 0; i < 3000; i++)
        g_string_append_printf(rels, LINK("r%u", "https://example.net/%u"), i, i);
    g_string_append(rels, "</Relationships>");
    const Entry entries[] = {{"word/document.xml", "<w:document>" P(R("a")) "</w:document>"},
                             {"word/_rels/document.xml.rels", rels->str}};
    g_autoptr(Message) message = READ(entries);
    cr_expect_lt(message->passages->len, 1100);
    cr_expect_not_null(attachment_find(message, ORIGIN_LINK, NULL, "https://example.net/0"));
    cr_expect_not_null(attachment_find(message, -1, "links", "https://example.net/2999"));
    cr_expect_eq(message->facts->len, 0);
    g_string_free(rels, TRUE);
}
