// Taking records out of the index. A shard's text table keeps no text, and FTS5 takes a row out only by the words it was made
// from: they are read back from the index itself, each where it stands. Afterwards the table is merged into one piece, so that what
// was taken out is not left in older pieces, and the file is written anew, so that it is not left in free pages.
#include "search/internal.h"

#include <string.h>

enum { BUSY_MS = 10000 };

static const char BEGIN[] = "PRAGMA temp_store = FILE; PRAGMA secure_delete = ON; BEGIN IMMEDIATE;"
                            "CREATE VIRTUAL TABLE temp.word USING fts5vocab(main, text, instance);"
                            "CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY);"
                            "CREATE TEMP TABLE said (doc INTEGER, col TEXT, term TEXT);";

// Takes out what `gone` names, by the words in `said`. Caller frees.
static char *take_sql(void)
{
    static const char *const COLUMNS[] = {"body",     "sender",  "recipient",  "copy",
                                          "envelope", "subject", "attachment", "filename",
                                          "people",   "schools", "rules"};
    GString *names = g_string_new(NULL), *words = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(COLUMNS); i++) {
        g_string_append_printf(names, ", %s", COLUMNS[i]);
        g_string_append_printf(words, ", coalesce(group_concat(CASE col WHEN '%s' THEN term END, ' '), '')",
                               COLUMNS[i]);
    }
    char *sql =
        g_strdup_printf("INSERT INTO said SELECT doc, col, term FROM word WHERE doc IN (SELECT id FROM gone);"
                        "INSERT INTO text(text, rowid%s) SELECT 'delete', doc%s FROM said GROUP BY doc;"
                        "INSERT INTO text(text) VALUES ('optimize');"
                        "DELETE FROM item WHERE id IN (SELECT id FROM gone);",
                        names->str, words->str);
    g_string_free(names, TRUE);
    g_string_free(words, TRUE);
    return sql;
}

static const char END[] = "COMMIT; DROP TABLE temp.word; DROP TABLE temp.gone; DROP TABLE temp.said;";

// ---- asking ----------------------------------------------------------------------------------------------

bool search_ask_remove(const Config *config, const GPtrArray *records, const GArray *received_us,
                       GError **error)
{
    g_autofree char *dir = search_dir(config), *path = search_state_path(dir);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true; // nothing was indexed yet
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, BUSY_MS, error);
    bool ok = db != NULL && search_state_ready(db, error) && store_begin(db, error);
    g_autoptr(StoreStmt) put =
        ok ? store_prepare(db, "INSERT OR IGNORE INTO removal (record, month) VALUES (?, ?)", error) : NULL;
    ok = put != NULL;
    for (guint i = 0; ok && i < records->len; i++) {
        store_bind_text(put, 1, records->pdata[i]);
        store_bind_int(put, 2, search_month(g_array_index(received_us, int64_t, i)));
        ok = store_run(put, error);
    }
    ok = ok && store_commit(db, error);
    if (!ok && db != NULL)
        store_rollback(db);
    return ok;
}

Tri search_removed(const Config *config, GError **error)
{
    g_autofree char *dir = search_dir(config), *path = search_state_path(dir);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRI_YES;
    g_autoptr(StoreDb) db = store_open(path, STORE_READ, BUSY_MS, error);
    g_autoptr(StoreStmt) stmt = db != NULL ? store_prepare(db, "SELECT count(*) FROM removal", error) : NULL;
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    return !ok ? TRI_UNKNOWN : store_int(stmt, 0) == 0 ? TRI_YES : TRI_NO;
}

// ---- doing it --------------------------------------------------------------------------------------------

// What is to go of a month, by its number in the shard.
static bool remove_find(StoreDb *shard, const GPtrArray *records, GError **error)
{
    g_autoptr(StoreStmt) put =
        store_prepare(shard, "INSERT OR IGNORE INTO gone SELECT id FROM item WHERE record = ?", error);
    bool ok = put != NULL;
    for (guint i = 0; ok && i < records->len; i++) {
        store_bind_text(put, 1, records->pdata[i]);
        ok = store_run(put, error);
    }
    return ok;
}

