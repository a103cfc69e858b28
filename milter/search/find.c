// Running a query over the shards, newest first.
#include "search/internal.h"

#include <string.h>

enum { BUSY_MS = 10000 };

void search_hit_free(SearchHit *hit)
{
    if (hit == NULL)
        return;
    g_free(hit->record);
    g_free(hit->sender);
    g_free(hit->subject);
    g_free(hit->action);
    g_free(hit->unsearchable);
    g_free(hit);
}

static void hit_free(gpointer hit)
{
    search_hit_free(hit);
}

void search_result_free(SearchResult *result)
{
    if (result != NULL) {
        g_ptr_array_unref(result->hits);
        g_free(result);
    }
}

typedef struct {
    const Config *config;
    const SearchQuery *query;
    guint limit;
    const char *before;
    int64_t before_us; // time of `before`; 0 = none
    SearchResult *result;
} Finding;

static StoreStmt *find_prepare(StoreDb *db, const SearchQuery *query, const char *select, const char *more,
                               int *out_next, GError **error)
{
    g_autofree char *sql = g_strdup_printf("%s FROM item WHERE (%s)%s", select, query->where, more);
    StoreStmt *stmt = store_prepare(db, sql, error);
    for (guint i = 0; stmt != NULL && i < query->values->len; i++)
        store_bind_text(stmt, (int)i + 1, query->values->pdata[i]);
    *out_next = (int)query->values->len + 1;
    return stmt;
}

static bool find_count(StoreDb *db, Finding *finding, GError **error)
{
    int next;
    g_autoptr(StoreStmt) stmt = find_prepare(db, finding->query, "SELECT count(*)", "", &next, error);
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    finding->result->total += ok ? (guint64)store_int(stmt, 0) : 0;
    return ok;
}

static bool find_unsearchable(StoreDb *db, Finding *finding, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(
        db,
        "SELECT count(*) FROM item WHERE unsearchable != '' AND received >= ? AND (? = 0 OR received < ?)",
        error);
    bool ok = stmt != NULL;
    if (ok) {
        store_bind_int(stmt, 1, finding->query->first_us);
        store_bind_int(stmt, 2, finding->query->last_us);
        store_bind_int(stmt, 3, finding->query->last_us);
        ok = store_step(stmt, error) == STORE_ROW;
    }
    finding->result->unsearchable += ok ? (guint64)store_int(stmt, 0) : 0;
    return ok;
}

static SearchHit *hit_of(StoreStmt *stmt)
{
    SearchHit *hit = g_new0(SearchHit, 1);
    hit->record = g_strdup(store_text(stmt, 0));
    hit->received_us = store_int(stmt, 1);
    hit->size = store_int(stmt, 2);
    hit->sender = g_strdup(store_text(stmt, 3));
    hit->subject = g_strdup(store_text(stmt, 4));
    hit->action = g_strdup(store_text(stmt, 5));
    hit->attachments = (guint)store_int(stmt, 6);
    hit->unsearchable = g_strdup(store_text(stmt, 7));
    return hit;
}

static bool find_hits(StoreDb *db, Finding *finding, GError **error)
{
    int next;
    GPtrArray *hits = finding->result->hits;
    if (finding->limit > 0 && hits->len >= finding->limit)
        return true;
    g_autoptr(StoreStmt) stmt = find_prepare(
        db, finding->query,
        "SELECT record, received, size, sender, subject, action, attachments, unsearchable",
        finding->before != NULL ? " AND (received, id) < (?, coalesce((SELECT id FROM item WHERE record = "
                                  "?), 0)) ORDER BY received DESC, id DESC LIMIT ?"
                                : " ORDER BY received DESC, id DESC LIMIT ?",
        &next, error);
    if (stmt != NULL && finding->before != NULL) {
        store_bind_int(stmt, next++, finding->before_us);
        store_bind_text(stmt, next++, finding->before);
    }
    if (stmt != NULL)
        store_bind_int(stmt, next, finding->limit > 0 ? (int64_t)(finding->limit - hits->len) : -1);
    StoreStep step = stmt != NULL ? STORE_ROW : STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(hits, hit_of(stmt));
    return step == STORE_DONE;
}

// A shard that is just being made has no tables yet. TRI_UNKNOWN with `error`.
static Tri is_made(StoreDb *db, GError **error)
{
    g_autoptr(StoreStmt) stmt =
        store_prepare(db, "SELECT count(*) FROM sqlite_master WHERE name = 'item'", error);
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    return !ok ? TRI_UNKNOWN : store_int(stmt, 0) > 0 ? TRI_YES : TRI_NO;
}

static bool find_in_shard(const char *path, Finding *finding, GError **error)
{
    StoreDb *db = store_open(path, STORE_READ, BUSY_MS, error);
    Tri made = db != NULL && store_begin_snapshot(db, error) ? is_made(db, error) : TRI_UNKNOWN;
    bool ok = made == TRI_NO || (made == TRI_YES && find_count(db, finding, error) &&
                                 find_unsearchable(db, finding, error) && find_hits(db, finding, error));
    if (db != NULL)
        store_rollback(db);
    store_close(&db);
    return ok;
}

// ---- coverage --------------------------------------------------------------------------------------------

static bool count_message(const ArchiveRecord *record, void *data)
{
    guint64 *behind = data;
    *behind += json_object_get(record->meta, "event") == NULL ? 1 : 0;
    return true;
}

