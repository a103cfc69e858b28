// The standard policy, row by row.
#include "fixture.h"

#define ANN  "ann@example.org", "ann@example.org"
#define CARL "carl@example.org", "carl@example.org"
#define DORA "dora@example.org", "dora@example.org"
#define UMA  "uma@students.example.org"
#define VIC  "vic@students.example.org"
#define WES  "wes@students.example.org"
#define CELL "phone sender +14135550199"

Test(standard, staff_to_students)
{
    static const Case rows[] = {
        {"nothing", ANN, UMA, .expect = "deliver"},
        {"phone", ANN, UMA, .findings = CELL, .expect = "hold", .rule = "staff-private-detail"},
        {"e-mail", ANN, UMA, .findings = "email unknown jane@example.net", .expect = "hold"},
        {"handle", ANN, UMA, .findings = "handle sender instagram:ann", .expect = "hold"},
        {"invite", ANN, UMA, .findings = "invite unknown discord.example/abc", .expect = "hold"},
        {"street", ANN, UMA, .findings = "street-address sender 1.main.street", .expect = "hold"},
        {"payment", ANN, UMA, .findings = "payment-handle sender cashapp:$ann", .expect = "hold"},
        {"other staff's", ANN, UMA, .findings = "phone staff +14135550153", .expect = "hold"},
        {"low confidence", ANN, UMA, .findings = "phone unknown +14135550199 0.3", .expect = "deliver"},
        {"in the signature", ANN, UMA, .findings = "phone sender +14135550199 0.9 signature",
         .expect = "hold"},
        {"in quoted text", ANN, UMA, .findings = "phone sender +14135550199 0.9 quoted", .expect = "hold"},
        {"disabled student", ANN, "xia@students.example.org", .findings = CELL, .expect = "hold"},
        {"solicitation", ANN, UMA, .findings = "offchannel-solicitation sender text-me", .expect = "hold",
         .rule = "staff-off-channel"},
        {"solicitation of a quoted student", ANN, UMA,
         .findings = "offchannel-solicitation unknown text-me 0.9 quoted", .expect = "deliver"},
        {"a student's detail to another", ANN, VIC, .findings = "phone student +14135550171 0.9 written s-1",
         .expect = "hold", .rule = "staff-student-detail"},
        {"a student's detail to that student", ANN, UMA,
         .findings = "phone student +14135550171 0.9 written s-1", .expect = "deliver"},
        {"to that student and another", ANN, UMA "," VIC,
         .findings = "phone student +14135550171 0.9 written s-1", .expect = "deliver,hold"},
        {"private address of a student", ANN, "uma.u@freemail.example.net", .expect = "hold",
         .rule = "staff-to-student-private-address"},
        {"reply to private address", ANN, UMA, .headers = "Reply-To=ann.archer@freemail.example.net",
         .expect = "hold", .rule = "staff-private-header"},
        {"from private address", ANN, UMA, .headers = "From=Ann Archer <ann.archer@freemail.example.net>",
         .expect = "hold", .rule = "staff-private-header"},
        {"private address in Cc", ANN, UMA ",ann.archer@freemail.example.net",
         .headers = "Cc=ann.archer@freemail.example.net", .expect = "hold,hold",
         .rule = "staff-private-header"},
        {"encrypted", ANN, UMA, .facts = "encrypted", .expect = "hold", .rule = "unreadable-to-student"},
        {"content elsewhere", ANN, UMA, .facts = "external-body", .expect = "hold",
         .rule = "unreadable-to-student"},
        {"ambiguous", ANN, UMA, .facts = "dup-content-type", .expect = "hold",
         .rule = "ambiguous-to-student"},
        {"oddity", ANN, UMA, .facts = "base64-junk,image,signed", .expect = "deliver"},
        {"shortened link", ANN, UMA, .facts = "shortened-link", .expect = "tag",
         .rule = "shortened-link-to-student"},
        {"shortened link to the own child and another", CARL, WES "," UMA, .facts = "shortened-link",
         .expect = "deliver,tag"},
        {"shortened link to staff", ANN, "bea@example.org", .facts = "shortened-link", .expect = "deliver"},
        {"school, published, third party, guardian", ANN, UMA,
         .findings =
             "phone school +14135550101;phone published +14135550172;email third-party info@example.net;"
             "phone guardian +14135550161",
         .expect = "deliver"},
        {"own child", CARL, WES, .findings = CELL, .facts = "encrypted", .expect = "deliver"},
        {"own child's private address", CARL, "wes.c@freemail.example.net", .findings = CELL,
         .expect = "deliver"},
        {"own child and another", CARL, WES "," UMA, .findings = CELL, .expect = "deliver,hold"},
        {"plus address", ANN, "uma+x@students.example.org", .findings = CELL, .expect = "hold"},
        {"service address", "news@example.org", NULL, UMA, .findings = "phone school +14135550101",
         .expect = "deliver"},
    };
    g_autoptr(District) district = district_new();
    cases_check(district, district->policy, rows, G_N_ELEMENTS(rows));
}

