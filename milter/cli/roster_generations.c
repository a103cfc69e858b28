// roster diff, history, rollback, key: the generations of the roster and the key they are hashed with.
#include "cli/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A generation's number; 0 with `error`.
static int number_of(const char *text, GError **error)
{
    char *end = NULL;
    glong number = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number < 1 || number > G_MAXINT) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                    "\"%s\" is no generation; `chaperone roster history` lists their numbers", text);
        return 0;
    }
    return (int)number;
}

// ---- diff ---------------------------------------------------------------------------------------

int cli_roster_diff(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    int ends[2] = {0, 0};
    for (gsize i = 0; i < 2 && arguments[i] != NULL; i++)
        if ((ends[i] = number_of(arguments[i], error)) == 0)
            return 0;
    CliWorking *working = cli_working_begin("comparing");
    g_autoptr(FeedDiff) diff = feeds_diff(config, ends[0], ends[1], cli_roster_changes_most(options), error);
    cli_working_end(working);
    if (diff == NULL)
        return 0;
    if (options->json)
        return cli_roster_print_json(cli_roster_diff_json(diff));
    cli_roster_print_diff(diff, options);
    return 0;
}

// ---- history ------------------------------------------------------------------------------------

// JSON that the roster keeps as text; `fallback` where it is none.
static json_t *kept_json(const char *text, json_t *fallback)
{
    json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (json == NULL)
        return fallback;
    json_decref(fallback);
    return json;
}

static json_t *generation_json(const FeedGeneration *generation)
{
    g_autofree char *at = clock_format(generation->at * G_USEC_PER_SEC);
    return json_pack("{s:i, s:s, s:s?, s:s?, s:b, s:b, s:o, s:o, s:o}", "generation", generation->id, "at",
                     at, "who", generation->who, "what", generation->what, "forced", generation->forced,
                     "present", generation->present, "counts", kept_json(generation->counts, json_object()),
                     "changes", kept_json(generation->changes, json_object()), "files",
                     kept_json(generation->files, json_array()));
}

static char *integer_of(const char *object, const char *name)
{
    json_t *json = kept_json(object, json_object());
    const json_t *value = json_object_get(json, name);
    char *text = json_is_integer(value) ? g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value))
                                        : g_strdup("");
    json_decref(json);
    return text;
}

static void print_history(const Config *config, const GPtrArray *generations)
{
    static const char *const head[] = {"generation", "when",    "who",  "people",
                                       "added",      "removed", "file", "what"};
    RosterTable *table = cli_roster_table_new(G_N_ELEMENTS(head), head);
    for (guint i = 0; i < generations->len; i++) {
        const FeedGeneration *generation = generations->pdata[i];
        char *what = cli_clean(generation->what);
        if (generation->forced) {
            char *forced = g_strconcat(what, " (forced)", NULL);
            g_free(what);
            what = forced;
        }
        const char *file = !generation->present ? "gone" : i == 0 ? "in force" : "kept";
        cli_roster_table_add(table, g_strdup_printf("%d", generation->id),
                             cli_roster_time_text(config, generation->at), cli_clean(generation->who),
                             integer_of(generation->counts, "people"),
                             integer_of(generation->changes, "added"),
                             integer_of(generation->changes, "removed"), g_strdup(file), what);
    }
    cli_roster_table_print(table);
}

int cli_roster_history(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) generations = feeds_history(config, error);
    if (generations == NULL)
        return 0;
    if (!options->json) {
        print_history(config, generations);
        return 0;
    }
    json_t *all = json_array();
    for (guint i = 0; i < generations->len; i++)
        json_array_append_new(all, generation_json(generations->pdata[i]));
    return cli_roster_print_json(all);
}

// ---- rollback and keys --------------------------------------------------------------------------

// Says which generation is in force now. Exit status.
static int say_generation(const RosterOptions *options, const char *what, int generation)
{
    if (options->json)
        return cli_roster_print_json(json_pack("{s:i}", "generation", generation));
    printf("%s: the roster is in force (generation %d).\n", what, generation);
    return 0;
}

int cli_roster_rollback(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    int to = arguments[0] != NULL ? number_of(arguments[0], error) : 0;
    if (arguments[0] != NULL && to == 0)
        return 0;
    g_autofree char *who = cli_who();
    CliWorking *working = cli_working_begin("rolling back");
    int generation = feeds_rollback(config, to, who, error);
    cli_working_end(working);
    return generation > 0 ? say_generation(options, "rolled back", generation) : 0;
}

int cli_roster_key_rotate(const Config *config, const RosterOptions *options, char **arguments,
                          GError **error)
{
    g_autofree char *who = cli_who();
    CliWorking *working = cli_working_begin("hashing with the new key");
    int generation = feeds_key_rotate(config, who, error);
    cli_working_end(working);
    return generation > 0 ? say_generation(options, "key rotated", generation) : 0;
}

int cli_roster_key_prune(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    int count = feeds_key_prune(config, error);
    if (count < 0)
        return 0;
    if (options->json)
        return cli_roster_print_json(json_pack("{s:i}", "removed", count));
    printf("%d key%s removed from %s\n", count, count == 1 ? "" : "s", config->roster.key_file);
    return 0;
}
