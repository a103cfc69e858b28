// Destroying records. A sealed one stays where it is, and its key is destroyed. Of those in clear the segment is written anew beside
// the old one, with a skippable frame (RFC 8878, 3.1.2) of the same length where a record stood: all others stay where they are, and
// zstd and tar read on over it. Then the new file takes the old one's name.
#include "archive/log_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY = 256 * 1024, SKIP_HEADER = 8, NOTICE_MAX = 160, SEALED_MODE = 0440 };
static const guint8 SKIP_MAGIC[] = {0x5d, 0x2a, 0x4d, 0x18}; // ours among the sixteen

struct ArchiveCut {
    Config *config;
    char *dir, *rel, *path, *beside;
    char *disposal;
    char *sha256, *mark;
    int64_t size;
    GPtrArray *refs;   // of ArchiveRef, in order of place
    GPtrArray *clear;  // of those, borrowed: what is taken out
    GPtrArray *sealed; // of char*, borrowed: whose keys go
    int lock;
    bool applied;
};

static void cut_ref_free(gpointer ref)
{
    archive_ref_free(ref);
}

void archive_cut_free(ArchiveCut *cut)
{
    if (cut == NULL)
        return;
    if (!cut->applied && cut->beside != NULL && cut->clear->len > 0 && g_unlink(cut->beside) != 0 &&
        errno != ENOENT)
        log_warn("cannot remove a file that is not needed", "file", cut->beside, "error", g_strerror(errno));
    if (cut->lock >= 0)
        close(cut->lock);
    g_clear_pointer(&cut->refs, g_ptr_array_unref);
    g_clear_pointer(&cut->clear, g_ptr_array_unref);
    g_clear_pointer(&cut->sealed, g_ptr_array_unref);
    config_unref(cut->config);
    g_free(cut->disposal);
    g_free(cut->mark);
    g_free(cut->dir);
    g_free(cut->rel);
    g_free(cut->path);
    g_free(cut->beside);
    g_free(cut->sha256);
    g_free(cut);
}

const char *archive_cut_sha256(const ArchiveCut *cut)
{
    return cut->sha256;
}

const char *archive_cut_mark(const ArchiveCut *cut)
{
    return cut->mark;
}

guint archive_cut_keys(const ArchiveCut *cut)
{
    return cut->sealed->len;
}

int64_t archive_cut_size(const ArchiveCut *cut)
{
    return cut->size;
}

const GPtrArray *archive_cut_refs(const ArchiveCut *cut)
{
    return cut->refs;
}

// ---- where they stand ------------------------------------------------------------------------------------

// A segment that no process writes is finished here; one that is being written is left alone.
static bool cut_finish(const char *dir, const Segment *segment, const char *path, GError **error)
{
    struct stat now;
    if (stat(path, &now) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", path, g_strerror(errno));
        return false;
    }
    if ((now.st_mode & 0222) == 0)
        return true;
    g_autoptr(GError) why = NULL;
    int lock = segment_lock(dir, segment->series, 0, &why);
    if (lock < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%s: still written to; nothing is taken out of it before it is finished, at the end of "
                    "its day (%s)",
                    path, why->message);
        return false;
    }
    Stream stream;
    bool ok = stream_open(&stream, dir, segment->series, G_MAXINT64, error);
    stream_close(&stream, true);
    close(lock);
    return ok;
}

// All of `ids` must be there.
static bool cut_find(ArchiveCut *cut, const Segment *segment, GHashTable *ids, GError **error)
{
    Scan scan;
    DamageSink nobody = {0};
    Tri more = scan_open(&scan, cut->dir, segment, DECODE_CHECK, error);
    bool opened = more == TRI_YES;
    while (more == TRI_YES) {
        g_auto(WalkItem) item = {0};
        more = scan_next(&scan, &nobody, &item, error);
        if (more != TRI_YES || item.record.kind != RECORD_MESSAGE ||
            !g_hash_table_contains(ids, item.record.id))
            continue;
        ArchiveRef *ref = g_new0(ArchiveRef, 1);
        *ref = (ArchiveRef){.segment = g_strdup(segment->rel), .offset = item.offset, .length = item.length};
        g_strlcpy(ref->id, item.record.id, sizeof ref->id);
        g_ptr_array_add(cut->refs, ref);
        if (item.record.seal == SEAL_NONE)
            g_ptr_array_add(cut->clear, ref);
        else
            g_ptr_array_add(cut->sealed, ref->id);
    }
    if (opened)
        scan_close(&scan);
    bool ok = opened && more == TRI_NO && cut->refs->len == g_hash_table_size(ids);
    if (!ok && (error == NULL || *error == NULL))
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %u of %u records stand there whole",
                    cut->path, cut->refs->len, g_hash_table_size(ids));
    return ok;
}

// ---- the new file ----------------------------------------------------------------------------------------

static bool cut_fail(const ArchiveCut *cut, const char *what, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s: %s", cut->beside, what, g_strerror(errno));
    return false;
}

