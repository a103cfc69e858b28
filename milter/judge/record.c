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

// ---- what lists are made from ----------------------------------------------------------------------------

static void add_schools(GHashTable *schools, const Party *party)
{
    for (guint i = 0; party != NULL && party->schools != NULL && i < party->schools->len; i++)
        g_hash_table_add(schools, party->schools->pdata[i]);
}

static void add_students(GHashTable *schools, const Party *party)
{
    if (party->role == ROLE_STUDENT)
        add_schools(schools, party);
    for (guint i = 0; party->members != NULL && i < party->members->len; i++)
        if (((const Party *)party->members->pdata[i])->role == ROLE_STUDENT)
            add_schools(schools, party->members->pdata[i]);
}

// The schools that it has to do with: the sender's and those of the students it goes to; without any, those of whom it goes to.
static json_t *summary_schools(const Parties *parties)
{
    g_autoptr(GHashTable) schools = g_hash_table_new(g_str_hash, g_str_equal);
    add_schools(schools, parties->sender);
    for (guint i = 0; i < parties->rcpts->len; i++)
        add_students(schools, parties->rcpts->pdata[i]);
    for (guint i = 0; g_hash_table_size(schools) == 0 && i < parties->rcpts->len; i++)
        add_schools(schools, parties->rcpts->pdata[i]);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(schools), (GCompareFunc)strcmp);
    json_t *json = json_array();
    for (const GList *name = names; name != NULL; name = name->next)
        json_array_append_new(json, json_string(name->data));
    return json;
}

// The subject without what answering and forwarding put before it.
static char *plain_subject(const char *subject)
{
    static const char *const MARKS[] = {"re:", "fw:", "fwd:", "aw:", "rv:"};
    g_autofree char *folded = g_utf8_casefold(subject != NULL ? subject : "", -1);
    const char *at = folded;
    bool more = true;
    while (more) {
        more = false;
        while (g_ascii_isspace(*at))
            at++;
        for (gsize i = 0; i < G_N_ELEMENTS(MARKS); i++)
            if (g_str_has_prefix(at, MARKS[i])) {
                at += strlen(MARKS[i]);
                more = true;
            }
    }
    return g_strdup(at);
}

// One for messages that a reviewer decides alike: same sender, subject, rule and findings.
static char *summary_alike(const Judgement *judgement, const char *rule)
{
    const GPtrArray *findings = judgement->detection->findings;
    g_autofree char *subject = plain_subject(judgement->message->subject);
    g_autofree char *sender = g_utf8_casefold(judgement->parties->sender->address, -1);
    GString *all = g_string_new(NULL);
    g_string_printf(all, "%s\n%s\n%s\n", sender, subject, rule);
    g_autoptr(GTree) values = g_tree_new((GCompareFunc)strcmp);
    for (guint i = 0; i < findings->len; i++) {
        char *value = ((Finding *)findings->pdata[i])->value;
        g_tree_insert(values, value != NULL ? value : "", NULL);
    }
    for (GTreeNode *node = g_tree_node_first(values); node != NULL; node = g_tree_node_next(node))
        g_string_append_printf(all, "%s\n", (const char *)g_tree_node_key(node));
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all->str, (gssize)all->len);
    g_string_free(all, TRUE);
    return hash;
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
    g_autofree char *alike = summary_alike(judgement, reason != NULL ? reason->rule : "");
    json_object_set_new(summary, "alike", json_string(alike));
    json_object_set_new(summary, "schools", summary_schools(judgement->parties));
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
