#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(GError **error, BaseError code, const char *what, const char *path)
{
    int saved = errno;
    g_set_error(error, BASE_ERROR, code, "%s: %s: %s", path, what, g_strerror(saved));
    return false;
}

GBytes *file_read(const char *path, gsize max, GError **error)
{
    GByteArray *all = g_byte_array_new();
    bool ok = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(error, BASE_ERROR_NOINPUT, "cannot open", path);
        goto done;
    }
    guint8 block[65536];
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fail(error, BASE_ERROR_IO, "cannot read", path);
            goto done;
        }
        if (n == 0)
            break;
        if (all->len + (gsize)n > max) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: larger than %" G_GSIZE_FORMAT " bytes", path,
                        max);
            goto done;
        }
        g_byte_array_append(all, block, (guint)n);
    }
    ok = true;
done:
    if (fd >= 0)
        close(fd);
    GBytes *bytes = g_byte_array_free_to_bytes(all);
    if (!ok)
        g_clear_pointer(&bytes, g_bytes_unref);
    return bytes;
}

bool file_write_all(int fd, const void *data, gsize len, const char *path, GError **error)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(error, BASE_ERROR_IO, "cannot write", path);
        p += n;
        len -= (gsize)n;
    }
    return true;
}

bool file_datasync(int fd, const char *path, GError **error)
{
    return fdatasync(fd) == 0 || fail(error, BASE_ERROR_IO, "cannot sync", path);
}

bool file_close(int *fd, const char *path, GError **error)
{
    int old = *fd;
    *fd = -1;
    return old < 0 || close(old) == 0 || fail(error, BASE_ERROR_IO, "cannot close", path);
}

bool file_sync_dir(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(error, BASE_ERROR_IO, "cannot open directory", path);
    bool ok = fsync(fd) == 0 || fail(error, BASE_ERROR_IO, "cannot sync directory", path);
    return close(fd) == 0 && ok;
}

bool file_adopt(const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    struct stat st;
    if (geteuid() != 0)
        return true;
    if (stat(dir, &st) != 0)
        return fail(error, BASE_ERROR_IO, "cannot look at directory", dir);
    return st.st_uid == 0 || lchown(path, st.st_uid, st.st_gid) == 0 ||
           fail(error, BASE_ERROR_NOPERM, "cannot give to its directory's owner", path);
}

bool file_make_dirs(const char *path, int mode, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return true;
    // A path has at most as many steps as it has characters, and each step up is shorter.
    g_autofree char *parent = g_path_get_dirname(path);
    if (strlen(parent) < strlen(path) && !file_make_dirs(parent, mode, error))
        return false;
    if (mkdir(path, (mode_t)mode) != 0 && errno != EEXIST)
        return fail(error, BASE_ERROR_CANTCREAT, "cannot make directory", path);
    return file_adopt(path, error);
}

bool file_write_atomic(const char *path, const void *data, gsize len, int mode, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *temp = g_strconcat(path, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(temp, O_WRONLY | O_CLOEXEC, mode);
    if (fd < 0)
        return fail(error, BASE_ERROR_CANTCREAT, "cannot create", temp);
    bool ok = file_adopt(temp, error) && file_write_all(fd, data, len, temp, error) &&
              file_datasync(fd, temp, error);
    ok = file_close(&fd, temp, ok ? error : NULL) && ok;
    if (ok && rename(temp, path) != 0)
        ok = fail(error, BASE_ERROR_CANTCREAT, "cannot rename into place", path);
    if (!ok)
        unlink(temp);
    return ok && file_sync_dir(dir, error);
}

char *hex_encode(const void *data, gsize len)
{
    char *hex = g_malloc(2 * len + 1);
    sodium_bin2hex(hex, 2 * len + 1, data, len);
    return hex;
}

char *sha256_hex(const void *data, gsize len)
{
    guint8 hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, data, len);
    return hex_encode(hash, sizeof hash);
}
