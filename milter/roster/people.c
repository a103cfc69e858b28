// Persons: whose an address is, what they are, who belongs to whom, who is named.
#include "roster/internal.h"

#include <string.h>

#define NAME_BYTES 1000
#define NAME_WORDS 32

bool people_of_address(RosterSession *session, const char *canonical, char **out, Role *out_role,
                       GError **error)
{
    g_autofree char *key = g_strconcat("email:", canonical, NULL);
    StoreStmt *stmt = session_query(session, Q_CONTACT_PERSON, key, NULL, error);
    *out = NULL;
    if (stmt == NULL)
        return false;
    StoreStep step = store_step(stmt, error);
    if (step == STORE_ROW && store_int(stmt, 2) != 0) {
        *out = g_strdup(store_text(stmt, 0));
        *out_role = (Role)store_int(stmt, 2);
    }
    store_reset(stmt);
    return step != STORE_FAILED;
}

static void add_registered(GPtrArray *out, const char *owner, const char *person, const char *field)
{
    RosterOwner *found = g_new0(RosterOwner, 1);
    found->owner = OWNER_STAFF;
    found->person = g_strdup(person[0] != '\0' ? person : owner);
    found->label = g_strconcat("personal registry: ", field, NULL);
    g_ptr_array_add(out, found);
}

GPtrArray *people_registered(RosterSession *session, const char *key, GError **error)
{
    unsigned char hash[KEY_HASH];
    key_hash(session_key(session), key, hash);
    StoreStmt *stmt = session_query(session, Q_PERSONAL, NULL, NULL, error);
    if (stmt == NULL)
        return NULL;
    store_bind_blob(stmt, 1, hash, sizeof hash);
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)roster_owner_free);
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW)
        add_registered(out, store_text(stmt, 0), store_text(stmt, 1), store_text(stmt, 2));
    store_reset(stmt);
    if (step != STORE_DONE)
        return NULL;
    // The registry names its people by their school address, which outlives an id of the student system.
    for (guint i = 0; i < out->len; i++) {
        RosterOwner *owner = out->pdata[i];
        g_autofree char *person = NULL;
        Role role = ROLE_EXTERNAL;
        if (strchr(owner->person, '@') != NULL &&
            !people_of_address(session, owner->person, &person, &role, error))
            return NULL;
        if (person != NULL) {
            g_free(owner->person);
            owner->person = g_steal_pointer(&person);
        }
    }
    return g_steal_pointer(&out);
}

Role people_role(RosterSession *session, const char *person, GError **error)
{
    g_autofree char *value = NULL;
    if (!session_value(session, Q_OWN_ROLE, person, NULL, &value, error))
        return ROLE_LAST;
    return value != NULL ? (Role)atoi(value) : ROLE_EXTERNAL;
}

static bool fill_person(RosterSession *session, Party *party, GError **error)
{
    StoreStmt *stmt = session_query(session, Q_PERSON, party->person, NULL, error);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    if (step == STORE_ROW) {
        party->name = g_strstrip(g_strjoin(" ", store_text(stmt, 0), store_text(stmt, 1), NULL));
        party->enabled = store_int(stmt, 2) != 0;
    }
    if (party->name != NULL && party->name[0] == '\0')
        g_clear_pointer(&party->name, g_free);
    if (stmt != NULL)
        store_reset(stmt);
    return step != STORE_FAILED;
}

// Role numbers to names.
static void name_roles(GPtrArray *roles)
{
    for (guint i = 0; i < roles->len; i++) {
        char *name = g_strdup(role_name((Role)atoi(roles->pdata[i])));
        g_free(roles->pdata[i]);
        roles->pdata[i] = name;
    }
}

