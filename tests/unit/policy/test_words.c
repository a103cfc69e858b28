// Words of the lexicon and student records, in the standard policy and in the language.
#include "fixture.h"

#include <string.h>

#define ANN     "ann@example.org"
#define CARL    "carl@example.org" // Wes's father
#define BEA     "bea@example.org"
#define UMA     "uma@students.example.org"
#define VIC     "vic@students.example.org"
#define WES     "wes@students.example.org"
#define ULLA    "ulla@example.net" // Uma's mother
#define OUT     "office@vendor.example"
#define ANN_OUT "ann.archer@freemail.example.net"
#define COOP    "coop@freemail.example.net" // Carl's

#define THREAT "phrase sender threats 0.9"
#define LIST   "student-record student student-names 0.9 written - 3"

Test(words, standard)
{
    static const Case rows[] = {
        {"threat", ANN, ANN, UMA, .findings = THREAT, .expect = "hold", .rule = "severe-words-to-student"},
        {"sexualised", ANN, ANN, UMA, .findings = "phrase sender sexualised 0.8", .expect = "hold"},
        {"less sure", ANN, ANN, UMA, .findings = "phrase sender threats 0.6", .expect = "tag",
         .rule = "severe-words"},
        {"unlikely", ANN, ANN, UMA, .findings = "phrase sender threats 0.45", .expect = "deliver"},
        {"quoted", ANN, ANN, UMA, .findings = "phrase student threats 0.9 quoted", .expect = "deliver"},
        {"own child", CARL, CARL, WES, .findings = THREAT, .expect = "deliver"},
        {"own child and another", CARL, CARL, WES "," UMA, .findings = THREAT, .expect = "deliver,hold"},
        {"outsider", OUT, NULL, UMA, .findings = THREAT, .expect = "hold"},
        {"mother", ULLA, NULL, UMA, .findings = THREAT, .expect = "deliver"},
        {"student to staff", UMA, UMA, ANN, .findings = THREAT, .expect = "tag", .rule = "severe-words"},
        {"student to student", UMA, UMA, VIC, .findings = THREAT, .expect = "tag"},
        {"a crisis", UMA, UMA, ANN, .findings = "phrase sender self-harm 0.9", .expect = "tag"},
        {"staff to staff", ANN, ANN, BEA, .findings = THREAT, .expect = "deliver"},
        {"others are off", ANN, ANN, UMA,
         .findings = "phrase sender profanity 0.9;phrase sender intimacy 0.9;phrase sender political 0.9",
         .expect = "deliver"},
        {"in a list", ANN, ANN, "everyone@example.org,bea@example.org", .findings = THREAT,
         .expect = "hold,deliver"},
        // An exception for a number is none for words.
        {"exception", ANN, ANN, UMA, .findings = "phone sender +14135550151 0.9;" THREAT, .expect = "hold"},
    };
    g_autoptr(District) district = district_new();
    cases_check(district, district->policy, rows, G_N_ELEMENTS(rows));
}