Test(standard, lists_count_as_their_strictest_member)
{
    static const Case rows[] = {
        {"class", ANN, "band@example.org", .findings = CELL, .expect = "hold"},
        {"staff only", ANN, "staffroom@example.org", .findings = CELL, .expect = "deliver"},
        {"nested", ANN, "everyone@example.org", .findings = CELL, .expect = "hold"},
        {"list and staff", ANN, "everyone@example.org,bea@example.org", .findings = CELL,
         .expect = "hold,deliver"},
        {"a member's own detail", ANN, "band@example.org",
         .findings = "phone student +14135550171 0.9 written s-1", .expect = "hold"},
    };
    g_autoptr(District) district = district_new();
    cases_check(district, district->policy, rows, G_N_ELEMENTS(rows));
}

Test(standard, everybody_else)
{
    static const Case rows[] = {
        {"private account to student", "ann.archer@freemail.example.net", NULL, UMA, .expect = "hold",
         .rule = "staff-private-account-to-student"},
        {"private account to own child", "coop@freemail.example.net", NULL, WES, .expect = "deliver"},
        {"staff name outside", "aa77@freemail.example.net", NULL, UMA,
         .headers = "From=Ann Archer <aa77@freemail.example.net>", .expect = "hold",
         .rule = "staff-name-from-outside"},
        {"turned about", "aa77@freemail.example.net", NULL, UMA,
         .headers = "From=Archer, Ann <aa77@freemail.example.net>", .expect = "hold"},
        {"titled on consumer mail", "aa77@freemail.example.net", NULL, UMA,
         .headers = "From=Coach Archer <aa77@freemail.example.net>", .expect = "hold"},
        {"a staff member's address for a name", "aa77@freemail.example.net", NULL, UMA,
         .headers = "From=\"Ann@Example.org\" <aa77@freemail.example.net>", .expect = "hold",
         .rule = "staff-name-from-outside"},
        {"the same among words", "aa77@freemail.example.net", NULL, UMA,
         .headers = "From=English (ann\357\274\240example.org) <aa77@freemail.example.net>",
         .expect = "hold"},
        {"a student's address for a name", "vv77@freemail.example.net", NULL, UMA,
         .headers = "From=vic@students.example.org <vv77@freemail.example.net>", .expect = "deliver"},
        {"its own address for a name", "aa77@freemail.example.net", NULL, UMA,
         .headers = "From=aa77@freemail.example.net <aa77@freemail.example.net>", .expect = "deliver"},
        {"a name in Cyrillic letters", "aa77@freemail.example.net", NULL, UMA,
         .headers = "From=\320\220nn \320\220r\321\201h\320\265r <aa77@freemail.example.net>",
         .expect = "hold"},
        {"signed by staff", "aa77@freemail.example.net", NULL, UMA,
         .text = "See you at six.\r\nAnn Archer\r\n", .expect = "hold"},
        {"staff named in passing", "aa77@freemail.example.net", NULL, UMA,
         .text = "My cousin says that Ann Archer teaches a great class, does she?", .expect = "deliver"},
        {"titled elsewhere", "coach@college.example.com", NULL, UMA,
         .headers = "From=Coach Smith <coach@college.example.com>", .expect = "deliver"},
        {"outsider to student", "shop@example.com", NULL, UMA, .findings = "phone unknown +14135550199",
         .expect = "deliver"},
        {"outsider's encrypted mail to student", "shop@example.com", NULL, UMA, .facts = "encrypted",
         .expect = "hold"},
        {"guardian to child", "ulla@example.net", NULL, UMA, .findings = "phone guardian +14135550161",
         .facts = "encrypted", .expect = "deliver"},
        {"staff to guardian, e-mail", ANN, "ulla@example.net",
         .findings = "email sender ann.archer@freemail.example.net", .expect = "coach",
         .rule = "guardian-private-account"},
        {"staff to guardian, reply to", ANN, "ulla@example.net",
         .headers = "Reply-To=ann.archer@freemail.example.net", .expect = "coach"},
        {"staff to guardian, phone", ANN, "ulla@example.net", .findings = CELL, .expect = "tag",
         .rule = "guardian-private-number"},
        {"staff to guardian, unreadable", ANN, "ulla@example.net", .facts = "encrypted", .expect = "deliver"},
        {"student's phone to staff", UMA, UMA, "ann@example.org", .findings = "phone sender +14135550171",
         .expect = "tag", .rule = "student-private-detail"},
        {"student asks staff", UMA, UMA, "ann@example.org",
         .findings = "offchannel-solicitation sender text-me", .expect = "tag"},
        {"student's unreadable mail to staff", UMA, UMA, "ann@example.org", .facts = "encrypted,boundary",
         .expect = "deliver"},
        {"student's private account to staff", "uma.u@freemail.example.net", NULL, "ann@example.org",
         .expect = "tag", .rule = "student-private-account"},
        {"student to staff's private address", UMA, UMA, "ann.archer@freemail.example.net", .expect = "tag",
         .rule = "student-to-staff-private-address"},
        {"child to parent", WES, WES, "carl@example.org", .findings = "phone sender +14135550171",
         .expect = "deliver"},
        {"student to student", UMA, UMA, VIC, .findings = "phone sender +14135550171", .facts = "encrypted",
         .expect = "tag"},
        {"records home", ANN, "ann.archer@freemail.example.net",
         .text = "504 plan renewed. Inhaler kept in office.", .expect = "hold",
         .rule = "records-to-own-private-address"},
        {"no records home", ANN, "ann.archer@freemail.example.net", .text = "Buy milk.", .expect = "deliver"},
        {"unreadable home", ANN, "ann.archer@freemail.example.net", .facts = "unread", .expect = "hold"},
        {"blind copy home", ANN, UMA ",ann.archer@freemail.example.net", .expect = "deliver,hold",
         .rule = "own-private-copy-of-student-mail"},
        {"staff to staff", ANN, "bea@example.org", .findings = CELL, .facts = "encrypted",
         .expect = "deliver"},
        {"staff to outsider", ANN, "shop@example.com", .findings = CELL, .expect = "deliver"},
        {"mixed", ANN, UMA ",ulla@example.net,bea@example.org", .findings = CELL,
         .expect = "hold,tag,deliver"},
    };
    g_autoptr(District) district = district_new();
    cases_check(district, district->policy, rows, G_N_ELEMENTS(rows));
}

