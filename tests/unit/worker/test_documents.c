// Office Open XML, OpenDocument and EPUB: files that LibreOffice made from the flat ones beside them, and hostile ones put together here.
#include "attachment_fixture.h"
#include "zip_maker.h"

#include <string.h>

typedef struct {
    const char *file, *type; // as sniffed: its end
    int origin;
    const char *place, *text;
    Visibility visibility;
} Expected;

Test(documents, what_people_read_and_where)
{
    static const Expected EXPECTED[] = {
        {"letter.docx", "wordprocessingml.document", ORIGIN_DOCUMENT, NULL,
         "Call my cell 415-555-0142 on the day.", 0},
        {"letter.docx", "", ORIGIN_DOCUMENT, NULL, "left cell\tright cell", 0},
        {"letter.docx", "", ORIGIN_DOCUMENT, "header", "Maple Hill School header", 0},
        {"letter.docx", "", ORIGIN_DOCUMENT, "footer", "footer 415-555-0101", 0},
        {"letter.docx", "", ORIGIN_DOCUMENT, "footnotes", "footnote sentence", 0},
        {"letter.docx", "", ORIGIN_DOCUMENT, "comments", "comment words", 0},
        {"letter.docx", "", ORIGIN_LINK, NULL, "https://www.instagram.com/coach_example_77", 0},
        {"letter.docx", "", ORIGIN_METADATA, NULL, "Field trip letter", VISIBILITY_HIDDEN},
        {"sheet.xlsx", "spreadsheetml.sheet", ORIGIN_TABLE, "sheet Contacts",
         "Pat Example\t4155550142\t3.25\tPat Example formula text", 0},
        {"sheet.xlsx", "", ORIGIN_DOCUMENT, "sheet Contacts, comments", "sheet comment", 0},
        {"sheet.xlsx", "", ORIGIN_TABLE, "sheet Secret", "hidden words", VISIBILITY_HIDDEN},
        {"sheet.xlsx", "", ORIGIN_LINK, NULL, "https://t.me/example_invite", 0},
        {"slides.pptx", "presentationml.presentation", ORIGIN_DOCUMENT, "slide 1", "First slide words", 0},
        {"slides.pptx", "", ORIGIN_DOCUMENT, "slide 2", "Text me 415-555-0142", 0},
        {"slides.pptx", "", ORIGIN_DOCUMENT, "slide 2, notes", "speaker notes here", 0},
        {"slides.pptx", "", ORIGIN_LINK, NULL, "https://discord.gg/Example1", 0},
        {"letter.odt", "opendocument.text", ORIGIN_DOCUMENT, NULL, "Call my cell 415-555-0142 on the day.",
         0},
        {"letter.odt", "", ORIGIN_DOCUMENT, NULL, "left cell\tright cell", 0},
        {"letter.odt", "", ORIGIN_DOCUMENT, "headers and footers", "footer 415-555-0101", 0},
        {"letter.odt", "", ORIGIN_LINK, NULL, "https://www.instagram.com/coach_example_77", 0},
        {"letter.odt", "", ORIGIN_METADATA, NULL, "aquarium", VISIBILITY_HIDDEN},
        {"sheet.ods", "opendocument.spreadsheet", ORIGIN_TABLE, "sheet Contacts",
         "Pat Example\t4155550142\t3.25\t", 0},
        {"slides.odp", "opendocument.presentation", ORIGIN_DOCUMENT, "slide 2", "Text me 415-555-0142", 0},
        {"slides.odp", "", ORIGIN_DOCUMENT, "slide 2, notes", "speaker notes here", 0},
        {"letter.epub", "epub+zip", ORIGIN_HTML, NULL, "Call my cell 415-555-0142 on the day.", 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
        const Expected *want = &EXPECTED[i];
        g_autoptr(GBytes) file = attachment_file(want->file);
        g_autoptr(Message) message =
            attachment_read(g_bytes_get_data(file, NULL), g_bytes_get_size(file), "", "file");
        const Passage *passage = attachment_find(message, want->origin, want->place, want->text);
        cr_expect(g_str_has_suffix(((Part *)message->parts->pdata[0])->sniffed, want->type), "%s",
                  want->file);
        cr_expect_not_null(passage, "%s: nothing holds \"%s\"", want->file, want->text);
        if (passage != NULL)
            cr_expect_eq(passage->visibility, want->visibility, "%s: %s", want->file, want->text);
        cr_expect_not(message_has_fact(message, "damaged"), "%s", want->file);
    }
}

Test(documents, cut_anywhere_they_are_not_clean)
{
    static const char *const FILES[] = {"letter.docx", "sheet.xlsx", "letter.odt", "letter.epub"};
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autoptr(GBytes) file = attachment_file(FILES[i]);
        gsize len = 0;
        const char *data = g_bytes_get_data(file, &len);
        for (gsize cut = len - 30; cut > 100; cut -= MIN(cut, 331)) {
            g_autoptr(Message) message = attachment_read(data, cut, "", "file");
            cr_expect_gt(message->facts->len, 0, "%s at %zu", FILES[i], cut);
        }
    }
}

// ---- put together here -----------------------------------------------------------------------------------

#define W "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""

static Message *read_word(const char *document)
{
    g_autoptr(ZipMaker) maker = zip_maker_new();
    zip_maker_add(maker, "[Content_Types].xml", "<Types/>", 8);
    zip_maker_add(maker, "word/document.xml", document, strlen(document));
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    return attachment_read(bytes->data, bytes->len, "", "a.docx");
}