Test(records, standard)
{
    static const Case rows[] = {
        {"list outside", ANN, ANN, OUT, .findings = LIST, .expect = "hold", .rule = "records-leave-district"},
        {"list to a guardian", ANN, ANN, ULLA, .findings = LIST, .expect = "hold"},
        {"list to a colleague", ANN, ANN, BEA, .findings = LIST, .expect = "deliver"},
        {"list to a student", ANN, ANN, UMA, .findings = LIST, .expect = "deliver"},
        {"list home", ANN, ANN, ANN_OUT, .findings = LIST, .expect = "hold",
         .rule = "records-to-own-private-address"},
        {"two names", ANN, ANN, OUT, .findings = "student-record student student-names 0.9 written - 2",
         .expect = "deliver"},
        {"not sure", ANN, ANN, OUT, .findings = "student-record student student-names 0.5 written - 9",
         .expect = "deliver"},
        {"ssn", ANN, ANN, OUT "," BEA, .findings = "student-record unknown ssn", .expect = "hold,deliver"},
        {"number", ANN, ANN, OUT, .findings = "student-record student student-id 0.9 written s-1",
         .expect = "hold"},
        {"her own child", ANN, ANN, ULLA, .findings = "student-record student student-id 0.9 written s-1",
         .expect = "deliver"},
        {"another's child", ANN, ANN, ULLA, .findings = "student-record student student-id 0.9 written s-2",
         .expect = "hold"},
        {"hers and another's", ANN, ANN, ULLA,
         .findings = "student-record student student-names 0.9 written s-1 3;"
                     "student-record student student-names 0.9 written s-2 3",
         .expect = "hold"},
        {"to both", ANN, ANN, ULLA "," OUT, .findings = "student-record student student-id 0.9 written s-1",
         .expect = "deliver,hold"},
        {"words outside", ANN, ANN, OUT, .findings = "student-record student record-words 0.9 written s-1",
         .expect = "tag", .rule = "record-words-leave-district"},
        {"words of her child", ANN, ANN, ULLA,
         .findings = "student-record student record-words 0.9 written s-1", .expect = "deliver"},
        {"words home", ANN, ANN, ANN_OUT, .findings = "student-record student record-words 0.9 written s-1",
         .expect = "hold"},
        {"own child's words home", CARL, CARL, COOP,
         .findings = "student-record student record-words 0.9 written s-3",
         .text = "His IEP and the report card are here.", .expect = "deliver"},
        {"no name, but words", ANN, ANN, ANN_OUT, .text = "His IEP and the report card are here.",
         .expect = "hold", .rule = "records-to-own-private-address"},
        {"outsider", OUT, NULL, ANN, .findings = LIST, .expect = "deliver"},
        {"outsider's to outsiders", OUT, NULL, "x@else.example", .findings = LIST, .expect = "deliver"},
    };
    g_autoptr(District) district = district_new();
    cases_check(district, district->policy, rows, G_N_ELEMENTS(rows));
}

static Policy *one_rule(const char *sections, const char *when, const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "name = \"t\"; version = 1; %s rules = ( { name = \"r\"; clause = \"A\"; gist = \"g\";"
        " action = \"hold\"; when = { %s }; %s } );",
        sections, when, more);
    Policy *policy = policy_parse("t.conf", text, NULL, &error);
    cr_assert_not_null(policy, "%s: %s", when, error ? error->message : "");
    return policy;
}

