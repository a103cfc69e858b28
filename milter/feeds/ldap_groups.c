#include "feeds/ldap.h"

#include <string.h>

#define LOOKUPS_MOST 50000

static const char *const DYNAMIC[] = {"msExchDynamicDistributionList", "groupOfURLs", NULL};
static const char *const GROUPS[] = {"group",
                                     "groupOfNames",
                                     "groupOfUniqueNames",
                                     "groupOfMembers",
                                     "groupOfURLs",
                                     "posixGroup",
                                     "msExchDynamicDistributionList",
                                     NULL};

// In `address_of`: what is known of a member's DN or login. An address is kept as its Str.
#define MEMBER_UNKNOWN 0
#define MEMBER_SILENT  1 // known, and without an address
#define MEMBER_FIRST   2 // + Str

typedef struct {
    char *dn, *name;
    GPtrArray *addresses; // canonical, the primary one first
    GArray *members;      // of Str: keys of DNs
    GArray *logins;       // of Str: "uid:name"
    bool known, listed;
    guint32 visit; // the last walk that came here
    guint next;    // of Active Directory's ranges
    bool more;
} Group;

struct LdapGroups {
    FeedRun *run;
    const FeedSpec *spec;
    guint32 source;
    LdapWire *wire;
    LdapNotes *notes;
    GPtrArray *all;         // of Group
    GHashTable *by_key;     // Str -> index + 1
    GHashTable *address_of; // Str of a member -> MEMBER_...
    GHashTable *rule_of;    // Str of a member -> index of a rule + 1
    guint32 walk;
    guint64 members; // of all groups
    bool late;       // groups found now are no lists
};

// ---- reading --------------------------------------------------------------------------------------------

static void group_free(Group *group)
{
    g_free(group->dn);
    g_free(group->name);
    g_ptr_array_unref(group->addresses);
    g_array_unref(group->members);
    g_array_unref(group->logins);
    g_free(group);
}

LdapGroups *ldap_groups_new(FeedRun *run, const FeedInput *input, LdapWire *wire, LdapNotes *notes)
{
    LdapGroups *groups = g_new0(LdapGroups, 1);
    groups->run = run;
    groups->spec = input->spec;
    groups->source = input->source;
    groups->wire = wire;
    groups->notes = notes;
    groups->all = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
    groups->by_key = g_hash_table_new(NULL, NULL);
    groups->address_of = g_hash_table_new(NULL, NULL);
    groups->rule_of = g_hash_table_new(NULL, NULL);
    return groups;
}

void ldap_groups_free(LdapGroups *groups)
{
    if (groups == NULL)
        return;
    g_ptr_array_unref(groups->all);
    g_hash_table_unref(groups->by_key);
    g_hash_table_unref(groups->address_of);
    g_hash_table_unref(groups->rule_of);
    g_free(groups);
}

guint ldap_groups_count(const LdapGroups *groups)
{
    return groups->all->len;
}

bool ldap_groups_is(const LdapEntry *entry)
{
    return ldap_entry_is(entry, GROUPS);
}

static Group *group_at(const LdapGroups *groups, guint index)
{
    return groups->all->pdata[index];
}

// The group of a DN's key; NULL when it is none of those read.
static Group *group_of(const LdapGroups *groups, Str key)
{
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(groups->by_key, GUINT_TO_POINTER(key)));
    return index > 0 ? group_at(groups, index - 1) : NULL;
}

static bool add_member(LdapGroups *groups, GArray *to, const char *taken, GError **error)
{
    Str key = model_text(groups->run->model, taken);
    g_array_append_val(to, key);
    if (!g_hash_table_contains(groups->address_of, GUINT_TO_POINTER(key)))
        g_hash_table_insert(groups->address_of, GUINT_TO_POINTER(key), GUINT_TO_POINTER(MEMBER_UNKNOWN));
    if (++groups->members <= (guint64)groups->run->config->roster.rows)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s: group_filter: its groups have more than %d members (roster.rows); nothing was changed",
                groups->spec->where, groups->run->config->roster.rows);
    return false;
}

