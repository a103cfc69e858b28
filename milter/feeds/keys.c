#include "feeds/generation.h"
#include "feeds/model.h"
#include "roster/schema.h"

#include <sodium.h>
#include <string.h>

typedef struct {
    unsigned char hash[KEY_HASH];
    int64_t person, record;
    char *owner, *field, *source;
    GBytes *sealed;
} KeyRow;

static void row_clear(KeyRow *row)
{
    g_free(row->owner);
    g_free(row->field);
    g_free(row->source);
    g_clear_pointer(&row->sealed, g_bytes_unref);
}

// In the order of the table, whose first column is the hash.
static int compare_rows(const void *a, const void *b)
{
    const KeyRow *x = a, *y = b;
    int order = memcmp(x->hash, y->hash, sizeof x->hash);
    return order != 0 ? order : (x->sealed == NULL) - (y->sealed == NULL);
}

// "phone:+14135550142" as its kind and its canonical value.
static bool split(const char *plain, Kind *out_kind, const char **out_canonical)
{
    const char *colon = strchr(plain, ':');
    g_autofree char *kind = colon != NULL ? g_strndup(plain, (gsize)(colon - plain)) : NULL;
    *out_canonical = colon != NULL ? colon + 1 : NULL;
    return kind != NULL && kind_parse(kind, out_kind);
}

// The rows of the value sealed in the statement's row, hashed and sealed with `to`.
static bool rehash_row(StoreStmt *stmt, const RosterKey *from, const RosterKey *to, GArray *out,
                       GError **error)
{
    Kind kind = KIND_LAST;
    const char *canonical = NULL, *who = store_text(stmt, 1), *field = store_text(stmt, 2);
    gsize len = 0;
    const void *data = store_blob(stmt, 3, &len);
    char *plain = key_unseal(from, data, len);
    g_autoptr(GBytes) sealed = plain != NULL ? key_seal(to, plain) : NULL;
    bool ok = plain != NULL && split(plain, &kind, &canonical) && sealed != NULL;
    g_autoptr(GPtrArray) keys = ok ? model_personal_keys(kind, canonical) : NULL;
    for (guint i = 0; ok && i < keys->len; i++) {
        KeyRow row = {.person = store_int(stmt, 0),
                      .record = store_int(stmt, 5),
                      .owner = g_strdup(who),
                      .field = g_strdup(field),
                      .source = g_strdup(store_text(stmt, 4)),
                      .sealed = i == 0 ? g_steal_pointer(&sealed) : NULL};
        key_hash(to, keys->pdata[i], row.hash);
        g_array_append_val(out, row);
    }
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a private detail (%s of %s) cannot be unsealed with its key; import its source again, "
                    "or remove it "
                    "with `chaperone roster personal remove`",
                    field, who != NULL && who[0] != '\0' ? who : "a person of the roster");
    key_wipe(plain);
    return ok;
}

static bool read_rows(StoreDb *db, const char *schema, const char *only, const RosterKey *from,
                      const RosterKey *to, GArray *out, int64_t *out_count, GError **error)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT person, owner, field, sealed, source, record FROM %s.personal "
                        "WHERE ?1 IS NULL OR source = ?1",
                        schema);
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, only);
    StoreStep step;
    bool ok = true;
    *out_count = 0;
    while (ok && (step = store_step(stmt, error)) == STORE_ROW) {
        gsize len = 0;
        (*out_count)++;
        ok = store_blob(stmt, 3, &len) == NULL || rehash_row(stmt, from, to, out, error);
    }
    return ok && step == STORE_DONE;
}

static bool write_row(StoreStmt *stmt, const KeyRow *row, GError **error)
{
    gsize len = 0;
    const void *sealed = row->sealed != NULL ? g_bytes_get_data(row->sealed, &len) : NULL;
    store_bind_blob(stmt, 1, row->hash, sizeof row->hash);
    store_bind_int(stmt, 2, row->person);
    store_bind_text(stmt, 3, row->owner);
    store_bind_text(stmt, 4, row->field);
    if (sealed != NULL)
        store_bind_blob(stmt, 5, sealed, len);
    store_bind_text(stmt, 6, row->source);
    store_bind_int(stmt, 7, row->record);
    return store_run(stmt, error);
}

static bool remove_rows(StoreDb *db, const char *only, GError **error)
{
    g_autoptr(StoreStmt) stmt =
        store_prepare(db, "DELETE FROM main.personal WHERE ?1 IS NULL OR source = ?1", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, only);
    return store_run(stmt, error);
}

static int64_t count_rows(StoreDb *db, const char *only, GError **error)
{
    g_autoptr(StoreStmt) stmt =
        store_prepare(db, "SELECT count(*) FROM main.personal WHERE ?1 IS NULL OR source = ?1", error);
    if (stmt == NULL)
        return -1;
    store_bind_text(stmt, 1, only);
    return store_step(stmt, error) == STORE_ROW ? store_int(stmt, 0) : -1;
}

