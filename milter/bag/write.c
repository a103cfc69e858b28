// The way of a bag: items in several threads, each noted when it is whole; then what belongs to all; then the check; then the name.
#include "bag/internal.h"

#include "bag/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_MOST  ((gsize)256 * 1024 * 1024)
#define EVENT_MOST 5000 // items that one event names

typedef struct {
    BagJob job;
    const char *path;
    char *part;
    int lock; // the directory PATH.part
    BagResult *result;
    BagProgress progress;
    void *data;
    // Of what follows, while threads work.
    GMutex mutex;
    GCond changed;
    guint left, done;
    GError *error; // the first
} Writing;

void bag_result_free(BagResult *result)
{
    if (result == NULL)
        return;
    g_free(result->manifest_sha256);
    g_free(result->checkpoint);
    g_clear_pointer(&result->warnings, g_ptr_array_unref);
    g_free(result);
}

static bool fail(GError **error, BaseError code, const char *path, const char *what)
{
    g_set_error(error, BASE_ERROR, code, "%s: %s: %s", path, what, g_strerror(errno));
    return false;
}

bool bag_put(const BagJob *job, json_t *files, const char *name, const void *data, gsize len, GError **error)
{
    g_autofree char *path = g_build_filename(job->bag, name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(error, BASE_ERROR_CANTCREAT, path, "cannot create");
    bool ok = file_write_all(fd, data, len, path, error);
    ok = file_close(&fd, path, ok ? error : NULL) && ok;
    if (ok && files != NULL) {
        g_autofree char *sha256 = sha256_hex(data, len);
        json_array_append_new(
            files, json_pack("{s:s, s:I, s:s}", "path", name, "size", (json_int_t)len, "sha256", sha256));
    }
    return ok;
}

// ---- items -----------------------------------------------------------------------------------------------

static char *note_path(const BagJob *job, const BagItem *item)
{
    return g_strdup_printf("%s/%s.json", job->work, item->bates);
}

// Is the file as the note says?
static bool file_is_there(const BagJob *job, const json_t *file)
{
    const char *name = json_string_value(json_object_get(file, "path"));
    const char *sha256 = json_string_value(json_object_get(file, "sha256"));
    g_autofree char *path = name != NULL ? g_build_filename(job->bag, name, NULL) : NULL;
    g_autofree char *hash = path != NULL ? manifest_hash(path, NULL, NULL) : NULL;
    return hash != NULL && g_strcmp0(hash, sha256) == 0;
}

json_t *bag_note(const BagJob *job, const BagItem *item)
{
    g_autofree char *path = note_path(job, item);
    g_autoptr(GBytes) bytes = file_read(path, NOTE_MOST, NULL);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    return len > 0 ? json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

// Was the item written whole before the bag was broken off?
static bool item_is_done(const BagJob *job, const BagItem *item)
{
    json_t *note = bag_note(job, item);
    const json_t *files = json_object_get(note, "files");
    bool done = json_is_array(files) && json_is_array(json_object_get(note, "rows"));
    for (size_t i = 0; done && i < json_array_size(files); i++)
        done = file_is_there(job, json_array_get(files, i));
    json_decref(note);
    return done;
}

static bool item_do(const BagJob *job, const BagItem *item, GError **error)
{
    if (item_is_done(job, item))
        return true;
    json_t *note = item_write(job, item, error);
    char *text = note != NULL ? json_dumps(note, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    g_autofree char *path = note_path(job, item);
    json_decref(note);
    int fd = text != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (text != NULL && fd < 0)
        fail(error, BASE_ERROR_CANTCREAT, path, "cannot create");
    bool ok = fd >= 0 && file_write_all(fd, text, strlen(text), path, error);
    if (fd >= 0)
        ok = file_close(&fd, path, ok ? error : NULL) && ok;
    free(text);
    return ok;
}

static void item_run(gpointer data, gpointer user)
{
    Writing *writing = user;
    g_autoptr(GError) error = NULL;
    g_mutex_lock(&writing->mutex);
    bool stopped = writing->error != NULL;
    g_mutex_unlock(&writing->mutex);
    bool ok = stopped || item_do(&writing->job, data, &error);
    g_mutex_lock(&writing->mutex);
    if (!ok && writing->error == NULL)
        writing->error = g_steal_pointer(&error);
    writing->left--;
    writing->done++;
    g_cond_signal(&writing->changed);
    g_mutex_unlock(&writing->mutex);
}

static void show(const Writing *writing, const char *step, guint64 done, guint64 total)
{
    if (writing->progress != NULL)
        writing->progress(step, done, total, writing->data);
}

static bool write_items(Writing *writing, GError **error)
{
    const GPtrArray *items = writing->job.spec->items;
    GThreadPool *pool = g_thread_pool_new(item_run, writing, (gint)g_get_num_processors(), FALSE, error);
    if (pool == NULL)
        return false;
    writing->left = items->len;
    for (guint i = 0; i < items->len; i++)
        g_thread_pool_push(pool, items->pdata[i], NULL);
    g_mutex_lock(&writing->mutex);
    for (guint shown = 0; writing->left > 0;) {
        g_cond_wait(&writing->changed, &writing->mutex);
        guint done = writing->done;
        g_mutex_unlock(&writing->mutex);
        if (done != shown)
            show(writing, "messages", done, items->len);
        shown = done;
        g_mutex_lock(&writing->mutex);
    }
    GError *why = g_steal_pointer(&writing->error);
    g_mutex_unlock(&writing->mutex);
    g_thread_pool_free(pool, FALSE, TRUE);
    bool ok = why == NULL;
    if (why != NULL)
        g_propagate_error(error, why);
    return ok;
}

// ---- beginning -------------------------------------------------------------------------------------------

// The newest checkpoint or the spec's, and the time, as they are kept for the next try.
static bool begin_new(Writing *writing, const char *spec_hash, const char *path, GError **error)
{
    BagJob *job = &writing->job;
    job->time_us = job->spec->time_us;
    job->checkpoint = job->spec->checkpoint != NULL
                          ? archive_log_checkpoint_of(job->config, job->spec->checkpoint, error)
                          : archive_log_checkpoint(job->config, error);
    if (job->checkpoint == NULL)
        return false;
    job->searches = json_incref(job->spec->searches);
    json_t *kept = json_pack("{s:s, s:I, s:s, s:O?}", "spec", spec_hash, "time_us", (json_int_t)job->time_us,
                             "checkpoint", job->checkpoint->note, "searches", job->searches);
    char *text = json_dumps(kept, JSON_COMPACT);
    json_decref(kept);
    bool ok = text != NULL && file_write_atomic(path, text, strlen(text), 0600, error);
    free(text);
    return ok;
}

static bool begin_again(Writing *writing, const char *spec_hash, const char *path, GBytes *bytes,
                        GError **error)
{
    BagJob *job = &writing->job;
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    json_t *kept = json_loadb(data, len, 0, NULL);
    const char *note = json_string_value(json_object_get(kept, "checkpoint"));
    job->time_us = json_integer_value(json_object_get(kept, "time_us"));
    job->searches =
        json_incref(job->spec->checkpoint != NULL ? job->spec->searches : json_object_get(kept, "searches"));
    bool same = note != NULL && g_strcmp0(json_string_value(json_object_get(kept, "spec")), spec_hash) == 0;
    if (job->spec->checkpoint != NULL)
        same = same && strcmp(note, job->spec->checkpoint) == 0 && job->time_us == job->spec->time_us;
    if (same)
        job->checkpoint = archive_log_checkpoint_of(job->config, note, error);
    else
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT,
                    "%s: another export was broken off there; finish that one, or remove %s", path,
                    writing->part);
    json_decref(kept);
    return same && job->checkpoint != NULL;
}

static bool make_dirs(const BagJob *job, GError **error)
{
    static const char *const DIRS[] = {"data/eml",         "data/mbox",     "data/text",
                                       "data/attachments", "data/redacted", "proofs"};
    bool ok = file_make_dirs(job->work, 0700, error);
    for (guint i = 0; ok && i < G_N_ELEMENTS(DIRS); i++) {
        g_autofree char *dir = g_build_filename(job->bag, DIRS[i], NULL);
        ok = file_make_dirs(dir, 0700, error);
    }
    return ok;
}

static bool lock_part(Writing *writing, GError **error)
{
    if (mkdir(writing->part, 0700) != 0 && errno != EEXIST)
        return fail(error, BASE_ERROR_CANTCREAT, writing->part, "cannot make directory");
    writing->lock = open(writing->part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (writing->lock < 0)
        return fail(error, BASE_ERROR_CANTCREAT, writing->part, "cannot open");
    if (flock(writing->lock, LOCK_EX | LOCK_NB) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: another process writes this bag",
                    writing->part);
        return false;
    }
    return true;
}

static bool begin(Writing *writing, GError **error)
{
    BagJob *job = &writing->job;
    struct stat now;
    g_autofree char *spec = spec_text(job->spec);
    g_autofree char *hash = spec != NULL ? sha256_hex(spec, strlen(spec)) : NULL;
    g_autofree char *path = g_build_filename(writing->part, "spec.json", NULL);
    if (hash == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: texts that are not UTF-8", job->spec->name);
        return false;
    }
    if (lstat(writing->path, &now) == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT,
                    "%s: is there already; exports overwrite nothing", writing->path);
        return false;
    }
    if (!lock_part(writing, error))
        return false;
    g_autoptr(GError) none = NULL;
    g_autoptr(GBytes) kept = file_read(path, NOTE_MOST, &none);
    if (kept == NULL && lstat(job->work, &now) == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT,
                    "%s: what was broken off there cannot be gone on with (%s); remove it", writing->part,
                    none->message);
        return false;
    }
    return (kept != NULL ? begin_again(writing, hash, path, kept, error)
                         : begin_new(writing, hash, path, error)) &&
           make_dirs(job, error);
}

