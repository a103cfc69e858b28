// Reviewers' decisions: one at a time for a message, taken back in time, confirmed by another; reasons; a second look.
#include "docket/docket.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#define SECOND_US ((int64_t)G_USEC_PER_SEC)
static const int64_t NOW = INT64_C(1795375617000000);
static char ONE[] = "01ARZ3NDEKTSV4RRFFQ69G5FAV", TWO[] = "01ARZ3NDEKTSV4RRFFQ69G5FAW";

typedef struct {
    char *dir;
    Config *config;
    Docket *docket;
    Quarantine *quarantine;
} Bench;

static void set_text(char **field, char *text)
{
    g_free(*field);
    *field = text;
}

static Bench bench_open(void)
{
    Bench bench = {.dir = g_dir_make_tmp("chaperone-docket-XXXXXX", NULL), .config = config_defaults()};
    set_text(&bench.config->console.docket, g_build_filename(bench.dir, "docket.db", NULL));
    set_text(&bench.config->archive.dir, g_build_filename(bench.dir, "archive", NULL));
    set_text(&bench.config->quarantine.database, g_build_filename(bench.dir, "q.db", NULL));
    bench.config->archive.min_free_bytes = 0;
    g_strfreev(bench.config->console.four_eyes);
    bench.config->console.four_eyes = g_strsplit("grave", ",", -1);
    bench.config->console.sample_percent = 100;
    g_autoptr(GError) error = NULL;
    bench.docket = docket_open(bench.config, &error);
    cr_assert_not_null(bench.docket, "%s", error != NULL ? error->message : "");
    bench.quarantine = quarantine_open(bench.config, &error);
    cr_assert_not_null(bench.quarantine, "%s", error != NULL ? error->message : "");
    return bench;
}

static void bench_close(Bench *bench)
{
    docket_close(&bench->docket);
    quarantine_close(&bench->quarantine);
    config_unref(bench->config);
    g_free(bench->dir);
}

static int64_t decide(Bench *bench, char *record, char *rule, DocketAction action, char *who, char *reason,
                      char *comment, int want)
{
    const DocketEntry entry = {
        .record = record, .rule = rule, .action = action, .who = who, .reason = reason, .comment = comment};
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    bool ok = docket_decide(bench->docket, &entry, NOW, &id, &error);
    cr_assert_eq(ok, want == 0, "%s", error != NULL ? error->message : "decided");
    cr_assert(ok || g_error_matches(error, BASE_ERROR, want), "%s", error != NULL ? error->message : "");
    return id;
}

Test(docket, reasons_and_comments)
{
    Bench bench = bench_open();
    static const struct {
        DocketAction action;
        const char *reason, *comment;
        int want;
    } cases[] = {
        {DOCKET_RELEASE, "false-positive", "", 0},
        {DOCKET_RELEASE, "policy", "", BASE_ERROR_DATA},
        {DOCKET_RELEASE, "", "", BASE_ERROR_DATA},
        {DOCKET_RELEASE, "other", "", BASE_ERROR_DATA},
        {DOCKET_RELEASE, "other", "too short", BASE_ERROR_DATA},
        {DOCKET_RELEASE, "other", "long enough to be read", 0},
        {DOCKET_COACH, "harmless", "", 0},
        {DOCKET_DENY, "policy", "", 0},
        {DOCKET_DENY, "false-positive", "", BASE_ERROR_DATA},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *reason = g_strdup(cases[i].reason), *comment = g_strdup(cases[i].comment);
        int64_t id = decide(&bench, ONE, "r", cases[i].action, "ann", reason, comment, cases[i].want);
        if (cases[i].want == 0)
            cr_assert(docket_undo(bench.docket, id, "ann", NOW, NULL));
    }
    bench_close(&bench);
}

Test(docket, one_at_a_time)
{
    Bench bench = bench_open();
    int64_t id = decide(&bench, ONE, "r", DOCKET_RELEASE, "ann", "harmless", "", 0);
    decide(&bench, ONE, "r", DOCKET_DENY, "rosa", "policy", "", BASE_ERROR_TEMPFAIL);
    decide(&bench, TWO, "r", DOCKET_DENY, "rosa", "policy", "", 0);
    g_autoptr(GError) error = NULL;
    cr_assert_not(docket_undo(bench.docket, id, "rosa", NOW, &error));
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_NOPERM));
    cr_assert(docket_undo(bench.docket, id, "ann", NOW, NULL));
    g_clear_error(&error);
    cr_assert_not(docket_undo(bench.docket, id, "ann", NOW, &error));
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA));
    decide(&bench, ONE, "r", DOCKET_DENY, "rosa", "policy", "", 0);
    g_autoptr(GPtrArray) all = docket_of(bench.docket, ONE, NULL);
    cr_assert_eq(all->len, 2);
    bench_close(&bench);
}

