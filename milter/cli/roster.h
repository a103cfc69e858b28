// roster, inside: what the files of the subcommand share.
#pragma once

#include "cli/cli.h"
#include "feeds/feeds.h"

#include <jansson.h>

typedef struct {
    char *config_path;
    char **sources;
    gboolean dry_run, force, json;
    int changes; // of each kind to print
} RosterOptions;

// A step: `arguments` are what follows its name, NULL-ended. Exit status; 0 with `error` where that tells it.
typedef int (*RosterStep)(const Config *config, const RosterOptions *options, char **arguments,
                          GError **error);
int cli_roster_import(const Config *config, const RosterOptions *options, char **arguments, GError **error);
int cli_roster_forget(const Config *config, const RosterOptions *options, char **arguments, GError **error);
int cli_roster_diff(const Config *config, const RosterOptions *options, char **arguments, GError **error);
int cli_roster_history(const Config *config, const RosterOptions *options, char **arguments, GError **error);
int cli_roster_rollback(const Config *config, const RosterOptions *options, char **arguments, GError **error);
int cli_roster_show(const Config *config, const RosterOptions *options, char **arguments, GError **error);
int cli_roster_personal_add(const Config *config, const RosterOptions *options, char **arguments,
                            GError **error);
int cli_roster_personal_remove(const Config *config, const RosterOptions *options, char **arguments,
                               GError **error);
int cli_roster_personal_list(const Config *config, const RosterOptions *options, char **arguments,
                             GError **error);
int cli_roster_key_rotate(const Config *config, const RosterOptions *options, char **arguments,
                          GError **error);
int cli_roster_key_prune(const Config *config, const RosterOptions *options, char **arguments,
                         GError **error);
int cli_roster_probe(const Config *config, const RosterOptions *options, char **arguments, GError **error);
int cli_roster_sources(const Config *config, const RosterOptions *options, char **arguments, GError **error);
int cli_roster_keys(const Config *config, const RosterOptions *options, char **arguments, GError **error);

// ---- printing (roster_print.c) -------------------------------------------------------------------

// Prints and frees; exit status.
int cli_roster_print_json(json_t *json);
// How many of each kind of change to ask a diff for.
guint cli_roster_changes_most(const RosterOptions *options);
void cli_roster_print_summary(const FeedSummary *summary);
void cli_roster_print_diff(const FeedDiff *diff, const RosterOptions *options);
json_t *cli_roster_summary_json(const FeedSummary *summary);
json_t *cli_roster_diff_json(const FeedDiff *diff);
// A table with aligned columns: rows of `width` texts, the first row its head. The last column is not padded; a column
// whose every cell is a number stands to the right.
typedef struct {
    guint width;
    GPtrArray *cells; // of char*, owned
} RosterTable;
RosterTable *cli_roster_table_new(guint width, const char *const *head);
// Takes ownership of `width` texts; NULL is "".
void cli_roster_table_add(RosterTable *table, ...);
void cli_roster_table_print(RosterTable *table); // and frees
// "2026-11-22 03:30" local to the district; "" for 0. Caller frees.
char *cli_roster_time_text(const Config *config, int64_t seconds);