// How many records stand behind the places that the index was brought to.
static bool count_behind(const Config *config, GPtrArray *places, guint64 *out_behind, GError **error)
{
    guint64 before = G_MAXUINT64;
    bool ok = true;
    *out_behind = 0;
    while (ok && *out_behind != before) {
        before = *out_behind;
        ok = archive_follow(config, places, 0, 100000, count_message, NULL, out_behind, error);
    }
    return ok;
}

static bool find_coverage(Finding *finding, const char *dir, GError **error)
{
    g_autofree char *path = search_state_path(dir);
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify)archive_place_free);
    SearchResult *result = finding->result;
    guint64 behind = 0;
    bool ok = true;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        StoreDb *db = store_open(path, STORE_READ, BUSY_MS, error);
        StoreStmt *counted =
            db != NULL ? store_prepare(db, "SELECT records, through FROM counted", error) : NULL;
        StoreStmt *stmt =
            db != NULL ? store_prepare(db, "SELECT series, segment, byte FROM place", error) : NULL;
        ok = counted != NULL && stmt != NULL && store_step(counted, error) == STORE_ROW;
        result->indexed = ok ? (guint64)store_int(counted, 0) : 0;
        result->through_us = ok ? store_int(counted, 1) : 0;
        StoreStep step = STORE_DONE;
        while (ok && (step = store_step(stmt, error)) == STORE_ROW) {
            ArchivePlace *place = g_new0(ArchivePlace, 1);
            place->series = g_strdup(store_text(stmt, 0));
            place->segment = g_strdup(store_text(stmt, 1));
            place->offset = store_int(stmt, 2);
            g_ptr_array_add(places, place);
        }
        ok = ok && step == STORE_DONE;
        store_finalize(&counted);
        store_finalize(&stmt);
        store_close(&db);
    }
    ok = ok && count_behind(finding->config, places, &behind, error);
    result->archived = result->indexed + behind;
    return ok;
}

// The time of the hit that the page before ended with.
static bool find_before(Finding *finding, GError **error)
{
    int64_t ms = 0;
    bool ok = finding->before == NULL;
    if (!ok) {
        ok = ulid_parse(finding->before, &ms);
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "\"%s\" is no id of a record", finding->before);
    }
    g_autoptr(ArchiveRecord) record =
        ok && finding->before != NULL ? archive_get(finding->config, finding->before, error) : NULL;
    if (record != NULL)
        finding->before_us = archive_mail_time(record->meta);
    return ok && (finding->before == NULL || record != NULL);
}

SearchResult *search_run(const Config *config, const SearchQuery *query, guint limit, const char *before,
                         GError **error)
{
    g_autoptr(SearchResult) result = g_new0(SearchResult, 1);
    result->hits = g_ptr_array_new_with_free_func(hit_free);
    result->first_us = query->first_us;
    result->last_us = query->last_us;
    Finding finding = {config, query, limit, before, 0, result};
    g_autofree char *dir = search_dir(config);
    g_autoptr(GArray) months = search_months(dir, error);
    bool ok = months != NULL && find_before(&finding, error) && find_coverage(&finding, dir, error);
    for (guint i = 0; ok && i < months->len; i++) {
        int month = g_array_index(months, int, i);
        bool early = query->first_us != 0 && month < search_month(query->first_us);
        bool late = query->last_us != 0 && month > search_month(query->last_us);
        g_autofree char *path = search_shard_path(dir, month);
        ok = early || late || find_in_shard(path, &finding, error);
    }
    return ok ? g_steal_pointer(&result) : NULL;
}

// ---- the newest ------------------------------------------------------------------------------------------

// How far the index goes; 0 where there is none yet.
static bool newest_through(const char *dir, int64_t *out_us, GError **error)
{
    g_autofree char *path = search_state_path(dir);
    *out_us = 0;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    StoreDb *db = store_open(path, STORE_READ, BUSY_MS, error);
    StoreStmt *get = db != NULL ? store_prepare(db, "SELECT through FROM counted", error) : NULL;
    bool ok = get != NULL && store_step(get, error) == STORE_ROW;
    *out_us = ok ? store_int(get, 0) : 0;
    store_finalize(&get);
    store_close(&db);
    return ok;
}

static bool newest_in(const char *path, Finding *finding, GError **error)
{
    StoreDb *db = store_open(path, STORE_READ, BUSY_MS, error);
    bool ok = db != NULL && find_hits(db, finding, error);
    store_close(&db);
    return ok;
}

GPtrArray *search_newest(const Config *config, const SearchQuery *query, guint limit, int64_t *out_through_us,
                         GError **error)
{
    g_autoptr(SearchResult) result = g_new0(SearchResult, 1);
    result->hits = g_ptr_array_new_with_free_func(hit_free);
    Finding finding = {config, query, limit, NULL, 0, result};
    g_autofree char *dir = search_dir(config);
    g_autoptr(GArray) months = search_months(dir, error);
    bool ok = months != NULL && newest_through(dir, out_through_us, error);
    for (guint i = 0; ok && i < months->len && result->hits->len < limit; i++) {
        int month = g_array_index(months, int, i);
        bool early = query->first_us != 0 && month < search_month(query->first_us);
        bool late = query->last_us != 0 && month > search_month(query->last_us);
        g_autofree char *path = search_shard_path(dir, month);
        ok = early || late || newest_in(path, &finding, error);
    }
    return ok ? g_ptr_array_ref(result->hits) : NULL;
}
