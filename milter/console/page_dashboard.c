// The dashboard: figures of the whole district, no content of mail.
#include "console/chart.h"

#include <string.h>

enum { SHARE_TOLD = 5 }; // decisions of a rule, from which on its share of false positives is told

#define SEEN (USER_MAIL_ADMIN | USER_REVIEWER | USER_AUDITOR | USER_APPROVER | USER_RECORDS)

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

// ---- cards -----------------------------------------------------------------------------------------------

static void card_begin(Html *html, const char *figure, const char *key)
{
    html_open(html, "li", "class", "card", NULL);
    html_element(html, "strong", figure, "class", "figure", NULL);
    html_text(html, " ");
    html_words(html, key, NULL);
}

static void card(Html *html, int64_t figure, const char *key)
{
    g_autofree char *shown = g_strdup_printf("%" G_GINT64_FORMAT, figure);
    card_begin(html, shown, key);
    html_close(html, "li");
}

static char *span_text(const Words *words, int64_t seconds)
{
    const char *key = seconds < 2 * 3600 ? "age.minutes" : seconds < 48 * 3600 ? "age.hours" : "age.days";
    int64_t count = seconds < 2 * 3600    ? seconds / 60
                    : seconds < 48 * 3600 ? seconds / 3600
                                          : seconds / 86400;
    g_autofree char *n = g_strdup_printf("%" G_GINT64_FORMAT, count);
    return words_fill(words, key, "n", n, NULL);
}

static void span_card(Request *request, Html *html, int64_t seconds, const char *key)
{
    g_autofree char *shown = span_text(request->words, seconds);
    card_begin(html, shown, key);
    html_close(html, "li");
}

static void cards(Request *request, Html *html, const json_t *counts, const json_t *figures)
{
    const json_t *decisions = json_object_get(figures, "decisions");
    const json_t *exceptions = json_object_get(figures, "exceptions");
    html_open(html, "ul", "class", "cards plain", NULL);
    card(html, number(counts, "open"), "queue.count-open");
    card(html, number(counts, "overdue"), "queue.count-overdue");
    card(html, number(decisions, "decided"), "dashboard.decided");
    span_card(request, html, number(decisions, "p50_s"), "dashboard.p50");
    span_card(request, html, number(decisions, "p95_s"), "dashboard.p95");
    card(html, number(exceptions, "in_force"), "dashboard.exceptions");
    card(html, number(exceptions, "ending"), "dashboard.ending");
    html_close(html, "ul");
}

// ---- days ------------------------------------------------------------------------------------------------

enum { NAMES = 5 };

static void days(Html *html, const json_t *figures)
{
    static const char *const FIELDS[NAMES] = {"delivered", "held", "refused", "released", "denied"};
    static const char *const KEYS[NAMES] = {"dashboard.delivered", "dashboard.held", "dashboard.refused",
                                            "dashboard.released", "dashboard.denied"};
    const json_t *list = json_object_get(figures, "days");
    guint count = (guint)json_array_size(list);
    g_autofree const char **labels = g_new0(const char *, count + 1);
    g_autofree int64_t *values = g_new0(int64_t, count * NAMES + 1);
    ChartSeries series[NAMES];
    for (guint f = 0; f < NAMES; f++)
        series[f] = (ChartSeries){KEYS[f], values + f * count};
    for (guint i = 0; i < count; i++) {
        const json_t *day = json_array_get(list, i);
        labels[i] = text(day, "day");
        for (guint f = 0; f < NAMES; f++)
            values[f * count + i] = number(day, FIELDS[f]);
    }
    html_say(html, "h2", "dashboard.mail", NULL);
    chart_bars(html, "chart-mail", "dashboard.mail-chart", labels, count, series, 3);
    html_say(html, "h2", "dashboard.decisions", NULL);
    chart_bars(html, "chart-decisions", "dashboard.decisions-chart", labels, count, series + 3, 2);
}

// ---- rules and schools -----------------------------------------------------------------------------------

