// Sessions. The cookie holds a secret; what is kept is its hash, which is the session's id.
#include "accounts/internal.h"

#include <string.h>

// Writing down that somebody is there once in a while is enough.
#define SEEN_EVERY_US (60 * G_USEC_PER_SEC)

void account_session_free(AccountSession *session)
{
    if (session == NULL)
        return;
    g_free(session->id);
    g_free(session->how);
    user_free(session->user);
    g_free(session);
}

char *session_begin(Accounts *accounts, const char *name, SessionStage stage, const char *how, int64_t now_us,
                    GError **error)
{
    g_autofree char *cookie = secret_new(), *csrf = secret_new(), *id = secret_hash(cookie);
    g_autoptr(StoreStmt) stmt = store_prepare(
        accounts->db,
        "INSERT INTO session(id, name, stage, csrf, begun, seen, how) VALUES(?1, ?2, ?3, ?4, ?5, ?5, ?6)",
        error);
    if (stmt == NULL)
        return NULL;
    store_bind_text(stmt, 1, id);
    store_bind_text(stmt, 2, name);
    store_bind_int(stmt, 3, stage);
    store_bind_text(stmt, 4, csrf);
    store_bind_int(stmt, 5, now_us);
    store_bind_text(stmt, 6, how);
    return store_run(stmt, error) ? g_steal_pointer(&cookie) : NULL;
}

static bool is_over(const Accounts *accounts, int64_t begun_us, int64_t seen_us, int64_t now_us)
{
    const ConfigConsole *console = &accounts->config->console;
    return now_us - begun_us > console->session_hours * 3600LL * G_USEC_PER_SEC ||
           now_us - seen_us > console->idle_minutes * 60LL * G_USEC_PER_SEC;
}

static bool seen(Accounts *accounts, const AccountSession *session, int64_t now_us, GError **error)
{
    if (now_us - session->seen_us < SEEN_EVERY_US)
        return true;
    g_autoptr(StoreStmt) stmt =
        store_prepare(accounts->db, "UPDATE session SET seen = ?2 WHERE id = ?1", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, session->id);
    store_bind_int(stmt, 2, now_us);
    return store_run(stmt, error);
}

// TRI_YES with `session` filled and its account's name in `*out_name`.
static Tri look_up(Accounts *accounts, AccountSession *session, int64_t now_us, char **out_name,
                   GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(
        accounts->db, "SELECT name, stage, csrf, begun, seen, how FROM session WHERE id = ?1", error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_text(stmt, 1, session->id);
    StoreStep step = store_step(stmt, error);
    if (step != STORE_ROW)
        return step == STORE_DONE ? TRI_NO : TRI_UNKNOWN;
    session->stage = (SessionStage)store_int(stmt, 1);
    g_strlcpy(session->csrf, store_text(stmt, 2), sizeof session->csrf);
    session->begun_us = store_int(stmt, 3);
    session->seen_us = store_int(stmt, 4);
    session->how = g_strdup(store_text(stmt, 5));
    *out_name = g_strdup(store_text(stmt, 0));
    return is_over(accounts, session->begun_us, session->seen_us, now_us) ? TRI_NO : TRI_YES;
}

Tri accounts_session(Accounts *accounts, const char *cookie, int64_t now_us, AccountSession **out,
                     GError **error)
{
    g_autoptr(AccountSession) session = g_new0(AccountSession, 1);
    g_autofree char *name = NULL;
    *out = NULL;
    session->id = secret_hash(cookie);
    Tri found = look_up(accounts, session, now_us, &name, error);
    if (found == TRI_YES)
        found = accounts_find(accounts, name, &session->user, error);
    if (found == TRI_YES && session->user->disabled)
        found = TRI_NO;
    if (found == TRI_YES && !grants_add(accounts, session->user, now_us, error))
        found = TRI_UNKNOWN;
    if (found == TRI_YES && !seen(accounts, session, now_us, error))
        found = TRI_UNKNOWN;
    if (found == TRI_YES)
        *out = g_steal_pointer(&session);
    return found;
}

static bool run_on(Accounts *accounts, const char *sql, const char *one, const char *two, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(accounts->db, sql, error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, one);
    if (two != NULL)
        store_bind_text(stmt, 2, two);
    return store_run(stmt, error);
}

bool accounts_session_whole(Accounts *accounts, const char *id, GError **error)
{
    return run_on(accounts, "UPDATE session SET stage = 0 WHERE id = ?1 AND stage = 2", id, NULL, error);
}

bool accounts_session_end(Accounts *accounts, const char *id, const char *who, int64_t now_us, GError **error)
{
    if (!store_begin(accounts->db, error))
        return false;
    bool ok = run_on(accounts, "DELETE FROM session WHERE id = ?1", id, NULL, error) &&
              accounts_event(accounts, "signed-out", who, NULL, who, now_us, error);
    return accounts_finish(accounts, ok, error);
}

bool accounts_sessions_end(Accounts *accounts, const char *name, const char *keep, GError **error)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    return run_on(accounts, "DELETE FROM session WHERE name = ?1 AND id != ?2", lower,
                  keep != NULL ? keep : "", error);
}

int64_t accounts_sweep(Accounts *accounts, int64_t now_us, GError **error)
{
    const ConfigConsole *console = &accounts->config->console;
    g_autoptr(StoreStmt) stmt =
        store_prepare(accounts->db, "DELETE FROM session WHERE begun < ?1 OR seen < ?2", error);
    g_autoptr(StoreStmt) links = store_prepare(accounts->db, "DELETE FROM link WHERE until < ?1", error);
    if (stmt == NULL || links == NULL)
        return -1;
    store_bind_int(stmt, 1, now_us - console->session_hours * 3600LL * G_USEC_PER_SEC);
    store_bind_int(stmt, 2, now_us - console->idle_minutes * 60LL * G_USEC_PER_SEC);
    store_bind_int(links, 1, now_us);
    if (!store_run(stmt, error))
        return -1;
    int64_t count = store_changes(accounts->db);
    return store_run(links, error) ? count : -1;
}
