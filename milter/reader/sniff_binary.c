// Formats with structure of their own: PDF, OLE compound files, the zip family, RAR. Looks just far enough to
// tell what it is, whether it is encrypted and whether it breaks at once.
#include "reader/sniff.h"

#include <string.h>

#define ZIP_EOCD_REACH (65535 + 22) // the end record and the longest comment after it
#define ZIP_ENTRIES    2000         // looked at for encryption and type

static guint sniff_le16(SniffBytes bytes, gsize at)
{
    return at + 2 <= bytes.len ? bytes.data[at] | bytes.data[at + 1] << 8 : 0;
}

static guint32 sniff_le32(SniffBytes bytes, gsize at)
{
    return sniff_le16(bytes, at) | (guint32)sniff_le16(bytes, at + 2) << 16;
}

// ---- OLE compound files ----------------------------------------------------------------------------------

#define OLE_MAGIC "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// Stream names stand as UTF-16LE in the directory.
static bool sniff_ole_stream(SniffBytes bytes, const char *name)
{
    char wide[128];
    gsize len = strlen(name);
    for (gsize i = 0; i < len; i++) {
        wide[2 * i] = name[i];
        wide[2 * i + 1] = 0;
    }
    return sniff_finds(bytes, wide, 2 * len);
}

// Word says so in its first sector, Excel by a FILEPASS record after the first BOF.
static bool sniff_ole_encrypted(SniffBytes bytes)
{
    if (sniff_ole_stream(bytes, "EncryptedPackage") || sniff_ole_stream(bytes, "EncryptedSummary"))
        return true;
    if (SNIFF_HAS(bytes, 512, "\xec\xa5"))
        return (sniff_le16(bytes, 512 + 10) & 0x0100) != 0;
    if (sniff_le16(bytes, 512) == 0x0809)
        return sniff_le16(bytes, 512 + 4 + sniff_le16(bytes, 514)) == 0x002f;
    return false;
}

static SniffClass sniff_ole(SniffBytes bytes, const char **out_type)
{
    static const struct {
        const char *stream, *type;
    } kinds[] = {
        {"__properties_version1.0", "application/vnd.ms-outlook"},
        {"WordDocument", "application/msword"},
        {"Workbook", "application/vnd.ms-excel"},
        {"PowerPoint Document", "application/vnd.ms-powerpoint"},
        {"VisioDocument", "application/vnd.visio"},
        {"Book", "application/vnd.ms-excel"},
        {"EncryptedPackage", "application/x-ole-encrypted"},
    };
    *out_type = "application/x-ole-storage";
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (sniff_ole_stream(bytes, kinds[i].stream)) {
            *out_type = kinds[i].type;
            break;
        }
    }
    if (sniff_ole_encrypted(bytes))
        return SNIFF_ENCRYPTED;
    return bytes.len < 1024 ? SNIFF_DAMAGED : SNIFF_DOCUMENT;
}

// ---- zip -------------------------------------------------------------------------------------------------

typedef struct {
    bool encrypted;
    const char *type;
    guint rank; // of the mark that told the type
} SniffZip;

#define SNIFF_OFFICE "application/vnd.openxmlformats-officedocument."

