// One pair of a staff member and a student: day by day, and its score.
#include "review/internal.h"

#include <string.h>

static int date_of(int day)
{
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_julian(&date, (guint32)day);
    return g_date_get_year(&date) * 10000 + (int)g_date_get_month(&date) * 100 + g_date_get_day(&date);
}

GArray *review_pair_days(Review *review, const char *staff, const char *student, int from, GError **error)
{
    g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(ReviewDay));
    g_autoptr(StoreStmt) get =
        review_prepare(review, error,
                       "SELECT day, one_to_one, late, image_only, near_miss, by_staff FROM pair"
                       " WHERE staff = (SELECT id FROM person WHERE person = ?1) AND"
                       " student = (SELECT id FROM person WHERE person = ?2) AND day >= ?3 ORDER BY day",
                       staff, student, NULL);
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_int(get, 3, pattern_day(from));
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        ReviewDay day = {.date = date_of((int)store_int(get, 0)), .by_staff = (int)store_int(get, 5)};
        for (int i = 0; i < SIGN_LAST; i++)
            day.counts[i] = (int)store_int(get, 1 + i);
        g_array_append_val(days, day);
    }
    return step == STORE_DONE ? g_steal_pointer(&days) : NULL;
}

bool review_pair_of(Review *review, const PolicyPatterns *patterns, const char *staff, const char *student,
                    int day, ReviewPair **out, GError **error)
{
    g_autoptr(GPtrArray) pairs = review_pairs(review, patterns, staff, day, G_MAXINT / 8, error);
    *out = NULL;
    for (guint i = 0; pairs != NULL && *out == NULL && i < pairs->len; i++)
        if (strcmp(((ReviewPair *)pairs->pdata[i])->student, student) == 0)
            *out = g_ptr_array_steal_index(pairs, i);
    return pairs != NULL;
}
