// PDFs, written here as text: a table of objects that is missing is made anew by every reader.
#include "picture_fixture.h"

#include <cairo-pdf.h>
#include <string.h>

#define FONT "<</Font<</F 9 0 R>>>>"
#define HEAD                                                                                                 \
    "%PDF-1.4\n"                                                                                             \
    "9 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
#define PAGE_TEXT(text)                                                                                      \
    "8 0 obj<</Length 80>>stream\nBT /F 12 Tf 20 100 Td (" text ") Tj ET\nendstream endobj\n"
#define PAGE(more)                                                                                           \
    "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"                                                     \
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 8 0 R/Resources" FONT more ">>endobj\n"
#define END "trailer<</Root 1 0 R/Info 7 0 R>>\n%%EOF\n"

static Message *pdf_text_read(const char *text)
{
    return attachment_read(text, strlen(text), "application/pdf", "a.pdf");
}

Test(pdf, what_it_holds)
{
    static const char FILE_TEXT[] = HEAD PAGE("/Annots[4 0 R 5 0 R 6 0 R 12 0 R]") PAGE_TEXT(
        "Field day is on Friday") "1 0 obj<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/DA(/F 12 "
                                  "Tf)/DR" FONT ">>/Outlines 10 0 R"
                                  "/Names<</EmbeddedFiles<</Names[(note.txt) 13 0 R]>>>>>>endobj\n"
                                  "4 0 obj<</Type/Annot/Subtype/Link/Rect[20 90 200 "
                                  "120]/A<</S/URI/URI(https://t.me/example_invite)>>>>endobj\n"
                                  "5 0 obj<</Type/Annot/Subtype/Text/Rect[10 10 30 30]/Contents(note says "
                                  "415-555-0143)/T(Pat Example)>>endobj\n"
                                  "6 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(cell)/TU(Cell "
                                  "phone)/V(415-555-0144)/Rect[20 20 200 40]/P 3 0 R>>endobj\n"
                                  "7 0 obj<</Title(Title 415-555-0145)/Author(Pat Example)>>endobj\n"
                                  "10 0 obj<</Type/Outlines/First 11 0 R/Last 11 0 R/Count 1>>endobj\n"
                                  "11 0 obj<</Title(Chapter 415-555-0146)/Parent 10 0 R/Dest[3 0 "
                                  "R/Fit]>>endobj\n"
                                  "12 0 obj<</Type/Annot/Subtype/FileAttachment/Rect[50 50 60 60]/FS 15 0 "
                                  "R/Contents(see file)>>endobj\n"
                                  "13 0 obj<</Type/Filespec/F(note.txt)/EF<</F 14 0 R>>>>endobj\n"
                                  "14 0 obj<</Type/EmbeddedFile/Length 26>>stream\ninside it is 415-555-0147 "
                                  "\nendstream endobj\n"
                                  "15 0 obj<</Type/Filespec/F(pinned.txt)/EF<</F 16 0 R>>>>endobj\n"
                                  "16 0 obj<</Type/EmbeddedFile/Length 26>>stream\npinned to it 415-555-0148 "
                                  "\nendstream endobj\n" END;
    static const struct {
        int origin;
        const char *place, *text;
    } EXPECTED[] = {
        {ORIGIN_DOCUMENT, "page 1", "Field day is on Friday"},
        {ORIGIN_LINK, "page 1", "https://t.me/example_invite"},
        {ORIGIN_DOCUMENT, "page 1, note", "note says 415-555-0143"},
        {ORIGIN_DOCUMENT, "page 1, form", "Cell phone: 415-555-0144"},
        {ORIGIN_METADATA, NULL, "Title 415-555-0145"},
        {ORIGIN_METADATA, NULL, "Pat Example"},
        {ORIGIN_DOCUMENT, "outline", "Chapter 415-555-0146"},
        {ORIGIN_TEXT, NULL, "inside it is 415-555-0147"},
        {ORIGIN_TEXT, NULL, "pinned to it 415-555-0148"},
    };
    g_autoptr(Message) message = pdf_text_read(FILE_TEXT);
    for (guint i = 0; i < G_N_ELEMENTS(EXPECTED); i++)
        cr_expect_not_null(attachment_find(message, EXPECTED[i].origin, EXPECTED[i].place, EXPECTED[i].text),
                           "%s", EXPECTED[i].text);
    cr_expect_eq(((Part *)message->parts->pdata[0])->state, PART_READ);
    cr_expect(message_has_fact(message, "embedded-file"));
    cr_expect_not(message_has_fact(message, "no-text"));
    cr_expect_eq(message->parts->len, 3);
}

Test(pdf, passwords)
{
    g_autoptr(GBytes) locked = attachment_file("locked.pdf"), open = attachment_file("locked-to-change.pdf");
    g_autoptr(Message) closed = picture_read_as(locked, false);
    g_autoptr(Message) message = picture_read_as(open, false);
    cr_expect(message_has_fact(closed, "encrypted"));
    cr_expect_eq(((Part *)closed->parts->pdata[0])->state, PART_FAILED);
    cr_expect_not(message_has_fact(message, "encrypted"));
    cr_expect_not_null(attachment_find(message, ORIGIN_DOCUMENT, "page 1", "Call 415-555-0142"));
}

