// Sequencing: what the segments hold becomes leaves, and a checkpoint is signed over them. Order on the disk: the segments, the
// tiles, log.db, FILE.checkpoint, the checkpoint. A crash between any two is healed by beginning again at log.db.
#include "archive/log_internal.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct ArchiveLog {
    Config *config;
    char *dir, *key_path;
    TlogKey *key;
    LogDb db;
    Tlog *tlog; // NULL after a failure: opened anew
    int lock;
    guint64 published;
};

// ---- the key ---------------------------------------------------------------------------------------------

static bool key_write(const char *path, const char *text, int mode, GError **error)
{
    return file_write_atomic(path, text, strlen(text), mode, error) && file_adopt(path, error);
}

// The key of the file, or a new one where there is neither it nor a log.
static TlogKey *key_load(const Config *config, const char *path, bool log_exists, GError **error)
{
    g_autofree char *name = archive_log_name(config), *public = g_strconcat(path, ".pub", NULL);
    TlogKey *key = NULL;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autofree char *pem = log_text_file(path, error);
        g_autoptr(GError) why = NULL;
        key = pem != NULL ? tlog_key_from_pem(pem, name, TLOG_SIGNS_NOTES, &why) : NULL;
        if (pem != NULL)
            sodium_memzero(pem, strlen(pem));
        if (why != NULL)
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s", path, why->message);
    } else if (log_exists) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_UNAVAILABLE,
            "%s: the key of the archive's log is not there; put it back, a log is never signed by another",
            path);
    } else {
        key = tlog_key_new(name, TLOG_SIGNS_NOTES, error);
        g_autofree char *pem = key != NULL ? tlog_key_pem(key) : NULL;
        if (pem != NULL && !key_write(path, pem, 0600, error))
            g_clear_pointer(&key, tlog_key_free);
        if (pem != NULL)
            sodium_memzero(pem, strlen(pem));
    }
    g_autofree char *verifier = key != NULL ? tlog_key_verifier(key) : NULL;
    g_autofree char *line = verifier != NULL ? g_strconcat(verifier, "\n", NULL) : NULL;
    if (line != NULL && !g_file_test(public, G_FILE_TEST_EXISTS) && !key_write(public, line, 0644, error))
        g_clear_pointer(&key, tlog_key_free);
    return key;
}

// ---- opening ---------------------------------------------------------------------------------------------

// The entries that the tiles have and log.db does not, up to `size`, which was signed.
static bool log_relearn(ArchiveLog *log, guint64 from, guint64 size, GError **error)
{
    g_autoptr(Tlog) tlog = tlog_open(log->dir, size, error);
    bool ok = tlog != NULL && store_begin(log->db.db, error);
    for (guint64 index = from; ok && index < size; index++) {
        g_autoptr(GBytes) leaf = tlog_entry(tlog, index, error);
        gsize len = 0;
        const void *data = leaf != NULL ? g_bytes_get_data(leaf, &len) : NULL;
        g_autofree char *key = leaf != NULL ? log_leaf_key(data, len) : NULL;
        guint64 known = 0;
        ok = leaf != NULL;
        if (key != NULL && log_db_find(&log->db, key, &known, error) == TRI_NO)
            ok = log_db_add(&log->db, key, index, error);
    }
    ok = ok && log_db_set_size(&log->db, size, error) && store_commit(log->db.db, error);
    if (!ok && log->db.db != NULL)
        store_rollback(log->db.db);
    return ok;
}

// The log must begin with what `note` (of `path`) says was signed.
static bool log_begins_with(ArchiveLog *log, const char *path, const char *note, guint64 *out_size,
                            GError **error)
{
    g_auto(TlogCheckpoint) signed_once = {0};
    guint64 size = 0;
    TlogHash root;
    if (!log_note_check(path, note, log->key, &signed_once, error) || !log_db_size(&log->db, &size, error))
        return false;
    g_autoptr(GError) why = NULL;
    if (size < signed_once.size && log_relearn(log, size, signed_once.size, &why)) {
        log_warn("log.db was behind the log and has learned from it", "log", log->dir);
        size = signed_once.size;
    }
    g_clear_pointer(&log->tlog, tlog_free);
    log->tlog = size >= signed_once.size ? tlog_open(log->dir, size, error) : NULL;
    bool ok = log->tlog != NULL && tlog_root(tlog_read, log->tlog, signed_once.size, &root, error);
    if (size < signed_once.size || (ok && !tlog_hash_equal(&root, &signed_once.root))) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: the log is older than, or another than, the one of %" G_GUINT64_FORMAT
                    " leaves that %s says was signed%s%s; an old copy of the archive was put back? Put back "
                    "the newest one: "
                    "nothing is signed until then",
                    log->dir, signed_once.size, path, why != NULL ? ": " : "",
                    why != NULL ? why->message : "");
        ok = false;
    }
    *out_size = signed_once.size;
    return ok;
}

