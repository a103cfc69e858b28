// scan, inside: what the files of the subcommand share.
#pragma once

#include "judge/judge.h"

// One message to judge.
typedef struct {
    char *id, *path; // path "-" = standard input
    char *from, *auth;
    char **to;
    int64_t date_us;
    // what came of it
    Envelope *envelope;
    Judgement *judgement;
    GError *error;
} ScanJob;
void scan_job_free(ScanJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScanJob, scan_job_free)

// Judges `job`; its judgement or its error is set.
void scan_job_run(ScanJob *job, const Snapshot *snapshot, Readers *pool);
// The same of a message that is in memory.
void scan_job_judge(ScanJob *job, GBytes *message, const Snapshot *snapshot, Readers *pool);
// The lines of a batch file, blank ones left out, judged in parallel and printed in order. Exit status.
int scan_batch(const char *path, const Snapshot *snapshot, Readers *pool, bool mask);

// The explanation for people. (scan_print.c)
typedef struct {
    bool mask, evidence, colour;
} ScanStyle;
void scan_print(const ScanJob *job, const ScanStyle *style);
// One line of JSON. False when standard output failed.
bool scan_print_json(const ScanJob *job, bool mask);
