// chaperone-milter: starts the parts, takes signals in the main thread, ends in order.
#include "daemon/daemon.h"
#include "review/link.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

// Signal handlers may only write(2): the pipe's writing end is all they know.
static int signal_pipe[2] = {-1, -1};

// While a handler runs its signal would go to libmilter's own thread, which stops the filter: so nothing is
// blocked (SA_NODEFER). That handlers do not pile up, each first has its signal ignored; the main loop arms
// it again before it acts.
static void on_signal(int number)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    int saved = errno;
    char byte = (char)number;
    sigaction(number, &ignore, NULL);
    ssize_t done = write(signal_pipe[1], &byte, 1);
    (void)done;
    errno = saved;
}

static void arm_signal(int number)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER};
    sigaction(number, &action, NULL);
}

static bool take_signals(GError **error)
{
    static const int SIGNALS[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR2};
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "cannot make a pipe: %s", g_strerror(errno));
        return false;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(SIGNALS); i++)
        arm_signal(SIGNALS[i]);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); // a file size limit is an error of write(2), as any other
    return true;
}

// Parts that start threads do so with the daemon's signals blocked: only the main thread takes them.
static void block_signals(bool block)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static bool open_parts(Daemon *daemon, const Config *config, GError **error)
{
    if (!file_make_dirs(config->milter.spool_dir, 0700, error))
        return false;
    daemon->gate = gate_new(config->milter.max_messages);
    return daemon_check_notices(daemon->snapshot, error) &&
           (daemon->archive = archive_open(config, NULL, error)) != NULL &&
           daemon_register(daemon->snapshot, "loaded at the start", error) &&
           (daemon->quarantine = quarantine_open(config, error)) != NULL &&
           quarantine_ready_notices(daemon->quarantine, error) &&
           link_ready(daemon->quarantine, config, error) &&
           (daemon->readers = readers_new(config, error)) != NULL;
}

// Until TERM, INT or the end of libmilter's loop. False for the latter.
static bool serve(Daemon *daemon)
{
    for (;;) {
        struct pollfd wait = {.fd = signal_pipe[0], .events = POLLIN};
        if (poll(&wait, 1, -1) < 0 && errno != EINTR)
            return false;
        char bytes[64];
        ssize_t n = read(signal_pipe[0], bytes, sizeof bytes);
        bool reload = false;
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] == SIGTERM || bytes[i] == SIGINT)
                return true;
            reload |= bytes[i] == SIGHUP;
        }
        if (server_ended())
            return false;
        if (reload) {
            arm_signal(SIGHUP);
            sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
            daemon_reload(daemon);
            sd_notify(0, "READY=1");
        }
    }
}

// libmilter gives no sign when a reply has gone out; the last ones need a moment after their callbacks
// returned. False when messages are still in work.
static bool drain(Daemon *daemon, const Config *config)
{
    enum { SETTLE_US = 250000, LOOK_US = 20000 };
    int64_t end = g_get_monotonic_time() + config->milter.drain_s * (int64_t)G_USEC_PER_SEC;
    gate_close(daemon->gate);
    while (daemon->in_flight > 0 && g_get_monotonic_time() < end)
        g_usleep(LOOK_US);
    g_usleep(SETTLE_US);
    return daemon->in_flight == 0;
}

// Gate, snapshot and lock stay: a callback that begins now finds them, and is sent away.
static void close_parts(Daemon *daemon)
{
    readers_free(daemon->readers);
    quarantine_close(&daemon->quarantine);
    archive_close(&daemon->archive);
}

static bool start(Daemon *daemon, const char *config_path, GError **error)
{
    g_autoptr(Config) config = config_load(config_path, error);
    LogLevel least = LOG_INFO_LEVEL;
    if (config == NULL)
        return false;
    daemon->started = config_ref(config);
    log_level_parse(config->log.level, &least);
    return log_setup(config->log.target, "chaperone-milter", least, error) &&
           (daemon->snapshot = snapshot_new(config, error)) != NULL && take_signals(error) &&
           server_open(daemon, config, error) &&
           privileges_drop(config->milter.user, config->milter.group, error);
}

static int run(const char *config_path)
{
    static Daemon daemon;
    g_autoptr(GError) error = NULL;
    g_mutex_init(&daemon.lock);
    bool ok = start(&daemon, config_path, &error);
    Notifier *notifier = NULL;
    block_signals(true);
    ok = ok && open_parts(&daemon, daemon.snapshot->config, &error) && server_start(&error);
    if (ok)
        notifier = notifier_start(&daemon);
    block_signals(false);
    if (!ok) {
        g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            fprintf(stderr, "chaperone-milter: %s\n", *line);
        return base_exit_status(error);
    }
    const Config *config = daemon.started;
    log_info("ready", "socket", config->milter.socket, "policy", policy_version(daemon.snapshot->policy),
             "mode", mode_name(daemon.snapshot->mode));
    sd_notify(0, "READY=1");
    bool asked = serve(&daemon);
    sd_notify(0, "STOPPING=1");
    server_stop(config);
    bool drained = drain(&daemon, config);
    notifier_stop(notifier);
    g_autofree char *messages = g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)daemon.messages);
    if (!drained) {
        log_warn("ended with messages in work; their senders keep them", "messages", messages);
        _exit(asked ? 0 : BASE_ERROR_SOFTWARE);
    }
    close_parts(&daemon);
    g_autofree char *pending = g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)daemon.pending);
    log_info("ended", "messages", messages, "pending", pending);
    return asked ? 0 : BASE_ERROR_SOFTWARE;
}

// Descriptors: a session, its spool file and its copy for the reader.
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            fprintf(stderr, "chaperone-milter: the limit of descriptors stays at %lu\n",
                    (unsigned long)limit.rlim_cur);
    }
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "C.UTF-8");
    g_autofree char *config_path = NULL;
    gboolean version = FALSE;
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &config_path, "The configuration", "FILE"},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new("- the mail filter; runs in the foreground");
    g_option_context_add_main_entries(options, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc > 1) {
        fprintf(stderr, "chaperone-milter: %s\n", error != NULL ? error->message : "takes no arguments");
        return BASE_ERROR_USAGE;
    }
    if (version) {
        printf("chaperone-milter %s\n", CHAPERONE_VERSION);
        return 0;
    }
    if (sodium_init() < 0) {
        fprintf(stderr, "chaperone-milter: cannot start: no randomness\n");
        return BASE_ERROR_OS;
    }
    raise_descriptors();
    return run(config_path != NULL ? config_path : CHAPERONE_SYSCONFDIR "/chaperone/chaperone.conf");
}
