#include "support.h"

#include "feeds/feeds.h"

#include "detect/attribute.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    char *dir;
    Config *config;
    Roster *roster;
    RosterSession *session;
    DetectData *data;
} Bench;

static Bench *bench_new(void)
{
    g_autoptr(GError) error = NULL;
    Bench *bench = g_new0(Bench, 1);
    bench->dir = g_dir_make_tmp("chaperone-detect-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(bench->dir, "chaperone.conf", NULL);
    cr_assert(g_file_set_contents(path,
                                  "district = { name = \"Sample\"; domains = [\"example.org\"]; };\n"
                                  "roster = { database = \"roster.db\"; key_file = \"roster.key\"; };\n",
                                  -1, NULL));
    bench->config = config_load(path, &error);
    cr_assert_not_null(bench->config, "%s", error ? error->message : "");
    FeedResult *result = feeds_import_path(bench->config, "tests/unit/district", false, TODAY, &error);
    cr_assert_not_null(result, "%s", error ? error->message : "");
    feed_result_free(result);
    bench->roster = roster_open(bench->config, &error);
    cr_assert_not_null(bench->roster, "%s", error ? error->message : "");
    bench->session = roster_session_begin(bench->roster, TODAY, &error);
    cr_assert_not_null(bench->session, "%s", error ? error->message : "");
    bench->data = support_data();
    return bench;
}

static void bench_free(Bench *bench)
{
    roster_session_end(bench->session);
    roster_unref(bench->roster);
    config_unref(bench->config);
    detect_data_unref(bench->data);
    support_remove(bench->dir);
    g_free(bench);
}

typedef struct {
    const char *from, *to; // "ann@example.org"
    const char *text;      // the detail stands between '[' and ']', which are taken out
    Kind kind;
    const char *value; // as a finder gives it; NULL = a bare name
    const char *disguise;
    Owner owner;
    double least, most; // of the confidence; most 0 = any
    const char *person;
} Case;

// The one finding that a candidate marked in `c->text` becomes.
static Finding *attributed(const Bench *bench, const Case *c)
{
    g_autoptr(GError) error = NULL;
    const char *open = strchr(c->text, '['), *close = strchr(c->text, ']');
    cr_assert(open && close, "%s", c->text);
    g_autoptr(GString) text = g_string_new(NULL);
    gsize start = (gsize)(open - c->text), end = (gsize)(close - c->text) - 1;
    g_string_append_len(text, c->text, (gssize)start);
    g_string_append_len(text, open + 1, close - open - 1);
    g_string_append(text, close + 1);
    g_autoptr(Message) message = message_new();
    Passage *passage = message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text->str, text->len);
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(c->from);
    if (g_str_has_suffix(c->from, "example.org"))
        envelope->auth_login = g_strdup(c->from);
    envelope_add_rcpt(envelope, c->to, NULL);
    g_autoptr(Parties) parties = roster_resolve_message(bench->session, envelope, message, &error);
    cr_assert_not_null(parties, "%s", error ? error->message : "");
    GArray *marks[] = {layer_find(bench->data, passage, parties)};
    DetectView *views[] = {view_new(passage, 0)};
    g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    Candidate *candidate = candidate_new(c->kind, c->value, views[0], start, end, 0.9);
    if (!c->value)
        candidate->name = g_strndup(open + 1, (gsize)(close - open - 1));
    if (c->disguise)
        candidate_obfuscated(candidate, c->disguise);
    g_ptr_array_add(candidates, candidate);
    cr_assert(attribute_candidates(bench->data, bench->config, message, parties, bench->session, candidates,
                                   marks, views, findings, &error),
              "%s", error ? error->message : "");
    cr_assert_eq(findings->len, 1);
    g_array_unref(marks[0]);
    view_free(views[0]);
    return g_ptr_array_steal_index(findings, 0);
}

static void expect_cases(const Case *cases, gsize count)
{
    Bench *bench = bench_new();
    for (gsize i = 0; i < count; i++) {
        const Case *c = &cases[i];
        Finding *finding = attributed(bench, c);
        g_ptr_array_add(finding->evidence, NULL);
        g_autofree char *why = g_strjoinv("; ", (char **)finding->evidence->pdata);
        cr_expect(finding->owner == c->owner && finding->confidence >= c->least &&
                      (c->most == 0.0 || finding->confidence <= c->most) &&
                      (!c->person || g_strcmp0(finding->owner_person, c->person) == 0),
                  "%s: %s %.2f of %s (%s), not %s", c->text, owner_name(finding->owner), finding->confidence,
                  finding->owner_person, why, owner_name(c->owner));
        finding_free(finding);
    }
    bench_free(bench);
}

