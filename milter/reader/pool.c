// The pool: worker processes that threads borrow, and a keeper thread that starts new ones in the place of
// those that are gone. There is one process more than may be busy, so that a crash or a recycling does not
// make anybody wait for a start.
#include "reader/pool.h"

#include <unistd.h>

#define END_WAIT_MS    200
#define SWEEP_SHARE    4                    // the second try has one part in this many of the time
#define ANSWER_SLACK   (16ll * 1024 * 1024) // beside limits.decoded_bytes
#define STORM_FIRST_US (5 * 1000)   // pause before a new process after a crash: doubled by each crash,
#define STORM_MOST_US  (100 * 1000) // halved by each message read
#define FAIL_FIRST_US  (50 * 1000)  // pause after a start that failed
#define FAIL_MOST_US   (5 * 1000 * 1000)

typedef enum { SLOT_EMPTY, SLOT_STARTING, SLOT_IDLE, SLOT_BUSY } SlotState;

typedef struct {
    SlotState state;
    ReaderProcess process;
} Slot;

struct ReaderPool {
    Config *config;
    ProcessClass limits;
    ChannelSetup setup;
    gsize max_answer;
    GThread *keeper;
    GMutex lock; // over all below
    GCond idle;  // a slot may be borrowed
    GCond work;  // the keeper has something to do
    Slot *slots;
    guint n_slots, busy;
    GArray *dying; // of ReaderProcess: killed or left alone, not reaped yet
    gint64 storm_us, fail_us, not_before;
    char *last_failure;
    bool closing;
    ReaderStats stats;
};

// ---- the keeper -------------------------------------------------------------------------------------------

static Slot *pool_find(ReaderPool *pool, SlotState state)
{
    for (guint i = 0; i < pool->n_slots; i++)
        if (pool->slots[i].state == state)
            return &pool->slots[i];
    return NULL;
}

static void pool_reap(ReaderPool *pool)
{
    for (guint i = pool->dying->len; i-- > 0;)
        if (process_reap(&g_array_index(pool->dying, ReaderProcess, i)))
            g_array_remove_index_fast(pool->dying, i);
}

static void pool_pause(ReaderPool *pool, gint64 pause_us)
{
    pool->not_before = MAX(pool->not_before, g_get_monotonic_time() + pause_us);
}

static void pool_started(ReaderPool *pool, Slot *slot, const ReaderProcess *process)
{
    slot->process = *process;
    slot->state = SLOT_IDLE;
    pool->fail_us = 0;
    g_clear_pointer(&pool->last_failure, g_free);
    g_cond_signal(&pool->idle);
}

static void pool_not_started(ReaderPool *pool, Slot *slot, const ReaderProcess *process,
                             const GError *failure)
{
    slot->state = SLOT_EMPTY;
    if (process->pid > 0)
        g_array_append_val(pool->dying, *process);
    pool->fail_us = CLAMP(2 * pool->fail_us, FAIL_FIRST_US, FAIL_MOST_US);
    pool_pause(pool, pool->fail_us);
    g_free(pool->last_failure);
    pool->last_failure = g_strdup(failure->message);
    log_error("cannot start a reader", "class", pool->limits.name, "error", failure->message);
}

// Starts a process for `slot`; the lock is open meanwhile.
static void pool_fill(ReaderPool *pool, Slot *slot)
{
    ReaderProcess process;
    ChannelHello hello;
    g_autoptr(GError) failure = NULL;
    slot->state = SLOT_STARTING;
    g_mutex_unlock(&pool->lock);
    bool ok = process_start(pool->config, &pool->setup, &process, &hello, &failure);
    g_mutex_lock(&pool->lock);
    if (ok)
        pool_started(pool, slot, &process);
    else
        pool_not_started(pool, slot, &process, failure);
}

static gpointer pool_keeper(gpointer data)
{
    ReaderPool *pool = data;
    g_mutex_lock(&pool->lock);
    while (!pool->closing) {
        pool_reap(pool);
        Slot *empty = pool_find(pool, SLOT_EMPTY);
        gint64 now = g_get_monotonic_time();
        if (empty != NULL && now >= pool->not_before)
            pool_fill(pool, empty);
        else if (empty != NULL)
            g_cond_wait_until(&pool->work, &pool->lock, pool->not_before);
        else if (pool->dying->len > 0)
            g_cond_wait_until(&pool->work, &pool->lock, now + G_USEC_PER_SEC);
        else
            g_cond_wait(&pool->work, &pool->lock);
    }
    g_mutex_unlock(&pool->lock);
    return NULL;
}

