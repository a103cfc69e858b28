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
