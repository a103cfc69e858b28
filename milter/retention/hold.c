// Placing, adding to and releasing legal holds.
#include "retention/internal.h"
#include "roster/about.h"

#include <string.h>

#define SCOPE_MAX 100000 // people, records
#define TEXT_MAX  4096

static const char *const STATES[] = {"active", "releasing", "released"};

const char *legal_state_name(LegalState state)
{
    return STATES[state];
}

// ---- who is meant ----------------------------------------------------------------------------------------

typedef struct {
    Retention *retention;
    const char *hold;
    int64_t now_us;
    json_t *people, *addresses, *records; // what was new, for the event
} Adding;

static bool add_row(Adding *adding, const char *table, const char *column, const char *value, json_t *told,
                    GError **error)
{
    g_autofree char *sql =
        g_strdup_printf("INSERT OR IGNORE INTO %s(hold, %s, added_us) VALUES (?, ?, ?)", table, column);
    g_autoptr(StoreStmt) put = store_prepare(adding->retention->db, sql, error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, adding->hold);
    store_bind_text(put, 2, value);
    store_bind_int(put, 3, adding->now_us);
    bool ok = store_run(put, error);
    if (ok && store_changes(adding->retention->db) > 0)
        json_array_append_new(told, json_string(value));
    return ok;
}

// Every address the roster knows of the person. One the roster has not any more keeps what it had.
static bool add_person(Adding *adding, const char *person, GError **error)
{
    RosterAbout *about = NULL;
    bool ok = add_row(adding, "hold_person", "person", person, adding->people, error) &&
              roster_about(adding->retention->config, person, &about, error);
    for (guint i = 0; ok && about != NULL && i < about->addresses->len; i++) {
        const RosterAddress *address = about->addresses->pdata[i];
        ok = add_row(adding, "hold_address", "address", address->address, adding->addresses, error);
    }
    roster_about_free(about);
    return ok;
}

static bool add_address(Adding *adding, RosterSession *session, const char *address, GError **error)
{
    Party *party = roster_resolve(session, address, error);
    bool ok = party != NULL &&
              add_row(adding, "hold_address", "address", party->canonical, adding->addresses, error) &&
              (party->person == NULL || add_person(adding, party->person, error));
    party_free(party);
    return ok;
}

// A roster id, or an address.
static bool add_one(Adding *adding, RosterSession *session, const char *given, GError **error)
{
    g_autofree char *canonical = roster_canonical_address(adding->retention->config, given);
    RosterAbout *about = NULL;
    if (canonical != NULL)
        return add_address(adding, session, given, error);
    if (!roster_about(adding->retention->config, given, &about, error))
        return false;
    bool known = about != NULL;
    roster_about_free(about);
    if (!known) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_NOINPUT,
            "\"%s\" is neither an address nor a person of the roster; see `chaperone roster show`, or "
            "give the address",
            given);
        return false;
    }
    return add_person(adding, given, error);
}

static bool add_people(Adding *adding, char *const *people, GError **error)
{
    if (people == NULL || people[0] == NULL)
        return true;
    g_autoptr(Roster) roster = roster_open(adding->retention->config, error);
    int today = clock_local_date(adding->now_us, adding->retention->config->district.timezone);
    RosterSession *session = roster != NULL ? roster_session_begin(roster, today, error) : NULL;
    bool ok = session != NULL;
    for (; ok && *people != NULL; people++)
        ok = add_one(adding, session, *people, error);
    roster_session_end(session);
    return ok;
}

static bool is_destroyed(Retention *retention, const char *record, bool *out, GError **error)
{
    g_autoptr(GPtrArray) found = retention_texts(
        retention, "SELECT disposal FROM listed WHERE record = ? AND state = 2", record, error);
    *out = found != NULL && found->len > 0;
    return found != NULL;
}

static bool add_records(Adding *adding, char *const *records, guint *out_gone, GError **error)
{
    bool ok = true;
    for (; ok && records != NULL && *records != NULL; records++) {
        g_autofree char *id = g_ascii_strup(*records, -1);
        bool gone = false;
        ok = ulid_parse(id, NULL);
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\" is no id of a record", *records);
        ok = ok && is_destroyed(adding->retention, id, &gone, error) &&
             add_row(adding, "hold_record", "record", id, adding->records, error);
        *out_gone += gone ? 1 : 0;
    }
    return ok;
}