static bool cut_put(const ArchiveCut *cut, int out, const guint8 *data, gsize len, int64_t at, GError **error)
{
    while (len > 0) {
        ssize_t n = pwrite(out, data, len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return cut_fail(cut, "cannot write", error);
        data += n;
        at += n;
        len -= (gsize)n;
    }
    return true;
}

static bool cut_copy(const ArchiveCut *cut, int in, int out, int64_t from, int64_t to, guint8 *buffer,
                     GError **error)
{
    while (from < to) {
        ssize_t n = pread(in, buffer, (gsize)MIN(COPY, to - from), from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return cut_fail(cut, "cannot read the segment", error);
        if (!cut_put(cut, out, buffer, (gsize)n, from, error))
            return false;
        from += n;
    }
    return true;
}

// What stands in a record's place: who took it, as JSON, and a hole of zeros.
static bool cut_notice(const ArchiveCut *cut, int out, const ArchiveRef *ref, const char *disposal,
                       GError **error)
{
    guint8 bytes[SKIP_HEADER + NOTICE_MAX] = {0};
    guint32 content = (guint32)(ref->length - SKIP_HEADER);
    memcpy(bytes, SKIP_MAGIC, sizeof SKIP_MAGIC);
    for (guint i = 0; i < 4; i++)
        bytes[4 + i] = (guint8)(content >> (8 * i));
    int len = g_snprintf((char *)bytes + SKIP_HEADER, NOTICE_MAX, "{\"disposal\":\"%s\",\"record\":\"%s\"}\n",
                         disposal, ref->id);
    gsize total = SKIP_HEADER + (gsize)len;
    return cut_put(cut, out, bytes, (gsize)MIN((int64_t)total, ref->length), ref->offset, error);
}

static bool cut_fill(ArchiveCut *cut, int in, int out, const char *disposal, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(COPY);
    int64_t at = 0;
    bool ok = true;
    for (guint i = 0; ok && i < cut->clear->len; i++) {
        const ArchiveRef *ref = cut->clear->pdata[i];
        ok = cut_copy(cut, in, out, at, ref->offset, buffer, error) &&
             cut_notice(cut, out, ref, disposal, error);
        at = ref->offset + ref->length;
    }
    ok = ok && cut_copy(cut, in, out, at, cut->size, buffer, error);
    if (ok && (ftruncate(out, cut->size) != 0 || fchmod(out, SEALED_MODE) != 0 || fsync(out) != 0))
        ok = cut_fail(cut, "cannot finish", error);
    return ok;
}

static bool cut_write(ArchiveCut *cut, const char *disposal, GError **error)
{
    int in = open(cut->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat now;
    if (in < 0 || fstat(in, &now) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot read: %s", cut->path, g_strerror(errno));
        if (in >= 0)
            close(in);
        return false;
    }
    cut->size = now.st_size;
    // One of an earlier try, which was killed.
    bool gone = g_unlink(cut->beside) == 0 || errno == ENOENT;
    int out = gone ? open(cut->beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    bool ok = out >= 0 ? cut_fill(cut, in, out, disposal, error) && file_adopt(cut->beside, error)
                       : cut_fail(cut, "cannot create", error);
    cut->sha256 = ok ? encode_hash_fd(out, cut->size, error) : NULL;
    close(in);
    if (out >= 0)
        close(out);
    return ok && cut->sha256 != NULL;
}

// The others are where they were, and nothing else is left.
static bool cut_check(const ArchiveCut *cut, GError **error)
{
    Walk old, new;
    int before = open(cut->path, O_RDONLY | O_CLOEXEC), after = open(cut->beside, O_RDONLY | O_CLOEXEC);
    walk_init(&old, before, DECODE_CHECK);
    walk_init(&new, after, DECODE_CHECK);
    guint next = 0;
    bool ok = before >= 0 && after >= 0;
    for (WalkStep step = WALK_RECORD; ok && step == WALK_RECORD;) {
        g_auto(WalkItem) was = {0}, is = {0};
        step = walk_next(&old, &was);
        const ArchiveRef *ref = next < cut->clear->len ? cut->clear->pdata[next] : NULL;
        if (step == WALK_RECORD && ref != NULL && was.offset == ref->offset) {
            next++;
            continue;
        }
        ok = walk_next(&new, &is) == step &&
             (step == WALK_END || (is.offset == was.offset && strcmp(is.record.id, was.record.id) == 0));
        ok = ok && (step == WALK_RECORD || step == WALK_END);
    }
    walk_clear(&old);
    walk_clear(&new);
    if (before >= 0)
        close(before);
    if (after >= 0)
        close(after);
    if (!ok || next != cut->clear->len)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: what was written anew does not hold all the other records; run `chaperone archive "
                    "verify`",
                    cut->path);
    return ok && next == cut->clear->len;
}

// Where only keys go the segment stays as it is.
static bool cut_stay(ArchiveCut *cut, GError **error)
{
    int fd = open(cut->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat now;
    bool ok = fd >= 0 && fstat(fd, &now) == 0;
    if (ok) {
        cut->size = now.st_size;
        cut->sha256 = encode_hash_fd(fd, cut->size, error);
    } else {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot read: %s", cut->path, g_strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return ok && cut->sha256 != NULL;
}

static char *cut_mark(const ArchiveCut *cut)
{
    if (cut->sealed->len == 0)
        return g_strdup(cut->sha256);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)cut->sha256, -1);
    for (guint i = 0; i < cut->refs->len; i++)
        g_checksum_update(sum, (const guchar *)((const ArchiveRef *)cut->refs->pdata[i])->id, ULID_LEN);
    return g_strdup(g_checksum_get_string(sum));
}

ArchiveCut *archive_cut_prepare(const Config *config, const char *segment, GHashTable *ids,
                                const char *disposal, GError **error)
{
    Segment parsed = {0};
    if (!segment_parse(segment, &parsed) || parsed.events) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "\"%s\" is no segment of messages", segment);
        segment_clear(&parsed);
        return NULL;
    }
    ArchiveCut *cut = g_new0(ArchiveCut, 1);
    cut->config = config_ref((Config *)config);
    cut->clear = g_ptr_array_new();
    cut->sealed = g_ptr_array_new();
    cut->disposal = g_strdup(disposal);
    cut->dir = g_strdup(config->archive.dir);
    cut->rel = g_strdup(segment);
    cut->path = g_build_filename(cut->dir, segment, NULL);
    cut->refs = g_ptr_array_new_with_free_func(cut_ref_free);
    cut->lock = segment_lock(cut->dir, "disposal", 0, error);
    bool ok = cut->lock >= 0;
    if (ok) {
        g_autofree char *parent = g_path_get_dirname(cut->path), *name = g_path_get_basename(cut->path);
        cut->beside = g_strdup_printf("%s/.%s.cut", parent, name);
    }
    ok = ok && cut_finish(cut->dir, &parsed, cut->path, error) && cut_find(cut, &parsed, ids, error) &&
         (cut->clear->len > 0 ? cut_write(cut, disposal, error) && cut_check(cut, error)
                              : cut_stay(cut, error));
    if (ok)
        cut->mark = cut_mark(cut);
    segment_clear(&parsed);
    if (!ok)
        g_clear_pointer(&cut, archive_cut_free);
    return cut;
}

bool archive_cut_apply(ArchiveCut *cut, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(cut->path);
    if (cut->sealed->len > 0 && !keys_destroy(cut->config, cut->sealed, cut->disposal, error))
        return false;
    if (cut->clear->len == 0) {
        cut->applied = true;
        return true;
    }
    if (g_rename(cut->beside, cut->path) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot take the place of the segment: %s",
                    cut->beside, g_strerror(errno));
        return false;
    }
    cut->applied = true;
    return file_sync_dir(parent, error);
}

