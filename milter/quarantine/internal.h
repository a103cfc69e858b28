// quarantine, inside: the database, the outbox of events, SMTP. Nobody outside the room includes this.
#pragma once

#include "quarantine/quarantine.h"
#include "store/store.h"

struct Quarantine {
    GMutex lock; // around every use of `db`; never held over the network
    StoreDb *db;
    Config *config;
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
// Inside work: what quarantine_notice does.
bool notice_add(Quarantine *quarantine, NoticeKind kind, const char *record, const Envelope *envelope,
                const Message *message, const json_t *decision, const char *why, int64_t now_us,
                GError **error);
// The whole notice, CRLF lines. `number` counts the notices of this kind about this record, from 0. Caller frees.
char *notice_compose(const Config *config, NoticeKind kind, const char *record, const Envelope *envelope,
                     const char *subject, const char *message_id, const json_t *decision, const char *why,
                     int suppressed, int number, int64_t now_us);
