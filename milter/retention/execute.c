// Destroying what a disposal lists, a segment's part after the other. A part goes through these steps, and each of them begins
// again where a crash left it:
//   1 its records are looked at again: due by the schedule in force now, under no legal hold, their leaves under the checkpoint
//   2 the segment without them is written beside it, where they are not sealed (archive_cut_prepare)
//   3 transaction: legal holds are looked at again; the part is marked
//   4 the event "disposal" names segment and records; its leaf comes under the checkpoint
//   5 transaction: legal holds are looked at again; the keys of sealed records are overwritten, the new segment takes the old one's
//     place
//   6 words and rows go out of the index
// Placing a hold is a transaction of the same database: it comes before 5, and then 5 sees it, or after 5.
#include "retention/execute.h"

#include <string.h>

// Records of a part: so long nobody can place a hold.
#define PART_MOST "10000"
#define LOOK_US   (G_USEC_PER_SEC / 5)

void disposal_outcome_clear(DisposalOutcome *outcome)
{
    g_clear_pointer(&outcome->waits_for, g_free);
}

// ---- parts -----------------------------------------------------------------------------------------------

static void part_clear(Piece *part)
{
    g_clear_pointer(&part->segment, g_free);
    g_clear_pointer(&part->records, g_ptr_array_unref);
    g_clear_pointer(&part->metas, g_ptr_array_unref);
    g_clear_pointer(&part->leaves, g_array_unref);
    g_clear_pointer(&part->times, g_array_unref);
    g_clear_pointer(&part->cut, archive_cut_free);
}

static void ref_free(gpointer ref)
{
    archive_ref_free(ref);
}

static void meta_free(gpointer meta)
{
    json_decref(meta);
}

// What waits of a segment.
static bool part_read(Executing *executing, const char *segment, Piece *part, GError **error)
{
    *part = (Piece){.segment = g_strdup(segment),
                    .records = g_ptr_array_new_with_free_func(ref_free),
                    .metas = g_ptr_array_new_with_free_func(meta_free),
                    .leaves = g_array_new(FALSE, FALSE, sizeof(guint64)),
                    .times = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    g_autoptr(StoreStmt) get =
        store_prepare(executing->retention->db,
                      "SELECT record, byte, length, sent_us FROM listed WHERE disposal = ? AND state = 0 AND "
                      "segment = ? ORDER BY byte LIMIT " PART_MOST,
                      error);
    StoreStep step = STORE_FAILED;
    if (get != NULL) {
        store_bind_text(get, 1, executing->disposal->id);
        store_bind_text(get, 2, segment);
    }
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        ArchiveRef *ref = g_new0(ArchiveRef, 1);
        *ref = (ArchiveRef){
            .segment = g_strdup(segment), .offset = store_int(get, 1), .length = store_int(get, 2)};
        g_strlcpy(ref->id, store_text(get, 0), sizeof ref->id);
        int64_t sent_us = store_int(get, 3);
        g_ptr_array_add(part->records, ref);
        g_array_append_val(part->times, sent_us);
    }
    return step == STORE_DONE;
}

static void part_drop(Piece *part, guint index)
{
    g_ptr_array_remove_index(part->records, index);
    g_array_remove_index(part->times, index);
    if (index < part->metas->len)
        g_ptr_array_remove_index(part->metas, index);
}

// ---- rows ------------------------------------------------------------------------------------------------

static bool row_set(Executing *executing, const char *record, ListedState state, const char *why,
                    GError **error)
{
    g_autoptr(StoreStmt) set =
        store_prepare(executing->retention->db,
                      "UPDATE listed SET state = ?, why = ? WHERE disposal = ? AND record = ?", error);
    if (set == NULL)
        return false;
    store_bind_int(set, 1, state);
    store_bind_text(set, 2, why);
    store_bind_text(set, 3, executing->disposal->id);
    store_bind_text(set, 4, record);
    return store_run(set, error);
}

