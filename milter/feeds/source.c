#include "feeds/source.h"

#include "feeds/ahead.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MOST 10000
#define BLOCK        65536
#define AHEAD_FROM   (4 * 1024 * 1024) // of a file worth a thread of its own
// The end of a zip: a record of this size, and a remark behind it.
#define ZIP_END        22
#define ZIP_REMARK     65535
#define ZIP_NOT_STATED 0xffffffffu

typedef enum { PACK_NONE, PACK_GZIP, PACK_ZIP } Pack;

typedef struct {
    char *name;  // without directories
    char *path;  // in the file system; NULL for a zip
    guint index; // in the zip
} Entry;

struct Source {
    char *path;
    bool zip, single;
    GPtrArray *entries;  // of Entry
    GHashTable *by_name; // name -> Entry
};

struct SourceStream {
    char *name; // for errors
    int fd;
    struct archive *archive;
    int64_t done, total, most;
    bool bomb;     // `most` is what its packed size allows
    int64_t taken; // from the file; what of it nobody has read yet is in `ahead`
    Ahead *ahead;
    crypto_hash_sha256_state hash;
};

static void entry_free(Entry *entry)
{
    g_free(entry->name);
    g_free(entry->path);
    g_free(entry);
}

static bool is_csv(const char *name)
{
    gsize length = strlen(name);
    return length > 4 && g_ascii_strcasecmp(name + length - 4, ".csv") == 0;
}

static bool is_gzip_name(const char *name)
{
    gsize length = strlen(name);
    return length > 3 && g_ascii_strcasecmp(name + length - 3, ".gz") == 0;
}

static Entry *find(const Source *source, const char *name)
{
    Entry *entry = g_hash_table_lookup(source->by_name, name);
    for (guint i = 0; entry == NULL && i < source->entries->len; i++)
        if (g_ascii_strcasecmp(((Entry *)source->entries->pdata[i])->name, name) == 0)
            entry = source->entries->pdata[i];
    return entry;
}

// Takes `path`. Of other files than CSV the first of a name counts: a zip may have many a readme.
static bool add_entry(Source *source, const char *name, char *path, guint index, GError **error)
{
    bool known = g_hash_table_contains(source->by_name, name), hidden = name[0] == '.' || name[0] == '\0';
    if (known && is_csv(name))
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s is there twice; leave one", source->path,
                    name);
    else if (!known && source->entries->len == ENTRIES_MOST)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: more than %d files", source->path, ENTRIES_MOST);
    if (known || hidden || source->entries->len == ENTRIES_MOST) {
        g_free(path);
        return hidden || (known && !is_csv(name));
    }
    Entry *entry = g_new0(Entry, 1);
    entry->name = g_strdup(name);
    entry->path = path;
    entry->index = index;
    g_ptr_array_add(source->entries, entry);
    g_hash_table_insert(source->by_name, entry->name, entry);
    return true;
}

static bool fail_os(const char *path, int code, GError **error)
{
    g_set_error(error, BASE_ERROR, code == ENOENT || code == EACCES ? BASE_ERROR_NOINPUT : BASE_ERROR_IO,
                "%s: %s", path, g_strerror(code));
    return false;
}

// ---- directories ----------------------------------------------------------------------------------------

static bool add_file(Source *source, const char *name, char *path, GError **error)
{
    g_autofree char *plain = is_gzip_name(name) ? g_strndup(name, strlen(name) - 3) : g_strdup(name);
    return add_entry(source, plain, path, 0, error);
}

static bool list_directory(Source *source, const char *dir, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) open = g_dir_open(dir, 0, &why);
    if (open == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", dir, why->message);
        return false;
    }
    bool ok = true;
    for (const char *name = g_dir_read_name(open); ok && name != NULL; name = g_dir_read_name(open)) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR) && g_utf8_validate(name, -1, NULL))
            ok = add_file(source, name, g_steal_pointer(&path), error);
    }
    return ok;
}

static bool list_directories(Source *source, GError **error)
{
    g_autofree char *inner = g_build_filename(source->path, "roster", NULL);
    return list_directory(source, source->path, error) &&
           (!g_file_test(inner, G_FILE_TEST_IS_DIR) || list_directory(source, inner, error));
}

// ---- zips -----------------------------------------------------------------------------------------------

