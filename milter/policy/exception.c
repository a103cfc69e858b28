// Does an exception cover a finding for a recipient? Everything that is missing or not known for sure fails
// closed; every try says why.
#include "policy/internal.h"
#include "roster/canon.h"

#include <string.h>

ExceptionTry *exception_try_new(const char *id, guint finding, const char *student, bool used,
                                const char *why)
{
    ExceptionTry *try = g_new0(ExceptionTry, 1);
    try->id = g_strdup(id);
    try->finding = finding;
    try->student = g_strdup(student);
    try->used = used;
    try->why = g_strdup(why);
    return try;
}

void exception_try_free(ExceptionTry *try)
{
    if (!try)
        return;
    g_free(try->id);
    g_free(try->student);
    g_free(try->why);
    g_free(try);
}

static bool exceptions_load(DecideContext *context)
{
    if (!context->exceptions)
        context->exceptions =
            roster_exceptions_of(context->in->roster, context->in->parties->sender, &context->error);
    return context->exceptions != NULL;
}

// Does a student write to the staff member that `member` is?
static bool from_student(const Member *member)
{
    return member->context->in->parties->sender->role == ROLE_STUDENT && member->party->role == ROLE_STAFF;
}

// The exceptions that may cover what this member is told: the sender's, or the member's own where a student writes to staff.
// NULL when the roster could not tell.
static const GPtrArray *exceptions_of(Member *member)
{
    DecideContext *context = member->context;
    if (!from_student(member))
        return exceptions_load(context) ? context->exceptions : NULL;
    if (!member->exceptions)
        member->exceptions = roster_exceptions_of(context->in->roster, member->party, &context->error);
    return member->exceptions;
}

static const Party *student_of(const Member *member)
{
    return from_student(member) ? member->context->in->parties->sender : member->party;
}

static ExceptionDay day_of(const DecideContext *context)
{
    return (ExceptionDay){.policy = context->in->policy,
                          .roster = context->in->roster,
                          .today = context->today,
                          .now_us = context->in->now_us};
}

// ---- whom it covers --------------------------------------------------------------------------------------

// A guardian is covered by a trip that covers a child of theirs.
static Tri covers_guardian(DecideContext *context, RosterException *exception, const Party *guardian)
{
    g_autoptr(GPtrArray) children =
        roster_children_of(context->in->roster, guardian->person, &context->error);
    if (!children)
        return TRI_UNKNOWN;
    Tri covers = TRI_NO;
    for (guint i = 0; i < children->len && covers == TRI_NO; i++) {
        Party child = {.role = ROLE_STUDENT, .person = children->pdata[i], .enabled = true};
        covers = roster_exception_covers_student(context->in->roster, exception, &child, &context->error);
    }
    return covers;
}

static Tri covers_party(DecideContext *context, RosterException *exception, const Party *party)
{
    if (party->role == ROLE_STUDENT)
        return roster_exception_covers_student(context->in->roster, exception, party, &context->error);
    if (party->role == ROLE_GUARDIAN && strcmp(exception->kind, "trip") == 0 && party->person)
        return covers_guardian(context, exception, party);
    return TRI_NO;
}

static Tri covers_member(Member *member, const GPtrArray *exceptions, guint index)
{
    if (!member->covers) {
        member->covers = g_new(Tri, exceptions->len);
        for (guint i = 0; i < exceptions->len; i++)
            member->covers[i] = TRI_UNKNOWN;
    }
    if (member->covers[index] == TRI_UNKNOWN)
        member->covers[index] = covers_party(member->context, exceptions->pdata[index], student_of(member));
    return member->covers[index];
}

// What exception_demand_why says, asked once a message: a list has a thousand members.
static bool demand_why(DecideContext *context, const RosterException *exception, int kind, char **out_why)
{
    if (!context->papers)
        context->papers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *known = g_hash_table_lookup(context->papers, exception->id);
    if (!known) {
        const ExceptionDay day = day_of(context);
        if (!exception_demand_why(&day, exception, kind, out_why, &context->error))
            return false;
        g_hash_table_insert(context->papers, g_strdup(exception->id), g_strdup(*out_why ? *out_why : ""));
        return true;
    }
    *out_why = *known ? g_strdup(known) : NULL;
    return true;
}

// Why an exception that is for the member does not cover all the same; NULL in *out_why when it does. False when the roster
// could not tell. Guardians of a trip need no consent of their own.
static bool papers_why(Member *member, RosterException *exception, int kind, char **out_why)
{
    DecideContext *context = member->context;
    const ExceptionDay day = day_of(context);
    const Party *student = student_of(member);
    if (!demand_why(context, exception, kind, out_why))
        return false;
    if (*out_why || student->role != ROLE_STUDENT)
        return true;
    return exception_consent_why(&day, exception, kind, student, out_why, &context->error);
}

// ---- family ----------------------------------------------------------------------------------------------

// Why the family exception is none for the member, or NULL in *out_why.
static bool family_why(Member *member, guint index, char **out_why)
{
    DecideContext *context = member->context;
    RosterException *exception = context->exceptions->pdata[index];
    *out_why = exception_not_in_force(exception, EXCEPTION_FAMILY, context->today);
    Tri covers = covers_member(member, context->exceptions, index);
    if (covers == TRI_NO && !*out_why)
        *out_why = g_strdup("another student");
    return covers != TRI_UNKNOWN && (*out_why || papers_why(member, exception, EXCEPTION_FAMILY, out_why));
}

