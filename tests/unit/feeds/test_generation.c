#include "ground.h"
#include "roster/schema.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define AN_EXCEPTION(id, source)                                                                             \
    "INSERT INTO exception (id, kind, staff, students, value_list, begins, ends, approver, "                 \
    "guardian_consent, purpose_required, revoked, source, added) VALUES ('" id                               \
    "', 'trip', 'dana@example.org', '*', '*', 20261001, 20261031, "                                          \
    "'pat@example.org', 1, 1, NULL, '" source "', 'x');"

static Ground ground;

static void set_up(void)
{
    ground_init(&ground);
}

static void tear_down(void)
{
    ground_clear(&ground);
}

TestSuite(generation, .init = set_up, .fini = tear_down);

static int make(const char *sql)
{
    g_autoptr(GError) error = NULL;
    int id = ground_generation(&ground, sql, &error);
    cr_assert(id > 0, "%s", error != NULL ? error->message : "");
    return id;
}

static bool is_there(const char *name)
{
    g_autofree char *path = ground_path(&ground, name);
    struct stat st;
    return lstat(path, &st) == 0;
}

static void expect(const char *path, const char *sql, const char *value)
{
    g_autofree char *got = ground_ask(path, sql);
    cr_expect_str_eq(got, value, "%s: %s: got %s, want %s", path, sql, got, value);
}

#define EXPECT_NOW(sql, value) expect(ground.config->roster.database, sql, value)

Test(generation, the_first)
{
    struct stat st;
    g_autofree char *path = ground_path(&ground, "roster.db.000001");
    g_autofree char *target = NULL;
    cr_expect(make(NULL) == 1);
    target = g_file_read_link(ground.config->roster.database, NULL);
    cr_expect_str_eq(target, "roster.db.000001",
                     "the link leads beside itself, so that the directory can be moved");
    cr_assert(stat(path, &st) == 0);
    cr_expect((st.st_mode & 0777) == 0640);
    cr_expect(!is_there("roster.db.000001-wal") && !is_there("roster.db.000001.new") &&
              !is_there("roster.db.link.new"));
    EXPECT_NOW("PRAGMA journal_mode", "wal");
    EXPECT_NOW("SELECT group_concat(id || ' ' || who || ' ' || what) FROM history", "1 tester import");
}

Test(generation, what_is_carried_over)
{
    make(NULL);
    ground_exec(
        ground.config->roster.database,
        AN_EXCEPTION(
            "EX-1",
            "command") "INSERT INTO personal VALUES (x'0102', 0, 'dana@example.org', 'cell', NULL, 'own', 0),"
                       " (x'0304', 1, '', 'cell', NULL, 'google', 1);");
    cr_expect(make(AN_EXCEPTION("EX-9", "command")) == 2);
    EXPECT_NOW("SELECT group_concat(id) FROM exception", "EX-1");
    EXPECT_NOW("SELECT group_concat(hex(hash) || owner || person) FROM personal", "0102dana@example.org0");
    EXPECT_NOW("SELECT group_concat(id) FROM history", "1,2");
}

