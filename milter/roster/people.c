// Persons: whose an address is, what they are on the day, who belongs to whom.
#include "roster/internal.h"

#include <string.h>

#define CONTACT_USE_WORK 1 // contact.use
#define CLASSES_MOST     1000

void person_free(Person *person)
{
    if (person == NULL)
        return;
    g_free(person->pid);
    g_free(person->given);
    g_free(person->family);
    g_free(person->grade);
    g_free(person->schools);
    g_free(person->mail);
    g_free(person->manager);
    g_free(person->field);
    g_free(person);
}

Person *person_of_row(StoreStmt *stmt)
{
    Person *person = g_new(Person, 1);
    *person = (Person){.id = store_int(stmt, 0),
                       .pid = g_strdup(store_text(stmt, 1)),
                       .given = g_strdup(store_text(stmt, 2)),
                       .family = g_strdup(store_text(stmt, 3)),
                       .roles = (guint)store_int(stmt, 4),
                       .enabled = store_int(stmt, 5) != 0,
                       .gone = (int)store_int(stmt, 6),
                       .birth = (int)store_int(stmt, 7),
                       .grade = g_strdup(store_text(stmt, 8)),
                       .schools = g_strdup(store_text(stmt, 9)),
                       .mail = g_strdup(store_text(stmt, 10)),
                       .manager = g_strdup(store_text(stmt, 11)),
                       .field = g_strdup(store_text(stmt, 12)),
                       .work = store_int(stmt, 13) == CONTACT_USE_WORK};
    return person;
}

Role person_strongest(guint roles)
{
    for (int role = ROLE_LAST - 1; role > ROLE_EXTERNAL; role--)
        if (roles & (1u << role))
            return (Role)role;
    return ROLE_EXTERNAL;
}

// ---- whose an address is ------------------------------------------------------------------------

// An address that went from one person to another is its holder's of now; who is gone comes after all others.
static bool is_better(const Person *one, const Person *other)
{
    int former[2] = {strcmp(one->field, "previous") == 0, strcmp(other->field, "previous") == 0};
    Role role[2] = {person_strongest(one->roles), person_strongest(other->roles)};
    if ((one->gone != 0) != (other->gone != 0))
        return one->gone == 0;
    if (former[0] != former[1])
        return former[0] == 0;
    if (role[0] != role[1])
        return role[0] > role[1];
    if (one->enabled != other->enabled)
        return one->enabled;
    return one->id < other->id;
}

bool people_of_address(RosterSession *session, const char *canonical, Person **out, GError **error)
{
    g_autofree char *key = g_strconcat("email:", canonical, NULL);
    g_autoptr(Person) best = NULL;
    StoreStmt *stmt = session_query(session, Q_CONTACT, key, NULL, error);
    StoreStep step = STORE_FAILED;
    *out = NULL;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        Person *person = person_of_row(stmt);
        if (person->roles != 0 && (best == NULL || is_better(person, best))) {
            Person *worse = best;
            best = person;
            person = worse;
        }
        person_free(person);
    }
    if (stmt != NULL)
        store_reset(stmt);
    if (step == STORE_DONE)
        *out = g_steal_pointer(&best);
    return step == STORE_DONE;
}

bool people_pid(RosterSession *session, const char *canonical, char **out_pid, GError **error)
{
    g_autoptr(Person) person = NULL;
    *out_pid = NULL;
    if (!people_of_address(session, canonical, &person, error))
        return false;
    if (person != NULL)
        *out_pid = g_steal_pointer(&person->pid);
    return true;
}

bool people_by_pid(RosterSession *session, const char *pid, Person **out, GError **error)
{
    StoreStmt *stmt = session_query(session, Q_PERSON, pid, NULL, error);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    *out = step == STORE_ROW ? person_of_row(stmt) : NULL;
    if (stmt != NULL)
        store_reset(stmt);
    return step != STORE_FAILED;
}

// ---- parties ------------------------------------------------------------------------------------

static GPtrArray *strings_new(guint count)
{
    return g_ptr_array_new_full(count, g_free);
}

