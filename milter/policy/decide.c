// Every rule tried for every recipient; the strongest action wins for each.
#include "policy/internal.h"

#include <string.h>

// What became of one rule over the whole message.
typedef struct {
    Reason *reasons[OUTCOME_LAST];
    bool settled; // for the present recipient: it fired, other members of a list cannot make it stronger
} RuleState;

typedef struct {
    DecideContext *context;
    const Rule *rule;
    RuleState *state;
    Member *member;
    guint count;   // of findings
    bool *matched; // by the rule
    bool *aside;   // taken from it by carve-outs and exceptions
    bool *scratch;
    GPtrArray *facts; // of const char*
    GPtrArray *tries; // of ExceptionTry
} RuleTrial;

static void trial_note(RuleTrial *trial, Outcome outcome, const bool *matched)
{
    Reason **reason = &trial->state->reasons[outcome];
    const PolicyInput *in = trial->context->in;
    if (!*reason)
        *reason = reason_new(in, trial->context->today, trial->rule, outcome);
    reason_add(*reason, trial->member->rcpt, matched, trial->count, trial->facts, trial->tries);
    trial->state->settled |= outcome == OUTCOME_FIRED;
}

static Tri trial_holds(RuleTrial *trial, const Condition *condition, const bool *aside, bool *matched,
                       GPtrArray *facts)
{
    memset(matched, 0, trial->count * sizeof(bool));
    Trial one = {trial->member, aside, matched, facts};
    return condition_holds(condition, &one);
}

// A carve-out that selects findings takes these from the rule; one that does not takes the recipient.
// TRI_YES: the recipient is carved out.
static Tri trial_unless(RuleTrial *trial)
{
    g_autoptr(GPtrArray) facts = g_ptr_array_new();
    for (guint i = 0; i < trial->rule->unless->len; i++) {
        const Condition *unless = trial->rule->unless->pdata[i];
        Tri holds = trial_holds(trial, unless, NULL, trial->scratch, facts);
        if (holds == TRI_UNKNOWN || (holds == TRI_YES && !unless->selects))
            return holds;
        for (guint j = 0; holds == TRI_YES && j < trial->count; j++)
            trial->aside[j] |= trial->scratch[j];
    }
    return TRI_NO;
}

static bool rule_asks_family(const Rule *rule)
{
    bool asks = rule->when->asks_family;
    for (guint i = 0; i < rule->unless->len && !asks; i++)
        asks = ((const Condition *)rule->unless->pdata[i])->asks_family;
    return asks;
}

// The family exceptions asked on the way are tries of this rule too. True when one was used.
static bool trial_family_tries(RuleTrial *trial)
{
    if (!rule_asks_family(trial->rule))
        return false;
    const GPtrArray *tries = trial->member->family_tries;
    bool used = false;
    for (guint i = 0; i < tries->len; i++) {
        const ExceptionTry *try = tries->pdata[i];
        used |= try->used;
        g_ptr_array_add(trial->tries,
                        exception_try_new(try->id, try->finding, try->student, try->used, try->why));
    }
    return used;
}

// Takes covered findings from the rule; `scratch` gets them. The weakest cover of any, or COVER_FAILED.
static Cover trial_exceptions(RuleTrial *trial)
{
    Cover weakest = COVER_NO;
    memset(trial->scratch, 0, trial->count * sizeof(bool));
    for (guint i = 0; trial->rule->exceptions && i < trial->count; i++) {
        if (!trial->matched[i] || trial->aside[i])
            continue;
        Cover cover = member_covered(trial->member, trial->rule->exceptions, i, trial->tries);
        if (cover == COVER_FAILED)
            return COVER_FAILED;
        if (cover == COVER_NO)
            continue;
        trial->aside[i] = trial->scratch[i] = true;
        weakest = weakest == COVER_NO ? cover : MIN(weakest, cover);
    }
    return weakest;
}

