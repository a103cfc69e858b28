// A file for each reading, called by its key: a checksum, a head, and the message as it came from the worker. Files are made
// aside and renamed into place; when one was last used is its mtime. Nothing else is kept, so any number of processes may
// use the directory, and any file may go at any time.
#include "reader/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX         64
#define TEMP        ".new-"
#define FAILED_US   (3600 * (gint64)G_USEC_PER_SEC) // how long a failure is believed
#define TOUCH_S     60                              // a use is written down at most this often
#define SWEEP_S     3600                            // between two looks at the whole directory
#define SHARE       16 // a process sweeps after writing one part in this many of cache_bytes
#define ROOM        4  // parts of those that are kept free, for what other processes write meanwhile
#define COMPLAIN_US (60 * (gint64)G_USEC_PER_SEC)

#define FORMAT "chaperone reading 1"

typedef struct {
    char key[HEX];
    gint64 made_us;
    guint32 outcome, unused;
    guint64 len; // of what follows: a message, or the detail of a failure
} Head;

struct ReaderCache {
    Config *config;
    int dir;
    uid_t uid; // of the directory
    gid_t gid;
    char *about;    // what all keys of this process have in common
    GMutex lock;    // over all below
    gint64 unswept; // bytes written since this process looked at the directory
    gint64 sweep_at, quiet_until;
    guint64 serial;
};

void reader_piece_clear(ReaderPiece *piece)
{
    g_clear_pointer(&piece->message, message_free);
    g_clear_pointer(&piece->detail, g_free);
}

// ---- opening ----------------------------------------------------------------------------------------------

static bool refuse(const char *dir, const char *why, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT,
                "attachments.cache_dir = \"%s\": %s; make it a directory of the daemon's own user with mode "
                "0700, or set it "
                "to \"\" to keep no readings",
                dir, why);
    return false;
}

// What lies there decides about mail: nobody else may write it, and nobody else need read it.
static bool check_dir(ReaderCache *cache, const char *dir, GError **error)
{
    struct stat st;
    if (fstat(cache->dir, &st) != 0)
        return refuse(dir, g_strerror(errno), error);
    cache->uid = st.st_uid;
    cache->gid = st.st_gid;
    if ((st.st_mode & 077) != 0)
        return refuse(dir, "others have access to it", error);
    if (geteuid() != 0 && st.st_uid != geteuid())
        return refuse(dir, "it is another user's", error);
    return faccessat(cache->dir, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0 ||
           refuse(dir, g_strerror(errno), error);
}

// A new version, and another build of one, reads anew.
static char *describe(const Config *config)
{
    struct stat st = {0};
    const ConfigAttachments *a = &config->attachments;
    g_autofree char *limits = hex_encode(&config->limits, sizeof config->limits);
    if (stat(config->reader.program, &st) != 0)
        st.st_size = -1;
    return g_strdup_printf(FORMAT "\n" CHAPERONE_VERSION "\n%" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                                  ".%ld\n%s\n%s %d %" G_GINT64_FORMAT " %d %d %d %" G_GINT64_FORMAT,
                           (gint64)st.st_size, (gint64)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, limits,
                           a->ocr_languages, a->ocr_pictures, a->ocr_least_pixels, a->wall_ms, a->cpu_s,
                           a->ocr_wall_ms, a->memory);
}

bool reader_cache_open(const Config *config, ReaderCache **out, GError **error)
{
    const char *dir = config->attachments.cache_dir;
    *out = NULL;
    if (dir == NULL || *dir == '\0')
        return true;
    g_autoptr(GError) failure = NULL;
    if (!file_make_dirs(dir, 0700, &failure))
        return refuse(dir, failure->message, error);
    ReaderCache *cache = g_new0(ReaderCache, 1);
    cache->config = config_ref((Config *)config);
    cache->about = describe(config);
    cache->unswept = G_MAXINT64 / 2; // nobody knows yet what is there
    g_mutex_init(&cache->lock);
    cache->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = cache->dir >= 0 ? check_dir(cache, dir, error) : refuse(dir, g_strerror(errno), error);
    if (ok)
        *out = cache;
    else
        reader_cache_close(cache);
    return ok;
}

void reader_cache_close(ReaderCache *cache)
{
    if (cache->dir >= 0)
        close(cache->dir); // read only
    g_mutex_clear(&cache->lock);
    g_free(cache->about);
    config_unref(cache->config);
    g_free(cache);
}

static void complain(ReaderCache *cache, const char *what, const char *why)
{
    gint64 now = g_get_monotonic_time();
    g_mutex_lock(&cache->lock);
    bool quiet = now < cache->quiet_until;
    if (!quiet)
        cache->quiet_until = now + COMPLAIN_US;
    g_mutex_unlock(&cache->lock);
    if (!quiet)
        log_warn("cache of attachments", "problem", what, "error", why, "dir",
                 cache->config->attachments.cache_dir);
}

// ---- keys -------------------------------------------------------------------------------------------------

static void add_string(GString *out, const char *text)
{
    if (text != NULL)
        g_string_append_printf(out, "\n%zu:%s", strlen(text), text);
    else
        g_string_append(out, "\n-");
}

char *reader_cache_key(const ReaderCache *cache, ReaderClass cls, const void *data, gsize len,
                       const ChannelAttachment *attachment)
{
    g_autofree char *content = sha256_hex(data, len);
    g_autoptr(GString) all = g_string_new(cache->about);
    g_string_append_printf(all, "\n%d\n%s", cls, content);
    add_string(all, attachment->type);
    add_string(all, attachment->name);
    add_string(all, attachment->charset);
    return sha256_hex(all->str, all->len);
}

// ---- the directory as a whole -----------------------------------------------------------------------------

typedef struct {
    char name[HEX + 1];
    gint64 used, size;
} Entry;

static bool is_key(const char *name)
{
    return strlen(name) == HEX && strspn(name, "0123456789abcdef") == HEX;
}

static gint longest_unused_first(gconstpointer a, gconstpointer b)
{
    const Entry *x = a, *y = b;
    return x->used < y->used ? -1 : x->used > y->used;
}

// Disks give whole blocks.
static gint64 disk_size(gint64 bytes)
{
    return (bytes + 4095) / 4096 * 4096;
}

// Collects the readings; what is too old, or was left half made, goes at once. False with errno set.
static bool sweep_list(const ReaderCache *cache, GArray *out, gint64 *out_total)
{
    gint64 now = clock_now_us() / G_USEC_PER_SEC;
    gint64 oldest = now - cache->config->attachments.cache_days * (gint64)86400;
    int fd = openat(cache->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL && fd >= 0)
        close(fd);
    if (dir == NULL)
        return false;
    for (const struct dirent *at; (at = readdir(dir)) != NULL;) {
        struct stat st;
        bool key = is_key(at->d_name);
        if ((!key && !g_str_has_prefix(at->d_name, TEMP)) ||
            fstatat(cache->dir, at->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(st.st_mode))
            continue;
        if (key ? st.st_mtim.tv_sec < oldest : st.st_mtim.tv_sec < now - SWEEP_S) {
            unlinkat(cache->dir, at->d_name, 0);
            continue;
        }
        Entry entry = {.used = st.st_mtim.tv_sec * (gint64)1000000000 + st.st_mtim.tv_nsec,
                       .size = disk_size(st.st_size)};
        g_strlcpy(entry.name, key ? at->d_name : "", sizeof entry.name);
        *out_total += entry.size;
        if (key)
            g_array_append_val(out, entry);
    }
    return closedir(dir) == 0;
}

// Leaves room for `coming` bytes and for what other processes may write before they look themselves.
static void sweep(ReaderCache *cache, gint64 coming)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    gint64 total = coming, most = cache->config->attachments.cache_bytes;
    most -= most / ROOM;
    if (!sweep_list(cache, entries, &total))
        complain(cache, "cannot list", g_strerror(errno));
    g_array_sort(entries, longest_unused_first);
    for (guint i = 0; i < entries->len && total > most; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);
        if (unlinkat(cache->dir, entry->name, 0) == 0 || errno == ENOENT)
            total -= entry->size;
    }
}

