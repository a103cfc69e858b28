// chaperone-console: starts, takes signals in the main thread, ends in order.
#include "console/console.h"
#include "console/jobs.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { SWEEP_MS = 300000 };

typedef struct {
    char *config_path, *job;
    gboolean foreground, version;
} Options;

static int take_signals(GError **error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    int fd =
        pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
    if (fd < 0 || sigaction(SIGPIPE, &ignore, NULL) != 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "cannot take signals: %s", g_strerror(errno));
    return fd;
}

static void reload(Console *console)
{
    g_autoptr(GError) error = NULL;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    if (console_reload(console, &error))
        log_info("configuration reloaded");
    else
        log_error("reload refused, the old configuration stays", "error", error->message);
    sd_notify(0, "READY=1");
}

// True when the end was asked for.
static bool handle_signals(Console *console, int signals)
{
    struct signalfd_siginfo one;
    bool end = false, again = false;
    while (read(signals, &one, sizeof one) == (ssize_t)sizeof one) {
        end |= one.ssi_signo == SIGTERM || one.ssi_signo == SIGINT;
        again |= one.ssi_signo == SIGHUP;
    }
    if (again && !end)
        reload(console);
    return end;
}

static void serve(Console *console, int signals)
{
    struct pollfd wait = {.fd = signals, .events = POLLIN};
    for (bool end = false; !end;) {
        int got = poll(&wait, 1, SWEEP_MS);
        if (got == 0)
            console_sweep(console, clock_now_us());
        end = got < 0 ? errno != EINTR : handle_signals(console, signals);
    }
}

static bool run(const Options *options, GError **error)
{
    g_autoptr(Config) config = config_load(options->config_path, error);
    LogLevel least = LOG_INFO_LEVEL;
    if (config == NULL)
        return false;
    log_level_parse(config->log.level, &least);
    if (!log_setup(options->foreground ? "stderr" : config->log.target, CONSOLE_NAME, least, error) ||
        !privileges_drop(config->milter.user, config->milter.group, error))
        return false;
    int signals = take_signals(error);
    g_autoptr(Console) console = signals >= 0 ? console_start(config, error) : NULL;
    if (console != NULL) {
        log_info("ready", "listen", config->console.listen);
        sd_notify(0, "READY=1");
        serve(console, signals);
        sd_notify(0, "STOPPING=1");
        log_info("ends");
    }
    if (signals >= 0)
        close(signals);
    return console != NULL;
}

// The process that was started goes; one of its own does the job.
static bool run_job(const Options *options, GError **error)
{
    g_autoptr(Config) config = config_load(options->config_path, error);
    LogLevel least = LOG_INFO_LEVEL;
    if (config == NULL)
        return false;
    log_level_parse(config->log.level, &least);
    if (!log_setup(config->log.target, CONSOLE_NAME, least, error))
        return false;
    pid_t pid = fork();
    if (pid < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "cannot start a process: %s", g_strerror(errno));
    if (pid != 0)
        return pid > 0;
    return setsid() > 0 && nice(5) >= 0 && job_work(config, options->job, error);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "C.UTF-8");
    Options options = {0};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"foreground", 0, 0, G_OPTION_ARG_NONE, &options.foreground, "Log to standard error", NULL},
        {"job", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &options.job, "Does a job of the console",
         "DIR"},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &options.version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- the web console");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = 0;
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
        fprintf(stderr, CONSOLE_NAME ": %s\n", error != NULL ? error->message : "takes no arguments");
        status = BASE_ERROR_USAGE;
    } else if (options.version) {
        printf(CONSOLE_NAME " %s\n", CHAPERONE_VERSION);
    } else if (sodium_init() < 0) {
        fprintf(stderr, CONSOLE_NAME ": cannot start: no randomness\n");
        status = BASE_ERROR_OS;
    } else {
        if (options.config_path == NULL)
            options.config_path = g_strdup(CHAPERONE_SYSCONFDIR "/chaperone/chaperone.conf");
        if (!(options.job != NULL ? run_job(&options, &error) : run(&options, &error))) {
            g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
            for (char **line = lines; *line != NULL; line++)
                fprintf(stderr, CONSOLE_NAME ": %s\n", *line);
            status = base_exit_status(error);
        }
    }
    g_free(options.config_path);
    g_free(options.job);
    return status;
}
