// case, inside: what the files of the subcommand share.
#pragma once

#include "cases/cases.h"
#include "cli/cli.h"

typedef struct {
    char *config_path, *who, *why;
    char *title, *requester, *contact, *profile, *received, *prefix; // new
    char *what, *code, *text, *to, *out, *outcome;
    double quantity;
    gint cents, days, most, width;
    gboolean json, all, group, envelope, send, by_hand;
    int64_t now_us;
    int today;
    const Config *config;
} CaseOptions;

// A step: `arguments` are what follows it, NULL-ended. Exit status; 0 with `error` where that tells it.
typedef int (*CaseStep)(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_new(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_list(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_show(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_extend(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_close(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_search(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_records(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_group(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_review(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_redact(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_fee(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_letter(Cases *cases, const CaseOptions *options, char **arguments, GError **error);
int case_run_export(Cases *cases, const CaseOptions *options, char **arguments, GError **error);

int case_print_json(json_t *json); // and frees it
CaseClocks *case_clocks(const CaseOptions *options, GError **error);
void case_date(int date, char out[11]); // "" for 0
