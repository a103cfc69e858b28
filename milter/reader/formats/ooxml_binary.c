// Binary workbooks (MS-XLSB): the same parts as records. Shared strings and the values of cells are read; what else they hold is not.
#include "reader/formats/bytes.h"
#include "reader/formats/ooxml.h"

#include <math.h>
#include <string.h>

// Records.
enum {
    BINARY_ROW = 0,
    BINARY_RK = 2,
    BINARY_REAL = 5,
    BINARY_TEXT = 6,
    BINARY_SHARED = 7,
    BINARY_FORMULA_TEXT = 8,
    BINARY_FORMULA_NUMBER = 9,
    BINARY_STRING = 19,
    BINARY_RICH_TEXT = 62,
    BINARY_BEGIN_SHEET = 129,
    BINARY_BEGIN_BOOK = 131,
    BINARY_BUNDLE_SHEET = 156,
    BINARY_BEGIN_STRINGS = 159,
    BINARY_BEGIN_STYLES = 278,
    BINARY_BEGIN_COMMENTS = 628,
    BINARY_COMMENT_TEXT = 637,
};

// ---- records ---------------------------------------------------------------------------------------------

// A number in at most `most` bytes of seven bits each.
static guint binary_number(SniffBytes bytes, gsize *at, guint most)
{
    guint value = 0;
    bool more = true;
    for (guint i = 0; more && i < most && *at < bytes.len; i++, (*at)++) {
        value |= (guint)(bytes.data[*at] & 0x7f) << (7 * i);
        more = (bytes.data[*at] & 0x80) != 0;
    }
    return value;
}

static bool binary_next(SniffBytes bytes, gsize *at, guint *out_type, SniffBytes *out_body)
{
    if (*at >= bytes.len)
        return false;
    guint low = bytes.data[(*at)++];
    *out_type =
        (low & 0x80) != 0 && *at < bytes.len ? (low & 0x7f) | (guint)(bytes.data[(*at)++] & 0x7f) << 7 : low;
    gsize len = binary_number(bytes, at, 4);
    *out_body = bytes_part(bytes, *at, len);
    *at += len;
    return true;
}

// Text in UTF-16 with its length before it. Caller frees.
static char *binary_text(SniffBytes body, gsize at)
{
    GString *out = g_string_new(NULL);
    guint count = bytes_32(body, at);
    if (count < G_MAXUINT32 / 2)
        bytes_utf16(out, bytes_part(body, at + 4, 2 * (gsize)count));
    return g_string_free(out, FALSE);
}