static bool trial_settle(RuleTrial *trial, Cover cover)
{
    g_autoptr(GPtrArray) facts = g_ptr_array_new();
    bool reduced = memchr(trial->aside, true, trial->count) != NULL;
    Tri holds =
        reduced ? trial_holds(trial, trial->rule->when, trial->aside, trial->matched, facts) : TRI_YES;
    if (holds == TRI_YES)
        trial_note(trial, OUTCOME_FIRED, trial->matched);
    else if (holds == TRI_NO && cover == COVER_PURPOSE)
        trial_note(trial, OUTCOME_PURPOSE, trial->scratch);
    else if (holds == TRI_NO && cover == COVER_YES)
        trial_note(trial, OUTCOME_COVERED, trial->scratch);
    return holds != TRI_UNKNOWN;
}

// False when the roster could not tell.
static bool trial_run(RuleTrial *trial)
{
    Tri holds = trial_holds(trial, trial->rule->when, NULL, trial->matched, trial->facts);
    if (holds != TRI_YES)
        return holds == TRI_NO;
    memset(trial->aside, 0, trial->count * sizeof(bool));
    Tri carved = trial_unless(trial);
    if (carved == TRI_UNKNOWN)
        return false;
    bool family = trial_family_tries(trial);
    if (carved == TRI_YES) {
        if (family)
            trial_note(trial, OUTCOME_COVERED, trial->matched);
        return true;
    }
    Cover cover = trial_exceptions(trial);
    return cover != COVER_FAILED && trial_settle(trial, cover);
}

Member member_of(DecideContext *context, const Party *party, guint rcpt)
{
    return (Member){.context = context,
                    .party = party,
                    .rcpt = rcpt,
                    .family = TRI_UNKNOWN,
                    .family_tries = g_ptr_array_new_with_free_func((GDestroyNotify)exception_try_free)};
}

void member_clear(Member *member)
{
    g_clear_pointer(&member->family_tries, g_ptr_array_unref);
    g_clear_pointer(&member->exceptions, g_ptr_array_unref);
    g_clear_pointer(&member->covers, g_free);
}

static bool member_try_into(Member *member, const Rule *rule, RuleState *state, bool *scratch[3])
{
    g_autoptr(GPtrArray) facts = g_ptr_array_new();
    g_autoptr(GPtrArray) tries = g_ptr_array_new_with_free_func((GDestroyNotify)exception_try_free);
    RuleTrial trial = {
        member->context, rule,       state,      member, member->context->in->detection->findings->len,
        scratch[0],      scratch[1], scratch[2], facts,  tries};
    return trial_run(&trial);
}

bool member_try(Member *member, const Rule *rule, Outcome *out_outcome)
{
    guint count = member->context->in->detection->findings->len;
    g_autofree bool *bools = g_new0(bool, (count + 1) * 3);
    bool *scratch[3] = {bools, bools + count + 1, bools + 2 * (count + 1)};
    RuleState state = {0};
    bool good = member_try_into(member, rule, &state, scratch);
    *out_outcome = OUTCOME_LAST;
    for (int outcome = OUTCOME_LAST - 1; outcome >= 0; outcome--) {
        if (state.reasons[outcome])
            *out_outcome = (Outcome)outcome;
        reason_free(state.reasons[outcome]);
    }
    return good;
}

static bool decide_member(DecideContext *context, const Party *party, guint rcpt, RuleState *states,
                          bool *scratch[3])
{
    const GPtrArray *rules = context->in->policy->rules;
    Member member = member_of(context, party, rcpt);
    bool good = true;
    for (guint i = 0; i < rules->len && good; i++)
        good = states[i].settled || member_try_into(&member, rules->pdata[i], &states[i], scratch);
    member_clear(&member);
    return good;
}

// A list is judged as itself and as each of its members.
static bool decide_rcpt(DecideContext *context, guint rcpt, RuleState *states, bool *scratch[3])
{
    const Party *party = context->in->parties->rcpts->pdata[rcpt];
    for (guint i = 0; i < context->in->policy->rules->len; i++)
        states[i].settled = false;
    bool good = decide_member(context, party, rcpt, states, scratch);
    for (guint i = 0; good && party->members && i < party->members->len; i++)
        good = decide_member(context, party->members->pdata[i], rcpt, states, scratch);
    return good;
}

static Direction decide_direction(const Parties *parties)
{
    guint inside = 0;
    for (guint i = 0; i < parties->rcpts->len; i++)
        inside += party_is_district(parties->rcpts->pdata[i]);
    if (party_is_district(parties->sender))
        return inside == parties->rcpts->len ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND;
    return inside > 0 ? DIRECTION_INBOUND : DIRECTION_EXTERNAL;
}