static void heads(Html *html, const char *caption, const char *const *keys, gsize count)
{
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", NULL);
    html_say(html, "caption", caption, "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", keys[i], "scope", "col", "class", i > 0 ? "number" : NULL, NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
}

static void cell(Html *html, int64_t value)
{
    html_open(html, "td", "class", "number", NULL);
    html_number(html, value);
    html_close(html, "td");
}

static void rules(Html *html, const json_t *figures)
{
    static const char *const KEYS[] = {
        "queue.rule",       "dashboard.of-decided",      "dashboard.released",
        "dashboard.denied", "dashboard.false-positives", "dashboard.precision"};
    const json_t *list = json_object_get(json_object_get(figures, "decisions"), "rules");
    html_say(html, "h2", "dashboard.rules", NULL);
    if (json_array_size(list) == 0) {
        html_say(html, "p", "dashboard.none-decided", NULL);
        return;
    }
    heads(html, "dashboard.rules", KEYS, G_N_ELEMENTS(KEYS));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *rule = json_array_get(list, i);
        int64_t decided = number(rule, "decided"), wrong = number(rule, "false_positive");
        g_autofree char *share = decided >= SHARE_TOLD ? g_strdup_printf("%" G_GINT64_FORMAT " %%",
                                                                         100 * (decided - wrong) / decided)
                                                       : g_strdup("-");
        html_open(html, "tr", NULL);
        html_element(html, "th", text(rule, "rule"), "scope", "row", NULL);
        cell(html, decided);
        cell(html, number(rule, "released"));
        cell(html, number(rule, "denied"));
        cell(html, wrong);
        html_element(html, "td", share, "class", "number", NULL);
        html_close(html, "tr");
    }
    html_close(html, "div");
    html_say(html, "p", "dashboard.precision-hint", "class", "hint", NULL);
}

static void open_by(Request *request, Html *html, const json_t *counts, const char *list, const char *name,
                    const char *caption)
{
    const char *const keys[] = {strcmp(name, "school") == 0 ? "queue.school" : "queue.rule", "queue.number"};
    const json_t *rows = json_object_get(counts, list);
    RosterSession *session = desk_roster(request->desk, NULL);
    if (json_array_size(rows) == 0)
        return;
    html_say(html, "h2", caption, NULL);
    heads(html, caption, keys, G_N_ELEMENTS(keys));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *value = text(row, name);
        g_autofree char *school =
            strcmp(name, "school") == 0 && session != NULL ? roster_school_name(session, value, NULL) : NULL;
        const char *shown = school != NULL ? school : value;
        html_open(html, "tr", NULL);
        html_element(html, "th", *shown != '\0' ? shown : words_get(request->words, "queue.pending"), "scope",
                     "row", NULL);
        cell(html, number(row, "count"));
        html_close(html, "tr");
    }
    html_close(html, "div");
}

// ---- whether everything runs -----------------------------------------------------------------------------

static void fact_begin(Html *html, const char *key)
{
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
}

static void fact_end(Html *html)
{
    html_close(html, "dd");
}

// What could not be told stands there as such.
static bool is_told(Html *html, const json_t *part)
{
    const char *why = text(part, "why");
    if (why != NULL) {
        html_say(html, "strong", "dashboard.not-told", "class", "late", NULL);
        html_text(html, " ");
        html_text(html, why);
    }
    return why == NULL;
}

static void fact_coverage(Request *request, Html *html, const json_t *part)
{
    fact_begin(html, "dashboard.index");
    if (is_told(html, part)) {
        g_autofree char *indexed = g_strdup_printf("%" G_GINT64_FORMAT, number(part, "indexed"));
        g_autofree char *archived = g_strdup_printf("%" G_GINT64_FORMAT, number(part, "archived"));
        g_autofree char *partly = g_strdup_printf("%" G_GINT64_FORMAT, number(part, "unsearchable"));
        html_words(html, "dashboard.covers", "x", indexed, "y", archived, "z", partly, NULL);
        html_text(html, " ");
        if (number(part, "through_us") > 0)
            page_time(request, html, number(part, "through_us"));
    }
    fact_end(html);
}

static void fact_checkpoint(Request *request, Html *html, const json_t *part)
{
    int64_t age_us = request->now_us - number(part, "written_us");
    fact_begin(html, "dashboard.checkpoint");
    if (is_told(html, part)) {
        g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, number(part, "size"));
        html_words(html, "dashboard.leaves", "n", size, NULL);
        html_text(html, " ");
        page_time(request, html, number(part, "written_us"));
        if (age_us > 3600 * (int64_t)G_USEC_PER_SEC) {
            html_text(html, " ");
            html_say(html, "strong", "dashboard.old", "class", "late", NULL);
        }
    }
    fact_end(html);
}

static void fact_witnesses(Request *request, Html *html, const json_t *list)
{
    fact_begin(html, "dashboard.witnesses");
    if (json_array_size(list) == 0)
        html_say(html, "span", "dashboard.no-witness", NULL);
    html_open(html, "ul", "class", "plain", NULL);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        html_open(html, "li", NULL);
        if (text(one, "name") != NULL)
            html_element(html, "span", text(one, "name"), NULL);
        html_text(html, " ");
        if (is_told(html, one))
            page_time(request, html, number(one, "time_s") * G_USEC_PER_SEC);
        html_close(html, "li");
    }
    html_close(html, "ul");
    fact_end(html);
}

