// Decisions that are opened again, judged again, or stand for other messages.
#include "docket/internal.h"

#include <string.h>

GPtrArray *docket_done(Docket *docket, const char *who, int64_t before, guint most, GError **error)
{
    g_autoptr(StoreStmt) get =
        who != NULL
            ? docket_prepare(docket, error,
                             "SELECT " ENTRY_COLUMNS " FROM entry WHERE who = ?1 AND state = 3 AND id < ?2"
                             " ORDER BY id DESC LIMIT ?3",
                             who, NULL)
            : docket_prepare(docket, error,
                             "SELECT " ENTRY_COLUMNS " FROM entry WHERE ?1 IS NULL AND state = 3 AND id < ?2"
                             " ORDER BY id DESC LIMIT ?3",
                             NULL);
    if (get == NULL)
        return NULL;
    store_bind_int(get, 2, before > 0 ? before : G_MAXINT64);
    store_bind_int(get, 3, most);
    return docket_entries(get, error);
}

// ---- opened again ----------------------------------------------------------------------------------------

bool docket_reopen(Docket *docket, Quarantine *quarantine, const char *record, const char *who,
                   const char *why, int64_t now_us, GError **error)
{
    g_autoptr(DocketEntry) live = NULL;
    if (!docket_live(docket, record, &live, error))
        return false;
    if (live != NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%s: %s has decided to %s it; that has not taken effect yet", record, live->who,
                    docket_action_name(live->action));
        return false;
    }
    return quarantine_reopen(quarantine, record, who, why, now_us, error);
}

bool docket_judge_again(Docket *docket, const char *record, const char *who, bool releases, const char *why,
                        int64_t now_us, GError **error)
{
    if (*why == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: say why it is judged again", record);
        return false;
    }
    json_t *detail = json_pack("{s:b, s:s}", "releases", releases, "why", why);
    g_autoptr(StoreStmt) put = docket_prepare(
        docket, error, "INSERT INTO verdict(record, who, why, releases, made_us) VALUES(?, ?, ?, ?, ?)",
        record, who, why, NULL);
    bool ok =
        put != NULL && archive_event_once(docket->config, "judged-again", who, record, detail, now_us, error);
    json_decref(detail);
    if (!ok)
        return false;
    store_bind_int(put, 4, releases);
    store_bind_int(put, 5, now_us);
    return store_run(put, error);
}

static void free_verdict(gpointer data)
{
    DocketVerdict *verdict = data;
    g_free(verdict->who);
    g_free(verdict->why);
    g_free(verdict);
}

GPtrArray *docket_verdicts(Docket *docket, const char *record, GError **error)
{
    g_autoptr(GPtrArray) verdicts = g_ptr_array_new_with_free_func(free_verdict);
    g_autoptr(StoreStmt) get = docket_prepare(
        docket, error, "SELECT who, why, releases, made_us FROM verdict WHERE record = ? ORDER BY id", record,
        NULL);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        DocketVerdict *verdict = g_new0(DocketVerdict, 1);
        *verdict = (DocketVerdict){.who = g_strdup(store_text(get, 0)),
                                   .why = g_strdup(store_text(get, 1)),
                                   .releases = store_int(get, 2) != 0,
                                   .made_us = store_int(get, 3)};
        g_ptr_array_add(verdicts, verdict);
    }
    return step == STORE_DONE ? g_steal_pointer(&verdicts) : NULL;
}

// ---- duplicates ------------------------------------------------------------------------------------------

bool docket_original(Docket *docket, const char *record, char **out, GError **error)
{
    g_autoptr(StoreStmt) get =
        docket_prepare(docket, error, "SELECT original FROM duplicate WHERE record = ?", record, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    *out = step == STORE_ROW ? g_strdup(store_text(get, 0)) : NULL;
    return step != STORE_FAILED;
}

GPtrArray *docket_duplicates(Docket *docket, const char *original, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreStmt) get = docket_prepare(
        docket, error, "SELECT record FROM duplicate WHERE original = ? ORDER BY record LIMIT 200", original,
        NULL);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(records, g_strdup(store_text(get, 0)));
    return step == STORE_DONE ? g_steal_pointer(&records) : NULL;
}

static bool duplicate_fits(Docket *docket, const char *record, const char *original, GError **error)
{
    g_autofree char *beyond = NULL;
    g_autoptr(GPtrArray) others =
        docket_original(docket, original, &beyond, error) ? docket_duplicates(docket, record, error) : NULL;
    if (others == NULL)
        return false;
    if (strcmp(record, original) == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s is no duplicate of itself", record);
    else if (beyond != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s is a duplicate of %s: name that", original,
                    beyond);
    else if (others->len > 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s is a duplicate of this one: name %s there instead", (const char *)others->pdata[0],
                    record);
    else
        return true;
    return false;
}

bool docket_duplicate(Docket *docket, const char *record, const char *original, const char *who,
                      int64_t now_us, GError **error)
{
    if (!duplicate_fits(docket, record, original, error))
        return false;
    json_t *detail = json_pack("{s:s}", "of", original);
    g_autoptr(StoreStmt) put = docket_prepare(
        docket, error, "INSERT OR REPLACE INTO duplicate(record, original, who, made_us) VALUES(?, ?, ?, ?)",
        record, original, who, NULL);
    bool ok =
        put != NULL && archive_event_once(docket->config, "duplicate", who, record, detail, now_us, error);
    json_decref(detail);
    if (!ok)
        return false;
    store_bind_int(put, 4, now_us);
    return store_run(put, error);
}
