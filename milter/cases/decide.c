// What reviewers decide about the records of a case, the numbers these get, and the bag that goes out.
#include "cases/internal.h"

#include <string.h>

enum { CODE_MOST = 200, WHY_MOST = 4000 };

const char *case_what_name(CaseWhat what)
{
    static const char *const NAMES[CASE_WHATS] = {"undecided", "responsive", "not-responsive", "exempt",
                                                  "redact"};
    return what < CASE_WHATS ? NAMES[what] : "?";
}

bool case_what_parse(const char *text, CaseWhat *out)
{
    for (int i = 0; i < CASE_WHATS; i++)
        if (strcmp(text, case_what_name((CaseWhat)i)) == 0) {
            *out = (CaseWhat)i;
            return true;
        }
    return false;
}

void case_record_free(CaseRecord *record)
{
    if (record == NULL)
        return;
    g_free(record->record);
    g_free(record->sender);
    g_free(record->subject);
    g_free(record->custodian);
    g_free(record->thread);
    g_free(record->group);
    g_free(record->code);
    g_free(record->why);
    g_free(record->who);
    json_decref(record->redactions);
    archive_ref_free(record->place);
    g_free(record);
}

// ---- reading ---------------------------------------------------------------------------------------------

#define COLUMNS                                                                                              \
    "record, sender, subject, received_us, thread, grp, exact, what, code, why, who, disputed, number, "     \
    "redactions, custodian, segment, byte, bytes"

static CaseRecord *record_of(StoreStmt *row)
{
    CaseRecord *record = g_new0(CaseRecord, 1);
    const char *redactions = store_text(row, 13), *segment = store_text(row, 15);
    *record = (CaseRecord){.record = g_strdup(store_text(row, 0)),
                           .sender = g_strdup(store_text(row, 1)),
                           .subject = g_strdup(store_text(row, 2)),
                           .received_us = store_int(row, 3),
                           .thread = g_strdup(store_text(row, 4)),
                           .group = g_strdup(store_text(row, 5)),
                           .exact = store_int(row, 6) != 0,
                           .what = (CaseWhat)store_int(row, 7),
                           .code = g_strdup(store_text(row, 8)),
                           .why = g_strdup(store_text(row, 9)),
                           .who = g_strdup(store_text(row, 10)),
                           .disputed = store_int(row, 11) != 0,
                           .number = store_int(row, 12),
                           .custodian = g_strdup(store_text(row, 14)),
                           .redactions = redactions != NULL ? json_loads(redactions, 0, NULL) : NULL};
    if (segment != NULL) {
        record->place = g_new0(ArchiveRef, 1);
        *record->place = (ArchiveRef){
            .segment = g_strdup(segment), .offset = store_int(row, 16), .length = store_int(row, 17)};
        g_strlcpy(record->place->id, record->record, sizeof record->place->id);
    }
    return record;
}

static void free_record(gpointer record)
{
    case_record_free(record);
}

// In the order of `keys` ("received_us, record"). What is not asked for is not in the query: an index serves the rest.
static GPtrArray *records_page(Cases *cases, const char *keys, const char *id, CaseWhat what,
                               const char *after, guint most, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(free_record);
    g_autofree char *behind =
        after != NULL
            ? g_strdup_printf(" AND (%s) > (SELECT %s FROM record WHERE matter = ?1 AND record = ?2)", keys,
                              keys)
            : g_strdup("");
    g_autofree char *sql =
        g_strdup_printf("SELECT " COLUMNS " FROM record WHERE matter = ?1%s%s ORDER BY %s LIMIT ?4",
                        what != CASE_WHATS ? " AND what = ?3" : "", behind, keys);
    g_autoptr(StoreStmt) get = cases_prepare(cases, error, sql, id, after, NULL);
    StoreStep step = STORE_FAILED;
    if (get != NULL && what != CASE_WHATS)
        store_bind_int(get, 3, what);
    if (get != NULL)
        store_bind_int(get, 4, most > 0 ? (int64_t)most : -1);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(records, record_of(get));
    return step == STORE_DONE ? g_steal_pointer(&records) : NULL;
}

GPtrArray *case_records(Cases *cases, const char *id, CaseWhat what, const char *after, guint most,
                        GError **error)
{
    return records_page(cases, "received_us, record", id, what, after, most, error);
}

GPtrArray *case_threads(Cases *cases, const char *id, CaseWhat what, const char *after, guint most,
                        GError **error)
{
    return records_page(cases, "thread, received_us, record", id, what, after, most, error);
}

