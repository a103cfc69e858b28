// What people who write policies ask of them: rules in words, clauses covered, advice.
#include "fixture.h"

#include <string.h>

#define TODAY 20261120
#define HEAD  "name = \"t\"; version = 1;\n"
#define RULE(name, action, rest)                                                                             \
    "{ name = \"" name "\"; clause = \"X-1\"; gist = \"g\"; remedy = \"r\"; action = \"" action "\"; " rest  \
    " }"
#define RULES(rules) HEAD "rules = ( " rules " );\n"
#define STAFF_STUDENT                                                                                        \
    "sender = { role = \"staff\"; account = \"school\"; }; recipient = { role = \"student\"; };"
#define ONE(rest)       RULES(RULE("r", "hold", rest))
#define WHEN(condition) "when = { " condition " };"

static Policy *parsed(const char *text)
{
    g_autoptr(GError) error = NULL;
    Policy *policy = policy_parse("t.conf", text, NULL, &error);
    cr_assert_not_null(policy, "%s\n%s", error ? error->message : "", text);
    return policy;
}

// ---- in words --------------------------------------------------------------------------------------------

static char *words_of(const char *text, const char *rule)
{
    g_autoptr(Policy) policy = parsed(text);
    g_autoptr(GPtrArray) rules = policy_explain(policy, rule, TODAY);
    cr_assert_eq(rules->len, 1);
    const PolicyRuleText *one = rules->pdata[0];
    g_ptr_array_add(one->text, NULL);
    return g_strjoinv("\n", (char **)one->text->pdata);
}

Test(advice, a_rule_in_plain_english)
{
    g_autofree char *words = words_of(
        HEAD
        "conditions = { pair = { " STAFF_STUDENT " }; };\n"
        "calendars = { school = { days = [\"mon\", \"fri\"]; }; };\n"
        "exceptions = { trip = { consent = true; approver = [\"principal\"]; }; };\n"
        "escalations = { alarm = { contacts = [\"a@example.org\"]; hours = 2; }; };\n"
        "rules = ( { name = \"r\"; clause = \"X-1\"; gist = \"g\"; remedy = \"Do otherwise.\"; action = "
        "\"hold\";\n"
        "  escalate = \"alarm\"; sample = \"My cell is 555-0142.\"; exceptions = \"trip\";\n"
        "  modes = ( { from = \"2026-09-01\"; mode = \"coach\"; }, { from = \"2026-09-15\"; mode = "
        "\"enforce\"; } );\n"
        "  when = { use = \"pair\"; recipient = { grade = [\"9\", \"10\"]; adult = false; };\n"
        "    finding = { kind = [\"phone\", \"email\"]; owner = [\"sender\", \"unknown\"]; min-count = 2; "
        "};\n"
        "    time = { from = \"18:00\"; until = \"06:30\"; calendar = \"school\"; }; guardians = \"none\";\n"
        "    any = ( { fact = \"late-hours\"; }, { fact = \"has-link\"; direction = \"internal\"; } );\n"
        "    not = { group = { students = { min = 2; }; }; }; };\n"
        "  unless = ( { recipient = { family = true; }; }, { finding = { layer = \"quoted\"; }; } ); } );\n",
        "r");
    static const char *const wanted =
        "The rule fires when all of this is so:\n"
        "  - the sender is a member of staff, at a school address\n"
        "  - the recipient is a student\n"
        "  - the recipient is in grade 9 or 10\n"
        "  - the recipient is a student under 18, or whose age is not known\n"
        "  - the message holds at least 2 of: a phone number or an e-mail address, which belongs to nobody "
        "who is known "
        "or the sender\n"
        "  - it reaches students, and no guardian of theirs is copied\n"
        "  - it comes from 18:00 on until 06:30 of the next day, on a day of the calendar school\n"
        "  - one of these is so:\n"
        "    - it comes outside the hours of section hours\n"
        "    - all of this is so:\n"
        "      - this copy stays within the district\n"
        "      - it holds a link\n"
        "  - this is not so:\n"
        "    - it reaches at least 2 students\n"
        "Left out is a recipient for whom all of this is so:\n"
        "  - the recipient is the sender's own child or parent\n"
        "Left out is what fits all of this:\n"
        "  - the message holds a contact detail or a request to talk elsewhere, in what is quoted\n"
        "A detail is covered by an exception in force, of the kind:\n"
        "  - trip; a guardian of each student has consented; approved by one whose position is principal\n"
        "What happens (hold, severity 3):\n"
        "  This recipient's copy is held for a reviewer.\n"
        "  The sender and the reviewers are told.\n"
        "  The escalation alarm is opened: a@example.org, within 2 hours, under legal hold.\n"
        "  Advice: Do otherwise.\n"
        "Since when: first recorded only; from 2026-09-01 coaching at most; from 2026-09-15 in force.\n"
        "Example: My cell is 555-0142.";
    cr_expect_str_eq(words, wanted, "%s", words);
}

