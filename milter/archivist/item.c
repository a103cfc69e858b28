// One pending message: from its record to a verdict.
#include "archivist/internal.h"

#include <string.h>
#include <unistd.h>

void verdict_free(Verdict *verdict)
{
    if (verdict == NULL)
        return;
    envelope_free(verdict->envelope);
    message_free(verdict->message);
    json_decref(verdict->judgement);
    json_decref(verdict->summary);
    g_clear_pointer(&verdict->held, g_ptr_array_unref);
    g_clear_pointer(&verdict->delivered, g_ptr_array_unref);
    g_free(verdict->version);
    g_free(verdict->mark);
    g_free(verdict->rule);
    g_free(verdict);
}

static bool is_pending(const HoldItem *item, const char *address)
{
    bool pending = false;
    for (guint i = 0; i < item->rcpts->len && !pending; i++) {
        const HoldRcpt *rcpt = item->rcpts->pdata[i];
        pending = rcpt->state == HOLD_PENDING && strcmp(rcpt->address, address) == 0;
    }
    return pending;
}

// The bytes as they came, judged at the time they came.
static Judgement *judge_record(const Snapshot *snapshot, Readers *readers, const ArchiveRecord *record,
                               const Envelope *envelope, GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(record->raw, &len);
    int fd = reader_seal(data, len, error);
    if (fd < 0)
        return NULL;
    Judgement *judgement =
        judge_message(snapshot, readers, envelope, fd, len, envelope->received_us, JUDGE_WHOLE, error);
    close(fd); // sealed memory: nothing can be lost
    return judgement;
}

static bool is_tagged(const Decision *decision)
{
    bool tagged = false;
    for (guint i = 0; i < decision->rcpts->len && !tagged; i++) {
        Action action = ((const RcptDecision *)decision->rcpts->pdata[i])->action;
        tagged = action == ACTION_TAG || action == ACTION_COACH;
    }
    return tagged;
}

// After 250 nobody can be refused any more: what a rule rejects is held, and a person denies it.
static void verdict_split(Verdict *verdict, const Judgement *judgement)
{
    verdict->held = g_ptr_array_new_with_free_func(g_free);
    verdict->delivered = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < verdict->envelope->rcpts->len; i++) {
        const EnvelopeRcpt *rcpt = verdict->envelope->rcpts->pdata[i];
        const RcptDecision *one = judgement->decision->rcpts->pdata[i];
        if (!judgement->decided[i])
            g_ptr_array_add(one->action >= ACTION_HOLD ? verdict->held : verdict->delivered,
                            g_strdup(rcpt->address));
    }
}

static void leave_decided(Judgement *judgement, const Envelope *envelope, const HoldItem *item)
{
    g_autofree bool *decided = g_new0(bool, envelope->rcpts->len + 1);
    for (guint i = 0; i < envelope->rcpts->len; i++)
        decided[i] = !is_pending(item, ((const EnvelopeRcpt *)envelope->rcpts->pdata[i])->address);
    judgement_leave(judgement, decided);
}

static Verdict *verdict_new(const Snapshot *snapshot, const HoldItem *item, Envelope *envelope,
                            Judgement *judgement)
{
    Verdict *verdict = g_new0(Verdict, 1);
    json_t *meta = judgement_meta(judgement, envelope);
    const GPtrArray *reasons = judgement->decision->reasons;
    verdict->envelope = envelope;
    verdict->judgement = json_incref(json_object_get(meta, "judgement"));
    verdict->summary = judgement_summary(judgement, meta);
    verdict->version = g_strdup(judgement->decision->version);
    verdict->action = decision_strongest(judgement->decision);
    verdict->rule = reasons->len > 0 ? g_strdup(((const Reason *)reasons->pdata[0])->rule) : NULL;
    verdict->tell = judgement_tells_sender(judgement);
    if (snapshot->config->milter.add_header)
        verdict->mark = g_strdup_printf("%s%s", item->record, is_tagged(judgement->decision) ? "; tag" : "");
    verdict_split(verdict, judgement);
    json_decref(meta);
    return verdict;
}

Verdict *item_judge(const Snapshot *snapshot, Readers *readers, Quarantine *quarantine, const char *record,
                    GError **error)
{
    g_autoptr(HoldItem) item = quarantine_get(quarantine, record, error);
    if (item == NULL)
        return NULL;
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    g_autoptr(ArchiveRecord) kept = archive_get_at(snapshot->config, &ref, error);
    g_autoptr(Envelope) envelope =
        kept != NULL ? envelope_from_json(json_object_get(kept->meta, "envelope"), error) : NULL;
    g_autoptr(Judgement) judgement =
        envelope != NULL ? judge_record(snapshot, readers, kept, envelope, error) : NULL;
    if (judgement == NULL)
        return NULL;
    if (judgement->decision->rcpts->len != envelope->rcpts->len) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE,
                    "%s: the decision has other recipients than the envelope", record);
        return NULL;
    }
    leave_decided(judgement, envelope, item);
    Verdict *verdict = verdict_new(snapshot, item, g_steal_pointer(&envelope), judgement);
    // The notice asks the header only; findings borrow from the passages and go first.
    g_clear_pointer(&judgement->detection, detection_free);
    verdict->message = g_steal_pointer(&judgement->message);
    g_ptr_array_set_size(verdict->message->passages, 0);
    return verdict;
}
