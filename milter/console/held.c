// Held messages: who may see which, and how they are shown.
#include "console/held.h"

#include "review/routing.h"

#include <string.h>

static const char *const NONE[] = {NULL};

const char *const *held_scope(Request *request)
{
    const User *user = request_user(request);
    const char *const *schools = (const char *const *)user->schools;
    if (schools == NULL)
        return NONE;
    return g_strv_contains(schools, "*") ? NULL : schools;
}

const char *held_text(const HoldItem *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item->summary, key));
    return text != NULL ? text : "";
}

bool held_in_scope(Request *request, const HoldItem *item)
{
    const json_t *schools = json_object_get(item->summary, "schools");
    bool seen = held_scope(request) == NULL;
    for (size_t i = 0; !seen && i < json_array_size(schools); i++) {
        const char *school = json_string_value(json_array_get(schools, i));
        seen = school != NULL && request_sees_school(request, school);
    }
    return seen;
}

HoldItem *held_item(Request *request, GError **error)
{
    const char *record = request->args[0];
    g_autoptr(HoldItem) item = NULL;
    if (!ulid_parse(record, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "no held message \"%s\"", record);
        return NULL;
    }
    item = quarantine_get(desk_quarantine(request->desk), record, error);
    if (item != NULL && !held_in_scope(request, item)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s is of a school that is not yours", record);
        return NULL;
    }
    return g_steal_pointer(&item);
}

// By which the roster knows the reader.
static const char *reader_address(Request *request)
{
    const User *user = request_user(request);
    return user->address != NULL ? user->address : user->name;
}

bool held_may_decide(Request *request, const HoldItem *item, GError **error)
{
    RosterSession *session = desk_roster(request->desk, error);
    g_autoptr(Routing) routing = session != NULL ? routing_new(request->config, session) : NULL;
    g_autofree char *why = NULL;
    Tri conflict =
        routing != NULL ? routing_conflict(routing, reader_address(request), item, &why, error) : TRI_UNKNOWN;
    if (conflict == TRI_YES)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s: %s: somebody else decides", item->record, why);
    return conflict == TRI_NO;
}

Tri held_reveals(Request *request, const char *record, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    return docket != NULL ? docket_reveals(docket, record, request_who(request), request->now_us, error)
                          : TRI_UNKNOWN;
}

// ---- showing ---------------------------------------------------------------------------------------------

char *held_name(Request *request, const char *address, const char *role, bool revealed)
{
    if (revealed || *address == '\0')
        return g_strdup(*address != '\0' ? address : "<>");
    g_autofree char *lower = g_utf8_casefold(address, -1);
    g_autofree char *salted = g_strconcat(request->config->archive.origin, "\n", lower, NULL);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, salted, -1);
    g_autofree char *mark = g_ascii_strup(hash, 5);
    g_autofree char *key = g_strconcat("party.", role != NULL && *role != '\0' ? role : "external", NULL);
    return g_strdup_printf("%s %s", words_has(request->words, key) ? words_get(request->words, key) : role,
                           mark);
}

void held_party(Request *request, Html *html, const char *address, const char *role, bool revealed)
{
    g_autofree char *name = held_name(request, address, role, revealed);
    html_open(html, "span", "class", revealed ? "party" : "party veiled", NULL);
    html_mail(html, name);
    html_close(html, "span");
}

void held_veil(Request *request, GString *text, const char *address, const char *role)
{
    g_autofree char *name = *address != '\0' ? held_name(request, address, role, false) : NULL;
    if (name != NULL)
        g_string_replace(text, address, name, 0);
}

static void age_text(Request *request, Html *html, int64_t us)
{
    int64_t minutes = us / (60 * (int64_t)G_USEC_PER_SEC);
    const char *key = minutes < 120 ? "age.minutes" : minutes < 48 * 60 ? "age.hours" : "age.days";
    int64_t number = minutes < 120 ? minutes : minutes < 48 * 60 ? minutes / 60 : minutes / (24 * 60);
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, MAX(number, 0));
    html_words(html, key, "n", text, NULL);
}

void held_age(Request *request, Html *html, const HoldItem *item)
{
    int64_t deadline_us = quarantine_deadline(request->config, item->held_us);
    age_text(request, html, request->now_us - item->held_us);
    if (deadline_us > 0 && deadline_us <= request->now_us) {
        html_text(html, " ");
        html_say(html, "strong", "age.overdue", "class", "late", NULL);
    }
}

