// What holds come to cover without anybody's step: addresses that people got since, and what reviewers put under legal hold.
#include "retention/internal.h"
#include "roster/about.h"

#include <string.h>

#define SYSTEM "chaperone"

static bool has_text(const GPtrArray *texts, const char *text)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)texts, text, g_str_equal, NULL);
}

// ---- people ----------------------------------------------------------------------------------------------

// What the roster has now that the hold has not. `people` and `addresses`: of char*.
typedef struct {
    GPtrArray *people, *addresses;
} Fresh;

static bool fresh_of_person(Retention *retention, const LegalHold *hold, const char *person, Fresh *fresh,
                            GError **error)
{
    RosterAbout *about = NULL;
    bool ok = roster_about(retention->config, person, &about, error);
    for (guint i = 0; ok && about != NULL && i < about->addresses->len; i++) {
        const char *address = ((const RosterAddress *)about->addresses->pdata[i])->address;
        if (!has_text(hold->addresses, address) && !has_text(fresh->addresses, address))
            g_ptr_array_add(fresh->addresses, g_strdup(address));
    }
    roster_about_free(about);
    return ok;
}

// An address that was nobody's may be somebody's by now.
static bool fresh_of_address(const LegalHold *hold, RosterSession *session, const char *address, Fresh *fresh,
                             GError **error)
{
    Party *party = roster_resolve(session, address, error);
    bool ok = party != NULL;
    if (ok && party->person != NULL && !has_text(hold->people, party->person) &&
        !has_text(fresh->people, party->person))
        g_ptr_array_add(fresh->people, g_strdup(party->person));
    party_free(party);
    return ok;
}

static bool fresh_add(Retention *retention, const LegalHold *hold, const Fresh *fresh, int64_t now_us,
                      guint *out_added, GError **error)
{
    bool ok = true;
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, now_us);
    json_t *people = json_array(), *addresses = json_array();
    for (guint i = 0; ok && i < fresh->people->len; i++) {
        json_array_append_new(people, json_string(fresh->people->pdata[i]));
        ok = retention_exec(retention, error,
                            "INSERT OR IGNORE INTO hold_person VALUES (?, ?, CAST(? AS INTEGER))", hold->id,
                            (const char *)fresh->people->pdata[i], now, NULL);
    }
    for (guint i = 0; ok && i < fresh->addresses->len; i++) {
        json_array_append_new(addresses, json_string(fresh->addresses->pdata[i]));
        ok = retention_exec(retention, error,
                            "INSERT OR IGNORE INTO hold_address VALUES (?, ?, CAST(? AS INTEGER))", hold->id,
                            (const char *)fresh->addresses->pdata[i], now, NULL);
    }
    json_t *detail = json_pack("{s:s, s:s, s:s, s:o, s:o}", "hold", hold->id, "matter", hold->matter, "why",
                               "the roster has them now", "people", people, "addresses", addresses);
    *out_added += fresh->people->len + fresh->addresses->len;
    if (ok)
        return retention_event(retention, "legal-hold-added", SYSTEM, NULL, detail, now_us, error);
    json_decref(detail);
    return false;
}

// Until nothing new turns up: a person found by an address brings addresses.
static bool renew_hold(Retention *retention, RosterSession *session, const char *id, int64_t now_us,
                       guint *out_added, GError **error)
{
    bool ok = true, more = true;
    for (int turns = 0; ok && more && turns < 10; turns++) {
        g_autoptr(LegalHold) hold = legal_hold_get(retention, id, error);
        Fresh fresh = {g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free)};
        ok = hold != NULL;
        for (guint i = 0; ok && i < hold->people->len; i++)
            ok = fresh_of_person(retention, hold, hold->people->pdata[i], &fresh, error);
        for (guint i = 0; ok && i < hold->addresses->len; i++)
            ok = fresh_of_address(hold, session, hold->addresses->pdata[i], &fresh, error);
        more = fresh.people->len + fresh.addresses->len > 0;
        ok = ok && (!more || fresh_add(retention, hold, &fresh, now_us, out_added, error));
        g_ptr_array_unref(fresh.people);
        g_ptr_array_unref(fresh.addresses);
    }
    return ok;
}

