// What the files of this room share: the schema's statements, sessions, and the import's means.
#pragma once

#include "roster/canon.h"
#include "roster/key.h"
#include "roster/roster.h"
#include "store/store.h"

// ---- schema (schema.c) --------------------------------------------------------------------------

// Opens the database for an import, makes or upgrades its schema.
StoreDb *schema_open_write(const char *path, GError **error);
// Opens it for look-ups; refuses what is not a roster of this version.
StoreDb *schema_open_read(const char *path, GError **error);
// The first import with a key notes it; another key later is an error, unless `renew`. Within a transaction.
bool schema_check_key(StoreDb *db, const RosterKey *key, const char *key_file, bool renew, GError **error);

// ---- sessions (roster.c) ------------------------------------------------------------------------

#define SESSION_QUERIES(X)                                                                                   \
    X(CONTACT_PERSON,                                                                                        \
      "SELECT c.person, c.field, (SELECT max(role) FROM person_role r WHERE r.person = c.person) "           \
      "AS role FROM contact c JOIN person p ON p.id = c.person WHERE c.key = ?1 "                            \
      "ORDER BY role DESC, p.enabled DESC, c.person LIMIT 64")                                               \
    X(PERSON, "SELECT given, family, enabled FROM person WHERE id = ?1")                                     \
    X(ROLES, "SELECT role FROM person_role WHERE person = ?1 UNION SELECT r.role FROM ident a "              \
             "JOIN ident b ON b.key = a.key JOIN person_role r ON r.person = b.person WHERE a.person = ?1 "  \
             "ORDER BY 1 DESC")                                                                              \
    X(OWN_ROLE, "SELECT max(role) FROM person_role WHERE person = ?1")                                       \
    X(SCHOOLS, "SELECT org FROM person_org WHERE person = ?1 ORDER BY org")                                  \
    X(CLASSES, "SELECT DISTINCT class FROM enrollment WHERE person = ?1 ORDER BY class LIMIT 1000")          \
    X(CLASS_MEMBERS, "SELECT DISTINCT person FROM enrollment WHERE class = ?1 LIMIT ?2")                     \
    X(PERSON_EMAIL, "SELECT substr(key, 7) FROM contact WHERE person = ?1 AND key GLOB 'email:*' "           \
                    "ORDER BY field = 'username', key LIMIT 1")                                              \
    X(LIST_MEMBERS, "SELECT member FROM list_member WHERE list = ?1 LIMIT ?2")                               \
    X(LOGIN, "SELECT person FROM login WHERE name = ?1 LIMIT 2")                                             \
    X(PERSONAL, "SELECT owner, person, field FROM personal WHERE hash = ?1 LIMIT 64")                        \
    X(PERSONAL_NAMED, "SELECT owner, person, sealed FROM personal WHERE hash = ?1 LIMIT 256")                \
    X(STUDENT_ADDRESS, "SELECT student FROM student_address WHERE address = ?1 LIMIT 16")                    \
    X(DOMAIN, "SELECT 1 FROM published WHERE key = 'domain:' || ?1 LIMIT 1")                                 \
    X(DOMAINS, "SELECT substr(key, 8) FROM published WHERE key GLOB 'domain:*' ORDER BY key")                \
    X(PUBLISHED, "SELECT kind, label FROM published WHERE key = ?1 LIMIT 16")                                \
    X(BLOCK, "SELECT label, first, last FROM block WHERE CAST(?1 AS INT) BETWEEN first AND last LIMIT 4")    \
    X(BLOCK_TAIL, "SELECT label, first, last FROM block WHERE CAST(?1 AS INT) BETWEEN first % 10000000 AND " \
                  "last % 10000000 "                                                                         \
                  "LIMIT 4")                                                                                 \
    X(WEBMAIL, "SELECT 1 FROM webmail WHERE domain = ?1")                                                    \
    X(STAFF_NAME, "SELECT person, words FROM staff_name WHERE last = ?1 LIMIT 5000")                         \
    X(FAMILY, "SELECT 1 FROM link WHERE guardian = ?1 AND student = ?2 UNION ALL SELECT 1 FROM ident a "     \
              "JOIN ident b ON b.key = a.key JOIN link l ON l.guardian = b.person "                          \
              "WHERE a.person = ?1 AND l.student = ?2 LIMIT 1")                                              \
    X(CHILDREN, "SELECT student FROM link WHERE guardian = ?1 UNION SELECT l.student FROM ident a "          \
                "JOIN ident b ON b.key = a.key JOIN link l ON l.guardian = b.person WHERE a.person = ?1 "    \
                "ORDER BY 1 LIMIT 1000")                                                                     \
    X(GUARDIANS, "SELECT guardian FROM link WHERE student = ?1 ORDER BY guardian LIMIT 1000")                \
    X(IS_STAFF_TOO, "SELECT DISTINCT b.person FROM ident a JOIN ident b ON b.key = a.key "                   \
                    "JOIN person_role r ON r.person = b.person WHERE a.person = ?1 AND r.role = ?2 LIMIT 1") \
    X(ENROLLED, "SELECT 1 FROM enrollment WHERE class = ?1 AND person = ?2 AND role = 'student' "            \
                "AND (begins = 0 OR begins <= ?3) AND (ends = 0 OR ends > ?4) LIMIT 1")                      \
    X(EXCEPTIONS_OF, "SELECT " EXCEPTION_COLUMNS " FROM exception WHERE staff = ?1 ORDER BY id")             \
    X(EXCEPTIONS_ALL, "SELECT " EXCEPTION_COLUMNS " FROM exception ORDER BY id")                             \
    X(EMAILS,                                                                                                \
      "SELECT DISTINCT substr(key, 7) FROM contact WHERE person = ?1 AND key GLOB 'email:*' LIMIT 16")       \
    X(CLASS_TITLE, "SELECT title FROM class WHERE id = ?1")                                                  \
    X(ORG_NAME, "SELECT name FROM org WHERE id = ?1")                                                        \
    X(REGISTERED_FIELDS,                                                                                     \
      "SELECT field FROM personal WHERE person = ?1 UNION SELECT q.field FROM contact c JOIN personal q "    \
      "ON q.owner = substr(c.key, 7) WHERE c.person = ?1 AND c.key GLOB 'email:*' ORDER BY 1 LIMIT 64")