static bool find_items(BagJob *job, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < job->spec->items->len; i++)
        g_ptr_array_add(ids, ((const BagItem *)job->spec->items->pdata[i])->record);
    job->places = archive_find(job->config, ids, error);
    return job->places != NULL;
}

// ---- events ----------------------------------------------------------------------------------------------

static json_t *event_items(const BagSpec *spec, guint from)
{
    json_t *items = json_array();
    for (guint i = from; i < spec->items->len && i < from + EVENT_MOST; i++) {
        const BagItem *item = spec->items->pdata[i];
        json_array_append_new(
            items, json_sprintf("%s %s %s", item->bates, item->record, bag_treatment_name(item->treatment)));
    }
    return items;
}

static bool event_add(const Writing *writing, const char *event, json_t *detail, GError **error)
{
    bool ok = archive_event_once(writing->job.config, event, writing->job.spec->who, NULL, detail,
                                 clock_now_us(), error);
    json_decref(detail);
    return ok;
}

// Before a byte leaves the archive: what is to be exported, and to whom.
static bool event_export(const Writing *writing, GError **error)
{
    const BagSpec *spec = writing->job.spec;
    bool ok = true;
    for (guint from = 0; ok && from < spec->items->len; from += EVENT_MOST)
        ok = event_add(writing, "export",
                       json_pack("{s:s, s:s, s:s*, s:s*, s:b, s:i, s:i, s:o}", "format", "bag", "name",
                                 spec->name, "requester", spec->requester, "reason", spec->reason, "envelope",
                                 (int)spec->envelope, "count", (int)spec->items->len, "from", (int)from,
                                 "items", event_items(spec, from)),
                       error);
    return ok;
}

