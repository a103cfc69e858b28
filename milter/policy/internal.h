// policy, inside: the parsed form of a policy file and how it is evaluated. Nobody outside the room includes
// this.
#pragma once

#include "policy/policy.h"

#include <libconfig.h>

// ---- names -----------------------------------------------------------------------------------------------

// What policy itself derives from parties, headers and text; rules name them beside the facts of
// message/facts.h.
typedef enum {
    DERIVED_FORWARDED_TO_SELF,  // a recipient is a private address of the sender
    DERIVED_PRIVATE_FROM,       // From shows a private address of the (school) sender
    DERIVED_PRIVATE_SENDER,     // Sender does
    DERIVED_PRIVATE_REPLY_TO,   // Reply-To does
    DERIVED_PRIVATE_TO,         // To does
    DERIVED_PRIVATE_CC,         // Cc does
    DERIVED_STAFF_NAME_OUTSIDE, // an outside address that nobody knows, under a staff member's name
    DERIVED_STUDENT_DATA,       // student records were found, or DERIVED_RECORD_WORDS holds
    DERIVED_RECORD_WORDS,       // words of section student-data, where detection found no student's record
    DERIVED_STUDENT_COPIED,     // a recipient is, or a list reaches, a student
    DERIVED_GUARDIAN_COPIED,    // a recipient is, or a list reaches, a guardian
    DERIVED_AUTOMATIC,          // an automatic reply or notice
    DERIVED_NULL_SENDER,        // the null envelope sender
    DERIVED_LAST
} Derived;
const char *derived_name(Derived derived);

typedef enum {
    EXCEPTION_TRIP,
    EXCEPTION_EMERGENCY,
    EXCEPTION_APPROVED,
    EXCEPTION_FAMILY,
    EXCEPTION_ROLE,
    EXCEPTION_LAST
} ExceptionKind;
// Index of `text` among `count` names that `name_of` gives, -1 when it is none of them.
typedef const char *(*NameOf)(int index);
int names_find(NameOf name_of, int count, const char *text);
extern const NameOf names_direction, names_role, names_account, names_kind, names_owner, names_layer,
    names_visibility, names_exception, names_action, names_mode, names_whose, names_notice;

// ---- conditions ------------------------------------------------------------------------------------------

// Sets over small enums are bit masks; 0 = not asked. A Tri of TRI_UNKNOWN = not asked.

typedef struct {
    guint roles;      // of Role: the role of the address
    guint also;       // of Role: any role the person has
    guint accounts;   // of Account; asks for a person or a district address
    char **addresses; // patterns: "a@b", "@b" (domain and its sub-domains); NULL = not asked
    char **schools, **classes;
    Tri enabled;
    Tri authenticated; // sender only
    Tri family;        // recipient only: own child (or parent) of the sender
    Tri own_private;   // recipient only: a private address of the sender
    Tri self;          // recipient only: the sender's own person, any account
} PartyCond;

// WHOSE_CHILD: a student's whose guardian the recipient is.
typedef enum { WHOSE_SENDER, WHOSE_RECIPIENT, WHOSE_CHILD, WHOSE_OTHER, WHOSE_NOBODY, WHOSE_LAST } Whose;

typedef struct {
    guint kinds, owners, layers, visibilities, whose;
    char **where;       // shell patterns
    char **obfuscation; // names
    char **values;      // canonical values
    Tri obfuscated, sweep_only;
    double confidence; // < 0: the policy's threshold of the finding's kind
} FindingCond;

typedef struct {
    guint classes;    // of FactClass
    GPtrArray *names; // of const char*: the table's pointers of facts.h
    guint derived;    // of Derived
} FactCond;

typedef struct Condition Condition;
struct Condition {
    guint directions;
    PartyCond *sender, *recipient, *with;
    FactCond *fact;
    FindingCond *finding;
    GPtrArray *all, *any, *none; // of Condition
    bool selects;                // a finding condition stands in it, not negated
    bool asks_family;
};
void condition_free(Condition *condition);

// ---- the policy ------------------------------------------------------------------------------------------

typedef struct {
    char *name, *clause, *gist, *remedy, *reply;
    int severity, line;
    Action action;
    Mode mode;
    bool notify_sender, notify_reviewers;
    Condition *when;
    GPtrArray *unless; // of Condition
    guint exceptions;  // of ExceptionKind
} Rule;

// What is asked of a message whose detail an exception covers on condition that its purpose is stated.
typedef struct {
    GPtrArray *phrases; // of PhrasePattern
    char *clause, *gist, *remedy;
    int severity;
    Action action;
} PurposeRule;

struct Policy {
    int refs;
    char *name, *version;
    double confidence[KIND_LAST];
    GPtrArray *rules; // of Rule, in order of name
    PurposeRule purpose;
    GPtrArray *record_words; // of PhrasePattern
    int record_min;
    int names_min;          // students whom a list names
    GPtrArray *title_words; // of char*: lower case
};

// ---- parsing ---------------------------------------------------------------------------------------------

typedef struct {
    const char *file; // of the text itself
    GPtrArray *mistakes;
    config_t *config;
    GHashTable *lists;      // name -> config_setting_t*
    GHashTable *conditions; // name -> config_setting_t*
    const char *rule;       // being read, for messages
    int depth, parsed;
} PolicyParser;
// Records a mistake about `key` of the rule being read, at `setting`; the same line is kept once.
void parser_mistake(PolicyParser *parser, const config_setting_t *setting, const char *key,
                    const char *format, ...) G_GNUC_PRINTF(4, 5);
