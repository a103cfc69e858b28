#include "quarantine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const MIGRATIONS[] = {
    "CREATE TABLE item(record TEXT PRIMARY KEY, segment TEXT NOT NULL, offset INTEGER NOT NULL, length "
    "INTEGER NOT NULL,"
    "  held_us INTEGER NOT NULL, mail_from TEXT NOT NULL, summary TEXT NOT NULL, claimed_by TEXT, claimed_us "
    "INTEGER);"
    "CREATE TABLE rcpt(record TEXT NOT NULL REFERENCES item(record), address TEXT NOT NULL, state INTEGER "
    "NOT NULL,"
    "  queue_id TEXT, token TEXT, decided_by TEXT);"
    "CREATE INDEX rcpt_record ON rcpt(record);"
    "CREATE INDEX rcpt_open ON rcpt(state) WHERE state NOT IN (4, 5);"
    "CREATE TABLE step(id INTEGER PRIMARY KEY, record TEXT NOT NULL, when_us INTEGER NOT NULL, who TEXT NOT "
    "NULL,"
    "  step TEXT NOT NULL, why TEXT);"
    "CREATE INDEX step_record ON step(record);"
    "CREATE TABLE outbox(id INTEGER PRIMARY KEY, event TEXT NOT NULL, who TEXT NOT NULL, record TEXT, detail "
    "TEXT,"
    "  when_us INTEGER NOT NULL);"
    // phase: 0 prepared, 1 about to be handed over, 2 done, 3 not done
    "CREATE TABLE release(token TEXT PRIMARY KEY, record TEXT NOT NULL, who TEXT NOT NULL, why TEXT,"
    "  phase INTEGER NOT NULL, process TEXT NOT NULL, started_us INTEGER NOT NULL);"
    "CREATE INDEX release_open ON release(phase) WHERE phase < 2;"
    // state: 0 waiting, 1 sent, 2 given up, 3 not sent (too many)
    "CREATE TABLE notice(id INTEGER PRIMARY KEY, record TEXT NOT NULL, kind INTEGER NOT NULL, rcpt TEXT NOT "
    "NULL,"
    "  body TEXT NOT NULL, created_us INTEGER NOT NULL, due_us INTEGER NOT NULL, tries INTEGER NOT NULL,"
    "  state INTEGER NOT NULL);"
    "CREATE INDEX notice_due ON notice(state, due_us);"
    "CREATE INDEX notice_rcpt ON notice(rcpt, created_us);",
    // rcpt.back: the state to go back to when a release fails. outbox.event is the event's whole name from here on.
    "ALTER TABLE rcpt ADD COLUMN back INTEGER;"
    "CREATE INDEX rcpt_pending ON rcpt(record) WHERE state = 1;"
    "ALTER TABLE outbox ADD COLUMN data TEXT;"
    "UPDATE outbox SET event = 'quarantine-' || event;",
    // When a digest went to a reviewer last.
    "CREATE TABLE digest(rcpt TEXT PRIMARY KEY, sent_us INTEGER NOT NULL) WITHOUT ROWID;",
    // What lists are filtered by, kept by triggers. open: does a recipient still wait?
    "ALTER TABLE item ADD COLUMN open INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE item ADD COLUMN rule TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE item ADD COLUMN severity INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE item ADD COLUMN alike TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE school(school TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (school, record)) WITHOUT "
    "ROWID;"
    "CREATE INDEX school_record ON school(record);"
    "CREATE TRIGGER item_told AFTER INSERT ON item BEGIN"
    "  UPDATE item SET rule = coalesce(json_extract(NEW.summary, '$.rule'), ''),"
    "    severity = coalesce(json_extract(NEW.summary, '$.severity'), 0),"
    "    alike = coalesce(json_extract(NEW.summary, '$.alike'), '') WHERE record = NEW.record;"
    "  INSERT OR IGNORE INTO school SELECT value, NEW.record FROM json_each(NEW.summary, '$.schools'); END;"
    "CREATE TRIGGER item_retold AFTER UPDATE OF summary ON item BEGIN"
    "  UPDATE item SET rule = coalesce(json_extract(NEW.summary, '$.rule'), ''),"
    "    severity = coalesce(json_extract(NEW.summary, '$.severity'), 0),"
    "    alike = coalesce(json_extract(NEW.summary, '$.alike'), '') WHERE record = NEW.record;"
    "  INSERT OR IGNORE INTO school SELECT value, NEW.record FROM json_each(NEW.summary, '$.schools'); END;"
    "CREATE TRIGGER rcpt_new AFTER INSERT ON rcpt WHEN NEW.state NOT IN (4, 5) BEGIN"
    "  UPDATE item SET open = 1 WHERE record = NEW.record AND open = 0; END;"
    "CREATE TRIGGER rcpt_moved AFTER UPDATE OF state ON rcpt BEGIN"
    "  UPDATE item SET open = EXISTS (SELECT 1 FROM rcpt r WHERE r.record = NEW.record AND r.state NOT IN "
    "(4, 5))"
    "    WHERE record = NEW.record; END;"
    "CREATE INDEX item_open ON item(open, held_us, record);"
    "CREATE INDEX item_rule ON item(open, rule, held_us, record);"
    "CREATE INDEX item_alike ON item(alike, open) WHERE alike != '';"
    "UPDATE item SET summary = summary,"
    "  open = EXISTS (SELECT 1 FROM rcpt r WHERE r.record = item.record AND r.state NOT IN (4, 5));",
    // What is counted stands in the index: the rows themselves are long.
    "CREATE INDEX item_counts ON item(open, rule, severity, held_us, claimed_by, claimed_us);",
};

