// Rules that meet: which asks for all another asks for, and what that makes of their actions.
#include "policy/explain.h"
#include "policy/lint.h"

#include <string.h>

// What a condition asks for, flattened: all of it must be so.
typedef struct {
    GPtrArray *senders, *recipients; // of const PartyCond*
    GPtrArray *findings;             // of const FindingCond*
    GHashTable *texts;               // set of char*: everything else, in words
    guint directions;                // 0 = not asked
} Asked;

static void asked_text(Asked *asked, const Policy *policy, const Condition *one)
{
    g_autofree char *text = explain_text(policy, one);
    if (*text)
        g_hash_table_add(asked->texts, g_steal_pointer(&text));
}

static void asked_add(Asked *asked, const Policy *policy, const Condition *condition)
{
    for (guint i = 0; condition->all && i < condition->all->len; i++)
        asked_add(asked, policy, condition->all->pdata[i]);
    if (condition->sender)
        g_ptr_array_add(asked->senders, condition->sender);
    if (condition->recipient)
        g_ptr_array_add(asked->recipients, condition->recipient);
    if (condition->finding)
        g_ptr_array_add(asked->findings, condition->finding);
    if (condition->directions)
        asked->directions =
            asked->directions ? asked->directions & condition->directions : condition->directions;
    // Each piece that is compared as text stands for itself.
    Condition facts = {.fact = condition->fact}, with = {.with = condition->with},
              any = {.any = condition->any}, none = {.none = condition->none},
              message = {.message = condition->message};
    const Condition *const pieces[] = {&facts, &with, &any, &none, &message};
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++)
        asked_text(asked, policy, pieces[i]);
}

static Asked *asked_new(const Policy *policy, const Condition *condition)
{
    Asked *asked = g_new0(Asked, 1);
    asked->senders = g_ptr_array_new();
    asked->recipients = g_ptr_array_new();
    asked->findings = g_ptr_array_new();
    asked->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    asked_add(asked, policy, condition);
    return asked;
}

static void asked_free(Asked *asked)
{
    g_ptr_array_unref(asked->senders);
    g_ptr_array_unref(asked->recipients);
    g_ptr_array_unref(asked->findings);
    g_hash_table_unref(asked->texts);
    g_free(asked);
}

// ---- does one imply the other? ---------------------------------------------------------------------------

static bool mask_within(guint narrow, guint wide)
{
    return wide == 0 || (narrow != 0 && (narrow & ~wide) == 0);
}

static bool strv_within(char *const *narrow, char *const *wide)
{
    bool within = !wide || narrow;
    for (guint i = 0; wide && narrow && narrow[i] && within; i++)
        within = g_strv_contains((const char *const *)wide, narrow[i]);
    return within;
}

static bool tri_within(Tri narrow, Tri wide)
{
    return wide == TRI_UNKNOWN || narrow == wide;
}

static bool party_within(gconstpointer narrow_cond, gconstpointer wide_cond, const Policy *policy)
{
    const PartyCond *narrow = narrow_cond, *wide = wide_cond;
    return mask_within(narrow->roles, wide->roles) && mask_within(narrow->also, wide->also) &&
           mask_within(narrow->accounts, wide->accounts) && strv_within(narrow->addresses, wide->addresses) &&
           strv_within(narrow->schools, wide->schools) && strv_within(narrow->classes, wide->classes) &&
           strv_within(narrow->grades, wide->grades) && strv_within(narrow->positions, wide->positions) &&
           tri_within(narrow->enabled, wide->enabled) && tri_within(narrow->family, wide->family) &&
           tri_within(narrow->authenticated, wide->authenticated) &&
           tri_within(narrow->own_private, wide->own_private) && tri_within(narrow->self, wide->self) &&
           tri_within(narrow->adult, wide->adult) && tri_within(narrow->teaches, wide->teaches) &&
           tri_within(narrow->same_class, wide->same_class) &&
           tri_within(narrow->same_school, wide->same_school) && tri_within(narrow->manager, wide->manager) &&
           tri_within(narrow->managed, wide->managed);
}

// From which confidence on a finding of any of its kinds is sure to count.
static double confidence_of(const FindingCond *cond, const Policy *policy, bool most)
{
    double out = cond->confidence >= 0 ? cond->confidence : most ? 0 : 1;
    for (int kind = 0; cond->confidence < 0 && kind < KIND_LAST; kind++)
        if (cond->kinds & (1u << kind))
            out = most ? MAX(out, policy->confidence[kind]) : MIN(out, policy->confidence[kind]);
    return out;
}