// An address that goes to somebody else; what was registered under it goes with the person.
Test(generation, owners_are_followed)
{
    static const struct {
        const char *sql, *expect;
    } cases[] = {
        {"UPDATE person SET given = 'Danuta'", "dana@example.org"},
        // Renamed, with the former address.
        {"UPDATE person SET mail = 'd.jones@example.org' WHERE id = 1;"
         "UPDATE contact SET field = 'previous' WHERE person = 1;"
         "INSERT INTO contact VALUES ('email:d.jones@example.org', 1, 'email', 1, 0);",
         "dana@example.org"},
        // Renamed, and the former address is another's.
        {"UPDATE person SET mail = 'd.jones@example.org' WHERE id = 1;"
         "UPDATE contact SET field = 'previous' WHERE person = 1;"
         "INSERT INTO contact VALUES ('email:d.jones@example.org', 1, 'email', 1, 0);"
         "INSERT INTO person VALUES (3, 'sis:3', 'Dana', 'New', 64, 1, 0, 0, NULL, 'dana@example.org', 0, "
         "'');"
         "INSERT INTO contact VALUES ('email:dana@example.org', 3, 'email', 3, 0);",
         "d.jones@example.org"},
        // Gone, without an address.
        {"UPDATE person SET mail = NULL, enabled = 0, gone = 20261001 WHERE id = 1; DELETE FROM contact "
         "WHERE person = 1;"
         "INSERT INTO person VALUES (3, 'sis:3', 'Dana', 'New', 64, 1, 0, 0, NULL, 'dana@example.org', 0, "
         "'');"
         "INSERT INTO contact VALUES ('email:dana@example.org', 3, 'email', 3, 0);",
         ""},
        // Not known any more at all: nobody tells whose it was.
        {"DELETE FROM person WHERE id = 1; DELETE FROM contact WHERE person = 1", "dana@example.org"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Ground whole = ground;
        ground_init(&ground);
        make(NULL);
        ground_exec(ground.config->roster.database,
                    "INSERT INTO personal VALUES (x'0102', 0, 'dana@example.org', 'cell', NULL, 'own', 0);");
        make(cases[i].sql);
        EXPECT_NOW("SELECT group_concat(owner) FROM personal", cases[i].expect);
        ground_clear(&ground);
        ground = whole;
    }
}

Test(generation, old_ones_are_removed)
{
    ground.config->roster.generations = 2;
    for (int i = 1; i <= 5; i++)
        cr_expect(make(NULL) == i);
    cr_expect(!is_there("roster.db.000001") && !is_there("roster.db.000002"));
    cr_expect(is_there("roster.db.000003") && is_there("roster.db.000004") && is_there("roster.db.000005"));
    EXPECT_NOW("SELECT count(*) FROM history", "5");
    g_autoptr(GPtrArray) history = feeds_history(ground.config, NULL);
    cr_assert(history != NULL && history->len == 5);
    const FeedGeneration *newest = history->pdata[0], *oldest = history->pdata[4];
    cr_expect(newest->id == 5 && newest->present && oldest->id == 1 && !oldest->present);
}

Test(generation, leavings_of_killed_imports)
{
    make(NULL);
    g_autofree char *half = ground_write(&ground, "roster.db.000002.new", "half");
    g_autofree char *journal = ground_write(&ground, "roster.db.000002.new-journal", "half");
    g_autofree char *orphan = ground_write(&ground, "roster.db.000007", "whole, but never in force");
    g_autofree char *trial = ground_write(&ground, "roster.db.trial.abc123", "half");
    g_autofree char *other = ground_write(&ground, "roster.db.backup", "somebody's");
    cr_expect(make(NULL) == 2);
    cr_expect(!is_there("roster.db.000002.new") && !is_there("roster.db.000002.new-journal") &&
              !is_there("roster.db.000007") && !is_there("roster.db.trial.abc123"));
    cr_expect(is_there("roster.db.backup"));
}

Test(generation, nothing_is_left_when_it_fails)
{
    g_autoptr(GError) error = NULL;
    make(NULL);
    cr_expect(ground_generation(&ground,
                                "INSERT INTO history VALUES ('not a number', 0, '', '', 0, '', '', '')",
                                &error) == 0);
    cr_expect(!is_there("roster.db.000002") && !is_there("roster.db.000002.new"));
    EXPECT_NOW("SELECT count(*) FROM history", "1");
}

Test(generation, a_file_of_version_1)
{
    g_autofree char *path = g_strdup(ground.config->roster.database);
    ground_exec(path,
                "PRAGMA application_id = 1128813651; PRAGMA user_version = 1;"
                "CREATE TABLE exception (id TEXT PRIMARY KEY, kind TEXT NOT NULL, staff TEXT NOT NULL,"
                " students TEXT NOT NULL, value_list TEXT NOT NULL, begins INT NOT NULL, ends INT NOT NULL,"
                " approver TEXT NOT NULL, guardian_consent INT NOT NULL, purpose_required INT NOT NULL,"
                " revoked TEXT, source TEXT NOT NULL, added TEXT NOT NULL) WITHOUT ROWID;" AN_EXCEPTION(
                    "EX-1", "file") AN_EXCEPTION("EX-2", "command"));
    cr_expect(make(NULL) == 1);
    EXPECT_NOW("SELECT group_concat(id || source) FROM exception", "EX-1exceptions.csv,EX-2command");
    g_autofree char *aside = ground_path(&ground, "roster.db.v1");
    expect(aside, "SELECT count(*) FROM exception", "2");
    cr_expect(make(NULL) == 2);
    EXPECT_NOW("SELECT count(*) FROM exception", "2");
}

// What version 2 had goes along, and when an exception was recorded.
Test(generation, a_file_of_version_2)
{
    static const char *const BEFORE[] = {"DROP TABLE consent",
                                         "ALTER TABLE exception DROP COLUMN way",
                                         "ALTER TABLE exception DROP COLUMN purpose",
                                         "ALTER TABLE exception DROP COLUMN approval",
                                         "ALTER TABLE exception DROP COLUMN approved",
                                         "ALTER TABLE exception DROP COLUMN recorded",
                                         "PRAGMA user_version = 2"};
    make(NULL);
    g_autofree char *path = ground_path(&ground, "roster.db.000001");
    ground_exec(path, AN_EXCEPTION("EX-1", "command"));
    ground_exec(path, "UPDATE exception SET added = '2026-10-01T12:00:00.000Z by pat'");
    for (gsize i = 0; i < G_N_ELEMENTS(BEFORE); i++)
        ground_exec(path, BEFORE[i]);
    cr_expect(make(NULL) == 2);
    EXPECT_NOW("SELECT id || way || purpose || recorded FROM exception", "EX-101790856000000000");
    EXPECT_NOW("SELECT count(*) FROM consent", "0");
    EXPECT_NOW("SELECT group_concat(id) FROM history", "1,2");
}

Test(generation, consents_are_carried)
{
    make(NULL);
    ground_exec(ground.config->roster.database, "INSERT INTO consent VALUES ('EX-1', 's@example.org', 'ab', "
                                                "'G', 'd', 20261001, 0, 'x', 'command', 'y')");
    make(NULL);
    EXPECT_NOW("SELECT exception || student || guardian || withdrawn FROM consent", "EX-1s@example.orgGx");
}

Test(generation, a_file_by_itself)
{
    make(NULL);
    g_autofree char *numbered = ground_path(&ground, "roster.db.000001");
    ground_exec(numbered, AN_EXCEPTION("EX-1", "command"));
    cr_assert(unlink(ground.config->roster.database) == 0);
    cr_assert(rename(numbered, ground.config->roster.database) == 0);
    cr_expect(make(NULL) == 2);
    EXPECT_NOW("SELECT group_concat(id) FROM exception", "EX-1");
    expect(numbered, "SELECT group_concat(id) FROM history", "1");
}

Test(generation, what_is_no_roster)
{
    static const struct {
        const char *sql, *expect;
    } cases[] = {
        {"CREATE TABLE t (a)", "not a roster; check roster.database"},
        {"PRAGMA application_id = 1128813651; PRAGMA user_version = 9", "a roster of a newer program"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        unlink(ground.config->roster.database);
        ground_exec(ground.config->roster.database, cases[i].sql);
        cr_expect(ground_generation(&ground, NULL, &error) == 0);
        cr_assert(error != NULL && error->code == BASE_ERROR_DATA);
        cr_expect(strstr(error->message, cases[i].expect) != NULL, "%s", error->message);
    }
    g_autoptr(GError) error = NULL;
    unlink(ground.config->roster.database);
    cr_assert(symlink("roster.db.000004", ground.config->roster.database) == 0);
    cr_expect(ground_generation(&ground, NULL, &error) == 0);
    cr_assert(error != NULL && error->code == BASE_ERROR_NOINPUT);
    cr_expect(strstr(error->message, "restore it from your backup, or remove the link") != NULL, "%s",
              error->message);
}

Test(generation, one_import_at_a_time)
{
    g_autoptr(GError) error = NULL;
    make(NULL);
    int lock = generation_lock_import(ground.config, "morning", &error);
    cr_assert(lock >= 0);
    cr_expect(feeds_rollback(ground.config, 1, "tester", &error) == 0);
    cr_assert(error != NULL && error->code == BASE_ERROR_TEMPFAIL);
    g_autofree char *who = g_strdup_printf("process %d of morning since ", (int)getpid());
    cr_expect(strstr(error->message, who) != NULL, "%s", error->message);
    generation_unlock(&lock);
    g_clear_error(&error);
    lock = generation_lock_import(ground.config, "noon", &error);
    cr_expect(lock >= 0);
    generation_unlock(&lock);
}

// ---- the way back ---------------------------------------------------------------------------------------

Test(generation, rollback)
{
    g_autoptr(GError) error = NULL;
    make("INSERT INTO person VALUES (3, 'sis:3', 'Gil', 'Gone', 32, 1, 0, 0, NULL, NULL, 0, '');");
    make(NULL);
    ground_exec(ground.config->roster.database,
                AN_EXCEPTION("EX-1", "command") "INSERT INTO personal VALUES (x'0102', 0, "
                                                "'dana@example.org', 'cell', NULL, 'own', 0);");
    g_autoptr(FeedDiff) diff = feeds_diff(ground.config, 0, 0, 10, &error);
    cr_assert(diff != NULL, "%s", error->message);
    cr_expect(diff->removed == 1 && diff->added == 0);
    cr_expect(feeds_rollback(ground.config, 0, "tester", &error) == 3, "%s",
              error != NULL ? error->message : "");
    EXPECT_NOW("SELECT count(*) FROM person", "3");
    EXPECT_NOW("SELECT group_concat(id) FROM exception", "EX-1");
    EXPECT_NOW("SELECT count(*) FROM personal WHERE source = 'own'", "1");
    EXPECT_NOW("SELECT group_concat(id || what) FROM history", "1import,2import,3rollback to 1");
    cr_expect(feeds_rollback(ground.config, 3, "tester", &error) == 0);
    cr_expect(error != NULL && error->code == BASE_ERROR_USAGE);
    g_clear_error(&error);
    cr_expect(feeds_rollback(ground.config, 17, "tester", &error) == 0);
    cr_assert(error != NULL && error->code == BASE_ERROR_NOINPUT);
    cr_expect(strstr(error->message, "generation 17 is not there") != NULL, "%s", error->message);
    g_clear_error(&error);
    cr_expect(feeds_rollback(ground.config, 2, "tester", &error) == 4);
    EXPECT_NOW("SELECT count(*) FROM person", "2");
    expect(ground.config->roster.database, "SELECT count(*) FROM history", "4");
}

Test(generation, rollback_without_one_before)
{
    g_autoptr(GError) error = NULL;
    cr_expect(feeds_rollback(ground.config, 0, "tester", &error) == 0);
    cr_expect(error != NULL && error->code == BASE_ERROR_NOINPUT);
    g_clear_error(&error);
    make(NULL);
    cr_expect(feeds_rollback(ground.config, 0, "tester", &error) == 0);
    cr_assert(error != NULL && error->code == BASE_ERROR_NOINPUT);
    cr_expect(strstr(error->message, "there is no generation before 1") != NULL, "%s", error->message);
    cr_expect(!is_there("roster.db.000002.new"));
}

// ---- killed at any moment -------------------------------------------------------------------------------

#define KILLS       120
#define KILLS_LEAST 15 // on a slow machine
#define KILLING_US  (2 * G_USEC_PER_SEC)

static void commit_until_killed(void)
{
    for (;;)
        if (ground_generation(&ground, NULL, NULL) == 0)
            _exit(1);
}

// One is in force, whole, with what it must have carried over; its number never falls.
static int check_in_force(int least)
{
    g_autoptr(GError) error = NULL;
    g_auto(InForce) now = {0};
    cr_assert(generation_require(ground.config, &now, &error), "%s", error->message);
    cr_assert(now.id >= least, "%d came after %d", now.id, least);
    expect(now.path, "PRAGMA integrity_check", "ok");
    expect(now.path, "SELECT count(*) FROM person", "2");
    expect(now.path, "SELECT group_concat(id) FROM exception", "EX-1");
    g_autofree char *rows = g_strdup_printf("%d,%d", now.id, now.id);
    expect(now.path, "SELECT count(*) || ',' || max(id) FROM history", rows);
    return now.id;
}

static void kill_one(int32_t after_us)
{
    int status = 0;
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0)
        commit_until_killed();
    g_usleep((gulong)after_us);
    cr_assert(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    cr_assert(WIFSIGNALED(status), "an import after a killed one failed");
}

Test(generation, killed_at_any_moment, .timeout = 60)
{
    int last = make(NULL), before = last;
    ground_exec(ground.config->roster.database, AN_EXCEPTION("EX-1", "command"));
    int64_t start = g_get_monotonic_time();
    last = make(NULL);
    int32_t took = (int32_t)(g_get_monotonic_time() - start);
    GRand *random = g_rand_new_with_seed(3);
    for (int i = 0; i < KILLS && (i < KILLS_LEAST || g_get_monotonic_time() - start < KILLING_US); i++) {
        kill_one(g_rand_int_range(random, 500, 3 * took + 1000));
        last = check_in_force(last);
    }
    g_rand_free(random);
    cr_expect(last > before + 5, "only %d were made", last - before);
    cr_expect(make(NULL) > last);
}

// ---- changes while generations come and go --------------------------------------------------------------

#define CHANGES 30

static void add_exceptions(void)
{
    char *students[] = {"*", NULL}, *values[] = {"*", NULL};
    for (int i = 0; i < CHANGES; i++) {
        g_autofree char *id = g_strdup_printf("EX-%d", i);
        const RosterException exception = {.id = id,
                                           .kind = "trip",
                                           .staff = "dana@example.org",
                                           .students = students,
                                           .values = values,
                                           .from = 20261001,
                                           .until = 20261031,
                                           .approver = "pat@example.org"};
        if (!feeds_exception_add(ground.config, &exception, "tester", NULL))
            _exit(1);
        g_usleep(5000);
    }
    _exit(0);
}

Test(generation, no_change_is_lost, .timeout = 60)
{
    int status = -1;
    make(NULL);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0)
        add_exceptions();
    int made = 0;
    while (waitpid(child, &status, WNOHANG) == 0)
        made = make(NULL);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0 && made > 2);
    g_autofree char *all = g_strdup_printf("%d", CHANGES);
    EXPECT_NOW("SELECT count(*) FROM exception", all);
}
