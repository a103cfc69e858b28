// archive reconcile: the MTA's log beside the archive.
#include "cli/archive.h"
#include "intake/intake.h"

#include <stdio.h>
#include <string.h>

static json_t *file_json(const MailFile *file)
{
    g_autofree char *time = clock_format(file->first_us);
    return json_pack("{s:s, s:s, s:s*, s:s*, s:s*}", "queue_id", file->queue_id, "time", time, "from",
                     file->sender, "client", file->client, "message_id", file->message_id);
}

static json_t *record_json(const ArchiveRecord *record)
{
    const json_t *envelope = json_object_get(record->meta, "envelope");
    return json_pack("{s:s, s:s*, s:s*, s:s*}", "record", record->ref->id, "queue_id",
                     json_string_value(json_object_get(envelope, "queue_id")), "received",
                     json_string_value(json_object_get(record->meta, "received")), "from",
                     json_string_value(json_object_get(envelope, "mail_from")));
}

static json_t *files_json(const GPtrArray *files)
{
    json_t *list = json_array();
    for (guint i = 0; i < files->len; i++)
        json_array_append_new(list, file_json(files->pdata[i]));
    return list;
}

static json_t *counts_json(const MailLog *log, const Reconciliation *found)
{
    g_autofree char *from = clock_format(log->first_us), *to = clock_format(log->last_us);
    return json_pack("{s:{s:s, s:s, s:I}, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "log", "from", from,
                     "to", to, "lines", (json_int_t)log->lines, "accepted", (json_int_t)found->accepted,
                     "matched", (json_int_t)found->matched, "refused", (json_int_t)found->refused, "own",
                     (json_int_t)found->own, "internal", (json_int_t)found->internal, "derived",
                     (json_int_t)found->derived, "records", (json_int_t)found->records, "without_queue_id",
                     (json_int_t)found->strangers, "damaged", (json_int_t)found->damaged);
}

static int print_json(const MailLog *log, const Reconciliation *found)
{
    json_t *json = counts_json(log, found), *sources = json_array(), *unknown = json_array();
    for (guint i = 0; i < log->sources->len; i++) {
        g_autofree char *valid = g_utf8_make_valid(log->sources->pdata[i], -1);
        json_array_append_new(sources, json_string(valid));
    }
    for (guint i = 0; i < found->unknown->len; i++)
        json_array_append_new(unknown, record_json(found->unknown->pdata[i]));
    json_object_set_new(json, "read", sources);
    json_object_set_new(json, "missing", files_json(found->missing));
    json_object_set_new(json, "ours", files_json(found->ours));
    json_object_set_new(json, "unknown", unknown);
    return archive_print_json(json);
}

static void print_list(const char *what, json_t *list)
{
    static const char *const KEYS[] = {"record", "queue_id", "time",      "received",
                                       "from",   "client",   "message_id"};
    for (size_t i = 0; i < json_array_size(list); i++) {
        printf("%s:", what);
        for (gsize k = 0; k < G_N_ELEMENTS(KEYS); k++) {
            const char *value = json_string_value(json_object_get(json_array_get(list, i), KEYS[k]));
            g_autofree char *clean = archive_plain(value != NULL ? value : "", 200);
            if (value != NULL)
                printf(" %s=%s", KEYS[k], *clean != '\0' ? clean : "<>");
        }
        putchar('\n');
    }
    json_decref(list);
}

static int print_text(const MailLog *log, const Reconciliation *found)
{
    g_autofree char *from = clock_format(log->first_us), *to = clock_format(log->last_us);
    json_t *unknown = json_array();
    for (guint i = 0; i < found->unknown->len; i++)
        json_array_append_new(unknown, record_json(found->unknown->pdata[i]));
    print_list("not in the archive", files_json(found->missing));
    print_list("not in the log", unknown);
    printf("log: %u files, %" G_GUINT64_FORMAT " lines of Postfix, from %s to %s\n", log->sources->len,
           log->lines, from, to);
    printf("accepted: %" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT " in the archive, %u not; %" G_GUINT64_FORMAT
           " sent by the filter itself, %" G_GUINT64_FORMAT " made of archived ones, %" G_GUINT64_FORMAT
           " made by the MTA (bounces)\n",
           found->accepted, found->matched, found->missing->len, found->own, found->derived, found->internal);
    printf("refused: %" G_GUINT64_FORMAT "\nrecords of that time: %" G_GUINT64_FORMAT
           ", %u of them not in the log\n",
           found->refused, found->records, found->unknown->len);
    if (found->damaged > 0)
        printf("%" G_GUINT64_FORMAT " places of the archive are damaged: chaperone archive verify\n",
               found->damaged);
    return ferror(stdout) ? BASE_ERROR_IO : 0;
}

static bool read_logs(MailLog *log, const ArchiveOptions *options, GError **error)
{
    bool ok = true;
    for (char **path = options->maillogs; ok && *path != NULL; path++)
        if (strcmp(*path, "journal") == 0)
            ok = maillog_read_journal(log, NULL, options->query.from_us, options->query.to_us, error);
        else if (g_str_has_prefix(*path, "journal:"))
            ok = maillog_read_journal(log, *path + strlen("journal:"), options->query.from_us,
                                      options->query.to_us, error);
        else
            ok = maillog_read(log, *path, error);
    return ok;
}

// Where the log does not go as far as was asked, silence would be taken for an answer.
static void warn_short(const MailLog *log, const ArchiveOptions *options)
{
    g_autofree char *from = clock_format(log->first_us), *to = clock_format(log->last_us);
    if (options->query.from_us != 0 && log->first_us > options->query.from_us)
        fprintf(stderr, "chaperone: the log begins at %s: nothing is said of what was before\n", from);
    if (options->query.to_us != 0 && log->last_us < options->query.to_us &&
        options->query.to_us < clock_now_us())
        fprintf(stderr, "chaperone: the log ends at %s: nothing is said of what was later\n", to);
}

int archive_reconcile_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (options->maillogs == NULL)
        return cli_usage("archive reconcile wants --maillog FILE or --maillog journal");
    g_autoptr(MailLog) log = maillog_new();
    CliWorking *working = cli_working_begin("reading the log and the archive");
    bool ok = read_logs(log, options, error);
    g_autoptr(Reconciliation) found =
        ok ? intake_reconcile(config, log, options->query.from_us, options->query.to_us, error) : NULL;
    cli_working_end(working);
    if (found == NULL)
        return base_exit_status(*error);
    json_t *detail = counts_json(log, found);
    json_object_set_new(detail, "missing", json_integer(found->missing->len));
    json_object_set_new(detail, "unknown", json_integer(found->unknown->len));
    ok = archive_event_once(config, "reconcile", options->who, NULL, detail, clock_now_us(), error);
    json_decref(detail);
    if (!ok)
        return base_exit_status(*error);
    warn_short(log, options);
    int status = options->json ? print_json(log, found) : print_text(log, found);
    bool lacking = found->missing->len > 0 || found->unknown->len > 0 || found->damaged > 0;
    return status != 0 ? status : lacking ? BASE_ERROR_DATA : 0;
}
