// chaperone case: requests for records.
#include "cli/cases.h"

#include <stdio.h>
#include <string.h>

int case_print_json(json_t *json)
{
    int status = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF
                     ? 0
                     : BASE_ERROR_IO;
    json_decref(json);
    return status;
}

CaseClocks *case_clocks(const CaseOptions *options, GError **error)
{
    return case_clocks_load(options->config->cases.clocks, error);
}

void case_date(int date, char out[11])
{
    *out = '\0';
    if (date != 0)
        g_snprintf(out, 11, "%04d-%02d-%02d", CLAMP(date / 10000, 0, 9999), date / 100 % 100, date % 100);
}

// ---- opening, listing, closing ---------------------------------------------------------------------------

static int received_of(const CaseOptions *options, GError **error)
{
    int64_t us = 0;
    if (options->received == NULL)
        return options->today;
    int date = strlen(options->received) == 10 && clock_parse(options->received, &us, NULL)
                   ? clock_local_date(us, NULL)
                   : 0;
    if (date == 0 || date > options->today) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "--received \"%s\": a day that has been, as 2026-11-02", options->received);
        date = 0;
    }
    return date;
}

int case_run_new(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    g_autoptr(CaseClocks) clocks = case_clocks(options, error);
    if (clocks == NULL)
        return base_exit_status(*error);
    if (options->title == NULL || options->requester == NULL || options->profile == NULL)
        return cli_usage("case new wants --title, --requester and --clock");
    if (case_clocks_profile(clocks, options->profile) == NULL) {
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint i = 0; i < clocks->profiles->len; i++)
            g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                                   ((const CaseProfile *)clocks->profiles->pdata[i])->name);
        return cli_usage("no clock \"%s\" in %s; it has %s", options->profile, options->config->cases.clocks,
                         names->str);
    }
    const Case from = {.title = options->title,
                       .requester = options->requester,
                       .contact = options->contact,
                       .profile = options->profile,
                       .prefix = options->prefix,
                       .width = options->width,
                       .received = received_of(options, error)};
    g_autofree char *id =
        from.received != 0 ? case_new(cases, &from, options->who, options->now_us, error) : NULL;
    if (id == NULL)
        return base_exit_status(*error);
    if (options->json)
        return case_print_json(json_pack("{s:s}", "case", id));
    printf("%s\n", id);
    return 0;
}

typedef struct {
    int due, left;
    bool known; // holidays are known for that year
} Clock;

static Clock clock_of(const CaseOptions *options, const CaseClocks *clocks, const Case *one)
{
    const CaseProfile *profile = case_clocks_profile(clocks, one->profile);
    int due = profile != NULL ? case_due(clocks, profile, one->received, one->extension) : 0;
    return (Clock){due, due != 0 ? case_days_left(clocks, profile, options->today, due) : 0,
                   due / 10000 <= clocks->closed_until};
}

static json_t *one_json(const CaseOptions *options, const CaseClocks *clocks, const Case *one)
{
    Clock clock = clock_of(options, clocks, one);
    char received[11], due[11];
    case_date(one->received, received);
    case_date(clock.due, due);
    g_autofree char *opened = clock_format(one->opened_us);
    g_autofree char *closed = one->closed_us != 0 ? clock_format(one->closed_us) : NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:b, s:s, s:s?, s:s?, s:i, s:i, "
                     "s:i, s:i, s:i, s:i, s:i, s:i}",
                     "case", one->id, "title", one->title, "requester", one->requester, "contact",
                     one->contact, "clock", one->profile, "received", received, "extension", one->extension,
                     "prefix", one->prefix, "due", due, "days_left", clock.left, "holidays_known",
                     clock.known, "opened", opened, "closed", closed, "outcome", one->outcome, "records",
                     (int)one->records, "undecided", (int)one->undecided, "responsive", (int)one->responsive,
                     "redact", (int)one->redacted, "exempt", (int)one->exempt, "not_responsive",
                     (int)one->not_responsive, "disputed", (int)one->disputed, "width", one->width);
}