static bool add_members(LdapGroups *groups, Group *group, const LdapEntry *entry, LdapAttribute at,
                        GError **error)
{
    const GPtrArray *values = entry->values[at];
    bool ok = true;
    for (guint i = 0; ok && values != NULL && i < values->len; i++) {
        char *value = values->pdata[i];
        bool login = at == LDAP_AT_MEMBER_UID;
        // uniqueMember may end in a bit string that tells people of one name apart.
        char *bits = at == LDAP_AT_UNIQUE_MEMBER ? strstr(value, "#'") : NULL;
        if (bits != NULL)
            *bits = '\0';
        g_autofree char *lower = login ? canon_lower(value) : NULL;
        g_autofree char *key = login ? g_strconcat("uid:", lower, NULL) : ldap_entry_key(value);
        if (key == NULL)
            group->known = false;
        else
            ok = add_member(groups, login ? group->logins : group->members, key, error);
    }
    group->known = group->known && !entry->bad[at];
    return ok;
}

static bool take_members(LdapGroups *groups, Group *group, const LdapEntry *entry, GError **error)
{
    group->more = entry->member_more;
    if (group->more && entry->member_next <= group->next) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: group_filter: %s: its members' ranges do not go on", groups->spec->where, group->dn);
        return false;
    }
    group->next = entry->member_next;
    return add_members(groups, group, entry, LDAP_AT_MEMBER, error) &&
           add_members(groups, group, entry, LDAP_AT_UNIQUE_MEMBER, error) &&
           add_members(groups, group, entry, LDAP_AT_MEMBER_UID, error);
}

static bool take_group(const LdapEntry *entry, void *data, GError **error)
{
    LdapGroups *groups = data;
    g_autoptr(GPtrArray) defects = g_ptr_array_new_with_free_func(g_free);
    Str key = entry->key != NULL ? model_text(groups->run->model, entry->key) : 0;
    if (key == 0 || group_of(groups, key) != NULL)
        return true;
    Group *group = g_new0(Group, 1);
    const char *name = ldap_entry_first(entry, LDAP_AT_DISPLAY);
    group->dn = g_strdup(entry->dn);
    group->name = g_strdup(name != NULL ? name : ldap_entry_first(entry, LDAP_AT_CN));
    group->addresses = ldap_person_addresses(groups->run->config, entry, defects);
    group->members = g_array_new(FALSE, FALSE, sizeof(Str));
    group->logins = g_array_new(FALSE, FALSE, sizeof(Str));
    group->known = !ldap_entry_is(entry, DYNAMIC) && ldap_entry_first(entry, LDAP_AT_MEMBER_URL) == NULL;
    group->listed = !groups->late && group->addresses->len > 0;
    g_ptr_array_add(groups->all, group);
    g_hash_table_insert(groups->by_key, GUINT_TO_POINTER(key), GUINT_TO_POINTER(groups->all->len));
    for (guint i = 0; group->listed && i < defects->len; i++)
        ldap_notes_add(groups->notes, entry->dn, defects->pdata[i]);
    run_progress(groups->run, groups->spec->name, "groups", groups->all->len, 0);
    return take_members(groups, group, entry, error);
}

// Active Directory gives 1,500 members at once.
static bool read_rest(LdapGroups *groups, Group *group, GError **error)
{
    bool ok = true;
    while (ok && group->more) {
        g_autofree char *range = g_strdup_printf("member;range=%u-*", group->next);
        g_autoptr(LdapEntry) entry = NULL;
        ok = ldap_wire_read(groups->wire, group->dn, range, &entry, error);
        if (ok && entry != NULL)
            ok = take_members(groups, group, entry, error);
        else
            group->more = group->known = false;
    }
    return ok;
}

// ---- roles ----------------------------------------------------------------------------------------------

static bool fits(const FeedRoleRule *rule, const char *value)
{
    gpointer only = (gpointer)rule;
    GPtrArray one = {.pdata = &only, .len = 1};
    const FeedSpec spec = {.roles = &one};
    Role role = ROLE_LAST;
    const char *position = NULL;
    return value != NULL && run_role(&spec, "group", value, &role, &position);
}

static bool group_fits(const FeedRoleRule *rule, const Group *group)
{
    bool takes = fits(rule, group->dn) || fits(rule, group->name);
    for (guint i = 0; !takes && i < group->addresses->len; i++)
        takes = fits(rule, group->addresses->pdata[i]);
    return takes;
}

static void mark(LdapGroups *groups, const GArray *members, guint rule)
{
    for (guint i = 0; i < members->len; i++) {
        gpointer key = GUINT_TO_POINTER(g_array_index(members, Str, i));
        if (!g_hash_table_contains(groups->rule_of, key))
            g_hash_table_insert(groups->rule_of, key, GUINT_TO_POINTER(rule + 1));
    }
}

