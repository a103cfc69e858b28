#include "intake/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// Messages in work at once: they share the archive's commits.
enum { BATCH = 512, THREADS_MOST = 64, LOOK = 4096, TRIES = 60 };
#define BATCH_BYTES ((gsize)32 * 1024 * 1024)

typedef struct {
    const IntakeFile *file;
    int64_t position, now_us;
    char *hash;
    char id[ULID_LEN + 1];
    GBytes *raw;
    json_t *meta;
    bool report;
    GError *error;
} Job;

typedef struct {
    const Config *config;
    const IntakeOrder *order;
    IntakeTally *tally;
    Archive *archive;
    IntakeState *state;
    GPtrArray *jobs;     // of Job: the batch
    GPtrArray *finished; // of IntakeFile, borrowed: all their messages are in this batch or before it
    gsize batch_bytes;
    guint64 done_bytes, total_bytes;
    GError *error;
    GMutex lock;
    GCond changed;
    guint running;
    // The file that is being read.
    IntakeFile *file;
    const char *mbox_kind;
} Import;

static const char *const FORMATS[INTAKE_LAST] = {"auto",   "eml",     "mbox",    "mboxrd", "mboxo",
                                                 "mboxcl", "mboxcl2", "maildir", "journal"};

IntakeFormat intake_format(const char *name)
{
    IntakeFormat format = INTAKE_AUTO;
    while (format < INTAKE_LAST && strcmp(name, FORMATS[format]) != 0)
        format++;
    return format;
}

const char *intake_format_name(IntakeFormat format)
{
    return format < INTAKE_LAST ? FORMATS[format] : "?";
}

static void job_free(gpointer data)
{
    Job *job = data;
    g_free(job->hash);
    g_bytes_unref(job->raw);
    json_decref(job->meta);
    g_clear_error(&job->error);
    g_free(job);
}

// ---- a batch -------------------------------------------------------------------------------------------------

static int memory_file(GBytes *raw, GError **error)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(raw, &len);
    int fd = memfd_create("chaperone-import", MFD_CLOEXEC);
    if (fd < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "no memory for a message: %s", g_strerror(errno));
    else if (!file_write_all(fd, data != NULL ? data : "", len, "message", error))
        file_close(&fd, "message", NULL);
    return fd;
}

// In a thread of the pool. What is busy is tried again; low space and failing disks end the import.
static void job_run(gpointer data, gpointer user)
{
    Job *job = data;
    Import *import = user;
    int fd = memory_file(job->raw, &job->error);
    bool again = fd >= 0;
    for (int try = 0; again; try++) {
        g_clear_error(&job->error);
        g_autoptr(ArchiveRef) ref =
            archive_append(import->archive, job->id, fd, (int64_t)g_bytes_get_size(job->raw), job->meta,
                           job->now_us, &job->error);
        again = ref == NULL && try < TRIES && g_error_matches(job->error, BASE_ERROR, BASE_ERROR_TEMPFAIL) &&
                archive_ready(import->archive, NULL) == TRI_YES;
        if (again)
            g_usleep(G_USEC_PER_SEC / 4);
    }
    if (fd >= 0)
        close(fd);
    g_mutex_lock(&import->lock);
    import->running--;
    g_cond_signal(&import->changed);
    g_mutex_unlock(&import->lock);
}

static bool batch_intend(Import *import)
{
    bool ok = state_begin(import->state, &import->error);
    for (guint i = 0; i < import->jobs->len && ok; i++) {
        const Job *job = import->jobs->pdata[i];
        ok = state_intend(import->state, job->file->source, job->position, job->hash, job->id, job->now_us,
                          &import->error);
    }
    ok = ok && state_commit(import->state, &import->error);
    if (!ok)
        state_rollback(import->state);
    return ok;
}

static bool batch_append(Import *import)
{
    guint threads = CLAMP((guint)import->config->archive.batch_records, 1, THREADS_MOST);
    GThreadPool *pool = g_thread_pool_new(job_run, import, (gint)threads, FALSE, &import->error);
    if (pool == NULL)
        return false;
    import->running = import->jobs->len;
    for (guint i = 0; i < import->jobs->len; i++)
        g_thread_pool_push(pool, import->jobs->pdata[i], NULL);
    g_mutex_lock(&import->lock);
    while (import->running > 0)
        g_cond_wait(&import->changed, &import->lock);
    g_mutex_unlock(&import->lock);
    g_thread_pool_free(pool, FALSE, TRUE);
    return true;
}

