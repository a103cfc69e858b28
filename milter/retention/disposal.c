// Proposing, approving and withdrawing disposals, and what is known of them.
#include "retention/internal.h"

#include <string.h>

#define WHY_MAX           4096
#define AUTHORIZATION_MAX 200

static const char *const STATES[] = {"proposed", "executing", "done", "withdrawn"};
static const char *const LISTED[] = {"waiting", "kept", "destroyed"};

const char *disposal_state_name(DisposalState state)
{
    return STATES[state];
}

const char *listed_state_name(ListedState state)
{
    return LISTED[state];
}

static bool why_check(const char *why, GError **error)
{
    bool ok = why != NULL && *why != '\0' && strlen(why) <= WHY_MAX && g_utf8_validate(why, -1, NULL);
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a disposal's steps want a reason: who reads it later was not there");
    return ok;
}

// ---- proposing -------------------------------------------------------------------------------------------

typedef struct {
    Retention *retention;
    const DisposalWish *wish;
    int64_t now_us;
    RetentionReckoner *reckoner;
    Sieve *sieve;
    GHashTable *listed; // of char*: records of other disposals that are under way
    GPtrArray *records; // of Row
    json_t *under_hold, *classes;
    GError *error;
    DisposalProgress progress;
    void *data;
    guint64 seen;
} Proposing;

typedef struct {
    char *record, *segment, *class;
    int64_t byte, length, sent_us, due_us, size;
} Row;

static void row_free(gpointer data)
{
    Row *row = data;
    g_free(row->record);
    g_free(row->segment);
    g_free(row->class);
    g_free(row);
}

static void count_up(json_t *counts, const char *key, int64_t by)
{
    json_object_set_new(counts, key, json_integer(json_integer_value(json_object_get(counts, key)) + by));
}

// By hold: the first word of what was told.
static void count_holds(json_t *counts, const GPtrArray *holds)
{
    for (guint i = 0; i < holds->len; i++) {
        const char *told = holds->pdata[i];
        g_autofree char *key = g_strndup(told, strcspn(told, ": "));
        count_up(counts, key, 1);
    }
}

static void count_class(json_t *classes, const RetentionClass *class, int64_t size)
{
    json_t *counts = json_object_get(classes, class->name);
    if (counts == NULL) {
        counts = json_pack("{s:s, s:s}", "item", class->item, "title", class->title);
        json_object_set_new(classes, class->name, counts);
    }
    count_up(counts, "records", 1);
    count_up(counts, "bytes", size);
}

static bool is_wished(Proposing *proposing, const json_t *meta, const RetentionVerdict *verdict, bool *out)
{
    const DisposalWish *wish = proposing->wish;
    Tri hit = TRI_YES;
    bool ok = true;
    *out = verdict->due == TRI_YES &&
           (wish->class == NULL || strcmp(wish->class, verdict->class->name) == 0) &&
           (wish->before_us == 0 || archive_mail_time(meta) < wish->before_us);
    if (*out && wish->query != NULL) {
        g_auto(RecordFacts) facts = {0};
        record_facts_init(&facts, proposing->retention->config, meta);
        ok = sieve_ask(proposing->sieve, wish->query, proposing->now_us, &facts, &hit, &proposing->error);
        *out = hit == TRI_YES;
    }
    return ok;
}

static void propose_row(Proposing *proposing, const ArchiveRecord *record, const RetentionVerdict *verdict)
{
    Row *row = g_new0(Row, 1);
    *row = (Row){.record = g_strdup(record->ref->id),
                 .segment = g_strdup(record->ref->segment),
                 .class = g_strdup(verdict->class->name),
                 .byte = record->ref->offset,
                 .length = record->ref->length,
                 .sent_us = archive_mail_time(record->meta),
                 .due_us = verdict->due_us,
                 .size = json_integer_value(json_object_get(record->meta, "size"))};
    count_class(proposing->classes, verdict->class, row->size);
    g_ptr_array_add(proposing->records, row);
}

static bool propose_record(const ArchiveRecord *record, void *data)
{
    Proposing *proposing = data;
    g_auto(RetentionVerdict) verdict = {0};
    bool wished = false;
    if (proposing->progress != NULL)
        proposing->progress("reckoning", ++proposing->seen, 0, proposing->data);
    if (g_hash_table_contains(proposing->listed, record->ref->id))
        return true;
    bool ok =
        retention_reckon(proposing->reckoner, record->meta, proposing->now_us, &verdict, &proposing->error) &&
        is_wished(proposing, record->meta, &verdict, &wished);
    if (ok && wished && verdict.holds->len > 0)
        count_holds(proposing->under_hold, verdict.holds);
    else if (ok && wished)
        propose_row(proposing, record, &verdict);
    return ok && (proposing->wish->most == 0 || proposing->records->len < proposing->wish->most);
}

