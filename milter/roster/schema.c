#include "roster/schema.h"

#define READ_WAIT_MS   5000
#define CHANGE_WAIT_MS 30000

static bool pragma(StoreDb *db, const char *sql, int64_t *out, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    *out = ok ? store_int(stmt, 0) : 0;
    return ok;
}

static bool check(StoreDb *db, const char *path, GError **error)
{
    int64_t application = 0, version = 0;
    if (!pragma(db, "PRAGMA application_id", &application, error) ||
        !pragma(db, "PRAGMA user_version", &version, error))
        return false;
    if (application != SCHEMA_APPLICATION)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: not a roster; check roster.database", path);
    else if (version < SCHEMA_VERSION)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: a roster of an older program (version %d, this one reads %d); run `chaperone roster "
                    "import`",
                    path, (int)version, SCHEMA_VERSION);
    else if (version > SCHEMA_VERSION)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "%s: a roster of a newer program (version %d, this one reads %d); use that program, or run "
            "`chaperone roster import`",
            path, (int)version, SCHEMA_VERSION);
    return application == SCHEMA_APPLICATION && version == SCHEMA_VERSION;
}

// Opening for changes would make a file that is missing.
static StoreDb *open_checked(const char *path, StoreMode mode, int wait_ms, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: there is no roster; run `chaperone roster import`", path);
        return NULL;
    }
    g_autoptr(StoreDb) read = store_open(path, STORE_READ, wait_ms, error);
    if (read == NULL || !check(read, path, error))
        return NULL;
    if (mode == STORE_READ)
        return g_steal_pointer(&read);
    store_close(&read);
    return store_open(path, mode, wait_ms, error);
}

StoreDb *schema_open_read(const char *path, GError **error)
{
    return open_checked(path, STORE_READ, READ_WAIT_MS, error);
}

StoreDb *schema_open_change(const char *path, GError **error)
{
    return open_checked(path, STORE_WRITE, CHANGE_WAIT_MS, error);
}
