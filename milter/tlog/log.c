#include "tlog/tlog.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define WIDTH      256
#define TILE_BYTES (WIDTH * TLOG_HASH)
#define LEVELS     8 // of tiles: 256^8 entries
#define BUNDLE_MAX (WIDTH * (2 + TLOG_ENTRY_MAX))
#define CACHED     64 // tiles kept in memory for reading

// The last tile of a level, as it fills.
typedef struct {
    guint64 number;
    GByteArray *hashes;
    GPtrArray
        *full; // of GByteArray: tiles that became full since the last flush, up to the one before `number`
} Edge;

struct Tlog {
    char *dir;
    guint64 size, flushed;
    Edge edges[LEVELS];
    guint64 bundle; // number of the entry bundle that fills
    guint bundle_count;
    GByteArray *entries;
    GPtrArray *full_bundles; // of GByteArray
    GHashTable *cache;       // path -> GBytes, of tiles read
    GPtrArray *stale;        // of char*: directories of partial tiles to take away
};

// ---- names -----------------------------------------------------------------------------------------------

char *tlog_tile_path(int level, guint64 number, guint width)
{
    GString *path = g_string_new(NULL);
    g_string_printf(path, "%03u", (guint)(number % 1000));
    for (guint64 rest = number / 1000; rest > 0; rest /= 1000) {
        g_autofree char *element = g_strdup_printf("x%03u/", (guint)(rest % 1000));
        g_string_prepend(path, element);
    }
    g_autofree char *head = level < 0 ? g_strdup("tile/entries/") : g_strdup_printf("tile/%d/", level);
    g_string_prepend(path, head);
    if (width < WIDTH)
        g_string_append_printf(path, ".p/%u", width);
    return g_string_free(path, FALSE);
}

// Hashes that level `level` holds of a tree of `size`.
static guint64 level_count(guint64 size, guint level)
{
    return level < LEVELS ? size >> (8 * level) : 0;
}

// ---- reading ---------------------------------------------------------------------------------------------

// The first `width` hashes or entries of a tile, from the partial one of that width or the full one. NULL with `error`.
static GBytes *tile_load(Tlog *log, int level, guint64 number, guint width, gsize most, GError **error)
{
    g_autofree char *part = tlog_tile_path(level, number, width);
    GBytes *bytes = g_hash_table_lookup(log->cache, part);
    if (bytes != NULL)
        return g_bytes_ref(bytes);
    g_autofree char *path = g_build_filename(log->dir, part, NULL);
    g_autoptr(GError) why = NULL;
    bytes = file_read(path, most, &why);
    if (bytes == NULL && width < WIDTH) {
        g_autofree char *full = tlog_tile_path(level, number, WIDTH);
        g_autofree char *full_path = g_build_filename(log->dir, full, NULL);
        bytes = file_read(full_path, most, NULL);
    }
    if (bytes == NULL) {
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
    if (g_hash_table_size(log->cache) >= CACHED)
        g_hash_table_remove_all(log->cache);
    g_hash_table_insert(log->cache, g_steal_pointer(&part), g_bytes_ref(bytes));
    return bytes;
}

static GBytes *hash_tile(Tlog *log, guint level, guint64 number, GError **error)
{
    guint64 count = level_count(log->flushed, level), start = number * WIDTH;
    guint width = count > start ? (guint)MIN(count - start, WIDTH) : 0;
    g_autoptr(GBytes) bytes = width > 0 ? tile_load(log, (int)level, number, width, TILE_BYTES, error) : NULL;
    if (width == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE,
                    "%s: tile %" G_GUINT64_FORMAT " of level %u is not in a log of %" G_GUINT64_FORMAT,
                    log->dir, number, level, log->flushed);
    } else if (bytes != NULL && g_bytes_get_size(bytes) < (gsize)width * TLOG_HASH) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: tile %" G_GUINT64_FORMAT " of level %u is shorter than the log says", log->dir,
                    number, level);
        g_clear_pointer(&bytes, g_bytes_unref);
    }
    return g_steal_pointer(&bytes);
}