Test(advice, every_key_of_a_condition_has_words)
{
    static const struct {
        const char *condition, *words;
    } rows[] = {
        {"sender = { also = \"guardian\"; };", "the sender is, perhaps beside another role, a guardian"},
        {"sender = { account = \"personal\"; };", "the sender is at a private address"},
        {"sender = { address = [\"@a.example.org\", \"b@example.org\"]; };",
         "the sender has the address @a.example.org or b@example.org"},
        {"sender = { school = \"org-h\"; class = \"c-1\"; };", "the sender is at the school org-h"},
        {"sender = { class = \"c-1\"; };", "the sender is in the class c-1"},
        {"sender = { position = [\"nurse\", \"counselor\"]; };", "has the position nurse or counselor"},
        {"sender = { authenticated = false; };", "the sender has not logged in"},
        {"sender = { enabled = false; };", "an account that is disabled"},
        {"sender = { adult = true; };", "is a student known to be 18 or more"},
        {"recipient = { self = false; };", "is somebody else than the sender"},
        {"recipient = { own-private = true; };", "the recipient is a private address of the sender"},
        {"recipient = { teaches = true; };", "is taught by the sender, or teaches the sender"},
        {"recipient = { same-class = false; };", "shares no class with the sender"},
        {"recipient = { same-school = true; };", "is at a school of the sender's"},
        {"recipient = { manager = true; };", "is the sender's supervisor"},
        {"recipient = { managed = true; };", "is somebody the sender supervises"},
        {"with = { role = \"student\"; same-class = true; };",
         "another recipient, or a member of a list that is one, is a student and shares a class with the "
         "sender"},
        {"direction = [\"inbound\", \"outbound\"];",
         "this copy comes in from outside or goes out of the district"},
        {"finding = { kind = \"phrase\"; value = \"threats\"; layer = \"written\"; min-confidence = 0.8; };",
         "words of the lexicon of the category threats, in what the sender wrote, with a confidence of 0.8 "
         "or more"},
        {"finding = { kind = \"student-record\"; whose = [\"child\", \"recipient\"]; };",
         "a student's record, the recipient's own or a child's of the recipient"},
        {"finding = { where = \"attachment:*\"; visibility = \"hidden\"; obfuscated = true; };",
         "at attachment:*, in text that is hidden, in disguise"},
        {"finding = { obfuscation = \"leet\"; sweep-only = true; };",
         "disguised as leet, seen by the raw sweep only"},
        {"fact = \"encrypted\";", "fact encrypted: "},
        {"fact = [\"class:unreadable\", \"late-hours\"];", "- one of these is so:\n"},
        {"group = { recipients = { min = 2; max = 5; }; };", "it reaches 2 to 5 people beside the sender"},
        {"group = { outsiders = 0; };", "it reaches exactly 0 people outside the district"},
        {"group = { guardians = { max = 1; }; };", "it reaches at most 1 guardian"},
        {"group = { one-to-one = true; };", "it reaches one person only"},
        {"guardians = \"all\";", "a guardian of each student it reaches is copied"},
        {"guardians = \"some\";", "guardians of some students it reaches are copied, not of all"},
        {"time = { days = [\"sat\", \"sun\"]; };", "it comes on Saturday or Sunday"},
        {"attachment = { type = \"image/*\"; name = \"*.jpg\"; min-size = 10; max-size = 20; state = "
         "\"failed\"; };",
         "something is attached of the type image/* with the name *.jpg that failed to read, 10 bytes or "
         "more, 20 bytes "
         "or less"},
        {"header = { name = \"X-Campaign\"; value = \"*\"; };", "it has the header field X-Campaign: *"},
        {"link = { host = \"evite.com\"; path = \"/e/*\"; approved = false; layer = \"written\"; };",
         "it holds a link to evite.com with the path /e/* in the part written that leads to no tool "
         "approved"},
        {"list-id = \"*.example.org\";", "it comes through the list *.example.org"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            g_strdup_printf("%srules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = "
                            "\"tag\"; when = { %s }; } );\n",
                            HEAD, rows[i].condition);
        g_autofree char *words = words_of(text, "r");
        cr_expect(strstr(words, rows[i].words), "%s wants \"%s\", got:\n%s", rows[i].condition, rows[i].words,
                  words);
    }
}

Test(advice, long_lists_are_cut_and_said_to_be)
{
    g_autofree char *words = words_of(
        ONE(WHEN(
            "sender = { address = [\"@a\", \"@b\", \"@c\", \"@d\", \"@e\", \"@f\", \"@g\", \"@h\", \"@i\", "
            "\"@j\"]; };")),
        "r");
    cr_expect(strstr(words, "@a, @b, @c, @d, @e, @f, @g, @h or one of 2 more"), "%s", words);
}

// ---- clauses covered -------------------------------------------------------------------------------------

#define CLAUSES                                                                                              \
    "clauses = ( { id = \"X-1\"; gist = \"one\"; }, { id = \"X-2\"; gist = \"two\"; by = [\"section "        \
    "hours\"]; },\n"                                                                                         \
    "            { id = \"X-3\"; gist = \"three\"; left-out = \"because\"; } );\n"
#define HOURS "hours = { from = \"06:00\"; until = \"20:00\"; };\n"

static char *mistakes_of(const char *text, const PolicyCase *cases, guint count)
{
    g_autoptr(Policy) policy = parsed(text);
    g_autoptr(GPtrArray) list = cases ? g_ptr_array_new() : NULL;
    for (guint i = 0; i < count; i++)
        g_ptr_array_add(list, (gpointer)&cases[i]);
    g_autoptr(PolicyCoverage) coverage = policy_coverage(policy, list);
    g_ptr_array_add(coverage->mistakes, NULL);
    return g_strjoinv("\n", (char **)coverage->mistakes->pdata);
}

Test(advice, what_covers_each_clause_and_what_does_not)
{
    static char *r[] = {"r", NULL}, *other[] = {"s", NULL};
    static const PolicyCase both[] = {{"t", "X-1", r, false}, {"n", "X-1", NULL, true}};
    static const PolicyCase hit[] = {{"t", "X-1", r, false}};
    static const PolicyCase miss[] = {{"n", "X-1", NULL, true}};
    static const PolicyCase strange[] = {{"t", "X-1", r, false},
                                         {"n", "X-1", NULL, true},
                                         {"u", "X-9", NULL, false},
                                         {"v", "X-1", other, false}};
    static const struct {
        const char *text;
        const PolicyCase *cases;
        guint count;
        const char *wants;
    } rows[] = {
        {ONE(WHEN(STAFF_STUDENT)) CLAUSES HOURS, both, 2, ""},
        {ONE(WHEN(STAFF_STUDENT)) CLAUSES HOURS, NULL, 0, ""},
        {ONE(WHEN(STAFF_STUDENT)) CLAUSES HOURS, hit, 1, "X-1 has no near miss that its rules let pass"},
        {ONE(WHEN(STAFF_STUDENT)) CLAUSES HOURS, miss, 1, "X-1 has no test that its rules fire"},
        {ONE(WHEN(STAFF_STUDENT)) CLAUSES HOURS, strange, 4,
         "test \"u\" is of X-9, which section clauses does not have\ntest \"v\" of X-1 expects rule s, which "
         "does not "
         "cite it"},
        {ONE(WHEN(STAFF_STUDENT)) CLAUSES, NULL, 0,
         "X-2 is said to be implemented by \"section hours\", which the policy does not have"},
        {ONE(WHEN(STAFF_STUDENT)) "clauses = ( { id = \"X-1\"; gist = \"g\"; }, { id = \"X-4\"; gist = "
                                  "\"g\"; } );\n",
         NULL, 0, "X-4 is implemented by nothing; write a rule, say by what (by) or why not (left-out)"},
        {ONE(WHEN(STAFF_STUDENT)) "clauses = ( { id = \"X-1\"; gist = \"g\"; left-out = \"w\"; } );\n", NULL,
         0, "X-1 is left out, but rule r cites it; remove left-out, or the citation"},
        {ONE(WHEN(STAFF_STUDENT)) "clauses = ( { id = \"Y\"; gist = \"g\"; by = \"archive\"; } );\n", NULL, 0,
         "rule r cites X-1, which section clauses does not have; correct it, or list the clause\nrule r "
         "cites no clause "
         "of this policy; cite one, or leave the rule out"},
        {ONE(WHEN(STAFF_STUDENT)), NULL, 0,
         "the policy has no section clauses; list the clauses of the written policy there"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = mistakes_of(rows[i].text, rows[i].cases, rows[i].count);
        cr_expect_str_eq(got, rows[i].wants, "row %zu: %s", i, got);
    }
}

Test(advice, coverage_tells_rules_and_section_purpose)
{
    g_autoptr(Policy) policy = parsed(ONE(WHEN(
        STAFF_STUDENT)) "purpose = { phrases = [\"safety\"]; clause = [\"X-2\", \"Z-1\"]; };\n"
                        "clauses = ( { id = \"X-1\"; gist = \"g\"; }, { id = \"X-2\"; gist = \"g\"; } );\n");
    g_autoptr(PolicyCoverage) coverage = policy_coverage(policy, NULL);
    cr_assert_eq(coverage->clauses->len, 2);
    const PolicyClause *one = coverage->clauses->pdata[0], *two = coverage->clauses->pdata[1];
    cr_expect(one->rules->len == 1 && strcmp(one->rules->pdata[0], "r") == 0);
    cr_expect(two->rules->len == 1 && strcmp(two->rules->pdata[0], "section purpose") == 0);
    cr_expect_eq(coverage->mistakes->len, 0);
}

// ---- advice ----------------------------------------------------------------------------------------------

// "warning: rule: text" a line; notes too.
static char *advice_of(const char *text)
{
    static const char *const names[] = {"threats", "bullying"};
    g_autoptr(Policy) policy = parsed(text);
    g_autoptr(GPtrArray) categories = g_ptr_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_ptr_array_add(categories, (gpointer)names[i]);
    g_autoptr(GPtrArray) advice = policy_lint(policy, TODAY, categories);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < advice->len; i++) {
        const PolicyAdvice *one = advice->pdata[i];
        g_string_append_printf(out, "%s: %s: %s\n", one->note ? "note" : "warning",
                               one->rule ? one->rule : "-", one->text);
    }
    return g_string_free(out, FALSE);
}

#define PHONE "finding = { kind = \"phone\"; };"

Test(advice, rules_that_can_never_fire)
{
    static const struct {
        const char *rule, *why;
    } rows[] = {
        {WHEN("direction = \"outbound\"; recipient = { role = \"student\"; account = \"school\"; }; " PHONE),
         "its direction does not go with"},
        {WHEN("sender = { role = \"staff\"; }; all = ( { sender = { role = \"student\"; }; } ); " PHONE),
         "no sender and recipient are all"},
        {WHEN("sender = { role = \"external\"; account = \"school\"; }; " PHONE),
         "no sender and recipient are all"},
        {WHEN("recipient = { role = \"guardian\"; grade = \"9\"; }; " PHONE),
         "no sender and recipient are all"},
        {WHEN("recipient = { role = \"student\"; manager = true; }; " PHONE),
         "no sender and recipient are all"},
        {WHEN("sender = { role = \"external\"; }; recipient = { family = true; }; " PHONE),
         "no sender and recipient are all"},
        {WHEN("sender = { role = \"guardian\"; }; finding = { kind = \"student-record\"; };"),
         "what it asks of findings or facts"},
        {WHEN("finding = { kind = \"student-record\"; value = \"grades\"; };"),
         "what it asks of findings or facts"},
        {WHEN("finding = { kind = \"phrase\"; value = \"threat\"; };"), "what it asks of findings or facts"},
        {WHEN("recipient = { role = \"student\"; }; finding = { whose = \"child\"; };"),
         "what it asks of findings or facts"},
        {WHEN("sender = { role = \"staff\"; }; fact = \"staff-name-outside\";"),
         "what it asks of findings or facts"},
        {WHEN("fact = \"late-hours\";"), "what it asks of findings or facts"},
        {WHEN("group = { students = { min = 3; max = 2; }; }; " PHONE), "its time, group or attachment"},
        {WHEN("group = { one-to-one = true; students = { min = 2; }; }; " PHONE),
         "its time, group or attachment"},
        {WHEN("recipient = { role = \"student\"; }; sender = { role = \"staff\"; }; group = { students = 0; "
              "}; " PHONE),
         "its time, group or attachment"},
        {WHEN("group = { one-to-one = true; }; with = { role = \"student\"; }; " PHONE),
         "its time, group or attachment"},
        {WHEN("attachment = { min-size = 10; max-size = 5; };"), "its time, group or attachment"},
        {WHEN("time = { from = \"08:00\"; until = \"08:00\"; }; " PHONE), "its time, group or attachment"},
        {WHEN(STAFF_STUDENT PHONE) " unless = { recipient = { role = \"student\"; }; };",
         "its unless takes back all of it"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            g_strdup_printf("%srules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = "
                            "\"tag\"; %s } );\n",
                            HEAD, rows[i].rule);
        g_autofree char *got = advice_of(text);
        g_autofree char *wanted = g_strdup_printf("warning: r: can never fire: %s", rows[i].why);
        cr_expect(strstr(got, wanted), "%s wants \"%s\", got:\n%s", rows[i].rule, wanted, got);
    }
}

Test(advice, rules_that_may_fire_are_let_be)
{
    static const char *const rows[] = {
        WHEN(STAFF_STUDENT PHONE),
        WHEN("direction = \"outbound\"; recipient = { role = \"student\"; account = \"personal\"; }; " PHONE),
        WHEN("sender = { role = \"staff\"; also = \"guardian\"; }; " PHONE),
        WHEN("recipient = { role = \"staff\"; manager = true; }; " PHONE),
        WHEN("finding = { kind = \"student-record\"; value = \"ssn\"; };"),
        WHEN("finding = { kind = [\"phone\", \"phrase\"]; value = \"threat\"; };"),
        WHEN("recipient = { role = [\"student\", \"guardian\"]; }; finding = { whose = \"child\"; };"),
        WHEN("group = { one-to-one = true; students = { min = 1; }; }; " PHONE),
        WHEN("any = ( { sender = { role = \"staff\"; }; }, { sender = { role = \"student\"; }; } ); " PHONE),
        WHEN("not = { recipient = { role = \"student\"; }; }; " PHONE),
        WHEN(STAFF_STUDENT PHONE) " unless = { recipient = { family = true; }; };",
        WHEN(STAFF_STUDENT PHONE) " unless = { finding = { kind = \"phone\"; }; };",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            g_strdup_printf("%srules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = "
                            "\"tag\"; %s } );\n",
                            HEAD, rows[i]);
        g_autofree char *got = advice_of(text);
        cr_expect_str_eq(got, "", "%s: %s", rows[i], got);
    }
}

Test(advice, rules_that_fire_too_often)
{
    static const struct {
        const char *text, *wants;
    } rows[] = {
        {ONE(WHEN("direction = [\"internal\", \"inbound\", \"outbound\", \"external\"];")),
         "warning: r: always fires; ask for something\n"},
        {ONE(WHEN(STAFF_STUDENT)),
         "warning: r: fires on all mail from staff to students, whatever it says, and holds it; "
         "ask for something more\n"},
        {ONE(WHEN("recipient = { role = \"staff\"; account = \"school\"; };")),
         "warning: r: fires on all mail from students to staff, among staff, from guardians to staff, from "
         "the outside to "
         "staff, whatever it says, and holds it; ask for something more\n"},
        {ONE(WHEN(
             "sender = { role = \"student\"; }; finding = { kind = \"phrase\"; value = \"threats\"; };")),
         "warning: r: holds what students write to staff by its words alone; use tag with alert = true, or "
         "leave these "
         "messages out\n"},
        {ONE(WHEN("sender = { role = \"student\"; }; finding = { kind = [\"phrase\", \"phone\"]; };")),
         "warning: r: holds what students write to staff by its words alone; use tag with alert = true, or "
         "leave these "
         "messages out\n"},
        {ONE(WHEN("sender = { role = \"student\"; }; finding = { kind = \"phrase\"; value = \"threats\"; }; "
                  "fact = "
                  "\"image-only\";")),
         ""},
        {ONE(WHEN("sender = { role = \"student\"; }; recipient = { role = \"student\"; }; finding = { kind = "
                  "\"phrase\"; };")),
         ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = advice_of(rows[i].text);
        cr_expect_str_eq(got, rows[i].wants, "row %zu: %s", i, got);
    }
}

#define PAIR(action, rest, other, other_rest) RULES(RULE("a", action, rest) ", " RULE("b", other, other_rest))

Test(advice, rules_that_meet)
{
    static const struct {
        const char *text, *wants;
    } rows[] = {
        {PAIR("hold", WHEN(STAFF_STUDENT PHONE), "coach", WHEN(PHONE STAFF_STUDENT)),
         "warning: b: asks for the same as a and decides differently (coach, hold); make it one rule\n"},
        {PAIR("hold",
              WHEN("recipient = { role = [\"student\", \"guardian\"]; }; finding = { kind = [\"phone\", "
                   "\"email\"]; };"),
              "coach", WHEN(STAFF_STUDENT PHONE)),
         "warning: b: never decides: whenever it fires, a fires too and holds\n"},
        {PAIR("hold", WHEN(STAFF_STUDENT PHONE), "deliver", WHEN(STAFF_STUDENT PHONE "fact = \"has-link\";")),
         "warning: b: delivers what a holds: the strongest action wins, so this exempts nothing; put its "
         "condition into "
         "that rule's unless\n"},
        {PAIR("hold", WHEN(STAFF_STUDENT PHONE), "tag", WHEN(STAFF_STUDENT PHONE "fact = \"has-link\";")),
         "note: b: whenever it fires, a fires too and holds; it adds to the record only\n"},
        {PAIR("hold", WHEN(STAFF_STUDENT PHONE) " unless = { recipient = { family = true; }; };", "coach",
              WHEN(STAFF_STUDENT PHONE "fact = \"has-link\";")),
         ""},
        {PAIR("hold", WHEN(STAFF_STUDENT PHONE) " unless = { recipient = { family = true; }; };", "coach",
              WHEN(STAFF_STUDENT PHONE) " unless = { recipient = { family = true; }; };"),
         "warning: b: asks for the same as a and decides differently (coach, hold); make it one rule\n"},
        {PAIR("hold", WHEN(STAFF_STUDENT PHONE) " exceptions = \"trip\";", "coach",
              WHEN(STAFF_STUDENT PHONE)),
         ""},
        {PAIR("hold", WHEN(STAFF_STUDENT PHONE) " mode = \"monitor\";", "coach", WHEN(STAFF_STUDENT PHONE)),
         "note: a: is only recorded (mode = \"monitor\")\n"},
        {PAIR("hold", WHEN(STAFF_STUDENT "finding = { kind = \"phone\"; min-confidence = 0.9; };"), "coach",
              WHEN(STAFF_STUDENT PHONE)),
         ""},
        {PAIR("hold", WHEN(STAFF_STUDENT "finding = { kind = \"phone\"; min-count = 2; };"), "coach",
              WHEN(STAFF_STUDENT PHONE)),
         ""},
        {PAIR("hold", WHEN(STAFF_STUDENT PHONE), "coach",
              WHEN(STAFF_STUDENT "finding = { kind = \"email\"; };")),
         ""},
        {PAIR("hold", WHEN("sender = { role = \"staff\"; }; recipient = { role = \"external\"; }; " PHONE),
              "deliver",
              WHEN("any = ( { recipient = { address = \"@union.example.com\"; }; }, { sender = { address = "
                   "\"@union.example.com\"; }; } );") " protected = true;"),
         "note: b: what it protects may still be held, by a; where it must not, say so in their unless\n"},
        {PAIR(
             "hold",
             WHEN("sender = { role = \"staff\"; }; recipient = { role = \"external\"; }; " PHONE) " unless = "
                                                                                                  "{ "
                                                                                                  "recipient "
                                                                                                  "= { "
                                                                                                  "address = "
                                                                                                  "\"@union."
                                                                                                  "example."
                                                                                                  "com\"; }; "
                                                                                                  "};",
             "deliver", WHEN("recipient = { address = \"@union.example.com\"; };") " protected = true;"),
         ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = advice_of(rows[i].text);
        cr_expect_str_eq(got, rows[i].wants, "row %zu: %s", i, got);
    }
}

Test(advice, modes_values_and_what_nothing_uses)
{
    static const struct {
        const char *text, *wants;
    } rows[] = {
        {ONE(WHEN(
             STAFF_STUDENT
                 PHONE) " modes = ( { from = \"2026-09-01\"; mode = \"coach\"; }, { from = \"2026-11-20\"; "
                        "mode = \"enforce\"; } );"),
         "note: r: its timetable is over: since 2026-11-20 it is \"enforce\"; write mode = \"enforce\"\n"},
        {ONE(WHEN(STAFF_STUDENT PHONE) " modes = ( { from = \"2026-11-21\"; mode = \"coach\"; } );"),
         "note: r: its timetable ends in \"coach\": it never gets to hold\n"},
        {ONE(WHEN(STAFF_STUDENT PHONE) " modes = ( { from = \"2026-11-21\"; mode = \"enforce\"; } );"), ""},
        {ONE(WHEN(STAFF_STUDENT "finding = { kind = \"phrase\"; value = [\"threats\", \"thraets\"]; };")),
         "warning: r: \"thraets\" is no category of the lexicon and no kind of record: nothing is ever "
         "found\n"},
        {HEAD "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = \"coach\"; " WHEN(
             STAFF_STUDENT PHONE) "} );",
         "note: r: tells the sender, but not what to do instead; write a remedy\n"},
        {ONE(WHEN(
             STAFF_STUDENT PHONE)) "lists = {\n a = [\"@b.example.com\"]; };\nconditions = { c = { fact = "
                                   "\"has-link\"; sender = { address = \"list:a\"; }; }; };",
         "warning: -: line 4: nothing uses the list a\nwarning: -: line 5: nothing uses the condition c\n"},
        {ONE("when = { use = \"c\"; };") "lists = { a = [\"x@example.org\"]; };\nconditions = { c = { " PHONE
                                         " sender = { address = \"list:a\"; }; }; };",
         "note: -: still with the values of an example: a; put the district's own there\n"},
        {ONE(WHEN(STAFF_STUDENT PHONE)) "calendars = { year = { until = \"2026-06-18\"; }; };",
         "warning: -: calendar year is over since 2026-06-18; write the next year's\n"},
        {ONE(WHEN(STAFF_STUDENT PHONE)) "exceptions = { trip = { consent = true; }; };",
         "warning: -: section exceptions says what trip needs, but no rule honours exceptions of that "
         "kind\n"},
        {ONE(WHEN(STAFF_STUDENT PHONE)) "escalations = { e = { contacts = [\"a@b.example.com\"]; }; };",
         "warning: -: escalation e is opened by no rule\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = advice_of(rows[i].text);
        cr_expect_str_eq(got, rows[i].wants, "row %zu: %s", i, got);
    }
}
