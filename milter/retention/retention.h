// retention: how long records are kept, what legal holds keep beyond that, and how records are destroyed. A schedule (a
// versioned file) puts a record into classes; a class says for how many years from which day. Both are worked out when they
// are asked for and never written into a record: another schedule holds for all mail there is. The longest period wins; what
// no rule is about, or what cannot be told, is kept. Nothing is destroyed unless a batch was proposed, approved by two people
// with the state's authorization, and no legal hold covers it at the moment of destruction.
//
// The database (retention.database) holds legal holds and disposals. Placing a hold and destroying a segment's records are
// transactions that exclude each other: a hold that stands is seen, one that comes later finds the records gone and says so.
// Every step is an event of the archive. A Retention belongs to one thread at a time. Pointers of results are the caller's to
// free; strings of arguments are borrowed.
#pragma once

#include "archive/archive.h"
#include "base/config.h"

// ---- schedules (schedule.c) ------------------------------------------------------------------------------

typedef enum {
    TRIGGER_SENT,         // the day it was sent
    TRIGGER_SCHOOL_YEAR,  // the last day of the school year it was sent in
    TRIGGER_STUDENT_EXIT, // the day the last of its students left
    TRIGGER_EVENT,        // a day that somebody noted (retention_note_day)
    TRIGGER_LAST
} RetentionTrigger;
const char *retention_trigger_name(RetentionTrigger trigger);

typedef struct {
    char *name, *title; // "student-temporary"; for people
    char *item;         // of the state's schedule; "" = none
    char *source;       // where the period is from; ""
    bool permanent;     // never due
    int years, days;    // both 0: due at once
    RetentionTrigger trigger;
    char *event; // of TRIGGER_EVENT
} RetentionClass;

// An immutable schedule. Format: chaperone-retention(5).
typedef struct RetentionSchedule RetentionSchedule;
// NULL with `error` (CONFIG): every mistake, a line each.
RetentionSchedule *retention_schedule_load(const char *path, GError **error);
void retention_schedule_free(RetentionSchedule *schedule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RetentionSchedule, retention_schedule_free)
const char *retention_schedule_name(const RetentionSchedule *schedule);
const char *retention_schedule_version(const RetentionSchedule *schedule);
const char *retention_schedule_sha256(const RetentionSchedule *schedule);       // of the file, hex
const GPtrArray *retention_schedule_classes(const RetentionSchedule *schedule); // of RetentionClass
guint retention_schedule_rules(const RetentionSchedule *schedule);
// Is it a template that nobody has adopted yet? Records are not destroyed by one.
bool retention_schedule_template(const RetentionSchedule *schedule);

// ---- the database ----------------------------------------------------------------------------------------

typedef struct Retention Retention;
Retention *retention_open(const Config *config, GError **error);
void retention_close(Retention **retention);
static inline void retention_close_auto(Retention *retention)
{
    retention_close(&retention);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Retention, retention_close_auto)

// The schedule in force (retention.schedule): loads it and, where it is not the one noted last, keeps its file as
// archive.dir/retention/SHA256.conf and adds the event "retention-schedule". NULL with `error` (CONFIG: there is none).
RetentionSchedule *retention_schedule(Retention *retention, const char *who, int64_t now_us, GError **error);

// A day that a period begins with: `event` ("student-exit", or one of a class) of `subject`, a person of the roster or a
// record. `date` yyyymmdd. A later call takes the place of an earlier one; both are events.
bool retention_note_day(Retention *retention, const char *event, const char *subject, int date,
                        const char *who, const char *why, int64_t now_us, GError **error);

// ---- legal holds (hold.c) --------------------------------------------------------------------------------

// A hold keeps, past and future: every record that one of its people is in (by roster id as the record has it, or by any
// address they have or had since the hold was placed), every record that is a hit of its query, and the records it names.
// What cannot be told - a record that is not wholly in the index - it keeps too.
typedef enum { LEGAL_ACTIVE, LEGAL_RELEASING, LEGAL_RELEASED, LEGAL_LAST } LegalState;
const char *legal_state_name(LegalState state);

