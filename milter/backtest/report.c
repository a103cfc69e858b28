// What a backtest counts, and how it is told as JSON and as CSV.
#include "backtest/backtest.h"

#include <string.h>

void backtest_change_free(gpointer data)
{
    BacktestChange *change = data;
    char *texts[] = {change->record,     change->rcpt,      change->sender, change->subject,
                     change->rules_then, change->rules_now, change->role,   change->school};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(change);
}

static GHashTable *counts_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

BacktestReport *backtest_report_new(void)
{
    BacktestReport *report = g_new0(BacktestReport, 1);
    report->rules = counts_new();
    report->schools = counts_new();
    report->roles = counts_new();
    report->policies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    report->changes = g_ptr_array_new_with_free_func(backtest_change_free);
    return report;
}

void backtest_report_free(BacktestReport *report)
{
    if (report == NULL)
        return;
    g_hash_table_unref(report->rules);
    g_hash_table_unref(report->schools);
    g_hash_table_unref(report->roles);
    g_hash_table_unref(report->policies);
    g_ptr_array_unref(report->changes);
    g_free(report->policy_then);
    g_free(report->policy_now);
    g_free(report);
}

static BacktestCount *count_of(GHashTable *counts, const char *key)
{
    BacktestCount *count = g_hash_table_lookup(counts, key);
    if (count == NULL) {
        count = g_new0(BacktestCount, 1);
        g_hash_table_insert(counts, g_strdup(key), count);
    }
    return count;
}

// ---- adding ----------------------------------------------------------------------------------------------

// "deliver" for what stands in no list: a recipient whose decision came later is what it was at first.
static Action action_of(const char *name)
{
    Action found = ACTION_DELIVER;
    for (int action = ACTION_DELIVER; action <= ACTION_REJECT; action++)
        if (g_strcmp0(name, action_name((Action)action)) == 0)
            found = (Action)action;
    return found;
}

static char *rules_text(const json_t *rules)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < json_array_size(rules); i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", json_string_value(json_array_get(rules, i)));
    return g_string_free(text, FALSE);
}

static char *rules_now_text(const GPtrArray *rules)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < rules->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (const char *)rules->pdata[i]);
    return g_string_free(text, FALSE);
}

static const json_t *then_of(const json_t *recipients, const char *address)
{
    const json_t *found = NULL;
    for (size_t i = 0; found == NULL && i < json_array_size(recipients); i++) {
        const json_t *one = json_array_get(recipients, i);
        if (g_strcmp0(json_string_value(json_object_get(one, "address")), address) == 0)
            found = one;
    }
    return found;
}

static const char *school_of(const Party *party)
{
    return party->schools != NULL && party->schools->len > 0 ? party->schools->pdata[0] : "";
}

static bool stops(Action action)
{
    return action >= ACTION_HOLD;
}

static void add_recipient(BacktestReport *report, const json_t *meta, const json_t *then,
                          const RcptDecision *now, const Judgement *judgement)
{
    const Party *sender = judgement->parties->sender;
    const json_t *rules = json_object_get(then, "rules");
    Action before = action_of(json_string_value(json_object_get(then, "action")));
    report->recipients++;
    report->actions[before][now->action]++;
    for (size_t i = 0; i < json_array_size(rules); i++)
        count_of(report->rules, json_string_value(json_array_get(rules, i)))->then++;
    for (guint i = 0; i < now->rules->len; i++)
        count_of(report->rules, now->rules->pdata[i])->now++;
    BacktestCount *places[] = {count_of(report->schools, school_of(sender)),
                               count_of(report->roles, role_name(sender->role))};
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        places[i]->then += stops(before);
        places[i]->now += stops(now->action);
    }
    if (before == now->action)
        return;
    const char *subject = json_string_value(json_object_get(json_object_get(meta, "message"), "subject"));
    BacktestChange *change = g_new0(BacktestChange, 1);
    *change = (BacktestChange){.then = before,
                               .now = now->action,
                               .record = g_strdup(json_string_value(json_object_get(meta, "id"))),
                               .rcpt = g_strdup(now->address),
                               .sender = g_strdup(sender->address),
                               .subject = g_strdup(subject != NULL ? subject : ""),
                               .rules_then = rules_text(rules),
                               .rules_now = rules_now_text(now->rules),
                               .role = g_strdup(role_name(sender->role)),
                               .school = g_strdup(school_of(sender)),
                               .received_us = json_integer_value(json_object_get(meta, "received_us"))};
    g_ptr_array_add(report->changes, change);
}

void backtest_report_add(BacktestReport *report, const json_t *meta, const Judgement *judgement)
{
    const json_t *then = json_object_get(meta, "judgement"),
                 *recipients = json_object_get(then, "recipients");
    const char *version = json_string_value(json_object_get(json_object_get(then, "policy"), "version"));
    report->messages++;
    if (version != NULL)
        g_hash_table_add(report->policies, g_strdup(version));
    for (guint i = 0; i < judgement->decision->rcpts->len; i++) {
        const RcptDecision *now = judgement->decision->rcpts->pdata[i];
        add_recipient(report, meta, then_of(recipients, now->address), now, judgement);
    }
}

