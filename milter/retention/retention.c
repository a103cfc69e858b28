// The database, and what all steps share.
#include "retention/internal.h"

#include <stdarg.h>
#include <string.h>

enum { BUSY_MS = 30000 };
#define SCHEDULE_MAX (1024 * 1024)

static const char *const MIGRATIONS[] = {
    // hold.state as in LegalState. hold_seen: review items that made a hold. day.date yyyymmdd. disposal.state as in
    // DisposalState, listed.state as in ListedState. part: a segment's part of a disposal; its event is the announcement.
    "CREATE TABLE hold (id TEXT PRIMARY KEY, matter TEXT NOT NULL, state INT NOT NULL, placed_us INT NOT "
    "NULL,"
    " placed_by TEXT NOT NULL, why TEXT NOT NULL, query TEXT, query_us INT NOT NULL, source TEXT UNIQUE,"
    " asked_by TEXT, asked_us INT, released_by TEXT, released_us INT) WITHOUT ROWID;"
    "CREATE TABLE hold_person (hold TEXT NOT NULL, person TEXT NOT NULL, added_us INT NOT NULL,"
    " PRIMARY KEY (hold, person)) WITHOUT ROWID;"
    "CREATE TABLE hold_address (hold TEXT NOT NULL, address TEXT NOT NULL, added_us INT NOT NULL,"
    " PRIMARY KEY (hold, address)) WITHOUT ROWID;"
    "CREATE TABLE hold_record (hold TEXT NOT NULL, record TEXT NOT NULL, added_us INT NOT NULL,"
    " PRIMARY KEY (hold, record)) WITHOUT ROWID;"
    "CREATE TABLE day (event TEXT NOT NULL, subject TEXT NOT NULL, date INT NOT NULL, who TEXT NOT NULL,"
    " why TEXT NOT NULL, noted_us INT NOT NULL, PRIMARY KEY (event, subject)) WITHOUT ROWID;"
    "CREATE TABLE disposal (id TEXT PRIMARY KEY, state INT NOT NULL, proposed_us INT NOT NULL,"
    " proposed_by TEXT NOT NULL, why TEXT NOT NULL, schedule TEXT NOT NULL, schedule_sha256 TEXT NOT NULL,"
    " list_sha256 TEXT NOT NULL, authorization TEXT, under_hold TEXT NOT NULL, classes TEXT NOT NULL,"
    " indexed INT NOT NULL DEFAULT 0, certificate TEXT) WITHOUT ROWID;"
    "CREATE TABLE approval (disposal TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, when_us INT NOT "
    "NULL,"
    " PRIMARY KEY (disposal, who)) WITHOUT ROWID;"
    "CREATE TABLE listed (disposal TEXT NOT NULL, record TEXT NOT NULL, segment TEXT NOT NULL, byte INT NOT "
    "NULL,"
    " length INT NOT NULL, class TEXT NOT NULL, sent_us INT NOT NULL, due_us INT NOT NULL, size INT NOT NULL,"
    " state INT NOT NULL DEFAULT 0, why TEXT, PRIMARY KEY (disposal, record)) WITHOUT ROWID;"
    "CREATE INDEX listed_segment ON listed (disposal, state, segment);"
    "CREATE INDEX listed_record ON listed (record, state);"
    "CREATE TABLE part (disposal TEXT NOT NULL, segment TEXT NOT NULL, event TEXT NOT NULL, sha256 TEXT NOT "
    "NULL,"
    " size INT NOT NULL, announced INT NOT NULL DEFAULT 0, done INT NOT NULL DEFAULT 0,"
    " PRIMARY KEY (disposal, segment, sha256)) WITHOUT ROWID;",
    // A segment whose records go by their keys stays the same file: its parts are told apart by a mark.
    "ALTER TABLE part RENAME TO part_1;"
    "CREATE TABLE part (disposal TEXT NOT NULL, segment TEXT NOT NULL, event TEXT NOT NULL, sha256 TEXT NOT "
    "NULL,"
    " size INT NOT NULL, announced INT NOT NULL DEFAULT 0, done INT NOT NULL DEFAULT 0, mark TEXT NOT NULL,"
    " keys INT NOT NULL DEFAULT 0, PRIMARY KEY (disposal, segment, mark)) WITHOUT ROWID;"
    "INSERT INTO part SELECT disposal, segment, event, sha256, size, announced, done, sha256, 0 FROM part_1;"
    "DROP TABLE part_1;"};

