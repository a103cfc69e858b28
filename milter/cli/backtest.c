// policy backtest: what a policy would have done to archived mail.
#include "backtest/backtest.h"
#include "archive/archive.h"
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// ---- in a shell ------------------------------------------------------------------------------------------

static int by_key(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

static void print_counts(const char *what, GHashTable *counts)
{
    GList *keys = g_list_sort(g_hash_table_get_keys(counts), by_key);
    printf("\n%-40s %10s %10s\n", what, "then", "now");
    for (GList *key = keys; key != NULL; key = key->next) {
        const BacktestCount *count = g_hash_table_lookup(counts, key->data);
        printf("%-40s %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT "\n",
               *(char *)key->data ? (char *)key->data : "-", count->then, count->now);
    }
    g_list_free(keys);
}

static void print(const BacktestReport *report, guint samples)
{
    printf("%" G_GUINT64_FORMAT " messages to %" G_GUINT64_FORMAT " recipients, judged by %s in %.0f s",
           report->messages, report->recipients, report->policy_now, report->seconds);
    printf("\nroster of their day: %" G_GUINT64_FORMAT " messages; the others by the one in force now\n",
           report->with_then);
    if (report->failed > 0)
        printf("%" G_GUINT64_FORMAT " messages could not be judged and are not counted\n", report->failed);
    printf("\n%-10s", "then\\now");
    for (int now = ACTION_DELIVER; now <= ACTION_REJECT; now++)
        printf(" %10s", action_name((Action)now));
    for (int then = ACTION_DELIVER; then <= ACTION_REJECT; then++) {
        printf("\n%-10s", action_name((Action)then));
        for (int now = ACTION_DELIVER; now <= ACTION_REJECT; now++)
            printf(" %10" G_GUINT64_FORMAT, report->actions[then][now]);
    }
    printf("\n\nnew holds %" G_GUINT64_FORMAT ", no more held %" G_GUINT64_FORMAT "\n",
           backtest_new_holds(report), backtest_released(report));
    print_counts("rule", report->rules);
    print_counts("held, by the sender's school", report->schools);
    print_counts("held, by the sender's role", report->roles);
    for (guint i = 0; i < report->changes->len && i < samples; i++) {
        const BacktestChange *change = report->changes->pdata[i];
        g_autofree char *subject = cli_clean(change->subject), *sender = cli_clean(change->sender),
                        *rcpt = cli_clean(change->rcpt);
        printf("%s%s  %s -> %s  %s to %s: %s (%s)\n", i == 0 ? "\n" : "", change->record,
               action_name(change->then), action_name(change->now), sender, rcpt, subject,
               *change->rules_now != '\0' ? change->rules_now : change->rules_then);
    }
    if (report->changes->len > samples)
        printf("%u of %u changes shown; --csv FILE has all\n", samples, report->changes->len);
}

static void progress(guint64 done, guint64 total, void *data)
{
    cli_progress("judging", done, total);
}

static bool write_all(const PolicyOptions *options, const BacktestReport *report, GError **error)
{
    guint samples = options->samples > 0 ? (guint)options->samples : 20;
    bool ok = (options->csv == NULL || backtest_csv(report, options->csv, error)) &&
              (options->html == NULL || backtest_html(report, samples, options->html, error));
    if (ok && options->json)
        ok = cli_policy_print_json(backtest_json(report, samples)) == 0;
    else if (ok)
        print(report, samples);
    return ok;
}

int cli_policy_backtest(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error)
{
    BacktestOrder order = {.config_path = cli_config_path(options->config_path),
                           .policy = pack->path,
                           .mode = MODE_ENFORCE,
                           .counts_first = isatty(STDERR_FILENO),
                           .progress = progress};
    if (!pack->configured)
        return cli_usage("policy backtest wants a configuration: --config FILE");
    if (options->mode != NULL && !mode_parse(options->mode, &order.mode))
        return cli_usage("policy backtest: --mode: monitor, coach or enforce");
    if (!cli_time(pack->config, options->from, false, &order.from_us, error) ||
        !cli_time(pack->config, options->to, true, &order.to_us, error))
        return base_exit_status(*error);
    json_t *detail = json_pack("{s:s, s:s*, s:s*}", "policy", policy_version(pack->policy), "from",
                               options->from, "to", options->to);
    g_autofree char *who = cli_who();
    bool told = archive_event_once(pack->config, "backtest", who, NULL, detail, clock_now_us(), error);
    json_decref(detail);
    g_autoptr(BacktestReport) report = told ? backtest_run(&order, pack->now_us, error) : NULL;
    bool ok = report != NULL && write_all(options, report, error);
    return ok ? 0 : base_exit_status(*error);
}
