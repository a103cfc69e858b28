#include "keys/internal.h"

#include <string.h>

enum { BUSY_MS = 10000 };

static const char *const SCHEMA[] = {
    "CREATE TABLE key(record TEXT NOT NULL, nonce BLOB NOT NULL, wrapped BLOB NOT NULL, master TEXT NOT "
    "NULL, "
    "PRIMARY KEY(record, nonce)) WITHOUT ROWID;"
    // clean: the files were looked through, and nothing of the keys was left in them.
    "CREATE TABLE destroyed(record TEXT PRIMARY KEY, disposal TEXT NOT NULL, time_us INTEGER NOT NULL, "
    "clean INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX destroyed_unclean ON destroyed(record) WHERE clean = 0;"};

struct Keys {
    StoreDb *db;
    StoreStmt *add;
    char *public_path;
    GBytes *public_text; // what the file said
    MasterPair to;       // and means
};

struct KeysRing {
    Config *config;
    StoreDb *db;
    StoreStmt *find, *gone;
    KeysMaster *master;
    // The last one that was found: a record's metadata are read before its message.
    char last[ULID_LEN + 1];
    RecordKey last_key;
};

StoreDb *book_open(const Config *config, StoreMode mode, GError **error)
{
    g_autofree char *path = keys_db_path(config);
    g_autoptr(StoreDb) db = store_open(path, mode, BUSY_MS, error);
    bool ok = db != NULL;
    if (ok && mode == STORE_WRITE)
        ok = store_exec(db, "PRAGMA secure_delete=ON", error) &&
             store_migrate(db, SCHEMA, G_N_ELEMENTS(SCHEMA), error);
    return ok ? g_steal_pointer(&db) : NULL;
}

bool book_wrap(const RecordKey *key, const MasterPair *to, guint8 out[KEYS_WRAPPED])
{
    return crypto_box_seal(out, key->bytes, sizeof key->bytes, to->public) == 0;
}

Tri book_unwrap(const KeysMaster *master, const char *id, const void *wrapped, gsize len, RecordKey *out)
{
    const MasterPair *pair = master_find(master, id);
    if (pair == NULL)
        return TRI_NO;
    return len == KEYS_WRAPPED &&
                   crypto_box_seal_open(out->bytes, wrapped, len, pair->public, pair->secret) == 0
               ? TRI_YES
               : TRI_UNKNOWN;
}

// ---- adding ------------------------------------------------------------------------------------------------

// The public half as it is now.
static bool keys_look(Keys *keys, GError **error)
{
    g_autoptr(GBytes) now = file_read(keys->public_path, KEYS_PEM_MAX, NULL);
    if (now != NULL && keys->public_text != NULL && g_bytes_equal(now, keys->public_text))
        return true;
    bool ok = master_public_load(keys->public_path, &keys->to, error);
    g_clear_pointer(&keys->public_text, g_bytes_unref);
    keys->public_text = ok ? g_steal_pointer(&now) : NULL;
    return ok;
}

Keys *keys_open(const Config *config, GError **error)
{
    g_autoptr(Keys) keys = g_new0(Keys, 1);
    keys->public_path = keys_public_path(config);
    bool ok =
        keys_look(keys, error) && (keys->db = book_open(config, STORE_WRITE, error)) != NULL &&
        (keys->add = store_prepare(
             keys->db, "INSERT INTO key(record, nonce, wrapped, master) VALUES (?, ?, ?, ?)", error)) != NULL;
    return ok ? g_steal_pointer(&keys) : NULL;
}

void keys_close(Keys **handle)
{
    Keys *keys = g_steal_pointer(handle);
    if (keys == NULL)
        return;
    store_finalize(&keys->add);
    store_close(&keys->db);
    g_clear_pointer(&keys->public_text, g_bytes_unref);
    g_free(keys->public_path);
    g_free(keys);
}

static bool add_one(Keys *keys, const KeysEntry *entry, GError **error)
{
    guint8 wrapped[KEYS_WRAPPED];
    if (!book_wrap(entry->key, &keys->to, wrapped)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "%s: a key cannot be wrapped", keys->public_path);
        return false;
    }
    store_bind_text(keys->add, 1, entry->record);
    store_bind_blob(keys->add, 2, entry->key->nonce, KEYS_NONCE);
    store_bind_blob(keys->add, 3, wrapped, sizeof wrapped);
    store_bind_text(keys->add, 4, keys->to.id);
    return store_run(keys->add, error);
}

