// Word 97-2003 (MS-DOC): text by the piece table, in the order of the document: body, footnotes, headers, comments, endnotes,
// text boxes. Word 6 and 95: the text as it stands.
#include "reader/formats/ole.h"

#include <string.h>

#define DOC_FIB_FLAGS   0x0a
#define DOC_ENCRYPTED   0x0100
#define DOC_TABLE_1     0x0200
#define DOC_FC_MIN      0x18
#define DOC_FC_MAC      0x1c
#define DOC_FC_CLX      0x1a2
#define DOC_COMPRESSED  0x40000000u
#define DOC_MAGIC_97    0xa5ec
#define DOC_MOST_PIECES 1000000u

typedef struct {
    ReaderState *state;
    guint part;
    GString *text;  // as shown
    GString *codes; // of fields: shown by no client
    guint fields;   // open, of which the code is being read
} DocText;

// ---- characters ------------------------------------------------------------------------------------------

static void doc_link(DocText *doc, const char *code)
{
    const char *open = strchr(code, '"'), *close = open != NULL ? strchr(open + 1, '"') : NULL;
    if (close == NULL || strstr(code, "HYPERLINK") == NULL)
        return;
    g_autofree char *url = g_strndup(open + 1, (gsize)(close - open) - 1);
    format_link(doc->state, doc->part, NULL, url);
}

static void doc_field_end(DocText *doc)
{
    if (doc->fields > 0)
        doc->fields--;
    if (doc->fields == 0 && doc->codes->len > 0) {
        doc_link(doc, doc->codes->str);
        format_text(doc->state, doc->part, ORIGIN_DOCUMENT, VISIBILITY_HIDDEN, "field", doc->codes->str,
                    doc->codes->len);
        g_string_truncate(doc->codes, 0);
    }
}

// Characters that mean something in Word's text.
static void doc_char(DocText *doc, gunichar c)
{
    GString *out = doc->fields > 0 ? doc->codes : doc->text;
    switch (c) {
    case 0x07: // end of a cell, or of a row
        g_string_append_c(out, '\t');
        break;
    case 0x0b:
    case 0x0c:
    case 0x0d:
    case 0x0e:
        g_string_append_c(out, '\n');
        break;
    case 0x13:
        doc->fields++;
        break;
    case 0x14: // what the field shows comes now
    case 0x15:
        doc_field_end(doc);
        break;
    case 0x1e:
        g_string_append_c(out, '-');
        break;
    case 0x1f: // a hyphen where the line would break
        break;
    default:
        if (c >= 0x20 || c == '\t')
            g_string_append_unichar(out, c);
    }
}

static void doc_text(DocText *doc, const char *utf8)
{
    for (const char *p = utf8; *p != '\0'; p = g_utf8_next_char(p))
        doc_char(doc, g_utf8_get_char(p));
}

// ---- pieces ----------------------------------------------------------------------------------------------

// One piece of `count` characters that begin at `fc`. False when it lies outside.
static bool doc_piece(DocText *doc, SniffBytes stream, guint32 fc, gsize count)
{
    bool narrow = (fc & DOC_COMPRESSED) != 0;
    gsize at = fc & ~DOC_COMPRESSED;
    SniffBytes bytes = narrow ? bytes_part(stream, at / 2, count) : bytes_part(stream, at, 2 * count);
    g_autoptr(GString) text = g_string_new(NULL);
    if (narrow)
        bytes_ansi(text, bytes);
    else
        bytes_utf16(text, bytes);
    doc_text(doc, text->str);
    return bytes.len == (narrow ? count : 2 * count);
}

// The piece table in a Clx; len 0 when there is none.
static SniffBytes doc_piece_table(SniffBytes clx)
{
    gsize at = 0;
    while (at < clx.len && clx.data[at] == 1)
        at += 3 + (gsize)bytes_16(clx, at + 1);
    return at < clx.len && clx.data[at] == 2 ? bytes_part(clx, at + 5, bytes_32(clx, at + 1))
                                             : (SniffBytes){clx.data, 0};
}

