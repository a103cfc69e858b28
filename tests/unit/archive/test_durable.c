#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

static GLogWriterOutput no_log(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
    return G_LOG_WRITER_HANDLED;
}

static void check_clean(Fixture *f, guint64 records)
{
    Seen seen;
    ArchiveVerdict verdict;
    seen_init(&seen);
    cr_assert(archive_verify(f->config, seen_damage, NULL, &seen, &verdict, NULL));
    cr_assert_eq(verdict.damaged, 0, "%s", seen.damage->len > 0 ? (char *)seen.damage->pdata[0] : "");
    cr_assert_eq(verdict.records, records, "%" G_GUINT64_FORMAT " records, not %" G_GUINT64_FORMAT,
                 verdict.records, records);
    seen_clear(&seen);
}

// Bytes that do not compress.
static guint8 *noise(gsize len)
{
    guint8 *data = g_malloc(len);
    guint32 state = 99;
    for (gsize i = 0; i < len; i++) {
        state = state * 1664525 + 1013904223;
        data[i] = (guint8)(state >> 24);
    }
    return data;
}

// ---- many at once ----------------------------------------------------------------------------------------

enum { THREADS = 32, EACH = 25 };

typedef struct {
    Fixture *fixture;
    Archive *archive;
    int number;
    guint stored, deferred, wrong;
} Worker;

static gpointer work(gpointer data)
{
    Worker *worker = data;
    for (int i = 0; i < EACH; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf("message %d of %d", i, worker->number);
        g_autoptr(ArchiveRef) ref = append(worker->archive, text, strlen(text), NOON + i, &error);
        if (ref == NULL) {
            worker->deferred += g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL);
            worker->wrong += !g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL);
            continue;
        }
        // Acknowledged: there, and what was given.
        g_autoptr(ArchiveRecord) record = archive_get_at(worker->fixture->config, ref, NULL);
        gsize len = 0;
        const char *raw = record != NULL ? g_bytes_get_data(record->raw, &len) : NULL;
        worker->stored++;
        worker->wrong += raw == NULL || len != strlen(text) || memcmp(raw, text, len) != 0;
    }
    return NULL;
}

static guint run_workers(Fixture *f, Archive *archive, guint *out_deferred)
{
    Worker workers[THREADS];
    GThread *threads[THREADS];
    guint stored = 0;
    *out_deferred = 0;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (Worker){f, archive, i};
        threads[i] = g_thread_new("worker", work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
        cr_assert_eq(workers[i].wrong, 0);
        stored += workers[i].stored;
        *out_deferred += workers[i].deferred;
    }
    return stored;
}

Test(durable, threads_share_commits)
{
    Fixture f;
    guint deferred;
    fixture_init(&f);
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    cr_assert_eq(run_workers(&f, archive, &deferred), THREADS * EACH);
    cr_assert_eq(deferred, 0);
    archive_close(&archive);
    check_clean(&f, THREADS * EACH);
    fixture_clear(&f);
}

Test(durable, threads_through_rotation_and_a_short_queue)
{
    Fixture f;
    guint deferred;
    fixture_init(&f);
    f.config->archive.segment_bytes = 8192;
    f.config->archive.batch_records = 3;
    f.config->archive.queue_records = 4;
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    guint stored = run_workers(&f, archive, &deferred);
    cr_assert_eq(stored + deferred, THREADS * EACH);
    archive_close(&archive);
    check_clean(&f, stored);
    fixture_clear(&f);
}

static gpointer keep_writing(gpointer data)
{
    Worker *worker = data;
    while (g_atomic_int_get(&worker->number) == 0) {
        archive_ref_free(append_text(worker->archive, "a message among many", NOON));
        worker->stored++;
    }
    return NULL;
}

Test(durable, reading_beside_the_writer_sees_no_damage)
{
    Fixture f;
    fixture_init(&f);
    f.config->archive.segment_bytes = 20000;
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    Worker worker = {&f, archive, 0};
    GThread *thread = g_thread_new("writer", keep_writing, &worker);
    guint64 last = 0;
    for (int i = 0; i < 30; i++) {
        Seen seen;
        ArchiveVerdict verdict;
        seen_init(&seen);
        cr_assert(archive_verify(f.config, seen_damage, NULL, &seen, &verdict, NULL));
        cr_assert_eq(verdict.damaged, 0, "%s", seen.damage->len > 0 ? (char *)seen.damage->pdata[0] : "");
        cr_assert_geq(verdict.records, last);
        last = verdict.records;
        seen_clear(&seen);
    }
    g_atomic_int_set(&worker.number, 1);
    g_thread_join(thread);
    archive_close(&archive);
    check_clean(&f, worker.stored);
    fixture_clear(&f);
}