// Puts the groups that are members and that this walk has not met onto the stack.
static void push_nested(LdapGroups *groups, const Group *group, GPtrArray *stack, bool listed_too)
{
    for (guint i = 0; i < group->members->len; i++) {
        Group *nested = group_of(groups, g_array_index(group->members, Str, i));
        if (nested == NULL || nested->visit == groups->walk || (nested->listed && !listed_too))
            continue;
        nested->visit = groups->walk;
        g_ptr_array_add(stack, nested);
    }
}

// Everybody in the groups that `rule` names, and in groups within. Rules come in their order: the first one stays.
static void mark_rule(LdapGroups *groups, const FeedRoleRule *rule, guint index)
{
    g_autoptr(GPtrArray) stack = g_ptr_array_new();
    groups->walk++;
    for (guint i = 0; i < groups->all->len; i++) {
        Group *group = group_at(groups, i);
        if (!group_fits(rule, group))
            continue;
        group->visit = groups->walk;
        g_ptr_array_add(stack, group);
    }
    while (stack->len > 0) {
        const Group *group = g_ptr_array_remove_index_fast(stack, stack->len - 1);
        mark(groups, group->members, index);
        mark(groups, group->logins, index);
        push_nested(groups, group, stack, true);
    }
}

bool ldap_groups_read(LdapGroups *groups, const char *filter, GError **error)
{
    const FeedSpec *spec = groups->spec;
    bool ok =
        ldap_wire_search(groups->wire, spec->group_base, filter, "group_filter", take_group, groups, error);
    for (guint i = 0; ok && i < groups->all->len; i++)
        ok = read_rest(groups, group_at(groups, i), error);
    for (guint i = 0; ok && spec->roles != NULL && i < spec->roles->len; i++) {
        const FeedRoleRule *rule = spec->roles->pdata[i];
        if (strcmp(rule->on, "group") == 0)
            mark_rule(groups, rule, i);
    }
    return ok;
}

static Str login_key(const LdapGroups *groups, const LdapEntry *entry)
{
    const char *uid = ldap_entry_first(entry, LDAP_AT_UID);
    if (uid == NULL)
        uid = ldap_entry_first(entry, LDAP_AT_SAM);
    if (uid == NULL)
        return 0;
    g_autofree char *lower = canon_lower(uid), *key = g_strconcat("uid:", lower, NULL);
    return model_text(groups->run->model, key);
}

int ldap_groups_rule(const LdapGroups *groups, const LdapEntry *person)
{
    int found = LDAP_NO_RULE;
    if (g_hash_table_size(groups->rule_of) == 0)
        return LDAP_NO_RULE;
    const Str keys[] = {person->key != NULL ? model_text(groups->run->model, person->key) : 0,
                        login_key(groups, person)};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        int rule = GPOINTER_TO_INT(g_hash_table_lookup(groups->rule_of, GUINT_TO_POINTER(keys[i])));
        if (keys[i] != 0 && rule > 0 && (found == LDAP_NO_RULE || rule - 1 < found))
            found = rule - 1;
    }
    return found;
}

// ---- members --------------------------------------------------------------------------------------------

static void know(LdapGroups *groups, Str key, const char *address)
{
    if (key == 0 || !g_hash_table_contains(groups->address_of, GUINT_TO_POINTER(key)))
        return;
    gsize value =
        address != NULL ? (gsize)model_text(groups->run->model, address) + MEMBER_FIRST : MEMBER_SILENT;
    g_hash_table_insert(groups->address_of, GUINT_TO_POINTER(key), (gpointer)value);
}

void ldap_groups_person(LdapGroups *groups, const LdapEntry *entry, const char *address)
{
    if (g_hash_table_size(groups->address_of) == 0)
        return;
    know(groups, entry->key != NULL ? model_text(groups->run->model, entry->key) : 0, address);
    know(groups, login_key(groups, entry), address);
}

static gsize address_of(const LdapGroups *groups, Str key)
{
    return (gsize)g_hash_table_lookup(groups->address_of, GUINT_TO_POINTER(key));
}

// A member that is in none of both searches.
static bool look_up(LdapGroups *groups, Str key, GError **error)
{
    g_autoptr(LdapEntry) entry = NULL;
    const char *dn = model_string(groups->run->model, key);
    if (!ldap_wire_read(groups->wire, dn, NULL, &entry, error))
        return false;
    if (entry == NULL)
        return true;
    if (ldap_groups_is(entry)) {
        guint before = groups->all->len;
        bool ok = take_group(entry, groups, error);
        return ok && (groups->all->len == before || read_rest(groups, group_at(groups, before), error));
    }
    g_autoptr(GPtrArray) addresses = ldap_person_addresses(groups->run->config, entry, NULL);
    know(groups, key, addresses->len > 0 ? addresses->pdata[0] : NULL);
    return true;
}

