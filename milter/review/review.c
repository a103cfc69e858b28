#include "review/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const MIGRATIONS[] = {
    // state: 0 open, 1 claimed, 2 closed. search: 1 = the reported message is still looked for.
    "CREATE TABLE item(id TEXT PRIMARY KEY, kind INTEGER NOT NULL, state INTEGER NOT NULL, key TEXT NOT NULL,"
    "  title TEXT NOT NULL, summary TEXT NOT NULL, opened_us INTEGER NOT NULL, due_us INTEGER NOT NULL,"
    "  closed_us INTEGER, claimed_by TEXT, told TEXT, legal_hold INTEGER NOT NULL, search INTEGER NOT NULL,"
    "  reminded INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX item_key ON item(key);"
    "CREATE INDEX item_due ON item(due_us) WHERE state < 2;"
    "CREATE INDEX item_search ON item(opened_us) WHERE search = 1;"
    "CREATE TABLE link(item TEXT NOT NULL REFERENCES item(id), record TEXT NOT NULL, why TEXT,"
    "  PRIMARY KEY(item, record)) WITHOUT ROWID;"
    "CREATE INDEX link_record ON link(record);"
    "CREATE TABLE party(item TEXT NOT NULL REFERENCES item(id), address TEXT NOT NULL, person TEXT, role "
    "TEXT,"
    "  role_as TEXT NOT NULL, PRIMARY KEY(item, address, role_as)) WITHOUT ROWID;"
    "CREATE TABLE contact(item TEXT NOT NULL REFERENCES item(id), address TEXT NOT NULL,"
    "  PRIMARY KEY(item, address)) WITHOUT ROWID;"
    "CREATE TABLE step(id INTEGER PRIMARY KEY, item TEXT NOT NULL REFERENCES item(id), when_us INTEGER NOT "
    "NULL,"
    "  who TEXT NOT NULL, step TEXT NOT NULL, why TEXT);"
    "CREATE INDEX step_item ON step(item);"
    "CREATE TABLE outbox(id INTEGER PRIMARY KEY, event TEXT NOT NULL, who TEXT NOT NULL, record TEXT,"
    "  detail TEXT, when_us INTEGER NOT NULL);"
    // state: 0 waiting, 1 sent, 2 given up
    "CREATE TABLE mail(id INTEGER PRIMARY KEY, item TEXT NOT NULL REFERENCES item(id), rcpt TEXT NOT NULL,"
    "  body TEXT NOT NULL, due_us INTEGER NOT NULL, tries INTEGER NOT NULL, state INTEGER NOT NULL);"
    "CREATE INDEX mail_due ON mail(due_us) WHERE state = 0;"
    "CREATE TABLE place(series TEXT PRIMARY KEY, segment TEXT, offset INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE fact(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE person(id INTEGER PRIMARY KEY, person TEXT NOT NULL UNIQUE, address TEXT NOT NULL);"
    "CREATE TABLE pair(staff INTEGER NOT NULL, student INTEGER NOT NULL, day INTEGER NOT NULL,"
    "  one_to_one INTEGER NOT NULL, late INTEGER NOT NULL, image_only INTEGER NOT NULL, near_miss INTEGER "
    "NOT NULL,"
    "  by_staff INTEGER NOT NULL, PRIMARY KEY(staff, student, day)) WITHOUT ROWID;"
    "CREATE INDEX pair_day ON pair(day);",
    // informed: its reviewers are, or its contacts.
    "ALTER TABLE item ADD COLUMN informed INTEGER NOT NULL DEFAULT 1;"
    "CREATE INDEX item_informed ON item(id) WHERE informed = 0;"
    "ALTER TABLE mail ADD COLUMN created_us INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX mail_rcpt ON mail(rcpt, created_us);",
    "CREATE INDEX item_kept ON item(id) WHERE legal_hold = 1;"
    "CREATE INDEX item_claimed ON item(claimed_by, due_us) WHERE state < 2;",
};

const char *review_kind_name(ReviewKind kind)
{
    static const char *const NAMES[REVIEW_LAST] = {"alert", "pattern", "concern", "escalation"};
    return kind < REVIEW_LAST ? NAMES[kind] : "?";
}

const char *review_state_name(ReviewState state)
{
    static const char *const NAMES[REVIEW_STATES] = {"open", "claimed", "closed"};
    return state < REVIEW_STATES ? NAMES[state] : "?";
}

