// The database, and reading it.
#include "accounts/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define BUSY_MS 5000

static const char *const MIGRATIONS[] = {
    "CREATE TABLE account(name TEXT PRIMARY KEY, display TEXT NOT NULL, address TEXT, roles INTEGER NOT NULL,"
    " schools TEXT NOT NULL, password TEXT, totp TEXT, totp_step INTEGER NOT NULL DEFAULT 0,"
    " disabled INTEGER NOT NULL DEFAULT 0, language TEXT NOT NULL DEFAULT '', theme TEXT NOT NULL DEFAULT "
    "'auto',"
    " shortcuts INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, last INTEGER NOT NULL DEFAULT 0,"
    " failed INTEGER NOT NULL DEFAULT 0, locked_until INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE session(id TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES account, stage INTEGER NOT NULL,"
    " csrf TEXT NOT NULL, begun INTEGER NOT NULL, seen INTEGER NOT NULL, how TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX session_name ON session(name);"
    "CREATE TABLE link(hash TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES account, until INTEGER NOT NULL) "
    "WITHOUT ROWID;",
    "CREATE TABLE access(id TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES account, roles INTEGER NOT NULL,"
    " matter TEXT NOT NULL, why TEXT NOT NULL, hours INTEGER NOT NULL, asked INTEGER NOT NULL,"
    " given INTEGER NOT NULL DEFAULT 0, until INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,"
    " given_by TEXT, ended_by TEXT) WITHOUT ROWID;"
    "CREATE INDEX access_name ON access(name, until);",
};

static const char *const ROLE_NAMES[USER_ROLES] = {
    "mail-admin", "reviewer", "records-officer", "hold-manager", "auditor", "approver", "break-glass"};

const char *user_role_name(guint role)
{
    for (guint i = 0; i < USER_ROLES; i++)
        if (role == 1U << i)
            return ROLE_NAMES[i];
    return "";
}

static guint role_bit(const char *name)
{
    for (guint i = 0; i < USER_ROLES; i++)
        if (strcmp(name, ROLE_NAMES[i]) == 0)
            return 1U << i;
    return 0;
}

guint user_roles_parse(const char *text, GError **error)
{
    g_auto(GStrv) names = g_strsplit(text, ",", USER_ROLES + 1);
    guint roles = 0;
    for (char **name = names; *name != NULL; name++) {
        guint bit = role_bit(g_strstrip(*name));
        if (bit == 0) {
            g_set_error(
                error, BASE_ERROR, BASE_ERROR_USAGE,
                "\"%s\" is no role: there are mail-admin, reviewer, records-officer, hold-manager, auditor, "
                "approver and break-glass, joined by commas",
                *name);
            return 0;
        }
        roles |= bit;
    }
    if (roles == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "an account wants a role");
    return roles;
}

char *user_roles_text(guint roles)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < USER_ROLES; i++)
        if ((roles & 1U << i) != 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", ROLE_NAMES[i]);
    return g_string_free(text, FALSE);
}

void user_free(User *account)
{
    if (account == NULL)
        return;
    g_free(account->name);
    g_free(account->display);
    g_free(account->address);
    g_strfreev(account->schools);
    g_free(account->language);
    g_free(account->theme);
    g_free(account);
}

bool user_has_school(const User *account, const char *school)
{
    return g_strv_contains((const char *const *)account->schools, "*") ||
           g_strv_contains((const char *const *)account->schools, school);
}

static json_t *time_json(int64_t us)
{
    g_autofree char *text = us > 0 ? clock_format(us) : NULL;
    return text != NULL ? json_string(text) : json_null();
}