static bool propose_collect(Proposing *proposing, const RetentionSchedule *schedule, GError **error)
{
    const ArchiveQuery query = {.to_us = 0};
    g_autoptr(GPtrArray) busy = retention_texts(
        proposing->retention,
        "SELECT record FROM listed JOIN disposal ON disposal.id = disposal WHERE disposal.state < 2 "
        "AND listed.state = 0",
        NULL, error);
    for (guint i = 0; busy != NULL && i < busy->len; i++)
        g_hash_table_add(proposing->listed, g_strdup(busy->pdata[i]));
    bool ok = busy != NULL && legal_hold_refresh(proposing->retention, proposing->now_us, NULL, error) &&
              (proposing->reckoner = retention_reckoner_new(proposing->retention, schedule, error)) != NULL &&
              archive_each(proposing->retention->config, &query, propose_record, NULL, proposing, error);
    if (ok && proposing->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&proposing->error));
        ok = false;
    }
    if (ok && proposing->records->len == 0) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "nothing to propose: no record asked for is due and free of legal holds (%u holds keep some)",
            (guint)json_object_size(proposing->under_hold));
        ok = false;
    }
    return ok;
}

static bool propose_insert(const Proposing *proposing, const char *id, GError **error)
{
    g_autoptr(StoreStmt) put = store_prepare(
        proposing->retention->db,
        "INSERT INTO listed(disposal, record, segment, byte, length, class, sent_us, due_us, size)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    bool ok = put != NULL;
    for (guint i = 0; ok && i < proposing->records->len; i++) {
        const Row *row = proposing->records->pdata[i];
        store_bind_text(put, 1, id);
        store_bind_text(put, 2, row->record);
        store_bind_text(put, 3, row->segment);
        store_bind_int(put, 4, row->byte);
        store_bind_int(put, 5, row->length);
        store_bind_text(put, 6, row->class);
        store_bind_int(put, 7, row->sent_us);
        store_bind_int(put, 8, row->due_us);
        store_bind_int(put, 9, row->size);
        ok = store_run(put, error);
    }
    return ok;
}

static bool propose_write(const Proposing *proposing, const RetentionSchedule *schedule, const char *id,
                          const char *who, const char *why, GError **error)
{
    Retention *retention = proposing->retention;
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, proposing->now_us);
    g_autofree char *under_hold = json_dumps(proposing->under_hold, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree char *classes = json_dumps(proposing->classes, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree char *name = g_strdup_printf("%s %s", schedule->name, schedule->version);
    if (!propose_insert(proposing, id, error))
        return false;
    g_autofree char *hash = disposal_list_hash(retention, id, error);
    return hash != NULL &&
           retention_exec(retention, error,
                          "INSERT INTO disposal(id, state, proposed_us, proposed_by, why, schedule, "
                          "schedule_sha256, list_sha256, under_hold, classes)"
                          " VALUES (?, 0, CAST(? AS INTEGER), ?, ?, ?, ?, ?, ?, ?)",
                          id, now, who, why, name, schedule->sha256, hash, under_hold, classes, NULL) &&
           retention_event(retention, "disposal-proposed", who, NULL,
                           json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:O, s:O}", "disposal", id, "why", why,
                                     "schedule", name, "schedule_sha256", schedule->sha256, "list_sha256",
                                     hash, "records", (json_int_t)proposing->records->len, "classes",
                                     proposing->classes, "under_hold", proposing->under_hold),
                           proposing->now_us, error);
}

bool disposal_schedule_usable(const RetentionSchedule *schedule, GError **error)
{
    if (schedule->template)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_NOPERM,
            "%s is a template: nothing is destroyed by it; have counsel check a copy of it, then write "
            "who adopted it and when (adopted) in place of template = true",
            schedule->path);
    return !schedule->template;
}

bool disposal_propose(Retention *retention, const DisposalWish *wish, const char *who, const char *why,
                      int64_t now_us, DisposalProgress progress, void *data, char out_id[ULID_LEN + 1],
                      GError **error)
{
    g_autoptr(RetentionSchedule) schedule =
        why_check(why, error) ? retention_schedule(retention, who, now_us, error) : NULL;
    if (schedule == NULL || !disposal_schedule_usable(schedule, error))
        return false;
    Proposing proposing = {.retention = retention,
                           .wish = wish,
                           .now_us = now_us,
                           .sieve = sieve_new(retention->config),
                           .listed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                           .records = g_ptr_array_new_with_free_func(row_free),
                           .under_hold = json_object(),
                           .classes = json_object(),
                           .progress = progress,
                           .data = data};
    bool ok = propose_collect(&proposing, schedule, error) && ulid_new(now_us, out_id, error) &&
              store_begin(retention->db, error) &&
              propose_write(&proposing, schedule, out_id, who, why, error) &&
              store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    retention_reckoner_free(proposing.reckoner);
    sieve_free(proposing.sieve);
    g_hash_table_unref(proposing.listed);
    g_ptr_array_unref(proposing.records);
    json_decref(proposing.under_hold);
    json_decref(proposing.classes);
    g_clear_error(&proposing.error);
    return ok;
}