const char *hold_state_name(HoldState state)
{
    static const char *const NAMES[HOLD_LAST] = {"held",        "pending",  "releasing",
                                                 "unconfirmed", "released", "denied"};
    return state < HOLD_LAST ? NAMES[state] : "?";
}

static int outbox_open(const Config *config, GError **error)
{
    g_autofree char *path = g_strconcat(config->quarantine.database, ".outbox", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: %s", path, g_strerror(errno));
    else if (!file_adopt(path, error))
        (void)file_close(&fd, path, NULL);
    return fd;
}

Quarantine *quarantine_open(const Config *config, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(config->quarantine.database);
    if (!file_make_dirs(dir, 0750, error))
        return NULL;
    g_autoptr(StoreDb) db = store_open(config->quarantine.database, STORE_WRITE, 10000, error);
    if (db == NULL || !store_migrate(db, MIGRATIONS, (int)G_N_ELEMENTS(MIGRATIONS), error))
        return NULL;
    int outbox_fd = outbox_open(config, error);
    if (outbox_fd < 0)
        return NULL;
    Quarantine *quarantine = g_new0(Quarantine, 1);
    quarantine->outbox_fd = outbox_fd;
    g_mutex_init(&quarantine->lock);
    g_mutex_init(&quarantine->outbox_lock);
    quarantine->db = g_steal_pointer(&db);
    quarantine->config = config_ref((Config *)config);
    return quarantine;
}

void quarantine_close(Quarantine **quarantine)
{
    if (quarantine == NULL || *quarantine == NULL)
        return;
    store_close(&(*quarantine)->db);
    close((*quarantine)->outbox_fd); // nothing is written to it
    config_unref((*quarantine)->config);
    notice_book_free((*quarantine)->book);
    json_decref((*quarantine)->notices);
    if ((*quarantine)->link_free != NULL)
        (*quarantine)->link_free((*quarantine)->link_data);
    g_mutex_clear(&(*quarantine)->lock);
    g_mutex_clear(&(*quarantine)->outbox_lock);
    g_clear_pointer(quarantine, g_free);
}

// ---- work ------------------------------------------------------------------------------------------------

bool work_begin(Quarantine *quarantine, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    if (store_begin(quarantine->db, error))
        return true;
    g_mutex_unlock(&quarantine->lock);
    return false;
}

bool work_end(Quarantine *quarantine, bool ok, GError **error)
{
    ok = ok && store_commit(quarantine->db, error);
    if (!ok)
        store_rollback(quarantine->db);
    g_mutex_unlock(&quarantine->lock);
    if (!ok)
        return false;
    // The step is done and its event is safe in the outbox: that the archive cannot take it now undoes
    // nothing.
    g_autoptr(GError) later = NULL;
    if (!outbox_send(quarantine, &later))
        log_warn("event waits in the outbox", "error", later->message);
    return true;
}

static bool insert_step(Quarantine *quarantine, const char *record, const char *who, const char *step,
                        const char *why, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) add = store_prepare(
        quarantine->db, "INSERT INTO step(record, when_us, who, step, why) VALUES(?,?,?,?,?)", error);
    if (add == NULL)
        return false;
    store_bind_text(add, 1, record);
    store_bind_int(add, 2, now_us);
    store_bind_text(add, 3, who);
    store_bind_text(add, 4, step);
    store_bind_text(add, 5, why);
    return store_run(add, error);
}

static bool insert_event(Quarantine *quarantine, const char *record, const char *who, const char *event,
                         const char *why, const char *data, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) out = store_prepare(
        quarantine->db, "INSERT INTO outbox(record, when_us, who, event, detail, data) VALUES(?,?,?,?,?,?)",
        error);
    if (out == NULL)
        return false;
    store_bind_text(out, 1, record);
    store_bind_int(out, 2, now_us);
    store_bind_text(out, 3, who);
    store_bind_text(out, 4, event);
    store_bind_text(out, 5, why);
    store_bind_text(out, 6, data);
    return store_run(out, error);
}