// What one entry's name says about the whole. Of several marks the strongest counts: an entry more does not make another format.
static void sniff_zip_name(SniffZip *zip, SniffBytes name)
{
    static const struct {
        const char *name, *type;
        guint rank;
    } marks[] = {
        {"Index/Document.iwa", "application/vnd.apple.pages", 1},
        {"AndroidManifest.xml", "application/vnd.android.package-archive", 1},
        {"META-INF/MANIFEST.MF", "application/java-archive", 1},
        {"META-INF/manifest.xml", "application/vnd.oasis.opendocument.text", 2},
        {"META-INF/container.xml", "application/epub+zip", 3},
        {"[Content_Types].xml", "application/vnd.openxmlformats-package", 4},
        {"visio/", "application/vnd.ms-visio.drawing", 5},
        {"word/", SNIFF_OFFICE "wordprocessingml.document", 6},
        {"xl/", SNIFF_OFFICE "spreadsheetml.sheet", 6},
        {"ppt/", SNIFF_OFFICE "presentationml.presentation", 6},
        {"xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroenabled.12", 7},
        {"word/vbaProject.bin", "application/vnd.ms-word.document.macroenabled.12", 7},
        {"xl/vbaProject.bin", "application/vnd.ms-excel.sheet.macroenabled.12", 8},
        {"ppt/vbaProject.bin", "application/vnd.ms-powerpoint.presentation.macroenabled.12", 7},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (marks[i].rank > zip->rank && sniff_has(name, 0, marks[i].name, strlen(marks[i].name))) {
            zip->type = marks[i].type;
            zip->rank = marks[i].rank;
        }
    }
}

// OpenDocument and EPUB store their type, uncompressed, as the first entry; templates have a suffix to it.
static const char *sniff_zip_mimetype(SniffBytes bytes)
{
    static const char *const types[] = {"application/vnd.oasis.opendocument.text",
                                        "application/vnd.oasis.opendocument.spreadsheet",
                                        "application/vnd.oasis.opendocument.presentation",
                                        "application/vnd.oasis.opendocument.graphics",
                                        "application/vnd.oasis.opendocument.chart",
                                        "application/vnd.oasis.opendocument.formula",
                                        "application/epub+zip"};
    if (!SNIFF_HAS(bytes, 30, "mimetype"))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (sniff_has(bytes, 38, types[i], strlen(types[i])))
            return types[i];
    }
    return NULL;
}

// Local entries, wherever they stand: a reader that ignores the central directory sees these.
static void sniff_zip_local(SniffBytes bytes, SniffZip *zip)
{
    const guint8 *at = bytes.data, *end = bytes.data + bytes.len;
    for (guint n = 0; n < ZIP_ENTRIES && (at = memmem(at, end - at, "PK\3\4", 4)); n++) {
        gsize head = at - bytes.data, name_len = sniff_le16(bytes, head + 26);
        zip->encrypted |= (sniff_le16(bytes, head + 6) & 1) && head + 30 + name_len <= bytes.len;
        if (head + 30 + name_len <= bytes.len)
            sniff_zip_name(zip, (SniffBytes){at + 30, name_len});
        at += 4;
    }
}

static void sniff_zip_central(SniffBytes bytes, gsize eocd, SniffZip *zip)
{
    // Offsets count from the first entry, which stands later where something was put before it: reckon from
    // the end.
    gsize size = sniff_le32(bytes, eocd + 12);
    gsize at = size <= eocd ? eocd - size : bytes.len;
    for (guint n = 0; n < ZIP_ENTRIES && SNIFF_HAS(bytes, at, "PK\1\2") && at + 46 <= bytes.len; n++) {
        gsize name_len = sniff_le16(bytes, at + 28);
        zip->encrypted |= sniff_le16(bytes, at + 8) & 1;
        if (at + 46 + name_len <= bytes.len)
            sniff_zip_name(zip, (SniffBytes){bytes.data + at + 46, name_len});
        at += 46 + name_len + sniff_le16(bytes, at + 30) + sniff_le16(bytes, at + 32);
    }
}

// Offset of the end-of-directory record; bytes.len when there is none.
static gsize sniff_zip_eocd(SniffBytes bytes)
{
    gsize from = bytes.len > ZIP_EOCD_REACH ? bytes.len - ZIP_EOCD_REACH : 0;
    for (gsize at = bytes.len; at-- > from;) {
        if (bytes.data[at] == 'P' && SNIFF_HAS(bytes, at, "PK\5\6"))
            return at;
    }
    return bytes.len;
}

