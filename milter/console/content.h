// content: what a message says, shown safely. page_item.c calls content_pane; content.c reads, page_html.c and page_parts.c show.
#pragma once

#include "console/internal.h"

// An archived message, read by the reader's workers and detected by the policy in force: so that what was found has its place in the
// text. Immutable once made; the desk keeps the last few.
typedef struct Content {
    ArchiveRecord *record; // bytes and metadata
    Judgement *judgement;  // ->message and ->detection: findings with passage, start and end
} Content;
void content_free(Content *content);
// Borrowed from the desk until the request ends. NULL with `error`.
const Content *content_read(Request *request, const ArchiveRef *ref, GError **error);

// The tabs of a message; the first is what is shown unless the reader asks for another.
typedef struct {
    const char *name, *key; // "text", "tab.text"
} ContentTab;
extern const ContentTab CONTENT_TABS[]; // "text", "html", "headers", "attachments"
extern const gsize CONTENT_TABS_COUNT;
// Shows the tab `name` of the message: logs the view first (console_view_log, with `matter`). False with `error`.
bool content_pane(Request *request, Html *html, const ArchiveRef *ref, const char *name, const char *matter,
                  GError **error);
// Text in numbered lines; what was found stands in <mark> with a label ("match 1 of 3"). Returns the number of marks.
guint content_lines(Request *request, Html *html, const Content *content, guint passage, guint marks_before);
