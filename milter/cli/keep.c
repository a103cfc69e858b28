#include "cli/keep.h"

#include <stdio.h>
#include <string.h>

int keep_print(json_t *json)
{
    int status = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF
                     ? 0
                     : BASE_ERROR_IO;
    json_decref(json);
    return status;
}

void keep_progress(const char *step, guint64 done, guint64 total, void *data)
{
    cli_progress_step(data, "records", step, done, total);
}

static int run_step(const char *command, const KeepStep *step, KeepOptions *options, char **arguments)
{
    GError *error = NULL;
    if (step->why && options->why == NULL)
        return cli_usage("%s %s wants --reason TEXT: who reads it later was not there", command, step->name);
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
    g_autoptr(Retention) retention = config != NULL ? retention_open(config, &error) : NULL;
    if (retention == NULL)
        return cli_fail(error);
    options->config = config;
    int status = step->run(retention, options, arguments, &error);
    return error != NULL ? cli_fail(error) : status;
}

static int choose_step(const char *command, const KeepStep *steps, gsize count, KeepOptions *options,
                       int argc, char **argv)
{
    for (gsize i = 0; argc > 1 && i < count; i++) {
        bool fits = steps[i].arguments < 0 ? argc - 2 <= 1 : argc - 2 == steps[i].arguments;
        if (strcmp(argv[1], steps[i].name) == 0)
            return fits ? run_step(command, &steps[i], options, argv + 2)
                        : cli_usage("%s %s: wrong number of arguments", command, argv[1]);
    }
    return argc > 1 ? cli_usage("no %s step \"%s\"", command, argv[1])
                    : cli_usage("%s wants a step", command);
}

static char *summary(const KeepStep *steps, gsize count)
{
    GString *text = g_string_new("Steps:\n");
    for (gsize i = 0; i < count; i++)
        g_string_append_printf(text, "  %s\n", steps[i].line);
    return g_string_free(text, FALSE);
}

static void options_clear(KeepOptions *options)
{
    char *const texts[] = {options->config_path, options->who,    options->why,           options->query,
                           options->class,       options->before, options->authorization, options->file,
                           options->event,       options->out};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(options->people);
    g_strfreev(options->records);
}

int keep_main(const char *command, const KeepStep *steps, gsize count, int argc, char **argv)
{
    KeepOptions options = {.now_us = clock_now_us(), .wait_s = 120};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options.why, "Why; kept with the step", "TEXT"},
        {"who", 0, 0, G_OPTION_ARG_STRING, &options.who, "Who does it (default: the user running this)",
         "NAME"},
        {"person", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &options.people,
         "hold: a person, by roster id or by address; as often as wanted", "WHO"},
        {"record", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.records, "hold: a record; as often as wanted",
         "ID"},
        {"ids", 0, 0, G_OPTION_ARG_FILENAME, &options.file, "hold: records, an id a line; - = standard input",
         "FILE"},
        {"query", 'q', 0, G_OPTION_ARG_STRING, &options.query, "Hits of this search", "QUERY"},
        {"class", 0, 0, G_OPTION_ARG_STRING, &options.class, "Only of this class of the schedule", "NAME"},
        {"before", 0, 0, G_OPTION_ARG_STRING, &options.before, "Only what was sent before", "DATE"},
        {"most", 0, 0, G_OPTION_ARG_INT, &options.most, "dispose propose: the first N records (all)", "N"},
        {"authorization", 0, 0, G_OPTION_ARG_STRING, &options.authorization,
         "dispose approve: the state's authorization, form or number", "TEXT"},
        {"event", 0, 0, G_OPTION_ARG_STRING, &options.event, "retention day: what happened (student-exit)",
         "NAME"},
        {"wait", 0, 0, G_OPTION_ARG_INT, &options.wait_s, "dispose execute: for the log and the index (120)",
         "SECONDS"},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &options.all, "hold list: released ones too", NULL},
        {"records", 0, 0, G_OPTION_ARG_NONE, &options.rows, "due, dispose show: each record", NULL},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out, "dispose certificate: into this file", "FILE"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [ID...]");
    g_autofree char *lines = summary(steps, count);
    g_option_context_set_summary(context, lines);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    bool ok = g_option_context_parse(context, &argc, &argv, &error);
    if (options.who == NULL)
        options.who = cli_who();
    int status = !ok ? cli_usage("%s", error->message)
                 : options.wait_s < 0 || options.most < 0
                     ? cli_usage("numbers must not be negative")
                     : choose_step(command, steps, count, &options, argc, argv);
    options_clear(&options);
    return status;
}
