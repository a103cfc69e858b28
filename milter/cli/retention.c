// chaperone retention: the schedule, and what becomes of records by it.
#include "cli/keep.h"

#include <stdio.h>
#include <string.h>

static json_t *class_json(const RetentionClass *class)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:i, s:i, s:s, s:s}", "name", class->name, "title",
                     class->title, "item", class->item, "source", class->source, "permanent",
                     class->permanent, "years", class->years, "days", class->days, "trigger",
                     class->permanent ? "" : retention_trigger_name(class->trigger), "event", class->event);
}

static int print_schedule(const RetentionSchedule *schedule, const KeepOptions *options)
{
    const GPtrArray *classes = retention_schedule_classes(schedule);
    json_t *all = json_array();
    if (!options->json)
        printf("%s %s%s: %u rules\nSHA-256 %s\n", retention_schedule_name(schedule),
               retention_schedule_version(schedule),
               retention_schedule_template(schedule) ? " (a template: nothing is destroyed by it)" : "",
               retention_schedule_rules(schedule), retention_schedule_sha256(schedule));
    for (guint i = 0; i < classes->len; i++) {
        const RetentionClass *class = classes->pdata[i];
        json_array_append_new(all, class_json(class));
        if (!options->json && class->permanent)
            printf("  %-24s permanent  %s\n", class->name, class->title);
        else if (!options->json)
            printf("  %-24s %d years %d days from %s  %s\n", class->name, class->years, class->days,
                   class->trigger == TRIGGER_EVENT ? class->event : retention_trigger_name(class->trigger),
                   class->title);
    }
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:b, s:i, s:o}", "name", retention_schedule_name(schedule), "version",
                  retention_schedule_version(schedule), "sha256", retention_schedule_sha256(schedule),
                  "template", retention_schedule_template(schedule), "rules",
                  (int)retention_schedule_rules(schedule), "classes", all);
    if (options->json)
        return keep_print(json);
    json_decref(json);
    return 0;
}

static int run_lint(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    const char *path = arguments[0] != NULL ? arguments[0] : options->config->retention.schedule;
    if (*path == '\0')
        return cli_usage("retention lint wants a file: retention.schedule is not set");
    g_autoptr(RetentionSchedule) schedule = retention_schedule_load(path, error);
    return schedule != NULL ? print_schedule(schedule, options) : base_exit_status(*error);
}

// ---- one record ------------------------------------------------------------------------------------------

static const char *tri_name(Tri tri)
{
    return tri == TRI_YES ? "yes" : tri == TRI_NO ? "no" : "unknown";
}

static json_t *day_json(int64_t us)
{
    g_autofree char *text = us != 0 ? clock_format(us) : NULL;
    return text != NULL ? json_string(text) : json_null();
}

static json_t *verdict_json(const char *record, const RetentionVerdict *verdict)
{
    json_t *reasons = json_array(), *holds = json_array();
    for (guint i = 0; i < verdict->reasons->len; i++) {
        const RetentionReason *reason = verdict->reasons->pdata[i];
        json_array_append_new(reasons, json_pack("{s:s, s:s, s:s, s:o, s:s?}", "rule", reason->rule, "class",
                                                 reason->class, "applies", tri_name(reason->applies), "due",
                                                 day_json(reason->due_us), "why", reason->why));
    }
    for (guint i = 0; i < verdict->holds->len; i++)
        json_array_append_new(holds, json_string(verdict->holds->pdata[i]));
    return json_pack("{s:s, s:s?, s:s, s:o, s:s?, s:o, s:o}", "record", record, "class",
                     verdict->class != NULL ? verdict->class->name : NULL, "due", tri_name(verdict->due),
                     "due_from", day_json(verdict->due_us), "why", verdict->why, "rules", reasons, "holds",
                     holds);
}

static void print_verdict(const RetentionVerdict *verdict, const char *timezone)
{
    g_autofree char *due = verdict->due_us != 0 ? clock_format_local(verdict->due_us, timezone) : NULL;
    printf("%s%s%s\n%s\n",
           verdict->due == TRI_YES  ? "due since "
           : verdict->due == TRI_NO ? "kept until "
                                    : "kept: it cannot be told how long",
           verdict->due == TRI_UNKNOWN ? ""
           : due != NULL               ? due
                                       : "ever",
           "", verdict->why);
    for (guint i = 0; i < verdict->reasons->len; i++) {
        const RetentionReason *reason = verdict->reasons->pdata[i];
        g_autofree char *from = reason->due_us != 0 ? clock_format_local(reason->due_us, timezone) : NULL;
        printf("  %-7s  rule %s -> %s%s%s%s%s\n", tri_name(reason->applies), reason->rule, reason->class,
               from != NULL ? ", due " : "", from != NULL ? from : "", reason->why != NULL ? ": " : "",
               reason->why != NULL ? reason->why : "");
    }
    for (guint i = 0; i < verdict->holds->len; i++) {
        g_autofree char *line = cli_clean(verdict->holds->pdata[i]);
        printf("  held by  %s\n", line);
    }
}

static int run_explain(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    g_auto(RetentionVerdict) verdict = {0};
    g_autoptr(RetentionSchedule) schedule =
        retention_schedule(retention, options->who, options->now_us, error);
    g_autoptr(ArchiveRecord) record =
        schedule != NULL ? archive_get(options->config, arguments[0], error) : NULL;
    g_autoptr(RetentionReckoner) reckoner =
        record != NULL && legal_hold_refresh(retention, options->now_us, NULL, error)
            ? retention_reckoner_new(retention, schedule, error)
            : NULL;
    if (reckoner == NULL || !retention_reckon(reckoner, record->meta, options->now_us, &verdict, error))
        return base_exit_status(*error);
    if (options->json)
        return keep_print(verdict_json(record->ref->id, &verdict));
    print_verdict(&verdict, options->config->district.timezone);
    return ferror(stdout) ? BASE_ERROR_IO : 0;
}

