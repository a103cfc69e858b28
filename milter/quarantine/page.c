// Lists of held messages, page by page, and how many there are.
#include "quarantine/internal.h"

#include <stdio.h>
#include <string.h>

enum { PARAMS = 24 };
static const int64_t MINUTE_US = 60 * (int64_t)G_USEC_PER_SEC;

// ---- a query that is put together ------------------------------------------------------------------------

typedef struct {
    GString *sql;
    const char *texts[PARAMS]; // NULL = a number
    int64_t numbers[PARAMS];
    int count;
} Query;

static void query_number(Query *query, const char *sql, int64_t number)
{
    g_string_append(query->sql, sql);
    query->texts[query->count] = NULL;
    query->numbers[query->count++] = number;
}

static void query_text(Query *query, const char *sql, const char *text)
{
    g_string_append(query->sql, sql);
    query->texts[query->count++] = text;
}

static StoreStmt *query_prepare(Quarantine *quarantine, const Query *query, GError **error)
{
    StoreStmt *stmt = store_prepare(quarantine->db, query->sql->str, error);
    for (int i = 0; stmt != NULL && i < query->count; i++) {
        if (query->texts[i] != NULL)
            store_bind_text(stmt, i + 1, query->texts[i]);
        else
            store_bind_int(stmt, i + 1, query->numbers[i]);
    }
    return stmt;
}

// A scope of schools is a list of its own: there may be many of them.
static bool scope_fill(Quarantine *quarantine, const char *const *schools, GError **error)
{
    bool ok = store_exec(quarantine->db,
                         "CREATE TEMP TABLE IF NOT EXISTS scope (school TEXT PRIMARY KEY) WITHOUT ROWID;"
                         "DELETE FROM temp.scope;",
                         error);
    g_autoptr(StoreStmt) put =
        ok && schools != NULL
            ? store_prepare(quarantine->db, "INSERT OR IGNORE INTO temp.scope VALUES (?)", error)
            : NULL;
    ok = ok && (schools == NULL || put != NULL);
    for (const char *const *school = schools; ok && school != NULL && *school != NULL; school++) {
        store_bind_text(put, 1, *school);
        ok = store_run(put, error);
    }
    return ok;
}

static void query_filter(Query *query, Quarantine *quarantine, const HoldFilter *filter, int64_t now_us)
{
    int64_t dead_us = now_us - quarantine->config->quarantine.claim_minutes * MINUTE_US;
    if (filter->schools != NULL)
        g_string_append(query->sql,
                        " AND EXISTS (SELECT 1 FROM school s JOIN temp.scope c ON c.school = s.school"
                        " WHERE s.record = item.record)");
    if (filter->rule != NULL)
        query_text(query, " AND rule = ?", filter->rule);
    if (filter->severity > 0)
        query_number(query, " AND severity >= ?", filter->severity);
    if (filter->claimed != NULL && *filter->claimed == '\0') {
        query_number(query, " AND (claimed_by IS NULL OR claimed_us < ?)", dead_us);
    } else if (filter->claimed != NULL) {
        query_text(query, " AND claimed_by = ?", filter->claimed);
        query_number(query, " AND claimed_us >= ?", dead_us);
    }
}

// ---- pages -----------------------------------------------------------------------------------------------

char *hold_item_key(const HoldItem *item)
{
    return g_strdup_printf("%" G_GINT64_FORMAT "-%s", item->held_us, item->record);
}

static bool key_parse(const char *key, int64_t *out_us, char record[ULID_LEN + 1], GError **error)
{
    const char *dash = strchr(key, '-');
    gchar *end = NULL;
    *out_us = g_ascii_strtoll(key, &end, 10);
    bool ok = dash != NULL && end == dash && ulid_parse(dash + 1, NULL);
    if (ok)
        g_strlcpy(record, dash + 1, ULID_LEN + 1);
    else
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "no key of a held message: \"%s\"", key);
    return ok;
}

