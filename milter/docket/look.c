// A second look, figures, and what reviewers keep.
#include "docket/internal.h"

enum { FILTERS_MOST = 50 };
static const int64_t SHOWN_US = 8 * 3600 * (int64_t)G_USEC_PER_SEC;

GPtrArray *docket_sample(Docket *docket, const char *who, const char *after, guint most, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreStmt) get =
        docket_prepare(docket, error,
                       "SELECT l.record FROM look l JOIN entry e ON e.id = l.entry WHERE l.who IS NULL AND "
                       "e.who != ?1 AND coalesce(e.second, '') != ?1 AND l.entry > coalesce((SELECT entry "
                       "FROM look WHERE record = ?2), 0)"
                       " ORDER BY l.entry LIMIT ?3",
                       who, after != NULL ? after : "", NULL);
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_int(get, 3, most);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(records, g_strdup(store_text(get, 0)));
    return step == STORE_DONE ? g_steal_pointer(&records) : NULL;
}

// Who decided first about a record that is to be looked at; NULL with `error`.
static char *look_first(Docket *docket, const char *record, GError **error)
{
    g_autoptr(StoreStmt) get = docket_prepare(docket, error,
                                              "SELECT e.who, coalesce(e.second, '') FROM look l JOIN entry e "
                                              "ON e.id = l.entry WHERE l.record = ?1 AND "
                                              "l.who IS NULL",
                                              record, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s is not to be looked at again", record);
    return step == STORE_ROW ? g_strdup_printf("%s\n%s", store_text(get, 0), store_text(get, 1)) : NULL;
}

bool docket_look(Docket *docket, const char *record, const char *who, bool releases, const char *comment,
                 int64_t now_us, GError **error)
{
    g_autofree char *first = look_first(docket, record, error);
    if (first == NULL)
        return false;
    g_auto(GStrv) names = g_strsplit(first, "\n", 2);
    if (g_strv_contains((const char *const *)names, who)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s: you decided about it the first time", record);
        return false;
    }
    json_t *detail = json_pack("{s:b, s:s}", "releases", releases, "comment", comment);
    g_autoptr(StoreStmt) set =
        docket_prepare(docket, error,
                       "UPDATE look SET who = ?1, comment = ?2, releases = ?4, looked_us = ?5 "
                       "WHERE record = ?3 AND who IS NULL",
                       who, comment, record, NULL);
    bool ok =
        set != NULL && archive_event_once(docket->config, "second-look", who, record, detail, now_us, error);
    json_decref(detail);
    if (!ok)
        return false;
    store_bind_int(set, 4, releases);
    store_bind_int(set, 5, now_us);
    return store_run(set, error);
}

// ---- figures ---------------------------------------------------------------------------------------------

static json_t *figures_rules(Docket *docket, int64_t from_us, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        docket->db,
        "SELECT rule, count(*), sum(action < 2 AND reason = 'false-positive'), sum(action < 2), sum(action = "
        "2)"
        " FROM entry WHERE state = 3 AND made_us >= ?1 GROUP BY rule ORDER BY 2 DESC, 1 LIMIT 500",
        error);
    json_t *rules = json_array();
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_int(get, 1, from_us);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        json_array_append_new(rules, json_pack("{s:s, s:I, s:I, s:I, s:I}", "rule", store_text(get, 0),
                                               "decided", (json_int_t)store_int(get, 1), "false_positive",
                                               (json_int_t)store_int(get, 2), "released",
                                               (json_int_t)store_int(get, 3), "denied",
                                               (json_int_t)store_int(get, 4)));
    if (step != STORE_DONE)
        g_clear_pointer(&rules, json_decref);
    return rules;
}

// [hour, action, count] each.
static json_t *figures_hours(Docket *docket, int64_t from_us, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        docket->db,
        "SELECT made_us / 3600000000, action, count(*) FROM entry WHERE state = 3 AND made_us >= ?1"
        " GROUP BY 1, 2",
        error);
    json_t *hours = json_array();
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_int(get, 1, from_us);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        json_array_append_new(hours,
                              json_pack("[I, s, I]", (json_int_t)store_int(get, 0) * 3600 * G_USEC_PER_SEC,
                                        docket_action_name((DocketAction)store_int(get, 1)),
                                        (json_int_t)store_int(get, 2)));
    if (step != STORE_DONE)
        g_clear_pointer(&hours, json_decref);
    return hours;
}

// The time to decision at a share of all, in seconds; 0 where nothing was decided. -1 with `error`.
static int64_t figures_at(Docket *docket, int64_t from_us, int percent, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(docket->db,
                      "SELECT (made_us - held_us) / 1000000 FROM entry WHERE state = 3 AND made_us >= ?1 "
                      "ORDER BY 1 LIMIT 1 OFFSET"
                      " (SELECT count(*) * ?2 / 100 FROM entry WHERE state = 3 AND made_us >= ?1)",
                      error);
    if (get == NULL)
        return -1;
    store_bind_int(get, 1, from_us);
    store_bind_int(get, 2, percent);
    StoreStep step = store_step(get, error);
    return step == STORE_ROW ? MAX(store_int(get, 0), 0) : step == STORE_DONE ? 0 : -1;
}