static void print_row(const CaseOptions *options, const CaseClocks *clocks, const Case *one)
{
    Clock clock = clock_of(options, clocks, one);
    char due[11];
    case_date(clock.due, due);
    g_autofree char *title = cli_clean(one->title), *requester = cli_clean(one->requester);
    printf("%s  %-10s %-9s %5u records, %u undecided  %s: %s%s\n", one->id, *due != '\0' ? due : "-",
           one->closed_us != 0                ? "closed"
           : clock.due != 0 && clock.left < 0 ? "LATE"
                                              : "open",
           one->records, one->undecided, requester, title,
           clock.known ? "" : "  (holidays of that year are not known)");
}

int case_run_list(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    g_autoptr(CaseClocks) clocks = case_clocks(options, error);
    g_autoptr(GPtrArray) list = clocks != NULL ? case_list(cases, options->all, error) : NULL;
    if (list == NULL)
        return base_exit_status(*error);
    json_t *all = json_array();
    for (guint i = 0; i < list->len; i++) {
        if (options->json)
            json_array_append_new(all, one_json(options, clocks, list->pdata[i]));
        else
            print_row(options, clocks, list->pdata[i]);
    }
    if (options->json)
        return case_print_json(all);
    json_decref(all);
    return 0;
}

static void print_papers(const json_t *letters, const json_t *productions)
{
    for (size_t i = 0; i < json_array_size(letters); i++) {
        const json_t *letter = json_array_get(letters, i);
        const char *to = json_string_value(json_object_get(letter, "to"));
        g_autofree char *whom = cli_clean(to != NULL ? to : "by hand");
        printf("  letter      %.10s %s: %s, %s\n", json_string_value(json_object_get(letter, "time")),
               json_string_value(json_object_get(letter, "who")),
               json_string_value(json_object_get(letter, "letter")), whom);
    }
    for (size_t i = 0; i < json_array_size(productions); i++) {
        const json_t *one = json_array_get(productions, i);
        printf("  exported    %.10s %s: %" JSON_INTEGER_FORMAT " in full, %" JSON_INTEGER_FORMAT
               " redacted, %" JSON_INTEGER_FORMAT " withheld; SHA-256 %s\n",
               json_string_value(json_object_get(one, "time")),
               json_string_value(json_object_get(one, "who")),
               json_integer_value(json_object_get(one, "full")),
               json_integer_value(json_object_get(one, "redacted")),
               json_integer_value(json_object_get(one, "withheld")),
               json_string_value(json_object_get(one, "manifest")));
    }
}

static void print_case(const CaseOptions *options, const CaseClocks *clocks, const Case *one,
                       const json_t *searches, const json_t *fees)
{
    const CaseProfile *profile = case_clocks_profile(clocks, one->profile);
    g_autofree char *contact = cli_clean(one->contact);
    print_row(options, clocks, one);
    printf("  contact     %s\n  clock       %s: %s (%s)\n", contact, one->profile,
           profile != NULL ? profile->what : "there is no such clock any more",
           profile != NULL ? profile->basis : "-");
    printf("  records     %u responsive, %u to redact, %u exempt, %u not responsive, %u undecided; reviewers "
           "differ on %u\n",
           one->responsive, one->redacted, one->exempt, one->not_responsive, one->undecided, one->disputed);
    for (size_t i = 0; i < json_array_size(searches); i++) {
        const json_t *search = json_array_get(searches, i);
        g_autofree char *query = cli_clean(json_string_value(json_object_get(search, "query")));
        printf("  search      %.10s %s: %s; %" JSON_INTEGER_FORMAT " hits; %" JSON_INTEGER_FORMAT
               " of %" JSON_INTEGER_FORMAT " records were in the index, %" JSON_INTEGER_FORMAT
               " not wholly\n",
               json_string_value(json_object_get(search, "time")),
               json_string_value(json_object_get(search, "who")), query,
               json_integer_value(json_object_get(search, "total")),
               json_integer_value(json_object_get(search, "indexed")),
               json_integer_value(json_object_get(search, "archived")),
               json_integer_value(json_object_get(search, "unsearchable")));
    }
    const char *why = json_string_value(json_object_get(fees, "why"));
    printf("  fees        $%.2f%s%s\n", (double)json_integer_value(json_object_get(fees, "charged")) / 100,
           why != NULL ? ": " : "", why != NULL ? why : "");
}

