#include "cli/cli.h"
#include "feeds/feeds.h"
#include "roster/roster.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char *config_path, *who, *why;
    gboolean dry_run, json, all;
    char *id, *kind, *staff, *from, *until, *approver;
    char **students, **values;
    gboolean consent, purpose;
} Options;

typedef int (*Step)(const Config *config, const Options *options, const char *argument, GError **error);

static char *date_text(int date)
{
    return g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

// ---- list -----------------------------------------------------------------------------------------

static json_t *exception_json(const RosterException *exception)
{
    g_autofree char *from = date_text(exception->from), *until = date_text(exception->until);
    json_t *students = json_array(), *values = json_array();
    for (char **at = exception->students; *at != NULL; at++)
        json_array_append_new(students, json_string(*at));
    for (char **at = exception->values; *at != NULL; at++)
        json_array_append_new(values, json_string(*at));
    return json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o, s:s, s:s, s:s, s:b, s:b, s:s?}", "id", exception->id,
                     "kind", exception->kind, "staff", exception->staff, "person", exception->staff_person,
                     "students", students, "values", values, "from", from, "until", until, "approver",
                     exception->approver, "guardian_consent", exception->guardian_consent, "purpose_required",
                     exception->purpose_required, "revoked", exception->revoked);
}

// "revoked", "expired", "not begun" or "in force" on the local date `today`.
static const char *state_of(const RosterException *exception, int today)
{
    return exception->revoked != NULL ? "revoked"
           : today > exception->until ? "expired"
           : today < exception->from  ? "not begun"
                                      : "in force";
}

static void print_exception(const RosterException *exception, int today)
{
    g_autofree char *from = date_text(exception->from), *until = date_text(exception->until);
    g_autofree char *students = g_strjoinv(", ", exception->students);
    g_autofree char *values = g_strjoinv(", ", exception->values);
    printf("%s  %s  %s .. %s  %s\n", exception->id, exception->kind, from, until, state_of(exception, today));
    printf("    staff     %s%s\n", exception->staff,
           exception->staff_person == NULL ? " (not in the roster)" : "");
    printf("    students  %s\n    values    %s\n", students, values);
    printf("    approver  %s%s%s\n", exception->approver[0] != '\0' ? exception->approver : "(none)",
           exception->guardian_consent ? ", guardian consent" : "",
           exception->purpose_required ? ", purpose must be stated" : "");
    if (exception->revoked != NULL)
        printf("    revoked   %s\n", exception->revoked);
}

static int print_all(const GPtrArray *exceptions, const Options *options, int today)
{
    json_t *list = json_array();
    for (guint i = 0; i < exceptions->len; i++) {
        const RosterException *exception = exceptions->pdata[i];
        bool over = exception->revoked != NULL || today > exception->until;
        if (over && !options->all)
            continue;
        if (!options->json) {
            print_exception(exception, today);
            continue;
        }
        json_t *item = exception_json(exception);
        json_object_set_new(item, "state", json_string(state_of(exception, today)));
        json_array_append_new(list, item);
    }
    bool ok = !options->json || (json_dumpf(list, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF);
    json_decref(list);
    return ok ? 0 : BASE_ERROR_IO;
}

static int run_list(const Config *config, const Options *options, const char *argument, GError **error)
{
    g_autoptr(Roster) roster = roster_open(config, error);
    int today = clock_local_date(clock_now_us(), config->district.timezone);
    g_autoptr(RosterSession) session = roster != NULL ? roster_session_begin(roster, today, error) : NULL;
    g_autoptr(GPtrArray) exceptions = session != NULL ? roster_exceptions_all(session, error) : NULL;
    if (exceptions == NULL)
        return base_exit_status(*error);
    return print_all(exceptions, options, today);
}

// ---- import, add, revoke --------------------------------------------------------------------------

static int run_import(const Config *config, const Options *options, const char *path, GError **error)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    int today = clock_local_date(clock_now_us(), config->district.timezone);
    int count = feeds_exceptions_import(config, path, options->dry_run, today, options->who, warnings, error);
    if (count < 0)
        return base_exit_status(*error);
    for (guint i = 0; i < warnings->len; i++)
        fprintf(stderr, "warning: %s\n", (char *)warnings->pdata[i]);
    printf("%d exception%s %s\n", count, count == 1 ? "" : "s",
           options->dry_run ? "checked (--dry-run)" : "imported");
    return 0;
}

// 0 when `text` is no date.
static int date_of(const char *text)
{
    int64_t us = 0;
    return strlen(text) == 10 && clock_parse(text, &us, NULL) ? clock_local_date(us, NULL) : 0;
}

