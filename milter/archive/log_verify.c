// The log against itself, against log.db and against the segments: whatever was altered, removed or slipped in is named.
#include "archive/log_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WIDTH  256
#define LEVELS 8

struct LogCheck {
    const Config *config;
    char *dir;
    DamageSink *sink;
    ArchiveLogVerdict *verdict;
    ArchiveCheckpoint *checkpoint;
    Tlog *tlog;
    LogDb db;
    bool db_usable;
    GPtrArray *places;
    GHashTable *shredded; // id -> Shredded
    GHashTable *untold;   // ids of sealed records whose keys could not be looked for
    guint8 *seen;         // a bit a leaf: its record stands in a segment
    GHashTable *disposed; // of char*: what disposals under the log name -> its leaf as text
    GHashTable *cuts;     // of char*: "SIZE SHA256 SEGMENT" of the segments without them
    GByteArray *levels[LEVELS];
    guint64 numbers[LEVELS];
};

static void check_damage(LogCheck *check, const char *file, int64_t offset, const char *what)
{
    g_autofree char *name = g_strconcat("log/", file, NULL);
    damage_report(check->sink, name, offset, 0, NULL, what);
}

// ---- tiles -----------------------------------------------------------------------------------------------

// A file of the log; NULL when it is not there or cannot be read, which is reported.
static GBytes *check_read(LogCheck *check, const char *part, bool must)
{
    g_autofree char *path = g_build_filename(check->dir, part, NULL);
    g_autoptr(GError) error = NULL;
    GBytes *bytes = file_read(path, (gsize)WIDTH * (TLOG_ENTRY_MAX + 2), &error);
    if (bytes == NULL && must)
        check_damage(check, part, 0, error->message);
    return bytes;
}

// Older partial tiles of the tile that `bytes` fill: each must be its beginning, cut at a hash or an entry.
static void check_partials(LogCheck *check, int level, guint64 number, const guint8 *bytes, const gsize *ends)
{
    g_autofree char *full = tlog_tile_path(level, number, WIDTH);
    g_autofree char *part = g_strconcat(full, ".p", NULL), *dir = g_build_filename(check->dir, part, NULL);
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    const char *name;
    while (listing != NULL && (name = g_dir_read_name(listing)) != NULL) {
        guint64 width = 0;
        g_autofree char *file = g_build_filename(part, name, NULL);
        if (!g_ascii_string_to_unsigned(name, 10, 1, WIDTH - 1, &width, NULL)) {
            check_damage(check, file, 0, "no tile of ours");
            continue;
        }
        if (ends[width] == 0)
            continue; // of a batch that no checkpoint covers yet
        g_autoptr(GBytes) partial = check_read(check, file, true);
        gsize len = 0;
        const guint8 *data = partial != NULL ? g_bytes_get_data(partial, &len) : NULL;
        if (data != NULL && (len != ends[width] || memcmp(data, bytes, len) != 0))
            check_damage(check, file, 0, "not the beginning of the tile it became");
    }
}

// The tile of `level` that the log's own file must equal.
static void check_tile(LogCheck *check, guint level, const GByteArray *computed)
{
    guint width = computed->len / TLOG_HASH;
    guint64 number = check->numbers[level];
    gsize ends[WIDTH + 1] = {0};
    g_autofree char *part = tlog_tile_path((int)level, number, width);
    g_autofree char *full = tlog_tile_path((int)level, number, WIDTH);
    g_autoptr(GBytes) file = check_read(check, part, false);
    if (file == NULL && width < WIDTH)
        file = check_read(check, full, true);
    else if (file == NULL)
        file = check_read(check, part, true);
    gsize len = 0;
    const guint8 *data = file != NULL ? g_bytes_get_data(file, &len) : NULL;
    if (data != NULL && len < computed->len) {
        check_damage(check, part, 0, "shorter than the log is");
    } else if (data != NULL) {
        for (guint i = 0; i < width; i++)
            if (memcmp(data + (gsize)i * TLOG_HASH, computed->data + (gsize)i * TLOG_HASH, TLOG_HASH) != 0) {
                g_autofree char *what =
                    level == 0 ? g_strdup_printf("hash %u is not that of entry %" G_GUINT64_FORMAT
                                                 " in tile/entries: one of both was changed",
                                                 i, number * WIDTH + i)
                               : g_strdup_printf("hash %u does not fit the tile below it", i);
                check_damage(check, part, (int64_t)i * TLOG_HASH, what);
            }
    }
    for (guint i = 1; i <= width; i++)
        ends[i] = (gsize)i * TLOG_HASH;
    check_partials(check, (int)level, number, computed->data, ends);
}

