// Decisions: taken, taken back, confirmed.
#include "docket/internal.h"

#include <string.h>

static const char *const MIGRATIONS[] = {
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, record TEXT NOT NULL, rule TEXT NOT NULL, action INTEGER "
    "NOT NULL,"
    " state INTEGER NOT NULL, who TEXT NOT NULL, second TEXT, reason TEXT NOT NULL, comment TEXT NOT NULL,"
    " failure TEXT, made_us INTEGER NOT NULL, due_us INTEGER NOT NULL, held_us INTEGER NOT NULL DEFAULT 0);"
    // One decision at a time for a message.
    "CREATE UNIQUE INDEX entry_live ON entry (record) WHERE state < 3;"
    "CREATE INDEX entry_record ON entry (record);"
    "CREATE INDEX entry_due ON entry (state, due_us);"
    "CREATE INDEX entry_made ON entry (made_us);"
    "CREATE TABLE look (record TEXT PRIMARY KEY, entry INTEGER NOT NULL, who TEXT, releases INTEGER, comment "
    "TEXT,"
    " looked_us INTEGER) WITHOUT ROWID;"
    "CREATE INDEX look_open ON look (entry) WHERE who IS NULL;"
    "CREATE TABLE filter (who TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL, PRIMARY KEY (who, "
    "name))"
    " WITHOUT ROWID;",
    // Who has asked to see the names of those in a message, and until when they are shown.
    "CREATE TABLE reveal (who TEXT NOT NULL, record TEXT NOT NULL, until_us INTEGER NOT NULL,"
    " PRIMARY KEY (who, record)) WITHOUT ROWID;",
    // What was released and is seen otherwise now; and messages that another one stands for.
    "CREATE TABLE verdict (id INTEGER PRIMARY KEY, record TEXT NOT NULL, who TEXT NOT NULL, releases INTEGER "
    "NOT NULL, why TEXT NOT NULL, made_us INTEGER NOT NULL);"
    "CREATE INDEX verdict_record ON verdict (record);"
    "CREATE TABLE duplicate (record TEXT PRIMARY KEY, original TEXT NOT NULL, who TEXT NOT NULL, made_us "
    "INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX duplicate_original ON duplicate (original);"
    "CREATE INDEX entry_done ON entry (who, id) WHERE state = 3;",
    // Exceptions that were asked for.
    "CREATE TABLE asked (id TEXT PRIMARY KEY, exception TEXT NOT NULL, record TEXT NOT NULL, who TEXT NOT "
    "NULL, why TEXT NOT NULL, state INTEGER NOT NULL, by TEXT NOT NULL DEFAULT '', note TEXT NOT NULL "
    "DEFAULT '', asked_us INTEGER NOT NULL, decided_us INTEGER NOT NULL DEFAULT 0, waits INTEGER NOT NULL,"
    " came TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
    "CREATE INDEX asked_open ON asked (id) WHERE state = 0;"
    "CREATE INDEX asked_record ON asked (record, id) WHERE record <> '';"
    "CREATE INDEX asked_waits ON asked (id) WHERE state = 1 AND waits = 1;",
};

const char *docket_action_name(DocketAction action)
{
    static const char *const NAMES[DOCKET_ACTIONS] = {"release", "coach", "deny"};
    return action < DOCKET_ACTIONS ? NAMES[action] : "?";
}

bool docket_action_parse(const char *text, DocketAction *out)
{
    for (int i = 0; text != NULL && i < DOCKET_ACTIONS; i++)
        if (strcmp(text, docket_action_name((DocketAction)i)) == 0) {
            *out = (DocketAction)i;
            return true;
        }
    return false;
}

const char *docket_state_name(DocketState state)
{
    static const char *const NAMES[DOCKET_STATES] = {"second", "waiting", "doing",
                                                     "done",   "undone",  "failed"};
    return state < DOCKET_STATES ? NAMES[state] : "?";
}

void docket_entry_free(DocketEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->record);
    g_free(entry->rule);
    g_free(entry->who);
    g_free(entry->second);
    g_free(entry->reason);
    g_free(entry->comment);
    g_free(entry->failure);
    g_free(entry);
}

Docket *docket_open(const Config *config, GError **error)
{
    const char *path = config->console.docket;
    g_autofree char *dir = g_path_get_dirname(path);
    g_autoptr(StoreDb) db =
        file_make_dirs(dir, 0750, error) ? store_open(path, STORE_WRITE, 10000, error) : NULL;
    if (db == NULL || !store_migrate(db, MIGRATIONS, G_N_ELEMENTS(MIGRATIONS), error) ||
        !file_adopt(path, error))
        return NULL;
    Docket *docket = g_new0(Docket, 1);
    docket->config = config;
    docket->db = g_steal_pointer(&db);
    return docket;
}

