// Consents: papers by which a guardian allows an exception for one student.
#include "roster/internal.h"

#include <string.h>

static RosterConsent *consent_of_row(StoreStmt *stmt)
{
    RosterConsent *consent = g_new0(RosterConsent, 1);
    consent->student = g_strdup(store_text(stmt, 0));
    consent->guardian = g_strdup(store_text(stmt, 1));
    consent->document = g_strdup(store_text(stmt, 2));
    consent->sha256 = g_strdup(store_text(stmt, 3));
    consent->given = (int)store_int(stmt, 4);
    consent->until = (int)store_int(stmt, 5);
    consent->withdrawn = g_strdup(store_text(stmt, 6));
    consent->source = g_strdup(store_text(stmt, 7));
    consent->added = g_strdup(store_text(stmt, 8));
    return consent;
}

bool roster_exception_consents(RosterSession *session, RosterException *exception, GError **error)
{
    if (exception->consents != NULL)
        return true;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)roster_consent_free);
    StoreStmt *stmt = session_query(session, Q_CONSENTS, exception->id, NULL, error);
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(out, consent_of_row(stmt));
    if (stmt != NULL)
        store_reset(stmt);
    bool ok = step == STORE_DONE;
    for (guint i = 0; ok && i < out->len; i++) {
        RosterConsent *consent = out->pdata[i];
        ok = people_pid(session, consent->student, &consent->person, error);
    }
    exception->consents = ok ? g_steal_pointer(&out) : NULL;
    return ok;
}

// A name in words is what stands on the paper. An address must be a guardian's of the student, or the student's who is 18.
static Tri may_consent(RosterSession *session, const char *guardian, const Party *student, GError **error)
{
    g_autofree char *person = NULL;
    if (strchr(guardian, '@') == NULL)
        return guardian[0] != '\0' ? TRI_YES : TRI_NO;
    if (!people_pid(session, guardian, &person, error))
        return TRI_UNKNOWN;
    if (person == NULL)
        return TRI_NO;
    if (g_strcmp0(person, student->person) == 0)
        return student->adult == TRI_YES ? TRI_YES : TRI_NO;
    return session_has(session, Q_FAMILY, person, student->person, error);
}

// Why the consent does not count on `day`, or NULL. Static.
static const char *flaw_on(const RosterConsent *consent, int day)
{
    return consent->withdrawn != NULL                    ? "consent withdrawn"
           : consent->given > day                        ? "consent given later"
           : consent->until != 0 && consent->until < day ? "consent expired"
                                                         : NULL;
}

Tri roster_exception_consented(RosterSession *session, RosterException *exception, const Party *student,
                               int day, bool *out_withdrawn, char **out_why, GError **error)
{
    const char *why = "no guardian consent";
    Tri good = TRI_NO;
    *out_withdrawn = false;
    if (!roster_exception_consents(session, exception, error))
        return TRI_UNKNOWN;
    for (guint i = 0; good == TRI_NO && i < exception->consents->len; i++) {
        const RosterConsent *consent = exception->consents->pdata[i];
        if (consent->person == NULL || g_strcmp0(consent->person, student->person) != 0)
            continue;
        const char *flaw = flaw_on(consent, day);
        good = flaw != NULL ? TRI_NO : may_consent(session, consent->guardian, student, error);
        why = flaw != NULL ? flaw : "consent of somebody who is no guardian";
        *out_withdrawn |= consent->withdrawn != NULL;
    }
    if (good == TRI_NO)
        *out_why = g_strdup(why);
    return good;
}
