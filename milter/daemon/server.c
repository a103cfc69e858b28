#include "daemon/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// libmilter is one to a process, and so is its loop.
static struct {
    pthread_t thread;
    bool started;
    atomic_bool ended;
} loop;

static const char *unix_path(const Config *config)
{
    const char *socket = config->milter.socket;
    if (g_str_has_prefix(socket, "unix:"))
        return socket + strlen("unix:");
    return g_str_has_prefix(socket, "local:") ? socket + strlen("local:") : NULL;
}

static bool fail(GError **error, BaseError code, const char *key, const char *value, const char *what)
{
    g_set_error(error, BASE_ERROR, code, "%s \"%s\": %s", key, value, what);
    return false;
}

static bool set_socket_rights(const Config *config, const char *path, GError **error)
{
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;
    const char *owner =
        *config->milter.socket_owner != '\0' ? config->milter.socket_owner : config->milter.user;
    if (*owner != '\0' && !privileges_find_user("milter.socket_owner", owner, &uid, NULL, error))
        return false;
    if (*config->milter.socket_group != '\0' &&
        !privileges_find_group("milter.socket_group", config->milter.socket_group, &gid, error))
        return false;
    if (chown(path, uid, gid) != 0 || chmod(path, (mode_t)config->milter.socket_mode) != 0)
        return fail(error, BASE_ERROR_NOPERM, "milter.socket", path, g_strerror(errno));
    return true;
}

// A live daemon's socket must not be taken away; a dead one's is stale and is removed by libmilter.
static bool refuse_live_socket(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return fail(error, BASE_ERROR_CONFIG, "milter.socket", path,
                    "longer than a socket path may be (107 bytes)");
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool live = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    struct stat st;
    if (live)
        return fail(error, BASE_ERROR_UNAVAILABLE, "milter.socket", path,
                    "another daemon answers there; stop it first");
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return fail(error, BASE_ERROR_CONFIG, "milter.socket", path,
                    "exists and is no socket; remove it or change the key");
    return true;
}

bool server_open(Daemon *daemon, const Config *config, GError **error)
{
    const char *path = unix_path(config);
    if (path != NULL && !refuse_live_socket(path, error))
        return false;
    if (smfi_register(session_descriptor(daemon)) != MI_SUCCESS)
        return fail(error, BASE_ERROR_SOFTWARE, "milter.socket", config->milter.socket,
                    "libmilter refuses the filter");
    if (smfi_setconn(config->milter.socket) != MI_SUCCESS)
        return fail(error, BASE_ERROR_CONFIG, "milter.socket", config->milter.socket,
                    "libmilter cannot use it");
    // Nobody may connect before owner, group and mode are right.
    mode_t old = umask(0777);
    int status = smfi_opensocket(true);
    umask(old);
    if (status != MI_SUCCESS)
        return fail(error, BASE_ERROR_CANTCREAT, "milter.socket", config->milter.socket,
                    "cannot listen there; does the directory exist, is the port free?");
    return path == NULL || set_socket_rights(config, path, error);
}

static void *run_loop(void *data)
{
    if (smfi_main() != MI_SUCCESS)
        log_error("libmilter's loop failed");
    loop.ended = true;
    kill(getpid(), SIGUSR2); // wakes the main thread
    return NULL;
}

bool server_start(GError **error)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    int status = pthread_create(&loop.thread, NULL, run_loop, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (status != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "cannot start libmilter's thread: %s",
                    g_strerror(status));
        return false;
    }
    loop.started = true;
    return true;
}

// libmilter notices smfi_stop only when its listener wakes, up to five seconds later; a connection wakes it
// at once.
static void poke(const Config *config)
{
    const char *path = unix_path(config);
    int fd = -1;
    if (path != NULL) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
            log_debug("the listener is not to be woken");
    } else {
        g_auto(GStrv) halves = g_strsplit(strchr(config->milter.socket, ':') + 1, "@", 2);
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
        if (halves[0] != NULL && getaddrinfo(halves[1], halves[0], &hints, &found) == 0) {
            fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0)
                log_debug("the listener is not to be woken");
            freeaddrinfo(found);
        }
    }
    if (fd >= 0)
        close(fd);
}

// smfi_stop waits for a lock that the listener holds while it waits for connections.
static gpointer ask_to_stop(gpointer data)
{
    smfi_stop();
    return NULL;
}

void server_stop(const Config *config)
{
    enum { POKE_US = 50000 };
    if (!loop.started)
        return;
    GThread *asker = g_thread_new("stop", ask_to_stop, NULL);
    while (!loop.ended) {
        g_usleep(POKE_US);
        poke(config);
    }
    g_thread_join(asker);
    pthread_join(loop.thread, NULL);
    loop.started = false;
    const char *path = unix_path(config);
    if (path != NULL && unlink(path) != 0 && errno != ENOENT)
        log_debug("socket not removed", "path", path);
}

bool server_ended(void)
{
    return loop.ended;
}
