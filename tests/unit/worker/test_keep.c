// Readings for those who want the attachments as files: what stands in the blob beside what waits.
#include "base/config.h"
#include "reader/reader.h"

#include <criterion/criterion.h>
#include <string.h>

static Message *read_keeping(const char *raw, GByteArray *blob)
{
    g_autoptr(Config) config = config_defaults();
    return reader_parse_keeping(raw, strlen(raw), &config->limits, blob);
}

// The bytes of the part called `name` (NULL: of type `type`) as text; NULL = not kept. Caller frees.
static char *kept(const Message *message, const GByteArray *blob, const char *name, const char *type)
{
    char *found = NULL;
    for (guint i = 0; i < message->parts->len && found == NULL; i++) {
        const Part *part = message->parts->pdata[i];
        bool is = name != NULL ? g_strcmp0(part->name, name) == 0 : strcmp(part->type, type) == 0;
        if (is && part->blob >= 0) {
            cr_assert_leq((gsize)part->blob + part->size, blob->len);
            found = g_strndup((const char *)blob->data + part->blob, part->size);
        }
    }
    return found;
}

#define HEAD                                                                                                 \
    "From: ann@example.org\r\nTo: ben@example.org\r\nSubject: files\r\nMIME-Version: 1.0\r\n"                \
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define FILE_PART(TYPE, NAME, ENCODING, BODY)                                                                \
    "--b\r\nContent-Type: " TYPE "\r\nContent-Disposition: attachment; filename=\"" NAME                     \
    "\"\r\nContent-Transfer-Encoding: " ENCODING "\r\n\r\n" BODY "\r\n"

Test(keep, of_every_format)
{
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(Message) message =
        read_keeping(HEAD "--b\r\nContent-Type: text/plain\r\n\r\nThe body.\r\n"                      //
                     FILE_PART("text/csv", "grades.csv", "8bit", "Mia,A")                             //
                     FILE_PART("text/plain", "note.txt", "base64", "aGVsbG8gdGhlcmU=")                //
                     FILE_PART("application/octet-stream", "odd.bin", "quoted-printable", "=01=02 x") //
                     FILE_PART("application/pdf", "form.pdf", "base64", "JVBERi0xLjQKJSVFT0YK")       //
                     "--b--\r\n",
                     blob);
    g_autofree char *csv = kept(message, blob, "grades.csv", NULL);
    g_autofree char *note = kept(message, blob, "note.txt", NULL);
    g_autofree char *odd = kept(message, blob, "odd.bin", NULL);
    g_autofree char *pdf = kept(message, blob, "form.pdf", NULL);
    g_autofree char *body = kept(message, blob, NULL, "text/plain");
    cr_expect_str_eq(csv, "Mia,A");
    cr_expect_str_eq(note, "hello there");
    cr_expect_str_eq(odd, "\001\002 x");
    cr_expect_str_eq(pdf, "%PDF-1.4\n%%EOF\n");
    cr_expect_str_eq(body, "hello there", "the body is none");
}

Test(keep, an_attached_message_whole_and_not_what_is_in_it)
{
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(Message) message =
        read_keeping(HEAD "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: mia@example.org\r\nSubject: "
                          "inner\r\nMIME-Version: 1.0\r\n"
                          "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: "
                          "text/plain\r\n\r\nInner text.\r\n"
                          "--c\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; "
                          "filename=\"in.csv\"\r\n\r\n1,2\r\n--c--\r\n"
                          "\r\n--b--\r\n",
                     blob);
    g_autofree char *inner = kept(message, blob, NULL, "message/rfc822");
    g_autofree char *csv = kept(message, blob, "in.csv", NULL);
    cr_assert_not_null(inner);
    cr_expect(strstr(inner, "Subject: inner") != NULL && strstr(inner, "Inner text.") != NULL, "%s", inner);
    cr_expect_null(csv);
}

Test(keep, nothing_unless_it_is_asked_for)
{
    static const char RAW[] = HEAD FILE_PART("text/csv", "grades.csv", "8bit", "Mia,A") "--b--\r\n";
    g_autoptr(Config) config = config_defaults();
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(Message) message = reader_parse(RAW, strlen(RAW), &config->limits, false, blob);
    cr_expect_eq(blob->len, 0);
    for (guint i = 0; i < message->parts->len; i++)
        cr_expect_eq(((const Part *)message->parts->pdata[i])->blob, -1);
}

Test(keep, a_body_without_a_type_is_none)
{
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(Message) message =
        read_keeping("From: ann@example.org\r\nSubject: plain\r\n\r\nThe body.\r\n", blob);
    cr_expect_eq(blob->len, 0);
    cr_assert_gt(message->parts->len, 1);
}

static const Passage *markup_of(const Message *message)
{
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (passage->origin == ORIGIN_MARKUP)
            return passage;
    }
    return NULL;
}

Test(keep, html_is_there_itself_in_utf_8)
{
    static const char RAW[] = "From: ann@example.org\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n"
                              "<p title=x>Ni\xf1o</p>\r\n";
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(Message) kept = read_keeping(RAW, blob);
    const Passage *markup = markup_of(kept);
    cr_assert_not_null(markup);
    cr_expect_str_eq(markup->text, "<p title=x>Ni\xc3\xb1o</p>\r\n");
    cr_expect_eq(markup->visibility, VISIBILITY_SOURCE);
    cr_expect_str_eq(markup->reading, "markup");
    g_autoptr(Config) config = config_defaults();
    g_autoptr(Message) read = reader_parse(RAW, strlen(RAW), &config->limits, false, NULL);
    cr_expect_null(markup_of(read));
}