#define ANN    "ann@example.org"
#define UMA    "uma@students.example.org"
#define NUMBER "+14135550142" // nobody's

Test(attribute, registry)
{
    static const Case CASES[] = {
        {ANN, UMA, "Call [413-555-0151].", KIND_PHONE, "+14135550151", NULL, OWNER_SENDER, 0.95, 0, "t-1"},
        {ANN, UMA, "The office line is [413-555-0151].", KIND_PHONE, "+14135550151", NULL, OWNER_SENDER, 0.95,
         0, "t-1"},
        {ANN, UMA, "> [413-555-0151]", KIND_PHONE, "+14135550151", NULL, OWNER_SENDER, 0.95, 0, "t-1"},
        {ANN, UMA, "Call [413-555-0153].", KIND_PHONE, "+14135550153", NULL, OWNER_STAFF, 0.95, 0, "t-3"},
        {ANN, UMA, "My cell is [413-555-0101].", KIND_PHONE, "+14135550101", NULL, OWNER_SCHOOL, 0.95, 0,
         NULL},
        {ANN, UMA, "Your mother: [413-555-0161].", KIND_PHONE, "+14135550161", NULL, OWNER_GUARDIAN, 0.95, 0,
         NULL},
        {ANN, UMA, "Write to [news@example.org].", KIND_EMAIL, "news@example.org", NULL, OWNER_SCHOOL, 0.95,
         0, NULL},
        {ANN, UMA, "Yours: [uma.u@freemail.example.net].", KIND_EMAIL, "uma.u@freemail.example.net", NULL,
         OWNER_STUDENT, 0.95, 0, NULL},
        {ANN, UMA, "I am [ann.archer] on freemail.", KIND_EMAIL, NULL, "no-domain", OWNER_SENDER, 0.9, 0,
         "t-1"},
        {ANN, "pat@example.net", "Is [pat@example.net] right?", KIND_EMAIL, "pat@example.net", NULL,
         OWNER_THIRD_PARTY, 0.8, 0, NULL},
        {ANN, UMA, "In need call [988].", KIND_PHONE, "988", NULL, OWNER_THIRD_PARTY, 0.9, 0, NULL},
    };
    expect_cases(CASES, G_N_ELEMENTS(CASES));
}

Test(attribute, labels_of_the_writer)
{
    static const Case CASES[] = {
        {ANN, UMA, "My cell is [413-555-0142].", KIND_PHONE, NUMBER, NULL, OWNER_SENDER, 0.85, 0, "t-1"},
        {ANN, UMA, "You can reach me at [413-555-0142] all weekend.", KIND_PHONE, NUMBER, NULL, OWNER_SENDER,
         0.75, 0, NULL},
        {ANN, UMA, "Text me!\n[413-555-0142]", KIND_PHONE, NUMBER, NULL, OWNER_SENDER, 0.7, 0, NULL},
        {ANN, UMA, "[413-555-0142] is my cell", KIND_PHONE, NUMBER, NULL, OWNER_SENDER, 0.8, 0, NULL},
        {ANN, UMA, "Mi celular es [413-555-0142]", KIND_PHONE, NUMBER, NULL, OWNER_SENDER, 0.8, 0, NULL},
        {ANN, UMA, "See you there.\n\nAnn Archer\nCell: [413-555-0142]\n", KIND_PHONE, NUMBER, NULL,
         OWNER_SENDER, 0.75, 0, NULL},
        {ANN, UMA, "See you there.\n\nAnn Archer\n[413-555-0142]\n", KIND_PHONE, NUMBER, NULL, OWNER_SENDER,
         0.6, 0, NULL},
        {ANN, UMA, "Find it at four one three [five five five 0142]", KIND_PHONE, NUMBER, "spelled",
         OWNER_SENDER, 0.6, 0, NULL},
        {ANN, UMA, "Follow me on insta [@band_t]", KIND_HANDLE, "instagram:band_t", NULL, OWNER_SENDER, 0.75,
         0, NULL},
        {ANN, UMA, "Send it to [archer.ann88@freemail.example.net].", KIND_EMAIL,
         "archer.ann88@freemail.example.net", NULL, OWNER_SENDER, 0.8, 0, NULL},
        {ANN, UMA, "Come over, I live at [27 Alder Lane].", KIND_STREET_ADDRESS, "27 alder lane", NULL,
         OWNER_SENDER, 0.75, 0, NULL},
        {ANN, UMA, "Join [chat.example.com/join/band]", KIND_INVITE, "chat.example.com/join/band", NULL,
         OWNER_PUBLISHED, 0.9, 0.0, NULL},
        {ANN, UMA, "Join [chat.example.com/join/old]", KIND_INVITE, "chat.example.com/join/old", NULL,
         OWNER_SENDER, 0.4, 0.0, NULL},
        {ANN, UMA, "See [files.example.com/a/example.org/1]", KIND_INVITE,
         "files.example.com/a/example.org/1", NULL, OWNER_PUBLISHED, 0.9, 0.0, NULL},
        {ANN, UMA, "See [files.example.com/1?d=example.org]", KIND_INVITE, "files.example.com/1", NULL,
         OWNER_PUBLISHED, 0.9, 0.0, NULL},
        {ANN, UMA, "See [files.example.com/1?d=example.net]", KIND_INVITE, "files.example.com/1", NULL,
         OWNER_SENDER, 0.4, 0.0, NULL},
        {ANN, UMA, "Follow [@sampleschools]", KIND_HANDLE, "instagram:sampleschools", NULL, OWNER_PUBLISHED,
         0.9, 0.0, NULL},
        {ANN, UMA, "Follow me [@oldschools]", KIND_HANDLE, "instagram:oldschools", NULL, OWNER_SENDER, 0.4,
         0.0, NULL},
        {ANN, UMA, "Join here: [chat.example.net/abc]", KIND_INVITE, "chat.example.net/abc", NULL,
         OWNER_SENDER, 0.55, 0, NULL},
        {UMA, ANN, "my cell is [413-555-0142]", KIND_PHONE, NUMBER, NULL, OWNER_STUDENT, 0.8, 0, "s-1"},
        {"ulla@example.net", ANN, "My cell is [413-555-0142].", KIND_PHONE, NUMBER, NULL, OWNER_GUARDIAN, 0.8,
         0, "g-1"},
    };
    expect_cases(CASES, G_N_ELEMENTS(CASES));
}

