// EPUB put together here: chapters in the order of the spine, whatever they are called.
#include "attachment_fixture.h"
#include "zip_maker.h"

#include <string.h>

typedef struct {
    const char *name, *text;
} Entry;

static Message *read_book(const Entry *entries, gsize count)
{
    static const char TYPE[] = "application/epub+zip";
    g_autoptr(ZipMaker) maker = zip_maker_new();
    ZipLie mimetype = {"mimetype", "mimetype", 0, 0, TYPE, sizeof TYPE - 1, sizeof TYPE - 1, -1};
    zip_maker_lie(maker, &mimetype);
    for (gsize i = 0; i < count && entries[i].name != NULL; i++)
        zip_maker_add(maker, entries[i].name, entries[i].text, strlen(entries[i].text));
    g_autoptr(GByteArray) bytes = zip_maker_end(maker);
    return attachment_read(bytes->data, bytes->len, "", "file");
}

#define CONTAINER                                                                                            \
    {                                                                                                        \
        "META-INF/container.xml",                                                                            \
            "<container><rootfiles><rootfile full-path='OPS/book.opf'/></rootfiles></container>"             \
    }
#define OPF                                                                                                  \
    {                                                                                                        \
        "OPS/book.opf", "<package><metadata><dc:title>a title</dc:title><dc:identifier>4155550142"           \
                        "</dc:identifier></metadata><manifest><item id='a' href='text/one%20a.xhtml'/>"      \
                        "<item id='b' href='../two.html'/></manifest><spine><itemref idref='b'/>"            \
                        "<itemref idref='nobody'/><itemref idref='a'/></spine></package>"                    \
    }

Test(epub, chapters_in_their_order)
{
    static const Entry ENTRIES[] = {
        CONTAINER,
        OPF,
        {"OPS/text/one a.xhtml",
         "<!DOCTYPE html [<!ENTITY x 'y'>]><html><body><p>call 415-<b>555</b>-0142</p></body></html>"},
        {"two.html", "<html><body><a href='https://example.net/x'>two</a></body></html>"},
        {"OPS/left.xhtml", "<html><body>left alone</body></html>"},
        {"OPS/style.css", ".a { color: no }"},
        {"OPS/note.txt", "a file inside"},
    };
    static const struct {
        int origin;
        const char *place, *text;
    } EXPECTED[] = {
        {ORIGIN_HTML, "chapter 1", "two"},
        {ORIGIN_LINK, "chapter 1", "https://example.net/x"},
        {ORIGIN_HTML, "chapter 3", "call 415-555-0142"},
        {ORIGIN_HTML, "OPS/left.xhtml", "left alone"},
        {ORIGIN_METADATA, "title", "a title"},
        {-1, NULL, "a file inside"},
    };
    g_autoptr(Message) message = read_book(ENTRIES, G_N_ELEMENTS(ENTRIES));
    for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++)
        cr_expect_not_null(attachment_find(message, EXPECTED[i].origin, EXPECTED[i].place, EXPECTED[i].text),
                           "%s", EXPECTED[i].text);
    cr_expect_null(attachment_find(message, ORIGIN_METADATA, NULL, "4155550142"));
    cr_expect_null(attachment_find(message, -1, NULL, "color"));
    cr_expect_eq(message->facts->len, 0);
}

Test(epub, books_that_lack_something)
{
    static const struct {
        Entry entries[4];
        const char *fact;
        bool read;
    } CASES[] = {
        {{OPF, {"two.html", "<p>415</p>"}}, "damaged", true},
        {{CONTAINER, {"two.html", "<p>415</p>"}}, "damaged", true},
        {{CONTAINER, {"OPS/book.opf", "<package><manifest>"}, {"two.html", "<p>415</p>"}}, "damaged", true},
        {{CONTAINER, OPF}, "no-text", false},
        {{CONTAINER,
          OPF,
          {"two.html", "<p>415</p>"},
          {"META-INF/encryption.xml",
           "<encryption><EncryptionMethod "
           "Algorithm='http://www.w3.org/2001/04/xmlenc#aes256-cbc'/></encryption>"}},
         "encrypted",
         false},
        {{CONTAINER,
          OPF,
          {"two.html", "<p>415</p>"},
          {"META-INF/encryption.xml",
           "<encryption><EncryptionMethod Algorithm='http://www.idpf.org/2008/embedding'/></encryption>"}},
         NULL,
         true},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = read_book(CASES[i].entries, 4);
        cr_expect(CASES[i].fact != NULL || message->facts->len == 0, "case %zu", i);
        cr_expect(CASES[i].fact == NULL || message_has_fact(message, CASES[i].fact), "case %zu", i);
        cr_expect_eq(attachment_find(message, ORIGIN_HTML, NULL, "415") != NULL, CASES[i].read, "case %zu",
                     i);
    }
}