Test(pdf, never_silently_clean)
{
    static const struct {
        const char *file, *fact;
    } FILES[] = {
        {"%PDF-1.4\n", "damaged"},
        {"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n", "no-text"},
        {HEAD PAGE("") PAGE_TEXT("") "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" END, "no-text"},
        // A tree of pages that holds itself.
        {"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 9/Kids[2 0 R 2 0 "
         "R]>>endobj\n"
         "trailer<</Root 1 0 R>>\n",
         "no-text"},
        // An outline that goes round.
        {HEAD PAGE("") PAGE_TEXT("") "1 0 obj<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R>>endobj\n"
                                     "4 0 obj<</First 5 0 R/Last 5 0 R>>endobj\n5 0 obj<</Title(x)/Next 5 0 "
                                     "R/First 5 0 R/Parent 4 0 R>>endobj\n" END,
         NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autoptr(Message) message = pdf_text_read(FILES[i].file);
        cr_expect(FILES[i].fact == NULL || message_has_fact(message, FILES[i].fact), "file %u", i);
        cr_expect(message->facts->len > 0 || message->passages->len > 0, "file %u", i);
    }
}

static cairo_status_t pdf_append(void *to, const unsigned char *data, unsigned int len)
{
    g_byte_array_append(to, data, len);
    return CAIRO_STATUS_SUCCESS;
}

// Pages, each with the picture of a line of text or, where there is none, with nothing; `words` on all of them.
static GBytes *pdf_of_pictures(const char *const *lines, guint count, const char *words)
{
    GByteArray *out = g_byte_array_new();
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(pdf_append, out, 612, 792);
    cairo_t *cairo = cairo_create(surface);
    for (guint i = 0; i < count; i++) {
        PIX *pix = lines[i] != NULL ? picture_of_text(lines + i, 1, 40, false) : NULL;
        cairo_surface_t *picture = NULL;
        if (pix != NULL) {
            picture = cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixGetWidth(pix), pixGetHeight(pix));
            guint8 *rows = cairo_image_surface_get_data(picture);
            for (int y = 0; y < pixGetHeight(pix); y++)
                for (int x = 0; x < pixGetWidth(pix); x++) {
                    l_uint32 value = 0;
                    pixGetPixel(pix, x, y, &value);
                    memset(rows + (gsize)y * (gsize)cairo_image_surface_get_stride(picture) + 4 * (gsize)x,
                           (int)value, 4);
                }
            cairo_surface_mark_dirty(picture);
            cairo_save(cairo);
            cairo_translate(cairo, 40, 300);
            cairo_scale(cairo, 0.45, 0.45);
            cairo_set_source_surface(cairo, picture, 0, 0);
            cairo_paint(cairo);
            cairo_restore(cairo);
        }
        if (words != NULL) {
            cairo_move_to(cairo, 50, 50);
            cairo_show_text(cairo, words);
        }
        cairo_show_page(cairo);
        if (picture != NULL)
            cairo_surface_destroy(picture);
        pixDestroy(&pix);
    }
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return g_byte_array_free_to_bytes(out);
}

Test(pdf, scanned_pages, .timeout = 120)
{
    static const char *const LINES[] = {"Call 415-555-0142", NULL, "or 415-555-0143"};
    g_autoptr(GBytes) file = pdf_of_pictures(LINES, G_N_ELEMENTS(LINES), NULL);
    g_autoptr(Message) plain = picture_read_as(file, false);
    cr_expect(message_has_fact(plain, "no-text"));
    cr_expect_eq(((Part *)plain->parts->pdata[0])->pictures, 2);
    g_autoptr(Message) message = picture_read_as(file, true);
    cr_expect_not(message_has_fact(message, "no-text"));
    cr_expect_not_null(attachment_find(message, ORIGIN_OCR, "page 1", "415-555-0142"));
    cr_expect_not_null(attachment_find(message, ORIGIN_OCR, "page 3", "415-555-0143"));
}

Test(pdf, pictures_beside_text, .timeout = 120)
{
    static const char *const LINES[] = {"Call 415-555-0142"};
    g_autoptr(GBytes) file = pdf_of_pictures(LINES, G_N_ELEMENTS(LINES), "Field day is on Friday");
    g_autoptr(Message) plain = picture_read_as(file, false);
    cr_expect_not(message_has_fact(plain, "no-text"));
    cr_expect_eq(((Part *)plain->parts->pdata[0])->pictures, 1);
    g_autoptr(Message) message = picture_read_as(file, true);
    cr_expect_not_null(attachment_find(message, ORIGIN_DOCUMENT, "page 1", "Field day is on Friday"));
    cr_expect_not_null(attachment_find(message, ORIGIN_OCR, "page 1", "415-555-0142"));
}

Test(pdf, limits, .timeout = 60)
{
    static const char *const NOTHING[30] = {NULL};
    g_autoptr(Config) config = config_defaults();
    ConfigLimits pages = config->limits, text = config->limits;
    pages.pdf_pages = 3;
    text.document_text = 30;
    g_autoptr(GBytes) file = pdf_of_pictures(NOTHING, G_N_ELEMENTS(NOTHING), "Field day is on Friday");
    const struct {
        const ConfigLimits *limits;
        bool incomplete;
    } CASES[] = {{&config->limits, false}, {&pages, true}, {&text, true}};
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        AttachmentOptions options = {.limits = CASES[i].limits};
        g_autoptr(Message) message = picture_read_with(file, &options);
        cr_expect_eq(message_has_fact(message, "incomplete"), CASES[i].incomplete, "case %u", i);
    }
}

// Cut anywhere, it is read or said to be broken, and never clean and empty.
Test(pdf, cut_off, .timeout = 60)
{
    static const char *const NOTHING[1] = {NULL};
    g_autoptr(GBytes) file = pdf_of_pictures(NOTHING, 1, "Field day is on Friday");
    for (gsize cut = g_bytes_get_size(file) - 1; cut > 20; cut -= MIN(cut, 211)) {
        g_autoptr(GBytes) some = g_bytes_new_from_bytes(file, 0, cut);
        g_autoptr(Message) message = picture_read_as(some, false);
        cr_expect(message->passages->len > 0 || message->facts->len > 0, "%zu bytes", cut);
    }
}
