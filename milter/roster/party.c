// Names of enumerations, and the memory of parties and owners.
#include "roster/roster.h"

#include <string.h>

static const char *const ROLES[ROLE_LAST] = {"external", "service", "list", "list-unknown",
                                             "guardian", "student", "staff"};
static const char *const OWNERS[OWNER_LAST] = {"unknown",   "sender",  "staff",    "school",
                                               "published", "student", "guardian", "third-party"};
static const char *const KINDS[KIND_LAST] = {"phone",
                                             "email",
                                             "handle",
                                             "invite",
                                             "street-address",
                                             "payment-handle",
                                             "offchannel-solicitation",
                                             "phrase",
                                             "student-record"};

static const char *name_at(const char *const *names, int count, int index)
{
    return index >= 0 && index < count ? names[index] : "?";
}

static bool index_of(const char *const *names, int count, const char *text, int *out)
{
    for (int i = 0; text != NULL && i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

const char *role_name(Role role)
{
    return name_at(ROLES, ROLE_LAST, (int)role);
}

bool role_parse(const char *text, Role *out_role)
{
    int index = 0;
    bool ok = index_of(ROLES, ROLE_LAST, text, &index);
    if (ok)
        *out_role = (Role)index;
    return ok;
}

const char *account_name(Account account)
{
    return account == ACCOUNT_SCHOOL ? "school" : "personal";
}

const char *owner_name(Owner owner)
{
    return name_at(OWNERS, OWNER_LAST, (int)owner);
}

bool owner_parse(const char *text, Owner *out_owner)
{
    int index = 0;
    bool ok = index_of(OWNERS, OWNER_LAST, text, &index);
    if (ok)
        *out_owner = (Owner)index;
    return ok;
}

const char *kind_name(Kind kind)
{
    return name_at(KINDS, KIND_LAST, (int)kind);
}

bool kind_is_contact(Kind kind)
{
    return kind < KIND_SOLICITATION;
}

bool kind_parse(const char *text, Kind *out_kind)
{
    int index = 0;
    bool ok = index_of(KINDS, KIND_LAST, text, &index);
    if (ok)
        *out_kind = (Kind)index;
    return ok;
}

static void free_array(GPtrArray *array)
{
    if (array != NULL)
        g_ptr_array_unref(array);
}

void party_free(Party *party)
{
    if (party == NULL)
        return;
    g_free(party->address);
    g_free(party->canonical);
    g_free(party->person);
    g_free(party->name);
    g_free(party->why);
    g_free(party->grade);
    g_free(party->manager);
    free_array(party->roles);
    free_array(party->positions);
    free_array(party->schools);
    free_array(party->classes);
    free_array(party->members);
    g_free(party);
}

bool party_reaches(const Party *party, Role role)
{
    if (party->role == role)
        return true;
    for (guint i = 0; party->members != NULL && i < party->members->len; i++)
        if (((const Party *)party->members->pdata[i])->role == role)
            return true;
    return false;
}

void parties_free(Parties *parties)
{
    if (parties == NULL)
        return;
    party_free(parties->sender);
    party_free(parties->envelope_from);
    free_array(parties->header);
    free_array(parties->rcpts);
    g_free(parties);
}

void roster_owner_free(RosterOwner *owner)
{
    if (owner == NULL)
        return;
    g_free(owner->person);
    g_free(owner->label);
    g_free(owner);
}

void roster_tool_free(RosterTool *tool)
{
    if (tool == NULL)
        return;
    g_free(tool->name);
    g_free(tool->value);
    g_free(tool->tenant);
    g_free(tool->approver);
    g_free(tool);
}
