// Notices wait in the database until the listener takes them.
#include "quarantine/internal.h"

#include <string.h>

enum { NOTICE_WAITING, NOTICE_SENT, NOTICE_GIVEN_UP, NOTICE_SUPPRESSED };

static int count_notices(Quarantine *quarantine, const char *rcpt, int state, int64_t since_us,
                         GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db,
        "SELECT count(*) FROM notice WHERE rcpt = ?1 AND created_us > ?2 AND (state = 3) = ?3 AND kind < 3",
        error);
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

static bool read_book(Quarantine *quarantine, GError **error)
{
    if (quarantine->book == NULL && *quarantine->config->notice.from != '\0')
        quarantine->book = notice_book_load(quarantine->config, NULL, error);
    return quarantine->book != NULL || *quarantine->config->notice.from == '\0';
}

bool quarantine_ready_notices(Quarantine *quarantine, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    bool ok = read_book(quarantine, error);
    g_mutex_unlock(&quarantine->lock);
    return ok;
}

// Since when the message is held, by its row; now where there is none (it was delivered).
static bool held_since(Quarantine *quarantine, const char *record, int64_t now_us, int64_t *out_us,
                       GError **error)
{
    g_autoptr(GError) inner = NULL;
    g_autofree char *text =
        work_text(quarantine, "SELECT held_us FROM item WHERE record = ?", record, &inner);
    *out_us = text != NULL ? g_ascii_strtoll(text, NULL, 10) : now_us;
    if (inner != NULL)
        g_propagate_error(error, g_steal_pointer(&inner));
    return text != NULL || inner == NULL;
}

// A notice without its link is better than none.
static char *link_of(const Quarantine *quarantine, const NoticeAbout *about)
{
    g_autoptr(GError) error = NULL;
    int64_t until_us = about->now_us + quarantine->config->review.link_days * (int64_t)86400 * G_USEC_PER_SEC;
    char *link = quarantine->link != NULL && about->kind == NOTICE_HELD
                     ? quarantine->link(about->record, about->envelope->mail_from, until_us,
                                        quarantine->link_data, &error)
                     : NULL;
    if (error != NULL)
        log_warn("notice without a link", "record", about->record, "error", error->message);
    return link;
}

static bool add_body(Quarantine *quarantine, NoticeAbout *about, GError **error)
{
    const Config *config = quarantine->config;
    const char *to = about->to;
    int64_t hour_us = 3600 * (int64_t)G_USEC_PER_SEC, held_us = 0;
    int sent = count_notices(quarantine, to, NOTICE_SENT, about->now_us - hour_us, error);
    about->suppressed =
        sent >= 0 ? count_notices(quarantine, to, NOTICE_SUPPRESSED, about->now_us - hour_us, error) : -1;
    about->number =
        about->suppressed >= 0 ? count_of_record(quarantine, about->record, about->kind, error) : -1;
    if (about->number < 0 || !held_since(quarantine, about->record, about->now_us, &held_us, error))
        return false;
    // A decision that is made again after a crash tells nothing new.
    if (about->kind == NOTICE_COACH && about->number > 0)
        return true;
    bool many = sent >= config->notice.per_sender_hour;
    g_autofree char *link = link_of(quarantine, about);
    about->link = link;
    about->deadline_us = about->kind == NOTICE_HELD ? quarantine_deadline(config, held_us) : 0;
    g_autofree char *body = notice_compose(config, quarantine->book, about);
    about->link = NULL;
    if (many)
        log_info("no notice", "record", about->record, "why", "too many to this sender in an hour");
    return insert_notice(quarantine, about->kind, about->record, to, body,
                         many ? NOTICE_SUPPRESSED : NOTICE_WAITING, about->now_us, error);
}

