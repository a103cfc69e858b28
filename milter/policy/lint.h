// Advice on policies: what lint*.c share. Private to policy.
#pragma once

#include "policy/internal.h"

// ---- what may hold (lint_model.c) ------------------------------------------------------------------------

// Somebody by what a rule asks for most.
typedef struct {
    Role role;
    bool school; // a district address
} LintParty;

// What of the message a condition is tried with. What is left open may be so or not.
typedef enum { LINT_OPEN, LINT_NOTHING_FOUND, LINT_WORDS_ONLY } LintContent;

typedef struct {
    const Policy *policy;
    int today;
    const GPtrArray *categories; // of words; NULL = not known
    LintParty sender, recipient;
    LintContent content;
    bool any_party, any_direction, any_finding, any_message; // left open whatever is asked
} LintWorld;
// May it hold in this world? TRI_YES: it does whatever else is so; TRI_NO: never; TRI_UNKNOWN: it may.
Tri lint_holds(const Condition *condition, const LintWorld *world);
// The same of a rule: its condition, and what it leaves out.
Tri lint_rule_holds(const Rule *rule, const LintWorld *world);
// All kinds of senders and recipients. `count` gets how many.
const LintParty *lint_parties(guint *count);
// "no day of the calendar ..." of a time that never comes; NULL when it may.
const char *lint_time_never(const TimeCond *when, int today);

// ---- what asks for more than what else (lint_overlap.c) ------------------------------------------------------

// Adds advice on rules that decide differently, or are overruled whenever they fire.
void lint_overlaps(const Policy *policy, int today, GPtrArray *out);

// ---- advice (lint.c) -------------------------------------------------------------------------------------

void lint_warn(GPtrArray *out, const char *rule, const char *format, ...) G_GNUC_PRINTF(3, 4);
void lint_note(GPtrArray *out, const char *rule, const char *format, ...) G_GNUC_PRINTF(3, 4);
