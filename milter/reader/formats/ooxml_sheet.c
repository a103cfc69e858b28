// Workbooks: cells by row with tabs between them, shared strings put in; what hidden rows and columns hold, and formulas that make text,
// as hidden.
#include "reader/formats/ooxml.h"

#include <string.h>

#define SHEET_COLUMNS 16384u
#define SHEET_SPANS   2000u // of hidden columns

// ---- shared strings --------------------------------------------------------------------------------------

void ooxml_strings_add(Ooxml *ooxml, const char *text)
{
    gsize at = ooxml->strings->len;
    bool room = at <= (gsize)ooxml->package.state->limits->archive_bytes;
    if (room)
        g_string_append_len(ooxml->strings, text, (gssize)strlen(text) + 1);
    else
        at = at - 1;
    guint8 shown = 0;
    g_array_append_val(ooxml->string_at, at);
    g_byte_array_append(ooxml->shown, &shown, 1);
}

const char *ooxml_strings_get(Ooxml *ooxml, const char *index)
{
    guint64 i = g_ascii_strtoull(index, NULL, 10);
    if (i >= ooxml->string_at->len)
        return NULL;
    ooxml->shown->data[i] = 1;
    return ooxml->strings->str + g_array_index(ooxml->string_at, gsize, i);
}

void ooxml_strings_end(Ooxml *ooxml)
{
    Page page;
    page_init(&page, ooxml->package.state);
    for (guint i = 0; i < ooxml->string_at->len; i++)
        if (ooxml->shown->data[i] == 0)
            page_add_hidden(&page, ooxml->strings->str + g_array_index(ooxml->string_at, gsize, i));
    page_flush(&page, &ooxml->package, ORIGIN_TABLE, VISIBILITY_HIDDEN, "strings without a cell");
    page_clear(&page);
}

typedef struct {
    GString *text;
    guint aids; // open reading aids, which say the same once more
    bool in_text;
} StringsRun;

static void strings_begin(OoxmlPart *part)
{
    StringsRun *run = g_new0(StringsRun, 1);
    run->text = g_string_new(NULL);
    part->run = run;
}

static void strings_end(OoxmlPart *part)
{
    StringsRun *run = part->run;
    g_string_free(run->text, TRUE);
    g_free(run);
}

static void strings_start(void *data, const char *name, const char **attributes)
{
    StringsRun *run = ((OoxmlPart *)data)->run;
    run->in_text = strcmp(name, "t") == 0;
    run->aids += strcmp(name, "rPh") == 0;
    if (strcmp(name, "si") == 0)
        g_string_truncate(run->text, 0);
}

static void strings_stop(void *data, const char *name)
{
    OoxmlPart *part = data;
    StringsRun *run = part->run;
    run->in_text = false;
    if (strcmp(name, "rPh") == 0)
        run->aids -= run->aids > 0;
    else if (strcmp(name, "si") == 0)
        ooxml_strings_add(part->ooxml, run->text->str);
}

static void strings_text(void *data, const char *text, gsize len)
{
    StringsRun *run = ((OoxmlPart *)data)->run;
    if (run->in_text && run->aids == 0)
        g_string_append_len(run->text, text, (gssize)len);
}

const OoxmlWay OOXML_STRINGS = {{strings_start, strings_stop, strings_text}, strings_begin, strings_end};

// ---- cells -----------------------------------------------------------------------------------------------

typedef enum { SHEET_ELSEWHERE, SHEET_VALUE, SHEET_FORMULA, SHEET_MARGIN, SHEET_CHOICE } SheetWhere;

typedef struct {
    SheetWhere where;
    GString *value, *formula, *margin;
    char type[12]; // of the cell
    guint column, spans, aids;
    bool row_hidden, row_begun;
    bool hidden[SHEET_COLUMNS];
} SheetRun;

static void sheet_begin(OoxmlPart *part)
{
    SheetRun *run = g_new0(SheetRun, 1);
    run->value = g_string_new(NULL);
    run->formula = g_string_new(NULL);
    run->margin = g_string_new(NULL);
    part->run = run;
}

static void sheet_end(OoxmlPart *part)
{
    SheetRun *run = part->run;
    g_string_free(run->value, TRUE);
    g_string_free(run->formula, TRUE);
    g_string_free(run->margin, TRUE);
    g_free(run);
}

// Columns count from 0; letters count in 26s from 1.
static guint sheet_column(const char *reference)
{
    guint column = 0;
    for (; g_ascii_isalpha(*reference) && column <= SHEET_COLUMNS; reference++)
        column = 26 * column + (guint)(g_ascii_toupper(*reference) - 'A') + 1;
    return column > 0 ? column - 1 : 0;
}

static void sheet_hide_columns(SheetRun *run, const char **attributes)
{
    const char *min = package_attribute(attributes, "min"), *max = package_attribute(attributes, "max");
    if (!ooxml_is_on(attributes, "hidden", false) || min == NULL || max == NULL || run->spans >= SHEET_SPANS)
        return;
    guint64 first = MAX(g_ascii_strtoull(min, NULL, 10), 1), last = g_ascii_strtoull(max, NULL, 10);
    for (guint64 i = first; i <= MIN(last, SHEET_COLUMNS); i++)
        run->hidden[i - 1] = true;
    run->spans++;
}

static void sheet_cell(SheetRun *run, const char **attributes)
{
    const char *type = package_attribute(attributes, "t"), *at = package_attribute(attributes, "r");
    g_strlcpy(run->type, type != NULL ? type : "n", sizeof run->type);
    run->column = at != NULL ? sheet_column(at) : run->column + 1;
    run->aids = 0;
    g_string_truncate(run->value, 0);
    g_string_truncate(run->formula, 0);
}

