// A policy judges archived mail again.
#include "archive/archive.h"
#include "backtest/backtest.h"
#include "feeds/feeds.h"

#include <string.h>
#include <unistd.h>

// Records that wait for a thread: what bounds memory.
#define WAITING_MOST 256

// A generation of the roster, and what a message of its time is judged by.
typedef struct {
    int64_t from_us;
    Snapshot snapshot; // its own roster; the rest is that of the one in force
} Era;

typedef struct {
    const BacktestOrder *order;
    Snapshot *base;
    Readers *readers;
    GArray *eras; // of Era, newest first; empty = no history
    GThreadPool *pool;
    GMutex lock; // of what follows
    GCond room;
    guint waiting;
    guint64 seen, total;
    BacktestReport *report;
} Backtest;

typedef struct {
    json_t *meta;
    GBytes *raw;
} BacktestItem;

// ---- the rosters of the past -----------------------------------------------------------------------------

static void era_clear(gpointer data)
{
    roster_unref(((Era *)data)->snapshot.roster);
}

static Roster *era_roster(const char *config_path, const char *database, GError **error)
{
    g_autoptr(Config) config = config_load(config_path, error);
    if (config == NULL)
        return NULL;
    g_free(config->roster.database);
    config->roster.database = g_strdup(database);
    return roster_open(config, error);
}

// Opens the generations that were in force between `from_us` and `to_us` and whose files are there.
static bool eras_open(Backtest *backtest, const char *config_path, int64_t from_us, int64_t to_us,
                      GError **error)
{
    g_autoptr(GPtrArray) history = feeds_history(backtest->base->config, error);
    bool ok = history != NULL, before = false;
    for (guint i = 0; ok && !before && i < history->len; i++) {
        const FeedGeneration *generation = history->pdata[i];
        int64_t since = generation->at * G_USEC_PER_SEC;
        before = since <= from_us;
        if (!generation->present || (to_us != 0 && since > to_us))
            continue;
        g_autofree char *path = feeds_generation_path(backtest->base->config, generation->id);
        Era era = {since, *backtest->base};
        era.snapshot.roster = era_roster(config_path, path, error);
        ok = era.snapshot.roster != NULL;
        if (ok)
            g_array_append_val(backtest->eras, era);
    }
    return ok;
}

static const Snapshot *era_of(const Backtest *backtest, int64_t received_us, bool *out_then)
{
    const Snapshot *found = NULL;
    for (guint i = 0; found == NULL && i < backtest->eras->len; i++) {
        const Era *era = &g_array_index(backtest->eras, Era, i);
        found = era->from_us <= received_us ? &era->snapshot : NULL;
    }
    *out_then = found != NULL;
    return found != NULL ? found : backtest->base;
}

// ---- one record, in a thread -----------------------------------------------------------------------------

static Judgement *item_judge_again(Backtest *backtest, const BacktestItem *item, bool *out_then,
                                   GError **error)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(item->raw, &len);
    int64_t received_us = json_integer_value(json_object_get(item->meta, "received_us"));
    g_autoptr(Envelope) envelope = envelope_from_json(json_object_get(item->meta, "envelope"), error);
    int fd = envelope != NULL ? reader_seal(data, len, error) : -1;
    const Snapshot *snapshot = era_of(backtest, received_us, out_then);
    Judgement *judgement = fd >= 0 ? judge_message(snapshot, backtest->readers, envelope, fd, len,
                                                   received_us, JUDGE_WHOLE, error)
                                   : NULL;
    if (fd >= 0)
        close(fd);
    return judgement;
}

static void item_run(gpointer data, gpointer user)
{
    BacktestItem *item = data;
    Backtest *backtest = user;
    g_autoptr(GError) error = NULL;
    bool then = false;
    g_autoptr(Judgement) judgement = item_judge_again(backtest, item, &then, &error);
    if (judgement == NULL)
        log_warn("not judged", "record", json_string_value(json_object_get(item->meta, "id")), "error",
                 error->message);
    g_mutex_lock(&backtest->lock);
    if (judgement != NULL)
        backtest_report_add(backtest->report, item->meta, judgement);
    backtest->report->failed += judgement == NULL;
    backtest->report->with_then += judgement != NULL && then;
    backtest->waiting--;
    g_cond_signal(&backtest->room);
    g_mutex_unlock(&backtest->lock);
    json_decref(item->meta);
    g_bytes_unref(item->raw);
    g_free(item);
}

