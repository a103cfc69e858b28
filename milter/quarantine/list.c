#include "quarantine/internal.h"

static void rcpt_free(gpointer data)
{
    HoldRcpt *rcpt = data;
    g_free(rcpt->address);
    g_free(rcpt->queue_id);
    g_free(rcpt->decided_by);
    g_free(rcpt);
}

static void step_free(gpointer data)
{
    HoldStep *step = data;
    g_free(step->who);
    g_free(step->step);
    g_free(step->why);
    g_free(step);
}

void hold_item_free(HoldItem *item)
{
    if (item == NULL)
        return;
    g_free(item->record);
    g_free(item->segment);
    g_free(item->mail_from);
    g_free(item->claimed_by);
    json_decref(item->summary);
    g_ptr_array_unref(item->rcpts);
    g_ptr_array_unref(item->steps);
    g_free(item);
}

HoldItem *list_item(StoreStmt *row)
{
    HoldItem *item = g_new0(HoldItem, 1);
    *item = (HoldItem){.record = g_strdup(store_text(row, 0)),
                       .segment = g_strdup(store_text(row, 1)),
                       .offset = store_int(row, 2),
                       .length = store_int(row, 3),
                       .held_us = store_int(row, 4),
                       .mail_from = g_strdup(store_text(row, 5)),
                       .claimed_by = g_strdup(store_text(row, 6)),
                       .claimed_us = store_int(row, 7),
                       .summary = json_loads(store_text(row, 8), 0, NULL),
                       .rcpts = g_ptr_array_new_with_free_func(rcpt_free),
                       .steps = g_ptr_array_new_with_free_func(step_free)};
    if (item->summary == NULL)
        item->summary = json_object();
    return item;
}

bool list_rcpts(Quarantine *quarantine, HoldItem *item, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db,
        "SELECT address, state, queue_id, decided_by FROM rcpt WHERE record = ? ORDER BY rowid", error);
    if (get == NULL)
        return false;
    store_bind_text(get, 1, item->record);
    StoreStep step;
    while ((step = store_step(get, error)) == STORE_ROW) {
        HoldRcpt *rcpt = g_new0(HoldRcpt, 1);
        *rcpt = (HoldRcpt){.address = g_strdup(store_text(get, 0)),
                           .state = (HoldState)store_int(get, 1),
                           .queue_id = g_strdup(store_text(get, 2)),
                           .decided_by = g_strdup(store_text(get, 3))};
        g_ptr_array_add(item->rcpts, rcpt);
    }
    return step == STORE_DONE;
}

static bool read_steps(Quarantine *quarantine, HoldItem *item, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db, "SELECT when_us, who, step, why FROM step WHERE record = ? ORDER BY id", error);
    if (get == NULL)
        return false;
    store_bind_text(get, 1, item->record);
    StoreStep step;
    while ((step = store_step(get, error)) == STORE_ROW) {
        HoldStep *one = g_new0(HoldStep, 1);
        *one = (HoldStep){.when_us = store_int(get, 0),
                          .who = g_strdup(store_text(get, 1)),
                          .step = g_strdup(store_text(get, 2)),
                          .why = g_strdup(store_text(get, 3))};
        g_ptr_array_add(item->steps, one);
    }
    return step == STORE_DONE;
}

static GPtrArray *list_locked(Quarantine *quarantine, int state, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db,
        "SELECT " ITEM_COLUMNS " FROM item WHERE EXISTS (SELECT 1 FROM rcpt WHERE rcpt.record = item.record"
        " AND (state = ?1 OR ?1 < 0 AND state NOT IN (4, 5))) ORDER BY held_us, record",
        error);
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)hold_item_free);
    if (get == NULL)
        return NULL;
    store_bind_int(get, 1, state);
    StoreStep step;
    while ((step = store_step(get, error)) == STORE_ROW) {
        HoldItem *item = list_item(get);
        g_ptr_array_add(items, item);
        if (!list_rcpts(quarantine, item, error))
            return NULL;
    }
    return step == STORE_DONE ? g_steal_pointer(&items) : NULL;
}

GPtrArray *quarantine_list(Quarantine *quarantine, int state, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    GPtrArray *items = list_locked(quarantine, state, error);
    g_mutex_unlock(&quarantine->lock);
    return items;
}

static HoldItem *get_locked(Quarantine *quarantine, const char *record, GError **error)
{
    g_autoptr(HoldItem) item = NULL;
    if (!work_exists(quarantine, record, error))
        return NULL;
    g_autoptr(StoreStmt) get =
        store_prepare(quarantine->db, "SELECT " ITEM_COLUMNS " FROM item WHERE record = ?", error);
    if (get == NULL)
        return NULL;
    store_bind_text(get, 1, record);
    if (store_step(get, error) != STORE_ROW)
        return NULL;
    item = list_item(get);
    return list_rcpts(quarantine, item, error) && read_steps(quarantine, item, error) ? g_steal_pointer(&item)
                                                                                      : NULL;
}

HoldItem *quarantine_get(Quarantine *quarantine, const char *record, GError **error)
{
    g_mutex_lock(&quarantine->lock);
    HoldItem *item = get_locked(quarantine, record, error);
    g_mutex_unlock(&quarantine->lock);
    return item;
}
