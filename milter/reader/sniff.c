// Recognising content: the content decides, the label settles only what it leaves open.
#include "reader/sniff.h"

#include <string.h>

bool sniff_has(SniffBytes bytes, gsize at, const char *magic, gsize magic_len)
{
    return at <= bytes.len && bytes.len - at >= magic_len && !memcmp(bytes.data + at, magic, magic_len);
}

bool sniff_finds(SniffBytes bytes, const char *needle, gsize needle_len)
{
    return bytes.len && memmem(bytes.data, bytes.len, needle, needle_len);
}

typedef struct {
    const char *magic;
    guint8 len, at;
    SniffClass cls;
    const char *type;
} SniffMagic;

#define MAGIC(magic, at, cls, type)                                                                          \
    {                                                                                                        \
        magic, sizeof(magic) - 1, at, cls, type                                                              \
    }
// Only magics that text cannot have by accident.
static const SniffMagic magics[] = {
    MAGIC("\x89PNG\r\n\x1a\n", 0, SNIFF_IMAGE, "image/png"),
    MAGIC("\xff\xd8\xff", 0, SNIFF_IMAGE, "image/jpeg"),
    MAGIC("GIF87a", 0, SNIFF_IMAGE, "image/gif"),
    MAGIC("GIF89a", 0, SNIFF_IMAGE, "image/gif"),
    MAGIC("II*\0", 0, SNIFF_IMAGE, "image/tiff"),
    MAGIC("MM\0*", 0, SNIFF_IMAGE, "image/tiff"),
    MAGIC("\0\0\1\0", 0, SNIFF_IMAGE, "image/x-icon"),
    MAGIC("8BPS\0", 0, SNIFF_IMAGE, "image/vnd.adobe.photoshop"),
    MAGIC("\0\0\0\x0cjP  ", 0, SNIFF_IMAGE, "image/jp2"),
    MAGIC("\xff\x0a", 0, SNIFF_IMAGE, "image/jxl"),
    MAGIC("\xd7\xcd\xc6\x9a", 0, SNIFF_IMAGE, "image/wmf"),
    MAGIC("ID3\2", 0, SNIFF_MEDIA, "audio/mpeg"),
    MAGIC("ID3\3", 0, SNIFF_MEDIA, "audio/mpeg"),
    MAGIC("ID3\4", 0, SNIFF_MEDIA, "audio/mpeg"),
    MAGIC("\xff\xfb", 0, SNIFF_MEDIA, "audio/mpeg"),
    MAGIC("\xff\xf3", 0, SNIFF_MEDIA, "audio/mpeg"),
    MAGIC("\xff\xf1", 0, SNIFF_MEDIA, "audio/aac"),
    MAGIC("fLaC\0", 0, SNIFF_MEDIA, "audio/flac"),
    MAGIC("OggS\0", 0, SNIFF_MEDIA, "audio/ogg"),
    MAGIC("MThd\0", 0, SNIFF_MEDIA, "audio/midi"),
    MAGIC("#!AMR\n", 0, SNIFF_MEDIA, "audio/amr"),
    MAGIC("\x1a\x45\xdf\xa3", 0, SNIFF_MEDIA, "video/x-matroska"),
    MAGIC("\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, SNIFF_MEDIA, "video/x-ms-asf"),
    MAGIC("FLV\1", 0, SNIFF_MEDIA, "video/x-flv"),
    MAGIC("\0\0\1\xba", 0, SNIFF_MEDIA, "video/mpeg"),
    MAGIC("\0\0\1\xb3", 0, SNIFF_MEDIA, "video/mpeg"),
    MAGIC("\x1f\x8b\x08", 0, SNIFF_DOCUMENT, "application/gzip"),
    MAGIC("\xfd"
          "7zXZ\0",
          0, SNIFF_DOCUMENT, "application/x-xz"),
    MAGIC("7z\xbc\xaf\x27\x1c", 0, SNIFF_DOCUMENT, "application/x-7z-compressed"),
    MAGIC("\x28\xb5\x2f\xfd", 0, SNIFF_DOCUMENT, "application/zstd"),
    MAGIC("\x04\x22\x4d\x18", 0, SNIFF_DOCUMENT, "application/x-lz4"),
    MAGIC("\x1f\x9d", 0, SNIFF_DOCUMENT, "application/x-compress"),
    MAGIC("MSCF\0\0\0\0", 0, SNIFF_DOCUMENT, "application/vnd.ms-cab-compressed"),
    MAGIC("ITSF\3\0", 0, SNIFF_DOCUMENT, "application/vnd.ms-htmlhelp"),
    MAGIC("\x78\x9f\x3e\x22", 0, SNIFF_DOCUMENT, "application/ms-tnef"),
    MAGIC("!BDN", 0, SNIFF_DOCUMENT, "application/vnd.ms-outlook-pst"),
    MAGIC("SQLite format 3\0", 0, SNIFF_DOCUMENT, "application/vnd.sqlite3"),
    MAGIC("\x7f"
          "ELF",
          0, SNIFF_DOCUMENT, "application/x-executable"),
    MAGIC("\xca\xfe\xba\xbe", 0, SNIFF_DOCUMENT, "application/java-vm"),
    MAGIC("\0asm", 0, SNIFF_DOCUMENT, "application/wasm"),
    MAGIC("\0\1\0\0\0", 0, SNIFF_DOCUMENT, "font/ttf"),
    MAGIC("wOFF", 0, SNIFF_DOCUMENT, "font/woff"),
    MAGIC("wOF2", 0, SNIFF_DOCUMENT, "font/woff2"),
    MAGIC("LZIP\1", 0, SNIFF_DOCUMENT, "application/x-lzip"),
};

static const SniffMagic *sniff_by_magic(SniffBytes bytes)
{
    for (gsize i = 0; i < G_N_ELEMENTS(magics); i++) {
        if (sniff_has(bytes, magics[i].at, magics[i].magic, magics[i].len))
            return &magics[i];
    }
    return NULL;
}

// A header of before 1988 has no magic, but a sum of its own bytes, in octal digits that count as blanks.
static bool sniff_is_old_tar(SniffBytes bytes)
{
    guint32 said = 0, sum = 0;
    if (bytes.len < 512 || bytes.data[0] == 0)
        return false;
    for (gsize at = 148; at < 154; at++) {
        if (bytes.data[at] != ' ' && (bytes.data[at] < '0' || bytes.data[at] > '7'))
            return false;
        said = bytes.data[at] == ' ' ? said : said * 8 + bytes.data[at] - '0';
    }
    for (gsize at = 0; at < 512; at++)
        sum += at >= 148 && at < 156 ? ' ' : bytes.data[at];
    return said == sum && (bytes.data[154] == 0 || bytes.data[155] == 0);
}

// Formats whose first bytes are too short or too free to be a magic alone.
static bool sniff_by_shape(SniffBytes bytes, SniffClass *out_class, const char **out_type)
{
    static const struct {
        const char *brand;
        SniffClass cls;
        const char *type;
    } brands[] = {{"heic", SNIFF_IMAGE, "image/heic"},     {"heix", SNIFF_IMAGE, "image/heic"},
                  {"mif1", SNIFF_IMAGE, "image/heif"},     {"msf1", SNIFF_IMAGE, "image/heif"},
                  {"avif", SNIFF_IMAGE, "image/avif"},     {"M4A ", SNIFF_MEDIA, "audio/mp4"},
                  {"qt  ", SNIFF_MEDIA, "video/quicktime"}};
    if (SNIFF_HAS(bytes, 4, "ftyp")) {
        *out_class = SNIFF_MEDIA;
        *out_type = "video/mp4";
        for (gsize i = 0; i < G_N_ELEMENTS(brands); i++) {
            if (sniff_has(bytes, 8, brands[i].brand, 4)) {
                *out_class = brands[i].cls;
                *out_type = brands[i].type;
            }
        }
        return true;
    }
    if (SNIFF_HAS(bytes, 0, "RIFF") && bytes.len >= 12) {
        bool webp = SNIFF_HAS(bytes, 8, "WEBP");
        *out_class = webp ? SNIFF_IMAGE : SNIFF_MEDIA;
        *out_type = webp ? "image/webp" : SNIFF_HAS(bytes, 8, "WAVE") ? "audio/wav" : "video/x-msvideo";
        return webp || SNIFF_HAS(bytes, 8, "WAVE") || SNIFF_HAS(bytes, 8, "AVI ");
    }
    if (SNIFF_HAS(bytes, 0, "BM") && SNIFF_HAS(bytes, 6, "\0\0\0\0") && bytes.len > 26) {
        *out_class = SNIFF_IMAGE;
        *out_type = "image/bmp";
        return true;
    }
    *out_class = SNIFF_DOCUMENT;
    *out_type = "application/x-bzip2";
    if (SNIFF_HAS(bytes, 0, "BZh") && SNIFF_HAS(bytes, 4, "1AY&SY"))
        return true;
    *out_type = "application/x-tar";
    if (SNIFF_HAS(bytes, 257, "ustar") || sniff_is_old_tar(bytes))
        return true;
    *out_type = "application/x-msdownload";
    return SNIFF_HAS(bytes, 0, "MZ") &&
           sniff_finds((SniffBytes){bytes.data, MIN(bytes.len, 1024)}, "PE\0\0", 4);
}

static bool sniff_binary(SniffBytes bytes, SniffClass *out_class, const char **out_type)
{
    if (sniff_container(bytes, out_class, out_type))
        return true;
    const SniffMagic *magic = sniff_by_magic(bytes);
    if (magic) {
        *out_class = magic->cls;
        *out_type = magic->type;
        return true;
    }
    return sniff_by_shape(bytes, out_class, out_type);
}

// Whether a file of this name is opened as mail.
static bool sniff_mail_name(const char *name)
{
    static const char *const SUFFIXES[] = {".eml", ".emlx", ".mht", ".mhtml", ".mbox", ".mbx"};
    bool mail = false;
    gsize len = strlen(name);
    for (gsize i = 0; i < G_N_ELEMENTS(SUFFIXES) && !mail; i++) {
        gsize want = strlen(SUFFIXES[i]);
        mail = len >= want && g_ascii_strcasecmp(name + len - want, SUFFIXES[i]) == 0;
    }
    return mail;
}

static SniffClass sniff_text(SniffBytes bytes, const char *declared, const char *name, const char **out_type)
{
    bool labelled_text = g_str_has_prefix(declared, "text/");
    bool labelled_mail = g_str_equal(declared, "message/rfc822") || g_str_equal(declared, "message/global") ||
                         g_str_equal(declared, "message/news") || (name && sniff_mail_name(name));
    if ((!labelled_text || labelled_mail) && sniff_is_message(bytes)) {
        *out_type = "message/rfc822";
        return SNIFF_MESSAGE;
    }
    *out_type = sniff_text_type((const char *)bytes.data, bytes.len, declared, name);
    return SNIFF_TEXT;
}

SniffClass sniff_content(const void *data, gsize len, const char *declared, const char *name,
                         const char **out_type)
{
    SniffBytes bytes = {data, len};
    const char *label = declared ? declared : "";
    SniffClass cls = SNIFF_TEXT;
    if (!len)
        return sniff_text(bytes, label, name, out_type);
    if (sniff_crypt(bytes, &cls, out_type))
        return cls;
    // What is called text and can be text is shown as text, whatever magic it begins with.
    bool labelled_text = g_str_has_prefix(label, "text/") || !*label;
    bool text = sniff_is_text(bytes);
    if ((!labelled_text || !text) && sniff_binary(bytes, &cls, out_type))
        return cls;
    if (labelled_text || text || g_str_has_prefix(label, "message/"))
        return sniff_text(bytes, label, name, out_type);
    // Small bytes of no known format under a signature's label: clients take them for a (broken) signature,
    // never for text.
    enum { SIGNATURE_MAX = 64 * 1024 };
    bool signature = g_str_equal(label, "application/pkcs7-signature") ||
                     g_str_equal(label, "application/x-pkcs7-signature") ||
                     g_str_equal(label, "application/pgp-signature");
    *out_type =
        signature && len <= SIGNATURE_MAX ? "application/pkcs7-signature" : "application/octet-stream";
    return signature && len <= SIGNATURE_MAX ? SNIFF_SIGNATURE : SNIFF_DOCUMENT;
}
