// feeds: from the exports a district has to the roster file. Importers read sources into one model, records of one
// person are merged, the next generation of the roster is written beside the one in force, compared with it, and put
// in its place or refused. Only the command uses this room. All functions: one thread, any; two imports exclude each
// other by a lock beside the roster; a daemon reads on undisturbed.
#pragma once

#include "base/config.h"
#include "roster/roster.h"

// ---- sources ------------------------------------------------------------------------------------

// One entry of the sources file (roster.sources; libconfig; chaperone-roster.conf(5)).
typedef struct {
    char *
        match; // pattern with * over an org unit path, a title, an employee type, a group or its DN, a DN's end
    char *on;       // "unit" "title" "type" "department" "group" "dn"
    Role role;      // what that makes somebody
    char *position; // "principal", ...; "" = none
} FeedRoleRule;

typedef struct {
    char *name; // a-z, 0-9, "-"
    char *type; // an importer's
    char *path; // directory, zip or file; "" for ldap
    char *ids;  // records of sources with the same `ids` and the same id are one person; default: "sis" for
                // oneroster, sds and clever; the source's name for others
    char *list_domain; // aliases, mailman, sympa: the domain of addresses without one
    GPtrArray *roles;  // of FeedRoleRule, the first that fits; without one the type's own rules count
    // ldap
    char *uri, *bind_dn, *password_file, *ca_file, *base, *filter, *group_base, *group_filter;
    char *id_attribute; // default: objectGUID, entryUUID, else the DN
    bool starttls;
    int page_size, timeout_s;
    // file:line of the entry and of each of its keys, for errors
    char *where;
} FeedSpec;
void feed_spec_free(FeedSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FeedSpec, feed_spec_free)
// Reads config->roster.sources. GPtrArray of FeedSpec, in the order of the file (earlier sources win where they
// disagree on a name); empty when the key is "". NULL with `error`: every mistake, a line each, file:line: key: what.
GPtrArray *feeds_sources(const Config *config, GError **error);
// Walks the keys of the sources file: for `chaperone roster keys` and the lint.
typedef void (*FeedKeyFunc)(const char *key, const char *type, const char *fallback, const char *meaning,
                            void *data);
void feeds_each_key(FeedKeyFunc func, void *data);

// ---- import -------------------------------------------------------------------------------------

typedef struct {
    guint people, staff, students, guardians, links, classes, enrollments, lists, members, personal,
        published, student_addresses, webmail, tools, exceptions; // of the generation written
    GPtrArray *warnings;                                          // of char*: "users.csv:12: ..."
} FeedSummary;

typedef struct {
    char *
        kind; // "added" "removed" "returned" "role" "guardian-added" "guardian-removed" "address-moved" "renamed"
    char *person; // pid; of a link the student's, of an address its holder's of now
    char *name;
    char *before,
        *after; // roles; names; the guardian's pid, one of them NULL; an address: its former holder, it
} FeedChange;
typedef struct {
    guint added, removed, returned, roles, links_added, links_removed, addresses_moved, renamed;
    guint staff, students, guardians, links;                  // of the generation compared with
    guint staff_removed, students_removed, guardians_removed; // removed = deactivated as well
    GPtrArray *changes;                                       // of FeedChange, the first `most`
    bool cut;                                                 // there are more
} FeedDiff;
void feed_diff_free(FeedDiff *diff);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FeedDiff, feed_diff_free)

// Called now and then while an import works; `total` is 0 when it cannot be told.
typedef void (*FeedProgress)(const char *source, const char *step, int64_t done, int64_t total, void *data);

typedef struct {
    FeedSummary *summary;
    FeedDiff *diff; // against the generation before; everybody is added when there was none
    int generation; // 0 with dry_run
} FeedResult;
void feed_result_free(FeedResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FeedResult, feed_result_free)

typedef struct {
    bool dry_run; // all is read, merged and compared; nothing is kept
    bool force;   // past the brake
    int today;    // yyyymmdd, local
    const char *who;
    // A source all of whose rows are left out from now on; `specs` may then be empty. NULL = none.
    const char *forget;
    guint changes_most;   // of FeedDiff; 0 = 1000
    FeedResult **refused; // what a run found that the brake then refused; NULL = not wanted
    FeedProgress progress;
    void *data;
} FeedOptions;

