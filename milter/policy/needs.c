// What attachments that are not read yet could still change. Parties, directions and relations are known; a finding or a fact
// that is not there may yet come, one that is there stays.
#include "policy/internal.h"

#include <string.h>

// What a condition may turn out to be once all is read.
typedef struct {
    bool yes, no;
} May;

static const May MAY_BE = {true, true}, CERTAIN = {.yes = true}, NEVER = {.no = true};

static May may_of(Tri holds)
{
    return holds == TRI_YES ? CERTAIN : NEVER;
}

static May may_and(May a, May b)
{
    return (May){a.yes && b.yes, a.no || b.no};
}

static May may_or(May a, May b)
{
    return (May){a.yes || b.yes, a.no && b.no};
}

static May may_not(May a)
{
    return (May){a.no, a.yes};
}

// ---- what attachments can bring --------------------------------------------------------------------------

// Facts about the message as a whole, told before its attachments are read.
static bool fact_of_message(const char *name)
{
    static const char *const NAMES[] = {"too-large", "reader-crashed", "reader-timeout", "reader-refused",
                                        "no-message-id"};
    bool found = false;
    for (gsize i = 0; i < G_N_ELEMENTS(NAMES) && !found; i++)
        found = strcmp(NAMES[i], name) == 0;
    return found;
}

static bool fact_may_come(const FactCond *cond)
{
    const guint read = 1u << DERIVED_STUDENT_DATA | 1u << DERIVED_RECORD_WORDS | 1u << DERIVED_HAS_LINK |
                       1u << DERIVED_PURPOSE_STATED;
    bool may = cond->classes || (cond->derived & read);
    for (guint i = 0; i < cond->names->len && !may; i++)
        may = !fact_of_message(cond->names->pdata[i]);
    return may;
}

// Pictures and documents that a client shows in the text count as its body or its HTML; none is the subject.
static bool finding_may_come(const FindingCond *cond)
{
    bool may = cond->where == NULL;
    for (guint i = 0; cond->where && cond->where[i] && !may; i++)
        may = strcmp(cond->where[i], "subject") != 0;
    return may;
}

// ---- conditions ------------------------------------------------------------------------------------------

static May condition_may(const Condition *condition, Member *member);

// Findings are only added. What negates or reads the whole text may turn either way.
static May finding_may(const FindingCond *cond, Trial *trial)
{
    Tri holds = condition_finding(cond, trial);
    return holds == TRI_NO && finding_may_come(cond) ? MAY_BE : may_of(holds);
}

static May fact_may(const FactCond *cond, Trial *trial)
{
    // Words of records count only as long as no student's record is found; what an archive holds may be pictures or not.
    bool turns = cond->derived & (1u << DERIVED_RECORD_WORDS | 1u << DERIVED_IMAGE_ONLY);
    Tri holds = condition_fact(cond, trial);
    return turns || (holds == TRI_NO && fact_may_come(cond)) ? MAY_BE : may_of(holds);
}

// Parts and links may still come; whom the message reaches and when it came is known.
static May message_may(const MessageCond *cond, Member *member)
{
    DecideContext *context = member->context;
    Tri holds = condition_message(cond, false, context);
    if (holds != TRI_YES || (!cond->attachment && !cond->link))
        return may_of(holds);
    bool turns = cond->attachment && (cond->attachment->states != 0 || cond->attachment->types);
    return !turns && condition_message(cond, true, context) == TRI_YES ? CERTAIN : MAY_BE;
}

static May own_may(const Condition *condition, Member *member)
{
    May may = may_of(condition_parties(condition, member));
    if (condition->message && may.yes)
        may = may_and(may, message_may(condition->message, member));
    if (!may.yes || (!condition->finding && !condition->fact))
        return may;
    g_autofree bool *matched = g_new0(bool, member->context->in->detection->findings->len + 1);
    g_autoptr(GPtrArray) facts = g_ptr_array_new();
    Trial trial = {member, NULL, matched, facts};
    if (condition->finding)
        may = may_and(may, finding_may(condition->finding, &trial));
    if (condition->fact && may.yes)
        may = may_and(may, fact_may(condition->fact, &trial));
    return may;
}

static May branches_any(const GPtrArray *branches, Member *member)
{
    May may = NEVER;
    for (guint i = 0; i < branches->len; i++)
        may = may_or(may, condition_may(branches->pdata[i], member));
    return may;
}