bool keys_rehash(const Config *config, StoreDb *db, const char *schema, const char *only,
                 const RosterKey *from, const RosterKey *to, GError **error)
{
    int64_t before = 0, after = 0;
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(KeyRow));
    g_array_set_clear_func(rows, (GDestroyNotify)row_clear);
    bool ok = read_rows(db, schema, only, from, to, rows, &before, error) && remove_rows(db, only, error);
    g_array_sort(rows, compare_rows);
    g_autoptr(StoreStmt) stmt =
        ok ? store_prepare(
                 db,
                 "INSERT OR IGNORE INTO main.personal (hash, person, owner, field, sealed, source, record) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                 error)
           : NULL;
    ok = stmt != NULL;
    for (guint i = 0; ok && i < rows->len; i++)
        ok = write_row(stmt, &g_array_index(rows, KeyRow, i), error);
    after = ok ? count_rows(db, only, error) : -1;
    // One value gives as many rows with any key.
    if (after >= 0 && after != before)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: %" G_GINT64_FORMAT
                    " private details have no sealed value to hash anew; import their sources "
                    "again",
                    config->roster.database, before - after);
    return after >= 0 && after == before;
}

static bool put_check(StoreDb *db, const RosterKey *key, GError **error)
{
    unsigned char hash[KEY_HASH];
    g_autoptr(StoreStmt) stmt =
        store_prepare(db, "INSERT OR REPLACE INTO meta (name, value) VALUES ('key', ?1)", error);
    if (stmt == NULL)
        return false;
    key_hash(key, "key", hash);
    store_bind_blob(stmt, 1, hash, sizeof hash);
    return store_run(stmt, error);
}

bool keys_change(const Config *config, const char *path, const RosterKey *from, const RosterKey *to,
                 GError **error)
{
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, 30000, error);
    if (db == NULL || !store_begin(db, error))
        return false;
    bool ok = keys_rehash(config, db, "main", NULL, from, to, error) && put_check(db, to, error) &&
              store_commit(db, error);
    if (!ok)
        store_rollback(db);
    return ok;
}

// ---- rotating -------------------------------------------------------------------------------------------

// The numbers of the generation in force: they stay what they are.
static char *counts_in_force(const Config *config)
{
    g_autoptr(GPtrArray) history = feeds_history(config, NULL);
    const FeedGeneration *last = history != NULL && history->len > 0 ? history->pdata[0] : NULL;
    return g_strdup(last != NULL ? last->counts : "{}");
}

// The key is in the file before a generation needs it; where putting that in force fails, `feeds_key_prune` removes it.
static int rotate(const Config *config, const InForce *now, const char *who, const RosterKey *from,
                  const RosterKey *to, const char *line, GError **error)
{
    g_auto(NextGeneration) next = {.lock = -1};
    g_autofree char *counts = counts_in_force(config);
    const GenerationRow row = {
        .who = who, .what = "key rotated", .counts = counts, .changes = "{}", .files = "[]"};
    bool ok = generation_begin(config, &next, error) && generation_copy(now->path, &next, error) &&
              keys_change(config, next.path, from, to, error) &&
              key_add(config->roster.key_file, line, error) &&
              generation_commit(config, &next, &row, NULL, NULL, error);
    return ok ? next.id : 0;
}

int feeds_key_rotate(const Config *config, const char *who, GError **error)
{
    RosterKey from, to;
    g_auto(InForce) now = {0};
    int lock = generation_lock_import(config, who, error), made = 0;
    if (lock >= 0 && generation_require(config, &now, error) &&
        generation_key(config, now.path, &from, error)) {
        char *line = key_make(&to, error);
        if (line != NULL)
            made = rotate(config, &now, who, &from, &to, line, error);
        key_wipe(line);
    }
    sodium_memzero(&from, sizeof from);
    sodium_memzero(&to, sizeof to);
    generation_unlock(&lock);
    return made;
}

// ---- pruning --------------------------------------------------------------------------------------------

static bool add_check(const char *path, GPtrArray *checks, GError **error)
{
    g_autoptr(StoreDb) db = schema_open_read(path, error);
    g_autoptr(StoreStmt) stmt =
        db != NULL ? store_prepare(db, "SELECT value FROM meta WHERE name = 'key'", error) : NULL;
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    gsize len = 0;
    const void *check = step == STORE_ROW ? store_blob(stmt, 0, &len) : NULL;
    if (check != NULL)
        g_ptr_array_add(checks, g_bytes_new(check, len));
    return step != STORE_FAILED;
}

static int prune(const Config *config, const InForce *now, GError **error)
{
    g_autoptr(GPtrArray) checks = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GArray) numbers = generation_numbers(config, error);
    bool ok = numbers != NULL && add_check(now->path, checks, error);
    for (guint i = 0; ok && i < numbers->len; i++) {
        g_autofree char *path = generation_path(config, g_array_index(numbers, int, i));
        ok = add_check(path, checks, error);
    }
    return ok ? key_keep(config->roster.key_file, checks, error) : -1;
}

int feeds_key_prune(const Config *config, GError **error)
{
    g_auto(InForce) now = {0};
    int removed = -1, lock = generation_lock_import(config, "chaperone roster key prune", error);
    if (lock >= 0 && generation_require(config, &now, error))
        removed = prune(config, &now, error);
    generation_unlock(&lock);
    return removed;
}
