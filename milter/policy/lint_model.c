// Can a condition hold at all? Tried for every kind of sender and recipient, the rest of the message left open.
#include "policy/lint.h"

#include <string.h>

const LintParty *lint_parties(guint *count)
{
    static const LintParty parties[] = {
        {ROLE_STAFF, true},        {ROLE_STAFF, false},    {ROLE_STUDENT, true}, {ROLE_STUDENT, false},
        {ROLE_GUARDIAN, true},     {ROLE_GUARDIAN, false}, {ROLE_SERVICE, true}, {ROLE_LIST, true},
        {ROLE_LIST_UNKNOWN, true}, {ROLE_EXTERNAL, false},
    };
    *count = G_N_ELEMENTS(parties);
    return parties;
}

static Tri tri_not(Tri tri)
{
    return tri == TRI_UNKNOWN ? tri : tri == TRI_YES ? TRI_NO : TRI_YES;
}

static Tri tri_and(Tri a, Tri b)
{
    return a == TRI_NO || b == TRI_NO ? TRI_NO : a == TRI_YES && b == TRI_YES ? TRI_YES : TRI_UNKNOWN;
}

static Tri tri_or(Tri a, Tri b)
{
    return tri_not(tri_and(tri_not(a), tri_not(b)));
}

// Open where it is possible, else what is asked must be no.
static Tri may_be(Tri asked, bool possible)
{
    return asked == TRI_UNKNOWN ? TRI_YES : possible ? TRI_UNKNOWN : asked == TRI_NO ? TRI_YES : TRI_NO;
}

static bool is_person(LintParty party)
{
    return party.role == ROLE_STAFF || party.role == ROLE_STUDENT || party.role == ROLE_GUARDIAN;
}

// ---- parties ---------------------------------------------------------------------------------------------

static Tri relations_hold(const PartyCond *cond, LintParty party, LintParty sender)
{
    bool people = is_person(party) && is_person(sender);
    bool classes = people && party.role != ROLE_GUARDIAN && sender.role != ROLE_GUARDIAN;
    bool teaching = classes && (party.role == ROLE_STAFF) != (sender.role == ROLE_STAFF);
    bool staff = party.role == ROLE_STAFF && sender.role == ROLE_STAFF;
    Tri holds = may_be(cond->family, people);
    holds = tri_and(holds, may_be(cond->own_private, people && !party.school));
    holds = tri_and(holds, may_be(cond->self, people));
    holds = tri_and(holds, may_be(cond->teaches, teaching));
    holds = tri_and(holds, may_be(cond->same_class, classes));
    holds = tri_and(holds, may_be(cond->same_school, people));
    holds = tri_and(holds, may_be(cond->manager, staff));
    return tri_and(holds, may_be(cond->managed, staff));
}

static Tri party_holds(const PartyCond *cond, LintParty party, LintParty sender)
{
    bool roles = cond->roles == 0 || (cond->roles & (1u << party.role));
    bool accounts =
        cond->accounts == 0 || (cond->accounts & (1u << (party.school ? ACCOUNT_SCHOOL : ACCOUNT_PERSONAL)));
    bool classes = !cond->classes || party.role == ROLE_STUDENT || party.role == ROLE_STAFF;
    bool student = (!cond->grades && cond->adult == TRI_UNKNOWN) || party.role == ROLE_STUDENT;
    bool person = (!cond->schools && !cond->positions) || is_person(party);
    if (!roles || !accounts || !classes || !student || !person)
        return TRI_NO;
    bool also = cond->also && !(cond->also & (1u << party.role));
    if (also && !is_person(party))
        return TRI_NO;
    bool open = also || cond->addresses || cond->schools || cond->classes || cond->grades ||
                cond->positions || cond->adult != TRI_UNKNOWN || cond->enabled != TRI_UNKNOWN ||
                cond->authenticated != TRI_UNKNOWN;
    return tri_and(open ? TRI_UNKNOWN : TRI_YES, relations_hold(cond, party, sender));
}

// Somebody else is among the recipients: possible when anybody can be such a one.
static Tri with_holds(const PartyCond *cond, LintParty sender)
{
    guint count;
    const LintParty *parties = lint_parties(&count);
    bool possible = false;
    for (guint i = 0; i < count && !possible; i++)
        possible = party_holds(cond, parties[i], sender) != TRI_NO;
    return possible ? TRI_UNKNOWN : TRI_NO;
}

