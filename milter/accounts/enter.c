// Signing in. Whatever is wrong, the answer is the same and takes as long; tries are counted before the password is looked at,
// so that many at once count too.
#include "accounts/internal.h"

#include <string.h>

typedef struct {
    char *name, *password, *totp;
    int64_t totp_step, failed, locked_until_us;
    bool disabled;
} Entry;

static void entry_clear(Entry *entry)
{
    g_free(entry->name);
    g_free(entry->password);
    g_free(entry->totp);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Entry, entry_clear)

static Tri entry_read(Accounts *accounts, const char *name, Entry *out, GError **error)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    g_autoptr(StoreStmt) stmt =
        store_prepare(accounts->db,
                      "SELECT name, password, totp, totp_step, failed, locked_until, disabled FROM account"
                      " WHERE name = ?1",
                      error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_text(stmt, 1, lower);
    StoreStep step = store_step(stmt, error);
    if (step == STORE_ROW)
        *out = (Entry){.name = g_strdup(store_text(stmt, 0)),
                       .password = g_strdup(store_text(stmt, 1)),
                       .totp = g_strdup(store_text(stmt, 2)),
                       .totp_step = store_int(stmt, 3),
                       .failed = store_int(stmt, 4),
                       .locked_until_us = store_int(stmt, 5),
                       .disabled = store_int(stmt, 6) != 0};
    return step == STORE_ROW ? TRI_YES : step == STORE_DONE ? TRI_NO : TRI_UNKNOWN;
}

static bool set_tries(Accounts *accounts, const char *name, int64_t failed, int64_t locked_until_us,
                      GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(
        accounts->db, "UPDATE account SET failed = ?2, locked_until = ?3 WHERE name = ?1", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, name);
    store_bind_int(stmt, 2, failed);
    store_bind_int(stmt, 3, locked_until_us);
    return store_run(stmt, error);
}

// One more try at `name` begins. TRI_NO: there is no such account, or none that may try; `entry` is empty then, `*out_name` still
// tells whose it was.
static Tri try_begin(Accounts *accounts, const char *name, int64_t now_us, Entry *entry, char **out_name,
                     GError **error)
{
    const ConfigConsole *console = &accounts->config->console;
    if (!store_begin(accounts->db, error))
        return TRI_UNKNOWN;
    g_auto(Entry) read = {0};
    Tri found = entry_read(accounts, name, &read, error);
    bool may = found == TRI_YES && !read.disabled && read.locked_until_us <= now_us;
    if (may) {
        bool lock = ++read.failed >= console->lock_after;
        found = set_tries(accounts, read.name, lock ? 0 : read.failed,
                          lock ? now_us + console->lock_minutes * 60LL * G_USEC_PER_SEC : 0, error)
                    ? TRI_YES
                    : TRI_UNKNOWN;
    } else if (found == TRI_YES) {
        found = TRI_NO;
    }
    *out_name = g_strdup(read.name);
    if (!accounts_finish(accounts, found != TRI_UNKNOWN, error))
        return TRI_UNKNOWN;
    if (found == TRI_YES) {
        *entry = read;
        read = (Entry){0};
    }
    return found;
}

// What somebody typed as a name may be a password: only names of accounts are told.
static Enter refused(Accounts *accounts, const char *name, const char *how, const char *remote,
                     int64_t now_us, GError **error)
{
    json_t *detail = json_pack("{s:s, s:s}", "how", how, "remote", remote);
    const char *who = name != NULL ? name : "unknown";
    log_warn("sign-in failed", "account", who, "remote", remote, "how", how);
    return accounts_event(accounts, "sign-in-failed", who, detail, who, now_us, error) ? ENTER_REFUSED
                                                                                       : ENTER_FAILED;
}

static bool signed_in(Accounts *accounts, const char *name, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(
        accounts->db, "UPDATE account SET failed = 0, locked_until = 0, last = ?2 WHERE name = ?1", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, name);
    store_bind_int(stmt, 2, now_us);
    return store_run(stmt, error);
}

