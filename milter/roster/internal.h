// What the files of this room share: sessions with their statements, persons, and look-ups between files.
#pragma once

#include "roster/canon.h"
#include "roster/key.h"
#include "roster/roster.h"
#include "roster/schema.h"
#include "store/store.h"

// ---- statements ---------------------------------------------------------------------------------

#define PERSON_COLUMNS                                                                                       \
    "p.id, p.pid, p.given, p.family, p.roles, p.enabled, p.gone, p.birth, p.grade, p.schools, p.mail, "      \
    "(SELECT m.pid FROM person m WHERE m.id = p.manager)"
#define EXCEPTION_COLUMNS                                                                                    \
    "e.id, e.kind, e.staff, e.students, e.value_list, e.begins, e.ends, e.approver, e.guardian_consent, "    \
    "e.purpose_required, e.revoked, e.way, e.purpose, e.approval, e.approved, e.recorded, e.source, e.added"
// A seat (s) of a class (c) that begins on `until` or before and does not end before the day after `from`. Where the
// seat has no date, the class's counts.
#define SEAT_OPEN(s, c, from, until)                                                                         \
    "ifnull(nullif(" s ".begins, 0), " c ".begins) <= " until " AND (ifnull(nullif(" s ".ends, 0), " c       \
    ".ends) = 0 OR ifnull(nullif(" s ".ends, 0), " c ".ends) > " from ")"

