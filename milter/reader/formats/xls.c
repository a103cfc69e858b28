// Excel 97-2003 (MS-XLS, BIFF8) and its forerunner (BIFF5): cells by sheet in the order of the file, comments, text boxes, links,
// headers and footers. Numbers as plain figures: a phone number typed as a number is one.
#include "reader/formats/xls.h"

#include <math.h>
#include <string.h>

#define XLS_MOST_SHEETS 4096u

// ---- records ---------------------------------------------------------------------------------------------

typedef struct {
    guint type;
    SniffBytes body;
} XlsRecord;

// The record at `*at`, which moves behind it. False at the end.
static bool xls_next(SniffBytes stream, gsize *at, XlsRecord *out)
{
    if (!bytes_have(stream, *at, 4))
        return false;
    gsize len = bytes_16(stream, *at + 2);
    *out = (XlsRecord){bytes_16(stream, *at), bytes_part(stream, *at + 4, len)};
    *at += 4 + len;
    return true;
}

// ---- the workbook ----------------------------------------------------------------------------------------

typedef struct {
    ReaderState *state;
    guint part;
    SniffBytes stream;
    bool wide;          // BIFF8
    XlsStrings *shared; // of SST
    GPtrArray *names;   // of sheets, char*
    GArray *hidden;     // bool, of sheets
    int sheet;          // being read; -1 = the workbook's own records
    guint streams;      // begun, and not ended
    GString *cells;     // of the sheet
    GString *rest;      // comments, text boxes, headers
    int row;
    bool text_next; // the next CONTINUE holds a text box's text
    bool formula;   // the next STRING is a formula's
    guint formula_row;
} Xls;

static void xls_cell(Xls *xls, guint row, const char *text)
{
    if (*text == '\0' || xls->cells->len > (gsize)xls->state->limits->document_text)
        return;
    if (xls->cells->len > 0)
        g_string_append_c(xls->cells, xls->row == (int)row ? '\t' : '\n');
    xls->row = (int)row;
    g_string_append(xls->cells, text);
}

static void xls_number(Xls *xls, guint row, double value)
{
    char text[64];
    if (isfinite(value)) {
        g_ascii_formatd(text, sizeof text, fabs(value) < 1e15 && value == floor(value) ? "%.0f" : "%.15g",
                        value);
        xls_cell(xls, row, text);
    }
}