// Imports the sources: those of `specs` (GPtrArray of FeedSpec). What sources not among them gave before stays, and so
// does what a source's files of now do not cover ("each kind of file found replaces what the source had of that
// kind"). NULL with `error` (file:line: field: remedy) and nothing changed; BASE_ERROR_DATA for bad input,
// BASE_ERROR_TEMPFAIL for a directory service that is down or another import in work, BASE_ERROR_CONFIG for settings,
// BASE_ERROR_NOPERM for the brake.
FeedResult *feeds_import(const Config *config, const GPtrArray *specs, const FeedOptions *options,
                         GError **error);
// Specs for a directory, zip or file given by hand: what it looks like, one spec a type found in it, named by the
// configured source of that type where there is just one, else by the type. NULL with `error`.
GPtrArray *feeds_recognise(const Config *config, const char *path, GError **error);
// The short form of both for tests and small tools: imports `path`, no brake.
FeedResult *feeds_import_path(const Config *config, const char *path, bool dry_run, int today,
                              GError **error);

// ---- generations --------------------------------------------------------------------------------

typedef struct {
    int id;
    int64_t at;                     // Unix seconds
    char *who, *what;               // "import", "rollback to 41", "key rotated"
    bool forced, present;           // present: its file is still there
    char *counts, *changes, *files; // JSON objects, and an array of {source, file, bytes, rows, sha256}
} FeedGeneration;
// The file of generation `id`, there or not. Caller frees.
char *feeds_generation_path(const Config *config, int id);
void feed_generation_free(FeedGeneration *generation);
// Newest first. NULL with `error`.
GPtrArray *feeds_history(const Config *config, GError **error);
// From generation `from` to `to`; 0 = the one before that in force, and that in force.
FeedDiff *feeds_diff(const Config *config, int from, int to, guint changes_most, GError **error);
// Makes a new generation of what `to` (0 = the one before) said of people; exceptions and what staff registered
// themselves stay as they are now. The number of the new generation; 0 with `error`.
int feeds_rollback(const Config *config, int to, const char *who, GError **error);
// A new key, and a generation hashed with it. The old key stays in the key file until `feeds_key_prune`.
int feeds_key_rotate(const Config *config, const char *who, GError **error);
// Removes keys that no generation there is needs. Their number; -1 with `error`.
int feeds_key_prune(const Config *config, GError **error);

// ---- changes in place ---------------------------------------------------------------------------

// What a staff member registers: kind as in personal.csv ("cell", "email", "handle", ...).
bool feeds_personal_add(const Config *config, const char *address, const char *kind, const char *value,
                        GError **error);
// False with `error` when it was not there. value NULL: all of that kind.
bool feeds_personal_remove(const Config *config, const char *address, const char *kind, const char *value,
                           GError **error);

// Adds or replaces exceptions of an exceptions.csv, and consents of a consents.csv (either may be NULL); checks people, dates,
// values. `who` is recorded. Number added, -1 with `error`.
int feeds_exceptions_import(const Config *config, const char *csv_path, const char *consents_path,
                            bool dry_run, int today, const char *who, GPtrArray *out_warnings,
                            GError **error);
// As feeds_exception_add would write it, but for its approver, who may be missing yet: checked, canonical. NULL with `error` (DATA), which tells the
// first thing that is wrong. Nothing is changed.
RosterException *feeds_exception_check(const Config *config, const RosterException *exception,
                                       GError **error);
bool feeds_exception_add(const Config *config, const RosterException *exception, const char *who,
                         GError **error);
bool feeds_exception_revoke(const Config *config, const char *id, const char *who, const char *why,
                            GError **error);

// A guardian's consent for one student of an exception; an earlier one stays beside it.
bool feeds_consent_add(const Config *config, const char *exception, const RosterConsent *consent,
                       const char *who, GError **error);
// All of the student's.
bool feeds_consent_withdraw(const Config *config, const char *exception, const char *student, const char *who,
                            const char *why, GError **error);

// ---- trying a directory -------------------------------------------------------------------------

// Asks the LDAP source `name` for `address` with its own filters (%s %u %d as in Postfix) and prints what it would
// become, a line each. Caller frees; NULL with `error`.
char *feeds_probe(const Config *config, const char *name, const char *address, GError **error);
