// The pool against the real program.
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

Test(pool, ordinary_message)
{
    g_autoptr(Config) config = fixture_config(1);
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    fixture_read_well(pool);
    ReaderStats stats;
    reader_pool_stats(pool, &stats);
    cr_expect_eq(stats.read, 1);
    cr_expect_eq(stats.busy, 0);
    cr_expect_eq(stats.crashed + stats.timed_out + stats.recycled, 0);
}

Test(pool, empty_message)
{
    g_autoptr(Config) config = fixture_config(1);
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    int fd = reader_seal("", 0, NULL);
    g_autoptr(Message) message = fixture_read(pool, fd, 0, 0, NULL);
    close(fd);
    cr_assert_not_null(message);
    cr_expect_not(message_has_fact(message, "reader-crashed"));
}

static gpointer read_some(gpointer data)
{
    for (int i = 0; i < 25; i++)
        fixture_read_well(data);
    return NULL;
}

Test(pool, many_threads_and_recycling)
{
    g_autoptr(Config) config = fixture_config(3);
    config->reader.recycle_after = 20;
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    GThread *threads[8];
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("reading", read_some, pool);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    ReaderStats stats;
    reader_pool_stats(pool, &stats);
    cr_expect_eq(stats.read, 200);
    cr_expect_eq(stats.crashed + stats.timed_out, 0);
    cr_expect_geq(stats.recycled, 200 / 20 - 4);
    cr_expect_leq(stats.recycled, 200 / 20);
}

typedef struct {
    ReaderPool *pool;
    int fd, budget_ms;
    gsize len;
    Message *message;
    GError *error;
} Try;

static gpointer read_one(gpointer data)
{
    Try *reading = data;
    reading->message =
        fixture_read(reading->pool, reading->fd, reading->len, reading->budget_ms, &reading->error);
    return NULL;
}

// A worker that stands still while it reads, and is then killed.
Test(pool, killed_while_reading)
{
    g_autoptr(Config) config = fixture_config(1);
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    fixture_wait_alive(pool, 2);
    cr_assert_eq(fixture_signal_workers(SIGSTOP), 2);
    Try reading = {.pool = pool};
    reading.fd = fixture_message("casserole", &reading.len);
    GThread *thread = g_thread_new("reading", read_one, &reading);
    ReaderStats stats = {0};
    while (stats.busy == 0) {
        g_usleep(1000);
        reader_pool_stats(pool, &stats);
    }
    fixture_signal_workers(SIGKILL);
    g_thread_join(thread);
    close(reading.fd);
    cr_assert_not_null(reading.message);
    cr_expect(message_has_fact(reading.message, "reader-crashed"));
    cr_expect(message_has_fact(reading.message, "no-structure"));
    cr_expect(fixture_has_text(reading.message, "casserole"), "the sweep finds the text");
    message_free(reading.message);
    fixture_read_well(pool);
    reader_pool_stats(pool, &stats);
    cr_expect_eq(stats.crashed, 1);
    cr_expect_eq(stats.read, 2);
}

Test(pool, killed_while_idle_is_no_fact)
{
    g_autoptr(Config) config = fixture_config(2);
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    fixture_wait_alive(pool, 3);
    for (int i = 0; i < 3; i++) {
        fixture_signal_workers(SIGKILL);
        fixture_read_well(pool);
    }
    ReaderStats stats;
    reader_pool_stats(pool, &stats);
    cr_expect_eq(stats.crashed, 0);
}

static gpointer kill_until(gpointer data)
{
    while (!g_atomic_int_get((int *)data)) {
        fixture_signal_workers(SIGKILL);
        g_usleep(500);
    }
    return NULL;
}

// Whatever happens to the workers, a message gets an answer, and afterwards all is well.
Test(pool, storm_of_crashes, .timeout = 60)
{
    g_autoptr(Config) config = fixture_config(2);
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    int stop = 0, answered = 0;
    g_autofree char *big = g_strnfill(2 * 1024 * 1024, 'a');
    int fd = reader_seal(big, strlen(big), NULL);
    GThread *killer = g_thread_new("killing", kill_until, &stop);
    gint64 end = g_get_monotonic_time() + 1500 * 1000;
    while (g_get_monotonic_time() < end) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) message = fixture_read(pool, fd, strlen(big), 400, &error);
        if (message == NULL)
            cr_expect_eq(error->code, BASE_ERROR_TEMPFAIL, "%s", error->message);
        answered += message != NULL;
        config->reader.wait_ms = 100;
    }
    g_atomic_int_set(&stop, 1);
    g_thread_join(killer);
    close(fd);
    config->reader.wait_ms = 10000;
    fixture_read_well(pool);
    ReaderStats stats;
    reader_pool_stats(pool, &stats);
    cr_expect_eq(stats.read, (guint64)answered + 1);
}