static guint32 little_endian(const guint8 *at, guint bytes)
{
    guint32 value = 0;
    for (guint i = bytes; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

// Does the zip's end, in the file's last bytes, tell of a directory that lies before it?
static bool has_zip_end(const guint8 *tail, gsize length, int64_t size)
{
    for (gsize at = length; at >= ZIP_END; at--) {
        const guint8 *end = tail + at - ZIP_END;
        if (memcmp(end, "PK\5\6", 4) != 0 || little_endian(end + 20, 2) > length - at)
            continue;
        guint32 bytes = little_endian(end + 12, 4), from = little_endian(end + 16, 4);
        int64_t position = size - (int64_t)(length - (at - ZIP_END));
        return bytes == ZIP_NOT_STATED || from == ZIP_NOT_STATED || (int64_t)from + bytes <= position;
    }
    return false;
}

// A zip cut short would be read up to where it ends, and people in the rest would be gone.
static bool check_whole_zip(const char *path, GError **error)
{
    struct stat st;
    g_autofree guint8 *tail = g_malloc(ZIP_END + ZIP_REMARK);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        fail_os(path, errno, error);
        if (fd >= 0)
            close(fd); // read only: nothing to lose
        return false;
    }
    gsize length = (gsize)MIN(st.st_size, ZIP_END + ZIP_REMARK);
    ssize_t got = pread(fd, tail, length, st.st_size - (off_t)length);
    close(fd);
    if (got >= 0 && (gsize)got == length && has_zip_end(tail, length, st.st_size))
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s: not a whole zip: the directory at its end is missing; was it cut while it was copied?",
                path);
    return false;
}

static void archive_fail(const char *name, struct archive *archive, GError **error)
{
    const char *why = archive != NULL ? archive_error_string(archive) : "no memory";
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: cannot be unpacked: %s", name,
                why != NULL ? why : "damaged; export or copy it again");
}

static struct archive *open_archive(const char *path, Pack pack, GError **error)
{
    struct archive *archive = archive_read_new();
    int (*const format)(struct archive *) =
        pack == PACK_ZIP ? archive_read_support_format_zip_seekable : archive_read_support_format_raw;
    int (*const filter)(struct archive *) =
        pack == PACK_ZIP ? archive_read_support_filter_none : archive_read_support_filter_gzip;
    if (archive != NULL && format(archive) == ARCHIVE_OK && filter(archive) == ARCHIVE_OK &&
        archive_read_open_filename(archive, path, BLOCK) == ARCHIVE_OK)
        return archive;
    archive_fail(path, archive, error);
    archive_read_free(archive);
    return NULL;
}

// The file name of an entry at the top or one directory below; NULL for what is no file there.
static const char *entry_name(struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry);
    if (path == NULL || archive_entry_filetype(entry) != AE_IFREG)
        return NULL;
    const char *slash = strchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    return strchr(name, '/') == NULL && g_utf8_validate(name, -1, NULL) ? name : NULL;
}

static bool add_zip_entry(Source *source, struct archive_entry *entry, guint index, GError **error)
{
    const char *name = entry_name(entry);
    if (index == ENTRIES_MOST)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: more than %d files", source->path, ENTRIES_MOST);
    else if (name != NULL && archive_entry_is_encrypted(entry))
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: %s in it is encrypted; export the zip without a password", source->path, name);
    else
        return name == NULL || add_entry(source, name, NULL, index, error);
    return false;
}

static bool list_zip(Source *source, GError **error)
{
    struct archive_entry *entry = NULL;
    struct archive *archive =
        check_whole_zip(source->path, error) ? open_archive(source->path, PACK_ZIP, error) : NULL;
    if (archive == NULL)
        return false;
    int status = ARCHIVE_OK;
    bool ok = true;
    for (guint index = 0; ok && status != ARCHIVE_EOF; index++) {
        status = archive_read_next_header(archive, &entry);
        if (status < ARCHIVE_WARN)
            archive_fail(source->path, archive, error);
        ok = status == ARCHIVE_EOF || (status >= ARCHIVE_WARN && add_zip_entry(source, entry, index, error));
    }
    archive_read_free(archive);
    return ok;
}

static int64_t file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : 0;
}

