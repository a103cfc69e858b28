#include "bag/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MOST    16
#define MANIFEST_MOST ((gsize)2 * 1024 * 1024 * 1024)

// ---- files -----------------------------------------------------------------------------------------------

static bool walk(const char *dir, const char *below, guint depth, GPtrArray *files, GError **error);

static bool walk_entry(const char *dir, const char *path, guint depth, GPtrArray *files, GError **error)
{
    g_autofree char *whole = g_build_filename(dir, path, NULL);
    struct stat now;
    bool known = lstat(whole, &now) == 0;
    if (known && S_ISDIR(now.st_mode) && depth < DEPTH_MOST)
        return walk(dir, path, depth + 1, files, error);
    if (!known || !S_ISREG(now.st_mode)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: no plain file, or directories too deep", whole);
        return false;
    }
    g_ptr_array_add(files, g_strdup(path));
    return true;
}

static bool walk(const char *dir, const char *below, guint depth, GPtrArray *files, GError **error)
{
    g_autofree char *whole = *below != '\0' ? g_build_filename(dir, below, NULL) : g_strdup(dir);
    DIR *open = opendir(whole);
    if (open == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", whole, g_strerror(errno));
        return false;
    }
    bool ok = true;
    for (const struct dirent *entry; ok && (entry = readdir(open)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        g_autofree char *path =
            *below != '\0' ? g_build_filename(below, entry->d_name, NULL) : g_strdup(entry->d_name);
        ok = walk_entry(dir, path, depth, files, error);
    }
    closedir(open);
    return ok;
}

static int compare(gconstpointer one, gconstpointer other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

GPtrArray *manifest_files(const char *dir, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    if (!walk(dir, "", 0, files, error))
        return NULL;
    g_ptr_array_sort(files, compare);
    return g_steal_pointer(&files);
}

char *manifest_hash(const char *path, guint64 *out_size, GError **error)
{
    crypto_hash_sha256_state state;
    guint8 hash[crypto_hash_sha256_BYTES], buffer[BAG_CHUNK];
    guint64 size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? 1 : -1;
    crypto_hash_sha256_init(&state);
    while (n > 0 || (n < 0 && fd >= 0 && errno == EINTR)) {
        n = read(fd, buffer, sizeof buffer);
        crypto_hash_sha256_update(&state, buffer, n > 0 ? (guint64)n : 0);
        size += n > 0 ? (guint64)n : 0;
    }
    if (n < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    crypto_hash_sha256_final(&state, hash);
    if (out_size != NULL)
        *out_size = size;
    return n == 0 ? hex_encode(hash, sizeof hash) : NULL;
}

// ---- lines -----------------------------------------------------------------------------------------------

char *manifest_encode(const char *path)
{
    GString *out = g_string_new(NULL);
    for (const char *at = path; *at != '\0'; at++)
        if (*at == '\n' || *at == '\r' || *at == '%')
            g_string_append_printf(out, "%%%02X", (guchar)*at);
        else
            g_string_append_c(out, *at);
    return g_string_free(out, FALSE);
}

static char *decode(const char *path)
{
    GString *out = g_string_new(NULL);
    for (const char *at = path; *at != '\0'; at++) {
        int code = g_ascii_strncasecmp(at, "%0A", 3) == 0   ? '\n'
                   : g_ascii_strncasecmp(at, "%0D", 3) == 0 ? '\r'
                   : g_ascii_strncasecmp(at, "%25", 3) == 0 ? '%'
                                                            : 0;
        g_string_append_c(out, code != 0 ? (char)code : *at);
        at += code != 0 ? 2 : 0;
    }
    return g_string_free(out, FALSE);
}

static void line_free(gpointer data)
{
    ManifestLine *line = data;
    g_free(line->path);
    g_free(line->sha256);
    g_free(line);
}

// No path leads out of the bag.
static bool is_inside(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    bool inside = *path != '\0' && *path != '/' && *path != '~';
    for (char **name = names; inside && *name != NULL; name++)
        inside = strcmp(*name, "..") != 0 && strcmp(*name, ".") != 0 && **name != '\0';
    return inside;
}

// NULL when the line is none.
static ManifestLine *line_parse(const char *text)
{
    gsize hex = strspn(text, "0123456789abcdefABCDEF"), blanks = strspn(text + hex, " \t");
    const char *path = text + hex + blanks;
    g_autofree char *plain = decode(strncmp(path, "./", 2) == 0 ? path + 2 : path);
    if (hex != 2 * crypto_hash_sha256_BYTES || blanks == 0 || !is_inside(plain))
        return NULL;
    ManifestLine *line = g_new0(ManifestLine, 1);
    line->path = g_steal_pointer(&plain);
    line->sha256 = g_ascii_strdown(text, (gssize)hex);
    return line;
}

GPtrArray *manifest_read(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, MANIFEST_MOST, error);
    if (bytes == NULL)
        return NULL;
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    g_auto(GStrv) lines = g_strsplit_set(text, "\n\r", -1);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(line_free);
    for (char **at = lines; *at != NULL; at++) {
        ManifestLine *line = **at != '\0' ? line_parse(*at) : NULL;
        if (line == NULL && **at != '\0') {
            g_autofree char *shown = g_utf8_make_valid(*at, MIN((gssize)strlen(*at), 200));
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: no line of a manifest: \"%s\"", path, shown);
            return NULL;
        }
        if (line != NULL)
            g_ptr_array_add(all, line);
    }
    return g_steal_pointer(&all);
}