#define EXCEPTION_COLUMNS                                                                                    \
    "id, kind, staff, students, value_list, begins, ends, approver, guardian_consent, purpose_required, "    \
    "revoked"

typedef enum {
#define X(name, sql) Q_##name,
    SESSION_QUERIES(X)
#undef X
        Q_LAST
} SessionQuery;

// The statement of `query`, reset, with its text parameters bound (`b` may be NULL). Belongs to the session:
// read it to the end before the same query runs again. NULL with `error`.
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
const Config *session_config(RosterSession *session);
const RosterKey *session_key(RosterSession *session);
bool session_shipped_webmail(RosterSession *session, const char *domain);

// ---- look-ups between files ---------------------------------------------------------------------

// The person a canonical address belongs to as its own address, the strongest role first; *out NULL when
// nobody's.
bool people_of_address(RosterSession *session, const char *canonical, char **out, Role *out_role,
                       GError **error);
// Persons whose personal registry has the hash of `key`. GPtrArray of RosterOwner (owner STAFF).
GPtrArray *people_registered(RosterSession *session, const char *key, GError **error);
Role people_role(RosterSession *session, const char *person, GError **error); // ROLE_LAST with `error`
// A party for `person` under `canonical`, with roles, schools, classes.
Party *people_party(RosterSession *session, const char *person, const char *canonical, Role role,
                    GError **error);

// Row of EXCEPTION_COLUMNS. Caller frees.
RosterException *exception_of_row(StoreStmt *stmt);