Test(standard, null_sender)
{
    static const Case rows[] = {
        {"bounce quotes", "", NULL, UMA, .headers = "From=Ann Archer <ann@example.org>",
         .findings = "phone sender +14135550199 0.9 quoted", .expect = "deliver"},
        {"bounce forwards", "", NULL, UMA, .headers = "From=Ann Archer <ann@example.org>",
         .findings = "phone sender +14135550199 0.9 forwarded", .expect = "deliver"},
        {"out of office tells", "", NULL, UMA,
         .headers = "From=Ann Archer <ann@example.org>;Auto-Submitted=auto-replied", .findings = CELL,
         .expect = "hold"},
        {"tells and quotes", "", NULL, UMA, .headers = "From=Ann Archer <ann@example.org>",
         .findings = CELL ";phone sender +14135550198 0.9 quoted", .expect = "hold"},
    };
    g_autoptr(District) district = district_new();
    cases_check(district, district->policy, rows, G_N_ELEMENTS(rows));
    g_autoptr(Decision) decision = case_decide(district, district->policy, &rows[3]);
    const Reason *reason = decision_reason(decision, "staff-private-detail");
    cr_assert_not_null(reason);
    cr_expect_eq(reason->findings->len, 1, "the quoted number is carved out");
}

Test(standard, modes_weaken_and_keep_the_reason)
{
    static const Case rows[] = {
        {"monitor", ANN, UMA, .findings = CELL, .expect = "deliver", .rule = "staff-private-detail",
         .mode = MODE_MONITOR + 1},
        {"coach", ANN, UMA, .findings = CELL, .expect = "coach", .rule = "staff-private-detail",
         .mode = MODE_COACH + 1},
        {"coach and tag", ANN, "ulla@example.net", .findings = CELL, .expect = "tag", .mode = MODE_COACH + 1},
    };
    g_autoptr(District) district = district_new();
    cases_check(district, district->policy, rows, G_N_ELEMENTS(rows));
    g_autoptr(Decision) monitored = case_decide(district, district->policy, &rows[0]);
    const Reason *reason = decision_reason(monitored, "staff-private-detail");
    cr_expect_eq(reason->action, ACTION_HOLD);
    cr_expect_eq(reason->effective, ACTION_DELIVER);
    cr_expect_not(reason->notify_sender || reason->notify_reviewers);
    g_autoptr(Decision) coached = case_decide(district, district->policy, &rows[1]);
    reason = decision_reason(coached, "staff-private-detail");
    cr_expect(reason->notify_sender && !reason->notify_reviewers);
}

Test(standard, directions)
{
    static const struct {
        Case row;
        Direction direction;
    } rows[] = {
        {{"internal", ANN, UMA ",staffroom@example.org"}, DIRECTION_INTERNAL},
        {{"outbound", ANN, UMA ",ulla@example.net"}, DIRECTION_OUTBOUND},
        {{"inbound", "ulla@example.net", NULL, UMA ",shop@example.com"}, DIRECTION_INBOUND},
        {{"external", "ulla@example.net", NULL, "shop@example.com"}, DIRECTION_EXTERNAL},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Decision) decision = case_decide(district, district->policy, &rows[i].row);
        cr_expect_eq(decision->direction, rows[i].direction, "%s", rows[i].row.name);
    }
}
