#include "archive/log_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

// Two series of segments, one writer thread, one queue. A job lives on its caller's stack: the caller
// compresses, queues, and sleeps until the writer has made it durable or failed.
typedef enum { STREAM_RECORDS, STREAM_EVENTS, STREAM_LAST } StreamKind;
typedef enum { JOB_QUEUED, JOB_TAKEN, JOB_DONE } JobState;
typedef struct {
    const Frame *frame;
    StreamKind kind;
    int64_t time_us;
    ArchiveRef *ref;
    const RecordKey *key; // NULL = in clear
    JobState state;
    GCond changed;
    GError *error;
} Job;

struct Archive {
    Config *config;
    char *origin;
    int wait_ms; // for the locks
    bool shared; // others go on in the segments
    int lock_fd[STREAM_LAST];
    Stream streams[STREAM_LAST]; // the writer thread's, and:
    Keys *keys;                  // NULL = records are not sealed
    GThread *thread;

    GMutex lock; // of all below
    GCond work;
    GQueue queue; // of Job
    bool stopping;
    GPtrArray *contexts; // of ZSTD_CCtx: idle ones
};

static const int64_t BATCH_BYTES = 64 * 1024 * 1024;

// ---- the writer thread -----------------------------------------------------------------------------------

static void finish_jobs(Archive *archive, Job **jobs, guint n, const GError *error)
{
    g_mutex_lock(&archive->lock);
    for (guint i = 0; i < n; i++) {
        jobs[i]->error = error != NULL ? g_error_copy(error) : NULL;
        jobs[i]->state = JOB_DONE;
        g_cond_signal(&jobs[i]->changed);
    }
    g_mutex_unlock(&archive->lock);
}

// Commits what is written, on failure gives the segment up: either way the jobs are answered.
static bool settle(Archive *archive, Stream *stream, Job **jobs, guint n)
{
    g_autoptr(GError) error = NULL;
    bool ok = stream_commit(stream, &error);
    if (!ok)
        stream_abandon(stream);
    finish_jobs(archive, jobs, n, error);
    return ok;
}

static void write_stream(Archive *archive, Stream *stream, Job **jobs, guint n)
{
    guint first = 0; // not yet committed
    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        if (stream_must_rotate(stream, jobs[i]->frame->length, jobs[i]->time_us)) {
            if (settle(archive, stream, jobs + first, i - first))
                stream_rotate(stream);
            first = i;
        }
        if (!stream_append(stream, jobs[i]->frame, jobs[i]->time_us, jobs[i]->ref, &error)) {
            stream_abandon(stream);
            finish_jobs(archive, jobs + first, n - first, error);
            return;
        }
    }
    settle(archive, stream, jobs + first, n - first);
}

// Keys are durable before what they open: what is acknowledged can be read. Jobs whose keys cannot be kept are answered here.
static void write_keys(Archive *archive, GPtrArray *batch)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(KeysEntry));
    g_autoptr(GPtrArray) sealed = g_ptr_array_new();
    for (guint i = 0; i < batch->len; i++) {
        Job *job = batch->pdata[i];
        KeysEntry entry = {job->ref->id, job->key};
        if (job->key == NULL)
            continue;
        g_array_append_val(entries, entry);
        g_ptr_array_add(sealed, job);
    }
    if (sealed->len == 0 || keys_add(archive->keys, (const KeysEntry *)entries->data, entries->len, &error))
        return;
    for (guint i = 0; i < batch->len; i++)
        if (((Job *)batch->pdata[i])->key != NULL)
            batch->pdata[i] = NULL;
    finish_jobs(archive, (Job **)sealed->pdata, sealed->len, error);
}

static void write_batch(Archive *archive, GPtrArray *batch)
{
    write_keys(archive, batch);
    for (int kind = 0; kind < STREAM_LAST; kind++) {
        g_autoptr(GPtrArray) own = g_ptr_array_new();
        for (guint i = 0; i < batch->len; i++) {
            Job *job = batch->pdata[i];
            if (job != NULL && job->kind == (StreamKind)kind) {
                g_ptr_array_add(own, job);
                batch->pdata[i] = NULL; // answered below, and gone from then on
            }
        }
        if (own->len > 0)
            write_stream(archive, &archive->streams[kind], (Job **)own->pdata, own->len);
    }
}

