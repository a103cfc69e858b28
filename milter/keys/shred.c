// Destroying keys. SQLite overwrites what is deleted (secure_delete), but pages that it packed anew may keep copies in their gaps:
// the files are looked through for what was deleted, and the database is written anew where something is found.
#include "keys/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { NEEDLE = 8, CHUNK = 1024 * 1024, MAP_BITS = 24 };

typedef struct {
    const Config *config;
    StoreDb *db;
    GHashTable *needles; // of guint64: first bytes of each wrapped key that went
    guint8 *map;         // a bit for each of their first three bytes
} Shred;

static guint32 map_at(const guint8 *bytes)
{
    return (guint32)bytes[0] | (guint32)bytes[1] << 8 | (guint32)bytes[2] << 16;
}

static void shred_note(Shred *shred, const guint8 *wrapped)
{
    gint64 first;
    memcpy(&first, wrapped, sizeof first);
    guint32 at = map_at(wrapped);
    shred->map[at / 8] |= (guint8)(1 << at % 8);
    g_hash_table_add(shred->needles, g_memdup2(&first, sizeof first));
}

// ---- looking for what is left ------------------------------------------------------------------------------

static bool shred_is_in(const Shred *shred, const guint8 *data, gsize len)
{
    bool found = false;
    for (gsize i = 0; i + NEEDLE <= len && !found; i++) {
        guint32 at = map_at(data + i);
        gint64 here;
        if ((shred->map[at / 8] & (1 << at % 8)) == 0)
            continue;
        memcpy(&here, data + i, sizeof here);
        found = g_hash_table_contains(shred->needles, &here);
    }
    return found;
}

