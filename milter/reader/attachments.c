// The waiting parts of a reading: each from the cache or from a worker, several at once, grafted in their order.
#include "reader/readers.h"

#include <string.h>
#include <sys/mman.h>

#define MOST_FLIGHT (3600 * (gint64)G_USEC_PER_SEC) // no reading takes that long

// What a part's reading came to beside the outcomes of a process.
typedef enum {
    PIECE_KEPT, // final, and good for others
    PIECE_OURS, // final, but for reasons of this message (its own time)
    PIECE_WAITS // not read by the caller's deadline
} PieceFate;

typedef struct {
    PieceFate fate;
    ReaderPiece piece;
} Result;

typedef struct {
    guint part;
    bool waits;
    const char *fact; // that it failed for; NULL = `message` is its reading
    char *detail;
    Message *message;
} Job;

// One call. Its threads share it; each job is one thread's.
typedef struct {
    Readers *readers;
    const Reading *reading;
    ReaderNeeds needs;
    gint64 deadline;  // of the caller; 0 = none
    const char *blob; // mapped; NULL when that failed
    GArray *jobs;     // of Job
    gint next;        // job to be taken; atomic
    GMutex lock;
    gint64 spent_us; // by workers, on all parts
} Batch;

static bool batch_is_late(const Batch *batch)
{
    return batch->deadline != 0 && g_get_monotonic_time() >= batch->deadline;
}

// ---- names ------------------------------------------------------------------------------------------------

// A reading is shared by all who send the same bytes, whatever they call them: the worker is told only the endings of a name,
// which recognition uses, behind this character, and the name takes its place in what comes back.
#define STEM "\xEF\xBF\xBC"

static bool is_ending(const char *text, gsize len)
{
    bool ok = len > 0 && len <= 8;
    for (gsize i = 0; ok && i < len; i++)
        ok = g_ascii_isalnum(text[i]);
    return ok;
}

// Bytes of `name` before its ending; of what is packed, also before the ending inside.
static gsize stem_length(const char *name)
{
    static const char *const packed[] = {".gz", ".bz2", ".xz", ".zst", ".lzma", ".z"};
    gsize len = strlen(name);
    const char *dot = strrchr(name, '.');
    if (dot == NULL || !is_ending(dot + 1, strlen(dot + 1)))
        return len;
    len = (gsize)(dot - name);
    for (gsize i = 0; i < G_N_ELEMENTS(packed); i++) {
        const char *inner =
            g_ascii_strcasecmp(dot, packed[i]) == 0 ? g_strrstr_len(name, (gssize)len, ".") : NULL;
        if (inner != NULL && is_ending(inner + 1, len - (gsize)(inner + 1 - name)))
            return (gsize)(inner - name);
    }
    return len;
}

static void put_stem(char **text, const char *stem)
{
    if (*text == NULL || strstr(*text, STEM) == NULL)
        return;
    g_autoptr(GString) out = g_string_new(*text);
    g_string_replace(out, STEM, stem,
                     4); // nobody needs it oftener, and hostile text may hold it a million times
    g_free(*text);
    *text = g_strdup(out->str);
}

// The name of the part in what was read without it.
static void put_name(Message *message, const char *name)
{
    g_autofree char *stem = name != NULL ? g_strndup(name, stem_length(name)) : g_strdup("");
    for (guint i = 0; i < message->parts->len; i++)
        put_stem(&((Part *)message->parts->pdata[i])->name, stem);
    for (guint i = 0; i < message->facts->len; i++)
        put_stem(&((Fact *)message->facts->pdata[i])->detail, stem);
    for (guint i = 0; i < message->passages->len; i++) {
        Passage *passage = message->passages->pdata[i];
        if (passage->origin != ORIGIN_FILENAME || strstr(passage->text, STEM) == NULL)
            continue;
        put_stem(&passage->text, stem);
        passage->len = strlen(passage->text);
        g_clear_pointer(&passage->marks, g_array_unref);
        g_clear_pointer(&passage->map, g_array_unref);
    }
}

// ---- one reading ------------------------------------------------------------------------------------------

static gint64 batch_left(Batch *batch)
{
    g_mutex_lock(&batch->lock);
    gint64 left = batch->readers->config->attachments.message_ms * 1000ll - batch->spent_us;
    g_mutex_unlock(&batch->lock);
    return left;
}

static void batch_spend(Batch *batch, gint64 us)
{
    g_mutex_lock(&batch->lock);
    batch->spent_us += us;
    g_mutex_unlock(&batch->lock);
}

