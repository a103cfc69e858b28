// backtest: what a policy would have done to archived mail, by the code that judges mail, against what was decided. The archive is read only;
// nothing is recorded of what a message would have become. Each message is judged by the roster that was in force when it came, where that
// generation is still there.
#pragma once

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

typedef struct {
    const char *config_path; // read once more for each generation of the roster
    const char *policy;      // path of the policy's file
    Mode mode;               // for every rule
    int64_t from_us, to_us;  // to_us 0 = now
    bool counts_first;       // so that `progress` has a total, the archive's metadata is read once more
    void (*progress)(guint64 done, guint64 total, void *data); // may be NULL; total 0 = not counted
    void *data;
} BacktestOrder;
// Judges what came between the two times. NULL with `error` (CONFIG: the policy's mistakes, a line each). What could not be judged is counted
// in `failed` and logged. Uses as many workers as the configuration and the machine have. Any thread.
BacktestReport *backtest_run(const BacktestOrder *order, int64_t now_us, GError **error);

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