static void check_add(LogCheck *check, TlogHash hash)
{
    bool more = true;
    for (guint level = 0; more && level < LEVELS; level++) {
        GByteArray *tile = check->levels[level];
        g_byte_array_append(tile, hash.bytes, TLOG_HASH);
        more = tile->len == WIDTH * TLOG_HASH;
        if (more) {
            TlogHash hashes[WIDTH];
            check_tile(check, level, tile);
            memcpy(hashes, tile->data, tile->len);
            for (guint count = WIDTH; count > 1; count /= 2)
                for (guint i = 0; i < count / 2; i++)
                    tlog_node_hash(&hashes[2 * i], &hashes[2 * i + 1], &hashes[i]);
            hash = hashes[0];
            g_byte_array_set_size(tile, 0);
            check->numbers[level]++;
        }
    }
}

// ---- entries ---------------------------------------------------------------------------------------------

static void check_row(LogCheck *check, const char *part, int64_t offset, const guint8 *leaf, gsize len,
                      guint64 index)
{
    g_autofree char *key = log_leaf_key(leaf, len);
    guint64 row = 0;
    g_autoptr(GError) error = NULL;
    if (key == NULL) {
        check_damage(check, part, offset, "an entry that is no leaf of ours");
        return;
    }
    Tri known = check->db_usable ? log_db_find(&check->db, key, &row, &error) : TRI_YES;
    if (known == TRI_UNKNOWN || (check->db_usable && (known == TRI_NO || row != index))) {
        g_autofree char *what =
            g_strdup_printf("the row of leaf %" G_GUINT64_FORMAT " (%s) is %s", index, key,
                            error != NULL     ? error->message
                            : known == TRI_NO ? "not there"
                                              : "another's");
        damage_report(check->sink, "log.db", 0, 0, NULL, what);
    }
}

// One bundle of entries: `width` of them, hashed and looked up.
static bool check_bundle(LogCheck *check, guint64 number, guint width)
{
    gsize ends[WIDTH + 1] = {0}, len = 0, at = 0;
    g_autofree char *part = tlog_tile_path(-1, number, width), *full = tlog_tile_path(-1, number, WIDTH);
    g_autoptr(GBytes) bundle = check_read(check, part, width == WIDTH);
    if (bundle == NULL && width < WIDTH)
        bundle = check_read(check, full, true);
    const guint8 *data = bundle != NULL ? g_bytes_get_data(bundle, &len) : NULL;
    bool whole = data != NULL;
    for (guint i = 0; whole && i < width; i++) {
        gsize n = at + 2 <= len ? (gsize)data[at] << 8 | data[at + 1] : 0;
        whole = at + 2 + n <= len;
        if (whole) {
            TlogHash hash;
            check_row(check, part, (int64_t)at, data + at + 2, n, number * WIDTH + i);
            tlog_leaf_hash(data + at + 2, n, &hash);
            check_add(check, hash);
            at += 2 + n;
            ends[i + 1] = at;
        }
    }
    if (data != NULL && !whole)
        check_damage(check, part, (int64_t)at, "entries are cut short, or their lengths were changed");
    if (whole && width < WIDTH)
        check_partials(check, -1, number, data, ends);
    return whole;
}

static void check_tree(LogCheck *check)
{
    guint64 size = check->checkpoint->size;
    bool whole = true;
    for (guint64 done = 0; whole && done < size; done += WIDTH)
        whole = check_bundle(check, done / WIDTH, (guint)MIN(size - done, WIDTH));
    for (guint level = 0; whole && level < LEVELS; level++)
        if (check->levels[level]->len > 0)
            check_tile(check, level, check->levels[level]);
    TlogHash root;
    g_autoptr(GError) error = NULL;
    if (!tlog_root(tlog_read, check->tlog, size, &root, &error))
        check_damage(check, "checkpoint", 0, error->message);
    else if (!tlog_hash_equal(&root, &check->checkpoint->root))
        check_damage(check, "checkpoint", 0,
                     "its root is not that of the tiles: the log was changed after it was signed");
}

// ---- beginning -------------------------------------------------------------------------------------------