static Result failed(PieceFate fate, const char *detail)
{
    return (Result){fate, {READ_TIMED_OUT, NULL, g_strdup(detail)}};
}

// A worker is waited for until the deadline; without one as long as others get theirs, for other messages' attachments must not
// make this one's unreadable.
static bool ask_worker(const Batch *batch, ReaderPool *pool, const PoolAttachment *job, gint64 wall_us,
                       ReadAnswer *out, gint64 *out_us)
{
    gint64 patience = MAX(batch->readers->config->attachments.message_ms * 1000ll, 2 * wall_us);
    ReaderStats before, after;
    bool asked = false, moves = true;
    if (batch->deadline != 0)
        return reader_pool_attachment(pool, job, batch->deadline, wall_us, batch->deadline, out, out_us);
    while (!asked && moves) {
        reader_pool_stats(pool, &before);
        asked = reader_pool_attachment(pool, job, g_get_monotonic_time() + patience, wall_us, G_MAXINT64, out,
                                       out_us);
        reader_pool_stats(pool, &after);
        moves = after.read > before.read;
    }
    return asked;
}

// One try by a worker, in what the message has left of its time. Waiting is no part of that.
static Result try_worker(Batch *batch, ReaderPool *pool, const PoolAttachment *job, gint64 wall_us)
{
    ReadAnswer answer;
    gint64 left = batch_left(batch), took = 0;
    if (batch_is_late(batch))
        return failed(PIECE_WAITS, NULL);
    if (left <= 0)
        return failed(PIECE_OURS, "attachments.message_ms is used up");
    if (!ask_worker(batch, pool, job, MIN(wall_us, left), &answer, &took))
        return failed(batch->deadline != 0 ? PIECE_WAITS : PIECE_OURS, "no reader was free");
    batch_spend(batch, took);
    PieceFate fate = PIECE_KEPT;
    if (answer.outcome == READ_TIMED_OUT && batch_is_late(batch))
        fate = PIECE_WAITS;
    else if (answer.outcome == READ_TIMED_OUT && left < wall_us)
        fate = PIECE_OURS;
    Result result = {fate,
                     {answer.outcome, g_steal_pointer(&answer.message), g_steal_pointer(&answer.detail)}};
    read_answer_clear(&answer);
    return result;
}

static void result_clear(Result *result)
{
    reader_piece_clear(&result->piece);
}

// By a worker, and by another one where the first ended.
static Result read_by_workers(Batch *batch, ReaderClass cls, const PoolAttachment *job)
{
    g_autoptr(GError) error = NULL;
    ReaderPool *pool = readers_pool(batch->readers, cls, &error);
    gint64 wall_us = process_class(batch->readers->config, cls).wall_ms * 1000ll;
    if (pool == NULL)
        return failed(PIECE_OURS, error->message);
    Result result = try_worker(batch, pool, job, wall_us);
    if (result.piece.outcome == READ_CRASHED || result.piece.outcome == READ_REFUSED) {
        result_clear(&result);
        result = try_worker(batch, pool, job, wall_us);
    }
    return result;
}

// ---- the cache, and one thread for one content -------------------------------------------------------------

static bool find(Readers *readers, const char *key, ReaderPiece *out, bool count)
{
    bool found = reader_cache_find(readers->cache, key, out);
    g_mutex_lock(&readers->lock);
    readers->hits += found && count;
    readers->misses += !found && count;
    g_mutex_unlock(&readers->lock);
    return found;
}

// False when somebody else still reads it at `until`. `*out_waited`: somebody else has read it.
static bool take_off(Readers *readers, const char *key, gint64 until, bool *out_waited)
{
    bool in_time = true;
    g_mutex_lock(&readers->lock);
    *out_waited = g_hash_table_contains(readers->flying, key);
    while (in_time && g_hash_table_contains(readers->flying, key))
        in_time = g_cond_wait_until(&readers->landed, &readers->lock, until);
    bool ours = !g_hash_table_contains(readers->flying, key);
    if (ours)
        g_hash_table_add(readers->flying, g_strdup(key));
    g_mutex_unlock(&readers->lock);
    return ours;
}

static void land(Readers *readers, const char *key)
{
    g_mutex_lock(&readers->lock);
    g_hash_table_remove(readers->flying, key);
    g_cond_broadcast(&readers->landed);
    g_mutex_unlock(&readers->lock);
}