Test(docket, two_release_what_is_grave)
{
    Bench bench = bench_open();
    int64_t id = decide(&bench, ONE, "grave", DOCKET_RELEASE, "ann", "harmless", "", 0);
    g_autoptr(DocketEntry) live = NULL;
    cr_assert(docket_live(bench.docket, ONE, &live, NULL));
    cr_assert_eq(live->state, DOCKET_SECOND);
    cr_assert_eq(docket_run(bench.docket, bench.quarantine, NOW + 3600 * SECOND_US, NULL), 0);
    g_autoptr(GError) error = NULL;
    cr_assert_not(docket_confirm(bench.docket, id, "ann", true, "", NOW, &error));
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_NOPERM));
    g_clear_error(&error);
    cr_assert(docket_confirm(bench.docket, id, "rosa", true, "", NOW, &error), "%s",
              error != NULL ? error->message : "");
    cr_assert_not(docket_confirm(bench.docket, id, "lee", true, "", NOW, &error));
    decide(&bench, TWO, "grave", DOCKET_DENY, "ann", "policy", "", 0);
    g_autoptr(GPtrArray) waiting = docket_list(bench.docket, DOCKET_WAITING, NULL, 10, NULL);
    cr_assert_eq(waiting->len, 2);
    bench_close(&bench);
}

Test(docket, what_cannot_be_done_says_why)
{
    Bench bench = bench_open();
    decide(&bench, ONE, "r", DOCKET_RELEASE, "ann", "harmless", "", 0);
    cr_assert_eq(docket_run(bench.docket, bench.quarantine, NOW, NULL), 0); // the undo window
    cr_assert_eq(docket_run(bench.docket, bench.quarantine, NOW + 3600 * SECOND_US, NULL), 1);
    g_autoptr(GPtrArray) failed = docket_list(bench.docket, DOCKET_FAILED, "ann", 10, NULL);
    cr_assert_eq(failed->len, 1);
    cr_assert(strlen(((DocketEntry *)failed->pdata[0])->failure) > 0);
    // It may be decided again.
    decide(&bench, ONE, "r", DOCKET_RELEASE, "ann", "harmless", "", 0);
    bench_close(&bench);
}

Test(docket, filters_are_ones_own)
{
    Bench bench = bench_open();
    cr_assert(docket_filter_set(bench.docket, "ann", "mine", "claimed=mine", NULL));
    cr_assert(docket_filter_set(bench.docket, "ann", "mine", "claimed=mine&rule=r", NULL));
    g_autoptr(GPtrArray) filters = docket_filters(bench.docket, "ann", NULL);
    cr_assert_eq(filters->len, 1);
    cr_assert_str_eq(((DocketFilter *)filters->pdata[0])->query, "claimed=mine&rule=r");
    g_autoptr(GPtrArray) others = docket_filters(bench.docket, "rosa", NULL);
    cr_assert_eq(others->len, 0);
    for (int i = 0; i < 49; i++) {
        g_autofree char *name = g_strdup_printf("f%d", i);
        cr_assert(docket_filter_set(bench.docket, "ann", name, "x=1", NULL));
    }
    cr_assert_not(docket_filter_set(bench.docket, "ann", "one more", "x=1", NULL));
    cr_assert(docket_filter_set(bench.docket, "ann", "mine", NULL, NULL));
    bench_close(&bench);
}

// Held, denied and carried out, and so to be looked at again.
static void denied(Bench *bench, char *record, char *who)
{
    ArchiveRef ref = {.segment = (char *)"2026/11/lab-000000.tar.zst", .length = 1};
    g_strlcpy(ref.id, record, sizeof ref.id);
    g_autoptr(Envelope) envelope = envelope_new();
    g_autoptr(GPtrArray) held = g_ptr_array_new();
    g_ptr_array_add(held, (char *)"mia@example.org");
    json_t *summary = json_pack("{s:s}", "rule", "r");
    g_autoptr(GError) error = NULL;
    cr_assert(quarantine_hold(bench->quarantine, &ref, envelope, held, NULL, summary, NOW, &error), "%s",
              error != NULL ? error->message : "");
    json_decref(summary);
    decide(bench, record, "r", DOCKET_DENY, who, "policy", "", 0);
    cr_assert_eq(docket_run(bench->docket, bench->quarantine, NOW + 3600 * SECOND_US, NULL), 1);
}

static void assert_code(GError **error, int code)
{
    cr_assert(g_error_matches(*error, BASE_ERROR, code), "%s", *error != NULL ? (*error)->message : "none");
    g_clear_error(error);
}

