// The policy in force: its rules in plain words, when they take effect, which clauses they carry out, what stood before, and the notices.
#include "console/internal.h"

#include "notice/notice.h"
#include "register/register.h"

#include <string.h>

#define SEEN (USER_REVIEWER | USER_AUDITOR | USER_APPROVER | USER_MAIL_ADMIN)

// ---- small parts -----------------------------------------------------------------------------------------

static void table_begin(Html *html, const char *caption, const char *const *keys, gsize count)
{
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", NULL);
    html_say(html, "caption", caption, "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", keys[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
}

static char *date_text(int date)
{
    return date > 0 ? g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100)
                    : g_strdup("");
}

static int today_of(const Request *request)
{
    return clock_local_date(request->now_us, request->config->district.timezone);
}

static void fact(Html *html, const char *key, const char *value)
{
    html_say(html, "dt", key, NULL);
    html_element(html, "dd", value, NULL);
}

static void rule_link(Html *html, const char *name)
{
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);
    g_autofree char *path = g_strconcat("/policy/rule/", escaped, NULL);
    html_link(html, path, name);
}

// ---- the whole -------------------------------------------------------------------------------------------

static void rules_table(Html *html, const GPtrArray *rules)
{
    static const char *const KEYS[] = {"policy.rule", "policy.action",   "policy.mode",
                                       "policy.gist", "policy.severity", "policy.clause"};
    html_say(html, "h2", "policy.rules", NULL);
    table_begin(html, "policy.rules", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < rules->len; i++) {
        const PolicyRuleText *rule = rules->pdata[i];
        html_open(html, "tr", NULL);
        html_open(html, "th", "scope", "row", NULL);
        rule_link(html, rule->name);
        html_close(html, "th");
        html_element(html, "td", action_name(rule->action), NULL);
        html_element(html, "td", mode_name(rule->mode), NULL);
        html_element(html, "td", rule->gist, NULL);
        html_open(html, "td", "class", "number", NULL);
        html_number(html, rule->severity);
        html_close(html, "td");
        html_element(html, "td", rule->clause, NULL);
        html_close(html, "tr");
    }
    html_close(html, "div");
}

typedef struct {
    int from;
    const char *rule;
    Mode mode;
} Change;

static int by_day(gconstpointer a, gconstpointer b)
{
    const Change *one = a, *other = b;
    return one->from != other->from ? (one->from < other->from ? -1 : 1) : strcmp(one->rule, other->rule);
}

static void timetable(Request *request, Html *html, const GPtrArray *rules)
{
    static const char *const KEYS[] = {"policy.day", "policy.rule", "policy.mode"};
    g_autoptr(GArray) changes = g_array_new(FALSE, FALSE, sizeof(Change));
    for (guint i = 0; i < rules->len; i++) {
        const PolicyRuleText *rule = rules->pdata[i];
        for (guint k = 1; k < rule->modes->len; k++) {
            const PolicyDatedMode *dated = &g_array_index(rule->modes, PolicyDatedMode, k);
            Change change = {dated->from, rule->name, dated->mode};
            g_array_append_val(changes, change);
        }
    }
    g_array_sort(changes, by_day);
    html_say(html, "h2", "policy.timetable", NULL);
    if (changes->len == 0) {
        html_say(html, "p", "policy.no-timetable", NULL);
        return;
    }
    table_begin(html, "policy.timetable", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < changes->len; i++) {
        const Change *change = &g_array_index(changes, Change, i);
        g_autofree char *day = date_text(change->from);
        html_open(html, "tr", NULL);
        html_open(html, "th", "scope", "row", NULL);
        html_text(html, day);
        html_text(html, " ");
        html_say(html, "span", change->from <= today_of(request) ? "policy.past" : "policy.to-come", "class",
                 "soft", NULL);
        html_close(html, "th");
        html_open(html, "td", NULL);
        rule_link(html, change->rule);
        html_close(html, "td");
        html_element(html, "td", mode_name(change->mode), NULL);
        html_close(html, "tr");
    }
    html_close(html, "div");
}

