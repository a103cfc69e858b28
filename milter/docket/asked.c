// Exceptions that reviewers ask for, and what was decided about them.
#include "docket/internal.h"

#include <string.h>

#define ASKED_COLUMNS "id, exception, record, who, why, state, by, note, asked_us, decided_us, waits, came"
enum { OPEN_MOST = 200, WAITING_MOST = 100 };

const char *asked_state_name(AskedState state)
{
    static const char *const NAMES[ASKED_STATES] = {"open", "approved", "refused", "withdrawn"};
    return state < ASKED_STATES ? NAMES[state] : "?";
}

void exception_ask_free(ExceptionAsk *asked)
{
    if (asked == NULL)
        return;
    char *texts[] = {asked->id, asked->record, asked->who, asked->why, asked->by, asked->note, asked->came};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    json_decref(asked->exception);
    g_free(asked);
}

// ---- rows ------------------------------------------------------------------------------------------------

static ExceptionAsk *asked_of(StoreStmt *row, GError **error)
{
    g_autoptr(ExceptionAsk) asked = g_new0(ExceptionAsk, 1);
    *asked = (ExceptionAsk){.id = g_strdup(store_text(row, 0)),
                            .exception = json_loads(store_text(row, 1), 0, NULL),
                            .record = g_strdup(store_text(row, 2)),
                            .who = g_strdup(store_text(row, 3)),
                            .why = g_strdup(store_text(row, 4)),
                            .state = (AskedState)store_int(row, 5),
                            .by = g_strdup(store_text(row, 6)),
                            .note = g_strdup(store_text(row, 7)),
                            .asked_us = store_int(row, 8),
                            .decided_us = store_int(row, 9),
                            .waits = store_int(row, 10) != 0,
                            .came = g_strdup(store_text(row, 11))};
    if (asked->exception == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "what was asked for as %s cannot be read", asked->id);
        return NULL;
    }
    return g_steal_pointer(&asked);
}

static void free_asked(gpointer asked)
{
    exception_ask_free(asked);
}

static GPtrArray *asked_rows(StoreStmt *get, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_asked);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        ExceptionAsk *asked = asked_of(get, error);
        if (asked == NULL)
            return NULL;
        g_ptr_array_add(list, asked);
    }
    return step == STORE_DONE ? g_steal_pointer(&list) : NULL;
}

Tri docket_asked_find(Docket *docket, const char *id, ExceptionAsk **out, GError **error)
{
    g_autoptr(StoreStmt) get =
        docket_prepare(docket, error, "SELECT " ASKED_COLUMNS " FROM asked WHERE id = ?", id, NULL);
    g_autoptr(GPtrArray) list = asked_rows(get, error);
    *out = list != NULL && list->len > 0 ? g_ptr_array_steal_index(list, 0) : NULL;
    return list == NULL ? TRI_UNKNOWN : *out != NULL ? TRI_YES : TRI_NO;
}

GPtrArray *docket_asked(Docket *docket, bool open, const char *record, const char *before, guint most,
                        GError **error)
{
    const char *sql = record != NULL ? "SELECT " ASKED_COLUMNS
                                       " FROM asked WHERE id < ?1 AND (?2 = 0 OR state = 0) AND"
                                       " record = ?4 AND record <> '' ORDER BY id DESC LIMIT ?3"
                      : open ? "SELECT " ASKED_COLUMNS " FROM asked WHERE id < ?1 AND ?2 AND state = 0"
                               " ORDER BY id DESC LIMIT ?3"
                             : "SELECT " ASKED_COLUMNS " FROM asked WHERE id < ?1 AND ?2 = 0"
                               " ORDER BY id DESC LIMIT ?3";
    g_autoptr(StoreStmt) get = store_prepare(docket->db, sql, error);
    if (get == NULL)
        return NULL;
    store_bind_text(get, 1, before != NULL ? before : "~"); // after every id
    store_bind_int(get, 2, open);
    store_bind_int(get, 3, most);
    if (record != NULL)
        store_bind_text(get, 4, record);
    return asked_rows(get, error);
}

GPtrArray *docket_asked_waiting(Docket *docket, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        docket->db, "SELECT " ASKED_COLUMNS " FROM asked WHERE state = 1 AND waits = 1 ORDER BY id LIMIT ?1",
        error);
    if (get != NULL)
        store_bind_int(get, 1, WAITING_MOST);
    return asked_rows(get, error);
}

// ---- asking ----------------------------------------------------------------------------------------------

