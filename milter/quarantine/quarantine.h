// quarantine: held recipients. A row a held recipient, grouped by record; it points at the archive record and
// holds no copy of the message. Also the notices that go to senders.
#pragma once

#include "archive/archive.h"
#include "base/config.h"
#include "base/template.h"
#include "message/message.h"

// held -> (claimed by somebody) -> releasing -> released | denied. `pending`: not read in time, decided
// later. `unconfirmed`: handed to the MTA by a process that died before the answer, and the MTA's log does
// not tell.
typedef enum {
    HOLD_HELD,
    HOLD_PENDING,
    HOLD_RELEASING,
    HOLD_UNCONFIRMED,
    HOLD_RELEASED,
    HOLD_DENIED,
    HOLD_LAST
} HoldState;
const char *hold_state_name(HoldState state);

typedef struct Quarantine Quarantine; // the database; thread-safe
Quarantine *quarantine_open(const Config *config, GError **error);
void quarantine_close(Quarantine **quarantine);
static inline void quarantine_close_auto(Quarantine *quarantine)
{
    quarantine_close(&quarantine);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Quarantine, quarantine_close_auto)

// Makes durable rows for the recipients of the record that are `held`, and those whose decision comes later (`pending`; either
// may be NULL): exact envelope addresses. `summary` is what reviewers see in lists: {"sender", "subject", "rule", "clause",
// "severity", "gist", "reasons": [...]}.
bool quarantine_hold(Quarantine *quarantine, const ArchiveRef *ref, const Envelope *envelope, GPtrArray *held,
                     GPtrArray *pending, const json_t *summary, int64_t now_us, GError **error);

// The MTA was told 4xx after all: what was held of the message is closed (denied, by "chaperone-milter"), waiting notices about it
// are taken back. The sender's next try stands alone.
bool quarantine_withdraw(Quarantine *quarantine, const char *record, const char *why, int64_t now_us,
                         GError **error);

typedef struct {
    char *record; // ULID: also the item's id
    char *segment;
    int64_t offset, length;
    int64_t held_us;
    char *mail_from;
    char *claimed_by;
    int64_t claimed_us;
    json_t *summary;
    GPtrArray *rcpts; // of HoldRcpt
    GPtrArray *steps; // of HoldStep; only from quarantine_get
} HoldItem;
typedef struct {
    char *address;
    HoldState state;
    char *queue_id;   // of the release, when released
    char *decided_by; // who released or denied
} HoldRcpt;
typedef struct {
    int64_t when_us;
    char *who, *step, *why;
} HoldStep;
void hold_item_free(HoldItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HoldItem, hold_item_free)

GPtrArray *quarantine_list(Quarantine *quarantine, int state /* HoldState, -1 = all open */, GError **error);
HoldItem *quarantine_get(Quarantine *quarantine, const char *record, GError **error);

// ---- lists, page by page -----------------------------------------------------------------------------------

typedef enum { HOLDS_OPEN, HOLDS_DONE, HOLDS_ALL } HoldsWhich;
typedef struct {
    HoldsWhich which;
    const char *const
        *schools;        // only of these (NULL-ended; an empty one: none at all); NULL = of all, and of none
    const char *rule;    // NULL = any
    int severity;        // this or more
    const char *claimed; // NULL = no matter; "" = by nobody now; else by whom
    bool newest;         // first; else the oldest
    const char *after;   // key of the last one of the page before (hold_item_key); NULL = from the first
    guint most;
} HoldFilter;
// With recipients, without steps. GPtrArray of HoldItem; NULL with `error` (USAGE: `after` is no key).
GPtrArray *quarantine_page(Quarantine *quarantine, const HoldFilter *filter, int64_t now_us, GError **error);
// Caller frees.
char *hold_item_key(const HoldItem *item);
// Of what is open and passes the filter (`which`, `after` and `most` count for nothing): {"open", "overdue", "unclaimed", "mine" (claimed by
// `who`), "oldest" (us), "rules": [{"rule", "severity", "count", "oldest"}], "schools": [{"school", "count", "oldest"}]}. New reference.
json_t *quarantine_counts(Quarantine *quarantine, const HoldFilter *filter, const char *who, int64_t now_us,
                          GError **error);
// Open ones from the same sender with the same subject, rule and findings, `record` itself among them; as the filter's `schools` allow.
GPtrArray *quarantine_alike(Quarantine *quarantine, const char *record, const char *const *schools,
                            guint most, GError **error);

// Every step records who and why, and appends an event. `who` must not be empty.
bool quarantine_claim(Quarantine *quarantine, const char *record, const char *who, int64_t now_us,
                      GError **error);
// The same for `to`, who gets it from `who`: TEMPFAIL where somebody else has claimed it.
bool quarantine_assign(Quarantine *quarantine, const char *record, const char *to, const char *who,
                       const char *why, int64_t now_us, GError **error);