bool notice_add(Quarantine *quarantine, NoticeKind kind, const char *record, const Envelope *envelope,
                const Message *message, const json_t *decision, const char *why, int64_t now_us,
                GError **error)
{
    const char *refusal = notice_refusal(quarantine->config, envelope, message, decision);
    if (refusal != NULL) {
        log_info("no notice", "record", record, "why", refusal);
        return true;
    }
    if (!read_book(quarantine, error))
        return false;
    NoticeAbout about = {.kind = kind,
                         .record = record,
                         .envelope = envelope,
                         .to = envelope->mail_from,
                         .subject = message != NULL ? message->subject : NULL,
                         .message_id = message != NULL ? message->message_id : NULL,
                         .decision = decision,
                         .why = why,
                         .now_us = now_us};
    return add_body(quarantine, &about, error);
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

// ---- to recipients ---------------------------------------------------------------------------------------

static const int64_t TOLD_AGAIN_US = 7 * 86400 * (int64_t)G_USEC_PER_SEC;

// Was `rcpt` told something lately? TRI_UNKNOWN with `error`.
static Tri told_lately(Quarantine *quarantine, const char *rcpt, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(quarantine->db,
                      "SELECT count(*) FROM notice WHERE rcpt = ?1 AND created_us > ?2 AND kind = ?3", error);
    if (get == NULL)
        return TRI_UNKNOWN;
    store_bind_text(get, 1, rcpt);
    store_bind_int(get, 2, now_us - TOLD_AGAIN_US);
    store_bind_int(get, 3, NOTICE_TOLD);
    if (store_step(get, error) != STORE_ROW)
        return TRI_UNKNOWN;
    return store_int(get, 0) > 0 ? TRI_YES : TRI_NO;
}

// Does what was decided deliver it to `rcpt`?
static bool is_delivered(const json_t *decision, const char *rcpt)
{
    const json_t *rcpts = json_object_get(decision, "recipients");
    bool delivered = false;
    for (size_t i = 0; !delivered && i < json_array_size(rcpts); i++) {
        const json_t *one = json_array_get(rcpts, i);
        const char *action = json_string_value(json_object_get(one, "action"));
        delivered = g_strcmp0(json_string_value(json_object_get(one, "address")), rcpt) == 0 &&
                    g_strcmp0(action, "hold") != 0 && g_strcmp0(action, "reject") != 0;
    }
    return delivered;
}

static bool tell_one(Quarantine *quarantine, NoticeAbout *about, GError **error)
{
    const char *refusal = notice_refusal_of(quarantine->config, about->to, about->decision);
    Tri lately = refusal == NULL ? told_lately(quarantine, about->to, about->now_us, error) : TRI_YES;
    if (refusal != NULL)
        log_info("no notice", "record", about->record, "why", refusal);
    if (lately != TRI_NO)
        return lately == TRI_YES;
    g_autofree char *body = notice_compose(quarantine->config, quarantine->book, about);
    about->number++;
    return insert_notice(quarantine, NOTICE_TOLD, about->record, about->to, body, NOTICE_WAITING,
                         about->now_us, error);
}

static bool tell_all(Quarantine *quarantine, NoticeAbout *about, GError **error)
{
    const json_t *reasons = json_object_get(about->decision, "reasons");
    bool ok = read_book(quarantine, error);
    for (size_t i = 0; ok && i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i), *rcpts = json_object_get(reason, "recipients");
        bool tells = json_is_true(json_object_get(reason, "notify_recipients"));
        for (size_t j = 0; ok && tells && j < json_array_size(rcpts); j++) {
            about->to = json_string_value(json_array_get(rcpts, j));
            ok = about->to == NULL || !is_delivered(about->decision, about->to) ||
                 tell_one(quarantine, about, error);
        }
    }
    return ok;
}

static bool tells_recipients(const json_t *decision)
{
    bool tells = false;
    const json_t *reasons = json_object_get(decision, "reasons");
    for (size_t i = 0; !tells && i < json_array_size(reasons); i++)
        tells = json_is_true(json_object_get(json_array_get(reasons, i), "notify_recipients"));
    return tells;
}

bool quarantine_tell_recipients(Quarantine *quarantine, const char *record, const Envelope *envelope,
                                const Message *message, const json_t *decision, int64_t now_us,
                                GError **error)
{
    if (!tells_recipients(decision) || *quarantine->config->notice.from == '\0')
        return true;
    NoticeAbout about = {.kind = NOTICE_TOLD,
                         .record = record,
                         .envelope = envelope,
                         .subject = message != NULL ? message->subject : NULL,
                         .message_id = message != NULL ? message->message_id : NULL,
                         .decision = decision,
                         .now_us = now_us};
    if (!work_begin(quarantine, error))
        return false;
    return work_end(quarantine, tell_all(quarantine, &about, error), error);
}

void quarantine_set_link(Quarantine *quarantine, NoticeLink link, void *data, GDestroyNotify free_data)
{
    if (quarantine->link_free != NULL)
        quarantine->link_free(quarantine->link_data);
    quarantine->link = link;
    quarantine->link_data = data;
    quarantine->link_free = free_data;
}

char *quarantine_link(Quarantine *quarantine, const char *record, const char *sender, int64_t now_us,
                      GError **error)
{
    int64_t until_us = now_us + quarantine->config->review.link_days * (int64_t)86400 * G_USEC_PER_SEC;
    return quarantine->link != NULL ? quarantine->link(record, sender, until_us, quarantine->link_data, error)
                                    : NULL;
}

void quarantine_set_notices(Quarantine *quarantine, json_t *notices)
{
    json_decref(quarantine->notices);
    quarantine->notices = json_incref(notices);
}

// ---- to reviewers ----------------------------------------------------------------------------------------

static bool add_mail(Quarantine *quarantine, const char *template, const HoldItem *item,
                     const GPtrArray *rcpts, const TemplateData *data, int64_t now_us, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < rcpts->len; i++) {
        const char *rcpt = rcpts->pdata[i];
        g_autofree char *id =
            g_strdup_printf("%s.%s.%" G_GINT64_FORMAT ".%u", item->record, template, now_us, i);
        g_autofree char *body =
            notice_book_mail(quarantine->config, quarantine->book, template, data, rcpt, id, now_us);
        ok = body != NULL &&
             insert_notice(quarantine, NOTICE_MAIL, item->record, rcpt, body, NOTICE_WAITING, now_us, error);
        if (body == NULL)
            g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s: no template %s.%s.txt",
                        quarantine->config->notice.dir, template, quarantine->config->notice.languages[0]);
    }
    return ok;
}

bool quarantine_mail(Quarantine *quarantine, const char *template, const HoldItem *item,
                     const GPtrArray *rcpts, TemplateData *data, const char *who, const char *step,
                     const char *why, int64_t now_us, GError **error)
{
    quarantine_item_data(quarantine->config, item, data, now_us);
    if (!work_begin(quarantine, error))
        return false;
    bool ok =
        read_book(quarantine, error) &&
        (quarantine->book == NULL || add_mail(quarantine, template, item, rcpts, data, now_us, error)) &&
        work_step(quarantine, item->record, who, step, why, now_us, error);
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
