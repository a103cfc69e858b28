#include "roster/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MOST 10000

typedef struct {
    char *name;  // without directories
    char *path;  // in the file system; NULL for a zip
    guint index; // in the zip
} Entry;

struct Source {
    char *path;
    bool zip;
    GPtrArray *entries; // of Entry
};

struct SourceStream {
    char *name; // for errors
    int fd;
    struct archive *archive;
    int64_t left;
};

static void entry_free(Entry *entry)
{
    g_free(entry->name);
    g_free(entry->path);
    g_free(entry);
}

static Entry *find_exact(const Source *source, const char *name)
{
    for (guint i = 0; i < source->entries->len; i++)
        if (strcmp(((Entry *)source->entries->pdata[i])->name, name) == 0)
            return source->entries->pdata[i];
    return NULL;
}

static Entry *find(const Source *source, const char *name)
{
    Entry *entry = find_exact(source, name);
    for (guint i = 0; entry == NULL && i < source->entries->len; i++)
        if (g_ascii_strcasecmp(((Entry *)source->entries->pdata[i])->name, name) == 0)
            entry = source->entries->pdata[i];
    return entry;
}

static bool add_entry(Source *source, const char *name, char *path, guint index, GError **error)
{
    Entry *known = find_exact(source, name);
    Entry *entry = g_new0(Entry, 1);
    entry->name = g_strdup(name);
    entry->path = path;
    entry->index = index;
    g_ptr_array_add(source->entries, entry);
    if (known == NULL)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s is there twice; leave one", source->path, name);
    return false;
}

// ---- directories --------------------------------------------------------------------------------

static bool list_directory(Source *source, const char *dir, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) open = g_dir_open(dir, 0, &why);
    if (open == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", dir, why->message);
        return false;
    }
    bool ok = true;
    guint seen = 0;
    for (const char *name = g_dir_read_name(open); ok && name != NULL && seen++ < ENTRIES_MOST;
         name = g_dir_read_name(open)) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (strlen(name) > 4 && g_ascii_strcasecmp(name + strlen(name) - 4, ".csv") == 0 &&
            g_file_test(path, G_FILE_TEST_IS_REGULAR))
            ok = add_entry(source, name, g_steal_pointer(&path), 0, error);
    }
    return ok;
}

static bool list_directories(Source *source, GError **error)
{
    g_autofree char *inner = g_build_filename(source->path, "roster", NULL);
    return list_directory(source, source->path, error) &&
           (!g_file_test(inner, G_FILE_TEST_IS_DIR) || list_directory(source, inner, error));
}

// ---- zips ---------------------------------------------------------------------------------------

static void archive_fail(const char *name, struct archive *archive, GError **error)
{
    const char *why = archive_error_string(archive);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s", name,
                why != NULL ? why : "cannot be read as a zip");
}

static struct archive *open_zip(const char *path, GError **error)
{
    struct archive *archive = archive_read_new();
    if (archive != NULL && archive_read_support_format_zip(archive) == ARCHIVE_OK &&
        archive_read_open_filename(archive, path, 65536) == ARCHIVE_OK)
        return archive;
    if (archive != NULL)
        archive_fail(path, archive, error);
    else
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "%s: no memory", path);
    archive_read_free(archive);
    return NULL;
}

// The file name of an entry at the top or one directory below; NULL for what is no CSV file there.
static const char *entry_name(struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry);
    if (path == NULL || archive_entry_filetype(entry) != AE_IFREG)
        return NULL;
    const char *slash = strchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    bool csv = strlen(name) > 4 && g_ascii_strcasecmp(name + strlen(name) - 4, ".csv") == 0;
    return csv && strchr(name, '/') == NULL && g_utf8_validate(name, -1, NULL) ? name : NULL;
}

