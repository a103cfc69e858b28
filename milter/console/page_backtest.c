// Backtests: what a policy would have done to mail of the past, judged in the background; its figures, and the changes for those who review.
#include "console/chart.h"
#include "console/held.h"
#include "console/jobs.h"

#include <stdlib.h>
#include <string.h>

#define SEEN   (USER_REVIEWER | USER_AUDITOR | USER_APPROVER | USER_MAIL_ADMIN)
#define STARTS (USER_REVIEWER | USER_APPROVER | USER_MAIL_ADMIN)
#define DAY_US (86400 * (int64_t)G_USEC_PER_SEC)
enum { DAYS = 30, NAME_MOST = 200, FILES_MOST = 200, BARS = 20 };

static const char *text(const json_t *object, const char *key)
{
    const char *found = json_string_value(json_object_get(object, key));
    return found != NULL ? found : "";
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

// ---- which policies there are ------------------------------------------------------------------------------

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Names of the .conf files beside the policy in force. GPtrArray of char*.
static GPtrArray *policies(const Config *config, char **out_dir)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    *out_dir = g_path_get_dirname(config->policy.file);
    g_autoptr(GDir) dir = g_dir_open(*out_dir, 0, NULL);
    for (const char *name; dir != NULL && names->len < FILES_MOST && (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, ".conf") && name[0] != '.' && g_utf8_validate(name, -1, NULL))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    return names;
}

// The path of one of them. NULL with `error` (DATA); caller frees.
static char *policy_path(const Config *config, const char *name, GError **error)
{
    g_autofree char *dir = NULL;
    g_autoptr(GPtrArray) names = policies(config, &dir);
    if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        return g_build_filename(dir, name, NULL);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s has no policy \"%s\"; put its file there", dir, name);
    return NULL;
}

// ---- the list ----------------------------------------------------------------------------------------------

