// Reading on where one stopped: what was added to each series of segments since.
#include "archive/internal.h"

#include <string.h>

// A series gets at least so many in a turn, however many series there are.
#define LEAST_SHARE 32

void archive_place_free(ArchivePlace *place)
{
    if (place == NULL)
        return;
    g_free(place->series);
    g_free(place->segment);
    g_free(place);
}

static ArchivePlace *place_of(GPtrArray *places, const char *series)
{
    ArchivePlace *found = NULL;
    for (guint i = 0; i < places->len && found == NULL; i++) {
        ArchivePlace *place = places->pdata[i];
        found = strcmp(place->series, series) == 0 ? place : NULL;
    }
    return found;
}

static void place_set(ArchivePlace *place, const char *segment, int64_t offset)
{
    if (g_strcmp0(place->segment, segment) != 0) {
        g_free(place->segment);
        place->segment = g_strdup(segment);
    }
    place->offset = offset;
}

// The series' place in `places`, new where it was never read.
static ArchivePlace *place_begin(GPtrArray *places, const char *series)
{
    ArchivePlace *place = place_of(places, series);
    if (place == NULL) {
        place = g_new0(ArchivePlace, 1);
        place->series = g_strdup(series);
        g_ptr_array_add(places, place);
    }
    return place;
}

typedef struct {
    const Config *config;
    KeysRing *ring; // NULL = sealed records as they are
    ArchiveEach func;
    void *data;
    DamageSink sink;
    int first_month; // for series that were never read
    guint left;      // records
    bool stopped;    // by func
} Follow;

// Goes on in one segment. TRI_YES: read to its present end; TRI_NO: stopped before.
static Tri follow_segment(Follow *follow, const Segment *segment, ArchivePlace *place, GError **error)
{
    Scan scan;
    Tri opened = scan_open(&scan, follow->config->archive.dir, segment, DECODE_META, error);
    if (opened != TRI_YES)
        return opened == TRI_NO ? TRI_YES : TRI_UNKNOWN;
    if (follow->ring != NULL)
        scan_unseal(&scan, follow->ring);
    bool same = g_strcmp0(place->segment, segment->rel) == 0;
    scan.walk.offset = same ? place->offset : 0;
    place_set(place, segment->rel, scan.walk.offset);
    Tri more = TRI_YES;
    while (more == TRI_YES && follow->left > 0 && !follow->stopped) {
        g_auto(WalkItem) item = {0};
        more = scan_next(&scan, &follow->sink, &item, error);
        if (more != TRI_YES)
            break;
        g_autoptr(ArchiveRecord) record =
            archive_record_take(segment->rel, item.offset, item.length, &item.record);
        follow->stopped = !follow->func(record, follow->data);
        follow->left--;
        place_set(place, segment->rel, item.offset + item.length);
    }
    scan_close(&scan);
    return more == TRI_UNKNOWN ? TRI_UNKNOWN : more == TRI_NO ? TRI_YES : TRI_NO;
}

// True: segments of the series before `place` are done with.
static bool is_behind(const Segment *segment, const ArchivePlace *place)
{
    Segment at = {0};
    if (place->segment == NULL || !segment_parse(place->segment, &at))
        return false;
    bool behind = segment->number < at.number;
    segment_clear(&at);
    return behind;
}

// `all` was listed before anything is read: a segment that has a follower in it is complete.
static bool follow_series(Follow *follow, const GPtrArray *all, guint first, GPtrArray *places,
                          GError **error)
{
    const char *series = ((const Segment *)all->pdata[first])->series;
    ArchivePlace *place = place_begin(places, series);
    Tri ended = TRI_YES;
    for (guint i = first; i < all->len && ended == TRI_YES; i++) {
        const Segment *segment = all->pdata[i];
        if (strcmp(segment->series, series) != 0)
            break;
        bool old = place->segment == NULL && segment->month < follow->first_month;
        if (!old && !is_behind(segment, place))
            ended = follow_segment(follow, segment, place, error);
    }
    return ended != TRI_UNKNOWN;
}

static bool begins_series(const GPtrArray *all, guint i)
{
    return i == 0 || strcmp(((const Segment *)all->pdata[i])->series,
                            ((const Segment *)all->pdata[i - 1])->series) != 0;
}

static bool follow(const Config *config, KeysRing *ring, GPtrArray *places, int64_t from_us, guint most,
                   ArchiveEach func, ArchiveDamage damage, void *data, GError **error)
{
    g_autoptr(GPtrArray) all = segments_list(config->archive.dir, error);
    if (all == NULL)
        return false;
    guint series = 0;
    for (guint i = 0; i < all->len; i++)
        series += begins_series(all, i);
    guint share = MAX(most / MAX(series, 1), LEAST_SHARE);
    Follow following = {.config = config,
                        .ring = ring,
                        .func = func,
                        .data = data,
                        .sink = {damage, data, 0},
                        .first_month = segment_day(from_us) / 100};
    bool ok = true;
    for (guint i = 0; i < all->len && ok && !following.stopped; i++) {
        following.left = share;
        ok = !begins_series(all, i) || follow_series(&following, all, i, places, error);
    }
    return ok;
}

bool archive_follow(const Config *config, GPtrArray *places, int64_t from_us, guint most, ArchiveEach func,
                    ArchiveDamage damage, void *data, GError **error)
{
    g_autoptr(KeysRing) ring = keys_ring_new(config);
    return follow(config, ring, places, from_us, most, func, damage, data, error);
}

bool follow_closed(const Config *config, GPtrArray *places, int64_t from_us, guint most, ArchiveEach func,
                   ArchiveDamage damage, void *data, GError **error)
{
    return follow(config, NULL, places, from_us, most, func, damage, data, error);
}
