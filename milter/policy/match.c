// Does a condition hold for one recipient of one message? TRI_UNKNOWN only when the roster could not tell.
#include "policy/internal.h"

#include <string.h>

bool party_is_district(const Party *party)
{
    bool person = party->role == ROLE_STAFF || party->role == ROLE_STUDENT || party->role == ROLE_GUARDIAN;
    return party->role == ROLE_SERVICE || party->role == ROLE_LIST || party->role == ROLE_LIST_UNKNOWN ||
           (person && party->account == ACCOUNT_SCHOOL);
}

static bool mask_has(guint mask, int bit)
{
    return mask == 0 || (mask & (1u << bit));
}

static bool address_matches(const char *pattern, const Party *party)
{
    const char *address = party->canonical ? party->canonical : party->address;
    const char *at = address ? strrchr(address, '@') : NULL;
    if (!at)
        return false;
    if (*pattern != '@')
        return g_ascii_strcasecmp(pattern, address) == 0;
    const char *domain = at + 1, *want = pattern + 1;
    gsize have = strlen(domain), len = strlen(want);
    return have >= len && g_ascii_strcasecmp(domain + have - len, want) == 0 &&
           (have == len || domain[have - len - 1] == '.');
}

static bool any_address(char *const *patterns, const Party *party)
{
    bool found = false;
    for (guint i = 0; patterns[i] && !found; i++)
        found = address_matches(patterns[i], party);
    return found;
}

static bool any_string(char *const *wanted, const GPtrArray *have)
{
    bool found = false;
    for (guint i = 0; have && i < have->len && !found; i++)
        found = g_strv_contains((const char *const *)wanted, have->pdata[i]);
    return found;
}

static bool any_position(char *const *patterns, const GPtrArray *have)
{
    bool found = false;
    for (guint i = 0; have && i < have->len && !found; i++) {
        g_autofree char *position = g_utf8_strdown(have->pdata[i], -1);
        for (guint k = 0; patterns[k] && !found; k++) {
            g_autofree char *pattern = g_utf8_strdown(patterns[k], -1);
            found = g_pattern_match_simple(pattern, position);
        }
    }
    return found;
}

static bool also_matches(guint mask, const Party *party)
{
    bool found = mask & (1u << party->role);
    for (guint i = 0; party->roles && i < party->roles->len && !found; i++) {
        int role = names_find(names_role, ROLE_LAST, party->roles->pdata[i]);
        found = role >= 0 && (mask & (1u << role));
    }
    return found;
}

static bool same_person(const Party *party, const Party *sender)
{
    return party->person && sender->person && strcmp(party->person, sender->person) == 0;
}

static bool tri_is(Tri wanted, bool is)
{
    return wanted == TRI_UNKNOWN || (wanted == TRI_YES) == is;
}

// What needs no look-up. Who is reached by a list is reached by the list's address too.
static bool party_matches(const PartyCond *cond, const Party *party, const Party *list, const Party *sender)
{
    if (!mask_has(cond->roles, party->role) || (cond->also && !also_matches(cond->also, party)))
        return false;
    if (cond->accounts &&
        !(cond->accounts & (1u << (party_is_district(party) ? ACCOUNT_SCHOOL : ACCOUNT_PERSONAL))))
        return false;
    if ((cond->addresses && !any_address(cond->addresses, party) &&
         !(list && any_address(cond->addresses, list))) ||
        (cond->schools && !any_string(cond->schools, party->schools)) ||
        (cond->classes && !any_string(cond->classes, party->classes)) ||
        !tri_is(cond->enabled, party->enabled))
        return false;
    if ((cond->grades &&
         !(party->grade && g_strv_contains((const char *const *)cond->grades, party->grade))) ||
        (cond->positions && !any_position(cond->positions, party->positions)) ||
        // Whose age is not known counts as a minor.
        (cond->adult != TRI_UNKNOWN &&
         (party->role != ROLE_STUDENT || (cond->adult == TRI_YES) != (party->adult == TRI_YES))))
        return false;
    bool self = same_person(party, sender);
    return tri_is(cond->self, self) && tri_is(cond->own_private, self && !party_is_district(party));
}

static bool sender_holds(const PartyCond *cond, const Parties *parties)
{
    return party_matches(cond, parties->sender, NULL, parties->sender) &&
           tri_is(cond->authenticated, g_strcmp0(parties->sender_by, "auth") == 0);
}

static Tri tri_equal(Tri wanted, Tri is)
{
    return is == TRI_UNKNOWN ? TRI_UNKNOWN : wanted == is ? TRI_YES : TRI_NO;
}

