#include "policy/internal.h"

// A list of a thousand students tries an exception a thousand times; the record keeps so many. Uses are kept longer: each is
// to be on record.
#define MOST_TRIES 500
#define MOST_USES  5000

Action action_after_mode(Action action, Mode mode)
{
    if (mode == MODE_MONITOR)
        return ACTION_DELIVER;
    return mode == MODE_COACH ? MIN(action, ACTION_COACH) : action;
}

static void reason_notices(Reason *reason, bool sender, bool reviewers, bool recipients, Mode mode)
{
    reason->notify_sender = sender && mode >= MODE_COACH;
    reason->notify_reviewers = reviewers && mode == MODE_ENFORCE;
    reason->notify_recipients = recipients && mode >= MODE_COACH;
}

Reason *reason_new(const PolicyInput *in, int today, const Rule *rule, Outcome outcome)
{
    const Policy *policy = in->policy;
    Mode weaker = MIN(in->mode, rule_mode(rule, today));
    const PurposeRule *purpose = outcome == OUTCOME_PURPOSE ? &policy->purpose : NULL;
    Reason *reason = g_new0(Reason, 1);
    reason->rule = g_strdup(rule->name);
    reason->clause = g_strdup(purpose && purpose->clause ? purpose->clause : rule->clause);
    reason->gist = g_strdup(purpose && purpose->gist ? purpose->gist : rule->gist);
    reason->remedy = g_strdup(purpose && purpose->remedy ? purpose->remedy : rule->remedy);
    reason->severity = purpose ? purpose->severity : rule->severity;
    reason->action = purpose ? purpose->action : rule->action;
    reason->effective =
        outcome == OUTCOME_COVERED ? ACTION_DELIVER : action_after_mode(reason->action, weaker);
    reason->rcpts = g_array_new(FALSE, FALSE, sizeof(guint));
    reason->findings = g_array_new(FALSE, FALSE, sizeof(guint));
    reason->facts = g_ptr_array_new_with_free_func(g_free);
    reason->tries = g_ptr_array_new_with_free_func((GDestroyNotify)exception_try_free);
    if (reason->effective == ACTION_REJECT)
        reason->reply = g_strdup(rule->reply);
    if (outcome == OUTCOME_FIRED)
        reason_notices(reason, rule->notify_sender, rule->notify_reviewers, rule->notify_recipients, weaker);
    else if (outcome == OUTCOME_PURPOSE)
        reason_notices(reason, reason->action >= ACTION_COACH, reason->action == ACTION_HOLD, false, weaker);
    reason->template = g_strdup(rule->template);
    reason->protected = rule->protected;
    reason->covered = outcome == OUTCOME_COVERED;
    reason->escalate = outcome == OUTCOME_FIRED && weaker == MODE_ENFORCE ? g_strdup(rule->escalate) : NULL;
    reason->alert = outcome == OUTCOME_FIRED && weaker == MODE_ENFORCE && rule->alert;
    reason->alert_score = rule->alert_score;
    return reason;
}

void reason_free(Reason *reason)
{
    if (!reason)
        return;
    g_free(reason->rule);
    g_free(reason->clause);
    g_free(reason->gist);
    g_free(reason->remedy);
    g_free(reason->reply);
    g_free(reason->template);
    g_free(reason->escalate);
    g_array_unref(reason->rcpts);
    g_array_unref(reason->findings);
    g_ptr_array_unref(reason->facts);
    g_ptr_array_unref(reason->tries);
    g_free(reason);
}

static void index_add(GArray *indexes, guint index)
{
    bool found = false;
    for (guint i = 0; i < indexes->len && !found; i++)
        found = g_array_index(indexes, guint, i) == index;
    if (!found)
        g_array_append_val(indexes, index);
}

void reason_add(Reason *reason, guint rcpt, const bool *matched, guint count, const GPtrArray *facts,
                GPtrArray *tries)
{
    // Recipients come in order: the same one stands last.
    if (reason->rcpts->len == 0 || g_array_index(reason->rcpts, guint, reason->rcpts->len - 1) != rcpt)
        g_array_append_val(reason->rcpts, rcpt);
    for (guint i = 0; i < count; i++)
        if (matched[i])
            index_add(reason->findings, i);
    for (guint i = 0; i < facts->len; i++)
        if (!g_ptr_array_find_with_equal_func(reason->facts, facts->pdata[i], g_str_equal, NULL))
            g_ptr_array_add(reason->facts, g_strdup(facts->pdata[i]));
    for (guint i = 0; i < tries->len; i++) {
        ExceptionTry **at = (ExceptionTry **)&tries->pdata[i];
        if (reason->tries->len < ((*at)->used ? MOST_USES : MOST_TRIES))
            g_ptr_array_add(reason->tries, g_steal_pointer(at));
    }
}

static void rcpt_decision_free(RcptDecision *rcpt)
{
    g_free(rcpt->address);
    g_ptr_array_unref(rcpt->rules);
    g_free(rcpt);
}

Decision *decision_new(const PolicyInput *in)
{
    Decision *decision = g_new0(Decision, 1);
    decision->policy = g_strdup(policy_name(in->policy));
    decision->version = g_strdup(policy_version(in->policy));
    decision->mode = in->mode;
    decision->rcpts = g_ptr_array_new_with_free_func((GDestroyNotify)rcpt_decision_free);
    decision->reasons = g_ptr_array_new_with_free_func((GDestroyNotify)reason_free);
    decision->pairs = g_ptr_array_new_with_free_func((GDestroyNotify)pair_free);
    for (guint i = 0; i < in->parties->rcpts->len; i++) {
        RcptDecision *rcpt = g_new0(RcptDecision, 1);
        rcpt->address = g_strdup(((const Party *)in->parties->rcpts->pdata[i])->address);
        rcpt->rules = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(decision->rcpts, rcpt);
    }
    return decision;
}

void decision_free(Decision *decision)
{
    if (!decision)
        return;
    g_free(decision->policy);
    g_free(decision->version);
    g_ptr_array_unref(decision->rcpts);
    g_ptr_array_unref(decision->reasons);
    g_ptr_array_unref(decision->pairs);
    g_free(decision);
}

Action decision_strongest(const Decision *decision)
{
    Action strongest = ACTION_DELIVER;
    for (guint i = 0; i < decision->rcpts->len; i++)
        strongest = MAX(strongest, ((const RcptDecision *)decision->rcpts->pdata[i])->action);
    return strongest;
}

static void reason_leave(Reason *reason, const bool *rcpts)
{
    for (guint i = reason->rcpts->len; i > 0; i--)
        if (rcpts[g_array_index(reason->rcpts, guint, i - 1)])
            g_array_remove_index(reason->rcpts, i - 1);
}

void decision_leave(Decision *decision, const bool *rcpts)
{
    for (guint i = 0; i < decision->rcpts->len; i++) {
        RcptDecision *rcpt = decision->rcpts->pdata[i];
        if (!rcpts[i])
            continue;
        rcpt->action = ACTION_DELIVER;
        g_ptr_array_set_size(rcpt->rules, 0);
    }
    for (guint i = decision->reasons->len; i > 0; i--) {
        Reason *reason = decision->reasons->pdata[i - 1];
        reason_leave(reason, rcpts);
        if (reason->rcpts->len == 0)
            g_ptr_array_remove_index(decision->reasons, i - 1);
    }
}
