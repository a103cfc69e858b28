#include "archive/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char SUFFIX[] = ".tar.zst";
static const char EVENTS[] = "-events";
enum { LOCK_POLL_MS = 20 };

void segment_clear(Segment *segment)
{
    g_free(segment->rel);
    g_free(segment->series);
}

static void segment_free(gpointer data)
{
    segment_clear(data);
    g_free(data);
}

// "mta1-000123.tar.zst" -> "mta1", 123.
static bool parse_name(const char *name, Segment *out)
{
    if (!g_str_has_suffix(name, SUFFIX) || name[0] == '.')
        return false;
    gsize len = strlen(name) - strlen(SUFFIX);
    gsize digits = 0;
    while (digits < len && g_ascii_isdigit(name[len - digits - 1]))
        digits++;
    if (digits < 6 || digits > 9 || len < digits + 2 || name[len - digits - 1] != '-')
        return false;
    out->number = (guint)strtoul(name + len - digits, NULL, 10);
    out->series = g_strndup(name, len - digits - 1);
    out->events = g_str_has_suffix(out->series, EVENTS);
    return true;
}

// The value of exactly `len` digits, -1 when they are not.
static int parse_digits(const char *text, int len)
{
    int value = 0;
    for (int i = 0; i < len; i++) {
        if (!g_ascii_isdigit(text[i]))
            return -1;
        value = value * 10 + text[i] - '0';
    }
    return value;
}

bool segment_parse(const char *rel, Segment *out)
{
    Segment segment = {0};
    int year = strlen(rel) > 8 ? parse_digits(rel, 4) : -1;
    int month = year >= 0 ? parse_digits(rel + 5, 2) : -1;
    bool ok = month >= 1 && month <= 12 && rel[4] == '/' && rel[7] == '/' && strchr(rel + 8, '/') == NULL &&
              parse_name(rel + 8, &segment);
    if (ok && out != NULL) {
        *out = segment;
        out->month = year * 100 + month;
        out->rel = g_strdup(rel);
    } else {
        segment_clear(&segment);
    }
    return ok;
}

static int segment_compare(gconstpointer a, gconstpointer b)
{
    const Segment *left = *(const Segment *const *)a, *right = *(const Segment *const *)b;
    int order = strcmp(left->series, right->series);
    if (order == 0)
        order = left->number < right->number ? -1 : left->number > right->number;
    return order != 0 ? order : strcmp(left->rel, right->rel);
}

// Calls itself once per level of YYYY/MM/name.
static bool list_level(const char *dir, const char *rel, int level, GPtrArray *out, GError **error)
{
    g_autofree char *path = g_build_filename(dir, rel, NULL);
    g_autoptr(GError) local = NULL;
    g_autoptr(GDir) entries = g_dir_open(path, 0, &local);
    if (entries == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: cannot read the archive: %s", path,
                    local->message);
        return false;
    }
    const char *name;
    bool ok = true;
    while (ok && (name = g_dir_read_name(entries)) != NULL) {
        int width = level == 0 ? 4 : 2;
        g_autofree char *next = level == 0 ? g_strdup(name) : g_strconcat(rel, "/", name, NULL);
        Segment segment;
        if (level < 2) {
            if ((int)strlen(name) == width && parse_digits(name, width) >= 0)
                ok = list_level(dir, next, level + 1, out, error);
        } else if (segment_parse(next, &segment)) {
            g_ptr_array_add(out, g_memdup2(&segment, sizeof segment));
        }
    }
    return ok;
}

GPtrArray *segments_list(const char *dir, GError **error)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(segment_free);
    if (!list_level(dir, "", 0, all, error))
        g_clear_pointer(&all, g_ptr_array_unref);
    else
        g_ptr_array_sort(all, segment_compare);
    return all;
}

int segment_day(int64_t time_us)
{
    return clock_local_date(time_us, NULL);
}

// ---- the lock of a series --------------------------------------------------------------------------------

char *segment_lock_path(const char *dir, const char *series)
{
    return g_strdup_printf("%s/.%s.lock", dir, series);
}

// Locks of the open file description, not of the process: two users in one process exclude each other too,
// and a reader can ask who holds it without taking it.
static struct flock whole_file(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

int segment_lock(const char *dir, const char *series, int wait_ms, GError **error)
{
    g_autofree char *path = segment_lock_path(dir, series);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT,
                    "%s: cannot write to the archive: %s; archive.dir must be writable for this user", path,
                    g_strerror(errno));
        return -1;
    }
    if (!file_adopt(path, error)) {
        close(fd);
        return -1;
    }
    for (int waited = 0;; waited += LOCK_POLL_MS) {
        struct flock lock = whole_file(F_WRLCK);
        if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
            return fd;
        bool busy = errno == EAGAIN || errno == EACCES;
        if (busy && waited < wait_ms) {
            g_usleep(LOCK_POLL_MS * 1000);
            continue;
        }
        g_set_error(error, BASE_ERROR, busy ? BASE_ERROR_TEMPFAIL : BASE_ERROR_IO,
                    busy ? "%s: another process writes this series of the archive%s"
                         : "%s: cannot lock the archive: %s",
                    path, busy ? "; give each its own archive.origin" : g_strerror(errno));
        close(fd);
        return -1;
    }
}

bool segment_is_live(const char *dir, const char *series)
{
    g_autofree char *path = segment_lock_path(dir, series);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    struct flock lock = whole_file(F_RDLCK);
    bool live = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return live;
}
