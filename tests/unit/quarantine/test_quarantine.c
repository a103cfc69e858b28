#include "bench.h"

#include <string.h>

Test(quarantine, held_items_are_listed_with_their_recipients)
{
    Bench *bench = bench_new();
    g_autoptr(GPtrArray) open = quarantine_list(bench->quarantine, -1, NULL);
    cr_assert_eq(open->len, 1);
    const HoldItem *item = open->pdata[0];
    cr_expect_str_eq(item->record, bench->ref->id);
    cr_expect_str_eq(item->segment, bench->ref->segment);
    cr_expect_eq(item->rcpts->len, 2);
    g_autoptr(GPtrArray) released = quarantine_list(bench->quarantine, HOLD_RELEASED, NULL);
    cr_expect_eq(released->len, 0);
    bench_free(bench);
}

Test(quarantine, claims_keep_others_away_for_a_while)
{
    Bench *bench = bench_new();
    g_autoptr(GError) error = NULL;
    cr_expect(quarantine_claim(bench->quarantine, bench->ref->id, "ann", NOW, NULL));
    cr_expect(quarantine_claim(bench->quarantine, bench->ref->id, "ann", NOW + 1, NULL), "again by the same");
    cr_expect_not(quarantine_claim(bench->quarantine, bench->ref->id, "bob", NOW + 2, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_TEMPFAIL);
    g_clear_error(&error);
    cr_expect_not(quarantine_deny(bench->quarantine, bench->ref->id, "bob", "x", NOW + 2, &error));
    g_clear_error(&error);
    int64_t later = NOW + (bench->config->quarantine.claim_minutes + 1) * 60 * (int64_t)G_USEC_PER_SEC;
    cr_expect(quarantine_claim(bench->quarantine, bench->ref->id, "bob", later, NULL), "a claim runs out");
    bench_free(bench);
}

Test(quarantine, nobody_decides_without_a_name_and_nothing_twice)
{
    Bench *bench = bench_new();
    g_autoptr(GError) error = NULL;
    cr_expect_not(quarantine_deny(bench->quarantine, bench->ref->id, "", "x", NOW, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_USAGE);
    g_clear_error(&error);
    cr_expect(quarantine_deny(bench->quarantine, bench->ref->id, "ann", "x", NOW, NULL));
    cr_expect_eq(state_of(bench, 0), HOLD_DENIED);
    cr_expect_not(quarantine_deny(bench->quarantine, bench->ref->id, "bob", "x", NOW, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
    g_clear_error(&error);
    cr_expect_not(quarantine_release(bench->quarantine, bench->ref->id, NULL, "bob", "x", NOW, &error));
    cr_expect_not_null(strstr(error->message, "already denied by ann"), "%s", error->message);
    bench_free(bench);
}

Test(quarantine, a_release_nobody_takes_leaves_everything_held)
{
    Bench *bench = bench_new();
    g_autoptr(GError) error = NULL;
    cr_expect_not(quarantine_release(bench->quarantine, bench->ref->id, NULL, "ann", "x", NOW, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_TEMPFAIL, "%s", error->message);
    cr_expect_eq(state_of(bench, 0), HOLD_HELD);
    cr_expect_eq(state_of(bench, 1), HOLD_HELD);
    cr_expect_eq(quarantine_recover(bench->quarantine, NOW, NULL), 0, "nothing is left half done");
    bench_free(bench);
}

Test(quarantine, unknown_items_are_errors)
{
    Bench *bench = bench_new();
    g_autoptr(GError) error = NULL;
    cr_expect_null(quarantine_get(bench->quarantine, "01ARZ3NDEKTSV4RRFFQ69G5FAV", &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_NOINPUT);
    bench_free(bench);
}

static bool find_event(const ArchiveRecord *record, void *data)
{
    const char *event = json_string_value(json_object_get(record->meta, "event"));
    if (g_strcmp0(event, "quarantine-note") == 0)
        ++*(int *)data;
    return true;
}

Test(quarantine, every_step_becomes_an_event_once)
{
    Bench *bench = bench_new();
    cr_expect(quarantine_note(bench->quarantine, bench->ref->id, "ann", "asked the coach", NOW, NULL));
    g_autoptr(GError) error = NULL;
    cr_expect_geq(quarantine_recover(bench->quarantine, NOW, &error), 0, "%s",
                  error != NULL ? error->message : "");
    int found = 0;
    ArchiveQuery query = {.events = true};
    cr_expect(archive_each(bench->config, &query, find_event, NULL, &found, NULL));
    cr_expect_eq(found, 1);
    bench_free(bench);
}

// ---- notices ---------------------------------------------------------------------------------------------

static const char *refusal_of(Bench *bench, const char *from, const char *header, const char *value)
{
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(from);
    g_autoptr(Message) message = message_new();
    if (header != NULL)
        message_add_header(message, header, value);
    json_t *decision = bench_judgement();
    const char *why = notice_refusal(bench->config, envelope, message, decision);
    json_decref(decision);
    return why;
}

Test(notice, goes_to_a_school_sender_and_to_nobody_else)
{
    Bench *bench = bench_new();
    cr_expect_null(refusal_of(bench, "ben@example.org", NULL, NULL));
    cr_expect_null(refusal_of(bench, "Ben@Example.org", "Auto-Submitted", "no"));
    static const char *const ROWS[][3] = {
        {"", NULL, NULL},
        {"filter@example.org", NULL, NULL},
        {"stranger@example.net", NULL, NULL},
        {"MAILER-DAEMON@example.org", NULL, NULL},
        {"club-bounces@example.org", NULL, NULL},
        {"ben@example.org", "Auto-Submitted", "auto-replied"},
        {"ben@example.org", "Precedence", "bulk"},
        {"ben@example.org", "List-Id", "<l.example.org>"},
        {"ben@example.org", "X-Chaperone-Notice", "held"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++)
        cr_expect_not_null(refusal_of(bench, ROWS[i][0], ROWS[i][1], ROWS[i][2]), "row %zu", i);
    bench_free(bench);
}

Test(notice, explains_and_cannot_be_made_to_inject_headers)
{
    Bench *bench = bench_new();
    json_t *decision = bench_judgement();
    g_autoptr(NoticeBook) book = notice_book_load(bench->config, NULL, NULL);
    const NoticeAbout about = {.kind = NOTICE_HELD,
                               .record = bench->ref->id,
                               .envelope = bench->envelope,
                               .to = bench->envelope->mail_from,
                               .subject = "x\r\nBcc: all@example.org",
                               .message_id = "<evil>\r\nX-Evil: 1",
                               .decision = decision,
                               .suppressed = 3,
                               .now_us = NOW};
    g_autofree char *text = notice_compose(bench->config, book, &about);
    json_decref(decision);
    static const char *const PARTS[] = {
        "Auto-Submitted: auto-replied\r\n", "To: ben@example.org\r\n", "S1-private-contact", "NS-Cell 1a",
        "phone number +1********42",        "use the school line",     "3 more notices"};
    for (gsize i = 0; i < G_N_ELEMENTS(PARTS); i++)
        cr_expect_not_null(strstr(text, PARTS[i]), "%s\nlacks %s", text, PARTS[i]);
    cr_expect_null(strstr(text, "\r\nBcc:"));
    cr_expect_null(strstr(text, "X-Evil"));
    cr_expect_not_null(strstr(text, bench->ref->id));
    bench_free(bench);
}

Test(quarantine, what_a_reviewer_denied_is_opened_again_and_what_the_sender_took_back_is_not)
{
    Bench *bench = bench_new();
    g_autoptr(GError) error = NULL;
    const char *id = bench->ref->id;
    cr_expect_not(quarantine_reopen(bench->quarantine, id, "ann", "y", NOW, &error), "it is open");
    cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
    g_clear_error(&error);
    cr_expect(quarantine_deny(bench->quarantine, id, "ann", "x", NOW, NULL));
    cr_expect_not(quarantine_reopen(bench->quarantine, id, "ann", "", NOW, NULL));
    cr_expect_not(quarantine_reopen(bench->quarantine, id, "", "y", NOW, NULL));
    cr_expect_eq(state_of(bench, 0), HOLD_DENIED);
    cr_expect(quarantine_reopen(bench->quarantine, id, "bob", "y", NOW, &error), "%s",
              error != NULL ? error->message : "");
    cr_expect_eq(state_of(bench, 0), HOLD_HELD);
    cr_expect_eq(state_of(bench, 1), HOLD_HELD);
    g_autoptr(HoldItem) item = quarantine_get(bench->quarantine, id, NULL);
    cr_expect_null(((HoldRcpt *)item->rcpts->pdata[0])->decided_by);
    cr_expect(quarantine_sender_withdraw(bench->quarantine, id, "ben@example.org", NULL, NOW, NULL));
    cr_expect_not(quarantine_reopen(bench->quarantine, id, "bob", "y", NOW, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
    cr_expect_eq(state_of(bench, 0), HOLD_DENIED);
    bench_free(bench);
}
