// Jobs, in the process that does one.
#include "console/jobs.h"

#include "backtest/backtest.h"
#include "cases/cases.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { AT_ONCE = 2, WATCH_US = 250000, TELL_US = 300000, JSON_MOST = 1 << 20 };

typedef struct {
    const Config *config;
    const char *dir;
    json_t *order;
    GMutex ending;  // whoever has it tells what became of the job
    bool is_ending; // it is the work's own
    int64_t told_us;
} Work;

static const char *ordered(const Work *work, const char *key)
{
    const char *text = json_string_value(json_object_get(work->order, key));
    return text != NULL ? text : "";
}

static bool put_json(const char *dir, const char *name, const json_t *json, GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
    bool ok = file_write_atomic(path, text, strlen(text), 0640, error);
    free(text);
    return ok;
}

static void put_result(const Work *work, json_t *result)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *time = clock_format(clock_now_us());
    json_object_set_new(result, "ended", json_string(time));
    if (!put_json(work->dir, "result.json", result, &error))
        log_error("what became of a job is not kept", "error", error->message);
    json_decref(result);
}

// A file beside the job asks it to end: whatever is half done then can be gone on with, or thrown away.
static gpointer watch(gpointer data)
{
    Work *work = data;
    g_autofree char *path = g_build_filename(work->dir, "cancel", NULL);
    while (access(path, F_OK) != 0)
        g_usleep(WATCH_US);
    g_mutex_lock(&work->ending);
    put_result(work, json_pack("{s:s}", "state", "cancelled"));
    _exit(0);
    return NULL;
}

static void tell(Work *work, const char *step, guint64 done, guint64 total)
{
    int64_t now_us = clock_now_us();
    if (done < total && now_us - work->told_us < TELL_US)
        return;
    g_autoptr(GError) error = NULL;
    json_t *json =
        json_pack("{s:s, s:I, s:I}", "step", step, "done", (json_int_t)done, "total", (json_int_t)total);
    if (!put_json(work->dir, "progress.json", json, &error))
        log_warn("a job's progress is not told", "error", error->message);
    json_decref(json);
    work->told_us = now_us;
}

// Not more at a time than leave the mail path alone. The lock ends with the process. False with `error`.
static bool wait_for_turn(Work *work, GError **error)
{
    bool mine = false, ok = true;
    tell(work, "waiting", 0, 1);
    while (ok && !mine) {
        for (int i = 0; ok && !mine && i < AT_ONCE; i++) {
            g_autofree char *name = g_strdup_printf("slot-%d.lock", i);
            g_autofree char *path = g_build_filename(work->config->archive.dir, "exports", name, NULL);
            int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
            ok = fd >= 0;
            mine = ok && flock(fd, LOCK_EX | LOCK_NB) == 0;
            if (ok && !mine)
                close(fd);
            if (!ok)
                g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: cannot be made", path);
        }
        if (ok && !mine)
            g_usleep(WATCH_US);
    }
    return ok;
}

// ---- searching -------------------------------------------------------------------------------------------

static void search_progress(guint64 done, guint64 total, void *data)
{
    tell(data, "reading", done, total);
}

static json_t *do_search(Work *work, Cases *cases, Readers *readers, GError **error)
{
    CaseSearched found;
    if (!case_search(cases, ordered(work, "case"), readers, ordered(work, "query"),
                     json_is_true(json_object_get(work->order, "envelope")), ordered(work, "who"),
                     clock_now_us(), search_progress, work, &found, error))
        return NULL;
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "state", "done", "hits", (json_int_t)found.hits,
                     "added", (json_int_t)found.added, "known", (json_int_t)found.known, "indexed",
                     (json_int_t)found.indexed, "archived", (json_int_t)found.archived, "unsearchable",
                     (json_int_t)found.unsearchable);
}

// ---- exporting -------------------------------------------------------------------------------------------

static void bag_progress(const char *step, guint64 done, guint64 total, void *data)
{
    tell(data, step, done, total);
}