static Tri family_by_exception(Member *member)
{
    DecideContext *context = member->context;
    if (!exceptions_load(context))
        return TRI_UNKNOWN;
    Tri family = TRI_NO;
    for (guint i = 0; i < context->exceptions->len && family == TRI_NO; i++) {
        const RosterException *exception = context->exceptions->pdata[i];
        g_autofree char *why = NULL;
        if (g_strcmp0(exception->kind, "family") != 0)
            continue;
        if (!family_why(member, i, &why))
            return TRI_UNKNOWN;
        family = why ? TRI_NO : TRI_YES;
        g_ptr_array_add(member->family_tries, exception_try_new(exception->id, 0, member->party->address,
                                                                !why, why ? why : "covers: family"));
    }
    return family;
}

Tri member_is_family(Member *member)
{
    const Party *sender = member->context->in->parties->sender, *party = member->party;
    if (member->family != TRI_UNKNOWN)
        return member->family;
    bool pair =
        sender->person && party->person && ((party->role == ROLE_STUDENT) != (sender->role == ROLE_STUDENT));
    if (!pair)
        return member->family = TRI_NO;
    bool to_child = party->role == ROLE_STUDENT;
    Tri family = roster_is_family(member->context->in->roster, to_child ? sender->person : party->person,
                                  to_child ? party->person : sender->person, &member->context->error);
    if (family == TRI_NO && to_child)
        family = family_by_exception(member);
    member->family = family;
    return family;
}

// ---- findings --------------------------------------------------------------------------------------------

// Canonical values are equal; a number written without its area code is the covered one when it ends it.
static bool value_is(const char *covered, const Finding *finding)
{
    const char *value = finding->value;
    if (strcmp(covered, "*") == 0)
        return true;
    if (!value)
        return false;
    if (strcmp(covered, value) == 0)
        return true;
    return finding->kind == KIND_PHONE && strlen(value) == 7 && *covered == '+' &&
           g_str_has_suffix(covered, value);
}

// A student's own number is seldom on a trip's papers: in what students write, their own details of the kinds that are
// there are covered with it.
static bool own_detail(const RosterException *exception, const Finding *finding)
{
    bool own =
        finding->owner == OWNER_SENDER || finding->owner == OWNER_STUDENT || finding->owner == OWNER_UNKNOWN;
    bool covered = false;
    for (guint i = 0; own && exception->values && exception->values[i] && !covered; i++)
        covered = canon_guess(exception->values[i]) == finding->kind;
    return covered;
}

static bool values_cover(const Member *member, const RosterException *exception, const Finding *finding)
{
    bool covered = false;
    for (guint i = 0; exception->values && exception->values[i] && !covered; i++)
        covered = value_is(exception->values[i], finding);
    return covered || (from_student(member) && own_detail(exception, finding));
}

// "Call or text me at <the covered number>": a solicitation goes with the covered detail of the same message.
static bool value_covered(const Member *member, const RosterException *exception, const Finding *finding)
{
    if (finding->kind != KIND_SOLICITATION)
        return values_cover(member, exception, finding);
    const GPtrArray *findings = member->context->in->detection->findings;
    bool covered = false;
    for (guint i = 0; i < findings->len && !covered; i++) {
        const Finding *other = findings->pdata[i];
        covered = kind_is_contact(other->kind) && other->kind != KIND_EMAIL &&
                  values_cover(member, exception, other);
    }
    return covered;
}

static bool way_covers(const Member *member, const RosterException *exception)
{
    return exception->way == WAY_BOTH ||
           exception->way == (from_student(member) ? WAY_FROM_STUDENTS : WAY_TO_STUDENTS);
}

// Tries one exception on one finding: why it does not cover, or NULL when it does.
static char *cover_why(Member *member, const GPtrArray *exceptions, guint index, int kind,
                       const Finding *finding)
{
    RosterException *exception = exceptions->pdata[index];
    char *why = exception_not_in_force(exception, kind, member->context->today);
    if (why)
        return why;
    if (!way_covers(member, exception))
        return g_strdup_printf("covers %s only", way_name(exception->way));
    if (!value_covered(member, exception, finding))
        return g_strdup("another value");
    Tri covers = covers_member(member, exceptions, index);
    if (covers == TRI_NO)
        return g_strdup("another student");
    if (covers == TRI_UNKNOWN || !papers_why(member, exception, kind, &why))
        return g_strdup("the roster could not tell");
    return why;
}

// A purpose is the business of who gives a detail to students.
static bool purpose_missing(Member *member, const RosterException *exception, int kind)
{
    return !from_student(member) && exception_asks_purpose(member->context->in->policy, exception, kind) &&
           !purpose_stated(member->context);
}

Cover member_covered(Member *member, guint kinds, guint index, GPtrArray *tries)
{
    DecideContext *context = member->context;
    const Finding *finding = context->in->detection->findings->pdata[index];
    if (finding->kind > KIND_SOLICITATION) // exceptions are about ways to reach somebody
        return COVER_NO;
    const GPtrArray *exceptions = exceptions_of(member);
    Cover best = COVER_NO;
    for (guint i = 0; exceptions && i < exceptions->len && best != COVER_YES && !context->error; i++) {
        const RosterException *exception = exceptions->pdata[i];
        int kind = names_find(names_exception, EXCEPTION_LAST, exception->kind);
        if (kind >= 0 && !(kinds & (1u << kind)))
            continue;
        g_autofree char *why = cover_why(member, exceptions, i, kind, finding);
        bool purpose = !why && purpose_missing(member, exception, kind);
        Cover cover = why ? COVER_NO : purpose ? COVER_PURPOSE : COVER_YES;
        best = MAX(best, cover);
        g_ptr_array_add(tries, exception_try_new(exception->id, index, member->party->address, !why,
                                                 why       ? why
                                                 : purpose ? "covers, but the purpose is not stated"
                                                           : "covers"));
    }
    return exceptions && !context->error ? best : COVER_FAILED;
}