static int run_add(const Config *config, const Options *options, const char *argument, GError **error)
{
    const char *missing = options->id == NULL         ? "--id"
                          : options->kind == NULL     ? "--kind"
                          : options->staff == NULL    ? "--staff"
                          : options->students == NULL ? "--student"
                          : options->values == NULL   ? "--value"
                          : options->from == NULL     ? "--from"
                          : options->until == NULL    ? "--until"
                          : options->approver == NULL ? "--approver"
                                                      : NULL;
    if (missing != NULL)
        return cli_usage("exception add wants %s", missing);
    const RosterException exception = {
        .id = options->id,
        .kind = options->kind,
        .staff = options->staff,
        .students = options->students,
        .values = options->values,
        .from = date_of(options->from),
        .until = date_of(options->until),
        .approver = options->approver,
        .guardian_consent = options->consent,
        .purpose_required = options->purpose,
    };
    if (!feeds_exception_add(config, &exception, options->who, error))
        return base_exit_status(*error);
    printf("%s: added\n", options->id);
    return 0;
}

static int run_revoke(const Config *config, const Options *options, const char *id, GError **error)
{
    if (options->why == NULL || options->why[0] == '\0')
        return cli_usage("exception revoke wants --reason TEXT");
    if (!feeds_exception_revoke(config, id, options->who, options->why, error))
        return base_exit_status(*error);
    printf("%s: revoked\n", id);
    return 0;
}

// ---------------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    Step run;
    bool wants_argument;
} STEPS[] = {{"list", run_list, false},
             {"import", run_import, true},
             {"add", run_add, false},
             {"revoke", run_revoke, true}};

static const char SUMMARY[] =
    "Steps:\n"
    "  list [--all]              those in force and to come; --all: expired and revoked too\n"
    "  import FILE [--dry-run]   add or replace those of an exceptions.csv\n"
    "  add --id .. --kind ..     add one\n"
    "  revoke ID --reason TEXT   it stays on record and applies no more\n";

static int run_step(const Options *options, int argc, char **argv)
{
    for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(STEPS); i++) {
        if (strcmp(argv[1], STEPS[i].name) != 0)
            continue;
        if (argc != (STEPS[i].wants_argument ? 3 : 2))
            return cli_usage("exception %s: wrong number of arguments", argv[1]);
        GError *error = NULL;
        g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
        int status = config != NULL ? STEPS[i].run(config, options, argc > 2 ? argv[2] : NULL, &error) : 0;
        return error != NULL ? cli_fail(error) : status;
    }
    return cli_usage("exception wants list, import, add or revoke");
}

static void options_clear(Options *options)
{
    char *texts[] = {options->config_path, options->who,  options->why,   options->id,      options->kind,
                     options->staff,       options->from, options->until, options->approver};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(options->students);
    g_strfreev(options->values);
}

int cli_exception(int argc, char **argv)
{
    Options o = {0};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &o.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print JSON (list)", NULL},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &o.all, "Expired and revoked ones too (list)", NULL},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &o.dry_run, "Check, change nothing (import)", NULL},
        {"who", 0, 0, G_OPTION_ARG_STRING, &o.who, "Who does this (default: the user running it)", "NAME"},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &o.why, "Why (revoke)", "TEXT"},
        {"id", 0, 0, G_OPTION_ARG_STRING, &o.id, "Its name", "ID"},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &o.kind, "trip, emergency, approved, family or role", "KIND"},
        {"staff", 0, 0, G_OPTION_ARG_STRING, &o.staff, "Whose detail may be given", "ADDRESS"},
        {"student", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.students, "To whom: address, class:<id> or *", "WHO"},
        {"value", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.values,
         "Which detail: +14135550142, platform:name, ... or *", "VALUE"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &o.from, "First day, YYYY-MM-DD", "DATE"},
        {"until", 0, 0, G_OPTION_ARG_STRING, &o.until, "Last day", "DATE"},
        {"approver", 0, 0, G_OPTION_ARG_STRING, &o.approver, "Who approved it; not the staff member",
         "ADDRESS"},
        {"guardian-consent", 0, 0, G_OPTION_ARG_NONE, &o.consent, "Guardians agreed", NULL},
        {"purpose-required", 0, 0, G_OPTION_ARG_NONE, &o.purpose,
         "The message must say what the detail is for", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [ARGUMENT]");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    bool parsed = g_option_context_parse(context, &argc, &argv, &error);
    if (o.who == NULL)
        o.who = cli_who();
    int status = parsed ? run_step(&o, argc, argv) : cli_usage("%s", error->message);
    options_clear(&o);
    return status;
}
