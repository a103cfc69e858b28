// What is read when, and the order of conclusions. Threads read several messages at once; one thread concludes them in the order
// in which they came. One that fails is tried again with growing pauses: at first the others wait for it, so that a moment's
// trouble changes no order; then it steps aside, so that one broken record does not stop the rest.
#include "archivist/indexer.h"
#include "archivist/watch.h"
#include "review/link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

// Tries during which the others wait.
#define PATIENT_TRIES 3
#define LONGEST_PAUSE ((gint64)600 * G_USEC_PER_SEC)
// Messages looked at in one step.
#define MOST_ITEMS 1000
// How far reading may run ahead of the conclusions, for each thread.
#define AHEAD         4
#define RECOVER_EVERY ((gint64)10 * G_USEC_PER_SEC)

typedef enum { ITEM_NEW, ITEM_READING, ITEM_READ } ItemState;

typedef struct {
    char *record;
    int64_t held_us;
    ItemState state;
    guint tries;     // that failed
    gint64 due;      // monotonic: not before
    guint snapshots; // number of the snapshot it was judged by
    bool written;    // its decision stands in the quarantine; what is left is to release it
    Verdict *verdict;
} Item;

struct Archivist {
    GMutex lock; // of all that follows
    GCond work;  // for the threads
    Snapshot *snapshot;
    guint snapshots;  // counts them
    GPtrArray *items; // of Item in order of arrival; added and removed by the concluding thread only
    guint reading;
    bool stopping;

    Quarantine *quarantine;
    Readers *readers;
    GPtrArray *threads;
    Watch *watch;
    Indexer *indexer;
    int lock_fd, wake_fd;
    gint64 recovered; // when last
    guint64 concluded, released, held;
};

static void item_free(Item *item)
{
    verdict_free(item->verdict);
    g_free(item->record);
    g_free(item);
}

static bool is_aside(const Item *item, gint64 now)
{
    return item->tries > PATIENT_TRIES && item->due > now;
}

static void item_failed(Item *item, const char *step, const GError *error)
{
    gint64 pause = (gint64)G_USEC_PER_SEC << MIN(item->tries, 12);
    item->tries++;
    item->due = g_get_monotonic_time() + MIN(pause, LONGEST_PAUSE);
    g_autofree char *tries = g_strdup_printf("%u", item->tries);
    log_warn("pending message failed, tried again later", "record", item->record, "step", step, "tries",
             tries, "error", error != NULL ? error->message : "?");
}

// ---- reading, in threads ---------------------------------------------------------------------------------

// The next to be read: the first that is due, not too far ahead of what is concluded.
static Item *next_item(Archivist *archivist)
{
    gint64 now = g_get_monotonic_time();
    guint open = 0, most = archivist->threads->len * AHEAD;
    for (guint i = 0; i < archivist->items->len && open < most; i++) {
        Item *item = archivist->items->pdata[i];
        if (item->state == ITEM_NEW && item->due <= now)
            return item;
        open += !is_aside(item, now);
    }
    return NULL;
}

static void wake(const Archivist *archivist)
{
    const guint64 one = 1;
    ssize_t done = write(archivist->wake_fd, &one, sizeof one);
    (void)done; // a full counter wakes as well
}

// Called and returns with the lock held.
static void read_item(Archivist *archivist, Item *item)
{
    g_autoptr(Snapshot) snapshot = snapshot_ref(archivist->snapshot);
    guint snapshots = archivist->snapshots;
    item->state = ITEM_READING;
    archivist->reading++;
    g_mutex_unlock(&archivist->lock);
    g_autoptr(GError) error = NULL;
    Verdict *verdict = item_judge(snapshot, archivist->readers, archivist->quarantine, item->record, &error);
    g_mutex_lock(&archivist->lock);
    archivist->reading--;
    item->verdict = verdict;
    item->snapshots = snapshots;
    item->state = verdict != NULL ? ITEM_READ : ITEM_NEW;
    if (verdict == NULL)
        item_failed(item, "read", error);
    wake(archivist);
}