static bool event_exported(const Writing *writing, GError **error)
{
    const BagResult *result = writing->result;
    return event_add(writing, "exported",
                     json_pack("{s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:s}", "format", "bag", "name",
                               writing->job.spec->name, "full", (int)result->full, "redacted",
                               (int)result->redacted, "withheld", (int)result->withheld, "files",
                               (json_int_t)result->files, "bytes", (json_int_t)result->bytes, "manifest",
                               result->manifest_sha256),
                     error);
}

// ---- the end ---------------------------------------------------------------------------------------------

typedef struct {
    char *first; // finding
    guint count;
} Findings;

static void on_finding(const char *file, const char *what, void *data)
{
    Findings *findings = data;
    if (findings->count++ == 0)
        findings->first = g_strdup_printf("%s: %s", file, what);
}

static bool check(const Writing *writing, GError **error)
{
    Findings findings = {0};
    Tri right = bag_check(writing->job.bag, writing->job.checkpoint->verifier, on_finding, writing->progress,
                          writing->data, error);
    if (right == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: does not read back as it was written: %s",
                    writing->job.bag, findings.first);
    g_free(findings.first);
    return right == TRI_YES;
}

static bool give_name(const Writing *writing, GError **error)
{
    const char *bag = writing->job.bag;
    struct stat now;
    int moved = renameat2(AT_FDCWD, bag, AT_FDCWD, writing->path, RENAME_NOREPLACE);
    if (moved != 0 && errno == EINVAL && lstat(writing->path, &now) != 0) // a file system without that flag
        moved = rename(bag, writing->path);
    if (moved != 0)
        return fail(error, BASE_ERROR_CANTCREAT, bag, "cannot rename to its final name");
    g_autofree char *dir = g_path_get_dirname(writing->path);
    return file_sync_dir(dir, error);
}