static void free_item(gpointer item)
{
    hold_item_free(item);
}

static GPtrArray *take_items(Quarantine *quarantine, StoreStmt *get, GError **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(free_item);
    StoreStep step = STORE_FAILED;
    bool ok = true;
    while (get != NULL && ok && (step = store_step(get, error)) == STORE_ROW) {
        HoldItem *item = list_item(get);
        g_ptr_array_add(items, item);
        ok = list_rcpts(quarantine, item, error);
    }
    return ok && step == STORE_DONE ? g_steal_pointer(&items) : NULL;
}

static GPtrArray *page_locked(Quarantine *quarantine, const HoldFilter *filter, int64_t now_us,
                              GError **error)
{
    char record[ULID_LEN + 1] = "";
    int64_t after_us = 0;
    if ((filter->after != NULL && !key_parse(filter->after, &after_us, record, error)) ||
        !scope_fill(quarantine, filter->schools, error))
        return NULL;
    g_autoptr(GString) sql = g_string_new("SELECT " ITEM_COLUMNS " FROM item WHERE ");
    Query query = {.sql = sql};
    g_string_append(sql, filter->which == HOLDS_OPEN   ? "open = 1"
                         : filter->which == HOLDS_DONE ? "open = 0"
                                                       : "open IN (0, 1)");
    query_filter(&query, quarantine, filter, now_us);
    if (filter->after != NULL) {
        query_number(&query, filter->newest ? " AND (held_us, record) < (?" : " AND (held_us, record) > (?",
                     after_us);
        query_text(&query, ", ?)", record);
    }
    query_number(&query,
                 filter->newest ? " ORDER BY held_us DESC, record DESC LIMIT ?"
                                : " ORDER BY held_us, record LIMIT ?",
                 filter->most);
    g_autoptr(StoreStmt) get = query_prepare(quarantine, &query, error);
    return take_items(quarantine, get, error);
}

GPtrArray *quarantine_page(Quarantine *quarantine, const HoldFilter *filter, int64_t now_us, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    GPtrArray *items = page_locked(quarantine, filter, now_us, error);
    g_mutex_unlock(&quarantine->lock);
    return items;
}

static GPtrArray *alike_locked(Quarantine *quarantine, const char *record, const char *const *schools,
                               guint most, GError **error)
{
    if (!scope_fill(quarantine, schools, error))
        return NULL;
    const HoldFilter filter = {.schools = schools};
    g_autoptr(GString) sql = g_string_new("SELECT " ITEM_COLUMNS " FROM item WHERE open = 1");
    Query query = {.sql = sql};
    query_text(&query, " AND (record = ?", record);
    query_text(&query, " OR (alike != '' AND alike = (SELECT i.alike FROM item i WHERE i.record = ?)))",
               record);
    query_filter(&query, quarantine, &filter, 0);
    query_number(&query, " ORDER BY held_us, record LIMIT ?", most);
    g_autoptr(StoreStmt) get = query_prepare(quarantine, &query, error);
    return take_items(quarantine, get, error);
}

GPtrArray *quarantine_alike(Quarantine *quarantine, const char *record, const char *const *schools,
                            guint most, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    GPtrArray *items = alike_locked(quarantine, record, schools, most, error);
    g_mutex_unlock(&quarantine->lock);
    return items;
}

// ---- how many --------------------------------------------------------------------------------------------

static json_t *count_one(StoreStmt *row)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "open", (json_int_t)store_int(row, 0), "overdue",
                     (json_int_t)store_int(row, 1), "unclaimed", (json_int_t)store_int(row, 2), "mine",
                     (json_int_t)store_int(row, 3), "oldest", (json_int_t)store_int(row, 4));
}

