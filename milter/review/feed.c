// Records and events of the archive taken in: each once, in one transaction with the place up to which the archive was read.
#include "review/internal.h"

#include <string.h>

static const int64_t HOUR_US = 3600 * (int64_t)G_USEC_PER_SEC;
// A database that was lost and made anew opens no items about what is long past.
static const int64_t OLDEST_US = 24 * 3600 * (int64_t)G_USEC_PER_SEC;

// ---- places ----------------------------------------------------------------------------------------------

GPtrArray *review_places(Review *review, GError **error)
{
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify)archive_place_free);
    g_autoptr(StoreStmt) get = store_prepare(review->db, "SELECT series, segment, offset FROM place", error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        ArchivePlace *place = g_new0(ArchivePlace, 1);
        *place =
            (ArchivePlace){g_strdup(store_text(get, 0)), g_strdup(store_text(get, 1)), store_int(get, 2)};
        g_ptr_array_add(places, place);
    }
    return step == STORE_DONE ? g_steal_pointer(&places) : NULL;
}

static bool keep_places(Review *review, const GPtrArray *places, GError **error)
{
    g_autoptr(StoreStmt) put = store_prepare(
        review->db,
        "INSERT INTO place(series, segment, offset) VALUES(?1,?2,?3) ON CONFLICT(series) DO UPDATE SET"
        " segment = ?2, offset = ?3",
        error);
    bool ok = put != NULL;
    for (guint i = 0; ok && i < places->len; i++) {
        const ArchivePlace *place = places->pdata[i];
        store_bind_text(put, 1, place->series);
        store_bind_text(put, 2, place->segment);
        store_bind_int(put, 3, place->offset);
        ok = store_run(put, error);
    }
    return ok;
}

// When this database was made; -1 with `error`.
static int64_t begun(Review *review, int64_t now_us, GError **error)
{
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, now_us);
    if (!review_exec(review, error,
                     "INSERT OR IGNORE INTO fact(name, value) VALUES('begun', CAST(?1 AS INTEGER))", now,
                     NULL))
        return -1;
    g_autoptr(StoreStmt) get =
        store_prepare(review->db, "SELECT value FROM fact WHERE name = 'begun'", error);
    return get != NULL && store_step(get, error) == STORE_ROW ? store_int(get, 0) : -1;
}

// ---- one record ------------------------------------------------------------------------------------------

typedef struct {
    Review *review;
    const Policy *policy;
    Pattern *pattern; // NULL = the policy has none
    const char *record;
    const json_t *judgement;
    const char *subject;
    bool later; // concluded behind the mail path: the record was counted when it came
    int64_t time_us, now_us;
} Feeding;

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

GPtrArray *review_parties_of(const json_t *judgement)
{
    GPtrArray *parties = g_ptr_array_new_with_free_func((GDestroyNotify)review_party_free);
    const json_t *list = json_object_get(judgement, "parties");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *address = text_of(one, "address"), *as = text_of(one, "as");
        if (address != NULL)
            g_ptr_array_add(parties, review_party_new(address, text_of(one, "person"), text_of(one, "role"),
                                                      as != NULL ? as : "party"));
    }
    return parties;
}

static const char *sender_of(const json_t *judgement)
{
    const json_t *list = json_object_get(judgement, "parties");
    const char *found = NULL;
    for (size_t i = 0; i < json_array_size(list) && found == NULL; i++)
        if (g_strcmp0(text_of(json_array_get(list, i), "as"), "sender") == 0)
            found = text_of(json_array_get(list, i), "address");
    return found;
}

static json_t *reason_summary(const Feeding *feeding, const json_t *reason)
{
    return json_pack("{s:s?, s:s?, s:O?, s:O?, s:O?, s:O?}", "sender", sender_of(feeding->judgement),
                     "subject", feeding->subject, "rule", json_object_get(reason, "rule"), "clause",
                     json_object_get(reason, "clause"), "gist", json_object_get(reason, "gist"), "severity",
                     json_object_get(reason, "severity"));
}

static char *reason_title(const json_t *reason)
{
    const char *gist = text_of(reason, "gist"), *rule = text_of(reason, "rule");
    return g_strdup(gist != NULL && *gist != '\0' ? gist : rule != NULL ? rule : "a rule");
}

static bool open_alert(const Feeding *feeding, const json_t *reason, GError **error)
{
    char id[ULID_LEN + 1];
    g_autofree char *key = g_strdup_printf("alert:%s", feeding->record);
    g_autofree char *title = reason_title(reason);
    g_autoptr(GPtrArray) parties = review_parties_of(feeding->judgement);
    json_t *summary = reason_summary(feeding, reason);
    const ReviewNew from = {.kind = REVIEW_ALERT,
                            .key = key,
                            .title = title,
                            .summary = summary,
                            .record = feeding->record,
                            .why = "the alert",
                            .parties = parties};
    bool ok = review_add_inside(feeding->review, &from, feeding->now_us, id, error);
    json_decref(summary);
    return ok;
}

