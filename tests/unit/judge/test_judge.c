// The whole path from bytes to a decision, through a real reader process.
#include "feeds/feeds.h"
#include "judge/judge.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

// A sanitizer cannot work in the sandbox: these tests do without where it is built in.
#define UMA "uma@students.example.org"

typedef struct {
    char *dir, *config_path;
    Snapshot *snapshot;
    Readers *pool;
} Bench;

static char *absolute(const char *path)
{
    return g_canonicalize_filename(path, NULL);
}

static void bench_config(Bench *bench, const char *policy, const char *lists)
{
    g_autofree char *reader =
        g_build_filename(g_getenv("BUILD") ? g_getenv("BUILD") : "build", "chaperone-reader", NULL);
    g_autofree char *program = absolute(reader), *policy_path = absolute(policy),
                    *lists_path = absolute(lists);
    g_autofree char *text = g_strdup_printf(
        "district = { name = \"Sample\"; domains = [\"example.org\"]; };\n"
        "roster = { database = \"roster.db\"; key_file = \"roster.key\"; };\n"
        "reader = { program = \"%s\"; workers = 1; user = \"\"; sandbox_required = false; };\n"
        "attachments = { cache_dir = \"\"; workers = 1; ocr_workers = 1; };\n"
        "policy = { file = \"%s\"; lists_dir = \"%s\"; };\n",
        program, policy_path, lists_path);
    bench->dir = g_dir_make_tmp("chaperone-judge-XXXXXX", NULL);
    bench->config_path = g_build_filename(bench->dir, "chaperone.conf", NULL);
    cr_assert(g_file_set_contents(bench->config_path, text, -1, NULL));
}

static void bench_roster(Bench *bench)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(bench->config_path, &error);
    cr_assert_not_null(config, "%s", error ? error->message : "");
    FeedResult *result = feeds_import_path(config, "tests/unit/district", false, 20261016, &error);
    cr_assert_not_null(result, "%s", error ? error->message : "");
    feed_result_free(result);
}

static void bench_clear(Bench *bench)
{
    g_clear_pointer(&bench->pool, readers_free);
    g_clear_pointer(&bench->snapshot, snapshot_unref);
    GDir *dir = g_dir_open(bench->dir, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(bench->dir, name, NULL);
        (void)g_unlink(path);
    }
    if (dir)
        g_dir_close(dir);
    (void)g_rmdir(bench->dir);
    g_free(bench->dir);
    g_free(bench->config_path);
}

static Judgement *judge_within(const Bench *bench, const char *from, const char *auth, const char *to,
                               const char *raw, JudgeBudget budget)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(from);
    envelope->auth_login = g_strdup(auth);
    g_auto(GStrv) rcpts = g_strsplit(to, ",", -1);
    for (guint i = 0; rcpts[i]; i++)
        envelope_add_rcpt(envelope, rcpts[i], NULL);
    int64_t now_us = 0;
    cr_assert(clock_parse("2026-10-16T12:00:00-04:00", &now_us, NULL));
    int fd = reader_seal(raw, strlen(raw), &error);
    cr_assert_geq(fd, 0, "%s", error ? error->message : "");
    Judgement *judgement =
        judge_message(bench->snapshot, bench->pool, envelope, fd, strlen(raw), now_us, budget, &error);
    cr_assert_not_null(judgement, "%s", error ? error->message : "");
    cr_assert_eq(close(fd), 0);
    return judgement;
}

static Judgement *judge(const Bench *bench, const char *from, const char *auth, const char *to,
                        const char *raw)
{
    return judge_within(bench, from, auth, to, raw, JUDGE_WHOLE);
}

#define HEAD                                                                                                 \
    "From: Ann Archer <ann@example.org>\r\nTo: someone\r\nSubject: hello\r\n"                                \
    "Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
#define TEXT HEAD "Content-Type: text/plain; charset=utf-8\r\n\r\n"

