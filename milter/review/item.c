// Items as they are read.
#include "review/internal.h"

#include <string.h>

#define COLUMNS                                                                                              \
    "id, kind, state, key, title, summary, opened_us, due_us, closed_us, claimed_by, told, legal_hold, "     \
    "search"

void review_party_free(ReviewParty *party)
{
    if (party == NULL)
        return;
    g_free(party->address);
    g_free(party->person);
    g_free(party->role);
    g_free(party->as);
    g_free(party);
}

ReviewParty *review_party_new(const char *address, const char *person, const char *role, const char *as)
{
    ReviewParty *party = g_new0(ReviewParty, 1);
    *party = (ReviewParty){g_strdup(address), g_strdup(person), g_strdup(role), g_strdup(as)};
    return party;
}

static void link_free(ReviewLink *link)
{
    g_free(link->record);
    g_free(link->why);
    g_free(link);
}

static void step_free(ReviewStep *step)
{
    g_free(step->who);
    g_free(step->step);
    g_free(step->why);
    g_free(step);
}

void review_item_free(ReviewItem *item)
{
    if (item == NULL)
        return;
    g_free(item->id);
    g_free(item->key);
    g_free(item->title);
    json_decref(item->summary);
    g_free(item->claimed_by);
    g_free(item->told);
    g_ptr_array_unref(item->links);
    g_ptr_array_unref(item->parties);
    g_ptr_array_unref(item->steps);
    g_free(item);
}

bool review_item_overdue(const ReviewItem *item, int64_t now_us)
{
    return item->state != REVIEW_CLOSED && item->due_us < now_us;
}

static ReviewItem *item_new(StoreStmt *row)
{
    ReviewItem *item = g_new0(ReviewItem, 1);
    *item = (ReviewItem){.id = g_strdup(store_text(row, 0)),
                         .kind = (ReviewKind)store_int(row, 1),
                         .state = (ReviewState)store_int(row, 2),
                         .key = g_strdup(store_text(row, 3)),
                         .title = g_strdup(store_text(row, 4)),
                         .summary = json_loads(store_text(row, 5), 0, NULL),
                         .opened_us = store_int(row, 6),
                         .due_us = store_int(row, 7),
                         .closed_us = store_int(row, 8),
                         .claimed_by = g_strdup(store_text(row, 9)),
                         .told = g_strdup(store_text(row, 10)),
                         .legal_hold = store_int(row, 11) != 0,
                         .searching = store_int(row, 12) != 0};
    if (item->summary == NULL)
        item->summary = json_object();
    item->links = g_ptr_array_new_with_free_func((GDestroyNotify)link_free);
    item->parties = g_ptr_array_new_with_free_func((GDestroyNotify)review_party_free);
    item->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    return item;
}

// ---- what belongs to an item -----------------------------------------------------------------------------

static gpointer link_read(StoreStmt *row)
{
    ReviewLink *link = g_new0(ReviewLink, 1);
    *link = (ReviewLink){g_strdup(store_text(row, 0)), g_strdup(store_text(row, 1))};
    return link;
}

static gpointer party_read(StoreStmt *row)
{
    return review_party_new(store_text(row, 0), store_text(row, 1), store_text(row, 2), store_text(row, 3));
}

static gpointer step_read(StoreStmt *row)
{
    ReviewStep *step = g_new0(ReviewStep, 1);
    *step = (ReviewStep){store_int(row, 0), g_strdup(store_text(row, 1)), g_strdup(store_text(row, 2)),
                         g_strdup(store_text(row, 3))};
    return step;
}

static bool read_rows(Review *review, const char *sql, const char *id, gpointer (*read)(StoreStmt *row),
                      GPtrArray *into, GError **error)
{
    g_autoptr(StoreStmt) get = review_prepare(review, error, sql, id, NULL);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(into, read(get));
    return step == STORE_DONE;
}

static bool item_fill(Review *review, ReviewItem *item, bool steps, GError **error)
{
    return read_rows(review, "SELECT record, why FROM link WHERE item = ? ORDER BY record", item->id,
                     link_read, item->links, error) &&
           read_rows(review, "SELECT address, person, role, role_as FROM party WHERE item = ?", item->id,
                     party_read, item->parties, error) &&
           (!steps || read_rows(review, "SELECT when_us, who, step, why FROM step WHERE item = ? ORDER BY id",
                                item->id, step_read, item->steps, error));
}

// ---- reading ---------------------------------------------------------------------------------------------

static bool read_items(Review *review, StoreStmt *get, GPtrArray *into, GError **error)
{
    StoreStep step;
    while ((step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(into, item_new(get));
    return step == STORE_DONE;
}

GPtrArray *review_list(Review *review, int kind, int state, GError **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)review_item_free);
    g_autoptr(StoreStmt) get = store_prepare(
        review->db,
        "SELECT " COLUMNS " FROM item WHERE (?1 = -1 OR kind = ?1)"
        " AND (?2 = -1 OR (?2 = -2 AND state < 2) OR state = ?2) ORDER BY state = 2, due_us, id",
        error);
    bool ok = get != NULL && store_begin_snapshot(review->db, error);
    if (!ok)
        return NULL;
    store_bind_int(get, 1, kind);
    store_bind_int(get, 2, state);
    ok = read_items(review, get, items, error);
    for (guint i = 0; ok && i < items->len; i++)
        ok = item_fill(review, items->pdata[i], false, error);
    store_finalize(&get);
    store_rollback(review->db);
    return ok ? g_steal_pointer(&items) : NULL;
}

