#include "policy/internal.h"

#include <string.h>

// Named conditions are read again at each use, so both depth and number are bounded.
#define MOST_DEPTH      12
#define MOST_CONDITIONS 20000

static void party_cond_free(PartyCond *party)
{
    if (!party)
        return;
    g_strfreev(party->addresses);
    g_strfreev(party->schools);
    g_strfreev(party->classes);
    g_strfreev(party->grades);
    g_strfreev(party->positions);
    g_free(party);
}

static void finding_cond_free(FindingCond *finding)
{
    if (!finding)
        return;
    g_strfreev(finding->where);
    g_strfreev(finding->obfuscation);
    g_strfreev(finding->values);
    g_free(finding);
}

void condition_free(Condition *condition)
{
    if (!condition)
        return;
    party_cond_free(condition->sender);
    party_cond_free(condition->recipient);
    party_cond_free(condition->with);
    if (condition->fact)
        g_ptr_array_unref(condition->fact->names);
    g_free(condition->fact);
    finding_cond_free(condition->finding);
    message_cond_free(condition->message);
    g_clear_pointer(&condition->all, g_ptr_array_unref);
    g_clear_pointer(&condition->any, g_ptr_array_unref);
    g_clear_pointer(&condition->none, g_ptr_array_unref);
    g_free(condition);
}

// A member that must be a group with something in it; NULL when it is absent or reported.
static const config_setting_t *subgroup(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    const config_setting_t *member = config_setting_get_member(group, key);
    if (!member)
        return NULL;
    if (!config_setting_is_group(member)) {
        parser_mistake(parser, member, key, "must be a group: { ... }");
        return NULL;
    }
    if (config_setting_length(member) == 0) {
        parser_mistake(parser, member, key, "is empty; give a condition or remove it");
        return NULL;
    }
    return member;
}

typedef enum { PARTY_SENDER, PARTY_RECIPIENT, PARTY_WITH } PartyPlace;

static PartyCond *party_parse(PolicyParser *parser, const config_setting_t *group, const char *key,
                              PartyPlace place)
{
    static const char *const sender_keys[] = {"role",   "also",     "account", "address",
                                              "school", "class",    "enabled", "authenticated",
                                              "grade",  "position", "adult",   NULL};
    static const char *const recipient_keys[] = {
        "role",       "also",        "account", "address", "school",   "class", "enabled",
        "family",     "own-private", "self",    "grade",   "position", "adult", "teaches",
        "same-class", "same-school", "manager", "managed", NULL};
    static const char *const with_keys[] = {"role",     "also",    "account", "address",     "school",
                                            "class",    "enabled", "self",    "own-private", "grade",
                                            "position", "adult",   "teaches", "same-class",  "same-school",
                                            "manager",  "managed", NULL};
    const char *const *const keys[] = {sender_keys, recipient_keys, with_keys};
    const config_setting_t *member = subgroup(parser, group, key);
    if (!member)
        return NULL;
    parser_known_keys(parser, member, keys[place]);
    PartyCond *party = g_new0(PartyCond, 1);
    party->roles = parser_mask(parser, member, "role", names_role, ROLE_LAST);
    party->also = parser_mask(parser, member, "also", names_role, ROLE_LAST);
    party->accounts = parser_mask(parser, member, "account", names_account, ACCOUNT_PERSONAL + 1);
    party->addresses = parser_strings(parser, member, "address");
    party->schools = parser_strings(parser, member, "school");
    party->classes = parser_strings(parser, member, "class");
    party->enabled = parser_bool(parser, member, "enabled");
    party->authenticated = parser_bool(parser, member, "authenticated");
    party->family = parser_bool(parser, member, "family");
    party->own_private = parser_bool(parser, member, "own-private");
    party->self = parser_bool(parser, member, "self");
    party->grades = parser_strings(parser, member, "grade");
    party->positions = parser_strings(parser, member, "position");
    party->adult = parser_bool(parser, member, "adult");
    party->teaches = parser_bool(parser, member, "teaches");
    party->same_class = parser_bool(parser, member, "same-class");
    party->same_school = parser_bool(parser, member, "same-school");
    party->manager = parser_bool(parser, member, "manager");
    party->managed = parser_bool(parser, member, "managed");
    for (guint i = 0; party->addresses && party->addresses[i]; i++)
        if (!strchr(party->addresses[i], '@'))
            parser_mistake(parser, member, "address",
                           "\"%s\" is no address; write \"user@domain\" or \"@domain\"", party->addresses[i]);
    return party;
}