// No segment may be shorter than it was.
static bool log_segments_are_there(ArchiveLog *log, GError **error)
{
    g_autoptr(GPtrArray) places = log_db_places(&log->db, error);
    bool ok = places != NULL;
    for (guint i = 0; ok && i < places->len; i++) {
        const ArchivePlace *place = places->pdata[i];
        g_autofree char *path = g_build_filename(log->config->archive.dir, place->segment, NULL);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
        ok = end >= place->offset;
        if (fd >= 0)
            close(fd);
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                        "%s: the log has leaves of its first %" G_GINT64_FORMAT
                        " bytes, and it is %s; an old copy of the archive was put back? Put back the newest "
                        "one: nothing "
                        "is signed until then",
                        path, place->offset, fd < 0 ? "not there" : "shorter");
    }
    return ok;
}

static bool log_load(ArchiveLog *log, GError **error)
{
    g_autofree char *anchor = g_strconcat(log->key_path, ".checkpoint", NULL);
    g_autofree char *path = g_build_filename(log->dir, "checkpoint", NULL);
    g_autofree char *anchored = NULL, *note = NULL;
    bool exists = g_file_test(path, G_FILE_TEST_EXISTS), anchors = g_file_test(anchor, G_FILE_TEST_EXISTS);
    guint64 size = 0, anchor_size = 0;
    log->key = key_load(log->config, log->key_path, exists || anchors, error);
    bool ok = log->key != NULL && log_db_open(&log->db, log->config, STORE_WRITE, error) &&
              (!exists || ((note = log_text_file(path, error)) != NULL &&
                           log_begins_with(log, path, note, &size, error))) &&
              (!anchors || ((anchored = log_text_file(anchor, error)) != NULL &&
                            log_begins_with(log, anchor, anchored, &anchor_size, error))) &&
              log_segments_are_there(log, error);
    log->published = size;
    if (ok && log->tlog == NULL)
        ok = log_db_size(&log->db, &size, error) && (log->tlog = tlog_open(log->dir, size, error)) != NULL;
    return ok;
}

ArchiveLog *archive_log_open(const Config *config, GError **error)
{
    g_autoptr(ArchiveLog) log = g_new0(ArchiveLog, 1);
    log->config = config_ref((Config *)config);
    log->dir = archive_log_dir(config);
    log->key_path = archive_log_key_path(config);
    log->lock = -1;
    bool ok = file_make_dirs(config->archive.dir, 0750, error) &&
              (log->lock = segment_lock(config->archive.dir, "log", 0, error)) >= 0 && log_load(log, error);
    return ok ? g_steal_pointer(&log) : NULL;
}

void archive_log_close(ArchiveLog **log)
{
    if (*log == NULL)
        return;
    tlog_free((*log)->tlog);
    tlog_key_free((*log)->key);
    log_db_close(&(*log)->db);
    if ((*log)->lock >= 0)
        close((*log)->lock);
    g_free((*log)->dir);
    g_free((*log)->key_path);
    config_unref((*log)->config);
    g_clear_pointer(log, g_free);
}

guint64 archive_log_size(const ArchiveLog *log)
{
    return log->tlog != NULL ? tlog_size(log->tlog) : log->published;
}

guint64 archive_log_published(const ArchiveLog *log)
{
    return log->published;
}

// ---- a batch ---------------------------------------------------------------------------------------------

typedef struct {
    char *key;
    guint64 index;
} BatchLeaf;

typedef struct {
    ArchiveLog *log;
    GArray *leaves;      // of BatchLeaf
    GHashTable *keys;    // of char*, borrowed from `leaves`
    GHashTable *touched; // of char*: segments read
    char *segment;       // that is open; NULL = none
    FrameFile file;
    int fd; // -1 = none
    GError *error;
} Batch;

static void batch_close(Batch *batch)
{
    if (batch->fd >= 0) {
        frame_file_clear(&batch->file);
        close(batch->fd);
    }
    batch->fd = -1;
    g_clear_pointer(&batch->segment, g_free);
}

static void batch_leaf_clear(gpointer leaf)
{
    g_free(((BatchLeaf *)leaf)->key);
}