static void take_batch(Archive *archive, GPtrArray *batch)
{
    int64_t bytes = 0;
    guint most = (guint)archive->config->archive.batch_records;
    Job *job;
    while (batch->len < most && bytes < BATCH_BYTES && (job = g_queue_pop_head(&archive->queue)) != NULL) {
        bytes += job->frame->length;
        job->state = JOB_TAKEN;
        g_ptr_array_add(batch, job);
    }
}

static gpointer writer_main(gpointer data)
{
    Archive *archive = data;
    g_autoptr(GPtrArray) batch = g_ptr_array_new();
    for (;;) {
        g_mutex_lock(&archive->lock);
        while (g_queue_is_empty(&archive->queue) && !archive->stopping)
            g_cond_wait(&archive->work, &archive->lock);
        take_batch(archive, batch);
        g_mutex_unlock(&archive->lock);
        if (batch->len == 0)
            return NULL;
        write_batch(archive, batch);
        g_ptr_array_set_size(batch, 0);
    }
}

// ---- the callers' side -----------------------------------------------------------------------------------

static bool enqueue(Archive *archive, Job *job, GError **error)
{
    int limit = archive->config->archive.queue_records;
    if (archive->stopping) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "the archive is being closed");
        return false;
    }
    if (g_queue_get_length(&archive->queue) >= (guint)limit) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%d records wait for the archive's writer already (archive.queue_records)", limit);
        return false;
    }
    g_queue_push_tail(&archive->queue, job);
    g_cond_signal(&archive->work);
    return true;
}

// Until the job is done; false when the writer did not take it in time.
static bool await(Archive *archive, Job *job, GError **error)
{
    int wait_ms = archive->config->archive.queue_wait_ms;
    gint64 deadline = g_get_monotonic_time() + (gint64)wait_ms * 1000;
    while (job->state == JOB_QUEUED)
        if (!g_cond_wait_until(&job->changed, &archive->lock, deadline) && job->state == JOB_QUEUED) {
            g_queue_remove(&archive->queue, job);
            g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                        "the archive's writer took no record for %d ms (archive.queue_wait_ms)", wait_ms);
            return false;
        }
    while (job->state != JOB_DONE)
        g_cond_wait(&job->changed, &archive->lock);
    if (job->error != NULL)
        g_propagate_error(error, job->error);
    return job->error == NULL;
}

static bool submit(Archive *archive, Job *job, GError **error)
{
    g_cond_init(&job->changed);
    g_mutex_lock(&archive->lock);
    bool ok = enqueue(archive, job, error) && await(archive, job, error);
    g_mutex_unlock(&archive->lock);
    g_cond_clear(&job->changed);
    return ok;
}

static ZSTD_CCtx *borrow_context(Archive *archive)
{
    g_mutex_lock(&archive->lock);
    ZSTD_CCtx *context = NULL;
    if (archive->contexts->len > 0)
        context = g_ptr_array_steal_index_fast(archive->contexts, archive->contexts->len - 1);
    g_mutex_unlock(&archive->lock);
    return context != NULL ? context : ZSTD_createCCtx();
}

static void free_context(gpointer context)
{
    ZSTD_freeCCtx(context);
}

static void return_context(Archive *archive, ZSTD_CCtx *context)
{
    enum { KEEP = 16 };
    g_mutex_lock(&archive->lock);
    bool keep = archive->contexts->len < KEEP;
    if (keep)
        g_ptr_array_add(archive->contexts, context);
    g_mutex_unlock(&archive->lock);
    if (!keep)
        ZSTD_freeCCtx(context);
}

static bool encode_and_submit(Archive *archive, StreamKind kind, EncodeInput *input, ArchiveRef *ref,
                              GError **error)
{
    g_auto(Frame) frame = {.fd = -1};
    RecordKey key;
    bool seal = archive->keys != NULL && kind == STREAM_RECORDS;
    if (seal)
        keys_record_new(&key);
    input->key = seal ? &key : NULL;
    input->dir = archive->config->archive.dir;
    input->level = archive->config->archive.compression;
    input->context = borrow_context(archive);
    if (input->context == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "no memory to compress a record");
        return false;
    }
    bool ok = encode_record(input, &frame, error);
    return_context(archive, input->context);
    Job job = {.frame = &frame, .kind = kind, .time_us = input->time_us, .ref = ref, .key = input->key};
    ok = ok && submit(archive, &job, error);
    if (seal)
        keys_record_clear(&key);
    return ok;
}

