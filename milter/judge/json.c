// A judgement as JSON: what scan prints and records keep.
#include "judge/judge.h"

static json_t *json_text(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *json_texts(const GPtrArray *texts)
{
    json_t *array = json_array();
    for (guint i = 0; texts && i < texts->len; i++)
        json_array_append_new(array, json_text(texts->pdata[i]));
    return array;
}

// Bytes of the MTA as they can be shown.
static json_t *json_address(const char *address)
{
    g_autofree char *valid = address ? g_utf8_make_valid(address, -1) : NULL;
    return json_text(valid);
}

static json_t *party_json(const Party *party)
{
    json_t *json = json_object();
    json_object_set_new(json, "address", json_address(party->address));
    json_object_set_new(json, "role", json_text(role_name(party->role)));
    json_object_set_new(json, "account", json_text(account_name(party->account)));
    json_object_set_new(json, "person", json_text(party->person));
    if (party->schools && party->schools->len > 0)
        json_object_set_new(json, "schools", json_texts(party->schools));
    return json;
}

static void party_add(json_t *array, GHashTable *seen, const Party *party, const char *as)
{
    if (!party || !g_hash_table_add(seen, (gpointer)party->address))
        return;
    json_t *json = party_json(party);
    json_object_set_new(json, "as", json_text(as));
    json_array_append_new(array, json);
}

// Sender, envelope sender, header addresses, recipients; each address once.
static json_t *parties_json(const Parties *parties)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *array = json_array();
    party_add(array, seen, parties->sender, "sender");
    for (guint i = 0; i < parties->rcpts->len; i++)
        party_add(array, seen, parties->rcpts->pdata[i], "recipient");
    party_add(array, seen, parties->envelope_from, "envelope");
    for (guint i = 0; i < parties->header->len; i++)
        party_add(array, seen, ((const PartyHeader *)parties->header->pdata[i])->party, "header");
    return array;
}

static bool flag_of(const bool *flags, guint index)
{
    return flags && flags[index];
}

static json_t *recipients_json(const Judgement *judgement)
{
    const Decision *decision = judgement->decision;
    json_t *array = json_array();
    for (guint i = 0; i < decision->rcpts->len; i++) {
        const RcptDecision *rcpt = decision->rcpts->pdata[i];
        if (flag_of(judgement->decided, i))
            continue;
        bool waits = judgement->pending && flag_of(judgement->waits, i);
        json_t *json = json_object();
        json_object_set_new(json, "address", json_address(rcpt->address));
        json_object_set_new(json, "action", json_text(waits ? "pending" : action_name(rcpt->action)));
        json_object_set_new(json, "rules", json_texts(rcpt->rules));
        json_array_append_new(array, json);
    }
    return array;
}

// For whom the decision comes later.
static json_t *pending_json(const Judgement *judgement)
{
    json_t *array = json_array();
    for (guint i = 0; i < judgement->decision->rcpts->len; i++)
        if (flag_of(judgement->waits, i))
            json_array_append_new(
                array, json_address(((const RcptDecision *)judgement->decision->rcpts->pdata[i])->address));
    return array;
}

static json_t *finding_json(const Finding *finding, bool mask)
{
    g_autofree char *masked = mask && finding->value ? detect_mask(finding->kind, finding->value) : NULL;
    json_t *json = json_object();
    json_object_set_new(json, "kind", json_text(kind_name(finding->kind)));
    json_object_set_new(json, "value", json_text(mask ? masked : finding->value));
    json_object_set_new(json, "text", json_text(mask ? masked : finding->text));
    json_object_set_new(json, "part", json_integer(finding->part));
    json_object_set_new(json, "where", json_text(finding->where));
    json_object_set_new(json, "layer", json_text(layer_name(finding->layer)));
    json_object_set_new(json, "owner", json_text(owner_name(finding->owner)));
    json_object_set_new(json, "owner_person", json_text(finding->owner_person));
    json_object_set_new(json, "confidence", json_real(finding->confidence));
    if (finding->count > 1)
        json_object_set_new(json, "count", json_integer(finding->count));
    json_object_set_new(json, "obfuscation", json_texts(finding->obfuscation));
    json_object_set_new(json, "evidence", json_texts(finding->evidence));
    json_object_set_new(json, "reckoning", json_text(finding->reckoning));
    json_object_set_new(json, "span",
                        json_pack("[I,I]", (json_int_t)finding->start, (json_int_t)finding->end));
    return json;
}

// Findings stand in three lists; a reason names its own by their places in each.
static const char *list_of(const Finding *finding)
{
    return finding->kind == KIND_PHRASE           ? "phrases"
           : finding->kind == KIND_STUDENT_RECORD ? "records"
                                                  : "findings";
}

static const char *const LISTS[] = {"findings", "phrases", "records"};

// Place of each finding in its list. Caller frees.
static guint *findings_json(json_t *json, const Detection *detection, bool mask)
{
    guint *places = g_new0(guint, detection->findings->len + 1);
    for (gsize i = 0; i < G_N_ELEMENTS(LISTS); i++)
        json_object_set_new(json, LISTS[i], json_array());
    for (guint i = 0; i < detection->findings->len; i++) {
        const Finding *finding = detection->findings->pdata[i];
        json_t *list = json_object_get(json, list_of(finding));
        places[i] = (guint)json_array_size(list);
        json_array_append_new(list, finding_json(finding, mask));
    }
    return places;
}