// ---- the archive -----------------------------------------------------------------------------------------

static bool count_one(const ArchiveRecord *record, void *data)
{
    ((Backtest *)data)->total++;
    return true;
}

// Mail that was not judged by a rule of ours then has nothing to be compared with; it is judged all the same.
static bool take_one(const ArchiveRecord *record, void *data)
{
    Backtest *backtest = data;
    BacktestItem *item = g_new0(BacktestItem, 1);
    item->meta = json_incref(record->meta);
    item->raw = g_bytes_ref(record->raw);
    g_mutex_lock(&backtest->lock);
    while (backtest->waiting >= WAITING_MOST)
        g_cond_wait(&backtest->room, &backtest->lock);
    backtest->waiting++;
    g_mutex_unlock(&backtest->lock);
    g_thread_pool_push(backtest->pool, item, NULL);
    backtest->seen++;
    if (backtest->order->progress != NULL)
        backtest->order->progress(backtest->seen, backtest->total, backtest->order->data);
    return true;
}

static void damaged(const char *segment, int64_t offset, const char *what, void *data)
{
    Backtest *backtest = data;
    log_warn("damage passed over", "segment", segment, "what", what);
    g_mutex_lock(&backtest->lock);
    backtest->report->failed++;
    g_mutex_unlock(&backtest->lock);
}

static int by_time(gconstpointer a, gconstpointer b)
{
    const BacktestChange *one = *(BacktestChange *const *)a, *other = *(BacktestChange *const *)b;
    int order = (one->received_us > other->received_us) - (one->received_us < other->received_us);
    order = order != 0 ? order : strcmp(one->record, other->record);
    return order != 0 ? order : strcmp(one->rcpt, other->rcpt);
}

static bool judge_all(Backtest *backtest, GError **error)
{
    ArchiveQuery query = {.from_us = backtest->report->from_us, .to_us = backtest->report->to_us};
    const Config *config = backtest->base->config;
    gint64 began = g_get_monotonic_time();
    bool ok =
        !backtest->order->counts_first || archive_each(config, &query, count_one, NULL, backtest, error);
    query.want_raw = true;
    backtest->pool = g_thread_pool_new(item_run, backtest, config->reader.workers, FALSE, error);
    ok = ok && backtest->pool != NULL && archive_each(config, &query, take_one, damaged, backtest, error);
    if (backtest->pool != NULL)
        g_thread_pool_free(backtest->pool, FALSE, TRUE);
    g_ptr_array_sort(backtest->report->changes, by_time);
    backtest->report->rosters = backtest->eras->len;
    backtest->report->seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    return ok;
}

// ---- all of it -------------------------------------------------------------------------------------------

static bool begin(Backtest *backtest, int64_t now_us, GError **error)
{
    const BacktestOrder *order = backtest->order;
    g_autoptr(Config) config = config_load(order->config_path, error);
    if (config == NULL)
        return false;
    g_free(config->policy.file);
    config->policy.file = g_strdup(order->policy);
    config->reader.workers = MAX(config->reader.workers, (int)g_get_num_processors());
    backtest->base = snapshot_new(config, error);
    if (backtest->base == NULL)
        return false;
    backtest->base->mode = order->mode;
    backtest->report->from_us = order->from_us;
    backtest->report->to_us = order->to_us != 0 ? order->to_us : now_us;
    backtest->report->policy_now =
        g_strdup_printf("%s %s", policy_name(backtest->base->policy), policy_version(backtest->base->policy));
    return eras_open(backtest, order->config_path, order->from_us, order->to_us, error) &&
           (backtest->readers = readers_new(config, error)) != NULL;
}

BacktestReport *backtest_run(const BacktestOrder *order, int64_t now_us, GError **error)
{
    g_autoptr(BacktestReport) report = backtest_report_new();
    Backtest backtest = {.order = order, .report = report};
    backtest.eras = g_array_new(FALSE, FALSE, sizeof(Era));
    g_array_set_clear_func(backtest.eras, era_clear);
    g_mutex_init(&backtest.lock);
    g_cond_init(&backtest.room);
    bool ok = begin(&backtest, now_us, error) && judge_all(&backtest, error);
    readers_free(backtest.readers);
    g_array_unref(backtest.eras);
    snapshot_unref(backtest.base);
    g_mutex_clear(&backtest.lock);
    g_cond_clear(&backtest.room);
    return ok ? g_steal_pointer(&report) : NULL;
}
