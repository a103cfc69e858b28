// keep: what the commands hold, retention and dispose share (keep.c): their options, and the way from a step's name to its function.
#pragma once

#include "cli/cli.h"
#include "retention/retention.h"

typedef struct {
    const Config *config;
    char *config_path, *who, *why, *query, *class, *before, *authorization, *file, *event, *out;
    char **people, **records;
    int wait_s, most;
    gboolean json, all, rows;
    int64_t now_us;
} KeepOptions;

typedef struct {
    const char *name;
    int (*run)(Retention *retention, const KeepOptions *options, char **arguments, GError **error);
    int arguments; // how many; -1 = none or one
    bool why;      // wants --reason
    const char *line;
} KeepStep;

// Runs `argv` as one of `steps`; `command` names it. Exit status.
int keep_main(const char *command, const KeepStep *steps, gsize count, int argc, char **argv);
int keep_print(json_t *json); // takes it
// A disposal or reckoning on its way, for the terminal (DisposalProgress); `data` = a CliProgress.
void keep_progress(const char *step, guint64 done, guint64 total, void *data);