static bool row_keep(Executing *executing, Piece *part, guint index, const char *why, GPtrArray *kept,
                     GError **error)
{
    const ArchiveRef *ref = part->records->pdata[index];
    bool ok = row_set(executing, ref->id, LISTED_KEPT, why, error);
    g_ptr_array_add(kept, g_strdup(ref->id));
    executing->out->kept++;
    part_drop(part, index);
    return ok;
}

// What an earlier call destroyed before it died, and did not get to write down.
static bool part_settle(Executing *executing, Piece *part, GError **error)
{
    bool ok = true;
    guint before = part->records->len;
    for (guint i = part->records->len; ok && i-- > 0;) {
        const ArchiveRef *ref = part->records->pdata[i];
        Tri done = archive_cut_done(executing->retention->config, ref, error);
        ok = done != TRI_UNKNOWN;
        if (done == TRI_YES) {
            ok = row_set(executing, ref->id, LISTED_DESTROYED, NULL, error) &&
                 execute_unindex(executing, ref, g_array_index(part->times, int64_t, i), error);
            executing->out->destroyed++;
            part_drop(part, i);
        }
    }
    // Nothing is applied but what was announced last.
    return ok &&
           (part->records->len == before ||
            retention_exec(
                executing->retention, error,
                "UPDATE part SET done = 1 WHERE event = (SELECT max(event) FROM part WHERE disposal = ?1 "
                "AND segment = ?2 AND announced = 1)",
                executing->disposal->id, part->segment, NULL));
}

// ---- looking again ---------------------------------------------------------------------------------------

static bool part_metas(Executing *executing, Piece *part, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < part->records->len; i++) {
        g_autoptr(ArchiveRecord) record =
            archive_get_at(executing->retention->config, part->records->pdata[i], error);
        ok = record != NULL;
        if (ok)
            g_ptr_array_add(part->metas, json_incref(record->meta));
    }
    return ok;
}

// Those that must stay are written down as kept and go out of the part. `due`: the schedule is asked too. In a transaction.
static bool part_look(Executing *executing, Piece *part, bool due, GPtrArray *kept, GError **error)
{
    guint added = 0;
    int64_t now_us = clock_now_us();
    if (!hold_refresh_inside(executing->retention, now_us, &added, error))
        return false;
    g_autoptr(RetentionReckoner) reckoner =
        retention_reckoner_new(executing->retention, due ? executing->schedule : NULL, error);
    bool ok = reckoner != NULL;
    for (guint i = part->records->len; ok && i-- > 0;) {
        g_auto(RetentionVerdict) verdict = {0};
        const json_t *meta = part->metas->pdata[i];
        ok = due ? retention_reckon(reckoner, meta, now_us, &verdict, error)
                 : retention_reckon_holds(reckoner, meta, &verdict, error);
        if (ok && verdict.holds->len > 0)
            ok = row_keep(executing, part, i, verdict.holds->pdata[0], kept, error);
        else if (ok && due && verdict.due != TRI_YES)
            ok = row_keep(executing, part, i, verdict.why, kept, error);
    }
    return ok && (kept->len == 0 ||
                  disposal_kept_event(executing->retention, executing->disposal->id, kept, executing->who,
                                      "found so when its turn came", now_us, error));
}

// `*out_changed`: some must stay, which is durable now.
static bool part_check(Executing *executing, Piece *part, bool *out_changed, GError **error)
{
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
    bool ok = part_metas(executing, part, error) && store_begin(executing->retention->db, error) &&
              part_look(executing, part, true, kept, error) && store_commit(executing->retention->db, error);
    if (!ok)
        store_rollback(executing->retention->db);
    *out_changed = kept->len > 0;
    return ok;
}

static GPtrArray *part_ids(const Piece *part)
{
    GPtrArray *ids = g_ptr_array_new();
    for (guint i = 0; i < part->records->len; i++)
        g_ptr_array_add(ids, ((ArchiveRef *)part->records->pdata[i])->id);
    return ids;
}

static Tri part_leaves(Executing *executing, Piece *part, GError **error)
{
    g_autoptr(GPtrArray) ids = part_ids(part);
    return archive_log_covers_all(executing->retention->config, ids, part->leaves, error);
}

