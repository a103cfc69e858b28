// exception, inside: what the files of the subcommand share.
#pragma once

#include "cli/cli.h"
#include "judge/judge.h"

#define EXCEPTION_SOON_DAYS 14

typedef struct {
    char *config_path, *who, *why;
    gboolean dry_run, json, all, withdraw;
    char *id, *kind, *staff, *from, *until, *approver, *direction, *purpose, *approval, *approved;
    char **students, **values;
    gboolean consent, purpose_required;
    char *consents, *guardian, *document, *given, *to;
    gint within; // days to the end that count as soon
} ExceptionOptions;

// A step: `argument` is what follows it, NULL where it takes none. Exit status; 0 with `error` where that tells it.
typedef int (*ExceptionStep)(const Config *config, const ExceptionOptions *options, const char *argument,
                             GError **error);
int cli_exception_import(const Config *config, const ExceptionOptions *options, const char *path,
                         GError **error);
int cli_exception_add(const Config *config, const ExceptionOptions *options, const char *argument,
                      GError **error);
int cli_exception_revoke(const Config *config, const ExceptionOptions *options, const char *id,
                         GError **error);
int cli_exception_consent(const Config *config, const ExceptionOptions *options, const char *id,
                          GError **error);
int cli_exception_report(const Config *config, const ExceptionOptions *options, const char *argument,
                         GError **error);
int cli_exception_export(const Config *config, const ExceptionOptions *options, const char *dir,
                         GError **error);

// The exceptions of the roster in force, beside the policy in force.
typedef struct {
    Policy *policy;
    Roster *roster;
    RosterSession *session;
    GPtrArray *all; // of RosterException
    int64_t now_us;
    int today;
} ExceptionBook;
bool exception_book_open(const Config *config, ExceptionBook *book, GError **error);
void exception_book_clear(ExceptionBook *book);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExceptionBook, exception_book_clear)
// NULL with `error` when there is none of the name.
RosterException *exception_book_find(const ExceptionBook *book, const char *id, GError **error);

// What an exception is worth today.
typedef enum {
    STANDING_IN_FORCE,
    STANDING_EXPIRING, // in force, and over in options->within days
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
json_t *exception_json(const RosterException *exception);

// ---- uses (exception_uses.c) -----------------------------------------------------------------------------

typedef struct {
    char *record, *time, *rule, *effective, *why, *who;
    int64_t time_us;
    guint count;         // students
    GPtrArray *students; // of char*
    bool afterwards;     // of a message that came before the exception was recorded
} ExceptionUse;
// Uses of exceptions between two times (0 = open): id -> GPtrArray of ExceptionUse, oldest first. NULL with `error`.
GHashTable *exception_uses(const Config *config, int64_t from_us, int64_t to_us, GError **error);
json_t *exception_use_json(const ExceptionUse *use);
// The messages that an exception recorded afterwards would have let through: each is recorded as its use. Prints them. Their
// number; -1 with `error`.
int exception_afterwards(const Config *config, const char *id, const char *who, GError **error);
