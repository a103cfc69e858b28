// The register: notices and their texts.
#include "notice/internal.h"

#include <string.h>

#define TEXT_MAX (256 * 1024)

static const char *const MIGRATIONS[] = {
    "CREATE TABLE notice (id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,"
    " sha256 TEXT NOT NULL, effective INT NOT NULL, issued_us INT NOT NULL, who TEXT NOT NULL,"
    " withdrawn TEXT) WITHOUT ROWID;"
    "CREATE TABLE receipt (notice TEXT NOT NULL, person TEXT NOT NULL, address TEXT NOT NULL,"
    " sent_us INT NOT NULL, acknowledged INT NOT NULL, how TEXT NOT NULL, source TEXT NOT NULL,"
    " PRIMARY KEY (notice, person)) WITHOUT ROWID;",
};

NoticeRegister *notice_open(const Config *config, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(config->notice.database);
    g_autoptr(StoreDb) db = file_make_dirs(dir, 0750, error)
                                ? store_open(config->notice.database, STORE_WRITE, 10000, error)
                                : NULL;
    if (db == NULL || !store_migrate(db, MIGRATIONS, G_N_ELEMENTS(MIGRATIONS), error) ||
        !file_adopt(config->notice.database, error))
        return NULL;
    NoticeRegister *notices = g_new0(NoticeRegister, 1);
    notices->config = config;
    notices->db = g_steal_pointer(&db);
    return notices;
}

void notice_close(NoticeRegister **notices)
{
    if (*notices == NULL)
        return;
    store_close(&(*notices)->db);
    g_clear_pointer(notices, g_free);
}

void notice_free(Notice *notice)
{
    if (notice == NULL)
        return;
    g_free(notice->id);
    g_free(notice->kind);
    g_free(notice->title);
    g_free(notice->text);
    g_free(notice->sha256);
    g_free(notice->who);
    g_free(notice->withdrawn);
    g_free(notice);
}

static void free_notice(gpointer notice)
{
    notice_free(notice);
}

// ---- issuing ---------------------------------------------------------------------------------------------

static bool issue_put(NoticeRegister *notices, const Notice *notice, GError **error)
{
    g_autoptr(StoreStmt) put = store_prepare(notices->db,
                                             "INSERT INTO notice(id, kind, title, text, sha256, effective, "
                                             "issued_us, who) VALUES(?,?,?,?,?,?,?,?)",
                                             error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, notice->id);
    store_bind_text(put, 2, notice->kind);
    store_bind_text(put, 3, notice->title);
    store_bind_text(put, 4, notice->text);
    store_bind_text(put, 5, notice->sha256);
    store_bind_int(put, 6, notice->effective);
    store_bind_int(put, 7, notice->issued_us);
    store_bind_text(put, 8, notice->who);
    return store_run(put, error);
}

bool notice_issue(NoticeRegister *notices, const char *kind, const char *title, const char *text,
                  int effective, const char *who, int64_t now_us, char out_id[ULID_LEN + 1], GError **error)
{
    gsize len = strlen(text);
    if (len == 0 || len > TEXT_MAX || *title == '\0' || !g_utf8_validate(text, -1, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "notice \"%s\": a notice has a subject and 1 to %d bytes of text in UTF-8", kind,
                    TEXT_MAX);
        return false;
    }
    if (!ulid_new(now_us, out_id, error))
        return false;
    g_autofree char *sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    const Notice notice = {.id = out_id,
                           .kind = (char *)kind,
                           .title = (char *)title,
                           .text = (char *)text,
                           .sha256 = sha256,
                           .effective = effective,
                           .issued_us = now_us,
                           .who = (char *)who};
    json_t *detail = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s}", "notice", out_id, "kind", kind, "title",
                               title, "sha256", sha256, "effective", effective, "text", text);
    // The event first: a crash behind it tells of a notice that nobody was sent, never the other way round.
    bool ok = archive_event_once(notices->config, "notice-issued", who, NULL, detail, now_us, error) &&
              issue_put(notices, &notice, error);
    json_decref(detail);
    return ok;
}