static json_t *exported(const BagResult *result)
{
    json_t *warnings = json_array();
    for (guint i = 0; i < result->warnings->len; i++)
        json_array_append_new(warnings, json_string(result->warnings->pdata[i]));
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:s, s:o}", "state", "done", "items",
                     (int)result->items, "full", (int)result->full, "redacted", (int)result->redacted,
                     "withheld", (int)result->withheld, "attachments", (int)result->attachments, "files",
                     (json_int_t)result->files, "bytes", (json_int_t)result->bytes, "manifest",
                     result->manifest_sha256, "warnings", warnings);
}

static json_t *do_export(Work *work, Cases *cases, Readers *readers, GError **error)
{
    const char *matter = ordered(work, "case"), *who = ordered(work, "who");
    int64_t created_us = 0;
    if (!clock_parse(ordered(work, "created"), &created_us, error))
        return NULL;
    g_autofree char *bag = g_build_filename(work->dir, matter, NULL), *zip = g_strconcat(bag, ".zip", NULL);
    g_autoptr(BagSpec) spec =
        case_bag(cases, matter, who, ordered(work, "reason"),
                 json_is_true(json_object_get(work->order, "envelope")), created_us, error);
    g_autoptr(BagResult) result =
        spec != NULL ? bag_write(work->config, readers, spec, bag, bag_progress, work, error) : NULL;
    if (result == NULL || !bag_zip(bag, zip, created_us, bag_progress, work, error))
        return NULL;
    // What is told as produced cannot be cancelled any more.
    g_mutex_lock(&work->ending);
    work->is_ending = true;
    return case_produced(cases, matter, result, who, clock_now_us(), error) ? exported(result) : NULL;
}

// ---- backtests -------------------------------------------------------------------------------------------

static void judged(guint64 done, guint64 total, void *data)
{
    tell(data, "judging", done, total);
}

static json_t *do_backtest(Work *work, GError **error)
{
    enum { SAMPLES = 500 };
    BacktestOrder order = {.config_path = work->config->path,
                           .policy = ordered(work, "policy"),
                           .mode = MODE_ENFORCE,
                           .counts_first = true,
                           .progress = judged,
                           .data = work};
    order.from_us = json_integer_value(json_object_get(work->order, "from_us"));
    order.to_us = json_integer_value(json_object_get(work->order, "to_us"));
    mode_parse(ordered(work, "mode"), &order.mode);
    g_autofree char *csv = g_build_filename(work->dir, "changes.csv", NULL);
    g_autoptr(BacktestReport) report =
        wait_for_turn(work, error) ? backtest_run(&order, clock_now_us(), error) : NULL;
    if (report == NULL || !backtest_csv(report, csv, error))
        return NULL;
    return json_pack("{s:s, s:o}", "state", "done", "report", backtest_json(report, SAMPLES));
}

// ---- the process -----------------------------------------------------------------------------------------

static json_t *work_order(Work *work, GError **error)
{
    bool search = strcmp(ordered(work, "kind"), "search") == 0;
    if (strcmp(ordered(work, "kind"), "backtest") == 0)
        return do_backtest(work, error);
    g_autoptr(Cases) cases = wait_for_turn(work, error) ? cases_open(work->config, error) : NULL;
    g_autoptr(Readers) readers = cases != NULL ? readers_new(work->config, error) : NULL;
    if (readers == NULL)
        return NULL;
    return search ? do_search(work, cases, readers, error) : do_export(work, cases, readers, error);
}

bool job_work(const Config *config, const char *dir, GError **error)
{
    Work work = {.config = config, .dir = dir};
    g_autofree char *path = g_build_filename(dir, "job.json", NULL);
    g_autoptr(GBytes) bytes = file_read(path, JSON_MOST, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    if (bytes == NULL)
        return false;
    work.order = data != NULL ? json_loadb(data, len, 0, NULL) : NULL;
    if (work.order == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: no JSON", path);
        return false;
    }
    g_autoptr(GError) why = NULL;
    g_mutex_init(&work.ending);
    g_thread_unref(g_thread_new("cancel", watch, &work));
    json_t *result = work_order(&work, &why);
    if (!work.is_ending)
        g_mutex_lock(&work.ending);
    if (result == NULL) {
        log_error("a job failed", "dir", dir, "error", why->message);
        result = json_pack("{s:s, s:s}", "state", "failed", "error", why->message);
    }
    put_result(&work, result);
    // The thread above may wait for the mutex still: nothing of it is freed.
    _exit(0);
}
