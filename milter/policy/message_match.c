// Does the message as a whole have what a condition asks of it?
#include "policy/internal.h"

#include <string.h>

// ---- whom it reaches -------------------------------------------------------------------------------------

static const char *people_key(const Party *party)
{
    return party->person ? party->person : party->canonical ? party->canonical : party->address;
}

static void people_add(GPtrArray *people, GHashTable *seen, const Party *party, const Party *sender)
{
    bool self = party->person && g_strcmp0(party->person, sender->person) == 0;
    bool list = party->role == ROLE_LIST || party->role == ROLE_LIST_UNKNOWN;
    if (!self && !list && g_hash_table_add(seen, (gpointer)people_key(party)))
        g_ptr_array_add(people, (gpointer)party);
}

const GPtrArray *decide_people(DecideContext *context)
{
    if (context->people)
        return context->people;
    const Parties *parties = context->in->parties;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    context->people = g_ptr_array_new();
    context->persons = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < parties->rcpts->len; i++) {
        const Party *party = parties->rcpts->pdata[i];
        people_add(context->people, seen, party, parties->sender);
        for (guint j = 0; party->members && j < party->members->len; j++)
            people_add(context->people, seen, party->members->pdata[j], parties->sender);
        // Whom a list reaches that cannot be told is more than nobody.
        if (party->role == ROLE_LIST_UNKNOWN)
            g_ptr_array_add(context->people, (gpointer)party);
    }
    for (guint i = 0; i < context->people->len; i++) {
        char *person = ((const Party *)context->people->pdata[i])->person;
        if (person)
            g_hash_table_add(context->persons, person);
    }
    return context->people;
}

static bool people_count_as(const Party *party, GroupCount which)
{
    switch (which) {
    case GROUP_STUDENTS:
        return party->role == ROLE_STUDENT;
    case GROUP_STAFF:
        return party->role == ROLE_STAFF;
    case GROUP_GUARDIANS:
        return party->role == ROLE_GUARDIAN;
    case GROUP_OUTSIDERS:
        return party->role == ROLE_EXTERNAL;
    default:
        return true;
    }
}

static bool count_holds(const CountCond *count, int have)
{
    return (count->least < 0 || have >= count->least) && (count->most < 0 || have <= count->most);
}

static bool one_to_one(const GPtrArray *people)
{
    return people->len == 1 && ((const Party *)people->pdata[0])->role != ROLE_LIST_UNKNOWN;
}

bool group_holds(const GroupCond *cond, DecideContext *context)
{
    const GPtrArray *people = decide_people(context);
    bool holds = cond->one_to_one == TRI_UNKNOWN || (cond->one_to_one == TRI_YES) == one_to_one(people);
    for (int which = 0; holds && which < GROUP_LAST; which++) {
        int have = 0;
        for (guint i = 0; i < people->len; i++)
            have += people_count_as(people->pdata[i], (GroupCount)which);
        holds = count_holds(&cond->counts[which], have);
    }
    return holds;
}

// ---- guardians -------------------------------------------------------------------------------------------

// TRI_UNKNOWN with the context's error when the roster could not tell.
static Tri guardian_copied(DecideContext *context, const char *student)
{
    g_autoptr(GPtrArray) guardians = roster_guardians_of(context->in->roster, student, &context->error);
    if (!guardians)
        return TRI_UNKNOWN;
    bool found = false;
    for (guint i = 0; i < guardians->len && !found; i++)
        found = g_hash_table_contains(context->persons, guardians->pdata[i]);
    return found ? TRI_YES : TRI_NO;
}

bool decide_copied(DecideContext *context, CopiedCond *out)
{
    const GPtrArray *people = decide_people(context);
    guint students = 0, copied = 0;
    Tri one = TRI_NO;
    for (guint i = 0; !context->copied_known && i < people->len && one != TRI_UNKNOWN; i++) {
        const Party *party = people->pdata[i];
        if (party->role != ROLE_STUDENT)
            continue;
        one = party->person ? guardian_copied(context, party->person) : TRI_NO;
        students++;
        copied += one == TRI_YES;
    }
    if (!context->copied_known && one != TRI_UNKNOWN) {
        context->copied_known = true;
        context->copied = students == 0        ? COPIED_NOT_ASKED
                          : copied == students ? COPIED_ALL
                          : copied > 0         ? COPIED_SOME
                                               : COPIED_NONE;
    }
    *out = context->copied;
    return context->copied_known;
}

static Tri guardians_hold(CopiedCond wanted, DecideContext *context)
{
    CopiedCond have = COPIED_NOT_ASKED;
    if (!decide_copied(context, &have))
        return TRI_UNKNOWN;
    return have == wanted ? TRI_YES : TRI_NO;
}

// ---- what it holds ---------------------------------------------------------------------------------------

static bool any_pattern(char *const *patterns, const char *text)
{
    g_autofree char *lower = text ? g_utf8_strdown(text, -1) : g_strdup("");
    bool found = false;
    for (guint i = 0; patterns[i] && !found; i++) {
        g_autofree char *pattern = g_utf8_strdown(patterns[i], -1);
        found = g_pattern_match_simple(pattern, lower);
    }
    return found;
}

