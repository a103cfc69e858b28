// review: what people are to look at beside held messages. An item is about records of the archive and names the parties in
// it; it is opened by a rule (alert), by a score over time (pattern), by somebody who reports (concern) or because it may have
// to be reported to an authority (escalation), and closed by a person. Nothing here holds or releases mail.
//
// Everything stands in one database (review.database). Whatever changes an item is one transaction with its history and with
// the event that tells the archive of it; events go out afterwards, and again after a crash.
#pragma once

#include "archive/archive.h"
#include "policy/policy.h"
#include "quarantine/quarantine.h"

typedef enum { REVIEW_ALERT, REVIEW_PATTERN, REVIEW_CONCERN, REVIEW_ESCALATION, REVIEW_LAST } ReviewKind;
const char *review_kind_name(ReviewKind kind);
typedef enum { REVIEW_OPEN, REVIEW_CLAIMED, REVIEW_CLOSED, REVIEW_STATES } ReviewState;
const char *review_state_name(ReviewState state);

typedef struct Review Review; // the database; one thread at a time
Review *review_open(const Config *config, GError **error);
void review_close(Review **review);
static inline void review_close_auto(Review *review)
{
    review_close(&review);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Review, review_close_auto)

// Between these two nobody changes the database: what another Review reads holds. This one can do nothing else meanwhile.
bool review_freeze(Review *review, GError **error);
void review_thaw(Review *review);

// ---- items -----------------------------------------------------------------------------------------------

typedef struct {
    char *address;
    char *person; // roster id; NULL when unknown
    char *role;   // role_name
    char *as;     // "sender", "recipient", "staff", "student", "reporter", "original sender", ...
} ReviewParty;
void review_party_free(ReviewParty *party);
ReviewParty *review_party_new(const char *address, const char *person, const char *role, const char *as);

typedef struct {
    char *record;
    char *why; // "the alert", "the report", "the reported message: its Message-ID", ...
} ReviewLink;
typedef struct {
    int64_t when_us;
    char *who, *step, *why;
} ReviewStep;

typedef struct {
    char *id; // ULID
    ReviewKind kind;
    ReviewState state;
    char *key; // what makes it one: "alert:<record>", "pattern:<staff>:<student>"
    char *title;
    json_t *summary; // of an alert "rule", "clause", "gist", "severity"; of a pattern "score", "counts"; ...
    int64_t opened_us, due_us, closed_us;
    char *claimed_by; // NULL = nobody
    char *told;       // of an escalation: who was told, and how
    bool legal_hold;  // its records are not disposed of
    bool searching;   // of a concern: the reported message is still looked for
    GPtrArray *links, *parties;
    GPtrArray *steps; // only from review_get
} ReviewItem;
void review_item_free(ReviewItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReviewItem, review_item_free)
json_t *review_item_json(const ReviewItem *item, int64_t now_us); // new reference
// The item as routing and conflicts of interest see held messages: from whom it is about, to everybody in it. (inform.c)
HoldItem *review_item_about(const ReviewItem *item);
bool review_item_overdue(const ReviewItem *item, int64_t now_us);

#define REVIEW_ANY      (-1)
#define REVIEW_NOT_DONE (-2)
// `kind` or REVIEW_ANY; `state`, REVIEW_ANY or REVIEW_NOT_DONE. What is due first comes first. GPtrArray of ReviewItem.
GPtrArray *review_list(Review *review, int kind, int state, GError **error);
// Those under legal hold, closed ones too. GPtrArray of ReviewItem.
GPtrArray *review_kept(Review *review, GError **error);
// NULL with `error` (NOINPUT: no such item). `id` may be cut short as long as it is one item's.
ReviewItem *review_get(Review *review, const char *id, GError **error);

// ---- lists, page by page

typedef struct {
    int kind;            // ReviewKind or REVIEW_ANY
    bool closed;         // what is closed, the newest first; else what is not, what is due first
    const char *claimed; // NULL = no matter; "" = by nobody; else by whom
    const char *after;   // key of the last one of the page before (review_item_key); NULL = from the first
    guint most;
} ReviewFilter;
// With links and parties, without steps. GPtrArray of ReviewItem; NULL with `error` (USAGE: `after` is no key).
GPtrArray *review_page(Review *review, const ReviewFilter *filter, GError **error);
// Caller frees.
char *review_item_key(const ReviewItem *item);

