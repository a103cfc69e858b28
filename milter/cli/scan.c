// chaperone scan: judges message files by the very pipeline of the daemon, less archive and quarantine.
#include "cli/scan.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *config, *from, *auth, *date, *batch;
    char **to, **files;
    gboolean json, mask, explain;
} ScanOptions;

static void options_clear(ScanOptions *options)
{
    g_free(options->config);
    g_free(options->from);
    g_free(options->auth);
    g_free(options->date);
    g_free(options->batch);
    g_strfreev(options->to);
    g_strfreev(options->files);
}

static bool options_read(ScanOptions *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
         "Configuration (default " CLI_CONFIG_DEFAULT ")", "FILE"},
        {"from", 'f', 0, G_OPTION_ARG_STRING, &options->from, "Envelope sender; \"\" is the null sender",
         "ADDRESS"},
        {"to", 't', 0, G_OPTION_ARG_STRING_ARRAY, &options->to, "Envelope recipient; may be repeated",
         "ADDRESS"},
        {"auth", 'a', 0, G_OPTION_ARG_STRING, &options->auth, "Login of an authenticated sender", "LOGIN"},
        {"date", 'd', 0, G_OPTION_ARG_STRING, &options->date, "Time of receipt (default now)", "RFC3339"},
        {"batch", 'b', 0, G_OPTION_ARG_FILENAME, &options->batch,
         "Messages to judge, one JSON object a line: {id, file, from, to, auth, date}", "FILE.jsonl"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options->json,
         "One JSON object a line instead of an explanation", NULL},
        {"mask", 'm', 0, G_OPTION_ARG_NONE, &options->mask, "Hide the contact details that were found", NULL},
        {"explain", 'e', 0, G_OPTION_ARG_NONE, &options->explain, "Show every finding and what counted",
         NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->files, NULL, "FILE|-..."},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(
        context, "Judges messages as the daemon would and says why. Nothing is archived, held or "
                 "sent.\nExits 0 when every message could be judged, whatever the decision.");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static const char *options_mistake(const ScanOptions *options)
{
    if (options->batch && (options->files || options->from || options->to || options->auth || options->date))
        return "--batch takes senders, recipients and files from its file";
    if (options->batch)
        return NULL;
    if (!options->files)
        return "no message file";
    if (!options->from)
        return "--from is missing; use --from= for the null sender";
    return options->to ? NULL : "--to is missing";
}

// ---- one message -----------------------------------------------------------------------------------------

void scan_job_free(ScanJob *job)
{
    if (!job)
        return;
    g_free(job->id);
    g_free(job->path);
    g_free(job->from);
    g_free(job->auth);
    g_strfreev(job->to);
    envelope_free(job->envelope);
    judgement_free(job->judgement);
    g_clear_error(&job->error);
    g_free(job);
}

static GBytes *stdin_read(gsize max, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    guint8 buffer[65536];
    ssize_t got;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0 && all->len + (gsize)got <= max)
        g_byte_array_append(all, buffer, (guint)got);
    if (got != 0) {
        g_set_error(error, BASE_ERROR, got < 0 ? BASE_ERROR_NOINPUT : BASE_ERROR_DATA, "standard input: %s",
                    got < 0 ? g_strerror(errno) : "too large");
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

static Envelope *job_envelope(const ScanJob *job)
{
    Envelope *envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = envelope_bare_address(job->from);
    envelope->auth_login = g_strdup(job->auth);
    envelope->received_us = job->date_us;
    for (guint i = 0; job->to[i]; i++)
        envelope_add_rcpt(envelope, job->to[i], NULL);
    return envelope;
}

void scan_job_judge(ScanJob *job, GBytes *message, const Snapshot *snapshot, Readers *pool)
{
    gsize len;
    const void *data = g_bytes_get_data(message, &len);
    job->envelope = job_envelope(job);
    int fd = reader_seal(data, len, &job->error);
    if (fd < 0)
        return;
    job->judgement =
        judge_message(snapshot, pool, job->envelope, fd, len, job->date_us, JUDGE_WHOLE, &job->error);
    if (close(fd) != 0 && job->judgement) {
        g_clear_pointer(&job->judgement, judgement_free);
        g_set_error(&job->error, BASE_ERROR, BASE_ERROR_IO, "%s: close: %s", job->path, g_strerror(errno));
    }
}

void scan_job_run(ScanJob *job, const Snapshot *snapshot, Readers *pool)
{
    // What the daemon's MTA would not take is no message; the reader has its own limit below this one.
    gsize max = (gsize)snapshot->config->limits.inspect_bytes * 4;
    g_autoptr(GBytes) raw =
        strcmp(job->path, "-") == 0 ? stdin_read(max, &job->error) : file_read(job->path, max, &job->error);
    if (raw)
        scan_job_judge(job, raw, snapshot, pool);
}

static int scan_files(const ScanOptions *options, int64_t date_us, const Snapshot *snapshot, Readers *pool)
{
    ScanStyle style = {options->mask, options->explain, cli_colour(STDOUT_FILENO)};
    int status = 0;
    for (guint i = 0; options->files[i]; i++) {
        g_autoptr(ScanJob) job = g_new0(ScanJob, 1);
        job->path = g_strdup(options->files[i]);
        job->id = g_strdup(options->files[i]);
        job->from = g_strdup(options->from);
        job->auth = g_strdup(options->auth);
        job->to = g_strdupv(options->to);
        job->date_us = date_us;
        scan_job_run(job, snapshot, pool);
        if (job->error)
            status = cli_fail(g_steal_pointer(&job->error));
        else if (!options->json)
            scan_print(job, &style);
        else if (!scan_print_json(job, options->mask))
            status = BASE_ERROR_IO;
    }
    return status;
}

static int scan_run(const ScanOptions *options, GError **error)
{
    int64_t date_us = clock_now_us();
    if (options->date && !clock_parse(options->date, &date_us, error))
        return BASE_ERROR_USAGE;
    g_autoptr(Snapshot) snapshot = snapshot_load(cli_config_path(options->config), error);
    if (!snapshot)
        return BASE_ERROR_CONFIG;
    g_autoptr(Readers) pool = readers_new(snapshot->config, error);
    if (!pool)
        return BASE_ERROR_OS;
    if (options->batch)
        return scan_batch(options->batch, snapshot, pool, options->mask);
    return scan_files(options, date_us, snapshot, pool);
}

int cli_scan(int argc, char **argv)
{
    ScanOptions options = {0};
    GError *error = NULL;
    int status = 0;
    if (!options_read(&options, &argc, &argv, &error)) {
        status = cli_usage("%s", error->message);
        g_clear_error(&error);
    } else if (options_mistake(&options)) {
        status = cli_usage("%s", options_mistake(&options));
    } else {
        status = scan_run(&options, &error);
        if (error) {
            int usage = status == BASE_ERROR_USAGE ? status : 0;
            status = cli_fail(g_steal_pointer(&error));
            status = usage ? usage : status;
        }
    }
    if (fflush(stdout) != 0)
        status = BASE_ERROR_IO;
    options_clear(&options);
    return status;
}