static bool finding_within(gconstpointer narrow_cond, gconstpointer wide_cond, const Policy *policy)
{
    const FindingCond *narrow = narrow_cond, *wide = wide_cond;
    bool sure = narrow->confidence < 0 && wide->confidence < 0;
    return mask_within(narrow->kinds, wide->kinds) && mask_within(narrow->owners, wide->owners) &&
           mask_within(narrow->whose, wide->whose) && mask_within(narrow->layers, wide->layers) &&
           mask_within(narrow->visibilities, wide->visibilities) && strv_within(narrow->where, wide->where) &&
           strv_within(narrow->values, wide->values) && strv_within(narrow->obfuscation, wide->obfuscation) &&
           tri_within(narrow->obfuscated, wide->obfuscated) &&
           tri_within(narrow->sweep_only, wide->sweep_only) && MAX(narrow->least, 1) >= MAX(wide->least, 1) &&
           (sure || confidence_of(narrow, policy, false) >= confidence_of(wide, policy, true));
}

typedef bool (*Within)(gconstpointer narrow, gconstpointer wide, const Policy *policy);

static bool each_within(const GPtrArray *narrow, const GPtrArray *wide, Within within, const Policy *policy)
{
    bool all = true;
    for (guint i = 0; i < wide->len && all; i++) {
        bool found = false;
        for (guint j = 0; j < narrow->len && !found; j++)
            found = within(narrow->pdata[j], wide->pdata[i], policy);
        all = found;
    }
    return all;
}

// Whenever `narrow` is so, `wide` is.
static bool implies(const Asked *narrow, const Asked *wide, const Policy *policy)
{
    bool texts = g_hash_table_size(wide->texts) <= g_hash_table_size(narrow->texts);
    GHashTableIter iter;
    gpointer text;
    g_hash_table_iter_init(&iter, wide->texts);
    while (texts && g_hash_table_iter_next(&iter, &text, NULL))
        texts = g_hash_table_contains(narrow->texts, text);
    return texts && mask_within(narrow->directions, wide->directions) &&
           each_within(narrow->senders, wide->senders, party_within, policy) &&
           each_within(narrow->recipients, wide->recipients, party_within, policy) &&
           each_within(narrow->findings, wide->findings, finding_within, policy);
}

// ---- rules -----------------------------------------------------------------------------------------------

typedef struct {
    const Rule *rule;
    Asked *when;
    GPtrArray *unless; // of Asked
} RuleAsked;

static void rule_asked_free(RuleAsked *asked)
{
    asked_free(asked->when);
    g_ptr_array_unref(asked->unless);
    g_free(asked);
}

static RuleAsked *rule_asked_new(const Policy *policy, const Rule *rule)
{
    RuleAsked *asked = g_new0(RuleAsked, 1);
    asked->rule = rule;
    asked->when = asked_new(policy, rule->when);
    asked->unless = g_ptr_array_new_with_free_func((GDestroyNotify)asked_free);
    for (guint i = 0; i < rule->unless->len; i++)
        g_ptr_array_add(asked->unless, asked_new(policy, rule->unless->pdata[i]));
    return asked;
}

// Whatever `strong` leaves out, `weak` leaves out too.
static bool leaves_no_more(const RuleAsked *strong, const RuleAsked *weak, const Policy *policy)
{
    bool all = (strong->rule->exceptions & ~weak->rule->exceptions) == 0;
    for (guint i = 0; i < strong->unless->len && all; i++) {
        bool found = false;
        for (guint j = 0; j < weak->unless->len && !found; j++)
            found = implies(strong->unless->pdata[i], weak->unless->pdata[j], policy);
        all = found;
    }
    return all;
}

static bool fires_whenever(const RuleAsked *wide, const RuleAsked *narrow, const Policy *policy, int today)
{
    return rule_mode(wide->rule, today) >= rule_mode(narrow->rule, today) &&
           implies(narrow->when, wide->when, policy) && leaves_no_more(wide, narrow, policy);
}