bool work_step(Quarantine *quarantine, const char *record, const char *who, const char *step, const char *why,
               int64_t now_us, GError **error)
{
    g_autofree char *event = g_strconcat("quarantine-", step, NULL);
    return insert_step(quarantine, record, who, step, why, now_us, error) &&
           insert_event(quarantine, record, who, event, why, NULL, now_us, error);
}

bool work_event(Quarantine *quarantine, const char *record, const char *who, const char *event,
                const json_t *data, int64_t now_us, GError **error)
{
    char *text = json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS);
    bool ok = text != NULL && insert_event(quarantine, record, who, event, NULL, text, now_us, error);
    if (text == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "%s: event %s cannot be written as JSON", record,
                    event);
    free(text);
    return ok;
}

bool work_history(Quarantine *quarantine, const char *record, const char *who, const char *step,
                  const char *why, int64_t now_us, GError **error)
{
    return insert_step(quarantine, record, who, step, why, now_us, error);
}

typedef struct {
    int64_t id, when_us;
    char *event, *who, *record, *detail, *data;
} OutboxRow;

static void outbox_row_clear(OutboxRow *row)
{
    g_free(row->event);
    g_free(row->who);
    g_free(row->record);
    g_free(row->detail);
    g_free(row->data);
}

static bool outbox_first(Quarantine *quarantine, OutboxRow *row, bool *out_found, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db,
        "SELECT id, when_us, event, who, record, detail, data FROM outbox ORDER BY id LIMIT 1", error);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    *out_found = step == STORE_ROW;
    if (*out_found)
        *row = (OutboxRow){.id = store_int(get, 0),
                           .when_us = store_int(get, 1),
                           .event = g_strdup(store_text(get, 2)),
                           .who = g_strdup(store_text(get, 3)),
                           .record = g_strdup(store_text(get, 4)),
                           .detail = g_strdup(store_text(get, 5)),
                           .data = g_strdup(store_text(get, 6))};
    store_finalize(&get);
    g_mutex_unlock(&quarantine->lock);
    return step != STORE_FAILED;
}

static bool outbox_remove(Quarantine *quarantine, int64_t id, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    g_autoptr(StoreStmt) del = store_prepare(quarantine->db, "DELETE FROM outbox WHERE id = ?", error);
    bool ok = del != NULL;
    if (ok) {
        store_bind_int(del, 1, id);
        ok = store_run(del, error);
    }
    store_finalize(&del);
    g_mutex_unlock(&quarantine->lock);
    return ok;
}

static bool outbox_drain(Quarantine *quarantine, GError **error)
{
    for (;;) {
        OutboxRow row = {0};
        bool found;
        if (!outbox_first(quarantine, &row, &found, error))
            return false;
        if (!found)
            return true;
        json_t *data = row.data != NULL ? json_loads(row.data, 0, NULL) : NULL;
        json_t *detail = json_pack("{s:I, s:s?}", "outbox", (json_int_t)row.id, "why", row.detail);
        json_object_update_missing(detail, data);
        if (json_array_size(quarantine->notices) > 0)
            json_object_set(detail, "notices", quarantine->notices);
        json_decref(data);
        bool ok = archive_event_once(quarantine->config, row.event, row.who, row.record, detail, row.when_us,
                                     error) &&
                  outbox_remove(quarantine, row.id, error);
        json_decref(detail);
        outbox_row_clear(&row);
        if (!ok)
            return false;
    }
}

bool outbox_send(Quarantine *quarantine, GError **error)
{
    g_mutex_lock(&quarantine->outbox_lock);
    bool ok = flock(quarantine->outbox_fd, LOCK_EX) == 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "%s.outbox: cannot lock: %s",
                    quarantine->config->quarantine.database, g_strerror(errno));
    ok = ok && outbox_drain(quarantine, error);
    flock(quarantine->outbox_fd, LOCK_UN);
    g_mutex_unlock(&quarantine->outbox_lock);
    return ok;
}

char *work_text(Quarantine *quarantine, const char *sql, const char *record, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(quarantine->db, sql, error);
    if (get == NULL)
        return NULL;
    store_bind_text(get, 1, record);
    return store_step(get, error) == STORE_ROW ? g_strdup(store_text(get, 0)) : NULL;
}

int work_move(Quarantine *quarantine, const char *record, HoldState from, HoldState to, GError **error)
{
    g_autoptr(StoreStmt) set =
        store_prepare(quarantine->db, "UPDATE rcpt SET state = ?3 WHERE record = ?1 AND state = ?2", error);
    if (set == NULL)
        return -1;
    store_bind_text(set, 1, record);
    store_bind_int(set, 2, from);
    store_bind_int(set, 3, to);
    return store_run(set, error) ? (int)store_changes(quarantine->db) : -1;
}

