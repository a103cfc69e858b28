// held: what the pages about held messages share.
#pragma once

#include "console/internal.h"

// The schools whose messages the reader may see; NULL = all. Borrowed, NULL-ended.
const char *const *held_scope(Request *request);
// The held message of the route's first part, if it is one of the reader's schools and they have no conflict of interest that forbids even
// looking: NULL with `error` (NOINPUT, NOPERM).
HoldItem *held_item(Request *request, GError **error);
// May the reader decide about it (not about their own messages, nor their manager's)? False with `error` (NOPERM).
bool held_may_decide(Request *request, const HoldItem *item, GError **error);
// Are the names of those in it shown to the reader? TRI_UNKNOWN with `error`.
Tri held_reveals(Request *request, const char *record, GError **error);
// Who somebody is in a list: the address, or where it is not `revealed` the role and a mark of its own ("staff 3F2A"). Caller frees.
char *held_name(Request *request, const char *address, const char *role, bool revealed);
void held_party(Request *request, Html *html, const char *address, const char *role, bool revealed);
// In `text`, what is a step's or a reason's, puts held_name's name in place of `address`.
void held_veil(Request *request, GString *text, const char *address, const char *role);
// A text of the item's summary; "" where there is none. Borrowed.
const char *held_text(const HoldItem *item, const char *key);
// How long it waits, and whether its time is over.
void held_age(Request *request, Html *html, const HoldItem *item);
// Is it of one of the reader's schools?
bool held_in_scope(Request *request, const HoldItem *item);
// Why it is held: rules, findings, facts, exceptions that did not apply (page_item.c).
void item_why(Request *request, Html *html, const HoldItem *item);
// From whom, to whom, since when. `blind`: not what became of it, and no names.
void item_facts(Request *request, Html *html, const HoldItem *item, bool revealed, bool blind);
// What passed between its sender and one of its recipients: dates, directions, what was decided; no words of it (page_pair.c). It is
// logged as a view. False with `error`.
bool pair_history(Request *request, Html *html, const HoldItem *item, bool revealed, GError **error);
// Open duplicates of it that the reader may see are added to `into` (of HoldItem), each once. False with `error`. (page_duplicate.c)
bool duplicate_items(Request *request, const HoldItem *original, GPtrArray *into, GError **error);
// Says of which it is a duplicate; *out_decided (caller frees) gets what was decided about that, NULL = nothing. False with `error`.
bool duplicate_notice(Request *request, Html *html, const HoldItem *item, DocketEntry **out_decided,
                      GError **error);
void duplicate_form(Request *request, Html *html, const HoldItem *item);
// What may be done about a message that is decided: opening it again, judging it again (page_reopen.c). False with `error`.
bool reopen_pane(Request *request, Html *html, const HoldItem *item, GError **error);
// What is about to happen to it, or why that failed: a notice with what can be done about it. False with `error`.
bool held_docket_notice(Request *request, Html *html, const HoldItem *item, GError **error);
// How many are open, for lists: at most PAGE_ROWS.
void held_row(Request *request, Html *html, const HoldItem *item, const char *query);
// ?rule=...&school=... of the list that the reader came from, kept from page to page. Caller frees; "" where there is none.
char *held_list_query(const Request *request);
// The filter of a list's query. What it points to is the request's, and lives as long.
HoldFilter held_filter(Request *request);
// Its conversation: what the index has of it, and the text of one that was asked for (page_thread.c). Logged as views. False with `error`.
bool thread_pane(Request *request, Html *html, const HoldItem *item, bool revealed, GError **error);
// Giving it to another reviewer (page_assign.c). False with `error`.
bool assign_pane(Request *request, Html *html, const HoldItem *item, GError **error);
// Asking for an exception that would cover it, and what was asked for already (page_asked.c). False with `error`.
bool permits_pane(Request *request, Html *html, const HoldItem *item, GError **error);
