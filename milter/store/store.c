#include "store/store.h"

#include <sqlite3.h>
#include <string.h>

struct StoreDb {
    sqlite3 *handle;
    char *path;
};

struct StoreStmt {
    sqlite3_stmt *handle;
    StoreDb *db;
    int failed; // first failed bind
};

static BaseError code_of(int status)
{
    switch (status & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return BASE_ERROR_TEMPFAIL;
    case SQLITE_CANTOPEN:
        return BASE_ERROR_NOINPUT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
        return BASE_ERROR_DATA;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return BASE_ERROR_NOPERM;
    case SQLITE_IOERR:
    case SQLITE_FULL:
        return BASE_ERROR_IO;
    default:
        return BASE_ERROR_SOFTWARE;
    }
}

static bool fail(StoreDb *db, int status, GError **error)
{
    g_set_error(error, BASE_ERROR, code_of(status), "%s: %s", db->path,
                db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(status));
    return false;
}

static const char *const SET_UP[] = {
    [STORE_READ] = "PRAGMA query_only=ON; SELECT count(*) FROM sqlite_master;",
    [STORE_WRITE] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    [STORE_BUILD] = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; "
                    "PRAGMA cache_size=-65536;",
};

StoreDb *store_open(const char *path, StoreMode mode, int busy_ms, GError **error)
{
    StoreDb *db = g_new0(StoreDb, 1);
    db->path = g_strdup(path);
    int flags = SQLITE_OPEN_NOMUTEX |
                (mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    int status = sqlite3_open_v2(path, &db->handle, flags, NULL);
    if (status != SQLITE_OK) {
        fail(db, status, error);
        store_close(&db);
        return NULL;
    }
    sqlite3_busy_timeout(db->handle, busy_ms);
    sqlite3_extended_result_codes(db->handle, 1);
    // Before the first write: SQLite gives its -wal and -shm files the owner of the database.
    bool adopted = mode == STORE_READ || strcmp(path, ":memory:") == 0 || file_adopt(path, error);
    if (!adopted || !store_exec(db, SET_UP[mode], error))
        store_close(&db);
    return db;
}

void store_close(StoreDb **db)
{
    if (db == NULL || *db == NULL)
        return;
    sqlite3_close_v2((*db)->handle);
    g_free((*db)->path);
    g_clear_pointer(db, g_free);
}

bool store_exec(StoreDb *db, const char *sql, GError **error)
{
    int status = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return status == SQLITE_OK || fail(db, status, error);
}

static int user_version(StoreDb *db, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, "PRAGMA user_version", error);
    if (stmt == NULL || store_step(stmt, error) != STORE_ROW)
        return -1;
    return (int)store_int(stmt, 0);
}

bool store_migrate(StoreDb *db, const char *const *migrations, int n, GError **error)
{
    if (!store_exec(db, "BEGIN EXCLUSIVE", error))
        return false;
    int version = user_version(db, error);
    bool ok = version >= 0;
    if (ok && version > n) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: its schema is version %d, this program knows %d; use the newer program", db->path,
                    version, n);
        ok = false;
    }
    for (int i = version; ok && i < n; i++)
        ok = store_exec(db, migrations[i], error);
    g_autofree char *set = g_strdup_printf("PRAGMA user_version = %d", n);
    ok = ok && store_exec(db, set, error) && store_commit(db, error);
    if (!ok)
        store_rollback(db);
    return ok;
}

bool store_begin(StoreDb *db, GError **error)
{
    return store_exec(db, "BEGIN IMMEDIATE", error);
}

bool store_begin_snapshot(StoreDb *db, GError **error)
{
    // The read lock, and with it the view, is taken by the first read.
    if (store_exec(db, "BEGIN; SELECT count(*) FROM sqlite_master;", error))
        return true;
    store_rollback(db);
    return false;
}

bool store_commit(StoreDb *db, GError **error)
{
    return store_exec(db, "COMMIT", error);
}

void store_rollback(StoreDb *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int64_t store_total_changes(StoreDb *db)
{
    return sqlite3_total_changes64(db->handle);
}

int64_t store_changes(StoreDb *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t store_last_rowid(StoreDb *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

StoreStmt *store_prepare(StoreDb *db, const char *sql, GError **error)
{
    sqlite3_stmt *handle = NULL;
    int status = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
    if (status != SQLITE_OK) {
        fail(db, status, error);
        return NULL;
    }
    StoreStmt *stmt = g_new0(StoreStmt, 1);
    *stmt = (StoreStmt){.handle = handle, .db = db};
    return stmt;
}

void store_finalize(StoreStmt **stmt)
{
    if (stmt == NULL || *stmt == NULL)
        return;
    sqlite3_finalize((*stmt)->handle);
    g_clear_pointer(stmt, g_free);
}

static void note_bind(StoreStmt *stmt, int status)
{
    if (status != SQLITE_OK && stmt->failed == SQLITE_OK)
        stmt->failed = status;
}

void store_bind_text(StoreStmt *stmt, int index, const char *text)
{
    note_bind(stmt, text != NULL ? sqlite3_bind_text(stmt->handle, index, text, -1, SQLITE_TRANSIENT)
                                 : sqlite3_bind_null(stmt->handle, index));
}

void store_lend_text(StoreStmt *stmt, int index, const char *text)
{
    note_bind(stmt, text != NULL ? sqlite3_bind_text(stmt->handle, index, text, -1, SQLITE_STATIC)
                                 : sqlite3_bind_null(stmt->handle, index));
}

void store_bind_int(StoreStmt *stmt, int index, int64_t value)
{
    note_bind(stmt, sqlite3_bind_int64(stmt->handle, index, value));
}

void store_bind_blob(StoreStmt *stmt, int index, const void *data, gsize len)
{
    note_bind(stmt, sqlite3_bind_blob64(stmt->handle, index, data, len, SQLITE_TRANSIENT));
}

StoreStep store_step(StoreStmt *stmt, GError **error)
{
    int status = stmt->failed != SQLITE_OK ? stmt->failed : sqlite3_step(stmt->handle);
    if (status == SQLITE_ROW)
        return STORE_ROW;
    if (status == SQLITE_DONE)
        return STORE_DONE;
    fail(stmt->db, status, error);
    return STORE_FAILED;
}

void store_reset(StoreStmt *stmt)
{
    sqlite3_reset(stmt->handle);
    sqlite3_clear_bindings(stmt->handle);
    stmt->failed = SQLITE_OK;
}

bool store_run(StoreStmt *stmt, GError **error)
{
    StoreStep step = store_step(stmt, error);
    while (step == STORE_ROW)
        step = store_step(stmt, error);
    store_reset(stmt);
    return step == STORE_DONE;
}

const char *store_text(StoreStmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt->handle, column);
}

int64_t store_int(StoreStmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->handle, column);
}

const void *store_blob(StoreStmt *stmt, int column, gsize *out_len)
{
    const void *data = sqlite3_column_blob(stmt->handle, column);
    *out_len = (gsize)sqlite3_column_bytes(stmt->handle, column);
    return data;
}