// What is durable is told, though others failed.
static bool batch_conclude(Import *import)
{
    GError *first = NULL;
    bool ok = state_begin(import->state, &import->error);
    for (guint i = 0; i < import->jobs->len && ok; i++) {
        Job *job = import->jobs->pdata[i];
        if (job->error == NULL) {
            ok = state_done(import->state, job->id, &import->error);
            import->tally->imported++;
            import->tally->reports += job->report;
            import->tally->bytes += g_bytes_get_size(job->raw);
        } else if (first == NULL) {
            first = g_error_copy(job->error);
            g_prefix_error(&first, "%s: byte %" G_GINT64_FORMAT ": ", job->file->path, job->position);
        }
    }
    for (guint i = 0; i < import->finished->len && ok && first == NULL; i++)
        ok = state_finish_file(import->state, import->finished->pdata[i], &import->error);
    ok = ok && state_commit(import->state, &import->error);
    if (!ok)
        state_rollback(import->state);
    if (first != NULL && ok)
        g_propagate_error(&import->error, first);
    else
        g_clear_error(&first);
    return ok && import->error == NULL;
}

static bool batch_flush(Import *import)
{
    bool none = import->jobs->len == 0 && import->finished->len == 0;
    bool ok = none || (batch_intend(import) && batch_append(import) && batch_conclude(import));
    g_ptr_array_set_size(import->jobs, 0);
    g_ptr_array_set_size(import->finished, 0);
    import->batch_bytes = 0;
    if (import->order->progress != NULL)
        import->order->progress(import->done_bytes, import->total_bytes, import->order->data);
    return ok;
}

// ---- messages ------------------------------------------------------------------------------------------------

// Told, written down, and gone on behind it. False when it cannot be written down.
static bool import_fail(Import *import, int64_t position, const char *why)
{
    import->tally->failed++;
    import->order->failure(import->file->path, position, why, import->order->data);
    return state_fail(import->state, import->file->source, position, why, clock_now_us(), &import->error);
}

static bool import_add(Import *import, GBytes *raw, IntakeHints *hints)
{
    import->tally->messages++;
    import->file->messages++;
    gsize len = 0;
    const void *data = g_bytes_get_data(raw, &len);
    g_autofree char *hash = sha256_hex(data != NULL ? data : "", len);
    const char *source = import->file->source;
    Tri known = state_has(import->state, source, hints->position, hash, &import->error);
    import->tally->already += known == TRI_YES;
    if (known != TRI_NO)
        return known == TRI_YES;
    Job *job = g_new0(Job, 1);
    hints->now_us = job->now_us = clock_now_us();
    hints->source = source;
    job->file = import->file;
    job->position = hints->position;
    job->hash = g_steal_pointer(&hash);
    job->raw = g_bytes_ref(raw);
    job->meta = intake_meta(raw, hints, &job->report);
    g_ptr_array_add(import->jobs, job);
    import->batch_bytes += len;
    if (!ulid_new(job->now_us, job->id, &import->error))
        return false;
    bool full = import->jobs->len >= BATCH || import->batch_bytes >= BATCH_BYTES;
    return !full || batch_flush(import);
}

static bool import_mbox_message(const MboxMessage *message, void *data)
{
    Import *import = data;
    if (message->raw == NULL)
        return import_fail(import, message->position, "the message is larger than 512 MiB");
    IntakeHints hints = {.format = "mbox",
                         .position = message->position,
                         .from_line = message->sender,
                         .mbox_kind = import->mbox_kind,
                         .unquoted = message->unquoted,
                         .file_us = message->line_us};
    import->done_bytes += g_bytes_get_size(message->raw);
    return import_add(import, message->raw, &hints);
}

// ---- files ---------------------------------------------------------------------------------------------------

static bool import_mbox(Import *import, int fd, bool *out_whole)
{
    g_autoptr(GError) error = NULL;
    IntakeFormat kind = import->file->format;
    bool named = kind >= INTAKE_MBOXRD && kind <= INTAKE_MBOXCL2;
    guint64 before = import->done_bytes;
    if (!named)
        kind = mbox_kind(fd, import->file->path, &error);
    import->mbox_kind = intake_format_name(kind);
    *out_whole =
        kind != INTAKE_LAST && mbox_read(fd, import->file->path, kind, import_mbox_message, import, &error);
    import->done_bytes = before; // the file's size is added when it is done
    if (import->error != NULL)
        return false;
    return *out_whole || import_fail(import, -1, error->message);
}

static GBytes *read_whole(int fd, int64_t size, GError **error)
{
    char *data = g_malloc((gsize)size + 1);
    gsize have = 0;
    ssize_t n = 1;
    while (have < (gsize)size && n > 0) {
        n = pread(fd, data + have, (gsize)size - have, (off_t)have);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            have += (gsize)n;
    }
    if (n < 0 || have < (gsize)size) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "cannot read: %s",
                    n < 0 ? g_strerror(errno) : "it became shorter meanwhile");
        g_free(data);
        return NULL;
    }
    return g_bytes_new_take(data, have);
}