static char *full_name(const Person *person)
{
    char *name = g_strstrip(g_strjoin(" ", person->given, person->family, NULL));
    if (name[0] == '\0')
        g_clear_pointer(&name, g_free);
    return name;
}

static GPtrArray *split_schools(const char *schools)
{
    GPtrArray *out = strings_new(2);
    for (const char *p = schools != NULL ? schools : ""; *p != '\0';) {
        gsize len = strcspn(p, ",");
        if (len > 0)
            g_ptr_array_add(out, g_strndup(p, len));
        p += len + (p[len] == ',');
    }
    return out;
}

static GPtrArray *role_names(guint roles)
{
    GPtrArray *out = strings_new(2);
    for (int role = ROLE_LAST - 1; role >= 0; role--)
        if (roles & (1u << role))
            g_ptr_array_add(out, g_strdup(role_name((Role)role)));
    return out;
}

// Eighteen on the day; born on 29 February: on 1 March.
static Tri is_adult(const Person *person, int today)
{
    if (!(person->roles & (1u << ROLE_STUDENT)))
        return TRI_NO;
    if (person->birth == 0 || today == 0)
        return TRI_UNKNOWN;
    return person->birth + 180000 <= today ? TRI_YES : TRI_NO;
}

static bool is_open(int64_t begins, int64_t ends, int today)
{
    return begins <= today && (ends == 0 || ends > today);
}

// Positions, and into *out_roles the roles held on the day: those without a dated post, and those with one that is
// open. Where every role is over or to come they all count: such a person is nobody else's, and stays protected.
static bool fill_posts(RosterSession *session, const Person *person, Party *party, guint *out_roles,
                       GError **error)
{
    guint dated = 0, held = 0;
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_POSTS, NULL, NULL, error);
    party->positions = strings_new(1);
    if (stmt == NULL)
        return false;
    store_bind_int(stmt, 1, person->id);
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        guint bit = 1u << (store_int(stmt, 0) & 31);
        const char *position = store_text(stmt, 1);
        bool open = is_open(store_int(stmt, 2), store_int(stmt, 3), session_today(session));
        dated |= bit;
        held |= open ? bit : 0;
        if (open && position != NULL && position[0] != '\0' &&
            !g_ptr_array_find_with_equal_func(party->positions, position, g_str_equal, NULL))
            g_ptr_array_add(party->positions, g_strdup(position));
    }
    store_reset(stmt);
    *out_roles = person->roles & (~dated | held);
    if (*out_roles == 0)
        *out_roles = person->roles;
    return step == STORE_DONE;
}

static bool fill_classes(RosterSession *session, const Person *person, Party *party, GError **error)
{
    StoreStep step = STORE_FAILED;
    const Classes *classes = session_classes(session, error);
    StoreStmt *stmt = classes != NULL ? session_query(session, Q_SEATS, NULL, NULL, error) : NULL;
    const char *last = NULL;
    party->classes = strings_new(8);
    if (stmt == NULL)
        return false;
    store_bind_int(stmt, 1, person->id);
    while ((step = store_step(stmt, error)) == STORE_ROW && party->classes->len < CLASSES_MOST) {
        const char *cid = classes_open(classes, store_int(stmt, 0), (int)store_int(stmt, 1),
                                       (int)store_int(stmt, 2), session_today(session));
        // A second seat is passed over; seats come class by class.
        if (cid != NULL && cid != last)
            g_ptr_array_add(party->classes, g_strdup(cid));
        last = cid != NULL ? cid : last;
    }
    store_reset(stmt);
    return step != STORE_FAILED;
}

Party *people_party(RosterSession *session, Person *person, const char *canonical, GError **error)
{
    g_autoptr(Person) own = person;
    g_autoptr(Party) party = g_new0(Party, 1);
    guint roles = 0;
    if (!fill_posts(session, own, party, &roles, error) || !fill_classes(session, own, party, error))
        return NULL;
    party->address = g_strdup(canonical);
    party->canonical = g_strdup(canonical);
    party->role = person_strongest(roles);
    party->roles = role_names(roles);
    party->name = full_name(own);
    party->enabled = own->enabled && own->gone == 0;
    party->adult = is_adult(own, session_today(session));
    party->schools = split_schools(own->schools);
    party->person = g_steal_pointer(&own->pid);
    party->grade = g_steal_pointer(&own->grade);
    party->manager = g_steal_pointer(&own->manager);
    return g_steal_pointer(&party);
}

