// A small district in a roster of its own, and messages made of parties, findings and facts.
#pragma once

#include "policy/policy.h"

#include <criterion/criterion.h>

#define DISTRICT "tests/unit/district"
#define PACKS    "tests/packs/roster" // with posts, supervisors, grades, ages and two schools

typedef struct {
    char *dir;
    Config *config;
    Roster *roster;
    RosterSession *session;
    Policy *policy; // the standard one
} District;
District *district_new(void);
District *district_from(const char *roster); // a directory of exports
void district_free(District *district);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(District, district_free)

typedef struct {
    const char *name;
    const char *from, *auth; // envelope sender; login
    const char *to;          // comma separated
    const char *headers;     // "From=Name <a@b>;Reply-To=a@b": shown beside the defaults; NULL
    const char *findings;    // "kind owner value [confidence [layer [person [count]]]];..."; NULL
    const char *facts;       // "unread,..."; NULL
    const char *text;        // NULL
    const char *date;        // NULL = 2026-10-20
    const char *expect;      // an action for each recipient, comma separated
    const char *rule;        // that fires; NULL = not asked
    Mode mode;               // 0 = enforce, else one more than the mode
    const char *links; // "host rest [layer [yes]];...": yes = in the shipped list of approved tools; NULL
    const char
        *parts; // "type size [name [sha256 [state]]];...", of an attachment, or "inline:type" of a picture
                // that the text shows; "-" = none; NULL
} Case;

// A policy of one rule "r", which holds: its condition, what more stands in the rule, and other sections.
Policy *policy_of(const char *sections, const char *when, const char *more);
typedef struct {
    const char *when;
    Case row;
} WhenRow;
// Checks that such a rule decides each row as it says, in the district of `roster`.
void whens_check(const char *roster, const char *sections, const WhenRow *rows, gsize count);

// Decides `row` by `policy`.
Decision *case_decide(const District *district, const Policy *policy, const Case *row);
// Asks policy_needs about `row`: its findings and facts are those known before attachments are read. `out_rcpts` gets "yes" or
// "no" for each recipient, comma separated; caller frees.
PolicyNeeds case_needs(const District *district, const Policy *policy, const Case *row, char **out_rcpts);
// Checks every row's actions and rule.
void cases_check(const District *district, const Policy *policy, const Case *rows, gsize count);
// Actions of the recipients, comma separated; caller frees.
char *decision_actions(const Decision *decision);
const Reason *decision_reason(const Decision *decision, const char *rule);