// TRI_UNKNOWN with `error`. A file that is not there holds nothing.
static Tri shred_look(const Shred *shred, const char *end, GError **error)
{
    g_autofree char *base = keys_db_path(shred->config), *path = g_strconcat(base, end, NULL);
    g_autofree guint8 *buffer = g_malloc(CHUNK + NEEDLE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return TRI_NO;
    Tri found = fd >= 0 ? TRI_NO : TRI_UNKNOWN;
    gsize kept = 0;
    ssize_t n = 1;
    while (found == TRI_NO && n > 0) {
        n = read(fd, buffer + kept, CHUNK);
        if (n < 0)
            found = TRI_UNKNOWN;
        else if (shred_is_in(shred, buffer, kept + (gsize)n))
            found = TRI_YES;
        if (n > 0) {
            gsize have = kept + (gsize)n, keep = MIN(have, NEEDLE - 1);
            memmove(buffer, buffer + have - keep, keep);
            kept = keep;
        }
    }
    if (found == TRI_UNKNOWN)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot look through it: %s", path,
                    g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return found;
}

static Tri shred_left(const Shred *shred, GError **error)
{
    Tri found = g_hash_table_size(shred->needles) > 0 ? shred_look(shred, "", error) : TRI_NO;
    return found == TRI_NO && g_hash_table_size(shred->needles) > 0 ? shred_look(shred, "-wal", error)
                                                                    : found;
}

// ---- the rows ----------------------------------------------------------------------------------------------

static bool shred_empty_wal(Shred *shred, GError **error)
{
    g_autoptr(StoreStmt) step = store_prepare(shred->db, "PRAGMA wal_checkpoint(TRUNCATE)", error);
    bool ran = step != NULL && store_step(step, error) == STORE_ROW;
    bool ok = ran && store_int(step, 0) == 0;
    if (ran && !ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%s.keys.db: others read it now; its write-ahead log is emptied the next time",
                    shred->config->archive.dir);
    return ok;
}

static bool shred_one(Shred *shred, StoreStmt *get, StoreStmt *note, StoreStmt *drop, const char *record,
                      const char *disposal, GError **error)
{
    guint found = 0;
    StoreStep step;
    store_bind_text(get, 1, record);
    while ((step = store_step(get, error)) == STORE_ROW) {
        gsize len = 0;
        const guint8 *wrapped = store_blob(get, 0, &len);
        if (len >= NEEDLE)
            shred_note(shred, wrapped);
        found++;
    }
    store_reset(get);
    if (step == STORE_FAILED || found == 0)
        return step != STORE_FAILED;
    store_bind_text(note, 1, record);
    store_bind_text(note, 2, disposal);
    store_bind_int(note, 3, clock_now_us());
    store_bind_text(drop, 1, record);
    return store_run(note, error) && store_run(drop, error);
}

static bool shred_rows(Shred *shred, const GPtrArray *records, const char *disposal, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(shred->db, "SELECT wrapped FROM key WHERE record = ?", error);
    g_autoptr(StoreStmt) note =
        get != NULL
            ? store_prepare(shred->db,
                            "INSERT INTO destroyed(record, disposal, time_us, clean) VALUES (?, ?, ?, "
                            "0) ON CONFLICT(record) DO UPDATE SET clean = 0",
                            error)
            : NULL;
    g_autoptr(StoreStmt) drop =
        note != NULL ? store_prepare(shred->db, "DELETE FROM key WHERE record = ?", error) : NULL;
    bool begun = drop != NULL && store_begin(shred->db, error), ok = begun;
    for (guint i = 0; ok && i < records->len; i++)
        ok = shred_one(shred, get, note, drop, records->pdata[i], disposal, error);
    ok = ok && store_commit(shred->db, error);
    if (begun && !ok)
        store_rollback(shred->db);
    return ok;
}

// Was an earlier call cut short, before it looked through the files?
static Tri shred_unfinished(Shred *shred, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(shred->db, "SELECT 1 FROM destroyed WHERE clean = 0 LIMIT 1", error);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

static bool shred_files(Shred *shred, Tri again, GError **error)
{
    bool ok = shred_empty_wal(shred, error);
    Tri left = !ok ? TRI_UNKNOWN : again == TRI_YES ? TRI_YES : shred_left(shred, error);
    if (left == TRI_YES)
        left = store_exec(shred->db, "VACUUM", error) && shred_empty_wal(shred, error)
                   ? shred_left(shred, error)
                   : TRI_UNKNOWN;
    if (left == TRI_YES)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO,
                    "%s.keys.db: keys that were deleted are still in the file", shred->config->archive.dir);
    return left == TRI_NO && store_exec(shred->db, "UPDATE destroyed SET clean = 1 WHERE clean = 0", error);
}

bool keys_destroy(const Config *config, const GPtrArray *records, const char *disposal, GError **error)
{
    Shred shred = {.config = config};
    shred.needles = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    shred.map = g_malloc0((gsize)1 << (MAP_BITS - 3));
    shred.db = book_open(config, STORE_WRITE, error);
    Tri again = shred.db != NULL ? shred_unfinished(&shred, error) : TRI_UNKNOWN;
    bool ok = again != TRI_UNKNOWN && shred_rows(&shred, records, disposal, error) &&
              shred_files(&shred, again, error);
    store_close(&shred.db);
    g_hash_table_unref(shred.needles);
    g_free(shred.map);
    return ok;
}

// Has it a row among the destroyed, and was the file looked through?
static Tri destroyed_row(const Config *config, const char *record, bool *out_clean, GError **error)
{
    g_autoptr(StoreDb) db = book_open(config, STORE_READ, error);
    g_autoptr(StoreStmt) get =
        db != NULL ? store_prepare(db, "SELECT clean FROM destroyed WHERE record = ?", error) : NULL;
    if (get == NULL)
        return TRI_UNKNOWN;
    store_bind_text(get, 1, record);
    StoreStep step = store_step(get, error);
    *out_clean = step == STORE_ROW && store_int(get, 0) != 0;
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

Tri keys_destroyed(const Config *config, const char *record, GError **error)
{
    g_autofree char *path = keys_db_path(config);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    bool clean = false;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRI_NO;
    Tri gone = destroyed_row(config, record, &clean, error);
    if (gone == TRI_YES && !clean && !keys_destroy(config, none, "", error))
        gone = TRI_UNKNOWN;
    return gone;
}
