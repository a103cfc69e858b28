// The list of held messages: counts, filters, saved filters.
#include "console/held.h"

#include <string.h>

// ---- schools ---------------------------------------------------------------------------------------------

// ?school= narrows the reader's scope; of a school that is not theirs there is nothing.
typedef struct {
    HoldFilter filter;
    const char *one[2];
} QueueFilter;

static void queue_filter(Request *request, QueueFilter *out)
{
    const char *school = request_query(request, "school");
    *out = (QueueFilter){.filter = held_filter(request)};
    if (school != NULL && *school != '\0') {
        out->one[0] = request_sees_school(request, school) ? school : NULL;
        out->filter.schools = out->one;
    }
}

static char *school_name(Request *request, const char *school)
{
    RosterSession *session = desk_roster(request->desk, NULL);
    char *name = session != NULL ? roster_school_name(session, school, NULL) : NULL;
    return name != NULL ? name : g_strdup(school);
}

// ---- counts ----------------------------------------------------------------------------------------------

static void count_card(Html *html, const char *key, const json_t *counts, const char *name, const char *path)
{
    g_autofree char *number =
        g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(counts, name)));
    html_open(html, "li", "class", "card", NULL);
    html_element(html, "strong", number, "class", "figure", NULL);
    html_text(html, " ");
    html_link_say(html, path, key);
    html_close(html, "li");
}

static void count_cards(Html *html, const json_t *counts)
{
    html_open(html, "ul", "class", "cards plain", NULL);
    count_card(html, "queue.count-open", counts, "open", "/queue");
    count_card(html, "queue.count-overdue", counts, "overdue", "/queue");
    count_card(html, "queue.count-unclaimed", counts, "unclaimed", "/queue?claimed=nobody");
    count_card(html, "queue.count-mine", counts, "mine", "/queue?claimed=mine");
    html_close(html, "ul");
}

static void count_table(Request *request, Html *html, const json_t *rows, const char *name)
{
    bool schools = strcmp(name, "school") == 0;
    html_open(html, "table", NULL);
    html_say(html, "caption", schools ? "queue.by-school" : "queue.by-rule", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    html_say(html, "th", schools ? "queue.school" : "queue.rule", "scope", "col", NULL);
    html_say(html, "th", "queue.number", "scope", "col", "class", "number", NULL);
    html_say(html, "th", "queue.oldest", "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *value = json_string_value(json_object_get(row, name));
        g_autofree char *number =
            g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "count")));
        g_autofree char *shown = schools ? school_name(request, value) : g_strdup(value);
        g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
        g_autofree char *path = g_strdup_printf("/queue?%s=%s", name, escaped);
        html_open(html, "tr", NULL);
        html_open(html, "th", "scope", "row", NULL);
        html_link(html, path, *shown != '\0' ? shown : words_get(request->words, "queue.pending"));
        html_close(html, "th");
        html_element(html, "td", number, "class", "number", NULL);
        html_open(html, "td", NULL);
        page_time(request, html, json_integer_value(json_object_get(row, "oldest")));
        html_close(html, "tr");
    }
    html_close(html, "table");
}

static void counts_block(Request *request, Html *html, const json_t *counts)
{
    count_cards(html, counts);
    html_open(html, "details", NULL);
    html_say(html, "summary", "queue.counts", NULL);
    html_open(html, "div", "class", "cards", NULL);
    count_table(request, html, json_object_get(counts, "rules"), "rule");
    count_table(request, html, json_object_get(counts, "schools"), "school");
    html_close(html, "div");
    html_close(html, "details");
}

// ---- filters ---------------------------------------------------------------------------------------------

static void filter_choice(Request *request, Html *html, const char *name, const char *label,
                          const char *const *values)
{
    const char *now = request_query(request, name);
    form_select_begin(html, name, label);
    for (; *values != NULL; values++) {
        g_autofree char *key = g_strdup_printf("filter.%s.%s", name, **values != '\0' ? *values : "any");
        form_option_say(html, *values, key, g_strcmp0(now != NULL ? now : "", *values) == 0);
    }
    form_select_end(html);
}

static void filter_rows(Request *request, Html *html, const char *name, const char *label, const json_t *rows)
{
    const char *now = request_query(request, name);
    bool found = now == NULL || *now == '\0';
    form_select_begin(html, name, label);
    form_option_say(html, "", "filter.any", found);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *value = json_string_value(json_object_get(json_array_get(rows, i), name));
        g_autofree char *shown = strcmp(name, "school") == 0 ? school_name(request, value) : g_strdup(value);
        found = found || strcmp(value, now) == 0;
        if (*value != '\0')
            form_option(html, value, shown, now != NULL && strcmp(value, now) == 0);
    }
    if (!found)
        form_option(html, now, now, true);
    form_select_end(html);
}