bool notice_withdraw(NoticeRegister *notices, const char *id, const char *who, const char *why,
                     int64_t now_us, GError **error)
{
    g_autoptr(Notice) notice = notice_get(notices, id, error);
    if (notice == NULL)
        return false;
    if (notice->withdrawn != NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "notice %s was withdrawn %s", notice->id,
                    notice->withdrawn);
        return false;
    }
    g_autofree char *when = clock_format_local(now_us, notices->config->district.timezone);
    g_autofree char *words = g_strdup_printf("%s by %s: %s", when, who, why);
    json_t *detail = json_pack("{s:s, s:s, s:s}", "notice", notice->id, "sha256", notice->sha256, "why", why);
    g_autoptr(StoreStmt) set =
        store_prepare(notices->db, "UPDATE notice SET withdrawn = ?2 WHERE id = ?1", error);
    bool ok = set != NULL &&
              archive_event_once(notices->config, "notice-withdrawn", who, NULL, detail, now_us, error);
    if (ok) {
        store_bind_text(set, 1, notice->id);
        store_bind_text(set, 2, words);
        ok = store_run(set, error);
    }
    json_decref(detail);
    return ok;
}

// ---- reading ---------------------------------------------------------------------------------------------

#define COLUMNS                                                                                              \
    "n.id, n.kind, n.title, n.sha256, n.effective, n.issued_us, n.who, n.withdrawn,"                         \
    " (SELECT count(*) FROM receipt r WHERE r.notice = n.id AND r.sent_us > 0),"                             \
    " (SELECT count(*) FROM receipt r WHERE r.notice = n.id AND r.acknowledged > 0)"

static Notice *notice_of(StoreStmt *row)
{
    Notice *notice = g_new0(Notice, 1);
    notice->id = g_strdup(store_text(row, 0));
    notice->kind = g_strdup(store_text(row, 1));
    notice->title = g_strdup(store_text(row, 2));
    notice->sha256 = g_strdup(store_text(row, 3));
    notice->effective = (int)store_int(row, 4);
    notice->issued_us = store_int(row, 5);
    notice->who = g_strdup(store_text(row, 6));
    notice->withdrawn = g_strdup(store_text(row, 7));
    notice->sent = (guint)store_int(row, 8);
    notice->acknowledged = (guint)store_int(row, 9);
    return notice;
}

GPtrArray *notice_list(NoticeRegister *notices, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_notice);
    g_autoptr(StoreStmt) get =
        store_prepare(notices->db, "SELECT " COLUMNS " FROM notice n ORDER BY n.id DESC", error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(list, notice_of(get));
    return step == STORE_DONE ? g_steal_pointer(&list) : NULL;
}

Notice *notice_get(NoticeRegister *notices, const char *id, GError **error)
{
    g_autofree char *upper = g_ascii_strup(id, -1);
    g_autoptr(StoreStmt) get = store_prepare(
        notices->db, "SELECT " COLUMNS ", n.text FROM notice n WHERE n.id >= ?1 AND n.id < ?1 || '~' LIMIT 2",
        error);
    g_autoptr(Notice) notice = NULL;
    StoreStep step = STORE_FAILED;
    guint found = 0;
    if (get != NULL)
        store_bind_text(get, 1, upper);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        if (found++ == 0) {
            notice = notice_of(get);
            notice->text = g_strdup(store_text(get, 10));
        }
    }
    if (step != STORE_DONE)
        return NULL;
    if (found != 1 || *id == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    found == 0 ? "no notice \"%s\"; `chaperone notice list` tells them"
                               : "\"%s\" is the beginning of several notices; give more of it",
                    id);
        return NULL;
    }
    return g_steal_pointer(&notice);
}

bool notice_in_force(const Notice *notice, int today)
{
    return notice->withdrawn == NULL && notice->effective <= today;
}

json_t *notice_stamp(const Config *config, int today, GError **error)
{
    json_t *stamp = json_array();
    if (!g_file_test(config->notice.database, G_FILE_TEST_EXISTS))
        return stamp;
    g_autoptr(NoticeRegister) notices = notice_open(config, error);
    g_autoptr(GPtrArray) list = notices != NULL ? notice_list(notices, error) : NULL;
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const Notice *notice = list->pdata[i];
        if (notice_in_force(notice, today))
            json_array_append_new(stamp, json_pack("{s:s, s:s, s:s}", "id", notice->id, "kind", notice->kind,
                                                   "sha256", notice->sha256));
    }
    if (list == NULL)
        g_clear_pointer(&stamp, json_decref);
    return stamp;
}
