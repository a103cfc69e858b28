// chaperone notice: what staff are told about monitoring and policies, and who has acknowledged it.
#include "cli/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int notice_print_json(json_t *json)
{
    int status = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF
                     ? 0
                     : BASE_ERROR_IO;
    json_decref(json);
    return status;
}

void notice_date(int date, char out[11])
{
    g_snprintf(out, 11, "%04d-%02d-%02d", CLAMP(date / 10000, 0, 9999), date / 100 % 100, date % 100);
}

int notice_date_of(const char *option, const char *text, GError **error)
{
    int64_t us = 0;
    g_autoptr(GError) why = NULL;
    bool ok = strlen(text) == 10 && clock_parse(text, &us, &why);
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s \"%s\" is no date; write it as 2026-09-01",
                    option, text);
    return ok ? clock_local_date(us, NULL) : 0;
}

// ---- the register ----------------------------------------------------------------------------------------

static json_t *notice_json(const Notice *notice, int today)
{
    char effective[11];
    notice_date(notice->effective, effective);
    g_autofree char *issued = clock_format(notice->issued_us);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s?, s:i, s:i, s:s*}", "notice", notice->id,
                     "kind", notice->kind, "title", notice->title, "sha256", notice->sha256, "effective",
                     effective, "issued", issued, "who", notice->who, "in_force",
                     notice_in_force(notice, today), "withdrawn", notice->withdrawn, "sent",
                     (int)notice->sent, "acknowledged", (int)notice->acknowledged, "text", notice->text);
}

static int run_list(NoticeRegister *notices, const NoticeOptions *options, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) list = notice_list(notices, error);
    if (list == NULL)
        return base_exit_status(*error);
    json_t *all = json_array();
    for (guint i = 0; i < list->len; i++) {
        const Notice *notice = list->pdata[i];
        char effective[11];
        notice_date(notice->effective, effective);
        if (options->json)
            json_array_append_new(all, notice_json(notice, options->today));
        else
            printf("%s  %s  %-9s  %5u sent  %5u acknowledged  %s: %s\n", notice->id, effective,
                   notice->withdrawn != NULL                 ? "withdrawn"
                   : notice_in_force(notice, options->today) ? "in force"
                                                             : "to come",
                   notice->sent, notice->acknowledged, notice->kind, notice->title);
    }
    if (options->json)
        return notice_print_json(all);
    json_decref(all);
    return 0;
}

static int run_show(NoticeRegister *notices, const NoticeOptions *options, char **arguments, GError **error)
{
    g_autoptr(Notice) notice = notice_get(notices, arguments[0], error);
    if (notice == NULL)
        return base_exit_status(*error);
    if (options->json)
        return notice_print_json(notice_json(notice, options->today));
    printf("%s", notice->text);
    return 0;
}

// The day from which it holds: --effective, else today.
static int effective_of(const NoticeOptions *options, GError **error)
{
    return options->effective != NULL ? notice_date_of("--effective", options->effective, error)
                                      : options->today;
}

static int run_issue(NoticeRegister *notices, const NoticeOptions *options, char **arguments, GError **error)
{
    int effective = effective_of(options, error);
    g_autofree char *subject = NULL;
    g_autofree char *text =
        effective != 0 ? notice_text(options, arguments[0], effective, &subject, error) : NULL;
    g_autofree char *kind = g_path_get_basename(arguments[0]);
    char id[ULID_LEN + 1];
    if (text == NULL ||
        !notice_issue(notices, kind, subject, text, effective, options->who, options->now_us, id, error))
        return base_exit_status(*error);
    if (options->json)
        return notice_print_json(json_pack("{s:s}", "notice", id));
    printf("%s\n", id);
    return 0;
}

static int run_withdraw(NoticeRegister *notices, const NoticeOptions *options, char **arguments,
                        GError **error)
{
    if (options->why == NULL)
        return cli_usage("notice withdraw wants --reason TEXT: who reads it later was not there");
    if (!notice_withdraw(notices, arguments[0], options->who, options->why, options->now_us, error))
        return base_exit_status(*error);
    printf("%s: withdrawn\n", arguments[0]);
    return 0;
}

static int run_send(NoticeRegister *notices, const NoticeOptions *options, char **arguments, GError **error)
{
    return notice_send(notices, options, arguments[0], error);
}

static int run_acknowledge(NoticeRegister *notices, const NoticeOptions *options, char **arguments,
                           GError **error)
{
    return notice_acknowledge(notices, options, arguments[0], arguments[1], error);
}

static int run_import(NoticeRegister *notices, const NoticeOptions *options, char **arguments, GError **error)
{
    return notice_import(notices, options, arguments[0], arguments[1], error);
}

