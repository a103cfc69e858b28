// The text of OpenDocument (ODF 1.3) by the local names of its elements. What is repeated is read once.
#include "reader/formats/odf.h"

#include <stdlib.h>
#include <string.h>

#define ODF_SPACES  16u // of one element that stands for many
#define ODF_COLUMNS 1024u
#define ODF_LABEL   5u // letters before a list's number that can say something

// ---- elements --------------------------------------------------------------------------------------------

typedef enum {
    IS_OTHER,
    IS_ASIDE,
    IS_BINARY,
    IS_BLOCK, // text without a paragraph
    IS_BODY,
    IS_BREAK,
    IS_CELL,
    IS_COLUMN,
    IS_DELETED,
    IS_DESCRIPTION,
    IS_HIDDEN_TEXT,
    IS_MATH,
    IS_META,
    IS_NOTES,
    IS_PAGE,
    IS_PARAGRAPH,
    IS_PROPERTIES,
    IS_ROW,
    IS_SCRIPT,
    IS_SILENT,
    IS_SPACES,
    IS_SPREADSHEET,
    IS_STYLE,
    IS_TAB,
    IS_TABLE,
} Element;

typedef struct {
    const char *name;
    Element element;
} ElementName;

static int element_compare(const void *key, const void *entry)
{
    return strcmp(key, ((const ElementName *)entry)->name);
}

static Element element_of(const char *name)
{
    // Sorted.
    static const ElementName NAMES[] = {
        {"annotation", IS_ASIDE},
        {"binary-data", IS_BINARY},
        {"body", IS_BODY},
        {"change-info", IS_SILENT},
        {"covered-table-cell", IS_CELL},
        {"date-time-decl", IS_BLOCK},
        {"deletion", IS_DELETED},
        {"desc", IS_DESCRIPTION},
        {"footer-decl", IS_BLOCK},
        {"h", IS_PARAGRAPH},
        {"header-decl", IS_BLOCK},
        {"hidden-text", IS_HIDDEN_TEXT},
        {"line-break", IS_BREAK},
        {"math", IS_BLOCK},
        {"meta", IS_META},
        {"mi", IS_MATH},
        {"mn", IS_MATH},
        {"mo", IS_MATH},
        {"mtext", IS_MATH},
        {"note", IS_ASIDE},
        {"notes", IS_NOTES},
        {"p", IS_PARAGRAPH},
        {"page", IS_PAGE},
        {"ruby-text", IS_SILENT},
        {"s", IS_SPACES},
        {"script", IS_SCRIPT},
        {"spreadsheet", IS_SPREADSHEET},
        {"style", IS_STYLE},
        {"tab", IS_TAB},
        {"table", IS_TABLE},
        {"table-cell", IS_CELL},
        {"table-column", IS_COLUMN},
        {"table-properties", IS_PROPERTIES},
        {"table-row", IS_ROW},
        {"text-properties", IS_PROPERTIES},
        {"title", IS_DESCRIPTION},
    };
    const ElementName *found = bsearch(name, NAMES, G_N_ELEMENTS(NAMES), sizeof *NAMES, element_compare);
    return found != NULL ? found->element : IS_OTHER;
}

// ---- the run ---------------------------------------------------------------------------------------------

// An open element.
typedef struct {
    guint8 element;
    bool hidden, silent;
} Frame;

typedef struct {
    Odf *odf;
    Page page;
    GArray *frames; // of Frame
    char *place;
    const char *body;          // the place of what follows
    bool sheet;                // the place is one
    bool visible;              // and is shown
    GString *words;            // of a description, or base64
    char *style;               // being declared
    char *value;               // of the cell, where its text may be another
    PackageMetadata *metadata; // being read; NULL = none
    guint meta_depth;
    guint column, columns;
    bool collapsed[ODF_COLUMNS];
} OdfRun;

static void odf_flush(OdfRun *run, char *place, bool sheet, bool visible)
{
    page_flush(&run->page, &run->odf->package, run->sheet ? ORIGIN_TABLE : ORIGIN_DOCUMENT,
               run->visible ? VISIBILITY_SHOWN : VISIBILITY_HIDDEN, run->place);
    g_free(run->place);
    run->place = place;
    run->sheet = sheet;
    run->visible = visible;
}

static Frame *odf_frame(OdfRun *run)
{
    return run->frames->len > 0 ? &g_array_index(run->frames, Frame, run->frames->len - 1) : NULL;
}

static bool odf_is(const char **attributes, const char *name, const char *value)
{
    const char *found = package_attribute(attributes, name);
    return found != NULL && strcmp(found, value) == 0;
}

static guint64 odf_count(const char **attributes, const char *name)
{
    const char *count = package_attribute(attributes, name);
    return count != NULL ? MAX(g_ascii_strtoull(count, NULL, 10), 1) : 1;
}

// ---- links and attributes --------------------------------------------------------------------------------