char *disposal_list_hash(Retention *retention, const char *id, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        retention->db, "SELECT record, class FROM listed WHERE disposal = ? ORDER BY record", error);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_text(get, 1, id);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        g_autofree char *line = g_strdup_printf("%s %s\n", store_text(get, 0), store_text(get, 1));
        g_checksum_update(sum, (const guchar *)line, -1);
    }
    return step == STORE_DONE ? g_strdup(g_checksum_get_string(sum)) : NULL;
}

// ---- approving -------------------------------------------------------------------------------------------

static bool approve_who(const Retention *retention, const Disposal *disposal, const char *who, GError **error)
{
    bool ok =
        retention->config->retention.proposer_approves || !retention_same_person(disposal->proposed_by, who);
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "disposal %s was proposed by %s, who may not approve it", disposal->id,
                    disposal->proposed_by);
    for (guint i = 0; ok && i < disposal->approvals->len; i++) {
        const DisposalApproval *approval = disposal->approvals->pdata[i];
        ok = !retention_same_person(approval->who, who);
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                        "disposal %s: %s has approved it already; another person must", disposal->id, who);
    }
    return ok;
}

static bool approve_authorization(const Disposal *disposal, const char *authorization, GError **error)
{
    bool ok = authorization == NULL ||
              (*authorization != '\0' && strlen(authorization) <= AUTHORIZATION_MAX &&
               g_utf8_validate(authorization, -1, NULL) &&
               (disposal->authorization == NULL || strcmp(disposal->authorization, authorization) == 0));
    if (!ok)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "disposal %s: the authorization \"%s\" is empty, too long, or not the one given before (%s)",
            disposal->id, authorization, disposal->authorization ? disposal->authorization : "none");
    return ok;
}

static bool approve_state(Retention *retention, const Disposal *disposal, GError **error)
{
    if (disposal->state != DISPOSAL_PROPOSED) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "disposal %s is %s: it is not approved any more",
                    disposal->id, disposal_state_name(disposal->state));
        return false;
    }
    g_autofree char *hash = disposal_list_hash(retention, disposal->id, error);
    if (hash != NULL && strcmp(hash, disposal->list_sha256) != 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "disposal %s: its list is not the one that was proposed; withdraw it", disposal->id);
    return hash != NULL && strcmp(hash, disposal->list_sha256) == 0;
}

static bool approve_write(Retention *retention, const Disposal *disposal, const char *who,
                          const char *authorization, const char *why, int64_t now_us, GError **error)
{
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, now_us);
    return retention_exec(retention, error, "INSERT INTO approval VALUES (?, ?, ?, CAST(? AS INTEGER))",
                          disposal->id, who, why, now, NULL) &&
           (authorization == NULL ||
            retention_exec(retention, error, "UPDATE disposal SET authorization = ?2 WHERE id = ?1",
                           disposal->id, authorization, NULL)) &&
           retention_event(retention, "disposal-approved", who, NULL,
                           json_pack("{s:s, s:s, s:s*, s:s}", "disposal", disposal->id, "list_sha256",
                                     disposal->list_sha256, "authorization", authorization, "why", why),
                           now_us, error);
}

bool disposal_approve(Retention *retention, const char *id, const char *who, const char *authorization,
                      const char *why, int64_t now_us, GError **error)
{
    if (!why_check(why, error) || !store_begin(retention->db, error))
        return false;
    g_autoptr(Disposal) disposal = disposal_get(retention, id, error);
    bool ok = disposal != NULL && approve_state(retention, disposal, error) &&
              approve_who(retention, disposal, who, error) &&
              approve_authorization(disposal, authorization, error) &&
              approve_write(retention, disposal, who, authorization, why, now_us, error) &&
              store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    return ok;
}

bool disposal_is_approved(const Disposal *disposal, GError **error)
{
    bool ok = disposal->approvals->len >= 2 && disposal->authorization != NULL;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "disposal %s wants two approvals by different people (it has %u) and the state's "
                    "authorization (%s): chaperone dispose approve ID --authorization NUMBER",
                    disposal->id, disposal->approvals->len,
                    disposal->authorization ? disposal->authorization : "it has none");
    return ok;
}

bool disposal_withdraw(Retention *retention, const char *id, const char *who, const char *why, int64_t now_us,
                       GError **error)
{
    if (!why_check(why, error) || !store_begin(retention->db, error))
        return false;
    g_autoptr(Disposal) disposal = disposal_get(retention, id, error);
    bool ok = disposal != NULL;
    if (ok && (disposal->state > DISPOSAL_EXECUTING || disposal->destroyed > 0)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "disposal %s is %s, %u records destroyed: too late",
                    disposal->id, disposal_state_name(disposal->state), disposal->destroyed);
        ok = false;
    }
    // What was announced is there for good: no verifier takes its absence for this disposal's any more.
    ok = ok && disposal_kept_event(retention, disposal->id, NULL, who, why, now_us, error) &&
         retention_exec(retention, error, "UPDATE disposal SET state = 3 WHERE id = ?", disposal->id, NULL) &&
         retention_event(retention, "disposal-withdrawn", who, NULL,
                         json_pack("{s:s, s:s}", "disposal", disposal->id, "why", why), now_us, error) &&
         store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    return ok;
}
