// A bag as one file to hand out.
#include "bag/bag.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, DEEP_MOST = 16 };

// ---- what is in it ---------------------------------------------------------------------------------------

static int by_name(gconstpointer one, gconstpointer other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

// Adds the paths of all files below `rel`, relative to `top`.
static bool list_files(const char *top, const char *rel, int deep, GPtrArray *files, GError **error)
{
    g_autofree char *path = g_build_filename(top, rel, NULL);
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) dir = deep < DEEP_MOST ? g_dir_open(path, 0, &why) : NULL;
    bool ok = dir != NULL;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", path,
                    why != NULL ? why->message : "directories in directories without an end");
    for (const char *name; ok && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *below = *rel != '\0' ? g_strconcat(rel, "/", name, NULL) : g_strdup(name);
        g_autofree char *whole = g_build_filename(top, below, NULL);
        if (g_file_test(whole, G_FILE_TEST_IS_DIR))
            ok = list_files(top, below, deep + 1, files, error);
        else
            g_ptr_array_add(files, g_steal_pointer(&below));
    }
    return ok;
}

// ---- writing ---------------------------------------------------------------------------------------------

static bool zip_fails(struct archive *zip, const char *path, GError **error)
{
    const char *why = archive_error_string(zip);
    g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", path, why != NULL ? why : "cannot be written");
    return false;
}

static bool put_bytes(struct archive *zip, int fd, const char *path, int64_t size, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK);
    int64_t left = size;
    ssize_t got = 0;
    while (left > 0 && (got = read(fd, block, (size_t)MIN(left, BLOCK))) > 0) {
        if (archive_write_data(zip, block, (size_t)got) != got)
            return zip_fails(zip, path, error);
        left -= got;
    }
    if (left > 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: ends before its time", path);
    return left == 0;
}

static bool put_file(struct archive *zip, const char *path, const char *name, int64_t time_us, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: no file that can be read", path);
        if (fd >= 0)
            close(fd);
        return false;
    }
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, st.st_size);
    archive_entry_set_mtime(entry, (time_t)(time_us / G_USEC_PER_SEC), 0);
    bool ok = archive_write_header(zip, entry) == ARCHIVE_OK ? put_bytes(zip, fd, path, st.st_size, error)
                                                             : zip_fails(zip, path, error);
    archive_entry_free(entry);
    close(fd);
    return ok;
}

static bool put_all(struct archive *zip, const char *bag, const GPtrArray *files, int64_t time_us,
                    BagProgress progress, void *data, GError **error)
{
    g_autofree char *base = g_path_get_basename(bag);
    bool ok = true;
    for (guint i = 0; ok && i < files->len; i++) {
        g_autofree char *path = g_build_filename(bag, files->pdata[i], NULL),
                        *name = g_strconcat(base, "/", files->pdata[i], NULL);
        ok = put_file(zip, path, name, time_us, error);
        if (progress != NULL)
            progress("zip", i + 1, files->len, data);
    }
    return ok;
}

static bool write_to(const char *part, const char *bag, const GPtrArray *files, int64_t time_us,
                     BagProgress progress, void *data, GError **error)
{
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: cannot be made", part);
        return false;
    }
    struct archive *zip = archive_write_new();
    bool ok = archive_write_set_format_zip(zip) == ARCHIVE_OK && archive_write_open_fd(zip, fd) == ARCHIVE_OK;
    if (!ok)
        zip_fails(zip, part, error);
    ok = ok && put_all(zip, bag, files, time_us, progress, data, error);
    if (archive_write_close(zip) != ARCHIVE_OK && ok)
        ok = zip_fails(zip, part, error);
    archive_write_free(zip);
    ok = ok && file_datasync(fd, part, error);
    return file_close(&fd, part, ok ? error : NULL) && ok;
}

bool bag_zip(const char *bag, const char *zip, int64_t time_us, BagProgress progress, void *data,
             GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *part = g_strconcat(zip, ".part", NULL), *dir = g_path_get_dirname(zip);
    if (!list_files(bag, "", 0, files, error))
        return false;
    g_ptr_array_sort(files, by_name);
    bool ok = write_to(part, bag, files, time_us, progress, data, error);
    if (ok && rename(part, zip) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: cannot be put in its place", zip);
        ok = false;
    }
    if (!ok)
        unlink(part);
    return ok && file_sync_dir(dir, error);
}
