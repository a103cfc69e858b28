#include "archivist/indexer.h"

#include "archivist/document.h"

#include <string.h>
#include <unistd.h>

#define BATCH       1024
#define LOOK_US     G_USEC_PER_SEC
#define IDLE_US     (60 * G_USEC_PER_SEC) // so long nothing new: months that are over are tidied
#define TIDY_US     (INT64_C(3600) * G_USEC_PER_SEC)
#define AGAIN_US    (10 * G_USEC_PER_SEC)  // after a failure
#define COMPLAIN_US (300 * G_USEC_PER_SEC) // the same failure is told again

struct Indexer {
    Config *config;
    Readers *readers;
    SearchIndex *index;
    GThread *thread;
    GThreadPool *pool;
    bool news;   // the last catching up found something; the indexer's thread only
    GMutex lock; // of what follows
    GCond wake, task_done;
    guint tasks; // not done yet
    bool stopping, done;
};

typedef struct {
    ArchiveRecord *record; // metadata and place
    Document *document;
    GError *error;
} Task;

static void task_free(gpointer data)
{
    Task *task = data;
    archive_record_free(task->record);
    document_free(task->document);
    g_clear_error(&task->error);
    g_free(task);
}

// ---- one message, in a thread of the pool ----------------------------------------------------------------

static Reading *task_read(Indexer *indexer, const ArchiveRecord *record, GError **error)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(record->raw, &len);
    int fd = reader_seal(data, len, error);
    Reading *reading = fd >= 0 ? readers_read(indexer->readers, fd, len, 0, error) : NULL;
    if (fd >= 0)
        close(fd);
    ReaderNeeds needs = {.wanted = true, .ocr = indexer->config->archive.index_ocr};
    if (reading != NULL)
        (void)readers_attachments(indexer->readers, reading, needs, 0);
    return reading;
}

static void task_run(gpointer data, gpointer user)
{
    Task *task = data;
    Indexer *indexer = user;
    g_mutex_lock(&indexer->lock);
    bool stopping = indexer->stopping; // the batch is not kept then
    g_mutex_unlock(&indexer->lock);
    g_autoptr(ArchiveRecord) whole =
        stopping ? NULL : archive_get_at(indexer->config, task->record->ref, &task->error);
    g_autoptr(Reading) reading = whole != NULL ? task_read(indexer, whole, &task->error) : NULL;
    if (reading != NULL)
        task->document = document_new(whole->meta, reading->message);
    g_mutex_lock(&indexer->lock);
    indexer->tasks--;
    g_cond_signal(&indexer->task_done);
    g_mutex_unlock(&indexer->lock);
}

// ---- a batch ---------------------------------------------------------------------------------------------

static bool batch_collect(const ArchiveRecord *record, void *data)
{
    GPtrArray *tasks = data;
    if (json_object_get(record->meta, "event") == NULL) {
        Task *task = g_new0(Task, 1);
        task->record = g_new0(ArchiveRecord, 1);
        task->record->ref = g_new0(ArchiveRef, 1);
        *task->record->ref = (ArchiveRef){.segment = g_strdup(record->ref->segment),
                                          .offset = record->ref->offset,
                                          .length = record->ref->length};
        g_strlcpy(task->record->ref->id, record->ref->id, sizeof task->record->ref->id);
        g_ptr_array_add(tasks, task);
    }
    return true;
}

static void batch_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    log_warn("damage passed over", "segment", segment, "what", what);
}

// A batch being read: while it is, the one before it is written.
typedef struct {
    GPtrArray *tasks;  // of Task
    GPtrArray *places; // of ArchivePlace: where it ends
} Batch;

static void batch_free(Batch *batch)
{
    if (batch == NULL)
        return;
    g_ptr_array_unref(batch->tasks);
    g_ptr_array_unref(batch->places);
    g_free(batch);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Batch, batch_free)

static void place_free(gpointer place)
{
    archive_place_free(place);
}

