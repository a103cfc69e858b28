// What the policy needs attachments for: by parties, by rule, and that what it does not need changes nothing.
#include "fixture.h"

#include <string.h>

#define ANN  "ann@example.org", "ann@example.org"
#define CARL "carl@example.org", "carl@example.org"
#define DORA "dora@example.org", "dora@example.org"
#define UMA  "uma@students.example.org"
#define VIC  "vic@students.example.org"
#define WES  "wes@students.example.org"

typedef struct {
    Case row; // .expect: "yes" or "no" for each recipient
    bool students;
} NeedsRow;

static void rows_check(const District *district, const Policy *policy, const NeedsRow *rows, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *rcpts = NULL;
        PolicyNeeds needs = case_needs(district, policy, &rows[i].row, &rcpts);
        cr_expect_str_eq(rcpts, rows[i].row.expect, "%s: %s", rows[i].row.name, rcpts);
        cr_expect_eq(needs.wanted, strstr(rows[i].row.expect, "yes") != NULL, "%s", rows[i].row.name);
        cr_expect_eq(needs.students, rows[i].students, "%s: students %d", rows[i].row.name, needs.students);
    }
}

Test(needs, standard_policy_by_parties)
{
    static const NeedsRow rows[] = {
        {{"staff to staff", ANN, "bea@example.org", .expect = "no"}, false},
        {{"staff to student", ANN, UMA, .expect = "yes"}, true},
        {{"a disabled student", ANN, "xia@students.example.org", .expect = "yes"}, true},
        {{"one of each", ANN, "bea@example.org," UMA, .expect = "no,yes"}, true},
        {{"staff to guardian", ANN, "ulla@example.net", .expect = "yes"}, false},
        {{"staff to somebody outside: records", ANN, "x@example.com", .expect = "yes"}, false},
        {{"staff to own private address", ANN, "ann.archer@freemail.example.net", .expect = "yes"}, false},
        {{"a list with students", ANN, "band@example.org", .expect = "yes"}, true},
        {{"a list of staff", ANN, "staffroom@example.org", .expect = "no"}, false},
        {{"student to staff", UMA, UMA, "ann@example.org", .expect = "yes"}, false},
        {{"student to student: only unreadable", UMA, UMA, VIC, .expect = "yes"}, true},
        {{"outside to student", "x@example.com", NULL, UMA, .expect = "yes"}, true},
        {{"outside to staff", "x@example.com", NULL, "ann@example.org", .expect = "no"}, false},
        {{"guardian to staff", "ulla@example.net", NULL, "ann@example.org", .expect = "no"}, false},
        {{"own child by the roster", CARL, WES, .expect = "no"}, false},
        {{"own child and another", CARL, WES "," UMA, .expect = "no,yes"}, true},
        {{"own child by an exception: its use is told", DORA, VIC, .expect = "yes"}, true},
        {{"what is found already changes nothing", ANN, UMA, .findings = "phone sender +14135550199",
          .expect = "yes"},
         true},
    };
    g_autoptr(District) district = district_new();
    rows_check(district, district->policy, rows, G_N_ELEMENTS(rows));
}

static Policy *rule_policy(const char *rule)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "name = \"t\"; version = 1;\n"
        "rules = ( { name = \"r\"; clause = [\"A\"]; gist = \"g\"; action = \"hold\"; %s } );\n",
        rule);
    Policy *policy = policy_parse("t.conf", text, NULL, &error);
    cr_assert_not_null(policy, "%s", error ? error->message : "");
    return policy;
}

