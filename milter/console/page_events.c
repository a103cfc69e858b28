// What was done, by whom: the events of a day, as they stand in the log beside the mail.
#include "console/internal.h"

#include <string.h>

#define DAY_US (86400 * (int64_t)G_USEC_PER_SEC)
enum { EVENTS_MOST = 200, CSV_MOST = 100000 };

typedef struct {
    const char *kind, *who; // NULL = any
    const char *after;      // id; NULL = from the first
    guint most;
    GPtrArray *found; // of json_t
} Events;

static void event_free(gpointer event)
{
    json_decref(event);
}

static const char *text(const json_t *object, const char *name)
{
    const char *found = json_string_value(json_object_get(object, name));
    return found != NULL ? found : "";
}

static bool event_take(const ArchiveRecord *record, void *data)
{
    Events *events = data;
    const json_t *meta = record->meta;
    bool fits = (events->kind == NULL || strcmp(text(meta, "event"), events->kind) == 0) &&
                (events->who == NULL || strcmp(text(meta, "who"), events->who) == 0) &&
                (events->after == NULL || strcmp(record->ref->id, events->after) > 0);
    if (fits) {
        json_t *event = json_deep_copy(meta);
        json_object_set_new(event, "id", json_string(record->ref->id));
        g_ptr_array_add(events->found, event);
    }
    return events->found->len <= events->most;
}

static const char *filled(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

// "2026-11-23" in the query; today where it is none. The day's first and last moment in UTC, as ids have it.
static int64_t day_of(const Request *request, char **out_text)
{
    int64_t from_us = 0;
    const char *asked = filled(request_query(request, "day"));
    if (asked == NULL || strlen(asked) != 10 || !clock_parse(asked, &from_us, NULL))
        from_us = request->now_us / DAY_US * DAY_US;
    g_autofree char *whole = clock_format(from_us);
    *out_text = g_strndup(whole, 10);
    return from_us;
}

static GPtrArray *events_read(Request *request, int64_t from_us, guint most, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(event_free);
    Events events = {filled(request_query(request, "kind")), filled(request_query(request, "who")),
                     filled(request_query(request, "after")), most, found};
    ArchiveQuery query = {.from_us = from_us, .to_us = from_us + DAY_US, .events = true};
    return archive_each(request->config, &query, event_take, NULL, &events, error) ? g_steal_pointer(&found)
                                                                                   : NULL;
}

static char *detail_text(const json_t *event)
{
    const json_t *detail = json_object_get(event, "detail");
    return detail != NULL ? json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

static void event_row(Request *request, Html *html, const json_t *event)
{
    int64_t us = 0;
    char *detail = detail_text(event);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    if (clock_parse(text(event, "time"), &us, NULL))
        page_time(request, html, us);
    html_close(html, "th");
    html_element(html, "td", text(event, "event"), NULL);
    html_open(html, "td", NULL);
    html_mail(html, text(event, "who"));
    html_close(html, "td");
    html_open(html, "td", NULL);
    html_element(html, "code", text(event, "record"), NULL);
    html_close(html, "td");
    html_open(html, "td", "class", "wrap", NULL);
    html_mail(html, detail != NULL ? detail : "");
    html_close(html, "td");
    html_open(html, "td", NULL);
    g_autofree char *path = g_strconcat("/proofs?id=", text(event, "id"), NULL);
    html_link(html, path, text(event, "id"));
    html_close(html, "tr");
    free(detail);
}

static void filter(Request *request, Html *html, const char *day)
{
    form_get(html, "/proofs/events", "filter");
    form_field(html, "day", "events.day", day, "type", "date", NULL);
    form_field(html, "kind", "events.kind", request_query(request, "kind"), "maxlength", "60", NULL);
    form_field(html, "who", "events.who", request_query(request, "who"), "maxlength", "320", NULL);
    form_button(html, "filter.show", NULL, NULL, NULL);
    form_button(html, "events.csv", "as", "csv", NULL);
    html_close(html, "form");
}

static void events_table(Request *request, Html *html, const GPtrArray *events)
{
    static const char *const KEYS[] = {"events.time",   "events.kind",   "events.who",
                                       "events.record", "events.detail", "events.id"};
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "events.title"), NULL);
    html_open(html, "table", "id", "events", NULL);
    html_say(html, "caption", "events.title", "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
        html_say(html, "th", KEYS[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < MIN(events->len, EVENTS_MOST); i++)
        event_row(request, html, events->pdata[i]);
    html_close(html, "div");
    page_more(request, html, events->len > EVENTS_MOST ? text(events->pdata[EVENTS_MOST - 1], "id") : NULL);
}

static bool events_csv(Request *request, Reply *reply, int64_t from_us, const char *day, GError **error)
{
    static const char *const FIELDS[] = {"time", "event", "who", "record", "id"};
    g_autoptr(GPtrArray) events = events_read(request, from_us, CSV_MOST, error);
    g_autoptr(GString) out = g_string_new("time,event,who,record,id,detail\r\n");
    if (events == NULL)
        return false;
    if (events->len > CSV_MOST) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "more than %d events: ask for a kind, or for those of one person", CSV_MOST);
        return false;
    }
    for (guint i = 0; i < events->len; i++) {
        char *detail = detail_text(events->pdata[i]);
        for (gsize f = 0; f < G_N_ELEMENTS(FIELDS); f++)
            reply_csv_cell(out, text(events->pdata[i], FIELDS[f]), false);
        reply_csv_cell(out, detail != NULL ? detail : "", true);
        free(detail);
    }
    g_autofree char *name = g_strconcat("events-", day, ".csv", NULL);
    reply_download(reply, name, "text/csv", out->str, out->len);
    return true;
}

static bool events(Request *request, Reply *reply, GError **error)
{
    g_autofree char *day = NULL;
    int64_t from_us = day_of(request, &day);
    json_t *detail =
        json_pack("{s:s, s:s?, s:s?}", "day", day, "kind", filled(request_query(request, "kind")), "who",
                  filled(request_query(request, "who")));
    if (!console_tell(request, "events-viewed", NULL, detail, error))
        return false;
    if (g_strcmp0(request_query(request, "as"), "csv") == 0)
        return events_csv(request, reply, from_us, day, error);
    g_autoptr(GPtrArray) found = events_read(request, from_us, EVENTS_MOST, error);
    if (found == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "events.title");
    html_say(html, "p", "events.hint", "class", "hint", NULL);
    filter(request, html, day);
    if (found->len > 0)
        events_table(request, html, found);
    else
        html_say(html, "p", "events.none", NULL);
    page_end(request, html, reply);
    return true;
}

static const Route ROUTES[] = {{"GET", "/proofs/events", USER_AUDITOR, events}};
const RouteTable EVENTS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