static Tri parties_hold(const Condition *condition, const LintWorld *world)
{
    if (world->any_party)
        return TRI_UNKNOWN;
    Tri holds = condition->sender ? party_holds(condition->sender, world->sender, world->sender) : TRI_YES;
    if (condition->recipient)
        holds = tri_and(holds, party_holds(condition->recipient, world->recipient, world->sender));
    return condition->with ? tri_and(holds, with_holds(condition->with, world->sender)) : holds;
}

static Tri direction_holds(const Condition *condition, const LintWorld *world)
{
    if (condition->directions == 0 || world->any_direction)
        return TRI_YES;
    Direction direction = world->sender.school
                              ? (world->recipient.school ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND)
                              : (world->recipient.school ? DIRECTION_INBOUND : DIRECTION_EXTERNAL);
    return condition->directions & (1u << direction) ? TRI_YES : TRI_NO;
}

// ---- findings and facts ----------------------------------------------------------------------------------

static bool any_known(char *const *values, const char *const *known)
{
    bool found = false;
    for (guint i = 0; values[i] && !found; i++)
        found = g_strv_contains(known, values[i]);
    return found;
}

static bool any_category(char *const *values, const GPtrArray *categories)
{
    bool found = false;
    for (guint i = 0; values[i] && !found; i++)
        found = g_ptr_array_find_with_equal_func((GPtrArray *)categories, values[i], g_str_equal, NULL);
    return found;
}

static bool finding_possible(const FindingCond *cond, const LintWorld *world)
{
    static const char *const records[] = {"ssn", "student-id", "student-names", "record-words", NULL};
    const guint record = 1u << KIND_STUDENT_RECORD, phrase = 1u << KIND_PHRASE;
    bool outsider = world->sender.role == ROLE_EXTERNAL || world->sender.role == ROLE_GUARDIAN;
    guint kinds = cond->kinds;
    // Records are not looked for in what outsiders and guardians send.
    if ((kinds & record) &&
        ((outsider && !world->any_party) || (cond->values && !any_known(cond->values, records))))
        kinds &= ~record;
    if ((kinds & phrase) && cond->values && world->categories &&
        !any_category(cond->values, world->categories))
        kinds &= ~phrase;
    if (world->content == LINT_WORDS_ONLY)
        kinds &= phrase;
    bool child_only = cond->whose == (1u << WHOSE_CHILD);
    bool no_child = (cond->owners && !(cond->owners & (1u << OWNER_STUDENT))) ||
                    (world->recipient.role == ROLE_STUDENT && !world->any_party);
    return kinds != 0 && world->content != LINT_NOTHING_FOUND && !(child_only && no_child);
}

static Tri derived_may(Derived derived, const LintWorld *world)
{
    const Policy *policy = world->policy;
    bool possible = true;
    switch (derived) {
    case DERIVED_FORWARDED_TO_SELF:
    case DERIVED_PRIVATE_FROM:
    case DERIVED_PRIVATE_SENDER:
    case DERIVED_PRIVATE_REPLY_TO:
    case DERIVED_PRIVATE_TO:
    case DERIVED_PRIVATE_CC:
        possible = world->any_party || (is_person(world->sender) && world->sender.school);
        break;
    case DERIVED_STAFF_NAME_OUTSIDE:
        possible = world->any_party || world->sender.role == ROLE_EXTERNAL;
        break;
    case DERIVED_RECORD_WORDS:
        possible = policy->record_words->len > 0;
        break;
    case DERIVED_LATE_HOURS:
        possible = policy->has_hours;
        break;
    case DERIVED_PURPOSE_STATED:
        possible = policy->purpose.phrases->len > 0;
        break;
    default:
        break;
    }
    return possible ? TRI_UNKNOWN : TRI_NO;
}

static Tri fact_holds(const FactCond *cond, const LintWorld *world)
{
    if (world->any_finding)
        return TRI_UNKNOWN;
    if (world->content != LINT_OPEN)
        return TRI_NO;
    Tri holds = cond->classes || cond->names->len > 0 ? TRI_UNKNOWN : TRI_NO;
    for (int i = 0; i < DERIVED_LAST; i++)
        if (cond->derived & (1u << i))
            holds = tri_or(holds, derived_may((Derived)i, world));
    return holds;
}

