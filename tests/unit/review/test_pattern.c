// Counts and scores of pairs over time.
#include "ground.h"

#define SECTION                                                                                              \
    "window-days = 10; weights: { one-to-one = 1.0; late = 2.0; image-only = 3.0; near-miss = 4.0; }; "      \
    "alert = 20.0;"

enum {
    ONE = 1 << SIGN_ONE_TO_ONE,
    LATE = 1 << SIGN_LATE,
    IMAGE = 1 << SIGN_IMAGE_ONLY,
    NEAR = 1 << SIGN_NEAR_MISS
};

static ReviewItem *the_item(Ground *ground)
{
    g_autoptr(GPtrArray) items = review_list(ground->review, REVIEW_PATTERN, REVIEW_NOT_DONE, NULL);
    cr_assert_eq(items->len, 1);
    return review_get(ground->review, ((const ReviewItem *)items->pdata[0])->id, NULL);
}

static double score_of(const ReviewItem *item)
{
    return json_real_value(json_object_get(item->summary, "score"));
}

Test(pattern, weights_add_up_to_the_alert)
{
    g_autoptr(Ground) ground = ground_new(SECTION);
    ground_messages(ground, "ben", "mia", ONE, 5, NOW);
    ground_messages(ground, "ben", "mia", ONE | LATE, 3, NOW);  // 5 + 3 + 6
    ground_messages(ground, "ben", "mia", ONE | IMAGE, 1, NOW); // + 4 = 18
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_ANY), 0);
    ground_messages(ground, "ben", "mia", NEAR, 1, NOW); // 22
    g_autoptr(ReviewItem) item = the_item(ground);
    cr_assert_float_eq(score_of(item), 22.0, 1e-9);
    cr_assert_eq(item->parties->len, 2);
    cr_assert_eq(item->links->len, 1);
    g_autoptr(GPtrArray) events = ground_events(ground);
    cr_assert(g_ptr_array_find_with_equal_func(events, "review-item", g_str_equal, NULL));
}

Test(pattern, one_item_tells_the_newest_figures)
{
    g_autoptr(Ground) ground = ground_new(SECTION);
    ground_messages(ground, "ben", "mia", ONE, 20, NOW);
    ground_messages(ground, "ben", "mia", ONE, 5, NOW + DAY);
    g_autoptr(ReviewItem) item = the_item(ground);
    cr_assert_float_eq(score_of(item), 25.0, 1e-9);
    cr_assert_eq(item->steps->len, 1);
    cr_assert_eq(item->links->len, 2);
}

Test(pattern, what_is_older_than_the_window_counts_no_more_and_is_gone)
{
    g_autoptr(Ground) ground = ground_new(SECTION);
    ground_messages(ground, "ben", "mia", ONE, 19, NOW);
    ground_messages(ground, "ben", "mia", ONE, 1, NOW + 10 * DAY);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_ANY), 0);
    ground_messages(ground, "ben", "mia", ONE, 19, NOW + 19 * DAY);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_ANY), 1);
    g_autoptr(StoreStmt) get = store_prepare(ground->review->db, "SELECT count(*) FROM pair", NULL);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    cr_assert_eq(store_int(get, 0), 2);
}

Test(pattern, what_is_usual_for_somebody_is_taken_off)
{
    static const char *const OTHERS[] = {"s1", "s2", "s3", "s4", "s5"};
    g_autoptr(Ground) ground = ground_new(SECTION " baseline = true;");
    // A counsellor writes so to everybody.
    for (gsize i = 0; i < G_N_ELEMENTS(OTHERS); i++)
        ground_messages(ground, "kit", OTHERS[i], ONE, 19, NOW);
    ground_messages(ground, "kit", "mia", ONE, 30, NOW);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_ANY), 0);
    ground_messages(ground, "kit", "mia", ONE, 9, NOW); // 39 - 19
    g_autoptr(ReviewItem) item = the_item(ground);
    cr_assert_float_eq(score_of(item), 20.0, 1e-9);
    g_autoptr(GPtrArray) pairs = review_pairs(ground->review, policy_patterns(ground->policy), NULL,
                                              clock_local_date(NOW, NULL), 2, NULL);
    cr_assert_eq(pairs->len, 2);
    const ReviewPair *first = pairs->pdata[0];
    cr_assert_str_eq(first->student, "mia");
    cr_assert_float_eq(first->score, 20.0, 1e-9);
}

Test(pattern, few_others_tell_nothing_about_what_is_usual)
{
    g_autoptr(Ground) ground = ground_new(SECTION " baseline = true;");
    ground_messages(ground, "ben", "s1", ONE, 19, NOW);
    ground_messages(ground, "ben", "s2", ONE, 19, NOW);
    ground_messages(ground, "ben", "mia", ONE, 20, NOW);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_ANY), 1);
}

Test(pattern, without_baseline_much_is_much)
{
    static const char *const OTHERS[] = {"s1", "s2", "s3", "s4", "s5"};
    g_autoptr(Ground) ground = ground_new(SECTION " baseline = false;");
    for (gsize i = 0; i < G_N_ELEMENTS(OTHERS); i++)
        ground_messages(ground, "kit", OTHERS[i], ONE, 20, NOW);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_ANY), 5);
}

Test(pattern, what_was_looked_at_counts_no_more)
{
    g_autoptr(Ground) ground = ground_new(SECTION);
    ground_messages(ground, "ben", "mia", ONE, 20, NOW);
    g_autoptr(ReviewItem) item = the_item(ground);
    cr_assert(review_finish(ground->review, item->id, "ann", "her coach", NULL, NOW, NULL));
    ground_messages(ground, "ben", "mia", ONE, 19, NOW + DAY);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_NOT_DONE), 0);
    ground_messages(ground, "ben", "mia", ONE, 1, NOW + DAY);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_NOT_DONE), 1);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_ANY), 2);
}

