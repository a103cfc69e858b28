// chaperone policy: its steps, their options, and which policy they work on.
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    PolicyStep run;
    int most; // arguments behind the pack
    const char *usage, *what;
} STEPS[] = {
    {"show", cli_policy_show, 0, "show [PACK]", "name, version, SHA-256, rules, timetable of modes"},
    {"explain", cli_policy_explain, 1, "explain [PACK [RULE]]", "rules in plain English"},
    {"coverage", cli_policy_coverage, 0, "coverage [PACK]",
     "clause by clause: rules, tests, what is left out"},
    {"test", cli_policy_test, 0, "test [PACK]", "run the policy's tests"},
    {"backtest", cli_policy_backtest, 0, "backtest [PACK]",
     "what the policy would have done to archived mail"},
    {"register", cli_policy_register, 0, "register [PACK]", "note who puts it in force, and why"},
    {"history", cli_policy_history, 0, "history", "the policies that were in force"},
    {"lint", cli_policy_lint, 0, "lint [PACK]", "what is allowed, and probably not meant"},
};

int cli_policy_print_json(json_t *json)
{
    int status = json_dumpf(json, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF ? 0 : BASE_ERROR_IO;
    json_decref(json);
    return status;
}

void cli_policy_date(int date, char out[11])
{
    g_snprintf(out, 11, "%04d-%02d-%02d", date / 10000 % 10000, date / 100 % 100, date % 100);
}

// ---- which policy ----------------------------------------------------------------------------------------

char *cli_policy_find(const Config *config, const char *pack, GError **error)
{
    if (pack == NULL)
        return g_strdup(config->policy.file);
    if (strchr(pack, '/') != NULL || g_str_has_suffix(pack, ".conf"))
        return g_strdup(pack);
    g_autofree char *beside = g_path_get_dirname(config->policy.file);
    const char *const dirs[] = {beside, CHAPERONE_SYSCONFDIR "/chaperone/policies",
                                CHAPERONE_DATADIR "/policies"};
    for (guint i = 0; i < G_N_ELEMENTS(dirs); i++) {
        g_autofree char *path = g_strdup_printf("%s/%s.conf", dirs[i], pack);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&path);
    }
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "no policy \"%s\" in %s, %s or %s; give its path",
                pack, dirs[0], dirs[1], dirs[2]);
    return NULL;
}

// policies/tests/NAME.jsonl beside the policy, else that which is shipped.
static char *tests_of(const char *policy)
{
    g_autofree char *dir = g_path_get_dirname(policy), *base = g_path_get_basename(policy);
    if (g_str_has_suffix(base, ".conf"))
        base[strlen(base) - strlen(".conf")] = '\0';
    char *beside = strcmp(dir, ".") == 0 ? g_strdup_printf("tests/%s.jsonl", base)
                                         : g_strdup_printf("%s/tests/%s.jsonl", dir, base);
    g_autofree char *shipped = g_strdup_printf("%s/policies/tests/%s.jsonl", CHAPERONE_DATADIR, base);
    if (!g_file_test(beside, G_FILE_TEST_EXISTS) && g_file_test(shipped, G_FILE_TEST_EXISTS)) {
        g_free(beside);
        beside = g_steal_pointer(&shipped);
    }
    return beside;
}

// Where nothing is configured, a policy of a tree of its own goes with the lists of that tree.
static void take_neighbours(Config *config, const char *policy)
{
    g_autofree char *dir = g_path_get_dirname(policy), *beside = g_build_filename(dir, "..", "lists", NULL);
    g_autofree char *lists = g_canonicalize_filename(beside, NULL);
    g_free(config->policy.lists_dir);
    config->policy.lists_dir = g_file_test(lists, G_FILE_TEST_IS_DIR)
                                   ? g_steal_pointer(&lists)
                                   : g_strdup(CHAPERONE_SYSCONFDIR "/chaperone/lists");
}

static Config *configuration(const PolicyOptions *options, bool *out_configured, GError **error)
{
    const char *path = cli_config_path(options->config_path);
    *out_configured = options->config_path != NULL || g_file_test(path, G_FILE_TEST_EXISTS);
    if (*out_configured)
        return config_load(path, error);
    Config *config = config_defaults();
    g_free(config->policy.file);
    config->policy.file = g_strdup(CHAPERONE_SYSCONFDIR "/chaperone/policies/standard.conf");
    return config;
}

static void pack_clear(PolicyPack *pack)
{
    g_clear_pointer(&pack->config, config_unref);
    g_clear_pointer(&pack->policy, policy_unref);
    g_free(pack->path);
    g_free(pack->tests);
}

