// Readings on disk.
#include "hostile.h"

#include "reader/cache.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY_LEN 64
#define MADE_AT (KEY_LEN + KEY_LEN) // of the file: the time it was made
#define MESSAGE "lasagna"

typedef struct {
    char *dir;
    Config *config;
    ReaderCache *cache;
} Shelf;

static ReaderCache *open_cache(const Config *config)
{
    g_autoptr(GError) error = NULL;
    ReaderCache *cache = NULL;
    cr_assert(reader_cache_open(config, &cache, &error), "%s", error != NULL ? error->message : "");
    cr_assert_not_null(cache);
    return cache;
}

static Shelf shelf_new(gint64 bytes)
{
    Shelf shelf = {g_dir_make_tmp("chaperone-XXXXXX", NULL), fixture_config(1), NULL};
    g_free(shelf.config->attachments.cache_dir);
    shelf.config->attachments.cache_dir = g_strdup(shelf.dir);
    shelf.config->attachments.cache_bytes = bytes;
    shelf.cache = open_cache(shelf.config);
    return shelf;
}

static void shelf_free(Shelf *shelf)
{
    reader_cache_close(shelf->cache);
    hostile_remove_dir(shelf->dir);
    config_unref(shelf->config);
    g_free(shelf->dir);
}

static char *key_of(const Shelf *shelf, const char *content)
{
    return reader_cache_key(shelf->cache, READER_DOCUMENTS, content, strlen(content),
                            &(ChannelAttachment){.type = ""});
}

static ReaderPiece piece_of(const char *text)
{
    return (ReaderPiece){READ_ANSWERED, hostile_piece(text, 0), NULL};
}

static void keep(const Shelf *shelf, const char *key, const char *text)
{
    ReaderPiece piece = piece_of(text);
    reader_cache_keep(shelf->cache, key, &piece);
    reader_piece_clear(&piece);
}

static bool finds(const Shelf *shelf, const char *key, const char *text)
{
    ReaderPiece piece;
    bool found = reader_cache_find(shelf->cache, key, &piece);
    if (found)
        cr_expect(piece.message != NULL && fixture_has_text(piece.message, text));
    else
        cr_expect(piece.message == NULL && piece.detail == NULL);
    reader_piece_clear(&piece);
    return found;
}

static char *file_of(const Shelf *shelf, const char *key)
{
    return g_build_filename(shelf->dir, key, NULL);
}

static guint count_files(const Shelf *shelf, gint64 *out_bytes)
{
    guint count = 0;
    g_autoptr(GDir) dir = g_dir_open(shelf->dir, 0, NULL);
    cr_assert_not_null(dir);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL; count++) {
        struct stat st = {0};
        g_autofree char *path = file_of(shelf, name);
        if (stat(path, &st) == 0 && out_bytes != NULL)
            *out_bytes += (st.st_size + 4095) / 4096 * 4096;
    }
    return count;
}

// ---- what is kept ----------------------------------------------------------------------------------------

Test(cache, what_is_kept_is_found)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autofree char *key = key_of(&shelf, "a"), *other = key_of(&shelf, "b");
    cr_expect_not(finds(&shelf, key, MESSAGE));
    keep(&shelf, key, MESSAGE);
    cr_expect(finds(&shelf, key, MESSAGE));
    cr_expect_not(finds(&shelf, other, MESSAGE));
    ReaderCache *second = open_cache(shelf.config);
    ReaderPiece piece;
    cr_expect(reader_cache_find(second, key, &piece), "another process finds it");
    reader_piece_clear(&piece);
    reader_cache_close(second);
    shelf_free(&shelf);
}

Test(cache, files_are_private_and_nameless)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autofree char *key =
        reader_cache_key(shelf.cache, READER_DOCUMENTS, "a", 1,
                         &(ChannelAttachment){.type = "text/x-grades", .name = "secret.csv"});
    keep(&shelf, key, MESSAGE);
    cr_expect_eq(count_files(&shelf, NULL), 1);
    g_autofree char *path = file_of(&shelf, key), *text = NULL;
    gsize len = 0;
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    cr_assert(g_file_get_contents(path, &text, &len, NULL));
    cr_expect_null(memmem(text, len, "secret", 6));
    cr_assert_eq(stat(shelf.dir, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0700);
    shelf_free(&shelf);
}