static bool scope_check(Retention *retention, const LegalScope *scope, int64_t now_us, GError **error)
{
    guint people = scope->people != NULL ? g_strv_length((char **)scope->people) : 0;
    guint records = scope->records != NULL ? g_strv_length((char **)scope->records) : 0;
    if ((people == 0 && records == 0 && scope->query == NULL) || people > SCOPE_MAX || records > SCOPE_MAX ||
        (scope->query != NULL && (*scope->query == '\0' || strlen(scope->query) > TEXT_MAX))) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a legal hold wants people, a query or records: 1 to %d of them", SCOPE_MAX);
        return false;
    }
    const SearchTerms terms = {retention->config->district.timezone, now_us, true};
    g_autoptr(SearchQuery) query =
        scope->query != NULL ? search_query_parse(scope->query, &terms, error) : NULL;
    return scope->query == NULL || query != NULL;
}

static bool scope_add(Adding *adding, const LegalScope *scope, guint *out_gone, GError **error)
{
    *out_gone = 0;
    return add_people(adding, scope->people, error) && add_records(adding, scope->records, out_gone, error);
}

static json_t *scope_detail(const Adding *adding, const char *matter, const char *query, const char *why)
{
    return json_pack("{s:s, s:s, s:s*, s:s, s:O, s:O, s:O}", "hold", adding->hold, "matter", matter, "query",
                     query, "why", why, "people", adding->people, "addresses", adding->addresses, "records",
                     adding->records);
}

static void adding_begin(Adding *adding, Retention *retention, const char *hold, int64_t now_us)
{
    *adding = (Adding){retention, hold, now_us, json_array(), json_array(), json_array()};
}

static void adding_end(Adding *adding)
{
    json_decref(adding->people);
    json_decref(adding->addresses);
    json_decref(adding->records);
}

// ---- placing ---------------------------------------------------------------------------------------------

static bool hold_insert(Retention *retention, const char *id, const char *matter, const char *query,
                        const char *source, const char *who, const char *why, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) put = store_prepare(
        retention->db,
        "INSERT INTO hold(id, matter, state, placed_us, placed_by, why, query, query_us, source)"
        " VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?)",
        error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, id);
    store_bind_text(put, 2, matter);
    store_bind_int(put, 3, now_us);
    store_bind_text(put, 4, who);
    store_bind_text(put, 5, why);
    store_bind_text(put, 6, query);
    store_bind_int(put, 7, now_us);
    store_bind_text(put, 8, source);
    return store_run(put, error);
}

bool hold_place_inside(Retention *retention, const char *matter, const LegalScope *scope, const char *source,
                       const char *who, const char *why, int64_t now_us, char out_id[ULID_LEN + 1],
                       guint *out_gone, GError **error)
{
    if (!ulid_new(now_us, out_id, error))
        return false;
    Adding adding;
    adding_begin(&adding, retention, out_id, now_us);
    bool ok = hold_insert(retention, out_id, matter, scope->query, source, who, why, now_us, error) &&
              scope_add(&adding, scope, out_gone, error) &&
              retention_event(retention, "legal-hold-placed", who, NULL,
                              scope_detail(&adding, matter, scope->query, why), now_us, error);
    adding_end(&adding);
    return ok;
}

static bool words_check(const char *matter, const char *why, GError **error)
{
    bool ok = *matter != '\0' && strlen(matter) <= 200 && why != NULL && *why != '\0' &&
              strlen(why) <= TEXT_MAX && g_utf8_validate(matter, -1, NULL) && g_utf8_validate(why, -1, NULL);
    if (!ok)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "a legal hold wants a matter (to 200 bytes) and a reason: who reads it later was not there");
    return ok;
}

bool legal_hold_place(Retention *retention, const char *matter, const LegalScope *scope, const char *who,
                      const char *why, int64_t now_us, char out_id[ULID_LEN + 1], guint *out_gone,
                      GError **error)
{
    guint gone = 0;
    bool ok = words_check(matter, why, error) && scope_check(retention, scope, now_us, error) &&
              store_begin(retention->db, error) &&
              hold_place_inside(retention, matter, scope, NULL, who, why, now_us, out_id, &gone, error) &&
              store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    if (out_gone != NULL)
        *out_gone = gone;
    return ok;
}

static bool add_query(Retention *retention, const LegalHold *hold, const char *query, int64_t now_us,
                      GError **error)
{
    if (query == NULL)
        return true;
    if (hold->query != NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "legal hold %s has a query, which stands; place another hold of the same matter",
                    hold->id);
        return false;
    }
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, now_us);
    return retention_exec(retention, error,
                          "UPDATE hold SET query = ?2, query_us = CAST(?3 AS INTEGER) WHERE id = ?1",
                          hold->id, query, now, NULL);
}