static char *date_before(Request *request, int days)
{
    int date = clock_local_date(request->now_us - days * DAY_US, request->config->district.timezone);
    return g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

static void start_form(Request *request, Html *html)
{
    static const Mode MODES[] = {MODE_ENFORCE, MODE_COACH, MODE_MONITOR};
    static const char *const KEYS[] = {"backtest.enforce", "backtest.coach", "backtest.monitor"};
    g_autofree char *dir = NULL, *from = date_before(request, DAYS), *to = date_before(request, 0);
    g_autofree char *current = g_path_get_basename(request->config->policy.file);
    g_autoptr(GPtrArray) names = policies(request->config, &dir);
    html_say(html, "h2", "backtest.new", NULL);
    html_open(html, "p", "class", "hint", NULL);
    html_words(html, "backtest.hint", "dir", dir, NULL);
    html_close(html, "p");
    form_post(request, html, "/policy/backtests", "narrow");
    form_select_begin(html, "policy", "backtest.policy");
    for (guint i = 0; i < names->len; i++)
        form_option(html, names->pdata[i], names->pdata[i], strcmp(names->pdata[i], current) == 0);
    form_select_end(html);
    form_select_begin(html, "mode", "backtest.mode");
    for (gsize i = 0; i < G_N_ELEMENTS(MODES); i++)
        form_option_say(html, mode_name(MODES[i]), KEYS[i], i == 0);
    form_select_end(html);
    form_field(html, "from", "backtest.from", from, "type", "date", "required", "", NULL);
    form_field(html, "to", "backtest.to", to, "type", "date", "required", "", NULL);
    form_button(html, "backtest.go", NULL, NULL, "main");
    html_close(html, "form");
}

static void state_words(Html *html, const Job *job)
{
    g_autofree char *key = g_strconcat("job.state.", job_state_name(job->state), NULL);
    html_words(html, key, NULL);
}

static char *policy_name_of(const Job *job)
{
    return g_path_get_basename(text(job->order, "policy"));
}

static void row(Request *request, Html *html, const Job *job)
{
    g_autofree char *path = g_strconcat("/policy/backtests/", job->id, NULL), *policy = policy_name_of(job);
    const json_t *report = json_object_get(job->result, "report");
    int64_t created_us = 0;
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link(html, path, policy);
    html_close(html, "th");
    html_element(html, "td", text(job->order, "from"), NULL);
    html_element(html, "td", text(job->order, "to"), NULL);
    html_element(html, "td", text(job->order, "mode"), NULL);
    html_element(html, "td", text(job->order, "who"), NULL);
    html_open(html, "td", NULL);
    if (clock_parse(text(job->order, "created"), &created_us, NULL))
        page_time(request, html, created_us);
    html_close(html, "td");
    html_open(html, "td", NULL);
    state_words(html, job);
    html_close(html, "td");
    html_open(html, "td", "class", "number", NULL);
    if (report != NULL)
        html_number(html, number(report, "new_holds"));
    html_close(html, "td");
    html_open(html, "td", "class", "number", NULL);
    if (report != NULL)
        html_number(html, number(report, "released"));
    html_close(html, "tr");
}

static void table_begin(Html *html, const char *id, const char *caption, const char *const *keys, gsize count)
{
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", "id", id, NULL);
    html_say(html, "caption", caption, "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", keys[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
}

static bool list(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"backtest.policy", "backtest.from",      "backtest.to",
                                       "backtest.mode",   "policy.who",         "backtest.when",
                                       "cases.state",     "backtest.new-holds", "backtest.released"};
    g_autoptr(GPtrArray) jobs =
        job_list(request->config, JOB_BACKTESTS, request_query(request, "after"), PAGE_ROWS + 1, error);
    if (jobs == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "backtest.title");
    html_open(html, "p", NULL);
    html_link_say(html, "/policy", "menu.policy");
    html_close(html, "p");
    table_begin(html, "backtests", "backtest.title", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < MIN(jobs->len, PAGE_ROWS); i++)
        row(request, html, jobs->pdata[i]);
    html_close(html, "div");
    if (jobs->len == 0)
        html_say(html, "p", "backtest.none", NULL);
    page_more(request, html, jobs->len > PAGE_ROWS ? ((const Job *)jobs->pdata[PAGE_ROWS - 1])->id : NULL);
    if (request_may(request, STARTS))
        start_form(request, html);
    page_end(request, html, reply);
    return true;
}

// ---- starting ----------------------------------------------------------------------------------------------

// The beginning of a local day, or with `is_end` of the next. False with `error`.
static bool day_us(Request *request, const char *day, bool is_end, int64_t *out, GError **error)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(request->config->district.timezone);
    int64_t us = 0;
    if (strlen(day) != 10 || !clock_parse(day, &us, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\" is not a date; write YYYY-MM-DD", day);
        return false;
    }
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC + (is_end ? 86400 : 0));
    g_autoptr(GDateTime) local =
        g_date_time_new(zone != NULL ? zone : g_date_time_get_timezone(utc), g_date_time_get_year(utc),
                        g_date_time_get_month(utc), g_date_time_get_day_of_month(utc), 0, 0, 0);
    *out = local != NULL ? g_date_time_to_unix(local) * G_USEC_PER_SEC : us;
    return true;
}

static bool start(Request *request, Reply *reply, GError **error)
{
    g_autofree char *name = request_form_text(request, "policy", NAME_MOST),
                    *mode = request_form_text(request, "mode", 20),
                    *from = request_form_text(request, "from", 20),
                    *to = request_form_text(request, "to", 20);
    int64_t from_us = 0, to_us = 0;
    Mode parsed;
    g_autofree char *path = policy_path(request->config, name, error);
    if (path == NULL || !day_us(request, from, false, &from_us, error) ||
        !day_us(request, to, true, &to_us, error))
        return false;
    if (from_us >= to_us || !mode_parse(mode, &parsed)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    from_us >= to_us ? "the last day is before the first" : "choose a mode");
        return false;
    }
    // What is wrong with it is said now, with its lines, and nothing is started.
    g_autoptr(GError) wrong = NULL;
    g_autoptr(Policy) policy = snapshot_policy(path, &wrong);
    if (policy == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s", wrong->message);
        return false;
    }
    json_t *detail = json_pack("{s:s, s:s, s:s, s:s}", "policy", policy_version(policy), "sha256",
                               policy_sha256(policy), "from", from, "to", to);
    json_t *order = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "kind", "backtest", "policy", path,
                              "mode", mode, "from", from, "to", to, "from_us", (json_int_t)from_us, "to_us",
                              (json_int_t)to_us, "sha256", policy_sha256(policy));
    if (!console_tell(request, "backtest", NULL, detail, error)) {
        json_decref(order);
        return false;
    }
    g_autofree char *id =
        job_start(request->config, JOB_BACKTESTS, order, request_who(request), request->now_us, error);
    g_autofree char *to_path = g_strconcat("/policy/backtests/", id, NULL);
    if (id != NULL)
        reply_redirect(reply, to_path, "said.job-started");
    return id != NULL;
}

