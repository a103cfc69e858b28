// Exceptions: what section exceptions asks of a kind, whom and which direction one covers.
#include "fixture.h"

#include <string.h>

#define ANN     "ann@example.org", "ann@example.org"
#define CARL    "carl@example.org", "carl@example.org"
#define DORA    "dora@example.org", "dora@example.org"
#define UMA     "uma@students.example.org"
#define VIC     "vic@students.example.org"
#define WES     "wes@students.example.org"
#define XIA     "xia@students.example.org"
#define BY(who) who "@students.example.org", who "@students.example.org"
#define EIGHT   "phone sender +14135550160"
#define NINE    "phone sender +14135550161"
#define ROLE_A  "phone sender +14135550162"
#define GROUP   "phone sender +14135550163"
#define SCHOOL  "phone sender +14135550164"
#define URGENT  "phone sender +14135550165"
#define LATER   "2026-11-03T12:00:00-05:00"

// A rule for each direction, and `section` as section exceptions.
static Policy *papers_policy(const char *section)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("name = \"papers\"; version = 1;\n"
                        "exceptions = { %s };\n"
                        "purpose = { phrases = [ \"safety\" ]; clause = \"X\"; gist = \"none\"; remedy = "
                        "\"Add: for safety only.\"; };\n"
                        "rules = ( { name = \"down\"; clause = \"X\"; gist = \"g\"; action = \"hold\";\n"
                        "  when = { sender = { role = \"staff\"; }; recipient = { role = \"student\"; }; "
                        "finding = { kind = [ \"phone\","
                        " \"handle\", \"offchannel-solicitation\" ]; }; };\n"
                        "  exceptions = [ \"trip\", \"emergency\", \"approved\", \"role\" ]; },\n"
                        " { name = \"up\"; clause = \"X\"; gist = \"g\"; action = \"tag\";\n"
                        "  when = { sender = { role = \"student\"; }; recipient = { role = \"staff\"; }; "
                        "finding = { kind = [ \"phone\","
                        " \"handle\", \"offchannel-solicitation\" ]; }; };\n"
                        "  exceptions = [ \"trip\", \"emergency\", \"approved\", \"role\" ]; } );\n",
                        section);
    Policy *policy = policy_parse("papers.conf", text, NULL, &error);
    cr_assert_not_null(policy, "%s", error ? error->message : "");
    return policy;
}

typedef struct {
    const char *section;
    Case row;
    const char *id, *why; // of the try that is looked at; NULL = none
} Paper;

static void check(const District *district, const Paper *paper)
{
    g_autoptr(Policy) policy = papers_policy(paper->section);
    cases_check(district, policy, &paper->row, 1);
    if (!paper->id)
        return;
    g_autoptr(Decision) decision = case_decide(district, policy, &paper->row);
    const char *why = NULL;
    for (guint i = 0; i < decision->reasons->len; i++) {
        const GPtrArray *tries = ((const Reason *)decision->reasons->pdata[i])->tries;
        for (guint j = 0; j < tries->len; j++)
            if (strcmp(((const ExceptionTry *)tries->pdata[j])->id, paper->id) == 0)
                why = ((const ExceptionTry *)tries->pdata[j])->why;
    }
    cr_expect_str_eq(why ? why : "not tried", paper->why, "%s: %s", paper->row.name, why ? why : "not tried");
}

