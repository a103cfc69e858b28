// Between which staff member and which student a message passes nearly alone, and what of it counts for patterns over time.
// Worked out here, where parties and findings are known, and kept with the decision: counting needs no message.
#include "policy/internal.h"

// A class, a team or a committee is no pair.
#define MOST_PEOPLE 3

const char *sign_name(int sign)
{
    static const char *const NAMES[SIGN_LAST] = {"one-to-one", "late", "image-only", "near-miss"};
    return sign >= 0 && sign < SIGN_LAST ? NAMES[sign] : "?";
}

void pair_free(PolicyPair *pair)
{
    if (!pair)
        return;
    g_free(pair->staff);
    g_free(pair->student);
    g_free(pair->staff_address);
    g_free(pair->student_address);
    g_free(pair);
}

// False when the roster could not tell whether they are family.
static bool pair_add(DecideContext *context, Decision *decision, const Party *staff, const Party *student)
{
    Tri family = roster_is_family(context->in->roster, staff->person, student->person, &context->error);
    if (family == TRI_NO) {
        PolicyPair *pair = g_new0(PolicyPair, 1);
        *pair = (PolicyPair){g_strdup(staff->person), g_strdup(student->person), g_strdup(staff->address),
                             g_strdup(student->address)};
        g_ptr_array_add(decision->pairs, pair);
    }
    return family != TRI_UNKNOWN;
}

static bool pairs_find(DecideContext *context, Decision *decision)
{
    const Party *sender = context->in->parties->sender;
    bool staff = sender->role == ROLE_STAFF, student = sender->role == ROLE_STUDENT;
    if (!sender->person || (!staff && !student))
        return true;
    const GPtrArray *people = decide_people(context);
    bool alone = people->len <= MOST_PEOPLE;
    for (guint i = 0; i < people->len && alone; i++) {
        Role role = ((const Party *)people->pdata[i])->role;
        alone = role != ROLE_GUARDIAN && role != ROLE_LIST && role != ROLE_LIST_UNKNOWN;
    }
    bool good = true;
    for (guint i = 0; i < people->len && alone && good; i++) {
        const Party *other = people->pdata[i];
        bool pair = other->person && other->role == (staff ? ROLE_STUDENT : ROLE_STAFF);
        if (pair)
            good = pair_add(context, decision, staff ? sender : other, staff ? other : sender);
    }
    decision->by_staff = staff;
    return good;
}

static bool is_detail(const Finding *finding)
{
    return kind_is_contact(finding->kind) || finding->kind == KIND_SOLICITATION ||
           finding->kind == KIND_PHRASE;
}

// A rule named a detail or words and did not hold the message for them.
static bool reason_is_near(const Reason *reason, const Detection *detection)
{
    bool near = false;
    bool counts = reason->action > ACTION_DELIVER && reason->effective < ACTION_HOLD && !reason->covered &&
                  !reason->protected;
    for (guint i = 0; counts && i < reason->findings->len && !near; i++)
        near = is_detail(detection->findings->pdata[g_array_index(reason->findings, guint, i)]);
    return near;
}

// What looks like a detail of the sender's own, and is not sure enough for any rule.
static bool finding_is_near(const Policy *policy, const Finding *finding)
{
    return finding->kind != KIND_PHRASE && is_detail(finding) && finding->layer == LAYER_WRITTEN &&
           (finding->owner == OWNER_SENDER || finding->owner == OWNER_UNKNOWN) &&
           !finding_counts(policy, finding, -1);
}

static bool near_miss(const DecideContext *context, const Decision *decision)
{
    const Detection *detection = context->in->detection;
    bool near = false;
    for (guint i = 0; i < decision->reasons->len && !near; i++)
        near = reason_is_near(decision->reasons->pdata[i], detection);
    for (guint i = 0; i < detection->findings->len && !near; i++)
        near = finding_is_near(context->in->policy, detection->findings->pdata[i]);
    return near;
}

bool pairs_note(DecideContext *context, Decision *decision)
{
    static const Derived DERIVED[] = {[SIGN_ONE_TO_ONE] = DERIVED_ONE_TO_ONE,
                                      [SIGN_LATE] = DERIVED_LATE_HOURS,
                                      [SIGN_IMAGE_ONLY] = DERIVED_IMAGE_ONLY};
    if (!pairs_find(context, decision))
        return false;
    bool good = true;
    for (guint i = 0; decision->pairs->len > 0 && i < G_N_ELEMENTS(DERIVED) && good; i++) {
        Tri holds = derived_holds(context, DERIVED[i]);
        good = holds != TRI_UNKNOWN;
        decision->signs |= holds == TRI_YES ? 1u << i : 0;
    }
    // What students write of themselves to their teachers is theirs to give.
    if (good && decision->pairs->len > 0 && decision->by_staff && near_miss(context, decision))
        decision->signs |= 1u << SIGN_NEAR_MISS;
    return good;
}

const PolicyPatterns *policy_patterns(const Policy *policy)
{
    return policy->has_patterns ? &policy->patterns : NULL;
}

const PolicyEscalation *policy_escalation(const Policy *policy, const char *name)
{
    const PolicyEscalation *found = NULL;
    for (guint i = 0; i < policy->escalations->len && !found; i++) {
        const PolicyEscalation *one = policy->escalations->pdata[i];
        found = g_str_equal(one->name, name) ? one : NULL;
    }
    return found;
}
