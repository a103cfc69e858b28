#include "archive/internal.h"

#include <string.h>

void archive_record_free(ArchiveRecord *record)
{
    if (record == NULL)
        return;
    archive_ref_free(record->ref);
    json_decref(record->meta);
    g_clear_pointer(&record->json, g_bytes_unref);
    if (record->raw != NULL)
        g_bytes_unref(record->raw);
    g_clear_pointer(&record->leaf, g_bytes_unref);
    g_free(record);
}

int64_t archive_mail_time(const json_t *meta)
{
    const json_t *own = json_object_get(json_object_get(meta, "intake"), "received_us");
    return json_integer_value(json_is_integer(own) ? own : json_object_get(meta, "received_us"));
}

ArchiveRecord *archive_record_take(const char *rel, int64_t offset, int64_t length, Decoded *decoded)
{
    ArchiveRecord *record = g_new0(ArchiveRecord, 1);
    record->ref = g_new0(ArchiveRef, 1);
    g_strlcpy(record->ref->id, decoded->id, sizeof record->ref->id);
    record->ref->segment = g_strdup(rel);
    record->ref->offset = offset;
    record->ref->length = length;
    record->ref->sha256 = g_strdup(json_string_value(json_object_get(decoded->meta, "sha256")));
    record->meta = g_steal_pointer(&decoded->meta);
    if (decoded->json != NULL)
        record->json = g_byte_array_free_to_bytes(g_steal_pointer(&decoded->json));
    if (decoded->raw != NULL)
        record->raw = g_byte_array_free_to_bytes(g_steal_pointer(&decoded->raw));
    if (decoded->leaf != NULL)
        record->leaf = g_byte_array_free_to_bytes(g_steal_pointer(&decoded->leaf));
    return record;
}

// ---- one record ------------------------------------------------------------------------------------------

// What was decoded, where it can be had.
static ArchiveRecord *read_opened(const Scan *scan, int64_t offset, int64_t length, Decoded *decoded,
                                  GError **error)
{
    if (decoded->seal == SEAL_CLOSED)
        scan_closed_error(scan->dir, scan->segment->rel, decoded, error);
    else if (decoded->seal == SEAL_DESTROYED)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s/%s: the key of record %s was destroyed by a disposal", scan->dir, scan->segment->rel,
                    decoded->id);
    else
        return archive_record_take(scan->segment->rel, offset, length, decoded);
    return NULL;
}

// The record at `offset`, whole and checked; NULL with `error`.
static ArchiveRecord *read_at(Scan *scan, KeysRing *ring, int64_t offset, int64_t length, const char *id,
                              GError **error)
{
    g_auto(Decoded) decoded = {0};
    int64_t found;
    FrameShape shape = frame_shape(&scan->walk.file, offset, &found);
    if (shape == FRAME_SKIPPABLE && cut_stands_at(&scan->walk.file, offset)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s/%s: record %s was destroyed by a disposal",
                    scan->dir, scan->segment->rel, id);
        return NULL;
    }
    if (shape != FRAME_WHOLE || (length > 0 && found != length))
        decoded.what = g_strdup("no whole frame of that length there");
    else if (decode_frame(&scan->walk.file, offset, found, DECODE_RAW, scan->walk.context, ring, &decoded) &&
             strcmp(decoded.id, id) == 0)
        return read_opened(scan, offset, found, &decoded, error);
    if (decoded.what == NULL)
        decoded.what = g_strdup("another record stands there");
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s/%s: offset %" G_GINT64_FORMAT ": record %s is damaged: %s", scan->dir, scan->segment->rel,
                offset, id, decoded.what);
    return NULL;
}

ArchiveRecord *archive_get_at(const Config *config, const ArchiveRef *ref, GError **error)
{
    Segment segment = {0};
    if (ref->segment == NULL || !segment_parse(ref->segment, &segment)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\" is no segment of the archive",
                    ref->segment != NULL ? ref->segment : "");
        return NULL;
    }
    Scan scan;
    ArchiveRecord *record = NULL;
    g_autoptr(KeysRing) ring = keys_ring_new(config);
    Tri opened = scan_open(&scan, config->archive.dir, &segment, DECODE_RAW, error);
    if (opened == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s/%s: no such segment; record %s was in it",
                    config->archive.dir, ref->segment, ref->id);
    else if (opened == TRI_YES)
        record = read_at(&scan, ring, ref->offset, ref->length, ref->id, error);
    scan_close(&scan);
    segment_clear(&segment);
    return record;
}