bool quarantine_note(Quarantine *quarantine, const char *record, const char *who, const char *note,
                     int64_t now_us, GError **error);
// Re-injects the archived bytes by SMTP to exactly the held recipients (or those in `only`, NULL = all held),
// once: whoever comes second gets BASE_ERROR_TEMPFAIL "being released by ..." or BASE_ERROR_DATA "already
// released by ...". After a crash the item is `releasing`; quarantine_recover settles it.
bool quarantine_release(Quarantine *quarantine, const char *record, GPtrArray *only, const char *who,
                        const char *why, int64_t now_us, GError **error);
// Settles an unconfirmed release as a person found it: `delivered` = released, else held again.
bool quarantine_settle(Quarantine *quarantine, const char *record, bool delivered, const char *who,
                       const char *why, int64_t now_us, GError **error);
// The sender of a message that a reviewer released is told what the policy says, and `why` (may be "").
bool quarantine_coach(Quarantine *quarantine, const char *record, const char *who, const char *why,
                      int64_t now_us, GError **error);
bool quarantine_deny(Quarantine *quarantine, const char *record, const char *who, const char *why,
                     int64_t now_us, GError **error);
// Denied recipients are held again and can be decided about anew; `why` must not be empty. DATA where there are none, or the
// sender took the message back, or the MTA never accepted it; NOINPUT where the record is not kept any more.
bool quarantine_reopen(Quarantine *quarantine, const char *record, const char *who, const char *why,
                       int64_t now_us, GError **error);
// What the sender of a held message does about it: takes it back (closed as denied, by them; nobody is told), or says what it is
// for, which reviewers see. `who` is the sender, `why` tells who did it for them where somebody did. Somebody's claim hinders neither.
bool quarantine_sender_withdraw(Quarantine *quarantine, const char *record, const char *who, const char *why,
                                int64_t now_us, GError **error);
bool quarantine_sender_explain(Quarantine *quarantine, const char *record, const char *who, const char *text,
                               int64_t now_us, GError **error);

// Settles releases that died half way: not handed over yet -> held again; the MTA's log shows the hand-over
// -> released; cannot tell -> unconfirmed, for a person. Number settled, -1 with `error`.
int quarantine_recover(Quarantine *quarantine, int64_t now_us, GError **error);

// ---- pending: decided behind the mail path ---------------------------------------------------------------

typedef struct {
    char *record;
    int64_t held_us; // its time of receipt
} PendingItem;
void pending_item_free(PendingItem *item);
// Items with pending recipients in order of arrival, the first `most`. GPtrArray of PendingItem.
GPtrArray *quarantine_pending(Quarantine *quarantine, guint most, GError **error);
// How many there are, and when the oldest came (0 = none).
bool quarantine_pending_count(Quarantine *quarantine, guint64 *out_count, int64_t *out_oldest_us,
                              GError **error);

// What was decided for recipients that were pending.
typedef struct {
    GPtrArray *held;     // of char*: exact addresses of those that are held now
    json_t *summary;     // what reviewers see of them
    json_t *judgement;   // the decision (judgement_to_json, masked): stands in the event and in the notice
    const char *version; // of the policy
    bool tell; // the sender is told: of the held, where there are none that it was delivered (coach)
    const Envelope *envelope;
    const Message *message;
} PendingConclusion;
// Writes a decision down, in one transaction: who is held, the notice, the step and the event "concluded". Recipients that
// somebody decided about by hand meanwhile stay as they are. Those that are not held stay pending until
// quarantine_release_pending. BASE_ERROR_TEMPFAIL while somebody has claimed it, BASE_ERROR_DATA when nothing is pending any more.
bool quarantine_conclude(Quarantine *quarantine, const char *record, const PendingConclusion *conclusion,
                         const char *who, int64_t now_us, GError **error);
// As quarantine_release, to pending recipients only, and as the milter would have passed it: header X-Chaperone with `mark`
// (NULL = none), and no other of that name. What is not taken by the MTA is pending again.
bool quarantine_release_pending(Quarantine *quarantine, const char *record, GPtrArray *only, const char *mark,
                                const char *who, const char *why, int64_t now_us, GError **error);

// ---- notices ---------------------------------------------------------------------------------------------

// The templates of notice.dir and their words, in all of notice.languages. Immutable.
typedef struct NoticeBook NoticeBook;
// NULL with `error` (CONFIG): every mistake in them, a line each. `wanted`, of char*, are the names that rules ask for (key
// template); NULL = none.
NoticeBook *notice_book_load(const Config *config, const GPtrArray *wanted, GError **error);
// Is all in order that notices of this configuration are written from? True where none are sent (notice.from).
bool notice_book_check(const Config *config, const GPtrArray *wanted, GError **error);
void notice_book_free(NoticeBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NoticeBook, notice_book_free)
// What `template` says of `data`, in every language where `all` is true, else in the first; LF lines. `out_subject` gets its
// subject. Caller frees; NULL when there is no such template.
char *notice_book_text(const NoticeBook *book, const char *template, const TemplateData *data, bool all,
                       char **out_subject);