bool keys_add(Keys *keys, const KeysEntry *entries, guint n, GError **error)
{
    // Read inside the transaction: who changes the master key does it inside one.
    bool begun = store_begin(keys->db, error);
    bool ok = begun && keys_look(keys, error);
    for (guint i = 0; ok && i < n; i++)
        ok = add_one(keys, &entries[i], error);
    ok = ok && store_commit(keys->db, error);
    if (begun && !ok)
        store_rollback(keys->db);
    return ok;
}

// ---- reading -----------------------------------------------------------------------------------------------

KeysRing *keys_ring_new(const Config *config)
{
    KeysRing *ring = g_new0(KeysRing, 1);
    ring->config = config_ref((Config *)config);
    return ring;
}

void keys_ring_free(KeysRing *ring)
{
    if (ring == NULL)
        return;
    store_finalize(&ring->find);
    store_finalize(&ring->gone);
    store_close(&ring->db);
    keys_master_free(ring->master);
    keys_record_clear(&ring->last_key);
    config_unref(ring->config);
    g_free(ring);
}

static bool ring_open(KeysRing *ring, GError **error)
{
    if (ring->gone != NULL)
        return true;
    g_autoptr(GError) why = NULL;
    bool ok =
        (ring->db != NULL || (ring->db = book_open(ring->config, STORE_READ, &why)) != NULL) &&
        (ring->find != NULL ||
         (ring->find = store_prepare(
              ring->db, "SELECT wrapped, master FROM key WHERE record = ? AND nonce = ?", &why)) != NULL) &&
        (ring->gone = store_prepare(ring->db, "SELECT 1 FROM destroyed WHERE record = ?", &why)) != NULL;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "%s: the archive is sealed, and the keys of its records are not here, or may not be read",
                    why->message);
    return ok;
}

static bool ring_open_master(KeysRing *ring, GError **error)
{
    g_autofree char *path = keys_master_path(ring->config);
    if (ring->master == NULL)
        ring->master = keys_master_load(path, error);
    return ring->master != NULL;
}

static KeysAnswer ring_closed(GError *why, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "the keys of the archive's records: %s", why->message);
    g_error_free(why);
    return KEYS_CLOSED;
}

// No row of it.
static KeysAnswer ring_missing(KeysRing *ring, const char *record, GError **error)
{
    GError *why = NULL;
    store_bind_text(ring->gone, 1, record);
    StoreStep step = store_step(ring->gone, &why);
    store_reset(ring->gone);
    if (step == STORE_FAILED)
        return ring_closed(why, error);
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s.keys.db has no key of record %s, and no disposal destroyed it: was an old copy put "
                    "back?",
                    ring->config->archive.dir, record);
    return step == STORE_ROW ? KEYS_DESTROYED : KEYS_LOST;
}

// The row that was found.
static KeysAnswer ring_unwrap(KeysRing *ring, const char *record, RecordKey *out, GError **error)
{
    gsize len = 0;
    const void *wrapped = store_blob(ring->find, 0, &len);
    const char *master = store_text(ring->find, 1);
    if (!ring_open_master(ring, error))
        return KEYS_CLOSED;
    Tri opened = master != NULL ? book_unwrap(ring->master, master, wrapped, len, out) : TRI_UNKNOWN;
    if (opened == TRI_NO) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "the key of record %s is wrapped to master key %s, and archive.master_key is another: "
                    "open it from escrow, `chaperone archive keys open`",
                    record, master);
        return KEYS_CLOSED;
    }
    if (opened == TRI_UNKNOWN)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s.keys.db: the key of record %s is damaged; take it from a copy",
                    ring->config->archive.dir, record);
    return opened == TRI_YES ? KEYS_FOUND : KEYS_LOST;
}

static KeysAnswer ring_ask(KeysRing *ring, const char *record, const guint8 nonce[KEYS_NONCE], RecordKey *out,
                           GError **error)
{
    GError *why = NULL;
    if (!ring_open(ring, error))
        return KEYS_CLOSED;
    store_bind_text(ring->find, 1, record);
    store_bind_blob(ring->find, 2, nonce, KEYS_NONCE);
    StoreStep step = store_step(ring->find, &why);
    KeysAnswer answer = step == STORE_FAILED ? ring_closed(why, error)
                        : step == STORE_DONE ? ring_missing(ring, record, error)
                        : out == NULL        ? KEYS_FOUND
                                             : ring_unwrap(ring, record, out, error);
    store_reset(ring->find);
    return answer;
}

