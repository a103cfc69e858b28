// Who somebody is written to, and who has a post at a school: for people who review.
#include "roster/internal.h"

bool roster_person(RosterSession *session, const char *person, Party **out, GError **error)
{
    Person *known = NULL;
    *out = NULL;
    if (!people_by_pid(session, person, &known, error))
        return false;
    if (known == NULL)
        return true;
    g_autofree char *mail = g_strdup(known->mail != NULL ? known->mail : "");
    *out = people_party(session, known, mail, error);
    return *out != NULL;
}

GPtrArray *roster_staff_at(RosterSession *session, const char *school, const char *position, GError **error)
{
    g_autoptr(GPtrArray) people = g_ptr_array_new_with_free_func(g_free);
    StoreStmt *stmt = session_query(session, Q_STAFF_AT, school, position, error);
    StoreStep step = STORE_FAILED;
    if (stmt == NULL)
        return NULL;
    store_bind_int(stmt, 3, session_today(session));
    while ((step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(people, g_strdup(store_text(stmt, 0)));
    store_reset(stmt);
    return step == STORE_DONE ? g_steal_pointer(&people) : NULL;
}

void roster_staff_free(RosterStaff *staff)
{
    if (staff == NULL)
        return;
    g_free(staff->person);
    g_free(staff->name);
    g_free(staff->address);
    g_free(staff->schools);
    g_free(staff);
}

static void staff_free(gpointer staff)
{
    roster_staff_free(staff);
}

GPtrArray *roster_staff_all(RosterSession *session, const char *school, GError **error)
{
    g_autoptr(GPtrArray) people = g_ptr_array_new_with_free_func(staff_free);
    StoreStmt *stmt = session_query(session, Q_STAFF_ALL, school != NULL ? school : "", NULL, error);
    StoreStep step = STORE_FAILED;
    if (stmt == NULL)
        return NULL;
    store_bind_int(stmt, 3, session_today(session));
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        RosterStaff *staff = g_new0(RosterStaff, 1);
        staff->person = g_strdup(store_text(stmt, 0));
        staff->name = g_strdup_printf("%s %s", store_text(stmt, 1), store_text(stmt, 2));
        staff->address = g_strdup(store_text(stmt, 3) != NULL ? store_text(stmt, 3) : "");
        staff->schools = g_strdup(store_text(stmt, 4));
        staff->since = (int)store_int(stmt, 5);
        g_ptr_array_add(people, staff);
    }
    store_reset(stmt);
    return step == STORE_DONE ? g_steal_pointer(&people) : NULL;
}

GPtrArray *roster_schools(RosterSession *session, GError **error)
{
    return session_column(session, Q_SCHOOLS, NULL, NULL, error);
}

Tri roster_knows_school(RosterSession *session, const char *school, GError **error)
{
    return session_has(session, Q_ORG_KNOWN, school, NULL, error);
}
