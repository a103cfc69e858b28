// log.db: which leaf is whose, and how far the segments were sequenced.
#include "archive/log_internal.h"

#include <string.h>

enum { BUSY_MS = 10000 };

static const char *const MIGRATIONS[] = {
    "CREATE TABLE leaf (key TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE place (series TEXT PRIMARY KEY, segment TEXT NOT NULL, byte INTEGER NOT NULL);"
    "CREATE TABLE size (one INTEGER PRIMARY KEY CHECK (one = 1), leaves INTEGER NOT NULL);"
    "INSERT INTO size VALUES (1, 0);"};

bool log_db_open(LogDb *db, const Config *config, StoreMode mode, GError **error)
{
    g_autofree char *path = g_build_filename(config->archive.dir, "log.db", NULL);
    *db = (LogDb){.db = store_open(path, mode, BUSY_MS, error)};
    bool ok = db->db != NULL &&
              (mode == STORE_READ || store_migrate(db->db, MIGRATIONS, G_N_ELEMENTS(MIGRATIONS), error)) &&
              (db->find = store_prepare(db->db, "SELECT number FROM leaf WHERE key = ?", error)) != NULL &&
              (db->add = store_prepare(db->db, "INSERT INTO leaf VALUES (?, ?)", error)) != NULL;
    if (!ok)
        log_db_close(db);
    return ok;
}

void log_db_close(LogDb *db)
{
    store_finalize(&db->find);
    store_finalize(&db->add);
    store_close(&db->db);
}

bool log_db_size(LogDb *db, guint64 *out_size, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db->db, "SELECT leaves FROM size", error);
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    *out_size = ok ? (guint64)store_int(stmt, 0) : 0;
    if (!ok && error != NULL && *error == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "log.db: its table size is empty");
    return ok;
}

Tri log_db_find(LogDb *db, const char *key, guint64 *out_index, GError **error)
{
    store_bind_text(db->find, 1, key);
    StoreStep step = store_step(db->find, error);
    if (step == STORE_ROW)
        *out_index = (guint64)store_int(db->find, 0);
    store_reset(db->find);
    return step == STORE_ROW ? TRI_YES : step == STORE_DONE ? TRI_NO : TRI_UNKNOWN;
}

bool log_db_add(LogDb *db, const char *key, guint64 index, GError **error)
{
    store_bind_text(db->add, 1, key);
    store_bind_int(db->add, 2, (int64_t)index);
    return store_run(db->add, error);
}

bool log_db_set_size(LogDb *db, guint64 size, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db->db, "UPDATE size SET leaves = ?", error);
    if (stmt != NULL)
        store_bind_int(stmt, 1, (int64_t)size);
    return stmt != NULL && store_run(stmt, error);
}

GPtrArray *log_db_places(LogDb *db, GError **error)
{
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify)archive_place_free);
    g_autoptr(StoreStmt) stmt = store_prepare(db->db, "SELECT series, segment, byte FROM place", error);
    StoreStep step = stmt != NULL ? STORE_ROW : STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        ArchivePlace *place = g_new0(ArchivePlace, 1);
        place->series = g_strdup(store_text(stmt, 0));
        place->segment = g_strdup(store_text(stmt, 1));
        place->offset = store_int(stmt, 2);
        g_ptr_array_add(places, place);
    }
    return step == STORE_DONE ? g_steal_pointer(&places) : NULL;
}

bool log_db_set_places(LogDb *db, const GPtrArray *places, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db->db, "INSERT OR REPLACE INTO place VALUES (?, ?, ?)", error);
    bool ok = stmt != NULL;
    for (guint i = 0; ok && i < places->len; i++) {
        const ArchivePlace *place = places->pdata[i];
        if (place->segment == NULL)
            continue;
        store_bind_text(stmt, 1, place->series);
        store_bind_text(stmt, 2, place->segment);
        store_bind_int(stmt, 3, place->offset);
        ok = store_run(stmt, error);
    }
    return ok;
}

char *log_leaf_key(const void *leaf, gsize len)
{
    json_error_t where;
    json_t *json = json_loadb(leaf, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    const char *id = json_string_value(json_object_get(json, "id"));
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *segment = json_string_value(json_object_get(json, "segment"));
    char *key = NULL;
    if (id != NULL)
        key = g_strdup(id);
    else if (segment != NULL && g_strcmp0(type, "segment-seal") == 0)
        key = g_strconcat("seal:", segment, NULL);
    else if (segment != NULL && g_strcmp0(type, "damage") == 0)
        key = g_strdup_printf("damage:%s:%" G_GINT64_FORMAT, segment,
                              (gint64)json_integer_value(json_object_get(json, "offset")));
    json_decref(json);
    return key;
}