static Tri finding_holds(const FindingCond *cond, const LintWorld *world)
{
    return world->any_finding || finding_possible(cond, world) ? TRI_UNKNOWN : TRI_NO;
}

// ---- the message as a whole ------------------------------------------------------------------------------

// A day of the calendar that is not over, on one of the days asked for.
const char *lint_time_never(const TimeCond *when, int today)
{
    const Calendar *calendar = when->calendar;
    if (calendar && calendar->span.until && calendar->span.until < today)
        return "its calendar is over";
    if (calendar && calendar->span.from && calendar->span.until && calendar->span.from > calendar->span.until)
        return "its calendar ends before it begins";
    if (calendar && calendar->days && when->days && !(calendar->days & when->days))
        return "its calendar has none of its days";
    if (when->from >= 0 && when->from == when->until)
        return "it begins when it ends";
    return NULL;
}

static bool count_impossible(const CountCond *count, int least)
{
    return (count->least >= 0 && count->most >= 0 && count->least > count->most) ||
           (count->most >= 0 && count->most < least);
}

static bool group_impossible(const GroupCond *group, const LintWorld *world)
{
    static const int roles[GROUP_LAST] = {[GROUP_RECIPIENTS] = -1,
                                          [GROUP_STUDENTS] = ROLE_STUDENT,
                                          [GROUP_STAFF] = ROLE_STAFF,
                                          [GROUP_GUARDIANS] = ROLE_GUARDIAN,
                                          [GROUP_OUTSIDERS] = ROLE_EXTERNAL};
    bool one = group->one_to_one == TRI_YES, never = false;
    int students = 0;
    for (int i = 0; i < GROUP_LAST && !never; i++) {
        // The recipient may be the sender under another address, who is not counted.
        bool itself = !world->any_party && roles[i] == (int)world->recipient.role &&
                      world->recipient.role != world->sender.role;
        never = count_impossible(&group->counts[i], itself) || (one && group->counts[i].least > 1);
        students += i > 0 && group->counts[i].least > 0;
    }
    const CountCond *all = &group->counts[GROUP_RECIPIENTS];
    return never || (one && students > 1) ||
           (group->one_to_one == TRI_NO && all->least >= 0 && all->least == all->most && all->most == 1);
}

static Tri message_holds(const Condition *condition, const LintWorld *world)
{
    const MessageCond *message = condition->message;
    if (!message || world->any_message)
        return message ? TRI_UNKNOWN : TRI_YES;
    bool never = (message->time && lint_time_never(message->time, world->today)) ||
                 (message->group && group_impossible(message->group, world)) ||
                 (message->group && message->group->one_to_one == TRI_YES && condition->with) ||
                 (message->attachment && message->attachment->least >= 0 && message->attachment->most >= 0 &&
                  message->attachment->least > message->attachment->most);
    bool content = message->attachment || message->link;
    return never || (content && world->content != LINT_OPEN) ? TRI_NO : TRI_UNKNOWN;
}

// ---- the whole -------------------------------------------------------------------------------------------

static Tri any_holds(const GPtrArray *branches, const LintWorld *world)
{
    Tri holds = TRI_NO;
    for (guint i = 0; branches && i < branches->len; i++)
        holds = tri_or(holds, lint_holds(branches->pdata[i], world));
    return holds;
}

Tri lint_holds(const Condition *condition, const LintWorld *world)
{
    Tri holds = tri_and(parties_hold(condition, world), direction_holds(condition, world));
    if (condition->finding)
        holds = tri_and(holds, finding_holds(condition->finding, world));
    if (condition->fact)
        holds = tri_and(holds, fact_holds(condition->fact, world));
    holds = tri_and(holds, message_holds(condition, world));
    for (guint i = 0; condition->all && i < condition->all->len; i++)
        holds = tri_and(holds, lint_holds(condition->all->pdata[i], world));
    if (condition->any)
        holds = tri_and(holds, any_holds(condition->any, world));
    return condition->none ? tri_and(holds, tri_not(any_holds(condition->none, world))) : holds;
}

Tri lint_rule_holds(const Rule *rule, const LintWorld *world)
{
    Tri holds = lint_holds(rule->when, world);
    for (guint i = 0; i < rule->unless->len; i++) {
        const Condition *unless = rule->unless->pdata[i];
        if (!unless->selects)
            holds = tri_and(holds, tri_not(lint_holds(unless, world)));
    }
    return holds;
}
