// Messages between a staff member and a student over time: a row a pair and day, kept for the window and no longer. A message
// counts in one upsert for each pair, and a score is worked out where something was counted: memory does not grow with the
// district, and the file with the pairs that write to each other.
#include "review/internal.h"

#include <stdlib.h>
#include <string.h>

// Of one item.
#define MOST_LINKS 20
// Fewer others tell nothing about what is usual.
#define LEAST_OTHERS 4

void review_pair_free(ReviewPair *pair)
{
    if (pair == NULL)
        return;
    g_free(pair->staff);
    g_free(pair->student);
    g_free(pair->staff_address);
    g_free(pair->student_address);
    g_free(pair);
}

int pattern_day(int date)
{
    GDate day;
    g_date_clear(&day, 1);
    if (g_date_valid_dmy((GDateDay)(date % 100), (GDateMonth)(date / 100 % 100), (GDateYear)(date / 10000)))
        g_date_set_dmy(&day, (GDateDay)(date % 100), (GDateMonth)(date / 100 % 100),
                       (GDateYear)(date / 10000));
    return g_date_valid(&day) ? (int)g_date_get_julian(&day) : 0;
}

static int day_of(const Review *review, int64_t time_us)
{
    return pattern_day(clock_local_date(time_us, review->config->district.timezone));
}

// ---- counting --------------------------------------------------------------------------------------------

// The row of a person; -1 with `error`.
static int64_t person_id(Review *review, const char *person, const char *address, GError **error)
{
    g_autoptr(StoreStmt) put =
        review_prepare(review, error,
                       "INSERT INTO person(person, address) VALUES(?,?)"
                       " ON CONFLICT(person) DO UPDATE SET address = excluded.address RETURNING id",
                       person, address, NULL);
    return put != NULL && store_step(put, error) == STORE_ROW ? store_int(put, 0) : -1;
}

static bool add_counts(Review *review, int64_t staff, int64_t student, int day, guint signs, bool by_staff,
                       GError **error)
{
    g_autoptr(StoreStmt) put = store_prepare(
        review->db,
        "INSERT INTO pair(staff, student, day, one_to_one, late, image_only, near_miss, by_staff)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT(staff, student, day) DO UPDATE SET"
        " one_to_one = one_to_one + ?4, late = late + ?5, image_only = image_only + ?6,"
        " near_miss = near_miss + ?7, by_staff = by_staff + ?8",
        error);
    if (put == NULL)
        return false;
    store_bind_int(put, 1, staff);
    store_bind_int(put, 2, student);
    store_bind_int(put, 3, day);
    for (int i = 0; i < SIGN_LAST; i++)
        store_bind_int(put, 4 + i, (signs & (1u << i)) != 0);
    store_bind_int(put, 8, by_staff && (signs & (1u << SIGN_ONE_TO_ONE)) != 0);
    return store_run(put, error);
}

typedef struct {
    int64_t staff, student;
    int day;
    char record[ULID_LEN + 1]; // the last
} Touched;