// Reports every member of `group` whose name is not in `known` (NULL-ended).
void parser_known_keys(PolicyParser *parser, const config_setting_t *group, const char *const *known);
// Values of `key`: a string, or an array or list of strings; "list:NAME" stands for a list's values. NULL
// when the key is absent; an empty array is a mistake. Free with g_strfreev.
char **parser_strings(PolicyParser *parser, const config_setting_t *group, const char *key);
char *parser_string(PolicyParser *parser, const config_setting_t *group, const char *key);
bool parser_int(PolicyParser *parser, const config_setting_t *group, const char *key, int least, int most,
                int *out);
bool parser_number(PolicyParser *parser, const config_setting_t *group, const char *key, double *out); // 0..1
Tri parser_bool(PolicyParser *parser, const config_setting_t *group,
                const char *key); // TRI_UNKNOWN when absent
// Bits of the names under `key`.
guint parser_mask(PolicyParser *parser, const config_setting_t *group, const char *key, NameOf name_of,
                  int count);
// One name under `key`; -1 when absent or wrong (reported).
int parser_name(PolicyParser *parser, const config_setting_t *group, const char *key, NameOf name_of,
                int count);

// A condition group; NULL after reporting. (condition_parse.c)
Condition *condition_parse(PolicyParser *parser, const config_setting_t *group);
Condition *condition_parse_named(PolicyParser *parser, const char *name, const config_setting_t *group);

// ---- phrases (phrase.c) ----------------------------------------------------------------------------------

// "in case of emergency", "only for ... purposes": words compared case-folded; "word*" is a beginning; "..."
// leaves out up to six words.
typedef struct PhrasePattern PhrasePattern;
PhrasePattern *phrase_new(const char *text); // NULL when there is no word in it
void phrase_free(PhrasePattern *phrase);
// The words of `text`, case-folded. GPtrArray of char*, at most `most`.
GPtrArray *phrase_words(const char *text, gsize len, guint most);
bool phrase_matches(const PhrasePattern *phrase, const GPtrArray *words);

// ---- evaluating ------------------------------------------------------------------------------------------

// One decision being made.
typedef struct {
    const PolicyInput *in;
    int today;                 // local date of the receipt
    GPtrArray *exceptions;     // of RosterException: the sender's; NULL = not loaded
    Tri derived[DERIVED_LAST]; // TRI_UNKNOWN = not worked out yet
    Tri purpose;               // the same: the message states a purpose
    GError *error;             // first failure: the whole decision fails
} DecideContext;

// One recipient's person under one decision: a recipient, or a member of a list.
typedef struct {
    DecideContext *context;
    const Party *party;
    guint rcpt;              // index in Parties.rcpts
    Tri family;              // TRI_UNKNOWN = not asked yet
    GPtrArray *family_tries; // of ExceptionTry, made when family was asked
    Tri *covers;             // per exception of the context: covers this student; TRI_UNKNOWN = not asked
} Member;

// One rule tried for one member.
typedef struct {
    Member *member;
    const bool *aside; // per finding: set aside by a carve-out or an exception; NULL = none
    bool *matched;     // per finding, out
    GPtrArray *facts;  // of const char*, out
} Trial;

// Does `condition` hold? TRI_UNKNOWN with context->error set when the roster could not tell. (match.c)
Tri condition_holds(const Condition *condition, Trial *trial);
// The pieces of it that ask for themselves: directions and parties; findings; facts. (match.c)
Tri condition_parties(const Condition *condition, Member *member);
Tri condition_finding(const FindingCond *cond, Trial *trial);
Tri condition_fact(const FactCond *cond, Trial *trial);
// Is `finding` as sure as `least`, and, of a list of students, as long as the policy asks? (match.c)
bool finding_counts(const Policy *policy, const Finding *finding, double least);
// Is `party` in the district (a district address)?
bool party_is_district(const Party *party);

// (derived.c)
Tri derived_holds(DecideContext *context, Derived derived);
bool purpose_stated(DecideContext *context);

// Family of the sender by the roster or by a family exception in force. (exception.c)
Tri member_is_family(Member *member);
typedef enum {
    COVER_NO,
    COVER_PURPOSE /* covered, if the purpose is stated */,
    COVER_YES,
    COVER_FAILED
} Cover;
// Does an exception of `kinds` cover finding `index` for the member? Every try is added to `tries`.
Cover member_covered(Member *member, guint kinds, guint index, GPtrArray *tries);
ExceptionTry *exception_try_new(const char *id, guint finding, const char *student, bool used,
                                const char *why);
void exception_try_free(ExceptionTry *exception_try);

// What became of a rule for a recipient: it fired; an exception covers, but the purpose is not stated; an
// exception (or family by exception) covers. (reason.c)
typedef enum { OUTCOME_FIRED, OUTCOME_PURPOSE, OUTCOME_COVERED, OUTCOME_LAST } Outcome;
// Makes `context` ready for `input`, and clears it. False with context->error set. (decide.c)
bool decide_begin(DecideContext *context, const PolicyInput *input);
void decide_end(DecideContext *context);
// Hands the context's error over, or says that the roster could not tell.
void decide_fail(DecideContext *context, GError **error);
Member member_of(DecideContext *context, const Party *party, guint rcpt);
void member_clear(Member *member);
// What becomes of `rule` for `member` by what is known; OUTCOME_LAST = nothing. False when the roster could not tell.
bool member_try(Member *member, const Rule *rule, Outcome *out_outcome);
Reason *reason_new(const Policy *policy, const Rule *rule, Outcome outcome, Mode mode);
void reason_free(Reason *reason);
Decision *decision_new(const PolicyInput *in); // with its recipients, all delivered
// Adds a recipient, what was matched (`count` findings) and what was tried (taken over).
void reason_add(Reason *reason, guint rcpt, const bool *matched, guint count, const GPtrArray *facts,
                GPtrArray *tries);
Action action_after_mode(Action action, Mode mode);
