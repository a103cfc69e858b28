#include "reader/sniff.h"
#include "text_fixture.h"

#include <string.h>

typedef struct {
    const char *data;
    gsize len;
    const char *declared, *name;
    SniffClass cls;
    const char *type;
} SniffCase;

#define CASE(data, declared, name, cls, type)                                                                \
    {                                                                                                        \
        data, sizeof(data) - 1, declared, name, cls, type                                                    \
    }
#define OCTETS "application/octet-stream"
#define ZIP_LOCAL(flag, name, len)                                                                           \
    "PK\3\4\x14\0" flag "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" len "\0\0\0" name
#define ZIP_END "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const SniffCase cases[] = {
    CASE("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", NULL, SNIFF_IMAGE, "image/png"),
    CASE("\xff\xd8\xff\xe0\0\x10JFIF\0", "text/plain", NULL, SNIFF_IMAGE, "image/jpeg"),
    CASE("RIFF\1\0\0\0WEBPVP8 \0\0\1", "", NULL, SNIFF_IMAGE, "image/webp"),
    CASE("RIFF\1\0\0\0WAVEfmt \0\0\1", "audio/wav", NULL, SNIFF_MEDIA, "audio/wav"),
    CASE("\0\0\0\x18"
         "ftypheic\0\0\0\0",
         OCTETS, NULL, SNIFF_IMAGE, "image/heic"),
    CASE("\0\0\0\x18"
         "ftypisom\0\0\0\0",
         "video/mp4", NULL, SNIFF_MEDIA, "video/mp4"),
    CASE("BM\0\1\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0\1\0", "image/bmp", NULL, SNIFF_IMAGE,
         "image/bmp"),
    CASE("BM is a shop in town, see you there at 5", OCTETS, NULL, SNIFF_TEXT, "text/plain"),
    CASE("ID3\3\0\0\0\0\0", "audio/mpeg", NULL, SNIFF_MEDIA, "audio/mpeg"),
    CASE("%PDF-1.4\n1 0 obj\ntrailer <<>>\nstartxref\n0\n%%EOF", "application/pdf", NULL, SNIFF_DOCUMENT,
         "application/pdf"),
    CASE("%PDF-1.4\ntrailer <</Encrypt 5 0 R>>\nstartxref", OCTETS, NULL, SNIFF_DOCUMENT, "application/pdf"),
    CASE("%PDF-1.4\n(/Encryption of mail)\ntrailer", OCTETS, NULL, SNIFF_DOCUMENT, "application/pdf"),
    CASE("%PDF-1.4\n1 0 obj", "application/pdf", NULL, SNIFF_DOCUMENT, "application/pdf"),
    CASE(ZIP_LOCAL("\0", "a.txt", "\5") ZIP_END, "application/zip", NULL, SNIFF_DOCUMENT, "application/zip"),
    CASE(ZIP_LOCAL("\1", "a.txt", "\5") ZIP_END, "application/zip", NULL, SNIFF_ENCRYPTED, "application/zip"),
    CASE(ZIP_LOCAL("\0", "a.txt", "\5"), "application/zip", NULL, SNIFF_DAMAGED, "application/zip"),
    CASE("junk\0\1\2\3" ZIP_LOCAL("\0", "a.txt", "\5") ZIP_END, OCTETS, NULL, SNIFF_DOCUMENT,
         "application/zip"),
    CASE(ZIP_LOCAL("\0", "word/document.xml", "\x11") ZIP_END, OCTETS, NULL, SNIFF_DOCUMENT,
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    CASE(ZIP_LOCAL("\0", "mimetypeapplication/vnd.oasis.opendocument.text", "\x8") ZIP_END, OCTETS, NULL,
         SNIFF_DOCUMENT, "application/vnd.oasis.opendocument.text"),
    CASE("PK\5\6", OCTETS, NULL, SNIFF_DOCUMENT, "application/zip"),
    CASE("\x1f\x8b\x08\0\0\0\0\0", OCTETS, "a.gz", SNIFF_DOCUMENT, "application/gzip"),
    CASE("BZh91AY&SY\1\2", OCTETS, NULL, SNIFF_DOCUMENT, "application/x-bzip2"),
    CASE("7z\xbc\xaf\x27\x1c\0\4", OCTETS, NULL, SNIFF_DOCUMENT, "application/x-7z-compressed"),
    CASE("Rar!\x1a\7\0\0\0\0\0\0\0", OCTETS, NULL, SNIFF_DOCUMENT, "application/vnd.rar"),
    CASE("Rar!\x1a\7\0\xcf\x90\x73\x80\0\0\0", OCTETS, NULL, SNIFF_ENCRYPTED, "application/vnd.rar"),
    CASE("\x78\x9f\x3e\x22\1\0\1\0", "application/ms-tnef", "winmail.dat", SNIFF_DOCUMENT,
         "application/ms-tnef"),
    CASE("-----BEGIN PGP MESSAGE-----\n\nhQEM", "text/plain", NULL, SNIFF_ENCRYPTED,
         "application/pgp-encrypted"),
    CASE("-----BEGIN PGP SIGNATURE-----\n\nhQEM", "application/pgp-signature", NULL, SNIFF_SIGNATURE,
         "application/pgp-signature"),
    CASE("-----BEGIN PGP SIGNED MESSAGE-----\n\nhi", "text/plain", NULL, SNIFF_TEXT, "text/plain"),
    CASE("\xd2\x3f\1\1\2\3\4\5\6\7", OCTETS, NULL, SNIFF_ENCRYPTED, "application/pgp-encrypted"),
    CASE("\x30\x80\6\x09\x2a\x86\x48\x86\xf7\x0d\1\7\3\xa0\x80", OCTETS, NULL, SNIFF_ENCRYPTED,
         "application/pkcs7-mime"),
    CASE("\x30\x1b\6\x09\x2a\x86\x48\x86\xf7\x0d\1\7\2\xa0\x0e\x30\x0c\2\1\1\x31\0\x30\5\6\3\x2a\3\4", OCTETS,
         "smime.p7s", SNIFF_SIGNATURE, "application/pkcs7-signature"),
    CASE("call 413-555-0142", "image/png", NULL, SNIFF_TEXT, "text/plain"),
    CASE("GIF89a call 413-555-0142", "text/plain", NULL, SNIFF_TEXT, "text/plain"),
    CASE("c\0a\0l\0l\0 \0m\0e\0", OCTETS, NULL, SNIFF_TEXT, "text/plain"),
    CASE("\1\2\3\4\5\6\7\x0e\x0f\x10\x11\x12\xff\xfe", OCTETS, NULL, SNIFF_DOCUMENT, OCTETS),
    CASE("From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nhi", OCTETS, NULL, SNIFF_MESSAGE,
         "message/rfc822"),
    CASE("From: a@example.org\r\nTo: b@example.org\r\n\r\nhi", "text/plain", NULL, SNIFF_TEXT, "text/plain"),
    CASE("From: a@example.org\r\nTo: b@example.org\r\n\r\nhi", "text/plain", "x.eml", SNIFF_MESSAGE,
         "message/rfc822"),
    CASE("<html><p>hi", OCTETS, NULL, SNIFF_TEXT, "text/html"),
    CASE("<html><p>hi", "text/plain", NULL, SNIFF_TEXT, "text/plain"),
    CASE("<html><p>hi", "text/plain", "a.htm", SNIFF_TEXT, "text/html"),
    CASE("hi", "text/x-amp-html", NULL, SNIFF_TEXT, "text/html"),
    CASE("{\\rtf1 hi}", "application/msword", "a.doc", SNIFF_TEXT, "application/rtf"),
    CASE("BEGIN:VCARD\nTEL:1\nEND:VCARD", "text/plain", NULL, SNIFF_TEXT, "text/vcard"),
    CASE("BEGIN:VCALENDAR\n", OCTETS, NULL, SNIFF_TEXT, "text/calendar"),
    CASE("a;b", OCTETS, "LIST.CSV", SNIFF_TEXT, "text/csv"),
    CASE("<?xml version='1.0'?><svg/>", OCTETS, NULL, SNIFF_TEXT, "image/svg+xml"),
    CASE("<?xml version='1.0'?><a/>", OCTETS, NULL, SNIFF_TEXT, "application/xml"),
    CASE("{}", "application/ld+json", NULL, SNIFF_TEXT, "application/json"),
    CASE("", "text/plain", NULL, SNIFF_TEXT, "text/plain"),
};