Test(judge, real_messages)
{
    static const struct {
        const char *name, *from, *auth, *to, *raw, *actions;
    } rows[] = {
        {"nothing", "ann@example.org", "ann@example.org", UMA, TEXT "See you on Monday.\r\n", "deliver"},
        {"registered cell", "ann@example.org", "ann@example.org", UMA ",bea@example.org",
         TEXT "My cell: (413) 555-0199.\r\n", "hold,deliver"},
        {"school number", "ann@example.org", "ann@example.org", UMA,
         TEXT "Call the office: 413-555-0105.\r\n", "deliver"},
        {"list", "ann@example.org", "ann@example.org", "everyone@example.org",
         TEXT "My cell: (413) 555-0199.\r\n", "hold"},
        {"trip", "ann@example.org", "ann@example.org", UMA,
         TEXT "My cell for emergencies on the trip: 413-555-0151\r\n", "deliver"},
        {"trip without purpose", "ann@example.org", "ann@example.org", UMA, TEXT "My cell: 413-555-0151\r\n",
         "coach"},
        {"HTML", "ann@example.org", "ann@example.org", UMA,
         HEAD "Content-Type: text/html\r\n\r\n<p>write me: <b>ann.archer</b>@freemail.example.net</p>\r\n",
         "hold"},
        {"private account", "ann.archer@freemail.example.net", NULL, UMA,
         "From: <ann.archer@freemail.example.net>\r\nMessage-ID: <1@example.net>\r\n\r\nhello\r\n", "hold"},
        {"encrypted", "ann@example.org", "ann@example.org", UMA,
         HEAD
         "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; "
         "boundary=b\r\n\r\n--b\r\n"
         "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: "
         "application/octet-stream"
         "\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMAw==\r\n-----END PGP MESSAGE-----\r\n\r\n--b--\r\n",
         "hold"},
    };
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    bench_config(&bench, "conf/policies/standard.conf", "conf/lists");
    bench_roster(&bench);
    bench.snapshot = snapshot_load(bench.config_path, &error);
    cr_assert_not_null(bench.snapshot, "%s", error ? error->message : "");
    bench.pool = readers_new(bench.snapshot->config, &error);
    cr_assert_not_null(bench.pool, "%s", error ? error->message : "");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Judgement) judgement = judge(&bench, rows[i].from, rows[i].auth, rows[i].to, rows[i].raw);
        g_autoptr(GString) actions = g_string_new(NULL);
        for (guint j = 0; j < judgement->decision->rcpts->len; j++)
            g_string_append_printf(
                actions, "%s%s", j ? "," : "",
                action_name(((const RcptDecision *)judgement->decision->rcpts->pdata[j])->action));
        cr_expect_str_eq(actions->str, rows[i].actions, "%s: %s", rows[i].name, actions->str);
    }
    bench_clear(&bench);
}

// ---- attachments -----------------------------------------------------------------------------------------

#define ANN "ann@example.org"
#define BEA "bea@example.org"
#define MIXED(text, document)                                                                                \
    HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" text     \
         "\r\n--b\r\nContent-Type: application/pdf; name=\"trip.pdf\"\r\n"                                   \
         "Content-Disposition: attachment; filename=\"trip.pdf\"\r\n\r\n" document "\r\n--b--\r\n"
// One page, without the table of its objects, which readers find for themselves.
#define PDF(text)                                                                                            \
    "%PDF-1.4\r\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\r\n"                                           \
    "2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\r\n"                                                 \
    "3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 "      \
    "R>>>>>>"                                                                                                \
    " endobj\r\n4 0 obj <</Length 60>> stream\r\nBT /F1 12 Tf 50 700 Td (" text                              \
    ") Tj ET\r\nendstream endobj"                                                                            \
    "\r\n5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\r\n"                                 \
    "trailer <</Root 1 0 R>>\r\n%%EOF"

#define NO_PART PART_READ // none that waits or is skipped

