#include "ground.h"
#include "roster/schema.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void replace(char **at, char *value)
{
    g_free(*at);
    *at = value;
}

void ground_init(Ground *ground)
{
    ground->dir = g_dir_make_tmp("chaperone-feeds-XXXXXX", NULL);
    cr_assert(ground->dir != NULL);
    ground->config = config_defaults();
    replace(&ground->config->roster.database, g_build_filename(ground->dir, "roster.db", NULL));
    replace(&ground->config->roster.key_file, g_build_filename(ground->dir, "personal.key", NULL));
    g_strfreev(ground->config->district.domains);
    ground->config->district.domains = g_strsplit("example.org,students.example.org", ",", -1);
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
            remove_tree(child);
        else
            unlink(child);
    }
    if (dir != NULL)
        g_dir_close(dir);
    rmdir(path);
}

void ground_clear(Ground *ground)
{
    remove_tree(ground->dir);
    g_free(ground->dir);
    config_unref(ground->config);
}

char *ground_path(const Ground *ground, const char *name)
{
    return g_build_filename(ground->dir, name, NULL);
}

char *ground_write(const Ground *ground, const char *name, const char *text)
{
    char *path = ground_path(ground, name);
    g_autofree char *dir = g_path_get_dirname(path);
    cr_assert(g_mkdir_with_parents(dir, 0700) == 0);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    return path;
}

void ground_exec(const char *path, const char *sql)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, 5000, &error);
    cr_assert(db != NULL && store_exec(db, sql, &error), "%s", error != NULL ? error->message : "");
}

char *ground_ask(const char *path, const char *sql)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreDb) db = store_open(path, STORE_READ, 5000, &error);
    g_autoptr(StoreStmt) stmt = db != NULL ? store_prepare(db, sql, &error) : NULL;
    cr_assert(stmt != NULL, "%s", error->message);
    StoreStep step = store_step(stmt, &error);
    cr_assert(step != STORE_FAILED, "%s", error != NULL ? error->message : "");
    return g_strdup(step == STORE_ROW && store_text(stmt, 0) != NULL ? store_text(stmt, 0) : "");
}

static bool put_check(StoreDb *db, const RosterKey *key, GError **error)
{
    unsigned char hash[KEY_HASH];
    g_autoptr(StoreStmt) stmt = store_prepare(db, "INSERT INTO meta (name, value) VALUES ('key', ?1)", error);
    if (stmt == NULL)
        return false;
    key_hash(key, "key", hash);
    store_bind_blob(stmt, 1, hash, sizeof hash);
    return store_run(stmt, error);
}

static bool fill_file(const Ground *ground, const char *path, const char *sql, GError **error)
{
    static const char people[] =
        "INSERT INTO source VALUES (1, 'sis', 'oneroster', 'sis', 0);"
        "INSERT INTO person VALUES (1, 'sis:1', 'Dana', 'Whitlock', 64, 1, 0, 0, NULL, 'dana@example.org', "
        "0, ''),"
        " (2, 'sis:2', 'Min', 'Lee', 32, 1, 0, 0, '9', 'min@students.example.org', 0, '');"
        "INSERT INTO record VALUES (1, 1, '1', 1, 'Dana', 'Whitlock', NULL, NULL, 64, 1, 0, 0, NULL, NULL, "
        "NULL),"
        " (2, 1, '2', 2, 'Min', 'Lee', NULL, NULL, 32, 1, 0, 0, '9', NULL, NULL);"
        "INSERT INTO contact (key, person, field, record) VALUES ('email:dana@example.org', 1, 'email', 1),"
        " ('email:min@students.example.org', 2, 'email', 2);"
        "INSERT INTO class VALUES (1, 1, 'cls-1', 'Band', '', 'class', 0, 0);";
    RosterKey key;
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, 5000, error);
    return db != NULL && key_load(ground->config->roster.key_file, true, &key, error) &&
           store_exec(db, SCHEMA_TABLES SCHEMA_INDEXES "PRAGMA user_version = 3;", error) &&
           store_exec(db, people, error) && put_check(db, &key, error) &&
           (sql == NULL || store_exec(db, sql, error));
}

int ground_generation(const Ground *ground, const char *sql, GError **error)
{
    g_auto(NextGeneration) next = {.lock = -1};
    const GenerationRow row = {
        .who = "tester", .what = "import", .counts = "{}", .changes = "{}", .files = "[]"};
    bool ok = generation_begin(ground->config, &next, error) && fill_file(ground, next.path, sql, error) &&
              generation_commit(ground->config, &next, &row, NULL, NULL, error);
    return ok ? next.id : 0;
}
