#include "archivist/witnessing.h"

#include "witness/witness.h"

#include <stdlib.h>
#include <string.h>

#define COMPLAIN_US (3600 * (gint64)G_USEC_PER_SEC) // a witness that is away is told of again

struct Witnessing {
    Config *config;
    GThread *thread;
    GMutex lock;
    GCond wake;
    bool stopping;
    char *done; // the checkpoint that all peers cosigned
    gint64 told, daily_told;
};

// All cosigned? What did not is logged, now and then.
static bool words_told(Witnessing *witnessing, const GPtrArray *words)
{
    gint64 now = g_get_monotonic_time();
    bool all = true, tell = witnessing->told == 0 || now - witnessing->told > COMPLAIN_US;
    for (guint i = 0; i < words->len; i++) {
        const WitnessWord *word = words->pdata[i];
        if (word->why == NULL)
            continue;
        all = false;
        if (tell)
            log_warn("a witness has not cosigned", "witness", word->name, "why", word->why);
    }
    if (all)
        witnessing->told = 0;
    else if (tell)
        witnessing->told = now;
    return all;
}

static void witnessing_turn(Witnessing *witnessing)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveCheckpoint) checkpoint = archive_log_checkpoint(witnessing->config, NULL);
    if (checkpoint == NULL || g_strcmp0(checkpoint->note, witnessing->done) == 0)
        return;
    g_autoptr(GPtrArray) words = witness_collect(witnessing->config, &error);
    if (words == NULL) {
        log_error("checkpoints are not witnessed", "error", error->message);
    } else if (words_told(witnessing, words)) {
        g_free(witnessing->done);
        witnessing->done = g_steal_pointer(&checkpoint->note);
    }
}

// ---- once a day ------------------------------------------------------------------------------------------

// The local day on which it was done last stands in a file beside the log.
static bool daily_due(const Config *config, const char *what, int today)
{
    g_autofree char *dir = archive_log_dir(config), *path = g_build_filename(dir, what, NULL);
    g_autoptr(GBytes) bytes = file_read(path, 64, NULL);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    return atoi(text) != today;
}

static bool daily_done(const Config *config, const char *what, int today, GError **error)
{
    g_autofree char *dir = archive_log_dir(config), *path = g_build_filename(dir, what, NULL);
    g_autofree char *text = g_strdup_printf("%d\n", today);
    return file_write_atomic(path, text, strlen(text), 0644, error) && file_adopt(path, error);
}

static void daily_told(Witnessing *witnessing, const GError *error)
{
    gint64 now = g_get_monotonic_time();
    if (error == NULL || (witnessing->daily_told != 0 && now - witnessing->daily_told <= COMPLAIN_US))
        return;
    log_warn("the checkpoint of the day is not told", "error", error->message);
    witnessing->daily_told = now;
}

// What fails is tried again in the next turn, and told of once an hour.
static void witnessing_daily(Witnessing *witnessing)
{
    const Config *config = witnessing->config;
    int64_t now_us = clock_now_us();
    int today = clock_local_date(now_us, config->district.timezone);
    g_autoptr(ArchiveCheckpoint) checkpoint = archive_log_checkpoint(config, NULL);
    g_autoptr(GError) no_stamp = NULL, no_mail = NULL;
    guint64 size = 0;
    if (checkpoint == NULL)
        return;
    if (*config->witness.timestamp_url != '\0' && daily_due(config, "stamped", today) &&
        witness_stamp(config, &size, &no_stamp) && daily_done(config, "stamped", today, &no_stamp))
        log_info("checkpoint stamped", "authority", config->witness.timestamp_url);
    if (config->witness.mail[0] != NULL && daily_due(config, "mailed", today) &&
        witness_mail_all(config, now_us, &no_mail) >= 0 && daily_done(config, "mailed", today, &no_mail))
        log_info("checkpoint mailed");
    daily_told(witnessing, no_stamp != NULL ? no_stamp : no_mail);
}

static gpointer witnessing_run(gpointer data)
{
    Witnessing *witnessing = data;
    bool stopping = false;
    while (!stopping) {
        if (witnessing->config->witness.peers[0] != NULL)
            witnessing_turn(witnessing);
        witnessing_daily(witnessing);
        gint64 until =
            g_get_monotonic_time() + witnessing->config->archive.checkpoint_s * (gint64)G_USEC_PER_SEC;
        bool more = true;
        g_mutex_lock(&witnessing->lock);
        while (!witnessing->stopping && more)
            more = g_cond_wait_until(&witnessing->wake, &witnessing->lock, until);
        stopping = witnessing->stopping;
        g_mutex_unlock(&witnessing->lock);
    }
    return NULL;
}

Witnessing *witnessing_start(const Config *config, GError **error)
{
    if (config->witness.peers[0] == NULL && config->witness.mail[0] == NULL &&
        *config->witness.timestamp_url == '\0')
        return NULL;
    Witnessing *witnessing = g_new0(Witnessing, 1);
    witnessing->config = config_ref((Config *)config);
    g_mutex_init(&witnessing->lock);
    g_cond_init(&witnessing->wake);
    witnessing->thread = g_thread_try_new("witnessing", witnessing_run, witnessing, error);
    if (witnessing->thread == NULL) {
        config_unref(witnessing->config);
        g_clear_pointer(&witnessing, g_free);
    }
    return witnessing;
}

void witnessing_stop(Witnessing *witnessing)
{
    if (witnessing == NULL)
        return;
    g_mutex_lock(&witnessing->lock);
    witnessing->stopping = true;
    g_cond_signal(&witnessing->wake);
    g_mutex_unlock(&witnessing->lock);
    g_thread_join(witnessing->thread);
    g_mutex_clear(&witnessing->lock);
    g_cond_clear(&witnessing->wake);
    config_unref(witnessing->config);
    g_free(witnessing->done);
    g_free(witnessing);
}