static const char *refusal(const Import *import, const char *data, gsize len)
{
    static const char PST[] = "!BDN";
    static const guint8 OLE[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
    g_autoptr(IntakeHeader) header = header_parse(data, len);
    bool given = import->file->format == INTAKE_EML || import->file->format == INTAKE_MAILDIR;
    if (len == 0)
        return "empty";
    if (len >= 4 && memcmp(data, PST, 4) == 0)
        return "an Outlook data file (PST): convert it to EML first, as readpst(1) does";
    if (len >= sizeof OLE && memcmp(data, OLE, sizeof OLE) == 0)
        return "an OLE file (Outlook MSG?): convert it to EML first";
    if (header->fields->len == 0 || (!given && !header->known))
        return "no message: it does not begin with a header";
    return NULL;
}

static bool import_single(Import *import, int fd, bool *out_whole)
{
    g_autoptr(GError) error = NULL;
    const IntakeFile *file = import->file;
    bool large = file->size > (int64_t)INTAKE_MOST;
    g_autoptr(GBytes) raw = large ? NULL : read_whole(fd, file->size, &error);
    const char *why = large         ? "larger than 512 MiB"
                      : raw == NULL ? error->message
                                    : refusal(import, g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
    *out_whole = why == NULL;
    if (why != NULL)
        return import_fail(import, -1, why);
    IntakeHints hints = {.format = file->format == INTAKE_MAILDIR ? "maildir" : "eml",
                         .file_us = file->mtime_ns / 1000};
    return import_add(import, raw, &hints);
}

static bool is_mbox(const IntakeFile *file, int fd)
{
    char look[LOOK];
    bool given = file->format >= INTAKE_MBOX && file->format <= INTAKE_MBOXCL2;
    bool open = file->format == INTAKE_AUTO || file->format == INTAKE_JOURNAL;
    ssize_t n = open ? pread(fd, look, sizeof look, 0) : 0;
    return given || (n > 0 && mbox_begins(look, (gsize)n));
}

static bool import_file(Import *import)
{
    const IntakeFile *file = import->file;
    guint64 known = 0, failed = import->tally->failed;
    Tri done = state_file_done(import->state, file, &known, &import->error);
    import->tally->already += known;
    import->tally->messages += known;
    if (done != TRI_NO)
        return done == TRI_YES;
    struct stat st;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        const char *why = fd < 0 ? g_strerror(errno) : "it is no file any more";
        if (fd >= 0)
            close(fd);
        return import_fail(import, -1, why);
    }
    bool whole = false;
    bool ok = is_mbox(file, fd) ? import_mbox(import, fd, &whole) : import_single(import, fd, &whole);
    close(fd);
    // What failed in it is looked at again, and named again, by the next run.
    if (ok && whole && import->tally->failed == failed)
        g_ptr_array_add(import->finished, (gpointer)file);
    return ok;
}

// ---- the import ----------------------------------------------------------------------------------------------

static bool import_run(Import *import, const GPtrArray *files)
{
    bool ok = true;
    for (guint i = 0; i < files->len; i++)
        import->total_bytes += (guint64)((const IntakeFile *)files->pdata[i])->size;
    for (guint i = 0; i < files->len && ok; i++) {
        import->file = files->pdata[i];
        import->tally->files++;
        ok = import_file(import);
        import->done_bytes += (guint64)import->file->size;
        ok = ok && (import->finished->len < BATCH || batch_flush(import));
    }
    return ok && batch_flush(import);
}

static bool import_open(Import *import, GError **error)
{
    const Config *config = import->config;
    g_autofree char *own = g_build_filename(config->archive.dir, "import.db", NULL);
    g_autofree char *origin = g_strconcat(config->archive.origin, "-import", NULL);
    // The archive first: while it is open nobody else imports, and a torn end is cut.
    import->archive = archive_open(config, origin, error);
    import->state = import->archive != NULL
                        ? state_open(import->order->state != NULL ? import->order->state : own, error)
                        : NULL;
    return import->state != NULL && state_settle(import->state, config, error);
}

bool intake_import(const Config *config, const IntakeOrder *order, IntakeTally *out_tally, GError **error)
{
    *out_tally = (IntakeTally){0};
    Import import = {.config = config, .order = order, .tally = out_tally};
    import.jobs = g_ptr_array_new_with_free_func(job_free);
    import.finished = g_ptr_array_new();
    g_mutex_init(&import.lock);
    g_cond_init(&import.changed);
    bool ok = import_open(&import, error);
    g_autoptr(GPtrArray) files = ok ? walk_files(order, &out_tally->failed) : NULL;
    ok = ok && import_run(&import, files);
    if (import.error != NULL)
        g_propagate_error(error, import.error);
    state_close(&import.state);
    archive_close(&import.archive);
    g_ptr_array_unref(import.jobs);
    g_ptr_array_unref(import.finished);
    g_mutex_clear(&import.lock);
    g_cond_clear(&import.changed);
    return ok;
}
