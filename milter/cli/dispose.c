// chaperone dispose: destroying records lawfully.
#include "cli/keep.h"

#include <stdio.h>
#include <string.h>

// ---- looking ---------------------------------------------------------------------------------------------

static void print_counts(const json_t *counts, const char *what)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)counts, name, value)
    {
        if (json_is_object(value))
            printf("%s%s: %d records, %" JSON_INTEGER_FORMAT " bytes%s%s\n", what, name,
                   (int)json_integer_value(json_object_get(value, "records")),
                   json_integer_value(json_object_get(value, "bytes")),
                   *json_string_value(json_object_get(value, "item")) != '\0' ? ", item " : "",
                   json_string_value(json_object_get(value, "item")));
        else
            printf("%s%s: %d records\n", what, name, (int)json_integer_value(value));
    }
}

static void print_disposal(const Disposal *disposal, const char *timezone)
{
    g_autofree char *proposed = clock_format_local(disposal->proposed_us, timezone);
    g_autofree char *first = clock_format_local(disposal->first_us, timezone);
    g_autofree char *last = clock_format_local(disposal->last_us, timezone), *why = cli_clean(disposal->why);
    printf("%s  %s\nproposed:   %s by %s: %s\nschedule:   %s\nlist:       %u records, %" G_GINT64_FORMAT
           " bytes, sent %.10s to %.10s\n            SHA-256 %s\n",
           disposal->id, disposal_state_name(disposal->state), proposed, disposal->proposed_by, why,
           disposal->schedule, disposal->records, disposal->bytes, first, last, disposal->list_sha256);
    print_counts(disposal->classes, "class:      ");
    print_counts(disposal->under_hold, "under hold: ");
    for (guint i = 0; i < disposal->approvals->len; i++) {
        const DisposalApproval *approval = disposal->approvals->pdata[i];
        g_autofree char *when = clock_format_local(approval->when_us, timezone),
                        *words = cli_clean(approval->why);
        printf("approved:   %s by %s: %s\n", when, approval->who, words);
    }
    g_autofree char *authorization = cli_clean(disposal->authorization);
    printf("authorized: %s\ndestroyed:  %u, kept %u, waiting %u%s\n", authorization, disposal->destroyed,
           disposal->kept, disposal->records - disposal->destroyed - disposal->kept,
           disposal->certificate != NULL ? "; certified" : "");
}

static bool add_row(const DisposalRecord *record, void *data)
{
    g_autofree char *sent = clock_format(record->sent_us), *due = clock_format(record->due_us);
    json_array_append_new(data, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s?}", "record",
                                          record->record, "segment", record->segment, "class", record->class,
                                          "sent", sent, "due", due, "size", (json_int_t)record->size, "state",
                                          listed_state_name(record->state), "why", record->why));
    return true;
}

static bool print_row(const DisposalRecord *record, void *data)
{
    g_autofree char *sent = clock_format_local(record->sent_us, data), *why = cli_clean(record->why);
    printf("  %s  %.10s  %-9s  %s%s%s\n", record->record, sent, listed_state_name(record->state),
           record->class, record->why != NULL ? ": " : "", record->why != NULL ? why : "");
    return !ferror(stdout);
}

static int show(Retention *retention, const KeepOptions *options, const char *id, bool rows, GError **error)
{
    g_autoptr(Disposal) disposal = disposal_get(retention, id, error);
    if (disposal == NULL)
        return base_exit_status(*error);
    json_t *list = json_array(), *json = disposal_json(disposal);
    bool ok = true;
    if (options->json) {
        ok = !rows || disposal_each(retention, disposal->id, add_row, list, error);
        json_object_set(json, "list", rows ? list : NULL);
        ok = ok && keep_print(json_incref(json)) == 0;
    } else {
        print_disposal(disposal, options->config->district.timezone);
        ok = !rows ||
             disposal_each(retention, disposal->id, print_row, options->config->district.timezone, error);
    }
    json_decref(list);
    json_decref(json);
    return ok ? 0 : *error != NULL ? base_exit_status(*error) : BASE_ERROR_IO;
}

static int run_show(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    return show(retention, options, arguments[0], options->rows, error);
}