CaseRecord *case_record(Cases *cases, const char *id, const char *record, GError **error)
{
    g_autoptr(StoreStmt) get = cases_prepare(
        cases, error, "SELECT " COLUMNS " FROM record WHERE matter = ? AND record = ?", id, record, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "record %s is not in case %s", record, id);
    return step == STORE_ROW ? record_of(get) : NULL;
}

ArchiveRecord *case_record_read(Cases *cases, const CaseRecord *record, GError **error)
{
    g_autoptr(ArchiveRecord) there =
        record->place != NULL ? archive_get_at(cases->config, record->place, NULL) : NULL;
    // A disposal may have moved it.
    if (there == NULL || strcmp(there->ref->id, record->record) != 0) {
        g_clear_pointer(&there, archive_record_free);
        there = archive_get(cases->config, record->record, error);
    }
    if (there != NULL && there->raw == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s is an event: it has no message", record->record);
        return NULL;
    }
    return g_steal_pointer(&there);
}

GPtrArray *case_related(Cases *cases, const char *id, const char *record, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(free_record);
    g_autoptr(CaseRecord) one = case_record(cases, id, record, error);
    g_autoptr(StoreStmt) get =
        one != NULL
            ? cases_prepare(cases, error,
                            "SELECT " COLUMNS
                            " FROM record WHERE matter = ?1 AND record IN (SELECT record FROM "
                            "record WHERE matter = ?1 AND thread = ?2 UNION SELECT record FROM record WHERE "
                            "matter = ?1 AND grp = ?3) ORDER BY received_us, record",
                            id, one->thread, one->group, NULL)
            : NULL;
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(records, record_of(get));
    return step == STORE_DONE ? g_steal_pointer(&records) : NULL;
}

json_t *case_decisions(Cases *cases, const char *id, const char *record, GError **error)
{
    g_autoptr(StoreStmt) get =
        cases_prepare(cases, error,
                      "SELECT what, code, why, who, time_us FROM decision WHERE matter = ? AND record = ? "
                      "ORDER BY id",
                      id, record, NULL);
    json_t *all = json_array();
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        g_autofree char *time = clock_format(store_int(get, 4));
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:s}", "what",
                                             case_what_name((CaseWhat)store_int(get, 0)), "code",
                                             store_text(get, 1), "why", store_text(get, 2), "who",
                                             store_text(get, 3), "time", time));
    }
    if (step != STORE_DONE)
        g_clear_pointer(&all, json_decref);
    return all;
}

// ---- deciding --------------------------------------------------------------------------------------------

static bool review_check(CaseWhat what, const char *code, const char *why, GError **error)
{
    bool wants = what == CASE_EXEMPT || what == CASE_REDACT;
    if (what == CASE_UNDECIDED || what >= CASE_WHATS)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a record is responsive, not-responsive, exempt or to be redacted");
    else if (wants != (*code != '\0'))
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s", case_what_name(what),
                    wants ? "wants the code of the exemption" : "has no code of an exemption");
    else if (strlen(code) > CODE_MOST || strlen(why) > WHY_MOST || !g_utf8_validate(code, -1, NULL) ||
             !g_utf8_validate(why, -1, NULL))
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "the code is UTF-8 of %d bytes at most, the reason of %d", CODE_MOST, WHY_MOST);
    else
        return true;
    return false;
}

// Disputed: what each reviewer decided last is not the same.
static bool review_one(Cases *cases, const char *id, const CaseRecord *record, CaseWhat what,
                       const char *code, const char *why, const char *who, int64_t now_us, GError **error)
{
    g_autoptr(StoreStmt) put =
        cases_prepare(cases, error,
                      "INSERT INTO decision(matter, record, code, why, who, what, time_us)"
                      " VALUES(?,?,?,?,?,?,?)",
                      id, record->record, code, why, who, NULL);
    g_autoptr(StoreStmt) set = cases_prepare(
        cases, error,
        "UPDATE record SET code = ?3, why = ?4, who = ?5, what = ?6, disputed = (SELECT count(DISTINCT "
        "d.what "
        "|| ' ' || d.code) > 1 FROM decision d WHERE d.matter = ?1 AND d.record = ?2 AND d.id = (SELECT "
        "max(e.id) FROM decision e WHERE e.matter = ?1 AND e.record = ?2 AND e.who = d.who))"
        " WHERE matter = ?1 AND record = ?2",
        id, record->record, code, why, who, NULL);
    if (put == NULL || set == NULL)
        return false;
    store_bind_int(put, 6, what);
    store_bind_int(put, 7, now_us);
    store_bind_int(set, 6, what);
    return store_run(put, error) && store_run(set, error);
}

static bool review_is_there(const GPtrArray *records, const char *record)
{
    bool found = false;
    for (guint i = 0; i < records->len && !found; i++)
        found = strcmp(((const CaseRecord *)records->pdata[i])->record, record) == 0;
    return found;
}