static GPtrArray *places_copy(const GPtrArray *places)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func(place_free);
    for (guint i = 0; i < places->len; i++) {
        const ArchivePlace *place = places->pdata[i];
        ArchivePlace *one = g_new0(ArchivePlace, 1);
        *one = (ArchivePlace){g_strdup(place->series), g_strdup(place->segment), place->offset};
        g_ptr_array_add(copy, one);
    }
    return copy;
}

static bool places_equal(const GPtrArray *before, const GPtrArray *places)
{
    bool equal = before->len == places->len;
    for (guint i = 0; equal && i < places->len; i++) {
        const ArchivePlace *now = places->pdata[i];
        bool same = false;
        for (guint k = 0; !same && k < before->len; k++) {
            const ArchivePlace *then = before->pdata[k];
            same = strcmp(then->series, now->series) == 0 && g_strcmp0(then->segment, now->segment) == 0 &&
                   then->offset == now->offset;
        }
        equal = same;
    }
    return equal;
}

// Begins to read what comes after `places`. *out NULL when there is nothing. False with `error`.
static bool batch_begin(Indexer *indexer, const GPtrArray *places, Batch **out, GError **error)
{
    Batch *batch = g_new0(Batch, 1);
    batch->tasks = g_ptr_array_new_with_free_func(task_free);
    batch->places = places_copy(places);
    *out = NULL;
    bool ok = archive_follow(indexer->config, batch->places, 0, BATCH, batch_collect, batch_damage,
                             batch->tasks, error);
    if (!ok || places_equal(places, batch->places)) {
        batch_free(batch);
        return ok;
    }
    g_mutex_lock(&indexer->lock);
    indexer->tasks = batch->tasks->len;
    g_mutex_unlock(&indexer->lock);
    for (guint i = 0; i < batch->tasks->len; i++)
        g_thread_pool_push(indexer->pool, batch->tasks->pdata[i], NULL);
    *out = batch;
    return true;
}

// True when all of it was read, false when the end was asked for.
static bool batch_wait(Indexer *indexer)
{
    g_mutex_lock(&indexer->lock);
    while (indexer->tasks > 0)
        g_cond_wait(&indexer->task_done, &indexer->lock);
    bool stopping = indexer->stopping;
    g_mutex_unlock(&indexer->lock);
    return !stopping;
}

// A record that is damaged cannot be indexed ever; whatever else failed is tried again.
static bool batch_add(Indexer *indexer, const Task *task, GError **error)
{
    bool ok = true;
    if (task->document != NULL) {
        SearchDocument document = document_borrow(task->document);
        ok = search_index_add(indexer->index, &document, error);
    } else if (g_error_matches(task->error, BASE_ERROR, BASE_ERROR_DATA)) {
        log_warn("a damaged record is not indexed", "record", task->record->ref->id, "error",
                 task->error->message);
    } else {
        g_propagate_error(error, g_error_copy(task->error));
        ok = false;
    }
    return ok;
}

static bool batch_write(Indexer *indexer, const Batch *batch, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < batch->tasks->len; i++)
        ok = batch_add(indexer, batch->tasks->pdata[i], error);
    return ok && search_index_commit(indexer->index, batch->places, error);
}

// All there is, a batch written while the next is read. False with `error`: what was not committed comes again.
static bool indexer_catch_up(Indexer *indexer, GError **error)
{
    if (search_rebuild_asked(indexer->config) && !search_index_reset(indexer->index, error))
        return false;
    for (bool more = true; more;)
        if (!search_index_remove_asked(indexer->index, &more, error))
            return false;
    g_autoptr(GPtrArray) places = search_index_places(indexer->index, error);
    g_autoptr(Batch) batch = NULL;
    bool ok = places != NULL && batch_begin(indexer, places, &batch, error);
    indexer->news = batch != NULL;
    while (ok && batch != NULL && batch_wait(indexer)) {
        g_autoptr(Batch) next = NULL;
        bool rebuild = search_rebuild_asked(indexer->config);
        ok = (rebuild || batch_begin(indexer, batch->places, &next, error)) &&
             batch_write(indexer, batch, error);
        if (next != NULL && !ok)
            (void)batch_wait(indexer);
        batch_free(batch);
        batch = ok ? g_steal_pointer(&next) : NULL;
    }
    return ok;
}

