#include "archivist/watch.h"

#include "retention/retention.h"

#include <string.h>

// Records taken in one step.
#define A_STEP        500
#define PAUSE_US      (G_USEC_PER_SEC / 2)
#define LONGEST_PAUSE ((gint64)300 * G_USEC_PER_SEC)
// A search that fails so often is ended: the item says that nothing was found.
#define MOST_TRIES 6
// Legal holds take in what the roster and reviewers have since.
#define HOLDS_EVERY ((gint64)60 * G_USEC_PER_SEC)

typedef struct {
    Watch *watch;
    const char *what; // for the log
    bool (*turn)(Watch *watch, Review *review, bool *out_more, GError **error);
    GThread *thread;
    guint64 seen; // pokes at the beginning of a turn that left nothing
    bool at_work, failing;
} Worker;

enum { WORKER_FOLLOW, WORKER_SEARCH, WORKERS };

struct Watch {
    GMutex lock; // of what follows
    GCond wake;
    Snapshot *snapshot;
    guint64 pokes;
    bool stopping;
    Worker workers[WORKERS];
    Readers *readers;
    gint64 renewed;    // of the following thread: when legal holds were last
    GHashTable *tries; // of the searching thread: item -> failed tries
};

static Snapshot *snapshot_now(Watch *watch)
{
    g_mutex_lock(&watch->lock);
    Snapshot *snapshot = snapshot_ref(watch->snapshot);
    g_mutex_unlock(&watch->lock);
    return snapshot;
}

static bool is_stopping(void *data)
{
    Watch *watch = data;
    g_mutex_lock(&watch->lock);
    bool stopping = watch->stopping;
    g_mutex_unlock(&watch->lock);
    return stopping;
}

// ---- following -------------------------------------------------------------------------------------------

// Metadata only, and of the events those that can matter: others are many.
static bool collect(const ArchiveRecord *record, void *data)
{
    GPtrArray *records = data;
    const char *event = json_string_value(json_object_get(record->meta, "event"));
    if (event == NULL || strcmp(event, "concluded") == 0) {
        ArchiveRecord *kept = g_new0(ArchiveRecord, 1);
        kept->ref = g_new0(ArchiveRef, 1);
        g_strlcpy(kept->ref->id, record->ref->id, sizeof kept->ref->id);
        kept->meta = json_incref(record->meta);
        g_ptr_array_add(records, kept);
    }
    return true;
}

static void damaged(const char *segment, int64_t offset, const char *what, void *data)
{
    log_warn("damage passed over", "segment", segment, "what", what);
}

static bool places_moved(const GPtrArray *places, const GPtrArray *before)
{
    bool moved = places->len != before->len;
    for (guint i = 0; i < before->len && !moved; i++) {
        const ArchivePlace *now = places->pdata[i], *then = before->pdata[i];
        moved = now->offset != then->offset || g_strcmp0(now->segment, then->segment) != 0;
    }
    return moved;
}

// A failure is told and tried again; nothing is disposed of without it (retention.h).
static void renew_holds(Watch *watch, const Config *config)
{
    gint64 now = g_get_monotonic_time();
    guint added = 0;
    g_autoptr(GError) error = NULL;
    if (watch->renewed != 0 && now - watch->renewed < HOLDS_EVERY)
        return;
    watch->renewed = now;
    g_autoptr(Retention) retention = retention_open(config, &error);
    if (retention == NULL || !legal_hold_refresh(retention, clock_now_us(), &added, &error))
        log_warn("legal holds are not renewed", "error", error->message);
    else if (added > 0)
        log_info("legal holds cover more", "database", config->retention.database);
}

static bool follow_turn(Watch *watch, Review *review, bool *out_more, GError **error)
{
    g_autoptr(Snapshot) snapshot = snapshot_now(watch);
    const PolicyPatterns *patterns = policy_patterns(snapshot->policy);
    int64_t now_us = clock_now_us();
    int64_t from_us = now_us - (patterns != NULL ? patterns->window_days : 1) * 86400LL * G_USEC_PER_SEC;
    g_autoptr(GPtrArray) before = review_places(review, error);
    g_autoptr(GPtrArray) places = before != NULL ? review_places(review, error) : NULL;
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify)archive_record_free);
    bool ok = places != NULL &&
              archive_follow(snapshot->config, places, from_us, A_STEP, collect, damaged, records, error);
    *out_more = ok && places_moved(places, before);
    ok = ok && (!*out_more || review_feed(review, snapshot->policy, records, places, now_us, error));
    if (ok && records->len > 0)
        watch_poke(watch); // there may be something to look for
    renew_holds(watch, snapshot->config);
    return ok && review_inform(review, snapshot->roster, now_us, error) &&
           review_send(review, now_us, error) >= 0;
}

// ---- searching -------------------------------------------------------------------------------------------

static bool search_one(Watch *watch, Review *review, const Config *config, const char *id, GError **error)
{
    g_autoptr(ReviewItem) item = review_get(review, id, error);
    g_autoptr(GPtrArray) found =
        item != NULL ? concern_search(config, watch->readers, item, is_stopping, watch, error) : NULL;
    guint tries = GPOINTER_TO_UINT(g_hash_table_lookup(watch->tries, id)) + 1;
    if (found == NULL && tries >= MOST_TRIES && item != NULL && !is_stopping(watch)) {
        log_warn("a reported message could not be looked for", "item", id, "error", (*error)->message);
        g_clear_error(error);
        found = g_ptr_array_new();
    }
    if (found == NULL) {
        g_hash_table_replace(watch->tries, g_strdup(id), GUINT_TO_POINTER(tries));
        return false;
    }
    g_hash_table_remove(watch->tries, id);
    bool ok = review_searched(review, id, found, clock_now_us(), error);
    if (ok)
        watch_poke(watch); // its reviewers can be told
    return ok;
}