Test(attribute, other_people)
{
    static const Case CASES[] = {
        {ANN, UMA, "My wife's cell is [413-555-0142].", KIND_PHONE, NUMBER, NULL, OWNER_UNKNOWN, 0.6, 0,
         NULL},
        {ANN, UMA, "Ask his mom, her number is [413-555-0142].", KIND_PHONE, NUMBER, NULL, OWNER_UNKNOWN, 0.6,
         0, NULL},
        {ANN, UMA, "Dora Dunn's cell is [413-555-0142].", KIND_PHONE, NUMBER, NULL, OWNER_STAFF, 0.5, 0,
         "t-3"},
        {ANN, UMA, "Your number is [413-555-0142] in our files, right?", KIND_PHONE, NUMBER, NULL,
         OWNER_STUDENT, 0.5, 0, "s-1"},
    };
    expect_cases(CASES, G_N_ELEMENTS(CASES));
}

Test(attribute, organisations)
{
    // What is not the sender's, or not surely: never above the threshold as somebody's private detail.
    static const Case CASES[] = {
        {ANN, UMA,
         "The field trip leaves at nine. Bring lunch, water and a hat. The museum can be reached at "
         "[413-555-0142] for tickets and for questions about the tour.",
         KIND_PHONE, NUMBER, NULL, OWNER_THIRD_PARTY, 0.6, 0, NULL},
        {ANN, UMA, "Admissions office: [413-555-0142]", KIND_PHONE, NUMBER, NULL, OWNER_THIRD_PARTY, 0.6, 0,
         NULL},
        {ANN, UMA, "Customer service [413-555-0142], ext. 4", KIND_PHONE, NUMBER, NULL, OWNER_THIRD_PARTY,
         0.6, 0, NULL},
        {ANN, UMA, "Call Sample Pizza at [413-555-0142] and order.", KIND_PHONE, NUMBER, NULL,
         OWNER_THIRD_PARTY, 0.6, 0, NULL},
        {ANN, UMA,
         "Problem 3. Sam's phone plan costs $20. His number [413-555-0142] is dialled twice. Solve for x.",
         KIND_PHONE, NUMBER, NULL, OWNER_THIRD_PARTY, 0.0, 0.9, NULL},
        {ANN, UMA, "Call toll free [800-555-0142]", KIND_PHONE, "+18005550142", NULL, OWNER_THIRD_PARTY, 0.85,
         0, NULL},
        {ANN, UMA, "Write to [info@chorus.example.com].", KIND_EMAIL, "info@chorus.example.com", NULL,
         OWNER_THIRD_PARTY, 0.75, 0, NULL},
        {ANN, UMA, "Ask [p.moss@college.example.edu] about the essay.", KIND_EMAIL,
         "p.moss@college.example.edu", NULL, OWNER_THIRD_PARTY, 0.75, 0, NULL},
        {ANN, UMA, "Follow us, our official page is [@samplechorus]", KIND_HANDLE, "instagram:samplechorus",
         NULL, OWNER_THIRD_PARTY, 0.6, 0, NULL},
        {ANN, UMA, "Our school office: [413-555-0199]", KIND_PHONE, "+14135550199", NULL, OWNER_SCHOOL, 0.5,
         0, NULL},
        {ANN, UMA, "My cell is broken. Call the main office at [413-555-0142].", KIND_PHONE, NUMBER, NULL,
         OWNER_SCHOOL, 0.5, 0, NULL},
    };
    expect_cases(CASES, G_N_ELEMENTS(CASES));
}