static bool open_escalation(const Feeding *feeding, const json_t *reason, const char *name, GError **error)
{
    char id[ULID_LEN + 1];
    const PolicyEscalation *rule = policy_escalation(feeding->policy, name);
    g_autofree char *key = g_strdup_printf("escalation:%s:%s", name, feeding->record);
    g_autofree char *title = reason_title(reason);
    g_autoptr(GPtrArray) parties = review_parties_of(feeding->judgement);
    json_t *summary = reason_summary(feeding, reason);
    json_object_set_new(summary, "escalation", json_string(name));
    // A policy that does not know the name any more: as careful as the default is.
    const ReviewNew from = {.kind = REVIEW_ESCALATION,
                            .key = key,
                            .title = title,
                            .summary = summary,
                            .record = feeding->record,
                            .why = "the message",
                            .parties = parties,
                            .due_us = feeding->now_us + (rule != NULL ? rule->hours : 24) * HOUR_US,
                            .contacts = rule != NULL ? rule->contacts : NULL,
                            .legal_hold = rule == NULL || rule->legal_hold};
    if (rule == NULL)
        log_warn("the policy has no such escalation", "escalation", name, "record", feeding->record);
    bool ok = review_add_inside(feeding->review, &from, feeding->now_us, id, error);
    json_decref(summary);
    return ok;
}

// Does the reason alert? Some do only where the pair's score over time is high.
static Tri reason_alerts(const Feeding *feeding, const json_t *reason, GError **error)
{
    double least = json_number_value(json_object_get(reason, "alert_score")), score = 0;
    if (!json_is_true(json_object_get(reason, "alert")))
        return TRI_NO;
    if (least > 0 && feeding->pattern != NULL &&
        !pattern_highest(feeding->pattern, json_object_get(feeding->judgement, "pairs"), feeding->time_us,
                         &score, error))
        return TRI_UNKNOWN;
    return score >= least ? TRI_YES : TRI_NO;
}

// Reasons come strongest first: the first that alerts names the item.
static bool take_reasons(const Feeding *feeding, GError **error)
{
    const json_t *reasons = json_object_get(feeding->judgement, "reasons");
    bool ok = true, alerted = false;
    for (size_t i = 0; ok && i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        const char *escalate = text_of(reason, "escalate");
        Tri alerts = alerted ? TRI_NO : reason_alerts(feeding, reason, error);
        bool alert = alerts == TRI_YES;
        alerted |= alert;
        ok = alerts != TRI_UNKNOWN &&
             (escalate == NULL || open_escalation(feeding, reason, escalate, error)) &&
             (!alert || open_alert(feeding, reason, error));
    }
    return ok;
}

static guint signs_of(const json_t *pairs)
{
    guint signs = 0;
    const json_t *list = json_object_get(pairs, "signs");
    for (size_t i = 0; i < json_array_size(list); i++)
        for (int s = 0; s < SIGN_LAST; s++)
            if (g_strcmp0(json_string_value(json_array_get(list, i)), sign_name(s)) == 0)
                signs |= 1u << s;
    return signs;
}

// Of a message that is read later the parties and the hour are known at once; what it nearly said is known at the end.
static bool take_pairs(const Feeding *feeding, GError **error)
{
    const json_t *pairs = json_object_get(feeding->judgement, "pairs");
    guint signs = pairs != NULL ? signs_of(pairs) : 0, near = 1u << SIGN_NEAR_MISS;
    if (feeding->later)
        signs &= near;
    else if (json_object_get(feeding->judgement, "pending") != NULL)
        signs &= ~near;
    return feeding->pattern == NULL || signs == 0 ||
           pattern_count(feeding->pattern, pairs, signs, feeding->record, feeding->time_us, error);
}

// ---- reports ---------------------------------------------------------------------------------------------

static bool is_concern(const Feeding *feeding, const json_t *envelope)
{
    const Config *config = feeding->review->config;
    const char *from = text_of(envelope, "mail_from");
    // A bounce reports nothing.
    if (*config->review.concern_address == '\0' || from == NULL || *from == '\0')
        return false;
    g_autofree char *want = roster_canonical_address(config, config->review.concern_address);
    const json_t *rcpts = json_object_get(envelope, "rcpts");
    bool found = false;
    for (size_t i = 0; want != NULL && !found && i < json_array_size(rcpts); i++) {
        const char *address = text_of(json_array_get(rcpts, i), "address");
        g_autofree char *have = address != NULL ? roster_canonical_address(config, address) : NULL;
        found = g_strcmp0(have, want) == 0;
    }
    return found;
}

