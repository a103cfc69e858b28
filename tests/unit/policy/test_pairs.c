// Between whom a message passes nearly alone, and what it counts for.
#include "fixture.h"

#include <string.h>

#define ANN  "ann@example.org", "ann@example.org"
#define CARL "carl@example.org", "carl@example.org"
#define UMA  "uma@students.example.org"
#define VIC  "vic@students.example.org"
#define WES  "wes@students.example.org"

static Policy *pair_policy(const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "name = \"t\"; version = 1; confidence: { default = 0.5; };\n%s\n"
        "rules = ( { name = \"told\"; clause = \"A\"; gist = \"g\"; action = \"tag\"; exceptions = [ "
        "\"trip\", \"approved\" ];"
        "    when = { finding = { kind = \"phone\"; owner = \"sender\"; }; }; },"
        "  { name = \"held\"; clause = \"A\"; gist = \"g\"; action = \"hold\"; when = { finding = { kind = "
        "\"email\"; }; }; },"
        "  { name = \"free\"; clause = \"A\"; gist = \"g\"; action = \"deliver\"; protected = true;"
        "    when = { finding = { kind = \"phrase\"; }; }; } );\n",
        more);
    Policy *policy = policy_parse("t.conf", text, NULL, &error);
    cr_assert_not_null(policy, "%s", error ? error->message : "");
    return policy;
}

// "staff student[;...]: signs"
static char *pairs_text(const Decision *decision)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < decision->pairs->len; i++) {
        const PolicyPair *pair = decision->pairs->pdata[i];
        g_string_append_printf(text, "%s%.*s-%.*s", i > 0 ? ";" : "", (int)strcspn(pair->staff_address, "@"),
                               pair->staff_address, (int)strcspn(pair->student_address, "@"),
                               pair->student_address);
    }
    for (int i = 0; i < SIGN_LAST; i++)
        if (decision->signs & (1u << i))
            g_string_append_printf(text, " %s", sign_name(i));
    return g_string_free(text, FALSE);
}

typedef struct {
    Case row;
    const char *pairs;
} PairRow;

static void check(const char *more, const PairRow *rows, gsize count)
{
    g_autoptr(District) district = district_new();
    g_autoptr(Policy) policy = pair_policy(more);
    for (gsize i = 0; i < count; i++) {
        g_autoptr(Decision) decision = case_decide(district, policy, &rows[i].row);
        g_autofree char *got = pairs_text(decision);
        cr_expect_str_eq(got, rows[i].pairs, "%s: \"%s\", not \"%s\"", rows[i].row.name, got, rows[i].pairs);
    }
}

Test(pairs, who_is_nearly_alone)
{
    static const PairRow rows[] = {
        {{"to a student", ANN, UMA}, "ann-uma one-to-one"},
        {{"from a student", UMA, UMA, "ann@example.org"}, "ann-uma one-to-one"},
        {{"to two students", ANN, UMA "," VIC}, "ann-uma;ann-vic"},
        {{"with a colleague", ANN, UMA ",bea@example.org"}, "ann-uma"},
        {{"with her mother", ANN, UMA ",ulla@example.net"}, ""},
        {{"with the mother of another", ANN, UMA ",vera@example.net"}, ""},
        {{"to four", ANN, UMA "," VIC "," WES ",xia@students.example.org"}, ""},
        {{"to a list of two", ANN, "band@example.org"}, "ann-uma;ann-vic"},
        {{"to a list nobody can tell", ANN, "program@example.org"}, ""},
        {{"to his own child", CARL, WES}, ""},
        {{"from his own child", WES, WES, "carl@example.org"}, ""},
        {{"among staff", ANN, "bea@example.org"}, ""},
        {{"among students", UMA, UMA, VIC}, ""},
        {{"from outside", "x@example.com", NULL, UMA}, ""},
    };
    check("", rows, G_N_ELEMENTS(rows));
}