// ---- one of them -------------------------------------------------------------------------------------------

static void progress(Request *request, Html *html, const Job *job)
{
    const char *step = text(job->progress, "step");
    g_autofree char *done = g_strdup_printf("%" G_GINT64_FORMAT, number(job->progress, "done"));
    g_autofree char *total = g_strdup_printf("%" G_GINT64_FORMAT, number(job->progress, "total"));
    g_autofree char *key = g_strconcat("job.step.", *step != '\0' ? step : "waiting", NULL);
    html_open(html, "p", "role", "status", NULL);
    html_words(html, key, NULL);
    html_text(html, " ");
    html_words(html, "job.of", "done", done, "total", total, NULL);
    html_close(html, "p");
    html_element(html, "progress", NULL, "max", number(job->progress, "total") > 0 ? total : "1", "value",
                 done, "aria-label", words_get(request->words, "job.progress"), NULL);
    html_open(html, "p", NULL);
    html_link_say(html, request->path, "job.refresh");
    html_close(html, "p");
}

static void fact_number(Html *html, const char *key, int64_t value)
{
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
    html_number(html, value);
    html_close(html, "dd");
}

static void totals(Html *html, const json_t *report)
{
    static const char *const NUMBERS[][2] = {
        {"messages", "backtest.messages"},        {"recipients", "backtest.recipients"},
        {"changed", "backtest.changed"},          {"new_holds", "backtest.new-holds"},
        {"released", "backtest.released"},        {"failed", "backtest.failed"},
        {"roster_of_the_day", "backtest.rosters"}};
    html_open(html, "dl", "class", "facts", "id", "totals", NULL);
    html_say(html, "dt", "backtest.judged-by", NULL);
    html_element(html, "dd", text(report, "policy"), NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(NUMBERS); i++)
        fact_number(html, NUMBERS[i][1], number(report, NUMBERS[i][0]));
    html_close(html, "dl");
}

