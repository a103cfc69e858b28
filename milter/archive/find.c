// Where many records stand. One after the other each would cost a walk through its segment.
#include "archive/internal.h"

#include <string.h>

typedef struct {
    const Config *config;
    GPtrArray *segments; // all
    GHashTable *wanted;  // ids
    GHashTable *done;    // segments gone through
    GHashTable *places;  // id -> ArchiveRef
} Finding;

static void found(Finding *finding, const char *segment, const WalkItem *item)
{
    ArchiveRef *ref = g_new0(ArchiveRef, 1);
    g_strlcpy(ref->id, item->record.id, sizeof ref->id);
    ref->segment = g_strdup(segment);
    ref->offset = item->offset;
    ref->length = item->length;
    g_hash_table_insert(finding->places, g_strdup(item->record.id), ref);
}

// All that is wanted of a segment. False with `error` when it cannot be read; damage is not told: what is not found because of it is.
static bool find_in(Finding *finding, const Segment *segment, GError **error)
{
    Scan scan;
    DamageSink nobody = {0};
    Tri more = scan_open(&scan, finding->config->archive.dir, segment, DECODE_ID, error);
    if (more != TRI_YES)
        return more == TRI_NO; // taken away meanwhile
    while (more == TRI_YES) {
        g_auto(WalkItem) item = {0};
        more = scan_next(&scan, &nobody, &item, error);
        if (more == TRI_YES && g_hash_table_contains(finding->wanted, item.record.id) &&
            !g_hash_table_contains(finding->places, item.record.id))
            found(finding, segment->rel, &item);
    }
    scan_close(&scan);
    return more == TRI_NO;
}

static bool find_one(Finding *finding, const char *id, GError **error)
{
    int64_t ms = 0;
    if (!ulid_parse(id, &ms)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "\"%s\" is no record id", id);
        return false;
    }
    g_autoptr(GPtrArray) chosen = scan_select(finding->config->archive.dir, finding->segments, false,
                                              MAX(ms, 1) * 1000, MAX(ms, 1) * 1000);
    bool ok = true;
    for (guint i = 0; ok && i < chosen->len && !g_hash_table_contains(finding->places, id); i++)
        if (g_hash_table_add(finding->done, chosen->pdata[i]))
            ok = find_in(finding, chosen->pdata[i], error);
    if (!ok || g_hash_table_contains(finding->places, id))
        return ok;
    // Elsewhere, or not at all.
    g_autoptr(ArchiveRecord) record = archive_get(finding->config, id, error);
    if (record != NULL)
        g_hash_table_insert(finding->places, g_strdup(id), g_steal_pointer(&record->ref));
    return g_hash_table_contains(finding->places, id);
}

static void ref_free(gpointer ref)
{
    archive_ref_free(ref);
}

GHashTable *archive_find(const Config *config, const GPtrArray *ids, GError **error)
{
    Finding finding = {.config = config, .segments = segments_list(config->archive.dir, error)};
    if (finding.segments == NULL)
        return NULL;
    finding.wanted = g_hash_table_new(g_str_hash, g_str_equal);
    finding.done = g_hash_table_new(NULL, NULL);
    finding.places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, ref_free);
    for (guint i = 0; i < ids->len; i++)
        g_hash_table_add(finding.wanted, ids->pdata[i]);
    bool ok = true;
    for (guint i = 0; ok && i < ids->len; i++)
        ok = g_hash_table_contains(finding.places, ids->pdata[i]) || find_one(&finding, ids->pdata[i], error);
    g_hash_table_unref(finding.wanted);
    g_hash_table_unref(finding.done);
    g_ptr_array_unref(finding.segments);
    if (!ok)
        g_clear_pointer(&finding.places, g_hash_table_unref);
    return finding.places;
}