static double binary_double(SniffBytes body, gsize at)
{
    guint64 bits = bytes_32(body, at) | (guint64)bytes_32(body, at + 4) << 32;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// A number in 30 bits: an integer or the upper bits of a double, perhaps a hundredfold.
static double binary_rk(guint32 rk)
{
    guint64 bits = (guint64)(rk & ~3u) << 32;
    double value;
    memcpy(&value, &bits, sizeof value);
    if (rk & 2)
        value = (gint32)rk >> 2;
    return rk & 1 ? value / 100 : value;
}

static char *binary_plain(double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    bool whole = fabs(value) < 1e15 && value == floor(value);
    return isfinite(value) ? g_strdup(g_ascii_formatd(text, sizeof text, whole ? "%.0f" : "%.15g", value))
                           : NULL;
}

// ---- sheets ----------------------------------------------------------------------------------------------

// Column and style, then the value.
#define BINARY_CELL 8u

static char *binary_cell(Ooxml *ooxml, guint type, SniffBytes body)
{
    g_autofree char *index = g_strdup_printf("%u", bytes_32(body, BINARY_CELL));
    char *text = NULL;
    switch (type) {
    case BINARY_RK:
        text = binary_plain(binary_rk(bytes_32(body, BINARY_CELL)));
        break;
    case BINARY_REAL:
    case BINARY_FORMULA_NUMBER:
        text = binary_plain(binary_double(body, BINARY_CELL));
        break;
    case BINARY_TEXT:
    case BINARY_FORMULA_TEXT:
        text = binary_text(body, BINARY_CELL);
        break;
    case BINARY_RICH_TEXT:
        text = binary_text(body, BINARY_CELL + 1);
        break;
    case BINARY_SHARED:
        text = g_strdup(ooxml_strings_get(ooxml, index));
        break;
    case BINARY_COMMENT_TEXT:
        text = binary_text(body, 1);
        break;
    default:
        break;
    }
    return text;
}

static void binary_sheet(Ooxml *ooxml, guint entry, SniffBytes bytes)
{
    const OoxmlEntry *info = &ooxml->entries[entry];
    SniffBytes body;
    guint type = 0;
    Page page;
    bool begun = false;
    page_init(&page, ooxml->package.state);
    for (gsize at = 0; binary_next(bytes, &at, &type, &body);) {
        g_autofree char *text = page_is_full(&page) ? NULL : binary_cell(ooxml, type, body);
        if (type == BINARY_ROW || type == BINARY_COMMENT_TEXT) {
            page_line_end(&page);
            begun = false;
        }
        if (text != NULL && *text != '\0') {
            page_add(&page, false, "\t", begun ? 1 : 0);
            page_add(&page, false, text, strlen(text));
            begun = true;
        }
    }
    page_flush(&page, &ooxml->package, ORIGIN_TABLE, info->hidden ? VISIBILITY_HIDDEN : VISIBILITY_SHOWN,
               info->place);
    page_clear(&page);
}

// ---- the workbook ----------------------------------------------------------------------------------------

static void binary_book(Ooxml *ooxml, guint entry, SniffBytes bytes)
{
    SniffBytes body;
    guint type = 0;
    ooxml->main = true;
    for (gsize at = 0; binary_next(bytes, &at, &type, &body);) {
        if (type != BINARY_BUNDLE_SHEET)
            continue;
        g_autofree char *id = binary_text(body, 8);
        gsize id_len = 4 + 2 * (gsize)bytes_32(body, 8);
        g_autofree char *name = binary_text(body, 8 + id_len);
        g_autofree char *place = g_strdup_printf("sheet %s", name);
        const char *attributes[] = {"id", id, NULL};
        ooxml_queue(ooxml, ooxml_related(ooxml, entry, attributes), place, bytes_32(body, 0) != 0);
    }
}

static void binary_strings(Ooxml *ooxml, SniffBytes bytes)
{
    SniffBytes body;
    guint type = 0;
    for (gsize at = 0; binary_next(bytes, &at, &type, &body);) {
        g_autofree char *text = type == BINARY_STRING ? binary_text(body, 1) : NULL;
        if (text != NULL)
            ooxml_strings_add(ooxml, text);
    }
}

// Parts of a binary workbook that hold no text of cells.
static bool binary_is_beside(const char *name, guint type)
{
    static const char *const NAMES[] = {"calcChain", "connections", "externalLink", "metadata",
                                        "pivot",     "richData",    "/tables/",     "binaryIndex"};
    bool beside = type == BINARY_BEGIN_STYLES;
    for (guint i = 0; i < G_N_ELEMENTS(NAMES) && !beside; i++)
        beside = strstr(name, NAMES[i]) != NULL;
    return beside;
}

bool ooxml_binary(Ooxml *ooxml, guint entry, const GByteArray *array)
{
    SniffBytes bytes = {array->data, array->len}, body;
    const char *name = zip_name(ooxml->package.zip, entry);
    gsize at = 0;
    guint type = 0;
    bool named = package_has_suffix(name, ".bin") && strstr(name, "embeddings/") == NULL;
    bool binary = named && binary_next(bytes, &at, &type, &body);
    bool book = binary && type == BINARY_BEGIN_BOOK;
    if (book)
        binary_book(ooxml, entry, bytes);
    bool sheet = binary && (type == BINARY_BEGIN_SHEET || type == BINARY_BEGIN_COMMENTS);
    if (ooxml->binary && binary && type == BINARY_BEGIN_STRINGS)
        binary_strings(ooxml, bytes);
    else if (ooxml->binary && (sheet || (binary && binary_is_beside(name, type))))
        binary_sheet(ooxml, entry, bytes);
    else
        binary = book;
    return binary;
}