static void actions(Html *html, const json_t *report)
{
    const json_t *rows = json_object_get(report, "actions");
    html_say(html, "h2", "backtest.actions", NULL);
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", "id", "actions", NULL);
    html_say(html, "caption", "backtest.actions-hint", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    html_say(html, "th", "backtest.then-now", "scope", "col", NULL);
    const char *name;
    json_t *cells, *cell;
    json_object_foreach((json_t *)rows, name, cells) html_element(html, "th", name, "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    json_object_foreach((json_t *)rows, name, cells)
    {
        const char *then = name, *now;
        html_open(html, "tr", NULL);
        html_element(html, "th", then, "scope", "row", NULL);
        json_object_foreach(cells, now, cell)
        {
            html_open(html, "td", "class", "number", NULL);
            html_number(html, json_integer_value(cell));
            html_close(html, "td");
        }
        html_close(html, "tr");
    }
    html_close(html, "div");
}

// Then and now beside each other, the most changed first; the chart has the first BARS, its table all.
typedef struct {
    const char *name;
    int64_t then, now;
} Count;

static gint by_change(gconstpointer a, gconstpointer b)
{
    const Count *one = a, *other = b;
    int64_t left = ABS(one->now - one->then), right = ABS(other->now - other->then);
    return left != right ? (left < right) - (left > right) : strcmp(one->name, other->name);
}

static GArray *counts_of(const json_t *object)
{
    GArray *counts = g_array_new(FALSE, FALSE, sizeof(Count));
    const char *name;
    json_t *one;
    json_object_foreach((json_t *)object, name, one)
    {
        const Count count = {name, number(one, "then"), number(one, "now")};
        g_array_append_val(counts, count);
    }
    g_array_sort(counts, by_change);
    return counts;
}

static void chart(Html *html, const char *id, const char *title, const json_t *object)
{
    static const char *const PARTS[] = {"backtest.only-then", "backtest.both", "backtest.only-now"};
    g_autoptr(GArray) counts = counts_of(object);
    guint bars = MIN(counts->len, BARS);
    g_autofree const char **labels = g_new0(const char *, bars + 1);
    g_autofree int64_t *values = g_new0(int64_t, 3 * (bars + 1));
    for (guint i = 0; i < bars; i++) {
        const Count *count = &g_array_index(counts, Count, i);
        int64_t both = MIN(count->then, count->now);
        labels[i] = count->name;
        values[i] = count->then - both;
        values[bars + i] = both;
        values[2 * bars + i] = count->now - both;
    }
    const ChartSeries series[] = {
        {PARTS[0], values}, {PARTS[1], values + bars}, {PARTS[2], values + 2 * bars}};
    html_say(html, "h2", title, NULL);
    if (bars > 0)
        chart_bars(html, id, title, labels, bars, series, G_N_ELEMENTS(series));
    else
        html_say(html, "p", "backtest.nothing", NULL);
}

// Whoever reviews sees which messages: of their schools, without names.
static void changes(Request *request, Html *html, const json_t *report)
{
    static const char *const KEYS[] = {"backtest.when",       "item.from",     "item.to",
                                       "backtest.then",       "backtest.now",  "backtest.rules-now",
                                       "backtest.rules-then", "item.reference"};
    const json_t *all = json_object_get(report, "changes");
    const char *after = request_query(request, "after");
    size_t begin = after != NULL ? (size_t)g_ascii_strtoull(after, NULL, 10) : 0, at = begin;
    guint shown = 0;
    html_say(html, "h2", "backtest.changes", NULL);
    table_begin(html, "changes", "backtest.changes", KEYS, G_N_ELEMENTS(KEYS));
    for (; at < json_array_size(all) && shown < PAGE_ROWS; at++) {
        const json_t *one = json_array_get(all, at);
        int64_t us = 0;
        if (!request_sees_school(request, "*") && !request_sees_school(request, text(one, "school")))
            continue;
        shown++;
        html_open(html, "tr", NULL);
        html_open(html, "td", NULL);
        if (clock_parse(text(one, "received"), &us, NULL))
            page_time(request, html, us);
        html_close(html, "td");
        html_open(html, "td", NULL);
        held_party(request, html, text(one, "from"), text(one, "role"), false);
        html_close(html, "td");
        html_open(html, "td", NULL);
        held_party(request, html, text(one, "to"), NULL, false);
        html_close(html, "td");
        html_element(html, "td", text(one, "then"), NULL);
        html_element(html, "td", text(one, "now"), NULL);
        html_element(html, "td", text(one, "rules_now"), NULL);
        html_element(html, "td", text(one, "rules_then"), NULL);
        html_element(html, "th", text(one, "id"), "scope", "row", NULL);
        html_close(html, "tr");
    }
    html_close(html, "div");
    if (shown == 0)
        html_say(html, "p", "backtest.nothing", NULL);
    g_autofree char *next = g_strdup_printf("%" G_GSIZE_FORMAT, at);
    page_more(request, html, at < json_array_size(all) ? next : NULL);
}

static bool may_have_changes(const Request *request)
{
    return request_may(request, USER_REVIEWER);
}

static void steps(Request *request, Html *html, const Job *job)
{
    g_autofree char *cancel = g_strdup_printf("/policy/backtests/%s/cancel", job->id);
    g_autofree char *again = g_strdup_printf("/policy/backtests/%s/again", job->id);
    g_autofree char *csv = g_strdup_printf("/policy/backtests/%s/csv", job->id);
    g_autofree char *json = g_strdup_printf("/policy/backtests/%s/json", job->id);
    if (job->state == JOB_RUNNING && request_may(request, STARTS))
        form_act(request, html, cancel, "job.cancel");
    else if (job->state != JOB_DONE && request_may(request, STARTS))
        form_act(request, html, again, "job.again");
    if (job->state != JOB_DONE)
        return;
    html_open(html, "p", NULL);
    html_link_say(html, json, "backtest.json");
    html_close(html, "p");
    if (may_have_changes(request) && request_sees_school(request, "*"))
        form_act(request, html, csv, "backtest.csv");
}

static Job *job_asked(Request *request, GError **error)
{
    return job_get(request->config, JOB_BACKTESTS, request->args[0], error);
}

static bool show(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Job) job = job_asked(request, error);
    if (job == NULL)
        return false;
    const json_t *report = json_object_get(job->result, "report");
    g_autofree char *policy = policy_name_of(job);
    g_autofree char *title = words_fill(request->words, "backtest.of", "policy", policy, "from",
                                        text(job->order, "from"), "to", text(job->order, "to"), NULL);
    if (report != NULL && may_have_changes(request) &&
        !console_tell(request, "backtest-seen", NULL, json_pack("{s:s}", "job", job->id), error))
        return false;
    g_autoptr(Html) html = page_begin_text(request, title);
    html_open(html, "p", NULL);
    html_link_say(html, "/policy/backtests", "backtest.title");
    html_close(html, "p");
    html_open(html, "section", "id", "job", "data-refresh", job->state == JOB_RUNNING ? "" : NULL,
              "aria-labelledby", "job-state", NULL);
    html_open(html, "h2", "id", "job-state", NULL);
    state_words(html, job);
    html_close(html, "h2");
    if (job->state == JOB_RUNNING)
        progress(request, html, job);
    if (job->state == JOB_FAILED) {
        html_open(html, "p", "class", "bad", "role", "alert", NULL);
        html_mail(html, text(job->result, "error"));
        html_close(html, "p");
    }
    steps(request, html, job);
    html_close(html, "section");
    if (report != NULL) {
        totals(html, report);
        actions(html, report);
        chart(html, "rules", "backtest.rules", json_object_get(report, "rules"));
        chart(html, "schools", "backtest.schools", json_object_get(report, "schools"));
        chart(html, "roles", "backtest.roles", json_object_get(report, "roles"));
        if (may_have_changes(request))
            changes(request, html, report);
    }
    page_end(request, html, reply);
    return true;
}

// ---- acting ------------------------------------------------------------------------------------------------

static bool back(Reply *reply, const Job *job, const char *said)
{
    g_autofree char *path = g_strconcat("/policy/backtests/", job->id, NULL);
    reply_redirect(reply, path, said);
    return true;
}

static bool cancel(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Job) job = job_asked(request, error);
    return job != NULL && job_cancel(job, error) && back(reply, job, "said.job-cancelled");
}

