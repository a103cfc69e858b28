// review, inside. review.c: the database and its outbox; item.c: items read; add.c: items opened; steps.c: what people do;
// feed.c: records taken in; pattern.c: counts and scores; days.c: one pair; inform.c: whom an item goes to; mail.c: mail to them. Apart from these, of
// held messages: routing.c, digest.c, remind.c.
#pragma once

#include "review/review.h"
#include "store/store.h"

struct Review {
    StoreDb *db;
    Config *config;
    int outbox_fd; // a file to lock: one sender of events at a time
};

#define REVIEW_NAME "chaperone-review"

// A transaction. Its events go out after it.
bool review_work_begin(Review *review, GError **error);
bool review_work_end(Review *review, bool ok, GError **error);
// Inside: adds to the item's history; adds an event about `record` (may be NULL) with `detail` (taken over) to the outbox.
bool review_work_step(Review *review, const char *id, const char *who, const char *step, const char *why,
                      int64_t now_us, GError **error);
bool review_work_event(Review *review, const char *event, const char *who, const char *record, json_t *detail,
                       int64_t now_us, GError **error);
// Prepares and binds texts (NULL-ended) from parameter 1 on.
StoreStmt *review_prepare(Review *review, GError **error, const char *sql, ...) G_GNUC_NULL_TERMINATED;
bool review_exec(Review *review, GError **error, const char *sql, ...) G_GNUC_NULL_TERMINATED;

// Inside a transaction. (add.c)
bool review_add_inside(Review *review, const ReviewNew *from, int64_t now_us, char out_id[ULID_LEN + 1],
                       GError **error);
bool review_link_inside(Review *review, const char *id, const char *record, const char *why, GError **error);
bool review_party_inside(Review *review, const char *id, const ReviewParty *party, GError **error);
// Parties of a record's "judgement". GPtrArray of ReviewParty. (feed.c)
GPtrArray *review_parties_of(const json_t *judgement);

// Inside a transaction: counts one message between the pairs of `judgement`, `signs` of Sign; scores what was counted since
// pattern_begin and opens items. (pattern.c)
typedef struct {
    Review *review;
    const PolicyPatterns *patterns;
    GHashTable *touched; // "staff student" ids -> the last day counted
} Pattern;
void pattern_begin(Pattern *pattern, Review *review, const PolicyPatterns *patterns);
bool pattern_count(Pattern *pattern, const json_t *pairs, guint signs, const char *record, int64_t time_us,
                   GError **error);
// The highest score that a pair of `pairs` has on the day of `time_us`, what was just counted included; 0 where there is none.
bool pattern_highest(Pattern *pattern, const json_t *pairs, int64_t time_us, double *out, GError **error);
bool pattern_end(Pattern *pattern, int64_t now_us, GError **error);
void pattern_clear(Pattern *pattern);
// Days as numbers, so that windows can be subtracted. 0 when `date` (yyyymmdd) is none.
int pattern_day(int date);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pattern, pattern_clear)

// Inside a transaction: queues a mail about the item to each contact. (mail.c)
bool mail_queue(Review *review, const char *id, bool reminder, int64_t now_us, GError **error);
