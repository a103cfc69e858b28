// Decisions take effect.
#include "docket/internal.h"

#include <string.h>

enum { A_TURN = 50 };

static char *words_of(const DocketEntry *entry)
{
    return *entry->comment != '\0' ? g_strdup_printf("%s: %s", entry->reason, entry->comment)
                                   : g_strdup(entry->reason);
}

// Is there nothing left to decide about it: what a crash left was done?
static Tri run_settled(Quarantine *quarantine, const DocketEntry *entry, GError **error)
{
    g_autoptr(HoldItem) item = quarantine_get(quarantine, entry->record, error);
    bool open = false;
    for (guint i = 0; item != NULL && i < item->rcpts->len; i++) {
        HoldState state = ((HoldRcpt *)item->rcpts->pdata[i])->state;
        open = open || state == HOLD_HELD || state == HOLD_PENDING;
    }
    return item == NULL ? TRI_UNKNOWN : open ? TRI_NO : TRI_YES;
}

static bool run_act(Quarantine *quarantine, const DocketEntry *entry, int64_t now_us, GError **error)
{
    g_autofree char *why = words_of(entry);
    if (entry->second != NULL &&
        !quarantine_note(quarantine, entry->record, entry->second, "second reviewer: agrees", now_us, error))
        return false;
    if (entry->action == DOCKET_DENY)
        return quarantine_deny(quarantine, entry->record, entry->who, why, now_us, error);
    return quarantine_release(quarantine, entry->record, NULL, entry->who, why, now_us, error) &&
           (entry->action != DOCKET_COACH ||
            quarantine_coach(quarantine, entry->record, entry->who, entry->comment, now_us, error));
}

// One of a hundred per percent, by the record's own digits: the same whenever it is asked.
static bool is_sampled(const Config *config, const char *record)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, record, -1);
    hash[8] = '\0';
    return (int)(g_ascii_strtoull(hash, NULL, 16) % 100) < config->console.sample_percent;
}

static bool run_sample(Docket *docket, const DocketEntry *entry, GError **error)
{
    if (!is_sampled(docket->config, entry->record))
        return true;
    g_autoptr(StoreStmt) put = docket_prepare(
        docket, error, "INSERT OR IGNORE INTO look(record, entry) VALUES(?1, ?2)", entry->record, NULL);
    if (put == NULL)
        return false;
    store_bind_int(put, 2, entry->id);
    return store_run(put, error);
}

// Whoever of several processes gets it from WAITING to DOING carries it out.
static bool run_one(Docket *docket, Quarantine *quarantine, const DocketEntry *entry, int64_t now_us,
                    GError **error)
{
    g_autoptr(GError) why = NULL;
    Tri settled = TRI_NO;
    if (entry->state == DOCKET_DOING)
        settled = run_settled(quarantine, entry, error);
    else if (!docket_set_state(docket, entry->id, DOCKET_WAITING, DOCKET_DOING, NULL, &why))
        return true; // somebody else was faster
    if (settled == TRI_UNKNOWN)
        return false;
    bool done = settled == TRI_YES || run_act(quarantine, entry, now_us, &why);
    if (!done)
        log_warn("a reviewer's decision could not be carried out", "record", entry->record, "who", entry->who,
                 "error", why->message);
    return docket_set_state(docket, entry->id, DOCKET_DOING, done ? DOCKET_DONE : DOCKET_FAILED,
                            done ? NULL : why->message, error) &&
           (!done || run_sample(docket, entry, error));
}

int docket_run(Docket *docket, Quarantine *quarantine, int64_t now_us, GError **error)
{
    // What is being done for longer than any release takes was left by a crash.
    int64_t stale_us = now_us - (docket->config->quarantine.release_timeout_s + 60) * (int64_t)G_USEC_PER_SEC;
    g_autoptr(StoreStmt) get =
        store_prepare(docket->db,
                      "SELECT " ENTRY_COLUMNS " FROM entry WHERE state = 1 AND due_us <= ?1 OR state = 2 AND "
                      "due_us <= ?2 ORDER BY due_us, id LIMIT ?3",
                      error);
    if (get == NULL)
        return -1;
    store_bind_int(get, 1, now_us);
    store_bind_int(get, 2, stale_us);
    store_bind_int(get, 3, A_TURN);
    g_autoptr(GPtrArray) due = docket_entries(get, error);
    store_finalize(&get);
    bool ok = due != NULL;
    for (guint i = 0; ok && i < due->len; i++)
        ok = run_one(docket, quarantine, due->pdata[i], now_us, error);
    return ok ? (int)due->len : -1;
}
