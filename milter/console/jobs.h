// jobs: what takes longer than a page may: a search taken into a case, an export. Each is a process of its own (chaperone-console --job DIR),
// so that it can be broken off at any time, and goes on when the console starts again. What is known of it stands in its directory,
// archive.dir/exports/CASE/ID: job.json (the order), progress.json, result.json, for an export the bag and the bag as a ZIP file, for a
// backtest (of the case JOB_BACKTESTS) the changes as CSV.
// Every function may be called from any thread.
#pragma once

#include "base/config.h"

#include <jansson.h>

typedef enum { JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED, JOB_BROKEN, JOB_STATES } JobState;
const char *job_state_name(JobState state);

typedef struct {
    char *id, *matter, *dir;
    JobState state; // JOB_BROKEN: it ended without a result; job_again goes on
    json_t *
        order; // {"kind": "search", "export" or "backtest", "case", "who", "created" (RFC 3339), "query", "envelope", "reason"}
    json_t *progress; // {"step", "done", "total"}; NULL = none yet
    json_t *result;   // NULL = none yet; "error" of one that failed
    bool has_files;   // the bag is there
} Job;
void job_free(Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

#define JOB_BACKTESTS "_backtests" // no name that a case can have

// Starts what `order` (taken; "kind" and what that wants) says for the case `matter`. NULL with `error` (TEMPFAIL: one like it is running);
// caller frees the id.
char *job_start(const Config *config, const char *matter, json_t *order, const char *who, int64_t now_us,
                GError **error);
// NULL with `error` (NOINPUT).
Job *job_get(const Config *config, const char *matter, const char *id, GError **error);
// Those of a case, newest first: after the id `after` (NULL = from the first), at most `most`. GPtrArray of Job; NULL with `error`.
GPtrArray *job_list(const Config *config, const char *matter, const char *after, guint most, GError **error);
// Starts one again that is not running and not done: an export goes on where it was.
bool job_again(const Config *config, const Job *job, GError **error);
// Asks one that runs to end; it does within a second.
bool job_cancel(const Job *job, GError **error);
// Takes the bag of one that is not running away, not what is known of it.
bool job_delete_files(const Job *job, GError **error);
// The bag's directory, and its ZIP file. Caller frees.
char *job_bag(const Job *job);
char *job_zip(const Job *job);

// The process: does the job in the directory `dir`, whose lock it has as descriptor JOB_LOCK_FD, and ends itself. Returns, false with
// `error`, only where it could not begin.
bool job_work(const Config *config, const char *dir, GError **error);
#define JOB_LOCK_FD 3
