#include "archive/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t DAY_US = 86400 * (int64_t)G_USEC_PER_SEC;

void damage_report(DamageSink *sink, const char *segment, int64_t offset, int64_t length, const char *id,
                   const char *what)
{
    sink->count++;
    if (sink->func == NULL)
        return;
    GString *text = g_string_new(NULL);
    if (length > 0)
        g_string_append_printf(text, "bytes %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ": ", offset,
                               offset + length - 1);
    g_string_append(text, what);
    if (id != NULL && *id != '\0')
        g_string_append_printf(text, " (record %s)", id);
    sink->func(segment, offset, text->str, sink->data);
    g_string_free(text, TRUE);
}

Tri scan_open(Scan *scan, const char *dir, const Segment *segment, DecodeDepth depth, GError **error)
{
    g_autofree char *path = g_build_filename(dir, segment->rel, NULL);
    *scan = (Scan){.dir = dir, .segment = segment, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (scan->fd >= 0) {
        walk_init(&scan->walk, scan->fd, depth);
        return TRI_YES;
    }
    if (errno == ENOENT)
        return TRI_NO;
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: cannot open segment: %s", path,
                g_strerror(errno));
    return TRI_UNKNOWN;
}

void scan_unseal(Scan *scan, KeysRing *ring)
{
    scan->open = true;
    scan->walk.ring = ring;
}

void scan_close(Scan *scan)
{
    if (scan->fd < 0)
        return;
    walk_clear(&scan->walk);
    close(scan->fd);
    scan->fd = -1;
}

// No frame from item->offset on. A writer at work explains that; else it is damage.
static bool tail_is_live(const Scan *scan)
{
    struct stat now;
    return fstat(scan->fd, &now) == 0 && (now.st_mode & 0222) != 0 &&
           segment_is_live(scan->dir, scan->segment->series);
}

// True when the file changed under us and the walk goes on where the tail began.
static bool tail_moved(Scan *scan, const WalkItem *item)
{
    if (!frame_file_refresh(&scan->walk.file))
        return false;
    scan->walk.offset = item->offset;
    return true;
}

void scan_closed_error(const char *dir, const char *segment, const Decoded *decoded, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s/%s: record %s is sealed: %s", dir, segment,
                decoded->id, decoded->closed != NULL ? decoded->closed : "no keys were given");
}

// TRI_UNKNOWN with `error`: it is sealed, and cannot be opened.
static Tri scan_wants(const Scan *scan, const Decoded *record, GError **error)
{
    bool closed = scan->open && record->seal == SEAL_CLOSED;
    bool passed = record->kind == RECORD_END || (scan->open && record->seal == SEAL_DESTROYED);
    if (closed)
        scan_closed_error(scan->dir, scan->segment->rel, record, error);
    return closed ? TRI_UNKNOWN : passed ? TRI_NO : TRI_YES;
}

Tri scan_next(Scan *scan, DamageSink *sink, WalkItem *item, GError **error)
{
    for (;;) {
        WalkStep step = walk_next(&scan->walk, item);
        Tri wanted = step == WALK_RECORD ? scan_wants(scan, &item->record, error) : TRI_NO;
        if (wanted == TRI_UNKNOWN)
            walk_item_clear(item);
        if (wanted != TRI_NO)
            return wanted;
        if (step == WALK_FAILED) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s/%s: cannot read: %s", scan->dir,
                        scan->segment->rel, g_strerror(scan->walk.file.failed));
            walk_item_clear(item);
            return TRI_UNKNOWN;
        }
        bool tail = step == WALK_TAIL && !item->zeros && !tail_moved(scan, item) && !tail_is_live(scan);
        if (step == WALK_DAMAGE || tail)
            damage_report(sink, scan->segment->rel, item->offset, item->length, item->record.id,
                          item->record.what);
        walk_item_clear(item);
        if (step == WALK_END)
            return TRI_NO;
    }
}

// ---- which segments --------------------------------------------------------------------------------------

// Time of the first record; 0 when it cannot be told.
static int64_t first_time(const char *dir, const Segment *segment)
{
    Scan scan;
    WalkItem item = {0};
    DamageSink nobody = {0};
    int64_t time = 0;
    if (scan_open(&scan, dir, segment, DECODE_META, NULL) != TRI_YES)
        return 0;
    if (scan_next(&scan, &nobody, &item, NULL) == TRI_YES)
        time = decoded_when(&item.record);
    walk_item_clear(&item);
    scan_close(&scan);
    return time;
}

static int month_of(int64_t time_us)
{
    return segment_day(time_us) / 100;
}

// A segment lies in the month of its first record and ends with that record's day; a day of slack on both
// sides covers clocks that were set.
static bool month_fits(const Segment *segment, int64_t from_us, int64_t to_us)
{
    return (from_us == 0 || segment->month >= month_of(from_us - DAY_US)) &&
           (to_us == 0 || segment->month <= month_of(to_us + DAY_US));
}

GPtrArray *scan_select(const char *dir, GPtrArray *all, bool events, int64_t from_us, int64_t to_us)
{
    GPtrArray *chosen = g_ptr_array_new();
    int64_t first = 0, next = 0;
    bool next_known = false;
    for (guint i = 0; i < all->len; i++, first = next) {
        Segment *segment = all->pdata[i];
        if (segment->events != events || !month_fits(segment, from_us, to_us)) {
            next_known = false;
            continue;
        }
        bool open_range = from_us == 0 && to_us == 0;
        Segment *follower = i + 1 < all->len ? all->pdata[i + 1] : NULL;
        bool followed = follower != NULL && strcmp(follower->series, segment->series) == 0 &&
                        month_fits(follower, from_us, to_us);
        if (!next_known)
            first = open_range ? 0 : first_time(dir, segment);
        next = !open_range && followed ? first_time(dir, follower) : 0;
        next_known = followed;
        bool starts_later = to_us != 0 && first != 0 && first > to_us + DAY_US;
        bool ended_before = from_us != 0 && next != 0 && next < from_us - DAY_US;
        if (!starts_later && !ended_before)
            g_ptr_array_add(chosen, segment);
    }
    return chosen;
}