// Appends `leaf` under `key` where that has none. Takes `key`.
static bool batch_add(Batch *batch, char *key, const char *leaf)
{
    guint64 index;
    Tri known = g_hash_table_contains(batch->keys, key)
                    ? TRI_YES
                    : log_db_find(&batch->log->db, key, &index, &batch->error);
    BatchLeaf one = {key, tlog_size(batch->log->tlog)};
    bool ok = known == TRI_YES ||
              (known == TRI_NO && tlog_append(batch->log->tlog, leaf, strlen(leaf), &batch->error));
    if (ok && known == TRI_NO) {
        g_array_append_val(batch->leaves, one);
        g_hash_table_add(batch->keys, key);
    } else {
        g_free(key);
    }
    return ok;
}

// A leaf of what is no record. Takes `json`.
static bool batch_note(Batch *batch, json_t *json)
{
    g_autofree char *text = json != NULL ? encode_json(json, &batch->error) : NULL;
    char *key = text != NULL ? log_leaf_key(text, strlen(text)) : NULL;
    json_decref(json);
    return key != NULL && batch_add(batch, key, text);
}

static void batch_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    Batch *batch = data;
    if (batch->error != NULL)
        return;
    log_error("damage in the archive", "segment", segment, "what", what);
    batch_note(batch, json_pack("{s:s, s:I, s:s, s:i}", "segment", segment, "offset", (json_int_t)offset,
                                "type", "damage", "v", 1));
}

// The hash of a record's frame; the segment stays open for the next one's.
static char *batch_frame(Batch *batch, const ArchiveRef *ref, GError **error)
{
    if (g_strcmp0(batch->segment, ref->segment) != 0) {
        batch_close(batch);
        g_autofree char *path = g_build_filename(batch->log->config->archive.dir, ref->segment, NULL);
        batch->fd = open(path, O_RDONLY | O_CLOEXEC);
        batch->segment = g_strdup(ref->segment);
        if (batch->fd >= 0)
            frame_file_init(&batch->file, batch->fd);
    }
    if (batch->fd >= 0 && ref->offset + ref->length > batch->file.end)
        frame_file_refresh(&batch->file);
    char *hash = batch->fd >= 0 ? frame_hash(&batch->file, ref->offset, ref->length) : NULL;
    if (hash == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: byte %" G_GINT64_FORMAT ": cannot be read",
                    ref->segment, ref->offset);
    return hash;
}

static char *batch_leaf(const ArchiveRecord *record, const char *frame, GError **error)
{
    gsize len = 0;
    GBytes *bytes = record->leaf != NULL ? record->leaf : record->json;
    const void *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    if (data == NULL)
        return NULL;
    return record->leaf != NULL ? log_leaf_framed(data, len, record->ref->id, frame, error)
                                : log_leaf(record->meta, data, len, frame, error);
}

static bool batch_take(const ArchiveRecord *record, void *data)
{
    Batch *batch = data;
    g_autoptr(GError) why = NULL;
    // What cannot be read now is read the next time: only what is wrong for good is damage.
    g_autofree char *frame = batch->error == NULL ? batch_frame(batch, record->ref, &batch->error) : NULL;
    if (frame == NULL)
        return false;
    g_autofree char *leaf = batch_leaf(record, frame, &why);
    g_hash_table_add(batch->touched, g_strdup(record->ref->segment));
    if (batch->error != NULL)
        return false;
    if (leaf == NULL) {
        batch_damage(record->ref->segment, record->ref->offset,
                     why != NULL ? why->message : "a record without metadata", batch);
        return batch->error == NULL;
    }
    return batch_add(batch, g_strdup(record->ref->id), leaf);
}

// Segments that are done with: those of a series before the one that is read now.
static bool batch_seals(Batch *batch, const GPtrArray *places)
{
    const char *dir = batch->log->config->archive.dir;
    g_autoptr(GPtrArray) all = segments_list(dir, &batch->error);
    bool ok = all != NULL;
    for (guint i = 0; ok && i < all->len; i++) {
        const Segment *segment = all->pdata[i];
        g_autofree char *key = g_strconcat("seal:", segment->rel, NULL);
        guint64 index;
        bool behind = false;
        for (guint k = 0; k < places->len && !behind; k++) {
            const ArchivePlace *place = places->pdata[k];
            Segment at = {0};
            if (place->segment != NULL && strcmp(place->series, segment->series) == 0 &&
                segment_parse(place->segment, &at)) {
                behind = segment->number < at.number;
                segment_clear(&at);
            }
        }
        Tri known = behind ? log_db_find(&batch->log->db, key, &index, &batch->error) : TRI_YES;
        ok = known != TRI_UNKNOWN;
        if (known == TRI_NO)
            ok = batch_note(batch, log_seal(dir, segment->rel, &batch->error));
    }
    return ok;
}