static Bench bench_made(void)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    bench_config(&bench, "conf/policies/standard.conf", "conf/lists");
    bench_roster(&bench);
    bench.snapshot = snapshot_load(bench.config_path, &error);
    cr_assert_not_null(bench.snapshot, "%s", error ? error->message : "");
    bench.pool = readers_new(bench.snapshot->config, &error);
    cr_assert_not_null(bench.pool, "%s", error ? error->message : "");
    return bench;
}

static guint parts_in(const Message *message, PartState state)
{
    guint count = 0;
    for (guint i = 0; i < message->parts->len; i++)
        count += ((const Part *)message->parts->pdata[i])->state == state;
    return count;
}

// "no" and "yes" of the recipients that wait, comma separated; caller frees.
static char *waits_of(const Judgement *judgement)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < judgement->decision->rcpts->len; i++)
        g_string_append_printf(out, "%s%s", i ? "," : "",
                               judgement->pending && judgement->waits[i] ? "yes" : "no");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

Test(judge, what_is_not_read_waits_for_whom_it_matters)
{
    atomic_int none = 0, busy = 2;
    const JudgeBudget at_once = {.finish = false},
                      full = {.may_wait = true, .attachments_ms = 60000, .waiters = &busy, .most_waiters = 2},
                      time = {.may_wait = true, .attachments_ms = 60000, .waiters = &none, .most_waiters = 1};
    const struct {
        const char *name, *to, *raw;
        JudgeBudget budget;
        const char *waits, *action; // of the first recipient
        PartState document;
    } rows[] = {
        {"nothing to read", UMA, TEXT "See you.\r\n", at_once, "no", "deliver", NO_PART},
        {"nobody needs it", BEA, MIXED("See.", PDF("My cell is 413-555-0199")), at_once, "no", "deliver",
         PART_SKIPPED},
        {"no time", UMA, MIXED("See.", PDF("My cell is 413-555-0199")), at_once, "yes", "deliver",
         PART_WAITING},
        {"who needs it waits", UMA "," BEA, MIXED("See.", PDF("My cell is 413-555-0199")), at_once, "yes,no",
         "deliver", PART_WAITING},
        {"found already: still told whole", UMA, MIXED("My cell: 413-555-0199", PDF("Lunch")), at_once, "yes",
         "deliver", PART_WAITING},
        {"no turn", UMA, MIXED("See.", PDF("My cell is 413-555-0199")), full, "yes", "deliver", PART_WAITING},
        {"time enough", UMA, MIXED("See.", PDF("My cell is 413-555-0199")), time, "no", "hold", NO_PART},
        {"behind the mail path", UMA, MIXED("See.", PDF("My cell is 413-555-0199")), JUDGE_WHOLE, "no",
         "hold", NO_PART},
    };
    Bench bench = bench_made();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Judgement) judgement =
            judge_within(&bench, ANN, ANN, rows[i].to, rows[i].raw, rows[i].budget);
        g_autofree char *waits = waits_of(judgement);
        const RcptDecision *first = judgement->decision->rcpts->pdata[0];
        bool pending = strstr(rows[i].waits, "yes") != NULL;
        cr_expect_str_eq(waits, rows[i].waits, "%s: %s", rows[i].name, waits);
        cr_expect_str_eq(action_name(first->action), rows[i].action, "%s", rows[i].name);
        cr_expect_eq(judgement->pending, pending, "%s", rows[i].name);
        cr_expect_eq(message_has_fact(judgement->message, "pending"), pending, "%s", rows[i].name);
        cr_expect_eq(parts_in(judgement->message, PART_WAITING), rows[i].document == PART_WAITING, "%s",
                     rows[i].name);
        cr_expect_eq(parts_in(judgement->message, PART_SKIPPED), rows[i].document == PART_SKIPPED, "%s",
                     rows[i].name);
        // Nobody who waits stands in a reason: it is not decided.
        cr_expect(!pending || judgement->decision->reasons->len == 0, "%s", rows[i].name);
    }
    cr_expect_eq(none, 0, "turns are given back");
    cr_expect_eq(busy, 2);
    bench_clear(&bench);
}

