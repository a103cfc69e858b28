// The text of documents, slides, comments, diagrams and drawings, by the local names of their elements: runs are joined within their
// paragraph, wherever else its markup cuts them.
#include "reader/formats/ooxml.h"

#include <stdlib.h>
#include <string.h>

// ---- elements --------------------------------------------------------------------------------------------

typedef enum {
    IS_OTHER,
    IS_BLOCK, // ends a line where no paragraph does
    IS_BREAK,
    IS_CELL,
    IS_CODE,    // of a field
    IS_DELETED, // what it holds is not shown
    IS_DELETED_TEXT,
    IS_FIELD,
    IS_FIELD_MARK,
    IS_HIDDEN,
    IS_HYPHEN,
    IS_LIST_ENTRY,
    IS_PARAGRAPH,
    IS_PLACEHOLDER,
    IS_PROPERTIES, // of a run, a paragraph or a row: its parent
    IS_ROW,
    IS_RUN,
    IS_SHAPE,
    IS_SHAPE_PROPERTIES,
    IS_SLIDE,
    IS_STYLE,
    IS_SYMBOL,
    IS_TAB,
    IS_TEXT,
    IS_TEXT_BLOCK,
    IS_VALUE, // of a chart
    IS_VANISH,
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
        {"Fallback", IS_DELETED},
        {"author", IS_TEXT_BLOCK},
        {"br", IS_BREAK},
        {"cNvPr", IS_SHAPE_PROPERTIES},
        {"cm", IS_BLOCK},
        {"comment", IS_BLOCK},
        {"cr", IS_BREAK},
        {"cxnSp", IS_SHAPE},
        {"del", IS_DELETED},
        {"delInstrText", IS_DELETED_TEXT},
        {"delText", IS_DELETED_TEXT},
        {"docPr", IS_SHAPE_PROPERTIES},
        {"fldChar", IS_FIELD_MARK},
        {"fldSimple", IS_FIELD},
        {"graphicFrame", IS_SHAPE},
        {"grpSp", IS_SHAPE},
        {"hidden", IS_HIDDEN},
        {"instrText", IS_CODE},
        {"listEntry", IS_LIST_ENTRY},
        {"moveFrom", IS_DELETED},
        {"noBreakHyphen", IS_HYPHEN},
        {"notes", IS_SLIDE},
        {"p", IS_PARAGRAPH},
        {"pPr", IS_PROPERTIES},
        {"pStyle", IS_STYLE},
        {"ph", IS_PLACEHOLDER},
        {"pic", IS_SHAPE},
        {"pt", IS_VALUE},
        {"ptab", IS_TAB},
        {"r", IS_RUN},
        {"rPr", IS_PROPERTIES},
        {"rStyle", IS_STYLE},
        {"rt", IS_DELETED}, // reading aids over the text
        {"sld", IS_SLIDE},
        {"sp", IS_SHAPE},
        {"sym", IS_SYMBOL},
        {"t", IS_TEXT},
        {"tab", IS_TAB},
        {"tc", IS_CELL},
        {"text", IS_TEXT_BLOCK},
        {"threadedComment", IS_BLOCK},
        {"tr", IS_ROW},
        {"trPr", IS_PROPERTIES},
        {"v", IS_VALUE},
        {"vanish", IS_VANISH},
    };
    const ElementName *found = bsearch(name, NAMES, G_N_ELEMENTS(NAMES), sizeof *NAMES, element_compare);
    return found != NULL ? found->element : IS_OTHER;
}

// ---- the run ---------------------------------------------------------------------------------------------

// An open element.
typedef struct {
    guint8 element;
    bool hidden; // what it holds is not shown
    bool silent; // nor told: prompts in placeholders of masters
} Frame;

typedef struct {
    OoxmlPart *part;
    GArray *frames; // of Frame
    GString *code;  // of a field
    GString *value; // of a chart
} TextRun;

static Frame *text_frame(TextRun *run, guint up)
{
    return run->frames->len > up ? &g_array_index(run->frames, Frame, run->frames->len - 1 - up) : NULL;
}

static const char *text_place(const TextRun *run)
{
    return run->part->ooxml->entries[run->part->entry].place;
}

static void text_begin(OoxmlPart *part)
{
    TextRun *run = g_new0(TextRun, 1);
    run->part = part;
    run->frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    run->code = g_string_new(NULL);
    run->value = g_string_new(NULL);
    part->run = run;
}