static json_t *facts_json(const Message *message, const Detection *detection)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *array = json_array();
    for (guint i = 0; i < message->facts->len; i++) {
        const Fact *fact = message->facts->pdata[i];
        if (g_hash_table_add(seen, (gpointer)fact->name))
            json_array_append_new(array, json_text(fact->name));
    }
    for (guint i = 0; i < detection->facts->len; i++)
        if (g_hash_table_add(seen, detection->facts->pdata[i]))
            json_array_append_new(array, json_text(detection->facts->pdata[i]));
    return array;
}

static json_t *tries_json(const GPtrArray *tries, const guint *places)
{
    json_t *array = json_array();
    for (guint i = 0; i < tries->len; i++) {
        const ExceptionTry *try = tries->pdata[i];
        json_t *json = json_object();
        json_object_set_new(json, "exception", json_text(try->id));
        json_object_set_new(json, "finding", json_integer(places[try->finding]));
        json_object_set_new(json, "student", json_address(try->student));
        json_object_set_new(json, "used", json_boolean(try->used));
        json_object_set_new(json, "why", json_text(try->why));
        json_array_append_new(array, json);
    }
    return array;
}

static json_t *reason_json(const Judgement *judgement, const Reason *reason, const guint *places)
{
    const Decision *decision = judgement->decision;
    json_t *rcpts = json_array(), *json = json_object();
    for (guint i = 0; i < reason->rcpts->len; i++) {
        const RcptDecision *rcpt = decision->rcpts->pdata[g_array_index(reason->rcpts, guint, i)];
        json_array_append_new(rcpts, json_address(rcpt->address));
    }
    json_object_set_new(json, "rule", json_text(reason->rule));
    json_object_set_new(json, "clause", json_text(reason->clause));
    json_object_set_new(json, "gist", json_text(reason->gist));
    json_object_set_new(json, "severity", json_integer(reason->severity));
    json_object_set_new(json, "action", json_text(action_name(reason->action)));
    json_object_set_new(json, "effective", json_text(action_name(reason->effective)));
    json_object_set_new(json, "recipients", rcpts);
    for (gsize i = 0; i < G_N_ELEMENTS(LISTS); i++)
        json_object_set_new(json, LISTS[i], json_array());
    for (guint i = 0; i < reason->findings->len; i++) {
        guint index = g_array_index(reason->findings, guint, i);
        const Finding *finding = judgement->detection->findings->pdata[index];
        json_array_append_new(json_object_get(json, list_of(finding)), json_integer(places[index]));
    }
    json_object_set_new(json, "facts", json_texts(reason->facts));
    json_object_set_new(json, "exceptions_tried", tries_json(reason->tries, places));
    json_object_set_new(json, "notify_sender", json_boolean(reason->notify_sender));
    if (reason->notify_recipients)
        json_object_set_new(json, "notify_recipients", json_true());
    if (reason->template)
        json_object_set_new(json, "template", json_text(reason->template));
    if (reason->escalate)
        json_object_set_new(json, "escalate", json_text(reason->escalate));
    if (reason->protected)
        json_object_set_new(json, "protected", json_true());
    if (reason->alert)
        json_object_set_new(json, "alert", json_true());
    if (reason->alert && reason->alert_score > 0)
        json_object_set_new(json, "alert_score", json_real(reason->alert_score));
    if (reason->remedy)
        json_object_set_new(json, "remedy", json_text(reason->remedy));
    return json;
}

// Staff-student pairs the message passes between, and what it counts for in patterns over time.
static json_t *pairs_json(const Decision *decision)
{
    json_t *json = json_object(), *pairs = json_array(), *signs = json_array();
    for (guint i = 0; i < decision->pairs->len; i++) {
        const PolicyPair *pair = decision->pairs->pdata[i];
        json_t *one = json_object();
        json_object_set_new(one, "staff", json_text(pair->staff));
        json_object_set_new(one, "student", json_text(pair->student));
        json_object_set_new(one, "staff_address", json_address(pair->staff_address));
        json_object_set_new(one, "student_address", json_address(pair->student_address));
        json_array_append_new(pairs, one);
    }
    for (int i = 0; i < SIGN_LAST; i++)
        if (decision->signs & (1u << i))
            json_array_append_new(signs, json_text(sign_name(i)));
    json_object_set_new(json, "of", pairs);
    json_object_set_new(json, "signs", signs);
    json_object_set_new(json, "by_staff", json_boolean(decision->by_staff));
    return json;
}

json_t *judgement_to_json(const Judgement *judgement, const Envelope *envelope, const char *id, bool mask)
{
    const Decision *decision = judgement->decision;
    json_t *json = json_object(), *reasons = json_array();
    if (id)
        json_object_set_new(json, "id", json_text(id));
    json_object_set_new(json, "direction", json_text(direction_name(decision->direction)));
    json_object_set_new(json, "mode", json_text(mode_name(decision->mode)));
    json_object_set_new(json, "policy",
                        json_pack("{s:s,s:s}", "name", decision->policy, "version", decision->version));
    json_object_set_new(json, "sender_by", json_text(judgement->parties->sender_by));
    json_object_set_new(json, "parties", parties_json(judgement->parties));
    json_object_set_new(json, "recipients", recipients_json(judgement));
    if (judgement->pending)
        json_object_set_new(json, "pending", pending_json(judgement));
    g_autofree guint *places = findings_json(json, judgement->detection, mask);
    json_object_set_new(json, "facts", facts_json(judgement->message, judgement->detection));
    for (guint i = 0; i < decision->reasons->len; i++)
        json_array_append_new(reasons, reason_json(judgement, decision->reasons->pdata[i], places));
    json_object_set_new(json, "reasons", reasons);
    if (decision->pairs->len > 0)
        json_object_set_new(json, "pairs", pairs_json(decision));
    return json;
}