// A message that was cut short may hold anything: everybody waits.
Test(judge, a_message_not_read_in_time_waits_for_everybody)
{
    Bench bench = bench_made();
    g_autoptr(GString) raw = g_string_new(TEXT);
    while (raw->len < 9 * 1024 * 1024)
        g_string_append(raw, "Some words of a long letter, 12 of them in a line.\r\n");
    g_autoptr(Judgement) judgement =
        judge_within(&bench, ANN, ANN, UMA "," BEA, raw->str, (JudgeBudget){.reading_ms = 1});
    g_autofree char *waits = waits_of(judgement);
    cr_expect_str_eq(waits, "yes,yes", "%s", waits);
    g_autoptr(Judgement) whole = judge_within(&bench, ANN, ANN, UMA "," BEA, raw->str, JUDGE_WHOLE);
    cr_expect_not(whole->pending);
    bench_clear(&bench);
}

Test(judge, json_tells_who_waits)
{
    Bench bench = bench_made();
    g_autoptr(Envelope) envelope = envelope_new();
    g_autoptr(Judgement) judgement =
        judge_within(&bench, ANN, ANN, UMA "," BEA, MIXED("See.", PDF("Lunch")), (JudgeBudget){0});
    json_t *json = judgement_to_json(judgement, envelope, NULL, true);
    const json_t *pending = json_object_get(json, "pending"), *rcpts = json_object_get(json, "recipients");
    cr_assert_eq(json_array_size(pending), 1);
    cr_expect_str_eq(json_string_value(json_array_get(pending, 0)), UMA);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(rcpts, 0), "action")), "pending");
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(rcpts, 1), "action")), "deliver");
    json_decref(json);
    bench_clear(&bench);
}

// Behind the mail path only who waited is decided.
Test(judge, who_was_decided_before_stands_in_no_reason)
{
    Bench bench = bench_made();
    g_autoptr(Envelope) envelope = envelope_new();
    g_autoptr(Judgement) judgement =
        judge(&bench, ANN, ANN, UMA ",vic@students.example.org", TEXT "My cell: (413) 555-0199.\r\n");
    const bool decided[] = {true, false, false};
    cr_assert_eq(judgement->decision->rcpts->len, 2);
    judgement_leave(judgement, decided);
    json_t *json = judgement_to_json(judgement, envelope, NULL, true);
    const json_t *rcpts = json_object_get(json, "recipients");
    const json_t *reason = json_array_get(json_object_get(json, "reasons"), 0);
    cr_expect_eq(json_array_size(rcpts), 1);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(rcpts, 0), "address")),
                     "vic@students.example.org");
    cr_expect_eq(json_array_size(json_object_get(reason, "recipients")), 1);
    json_decref(json);
    bench_clear(&bench);
}

Test(judge, json_has_what_the_record_needs)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    bench_config(&bench, "conf/policies/standard.conf", "conf/lists");
    bench_roster(&bench);
    bench.snapshot = snapshot_load(bench.config_path, &error);
    cr_assert_not_null(bench.snapshot, "%s", error ? error->message : "");
    bench.pool = readers_new(bench.snapshot->config, &error);
    cr_assert_not_null(bench.pool, "%s", error ? error->message : "");
    g_autoptr(Envelope) envelope = envelope_new();
    for (int mask = 0; mask < 2; mask++) {
        g_autoptr(Judgement) judgement =
            judge(&bench, "ann@example.org", "ann@example.org", UMA, TEXT "My cell: (413) 555-0199.\r\n");
        json_t *json = judgement_to_json(judgement, envelope, "x", mask);
        static const char *const keys[] = {"id",         "direction", "mode",  "policy", "parties",
                                           "recipients", "findings",  "facts", "reasons"};
        for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
            cr_expect_not_null(json_object_get(json, keys[i]), "%s", keys[i]);
        json_t *finding = json_array_get(json_object_get(json, "findings"), 0);
        const char *value = json_string_value(json_object_get(finding, "value"));
        cr_assert_not_null(value);
        cr_expect_eq(strcmp(value, "+14135550199") == 0, !mask, "%s", value);
        char *all = json_dumps(json, 0);
        cr_expect_eq(strstr(all, "555-0199") == NULL, mask, "%s", all);
        free(all);
        json_t *reason = json_array_get(json_object_get(json, "reasons"), 0);
        cr_expect_str_eq(json_string_value(json_object_get(reason, "rule")), "staff-private-detail");
        cr_expect_eq(json_array_size(json_object_get(reason, "recipients")), 1);
        json_decref(json);
    }
    bench_clear(&bench);
}