static bool figures_looks(Docket *docket, int64_t from_us, json_t *figures, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        docket->db,
        "SELECT count(*), coalesce(sum((e.action < 2) = l.releases), 0), (SELECT count(*) FROM entry WHERE "
        "state = 3 AND made_us >= ?1)"
        " FROM look l JOIN entry e ON e.id = l.entry WHERE l.who IS NOT NULL AND e.made_us >= ?1",
        error);
    if (get == NULL)
        return false;
    store_bind_int(get, 1, from_us);
    bool ok = store_step(get, error) == STORE_ROW;
    if (ok) {
        json_object_set_new(figures, "looked", json_integer(store_int(get, 0)));
        json_object_set_new(figures, "agreed", json_integer(store_int(get, 1)));
        json_object_set_new(figures, "decided", json_integer(store_int(get, 2)));
    }
    return ok;
}

json_t *docket_figures(Docket *docket, int64_t from_us, GError **error)
{
    json_t *rules = figures_rules(docket, from_us, error), *figures = json_object();
    json_t *hours = rules != NULL ? figures_hours(docket, from_us, error) : NULL;
    int64_t half = hours != NULL ? figures_at(docket, from_us, 50, error) : -1;
    int64_t most = half >= 0 ? figures_at(docket, from_us, 95, error) : -1;
    bool ok = most >= 0 && figures_looks(docket, from_us, figures, error);
    json_object_set_new(figures, "rules", rules != NULL ? rules : json_array());
    json_object_set_new(figures, "hours", hours != NULL ? hours : json_array());
    json_object_set_new(figures, "p50_s", json_integer(half));
    json_object_set_new(figures, "p95_s", json_integer(most));
    if (!ok)
        g_clear_pointer(&figures, json_decref);
    return figures;
}

// ---- names -----------------------------------------------------------------------------------------------

bool docket_reveal(Docket *docket, const char *record, const char *who, const char *why, int64_t now_us,
                   GError **error)
{
    if (*why == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "names are shown for a reason: say which");
        return false;
    }
    json_t *detail = json_pack("{s:s}", "why", why);
    g_autoptr(StoreStmt) set =
        docket_prepare(docket, error, "INSERT OR REPLACE INTO reveal VALUES(?1, ?2, ?3)", who, record, NULL);
    bool ok = set != NULL &&
              archive_event_once(docket->config, "names-revealed", who, record, detail, now_us, error);
    json_decref(detail);
    if (!ok)
        return false;
    store_bind_int(set, 3, now_us + SHOWN_US);
    return store_run(set, error);
}

Tri docket_reveals(Docket *docket, const char *record, const char *who, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) get =
        docket_prepare(docket, error, "SELECT 1 FROM reveal WHERE who = ?1 AND record = ?2 AND until_us > ?3",
                       who, record, NULL);
    if (get == NULL)
        return TRI_UNKNOWN;
    store_bind_int(get, 3, now_us);
    StoreStep step = store_step(get, error);
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

// ---- saved filters ---------------------------------------------------------------------------------------

static void free_filter(gpointer data)
{
    DocketFilter *filter = data;
    g_free(filter->name);
    g_free(filter->query);
    g_free(filter);
}

GPtrArray *docket_filters(Docket *docket, const char *who, GError **error)
{
    g_autoptr(GPtrArray) filters = g_ptr_array_new_with_free_func(free_filter);
    g_autoptr(StoreStmt) get = docket_prepare(
        docket, error, "SELECT name, query FROM filter WHERE who = ? ORDER BY name LIMIT 50", who, NULL);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        DocketFilter *filter = g_new0(DocketFilter, 1);
        *filter = (DocketFilter){g_strdup(store_text(get, 0)), g_strdup(store_text(get, 1))};
        g_ptr_array_add(filters, filter);
    }
    return step == STORE_DONE ? g_steal_pointer(&filters) : NULL;
}

bool docket_filter_set(Docket *docket, const char *who, const char *name, const char *query, GError **error)
{
    g_autoptr(GPtrArray) filters = docket_filters(docket, who, error);
    if (filters == NULL)
        return false;
    if (query != NULL && filters->len >= FILTERS_MOST) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "there are %d saved filters; take one away first",
                    FILTERS_MOST);
        return false;
    }
    g_autoptr(StoreStmt) set =
        query != NULL
            ? docket_prepare(docket, error, "INSERT OR REPLACE INTO filter VALUES(?, ?, ?)", who, name, query,
                             NULL)
            : docket_prepare(docket, error, "DELETE FROM filter WHERE who = ? AND name = ?", who, name, NULL);
    return set != NULL && store_run(set, error);
}