Test(pairs, what_it_counts_for)
{
    static const PairRow rows[] = {
        {{"a rule tags a detail", ANN, UMA, .findings = "phone sender +15085550142"},
         "ann-uma one-to-one near-miss"},
        {{"not sure enough for any rule", ANN, UMA, .findings = "handle sender snapchat:x 0.3"},
         "ann-uma one-to-one near-miss"},
        {{"sure, and no rule asks", ANN, UMA, .findings = "handle sender snapchat:x 0.9"},
         "ann-uma one-to-one"},
        {{"the school's", ANN, UMA, .findings = "phone school +15085550110 0.3"}, "ann-uma one-to-one"},
        {{"quoted", ANN, UMA, .findings = "phone sender +15085550142 0.3 quoted"}, "ann-uma one-to-one"},
        {{"held", ANN, UMA, .findings = "email sender a@example.net"}, "ann-uma one-to-one"},
        {{"protected", ANN, UMA, .findings = "phrase sender union"}, "ann-uma one-to-one"},
        {{"a student's own", UMA, UMA, "ann@example.org", .findings = "phone sender +15085550142"},
         "ann-uma one-to-one"},
    };
    check("", rows, G_N_ELEMENTS(rows));
}

Test(pairs, late_hours)
{
    static const PairRow late[] = {{{"late", ANN, UMA}, "ann-uma one-to-one late"}};
    check("hours: { from = \"03:00\"; until = \"03:01\"; };", late, 1);
    static const PairRow never[] = {{{"no hours are given", ANN, UMA}, "ann-uma one-to-one"}};
    check("", never, 1);
}

static char *mistakes(const char *patterns, const char *rule)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("name = \"t\"; version = 1; %s rules = ( { name = \"r\"; clause = \"A\"; gist = "
                        "\"g\"; action = \"tag\"; %s when = { sender: { role = \"staff\"; }; }; } );",
                        patterns, rule);
    g_autoptr(Policy) policy = policy_parse("t.conf", text, NULL, &error);
    cr_assert((policy == NULL) == (error != NULL));
    return g_strdup(error ? error->message : "");
}

Test(pairs, a_rule_asks_for_a_score_where_there_is_one)
{
    g_autofree char *good = mistakes("patterns: { alert = 9.0; };", "alert = true; alert-score = 4;");
    cr_assert_str_eq(good, "");
    g_autofree char *no_section = mistakes("", "alert = true; alert-score = 4.5;");
    cr_assert(strstr(no_section, "r: alert-score") && strstr(no_section, "section patterns"));
    g_autofree char *no_alert = mistakes("patterns: { alert = 9.0; };", "alert-score = 4.5;");
    cr_assert_not_null(strstr(no_alert, "add alert = true"));
    g_autofree char *negative = mistakes("patterns: { alert = 9.0; };", "alert = true; alert-score = -1;");
    cr_assert_not_null(strstr(negative, "r: alert-score: must be a number"));
}

Test(pairs, the_reason_tells_the_score_and_nothing_is_held)
{
    g_autoptr(District) district = district_new();
    g_autoptr(Policy) policy = policy_parse("t.conf",
                                            "name = \"t\"; version = 1; patterns: { alert = 9.0; };"
                                            "rules = ( { name = \"r\"; clause = \"A\"; gist = \"g\"; action "
                                            "= \"tag\"; alert = true; alert-score = 4.5;"
                                            "  when = { sender: { role = \"staff\"; }; }; } );",
                                            NULL, NULL);
    const Case row = {"scored", ANN, UMA};
    g_autoptr(Decision) decision = case_decide(district, policy, &row);
    const Reason *reason = decision_reason(decision, "r");
    cr_assert(reason && reason->alert && reason->effective == ACTION_TAG);
    cr_assert_float_eq(reason->alert_score, 4.5, 1e-9);
    g_autoptr(GPtrArray) texts = policy_explain(policy, "r", 20261020);
    const PolicyRuleText *text = texts->pdata[0];
    bool told = false;
    for (guint i = 0; i < text->text->len; i++)
        told |= strstr(text->text->pdata[i], "4.5 or more") != NULL;
    cr_assert(told);
}

Test(pairs, sections_are_found)
{
    g_autoptr(Policy) policy =
        pair_policy("patterns: { window-days = 7; alert = 3.5; };"
                    "escalations: { threat: { contacts = [ \"a@example.org\" ]; hours = 2; }; };");
    const PolicyPatterns *patterns = policy_patterns(policy);
    cr_assert(patterns && patterns->window_days == 7);
    cr_assert_float_eq(patterns->alert, 3.5, 1e-9);
    cr_assert_eq(policy_escalation(policy, "threat")->hours, 2);
    cr_assert_null(policy_escalation(policy, "other"));
    g_autoptr(Policy) plain = pair_policy("");
    cr_assert_null(policy_patterns(plain));
}