guint64 backtest_new_holds(const BacktestReport *report)
{
    guint64 count = 0;
    for (int then = ACTION_DELIVER; then < ACTION_HOLD; then++)
        for (int now = ACTION_HOLD; now <= ACTION_REJECT; now++)
            count += report->actions[then][now];
    return count;
}

guint64 backtest_released(const BacktestReport *report)
{
    guint64 count = 0;
    for (int then = ACTION_HOLD; then <= ACTION_REJECT; then++)
        for (int now = ACTION_DELIVER; now < ACTION_HOLD; now++)
            count += report->actions[then][now];
    return count;
}

// ---- JSON ------------------------------------------------------------------------------------------------

static json_t *counts_json(GHashTable *counts)
{
    json_t *json = json_object();
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, counts);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const BacktestCount *count = value;
        json_object_set_new(
            json, *(const char *)key != '\0' ? key : "-",
            json_pack("{s:I, s:I}", "then", (json_int_t)count->then, "now", (json_int_t)count->now));
    }
    return json;
}

static json_t *change_json(const BacktestChange *change)
{
    g_autofree char *received = clock_format(change->received_us);
    g_autofree char *subject = g_utf8_make_valid(change->subject, -1);
    g_autofree char *rcpt = g_utf8_make_valid(change->rcpt, -1),
                    *sender = g_utf8_make_valid(change->sender, -1);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", change->record,
                     "received", received, "from", sender, "to", rcpt, "subject", subject, "then",
                     action_name(change->then), "now", action_name(change->now), "rules_then",
                     change->rules_then, "rules_now", change->rules_now, "role", change->role, "school",
                     change->school);
}

json_t *backtest_json(const BacktestReport *report, guint samples)
{
    json_t *actions = json_object(), *changes = json_array(), *policies = json_array();
    for (int then = ACTION_DELIVER; then <= ACTION_REJECT; then++) {
        json_t *row = json_object();
        for (int now = ACTION_DELIVER; now <= ACTION_REJECT; now++)
            json_object_set_new(row, action_name((Action)now),
                                json_integer((json_int_t)report->actions[then][now]));
        json_object_set_new(actions, action_name((Action)then), row);
    }
    for (guint i = 0; i < report->changes->len && (samples == 0 || i < samples); i++)
        json_array_append_new(changes, change_json(report->changes->pdata[i]));
    GHashTableIter iter;
    gpointer version;
    g_hash_table_iter_init(&iter, report->policies);
    while (g_hash_table_iter_next(&iter, &version, NULL))
        json_array_append_new(policies, json_string(version));
    g_autofree char *from = clock_format(report->from_us), *to = clock_format(report->to_us);
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:f}", "from",
        from, "to", to, "policy", report->policy_now, "policies_then", policies, "messages",
        (json_int_t)report->messages, "recipients", (json_int_t)report->recipients, "failed",
        (json_int_t)report->failed, "changed", (json_int_t)report->changes->len, "new_holds",
        (json_int_t)backtest_new_holds(report), "released", (json_int_t)backtest_released(report), "rosters",
        (int)report->rosters, "roster_of_the_day", (json_int_t)report->with_then, "actions", actions, "rules",
        counts_json(report->rules), "schools", counts_json(report->schools), "roles",
        counts_json(report->roles), "changes", changes, "seconds", report->seconds);
}

// ---- CSV -------------------------------------------------------------------------------------------------

static void csv_field(GString *out, const char *text, bool last)
{
    g_string_append_c(out, '"');
    if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
        g_string_append_c(out, '\'');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *at);
    }
    g_string_append(out, last ? "\"\r\n" : "\",");
}

bool backtest_csv(const BacktestReport *report, const char *path, GError **error)
{
    GString *out =
        g_string_new("record,received,from,to,subject,then,now,rules_then,rules_now,role,school\r\n");
    for (guint i = 0; i < report->changes->len; i++) {
        const BacktestChange *change = report->changes->pdata[i];
        g_autofree char *received = clock_format(change->received_us);
        const char *const fields[] = {change->record,
                                      received,
                                      change->sender,
                                      change->rcpt,
                                      change->subject,
                                      action_name(change->then),
                                      action_name(change->now),
                                      change->rules_then,
                                      change->rules_now,
                                      change->role,
                                      change->school};
        for (guint k = 0; k < G_N_ELEMENTS(fields); k++)
            csv_field(out, fields[k], k + 1 == G_N_ELEMENTS(fields));
    }
    bool ok = file_write_atomic(path, out->str, out->len, 0640, error);
    g_string_free(out, TRUE);
    return ok;
}