static int outbox_open(const Config *config, GError **error)
{
    g_autofree char *path = g_strconcat(config->review.database, ".outbox", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: %s", path, g_strerror(errno));
    else if (!file_adopt(path, error))
        (void)file_close(&fd, path, NULL);
    return fd;
}

Review *review_open(const Config *config, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(config->review.database);
    if (!file_make_dirs(dir, 0750, error))
        return NULL;
    g_autoptr(StoreDb) db = store_open(config->review.database, STORE_WRITE, 10000, error);
    if (db == NULL || !store_migrate(db, MIGRATIONS, (int)G_N_ELEMENTS(MIGRATIONS), error) ||
        !file_adopt(config->review.database, error))
        return NULL;
    int outbox_fd = outbox_open(config, error);
    if (outbox_fd < 0)
        return NULL;
    Review *review = g_new0(Review, 1);
    review->outbox_fd = outbox_fd;
    review->db = g_steal_pointer(&db);
    review->config = config_ref((Config *)config);
    return review;
}

void review_close(Review **review)
{
    if (review == NULL || *review == NULL)
        return;
    store_close(&(*review)->db);
    close((*review)->outbox_fd); // nothing is written to it
    config_unref((*review)->config);
    g_clear_pointer(review, g_free);
}

bool review_freeze(Review *review, GError **error)
{
    return store_begin(review->db, error);
}

void review_thaw(Review *review)
{
    store_rollback(review->db);
}

// ---- statements ------------------------------------------------------------------------------------------

static StoreStmt *prepare(Review *review, GError **error, const char *sql, va_list texts)
{
    StoreStmt *stmt = store_prepare(review->db, sql, error);
    const char *text;
    for (int i = 1; stmt != NULL && (text = va_arg(texts, const char *)) != NULL; i++)
        store_bind_text(stmt, i, text);
    return stmt;
}

StoreStmt *review_prepare(Review *review, GError **error, const char *sql, ...)
{
    va_list texts;
    va_start(texts, sql);
    StoreStmt *stmt = prepare(review, error, sql, texts);
    va_end(texts);
    return stmt;
}

bool review_exec(Review *review, GError **error, const char *sql, ...)
{
    va_list texts;
    va_start(texts, sql);
    g_autoptr(StoreStmt) stmt = prepare(review, error, sql, texts);
    va_end(texts);
    return stmt != NULL && store_run(stmt, error);
}

// ---- the outbox ------------------------------------------------------------------------------------------

typedef struct {
    int64_t id, when_us;
    char *event, *who, *record, *detail;
} OutboxRow;

static void outbox_row_clear(OutboxRow *row)
{
    g_free(row->event);
    g_free(row->who);
    g_free(row->record);
    g_free(row->detail);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OutboxRow, outbox_row_clear)

static StoreStep outbox_first(Review *review, OutboxRow *row, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        review->db, "SELECT id, when_us, event, who, record, detail FROM outbox ORDER BY id LIMIT 1", error);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    if (step == STORE_ROW)
        *row = (OutboxRow){.id = store_int(get, 0),
                           .when_us = store_int(get, 1),
                           .event = g_strdup(store_text(get, 2)),
                           .who = g_strdup(store_text(get, 3)),
                           .record = g_strdup(store_text(get, 4)),
                           .detail = g_strdup(store_text(get, 5))};
    return step;
}

static bool outbox_append(Review *review, const OutboxRow *row, GError **error)
{
    json_t *detail = row->detail != NULL ? json_loads(row->detail, 0, NULL) : NULL;
    bool ok =
        archive_event_once(review->config, row->event, row->who, row->record, detail, row->when_us, error);
    json_decref(detail);
    g_autoptr(StoreStmt) del =
        ok ? store_prepare(review->db, "DELETE FROM outbox WHERE id = ?", error) : NULL;
    if (del == NULL)
        return false;
    store_bind_int(del, 1, row->id);
    return store_run(del, error);
}

static bool outbox_send(Review *review, GError **error)
{
    if (flock(review->outbox_fd, LOCK_EX) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "%s.outbox: cannot lock: %s",
                    review->config->review.database, g_strerror(errno));
        return false;
    }
    StoreStep step;
    bool ok = true;
    do {
        g_auto(OutboxRow) row = {0};
        step = outbox_first(review, &row, error);
        ok = step != STORE_FAILED && (step != STORE_ROW || outbox_append(review, &row, error));
    } while (ok && step == STORE_ROW);
    flock(review->outbox_fd, LOCK_UN);
    return ok;
}

// ---- work ------------------------------------------------------------------------------------------------

bool review_work_begin(Review *review, GError **error)
{
    return store_begin(review->db, error);
}

bool review_work_end(Review *review, bool ok, GError **error)
{
    ok = ok && store_commit(review->db, error);
    if (!ok) {
        store_rollback(review->db);
        return false;
    }
    // Done, and the event is safe in the outbox: that the archive cannot take it now undoes nothing.
    g_autoptr(GError) later = NULL;
    if (!outbox_send(review, &later))
        log_warn("event waits in the outbox", "error", later->message);
    return true;
}

bool review_work_step(Review *review, const char *id, const char *who, const char *step, const char *why,
                      int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) put =
        store_prepare(review->db, "INSERT INTO step(item, when_us, who, step, why) VALUES(?,?,?,?,?)", error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, id);
    store_bind_int(put, 2, now_us);
    store_bind_text(put, 3, who);
    store_bind_text(put, 4, step);
    store_bind_text(put, 5, why);
    g_autofree char *event = g_strconcat("review-", step, NULL);
    return store_run(put, error) &&
           review_work_event(review, event, who, NULL, json_pack("{s:s, s:s?}", "item", id, "why", why),
                             now_us, error);
}

bool review_work_event(Review *review, const char *event, const char *who, const char *record, json_t *detail,
                       int64_t now_us, GError **error)
{
    char *text = detail != NULL ? json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(detail);
    g_autoptr(StoreStmt) put =
        text != NULL
            ? store_prepare(review->db,
                            "INSERT INTO outbox(event, who, record, detail, when_us) VALUES(?,?,?,?,?)",
                            error)
            : NULL;
    if (text == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "event %s cannot be written: text that is not UTF-8",
                    event);
    bool ok = put != NULL;
    if (ok) {
        store_bind_text(put, 1, event);
        store_bind_text(put, 2, who);
        store_bind_text(put, 3, record);
        store_bind_text(put, 4, text);
        store_bind_int(put, 5, now_us);
        ok = store_run(put, error);
    }
    free(text);
    return ok;
}
