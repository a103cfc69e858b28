// What the files of `chaperone quarantine` share.
#pragma once

#include "cli/cli.h"
#include "quarantine/quarantine.h"

typedef struct {
    char *config_path, *why, *state;
    char **to;
    gboolean json, delivered, not_delivered, send;
    char *who, *second, *as, *reviewer, *school;
    int64_t now_us;
    const Config *config;
} QuarantineOptions;

// A step: its exit status, with `error` set where that tells why. `record` is NULL for steps that are about none.
typedef int (*QuarantineStep)(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                              GError **error);
int quarantine_run_digest(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                          GError **error);
int quarantine_run_withdraw(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                            GError **error);
int quarantine_run_explain(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                           GError **error);
int quarantine_run_ask(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                       GError **error);
// May options->who decide about the item? False with `error` (NOPERM) where they have a conflict of interest and options->second, who
// has none, does not stand beside them: with both it is noted, and allowed.
bool quarantine_may_decide(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                           GError **error);
// Prints and frees it. Exit status.
int quarantine_print_json(json_t *json);
