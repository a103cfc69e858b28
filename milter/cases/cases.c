// Cases: opening, listing, extending, closing.
#include "cases/internal.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MOST = 400, WIDTH_USUAL = 6, WIDTH_MOST = 12 };

static const char *const MIGRATIONS[] = {
    "CREATE TABLE matter (id TEXT PRIMARY KEY, title TEXT NOT NULL, requester TEXT NOT NULL, contact TEXT "
    "NOT NULL,"
    " profile TEXT NOT NULL, received INT NOT NULL, extension INT NOT NULL DEFAULT 0, prefix TEXT NOT NULL,"
    " width INT NOT NULL,"
    " who TEXT NOT NULL, opened_us INT NOT NULL, closed_us INT NOT NULL DEFAULT 0, outcome TEXT) WITHOUT "
    "ROWID;"
    "CREATE TABLE search (id INTEGER PRIMARY KEY, matter TEXT NOT NULL, query TEXT NOT NULL, who TEXT NOT "
    "NULL,"
    " time_us INT NOT NULL, total INT NOT NULL, added INT NOT NULL, indexed INT NOT NULL, archived INT NOT "
    "NULL,"
    " unsearchable INT NOT NULL, through_us INT NOT NULL, envelope INT NOT NULL, items TEXT NOT NULL);"
    "CREATE TABLE record (matter TEXT NOT NULL, record TEXT NOT NULL, received_us INT NOT NULL, sender TEXT "
    "NOT NULL,"
    " subject TEXT NOT NULL, thread TEXT NOT NULL, grp TEXT NOT NULL, exact INT NOT NULL, text_hash TEXT NOT "
    "NULL,"
    " near BLOB, what INT NOT NULL DEFAULT 0, code TEXT, why TEXT, who TEXT, disputed INT NOT NULL "
    "DEFAULT 0,"
    " custodian TEXT, number INT NOT NULL DEFAULT 0, redactions TEXT, PRIMARY KEY (matter, record)) WITHOUT "
    "ROWID;"
    "CREATE INDEX record_order ON record (matter, received_us, record);"
    "CREATE INDEX record_group ON record (matter, grp);"
    "CREATE INDEX record_thread ON record (matter, thread);"
    "CREATE INDEX record_text ON record (matter, text_hash);"
    // Hashes that others find a record's conversation by (belong.c).
    "CREATE TABLE reference (matter TEXT NOT NULL, hash TEXT NOT NULL, record TEXT NOT NULL,"
    " PRIMARY KEY (matter, hash, record)) WITHOUT ROWID;"
    // What near duplicates nearly always share one of.
    "CREATE TABLE band (matter TEXT NOT NULL, band INT NOT NULL, record TEXT NOT NULL,"
    " PRIMARY KEY (matter, band, record)) WITHOUT ROWID;"
    "CREATE TABLE decision (id INTEGER PRIMARY KEY, matter TEXT NOT NULL, record TEXT NOT NULL, what INT NOT "
    "NULL,"
    " code TEXT, why TEXT, who TEXT NOT NULL, time_us INT NOT NULL);"
    "CREATE INDEX decision_record ON decision (matter, record);"
    "CREATE TABLE fee (id INTEGER PRIMARY KEY, matter TEXT NOT NULL, what TEXT NOT NULL, milli INT NOT NULL,"
    " cents INT NOT NULL, who TEXT NOT NULL, time_us INT NOT NULL);"
    "CREATE TABLE letter (id INTEGER PRIMARY KEY, matter TEXT NOT NULL, template TEXT NOT NULL, subject TEXT "
    "NOT NULL,"
    " text TEXT NOT NULL, recipient TEXT, who TEXT NOT NULL, time_us INT NOT NULL);"
    "CREATE TABLE production (id INTEGER PRIMARY KEY, matter TEXT NOT NULL, who TEXT NOT NULL, time_us INT "
    "NOT NULL, full INT NOT NULL, redacted INT NOT NULL, withheld INT NOT NULL, manifest TEXT NOT NULL);",
    // Counting what was decided reads no record.
    "CREATE INDEX record_what ON record (matter, what, received_us, record);"
    "CREATE INDEX record_what_thread ON record (matter, what, thread, received_us, record);"
    "CREATE INDEX record_disputed ON record (matter) WHERE disputed;"
    "DROP INDEX record_thread;"
    "CREATE INDEX record_conversation ON record (matter, thread, received_us, record);"
    // Where it stands, as far as it is known.
    "ALTER TABLE record ADD COLUMN segment TEXT;"
    "ALTER TABLE record ADD COLUMN byte INT NOT NULL DEFAULT 0;"
    "ALTER TABLE record ADD COLUMN bytes INT NOT NULL DEFAULT 0;",
};