static bool again(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Job) job = job_asked(request, error);
    return job != NULL && job_again(request->config, job, error) && back(reply, job, "said.job-started");
}

// The figures, without the messages.
static bool as_json(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Job) job = job_asked(request, error);
    const json_t *report = job != NULL ? json_object_get(job->result, "report") : NULL;
    if (job != NULL && report == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "backtest %s has no result", job->id);
    if (report == NULL)
        return false;
    json_t *figures = json_copy((json_t *)report);
    json_object_del(figures, "changes");
    char *out = json_dumps(figures, JSON_INDENT(2) | JSON_SORT_KEYS);
    reply_download(reply, "backtest.json", "application/json", out, strlen(out));
    free(out);
    json_decref(figures);
    return true;
}

static bool as_csv(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Job) job = job_asked(request, error);
    if (job == NULL)
        return false;
    if (!request_sees_school(request, "*")) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "the file has messages of all schools");
        return false;
    }
    g_autofree char *path = g_build_filename(job->dir, "changes.csv", NULL);
    return console_tell(request, "backtest-exported", NULL, json_pack("{s:s}", "job", job->id), error) &&
           reply_file(reply, "backtest.csv", "text/csv", path, error);
}

static const Route ROUTES[] = {
    {"GET", "/policy/backtests", SEEN, list},
    {"POST", "/policy/backtests", STARTS, start},
    {"GET", "/policy/backtests/:id", SEEN, show},
    {"GET", "/policy/backtests/:id/json", SEEN, as_json},
    {"POST", "/policy/backtests/:id/csv", USER_REVIEWER, as_csv},
    {"POST", "/policy/backtests/:id/cancel", STARTS, cancel},
    {"POST", "/policy/backtests/:id/again", STARTS, again},
};
const RouteTable BACKTEST_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