// ---- the thread ------------------------------------------------------------------------------------------

// True when the end was asked for while waiting.
static bool indexer_wait(Indexer *indexer, gint64 wait_us)
{
    gint64 until = g_get_monotonic_time() + wait_us;
    bool more = wait_us > 0;
    g_mutex_lock(&indexer->lock);
    while (!indexer->stopping && more)
        more = g_cond_wait_until(&indexer->wake, &indexer->lock, until);
    bool stopping = indexer->stopping;
    g_mutex_unlock(&indexer->lock);
    return stopping;
}

static bool indexer_is_stopping(void *data)
{
    Indexer *indexer = data;
    g_mutex_lock(&indexer->lock);
    bool stopping = indexer->stopping;
    g_mutex_unlock(&indexer->lock);
    return stopping;
}

// What can wait until there is nothing new. `tidy_at`: monotonic.
static bool indexer_idle(Indexer *indexer, gint64 *tidy_at, GError **error)
{
    gint64 now = g_get_monotonic_time();
    bool more = false;
    if (indexer->news)
        *tidy_at = MAX(*tidy_at, now + IDLE_US);
    bool ok = now < *tidy_at || search_index_tidy(indexer->index, indexer_is_stopping, indexer, &more, error);
    if (now >= *tidy_at && !more)
        *tidy_at = now + TIDY_US;
    return ok;
}

static gpointer indexer_run(gpointer data)
{
    Indexer *indexer = data;
    gint64 told = 0;
    gint64 tidy_at = g_get_monotonic_time() + IDLE_US;
    bool ended = false;
    while (!ended) {
        g_autoptr(GError) error = NULL;
        bool ok = indexer_catch_up(indexer, &error) && indexer_idle(indexer, &tidy_at, &error);
        gint64 now = g_get_monotonic_time();
        if (!ok && (told == 0 || now - told > COMPLAIN_US)) {
            log_error("the archive's index stands still", "error", error->message);
            told = now;
        } else if (ok) {
            told = 0;
        }
        g_mutex_lock(&indexer->lock);
        // A sealed archive that is not opened here: its index is made where the master key is.
        indexer->done = ok || g_error_matches(error, BASE_ERROR, BASE_ERROR_NOPERM);
        g_mutex_unlock(&indexer->lock);
        ended = indexer_wait(indexer, ok ? LOOK_US : AGAIN_US);
    }
    return NULL;
}

Indexer *indexer_start(const Config *config, Readers *readers, GError **error)
{
    Indexer *indexer = g_new0(Indexer, 1);
    indexer->config = config_ref((Config *)config);
    indexer->readers = readers;
    g_mutex_init(&indexer->lock);
    g_cond_init(&indexer->wake);
    g_cond_init(&indexer->task_done);
    bool ok = (indexer->index = search_index_open(config, error)) != NULL &&
              (indexer->pool = g_thread_pool_new(task_run, indexer, (gint)g_get_num_processors() + 1, FALSE,
                                                 error)) != NULL &&
              (indexer->thread = g_thread_try_new("indexer", indexer_run, indexer, error)) != NULL;
    if (!ok) {
        indexer_stop(indexer);
        indexer = NULL;
    }
    return indexer;
}

void indexer_stop(Indexer *indexer)
{
    if (indexer == NULL)
        return;
    g_mutex_lock(&indexer->lock);
    indexer->stopping = true;
    g_cond_signal(&indexer->wake);
    g_mutex_unlock(&indexer->lock);
    if (indexer->thread != NULL)
        g_thread_join(indexer->thread);
    if (indexer->pool != NULL)
        g_thread_pool_free(indexer->pool, FALSE, TRUE);
    search_index_close(&indexer->index);
    g_mutex_clear(&indexer->lock);
    g_cond_clear(&indexer->wake);
    g_cond_clear(&indexer->task_done);
    config_unref(indexer->config);
    g_free(indexer);
}

bool indexer_is_done(Indexer *indexer)
{
    g_mutex_lock(&indexer->lock);
    bool done = indexer->done;
    g_mutex_unlock(&indexer->lock);
    return done;
}
