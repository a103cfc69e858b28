// The text of one entry of a document while its XML is read (page.c): paragraphs, which may stand inside each other where a text box or a
// note hangs in one, cells and rows, what no reader sees, and what stands in attributes.
#pragma once

#include "reader/formats/package.h"

typedef struct {
    GString *shown, *hidden;
    GString *beside;     // paragraphs that stand inside others
    GString *attributes; // a line each
    GPtrArray *open;     // GString*: paragraphs that have begun, the innermost last
    gsize taken, most;
    gsize cell; // where the last one begins
} Page;

void page_init(Page *page, const ReaderState *state);
void page_paragraph(Page *page);
// A hidden one leaves no empty line.
void page_paragraph_end(Page *page, bool hidden);
// What stands beside the text around it, a note or a comment: its paragraphs are kept, text outside of them is not.
void page_aside(Page *page);
void page_aside_end(Page *page);
// Text in the innermost paragraph, or where none is open.
void page_add(Page *page, bool hidden, const char *text, gsize len);
// Nothing more is kept.
bool page_is_full(const Page *page);
// Ends the line, where one has begun and no paragraph is open.
void page_line_end(Page *page);
// The row's cells become a line with tabs between them.
void page_cell(Page *page);
void page_cell_end(Page *page);
void page_row_end(Page *page);
// Puts `text` behind what the cell says, unless it says that.
void page_cell_note(Page *page, bool hidden, const char *text);
// A line of what is hidden, or of attributes; nothing when `text` is NULL or blank.
void page_add_hidden(Page *page, const char *text);
void page_add_attribute(Page *page, const char *text);
// Adds all that was collected as passages at `place` and empties the page. True when there was any text.
bool page_flush(Page *page, Package *package, PassageOrigin origin, Visibility visibility, const char *place);
void page_clear(Page *page);