// Notes of what is in the bag go before it gets its name: nobody looks for them afterwards. A failure is no harm to the bag.
static void tidy_notes(const Writing *writing)
{
    const GPtrArray *items = writing->job.spec->items;
    bool ok = true;
    for (guint i = 0; i < items->len; i++) {
        g_autofree char *note = note_path(&writing->job, items->pdata[i]);
        ok = g_unlink(note) == 0 && ok;
    }
    if (g_rmdir(writing->job.work) != 0 || !ok)
        log_warn("notes of an export are left; they can be removed", "directory", writing->job.work);
}

static void tidy(const Writing *writing)
{
    g_autofree char *spec = g_build_filename(writing->part, "spec.json", NULL);
    if (g_unlink(spec) != 0 || g_rmdir(writing->part) != 0)
        log_warn("notes of an export are left; they can be removed", "directory", writing->part);
}

static bool finish(Writing *writing, GError **error)
{
    if (syncfs(writing->lock) != 0)
        return fail(error, BASE_ERROR_IO, writing->part, "cannot sync");
    if (!check(writing, error) || !event_exported(writing, error))
        return false;
    tidy_notes(writing);
    return give_name(writing, error);
}

BagResult *bag_write(const Config *config, Readers *readers, const BagSpec *spec, const char *path,
                     BagProgress progress, void *data, GError **error)
{
    if (!spec_check(spec, error))
        return NULL;
    Writing writing = {.path = path, .lock = -1, .progress = progress, .data = data};
    writing.part = g_strconcat(path, ".part", NULL);
    writing.job = (BagJob){.config = config,
                           .readers = readers,
                           .spec = spec,
                           .work = g_build_filename(writing.part, "work", NULL),
                           .bag = g_build_filename(writing.part, "bag", NULL)};
    writing.result = g_new0(BagResult, 1);
    writing.result->warnings = g_ptr_array_new_with_free_func(g_free);
    g_mutex_init(&writing.mutex);
    g_cond_init(&writing.changed);
    bool ok = begin(&writing, error) && find_items(&writing.job, error) && event_export(&writing, error) &&
              write_items(&writing, error) && pack_all(&writing.job, writing.result, progress, data, error) &&
              finish(&writing, error);
    if (ok)
        tidy(&writing);
    else
        g_clear_pointer(&writing.result, bag_result_free);
    if (writing.lock >= 0)
        close(writing.lock);
    g_mutex_clear(&writing.mutex);
    g_cond_clear(&writing.changed);
    g_clear_pointer(&writing.job.checkpoint, archive_checkpoint_free);
    json_decref(writing.job.searches);
    g_clear_pointer(&writing.job.places, g_hash_table_unref);
    g_free(writing.job.work);
    g_free(writing.job.bag);
    g_free(writing.part);
    return writing.result;
}
