// What a rule says beside its condition: when it is in force, what it opens, and what it stands for.
#include "fixture.h"

#define ANN        "ann@example.org", "ann@example.org"
#define UMA        "uma@students.example.org"
#define CELL       "phone sender +14135550199"
#define TO_STUDENT "recipient = { role = \"student\"; };"
#define ESCALATIONS                                                                                          \
    "escalations = { mandated-report = { contacts = [\"counselor@example.org\"]; hours = 12; };"             \
    " threat = { contacts = [\"safety@example.org\", \"boss@example.org\"]; legal-hold = false; }; };"

static void dates_check(const char *more, const Case *rows, gsize count)
{
    g_autoptr(District) district = district_new();
    g_autoptr(Policy) policy = policy_of("", TO_STUDENT, more);
    cases_check(district, policy, rows, count);
}

Test(rules, modes_by_date)
{
    static const Case rows[] = {
        {"before: recorded", ANN, UMA, .date = "2026-09-01T03:59:59Z", .expect = "deliver", .rule = "r"},
        {"announced, the local day", ANN, UMA, .date = "2026-09-01T04:00:00Z", .expect = "coach"},
        {"the day before", ANN, UMA, .date = "2026-09-14T23:00:00-04:00", .expect = "coach"},
        {"in force", ANN, UMA, .date = "2026-09-15T00:00:00-04:00", .expect = "hold"},
        {"and on", ANN, UMA, .date = "2027-09-15T00:00:00-04:00", .expect = "hold"},
        {"the weaker of both", ANN, UMA, .date = "2026-10-15T00:00:00-04:00", .expect = "coach",
         .mode = MODE_COACH + 1},
    };
    dates_check("modes = ( { from = \"2026-09-01\"; mode = \"coach\"; },"
                " { from = \"2026-09-15\"; mode = \"enforce\"; } );",
                rows, G_N_ELEMENTS(rows));
}

Test(rules, the_mode_before_the_first_date)
{
    static const Case rows[] = {
        {"before", ANN, UMA, .date = "2026-08-31T12:00:00-04:00", .expect = "coach"},
        {"at ease again", ANN, UMA, .date = "2026-09-01T12:00:00-04:00", .expect = "deliver"},
    };
    dates_check("mode = \"coach\"; modes = ( { from = \"2026-09-01\"; mode = \"monitor\"; } );", rows,
                G_N_ELEMENTS(rows));
}

Test(rules, reasons_carry_what_the_rule_opens)
{
    static const struct {
        const char *more, *template, *escalate;
        bool protected, alert;
        Mode mode;
        const char *expect;
    } rows[] = {
        {"action = \"hold\"; template = \"private-number\";", "private-number", NULL, false, false,
         MODE_ENFORCE, "hold"},
        {"action = \"hold\"; escalate = \"threat\";", NULL, "threat", false, false, MODE_ENFORCE, "hold"},
        {"action = \"tag\"; escalate = \"threat\"; alert = true;", NULL, "threat", false, true, MODE_ENFORCE,
         "tag"},
        {"action = \"deliver\"; alert = true;", NULL, NULL, false, true, MODE_ENFORCE, "deliver"},
        {"action = \"deliver\"; protected = true;", NULL, NULL, true, false, MODE_ENFORCE, "deliver"},
        {"action = \"tag\"; alert = false; protected = false;", NULL, NULL, false, false, MODE_ENFORCE,
         "tag"},
        // Before a rule is enforced nobody is alarmed.
        {"action = \"hold\"; escalate = \"threat\";", NULL, NULL, false, false, MODE_COACH, "coach"},
        {"action = \"tag\"; alert = true; template = \"t\";", "t", NULL, false, false, MODE_MONITOR,
         "deliver"},
        {"action = \"tag\"; alert = true; mode = \"coach\";", NULL, NULL, false, false, MODE_ENFORCE, "tag"},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf(
            "name = \"t\"; version = 1; " ESCALATIONS
            " rules = ( { name = \"r\"; clause = \"A\"; gist = \"g\"; when = { " TO_STUDENT " }; %s } );",
            rows[i].more);
        g_autoptr(Policy) policy = policy_parse("t.conf", text, NULL, &error);
        cr_assert_not_null(policy, "%s", error ? error->message : "");
        const Case row = {rows[i].more, ANN, UMA, .mode = rows[i].mode + 1};
        g_autoptr(Decision) decision = case_decide(district, policy, &row);
        g_autofree char *actions = decision_actions(decision);
        const Reason *reason = decision_reason(decision, "r");
        cr_assert_not_null(reason, "%s", rows[i].more);
        cr_expect_str_eq(actions, rows[i].expect, "%s: %s", rows[i].more, actions);
        cr_expect(g_strcmp0(reason->template, rows[i].template) == 0, "%s: %s", rows[i].more,
                  reason->template);
        cr_expect(g_strcmp0(reason->escalate, rows[i].escalate) == 0, "%s: %s", rows[i].more,
                  reason->escalate);
        cr_expect_eq(reason->protected, rows[i].protected, "%s", rows[i].more);
        cr_expect_eq(reason->alert, rows[i].alert, "%s", rows[i].more);
    }
}