// ---- marking and announcing ------------------------------------------------------------------------------

static bool part_mark(Executing *executing, Piece *part, bool *out_changed, GError **error)
{
    Retention *retention = executing->retention;
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, archive_cut_size(part->cut));
    g_autofree char *keys = g_strdup_printf("%u", archive_cut_keys(part->cut));
    bool ok = store_begin(retention->db, error) && part_look(executing, part, false, kept, error);
    *out_changed = kept->len > 0;
    if (ok && kept->len == 0)
        ok = retention_exec(retention, error,
                            "INSERT OR IGNORE INTO part(disposal, segment, event, sha256, size, mark, keys) "
                            "VALUES (?, ?, '', ?, CAST(? AS INTEGER), ?, CAST(? AS INTEGER))",
                            executing->disposal->id, part->segment, archive_cut_sha256(part->cut), size,
                            archive_cut_mark(part->cut), keys, NULL);
    ok = ok && store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    return ok;
}

static json_t *part_detail(const Executing *executing, const Piece *part)
{
    const Disposal *disposal = executing->disposal;
    json_t *records = json_array(), *approved = json_array();
    for (guint i = 0; i < part->records->len; i++)
        json_array_append_new(records,
                              json_pack("{s:s, s:I}", "id", ((ArchiveRef *)part->records->pdata[i])->id,
                                        "leaf", (json_int_t)g_array_index(part->leaves, guint64, i)));
    for (guint i = 0; i < disposal->approvals->len; i++)
        json_array_append_new(approved,
                              json_string(((DisposalApproval *)disposal->approvals->pdata[i])->who));
    return json_pack("{s:s, s:s, s:s, s:I, s:o, s:s, s:s, s:o, s:i}", "disposal", disposal->id, "segment",
                     part->segment, "sha256", archive_cut_sha256(part->cut), "size",
                     (json_int_t)archive_cut_size(part->cut), "records", records, "schedule_sha256",
                     executing->schedule->sha256, "authorization", disposal->authorization, "approved_by",
                     approved, "keys", (int)archive_cut_keys(part->cut));
}

// The event of the part, made where there is none. Caller frees; NULL with `error`. An event that was made and not written down
// is made again: the same is said twice.
static char *part_announce(Executing *executing, const Piece *part, GError **error)
{
    Retention *retention = executing->retention;
    g_autoptr(GPtrArray) known = NULL;
    g_autoptr(StoreStmt) get = store_prepare(
        retention->db,
        "SELECT event FROM part WHERE disposal = ? AND segment = ? AND mark = ? AND announced = 1", error);
    if (get == NULL)
        return NULL;
    store_bind_text(get, 1, executing->disposal->id);
    store_bind_text(get, 2, part->segment);
    store_bind_text(get, 3, archive_cut_mark(part->cut));
    StoreStep step = store_step(get, error);
    if (step != STORE_DONE)
        return step == STORE_ROW ? g_strdup(store_text(get, 0)) : NULL;
    char id[ULID_LEN + 1];
    int64_t now_us = clock_now_us();
    json_t *detail = part_detail(executing, part);
    bool ok =
        ulid_new(now_us, id, error) &&
        archive_event_once_as(retention->config, id, "disposal", executing->who, NULL, detail, now_us,
                              error) &&
        retention_exec(retention, error,
                       "UPDATE part SET event = ?4, announced = 1 WHERE disposal = ?1 AND segment = ?2 AND "
                       "mark = ?3",
                       executing->disposal->id, part->segment, archive_cut_mark(part->cut), id, NULL);
    json_decref(detail);
    return ok ? g_strdup(id) : NULL;
}

static Tri wait_covered(Executing *executing, const char *event, GError **error)
{
    guint64 leaf = 0;
    Tri has = TRI_NO;
    do {
        has = archive_log_covers(executing->retention->config, event, &leaf, error);
        if (has == TRI_NO)
            g_usleep(LOOK_US);
    } while (has == TRI_NO && g_get_monotonic_time() < executing->end);
    return has;
}

// ---- destroying ------------------------------------------------------------------------------------------