// A session of `stage`, in one transaction with what tells of it.
static Enter begin(Accounts *accounts, const char *name, SessionStage stage, const char *how,
                   const char *remote, int64_t now_us, char **out_cookie, GError **error)
{
    if (!store_begin(accounts->db, error))
        return ENTER_FAILED;
    json_t *detail = json_pack("{s:s, s:s}", "how", how, "remote", remote);
    bool ok = (*out_cookie = session_begin(accounts, name, stage, how, now_us, error)) != NULL &&
              (stage == SESSION_HALF ||
               (signed_in(accounts, name, now_us, error) &&
                accounts_event(accounts, "signed-in", name, json_incref(detail), name, now_us, error)));
    json_decref(detail);
    if (!accounts_finish(accounts, ok, error)) {
        g_clear_pointer(out_cookie, g_free);
        return ENTER_FAILED;
    }
    return stage == SESSION_HALF ? ENTER_NEEDS_CODE : stage == SESSION_SET_UP ? ENTER_NEEDS_TOTP : ENTER_DONE;
}

static SessionStage stage_of(const Accounts *accounts, const Entry *entry)
{
    return entry->totp != NULL                      ? SESSION_HALF
           : accounts->config->console.require_totp ? SESSION_SET_UP
                                                    : SESSION_WHOLE;
}

// Is it the password of who `may` enter? An account without one of its own is asked of PAM, where that is set; so is a name that is
// none, so that it takes as long.
static Tri password_is(Accounts *accounts, Tri may, const Entry *entry, const char *name,
                       const char *password, const char *remote, GError **error)
{
    const ConfigConsole *console = &accounts->config->console;
    bool fits = password_fits(may == TRI_YES ? entry->password : NULL, password);
    if (may == TRI_UNKNOWN || fits || *console->pam_service == '\0' ||
        (may == TRI_YES && entry->password != NULL))
        return may == TRI_UNKNOWN ? TRI_UNKNOWN : fits ? TRI_YES : TRI_NO;
    Tri known = pam_fits(console, may == TRI_YES ? entry->name : name, password, remote, error);
    return known == TRI_YES && may == TRI_NO ? TRI_NO : known;
}

static const char *how_of(const Entry *entry)
{
    return entry->password != NULL ? "password" : "pam";
}

Enter accounts_enter(Accounts *accounts, const char *name, const char *password, const char *remote,
                     int64_t now_us, char **out_cookie, GError **error)
{
    g_auto(Entry) entry = {0};
    g_autofree char *known = NULL;
    *out_cookie = NULL;
    Tri may = try_begin(accounts, name, now_us, &entry, &known, error);
    Tri fits = password_is(accounts, may, &entry, name, password, remote, error);
    if (fits == TRI_UNKNOWN)
        return ENTER_FAILED;
    return fits == TRI_YES ? begin(accounts, entry.name, stage_of(accounts, &entry), how_of(&entry), remote,
                                   now_us, out_cookie, error)
                           : refused(accounts, known, "password", remote, now_us, error);
}

