// policy, inside: the parsed form of a policy file and how it is evaluated. Nobody outside the room includes
// this.
#pragma once

#include "policy/policy.h"

#include <libconfig.h>

// ---- names -----------------------------------------------------------------------------------------------

// What policy itself derives from parties, headers and text; rules name them beside the facts of
// message/facts.h.
typedef enum {
    DERIVED_FORWARDED_TO_SELF,   // a recipient is a private address of the sender
    DERIVED_PRIVATE_FROM,        // From shows a private address of the (school) sender
    DERIVED_PRIVATE_SENDER,      // Sender does
    DERIVED_PRIVATE_REPLY_TO,    // Reply-To does
    DERIVED_PRIVATE_TO,          // To does
    DERIVED_PRIVATE_CC,          // Cc does
    DERIVED_STAFF_NAME_OUTSIDE,  // an outside address that nobody knows, under a staff member's name
    DERIVED_STUDENT_DATA,        // student records were found, or DERIVED_RECORD_WORDS holds
    DERIVED_RECORD_WORDS,        // words of section student-data, where detection found no student's record
    DERIVED_STUDENT_COPIED,      // a recipient is, or a list reaches, a student
    DERIVED_GUARDIAN_COPIED,     // a recipient is, or a list reaches, a guardian
    DERIVED_AUTOMATIC,           // an automatic reply or notice
    DERIVED_NULL_SENDER,         // the null envelope sender
    DERIVED_IMAGE_ONLY,          // nothing but pictures or video
    DERIVED_LATE_HOURS,          // outside section hours
    DERIVED_ONE_TO_ONE,          // one person beside the sender
    DERIVED_GUARDIAN_NOT_COPIED, // a student is reached without any guardian of theirs
    DERIVED_HAS_LINK,            // a link, of any kind
    DERIVED_PURPOSE_STATED,      // a phrase of section purpose
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
    char **grades, **positions;
    Tri adult;
    // Of recipient and with: how they stand to the sender.
    Tri teaches, same_class, same_school, manager, managed;
} PartyCond;

// ---- calendars -------------------------------------------------------------------------------------------

typedef struct {
    int from, until; // local dates yyyymmdd, both included
} DateSpan;
typedef struct {
    guint days;     // bits, 0 = Monday; 0 = every day
    DateSpan span;  // 0 = open
    GArray *closed; // of DateSpan
} Calendar;
bool calendar_has(const Calendar *calendar, const ClockLocal *when);

// ---- what is asked of the message as a whole (message_parse.c, message_match.c) -----------------------------

typedef struct {
    int least, most; // -1 = not asked
} CountCond;
typedef enum {
    GROUP_RECIPIENTS,
    GROUP_STUDENTS,
    GROUP_STAFF,
    GROUP_GUARDIANS,
    GROUP_OUTSIDERS,
    GROUP_LAST
} GroupCount;
typedef struct {
    CountCond
        counts[GROUP_LAST]; // people the message reaches, members of lists counted, each once, the sender not
    Tri one_to_one;
} GroupCond;

typedef enum { COPIED_NOT_ASKED, COPIED_ALL, COPIED_SOME, COPIED_NONE } CopiedCond;

typedef struct {
    guint days;
    int from, until;          // minutes of the day; -1 = not asked
    const Calendar *calendar; // of the policy; NULL = not asked
} TimeCond;

typedef struct {
    char **types, **names, **sha256; // NULL = not asked
    guint states;                    // of PartState
    int least, most;                 // bytes; -1
} AttachmentCond;

typedef struct {
    char *name, **values;
} HeaderCond;

typedef struct {
    char **hosts, **paths;
    Tri approved;
    guint layers;
} LinkCond;

typedef struct {
    GroupCond *group; // each NULL = not asked
    TimeCond *time;
    AttachmentCond *attachment;
    HeaderCond *header;
    LinkCond *link;
    char **list_ids;
    CopiedCond guardians;
} MessageCond;
void message_cond_free(MessageCond *cond);

// WHOSE_CHILD: a student's whose guardian the recipient is.
typedef enum { WHOSE_SENDER, WHOSE_RECIPIENT, WHOSE_CHILD, WHOSE_OTHER, WHOSE_NOBODY, WHOSE_LAST } Whose;

typedef struct {
    guint kinds, owners, layers, visibilities, whose;
    char **where;       // shell patterns
    char **obfuscation; // names
    char **values;      // canonical values; with '*' patterns
    Tri obfuscated, sweep_only;
    double confidence; // < 0: the policy's threshold of the finding's kind
    int least;         // so many different values; of a list of students, so many students
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
    MessageCond *message;
    GPtrArray *all, *any, *none; // of Condition
    bool selects;                // a finding condition stands in it, not negated
    bool asks_family;
};
void condition_free(Condition *condition);

