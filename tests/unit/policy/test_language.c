// What the language can say beyond the standard policy.
#include "fixture.h"

#include <string.h>

#define ANN "ann@example.org", "ann@example.org"
#define UMA "uma@students.example.org"

static Policy *rule_policy(const char *when, const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("name = \"t\"; version = 1;\n"
                        "lists = { friends = [\"@example.com\", \"bea@example.org\"]; };\n"
                        "conditions = { plain = { finding = { obfuscated = false; }; }; };\n"
                        "rules = ( { name = \"r\"; clause = [\"A\", \"B\"]; gist = \"g\"; action = \"hold\";"
                        " when = { %s }; %s } );\n",
                        when, more);
    Policy *policy = policy_parse("t.conf", text, NULL, &error);
    cr_assert_not_null(policy, "%s", error ? error->message : "");
    return policy;
}

Test(language, conditions)
{
    static const struct {
        const char *when, *more;
        Case row;
    } rows[] = {
        {"direction = \"outbound\";", "", {"out", ANN, "shop@example.com," UMA, .expect = "hold,deliver"}},
        {"recipient = { address = \"list:friends\"; };",
         "",
         {"addresses", ANN, "x@sub.example.com,bea@example.org,x@notexample.com",
          .expect = "hold,hold,deliver"}},
        {"recipient = { class = \"cls-band\"; };",
         "",
         {"class", ANN, UMA ",wes@students.example.org", .expect = "hold,deliver"}},
        {"recipient = { role = \"list-unknown\"; };",
         "",
         {"a list that cannot be told", ANN, "program@example.org,some@example.org,band@example.org",
          .expect = "hold,deliver,deliver"}},
        {"recipient = { role = \"list\"; };",
         "",
         {"a list", ANN, "program@example.org,some@example.org,band@example.org",
          .expect = "deliver,hold,hold"}},
        {"recipient = { role = \"student\"; };",
         "",
         {"such lists reach nobody", ANN, "program@example.org,some@example.org,band@example.org",
          .expect = "deliver,deliver,hold"}},
        {"recipient = { address = \"band@example.org\"; role = \"student\"; };",
         "",
         {"whom a list reaches, its address reaches", ANN, "band@example.org," UMA,
          .expect = "hold,deliver"}},
        {"with = { address = \"band@example.org\"; role = \"student\"; };",
         "",
         {"the same of others", ANN, "band@example.org,bea@example.org", .expect = "deliver,hold"}},
        {"direction = \"internal\";",
         "",
         {"they are the district's", ANN, "program@example.org,some@example.org", .expect = "hold,hold"}},
        {"recipient = { enabled = false; };",
         "",
         {"disabled", ANN, "xia@students.example.org," UMA, .expect = "hold,deliver"}},
        {"recipient = { self = true; };",
         "",
         {"self", ANN, "ann@example.org,bea@example.org", .expect = "hold,deliver"}},
        {"recipient = { also = \"guardian\"; };",
         "",
         {"also", ANN, "carl@example.org,bea@example.org", .expect = "hold,deliver"}},
        {"sender = { authenticated = false; };", "", {"logged in", ANN, UMA, .expect = "deliver"}},
        {"sender = { authenticated = false; };",
         "",
         {"not logged in", "ann@example.org", NULL, UMA, .expect = "hold"}},
        {"use = \"plain\";",
         "",
         {"named", ANN, UMA, .findings = "phone sender +14135550199", .expect = "hold"}},
        {"not = { fact = \"unread\"; };", "", {"not", ANN, UMA, .facts = "unread", .expect = "deliver"}},
        {"not = ( { fact = \"unread\"; }, { fact = \"encrypted\"; } );",
         "",
         {"none of", ANN, UMA, .expect = "hold"}},
        {"not = ( { fact = \"unread\"; }, { fact = \"encrypted\"; } );",
         "",
         {"one of", ANN, UMA, .facts = "encrypted", .expect = "deliver"}},
        {"all = ( { fact = \"unread\"; }, { fact = \"image\"; } );",
         "",
         {"all, one", ANN, UMA, .facts = "unread", .expect = "deliver"}},
        {"all = ( { fact = \"unread\"; }, { fact = \"image\"; } );",
         "",
         {"all", ANN, UMA, .facts = "unread,image", .expect = "hold"}},
        {"any = ( { fact = \"unread\"; }, { fact = \"image\"; } );",
         "",
         {"any", ANN, UMA, .facts = "image", .expect = "hold"}},
        {"fact = \"class:odd\";", "", {"class", ANN, UMA, .facts = "image", .expect = "hold"}},
        {"fact = \"automatic\";",
         "",
         {"automatic", ANN, UMA, .headers = "Auto-Submitted=auto-replied", .expect = "hold"}},
        {"fact = \"automatic\";",
         "",
         {"not automatic", ANN, UMA, .headers = "Auto-Submitted=no", .expect = "deliver"}},
        {"fact = \"guardian-copied\";",
         "",
         {"guardian copied", ANN, UMA ",ulla@example.net", .expect = "hold,hold"}},
        {"finding = { layer = \"quoted\"; };",
         "",
         {"layer", ANN, UMA, .findings = "phone sender +14135550199", .expect = "deliver"}},
        {"finding = { where = \"bo*\"; value = \"+14135550199\"; };",
         "",
         {"where", ANN, UMA, .findings = "phone sender +14135550199", .expect = "hold"}},
        {"finding = { min-confidence = 0.95; };",
         "",
         {"confidence", ANN, UMA, .findings = "phone sender +14135550199", .expect = "deliver"}},
        {"finding = { kind = \"phone\"; };",
         "unless = { finding = { value = \"+14135550199\"; }; };",
         {"unless takes the finding", ANN, UMA, .findings = "phone sender +14135550199",
          .expect = "deliver"}},
        {"finding = { kind = \"phone\"; };",
         "unless = { finding = { value = \"+14135550199\"; }; };",
         {"unless leaves the other", ANN, UMA,
          .findings = "phone sender +14135550199;phone sender +14135550198", .expect = "hold"}},
        {"recipient = { role = \"student\"; };",
         "mode = \"coach\";",
         {"rule's mode", ANN, UMA, .expect = "coach"}},
        {"recipient = { role = \"student\"; };",
         "mode = \"enforce\";",
         {"the weaker mode", ANN, UMA, .expect = "deliver", .mode = MODE_MONITOR + 1}},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Policy) policy = rule_policy(rows[i].when, rows[i].more);
        cases_check(district, policy, &rows[i].row, 1);
    }
}