static double xls_double(SniffBytes body, gsize at)
{
    guint64 bits = bytes_32(body, at) | (guint64)bytes_32(body, at + 4) << 32;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// A number in 30 bits: an integer or the upper bits of a double, perhaps a hundredfold.
static double xls_rk(guint32 rk)
{
    guint64 bits = (guint64)(rk & ~3u) << 32;
    double value;
    memcpy(&value, &bits, sizeof value);
    if (rk & 2)
        value = (gint32)rk >> 2;
    return rk & 1 ? value / 100 : value;
}

// Text of `count` characters at `at`, with BIFF8's byte of options before it.
static char *xls_text(const Xls *xls, SniffBytes body, gsize at, gsize count)
{
    g_autoptr(GString) out = g_string_new(NULL);
    bool wide = xls->wide && bytes_have(body, at, 1) && (body.data[at] & 1) != 0;
    SniffBytes bytes = bytes_part(body, at + (xls->wide ? 1 : 0), wide ? 2 * count : count);
    if (wide)
        bytes_utf16(out, bytes);
    else
        bytes_ansi(out, bytes);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

// ---- sheets ----------------------------------------------------------------------------------------------

static void xls_sheet_named(Xls *xls, SniffBytes body)
{
    bool hidden = bytes_have(body, 4, 1) && (body.data[4] & 3) != 0;
    gsize count = bytes_have(body, 6, 1) ? body.data[6] : 0;
    if (xls->names->len >= XLS_MOST_SHEETS)
        return;
    g_ptr_array_add(xls->names, xls_text(xls, body, 7, count));
    g_array_append_val(xls->hidden, hidden);
}

static void xls_sheet_end(Xls *xls)
{
    guint index = (guint)MAX(xls->sheet, 0);
    bool known = xls->sheet >= 0 && index < xls->names->len;
    g_autofree char *place =
        known ? g_strdup_printf("sheet %s", (const char *)xls->names->pdata[index]) : g_strdup("workbook");
    g_autofree char *beside = g_strconcat(place, ", comments", NULL);
    Visibility visibility =
        known && g_array_index(xls->hidden, bool, index) ? VISIBILITY_HIDDEN : VISIBILITY_SHOWN;
    format_text(xls->state, xls->part, ORIGIN_TABLE, visibility, place, xls->cells->str, xls->cells->len);
    format_text(xls->state, xls->part, ORIGIN_DOCUMENT, visibility, beside, xls->rest->str, xls->rest->len);
    g_string_truncate(xls->cells, 0);
    g_string_truncate(xls->rest, 0);
    xls->row = -1;
}

static void xls_beside(Xls *xls, const char *text)
{
    if (*text != '\0' && xls->rest->len < (gsize)xls->state->limits->document_text)
        g_string_append_printf(xls->rest, "%s\n", text);
}

// A link's address stands behind the mark of a URL moniker.
static void xls_link(Xls *xls, SniffBytes body)
{
    static const char MONIKER[] = "\xe0\xc9\xea\x79\xf9\xba\xce\x11\x8c\x82\x00\xaa\x00\x4b\xa9\x0b";
    const guint8 *at = body.len > 0 ? memmem(body.data, body.len, MONIKER, 16) : NULL;
    if (at == NULL)
        return;
    gsize from = (gsize)(at - body.data) + 16;
    g_autoptr(GString) url = g_string_new(NULL);
    bytes_utf16(url, bytes_part(body, from + 4, bytes_32(body, from)));
    format_link(xls->state, xls->part, NULL, url->str);
}

// ---- records of cells ------------------------------------------------------------------------------------

static void xls_numbers(Xls *xls, SniffBytes body)
{
    guint row = bytes_16(body, 0);
    for (gsize at = 4; at + 6 <= body.len - MIN(body.len, 2); at += 6)
        xls_number(xls, row, xls_rk(bytes_32(body, at + 2)));
}

static void xls_formula(Xls *xls, SniffBytes body)
{
    bool special = bytes_16(body, 12) == 0xffff;
    xls->formula = special && bytes_have(body, 6, 1) && body.data[6] == 0;
    xls->formula_row = bytes_16(body, 0);
    if (!special)
        xls_number(xls, bytes_16(body, 0), xls_double(body, 6));
}

static void xls_cell_text(Xls *xls, SniffBytes body)
{
    g_autofree char *text = xls_text(xls, body, 8, bytes_16(body, 6));
    xls_cell(xls, bytes_16(body, 0), text);
}

static void xls_shared(Xls *xls, SniffBytes body)
{
    const char *text = xls->shared != NULL ? xls_strings_get(xls->shared, bytes_32(body, 6)) : NULL;
    if (text != NULL)
        xls_cell(xls, bytes_16(body, 0), text);
}

static void xls_string(Xls *xls, SniffBytes body)
{
    g_autofree char *text = xls_text(xls, body, 2, bytes_16(body, 0));
    if (xls->formula)
        xls_cell(xls, xls->formula_row, text);
    xls->formula = false;
}

static void xls_margin(Xls *xls, SniffBytes body)
{
    gsize count = xls->wide ? bytes_16(body, 0) : bytes_have(body, 0, 1) ? body.data[0] : 0;
    g_autofree char *text = xls_text(xls, body, xls->wide ? 2 : 1, count);
    xls_beside(xls, text);
}

static void xls_continue(Xls *xls, SniffBytes body)
{
    g_autofree char *text = xls->text_next ? xls_text(xls, body, 0, body.len) : NULL;
    if (text != NULL)
        xls_beside(xls, text);
    xls->text_next = false;
}

static bool xls_record(Xls *xls, const XlsRecord *record)
{
    switch (record->type) {
    case 0x0006:
        xls_formula(xls, record->body);
        break;
    case 0x0014:
    case 0x0015:
        xls_margin(xls, record->body);
        break;
    case 0x002f:
        return false;
    case 0x003c:
        xls_continue(xls, record->body);
        break;
    case 0x0085:
        xls_sheet_named(xls, record->body);
        break;
    case 0x00bd:
        xls_numbers(xls, record->body);
        break;
    case 0x00d6:
    case 0x0204:
        xls_cell_text(xls, record->body);
        break;
    case 0x00fd:
        xls_shared(xls, record->body);
        break;
    case 0x01b6:
        xls->text_next = true;
        break;
    case 0x01b8:
        xls_link(xls, record->body);
        break;
    case 0x0203:
        xls_number(xls, bytes_16(record->body, 0), xls_double(record->body, 6));
        break;
    case 0x0207:
        xls_string(xls, record->body);
        break;
    case 0x027e:
        xls_number(xls, bytes_16(record->body, 0), xls_rk(bytes_32(record->body, 6)));
        break;
    default:
        break;
    }
    return true;
}

// Streams in streams are charts of a sheet; the first is the workbook's own.
static void xls_bounds(Xls *xls, const XlsRecord *record)
{
    if (record->type == 0x0809) {
        xls->wide = xls->streams == 0 && xls->sheet < 0 ? bytes_16(record->body, 0) == 0x0600 : xls->wide;
        xls->streams++;
    } else if (record->type == 0x000a && xls->streams > 0 && --xls->streams == 0) {
        xls_sheet_end(xls);
        xls->sheet++;
    }
}

// False when the file has a password.
static bool xls_stream(Xls *xls)
{
    XlsRecord record;
    bool open = true;
    for (gsize at = 0; open && xls_next(xls->stream, &at, &record);) {
        xls_bounds(xls, &record);
        if (record.type == 0x00fc)
            xls->shared =
                xls->shared != NULL ? xls->shared : xls_strings_new(xls->stream, at - record.body.len - 4);
        open = xls_record(xls, &record);
    }
    xls_sheet_end(xls);
    return open;
}

static void xls_rest(ReaderState *state, guint part, OleFile *ole, SniffBytes stream)
{
    g_autoptr(GPtrArray) names = ole_list(ole, "");
    ole_metadata(state, part, ole);
    ole_macros(state, part, ole);
    ole_pictures(state, part, stream);
    for (guint i = 0; names != NULL && i < names->len; i++)
        if (g_str_has_prefix(names->pdata[i], "MBD"))
            ole_object(state, part, ole, names->pdata[i]);
}

void xls_read(ReaderState *state, guint part, SniffBytes bytes)
{
    g_autoptr(OleFile) ole = ole_open(bytes);
    g_autoptr(GByteArray) stream =
        ole != NULL ? ole_stream(ole, "Workbook", (gsize)state->limits->archive_bytes) : NULL;
    if (stream == NULL && ole != NULL)
        stream = ole_stream(ole, "Book", (gsize)state->limits->archive_bytes);
    ((Part *)state->message->parts->pdata[part])->state = PART_READ;
    if (stream == NULL || stream->len < 8) {
        format_fail(state, part, "damaged", "no workbook");
        return;
    }
    guint before = state->message->passages->len;
    Xls xls = {.state = state, .part = part, .stream = {stream->data, stream->len}, .sheet = -1, .row = -1};
    xls.names = g_ptr_array_new_with_free_func(g_free);
    xls.hidden = g_array_new(FALSE, FALSE, sizeof(bool));
    xls.cells = g_string_new(NULL);
    xls.rest = g_string_new(NULL);
    if (!xls_stream(&xls))
        format_fail(state, part, "encrypted", "an Excel file with a password");
    else
        xls_rest(state, part, ole, xls.stream);
    if (xls.sheet < 0)
        format_fail(state, part, "damaged", "a workbook that breaks off");
    else if (state->message->passages->len == before)
        format_note(state, part, "no-text", NULL);
    xls_strings_free(xls.shared);
    g_ptr_array_unref(xls.names);
    g_array_unref(xls.hidden);
    g_string_free(xls.cells, TRUE);
    g_string_free(xls.rest, TRUE);
}
