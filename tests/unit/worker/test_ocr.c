// Text in pictures: sizes, light on dark, limits of number and time, languages.
#include "picture_fixture.h"

#include "reader/formats/formats.h"

#include <string.h>

static const char *const LINES[] = {"Field day is on Friday", "Call Coach at 415-555-0142",
                                    "All families are welcome"};

Test(ocr, sizes_and_grounds, .timeout = 120)
{
    static const struct {
        int size;
        bool dark;
    } LOOKS[] = {{11, false}, {16, false}, {32, false}, {90, false}, {16, true}, {40, true}};
    for (guint i = 0; i < G_N_ELEMENTS(LOOKS); i++) {
        PIX *pix = picture_of_text(LINES, G_N_ELEMENTS(LINES), LOOKS[i].size, LOOKS[i].dark);
        g_autoptr(GBytes) file = picture_file(pix, IFF_PNG);
        g_autoptr(Message) message = picture_read_as(file, true);
        cr_expect_not_null(attachment_find(message, ORIGIN_OCR, NULL, "415-555-0142"), "%d pixels%s",
                           LOOKS[i].size, LOOKS[i].dark ? ", dark" : "");
        cr_expect_not_null(attachment_find(message, ORIGIN_OCR, NULL, "Field day"), "%d pixels",
                           LOOKS[i].size);
        cr_expect(message_has_fact(message, "ocr"));
        cr_expect_eq(((Part *)message->parts->pdata[0])->pictures, 0);
        pixDestroy(&pix);
    }
}

Test(ocr, turned_as_the_camera_says, .timeout = 60)
{
    g_autoptr(GBytes) file = attachment_file("exif.jpg");
    g_autoptr(Message) message = picture_read_as(file, true);
    cr_expect_not_null(attachment_find(message, ORIGIN_OCR, NULL, "Sideways 415-555-0142"));
}

// Without OCR, or where it may not or cannot, the picture is counted or told.
Test(ocr, limits, .timeout = 60)
{
    g_autoptr(Config) config = config_defaults();
    const AttachmentOptions usual = {.limits = &config->limits,
                                     .ocr = true,
                                     .languages = config->attachments.ocr_languages,
                                     .ocr_pictures = 20};
    AttachmentOptions none = usual, few = usual, late = usual, small = usual;
    none.ocr = false;
    few.ocr_pictures = 0;
    late.ocr_ms = 1;
    small.ocr_least_pixels = 100 * 1000 * 1000;
    const struct {
        const AttachmentOptions *options;
        guint pictures, unread;
    } CASES[] = {{&none, 1, 0}, {&few, 0, 1}, {&late, 0, 1}, {&small, 0, 0}};
    PIX *pix = picture_of_text(LINES, G_N_ELEMENTS(LINES), 40, false);
    g_autoptr(GBytes) file = picture_file(pix, IFF_PNG);
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = picture_read_with(file, CASES[i].options);
        cr_expect_eq(((Part *)message->parts->pdata[0])->pictures, CASES[i].pictures, "case %u", i);
        cr_expect_eq(picture_facts(message, "picture-unread"), CASES[i].unread, "case %u", i);
    }
    pixDestroy(&pix);
}

Test(ocr, languages_that_are_not_installed)
{
    static const char *const MISSING[] = {"xyz", "eng+xyz"};
    for (guint i = 0; i < G_N_ELEMENTS(MISSING); i++) {
        g_autoptr(Config) config = config_defaults();
        g_autofree char *languages = g_strdup(MISSING[i]);
        AttachmentOptions options = {.limits = &config->limits, .ocr = true, .languages = languages};
        g_autoptr(GString) note = g_string_new(NULL);
        cr_expect_not(formats_warm_up(&options, note));
        cr_expect_not_null(strstr(note->str, "tesseract-ocr-"), "%s", note->str);
    }
}