static const char OPENING[] =
    "name = \"t\"; version = 1;\n"
    "patterns = { alert = 20.0; };\n"
    "escalations = { threat = { contacts = [\"safety@example.org\"]; }; };\n"
    "rules = ( { name = \"held\"; clause = \"A\"; gist = \"g\"; action = \"hold\"; template = "
    "\"private-number\";"
    "    escalate = \"threat\"; when = { finding = { kind = \"phone\"; }; }; },"
    "  { name = \"told\"; clause = \"A\"; gist = \"g\"; action = \"tag\"; alert = true; alert-score = 12.5;"
    "    when = { recipient = { role = \"student\"; }; }; },"
    "  { name = \"free\"; clause = \"A\"; gist = \"g\"; action = \"deliver\"; protected = true;"
    "    when = { recipient = { role = \"student\"; }; }; } );\n";

// Notices, review items and the discipline queue go by what stands in the record.
Test(judge, json_tells_what_a_reason_opens)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    g_autofree char *dir = g_dir_make_tmp("chaperone-policy-XXXXXX", NULL);
    g_autofree char *policy = g_build_filename(dir, "t.conf", NULL);
    cr_assert(g_file_set_contents(policy, OPENING, -1, NULL));
    bench_config(&bench, policy, "conf/lists");
    bench_roster(&bench);
    bench.snapshot = snapshot_load(bench.config_path, &error);
    cr_assert_not_null(bench.snapshot, "%s", error ? error->message : "");
    bench.pool = readers_new(bench.snapshot->config, &error);
    cr_assert_not_null(bench.pool, "%s", error ? error->message : "");
    g_autoptr(Envelope) envelope = envelope_new();
    g_autoptr(Judgement) judgement = judge(&bench, ANN, ANN, UMA, TEXT "My cell: (413) 555-0199.\r\n");
    json_t *json = judgement_to_json(judgement, envelope, NULL, true);
    const json_t *reasons = json_object_get(json, "reasons");
    cr_assert_eq(json_array_size(reasons), 3);
    const json_t *held = json_array_get(reasons, 0), *told = json_array_get(reasons, 1),
                 *free_ = json_array_get(reasons, 2);
    cr_expect_str_eq(json_string_value(json_object_get(held, "template")), "private-number");
    cr_expect_str_eq(json_string_value(json_object_get(held, "escalate")), "threat");
    cr_expect_null(json_object_get(held, "alert"));
    cr_expect_null(json_object_get(held, "protected"));
    cr_expect(json_is_true(json_object_get(told, "alert")));
    cr_expect_float_eq(json_number_value(json_object_get(told, "alert_score")), 12.5, 1e-9);
    cr_expect_null(json_object_get(told, "template"));
    cr_expect_null(json_object_get(told, "escalate"));
    cr_expect(json_is_true(json_object_get(free_, "protected")));
    cr_expect_null(json_object_get(free_, "alert_score"));
    json_decref(json);
    bench_clear(&bench);
    (void)g_unlink(policy);
    (void)g_rmdir(dir);
}