int case_run_show(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    g_autoptr(CaseClocks) clocks = case_clocks(options, error);
    g_autoptr(Case) one = clocks != NULL ? case_get(cases, arguments[0], error) : NULL;
    json_t *searches = one != NULL ? case_searches(cases, one->id, error) : NULL;
    json_t *letters = searches != NULL ? case_letters(cases, one->id, error) : NULL;
    json_t *productions = letters != NULL ? case_productions(cases, one->id, error) : NULL;
    json_t *fees = productions != NULL ? case_fees(cases, clocks, one->id, options->today, error) : NULL;
    int status = fees == NULL ? base_exit_status(*error) : 0;
    if (fees != NULL && options->json) {
        json_t *json = one_json(options, clocks, one);
        json_object_set(json, "searches", searches);
        json_object_set(json, "fees", fees);
        json_object_set(json, "letters", letters);
        json_object_set(json, "exports", productions);
        status = case_print_json(json);
    } else if (fees != NULL) {
        print_case(options, clocks, one, searches, fees);
        print_papers(letters, productions);
    }
    json_decref(searches);
    json_decref(letters);
    json_decref(productions);
    json_decref(fees);
    return status;
}

int case_run_extend(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    g_autoptr(CaseClocks) clocks = case_clocks(options, error);
    if (clocks == NULL)
        return base_exit_status(*error);
    if (options->days < 1 || options->why == NULL)
        return cli_usage("case extend wants --days N and --reason TEXT");
    if (!case_extend(cases, clocks, arguments[0], options->days, options->who, options->why, options->now_us,
                     error))
        return base_exit_status(*error);
    printf("%s: %d days added; `chaperone case letter %s extension` writes the letter\n", arguments[0],
           options->days, arguments[0]);
    return 0;
}

int case_run_close(Cases *cases, const CaseOptions *options, char **arguments, GError **error)
{
    if (options->why == NULL)
        return cli_usage("case close wants --reason TEXT: what became of it");
    if (!case_finish(cases, arguments[0], options->why, options->who, options->now_us, error))
        return base_exit_status(*error);
    printf("%s: closed\n", arguments[0]);
    return 0;
}

// ---- the command -----------------------------------------------------------------------------------------

static const struct {
    const char *name;
    CaseStep run;
    int arguments;
} STEPS[] = {{"new", case_run_new, 0},       {"list", case_run_list, 0},       {"show", case_run_show, 1},
             {"search", case_run_search, 2}, {"records", case_run_records, 1}, {"group", case_run_group, 2},
             {"review", case_run_review, 2}, {"redact", case_run_redact, 3},   {"fee", case_run_fee, 2},
             {"letter", case_run_letter, 2}, {"extend", case_run_extend, 1},   {"export", case_run_export, 1},
             {"close", case_run_close, 1}};

static const char SUMMARY[] =
    "Steps:\n"
    "  new --title T --requester R --clock C [--received DATE] [--contact ADDRESS] [--prefix P] [--width N]\n"
    "                                     opens a case; clocks are in cases.clocks\n"
    "  list [--all] / show ID             cases and by when each is due\n"
    "  search ID QUERY                    takes what is found into the case, in threads and groups of "
    "duplicates\n"
    "  records ID [--what W]              its records and what was decided\n"
    "  group ID RECORD                    what belongs to it: conversation, duplicates; who decided what\n"
    "  review ID RECORD --what W [--code C] [--reason T] [--group]\n"
    "                                     responsive, not-responsive, exempt or redact\n"
    "  redact ID RECORD FILE              what is blacked out, as chaperone redact wrote it\n"
    "  fee ID WHAT --quantity N --cents N\n"
    "  letter ID NAME [--text T] [--send | --by-hand]\n"
    "                                     acknowledgement, extension, denial, production, or your own\n"
    "  extend ID --days N --reason T\n"
    "  export ID --out DIR [--envelope]   a BagIt bag with numbers that stay\n"
    "  close ID --reason T\n";

