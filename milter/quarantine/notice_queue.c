// Notices wait in the database until the listener takes them.
#include "quarantine/internal.h"

#include <string.h>

enum { NOTICE_WAITING, NOTICE_SENT, NOTICE_GIVEN_UP, NOTICE_SUPPRESSED };

static int count_notices(Quarantine *quarantine, const char *rcpt, int state, int64_t since_us,
                         GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db,
        "SELECT count(*) FROM notice WHERE rcpt = ?1 AND created_us > ?2 AND (state = 3) = ?3", error);
    if (get == NULL)
        return -1;
    store_bind_text(get, 1, rcpt);
    store_bind_int(get, 2, since_us);
    store_bind_int(get, 3, state == NOTICE_SUPPRESSED);
    return store_step(get, error) == STORE_ROW ? (int)store_int(get, 0) : -1;
}

static bool insert_notice(Quarantine *quarantine, NoticeKind kind, const char *record, const char *rcpt,
                          const char *body, int state, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) put = store_prepare(quarantine->db,
                                             "INSERT INTO notice(record, kind, rcpt, body, created_us, "
                                             "due_us, tries, state) VALUES(?,?,?,?,?,?,0,?)",
                                             error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, record);
    store_bind_int(put, 2, kind);
    store_bind_text(put, 3, rcpt);
    store_bind_text(put, 4, body);
    store_bind_int(put, 5, now_us);
    store_bind_int(put, 6, now_us);
    store_bind_int(put, 7, state);
    return store_run(put, error);
}

static int count_of_record(Quarantine *quarantine, const char *record, NoticeKind kind, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(quarantine->db, "SELECT count(*) FROM notice WHERE record = ?1 AND kind = ?2", error);
    if (get == NULL)
        return -1;
    store_bind_text(get, 1, record);
    store_bind_int(get, 2, kind);
    return store_step(get, error) == STORE_ROW ? (int)store_int(get, 0) : -1;
}

bool notice_add(Quarantine *quarantine, NoticeKind kind, const char *record, const Envelope *envelope,
                const Message *message, const json_t *decision, const char *why, int64_t now_us,
                GError **error)
{
    const Config *config = quarantine->config;
    int64_t hour_us = 3600 * (int64_t)G_USEC_PER_SEC;
    const char *refusal = notice_refusal(config, envelope, message, decision);
    if (refusal != NULL) {
        log_info("no notice", "record", record, "why", refusal);
        return true;
    }
    int sent = count_notices(quarantine, envelope->mail_from, NOTICE_SENT, now_us - hour_us, error);
    int suppressed =
        sent >= 0 ? count_notices(quarantine, envelope->mail_from, NOTICE_SUPPRESSED, now_us - hour_us, error)
                  : -1;
    int number = suppressed >= 0 ? count_of_record(quarantine, record, kind, error) : -1;
    if (number < 0)
        return false;
    // A decision that is made again after a crash tells nothing new.
    if (kind == NOTICE_COACH && number > 0)
        return true;
    bool many = sent >= config->notice.per_sender_hour;
    g_autofree char *body = notice_compose(
        config, kind, record, envelope, message != NULL ? message->subject : NULL,
        message != NULL ? message->message_id : NULL, decision, why, suppressed, number, now_us);
    if (many)
        log_info("no notice", "record", record, "why", "too many to this sender in an hour");
    return insert_notice(quarantine, kind, record, envelope->mail_from, body,
                         many ? NOTICE_SUPPRESSED : NOTICE_WAITING, now_us, error);
}

bool quarantine_notice(Quarantine *quarantine, NoticeKind kind, const char *record, const Envelope *envelope,
                       const Message *message, const json_t *decision, const char *why, int64_t now_us,
                       GError **error)
{
    if (!work_begin(quarantine, error))
        return false;
    bool ok = notice_add(quarantine, kind, record, envelope, message, decision, why, now_us, error);
    return work_end(quarantine, ok, error);
}

// ---- sending ---------------------------------------------------------------------------------------------