// The roster's failure stands in the context; whoever asked looks there.
static May condition_may(const Condition *condition, Member *member)
{
    May may = own_may(condition, member);
    for (guint i = 0; condition->all && i < condition->all->len && may.yes; i++)
        may = may_and(may, condition_may(condition->all->pdata[i], member));
    if (condition->any && may.yes)
        may = may_and(may, branches_any(condition->any, member));
    if (condition->none && may.yes)
        may = may_and(may, may_not(branches_any(condition->none, member)));
    return may;
}

// ---- rules -----------------------------------------------------------------------------------------------

// Is the recipient carved out whatever the attachments hold, may it be, or never? Carve-outs that select findings take
// findings and not the recipient.
static May carved_may(const Rule *rule, Member *member)
{
    May may = NEVER;
    for (guint i = 0; i < rule->unless->len; i++) {
        const Condition *unless = rule->unless->pdata[i];
        if (!unless->selects)
            may = may_or(may, condition_may(unless, member));
    }
    return may;
}

// May a carve-out take findings that are there already, because of something that attachments bring?
static bool findings_may_be_taken(const Rule *rule, Member *member)
{
    bool may = rule->exceptions !=
               0; // a covered detail covers what asks to use it, a stated purpose covers a detail
    for (guint i = 0; i < rule->unless->len && !may; i++) {
        const Condition *unless = rule->unless->pdata[i];
        May holds = unless->selects ? condition_may(unless, member) : NEVER;
        may = holds.yes && holds.no;
    }
    return may;
}

// True when a family exception carves the recipient out: its use is told, if the rule would have fired.
static bool family_used(const Member *member)
{
    bool used = false;
    for (guint i = 0; i < member->family_tries->len && !used; i++)
        used = ((const ExceptionTry *)member->family_tries->pdata[i])->used;
    return used;
}

// Could reading change what becomes of `rule` for `member`, or what it tells? False in `out` when not.
static bool rule_may_change(const Rule *rule, Member *member, bool *out)
{
    DecideContext *context = member->context;
    Outcome now = OUTCOME_LAST;
    *out = false;
    May when = condition_may(rule->when, member);
    if (!when.yes || context->error)
        return context->error == NULL;
    May carved = carved_may(rule, member);
    if (context->error)
        return false;
    if (!carved.no) {
        *out = when.no && family_used(member);
        return true;
    }
    if (!member_try(member, rule, &now))
        return false;
    // What selects findings tells of each of them, also when it fires already.
    *out = now != OUTCOME_FIRED || rule->when->selects || when.no || carved.yes ||
           findings_may_be_taken(rule, member);
    return context->error == NULL;
}

static bool member_needs(DecideContext *context, const Party *party, guint rcpt, bool *needs)
{
    const GPtrArray *rules = context->in->policy->rules;
    Member member = member_of(context, party, rcpt);
    bool good = true;
    for (guint i = 0; i < rules->len && good && !*needs; i++)
        good = rule_may_change(rules->pdata[i], &member, needs);
    member_clear(&member);
    return good;
}

static bool rcpt_needs(DecideContext *context, guint rcpt, bool *needs)
{
    const Party *party = context->in->parties->rcpts->pdata[rcpt];
    *needs = false;
    bool good = member_needs(context, party, rcpt, needs);
    for (guint i = 0; good && !*needs && party->members && i < party->members->len; i++)
        good = member_needs(context, party->members->pdata[i], rcpt, needs);
    return good;
}

bool policy_needs(const PolicyInput *input, PolicyNeeds *out_needs, bool *out_rcpts, GError **error)
{
    DecideContext context;
    const GPtrArray *rcpts = input->parties->rcpts;
    bool good = decide_begin(&context, input);
    *out_needs = (PolicyNeeds){0};
    for (guint i = 0; good && i < rcpts->len; i++) {
        bool needs = false;
        good = rcpt_needs(&context, i, &needs);
        out_needs->wanted |= needs;
        out_needs->students |= needs && party_reaches(rcpts->pdata[i], ROLE_STUDENT);
        if (out_rcpts)
            out_rcpts[i] = needs;
    }
    if (!good)
        decide_fail(&context, error);
    decide_end(&context);
    return good;
}