static Result read_as_one(Batch *batch, ReaderClass cls, const PoolAttachment *job, const char *key)
{
    Readers *readers = batch->readers;
    Result result = {.fate = PIECE_KEPT};
    bool waited = false;
    if (batch_is_late(batch))
        return failed(PIECE_WAITS, NULL);
    if (!take_off(readers, key, batch->deadline != 0 ? batch->deadline : g_get_monotonic_time() + MOST_FLIGHT,
                  &waited))
        return failed(batch->deadline != 0 ? PIECE_WAITS : PIECE_OURS, "no reader was free");
    if (!waited || !find(readers, key, &result.piece, false)) {
        result = read_by_workers(batch, cls, job);
        if (result.fate == PIECE_KEPT)
            reader_cache_keep(readers->cache, key, &result.piece);
    }
    land(readers, key);
    return result;
}

// Recognising text that may well not end by the deadline is not begun: it would be ended half way, and hold up the caller.
static bool batch_has_time(const Batch *batch, ReaderClass cls)
{
    gint64 needed = cls == READER_OCR ? batch->readers->config->attachments.ocr_wall_ms * 500ll : 0;
    return batch->deadline == 0 || batch->deadline - g_get_monotonic_time() >= needed;
}

// The reading of `part` by class `cls`, from wherever it can be had.
static Result obtain(Batch *batch, const Part *part, ReaderClass cls)
{
    Readers *readers = batch->readers;
    Result result = {.fate = PIECE_KEPT};
    g_autofree char *name =
        part->name != NULL ? g_strconcat(STEM, part->name + stem_length(part->name), NULL) : NULL;
    PoolAttachment job = {
        batch->reading->blob, part->size, {(guint64)part->blob, part->type, name, part->charset}};
    bool time = batch_has_time(batch, cls);
    if (readers->cache == NULL)
        return time ? read_by_workers(batch, cls, &job) : failed(PIECE_WAITS, NULL);
    g_autofree char *key =
        reader_cache_key(readers->cache, cls, batch->blob + part->blob, part->size, &job.attachment);
    if (!find(readers, key, &result.piece, true))
        result = time ? read_as_one(batch, cls, &job, key) : failed(PIECE_WAITS, NULL);
    return result;
}

// ---- one part ---------------------------------------------------------------------------------------------

static void job_fail(Job *job, const char *fact, const char *detail)
{
    job->fact = fact;
    job->detail = g_strdup(detail);
}

static bool has_unread_pictures(const Message *message)
{
    guint pictures = 0;
    for (guint i = 0; i < message->parts->len; i++)
        pictures |= ((const Part *)message->parts->pdata[i])->pictures;
    return pictures > 0;
}

// The second reading takes the place of the first. Where it fails the first is kept, and says so.
static void job_recognise(Batch *batch, Job *job, const Part *part)
{
    Result result = obtain(batch, part, READER_OCR);
    job->waits = result.fate == PIECE_WAITS;
    if (job->waits) {
        g_clear_pointer(&job->message, message_free);
    } else if (result.piece.message != NULL) {
        message_free(job->message);
        job->message = g_steal_pointer(&result.piece.message);
    } else {
        g_autofree char *detail = g_strdup_printf("%s%s%s", part->name != NULL ? part->name : "",
                                                  part->name != NULL ? ": " : "", result.piece.detail);
        message_add_fact(job->message, "picture-unread", 0, detail);
    }
    result_clear(&result);
}

static void job_read(Batch *batch, Job *job, const Part *part)
{
    Result result = obtain(batch, part, READER_DOCUMENTS);
    job->waits = result.fate == PIECE_WAITS;
    job->message = g_steal_pointer(&result.piece.message);
    if (!job->waits && job->message == NULL)
        job_fail(job, result.piece.outcome == READ_TIMED_OUT ? "attachment-timeout" : "attachment-crashed",
                 result.piece.detail);
    result_clear(&result);
    if (job->message != NULL && batch->needs.ocr && has_unread_pictures(job->message))
        job_recognise(batch, job, part);
    if (job->message != NULL)
        put_name(job->message, part->name);
}

static void job_run(Batch *batch, Job *job)
{
    const Part *part = batch->reading->message->parts->pdata[job->part];
    if (part->size > (gsize)batch->readers->config->limits.attachment_bytes)
        job_fail(job, "attachment-too-big", NULL);
    else if (batch->blob != NULL)
        job_read(batch, job, part);
    else if (batch->deadline != 0)
        job->waits = true;
    else
        job_fail(job, "attachment-crashed", "the system gave no memory");
}

