// The language: what is refused, and where the mistake is said to be.
#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#define HEAD "name = \"t\"; version = 1;\n"
#define RULE(rest)                                                                                           \
    HEAD "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = \"tag\"; " rest " } );\n"

static Policy *parse(const char *text, const char *dir, GError **error)
{
    // An exact-size copy, so that reading past the end shows.
    char *copy = g_memdup2(text, strlen(text) + 1);
    Policy *policy = policy_parse("t.conf", copy, dir, error);
    g_free(copy);
    return policy;
}

Test(parse, mistakes_name_line_rule_key_and_remedy)
{
    static const struct {
        const char *text, *wants;
    } rows[] = {
        {"", "rules: the policy has no rule"},
        {"rules = (", "t.conf:1: policy: syntax: "},
        {HEAD "rule = ();", "t.conf:2: policy: rule: unknown section"},
        {HEAD "rules = {};", "must be a list"},
        {HEAD "rules = ( { } );", "name: must be 1 to 60"},
        {HEAD "rules = ( 1, 2 );", "must be a list of groups"},
        {RULE(""), "t.conf:2: r: when: is missing"},
        {RULE("when = { };"), "r: condition: is empty"},
        {RULE("when = { recipient = { }; };"), "r: recipient: is empty"},
        {RULE("when = { recipient = { role = \"pupil\"; }; };"),
         "unknown name \"pupil\"; use one of: external"},
        {RULE("when = { recipient = { role = []; }; };"), "r: role: is empty"},
        {RULE("when = { recipient = { role = 3; }; };"), "r: role: is not a string"},
        {RULE("when = { recipient = { rôle = \"staff\"; }; };"), "syntax"},
        {RULE("when = { recipient = { rank = \"staff\"; }; };"),
         "r: rank: unknown key; use one of: role, also"},
        {RULE("when = { sender = { family = true; }; };"), "r: family: unknown key"},
        {RULE("when = { sender = { address = \"nobody\"; }; };"), "\"nobody\" is no address"},
        {RULE("when = { finding = { kind = \"fax\"; }; };"), "unknown name \"fax\""},
        {RULE("when = { finding = { owner = \"mine\"; }; };"), "unknown name \"mine\""},
        {RULE("when = { finding = { min-confidence = 2; }; };"), "must be a number from 0 to 1"},
        {RULE("when = { fact = \"weird\"; };"), "unknown fact \"weird\""},
        {RULE("when = { fact = \"list:none\"; };"), "no list \"none\""},
        {RULE("when = { use = \"none\"; };"), "no condition \"none\""},
        {RULE("when = { direction = \"up\"; };"), "unknown name \"up\""},
        {RULE("when = { any = (); };"), "r: any: is empty"},
        {RULE("when = { any = [\"a\"]; };"), "r: any: must be a group"},
        {RULE("when = { fact = \"unread\"; }; colour = \"red\";"), "r: colour: unknown key"},
        {RULE("when = { fact = \"unread\"; }; severity = 4;"),
         "r: severity: must be a whole number from 0 to 3"},
        {RULE("when = { fact = \"unread\"; }; mode = \"loud\";"), "unknown name \"loud\""},
        {RULE("when = { fact = \"unread\"; }; notify = \"police\";"), "unknown name \"police\""},
        {RULE("when = { fact = \"unread\"; }; reply = \"no\";"),
         "r: reply: is only used by rules that reject"},
        {RULE("when = { fact = \"unread\"; }; exceptions = \"holiday\";"), "unknown name \"holiday\""},
        {RULE("when = { fact = \"unread\"; }; exceptions = \"trip\";"), "selects no finding"},
        {RULE("when = { fact = \"unread\"; }; remedy = \"two\\nlines\";"), "r: remedy: has a line break"},
        {HEAD "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = \"reject\"; when = { fact = "
              "\"unread\"; }; } );",
         "a rule that rejects needs the text"},
        {HEAD "rules = ( { name = \"r\"; gist = \"g\"; action = \"tag\"; when = { fact = \"unread\"; }; } );",
         "r: clause: is missing"},
        {HEAD "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = \"eat\"; when = { fact = "
              "\"unread\"; }; } );",
         "unknown name \"eat\"; use one of: deliver, tag, coach, hold, reject"},
        {HEAD "conditions = { a = { use = \"a\"; }; };", "use each other in a circle"},
        {HEAD "conditions = { a = { fact = \"weird\"; }; };", "condition a: fact: unknown fact"},
        {HEAD "lists = { a = []; };", "policy: a: is empty"},
        {HEAD "lists = { a = \"b\"; };", "a list must be an array"},
        {HEAD "lists = { a = [\"x\"]; }; lists-more = { a = [\"y\"]; };", "a: is defined twice"},
        {HEAD "confidence = { phon = 0.5; };", "confidence: phon: unknown key"},
        {HEAD "confidence = { phone = 1.5; };", "confidence: phone: must be a number from 0 to 1"},
        {HEAD "purpose = { phrases = [\"?\"]; clause = \"X\"; };", "purpose: phrases: \"?\" has no word"},
        {HEAD "@include \"other.conf\"\n", "@include: \"other.conf\" is not allowed here"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Policy) policy = parse(rows[i].text, NULL, &error);
        cr_assert_null(policy, "row %zu was taken: %s", i, rows[i].text);
        cr_expect(strstr(error->message, rows[i].wants), "row %zu wants \"%s\", got: %s", i, rows[i].wants,
                  error->message);
        cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG));
    }
}

