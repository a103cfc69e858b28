// Whole bags: from an archive with its log, through the reader, written and read back.
#include "bag/internal.h"
#include "redact/redact.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOON INT64_C(1795348800000000) // 2026-11-22T12:00:00Z

extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));

typedef struct {
    char *dir;
    Config *config;
    Readers *readers;
    char *ids[3];
} Ground;

static char *run(const Ground *ground, const char *command, int *status)
{
    g_autofree char *line = g_strdup_printf("cd %s && ( %s ) 2>&1", ground->dir, command);
    const char *argv[] = {"sh", "-c", line, NULL};
    char *out = NULL;
    cr_assert(
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, status, NULL));
    return out;
}

static void expect_run(const Ground *ground, const char *command)
{
    int status = 0;
    g_autofree char *out = run(ground, command, &status);
    cr_expect_eq(status, 0, "%s: %s", command, out);
}

static char *append(Archive *archive, const char *raw, int64_t us)
{
    g_autoptr(GError) error = NULL;
    int fd = memfd_create("message", MFD_CLOEXEC);
    cr_assert(fd >= 0 && file_write_all(fd, raw, strlen(raw), "message", NULL));
    json_t *meta = json_pack("{s:{s:s, s:[{s:s}, {s:s}]}}", "envelope", "mail_from", "ben@example.org",
                             "rcpts", "address", "ann@example.org", "address", "hidden@example.org");
    g_autoptr(ArchiveRef) ref = archive_append(archive, NULL, fd, (int64_t)strlen(raw), meta, us, &error);
    cr_assert_not_null(ref, "%s", error != NULL ? error->message : "");
    json_decref(meta);
    close(fd);
    return g_strdup(ref->id);
}

#define HEAD "From: ben@example.org\r\nTo: ann@example.org\r\nDate: Sun, 22 Nov 2026 07:00:00 -0500\r\n"
static const char *const RAWS[] = {
    HEAD "Bcc: hidden@example.org\r\nSubject: first\r\n\r\nThe bus leaves at eight.\r\n",
    HEAD "Subject: second\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
         "Content-Type: text/plain\r\n\r\nSee the table.\r\n--b\r\nContent-Type: text/csv\r\n"
         "Content-Disposition: attachment; filename=\"plan.csv\"\r\n\r\nbus,8\r\n--b--\r\n",
    HEAD "Subject: third, about a student\r\n\r\nNot for everybody.\r\n"};

static void ground_init(Ground *ground)
{
    g_autoptr(GError) error = NULL;
    const char *build = g_getenv("BUILD");
    ground->dir = g_dir_make_tmp("chaperone-bag-XXXXXX", NULL);
    ground->config = config_defaults();
    Config *config = ground->config;
    char **texts[] = {&config->archive.dir,     &config->archive.origin, &config->archive.log_name,
                      &config->archive.log_key, &config->reader.program, &config->district.name,
                      &config->attachments.ocr};
    char *values[] = {g_build_filename(ground->dir, "archive", NULL),
                      g_strdup("mta1"),
                      g_strdup("example.org/mta1"),
                      g_build_filename(ground->dir, "log.key", NULL),
                      g_build_filename(build != NULL ? build : "build", "chaperone-reader", NULL),
                      g_strdup("Maple Hollow Public Schools"),
                      g_strdup("never")};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i]);
        *texts[i] = values[i];
    }
    config->archive.min_free_bytes = 0;
    config->archive.index_ocr = false;
    config->reader.sandbox_required = __asan_init == NULL && __tsan_init == NULL;
    g_free(config->attachments.cache_dir);
    config->attachments.cache_dir = g_strdup("");
    Archive *archive = archive_open(config, NULL, &error);
    cr_assert_not_null(archive, "%s", error != NULL ? error->message : "");
    for (guint i = 0; i < G_N_ELEMENTS(RAWS); i++)
        ground->ids[i] = append(archive, RAWS[i], NOON + i);
    archive_close(&archive);
    ground->readers = readers_new(config, &error);
    cr_assert_not_null(ground->readers, "%s", error != NULL ? error->message : "");
}