static bool search_turn(Watch *watch, Review *review, bool *out_more, GError **error)
{
    g_autoptr(Snapshot) snapshot = snapshot_now(watch);
    g_autoptr(GPtrArray) ids = review_searches(review, error);
    bool ok = ids != NULL;
    *out_more = ok && ids->len > 0;
    for (guint i = 0; ok && i < ids->len && !is_stopping(watch); i++)
        ok = search_one(watch, review, snapshot->config, ids->pdata[i], error);
    return ok;
}

// ---- threads ---------------------------------------------------------------------------------------------

// Waits until something was added or the pause is over. With the lock held.
static void pause_until(Watch *watch, gint64 end, guint64 pokes)
{
    while (!watch->stopping && watch->pokes == pokes && g_cond_wait_until(&watch->wake, &watch->lock, end))
        ;
}

static gpointer work(gpointer data)
{
    Worker *worker = data;
    Watch *watch = worker->watch;
    g_autoptr(Review) review = NULL;
    gint64 pause = PAUSE_US;
    g_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        guint64 pokes = watch->pokes;
        worker->at_work = true;
        g_mutex_unlock(&watch->lock);
        g_autoptr(GError) error = NULL;
        g_autoptr(Snapshot) snapshot = snapshot_now(watch);
        bool more = false;
        bool ok = (review != NULL || (review = review_open(snapshot->config, &error)) != NULL) &&
                  worker->turn(watch, review, &more, &error);
        if (!ok && !is_stopping(watch))
            log_warn("review: failed, tried again later", "step", worker->what, "error",
                     error != NULL ? error->message : "?");
        pause = ok ? PAUSE_US : MIN(pause * 2, LONGEST_PAUSE);
        g_mutex_lock(&watch->lock);
        worker->at_work = false;
        // A sealed archive that is not opened here: this is done where the master key is.
        bool closed = !ok && g_error_matches(error, BASE_ERROR, BASE_ERROR_NOPERM);
        worker->failing = !ok && !closed;
        if ((ok && !more) || closed)
            worker->seen = pokes;
        if (!ok || !more)
            pause_until(watch, g_get_monotonic_time() + pause, ok ? pokes : watch->pokes);
    }
    g_mutex_unlock(&watch->lock);
    return NULL;
}

Watch *watch_new(Snapshot *snapshot, Readers *readers, GError **error)
{
    // Mistakes of the configuration show at the start, not in a thread.
    g_autoptr(Review) review = review_open(snapshot->config, error);
    if (review == NULL)
        return NULL;
    Watch *watch = g_new0(Watch, 1);
    g_mutex_init(&watch->lock);
    g_cond_init(&watch->wake);
    watch->snapshot = snapshot_ref(snapshot);
    watch->readers = readers;
    watch->pokes = 1;
    watch->tries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    watch->workers[WORKER_FOLLOW] = (Worker){.watch = watch, .what = "follow", .turn = follow_turn};
    watch->workers[WORKER_SEARCH] = (Worker){.watch = watch, .what = "search", .turn = search_turn};
    bool ok = true;
    for (int i = 0; i < WORKERS && ok; i++) {
        Worker *worker = &watch->workers[i];
        worker->thread = g_thread_try_new(worker->what, work, worker, error);
        ok = worker->thread != NULL;
    }
    if (!ok)
        g_clear_pointer(&watch, watch_free);
    return watch;
}

void watch_stop(Watch *watch)
{
    g_mutex_lock(&watch->lock);
    watch->stopping = true;
    g_cond_broadcast(&watch->wake);
    g_mutex_unlock(&watch->lock);
}

void watch_free(Watch *watch)
{
    if (watch == NULL)
        return;
    watch_stop(watch);
    for (int i = 0; i < WORKERS; i++)
        if (watch->workers[i].thread != NULL)
            g_thread_join(watch->workers[i].thread);
    snapshot_unref(watch->snapshot);
    g_hash_table_unref(watch->tries);
    g_cond_clear(&watch->wake);
    g_mutex_clear(&watch->lock);
    g_free(watch);
}

void watch_set_snapshot(Watch *watch, Snapshot *snapshot)
{
    g_mutex_lock(&watch->lock);
    Snapshot *before = watch->snapshot;
    watch->snapshot = snapshot_ref(snapshot);
    g_mutex_unlock(&watch->lock);
    snapshot_unref(before);
}

void watch_poke(Watch *watch)
{
    g_mutex_lock(&watch->lock);
    watch->pokes++;
    g_cond_broadcast(&watch->wake);
    g_mutex_unlock(&watch->lock);
}

bool watch_idle(Watch *watch)
{
    g_mutex_lock(&watch->lock);
    bool idle = true;
    for (int i = 0; i < WORKERS && idle; i++)
        idle = watch->workers[i].failing ||
               (watch->workers[i].seen == watch->pokes && !watch->workers[i].at_work);
    g_mutex_unlock(&watch->lock);
    return idle;
}

bool watch_failing(Watch *watch)
{
    g_mutex_lock(&watch->lock);
    bool failing = false;
    for (int i = 0; i < WORKERS && !failing; i++)
        failing = watch->workers[i].failing;
    g_mutex_unlock(&watch->lock);
    return failing;
}

bool watch_ended(Watch *watch, gint64 end)
{
    bool ended = false;
    while (!ended && g_get_monotonic_time() < end) {
        g_mutex_lock(&watch->lock);
        ended = true;
        for (int i = 0; i < WORKERS && ended; i++)
            ended = !watch->workers[i].at_work;
        g_mutex_unlock(&watch->lock);
        if (!ended)
            g_usleep(10000);
    }
    return ended;
}