static void fact_roster(Request *request, Html *html, const json_t *part)
{
    fact_begin(html, "dashboard.roster");
    if (is_told(html, part) && number(part, "generation") > 0) {
        g_autofree char *generation = g_strdup_printf("%" G_GINT64_FORMAT, number(part, "generation"));
        html_words(html, "dashboard.generation", "n", generation, NULL);
        html_text(html, " ");
        page_time(request, html, number(part, "at_s") * G_USEC_PER_SEC);
    } else if (text(part, "why") == NULL) {
        html_say(html, "strong", "dashboard.no-roster", "class", "late", NULL);
    }
    fact_end(html);
}

static void fact_disk(Html *html, const json_t *part)
{
    fact_begin(html, "dashboard.disk");
    if (is_told(html, part)) {
        g_autofree char *left = g_format_size_full((guint64)number(part, "free"), G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *whole = g_format_size_full((guint64)number(part, "total"), G_FORMAT_SIZE_IEC_UNITS);
        html_words(html, "dashboard.free", "free", left, "total", whole, NULL);
        if (number(part, "free") < number(part, "total") / 10) {
            html_text(html, " ");
            html_say(html, "strong", "dashboard.little", "class", "late", NULL);
        }
    }
    fact_end(html);
}

static bool fact_pending(Request *request, Html *html, GError **error)
{
    guint64 pending = 0;
    int64_t oldest_us = 0;
    if (!quarantine_pending_count(desk_quarantine(request->desk), &pending, &oldest_us, error))
        return false;
    g_autofree char *count = g_strdup_printf("%" G_GUINT64_FORMAT, pending);
    fact_begin(html, "dashboard.unread");
    html_words(html, "dashboard.unread-n", "n", count, NULL);
    if (pending > 0 && request->now_us - oldest_us > 3600 * (int64_t)G_USEC_PER_SEC) {
        html_text(html, " ");
        html_say(html, "strong", "dashboard.old", "class", "late", NULL);
    }
    fact_end(html);
    return true;
}

static bool health(Request *request, Html *html, const json_t *figures, GError **error)
{
    const json_t *stamp = json_object_get(figures, "stamp");
    html_say(html, "h2", "dashboard.health", NULL);
    html_open(html, "dl", "class", "facts", NULL);
    bool ok = fact_pending(request, html, error);
    fact_coverage(request, html, json_object_get(figures, "coverage"));
    fact_checkpoint(request, html, json_object_get(figures, "checkpoint"));
    fact_witnesses(request, html, json_object_get(figures, "witnesses"));
    fact_begin(html, "dashboard.stamp");
    if (is_told(html, stamp))
        html_text(html, text(stamp, "time") != NULL ? text(stamp, "time")
                                                    : words_get(request->words, "dashboard.no-stamp"));
    fact_end(html);
    fact_roster(request, html, json_object_get(figures, "roster"));
    fact_disk(html, json_object_get(figures, "disk"));
    html_close(html, "dl");
    return ok;
}

// ---- the page --------------------------------------------------------------------------------------------

static bool dashboard(Request *request, Reply *reply, GError **error)
{
    HoldFilter all = {.schools = NULL};
    json_t *counts = counts_get(request, &all, error);
    json_t *figures = counts != NULL ? figures_get(request, error) : NULL;
    bool ok = figures != NULL;
    if (ok) {
        g_autoptr(Html) html = page_begin(request, "dashboard.title");
        html_open(html, "p", "class", "hint", NULL);
        html_words(html, "dashboard.as-of", NULL);
        html_text(html, " ");
        page_time(request, html, number(figures, "at_us"));
        html_close(html, "p");
        cards(request, html, counts, figures);
        days(html, figures);
        rules(html, figures);
        if (request_may(request, USER_REVIEWER | USER_APPROVER)) {
            html_open(html, "p", NULL);
            html_link_say(html, "/dashboard/proposals", "proposals.title");
            html_close(html, "p");
        }
        open_by(request, html, counts, "rules", "rule", "queue.by-rule");
        open_by(request, html, counts, "schools", "school", "queue.by-school");
        ok = health(request, html, figures, error);
        page_end(request, html, reply);
    }
    json_decref(counts);
    json_decref(figures);
    return ok;
}

static const Route ROUTES[] = {{"GET", "/dashboard", SEEN, dashboard}};
const RouteTable DASHBOARD_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
