// Collecting the text of a document's entry: no more than may still be taken of the whole attachment. What is over that is counted,
// so that it is told, and not kept.
#include "reader/formats/page.h"

#include <string.h>

static void page_string_free(gpointer string)
{
    g_string_free(string, TRUE);
}

void page_init(Page *page, const ReaderState *state)
{
    gsize most = (gsize)state->limits->document_text, taken = state->attachment->text;
    *page = (Page){.shown = g_string_new(NULL),
                   .hidden = g_string_new(NULL),
                   .beside = g_string_new(NULL),
                   .attributes = g_string_new(NULL),
                   .open = g_ptr_array_new_with_free_func(page_string_free),
                   .most = most > taken ? most - taken : 0};
}

void page_clear(Page *page)
{
    g_string_free(page->shown, TRUE);
    g_string_free(page->hidden, TRUE);
    g_string_free(page->beside, TRUE);
    g_string_free(page->attributes, TRUE);
    g_ptr_array_unref(page->open);
}

static void page_append(Page *page, GString *to, const char *text, gsize len)
{
    page->taken = page->taken <= page->most ? page->taken + len : page->taken;
    if (page->taken <= page->most)
        g_string_append_len(to, text, (gssize)len);
}

bool page_is_full(const Page *page)
{
    return page->taken > page->most;
}

// ---- paragraphs ------------------------------------------------------------------------------------------

// What stands around the innermost paragraph.
static GString *page_flow(Page *page)
{
    return page->open->len > 0 ? page->beside : page->shown;
}

static bool page_at_line(const GString *text)
{
    return text->len == 0 || text->str[text->len - 1] == '\n';
}

void page_paragraph(Page *page)
{
    g_ptr_array_add(page->open, g_string_new(NULL));
}

void page_paragraph_end(Page *page, bool hidden)
{
    if (page->open->len == 0)
        return;
    GString *text = g_ptr_array_steal_index(page->open, page->open->len - 1);
    GString *flow = page_flow(page);
    bool blank_before =
        flow->len == page->cell || (flow->len >= 2 && memcmp(flow->str + flow->len - 2, "\n\n", 2) == 0);
    g_string_append_len(flow, text->str, (gssize)text->len);
    if (text->len > 0 || (!hidden && !blank_before))
        page_append(page, flow, "\n", 1);
    if (!page_at_line(page->hidden))
        g_string_append_c(page->hidden, '\n');
    g_string_free(text, TRUE);
}

void page_aside(Page *page)
{
    page_paragraph(page);
}

void page_aside_end(Page *page)
{
    if (page->open->len > 0)
        g_ptr_array_set_size(page->open, (gint)page->open->len - 1);
}

void page_add(Page *page, bool hidden, const char *text, gsize len)
{
    GString *to = page->open->len > 0 ? page->open->pdata[page->open->len - 1] : page->shown;
    page_append(page, hidden ? page->hidden : to, text, len);
}

void page_line_end(Page *page)
{
    if (page->open->len == 0 && !page_at_line(page->shown))
        g_string_append_c(page->shown, '\n');
    if (page->open->len == 0 && !page_at_line(page->hidden))
        g_string_append_c(page->hidden, '\n');
}

// ---- cells -----------------------------------------------------------------------------------------------

static void page_trim(GString *text, const char *blanks)
{
    gsize len = text->len;
    while (len > 0 && strchr(blanks, text->str[len - 1]) != NULL)
        len--;
    g_string_truncate(text, len);
}

void page_cell(Page *page)
{
    page->cell = page_flow(page)->len;
}

void page_cell_end(Page *page)
{
    GString *flow = page_flow(page);
    // The end of the cell's last paragraph becomes the cell's.
    if (flow->len > page->cell && flow->str[flow->len - 1] == '\n')
        g_string_truncate(flow, flow->len - 1);
    page_append(page, flow, "\t", 1);
}

void page_cell_note(Page *page, bool hidden, const char *text)
{
    GString *flow = page_flow(page);
    bool said = strstr(flow->str + MIN(page->cell, flow->len), text) != NULL;
    if (!said && flow->len > page->cell && flow->str[flow->len - 1] == '\n')
        g_string_truncate(flow, flow->len - 1);
    if (!said && flow->len > page->cell)
        page_add(page, hidden, " ", 1);
    if (!said)
        page_add(page, hidden, text, strlen(text));
}

void page_row_end(Page *page)
{
    GString *flow = page_flow(page);
    page_trim(flow, "\t");
    if (!page_at_line(flow))
        g_string_append_c(flow, '\n');
}

// ---- beside it -------------------------------------------------------------------------------------------

static void page_add_line(Page *page, GString *to, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    if (!page_at_line(to))
        g_string_append_c(to, '\n');
    page_append(page, to, text, strlen(text));
    g_string_append_c(to, '\n');
}

void page_add_hidden(Page *page, const char *text)
{
    page_add_line(page, page->hidden, text);
}

void page_add_attribute(Page *page, const char *text)
{
    page_add_line(page, page->attributes, text);
}

bool page_flush(Page *page, Package *package, PassageOrigin origin, Visibility visibility, const char *place)
{
    ReaderState *state = package->state;
    guint part = package->part;
    while (page->open->len > 0)
        page_paragraph_end(page, false);
    if (page->taken > page->most)
        format_note(state, part, "incomplete", "more text than is read");
    g_string_append_len(page->shown, page->beside->str, (gssize)page->beside->len);
    bool any =
        format_text(state, part, origin, visibility, place, page->shown->str, page->shown->len) != NULL;
    any |= format_text(state, part, ORIGIN_DOCUMENT, VISIBILITY_HIDDEN, place, page->hidden->str,
                       page->hidden->len) != NULL;
    any |= format_text(state, part, ORIGIN_ATTRIBUTE, visibility, place, page->attributes->str,
                       page->attributes->len) != NULL;
    g_string_truncate(page->shown, 0);
    g_string_truncate(page->hidden, 0);
    g_string_truncate(page->beside, 0);
    g_string_truncate(page->attributes, 0);
    page->cell = 0;
    package->texts += any;
    return any;
}
