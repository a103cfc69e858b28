// cases: requests for records. A case has its requester and a clock by law, the searches that were run for it, the records they found - in
// threads and groups of duplicates -, what reviewers decided about each, fees and letters, and numbers that stay for ever (Bates).
// Every step is an event of the archive. The database is cases.database; one thread at a time.
#pragma once

#include "archive/archive.h"
#include "bag/bag.h"
#include "search/search.h"

// ---- clocks (conf/clocks.conf) ---------------------------------------------------------------------------

typedef struct {
    char *name, *basis, *what; // "massachusetts", "950 CMR 32.06(2)", what has to happen by then
    int days;                  // 0 = no fixed time
    bool business;             // Saturdays, Sundays and holidays do not count
    int extension;             // most days an extension may add; 0 = none
    bool fee_when_late;
} CaseProfile;
typedef struct {
    GPtrArray *profiles; // of CaseProfile
    GHashTable *closed;  // of GINT_TO_POINTER(yyyymmdd): holidays
    int closed_until;    // the last year that holidays are known of
} CaseClocks;
// NULL with `error`: every mistake, with file and line.
CaseClocks *case_clocks_load(const char *path, GError **error);
void case_clocks_free(CaseClocks *clocks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaseClocks, case_clocks_free)
// NULL when there is none of the name.
const CaseProfile *case_clocks_profile(const CaseClocks *clocks, const char *name);
// The last day: `days` after `received` (yyyymmdd), which itself does not count. Where calendar days count, a last day on which the office is
// closed moves to the open one before it: no law that counts so says that it may be later. 0 = no fixed time.
int case_due(const CaseClocks *clocks, const CaseProfile *profile, int received, int extension);
// Days from `today` to `due` as the profile counts them; negative = late.
int case_days_left(const CaseClocks *clocks, const CaseProfile *profile, int today, int due);

// ---- cases -----------------------------------------------------------------------------------------------

typedef struct {
    char *id; // "2026-017"
    char *title, *requester, *contact, *profile;
    int received;  // local date
    int extension; // days added
    char *prefix;  // of its numbers
    int width;     // figures of its numbers
    char *who;
    int64_t opened_us, closed_us; // 0 = open
    char *outcome;
    guint records, undecided, responsive, redacted, exempt, not_responsive, disputed;
} Case;
void case_free(Case *one);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Case, case_free)

typedef struct Cases Cases;
Cases *cases_open(const Config *config, GError **error);
void cases_close(Cases **cases);
static inline void cases_close_auto(Cases *cases)
{
    cases_close(&cases);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cases, cases_close_auto)

// Opens a case; `from`'s title, requester, contact, profile, received, prefix (NULL = its id) and width (0 = 6) are taken. NULL with `error` (DATA:
// what is missing, or a prefix that is another case's); caller frees the id.
char *case_new(Cases *cases, const Case *from, const char *who, int64_t now_us, GError **error);
// Newest first. GPtrArray of Case.
GPtrArray *case_list(Cases *cases, bool closed_too, GError **error);
// The same in pages: those after the one with the id `after` (NULL = from the newest), at most `most` (0 = all).
GPtrArray *case_page(Cases *cases, bool closed_too, const char *after, guint most, GError **error);
Case *case_get(Cases *cases, const char *id, GError **error); // NOINPUT
// DATA for more than the clock allows.
bool case_extend(Cases *cases, const CaseClocks *clocks, const char *id, int days, const char *who,
                 const char *why, int64_t now_us, GError **error);
bool case_finish(Cases *cases, const char *id, const char *outcome, const char *who, int64_t now_us,
                 GError **error);

// What open cases have in them: record -> id of the case, of char*. It is not destroyed while a request for it is open (34 CFR 99.10(e) of
// education records). Caller unrefs; NULL with `error`.
GHashTable *case_wanted(Cases *cases, GError **error);
// Between these two nobody changes the database: what another Cases reads holds. This one can do nothing else meanwhile.
bool cases_freeze(Cases *cases, GError **error);
void cases_thaw(Cases *cases);

// ---- searches and records --------------------------------------------------------------------------------

typedef void (*CaseProgress)(guint64 done, guint64 total, void *data);
typedef struct {
    guint64 hits, added, known;
    guint64 indexed, archived, unsearchable;
    int64_t through_us;
} CaseSearched;
// Runs the query and takes what it finds into the case, read for threads and duplicates. What is known already stays as it is. Broken off, it
// is run again. False with `error`.
bool case_search(Cases *cases, const char *id, Readers *readers, const char *query, bool envelope,
                 const char *who, int64_t now_us, CaseProgress progress, void *data, CaseSearched *out,
                 GError **error);
// [{"query", "who", "time", "envelope", "total", "added", "indexed", "archived", "through", "unsearchable", "items": [{"record", "why"}] that
// could not be searched wholly, the newest CASE_LACKING_MOST of them}], oldest first. New reference.
#define CASE_LACKING_MOST 10000
json_t *case_searches(Cases *cases, const char *id, GError **error);

