// Months that are over: the pieces that words were written in become one, which is smaller and quicker to ask.
#include "search/internal.h"

enum {
    BUSY_MS = 10000,
    PAGES_A_STEP = 500,
    IS_ONE = 2
}; // fewer changes than that: nothing was left to merge

static int64_t tidy_number(StoreDb *db, const char *sql, int64_t key, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    if (stmt == NULL)
        return -1;
    store_bind_int(stmt, 1, key);
    StoreStep step = store_step(stmt, error);
    return step == STORE_FAILED ? -1 : step == STORE_ROW ? store_int(stmt, 0) : 0;
}

static int64_t tidy_last(StoreDb *shard, GError **error)
{
    return tidy_number(shard, "SELECT ifnull(max(id), 0) FROM item WHERE id > ?", 0, error);
}

// Merges step by step, so that whoever waits for the index, or for the end, waits a moment. TRI_NO: stopped; TRI_UNKNOWN with `error`.
static Tri tidy_merge(StoreDb *shard, bool (*stop)(void *data), void *data, GError **error)
{
    // A negative number begins to merge all there is, whatever its size.
    g_autofree char *begin =
        g_strdup_printf("INSERT INTO text(text, rank) VALUES('merge', -%d)", PAGES_A_STEP);
    g_autofree char *go_on =
        g_strdup_printf("INSERT INTO text(text, rank) VALUES('merge', %d)", PAGES_A_STEP);
    bool ok = true, stopped = false, done = false;
    for (guint i = 0; ok && !stopped && !done; i++) {
        int64_t before = store_total_changes(shard);
        ok = store_exec(shard, i == 0 ? begin : go_on, error);
        done = store_total_changes(shard) - before < IS_ONE;
        stopped = !done && stop(data);
    }
    return !ok ? TRI_UNKNOWN : stopped ? TRI_NO : TRI_YES;
}

static bool tidy_mark(StoreDb *state, int month, int64_t last, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(state, "INSERT OR REPLACE INTO tidy VALUES (?, ?)", error);
    if (stmt != NULL) {
        store_bind_int(stmt, 1, month);
        store_bind_int(stmt, 2, last);
    }
    return stmt != NULL && store_run(stmt, error);
}

// `*out_done`: it was not one piece yet.
static bool tidy_month(StoreDb *state, const char *dir, int month, bool (*stop)(void *data), void *data,
                       bool *out_done, GError **error)
{
    int64_t marked = tidy_number(state, "SELECT last FROM tidy WHERE month = ?", month, error);
    g_autofree char *path = search_shard_path(dir, month);
    g_autoptr(StoreDb) shard = marked >= 0 ? store_open(path, STORE_WRITE, BUSY_MS, error) : NULL;
    int64_t last = shard != NULL ? tidy_last(shard, error) : -1;
    if (last < 0 || last == marked)
        return last >= 0;
    *out_done = true;
    Tri merged = tidy_merge(shard, stop, data, error);
    return merged == TRI_NO ||
           (merged == TRI_YES && store_exec(shard, "VACUUM", error) && tidy_mark(state, month, last, error));
}

bool search_tidy(StoreDb *state, const char *dir, bool (*stop)(void *data), void *data, bool *out_more,
                 GError **error)
{
    g_autoptr(GArray) months = search_months(dir, error);
    bool ok = months != NULL, done = false;
    // The newest still grows.
    for (guint i = 1; ok && !done && i < months->len; i++)
        ok = tidy_month(state, dir, g_array_index(months, int, i), stop, data, &done, error);
    *out_more = done;
    return ok;
}
