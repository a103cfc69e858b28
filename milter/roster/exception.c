// Exceptions: dated permissions. A row is never deleted by hand: it is revoked, and stays to explain past
// decisions.
#include "roster/internal.h"

#include <string.h>

static const char *const WAYS[WAY_LAST] = {"to-students", "from-students", "both"};

const char *way_name(Way way)
{
    return way < WAY_LAST ? WAYS[way] : "?";
}

bool way_parse(const char *text, Way *out_way)
{
    for (int i = 0; i < WAY_LAST; i++)
        if (strcmp(text, WAYS[i]) == 0) {
            *out_way = (Way)i;
            return true;
        }
    return false;
}

void roster_consent_free(RosterConsent *consent)
{
    if (consent == NULL)
        return;
    char *texts[] = {consent->student, consent->person,    consent->guardian, consent->document,
                     consent->sha256,  consent->withdrawn, consent->source,   consent->added};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(consent);
}

void roster_exception_free(RosterException *exception)
{
    if (exception == NULL)
        return;
    char *texts[] = {exception->id,       exception->kind,    exception->staff,   exception->staff_person,
                     exception->approver, exception->revoked, exception->purpose, exception->approver_person,
                     exception->approval, exception->source,  exception->added};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(exception->students);
    g_strfreev(exception->values);
    g_clear_pointer(&exception->consents, g_ptr_array_unref);
    g_clear_pointer(&exception->reached, g_hash_table_unref);
    g_free(exception);
}

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
    exception->way = (Way)CLAMP(store_int(stmt, 11), 0, WAY_LAST - 1);
    exception->purpose = g_strdup(store_text(stmt, 12));
    exception->approval = g_strdup(store_text(stmt, 13));
    exception->approved = (int)store_int(stmt, 14);
    exception->recorded_us = store_int(stmt, 15);
    exception->source = g_strdup(store_text(stmt, 16));
    exception->added = g_strdup(store_text(stmt, 17));
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
    for (guint i = 0; i < out->len; i++)
        if (!roster_exception_consents(session, out->pdata[i], error))
            return NULL;
    return g_steal_pointer(&out);
}

// ---- whom one covers ----------------------------------------------------------------------------

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

// Everybody whom the groups among its students reach.
static bool reach_groups(RosterSession *session, RosterException *exception, GError **error)
{
    g_autoptr(GHashTable) reached = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = true;
    for (gsize i = 0; ok && exception->students[i] != NULL; i++) {
        if (!g_str_has_prefix(exception->students[i], "group:"))
            continue;
        g_autoptr(Party) list = NULL;
        ok = list_resolve(session, exception->students[i] + strlen("group:"), &list, error);
        for (guint j = 0; list != NULL && list->members != NULL && j < list->members->len; j++) {
            const Party *member = list->members->pdata[j];
            if (member->person != NULL)
                g_hash_table_add(reached, g_strdup(member->person));
        }
    }
    exception->reached = ok ? g_steal_pointer(&reached) : NULL;
    return ok;
}

static Tri in_group(RosterSession *session, RosterException *exception, const char *person, GError **error)
{
    if (exception->reached == NULL && !reach_groups(session, exception, error))
        return TRI_UNKNOWN;
    return g_hash_table_contains(exception->reached, person) ? TRI_YES : TRI_NO;
}

static Tri in_school(RosterSession *session, const char *school, const char *pid, GError **error)
{
    g_autoptr(Person) person = NULL;
    if (!people_by_pid(session, pid, &person, error))
        return TRI_UNKNOWN;
    g_auto(GStrv) schools =
        person != NULL && person->schools != NULL ? g_strsplit(person->schools, ",", -1) : NULL;
    return schools != NULL && g_strv_contains((const char *const *)schools, school) ? TRI_YES : TRI_NO;
}

static Tri covers(RosterSession *session, RosterException *exception, const char *scope, const Party *student,
                  GError **error)
{
    g_autofree char *person = NULL;
    if (strcmp(scope, "*") == 0 || g_strcmp0(scope, student->canonical) == 0)
        return TRI_YES;
    if (student->person == NULL)
        return TRI_NO;
    if (g_str_has_prefix(scope, "class:"))
        return is_enrolled(session, exception, scope + strlen("class:"), student->person, error);
    if (g_str_has_prefix(scope, "group:"))
        return in_group(session, exception, student->person, error);
    if (g_str_has_prefix(scope, "school:"))
        return in_school(session, scope + strlen("school:"), student->person, error);
    if (!people_pid(session, scope, &person, error))
        return TRI_UNKNOWN;
    return g_strcmp0(person, student->person) == 0 ? TRI_YES : TRI_NO;
}

Tri roster_exception_covers_student(RosterSession *session, RosterException *exception, const Party *student,
                                    GError **error)
{
    Tri found = TRI_NO;
    for (gsize i = 0; found == TRI_NO && exception->students[i] != NULL; i++)
        found = covers(session, exception, exception->students[i], student, error);
    return found;
}