typedef struct {
    int64_t id;
    int tries;
    char *rcpt, *body, *record;
} DueNotice;

static void due_clear(DueNotice *due)
{
    g_free(due->rcpt);
    g_free(due->body);
    g_free(due->record);
}

// Takes the next due notice by moving its time on: two senders do not send the same one.
static bool take_due(Quarantine *quarantine, int64_t now_us, DueNotice *due, bool *out_found, GError **error)
{
    *out_found = false;
    if (!work_begin(quarantine, error))
        return false;
    g_autoptr(StoreStmt) get = store_prepare(quarantine->db,
                                             "SELECT id, tries, rcpt, body, record FROM notice WHERE state = "
                                             "0 AND due_us <= ? ORDER BY due_us LIMIT 1",
                                             error);
    g_autoptr(StoreStmt) set =
        get != NULL ? store_prepare(quarantine->db,
                                    "UPDATE notice SET tries = tries + 1, due_us = ?2 WHERE id = ?1", error)
                    : NULL;
    StoreStep step = STORE_FAILED;
    if (set != NULL) {
        store_bind_int(get, 1, now_us);
        step = store_step(get, error);
    }
    bool ok = step != STORE_FAILED;
    if (step == STORE_ROW) {
        *due = (DueNotice){.id = store_int(get, 0),
                           .tries = (int)store_int(get, 1),
                           .rcpt = g_strdup(store_text(get, 2)),
                           .body = g_strdup(store_text(get, 3)),
                           .record = g_strdup(store_text(get, 4))};
        *out_found = true;
        // 1, 2, 4 ... minutes, at most about four hours.
        store_bind_int(set, 1, due->id);
        store_bind_int(set, 2, now_us + (60LL << MIN(due->tries, 8)) * G_USEC_PER_SEC);
        ok = store_run(set, error);
    }
    store_finalize(&get);
    store_finalize(&set);
    return work_end(quarantine, ok, error);
}

static bool set_notice(Quarantine *quarantine, const DueNotice *due, int state, int64_t now_us,
                       GError **error)
{
    if (!work_begin(quarantine, error))
        return false;
    g_autoptr(StoreStmt) set =
        store_prepare(quarantine->db, "UPDATE notice SET state = ?2 WHERE id = ?1", error);
    bool ok = set != NULL;
    if (ok) {
        store_bind_int(set, 1, due->id);
        store_bind_int(set, 2, state);
        ok = store_run(set, error) &&
             work_step(quarantine, due->record, "chaperone-milter",
                       state == NOTICE_SENT ? "notice-sent" : "notice-given-up", due->rcpt, now_us, error);
    }
    store_finalize(&set);
    return work_end(quarantine, ok, error);
}

static bool send_one(Quarantine *quarantine, const DueNotice *due, int64_t now_us, GError **error)
{
    enum { TRIES_MAX = 30 }; // about four days
    g_autoptr(GBytes) body = g_bytes_new(due->body, strlen(due->body));
    const char *rcpts[] = {due->rcpt, NULL};
    SmtpMail mail = {.from = "", .rcpts = rcpts, .body = body};
    g_autofree char *queue_id = NULL;
    if (smtp_send(quarantine->config, &mail, &queue_id, error) == SMTP_ACCEPTED)
        return set_notice(quarantine, due, NOTICE_SENT, now_us, error);
    if (due->tries >= TRIES_MAX)
        set_notice(quarantine, due, NOTICE_GIVEN_UP, now_us, NULL);
    return false;
}

int quarantine_send_notices(Quarantine *quarantine, int max, int64_t now_us, GError **error)
{
    for (int sent = 0; sent < max; sent++) {
        DueNotice due = {0};
        bool found;
        if (!take_due(quarantine, now_us, &due, &found, error))
            return -1;
        if (!found)
            return sent;
        bool ok = send_one(quarantine, &due, now_us, error);
        due_clear(&due);
        if (!ok)
            return -1;
    }
    return max;
}
