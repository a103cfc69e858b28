// Which clauses of the written policy a rule cites.
#include "policy/internal.h"

#include <string.h>

static GHashTable *clauses_listed(const Policy *policy)
{
    GHashTable *listed = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < policy->clauses->len; i++) {
        Clause *clause = policy->clauses->pdata[i];
        if (clause->id)
            g_hash_table_add(listed, clause->id);
    }
    return listed;
}

static char **strv_take(GPtrArray *texts)
{
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(texts, FALSE);
}

// Those of `codes` that are listed are what it becomes; returns the others, NULL when there are none.
static char **codes_filter(char ***codes, GHashTable *listed)
{
    GPtrArray *known = g_ptr_array_new(), *others = g_ptr_array_new();
    for (guint i = 0; *codes && (*codes)[i]; i++)
        g_ptr_array_add(g_hash_table_contains(listed, (*codes)[i]) ? known : others, (*codes)[i]);
    g_free(*codes);
    *codes = strv_take(known);
    bool none = others->len == 0;
    char **left = strv_take(others);
    if (none)
        g_clear_pointer(&left, g_strfreev);
    return left;
}

void clauses_filter(Policy *policy)
{
    if (policy->clauses->len == 0)
        return;
    g_autoptr(GHashTable) listed = clauses_listed(policy);
    for (guint i = 0; i < policy->rules->len; i++) {
        Rule *rule = policy->rules->pdata[i];
        char **others = codes_filter(&rule->clauses, listed);
        g_free(rule->clause);
        rule->clause = g_strjoinv("; ", rule->clauses);
        if (rule->shared)
            g_strfreev(others);
        else
            rule->unknown = others;
    }
    PurposeRule *purpose = &policy->purpose;
    if (purpose->clauses) {
        g_strfreev(codes_filter(&purpose->clauses, listed));
        g_free(purpose->clause);
        purpose->clause = g_strjoinv("; ", purpose->clauses);
    }
}