static FindingCond *finding_parse(PolicyParser *parser, const config_setting_t *group)
{
    static const char *const keys[] = {"kind",       "owner",       "whose",      "layer", "visibility",
                                       "where",      "obfuscation", "obfuscated", "value", "min-confidence",
                                       "sweep-only", "min-count",   NULL};
    const config_setting_t *member = subgroup(parser, group, "finding");
    if (!member)
        return NULL;
    parser_known_keys(parser, member, keys);
    FindingCond *finding = g_new0(FindingCond, 1);
    finding->kinds = parser_mask(parser, member, "kind", names_kind, KIND_LAST);
    if (!finding->kinds) // contact details and solicitations: words and records are asked for by name
        finding->kinds = (1u << (KIND_SOLICITATION + 1)) - 1;
    finding->owners = parser_mask(parser, member, "owner", names_owner, OWNER_LAST);
    finding->whose = parser_mask(parser, member, "whose", names_whose, WHOSE_LAST);
    finding->layers = parser_mask(parser, member, "layer", names_layer, LAYER_LAST);
    finding->visibilities =
        parser_mask(parser, member, "visibility", names_visibility, VISIBILITY_SOURCE + 1);
    finding->where = parser_strings(parser, member, "where");
    finding->obfuscation = parser_strings(parser, member, "obfuscation");
    finding->values = parser_strings(parser, member, "value");
    finding->obfuscated = parser_bool(parser, member, "obfuscated");
    finding->sweep_only = parser_bool(parser, member, "sweep-only");
    finding->confidence = -1;
    (void)parser_int(parser, member, "min-count", 1, 100000, &finding->least);
    (void)parser_number(parser, member, "min-confidence", &finding->confidence);
    return finding;
}

static bool fact_class_parse(const char *text, guint *mask)
{
    static const char *const names[] = {[FACT_UNREADABLE] = "class:unreadable",
                                        [FACT_AMBIGUOUS] = "class:ambiguous",
                                        [FACT_ODD] = "class:odd"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(text, names[i]) == 0) {
            *mask |= 1u << i;
            return true;
        }
    return false;
}

static bool fact_derived_parse(const char *text, guint *mask)
{
    for (int i = 0; i < DERIVED_LAST; i++)
        if (strcmp(text, derived_name((Derived)i)) == 0) {
            *mask |= 1u << i;
            return true;
        }
    return false;
}

static FactCond *fact_parse(PolicyParser *parser, const config_setting_t *group)
{
    g_auto(GStrv) names = parser_strings(parser, group, "fact");
    if (!names)
        return NULL;
    FactCond *fact = g_new0(FactCond, 1);
    fact->names = g_ptr_array_new();
    for (guint i = 0; names[i]; i++) {
        const char *known = message_fact_lookup(names[i], NULL, NULL);
        if (known)
            g_ptr_array_add(fact->names, (gpointer)known);
        else if (!fact_class_parse(names[i], &fact->classes) && !fact_derived_parse(names[i], &fact->derived))
            parser_mistake(parser, config_setting_get_member(group, "fact"), "fact",
                           "unknown fact \"%s\"; chaperone-policy(5) lists them, or use class:unreadable, "
                           "class:ambiguous "
                           "or class:odd",
                           names[i]);
    }
    return fact;
}

static void branch_add(PolicyParser *parser, const config_setting_t *setting, const char *key, GPtrArray *out)
{
    Condition *condition = NULL;
    if (config_setting_is_group(setting))
        condition = condition_parse(parser, setting);
    else
        parser_mistake(parser, setting, key, "must be a group { ... } or a list of groups ( { ... }, ... )");
    if (condition)
        g_ptr_array_add(out, condition);
}