// ---- borrowing --------------------------------------------------------------------------------------------

// Ends a process that has no slot any more; the lock is open.
static void pool_end_process(ReaderPool *pool, ReaderProcess process)
{
    if (process_end(&process, END_WAIT_MS, NULL))
        return;
    g_mutex_lock(&pool->lock);
    g_array_append_val(pool->dying, process);
    g_cond_signal(&pool->work);
    g_mutex_unlock(&pool->lock);
}

// Takes the process out of its slot, for the keeper to fill it. Under the lock.
static ReaderProcess pool_empty_slot(ReaderPool *pool, Slot *slot)
{
    ReaderProcess process = slot->process;
    slot->process = READER_PROCESS_NONE;
    slot->state = SLOT_EMPTY;
    g_cond_signal(&pool->work);
    return process;
}

// An idle process that is ready, now busy; NULL when there is none. Those that died idle are nobody's fault
// and are let go.
static Slot *pool_take(ReaderPool *pool)
{
    Slot *slot = NULL;
    while (pool->busy + 1 < pool->n_slots && (slot = pool_find(pool, SLOT_IDLE)) != NULL) {
        if (process_is_ready(&slot->process)) {
            slot->state = SLOT_BUSY;
            pool->busy++;
            break;
        }
        ReaderProcess gone = pool_empty_slot(pool, slot);
        slot = NULL;
        if (!process_end(&gone, 0, NULL))
            g_array_append_val(pool->dying, gone);
    }
    return slot;
}

static Slot *pool_borrow(ReaderPool *pool, gint64 deadline, GError **error)
{
    bool in_time = true;
    g_mutex_lock(&pool->lock);
    Slot *slot = pool_take(pool);
    while (slot == NULL && in_time) {
        in_time = g_cond_wait_until(&pool->idle, &pool->lock, deadline);
        slot = pool_take(pool);
    }
    if (slot == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "no reader of %s was free in reader.wait_ms = %d ms; %s%s", pool->limits.name,
                    pool->config->reader.wait_ms,
                    pool->last_failure != NULL ? pool->last_failure : pool->limits.workers_key,
                    pool->last_failure != NULL ? "" : ": more may help");
    g_mutex_unlock(&pool->lock);
    return slot;
}

static void pool_count(ReaderPool *pool, ReadOutcome outcome)
{
    pool->stats.crashed += outcome == READ_CRASHED || outcome == READ_REFUSED;
    pool->stats.timed_out += outcome == READ_TIMED_OUT;
    if (outcome == READ_ANSWERED)
        pool->storm_us /= 2;
    if (outcome == READ_ANSWERED || outcome == READ_TIMED_OUT) // which took its time
        return;
    pool->storm_us = CLAMP(2 * pool->storm_us, STORM_FIRST_US, STORM_MOST_US);
    pool_pause(pool, pool->storm_us);
}

static void pool_give_back(ReaderPool *pool, Slot *slot, ReadOutcome outcome)
{
    ReaderProcess old = READER_PROCESS_NONE;
    g_mutex_lock(&pool->lock);
    pool_count(pool, outcome);
    bool spent = slot->process.served >= (guint)pool->limits.recycle_after;
    pool->busy--;
    if (outcome == READ_ANSWERED && !spent) {
        slot->state = SLOT_IDLE;
    } else {
        pool->stats.recycled += outcome == READ_ANSWERED;
        old = pool_empty_slot(pool, slot);
    }
    g_cond_signal(&pool->idle);
    g_mutex_unlock(&pool->lock);
    pool_end_process(pool, old);
}

// ---- reading ----------------------------------------------------------------------------------------------

static ReadAnswer pool_try(ReaderPool *pool, Slot *slot, const ReadRequest *request, gint64 deadline)
{
    ReadAnswer answer;
    process_read(&slot->process, request, deadline, &answer);
    pool_give_back(pool, slot, answer.outcome);
    return answer;
}

static void add_failure(Message *message, const ReadAnswer *failure)
{
    static const char *const facts[] = {[READ_CRASHED] = "reader-crashed",
                                        [READ_TIMED_OUT] = "reader-timeout",
                                        [READ_REFUSED] = "reader-refused"};
    if (failure->outcome != READ_ANSWERED)
        message_add_fact(message, facts[failure->outcome], -1, failure->detail);
}