// Begins with a scheme, other than that of macros.
static bool odf_leads_out(const char *href)
{
    gsize len = strspn(href, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return len > 1 && href[len] == ':' && !g_str_has_prefix(href, "vnd.sun.star");
}

static void odf_attributes(OdfRun *run, Element element, const char **attributes)
{
    static const char *const NAMES[] = {"label", "current-value", "help-message", "error-message"};
    const char *href = package_attribute(attributes, "href");
    if (href != NULL && odf_leads_out(href))
        package_link(&run->odf->package, run->place, href);
    for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++)
        page_add_attribute(&run->page, package_attribute(attributes, NAMES[i]));
    const char *prefix = package_attribute(attributes, "num-prefix");
    if (prefix != NULL && strlen(prefix) >= ODF_LABEL)
        page_add_attribute(&run->page, prefix);
    const char *formula = element == IS_CELL ? package_attribute(attributes, "formula") : NULL;
    if (formula != NULL) {
        g_autofree char *url = package_hyperlink(formula);
        package_link(&run->odf->package, run->place, url);
        page_add_hidden(&run->page, strchr(formula, '"') != NULL ? formula : NULL);
    }
}

// ---- elements --------------------------------------------------------------------------------------------

static void odf_cell(OdfRun *run, const char **attributes)
{
    const char *words = package_attribute(attributes, "string-value"),
               *number = package_attribute(attributes, "value");
    guint column = run->column;
    g_free(run->value);
    run->value = words != NULL ? g_strdup(words) : number != NULL ? package_number(number) : NULL;
    // Short figures stand in the cell as they should be read.
    if (words == NULL && run->value != NULL && strspn(run->value, "0123456789") < 7)
        g_clear_pointer(&run->value, g_free);
    odf_frame(run)->hidden |= column < ODF_COLUMNS && run->collapsed[column];
    run->column = (guint)MIN(column + odf_count(attributes, "number-columns-repeated"), ODF_COLUMNS);
    page_cell(&run->page);
}

static void odf_cell_end(OdfRun *run, bool hidden)
{
    if (run->value != NULL)
        page_cell_note(&run->page, hidden, run->value);
    g_clear_pointer(&run->value, g_free);
    page_cell_end(&run->page);
}

static void odf_columns(OdfRun *run, const char **attributes)
{
    bool collapsed =
        odf_is(attributes, "visibility", "collapse") || odf_is(attributes, "visibility", "filter");
    guint64 count = odf_count(attributes, "number-columns-repeated");
    for (guint64 i = 0; i < count && run->columns < ODF_COLUMNS; i++)
        run->collapsed[run->columns++] = collapsed;
}

static void odf_table(OdfRun *run, const char **attributes)
{
    const char *name = package_attribute(attributes, "name"),
               *style = package_attribute(attributes, "style-name");
    bool hidden = style != NULL && g_hash_table_contains(run->odf->hiding, style);
    run->columns = 0;
    memset(run->collapsed, 0, sizeof run->collapsed);
    if (run->sheet)
        odf_flush(run, g_strdup_printf("sheet %s", name != NULL ? name : "?"), true, !hidden);
    if (run->sheet)
        page_add_attribute(&run->page, name);
}

static void odf_properties(OdfRun *run, const char **attributes)
{
    bool hides = odf_is(attributes, "display", "none") || odf_is(attributes, "display", "false");
    if (hides && run->style != NULL)
        g_hash_table_add(run->odf->hiding, g_strdup(run->style));
}

static void odf_element(OdfRun *run, Element element, const char **attributes)
{
    Frame *frame = odf_frame(run);
    guint64 count = odf_count(attributes, "c");
    switch (element) {
    case IS_ASIDE:
        page_aside(&run->page);
        break;
    case IS_BINARY:
    case IS_DESCRIPTION:
        g_string_truncate(run->words, 0);
        break;
    case IS_BODY:
        odf_flush(run, g_strdup(run->body), false, true);
        break;
    case IS_BREAK:
        page_add(&run->page, frame->hidden, "\n", 1);
        break;
    case IS_CELL:
        odf_cell(run, attributes);
        break;
    case IS_COLUMN:
        odf_columns(run, attributes);
        break;
    case IS_DELETED:
        frame->hidden = true;
        break;
    case IS_HIDDEN_TEXT:
        page_add_hidden(&run->page, package_attribute(attributes, "string-value"));
        break;
    case IS_META:
        if (run->metadata == NULL)
            run->metadata = package_metadata_new(&run->odf->package);
        break;
    case IS_NOTES:
        if (run->odf->pages > 0)
            odf_flush(run, g_strdup_printf("slide %u, notes", run->odf->pages), false, true);
        break;
    case IS_PAGE:
        odf_flush(run, g_strdup_printf("slide %u", ++run->odf->pages), false, true);
        break;
    case IS_PARAGRAPH:
        page_paragraph(&run->page);
        break;
    case IS_PROPERTIES:
        odf_properties(run, attributes);
        break;
    case IS_ROW:
        run->column = 0;
        frame->hidden |=
            odf_is(attributes, "visibility", "collapse") || odf_is(attributes, "visibility", "filter");
        break;
    case IS_SCRIPT:
        format_note(run->odf->package.state, run->odf->package.part, "macros", NULL);
        break;
    case IS_SILENT:
        frame->silent = true;
        break;
    case IS_SPACES:
        page_add(&run->page, frame->hidden, "                ", MIN(count, ODF_SPACES));
        break;
    case IS_SPREADSHEET:
        run->sheet = true;
        break;
    case IS_STYLE:
        g_free(run->style);
        run->style = g_strdup(package_attribute(attributes, "name"));
        break;
    case IS_TAB:
        page_add(&run->page, frame->hidden, "\t", 1);
        break;
    case IS_TABLE:
        odf_table(run, attributes);
        break;
    default:
        break;
    }
}