// Both tries meet workers that stand still: an empty message with the facts, within the budget.
Test(pool, stopped_workers_time_out)
{
    g_autoptr(Config) config = fixture_config(1);
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    fixture_wait_alive(pool, 2);
    cr_assert_eq(fixture_signal_workers(SIGSTOP), 2);
    gsize len = 0;
    int fd = fixture_message("casserole", &len);
    gint64 start = g_get_monotonic_time();
    g_autoptr(Message) message = fixture_read(pool, fd, len, 400, NULL);
    gint64 took = g_get_monotonic_time() - start;
    close(fd);
    cr_assert_not_null(message);
    cr_expect(message_has_fact(message, "reader-timeout"));
    cr_expect(message_has_fact(message, "no-structure"));
    cr_expect_geq(took, 300 * 1000);
    cr_expect_leq(took, 1500 * 1000);
    fixture_read_well(pool);
    ReaderStats stats;
    reader_pool_stats(pool, &stats);
    cr_expect_geq(stats.timed_out, 1);
}

Test(pool, busy_pool_is_tempfail)
{
    g_autoptr(Config) config = fixture_config(1);
    config->reader.wait_ms = 50;
    config->reader.wall_ms = 1000;
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    fixture_wait_alive(pool, 2);
    fixture_signal_workers(SIGSTOP);
    Try reading = {.pool = pool};
    reading.fd = fixture_message("casserole", &reading.len);
    GThread *thread = g_thread_new("reading", read_one, &reading);
    ReaderStats stats = {0};
    while (stats.busy == 0) {
        g_usleep(1000);
        reader_pool_stats(pool, &stats);
    }
    g_autoptr(GError) error = NULL;
    Message *none = fixture_read(pool, reading.fd, reading.len, 0, &error);
    cr_expect_null(none);
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL));
    fixture_signal_workers(SIGCONT);
    g_thread_join(thread);
    close(reading.fd);
    cr_assert_not_null(reading.message);
    cr_expect_not(message_has_fact(reading.message, "reader-timeout"));
    message_free(reading.message);
}

static void expect_unread(const char *raw, gsize len)
{
    g_autoptr(Config) config = fixture_config(1);
    config->reader.cpu_s = 2;
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    int fd = reader_seal(raw, len, NULL);
    g_autoptr(Message) message = fixture_read(pool, fd, len, 0, NULL);
    close(fd);
    cr_assert_not_null(message);
    FactClass cls = FACT_ODD;
    bool unreadable = false;
    for (guint i = 0; i < message->facts->len; i++) {
        const Fact *fact = message->facts->pdata[i];
        unreadable |= message_fact_lookup(fact->name, &cls, NULL) != NULL && cls == FACT_UNREADABLE;
    }
    cr_expect(unreadable, "never a pass");
    fixture_read_well(pool);
}

// 42,000 nested address groups end a process that hands them to GMime.
Test(pool, nested_groups)
{
    g_autoptr(GString) raw = g_string_new("To: ");
    for (int i = 0; i < 42000; i++)
        g_string_append(raw, "a:");
    g_string_append(raw, "\r\nFrom: a@example.org\r\n\r\nx\r\n");
    expect_unread(raw->str, raw->len);
}

Test(pool, larger_than_inspected)
{
    g_autoptr(Config) config = fixture_config(1);
    config->limits.inspect_bytes = 64 * 1024;
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    g_autoptr(GString) raw = g_string_new("From: a@example.org\r\n\r\n");
    while (raw->len < 300 * 1024)
        g_string_append(raw, "casserole again\r\n");
    int fd = reader_seal(raw->str, raw->len, NULL);
    g_autoptr(Message) message = fixture_read(pool, fd, raw->len, 0, NULL);
    close(fd);
    cr_assert_not_null(message);
    cr_expect(message_has_fact(message, "too-large"));
}

