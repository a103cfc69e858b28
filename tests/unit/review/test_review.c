// Items: opened once, by whatever record says so; what people do with them; what the archive is told.
#include "ground.h"

#include <string.h>
#include <sys/stat.h>

static json_t *reason(const char *rule, bool alert, const char *escalate)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:i}", "rule", rule, "clause", "T 1", "gist", "a gist", "severity", 3);
    if (alert)
        json_object_set_new(json, "alert", json_true());
    if (escalate != NULL)
        json_object_set_new(json, "escalate", json_string(escalate));
    return json;
}

static ArchiveRecord *alerting(Ground *ground, bool alert, const char *escalate, int64_t time_us)
{
    json_t *reasons = json_array();
    json_array_append_new(reasons, reason("quiet", false, NULL));
    json_array_append_new(reasons, reason("loud", alert, escalate));
    json_array_append_new(reasons, reason("loud-too", alert, NULL));
    return ground_record(ground, "ben", "mia", 0, time_us, reasons);
}

static char *only_id(Ground *ground, int kind)
{
    g_autoptr(GPtrArray) items = review_list(ground->review, kind, REVIEW_ANY, NULL);
    cr_assert_eq(items->len, 1);
    return g_strdup(((const ReviewItem *)items->pdata[0])->id);
}

static bool has_event(Ground *ground, const char *name)
{
    g_autoptr(GPtrArray) events = ground_events(ground);
    return g_ptr_array_find_with_equal_func(events, name, g_str_equal, NULL);
}

Test(review, a_record_opens_one_alert_however_often_it_is_read)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autoptr(GPtrArray) records = ground_records();
    for (int i = 0; i < 2; i++) {
        ground->count = 0;
        g_ptr_array_add(records, alerting(ground, true, NULL, NOW));
        ground_feed(ground, records, NOW);
    }
    g_autofree char *id = only_id(ground, REVIEW_ALERT);
    g_autoptr(ReviewItem) item = review_get(ground->review, id, NULL);
    cr_assert_str_eq(json_string_value(json_object_get(item->summary, "rule")), "loud");
    cr_assert_eq(item->due_us, NOW + 72 * (int64_t)3600 * G_USEC_PER_SEC);
    cr_assert_eq(item->links->len, 1);
    cr_assert(has_event(ground, "review-opened"));
    cr_assert_not(has_event(ground, "legal-hold"));
}

Test(review, an_escalation_has_its_own_clock_contacts_and_legal_hold)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autoptr(GPtrArray) records = ground_records();
    g_ptr_array_add(records, alerting(ground, false, "mandated-report", NOW));
    ground_feed(ground, records, NOW);
    g_autofree char *id = only_id(ground, REVIEW_ESCALATION);
    g_autoptr(ReviewItem) item = review_get(ground->review, id, NULL);
    cr_assert_eq(item->due_us, NOW + 5 * (int64_t)3600 * G_USEC_PER_SEC);
    cr_assert(item->legal_hold && has_event(ground, "legal-hold"));
    g_autoptr(StoreStmt) get =
        store_prepare(ground->review->db, "SELECT count(*), max(body) FROM mail WHERE state = 0", NULL);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    cr_assert_eq(store_int(get, 0), 2);
    cr_assert_not_null(strstr(store_text(get, 1), id));
    cr_assert_null(strstr(store_text(get, 1), "a subject"));
    store_finalize(&get);
    g_autoptr(GError) error = NULL;
    cr_assert_not(review_finish(ground->review, id, "ann", "done", NULL, NOW, &error));
    cr_assert_eq(error->code, BASE_ERROR_USAGE);
    cr_assert(review_finish(ground->review, id, "ann", "done", "the hotline, 17", NOW, NULL));
    g_autoptr(ReviewItem) closed = review_get(ground->review, id, NULL);
    cr_assert_str_eq(closed->told, "the hotline, 17");
}

Test(review, an_escalation_reminds_once_a_day_and_not_for_ever)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autoptr(GPtrArray) records = ground_records();
    g_ptr_array_add(records, alerting(ground, false, "mandated-report", NOW));
    ground_feed(ground, records, NOW);
    // Nobody listens: mails stay in the queue, and reminders come all the same.
    for (int hour = 0; hour < 24 * 20; hour++)
        (void)review_send(ground->review, NOW + hour * (int64_t)3600 * G_USEC_PER_SEC, NULL);
    g_autofree char *id = only_id(ground, REVIEW_ESCALATION);
    g_autoptr(ReviewItem) item = review_get(ground->review, id, NULL);
    guint overdue = 0;
    for (guint i = 0; i < item->steps->len; i++)
        overdue += strcmp(((const ReviewStep *)item->steps->pdata[i])->step, "overdue") == 0;
    cr_assert_eq(overdue, 7);
}