// ---- death -----------------------------------------------------------------------------------------------

static void write_until_killed(Fixture *f, int pipe_fd)
{
    g_autoptr(Archive) archive = archive_open(f->config, NULL, NULL);
    g_autofree guint8 *body = noise(30000);
    for (guint i = 0; archive != NULL; i++) {
        int fd = message_fd(body, 100 + i * 977 % 29000);
        struct stat now;
        ArchiveRef *ref = fstat(fd, &now) == 0
                              ? archive_append(archive, NULL, fd, now.st_size, NULL, NOON + i, NULL)
                              : NULL;
        if (ref == NULL || write(pipe_fd, ref->id, ULID_LEN) != ULID_LEN)
            _exit(1);
        archive_ref_free(ref);
        close(fd);
    }
    _exit(1);
}

Test(durable, what_was_acknowledged_survives_kill)
{
    g_log_set_writer_func(no_log, NULL, NULL);
    Fixture f;
    fixture_init(&f);
    f.config->archive.segment_bytes = 200000;
    guint acknowledged = 0;
    for (int round = 0; round < 6; round++) {
        int ends[2], status;
        cr_assert(pipe(ends) == 0);
        pid_t child = fork();
        cr_assert(child >= 0);
        if (child == 0)
            write_until_killed(&f, ends[1]);
        close(ends[1]);
        g_usleep(20000 + (gulong)round * 13777);
        cr_assert(kill(child, SIGKILL) == 0);
        cr_assert(waitpid(child, &status, 0) == child);
        cr_assert(WIFSIGNALED(status));
        char id[ULID_LEN + 1] = "";
        while (read(ends[0], id, ULID_LEN) == ULID_LEN) {
            g_autoptr(ArchiveRecord) record = archive_get(f.config, id, NULL);
            cr_assert(record != NULL, "round %d: %s is gone", round, id);
            acknowledged++;
        }
        close(ends[0]);
    }
    cr_assert_gt(acknowledged, 0);
    Archive *archive = archive_open(f.config, NULL, NULL);
    archive_close(&archive);
    ArchiveVerdict verdict;
    cr_assert(archive_verify(f.config, NULL, NULL, NULL, &verdict, NULL));
    cr_assert_eq(verdict.damaged, 0);
    cr_assert_geq(verdict.records, acknowledged);
    fixture_clear(&f);
}

// ---- failing devices -------------------------------------------------------------------------------------

Test(durable, a_failed_write_ends_the_segment_and_the_next_one_works)
{
    enum { BIG = 300000 };
    g_log_set_writer_func(no_log, NULL, NULL);
    Fixture f;
    struct rlimit before, small;
    fixture_init(&f);
    g_autofree guint8 *big = noise(BIG);
    Archive *archive = archive_open(f.config, NULL, NULL);
    g_autoptr(ArchiveRef) first = append_text(archive, "before", NOON);
    int fd = message_fd(big, BIG);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = before;
    small.rlim_cur = BIG / 2; // a write stops half way, the next one fails
    cr_assert(setrlimit(RLIMIT_FSIZE, &small) == 0);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 2; i++) { // into the open segment, then into a new one
        g_clear_error(&error);
        cr_assert(archive_append(archive, NULL, fd, BIG, NULL, NOON + i, &error) == NULL);
        cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_IO), "%s", error->message);
    }
    close(fd);
    cr_assert(setrlimit(RLIMIT_FSIZE, &before) == 0);
    g_autoptr(ArchiveRef) after = append(archive, big, BIG, NOON + 5, NULL);
    cr_assert(after != NULL);
    cr_assert_str_eq(first->segment, "2026/11/mta1-000001.tar.zst");
    cr_assert_str_eq(after->segment, "2026/11/mta1-000002.tar.zst");
    archive_close(&archive);
    check_clean(&f, 2);
    fixture_clear(&f);
}

// A small file system of its own, in a mount name space of its own. False where that is not allowed.
static bool mount_small(const char *path)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", path, "tmpfs", 0, "size=3m,mode=0755") == 0;
}