static void advice(Request *request, Html *html, const Policy *policy)
{
    g_autoptr(GPtrArray) found = policy_lint(policy, today_of(request), NULL);
    html_say(html, "h2", "policy.advice", NULL);
    if (found->len == 0)
        html_say(html, "p", "policy.no-advice", NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; i < found->len; i++) {
        const PolicyAdvice *one = found->pdata[i];
        html_open(html, "li", NULL);
        html_say(html, "strong", one->note ? "policy.note" : "policy.warning", NULL);
        html_text(html, " ");
        if (one->rule != NULL) {
            rule_link(html, one->rule);
            html_text(html, ": ");
        }
        html_text(html, one->text);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static void ways(Html *html)
{
    static const char *const PATHS[][2] = {{"/policy/coverage", "policy.coverage"},
                                           {"/policy/history", "policy.history"},
                                           {"/policy/notices", "policy.notices"},
                                           {"/policy/backtests", "backtest.title"}};
    html_open(html, "ul", "class", "plain ways", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        html_open(html, "li", NULL);
        html_link_say(html, PATHS[i][0], PATHS[i][1]);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static bool policy_page(Request *request, Reply *reply, GError **error)
{
    const Snapshot *snapshot = desk_snapshot(request->desk);
    g_autoptr(GPtrArray) rules = policy_explain(snapshot->policy, NULL, today_of(request));
    g_autoptr(Html) html = page_begin(request, "policy.title");
    html_open(html, "dl", "class", "facts", NULL);
    fact(html, "policy.name", policy_name(snapshot->policy));
    fact(html, "policy.version", policy_version(snapshot->policy));
    fact(html, "policy.sha256", policy_sha256(snapshot->policy));
    fact(html, "policy.all-mode", mode_name(snapshot->mode));
    html_close(html, "dl");
    html_say(html, "p", "policy.weaker", "class", "hint", NULL);
    ways(html);
    rules_table(html, rules);
    timetable(request, html, rules);
    advice(request, html, snapshot->policy);
    page_end(request, html, reply);
    return true;
}

// ---- one rule --------------------------------------------------------------------------------------------

static bool policy_rule(Request *request, Reply *reply, GError **error)
{
    const Snapshot *snapshot = desk_snapshot(request->desk);
    g_autoptr(GPtrArray) found = policy_explain(snapshot->policy, request->args[0], today_of(request));
    if (found->len == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "the policy has no rule \"%s\"", request->args[0]);
        return false;
    }
    const PolicyRuleText *rule = found->pdata[0];
    g_autofree char *severity = g_strdup_printf("%d", rule->severity);
    g_autoptr(Html) html = page_begin_text(request, rule->name);
    html_open(html, "dl", "class", "facts", NULL);
    fact(html, "policy.gist", rule->gist);
    fact(html, "policy.clause", rule->clause);
    fact(html, "policy.action", action_name(rule->action));
    fact(html, "policy.severity", severity);
    fact(html, "policy.mode", mode_name(rule->mode));
    html_close(html, "dl");
    html_say(html, "h2", "policy.in-words", NULL);
    html_open(html, "pre", "class", "wrap", "lang", "en", "tabindex", "0", NULL);
    for (guint i = 0; i < rule->text->len; i++) {
        html_text(html, rule->text->pdata[i]);
        html_text(html, "\n");
    }
    html_close(html, "pre");
    html_open(html, "p", NULL);
    html_link_say(html, "/policy", "policy.back");
    html_close(html, "p");
    page_end(request, html, reply);
    return true;
}

// ---- clauses ---------------------------------------------------------------------------------------------

static void clause_row(Html *html, const PolicyClause *clause)
{
    html_open(html, "tr", NULL);
    html_element(html, "th", clause->id, "scope", "row", NULL);
    html_element(html, "td", clause->gist, NULL);
    html_open(html, "td", NULL);
    for (guint i = 0; i < clause->rules->len; i++) {
        const char *rule = clause->rules->pdata[i];
        html_text(html, i > 0 ? ", " : "");
        if (strncmp(rule, "section ", 8) == 0)
            html_text(html, rule);
        else
            rule_link(html, rule);
    }
    for (char **by = clause->by; by != NULL && *by != NULL; by++) {
        html_text(html, clause->rules->len > 0 || by != clause->by ? ", " : "");
        html_text(html, *by);
    }
    html_close(html, "td");
    html_element(html, "td", clause->left_out, NULL);
    html_close(html, "tr");
}

static bool policy_clauses(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"policy.clause", "policy.gist", "policy.by", "policy.left-out"};
    const Snapshot *snapshot = desk_snapshot(request->desk);
    g_autoptr(PolicyCoverage) coverage = policy_coverage(snapshot->policy, NULL);
    g_autoptr(Html) html = page_begin(request, "policy.coverage");
    if (coverage->clauses->len == 0) {
        html_say(html, "p", "policy.no-clauses", NULL);
    } else {
        table_begin(html, "policy.coverage", KEYS, G_N_ELEMENTS(KEYS));
        for (guint i = 0; i < coverage->clauses->len; i++)
            clause_row(html, coverage->clauses->pdata[i]);
        html_close(html, "div");
    }
    if (coverage->mistakes->len > 0)
        html_say(html, "h2", "policy.not-covered", NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; i < coverage->mistakes->len; i++)
        html_element(html, "li", coverage->mistakes->pdata[i], NULL);
    html_close(html, "ul");
    page_end(request, html, reply);
    return true;
}

// ---- what was in force before ----------------------------------------------------------------------------

static const char *text(const json_t *object, const char *name)
{
    const char *found = json_string_value(json_object_get(object, name));
    return found != NULL ? found : "";
}

static bool policy_past(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"policy.since", "policy.name", "policy.version",
                                       "policy.who",   "policy.why",  "policy.sha256"};
    json_t *history = register_history(request->config, error);
    if (history == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "policy.history");
    table_begin(html, "policy.history", KEYS, G_N_ELEMENTS(KEYS));
    for (size_t i = json_array_size(history); i-- > 0;) {
        const json_t *one = json_array_get(history, i);
        int64_t us = 0;
        html_open(html, "tr", NULL);
        html_open(html, "th", "scope", "row", NULL);
        if (clock_parse(text(one, "time"), &us, NULL))
            page_time(request, html, us);
        html_close(html, "th");
        html_element(html, "td", text(one, "name"), NULL);
        html_element(html, "td", text(one, "version"), NULL);
        html_element(html, "td", text(one, "who"), NULL);
        html_element(html, "td", text(one, "why"), NULL);
        html_open(html, "td", NULL);
        html_element(html, "code", text(one, "sha256"), "class", "wrap", NULL);
        html_close(html, "tr");
    }
    html_close(html, "div");
    json_decref(history);
    page_end(request, html, reply);
    return true;
}

// ---- notices ---------------------------------------------------------------------------------------------

static void notice_row(Request *request, Html *html, const Notice *notice)
{
    g_autofree char *effective = date_text(notice->effective);
    g_autofree char *sent = g_strdup_printf("%u", notice->sent);
    g_autofree char *acknowledged = g_strdup_printf("%u", notice->acknowledged);
    html_open(html, "tr", NULL);
    html_element(html, "th", notice->title, "scope", "row", NULL);
    html_element(html, "td", notice->kind, NULL);
    html_open(html, "td", NULL);
    html_text(html, effective);
    html_text(html, " ");
    html_say(html, "span",
             notice_in_force(notice, today_of(request)) ? "policy.in-force" : "policy.not-in-force", "class",
             "soft", NULL);
    html_close(html, "td");
    html_element(html, "td", sent, "class", "number", NULL);
    html_element(html, "td", acknowledged, "class", "number", NULL);
    html_element(html, "td", notice->withdrawn, NULL);
    html_close(html, "tr");
}

static bool policy_notices(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"policy.notice", "policy.kind",         "policy.effective",
                                       "policy.sent",   "policy.acknowledged", "policy.withdrawn"};
    g_autoptr(NoticeRegister) notices = notice_open(request->config, error);
    g_autoptr(GPtrArray) all = notices != NULL ? notice_list(notices, error) : NULL;
    if (all == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "policy.notices");
    html_say(html, "p", "policy.notices-hint", "class", "hint", NULL);
    if (all->len == 0) {
        html_say(html, "p", "policy.no-notices", NULL);
    } else {
        table_begin(html, "policy.notices", KEYS, G_N_ELEMENTS(KEYS));
        for (guint i = 0; i < all->len; i++)
            notice_row(request, html, all->pdata[i]);
        html_close(html, "div");
    }
    page_end(request, html, reply);
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/policy", SEEN, policy_page},
    {"GET", "/policy/rule/:name", SEEN, policy_rule},
    {"GET", "/policy/coverage", SEEN, policy_clauses},
    {"GET", "/policy/history", SEEN, policy_past},
    {"GET", "/policy/notices", SEEN, policy_notices},
};
const RouteTable POLICY_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