Test(docket, the_second_look_is_somebody_elses_and_counts)
{
    Bench bench = bench_open();
    denied(&bench, ONE, "ann");
    denied(&bench, TWO, "ann");
    g_autoptr(GPtrArray) mine = docket_sample(bench.docket, "ann", NULL, 10, NULL);
    g_autoptr(GPtrArray) first = docket_sample(bench.docket, "rosa", NULL, 10, NULL);
    g_autoptr(GPtrArray) rest = docket_sample(bench.docket, "rosa", ONE, 10, NULL);
    cr_assert(mine->len == 0 && first->len == 2 && rest->len == 1);
    cr_assert_str_eq(rest->pdata[0], TWO);
    g_autoptr(GError) error = NULL;
    cr_assert_not(docket_look(bench.docket, ONE, "ann", true, "", NOW, &error));
    assert_code(&error, BASE_ERROR_NOPERM);
    cr_assert(docket_look(bench.docket, ONE, "rosa", false, "", NOW, NULL));
    cr_assert(docket_look(bench.docket, TWO, "rosa", true, "it is the school's number", NOW, NULL));
    cr_assert_not(docket_look(bench.docket, TWO, "lee", true, "", NOW, &error));
    assert_code(&error, BASE_ERROR_DATA);
    json_t *figures = docket_agreement(bench.docket, 0, NULL);
    cr_assert_eq(json_integer_value(json_object_get(figures, "both_deny")), 1);
    cr_assert_eq(json_integer_value(json_object_get(figures, "second_releases")), 1);
    cr_assert_float_eq(json_number_value(json_object_get(figures, "kappa")), 0.0, 1e-9);
    const json_t *rule = json_array_get(json_object_get(figures, "rules"), 0);
    cr_assert_eq(json_integer_value(json_object_get(rule, "looked")), 2);
    cr_assert_eq(json_integer_value(json_object_get(rule, "agreed")), 1);
    json_decref(figures);
    g_autoptr(GPtrArray) looks = docket_disagreements(bench.docket, 0, 10, NULL);
    cr_assert_eq(looks->len, 1);
    cr_assert_str_eq(((DocketLook *)looks->pdata[0])->comment, "it is the school's number");
    bench_close(&bench);
}

Test(docket, what_took_effect_is_listed_and_judged_again)
{
    Bench bench = bench_open();
    denied(&bench, ONE, "ann");
    denied(&bench, TWO, "rosa");
    g_autoptr(GPtrArray) all = docket_done(bench.docket, NULL, 0, 10, NULL);
    g_autoptr(GPtrArray) mine = docket_done(bench.docket, "ann", 0, 10, NULL);
    cr_assert(all->len == 2 && mine->len == 1);
    g_autoptr(GPtrArray) rest = docket_done(bench.docket, NULL, ((DocketEntry *)all->pdata[0])->id, 10, NULL);
    cr_assert_eq(rest->len, 1);
    cr_assert_str_eq(((DocketEntry *)rest->pdata[0])->record, ONE);
    g_autoptr(GError) error = NULL;
    cr_assert_not(docket_judge_again(bench.docket, ONE, "lee", true, "", NOW, &error));
    assert_code(&error, BASE_ERROR_DATA);
    cr_assert(docket_judge_again(bench.docket, ONE, "lee", true, "a new policy", NOW, NULL));
    g_autoptr(GPtrArray) verdicts = docket_verdicts(bench.docket, ONE, NULL);
    cr_assert_eq(verdicts->len, 1);
    // Its message is not kept: it cannot be released any more.
    cr_assert_not(docket_reopen(bench.docket, bench.quarantine, ONE, "lee", "a new policy", NOW, &error));
    cr_assert_not_null(error);
    g_clear_error(&error);
    cr_assert_not(docket_reopen(bench.docket, bench.quarantine, ONE, "lee", "", NOW, &error));
    assert_code(&error, BASE_ERROR_DATA);
    g_autoptr(HoldItem) item = quarantine_get(bench.quarantine, ONE, NULL);
    cr_assert_eq(((HoldRcpt *)item->rcpts->pdata[0])->state, HOLD_DENIED);
    bench_close(&bench);
}