// The second try, after `first`: only the sweep, in another process. The message is answered for in any case.
static void pool_sweep(ReaderPool *pool, const ReadRequest *request, gint64 deadline, ReadAnswer *first)
{
    ReadRequest again = *request;
    ReadAnswer second = READ_ANSWER_NONE;
    again.sweep_only = true;
    again.keep = false;
    again.max_blob = 0;
    Slot *slot = pool_borrow(pool, deadline, NULL);
    if (slot != NULL)
        second = pool_try(pool, slot, &again, deadline);
    else
        second.detail = g_strdup("no reader was free for the second try");
    Message *message = g_steal_pointer(&second.message);
    if (message == NULL) {
        message = message_new();
        message_add_fact(message, "no-structure", -1, "nothing of the message could be read");
    }
    add_failure(message, first);
    add_failure(message, &second);
    read_answer_clear(&second);
    first->message = message;
}

// Both tries, in the time of the message or the shorter one of `budget_ms`.
static void pool_read_message(ReaderPool *pool, Slot *slot, const ReadRequest *request, int budget_ms,
                              Reading *reading)
{
    int wall_ms = pool->limits.wall_ms;
    bool shorter = budget_ms > 0 && budget_ms < wall_ms;
    gint64 all_us = (shorter ? budget_ms : wall_ms) * 1000ll;
    gint64 now = g_get_monotonic_time(), first_end = now + all_us - all_us / SWEEP_SHARE;
    ReadAnswer answer = pool_try(pool, slot, request, first_end);
    if (answer.outcome != READ_ANSWERED) {
        bool out_of_time = answer.outcome == READ_TIMED_OUT && g_get_monotonic_time() >= first_end;
        pool_sweep(pool, request, now + all_us, &answer);
        reading->out_of_time = shorter && (out_of_time || g_get_monotonic_time() >= now + all_us);
    }
    reading->message = g_steal_pointer(&answer.message);
    if (answer.blob >= 0) {
        reading->blob = answer.blob;
        reading->blob_len = answer.blob_len;
        answer.blob = -1;
    }
    read_answer_clear(&answer);
    g_mutex_lock(&pool->lock);
    pool->stats.read++;
    g_mutex_unlock(&pool->lock);
}

static Reading *pool_read(ReaderPool *pool, int fd, gsize len, int budget_ms, bool keep, GError **error)
{
    g_autoptr(Reading) reading = g_new0(Reading, 1);
    const Config *config = pool->config;
    Slot *slot = NULL;
    reading->blob = -1;
    // One byte over the limit tells the worker that there is more.
    len = MIN(len, (gsize)config->limits.inspect_bytes + 1);
    int sealed = process_sealed(fd, len, error);
    if (sealed >= 0)
        slot = pool_borrow(pool, g_get_monotonic_time() + config->reader.wait_ms * 1000ll, error);
    if (slot != NULL) {
        ReadRequest request = {.sealed = sealed,
                               .len = len,
                               .max_answer = pool->max_answer,
                               .keep = keep,
                               .max_blob = (gsize)(MAX(config->limits.decoded_bytes, 0) +
                                                   (keep ? MAX(config->limits.inspect_bytes, 0) : 0))};
        pool_read_message(pool, slot, &request, budget_ms, reading);
    }
    if (sealed >= 0 && sealed != fd)
        close(sealed);
    return slot != NULL ? g_steal_pointer(&reading) : NULL;
}

Reading *reader_pool_read(ReaderPool *pool, int fd, gsize len, int budget_ms, GError **error)
{
    return pool_read(pool, fd, len, budget_ms, false, error);
}

Reading *reader_pool_read_keeping(ReaderPool *pool, int fd, gsize len, GError **error)
{
    return pool_read(pool, fd, len, 0, true, error);
}

