// Changes of accounts, each with the event that tells of it.
#include "accounts/internal.h"

#include <string.h>

enum { NAME_MOST = 254 };

bool accounts_finish(Accounts *accounts, bool ok, GError **error)
{
    ok = ok && store_commit(accounts->db, error);
    if (!ok)
        store_rollback(accounts->db);
    return ok;
}

bool accounts_event(Accounts *accounts, const char *event, const char *name, json_t *detail, const char *who,
                    int64_t now_us, GError **error)
{
    json_t *all = detail != NULL ? detail : json_object();
    json_object_set_new(all, "account", json_string(name));
    bool ok = archive_event_once(accounts->config, event, who, NULL, all, now_us, error);
    json_decref(all);
    return ok;
}

static bool changed(Accounts *accounts, StoreStmt *stmt, const char *name, GError **error)
{
    if (stmt == NULL || !store_run(stmt, error))
        return false;
    if (store_changes(accounts->db) > 0)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "there is no account \"%s\": `chaperone user list` names them", name);
    return false;
}

bool accounts_change(Accounts *accounts, StoreStmt *stmt, const char *event, const char *name, json_t *detail,
                     const char *who, int64_t now_us, GError **error)
{
    bool ok = changed(accounts, stmt, name, error);
    store_finalize(&stmt);
    json_t *told = ok ? g_steal_pointer(&detail) : NULL;
    json_decref(detail);
    return ok && accounts_event(accounts, event, name, told, who, now_us, error);
}

static bool name_is_good(const char *name, GError **error)
{
    bool good = *name != '\0' && strlen(name) <= NAME_MOST;
    for (const char *p = name; good && *p != '\0'; p++)
        good = g_ascii_isalnum(*p) || strchr("._-+@", *p) != NULL;
    if (!good)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "\"%s\" is no name of an account: a login or an address of letters, digits and . _ - + @",
                    name);
    return good;
}

static bool schools_are_good(const char *const *schools, GError **error)
{
    for (; schools != NULL && *schools != NULL; schools++)
        if (**schools == '\0' || strpbrk(*schools, "\r\n") != NULL) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "a school's id is no empty line");
            return false;
        }
    return true;
}

static json_t *rights_json(guint roles, const char *const *schools)
{
    g_autofree char *text = user_roles_text(roles);
    json_t *json = json_pack("{s:s}", "roles", text);
    json_t *list = schools != NULL ? json_array() : NULL;
    for (; schools != NULL && *schools != NULL; schools++)
        json_array_append_new(list, json_string(*schools));
    if (list != NULL)
        json_object_set_new(json, "schools", list);
    return json;
}

static bool insert(Accounts *accounts, const User *account, const char *name, int64_t now_us, GError **error)
{
    g_autofree char *schools = g_strjoinv("\n", account->schools);
    g_autoptr(StoreStmt) stmt =
        store_prepare(accounts->db,
                      "INSERT INTO account(name, display, address, roles, schools, created)"
                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                      error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, name);
    store_bind_text(stmt, 2, account->display != NULL && *account->display != '\0' ? account->display : name);
    store_bind_text(stmt, 3, account->address);
    store_bind_int(stmt, 4, account->roles);
    store_bind_text(stmt, 5, schools);
    store_bind_int(stmt, 6, now_us);
    if (!store_run(stmt, error))
        return false;
    if (store_changes(accounts->db) == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "there is an account \"%s\" already", name);
    return store_changes(accounts->db) > 0;
}

bool accounts_add(Accounts *accounts, const User *account, const char *who, int64_t now_us, GError **error)
{
    g_autofree char *name = g_ascii_strdown(account->name, -1);
    const char *const *schools = (const char *const *)account->schools;
    if (!name_is_good(name, error) || !schools_are_good(schools, error) || !store_begin(accounts->db, error))
        return false;
    bool ok = insert(accounts, account, name, now_us, error) &&
              accounts_event(accounts, "account-added", name, rights_json(account->roles, schools), who,
                             now_us, error);
    return accounts_finish(accounts, ok, error);
}

static StoreStmt *prepare(Accounts *accounts, const char *sql, const char *name, GError **error)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    StoreStmt *stmt = store_prepare(accounts->db, sql, error);
    if (stmt != NULL)
        store_bind_text(stmt, 1, lower);
    return stmt;
}

bool accounts_set_roles(Accounts *accounts, const char *name, guint roles, const char *const *schools,
                        const char *who, int64_t now_us, GError **error)
{
    g_autofree char *text = schools != NULL ? g_strjoinv("\n", (char **)schools) : NULL;
    if (!schools_are_good(schools, error) || !store_begin(accounts->db, error))
        return false;
    StoreStmt *stmt =
        prepare(accounts, "UPDATE account SET roles = ?2, schools = coalesce(?3, schools) WHERE name = ?1",
                name, error);
    if (stmt != NULL) {
        store_bind_int(stmt, 2, roles);
        store_bind_text(stmt, 3, text);
    }
    bool ok = accounts_change(accounts, stmt, "account-roles", name, rights_json(roles, schools), who, now_us,
                              error) &&
              accounts_sessions_end(accounts, name, NULL, error);
    return accounts_finish(accounts, ok, error);
}

