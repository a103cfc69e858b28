// What a policy allows and probably does not mean.
#include "policy/lint.h"

#include <string.h>

static void advice_free(PolicyAdvice *advice)
{
    g_free(advice->rule);
    g_free(advice->text);
    g_free(advice);
}

static void advice_add(GPtrArray *out, bool note, const char *rule, const char *format, va_list args)
    G_GNUC_PRINTF(4, 0);
static void advice_add(GPtrArray *out, bool note, const char *rule, const char *format, va_list args)
{
    PolicyAdvice *advice = g_new0(PolicyAdvice, 1);
    advice->note = note;
    advice->rule = g_strdup(rule);
    advice->text = g_strdup_vprintf(format, args);
    g_ptr_array_add(out, advice);
}

void lint_warn(GPtrArray *out, const char *rule, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    advice_add(out, false, rule, format, args);
    va_end(args);
}

void lint_note(GPtrArray *out, const char *rule, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    advice_add(out, true, rule, format, args);
    va_end(args);
}

// ---- never and always ------------------------------------------------------------------------------------

// The most certain answer over all senders and recipients: TRI_NO when the rule can never fire.
static Tri rule_best(const Rule *rule, LintWorld world, bool with_unless)
{
    guint count;
    const LintParty *parties = lint_parties(&count);
    Tri best = TRI_NO;
    for (guint i = 0; i < count * count && best != TRI_YES; i++) {
        world.sender = parties[i / count];
        world.recipient = parties[i % count];
        Tri one = with_unless ? lint_rule_holds(rule, &world) : lint_holds(rule->when, &world);
        best = one == TRI_NO ? best : one;
    }
    return best;
}

// What to leave open so that the rule may fire: that is where the contradiction lies.
static const char *never_why(const Rule *rule, const LintWorld *world)
{
    LintWorld direction = *world, finding = *world, message = *world, party = *world;
    direction.any_direction = finding.any_finding = message.any_message = party.any_party = true;
    const char *why = "what it asks for contradicts itself";
    if (rule_best(rule, *world, false) != TRI_NO)
        why = "its unless takes back all of it";
    else if (rule_best(rule, direction, false) != TRI_NO)
        why = "its direction does not go with its sender and recipient";
    else if (rule_best(rule, message, false) != TRI_NO)
        why = "its time, group or attachment can never be so";
    else if (rule_best(rule, finding, false) != TRI_NO)
        why = "what it asks of findings or facts can never be so, for this sender and recipient";
    else if (rule_best(rule, party, false) != TRI_NO)
        why = "no sender and recipient are all that it asks of them";
    return why;
}

static bool holds_always(const Rule *rule, const LintWorld *base)
{
    guint count;
    const LintParty *parties = lint_parties(&count);
    bool always = true;
    for (guint i = 0; i < count * count && always; i++) {
        LintWorld world = *base;
        world.sender = parties[i / count];
        world.recipient = parties[i % count];
        always = lint_rule_holds(rule, &world) == TRI_YES;
    }
    return always;
}

// Mail that schools live by, of which a rule that coaches or holds should not want all.
static void advise_everyday(const Rule *rule, const LintWorld *base, GPtrArray *out)
{
    static const struct {
        LintParty sender, recipient;
        const char *words;
    } pairs[] = {
        {{ROLE_STAFF, true}, {ROLE_STUDENT, true}, "from staff to students"},
        {{ROLE_STUDENT, true}, {ROLE_STAFF, true}, "from students to staff"},
        {{ROLE_STAFF, true}, {ROLE_STAFF, true}, "among staff"},
        {{ROLE_STAFF, true}, {ROLE_GUARDIAN, false}, "from staff to guardians"},
        {{ROLE_GUARDIAN, false}, {ROLE_STAFF, true}, "from guardians to staff"},
        {{ROLE_STUDENT, true}, {ROLE_STUDENT, true}, "among students"},
        {{ROLE_STAFF, true}, {ROLE_EXTERNAL, false}, "from staff to the outside"},
        {{ROLE_EXTERNAL, false}, {ROLE_STAFF, true}, "from the outside to staff"},
    };
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        LintWorld world = *base;
        world.sender = pairs[i].sender;
        world.recipient = pairs[i].recipient;
        if (lint_rule_holds(rule, &world) == TRI_YES)
            g_string_append_printf(all, "%s%s", all->len ? ", " : "", pairs[i].words);
    }
    if (all->len > 0)
        lint_warn(out, rule->name, "fires on all mail %s, whatever it says, and %s; ask for something more",
                  all->str,
                  rule->action == ACTION_COACH  ? "coaches"
                  : rule->action == ACTION_HOLD ? "holds it"
                                                : "rejects it");
}

