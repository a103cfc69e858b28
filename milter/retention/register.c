// Disposals as they are looked at.
#include "retention/internal.h"

#include <string.h>

void disposal_free(Disposal *disposal)
{
    if (disposal == NULL)
        return;
    char *const texts[] = {disposal->id,
                           disposal->proposed_by,
                           disposal->why,
                           disposal->schedule,
                           disposal->schedule_sha256,
                           disposal->list_sha256,
                           disposal->authorization,
                           disposal->certificate};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    json_decref(disposal->classes);
    json_decref(disposal->under_hold);
    g_clear_pointer(&disposal->approvals, g_ptr_array_unref);
    g_free(disposal);
}

static void free_disposal(gpointer disposal)
{
    disposal_free(disposal);
}

static void approval_free(gpointer data)
{
    DisposalApproval *approval = data;
    g_free(approval->who);
    g_free(approval->why);
    g_free(approval);
}

#define COLUMNS                                                                                              \
    "d.id, d.state, d.proposed_us, d.proposed_by, d.why, d.schedule, d.schedule_sha256, d.list_sha256,"      \
    " d.authorization, d.under_hold, d.classes, d.indexed, d.certificate, count(*),"                         \
    " sum(l.state = 1), sum(l.state = 2), sum(l.size), min(l.sent_us), max(l.sent_us)"                       \
    " FROM disposal d JOIN listed l ON l.disposal = d.id"

static json_t *object_of(const char *text)
{
    json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
    return json_is_object(json) ? json : (json_decref(json), json_object());
}

static Disposal *disposal_of(StoreStmt *row)
{
    Disposal *disposal = g_new0(Disposal, 1);
    disposal->id = g_strdup(store_text(row, 0));
    disposal->state = (DisposalState)store_int(row, 1);
    disposal->proposed_us = store_int(row, 2);
    disposal->proposed_by = g_strdup(store_text(row, 3));
    disposal->why = g_strdup(store_text(row, 4));
    disposal->schedule = g_strdup(store_text(row, 5));
    disposal->schedule_sha256 = g_strdup(store_text(row, 6));
    disposal->list_sha256 = g_strdup(store_text(row, 7));
    disposal->authorization = g_strdup(store_text(row, 8));
    disposal->under_hold = object_of(store_text(row, 9));
    disposal->classes = object_of(store_text(row, 10));
    disposal->indexed = store_int(row, 11) != 0;
    disposal->certificate = g_strdup(store_text(row, 12));
    disposal->records = (guint)store_int(row, 13);
    disposal->kept = (guint)store_int(row, 14);
    disposal->destroyed = (guint)store_int(row, 15);
    disposal->bytes = store_int(row, 16);
    disposal->first_us = store_int(row, 17);
    disposal->last_us = store_int(row, 18);
    return disposal;
}

static bool read_approvals(Retention *retention, Disposal *disposal, GError **error)
{
    disposal->approvals = g_ptr_array_new_with_free_func(approval_free);
    g_autoptr(StoreStmt) get = store_prepare(
        retention->db, "SELECT who, why, when_us FROM approval WHERE disposal = ? ORDER BY when_us", error);
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_text(get, 1, disposal->id);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        DisposalApproval *approval = g_new0(DisposalApproval, 1);
        *approval =
            (DisposalApproval){g_strdup(store_text(get, 0)), g_strdup(store_text(get, 1)), store_int(get, 2)};
        g_ptr_array_add(disposal->approvals, approval);
    }
    return step == STORE_DONE;
}

GPtrArray *disposal_list(Retention *retention, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_disposal);
    g_autoptr(StoreStmt) get =
        store_prepare(retention->db, "SELECT " COLUMNS " GROUP BY d.id ORDER BY d.id DESC", error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(list, disposal_of(get));
    bool ok = step == STORE_DONE;
    for (guint i = 0; ok && i < list->len; i++)
        ok = read_approvals(retention, list->pdata[i], error);
    return ok ? g_steal_pointer(&list) : NULL;
}

Disposal *disposal_get(Retention *retention, const char *id, GError **error)
{
    g_autofree char *whole = retention_whole_id(retention, "disposal", "disposal", id, error);
    g_autoptr(StoreStmt) get =
        whole != NULL ? store_prepare(retention->db, "SELECT " COLUMNS " WHERE d.id = ? GROUP BY d.id", error)
                      : NULL;
    if (get == NULL)
        return NULL;
    store_bind_text(get, 1, whole);
    g_autoptr(Disposal) disposal = store_step(get, error) == STORE_ROW ? disposal_of(get) : NULL;
    return disposal != NULL && read_approvals(retention, disposal, error) ? g_steal_pointer(&disposal) : NULL;
}

bool disposal_each(Retention *retention, const char *id, DisposalEach func, void *data, GError **error)
{
    g_autoptr(StoreStmt) get =
        store_prepare(retention->db,
                      "SELECT record, segment, class, sent_us, due_us, size, state, why FROM listed"
                      " WHERE disposal = ? ORDER BY record",
                      error);
    StoreStep step = STORE_FAILED;
    bool more = true;
    if (get != NULL)
        store_bind_text(get, 1, id);
    while (more && get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        const DisposalRecord record = {.record = (char *)store_text(get, 0),
                                       .segment = (char *)store_text(get, 1),
                                       .class = (char *)store_text(get, 2),
                                       .sent_us = store_int(get, 3),
                                       .due_us = store_int(get, 4),
                                       .size = store_int(get, 5),
                                       .state = (ListedState)store_int(get, 6),
                                       .why = (char *)store_text(get, 7)};
        more = func(&record, data);
    }
    return step == STORE_DONE || !more;
}

// ---- as JSON ---------------------------------------------------------------------------------------------

static json_t *time_json(int64_t us)
{
    g_autofree char *text = clock_format(us);
    return json_string(text);
}

json_t *disposal_json(const Disposal *disposal)
{
    json_t *approvals = json_array();
    for (guint i = 0; i < disposal->approvals->len; i++) {
        const DisposalApproval *approval = disposal->approvals->pdata[i];
        json_array_append_new(approvals, json_pack("{s:s, s:s, s:o}", "who", approval->who, "why",
                                                   approval->why, "when", time_json(approval->when_us)));
    }
    return json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s?, s:i, s:i, s:i, s:I, s:o, s:o, s:O, s:O, s:o, "
        "s:b, s:b}",
        "id", disposal->id, "state", disposal_state_name(disposal->state), "proposed",
        time_json(disposal->proposed_us), "proposed_by", disposal->proposed_by, "why", disposal->why,
        "schedule", disposal->schedule, "schedule_sha256", disposal->schedule_sha256, "list_sha256",
        disposal->list_sha256, "authorization", disposal->authorization, "records", (int)disposal->records,
        "kept", (int)disposal->kept, "destroyed", (int)disposal->destroyed, "bytes",
        (json_int_t)disposal->bytes, "first", time_json(disposal->first_us), "last",
        time_json(disposal->last_us), "classes", disposal->classes, "under_hold", disposal->under_hold,
        "approvals", approvals, "indexed", disposal->indexed, "certified", disposal->certificate != NULL);
}
