// store: the one narrow interface to SQLite 3 (https://www.sqlite.org/c3ref/intro.html). No other room
// includes sqlite3.h. A StoreDb and its statements belong to one thread at a time. Errors name the database
// file and SQLite's message.
#pragma once

#include "base/base.h"

typedef struct StoreDb StoreDb;
typedef struct StoreStmt StoreStmt;

typedef enum {
    STORE_READ,
    STORE_WRITE, // creates it; WAL, synchronous=FULL
    // Fills a new file that nobody else looks at, fast: nothing is synced and nothing can be rolled back. After an error
    // the file is to be thrown away; after store_close it is an ordinary one, to be synced by who keeps it.
    STORE_BUILD
} StoreMode;
typedef enum { STORE_ROW = 1, STORE_DONE = 0, STORE_FAILED = -1 } StoreStep;

// Opens `path` (":memory:" allowed). Waits up to `busy_ms` for another writer's lock. NULL with `error` set.
StoreDb *store_open(const char *path, StoreMode mode, int busy_ms, GError **error);
void store_close(StoreDb **db);
static inline void store_close_auto(StoreDb *db)
{
    store_close(&db);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDb, store_close_auto)

// Runs `sql` (may hold several statements, no results).
bool store_exec(StoreDb *db, const char *sql, GError **error);
// Brings the schema to version `n`: runs migrations[user_version..n-1], each in the same exclusive
// transaction. A database newer than `n` is BASE_ERROR_DATA.
bool store_migrate(StoreDb *db, const char *const *migrations, int n, GError **error);

bool store_begin(StoreDb *db, GError **error);          // BEGIN IMMEDIATE
bool store_begin_snapshot(StoreDb *db, GError **error); // BEGIN + a read: what follows sees one state
bool store_commit(StoreDb *db, GError **error);
void store_rollback(StoreDb *db);         // no-op outside a transaction
int64_t store_changes(StoreDb *db);       // of the last statement
int64_t store_total_changes(StoreDb *db); // since it was opened, those inside virtual tables as well
int64_t store_last_rowid(StoreDb *db);

// A statement lives until store_finalize; after store_step returned DONE or the row is used, store_reset
// makes it ready.
StoreStmt *store_prepare(StoreDb *db, const char *sql, GError **error);
void store_finalize(StoreStmt **stmt);
static inline void store_finalize_auto(StoreStmt *stmt)
{
    store_finalize(&stmt);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreStmt, store_finalize_auto)
// Parameters count from 1; text and blobs are copied; NULL text binds NULL. A failed bind shows at the next
// step.
void store_bind_text(StoreStmt *stmt, int index, const char *text);
// The same, not copied: `text` must stay as it is until the statement is reset.
void store_lend_text(StoreStmt *stmt, int index, const char *text);
void store_bind_int(StoreStmt *stmt, int index, int64_t value);
void store_bind_blob(StoreStmt *stmt, int index, const void *data, gsize len);
StoreStep store_step(StoreStmt *stmt, GError **error);
void store_reset(StoreStmt *stmt); // and clears the bindings
// Steps once for a statement without results; resets it. False with `error` set.
bool store_run(StoreStmt *stmt, GError **error);

// Columns count from 0. Text and blobs are borrowed until the next step or reset; NULL for SQL NULL.
const char *store_text(StoreStmt *stmt, int column);
int64_t store_int(StoreStmt *stmt, int column);
const void *store_blob(StoreStmt *stmt, int column, gsize *out_len);
