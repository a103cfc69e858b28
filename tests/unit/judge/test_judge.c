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
    ReaderPool *pool;
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
    g_clear_pointer(&bench->pool, reader_pool_free);
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

static Judgement *judge(const Bench *bench, const char *from, const char *auth, const char *to,
                        const char *raw)
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
        judge_message(bench->snapshot, bench->pool, envelope, fd, strlen(raw), now_us, 0, &error);
    cr_assert_not_null(judgement, "%s", error ? error->message : "");
    cr_assert_eq(close(fd), 0);
    return judgement;
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
         TEXT "Call my cell: (413) 555-0199.\r\n", "hold,deliver"},
        {"school number", "ann@example.org", "ann@example.org", UMA,
         TEXT "Call the office: 413-555-0105.\r\n", "deliver"},
        {"list", "ann@example.org", "ann@example.org", "everyone@example.org",
         TEXT "Call my cell: (413) 555-0199.\r\n", "hold"},
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
    bench.pool = reader_pool_new(bench.snapshot->config, &error);
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

Test(judge, json_has_what_the_record_needs)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    bench_config(&bench, "conf/policies/standard.conf", "conf/lists");
    bench_roster(&bench);
    bench.snapshot = snapshot_load(bench.config_path, &error);
    cr_assert_not_null(bench.snapshot, "%s", error ? error->message : "");
    bench.pool = reader_pool_new(bench.snapshot->config, &error);
    cr_assert_not_null(bench.pool, "%s", error ? error->message : "");
    g_autoptr(Envelope) envelope = envelope_new();
    for (int mask = 0; mask < 2; mask++) {
        g_autoptr(Judgement) judgement = judge(&bench, "ann@example.org", "ann@example.org", UMA,
                                               TEXT "Call my cell: (413) 555-0199.\r\n");
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

// Contact details, words and records stand in lists of their own; a reason names what it means by its place there.
Test(judge, json_lists_words_apart)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};
    bench_config(&bench, "conf/policies/standard.conf", "conf/lists");
    bench_roster(&bench);
    bench.snapshot = snapshot_load(bench.config_path, &error);
    cr_assert_not_null(bench.snapshot, "%s", error ? error->message : "");
    bench.pool = reader_pool_new(bench.snapshot->config, &error);
    cr_assert_not_null(bench.pool, "%s", error ? error->message : "");
    g_autoptr(Envelope) envelope = envelope_new();
    g_autoptr(Judgement) judgement =
        judge(&bench, "ann@example.org", "ann@example.org", UMA,
              TEXT "Damn it. Call my cell: (413) 555-0199. I am going to slap your face.\r\n");
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
