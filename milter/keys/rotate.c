// A new master key. Order: FILE holds the new and the old one; escrow holds both; DIR.master.pub is the new one; all keys are
// wrapped to it; escrow and FILE hold the new one only. Cut short anywhere, the next call goes on.
#include "keys/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 500 };

typedef struct {
    const Config *config;
    StoreDb *db;
    KeysMaster *master;
    char *path;      // of `master`
    char *record;    // wrapped anew up to here
    guint64 wrapped; // how many
} Rotation;

static const MasterPair *newest(const Rotation *rotation)
{
    return &g_array_index(rotation->master->pairs, MasterPair, 0);
}

static bool escrow_renew(const Rotation *rotation, GError **error)
{
    json_t *list = keys_escrow_list(rotation->config, error);
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        ok = keys_escrow_write(rotation->config, json_string_value(json_object_get(one, "name")),
                               json_string_value(json_object_get(one, "officer")), error);
    }
    json_decref(list);
    return ok;
}

// Writers read the public half inside a transaction.
static bool publish(const Rotation *rotation, GError **error)
{
    g_autofree char *path = keys_public_path(rotation->config);
    bool begun = store_begin(rotation->db, error);
    bool ok =
        begun && master_public_write(path, newest(rotation), error) && store_commit(rotation->db, error);
    if (begun && !ok)
        store_rollback(rotation->db);
    return ok;
}

static bool begin(Rotation *rotation, GError **error)
{
    g_autofree char *path = keys_public_path(rotation->config);
    MasterPair public, pair;
    if (!master_public_load(path, &public, error))
        return false;
    if (rotation->master->pairs->len == 1 && strcmp(public.id, newest(rotation)->id) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s is not the public half of %s", path,
                    rotation->path);
        return false;
    }
    bool ok = true;
    if (rotation->master->pairs->len == 1) {
        ok = master_make(&pair);
        g_array_prepend_val(rotation->master->pairs, pair);
        sodium_memzero(&pair, sizeof pair);
        ok = ok && master_write(rotation->path, rotation->master, error);
    }
    return ok && escrow_renew(rotation, error) &&
           (strcmp(public.id, newest(rotation)->id) == 0 || publish(rotation, error));
}

typedef struct {
    char *record;
    guint8 nonce[KEYS_NONCE], wrapped[KEYS_WRAPPED];
} Rewrapped;

static void rewrapped_clear(gpointer one)
{
    g_free(((Rewrapped *)one)->record);
}

// The next ones, wrapped anew, into `out`.
static bool collect(Rotation *rotation, GArray *out, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(rotation->db,
                                             "SELECT record, nonce, wrapped, master FROM key WHERE record >= "
                                             "? AND master <> ? ORDER BY record LIMIT ?",
                                             error);
    if (get == NULL)
        return false;
    store_bind_text(get, 1, rotation->record);
    store_bind_text(get, 2, newest(rotation)->id);
    store_bind_int(get, 3, AT_ONCE);
    StoreStep step = STORE_DONE;
    bool ok = true;
    while (ok && (step = store_step(get, error)) == STORE_ROW) {
        gsize nonce_len = 0, len = 0;
        RecordKey key;
        const void *nonce = store_blob(get, 1, &nonce_len), *wrapped = store_blob(get, 2, &len);
        Rewrapped one = {.record = g_strdup(store_text(get, 0))};
        ok = nonce_len == KEYS_NONCE &&
             book_unwrap(rotation->master, store_text(get, 3), wrapped, len, &key) == TRI_YES &&
             book_wrap(&key, newest(rotation), one.wrapped);
        keys_record_clear(&key);
        if (ok)
            memcpy(one.nonce, nonce, KEYS_NONCE);
        else
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                        "the key of record %s is damaged, or wrapped to a master key that is not in %s; the "
                        "old master key is kept",
                        one.record, rotation->path);
        g_array_append_val(out, one);
    }
    return ok && step != STORE_FAILED;
}

