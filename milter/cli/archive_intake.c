// archive import and archive journal: mail that did not come through the milter.
#include "cli/archive.h"
#include "intake/intake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    json_t *failures; // with --json
    gint64 shown_us;
} Importing;

// ---- import --------------------------------------------------------------------------------------------------

static void import_failure(const char *source, int64_t position, const char *why, void *data)
{
    Importing *importing = data;
    g_autofree char *clean = cli_clean(source), *place = NULL;
    if (position >= 0)
        place = g_strdup_printf(": byte %" G_GINT64_FORMAT, position);
    fprintf(stderr, "%schaperone: not imported: %s%s: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", clean,
            place != NULL ? place : "", why);
    if (importing->failures == NULL)
        return;
    g_autofree char *valid = g_utf8_make_valid(source, -1);
    json_t *one = json_pack("{s:s, s:s}", "source", valid, "why", why);
    if (position >= 0)
        json_object_set_new(one, "position", json_integer(position));
    json_array_append_new(importing->failures, one);
}

static void import_progress(guint64 done, guint64 total, void *data)
{
    Importing *importing = data;
    gint64 now = g_get_monotonic_time();
    if (total == 0 || (done < total && now - importing->shown_us < G_USEC_PER_SEC / 10))
        return;
    if (importing->shown_us < G_MAXINT64)
        cli_progress("importing", done, total);
    importing->shown_us = done < total ? now : G_MAXINT64;
}

static json_t *tally_json(const IntakeTally *tally)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "files", (json_int_t)tally->files, "messages",
                     (json_int_t)tally->messages, "imported", (json_int_t)tally->imported, "already",
                     (json_int_t)tally->already, "reports", (json_int_t)tally->reports, "failed",
                     (json_int_t)tally->failed, "bytes", (json_int_t)tally->bytes);
}

// An event before the first byte is read and one with what came of it, also where it had to stop.
static bool import_event(const Config *config, const ArchiveOptions *options, const char *event,
                         json_t *detail, GError **error)
{
    json_t *paths = json_array();
    for (char **path = options->ids; *path != NULL; path++) {
        g_autofree char *valid = g_utf8_make_valid(*path, -1);
        json_array_append_new(paths, json_string(valid));
    }
    json_object_set_new(detail, "paths", paths);
    if (options->reason != NULL)
        json_object_set_new(detail, "reason", json_string(options->reason));
    bool ok = archive_event_once(config, event, options->who, NULL, detail, clock_now_us(), error);
    json_decref(detail);
    return ok;
}

static void import_print(const IntakeTally *tally)
{
    printf("%" G_GUINT64_FORMAT " messages in %" G_GUINT64_FORMAT " files: %" G_GUINT64_FORMAT
           " imported (%" G_GUINT64_FORMAT " of them journal reports), %" G_GUINT64_FORMAT
           " in the archive already, %" G_GUINT64_FORMAT " failed\n",
           tally->messages, tally->files, tally->imported, tally->reports, tally->already, tally->failed);
}

int archive_import_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    IntakeFormat format = intake_format(options->format != NULL ? options->format : "auto");
    if (options->ids[0] == NULL)
        return cli_usage("archive import wants PATH...");
    if (format == INTAKE_LAST)
        return cli_usage(
            "--format is one of auto, eml, mbox, mboxrd, mboxo, mboxcl, mboxcl2, maildir, journal");
    Importing importing = {.failures = options->json ? json_array() : NULL};
    IntakeOrder order = {.paths = (const char *const *)options->ids,
                         .format = format,
                         .state = options->state,
                         .failure = import_failure,
                         .progress = import_progress,
                         .data = &importing};
    IntakeTally tally = {0};
    if (!import_event(config, options, "import", json_object(), error))
        return base_exit_status(*error);
    bool ok = intake_import(config, &order, &tally, error);
    bool told = import_event(config, options, "imported", tally_json(&tally), ok ? error : NULL);
    if (options->json) {
        json_t *json = tally_json(&tally);
        json_object_set_new(json, "failures", importing.failures);
        archive_print_json(json);
    } else {
        import_print(&tally);
    }
    return !ok || !told ? base_exit_status(*error) : tally.failed > 0 ? BASE_ERROR_DATA : 0;
}

// ---- journal -------------------------------------------------------------------------------------------------

// No larger than Postfix would take on any sane host.
#define JOURNAL_MOST ((gsize)512 * 1024 * 1024)

static GBytes *read_input(GError **error)
{
    GByteArray *all = g_byte_array_new();
    char buffer[65536];
    ssize_t n = 1;
    while (n > 0 && all->len <= JOURNAL_MOST) {
        n = read(STDIN_FILENO, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            g_byte_array_append(all, (const guint8 *)buffer, (guint)n);
    }
    if (n == 0 && all->len > 0)
        return g_byte_array_free_to_bytes(all);
    g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "no message on standard input: %s",
                n < 0           ? g_strerror(errno)
                : all->len == 0 ? "it is empty"
                                : "it is larger than 512 MiB");
    g_byte_array_unref(all);
    return NULL;
}

static const char *given(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

static int deliver(const Config *config, const ArchiveOptions *options, GError **error)
{
    g_autoptr(GBytes) raw = read_input(error);
    int64_t now_us = clock_now_us();
    IntakeHints hints = {.source = "journal",
                         .format = "smtp",
                         .sender = options->sender != NULL ? options->sender : "",
                         .recipients = (const char *const *)options->ids,
                         .queue_id = given(options->queue_id),
                         .client = given(options->client),
                         .file_us = now_us,
                         .arrived = true,
                         .now_us = now_us};
    bool report = false;
    g_autoptr(ArchiveRef) ref = raw != NULL ? intake_deliver(config, raw, &hints, &report, error) : NULL;
    if (ref == NULL)
        return BASE_ERROR_TEMPFAIL;
    // The record is durable, whether anybody reads this or not.
    if (options->json)
        (void)archive_print_json(
            json_pack("{s:s, s:s, s:b}", "id", ref->id, "sha256", ref->sha256, "report", (int)report));
    return 0;
}

int archive_journal_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    int status = deliver(config, options, error);
    // Whatever went wrong, the message must stay in Postfix's queue: any other status makes it bounce.
    if (*error != NULL)
        (*error)->code = BASE_ERROR_TEMPFAIL;
    return status;
}