// ---- the policy ------------------------------------------------------------------------------------------

typedef struct {
    int from; // local date yyyymmdd
    Mode mode;
} DatedMode;

typedef struct {
    char *name, *clause, *gist, *remedy, *reply;
    char *sample, *template, *escalate; // each NULL = none
    bool protected, alert;
    double alert_score; // of the pair, from which on it alerts; 0 = whatever the score is
    char **clauses;     // cited; of the section clauses only, where the policy has one
    char **unknown; // cited by a rule of the policy's own file, but not in the section clauses; NULL = none
    bool shared;    // from an included file, which may cite the clauses of other policies too
    int severity, line;
    Action action;
    Mode mode;
    GArray *modes; // of DatedMode, in order; NULL = mode holds always
    bool notify_sender, notify_reviewers, notify_recipients;
    Condition *when;
    GPtrArray *unless; // of Condition
    guint exceptions;  // of ExceptionKind
} Rule;

// What is asked of a message whose detail an exception covers on condition that its purpose is stated.
typedef struct {
    GPtrArray *phrases; // of PhrasePattern
    char *clause, *gist, *remedy;
    char **clauses; // as of rules; NULL = no section purpose
    int severity;
    Action action;
} PurposeRule;

// What is asked of exceptions of a kind (section exceptions).
typedef struct {
    int retro_hours;  // may be recorded so long after its use; 0 = not at all; -1 = not asked
    Tri consent;      // of a guardian of each student, with its document; TRI_UNKNOWN = as the exception says
    Tri purpose;      // the message must state its purpose; TRI_UNKNOWN = as the exception says
    Tri document;     // the paper of the approval, by its hash and date; TRI_UNKNOWN = not asked
    char **approvers; // positions, one of which the approver must have; NULL = anyone but the beneficiary
} ExceptionDemand;

typedef struct {
    char *id, *gist;
    char *left_out; // why no mail filter can act on it; NULL = implemented
    char **by;      // what implements it beside rules; NULL
    int line;
} Clause;

// What the policy defines and nothing of it uses, or what still stands as it was shipped.
typedef struct {
    const char *what;  // "list", "condition"
    char *name, *file; // file: NULL = the policy's own
    int line;
    bool example; // used, with the values of an example
} Unused;