static Tri class_holds(Tri wanted, bool teaches, const Party *party, DecideContext *context)
{
    const Party *sender = context->in->parties->sender;
    if (!sender->person || !party->person)
        return tri_equal(wanted, TRI_NO);
    bool turned = teaches && sender->role == ROLE_STUDENT; // the student's teacher
    return tri_equal(wanted,
                     roster_share_class(context->in->roster, turned ? party->person : sender->person,
                                        turned ? sender->person : party->person, teaches, &context->error));
}

static bool share_school(const Party *a, const Party *b)
{
    bool found = false;
    for (guint i = 0; a->schools && i < a->schools->len && !found; i++)
        found = b->schools &&
                g_ptr_array_find_with_equal_func(b->schools, a->schools->pdata[i], g_str_equal, NULL);
    return found;
}

static bool is_manager(const Party *who, const Party *of)
{
    return who->person && of->manager && strcmp(of->manager, who->person) == 0;
}

// How `party` stands to the sender. TRI_UNKNOWN when the roster could not tell.
static Tri relation_holds(const PartyCond *cond, const Party *party, DecideContext *context)
{
    const Party *sender = context->in->parties->sender;
    if (!tri_is(cond->same_school, share_school(party, sender)) ||
        !tri_is(cond->manager, is_manager(party, sender)) ||
        !tri_is(cond->managed, is_manager(sender, party)))
        return TRI_NO;
    Tri holds = cond->teaches != TRI_UNKNOWN ? class_holds(cond->teaches, true, party, context) : TRI_YES;
    if (holds == TRI_YES && cond->same_class != TRI_UNKNOWN)
        holds = class_holds(cond->same_class, false, party, context);
    return holds;
}

static Tri recipient_holds(const PartyCond *cond, Member *member)
{
    const Parties *parties = member->context->in->parties;
    if (!party_matches(cond, member->party, parties->rcpts->pdata[member->rcpt], parties->sender))
        return TRI_NO;
    Tri holds = relation_holds(cond, member->party, member->context);
    if (holds == TRI_YES && cond->family != TRI_UNKNOWN)
        holds = tri_equal(cond->family, member_is_family(member));
    return holds;
}

static Tri with_is(const PartyCond *cond, const Party *party, const Party *list, DecideContext *context)
{
    bool matches = party_matches(cond, party, list, context->in->parties->sender);
    return matches ? relation_holds(cond, party, context) : TRI_NO;
}

// Is a recipient such a one, or a list that reaches one?
static Tri with_reached(const PartyCond *cond, const Party *rcpt, DecideContext *context)
{
    Tri found = with_is(cond, rcpt, NULL, context);
    for (guint j = 0; rcpt->members && j < rcpt->members->len && found == TRI_NO; j++)
        found = with_is(cond, rcpt->members->pdata[j], rcpt, context);
    return found;
}

// The first two recipients that are such a one: enough to tell anybody whether somebody else is.
static bool with_find(const PartyCond *cond, DecideContext *context, Others *out)
{
    const GPtrArray *rcpts = context->in->parties->rcpts;
    Tri found = TRI_NO;
    out->count = 0;
    for (guint i = 0; i < rcpts->len && out->count < 2 && found != TRI_UNKNOWN; i++) {
        found = with_reached(cond, rcpts->pdata[i], context);
        if (found == TRI_YES)
            out->rcpts[out->count++] = i;
    }
    return found != TRI_UNKNOWN;
}

// Another recipient than the member's.
static Tri with_holds(const PartyCond *cond, const Member *member)
{
    DecideContext *context = member->context;
    Others *others = g_hash_table_lookup(context->others, cond);
    if (!others) {
        g_autofree Others *made = g_new0(Others, 1);
        if (!with_find(cond, context, made))
            return TRI_UNKNOWN;
        others = g_steal_pointer(&made);
        g_hash_table_insert(context->others, (gpointer)cond, others);
    }
    bool found = others->count == 2 || (others->count == 1 && others->rcpts[0] != member->rcpt);
    return found ? TRI_YES : TRI_NO;
}

static bool direction_holds(guint mask, const Member *member)
{
    bool from = party_is_district(member->context->in->parties->sender);
    bool to = party_is_district(member->party);
    Direction direction =
        from ? (to ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND) : (to ? DIRECTION_INBOUND : DIRECTION_EXTERNAL);
    return mask & (1u << direction);
}

// ---- facts -----------------------------------------------------------------------------------------------

static bool fact_wanted(const FactCond *cond, const char *name)
{
    FactClass cls;
    const char *known = message_fact_lookup(name, &cls, NULL);
    return known && ((cond->classes & (1u << cls)) || g_ptr_array_find(cond->names, known, NULL));
}

static void fact_note(GPtrArray *facts, const char *name)
{
    if (!g_ptr_array_find_with_equal_func(facts, name, g_str_equal, NULL))
        g_ptr_array_add(facts, (gpointer)name);
}

