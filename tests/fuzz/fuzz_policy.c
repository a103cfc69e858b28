// libFuzzer target: the text of a policy, and what people who write policies ask of one that is taken.
//
// Checked beside memory: a policy is taken or every mistake has its line; what was taken can be explained on any day, is
// covered or not, and lint has advice or none.
#include "policy/policy.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
const char *__lsan_default_suppressions(void);

// libconfig forgets the string it was reading where a text ends inside one.
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static void check_mistakes(const GError *error)
{
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    if (!g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG) || !lines[0])
        g_error("refused without a mistake: %s", error->message);
    for (guint i = 0; lines[i]; i++)
        if (!g_str_has_prefix(lines[i], "fuzz.conf:"))
            g_error("a mistake without its place: %s", lines[i]);
}

static void check_explained(const Policy *policy)
{
    static const int DAYS[] = {20000101, 20261020, 20991231};
    for (gsize i = 0; i < G_N_ELEMENTS(DAYS); i++) {
        g_autoptr(GPtrArray) rules = policy_explain(policy, NULL, DAYS[i]);
        if (rules->len != policy_rule_count(policy))
            g_error("%u of %u rules explained", rules->len, policy_rule_count(policy));
        for (guint k = 0; k < rules->len; k++) {
            const PolicyRuleText *rule = rules->pdata[k];
            if (!rule->name || rule->text->len == 0)
                g_error("rule %u is not explained", k);
        }
        g_autoptr(GPtrArray) advice = policy_lint(policy, DAYS[i], NULL);
        for (guint k = 0; k < advice->len; k++)
            if (!((const PolicyAdvice *)advice->pdata[k])->text)
                g_error("advice without words");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    g_autofree char *text = g_strndup((const char *)bytes, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = policy_parse("fuzz.conf", text, NULL, &error);
    if (policy) {
        check_explained(policy);
        g_autoptr(PolicyCoverage) coverage = policy_coverage(policy, NULL);
        g_autoptr(GPtrArray) templates = policy_templates(policy);
        g_assert(coverage->clauses && coverage->mistakes && templates);
    } else {
        check_mistakes(error);
    }
    return 0;
}
