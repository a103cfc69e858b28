// What the self-test reads before it tries what is forbidden: the sandbox must hold after the libraries have worked in it, and
// they must work in it.
#include "reader/selftest.h"

#include <string.h>

#define WORD "casserole"

// A picture of the word, 190 x 48 in one bit.
static const char PICTURE[] =
    "iVBORw0KGgoAAAANSUhEUgAAAL4AAAAwAQAAAACHtf2YAAAA6UlEQVR42u3Tu20DMQwGYLliE4AbWGOkVJmxTlVYcgSvosAFy6ygQxbQ"
    "QY0NyMdI98hdEANpUqSw2g8kwZ+Q0fuvmAf8CvJPIHahSzbZgpliJwVX8Na4gAETZAhWEqyA9miJiftzen5F6c8LjE6VWVllSGpJZFig"
    "VHg/6Un5OoxOhK8rdBVaBV9muGwQgZRm+PgGHoIG9SY38GYDlGij/Qm1c8GCrBOw7qGOoHtANSKZQHbgFqAZSL82Hx00kFueNr+tWcHx"
    "CRgZY5+1ZhX7XbovHj2mQ9aW7mG7x5tEF12BrO0e8Pg4fwWfv9MSquXp8ugAAAAASUVORK5CYII=";

static GByteArray *make_picture(void)
{
    gsize len = 0;
    guchar *data = g_base64_decode(PICTURE, &len);
    return g_byte_array_new_take(data, len);
}

static GByteArray *make_pdf(void)
{
    static const char *const objects[] = {
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 100] /Contents 4 0 R /Resources "
        "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        "<< /Length 39 >>\nstream\nBT /F1 24 Tf 20 40 Td (" WORD ") Tj ET\nendstream",
    };
    g_autoptr(GString) out = g_string_new("%PDF-1.4\n"), table = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(objects); i++) {
        g_string_append_printf(table, "%010zu 00000 n \n", out->len);
        g_string_append_printf(out, "%zu 0 obj\n%s\nendobj\n", i + 1, objects[i]);
    }
    g_string_append_printf(
        out,
        "xref\n0 %zu\n0000000000 65535 f \n%strailer\n<< /Size %zu /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
        G_N_ELEMENTS(objects) + 1, table->str, G_N_ELEMENTS(objects) + 1, out->len);
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)out->str, (guint)out->len);
    return bytes;
}

static bool has_word(const Message *message, PassageOrigin origin)
{
    bool found = false;
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        found |= passage->origin == origin && strstr(passage->text, WORD) != NULL;
    }
    return found;
}

bool selftest_read(const AttachmentOptions *options)
{
    g_autoptr(GByteArray) pdf = make_pdf(), picture = make_picture();
    g_autoptr(Message) page =
        reader_parse_attachment(pdf->data, pdf->len, "application/pdf", NULL, NULL, options);
    g_autoptr(Message) sign =
        reader_parse_attachment(picture->data, picture->len, "image/png", NULL, NULL, options);
    bool seen =
        options->ocr ? has_word(sign, ORIGIN_OCR) : ((const Part *)sign->parts->pdata[0])->pictures == 1;
    return has_word(page, ORIGIN_DOCUMENT) && seen;
}