Tri condition_fact(const FactCond *cond, Trial *trial)
{
    DecideContext *context = trial->member->context;
    Tri found = TRI_NO;
    const GPtrArray *facts = context->in->message->facts;
    for (guint i = 0; i < facts->len; i++) {
        const Fact *fact = facts->pdata[i];
        if (fact_wanted(cond, fact->name)) {
            fact_note(trial->facts, fact->name);
            found = TRI_YES;
        }
    }
    const GPtrArray *more = context->in->detection->facts;
    for (guint i = 0; i < more->len; i++) {
        if (fact_wanted(cond, more->pdata[i])) {
            fact_note(trial->facts, more->pdata[i]);
            found = TRI_YES;
        }
    }
    for (int i = 0; i < DERIVED_LAST; i++) {
        Tri holds = cond->derived & (1u << i) ? derived_holds(context, (Derived)i) : TRI_NO;
        if (holds == TRI_UNKNOWN)
            return TRI_UNKNOWN;
        if (holds == TRI_YES) {
            fact_note(trial->facts, derived_name((Derived)i));
            found = TRI_YES;
        }
    }
    return found;
}

// ---- findings --------------------------------------------------------------------------------------------

// Is the finding of a student whose guardian the recipient is?
static Tri finding_of_child(const Finding *finding, const Member *member)
{
    DecideContext *context = member->context;
    const char *person = member->party->person;
    if (finding->owner != OWNER_STUDENT || !person || member->party->role == ROLE_STUDENT)
        return TRI_NO;
    return roster_is_family(context->in->roster, person, finding->owner_person, &context->error);
}

// False when the roster could not tell.
static bool finding_whose(const Finding *finding, const Member *member, Whose *out)
{
    const Party *sender = member->context->in->parties->sender;
    Tri child = TRI_NO;
    if (finding->owner == OWNER_SENDER ||
        (finding->owner_person && g_strcmp0(finding->owner_person, sender->person) == 0)) {
        *out = WHOSE_SENDER;
    } else if (!finding->owner_person) {
        *out = WHOSE_NOBODY;
    } else if (g_strcmp0(finding->owner_person, member->party->person) == 0) {
        *out = WHOSE_RECIPIENT;
    } else {
        child = finding_of_child(finding, member);
        *out = child == TRI_YES ? WHOSE_CHILD : WHOSE_OTHER;
    }
    return child != TRI_UNKNOWN;
}

static bool finding_is_list(const Finding *finding)
{
    return finding->kind == KIND_STUDENT_RECORD && g_strcmp0(finding->value, "student-names") == 0;
}

bool finding_counts(const Policy *policy, const Finding *finding, double least)
{
    return finding->confidence >= (least < 0 ? policy->confidence[finding->kind] : least) &&
           !(finding_is_list(finding) && finding->count < (guint)policy->names_min);
}

static bool where_matches(char *const *patterns, const char *where)
{
    bool found = false;
    for (guint i = 0; patterns[i] && !found; i++)
        found = g_pattern_match_simple(patterns[i], where ? where : "");
    return found;
}

// What has no '*' is the value itself: values have '?' and brackets of their own.
static bool value_matches(char *const *values, const char *value)
{
    bool found = false;
    for (guint i = 0; values[i] && !found; i++)
        found =
            strchr(values[i], '*') ? g_pattern_match_simple(values[i], value) : strcmp(values[i], value) == 0;
    return found;
}

static bool finding_matches(const FindingCond *cond, const Finding *finding, const Member *member)
{
    if (!finding_counts(member->context->in->policy, finding, cond->confidence) ||
        !mask_has(cond->kinds, finding->kind) || !mask_has(cond->owners, finding->owner) ||
        !mask_has(cond->layers, finding->layer) || !mask_has(cond->visibilities, finding->visibility))
        return false;
    if ((cond->where && !where_matches(cond->where, finding->where)) ||
        (cond->obfuscation && !any_string(cond->obfuscation, finding->obfuscation)) ||
        (cond->values && !value_matches(cond->values, finding->value ? finding->value : "")))
        return false;
    return tri_is(cond->obfuscated, finding->obfuscation->len > 0) &&
           tri_is(cond->sweep_only, finding->sweep_only);
}

// How many the findings that fit are: different values of details; students of records. A list of names is told once for each
// of its students, with the length of the whole.
static guint findings_number(const GPtrArray *findings, const bool *fits)
{
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint records = 0, listed = 0;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        guint students = MAX(finding->count, 1);
        if (!fits[i])
            continue;
        if (finding->kind != KIND_STUDENT_RECORD)
            g_hash_table_add(values,
                             g_strdup_printf("%d %s", finding->kind, finding->value ? finding->value : ""));
        else if (finding_is_list(finding))
            listed = MAX(listed, students);
        else
            records += students;
    }
    return g_hash_table_size(values) + records + listed;
}