// The copy of the newest checkpoint that stands beside the key.
static void check_anchor(LogCheck *check)
{
    g_autofree char *key_path = archive_log_key_path(check->config);
    g_autofree char *path = g_strconcat(key_path, ".checkpoint", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(TlogKey) key = log_verifier(check->config, &error);
    g_autofree char *note = key != NULL ? log_text_file(path, &error) : NULL;
    g_auto(TlogCheckpoint) anchor = {0};
    if (note == NULL || !log_note_check(path, note, key, &anchor, &error)) {
        damage_report(check->sink, path, 0, 0, NULL, error->message);
    } else if (anchor.size > check->checkpoint->size) {
        check_damage(check, "checkpoint", 0,
                     "older than the newest one that was signed: an old copy of the archive was put back?");
    } else {
        TlogHash root;
        if (tlog_root(tlog_read, check->tlog, anchor.size, &root, &error) &&
            !tlog_hash_equal(&root, &anchor.root))
            damage_report(check->sink, path, 0, 0, NULL,
                          "not a checkpoint of this log: one of both was changed");
    }
}

// Has the log as many rows as leaves under it?
static void check_rows(LogCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreStmt) stmt = store_prepare(check->db.db, "SELECT count(*) FROM leaf", &error);
    guint64 size = 0;
    bool ok = stmt != NULL && store_step(stmt, &error) == STORE_ROW && log_db_size(&check->db, &size, &error);
    if (!ok)
        damage_report(check->sink, "log.db", 0, 0, NULL, error->message);
    else if ((guint64)store_int(stmt, 0) != size || size < check->checkpoint->size)
        damage_report(
            check->sink, "log.db", 0, 0, NULL,
            "its rows are not as many as the log has leaves: remove it, and the archivist makes it anew");
}

// A sealed record whose key was destroyed.
typedef struct {
    char *segment;
    int64_t offset, length;
    guint64 index; // its leaf's; G_MAXUINT64 = none
} Shredded;

static void check_shredded_free(gpointer data)
{
    Shredded *shredded = data;
    g_free(shredded->segment);
    g_free(shredded);
}

LogCheck *log_check_begin(const Config *config, DamageSink *sink, ArchiveLogVerdict *verdict)
{
    LogCheck *check = g_new0(LogCheck, 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = archive_log_dir(config);
    *check = (LogCheck){.config = config, .sink = sink, .verdict = verdict};
    check->dir = g_steal_pointer(&dir);
    check->disposed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    check->untold = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    check->shredded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, check_shredded_free);
    check->cuts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint level = 0; level < LEVELS; level++)
        check->levels[level] = g_byte_array_new();
    g_autofree char *key_path = archive_log_key_path(config);
    g_autofree char *anchor = g_strconcat(key_path, ".checkpoint", NULL);
    g_autofree char *path = g_build_filename(check->dir, "checkpoint", NULL);
    verdict->none = !g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(anchor, G_FILE_TEST_EXISTS);
    if (verdict->none)
        return check;
    check->checkpoint = archive_log_checkpoint(config, &error);
    check->tlog = check->checkpoint != NULL ? tlog_open(check->dir, check->checkpoint->size, &error) : NULL;
    if (check->tlog == NULL) {
        check_damage(check, "checkpoint", 0, error->message);
        return check;
    }
    check->db_usable = log_db_open(&check->db, config, STORE_READ, &error) &&
                       (check->places = log_db_places(&check->db, &error)) != NULL;
    if (!check->db_usable)
        damage_report(sink, "log.db", 0, 0, NULL, error->message);
    else
        check_rows(check);
    check->seen = g_malloc0(check->checkpoint->size / 8 + 1);
    verdict->leaves = check->checkpoint->size;
    check_anchor(check);
    check_tree(check);
    return check;
}

// ---- disposals -------------------------------------------------------------------------------------------

static char *check_cut_key(const json_t *of)
{
    const char *segment = json_string_value(json_object_get(of, "segment"));
    const char *sha256 = json_string_value(json_object_get(of, "sha256"));
    return g_strdup_printf("%" G_GINT64_FORMAT " %s %s",
                           (gint64)json_integer_value(json_object_get(of, "size")),
                           sha256 != NULL ? sha256 : "", segment != NULL ? segment : "");
}