static int run_step(gsize step, CaseOptions *options, char **arguments)
{
    GError *error = NULL;
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
    g_autoptr(Cases) cases = config != NULL ? cases_open(config, &error) : NULL;
    if (cases == NULL)
        return cli_fail(error);
    options->config = config;
    options->today = clock_local_date(options->now_us, config->district.timezone);
    int status = STEPS[step].run(cases, options, arguments, &error);
    return error != NULL ? cli_fail(error) : status;
}

static int choose_step(CaseOptions *options, int argc, char **argv)
{
    for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(STEPS); i++)
        if (strcmp(argv[1], STEPS[i].name) == 0)
            return argc - 2 != STEPS[i].arguments ? cli_usage("case %s: wrong number of arguments", argv[1])
                                                  : run_step(i, options, argv + 2);
    return cli_usage(argc > 1 ? "no case step \"%s\"" : "case wants a step%s", argc > 1 ? argv[1] : "");
}

static void options_clear(CaseOptions *options)
{
    char *const all[] = {options->config_path, options->who,     options->why,     options->title,
                         options->requester,   options->contact, options->profile, options->received,
                         options->prefix,      options->what,    options->code,    options->text,
                         options->to,          options->out,     options->outcome};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(all[i]);
}

int cli_case(int argc, char **argv)
{
    CaseOptions options = {.now_us = clock_now_us(), .quantity = 1};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {"all", 0, 0, G_OPTION_ARG_NONE, &options.all, "Closed cases too", NULL},
        {"title", 0, 0, G_OPTION_ARG_STRING, &options.title, "What is asked for", "TEXT"},
        {"requester", 0, 0, G_OPTION_ARG_STRING, &options.requester, "Who asks", "NAME"},
        {"contact", 0, 0, G_OPTION_ARG_STRING, &options.contact, "Their mail address, for letters",
         "ADDRESS"},
        {"clock", 0, 0, G_OPTION_ARG_STRING, &options.profile, "By when it is to be answered", "NAME"},
        {"received", 0, 0, G_OPTION_ARG_STRING, &options.received, "When it came (default: today)", "DATE"},
        {"prefix", 0, 0, G_OPTION_ARG_STRING, &options.prefix, "Before the numbers of its records", "TEXT"},
        {"width", 0, 0, G_OPTION_ARG_INT, &options.width, "Figures of these numbers (default 6)", "N"},
        {"what", 0, 0, G_OPTION_ARG_STRING, &options.what,
         "responsive, not-responsive, exempt, redact, undecided", "WHAT"},
        {"code", 0, 0, G_OPTION_ARG_STRING, &options.code, "The exemption's code", "CODE"},
        {"group", 0, 0, G_OPTION_ARG_NONE, &options.group, "The record's duplicates as well", NULL},
        {"quantity", 0, 0, G_OPTION_ARG_DOUBLE, &options.quantity, "Hours, pages (default 1)", "N"},
        {"cents", 0, 0, G_OPTION_ARG_INT, &options.cents, "Cents for each", "N"},
        {"days", 0, 0, G_OPTION_ARG_INT, &options.days, "Days more", "N"},
        {"most", 0, 0, G_OPTION_ARG_INT, &options.most, "At most so many (default: all)", "N"},
        {"text", 0, 0, G_OPTION_ARG_STRING, &options.text, "Your own words in a letter", "TEXT"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.to, "Where a letter is sent (default: the contact)",
         "ADDRESS"},
        {"send", 0, 0, G_OPTION_ARG_NONE, &options.send, "Send the letter by mail, and keep it", NULL},
        {"by-hand", 0, 0, G_OPTION_ARG_NONE, &options.by_hand, "Keep the letter: it goes out on paper", NULL},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out, "The bag's directory, which must not exist",
         "DIR"},
        {"envelope", 0, 0, G_OPTION_ARG_NONE, &options.envelope,
         "With envelopes and Bcc, for those who are entitled to them", NULL},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options.why, "Why; kept with the step", "TEXT"},
        {"who", 0, 0, G_OPTION_ARG_STRING, &options.who, "Who does it (default: the user running this)",
         "NAME"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [CASE] [...]");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    bool ok = g_option_context_parse(context, &argc, &argv, &error);
    if (options.who == NULL)
        options.who = cli_who();
    int status = ok ? choose_step(&options, argc, argv) : cli_usage("%s", error->message);
    options_clear(&options);
    return status;
}