bool accounts_set_disabled(Accounts *accounts, const char *name, bool disabled, const char *who,
                           int64_t now_us, GError **error)
{
    if (!store_begin(accounts->db, error))
        return false;
    StoreStmt *stmt =
        prepare(accounts, "UPDATE account SET disabled = ?2, failed = 0, locked_until = 0 WHERE name = ?1",
                name, error);
    if (stmt != NULL)
        store_bind_int(stmt, 2, disabled);
    bool ok = accounts_change(accounts, stmt, disabled ? "account-disabled" : "account-enabled", name, NULL,
                              who, now_us, error) &&
              (!disabled || accounts_sessions_end(accounts, name, NULL, error));
    return accounts_finish(accounts, ok, error);
}

bool accounts_password_is_good(const char *name, const char *password, GError **error)
{
    bool valid = g_utf8_validate(password, -1, NULL);
    glong length = valid ? g_utf8_strlen(password, -1) : 0;
    bool one = strspn(password, (char[]){*password, '\0'}) == strlen(password);
    bool good = length >= 12 && strlen(password) <= 1024 && !one && g_ascii_strcasecmp(name, password) != 0;
    if (!good)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a password wants 12 characters or more, not all the same, and not the account's name");
    return good;
}

bool accounts_set_password(Accounts *accounts, const char *name, const char *password, const char *keep,
                           const char *who, int64_t now_us, GError **error)
{
    g_autofree char *hash = NULL;
    if (password != NULL && (!accounts_password_is_good(name, password, error) ||
                             (hash = password_hash(password, error)) == NULL))
        return false;
    if (!store_begin(accounts->db, error))
        return false;
    StoreStmt *stmt =
        prepare(accounts, "UPDATE account SET password = ?2, failed = 0, locked_until = 0 WHERE name = ?1",
                name, error);
    if (stmt != NULL)
        store_bind_text(stmt, 2, hash);
    bool ok = accounts_change(accounts, stmt, hash != NULL ? "account-password" : "account-password-removed",
                              name, NULL, who, now_us, error) &&
              accounts_sessions_end(accounts, name, keep, error);
    return accounts_finish(accounts, ok, error);
}

bool accounts_set_totp(Accounts *accounts, const char *name, const char *secret, const char *who,
                       int64_t now_us, GError **error)
{
    if (secret != NULL && accounts_totp_code(secret, 0) < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "an authenticator's secret is base 32");
        return false;
    }
    if (!store_begin(accounts->db, error))
        return false;
    StoreStmt *stmt =
        prepare(accounts, "UPDATE account SET totp = ?2, totp_step = 0 WHERE name = ?1", name, error);
    if (stmt != NULL)
        store_bind_text(stmt, 2, secret);
    bool ok = accounts_change(accounts, stmt, secret != NULL ? "account-totp" : "account-totp-removed", name,
                              NULL, who, now_us, error);
    return accounts_finish(accounts, ok, error);
}

bool accounts_set_taste(Accounts *accounts, const char *name, const char *language, const char *theme,
                        bool shortcuts, GError **error)
{
    g_autoptr(StoreStmt) stmt =
        prepare(accounts, "UPDATE account SET language = ?2, theme = ?3, shortcuts = ?4 WHERE name = ?1",
                name, error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 2, language);
    store_bind_text(stmt, 3, theme);
    store_bind_int(stmt, 4, shortcuts);
    return changed(accounts, stmt, name, error);
}

static bool put_link(Accounts *accounts, const char *name, const char *link, int64_t until_us, GError **error)
{
    g_autofree char *hash = secret_hash(link);
    g_autoptr(StoreStmt) old = prepare(accounts, "DELETE FROM link WHERE name = ?1", name, error);
    g_autoptr(StoreStmt) stmt = prepare(
        accounts, "INSERT INTO link(hash, name, until) SELECT ?2, name, ?3 FROM account WHERE name = ?1",
        name, error);
    if (old == NULL || stmt == NULL || !store_run(old, error))
        return false;
    store_bind_text(stmt, 2, hash);
    store_bind_int(stmt, 3, until_us);
    return changed(accounts, stmt, name, error);
}

char *accounts_make_link(Accounts *accounts, const char *name, const char *who, int64_t now_us,
                         int64_t *out_until_us, GError **error)
{
    g_autofree char *link = secret_new();
    *out_until_us = now_us + accounts->config->console.sign_in_minutes * 60 * G_USEC_PER_SEC;
    if (!store_begin(accounts->db, error))
        return NULL;
    bool ok = put_link(accounts, name, link, *out_until_us, error) &&
              accounts_event(accounts, "sign-in-link", name, NULL, who, now_us, error);
    return accounts_finish(accounts, ok, error) ? g_steal_pointer(&link) : NULL;
}
