// quarantine, inside: the database, the outbox of events, SMTP. Nobody outside the room includes this.
#pragma once

#include "quarantine/quarantine.h"
#include "store/store.h"

struct Quarantine {
    GMutex lock; // around every use of `db`; never held over the network
    StoreDb *db;
    Config *config;
    NoticeBook *book; // NULL until quarantine_ready_notices, and where no notices are sent (notice.from)
    NoticeLink link;
    void *link_data;
    GDestroyNotify link_free;
    json_t *notices;    // what staff had been told; NULL
    GMutex outbox_lock; // one sender at a time, so that no event is appended twice
    int outbox_fd;      // the same among processes: a file to lock
};

// ---- transactions with an outbox: an event is a row of the same transaction as the step it tells of, and is
// appended to the archive afterwards; what a crash leaves in the outbox goes out at the next recovery.
// ----------------------------------------

bool work_begin(Quarantine *quarantine, GError **error); // takes the lock
// Commits (or rolls back when `ok` is false), releases the lock, sends the outbox.
bool work_end(Quarantine *quarantine, bool ok, GError **error);
// Inside work: adds the step to the item's history and to the outbox.
bool work_step(Quarantine *quarantine, const char *record, const char *who, const char *step, const char *why,
               int64_t now_us, GError **error);
// One of both: the history; the outbox, with an event whose detail is `data` (an object).
bool work_history(Quarantine *quarantine, const char *record, const char *who, const char *step,
                  const char *why, int64_t now_us, GError **error);
bool work_event(Quarantine *quarantine, const char *record, const char *who, const char *event,
                const json_t *data, int64_t now_us, GError **error);
bool outbox_send(Quarantine *quarantine, GError **error);

// The first column of a one-row query on `record` as text; NULL with or without error (no row: no error).
// Caller frees.
char *work_text(Quarantine *quarantine, const char *sql, const char *record, GError **error);
// Sets every recipient of `record` that is in state `from` to `to`. Number changed, -1 with `error`.
int work_move(Quarantine *quarantine, const char *record, HoldState from, HoldState to, GError **error);
bool work_exists(Quarantine *quarantine, const char *record, GError **error);
// False with TEMPFAIL when somebody else than `who` has a live claim.
bool work_check_claim(Quarantine *quarantine, const char *record, const char *who, int64_t now_us,
                      GError **error);
bool check_who(const char *who, GError **error);

// ---- lists (list.c) --------------------------------------------------------------------------------------

#define ITEM_COLUMNS "record, segment, offset, length, held_us, mail_from, claimed_by, claimed_us, summary"
// The item of a row that begins with ITEM_COLUMNS.
HoldItem *list_item(StoreStmt *row);
bool list_rcpts(Quarantine *quarantine, HoldItem *item, GError **error);

// ---- SMTP (smtp.c) ---------------------------------------------------------------------------------------

typedef enum {
    SMTP_ACCEPTED,
    SMTP_REFUSED /* certainly not accepted */,
    SMTP_UNKNOWN /* lost after the final dot */
} SmtpResult;

typedef struct {
    const char *from; // "" = null sender
    const char *const *rcpts;
    const char *head; // header lines put before `body`, with CRLF; NULL = none
    GBytes *body;
    // Called when all content is on its way and before the final dot; false stops the transaction.
    bool (*before_dot)(void *data, GError **error);
    void *data;
} SmtpMail;

// Sends to the re-injection listener. `*out_queue_id` gets what the server calls it, where it says so.
SmtpResult smtp_send(const Config *config, const SmtpMail *mail, char **out_queue_id, GError **error);

// ---- notices ---------------------------------------------------------------------------------------------

// NULL when a notice may go to the envelope's sender; else why not (static).
const char *notice_refusal(const Config *config, const Envelope *envelope, const Message *message,
                           const json_t *decision);
// The same of a recipient who is to be told: staff at a school address.
const char *notice_refusal_of(const Config *config, const char *to, const json_t *decision);
// Inside work: what quarantine_notice does.
bool notice_add(Quarantine *quarantine, NoticeKind kind, const char *record, const Envelope *envelope,
                const Message *message, const json_t *decision, const char *why, int64_t now_us,
                GError **error);
// What a notice to a sender is made from.
typedef struct {
    NoticeKind kind;
    const char *record;
    const Envelope *envelope;
    const char *to;                   // the sender of the message, or a recipient of it
    const char *subject, *message_id; // of the message; may be NULL
    const json_t *decision;
    const char *why;     // of a denial
    const char *link;    // may be NULL
    int64_t deadline_us; // 0 = none
    int suppressed;      // notices not sent to them in the last hour
    int number;          // of the notices of this kind about this record, from 0
    int64_t now_us;
} NoticeAbout;
// The whole notice, CRLF lines. Caller frees.
char *notice_compose(const Config *config, const NoticeBook *book, const NoticeAbout *about);

// ---- templates (notice_book.c) ---------------------------------------------------------------------------

guint notice_book_languages(const NoticeBook *book);
// "{what} {where}" words: text for `key` in a language; `fallback` where there is none.
const char *notice_book_word(const NoticeBook *book, guint language, const char *key, const char *fallback);
// One language's text; a name that is not there is that of `fallback`. LF lines, the subject apart. Caller frees.
char *notice_book_one(const NoticeBook *book, guint language, const char *template, const char *fallback,
                      const TemplateData *data, char **out_subject);
bool notice_book_has(const NoticeBook *book, guint language, const char *template);

// ---- writing (notice_text.c) -----------------------------------------------------------------------------

// What a notice in `language` is filled with. Caller frees.
TemplateData *notice_data(const Config *config, const NoticeBook *book, guint language,
                          const NoticeAbout *about);
// The template that a rule asks for, by the strongest of the reasons the sender is told; NULL = that of the kind.
const char *notice_template(const NoticeAbout *about);

// ---- mail (notice_mail.c) --------------------------------------------------------------------------------

// Header and body in CRLF; lines of header fields in `extra`, with CRLF.
char *notice_mail(const Config *config, const char *to, const char *subject, const char *id,
                  const char *extra, const char *text, int64_t now_us);
// "Subject" as a header wants it: encoded and folded where it is not ASCII.
char *notice_header_text(const char *text);
