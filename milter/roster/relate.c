// What follows from people and the registry together: who is whose guardian, and which rows are one person.
#include "roster/import.h"

#include <string.h>

// More rows than this under one address are a placeholder ("none@district"), not one person.
#define SHARED_MOST "8"

// Links stand on either side, and some exports link students to teachers: kept are those of a student and a
// guardian.
static bool link_families(Import *import, GError **error)
{
    return import_run(import, error, "DELETE FROM link", NULL) &&
           import_run(import, error,
                      "INSERT OR IGNORE INTO link SELECT g.person, s.person FROM agent x "
                      "JOIN person_role s ON s.person = x.a AND s.role = 4 "
                      "JOIN person_role g ON g.person = x.b AND g.role = 3 "
                      "JOIN person p ON p.id = x.a JOIN person q ON q.id = x.b WHERE x.a <> x.b",
                      NULL) &&
           import_run(import, error,
                      "INSERT OR IGNORE INTO link SELECT g.person, s.person FROM agent x "
                      "JOIN person_role s ON s.person = x.b AND s.role = 4 "
                      "JOIN person_role g ON g.person = x.a AND g.role = 3 "
                      "JOIN person p ON p.id = x.a JOIN person q ON q.id = x.b WHERE x.a <> x.b",
                      NULL);
}

static bool note_dropped_links(Import *import, GError **error)
{
    StoreStmt *stmt = import_statement(
        import,
        "SELECT x.source, x.line, EXISTS (SELECT 1 FROM person WHERE id = x.b) FROM agent x "
        "WHERE NOT EXISTS (SELECT 1 FROM link l WHERE (l.guardian = x.a AND l.student = x.b) OR "
        "(l.guardian = x.b AND l.student = x.a)) ORDER BY x.source, x.line",
        error);
    if (stmt == NULL)
        return false;
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW)
        import_note(import, store_text(stmt, 0), (guint)store_int(stmt, 1), "agentSourcedIds: %s",
                    store_int(stmt, 2) != 0 ? "a link that is not between a student and a guardian; not kept"
                                            : "a link to somebody who is not in users.csv; not kept");
    store_reset(stmt);
    return step == STORE_DONE;
}

// The address of a guardian in the row of the own child, as young children have it, is the guardian's.
static bool drop_borrowed_addresses(Import *import, GError **error)
{
    const char *sql = "DELETE FROM contact WHERE key GLOB 'email:*' AND EXISTS (SELECT 1 FROM link l "
                      "JOIN contact g ON g.person = l.guardian AND g.key = contact.key "
                      "WHERE l.student = contact.person)";
    int64_t before = store_changes(import->db);
    if (!import_run(import, error, sql, NULL))
        return false;
    int64_t gone = store_changes(import->db);
    if (gone > 0 && gone != before)
        import_note(import, "users.csv", 0,
                    "email: of a student equal to that of a guardian; counted as the guardian's only");
    return true;
}

static bool join_shared_addresses(Import *import, GError **error)
{
    return import_run(import, error,
                      "INSERT OR IGNORE INTO ident SELECT c.person, c.key FROM contact c WHERE c.key IN ("
                      "SELECT key FROM contact WHERE key GLOB 'email:*' GROUP BY key "
                      "HAVING count(DISTINCT person) BETWEEN 2 AND " SHARED_MOST ") "
                      "AND NOT EXISTS (SELECT 1 FROM person_role r WHERE r.person = c.person AND r.role = 4)",
                      NULL);
}

// The staff person of a registry row.
static bool registry_person(Import *import, const char *owner, const char *person, char **out, GError **error)
{
    *out = person[0] != '\0' ? g_strdup(person) : NULL;
    if (*out != NULL)
        return true;
    StoreStmt *stmt =
        import_statement(import,
                         "SELECT c.person FROM contact c JOIN person_role r ON r.person = c.person "
                         "AND r.role = 5 WHERE c.key = 'email:' || ?1 LIMIT 1",
                         error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, owner);
    StoreStep step = store_step(stmt, error);
    if (step == STORE_ROW)
        *out = g_strdup(store_text(stmt, 0));
    store_reset(stmt);
    return step != STORE_FAILED;
}

static bool join_registered(Import *import, const char *key, const char *guardian, GError **error)
{
    unsigned char hash[KEY_HASH];
    g_autofree char *staff = NULL;
    StoreStmt *stmt =
        import_statement(import, "SELECT owner, person FROM personal WHERE hash = ?1 LIMIT 1", error);
    if (stmt == NULL)
        return false;
    key_hash(&import->key, key, hash);
    store_bind_blob(stmt, 1, hash, sizeof hash);
    StoreStep step = store_step(stmt, error);
    bool ok = step != STORE_FAILED;
    if (step == STORE_ROW)
        ok = registry_person(import, store_text(stmt, 0), store_text(stmt, 1), &staff, error);
    store_reset(stmt);
    if (!ok || staff == NULL)
        return ok;
    g_autofree char *same = g_strconcat("person:", staff, NULL);
    return import_run(import, error, "INSERT OR IGNORE INTO ident VALUES (?1, ?2)", staff, same, NULL) &&
           import_run(import, error, "INSERT OR IGNORE INTO ident VALUES (?1, ?2)", guardian, same, NULL);
}

// A guardian whose address the registry gives to a staff member is that staff member.
static bool join_registered_guardians(Import *import, GError **error)
{
    StoreStmt *stmt = import_statement(import,
                                       "SELECT c.key, c.person FROM contact c JOIN person_role r "
                                       "ON r.person = c.person AND r.role = 3 WHERE c.key GLOB 'email:*'",
                                       error);
    if (stmt == NULL)
        return false;
    StoreStep step;
    bool ok = true;
    while (ok && (step = store_step(stmt, error)) != STORE_DONE)
        ok = step == STORE_ROW && join_registered(import, store_text(stmt, 0), store_text(stmt, 1), error);
    store_reset(stmt);
    return ok;
}

static bool count(Import *import, const char *sql, guint *out, GError **error)
{
    StoreStmt *stmt = import_statement(import, sql, error);
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    if (ok)
        *out = (guint)store_int(stmt, 0);
    if (stmt != NULL)
        store_reset(stmt);
    return ok;
}

bool oneroster_relate(Import *import, GError **error)
{
    RosterSummary *summary = import->summary;
    bool users = import_file_present(import, "users.csv");
    if (users && (!link_families(import, error) || !note_dropped_links(import, error) ||
                  !drop_borrowed_addresses(import, error)))
        return false;
    if ((users || import_file_present(import, "personal.csv")) &&
        (!import_run(import, error, "DELETE FROM ident", NULL) || !join_shared_addresses(import, error) ||
         !join_registered_guardians(import, error)))
        return false;
    if (!users)
        return true;
    return count(import, "SELECT count(*) FROM link", &summary->links, error) &&
           count(import, "SELECT count(*) FROM person p JOIN person_role r ON r.person = p.id AND r.role = 5",
                 &summary->staff, error) &&
           count(import, "SELECT count(*) FROM person p JOIN person_role r ON r.person = p.id AND r.role = 4",
                 &summary->students, error) &&
           count(import, "SELECT count(*) FROM person p JOIN person_role r ON r.person = p.id AND r.role = 3",
                 &summary->guardians, error);
}