Test(review, an_escalation_the_policy_does_not_know_is_opened_with_care)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autoptr(GPtrArray) records = ground_records();
    g_ptr_array_add(records, alerting(ground, false, "gone", NOW));
    ground_feed(ground, records, NOW);
    g_autofree char *id = only_id(ground, REVIEW_ESCALATION);
    g_autoptr(ReviewItem) item = review_get(ground->review, id, NULL);
    cr_assert(item->legal_hold);
    cr_assert_eq(item->due_us, NOW + DAY);
}

Test(review, a_new_database_opens_nothing_about_what_is_long_past)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autoptr(GPtrArray) records = ground_records();
    g_ptr_array_add(records, alerting(ground, true, "mandated-report", NOW - 2 * DAY));
    ground_feed(ground, records, NOW);
    cr_assert_eq(ground_count(ground, REVIEW_ANY, REVIEW_ANY), 0);
    // But the archivist may stop for days.
    g_ptr_array_add(records, alerting(ground, true, NULL, NOW));
    ground_feed(ground, records, NOW + 5 * DAY);
    cr_assert_eq(ground_count(ground, REVIEW_ANY, REVIEW_ANY), 1);
}

Test(review, mail_to_the_address_of_concerns_is_a_report)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autoptr(GPtrArray) records = ground_records();
    g_free(ground->config->review.concern_address);
    ground->config->review.concern_address = g_strdup("Kid@students.example.org");
    g_ptr_array_add(records, ground_record(ground, "ben", "mia", 0, NOW, NULL));
    ArchiveRecord *bounce = ground_record(ground, "ben", "mia", 0, NOW, NULL);
    json_object_set_new(json_object_get(bounce->meta, "envelope"), "mail_from", json_string(""));
    g_ptr_array_add(records, bounce);
    ground_feed(ground, records, NOW);
    g_autofree char *id = only_id(ground, REVIEW_CONCERN);
    g_autoptr(GPtrArray) searches = review_searches(ground->review, NULL);
    cr_assert_eq(searches->len, 1);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)review_found_free);
    ReviewFound *one = g_new0(ReviewFound, 1);
    *one = (ReviewFound){g_strdup("01KZ0000000000000000000099"), g_strdup("it is attached"),
                         json_pack("{s:{s:[{s:s, s:s, s:s}]}}", "judgement", "parties", "address",
                                   "x@example.org", "role", "staff", "as", "sender")};
    g_ptr_array_add(found, one);
    cr_assert(review_searched(ground->review, id, found, NOW, NULL));
    g_autoptr(ReviewItem) item = review_get(ground->review, id, NULL);
    cr_assert_eq(item->links->len, 2);
    cr_assert_eq(item->parties->len, 2);
    cr_assert_not(item->searching);
}

Test(review, one_person_at_a_time)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autoptr(GPtrArray) records = ground_records();
    g_ptr_array_add(records, alerting(ground, true, NULL, NOW));
    ground_feed(ground, records, NOW);
    g_autofree char *id = only_id(ground, REVIEW_ALERT);
    g_autoptr(GError) error = NULL;
    cr_assert(review_claim(ground->review, id, "ann", false, NULL, NOW, NULL));
    cr_assert(review_claim(ground->review, id, "ann", false, NULL, NOW, NULL));
    cr_assert_not(review_claim(ground->review, id, "rosa", false, NULL, NOW, &error));
    cr_assert_eq(error->code, BASE_ERROR_TEMPFAIL);
    g_clear_error(&error);
    cr_assert_not(review_claim(ground->review, id, "", false, NULL, NOW, &error));
    cr_assert_eq(error->code, BASE_ERROR_USAGE);
    g_clear_error(&error);
    cr_assert_not(review_finish(ground->review, id, "rosa", "x", NULL, NOW, NULL));
    cr_assert(review_claim(ground->review, id, "rosa", true, "ann is away", NOW, NULL));
    cr_assert(review_finish(ground->review, id, "rosa", "x", NULL, NOW, NULL));
    cr_assert_not(review_claim(ground->review, id, "rosa", false, NULL, NOW, &error));
    cr_assert_eq(error->code, BASE_ERROR_DATA);
    cr_assert(has_event(ground, "review-closed"));
    cr_assert_eq(ground_count(ground, REVIEW_ANY, REVIEW_NOT_DONE), 0);
}

Test(review, ids_may_be_cut_short)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autoptr(GPtrArray) records = ground_records();
    g_ptr_array_add(records, alerting(ground, true, "mandated-report", NOW));
    ground_feed(ground, records, NOW);
    g_autoptr(GPtrArray) items = review_list(ground->review, REVIEW_ANY, REVIEW_ANY, NULL);
    cr_assert_eq(items->len, 2);
    g_autofree char *lower = g_ascii_strdown(((const ReviewItem *)items->pdata[0])->id, -1);
    g_autoptr(ReviewItem) item = review_get(ground->review, lower, NULL);
    cr_assert_not_null(item);
    lower[4] = '\0';
    g_autoptr(GError) error = NULL;
    cr_assert_null(review_get(ground->review, lower, &error));
    cr_assert_not_null(strstr(error->message, "more than one"));
    g_clear_error(&error);
    cr_assert_null(review_get(ground->review, "", &error));
}

