// casefile: what the pages about requests for records share.
#pragma once

#include "console/internal.h"

// Records officers see all cases; auditors those that they were granted for a time, and change nothing.
#define CASE_READERS (USER_RECORDS | USER_AUDITOR)

// The case of the route's first part, if the reader may look into it: NULL with `error` (NOINPUT, NOPERM).
Case *casefile_case(Request *request, GError **error);
// One by its id, with the same check.
Case *casefile_named(Request *request, const char *id, GError **error);
// The record of it that the route's second part names; NULL with `error`. Caller frees.
CaseRecord *casefile_record(Request *request, const Case *one, GError **error);
// May who is signed in change it: a records officer, of a case that is open.
bool casefile_changes(Request *request, const Case *one);
// Caller frees; NULL with `error`.
CaseClocks *casefile_clocks(Request *request, GError **error);
int casefile_today(const Request *request);
// "2026-11-02"; "" for 0.
void casefile_date(int date, char out[11]);
// By when it is due, in words too: nothing hangs on the color.
void casefile_due(Request *request, Html *html, const CaseClocks *clocks, const Case *one);
// Links between the pages of a case; `here` is one of "", "/records", "/letters", "/exports".
void casefile_tabs(Request *request, Html *html, const Case *one, const char *here);
// /cases/ID with `rest` after it. Caller frees.
char *casefile_path(const Case *one, const char *rest);
void casefile_fact(Html *html, const char *key, const char *text);
void casefile_number(Html *html, const char *key, int64_t number);
// A table's head of `count` keys.
void casefile_head(Html *html, const char *caption, const char *const *keys, gsize count);
const char *casefile_text(const json_t *row, const char *key); // "" where there is none; borrowed
// Fields "what", "code" and "why" of a decision about records.
void casefile_decision(Html *html);
// A time as JSON has it (RFC 3339).
void casefile_time(Request *request, Html *html, const char *text);