Test(language, lists_that_cannot_be_told_may_count_as_students)
{
    static const char *const conditions[] = {"recipient = { role = \"student\"; };",
                                             "fact = \"student-copied\";"};
    static const Case row = {"strict", ANN, "program@example.org", .expect = "hold"};
    static const Case some = {"strict, some known", ANN, "some@example.org", .expect = "hold"};
    static const Case with = {"strict, another", ANN, "program@example.org,bea@example.org",
                              .expect = "deliver,hold"};
    g_autoptr(District) district = district_new();
    g_free(district->config->policy.unknown_lists);
    district->config->policy.unknown_lists = g_strdup("students");
    for (gsize i = 0; i < G_N_ELEMENTS(conditions); i++) {
        g_autoptr(Policy) policy = rule_policy(conditions[i], "");
        cases_check(district, policy, &row, 1);
        cases_check(district, policy, &some, 1);
    }
    g_autoptr(Policy) policy =
        rule_policy("recipient = { role = \"staff\"; }; with = { role = \"student\"; };", "");
    cases_check(district, policy, &with, 1);
}

Test(language, a_branch_that_fails_selects_nothing)
{
    static const Case row = {"one branch", ANN, UMA,
                             .findings = "phone sender +14135550199;email sender a@example.net"};
    g_autoptr(District) district = district_new();
    g_autoptr(Policy) policy = rule_policy("any = ( { finding = { kind = \"phone\"; }; fact = \"unread\"; },"
                                           "        { finding = { kind = \"email\"; }; } );",
                                           "");
    g_autoptr(Decision) decision = case_decide(district, policy, &row);
    const Reason *reason = decision_reason(decision, "r");
    cr_assert_not_null(reason);
    cr_assert_eq(reason->findings->len, 1);
    cr_expect_eq(g_array_index(reason->findings, guint, 0), 1);
    cr_expect_str_eq(reason->clause, "A; B");
}

Test(language, reject_carries_its_text)
{
    static const Case row = {"reject", ANN, UMA, .expect = "reject"};
    g_autoptr(GError) error = NULL;
    g_autoptr(District) district = district_new();
    g_autoptr(Policy) policy = policy_parse(
        "t.conf",
        "name = \"t\"; version = 1; rules = ( { name = \"r\"; clause = \"A\"; gist = \"g\";"
        " action = \"reject\"; reply = \"No.\"; when = { recipient = { role = \"student\"; }; }; } );",
        NULL, &error);
    cr_assert_not_null(policy, "%s", error ? error->message : "");
    g_autoptr(Decision) decision = case_decide(district, policy, &row);
    cr_expect_eq(decision_strongest(decision), ACTION_REJECT);
    cr_expect_str_eq(decision_reason(decision, "r")->reply, "No.");
}

typedef struct {
    const char *page;
    guint missing;
} ManPage;

static void fact_is_in_page(const char *name, FactClass cls, const char *meaning, void *data)
{
    ManPage *man = data;
    g_autofree char *entry = g_strdup_printf(".It Cm %s\n%c%s", name, g_ascii_toupper(*meaning), meaning + 1);
    if (!strstr(man->page, entry)) {
        man->missing++;
        cr_log_error("chaperone-policy(5) does not have \"%s\" as facts.h has it", name);
    }
}

Test(language, the_manual_lists_every_fact)
{
    g_autofree char *page = NULL;
    cr_assert(g_file_get_contents("contrib/man/chaperone-policy.5", &page, NULL, NULL));
    ManPage man = {page, 0};
    message_each_fact(fact_is_in_page, &man);
    cr_expect_eq(man.missing, 0);
}