Test(parse, all_mistakes_are_told_each_at_its_line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = parse(
        HEAD
        "rules = (\n"
        "{ name = \"a\"; clause = \"X\"; gist = \"g\"; action = \"tag\"; when = { fact = \"unread\"; }; },\n"
        "{ name = \"a\"; clause = \"X\"; gist = \"g\"; action = \"tag\"; when = { fact = \"unread\"; }; },\n"
        "{ name = \"b\"; clause = \"X\"; gist = \"g\"; action = \"eat\";\n"
        "  when = { finding = { kind = [\"fax\", \"phone\", \"telex\"]; }; }; }\n);\n",
        NULL, &error);
    cr_assert_null(policy);
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    cr_expect_eq(g_strv_length(lines), 4, "%s", error->message);
    cr_expect(g_str_has_prefix(lines[0], "t.conf:4: a: name: is used in line 3 too"), "%s", lines[0]);
    cr_expect(g_str_has_prefix(lines[1], "t.conf:5: b: action: "), "%s", lines[1]);
    cr_expect(g_str_has_prefix(lines[2], "t.conf:6: b: kind: unknown name \"fax\""), "%s", lines[2]);
    cr_expect(g_str_has_prefix(lines[3], "t.conf:6: b: kind: unknown name \"telex\""), "%s", lines[3]);
}

Test(parse, versions_follow_the_text_and_what_it_includes)
{
    g_autofree char *dir = g_dir_make_tmp("chaperone-parse-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "lists.inc", NULL);
    const char *text = HEAD "@include \"lists.inc\"\n"
                            "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = \"tag\";\n"
                            "            when = { sender = { address = \"list:who\"; }; }; } );\n";
    cr_assert(g_file_set_contents(path, "lists-shared = { who = [\"a@example.org\"]; };\n", -1, NULL));
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) one = parse(text, dir, &error);
    cr_assert_not_null(one, "%s", error ? error->message : "");
    cr_assert(g_file_set_contents(path, "lists-shared = { who = [\"b@example.org\"]; };\n", -1, NULL));
    g_autoptr(Policy) two = parse(text, dir, &error);
    cr_assert_not_null(two, "%s", error ? error->message : "");
    cr_expect(g_str_has_prefix(policy_version(one), "1-") && strlen(policy_version(one)) == 14, "%s",
              policy_version(one));
    cr_expect_str_neq(policy_version(one), policy_version(two));
    cr_assert(g_file_set_contents(path, "lists-shared = { who = []; };\n", -1, NULL));
    cr_expect_null(parse(text, dir, &error));
    cr_expect(strstr(error->message, "lists.inc:1: "), "%s", error->message);
    cr_expect_eq(g_unlink(path), 0);
    g_autoptr(GError) gone = NULL;
    cr_expect_null(parse(text, dir, &gone));
    cr_expect(strstr(gone->message, "lists.inc"), "%s", gone->message);
    (void)g_rmdir(dir);
}