typedef enum {
    CASE_UNDECIDED,
    CASE_RESPONSIVE,
    CASE_NOT_RESPONSIVE,
    CASE_EXEMPT,
    CASE_REDACT,
    CASE_WHATS
} CaseWhat;
const char *case_what_name(CaseWhat what); // "undecided", "responsive", "not-responsive", "exempt", "redact"
bool case_what_parse(const char *text, CaseWhat *out);

typedef struct {
    char *record, *sender, *subject;
    int64_t received_us;
    char *custodian;      // an address of the district's; NULL = none that everybody may read of
    char *thread, *group; // the first record of each
    bool exact;           // is its text, and what it carries, that of another of the group?
    CaseWhat what;
    char *code, *why, *who; // of the decision
    bool disputed;          // what reviewers decided last is not the same; the last of all stands
    int64_t number;         // 0 = none yet
    json_t *redactions;     // of redact.h; NULL = none
    ArchiveRef *place;      // where it stood when it was taken in; NULL = not known
} CaseRecord;
void case_record_free(CaseRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaseRecord, case_record_free)
// In order of time; `what` CASE_WHATS = all; `after`: id of the last one of the page before (NULL = from the first); `most` 0 = all. GPtrArray of
// CaseRecord.
GPtrArray *case_records(Cases *cases, const char *id, CaseWhat what, const char *after, guint most,
                        GError **error);
// The same, conversations together: those whose first record is the oldest come first.
GPtrArray *case_threads(Cases *cases, const char *id, CaseWhat what, const char *after, guint most,
                        GError **error);
CaseRecord *case_record(Cases *cases, const char *id, const char *record, GError **error); // NOINPUT
// The record itself, from where it stands. NULL with `error` as archive_get.
ArchiveRecord *case_record_read(Cases *cases, const CaseRecord *record, GError **error);

// Those of its thread and of its group, itself too, in order of time. GPtrArray of CaseRecord.
GPtrArray *case_related(Cases *cases, const char *id, const char *record, GError **error);
// What was decided about it: [{"what", "code", "why", "who", "time"}], oldest first. New reference.
json_t *case_decisions(Cases *cases, const char *id, const char *record, GError **error);

// Decides about a record - or, `group`, about all of its group. EXEMPT and REDACT want a `code`, the others have none. `why` goes out with what is
// exempt or redacted. How many; -1 with `error`.
int case_review(Cases *cases, const char *id, const char *record, bool group, CaseWhat what, const char *code,
                const char *why, const char *who, int64_t now_us, GError **error);
// The same about many (`chosen`: of char*), all of them or none.
int case_review_many(Cases *cases, const char *id, const GPtrArray *chosen, bool group, CaseWhat what,
                     const char *code, const char *why, const char *who, int64_t now_us, GError **error);
// What is blacked out in a record (redact.h): a JSON array, kept whole. False with `error`.
bool case_redact(Cases *cases, const char *id, const char *record, const json_t *redactions, const char *who,
                 int64_t now_us, GError **error);

// ---- fees and letters ------------------------------------------------------------------------------------

// `cents` each; a quantity below 0 takes back. False with `error` (DATA: less than nothing would be left).
bool case_fee_add(Cases *cases, const char *id, const char *what, double quantity, int64_t cents,
                  const char *who, int64_t now_us, GError **error);
// {"fees": [{"what", "quantity", "cents", "total"}], "total": cents, "charged": cents, "why": null or why nothing is charged}.
json_t *case_fees(Cases *cases, const CaseClocks *clocks, const char *id, int today, GError **error);
// The letter `template` (cases.letters/NAME.txt) filled for the case. Caller frees; NULL with `error`.
char *case_letter(Cases *cases, const CaseClocks *clocks, const char *id, const char *template,
                  const char *text, int today, char **out_subject, GError **error);
// Keeps a letter as it went out (`to` NULL = by hand). The first one ends the time in which fees are lost.
bool case_letter_sent(Cases *cases, const char *id, const char *template, const char *subject,
                      const char *text, const char *to, const char *who, int64_t now_us, GError **error);
// Sends it by mail from notice.from to `to` and keeps it so. False with `error` (DATA: no address on one side).
bool case_letter_send(Cases *cases, const char *id, const char *template, const char *subject,
                      const char *text, const char *to, const char *who, int64_t now_us, GError **error);
// The names of the letters that there are templates of. GPtrArray of char*; NULL with `error`.
GPtrArray *case_letter_names(Cases *cases, GError **error);
// [{"letter", "subject", "text", "to" (null = by hand), "who", "time"}], oldest first. New reference.
json_t *case_letters(Cases *cases, const char *id, GError **error);

// ---- export ----------------------------------------------------------------------------------------------

// Gives numbers to what has been decided and is not "not responsive", in order of time; those that have one keep it. Then the bag's
// specification. NULL with `error`: DATA, records are undecided, or are to be redacted and have no redactions.
BagSpec *case_bag(Cases *cases, const char *id, const char *who, const char *reason, bool envelope,
                  int64_t now_us, GError **error);
// Notes that the bag was written. False with `error`.
bool case_produced(Cases *cases, const char *id, const BagResult *result, const char *who, int64_t now_us,
                   GError **error);
// [{"who", "time", "full", "redacted", "withheld", "manifest"}], oldest first. New reference.
json_t *case_productions(Cases *cases, const char *id, GError **error);
