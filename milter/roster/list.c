// Lists: everybody a list address reaches. Nothing is left out in silence: members that cannot be told make the list
// `partly` known, one too long may reach any student.
#include "roster/internal.h"

#include <string.h>

#define MEMBERS_MOST 20000 // one more is a student nobody knows: the strictest reading
#define SESSION_MOST 50000 // members of all lists of a message; later ones count as too long
#define SOURCES_MOST 32    // that have the same list

typedef struct {
    RosterSession *session;
    Party *list;
    GHashTable *seen; // lists, classes, addresses and persons met
    GQueue waiting;   // of char*: lists, "class:<cid>", "org:<oid>", "role:<role>" to expand
    bool full;
} Expansion;

// ---- members ------------------------------------------------------------------------------------

static bool add_member(Expansion *expansion, Party *member)
{
    if (member == NULL)
        return false;
    const char *id = member->person != NULL ? member->person : member->canonical;
    char *key = g_strdup_printf("%c:%s:%d:%d", member->person != NULL ? 'p' : 'a', id, member->account,
                                member->person != NULL ? 0 : member->role);
    if (!g_hash_table_add(expansion->seen, key))
        party_free(member);
    else
        g_ptr_array_add(expansion->list->members, member);
    guint *reached = session_reached(expansion->session);
    *reached += 1;
    expansion->full = expansion->list->members->len >= MEMBERS_MOST || *reached >= SESSION_MOST;
    return true;
}

static void expand_later(Expansion *expansion, const char *what)
{
    if (g_hash_table_add(expansion->seen, g_strdup(what)))
        g_queue_push_tail(&expansion->waiting, g_strdup(what));
}

// Somebody of `role` whom nobody names.
static void add_nameless(Expansion *expansion, const char *as, Role role, const char *why)
{
    Account account = role == ROLE_GUARDIAN ? ACCOUNT_PERSONAL : ACCOUNT_SCHOOL;
    add_member(expansion, people_plain(as, role, account, why));
}

// ---- classes, schools, roles --------------------------------------------------------------------

typedef struct {
    Person *person;
    bool open; // on the session's day
} Seat;

static void seat_clear(Seat *seat)
{
    person_free(seat->person);
}

// The people of a class, each once. False with `error`.
static bool read_seats(RosterSession *session, const char *cid, GArray *out, GError **error)
{
    int64_t last = -1;
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_CLASS_MEMBERS, cid, NULL, error);
    if (stmt == NULL)
        return false;
    store_bind_int(stmt, 2, session_today(session));
    store_bind_int(stmt, 3, MEMBERS_MOST + 1);
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        bool open = store_int(stmt, 14) != 0;
        if (store_int(stmt, 0) == last) {
            g_array_index(out, Seat, out->len - 1).open |= open;
            continue;
        }
        Seat seat = {person_of_row(stmt), open};
        last = seat.person->id;
        g_array_append_val(out, seat);
    }
    store_reset(stmt);
    return step == STORE_DONE;
}

static bool add_seat(Expansion *expansion, Seat *seat, GError **error)
{
    g_autofree char *address = g_strdup(seat->person->mail != NULL ? seat->person->mail : "");
    Party *member = people_party(expansion->session, g_steal_pointer(&seat->person), address, error);
    if (member != NULL)
        member->why = g_strdup("in a class of the list");
    return add_member(expansion, member);
}

// Those in it on the day; where nobody is, because it is over or to come, everybody it ever had: lists live longer.
static bool expand_class(Expansion *expansion, const char *cid, GError **error)
{
    g_autoptr(GArray) seats = g_array_new(FALSE, FALSE, sizeof(Seat));
    g_array_set_clear_func(seats, (GDestroyNotify)seat_clear);
    Tri known = session_has(expansion->session, Q_CLASS, cid, NULL, error);
    if (known == TRI_UNKNOWN || !read_seats(expansion->session, cid, seats, error))
        return false;
    if (known == TRI_NO)
        expansion->list->partly = true;
    bool ok = true, any_open = false;
    for (guint i = 0; i < seats->len; i++)
        any_open |= g_array_index(seats, Seat, i).open;
    for (guint i = 0; ok && !expansion->full && i < seats->len; i++) {
        Seat *seat = &g_array_index(seats, Seat, i);
        ok = (any_open && !seat->open) || add_seat(expansion, seat, error);
    }
    return ok;
}

