#include "feeds/ldap_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

struct LdapGuard {
    int fd; // of its own
    GMutex lock;
    GCond change;
    GThread *thread;
    gint64 until; // monotonic; 0 = not armed
    bool fired, ends;
};

// ---- connecting -----------------------------------------------------------------------------------------

static int blocking_copy(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), flags = copy >= 0 ? fcntl(copy, F_GETFL) : -1;
    const int on = 1;
    if (copy >= 0 && (flags < 0 || fcntl(copy, F_SETFL, flags & ~O_NONBLOCK) != 0 ||
                      setsockopt(copy, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0)) {
        int saved = errno;
        close(copy);
        errno = saved;
        copy = -1;
    }
    return copy;
}

int ldap_guard_connect(const char *host, int port, int seconds, GError **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnectable) to = g_network_address_new(host, (guint16)port);
    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_set_timeout(client, (guint)seconds);
    g_autoptr(GSocketConnection) made = g_socket_client_connect(client, to, NULL, error);
    if (made == NULL)
        return -1;
    int fd = blocking_copy(g_socket_get_fd(g_socket_connection_get_socket(made)));
    if (fd < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "%s", g_strerror(errno));
    return fd;
}

// ---- the guard ------------------------------------------------------------------------------------------

static gpointer watch(gpointer data)
{
    LdapGuard *guard = data;
    g_mutex_lock(&guard->lock);
    while (!guard->ends) {
        if (guard->until == 0 || guard->fired) {
            g_cond_wait(&guard->change, &guard->lock);
        } else if (g_get_monotonic_time() >= guard->until) {
            guard->fired = true;
            shutdown(guard->fd, SHUT_RDWR);
        } else {
            g_cond_wait_until(&guard->change, &guard->lock, guard->until);
        }
    }
    g_mutex_unlock(&guard->lock);
    return NULL;
}

LdapGuard *ldap_guard_new(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return NULL;
    LdapGuard *guard = g_new0(LdapGuard, 1);
    guard->fd = copy;
    g_mutex_init(&guard->lock);
    g_cond_init(&guard->change);
    guard->thread = g_thread_new("ldap-guard", watch, guard);
    return guard;
}

void ldap_guard_free(LdapGuard *guard)
{
    if (guard == NULL)
        return;
    g_mutex_lock(&guard->lock);
    guard->ends = true;
    g_cond_signal(&guard->change);
    g_mutex_unlock(&guard->lock);
    g_thread_join(guard->thread);
    g_mutex_clear(&guard->lock);
    g_cond_clear(&guard->change);
    close(guard->fd);
    g_free(guard);
}

void ldap_guard_arm(LdapGuard *guard, int seconds)
{
    if (guard == NULL)
        return;
    g_mutex_lock(&guard->lock);
    bool sleeping = guard->until == 0;
    guard->until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    // Later than before needs no waking: it looks again when the former time has come.
    if (sleeping)
        g_cond_signal(&guard->change);
    g_mutex_unlock(&guard->lock);
}

void ldap_guard_rest(LdapGuard *guard)
{
    if (guard == NULL)
        return;
    g_mutex_lock(&guard->lock);
    guard->until = 0;
    g_mutex_unlock(&guard->lock);
}

bool ldap_guard_fired(LdapGuard *guard)
{
    if (guard == NULL)
        return false;
    g_mutex_lock(&guard->lock);
    bool fired = guard->fired;
    g_mutex_unlock(&guard->lock);
    return fired;
}
