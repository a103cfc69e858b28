// A rule in plain English: who, to whom, what, when, unless, exceptions, what happens, since when.
#include "policy/explain.h"

#include <string.h>

static void rule_text_free(PolicyRuleText *text)
{
    g_free(text->name);
    g_free(text->clause);
    g_free(text->gist);
    g_array_unref(text->modes);
    g_ptr_array_unref(text->text);
    g_free(text);
}

// ---- exceptions ------------------------------------------------------------------------------------------

static void explain_demand(Explainer *explainer, ExceptionKind kind)
{
    const ExceptionDemand *demand = &explainer->policy->demands[kind];
    g_autoptr(GString) out = g_string_new(NULL);
    if (demand->consent == TRI_YES)
        g_string_append(out, "; a guardian of each student has consented");
    if (demand->purpose == TRI_YES)
        g_string_append(out, "; the message says what it is for");
    if (demand->document == TRI_YES)
        g_string_append(out, "; the paper of its approval is on record");
    if (demand->approvers) {
        g_autofree char *approvers = explain_choice(demand->approvers);
        g_string_append_printf(out, "; approved by one whose position is %s", approvers);
    }
    if (demand->retro_hours > 0)
        g_string_append_printf(out, "; may be recorded up to %d hours later", demand->retro_hours);
    explain_line(explainer, "- %s%s", names_exception(kind), out->str);
}

static void explain_exceptions(Explainer *explainer, const Rule *rule)
{
    if (!rule->exceptions)
        return;
    explain_line(explainer, "A detail is covered by an exception in force, of the kind:");
    explainer->level++;
    for (int kind = 0; kind < EXCEPTION_LAST; kind++)
        if (rule->exceptions & (1u << kind))
            explain_demand(explainer, (ExceptionKind)kind);
    explainer->level--;
}

static void explain_unless(Explainer *explainer, const Rule *rule)
{
    for (guint i = 0; i < rule->unless->len; i++) {
        const Condition *unless = rule->unless->pdata[i];
        explain_line(explainer, unless->selects ? "Left out is what fits all of this:"
                                                : "Left out is a recipient for whom all of this is so:");
        explainer->level++;
        explain_condition(explainer, unless);
        explainer->level--;
    }
}

// ---- what happens ----------------------------------------------------------------------------------------

static void explain_told(Explainer *explainer, const Rule *rule)
{
    const char *who = rule->notify_sender && rule->notify_reviewers ? "The sender and the reviewers are told."
                      : rule->notify_sender                         ? "The sender is told."
                      : rule->notify_reviewers                      ? "The reviewers are told."
                                                                    : "Nobody is told.";
    if ((rule->action >= ACTION_COACH && !rule->notify_recipients) || rule->notify_sender ||
        rule->notify_reviewers)
        explain_line(explainer, "%s", who);
    if (rule->notify_recipients)
        explain_line(explainer, "Staff it is delivered to are told, at most once a week.");
    if (rule->alert && rule->alert_score > 0)
        explain_line(explainer,
                     "A reviewer gets an item to look at where the score of the staff member and the student "
                     "over time is %g or more; the message is not held for it.",
                     rule->alert_score);
    else if (rule->alert)
        explain_line(explainer, "A reviewer gets an item to look at; the message is not held for it.");
    for (guint i = 0; rule->escalate && i < explainer->policy->escalations->len; i++) {
        const PolicyEscalation *escalation = explainer->policy->escalations->pdata[i];
        g_autofree char *contacts = explain_choice(escalation->contacts);
        if (strcmp(escalation->name, rule->escalate) == 0)
            explain_line(explainer, "The escalation %s is opened: %s, within %d hours%s.", escalation->name,
                         contacts, escalation->hours, escalation->legal_hold ? ", under legal hold" : "");
    }
}

static void explain_action(Explainer *explainer, const Rule *rule)
{
    static const char *const words[] = {
        [ACTION_DELIVER] = "It is delivered; the reason stands in the record.",
        [ACTION_TAG] = "It is delivered, and marked in the record for reports.",
        [ACTION_COACH] = "It is delivered, and the sender is coached.",
        [ACTION_HOLD] = "This recipient's copy is held for a reviewer.",
        [ACTION_REJECT] = "It is refused.",
    };
    explain_line(explainer, "What happens (%s, severity %d):", action_name(rule->action), rule->severity);
    explainer->level++;
    explain_line(explainer, "%s", words[rule->action]);
    if (rule->protected)
        explain_line(explainer, "It is protected activity: no matter of discipline.");
    explain_told(explainer, rule);
    if (rule->remedy)
        explain_line(explainer, "Advice: %s", rule->remedy);
    if (rule->reply)
        explain_line(explainer, "Reply: %s", rule->reply);
    explainer->level--;
}

static GArray *timetable(const Rule *rule)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(PolicyDatedMode));
    PolicyDatedMode first = {0, rule->mode};
    g_array_append_val(out, first);
    for (guint i = 0; rule->modes && i < rule->modes->len; i++) {
        const DatedMode *dated = &g_array_index(rule->modes, DatedMode, i);
        PolicyDatedMode one = {dated->from, dated->mode};
        g_array_append_val(out, one);
    }
    return out;
}

static void explain_since(Explainer *explainer, const GArray *modes)
{
    static const char *const words[] = {
        [MODE_MONITOR] = "recorded only", [MODE_COACH] = "coaching at most", [MODE_ENFORCE] = "in force"};
    g_autoptr(GString) out = g_string_new("Since when: ");
    for (guint i = 0; i < modes->len; i++) {
        const PolicyDatedMode *dated = &g_array_index(modes, PolicyDatedMode, i);
        if (dated->from)
            g_string_append_printf(out, "; from %04d-%02d-%02d %s", dated->from / 10000,
                                   dated->from / 100 % 100, dated->from % 100, words[dated->mode]);
        else
            g_string_append_printf(out, "%s%s", modes->len > 1 ? "first " : "always ", words[dated->mode]);
    }
    explain_line(explainer, "%s.", out->str);
}

// ---- the whole -------------------------------------------------------------------------------------------

static PolicyRuleText *rule_text(const Policy *policy, const Rule *rule, int today)
{
    PolicyRuleText *text = g_new0(PolicyRuleText, 1);
    text->name = g_strdup(rule->name);
    text->clause = g_strdup(rule->clause);
    text->gist = g_strdup(rule->gist);
    text->action = rule->action;
    text->severity = rule->severity;
    text->mode = rule_mode(rule, today);
    text->modes = timetable(rule);
    text->text = g_ptr_array_new_with_free_func(g_free);
    Explainer explainer = {policy, text->text, 0};
    explain_line(&explainer, "The rule fires when all of this is so:");
    explainer.level++;
    explain_condition(&explainer, rule->when);
    explainer.level--;
    explain_unless(&explainer, rule);
    explain_exceptions(&explainer, rule);
    explain_action(&explainer, rule);
    explain_since(&explainer, text->modes);
    if (rule->sample)
        explain_line(&explainer, "Example: %s", rule->sample);
    return text;
}

GPtrArray *policy_explain(const Policy *policy, const char *rule, int today)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)rule_text_free);
    for (guint i = 0; i < policy->rules->len; i++) {
        const Rule *one = policy->rules->pdata[i];
        if (!rule || strcmp(rule, one->name) == 0)
            g_ptr_array_add(out, rule_text(policy, one, today));
    }
    return out;
}