static bool open_concern(const Feeding *feeding, const char *reporter, GError **error)
{
    char id[ULID_LEN + 1];
    g_autofree char *key = g_strdup_printf("concern:%s", feeding->record);
    g_autofree char *title = g_strdup_printf("%s reports: %s", reporter,
                                             feeding->subject != NULL ? feeding->subject : "(no subject)");
    g_autoptr(GPtrArray) parties = g_ptr_array_new_with_free_func((GDestroyNotify)review_party_free);
    g_autoptr(GPtrArray) all = review_parties_of(feeding->judgement);
    for (guint i = 0; i < all->len; i++) {
        const ReviewParty *one = all->pdata[i];
        if (strcmp(one->as, "sender") == 0)
            g_ptr_array_add(parties, review_party_new(one->address, one->person, one->role, "reporter"));
    }
    json_t *summary = json_pack("{s:s, s:s?}", "reporter", reporter, "subject", feeding->subject);
    const ReviewNew from = {.kind = REVIEW_CONCERN,
                            .key = key,
                            .title = title,
                            .summary = summary,
                            .record = feeding->record,
                            .why = "the report",
                            .parties = parties,
                            .search = true};
    bool ok = review_add_inside(feeding->review, &from, feeding->now_us, id, error);
    json_decref(summary);
    return ok;
}

// ---- many ------------------------------------------------------------------------------------------------

static bool take_record(Feeding *feeding, const ArchiveRecord *record, int64_t oldest_us, GError **error)
{
    const json_t *meta = record->meta, *envelope = json_object_get(meta, "envelope");
    const json_t *time = json_object_get(meta, "received_us");
    feeding->later = g_strcmp0(text_of(meta, "event"), "concluded") == 0;
    if (!feeding->later && envelope == NULL)
        return true; // another event
    feeding->record = feeding->later ? text_of(meta, "record") : record->ref->id;
    feeding->judgement =
        json_object_get(feeding->later ? json_object_get(meta, "detail") : meta, "judgement");
    feeding->subject = text_of(json_object_get(meta, "message"), "subject");
    feeding->time_us = json_integer_value(time != NULL ? time : json_object_get(meta, "time_us"));
    if (feeding->record == NULL)
        return true;
    bool ok = feeding->judgement == NULL || take_pairs(feeding, error);
    if (!ok || feeding->time_us < oldest_us)
        return ok;
    ok = feeding->judgement == NULL || take_reasons(feeding, error);
    if (ok && envelope != NULL && is_concern(feeding, envelope)) {
        const char *sender = sender_of(feeding->judgement);
        ok = open_concern(feeding, sender != NULL ? sender : text_of(envelope, "mail_from"), error);
    }
    return ok;
}

bool review_feed(Review *review, const Policy *policy, const GPtrArray *records, const GPtrArray *places,
                 int64_t now_us, GError **error)
{
    if (!review_work_begin(review, error))
        return false;
    const PolicyPatterns *patterns = policy_patterns(policy);
    g_auto(Pattern) pattern = {0};
    pattern_begin(&pattern, review, patterns);
    Feeding feeding = {
        .review = review, .policy = policy, .pattern = patterns ? &pattern : NULL, .now_us = now_us};
    int64_t since_us = begun(review, now_us, error);
    bool ok = since_us >= 0;
    for (guint i = 0; ok && i < records->len; i++)
        ok = take_record(&feeding, records->pdata[i], since_us - OLDEST_US, error);
    ok = ok && (patterns == NULL || pattern_end(&pattern, now_us, error)) &&
         keep_places(review, places, error);
    return review_work_end(review, ok, error);
}

// ---- the reported message --------------------------------------------------------------------------------

void review_found_free(ReviewFound *found)
{
    if (found == NULL)
        return;
    g_free(found->record);
    g_free(found->why);
    json_decref(found->meta);
    g_free(found);
}

GPtrArray *review_searches(Review *review, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreStmt) get =
        store_prepare(review->db, "SELECT id FROM item WHERE search = 1 ORDER BY opened_us LIMIT 100", error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        g_ptr_array_add(ids, g_strdup(store_text(get, 0)));
    return step == STORE_DONE ? g_steal_pointer(&ids) : NULL;
}

static bool link_found(Review *review, const char *id, const ReviewFound *found, int64_t now_us,
                       GError **error)
{
    g_autoptr(GPtrArray) parties = review_parties_of(json_object_get(found->meta, "judgement"));
    bool ok = review_link_inside(review, id, found->record, found->why, error) &&
              review_work_step(review, id, REVIEW_NAME, "linked", found->record, now_us, error);
    for (guint i = 0; ok && i < parties->len; i++) {
        ReviewParty *party = parties->pdata[i];
        g_autofree char *as = party->as;
        party->as = g_strdup_printf("original %s", as);
        ok = review_party_inside(review, id, party, error);
    }
    return ok;
}

bool review_searched(Review *review, const char *id, const GPtrArray *found, int64_t now_us, GError **error)
{
    if (!review_work_begin(review, error))
        return false;
    bool ok = review_exec(review, error, "UPDATE item SET search = 0 WHERE id = ?", id, NULL);
    for (guint i = 0; ok && i < found->len; i++)
        ok = link_found(review, id, found->pdata[i], now_us, error);
    if (ok && found->len == 0)
        ok = review_work_step(review, id, REVIEW_NAME, "not-found",
                              "the reported message is not in the archive of the last review.concern_days",
                              now_us, error);
    return review_work_end(review, ok, error);
}
