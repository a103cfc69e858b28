#include "archive/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PREALLOCATE = 4 * 1024 * 1024,
    COPY = 128 * 1024,
    DIR_MODE = 0750,
    OPEN_MODE = 0640,
    SEALED_MODE = 0440
};

static bool fail(const Stream *stream, const char *what, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s: %s", stream->path, what, g_strerror(errno));
    return false;
}

static void forget(Stream *stream)
{
    if (stream->fd >= 0 && close(stream->fd) != 0)
        log_error("cannot close segment", "segment", stream->rel, "error", g_strerror(errno));
    stream->fd = -1;
    stream->size = stream->synced = stream->allocated = 0;
    g_clear_pointer(&stream->rel, g_free);
    g_clear_pointer(&stream->path, g_free);
}

// ---- writing ---------------------------------------------------------------------------------------------

static bool write_at(Stream *stream, const guint8 *data, gsize len, GError **error)
{
    while (len > 0) {
        ssize_t n = pwrite(stream->fd, data, len, stream->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(stream, "cannot write", error);
        stream->size += n;
        data += n;
        len -= (gsize)n;
    }
    return true;
}

static bool copy_spooled(Stream *stream, const Frame *frame, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(COPY);
    for (int64_t done = 0; done < frame->length;) {
        ssize_t n = pread(frame->fd, buffer, (gsize)MIN(COPY, frame->length - done), done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(stream, "cannot read back a spooled record", error);
        if (!write_at(stream, buffer, (gsize)n, error))
            return false;
        done += n;
    }
    return true;
}

static bool write_frame(Stream *stream, const Frame *frame, GError **error)
{
    return frame->fd >= 0 ? copy_spooled(stream, frame, error)
                          : write_at(stream, frame->bytes->data, frame->bytes->len, error);
}

// Blocks ahead of the end, without changing the size: a reader sees no zeros. What cannot be had now shows at
// the write.
static void preallocate(Stream *stream, int64_t length)
{
    int64_t need = stream->size + length;
    if (need <= stream->allocated)
        return;
    int64_t to = MAX(need, stream->allocated + MIN(stream->limit / 16, PREALLOCATE));
    if (fallocate(stream->fd, FALLOC_FL_KEEP_SIZE, stream->allocated, to - stream->allocated) != 0)
        log_debug("no blocks preallocated", "segment", stream->rel, "error", g_strerror(errno));
    stream->allocated = to;
}

// Makes a directory durable in its parent; existing is fine.
static bool make_dir(const char *parent, const char *name, char **out_path, GError **error)
{
    *out_path = g_build_filename(parent, name, NULL);
    return g_file_test(*out_path, G_FILE_TEST_IS_DIR) ||
           (file_make_dirs(*out_path, DIR_MODE, error) && file_sync_dir(parent, error));
}

static bool create(Stream *stream, int64_t time_us, GError **error)
{
    int day = segment_day(time_us);
    g_autofree char *year = g_strdup_printf("%04d", day / 10000);
    g_autofree char *month = g_strdup_printf("%02d", day / 100 % 100);
    g_autofree char *year_dir = NULL, *month_dir = NULL;
    if (!make_dir(stream->dir, year, &year_dir, error) || !make_dir(year_dir, month, &month_dir, error))
        return false;
    stream->rel = g_strdup_printf("%s/%s/%s-%06u.tar.zst", year, month, stream->series, stream->next);
    stream->path = g_build_filename(stream->dir, stream->rel, NULL);
    stream->day = day;
    stream->fd = open(stream->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, OPEN_MODE);
    if (stream->fd < 0) {
        fail(stream, "cannot create segment", error);
        forget(stream);
        return false;
    }
    stream->next++;
    if (!file_adopt(stream->path, error) || !file_sync_dir(month_dir, error)) {
        stream_abandon(stream);
        return false;
    }
    return true;
}

bool stream_must_rotate(const Stream *stream, int64_t length, int64_t time_us)
{
    if (stream->fd < 0 || stream->size == 0)
        return false;
    // A record older than the segment (the clock went back) still goes into it: segments are in order of
    // arrival.
    return stream->size + length > stream->limit || segment_day(time_us) > stream->day;
}

bool stream_append(Stream *stream, const Frame *frame, int64_t time_us, ArchiveRef *ref, GError **error)
{
    if (stream->fd < 0 && !create(stream, time_us, error))
        return false;
    preallocate(stream, frame->length);
    ref->offset = stream->size;
    ref->length = frame->length;
    g_free(ref->segment);
    ref->segment = g_strdup(stream->rel);
    return write_frame(stream, frame, error);
}

bool stream_commit(Stream *stream, GError **error)
{
    if (stream->fd < 0 || stream->synced == stream->size)
        return true;
    if (!file_datasync(stream->fd, stream->path, error))
        return false;
    stream->synced = stream->size;
    return true;
}

void stream_abandon(Stream *stream)
{
    if (stream->fd < 0)
        return;
    // After a failed sync the kernel may have dropped what was written and call it clean: no second try on
    // this file.
    log_error("segment given up after an error", "segment", stream->rel);
    if (ftruncate(stream->fd, stream->synced) != 0)
        log_error("cannot cut segment to what is durable", "segment", stream->rel, "error",
                  g_strerror(errno));
    if (stream->synced == 0 && g_unlink(stream->path) == 0)
        stream->next--;
    else if (fchmod(stream->fd, SEALED_MODE) != 0)
        log_error("cannot seal segment", "segment", stream->rel, "error", g_strerror(errno));
    forget(stream);
}

// ---- sealing ---------------------------------------------------------------------------------------------

static bool seal(Stream *stream, bool with_end, GError **error)
{
    Frame end = {.fd = -1};
    bool ok = !with_end || (encode_end(&end, error) && write_frame(stream, &end, error));
    frame_clear(&end);
    // The same size again gives back the blocks that were preallocated behind it.
    return ok && stream_commit(stream, error) &&
           (ftruncate(stream->fd, stream->size) == 0 || fail(stream, "cannot cut", error)) &&
           (fchmod(stream->fd, SEALED_MODE) == 0 || fail(stream, "cannot seal", error)) &&
           (fsync(stream->fd) == 0 || fail(stream, "cannot sync", error));
}

static void seal_or_abandon(Stream *stream, bool with_end)
{
    g_autoptr(GError) error = NULL;
    if (seal(stream, with_end, &error)) {
        forget(stream);
        return;
    }
    log_error("cannot seal segment", "segment", stream->rel, "error", error->message);
    stream_abandon(stream);
}

void stream_rotate(Stream *stream)
{
    if (stream->fd >= 0)
        seal_or_abandon(stream, true);
}

void stream_close(Stream *stream, bool close_seals)
{
    if (stream->fd >= 0 && close_seals)
        seal_or_abandon(stream, true);
    else if (stream->allocated > stream->size &&
             ftruncate(stream->fd, stream->size) != 0) // not before recovery
        log_warn("cannot cut segment", "segment", stream->rel, "error", g_strerror(errno));
    forget(stream);
    g_clear_pointer(&stream->dir, g_free);
    g_clear_pointer(&stream->series, g_free);
}

// ---- recovery --------------------------------------------------------------------------------------------

typedef struct {
    int64_t good_end; // end of the last whole frame
    int64_t first_us; // time of the first record
    bool holes;       // damage that is no torn tail: kept as it is
    bool ended;       // the end-of-archive is there
} Survey;

static bool survey(Stream *stream, Survey *out, GError **error)
{
    Walk walk;
    walk_init(&walk, stream->fd, DECODE_CHECK);
    bool going = true, ok = true;
    while (going) {
        WalkItem item = {0};
        switch (walk_next(&walk, &item)) {
        case WALK_RECORD:
            out->good_end = item.offset + item.length;
            if (out->first_us == 0)
                out->first_us = decoded_when(&item.record);
            break;
        case WALK_DAMAGE:
            out->good_end = item.offset + item.length;
            out->holes = true;
            break;
        case WALK_FAILED:
            errno = walk.file.failed;
            ok = fail(stream, "cannot read", error);
            going = false;
            break;
        case WALK_TAIL:
        case WALK_END:
            going = false;
        }
        walk_item_clear(&item);
    }
    out->ended = walk.ended;
    walk_clear(&walk);
    return ok;
}

static bool cut(Stream *stream, const Survey *found, GError **error)
{
    struct stat now;
    if (fstat(stream->fd, &now) != 0)
        return fail(stream, "cannot look at", error);
    stream->size = stream->synced = stream->allocated = found->good_end;
    if (now.st_size == found->good_end)
        return true;
    g_autofree char *bytes = g_strdup_printf("%" G_GINT64_FORMAT, (int64_t)now.st_size - found->good_end);
    g_autofree char *offset = g_strdup_printf("%" G_GINT64_FORMAT, found->good_end);
    log_warn("torn tail cut off a segment: records that were never acknowledged", "segment", stream->rel,
             "offset", offset, "bytes", bytes);
    return (ftruncate(stream->fd, found->good_end) == 0 || fail(stream, "cannot cut the torn tail", error)) &&
           (fsync(stream->fd) == 0 || fail(stream, "cannot sync", error));
}

static bool recover(Stream *stream, GError **error)
{
    Survey found = {0};
    if (!survey(stream, &found, error) || !cut(stream, &found, error))
        return false;
    stream->day = found.first_us != 0 ? segment_day(found.first_us) : 0;
    if (found.holes)
        log_error("segment is damaged and is not appended to: run `chaperone archive verify`", "segment",
                  stream->rel);
    if (found.good_end == 0) {
        // Nothing in it: the number is used again.
        if (g_unlink(stream->path) != 0)
            return fail(stream, "cannot remove an empty segment", error);
        stream->next--;
        forget(stream);
    } else if (found.holes || found.ended) {
        seal_or_abandon(stream, false);
    }
    return true;
}

static void find_newest(Stream *stream, GPtrArray *segments)
{
    stream->next = 1;
    for (guint i = 0; i < segments->len; i++) {
        const Segment *segment = segments->pdata[i];
        if (strcmp(segment->series, stream->series) != 0 || segment->number < stream->next)
            continue;
        stream->next = segment->number + 1;
        g_free(stream->rel);
        stream->rel = g_strdup(segment->rel);
    }
}

bool stream_open(Stream *stream, const char *dir, const char *series, int64_t limit, GError **error)
{
    *stream = (Stream){.dir = g_strdup(dir), .series = g_strdup(series), .limit = limit, .fd = -1};
    g_autoptr(GPtrArray) segments = segments_list(dir, error);
    if (segments == NULL)
        return false;
    find_newest(stream, segments);
    if (stream->rel == NULL)
        return true;
    stream->path = g_build_filename(dir, stream->rel, NULL);
    struct stat now;
    if (stat(stream->path, &now) != 0)
        return fail(stream, "cannot look at", error);
    if ((now.st_mode & 0222) == 0) {
        forget(stream);
        return true;
    }
    stream->fd = open(stream->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (stream->fd < 0)
        return fail(stream, "cannot open", error);
    return recover(stream, error);
}