static void ground_publish(Ground *ground)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveLog) log = archive_log_open(ground->config, &error);
    guint fresh = 0;
    cr_assert(log != NULL && archive_log_sequence(log, 1000, &fresh, &error) &&
                  archive_log_publish(log, &error),
              "%s", error != NULL ? error->message : "");
}

static void ground_clear(Ground *ground)
{
    readers_free(ground->readers);
    g_autofree char *line = g_strdup_printf("rm -rf %s", ground->dir);
    int status = 0;
    g_free(run(ground, line, &status));
    for (guint i = 0; i < G_N_ELEMENTS(ground->ids); i++)
        g_free(ground->ids[i]);
    config_unref(ground->config);
    g_free(ground->dir);
}

// Two in full, the third withheld.
static BagSpec *spec_new(const Ground *ground)
{
    BagSpec *spec = bag_spec_new();
    spec->name = g_strdup("2026-017");
    spec->who = g_strdup("records");
    spec->time_us = NOON + G_USEC_PER_SEC;
    bag_spec_add(spec, ground->ids[0], "A-001", BAG_FULL);
    bag_spec_add(spec, ground->ids[1], "A-002", BAG_FULL);
    BagItem *item = bag_spec_add(spec, ground->ids[2], "A-003", BAG_WITHHELD);
    bag_item_exempt(item, "26(a)", "=student record");
    return spec;
}

static BagResult *write_bag(const Ground *ground, const BagSpec *spec, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(ground->dir, name, NULL);
    return bag_write(ground->config, ground->readers, spec, path, NULL, NULL, error);
}

static void expect_refused(const Ground *ground, const BagSpec *spec, const char *name, BaseError code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(BagResult) result = write_bag(ground, spec, name, &error);
    cr_assert_null(result);
    cr_expect(g_error_matches(error, BASE_ERROR, (gint)code), "%d: %s", error->code, error->message);
}

Test(write, what_is_withheld_is_a_row_and_nothing_more, .timeout = 60)
{
    Ground ground;
    ground_init(&ground);
    ground_publish(&ground);
    g_autoptr(BagSpec) spec = spec_new(&ground);
    g_autoptr(GError) error = NULL;
    g_autoptr(BagResult) result = write_bag(&ground, spec, "bag", &error);
    cr_assert_not_null(result, "%s", error != NULL ? error->message : "");
    cr_expect_eq(result->full, 2);
    cr_expect_eq(result->withheld, 1);
    cr_expect_eq(result->attachments, 1, "%u", result->attachments);
    expect_run(&ground, "cd bag && sha256sum -c --quiet tagmanifest-sha256.txt manifest-sha256.txt");
    expect_run(
        &ground,
        "grep -q '^A-003,2026-11-22T12:00:00.000Z,,26(a),\"'\"'\"'=student record\"' bag/withheld.csv");
    expect_run(&ground, "grep -q 'bus,8' bag/data/attachments/A-002.001.csv && test ! -e bag/data/redacted");
    expect_run(&ground, "! grep -rq 'about a student\\|Not for everybody\\|hidden@' bag");
    expect_run(&ground, "test $(ls bag/proofs | wc -l) = 2 && ! grep -q A-003 bag/data/loadfile.csv");
    expect_run(&ground, "test ! -e bag.part");
    ground_clear(&ground);
}

// Redactions of these words, as an officer made them.
static json_t *redactions_of(const Ground *ground, const char *id, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveRecord) record = archive_get(ground->config, id, &error);
    cr_assert_not_null(record, "%s", error != NULL ? error->message : "");
    g_autoptr(Message) message =
        redact_read(ground->config, ground->readers, record->meta, record->raw, &error);
    cr_assert_not_null(message, "%s", error != NULL ? error->message : "");
    g_autoptr(Rendition) rendition = rendition_new(message, record->meta);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
    cr_assert_geq(redactions_add_words(rendition, list, words), 1);
    redactions_apply(list, NULL, "26(a)", "reviewer@example.org", NOON);
    return redactions_to_json(rendition, list, false);
}

