// Codes in pictures: what they say, taken apart; sizes, dark ones, several. The files are made by tests/corpus/make_attachments.py.
#include "picture_fixture.h"

#include <string.h>

Test(code, contents)
{
    static const struct {
        const char *file;
        PassageOrigin origin;
        const char *text;
    } CODES[] = {
        {"code-link.png", ORIGIN_CODE, "https://t.me/example_invite"},
        {"code-link.png", ORIGIN_LINK, "https://t.me/example_invite"},
        {"code-vcard.png", ORIGIN_VCARD, "415-555-0142"},
        {"code-vcard.png", ORIGIN_VCARD, "pat@example.org"},
        {"code-mecard.png", ORIGIN_CODE, "TEL: 4155550142\nEMAIL: pat;p@example.org"},
        {"code-wifi.png", ORIGIN_CODE, "P: 4155550142"},
        {"code-sms.png", ORIGIN_CODE, "+14155550142"},
        {"code-sms.png", ORIGIN_CODE, "see you there"},
        {"code-utf8.png", ORIGIN_CODE, "Teléfono móvil: 415-555-0142 ñ"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(CODES); i++) {
        g_autoptr(GBytes) file = attachment_file(CODES[i].file);
        g_autoptr(Message) message = picture_read_as(file, false);
        cr_expect_not_null(attachment_find(message, (int)CODES[i].origin, NULL, CODES[i].text), "%s: %s",
                           CODES[i].file, CODES[i].text);
        cr_expect_eq(picture_facts(message, "code"), 1, "%s", CODES[i].file);
    }
}

static PIX *code_pix(const char *name)
{
    g_autoptr(GBytes) file = attachment_file(name);
    gsize len = 0;
    const void *data = g_bytes_get_data(file, &len);
    PIX *pix = pixReadMem(data, len), *grey = pixConvertTo8(pix, 0);
    pixDestroy(&pix);
    return grey;
}

// Small and large, light on dark, without white around it, in the corner of a page.
Test(code, looks)
{
    static const struct {
        float scale;
        bool dark;
        int crop, page;
    } LOOKS[] = {{0.67f, false, 0, 0}, {1, true, 0, 0},   {4, false, 0, 0},    {1, false, 12, 0},
                 {1, true, 12, 0},     {12, false, 0, 0}, {1, false, 0, 1500}, {3, false, 0, 4000}};
    PIX *code = code_pix("code-link.png");
    for (guint i = 0; i < G_N_ELEMENTS(LOOKS); i++) {
        PIX *pix = LOOKS[i].crop > 0 ? pixRemoveBorder(code, LOOKS[i].crop) : pixCopy(NULL, code);
        PIX *scaled = pixScaleBySampling(pix, LOOKS[i].scale, LOOKS[i].scale);
        if (LOOKS[i].dark)
            pixInvert(scaled, scaled);
        PIX *page = LOOKS[i].page > 0 ? pixCreate(LOOKS[i].page, LOOKS[i].page, 8) : pixClone(scaled);
        if (LOOKS[i].page > 0) {
            pixSetAll(page);
            pixRasterop(page, LOOKS[i].page - 500, LOOKS[i].page - 500, pixGetWidth(scaled),
                        pixGetHeight(scaled), PIX_SRC, scaled, 0, 0);
        }
        g_autoptr(GBytes) file = picture_file(page, IFF_PNG);
        g_autoptr(Message) message = picture_read_as(file, false);
        cr_expect_not_null(attachment_find(message, ORIGIN_CODE, NULL, "https://t.me/example_invite"),
                           "look %u", i);
        pixDestroy(&page);
        pixDestroy(&scaled);
        pixDestroy(&pix);
    }
    pixDestroy(&code);
}

Test(code, two_of_different_size)
{
    PIX *one = code_pix("code-link.png"), *other = code_pix("code-sms.png");
    PIX *large = pixScaleBySampling(one, 5, 5), *page = pixCreate(1400, 1400, 8);
    pixSetAll(page);
    pixRasterop(page, 50, 50, pixGetWidth(large), pixGetHeight(large), PIX_SRC, large, 0, 0);
    pixRasterop(page, 1200, 1200, pixGetWidth(other), pixGetHeight(other), PIX_SRC, other, 0, 0);
    g_autoptr(GBytes) file = picture_file(page, IFF_PNG);
    g_autoptr(Message) message = picture_read_as(file, false);
    cr_expect_not_null(attachment_find(message, ORIGIN_CODE, NULL, "https://t.me/example_invite"));
    cr_expect_not_null(attachment_find(message, ORIGIN_CODE, NULL, "+14155550142"));
    pixDestroy(&page);
    pixDestroy(&large);
    pixDestroy(&other);
    pixDestroy(&one);
}

Test(code, stripes_and_text_are_none)
{
    static const char *const LINES[] = {"|| ||| | |||| || | ||| ||| | ||", "Field day is on Friday"};
    PIX *pix = picture_of_text(LINES, G_N_ELEMENTS(LINES), 30, false);
    g_autoptr(GBytes) file = picture_file(pix, IFF_PNG);
    g_autoptr(Message) message = picture_read_as(file, false);
    cr_expect_not(message_has_fact(message, "code"));
    pixDestroy(&pix);
}
