// exceptions: what the exceptions of the roster are worth under the policy in force, and what they were used for. Changing them is the
// roster's (feeds.h); here is what commands and pages show of them. No state of its own: everything is read when it is asked for. Any thread, a
// book one at a time.
#pragma once

#include "archive/archive.h"
#include "judge/judge.h"

#define EXCEPTION_SOON_DAYS 14

// The exceptions of the roster in force, beside the policy in force.
typedef struct {
    Policy *policy;
    Roster *roster;
    RosterSession *session;
    GPtrArray *all; // of RosterException
    int64_t now_us;
    int today;
} ExceptionBook;
// As they stand now. False with `error`; to be cleared in both cases.
bool exception_book_open(const Config *config, ExceptionBook *book, GError **error);
// The same beside policy and roster of `snapshot`: a session of its own, the roster's generation of now.
bool exception_book_of(const Snapshot *snapshot, ExceptionBook *book, GError **error);
void exception_book_clear(ExceptionBook *book);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExceptionBook, exception_book_clear)
// NULL with `error` when there is none of the name.
RosterException *exception_book_find(const ExceptionBook *book, const char *id, GError **error);

// What an exception is worth today.
typedef enum {
    STANDING_IN_FORCE,
    STANDING_EXPIRING, // in force, and over in less than `within` days
    STANDING_FLAWED,   // would be in force, but something is missing
    STANDING_TO_COME,
    STANDING_EXPIRED,
    STANDING_REVOKED,
    STANDING_LAST
} Standing;
const char *exception_standing_name(Standing standing);
// False with `error` when the roster could not tell. *out_flaw: what is missing, caller frees; NULL = nothing.
bool exception_standing(const ExceptionBook *book, RosterException *exception, int within,
                        Standing *out_standing, char **out_flaw, GError **error);

// Those that end soon, and those that would stand if something were not missing: a line each added to `warnings`.
bool exception_warnings(const Snapshot *snapshot, GPtrArray *warnings, GError **error);

char *exception_date(int date);          // "2026-11-22"; "" for 0. Caller frees.
int exception_date_of(const char *text); // 0 when it is no date
int exception_days_to(int today, int date);
json_t *exception_json(const RosterException *exception); // new reference
// What exception_json wrote, without who added it and the consents. NULL with `error` (DATA).
RosterException *exception_from_json(const json_t *json, GError **error);
// The detail of the event "exception-added". New reference.
json_t *exception_added_json(const RosterException *exception);
// What it lacks by the policy in force: *out_flaw NULL = nothing, else caller frees. *out_retro (may be NULL): it may cover mail of before it
// was recorded. False with `error` (NOINPUT: there is none).
bool exception_look(const Config *config, const char *id, char **out_flaw, bool *out_retro, GError **error);

// ---- uses (uses.c) ---------------------------------------------------------------------------------------

typedef struct {
    char *record, *time, *rule, *effective, *why, *who;
    int64_t time_us;
    guint count;         // students
    GPtrArray *students; // of char*
    bool afterwards;     // of a message that came before the exception was recorded
} ExceptionUse;
// Uses of exceptions between two times (0 = open): id -> GPtrArray of ExceptionUse, oldest first. NULL with `error`.
GHashTable *exception_uses(const Config *config, int64_t from_us, int64_t to_us, GError **error);
json_t *exception_use_json(const ExceptionUse *use); // new reference

// ---- recorded afterwards (afterwards.c) ------------------------------------------------------------------

// Of a message that it would have let through; `held`: it was held. `use` is one of archive_exception_uses.
typedef void (*ExceptionFound)(const ArchiveRecord *record, const json_t *use, bool held, void *data);
// The messages that an exception recorded afterwards would have let through: each is recorded as its use, and told to `found` (may be NULL). Their
// number; -1 with `error`.
// `readers`: NULL = some of its own.
int exception_afterwards(const Config *config, Readers *readers, const char *id, const char *who,
                         ExceptionFound found, void *data, GError **error);
// Would the archived message `record` be held for anybody, were it judged with policy and exceptions of `snapshot`? `*out_why` (caller
// frees) names the rules then. TRI_UNKNOWN with `error`.
Tri exception_still_holds(const Snapshot *snapshot, Readers *readers, const ArchiveRecord *record,
                          char **out_why, GError **error);