// TRI_NO: not in this segment. *out is set only when it was found whole.
static Tri get_from(const Config *config, const Segment *segment, const char *id, DamageSink *sink,
                    ArchiveRecord **out, GError **error)
{
    Scan scan;
    g_autoptr(KeysRing) ring = keys_ring_new(config);
    Tri found = scan_open(&scan, config->archive.dir, segment, DECODE_ID, error);
    if (found != TRI_YES)
        return found;
    found = TRI_NO;
    Tri more = TRI_YES;
    while (found == TRI_NO && more == TRI_YES) {
        g_auto(WalkItem) item = {0};
        more = scan_next(&scan, sink, &item, error);
        if (more != TRI_YES)
            break;
        if (strcmp(item.record.id, id) != 0)
            continue;
        *out = read_at(&scan, ring, item.offset, item.length, id, error);
        found = *out != NULL ? TRI_YES : TRI_UNKNOWN;
    }
    scan_close(&scan);
    return more == TRI_UNKNOWN ? TRI_UNKNOWN : found;
}

// Goes through `segments`, less those in `done`, which grows.
static Tri get_among(const Config *config, GPtrArray *segments, GHashTable *done, const char *id,
                     DamageSink *sink, ArchiveRecord **out, GError **error)
{
    Tri found = TRI_NO;
    for (guint i = 0; i < segments->len && found == TRI_NO; i++)
        if (g_hash_table_add(done, segments->pdata[i]))
            found = get_from(config, segments->pdata[i], id, sink, out, error);
    return found;
}

ArchiveRecord *archive_get(const Config *config, const char *id, GError **error)
{
    int64_t ms;
    if (!ulid_parse(id, &ms)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "\"%s\" is no record id", id);
        return NULL;
    }
    const char *dir = config->archive.dir;
    g_autoptr(GPtrArray) all = segments_list(dir, error);
    if (all == NULL)
        return NULL;
    g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) mail = scan_select(dir, all, false, MAX(ms, 1) * 1000, MAX(ms, 1) * 1000);
    g_autoptr(GPtrArray) events = scan_select(dir, all, true, MAX(ms, 1) * 1000, MAX(ms, 1) * 1000);
    DamageSink sink = {0};
    ArchiveRecord *record = NULL;
    // A clock that was set wrong puts a record elsewhere: not found where it should be is not yet not there.
    GPtrArray *rounds[] = {mail, events, all};
    Tri found = TRI_NO;
    for (gsize i = 0; i < G_N_ELEMENTS(rounds) && found == TRI_NO; i++)
        found = get_among(config, rounds[i], done, id, &sink, &record, error);
    if (found == TRI_NO && sink.count > 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: record %s was not found, but %" G_GUINT64_FORMAT
                    " places are damaged; run `chaperone archive verify`",
                    dir, id, sink.count);
    else if (found == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: no record %s", dir, id);
    return record;
}

// ---- many records ----------------------------------------------------------------------------------------

// One series of segments, standing at its next match.
typedef struct {
    const Config *config;
    const ArchiveQuery *query;
    const char *folded; // query->address, for comparing
    KeysRing *ring;     // of all cursors
    DamageSink *sink;
    GPtrArray *segments; // of borrowed Segment
    guint next;
    Scan scan;
    bool open;
    WalkItem item;
    int64_t time_us;
} Cursor;

static void cursor_free(gpointer data)
{
    Cursor *cursor = data;
    walk_item_clear(&cursor->item);
    if (cursor->open)
        scan_close(&cursor->scan);
    g_ptr_array_unref(cursor->segments);
    g_free(cursor);
}

static bool address_is(const json_t *value, const char *folded)
{
    if (!json_is_string(value))
        return false;
    g_autofree char *mine = g_utf8_casefold(json_string_value(value), -1);
    return strcmp(mine, folded) == 0;
}

// `list` holds objects with an "address", or addresses.
static bool list_has(const json_t *list, const char *folded)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (address_is(one, folded) || address_is(json_object_get(one, "address"), folded))
            return true;
    }
    return false;
}

static bool record_has_address(const json_t *meta, const char *folded)
{
    const json_t *envelope = json_object_get(meta, "envelope"), *message = json_object_get(meta, "message");
    const json_t *judgement = json_object_get(meta, "judgement");
    return address_is(json_object_get(envelope, "mail_from"), folded) ||
           list_has(json_object_get(envelope, "rcpts"), folded) ||
           list_has(json_object_get(judgement, "parties"), folded) ||
           list_has(json_object_get(meta, "parties"), folded) ||
           list_has(json_object_get(message, "addresses"), folded);
}

static bool cursor_matches(const Cursor *cursor)
{
    const ArchiveQuery *query = cursor->query;
    int64_t time = decoded_time(cursor->item.record.meta);
    return (query->from_us == 0 || time >= query->from_us) && (query->to_us == 0 || time < query->to_us) &&
           (cursor->folded == NULL || record_has_address(cursor->item.record.meta, cursor->folded));
}