// What an item begins with. Strings and arrays are borrowed.
typedef struct {
    ReviewKind kind;
    const char *key, *title;
    const json_t *summary;
    const char *record, *why; // the first link
    const GPtrArray *parties; // of ReviewParty
    int64_t due_us;           // 0 = review.due_hours from now
    char *const *contacts;    // who is mailed now and when it is overdue; NULL = nobody
    bool legal_hold;
    bool search; // the reported message is to be looked for
} ReviewNew;
// Opens an item, once for a key (a pattern: once at a time). `out_id` (may be NULL) gets the id, new or not.
bool review_add(Review *review, const ReviewNew *from, int64_t now_us, char out_id[ULID_LEN + 1],
                GError **error);

// Steps of a person. Each is recorded with who and why, and an event. TEMPFAIL while somebody else has claimed it (`take_over`
// takes it from them; `why` is then a must), DATA when it is closed.
bool review_claim(Review *review, const char *id, const char *who, bool take_over, const char *why,
                  int64_t now_us, GError **error);
bool review_note(Review *review, const char *id, const char *who, const char *note, int64_t now_us,
                 GError **error);
// Gives it to `to`: it is claimed by them. TEMPFAIL while somebody else than `who` has claimed it.
bool review_assign(Review *review, const char *id, const char *to, const char *who, const char *why,
                   int64_t now_us, GError **error);
// Whom somebody tried to reach, how, and what came of it.
bool review_contact(Review *review, const char *id, const char *who, const char *tried, int64_t now_us,
                    GError **error);
// Puts its records under legal hold, as an escalation's are. DATA where they are.
bool review_keep(Review *review, const char *id, const char *who, const char *why, int64_t now_us,
                 GError **error);
// `told`: who was told, a must for an escalation; else NULL.
bool review_finish(Review *review, const char *id, const char *who, const char *why, const char *told,
                   int64_t now_us, GError **error);

// ---- what the archivist feeds it -------------------------------------------------------------------------

// Where the archive was read to. GPtrArray of ArchivePlace, empty at the very first.
GPtrArray *review_places(Review *review, GError **error);
// Takes records and events (of ArchiveRecord, metadata only) in one transaction with the places they end at: opens items for
// alerts, escalations and reports, counts for patterns. What was read twice counts once. `policy` is that now in force.
bool review_feed(Review *review, const Policy *policy, const GPtrArray *records, const GPtrArray *places,
                 int64_t now_us, GError **error);

// Concerns whose message is still looked for: ids of the items, oldest first. GPtrArray of char*.
GPtrArray *review_searches(Review *review, GError **error);
// A record found. `meta` tells who is in it.
typedef struct {
    char *record, *why;
    json_t *meta;
} ReviewFound;
void review_found_free(ReviewFound *found);
// Ends the search of item `id`: links what was found (of ReviewFound), or notes that nothing was.
bool review_searched(Review *review, const char *id, const GPtrArray *found, int64_t now_us, GError **error);

// Queues mail to the reviewers of items that came without contacts. False with `error`.
bool review_inform(Review *review, Roster *roster, int64_t now_us, GError **error);
// Mails what is due and reminds of escalations past their time. Number of mails sent; -1 with `error`.
int review_send(Review *review, int64_t now_us, GError **error);

// ---- patterns --------------------------------------------------------------------------------------------

typedef struct {
    char *staff, *student;                 // persons
    char *staff_address, *student_address; // last seen
    int counts[SIGN_LAST];                 // messages in the window
    int by_staff;                          // of the one-to-one ones, those the staff member wrote
    double usual[SIGN_LAST];               // what is subtracted: usual for the staff member with others
    double score;
} ReviewPair;
void review_pair_free(ReviewPair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReviewPair, review_pair_free)
// The `most` pairs of the highest score on `day` (local yyyymmdd), of person `staff` where it is not NULL. GPtrArray of ReviewPair.
GPtrArray *review_pairs(Review *review, const PolicyPatterns *patterns, const char *staff, int day,
                        guint most, GError **error);

// One day of a pair, of those the window still has.
typedef struct {
    int date; // local yyyymmdd
    int counts[SIGN_LAST], by_staff;
} ReviewDay;
// Days of persons `staff` and `student` on which they wrote, from `from` (local yyyymmdd) on, oldest first. GArray of ReviewDay; NULL with `error`.
GArray *review_pair_days(Review *review, const char *staff, const char *student, int from, GError **error);
// The pair as review_pairs has it: *out NULL = they did not write. False with `error`.
bool review_pair_of(Review *review, const PolicyPatterns *patterns, const char *staff, const char *student,
                    int day, ReviewPair **out, GError **error);