// What was read may still be on its way to the disk.
static bool batch_sync(Batch *batch, GError **error)
{
    GHashTableIter iter;
    gpointer segment;
    bool ok = true;
    g_hash_table_iter_init(&iter, batch->touched);
    while (ok && g_hash_table_iter_next(&iter, &segment, NULL)) {
        g_autofree char *path = g_build_filename(batch->log->config->archive.dir, segment, NULL);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ok = fd >= 0 ? file_datasync(fd, path, error) : false;
        if (fd < 0)
            g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot open segment", path);
        if (fd >= 0)
            ok = file_close(&fd, path, error) && ok;
    }
    return ok;
}

static bool batch_commit(Batch *batch, const GPtrArray *places, GError **error)
{
    LogDb *db = &batch->log->db;
    bool ok = store_begin(db->db, error);
    for (guint i = 0; ok && i < batch->leaves->len; i++) {
        const BatchLeaf *leaf = &g_array_index(batch->leaves, BatchLeaf, i);
        ok = log_db_add(db, leaf->key, leaf->index, error);
    }
    ok = ok && log_db_set_places(db, places, error) &&
         log_db_set_size(db, tlog_size(batch->log->tlog), error) && store_commit(db->db, error);
    if (!ok)
        store_rollback(db->db);
    return ok;
}

static bool batch_run(Batch *batch, guint most, GError **error)
{
    ArchiveLog *log = batch->log;
    g_autoptr(GPtrArray) places = log_db_places(&log->db, error);
    bool ok = places != NULL &&
              follow_closed(log->config, places, 0, most, batch_take, batch_damage, batch, error) &&
              batch->error == NULL && batch_seals(batch, places) && batch->error == NULL &&
              batch_sync(batch, error) && tlog_flush(log->tlog, error) && batch_commit(batch, places, error);
    if (!ok && batch->error != NULL && (error == NULL || *error == NULL))
        g_propagate_error(error, g_steal_pointer(&batch->error));
    g_clear_error(&batch->error);
    return ok;
}

bool archive_log_sequence(ArchiveLog *log, guint most, guint *out_new, GError **error)
{
    guint64 size = 0;
    Batch batch = {.log = log, .leaves = g_array_new(FALSE, FALSE, sizeof(BatchLeaf)), .fd = -1};
    g_array_set_clear_func(batch.leaves, batch_leaf_clear);
    batch.keys = g_hash_table_new(g_str_hash, g_str_equal);
    batch.touched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (log->tlog == NULL && log_db_size(&log->db, &size, error))
        log->tlog = tlog_open(log->dir, size, error);
    bool ok = log->tlog != NULL && batch_run(&batch, most, error);
    *out_new = ok ? batch.leaves->len : 0;
    batch_close(&batch);
    g_hash_table_unref(batch.keys);
    g_hash_table_unref(batch.touched);
    g_array_unref(batch.leaves);
    if (!ok)
        g_clear_pointer(&log->tlog, tlog_free);
    return ok && tlog_tidy(log->tlog, error);
}

// ---- the checkpoint --------------------------------------------------------------------------------------

bool archive_log_publish(ArchiveLog *log, GError **error)
{
    if (log->tlog == NULL || tlog_size(log->tlog) == log->published)
        return true;
    TlogCheckpoint checkpoint = {.origin = (char *)tlog_key_name(log->key), .size = tlog_size(log->tlog)};
    bool ok = tlog_root(tlog_read, log->tlog, checkpoint.size, &checkpoint.root, error);
    g_autofree char *text = ok ? tlog_checkpoint_text(&checkpoint) : NULL;
    g_autofree char *line = ok ? tlog_note_sign(log->key, text, 0, error) : NULL;
    g_autofree char *note = line != NULL ? g_strconcat(text, "\n", line, NULL) : NULL;
    g_autofree char *anchor = g_strconcat(log->key_path, ".checkpoint", NULL);
    g_autofree char *path = g_build_filename(log->dir, "checkpoint", NULL);
    ok = note != NULL && key_write(anchor, note, 0644, error) && key_write(path, note, 0644, error);
    if (ok)
        log->published = checkpoint.size;
    return ok;
}