// ---- afterwards ------------------------------------------------------------------------------------------

bool cut_stands_at(FrameFile *file, int64_t offset)
{
    gsize len = 0;
    const guint8 *data = frame_peek(file, offset, sizeof SKIP_MAGIC, &len);
    return len == sizeof SKIP_MAGIC && memcmp(data, SKIP_MAGIC, len) == 0;
}

Tri archive_cut_done(const Config *config, const ArchiveRef *ref, GError **error)
{
    Segment segment = {0};
    Scan scan;
    if (!segment_parse(ref->segment, &segment)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\" is no segment of the archive", ref->segment);
        return TRI_UNKNOWN;
    }
    Tri opened = scan_open(&scan, config->archive.dir, &segment, DECODE_ID, error);
    Tri done = TRI_UNKNOWN;
    if (opened == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s/%s: no such segment", config->archive.dir,
                    ref->segment);
    else if (opened == TRI_YES)
        done = cut_stands_at(&scan.walk.file, ref->offset) ? TRI_YES : TRI_NO;
    if (opened == TRI_YES)
        scan_close(&scan);
    segment_clear(&segment);
    return done == TRI_NO ? keys_destroyed(config, ref->id, error) : done;
}

Tri archive_log_covers(const Config *config, const char *id, guint64 *out_leaf, GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_autoptr(GArray) leaf = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_ptr_array_add(one, (gpointer)id);
    Tri has = archive_log_covers_all(config, one, leaf, error);
    *out_leaf = has == TRI_YES ? g_array_index(leaf, guint64, 0) : 0;
    return has;
}

Tri archive_log_covers_all(const Config *config, const GPtrArray *ids, GArray *out_leaves, GError **error)
{
    LogDb db;
    g_autoptr(ArchiveCheckpoint) checkpoint = archive_log_checkpoint(config, error);
    if (checkpoint == NULL || !log_db_open(&db, config, STORE_READ, error))
        return TRI_UNKNOWN;
    Tri has = TRI_YES;
    for (guint i = 0; has == TRI_YES && i < ids->len; i++) {
        guint64 leaf = 0;
        has = log_db_find(&db, ids->pdata[i], &leaf, error);
        has = has == TRI_YES && leaf >= checkpoint->size ? TRI_NO : has;
        g_array_append_val(out_leaves, leaf);
    }
    log_db_close(&db);
    return has;
}