static int run_status(NoticeRegister *notices, const NoticeOptions *options, char **arguments, GError **error)
{
    return notice_status(notices, options, arguments[0], error);
}

static int run_templates(NoticeRegister *notices, const NoticeOptions *options, char **arguments,
                         GError **error)
{
    return notice_templates(options, error);
}

static int run_render(NoticeRegister *notices, const NoticeOptions *options, char **arguments, GError **error)
{
    int effective = effective_of(options, error);
    g_autofree char *subject = NULL;
    g_autofree char *text =
        effective != 0 ? notice_text(options, arguments[0], effective, &subject, error) : NULL;
    if (text == NULL)
        return base_exit_status(*error);
    if (options->json)
        return notice_print_json(json_pack("{s:s, s:s}", "title", subject, "text", text));
    printf("%s", text);
    return 0;
}

// ---- the command -----------------------------------------------------------------------------------------

static const struct {
    const char *name;
    int (*run)(NoticeRegister *notices, const NoticeOptions *options, char **arguments, GError **error);
    int arguments;
} STEPS[] = {{"templates", run_templates, 0},
             {"render", run_render, 1},
             {"issue", run_issue, 1},
             {"list", run_list, 0},
             {"show", run_show, 1},
             {"send", run_send, 1},
             {"acknowledge", run_acknowledge, 2},
             {"import", run_import, 2},
             {"status", run_status, 1},
             {"withdraw", run_withdraw, 1}};

static const char SUMMARY[] =
    "Steps:\n"
    "  templates                          which there are\n"
    "  render TEMPLATE                    the notice as it would be issued now, to read or to post\n"
    "  issue TEMPLATE [--effective DATE]  into the register, under an id and its SHA-256\n"
    "  list                               all of the register\n"
    "  show ID                            its text\n"
    "  send ID [--school S] [--dry-run]   mails it to staff who were not sent it yet, new ones too\n"
    "  acknowledge ID PERSON [--date D]   one person's (address or roster id) acknowledgment\n"
    "  import ID FILE.csv                 acknowledgments: columns person (or email), date, how\n"
    "  status ID [--missing] [--csv]      who of the staff was sent it and has acknowledged it\n"
    "  withdraw ID --reason TEXT          it is in force no more\n";

static int run_step(gsize step, NoticeOptions *options, char **arguments)
{
    GError *error = NULL;
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
    g_autoptr(NoticeRegister) notices = config != NULL ? notice_open(config, &error) : NULL;
    if (notices == NULL)
        return cli_fail(error);
    options->config = config;
    options->today = clock_local_date(options->now_us, config->district.timezone);
    int status = STEPS[step].run(notices, options, arguments, &error);
    return error != NULL ? cli_fail(error) : status;
}

static int choose_step(NoticeOptions *options, int argc, char **argv)
{
    int status = -1;
    for (gsize i = 0; status < 0 && argc > 1 && i < G_N_ELEMENTS(STEPS); i++) {
        if (strcmp(argv[1], STEPS[i].name) == 0)
            status = argc - 2 != STEPS[i].arguments
                         ? cli_usage("notice %s: wrong number of arguments", argv[1])
                         : run_step(i, options, argv + 2);
    }
    return status >= 0 ? status
                       : cli_usage(argc > 1 ? "no notice step \"%s\"" : "notice wants a step%s",
                                   argc > 1 ? argv[1] : "");
}

static void options_clear(NoticeOptions *options)
{
    char *const all[] = {options->config_path, options->who,  options->why, options->effective,
                         options->school,      options->date, options->how};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(all[i]);
    g_strfreev(options->set);
}

int cli_notice(int argc, char **argv)
{
    NoticeOptions options = {.now_us = clock_now_us()};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &options.csv, "Print CSV (status)", NULL},
        {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.set,
         "What fills the template: district, contact; monitored and locations as often as wanted",
         "NAME=TEXT"},
        {"effective", 0, 0, G_OPTION_ARG_STRING, &options.effective, "From when it holds (default: today)",
         "DATE"},
        {"school", 0, 0, G_OPTION_ARG_STRING, &options.school, "Only the staff of this school", "NAME"},
        {"missing", 0, 0, G_OPTION_ARG_NONE, &options.missing, "Only who has not acknowledged it", NULL},
        {"date", 0, 0, G_OPTION_ARG_STRING, &options.date, "When it was acknowledged (default: today)",
         "DATE"},
        {"how", 0, 0, G_OPTION_ARG_STRING, &options.how, "How: \"signed form\", \"training portal\"", "TEXT"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run, "Say what would be sent", NULL},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options.why, "Why; kept with the step", "TEXT"},
        {"who", 0, 0, G_OPTION_ARG_STRING, &options.who, "Who does it (default: the user running this)",
         "NAME"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [ID]");
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