Tri condition_finding(const FindingCond *cond, Trial *trial)
{
    const GPtrArray *findings = trial->member->context->in->detection->findings;
    g_autofree bool *fits = g_new0(bool, findings->len + 1);
    Tri found = TRI_NO;
    for (guint i = 0; i < findings->len; i++) {
        Whose whose = WHOSE_NOBODY;
        if ((trial->aside && trial->aside[i]) || !finding_matches(cond, findings->pdata[i], trial->member))
            continue;
        if (cond->whose && !finding_whose(findings->pdata[i], trial->member, &whose))
            return TRI_UNKNOWN;
        if (cond->whose && !(cond->whose & (1u << whose)))
            continue;
        fits[i] = true;
        found = TRI_YES;
    }
    if (found == TRI_YES && cond->least > 1 && findings_number(findings, fits) < (guint)cond->least)
        found = TRI_NO;
    for (guint i = 0; found == TRI_YES && i < findings->len; i++)
        trial->matched[i] |= fits[i];
    return found;
}

// ---- the whole -------------------------------------------------------------------------------------------

static Tri all_hold(const GPtrArray *branches, Trial *trial)
{
    Tri holds = TRI_YES;
    for (guint i = 0; branches && i < branches->len && holds == TRI_YES; i++)
        holds = condition_holds(branches->pdata[i], trial);
    return holds;
}

// Every branch is asked: all findings that speak for the rule are its findings.
static Tri any_holds(const GPtrArray *branches, Trial *trial)
{
    Tri holds = branches ? TRI_NO : TRI_YES;
    for (guint i = 0; branches && i < branches->len && holds != TRI_UNKNOWN; i++) {
        Tri one = condition_holds(branches->pdata[i], trial);
        holds = one == TRI_NO ? holds : one;
    }
    return holds;
}

// What is negated selects nothing: it is tried on a trial of its own.
static Tri none_holds(const GPtrArray *branches, const Trial *trial)
{
    if (!branches)
        return TRI_YES;
    guint count = trial->member->context->in->detection->findings->len;
    g_autofree bool *matched = g_new0(bool, count + 1);
    g_autoptr(GPtrArray) facts = g_ptr_array_new();
    Trial own = {trial->member, trial->aside, matched, facts};
    Tri holds = TRI_YES;
    for (guint i = 0; i < branches->len && holds == TRI_YES; i++) {
        Tri one = condition_holds(branches->pdata[i], &own);
        holds = one == TRI_UNKNOWN ? TRI_UNKNOWN : one == TRI_YES ? TRI_NO : TRI_YES;
    }
    return holds;
}

Tri condition_parties(const Condition *condition, Member *member)
{
    if (condition->directions && !direction_holds(condition->directions, member))
        return TRI_NO;
    if (condition->sender && !sender_holds(condition->sender, member->context->in->parties))
        return TRI_NO;
    Tri holds = condition->recipient ? recipient_holds(condition->recipient, member) : TRI_YES;
    if (holds == TRI_YES && condition->with)
        holds = with_holds(condition->with, member);
    return holds;
}

// What a group asks itself, cheap questions first.
static Tri own_holds(const Condition *condition, Trial *trial)
{
    Tri holds = condition_parties(condition, trial->member);
    if (holds == TRI_YES && condition->message)
        holds = condition_message(condition->message, true, trial->member->context);
    if (holds == TRI_YES && condition->finding)
        holds = condition_finding(condition->finding, trial);
    if (holds == TRI_YES && condition->fact)
        holds = condition_fact(condition->fact, trial);
    return holds;
}

// A branch that does not hold as a whole selects nothing: the findings it touched are taken back.
Tri condition_holds(const Condition *condition, Trial *trial)
{
    guint count = trial->member->context->in->detection->findings->len;
    g_autofree bool *before =
        condition->selects ? g_memdup2(trial->matched, (count + 1) * sizeof(bool)) : NULL;
    guint facts = trial->facts->len;
    Tri holds = own_holds(condition, trial);
    if (holds == TRI_YES)
        holds = all_hold(condition->all, trial);
    if (holds == TRI_YES)
        holds = any_holds(condition->any, trial);
    if (holds == TRI_YES)
        holds = none_holds(condition->none, trial);
    if (holds != TRI_YES) {
        g_ptr_array_set_size(trial->facts, (gint)facts);
        if (before)
            memcpy(trial->matched, before, (count + 1) * sizeof(bool));
    }
    return holds;
}