Test(sniff, cases)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const SniffCase *sample = &cases[i];
        void *exact = g_memdup2(sample->data, sample->len);
        const char *type = NULL;
        SniffClass cls = sniff_content(exact, sample->len, sample->declared, sample->name, &type);
        g_free(exact);
        cr_expect_eq(cls, sample->cls, "case %zu (%s): class %d, %s", i, sample->type, cls, type);
        cr_expect_str_eq(type, sample->type, "case %zu", i);
    }
}

// An OLE file of two sectors, whose second begins with `head` and whose directory has the stream `stream`.
static void ole_case(const char *head, gsize head_len, const char *stream, SniffClass want,
                     const char *want_type)
{
    guint8 *file = g_malloc0(2048);
    const char *type = NULL;
    memcpy(file, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
    memcpy(file + 512, head, head_len);
    for (gsize i = 0; stream[i]; i++)
        file[1024 + 2 * i] = stream[i];
    SniffClass cls = sniff_content(file, 2048, OCTETS, NULL, &type);
    cr_expect_eq(cls, want, "%s", stream);
    cr_expect_str_eq(type, want_type);
    g_free(file);
}

Test(sniff, ole)
{
    ole_case("", 0, "WordDocument", SNIFF_DOCUMENT, "application/msword");
    ole_case("\xec\xa5\0\0\0\0\0\0\0\0\0\1", 12, "WordDocument", SNIFF_ENCRYPTED, "application/msword");
    ole_case("\x09\x08\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x2f\0", 22, "Workbook", SNIFF_ENCRYPTED,
             "application/vnd.ms-excel");
    ole_case("", 0, "EncryptedPackage", SNIFF_ENCRYPTED, "application/x-ole-encrypted");
    ole_case("", 0, "__properties_version1.0", SNIFF_DOCUMENT, "application/vnd.ms-outlook");
}

// ---- CMS -------------------------------------------------------------------------------------------------

#define SIGNED_DATA "\6\x09\x2a\x86\x48\x86\xf7\x0d\1\7\2"
#define DATA_TYPE   "\6\x09\x2a\x86\x48\x86\xf7\x0d\1\7\1"

static const struct {
    const char *name, *data;
    gsize len;
    CmsKind kind;
    const char *content;
} cms_cases[] = {
#define CMS(name, data, kind, content)                                                                       \
    {                                                                                                        \
        name, data, sizeof(data) - 1, kind, content                                                          \
    }
    CMS("definite", "\x30\x27" SIGNED_DATA "\xa0\x1a\x30\x18\2\1\1\x31\0\x30\x11" DATA_TYPE "\xa0\4\4\2hi",
        CMS_SIGNED, "hi"),
    CMS("indefinite",
        "\x30\x80" SIGNED_DATA "\xa0\x80\x30\x80\2\1\1\x31\x80\0\0\x30\x80" DATA_TYPE
        "\xa0\x80\x24\x80\4\3abc\4\2de\0\0\0\0\0\0",
        CMS_SIGNED, "abcde"),
    CMS("segments of definite length",
        "\x30\x80" SIGNED_DATA "\xa0\x80\x30\x80\2\1\1\x31\0\x30\x80" DATA_TYPE
        "\xa0\x80\x24\x07\4\1a\4\2bc\0\0",
        CMS_SIGNED, "abc"),
    CMS("nested segments",
        "\x30\x80" SIGNED_DATA "\xa0\x80\x30\x80\2\1\1\x31\0\x30\x80" DATA_TYPE
        "\xa0\x80\x24\x80\x24\x80\4\1a\0\0\4\1b\0\0\0\0",
        CMS_SIGNED, "ab"),
    CMS("cut short",
        "\x30\x80" SIGNED_DATA "\xa0\x80\x30\x80\2\1\1\x31\0\x30\x80" DATA_TYPE "\xa0\x80\4\x7fhi",
        CMS_SIGNED, "hi"),
    CMS("huge length", "\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff" SIGNED_DATA "\xa0\x80", CMS_OTHER, ""),
    CMS("not CMS", "0, 1, 2", CMS_NONE, ""),
    CMS("empty", "", CMS_NONE, ""),
};

Test(sniff, cms)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cms_cases); i++) {
        g_autoptr(GByteArray) content = g_byte_array_new();
        guint8 *exact = g_memdup2(cms_cases[i].data, cms_cases[i].len);
        CmsKind kind = cms_read((SniffBytes){exact, cms_cases[i].len}, content);
        cr_expect_eq(kind, cms_cases[i].kind, "%s: %d", cms_cases[i].name, kind);
        cr_expect(
            content->len == strlen(cms_cases[i].content) &&
                !memcmp(content->len ? content->data : (guint8 *)"", cms_cases[i].content, content->len),
            "%s: %.*s", cms_cases[i].name, (int)content->len, content->data);
        for (gsize len = 0; len < cms_cases[i].len; len++) { // every prefix, in a buffer of its size
            guint8 *cut = g_memdup2(exact, len);
            cms_read((SniffBytes){cut, len}, content);
            g_free(cut);
        }
        g_free(exact);
    }
}
