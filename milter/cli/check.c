// chaperone check: is what the daemon would start on in order?
#include "cli/cli.h"
#include "judge/judge.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    char *config;
    gboolean json;
} CheckOptions;

static bool options_read(CheckOptions *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
         "Configuration (default " CLI_CONFIG_DEFAULT ")", "FILE"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options->json, "One JSON object instead of text", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(
        context, "Checks configuration, policy, lists and roster. What it refuses, the daemon "
                 "refuses to start on.\nExits 0 when all is in order, 78 when it is not.");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

// {"ok", "mistakes": [...], "policy", "version", "mode"}
static void print_json(const Snapshot *snapshot, const GError *error)
{
    json_t *json = json_object(), *mistakes = json_array();
    g_auto(GStrv) lines = g_strsplit(error ? error->message : "", "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (*lines[i])
            json_array_append_new(mistakes, json_string(lines[i]));
    json_object_set_new(json, "ok", json_boolean(snapshot != NULL));
    json_object_set_new(json, "mistakes", mistakes);
    if (snapshot) {
        json_object_set_new(json, "policy", json_string(policy_name(snapshot->policy)));
        json_object_set_new(json, "version", json_string(policy_version(snapshot->policy)));
        json_object_set_new(json, "mode", json_string(mode_name(snapshot->mode)));
    }
    char *line = json_dumps(json, 0);
    printf("%s\n", line ? line : "{}");
    free(line);
    json_decref(json);
}

static void print_text(const Snapshot *snapshot)
{
    const Config *config = snapshot->config;
    printf("configuration %s: in order\n", config->path);
    printf("policy %s: %s %s, %u rules, mode %s\n", config->policy.file, policy_name(snapshot->policy),
           policy_version(snapshot->policy), policy_rule_count(snapshot->policy), mode_name(snapshot->mode));
    printf("lists %s: in order\n", config->policy.lists_dir);
    printf("roster %s: in order\n", config->roster.database);
}

static int check_run(const CheckOptions *options)
{
    GError *error = NULL;
    g_autoptr(Snapshot) snapshot = snapshot_load(cli_config_path(options->config), &error);
    if (options->json)
        print_json(snapshot, error);
    else if (snapshot)
        print_text(snapshot);
    int status = base_exit_status(error);
    if (error && !options->json)
        status = cli_fail(g_steal_pointer(&error));
    g_clear_error(&error);
    return status;
}

int cli_check(int argc, char **argv)
{
    CheckOptions options = {0};
    GError *error = NULL;
    int status;
    if (!options_read(&options, &argc, &argv, &error)) {
        status = cli_usage("%s", error->message);
        g_clear_error(&error);
    } else if (argc > 1) {
        status = cli_usage("unexpected argument \"%s\"", argv[1]);
    } else {
        status = check_run(&options);
    }
    if (fflush(stdout) != 0)
        status = BASE_ERROR_IO;
    g_free(options.config);
    return status;
}
