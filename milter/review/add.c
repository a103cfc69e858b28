// Items opened.
#include "review/internal.h"

#include <stdlib.h>

static const int64_t HOUR_US = 3600 * (int64_t)G_USEC_PER_SEC;

// ---- opening ---------------------------------------------------------------------------------------------

// The item of `key`: one that is not closed, or of anything but patterns any. STORE_DONE: there is none.
static StoreStep find_key(Review *review, const ReviewNew *from, char out_id[ULID_LEN + 1], GError **error)
{
    g_autoptr(StoreStmt) get =
        review_prepare(review, error,
                       from->kind == REVIEW_PATTERN ? "SELECT id FROM item WHERE key = ? AND state < 2"
                                                    : "SELECT id FROM item WHERE key = ?",
                       from->key, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    if (step == STORE_ROW)
        g_strlcpy(out_id, store_text(get, 0), ULID_LEN + 1);
    return step;
}

static bool insert_item(Review *review, const char *id, const ReviewNew *from, int64_t now_us, GError **error)
{
    char *summary = json_dumps(from->summary, JSON_COMPACT | JSON_SORT_KEYS);
    int64_t due = from->due_us != 0 ? from->due_us : now_us + review->config->review.due_hours * HOUR_US;
    g_autoptr(StoreStmt) put =
        review_prepare(review, error,
                       "INSERT INTO item(id, key, title, summary, kind, state, opened_us, due_us, legal_hold,"
                       " search, informed) VALUES(?,?,?,?,?,0,?,?,?,?,?)",
                       id, from->key, from->title, summary != NULL ? summary : "{}", NULL);
    free(summary);
    if (put == NULL)
        return false;
    store_bind_int(put, 5, from->kind);
    store_bind_int(put, 6, now_us);
    store_bind_int(put, 7, due);
    store_bind_int(put, 8, from->legal_hold);
    store_bind_int(put, 9, from->search);
    store_bind_int(put, 10, from->contacts != NULL);
    return store_run(put, error);
}

bool review_link_inside(Review *review, const char *id, const char *record, const char *why, GError **error)
{
    return review_exec(review, error, "INSERT OR IGNORE INTO link(item, record, why) VALUES(?,?,?)", id,
                       record, why, NULL);
}

bool review_party_inside(Review *review, const char *id, const ReviewParty *party, GError **error)
{
    g_autoptr(StoreStmt) put = store_prepare(
        review->db, "INSERT OR IGNORE INTO party(item, address, person, role, role_as) VALUES(?,?,?,?,?)",
        error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, id);
    store_bind_text(put, 2, party->address);
    store_bind_text(put, 3, party->person);
    store_bind_text(put, 4, party->role);
    store_bind_text(put, 5, party->as);
    return store_run(put, error);
}

static bool insert_rest(Review *review, const char *id, const ReviewNew *from, GError **error)
{
    bool ok = from->record == NULL || review_link_inside(review, id, from->record, from->why, error);
    for (guint i = 0; ok && from->parties != NULL && i < from->parties->len; i++)
        ok = review_party_inside(review, id, from->parties->pdata[i], error);
    for (guint i = 0; ok && from->contacts != NULL && from->contacts[i] != NULL; i++)
        ok = review_exec(review, error, "INSERT OR IGNORE INTO contact(item, address) VALUES(?,?)", id,
                         from->contacts[i], NULL);
    return ok;
}

static bool opened(Review *review, const char *id, const ReviewNew *from, int64_t now_us, GError **error)
{
    g_autofree char *what = g_strdup_printf("%s: %s", review_kind_name(from->kind), from->title);
    json_t *detail = json_pack("{s:s, s:s, s:s, s:O?}", "item", id, "kind", review_kind_name(from->kind),
                               "title", from->title, "summary", from->summary);
    bool ok = review_work_step(review, id, REVIEW_NAME, "opened", what, now_us, error);
    ok = ok && review_work_event(review, "review-item", REVIEW_NAME, from->record, json_incref(detail),
                                 now_us, error);
    // Stops the disposal of the record, whatever its retention says.
    if (ok && from->legal_hold && from->record != NULL)
        ok = review_work_event(review, "legal-hold", REVIEW_NAME, from->record, json_incref(detail), now_us,
                               error) &&
             review_work_step(review, id, REVIEW_NAME, "legal-hold", from->record, now_us, error);
    json_decref(detail);
    return ok && (from->contacts == NULL || mail_queue(review, id, false, now_us, error));
}

bool review_add_inside(Review *review, const ReviewNew *from, int64_t now_us, char out_id[ULID_LEN + 1],
                       GError **error)
{
    StoreStep found = find_key(review, from, out_id, error);
    if (found != STORE_DONE)
        return found == STORE_ROW;
    bool ok = ulid_new(now_us, out_id, error) && insert_item(review, out_id, from, now_us, error) &&
              insert_rest(review, out_id, from, error) && opened(review, out_id, from, now_us, error);
    if (ok)
        log_info("review item opened", "item", out_id, "kind", review_kind_name(from->kind), "record",
                 from->record, "title", from->title);
    return ok;
}

bool review_add(Review *review, const ReviewNew *from, int64_t now_us, char out_id[ULID_LEN + 1],
                GError **error)
{
    char id[ULID_LEN + 1];
    if (!review_work_begin(review, error))
        return false;
    bool ok = review_add_inside(review, from, now_us, out_id != NULL ? out_id : id, error);
    return review_work_end(review, ok, error);
}