static gint reason_compare(gconstpointer a, gconstpointer b)
{
    const Reason *left = *(Reason *const *)a, *right = *(Reason *const *)b;
    if (left->effective != right->effective)
        return (int)right->effective - (int)left->effective;
    if (left->action != right->action)
        return (int)right->action - (int)left->action;
    if (left->severity != right->severity)
        return right->severity - left->severity;
    return g_strcmp0(left->rule, right->rule);
}

// Hands the reasons over to the decision and takes each recipient's strongest.
static void decide_collect(Decision *decision, const Policy *policy, RuleState *states)
{
    for (guint i = 0; i < policy->rules->len; i++) {
        for (int outcome = 0; outcome < OUTCOME_LAST; outcome++) {
            Reason *reason = g_steal_pointer(&states[i].reasons[outcome]);
            if (!reason)
                continue;
            g_ptr_array_add(decision->reasons, reason);
            for (guint j = 0; outcome != OUTCOME_COVERED && j < reason->rcpts->len; j++) {
                RcptDecision *rcpt = decision->rcpts->pdata[g_array_index(reason->rcpts, guint, j)];
                rcpt->action = MAX(rcpt->action, reason->effective);
                if (!g_ptr_array_find_with_equal_func(rcpt->rules, reason->rule, g_str_equal, NULL))
                    g_ptr_array_add(rcpt->rules, g_strdup(reason->rule));
            }
        }
    }
    g_ptr_array_sort(decision->reasons, reason_compare);
}

bool decide_begin(DecideContext *context, const PolicyInput *in)
{
    *context = (DecideContext){.in = in};
    context->purpose = TRI_UNKNOWN;
    context->others = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    context->asked = g_hash_table_new(NULL, NULL);
    for (int i = 0; i < DERIVED_LAST; i++)
        context->derived[i] = TRI_UNKNOWN;
    bool known = clock_local(in->now_us, in->config->district.timezone, &context->local);
    context->today = known ? context->local.date : 0;
    if (!known)
        g_set_error(&context->error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "district.timezone: the system does not know \"%s\"; use a name such as America/New_York",
                    in->config->district.timezone);
    return known;
}

void decide_end(DecideContext *context)
{
    g_clear_pointer(&context->exceptions, g_ptr_array_unref);
    g_clear_pointer(&context->papers, g_hash_table_unref);
    g_clear_pointer(&context->others, g_hash_table_unref);
    g_clear_pointer(&context->asked, g_hash_table_unref);
    g_clear_pointer(&context->people, g_ptr_array_unref);
    g_clear_pointer(&context->persons, g_hash_table_unref);
    g_clear_pointer(&context->links, g_free);
    g_clear_error(&context->error);
}

void decide_fail(DecideContext *context, GError **error)
{
    g_propagate_error(error, context->error
                                 ? g_steal_pointer(&context->error)
                                 : g_error_new(BASE_ERROR, BASE_ERROR_TEMPFAIL, "the roster could not tell"));
}

static void states_free(RuleState *states, guint count)
{
    for (guint i = 0; i < count; i++)
        for (int outcome = 0; outcome < OUTCOME_LAST; outcome++)
            reason_free(states[i].reasons[outcome]);
    g_free(states);
}

Decision *policy_decide(const PolicyInput *input, GError **error)
{
    DecideContext context;
    guint count = input->detection->findings->len;
    g_autofree bool *bools = g_new0(bool, (count + 1) * 3);
    bool *scratch[3] = {bools, bools + count + 1, bools + 2 * (count + 1)};
    RuleState *states = g_new0(RuleState, input->policy->rules->len);
    Decision *decision = decision_new(input);
    decision->direction = decide_direction(input->parties);
    bool good = decide_begin(&context, input);
    for (guint i = 0; good && i < input->parties->rcpts->len; i++)
        good = decide_rcpt(&context, i, states, scratch);
    if (good)
        decide_collect(decision, input->policy, states);
    good = good && pairs_note(&context, decision);
    if (!good) {
        g_clear_pointer(&decision, decision_free);
        decide_fail(&context, error);
    }
    states_free(states, input->policy->rules->len);
    decide_end(&context);
    return decision;
}