#define SESSION_QUERIES(X)                                                                                   \
    X(CONTACT,                                                                                               \
      "SELECT " PERSON_COLUMNS ", c.field, c.use FROM contact c CROSS JOIN person p ON p.id = c.person "     \
      "WHERE c.key = ?1 LIMIT 1000")                                                                         \
    X(PERSON, "SELECT " PERSON_COLUMNS ", '', 0 FROM person p WHERE p.pid = ?1")                             \
    X(POSTS, "SELECT role, position, begins, ends FROM post WHERE person = ?1")                              \
    X(SEATS, "SELECT class, begins, ends FROM seat WHERE person = ?1 LIMIT 10000")                           \
    X(ALL_CLASSES, "SELECT id, cid, begins, ends FROM class ORDER BY id")                                    \
    X(CLASS, "SELECT id FROM class WHERE cid = ?1")                                                          \
    X(CLASS_MEMBERS,                                                                                         \
      "SELECT " PERSON_COLUMNS ", '', 0, " SEAT_OPEN(                                                        \
          "s", "c", "?2", "?2") " "                                                                          \
                                "FROM class c CROSS JOIN seat s ON s.class = c.id CROSS JOIN person p "      \
                                "ON p.id = s.person WHERE c.cid = ?1 ORDER BY s.person LIMIT ?3")            \
    X(SHARED_CLASS, "SELECT 1 FROM person a CROSS JOIN seat s ON s.person = a.id CROSS JOIN class c "        \
                    "ON c.id = s.class CROSS JOIN person b CROSS JOIN seat t ON t.class = c.id "             \
                    "AND t.person = b.id WHERE a.pid = ?1 AND b.pid = ?2 "                                   \
                    "AND " SEAT_OPEN("s", "c", "?3", "?3") " AND " SEAT_OPEN(                                \
                        "t", "c", "?3", "?3") " "                                                            \
                                              "AND (?4 = 0 OR (s.role = ?5 AND t.role = ?6)) LIMIT 1")       \
    X(ENROLLED, "SELECT 1 FROM class c CROSS JOIN person p CROSS JOIN seat s ON s.class = c.id "             \
                "AND s.person = p.id WHERE c.cid = ?1 AND p.pid = ?2 AND s.role = ?5 "                       \
                "AND " SEAT_OPEN("s", "c", "?4", "?3") " LIMIT 1")                                           \
    X(LISTS, "SELECT source, known FROM list WHERE address = ?1")                                            \
    X(LIST_MEMBERS, "SELECT member, source FROM list_member WHERE list = ?1 LIMIT ?2")                       \
    X(ORGS, "SELECT oid, parent FROM org")                                                                   \
    X(ORG_ROLES, "SELECT DISTINCT org, role FROM post")                                                      \
    X(LOGIN, "SELECT p.pid FROM login l CROSS JOIN person p ON p.id = l.person WHERE l.name = ?1 "           \
             "AND (p.gone = 0 OR NOT EXISTS (SELECT 1 FROM login k JOIN person q ON q.id = k.person "        \
             "WHERE k.name = ?1 AND q.gone = 0)) LIMIT 2")                                                   \
    X(PERSONAL, "SELECT q.owner, p.pid, q.field, q.person FROM personal q LEFT JOIN person p "               \
                "ON p.id = q.person WHERE q.hash = ?1 LIMIT 256")                                            \
    X(SEALED,                                                                                                \
      "SELECT sealed FROM personal WHERE person = ?1 AND person <> 0 AND sealed IS NOT NULL "                \
      "UNION ALL SELECT sealed FROM personal WHERE owner = ?2 AND owner <> '' AND sealed IS NOT NULL "       \
      "LIMIT 256")                                                                                           \
    X(REGISTERED_FIELDS,                                                                                     \
      "SELECT q.field FROM person p CROSS JOIN personal q ON q.person = p.id AND q.person <> 0 "             \
      "WHERE p.pid = ?1 UNION SELECT q.field FROM person p CROSS JOIN personal q ON q.owner = p.mail "       \
      "AND q.owner <> '' WHERE p.pid = ?1 UNION SELECT q.field FROM person p CROSS JOIN contact c "          \
      "ON c.person = p.id AND c.field <> 'email' AND c.key GLOB 'email:*' CROSS JOIN personal q "            \
      "ON q.owner = substr(c.key, 7) AND q.owner <> '' WHERE p.pid = ?1 ORDER BY 1 LIMIT 64")                \
    X(STUDENT_ADDRESS, "SELECT student FROM student_address WHERE address = ?1 LIMIT 16")                    \
    X(DOMAINS, "SELECT DISTINCT substr(key, 8) FROM published WHERE key GLOB 'domain:*' ORDER BY 1")         \
    X(PUBLISHED, "SELECT kind, label FROM published WHERE key = ?1 LIMIT 16")                                \
    X(BLOCK, "SELECT first, last FROM block WHERE CAST(?1 AS INT) BETWEEN first AND last LIMIT 4")           \
    X(BLOCK_TAIL, "SELECT first, last FROM block WHERE CAST(?1 AS INT) BETWEEN first % 10000000 AND "        \
                  "last % 10000000 LIMIT 4")                                                                 \
    X(WEBMAIL, "SELECT 1 FROM webmail WHERE domain = ?1")                                                    \
    X(NAMES, "SELECT n.words, p.pid, p.roles FROM name n CROSS JOIN person p ON p.id = n.person "            \
             "WHERE n.last = ?1 LIMIT 5000")                                                                 \
    X(STUDENT_ID, "SELECT p.pid FROM person p WHERE p.pid = ?1 AND p.roles & 32 UNION ALL "                  \
                  "SELECT p.pid FROM ident i CROSS JOIN record r ON r.id = i.record CROSS JOIN person p "    \
                  "ON p.id = r.person WHERE i.value = ?1 AND p.roles & 32 LIMIT 1")                          \
    X(FAMILY, "SELECT 1 FROM person g CROSS JOIN person s CROSS JOIN link l ON l.guardian = g.id "           \
              "AND l.student = s.id WHERE g.pid = ?1 AND s.pid = ?2")                                        \
    X(CHILDREN, "SELECT s.pid FROM person g CROSS JOIN link l ON l.guardian = g.id CROSS JOIN person s "     \
                "ON s.id = l.student WHERE g.pid = ?1 ORDER BY 1 LIMIT 1000")                                \
    X(GUARDIANS, "SELECT g.pid FROM person s CROSS JOIN link l ON l.student = s.id CROSS JOIN person g "     \
                 "ON g.id = l.guardian WHERE s.pid = ?1 ORDER BY 1 LIMIT 1000")                              \
    X(EXCEPTIONS_OF, "SELECT " EXCEPTION_COLUMNS " FROM exception e WHERE e.staff = ?2 OR EXISTS ("          \
                     "SELECT 1 FROM person p CROSS JOIN contact c ON c.key = 'email:' || e.staff "           \
                     "AND c.person = p.id WHERE p.pid = ?1) ORDER BY e.id")                                  \
    X(EXCEPTIONS_ALL, "SELECT " EXCEPTION_COLUMNS " FROM exception e ORDER BY e.id")                         \
    X(CONSENTS, "SELECT student, guardian, document, sha256, given, ends, withdrawn, source, added "         \
                "FROM consent WHERE exception = ?1 ORDER BY student, given DESC, sha256 LIMIT 5000")         \
    X(ANY_TOOL, "SELECT 1 FROM tool LIMIT 1")                                                                \
    X(TOOLS, "SELECT name, kind, value, tenant, begins, ends, approver FROM tool WHERE value = ?1 LIMIT 64") \
    X(CLASS_TITLE, "SELECT title FROM class WHERE cid = ?1")                                                 \
    X(ORG_NAME, "SELECT name FROM org WHERE oid = ?1")                                                       \
    X(STAFF_AT, "SELECT DISTINCT p.pid FROM post t CROSS JOIN person p ON p.id = t.person WHERE t.org = ?1 " \
                "AND t.position = ?2 AND t.begins <= ?3 AND (t.ends = 0 OR t.ends > ?3) AND p.enabled AND "  \
                "p.gone = 0 ORDER BY p.pid LIMIT 50")                                                        \
    X(STAFF_ALL,                                                                                             \
      "SELECT p.pid, p.given, p.family, p.mail, p.schools, (SELECT min(t.begins) FROM post t WHERE "         \
      "t.person = p.id) FROM person p WHERE p.roles & 64 AND p.enabled AND p.gone = 0 AND "                  \
      "(?1 = '' OR EXISTS (SELECT 1 FROM post t CROSS JOIN org o ON o.oid = t.org WHERE "                    \
      "t.person = p.id AND (o.oid = ?1 OR o.name = ?1 COLLATE NOCASE) AND t.begins <= ?3 AND "               \
      "(t.ends = 0 OR t.ends > ?3))) ORDER BY p.family, p.given, p.pid")                                     \
    X(SCHOOLS, "SELECT DISTINCT oid FROM org WHERE type = 'school' ORDER BY name, oid LIMIT 5000")           \
    X(ORG_KNOWN, "SELECT 1 FROM org WHERE oid = ?1 OR name = ?1 COLLATE NOCASE LIMIT 1")