bool reader_pool_attachment(ReaderPool *pool, const PoolAttachment *job, gint64 until, gint64 wall_us,
                            gint64 deadline, ReadAnswer *out, gint64 *out_us)
{
    ReadRequest request = {.sealed = job->sealed,
                           .len = job->len,
                           .attachment = &job->attachment,
                           .max_answer = pool->max_answer};
    *out = READ_ANSWER_NONE;
    Slot *slot = pool_borrow(pool, until, NULL);
    if (slot == NULL)
        return false;
    gint64 start = g_get_monotonic_time();
    *out = pool_try(pool, slot, &request, MIN(start + wall_us, deadline));
    *out_us = g_get_monotonic_time() - start;
    g_mutex_lock(&pool->lock);
    pool->stats.read++;
    g_mutex_unlock(&pool->lock);
    return true;
}

void reader_pool_stats(ReaderPool *pool, ReaderStats *out_stats)
{
    g_mutex_lock(&pool->lock);
    *out_stats = pool->stats;
    out_stats->busy = pool->busy;
    out_stats->alive = 0;
    for (guint i = 0; i < pool->n_slots; i++)
        out_stats->alive += pool->slots[i].state == SLOT_IDLE || pool->slots[i].state == SLOT_BUSY;
    g_mutex_unlock(&pool->lock);
}

// ---- making and freeing -----------------------------------------------------------------------------------

static void pool_report(const ReaderPool *pool, const ChannelHello *hello)
{
    g_autofree char *in_force = channel_layer_names(hello->layers);
    guint wanted = pool->setup.uid >= 0 ? LAYER_BIT_ALL : LAYER_BIT_ALL & ~(guint)LAYER_BIT_USER;
    const char *note = *hello->note != '\0' ? hello->note : NULL;
    if ((hello->layers & wanted) == wanted)
        log_info("reader sandbox", "class", pool->limits.name, "in_force", in_force);
    else
        log_warn("reader sandbox is not complete", "class", pool->limits.name, "in_force", in_force, "note",
                 note);
}

// The first process is started here, so that what is wrong is known at once; the keeper starts the others.
static bool pool_first(ReaderPool *pool, GError **error)
{
    ReaderProcess process;
    ChannelHello hello;
    bool ok = process_start(pool->config, &pool->setup, &process, &hello, error);
    if (ok) {
        pool_report(pool, &hello);
        pool_started(pool, &pool->slots[0], &process);
    } else if (process.pid > 0) {
        g_array_append_val(pool->dying, process);
    }
    return ok;
}

ReaderPool *reader_pool_new(const Config *config, ReaderClass cls, GError **error)
{
    ReaderPool *pool = g_new0(ReaderPool, 1);
    pool->config = config_ref((Config *)config);
    pool->limits = process_class(config, cls);
    pool->max_answer = (gsize)(config->limits.decoded_bytes + ANSWER_SLACK);
    pool->n_slots = (guint)pool->limits.workers + 1;
    pool->slots = g_new0(Slot, pool->n_slots);
    for (guint i = 0; i < pool->n_slots; i++)
        pool->slots[i].process = READER_PROCESS_NONE;
    pool->dying = g_array_new(FALSE, FALSE, sizeof(ReaderProcess));
    g_mutex_init(&pool->lock);
    g_cond_init(&pool->idle);
    g_cond_init(&pool->work);
    if (process_setup(config, cls, &pool->setup, error) && pool_first(pool, error))
        pool->keeper = g_thread_new("reader-keeper", pool_keeper, pool);
    else
        g_clear_pointer(&pool, reader_pool_free);
    return pool;
}

// Killed all at once, then waited for. One that may not be killed has lost its channel and ends by itself.
static void pool_end_all(ReaderPool *pool)
{
    for (guint i = 0; i < pool->n_slots; i++) {
        if (!process_end(&pool->slots[i].process, 0, NULL))
            g_array_append_val(pool->dying, pool->slots[i].process);
    }
    for (guint i = 0; i < pool->dying->len; i++)
        process_end(&g_array_index(pool->dying, ReaderProcess, i), 1000, NULL);
}

void reader_pool_free(ReaderPool *pool)
{
    if (pool == NULL)
        return;
    g_mutex_lock(&pool->lock);
    pool->closing = true;
    g_cond_signal(&pool->work);
    g_mutex_unlock(&pool->lock);
    if (pool->keeper != NULL)
        g_thread_join(pool->keeper);
    pool_end_all(pool);
    g_array_free(pool->dying, TRUE);
    g_free(pool->slots);
    g_free(pool->last_failure);
    g_mutex_clear(&pool->lock);
    g_cond_clear(&pool->idle);
    g_cond_clear(&pool->work);
    config_unref(pool->config);
    g_free(pool);
}