static bool renew_all(Retention *retention, int64_t now_us, guint *out_added, GError **error)
{
    g_autoptr(GPtrArray) holds = retention_texts(
        retention,
        "SELECT id FROM hold WHERE state < 2 AND (id IN (SELECT hold FROM hold_person) OR id IN (SELECT hold "
        "FROM hold_address))",
        NULL, error);
    if (holds == NULL || holds->len == 0)
        return holds != NULL;
    int today = clock_local_date(now_us, retention->config->district.timezone);
    g_autoptr(Roster) roster = roster_open(retention->config, error);
    RosterSession *session = roster != NULL ? roster_session_begin(roster, today, error) : NULL;
    bool ok = session != NULL;
    for (guint i = 0; ok && i < holds->len; i++)
        ok = renew_hold(retention, session, holds->pdata[i], now_us, out_added, error);
    roster_session_end(session);
    return ok;
}

// ---- reviewers' legal holds ------------------------------------------------------------------------------

static bool review_records_add(Retention *retention, const char *id, const ReviewItem *item, int64_t now_us,
                               guint *out_added, GError **error)
{
    g_autoptr(LegalHold) hold = legal_hold_get(retention, id, error);
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, now_us);
    bool ok = hold != NULL;
    for (guint i = 0; ok && i < item->links->len && hold->state != LEGAL_RELEASED; i++) {
        const char *record = ((const ReviewLink *)item->links->pdata[i])->record;
        if (has_text(hold->records, record))
            continue;
        ok = retention_exec(retention, error,
                            "INSERT OR IGNORE INTO hold_record VALUES (?, ?, CAST(? AS INTEGER))", hold->id,
                            record, now, NULL) &&
             retention_event(retention, "legal-hold-added", SYSTEM, record,
                             json_pack("{s:s, s:s, s:s, s:[s]}", "hold", hold->id, "matter", hold->matter,
                                       "why", "linked to the item under review", "records", record),
                             now_us, error);
        (*out_added)++;
    }
    return ok;
}

static bool review_hold(Retention *retention, const ReviewItem *item, int64_t now_us, guint *out_added,
                        GError **error)
{
    g_autofree char *source = g_strconcat("review:", item->id, NULL);
    g_autoptr(GPtrArray) known =
        retention_texts(retention, "SELECT id FROM hold WHERE source = ?", source, error);
    if (known == NULL || known->len > 0)
        return known != NULL &&
               review_records_add(retention, known->pdata[0], item, now_us, out_added, error);
    char id[ULID_LEN + 1];
    guint gone = 0;
    g_autofree char *matter = g_strdup_printf("%s %s", review_kind_name(item->kind), item->id);
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    for (guint i = 0; i < item->links->len; i++)
        g_ptr_array_add(records, ((ReviewLink *)item->links->pdata[i])->record);
    g_ptr_array_add(records, NULL);
    const LegalScope scope = {.records = (char *const *)records->pdata};
    *out_added += records->len - 1;
    return hold_place_inside(retention, matter, &scope, source, SYSTEM,
                             item->title != NULL && *item->title != '\0' ? item->title : "escalation", now_us,
                             id, &gone, error);
}

static bool review_holds(Retention *retention, int64_t now_us, guint *out_added, GError **error)
{
    Review *review = retention_review(retention, error);
    g_autoptr(GPtrArray) items = review != NULL ? review_kept(review, error) : NULL;
    bool ok = items != NULL;
    for (guint i = 0; ok && i < items->len; i++) {
        const ReviewItem *item = items->pdata[i];
        ok = item->links->len == 0 || review_hold(retention, item, now_us, out_added, error);
    }
    return ok;
}

bool hold_refresh_inside(Retention *retention, int64_t now_us, guint *out_added, GError **error)
{
    return review_holds(retention, now_us, out_added, error) &&
           renew_all(retention, now_us, out_added, error);
}

bool legal_hold_refresh(Retention *retention, int64_t now_us, guint *out_added, GError **error)
{
    guint added = 0;
    bool ok = store_begin(retention->db, error) && hold_refresh_inside(retention, now_us, &added, error) &&
              store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    if (out_added != NULL)
        *out_added = added;
    return ok;
}