static bool list_zip(Source *source, GError **error)
{
    struct archive *archive = open_zip(source->path, error);
    if (archive == NULL)
        return false;
    struct archive_entry *entry = NULL;
    int status = ARCHIVE_OK;
    bool ok = true;
    for (guint index = 0; ok && (status = archive_read_next_header(archive, &entry)) >= ARCHIVE_WARN;
         index++) {
        if (status == ARCHIVE_EOF)
            break;
        const char *name = entry_name(entry);
        if (index == ENTRIES_MOST) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: more than %d files", source->path,
                        ENTRIES_MOST);
            ok = false;
        } else if (name != NULL) {
            ok = add_entry(source, name, NULL, index, error);
        }
    }
    if (ok && status != ARCHIVE_EOF) {
        archive_fail(source->path, archive, error);
        ok = false;
    }
    archive_read_free(archive);
    return ok;
}

static bool seek_entry(SourceStream *stream, const Source *source, guint index, GError **error)
{
    struct archive_entry *entry = NULL;
    int status = ARCHIVE_OK;
    stream->archive = open_zip(source->path, error);
    if (stream->archive == NULL)
        return false;
    for (guint i = 0; i <= index && status >= ARCHIVE_WARN && status != ARCHIVE_EOF; i++)
        status = archive_read_next_header(stream->archive, &entry);
    if (status >= ARCHIVE_WARN && status != ARCHIVE_EOF)
        return true;
    archive_fail(source->path, stream->archive, error);
    return false;
}

// ---- either -------------------------------------------------------------------------------------

static Source *source_new(const char *path)
{
    Source *source = g_new0(Source, 1);
    source->path = g_strdup(path);
    source->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    return source;
}

Source *source_open(const char *path, GError **error)
{
    g_autoptr(Source) source = source_new(path);
    source->zip = !g_file_test(path, G_FILE_TEST_IS_DIR);
    if (source->zip && !g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: no such file or directory", path);
        return NULL;
    }
    bool ok = source->zip ? list_zip(source, error) : list_directories(source, error);
    return ok ? g_steal_pointer(&source) : NULL;
}

Source *source_open_file(const char *path, const char *name, GError **error)
{
    g_autoptr(Source) source = source_new(path);
    return add_entry(source, name, g_strdup(path), 0, error) ? g_steal_pointer(&source) : NULL;
}

void source_free(Source *source)
{
    if (source == NULL)
        return;
    g_free(source->path);
    g_ptr_array_unref(source->entries);
    g_free(source);
}

const char *source_has(const Source *source, const char *name)
{
    const Entry *entry = find(source, name);
    return entry != NULL ? entry->name : NULL;
}

SourceStream *source_stream(const Source *source, const char *name, GError **error)
{
    const Entry *entry = find(source, name);
    g_autoptr(SourceStream) stream = g_new0(SourceStream, 1);
    stream->fd = -1;
    stream->left = SOURCE_FILE_BYTES;
    stream->name = g_strdup(entry != NULL ? entry->name : name);
    bool ok = entry != NULL;
    if (ok && source->zip) {
        ok = seek_entry(stream, source, entry->index, error);
    } else if (ok) {
        stream->fd = open(entry->path, O_RDONLY | O_CLOEXEC);
        ok = stream->fd >= 0;
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", entry->path, g_strerror(errno));
    } else {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s is missing", source->path, name);
    }
    return ok ? g_steal_pointer(&stream) : NULL;
}

gssize source_read(void *data, void *buf, gsize len, GError **error)
{
    SourceStream *stream = data;
    gssize got = -1;
    if (stream->archive != NULL) {
        got = archive_read_data(stream->archive, buf, len);
        if (got < 0)
            archive_fail(stream->name, stream->archive, error);
    } else {
        do
            got = read(stream->fd, buf, len);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", stream->name, g_strerror(errno));
    }
    stream->left -= MAX(got, 0);
    if (got >= 0 && stream->left < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: over %" G_GINT64_FORMAT " bytes", stream->name,
                    (gint64)SOURCE_FILE_BYTES);
        got = -1;
    }
    return got < 0 ? -1 : got;
}

void source_stream_free(SourceStream *stream)
{
    if (stream == NULL)
        return;
    archive_read_free(stream->archive);
    if (stream->fd >= 0)
        close(stream->fd); // read only: nothing to lose
    g_free(stream->name);
    g_free(stream);
}
