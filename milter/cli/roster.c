// chaperone roster: here only its options and the table of its steps.
#include "cli/roster.h"

#include <stdio.h>
#include <string.h>

#define CHANGES_FALLBACK 10
#define ANY              1000

static const struct {
    const char *name, *second; // "personal" "add"
    int least, most;           // arguments
    RosterStep run;
    const char *usage, *what;
} STEPS[] = {
    {"import", NULL, 0, ANY, cli_roster_import, "import [PATH...]",
     "the sources of roster.sources, or directories, zips and files"},
    {"forget", NULL, 1, 1, cli_roster_forget, "forget SOURCE",
     "leave out a source that is configured no more"},
    {"diff", NULL, 0, 2, cli_roster_diff, "diff [FROM [TO]]", "what changed between two generations"},
    {"history", NULL, 0, 0, cli_roster_history, "history", "the generations: when, who, what"},
    {"rollback", NULL, 0, 1, cli_roster_rollback, "rollback [TO]",
     "back to what a generation said of people"},
    {"show", NULL, 1, 1, cli_roster_show, "show ADDRESS|PERSON", "who that is, and why"},
    {"sources", NULL, 0, 0, cli_roster_sources, "sources",
     "what is configured and when it was imported last"},
    {"personal", "add", 3, 3, cli_roster_personal_add, "personal add ADDRESS KIND VALUE",
     "register a private detail of staff; VALUE - is read from standard input"},
    {"personal", "remove", 2, 3, cli_roster_personal_remove, "personal remove ADDRESS KIND [VALUE]",
     "take one registered by hand away"},
    {"personal", "list", 1, 1, cli_roster_personal_list, "personal list ADDRESS",
     "what kinds are registered"},
    {"key", "rotate", 0, 0, cli_roster_key_rotate, "key rotate", "a new key for the personal registry"},
    {"key", "prune", 0, 0, cli_roster_key_prune, "key prune", "drop keys that no generation needs"},
    {"probe", NULL, 2, 2, cli_roster_probe, "probe SOURCE ADDRESS", "try an LDAP source on one address"},
    {"keys", NULL, 0, 0, cli_roster_keys, "keys", "the keys of the sources file"},
};

static char *summary(void)
{
    GString *text = g_string_new("Steps:\n");
    for (gsize i = 0; i < G_N_ELEMENTS(STEPS); i++)
        g_string_append_printf(text, "  %-37s %s\n", STEPS[i].usage, STEPS[i].what);
    return g_string_free(text, FALSE);
}

// The step that `argv` names; G_N_ELEMENTS(STEPS) when there is none.
static gsize find_step(int argc, char **argv)
{
    gsize i = 0;
    while (i < G_N_ELEMENTS(STEPS) &&
           (argc < 2 || strcmp(argv[1], STEPS[i].name) != 0 ||
            (STEPS[i].second != NULL && (argc < 3 || strcmp(argv[2], STEPS[i].second) != 0))))
        i++;
    return i;
}

static int run_step(const RosterOptions *options, int argc, char **argv)
{
    gsize step = find_step(argc, argv);
    if (step == G_N_ELEMENTS(STEPS))
        return argc < 2 ? cli_usage("roster wants a step: import, show, ...")
                        : cli_usage("roster has no step \"%s%s%s\"", argv[1], argc > 2 ? " " : "",
                                    argc > 2 ? argv[2] : "");
    int first = STEPS[step].second != NULL ? 3 : 2, count = argc - first;
    if (count < STEPS[step].least || count > STEPS[step].most)
        return cli_usage("usage: chaperone roster %s", STEPS[step].usage);
    if (options->changes < 0)
        return cli_usage("--changes wants a number");
    GError *error = NULL;
    g_autoptr(Config) config = NULL;
    if (STEPS[step].run != cli_roster_keys &&
        (config = config_load(cli_config_path(options->config_path), &error)) == NULL)
        return cli_fail(error);
    int status = STEPS[step].run(config, options, argv + first, &error);
    if (fflush(stdout) != 0 && error == NULL)
        status = BASE_ERROR_IO;
    return error != NULL ? cli_fail(error) : status;
}

int cli_roster(int argc, char **argv)
{
    RosterOptions o = {.changes = CHANGES_FALLBACK};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &o.config_path, "The configuration", "FILE"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &o.dry_run,
         "Read, count and compare, change nothing (import, forget)", NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &o.force, "However much goes away (import, forget)", NULL},
        {"source", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.sources,
         "Only this source; may be repeated (import)", "NAME"},
        {"changes", 0, 0, G_OPTION_ARG_INT, &o.changes,
         "How many changes of each kind to print (import, forget, diff)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print JSON", NULL},
        {NULL},
    };
    g_autofree char *text = summary();
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [ARGUMENT...]");
    g_option_context_set_summary(context, text);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = g_option_context_parse(context, &argc, &argv, &error) ? run_step(&o, argc, argv)
                                                                       : cli_usage("%s", error->message);
    g_free(o.config_path);
    g_strfreev(o.sources);
    return status;
}
