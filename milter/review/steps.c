// What people do with an item.
#include "review/internal.h"

#include <string.h>

static bool check_text(const char *text, const char *what, GError **error)
{
    if (text != NULL && *text != '\0' && g_utf8_validate(text, -1, NULL))
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s must be given, as UTF-8 text", what);
    return false;
}

// The item, where `who` may go on with it.
static ReviewItem *item_for(Review *review, const char *id, const char *who, bool take_over, GError **error)
{
    g_autoptr(ReviewItem) item = review_get(review, id, error);
    if (item == NULL)
        return NULL;
    bool other = item->claimed_by != NULL && strcmp(item->claimed_by, who) != 0;
    if (item->state == REVIEW_CLOSED)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: is closed already", item->id);
    else if (other && !take_over)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%s: claimed by %s; claim it with --take-over and a reason to go on in their place",
                    item->id, item->claimed_by);
    else
        return g_steal_pointer(&item);
    return NULL;
}

bool review_claim(Review *review, const char *id, const char *who, bool take_over, const char *why,
                  int64_t now_us, GError **error)
{
    if (!check_text(who, "who claims it", error) ||
        (take_over && !check_text(why, "the reason for taking it over", error)) ||
        !review_work_begin(review, error))
        return false;
    g_autoptr(ReviewItem) item = item_for(review, id, who, take_over, error);
    bool ok = item != NULL &&
              review_exec(review, error, "UPDATE item SET state = 1, claimed_by = ?2 WHERE id = ?1", item->id,
                          who, NULL) &&
              review_work_step(review, item->id, who, "claimed", why, now_us, error);
    return review_work_end(review, ok, error);
}

bool review_assign(Review *review, const char *id, const char *to, const char *who, const char *why,
                   int64_t now_us, GError **error)
{
    if (!check_text(who, "who assigns it", error) || !check_text(to, "whom it is assigned to", error) ||
        !review_work_begin(review, error))
        return false;
    g_autoptr(ReviewItem) item = item_for(review, id, who, false, error);
    g_autofree char *text =
        why != NULL && *why != '\0' ? g_strdup_printf("to %s: %s", to, why) : g_strdup_printf("to %s", to);
    bool ok = item != NULL &&
              review_exec(review, error, "UPDATE item SET state = 1, claimed_by = ?2 WHERE id = ?1", item->id,
                          to, NULL) &&
              review_work_step(review, item->id, who, "assigned", text, now_us, error);
    return review_work_end(review, ok, error);
}

bool review_contact(Review *review, const char *id, const char *who, const char *tried, int64_t now_us,
                    GError **error)
{
    if (!check_text(who, "who tried", error) || !check_text(tried, "whom you tried to reach", error) ||
        !review_work_begin(review, error))
        return false;
    g_autoptr(ReviewItem) item = item_for(review, id, who, false, error);
    bool ok = item != NULL && review_work_step(review, item->id, who, "contact", tried, now_us, error);
    return review_work_end(review, ok, error);
}

bool review_keep(Review *review, const char *id, const char *who, const char *why, int64_t now_us,
                 GError **error)
{
    if (!check_text(who, "who holds it", error) || !check_text(why, "the reason", error) ||
        !review_work_begin(review, error))
        return false;
    g_autoptr(ReviewItem) item = review_get(review, id, error);
    bool ok = item != NULL && !item->legal_hold;
    if (item != NULL && item->legal_hold)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: its records are under legal hold already",
                    item->id);
    ok = ok && review_exec(review, error, "UPDATE item SET legal_hold = 1 WHERE id = ?", item->id, NULL) &&
         review_work_step(review, item->id, who, "legal-hold", why, now_us, error);
    for (guint i = 0; ok && i < item->links->len; i++)
        ok = review_work_event(review, "legal-hold", who, ((const ReviewLink *)item->links->pdata[i])->record,
                               json_pack("{s:s, s:s}", "item", item->id, "why", why), now_us, error);
    return review_work_end(review, ok, error);
}

bool review_note(Review *review, const char *id, const char *who, const char *note, int64_t now_us,
                 GError **error)
{
    if (!check_text(who, "who notes it", error) || !check_text(note, "a note", error) ||
        !review_work_begin(review, error))
        return false;
    g_autoptr(ReviewItem) item = review_get(review, id, error);
    bool ok = item != NULL && review_work_step(review, item->id, who, "noted", note, now_us, error);
    return review_work_end(review, ok, error);
}

static bool set_closed(Review *review, const ReviewItem *item, const char *told, int64_t now_us,
                       GError **error)
{
    g_autoptr(StoreStmt) set = store_prepare(
        review->db, "UPDATE item SET state = 2, told = ?2, closed_us = ?3 WHERE id = ?1", error);
    if (set == NULL)
        return false;
    store_bind_text(set, 1, item->id);
    store_bind_text(set, 2, told);
    store_bind_int(set, 3, now_us);
    // What was not mailed yet has no object any more.
    return store_run(set, error) &&
           review_exec(review, error, "UPDATE mail SET state = 2 WHERE item = ? AND state = 0", item->id,
                       NULL);
}

bool review_finish(Review *review, const char *id, const char *who, const char *why, const char *told,
                   int64_t now_us, GError **error)
{
    if (!check_text(who, "who closes it", error) || !check_text(why, "the reason", error) ||
        !review_work_begin(review, error))
        return false;
    g_autoptr(ReviewItem) item = item_for(review, id, who, false, error);
    bool ok = item != NULL;
    if (ok && item->kind == REVIEW_ESCALATION)
        ok = check_text(told, "who was told (an authority and the reference it gave, or why nobody)", error);
    ok = ok && set_closed(review, item, told, now_us, error);
    if (ok && told != NULL)
        ok = review_work_step(review, item->id, who, "told", told, now_us, error);
    ok = ok && review_work_step(review, item->id, who, "closed", why, now_us, error);
    return review_work_end(review, ok, error);
}
