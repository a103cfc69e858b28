// policy coverage: clause by clause, what implements it, what tests it, what is left out and why.
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>

// NULL with *missing when there is no such file.
static GPtrArray *tests_read(const PolicyPack *pack, bool *missing, GError **error)
{
    *missing = !g_file_test(pack->tests, G_FILE_TEST_EXISTS);
    return *missing ? NULL : cli_policy_cases(pack->config, pack->tests, pack->now_us, error);
}

static json_t *strings_json(char *const *texts)
{
    json_t *out = json_array();
    for (guint i = 0; texts && texts[i]; i++)
        json_array_append_new(out, json_string(texts[i]));
    return out;
}

static json_t *array_json(const GPtrArray *texts)
{
    json_t *out = json_array();
    for (guint i = 0; i < texts->len; i++)
        json_array_append_new(out, json_string(texts->pdata[i]));
    return out;
}

static int coverage_json(const PolicyPack *pack, const PolicyCoverage *coverage)
{
    json_t *clauses = json_array();
    for (guint i = 0; i < coverage->clauses->len; i++) {
        const PolicyClause *clause = coverage->clauses->pdata[i];
        json_array_append_new(clauses, json_pack("{s:s, s:s, s:o, s:o, s:s?, s:i, s:i}", "id", clause->id,
                                                 "gist", clause->gist, "rules", array_json(clause->rules),
                                                 "by", strings_json(clause->by), "left_out", clause->left_out,
                                                 "tests", clause->tests, "near_misses", clause->near_misses));
    }
    return cli_policy_print_json(json_pack("{s:s, s:s, s:o, s:o}", "policy", policy_name(pack->policy),
                                           "version", policy_version(pack->policy), "clauses", clauses,
                                           "mistakes", array_json(coverage->mistakes)));
}

static void print_clause(const PolicyClause *clause, int width, bool tested)
{
    printf("%s%*s  %s\n", clause->id, width - (int)g_utf8_strlen(clause->id, -1), "", clause->gist);
    for (guint i = 0; i < clause->rules->len; i++)
        printf("%*s  rule %s\n", width, "", (const char *)clause->rules->pdata[i]);
    for (guint i = 0; clause->by && clause->by[i]; i++)
        printf("%*s  by %s\n", width, "", clause->by[i]);
    if (clause->left_out)
        printf("%*s  left out: %s\n", width, "", clause->left_out);
    if (tested && (clause->rules->len > 0 || clause->tests + clause->near_misses > 0))
        printf("%*s  %u test%s, %u near miss%s\n", width, "", clause->tests, clause->tests == 1 ? "" : "s",
               clause->near_misses, clause->near_misses == 1 ? "" : "es");
}

static void print_coverage(const PolicyPack *pack, const PolicyCoverage *coverage, bool tested)
{
    int width = 0;
    guint rules = 0, by = 0, out = 0;
    for (guint i = 0; i < coverage->clauses->len; i++) {
        const PolicyClause *clause = coverage->clauses->pdata[i];
        width = MAX(width, (int)g_utf8_strlen(clause->id, -1));
        rules += clause->rules->len > 0;
        by += clause->rules->len == 0 && clause->by;
        out += clause->left_out != NULL;
    }
    for (guint i = 0; i < coverage->clauses->len; i++)
        print_clause(coverage->clauses->pdata[i], width, tested);
    for (guint i = 0; i < coverage->mistakes->len; i++)
        printf("%s%s\n", i == 0 ? "\nnot covered:\n  " : "  ", (const char *)coverage->mistakes->pdata[i]);
    printf("\n%s %s: %u clauses: %u by rules, %u by something else, %u left out; %u mistake%s\n",
           policy_name(pack->policy), policy_version(pack->policy), coverage->clauses->len, rules, by, out,
           coverage->mistakes->len, coverage->mistakes->len == 1 ? "" : "s");
}

int cli_policy_coverage(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error)
{
    bool missing;
    g_autoptr(GPtrArray) tests = tests_read(pack, &missing, error);
    if (!tests && !missing)
        return 0;
    g_autoptr(GPtrArray) cases = tests ? cli_policy_coverage_cases(tests) : NULL;
    g_autoptr(PolicyCoverage) coverage = policy_coverage(pack->policy, cases);
    if (missing)
        g_ptr_array_add(coverage->mistakes,
                        g_strdup_printf("there are no tests: %s; write them there", pack->tests));
    int status = 0;
    if (options->json)
        status = coverage_json(pack, coverage);
    else
        print_coverage(pack, coverage, tests != NULL);
    return status ? status : coverage->mistakes->len > 0 ? BASE_ERROR_DATA : 0;
}