// A code fits once.
static Tri use_code(Accounts *accounts, const Entry *entry, const char *code, int64_t now_us, GError **error)
{
    int64_t step = 0;
    if (entry->totp == NULL || !accounts_totp_check(entry->totp, code, now_us, &step) ||
        step <= entry->totp_step)
        return TRI_NO;
    g_autoptr(StoreStmt) stmt = store_prepare(
        accounts->db, "UPDATE account SET totp_step = ?2 WHERE name = ?1 AND totp_step < ?2", error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_text(stmt, 1, entry->name);
    store_bind_int(stmt, 2, step);
    return !store_run(stmt, error) ? TRI_UNKNOWN : store_changes(accounts->db) == 1 ? TRI_YES : TRI_NO;
}

static bool drop(Accounts *accounts, const char *id, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(accounts->db, "DELETE FROM session WHERE id = ?1", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, id);
    return store_run(stmt, error);
}

Enter accounts_enter_code(Accounts *accounts, const char *cookie, const char *code, const char *remote,
                          int64_t now_us, char **out_cookie, GError **error)
{
    g_auto(Entry) entry = {0};
    g_autofree char *known = NULL;
    g_autoptr(AccountSession) half = NULL;
    *out_cookie = NULL;
    Tri found = accounts_session(accounts, cookie, now_us, &half, error);
    if (found != TRI_YES || half->stage != SESSION_HALF)
        return found == TRI_UNKNOWN ? ENTER_FAILED : ENTER_REFUSED;
    Tri fits = try_begin(accounts, half->user->name, now_us, &entry, &known, error);
    if (fits == TRI_YES)
        fits = use_code(accounts, &entry, code, now_us, error);
    if (fits == TRI_UNKNOWN || (fits == TRI_YES && !drop(accounts, half->id, error)))
        return ENTER_FAILED;
    return fits == TRI_YES
               ? begin(accounts, entry.name, SESSION_WHOLE, half->how, remote, now_us, out_cookie, error)
               : refused(accounts, known, "code", remote, now_us, error);
}

// The link is void from here on. TRI_YES with its account's name.
static Tri use_link(Accounts *accounts, const char *link, int64_t now_us, char **out_name, GError **error)
{
    g_autofree char *hash = secret_hash(link);
    g_autoptr(StoreStmt) stmt =
        store_prepare(accounts->db, "DELETE FROM link WHERE hash = ?1 RETURNING name, until", error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_text(stmt, 1, hash);
    StoreStep step = store_step(stmt, error);
    bool good = step == STORE_ROW && store_int(stmt, 1) > now_us;
    if (good)
        *out_name = g_strdup(store_text(stmt, 0));
    while (step == STORE_ROW)
        step = store_step(stmt, error);
    return step == STORE_FAILED ? TRI_UNKNOWN : good ? TRI_YES : TRI_NO;
}

Enter accounts_enter_link(Accounts *accounts, const char *link, const char *remote, int64_t now_us,
                          char **out_cookie, GError **error)
{
    g_auto(Entry) entry = {0};
    g_autofree char *name = NULL;
    *out_cookie = NULL;
    Tri good = use_link(accounts, link, now_us, &name, error);
    if (good == TRI_YES)
        good = entry_read(accounts, name, &entry, error);
    if (good == TRI_UNKNOWN)
        return ENTER_FAILED;
    if (good == TRI_NO || entry.disabled)
        return refused(accounts, name, "link", remote, now_us, error);
    return begin(accounts, entry.name, stage_of(accounts, &entry), "link", remote, now_us, out_cookie, error);
}

Enter accounts_enter_trusted(Accounts *accounts, const char *name, const char *remote, int64_t now_us,
                             char **out_cookie, GError **error)
{
    g_auto(Entry) entry = {0};
    *out_cookie = NULL;
    Tri found = entry_read(accounts, name, &entry, error);
    if (found == TRI_UNKNOWN)
        return ENTER_FAILED;
    if (found == TRI_NO || entry.disabled)
        return refused(accounts, entry.name, "proxy", remote, now_us, error);
    return begin(accounts, entry.name, SESSION_WHOLE, "proxy", remote, now_us, out_cookie, error);
}

Tri accounts_password_is(Accounts *accounts, const char *name, const char *password, const char *remote,
                         int64_t now_us, GError **error)
{
    g_auto(Entry) entry = {0};
    g_autofree char *known = NULL;
    Tri may = try_begin(accounts, name, now_us, &entry, &known, error);
    if (may == TRI_YES && entry.password == NULL && *accounts->config->console.pam_service == '\0')
        return set_tries(accounts, entry.name, 0, 0, error) ? TRI_YES : TRI_UNKNOWN;
    Tri fits = password_is(accounts, may, &entry, name, password, remote, error);
    if (fits == TRI_UNKNOWN ||
        (fits == TRI_NO && refused(accounts, known, "old password", remote, now_us, error) == ENTER_FAILED))
        return TRI_UNKNOWN;
    if (fits == TRI_YES && !set_tries(accounts, entry.name, 0, 0, error))
        return TRI_UNKNOWN;
    return fits;
}