KeysAnswer keys_ring_find(KeysRing *ring, const char *record, const guint8 nonce[KEYS_NONCE], RecordKey *out,
                          GError **error)
{
    if (strcmp(ring->last, record) == 0 && memcmp(ring->last_key.nonce, nonce, KEYS_NONCE) == 0) {
        *out = ring->last_key;
        return KEYS_FOUND;
    }
    memcpy(out->nonce, nonce, KEYS_NONCE);
    KeysAnswer answer = ring_ask(ring, record, nonce, out, error);
    if (answer == KEYS_FOUND) {
        g_strlcpy(ring->last, record, sizeof ring->last);
        ring->last_key = *out;
    }
    return answer;
}

KeysAnswer keys_ring_has(KeysRing *ring, const char *record, const guint8 nonce[KEYS_NONCE], GError **error)
{
    return ring_ask(ring, record, nonce, NULL, error);
}

// ---- all of them -------------------------------------------------------------------------------------------

bool keys_count(const Config *config, KeysCount *out, GError **error)
{
    *out = (KeysCount){0};
    MasterPair pair;
    g_autofree char *path = keys_public_path(config);
    g_autoptr(StoreDb) db =
        master_public_load(path, &pair, error) ? book_open(config, STORE_READ, error) : NULL;
    g_autoptr(StoreStmt) get = db != NULL
                                   ? store_prepare(db,
                                                   "SELECT count(*), (SELECT count(*) FROM destroyed), "
                                                   "coalesce(sum(master <> ?), 0) FROM key",
                                                   error)
                                   : NULL;
    if (get == NULL)
        return false;
    store_bind_text(get, 1, pair.id);
    bool ok = store_step(get, error) == STORE_ROW;
    if (ok)
        *out =
            (KeysCount){(guint64)store_int(get, 0), (guint64)store_int(get, 1), (guint64)store_int(get, 2)};
    return ok;
}

typedef struct {
    const KeysMaster *master;
    StoreStmt *get;
    KeysEach func;
    void *data;
    bool stopped;
} EachKey;

// The rows of a statement that gives record, nonce, wrapped, master.
static bool each_row(EachKey *each, GError **error)
{
    StoreStep step = STORE_DONE;
    bool ok = true;
    while (ok && !each->stopped && (step = store_step(each->get, error)) == STORE_ROW) {
        gsize nonce_len = 0, len = 0;
        RecordKey key;
        const void *nonce = store_blob(each->get, 1, &nonce_len), *wrapped = store_blob(each->get, 2, &len);
        const char *record = store_text(each->get, 0), *id = store_text(each->get, 3);
        ok = nonce_len == KEYS_NONCE && book_unwrap(each->master, id, wrapped, len, &key) == TRI_YES;
        if (ok) {
            memcpy(key.nonce, nonce, KEYS_NONCE);
            each->stopped = !each->func(record, &key, each->data);
        } else {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                        "the key of record %s is damaged, or wrapped to another master key than the one here",
                        record);
        }
        keys_record_clear(&key);
    }
    store_reset(each->get);
    return ok && step != STORE_FAILED;
}

bool keys_each(const Config *config, const GPtrArray *records, KeysEach func, void *data, GError **error)
{
    g_autofree char *path = keys_master_path(config);
    g_autoptr(KeysMaster) master = keys_master_load(path, error);
    g_autoptr(StoreDb) db = master != NULL ? book_open(config, STORE_READ, error) : NULL;
    g_autoptr(StoreStmt) get =
        db != NULL ? store_prepare(db,
                                   records == NULL
                                       ? "SELECT record, nonce, wrapped, master FROM key ORDER BY record"
                                       : "SELECT record, nonce, wrapped, master FROM key WHERE record = ?",
                                   error)
                   : NULL;
    EachKey each = {master, get, func, data, false};
    bool ok = get != NULL;
    if (ok && records == NULL)
        ok = each_row(&each, error);
    for (guint i = 0; ok && !each.stopped && records != NULL && i < records->len; i++) {
        store_bind_text(get, 1, records->pdata[i]);
        ok = each_row(&each, error);
    }
    return ok;
}
