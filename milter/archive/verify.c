#include "archive/log_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char id[ULID_LEN];
    guint segment; // index in the list
    int64_t offset, length;
} SeenId;

typedef struct {
    const char *dir;
    KeysRing *ring;
    GPtrArray *segments;
    DamageSink sink;
    ArchiveVerdict *verdict;
    void (*progress)(guint64 done, guint64 total, void *data);
    void *data;
    guint64 done, total;
    LogCheck *log;
    GArray *ids; // of SeenId: of one series and day, which bounds it
    int day;
} Verification;

// ---- ids -------------------------------------------------------------------------------------------------

static int id_compare(gconstpointer a, gconstpointer b)
{
    const SeenId *left = a, *right = b;
    int order = memcmp(left->id, right->id, ULID_LEN);
    if (order == 0)
        order = left->segment < right->segment ? -1 : left->segment > right->segment;
    return order != 0 ? order : (left->offset < right->offset ? -1 : left->offset > right->offset);
}

static void check_ids(Verification *verification)
{
    GArray *ids = verification->ids;
    g_array_sort(ids, id_compare);
    for (guint i = 1; i < ids->len; i++) {
        const SeenId *before = &g_array_index(ids, SeenId, i - 1), *now = &g_array_index(ids, SeenId, i);
        if (memcmp(before->id, now->id, ULID_LEN) != 0)
            continue;
        const Segment *first = verification->segments->pdata[before->segment];
        const Segment *second = verification->segments->pdata[now->segment];
        g_autofree char *id = g_strndup(now->id, ULID_LEN);
        g_autofree char *what =
            g_strdup_printf("an id used twice: also in %s at %" G_GINT64_FORMAT, first->rel, before->offset);
        damage_report(&verification->sink, second->rel, now->offset, now->length, id, what);
    }
    g_array_set_size(ids, 0);
}

static void note_id(Verification *verification, guint index, const WalkItem *item)
{
    SeenId seen = {.segment = index, .offset = item->offset, .length = item->length};
    memcpy(seen.id, item->record.id, ULID_LEN);
    int day = segment_day(decoded_when(&item->record));
    // Late records of the day before come between those of the next: only a later day begins a new count.
    if (day > verification->day) {
        check_ids(verification);
        verification->day = day;
    }
    g_array_append_val(verification->ids, seen);
}

// ---- segments --------------------------------------------------------------------------------------------

static void begin_segment(Verification *verification, guint index)
{
    const Segment *segment = verification->segments->pdata[index];
    const Segment *before = index > 0 ? verification->segments->pdata[index - 1] : NULL;
    bool same = before != NULL && strcmp(before->series, segment->series) == 0;
    guint expected = same ? before->number + 1 : 1;
    if (!same) {
        check_ids(verification);
        verification->day = 0;
    }
    if (segment->number == expected)
        return;
    g_autofree char *what = segment->number < expected
                                ? g_strdup("a second segment with this number")
                                : g_strdup_printf("segments %s-%06u to %06u are missing before this one",
                                                  segment->series, expected, segment->number - 1);
    damage_report(&verification->sink, segment->rel, 0, 0, NULL, what);
}

static void show_progress(Verification *verification, int64_t in_segment)
{
    if (verification->progress != NULL)
        verification->progress(MIN(verification->done + (guint64)in_segment, verification->total),
                               verification->total, verification->data);
}

static void check_records(Verification *verification, Scan *scan, guint index)
{
    const Segment *segment = scan->segment;
    for (;;) {
        g_auto(WalkItem) item = {0};
        g_autoptr(GError) error = NULL;
        Tri step = scan_next(scan, &verification->sink, &item, &error);
        show_progress(verification, scan->walk.offset);
        if (step == TRI_UNKNOWN)
            damage_report(&verification->sink, segment->rel, scan->walk.offset, 0, NULL, error->message);
        if (step != TRI_YES)
            return;
        note_id(verification, index, &item);
        log_check_record(verification->log, segment, &scan->walk.file, &item);
        if ((item.record.kind == RECORD_EVENT) != segment->events)
            damage_report(&verification->sink, segment->rel, item.offset, item.length, item.record.id,
                          segment->events ? "a message among events" : "an event among messages");
        if (item.record.kind == RECORD_EVENT)
            verification->verdict->events++;
        else
            verification->verdict->records++;
        verification->verdict->sealed += item.record.seal != SEAL_NONE ? 1 : 0;
        verification->verdict->closed += item.record.seal == SEAL_CLOSED ? 1 : 0;
    }
}

static void check_segment(Verification *verification, guint index)
{
    const Segment *segment = verification->segments->pdata[index];
    g_autoptr(GError) error = NULL;
    Scan scan;
    begin_segment(verification, index);
    Tri opened = scan_open(&scan, verification->dir, segment, DECODE_CHECK, &error);
    if (opened == TRI_UNKNOWN)
        damage_report(&verification->sink, segment->rel, 0, 0, NULL, error->message);
    if (opened != TRI_YES)
        return;
    scan.walk.ring = verification->ring;
    check_records(verification, &scan, index);
    verification->verdict->segments++;
    verification->verdict->bytes += (guint64)scan.walk.file.end;
    verification->done += (guint64)scan.walk.file.end;
    scan_close(&scan);
}

static guint64 total_bytes(const Verification *verification)
{
    guint64 total = 0;
    for (guint i = 0; i < verification->segments->len; i++) {
        const Segment *segment = verification->segments->pdata[i];
        g_autofree char *path = g_build_filename(verification->dir, segment->rel, NULL);
        struct stat now;
        if (stat(path, &now) == 0)
            total += (guint64)now.st_size;
    }
    return total;
}

bool archive_verify(const Config *config, ArchiveDamage damage,
                    void (*progress)(guint64 done, guint64 total, void *data), void *data,
                    ArchiveVerdict *out_verdict, GError **error)
{
    *out_verdict = (ArchiveVerdict){0};
    g_autoptr(GPtrArray) segments = segments_list(config->archive.dir, error);
    if (segments == NULL)
        return false;
    g_autoptr(KeysRing) ring = keys_ring_new(config);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SeenId));
    Verification verification = {.dir = config->archive.dir,
                                 .ring = ring,
                                 .segments = segments,
                                 .sink = {damage, data, 0},
                                 .verdict = out_verdict,
                                 .progress = progress,
                                 .data = data,
                                 .ids = ids};
    verification.total = total_bytes(&verification);
    verification.log = log_check_begin(config, &verification.sink, &out_verdict->log);
    for (guint i = 0; i < segments->len; i++)
        check_segment(&verification, i);
    check_ids(&verification);
    log_check_end(verification.log);
    verification.done = verification.total;
    show_progress(&verification, 0);
    out_verdict->damaged = verification.sink.count;
    return true;
}
