// chaperone-archivist: starts, takes signals in the main thread, ends in order.
#include "archivist/archivist.h"
#include "archivist/sequencer.h"
#include "archivist/witnessing.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

// How often the quarantine is asked when nothing else wakes us.
#define LOOK_MS 300

typedef struct {
    char *config_path;
    gboolean once, foreground, version;
} Options;

typedef struct {
    Config *started; // as it was at the start: what needs a restart is read from here
    Snapshot *snapshot;
    Archivist *archivist;
    Sequencer *sequencer;
    Witnessing *witnessing;
    int signals; // signalfd
} Program;

// The main thread alone takes signals, as bytes; threads and readers are made with them blocked.
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
    if (fd < 0 || sigaction(SIGPIPE, &ignore, NULL) != 0 || sigaction(SIGXFSZ, &ignore, NULL) != 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "cannot take signals: %s", g_strerror(errno));
    return fd;
}

static void reload(Program *program)
{
    g_autoptr(GError) error = NULL;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    Snapshot *next = snapshot_load(program->started->path, &error);
    if (next == NULL) {
        g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            log_error("reload refused, the old configuration stays", "error", *line);
    } else {
        g_autofree char *restart = config_needs_restart(program->started, next->config);
        if (restart != NULL)
            log_warn("keys that need a restart are not taken over", "keys", restart);
        archivist_set_snapshot(program->archivist, next);
        snapshot_unref(program->snapshot);
        program->snapshot = next;
        log_info("configuration reloaded", "policy", policy_version(next->policy));
    }
    sd_notify(0, "READY=1");
}

// True when the end was asked for.
static bool handle_signals(Program *program)
{
    struct signalfd_siginfo one;
    bool end = false, again = false;
    while (read(program->signals, &one, sizeof one) == (ssize_t)sizeof one) {
        end |= one.ssi_signo == SIGTERM || one.ssi_signo == SIGINT;
        again |= one.ssi_signo == SIGHUP;
    }
    if (again && !end)
        reload(program);
    return end;
}

// With --once: until nothing waits but what failed.
static bool is_done(const Program *program, const Options *options)
{
    ArchivistState state;
    archivist_state(program->archivist, &state);
    return options->once && state.waiting == 0 && !state.following;
}

static void serve(Program *program, const Options *options)
{
    struct pollfd waits[] = {{.fd = program->signals, .events = POLLIN},
                             {.fd = archivist_wake_fd(program->archivist), .events = POLLIN}};
    bool told = false, end = false;
    while (!end) {
        g_autoptr(GError) error = NULL;
        bool ok = archivist_step(program->archivist, &error);
        if (!ok && !told)
            log_warn("the quarantine cannot be asked", "error", error->message);
        told = !ok;
        end = handle_signals(program) || (ok && is_done(program, options));
        if (!end && poll(waits, G_N_ELEMENTS(waits), LOOK_MS) < 0 && errno != EINTR)
            end = true;
    }
}

static bool start(Program *program, const Options *options, GError **error)
{
    g_autoptr(Config) config = config_load(options->config_path, error);
    LogLevel least = LOG_INFO_LEVEL;
    if (config == NULL)
        return false;
    program->started = config_ref(config);
    log_level_parse(config->log.level, &least);
    return log_setup(options->foreground ? "stderr" : config->log.target, ARCHIVIST_NAME, least, error) &&
           (program->snapshot = snapshot_new(config, error)) != NULL &&
           (program->signals = take_signals(error)) >= 0 &&
           privileges_drop(config->milter.user, config->milter.group, error) &&
           // First what finds out whether another one runs here.
           (program->archivist = archivist_new(program->snapshot, error)) != NULL &&
           (program->sequencer = sequencer_start(config, error)) != NULL &&
           ((program->witnessing = witnessing_start(config, error)) != NULL || *error == NULL);
}

static void clear(Program *program)
{
    archivist_free(program->archivist);
    witnessing_stop(program->witnessing);
    sequencer_stop(program->sequencer);
    snapshot_unref(program->snapshot);
    if (program->started != NULL)
        config_unref(program->started);
    if (program->signals >= 0)
        close(program->signals);
}

static int end_status(Program *program, const Options *options)
{
    ArchivistState state;
    archivist_state(program->archivist, &state);
    g_autofree char *concluded = g_strdup_printf("%" G_GUINT64_FORMAT, state.concluded);
    g_autofree char *released = g_strdup_printf("%" G_GUINT64_FORMAT, state.released);
    g_autofree char *held = g_strdup_printf("%" G_GUINT64_FORMAT, state.held);
    log_info("ended", "messages", concluded, "released", released, "held", held);
    return options->once && (state.failed > 0 || state.stuck) ? BASE_ERROR_TEMPFAIL : 0;
}

static int run(const Options *options)
{
    Program program = {.signals = -1};
    g_autoptr(GError) error = NULL;
    int status;
    if (start(&program, options, &error)) {
        log_info("ready", "policy", policy_version(program.snapshot->policy), "mode",
                 mode_name(program.snapshot->mode));
        sd_notify(0, "READY=1");
        serve(&program, options);
        sd_notify(0, "STOPPING=1");
        bool drained = archivist_drain(program.archivist, program.started->milter.drain_s * 1000);
        status = end_status(&program, options);
        // What is being read stays pending, and is read again.
        if (!drained)
            _exit(status);
    } else {
        g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            fprintf(stderr, ARCHIVIST_NAME ": %s\n", *line);
        status = base_exit_status(error);
    }
    clear(&program);
    return status;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "C.UTF-8");
    Options options = {0};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"once", 0, 0, G_OPTION_ARG_NONE, &options.once,
         "Decide what is pending now, take what the archive holds, and end", NULL},
        {"foreground", 0, 0, G_OPTION_ARG_NONE, &options.foreground, "Log to standard error", NULL},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &options.version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- reads behind the mail path what takes long");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = 0;
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
        fprintf(stderr, ARCHIVIST_NAME ": %s\n", error != NULL ? error->message : "takes no arguments");
        status = BASE_ERROR_USAGE;
    } else if (options.version) {
        printf(ARCHIVIST_NAME " %s\n", CHAPERONE_VERSION);
    } else if (sodium_init() < 0) {
        fprintf(stderr, ARCHIVIST_NAME ": cannot start: no randomness\n");
        status = BASE_ERROR_OS;
    } else {
        if (options.config_path == NULL)
            options.config_path = g_strdup(CHAPERONE_SYSCONFDIR "/chaperone/chaperone.conf");
        status = run(&options);
    }
    g_free(options.config_path);
    return status;
}