// An event that the log has the leaf of. Those of disposals come one after the other in one series: what one names and another
// takes back is not excused by either.
static void check_disposal(LogCheck *check, const json_t *meta)
{
    const char *event = json_string_value(json_object_get(meta, "event"));
    const json_t *detail = json_object_get(meta, "detail"), *records = json_object_get(detail, "records");
    bool kept = g_strcmp0(event, "disposal-kept") == 0;
    if (g_strcmp0(event, "disposal") == 0)
        g_hash_table_add(check->cuts, check_cut_key(detail));
    else if (!kept)
        return;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *one = json_array_get(records, i);
        const char *id = json_string_value(kept ? one : json_object_get(one, "id"));
        json_int_t leaf = json_integer_value(json_object_get(one, "leaf"));
        if (id != NULL && kept)
            g_hash_table_remove(check->disposed, id);
        else if (id != NULL)
            g_hash_table_replace(check->disposed, g_strdup(id),
                                 g_strdup_printf("%" JSON_INTEGER_FORMAT, leaf));
    }
}

// ---- records ---------------------------------------------------------------------------------------------

static void check_note_shredded(LogCheck *check, const Segment *segment, const WalkItem *item, guint64 index)
{
    Shredded *shredded = g_new0(Shredded, 1);
    *shredded = (Shredded){g_strdup(segment->rel), item->offset, item->length, index};
    g_hash_table_replace(check->shredded, g_strdup(item->record.id), shredded);
}

// Disposals stand in another series: whose key a disposal destroyed is told when all of them were read.
static void check_shredded(LogCheck *check)
{
    GHashTableIter iter;
    gpointer id, value;
    g_hash_table_iter_init(&iter, check->shredded);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const Shredded *shredded = value;
        const char *named = g_hash_table_lookup(check->disposed, id);
        g_autofree char *number = g_strdup_printf("%" G_GUINT64_FORMAT, shredded->index);
        if (g_strcmp0(named, number) == 0 && g_hash_table_remove(check->disposed, id))
            check->verdict->destroyed++;
        else
            damage_report(check->sink, shredded->segment, shredded->offset, shredded->length, id,
                          "its key was destroyed, and no disposal under the log says so");
    }
}

static void check_untold(LogCheck *check)
{
    GHashTableIter iter;
    gpointer id;
    g_hash_table_iter_init(&iter, check->untold);
    while (g_hash_table_iter_next(&iter, &id, NULL))
        check->verdict->untold += g_hash_table_remove(check->disposed, id) ? 1 : 0;
}

// Did the log pass this place already?
static bool check_passed(const LogCheck *check, const Segment *segment, int64_t offset)
{
    bool passed = false;
    for (guint i = 0; i < check->places->len && !passed; i++) {
        const ArchivePlace *place = check->places->pdata[i];
        Segment at = {0};
        if (strcmp(place->series, segment->series) == 0 && segment_parse(place->segment, &at)) {
            passed = segment->number < at.number || (segment->number == at.number && offset < place->offset);
            segment_clear(&at);
        }
    }
    return passed;
}

// The leaf that a record ought to have. Caller frees; NULL where it has none.
static char *check_leaf(const WalkItem *item, const char *frame)
{
    const Decoded *record = &item->record;
    const GByteArray *bytes = record->leaf != NULL ? record->leaf : record->json;
    return record->leaf != NULL ? log_leaf_framed(bytes->data, bytes->len, record->id, frame, NULL)
                                : log_leaf(record->meta, bytes->data, bytes->len, frame, NULL);
}

// Is only the frame another than that of the leaf?
static bool check_says_same(GBytes *leaf, const WalkItem *item)
{
    json_error_t where;
    gsize len = 0;
    const char *text = leaf != NULL ? g_bytes_get_data(leaf, &len) : "";
    json_t *said = item->record.leaf != NULL ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &where) : NULL;
    const char *frame = json_string_value(json_object_get(said, "frame"));
    g_autofree char *want = frame != NULL ? check_leaf(item, frame) : NULL;
    bool same = want != NULL && strlen(want) == len && memcmp(want, text, len) == 0;
    json_decref(said);
    if (item->record.leaf != NULL)
        return same;
    const GByteArray *json = item->record.json;
    g_autoptr(GBytes) bytes = g_bytes_new(json->data, json->len);
    return leaf != NULL && archive_log_leaf_fits(leaf, bytes, NULL, NULL);
}