typedef enum {
#define X(name, sql) Q_##name,
    SESSION_QUERIES(X)
#undef X
        Q_LAST
} SessionQuery;

// ---- sessions (roster.c) -----------------------------------------------------------------------

// The statement of `query`, reset, with its text parameters bound (NULL: left alone). Belongs to the session: read it
// to the end before the same query runs again. NULL with `error`.
StoreStmt *session_query(RosterSession *session, SessionQuery query, const char *a, const char *b,
                         GError **error);
// First column of all rows. GPtrArray of char*; NULL with `error`.
GPtrArray *session_column(RosterSession *session, SessionQuery query, const char *a, const char *b,
                          GError **error);
// First column of the first row; *out is NULL when there is none. False with `error`.
bool session_value(RosterSession *session, SessionQuery query, const char *a, const char *b, char **out,
                   GError **error);
// Is there a row?
Tri session_has(RosterSession *session, SessionQuery query, const char *a, const char *b, GError **error);
// The same of a statement whose parameters are bound; NULL is could-not-tell. Resets it.
Tri session_row(StoreStmt *stmt, GError **error);
const Config *session_config(RosterSession *session);
const RosterKey *session_key(RosterSession *session);
int session_today(RosterSession *session);
bool session_shipped_webmail(RosterSession *session, const char *domain);

// Lists the session has expanded: canonical address -> Party; and how many members that were in all.
GHashTable *session_lists(RosterSession *session);
// Keys of Q_NAMES that are known to find nobody: texts repeat themselves.
GHashTable *session_unnamed(RosterSession *session);
guint *session_reached(RosterSession *session);

// What of the generation is small and asked all the time is read once a connection. NULL with `error`.
GPtrArray *session_domains(RosterSession *session, GError **error); // of char*: published domains, sorted
Tri session_has_tools(RosterSession *session, GError **error);
const struct Classes *session_classes(RosterSession *session, GError **error);
// Roles (mask of 1 << Role) of everybody with a post in an org or below it: oid -> GUINT_TO_POINTER.
GHashTable *session_org_roles(RosterSession *session, GError **error);

// ---- classes (classes.c) ------------------------------------------------------------------------

typedef struct Classes Classes;
Classes *classes_read(RosterSession *session, GError **error);
Classes *classes_ref(Classes *classes);
void classes_unref(Classes *classes);
// The cid of class `id` when a seat of it with these dates is open; where the seat has no date, the class's counts.
// NULL when it is not. Borrowed.
const char *classes_open(const Classes *classes, int64_t id, int begins, int ends, int today);

// ---- persons (people.c) -------------------------------------------------------------------------

// A row of PERSON_COLUMNS, field and use of the contact it was found by. NULL as text where the roster has nothing.
typedef struct {
    int64_t id;
    char *pid, *given, *family, *grade, *schools, *mail, *manager, *field;
    guint roles;        // mask of 1 << Role
    bool enabled, work; // work: the contact may be given to anyone
    int gone, birth;
} Person;
void person_free(Person *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Person, person_free)
Person *person_of_row(StoreStmt *stmt);
Role person_strongest(guint roles); // ROLE_EXTERNAL when there is none

// Whose the canonical address is: somebody present before somebody gone, an address of now before a former one, then
// the strongest role. *out NULL when nobody's.
bool people_of_address(RosterSession *session, const char *canonical, Person **out, GError **error);
// The same, the person's id only; caller frees.
bool people_pid(RosterSession *session, const char *canonical, char **out_pid, GError **error);
bool people_by_pid(RosterSession *session, const char *pid, Person **out, GError **error);
// A party for `person` (taken over) under `canonical`: the roles of the session's day, positions, schools, classes.
Party *people_party(RosterSession *session, Person *person, const char *canonical, GError **error);
// One for nobody the roster knows.
Party *people_plain(const char *canonical, Role role, Account account, const char *why);
// Persons whose personal registry has the hash of `key`. GPtrArray of RosterOwner (owner STAFF).
GPtrArray *people_registered(RosterSession *session, const char *key, GError **error);

// ---- addresses and lists ------------------------------------------------------------------------

// Who the canonical address is as somebody's own, no list. (resolve.c)
Party *resolve_single(RosterSession *session, const char *canonical, GError **error);
// *out NULL when it is no list. (list.c)
bool list_resolve(RosterSession *session, const char *canonical, Party **out, GError **error);

// The best approved tool that is a value: for owners.c.
bool tool_of_value(RosterSession *session, Kind kind, const char *canonical, RosterTool **out,
                   GError **error);
