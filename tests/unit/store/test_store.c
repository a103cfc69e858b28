#include "store/store.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

static const char *const SCHEMA[] = {"CREATE TABLE t(k TEXT PRIMARY KEY, v BLOB)",
                                     "ALTER TABLE t ADD COLUMN n INTEGER"};

static char *scratch_path(void)
{
    g_autofree char *dir = g_dir_make_tmp("chaperone-store-XXXXXX", NULL);
    return g_build_filename(dir, "t.db", NULL);
}

static void remove_path(char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    static const char *const ENDS[] = {"", "-wal", "-shm"};
    for (gsize i = 0; i < G_N_ELEMENTS(ENDS); i++) {
        g_autofree char *file = g_strconcat(path, ENDS[i], NULL);
        g_remove(file);
    }
    g_rmdir(dir);
    g_free(path);
}

Test(store, keeps_values_and_migrates)
{
    char *path = scratch_path();
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, 1000, NULL);
    cr_assert_not_null(db);
    cr_assert(store_migrate(db, SCHEMA, 1, NULL));
    cr_assert(store_migrate(db, SCHEMA, 2, NULL));
    g_autoptr(StoreStmt) put = store_prepare(db, "INSERT INTO t VALUES(?,?,?)", NULL);
    store_bind_text(put, 1, "key");
    store_bind_blob(put, 2, "a\0b", 3);
    store_bind_int(put, 3, G_MAXINT64);
    cr_assert(store_run(put, NULL));
    store_bind_text(put, 1, "nulls");
    cr_assert(store_run(put, NULL));
    g_autoptr(StoreStmt) get = store_prepare(db, "SELECT v, n FROM t ORDER BY k", NULL);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    gsize len;
    cr_expect_eq(memcmp(store_blob(get, 0, &len), "a\0b", 3), 0);
    cr_expect_eq(len, 3);
    cr_expect_eq(store_int(get, 1), G_MAXINT64);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    cr_expect_null(store_text(get, 0));
    cr_expect_eq(store_step(get, NULL), STORE_DONE);
    remove_path(path);
}

// A file built fast is an ordinary one for who opens it next.
Test(store, a_built_file_is_a_database_like_any_other)
{
    char *path = scratch_path();
    cr_assert(g_file_set_contents(path, "", 0, NULL));
    StoreDb *db = store_open(path, STORE_BUILD, 0, NULL);
    cr_assert_not_null(db);
    cr_assert(store_exec(db, "BEGIN; CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID", NULL));
    StoreStmt *put = store_prepare(db, "INSERT INTO t VALUES (?, ?)", NULL);
    char key[16];
    for (int i = 0; i < 1000; i++) {
        g_snprintf(key, sizeof key, "%04d", i);
        store_lend_text(put, 1, key);
        store_lend_text(put, 2, i % 2 == 0 ? NULL : "odd");
        cr_assert(store_run(put, NULL));
    }
    store_finalize(&put);
    cr_assert(store_commit(db, NULL));
    store_close(&db);
    g_autoptr(StoreDb) read = store_open(path, STORE_READ, 0, NULL);
    g_autoptr(StoreStmt) get = store_prepare(read, "SELECT count(*), count(v), max(k) FROM t", NULL);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    cr_expect_eq(store_int(get, 0), 1000);
    cr_expect_eq(store_int(get, 1), 500);
    cr_expect_str_eq(store_text(get, 2), "0999");
    store_finalize(&get);
    store_close(&read);
    g_autoptr(StoreDb) write = store_open(path, STORE_WRITE, 1000, NULL);
    cr_expect_not_null(write);
    cr_expect(store_exec(write, "PRAGMA integrity_check; INSERT INTO t VALUES ('x', 'y')", NULL));
    store_close(&write);
    remove_path(path);
}

Test(store, errors_name_the_file_and_have_a_code)
{
    g_autoptr(GError) error = NULL;
    cr_expect_null(store_open("/nonexistent/x.db", STORE_READ, 0, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_NOINPUT);
    cr_expect(g_str_has_prefix(error->message, "/nonexistent/x.db: "));
    g_clear_error(&error);
    char *path = scratch_path();
    cr_assert(g_file_set_contents(
        path, "this is no database, it is a text that is long enough to be looked at", -1, NULL));
    cr_expect_null(store_open(path, STORE_READ, 0, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA, "%s", error->message);
    remove_path(path);
}

Test(store, newer_schema_is_refused_and_left_alone)
{
    char *path = scratch_path();
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, 0, NULL);
    cr_assert(store_migrate(db, SCHEMA, 2, NULL));
    g_autoptr(GError) error = NULL;
    cr_expect_not(store_migrate(db, SCHEMA, 1, &error));
    cr_expect_not_null(strstr(error->message, "schema is version 2"));
    cr_expect(store_exec(db, "SELECT n FROM t", NULL));
    remove_path(path);
}

Test(store, a_second_writer_gets_busy_and_readers_keep_their_view)
{
    char *path = scratch_path();
    g_autoptr(StoreDb) one = store_open(path, STORE_WRITE, 0, NULL);
    cr_assert(store_migrate(one, SCHEMA, 2, NULL));
    g_autoptr(StoreDb) two = store_open(path, STORE_WRITE, 0, NULL);
    g_autoptr(StoreDb) reader = store_open(path, STORE_READ, 0, NULL);
    cr_assert(store_begin_snapshot(reader, NULL));
    cr_assert(store_begin(one, NULL));
    cr_assert(store_exec(one, "INSERT INTO t VALUES('x', NULL, 1)", NULL));
    g_autoptr(GError) error = NULL;
    cr_expect_not(store_begin(two, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_TEMPFAIL, "%s", error->message);
    cr_assert(store_commit(one, NULL));
    g_autoptr(StoreStmt) count = store_prepare(reader, "SELECT count(*) FROM t", NULL);
    cr_assert_eq(store_step(count, NULL), STORE_ROW);
    cr_expect_eq(store_int(count, 0), 0);
    store_reset(count);
    store_rollback(reader);
    cr_assert_eq(store_step(count, NULL), STORE_ROW);
    cr_expect_eq(store_int(count, 0), 1);
    cr_expect_not(store_exec(reader, "DELETE FROM t", NULL), "a reader cannot write");
    remove_path(path);
}
