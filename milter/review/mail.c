// Mail to the contacts of an item: at once, and of an escalation again when its time is over. It holds nothing of the message:
// mail may be read by others than those it is for.
#include "review/internal.h"

#include <string.h>

enum { MAIL_WAITING, MAIL_SENT, MAIL_GIVEN_UP };
enum { TRIES_MAX = 30 /* about four days */, REMINDERS_MAX = 7, A_TURN = 20 };
static const int64_t DAY_US = 86400 * (int64_t)G_USEC_PER_SEC;

// ---- writing ---------------------------------------------------------------------------------------------

static char *local_time(const Config *config, int64_t us)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(config->district.timezone);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local = zone != NULL ? g_date_time_to_timezone(utc, zone) : g_date_time_ref(utc);
    return g_date_time_format(local, "%Y-%m-%d %H:%M %Z");
}

static char *mail_date(int64_t us)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return g_strdup_printf(
        "%s, %02d %s %04d %02d:%02d:%02d +0000", DAYS[g_date_time_get_day_of_week(utc) - 1],
        g_date_time_get_day_of_month(utc), MONTHS[g_date_time_get_month(utc) - 1], g_date_time_get_year(utc),
        g_date_time_get_hour(utc), g_date_time_get_minute(utc), g_date_time_get_second(utc));
}

static const char *summary_text(const ReviewItem *item, const char *key)
{
    return json_string_value(json_object_get(item->summary, key));
}

static const char *lead_of(const ReviewItem *item)
{
    static const char *const LEADS[REVIEW_LAST] = {
        [REVIEW_ALERT] = "A rule asks that somebody looks at a message. The message was not held for it.",
        [REVIEW_PATTERN] = "What passes between a staff member and a student over time asks for a look. "
                           "Nothing was held.",
        [REVIEW_CONCERN] = "Somebody has reported a concern.",
        [REVIEW_ESCALATION] = "A message may have to be reported to an authority.",
    };
    return LEADS[item->kind];
}

static void compose_head(GString *mail, const Config *config, const ReviewItem *item, const char *rcpt,
                         bool reminder, int64_t now_us)
{
    const char *name = summary_text(item, "escalation");
    g_autofree char *date = mail_date(now_us);
    g_string_append_printf(
        mail,
        "From: %s\r\nTo: %s\r\nDate: %s\r\nMessage-ID: <%s.%" G_GINT64_FORMAT "@%s.chaperone.invalid>\r\n"
        "Subject: %sReview, %s: %s\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
        "8bit\r\n\r\n",
        config->notice.from, rcpt, date, item->id, now_us, config->archive.origin,
        reminder ? "Overdue: " : "", name != NULL ? name : review_kind_name(item->kind), item->id);
}

static void compose_field(GString *mail, const char *label, const char *text)
{
    if (text != NULL)
        g_string_append_printf(mail, "%-10s %s\r\n", label, text);
}

static char *compose(const Config *config, const ReviewItem *item, const char *rcpt, bool reminder,
                     int64_t now_us)
{
    g_autofree char *due = local_time(config, item->due_us);
    g_autofree char *opened = local_time(config, item->opened_us);
    g_autofree char *by = g_strdup_printf("by %s%s", due, reminder ? "; this time is over" : "");
    GString *mail = g_string_new(NULL);
    compose_head(mail, config, item, rcpt, reminder, now_us);
    g_string_append_printf(mail, "%s\r\n\r\n", lead_of(item));
    compose_field(mail, "Rule:", summary_text(item, "rule"));
    compose_field(mail, "Clause:", summary_text(item, "clause"));
    compose_field(mail, "What:", summary_text(item, "gist"));
    compose_field(mail, "Item:", item->id);
    compose_field(mail, "Opened:", opened);
    compose_field(mail, "To settle:", by);
    for (guint i = 0; i < item->links->len; i++)
        compose_field(mail, "Record:", ((const ReviewLink *)item->links->pdata[i])->record);
    g_string_append_printf(
        mail,
        "%s\r\nThis mail does not repeat who wrote what. A reviewer reads it with\r\n"
        "    chaperone review show %s\r\n%s",
        item->legal_hold ? "\r\nThe record is under legal hold: it is not disposed of.\r\n" : "", item->id,
        item->kind == REVIEW_ESCALATION
            ? "and closes the item with the authority that was told and the reference it gave.\r\n"
            : "and closes it with a reason.\r\n");
    return g_string_free(mail, FALSE);
}

static bool queue_one(Review *review, const ReviewItem *item, const char *rcpt, bool reminder, int64_t now_us,
                      GError **error)
{
    g_autofree char *body = compose(review->config, item, rcpt, reminder, now_us);
    g_autoptr(StoreStmt) put = review_prepare(
        review, error, "INSERT INTO mail(item, rcpt, body, due_us, tries, state) VALUES(?,?,?,?,0,0)",
        item->id, rcpt, body, NULL);
    if (put == NULL)
        return false;
    store_bind_int(put, 4, now_us);
    return store_run(put, error);
}

static GPtrArray *contacts_of(Review *review, const char *id, GError **error)
{
    g_autoptr(GPtrArray) contacts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreStmt) get =
        review_prepare(review, error, "SELECT address FROM contact WHERE item = ?", id, NULL);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(contacts, g_strdup(store_text(get, 0)));
    return step == STORE_DONE ? g_steal_pointer(&contacts) : NULL;
}

