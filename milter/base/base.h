// base: what every room stands on: errors, tri-state answers, logging, time, ids, files.
// Thread rule: every function here may be called from any thread, unless it says otherwise.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// ---- errors ----------------------------------------------------------------------------------------------

// The code of an error is the sysexits(3) status a program ends with when it cannot go on because of it.
// Messages name the file, the line or field, and the remedy.
#define BASE_ERROR (base_error_quark())
GQuark base_error_quark(void);
typedef enum {
    BASE_ERROR_USAGE = 64,       // wrong command line
    BASE_ERROR_DATA = 65,        // input data is wrong
    BASE_ERROR_NOINPUT = 66,     // an input is missing or cannot be read
    BASE_ERROR_UNAVAILABLE = 69, // something that should be there is not (a service, a key)
    BASE_ERROR_SOFTWARE = 70,    // a bug of ours
    BASE_ERROR_OS = 71,          // the system refused (memory, processes, descriptors)
    BASE_ERROR_CANTCREAT = 73,   // an output cannot be made
    BASE_ERROR_IO = 74,          // reading or writing failed
    BASE_ERROR_TEMPFAIL = 75,    // try again later (busy, low space)
    BASE_ERROR_NOPERM = 77,      // not allowed
    BASE_ERROR_CONFIG = 78,      // configuration is wrong
} BaseError;

// Exit status for `error`: its code in our domain, else EX_SOFTWARE; EX_OK for NULL.
int base_exit_status(const GError *error);

// A predicate that can fail. TRI_UNKNOWN is never treated as no.
typedef enum { TRI_NO = 0, TRI_YES = 1, TRI_UNKNOWN = -1 } Tri;

// ---- logging ---------------------------------------------------------------------------------------------

typedef enum { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARN_LEVEL, LOG_ERROR_LEVEL } LogLevel;

// Sends GLib's structured log to `target`: "stderr", "syslog" or "journal". Call once, before threads start.
// False with `error` set for an unknown target.
bool log_setup(const char *target, const char *ident, LogLevel least, GError **error);

// Parses "debug", "info", "warning" or "error". False when it is none of these.
bool log_level_parse(const char *text, LogLevel *out_level);

// One line: `message key=value ...`. The variable arguments are pairs of `const char *` key and value, ended
// by NULL; a pair whose value is NULL is left out. Keys are lower case ("queue_id", "record", "rule",
// "action"); the journal gets them as fields in upper case. Values are quoted where needed and control
// characters never reach the log.
void log_kv(LogLevel level, const char *message, ...) G_GNUC_NULL_TERMINATED;
#define log_debug(...) log_kv(LOG_DEBUG_LEVEL, __VA_ARGS__, NULL)
#define log_info(...)  log_kv(LOG_INFO_LEVEL, __VA_ARGS__, NULL)
#define log_warn(...)  log_kv(LOG_WARN_LEVEL, __VA_ARGS__, NULL)
#define log_error(...) log_kv(LOG_ERROR_LEVEL, __VA_ARGS__, NULL)

// ---- time and ids ----------------------------------------------------------------------------------------

// Microseconds since 1970-01-01 UTC. The only place that reads the wall clock; pure code gets the value
// passed in.
int64_t clock_now_us(void);
// `us` as RFC 3339 in UTC with milliseconds, "2026-11-22T19:26:57.123Z". Caller frees.
char *clock_format(int64_t us);
// Parses RFC 3339 (or a bare date, midnight UTC). False with `error` set when it is neither.
bool clock_parse(const char *text, int64_t *out_us, GError **error);
// The local calendar date of `us` in time zone `tz` (IANA name, NULL = UTC) as yyyymmdd. 0 when the zone is
// unknown.
int clock_local_date(int64_t us, const char *tz);

// The local time of `us` in zone `tz` (IANA name, NULL = UTC).
typedef struct {
    int date;    // yyyymmdd
    int minute;  // of the day, 0..1439
    int weekday; // 0 = Monday .. 6 = Sunday
} ClockLocal;
// The same for people: "2026-11-22 14:26 EST"; UTC when the zone is unknown. Caller frees.
char *clock_format_local(int64_t us, const char *tz);
// False when the zone is unknown.
bool clock_local(int64_t us, const char *tz, ClockLocal *out);

#define ULID_LEN 26
// A new ULID (Crockford base 32, upper case; https://github.com/ulid/spec) for `us`, into `out` with its NUL.
// Ids made in one process rise strictly. False with `error` set when the system gives no randomness.
bool ulid_new(int64_t us, char out[ULID_LEN + 1], GError **error);
// True when `text` is a ULID; `*out_ms` (may be NULL) gets its time in milliseconds.
bool ulid_parse(const char *text, int64_t *out_ms);

// ---- files -----------------------------------------------------------------------------------------------

// Everything is opened O_CLOEXEC. Errors name the path.
// Whole file, at most `max` bytes (more is BASE_ERROR_DATA). Caller unrefs; NULL with `error` set.
GBytes *file_read(const char *path, gsize max, GError **error);
// Writes a temporary file beside `path`, syncs it, renames it over `path`, syncs the directory.
bool file_write_atomic(const char *path, const void *data, gsize len, int mode, GError **error);
// write(2) until all is written.
bool file_write_all(int fd, const void *data, gsize len, const char *path, GError **error);
// fdatasync/close with their results checked.
bool file_datasync(int fd, const char *path, GError **error);
bool file_close(int *fd, const char *path, GError **error);
// Syncs the directory `path`, so that names in it are durable.
bool file_sync_dir(const char *path, GError **error);
// mkdir -p; what it makes is adopted.
bool file_make_dirs(const char *path, int mode, GError **error);
// Root leaves nothing behind that the daemon's user cannot use: a file just made at `path` gets the owner of
// the directory it lies in. A no-op for others than root.
bool file_adopt(const char *path, GError **error);

// ---- who we run as ---------------------------------------------------------------------------------------

// Ids of a user (and its group, `out_gid` may be NULL) or of a group; errors name the configuration's `key`.
bool privileges_find_user(const char *key, const char *name, uid_t *out_uid, gid_t *out_gid, GError **error);
bool privileges_find_group(const char *key, const char *name, gid_t *out_gid, GError **error);
// Becomes `user`, with its supplementary groups and with `group` ("" = the user's own), for good. "" as user: stays.
bool privileges_drop(const char *user, const char *group, GError **error);

// Hex of SHA-256 over `data`. Caller frees.
char *sha256_hex(const void *data, gsize len);
// Lower-case hex, caller frees.
char *hex_encode(const void *data, gsize len);