void docket_close(Docket **docket)
{
    if (*docket == NULL)
        return;
    store_close(&(*docket)->db);
    g_clear_pointer(docket, g_free);
}

// ---- rows ------------------------------------------------------------------------------------------------

StoreStmt *docket_prepare(Docket *docket, GError **error, const char *sql, ...)
{
    StoreStmt *stmt = store_prepare(docket->db, sql, error);
    va_list texts;
    va_start(texts, sql);
    const char *text;
    for (int i = 1; stmt != NULL && (text = va_arg(texts, const char *)) != NULL; i++)
        store_bind_text(stmt, i, text);
    va_end(texts);
    return stmt;
}

DocketEntry *docket_entry_of(StoreStmt *row)
{
    DocketEntry *entry = g_new0(DocketEntry, 1);
    *entry = (DocketEntry){.id = store_int(row, 0),
                           .record = g_strdup(store_text(row, 1)),
                           .rule = g_strdup(store_text(row, 2)),
                           .action = (DocketAction)store_int(row, 3),
                           .state = (DocketState)store_int(row, 4),
                           .who = g_strdup(store_text(row, 5)),
                           .second = g_strdup(store_text(row, 6)),
                           .reason = g_strdup(store_text(row, 7)),
                           .comment = g_strdup(store_text(row, 8)),
                           .failure = g_strdup(store_text(row, 9)),
                           .made_us = store_int(row, 10),
                           .due_us = store_int(row, 11)};
    return entry;
}

static void free_entry(gpointer entry)
{
    docket_entry_free(entry);
}

GPtrArray *docket_entries(StoreStmt *get, GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(free_entry);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(entries, docket_entry_of(get));
    return step == STORE_DONE ? g_steal_pointer(&entries) : NULL;
}

bool docket_live(Docket *docket, const char *record, DocketEntry **out, GError **error)
{
    *out = NULL;
    g_autoptr(StoreStmt) get = docket_prepare(
        docket, error, "SELECT " ENTRY_COLUMNS " FROM entry WHERE record = ? AND state < 3", record, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    if (step == STORE_ROW)
        *out = docket_entry_of(get);
    return step != STORE_FAILED;
}

GPtrArray *docket_of(Docket *docket, const char *record, GError **error)
{
    g_autoptr(StoreStmt) get = docket_prepare(
        docket, error, "SELECT " ENTRY_COLUMNS " FROM entry WHERE record = ? ORDER BY id", record, NULL);
    return docket_entries(get, error);
}

GPtrArray *docket_list(Docket *docket, DocketState state, const char *who, guint most, GError **error)
{
    g_autoptr(StoreStmt) get =
        docket_prepare(docket, error,
                       "SELECT " ENTRY_COLUMNS " FROM entry WHERE (?1 = '' OR who = ?1) AND state = ?2"
                       " ORDER BY due_us, id LIMIT ?3",
                       who != NULL ? who : "", NULL);
    if (get == NULL)
        return NULL;
    store_bind_int(get, 2, state);
    store_bind_int(get, 3, most);
    return docket_entries(get, error);
}

DocketEntry *docket_get(Docket *docket, int64_t id, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(docket->db, "SELECT " ENTRY_COLUMNS " FROM entry WHERE id = ?", error);
    if (get == NULL)
        return NULL;
    store_bind_int(get, 1, id);
    StoreStep step = store_step(get, error);
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "no decision %" G_GINT64_FORMAT, id);
    return step == STORE_ROW ? docket_entry_of(get) : NULL;
}

bool docket_set_state(Docket *docket, int64_t id, DocketState from, DocketState to, const char *failure,
                      GError **error)
{
    g_autoptr(StoreStmt) set = docket_prepare(
        docket, error, "UPDATE entry SET failure = ?1, state = ?2 WHERE id = ?3 AND state = ?4",
        failure != NULL ? failure : "", NULL);
    if (set == NULL)
        return false;
    store_bind_int(set, 2, to);
    store_bind_int(set, 3, id);
    store_bind_int(set, 4, from);
    if (!store_run(set, error))
        return false;
    if (store_changes(docket->db) == 1)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "the decision is not %s any more: it took effect, or somebody took it back",
                docket_state_name(from));
    return false;
}

// ---- deciding --------------------------------------------------------------------------------------------

static bool reason_known(const DocketEntry *entry)
{
    static const char *const RELEASES[] = {"false-positive", "permitted", "harmless", "other", NULL};
    static const char *const DENIES[] = {"policy", "safety", "other", NULL};
    return g_strv_contains(entry->action == DOCKET_DENY ? DENIES : RELEASES, entry->reason);
}

