// Exceptions: dated permissions. A row is never deleted by hand: it is revoked, and stays to explain past
// decisions.
#include "roster/internal.h"

#include <string.h>

static RosterException *exception_of_row(StoreStmt *stmt)
{
    RosterException *exception = g_new0(RosterException, 1);
    exception->id = g_strdup(store_text(stmt, 0));
    exception->kind = g_strdup(store_text(stmt, 1));
    exception->staff = g_strdup(store_text(stmt, 2));
    exception->students = g_strsplit(store_text(stmt, 3), ";", -1);
    exception->values = g_strsplit(store_text(stmt, 4), ";", -1);
    exception->from = (int)store_int(stmt, 5);
    exception->until = (int)store_int(stmt, 6);
    exception->approver = g_strdup(store_text(stmt, 7));
    exception->guardian_consent = store_int(stmt, 8) != 0;
    exception->purpose_required = store_int(stmt, 9) != 0;
    exception->revoked = g_strdup(store_text(stmt, 10));
    return exception;
}

// ---- look-ups -----------------------------------------------------------------------------------

static bool collect(StoreStmt *stmt, GPtrArray *out, GError **error)
{
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(out, exception_of_row(stmt));
    if (stmt != NULL)
        store_reset(stmt);
    return step == STORE_DONE;
}

static bool add_persons(RosterSession *session, GPtrArray *exceptions, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < exceptions->len; i++) {
        RosterException *exception = exceptions->pdata[i];
        ok = people_pid(session, exception->staff, &exception->staff_person, error) &&
             (exception->approver[0] == '\0' ||
              people_pid(session, exception->approver, &exception->approver_person, error));
    }
    return ok;
}

// An exception names a person by one address; it holds for the person. An address that went to somebody else takes the
// exception along.
static bool is_for(const RosterException *exception, const Party *staff)
{
    return exception->staff_person != NULL ? g_strcmp0(exception->staff_person, staff->person) == 0
                                           : g_strcmp0(exception->staff, staff->canonical) == 0;
}

GPtrArray *roster_exceptions_of(RosterSession *session, const Party *staff, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)roster_exception_free);
    StoreStmt *stmt = session_query(session, Q_EXCEPTIONS_OF, staff->person, staff->canonical, error);
    if (!collect(stmt, out, error) || !add_persons(session, out, error))
        return NULL;
    for (guint i = out->len; i > 0; i--)
        if (!is_for(out->pdata[i - 1], staff))
            g_ptr_array_remove_index(out, i - 1);
    return g_steal_pointer(&out);
}

GPtrArray *roster_exceptions_all(RosterSession *session, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)roster_exception_free);
    if (!collect(session_query(session, Q_EXCEPTIONS_ALL, NULL, NULL, error), out, error) ||
        !add_persons(session, out, error))
        return NULL;
    return g_steal_pointer(&out);
}

// Enrolled as a student on a day of the exception.
static Tri is_enrolled(RosterSession *session, const RosterException *exception, const char *class_id,
                       const char *person, GError **error)
{
    StoreStmt *stmt = session_query(session, Q_ENROLLED, class_id, person, error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_int(stmt, 3, exception->until);
    store_bind_int(stmt, 4, exception->from);
    store_bind_int(stmt, 5, ROLE_STUDENT);
    return session_row(stmt, error);
}

static Tri covers(RosterSession *session, const RosterException *exception, const char *scope,
                  const Party *student, GError **error)
{
    g_autofree char *person = NULL;
    if (strcmp(scope, "*") == 0 || g_strcmp0(scope, student->canonical) == 0)
        return TRI_YES;
    if (student->person == NULL)
        return TRI_NO;
    if (g_str_has_prefix(scope, "class:"))
        return is_enrolled(session, exception, scope + strlen("class:"), student->person, error);
    if (!people_pid(session, scope, &person, error))
        return TRI_UNKNOWN;
    return g_strcmp0(person, student->person) == 0 ? TRI_YES : TRI_NO;
}

Tri roster_exception_covers_student(RosterSession *session, const RosterException *exception,
                                    const Party *student, GError **error)
{
    Tri found = TRI_NO;
    for (gsize i = 0; found == TRI_NO && exception->students[i] != NULL; i++)
        found = covers(session, exception, exception->students[i], student, error);
    return found;
}