Party *people_party(RosterSession *session, const char *person, const char *canonical, Role role,
                    GError **error)
{
    g_autoptr(Party) party = g_new0(Party, 1);
    party->address = g_strdup(canonical);
    party->canonical = g_strdup(canonical);
    party->role = role;
    party->person = g_strdup(person);
    party->enabled = true;
    if (!fill_person(session, party, error) ||
        (party->roles = session_column(session, Q_ROLES, person, NULL, error)) == NULL ||
        (party->schools = session_column(session, Q_SCHOOLS, person, NULL, error)) == NULL ||
        (party->classes = session_column(session, Q_CLASSES, person, NULL, error)) == NULL)
        return NULL;
    if (party->roles->len == 0)
        g_ptr_array_add(party->roles, g_strdup_printf("%d", (int)role));
    name_roles(party->roles);
    return g_steal_pointer(&party);
}

Tri roster_is_family(RosterSession *session, const char *person, const char *student, GError **error)
{
    if (person == NULL || student == NULL)
        return TRI_NO;
    if (strcmp(person, student) == 0)
        return TRI_YES;
    return session_has(session, Q_FAMILY, person, student, error);
}

GPtrArray *roster_children_of(RosterSession *session, const char *guardian, GError **error)
{
    return session_column(session, Q_CHILDREN, guardian, NULL, error);
}

char *roster_person_name(RosterSession *session, const char *person, GError **error)
{
    g_autoptr(Party) party = g_new0(Party, 1);
    party->person = g_strdup(person);
    if (!fill_person(session, party, error))
        return NULL;
    return party->name != NULL ? g_steal_pointer(&party->name) : g_strdup(person);
}

static char *name_or_id(RosterSession *session, SessionQuery query, const char *id, GError **error)
{
    char *name = NULL;
    if (!session_value(session, query, id, NULL, &name, error))
        return NULL;
    return name != NULL ? name : g_strdup(id);
}

char *roster_class_title(RosterSession *session, const char *class_id, GError **error)
{
    return name_or_id(session, Q_CLASS_TITLE, class_id, error);
}

char *roster_school_name(RosterSession *session, const char *school, GError **error)
{
    return name_or_id(session, Q_ORG_NAME, school, error);
}

GPtrArray *roster_guardians_of(RosterSession *session, const char *student, GError **error)
{
    return session_column(session, Q_GUARDIANS, student, NULL, error);
}

GPtrArray *roster_registered_kinds(RosterSession *session, const char *person, GError **error)
{
    return session_column(session, Q_REGISTERED_FIELDS, person, NULL, error);
}

static bool has_word(GPtrArray *words, const char *word)
{
    for (guint i = 0; i < words->len; i++)
        if (strcmp(words->pdata[i], word) == 0)
            return true;
    return false;
}

static bool has_all(GPtrArray *words, const char *wanted)
{
    g_auto(GStrv) list = g_strsplit(wanted, " ", -1);
    for (gsize i = 0; list[i] != NULL; i++)
        if (!has_word(words, list[i]))
            return false;
    return true;
}

// staff_name holds, for each name of a person, the last word of the family name and all words that must
// appear.
static bool add_named(RosterSession *session, GPtrArray *words, const char *last, GPtrArray *out,
                      GError **error)
{
    StoreStmt *stmt = session_query(session, Q_STAFF_NAME, last, NULL, error);
    if (stmt == NULL)
        return false;
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW)
        if (has_all(words, store_text(stmt, 1)) && !has_word(out, store_text(stmt, 0)))
            g_ptr_array_add(out, g_strdup(store_text(stmt, 0)));
    store_reset(stmt);
    return step == STORE_DONE;
}

GPtrArray *roster_staff_named(RosterSession *session, const char *text, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    if (text == NULL || !g_utf8_validate(text, -1, NULL))
        return g_steal_pointer(&out);
    g_autofree char *head = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), NAME_BYTES));
    g_autoptr(GPtrArray) words = canon_words(head, NAME_WORDS);
    for (guint i = 0; i < words->len; i++)
        if (!add_named(session, words, words->pdata[i], out, error))
            return NULL;
    return g_steal_pointer(&out);
}