Test(attribute, quoted_text_is_its_authors)
{
#define QUOTED(who, line) "Yes.\n\nOn Oct 6, 2026, at 3:14 PM, " who " wrote:\n\n> " line "\n"
    static const Case CASES[] = {
        {ANN, "ulla@example.net", QUOTED("Ulla <ulla@example.net>", "My cell is [413-555-0142]."), KIND_PHONE,
         NUMBER, NULL, OWNER_GUARDIAN, 0.7, 0, "g-1"},
        {ANN, UMA, QUOTED("Uma <uma@students.example.org>", "My cell is [413-555-0142]."), KIND_PHONE, NUMBER,
         NULL, OWNER_STUDENT, 0.7, 0, "s-1"},
        {ANN, UMA, QUOTED("Ann Archer <ann@example.org>", "My cell is [413-555-0142]."), KIND_PHONE, NUMBER,
         NULL, OWNER_SENDER, 0.7, 0, "t-1"},
        {ANN, UMA, QUOTED("Dora Dunn <dora@example.org>", "My cell is [413-555-0142]."), KIND_PHONE, NUMBER,
         NULL, OWNER_STAFF, 0.7, 0, "t-3"},
        {ANN, UMA, QUOTED("Pat <pat@company.example.com>", "My cell is [413-555-0142]."), KIND_PHONE, NUMBER,
         NULL, OWNER_THIRD_PARTY, 0.5, 0, NULL},
        {ANN, UMA, "Yes.\n\n> My cell is [413-555-0142].\n", KIND_PHONE, NUMBER, NULL, OWNER_STUDENT, 0.6, 0,
         "s-1"},
    };
    expect_cases(CASES, G_N_ELEMENTS(CASES));
}

Test(attribute, solicitations)
{
    static const Case CASES[] = {
        {ANN, UMA, "[What is your number]?", KIND_SOLICITATION, "ask-number", NULL, OWNER_SENDER, 0.8, 0,
         "t-1"},
        {UMA, ANN, "[What is your number]?", KIND_SOLICITATION, "ask-number", NULL, OWNER_STUDENT, 0.8, 0,
         "s-1"},
        {ANN, UMA, "> [What is your number]?", KIND_SOLICITATION, "ask-number", NULL, OWNER_SENDER, 0.2, 0.49,
         NULL},
    };
    expect_cases(CASES, G_N_ELEMENTS(CASES));
}

Test(attribute, one_finding_a_value)
{
    Bench *bench = bench_new();
    g_autoptr(GError) error = NULL;
    const char *text = "Call 413-555-0142.\n\nAnd my cell is 413-555-0142.\n";
    g_autoptr(Message) message = message_new();
    Passage *passage = message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, strlen(text));
    g_autoptr(Envelope) envelope = envelope_new();
    envelope->auth_login = g_strdup(ANN);
    envelope_add_rcpt(envelope, UMA, NULL);
    g_autoptr(Parties) parties = roster_resolve_message(bench->session, envelope, message, &error);
    cr_assert_not_null(parties);
    DetectView *view = view_new(passage, 0);
    g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    const char *second = strrchr(text, '4') - 10;
    gsize at = (gsize)(strstr(second, "413") - text);
    g_ptr_array_add(candidates, candidate_new(KIND_PHONE, NUMBER, view, at, at + 12, 0.9));
    g_ptr_array_add(candidates, candidate_new(KIND_PHONE, NUMBER, view, 5, 17, 0.9));
    cr_assert(attribute_candidates(bench->data, bench->config, message, parties, bench->session, candidates,
                                   NULL, NULL, findings, &error));
    cr_assert_eq(findings->len, 1);
    const Finding *finding = g_ptr_array_index(findings, 0);
    cr_expect_eq(finding->owner, OWNER_SENDER);
    cr_expect_eq(finding->start, at);
    cr_expect_str_eq(finding->text, "413-555-0142");
    view_free(view);
    bench_free(bench);
}