Retention *retention_open(const Config *config, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(config->retention.database);
    g_autoptr(StoreDb) db = file_make_dirs(dir, 0750, error)
                                ? store_open(config->retention.database, STORE_WRITE, BUSY_MS, error)
                                : NULL;
    if (db == NULL || !store_migrate(db, MIGRATIONS, G_N_ELEMENTS(MIGRATIONS), error) ||
        !file_adopt(config->retention.database, error))
        return NULL;
    Retention *retention = g_new0(Retention, 1);
    retention->config = config_ref((Config *)config);
    retention->db = g_steal_pointer(&db);
    return retention;
}

void retention_close(Retention **retention)
{
    if (*retention == NULL)
        return;
    review_close(&(*retention)->review);
    cases_close(&(*retention)->cases);
    store_close(&(*retention)->db);
    config_unref((Config *)(*retention)->config);
    g_clear_pointer(retention, g_free);
}

Review *retention_review(Retention *retention, GError **error)
{
    if (retention->review == NULL)
        retention->review = review_open(retention->config, error);
    return retention->review;
}

Cases *retention_cases(Retention *retention, GError **error)
{
    if (retention->cases == NULL)
        retention->cases = cases_open(retention->config, error);
    return retention->cases;
}

bool retention_exec(Retention *retention, GError **error, const char *sql, ...)
{
    g_autoptr(StoreStmt) stmt = store_prepare(retention->db, sql, error);
    va_list texts;
    va_start(texts, sql);
    const char *text;
    for (int i = 1; stmt != NULL && (text = va_arg(texts, const char *)) != NULL; i++)
        store_bind_text(stmt, i, text);
    va_end(texts);
    return stmt != NULL && store_run(stmt, error);
}

GPtrArray *retention_texts(Retention *retention, const char *sql, const char *key, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreStmt) stmt = store_prepare(retention->db, sql, error);
    StoreStep step = STORE_FAILED;
    if (stmt != NULL && key != NULL)
        store_bind_text(stmt, 1, key);
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(texts, g_strdup(store_text(stmt, 0)));
    return step == STORE_DONE ? g_steal_pointer(&texts) : NULL;
}

char *retention_whole_id(Retention *retention, const char *table, const char *what, const char *id,
                         GError **error)
{
    g_autofree char *upper = g_ascii_strup(id, -1);
    g_autofree char *sql =
        g_strdup_printf("SELECT id FROM %s WHERE id >= ?1 AND id < ?1 || '~' LIMIT 2", table);
    g_autoptr(GPtrArray) found = retention_texts(retention, sql, upper, error);
    if (found != NULL && (found->len != 1 || *id == '\0')) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    found->len == 0 ? "no %s \"%s\"" : "several %ss begin with \"%s\"; give more of the id",
                    what, id);
        return NULL;
    }
    return found != NULL ? g_strdup(found->pdata[0]) : NULL;
}

bool retention_event(Retention *retention, const char *event, const char *who, const char *record,
                     json_t *detail, int64_t now_us, GError **error)
{
    bool ok = archive_event_once(retention->config, event, who, record, detail, now_us, error);
    json_decref(detail);
    return ok;
}

bool retention_same_person(const char *one, const char *other)
{
    g_autofree char *a = g_utf8_casefold(one, -1), *b = g_utf8_casefold(other, -1);
    return strcmp(g_strstrip(a), g_strstrip(b)) == 0;
}

// ---- days ------------------------------------------------------------------------------------------------

static bool day_put(Retention *retention, const char *event, const char *subject, int date, const char *who,
                    const char *why, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) put =
        store_prepare(retention->db, "INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?, ?, ?)", error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, event);
    store_bind_text(put, 2, subject);
    store_bind_int(put, 3, date);
    store_bind_text(put, 4, who);
    store_bind_text(put, 5, why);
    store_bind_int(put, 6, now_us);
    return store_run(put, error);
}

