// Every key of conditions, rules and sections: what is refused, by line, place, key and remedy; and that the manual has it.
#include "fixture.h"
#include "policy/internal.h"

#include <string.h>

#define HEAD "name = \"t\"; version = 1;\n"
#define RULES                                                                                                \
    "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = \"tag\"; when = { fact = \"unread\"; " \
    "}; } );\n"
#define WHEN(when)                                                                                           \
    HEAD "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = \"tag\";\n when = { " when        \
         " }; } );\n"
#define RULE(more)                                                                                           \
    HEAD "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; when = { fact = \"unread\"; };\n " more    \
         " } );\n"
#define SECTION(section) HEAD section "\n" RULES

// The mistakes of `text`, or NULL when it is taken. Caller frees.
static char *mistakes(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = policy_parse("t.conf", text, NULL, &error);
    cr_expect((policy == NULL) == g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG), "%s", text);
    return policy ? NULL : g_strdup(error->message);
}

Test(mistakes, are_told_with_their_place)
{
    static const struct {
        const char *text, *wants;
    } rows[] = {
        {WHEN("recipient = { grade = []; };"), "t.conf:3: r: grade: is empty"},
        {WHEN("recipient = { adult = \"yes\"; };"), "t.conf:3: r: adult: must be true or false"},
        {WHEN("recipient = { position = 3; };"), "r: position: is not a string"},
        {WHEN("sender = { teaches = true; };"), "r: teaches: unknown key"},
        {WHEN("sender = { manager = true; };"), "r: manager: unknown key"},
        {WHEN("with = { family = true; };"), "r: family: unknown key"},
        {WHEN("with = { authenticated = true; };"), "r: authenticated: unknown key"},
        {WHEN("group = 3;"), "r: group: must be a group"},
        {WHEN("group = { };"), "r: group: must be a group with something in it"},
        {WHEN("group = { pupils = 3; };"), "r: pupils: unknown key"},
        {WHEN("group = { students = -1; };"), "r: students: must be a whole number from 0"},
        {WHEN("group = { students = { }; };"), "r: students: asks for nothing"},
        {WHEN("group = { students = { least = 3; }; };"), "r: least: unknown key"},
        {WHEN("group = { one-to-one = 1; };"), "r: one-to-one: must be true or false"},
        {WHEN("guardians = \"most\";"), "r: guardians: unknown name \"most\"; use one of: all, some, none"},
        {WHEN("guardians = true;"), "r: guardians: is not a text"},
        {WHEN("time = \"late\";"), "r: time: must be a group"},
        {WHEN("time = { days = \"monday\"; };"), "r: days: unknown name \"monday\"; use one of: mon"},
        {WHEN("time = { from = \"8:00\"; };"), "r: from: \"8:00\" is no time of day; write it as 18:00"},
        {WHEN("time = { from = \"24:30\"; };"), "\"24:30\" is no time of day"},
        {WHEN("time = { from = \"18:60\"; };"), "\"18:60\" is no time of day"},
        {WHEN("time = { from = 18; };"), "r: from: is not a text"},
        {WHEN("time = { calendar = \"holidays\"; };"),
         "no calendar \"holidays\"; define it in section calendars"},
        {WHEN("time = { zone = \"UTC\"; };"), "r: zone: unknown key"},
        {WHEN("attachment = { kind = \"image/*\"; };"), "r: kind: unknown key"},
        {WHEN("attachment = { min-size = -1; };"), "r: min-size: must be a whole number"},
        {WHEN("attachment = { state = \"lost\"; };"), "r: state: unknown name \"lost\""},
        {WHEN("attachment = { sha256 = \"abc\"; };"), "r: sha256: \"abc\" is no SHA-256"},
        {WHEN("list-id = 7;"), "r: list-id: is not a string"},
        {WHEN("header = { value = \"x\"; };"), "r: name: is missing"},
        {WHEN("header = { name = \"A\"; is = \"x\"; };"), "r: is: unknown key"},
        {WHEN("link = { approved = \"no\"; };"), "r: approved: must be true or false"},
        {WHEN("link = { layer = \"margin\"; };"), "unknown name \"margin\""},
        {WHEN("link = { url = \"x\"; };"), "r: url: unknown key"},
        {WHEN("link = { host = \"https://evite.com/\"; };"), "r: host: \"https://evite.com/\" is no host"},
        {WHEN("finding = { min-count = 0; };"), "r: min-count: must be a whole number from 1"},
        {RULE("action = \"hold\"; modes = { };"), "r: modes: must be a list"},
        {RULE("action = \"hold\"; modes = ( \"coach\" );"), "r: modes: must hold groups"},
        {RULE("action = \"hold\"; modes = ( );"), "r: modes: is empty"},
        {RULE("action = \"hold\"; modes = ( { from = \"1 Sep\"; mode = \"coach\"; } );"),
         "\"1 Sep\" is no date"},
        {RULE("action = \"hold\"; modes = ( { from = \"2026-02-30\"; mode = \"coach\"; } );"),
         "\"2026-02-30\" is no date"},
        {RULE("action = \"hold\"; modes = ( { from = \"2026-09-01\"; } );"), "r: mode: is missing"},
        {RULE("action = \"hold\"; modes = ( { mode = \"coach\"; } );"), "r: from: \"\" is no date"},
        {RULE("action = \"hold\"; modes = ( { from = \"2026-09-02\"; mode = \"coach\"; }, { from = "
              "\"2026-09-01\"; mode "
              "= \"enforce\"; } );"),
         "does not come after the date before it"},
        {RULE("action = \"hold\"; modes = ( { from = \"2026-09-02\"; mode = \"coach\"; to = \"x\"; } );"),
         "r: to: unknown key"},
        {RULE("action = \"hold\"; protected = true;"), "protected activity is delivered"},
        {RULE("action = \"hold\"; alert = true;"), "what is held is reviewed anyway"},
        {RULE("action = \"tag\"; alert = \"yes\";"), "r: alert: must be true or false"},
        {RULE("action = \"tag\"; escalate = \"report\";"),
         "no escalation \"report\"; define it in section escalations"},
        {RULE("action = \"tag\"; template = 3;"), "r: template: is not a text"},
        {RULE("action = \"tag\"; template = \"../etc/passwd\";"), "r: template: must be 1 to 60 of a-z"},
        {RULE("action = \"tag\"; sample = [\"a\"];"), "r: sample: is not a text"},
        {SECTION("calendars = ( );"), "calendars: calendars: must be a group"},
        {SECTION("calendars = { a = \"mon\"; };"), "calendars: a: must be a group"},
        {SECTION("calendars = { a = { day = \"mon\"; }; };"), "calendars: day: unknown key"},
        {SECTION("calendars = { a = { closed = \"2026-11-27/2026-11-26\"; }; };"), "ends before it begins"},
        {SECTION("calendars = { a = { closed = \"Thanksgiving\"; }; };"), "\"Thanksgiving\" is no date"},
        {SECTION("calendars = { a = { from = \"2027-06-18\"; until = \"2026-08-25\"; }; };"),
         "calendars: until: comes before from"},
        {SECTION("calendars = { a = { days = \"mon\"; }; }; calendars-more = { a = { days = \"tue\"; }; };"),
         "a: is defined twice"},
        {SECTION("hours = { from = \"6\"; };"), "t.conf:2: hours: from: \"6\" is no time of day"},
        {SECTION("hours = { };"), "hours: hours: asks for nothing"},
        {SECTION("hours = \"day\";"), "hours: hours: must be a group"},
        {SECTION("patterns = { window-days = 0; };"), "patterns: window-days: must be a whole number from 1"},
        {SECTION("patterns = { weights = { often = 1.0; }; };"), "patterns: often: unknown key"},
        {SECTION("patterns = { weights = 3; };"), "patterns: weights: must be a group"},
        {SECTION("patterns = { weights = { late = -1.0; }; };"), "patterns: late: must be a number from 0"},
        {SECTION("patterns = { alert = \"high\"; };"), "patterns: alert: must be a number from 0"},
        {SECTION("patterns = { alert = 0; };"), "patterns: alert: must be more than 0"},
        {SECTION("patterns = { baseline = 1; };"), "patterns: baseline: must be true or false"},
        {SECTION("exceptions = { holiday = { consent = true; }; };"), "exceptions: holiday: unknown key"},
        {SECTION("exceptions = { trip = true; };"), "exceptions: trip: must be a group"},
        {SECTION("exceptions = { trip = { paper = true; }; };"), "exceptions: paper: unknown key"},
        {SECTION("exceptions = { emergency = { retro-hours = -1; }; };"),
         "exceptions: retro-hours: must be a whole number from 0"},
        {SECTION("exceptions = { trip = { consent = \"yes\"; }; };"),
         "exceptions: consent: must be true or false"},
        {SECTION("exceptions = { trip = { approver = []; }; };"), "exceptions: approver: is empty"},
        {SECTION("escalations = { report = { hours = 24; }; };"), "escalations: contacts: is missing"},
        {SECTION("escalations = { report = { contacts = \"the principal\"; }; };"),
         "\"the principal\" is no address"},
        {SECTION("escalations = { report = { contacts = \"a@example.org\"; hours = 0; }; };"),
         "escalations: hours: must be a whole number from 1"},
        {SECTION("escalations = { report = { contacts = \"a@example.org\"; phone = \"1\"; }; };"),
         "escalations: phone: unknown key"},
        {SECTION("escalations = { report = \"a@example.org\"; };"), "escalations: report: must be a group"},
        {SECTION("clauses = { };"), "clauses: clauses: must be a list"},
        {SECTION("clauses = ( \"X\" );"), "clauses: clauses: must be a list of groups"},
        {SECTION("clauses = ( { id = \"X\"; } );"), "clauses: gist: is missing"},
        {SECTION("clauses = ( { gist = \"g\"; } );"), "clauses: id: is missing"},
        {SECTION("clauses = ( { id = \"X\"; gist = \"g\"; text = \"t\"; } );"), "clauses: text: unknown key"},
        {SECTION("clauses = ( { id = \"X\"; gist = \"g\"; left-out = \"w\"; by = \"b\"; } );"),
         "left out or implemented, not both"},
        {SECTION("clauses = ( { id = \"X\"; gist = \"g\"; }, { id = \"X\"; gist = \"h\"; } );"),
         "id: \"X\" is listed twice"},
        {SECTION("student-data = { words = \"iep\"; min-names = 1; };"),
         "student-data: min-names: must be a whole number from 2"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = mistakes(rows[i].text);
        cr_assert_not_null(got, "row %zu was taken: %s", i, rows[i].text);
        cr_expect(strstr(got, rows[i].wants), "row %zu wants \"%s\", got: %s", i, rows[i].wants, got);
    }
}

Test(mistakes, are_one_line_each_whatever_the_file_says)
{
    g_autofree char *got = mistakes(WHEN("fact = \"a\\nb\\x1b[2J\\xff\";"));
    cr_assert_not_null(got);
    cr_expect_null(strchr(got, '\n'), "%s", got);
    cr_expect_null(strchr(got, '\x1b'));
    cr_expect(g_utf8_validate(got, -1, NULL));
    cr_expect(strstr(got, "unknown fact \"a b"), "%s", got);
}

// Keys as "unknown key; use one of: " tells them, each of which the manual must have as an item of its own or beside others.
static guint keys_missing(const char *page, const char *text)
{
    g_autofree char *got = mistakes(text);
    cr_assert_not_null(got, "%s", text);
    const char *list = strstr(got, "use one of: ");
    cr_assert_not_null(list, "%s", got);
    g_auto(GStrv) lines = g_strsplit(list + strlen("use one of: "), "\n", 2);
    g_auto(GStrv) keys = g_strsplit(lines[0], ", ", -1);
    guint missing = 0;
    for (guint i = 0; keys[i]; i++) {
        g_autofree char *pattern = g_strdup_printf("^\\.It Ic (?:[^\\n]*[ ,])?%s(?: |$)", keys[i]);
        bool found = g_regex_match_simple(pattern, page, G_REGEX_MULTILINE, 0);
        if (!found)
            cr_log_error("chaperone-policy(5) does not have the key \"%s\" (%s)", keys[i], text);
        missing += !found;
    }
    cr_expect_gt(g_strv_length(keys), 0);
    return missing;
}

Test(mistakes, the_manual_has_every_key)
{
    static const char *const asks[] = {
        WHEN("zzz = 1;"),
        WHEN("sender = { zzz = 1; };"),
        WHEN("recipient = { zzz = 1; };"),
        WHEN("with = { zzz = 1; };"),
        WHEN("finding = { zzz = 1; };"),
        WHEN("group = { zzz = 1; };"),
        WHEN("group = { students = { zzz = 1; }; };"),
        WHEN("time = { zzz = \"1\"; };"),
        WHEN("attachment = { zzz = 1; };"),
        WHEN("header = { zzz = 1; };"),
        WHEN("link = { zzz = 1; };"),
        RULE("action = \"tag\"; zzz = 1;"),
        RULE("action = \"tag\"; modes = ( { zzz = 1; } );"),
        SECTION("calendars = { a = { zzz = 1; }; };"),
        SECTION("hours = { zzz = 1; };"),
        SECTION("purpose = { zzz = 1; };"),
        SECTION("student-data = { zzz = 1; };"),
        SECTION("staff-name = { zzz = 1; };"),
        SECTION("patterns = { zzz = 1; };"),
        SECTION("patterns = { weights = { zzz = 1; }; };"),
        SECTION("exceptions = { trip = { zzz = 1; }; };"),
        SECTION("escalations = { a = { zzz = 1; }; };"),
        SECTION("clauses = ( { zzz = 1; } );"),
    };
    g_autofree char *page = NULL;
    cr_assert(g_file_get_contents("contrib/man/chaperone-policy.5", &page, NULL, NULL));
    guint missing = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(asks); i++)
        missing += keys_missing(page, asks[i]);
    cr_expect_eq(missing, 0);
}