static json_t *count_all(Quarantine *quarantine, const HoldFilter *filter, const char *who, int64_t now_us,
                         GError **error)
{
    int64_t dead_us = now_us - quarantine->config->quarantine.claim_minutes * MINUTE_US;
    int hours = quarantine->config->review.decision_hours;
    int64_t late_us = hours > 0 ? now_us - hours * 60 * MINUTE_US : 0;
    g_autoptr(GString) sql = g_string_new("SELECT count(*), coalesce(sum(held_us < ");
    Query query = {.sql = sql};
    query_number(&query, "?), 0), coalesce(sum(claimed_by IS NULL OR claimed_us < ", late_us);
    query_number(&query, "?), 0), coalesce(sum(claimed_by = ", dead_us);
    query_text(&query, "? AND claimed_us >= ", who);
    query_number(&query, "?), 0), coalesce(min(held_us), 0) FROM item WHERE open = 1", dead_us);
    query_filter(&query, quarantine, filter, now_us);
    g_autoptr(StoreStmt) get = query_prepare(quarantine, &query, error);
    return get != NULL && store_step(get, error) == STORE_ROW ? count_one(get) : NULL;
}

static json_t *count_rules(Quarantine *quarantine, const HoldFilter *filter, int64_t now_us, GError **error)
{
    g_autoptr(GString) sql =
        g_string_new("SELECT rule, max(severity), count(*), min(held_us) FROM item WHERE open = 1");
    Query query = {.sql = sql};
    query_filter(&query, quarantine, filter, now_us);
    g_string_append(sql, " GROUP BY rule ORDER BY 3 DESC, 1 LIMIT 500");
    g_autoptr(StoreStmt) get = query_prepare(quarantine, &query, error);
    json_t *rules = json_array();
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        json_array_append_new(rules,
                              json_pack("{s:s, s:I, s:I, s:I}", "rule", store_text(get, 0), "severity",
                                        (json_int_t)store_int(get, 1), "count", (json_int_t)store_int(get, 2),
                                        "oldest", (json_int_t)store_int(get, 3)));
    if (step != STORE_DONE)
        g_clear_pointer(&rules, json_decref);
    return rules;
}

static json_t *count_schools(Quarantine *quarantine, const HoldFilter *filter, int64_t now_us, GError **error)
{
    g_autoptr(GString) sql =
        g_string_new("SELECT w.school, count(*), min(item.held_us) FROM item JOIN school w ON "
                     "w.record = item.record WHERE item.open = 1");
    Query query = {.sql = sql};
    if (filter->schools != NULL)
        g_string_append(sql, " AND w.school IN (SELECT school FROM temp.scope)");
    query_filter(&query, quarantine, filter, now_us);
    g_string_append(sql, " GROUP BY w.school ORDER BY 2 DESC, 1 LIMIT 1000");
    g_autoptr(StoreStmt) get = query_prepare(quarantine, &query, error);
    json_t *schools = json_array();
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        json_array_append_new(schools, json_pack("{s:s, s:I, s:I}", "school", store_text(get, 0), "count",
                                                 (json_int_t)store_int(get, 1), "oldest",
                                                 (json_int_t)store_int(get, 2)));
    if (step != STORE_DONE)
        g_clear_pointer(&schools, json_decref);
    return schools;
}

json_t *quarantine_counts(Quarantine *quarantine, const HoldFilter *filter, const char *who, int64_t now_us,
                          GError **error)
{
    g_mutex_lock(&quarantine->lock);
    json_t *counts = scope_fill(quarantine, filter->schools, error)
                         ? count_all(quarantine, filter, who, now_us, error)
                         : NULL;
    json_t *rules = counts != NULL ? count_rules(quarantine, filter, now_us, error) : NULL;
    json_t *schools = rules != NULL ? count_schools(quarantine, filter, now_us, error) : NULL;
    g_mutex_unlock(&quarantine->lock);
    if (schools == NULL) {
        json_decref(counts);
        json_decref(rules);
        return NULL;
    }
    json_object_set_new(counts, "rules", rules);
    json_object_set_new(counts, "schools", schools);
    return counts;
}