// Groups that are found add further members behind those that are walked over.
static bool look_up_all(LdapGroups *groups, GError **error)
{
    guint asked = 0;
    bool ok = true;
    groups->late = true;
    for (guint i = 0; ok && i < groups->all->len; i++) {
        for (guint j = 0; ok && j < group_at(groups, i)->members->len; j++) {
            Str key = g_array_index(group_at(groups, i)->members, Str, j);
            if (address_of(groups, key) != MEMBER_UNKNOWN || group_of(groups, key) != NULL)
                continue;
            if (asked == LOOKUPS_MOST) {
                ldap_notes_add(
                    groups->notes, group_at(groups, i)->dn,
                    "too many members outside `filter` to look up; lists that have them are not fully known");
                return true;
            }
            asked++;
            ok = look_up(groups, key, error);
            run_progress(groups->run, groups->spec->name, "members", asked, 0);
        }
    }
    return ok;
}

// ---- lists ----------------------------------------------------------------------------------------------

// A list in the making.
typedef struct {
    LdapGroups *groups;
    const char *address;
    GHashTable *seen; // Str of members
    bool known;
} Listing;

static void put_member(Listing *listing, const char *address)
{
    Model *model = listing->groups->run->model;
    Str text = model_text(model, address);
    if (g_hash_table_add(listing->seen, GUINT_TO_POINTER(text)) && strcmp(address, listing->address) != 0)
        model_member(model, listing->groups->source, listing->address, address);
}

static void put_members(Listing *listing, const Group *group, const GArray *members)
{
    const LdapGroups *groups = listing->groups;
    for (guint i = 0; i < members->len; i++) {
        Str key = g_array_index(members, Str, i);
        const Group *nested = group_of(groups, key);
        gsize address = address_of(groups, key);
        if (nested != NULL && nested->listed)
            put_member(listing, nested->addresses->pdata[0]);
        else if (nested == NULL && address >= MEMBER_FIRST)
            put_member(listing, model_string(groups->run->model, (Str)(address - MEMBER_FIRST)));
        else if (nested == NULL && address == MEMBER_UNKNOWN)
            listing->known = false;
    }
}

// Its members, and those of groups within that have no address of their own.
static void put_group(Listing *listing, Group *group)
{
    g_autoptr(GPtrArray) stack = g_ptr_array_new();
    group->visit = ++listing->groups->walk;
    g_ptr_array_add(stack, group);
    while (stack->len > 0) {
        const Group *at = g_ptr_array_remove_index_fast(stack, stack->len - 1);
        // A group that shows nobody may hide its members, or have them as Active Directory's primary groups do.
        listing->known = listing->known && at->known && at->members->len + at->logins->len > 0;
        put_members(listing, at, at->members);
        put_members(listing, at, at->logins);
        push_nested(listing->groups, at, stack, false);
    }
}

// Two groups of one address are one list: fully known only if both are.
static void put_address(LdapGroups *groups, const Group *group, guint index, bool known, GHashTable *taken)
{
    Model *model = groups->run->model;
    char *address = group->addresses->pdata[index];
    guint row = GPOINTER_TO_UINT(g_hash_table_lookup(taken, address));
    if (row > 0) {
        ModelList *list = &g_array_index(model->lists, ModelList, row - 1);
        list->known = list->known && known;
        ldap_notes_add(groups->notes, group->dn, "another group has its address; taken as one list");
    } else {
        model_list(model, groups->source, address, group->name, known);
        g_hash_table_insert(taken, address, GUINT_TO_POINTER(model->lists->len));
    }
    if (index > 0)
        model_member(model, groups->source, address, group->addresses->pdata[0]);
}

static void put_list(LdapGroups *groups, Group *group, GHashTable *taken)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Listing listing = {.groups = groups, .address = group->addresses->pdata[0], .seen = seen, .known = true};
    put_group(&listing, group);
    if (!listing.known)
        ldap_notes_add(groups->notes, group->dn, "not all members can be told: a list (unknown)");
    for (guint i = 0; i < group->addresses->len; i++)
        put_address(groups, group, i, i > 0 || listing.known, taken);
}

bool ldap_groups_lists(LdapGroups *groups, GError **error)
{
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    if (!look_up_all(groups, error))
        return false;
    for (guint i = 0; i < groups->all->len; i++) {
        Group *group = group_at(groups, i);
        if (group->listed)
            put_list(groups, group, taken);
    }
    return true;
}
