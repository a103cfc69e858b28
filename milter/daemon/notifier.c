#include "daemon/daemon.h"
#include "review/routing.h"

// An item that is older shows that nobody reads them.
#define PENDING_LATE_US ((int64_t)300 * G_USEC_PER_SEC)
// How often that is told.
#define PENDING_TELL_US ((int64_t)300 * G_USEC_PER_SEC)

// How often it is looked for held messages past their time, and how many at once.
#define REMIND_US   ((int64_t)60 * G_USEC_PER_SEC)
#define REMIND_MOST 20

struct Notifier {
    Daemon *daemon;
    GThread *thread;
    int64_t told_us;     // when the log was told of late items last
    int64_t reminded_us; // when reviewers were last
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

// What waits for chaperone-archivist waits in vain when it does not run.
static void look_at_pending(Notifier *notifier, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    guint64 count = 0;
    int64_t oldest_us = 0;
    if (now_us - notifier->told_us < PENDING_TELL_US)
        return;
    bool ok = quarantine_pending_count(notifier->daemon->quarantine, &count, &oldest_us, &error);
    if (!ok) {
        log_warn("pending messages cannot be counted", "error", error->message);
    } else if (count > 0 && now_us - oldest_us > PENDING_LATE_US) {
        g_autofree char *number = g_strdup_printf("%" G_GUINT64_FORMAT, count);
        g_autofree char *since = clock_format(oldest_us);
        notifier->told_us = now_us;
        log_warn("pending messages pile up; does chaperone-archivist run?", "messages", number, "oldest",
                 since);
    }
}

static void remind(Notifier *notifier, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    if (now_us - notifier->reminded_us < REMIND_US)
        return;
    notifier->reminded_us = now_us;
    g_autoptr(Snapshot) snapshot = daemon_snapshot(notifier->daemon);
    if (routing_remind(snapshot->config, notifier->daemon->quarantine, snapshot->roster, REMIND_MOST, now_us,
                       &error) < 0)
        log_warn("reviewers not reminded", "error", error->message);
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
    look_at_pending(notifier, clock_now_us());
    remind(notifier, clock_now_us());
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
