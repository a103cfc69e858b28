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

const char *policy_sha256(const Policy *policy); // of the text and all it includes
guint policy_rule_count(const Policy *policy);
// Names of notices' templates that its rules ask for, each once. GPtrArray of char*.
GPtrArray *policy_templates(const Policy *policy);

// Section escalations: whom it reaches that a message may have to be reported, and by when it is settled.
typedef struct {
    char *name;
    char **contacts;
    int hours;
    bool legal_hold;
} PolicyEscalation;
// NULL when the policy has none of that name.
const PolicyEscalation *policy_escalation(const Policy *policy, const char *name);

// Section patterns: what messages between a staff member and a student count for in window_days, and from which score on a
// reviewer is alerted.
typedef struct {
    int window_days;
    double one_to_one, late, image_only, near_miss, alert;
    bool baseline; // beside what is usual for the staff member
} PolicyPatterns;
const PolicyPatterns *policy_patterns(const Policy *policy); // NULL when the policy has no such section

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
    bool notify_sender, notify_reviewers, notify_recipients;
    char *template;     // of the notice; NULL = by action
    char *escalate;     // escalation it opens; NULL
    bool protected;     // protected activity: delivered, and no matter of discipline
    bool alert;         // opens a review item without holding
    double alert_score; // only where the pair's score over time is that high; 0 = always
    bool covered;       // an exception covers what it matched
} Reason;

typedef struct {
    char *address;    // envelope recipient as given
    Action action;    // strongest of its reasons, after mode
    GPtrArray *rules; // of char*: names of the rules that fired for it
} RcptDecision;

// A staff member and a student whom a message passes between, nearly alone: at most three people are reached and no
// guardian is; families of the roster are left out.
typedef struct {
    char *staff, *student; // persons
    char *staff_address, *student_address;
} PolicyPair;
// What such a message counts for in patterns over time.
typedef enum { SIGN_ONE_TO_ONE, SIGN_LATE, SIGN_IMAGE_ONLY, SIGN_NEAR_MISS, SIGN_LAST } Sign;
const char *sign_name(int sign); // as the weights of section patterns are called

typedef struct {
    char *policy, *version;
    Mode mode;
    Direction direction;
    GPtrArray *rcpts;   // of RcptDecision, in the envelope's order
    GPtrArray *reasons; // of Reason, strongest first
    GPtrArray *pairs;   // of PolicyPair
    guint signs;        // of Sign; 0 where there are no pairs
    bool by_staff;      // the staff member of the pairs is the sender
} Decision;
void decision_free(Decision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decision, decision_free)

// Decides. NULL with `error` when the roster could not tell: the caller tempfails.
Decision *policy_decide(const PolicyInput *input, GError **error);

// Takes the recipients whose flag is set (one a recipient) out of all reasons; a reason that is left without any goes.
void decision_leave(Decision *decision, const bool *rcpts);
// The strongest action any recipient gets.
Action decision_strongest(const Decision *decision);

// ---- what people who keep exceptions ask -----------------------------------------------------------------

// Section exceptions, of one kind. TRI_UNKNOWN: as the exception says.
typedef struct {
    int retro_hours; // -1 = not asked
    Tri consent, purpose, document;
    char **approvers; // borrowed; NULL = anyone but the beneficiary
} PolicyExceptionDemand;
bool policy_exception_asks(const Policy *policy, const char *kind,
                           PolicyExceptionDemand *out); // false: no such kind
// What keeps `exception` from covering anybody for mail of `now_us` (`today` there), its dates aside: *out_flaw, caller frees;
// NULL when nothing does. False with `error` when the roster could not tell.
bool policy_exception_flaw(const Policy *policy, RosterSession *roster, RosterException *exception, int today,
                           int64_t now_us, char **out_flaw, GError **error);

// ---- what people who write policies ask ------------------------------------------------------------------

typedef struct {
    int from; // local date yyyymmdd; 0 = from the beginning
    Mode mode;
} PolicyDatedMode;

// A rule in plain English.
typedef struct {
    char *name, *clause, *gist;
    Action action;
    int severity;
    Mode mode;       // on the day asked for
    GArray *modes;   // of PolicyDatedMode: the timetable, in order; the first from the beginning
    GPtrArray *text; // of char*: its lines; two spaces of indentation a level
} PolicyRuleText;
// GPtrArray of PolicyRuleText, in order of name: of `rule`, of all rules where it is NULL. Empty when there is no such rule.
GPtrArray *policy_explain(const Policy *policy, const char *rule, int today);

// A test that somebody wrote for a clause.
typedef struct {
    char *name, *clause;
    char **rules; // expected to fire; NULL = not said
    bool near_miss;
} PolicyCase;

typedef struct {
    char *id, *gist;
    char *left_out;   // why; NULL = it is implemented
    char **by;        // what implements it beside rules; NULL
    GPtrArray *rules; // of char*: names; section purpose is "section purpose"
    guint tests, near_misses;
} PolicyClause;
typedef struct {
    GPtrArray *clauses;  // of PolicyClause, as the policy lists them
    GPtrArray *mistakes; // of char*: what is not covered, or contradicts itself
} PolicyCoverage;
void policy_coverage_free(PolicyCoverage *coverage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PolicyCoverage, policy_coverage_free)
// What implements each clause of the section clauses, and what tests it. `cases`: of PolicyCase; NULL = no tests are asked for.
PolicyCoverage *policy_coverage(const Policy *policy, const GPtrArray *cases);

typedef struct {
    bool note;  // worth knowing; else a warning
    char *rule; // NULL = of the policy
    char *text;
} PolicyAdvice;
// What is allowed and probably not meant: rules that cannot fire, or always do, or change nothing. GPtrArray of PolicyAdvice,
// warnings first. `today`: yyyymmdd. `categories`: of const char*, the categories of words there are; NULL = not known.
GPtrArray *policy_lint(const Policy *policy, int today, const GPtrArray *categories);
