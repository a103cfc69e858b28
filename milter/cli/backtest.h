// backtest, inside: what its files share.
#pragma once

#include "cli/policy.h"
#include "judge/judge.h"

// What became of one recipient of one record: then, and now.
typedef struct {
    Action then, now;
    char *record, *rcpt, *sender, *subject;
    char *rules_then, *rules_now; // "a, b"
    char *role, *school;          // of the sender: "staff"; "" = none
    int64_t received_us;
} BacktestChange;
void backtest_change_free(gpointer change);

typedef struct {
    guint64 then, now; // recipients for whom the rule fired
} BacktestCount;

typedef struct {
    char *policy_then, *policy_now; // versions; of the records the newest, "several" is said by `policies`
    int64_t from_us, to_us;
    guint64 messages, recipients, failed;
    guint64 actions[ACTION_REJECT + 1][ACTION_REJECT + 1]; // [then][now]
    GHashTable *rules;                                     // char* -> BacktestCount
    GHashTable *schools;                                   // char* -> BacktestCount: held or rejected
    GHashTable *roles;                                     // the same, by the sender's role
    GHashTable *policies;                                  // char*: versions that decided then
    GPtrArray *changes;                                    // of BacktestChange, in order of time
    guint rosters;                                         // generations of the roster that were used
    guint64 with_then;                                     // messages judged by the roster of their day
    double seconds;
} BacktestReport;
BacktestReport *backtest_report_new(void);
void backtest_report_free(BacktestReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BacktestReport, backtest_report_free)

// Adds a record: what `meta` says was decided, and what `judgement` decides.
void backtest_report_add(BacktestReport *report, const json_t *meta, const Judgement *judgement);
// Recipients that are held now and were not, and the reverse.
guint64 backtest_new_holds(const BacktestReport *report);
guint64 backtest_released(const BacktestReport *report);

// Everything but the changes, of which the first `samples`. New reference.
json_t *backtest_json(const BacktestReport *report, guint samples);
// A line a change. False with `error`. Values that a spreadsheet takes for formulas are neutralised.
bool backtest_csv(const BacktestReport *report, const char *path, GError **error);
// One page without anything from outside.
bool backtest_html(const BacktestReport *report, guint samples, const char *path, GError **error);
void backtest_print(const BacktestReport *report, guint samples);