// A covered detail is no matter for anybody.
Test(rules, what_is_covered_opens_nothing)
{
    static const Case row = {"covered",
                             ANN,
                             UMA,
                             .findings = "phone sender +14135550151",
                             .text = "For emergencies.",
                             .date = "2026-10-16T09:00:00-04:00"};
    g_autoptr(District) district = district_new();
    g_autoptr(Policy) policy = policy_of(
        ESCALATIONS "purpose = { clause = \"P\"; phrases = [\"emergenc*\"]; };",
        TO_STUDENT "finding = { kind = \"phone\"; };", "exceptions = \"trip\"; escalate = \"threat\";");
    g_autoptr(Decision) decision = case_decide(district, policy, &row);
    const Reason *reason = decision_reason(decision, "r");
    cr_assert_not_null(reason);
    cr_expect(reason->covered);
    cr_expect_eq(decision_strongest(decision), ACTION_DELIVER);
    cr_expect_null(reason->escalate);
}

Test(rules, sections_are_read)
{
    g_autoptr(Policy) policy = policy_of(
        ESCALATIONS
        "patterns = { window-days = 14; weights = { one-to-one = 1; late = 2.5; image-only = 3.0;"
        " near-miss = 0; }; alert = 12.5; baseline = false; };"
        "exceptions = { emergency = { retro-hours = 48; approver = [\"principal\", \"head*\"]; consent = "
        "false; };"
        " trip = { consent = true; purpose = true; document = true; }; };",
        TO_STUDENT, "template = \"one\";");
    const PolicyEscalation *report = policy_escalation(policy, "mandated-report");
    const PolicyEscalation *threat = policy_escalation(policy, "threat");
    cr_assert(report && threat && !policy_escalation(policy, "other"));
    cr_expect_eq(report->hours, 12);
    cr_expect(report->legal_hold);
    cr_expect_str_eq(report->contacts[0], "counselor@example.org");
    cr_expect_eq(threat->hours, 24);
    cr_expect_not(threat->legal_hold);
    cr_expect_eq(g_strv_length(threat->contacts), 2);
    const PolicyPatterns *patterns = policy_patterns(policy);
    cr_assert_not_null(patterns);
    cr_expect(patterns->window_days == 14 && patterns->one_to_one == 1 && patterns->late == 2.5 &&
              patterns->image_only == 3 && patterns->near_miss == 0 && patterns->alert == 12.5 &&
              !patterns->baseline);
    PolicyExceptionDemand asks;
    cr_assert(policy_exception_asks(policy, "emergency", &asks));
    cr_expect(asks.retro_hours == 48 && asks.consent == TRI_NO && asks.purpose == TRI_UNKNOWN);
    cr_expect_str_eq(asks.approvers[1], "head*");
    cr_assert(policy_exception_asks(policy, "trip", &asks));
    cr_expect(asks.consent == TRI_YES && asks.purpose == TRI_YES && asks.document == TRI_YES);
    cr_expect_null(asks.approvers);
    g_autoptr(GPtrArray) templates = policy_templates(policy);
    cr_expect_eq(templates->len, 1);
}

Test(rules, without_sections_nothing_is_asked)
{
    g_autoptr(Policy) policy = policy_of("", TO_STUDENT, "");
    PolicyExceptionDemand asks;
    cr_expect_null(policy_patterns(policy));
    cr_expect_null(policy_escalation(policy, "threat"));
    cr_assert(policy_exception_asks(policy, "approved", &asks));
    cr_expect(asks.consent == TRI_UNKNOWN && asks.document == TRI_UNKNOWN && asks.retro_hours == -1);
    cr_expect_not(policy_exception_asks(policy, "holiday", &asks));
}

Test(rules, explaining_shows_the_sample)
{
    g_autoptr(Policy) policy = policy_of("", TO_STUDENT, "sample = \"Text me at 415-555-0142.\";");
    g_autoptr(GPtrArray) rules = policy_explain(policy, "r", 20261020);
    cr_assert_eq(rules->len, 1);
    const PolicyRuleText *rule = rules->pdata[0];
    bool found = false;
    for (guint i = 0; i < rule->text->len; i++)
        found |= strstr(rule->text->pdata[i], "415-555-0142") != NULL;
    cr_expect(found);
}