// A group, or a list of groups. NULL when the key is absent.
static GPtrArray *branches_parse(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    const config_setting_t *member = config_setting_get_member(group, key);
    if (!member)
        return NULL;
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)condition_free);
    if (config_setting_is_list(member)) {
        for (int i = 0; i < config_setting_length(member); i++)
            branch_add(parser, config_setting_get_elem(member, i), key, out);
        if (config_setting_length(member) == 0)
            parser_mistake(parser, member, key, "is empty; give a condition or remove it");
    } else {
        branch_add(parser, member, key, out);
    }
    return out;
}

Condition *condition_parse_named(PolicyParser *parser, const char *name, const config_setting_t *group)
{
    const char *rule = parser->rule;
    g_autofree char *place = g_strdup_printf("condition %s", name);
    parser->rule = place;
    Condition *condition = NULL;
    if (config_setting_is_group(group))
        condition = condition_parse(parser, group);
    else
        parser_mistake(parser, group, name, "must be a group: { ... }");
    parser->rule = rule;
    return condition;
}

// Named conditions join `all`: `use = ["a", "b"]` asks for both.
static void use_parse(PolicyParser *parser, const config_setting_t *group, Condition *condition)
{
    g_auto(GStrv) names = parser_strings(parser, group, "use");
    for (guint i = 0; names && names[i]; i++) {
        const config_setting_t *named = g_hash_table_lookup(parser->conditions, names[i]);
        if (!named) {
            parser_mistake(parser, config_setting_get_member(group, "use"), "use",
                           "no condition \"%s\"; define it in section conditions", names[i]);
            continue;
        }
        g_hash_table_add(parser->used, (gpointer)named);
        Condition *parsed = condition_parse_named(parser, names[i], named);
        if (!parsed)
            continue;
        if (!condition->all)
            condition->all = g_ptr_array_new_with_free_func((GDestroyNotify)condition_free);
        g_ptr_array_add(condition->all, parsed);
    }
}

static void condition_summarise(Condition *condition, const GPtrArray *branches, bool negated)
{
    for (guint i = 0; branches && i < branches->len; i++) {
        const Condition *branch = branches->pdata[i];
        condition->selects |= branch->selects && !negated;
        condition->asks_family |= branch->asks_family;
    }
}

static Condition *condition_parse_group(PolicyParser *parser, const config_setting_t *group)
{
    static const char *const keys[] = {"direction", "sender",    "recipient", "with",   "fact", "finding",
                                       "group",     "guardians", "time",      "header", "link", "attachment",
                                       "list-id",   "all",       "any",       "not",    "use",  NULL};
    parser_known_keys(parser, group, keys);
    Condition *condition = g_new0(Condition, 1);
    condition->directions = parser_mask(parser, group, "direction", names_direction, DIRECTION_EXTERNAL + 1);
    condition->sender = party_parse(parser, group, "sender", PARTY_SENDER);
    condition->recipient = party_parse(parser, group, "recipient", PARTY_RECIPIENT);
    condition->with = party_parse(parser, group, "with", PARTY_WITH);
    condition->fact = fact_parse(parser, group);
    condition->finding = finding_parse(parser, group);
    condition->message = message_cond_parse(parser, group);
    condition->all = branches_parse(parser, group, "all");
    condition->any = branches_parse(parser, group, "any");
    condition->none = branches_parse(parser, group, "not");
    use_parse(parser, group, condition);
    condition->selects = condition->finding != NULL;
    condition->asks_family = condition->recipient && condition->recipient->family != TRI_UNKNOWN;
    condition_summarise(condition, condition->all, false);
    condition_summarise(condition, condition->any, false);
    condition_summarise(condition, condition->none, true);
    return condition;
}

Condition *condition_parse(PolicyParser *parser, const config_setting_t *group)
{
    if (config_setting_length(group) == 0) {
        parser_mistake(parser, group, "condition", "is empty and would always hold; give a condition");
        return NULL;
    }
    if (parser->depth >= MOST_DEPTH) {
        parser_mistake(
            parser, group, "condition",
            "nested deeper than %d, or named conditions use each other in a circle; make it flatter",
            MOST_DEPTH);
        return NULL;
    }
    if (++parser->parsed > MOST_CONDITIONS) {
        parser_mistake(parser, group, "condition", "more than %d conditions; name and use fewer",
                       MOST_CONDITIONS);
        return NULL;
    }
    parser->depth++;
    Condition *condition = condition_parse_group(parser, group);
    parser->depth--;
    return condition;
}
