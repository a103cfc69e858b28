// Does an exception cover a finding for a recipient? Everything that is missing or not known for sure fails
// closed; every try says why.
#include "policy/internal.h"

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

static char *date_text(int date)
{
    return g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

// Why the exception is not in force for anybody today; NULL when it is. Caller frees.
static char *not_in_force(const RosterException *exception, int kind, int today)
{
    if (exception->revoked)
        return g_strdup_printf("revoked %s", exception->revoked);
    if (kind < 0)
        return g_strdup_printf("unknown kind %s", exception->kind);
    if (!exception->from || today < exception->from) {
        g_autofree char *from = date_text(exception->from);
        return g_strdup_printf("begins %s", from);
    }
    if (today > exception->until) {
        g_autofree char *until = date_text(exception->until);
        return g_strdup_printf("expired %s", until);
    }
    if (!exception->approver || !*exception->approver)
        return g_strdup("no approver");
    bool self =
        g_strcmp0(exception->approver, exception->staff) == 0 ||
        (exception->approver_person && g_strcmp0(exception->approver_person, exception->staff_person) == 0);
    if (self)
        return g_strdup("approved by the beneficiary");
    if (kind == EXCEPTION_APPROVED && !exception->guardian_consent)
        return g_strdup("no guardian consent");
    return NULL;
}

// A guardian is covered by a trip that covers a child of theirs.
static Tri covers_guardian(DecideContext *context, const RosterException *exception, const Party *guardian)
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

static Tri covers_member(Member *member, guint index)
{
    DecideContext *context = member->context;
    const RosterException *exception = context->exceptions->pdata[index];
    if (!member->covers) {
        member->covers = g_new(Tri, context->exceptions->len);
        for (guint i = 0; i < context->exceptions->len; i++)
            member->covers[i] = TRI_UNKNOWN;
    }
    if (member->covers[index] != TRI_UNKNOWN)
        return member->covers[index];
    Tri covers = TRI_NO;
    if (member->party->role == ROLE_STUDENT)
        covers =
            roster_exception_covers_student(context->in->roster, exception, member->party, &context->error);
    else if (member->party->role == ROLE_GUARDIAN && strcmp(exception->kind, "trip") == 0 &&
             member->party->person)
        covers = covers_guardian(context, exception, member->party);
    member->covers[index] = covers;
    return covers;
}

// ---- family ----------------------------------------------------------------------------------------------

static Tri family_by_exception(Member *member)
{
    DecideContext *context = member->context;
    if (!exceptions_load(context))
        return TRI_UNKNOWN;
    Tri family = TRI_NO;
    for (guint i = 0; i < context->exceptions->len && family == TRI_NO; i++) {
        const RosterException *exception = context->exceptions->pdata[i];
        if (g_strcmp0(exception->kind, "family") != 0)
            continue;
        g_autofree char *why = not_in_force(exception, EXCEPTION_FAMILY, context->today);
        Tri covers = covers_member(member, i);
        if (covers == TRI_UNKNOWN)
            return TRI_UNKNOWN;
        if (!why && covers == TRI_NO)
            why = g_strdup("another student");
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

static bool values_cover(const RosterException *exception, const Finding *finding)
{
    bool covered = false;
    for (guint i = 0; exception->values && exception->values[i] && !covered; i++)
        covered = value_is(exception->values[i], finding);
    return covered;
}

// "Call or text me at <the covered number>": a solicitation goes with the covered detail of the same message.
static bool value_covered(const DecideContext *context, const RosterException *exception,
                          const Finding *finding)
{
    if (finding->kind != KIND_SOLICITATION)
        return values_cover(exception, finding);
    const GPtrArray *findings = context->in->detection->findings;
    bool covered = false;
    for (guint i = 0; i < findings->len && !covered; i++) {
        const Finding *other = findings->pdata[i];
        covered = kind_is_contact(other->kind) && other->kind != KIND_EMAIL && values_cover(exception, other);
    }
    return covered;
}

// Tries one exception on one finding: why it does not cover, or NULL when it does.
static char *cover_why(Member *member, guint index, int kind, const Finding *finding)
{
    DecideContext *context = member->context;
    const RosterException *exception = context->exceptions->pdata[index];
    char *why = not_in_force(exception, kind, context->today);
    if (why)
        return why;
    if (!value_covered(context, exception, finding))
        return g_strdup("another value");
    Tri covers = covers_member(member, index);
    if (covers == TRI_NO)
        why = g_strdup("another student");
    else if (covers == TRI_UNKNOWN)
        why = g_strdup("the roster could not tell");
    return why;
}

Cover member_covered(Member *member, guint kinds, guint index, GPtrArray *tries)
{
    DecideContext *context = member->context;
    const Finding *finding = context->in->detection->findings->pdata[index];
    if (finding->kind > KIND_SOLICITATION) // exceptions are about ways to reach somebody
        return COVER_NO;
    if (!exceptions_load(context))
        return COVER_FAILED;
    Cover best = COVER_NO;
    for (guint i = 0; i < context->exceptions->len && best != COVER_YES && !context->error; i++) {
        const RosterException *exception = context->exceptions->pdata[i];
        int kind = names_find(names_exception, EXCEPTION_LAST, exception->kind);
        if (kind >= 0 && !(kinds & (1u << kind)))
            continue;
        g_autofree char *why = cover_why(member, i, kind, finding);
        bool purpose = !why && exception->purpose_required && !purpose_stated(context);
        Cover cover = why ? COVER_NO : purpose ? COVER_PURPOSE : COVER_YES;
        best = MAX(best, cover);
        g_ptr_array_add(tries, exception_try_new(exception->id, index, member->party->address, !why,
                                                 why       ? why
                                                 : purpose ? "covers, but the purpose is not stated"
                                                           : "covers"));
    }
    return context->error ? COVER_FAILED : best;
}