Test(papers, what_the_policy_asks_of_a_kind)
{
    static const Paper papers[] = {
        {"", {"consent on paper", CARL, UMA, .findings = EIGHT, .expect = "deliver"}, "EX-8", "covers"},
        {"",
         {"of no guardian", CARL, VIC, .findings = EIGHT, .expect = "hold"},
         "EX-8",
         "consent of somebody who is no guardian"},
        {"", {"given later", CARL, XIA, .findings = EIGHT, .expect = "hold"}, "EX-8", "consent given later"},
        {"",
         {"a name on the paper", CARL, XIA, .findings = EIGHT, .date = LATER, .expect = "deliver"},
         "EX-8",
         "covers"},
        {"",
         {"the word alone", ANN, WES, .findings = "phone sender +14135550151", .expect = "deliver"},
         "EX-2",
         "covers"},
        {"approved = { consent = true; };",
         {"a word is no paper", ANN, WES, .findings = "phone sender +14135550151", .expect = "hold"},
         "EX-2",
         "no guardian consent"},
        {"approved = { consent = false; };",
         {"none asked", CARL, VIC, .findings = EIGHT, .expect = "deliver"},
         "EX-8",
         "covers"},
        {"role = { consent = true; };",
         {"asked of roles", CARL, UMA, .findings = ROLE_A, .expect = "hold"},
         "EX-A",
         "no guardian consent"},
        {"approved = { document = true; };",
         {"paper", CARL, UMA, .findings = EIGHT, .expect = "deliver"},
         "EX-8",
         "covers"},
        {"role = { document = true; };",
         {"no paper", CARL, UMA, .findings = ROLE_A, .expect = "hold"},
         "EX-A",
         "no paper of the approval"},
        {"",
         {"approved later", DORA, UMA, .findings = SCHOOL, .expect = "hold"},
         "EX-C",
         "approved 2026-10-25"},
        {"",
         {"approved by then", DORA, UMA, .findings = SCHOOL, .date = LATER, .expect = "deliver"},
         "EX-C",
         "covers"},
        {"role = { approver = [ \"Admin*\" ]; };",
         {"an administrator", DORA, UMA, .findings = GROUP, .expect = "deliver"},
         "EX-B",
         "covers"},
        {"role = { approver = [ \"admin*\" ]; };",
         {"a teacher", CARL, UMA, .findings = ROLE_A, .expect = "hold"},
         "EX-A",
         "approved by somebody who may not"},
        {"role = { approver = [ \"supervisor\" ]; };",
         {"no manager", DORA, UMA, .findings = GROUP, .expect = "hold"},
         "EX-B",
         "approved by somebody who may not"},
        {"role = { purpose = true; };",
         {"purpose", CARL, UMA, .findings = ROLE_A, .expect = "coach"},
         "EX-A",
         "covers, but the purpose is not stated"},
        {"role = { purpose = true; };",
         {"purpose stated", CARL, UMA, .findings = ROLE_A, .text = "For safety only.", .expect = "deliver"},
         "EX-A",
         "covers"},
        {"trip = { purpose = false; };",
         {"purpose not asked", ANN, UMA, .findings = "phone sender +14135550151", .date = "2026-10-16",
          .expect = "deliver"},
         "EX-1",
         "covers"},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(papers); i++)
        check(district, &papers[i]);
}

Test(papers, recorded_afterwards)
{
    static const Paper papers[] = {
        {"",
         {"within 72 hours", DORA, UMA, .findings = URGENT, .date = "2026-10-19T12:00:00-04:00",
          .expect = "deliver"},
         "EX-D",
         "covers"},
        {"",
         {"earlier", DORA, UMA, .findings = URGENT, .date = "2026-10-19T11:59:59-04:00", .expect = "hold"},
         "EX-D",
         "recorded 2026-10-22T16:00:00.000Z, more than 72 hours later"},
        {"emergency = { retro-hours = 0; };",
         {"not at all", DORA, UMA, .findings = URGENT, .date = "2026-10-22T11:00:00-04:00", .expect = "hold"},
         "EX-D",
         "recorded 2026-10-22T16:00:00.000Z, more than 0 hours later"},
        {"emergency = { retro-hours = 0; };",
         {"after it", DORA, UMA, .findings = URGENT, .date = "2026-10-22T12:00:00-04:00",
          .expect = "deliver"},
         "EX-D",
         "covers"},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(papers); i++)
        check(district, &papers[i]);
}