static gpointer read_items(gpointer data)
{
    Archivist *archivist = data;
    g_mutex_lock(&archivist->lock);
    while (!archivist->stopping) {
        Item *item = next_item(archivist);
        if (item != NULL)
            read_item(archivist, item);
        else
            g_cond_wait(&archivist->work, &archivist->lock);
    }
    g_mutex_unlock(&archivist->lock);
    return NULL;
}

// ---- what there is to do ---------------------------------------------------------------------------------

static gint compare_items(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Item *const *)a)->record, (*(Item *const *)b)->record);
}

// Takes new items in, and lets those go that somebody decided by hand. With the lock held.
static void merge(Archivist *archivist, const GPtrArray *pending)
{
    g_autoptr(GHashTable) now = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < pending->len; i++)
        g_hash_table_add(now, ((PendingItem *)pending->pdata[i])->record);
    for (guint i = archivist->items->len; i > 0; i--) {
        Item *item = archivist->items->pdata[i - 1];
        if (item->state != ITEM_READING && !g_hash_table_contains(now, item->record))
            g_ptr_array_remove_index(archivist->items, i - 1);
        else
            g_hash_table_add(known, item->record);
    }
    for (guint i = 0; i < pending->len; i++) {
        const PendingItem *one = pending->pdata[i];
        if (g_hash_table_contains(known, one->record))
            continue;
        Item *item = g_new0(Item, 1);
        *item = (Item){.record = g_strdup(one->record), .held_us = one->held_us};
        g_ptr_array_add(archivist->items, item);
    }
    g_ptr_array_sort(archivist->items, compare_items);
}

static guint count_aside(const Archivist *archivist)
{
    gint64 now = g_get_monotonic_time();
    guint aside = 0;
    for (guint i = 0; i < archivist->items->len; i++)
        aside += is_aside(archivist->items->pdata[i], now);
    return aside;
}

static bool refresh(Archivist *archivist, GError **error)
{
    g_mutex_lock(&archivist->lock);
    guint aside = count_aside(archivist);
    g_mutex_unlock(&archivist->lock);
    g_autoptr(GPtrArray) pending = quarantine_pending(archivist->quarantine, MOST_ITEMS + aside, error);
    if (pending == NULL)
        return false;
    g_mutex_lock(&archivist->lock);
    merge(archivist, pending);
    g_cond_broadcast(&archivist->work);
    g_mutex_unlock(&archivist->lock);
    return true;
}

// ---- concluding ------------------------------------------------------------------------------------------

static void log_conclusion(const Item *item, int64_t now_us)
{
    const Verdict *verdict = item->verdict;
    g_autofree char *held = g_strdup_printf("%u", verdict->held->len);
    g_autofree char *released = g_strdup_printf("%u", verdict->delivered->len);
    g_autofree char *waited = g_strdup_printf("%.1f", (double)(now_us - item->held_us) / G_USEC_PER_SEC);
    log_info("concluded", "record", item->record, "action", action_name(verdict->action), "rule",
             verdict->rule != NULL ? verdict->rule : "-", "from", verdict->envelope->mail_from, "held", held,
             "released", released, "policy", verdict->version, "waited_s", waited);
}

static bool write_decision(Archivist *archivist, Item *item, GError **error)
{
    Verdict *verdict = item->verdict;
    const PendingConclusion conclusion = {.held = verdict->held,
                                          .summary = verdict->summary,
                                          .judgement = verdict->judgement,
                                          .version = verdict->version,
                                          .tell = verdict->tell,
                                          .envelope = verdict->envelope,
                                          .message = verdict->message};
    item->written = item->written ||
                    (quarantine_conclude(archivist->quarantine, item->record, &conclusion, ARCHIVIST_NAME,
                                         clock_now_us(), error) &&
                     quarantine_tell_recipients(archivist->quarantine, item->record, verdict->envelope,
                                                verdict->message, verdict->judgement, clock_now_us(), error));
    return item->written;
}

static bool release(Archivist *archivist, const Item *item, GError **error)
{
    const Verdict *verdict = item->verdict;
    g_autofree char *why = g_strdup_printf("read whole; %s %s", action_name(verdict->action),
                                           verdict->rule != NULL ? verdict->rule : "by no rule");
    return verdict->delivered->len == 0 ||
           quarantine_release_pending(archivist->quarantine, item->record, verdict->delivered, verdict->mark,
                                      ARCHIVIST_NAME, why, clock_now_us(), error);
}