Cases *cases_open(const Config *config, GError **error)
{
    const char *path = config->cases.database;
    g_autofree char *dir = g_path_get_dirname(path);
    g_autoptr(StoreDb) db =
        file_make_dirs(dir, 0750, error) ? store_open(path, STORE_WRITE, 10000, error) : NULL;
    if (db == NULL || !store_migrate(db, MIGRATIONS, G_N_ELEMENTS(MIGRATIONS), error) ||
        !file_adopt(path, error))
        return NULL;
    Cases *cases = g_new0(Cases, 1);
    cases->config = config;
    cases->db = g_steal_pointer(&db);
    return cases;
}

void cases_close(Cases **cases)
{
    if (*cases == NULL)
        return;
    store_close(&(*cases)->db);
    g_clear_pointer(cases, g_free);
}

void case_free(Case *one)
{
    if (one == NULL)
        return;
    g_free(one->id);
    g_free(one->title);
    g_free(one->requester);
    g_free(one->contact);
    g_free(one->profile);
    g_free(one->prefix);
    g_free(one->who);
    g_free(one->outcome);
    g_free(one);
}

StoreStmt *cases_prepare(Cases *cases, GError **error, const char *sql, ...)
{
    StoreStmt *stmt = store_prepare(cases->db, sql, error);
    va_list texts;
    va_start(texts, sql);
    const char *text;
    for (int i = 1; stmt != NULL && (text = va_arg(texts, const char *)) != NULL; i++)
        store_bind_text(stmt, i, text);
    va_end(texts);
    return stmt;
}

bool cases_event(Cases *cases, const char *event, const char *id, const char *record, json_t *detail,
                 const char *who, int64_t now_us, GError **error)
{
    json_object_set_new(detail, "case", json_string(id));
    bool ok = archive_event_once(cases->config, event, who, record, detail, now_us, error);
    json_decref(detail);
    return ok;
}

static bool cases_change(Cases *cases, bool closed_too, const char *event, const char *id, const char *record,
                         json_t *detail, StoreStmt *change, const char *who, int64_t now_us, GError **error)
{
    if (change == NULL || !store_begin(cases->db, error)) {
        json_decref(detail);
        return false;
    }
    // What another has done since the caller looked counts.
    bool usable = closed_too || cases_is_open(cases, id, error);
    if (!usable)
        json_decref(detail);
    bool ok = usable && cases_event(cases, event, id, record, detail, who, now_us, error) &&
              store_run(change, error) && store_commit(cases->db, error);
    if (!ok)
        store_rollback(cases->db);
    return ok;
}

bool cases_step(Cases *cases, const char *event, const char *id, const char *record, json_t *detail,
                StoreStmt *change, const char *who, int64_t now_us, GError **error)
{
    return cases_change(cases, false, event, id, record, detail, change, who, now_us, error);
}

bool cases_note(Cases *cases, const char *event, const char *id, json_t *detail, StoreStmt *change,
                const char *who, int64_t now_us, GError **error)
{
    return cases_change(cases, true, event, id, NULL, detail, change, who, now_us, error);
}

bool cases_freeze(Cases *cases, GError **error)
{
    return store_begin(cases->db, error);
}

void cases_thaw(Cases *cases)
{
    store_rollback(cases->db);
}

GHashTable *case_wanted(Cases *cases, GError **error)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(StoreStmt) get = store_prepare(
        cases->db,
        "SELECT r.record, r.matter FROM record r JOIN matter m ON m.id = r.matter WHERE m.closed_us = 0",
        error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_hash_table_replace(wanted, g_strdup(store_text(get, 0)), g_strdup(store_text(get, 1)));
    return step == STORE_DONE ? g_steal_pointer(&wanted) : NULL;
}

// ---- opening ---------------------------------------------------------------------------------------------

// "2026-017": the year it was received in, and a number.
static char *next_id(Cases *cases, int received, GError **error)
{
    g_autofree char *from = g_strdup_printf("%04d-", received / 10000);
    g_autofree char *until = g_strdup_printf("%04d.", received / 10000);
    g_autoptr(StoreStmt) get = cases_prepare(
        cases, error,
        "SELECT coalesce(max(CAST(substr(id, 6) AS INT)), 0) + 1 FROM matter WHERE id > ? AND id < ?", from,
        until, NULL);
    if (get == NULL || store_step(get, error) != STORE_ROW)
        return NULL;
    return g_strdup_printf("%s%03d", from, (int)store_int(get, 0));
}