Test(pool, an_answer_over_its_bound_is_refused)
{
    g_autoptr(Config) config = fixture_config(1);
    config->limits.decoded_bytes = -16 * 1024 * 1024 + 64; // leaves 64 bytes for answers
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    gsize len = 0;
    int fd = fixture_message("casserole", &len);
    g_autoptr(Message) message = fixture_read(pool, fd, len, 0, NULL);
    close(fd);
    cr_assert_not_null(message);
    cr_expect(message_has_fact(message, "reader-refused"));
    cr_expect_eq(message->passages->len, 0);
}

// ---- handing over ----------------------------------------------------------------------------------------

Test(seal, cannot_be_changed)
{
    g_autoptr(GError) error = NULL;
    int fd = reader_seal("abc", 3, &error);
    cr_assert_geq(fd, 0);
    int seals = fcntl(fd, F_GET_SEALS);
    cr_expect_eq(seals, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    cr_expect_eq(pwrite(fd, "x", 1, 0), -1);
    cr_expect_eq(ftruncate(fd, 1), -1);
    cr_expect_eq(process_sealed(fd, 3, NULL), fd);
    close(fd);
}

Test(seal, copies_what_is_not_sealed)
{
    char path[] = "/tmp/chaperone-test-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    unlink(path);
    cr_assert(file_write_all(fd, "From: a\n\ncasserole", 18, path, NULL));
    int sealed = process_sealed(fd, 18, NULL);
    cr_assert_geq(sealed, 0);
    cr_expect_neq(sealed, fd);
    char back[18] = {0};
    cr_expect_eq(pread(sealed, back, sizeof back, 0), 18);
    cr_expect_arr_eq(back, "From: a\n\ncasserole", 18);
    cr_expect_eq(pwrite(sealed, "x", 1, 0), -1);
    cr_expect_eq(lseek(fd, 0, SEEK_CUR), 18, "the caller's offset stays");
    close(sealed);
    g_autoptr(GError) error = NULL;
    cr_expect_eq(process_sealed(fd, 19, &error), -1);
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_OS));
    close(fd);
}

// ---- starting --------------------------------------------------------------------------------------------

Test(start, missing_program_is_named)
{
    g_autoptr(Config) config = fixture_config(1);
    g_free(config->reader.program);
    config->reader.program = g_strdup("/nonexistent/chaperone-reader");
    g_autoptr(GError) error = NULL;
    cr_expect_null(reader_pool_new(config, READER_MESSAGES, &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE));
    cr_expect_not_null(strstr(error->message, "/nonexistent/chaperone-reader"));
    cr_expect_not_null(strstr(error->message, "reader.program"));
}

Test(start, a_program_that_is_no_reader)
{
    g_autoptr(Config) config = fixture_config(1);
    g_free(config->reader.program);
    config->reader.program = g_strdup("/bin/true");
    g_autoptr(GError) error = NULL;
    cr_expect_null(reader_pool_new(config, READER_MESSAGES, &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE));
}

Test(start, unknown_user)
{
    g_autoptr(Config) config = fixture_config(1);
    g_free(config->reader.user);
    config->reader.user = g_strdup("no-such-user");
    if (geteuid() != 0)
        cr_skip_test("only root can give the reader another user");
    g_autoptr(GError) error = NULL;
    cr_expect_null(reader_pool_new(config, READER_MESSAGES, &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG));
    cr_expect_not_null(strstr(error->message, "no-such-user"));
}

// A worker that a sanitizer keeps out of the sandbox is refused where the sandbox is required, and no other
// is.
Test(start, sandbox_is_required)
{
    g_autoptr(Config) config = fixture_config(1);
    config->reader.sandbox_required = true;
    g_autoptr(GError) error = NULL;
    g_autoptr(ReaderPool) pool = reader_pool_new(config, READER_MESSAGES, &error);
    if (fixture_instrumented()) {
        cr_expect_null(pool);
        cr_expect_not_null(strstr(error->message, "seccomp"));
        cr_expect_not_null(strstr(error->message, "reader.sandbox_required"));
    } else {
        cr_expect_not_null(pool, "%s", error != NULL ? error->message : "");
    }
}

Test(start, no_process_is_left)
{
    g_autoptr(Config) config = fixture_config(4);
    ReaderPool *pool = fixture_pool(config);
    fixture_wait_alive(pool, 5);
    reader_pool_free(pool);
    cr_expect_eq(fixture_signal_workers(0), 0);
}
