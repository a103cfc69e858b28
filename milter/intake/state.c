// What was taken in, by source, place and SHA-256. A message gets its id here before the archive gets the message: who comes
// after a crash looks for that id in the archive and knows.
#include "intake/internal.h"

#include "store/store.h"

#include <string.h>

struct IntakeState {
    StoreDb *db;
    StoreStmt *has, *intend, *done, *file, *finish, *fail;
};

static const char *const MIGRATIONS[] = {
    "CREATE TABLE item(source TEXT NOT NULL, position INTEGER NOT NULL, sha256 TEXT NOT NULL, record TEXT "
    "NOT NULL,"
    "  intended_us INTEGER NOT NULL, done INTEGER NOT NULL, PRIMARY KEY(source, position, sha256)) WITHOUT "
    "ROWID;"
    "CREATE INDEX item_open ON item(record) WHERE done = 0;"
    "CREATE TABLE file(source TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, messages "
    "INTEGER NOT NULL) WITHOUT "
    "ROWID;"
    "CREATE TABLE failure(source TEXT NOT NULL, position INTEGER NOT NULL, why TEXT NOT NULL, time_us "
    "INTEGER NOT "
    "NULL);",
};

static bool prepare(IntakeState *state, GError **error)
{
    const struct {
        StoreStmt **stmt;
        const char *sql;
    } STMTS[] = {
        {&state->has, "SELECT 1 FROM item WHERE source = ? AND position = ? AND sha256 = ? AND done = 1"},
        {&state->intend, "INSERT OR REPLACE INTO item VALUES(?, ?, ?, ?, ?, 0)"},
        {&state->done, "UPDATE item SET done = 1 WHERE record = ? AND done = 0"},
        {&state->file, "SELECT messages FROM file WHERE source = ? AND size = ? AND mtime_ns = ?"},
        {&state->finish, "INSERT OR REPLACE INTO file VALUES(?, ?, ?, ?)"},
        {&state->fail, "INSERT INTO failure VALUES(?, ?, ?, ?)"},
    };
    bool ok = true;
    for (gsize i = 0; i < G_N_ELEMENTS(STMTS) && ok; i++)
        ok = (*STMTS[i].stmt = store_prepare(state->db, STMTS[i].sql, error)) != NULL;
    return ok;
}

IntakeState *state_open(const char *path, GError **error)
{
    g_autoptr(IntakeState) state = g_new0(IntakeState, 1);
    state->db = store_open(path, STORE_WRITE, 5000, error);
    bool ok = state->db != NULL && store_migrate(state->db, MIGRATIONS, G_N_ELEMENTS(MIGRATIONS), error) &&
              file_adopt(path, error) && prepare(state, error);
    return ok ? g_steal_pointer(&state) : NULL;
}

void state_close(IntakeState **handle)
{
    IntakeState *state = g_steal_pointer(handle);
    if (state == NULL)
        return;
    store_finalize(&state->has);
    store_finalize(&state->intend);
    store_finalize(&state->done);
    store_finalize(&state->file);
    store_finalize(&state->finish);
    store_finalize(&state->fail);
    if (state->db != NULL)
        store_close(&state->db);
    g_free(state);
}

// ---- after a crash -------------------------------------------------------------------------------------------

typedef struct {
    IntakeState *state;
    GHashTable *open; // ids
    GError *error;
} Settling;

static bool settle_record(const ArchiveRecord *record, void *data)
{
    Settling *settling = data;
    return !g_hash_table_contains(settling->open, record->ref->id) ||
           state_done(settling->state, record->ref->id, &settling->error);
}

static void settle_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    log_warn("damage passed over: a message in it is taken in once more", "segment", segment, "what", what);
}

// Ids that were given out and not told to be in; `out_from`, `out_to`: when.
static GHashTable *open_ids(IntakeState *state, int64_t *out_from, int64_t *out_to, GError **error)
{
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    StoreStmt *get = store_prepare(state->db, "SELECT record, intended_us FROM item WHERE done = 0", error);
    StoreStep step = get != NULL ? STORE_ROW : STORE_FAILED;
    *out_from = G_MAXINT64;
    *out_to = 0;
    while (step == STORE_ROW && (step = store_step(get, error)) == STORE_ROW) {
        g_hash_table_add(ids, g_strdup(store_text(get, 0)));
        *out_from = MIN(*out_from, store_int(get, 1));
        *out_to = MAX(*out_to, store_int(get, 1));
    }
    store_finalize(&get);
    return step == STORE_DONE ? g_steal_pointer(&ids) : NULL;
}