void pattern_begin(Pattern *pattern, Review *review, const PolicyPatterns *patterns)
{
    *pattern = (Pattern){.review = review,
                         .patterns = patterns,
                         .touched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
}

void pattern_clear(Pattern *pattern)
{
    g_clear_pointer(&pattern->touched, g_hash_table_unref);
}

static void touch(Pattern *pattern, int64_t staff, int64_t student, int day, const char *record)
{
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, staff, student);
    Touched *one = g_hash_table_lookup(pattern->touched, key);
    if (one == NULL) {
        one = g_new0(Touched, 1);
        *one = (Touched){.staff = staff, .student = student};
        g_hash_table_insert(pattern->touched, g_steal_pointer(&key), one);
    }
    one->day = MAX(one->day, day);
    g_strlcpy(one->record, record, sizeof one->record);
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool pattern_count(Pattern *pattern, const json_t *pairs, guint signs, const char *record, int64_t time_us,
                   GError **error)
{
    int day = day_of(pattern->review, time_us);
    bool by_staff = json_is_true(json_object_get(pairs, "by_staff"));
    const json_t *of = json_object_get(pairs, "of");
    bool ok = true;
    for (size_t i = 0; ok && day != 0 && signs != 0 && i < json_array_size(of); i++) {
        const json_t *pair = json_array_get(of, i);
        const char *staff = text_of(pair, "staff"), *student = text_of(pair, "student");
        const char *staff_address = text_of(pair, "staff_address");
        const char *student_address = text_of(pair, "student_address");
        if (staff == NULL || student == NULL || staff_address == NULL || student_address == NULL)
            continue;
        int64_t a = person_id(pattern->review, staff, staff_address, error);
        int64_t b = a >= 0 ? person_id(pattern->review, student, student_address, error) : -1;
        ok = b >= 0 && add_counts(pattern->review, a, b, day, signs, by_staff, error);
        if (ok)
            touch(pattern, a, b, day, record);
    }
    return ok;
}

// ---- scores ----------------------------------------------------------------------------------------------

typedef struct {
    int64_t counts[SIGN_LAST], by_staff, students;
} Sums;

static void sums_read(StoreStmt *row, int first, Sums *out)
{
    for (int i = 0; i < SIGN_LAST; i++)
        out->counts[i] = store_int(row, first + i);
    out->by_staff = store_int(row, first + SIGN_LAST);
    out->students = store_int(row, first + SIGN_LAST + 1);
}

#define SUMS                                                                                                 \
    "ifnull(sum(one_to_one), 0), ifnull(sum(late), 0), ifnull(sum(image_only), 0), ifnull(sum(near_miss), "  \
    "0), ifnull(sum(by_staff), 0), count(DISTINCT student)"

// Of days after `from` up to `until`: of the pair, or of the staff member with all others.
static bool sum_days(Review *review, bool others, const Touched *pair, int from, Sums *out, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(review->db,
                      others ? "SELECT " SUMS " FROM pair WHERE staff = ?1 AND student != ?2 AND day > ?3 AND"
                               " day <= ?4"
                             : "SELECT " SUMS " FROM pair WHERE staff = ?1 AND student = ?2 AND day > ?3 AND"
                               " day <= ?4",
                      error);
    if (get == NULL)
        return false;
    store_bind_int(get, 1, pair->staff);
    store_bind_int(get, 2, pair->student);
    store_bind_int(get, 3, from);
    store_bind_int(get, 4, pair->day);
    bool ok = store_step(get, error) == STORE_ROW;
    if (ok)
        sums_read(get, 0, out);
    return ok;
}

static double weight_of(const PolicyPatterns *patterns, int sign)
{
    const double weights[SIGN_LAST] = {patterns->one_to_one, patterns->late, patterns->image_only,
                                       patterns->near_miss};
    return weights[sign];
}

// `others` NULL = no baseline. How much and how late somebody writes differs from job to job, and is compared with what they do
// with others; pictures and near misses are not.
static void score(ReviewPair *out, const PolicyPatterns *patterns, const Sums *sums, const Sums *others)
{
    out->score = 0;
    out->by_staff = (int)sums->by_staff;
    for (int i = 0; i < SIGN_LAST; i++) {
        bool usual = others != NULL && others->students >= LEAST_OTHERS && i <= SIGN_LATE;
        out->usual[i] = usual ? (double)others->counts[i] / (double)others->students : 0;
        out->counts[i] = (int)sums->counts[i];
        out->score += weight_of(patterns, i) * MAX((double)sums->counts[i] - out->usual[i], 0);
    }
}

static bool person_read(Review *review, int64_t id, char **out_person, char **out_address, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(review->db, "SELECT person, address FROM person WHERE id = ?", error);
    if (get == NULL)
        return false;
    store_bind_int(get, 1, id);
    bool ok = store_step(get, error) == STORE_ROW;
    if (ok) {
        *out_person = g_strdup(store_text(get, 0));
        *out_address = g_strdup(store_text(get, 1));
    }
    return ok;
}

// ---- items -----------------------------------------------------------------------------------------------

// The day on which an item about the pair was last closed: what came before was looked at. 0 = never; -1 with `error`.
static int looked_at(Review *review, const char *key, GError **error)
{
    g_autoptr(StoreStmt) get = review_prepare(
        review, error, "SELECT max(closed_us) FROM item WHERE key = ? AND state = 2", key, NULL);
    if (get == NULL || store_step(get, error) != STORE_ROW)
        return -1;
    int64_t closed = store_int(get, 0);
    return closed != 0 ? day_of(review, closed) : 0;
}

static json_t *pair_json(const ReviewPair *pair, const PolicyPatterns *patterns)
{
    json_t *counts = json_object(), *usual = json_object();
    for (int i = 0; i < SIGN_LAST; i++) {
        json_object_set_new(counts, sign_name(i), json_integer(pair->counts[i]));
        if (pair->usual[i] > 0)
            json_object_set_new(usual, sign_name(i), json_real(pair->usual[i]));
    }
    return json_pack("{s:s, s:s, s:f, s:f, s:i, s:i, s:o, s:o}", "staff", pair->staff, "student",
                     pair->student, "score", pair->score, "alert", patterns->alert, "window_days",
                     patterns->window_days, "by_staff", pair->by_staff, "counts", counts, "usual", usual);
}

static char *pair_title(const ReviewPair *pair, const PolicyPatterns *patterns)
{
    return g_strdup_printf(
        "%s and %s: %d one-to-one messages, %d late, %d of pictures only, %d near misses in %d days (score "
        "%.1f of %.1f)",
        pair->staff_address, pair->student_address, pair->counts[SIGN_ONE_TO_ONE], pair->counts[SIGN_LATE],
        pair->counts[SIGN_IMAGE_ONLY], pair->counts[SIGN_NEAR_MISS], patterns->window_days, pair->score,
        patterns->alert);
}

// An item that is open already tells the newest figures.
static bool pair_alert(Pattern *pattern, const Touched *touched, const char *key, const ReviewPair *pair,
                       int64_t now_us, GError **error)
{
    Review *review = pattern->review;
    char id[ULID_LEN + 1];
    g_autofree char *title = pair_title(pair, pattern->patterns);
    json_t *summary = pair_json(pair, pattern->patterns);
    g_autoptr(GPtrArray) parties = g_ptr_array_new_with_free_func((GDestroyNotify)review_party_free);
    g_ptr_array_add(parties, review_party_new(pair->staff_address, pair->staff, "staff", "staff"));
    g_ptr_array_add(parties, review_party_new(pair->student_address, pair->student, "student", "student"));
    const ReviewNew from = {
        .kind = REVIEW_PATTERN, .key = key, .title = title, .summary = summary, .parties = parties};
    char *text = json_dumps(summary, JSON_COMPACT | JSON_SORT_KEYS);
    bool ok = review_add_inside(review, &from, now_us, id, error) &&
              review_exec(review, error, "UPDATE item SET title = ?2, summary = ?3 WHERE id = ?1", id, title,
                          text != NULL ? text : "{}", NULL) &&
              review_exec(review, error,
                          "INSERT OR IGNORE INTO link(item, record, why) SELECT ?1, ?2, 'in the window' WHERE"
                          " (SELECT count(*) FROM link WHERE item = ?1) < " G_STRINGIFY(MOST_LINKS),
                          id, touched->record, NULL);
    free(text);
    json_decref(summary);
    return ok;
}

// The score of days after `from`.
static bool pair_score(Pattern *pattern, const Touched *touched, int from, bool baseline, ReviewPair *out,
                       GError **error)
{
    Sums sums, others;
    if (!sum_days(pattern->review, false, touched, from, &sums, error) ||
        (baseline && !sum_days(pattern->review, true, touched, from, &others, error)))
        return false;
    score(out, pattern->patterns, &sums, baseline ? &others : NULL);
    return true;
}

static bool pair_look(Pattern *pattern, const Touched *touched, int64_t now_us, GError **error)
{
    Review *review = pattern->review;
    const PolicyPatterns *patterns = pattern->patterns;
    int window = touched->day - patterns->window_days;
    g_autoptr(ReviewPair) pair = g_new0(ReviewPair, 1);
    // What is usual is asked for only where it can matter.
    bool ok = pair_score(pattern, touched, window, false, pair, error);
    if (!ok || pair->score < patterns->alert)
        return ok;
    if (!person_read(review, touched->staff, &pair->staff, &pair->staff_address, error) ||
        !person_read(review, touched->student, &pair->student, &pair->student_address, error))
        return false;
    g_autofree char *key = g_strdup_printf("pattern:%s:%s", pair->staff, pair->student);
    int seen = looked_at(review, key, error), from = MAX(window, seen);
    if (seen < 0 || !pair_score(pattern, touched, from, patterns->baseline, pair, error))
        return false;
    return pair->score < patterns->alert || pair_alert(pattern, touched, key, pair, now_us, error);
}

// The row of somebody who was counted; 0 = nobody, -1 with `error`.
static int64_t known_id(Review *review, const char *person, GError **error)
{
    g_autoptr(StoreStmt) get =
        review_prepare(review, error, "SELECT id FROM person WHERE person = ?", person, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    return step == STORE_ROW ? store_int(get, 0) : step == STORE_DONE ? 0 : -1;
}

bool pattern_highest(Pattern *pattern, const json_t *pairs, int64_t time_us, double *out, GError **error)
{
    int day = day_of(pattern->review, time_us);
    const json_t *of = json_object_get(pairs, "of");
    bool ok = true;
    *out = 0;
    for (size_t i = 0; ok && i < json_array_size(of); i++) {
        const char *staff = text_of(json_array_get(of, i), "staff");
        const char *student = text_of(json_array_get(of, i), "student");
        if (staff == NULL || student == NULL)
            continue;
        g_autoptr(ReviewPair) pair = g_new0(ReviewPair, 1);
        Touched one = {.day = day};
        one.staff = known_id(pattern->review, staff, error);
        one.student = one.staff >= 0 ? known_id(pattern->review, student, error) : -1;
        ok = one.student >= 0 && pair_score(pattern, &one, day - pattern->patterns->window_days,
                                            pattern->patterns->baseline, pair, error);
        *out = MAX(*out, pair->score);
    }
    return ok;
}

// ---- no more than the window -----------------------------------------------------------------------------

static bool delete_before(Review *review, int day, GError **error)
{
    g_autoptr(StoreStmt) del = store_prepare(review->db, "DELETE FROM pair WHERE day <= ?", error);
    if (del == NULL)
        return false;
    store_bind_int(del, 1, day);
    return store_run(del, error);
}

// The last day that must go so that no more than review.pattern_rows stay; 0 = none; -1 with `error`.
static int excess_day(Review *review, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(review->db, "SELECT day, count(*) FROM pair GROUP BY day ORDER BY day DESC", error);
    StoreStep step = STORE_FAILED;
    int64_t rows = 0;
    int day = 0;
    while (get != NULL && day == 0 && (step = store_step(get, error)) == STORE_ROW) {
        rows += store_int(get, 1);
        day = rows > review->config->review.pattern_rows ? (int)store_int(get, 0) : 0;
    }
    return day != 0 ? day : step == STORE_DONE ? 0 : -1;
}

static bool prune(Pattern *pattern, int today, GError **error)
{
    Review *review = pattern->review;
    g_autoptr(StoreStmt) get =
        store_prepare(review->db, "SELECT value FROM fact WHERE name = 'pruned'", error);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    int last = step == STORE_ROW ? (int)store_int(get, 0) : 0;
    store_finalize(&get);
    if (step == STORE_FAILED || last >= today)
        return step != STORE_FAILED;
    g_autofree char *value = g_strdup_printf("%d", today);
    int excess =
        delete_before(review, today - pattern->patterns->window_days, error) ? excess_day(review, error) : -1;
    if (excess > 0)
        log_warn("pattern counts cut short: more pairs than review.pattern_rows allows");
    return excess >= 0 && (excess == 0 || delete_before(review, excess, error)) &&
           review_exec(review, error,
                       "INSERT INTO fact(name, value) VALUES('pruned', CAST(?1 AS INTEGER))"
                       " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                       value, NULL);
}

bool pattern_end(Pattern *pattern, int64_t now_us, GError **error)
{
    GHashTableIter iter;
    gpointer touched;
    bool ok = true;
    g_hash_table_iter_init(&iter, pattern->touched);
    while (ok && g_hash_table_iter_next(&iter, NULL, &touched))
        ok = pair_look(pattern, touched, now_us, error);
    return ok && prune(pattern, day_of(pattern->review, now_us), error);
}

// ---- the highest scores ----------------------------------------------------------------------------------

typedef struct {
    int64_t student;
    Sums sums;
} WithStudent;

static gint compare_scores(gconstpointer a, gconstpointer b)
{
    const ReviewPair *left = *(ReviewPair *const *)a, *right = *(ReviewPair *const *)b;
    return left->score > right->score ? -1 : left->score < right->score;
}

static void keep_highest(GPtrArray *pairs, guint most)
{
    g_ptr_array_sort(pairs, compare_scores);
    if (pairs->len > most)
        g_ptr_array_set_size(pairs, (int)most);
}

// All students of one staff member.
static bool take_staff(Review *review, const PolicyPatterns *patterns, int64_t staff, const GArray *students,
                       guint most, GPtrArray *pairs, GError **error)
{
    Sums total = {0};
    bool ok = true;
    for (guint i = 0; i < students->len; i++)
        for (int s = 0; s < SIGN_LAST; s++)
            total.counts[s] += g_array_index(students, WithStudent, i).sums.counts[s];
    for (guint i = 0; ok && i < students->len; i++) {
        const WithStudent *one = &g_array_index(students, WithStudent, i);
        Sums others = {.students = students->len - 1};
        for (int s = 0; s < SIGN_LAST; s++)
            others.counts[s] = total.counts[s] - one->sums.counts[s];
        ReviewPair *pair = g_new0(ReviewPair, 1);
        g_ptr_array_add(pairs, pair);
        score(pair, patterns, &one->sums, patterns->baseline ? &others : NULL);
        ok = person_read(review, staff, &pair->staff, &pair->staff_address, error) &&
             person_read(review, one->student, &pair->student, &pair->student_address, error);
    }
    if (pairs->len > 4 * most)
        keep_highest(pairs, most);
    return ok;
}

static StoreStmt *pairs_query(Review *review, const PolicyPatterns *patterns, const char *staff, int day,
                              GError **error)
{
    g_autofree char *where =
        staff != NULL ? g_strdup(" AND staff = (SELECT id FROM person WHERE person = ?3)") : g_strdup("");
    g_autofree char *sql = g_strdup_printf("SELECT staff, student, " SUMS
                                           " FROM pair WHERE day > ?1 AND day <= ?2%s GROUP BY staff, student"
                                           " ORDER BY staff, student",
                                           where);
    StoreStmt *get = store_prepare(review->db, sql, error);
    if (get != NULL) {
        store_bind_int(get, 1, day - patterns->window_days);
        store_bind_int(get, 2, day);
        if (staff != NULL)
            store_bind_text(get, 3, staff);
    }
    return get;
}

GPtrArray *review_pairs(Review *review, const PolicyPatterns *patterns, const char *staff, int date,
                        guint most, GError **error)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func((GDestroyNotify)review_pair_free);
    g_autoptr(GArray) students = g_array_new(FALSE, FALSE, sizeof(WithStudent));
    g_autoptr(StoreStmt) get = pairs_query(review, patterns, staff, pattern_day(date), error);
    bool ok = get != NULL;
    StoreStep step = STORE_DONE;
    int64_t now = 0;
    while (ok && (step = store_step(get, error)) == STORE_ROW) {
        if (store_int(get, 0) != now && students->len > 0) {
            ok = take_staff(review, patterns, now, students, most, pairs, error);
            g_array_set_size(students, 0);
        }
        now = store_int(get, 0);
        WithStudent one = {.student = store_int(get, 1)};
        sums_read(get, 2, &one.sums);
        g_array_append_val(students, one);
    }
    ok = ok && step == STORE_DONE && take_staff(review, patterns, now, students, most, pairs, error);
    keep_highest(pairs, most);
    return ok ? g_steal_pointer(&pairs) : NULL;
}