// ---- fields ----------------------------------------------------------------------------------------------

// Fields whose codes say nothing: numbers of pages, contents, and what reference programs keep for themselves.
static bool text_code_is_dull(const char *code)
{
    static const char *const WORDS[] = {"ADDIN",        "AUTHOR",    "CREATEDATE", "DATE",     "FILENAME",
                                        "FORMCHECKBOX", "FORMTEXT",  "NOTEREF",    "NUMPAGES", "PAGE",
                                        "PAGEREF",      "PRINTDATE", "REF",        "SAVEDATE", "SECTION",
                                        "SEQ",          "STYLEREF",  "TIME",       "TOC",      "XE"};
    bool dull = strstr(code, "_Toc") != NULL;
    gsize len = strcspn(code, " \\");
    for (guint i = 0; i < G_N_ELEMENTS(WORDS) && !dull; i++)
        dull = strlen(WORDS[i]) == len && g_ascii_strncasecmp(code, WORDS[i], len) == 0;
    return dull;
}

static void text_code_end(TextRun *run)
{
    g_autofree char *code = g_strstrip(g_strdup(run->code->str));
    g_autofree char *url = package_hyperlink(code);
    g_string_truncate(run->code, 0);
    package_link(&run->part->ooxml->package, text_place(run), url);
    if (*code != '\0' && !text_code_is_dull(code) && (url == NULL || strstr(code, "\\o") != NULL))
        page_add_hidden(&run->part->page, code);
}

static void text_end_part(OoxmlPart *part)
{
    TextRun *run = part->run;
    text_code_end(run);
    g_array_unref(run->frames);
    g_string_free(run->code, TRUE);
    g_string_free(run->value, TRUE);
    g_free(run);
}

// ---- elements that say something by themselves -------------------------------------------------------------

// A character by its code; those of symbol fonts stand 0xf000 higher.
static void text_symbol(TextRun *run, const char **attributes, bool hidden)
{
    const char *code = package_attribute(attributes, "char"), *font = package_attribute(attributes, "font");
    guint64 c = code != NULL ? g_ascii_strtoull(code, NULL, 16) : 0;
    bool pictures = font != NULL && (strstr(font, "dings") != NULL || strstr(font, "Marlett") != NULL);
    c = c >= 0xf000 && c < 0xf100 ? c - 0xf000 : c;
    char utf8[6];
    if (!pictures && c >= 0x20 && c < 0x10000 && g_unichar_validate((gunichar)c))
        page_add(&run->part->page, hidden, utf8, (gsize)g_unichar_to_utf8((gunichar)c, utf8));
}

// The nearest shape that is open holds nothing that is shown.
static void text_shape(TextRun *run, bool hidden, bool silent)
{
    bool found = false;
    for (guint up = 1; !found && up <= 6; up++) {
        Frame *frame = text_frame(run, up);
        found = frame == NULL || frame->element == IS_SHAPE;
        if (frame != NULL && found) {
            frame->hidden |= hidden;
            frame->silent |= silent;
        }
    }
}

// Of the element whose properties are being read.
static void text_vanish(TextRun *run, bool on)
{
    Frame *properties = text_frame(run, 1), *owner = text_frame(run, 2), *around = text_frame(run, 3);
    if (properties != NULL && owner != NULL && properties->element == IS_PROPERTIES)
        owner->hidden = on || (around != NULL && around->hidden);
}

static void text_style(TextRun *run, const char **attributes)
{
    const char *style = package_attribute(attributes, "val");
    if (style != NULL && g_hash_table_contains(run->part->ooxml->vanishing, style))
        text_vanish(run, true);
}

static void text_character(TextRun *run, const char *text)
{
    Frame *frame = text_frame(run, 0), *parent = text_frame(run, 1);
    // Tab stops are declared by elements of the same name.
    if (parent == NULL || parent->element != IS_PROPERTIES)
        page_add(&run->part->page, frame->hidden, text, 1);
}