Test(parse, deep_and_wide_conditions_are_bounded)
{
    g_autoptr(GString) deep = g_string_new(
        HEAD "rules = ( { name = \"r\"; clause = \"X\"; gist = \"g\"; action = \"tag\"; when = ");
    for (int i = 0; i < 200; i++)
        g_string_append(deep, "{ all = ");
    g_string_append(deep, "{ fact = \"unread\"; }");
    for (int i = 0; i < 200; i++)
        g_string_append(deep, "; }");
    g_string_append(deep, "; } );");
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = parse(deep->str, NULL, &error);
    cr_expect_null(policy);
    g_autoptr(GString) wide = g_string_new(HEAD "conditions = { a0 = { fact = \"unread\"; };");
    for (int i = 1; i < 11; i++)
        g_string_append_printf(wide, " a%d = { all = ( %s { use = \"a%d\"; } ); };", i,
                               "{ use = \"a0\"; }, { use = \"a0\"; }, { use = \"a0\"; },", i - 1);
    for (int i = 1; i < 11; i++)
        g_string_append_printf(wide, " b%d = { use = [\"b%d\", \"b%d\", \"b%d\", \"b%d\", \"b%d\"]; };", i,
                               i % 10 + 1, i % 10 + 1, i % 10 + 1, i % 10 + 1, i % 10 + 1);
    g_string_append(wide, " };");
    g_autoptr(GError) many = NULL;
    gint64 start = g_get_monotonic_time();
    g_autoptr(Policy) none = parse(wide->str, NULL, &many);
    cr_expect_null(none);
    cr_expect_lt(g_get_monotonic_time() - start, 5 * G_USEC_PER_SEC);
}

// What rules of a policy with the given sections cite, "rule: clauses" a line; caller frees.
static char *cited(const char *text, const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = parse(text, dir, &error);
    cr_assert_not_null(policy, "%s", error ? error->message : "");
    g_autoptr(District) district = district_new();
    Case row = {"cited", "ann@example.org", "ann@example.org", "uma@students.example.org",
                .findings = "phone unknown +14155550142"};
    g_autoptr(Decision) decision = case_decide(district, policy, &row);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < decision->reasons->len; i++) {
        const Reason *reason = decision->reasons->pdata[i];
        g_string_append_printf(out, "%s: %s\n", reason->rule, reason->clause);
    }
    return g_string_free(out, FALSE);
}

Test(parse, rules_cite_the_clauses_of_their_own_district_only)
{
    g_autofree char *dir = g_dir_make_tmp("chaperone-parse-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "shared.inc", NULL);
    cr_assert(g_file_set_contents(
        path,
        "rules-shared = ( { name = \"a\"; clause = [\"X-1\", \"Y-7\", \"X-2\"]; gist = \"g\";\n"
        "  action = \"tag\"; when = { finding = { kind = \"phone\"; }; }; },\n"
        "  { name = \"b\"; clause = \"Y-8\"; gist = \"g\"; action = \"tag\";\n"
        "  when = { finding = { kind = \"phone\"; }; }; } );\n",
        -1, NULL));
    g_autofree char *all = cited(HEAD "@include \"shared.inc\"\n", dir);
    cr_expect_str_eq(all, "a: X-1; Y-7; X-2\nb: Y-8\n");
    g_autofree char *own =
        cited(HEAD "@include \"shared.inc\"\n"
                   "clauses = ( { id = \"X-2\"; gist = \"g\"; }, { id = \"X-1\"; gist = \"g\"; } );\n",
              dir);
    cr_expect_str_eq(own, "a: X-1; X-2\nb: \n", "%s", own);
    cr_expect_eq(g_unlink(path), 0);
    cr_expect_eq(g_rmdir(dir), 0);
}