static bool sniff_zip(SniffBytes bytes, SniffClass *out_class, const char **out_type)
{
    gsize eocd = sniff_zip_eocd(bytes);
    bool begins = SNIFF_HAS(bytes, 0, "PK\3\4") || SNIFF_HAS(bytes, 0, "PK\7\10PK\3\4");
    if (!begins && eocd == bytes.len)
        return false;
    SniffZip zip = {false, "application/zip", 0};
    sniff_zip_local(bytes, &zip);
    sniff_zip_central(bytes, eocd, &zip);
    const char *stored = sniff_zip_mimetype(bytes);
    *out_type = stored ? stored : zip.type;
    *out_class = zip.encrypted ? SNIFF_ENCRYPTED : eocd == bytes.len ? SNIFF_DAMAGED : SNIFF_DOCUMENT;
    return true;
}

// ---- flat OpenDocument -----------------------------------------------------------------------------------

// An OpenDocument file in one piece of XML.
static bool sniff_flat(SniffBytes bytes)
{
    SniffBytes head = {bytes.data, MIN(bytes.len, 4096)};
    bool xml = SNIFF_HAS(head, 0, "<?xml") || SNIFF_HAS(head, 0, "\xef\xbb\xbf<?xml") ||
               SNIFF_HAS(head, 0, "<office:document");
    return xml && sniff_finds(head, "<office:document", 16) &&
           sniff_finds(head, "urn:oasis:names:tc:opendocument:xmlns:office", 44);
}

// ---- metafiles -------------------------------------------------------------------------------------------

// Windows' drawings; the older kind has a magic of its own only where a header tells its size.
static bool sniff_metafile(SniffBytes bytes, SniffClass *out_class, const char **out_type)
{
    bool enhanced = SNIFF_HAS(bytes, 0, "\1\0\0\0") && SNIFF_HAS(bytes, 40, " EMF");
    bool old = SNIFF_HAS(bytes, 0, "\xd7\xcd\xc6\x9a") || SNIFF_HAS(bytes, 0, "\1\0\x09\0\0\3") ||
               SNIFF_HAS(bytes, 0, "\2\0\x09\0\0\3");
    *out_class = SNIFF_IMAGE;
    *out_type = enhanced ? "image/emf" : "image/wmf";
    return enhanced || old;
}

// ---- RAR -------------------------------------------------------------------------------------------------

// Version 5 with an encryption header (type 4) first, or version 4 with encrypted headers (flag 0x80 of the
// main block).
static SniffClass sniff_rar(SniffBytes bytes)
{
    bool five = SNIFF_HAS(bytes, 0, "Rar!\x1a\x07\x01");
    bool encrypted = five ? bytes.len > 13 && bytes.data[13] == 4 : (sniff_le16(bytes, 10) & 0x0080) != 0;
    return encrypted ? SNIFF_ENCRYPTED : SNIFF_DOCUMENT;
}

bool sniff_container(SniffBytes bytes, SniffClass *out_class, const char **out_type)
{
    if (sniff_finds((SniffBytes){bytes.data, MIN(bytes.len, 1024)}, "%PDF-", 5)) {
        // Whether it opens, with or without a password, only its reader can tell.
        *out_type = "application/pdf";
        *out_class = SNIFF_DOCUMENT;
        return true;
    }
    if (SNIFF_HAS(bytes, 0, OLE_MAGIC)) {
        *out_class = sniff_ole(bytes, out_type);
        return true;
    }
    if (SNIFF_HAS(bytes, 0, "Rar!\x1a\x07")) {
        *out_type = "application/vnd.rar";
        *out_class = sniff_rar(bytes);
        return true;
    }
    if (sniff_metafile(bytes, out_class, out_type))
        return true;
    if (sniff_flat(bytes)) {
        *out_class = SNIFF_DOCUMENT;
        *out_type = "application/vnd.oasis.opendocument.text-flat-xml";
        return true;
    }
    return sniff_zip(bytes, out_class, out_type);
}
