// roster: who is who. One SQLite file (schema.h), written by imports (feeds/); look-ups read it through sessions, each
// of which sees one state of it.
#pragma once

#include "base/config.h"
#include "message/message.h"

// ---- parties ------------------------------------------------------------------------------------

typedef enum {
    ROLE_EXTERNAL,
    ROLE_SERVICE,
    ROLE_LIST,
    ROLE_LIST_UNKNOWN, // a list whose members cannot be told
    ROLE_GUARDIAN,
    ROLE_STUDENT,
    ROLE_STAFF,
    ROLE_LAST
} Role;
const char *role_name(Role role);
bool role_parse(const char *text, Role *out_role);

typedef enum { ACCOUNT_SCHOOL, ACCOUNT_PERSONAL } Account;
const char *account_name(Account account);

// An address resolved. For ROLE_LIST, `members` holds every member reached, lists expanded, each once.
typedef struct Party Party;
struct Party {
    char *address;   // as given
    char *canonical; // canonical form that was looked up
    Role role;
    Account account; // school: a district address; personal: a private address of the person
    char *person;    // roster id of the person; NULL for external, service and list
    char *name;      // "Given Family"; NULL when unknown
    bool enabled;
    GPtrArray *roles;     // of char*: every role the person has ("staff", "guardian")
    GPtrArray *positions; // of char*: "principal", "counselor", "nurse", ...; NULL unless a person
    char *grade;          // of a student, as the roster has it; NULL when unknown
    Tri adult;            // a student of 18 and more on the session's day
    char *manager;        // pid of the supervisor; NULL when unknown
    GPtrArray *schools;   // of char*: org ids
    GPtrArray *classes;   // of char*: class ids the person is in
    GPtrArray *
        members; // of Party*; NULL unless a list; empty for ROLE_LIST_UNKNOWN. With policy.unknown_lists = "students"
                 // a student nobody knows stands for those who cannot be told
    bool partly; // a list some of whose members cannot be told
    char *why;   // how it was resolved, for `roster show` and reasons
};
void party_free(Party *party);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Party, party_free)
// True when the party is `role` or is a list with a member of that role.
bool party_reaches(const Party *party, Role role);

// Everybody of one message.
typedef struct {
    Party *sender;         // by authenticated login, else From, else envelope sender
    const char *sender_by; // "auth", "from", "envelope"
    Party *envelope_from;  // NULL for the null sender
    GPtrArray *header;     // of PartyHeader: addresses shown in From, Sender, Reply-To, To, Cc (top message)
    GPtrArray *rcpts;      // of Party, in the envelope's order
} Parties;
typedef struct {
    const MessageAddress *source; // borrowed from the message
    Party *party;
} PartyHeader;
void parties_free(Parties *parties);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parties, parties_free)

// ---- look-ups -----------------------------------------------------------------------------------

typedef struct Roster Roster;               // the file; any thread
typedef struct RosterSession RosterSession; // one consistent view; one thread at a time

// Opens config->roster.database and reads the key file. NULL with `error` set: missing, not a roster, wrong
// version. A session sees the generation that is in force when it begins.
Roster *roster_open(const Config *config, GError **error);
Roster *roster_ref(Roster *roster);
void roster_unref(Roster *roster);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Roster, roster_unref)
// `today` (yyyymmdd, local): enrollments, roles and tools are those of that day.
RosterSession *roster_session_begin(Roster *roster, int today, GError **error);
void roster_session_end(RosterSession *session); // NULL is a no-op
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RosterSession, roster_session_end)

// Who `address` is. NULL with `error` only when the roster could not tell (I/O, busy): the caller must
// tempfail.
Party *roster_resolve(RosterSession *session, const char *address, GError **error);
Parties *roster_resolve_message(RosterSession *session, const Envelope *envelope, const Message *message,
                                GError **error);

// Canonical mailbox: trimmed, lower case (Unicode), domain as A-label, no +tag or dots where `config` says
// the domain ignores them. Caller frees; NULL when it is not an address.
char *roster_canonical_address(const Config *config, const char *address);

// Is `person` (person id) family of student `student`: by a guardian link, or the same person. A staff member who is a
// guardian too is one person with both.
Tri roster_is_family(RosterSession *session, const char *person, const char *student, GError **error);
// The staff persons whose full name (first given + family, preferred names too, either order; canon_name) `text`
// carries. Person ids, caller unrefs; empty when none; NULL with `error`.
GPtrArray *roster_staff_named(RosterSession *session, const char *text, GError **error);
// The same of students: for lists of names in a text. At most `most` persons.
GPtrArray *roster_students_named(RosterSession *session, const char *text, guint most, GError **error);
// The student (person id, caller frees) whom `id` tells in some source: the id there, a student or state number, as the
// source writes it. *out NULL when none; false with `error`.
bool roster_student_of_id(RosterSession *session, const char *id, char **out_person, GError **error);
// Do they share a class on the session's day? teaches: `a` teaches it and `b` learns in it.
Tri roster_share_class(RosterSession *session, const char *a, const char *b, bool teaches, GError **error);

