// What the files of the retention room share.
#pragma once

#include "cases/cases.h"
#include "retention/retention.h"
#include "review/review.h"
#include "roster/roster.h"
#include "search/search.h"
#include "store/store.h"

struct Retention {
    const Config *config; // referenced
    StoreDb *db;
    Review *review; // opened by the first who asks (retention_review)
    Cases *cases;   // as well (retention_cases)
};

// ---- database (retention.c) ------------------------------------------------------------------------------

// Borrowed; NULL with `error`.
Review *retention_review(Retention *retention, GError **error);
Cases *retention_cases(Retention *retention, GError **error);
// Runs `sql` with text parameters, ended by NULL. False with `error`.
bool retention_exec(Retention *retention, GError **error, const char *sql, ...) G_GNUC_NULL_TERMINATED;
// The texts of the first column of `sql`, asked with `key`. GPtrArray of char*; NULL with `error`.
GPtrArray *retention_texts(Retention *retention, const char *sql, const char *key, GError **error);
// The whole id that `id` begins, of `table`. Caller frees; NULL with `error` (NOINPUT).
char *retention_whole_id(Retention *retention, const char *table, const char *what, const char *id,
                         GError **error);
// An event of the archive; takes `detail`. Inside a transaction it comes before what it tells of is committed: a crash between
// tells of a step that was not taken, never the other way round.
bool retention_event(Retention *retention, const char *event, const char *who, const char *record,
                     json_t *detail, int64_t now_us, GError **error);
// The latest of the days noted for `event` of any of `subjects` (of char*). TRI_NO: none is noted. TRI_UNKNOWN with `error`.
Tri retention_day(Retention *retention, const char *event, const GPtrArray *subjects, int *out_date,
                  GError **error);
// The same person: two steps that two people must take are not taken by one who writes the name otherwise.
bool retention_same_person(const char *one, const char *other);

// ---- facts of a record (facts.c) -------------------------------------------------------------------------

// What schedules and holds ask of a record. Strings are borrowed from the metadata.
typedef struct {
    const char *id, *subject;
    int64_t sent_us, size;
    const json_t *parties; // of the judgement, or of the record; NULL = nobody looked who they are
    const json_t *decided; // recipients with their rules; NULL as above
    bool undecided;        // some recipients' rules were not known when it was written
    GPtrArray *addresses;  // of char*, canonical: everybody in it
    GPtrArray *persons;    // of char*: roster ids
} RecordFacts;
void record_facts_init(RecordFacts *facts, const Config *config, const json_t *meta);
void record_facts_clear(RecordFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RecordFacts, record_facts_clear)

// ---- schedules (schedule.c) ------------------------------------------------------------------------------

// What a rule asks; each list may be NULL, one of a list is enough, all lists that are there must fit.
typedef struct {
    char **from_role, **to_role, **role; // roster roles
    char **school, **address, **rule;    // address: whole, or "@domain"
    char **subject;                      // words or phrases
    char *query;
} ScheduleCondition;

typedef struct {
    char *name;
    const RetentionClass *class;
    ScheduleCondition when, unless;
    bool has_unless;
    int line;
} ScheduleRule;

struct RetentionSchedule {
    char *path, *name, *version, *sha256, *adopted;
    bool template;
    int year_end; // mmdd: last day of a school year
    int floor_years;
    GPtrArray *classes; // of RetentionClass
    GPtrArray *rules;   // of ScheduleRule
};

// ---- queries about single records (sieve.c) --------------------------------------------------------------

// Queries of the index, asked of one record after the other. What the index cannot tell of a record is TRI_UNKNOWN, without
// `error`; a failure is false.
typedef struct Sieve Sieve;
Sieve *sieve_new(const Config *config);
void sieve_free(Sieve *sieve);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sieve, sieve_free)
// `then_us`: when the query was written, what its relative times are meant by.
bool sieve_ask(Sieve *sieve, const char *query, int64_t then_us, const RecordFacts *facts, Tri *out,
               GError **error);

// ---- holds as a set (match.c) ----------------------------------------------------------------------------

typedef struct HoldSet HoldSet;
// Every hold that stands now.
HoldSet *hold_set_new(Retention *retention, GError **error);
void hold_set_free(HoldSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HoldSet, hold_set_free)
// Adds "ID MATTER: why" to `out` for each hold that covers the record, or may. False with `error`.
bool hold_set_match(HoldSet *set, const RecordFacts *facts, GPtrArray *out, GError **error);

// ---- holds (hold.c, book.c, refresh.c) --------------------------------------------------------------------

// legal_hold_place inside a transaction; `source` (may be NULL) makes it one of its kind.
bool hold_place_inside(Retention *retention, const char *matter, const LegalScope *scope, const char *source,
                       const char *who, const char *why, int64_t now_us, char out_id[ULID_LEN + 1],
                       guint *out_gone, GError **error);
// legal_hold_refresh inside a transaction; `*out_added` is added to.
bool hold_refresh_inside(Retention *retention, int64_t now_us, guint *out_added, GError **error);

// ---- disposals -------------------------------------------------------------------------------------------

// May records be destroyed by it? NOPERM: it is a template.
bool disposal_schedule_usable(const RetentionSchedule *schedule, GError **error);
// Tells the archive that records which a disposal named are not destroyed by it after all: of `records` (of char*; NULL = all it
// named and did not destroy). Nothing where none was named. Inside a transaction.
bool disposal_kept_event(Retention *retention, const char *id, const GPtrArray *records, const char *who,
                         const char *why, int64_t now_us, GError **error);
// Approved by two, with the state's authorization? NOPERM.
bool disposal_is_approved(const Disposal *disposal, GError **error);
// The certificate, made and signed once everything is destroyed and out of the index; its event. (certificate.c)
bool disposal_certify(Retention *retention, const char *id, const char *who, GError **error);
// The SHA-256 of the list of records, as it was proposed. Caller frees.
char *disposal_list_hash(Retention *retention, const char *id, GError **error);