Test(papers, whom_and_which_way)
{
    static const Paper papers[] = {
        {"", {"a group", DORA, UMA, .findings = GROUP, .expect = "deliver"}, "EX-B", "covers"},
        {"", {"not in the group", DORA, XIA, .findings = GROUP, .expect = "hold"}, "EX-B", "another student"},
        {"",
         {"a school", DORA, XIA, .findings = SCHOOL, .date = LATER, .expect = "deliver"},
         "EX-C",
         "covers"},
        {"",
         {"the other way", CARL, UMA, .findings = NINE, .expect = "hold"},
         "EX-9",
         "covers from-students only"},
        {"approved = { approver = [ \"nobody\" ]; };",
         {"this way", BY("uma"), "carl@example.org", .findings = NINE, .expect = "deliver"},
         "EX-9",
         "covers"},
        {"approved = { approver = [ \"nobody\" ]; };",
         {"their own number", BY("uma"), "carl@example.org", .findings = "phone unknown +14135550199",
          .expect = "deliver"},
         "EX-9",
         "covers"},
        {"",
         {"another's number", BY("uma"), "carl@example.org", .findings = "phone staff +14135550199",
          .expect = "tag"},
         "EX-9",
         "another value"},
        {"",
         {"another kind", BY("uma"), "carl@example.org", .findings = "handle sender instagram:uma",
          .expect = "tag"},
         "EX-9",
         "another value"},
        {"",
         {"a call for it", BY("uma"), "carl@example.org",
          .findings = "phone sender +14135550199;offchannel-solicitation sender text-me",
          .expect = "deliver"},
         NULL,
         NULL},
        {"",
         {"another staff member", BY("uma"), "ann@example.org", .findings = NINE, .expect = "tag"},
         "EX-9",
         "not tried"},
        {"",
         {"another student", BY("wes"), "carl@example.org", .findings = EIGHT, .facts = "encrypted",
          .expect = "tag"},
         "EX-8",
         "another student"},
        {"",
         {"both ways", BY("uma"), "carl@example.org", .findings = EIGHT, .expect = "deliver"},
         NULL,
         NULL},
        {"",
         {"one way only", BY("uma"), "dora@example.org", .findings = GROUP, .expect = "tag"},
         "EX-B",
         "covers to-students only"},
        {"trip = { purpose = true; }; approved = { approver = [ \"nobody\" ]; };",
         {"students need no purpose", BY("uma"), "carl@example.org", .findings = NINE, .expect = "deliver"},
         "EX-9",
         "covers"},
        {"",
         {"two of the staff", BY("uma"), "carl@example.org,ann@example.org", .findings = NINE,
          .expect = "deliver,tag"},
         NULL,
         NULL},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(papers); i++)
        check(district, &papers[i]);
}

Test(papers, what_is_missing)
{
    static const struct {
        const char *section, *id, *flaw; // NULL = nothing
    } rows[] = {
        {"", "EX-4", "approved by the beneficiary"},
        {"", "EX-3", "no guardian consent"},
        {"", "EX-8", NULL},
        {"approved = { consent = true; };", "EX-2", "no guardian consent"},
        {"approved = { consent = true; };", "EX-8", NULL},
        {"approved = { document = true; };", "EX-2", "no paper of the approval"},
        {"role = { approver = [ \"principal\" ]; };", "EX-5", "approved by somebody who may not"},
        {"", "EX-5", NULL},
    };
    g_autoptr(District) district = district_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = roster_exceptions_all(district->session, &error);
    cr_assert_not_null(all);
    int64_t now_us = 0;
    cr_assert(clock_parse("2026-11-03T12:00:00Z", &now_us, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Policy) policy = papers_policy(rows[i].section);
        bool found = false;
        for (guint j = 0; j < all->len; j++) {
            RosterException *exception = all->pdata[j];
            g_autofree char *flaw = NULL;
            if (strcmp(exception->id, rows[i].id) != 0)
                continue;
            found = true;
            cr_assert(
                policy_exception_flaw(policy, district->session, exception, 20261103, now_us, &flaw, &error));
            cr_expect(g_strcmp0(flaw, rows[i].flaw) == 0, "%s %s: %s", rows[i].section, rows[i].id,
                      flaw ? flaw : "-");
        }
        cr_expect(found, "%s", rows[i].id);
    }
}