Test(mistakes, the_manual_has_every_section)
{
    g_autofree char *page = NULL, *got = mistakes(SECTION("zzz = 1;"));
    cr_assert(g_file_get_contents("contrib/man/chaperone-policy.5", &page, NULL, NULL));
    const char *list = got ? strstr(got, "unknown section; use ") : NULL;
    cr_assert_not_null(list);
    g_auto(GStrv) lines = g_strsplit(list + strlen("unknown section; use "), "\n", 2);
    g_auto(GStrv) names = g_strsplit_set(lines[0], ", ", -1);
    for (guint i = 0; names[i]; i++) {
        g_autofree char *pattern = g_strdup_printf("^\\.It Ic (?:[^\\n]*[ ,])?%s(?: |$)", names[i]);
        if (*names[i] && strcmp(names[i], "or") != 0)
            cr_expect(g_regex_match_simple(pattern, page, G_REGEX_MULTILINE, 0), "section %s", names[i]);
    }
}

Test(mistakes, the_manual_has_every_derived_fact)
{
    g_autofree char *page = NULL;
    cr_assert(g_file_get_contents("contrib/man/chaperone-policy.5", &page, NULL, NULL));
    const char *facts = strstr(page, "\n.Sh FACTS");
    cr_assert_not_null(facts);
    for (int i = 0; i < DERIVED_LAST; i++) {
        const char *name = derived_name((Derived)i);
        g_autofree char *pattern = g_strdup_printf("^\\.It Cm (?:[^\\n]*[ ,])?%s(?: |$)", name);
        cr_expect(g_regex_match_simple(pattern, facts, G_REGEX_MULTILINE, 0), "fact %s", name);
    }
}
