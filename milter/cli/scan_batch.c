// scan --batch: many messages, judged in parallel, printed in the order of the batch file.
#include "cli/cli.h"
#include "cli/scan.h"

#include <stdio.h>
#include <string.h>

// Lines judged before the next are read: what bounds memory.
#define WINDOW     128
#define MOST_BATCH (1024L * 1024 * 1024)

typedef struct {
    const Snapshot *snapshot;
    Readers *pool;
} BatchWork;

static const char *field_text(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

static char **field_texts(const json_t *json, const char *key)
{
    const json_t *list = json_object_get(json, key), *one;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    gsize i;
    json_array_foreach(list, i, one)
    {
        if (!json_is_string(one))
            return NULL;
        g_ptr_array_add(out, g_strdup(json_string_value(one)));
    }
    if (!json_is_array(list) || out->len == 0)
        return NULL;
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

static bool field_wrong(const json_t *json, const char *key, bool required)
{
    const json_t *field = json_object_get(json, key);
    bool absent = !field || json_is_null(field);
    return absent ? required : !json_is_string(field);
}

// Fills `job` from a line; its error is set when the line is wrong.
static void job_parse(ScanJob *job, const char *line, const char *dir, const char *place)
{
    static const char *const keys[] = {"id", "file", "from", "to", "auth", "date", NULL};
    json_error_t wrong;
    json_t *json = json_loads(line, 0, &wrong), *value;
    const char *what = !json ? wrong.text : !json_is_object(json) ? "not an object" : NULL, *key;
    if (!what && (field_wrong(json, "file", true) || field_wrong(json, "from", true) ||
                  field_wrong(json, "id", false) || field_wrong(json, "auth", false) ||
                  field_wrong(json, "date", false)))
        what = "\"file\" and \"from\" must be strings, \"id\", \"auth\" and \"date\" may be";
    if (!what && !(job->to = field_texts(json, "to")))
        what = "\"to\" must be a list of addresses";
    if (!what)
        json_object_foreach(json, key, value) if (!g_strv_contains(keys, key)) what =
            "unknown key; use id, file, from, to, "
            "auth, date";
    job->date_us = clock_now_us();
    if (what) {
        g_set_error(&job->error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s", place, what);
    } else if (!field_text(json, "date") ||
               clock_parse(field_text(json, "date"), &job->date_us, &job->error)) {
        job->path = g_canonicalize_filename(field_text(json, "file"), dir);
        job->id = g_strdup(field_text(json, "id") ? field_text(json, "id") : field_text(json, "file"));
        job->from = g_strdup(field_text(json, "from"));
        job->auth = g_strdup(field_text(json, "auth"));
    } else {
        g_prefix_error(&job->error, "%s: date: ", place);
    }
    json_decref(json);
}

static void work_run(gpointer item, gpointer data)
{
    const BatchWork *work = data;
    ScanJob *job = item;
    if (!job->error)
        scan_job_run(job, work->snapshot, work->pool);
}

// Judges and prints what the window holds; the status of the first failure.
static int window_run(GPtrArray *jobs, BatchWork *work, bool mask)
{
    int status = 0;
    GError *error = NULL;
    GThreadPool *threads =
        g_thread_pool_new(work_run, work, work->snapshot->config->reader.workers, FALSE, &error);
    if (!threads)
        return cli_fail(error);
    for (guint i = 0; i < jobs->len; i++)
        if (!g_thread_pool_push(threads, jobs->pdata[i], &error))
            g_clear_error(&error); // stays queued until a thread is to be had
    g_thread_pool_free(threads, FALSE, TRUE);
    for (guint i = 0; i < jobs->len; i++) {
        ScanJob *job = jobs->pdata[i];
        int one = 0;
        if (job->error)
            one = cli_fail(g_steal_pointer(&job->error));
        else if (!scan_print_json(job, mask))
            one = BASE_ERROR_IO;
        status = status ? status : one;
    }
    g_ptr_array_set_size(jobs, 0);
    return status;
}

int scan_batch(const char *path, const Snapshot *snapshot, Readers *pool, bool mask)
{
    GError *error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, MOST_BATCH, &error);
    if (!bytes)
        return cli_fail(error);
    gsize len;
    const char *text = g_bytes_get_data(bytes, &len);
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *dir = g_canonicalize_filename(parent, NULL);
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify)scan_job_free);
    BatchWork work = {snapshot, pool};
    int status = 0;
    guint number = 0;
    for (const char *line = text, *end = text + len; line < end;) {
        const char *stop = memchr(line, '\n', (gsize)(end - line));
        stop = stop ? stop : end;
        g_autofree char *copy = g_strndup(line, (gsize)(stop - line));
        g_autofree char *place = g_strdup_printf("%s:%u", path, ++number);
        line = stop + 1;
        if (*g_strstrip(copy)) {
            ScanJob *job = g_new0(ScanJob, 1);
            g_ptr_array_add(jobs, job);
            job_parse(job, copy, dir, place);
        }
        if (jobs->len >= WINDOW || line >= end) {
            int one = window_run(jobs, &work, mask);
            status = status ? status : one;
        }
    }
    return status;
}