static void filter_form(Request *request, Html *html, const json_t *counts)
{
    static const char *const STATES[] = {"", "done", "all", NULL}, *const CLAIMS[] = {"", "mine", "nobody",
                                                                                      NULL};
    static const char *const ORDERS[] = {"", "newest", NULL}, *const SEVERITIES[] = {"", "2", "3", NULL};
    form_get(html, "/queue", "filter");
    filter_choice(request, html, "state", "filter.state", STATES);
    filter_rows(request, html, "rule", "filter.rule", json_object_get(counts, "rules"));
    filter_rows(request, html, "school", "filter.school", json_object_get(counts, "schools"));
    filter_choice(request, html, "severity", "filter.severity", SEVERITIES);
    filter_choice(request, html, "claimed", "filter.claimed", CLAIMS);
    filter_choice(request, html, "order", "filter.order", ORDERS);
    form_button(html, "filter.apply", NULL, NULL, NULL);
    html_close(html, "form");
}

static bool saved_filters(Request *request, Html *html, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autoptr(GPtrArray) filters =
        docket != NULL ? docket_filters(docket, request_who(request), error) : NULL;
    g_autofree char *query = held_list_query(request);
    if (filters == NULL)
        return false;
    html_open(html, "details", NULL);
    html_say(html, "summary", "filter.saved", NULL);
    html_open(html, "ul", "class", "plain", NULL);
    for (guint i = 0; i < filters->len; i++) {
        const DocketFilter *filter = filters->pdata[i];
        g_autofree char *path = g_strconcat("/queue", filter->query, NULL);
        html_open(html, "li", NULL);
        html_link(html, path, filter->name);
        html_text(html, " ");
        form_post(request, html, "/queue/filters/delete", "act");
        form_hidden(html, "name", filter->name);
        form_button(html, "filter.delete", NULL, NULL, NULL);
        html_close(html, "form");
        html_close(html, "li");
    }
    html_close(html, "ul");
    form_post(request, html, "/queue/filters", "filter");
    form_hidden(html, "query", query);
    form_field(html, "name", "filter.name", NULL, "required", "", "maxlength", "60", NULL);
    form_button(html, "filter.save", NULL, NULL, NULL);
    html_close(html, "form");
    html_close(html, "details");
    return true;
}

static bool filter_save(Request *request, Reply *reply, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autofree char *name = request_form_text(request, "name", 60);
    g_autofree char *query = request_form_text(request, "query", 1000);
    bool fits = *name != '\0' && (*query == '\0' || *query == '?');
    if (!fits)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "a filter wants a name");
    if (docket == NULL || !fits || !docket_filter_set(docket, request_who(request), name, query, error))
        return false;
    g_autofree char *path = g_strconcat("/queue", query, NULL);
    reply_redirect(reply, path, "said.filter-saved");
    return true;
}

static bool filter_delete(Request *request, Reply *reply, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autofree char *name = request_form_text(request, "name", 60);
    if (docket == NULL || !docket_filter_set(docket, request_who(request), name, NULL, error))
        return false;
    reply_redirect(reply, "/queue", "said.filter-deleted");
    return true;
}

// ---- the list --------------------------------------------------------------------------------------------

static void list_head(Html *html)
{
    static const char *const KEYS[] = {"queue.why",  "queue.severity", "queue.from",
                                       "queue.held", "queue.age",      "queue.claimed"};
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
        html_say(html, "th", KEYS[i], "scope", "col", "class", i == 1 || i == 3 ? "number" : NULL, NULL);
    html_close(html, "thead");
}

static void list_table(Request *request, Html *html, const GPtrArray *items)
{
    g_autofree char *query = held_list_query(request);
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "queue.title"), NULL);
    html_open(html, "table", "id", "queue", "data-rows", "", NULL);
    html_say(html, "caption", "queue.caption", "class", "hidden-label", NULL);
    list_head(html);
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < MIN(items->len, PAGE_ROWS); i++)
        held_row(request, html, items->pdata[i], query);
    html_close(html, "table");
    html_close(html, "div");
    g_autofree char *key = items->len > PAGE_ROWS ? hold_item_key(items->pdata[PAGE_ROWS - 1]) : NULL;
    page_more(request, html, key);
}

static bool queue(Request *request, Reply *reply, GError **error)
{
    QueueFilter filter;
    queue_filter(request, &filter);
    HoldFilter scope = {.schools = held_scope(request)};
    Quarantine *quarantine = desk_quarantine(request->desk);
    g_autoptr(GPtrArray) items = quarantine_page(quarantine, &filter.filter, request->now_us, error);
    json_t *counts = items != NULL ? counts_get(request, &scope, error) : NULL;
    if (counts == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "queue.title");
    counts_block(request, html, counts);
    filter_form(request, html, counts);
    bool ok = saved_filters(request, html, error);
    if (items->len > 0)
        list_table(request, html, items);
    else
        html_say(html, "p", "queue.empty", NULL);
    page_end(request, html, reply);
    json_decref(counts);
    return ok;
}

static const Route ROUTES[] = {
    {"GET", "/queue", USER_REVIEWER, queue},
    {"POST", "/queue/filters", USER_REVIEWER, filter_save},
    {"POST", "/queue/filters/delete", USER_REVIEWER, filter_delete},
};
const RouteTable QUEUE_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