static void bound_by_packed(SourceStream *stream, const char *path)
{
    int64_t allowed = MAX(SOURCE_FREE_BYTES, file_bytes(path) * SOURCE_RATIO);
    stream->bomb = allowed < SOURCE_FILE_BYTES;
    stream->most = MIN(allowed, SOURCE_FILE_BYTES);
}

// Stands before the bytes of entry `index`; of a .gz that is 0.
static bool open_packed(SourceStream *stream, const char *path, Pack pack, guint index, GError **error)
{
    struct archive_entry *entry = NULL;
    int status = ARCHIVE_OK;
    stream->archive = open_archive(path, pack, error);
    if (stream->archive == NULL)
        return false;
    bound_by_packed(stream, path);
    for (guint i = 0; i <= index && status >= ARCHIVE_WARN && status != ARCHIVE_EOF; i++)
        status = archive_read_next_header(stream->archive, &entry);
    bool cut = pack == PACK_GZIP && archive_filter_code(stream->archive, 0) != ARCHIVE_FILTER_GZIP;
    if (status < ARCHIVE_WARN || status == ARCHIVE_EOF || cut) {
        archive_fail(stream->name, stream->archive, error);
        return false;
    }
    if (archive_entry_size_is_set(entry))
        stream->total = archive_entry_size(entry);
    return true;
}

bool source_zip(const Source *source, int64_t *out_bytes, char **out_sha256, GError **error)
{
    *out_bytes = 0;
    *out_sha256 = NULL;
    if (!source->zip)
        return true;
    g_autoptr(SourceStream) stream = g_new0(SourceStream, 1);
    g_autofree char *buf = g_malloc(BLOCK);
    gssize got = 1;
    stream->name = g_strdup(source->path);
    stream->most = G_MAXINT64;
    crypto_hash_sha256_init(&stream->hash);
    stream->fd = open(source->path, O_RDONLY | O_CLOEXEC);
    if (stream->fd < 0)
        return fail_os(source->path, errno, error);
    while (got > 0)
        got = source_read(stream, buf, BLOCK, error);
    *out_bytes = stream->done;
    *out_sha256 = got == 0 ? source_stream_sha256(stream) : NULL;
    return got == 0;
}

// ---- any ------------------------------------------------------------------------------------------------

static Source *source_new(const char *path)
{
    Source *source = g_new0(Source, 1);
    source->path = g_strdup(path);
    source->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    source->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    return source;
}

// What a file is by its first bytes.
static bool sniff_pack(const char *path, Pack *out_pack, GError **error)
{
    guint8 magic[4] = {0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_os(path, errno, error);
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    ssize_t got = regular ? pread(fd, magic, sizeof magic, 0) : -1;
    close(fd); // read only: nothing to lose
    if (got < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", path,
                    regular ? "cannot be read" : "neither a directory nor a file");
    bool zip = memcmp(magic, "PK\3\4", 4) == 0 || memcmp(magic, "PK\5\6", 4) == 0;
    bool gzip = magic[0] == 0x1f && magic[1] == 0x8b;
    *out_pack = zip ? PACK_ZIP : gzip ? PACK_GZIP : PACK_NONE;
    return got >= 0;
}

static bool list_file(Source *source, GError **error)
{
    Pack pack = PACK_NONE;
    if (!sniff_pack(source->path, &pack, error))
        return false;
    g_autofree char *name = g_path_get_basename(source->path);
    bool named_zip = strlen(name) > 4 && g_ascii_strcasecmp(name + strlen(name) - 4, ".zip") == 0;
    source->zip = pack == PACK_ZIP || named_zip;
    source->single = !source->zip;
    return source->zip ? list_zip(source, error) : add_file(source, name, g_strdup(source->path), error);
}

static int compare_entries(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Entry *const *)a)->name, (*(Entry *const *)b)->name);
}

Source *source_open(const char *path, GError **error)
{
    g_autoptr(Source) source = source_new(path);
    bool ok =
        g_file_test(path, G_FILE_TEST_IS_DIR) ? list_directories(source, error) : list_file(source, error);
    g_ptr_array_sort(source->entries, compare_entries);
    return ok ? g_steal_pointer(&source) : NULL;
}

Source *source_open_file(const char *path, const char *name, GError **error)
{
    g_autoptr(Source) source = source_new(path);
    source->single = true;
    return add_entry(source, name, g_strdup(path), 0, error) ? g_steal_pointer(&source) : NULL;
}