static bool part_destroy_rows(Executing *executing, Piece *part, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < part->records->len; i++)
        ok = row_set(executing, ((ArchiveRef *)part->records->pdata[i])->id, LISTED_DESTROYED, NULL, error);
    return ok && retention_exec(executing->retention, error,
                                "UPDATE part SET done = 1 WHERE disposal = ? AND segment = ? AND mark = ?",
                                executing->disposal->id, part->segment, archive_cut_mark(part->cut), NULL);
}

// The one moment: holds are looked at, and the records are gone, in one transaction. Rows first: that they cannot be written must
// show before anything is gone.
static bool part_destroy(Executing *executing, Piece *part, bool *out_changed, GError **error)
{
    Retention *retention = executing->retention;
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
    bool ok = store_begin(retention->db, error) && execute_freeze(executing, error) &&
              part_look(executing, part, false, kept, error);
    *out_changed = kept->len > 0;
    if (ok && kept->len == 0)
        ok = part_destroy_rows(executing, part, error) && archive_cut_apply(part->cut, error);
    execute_thaw(executing);
    ok = ok && store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    if (ok && kept->len == 0)
        executing->out->destroyed += part->records->len;
    return ok;
}

static bool part_unindex(Executing *executing, const Piece *part, GError **error)
{
    g_autoptr(GPtrArray) ids = part_ids(part);
    return search_ask_remove(executing->retention->config, ids, part->times, error);
}

// ---- one part --------------------------------------------------------------------------------------------

static void waits(Executing *executing, const Piece *part, const char *why)
{
    executing->out->waiting += part->records->len;
    g_free(executing->out->waits_for);
    executing->out->waits_for = g_strdup(why);
}

// The segment beside the old one. TRI_NO: not now.
static Tri part_prepare(Executing *executing, Piece *part, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < part->records->len; i++)
        g_hash_table_add(ids, ((ArchiveRef *)part->records->pdata[i])->id);
    part->cut =
        archive_cut_prepare(executing->retention->config, part->segment, ids, executing->disposal->id, &why);
    if (part->cut != NULL)
        return TRI_YES;
    if (g_error_matches(why, BASE_ERROR, BASE_ERROR_TEMPFAIL)) {
        waits(executing, part, why->message);
        return TRI_NO;
    }
    g_propagate_error(error, g_steal_pointer(&why));
    return TRI_UNKNOWN;
}

static bool part_steps(Executing *executing, Piece *part, bool *out_again, GError **error)
{
    Tri now = TRI_YES;
    bool ok = part_check(executing, part, out_again, error);
    if (!ok || *out_again || part->records->len == 0)
        return ok;
    now = part_leaves(executing, part, error);
    if (now == TRI_NO)
        waits(executing, part, "no checkpoint covers the leaves of all its records yet");
    now = now == TRI_YES ? part_prepare(executing, part, error) : now;
    if (now != TRI_YES)
        return now == TRI_NO;
    ok = part_mark(executing, part, out_again, error);
    if (!ok || *out_again)
        return ok;
    g_autofree char *event = part_announce(executing, part, error);
    now = event != NULL ? wait_covered(executing, event, error) : TRI_UNKNOWN;
    if (now == TRI_NO)
        waits(executing, part,
              "no checkpoint covers the disposal's event yet: is chaperone-archivist running?");
    if (now != TRI_YES)
        return now == TRI_NO;
    ok = part_destroy(executing, part, out_again, error);
    return ok && (*out_again || part_unindex(executing, part, error));
}

// `*out_again`: what is left of the segment wants another go.
bool execute_part(Executing *executing, const char *segment, bool *out_again, GError **error)
{
    Piece part;
    *out_again = false;
    guint waiting = executing->out->waiting;
    bool ok = part_read(executing, segment, &part, error) && part_settle(executing, &part, error);
    guint before = part.records->len;
    ok = ok && (before == 0 || part_steps(executing, &part, out_again, error));
    // More of the segment than a part holds.
    *out_again = *out_again || (ok && before > 0 && executing->out->waiting == waiting);
    part_clear(&part);
    return ok;
}