Test(write, what_is_redacted_is_its_rendition_and_nothing_more, .timeout = 60)
{
    Ground ground;
    ground_init(&ground);
    ground_publish(&ground);
    g_autoptr(BagSpec) spec = spec_new(&ground);
    g_autoptr(GError) error = NULL;
    BagItem *item = spec->items->pdata[2];
    item->treatment = BAG_REDACTED;
    item->redactions = redactions_of(&ground, ground.ids[2], "a student");
    spec->envelope = true;
    g_autoptr(BagResult) result = write_bag(&ground, spec, "bag", &error);
    cr_assert_not_null(result, "%s", error != NULL ? error->message : "");
    cr_expect_eq(result->redacted, 1);
    cr_expect_eq(result->withheld, 0);
    expect_run(&ground, "cd bag && sha256sum -c --quiet tagmanifest-sha256.txt manifest-sha256.txt");
    expect_run(&ground, "! grep -rq 'a student' --exclude=redactions.csv bag && grep -q "
                        "'^A-003,.*26(a).*=student record.*reviewer@' bag/redactions.csv");
    expect_run(&ground, "head -c 5 bag/data/redacted/A-003.pdf | grep -q '%PDF-' && grep -q 'Not for "
                        "everybody' bag/data/text/A-003.txt");
    expect_run(&ground, "test ! -e bag/data/eml/A-003.eml && test ! -e bag/data/eml/A-003.json && test -e "
                        "bag/proofs/A-003.tlog-proof");
    expect_run(&ground, "! grep -q 'Not for everybody' bag/data/mbox/messages.mbox");
    g_autofree char *again = g_strdup_printf(
        "grep '^A-003' bag/data/loadfile.csv | grep -q 'data/redacted/A-003.pdf.*redacted,26(a),,%s'",
        ground.ids[2]);
    expect_run(&ground, again);
    spec->checkpoint = g_strdup(result->checkpoint);
    g_autoptr(BagResult) two = write_bag(&ground, spec, "two", &error);
    cr_assert_not_null(two, "%s", error != NULL ? error->message : "");
    expect_run(&ground, "diff -r bag two");
    // A list that does not fit the message: nothing goes out.
    g_clear_pointer(&spec->checkpoint, g_free);
    json_object_set_new(json_array_get(item->redactions, 0), "to", json_integer(1000000));
    expect_refused(&ground, spec, "three", BASE_ERROR_DATA);
    expect_run(&ground, "test ! -e three");
    ground_clear(&ground);
}

Test(write, the_same_spec_makes_the_same_bytes, .timeout = 60)
{
    Ground ground;
    ground_init(&ground);
    ground_publish(&ground);
    g_autoptr(BagSpec) spec = spec_new(&ground);
    g_autoptr(GError) error = NULL;
    spec->envelope = true;
    g_autoptr(BagResult) one = write_bag(&ground, spec, "one", &error);
    cr_assert_not_null(one, "%s", error != NULL ? error->message : "");
    ground_publish(&ground); // the events of the export: the log goes on
    spec->checkpoint = g_strdup(one->checkpoint);
    g_autoptr(BagResult) two = write_bag(&ground, spec, "two", &error);
    cr_assert_not_null(two, "%s", error != NULL ? error->message : "");
    cr_expect_str_eq(one->manifest_sha256, two->manifest_sha256);
    expect_run(&ground, "diff -r one two");
    expect_run(&ground, "grep -q hidden@example.org one/data/eml/A-001.json");
    g_clear_pointer(&spec->checkpoint, g_free);
    g_autoptr(BagResult) three = write_bag(&ground, spec, "three", &error);
    cr_assert_not_null(three);
    expect_run(&ground, "! diff -q one/checkpoint three/checkpoint && diff -r one/data three/data");
    ground_clear(&ground);
}

