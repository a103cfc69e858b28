#include "daemon/daemon.h"

struct Notifier {
    Daemon *daemon;
    GThread *thread;
    GMutex lock;
    GCond wake;
    bool stop;
};

static bool stopping(Notifier *notifier)
{
    g_mutex_lock(&notifier->lock);
    bool stop = notifier->stop;
    g_mutex_unlock(&notifier->lock);
    return stop;
}

// Settles what a crash left half done, then sends notices as they come due. A failure waits for the next
// round: the row stays.
static void work_once(Notifier *notifier)
{
    g_autoptr(GError) error = NULL;
    if (quarantine_recover(notifier->daemon->quarantine, clock_now_us(), &error) < 0) {
        log_warn("releases not settled", "error", error->message);
        g_clear_error(&error);
    }
    int sent = 1;
    while (sent > 0 && !stopping(notifier))
        sent = quarantine_send_notices(notifier->daemon->quarantine, 1, clock_now_us(), &error);
    if (sent < 0)
        log_warn("notices not sent", "error", error->message);
}

static gpointer work(gpointer data)
{
    Notifier *notifier = data;
    g_mutex_lock(&notifier->lock);
    while (!notifier->stop) {
        g_mutex_unlock(&notifier->lock);
        work_once(notifier);
        g_mutex_lock(&notifier->lock);
        if (!notifier->stop)
            g_cond_wait_until(&notifier->wake, &notifier->lock,
                              g_get_monotonic_time() + 2 * G_TIME_SPAN_SECOND);
    }
    g_mutex_unlock(&notifier->lock);
    return NULL;
}

Notifier *notifier_start(Daemon *daemon)
{
    Notifier *notifier = g_new0(Notifier, 1);
    notifier->daemon = daemon;
    g_mutex_init(&notifier->lock);
    g_cond_init(&notifier->wake);
    notifier->thread = g_thread_new("notices", work, notifier);
    return notifier;
}

void notifier_stop(Notifier *notifier)
{
    if (notifier == NULL)
        return;
    g_mutex_lock(&notifier->lock);
    notifier->stop = true;
    g_cond_signal(&notifier->wake);
    g_mutex_unlock(&notifier->lock);
    g_thread_join(notifier->thread);
    g_cond_clear(&notifier->wake);
    g_mutex_clear(&notifier->lock);
    g_free(notifier);
}
