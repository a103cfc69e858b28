#include "archivist/sequencer.h"

#include "archive/archive.h"

#define BATCH       4096
#define LOOK_US     (G_USEC_PER_SEC)
#define AGAIN_US    (10 * G_USEC_PER_SEC)  // after a failure
#define COMPLAIN_US (300 * G_USEC_PER_SEC) // the same failure is told again

struct Sequencer {
    GThread *thread;
    ArchiveLog *log;
    int checkpoint_s;
    GMutex lock;
    GCond wake;
    bool stopping;
};

static bool sequencer_publish(Sequencer *sequencer, gint64 *since, GError **error)
{
    gint64 now = g_get_monotonic_time();
    bool behind = archive_log_size(sequencer->log) != archive_log_published(sequencer->log);
    if (behind && *since == 0)
        *since = now;
    bool due = behind && now - *since >= (sequencer->checkpoint_s - 1) * G_USEC_PER_SEC;
    bool ok = !due || archive_log_publish(sequencer->log, error);
    if (ok && (due || !behind))
        *since = 0;
    return ok;
}

// Leaves for all there is; false with `error`.
static bool sequencer_catch_up(Sequencer *sequencer, gint64 *since, GError **error)
{
    guint fresh = 1;
    bool ok = true;
    while (ok && fresh > 0)
        ok = archive_log_sequence(sequencer->log, BATCH, &fresh, error) &&
             sequencer_publish(sequencer, since, error);
    return ok;
}

// True when the end was asked for while waiting.
static bool sequencer_wait(Sequencer *sequencer, gint64 wait_us)
{
    gint64 until = g_get_monotonic_time() + wait_us;
    g_mutex_lock(&sequencer->lock);
    bool more = true;
    while (!sequencer->stopping && more)
        more = g_cond_wait_until(&sequencer->wake, &sequencer->lock, until);
    bool stopping = sequencer->stopping;
    g_mutex_unlock(&sequencer->lock);
    return stopping;
}

static gpointer sequencer_run(gpointer data)
{
    Sequencer *sequencer = data;
    gint64 since = 0, told = 0;
    bool ended = false;
    while (!ended) {
        g_autoptr(GError) error = NULL;
        bool ok = sequencer_catch_up(sequencer, &since, &error);
        gint64 now = g_get_monotonic_time();
        if (!ok && (told == 0 || now - told > COMPLAIN_US)) {
            log_error("the archive's log stands still", "error", error->message);
            told = now;
        } else if (ok) {
            told = 0;
        }
        ended = sequencer_wait(sequencer, ok ? LOOK_US : AGAIN_US);
    }
    g_autoptr(GError) error = NULL;
    if (!sequencer_catch_up(sequencer, &since, &error) || !archive_log_publish(sequencer->log, &error))
        log_error("the archive's log ends before the archive does", "error", error->message);
    return NULL;
}

Sequencer *sequencer_start(const Config *config, GError **error)
{
    ArchiveLog *log = archive_log_open(config, error);
    Sequencer *sequencer = NULL;
    if (log != NULL) {
        sequencer = g_new0(Sequencer, 1);
        sequencer->log = log;
        sequencer->checkpoint_s = config->archive.checkpoint_s;
        g_mutex_init(&sequencer->lock);
        g_cond_init(&sequencer->wake);
        sequencer->thread = g_thread_try_new("sequencer", sequencer_run, sequencer, error);
        if (sequencer->thread == NULL) {
            archive_log_close(&sequencer->log);
            g_clear_pointer(&sequencer, g_free);
        }
    }
    return sequencer;
}

void sequencer_stop(Sequencer *sequencer)
{
    if (sequencer == NULL)
        return;
    g_mutex_lock(&sequencer->lock);
    sequencer->stopping = true;
    g_cond_signal(&sequencer->wake);
    g_mutex_unlock(&sequencer->lock);
    g_thread_join(sequencer->thread);
    archive_log_close(&sequencer->log);
    g_mutex_clear(&sequencer->lock);
    g_cond_clear(&sequencer->wake);
    g_free(sequencer);
}
