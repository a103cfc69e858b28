// Recipients whose decision comes later: listed in order, concluded once, released as the milter would have passed it.
#include "bench.h"

#include <string.h>

#define KID "kid@example.org"
#define TWO "two@example.org"
#define WHO "chaperone-archivist"

static const char RAW[] = "From: ben@example.org\r\nX-Chaperone: forged;\r\n more\r\nx-chaperone : again\r\n"
                          "X-Chaperoned: kept\r\nSubject: s\r\n\r\nX-Chaperone: of the body\r\n";

typedef struct {
    PendingConclusion conclusion;
    Message *message;
} Made;

static Made conclusion_of(Bench *bench, const char *held)
{
    Made made = {.message = message_new()};
    made.conclusion = (PendingConclusion){.held = g_ptr_array_new_with_free_func(g_free),
                                          .summary = json_pack("{s:s}", "subject", "concluded"),
                                          .judgement = bench_judgement(),
                                          .version = "1-abc",
                                          .tell = true,
                                          .envelope = bench->envelope,
                                          .message = made.message};
    if (held != NULL)
        g_ptr_array_add(made.conclusion.held, g_strdup(held));
    return made;
}

static void made_clear(Made *made)
{
    g_ptr_array_unref(made->conclusion.held);
    json_decref(made->conclusion.summary);
    json_decref(made->conclusion.judgement);
    message_free(made->message);
}

static int64_t count(Bench *bench, const char *sql)
{
    g_autoptr(StoreStmt) get = store_prepare(bench->quarantine->db, sql, NULL);
    cr_assert_not_null(get);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    return store_int(get, 0);
}

static bool count_concluded(const ArchiveRecord *record, void *data)
{
    const json_t *detail = json_object_get(record->meta, "detail");
    if (g_strcmp0(json_string_value(json_object_get(record->meta, "event")), "concluded") == 0) {
        ++*(int *)data;
        cr_expect_str_eq(json_string_value(json_object_get(detail, "policy")), "1-abc");
        cr_expect_not_null(json_object_get(json_object_get(detail, "judgement"), "recipients"));
    }
    return true;
}

Test(pending, is_listed_and_counted)
{
    Bench *bench = bench_new_pending(RAW);
    guint64 number = 0;
    int64_t oldest_us = 0;
    g_autoptr(GPtrArray) items = quarantine_pending(bench->quarantine, 10, NULL);
    cr_assert_eq(items->len, 1);
    cr_expect_str_eq(((PendingItem *)items->pdata[0])->record, bench->ref->id);
    cr_assert(quarantine_pending_count(bench->quarantine, &number, &oldest_us, NULL));
    cr_expect_eq(number, 1);
    cr_expect_eq(oldest_us, NOW);
    cr_assert(quarantine_deny(bench->quarantine, bench->ref->id, "ann", "x", NOW, NULL), "by hand");
    cr_assert(quarantine_pending_count(bench->quarantine, &number, &oldest_us, NULL));
    cr_expect_eq(number, 0);
    cr_expect_eq(oldest_us, 0);
    bench_free(bench);
}

Test(pending, what_is_held_is_told_once_and_is_an_event)
{
    Bench *bench = bench_new_pending(RAW);
    Made made = conclusion_of(bench, KID);
    g_autoptr(GError) error = NULL;
    cr_assert(quarantine_conclude(bench->quarantine, bench->ref->id, &made.conclusion, WHO, NOW, &error),
              "%s", error != NULL ? error->message : "");
    cr_expect_eq(state_of(bench, 0), HOLD_HELD);
    cr_expect_eq(state_of(bench, 1), HOLD_PENDING, "delivered is not released yet");
    cr_expect_eq(count(bench, "SELECT count(*) FROM notice"), 1);
    // Cut off here and judged again: the held one is no longer pending, and nobody is told again.
    cr_assert(quarantine_conclude(bench->quarantine, bench->ref->id, &made.conclusion, WHO, NOW, &error));
    cr_expect_eq(count(bench, "SELECT count(*) FROM notice"), 1);
    g_autoptr(HoldItem) item = quarantine_get(bench->quarantine, bench->ref->id, NULL);
    cr_expect_str_eq(json_string_value(json_object_get(item->summary, "subject")), "concluded");
    int events = 0;
    ArchiveQuery query = {.events = true};
    cr_assert(archive_each(bench->config, &query, count_concluded, NULL, &events, NULL));
    cr_expect_eq(events, 2);
    made_clear(&made);
    bench_free(bench);
}

