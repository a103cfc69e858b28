// The way of one message, in the order of the design: read, resolve, detect and decide (judge), archive,
// hold, answer. What is not read in time is held as pending: the archivist decides it.
#include "daemon/daemon.h"

#include <string.h>

void verdict_clear(Verdict *verdict)
{
    g_free(verdict->record);
    g_free(verdict->text);
    g_clear_pointer(&verdict->dropped, g_ptr_array_unref);
    *verdict = (Verdict){.kind = VERDICT_TEMPFAIL};
}

static void log_failure(const Envelope *envelope, const char *record, const char *step, const GError *error)
{
    log_error("message deferred", "queue_id", envelope->queue_id, "record", record, "step", step, "error",
              error != NULL ? error->message : "?", "verdict", "tempfail");
}

static void defer(Verdict *verdict)
{
    verdict->kind = VERDICT_TEMPFAIL;
    g_free(verdict->text);
    verdict->text = g_strdup("Temporarily not able to process this message; please try again later");
}

// A record exists, but the sender keeps the message: the archive must say so.
static void note_unaccepted(Daemon *daemon, const char *record, const char *why, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    json_t *detail = json_pack("{s:s}", "why", why);
    if (!archive_event(daemon->archive, "not-accepted", "chaperone-milter", record, detail, now_us, &error))
        log_error("event not recorded", "record", record, "event", "not-accepted", "error", error->message);
    json_decref(detail);
}

void pipeline_withdraw(Daemon *daemon, const Envelope *envelope, const char *record, const char *why)
{
    g_autoptr(GError) error = NULL;
    note_unaccepted(daemon, record, why, envelope->received_us);
    if (!quarantine_withdraw(daemon->quarantine, record, why, envelope->received_us, &error))
        log_error("held copies of a message that was not taken over stay", "record", record, "error",
                  error->message);
}

static const Reason *first_reason(const Decision *decision)
{
    return decision->reasons->len > 0 ? decision->reasons->pdata[0] : NULL;
}

// The recipients that get nothing now, by address: held ones, rejected ones of a message that others do get (after DATA there
// is one answer for all; a person then denies), and those whose decision comes later.
typedef struct {
    GPtrArray *held, *pending; // of char*: addresses
    GPtrArray *raw;            // of char*: all of them as the MTA gave them
} KeptBack;

static KeptBack kept_back(const Envelope *envelope, const Judgement *judgement)
{
    KeptBack kept = {g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free),
                     g_ptr_array_new_with_free_func(g_free)};
    for (guint i = 0; i < envelope->rcpts->len; i++) {
        const EnvelopeRcpt *rcpt = envelope->rcpts->pdata[i];
        const RcptDecision *one = judgement->decision->rcpts->pdata[i];
        bool waits = judgement->pending && judgement->waits[i];
        if (!waits && one->action < ACTION_HOLD)
            continue;
        g_ptr_array_add(waits ? kept.pending : kept.held, g_strdup(rcpt->address));
        g_ptr_array_add(kept.raw, g_strdup(rcpt->raw));
    }
    return kept;
}

static void kept_clear(KeptBack *kept)
{
    g_clear_pointer(&kept->held, g_ptr_array_unref);
    g_clear_pointer(&kept->pending, g_ptr_array_unref);
    g_clear_pointer(&kept->raw, g_ptr_array_unref);
}

// Postfix takes a recipient with a source route (RFC 5321 appendix C), but cannot be asked to drop it again.
static bool cannot_drop(const GPtrArray *raw)
{
    for (guint i = 0; i < raw->len; i++) {
        g_autofree char *bare = envelope_bare_address(raw->pdata[i]);
        if (bare[0] == '@')
            return true;
    }
    return false;
}

static bool all_rejected(const Decision *decision)
{
    for (guint i = 0; i < decision->rcpts->len; i++)
        if (((const RcptDecision *)decision->rcpts->pdata[i])->action != ACTION_REJECT)
            return false;
    return decision->rcpts->len > 0;
}

static bool any_action(const Decision *decision, Action action)
{
    for (guint i = 0; i < decision->rcpts->len; i++)
        if (((const RcptDecision *)decision->rcpts->pdata[i])->action == action)
            return true;
    return false;
}

static char *reject_text(const Decision *decision, const char *record)
{
    for (guint i = 0; i < decision->reasons->len; i++) {
        const Reason *reason = decision->reasons->pdata[i];
        if (reason->effective == ACTION_REJECT && reason->reply != NULL)
            return g_strdup_printf("%s (reference %s)", reason->reply, record);
    }
    return g_strdup_printf("Message refused by district policy (reference %s)", record);
}