// An approved tool or official account (tools.csv) that `host`/`path` or "platform:name" is.
typedef struct {
    char *name, *value, *tenant, *approver;
    int from, until;
    bool in_force; // on the session's day, and the tenant's mark is in the link
} RosterTool;
void roster_tool_free(RosterTool *tool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RosterTool, roster_tool_free)
// The best row for a link (host with its sub-domains; tenant: a part of host, path or query) or a handle (`host` NULL,
// `rest` "platform:name"); *out NULL when there is none. False with `error`.
bool roster_tool(RosterSession *session, const char *host, const char *rest, RosterTool **out,
                 GError **error);

typedef enum {
    OWNER_UNKNOWN,
    OWNER_SENDER,
    OWNER_STAFF,
    OWNER_SCHOOL,
    OWNER_PUBLISHED,
    OWNER_STUDENT,
    OWNER_GUARDIAN,
    OWNER_THIRD_PARTY,
    OWNER_LAST
} Owner;
const char *owner_name(Owner owner);
bool owner_parse(const char *text, Owner *out_owner);

// Kinds of contact detail; `canonical` values are: phone E.164 ("+14135550142"; digits only where no area
// code is known); e-mail canonical mailbox; handle "platform:name"; invite "host/path"; street address lower
// case; payment handle "cashapp:$name".
typedef enum {
    KIND_PHONE,
    KIND_EMAIL,
    KIND_HANDLE,
    KIND_INVITE,
    KIND_STREET_ADDRESS,
    KIND_PAYMENT_HANDLE,
    KIND_SOLICITATION,
    KIND_PHRASE,         // words of a category of the lexicon; the value is the category
    KIND_STUDENT_RECORD, // "ssn", "student-id", "student-names", "record-words"
    KIND_LAST
} Kind;
const char *kind_name(Kind kind); // "phone", "email", "handle", "invite", "street-address", "payment-handle",
                                  // "offchannel-solicitation", "phrase", "student-record"
// Is it a way to reach somebody: no solicitation, no words, no records?
bool kind_is_contact(Kind kind);
bool kind_parse(const char *text, Kind *out_kind);

typedef struct {
    Owner
        owner; // STAFF (also when it is the sender's: compare `person`), SCHOOL, PUBLISHED, STUDENT, GUARDIAN
    char *person; // whose; NULL for school and published
    char *label;  // "personal registry: cell", "published: Poison Control", "number block
                  // +14135550100/+14135550139"
} RosterOwner;
void roster_owner_free(RosterOwner *owner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RosterOwner, roster_owner_free)
// Exact matches of a canonical value: district domains, numbers and blocks, published, the personal registry
// (keyed HMAC), guardians', students'. A GPtrArray of RosterOwner, strongest first (school and published
// before people), empty when nobody is known to own it. NULL with `error` when the roster could not tell. A
// 7-digit phone matches by its end.
GPtrArray *roster_owners(RosterSession *session, Kind kind, const char *canonical, GError **error);
// A handle or mailbox name without platform or domain ("coach_tb23", "jane"): the canonical values the
// registry has under that name for `person`. GPtrArray of char*, empty when none.
GPtrArray *roster_values_named(RosterSession *session, const char *person, Kind kind, const char *name,
                               GError **error);
// Is `domain` a consumer mail service (webmail.csv and the shipped list)?
Tri roster_is_webmail(RosterSession *session, const char *domain, GError **error);
Tri roster_is_district_domain(RosterSession *session, const char *domain, GError **error); // sub-domains too
char *roster_person_name(RosterSession *session, const char *person,
                         GError **error); // "Given Family", caller frees