static bool put(Rotation *rotation, StoreStmt *set, const Rewrapped *one, GError **error)
{
    store_bind_blob(set, 1, one->wrapped, sizeof one->wrapped);
    store_bind_text(set, 2, newest(rotation)->id);
    store_bind_text(set, 3, one->record);
    store_bind_blob(set, 4, one->nonce, sizeof one->nonce);
    return store_run(set, error);
}

// TRI_NO: nothing is left.
static Tri some(Rotation *rotation, GError **error)
{
    g_autoptr(GArray) batch = g_array_new(FALSE, TRUE, sizeof(Rewrapped));
    g_array_set_clear_func(batch, rewrapped_clear);
    g_autoptr(StoreStmt) set = store_prepare(
        rotation->db, "UPDATE key SET wrapped = ?, master = ? WHERE record = ? AND nonce = ?", error);
    bool begun = set != NULL && store_begin(rotation->db, error),
         ok = begun && collect(rotation, batch, error);
    for (guint i = 0; ok && i < batch->len; i++)
        ok = put(rotation, set, &g_array_index(batch, Rewrapped, i), error);
    ok = ok && store_commit(rotation->db, error);
    if (begun && !ok)
        store_rollback(rotation->db);
    if (ok && batch->len > 0) {
        g_free(rotation->record);
        rotation->record = g_strdup(g_array_index(batch, Rewrapped, batch->len - 1).record);
        rotation->wrapped += batch->len;
    }
    return !ok ? TRI_UNKNOWN : batch->len > 0 ? TRI_YES : TRI_NO;
}

// The file with the new key alone; what the old one held is overwritten.
static bool forget(Rotation *rotation, GError **error)
{
    int old = open(rotation->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat now;
    g_array_set_size(rotation->master->pairs, 1);
    bool ok = old >= 0 && fstat(old, &now) == 0 && master_write(rotation->path, rotation->master, error);
    if (ok) {
        g_autofree guint8 *zeros = g_malloc0((gsize)now.st_size);
        ok = file_write_all(old, zeros, (gsize)now.st_size, rotation->path, error) &&
             file_datasync(old, rotation->path, error);
    } else if (error == NULL || *error == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot be written: %s", rotation->path,
                    g_strerror(errno));
    }
    if (old >= 0)
        close(old);
    return ok;
}

static int rotation_lock(const Config *config, GError **error)
{
    g_autofree char *path = g_strconcat(config->archive.dir, ".master.lock", NULL);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && file_adopt(path, NULL))
        return lock;
    g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: the master key is being changed by another: %s",
                path, g_strerror(errno));
    if (lock >= 0)
        close(lock);
    return -1;
}

static bool run(Rotation *rotation, GError **error)
{
    Tri more = TRI_YES;
    if ((rotation->master = keys_master_load(rotation->path, error)) == NULL ||
        (rotation->db = book_open(rotation->config, STORE_WRITE, error)) == NULL || !begin(rotation, error))
        return false;
    while (more == TRI_YES)
        more = some(rotation, error);
    // What was wrapped to the old key is still in the write-ahead log: it is of no use without that key.
    return more == TRI_NO && forget(rotation, error) && escrow_renew(rotation, error);
}

bool keys_rotate(const Config *config, char **out_id, guint64 *out_wrapped, GError **error)
{
    Rotation rotation = {.config = config, .path = keys_master_path(config), .record = g_strdup("")};
    int lock = rotation_lock(config, error);
    bool ok = lock >= 0 && run(&rotation, error);
    *out_id = ok ? g_strdup(newest(&rotation)->id) : NULL;
    *out_wrapped = rotation.wrapped;
    keys_master_free(rotation.master);
    store_close(&rotation.db);
    g_free(rotation.path);
    g_free(rotation.record);
    if (lock >= 0)
        close(lock);
    return ok;
}