json_t *user_json(const User *account)
{
    json_t *roles = json_array(), *schools = json_array();
    for (guint i = 0; i < USER_ROLES; i++)
        if ((account->roles & 1U << i) != 0)
            json_array_append_new(roles, json_string(ROLE_NAMES[i]));
    for (char **school = account->schools; *school != NULL; school++)
        json_array_append_new(schools, json_string(*school));
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:b, s:b, s:o, s:o, s:o}", "name", account->name,
                     "display", account->display, "address",
                     account->address != NULL ? account->address : account->name, "roles", roles, "schools",
                     schools, "password", account->has_password, "totp", account->has_totp, "disabled",
                     account->disabled, "created", time_json(account->created_us), "signed-in",
                     time_json(account->last_us), "locked-until", time_json(account->locked_until_us));
}

// SQLite gives its other files the mode of the database. One that is there is left alone: closing it here would take away the
// locks that other connections of this process have on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
static bool make_private(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return true;
    if (fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: %s; console.database", path,
                    g_strerror(errno));
        return false;
    }
    return file_close(&fd, path, error);
}

Accounts *accounts_open(const Config *config, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(config->console.database);
    g_autoptr(Accounts) accounts = g_new0(Accounts, 1);
    accounts->config = config_ref((Config *)config);
    bool ok = file_make_dirs(dir, 0750, error) && make_private(config->console.database, error) &&
              (accounts->db = store_open(config->console.database, STORE_WRITE, BUSY_MS, error)) != NULL &&
              store_migrate(accounts->db, MIGRATIONS, G_N_ELEMENTS(MIGRATIONS), error);
    if (!ok)
        accounts_close(&accounts);
    return g_steal_pointer(&accounts);
}

void accounts_close(Accounts **accounts)
{
    if (accounts == NULL || *accounts == NULL)
        return;
    store_close(&(*accounts)->db);
    config_unref((*accounts)->config);
    g_clear_pointer(accounts, g_free);
}

#define COLUMNS                                                                                              \
    "name, display, address, roles, schools, password IS NOT NULL, totp IS NOT NULL, disabled, language,"    \
    " theme, shortcuts, created, last, locked_until"

static User *user_of_row(StoreStmt *stmt)
{
    User *account = g_new0(User, 1);
    const char *schools = store_text(stmt, 4);
    *account = (User){.name = g_strdup(store_text(stmt, 0)),
                      .display = g_strdup(store_text(stmt, 1)),
                      .address = g_strdup(store_text(stmt, 2)),
                      .roles = (guint)store_int(stmt, 3),
                      .schools = g_strsplit(schools, "\n", -1),
                      .has_password = store_int(stmt, 5) != 0,
                      .has_totp = store_int(stmt, 6) != 0,
                      .disabled = store_int(stmt, 7) != 0,
                      .language = g_strdup(store_text(stmt, 8)),
                      .theme = g_strdup(store_text(stmt, 9)),
                      .shortcuts = store_int(stmt, 10) != 0,
                      .created_us = store_int(stmt, 11),
                      .last_us = store_int(stmt, 12),
                      .locked_until_us = store_int(stmt, 13)};
    return account;
}

GPtrArray *accounts_list(Accounts *accounts, const char *after, guint most, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)user_free);
    g_autoptr(StoreStmt) stmt = store_prepare(
        accounts->db, "SELECT " COLUMNS " FROM account WHERE name > ?1 ORDER BY name LIMIT ?2", error);
    StoreStep step = STORE_FAILED;
    if (stmt == NULL)
        return NULL;
    store_bind_text(stmt, 1, after != NULL ? after : "");
    store_bind_int(stmt, 2, most);
    while ((step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(all, user_of_row(stmt));
    return step == STORE_DONE ? g_steal_pointer(&all) : NULL;
}

Tri accounts_find(Accounts *accounts, const char *name, User **out, GError **error)
{
    *out = NULL;
    g_autofree char *lower = g_ascii_strdown(name, -1);
    g_autoptr(StoreStmt) stmt =
        store_prepare(accounts->db, "SELECT " COLUMNS " FROM account WHERE name = ?1", error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_text(stmt, 1, lower);
    StoreStep step = store_step(stmt, error);
    if (step == STORE_ROW)
        *out = user_of_row(stmt);
    return step == STORE_ROW ? TRI_YES : step == STORE_DONE ? TRI_NO : TRI_UNKNOWN;
}