// Title of a class, name of a school: the id itself where the roster has none. Caller frees; NULL with
// `error`.
char *roster_class_title(RosterSession *session, const char *class_id, GError **error);
char *roster_school_name(RosterSession *session, const char *school, GError **error);
// A person by its id: `address` is the one it is written to, "" when there is none. *out NULL when the roster has no such
// person; false with `error`.
bool roster_person(RosterSession *session, const char *person, Party **out, GError **error);
// Who has `position` ("principal") at a school on the session's day (person ids, at most 50). GPtrArray of char*; NULL with
// `error`. Looks at every post: not for the mail path.
GPtrArray *roster_staff_at(RosterSession *session, const char *school, const char *position, GError **error);
// Everybody of the staff who is there on the session's day, of `school` (its id or name) or of all where it is NULL, by name. GPtrArray of
// RosterStaff; NULL with `error`. Not for the mail path.
typedef struct {
    char *person, *name, *address; // address: "" when there is none
    char *schools;                 // ids, "," between
    int since;                     // the first day of their posts; 0 = not told
} RosterStaff;
void roster_staff_free(RosterStaff *staff);
GPtrArray *roster_staff_all(RosterSession *session, const char *school, GError **error);
// All schools, by name: their ids. GPtrArray of char*; NULL with `error`.
GPtrArray *roster_schools(RosterSession *session, GError **error);
// Is there a school (or another organisation) of this id or name?
Tri roster_knows_school(RosterSession *session, const char *school, GError **error);
// Guardians (person ids) of a student. GPtrArray of char*; NULL with `error`.
GPtrArray *roster_guardians_of(RosterSession *session, const char *student, GError **error);
// What the personal registry has of a person, without the values: "cell", "email". GPtrArray of char*; NULL
// with `error`.
GPtrArray *roster_registered_kinds(RosterSession *session, const char *person, GError **error);

// ---- exceptions ---------------------------------------------------------------------------------

// In which direction an exception covers: what the staff member writes to students, what students write to the staff member.
typedef enum { WAY_TO_STUDENTS, WAY_FROM_STUDENTS, WAY_BOTH, WAY_LAST } Way;
const char *way_name(Way way); // "to-students", "from-students", "both"
bool way_parse(const char *text, Way *out_way);

// A guardian's consent for one student, on paper.
typedef struct {
    char *student;    // canonical address
    char *person;     // roster id of the student; NULL when the address is nobody's
    char *guardian;   // canonical address, or a name in words; "" = not told
    char *document;   // what the paper is called; ""
    char *sha256;     // of the paper, 64 lower hex digits
    int given, until; // local dates; until 0 = as long as the exception
    char *withdrawn;  // "2026-11-01 by admin: reason"; NULL = it stands
    char *source, *added;
} RosterConsent;
void roster_consent_free(RosterConsent *consent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RosterConsent, roster_consent_free)

typedef struct {
    char *id;           // "EX-2601"
    char *kind;         // trip emergency approved family role
    char *staff;        // canonical address
    char *staff_person; // roster id; NULL when the address is nobody's
    char **students;    // canonical addresses, "class:<id>", "group:<list address>", "school:<id>", "*"
    char **values;      // canonical, "*"
    int from, until;    // local dates yyyymmdd, both included
    char *approver;
    char *approver_person;
    bool guardian_consent, purpose_required;
    char *revoked; // "2026-11-01 by admin: reason"; NULL = in force
    Way way;
    char *purpose;       // what it is for, in words; ""
    char *approval;      // SHA-256 of the paper of the approval; ""
    int approved;        // its local date; 0 = not told
    int64_t recorded_us; // when it was written down; 0 = not known
    char *source;        // "exceptions.csv", "file", "command"
    char *added;         // "2026-11-01T10:00:00.000Z by admin": into this roster
    GPtrArray *consents; // of RosterConsent, by student; NULL = not read
    GHashTable *reached; // persons whom its groups reach; NULL = not worked out yet
} RosterException;
void roster_exception_free(RosterException *exception);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RosterException, roster_exception_free)
// All exceptions (expired and revoked too: a reason names why one did not apply) of staff person or address.
// GPtrArray of RosterException, caller unrefs; NULL with `error`.
GPtrArray *roster_exceptions_of(RosterSession *session, const Party *staff, GError **error);
// Is `student` in exception->students?
Tri roster_exception_covers_student(RosterSession *session, RosterException *exception, const Party *student,
                                    GError **error);
// Students (person ids) whose guardian `guardian` is. GPtrArray of char*.
GPtrArray *roster_children_of(RosterSession *session, const char *guardian, GError **error);

// All of them, with their consents.
GPtrArray *roster_exceptions_all(RosterSession *session, GError **error);
// Reads the consents, unless they are read. False with `error`.
bool roster_exception_consents(RosterSession *session, RosterException *exception, GError **error);
// Has a guardian of `student` consented on `day` (the student, where 18)? Where not, `*out_why` (caller frees) tells why, and
// `*out_withdrawn` whether a consent was taken back.
Tri roster_exception_consented(RosterSession *session, RosterException *exception, const Party *student,
                               int day, bool *out_withdrawn, char **out_why, GError **error);