static bool pack_load(const PolicyOptions *options, const char *name, PolicyPack *pack, GError **error)
{
    pack->config = configuration(options, &pack->configured, error);
    pack->path = pack->config != NULL ? cli_policy_find(pack->config, name, error) : NULL;
    if (pack->path == NULL)
        return false;
    if (!pack->configured)
        take_neighbours(pack->config, pack->path);
    pack->tests = options->tests != NULL ? g_strdup(options->tests) : tests_of(pack->path);
    pack->policy = snapshot_policy(pack->path, error);
    if (pack->policy == NULL)
        return false;
    if (!cli_time(pack->config, options->date, false, &pack->now_us, error))
        return false;
    if (options->date == NULL)
        pack->now_us = clock_now_us();
    pack->today = clock_local_date(pack->now_us, pack->config->district.timezone);
    return true;
}

// ---- which step ------------------------------------------------------------------------------------------

static int run_step(gsize step, const PolicyOptions *options, int argc, char **argv)
{
    if (argc > 2 + STEPS[step].most)
        return cli_usage("usage: chaperone policy %s", STEPS[step].usage);
    PolicyPack pack = {0};
    GError *error = NULL;
    int status = 0;
    if (pack_load(options, argc > 1 ? argv[1] : NULL, &pack, &error))
        status = STEPS[step].run(options, &pack, argc > 2 ? argv + 2 : argv + argc, &error);
    if (fflush(stdout) != 0 && error == NULL)
        status = BASE_ERROR_IO;
    pack_clear(&pack);
    return error != NULL ? cli_fail(error) : status;
}

static int parse_and_run(gsize step, int argc, char **argv)
{
    PolicyOptions o = {.usage = STEPS[step].usage};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &o.config_path,
         "Configuration (default " CLI_CONFIG_DEFAULT ", where there is one)", "FILE"},
        {"tests", 't', 0, G_OPTION_ARG_FILENAME, &o.tests,
         "Tests of the policy (default tests/NAME.jsonl beside it; coverage, test)", "FILE"},
        {"roster", 'r', 0, G_OPTION_ARG_FILENAME, &o.roster,
         "Test on the roster that this directory makes (default: roster/ beside the tests, else the one in "
         "force)",
         "DIR"},
        {"date", 'd', 0, G_OPTION_ARG_STRING, &o.date, "The day it is (default today)", "DATE"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &o.json, "Print JSON", NULL},
        {"who", 0, 0, G_OPTION_ARG_STRING, &o.who,
         "Who puts it in force (default: the user running this; register)", "NAME"},
        {"why", 0, 0, G_OPTION_ARG_STRING, &o.why, "Why (register)", "TEXT"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &o.from, "Mail received at this time or later (backtest)",
         "DATE"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &o.to, "Mail received up to the end of this day (backtest)",
         "DATE"},
        {"mode", 0, 0, G_OPTION_ARG_STRING, &o.mode, "As if the mode were this (default enforce; backtest)",
         "MODE"},
        {"sample", 0, 0, G_OPTION_ARG_INT, &o.samples, "Show so many changes (default 20; backtest)", "N"},
        {"csv", 0, 0, G_OPTION_ARG_FILENAME, &o.csv, "Write every change there (backtest)", "FILE"},
        {"html", 0, 0, G_OPTION_ARG_FILENAME, &o.html, "Write a page with charts there (backtest)", "FILE"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &o.verbose, "Every test, and everything that was found (test)",
         NULL},
        {NULL}};
    g_autofree char *usage = g_strdup_printf("- %s", STEPS[step].what);
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = g_option_context_parse(context, &argc, &argv, &error) ? run_step(step, &o, argc, argv)
                                                                       : cli_usage("%s", error->message);
    g_free(o.config_path);
    g_free(o.tests);
    g_free(o.roster);
    g_free(o.date);
    g_free(o.from);
    g_free(o.to);
    g_free(o.mode);
    g_free(o.csv);
    g_free(o.html);
    g_free(o.who);
    g_free(o.why);
    return status;
}

static int print_usage(FILE *out)
{
    fprintf(out, "usage: chaperone policy STEP [OPTION...]\n\n");
    for (gsize i = 0; i < G_N_ELEMENTS(STEPS); i++)
        fprintf(out, "  %-24s %s\n", STEPS[i].usage, STEPS[i].what);
    fprintf(out, "\nPACK is a policy's file, or its name without .conf; left out, the policy in force.\n"
                 "`chaperone policy STEP --help` tells the options.\n");
    return out == stdout ? 0 : BASE_ERROR_USAGE;
}

int cli_policy(int argc, char **argv)
{
    if (argc < 2)
        return print_usage(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_usage(stdout);
    for (gsize i = 0; i < G_N_ELEMENTS(STEPS); i++)
        if (strcmp(argv[1], STEPS[i].name) == 0)
            return parse_and_run(i, argc - 1, argv + 1);
    fprintf(stderr, "chaperone: policy has no step \"%s\"\n", argv[1]);
    return print_usage(stderr);
}