bool check_who(const char *who, GError **error)
{
    if (who != NULL && *who != '\0')
        return true;
    g_set_error_literal(error, BASE_ERROR, BASE_ERROR_USAGE, "who decides must be named");
    return false;
}

bool work_exists(Quarantine *quarantine, const char *record, GError **error)
{
    g_autoptr(GError) inner = NULL;
    g_autofree char *found =
        work_text(quarantine, "SELECT record FROM item WHERE record = ?", record, &inner);
    if (inner != NULL)
        g_propagate_error(error, g_steal_pointer(&inner));
    else if (found == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: no such held message; see `chaperone quarantine list`", record);
    return found != NULL;
}

bool work_check_claim(Quarantine *quarantine, const char *record, const char *who, int64_t now_us,
                      GError **error)
{
    if (!work_exists(quarantine, record, error))
        return false;
    g_autoptr(StoreStmt) get =
        store_prepare(quarantine->db, "SELECT claimed_by, claimed_us FROM item WHERE record = ?", error);
    if (get == NULL)
        return false;
    store_bind_text(get, 1, record);
    if (store_step(get, error) != STORE_ROW)
        return false;
    const char *by = store_text(get, 0);
    int64_t until = store_int(get, 1) + quarantine->config->quarantine.claim_minutes * 60 * G_USEC_PER_SEC;
    if (by == NULL || strcmp(by, who) == 0 || until <= now_us)
        return true;
    g_autofree char *when = clock_format(until);
    g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: claimed by %s until %s", record, by, when);
    return false;
}

// ---- holding ---------------------------------------------------------------------------------------------

static bool insert_item(Quarantine *quarantine, const ArchiveRef *ref, const Envelope *envelope,
                        const char *summary, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) put =
        store_prepare(quarantine->db,
                      "INSERT INTO item(record, segment, offset, length, held_us, mail_from, summary)"
                      " VALUES(?,?,?,?,?,?,?)",
                      error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, ref->id);
    store_bind_text(put, 2, ref->segment);
    store_bind_int(put, 3, ref->offset);
    store_bind_int(put, 4, ref->length);
    store_bind_int(put, 5, now_us);
    store_bind_text(put, 6, envelope->mail_from);
    store_bind_text(put, 7, summary);
    return store_run(put, error);
}

static bool insert_rcpts(Quarantine *quarantine, const ArchiveRef *ref, const GPtrArray *rcpts,
                         HoldState state, GError **error)
{
    g_autoptr(StoreStmt) put =
        store_prepare(quarantine->db, "INSERT INTO rcpt(record, address, state) VALUES(?,?,?)", error);
    bool ok = put != NULL;
    for (guint i = 0; ok && rcpts != NULL && i < rcpts->len; i++) {
        store_bind_text(put, 1, ref->id);
        store_bind_text(put, 2, rcpts->pdata[i]);
        store_bind_int(put, 3, state);
        ok = store_run(put, error);
    }
    return ok;
}

bool quarantine_hold(Quarantine *quarantine, const ArchiveRef *ref, const Envelope *envelope, GPtrArray *held,
                     GPtrArray *pending, const json_t *summary, int64_t now_us, GError **error)
{
    g_autofree char *text = json_dumps(summary, JSON_COMPACT | JSON_SORT_KEYS);
    if (!work_begin(quarantine, error))
        return false;
    bool ok = insert_item(quarantine, ref, envelope, text, now_us, error) &&
              insert_rcpts(quarantine, ref, held, HOLD_HELD, error) &&
              insert_rcpts(quarantine, ref, pending, HOLD_PENDING, error);
    // No event: the decision to hold stands in the record itself.
    return work_end(quarantine, ok, error);
}

bool quarantine_withdraw(Quarantine *quarantine, const char *record, const char *why, int64_t now_us,
                         GError **error)
{
    static const char *const CHANGES[] = {
        "UPDATE rcpt SET state = 5, decided_by = 'chaperone-milter' WHERE record = ? AND state IN (0, 1)",
        "DELETE FROM notice WHERE record = ? AND state = 0",
    };
    if (!work_begin(quarantine, error))
        return false;
    bool ok = true;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(CHANGES); i++) {
        g_autoptr(StoreStmt) set = store_prepare(quarantine->db, CHANGES[i], error);
        ok = set != NULL;
        if (ok) {
            store_bind_text(set, 1, record);
            ok = store_run(set, error);
        }
    }
    ok = ok && work_step(quarantine, record, "chaperone-milter", "not-accepted", why, now_us, error);
    return work_end(quarantine, ok, error);
}