// A school may have tens of thousands: it is one nameless member for each role that somebody has there or below.
static bool expand_org(Expansion *expansion, const char *oid, GError **error)
{
    GHashTable *orgs = session_org_roles(expansion->session, error);
    gpointer mask = NULL;
    if (orgs == NULL)
        return false;
    if (!g_hash_table_lookup_extended(orgs, oid, NULL, &mask) || mask == NULL)
        expansion->list->partly = true;
    for (int role = 0; role < ROLE_LAST; role++)
        if (GPOINTER_TO_UINT(mask) & (1u << role))
            add_nameless(expansion, expansion->list->canonical, (Role)role, "everybody of a school");
    return true;
}

static void expand_role(Expansion *expansion, const char *name)
{
    Role role = ROLE_EXTERNAL;
    if (role_parse(name, &role) && role >= ROLE_GUARDIAN)
        add_nameless(expansion, expansion->list->canonical, role, "everybody of that role");
    else
        expansion->list->partly = true;
}

// ---- lists in lists -----------------------------------------------------------------------------

typedef struct {
    int64_t id;
    bool known, has_members;
} ListSource;

// The sources that have `list`, at most SOURCES_MOST. False with `error`.
static bool read_sources(RosterSession *session, const char *list, GArray *out, GError **error)
{
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_LISTS, list, NULL, error);
    if (stmt == NULL)
        return false;
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        ListSource source = {store_int(stmt, 0), store_int(stmt, 1) != 0, false};
        if (out->len < SOURCES_MOST)
            g_array_append_val(out, source);
    }
    store_reset(stmt);
    return step == STORE_DONE;
}

static bool read_members(RosterSession *session, const char *list, GArray *sources, GPtrArray *out,
                         GError **error)
{
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_LIST_MEMBERS, list, NULL, error);
    if (stmt == NULL)
        return false;
    store_bind_int(stmt, 2, MEMBERS_MOST + 1);
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        g_ptr_array_add(out, g_strdup(store_text(stmt, 0)));
        for (guint i = 0; i < sources->len; i++) {
            ListSource *source = &g_array_index(sources, ListSource, i);
            source->has_members |= source->id == store_int(stmt, 1);
        }
    }
    store_reset(stmt);
    return step == STORE_DONE;
}

// A source that knows nothing of the members (the alias of a list program) is made up for by one that does; one that
// knows some of them and says that there are others is not.
static bool is_partly(const GArray *sources)
{
    bool any_known = false, partly = false;
    for (guint i = 0; i < sources->len; i++)
        any_known |= g_array_index(sources, ListSource, i).known;
    for (guint i = 0; i < sources->len; i++) {
        const ListSource *source = &g_array_index(sources, ListSource, i);
        partly |= !source->known && (source->has_members || !any_known);
    }
    return partly;
}

// An address that is a list and a person's as well reaches both.
static bool add_person_of_list(Expansion *expansion, const char *list, GError **error)
{
    g_autofree char *pid = NULL;
    if (!people_pid(expansion->session, list, &pid, error))
        return false;
    return pid == NULL || add_member(expansion, resolve_single(expansion->session, list, error));
}

static bool expand_row(Expansion *expansion, const char *member, GError **error)
{
    static const char *const kinds[] = {"class:", "org:", "role:"};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(member, kinds[i])) {
            expand_later(expansion, member);
            return true;
        }
    }
    Tri nested = session_has(expansion->session, Q_LISTS, member, NULL, error);
    if (nested == TRI_YES)
        expand_later(expansion, member);
    return nested == TRI_YES ||
           (nested == TRI_NO && add_member(expansion, resolve_single(expansion->session, member, error)));
}