Test(documents, words_in_pieces_hidden_and_deleted)
{
    g_autoptr(Message) message = read_word(
        "<w:document " W "><w:body><w:p><w:r><w:t>415-</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>555</w:t></"
        "w:r><w:r><w:t>-0142</w:t></w:r></w:p>"
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>unseen</w:t></w:r><w:r><w:t>seen</w:t></w:r></w:p>"
        "<w:p><w:del><w:r><w:delText>taken back</w:delText></w:r></w:del></w:p>"
        "<w:p><w:r><w:instrText> HYPERLINK \"https://example.net/x\" </w:instrText></w:r></w:p>"
        "<w:p><w:r><w:drawing><wp:docPr xmlns:wp=\"u\" descr=\"a poster with a "
        "number\"/></w:drawing></w:r></w:p></w:body></w:document>");
    const Passage *shown = attachment_find(message, ORIGIN_DOCUMENT, NULL, "415-555-0142");
    cr_assert_not_null(shown);
    cr_expect_eq(shown->visibility, VISIBILITY_SHOWN);
    cr_expect_null(strstr(shown->text, "unseen"));
    cr_expect_null(strstr(shown->text, "taken back"));
    const Passage *hidden = attachment_find(message, ORIGIN_DOCUMENT, NULL, "unseen");
    cr_assert_not_null(hidden);
    cr_expect_eq(hidden->visibility, VISIBILITY_HIDDEN);
    cr_expect_not_null(attachment_find(message, ORIGIN_DOCUMENT, NULL, "taken back"));
    cr_expect_not_null(attachment_find(message, ORIGIN_LINK, NULL, "https://example.net/x"));
    cr_expect_not_null(attachment_find(message, ORIGIN_ATTRIBUTE, NULL, "a poster with a number"));
}

Test(documents, laughs_and_foreign_entities_are_refused, .timeout = 10)
{
    static const char *const DOCUMENTS[] = {
        "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><w:document " W
        "><w:t>&b;</w:t></w:document>",
        "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><w:document " W
        "><w:t>&f;</w:t></w:document>",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(DOCUMENTS); i++) {
        g_autoptr(Message) message = read_word(DOCUMENTS[i]);
        cr_expect(message_has_fact(message, "damaged"));
        cr_expect_null(attachment_find(message, -1, NULL, "haha"));
        cr_expect_null(attachment_find(message, -1, NULL, "root:"));
    }
}

static char *repeated(const char *before, const char *what, guint count, const char *after)
{
    GString *out = g_string_new(before);
    for (guint i = 0; i < count; i++)
        g_string_append(out, what);
    g_string_append(out, after);
    return g_string_free(out, FALSE);
}

// Each is told, and takes its time by its size and not by its square.
Test(documents, dear_xml, .timeout = 20)
{
    static const struct {
        const char *what, *before, *again, *after;
        guint count;
        const char *fact; // NULL = none is asked
    } CASES[] = {
        {"depth", "<w:document " W ">", "<w:p>", "", 1000000, "incomplete"},
        {"attributes", "<w:document " W "><w:p ", "a='' ", "/></w:document>", 500000, "incomplete"},
        {"paragraphs", "<w:document " W ">", "<w:p><w:r><w:t>a</w:t></w:r></w:p>", "</w:document>", 300000,
         NULL},
        {"tabs", "<w:document " W ">", "<w:tab/>", "</w:document>", 1000000, NULL},
        {"cells", "<w:document " W ">", "<w:tc/>", "</w:document>", 1000000, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *document = repeated(CASES[i].before, CASES[i].again, CASES[i].count, CASES[i].after);
        gint64 began = g_get_monotonic_time();
        g_autoptr(Message) message = read_word(document);
        cr_expect_lt(g_get_monotonic_time() - began, 8 * G_USEC_PER_SEC, "%s", CASES[i].what);
        if (CASES[i].fact != NULL)
            cr_expect(message_has_fact(message, CASES[i].fact), "%s: %s", CASES[i].what,
                      message->facts->len > 0 ? ((Fact *)message->facts->pdata[0])->name : "no fact");
    }
}

Test(documents, macros_embedded_files_and_pages_inside_are_told)
{
    g_autoptr(ZipMaker) maker = zip_maker_new();
    static const char HTML[] = "<p>find me at <b>415-555-0142</b></p>";
    zip_maker_add(maker, "[Content_Types].xml", "<Types/>", 8);
    zip_maker_add(maker, "word/document.xml", "<w:document " W "/>", strlen("<w:document " W "/>"));
    zip_maker_add(maker, "word/vbaProject.bin", "x", 1);
    zip_maker_add(maker, "word/afchunk.html", HTML, sizeof HTML - 1);
    zip_maker_add(maker, "word/embeddings/note.txt", "my snap is example_coach", 24);
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    g_autoptr(Message) message = attachment_read(bytes->data, bytes->len, "", "a.docm");
    cr_expect(message_has_fact(message, "macros"));
    cr_expect(message_has_fact(message, "embedded-file"));
    cr_expect_not_null(attachment_find(message, ORIGIN_HTML, NULL, "415-555-0142"));
    cr_expect_not_null(attachment_find(message, -1, NULL, "my snap is example_coach"));
}