Test(cache, failures_are_kept)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autofree char *key = key_of(&shelf, "a");
    ReaderPiece piece = {READ_CRASHED, NULL, g_strdup("signal 11")}, back;
    reader_cache_keep(shelf.cache, key, &piece);
    reader_piece_clear(&piece);
    cr_assert(reader_cache_find(shelf.cache, key, &back));
    cr_expect_eq(back.outcome, READ_CRASHED);
    cr_expect_null(back.message);
    cr_expect_str_eq(back.detail, "signal 11");
    reader_piece_clear(&back);
    shelf_free(&shelf);
}

Test(cache, everything_a_reading_depends_on_is_in_its_key)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    static const struct {
        ReaderClass cls;
        const char *data;
        ChannelAttachment attachment;
    } rows[] = {
        {READER_DOCUMENTS, "a", {0, "", NULL, NULL}},    {READER_OCR, "a", {0, "", NULL, NULL}},
        {READER_DOCUMENTS, "b", {0, "", NULL, NULL}},    {READER_DOCUMENTS, "a", {0, "x", NULL, NULL}},
        {READER_DOCUMENTS, "a", {0, "", "x", NULL}},     {READER_DOCUMENTS, "a", {0, "", NULL, "x"}},
        {READER_DOCUMENTS, "a", {0, "", "", NULL}},      {READER_DOCUMENTS, "a", {0, "", NULL, ""}},
        {READER_DOCUMENTS, "a", {0, "1:x", NULL, NULL}}, {READER_DOCUMENTS, "a", {0, "\n1:x", NULL, NULL}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        cr_expect(g_hash_table_add(keys, reader_cache_key(shelf.cache, rows[i].cls, rows[i].data,
                                                          strlen(rows[i].data), &rows[i].attachment)),
                  "row %zu", i);
    for (int i = 0; i < 6; i++) {
        g_autoptr(Config) config = fixture_config(1);
        g_free(config->attachments.cache_dir);
        config->attachments.cache_dir = g_strdup(shelf.dir);
        config->limits.pdf_pages += i == 0;
        config->attachments.ocr_pictures += i == 1;
        config->attachments.ocr_least_pixels += i == 2;
        config->attachments.wall_ms += i == 3;
        if (i == 4) {
            g_free(config->attachments.ocr_languages);
            config->attachments.ocr_languages = g_strdup("eng");
        }
        if (i == 5) {
            g_free(config->reader.program);
            config->reader.program = g_strdup("/bin/true"); // another build
        }
        ReaderCache *cache = open_cache(config);
        cr_expect(
            g_hash_table_add(keys, reader_cache_key(cache, READER_DOCUMENTS, "a", 1, &rows[0].attachment)),
            "configuration %d", i);
        reader_cache_close(cache);
    }
    char *same =
        reader_cache_key(shelf.cache, READER_DOCUMENTS, "a", 1, &(ChannelAttachment){7, "", NULL, NULL});
    cr_expect_not(g_hash_table_add(keys, same), "where it lies in a message does not matter");
    shelf_free(&shelf);
}

// ---- age -------------------------------------------------------------------------------------------------

// Gives the file another time of making, with a right checksum.
static void make_at(const Shelf *shelf, const char *key, gint64 us)
{
    g_autofree char *path = file_of(shelf, key), *text = NULL;
    gsize len = 0;
    cr_assert(g_file_get_contents(path, &text, &len, NULL));
    memcpy(text + MADE_AT, &us, sizeof us);
    g_autofree char *sum = sha256_hex(text + KEY_LEN, len - KEY_LEN);
    memcpy(text, sum, KEY_LEN);
    cr_assert(g_file_set_contents_full(path, text, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

Test(cache, how_long_a_reading_is_believed)
{
    const gint64 minute = 60 * (gint64)G_USEC_PER_SEC, day = 24 * 60 * minute;
    const struct {
        const char *what, *fact;
        ReadOutcome outcome;
        gint64 age;
        bool found;
    } rows[] = {
        {"reading", NULL, READ_ANSWERED, 13 * day, true},
        {"old reading", NULL, READ_ANSWERED, 15 * day, false},
        {"reading from the future", NULL, READ_ANSWERED, -2 * day, false},
        {"picture not read", "picture-unread", READ_ANSWERED, 59 * minute, true},
        {"old picture not read", "picture-unread", READ_ANSWERED, 61 * minute, false},
        {"crash", NULL, READ_CRASHED, 59 * minute, true},
        {"old crash", NULL, READ_CRASHED, 61 * minute, false},
        {"old time-out", NULL, READ_TIMED_OUT, 61 * minute, false},
    };
    Shelf shelf = shelf_new(1 << 20);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *key = key_of(&shelf, rows[i].what), *path = file_of(&shelf, key);
        ReaderPiece piece = {rows[i].outcome, NULL, NULL}, back;
        if (rows[i].outcome == READ_ANSWERED)
            piece.message = hostile_piece(MESSAGE, 0);
        if (rows[i].fact != NULL)
            message_add_fact(piece.message, rows[i].fact, 0, NULL);
        reader_cache_keep(shelf.cache, key, &piece);
        make_at(&shelf, key, clock_now_us() - rows[i].age);
        cr_expect_eq(reader_cache_find(shelf.cache, key, &back), rows[i].found, "%s", rows[i].what);
        cr_expect_eq(access(path, F_OK) == 0, rows[i].found, "%s", rows[i].what);
        reader_piece_clear(&piece);
        reader_piece_clear(&back);
    }
    shelf_free(&shelf);
}

// ---- damage ----------------------------------------------------------------------------------------------

static void expect_damaged(const Shelf *shelf, const char *what, const char *text, gsize len)
{
    g_autofree char *key = key_of(shelf, "a"), *path = file_of(shelf, key);
    cr_assert(g_file_set_contents_full(path, text, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    cr_expect_not(finds(shelf, key, MESSAGE), "%s", what);
    cr_expect_neq(access(path, F_OK), 0, "%s is removed", what);
}

Test(cache, damaged_files_are_removed)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autofree char *key = key_of(&shelf, "a"), *other = key_of(&shelf, "b"), *path = file_of(&shelf, key);
    g_autofree char *good = NULL, *others = NULL, *path_other = file_of(&shelf, other);
    gsize len = 0, len_other = 0;
    keep(&shelf, key, MESSAGE);
    keep(&shelf, other, "potluck");
    cr_assert(g_file_get_contents(path, &good, &len, NULL));
    cr_assert(g_file_get_contents(path_other, &others, &len_other, NULL));
    for (gsize i = 0; i < len; i++) {
        g_autofree char *bad = g_memdup2(good, len);
        bad[i] ^= 0x20;
        expect_damaged(&shelf, "a bit", bad, len);
    }
    for (gsize cut = 0; cut < len; cut += 7)
        expect_damaged(&shelf, "a file cut short", good, cut);
    g_autofree char *more = g_malloc0(len + 8);
    memcpy(more, good, len);
    expect_damaged(&shelf, "a longer file", more, len + 8);
    expect_damaged(&shelf, "another reading", others, len_other);
    g_autofree char *zeros = g_malloc0(4096);
    expect_damaged(&shelf, "zeros", zeros, 4096);
    cr_assert(g_file_set_contents_full(path, good, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    cr_expect(finds(&shelf, key, MESSAGE), "the good one is one");
    shelf_free(&shelf);
}

// What others could have put there is not read.
Test(cache, only_files_of_our_own)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autofree char *key = key_of(&shelf, "a"), *path = file_of(&shelf, key),
                    *beside = file_of(&shelf, "beside");
    keep(&shelf, key, MESSAGE);
    cr_assert_eq(g_chmod(path, 0644), 0);
    cr_expect_not(finds(&shelf, key, MESSAGE), "readable by others");
    keep(&shelf, key, MESSAGE);
    cr_assert_eq(g_rename(path, beside), 0);
    cr_assert_eq(symlink(beside, path), 0);
    cr_expect_not(finds(&shelf, key, MESSAGE), "symbolic link");
    unlink(path);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_not(finds(&shelf, key, MESSAGE), "pipe");
    unlink(path);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_not(finds(&shelf, key, MESSAGE), "directory");
    rmdir(path);
    if (geteuid() == 0) {
        keep(&shelf, key, MESSAGE);
        cr_assert_eq(chown(path, 65534, 65534), 0);
        cr_expect_not(finds(&shelf, key, MESSAGE), "another user's");
    }
    shelf_free(&shelf);
}

// ---- room ------------------------------------------------------------------------------------------------

static char *keep_nth(const Shelf *shelf, guint i, gsize size)
{
    g_autofree char *name = g_strdup_printf("%u", i), *text = g_strnfill(size, 'a');
    char *key = key_of(shelf, name);
    keep(shelf, key, text);
    return key;
}

Test(cache, bytes_are_held_and_the_longest_unused_goes)
{
    const gint64 most = 1 << 20;
    Shelf shelf = shelf_new(most);
    g_autofree char *first = keep_nth(&shelf, 0, 20000), *path = file_of(&shelf, first);
    for (guint i = 1; i < 200; i++) {
        gint64 bytes = 0;
        g_free(keep_nth(&shelf, i, 20000));
        count_files(&shelf, &bytes);
        cr_assert_leq(bytes, most, "after %u", i);
        // Not used for two minutes, and now again.
        struct timeval past[2] = {{.tv_sec = time(NULL) - 120}, {.tv_sec = time(NULL) - 120}};
        cr_assert_eq(utimes(path, past), 0, "%u", i);
        cr_assert(finds(&shelf, first, "aaaa"), "%u: what is used stays", i);
    }
    gint64 bytes = 0;
    cr_expect_geq(count_files(&shelf, &bytes), 20);
    cr_expect_geq(bytes, most / 2, "room is used");
    g_autofree char *second = key_of(&shelf, "1"), *last = key_of(&shelf, "199");
    cr_expect_not(finds(&shelf, second, "a"));
    cr_expect(finds(&shelf, last, "aaaa"));
    shelf_free(&shelf);
}

Test(cache, what_is_too_large_is_not_kept)
{
    Shelf shelf = shelf_new(1 << 20);
    g_free(keep_nth(&shelf, 0, 200 * 1000));
    cr_expect_eq(count_files(&shelf, NULL), 0);
    shelf_free(&shelf);
}

Test(cache, old_and_half_made_files_go)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autofree char *old = keep_nth(&shelf, 0, 10), *path = file_of(&shelf, old);
    g_autofree char *half = file_of(&shelf, ".new-1-2-3"), *fresh = file_of(&shelf, ".new-1-2-4"),
                    *strange = file_of(&shelf, "README");
    cr_assert(g_file_set_contents(half, "x", 1, NULL) && g_file_set_contents(fresh, "x", 1, NULL) &&
              g_file_set_contents(strange, "x", 1, NULL));
    struct timeval long_ago[2] = {{.tv_sec = time(NULL) - 15 * 86400}, {.tv_sec = time(NULL) - 15 * 86400}};
    cr_assert_eq(utimes(path, long_ago), 0);
    cr_assert_eq(utimes(half, long_ago), 0);
    cr_assert_eq(utimes(strange, long_ago), 0);
    reader_cache_close(shelf.cache); // a new process looks before it writes
    shelf.cache = open_cache(shelf.config);
    g_free(keep_nth(&shelf, 1, 10));
    cr_expect_neq(access(path, F_OK), 0);
    cr_expect_neq(access(half, F_OK), 0);
    cr_expect_eq(access(fresh, F_OK), 0, "somebody is writing it");
    cr_expect_eq(access(strange, F_OK), 0, "not ours");
    shelf_free(&shelf);
}

// ---- many at once ----------------------------------------------------------------------------------------

typedef struct {
    Shelf *shelf;
    guint seed, found;
} Crowd;

static gpointer crowd(gpointer data)
{
    Crowd *self = data;
    g_autoptr(GRand) dice = g_rand_new_with_seed(self->seed);
    for (int i = 0; i < 300; i++) {
        guint n = (guint)g_rand_int_range(dice, 0, 40);
        g_autofree char *name = g_strdup_printf("%u", n), *text = g_strnfill(8000 + n, (char)('a' + n % 26));
        g_autofree char *key = key_of(self->shelf, name);
        if (g_rand_int_range(dice, 0, 2))
            keep(self->shelf, key, text);
        else
            self->found += finds(self->shelf, key, text);
    }
    return NULL;
}

static void run_crowd(Shelf *shelf, guint seed)
{
    Crowd crowds[3];
    GThread *threads[3];
    for (guint i = 0; i < 3; i++) {
        crowds[i] = (Crowd){shelf, seed + i, 0};
        threads[i] = g_thread_new("crowd", crowd, &crowds[i]);
    }
    for (guint i = 0; i < 3; i++) {
        g_thread_join(threads[i]);
        cr_expect_geq(crowds[i].found, 20);
    }
}

static int run_process(const Shelf *shelf, guint seed)
{
    Shelf own = *shelf;
    own.cache = open_cache(shelf->config);
    run_crowd(&own, seed);
    reader_cache_close(own.cache);
    return 0;
}

// What is found is what was kept, whoever keeps and sweeps at the time.
Test(cache, threads_and_processes, .timeout = 60)
{
    Shelf shelf = shelf_new(1 << 20);
    pid_t pids[2];
    for (guint i = 0; i < 2; i++) {
        pids[i] = fork();
        cr_assert_geq(pids[i], 0);
        if (pids[i] == 0)
            _exit(run_process(&shelf, 100 * (i + 1)));
    }
    run_crowd(&shelf, 1);
    for (guint i = 0; i < 2; i++) {
        int status = 0;
        cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
        cr_expect_eq(status, 0);
    }
    gint64 bytes = 0;
    count_files(&shelf, &bytes);
    cr_expect_leq(bytes, 1 << 20);
    g_autoptr(GDir) dir = g_dir_open(shelf.dir, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        cr_expect_eq(strlen(name), KEY_LEN, "%s is left over", name);
    shelf_free(&shelf);
}

// ---- errors ----------------------------------------------------------------------------------------------

static void expect_refused(const char *dir, const char *word)
{
    g_autoptr(Config) config = fixture_config(1);
    g_autoptr(GError) error = NULL;
    g_free(config->attachments.cache_dir);
    config->attachments.cache_dir = g_strdup(dir);
    Readers *readers = readers_new(config, &error);
    cr_assert_null(readers);
    cr_expect_eq(error->code, BASE_ERROR_CANTCREAT);
    cr_expect_not_null(strstr(error->message, "attachments.cache_dir"), "%s", error->message);
    cr_expect_not_null(strstr(error->message, dir), "%s", error->message);
    cr_expect_not_null(strstr(error->message, word), "%s", error->message);
}

Test(cache, a_directory_that_cannot_be_used_is_said)
{
    g_autofree char *dir = g_dir_make_tmp("chaperone-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(dir, "file", NULL),
                    *inside = g_build_filename(file, "cache", NULL);
    cr_assert(g_file_set_contents(file, "x", 1, NULL));
    expect_refused(file, "irectory");
    expect_refused(inside, "");
    unlink(file);
    cr_assert_eq(g_chmod(dir, 0750), 0);
    expect_refused(dir, "others have access");
    cr_assert_eq(g_chmod(dir, 0700), 0);
    hostile_remove_dir(dir);
}

Test(cache, none_is_wanted)
{
    g_autoptr(Config) config = fixture_config(1);
    ReaderCache *cache = (ReaderCache *)config;
    g_free(config->attachments.cache_dir);
    config->attachments.cache_dir = g_strdup("");
    cr_expect(reader_cache_open(config, &cache, NULL));
    cr_expect_null(cache);
}

// A file size limit is as a full disk is: an error of write(2).
Test(cache, a_full_disk_fails_nothing)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autofree char *key = key_of(&shelf, "a");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit was, small = {100, RLIM_INFINITY};
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
    small.rlim_max = was.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    keep(&shelf, key, MESSAGE);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
    cr_expect_not(finds(&shelf, key, MESSAGE));
    cr_expect_eq(count_files(&shelf, NULL), 0, "nothing is left half made");
    keep(&shelf, key, MESSAGE);
    cr_expect(finds(&shelf, key, MESSAGE), "and later it works again");
    shelf_free(&shelf);
}

Test(cache, a_directory_that_goes_fails_nothing)
{
    Shelf shelf = shelf_new(1 << 20);
    g_autofree char *key = key_of(&shelf, "a");
    hostile_remove_dir(shelf.dir);
    keep(&shelf, key, MESSAGE);
    cr_expect_not(finds(&shelf, key, MESSAGE));
    shelf_free(&shelf);
}