static void docket_waiting(Request *request, Html *html, const DocketEntry *entry)
{
    bool second = entry->state == DOCKET_SECOND, mine = strcmp(entry->who, request_who(request)) == 0;
    g_autofree char *action = g_strconcat("action.", docket_action_name(entry->action), NULL);
    g_autofree char *path = g_strdup_printf("/decisions/%" G_GINT64_FORMAT "/undo", entry->id);
    html_open(html, "div", "class", "note", "role", "status", NULL);
    html_open(html, "p", NULL);
    html_words(html, second ? "docket.second" : "docket.waiting", "who", entry->who, "action",
               words_get(request->words, action), NULL);
    html_text(html, " ");
    if (!second)
        page_time(request, html, entry->due_us);
    html_close(html, "p");
    if (mine)
        form_act(request, html, path, "docket.undo");
    if (second && !mine)
        html_link_say(html, "/decisions", "docket.look");
    html_close(html, "div");
}

bool held_docket_notice(Request *request, Html *html, const HoldItem *item, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autoptr(GPtrArray) entries = docket != NULL ? docket_of(docket, item->record, error) : NULL;
    const DocketEntry *last = entries != NULL && entries->len > 0 ? entries->pdata[entries->len - 1] : NULL;
    if (last != NULL && last->state < DOCKET_DONE)
        docket_waiting(request, html, last);
    if (last != NULL && last->state == DOCKET_FAILED) {
        html_open(html, "div", "class", "bad", "role", "alert", NULL);
        html_say(html, "p", "docket.failed", NULL);
        html_open(html, "p", NULL);
        html_mail(html, last->failure);
        html_close(html, "p");
        html_close(html, "div");
    }
    return entries != NULL;
}

// ---- lists -----------------------------------------------------------------------------------------------

static const char *or_null(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

HoldFilter held_filter(Request *request)
{
    const char *which = request_query(request, "state"),
               *claimed = or_null(request_query(request, "claimed"));
    HoldFilter filter = {.which = g_strcmp0(which, "done") == 0  ? HOLDS_DONE
                                  : g_strcmp0(which, "all") == 0 ? HOLDS_ALL
                                                                 : HOLDS_OPEN,
                         .schools = held_scope(request),
                         .rule = or_null(request_query(request, "rule")),
                         .severity = (int)request_number(request, "severity", 0, 3, 0),
                         .newest = g_strcmp0(request_query(request, "order"), "newest") == 0,
                         .after = or_null(request_query(request, "after")),
                         .most = PAGE_ROWS + 1};
    if (g_strcmp0(claimed, "mine") == 0)
        filter.claimed = request_who(request);
    else if (g_strcmp0(claimed, "nobody") == 0)
        filter.claimed = "";
    return filter;
}

char *held_list_query(const Request *request)
{
    static const char *const KEPT[] = {"state", "rule", "school", "severity", "claimed", "order"};
    GString *query = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEPT); i++) {
        const char *value = request_query(request, KEPT[i]);
        if (value == NULL || *value == '\0')
            continue;
        g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
        g_string_append_printf(query, "%c%s=%s", query->len == 0 ? '?' : '&', KEPT[i], escaped);
    }
    return g_string_free(query, FALSE);
}

void held_row(Request *request, Html *html, const HoldItem *item, const char *query)
{
    g_autofree char *path = g_strconcat("/queue/", item->record, query, NULL);
    const char *gist = held_text(item, "gist");
    const char *role = held_text(item, "sender_role");
    g_autofree char *severity =
        g_strdup_printf("%d", (int)json_integer_value(json_object_get(item->summary, "severity")));
    g_autofree char *count = g_strdup_printf("%u", item->rcpts->len);
    html_open(html, "tr", NULL);
    html_open(html, "td", NULL);
    html_link(html, path, *gist != '\0' ? gist : words_get(request->words, "queue.pending"));
    html_element(html, "div", held_text(item, "rule"), "class", "soft", NULL);
    html_close(html, "td");
    html_element(html, "td", severity, "class", "number", NULL);
    html_open(html, "td", NULL);
    held_party(request, html, held_text(item, "sender"), role, false);
    html_close(html, "td");
    html_element(html, "td", count, "class", "number", NULL);
    html_open(html, "td", NULL);
    held_age(request, html, item);
    html_close(html, "td");
    html_element(html, "td", item->claimed_by != NULL ? item->claimed_by : "", NULL);
    html_close(html, "tr");
}