void source_free(Source *source)
{
    if (source == NULL)
        return;
    g_free(source->path);
    g_hash_table_unref(source->by_name);
    g_ptr_array_unref(source->entries);
    g_free(source);
}

const char *source_path(const Source *source)
{
    return source->path;
}

bool source_is_single(const Source *source)
{
    return source->single;
}

guint source_count(const Source *source)
{
    return source->entries->len;
}

const char *source_name(const Source *source, guint index)
{
    return ((Entry *)source->entries->pdata[index])->name;
}

const char *source_has(const Source *source, const char *name)
{
    const Entry *entry = find(source, name);
    return entry != NULL ? entry->name : NULL;
}

// ---- streams --------------------------------------------------------------------------------------------

static bool open_path(SourceStream *stream, const char *path, GError **error)
{
    Pack pack = PACK_NONE;
    if (!sniff_pack(path, &pack, error))
        return false;
    if (pack == PACK_GZIP)
        return open_packed(stream, path, pack, 0, error);
    stream->fd = open(path, O_RDONLY | O_CLOEXEC);
    stream->total = file_bytes(path);
    return stream->fd >= 0 || fail_os(path, errno, error);
}

SourceStream *source_stream(const Source *source, const char *name, GError **error)
{
    const Entry *entry = find(source, name);
    g_autoptr(SourceStream) stream = g_new0(SourceStream, 1);
    stream->fd = -1;
    stream->most = SOURCE_FILE_BYTES;
    stream->name = g_strdup(entry != NULL ? entry->name : name);
    crypto_hash_sha256_init(&stream->hash);
    bool ok = entry != NULL;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s is missing", source->path, name);
    else if (source->zip)
        ok = open_packed(stream, source->path, PACK_ZIP, entry->index, error);
    else
        ok = open_path(stream, entry->path, error);
    return ok ? g_steal_pointer(&stream) : NULL;
}

static gssize read_some(SourceStream *stream, void *buf, gsize len, GError **error)
{
    gssize got = -1;
    if (stream->archive != NULL) {
        got = archive_read_data(stream->archive, buf, len);
        if (got < 0)
            archive_fail(stream->name, stream->archive, error);
        return got;
    }
    do
        got = read(stream->fd, buf, len);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        fail_os(stream->name, errno, error);
    return got;
}

static gssize take_some(void *data, void *buf, gsize len, GError **error)
{
    SourceStream *stream = data;
    gssize got = read_some(stream, buf, len, error);
    if (got < 0)
        return -1;
    stream->taken += got;
    if (stream->taken > stream->most) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA, "%s: over %" G_GINT64_FORMAT " bytes%s", stream->name,
            (gint64)stream->most,
            stream->bomb ? " unpacked, which is too much for its packed size: this is no honest export" : "");
        return -1;
    }
    crypto_hash_sha256_update(&stream->hash, buf, (gsize)got);
    return got;
}

gssize source_read(void *data, void *buf, gsize len, GError **error)
{
    SourceStream *stream = data;
    if (stream->ahead == NULL && stream->done >= AHEAD_FROM)
        stream->ahead = ahead_new(take_some, stream);
    gssize got = stream->ahead != NULL ? ahead_read(stream->ahead, buf, len, error)
                                       : take_some(stream, buf, len, error);
    stream->done += MAX(got, 0);
    return got;
}

void source_stream_free(SourceStream *stream)
{
    if (stream == NULL)
        return;
    ahead_free(stream->ahead);
    archive_read_free(stream->archive);
    if (stream->fd >= 0)
        close(stream->fd); // read only: nothing to lose
    g_free(stream->name);
    g_free(stream);
}

const char *source_stream_name(const SourceStream *stream)
{
    return stream->name;
}

int64_t source_stream_done(const SourceStream *stream)
{
    return stream->done;
}

int64_t source_stream_total(const SourceStream *stream)
{
    return stream->total;
}

char *source_stream_sha256(const SourceStream *stream)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof hash + 1];
    crypto_hash_sha256_state state = stream->hash;
    crypto_hash_sha256_final(&state, hash);
    return g_strdup(sodium_bin2hex(hex, sizeof hex, hash, sizeof hash));
}
