// Recipients whose decision comes later: who waits, and what was decided in the end.
#include "quarantine/internal.h"

void pending_item_free(PendingItem *item)
{
    if (item == NULL)
        return;
    g_free(item->record);
    g_free(item);
}

// Ids rise in the order in which the archive took the messages.
static GPtrArray *list_locked(Quarantine *quarantine, guint most, GError **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)pending_item_free);
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db,
        "SELECT record, held_us FROM item JOIN (SELECT DISTINCT record FROM rcpt WHERE state = 1"
        " ORDER BY record LIMIT ?) USING (record) ORDER BY record",
        error);
    if (get == NULL)
        return NULL;
    store_bind_int(get, 1, most);
    StoreStep step;
    while ((step = store_step(get, error)) == STORE_ROW) {
        PendingItem *item = g_new0(PendingItem, 1);
        *item = (PendingItem){.record = g_strdup(store_text(get, 0)), .held_us = store_int(get, 1)};
        g_ptr_array_add(items, item);
    }
    return step == STORE_DONE ? g_steal_pointer(&items) : NULL;
}

GPtrArray *quarantine_pending(Quarantine *quarantine, guint most, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    GPtrArray *items = list_locked(quarantine, most, error);
    g_mutex_unlock(&quarantine->lock);
    return items;
}

bool quarantine_pending_count(Quarantine *quarantine, guint64 *out_count, int64_t *out_oldest_us,
                              GError **error)
{
    g_mutex_lock(&quarantine->lock);
    g_autoptr(StoreStmt) get =
        store_prepare(quarantine->db,
                      "SELECT count(DISTINCT record), coalesce((SELECT held_us FROM item WHERE record ="
                      " (SELECT min(record) FROM rcpt WHERE state = 1)), 0) FROM rcpt WHERE state = 1",
                      error);
    bool ok = get != NULL && store_step(get, error) == STORE_ROW;
    if (ok) {
        *out_count = (guint64)store_int(get, 0);
        *out_oldest_us = store_int(get, 1);
    }
    store_finalize(&get);
    g_mutex_unlock(&quarantine->lock);
    return ok;
}

// ---- concluding, inside work -----------------------------------------------------------------------------

static bool still_pending(Quarantine *quarantine, const char *record, GError **error)
{
    g_autoptr(GError) inner = NULL;
    g_autofree char *one = work_text(
        quarantine, "SELECT address FROM rcpt WHERE record = ? AND state = 1 LIMIT 1", record, &inner);
    if (inner != NULL)
        g_propagate_error(error, g_steal_pointer(&inner));
    else if (one == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: nothing is pending any more", record);
    return one != NULL;
}

// Number of recipients that were pending and are held now; -1 with `error`.
static int64_t hold_pending(Quarantine *quarantine, const char *record, const GPtrArray *held, GError **error)
{
    g_autoptr(StoreStmt) set = store_prepare(
        quarantine->db, "UPDATE rcpt SET state = 0 WHERE record = ?1 AND address = ?2 AND state = 1", error);
    int64_t moved = set != NULL ? 0 : -1;
    for (guint i = 0; moved >= 0 && i < held->len; i++) {
        store_bind_text(set, 1, record);
        store_bind_text(set, 2, held->pdata[i]);
        moved = store_run(set, error) ? moved + store_changes(quarantine->db) : -1;
    }
    return moved;
}

static bool set_summary(Quarantine *quarantine, const char *record, const json_t *summary, GError **error)
{
    g_autofree char *text = json_dumps(summary, JSON_COMPACT | JSON_SORT_KEYS);
    g_autoptr(StoreStmt) set =
        store_prepare(quarantine->db, "UPDATE item SET summary = ?2 WHERE record = ?1", error);
    if (set == NULL)
        return false;
    store_bind_text(set, 1, record);
    store_bind_text(set, 2, text);
    return store_run(set, error);
}

static bool exceptions_used(Quarantine *quarantine, const char *record, const json_t *judgement,
                            const char *who, int64_t now_us, GError **error)
{
    bool ok = true;
    json_t *uses = archive_exception_uses(judgement);
    for (size_t i = 0; ok && i < json_array_size(uses); i++)
        ok = work_event(quarantine, record, who, "exception-used", json_array_get(uses, i), now_us, error);
    json_decref(uses);
    return ok;
}

static bool write_down(Quarantine *quarantine, const char *record, const PendingConclusion *conclusion,
                       const char *who, int64_t now_us, GError **error)
{
    int64_t held = hold_pending(quarantine, record, conclusion->held, error);
    if (held < 0 || (held > 0 && !set_summary(quarantine, record, conclusion->summary, error)))
        return false;
    // Held ones that somebody decided about meanwhile leave nothing to tell of.
    bool tell = conclusion->tell && (held > 0 || conclusion->held->len == 0);
    if (tell && !notice_add(quarantine, held > 0 ? NOTICE_HELD : NOTICE_COACH, record, conclusion->envelope,
                            conclusion->message, conclusion->judgement, NULL, now_us, error))
        return false;
    json_t *data = json_pack("{s:s, s:O}", "policy", conclusion->version, "judgement", conclusion->judgement);
    bool ok = work_history(quarantine, record, who, "concluded", conclusion->version, now_us, error) &&
              work_event(quarantine, record, who, "concluded", data, now_us, error) &&
              exceptions_used(quarantine, record, conclusion->judgement, who, now_us, error);
    json_decref(data);
    return ok;
}

bool quarantine_conclude(Quarantine *quarantine, const char *record, const PendingConclusion *conclusion,
                         const char *who, int64_t now_us, GError **error)
{
    if (!check_who(who, error) || !work_begin(quarantine, error))
        return false;
    bool ok = work_check_claim(quarantine, record, who, now_us, error) &&
              still_pending(quarantine, record, error) &&
              write_down(quarantine, record, conclusion, who, now_us, error);
    return work_end(quarantine, ok, error);
}