GPtrArray *review_kept(Review *review, GError **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)review_item_free);
    g_autoptr(StoreStmt) get =
        store_prepare(review->db, "SELECT " COLUMNS " FROM item WHERE legal_hold = 1 ORDER BY id", error);
    if (get == NULL || !store_begin_snapshot(review->db, error))
        return NULL;
    bool ok = read_items(review, get, items, error);
    for (guint i = 0; ok && i < items->len; i++)
        ok = item_fill(review, items->pdata[i], false, error);
    store_finalize(&get);
    store_rollback(review->db);
    return ok ? g_steal_pointer(&items) : NULL;
}

char *review_item_key(const ReviewItem *item)
{
    return item->state == REVIEW_CLOSED ? g_strdup(item->id)
                                        : g_strdup_printf("%" G_GINT64_FORMAT "-%s", item->due_us, item->id);
}

static bool key_parse(const ReviewFilter *filter, int64_t *out_due_us, const char **out_id, GError **error)
{
    *out_due_us = filter->closed ? 0 : G_MININT64;
    *out_id = filter->closed ? "~" : ""; // ids have no such character: after all of them
    if (filter->after == NULL)
        return true;
    const char *dash = strchr(filter->after, '-');
    bool fits = filter->closed == (dash == NULL);
    *out_id = dash != NULL ? dash + 1 : filter->after;
    *out_due_us = dash != NULL ? g_ascii_strtoll(filter->after, NULL, 10) : 0;
    if (!fits || !ulid_parse(*out_id, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "\"%s\" is no place in a list of items",
                    filter->after);
        return false;
    }
    return true;
}

GPtrArray *review_page(Review *review, const ReviewFilter *filter, GError **error)
{
    int64_t due_us;
    const char *id;
    if (!key_parse(filter, &due_us, &id, error))
        return NULL;
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)review_item_free);
    g_autoptr(StoreStmt) get = review_prepare(
        review, error,
        filter->closed
            ? "SELECT " COLUMNS " FROM item WHERE state = 2 AND id < ?1 AND (?3 = -1 OR kind = ?3)"
              " AND (?2 = '*' OR coalesce(claimed_by, '') = ?2) AND ?4 = 0 ORDER BY id DESC LIMIT ?5"
            : "SELECT " COLUMNS " FROM item WHERE state < 2 AND (due_us, id) > (?4, ?1)"
              " AND (?3 = -1 OR kind = ?3) AND (?2 = '*' OR coalesce(claimed_by, '') = ?2)"
              " ORDER BY due_us, id LIMIT ?5",
        id, filter->claimed != NULL ? filter->claimed : "*", NULL);
    if (get == NULL || !store_begin_snapshot(review->db, error))
        return NULL;
    store_bind_int(get, 3, filter->kind);
    store_bind_int(get, 4, due_us);
    store_bind_int(get, 5, filter->most);
    bool ok = read_items(review, get, items, error);
    for (guint i = 0; ok && i < items->len; i++)
        ok = item_fill(review, items->pdata[i], false, error);
    store_finalize(&get);
    store_rollback(review->db);
    return ok ? g_steal_pointer(&items) : NULL;
}

ReviewItem *review_get(Review *review, const char *id, GError **error)
{
    g_autofree char *upper = g_ascii_strup(id, -1);
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)review_item_free);
    g_autoptr(StoreStmt) get = review_prepare(
        review, error, "SELECT " COLUMNS " FROM item WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2", upper,
        NULL);
    bool ok = get != NULL && read_items(review, get, items, error);
    store_finalize(&get);
    if (ok && (items->len != 1 || *id == '\0')) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    items->len == 0 ? "%s: no such item; see `chaperone review list`"
                                    : "%s: more than one item begins so; give more of its id",
                    id);
        return NULL;
    }
    ok = ok && item_fill(review, items->pdata[0], true, error);
    return ok ? g_ptr_array_steal_index(items, 0) : NULL;
}

// ---- as JSON ---------------------------------------------------------------------------------------------

static json_t *links_json(const ReviewItem *item)
{
    json_t *array = json_array();
    for (guint i = 0; i < item->links->len; i++) {
        const ReviewLink *link = item->links->pdata[i];
        json_array_append_new(array, json_pack("{s:s, s:s?}", "record", link->record, "why", link->why));
    }
    return array;
}

static json_t *parties_json(const ReviewItem *item)
{
    json_t *array = json_array();
    for (guint i = 0; i < item->parties->len; i++) {
        const ReviewParty *party = item->parties->pdata[i];
        json_array_append_new(array, json_pack("{s:s, s:s?, s:s?, s:s}", "address", party->address, "person",
                                               party->person, "role", party->role, "as", party->as));
    }
    return array;
}

static json_t *steps_json(const ReviewItem *item)
{
    json_t *array = json_array();
    for (guint i = 0; i < item->steps->len; i++) {
        const ReviewStep *step = item->steps->pdata[i];
        g_autofree char *when = clock_format(step->when_us);
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s?}", "when", when, "who", step->who,
                                               "step", step->step, "why", step->why));
    }
    return array;
}

json_t *review_item_json(const ReviewItem *item, int64_t now_us)
{
    g_autofree char *opened = clock_format(item->opened_us), *due = clock_format(item->due_us);
    g_autofree char *closed = item->closed_us != 0 ? clock_format(item->closed_us) : NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:O, s:s, s:s, s:s?, s:s?, s:s?, s:b, s:b, s:b, s:o, s:o, s:o}",
                     "id", item->id, "kind", review_kind_name(item->kind), "state",
                     review_state_name(item->state), "title", item->title, "summary", item->summary, "opened",
                     opened, "due", due, "closed", closed, "claimed_by", item->claimed_by, "told", item->told,
                     "legal_hold", item->legal_hold, "searching", item->searching, "overdue",
                     review_item_overdue(item, now_us), "records", links_json(item), "parties",
                     parties_json(item), "steps", steps_json(item));
}
