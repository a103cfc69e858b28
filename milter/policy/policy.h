// policy: rules + facts -> decision. Pure: no files, no clock. The language of a policy file is described in
// conf/policies/standard.conf and in chaperone-policy(5).
#pragma once

#include "base/config.h"
#include "detect/detect.h"
#include "message/message.h"
#include "roster/roster.h"

typedef enum {
    ACTION_DELIVER,
    ACTION_TAG,
    ACTION_COACH,
    ACTION_HOLD,
    ACTION_REJECT
} Action; // weakest to strongest
const char *action_name(Action action);
typedef enum { MODE_MONITOR, MODE_COACH, MODE_ENFORCE } Mode;
const char *mode_name(Mode mode);
bool mode_parse(const char *text, Mode *out_mode);
// "internal" (district to district), "inbound", "outbound", "external" (neither end is the district's).
typedef enum { DIRECTION_INTERNAL, DIRECTION_INBOUND, DIRECTION_OUTBOUND, DIRECTION_EXTERNAL } Direction;
const char *direction_name(Direction direction);

typedef struct Policy Policy; // immutable, reference-counted; any thread
// Parses and checks policy text (`name` is its file name, for messages; `include_dir` for @include, NULL =
// none allowed). NULL with `error` (BASE_ERROR_CONFIG): every mistake, a line each, "file:line: rule: key:
// what; remedy".
Policy *policy_parse(const char *name, const char *text, const char *include_dir, GError **error);
Policy *policy_ref(Policy *policy);
void policy_unref(Policy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Policy, policy_unref)
const char *policy_name(const Policy *policy);
const char *policy_version(
    const Policy *policy); // declared version and the first 12 hex of its SHA-256: "3-0123456789ab"

guint policy_rule_count(const Policy *policy);

typedef struct {
    const Config *config;
    const Policy *policy;
    Mode mode;
    const Envelope *envelope;
    const Message *message;
    const Parties *parties;
    const Detection *detection;
    RosterSession *roster; // relations and exceptions
    int64_t now_us;        // when the message is judged: its time of receipt
} PolicyInput;

// What the reading of attachments could still change, for these parties and what of the message is known already
// (`input->detection` and the facts are those of the message without its waiting attachments; conditions on findings, facts and
// anything else that an attachment could bring count as not known yet). `out_rcpts` (may be NULL) gets a bool for each of
// parties->rcpts: is there a rule in force for it that attachments could make fire, or keep from firing. Rules that are off, and
// those whose parties, direction, times or relations do not hold, do not count; nor do rules that a stronger rule which
// fires already makes irrelevant to the action - but every rule that would be told as a reason does count while it may hold.
typedef struct {
    bool wanted;   // some recipient's decision depends on attachments
    bool students; // one of these recipients is a student or a list that reaches students
} PolicyNeeds;
// False with `error` set when the roster could not tell (as policy_decide).
bool policy_needs(const PolicyInput *input, PolicyNeeds *out_needs, bool *out_rcpts, GError **error);

typedef struct {
    char *id;      // exception
    guint finding; // index
    char *student; // address it was tried for
    bool used;
    char *why; // "covers", "expired 2026-10-18", "another student", "no guardian consent", ...
} ExceptionTry;

typedef struct {
    char *rule, *clause, *gist; // gist: one line for people
    int severity;
    Action action;    // of the rule
    Action effective; // after mode
    GArray *rcpts;    // of guint: indexes of Parties.rcpts
    GArray *findings; // of guint: indexes of Detection.findings
    GPtrArray *facts; // of char*
    GPtrArray *tries; // of ExceptionTry
    char *remedy;     // what the sender can do; may be NULL
    char *reply;      // reply text for reject; may be NULL
    bool notify_sender, notify_reviewers;
} Reason;

typedef struct {
    char *address;    // envelope recipient as given
    Action action;    // strongest of its reasons, after mode
    GPtrArray *rules; // of char*: names of the rules that fired for it
} RcptDecision;

typedef struct {
    char *policy, *version;
    Mode mode;
    Direction direction;
    GPtrArray *rcpts;   // of RcptDecision, in the envelope's order
    GPtrArray *reasons; // of Reason, strongest first
} Decision;
void decision_free(Decision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decision, decision_free)

// Decides. NULL with `error` when the roster could not tell: the caller tempfails.
Decision *policy_decide(const PolicyInput *input, GError **error);

// Takes the recipients whose flag is set (one a recipient) out of all reasons; a reason that is left without any goes.
void decision_leave(Decision *decision, const bool *rcpts);
// The strongest action any recipient gets.
Action decision_strongest(const Decision *decision);
