// A log in files: tiles of every size, roots and proofs out of them, batches, what an unpublished batch leaves behind.
#include "tlog/tlog.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

static char *scratch(void)
{
    char *dir = g_dir_make_tmp("tlog-XXXXXX", NULL);
    cr_assert_not_null(dir);
    return dir;
}

static void scratch_remove(const char *dir)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", dir);
    cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
}

static void append_number(Tlog *log, guint64 number)
{
    g_autofree char *entry = g_strdup_printf("entry %" G_GUINT64_FORMAT, number);
    g_autoptr(GError) error = NULL;
    cr_assert(tlog_append(log, entry, strlen(entry), &error), "%s", error ? error->message : "");
}

static TlogHash root_of(Tlog *log, guint64 size)
{
    TlogHash root;
    g_autoptr(GError) error = NULL;
    cr_assert(tlog_root(tlog_read, log, size, &root, &error), "%s", error ? error->message : "");
    return root;
}

Test(log, paths)
{
    static const struct {
        int level;
        guint64 number;
        guint width;
        const char *path;
    } PATHS[] = {{0, 0, 256, "tile/0/000"},
                 {0, 1234067, 256, "tile/0/x001/x234/067"},
                 {3, 999, 5, "tile/3/999.p/5"},
                 {-1, 1000, 255, "tile/entries/x001/000.p/255"}};
    for (guint i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        g_autofree char *path = tlog_tile_path(PATHS[i].level, PATHS[i].number, PATHS[i].width);
        cr_expect_str_eq(path, PATHS[i].path);
    }
}

// Whatever the batches were, the tree is the same, and every proof out of its tiles holds.
Test(log, batches_make_one_tree, .timeout = 120)
{
    static const guint BATCHES[] = {1, 7, 256, 1000, 70000};
    g_autofree char *want = NULL;
    for (guint b = 0; b < G_N_ELEMENTS(BATCHES); b++) {
        g_autofree char *dir = scratch();
        guint64 total = b == 0 ? 600 : b == 1 ? 4200 : 70000; // each flush is a file or two
        g_autoptr(Tlog) log = tlog_open(dir, 0, NULL);
        for (guint64 i = 0; i < total; i++) {
            append_number(log, i);
            if ((i + 1) % BATCHES[b] == 0)
                cr_assert(tlog_flush(log, NULL) && (i % 5 != 0 || tlog_tidy(log, NULL)));
        }
        cr_assert(tlog_flush(log, NULL) && tlog_tidy(log, NULL));
        TlogHash root = root_of(log, total), early = root_of(log, 600);
        g_autofree char *text = tlog_hash_text(&early);
        if (want == NULL)
            want = g_strdup(text);
        cr_expect_str_eq(text, want, "batches of %u", BATCHES[b]);
        for (guint64 index = 0; index < total; index += total / 60) {
            TlogHash leaf;
            g_autoptr(GBytes) entry = tlog_entry(log, index, NULL);
            g_autofree char *is = g_strdup_printf("entry %" G_GUINT64_FORMAT, index);
            cr_assert_not_null(entry);
            cr_assert(g_bytes_get_size(entry) == strlen(is) &&
                      memcmp(g_bytes_get_data(entry, NULL), is, strlen(is)) == 0);
            tlog_leaf_hash(is, strlen(is), &leaf);
            g_autoptr(GArray) proof = tlog_inclusion(tlog_read, log, index, total, NULL);
            cr_assert(proof != NULL && tlog_check_inclusion(index, total, &leaf, proof, &root));
            TlogHash then = root_of(log, index);
            g_autoptr(GArray) consistent = tlog_consistency(tlog_read, log, index, total, NULL);
            cr_assert(tlog_check_consistency(index, &then, total, &root, consistent));
        }
        scratch_remove(dir);
    }
}

