// Exceptions: what they cover, and everything that fails closed.
#include "fixture.h"

#include <string.h>

#define ANN  "ann@example.org", "ann@example.org"
#define CARL "carl@example.org", "carl@example.org"
#define DORA "dora@example.org", "dora@example.org"
#define BEA  "bea@example.org", "bea@example.org"
#define UMA  "uma@students.example.org"
#define VIC  "vic@students.example.org"
#define WES  "wes@students.example.org"
#define CELL "phone sender +14135550151"
#define SAFE "This number is for emergencies during the trip only."
#define TRIP "2026-10-16T09:00:00-04:00"

Test(exceptions, cover_or_fail_closed)
{
    static const Case rows[] = {
        {"trip", ANN, UMA, .findings = CELL, .text = SAFE, .date = TRIP, .expect = "deliver"},
        {"trip, a list", ANN, "band@example.org", .findings = CELL, .text = SAFE, .date = TRIP,
         .expect = "deliver"},
        {"trip without purpose", ANN, UMA, .findings = CELL, .date = TRIP, .expect = "coach"},
        {"purpose only quoted", ANN, UMA, .findings = CELL, .text = "Here it is.\n> for emergencies only\n",
         .date = TRIP, .expect = "coach"},
        {"seven digits", ANN, UMA, .findings = "phone sender 5550151", .text = SAFE, .date = TRIP,
         .expect = "deliver"},
        {"six digits", ANN, UMA, .findings = "phone sender 550151", .text = SAFE, .date = TRIP,
         .expect = "hold"},
        {"first day, local", ANN, UMA, .findings = CELL, .text = SAFE, .date = "2026-10-14T04:00:00Z",
         .expect = "deliver"},
        {"the day before, local", ANN, UMA, .findings = CELL, .text = SAFE, .date = "2026-10-14T03:59:59Z",
         .expect = "hold"},
        {"last day, local", ANN, UMA, .findings = CELL, .text = SAFE, .date = "2026-10-19T03:59:59Z",
         .expect = "deliver"},
        {"expired", ANN, UMA, .findings = CELL, .text = SAFE, .date = "2026-10-19T04:00:00Z",
         .expect = "hold"},
        {"another value", ANN, UMA, .findings = "phone sender +14135550150", .text = SAFE, .date = TRIP,
         .expect = "hold"},
        {"covered and another", ANN, UMA, .findings = CELL ";email sender ann.archer@freemail.example.net",
         .text = SAFE, .date = TRIP, .expect = "hold"},
        {"mixed students", ANN, UMA ",xia@students.example.org", .findings = CELL, .text = SAFE, .date = TRIP,
         .expect = "deliver,hold"},
        {"solicitation with the covered number", ANN, UMA,
         .findings = CELL ";offchannel-solicitation sender text-me", .text = SAFE, .date = TRIP,
         .expect = "deliver"},
        {"solicitation alone", ANN, UMA, .findings = "offchannel-solicitation sender text-me", .text = SAFE,
         .date = TRIP, .expect = "hold"},
        {"private address of a covered student", ANN, "uma.u@freemail.example.net", .findings = CELL,
         .text = SAFE, .date = TRIP, .expect = "hold"},
        {"guardian of a covered student", ANN, "ulla@example.net", .findings = CELL, .text = SAFE,
         .date = TRIP, .expect = "deliver"},
        {"guardian, no purpose", ANN, "ulla@example.net", .findings = CELL, .date = TRIP, .expect = "coach"},
        {"guardian after the trip", ANN, "ulla@example.net", .findings = CELL, .text = SAFE, .expect = "tag"},
        {"approved", ANN, WES, .findings = CELL, .expect = "deliver"},
        {"approved, another sender", DORA, WES, .findings = CELL, .expect = "hold"},
        {"no guardian consent", CARL, UMA, .findings = "phone sender +14135550152", .expect = "hold"},
        {"approved by the beneficiary", DORA, UMA, .findings = "phone sender +14135550153", .expect = "hold"},
        {"role covers every student", BEA, VIC, .findings = "phone sender +14135550154", .expect = "deliver"},
        {"role, another value", BEA, VIC, .findings = "phone sender +14135550155", .expect = "hold"},
        {"family by exception", DORA, VIC, .findings = "phone sender +14135550153", .facts = "encrypted",
         .expect = "deliver"},
        {"family, another student", DORA, UMA, .findings = "phone sender +14135550177", .expect = "hold"},
        {"family, expired", DORA, VIC, .findings = "phone sender +14135550153",
         .date = "2027-07-01T12:00:00-04:00", .expect = "hold"},
        {"emergency, any value", CARL, UMA, .findings = "email sender x@example.net",
         .date = "2026-10-30T12:00:00-04:00", .expect = "deliver"},
        {"emergency is over", CARL, UMA, .findings = "email sender x@example.net",
         .date = "2026-10-31T12:00:00-04:00", .expect = "hold"},
    };
    g_autoptr(District) district = district_new();
    cases_check(district, district->policy, rows, G_N_ELEMENTS(rows));
}

Test(exceptions, every_try_says_why)
{
    static const struct {
        Case row;
        const char *id, *why;
        bool used;
    } rows[] = {
        {{"used", ANN, UMA, .findings = CELL, .text = SAFE, .date = TRIP}, "EX-1", "covers", true},
        {{"no purpose", ANN, UMA, .findings = CELL, .date = TRIP},
         "EX-1",
         "covers, but the purpose is not stated",
         true},
        {{"expired", ANN, UMA, .findings = CELL}, "EX-1", "expired 2026-10-18", false},
        {{"early", ANN, UMA, .findings = CELL, .date = "2026-10-01"}, "EX-1", "begins 2026-10-14", false},
        {{"value", ANN, UMA, .findings = "phone sender +14135550150", .date = TRIP},
         "EX-1",
         "another value",
         false},
        {{"student", ANN, UMA, .findings = CELL}, "EX-2", "another student", false},
        {{"consent", CARL, UMA, .findings = "phone sender +14135550152"},
         "EX-3",
         "no guardian consent",
         false},
        {{"self", DORA, UMA, .findings = "phone sender +14135550153"},
         "EX-4",
         "approved by the beneficiary",
         false},
        {{"family", DORA, VIC, .findings = "phone sender +14135550153"}, "EX-6", "covers: family", true},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Decision) decision = case_decide(district, district->policy, &rows[i].row);
        const Reason *reason = decision_reason(decision, "staff-private-detail");
        cr_assert_not_null(reason, "%s: no reason is kept", rows[i].row.name);
        const ExceptionTry *found = NULL;
        for (guint j = 0; j < reason->tries->len; j++)
            if (strcmp(((const ExceptionTry *)reason->tries->pdata[j])->id, rows[i].id) == 0)
                found = reason->tries->pdata[j];
        cr_assert_not_null(found, "%s: %s was not tried", rows[i].row.name, rows[i].id);
        cr_expect_str_eq(found->why, rows[i].why, "%s: %s", rows[i].row.name, found->why);
        cr_expect_eq(found->used, rows[i].used, "%s", rows[i].row.name);
    }
}