// A process that is killed at some byte: the next goes on with what is whole and makes the bag that one would have made.
Test(write, killed_anywhere_the_next_goes_on, .timeout = 120)
{
    Ground ground;
    ground_init(&ground);
    ground_publish(&ground);
    g_autoptr(BagSpec) spec = spec_new(&ground);
    g_autoptr(GError) error = NULL;
    g_autoptr(BagResult) whole = write_bag(&ground, spec, "whole", &error);
    cr_assert_not_null(whole, "%s", error != NULL ? error->message : "");
    spec->checkpoint = g_strdup(whole->checkpoint);
    readers_free(ground.readers); // a child has its own
    g_autofree char *name = g_build_filename(ground.dir, "killed", NULL);
    guint kills = 0;
    for (guint us = 0; !g_file_test(name, G_FILE_TEST_EXISTS) && kills < 1000; us += 3000) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            ground.readers = readers_new(ground.config, NULL);
            g_autoptr(BagResult) result =
                ground.readers != NULL ? write_bag(&ground, spec, "killed", NULL) : NULL;
            readers_free(ground.readers);
            _exit(result != NULL ? 0 : 1);
        }
        g_usleep(us);
        kill(child, SIGKILL);
        int status = 0;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "not killed, and it failed");
        kills++;
    }
    cr_expect_gt(kills, 3);
    expect_run(&ground, "diff -r whole killed");
    ground.readers = NULL;
    ground_clear(&ground);
}

Test(write, leftovers_of_a_broken_item_are_no_part_of_the_bag, .timeout = 60)
{
    Ground ground;
    ground_init(&ground);
    ground_publish(&ground);
    g_autoptr(BagSpec) spec = spec_new(&ground), other = spec_new(&ground);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = other->items->pdata[0] != NULL ? g_strdup("01BX5ZZKBKACTAV9WEVGEMMVRZ") : NULL;
    g_free(((BagItem *)other->items->pdata[1])->record);
    ((BagItem *)other->items->pdata[1])->record = g_steal_pointer(&id);
    expect_refused(&ground, other, "bag", BASE_ERROR_NOINPUT);
    expect_run(&ground, "test -e bag.part/spec.json && test ! -e bag");
    expect_refused(&ground, spec, "bag", BASE_ERROR_CANTCREAT); // of another spec
    expect_run(&ground, "rm -r bag.part");
    spec->checkpoint = g_strdup("no checkpoint\n");
    expect_refused(&ground, spec, "bag", BASE_ERROR_DATA);
    g_clear_pointer(&spec->checkpoint, g_free);
    expect_run(&ground, "rm -rf bag.part && mkdir bag");
    expect_refused(&ground, spec, "bag", BASE_ERROR_CANTCREAT);
    expect_run(&ground, "rmdir bag");
    // One that was broken off with a file too many, and with one that was changed since.
    g_autoptr(BagSpec) broken = spec_new(&ground);
    ((BagItem *)broken->items->pdata[1])->treatment = BAG_REDACTED;
    ((BagItem *)broken->items->pdata[1])->redactions = json_pack("[{}]");
    g_autoptr(BagResult) failed = write_bag(&ground, broken, "bag", NULL);
    cr_assert_null(failed);
    expect_run(&ground, "test -s bag.part/work/A-001.json && echo x >> bag.part/bag/data/eml/A-001.eml && "
                        "echo x > bag.part/bag/data/text/A-001.009.txt");
    expect_run(&ground, "rm bag.part/spec.json");
    expect_refused(&ground, spec, "bag", BASE_ERROR_CANTCREAT);
    ground_clear(&ground);
}

Test(write, a_record_without_a_leaf_waits, .timeout = 60)
{
    Ground ground;
    ground_init(&ground);
    g_autoptr(BagSpec) spec = spec_new(&ground);
    expect_refused(&ground, spec, "bag", BASE_ERROR_NOINPUT); // no log at all
    ground_publish(&ground);
    g_autoptr(GError) error = NULL;
    Archive *archive = archive_open(ground.config, NULL, &error);
    cr_assert_not_null(archive);
    g_autofree char *id = append(archive, RAWS[0], NOON + 9);
    archive_close(&archive);
    bag_spec_add(spec, id, "A-004", BAG_FULL);
    g_autoptr(BagResult) result = write_bag(&ground, spec, "bag", &error);
    cr_assert_null(result);
    cr_expect_not_null(strstr(error->message, "A-004"), "%s", error->message);
    expect_run(&ground, "test ! -e bag");
    ground_clear(&ground);
}
