// Carrying out a whole disposal: its segments one after the other, then the index, then the certificate.
#include "retention/execute.h"

#include <string.h>

#define LOOK_US (G_USEC_PER_SEC / 5)

bool execute_unindex(Executing *executing, const ArchiveRef *ref, int64_t sent_us, GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_autoptr(GArray) time = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_ptr_array_add(one, (gpointer)ref->id);
    g_array_append_val(time, sent_us);
    return search_ask_remove(executing->retention->config, one, time, error);
}

bool execute_freeze(Executing *executing, GError **error)
{
    bool first = review_freeze(executing->freezer, error);
    executing->frozen = first && cases_freeze(executing->requests, error);
    if (first && !executing->frozen)
        review_thaw(executing->freezer);
    return executing->frozen;
}

void execute_thaw(Executing *executing)
{
    if (executing->frozen) {
        cases_thaw(executing->requests);
        review_thaw(executing->freezer);
    }
    executing->frozen = false;
}

bool disposal_kept_event(Retention *retention, const char *id, const GPtrArray *records, const char *who,
                         const char *why, int64_t now_us, GError **error)
{
    // An event may be there that was never written down: a part that is marked counts.
    g_autoptr(GPtrArray) marked =
        retention_texts(retention, "SELECT segment FROM part WHERE disposal = ?", id, error);
    g_autoptr(GPtrArray) all =
        marked == NULL || records != NULL
            ? NULL
            : retention_texts(retention,
                              "SELECT record FROM listed WHERE disposal = ? AND state != 2 ORDER BY record",
                              id, error);
    const GPtrArray *which = records != NULL ? records : all;
    if (marked == NULL || which == NULL || marked->len == 0)
        return marked != NULL && which != NULL;
    json_t *list = json_array();
    for (guint i = 0; i < which->len; i++)
        json_array_append_new(list, json_string(which->pdata[i]));
    return retention_event(retention, "disposal-kept", who, NULL,
                           json_pack("{s:s, s:s, s:o}", "disposal", id, "why", why, "records", list), now_us,
                           error);
}

// ---- beginning -------------------------------------------------------------------------------------------

static bool carry_begin(Retention *retention, const Disposal *disposal, const char *who, GError **error)
{
    if (disposal->state > DISPOSAL_EXECUTING) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "disposal %s is %s", disposal->id,
                    disposal_state_name(disposal->state));
        return false;
    }
    g_autofree char *hash = NULL;
    if (!disposal_is_approved(disposal, error) ||
        (hash = disposal_list_hash(retention, disposal->id, error)) == NULL)
        return false;
    if (strcmp(hash, disposal->list_sha256) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "disposal %s: its list is not the one that was approved; withdraw it", disposal->id);
        return false;
    }
    return disposal->state == DISPOSAL_EXECUTING ||
           (retention_event(retention, "disposal-begun", who, NULL,
                            json_pack("{s:s}", "disposal", disposal->id), clock_now_us(), error) &&
            retention_exec(retention, error, "UPDATE disposal SET state = 1 WHERE id = ?", disposal->id,
                           NULL));
}

// The disposal, under way. NULL with `error`.
static Disposal *carry_open(Retention *retention, const char *id, const char *who, GError **error)
{
    if (!store_begin(retention->db, error))
        return NULL;
    g_autoptr(Disposal) disposal = disposal_get(retention, id, error);
    bool ok = disposal != NULL && carry_begin(retention, disposal, who, error) &&
              store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    return ok ? g_steal_pointer(&disposal) : NULL;
}

// ---- segments --------------------------------------------------------------------------------------------

static bool carry_segments(Executing *executing, DisposalProgress progress, void *data, GError **error)
{
    g_autoptr(GPtrArray) segments = retention_texts(
        executing->retention,
        "SELECT DISTINCT segment FROM listed WHERE disposal = ? AND state = 0 ORDER BY segment",
        executing->disposal->id, error);
    bool ok = segments != NULL;
    for (guint i = 0; ok && i < segments->len; i++) {
        bool again = true;
        if (progress != NULL)
            progress("segments", i, segments->len, data);
        while (ok && again)
            ok = execute_part(executing, segments->pdata[i], &again, error);
    }
    if (ok && progress != NULL)
        progress("segments", segments->len, segments->len, data);
    return ok;
}

// ---- the index -------------------------------------------------------------------------------------------

// Where no archivist writes the index, it is done here.
static bool index_here(Executing *executing, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(SearchIndex) index = search_index_open(executing->retention->config, &why);
    bool ok = true;
    for (bool more = index != NULL; ok && more;)
        ok = search_index_remove_asked(index, &more, error);
    if (index == NULL && !g_error_matches(why, BASE_ERROR, BASE_ERROR_TEMPFAIL)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    return ok;
}

static Tri index_wait(Executing *executing, GError **error)
{
    Tri done = TRI_NO;
    do {
        done =
            index_here(executing, error) ? search_removed(executing->retention->config, error) : TRI_UNKNOWN;
        if (done == TRI_NO)
            g_usleep(LOOK_US);
    } while (done == TRI_NO && g_get_monotonic_time() < executing->end);
    return done;
}

// ---- all of it -------------------------------------------------------------------------------------------

static bool carry_finish(Executing *executing, GError **error)
{
    Retention *retention = executing->retention;
    const char *id = executing->disposal->id;
    Tri done = index_wait(executing, error);
    if (done == TRI_NO) {
        g_free(executing->out->waits_for);
        executing->out->waits_for =
            g_strdup("chaperone-archivist takes the words of the records out of the index");
    }
    return done == TRI_NO ||
           (done == TRI_YES &&
            retention_exec(retention, error, "UPDATE disposal SET indexed = 1 WHERE id = ?", id, NULL) &&
            disposal_certify(retention, id, executing->who, error));
}

bool disposal_execute(Retention *retention, const char *id, const char *who, int wait_s,
                      DisposalProgress progress, void *data, DisposalOutcome *out, GError **error)
{
    *out = (DisposalOutcome){0};
    g_autoptr(RetentionSchedule) schedule = retention_schedule(retention, who, clock_now_us(), error);
    if (schedule == NULL || !disposal_schedule_usable(schedule, error))
        return false;
    g_autoptr(Disposal) disposal = carry_open(retention, id, who, error);
    // Opened before anything is frozen, as is the one that reads.
    g_autoptr(Review) freezer = disposal != NULL ? review_open(retention->config, error) : NULL;
    g_autoptr(Cases) requests = freezer != NULL ? cases_open(retention->config, error) : NULL;
    if (requests == NULL || retention_review(retention, error) == NULL ||
        retention_cases(retention, error) == NULL)
        return false;
    Executing executing = {.retention = retention,
                           .disposal = disposal,
                           .schedule = schedule,
                           .who = who,
                           .freezer = freezer,
                           .requests = requests,
                           .end = g_get_monotonic_time() + (gint64)wait_s * G_USEC_PER_SEC,
                           .out = out};
    return carry_segments(&executing, progress, data, error) &&
           (out->waiting > 0 || carry_finish(&executing, error));
}