static bool attachment_is(const AttachmentCond *cond, const Part *part)
{
    gint64 size = (gint64)part->size;
    return (part->attachment || g_str_has_prefix(part->type, "image/") ||
            g_str_has_prefix(part->sniffed, "image/")) &&
           (!cond->types || any_pattern(cond->types, part->type) ||
            any_pattern(cond->types, part->sniffed)) &&
           (!cond->names || any_pattern(cond->names, part->name)) &&
           (!cond->sha256 || any_pattern(cond->sha256, part->sha256)) &&
           (cond->states == 0 || (cond->states & (1u << part->state))) &&
           (cond->least < 0 || size >= cond->least) && (cond->most < 0 || size <= cond->most);
}

static bool attachment_holds(const AttachmentCond *cond, const Message *message)
{
    bool found = false;
    for (guint i = 1; i < message->parts->len && !found; i++)
        found = attachment_is(cond, message->parts->pdata[i]);
    return found;
}

static bool header_holds(const HeaderCond *cond, const Message *message)
{
    bool found = false;
    for (guint i = 0; i < message->headers->len && !found; i++) {
        const MessageHeader *header = message->headers->pdata[i];
        found = g_ascii_strcasecmp(header->name, cond->name) == 0 &&
                (!cond->values || any_pattern(cond->values, header->value));
    }
    return found;
}

// What stands in the angle brackets (RFC 2919), or the whole value where there are none.
static bool list_id_holds(char *const *patterns, const Message *message)
{
    const char *value = message_header(message, "List-Id");
    const char *open = value ? strrchr(value, '<') : NULL, *close = open ? strchr(open, '>') : NULL;
    g_autofree char *id = close ? g_strndup(open + 1, (gsize)(close - open) - 1) : g_strdup(value);
    return id && any_pattern(patterns, g_strstrip(id));
}

// A host with its sub-domains, or a pattern.
static bool host_is(char *const *hosts, const char *host)
{
    bool found = false;
    gsize len = strlen(host);
    for (guint i = 0; hosts[i] && !found; i++) {
        gsize want = strlen(hosts[i]);
        bool tail = len >= want && g_ascii_strcasecmp(host + len - want, hosts[i]) == 0;
        found = strchr(hosts[i], '*') ? g_pattern_match_simple(hosts[i], host)
                                      : tail && (len == want || host[len - want - 1] == '.');
    }
    return found;
}

// Is link `i` an approved tool on the day? What the registry says of the host comes before the list that is the same for
// all districts. TRI_UNKNOWN with the context's error when the roster could not tell.
static Tri link_approved(DecideContext *context, guint i)
{
    const GPtrArray *links = context->in->detection->links;
    const Link *link = links->pdata[i];
    if (!context->links) {
        context->links = g_new(Tri, links->len);
        for (guint k = 0; k < links->len; k++)
            context->links[k] = TRI_UNKNOWN;
    }
    if (context->links[i] == TRI_UNKNOWN) {
        g_autoptr(RosterTool) tool = NULL;
        if (roster_tool(context->in->roster, link->host, link->rest, &tool, &context->error))
            context->links[i] = (tool ? tool->in_force : link->approved == TRI_YES) ? TRI_YES : TRI_NO;
    }
    return context->links[i];
}

static Tri link_holds(const LinkCond *cond, DecideContext *context)
{
    const GPtrArray *links = context->in->detection->links;
    Tri found = TRI_NO;
    for (guint i = 0; links && i < links->len && found == TRI_NO; i++) {
        const Link *link = links->pdata[i];
        bool fits = (!cond->hosts || host_is(cond->hosts, link->host)) &&
                    (!cond->paths || any_pattern(cond->paths, link->rest)) &&
                    (cond->layers == 0 || (cond->layers & (1u << link->layer)));
        Tri approved = fits && cond->approved != TRI_UNKNOWN ? link_approved(context, i) : TRI_YES;
        if (approved == TRI_UNKNOWN)
            found = TRI_UNKNOWN;
        else if (fits && (cond->approved == TRI_UNKNOWN || cond->approved == approved))
            found = TRI_YES;
    }
    return found;
}

// ---- the whole -------------------------------------------------------------------------------------------

static Tri message_holds(const MessageCond *cond, bool parts, DecideContext *context)
{
    const Message *message = context->in->message;
    bool holds = (!cond->time || time_holds(cond->time, &context->local)) &&
                 (!cond->group || group_holds(cond->group, context)) &&
                 (!cond->header || header_holds(cond->header, message)) &&
                 (!cond->list_ids || list_id_holds(cond->list_ids, message)) &&
                 (!cond->attachment || !parts || attachment_holds(cond->attachment, message));
    Tri link = !holds ? TRI_NO : cond->link && parts ? link_holds(cond->link, context) : TRI_YES;
    return link == TRI_YES && cond->guardians != COPIED_NOT_ASKED ? guardians_hold(cond->guardians, context)
                                                                  : link;
}

// The same for every recipient: a list of thousands asks once.
Tri condition_message(const MessageCond *cond, bool parts, DecideContext *context)
{
    gconstpointer key = parts ? (const char *)cond : (const char *)cond + 1;
    gpointer known = NULL;
    if (g_hash_table_lookup_extended(context->asked, key, NULL, &known))
        return (Tri)GPOINTER_TO_INT(known);
    Tri holds = message_holds(cond, parts, context);
    if (holds != TRI_UNKNOWN)
        g_hash_table_insert(context->asked, (gpointer)key, GINT_TO_POINTER(holds));
    return holds;
}