bool state_settle(IntakeState *state, const Config *config, GError **error)
{
    const int64_t slack_us = 2 * (int64_t)G_USEC_PER_SEC;
    int64_t from_us, to_us;
    g_autoptr(GHashTable) open = open_ids(state, &from_us, &to_us, error);
    if (open == NULL || g_hash_table_size(open) == 0)
        return open != NULL;
    Settling settling = {.state = state, .open = open};
    ArchiveQuery query = {.from_us = from_us - slack_us, .to_us = to_us + slack_us};
    bool ok = store_begin(state->db, error) &&
              archive_each(config, &query, settle_record, settle_damage, &settling, error);
    if (settling.error != NULL) {
        g_propagate_error(error, settling.error);
        ok = false;
    }
    ok = ok && store_exec(state->db, "DELETE FROM item WHERE done = 0", error) &&
         store_commit(state->db, error);
    if (!ok)
        store_rollback(state->db);
    return ok;
}

// ---- asking and telling --------------------------------------------------------------------------------------

static Tri found(StoreStmt *stmt, GError **error)
{
    StoreStep step = store_step(stmt, error);
    store_reset(stmt);
    return step == STORE_ROW ? TRI_YES : step == STORE_DONE ? TRI_NO : TRI_UNKNOWN;
}

static void bind_file(StoreStmt *stmt, const IntakeFile *file)
{
    store_bind_text(stmt, 1, file->source);
    store_bind_int(stmt, 2, file->size);
    store_bind_int(stmt, 3, file->mtime_ns);
}

Tri state_file_done(IntakeState *state, const IntakeFile *file, guint64 *out_messages, GError **error)
{
    bind_file(state->file, file);
    StoreStep step = store_step(state->file, error);
    *out_messages = step == STORE_ROW ? (guint64)store_int(state->file, 0) : 0;
    store_reset(state->file);
    return step == STORE_ROW ? TRI_YES : step == STORE_DONE ? TRI_NO : TRI_UNKNOWN;
}

Tri state_has(IntakeState *state, const char *source, int64_t position, const char *hash, GError **error)
{
    store_bind_text(state->has, 1, source);
    store_bind_int(state->has, 2, position);
    store_bind_text(state->has, 3, hash);
    return found(state->has, error);
}

bool state_begin(IntakeState *state, GError **error)
{
    return store_begin(state->db, error);
}

bool state_commit(IntakeState *state, GError **error)
{
    return store_commit(state->db, error);
}

void state_rollback(IntakeState *state)
{
    store_rollback(state->db);
}

bool state_intend(IntakeState *state, const char *source, int64_t position, const char *hash, const char *id,
                  int64_t now_us, GError **error)
{
    store_bind_text(state->intend, 1, source);
    store_bind_int(state->intend, 2, position);
    store_bind_text(state->intend, 3, hash);
    store_bind_text(state->intend, 4, id);
    store_bind_int(state->intend, 5, now_us);
    return store_run(state->intend, error);
}

bool state_done(IntakeState *state, const char *id, GError **error)
{
    store_bind_text(state->done, 1, id);
    return store_run(state->done, error);
}

bool state_finish_file(IntakeState *state, const IntakeFile *file, GError **error)
{
    bind_file(state->finish, file);
    store_bind_int(state->finish, 4, (int64_t)file->messages);
    return store_run(state->finish, error);
}

bool state_fail(IntakeState *state, const char *source, int64_t position, const char *why, int64_t now_us,
                GError **error)
{
    store_bind_text(state->fail, 1, source);
    store_bind_int(state->fail, 2, position);
    store_bind_text(state->fail, 3, why);
    store_bind_int(state->fail, 4, now_us);
    return store_run(state->fail, error);
}