static bool record_exceptions(Daemon *daemon, const json_t *meta, const char *record, int64_t now_us,
                              GError **error)
{
    bool ok = true;
    json_t *uses = archive_exception_uses(json_object_get(meta, "judgement"));
    for (size_t i = 0; ok && i < json_array_size(uses); i++)
        ok = archive_event(daemon->archive, "exception-used", "chaperone-milter", record,
                           json_array_get(uses, i), now_us, error);
    json_decref(uses);
    return ok;
}

static bool notify(Daemon *daemon, const Envelope *envelope, const Judgement *judgement, const json_t *meta,
                   const char *record, bool held, int64_t now_us, GError **error)
{
    const json_t *decision = json_object_get(meta, "judgement");
    return (!judgement_tells_sender(judgement) ||
            quarantine_notice(daemon->quarantine, held ? NOTICE_HELD : NOTICE_COACH, record, envelope,
                              judgement->message, decision, NULL, now_us, error)) &&
           quarantine_tell_recipients(daemon->quarantine, record, envelope, judgement->message, decision,
                                      now_us, error);
}

// For whom the decision comes later stands in the record; that it does is an event, as its end will be.
static bool record_pending(Daemon *daemon, const KeptBack *kept, const json_t *meta, const char *record,
                           int64_t now_us, GError **error)
{
    if (kept->pending->len == 0)
        return true;
    json_t *detail =
        json_pack("{s:O?}", "recipients", json_object_get(json_object_get(meta, "judgement"), "pending"));
    bool ok = archive_event(daemon->archive, "pending", "chaperone-milter", record, detail, now_us, error);
    json_decref(detail);
    return ok;
}

static void log_decision(const Envelope *envelope, const Judgement *judgement, const char *record,
                         int64_t size, int64_t began)
{
    const Reason *reason = first_reason(judgement->decision);
    g_autofree char *bytes = g_strdup_printf("%" G_GINT64_FORMAT, size);
    g_autofree char *took = g_strdup_printf("%.1f", (double)(g_get_monotonic_time() - began) / 1000.0);
    g_autofree char *rcpts = g_strdup_printf("%u", envelope->rcpts->len);
    const char *action = action_name(decision_strongest(judgement->decision));
    log_info("message", "queue_id", envelope->queue_id, "record", record, "action",
             judgement->pending ? "pending" : action, "verdict", judgement->pending ? "pending" : NULL,
             "rule", reason != NULL ? reason->rule : "-", "from", envelope->mail_from, "sender_role",
             role_name(judgement->parties->sender->role), "rcpts", rcpts, "direction",
             direction_name(judgement->decision->direction), "policy", judgement->decision->version, "size",
             bytes, "ms", took);
}

static VerdictKind plan(const Envelope *envelope, const Decision *decision, const GPtrArray *raw)
{
    if (all_rejected(decision))
        return VERDICT_REJECT;
    if (raw->len == 0)
        return VERDICT_DELIVER;
    if (raw->len == envelope->rcpts->len)
        return VERDICT_DISCARD;
    return cannot_drop(raw) ? VERDICT_REJECT : VERDICT_DROP_HELD;
}

static void conclude(const Decision *decision, VerdictKind kind, const char *record, GPtrArray *raw,
                     Verdict *verdict)
{
    verdict->kind = kind;
    verdict->record = g_strdup(record);
    verdict->tagged = any_action(decision, ACTION_TAG) || any_action(decision, ACTION_COACH);
    if (kind == VERDICT_REJECT && !all_rejected(decision))
        verdict->text = g_strdup_printf("Recipients with source routes are not taken (reference %s)", record);
    else if (kind == VERDICT_REJECT)
        verdict->text = reject_text(decision, record);
    else if (kind == VERDICT_DROP_HELD)
        verdict->dropped = g_ptr_array_ref(raw);
}