Test(docket, one_stands_for_its_duplicates)
{
    Bench bench = bench_open();
    static char THREE[] = "01ARZ3NDEKTSV4RRFFQ69G5FAX";
    g_autoptr(GError) error = NULL;
    cr_assert_not(docket_duplicate(bench.docket, ONE, ONE, "ann", NOW, &error));
    assert_code(&error, BASE_ERROR_DATA);
    cr_assert(docket_duplicate(bench.docket, TWO, ONE, "ann", NOW, NULL));
    cr_assert_not(docket_duplicate(bench.docket, THREE, TWO, "ann", NOW, &error));
    assert_code(&error, BASE_ERROR_DATA);
    cr_assert_not(docket_duplicate(bench.docket, ONE, THREE, "ann", NOW, &error));
    assert_code(&error, BASE_ERROR_DATA);
    g_autofree char *of = NULL, *none = NULL;
    cr_assert(docket_original(bench.docket, TWO, &of, NULL) &&
              docket_original(bench.docket, ONE, &none, NULL));
    cr_assert_str_eq(of, ONE);
    cr_assert_null(none);
    g_autoptr(GPtrArray) all = docket_duplicates(bench.docket, ONE, NULL);
    cr_assert_eq(all->len, 1);
    bench_close(&bench);
}

// ---- exceptions asked for ----------------------------------------------------------------------------------

static void ask(Bench *bench, const char *record, const char *who, const char *why, char id[ULID_LEN + 1],
                int want)
{
    g_autoptr(GError) error = NULL;
    json_t *json = json_pack("{s:s, s:s}", "id", "EX-1", "staff", "ben@example.org");
    const ExceptionAsk asked = {
        .exception = json, .record = (char *)record, .who = (char *)who, .why = (char *)why};
    bool ok = docket_ask(bench->docket, &asked, NOW, id, &error);
    json_decref(json);
    cr_assert_eq(ok, want == 0, "%s", error != NULL ? error->message : "asked");
    cr_assert(ok || g_error_matches(error, BASE_ERROR, want), "%s", error != NULL ? error->message : "");
}

static guint asked_count(Bench *bench, bool open, const char *record)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = docket_asked(bench->docket, open, record, NULL, 50, &error);
    cr_assert_not_null(list, "%s", error != NULL ? error->message : "");
    return list->len;
}

static void settle(Bench *bench, const char *id, AskedState state, const char *by, int want)
{
    g_autoptr(GError) error = NULL;
    bool ok = docket_ask_settle(bench->docket, id, state, by, "said so", NOW + 1, &error);
    cr_assert_eq(ok, want == 0, "%s %s", by, error != NULL ? error->message : "settled");
    cr_assert(ok || g_error_matches(error, BASE_ERROR, want), "%s", error != NULL ? error->message : "");
}

Test(docket, exceptions_are_asked_for_by_one_and_decided_by_another)
{
    Bench bench = bench_open();
    char first[ULID_LEN + 1], second[ULID_LEN + 1], third[ULID_LEN + 1];
    ask(&bench, ONE, "kim", "", first, BASE_ERROR_DATA);
    ask(&bench, ONE, "kim", "the trip", first, 0);
    ask(&bench, "", "kim", "the season", second, 0);
    ask(&bench, TWO, "kim", "a slip", third, 0);
    cr_expect_eq(asked_count(&bench, true, NULL), 3);
    cr_expect_eq(asked_count(&bench, false, ONE), 1);
    settle(&bench, first, ASKED_APPROVED, "kim", BASE_ERROR_NOPERM);
    settle(&bench, first, ASKED_REFUSED, "kim", BASE_ERROR_NOPERM);
    settle(&bench, first, ASKED_WITHDRAWN, "lou", BASE_ERROR_NOPERM);
    settle(&bench, ONE, ASKED_APPROVED, "lou", BASE_ERROR_NOINPUT);
    settle(&bench, first, ASKED_APPROVED, "lou", 0);
    settle(&bench, first, ASKED_REFUSED, "ann", BASE_ERROR_DATA);
    settle(&bench, second, ASKED_REFUSED, "lou", 0);
    settle(&bench, third, ASKED_WITHDRAWN, "kim", 0);
    cr_expect_eq(asked_count(&bench, true, NULL), 0);
    cr_expect_eq(asked_count(&bench, false, NULL), 3);
    // Only what was approved and has a message waits.
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) waiting = docket_asked_waiting(bench.docket, &error);
    cr_assert(waiting != NULL && waiting->len == 1);
    const ExceptionAsk *one = waiting->pdata[0];
    cr_expect_str_eq(one->id, first);
    cr_expect_str_eq(one->by, "lou");
    cr_expect_str_eq(json_string_value(json_object_get(one->exception, "id")), "EX-1");
    cr_expect(docket_ask_came(bench.docket, first, "released", false, &error));
    g_autoptr(GPtrArray) none = docket_asked_waiting(bench.docket, &error);
    cr_expect(none != NULL && none->len == 0);
    bench_close(&bench);
}