typedef struct {
    char *id; // ULID
    char *matter;
    LegalState state;
    int64_t placed_us;
    char *placed_by, *why;
    char *query;          // NULL = none
    GPtrArray *people;    // of char*: roster ids
    GPtrArray *addresses; // of char*: canonical, of people and given ones
    GPtrArray *records;   // of char*: ids
    char *asked_by;       // who asked for its release; NULL = nobody
    int64_t asked_us;
    char *released_by; // the second one
    int64_t released_us;
} LegalHold;
void legal_hold_free(LegalHold *hold);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LegalHold, legal_hold_free)
json_t *legal_hold_json(const LegalHold *hold, const Config *config); // new reference

// What a hold is placed on, or what is added to one.
typedef struct {
    const char *query;    // NULL = none
    char *const *people;  // roster ids or addresses; NULL = none
    char *const *records; // ids; NULL = none
} LegalScope;

// Holds, durable and with its event when it returns true. `people` are resolved in the roster: an id's addresses, an
// address's person. USAGE for a query that is none, DATA for an empty scope. `*out_gone` (may be NULL) = records named that
// were destroyed before.
bool legal_hold_place(Retention *retention, const char *matter, const LegalScope *scope, const char *who,
                      const char *why, int64_t now_us, char out_id[ULID_LEN + 1], guint *out_gone,
                      GError **error);
// More people and records for a hold that stands. A query only where it has none yet.
bool legal_hold_add(Retention *retention, const char *id, const LegalScope *scope, const char *who,
                    const char *why, int64_t now_us, guint *out_gone, GError **error);
// The first of two: asks for its release. The hold stands on.
// The second, another person, after retention.hold_cooling_days: ends it. TEMPFAIL before that time, NOPERM for the same
// person. `*out_state` tells which it was.
bool legal_hold_release(Retention *retention, const char *id, const char *who, const char *why,
                        int64_t now_us, LegalState *out_state, GError **error);
// Takes back what the first asked for.
bool legal_hold_keep(Retention *retention, const char *id, const char *who, const char *why, int64_t now_us,
                     GError **error);
// Newest first; `released` too. GPtrArray of LegalHold; NULL with `error`.
GPtrArray *legal_hold_list(Retention *retention, bool released, GError **error);
// `id` may be cut short as long as it is one hold's. NULL with `error` (NOINPUT).
LegalHold *legal_hold_get(Retention *retention, const char *id, GError **error);

// Adds addresses that people of holds have got since, people that addresses have got, and holds for what reviewers put
// under legal hold (review.h). Never takes any away. `*out_added` (may be NULL): how many. Done by the archivist, and before
// every destruction.
bool legal_hold_refresh(Retention *retention, int64_t now_us, guint *out_added, GError **error);

// ---- what becomes of a record (reckon.c) -----------------------------------------------------------------

typedef struct {
    char *rule;  // name of the rule
    char *class; // it puts the record into
    Tri applies;
    int64_t due_us; // 0 = never, or not known
    char *why;      // it applies not, cannot be told, is not due
} RetentionReason;

typedef struct {
    const RetentionClass *class; // the longest; NULL = none is known
    Tri due;                     // TRI_NO: not yet, or never; TRI_UNKNOWN: cannot be told, so it is kept
    int64_t due_us;              // 0 = never or not known
    char *why;                   // in words
    GPtrArray *reasons;          // of RetentionReason, one for each rule
    GPtrArray *holds;            // of char*: "ID MATTER: why" of legal holds; not empty = it is kept
} RetentionVerdict;
void retention_verdict_clear(RetentionVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RetentionVerdict, retention_verdict_clear)

// Reckons many records by one state of schedule, holds, index and roster. One thread.
typedef struct RetentionReckoner RetentionReckoner;
// `schedule` (borrowed) NULL: holds only. NULL with `error`.
RetentionReckoner *retention_reckoner_new(Retention *retention, const RetentionSchedule *schedule,
                                          GError **error);
void retention_reckoner_free(RetentionReckoner *reckoner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RetentionReckoner, retention_reckoner_free)
// `meta` = metadata of a message. False with `error`: could not be told for a reason that passes (I/O).
bool retention_reckon(RetentionReckoner *reckoner, const json_t *meta, int64_t now_us, RetentionVerdict *out,
                      GError **error);
// The same of legal holds alone: fills out->holds. What is still held in the quarantine, open under review or
// in an open request for records is told there too.
bool retention_reckon_holds(RetentionReckoner *reckoner, const json_t *meta, RetentionVerdict *out,
                            GError **error);