bool retention_note_day(Retention *retention, const char *event, const char *subject, int date,
                        const char *who, const char *why, int64_t now_us, GError **error)
{
    if (*event == '\0' || *subject == '\0' ||
        !g_date_valid_dmy((GDateDay)(date % 100), (GDateMonth)(date / 100 % 100),
                          (GDateYear)(date / 10000))) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s of \"%s\": wants a person or record and a day",
                    event, subject);
        return false;
    }
    json_t *detail =
        json_pack("{s:s, s:s, s:i, s:s}", "event", event, "subject", subject, "date", date, "why", why);
    bool ok = store_begin(retention->db, error);
    if (!ok)
        json_decref(detail);
    ok = ok && retention_event(retention, "retention-day", who, NULL, detail, now_us, error) &&
         day_put(retention, event, subject, date, who, why, now_us, error) &&
         store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    return ok;
}

Tri retention_day(Retention *retention, const char *event, const GPtrArray *subjects, int *out_date,
                  GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(retention->db, "SELECT date FROM day WHERE event = ? AND subject = ?", error);
    StoreStep step = get != NULL ? STORE_DONE : STORE_FAILED;
    *out_date = 0;
    for (guint i = 0; step != STORE_FAILED && i < subjects->len; i++) {
        store_bind_text(get, 1, event);
        store_bind_text(get, 2, subjects->pdata[i]);
        step = store_step(get, error);
        if (step == STORE_ROW)
            *out_date = MAX(*out_date, (int)store_int(get, 0));
        store_reset(get);
    }
    return step == STORE_FAILED ? TRI_UNKNOWN : *out_date != 0 ? TRI_YES : TRI_NO;
}

// ---- the schedule in force -------------------------------------------------------------------------------

static bool schedule_keep(const RetentionSchedule *schedule, const char *to, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(to);
    g_autoptr(GBytes) bytes = file_read(schedule->path, SCHEDULE_MAX, error);
    gsize len = 0;
    const void *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    g_autofree char *sha256 = data != NULL ? sha256_hex(data, len) : NULL;
    if (data != NULL && strcmp(sha256, schedule->sha256) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: changed while it was read; try again",
                    schedule->path);
        return false;
    }
    return data != NULL && file_make_dirs(dir, 0750, error) &&
           file_write_atomic(to, data, len, 0640, error) && file_adopt(to, error);
}

// Under the database's lock: of two that note it at once, one does.
static bool schedule_note(Retention *retention, const RetentionSchedule *schedule, const char *who,
                          int64_t now_us, GError **error)
{
    g_autofree char *dir = g_build_filename(retention->config->archive.dir, "retention", NULL);
    g_autofree char *current = g_build_filename(dir, "current", NULL);
    g_autofree char *name = g_strconcat(schedule->sha256, ".conf", NULL);
    g_autofree char *kept = g_build_filename(dir, name, NULL);
    g_autoptr(GBytes) bytes = file_read(current, 128, NULL);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    g_autofree char *last = data != NULL ? g_strstrip(g_strndup(data, len)) : NULL;
    if (g_strcmp0(last, schedule->sha256) == 0)
        return true;
    json_t *detail = json_pack("{s:s, s:s, s:s, s:s, s:b, s:s*}", "name", schedule->name, "version",
                               schedule->version, "sha256", schedule->sha256, "adopted", schedule->adopted,
                               "template", schedule->template, "before", last);
    g_autofree char *line = g_strconcat(schedule->sha256, "\n", NULL);
    bool ok = schedule_keep(schedule, kept, error);
    if (!ok)
        json_decref(detail);
    return ok && retention_event(retention, "retention-schedule", who, NULL, detail, now_us, error) &&
           file_write_atomic(current, line, strlen(line), 0640, error) && file_adopt(current, error);
}

RetentionSchedule *retention_schedule(Retention *retention, const char *who, int64_t now_us, GError **error)
{
    const char *path = retention->config->retention.schedule;
    if (*path == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "retention.schedule is not set: everything is kept; see chaperone-retention(5)");
        return NULL;
    }
    g_autoptr(RetentionSchedule) schedule = retention_schedule_load(path, error);
    if (schedule == NULL || !store_begin(retention->db, error))
        return NULL;
    bool ok = schedule_note(retention, schedule, who, now_us, error);
    store_rollback(retention->db);
    return ok ? g_steal_pointer(&schedule) : NULL;
}