// Adds the record, or all of its group, where they are not among `records` yet.
static bool review_add(Cases *cases, const char *id, const char *record, bool group, GPtrArray *records,
                       GError **error)
{
    g_autoptr(CaseRecord) first = case_record(cases, id, record, error);
    g_autoptr(StoreStmt) get =
        first != NULL ? cases_prepare(cases, error,
                                      "SELECT " COLUMNS
                                      " FROM record WHERE matter = ?1 AND (record = ?2 OR ?4 AND grp = ?3)",
                                      id, record, first->group, NULL)
                      : NULL;
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_int(get, 4, group);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        CaseRecord *one = record_of(get);
        if (review_is_there(records, one->record))
            case_record_free(one);
        else
            g_ptr_array_add(records, one);
    }
    return step == STORE_DONE;
}

// The records, or all of their groups. GPtrArray of CaseRecord.
static GPtrArray *review_which(Cases *cases, const char *id, const GPtrArray *ids, bool group, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(free_record);
    bool ok = true;
    for (guint i = 0; ok && i < ids->len; i++)
        ok = review_add(cases, id, ids->pdata[i], group, records, error);
    return ok ? g_steal_pointer(&records) : NULL;
}

static bool review_event(Cases *cases, const char *id, const GPtrArray *records, CaseWhat what,
                         const char *code, const char *why, const char *who, int64_t now_us, GError **error)
{
    json_t *ids = json_array();
    for (guint i = 0; i < records->len; i++)
        json_array_append_new(ids, json_string(((CaseRecord *)records->pdata[i])->record));
    json_t *detail = json_pack("{s:o, s:s, s:s, s:s}", "records", ids, "what", case_what_name(what), "code",
                               code, "why", why);
    return cases_event(cases, "case-review", id, NULL, detail, who, now_us, error);
}

int case_review(Cases *cases, const char *id, const char *record, bool group, CaseWhat what, const char *code,
                const char *why, const char *who, int64_t now_us, GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_ptr_array_add(one, (gpointer)record);
    return case_review_many(cases, id, one, group, what, code, why, who, now_us, error);
}

int case_review_many(Cases *cases, const char *id, const GPtrArray *chosen, bool group, CaseWhat what,
                     const char *code, const char *why, const char *who, int64_t now_us, GError **error)
{
    const char *cited = code != NULL ? code : "", *words = why != NULL ? why : "";
    if (!review_check(what, cited, words, error) || !store_begin(cases->db, error))
        return -1;
    g_autoptr(GPtrArray) records =
        cases_is_open(cases, id, error) ? review_which(cases, id, chosen, group, error) : NULL;
    bool ok = records != NULL && review_event(cases, id, records, what, cited, words, who, now_us, error);
    for (guint i = 0; ok && i < records->len; i++)
        ok = review_one(cases, id, records->pdata[i], what, cited, words, who, now_us, error);
    ok = ok && store_commit(cases->db, error);
    if (!ok)
        store_rollback(cases->db);
    return ok ? (int)records->len : -1;
}

bool case_redact(Cases *cases, const char *id, const char *record, const json_t *redactions, const char *who,
                 int64_t now_us, GError **error)
{
    g_autoptr(CaseRecord) one = case_record(cases, id, record, error);
    if (one == NULL)
        return false;
    if (!json_is_array(redactions)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "redactions: not a JSON array");
        return false;
    }
    char *text = json_dumps(redactions, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_autoptr(StoreStmt) set =
        cases_prepare(cases, error, "UPDATE record SET redactions = ?3 WHERE matter = ?1 AND record = ?2", id,
                      record, text, NULL);
    free(text);
    json_t *detail =
        json_pack("{s:I, s:s}", "redactions", (json_int_t)json_array_size(redactions), "sha256", hash);
    return cases_step(cases, "case-redacted", id, record, detail, set, who, now_us, error);
}

// ---- numbers and the bag ---------------------------------------------------------------------------------

static bool number_all(Cases *cases, const char *id, GError **error)
{
    g_autoptr(StoreStmt) set =
        cases_prepare(cases, error,
                      "UPDATE record SET number = n.number FROM (SELECT record, (SELECT max(number) FROM "
                      "record WHERE matter = ?1) + "
                      "row_number() OVER (ORDER BY received_us, record) AS number FROM record WHERE matter = "
                      "?1 AND number = 0 AND "
                      "what IN (1, 3, 4)) n WHERE record.matter = ?1 AND record.record = n.record",
                      id, NULL);
    return set != NULL && store_run(set, error);
}