static bool hold_stands(const LegalHold *hold, GError **error)
{
    if (hold->state == LEGAL_RELEASED)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "legal hold %s was released; place a new one",
                    hold->id);
    return hold->state != LEGAL_RELEASED;
}

bool legal_hold_add(Retention *retention, const char *id, const LegalScope *scope, const char *who,
                    const char *why, int64_t now_us, guint *out_gone, GError **error)
{
    guint gone = 0;
    if (!scope_check(retention, scope, now_us, error) || !store_begin(retention->db, error))
        return false;
    g_autoptr(LegalHold) hold = legal_hold_get(retention, id, error);
    bool ok = hold != NULL && words_check(hold->matter, why, error) && hold_stands(hold, error) &&
              add_query(retention, hold, scope->query, now_us, error);
    if (ok) {
        Adding adding;
        adding_begin(&adding, retention, hold->id, now_us);
        ok = scope_add(&adding, scope, &gone, error) &&
             retention_event(retention, "legal-hold-added", who, NULL,
                             scope_detail(&adding, hold->matter, scope->query, why), now_us, error) &&
             store_commit(retention->db, error);
        adding_end(&adding);
    }
    if (!ok)
        store_rollback(retention->db);
    if (out_gone != NULL)
        *out_gone = gone;
    return ok;
}

// ---- releasing -------------------------------------------------------------------------------------------

static bool release_ask(Retention *retention, const LegalHold *hold, const char *who, int64_t now_us,
                        GError **error)
{
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, now_us);
    return retention_exec(
        retention, error,
        "UPDATE hold SET state = 1, asked_by = ?2, asked_us = CAST(?3 AS INTEGER) WHERE id = ?1", hold->id,
        who, now, NULL);
}

static bool release_end(Retention *retention, const LegalHold *hold, const char *who, int64_t now_us,
                        GError **error)
{
    int64_t free_us =
        hold->asked_us + (int64_t)retention->config->retention.hold_cooling_days * 86400 * G_USEC_PER_SEC;
    if (retention_same_person(hold->asked_by, who)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "legal hold %s: %s asked for its release; another person must confirm it", hold->id,
                    hold->asked_by);
        return false;
    }
    if (now_us < free_us) {
        g_autofree char *when = clock_format_local(free_us, retention->config->district.timezone);
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "legal hold %s: its release can be confirmed from %s on (retention.hold_cooling_days)",
                    hold->id, when);
        return false;
    }
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, now_us);
    return retention_exec(
        retention, error,
        "UPDATE hold SET state = 2, released_by = ?2, released_us = CAST(?3 AS INTEGER) WHERE id = ?1",
        hold->id, who, now, NULL);
}

static bool release_event(Retention *retention, const LegalHold *hold, const char *event, const char *who,
                          const char *why, int64_t now_us, GError **error)
{
    return retention_event(retention, event, who, NULL,
                           json_pack("{s:s, s:s, s:s}", "hold", hold->id, "matter", hold->matter, "why", why),
                           now_us, error);
}

bool legal_hold_release(Retention *retention, const char *id, const char *who, const char *why,
                        int64_t now_us, LegalState *out_state, GError **error)
{
    if (!store_begin(retention->db, error))
        return false;
    g_autoptr(LegalHold) hold = legal_hold_get(retention, id, error);
    bool ok = hold != NULL && words_check(hold->matter, why, error) && hold_stands(hold, error);
    bool first = ok && hold->state == LEGAL_ACTIVE;
    *out_state = first ? LEGAL_RELEASING : LEGAL_RELEASED;
    ok = ok &&
         (first ? release_ask(retention, hold, who, now_us, error)
                : release_end(retention, hold, who, now_us, error)) &&
         release_event(retention, hold, first ? "legal-hold-release-asked" : "legal-hold-released", who, why,
                       now_us, error) &&
         store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    return ok;
}

bool legal_hold_keep(Retention *retention, const char *id, const char *who, const char *why, int64_t now_us,
                     GError **error)
{
    if (!store_begin(retention->db, error))
        return false;
    g_autoptr(LegalHold) hold = legal_hold_get(retention, id, error);
    bool ok = hold != NULL && words_check(hold->matter, why, error) && hold_stands(hold, error);
    if (ok && hold->state != LEGAL_RELEASING) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "legal hold %s: nobody asked for its release",
                    hold->id);
        ok = false;
    }
    ok = ok &&
         retention_exec(retention, error,
                        "UPDATE hold SET state = 0, asked_by = NULL, asked_us = NULL WHERE id = ?1", hold->id,
                        NULL) &&
         release_event(retention, hold, "legal-hold-kept", who, why, now_us, error) &&
         store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    return ok;
}