void log_check_record(LogCheck *check, const Segment *segment, FrameFile *file, const WalkItem *item)
{
    guint64 index = 0;
    g_autoptr(GError) error = NULL;
    check->verdict->pending += check->verdict->none ? 1 : 0;
    if (item->record.seal == SEAL_DESTROYED)
        check_note_shredded(check, segment, item, G_MAXUINT64);
    if (!check->db_usable || check->tlog == NULL)
        return;
    Tri has = log_db_find(&check->db, item->record.id, &index, &error);
    if (has == TRI_UNKNOWN) {
        damage_report(check->sink, "log.db", 0, 0, NULL, error->message);
    } else if (has == TRI_NO && check_passed(check, segment, item->offset)) {
        damage_report(check->sink, segment->rel, item->offset, item->length, item->record.id,
                      "the log has no leaf of it: it was not there when the log passed");
    } else if (has == TRI_NO || index >= check->checkpoint->size) {
        check->verdict->pending++;
    } else {
        g_autofree char *frame = frame_hash(file, item->offset, item->length);
        g_autofree char *want = frame != NULL ? check_leaf(item, frame) : NULL;
        g_autoptr(GBytes) leaf = tlog_entry(check->tlog, index, NULL);
        gsize len = 0;
        const void *data = leaf != NULL ? g_bytes_get_data(leaf, &len) : NULL;
        bool same = want != NULL && data != NULL && strlen(want) == len && memcmp(want, data, len) == 0;
        if (!same)
            damage_report(check->sink, segment->rel, item->offset, item->length, item->record.id,
                          check_says_same(leaf, item)
                              ? "it says what the log has the leaf of, and its frame was changed"
                              : "not the record that the log has the leaf of: it was changed");
        else if (item->record.kind == RECORD_EVENT)
            check_disposal(check, item->record.meta);
        if (item->record.seal == SEAL_DESTROYED)
            check_note_shredded(check, segment, item, index);
        if (item->record.seal == SEAL_CLOSED && !item->record.keyed)
            g_hash_table_add(check->untold, g_strdup(item->record.id));
        check->seen[index / 8] |= (guint8)(1 << (index % 8));
        check->verdict->captures += item->record.kind == RECORD_MESSAGE ? 1 : 0;
    }
}

// A leaf that no record of the segments was found for.
static void check_unseen(LogCheck *check, guint64 index)
{
    g_autoptr(GBytes) bytes = tlog_entry(check->tlog, index, NULL);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : "";
    json_error_t where;
    json_t *leaf = json_loadb(data, len, 0, &where);
    const char *type = json_string_value(json_object_get(leaf, "type"));
    const char *segment = json_string_value(json_object_get(leaf, "segment"));
    if (g_strcmp0(type, "segment-seal") == 0 && segment != NULL) {
        json_t *now = log_seal(check->config->archive.dir, segment, NULL);
        g_autofree char *cut = now != NULL ? check_cut_key(now) : NULL;
        if (now == NULL || (!json_equal(now, leaf) && !g_hash_table_contains(check->cuts, cut)))
            damage_report(check->sink, segment, 0, 0, NULL,
                          now == NULL ? "not there any more, and the log has its seal"
                                      : "not the file that was sealed: it was changed since");
        json_decref(now);
    } else if (g_strcmp0(type, "damage") != 0) {
        const char *id = json_string_value(json_object_get(leaf, "id"));
        const char *named = id != NULL ? g_hash_table_lookup(check->disposed, id) : NULL;
        g_autofree char *number = g_strdup_printf("%" G_GUINT64_FORMAT, index);
        bool destroyed = g_strcmp0(type, "capture") == 0 && g_strcmp0(named, number) == 0 &&
                         g_hash_table_remove(check->disposed, id);
        check->verdict->destroyed += destroyed ? 1 : 0;
        g_autofree char *what =
            g_strdup_printf("the record of leaf %" G_GUINT64_FORMAT " (%s) is not in the archive any more",
                            index, type != NULL ? type : "unreadable");
        if (!destroyed)
            damage_report(check->sink, "log", 0, 0, id, what);
    }
    json_decref(leaf);
}

void log_check_end(LogCheck *check)
{
    if (check->tlog != NULL && check->db_usable)
        for (guint64 index = 0; index < check->checkpoint->size; index++)
            if (!(check->seen[index / 8] & (1 << (index % 8))))
                check_unseen(check, index);
    check_shredded(check);
    check_untold(check);
    check->verdict->announced = g_hash_table_size(check->disposed);
    g_hash_table_unref(check->disposed);
    g_hash_table_unref(check->shredded);
    g_hash_table_unref(check->untold);
    g_hash_table_unref(check->cuts);
    for (guint level = 0; level < LEVELS; level++)
        g_byte_array_unref(check->levels[level]);
    archive_checkpoint_free(check->checkpoint);
    tlog_free(check->tlog);
    log_db_close(&check->db);
    g_clear_pointer(&check->places, g_ptr_array_unref);
    g_free(check->seen);
    g_free(check->dir);
    g_free(check);
}