// What students write to staff is not held for its words.
static void advise_student_words(const Rule *rule, const LintWorld *base, GPtrArray *out)
{
    bool words = false;
    for (int i = 0; i < 4 && !words; i++) {
        LintWorld world = *base;
        world.sender = (LintParty){ROLE_STUDENT, i & 1};
        world.recipient = (LintParty){ROLE_STAFF, i & 2};
        world.content = LINT_NOTHING_FOUND;
        bool without = lint_rule_holds(rule, &world) != TRI_NO;
        world.content = LINT_WORDS_ONLY;
        words = !without && lint_rule_holds(rule, &world) != TRI_NO;
    }
    if (words)
        lint_warn(out, rule->name,
                  "holds what students write to staff by its words alone; use tag with alert = true, "
                  "or leave these messages out");
}

static void advise_firing(const Policy *policy, const Rule *rule, int today, const GPtrArray *categories,
                          GPtrArray *out)
{
    const LintWorld world = {.policy = policy, .today = today, .categories = categories};
    if (rule_best(rule, world, true) == TRI_NO)
        lint_warn(out, rule->name, "can never fire: %s", never_why(rule, &world));
    else if (holds_always(rule, &world))
        lint_warn(out, rule->name, "always fires; ask for something");
    else if (rule->action >= ACTION_COACH)
        advise_everyday(rule, &world, out);
    if (rule->action >= ACTION_HOLD)
        advise_student_words(rule, &world, out);
}

// ---- values ----------------------------------------------------------------------------------------------

static void advise_values(const Rule *rule, const FindingCond *finding, const GPtrArray *categories,
                          GPtrArray *out)
{
    static const char *const records[] = {"ssn", "student-id", "student-names", "record-words", NULL};
    const guint known = (1u << KIND_PHRASE) | (1u << KIND_STUDENT_RECORD);
    if ((finding->kinds & ~known) || !finding->values)
        return;
    for (guint i = 0; finding->values[i]; i++) {
        const char *value = finding->values[i];
        bool record = (finding->kinds & (1u << KIND_STUDENT_RECORD)) && g_strv_contains(records, value);
        bool phrase = (finding->kinds & (1u << KIND_PHRASE)) &&
                      (!categories ||
                       g_ptr_array_find_with_equal_func((GPtrArray *)categories, value, g_str_equal, NULL));
        if (!record && !phrase)
            lint_warn(out, rule->name,
                      "\"%s\" is no category of the lexicon and no kind of record: nothing is ever found",
                      value);
    }
}

static void advise_findings(const Rule *rule, const Condition *condition, const GPtrArray *categories,
                            GPtrArray *out)
{
    const GPtrArray *const branches[] = {condition->all, condition->any, condition->none};
    if (condition->finding)
        advise_values(rule, condition->finding, categories, out);
    for (guint i = 0; i < G_N_ELEMENTS(branches); i++)
        for (guint j = 0; branches[i] && j < branches[i]->len; j++)
            advise_findings(rule, branches[i]->pdata[j], categories, out);
}

// ---- modes and texts -------------------------------------------------------------------------------------

static void advise_modes(const Rule *rule, int today, GPtrArray *out)
{
    if (!rule->modes || rule->modes->len == 0) {
        if (rule->mode == MODE_MONITOR && rule->action > ACTION_DELIVER)
            lint_note(out, rule->name, "is only recorded (mode = \"monitor\")");
        return;
    }
    const DatedMode *last = &g_array_index(rule->modes, DatedMode, rule->modes->len - 1);
    if (last->from <= today)
        lint_note(out, rule->name,
                  "its timetable is over: since %04d-%02d-%02d it is \"%s\"; write mode = \"%s\"",
                  last->from / 10000, last->from / 100 % 100, last->from % 100, mode_name(last->mode),
                  mode_name(last->mode));
    else if (action_after_mode(rule->action, last->mode) < rule->action)
        lint_note(out, rule->name, "its timetable ends in \"%s\": it never gets to %s", mode_name(last->mode),
                  action_name(rule->action));
}