static void text_element(TextRun *run, Element element, const char **attributes)
{
    Page *page = &run->part->page;
    Frame *frame = text_frame(run, 0), *parent = text_frame(run, 1);
    const char *code = NULL;
    switch (element) {
    case IS_BREAK:
        text_character(run, "\n");
        break;
    case IS_CELL:
        page_cell(page);
        break;
    case IS_DELETED:
        frame->hidden = true;
        break;
    case IS_FIELD:
        code = package_attribute(attributes, "instr");
        g_string_append(run->code, code != NULL ? code : "");
        text_code_end(run);
        break;
    case IS_FIELD_MARK:
        code = package_attribute(attributes, "fldCharType");
        if (code != NULL && strcmp(code, "begin") != 0)
            text_code_end(run);
        break;
    case IS_HYPHEN:
        text_character(run, "-");
        break;
    case IS_HIDDEN:
    case IS_VANISH:
        text_vanish(run, ooxml_is_on(attributes, "val", true));
        break;
    case IS_LIST_ENTRY:
        page_add_attribute(page, package_attribute(attributes, "val"));
        break;
    case IS_PARAGRAPH:
        page_paragraph(page);
        break;
    case IS_PLACEHOLDER:
        text_shape(run, false, run->part->kind->pattern);
        break;
    case IS_SHAPE_PROPERTIES:
        text_shape(run, ooxml_is_on(attributes, "hidden", false), false);
        break;
    case IS_SLIDE:
        frame->hidden = !ooxml_is_on(attributes, "show", true);
        break;
    case IS_STYLE:
        text_style(run, attributes);
        break;
    case IS_SYMBOL:
        text_symbol(run, attributes, frame->hidden);
        break;
    case IS_TAB:
        if (parent != NULL && parent->element == IS_RUN)
            text_character(run, "\t");
        break;
    case IS_VALUE:
        g_string_truncate(run->value, 0);
        break;
    default:
        break;
    }
}

static void text_start(void *data, const char *name, const char **attributes)
{
    TextRun *run = ((OoxmlPart *)data)->run;
    const Frame *parent = text_frame(run, 0);
    Element element = element_of(name);
    Frame frame = {(guint8)element, parent != NULL && parent->hidden, parent != NULL && parent->silent};
    g_array_append_val(run->frames, frame);
    if (attributes[0] != NULL && !frame.silent)
        ooxml_attributes(data, attributes);
    text_element(run, element, attributes);
}

// ---- ends and text ---------------------------------------------------------------------------------------

// Words, and numbers that are long enough to be called.
static void text_value_end(TextRun *run, bool hidden)
{
    g_autofree char *value = package_number(g_strstrip(run->value->str));
    gsize digits = strspn(value, "0123456789");
    bool number = *value != '\0' && strspn(value, "+-.0123456789eE") == strlen(value);
    if (run->part->kind->chart && *value != '\0' && (!number || digits >= 7)) {
        page_add(&run->part->page, hidden, value, strlen(value));
        page_line_end(&run->part->page);
    }
    g_string_truncate(run->value, 0);
}

static void text_end(void *data, const char *name)
{
    TextRun *run = ((OoxmlPart *)data)->run;
    Page *page = &run->part->page;
    Frame frame = *text_frame(run, 0);
    g_array_set_size(run->frames, run->frames->len - 1);
    switch ((Element)frame.element) {
    case IS_BLOCK:
    case IS_TEXT_BLOCK:
        page_line_end(page);
        break;
    case IS_CELL:
        page_cell_end(page);
        break;
    case IS_PARAGRAPH:
        page_paragraph_end(page, frame.hidden || frame.silent);
        break;
    case IS_ROW:
        page_row_end(page);
        break;
    case IS_VALUE:
        text_value_end(run, frame.hidden);
        break;
    default:
        break;
    }
}

static void text_characters(void *data, const char *text, gsize len)
{
    TextRun *run = ((OoxmlPart *)data)->run;
    Page *page = &run->part->page;
    const Frame *frame = text_frame(run, 0);
    Element element = frame != NULL ? (Element)frame->element : IS_OTHER;
    gsize most = page->most;
    if (frame == NULL || frame->silent)
        return;
    if (element == IS_CODE && run->code->len <= most)
        g_string_append_len(run->code, text, (gssize)len);
    else if (element == IS_VALUE && run->value->len <= most)
        g_string_append_len(run->value, text, (gssize)len);
    else if (element == IS_DELETED_TEXT)
        page_add(page, true, text, len);
    // Between the paragraphs of a text that has some, and the elements of one that has none, white space means nothing.
    else if ((element == IS_TEXT || element == IS_TEXT_BLOCK) &&
             (page->open->len > 0 || !package_is_blank(text, len)))
        page_add(page, frame->hidden, text, len);
}

const OoxmlWay OOXML_TEXT = {{text_start, text_end, text_characters}, text_begin, text_end_part};
