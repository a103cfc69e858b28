// policy, inside: what the files of the subcommand share.
#pragma once

#include "cli/cli.h"
#include "cli/scan.h"
#include "judge/judge.h"

typedef struct {
    char *config_path, *tests, *roster, *date;
    char *from, *to, *mode, *csv, *html; // of backtest
    char *who, *why;                     // of register
    gint samples;
    gboolean json, verbose;
    const char *usage; // of the step
} PolicyOptions;

// What a step works on.
typedef struct {
    Config *config;     // nobody else's: may be changed until it is shared
    bool configured;    // from a file; else all defaults
    char *path, *tests; // of the policy and of its tests
    Policy *policy;
    int64_t now_us;
    int today;
} PolicyPack;

// A step: `arguments` are what follows the pack, NULL-ended. Exit status; 0 with `error` where that tells it.
typedef int (*PolicyStep)(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);
int cli_policy_show(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);
int cli_policy_explain(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);
int cli_policy_lint(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);
int cli_policy_coverage(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);
int cli_policy_backtest(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);
int cli_policy_register(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);
int cli_policy_history(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);
int cli_policy_test(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error);

// The file of the policy that `pack` names: a path, or a name looked up beside the policy in force, in the configuration's
// policies and in those shipped; NULL is the one in force. Caller frees; NULL with `error`.
char *cli_policy_find(const Config *config, const char *pack, GError **error);
// Prints and frees; exit status.
int cli_policy_print_json(json_t *json);
void cli_policy_date(int date, char out[11]); // 20260901 as 2026-09-01

// ---- tests of a policy (policy_cases.c) ------------------------------------------------------------------

typedef struct {
    char *name, *clause;
    int line;
    bool near_miss;
    ScanJob *job; // its path is the file of tests and the line
    GBytes *message;
    // What is expected: each NULL or -1 = not said.
    int action;          // the strongest of all recipients
    GHashTable *actions; // char* (address) -> GINT_TO_POINTER(Action)
    char **rules, **not_rules;
    char *exception; // id of one that must have been used
    char *escalate;  // escalation that must be opened
    // What was not as expected. GPtrArray of char*.
    GPtrArray *wrong;
} PolicyTest;
// The tests of the file at `path`; dates without a zone are local to the district, tests without a date are of `now_us`.
// GPtrArray of PolicyTest; NULL with `error`: every mistake, a line each.
GPtrArray *cli_policy_cases(const Config *config, const char *path, int64_t now_us, GError **error);
// What coverage wants to know of them. GPtrArray of PolicyCase, which borrow from `tests`.
GPtrArray *cli_policy_coverage_cases(const GPtrArray *tests);