static bool remove_count(StoreDb *db, const char *sql, int64_t *out, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    *out = ok ? store_int(stmt, 0) : 0;
    return ok;
}

// A word that the index does not take out by its own spelling is not passed over: the index is
// then to be made anew, and this says so.
static bool remove_take(StoreDb *shard, const GPtrArray *records, bool *out_left, GError **error)
{
    int64_t rows = 0, left = 0;
    g_autofree char *take = take_sql();
    bool ok =
        remove_find(shard, records, error) &&
        remove_count(shard, "SELECT count(*) FROM gone", &rows, error) &&
        (rows == 0 || store_exec(shard, take, error)) &&
        remove_count(shard, "SELECT count(*) FROM word WHERE doc IN (SELECT id FROM gone)", &left, error);
    *out_left = left > 0;
    return ok;
}

static bool remove_from_shard(const char *path, const GPtrArray *records, bool *out_left, GError **error)
{
    *out_left = false;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    g_autoptr(StoreDb) shard = store_open(path, STORE_WRITE, BUSY_MS, error);
    bool ok = shard != NULL && store_exec(shard, BEGIN, error) &&
              remove_take(shard, records, out_left, error) && store_exec(shard, END, error) &&
              store_exec(shard, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE);", error);
    if (!ok && shard != NULL)
        store_rollback(shard);
    return ok;
}

// The records asked for of one month. NULL with `error`; empty where nothing is left.
static GPtrArray *remove_next(StoreDb *state, int *out_month, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreStmt) stmt = store_prepare(
        state, "SELECT record, month FROM removal WHERE month = (SELECT min(month) FROM removal)", error);
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        g_ptr_array_add(records, g_strdup(store_text(stmt, 0)));
        *out_month = (int)store_int(stmt, 1);
    }
    return step == STORE_DONE ? g_steal_pointer(&records) : NULL;
}

// All rows of all shards: after a crash on the way a difference would be wrong.
static bool remove_recount(const char *dir, int64_t *out_records, GError **error)
{
    g_autoptr(GArray) months = search_months(dir, error);
    bool ok = months != NULL;
    *out_records = 0;
    for (guint i = 0; ok && i < months->len; i++) {
        int64_t records = 0;
        g_autofree char *path = search_shard_path(dir, g_array_index(months, int, i));
        g_autoptr(StoreDb) shard = store_open(path, STORE_READ, BUSY_MS, error);
        ok = shard != NULL && remove_count(shard, "SELECT count(*) FROM item", &records, error);
        *out_records += records;
    }
    return ok;
}

static bool remove_settle(StoreDb *state, const char *dir, const GPtrArray *records, GError **error)
{
    int64_t left = 0;
    bool ok = remove_recount(dir, &left, error) && store_begin(state, error);
    g_autoptr(StoreStmt) drop =
        ok ? store_prepare(state, "DELETE FROM removal WHERE record = ?", error) : NULL;
    g_autoptr(StoreStmt) count = ok ? store_prepare(state, "UPDATE counted SET records = ?", error) : NULL;
    ok = drop != NULL && count != NULL;
    for (guint i = 0; ok && i < records->len; i++) {
        store_bind_text(drop, 1, records->pdata[i]);
        ok = store_run(drop, error);
    }
    if (ok) {
        store_bind_int(count, 1, left);
        ok = store_run(count, error) && store_commit(state, error);
    }
    if (!ok)
        store_rollback(state);
    return ok;
}

bool search_remove_asked(StoreDb *state, const char *dir, bool *out_left, bool *out_more, GError **error)
{
    int month = 0;
    int64_t rest = 0;
    g_autoptr(GPtrArray) records = remove_next(state, &month, error);
    *out_left = *out_more = false;
    if (records == NULL || records->len == 0)
        return records != NULL;
    g_autofree char *path = search_shard_path(dir, month);
    bool ok = remove_from_shard(path, records, out_left, error) &&
              remove_settle(state, dir, records, error) &&
              remove_count(state, "SELECT count(*) FROM removal", &rest, error);
    *out_more = ok && rest > 0;
    return ok;
}
