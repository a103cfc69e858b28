// Access for a time: one asks and says why, another gives it, and it ends by itself.
#include "accounts/internal.h"

#include <string.h>

#define HOUR_US (3600LL * G_USEC_PER_SEC)
enum { WHY_LEAST = 10 };

#define COLUMNS "id, name, roles, matter, why, hours, asked, given, until, ended, given_by, ended_by"

void account_grant_free(AccountGrant *grant)
{
    if (grant == NULL)
        return;
    g_free(grant->id);
    g_free(grant->name);
    g_free(grant->matter);
    g_free(grant->why);
    g_free(grant->given_by);
    g_free(grant->ended_by);
    g_free(grant);
}

GrantState account_grant_state(const AccountGrant *grant, int64_t now_us)
{
    if (grant->ended_us != 0)
        return GRANT_OVER;
    if (grant->given_us != 0)
        return now_us < grant->until_us ? GRANT_GIVEN : GRANT_OVER;
    return now_us < grant->asked_us + GRANT_WAIT_HOURS * HOUR_US ? GRANT_ASKED : GRANT_OVER;
}

static AccountGrant *grant_of_row(StoreStmt *stmt)
{
    AccountGrant *grant = g_new0(AccountGrant, 1);
    *grant = (AccountGrant){.id = g_strdup(store_text(stmt, 0)),
                            .name = g_strdup(store_text(stmt, 1)),
                            .roles = (guint)store_int(stmt, 2),
                            .matter = g_strdup(store_text(stmt, 3)),
                            .why = g_strdup(store_text(stmt, 4)),
                            .hours = (int)store_int(stmt, 5),
                            .asked_us = store_int(stmt, 6),
                            .given_us = store_int(stmt, 7),
                            .until_us = store_int(stmt, 8),
                            .ended_us = store_int(stmt, 9),
                            .given_by = g_strdup(store_text(stmt, 10)),
                            .ended_by = g_strdup(store_text(stmt, 11))};
    return grant;
}

GPtrArray *accounts_grants(Accounts *accounts, const char *after, guint most, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)account_grant_free);
    g_autoptr(StoreStmt) stmt = store_prepare(
        accounts->db, "SELECT " COLUMNS " FROM access WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
        error);
    StoreStep step = STORE_FAILED;
    if (stmt == NULL)
        return NULL;
    store_bind_text(stmt, 1, after);
    store_bind_int(stmt, 2, most);
    while ((step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(all, grant_of_row(stmt));
    return step == STORE_DONE ? g_steal_pointer(&all) : NULL;
}

Tri accounts_grant_find(Accounts *accounts, const char *id, AccountGrant **out, GError **error)
{
    *out = NULL;
    g_autoptr(StoreStmt) stmt =
        store_prepare(accounts->db, "SELECT " COLUMNS " FROM access WHERE id = ?1", error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_text(stmt, 1, id);
    StoreStep step = store_step(stmt, error);
    if (step == STORE_ROW)
        *out = grant_of_row(stmt);
    return step == STORE_ROW ? TRI_YES : step == STORE_DONE ? TRI_NO : TRI_UNKNOWN;
}

static StoreStmt *in_force(Accounts *accounts, const char *what, const char *name, int64_t now_us,
                           GError **error)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT %s FROM access WHERE name = ?1 AND until > ?2 AND ended = 0", what);
    StoreStmt *stmt = store_prepare(accounts->db, sql, error);
    if (stmt != NULL) {
        store_bind_text(stmt, 1, name);
        store_bind_int(stmt, 2, now_us);
    }
    return stmt;
}

bool grants_add(Accounts *accounts, User *user, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) stmt = in_force(accounts, "roles", user->name, now_us, error);
    StoreStep step = STORE_FAILED;
    guint granted = 0;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        granted |= (guint)store_int(stmt, 0);
    user->granted = granted & ~user->roles;
    user->roles |= granted;
    return step == STORE_DONE;
}

Tri accounts_is_granted(Accounts *accounts, const char *name, const char *matter, int64_t now_us,
                        GError **error)
{
    g_autoptr(StoreStmt) stmt = in_force(accounts, "matter", name, now_us, error);
    StoreStep step = STORE_FAILED;
    bool found = false;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        found |= *matter != '\0' && strcmp(store_text(stmt, 0), matter) == 0;
    return step == STORE_FAILED ? TRI_UNKNOWN : found ? TRI_YES : TRI_NO;
}

// The account with the roles of its own; NULL with `error` (NOPERM) where it has none of `roles`.
static User *user_with(Accounts *accounts, const char *name, guint roles, GError **error)
{
    g_autoptr(User) user = NULL;
    Tri found = accounts_find(accounts, name, &user, error);
    if (found == TRI_YES && !user->disabled && (user->roles & roles) != 0)
        return g_steal_pointer(&user);
    if (found != TRI_UNKNOWN)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "\"%s\" has not the role for it", name);
    return NULL;
}

static bool is_good(guint roles, const char *matter, const char *why, int hours, GError **error)
{
    int most = roles != 0 ? GRANT_HOURS_MOST : GRANT_CASE_HOURS_MOST;
    const char *wrong = roles == 0 && *matter == '\0'        ? "wants a role or a case"
                        : g_utf8_strlen(why, -1) < WHY_LEAST ? "wants a reason of 10 characters or more"
                        : hours < 1 || hours > most
                            ? "is for an hour or more, and for 72 (within a case for 90 days) at most"
                        : (roles & USER_BREAK_GLASS) != 0            ? "gives no right to give access"
                        : strlen(why) > 2000 || strlen(matter) > 200 ? "wants fewer words"
                                                                     : NULL;
    if (wrong != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "access for a time %s", wrong);
    return wrong == NULL;
}