// The archive cannot take it now: the step is done, and the event goes out with the next.
Test(review, events_wait_for_the_archive)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    g_autofree char *real = g_strdup(ground->config->archive.dir);
    g_autofree char *block = g_build_filename(ground->dir, "file", NULL);
    cr_assert(g_file_set_contents(block, "x", 1, NULL));
    g_free(ground->config->archive.dir);
    ground->config->archive.dir = g_build_filename(block, "archive", NULL);
    g_autoptr(GPtrArray) records = ground_records();
    g_ptr_array_add(records, alerting(ground, true, NULL, NOW));
    ground_feed(ground, records, NOW);
    g_autofree char *id = only_id(ground, REVIEW_ALERT);
    g_free(ground->config->archive.dir);
    ground->config->archive.dir = g_strdup(real);
    cr_assert(review_note(ground->review, id, "ann", "seen", NOW, NULL));
    cr_assert(has_event(ground, "review-opened") && has_event(ground, "review-noted"));
}

static void own_item(Ground *ground, int number, int64_t due_us, char out_id[ULID_LEN + 1])
{
    g_autofree char *key = g_strdup_printf("alert:%d", number);
    const ReviewNew from = {.kind = REVIEW_ALERT,
                            .key = key,
                            .title = "t",
                            .record = "01KZ0000000000000000000099",
                            .why = "the alert",
                            .due_us = due_us};
    cr_assert(review_add(ground->review, &from, NOW + number * (int64_t)1000, out_id, NULL));
}

Test(review, lists_page_by_key_what_is_due_first)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    char ids[5][ULID_LEN + 1];
    for (int i = 0; i < 5; i++)
        own_item(ground, i, NOW + (4 - i / 2) * (int64_t)1000, ids[i]); // two of the same time
    static const int ORDER[] = {4, 2, 3, 0, 1};
    ReviewFilter filter = {.kind = REVIEW_ANY, .most = 2};
    g_autofree char *key = NULL;
    for (int at = 0; at < 5; at += 2) {
        filter.after = key;
        g_autoptr(GPtrArray) page = review_page(ground->review, &filter, NULL);
        cr_assert_eq(page->len, MIN(2, 5 - at));
        for (guint i = 0; i < page->len; i++)
            cr_assert_str_eq(((ReviewItem *)page->pdata[i])->id, ids[ORDER[at + (int)i]]);
        g_free(key);
        key = review_item_key(page->pdata[page->len - 1]);
    }
    g_autoptr(GError) error = NULL;
    filter.after = "x";
    cr_assert_null(review_page(ground->review, &filter, &error));
    cr_assert_eq(error->code, BASE_ERROR_USAGE);
    cr_assert(review_assign(ground->review, ids[3], "rosa", "ann", "", NOW, NULL));
    cr_assert(review_finish(ground->review, ids[0], "ann", "x", NULL, NOW, NULL));
    filter = (ReviewFilter){.kind = REVIEW_ANY, .claimed = "rosa", .most = 9};
    g_autoptr(GPtrArray) claimed = review_page(ground->review, &filter, NULL);
    cr_assert_eq(claimed->len, 1);
    filter = (ReviewFilter){.kind = REVIEW_ANY, .closed = true, .most = 9};
    g_autoptr(GPtrArray) closed = review_page(ground->review, &filter, NULL);
    cr_assert_eq(closed->len, 1);
    cr_assert_str_eq(((ReviewItem *)closed->pdata[0])->id, ids[0]);
}

Test(review, assigned_contacted_and_kept)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    char id[ULID_LEN + 1];
    own_item(ground, 1, NOW, id);
    g_autoptr(GError) error = NULL;
    cr_assert(review_assign(ground->review, id, "rosa", "ann", "", NOW, NULL));
    cr_assert_not(review_assign(ground->review, id, "ann", "ann", "", NOW, &error));
    cr_assert_eq(error->code, BASE_ERROR_TEMPFAIL);
    g_clear_error(&error);
    cr_assert_not(review_contact(ground->review, id, "ann", "x", NOW, NULL));
    cr_assert(review_contact(ground->review, id, "rosa", "called, nobody there", NOW, NULL));
    g_autoptr(GPtrArray) before = review_kept(ground->review, NULL);
    cr_assert_eq(before->len, 0);
    cr_assert_not(review_keep(ground->review, id, "rosa", "", NOW, NULL));
    cr_assert(review_keep(ground->review, id, "rosa", "a complaint", NOW, NULL));
    cr_assert_not(review_keep(ground->review, id, "rosa", "a complaint", NOW, &error));
    cr_assert_eq(error->code, BASE_ERROR_DATA);
    g_autoptr(GPtrArray) kept = review_kept(ground->review, NULL);
    cr_assert_eq(kept->len, 1);
    cr_assert(has_event(ground, "legal-hold") && has_event(ground, "review-contact") &&
              has_event(ground, "review-assigned"));
}