bool docket_entry_check(const Config *config, const DocketEntry *entry, GError **error)
{
    const char *const *wanting = (const char *const *)config->console.comment_reasons;
    glong length = g_utf8_strlen(entry->comment, -1);
    bool wants = g_strv_contains(wanting, entry->reason);
    if (!reason_known(entry))
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\" is no reason to %s a message", entry->reason,
                    docket_action_name(entry->action));
    else if (wants && length < config->console.comment_length)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "the reason \"%s\" wants a comment of %d characters or more: decisions are records",
                    entry->reason, config->console.comment_length);
    else
        return true;
    return false;
}

static bool wants_second(const Config *config, const DocketEntry *entry)
{
    return entry->action != DOCKET_DENY &&
           g_strv_contains((const char *const *)config->console.four_eyes, entry->rule);
}

static bool entry_put(Docket *docket, const DocketEntry *entry, int64_t now_us, int64_t *out_id,
                      GError **error)
{
    int64_t due_us = now_us + docket->config->console.undo_s * (int64_t)G_USEC_PER_SEC;
    g_autoptr(StoreStmt) put = docket_prepare(
        docket, error,
        "INSERT INTO entry(record, rule, who, reason, comment, action, state, made_us, due_us, held_us)"
        " VALUES(?,?,?,?,?,?,?,?,?,?)",
        entry->record, entry->rule, entry->who, entry->reason, entry->comment, NULL);
    int64_t ulid_ms = 0;
    ulid_parse(entry->record, &ulid_ms);
    if (put == NULL)
        return false;
    store_bind_int(put, 6, entry->action);
    store_bind_int(put, 7, wants_second(docket->config, entry) ? DOCKET_SECOND : DOCKET_WAITING);
    store_bind_int(put, 8, now_us);
    store_bind_int(put, 9, due_us);
    store_bind_int(put, 10, ulid_ms * 1000);
    if (!store_run(put, error))
        return false;
    *out_id = store_last_rowid(docket->db);
    return true;
}

bool docket_decide(Docket *docket, const DocketEntry *entry, int64_t now_us, int64_t *out_id, GError **error)
{
    if (!docket_entry_check(docket->config, entry, error) || !store_begin(docket->db, error))
        return false;
    g_autoptr(DocketEntry) live = NULL;
    bool ok = docket_live(docket, entry->record, &live, error);
    if (live != NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%s has decided to %s it already; it has not taken effect yet", live->who,
                    docket_action_name(live->action));
        ok = false;
    }
    ok = ok && entry_put(docket, entry, now_us, out_id, error) && store_commit(docket->db, error);
    if (!ok)
        store_rollback(docket->db);
    return ok;
}

bool docket_undo(Docket *docket, int64_t id, const char *who, int64_t now_us, GError **error)
{
    g_autoptr(DocketEntry) entry = docket_get(docket, id, error);
    if (entry == NULL)
        return false;
    if (strcmp(entry->who, who) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s decided this; nobody else takes it back",
                    entry->who);
        return false;
    }
    DocketState from = entry->state == DOCKET_SECOND ? DOCKET_SECOND : DOCKET_WAITING;
    return docket_set_state(docket, id, from, DOCKET_UNDONE, NULL, error);
}

static bool confirm_event(Docket *docket, const DocketEntry *entry, const char *who, bool agrees,
                          const char *comment, int64_t now_us, GError **error)
{
    json_t *detail = json_pack("{s:s, s:s, s:s, s:s, s:b}", "first", entry->who, "action",
                               docket_action_name(entry->action), "rule", entry->rule, "comment", comment,
                               "agrees", agrees);
    bool ok =
        archive_event_once(docket->config, "second-reviewer", who, entry->record, detail, now_us, error);
    json_decref(detail);
    return ok;
}

bool docket_confirm(Docket *docket, int64_t id, const char *who, bool agrees, const char *comment,
                    int64_t now_us, GError **error)
{
    g_autoptr(DocketEntry) entry = docket_get(docket, id, error);
    if (entry == NULL)
        return false;
    if (strcmp(entry->who, who) == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "the second pair of eyes is somebody else's: you decided this");
        return false;
    }
    g_autoptr(StoreStmt) set = docket_prepare(
        docket, error, "UPDATE entry SET second = ?1, state = ?2 WHERE id = ?3 AND state = 0", who, NULL);
    if (set == NULL || !confirm_event(docket, entry, who, agrees, comment, now_us, error))
        return false;
    store_bind_int(set, 2, agrees ? DOCKET_WAITING : DOCKET_UNDONE);
    store_bind_int(set, 3, id);
    if (!store_run(set, error))
        return false;
    if (store_changes(docket->db) != 1)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "it waits for nobody any more");
    return error == NULL || *error == NULL;
}