static void sheet_row(SheetRun *run, const char **attributes)
{
    run->row_hidden = ooxml_is_on(attributes, "hidden", false);
    run->row_begun = false;
    run->column = G_MAXUINT;
}

static bool sheet_is_margin(const char *name)
{
    return g_str_has_suffix(name, "Header") || g_str_has_suffix(name, "Footer");
}

static void sheet_start(void *data, const char *name, const char **attributes)
{
    OoxmlPart *part = data;
    SheetRun *run = part->run;
    run->where = SHEET_ELSEWHERE;
    if (strcmp(name, "c") == 0 || strcmp(name, "cell") == 0)
        sheet_cell(run, attributes);
    else if (strcmp(name, "row") == 0)
        sheet_row(run, attributes);
    else if (strcmp(name, "col") == 0)
        sheet_hide_columns(run, attributes);
    else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        run->where = SHEET_VALUE;
    else if (strcmp(name, "f") == 0)
        run->where = SHEET_FORMULA;
    else if (strcmp(name, "formula1") == 0)
        run->where = SHEET_CHOICE;
    else if (strcmp(name, "rPh") == 0)
        run->aids++;
    else if (sheet_is_margin(name))
        run->where = SHEET_MARGIN;
    if (run->where == SHEET_MARGIN || run->where == SHEET_CHOICE)
        g_string_truncate(run->margin, 0);
    ooxml_attributes(part, attributes);
}

// What the cell shows; NULL = nothing. Caller frees.
static char *sheet_value(OoxmlPart *part)
{
    const SheetRun *run = part->run;
    const char *value = run->value->str;
    char *text = NULL;
    if (strcmp(run->type, "s") == 0)
        text = g_strdup(ooxml_strings_get(part->ooxml, value));
    else if (strcmp(run->type, "n") == 0)
        text = package_number(value);
    else if (strcmp(run->type, "b") != 0 && strcmp(run->type, "e") != 0)
        text = g_strdup(value);
    return text;
}

// A formula makes its value anew when the workbook is opened: what text it is made of counts.
static void sheet_formula(OoxmlPart *part)
{
    SheetRun *run = part->run;
    g_autofree char *url = package_hyperlink(run->formula->str);
    package_link(&part->ooxml->package, part->ooxml->entries[part->entry].place, url);
    if (strchr(run->formula->str, '"') != NULL)
        page_add_hidden(&part->page, run->formula->str);
}

static void sheet_cell_end(OoxmlPart *part)
{
    SheetRun *run = part->run;
    // One string may stand in every cell.
    g_autofree char *text = page_is_full(&part->page) ? NULL : sheet_value(part);
    bool hidden = run->row_hidden || (run->column < SHEET_COLUMNS && run->hidden[run->column]);
    if (text != NULL && *text != '\0') {
        if (run->row_begun)
            page_add(&part->page, hidden, "\t", 1);
        page_add(&part->page, hidden, text, strlen(text));
        run->row_begun = true;
    }
    if (run->formula->len > 0 && !page_is_full(&part->page))
        sheet_formula(part);
}

// "&L&\"Arial\"&12Words": without its marks of place and font.
static char *sheet_margin(const char *code)
{
    GString *out = g_string_new(NULL);
    while (*code != '\0') {
        const char *and = strchr(code, '&');
        g_string_append_len(out, code, and != NULL ? and-code : (gssize)strlen(code));
        if (and == NULL || and[1] == '\0')
            break;
        char mark = and[1];
        code = and+2;
        if (mark == '&')
            g_string_append_c(out, '&');
        else if (strchr("LCR", mark) != NULL)
            g_string_append_c(out, '\n');
        else if (mark == '"')
            code += strcspn(code, "\"") + (strchr(code, '"') != NULL);
        else if (mark == 'K')
            code += MIN(strspn(code, "0123456789ABCDEFabcdef+-"), 6);
        else if (g_ascii_isdigit(mark))
            code += MIN(strspn(code, "0123456789"), 2);
    }
    return g_strstrip(g_string_free(out, FALSE));
}

static void sheet_stop(void *data, const char *name)
{
    OoxmlPart *part = data;
    SheetRun *run = part->run;
    g_autofree char *margin =
        run->where == SHEET_MARGIN && sheet_is_margin(name) ? sheet_margin(run->margin->str) : NULL;
    page_add_attribute(&part->page, margin);
    // The choices of a cell; otherwise a formula.
    if (run->where == SHEET_CHOICE && *run->margin->str == '"')
        page_add_attribute(&part->page, run->margin->str);
    if (strcmp(name, "c") == 0 || strcmp(name, "cell") == 0)
        sheet_cell_end(part);
    else if (strcmp(name, "row") == 0)
        page_line_end(&part->page);
    else if (strcmp(name, "rPh") == 0)
        run->aids -= run->aids > 0;
    run->where = SHEET_ELSEWHERE;
}

static void sheet_text(void *data, const char *text, gsize len)
{
    const OoxmlPart *part = data;
    SheetRun *run = part->run;
    GString *to = run->where == SHEET_VALUE     ? run->value
                  : run->where == SHEET_FORMULA ? run->formula
                                                : run->margin;
    if (run->where != SHEET_ELSEWHERE && run->aids == 0 && to->len <= part->page.most)
        g_string_append_len(to, text, (gssize)len);
}

const OoxmlWay OOXML_SHEET = {{sheet_start, sheet_stop, sheet_text}, sheet_begin, sheet_end};
