// Legal holds as they are looked at.
#include "retention/internal.h"

#include <string.h>

void legal_hold_free(LegalHold *hold)
{
    if (hold == NULL)
        return;
    char *const texts[] = {hold->id,    hold->matter,   hold->placed_by,  hold->why,
                           hold->query, hold->asked_by, hold->released_by};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_clear_pointer(&hold->people, g_ptr_array_unref);
    g_clear_pointer(&hold->addresses, g_ptr_array_unref);
    g_clear_pointer(&hold->records, g_ptr_array_unref);
    g_free(hold);
}

static void free_hold(gpointer hold)
{
    legal_hold_free(hold);
}

#define COLUMNS                                                                                              \
    "id, matter, state, placed_us, placed_by, why, query, asked_by, asked_us, released_by, released_us"

static LegalHold *hold_of(StoreStmt *row)
{
    LegalHold *hold = g_new0(LegalHold, 1);
    hold->id = g_strdup(store_text(row, 0));
    hold->matter = g_strdup(store_text(row, 1));
    hold->state = (LegalState)store_int(row, 2);
    hold->placed_us = store_int(row, 3);
    hold->placed_by = g_strdup(store_text(row, 4));
    hold->why = g_strdup(store_text(row, 5));
    hold->query = g_strdup(store_text(row, 6));
    hold->asked_by = g_strdup(store_text(row, 7));
    hold->asked_us = store_int(row, 8);
    hold->released_by = g_strdup(store_text(row, 9));
    hold->released_us = store_int(row, 10);
    return hold;
}

static bool hold_fill(Retention *retention, LegalHold *hold, GError **error)
{
    hold->people = retention_texts(retention, "SELECT person FROM hold_person WHERE hold = ? ORDER BY person",
                                   hold->id, error);
    hold->addresses =
        hold->people == NULL
            ? NULL
            : retention_texts(retention, "SELECT address FROM hold_address WHERE hold = ? ORDER BY address",
                              hold->id, error);
    hold->records =
        hold->addresses == NULL
            ? NULL
            : retention_texts(retention, "SELECT record FROM hold_record WHERE hold = ? ORDER BY record",
                              hold->id, error);
    return hold->records != NULL;
}

GPtrArray *legal_hold_list(Retention *retention, bool released, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_hold);
    g_autoptr(StoreStmt) get =
        store_prepare(retention->db,
                      released ? "SELECT " COLUMNS " FROM hold ORDER BY id DESC"
                               : "SELECT " COLUMNS " FROM hold WHERE state < 2 ORDER BY id DESC",
                      error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(list, hold_of(get));
    bool ok = step == STORE_DONE;
    for (guint i = 0; ok && i < list->len; i++)
        ok = hold_fill(retention, list->pdata[i], error);
    return ok ? g_steal_pointer(&list) : NULL;
}

LegalHold *legal_hold_get(Retention *retention, const char *id, GError **error)
{
    g_autofree char *whole = retention_whole_id(retention, "hold", "legal hold", id, error);
    g_autoptr(StoreStmt) get =
        whole != NULL ? store_prepare(retention->db, "SELECT " COLUMNS " FROM hold WHERE id = ?", error)
                      : NULL;
    if (get == NULL)
        return NULL;
    store_bind_text(get, 1, whole);
    g_autoptr(LegalHold) hold = store_step(get, error) == STORE_ROW ? hold_of(get) : NULL;
    return hold != NULL && hold_fill(retention, hold, error) ? g_steal_pointer(&hold) : NULL;
}

static json_t *texts_json(const GPtrArray *texts)
{
    json_t *array = json_array();
    for (guint i = 0; i < texts->len; i++)
        json_array_append_new(array, json_string(texts->pdata[i]));
    return array;
}

static json_t *time_json(int64_t us)
{
    g_autofree char *text = us != 0 ? clock_format(us) : NULL;
    return text != NULL ? json_string(text) : json_null();
}

json_t *legal_hold_json(const LegalHold *hold, const Config *config)
{
    int64_t free_us =
        hold->state == LEGAL_RELEASING
            ? hold->asked_us + (int64_t)config->retention.hold_cooling_days * 86400 * G_USEC_PER_SEC
            : 0;
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s?, s:o, s:o, s:o, s:s?, s:o, s:o, s:s?, s:o}", "id",
                     hold->id, "matter", hold->matter, "state", legal_state_name(hold->state), "placed",
                     time_json(hold->placed_us), "placed_by", hold->placed_by, "why", hold->why, "query",
                     hold->query, "people", texts_json(hold->people), "addresses",
                     texts_json(hold->addresses), "records", texts_json(hold->records), "asked_by",
                     hold->asked_by, "asked", time_json(hold->asked_us), "release_from", time_json(free_us),
                     "released_by", hold->released_by, "released", time_json(hold->released_us));
}