// ---- all of them -----------------------------------------------------------------------------------------

typedef struct {
    const KeepOptions *options;
    RetentionReckoner *reckoner;
    json_t *classes, *records;
    guint64 seen, unknown;
    int64_t before_us;
    CliProgress progress;
    GError *error;
} Counting;

static void count_in(json_t *counts, const char *key)
{
    json_object_set_new(counts, key, json_integer(json_integer_value(json_object_get(counts, key)) + 1));
}

static void count_verdict(Counting *counting, const ArchiveRecord *record, const RetentionVerdict *verdict)
{
    const char *name = verdict->class != NULL ? verdict->class->name : "(unknown)";
    bool due = verdict->due == TRI_YES, held = verdict->holds->len > 0;
    json_t *counts = json_object_get(counting->classes, name);
    if (counts == NULL) {
        counts = json_object();
        json_object_set_new(counting->classes, name, counts);
    }
    count_in(counts, due && held              ? "due_under_hold"
                     : due                    ? "due"
                     : verdict->due == TRI_NO ? "not_due"
                                              : "unknown");
    if (counting->options->rows && due)
        json_array_append_new(counting->records,
                              json_pack("{s:s, s:s, s:o, s:b}", "record", record->ref->id, "class", name,
                                        "due_from", day_json(verdict->due_us), "held", held));
}

static bool count_record(const ArchiveRecord *record, void *data)
{
    Counting *counting = data;
    g_auto(RetentionVerdict) verdict = {0};
    if (!retention_reckon(counting->reckoner, record->meta, counting->options->now_us, &verdict,
                          &counting->error))
        return false;
    const char *class = verdict.class != NULL ? verdict.class->name : "(unknown)";
    if (counting->options->class == NULL || strcmp(counting->options->class, class) == 0)
        count_verdict(counting, record, &verdict);
    cli_progress_step(&counting->progress, "records", "reckoning", ++counting->seen, 0);
    return true;
}

static void print_counts(const Counting *counting)
{
    const char *name;
    json_t *counts;
    printf("%-24s %10s %14s %10s %10s\n", "class", "due", "due, held", "not due", "unknown");
    json_object_foreach(counting->classes, name, counts)
        printf("%-24s %10d %14d %10d %10d\n", name, (int)json_integer_value(json_object_get(counts, "due")),
               (int)json_integer_value(json_object_get(counts, "due_under_hold")),
               (int)json_integer_value(json_object_get(counts, "not_due")),
               (int)json_integer_value(json_object_get(counts, "unknown")));
    for (size_t i = 0; i < json_array_size(counting->records); i++) {
        const json_t *one = json_array_get(counting->records, i);
        printf("%s  %s%s\n", json_string_value(json_object_get(one, "record")),
               json_string_value(json_object_get(one, "class")),
               json_is_true(json_object_get(one, "held")) ? "  held" : "");
    }
}

static int run_due(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    ArchiveQuery query = {0};
    g_autoptr(RetentionSchedule) schedule =
        retention_schedule(retention, options->who, options->now_us, error);
    Counting counting = {.options = options, .classes = json_object(), .records = json_array()};
    bool ok = schedule != NULL && cli_time(options->config, options->before, false, &query.to_us, error) &&
              legal_hold_refresh(retention, options->now_us, NULL, error) &&
              (counting.reckoner = retention_reckoner_new(retention, schedule, error)) != NULL &&
              archive_each(options->config, &query, count_record, NULL, &counting, error);
    cli_progress_end(&counting.progress);
    if (counting.error != NULL) {
        g_propagate_error(error, counting.error);
        ok = false;
    }
    if (ok && options->json)
        ok = keep_print(json_pack("{s:O, s:O, s:I}", "classes", counting.classes, "records", counting.records,
                                  "reckoned", (json_int_t)counting.seen)) == 0;
    else if (ok)
        print_counts(&counting);
    retention_reckoner_free(counting.reckoner);
    json_decref(counting.classes);
    json_decref(counting.records);
    return ok ? 0 : *error != NULL ? base_exit_status(*error) : BASE_ERROR_IO;
}

static int run_day(Retention *retention, const KeepOptions *options, char **arguments, GError **error)
{
    int64_t us = 0;
    if (options->event == NULL)
        return cli_usage("retention day wants --event NAME: student-exit, or an event of the schedule");
    if (strlen(arguments[1]) != 10 || !clock_parse(arguments[1], &us, NULL))
        return cli_usage("\"%s\" is no date; write it as 2026-06-30", arguments[1]);
    if (!retention_note_day(retention, options->event, arguments[0], clock_local_date(us, NULL), options->who,
                            options->why, options->now_us, error))
        return base_exit_status(*error);
    return options->json ? keep_print(json_pack("{s:s, s:s, s:s}", "event", options->event, "subject",
                                                arguments[0], "date", arguments[1]))
                         : 0;
}

static const KeepStep STEPS[] = {
    {"lint", run_lint, -1, false, "lint [FILE]               checks a schedule and tells its classes"},
    {"explain", run_explain, 1, false,
     "explain ID                which rules, which class, until when, what holds it"},
    {"due", run_due, 0, false,
     "due [--class C] [--before DATE] [--records]\n                            what is due, what is not"},
    {"day", run_day, 2, true,
     "day SUBJECT DATE --event NAME --reason TEXT\n"
     "                            notes the day a period begins with, of a person or a record"},
};

int cli_retention(int argc, char **argv)
{
    return keep_main("retention", STEPS, G_N_ELEMENTS(STEPS), argc, argv);
}
