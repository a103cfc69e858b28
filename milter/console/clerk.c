// The clerk: carries reviewers' decisions out when their undo window is over, and sees to messages that wait for an exception.
#include "console/permits.h"

static const gint64 LOOK_US = G_USEC_PER_SEC, COMPLAIN_US = 300 * (gint64)G_USEC_PER_SEC,
                    PERMITS_US = 20 * (gint64)G_USEC_PER_SEC;

struct Clerk {
    Docket *docket;
    Quarantine *quarantine;
    const Config *config;
    Readers *readers;
    GThread *thread;
    GMutex lock;
    GCond wake;
    bool stopping;
};

static bool clerk_wait(Clerk *clerk)
{
    gint64 until = g_get_monotonic_time() + LOOK_US;
    bool more = true;
    g_mutex_lock(&clerk->lock);
    while (!clerk->stopping && more)
        more = g_cond_wait_until(&clerk->wake, &clerk->lock, until);
    bool stopping = clerk->stopping;
    g_mutex_unlock(&clerk->lock);
    return stopping;
}

static gpointer clerk_run(gpointer data)
{
    Clerk *clerk = data;
    gint64 told = 0, carried = 0;
    while (!clerk_wait(clerk)) {
        g_autoptr(GError) error = NULL;
        gint64 now = g_get_monotonic_time();
        bool ok = docket_run(clerk->docket, clerk->quarantine, clock_now_us(), &error) >= 0;
        if (ok && now - carried > PERMITS_US) {
            carried = now;
            ok = permits_carry(clerk->config, clerk->docket, clerk->quarantine, clerk->readers,
                               clock_now_us(), &error);
        }
        if (!ok && (told == 0 || now - told > COMPLAIN_US)) {
            log_error("decisions do not take effect", "error", error->message);
            told = now;
        }
    }
    return NULL;
}

Clerk *clerk_start(const Config *config, Quarantine *quarantine, Readers *readers, GError **error)
{
    Clerk *clerk = g_new0(Clerk, 1);
    clerk->quarantine = quarantine;
    clerk->config = config;
    clerk->readers = readers;
    g_mutex_init(&clerk->lock);
    g_cond_init(&clerk->wake);
    bool ok = (clerk->docket = docket_open(config, error)) != NULL &&
              (clerk->thread = g_thread_try_new("clerk", clerk_run, clerk, error)) != NULL;
    if (!ok) {
        clerk_stop(clerk);
        clerk = NULL;
    }
    return clerk;
}

void clerk_stop(Clerk *clerk)
{
    if (clerk == NULL)
        return;
    g_mutex_lock(&clerk->lock);
    clerk->stopping = true;
    g_cond_signal(&clerk->wake);
    g_mutex_unlock(&clerk->lock);
    if (clerk->thread != NULL)
        g_thread_join(clerk->thread);
    docket_close(&clerk->docket);
    g_mutex_clear(&clerk->lock);
    g_cond_clear(&clerk->wake);
    g_free(clerk);
}
