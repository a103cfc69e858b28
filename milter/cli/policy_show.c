// policy show, explain and lint: what a policy is, says, and probably does not mean.
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// ---- show ------------------------------------------------------------------------------------------------

static json_t *modes_json(const GArray *modes)
{
    json_t *out = json_array();
    for (guint i = 0; i < modes->len; i++) {
        const PolicyDatedMode *dated = &g_array_index(modes, PolicyDatedMode, i);
        char from[11];
        cli_policy_date(dated->from, from);
        json_array_append_new(
            out, json_pack("{s:s?, s:s}", "from", dated->from ? from : NULL, "mode", mode_name(dated->mode)));
    }
    return out;
}

static json_t *rule_json(const PolicyRuleText *rule, bool text)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s?, s:s, s:i, s:s, s:o}", "rule", rule->name, "clause", rule->clause, "gist",
                  rule->gist, "action", action_name(rule->action), "severity", rule->severity, "mode",
                  mode_name(rule->mode), "modes", modes_json(rule->modes));
    json_t *lines = text ? json_array() : NULL;
    for (guint i = 0; text && i < rule->text->len; i++)
        json_array_append_new(lines, json_string(rule->text->pdata[i]));
    if (text)
        json_object_set_new(json, "text", lines);
    return json;
}

static int show_json(const PolicyPack *pack, const GPtrArray *rules)
{
    json_t *list = json_array();
    for (guint i = 0; i < rules->len; i++)
        json_array_append_new(list, rule_json(rules->pdata[i], false));
    return cli_policy_print_json(json_pack("{s:s, s:s, s:s, s:s, s:o}", "file", pack->path, "name",
                                           policy_name(pack->policy), "version", policy_version(pack->policy),
                                           "sha256", policy_sha256(pack->policy), "rules", list));
}

// The day on which each rule's mode changes, rules that change alike in one line.
static void print_timetable(const GPtrArray *rules)
{
    g_autoptr(GTree) days =
        g_tree_new_full((GCompareDataFunc)(void (*)(void))g_strcmp0, NULL, g_free, g_free);
    for (guint i = 0; i < rules->len; i++) {
        const PolicyRuleText *rule = rules->pdata[i];
        for (guint j = 1; j < rule->modes->len; j++) {
            const PolicyDatedMode *dated = &g_array_index(rule->modes, PolicyDatedMode, j);
            char from[11];
            cli_policy_date(dated->from, from);
            char *key = g_strdup_printf("%s %-8s", from, mode_name(dated->mode));
            const char *before = g_tree_lookup(days, key);
            g_tree_insert(days, key,
                          g_strdup_printf("%s%s%s", before ? before : "", before ? ", " : "", rule->name));
        }
    }
    if (g_tree_nnodes(days) == 0)
        return;
    printf("\ntimetable\n");
    for (GTreeNode *node = g_tree_node_first(days); node != NULL; node = g_tree_node_next(node))
        printf("  %s %s\n", (const char *)g_tree_node_key(node), (const char *)g_tree_node_value(node));
}

int cli_policy_show(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) rules = policy_explain(pack->policy, NULL, pack->today);
    if (options->json)
        return show_json(pack, rules);
    printf("%s %s\n  file    %s\n  SHA-256 %s\n  rules   %u\n\n", policy_name(pack->policy),
           policy_version(pack->policy), pack->path, policy_sha256(pack->policy), rules->len);
    for (guint i = 0; i < rules->len; i++) {
        const PolicyRuleText *rule = rules->pdata[i];
        printf("  %-8s %-8s %s\n", action_name(rule->action), mode_name(rule->mode), rule->name);
    }
    print_timetable(rules);
    return 0;
}

// ---- explain ---------------------------------------------------------------------------------------------

static void print_rule(const PolicyRuleText *rule, bool colour)
{
    g_autofree char *gist = cli_clean(rule->gist), *clause = cli_clean(rule->clause);
    printf("%s%s%s  [%s]\n%s\n", colour ? "\033[1m" : "", rule->name, colour ? "\033[0m" : "", clause, gist);
    for (guint i = 0; i < rule->text->len; i++) {
        g_autofree char *line = cli_clean(rule->text->pdata[i]);
        printf("  %s\n", line);
    }
}

int cli_policy_explain(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) rules = policy_explain(pack->policy, arguments[0], pack->today);
    if (arguments[0] != NULL && rules->len == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s has no rule \"%s\"; `chaperone policy show` lists them", pack->path, arguments[0]);
        return BASE_ERROR_NOINPUT;
    }
    json_t *list = options->json ? json_array() : NULL;
    for (guint i = 0; i < rules->len; i++) {
        if (options->json)
            json_array_append_new(list, rule_json(rules->pdata[i], true));
        else
            printf("%s", i > 0 ? "\n" : "");
        if (!options->json)
            print_rule(rules->pdata[i], cli_colour(STDOUT_FILENO));
    }
    return options->json ? cli_policy_print_json(list) : 0;
}

// ---- lint ------------------------------------------------------------------------------------------------

// The categories of the lexicon in force: names in brackets at the start of a line. NULL when it cannot be read.
static GPtrArray *lexicon_categories(const Config *config)
{
    g_autofree char *path = g_build_filename(config->policy.lists_dir, "lexicon.txt", NULL), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        const char *end = lines[i][0] == '[' ? strchr(lines[i], ']') : NULL;
        if (end)
            g_ptr_array_add(out, g_strndup(lines[i] + 1, (gsize)(end - lines[i] - 1)));
    }
    return out;
}

static int lint_json(const PolicyPack *pack, const GPtrArray *advice)
{
    json_t *list = json_array();
    for (guint i = 0; i < advice->len; i++) {
        const PolicyAdvice *one = advice->pdata[i];
        json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "level", one->note ? "note" : "warning",
                                              "rule", one->rule, "text", one->text));
    }
    return cli_policy_print_json(json_pack("{s:s, s:s, s:o}", "policy", policy_name(pack->policy), "version",
                                           policy_version(pack->policy), "advice", list));
}

static void print_counts(const PolicyPack *pack, guint warnings, guint notes)
{
    guint rules = policy_rule_count(pack->policy);
    printf("%s %s: %u rule%s, %u warning%s, %u note%s\n", policy_name(pack->policy),
           policy_version(pack->policy), rules, rules == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s",
           notes, notes == 1 ? "" : "s");
}

int cli_policy_lint(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) categories = lexicon_categories(pack->config);
    g_autoptr(GPtrArray) advice = policy_lint(pack->policy, pack->today, categories);
    guint warnings = 0;
    for (guint i = 0; i < advice->len; i++)
        warnings += !((const PolicyAdvice *)advice->pdata[i])->note;
    int status = options->json ? lint_json(pack, advice) : 0;
    for (guint i = 0; !options->json && i < advice->len; i++) {
        const PolicyAdvice *one = advice->pdata[i];
        g_autofree char *text = cli_clean(one->text);
        printf("%s: %s%s%s\n", one->note ? "note" : "warning", one->rule ? one->rule : "",
               one->rule ? ": " : "", text);
    }
    if (!options->json)
        print_counts(pack, warnings, advice->len - warnings);
    return status ? status : warnings > 0 ? BASE_ERROR_DATA : 0;
}