Test(pending, coaching_is_told_once_however_often_it_is_concluded)
{
    Bench *bench = bench_new_pending(RAW);
    Made made = conclusion_of(bench, NULL);
    for (int i = 0; i < 3; i++)
        cr_assert(quarantine_conclude(bench->quarantine, bench->ref->id, &made.conclusion, WHO, NOW, NULL));
    cr_expect_eq(count(bench, "SELECT count(*) FROM notice WHERE kind = 1"), 1);
    made_clear(&made);
    bench_free(bench);
}

Test(pending, who_decides_by_hand_comes_first)
{
    Bench *bench = bench_new_pending(RAW);
    Made made = conclusion_of(bench, KID);
    g_autoptr(GError) error = NULL;
    cr_assert(quarantine_claim(bench->quarantine, bench->ref->id, "ann", NOW, NULL));
    cr_expect_not(quarantine_conclude(bench->quarantine, bench->ref->id, &made.conclusion, WHO, NOW, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_TEMPFAIL, "%s", error->message);
    g_clear_error(&error);
    cr_expect_not(
        quarantine_release_pending(bench->quarantine, bench->ref->id, NULL, NULL, WHO, "w", NOW, &error));
    g_clear_error(&error);
    cr_assert(quarantine_deny(bench->quarantine, bench->ref->id, "ann", "x", NOW, NULL));
    cr_expect_not(
        quarantine_conclude(bench->quarantine, bench->ref->id, &made.conclusion, "ann", NOW, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA, "%s", error->message);
    g_clear_error(&error);
    cr_expect_not(
        quarantine_release_pending(bench->quarantine, bench->ref->id, NULL, NULL, "ann", "w", NOW, &error));
    cr_expect_eq(state_of(bench, 0), HOLD_DENIED);
    cr_expect_eq(count(bench, "SELECT count(*) FROM notice WHERE kind = 0"), 0);
    made_clear(&made);
    bench_free(bench);
}

Test(pending, goes_out_as_the_milter_would_have_passed_it)
{
    Bench *bench = bench_new_pending(RAW);
    Sink *sink = sink_new(bench->config);
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_ptr_array_add(only, (gpointer)TWO);
    g_autoptr(GError) error = NULL;
    cr_assert(
        quarantine_release_pending(bench->quarantine, bench->ref->id, only, "ID; tag", WHO, "w", NOW, &error),
        "%s", error != NULL ? error->message : "");
    cr_expect_eq(state_of(bench, 0), HOLD_PENDING);
    cr_expect_eq(state_of(bench, 1), HOLD_RELEASED);
    cr_expect_not(
        quarantine_release_pending(bench->quarantine, bench->ref->id, only, "ID", WHO, "w", NOW, &error),
        "once");
    cr_assert_eq(sink->mails->len, 1);
    const char *mail = sink->mails->pdata[0];
    cr_expect_not_null(strstr(mail, "Resent-Message-ID: <"), "%s", mail);
    cr_expect_not_null(strstr(mail, "\r\nX-Chaperone: ID; tag\r\n"), "%s", mail);
    cr_expect(g_str_has_suffix(mail, "From: ben@example.org\r\nX-Chaperoned: kept\r\nSubject: s\r\n\r\n"
                                     "X-Chaperone: of the body\r\n"),
              "%s", mail);
    sink_free(sink);
    bench_free(bench);
}

Test(pending, what_the_listener_refuses_is_pending_again)
{
    Bench *bench = bench_new_pending(RAW);
    g_autoptr(GError) error = NULL;
    cr_expect_not(
        quarantine_release_pending(bench->quarantine, bench->ref->id, NULL, "ID", WHO, "w", NOW, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_TEMPFAIL, "%s", error->message);
    g_clear_error(&error);
    cr_expect_eq(state_of(bench, 0), HOLD_PENDING, "nobody listens");
    Sink *sink = sink_new(bench->config);
    sink->refuse = true;
    cr_expect_not(quarantine_release(bench->quarantine, bench->ref->id, NULL, "ann", "w", NOW, &error));
    cr_expect_eq(state_of(bench, 0), HOLD_PENDING, "refused; by hand too");
    sink->refuse = false;
    cr_expect(quarantine_release(bench->quarantine, bench->ref->id, NULL, "ann", "w", NOW, NULL));
    cr_expect_eq(state_of(bench, 0), HOLD_RELEASED);
    cr_expect_eq(sink->mails->len, 1);
    sink_free(sink);
    bench_free(bench);
}
