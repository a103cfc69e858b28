#include "feeds/change.h"
#include "feeds/generation.h"
#include "roster/schema.h"

#include <sodium.h>
#include <string.h>

bool change_in_place(const Config *config, ChangeFunc func, void *data, GError **error)
{
    g_auto(InForce) now = {0};
    int lock = generation_lock_change(config, error);
    StoreDb *db =
        lock >= 0 && generation_require(config, &now, error) ? schema_open_change(now.path, error) : NULL;
    bool ok = db != NULL && store_begin(db, error);
    if (ok) {
        ok = func(db, data, error) && store_commit(db, error);
        if (!ok)
            store_rollback(db);
    }
    store_close(&db);
    generation_unlock(&lock);
    return ok;
}

// ---- private details ------------------------------------------------------------------------------------

static const struct {
    const char *name;
    Kind kind;
} PERSONAL_KINDS[] = {
    {"email", KIND_EMAIL},
    {"cell", KIND_PHONE},
    {"home-phone", KIND_PHONE},
    {"phone", KIND_PHONE},
    {"home-address", KIND_STREET_ADDRESS},
    {"handle", KIND_HANDLE},
    {"payment-handle", KIND_PAYMENT_HANDLE},
    {"invite", KIND_INVITE},
};

bool change_personal_kind(const char *text, Kind *out)
{
    for (gsize i = 0; i < G_N_ELEMENTS(PERSONAL_KINDS); i++)
        if (strcmp(PERSONAL_KINDS[i].name, text) == 0) {
            *out = PERSONAL_KINDS[i].kind;
            return true;
        }
    return false;
}

const char *change_personal_kinds(void)
{
    return "email, cell, home-phone, phone, home-address, handle, payment-handle, invite";
}

char *change_personal_value(const Config *config, Kind kind, const char *text, const char **out_remedy)
{
    g_autofree char *value = canon_value(config, kind, text);
    *out_remedy = kind == KIND_PHONE            ? "+14135550142"
                  : kind == KIND_EMAIL          ? "name@domain"
                  : kind == KIND_INVITE         ? "host/path"
                  : kind == KIND_STREET_ADDRESS ? "12 Elm Street, Town"
                                                : "platform:name";
    return kind == KIND_PHONE && value != NULL && value[0] != '+' ? NULL : g_steal_pointer(&value);
}

// ---- registered by hand ---------------------------------------------------------------------------------

typedef struct {
    const Config *config;
    char *owner;
    const char *field; // the kind as written
    char *plain;       // "phone:+14135550142"; NULL: all of the kind
    Kind kind;
    char *value;
    RosterKey key;
} Own;

static void own_clear(Own *own)
{
    g_free(own->owner);
    g_free(own->value);
    key_wipe(own->plain);
    sodium_memzero(&own->key, sizeof own->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Own, own_clear)

static bool own_set(Own *own, const char *address, const char *value, GError **error)
{
    const char *remedy = NULL;
    own->owner = roster_canonical_address(own->config, address);
    bool kind = change_personal_kind(own->field, &own->kind);
    own->value = kind && value != NULL ? change_personal_value(own->config, own->kind, value, &remedy) : NULL;
    if (own->value != NULL)
        own->plain = g_strconcat(kind_name(own->kind), ":", own->value, NULL);
    if (own->owner == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: not a mail address; write local@domain",
                    address);
    else if (!kind)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: not one of %s", own->field,
                    change_personal_kinds());
    else if (value != NULL && own->value == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: not a %s; write %s", value,
                    kind_name(own->kind), remedy);
    return own->owner != NULL && kind && (value == NULL || own->value != NULL);
}

static bool put_key(StoreDb *db, const Own *own, const char *text, const GBytes *sealed, GError **error)
{
    unsigned char hash[KEY_HASH];
    gsize len = 0;
    const void *data = sealed != NULL ? g_bytes_get_data((GBytes *)sealed, &len) : NULL;
    g_autoptr(StoreStmt) stmt =
        store_prepare(db,
                      "INSERT INTO personal (hash, person, owner, field, sealed, source, record) VALUES (?1, "
                      "0, ?2, ?3, ?4, 'own', 0)"
                      " ON CONFLICT DO UPDATE SET sealed = coalesce(excluded.sealed, sealed)",
                      error);
    if (stmt == NULL)
        return false;
    key_hash(&own->key, text, hash);
    store_bind_blob(stmt, 1, hash, sizeof hash);
    store_bind_text(stmt, 2, own->owner);
    store_bind_text(stmt, 3, own->field);
    if (data != NULL)
        store_bind_blob(stmt, 4, data, len);
    return store_run(stmt, error);
}