static bool insert(Accounts *accounts, const AccountGrant *grant, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(accounts->db,
                                              "INSERT INTO access(id, name, roles, matter, why, hours, asked)"
                                              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                                              error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, grant->id);
    store_bind_text(stmt, 2, grant->name);
    store_bind_int(stmt, 3, grant->roles);
    store_bind_text(stmt, 4, grant->matter);
    store_bind_text(stmt, 5, grant->why);
    store_bind_int(stmt, 6, grant->hours);
    store_bind_int(stmt, 7, grant->asked_us);
    return store_run(stmt, error);
}

static bool tell(Accounts *accounts, const AccountGrant *grant, const char *event, const char *who,
                 int64_t now_us, GError **error)
{
    g_autofree char *roles = user_roles_text(grant->roles);
    json_t *detail = json_pack("{s:s, s:s, s:s, s:s, s:i}", "id", grant->id, "roles", roles, "matter",
                               grant->matter, "why", grant->why, "hours", grant->hours);
    return accounts_event(accounts, event, grant->name, detail, who, now_us, error);
}

char *accounts_grant_ask(Accounts *accounts, const char *name, guint roles, const char *matter,
                         const char *why, int hours, int64_t now_us, GError **error)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    char id[ULID_LEN + 1];
    AccountGrant grant = {.id = id,
                          .name = lower,
                          .roles = roles,
                          .matter = (char *)matter,
                          .why = (char *)why,
                          .hours = hours,
                          .asked_us = now_us};
    g_autoptr(User) user =
        user_with(accounts, lower, roles != 0 ? USER_BREAK_GLASS : USER_AUDITOR | USER_BREAK_GLASS, error);
    if (user == NULL || !is_good(roles, matter, why, hours, error) || !ulid_new(now_us, id, error) ||
        !store_begin(accounts->db, error))
        return NULL;
    bool ok = insert(accounts, &grant, error) && tell(accounts, &grant, "access-asked", lower, now_us, error);
    return accounts_finish(accounts, ok, error) ? g_strdup(id) : NULL;
}

static bool may_give(Accounts *accounts, const AccountGrant *grant, const char *by, GError **error)
{
    guint roles = USER_BREAK_GLASS | (grant->roles == 0 ? USER_RECORDS : 0);
    g_autoptr(User) user = user_with(accounts, by, roles, error);
    if (user != NULL && strcmp(user->name, grant->name) == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "nobody gives access to themselves: another one has to");
        return false;
    }
    return user != NULL;
}

// The grant of `id` in a state that can change; NULL with `error`.
static AccountGrant *open_grant(Accounts *accounts, const char *id, bool or_given, int64_t now_us,
                                GError **error)
{
    g_autoptr(AccountGrant) grant = NULL;
    Tri found = accounts_grant_find(accounts, id, &grant, error);
    if (found == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "nobody asked for access \"%s\"", id);
    if (found != TRI_YES)
        return NULL;
    GrantState state = account_grant_state(grant, now_us);
    if (state == GRANT_ASKED || (or_given && state == GRANT_GIVEN))
        return g_steal_pointer(&grant);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                state == GRANT_GIVEN ? "this access was given already, by %s"
                                     : "this access is over, or was asked for too long ago%s",
                state == GRANT_GIVEN ? grant->given_by : "");
    return NULL;
}

static bool update(Accounts *accounts, const char *sql, const char *id, const char *by, int64_t now_us,
                   int64_t until_us, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(accounts->db, sql, error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, id);
    store_bind_text(stmt, 2, by);
    store_bind_int(stmt, 3, now_us);
    if (until_us != 0)
        store_bind_int(stmt, 4, until_us);
    return store_run(stmt, error);
}

bool accounts_grant_give(Accounts *accounts, const char *id, const char *by, int64_t now_us, GError **error)
{
    if (!store_begin(accounts->db, error))
        return false;
    g_autoptr(AccountGrant) grant = open_grant(accounts, id, false, now_us, error);
    bool ok = grant != NULL && may_give(accounts, grant, by, error) &&
              update(accounts, "UPDATE access SET given_by = ?2, given = ?3, until = ?4 WHERE id = ?1", id,
                     by, now_us, now_us + grant->hours * HOUR_US, error) &&
              tell(accounts, grant, "access-given", by, now_us, error);
    return accounts_finish(accounts, ok, error);
}

bool accounts_grant_end(Accounts *accounts, const char *id, const char *by, int64_t now_us, GError **error)
{
    if (!store_begin(accounts->db, error))
        return false;
    g_autoptr(AccountGrant) grant = open_grant(accounts, id, true, now_us, error);
    bool ok = grant != NULL && (strcmp(grant->name, by) == 0 || may_give(accounts, grant, by, error)) &&
              update(accounts, "UPDATE access SET ended_by = ?2, ended = ?3 WHERE id = ?1", id, by, now_us, 0,
                     error) &&
              tell(accounts, grant, "access-ended", by, now_us, error);
    return accounts_finish(accounts, ok, error);
}