// Contact details, words and records stand in lists of their own; a reason names what it means by its place there.
Test(judge, json_lists_words_apart)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    bench_config(&bench, "conf/policies/standard.conf", "conf/lists");
    bench_roster(&bench);
    bench.snapshot = snapshot_load(bench.config_path, &error);
    cr_assert_not_null(bench.snapshot, "%s", error ? error->message : "");
    bench.pool = readers_new(bench.snapshot->config, &error);
    cr_assert_not_null(bench.pool, "%s", error ? error->message : "");
    g_autoptr(Envelope) envelope = envelope_new();
    g_autoptr(Judgement) judgement =
        judge(&bench, "ann@example.org", "ann@example.org", UMA,
              TEXT "Damn it. My cell: (413) 555-0199. I am going to slap your face.\r\n");
    json_t *json = judgement_to_json(judgement, envelope, "x", true);
    const json_t *reasons = json_object_get(json, "reasons"), *phrases = json_object_get(json, "phrases");
    guint words = 0, details = 0;
    cr_expect_eq(json_array_size(json_object_get(json, "findings")), 1);
    cr_expect_eq(json_array_size(json_object_get(json, "records")), 0);
    cr_assert_eq(json_array_size(phrases), 2);
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        const char *rule = json_string_value(json_object_get(reason, "rule"));
        const json_t *of = json_object_get(reason, "phrases");
        if (strcmp(rule, "severe-words-to-student") == 0) {
            const json_t *one = json_array_get(phrases, (size_t)json_integer_value(json_array_get(of, 0)));
            cr_expect_str_eq(json_string_value(json_object_get(one, "value")), "threats");
            cr_expect_str_eq(json_string_value(json_object_get(one, "text")), "threats"); // masked
            cr_expect_eq(json_array_size(of), 1);
            cr_expect_eq(json_array_size(json_object_get(reason, "findings")), 0);
            words++;
        } else if (strcmp(rule, "staff-private-detail") == 0) {
            cr_expect_eq(json_array_size(of), 0);
            cr_expect_eq(json_integer_value(json_array_get(json_object_get(reason, "findings"), 0)), 0);
            details++;
        }
    }
    cr_expect_eq(words, 1);
    cr_expect_eq(details, 1);
    json_decref(json);
    bench_clear(&bench);
}

Test(snapshot, every_mistake_is_told)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    g_autofree char *none = g_strdup("/nonexistent/lists");
    bench_config(&bench, "/nonexistent/policy.conf", none);
    g_autoptr(Snapshot) snapshot = snapshot_load(bench.config_path, &error);
    cr_assert_null(snapshot);
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG));
    cr_expect(strstr(error->message, "/nonexistent/policy.conf"), "%s", error->message);
    cr_expect(strstr(error->message, "/nonexistent/lists/"), "%s", error->message);
    cr_expect(strstr(error->message, "roster.db"), "%s", error->message);
    bench_clear(&bench);
}

Test(snapshot, a_wrong_policy_is_refused)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    bench_config(&bench, "conf/policies/standard.conf", "conf/lists");
    bench_roster(&bench);
    g_autofree char *path = g_build_filename(bench.dir, "p.conf", NULL);
    cr_assert(g_file_set_contents(path, "name = \"p\"; version = 1; rules = ( { name = \"r\"; } ); \xff", -1,
                                  NULL));
    g_autoptr(Config) config = config_load(bench.config_path, &error);
    cr_assert_not_null(config, "%s", error ? error->message : "");
    g_free(config->policy.file);
    config->policy.file = g_strdup(path);
    cr_expect_null(snapshot_new(config, &error));
    cr_expect(strstr(error->message, "UTF-8"), "%s", error->message);
    g_clear_error(&error);
    cr_assert(
        g_file_set_contents(path, "name = \"p\"; version = 1; rules = ( { name = \"r\"; } );", -1, NULL));
    cr_expect_null(snapshot_new(config, &error));
    cr_expect(strstr(error->message, "p.conf:1: r: when: is missing"), "%s", error->message);
    bench_clear(&bench);
}