Test(pattern, the_oldest_days_go_when_there_are_too_many)
{
    g_autoptr(Ground) ground = ground_new(SECTION);
    ground->config->review.pattern_rows = 3;
    for (int i = 0; i < 8; i++) {
        g_autofree char *student = g_strdup_printf("s%d", i);
        ground_messages(ground, "ben", student, ONE, 1, NOW + i * DAY);
    }
    g_autoptr(StoreStmt) get = store_prepare(ground->review->db, "SELECT count(*), min(day) FROM pair", NULL);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    cr_assert_eq(store_int(get, 0), 3);
}

Test(pattern, nothing_is_counted_without_the_section)
{
    g_autoptr(Ground) ground = ground_new(NULL);
    ground_messages(ground, "ben", "mia", ONE | LATE | IMAGE | NEAR, 100, NOW);
    cr_assert_eq(ground_count(ground, REVIEW_ANY, REVIEW_ANY), 0);
    g_autoptr(StoreStmt) get = store_prepare(ground->review->db, "SELECT count(*) FROM pair", NULL);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    cr_assert_eq(store_int(get, 0), 0);
}

// A rule alerts only where the pair's score is high.
Test(pattern, rules_ask_for_the_score)
{
    g_autoptr(Ground) ground = ground_new(SECTION);
    g_autoptr(GPtrArray) records = ground_records();
    for (int i = 0; i < 4; i++) {
        json_t *reasons = json_pack("[{s:s, s:s, s:b, s:f}]", "rule", "warm-words", "gist", "warm words",
                                    "alert", 1, "alert_score", 3.0);
        g_ptr_array_add(records, ground_record(ground, "ben", "mia", i == 3 ? 0 : ONE, NOW, reasons));
        ground_feed(ground, records, NOW);
        cr_expect_eq(ground_count(ground, REVIEW_ALERT, REVIEW_ANY), i < 2 ? 0 : (guint)i - 1, "message %d",
                     i);
    }
    json_t *reasons = json_pack("[{s:s, s:b, s:f}]", "rule", "warm-words", "alert", 1, "alert_score", 3.0);
    g_ptr_array_add(records, ground_record(ground, "ben", "vic", ONE, NOW, reasons));
    ground_feed(ground, records, NOW);
    cr_assert_eq(ground_count(ground, REVIEW_ALERT, REVIEW_ANY), 2);
    cr_assert_eq(ground_count(ground, REVIEW_PATTERN, REVIEW_ANY), 0);
}

// Of what is read later the parties count at once, and what it nearly said when it is read.
Test(pattern, pending_messages_count_once)
{
    g_autoptr(Ground) ground = ground_new(SECTION);
    g_autoptr(GPtrArray) records = ground_records();
    ArchiveRecord *record = ground_record(ground, "ben", "mia", ONE | NEAR, NOW, NULL);
    json_t *judgement = json_object_get(record->meta, "judgement");
    json_object_set_new(judgement, "pending", json_pack("[s]", "kid@students.example.org"));
    ArchiveRecord *event = g_new0(ArchiveRecord, 1);
    event->ref = g_new0(ArchiveRef, 1);
    event->meta = json_pack("{s:s, s:s, s:I, s:{s:O}}", "event", "concluded", "record", record->ref->id,
                            "time_us", (json_int_t)NOW, "detail", "judgement", judgement);
    g_ptr_array_add(records, record);
    g_ptr_array_add(records, event);
    ground_feed(ground, records, NOW);
    g_autoptr(GPtrArray) pairs = review_pairs(ground->review, policy_patterns(ground->policy), NULL,
                                              clock_local_date(NOW, NULL), 5, NULL);
    cr_assert_eq(pairs->len, 1);
    const ReviewPair *pair = pairs->pdata[0];
    cr_assert_eq(pair->counts[SIGN_ONE_TO_ONE], 1);
    cr_assert_eq(pair->counts[SIGN_NEAR_MISS], 1);
}

Test(pattern, one_pair_day_by_day)
{
    g_autoptr(Ground) ground = ground_new("window-days = 30; weights: { one-to-one = 1.0; }; alert = 100.0;");
    guint late = 1u << SIGN_ONE_TO_ONE | 1u << SIGN_LATE;
    ground_messages(ground, "ben", "mia", 1u << SIGN_ONE_TO_ONE, 2, NOW - 3 * DAY);
    ground_messages(ground, "ben", "mia", late, 1, NOW);
    ground_messages(ground, "ben", "jonah", late, 4, NOW);
    int today = clock_local_date(NOW, ground->config->district.timezone);
    int from = clock_local_date(NOW - 10 * DAY, ground->config->district.timezone);
    g_autoptr(GArray) days = review_pair_days(ground->review, "ben", "mia", from, NULL);
    cr_assert_eq(days->len, 2);
    cr_assert_eq(g_array_index(days, ReviewDay, 0).counts[SIGN_ONE_TO_ONE], 2);
    cr_assert_eq(g_array_index(days, ReviewDay, 1).counts[SIGN_LATE], 1);
    cr_assert_eq(g_array_index(days, ReviewDay, 1).date, today);
    g_autoptr(ReviewPair) pair = NULL;
    cr_assert(
        review_pair_of(ground->review, policy_patterns(ground->policy), "ben", "mia", today, &pair, NULL));
    cr_assert_eq(pair->counts[SIGN_ONE_TO_ONE], 3);
    g_autoptr(ReviewPair) none = NULL;
    cr_assert(
        review_pair_of(ground->review, policy_patterns(ground->policy), "ben", "nobody", today, &none, NULL));
    cr_assert_null(none);
}