static bool doc_pieces(DocText *doc, SniffBytes stream, SniffBytes plc)
{
    gsize count = plc.len >= 4 ? (plc.len - 4) / 12 : 0;
    bool whole = count > 0 && count <= DOC_MOST_PIECES;
    gsize most = (gsize)doc->state->limits->document_text, taken = 0;
    for (gsize i = 0; i < MIN(count, DOC_MOST_PIECES) && taken <= most; i++) {
        guint32 from = bytes_32(plc, 4 * i), to = bytes_32(plc, 4 * i + 4);
        gsize chars = to > from ? to - from : 0;
        guint32 fc = bytes_32(plc, 4 * (count + 1) + 8 * i + 2);
        // Pieces may lie over each other: what they say is counted, not what they take.
        taken += MIN(chars, stream.len);
        whole &= to >= from && doc_piece(doc, stream, fc, MIN(chars, most));
    }
    if (taken > most)
        format_note(doc->state, doc->part, "incomplete", "more text than is read");
    return whole;
}

// ---- the document ----------------------------------------------------------------------------------------

static bool doc_modern(DocText *doc, OleFile *ole, SniffBytes stream)
{
    bool one = (bytes_16(stream, DOC_FIB_FLAGS) & DOC_TABLE_1) != 0;
    g_autoptr(GByteArray) table =
        ole_stream(ole, one ? "1Table" : "0Table", (gsize)doc->state->limits->archive_bytes);
    if (table == NULL)
        return false;
    SniffBytes bytes = {table->data, table->len};
    SniffBytes clx = bytes_part(bytes, bytes_32(stream, DOC_FC_CLX), bytes_32(stream, DOC_FC_CLX + 4));
    return doc_pieces(doc, stream, doc_piece_table(clx));
}

static bool doc_old(DocText *doc, SniffBytes stream)
{
    guint32 from = bytes_32(stream, DOC_FC_MIN), to = bytes_32(stream, DOC_FC_MAC);
    SniffBytes bytes = bytes_part(stream, from, to > from ? to - from : 0);
    g_autoptr(GString) text = g_string_new(NULL);
    bytes_ansi(text, bytes);
    doc_text(doc, text->str);
    return bytes.len > 0;
}

static void doc_rest(ReaderState *state, guint part, OleFile *ole, SniffBytes stream)
{
    g_autoptr(GByteArray) data = ole_stream(ole, "Data", (gsize)state->limits->archive_bytes);
    ole_metadata(state, part, ole);
    ole_macros(state, part, ole);
    ole_objects(state, part, ole, "ObjectPool");
    ole_pictures(state, part, stream);
    if (data != NULL)
        ole_pictures(state, part, (SniffBytes){data->data, data->len});
}

void doc_read(ReaderState *state, guint part, SniffBytes bytes)
{
    g_autoptr(OleFile) ole = ole_open(bytes);
    g_autoptr(GByteArray) stream =
        ole != NULL ? ole_stream(ole, "WordDocument", (gsize)state->limits->archive_bytes) : NULL;
    SniffBytes main = {stream != NULL ? stream->data : NULL, stream != NULL ? stream->len : 0};
    ((Part *)state->message->parts->pdata[part])->state = PART_READ;
    if (main.len < 0x20) {
        format_fail(state, part, "damaged", "no text stream");
        return;
    }
    if ((bytes_16(main, DOC_FIB_FLAGS) & DOC_ENCRYPTED) != 0) {
        format_fail(state, part, "encrypted", "a Word file with a password");
        return;
    }
    DocText doc = {state, part, g_string_new(NULL), g_string_new(NULL), 0};
    bool whole = bytes_16(main, 0) == DOC_MAGIC_97 ? doc_modern(&doc, ole, main) : doc_old(&doc, main);
    doc.fields = MIN(doc.fields, 1);
    doc_field_end(&doc);
    Passage *shown =
        format_text(state, part, ORIGIN_DOCUMENT, VISIBILITY_SHOWN, NULL, doc.text->str, doc.text->len);
    doc_rest(state, part, ole, main);
    if (!whole)
        format_fail(state, part, "damaged", "text that cannot be found");
    else if (shown == NULL)
        format_note(state, part, "no-text", NULL);
    g_string_free(doc.text, TRUE);
    g_string_free(doc.codes, TRUE);
}