// The example of tlog-tiles: which tiles a tree of 70,000 has.
Test(log, tiles_of_seventy_thousand, .timeout = 60)
{
    g_autofree char *dir = scratch();
    g_autoptr(Tlog) log = tlog_open(dir, 0, NULL);
    for (guint64 i = 0; i < 70000; i++)
        append_number(log, i);
    cr_assert(tlog_flush(log, NULL));
    static const struct {
        const char *path;
        gsize bytes; // 0 = must not be there
    } TILES[] = {{"tile/0/000", 8192},
                 {"tile/0/272", 8192},
                 {"tile/0/273.p/112", 112 * 32},
                 {"tile/0/273", 0},
                 {"tile/1/000", 8192},
                 {"tile/1/001.p/17", 17 * 32},
                 {"tile/2/000.p/1", 32},
                 {"tile/3/000.p/1", 0},
                 {"tile/0/274", 0},
                 {"tile/entries/273.p/112", 112 * (2 + 11)}};
    for (guint i = 0; i < G_N_ELEMENTS(TILES); i++) {
        g_autofree char *path = g_build_filename(dir, TILES[i].path, NULL);
        GStatBuf is = {0};
        cr_expect_eq(g_stat(path, &is) == 0, TILES[i].bytes > 0, "%s", TILES[i].path);
        cr_expect_eq((gsize)is.st_size, TILES[i].bytes, "%s: %d", TILES[i].path, (int)is.st_size);
    }
    scratch_remove(dir);
}

// A batch that was written and never counted: the next one goes over it.
Test(log, what_was_not_counted_is_written_over)
{
    g_autofree char *dir = scratch();
    g_autoptr(Tlog) log = tlog_open(dir, 0, NULL);
    for (guint64 i = 0; i < 250; i++)
        append_number(log, i);
    cr_assert(tlog_flush(log, NULL) && tlog_tidy(log, NULL));
    TlogHash early = root_of(log, 250);
    for (guint64 i = 0; i < 300; i++)
        append_number(log, 9000 + i);
    cr_assert(tlog_flush(log, NULL));
    g_autoptr(Tlog) again = tlog_open(dir, 250, NULL);
    cr_assert_not_null(again);
    TlogHash root = root_of(again, 250);
    cr_expect(tlog_hash_equal(&root, &early));
    for (guint64 i = 250; i < 550; i++)
        append_number(again, i);
    cr_assert(tlog_flush(again, NULL) && tlog_tidy(again, NULL));
    g_autofree char *other = scratch();
    g_autoptr(Tlog) straight = tlog_open(other, 0, NULL);
    for (guint64 i = 0; i < 550; i++)
        append_number(straight, i);
    cr_assert(tlog_flush(straight, NULL));
    TlogHash one = root_of(again, 550), two = root_of(straight, 550);
    cr_expect(tlog_hash_equal(&one, &two));
    scratch_remove(dir);
    scratch_remove(other);
}

Test(log, missing_and_short_tiles_are_named)
{
    g_autofree char *dir = scratch();
    g_autoptr(Tlog) log = tlog_open(dir, 0, NULL);
    for (guint64 i = 0; i < 300; i++)
        append_number(log, i);
    cr_assert(tlog_flush(log, NULL));
    g_autofree char *tile = g_build_filename(dir, "tile/0/000", NULL);
    cr_assert(file_write_atomic(tile, "short", 5, 0644, NULL));
    g_autoptr(Tlog) again = tlog_open(dir, 300, NULL);
    g_autoptr(GError) error = NULL;
    TlogHash root;
    cr_assert_not_null(again);
    cr_expect_not(tlog_read(again, 0, 3, &root, &error));
    cr_expect(error != NULL && strstr(error->message, "shorter") != NULL, "%s", error ? error->message : "");
    g_clear_error(&error);
    cr_expect_null(tlog_open(dir, 100000, &error));
    cr_expect(error != NULL && strstr(error->message, dir) != NULL);
    scratch_remove(dir);
}

Test(log, an_entry_too_long)
{
    g_autofree char *dir = scratch();
    g_autoptr(Tlog) log = tlog_open(dir, 0, NULL);
    g_autofree char *entry = g_malloc0(TLOG_ENTRY_MAX + 1);
    g_autoptr(GError) error = NULL;
    cr_expect_not(tlog_append(log, entry, TLOG_ENTRY_MAX + 1, &error));
    cr_expect_not_null(error);
    cr_expect(tlog_append(log, entry, TLOG_ENTRY_MAX, NULL));
    cr_expect_eq(tlog_size(log), 1);
    scratch_remove(dir);
}