static bool put_value(StoreDb *db, const Own *own, Kind kind, const char *canonical, const char *plain,
                      GError **error)
{
    g_autoptr(GPtrArray) keys = model_personal_keys(kind, canonical);
    g_autoptr(GBytes) sealed = key_seal(&own->key, plain);
    bool ok = sealed != NULL && keys->len > 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS,
                    "the system gives no randomness to seal a private detail");
    for (guint i = 0; ok && i < keys->len; i++)
        ok = put_key(db, own, keys->pdata[i], i == 0 ? sealed : NULL, error);
    return ok;
}

static bool is_staff(StoreDb *db, const char *address, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db,
                                              "SELECT 1 FROM contact c JOIN person p ON p.id = c.person "
                                              "WHERE c.key = 'email:' || ?1 AND (p.roles >> ?2) & 1 LIMIT 1",
                                              error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, address);
    store_bind_int(stmt, 2, ROLE_STAFF);
    StoreStep step = store_step(stmt, error);
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: nobody of the staff has this address; only staff register private details", address);
    return step == STORE_ROW;
}

// A school address is nobody's private one.
static bool is_private(const Own *own, GError **error)
{
    g_autoptr(Model) model = model_new(own->config, &own->key);
    bool school = own->kind == KIND_EMAIL && model_is_district(model, strrchr(own->value, '@') + 1);
    if (school)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: an address of the district, not a private one",
                    own->value);
    return !school;
}

static bool add(StoreDb *db, void *data, GError **error)
{
    Own *own = data;
    return is_staff(db, own->owner, error) && generation_key_of(own->config, db, "main", &own->key, error) &&
           put_value(db, own, own->kind, own->value, own->plain, error);
}

bool feeds_personal_add(const Config *config, const char *address, const char *kind, const char *value,
                        GError **error)
{
    g_auto(Own) own = {.config = config, .field = kind};
    return own_set(&own, address, value, error) && is_private(&own, error) &&
           change_in_place(config, add, &own, error);
}

// ---- taken back -----------------------------------------------------------------------------------------

// What is registered as this kind, unsealed: GPtrArray of char*. NULL with `error`.
static GPtrArray *registered(StoreDb *db, const Own *own, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)key_wipe);
    g_autoptr(StoreStmt) stmt = store_prepare(
        db,
        "SELECT sealed FROM personal WHERE owner = ?1 AND owner <> '' AND field = ?2 AND source = 'own' AND "
        "sealed IS NOT NULL",
        error);
    if (stmt == NULL)
        return NULL;
    store_bind_text(stmt, 1, own->owner);
    store_bind_text(stmt, 2, own->field);
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        gsize len = 0;
        const void *sealed = store_blob(stmt, 0, &len);
        char *plain = key_unseal(&own->key, sealed, len);
        if (plain == NULL) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                        "%s: a value registered as %s cannot be unsealed; remove all of that kind",
                        own->owner, own->field);
            return NULL;
        }
        g_ptr_array_add(out, plain);
    }
    return step == STORE_DONE ? g_steal_pointer(&out) : NULL;
}

static bool remove_kind(StoreDb *db, const Own *own, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(
        db, "DELETE FROM personal WHERE owner = ?1 AND owner <> '' AND field = ?2 AND source = 'own'", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, own->owner);
    store_bind_text(stmt, 2, own->field);
    if (!store_run(stmt, error))
        return false;
    if (store_changes(db) > 0)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: nothing registered by hand as %s", own->owner,
                own->field);
    return false;
}

// Values may share hashes (the last digits of a number): what stays is hashed again.
static bool remove_value(StoreDb *db, const Own *own, GError **error)
{
    g_autoptr(GPtrArray) plain = registered(db, own, error);
    bool ok = plain != NULL, found = false;
    for (guint i = 0; ok && i < plain->len; i++)
        found = found || strcmp(plain->pdata[i], own->plain) == 0;
    if (ok && !found)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: that value is not registered by hand as %s",
                    own->owner, own->field);
    ok = ok && found && remove_kind(db, own, error);
    for (guint i = 0; ok && i < plain->len; i++) {
        const char *text = plain->pdata[i];
        if (strcmp(text, own->plain) != 0)
            ok = put_value(db, own, own->kind, strchr(text, ':') + 1, text, error);
    }
    return ok;
}

static bool take_back(StoreDb *db, void *data, GError **error)
{
    Own *own = data;
    if (own->plain == NULL)
        return remove_kind(db, own, error);
    return generation_key_of(own->config, db, "main", &own->key, error) && remove_value(db, own, error);
}

bool feeds_personal_remove(const Config *config, const char *address, const char *kind, const char *value,
                           GError **error)
{
    g_auto(Own) own = {.config = config, .field = kind};
    return own_set(&own, address, value, error) && change_in_place(config, take_back, &own, error);
}