static void pair_advise(const RuleAsked *a, const RuleAsked *b, const Policy *policy, int today,
                        GPtrArray *out)
{
    const Rule *strong = a->rule, *weak = b->rule;
    if (strong->action <= weak->action || !fires_whenever(a, b, policy, today))
        return;
    if (fires_whenever(b, a, policy, today))
        lint_warn(out, weak->name,
                  "asks for the same as %s and decides differently (%s, %s); make it one rule", strong->name,
                  action_name(weak->action), action_name(strong->action));
    else if (weak->action == ACTION_DELIVER && !weak->protected)
        lint_warn(out, weak->name,
                  "delivers what %s %ss: the strongest action wins, so this exempts nothing; put its "
                  "condition into "
                  "that rule's unless",
                  strong->name, action_name(strong->action));
    else if (weak->action == ACTION_COACH)
        lint_warn(out, weak->name, "never decides: whenever it fires, %s fires too and %ss", strong->name,
                  action_name(strong->action));
    else
        lint_note(out, weak->name, "whenever it fires, %s fires too and %ss; it adds to the record only",
                  strong->name, action_name(strong->action));
}

// ---- protected activity ----------------------------------------------------------------------------------

// The alternatives of a condition that is one any and nothing else; else itself. Of const Condition*.
static GPtrArray *alternatives(const Condition *condition)
{
    GPtrArray *out = g_ptr_array_new();
    bool only = condition->any && !condition->all && !condition->none && !condition->sender &&
                !condition->recipient && !condition->with && !condition->fact && !condition->finding &&
                !condition->message && !condition->directions;
    for (guint i = 0; only && i < condition->any->len; i++)
        g_ptr_array_add(out, condition->any->pdata[i]);
    if (!only)
        g_ptr_array_add(out, (gpointer)condition);
    return out;
}

static bool left_out(const Rule *rule, const Asked *protected, const Policy *policy)
{
    bool found = false;
    for (guint i = 0; i < rule->unless->len && !found; i++) {
        g_autoptr(GPtrArray) ways = alternatives(rule->unless->pdata[i]);
        for (guint j = 0; j < ways->len && !found; j++) {
            Asked *way = asked_new(policy, ways->pdata[j]);
            found = implies(protected, way, policy);
            asked_free(way);
        }
    }
    return found;
}

// May both hold among staff and people outside the district, whose matter protected activity is?
static bool may_meet(const Condition *protected, const Rule *rule, const Policy *policy, int today)
{
    static const LintParty parties[] = {{ROLE_STAFF, true}, {ROLE_STAFF, false}, {ROLE_EXTERNAL, false}};
    const guint count = G_N_ELEMENTS(parties);
    bool meet = false;
    for (guint i = 0; i < count * count && !meet; i++) {
        LintWorld world = {
            .policy = policy, .today = today, .sender = parties[i / count], .recipient = parties[i % count]};
        meet = lint_holds(protected, &world) != TRI_NO && lint_rule_holds(rule, &world) != TRI_NO;
    }
    return meet;
}

static void protected_advise(const Policy *policy, const Rule *rule, int today, GPtrArray *out)
{
    g_autoptr(GPtrArray) ways = alternatives(rule->when);
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < policy->rules->len; i++) {
        const Rule *other = policy->rules->pdata[i];
        bool meets = false;
        for (guint j = 0; other->action >= ACTION_HOLD && j < ways->len && !meets; j++) {
            Asked *way = asked_new(policy, ways->pdata[j]);
            meets = may_meet(ways->pdata[j], other, policy, today) && !left_out(other, way, policy);
            asked_free(way);
        }
        if (meets)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", other->name);
    }
    if (names->len > 0)
        lint_note(out, rule->name,
                  "what it protects may still be held, by %s; where it must not, say so in their unless",
                  names->str);
}

void lint_overlaps(const Policy *policy, int today, GPtrArray *out)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)rule_asked_free);
    for (guint i = 0; i < policy->rules->len; i++)
        g_ptr_array_add(all, rule_asked_new(policy, policy->rules->pdata[i]));
    for (guint i = 0; i < all->len; i++) {
        const Rule *rule = ((const RuleAsked *)all->pdata[i])->rule;
        for (guint j = 0; j < all->len; j++)
            if (i != j)
                pair_advise(all->pdata[j], all->pdata[i], policy, today, out);
        if (rule->protected)
            protected_advise(policy, rule, today, out);
    }
}