// ---- disposals (disposal.c, execute.c, certificate.c) ----------------------------------------------------

typedef enum {
    DISPOSAL_PROPOSED,
    DISPOSAL_EXECUTING, // approved, and begun
    DISPOSAL_DONE,
    DISPOSAL_WITHDRAWN,
    DISPOSAL_LAST
} DisposalState;
const char *disposal_state_name(DisposalState state);

typedef struct {
    char *who, *why;
    int64_t when_us;
} DisposalApproval;

typedef enum {
    LISTED_WAITING,   // to be destroyed
    LISTED_KEPT,      // it was found under hold, or not due, when its turn came
    LISTED_DESTROYED, // out of its segment
    LISTED_LAST
} ListedState;
const char *listed_state_name(ListedState state);

typedef struct {
    char *record, *segment, *class;
    int64_t sent_us, due_us, size;
    ListedState state;
    char *why; // kept
} DisposalRecord;

typedef struct {
    char *id; // ULID
    DisposalState state;
    int64_t proposed_us;
    char *proposed_by, *why;
    char *schedule, *schedule_sha256;
    char *list_sha256;   // of the list of records: what was approved
    char *authorization; // the state's; NULL = none yet
    guint records, kept, destroyed;
    int64_t bytes, first_us, last_us; // messages' bytes and times
    json_t *classes;                  // {"CLASS": {"records", "bytes", "item"}}
    json_t *under_hold;               // {"HOLD": count}: due, and not on the list
    GPtrArray *approvals;             // of DisposalApproval
    bool indexed;                     // rows and texts of what was destroyed are out of the index
    char *certificate;                // the note; NULL = not yet
} Disposal;
void disposal_free(Disposal *disposal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Disposal, disposal_free)
json_t *disposal_json(const Disposal *disposal); // new reference

typedef void (*DisposalProgress)(const char *step, guint64 done, guint64 total, void *data);

// What is asked for; NULL and 0 = everything that is due.
typedef struct {
    const char *class;
    int64_t before_us; // sent before it
    const char *query; // hits only
    guint most;        // records of one disposal
} DisposalWish;
// Lists what is due and under no hold, with its event. DATA when there is nothing to list.
bool disposal_propose(Retention *retention, const DisposalWish *wish, const char *who, const char *why,
                      int64_t now_us, DisposalProgress progress, void *data, char out_id[ULID_LEN + 1],
                      GError **error);
GPtrArray *disposal_list(Retention *retention, GError **error); // newest first; of Disposal
Disposal *disposal_get(Retention *retention, const char *id, GError **error);
typedef bool (*DisposalEach)(const DisposalRecord *record, void *data);
bool disposal_each(Retention *retention, const char *id, DisposalEach func, void *data, GError **error);

// NOPERM for the proposer (unless retention.proposer_approves) and for who has approved it already. `authorization` (may be
// NULL) is the state's; two that differ are DATA.
bool disposal_approve(Retention *retention, const char *id, const char *who, const char *authorization,
                      const char *why, int64_t now_us, GError **error);
// Before anything of it is destroyed. DATA afterwards.
bool disposal_withdraw(Retention *retention, const char *id, const char *who, const char *why, int64_t now_us,
                       GError **error);

typedef struct {
    guint destroyed, kept; // of this call
    guint waiting;         // not yet: their segment is being written, or no checkpoint covers what is needed
    char *waits_for;       // why; NULL = nothing waits
} DisposalOutcome;
void disposal_outcome_clear(DisposalOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DisposalOutcome, disposal_outcome_clear)
// Destroys, or goes on where it stopped; waits up to `wait_s` for the log and the index. True with out->waiting: call it
// again later. NOPERM without two approvals and the authorization.
bool disposal_execute(Retention *retention, const char *id, const char *who, int wait_s,
                      DisposalProgress progress, void *data, DisposalOutcome *out, GError **error);
// The certificate of a disposal that is done: a signed note by the log's key (signed-note, tlog.h), whose text ends with the
// JSON of what was destroyed. Caller frees. NULL with `error` (TEMPFAIL: not done yet).
char *disposal_certificate(Retention *retention, const char *id, GError **error);
