// What is asked of a sender or a recipient, in words.
#include "policy/explain.h"

#define MOST_NAMED 8

char *explain_choice(char *const *texts)
{
    GString *out = g_string_new(NULL);
    guint count = g_strv_length((char **)texts);
    guint named = count > MOST_NAMED + 1 ? MOST_NAMED : count;
    for (guint i = 0; i < named; i++)
        g_string_append_printf(out, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", texts[i]);
    if (named < count)
        g_string_append_printf(out, " or one of %u more", count - named);
    return g_string_free(out, FALSE);
}

char *explain_mask(guint mask, NameOf name_of, int count)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (int i = 0; i < count; i++)
        if (mask & (1u << i))
            g_ptr_array_add(names, (gpointer)name_of(i));
    g_ptr_array_add(names, NULL);
    return explain_choice((char **)names->pdata);
}

static const char *role_words(int role)
{
    static const char *const names[ROLE_LAST] = {
        [ROLE_EXTERNAL] = "somebody outside the district",
        [ROLE_SERVICE] = "a service of the district",
        [ROLE_LIST] = "a list",
        [ROLE_LIST_UNKNOWN] = "a list whose members cannot be told",
        [ROLE_GUARDIAN] = "a guardian",
        [ROLE_STUDENT] = "a student",
        [ROLE_STAFF] = "a member of staff",
    };
    return names[role];
}

static void add(GPtrArray *out, const char *before, char *taken, const char *after)
{
    g_ptr_array_add(out, g_strconcat(before, taken, after, NULL));
    g_free(taken);
}

static void add_tri(GPtrArray *out, Tri asked, const char *yes, const char *no)
{
    if (asked != TRI_UNKNOWN)
        g_ptr_array_add(out, g_strdup(asked == TRI_YES ? yes : no));
}

static void add_role(GPtrArray *out, const PartyCond *party)
{
    const char *school = "at a school address", *private = "at a private address";
    bool both = party->accounts == ((1u << ACCOUNT_SCHOOL) | (1u << ACCOUNT_PERSONAL));
    const char *account = party->accounts == 0 || both               ? NULL
                          : party->accounts & (1u << ACCOUNT_SCHOOL) ? school
                                                                     : private;
    g_autofree char *role = party->roles ? explain_mask(party->roles, role_words, ROLE_LAST) : NULL;
    if (role)
        g_ptr_array_add(out, g_strconcat("is ", role, account ? ", " : NULL, account, NULL));
    else if (account)
        g_ptr_array_add(out, g_strconcat("is ", account, NULL));
}

static void add_relations(GPtrArray *out, const PartyCond *party)
{
    add_tri(out, party->family, "is the sender's own child or parent", "is not of the sender's family");
    add_tri(out, party->own_private, "is a private address of the sender",
            "is not a private address of the sender");
    add_tri(out, party->self, "is the sender's own, under any address", "is somebody else than the sender");
    add_tri(out, party->teaches, "is taught by the sender, or teaches the sender",
            "is neither taught by the sender nor teaches the sender");
    add_tri(out, party->same_class, "shares a class with the sender", "shares no class with the sender");
    add_tri(out, party->same_school, "is at a school of the sender's", "is at no school of the sender's");
    add_tri(out, party->manager, "is the sender's supervisor", "is not the sender's supervisor");
    add_tri(out, party->managed, "is somebody the sender supervises", "is nobody the sender supervises");
}

GPtrArray *explain_party(const PartyCond *party)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    add_role(out, party);
    if (party->also)
        add(out, "is, perhaps beside another role, ", explain_mask(party->also, role_words, ROLE_LAST), NULL);
    if (party->addresses)
        add(out, "has the address ", explain_choice(party->addresses), NULL);
    if (party->schools)
        add(out, "is at the school ", explain_choice(party->schools), NULL);
    if (party->classes)
        add(out, "is in the class ", explain_choice(party->classes), NULL);
    if (party->grades)
        add(out, "is in grade ", explain_choice(party->grades), NULL);
    if (party->positions)
        add(out, "has the position ", explain_choice(party->positions), NULL);
    add_tri(out, party->adult, "is a student known to be 18 or more",
            "is a student under 18, or whose age is not known");
    add_tri(out, party->enabled, "has an account that is enabled", "has an account that is disabled");
    add_tri(out, party->authenticated, "has logged in", "has not logged in");
    add_relations(out, party);
    return out;
}
