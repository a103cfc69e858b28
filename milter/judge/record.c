// What is kept of a judgement beside the message: in its record, and in the quarantine's lists.
#include "judge/judge.h"

#include <string.h>

json_t *judgement_meta(const Judgement *judgement, const Envelope *envelope)
{
    json_t *meta = json_object();
    json_object_set_new(meta, "envelope", envelope_to_json(envelope));
    json_object_set_new(meta, "judgement", judgement_to_json(judgement, envelope, NULL, true));
    json_t *message = json_object();
    if (judgement->message->subject != NULL)
        json_object_set_new(message, "subject", json_string(judgement->message->subject));
    if (judgement->message->message_id != NULL)
        json_object_set_new(message, "message_id", json_string(judgement->message->message_id));
    if (judgement->message->date != NULL)
        json_object_set_new(message, "date", json_string(judgement->message->date));
    json_object_set_new(meta, "message", message);
    return meta;
}

json_t *judgement_summary(const Judgement *judgement, const json_t *meta)
{
    const GPtrArray *reasons = judgement->decision->reasons;
    const Reason *reason = reasons->len > 0 ? reasons->pdata[0] : NULL;
    const Party *sender = judgement->parties->sender;
    json_t *whole = json_object_get(meta, "judgement");
    json_t *summary = json_object();
    json_object_set_new(summary, "sender", json_string(sender->address));
    json_object_set_new(summary, "sender_name",
                        sender->name != NULL ? json_string(sender->name) : json_null());
    json_object_set_new(summary, "sender_role", json_string(role_name(sender->role)));
    json_object_set(summary, "subject", json_object_get(json_object_get(meta, "message"), "subject"));
    if (reason != NULL) {
        json_object_set_new(summary, "rule", json_string(reason->rule));
        json_object_set_new(summary, "clause", json_string(reason->clause != NULL ? reason->clause : ""));
        json_object_set_new(summary, "gist", json_string(reason->gist != NULL ? reason->gist : ""));
        json_object_set_new(summary, "severity", json_integer(reason->severity));
    }
    static const char *const lists[] = {"reasons", "findings", "phrases", "records", "facts", "pending"};
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        json_object_set(summary, lists[i], json_object_get(whole, lists[i]));
    return summary;
}

bool judgement_tells_sender(const Judgement *judgement)
{
    bool tells = false;
    for (guint i = 0; i < judgement->decision->reasons->len && !tells; i++) {
        const Reason *reason = judgement->decision->reasons->pdata[i];
        tells = reason->notify_sender && reason->effective >= ACTION_COACH;
    }
    return tells;
}

void judgement_leave(Judgement *judgement, const bool *decided)
{
    g_free(judgement->decided);
    judgement->decided = g_memdup2(decided, (judgement->decision->rcpts->len + 1) * sizeof *decided);
    decision_leave(judgement->decision, decided);
}
