#include "roster/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define APPLICATION_ID "1128813651" // "CHRS"
#define VERSION        1

// Roles are numbered as in Role. Keys are those of canon_store_keys. ident joins the rows that are one
// person: people who share a key there are the same.
static const char *const MIGRATIONS[VERSION] = {
    "PRAGMA application_id = " APPLICATION_ID ";"
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"
    "CREATE TABLE person (id TEXT PRIMARY KEY, given TEXT NOT NULL, family TEXT NOT NULL, enabled INT NOT "
    "NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE person_role (person TEXT, role INT, PRIMARY KEY (person, role)) WITHOUT ROWID;"
    "CREATE TABLE person_org (person TEXT, org TEXT, PRIMARY KEY (person, org)) WITHOUT ROWID;"
    "CREATE TABLE org (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE class (id TEXT PRIMARY KEY, title TEXT NOT NULL, school TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE enrollment (class TEXT, person TEXT, role TEXT, begins INT, ends INT,"
    " PRIMARY KEY (class, person, role, begins)) WITHOUT ROWID;"
    "CREATE INDEX enrollment_person ON enrollment (person, class);"
    "CREATE TABLE contact (key TEXT, person TEXT, field TEXT, PRIMARY KEY (key, person, field)) WITHOUT "
    "ROWID;"
    "CREATE INDEX contact_person ON contact (person, key);"
    "CREATE TABLE login (name TEXT, person TEXT, PRIMARY KEY (name, person)) WITHOUT ROWID;"
    "CREATE TABLE agent (a TEXT, b TEXT, line INT, source TEXT);"
    "CREATE TABLE link (guardian TEXT, student TEXT, PRIMARY KEY (guardian, student)) WITHOUT ROWID;"
    "CREATE INDEX link_student ON link (student, guardian);"
    "CREATE TABLE ident (person TEXT, key TEXT, PRIMARY KEY (person, key)) WITHOUT ROWID;"
    "CREATE INDEX ident_key ON ident (key, person);"
    "CREATE TABLE staff_name (last TEXT, person TEXT, words TEXT, PRIMARY KEY (last, person, words)) WITHOUT "
    "ROWID;"
    "CREATE TABLE personal (hash BLOB, owner TEXT NOT NULL, person TEXT NOT NULL, field TEXT NOT NULL,"
    " sealed BLOB, source TEXT NOT NULL, PRIMARY KEY (hash, owner, person, field, source)) WITHOUT ROWID;"
    "CREATE INDEX personal_owner ON personal (owner);"
    "CREATE INDEX personal_person ON personal (person);"
    "CREATE TABLE student_address (address TEXT, student TEXT, PRIMARY KEY (address, student)) WITHOUT ROWID;"
    "CREATE TABLE published (key TEXT, kind TEXT, label TEXT, PRIMARY KEY (key, kind, label)) WITHOUT ROWID;"
    "CREATE TABLE block (first INT, last INT, label TEXT, PRIMARY KEY (first, last)) WITHOUT ROWID;"
    "CREATE TABLE list_member (list TEXT, member TEXT, PRIMARY KEY (list, member)) WITHOUT ROWID;"
    "CREATE TABLE webmail (domain TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE exception (id TEXT PRIMARY KEY, kind TEXT NOT NULL, staff TEXT NOT NULL, students TEXT NOT "
    "NULL,"
    " value_list TEXT NOT NULL, begins INT NOT NULL, ends INT NOT NULL, approver TEXT NOT NULL,"
    " guardian_consent INT NOT NULL, purpose_required INT NOT NULL, revoked TEXT, source TEXT NOT NULL,"
    " added TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX exception_staff ON exception (staff);",
};

// The file holds families' addresses and numbers: it is nobody's to read but the daemon's and its group's.
// SQLite gives the files it makes beside it the same mode.
static bool make_file(const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    if (!file_make_dirs(dir, 0750, error))
        return false;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0 && errno != EEXIST) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: %s", path, g_strerror(errno));
        return false;
    }
    return fd < 0 || (file_close(&fd, path, error) && file_adopt(path, error));
}

StoreDb *schema_open_write(const char *path, GError **error)
{
    if (strcmp(path, ":memory:") != 0 && !make_file(path, error))
        return NULL;
    StoreDb *db = store_open(path, STORE_WRITE, 30000, error);
    if (db != NULL && !store_migrate(db, MIGRATIONS, VERSION, error))
        store_close(&db);
    return db;
}

static bool pragma(StoreDb *db, const char *sql, int64_t *out, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    *out = ok ? store_int(stmt, 0) : 0;
    return ok;
}

StoreDb *schema_open_read(const char *path, GError **error)
{
    int64_t application = 0, version = 0;
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: there is no roster; run `chaperone roster import`", path);
        return NULL;
    }
    g_autoptr(StoreDb) db = store_open(path, STORE_READ, 5000, error);
    if (db == NULL || !pragma(db, "PRAGMA application_id", &application, error) ||
        !pragma(db, "PRAGMA user_version", &version, error))
        return NULL;
    if (application != g_ascii_strtoll(APPLICATION_ID, NULL, 10)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: not a roster; check roster.database", path);
        return NULL;
    }
    if (version != VERSION) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: a roster of version %d, this program reads %d; run `chaperone roster import`", path,
                    (int)version, VERSION);
        return NULL;
    }
    return g_steal_pointer(&db);
}

bool schema_check_key(StoreDb *db, const RosterKey *key, const char *key_file, bool renew, GError **error)
{
    unsigned char hash[KEY_HASH];
    gsize len = 0;
    key_hash(key, "key", hash);
    g_autoptr(StoreStmt) get = store_prepare(db, "SELECT value FROM meta WHERE name = 'key'", error);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    if (step == STORE_FAILED)
        return false;
    const void *known = step == STORE_ROW ? store_blob(get, 0, &len) : NULL;
    if (known != NULL && len == sizeof hash && memcmp(known, hash, len) == 0)
        return true;
    if (known != NULL && !renew) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "%s: not the key this roster was made with; restore the key file, or import users.csv and "
            "personal.csv again together",
            key_file);
        return false;
    }
    g_autoptr(StoreStmt) put = store_prepare(db, "INSERT OR REPLACE INTO meta VALUES ('key', ?1)", error);
    if (put == NULL)
        return false;
    store_bind_blob(put, 1, hash, sizeof hash);
    return store_run(put, error);
}
