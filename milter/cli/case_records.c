// chaperone case search, records, review, redact, fee, letter, export.
#include "bag/bag.h"
#include "cli/cases.h"

#include <stdio.h>
#include <string.h>

// ---- searching -------------------------------------------------------------------------------------------

static void show_progress(guint64 done, guint64 total, void *data)
{
    cli_progress("reading", done, total);
}

int case_run_search(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    g_autoptr(Readers) readers = readers_new(options->config, error);
    CaseSearched found;
    if (readers == NULL || !case_search(cases, arguments[0], readers, arguments[1], options->envelope,
                                        options->who, options->now_us, show_progress, NULL, &found, error))
        return base_exit_status(*error);
    g_autofree char *through = found.through_us > 0 ? clock_format(found.through_us) : NULL;
    if (options->json)
        return case_print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s?}", "hits",
                                         (json_int_t)found.hits, "added", (json_int_t)found.added, "known",
                                         (json_int_t)found.known, "indexed", (json_int_t)found.indexed,
                                         "archived", (json_int_t)found.archived, "unsearchable",
                                         (json_int_t)found.unsearchable, "through", through));
    printf("%" G_GUINT64_FORMAT " hits, %" G_GUINT64_FORMAT " new in the case; %" G_GUINT64_FORMAT
           " of %" G_GUINT64_FORMAT " records are in the index, %" G_GUINT64_FORMAT
           " of the time asked about not wholly\n",
           found.hits, found.added, found.indexed, found.archived, found.unsearchable);
    return 0;
}

// ---- records ---------------------------------------------------------------------------------------------

static json_t *record_json(const CaseRecord *record)
{
    g_autofree char *received = clock_format(record->received_us);
    return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:b, s:s, s:s?, s:s?, s:s?, s:b, s:I, s:O?}",
                     "record", record->record, "received", received, "sender", record->sender, "subject",
                     record->subject, "custodian", record->custodian, "thread", record->thread, "group",
                     record->group, "exact", record->exact, "what", case_what_name(record->what), "code",
                     record->code, "why", record->why, "who", record->who, "disputed", record->disputed,
                     "number", (json_int_t)record->number, "redactions", record->redactions);
}

static void print_record(const CaseRecord *record)
{
    g_autofree char *received = clock_format(record->received_us), *sender = cli_clean(record->sender);
    g_autofree char *subject = cli_clean(record->subject);
    printf("%s  %.10s  %-14s %-10s %s  %s%s%s\n", record->record, received, case_what_name(record->what),
           record->code != NULL ? record->code : "", sender, subject,
           strcmp(record->group, record->record) != 0 ? record->exact ? "  = " : "  ~ " : "",
           strcmp(record->group, record->record) != 0 ? record->group : "");
    if (record->disputed)
        printf("    reviewers have decided differently\n");
}

int case_run_records(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    CaseWhat what = CASE_WHATS;
    if (options->what != NULL && !case_what_parse(options->what, &what))
        return cli_usage("--what %s: undecided, responsive, not-responsive, exempt or redact", options->what);
    g_autoptr(Case) one = case_get(cases, arguments[0], error);
    g_autoptr(GPtrArray) records =
        one != NULL ? case_records(cases, one->id, what, NULL, (guint)MAX(options->most, 0), error) : NULL;
    if (records == NULL)
        return base_exit_status(*error);
    json_t *all = json_array();
    for (guint i = 0; i < records->len; i++) {
        if (options->json)
            json_array_append_new(all, record_json(records->pdata[i]));
        else
            print_record(records->pdata[i]);
    }
    if (options->json)
        return case_print_json(all);
    json_decref(all);
    fprintf(stderr, "%u records\n", records->len);
    return 0;
}

static void print_decisions(const json_t *decisions)
{
    for (size_t i = 0; i < json_array_size(decisions); i++) {
        const json_t *one = json_array_get(decisions, i);
        g_autofree char *code = cli_clean(json_string_value(json_object_get(one, "code")));
        g_autofree char *why = cli_clean(json_string_value(json_object_get(one, "why")));
        printf("    %.19s %s: %s %s%s%s\n", json_string_value(json_object_get(one, "time")),
               json_string_value(json_object_get(one, "who")),
               json_string_value(json_object_get(one, "what")), code, *why != '\0' ? ": " : "", why);
    }
}

int case_run_group(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) records = case_related(cases, arguments[0], arguments[1], error);
    json_t *all = json_array();
    bool ok = records != NULL;
    for (guint i = 0; ok && i < records->len; i++) {
        const CaseRecord *record = records->pdata[i];
        json_t *decisions = case_decisions(cases, arguments[0], record->record, error);
        ok = decisions != NULL;
        if (ok && options->json) {
            json_t *one = record_json(record);
            json_object_set(one, "decisions", decisions);
            json_array_append_new(all, one);
        } else if (ok) {
            print_record(record);
            print_decisions(decisions);
        }
        json_decref(decisions);
    }
    int status = ok ? 0 : base_exit_status(*error);
    if (ok && options->json)
        return case_print_json(all);
    json_decref(all);
    return status;
}