// Steps 5 and 6. False with `error` after which the message is deferred; `*out_record` is set once a record
// exists.
static bool keep(Daemon *daemon, const Envelope *envelope, const Judgement *judgement, json_t *meta, int fd,
                 int64_t len, VerdictKind kind, const KeptBack *kept, char **out_record, GError **error)
{
    int64_t now_us = envelope->received_us;
    g_autoptr(ArchiveRef) ref = archive_append(daemon->archive, NULL, fd, len, meta, now_us, error);
    if (ref == NULL)
        return false;
    *out_record = g_strdup(ref->id);
    bool ok = record_exceptions(daemon, meta, ref->id, now_us, error);
    bool hold = kind == VERDICT_DISCARD || kind == VERDICT_DROP_HELD;
    if (ok && hold) {
        json_t *summary = judgement_summary(judgement, meta);
        // The event first: once the rows stand, the archivist may be done before this goes on.
        ok = record_pending(daemon, kept, meta, ref->id, now_us, error) &&
             quarantine_hold(daemon->quarantine, ref, envelope, kept->held, kept->pending, summary, now_us,
                             error);
        json_decref(summary);
    }
    // Who is refused learns it from the refusal.
    return ok && (kind == VERDICT_REJECT || notify(daemon, envelope, judgement, meta, ref->id,
                                                   hold && kept->held->len > 0, now_us, error));
}

// Nothing waits here for longer than milter.inline_budget_ms and attachments.inline_ms together; what takes longer is pending.
static JudgeBudget inline_budget(Daemon *daemon, const Config *config)
{
    return (JudgeBudget){.reading_ms = config->milter.inline_budget_ms,
                         .attachments_ms = config->attachments.inline_ms,
                         .may_wait = config->attachments.inline_ms > 0,
                         .waiters = &daemon->attachment_waiters,
                         .most_waiters = config->attachments.inline_messages};
}

static void run_inside(Daemon *daemon, const Envelope *envelope, Intake *intake, void (*tick)(void *),
                       void *data, Verdict *verdict)
{
    int64_t began = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_autoptr(Snapshot) snapshot = daemon_snapshot(daemon);
    g_autofree char *record = NULL;
    int64_t len = intake_size(intake);
    int fd = intake_fd(intake, &error);
    g_autoptr(Judgement) judgement =
        fd < 0 ? NULL
               : judge_message(snapshot, daemon->readers, envelope, fd, (gsize)len, envelope->received_us,
                               inline_budget(daemon, snapshot->config), &error);
    if (judgement == NULL) {
        log_failure(envelope, NULL, fd < 0 ? "intake" : "judge", error);
        defer(verdict);
        return;
    }
    tick(data);
    if (judgement->decision->rcpts->len != envelope->rcpts->len) {
        log_error("message deferred: the decision has other recipients than the envelope", "queue_id",
                  envelope->queue_id, "verdict", "tempfail");
        defer(verdict);
        return;
    }
    KeptBack kept = kept_back(envelope, judgement);
    json_t *meta = judgement_meta(judgement, envelope);
    VerdictKind kind = plan(envelope, judgement->decision, kept.raw);
    if (keep(daemon, envelope, judgement, meta, fd, len, kind, &kept, &record, &error)) {
        conclude(judgement->decision, kind, record, kept.raw, verdict);
        daemon->pending += kept.pending->len > 0;
        log_decision(envelope, judgement, record, len, began);
    } else {
        log_failure(envelope, record, record == NULL ? "archive" : "quarantine", error);
        defer(verdict);
        if (record != NULL)
            pipeline_withdraw(daemon, envelope, record, error->message);
        else if (snapshot->config->milter.archive_failure_hold)
            verdict->kind = VERDICT_MTA_HOLD;
    }
    kept_clear(&kept);
    json_decref(meta);
}

void pipeline_run(Daemon *daemon, const Envelope *envelope, Intake *intake, void (*tick)(void *), void *data,
                  Verdict *out_verdict)
{
    g_autoptr(Snapshot) snapshot = daemon_snapshot(daemon);
    *out_verdict = (Verdict){.kind = VERDICT_TEMPFAIL};
    if (!gate_enter(daemon->gate, snapshot->config->milter.wait_ms, 5000, tick, data)) {
        log_warn("message deferred: too many in work", "queue_id", envelope->queue_id, "verdict", "tempfail");
        defer(out_verdict);
    } else {
        run_inside(daemon, envelope, intake, tick, data, out_verdict);
        gate_leave(daemon->gate);
    }
    daemon->messages++;
    daemon->held += out_verdict->kind == VERDICT_DISCARD || out_verdict->kind == VERDICT_DROP_HELD;
    daemon->deferred += out_verdict->kind == VERDICT_TEMPFAIL || out_verdict->kind == VERDICT_MTA_HOLD;
}