// One line that a letter can bear. NULL counts as "".
static bool is_line(const char *text, bool wanted)
{
    gsize len = text != NULL ? strlen(text) : 0;
    bool line = len <= LINE_MOST && (len > 0 || !wanted) && (len == 0 || g_utf8_validate(text, -1, NULL));
    for (gsize i = 0; line && i < len; i++)
        line = (guchar)text[i] >= 0x20 && text[i] != 0x7f;
    return line;
}

static bool is_prefix(const char *prefix)
{
    gsize len = strlen(prefix);
    bool good = len > 0 && len <= 24;
    for (const char *p = prefix; good && *p != '\0'; p++)
        good = g_ascii_isalnum(*p) || *p == '-' || *p == '_';
    return good;
}

static bool new_check(const Case *from, GError **error)
{
    if (!is_line(from->title, true) || !is_line(from->requester, true) || !is_line(from->contact, false))
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "a case wants a title and a requester; they and the contact are a line of %d bytes at most",
            LINE_MOST);
    else if (from->received == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "a case wants the day its request was received");
    else if (from->prefix != NULL && !is_prefix(from->prefix))
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "prefix \"%s\": letters, figures, \"-\" and \"_\", at most 24", from->prefix);
    else if (from->width < 0 || from->width > WIDTH_MOST)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "numbers have %d figures at most", WIDTH_MOST);
    else
        return true;
    return false;
}

// A number is one record's, in all cases.
static bool prefix_free(Cases *cases, const char *prefix, GError **error)
{
    g_autoptr(StoreStmt) get = cases_prepare(
        cases, error, "SELECT id FROM matter WHERE prefix = ? COLLATE NOCASE LIMIT 1", prefix, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    if (step == STORE_ROW)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "prefix \"%s\": the records of case %s have it; choose another", prefix,
                    store_text(get, 0));
    return step == STORE_DONE;
}

static bool new_put(Cases *cases, const Case *from, const char *id, const char *who, int64_t now_us,
                    GError **error)
{
    g_autofree char *prefix = from->prefix != NULL ? g_strdup(from->prefix) : g_strconcat(id, "-", NULL);
    g_autoptr(StoreStmt) put = cases_prepare(
        cases, error,
        "INSERT INTO matter(id, title, requester, contact, profile, prefix, who, received, opened_us, width)"
        " VALUES(?,?,?,?,?,?,?,?,?,?)",
        id, from->title, from->requester, from->contact != NULL ? from->contact : "", from->profile, prefix,
        who, NULL);
    if (put == NULL || !prefix_free(cases, prefix, error))
        return false;
    store_bind_int(put, 8, from->received);
    store_bind_int(put, 9, now_us);
    store_bind_int(put, 10, from->width > 0 ? from->width : WIDTH_USUAL);
    return store_run(put, error);
}

char *case_new(Cases *cases, const Case *from, const char *who, int64_t now_us, GError **error)
{
    if (!new_check(from, error) || !store_begin(cases->db, error))
        return NULL;
    g_autofree char *id = next_id(cases, from->received, error);
    bool ok = id != NULL && new_put(cases, from, id, who, now_us, error) &&
              cases_event(cases, "case-opened", id, NULL,
                          json_pack("{s:s, s:s, s:s, s:i}", "title", from->title, "requester",
                                    from->requester, "profile", from->profile, "received", from->received),
                          who, now_us, error) &&
              store_commit(cases->db, error);
    if (!ok)
        store_rollback(cases->db);
    return ok ? g_steal_pointer(&id) : NULL;
}

// ---- reading ---------------------------------------------------------------------------------------------

#define COUNT(condition) "(SELECT count(*) FROM record r WHERE r.matter = m.id AND " condition ")"
#define COLUMNS                                                                                              \
    "m.id, m.title, m.requester, m.contact, m.profile, m.received, m.extension, m.prefix, m.who, "           \
    "m.opened_us, m.closed_us, m.outcome, m.width, " COUNT("disputed") ", " COUNT("what = 0") ", " COUNT(    \
        "what = 1") ", " COUNT("what = 4") ", " COUNT("what = 3") ", " COUNT("what = 2")