int case_run_review(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    CaseWhat what;
    if (options->what == NULL || !case_what_parse(options->what, &what))
        return cli_usage("case review wants --what responsive, not-responsive, exempt or redact");
    int count = case_review(cases, arguments[0], arguments[1], options->group, what, options->code,
                            options->why, options->who, options->now_us, error);
    if (count < 0)
        return base_exit_status(*error);
    if (options->json)
        return case_print_json(json_pack("{s:i}", "decided", count));
    printf("%d record%s: %s\n", count, count == 1 ? "" : "s", case_what_name(what));
    return 0;
}

int case_run_redact(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    enum { FILE_MOST = 16 << 20 };
    g_autoptr(GBytes) bytes = file_read(arguments[2], FILE_MOST, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    json_error_t wrong;
    json_t *json = data != NULL ? json_loadb(data, len, 0, &wrong) : NULL;
    if (bytes != NULL && json == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%d: %s", arguments[2],
                    data != NULL ? wrong.line : 1, data != NULL ? wrong.text : "is empty");
    const json_t *list = json_is_object(json) ? json_object_get(json, "redactions") : json;
    bool ok = json != NULL &&
              case_redact(cases, arguments[0], arguments[1], list, options->who, options->now_us, error);
    size_t count = json_array_size(list);
    json_decref(json);
    if (!ok)
        return base_exit_status(*error);
    printf("%s: %zu redactions\n", arguments[1], count);
    return 0;
}

// ---- fees and letters ------------------------------------------------------------------------------------

int case_run_fee(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    g_autoptr(CaseClocks) clocks = case_clocks(options, error);
    if (clocks == NULL || !case_fee_add(cases, arguments[0], arguments[1], options->quantity, options->cents,
                                        options->who, options->now_us, error))
        return base_exit_status(*error);
    json_t *fees = case_fees(cases, clocks, arguments[0], options->today, error);
    if (fees == NULL)
        return base_exit_status(*error);
    if (options->json)
        return case_print_json(fees);
    const char *why = json_string_value(json_object_get(fees, "why"));
    printf("%s: $%.2f to be charged%s%s\n", arguments[0],
           (double)json_integer_value(json_object_get(fees, "charged")) / 100, why != NULL ? ": " : "",
           why != NULL ? why : "");
    json_decref(fees);
    return 0;
}

int case_run_letter(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    if (options->send && options->by_hand)
        return cli_usage("case letter: --send or --by-hand");
    g_autoptr(CaseClocks) clocks = case_clocks(options, error);
    g_autoptr(Case) one = clocks != NULL ? case_get(cases, arguments[0], error) : NULL;
    g_autofree char *subject = NULL;
    g_autofree char *text = one != NULL ? case_letter(cases, clocks, one->id, arguments[1], options->text,
                                                      options->today, &subject, error)
                                        : NULL;
    if (text == NULL)
        return base_exit_status(*error);
    const char *to = options->to != NULL ? options->to : one->contact;
    if (options->send && !case_letter_send(cases, one->id, arguments[1], subject, text, to, options->who,
                                           options->now_us, error))
        return base_exit_status(*error);
    if (options->by_hand && !case_letter_sent(cases, one->id, arguments[1], subject, text, NULL, options->who,
                                              options->now_us, error))
        return base_exit_status(*error);
    if (options->json)
        return case_print_json(
            json_pack("{s:s, s:s, s:b}", "subject", subject, "text", text, "sent", options->send));
    printf("Subject: %s\n\n%s", subject, text);
    return 0;
}

// ---- export ----------------------------------------------------------------------------------------------

static void bag_progress(const char *step, guint64 done, guint64 total, void *data)
{
    cli_progress(step, done, total);
}

// What goes out as the last reviewer decided, though another decided differently.
static void export_warn(Cases *cases, const char *id, const BagResult *result)
{
    g_autoptr(Case) one = case_get(cases, id, NULL);
    if (one != NULL && one->disputed > 0)
        fprintf(stderr, "warning: reviewers differ on %u records of case %s; the last decision stood\n",
                one->disputed, id);
    for (guint i = 0; i < result->warnings->len; i++)
        fprintf(stderr, "warning: %s\n", (char *)result->warnings->pdata[i]);
}

int case_run_export(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    if (options->out == NULL)
        return cli_usage("case export wants --out DIR");
    const char *reason = options->why != NULL ? options->why : "records request";
    g_autoptr(BagSpec) spec =
        case_bag(cases, arguments[0], options->who, reason, options->envelope, options->now_us, error);
    g_autoptr(Readers) readers = spec != NULL ? readers_new(options->config, error) : NULL;
    g_autoptr(BagResult) result =
        readers != NULL ? bag_write(options->config, readers, spec, options->out, bag_progress, NULL, error)
                        : NULL;
    if (result == NULL || !case_produced(cases, arguments[0], result, options->who, options->now_us, error))
        return base_exit_status(*error);
    export_warn(cases, arguments[0], result);
    if (options->json)
        return case_print_json(json_pack("{s:s, s:i, s:i, s:i, s:s}", "bag", options->out, "full",
                                         (int)result->full, "redacted", (int)result->redacted, "withheld",
                                         (int)result->withheld, "manifest", result->manifest_sha256));
    printf("%s: %u in full, %u redacted, %u withheld; SHA-256 %s\n", options->out, result->full,
           result->redacted, result->withheld, result->manifest_sha256);
    return 0;
}