// Bytes free for us; -1 with `error`.
static int64_t free_bytes(const Config *config, GError **error)
{
    struct statvfs fs;
    if (statvfs(config->archive.dir, &fs) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot ask for free space: %s",
                    config->archive.dir, g_strerror(errno));
        return -1;
    }
    return (int64_t)(fs.f_bavail * fs.f_frsize);
}

static Tri has_space(const Config *config, int64_t len, GError **error)
{
    int64_t have = free_bytes(config, error);
    if (have < 0)
        return TRI_UNKNOWN;
    if (have - len >= config->archive.min_free_bytes)
        return TRI_YES;
    g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                "%s: low space: %" G_GINT64_FORMAT
                " bytes are free, archive.min_free_bytes is %" G_GINT64_FORMAT,
                config->archive.dir, have, config->archive.min_free_bytes);
    return TRI_NO;
}

void archive_ref_free(ArchiveRef *ref)
{
    if (ref == NULL)
        return;
    g_free(ref->segment);
    g_free(ref->sha256);
    g_free(ref);
}

static ArchiveRef *ref_new(const char *id, int64_t time_us, GError **error)
{
    g_autoptr(ArchiveRef) ref = g_new0(ArchiveRef, 1);
    if (id != NULL && !ulid_parse(id, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "\"%s\" is no record id", id);
        return NULL;
    }
    if (id != NULL)
        g_strlcpy(ref->id, id, sizeof ref->id);
    else if (!ulid_new(time_us, ref->id, error))
        return NULL;
    return g_steal_pointer(&ref);
}

// `*out_leaf`: what of it stands in clear where it is sealed, else untouched; caller frees.
static char *record_json(const Archive *archive, const ArchiveRef *ref, int64_t len, json_t *meta,
                         int64_t now_us, char **out_leaf, GError **error)
{
    g_autofree char *received = clock_format(now_us);
    json_t *record = meta != NULL ? json_copy(meta) : json_object();
    json_object_set_new(record, "id", json_string(ref->id));
    json_object_set_new(record, "origin", json_string(archive->origin));
    json_object_set_new(record, "received", json_string(received));
    json_object_set_new(record, "received_us", json_integer(now_us));
    json_object_set_new(record, "size", json_integer(len));
    json_object_set_new(record, "sha256", json_string(ref->sha256));
    event_salt(record);
    char *text = encode_json(record, error);
    if (text != NULL && archive->keys != NULL)
        *out_leaf = log_leaf(record, text, strlen(text), NULL, error);
    if (archive->keys != NULL && *out_leaf == NULL)
        g_clear_pointer(&text, g_free);
    json_decref(record);
    return text;
}

ArchiveRef *archive_append(Archive *archive, const char *id, int fd, int64_t len, json_t *meta,
                           int64_t now_us, GError **error)
{
    if (fd < 0 || len < 0 || (guint64)len > TAR_SIZE_MAX) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a message of %" G_GINT64_FORMAT " bytes cannot be archived", len);
        return NULL;
    }
    g_autoptr(ArchiveRef) ref = ref_new(id, now_us, error);
    if (ref == NULL || has_space(archive->config, len, error) != TRI_YES)
        return NULL;
    ref->sha256 = encode_hash_fd(fd, len, error);
    g_autofree char *leaf = NULL, *json = NULL;
    if (ref->sha256 != NULL)
        json = record_json(archive, ref, len, meta, now_us, &leaf, error);
    if (json == NULL)
        return NULL;
    EncodeInput input = {.id = ref->id, .fd = fd, .len = len, .json = json, .leaf = leaf, .time_us = now_us};
    if (!encode_and_submit(archive, STREAM_RECORDS, &input, ref, error))
        return NULL;
    return g_steal_pointer(&ref);
}

bool archive_event(Archive *archive, const char *event, const char *who, const char *record, json_t *detail,
                   int64_t now_us, GError **error)
{
    // No watermark here: an event is small, and the space kept free is there for what must still be recorded.
    g_autoptr(ArchiveRef) ref = ref_new(NULL, now_us, error);
    g_autofree char *json =
        ref != NULL ? event_json(ref->id, archive->origin, event, who, record, detail, now_us, error) : NULL;
    if (json == NULL)
        return false;
    EncodeInput input = {.id = ref->id, .fd = -1, .json = json, .time_us = now_us};
    return encode_and_submit(archive, STREAM_EVENTS, &input, ref, error);
}