static bool expand_list(Expansion *expansion, const char *list, GError **error)
{
    g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(ListSource));
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    bool ok = read_sources(expansion->session, list, sources, error) &&
              read_members(expansion->session, list, sources, rows, error) &&
              add_person_of_list(expansion, list, error);
    if (ok && is_partly(sources))
        expansion->list->partly = true;
    for (guint i = 0; ok && !expansion->full && i < rows->len; i++)
        ok = expand_row(expansion, rows->pdata[i], error);
    return ok;
}

static bool expand(Expansion *expansion, GError **error)
{
    bool ok = true;
    while (ok && !expansion->full && !g_queue_is_empty(&expansion->waiting)) {
        g_autofree char *next = g_queue_pop_head(&expansion->waiting);
        if (g_str_has_prefix(next, "class:"))
            ok = expand_class(expansion, next + strlen("class:"), error);
        else if (g_str_has_prefix(next, "org:"))
            ok = expand_org(expansion, next + strlen("org:"), error);
        else if (g_str_has_prefix(next, "role:"))
            expand_role(expansion, next + strlen("role:"));
        else
            ok = expand_list(expansion, next, error);
    }
    return ok;
}

// ---- the list -----------------------------------------------------------------------------------

// What the list is called once it is known whom it reaches.
static void settle(Expansion *expansion)
{
    Party *list = expansion->list;
    guint count = list->members->len;
    bool strict = strcmp(session_config(expansion->session)->policy.unknown_lists, "students") == 0;
    if (list->partly && count == 0) {
        list->role = ROLE_LIST_UNKNOWN;
        list->partly = false;
        g_ptr_array_set_size(list->roles, 0);
        g_ptr_array_add(list->roles, g_strdup(role_name(list->role)));
        list->why = g_strdup("a list whose members cannot be told");
    } else {
        list->why = g_strdup_printf("a list with %u members%s", count,
                                    list->partly ? " and others who cannot be told" : "");
    }
    if (strict && (list->partly || list->role == ROLE_LIST_UNKNOWN))
        g_ptr_array_add(list->members, people_plain(list->canonical, ROLE_STUDENT, ACCOUNT_SCHOOL,
                                                    "the list may reach any student (policy.unknown_lists)"));
    else if (expansion->full)
        g_ptr_array_add(list->members,
                        people_plain(list->canonical, ROLE_STUDENT, ACCOUNT_SCHOOL,
                                     "the list is too long to be expanded; it may reach any student"));
}

static Party *resolve_list(RosterSession *session, const char *canonical, GError **error)
{
    g_autoptr(Party) list = people_plain(canonical, ROLE_LIST, ACCOUNT_SCHOOL, NULL);
    Expansion expansion = {.session = session, .list = list};
    expansion.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    list->members = g_ptr_array_new_with_free_func((GDestroyNotify)party_free);
    expand_later(&expansion, canonical);
    bool ok = expand(&expansion, error);
    g_queue_clear_full(&expansion.waiting, g_free);
    g_hash_table_unref(expansion.seen);
    if (ok)
        settle(&expansion);
    return ok ? g_steal_pointer(&list) : NULL;
}

// The same list again: who names it a thousand times pays once.
static Party *list_again(const Party *known)
{
    Party *list = people_plain(known->canonical, known->role, known->account, known->why);
    list->partly = known->partly;
    list->members = g_ptr_array_ref(known->members);
    return list;
}

bool list_resolve(RosterSession *session, const char *canonical, Party **out, GError **error)
{
    const Party *known = g_hash_table_lookup(session_lists(session), canonical);
    *out = known != NULL ? list_again(known) : NULL;
    if (known != NULL)
        return true;
    Tri is_list = session_has(session, Q_LISTS, canonical, NULL, error);
    Party *list = is_list == TRI_YES ? resolve_list(session, canonical, error) : NULL;
    if (list != NULL) {
        g_hash_table_insert(session_lists(session), list->canonical, list);
        *out = list_again(list);
    }
    return is_list == TRI_NO || list != NULL;
}