static void odf_start(void *data, const char *name, const char **attributes)
{
    OdfRun *run = data;
    if (run->metadata != NULL) {
        run->meta_depth++;
        PACKAGE_METADATA.start(run->metadata, name, attributes);
        return;
    }
    const Frame *parent = odf_frame(run);
    const char *style = package_attribute(attributes, "style-name");
    Element element = element_of(name);
    Frame frame = {(guint8)element, parent != NULL && parent->hidden, parent != NULL && parent->silent};
    frame.hidden |= style != NULL && element != IS_TABLE && g_hash_table_contains(run->odf->hiding, style);
    frame.hidden |= odf_is(attributes, "is-hidden", "true") || odf_is(attributes, "display", "none");
    g_array_append_val(run->frames, frame);
    if (attributes[0] != NULL)
        odf_attributes(run, element, attributes);
    odf_element(run, element, attributes);
}

// ---- ends and text ---------------------------------------------------------------------------------------

static void odf_binary_end(OdfRun *run)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Package *package = &run->odf->package;
    decode_base64(run->words->str, run->words->len, bytes);
    if (bytes->len > 0 && format_afford(package->state, package->part, bytes->len))
        format_inside(package->state, package->part, "picture", "", bytes->data, bytes->len);
    g_string_truncate(run->words, 0);
}

// True when the element belonged to the metadata.
static bool odf_meta_end(OdfRun *run, const char *name)
{
    bool inside = run->metadata != NULL && run->meta_depth > 0;
    if (inside) {
        run->meta_depth--;
        PACKAGE_METADATA.end(run->metadata, name);
    } else {
        g_clear_pointer(&run->metadata, package_metadata_free);
    }
    return inside;
}

static void odf_end(void *data, const char *name)
{
    OdfRun *run = data;
    if (odf_meta_end(run, name))
        return;
    Frame frame = *odf_frame(run);
    g_array_set_size(run->frames, run->frames->len - 1);
    switch ((Element)frame.element) {
    case IS_ASIDE:
        page_aside_end(&run->page);
        break;
    case IS_BINARY:
        odf_binary_end(run);
        break;
    case IS_BLOCK:
        page_line_end(&run->page);
        break;
    case IS_CELL:
        odf_cell_end(run, frame.hidden);
        break;
    case IS_DESCRIPTION:
        page_add_attribute(&run->page, g_strstrip(run->words->str));
        g_string_truncate(run->words, 0);
        break;
    case IS_PARAGRAPH:
        page_paragraph_end(&run->page, frame.hidden || frame.silent);
        break;
    case IS_ROW:
        page_row_end(&run->page);
        break;
    case IS_SPREADSHEET:
        odf_flush(run, NULL, false, true);
        break;
    case IS_STYLE:
        g_clear_pointer(&run->style, g_free);
        break;
    default:
        break;
    }
}

static void odf_characters(void *data, const char *text, gsize len)
{
    OdfRun *run = data;
    const Frame *frame = odf_frame(run);
    Element element = frame != NULL ? (Element)frame->element : IS_OTHER;
    if (run->metadata != NULL)
        PACKAGE_METADATA.text(run->metadata, text, len);
    else if (frame == NULL || frame->silent)
        return;
    else if (element == IS_BINARY || element == IS_DESCRIPTION)
        g_string_append_len(run->words, text, (gssize)len);
    else if (run->page.open->len > 0)
        page_add(&run->page, frame->hidden, text, len);
    else if ((element == IS_BLOCK || element == IS_MATH) && !package_is_blank(text, len))
        page_add(&run->page, frame->hidden, text, len);
}

void odf_text(Odf *odf, const char *place, const char *body, const GByteArray *bytes)
{
    static const XmlHandlers HANDLERS = {odf_start, odf_end, odf_characters};
    g_autofree OdfRun *run = g_new0(OdfRun, 1);
    run->odf = odf;
    run->frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    run->words = g_string_new(NULL);
    run->place = g_strdup(place);
    run->body = body;
    run->visible = true;
    page_init(&run->page, odf->package.state);
    xml_parse(odf->package.state, odf->package.part, bytes->data, bytes->len, &HANDLERS, run);
    g_clear_pointer(&run->metadata, package_metadata_free);
    odf_flush(run, NULL, false, true);
    page_clear(&run->page);
    g_array_unref(run->frames);
    g_string_free(run->words, TRUE);
    g_free(run->style);
    g_free(run->value);
}