static bool bag_item(BagSpec *spec, const Case *one, const CaseRecord *record, GError **error)
{
    static const BagTreatment TREATMENTS[CASE_WHATS] = {
        [CASE_RESPONSIVE] = BAG_FULL, [CASE_EXEMPT] = BAG_WITHHELD, [CASE_REDACT] = BAG_REDACTED};
    g_autofree char *bates = bag_bates(one->prefix, (guint)one->width, (guint64)record->number);
    if (record->what == CASE_REDACT && json_array_size(record->redactions) == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "record %s is to be redacted, and nothing is: chaperone case redact %s %s FILE",
                    record->record, one->id, record->record);
        return false;
    }
    BagItem *item = bag_spec_add(spec, record->record, bates, TREATMENTS[record->what]);
    g_free(item->custodian);
    item->custodian = g_strdup(record->custodian);
    if (record->code != NULL && *record->code != '\0')
        bag_item_exempt(item, record->code, record->why);
    if (record->what == CASE_REDACT)
        item->redactions = json_incref(record->redactions);
    return true;
}

static bool bag_items(Cases *cases, BagSpec *spec, const Case *one, GError **error)
{
    g_autoptr(GPtrArray) records = case_records(cases, one->id, CASE_WHATS, NULL, 0, error);
    bool ok = records != NULL;
    for (guint i = 0; ok && i < records->len; i++) {
        const CaseRecord *record = records->pdata[i];
        bool goes =
            record->what == CASE_RESPONSIVE || record->what == CASE_EXEMPT || record->what == CASE_REDACT;
        ok = !goes || bag_item(spec, one, record, error);
    }
    return ok;
}

static bool bag_ready(const Case *one, GError **error)
{
    if (one->undecided > 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "case %s: %u of %u records are undecided; `chaperone case records %s --what undecided` "
                    "tells them",
                    one->id, one->undecided, one->records, one->id);
    else if (one->responsive + one->redacted + one->exempt == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "case %s: no record is to be handed out or withheld",
                    one->id);
    else
        return true;
    return false;
}

BagSpec *case_bag(Cases *cases, const char *id, const char *who, const char *reason, bool envelope,
                  int64_t now_us, GError **error)
{
    g_autoptr(Case) one = case_get(cases, id, error);
    if (one == NULL || !bag_ready(one, error) || !number_all(cases, id, error))
        return NULL;
    g_autoptr(BagSpec) spec = bag_spec_new();
    spec->name = g_strdup(one->id);
    spec->description = g_strdup(one->title);
    spec->requester = g_strdup(one->requester);
    spec->custody = g_strdup(cases->config->cases.custody);
    spec->who = g_strdup(who);
    spec->reason = g_strdup(reason);
    spec->time_us = now_us;
    spec->envelope = envelope;
    spec->searches = case_searches(cases, id, error);
    return spec->searches != NULL && bag_items(cases, spec, one, error) ? g_steal_pointer(&spec) : NULL;
}

bool case_produced(Cases *cases, const char *id, const BagResult *result, const char *who, int64_t now_us,
                   GError **error)
{
    g_autoptr(StoreStmt) put = cases_prepare(cases, error,
                                             "INSERT INTO production(matter, who, manifest, time_us, full, "
                                             "redacted, withheld) VALUES(?,?,?,?,?,?,?)",
                                             id, who, result->manifest_sha256, NULL);
    if (put != NULL) {
        store_bind_int(put, 4, now_us);
        store_bind_int(put, 5, result->full);
        store_bind_int(put, 6, result->redacted);
        store_bind_int(put, 7, result->withheld);
    }
    json_t *detail =
        json_pack("{s:i, s:i, s:i, s:s}", "full", (int)result->full, "redacted", (int)result->redacted,
                  "withheld", (int)result->withheld, "manifest", result->manifest_sha256);
    return cases_note(cases, "case-produced", id, detail, put, who, now_us, error);
}

json_t *case_productions(Cases *cases, const char *id, GError **error)
{
    g_autoptr(StoreStmt) get = cases_prepare(
        cases, error,
        "SELECT who, time_us, full, redacted, withheld, manifest FROM production WHERE matter = ? "
        "ORDER BY id",
        id, NULL);
    json_t *all = json_array();
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        g_autofree char *time = clock_format(store_int(get, 1));
        json_array_append_new(all, json_pack("{s:s, s:s, s:i, s:i, s:i, s:s}", "who", store_text(get, 0),
                                             "time", time, "full", (int)store_int(get, 2), "redacted",
                                             (int)store_int(get, 3), "withheld", (int)store_int(get, 4),
                                             "manifest", store_text(get, 5)));
    }
    if (step != STORE_DONE)
        g_clear_pointer(&all, json_decref);
    return all;
}