bool mail_queue(Review *review, const char *id, bool reminder, int64_t now_us, GError **error)
{
    g_autoptr(ReviewItem) item = review_get(review, id, error);
    g_autoptr(GPtrArray) contacts = item != NULL ? contacts_of(review, id, error) : NULL;
    if (contacts == NULL)
        return false;
    bool ok = true, silent = *review->config->notice.from == '\0';
    for (guint i = 0; ok && !silent && i < contacts->len; i++)
        ok = queue_one(review, item, contacts->pdata[i], reminder, now_us, error);
    if (silent && contacts->len > 0) {
        log_warn("contacts are not mailed: notice.from is not set", "item", id);
        ok = review_work_step(review, id, REVIEW_NAME, "not-mailed", "notice.from is not set", now_us, error);
    }
    return ok;
}

// ---- reminders -------------------------------------------------------------------------------------------

static GPtrArray *overdue(Review *review, int64_t now_us, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreStmt) get = store_prepare(
        review->db,
        "SELECT id FROM item WHERE state < 2 AND kind = 3 AND reminded < ?2 AND due_us + reminded * ?3 <= ?1",
        error);
    if (get == NULL)
        return NULL;
    store_bind_int(get, 1, now_us);
    store_bind_int(get, 2, REMINDERS_MAX);
    store_bind_int(get, 3, DAY_US);
    StoreStep step;
    while ((step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(ids, g_strdup(store_text(get, 0)));
    return step == STORE_DONE ? g_steal_pointer(&ids) : NULL;
}

static bool remind(Review *review, int64_t now_us, GError **error)
{
    g_autoptr(GPtrArray) ids = overdue(review, now_us, error);
    if (ids == NULL || ids->len == 0)
        return ids != NULL;
    if (!review_work_begin(review, error))
        return false;
    bool ok = true;
    for (guint i = 0; ok && i < ids->len; i++) {
        const char *id = ids->pdata[i];
        log_warn("escalation overdue", "item", id);
        ok = review_exec(review, error, "UPDATE item SET reminded = reminded + 1 WHERE id = ?", id, NULL) &&
             review_work_step(review, id, REVIEW_NAME, "overdue", NULL, now_us, error) &&
             mail_queue(review, id, true, now_us, error);
    }
    return review_work_end(review, ok, error);
}

// ---- sending ---------------------------------------------------------------------------------------------

typedef struct {
    int64_t id;
    int tries;
    char *item, *rcpt, *body;
} Due;

static void due_clear(Due *due)
{
    g_free(due->item);
    g_free(due->rcpt);
    g_free(due->body);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Due, due_clear)

// Takes the next by moving its time on (1, 2, 4 ... minutes): two senders do not send the same one.
static bool take_due(Review *review, int64_t now_us, Due *due, GError **error)
{
    if (!review_work_begin(review, error))
        return false;
    g_autoptr(StoreStmt) get = store_prepare(review->db,
                                             "SELECT id, tries, item, rcpt, body FROM mail WHERE state = 0"
                                             " AND due_us <= ? ORDER BY due_us LIMIT 1",
                                             error);
    StoreStep step = STORE_FAILED;
    if (get != NULL) {
        store_bind_int(get, 1, now_us);
        step = store_step(get, error);
    }
    if (step == STORE_ROW)
        *due = (Due){store_int(get, 0), (int)store_int(get, 1), g_strdup(store_text(get, 2)),
                     g_strdup(store_text(get, 3)), g_strdup(store_text(get, 4))};
    store_finalize(&get);
    bool ok = step != STORE_FAILED;
    g_autoptr(StoreStmt) set =
        step == STORE_ROW
            ? store_prepare(review->db, "UPDATE mail SET tries = tries + 1, due_us = ?2 WHERE id = ?1", error)
            : NULL;
    if (step == STORE_ROW && set != NULL) {
        store_bind_int(set, 1, due->id);
        store_bind_int(set, 2, now_us + (60LL << MIN(due->tries, 8)) * G_USEC_PER_SEC);
        ok = store_run(set, error);
    }
    store_finalize(&set);
    return review_work_end(review, ok && (step != STORE_ROW || due->item != NULL), error);
}

static bool settle(Review *review, const Due *due, int state, int64_t now_us, GError **error)
{
    if (!review_work_begin(review, error))
        return false;
    g_autoptr(StoreStmt) set =
        store_prepare(review->db, "UPDATE mail SET state = ?2 WHERE id = ?1 AND state = 0", error);
    bool ok = set != NULL;
    if (ok) {
        store_bind_int(set, 1, due->id);
        store_bind_int(set, 2, state);
        ok = store_run(set, error) &&
             review_work_step(review, due->item, REVIEW_NAME, state == MAIL_SENT ? "mailed" : "mail-given-up",
                              due->rcpt, now_us, error);
    }
    store_finalize(&set);
    return review_work_end(review, ok, error);
}

static bool send_one(Review *review, const Due *due, int64_t now_us, GError **error)
{
    if (quarantine_send_mail(review->config, "", due->rcpt, due->body, error))
        return settle(review, due, MAIL_SENT, now_us, error);
    if (due->tries >= TRIES_MAX)
        (void)settle(review, due, MAIL_GIVEN_UP, now_us, NULL);
    return false;
}

int review_send(Review *review, int64_t now_us, GError **error)
{
    bool ok = remind(review, now_us, error), more = true;
    int sent = 0;
    while (ok && more && sent < A_TURN) {
        g_auto(Due) due = {0};
        ok = take_due(review, now_us, &due, error);
        more = ok && due.item != NULL;
        if (more) {
            ok = send_one(review, &due, now_us, error);
            sent += ok;
        }
    }
    return ok ? sent : -1;
}