// The whole mail of it to `rcpt`, as sent; `id` is the local part of its Message-ID. Caller frees; NULL as above.
char *notice_book_mail(const Config *config, const NoticeBook *book, const char *template,
                       const TemplateData *data, const char *rcpt, const char *id, int64_t now_us);

typedef enum {
    NOTICE_HELD,
    NOTICE_COACH,
    NOTICE_DENIED,
    NOTICE_MAIL, // to reviewers and supervisors
    NOTICE_TOLD  // to staff who were sent a message
} NoticeKind;
// Queues a notice to the sender about `decision` (the JSON of judgement_to_json, masked values): durable when
// it returns true; sent by quarantine_send_notices. Addressed safely (RFC 3834): rightly not queued, with a
// log line, for a null sender, a list, an automatic message; `Auto-Submitted: auto-replied`; limited per
// sender and hour. `message` may be NULL (for a denial: read from the record's metadata).
bool quarantine_notice(Quarantine *quarantine, NoticeKind kind, const char *record, const Envelope *envelope,
                       const Message *message, const json_t *decision, const char *why, int64_t now_us,
                       GError **error);
// Queues notices to those of the staff that a message is delivered to whose rules tell recipients ("notify_recipients" of
// `decision`'s reasons): at school addresses, each at most once in seven days.
bool quarantine_tell_recipients(Quarantine *quarantine, const char *record, const Envelope *envelope,
                                const Message *message, const json_t *decision, int64_t now_us,
                                GError **error);
// Reads the templates, once; what sends notices does it first. Daemons do it when they start, so that what is changed later
// stops no mail; commands that send none do without.
bool quarantine_ready_notices(Quarantine *quarantine, GError **error);
// Where a sender acts on a held message of theirs: put in notices of held ones. NULL = no link, with or without `error`.
typedef char *(*NoticeLink)(const char *record, const char *sender, int64_t expires_us, void *data,
                            GError **error);
// `free_data` (may be NULL) is called on `data` by quarantine_close. To be set before threads use the quarantine.
void quarantine_set_link(Quarantine *quarantine, NoticeLink link, void *data, GDestroyNotify free_data);
// That link now, for mail of other kinds. Caller frees; NULL where there is none, with or without `error`.
char *quarantine_link(Quarantine *quarantine, const char *record, const char *sender, int64_t now_us,
                      GError **error);
// What staff had been told when a step is done: stands as "notices" in the events of the steps from now on. Borrowed reference.
void quarantine_set_notices(Quarantine *quarantine, json_t *notices);
// Queues the mail `template` to each of `rcpts` about a held message and writes `step` (`why` may be NULL) down as done by
// `who`, in one transaction. `data` gets what is known of the item: "reference", "held", "deadline", "sender", "rule",
// "clause", "gist", "severity", "claimed", "recipients"; the caller adds the rest before.
bool quarantine_mail(Quarantine *quarantine, const char *template, const HoldItem *item,
                     const GPtrArray *rcpts, TemplateData *data, const char *who, const char *step,
                     const char *why, int64_t now_us, GError **error);
// Fills `data` as above.
void quarantine_item_data(const Config *config, const HoldItem *item, TemplateData *data, int64_t now_us);
// Sends what is due, at most `max`; called from a thread beside the mail path and by the command. Number
// sent, -1 `error`.
int quarantine_send_notices(Quarantine *quarantine, int max, int64_t now_us, GError **error);

// A whole mail in plain text from notice.from to `rcpt`, marked as written by a program; `id` is the local part of its Message-ID,
// `text` has LF lines. Caller frees.
char *quarantine_compose_mail(const Config *config, const char *rcpt, const char *subject, const char *id,
                              const char *text, int64_t now_us);
// Hands a whole mail (CRLF lines) from `from` ("" = null sender) for one recipient to the listener. False with `error` when it was
// not taken.
bool quarantine_send_mail(const Config *config, const char *from, const char *rcpt, const char *mail,
                          GError **error);

// ---- the decision clock ----------------------------------------------------------------------------------

// When a message held at `held_us` is to be decided; 0 = no clock (review.decision_hours).
int64_t quarantine_deadline(const Config *config, int64_t held_us);
// Held messages whose time is over and of which reviewers are to be reminded now: at first, then once a day, seven times at
// most. The first `most`, the oldest first. GPtrArray of HoldItem.
GPtrArray *quarantine_overdue(Quarantine *quarantine, guint most, int64_t now_us, GError **error);

// When a digest was sent to `rcpt` last, 0 = never; and that one was.
bool quarantine_digest_last(Quarantine *quarantine, const char *rcpt, int64_t *out_us, GError **error);
bool quarantine_digest_sent(Quarantine *quarantine, const char *rcpt, guint items, const char *who,
                            int64_t now_us, GError **error);
