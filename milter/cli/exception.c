#include "cli/exception.h"

#include <stdio.h>
#include <string.h>

// ---- list -------------------------------------------------------------------------------------------------

static void print_field(const char *name, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void print_field(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *clean = cli_clean(text);
    printf("    %-9s %s\n", name, clean);
}

static void print_exception(const RosterException *exception, Standing standing, const char *flaw)
{
    g_autofree char *from = exception_date(exception->from), *until = exception_date(exception->until);
    g_autofree char *students = g_strjoinv(", ", exception->students);
    g_autofree char *values = g_strjoinv(", ", exception->values);
    printf("%s  %s  %s .. %s  %s%s%s\n", exception->id, exception->kind, from, until,
           exception_standing_name(standing), flaw != NULL ? ": " : "", flaw != NULL ? flaw : "");
    print_field("staff", "%s%s", exception->staff,
                exception->staff_person == NULL ? " (not in the roster)" : "");
    print_field("students", "%s", students);
    print_field("values", "%s", values);
    print_field("approver", "%s%s%s", exception->approver[0] != '\0' ? exception->approver : "(none)",
                exception->guardian_consent ? ", guardian consent" : "",
                exception->purpose_required ? ", purpose must be stated" : "");
    if (exception->way != WAY_TO_STUDENTS)
        print_field("direction", "%s", way_name(exception->way));
    if (exception->purpose[0] != '\0')
        print_field("purpose", "%s", exception->purpose);
    if (exception->revoked != NULL)
        print_field("revoked", "%s", exception->revoked);
}

static json_t *standing_json(const RosterException *exception, Standing standing, const char *flaw, int today)
{
    json_t *json = exception_json(exception);
    json_object_set_new(json, "state", json_string(exception_standing_name(standing)));
    json_object_set_new(json, "flaw", flaw != NULL ? json_string(flaw) : json_null());
    json_object_set_new(json, "days_left", json_integer(exception_days_to(today, exception->until)));
    return json;
}

static int run_list(const Config *config, const ExceptionOptions *options, const char *argument,
                    GError **error)
{
    g_auto(ExceptionBook) book = {0};
    if (!exception_book_open(config, &book, error))
        return 0;
    json_t *list = json_array();
    bool ok = true;
    for (guint i = 0; ok && i < book.all->len; i++) {
        RosterException *exception = book.all->pdata[i];
        Standing standing = STANDING_LAST;
        g_autofree char *flaw = NULL;
        ok = exception_standing(&book, exception, options->within, &standing, &flaw, error);
        bool over = standing == STANDING_REVOKED || standing == STANDING_EXPIRED;
        if (!ok || (over && !options->all))
            continue;
        if (options->json)
            json_array_append_new(list, standing_json(exception, standing, flaw, book.today));
        else
            print_exception(exception, standing, flaw);
    }
    if (ok && options->json && (json_dumpf(list, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF))
        ok = false;
    json_decref(list);
    return ok || *error != NULL ? 0 : BASE_ERROR_IO;
}

// ---- show -------------------------------------------------------------------------------------------------

static void print_papers(const RosterException *exception)
{
    g_autofree char *approved = exception_date(exception->approved),
                    *recorded = clock_format(exception->recorded_us);
    if (exception->approval[0] != '\0')
        print_field("approval", "%s, SHA-256 %s", approved[0] != '\0' ? approved : "(no date)",
                    exception->approval);
    print_field("recorded", "%s", exception->recorded_us != 0 ? recorded : "(not known)");
    print_field("added", "%s (%s)", exception->added, exception->source);
    for (guint i = 0; i < exception->consents->len; i++) {
        const RosterConsent *consent = exception->consents->pdata[i];
        g_autofree char *given = exception_date(consent->given), *until = exception_date(consent->until);
        print_field("consent", "%s by %s on %s%s%s%s%s", consent->student, consent->guardian, given,
                    until[0] != '\0' ? " until " : "", until,
                    consent->withdrawn != NULL ? "; withdrawn " : "",
                    consent->withdrawn != NULL ? consent->withdrawn : "");
        print_field("", "%s%sSHA-256 %s", consent->document, consent->document[0] != '\0' ? ", " : "",
                    consent->sha256);
    }
}

static void print_demand(const Policy *policy, const char *kind)
{
    PolicyExceptionDemand demand;
    g_autoptr(GString) text = g_string_new("");
    if (!policy_exception_asks(policy, kind, &demand))
        return;
    if (demand.consent == TRI_YES)
        g_string_append(text, "a guardian's consent on paper for each student; ");
    if (demand.purpose == TRI_YES)
        g_string_append(text, "a purpose stated in the message; ");
    if (demand.document == TRI_YES)
        g_string_append(text, "the paper of the approval; ");
    if (demand.approvers != NULL) {
        g_autofree char *positions = g_strjoinv(", ", demand.approvers);
        g_string_append_printf(text, "an approver who is %s; ", positions);
    }
    if (demand.retro_hours >= 0)
        g_string_append_printf(text, "recorded at most %d hours later; ", demand.retro_hours);
    if (text->len > 0)
        print_field("asked for", "%.*s", (int)text->len - 2, text->str);
}

static void print_uses(const GPtrArray *uses)
{
    for (guint i = 0; uses != NULL && i < uses->len; i++) {
        const ExceptionUse *use = uses->pdata[i];
        print_field("used", "%.19sZ %s %s, %u student%s: %s%s", use->time, use->record, use->rule, use->count,
                    use->count == 1 ? "" : "s", use->why, use->afterwards ? " (recorded afterwards)" : "");
    }
    if (uses == NULL)
        print_field("used", "never");
}

static int run_show(const Config *config, const ExceptionOptions *options, const char *id, GError **error)
{
    g_auto(ExceptionBook) book = {0};
    g_autofree char *flaw = NULL;
    Standing standing = STANDING_LAST;
    RosterException *exception =
        exception_book_open(config, &book, error) ? exception_book_find(&book, id, error) : NULL;
    if (exception == NULL || !exception_standing(&book, exception, options->within, &standing, &flaw, error))
        return 0;
    CliWorking *working = cli_working_begin("reading events");
    g_autoptr(GHashTable) uses = exception_uses(config, 0, 0, error);
    cli_working_end(working);
    if (uses == NULL)
        return 0;
    const GPtrArray *own = g_hash_table_lookup(uses, id);
    if (!options->json) {
        print_exception(exception, standing, flaw);
        print_demand(book.policy, exception->kind);
        print_papers(exception);
        print_uses(own);
        return 0;
    }
    json_t *json = standing_json(exception, standing, flaw, book.today), *list = json_array();
    for (guint i = 0; own != NULL && i < own->len; i++)
        json_array_append_new(list, exception_use_json(own->pdata[i]));
    json_object_set_new(json, "uses", list);
    bool ok = json_dumpf(json, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    json_decref(json);
    return ok ? 0 : BASE_ERROR_IO;
}

// ---------------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    ExceptionStep run;
    bool argument, optional; // may it be left out?
} STEPS[] = {{"list", run_list, false, false},
             {"show", run_show, true, false},
             {"report", cli_exception_report, false, false},
             {"export", cli_exception_export, true, false},
             {"import", cli_exception_import, true, true},
             {"add", cli_exception_add, false, false},
             {"consent", cli_exception_consent, true, false},
             {"revoke", cli_exception_revoke, true, false}};

static const char SUMMARY[] =
    "Steps:\n"
    "  list [--all]                those in force and to come; --all: expired and revoked too\n"
    "  show ID                     one, with its papers and its uses\n"
    "  report [--from D] [--to D]  what stands, what ends soon, what is missing, and every use\n"
    "  export DIR                  exceptions.csv, consents.csv, uses.csv and their SHA-256, for an audit\n"
    "  import FILE [--consents FILE] [--dry-run]\n"
    "                              add or replace those of an exceptions.csv, and of a consents.csv\n"
    "  add --id .. --kind ..       add one\n"
    "  consent ID --student A --guardian A --document FILE\n"
    "                              a guardian's consent; --withdraw --reason TEXT takes it back\n"
    "  revoke ID --reason TEXT     it stays on record and applies no more\n";

static int run_step(const ExceptionOptions *options, int argc, char **argv)
{
    for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(STEPS); i++) {
        if (strcmp(argv[1], STEPS[i].name) != 0)
            continue;
        bool fits = argc == (STEPS[i].argument ? 3 : 2) || (STEPS[i].optional && argc == 2);
        if (!fits)
            return cli_usage("exception %s: wrong number of arguments", argv[1]);
        GError *error = NULL;
        g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
        int status = config != NULL ? STEPS[i].run(config, options, argc > 2 ? argv[2] : NULL, &error) : 0;
        return error != NULL ? cli_fail(error) : status;
    }
    return cli_usage("exception wants list, show, report, export, import, add, consent or revoke");
}

static void options_clear(ExceptionOptions *options)
{
    char *texts[] = {options->config_path, options->who,       options->why,      options->id,
                     options->kind,        options->staff,     options->from,     options->until,
                     options->approver,    options->direction, options->purpose,  options->approval,
                     options->approved,    options->consents,  options->guardian, options->document,
                     options->given,       options->to};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(options->students);
    g_strfreev(options->values);
}

int cli_exception(int argc, char **argv)
{
    ExceptionOptions o = {.within = EXCEPTION_SOON_DAYS};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &o.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print JSON (list, show, report)", NULL},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &o.all, "Expired and revoked ones too (list)", NULL},
        {"within", 0, 0, G_OPTION_ARG_INT, &o.within, "So near its end, one is expiring (default 14)",
         "DAYS"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &o.dry_run, "Check, change nothing (import)", NULL},
        {"consents", 0, 0, G_OPTION_ARG_FILENAME, &o.consents, "A consents.csv beside it (import)", "FILE"},
        {"who", 0, 0, G_OPTION_ARG_STRING, &o.who, "Who does this (default: the user running it)", "NAME"},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &o.why, "Why (revoke, consent --withdraw)", "TEXT"},
        {"id", 0, 0, G_OPTION_ARG_STRING, &o.id, "Its name", "ID"},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &o.kind, "trip, emergency, approved, family or role", "KIND"},
        {"staff", 0, 0, G_OPTION_ARG_STRING, &o.staff, "Whose detail may be given", "ADDRESS"},
        {"student", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.students,
         "To whom: address, class:<id>, group:<list address>, school:<id> or *", "WHO"},
        {"value", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.values,
         "Which detail: +14135550142, platform:name, ... or *", "VALUE"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &o.from, "First day, YYYY-MM-DD", "DATE"},
        {"until", 0, 0, G_OPTION_ARG_STRING, &o.until, "Last day", "DATE"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &o.to, "Last day of the uses told (report, export)", "DATE"},
        {"direction", 0, 0, G_OPTION_ARG_STRING, &o.direction, "to-students (default), from-students or both",
         "WAY"},
        {"purpose", 0, 0, G_OPTION_ARG_STRING, &o.purpose, "What it is for, in words", "TEXT"},
        {"approver", 0, 0, G_OPTION_ARG_STRING, &o.approver, "Who approved it; not the staff member",
         "ADDRESS"},
        {"approval", 0, 0, G_OPTION_ARG_FILENAME, &o.approval, "The paper of the approval, or its SHA-256",
         "FILE"},
        {"approved", 0, 0, G_OPTION_ARG_STRING, &o.approved, "Its date", "DATE"},
        {"guardian-consent", 0, 0, G_OPTION_ARG_NONE, &o.consent, "Guardians agreed", NULL},
        {"purpose-required", 0, 0, G_OPTION_ARG_NONE, &o.purpose_required,
         "The message must say what the detail is for", NULL},
        {"guardian", 0, 0, G_OPTION_ARG_STRING, &o.guardian, "Who consents: address, or name in words",
         "WHO"},
        {"document", 0, 0, G_OPTION_ARG_FILENAME, &o.document, "The paper of the consent, or its SHA-256",
         "FILE"},
        {"given", 0, 0, G_OPTION_ARG_STRING, &o.given, "Date of the consent (default today)", "DATE"},
        {"withdraw", 0, 0, G_OPTION_ARG_NONE, &o.withdraw, "The consent is taken back (consent)", NULL},
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