static bool ask_check(Docket *docket, const ExceptionAsk *asked, GError **error)
{
    g_autoptr(StoreStmt) count = docket_prepare(
        docket, error, "SELECT count(*) FROM asked WHERE who = ? AND state = 0", asked->who, NULL);
    if (*asked->why == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "say why the exception is needed");
        return false;
    }
    if (count == NULL || store_step(count, error) != STORE_ROW)
        return false;
    bool fits = store_int(count, 0) < OPEN_MOST;
    if (!fits)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s has asked for %d exceptions that nobody has decided about; withdraw some", asked->who,
                    OPEN_MOST);
    return fits;
}

bool docket_ask(Docket *docket, const ExceptionAsk *asked, int64_t now_us, char out_id[ULID_LEN + 1],
                GError **error)
{
    if (!ask_check(docket, asked, error) || !ulid_new(now_us, out_id, error))
        return false;
    const char *record = asked->record != NULL ? asked->record : "";
    g_autofree char *exception = json_dumps(asked->exception, JSON_COMPACT | JSON_SORT_KEYS);
    g_autoptr(StoreStmt) put = docket_prepare(
        docket, error,
        "INSERT INTO asked(id, exception, record, who, why, state, asked_us, waits) VALUES(?1, ?2, ?3, ?4, "
        "?5, 0, ?6, ?3 <> '')",
        out_id, exception, record, asked->who, asked->why, NULL);
    json_t *detail =
        json_pack("{s:s, s:O, s:s}", "asked", out_id, "exception", asked->exception, "why", asked->why);
    bool ok = put != NULL && archive_event_once(docket->config, "exception-asked", asked->who,
                                                *record != '\0' ? record : NULL, detail, now_us, error);
    json_decref(detail);
    if (!ok)
        return false;
    store_bind_int(put, 6, now_us);
    return store_run(put, error);
}

// ---- deciding --------------------------------------------------------------------------------------------

bool docket_ask_may(Docket *docket, const char *id, AskedState state, const char *by, ExceptionAsk **out,
                    GError **error)
{
    g_autoptr(ExceptionAsk) asked = NULL;
    Tri found = docket_asked_find(docket, id, &asked, error);
    if (found == TRI_UNKNOWN)
        return false;
    bool own = asked != NULL && strcmp(asked->who, by) == 0;
    if (asked == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "nothing was asked for as %s", id);
    else if (asked->state != ASKED_OPEN)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s has decided about it already: %s", asked->by,
                    asked_state_name(asked->state));
    else if (own && state != ASKED_WITHDRAWN)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "you asked for it: somebody else decides");
    else if (!own && state == ASKED_WITHDRAWN)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s asked for it; nobody else withdraws it",
                    asked->who);
    else
        *out = g_steal_pointer(&asked);
    return *out != NULL;
}

static bool settle_event(Docket *docket, const ExceptionAsk *asked, AskedState state, const char *by,
                         const char *note, int64_t now_us, GError **error)
{
    if (state == ASKED_APPROVED)
        return true;
    json_t *detail = json_pack("{s:s, s:O, s:s}", "asked", asked->id, "exception",
                               json_object_get(asked->exception, "id"), "note", note);
    bool ok = archive_event_once(docket->config,
                                 state == ASKED_REFUSED ? "exception-refused" : "exception-withdrawn", by,
                                 *asked->record != '\0' ? asked->record : NULL, detail, now_us, error);
    json_decref(detail);
    return ok;
}

bool docket_ask_settle(Docket *docket, const char *id, AskedState state, const char *by, const char *note,
                       int64_t now_us, GError **error)
{
    g_autoptr(ExceptionAsk) asked = NULL;
    if (!docket_ask_may(docket, id, state, by, &asked, error) ||
        !settle_event(docket, asked, state, by, note, now_us, error))
        return false;
    g_autoptr(StoreStmt) put = docket_prepare(
        docket, error,
        "UPDATE asked SET by = ?1, note = ?2, state = ?4, decided_us = ?5 WHERE id = ?3 AND state = 0", by,
        note, id, NULL);
    if (put == NULL)
        return false;
    store_bind_int(put, 4, state);
    store_bind_int(put, 5, now_us);
    bool ok = store_run(put, error);
    if (ok && store_changes(docket->db) != 1) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: somebody else has just decided about it", id);
        ok = false;
    }
    return ok;
}

bool docket_ask_came(Docket *docket, const char *id, const char *came, bool waits, GError **error)
{
    g_autoptr(StoreStmt) put =
        docket_prepare(docket, error, "UPDATE asked SET came = ?1, waits = ?3 WHERE id = ?2", came, id, NULL);
    if (put == NULL)
        return false;
    store_bind_int(put, 3, waits);
    return store_run(put, error);
}
