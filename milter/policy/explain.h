// Rules in plain English: what explain_*.c share. Private to policy.
#pragma once

#include "policy/internal.h"

// Lines being written; each is indented by its level.
typedef struct {
    const Policy *policy; // for the names of calendars
    GPtrArray *lines;     // of char*
    guint level;
} Explainer;
void explain_line(Explainer *explainer, const char *format, ...) G_GNUC_PRINTF(2, 3);
// What the group asks for, a line each: all of them must be so. (explain_condition.c)
void explain_condition(Explainer *explainer, const Condition *condition);
// The same as one text, for comparing. Caller frees.
char *explain_text(const Policy *policy, const Condition *condition);

// What a group about a party asks, without its subject: "is a student". GPtrArray of char*. (explain_party.c)
GPtrArray *explain_party(const PartyCond *party);
// "a phone number whose owner is ...". Caller frees. (explain_finding.c)
char *explain_finding(const FindingCond *finding);
void explain_message(Explainer *explainer, const MessageCond *message);
// What a derived fact means.
const char *explain_derived(Derived derived);

// "a, b or c", at most eight of them and how many more. Caller frees.
char *explain_choice(char *const *texts);
// The same of the names of the bits in `mask`. Caller frees.
char *explain_mask(guint mask, NameOf name_of, int count);