Test(needs, by_rule)
{
    static const struct {
        const char *rule;
        NeedsRow row;
    } rows[] = {
        {"when = { fact = \"image\"; };", {{"a fact of attachments", ANN, UMA, .expect = "yes"}, true}},
        {"when = { fact = \"image\"; };",
         {{"that is there already", ANN, UMA, .facts = "image", .expect = "no"}, false}},
        {"when = { fact = \"no-message-id\"; };",
         {{"a fact of the message", ANN, UMA, .expect = "no"}, false}},
        {"when = { fact = \"private-from\"; };", {{"a fact of its header", ANN, UMA, .expect = "no"}, false}},
        {"when = { fact = \"student-data\"; };", {{"a fact of its text", ANN, UMA, .expect = "yes"}, true}},
        {"when = { fact = \"class:odd\"; };",
         {{"a class of facts", ANN, "bea@example.org", .expect = "yes"}, false}},
        {"when = { fact = \"image\"; sender = { role = \"student\"; }; };",
         {{"of other senders", ANN, UMA, .expect = "no"}, false}},
        {"when = { finding = { kind = \"phone\"; where = \"subject\"; }; };",
         {{"in the subject", ANN, UMA, .expect = "no"}, false}},
        {"when = { finding = { kind = \"phone\"; where = [\"subject\", \"attachment:*.pdf\"]; }; };",
         {{"in the subject or a PDF", ANN, UMA, .expect = "yes"}, true}},
        {"when = { recipient = { role = \"student\"; }; not = { finding = { kind = \"phone\"; }; }; };",
         {{"fires as long as nothing is found", ANN, UMA ",bea@example.org", .expect = "yes,no"}, true}},
        {"when = { recipient = { role = \"student\"; }; not = { finding = { kind = \"phone\"; }; }; };",
         {{"cannot fire any more", ANN, UMA, .findings = "phone sender +14135550199", .expect = "no"},
          false}},
        {"when = { recipient = { role = \"student\"; }; };",
         {{"fires anyway", ANN, UMA, .expect = "no"}, false}},
        {"when = { recipient = { role = \"student\"; }; }; unless = { fact = \"code\"; };",
         {{"unless something stands in an attachment", ANN, UMA, .expect = "yes"}, true}},
        {"when = { fact = \"unread\"; }; unless = { recipient = { role = \"staff\"; }; };",
         {{"carved out for certain", ANN, "bea@example.org," UMA, .expect = "no,yes"}, true}},
        {"when = { fact = \"unread\"; }; unless = { finding = { kind = \"phone\"; }; };",
         {{"a carve-out that takes findings only", ANN, UMA, .expect = "yes"}, true}},
        {"when = { any = ( { sender = { role = \"student\"; }; }, { finding = { kind = \"email\"; }; } ); };",
         {{"one branch may", ANN, "bea@example.org", .expect = "yes"}, false}},
        {"when = { all = ( { sender = { role = \"student\"; }; }, { finding = { kind = \"email\"; }; } ); };",
         {{"one branch cannot", ANN, "bea@example.org", .expect = "no"}, false}},
        {"mode = \"monitor\"; when = { fact = \"macros\"; };",
         {{"only recorded: told all the same", ANN, "bea@example.org", .expect = "yes"}, false}},
        {"when = { direction = \"outbound\"; fact = \"macros\"; };",
         {{"direction", ANN, "bea@example.org,x@example.com", .expect = "no,yes"}, false}},
        {"when = { fact = \"image-only\"; };", {{"pictures in an archive", ANN, UMA, .expect = "yes"}, true}},
        {"when = { fact = [\"late-hours\", \"one-to-one\", \"guardian-not-copied\"]; };",
         {{"facts of its way", ANN, "bea@example.org", .expect = "no"}, false}},
        {"when = { not = { fact = \"purpose-stated\"; }; };",
         {{"a text file may state a purpose", ANN, UMA, .expect = "yes"}, true}},
        {"when = { link = { host = \"evite.com\"; }; };",
         {{"a link of a document", ANN, UMA, .expect = "yes"}, true}},
        {"when = { link = { host = \"evite.com\"; }; };",
         {{"a link of the text", ANN, UMA, .links = "evite.com /", .expect = "no"}, false}},
        {"when = { attachment = { name = \"*.csv\"; }; };",
         {{"a table in an archive", ANN, UMA, .expect = "yes"}, true}},
        {"when = { attachment = { name = \"*.csv\"; }; };",
         {{"a table", ANN, UMA, .parts = "text/csv 9 a.csv", .expect = "no"}, false}},
        {"when = { attachment = { state = \"waiting\"; }; };",
         {{"what is read waits no more", ANN, UMA, .parts = "text/csv 9 a.csv - waiting", .expect = "yes"},
          true}},
        {"when = { group = { one-to-one = true; }; link = { host = \"evite.com\"; }; };",
         {{"whom it reaches is known", ANN, UMA "," VIC, .expect = "no,no"}, false}},
        {"when = { list-id = \"*\"; fact = \"macros\"; };",
         {{"its headers are", ANN, UMA, .expect = "no"}, false}},
        {"when = { with = { role = \"student\"; }; fact = \"macros\"; };",
         {{"another recipient", ANN, "bea@example.org," UMA, .expect = "yes,no"}, false}},
        {"when = { with = { role = \"student\"; }; fact = \"macros\"; };",
         {{"no other recipient", ANN, "bea@example.org", .expect = "no"}, false}},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Policy) policy = rule_policy(rows[i].rule);
        rows_check(district, policy, &rows[i].row, 1);
    }
}