Tri archive_ready(Archive *archive, GError **error)
{
    g_mutex_lock(&archive->lock);
    bool stopping = archive->stopping;
    guint waiting = g_queue_get_length(&archive->queue);
    g_mutex_unlock(&archive->lock);
    if (stopping || waiting >= (guint)archive->config->archive.queue_records)
        return TRI_NO;
    g_autoptr(GError) local = NULL;
    Tri space = has_space(archive->config, 0, &local);
    if (space == TRI_UNKNOWN)
        g_propagate_error(error, g_steal_pointer(&local));
    return space;
}

// ---- open and close --------------------------------------------------------------------------------------

// Who opens a segment that is not finished reads it first: those that many open are small.
#define SHARED_SEGMENT ((int64_t)8 * 1024 * 1024)

static bool open_streams(Archive *archive, GError **error)
{
    const ConfigArchive *config = &archive->config->archive;
    int64_t limit = archive->shared ? MIN(config->segment_bytes, SHARED_SEGMENT) : config->segment_bytes;
    for (int kind = 0; kind < STREAM_LAST; kind++) {
        g_autofree char *series = g_strconcat(archive->origin, kind == STREAM_EVENTS ? "-events" : "", NULL);
        archive->lock_fd[kind] = segment_lock(config->dir, series, archive->wait_ms, error);
        if (archive->lock_fd[kind] < 0 ||
            !stream_open(&archive->streams[kind], config->dir, series, limit, error))
            return false;
    }
    return true;
}

static bool origin_is_clean(const char *origin, GError **error)
{
    bool clean = origin[0] != '\0' && origin[0] != '.' && strlen(origin) <= 64 &&
                 strchr(origin, '/') == NULL && !g_str_has_suffix(origin, "-events");
    if (!clean)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_CONFIG,
            "archive.origin: \"%s\": use a-z, 0-9 and -, at most 64 characters, not ending in -events",
            origin);
    return clean;
}

static Archive *open_as(const Config *config, const char *origin, int wait_ms, bool shared, GError **error)
{
    origin = origin != NULL ? origin : config->archive.origin;
    if (!origin_is_clean(origin, error) || !file_make_dirs(config->archive.dir, 0750, error))
        return NULL;
    g_autoptr(Archive) archive = g_new0(Archive, 1);
    archive->config = config_ref((Config *)config);
    archive->origin = g_strdup(origin);
    archive->wait_ms = wait_ms;
    archive->shared = shared;
    archive->contexts = g_ptr_array_new_with_free_func(free_context);
    for (int kind = 0; kind < STREAM_LAST; kind++)
        archive->lock_fd[kind] = archive->streams[kind].fd = -1;
    g_mutex_init(&archive->lock);
    g_cond_init(&archive->work);
    if (config->archive.sealed && (archive->keys = keys_open(config, error)) == NULL)
        return NULL;
    if (!open_streams(archive, error))
        return NULL;
    archive->thread = g_thread_try_new("archive", writer_main, archive, error);
    return archive->thread != NULL ? g_steal_pointer(&archive) : NULL;
}

Archive *archive_open(const Config *config, const char *origin, GError **error)
{
    return open_as(config, origin, 0, false, error);
}

Archive *archive_open_shared(const Config *config, const char *origin, int wait_ms, GError **error)
{
    return open_as(config, origin, wait_ms, true, error);
}

void archive_close(Archive **handle)
{
    Archive *archive = g_steal_pointer(handle);
    if (archive == NULL)
        return;
    g_mutex_lock(&archive->lock);
    archive->stopping = true;
    g_cond_signal(&archive->work);
    g_mutex_unlock(&archive->lock);
    bool ran = archive->thread != NULL;
    if (ran)
        g_thread_join(archive->thread);
    for (int kind = 0; kind < STREAM_LAST; kind++) {
        stream_close(&archive->streams[kind], ran && !archive->shared);
        if (archive->lock_fd[kind] >= 0)
            close(archive->lock_fd[kind]);
    }
    keys_close(&archive->keys);
    g_ptr_array_unref(archive->contexts);
    g_mutex_clear(&archive->lock);
    g_cond_clear(&archive->work);
    g_free(archive->origin);
    config_unref(archive->config);
    g_free(archive);
}