// False: it stays, for another try. Where a person was faster, it is gone at the next look.
static bool conclude(Archivist *archivist, Item *item)
{
    g_autoptr(GError) error = NULL;
    bool ok = write_decision(archivist, item, &error) && release(archivist, item, &error);
    g_mutex_lock(&archivist->lock);
    if (ok) {
        archivist->concluded++;
        archivist->held += item->verdict->held->len;
        archivist->released += item->verdict->delivered->len;
        log_conclusion(item, clock_now_us());
    } else {
        item_failed(item, item->written ? "release" : "conclude", error);
    }
    g_mutex_unlock(&archivist->lock);
    return ok;
}

// The first item that is not aside, if it can be concluded. A verdict by an older snapshot is not used.
static Item *first_read(Archivist *archivist)
{
    gint64 now = g_get_monotonic_time();
    Item *found = NULL;
    g_mutex_lock(&archivist->lock);
    for (guint i = 0; i < archivist->items->len && found == NULL; i++)
        if (!is_aside(archivist->items->pdata[i], now))
            found = archivist->items->pdata[i];
    if (found != NULL && found->state == ITEM_READ && !found->written &&
        found->snapshots != archivist->snapshots && !archivist->stopping) {
        g_clear_pointer(&found->verdict, verdict_free);
        found->state = ITEM_NEW;
        g_cond_broadcast(&archivist->work);
    }
    bool ready = found != NULL && found->state == ITEM_READ && found->due <= now;
    g_mutex_unlock(&archivist->lock);
    return ready ? found : NULL;
}

// Those that failed at the listener go on in their order as soon as it takes mail again.
static void try_all_again(Archivist *archivist)
{
    for (guint i = 0; i < archivist->items->len; i++) {
        Item *item = archivist->items->pdata[i];
        if (item->state == ITEM_READ)
            item->due = 0;
    }
}

static void conclude_all(Archivist *archivist)
{
    Item *item;
    while ((item = first_read(archivist)) != NULL && conclude(archivist, item)) {
        g_mutex_lock(&archivist->lock);
        if (item->verdict->delivered->len > 0)
            try_all_again(archivist);
        g_ptr_array_remove(archivist->items, item);
        g_cond_broadcast(&archivist->work);
        g_mutex_unlock(&archivist->lock);
        watch_poke(archivist->watch);
    }
}

static void recover(Archivist *archivist)
{
    g_autoptr(GError) error = NULL;
    gint64 now = g_get_monotonic_time();
    if (archivist->recovered != 0 && now - archivist->recovered < RECOVER_EVERY)
        return;
    archivist->recovered = now;
    if (quarantine_recover(archivist->quarantine, clock_now_us(), &error) < 0)
        log_warn("releases not settled", "error", error->message);
}

bool archivist_step(Archivist *archivist, GError **error)
{
    guint64 count;
    ssize_t got = read(archivist->wake_fd, &count, sizeof count);
    (void)got; // nothing to read: it was time that passed
    recover(archivist);
    bool ok = refresh(archivist, error);
    conclude_all(archivist);
    return ok;
}

// ---- beginning and end -----------------------------------------------------------------------------------