Test(durable, a_full_disk_fails_and_recovers)
{
    enum { BIG = 400000 };
    g_log_set_writer_func(no_log, NULL, NULL);
    Fixture f;
    fixture_init(&f);
    cr_assert(file_make_dirs(f.config->archive.dir, 0750, NULL));
    if (!mount_small(f.config->archive.dir)) {
        fixture_clear(&f);
        cr_skip_test("needs root and mount(2)");
    }
    f.config->archive.segment_bytes = 1 << 20;
    g_autofree guint8 *big = noise(BIG);
    g_autofree char *ballast = segment_path(&f, "ballast");
    Archive *archive = archive_open(f.config, NULL, NULL);
    guint stored = 0;
    g_autoptr(GError) error = NULL;
    archive_ref_free(append_text(archive, "before", NOON));
    struct statvfs fs;
    f.config->archive.min_free_bytes = -((int64_t)1 << 40);
    int fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert(fd >= 0 && statvfs(f.config->archive.dir, &fs) == 0);
    cr_assert(posix_fallocate(fd, 0, (off_t)(fs.f_bfree * fs.f_bsize) - BIG / 2) == 0);
    close(fd);
    // What is preallocated can still be used up.
    for (int i = 0; i < 20 && error == NULL; i++) {
        g_autoptr(ArchiveRef) ref = append(archive, big, BIG, NOON + 30, &error);
        stored += ref != NULL;
    }
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_IO), "%s", error->message);
    g_clear_error(&error);
    cr_assert(unlink(ballast) == 0);
    g_autoptr(ArchiveRef) again = append(archive, big, BIG, NOON + 31, &error);
    cr_assert(again != NULL, "%s", error->message);
    archive_close(&archive);
    check_clean(&f, stored + 2);
    cr_assert(umount(f.config->archive.dir) == 0);
    fixture_clear(&f);
}

Test(durable, low_space_defers_messages_but_not_events)
{
    Fixture f;
    fixture_init(&f);
    g_autoptr(Archive) archive = archive_open(f.config, NULL, NULL);
    cr_assert_eq(archive_ready(archive, NULL), TRI_YES);
    f.config->archive.min_free_bytes = INT64_MAX / 2;
    g_autoptr(GError) error = NULL;
    cr_assert(append(archive, "x", 1, NOON, &error) == NULL);
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL), "%s", error->message);
    cr_assert_eq(archive_ready(archive, NULL), TRI_NO);
    cr_assert(archive_event(archive, "released", "reviewer", NULL, NULL, NOON, NULL));
    fixture_clear(&f);
}

Test(durable, a_directory_that_cannot_be_written_is_refused)
{
    Fixture f;
    int status;
    fixture_init(&f);
    cr_assert(file_make_dirs(f.config->archive.dir, 0750, NULL));
    cr_assert(chmod(f.dir, 0755) == 0 && chmod(f.config->archive.dir, 0555) == 0);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
            _exit(1);
        GError *error = NULL;
        Archive *archive = archive_open(f.config, NULL, &error);
        _exit(archive == NULL && g_error_matches(error, BASE_ERROR, BASE_ERROR_CANTCREAT) &&
                      strstr(error->message, "archive.dir must be writable") != NULL
                  ? 0
                  : 2);
    }
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert_eq(status, 0);
    cr_assert(chmod(f.config->archive.dir, 0755) == 0);
    fixture_clear(&f);
}

Test(durable, one_writer_an_origin)
{
    Fixture f;
    fixture_init(&f);
    Archive *first = archive_open(f.config, NULL, NULL);
    g_autoptr(GError) error = NULL;
    cr_assert(archive_open(f.config, NULL, &error) == NULL);
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL), "%s", error->message);
    Archive *other = archive_open(f.config, "mta2", NULL);
    cr_assert(other != NULL);
    archive_ref_free(append_text(first, "one", NOON));
    archive_ref_free(append_text(other, "two", NOON + 1));
    archive_close(&first);
    first = archive_open(f.config, NULL, NULL);
    cr_assert(first != NULL);
    archive_close(&first);
    archive_close(&other);
    check_clean(&f, 2);
    static const char *const bad[] = {"", "a/b", "../x", ".hidden", "mta1-events"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) wrong = NULL;
        cr_assert(archive_open(f.config, bad[i], &wrong) == NULL, "\"%s\"", bad[i]);
        cr_assert(g_error_matches(wrong, BASE_ERROR, BASE_ERROR_CONFIG));
    }
    fixture_clear(&f);
}