static Case *case_of(StoreStmt *row)
{
    Case *one = g_new0(Case, 1);
    *one = (Case){.id = g_strdup(store_text(row, 0)),
                  .title = g_strdup(store_text(row, 1)),
                  .requester = g_strdup(store_text(row, 2)),
                  .contact = g_strdup(store_text(row, 3)),
                  .profile = g_strdup(store_text(row, 4)),
                  .received = (int)store_int(row, 5),
                  .extension = (int)store_int(row, 6),
                  .prefix = g_strdup(store_text(row, 7)),
                  .who = g_strdup(store_text(row, 8)),
                  .opened_us = store_int(row, 9),
                  .closed_us = store_int(row, 10),
                  .outcome = g_strdup(store_text(row, 11)),
                  .width = (int)store_int(row, 12),
                  .disputed = (guint)store_int(row, 13),
                  .undecided = (guint)store_int(row, 14),
                  .responsive = (guint)store_int(row, 15),
                  .redacted = (guint)store_int(row, 16),
                  .exempt = (guint)store_int(row, 17),
                  .not_responsive = (guint)store_int(row, 18)};
    one->records = one->undecided + one->responsive + one->redacted + one->exempt + one->not_responsive;
    return one;
}

static void free_case(gpointer one)
{
    case_free(one);
}

GPtrArray *case_list(Cases *cases, bool closed_too, GError **error)
{
    return case_page(cases, closed_too, NULL, 0, error);
}

GPtrArray *case_page(Cases *cases, bool closed_too, const char *after, guint most, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_case);
    g_autoptr(StoreStmt) get =
        store_prepare(cases->db,
                      "SELECT " COLUMNS " FROM matter m WHERE (?1 OR m.closed_us = 0) AND (?2 IS NULL OR "
                      "m.id < ?2) ORDER BY m.id DESC LIMIT ?3",
                      error);
    StoreStep step = STORE_FAILED;
    if (get != NULL) {
        store_bind_int(get, 1, closed_too);
        store_bind_text(get, 2, after);
        store_bind_int(get, 3, most > 0 ? (int64_t)most : -1);
    }
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(list, case_of(get));
    return step == STORE_DONE ? g_steal_pointer(&list) : NULL;
}

Case *case_get(Cases *cases, const char *id, GError **error)
{
    g_autoptr(StoreStmt) get =
        cases_prepare(cases, error, "SELECT " COLUMNS " FROM matter m WHERE m.id = ?", id, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "no case \"%s\"; `chaperone case list` tells them",
                    id);
    return step == STORE_ROW ? case_of(get) : NULL;
}

bool cases_is_open(Cases *cases, const char *id, GError **error)
{
    g_autoptr(Case) one = case_get(cases, id, error);
    if (one != NULL && one->closed_us != 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "case %s is closed (%s)", id, one->outcome);
    return one != NULL && one->closed_us == 0;
}

// ---- changing --------------------------------------------------------------------------------------------

bool case_extend(Cases *cases, const CaseClocks *clocks, const char *id, int days, const char *who,
                 const char *why, int64_t now_us, GError **error)
{
    g_autoptr(Case) one = case_get(cases, id, error);
    const CaseProfile *profile = one != NULL ? case_clocks_profile(clocks, one->profile) : NULL;
    int most = profile != NULL ? profile->extension : 0;
    if (one == NULL)
        return false;
    if (days < 1 || days > most - one->extension) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "case %s: its clock allows %d more days in all, and %d were added", id, most,
                    one->extension);
        return false;
    }
    // From what was looked at: two at the same time do not add up to more than is allowed.
    g_autoptr(StoreStmt) set =
        cases_prepare(cases, error, "UPDATE matter SET extension = ?2 WHERE id = ?1", id, NULL);
    if (set != NULL)
        store_bind_int(set, 2, one->extension + days);
    return cases_step(cases, "case-extended", id, NULL, json_pack("{s:i, s:s}", "days", days, "why", why),
                      set, who, now_us, error);
}

bool case_finish(Cases *cases, const char *id, const char *outcome, const char *who, int64_t now_us,
                 GError **error)
{
    g_autoptr(StoreStmt) set = cases_prepare(
        cases, error, "UPDATE matter SET outcome = ?2, closed_us = ?3 WHERE id = ?1", id, outcome, NULL);
    if (set != NULL)
        store_bind_int(set, 3, now_us);
    return cases_step(cases, "case-closed", id, NULL, json_pack("{s:s}", "outcome", outcome), set, who,
                      now_us, error);
}