bool tlog_read(void *data, guint height, guint64 index, TlogHash *out, GError **error)
{
    Tlog *log = data;
    guint level = height / 8, within = height % 8;
    guint64 first = index << within; // hash of the tiles' level
    g_autoptr(GBytes) bytes = hash_tile(log, level, first / WIDTH, error);
    gsize len = 0, at = (gsize)(first % WIDTH) * TLOG_HASH, want = ((gsize)1 << within) * TLOG_HASH;
    const guint8 *tile = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    bool ok = tile != NULL && at + want <= len;
    if (tile != NULL && !ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: a hash of level %u is behind the end of its tile", log->dir, level);
    TlogHash hashes[WIDTH / 2];
    if (ok && within == 0)
        memcpy(out->bytes, tile + at, TLOG_HASH);
    if (ok && within > 0) {
        guint count = (guint)1 << (within - 1);
        for (guint i = 0; i < count; i++) {
            TlogHash left, right;
            memcpy(left.bytes, tile + at + (gsize)(2 * i) * TLOG_HASH, TLOG_HASH);
            memcpy(right.bytes, tile + at + (gsize)(2 * i + 1) * TLOG_HASH, TLOG_HASH);
            tlog_node_hash(&left, &right, &hashes[i]);
        }
        for (; count > 1; count /= 2)
            for (guint i = 0; i < count / 2; i++)
                tlog_node_hash(&hashes[2 * i], &hashes[2 * i + 1], &hashes[i]);
        *out = hashes[0];
    }
    return ok;
}

// The place of entry `within` of a bundle; 0 with `*out_len` when it is not whole.
static gsize bundle_find(const guint8 *bundle, gsize len, guint within, gsize *out_len)
{
    gsize at = 0, n = 0;
    bool whole = true;
    for (guint i = 0; whole && i <= within; i++) {
        at += i > 0 ? n : 0;
        whole = at + 2 <= len;
        n = whole ? (gsize)bundle[at] << 8 | bundle[at + 1] : 0;
        at += 2;
        whole = whole && at + n <= len;
    }
    *out_len = n;
    return whole ? at : 0;
}

GBytes *tlog_entry(Tlog *log, guint64 index, GError **error)
{
    guint64 number = index / WIDTH;
    guint width = (guint)MIN(log->flushed > number * WIDTH ? log->flushed - number * WIDTH : 0, WIDTH);
    GBytes *entry = NULL;
    if (index >= log->flushed) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "entry %" G_GUINT64_FORMAT " is not in a log of %" G_GUINT64_FORMAT, index, log->flushed);
        return NULL;
    }
    g_autoptr(GBytes) bytes = tile_load(log, -1, number, width, BUNDLE_MAX, error);
    if (bytes != NULL) {
        gsize len = 0, n = 0;
        const guint8 *bundle = g_bytes_get_data(bytes, &len);
        gsize at = bundle_find(bundle, len, (guint)(index % WIDTH), &n);
        if (at > 0)
            entry = g_bytes_new(bundle + at, n);
        else
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                        "%s: the bundle of entry %" G_GUINT64_FORMAT " is shorter than the log says",
                        log->dir, index);
    }
    return entry;
}

// ---- opening ---------------------------------------------------------------------------------------------

static bool edge_load(Tlog *log, guint level, GError **error)
{
    Edge *edge = &log->edges[level];
    guint64 count = level_count(log->size, level);
    edge->number = count / WIDTH;
    edge->hashes = g_byte_array_new();
    edge->full = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    guint width = (guint)(count % WIDTH);
    g_autoptr(GBytes) bytes = width > 0 ? hash_tile(log, level, edge->number, error) : NULL;
    if (bytes != NULL)
        g_byte_array_append(edge->hashes, g_bytes_get_data(bytes, NULL), width * TLOG_HASH);
    return width == 0 || bytes != NULL;
}

static bool bundle_load(Tlog *log, GError **error)
{
    log->bundle = log->size / WIDTH;
    log->bundle_count = (guint)(log->size % WIDTH);
    g_autoptr(GBytes) bytes =
        log->bundle_count > 0 ? tile_load(log, -1, log->bundle, log->bundle_count, BUNDLE_MAX, error) : NULL;
    bool ok = log->bundle_count == 0 || bytes != NULL;
    if (bytes != NULL) {
        gsize len = 0, n = 0;
        const guint8 *bundle = g_bytes_get_data(bytes, &len);
        gsize at = bundle_find(bundle, len, log->bundle_count - 1, &n);
        ok = at > 0;
        if (ok)
            g_byte_array_append(log->entries, bundle, (guint)(at + n));
        else
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: the last bundle of entries is cut short",
                        log->dir);
    }
    return ok;
}

Tlog *tlog_open(const char *dir, guint64 size, GError **error)
{
    g_autoptr(Tlog) log = g_new0(Tlog, 1);
    log->dir = g_strdup(dir);
    log->size = log->flushed = size;
    log->entries = g_byte_array_new();
    log->full_bundles = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    log->cache = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    log->stale = g_ptr_array_new_with_free_func(g_free);
    bool ok = size > 0 || file_make_dirs(dir, 0755, error);
    for (guint level = 0; ok && level < LEVELS; level++)
        ok = edge_load(log, level, error);
    ok = ok && bundle_load(log, error);
    return ok ? g_steal_pointer(&log) : NULL;
}

void tlog_free(Tlog *log)
{
    if (log == NULL)
        return;
    for (guint level = 0; level < LEVELS; level++) {
        g_clear_pointer(&log->edges[level].hashes, g_byte_array_unref);
        g_clear_pointer(&log->edges[level].full, g_ptr_array_unref);
    }
    g_byte_array_unref(log->entries);
    g_ptr_array_unref(log->full_bundles);
    g_hash_table_unref(log->cache);
    g_ptr_array_unref(log->stale);
    g_free(log->dir);
    g_free(log);
}

