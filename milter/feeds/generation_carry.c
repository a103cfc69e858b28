// What outlives an import: exceptions with their papers, what staff registered, the history. `old` is the generation in force,
// attached to the next one.
#include "feeds/generation.h"

#include <string.h>

#define EXCEPTION_COLUMNS_2                                                                                  \
    "id, kind, staff, students, value_list, begins, ends, approver, guardian_consent, purpose_required, "    \
    "revoked, source, added"
#define EXCEPTION_COLUMNS EXCEPTION_COLUMNS_2 ", way, purpose, approval, approved, recorded"
#define CONSENT_COLUMNS                                                                                      \
    "exception, student, sha256, guardian, document, given, ends, withdrawn, source, added"

// An address that was given to somebody else takes nothing along: what its former owner registered goes to the address
// that person has now, or is forgotten where there is none.
static bool follow_owners(StoreDb *db, GError **error)
{
    return store_exec(
        db,
        "CREATE TEMP TABLE moved AS SELECT q.owner AS owner, stays.mail AS mail"
        " FROM (SELECT DISTINCT owner FROM main.personal WHERE owner <> '' AND source = 'own') q"
        " JOIN old.contact was ON was.key = 'email:' || q.owner AND was.field <> 'previous'"
        " JOIN old.person p ON p.id = was.person JOIN main.person stays ON stays.pid = p.pid"
        " WHERE EXISTS (SELECT 1 FROM main.contact c WHERE c.key = was.key AND c.person <> stays.id"
        "  AND c.field <> 'previous')"
        " AND NOT EXISTS (SELECT 1 FROM main.contact c WHERE c.key = was.key AND c.person = stays.id"
        "  AND c.field <> 'previous');"
        "UPDATE OR REPLACE main.personal SET owner = (SELECT m.mail FROM moved m WHERE m.owner = "
        "personal.owner)"
        " WHERE source = 'own' AND owner IN (SELECT owner FROM moved WHERE mail IS NOT NULL AND mail <> "
        "owner);"
        "DELETE FROM main.personal WHERE source = 'own' AND owner IN (SELECT owner FROM moved);"
        "DROP TABLE moved;",
        error);
}

// What staff registered themselves knows its owner by address: ids are of one generation.
static bool carry_own(const Config *config, StoreDb *db, GError **error)
{
    RosterKey from, to;
    bool ok = generation_key_of(config, db, "old", &from, error) &&
              generation_key_of(config, db, "main", &to, error);
    if (ok && memcmp(&from, &to, sizeof from) != 0)
        ok = keys_rehash(config, db, "old", "own", &from, &to, error);
    else
        ok = ok && store_exec(db,
                              "DELETE FROM main.personal WHERE source = 'own';"
                              "INSERT INTO main.personal (hash, person, owner, field, sealed, source, record)"
                              " SELECT hash, person, owner, field, sealed, source, record FROM old.personal"
                              " WHERE source = 'own'",
                              error);
    memset(&from, 0, sizeof from);
    memset(&to, 0, sizeof to);
    return ok && follow_owners(db, error);
}

static bool carry_exceptions(StoreDb *db, const InForce *now, GError **error)
{
    if (now->version >= 3)
        return store_exec(db,
                          "INSERT INTO main.exception (" EXCEPTION_COLUMNS ") SELECT " EXCEPTION_COLUMNS
                          " FROM old.exception;"
                          "INSERT INTO main.consent (" CONSENT_COLUMNS ") SELECT " CONSENT_COLUMNS
                          " FROM old.consent",
                          error);
    // When they were recorded stands in the words of `added`.
    return store_exec(
        db,
        "INSERT INTO main.exception (" EXCEPTION_COLUMNS_2 ", recorded) SELECT " EXCEPTION_COLUMNS_2
        ", coalesce(CAST(strftime('%s', substr(added, 1, instr(added, ' by ') - 1)) AS INT) * 1000000, 0)"
        " FROM old.exception",
        error);
}

bool generation_carry(const Config *config, StoreDb *db, const InForce *now, GError **error)
{
    if (!store_exec(db, "DELETE FROM main.exception; DELETE FROM main.consent; DELETE FROM main.history;",
                    error))
        return false;
    if (now->kind == IN_FORCE_NONE)
        return true;
    return carry_exceptions(db, now, error) &&
           (now->version < 2
                ? store_exec(db, "UPDATE main.exception SET source = 'exceptions.csv' WHERE source = 'file'",
                             error)
                : carry_own(config, db, error) &&
                      store_exec(db, "INSERT INTO main.history SELECT * FROM old.history", error));
}