Party *people_plain(const char *canonical, Role role, Account account, const char *why)
{
    Party *party = g_new0(Party, 1);
    party->address = g_strdup(canonical);
    party->canonical = g_strdup(canonical);
    party->role = role;
    party->account = account;
    party->enabled = true;
    party->adult = role == ROLE_STUDENT ? TRI_UNKNOWN : TRI_NO;
    party->roles = strings_new(1);
    party->schools = strings_new(0);
    party->classes = strings_new(0);
    party->why = g_strdup(why);
    g_ptr_array_add(party->roles, g_strdup(role_name(role)));
    return party;
}

// ---- the registry -------------------------------------------------------------------------------

static void add_registered(GPtrArray *out, const char *owner, const char *pid, const char *field)
{
    RosterOwner *found = g_new0(RosterOwner, 1);
    found->owner = OWNER_STAFF;
    found->person = g_strdup(pid != NULL ? pid : owner);
    found->label = g_strconcat("personal registry: ", field, NULL);
    g_ptr_array_add(out, found);
}

// The registry may know its people by their school address only, which outlives an id of the student system.
static bool name_owner(RosterSession *session, RosterOwner *owner, GError **error)
{
    g_autofree char *pid = NULL;
    if (strchr(owner->person, '@') == NULL)
        return true;
    if (!people_pid(session, owner->person, &pid, error))
        return false;
    if (pid != NULL) {
        g_free(owner->person);
        owner->person = g_steal_pointer(&pid);
    }
    return true;
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
    bool ok = step == STORE_DONE;
    for (guint i = 0; ok && i < out->len; i++)
        ok = name_owner(session, out->pdata[i], error);
    return ok ? g_steal_pointer(&out) : NULL;
}

GPtrArray *roster_registered_kinds(RosterSession *session, const char *person, GError **error)
{
    return session_column(session, Q_REGISTERED_FIELDS, person, NULL, error);
}

// ---- who belongs to whom ------------------------------------------------------------------------

Tri roster_is_family(RosterSession *session, const char *person, const char *student, GError **error)
{
    if (person == NULL || student == NULL)
        return TRI_NO;
    if (strcmp(person, student) == 0)
        return TRI_YES;
    return session_has(session, Q_FAMILY, person, student, error);
}

bool roster_student_of_id(RosterSession *session, const char *id, char **out_person, GError **error)
{
    return session_value(session, Q_STUDENT_ID, id, NULL, out_person, error);
}

GPtrArray *roster_children_of(RosterSession *session, const char *guardian, GError **error)
{
    return session_column(session, Q_CHILDREN, guardian, NULL, error);
}

GPtrArray *roster_guardians_of(RosterSession *session, const char *student, GError **error)
{
    return session_column(session, Q_GUARDIANS, student, NULL, error);
}

Tri roster_share_class(RosterSession *session, const char *a, const char *b, bool teaches, GError **error)
{
    if (a == NULL || b == NULL)
        return TRI_NO;
    StoreStmt *stmt = session_query(session, Q_SHARED_CLASS, a, b, error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_int(stmt, 3, session_today(session));
    store_bind_int(stmt, 4, teaches);
    store_bind_int(stmt, 5, ROLE_STAFF);
    store_bind_int(stmt, 6, ROLE_STUDENT);
    return session_row(stmt, error);
}

// ---- names of things ----------------------------------------------------------------------------

char *roster_person_name(RosterSession *session, const char *person, GError **error)
{
    g_autoptr(Person) known = NULL;
    if (!people_by_pid(session, person, &known, error))
        return NULL;
    char *name = known != NULL ? full_name(known) : NULL;
    return name != NULL ? name : g_strdup(person);
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