// Words and records are asked for by name; thresholds and lengths are the policy's.
Test(words, language)
{
    static const struct {
        const char *sections, *when;
        Case row;
    } rows[] = {
        {"",
         "finding = { min-confidence = 0.1; };",
         {"no kind", ANN, ANN, UMA, .findings = THREAT ";" LIST, .expect = "deliver"}},
        {"",
         "finding = { owner = \"sender\"; };",
         {"owner", ANN, ANN, UMA, .findings = THREAT, .expect = "deliver"}},
        {"",
         "finding = { min-confidence = 0.1; };",
         {"a detail", ANN, ANN, UMA, .findings = "phone sender +14135550199", .expect = "hold"}},
        {"",
         "finding = { min-confidence = 0.1; };",
         {"solicitation", ANN, ANN, UMA, .findings = "offchannel-solicitation sender ask-number",
          .expect = "hold"}},
        {"",
         "finding = { kind = \"phrase\"; };",
         {"kind", ANN, ANN, UMA, .findings = THREAT, .expect = "hold"}},
        {"",
         "finding = { kind = \"phrase\"; value = \"hate\"; };",
         {"value", ANN, ANN, UMA, .findings = THREAT, .expect = "deliver"}},
        {"confidence: { default = 0.1; phrase = 0.95; };",
         "finding = { kind = \"phrase\"; };",
         {"threshold", ANN, ANN, UMA, .findings = THREAT, .expect = "deliver"}},
        {"student-data: { words = [ \"iep\" ]; min-names = 2; };",
         "finding = { kind = \"student-record\"; };",
         {"min-names", ANN, ANN, OUT, .findings = "student-record student student-names 0.9 written - 2",
          .expect = "hold"}},
        {"student-data: { words = [ \"iep\" ]; min-names = 4; };",
         "finding = { kind = \"student-record\"; };",
         {"min-names, more", ANN, ANN, OUT, .findings = LIST, .expect = "deliver"}},
        {"student-data: { words = [ \"iep\" ]; min-names = 4; };",
         "fact = \"student-data\";",
         {"min-names, the fact", ANN, ANN, OUT, .findings = LIST, .expect = "deliver"}},
        {"", "fact = \"student-data\";", {"the fact", ANN, ANN, OUT, .findings = LIST, .expect = "hold"}},
        {"student-data: { words = [ \"iep\" ]; min-words = 1; };",
         "fact = \"record-words\";",
         {"words", ANN, ANN, OUT, .text = "The iep.", .expect = "hold"}},
        {"student-data: { words = [ \"iep\" ]; min-words = 1; };",
         "fact = \"record-words\";",
         {"words of a record", ANN, ANN, OUT, .findings = LIST, .text = "The iep.", .expect = "deliver"}},
        {"",
         "finding = { kind = \"student-record\"; whose = \"child\"; };",
         {"child", ANN, ANN, ULLA, .findings = "student-record student student-id 0.9 written s-1",
          .expect = "hold"}},
        {"",
         "finding = { kind = \"phone\"; whose = \"child\"; };",
         {"a child's phone", ANN, ANN, ULLA, .findings = "phone student +14135550171 0.9 written s-1",
          .expect = "hold"}},
        {"",
         "finding = { kind = \"student-record\"; whose = \"other\"; };",
         {"child is no other", ANN, ANN, ULLA,
          .findings = "student-record student student-id 0.9 written s-1", .expect = "deliver"}},
        {"",
         "finding = { kind = \"student-record\"; whose = \"other\"; };",
         {"other", ANN, ANN, ULLA, .findings = "student-record student student-id 0.9 written s-2",
          .expect = "hold"}},
        {"",
         "finding = { kind = \"student-record\"; whose = \"child\"; };",
         {"a student has no children", ANN, ANN, UMA,
          .findings = "student-record student student-id 0.9 written s-1", .expect = "deliver"}},
    };
    g_autoptr(District) district = district_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Policy) policy = one_rule(rows[i].sections, rows[i].when, "");
        cases_check(district, policy, &rows[i].row, 1);
    }
}

// What covers any value covers ways to reach somebody.
Test(words, no_exception_covers_them)
{
    static const char DAY[] = "2026-10-29T12:00:00-04:00"; // of EX-7: any value, for the band
    static const Case rows[] = {
        {"detail", CARL, CARL, UMA, .findings = "phone sender +14135550199", .date = DAY,
         .expect = "deliver"},
        {"words", CARL, CARL, UMA, .findings = THREAT, .date = DAY, .expect = "hold"},
        {"records", CARL, CARL, UMA, .findings = LIST, .date = DAY, .expect = "hold"},
        {"words with a detail", CARL, CARL, UMA, .findings = "phone sender +14135550199;" THREAT, .date = DAY,
         .expect = "hold"},
        {"a solicitation does not go with them", CARL, CARL, UMA,
         .findings = "offchannel-solicitation sender text-me;" THREAT, .date = DAY, .expect = "hold"},
    };
    g_autoptr(District) district = district_new();
    g_autoptr(Policy) policy = one_rule(
        "",
        "finding = { kind = [ \"phone\", \"phrase\", \"student-record\", \"offchannel-solicitation\" ]; };",
        "exceptions = [ \"emergency\" ];");
    cases_check(district, policy, rows, G_N_ELEMENTS(rows));
    g_autoptr(Decision) decision = case_decide(district, policy, &rows[1]);
    cr_expect_eq(decision_reason(decision, "r")->tries->len, 0);
}
