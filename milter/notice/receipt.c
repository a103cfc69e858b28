// Who was sent a notice, and who has acknowledged it.
#include "notice/internal.h"

enum { EVENT_PEOPLE = 500 }; // told by one event

void notice_receipt_free(NoticeReceipt *receipt)
{
    if (receipt == NULL)
        return;
    g_free(receipt->person);
    g_free(receipt->address);
    g_free(receipt->how);
    g_free(receipt->source);
    g_free(receipt);
}

static void free_receipt(gpointer receipt)
{
    notice_receipt_free(receipt);
}

// ---- taking down -----------------------------------------------------------------------------------------

static json_t *receipt_json(const NoticeReceipt *receipt)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "person", receipt->person, "address", receipt->address,
                             "how", receipt->how, "source", receipt->source);
    if (receipt->acknowledged != 0)
        json_object_set_new(json, "acknowledged", json_integer(receipt->acknowledged));
    if (receipt->sent_us != 0) {
        g_autofree char *sent = clock_format(receipt->sent_us);
        json_object_set_new(json, "sent", json_string(sent));
    }
    return json;
}

static bool receipt_events(NoticeRegister *notices, const char *id, const GPtrArray *receipts,
                           const char *who, int64_t now_us, GError **error)
{
    bool ok = true;
    for (guint from = 0; ok && from < receipts->len; from += EVENT_PEOPLE) {
        json_t *people = json_array();
        for (guint i = from; i < MIN(receipts->len, from + EVENT_PEOPLE); i++)
            json_array_append_new(people, receipt_json(receipts->pdata[i]));
        json_t *detail = json_pack("{s:s, s:o}", "notice", id, "people", people);
        ok = archive_event_once(notices->config, "notice-receipts", who, NULL, detail, now_us, error);
        json_decref(detail);
    }
    return ok;
}

static bool receipt_put(StoreStmt *put, const char *id, const NoticeReceipt *receipt, GError **error)
{
    store_bind_text(put, 1, id);
    store_bind_text(put, 2, receipt->person);
    store_bind_text(put, 3, receipt->address);
    store_bind_int(put, 4, receipt->sent_us);
    store_bind_int(put, 5, receipt->acknowledged);
    store_bind_text(put, 6, receipt->how);
    store_bind_text(put, 7, receipt->source);
    return store_run(put, error);
}

// Those of `receipts` that tell something that is not there yet; borrowed.
static GPtrArray *receipt_news(GHashTable *known, const GPtrArray *receipts)
{
    GPtrArray *news = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < receipts->len; i++) {
        NoticeReceipt *receipt = receipts->pdata[i];
        const NoticeReceipt *old = g_hash_table_lookup(known, receipt->person);
        bool tells = old == NULL || (receipt->acknowledged != 0 && old->acknowledged == 0) ||
                     (receipt->sent_us != 0 && old->sent_us == 0);
        if (tells && g_hash_table_add(seen, receipt->person))
            g_ptr_array_add(news, receipt);
    }
    return news;
}

bool notice_record(NoticeRegister *notices, const char *id, const GPtrArray *receipts, const char *who,
                   int64_t now_us, guint *out_new, GError **error)
{
    g_autoptr(GHashTable) known = notice_receipts(notices, id, error);
    if (known == NULL)
        return false;
    g_autoptr(GPtrArray) news = receipt_news(known, receipts);
    *out_new = news->len;
    if (news->len == 0)
        return true;
    g_autoptr(StoreStmt) put =
        store_prepare(notices->db,
                      "INSERT INTO receipt(notice, person, address, sent_us, acknowledged, how, source)"
                      " VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(notice, person) DO UPDATE SET"
                      " sent_us = CASE WHEN sent_us = 0 THEN ?4 ELSE sent_us END,"
                      " how = CASE WHEN acknowledged = 0 AND ?5 > 0 THEN ?6 ELSE how END,"
                      " source = CASE WHEN acknowledged = 0 AND ?5 > 0 THEN ?7 ELSE source END,"
                      " acknowledged = CASE WHEN acknowledged = 0 THEN ?5 ELSE acknowledged END",
                      error);
    bool ok = put != NULL && receipt_events(notices, id, news, who, now_us, error) &&
              store_begin(notices->db, error);
    for (guint i = 0; ok && i < news->len; i++)
        ok = receipt_put(put, id, news->pdata[i], error);
    ok = ok && store_commit(notices->db, error);
    if (!ok)
        store_rollback(notices->db);
    return ok;
}

// ---- reading ---------------------------------------------------------------------------------------------

GHashTable *notice_receipts(NoticeRegister *notices, const char *id, GError **error)
{
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_receipt);
    g_autoptr(StoreStmt) get = store_prepare(
        notices->db,
        "SELECT person, address, sent_us, acknowledged, how, source FROM receipt WHERE notice = ?", error);
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_text(get, 1, id);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        NoticeReceipt *receipt = g_new0(NoticeReceipt, 1);
        *receipt = (NoticeReceipt){.person = g_strdup(store_text(get, 0)),
                                   .address = g_strdup(store_text(get, 1)),
                                   .sent_us = store_int(get, 2),
                                   .acknowledged = (int)store_int(get, 3),
                                   .how = g_strdup(store_text(get, 4)),
                                   .source = g_strdup(store_text(get, 5))};
        g_hash_table_insert(all, receipt->person, receipt);
    }
    return step == STORE_DONE ? g_steal_pointer(&all) : NULL;
}
