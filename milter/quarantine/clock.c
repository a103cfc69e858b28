// The decision clock: until when held messages are to be decided, of which of them reviewers are reminded, and digests.
#include "quarantine/internal.h"

enum { REMINDERS_MOST = 7 };
static const int64_t HOUR_US = 3600 * (int64_t)G_USEC_PER_SEC;

int64_t quarantine_deadline(const Config *config, int64_t held_us)
{
    return config->review.decision_hours > 0 ? held_us + config->review.decision_hours * HOUR_US : 0;
}

static const char *summary_text(const HoldItem *item, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(item->summary, key));
    return text != NULL && *text != '\0' ? text : fallback;
}

void quarantine_item_data(const Config *config, const HoldItem *item, TemplateData *data, int64_t now_us)
{
    const char *zone = config->district.timezone;
    int64_t deadline_us = quarantine_deadline(config, item->held_us);
    g_autofree char *held = clock_format_local(item->held_us, zone);
    g_autofree char *deadline = deadline_us > 0 ? clock_format_local(deadline_us, zone) : NULL;
    int64_t late_h = deadline_us > 0 && now_us > deadline_us ? (now_us - deadline_us) / HOUR_US : -1;
    g_autofree char *overdue = late_h >= 48  ? g_strdup_printf("%d d", (int)(late_h / 24))
                               : late_h >= 0 ? g_strdup_printf("%d h", (int)late_h)
                                             : NULL;
    int64_t claimed_until = item->claimed_us + config->quarantine.claim_minutes * 60 * G_USEC_PER_SEC;
    guint held_count = 0;
    for (guint i = 0; i < item->rcpts->len; i++)
        held_count += ((const HoldRcpt *)item->rcpts->pdata[i])->state == HOLD_HELD;
    template_set(data, "district", config->district.name);
    template_set(data, "contact", config->notice.contact);
    template_set(data, "reference", item->record);
    template_set(data, "held", held);
    template_set(data, "deadline", deadline);
    template_set(data, "overdue", overdue);
    template_set(data, "sender", summary_text(item, "sender", item->mail_from));
    template_set(data, "rule", summary_text(item, "rule", "-"));
    template_set(data, "clause", summary_text(item, "clause", "-"));
    template_set(data, "gist", summary_text(item, "gist", "-"));
    template_set_number(data, "severity", json_integer_value(json_object_get(item->summary, "severity")));
    template_set(data, "claimed",
                 item->claimed_by != NULL && claimed_until > now_us ? item->claimed_by : NULL);
    template_set_number(data, "recipients", held_count);
}

// ---- whose time is over ----------------------------------------------------------------------------------

static GPtrArray *overdue_records(Quarantine *quarantine, guint most, int64_t now_us, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db,
        "SELECT record FROM item WHERE held_us <= ?1"
        " AND EXISTS (SELECT 1 FROM rcpt WHERE rcpt.record = item.record AND state = 0)"
        " AND (SELECT count(*) FROM step WHERE step.record = item.record AND step = 'reminded') < ?3"
        " AND NOT EXISTS (SELECT 1 FROM step WHERE step.record = item.record AND step = 'reminded'"
        " AND when_us > ?2) ORDER BY held_us, record LIMIT ?4",
        error);
    if (get == NULL)
        return NULL;
    store_bind_int(get, 1, now_us - quarantine->config->review.decision_hours * HOUR_US);
    store_bind_int(get, 2, now_us - 24 * HOUR_US);
    store_bind_int(get, 3, REMINDERS_MOST);
    store_bind_int(get, 4, most);
    StoreStep step;
    while ((step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(records, g_strdup(store_text(get, 0)));
    return step == STORE_DONE ? g_steal_pointer(&records) : NULL;
}

GPtrArray *quarantine_overdue(Quarantine *quarantine, guint most, int64_t now_us, GError **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)hold_item_free);
    if (quarantine->config->review.decision_hours == 0)
        return g_steal_pointer(&items);
    g_mutex_lock(&quarantine->lock);
    g_autoptr(GPtrArray) records = overdue_records(quarantine, most, now_us, error);
    g_mutex_unlock(&quarantine->lock);
    bool ok = records != NULL;
    for (guint i = 0; ok && i < records->len; i++) {
        HoldItem *item = quarantine_get(quarantine, records->pdata[i], error);
        ok = item != NULL;
        if (ok)
            g_ptr_array_add(items, item);
    }
    return ok ? g_steal_pointer(&items) : NULL;
}

// ---- digests ---------------------------------------------------------------------------------------------

bool quarantine_digest_last(Quarantine *quarantine, const char *rcpt, int64_t *out_us, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    g_autoptr(StoreStmt) get =
        store_prepare(quarantine->db, "SELECT sent_us FROM digest WHERE rcpt = ?", error);
    StoreStep step = STORE_FAILED;
    if (get != NULL) {
        store_bind_text(get, 1, rcpt);
        step = store_step(get, error);
        *out_us = step == STORE_ROW ? store_int(get, 0) : 0;
    }
    store_finalize(&get);
    g_mutex_unlock(&quarantine->lock);
    return step != STORE_FAILED;
}

bool quarantine_digest_sent(Quarantine *quarantine, const char *rcpt, guint items, const char *who,
                            int64_t now_us, GError **error)
{
    if (!check_who(who, error) || !work_begin(quarantine, error))
        return false;
    g_autoptr(StoreStmt) put =
        store_prepare(quarantine->db, "INSERT OR REPLACE INTO digest(rcpt, sent_us) VALUES(?,?)", error);
    bool ok = put != NULL;
    if (ok) {
        store_bind_text(put, 1, rcpt);
        store_bind_int(put, 2, now_us);
        json_t *data = json_pack("{s:s, s:i}", "to", rcpt, "items", (int)items);
        ok = store_run(put, error) && work_event(quarantine, NULL, who, "digest-sent", data, now_us, error);
        json_decref(data);
    }
    store_finalize(&put);
    return work_end(quarantine, ok, error);
}