// Opens the next segment that is there.
static Tri cursor_open(Cursor *cursor, GError **error)
{
    Tri opened = TRI_NO;
    while (opened == TRI_NO && cursor->next < cursor->segments->len)
        opened = scan_open(&cursor->scan, cursor->config->archive.dir,
                           cursor->segments->pdata[cursor->next++], DECODE_META, error);
    cursor->open = opened == TRI_YES;
    if (cursor->open)
        scan_unseal(&cursor->scan, cursor->ring);
    return opened;
}

static Tri cursor_advance(Cursor *cursor, GError **error)
{
    for (;;) {
        walk_item_clear(&cursor->item);
        Tri step = cursor->open ? TRI_YES : cursor_open(cursor, error);
        if (step != TRI_YES)
            return step;
        step = scan_next(&cursor->scan, cursor->sink, &cursor->item, error);
        if (step == TRI_UNKNOWN)
            return step;
        if (step == TRI_NO) {
            scan_close(&cursor->scan);
            cursor->open = false;
        } else if (cursor_matches(cursor)) {
            cursor->time_us = decoded_time(cursor->item.record.meta);
            return TRI_YES;
        }
    }
}

// The record a cursor stands at, with its bytes where they are wanted; NULL when they turn out damaged.
static ArchiveRecord *cursor_record(Cursor *cursor)
{
    const WalkItem *item = &cursor->item;
    const char *rel = cursor->scan.segment->rel;
    if (!cursor->query->want_raw || cursor->query->events)
        return archive_record_take(rel, item->offset, item->length, &cursor->item.record);
    g_auto(Decoded) whole = {0};
    Walk *walk = &cursor->scan.walk;
    bool sound =
        decode_frame(&walk->file, item->offset, item->length, DECODE_RAW, walk->context, walk->ring, &whole);
    if (sound && whole.raw != NULL)
        return archive_record_take(rel, item->offset, item->length, &whole);
    if (!sound || whole.seal != SEAL_DESTROYED) // since its metadata were read
        damage_report(cursor->sink, rel, item->offset, item->length, whole.id,
                      whole.what != NULL ? whole.what : whole.closed);
    return NULL;
}

static Cursor *earliest(GPtrArray *cursors)
{
    Cursor *best = NULL;
    for (guint i = 0; i < cursors->len; i++) {
        Cursor *cursor = cursors->pdata[i];
        if (best == NULL || cursor->time_us < best->time_us)
            best = cursor;
    }
    return best;
}

// A cursor for each series among `segments`, each at its first match; NULL with `error`.
static GPtrArray *cursors_new(const Cursor *pattern, GPtrArray *segments, GError **error)
{
    g_autoptr(GPtrArray) cursors = g_ptr_array_new_with_free_func(cursor_free);
    const char *series = NULL;
    Cursor *cursor = NULL;
    for (guint i = 0; i < segments->len; i++) {
        Segment *segment = segments->pdata[i];
        if (g_strcmp0(series, segment->series) != 0) {
            cursor = g_memdup2(pattern, sizeof *pattern);
            cursor->segments = g_ptr_array_new();
            g_ptr_array_add(cursors, cursor);
            series = segment->series;
        }
        g_ptr_array_add(cursor->segments, segment);
    }
    for (guint i = cursors->len; i-- > 0;) {
        Tri step = cursor_advance(cursors->pdata[i], error);
        if (step == TRI_UNKNOWN)
            return NULL;
        if (step == TRI_NO)
            g_ptr_array_remove_index(cursors, i);
    }
    return g_steal_pointer(&cursors);
}

bool archive_each(const Config *config, const ArchiveQuery *query, ArchiveEach func, ArchiveDamage damage,
                  void *data, GError **error)
{
    const char *dir = config->archive.dir;
    DamageSink sink = {damage, data, 0};
    g_autofree char *folded = query->address != NULL ? g_utf8_casefold(query->address, -1) : NULL;
    g_autoptr(GPtrArray) all = segments_list(dir, error);
    if (all == NULL)
        return false;
    g_autoptr(GPtrArray) chosen = scan_select(dir, all, query->events, query->from_us, query->to_us);
    g_autoptr(KeysRing) ring = keys_ring_new(config);
    Cursor pattern = {.config = config, .query = query, .folded = folded, .ring = ring, .sink = &sink};
    g_autoptr(GPtrArray) cursors = cursors_new(&pattern, chosen, error);
    if (cursors == NULL)
        return false;
    Cursor *cursor;
    while ((cursor = earliest(cursors)) != NULL) {
        g_autoptr(ArchiveRecord) record = cursor_record(cursor);
        if (record != NULL && !func(record, data))
            break;
        Tri step = cursor_advance(cursor, error);
        if (step == TRI_UNKNOWN)
            return false;
        if (step == TRI_NO)
            g_ptr_array_remove_fast(cursors, cursor);
    }
    return true;
}
