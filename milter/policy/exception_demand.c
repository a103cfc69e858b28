// What an exception must be before it covers anybody: in force, approved by somebody else who may, with the papers that the
// policy asks for. What is missing or not known for sure fails closed.
#include "policy/internal.h"

#include <string.h>

#define HOUR_US (3600 * (int64_t)G_USEC_PER_SEC)

static char *date_text(int date)
{
    return g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

static char *dated(const char *what, int date)
{
    g_autofree char *text = date_text(date);
    return g_strdup_printf("%s %s", what, text);
}

static bool approved_by_self(const RosterException *exception)
{
    return g_strcmp0(exception->approver, exception->staff) == 0 ||
           (exception->approver_person &&
            g_strcmp0(exception->approver_person, exception->staff_person) == 0);
}

char *exception_not_in_force(const RosterException *exception, int kind, int today)
{
    if (exception->revoked)
        return g_strdup_printf("revoked %s", exception->revoked);
    if (kind < 0)
        return g_strdup_printf("unknown kind %s", exception->kind);
    if (!exception->from || today < exception->from)
        return dated("begins", exception->from);
    if (today > exception->until)
        return dated("expired", exception->until);
    if (!exception->approver || !*exception->approver)
        return g_strdup("no approver");
    return approved_by_self(exception) ? g_strdup("approved by the beneficiary") : NULL;
}

// ---- who may approve -------------------------------------------------------------------------------------

static bool position_fits(char **patterns, const char *position)
{
    g_autofree char *lower = g_utf8_strdown(position, -1);
    bool fits = false;
    for (guint i = 0; patterns[i] && !fits; i++) {
        g_autofree char *pattern = g_utf8_strdown(patterns[i], -1);
        fits = g_pattern_match_simple(pattern, lower);
    }
    return fits;
}

// By a position of the approver; who is the staff member's manager by the roster is their supervisor.
static Tri may_approve(const ExceptionDay *day, const RosterException *exception, char **patterns,
                       GError **error)
{
    g_autoptr(Party) approver = roster_resolve(day->roster, exception->approver, error);
    if (!approver)
        return TRI_UNKNOWN;
    bool may = false;
    if (approver->role != ROLE_STAFF || !approver->enabled)
        return TRI_NO;
    for (guint i = 0; approver->positions && i < approver->positions->len && !may; i++)
        may = position_fits(patterns, approver->positions->pdata[i]);
    if (may || !position_fits(patterns, "supervisor"))
        return may ? TRI_YES : TRI_NO;
    g_autoptr(Party) staff = roster_resolve(day->roster, exception->staff, error);
    if (!staff)
        return TRI_UNKNOWN;
    return staff->manager && g_strcmp0(staff->manager, approver->person) == 0 ? TRI_YES : TRI_NO;
}

// ---- when it was recorded, and its papers ----------------------------------------------------------------

static char *recorded_too_late(const ExceptionDay *day, const RosterException *exception, int hours)
{
    if (hours < 0)
        return NULL;
    if (exception->recorded_us == 0)
        return g_strdup("not known when it was recorded");
    if (day->now_us >= exception->recorded_us - hours * HOUR_US)
        return NULL;
    g_autofree char *recorded = clock_format(exception->recorded_us);
    return g_strdup_printf("recorded %s, more than %d hours later", recorded, hours);
}

static char *paper_missing(const ExceptionDay *day, const RosterException *exception, Tri wanted)
{
    if (exception->approved > day->today)
        return dated("approved", exception->approved);
    bool missing =
        wanted == TRI_YES && (!exception->approval || !*exception->approval || !exception->approved);
    return missing ? g_strdup("no paper of the approval") : NULL;
}

bool exception_demand_why(const ExceptionDay *day, const RosterException *exception, int kind, char **out_why,
                          GError **error)
{
    const ExceptionDemand *demand = &day->policy->demands[kind];
    char *why = recorded_too_late(day, exception, demand->retro_hours);
    if (!why)
        why = paper_missing(day, exception, demand->document);
    Tri may = why || !demand->approvers ? TRI_YES : may_approve(day, exception, demand->approvers, error);
    if (may == TRI_NO)
        why = g_strdup("approved by somebody who may not");
    *out_why = why;
    return may != TRI_UNKNOWN;
}

bool exception_consent_why(const ExceptionDay *day, RosterException *exception, int kind,
                           const Party *student, char **out_why, GError **error)
{
    Tri wanted = day->policy->demands[kind].consent;
    bool by_word = wanted != TRI_YES && (exception->guardian_consent || kind != EXCEPTION_APPROVED);
    bool withdrawn = false;
    g_autofree char *why = NULL;
    *out_why = NULL;
    if (wanted == TRI_NO)
        return true;
    Tri consented =
        roster_exception_consented(day->roster, exception, student, day->today, &withdrawn, &why, error);
    if (consented == TRI_NO && (!by_word || withdrawn))
        *out_why = g_steal_pointer(&why);
    return consented != TRI_UNKNOWN;
}

bool exception_asks_purpose(const Policy *policy, const RosterException *exception, int kind)
{
    Tri wanted = policy->demands[kind].purpose;
    return wanted == TRI_YES || (wanted == TRI_UNKNOWN && exception->purpose_required);
}

// ---- what people who keep exceptions ask -----------------------------------------------------------------

// Consent is asked for, and not one that stands was given.
static bool without_consent(const ExceptionDay *day, RosterException *exception, int kind, bool *out,
                            GError **error)
{
    Tri wanted = day->policy->demands[kind].consent;
    bool asked = wanted == TRI_YES ||
                 (wanted == TRI_UNKNOWN && kind == EXCEPTION_APPROVED && !exception->guardian_consent);
    *out = asked;
    if (asked && !roster_exception_consents(day->roster, exception, error))
        return false;
    for (guint i = 0; asked && *out && i < exception->consents->len; i++)
        *out = ((const RosterConsent *)exception->consents->pdata[i])->withdrawn != NULL;
    return true;
}

bool policy_exception_flaw(const Policy *policy, RosterSession *roster, RosterException *exception, int today,
                           int64_t now_us, char **out_flaw, GError **error)
{
    const ExceptionDay day = {.policy = policy, .roster = roster, .today = today, .now_us = now_us};
    int kind = names_find(names_exception, EXCEPTION_LAST, exception->kind);
    bool missing = false;
    *out_flaw = NULL;
    if (kind < 0)
        *out_flaw = g_strdup_printf("unknown kind %s", exception->kind);
    else if (!exception->approver || !*exception->approver)
        *out_flaw = g_strdup("no approver");
    else if (approved_by_self(exception))
        *out_flaw = g_strdup("approved by the beneficiary");
    else if (!exception->staff_person)
        *out_flaw = g_strdup("the staff member is not in the roster");
    if (*out_flaw)
        return true;
    if (!exception_demand_why(&day, exception, kind, out_flaw, error) ||
        (!*out_flaw && !without_consent(&day, exception, kind, &missing, error)))
        return false;
    if (missing)
        *out_flaw = g_strdup("no guardian consent");
    return true;
}

bool policy_exception_asks(const Policy *policy, const char *kind, PolicyExceptionDemand *out)
{
    int index = names_find(names_exception, EXCEPTION_LAST, kind);
    if (index < 0)
        return false;
    const ExceptionDemand *demand = &policy->demands[index];
    *out = (PolicyExceptionDemand){.retro_hours = demand->retro_hours,
                                   .consent = demand->consent,
                                   .purpose = demand->purpose,
                                   .document = demand->document,
                                   .approvers = demand->approvers};
    return true;
}