// ---- all parts --------------------------------------------------------------------------------------------

static gpointer batch_run(gpointer data)
{
    Batch *batch = data;
    for (;;) {
        guint i = (guint)g_atomic_int_add(&batch->next, 1);
        if (i >= batch->jobs->len)
            return NULL;
        job_run(batch, &g_array_index(batch->jobs, Job, i));
    }
}

// As many threads as there are workers to wait for; the caller's is one of them. Only to look into the cache needs no more.
static void batch_run_all(Batch *batch)
{
    const ConfigAttachments *config = &batch->readers->config->attachments;
    guint count =
        batch_is_late(batch) ? 1 : MIN(batch->jobs->len, (guint)(config->workers + config->ocr_workers));
    g_autoptr(GPtrArray) threads = g_ptr_array_new();
    for (guint i = 1; i < count; i++) {
        GThread *thread = g_thread_try_new("attachments", batch_run, batch, NULL);
        if (thread == NULL)
            break;
        g_ptr_array_add(threads, thread);
    }
    batch_run(batch);
    for (guint i = 0; i < threads->len; i++)
        g_thread_join(threads->pdata[i]);
}

static void part_end(Message *message, guint part, PartState state, const char *fact, const char *detail)
{
    Part *info = message->parts->pdata[part];
    g_autofree char *text = info->name != NULL && detail != NULL
                                ? g_strdup_printf("%s: %s", info->name, detail)
                                : g_strdup(info->name != NULL ? info->name : detail);
    info->state = state;
    info->blob = -1;
    message_add_fact(message, fact, (int)part, text);
}

static void job_graft(const Batch *batch, Message *message, const Job *job)
{
    const ConfigLimits *limits = &batch->readers->config->limits;
    if (job->fact != NULL)
        part_end(message, job->part, PART_FAILED, job->fact, job->detail);
    else if (job->message != NULL)
        message_graft(message, job->part, job->message, (guint)limits->parts, (guint)limits->passages,
                      (gsize)limits->passage_bytes);
}

static void job_clear(gpointer data)
{
    Job *job = data;
    g_free(job->detail);
    g_clear_pointer(&job->message, message_free);
}

static GArray *waiting_jobs(const Message *message)
{
    GArray *jobs = g_array_new(FALSE, FALSE, sizeof(Job));
    g_array_set_clear_func(jobs, job_clear);
    for (guint i = 0; i < message->parts->len; i++) {
        Job job = {.part = i};
        if (((const Part *)message->parts->pdata[i])->state == PART_WAITING)
            g_array_append_val(jobs, job);
    }
    return jobs;
}

static AttachmentsResult read_all(Batch *batch)
{
    Reading *reading = (Reading *)batch->reading;
    AttachmentsResult result = ATTACHMENTS_DONE;
    // The seals allow no other kind of mapping.
    void *blob = reading->blob >= 0 && reading->blob_len > 0
                     ? mmap(NULL, reading->blob_len, PROT_READ, MAP_PRIVATE, reading->blob, 0)
                     : MAP_FAILED;
    batch->blob = blob != MAP_FAILED ? blob : NULL;
    g_mutex_init(&batch->lock);
    batch_run_all(batch);
    g_mutex_clear(&batch->lock);
    for (guint i = 0; i < batch->jobs->len; i++) {
        const Job *job = &g_array_index(batch->jobs, Job, i);
        job_graft(batch, reading->message, job);
        if (job->waits)
            result = ATTACHMENTS_PENDING;
    }
    if (blob != MAP_FAILED)
        munmap(blob, reading->blob_len);
    return result;
}

AttachmentsResult readers_attachments(Readers *readers, Reading *reading, ReaderNeeds needs, gint64 deadline)
{
    AttachmentsResult result = ATTACHMENTS_DONE;
    g_autoptr(GArray) jobs = waiting_jobs(reading->message);
    Batch batch = {
        .readers = readers, .reading = reading, .needs = needs, .deadline = deadline, .jobs = jobs};
    for (guint i = 0; i < jobs->len && !needs.wanted; i++)
        part_end(reading->message, g_array_index(jobs, Job, i).part, PART_SKIPPED, "not-needed", NULL);
    if (jobs->len > 0 && needs.wanted)
        result = read_all(&batch);
    return result;
}