// The promise behind skipping: for a recipient that needs nothing, no finding and no fact an attachment can bring changes
// the decision or the reasons.
Test(needs, what_is_not_needed_changes_nothing)
{
    static const char *const senders[][2] = {{ANN}, {CARL}, {DORA}, {UMA, UMA}, {"x@example.com", NULL}};
    static const char *const rcpts[] = {"bea@example.org",
                                        "ann@example.org",
                                        UMA,
                                        VIC,
                                        WES,
                                        "ulla@example.net",
                                        "x@example.net",
                                        "band@example.org",
                                        "staffroom@example.org",
                                        "ann.archer@freemail.example.net"};
    static const char *const findings[] = {"phone sender +14135550199",
                                           "email unknown jane@example.net",
                                           "handle staff instagram:ann",
                                           "offchannel-solicitation sender text-me",
                                           "phone student +14135550171 0.9 written s-1",
                                           "phrase sender threats",
                                           "phrase sender self-harm",
                                           "student-record student ssn 0.9 written s-1",
                                           "student-record student record-words 0.9",
                                           "street-address sender 1.main.street 0.9 quoted"};
    static const char *const facts[] = {"unread", "encrypted", "nul",     "image",
                                        "code",   "macros",    "no-text", "attachment-timeout"};
    g_autoptr(District) district = district_new();
    guint skipped = 0;
    for (gsize s = 0; s < G_N_ELEMENTS(senders); s++) {
        for (gsize r = 0; r < G_N_ELEMENTS(rcpts); r++) {
            Case row = {"pair", senders[s][0], senders[s][1], rcpts[r]};
            g_autofree char *needs = NULL;
            (void)case_needs(district, district->policy, &row, &needs);
            if (strcmp(needs, "no") != 0)
                continue;
            g_autoptr(Decision) before = case_decide(district, district->policy, &row);
            skipped++;
            for (gsize k = 0; k < G_N_ELEMENTS(findings) + G_N_ELEMENTS(facts); k++) {
                Case more = row;
                bool finding = k < G_N_ELEMENTS(findings);
                more.findings = finding ? findings[k] : NULL;
                more.facts = finding ? NULL : facts[k - G_N_ELEMENTS(findings)];
                g_autoptr(Decision) after = case_decide(district, district->policy, &more);
                cr_expect_eq(decision_strongest(before), decision_strongest(after), "%s to %s: %s",
                             senders[s][0], rcpts[r], finding ? more.findings : more.facts);
                cr_expect_eq(before->reasons->len, after->reasons->len, "%s to %s: %s", senders[s][0],
                             rcpts[r], finding ? more.findings : more.facts);
            }
        }
    }
    cr_expect_geq(skipped, 8, "%u pairs need nothing", skipped);
}