static int run_list(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) list = disposal_list(retention, error);
    if (list == NULL)
        return base_exit_status(*error);
    json_t *all = json_array();
    for (guint i = 0; i < list->len; i++) {
        const Disposal *disposal = list->pdata[i];
        g_autofree char *when = clock_format_local(disposal->proposed_us, options->config->district.timezone);
        g_autofree char *why = cli_clean(disposal->why);
        if (options->json)
            json_array_append_new(all, disposal_json(disposal));
        else
            printf("%s  %.16s  %-9s  %7u records  %u approvals  %s\n", disposal->id, when,
                   disposal_state_name(disposal->state), disposal->records, disposal->approvals->len, why);
    }
    if (options->json)
        return keep_print(all);
    json_decref(all);
    return ferror(stdout) ? BASE_ERROR_IO : 0;
}

// ---- steps -----------------------------------------------------------------------------------------------

static int run_propose(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    DisposalWish wish = {.class = options->class, .query = options->query, .most = (guint)options->most};
    CliProgress progress = {0};
    char id[ULID_LEN + 1];
    bool ok = cli_time(options->config, options->before, false, &wish.before_us, error) &&
              disposal_propose(retention, &wish, options->who, options->why, options->now_us, keep_progress,
                               &progress, id, error);
    cli_progress_end(&progress);
    return ok ? show(retention, options, id, false, error) : base_exit_status(*error);
}

static int run_approve(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    bool ok = disposal_approve(retention, arguments[0], options->who, options->authorization, options->why,
                               options->now_us, error);
    return ok ? show(retention, options, arguments[0], false, error) : base_exit_status(*error);
}

static int run_withdraw(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    bool ok = disposal_withdraw(retention, arguments[0], options->who, options->why, options->now_us, error);
    return ok ? show(retention, options, arguments[0], false, error) : base_exit_status(*error);
}

static int run_execute(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    g_auto(DisposalOutcome) outcome = {0};
    CliProgress progress = {0};
    bool ok = disposal_execute(retention, arguments[0], options->who, options->wait_s, keep_progress,
                               &progress, &outcome, error);
    cli_progress_end(&progress);
    if (!ok)
        return base_exit_status(*error);
    int status = show(retention, options, arguments[0], false, error);
    if (outcome.waits_for != NULL)
        fprintf(stderr, "chaperone: not done yet: %s; run the same again\n", outcome.waits_for);
    return status != 0 ? status : outcome.waits_for != NULL ? BASE_ERROR_TEMPFAIL : 0;
}

static int run_certificate(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    g_autofree char *note = disposal_certificate(retention, arguments[0], error);
    bool ok = note != NULL;
    if (ok && options->json)
        return keep_print(json_pack("{s:s}", "certificate", note));
    if (ok && options->out != NULL)
        ok = file_write_atomic(options->out, note, strlen(note), 0640, error);
    else if (ok && fputs(note, stdout) == EOF)
        return BASE_ERROR_IO;
    return ok ? 0 : base_exit_status(*error);
}

static const KeepStep STEPS[] = {
    {"propose", run_propose, 0, true,
     "propose --reason TEXT [--class C] [--before DATE] [--query Q] [--most N]\n"
     "                            lists what is due and under no legal hold"},
    {"list", run_list, 0, false, "list                      all disposals"},
    {"show", run_show, 1, false, "show ID [--records]       one of them"},
    {"approve", run_approve, 1, true,
     "approve ID --reason TEXT [--authorization NUMBER]\n"
     "                            two different people, and the state's authorization from one of them"},
    {"execute", run_execute, 1, false,
     "execute ID [--wait SECONDS]  destroys what no legal hold covers by now; goes on where it stopped"},
    {"withdraw", run_withdraw, 1, true, "withdraw ID --reason TEXT  before anything of it is destroyed"},
    {"certificate", run_certificate, 1, false,
     "certificate ID [--out FILE]  what was destroyed, signed by the log's key"},
};

int cli_dispose(int argc, char **argv)
{
    return keep_main("dispose", STEPS, G_N_ELEMENTS(STEPS), argc, argv);
}