static void advise_rule(const Policy *policy, const Rule *rule, int today, const GPtrArray *categories,
                        GPtrArray *out)
{
    advise_firing(policy, rule, today, categories, out);
    advise_findings(rule, rule->when, categories, out);
    for (guint i = 0; i < rule->unless->len; i++)
        advise_findings(rule, rule->unless->pdata[i], categories, out);
    advise_modes(rule, today, out);
    if (!rule->remedy && (rule->notify_sender || rule->notify_recipients))
        lint_note(out, rule->name, "tells the sender, but not what to do instead; write a remedy");
}

// ---- the policy ------------------------------------------------------------------------------------------

static void advise_calendars(const Policy *policy, int today, GPtrArray *out)
{
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, policy->calendars);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const DateSpan *span = &((const Calendar *)value)->span;
        if (span->until && span->until < today)
            lint_warn(out, NULL, "calendar %s is over since %04d-%02d-%02d; write the next year's",
                      (const char *)name, span->until / 10000, span->until / 100 % 100, span->until % 100);
    }
    const char *never = policy->has_hours ? lint_time_never(&policy->hours, today) : NULL;
    if (never)
        lint_warn(out, NULL, "section hours: %s: all mail is late", never);
}

static void advise_sections(const Policy *policy, GPtrArray *out)
{
    guint honoured = 0;
    for (guint i = 0; i < policy->rules->len; i++)
        honoured |= ((const Rule *)policy->rules->pdata[i])->exceptions;
    for (int kind = 0; kind < EXCEPTION_LAST; kind++) {
        const ExceptionDemand *demand = &policy->demands[kind];
        bool asked = demand->consent != TRI_UNKNOWN || demand->purpose != TRI_UNKNOWN ||
                     demand->document != TRI_UNKNOWN || demand->approvers;
        if (asked && kind != EXCEPTION_FAMILY && !(honoured & (1u << kind)))
            lint_warn(out, NULL,
                      "section exceptions says what %s needs, but no rule honours exceptions of that kind",
                      names_exception(kind));
    }
    if (policy->purpose.phrases->len > 0 && !policy->purpose.remedy)
        lint_warn(
            out, NULL,
            "section purpose: no remedy: who states no purpose is not told the sentence to add; write it");
    for (guint i = 0; i < policy->escalations->len; i++) {
        const PolicyEscalation *escalation = policy->escalations->pdata[i];
        bool used = false;
        for (guint j = 0; j < policy->rules->len && !used; j++)
            used = g_strcmp0(((const Rule *)policy->rules->pdata[j])->escalate, escalation->name) == 0;
        if (!used)
            lint_warn(out, NULL, "escalation %s is opened by no rule", escalation->name);
    }
}

static void names_append(GString *names, const Unused *one)
{
    g_string_append_printf(names, "%s%s", names->len ? ", " : "", one->name);
}

// What an included file brings and this policy does not need is no mistake; what its own file has is.
static void advise_unused(const Policy *policy, GPtrArray *out)
{
    g_autoptr(GString) examples = g_string_new(NULL);
    for (guint i = 0; i < policy->unused->len;) {
        const Unused *first = policy->unused->pdata[i];
        g_autoptr(GString) names = g_string_new(NULL);
        for (; i < policy->unused->len; i++) {
            const Unused *one = policy->unused->pdata[i];
            if (g_strcmp0(one->file, first->file) != 0)
                break;
            if (one->example)
                names_append(examples, one);
            else if (one->file)
                names_append(names, one);
            else
                lint_warn(out, NULL, "line %d: nothing uses the %s %s", one->line, one->what, one->name);
        }
        g_autofree char *file = first->file ? g_path_get_basename(first->file) : NULL;
        if (names->len > 0)
            lint_note(out, NULL, "of %s this policy does not use %s", file, names->str);
    }
    if (examples->len > 0)
        lint_note(out, NULL, "still with the values of an example: %s; put the district's own there",
                  examples->str);
}

static gint advice_order(gconstpointer a, gconstpointer b)
{
    const PolicyAdvice *left = *(const PolicyAdvice *const *)a, *right = *(const PolicyAdvice *const *)b;
    int names = g_strcmp0(left->rule, right->rule);
    return left->note != right->note ? (int)left->note - (int)right->note
           : names != 0              ? names
                                     : strcmp(left->text, right->text);
}

GPtrArray *policy_lint(const Policy *policy, int today, const GPtrArray *categories)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)advice_free);
    for (guint i = 0; i < policy->rules->len; i++)
        advise_rule(policy, policy->rules->pdata[i], today, categories, out);
    lint_overlaps(policy, today, out);
    advise_calendars(policy, today, out);
    advise_sections(policy, out);
    advise_unused(policy, out);
    g_ptr_array_sort(out, advice_order);
    return out;
}