// Called before `coming` bytes are written, and with 0 now and then. One thread sweeps, the others go on.
static void sweep_if_due(ReaderCache *cache, gint64 coming)
{
    gint64 now = g_get_monotonic_time();
    g_mutex_lock(&cache->lock);
    cache->unswept += coming;
    bool due = (coming > 0 && cache->unswept > cache->config->attachments.cache_bytes / SHARE) ||
               (cache->sweep_at != 0 && now >= cache->sweep_at);
    if (due)
        cache->unswept = coming;
    if (due || cache->sweep_at == 0)
        cache->sweep_at = now + SWEEP_S * (gint64)G_USEC_PER_SEC;
    g_mutex_unlock(&cache->lock);
    if (due)
        sweep(cache, coming);
}

// ---- finding ----------------------------------------------------------------------------------------------

// The file's bytes, none of them checked. NULL with errno set, or 0 when it is not a file of ours.
static GBytes *slurp(const ReaderCache *cache, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return NULL;
    errno = 0;
    if (!S_ISREG(st.st_mode) || (st.st_uid != cache->uid && st.st_uid != geteuid()) ||
        (st.st_mode & 077) != 0 || st.st_size < (off_t)(HEX + sizeof(Head)) ||
        st.st_size > cache->config->attachments.cache_bytes)
        return NULL;
    gsize len = (gsize)st.st_size, done = 0;
    char *data = g_malloc(len);
    ssize_t n = 1;
    while (done < len && n > 0) {
        n = pread(fd, data + done, len - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            done += (gsize)n;
    }
    struct timespec now[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
    if (done == len && st.st_mtim.tv_sec < clock_now_us() / G_USEC_PER_SEC - TOUCH_S)
        (void)!futimens(fd, now); // without it the file only goes sooner
    if (done == len)
        return g_bytes_new_take(data, len);
    g_free(data);
    return NULL;
}

static bool is_whole(const char *key, const char *data, gsize len, Head *out_head)
{
    memcpy(out_head, data + HEX, sizeof *out_head);
    g_autofree char *sum = sha256_hex(data + HEX, len - HEX);
    return memcmp(sum, data, HEX) == 0 && memcmp(out_head->key, key, HEX) == 0 &&
           out_head->len == len - HEX - sizeof *out_head && out_head->outcome <= READ_REFUSED;
}

static bool is_lasting(const ReaderPiece *piece)
{
    return piece->outcome == READ_ANSWERED && !message_has_fact(piece->message, "picture-unread");
}

static bool is_fresh(const ReaderCache *cache, const Head *head, const ReaderPiece *piece)
{
    gint64 age = clock_now_us() - head->made_us;
    gint64 most = is_lasting(piece) ? cache->config->attachments.cache_days * (gint64)86400 * G_USEC_PER_SEC
                                    : FAILED_US;
    return age >= -FAILED_US && age < most; // clocks may be set back a little
}

// False when it is damaged.
static bool unpack(GBytes *bytes, const char *key, Head *out_head, ReaderPiece *out)
{
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    if (!is_whole(key, data, len, out_head))
        return false;
    gsize start = HEX + sizeof(Head);
    out->outcome = (ReadOutcome)out_head->outcome;
    if (out->outcome != READ_ANSWERED) {
        out->detail = g_utf8_make_valid(data + start, (gssize)(len - start));
        return true;
    }
    g_autoptr(GBytes) message = g_bytes_new_from_bytes(bytes, start, len - start);
    out->message = message_from_bytes(message, NULL);
    return out->message != NULL;
}

bool reader_cache_find(ReaderCache *cache, const char *key, ReaderPiece *out)
{
    Head head;
    *out = (ReaderPiece){0};
    sweep_if_due(cache, 0);
    int fd = openat(cache->dir, key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        complain(cache, "cannot open a reading", g_strerror(errno));
    if (fd < 0)
        return false;
    g_autoptr(GBytes) bytes = slurp(cache, fd);
    int code = errno;
    close(fd); // read only
    bool whole = bytes != NULL && unpack(bytes, key, &head, out);
    if (!whole)
        complain(cache, "a damaged reading is removed",
                 bytes == NULL && code != 0 ? g_strerror(code) : "damaged");
    bool good = whole && is_fresh(cache, &head, out);
    if (!good) {
        reader_piece_clear(out);
        unlinkat(cache->dir, key, 0);
    }
    return good;
}

// ---- keeping ----------------------------------------------------------------------------------------------

static GByteArray *pack(const char *key, const ReaderPiece *piece)
{
    g_autoptr(GBytes) body =
        piece->message != NULL
            ? message_to_bytes(piece->message)
            : g_bytes_new(piece->detail, piece->detail != NULL ? strlen(piece->detail) : 0);
    gsize len = 0;
    const void *data = g_bytes_get_data(body, &len);
    Head head = {.made_us = clock_now_us(), .outcome = piece->outcome, .len = len};
    memcpy(head.key, key, HEX);
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, HEX);
    g_byte_array_append(out, (const guint8 *)&head, sizeof head);
    if (len > 0)
        g_byte_array_append(out, data, (guint)len);
    g_autofree char *sum = sha256_hex(out->data + HEX, out->len - HEX);
    memcpy(out->data, sum, HEX);
    return out;
}

// Nothing is synced: a file that a crash of the system cut short has a wrong checksum.
static bool write_file(const ReaderCache *cache, const char *temp, const char *key, const GByteArray *bytes,
                       GError **error)
{
    int fd = openat(cache->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool made = fd >= 0;
    bool ok = made && (geteuid() != 0 || fchown(fd, cache->uid, cache->gid) == 0);
    if (!ok)
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_IO, g_strerror(errno));
    ok = ok && file_write_all(fd, bytes->data, bytes->len, "a reading", error);
    ok = file_close(&fd, "a reading", ok ? error : NULL) && ok;
    if (ok && renameat(cache->dir, temp, cache->dir, key) != 0) {
        ok = false;
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_IO, g_strerror(errno));
    }
    if (made && !ok)
        unlinkat(cache->dir, temp, 0);
    return ok;
}

void reader_cache_keep(ReaderCache *cache, const char *key, const ReaderPiece *piece)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) bytes = pack(key, piece);
    gint64 size = disk_size(bytes->len);
    if (size > cache->config->attachments.cache_bytes / SHARE)
        return;
    sweep_if_due(cache, size);
    g_mutex_lock(&cache->lock);
    guint64 serial = cache->serial++;
    g_mutex_unlock(&cache->lock);
    // The address tells apart several caches of one process.
    g_autofree char *temp =
        g_strdup_printf(TEMP "%d-%p-%" G_GUINT64_FORMAT, (int)getpid(), (const void *)cache, serial);
    if (!write_file(cache, temp, key, bytes, &error))
        complain(cache, "cannot keep a reading", error->message);
}