struct Policy {
    int refs;
    GHashTable *calendars; // char* -> Calendar*
    TimeCond hours;        // section hours: what is not late
    bool has_hours;
    ExceptionDemand demands[EXCEPTION_LAST];
    PolicyPatterns patterns;
    bool has_patterns;
    GPtrArray *escalations; // of PolicyEscalation
    GPtrArray *clauses;     // of Clause
    char *name, *version, *sha256;
    GPtrArray *sections; // of char*: names of the sections there are
    GPtrArray *unused;   // of Unused
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
    GHashTable *calendars;  // of the policy being read
    GHashTable *used;       // config_setting_t* of lists and conditions that rules and sections use
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
// A weight or a score, 0 to a million; `out` stays as it is when the key is absent. (section_parse.c)
void parser_weight(PolicyParser *parser, const config_setting_t *group, const char *key, double *out);
Tri parser_bool(PolicyParser *parser, const config_setting_t *group,
                const char *key); // TRI_UNKNOWN when absent
// Bits of the names under `key`.
guint parser_mask(PolicyParser *parser, const config_setting_t *group, const char *key, NameOf name_of,
                  int count);
// One name under `key`; -1 when absent or wrong (reported).
int parser_name(PolicyParser *parser, const config_setting_t *group, const char *key, NameOf name_of,
                int count);

// "2026-09-01" as 20260901; 0 after reporting. "18:00" as minutes; -1 after reporting or when absent. Days of the week as bits.
int parser_date(PolicyParser *parser, const config_setting_t *setting, const char *key, const char *text);
int parser_minutes(PolicyParser *parser, const config_setting_t *group, const char *key);
guint parser_days(PolicyParser *parser, const config_setting_t *group, const char *key);
// Sections beside rules, lists and conditions (section_parse.c). False when `section` is none of them.
bool section_parse(PolicyParser *parser, const config_setting_t *section, Policy *policy);
// Cuts what rules and the section purpose cite to the ids of the section clauses, where there is one: shared rules cite the
// clauses of every policy they implement, and notices name only the district's own. (clauses.c)
void clauses_filter(Policy *policy);
// Notes which lists and conditions nothing uses. (unused.c)
void unused_collect(PolicyParser *parser, Policy *policy);
void unused_free(Unused *unused);
// Calendars first: conditions name them.
void calendars_parse(PolicyParser *parser, const config_setting_t *section, Policy *policy);
void calendar_free(Calendar *calendar);
// The phrases under `key`. (parse.c)
void phrases_parse(PolicyParser *parser, const config_setting_t *group, const char *key, GPtrArray *out);
char *clause_parse(PolicyParser *parser, const config_setting_t *group);
// The keys of a group that ask for the message as a whole; NULL when there are none.
MessageCond *message_cond_parse(PolicyParser *parser, const config_setting_t *group);
TimeCond *time_parse(PolicyParser *parser, const config_setting_t *group, const char *key);

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

// Recipients of whom a party condition of `with` holds, the first two.
typedef struct {
    guint rcpts[2], count;
} Others;

// One decision being made.
typedef struct {
    const PolicyInput *in;
    int today;             // local date of the receipt
    ClockLocal local;      // the receipt
    GHashTable *others;    // const PartyCond* -> Others*: of `with`
    GHashTable *asked;     // what is asked of the whole message -> its Tri; see condition_message
    Tri *links;            // of each link of the detection: is it an approved tool; NULL = not worked out yet
    GPtrArray *people;     // of const Party*: whom the message reaches, each once; NULL = not worked out yet
    GHashTable *persons;   // of const char*: their persons
    CopiedCond copied;     // of guardians: COPIED_NOT_ASKED where no student is reached
    bool copied_known;     // it has been worked out
    GPtrArray *exceptions; // of RosterException: the sender's; NULL = not loaded
    GHashTable *
        papers; // id of an exception -> what is missing for everybody, "" = nothing; NULL = nothing asked yet
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
    GPtrArray *
        exceptions; // of RosterException: the member's own, where a student writes to staff; NULL = not loaded
    Tri *covers;    // per exception that counts for the member: covers the student; TRI_UNKNOWN = not asked
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
// What is asked of the message as a whole; `parts`: of its attachments and links too. (message_match.c)
Tri condition_message(const MessageCond *cond, bool parts, DecideContext *context);
bool time_holds(const TimeCond *cond, const ClockLocal *when);
bool group_holds(const GroupCond *cond, DecideContext *context);
// Everybody the message reaches beside the sender: recipients, and members in place of their lists, each person or address once.
const GPtrArray *decide_people(DecideContext *context);
// Is a guardian of each student reached among the people? *out COPIED_NOT_ASKED when no student is reached; false when the roster
// could not tell.
bool decide_copied(DecideContext *context, CopiedCond *out);
// The mode of `rule` on `today`.
Mode rule_mode(const Rule *rule, int today);
// Is `finding` as sure as `least`, and, of a list of students, as long as the policy asks? (match.c)
bool finding_counts(const Policy *policy, const Finding *finding, double least);
// Is `party` in the district (a district address)?
bool party_is_district(const Party *party);

// Fills pairs and signs of `decision`, whose reasons are complete. False when the roster could not tell. (pairs.c)
bool pairs_note(DecideContext *context, Decision *decision);
void pair_free(PolicyPair *pair);

// (derived.c)
Tri derived_holds(DecideContext *context, Derived derived);
bool purpose_stated(DecideContext *context);

// What an exception must be (exception_demand.c). `why`s: caller frees, NULL when nothing is missing; false with `error` when the
// roster could not tell.
typedef struct {
    const Policy *policy;
    RosterSession *roster;
    int today;
    int64_t now_us;
} ExceptionDay;
char *exception_not_in_force(const RosterException *exception, int kind, int today);
bool exception_demand_why(const ExceptionDay *day, const RosterException *exception, int kind, char **out_why,
                          GError **error);
bool exception_consent_why(const ExceptionDay *day, RosterException *exception, int kind,
                           const Party *student, char **out_why, GError **error);
bool exception_asks_purpose(const Policy *policy, const RosterException *exception, int kind);

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
Reason *reason_new(const PolicyInput *in, int today, const Rule *rule, Outcome outcome);
void reason_free(Reason *reason);
Decision *decision_new(const PolicyInput *in); // with its recipients, all delivered
// Adds a recipient, what was matched (`count` findings) and what was tried (taken over).
void reason_add(Reason *reason, guint rcpt, const bool *matched, guint count, const GPtrArray *facts,
                GPtrArray *tries);
Action action_after_mode(Action action, Mode mode);