// Two at work would read everything twice.
static int take_lock(const Config *config, GError **error)
{
    g_autofree char *path = g_strconcat(config->quarantine.database, ".archivist", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    g_set_error(error, BASE_ERROR, saved == EWOULDBLOCK ? BASE_ERROR_UNAVAILABLE : BASE_ERROR_CANTCREAT,
                "%s: %s", path,
                saved == EWOULDBLOCK ? "another " ARCHIVIST_NAME " is at work; stop it first"
                                     : g_strerror(saved));
    return -1;
}

static bool start_threads(Archivist *archivist, int count, GError **error)
{
    bool ok = true;
    for (int i = 0; i < count && ok; i++) {
        GThread *thread = g_thread_try_new("read", read_items, archivist, error);
        ok = thread != NULL;
        if (ok)
            g_ptr_array_add(archivist->threads, thread);
    }
    return ok;
}

Archivist *archivist_new(Snapshot *snapshot, GError **error)
{
    const Config *config = snapshot->config;
    g_autoptr(Archivist) archivist = g_new0(Archivist, 1);
    g_mutex_init(&archivist->lock);
    g_cond_init(&archivist->work);
    archivist->snapshot = snapshot_ref(snapshot);
    archivist->items = g_ptr_array_new_with_free_func((GDestroyNotify)item_free);
    archivist->threads = g_ptr_array_new();
    archivist->lock_fd = -1;
    archivist->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (archivist->wake_fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "cannot make an eventfd: %s", g_strerror(errno));
        return NULL;
    }
    bool ok = (archivist->quarantine = quarantine_open(config, error)) != NULL &&
              quarantine_ready_notices(archivist->quarantine, error) &&
              link_ready(archivist->quarantine, config, error) &&
              (archivist->lock_fd = take_lock(config, error)) >= 0 &&
              (archivist->readers = readers_new(config, error)) != NULL;
    g_mutex_lock(&archivist->lock); // the threads see all of them
    ok = ok && start_threads(archivist, config->attachments.workers, error);
    g_mutex_unlock(&archivist->lock);
    ok = ok && (archivist->watch = watch_new(snapshot, archivist->readers, error)) != NULL &&
         (archivist->indexer = indexer_start(config, archivist->readers, error)) != NULL;
    return ok ? g_steal_pointer(&archivist) : NULL;
}

bool archivist_drain(Archivist *archivist, int wait_ms)
{
    gint64 end = g_get_monotonic_time() + wait_ms * (gint64)1000;
    watch_stop(archivist->watch);
    g_mutex_lock(&archivist->lock);
    archivist->stopping = true;
    g_cond_broadcast(&archivist->work);
    while (archivist->reading > 0 && g_get_monotonic_time() < end) {
        g_mutex_unlock(&archivist->lock);
        g_usleep(10000);
        g_mutex_lock(&archivist->lock);
    }
    bool ended = archivist->reading == 0;
    g_mutex_unlock(&archivist->lock);
    if (ended)
        conclude_all(archivist);
    return watch_ended(archivist->watch, end) && ended;
}

void archivist_free(Archivist *archivist)
{
    if (archivist == NULL)
        return;
    watch_free(archivist->watch);
    indexer_stop(archivist->indexer);
    g_mutex_lock(&archivist->lock);
    archivist->stopping = true;
    g_cond_broadcast(&archivist->work);
    g_mutex_unlock(&archivist->lock);
    for (guint i = 0; i < archivist->threads->len; i++)
        g_thread_join(archivist->threads->pdata[i]);
    g_ptr_array_unref(archivist->threads);
    g_ptr_array_unref(archivist->items);
    readers_free(archivist->readers);
    quarantine_close(&archivist->quarantine);
    snapshot_unref(archivist->snapshot);
    if (archivist->lock_fd >= 0)
        close(archivist->lock_fd);
    if (archivist->wake_fd >= 0)
        close(archivist->wake_fd);
    g_cond_clear(&archivist->work);
    g_mutex_clear(&archivist->lock);
    g_free(archivist);
}

int archivist_wake_fd(const Archivist *archivist)
{
    return archivist->wake_fd;
}

void archivist_set_snapshot(Archivist *archivist, Snapshot *snapshot)
{
    g_mutex_lock(&archivist->lock);
    Snapshot *before = archivist->snapshot;
    archivist->snapshot = snapshot_ref(snapshot);
    archivist->snapshots++;
    g_mutex_unlock(&archivist->lock);
    watch_set_snapshot(archivist->watch, snapshot);
    snapshot_unref(before);
}

void archivist_state(Archivist *archivist, ArchivistState *out_state)
{
    g_mutex_lock(&archivist->lock);
    *out_state = (ArchivistState){
        .concluded = archivist->concluded, .released = archivist->released, .held = archivist->held};
    for (guint i = 0; i < archivist->items->len; i++) {
        bool failed = ((const Item *)archivist->items->pdata[i])->tries > 0;
        out_state->failed += failed;
        out_state->waiting += !failed;
    }
    g_mutex_unlock(&archivist->lock);
    out_state->following = !watch_idle(archivist->watch) || !indexer_is_done(archivist->indexer);
    out_state->stuck = watch_failing(archivist->watch);
}