// ---- appending -------------------------------------------------------------------------------------------

// The hash of a full tile: the root of its 256.
static void tile_root(const guint8 *tile, TlogHash *out)
{
    TlogHash hashes[WIDTH];
    memcpy(hashes, tile, TILE_BYTES);
    for (guint count = WIDTH; count > 1; count /= 2)
        for (guint i = 0; i < count / 2; i++)
            tlog_node_hash(&hashes[2 * i], &hashes[2 * i + 1], &hashes[i]);
    *out = hashes[0];
}

static void edge_add(Tlog *log, TlogHash hash)
{
    bool more = true;
    for (guint level = 0; more && level < LEVELS; level++) {
        Edge *edge = &log->edges[level];
        g_byte_array_append(edge->hashes, hash.bytes, TLOG_HASH);
        more = edge->hashes->len == TILE_BYTES;
        if (more) {
            tile_root(edge->hashes->data, &hash);
            g_ptr_array_add(edge->full, edge->hashes);
            edge->hashes = g_byte_array_new();
            edge->number++;
        }
    }
}

bool tlog_append(Tlog *log, const void *entry, gsize len, GError **error)
{
    bool ok = len <= TLOG_ENTRY_MAX;
    if (ok) {
        guint8 head[2] = {(guint8)(len >> 8), (guint8)len};
        TlogHash hash;
        g_byte_array_append(log->entries, head, 2);
        g_byte_array_append(log->entries, entry, (guint)len);
        if (++log->bundle_count == WIDTH) {
            g_ptr_array_add(log->full_bundles, log->entries);
            log->entries = g_byte_array_new();
            log->bundle_count = 0;
            log->bundle++;
        }
        tlog_leaf_hash(entry, len, &hash);
        edge_add(log, hash);
        log->size++;
    } else {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "an entry of %" G_GSIZE_FORMAT " bytes is longer than a log takes (%d)", len,
                    TLOG_ENTRY_MAX);
    }
    return ok;
}

guint64 tlog_size(const Tlog *log)
{
    return log->size;
}

static bool tile_write(Tlog *log, int level, guint64 number, guint width, const GByteArray *bytes,
                       GError **error)
{
    g_autofree char *part = tlog_tile_path(level, number, width);
    g_autofree char *path = g_build_filename(log->dir, part, NULL);
    g_autofree char *dir = g_path_get_dirname(path);
    g_hash_table_remove(log->cache, part);
    bool ok =
        file_make_dirs(dir, 0755, error) && file_write_atomic(path, bytes->data, bytes->len, 0644, error);
    if (ok && width == WIDTH)
        g_ptr_array_add(log->stale, g_strconcat(path, ".p", NULL));
    return ok;
}

// The full tiles that lie before `number`, then the partial one. True when all is written.
static bool tiles_write(Tlog *log, int level, guint64 number, GPtrArray *full, const GByteArray *rest,
                        guint width, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < full->len; i++)
        ok = tile_write(log, level, number - full->len + i, WIDTH, g_ptr_array_index(full, i), error);
    if (ok && width > 0)
        ok = tile_write(log, level, number, width, rest, error);
    return ok;
}

bool tlog_flush(Tlog *log, GError **error)
{
    bool ok = log->size == log->flushed ||
              tiles_write(log, -1, log->bundle, log->full_bundles, log->entries, log->bundle_count, error);
    for (guint level = 0; ok && log->size != log->flushed && level < LEVELS; level++) {
        Edge *edge = &log->edges[level];
        bool changed = level_count(log->size, level) != level_count(log->flushed, level);
        ok = !changed || tiles_write(log, (int)level, edge->number, edge->full, edge->hashes,
                                     edge->hashes->len / TLOG_HASH, error);
    }
    if (ok) {
        g_ptr_array_set_size(log->full_bundles, 0);
        for (guint level = 0; level < LEVELS; level++)
            g_ptr_array_set_size(log->edges[level].full, 0);
        log->flushed = log->size;
    }
    return ok;
}

// Takes away what lies in the directory of partial tiles `dir`, and it.
static bool partials_remove(const char *dir, GError **error)
{
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    const char *name;
    bool ok = true;
    while (ok && listing != NULL && (name = g_dir_read_name(listing)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        ok = g_unlink(path) == 0 || errno == ENOENT;
    }
    ok = ok && (listing == NULL || g_rmdir(dir) == 0 || errno == ENOENT);
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot take away partial tiles: %s", dir,
                    g_strerror(errno));
    return ok;
}

bool tlog_tidy(Tlog *log, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < log->stale->len; i++)
        ok = partials_remove(g_ptr_array_index(log->stale, i), error);
    g_ptr_array_set_size(log->stale, 0);
    return ok;
}
