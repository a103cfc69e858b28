// What implements each clause of the written policy, and what tests it.
#include "policy/internal.h"

#include <string.h>

#define PURPOSE "section purpose"

static void clause_coverage_free(PolicyClause *clause)
{
    g_free(clause->id);
    g_free(clause->gist);
    g_free(clause->left_out);
    g_strfreev(clause->by);
    g_ptr_array_unref(clause->rules);
    g_free(clause);
}

void policy_coverage_free(PolicyCoverage *coverage)
{
    if (!coverage)
        return;
    g_ptr_array_unref(coverage->clauses);
    g_ptr_array_unref(coverage->mistakes);
    g_free(coverage);
}

static void mistake(PolicyCoverage *coverage, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void mistake(PolicyCoverage *coverage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(coverage->mistakes, g_strdup_vprintf(format, args));
    va_end(args);
}

static bool cites(char *const *codes, const char *id)
{
    return codes && g_strv_contains((const char *const *)codes, id);
}

static PolicyClause *clause_coverage(const Policy *policy, const Clause *clause)
{
    PolicyClause *out = g_new0(PolicyClause, 1);
    out->id = g_strdup(clause->id);
    out->gist = g_strdup(clause->gist);
    out->left_out = g_strdup(clause->left_out);
    out->by = g_strdupv(clause->by);
    out->rules = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < policy->rules->len; i++) {
        const Rule *rule = policy->rules->pdata[i];
        if (cites(rule->clauses, clause->id))
            g_ptr_array_add(out->rules, g_strdup(rule->name));
    }
    if (cites(policy->purpose.clauses, clause->id))
        g_ptr_array_add(out->rules, g_strdup(PURPOSE));
    return out;
}

// ---- what is wrong ---------------------------------------------------------------------------------------

static void check_rules(PolicyCoverage *coverage, const Policy *policy)
{
    for (guint i = 0; i < policy->rules->len; i++) {
        const Rule *rule = policy->rules->pdata[i];
        for (guint j = 0; rule->unknown && rule->unknown[j]; j++)
            mistake(coverage,
                    "rule %s cites %s, which section clauses does not have; correct it, or list the clause",
                    rule->name, rule->unknown[j]);
        if (g_strv_length(rule->clauses) == 0)
            mistake(coverage, "rule %s cites no clause of this policy; cite one, or leave the rule out",
                    rule->name);
    }
}

// "section NAME ..." must be a section that the policy has.
static bool by_there(const Policy *policy, const char *by)
{
    if (!g_str_has_prefix(by, "section "))
        return true;
    g_auto(GStrv) words = g_strsplit_set(by, " :,;(", 3);
    bool found = false;
    for (guint i = 0; i < policy->sections->len && !found; i++) {
        const char *section = policy->sections->pdata[i];
        gsize len = strlen(words[1]);
        found = strncmp(section, words[1], len) == 0 && (section[len] == '\0' || section[len] == '-');
    }
    return found;
}

static void check_clause(PolicyCoverage *coverage, const Policy *policy, const PolicyClause *clause,
                         bool tested)
{
    bool rules = clause->rules->len > 0;
    if (!rules && !clause->by && !clause->left_out)
        mistake(coverage,
                "%s is implemented by nothing; write a rule, say by what (by) or why not (left-out)",
                clause->id);
    if (rules && clause->left_out)
        mistake(coverage, "%s is left out, but rule %s cites it; remove left-out, or the citation",
                clause->id, (const char *)clause->rules->pdata[0]);
    for (guint i = 0; clause->by && clause->by[i]; i++)
        if (!by_there(policy, clause->by[i]))
            mistake(coverage, "%s is said to be implemented by \"%s\", which the policy does not have",
                    clause->id, clause->by[i]);
    if (tested && rules && clause->tests == 0)
        mistake(coverage, "%s has no test that its rules fire", clause->id);
    if (tested && rules && clause->near_misses == 0)
        mistake(coverage, "%s has no near miss that its rules let pass", clause->id);
}

// ---- tests -----------------------------------------------------------------------------------------------

static PolicyClause *clause_named(const PolicyCoverage *coverage, const char *id)
{
    for (guint i = 0; i < coverage->clauses->len; i++) {
        PolicyClause *clause = coverage->clauses->pdata[i];
        if (g_strcmp0(clause->id, id) == 0)
            return clause;
    }
    return NULL;
}

// A test of a clause by rules must ask for one that implements it. What section purpose says is told under the rule's name.
static bool asks_for_clause(const PolicyClause *clause, char *const *rules)
{
    bool found = !rules || clause->rules->len == 0 ||
                 g_ptr_array_find_with_equal_func(clause->rules, PURPOSE, g_str_equal, NULL);
    for (guint i = 0; !found && rules[i]; i++)
        found = g_ptr_array_find_with_equal_func(clause->rules, rules[i], g_str_equal, NULL);
    return found;
}

static void case_count(PolicyCoverage *coverage, const PolicyCase *one)
{
    PolicyClause *clause = clause_named(coverage, one->clause);
    if (!clause) {
        mistake(coverage, "test \"%s\" is of %s, which section clauses does not have", one->name,
                one->clause);
    } else if (!one->near_miss && !asks_for_clause(clause, one->rules)) {
        mistake(coverage, "test \"%s\" of %s expects rule %s, which does not cite it", one->name, one->clause,
                one->rules[0]);
    } else {
        clause->near_misses += one->near_miss;
        clause->tests += !one->near_miss;
    }
}

PolicyCoverage *policy_coverage(const Policy *policy, const GPtrArray *cases)
{
    PolicyCoverage *coverage = g_new0(PolicyCoverage, 1);
    coverage->clauses = g_ptr_array_new_with_free_func((GDestroyNotify)clause_coverage_free);
    coverage->mistakes = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < policy->clauses->len; i++)
        g_ptr_array_add(coverage->clauses, clause_coverage(policy, policy->clauses->pdata[i]));
    if (policy->clauses->len == 0) {
        mistake(coverage, "the policy has no section clauses; list the clauses of the written policy there");
        return coverage;
    }
    for (guint i = 0; cases && i < cases->len; i++)
        case_count(coverage, cases->pdata[i]);
    check_rules(coverage, policy);
    for (guint i = 0; i < coverage->clauses->len; i++)
        check_clause(coverage, policy, coverage->clauses->pdata[i], cases != NULL);
    return coverage;
}
