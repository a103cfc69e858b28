#include "base/base.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static char *scratch(void)
{
    char *dir = g_dir_make_tmp("chaperone-base-XXXXXX", NULL);
    cr_assert_not_null(dir);
    return dir;
}

Test(clock, formats_and_parses_rfc3339)
{
    static const struct {
        const char *text;
        int64_t us;
        const char *back;
    } ROWS[] = {
        {"1970-01-01", 0, "1970-01-01T00:00:00.000Z"},
        {"2026-11-22T19:26:57.123Z", 1795375617123000, "2026-11-22T19:26:57.123Z"},
        {"2026-11-22T14:26:57-05:00", 1795375617000000, "2026-11-22T19:26:57.000Z"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        int64_t us = -1;
        cr_assert(clock_parse(ROWS[i].text, &us, NULL), "%s", ROWS[i].text);
        cr_expect_eq(us, ROWS[i].us, "%s gives %" G_GINT64_FORMAT, ROWS[i].text, us);
        g_autofree char *back = clock_format(us);
        cr_expect_str_eq(back, ROWS[i].back);
    }
    g_autoptr(GError) error = NULL;
    int64_t us;
    cr_expect_not(clock_parse("next Tuesday", &us, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
}

Test(clock, local_date_follows_the_zone)
{
    int64_t us;
    cr_assert(clock_parse("2026-11-22T03:00:00Z", &us, NULL));
    cr_expect_eq(clock_local_date(us, NULL), 20261122);
    cr_expect_eq(clock_local_date(us, "America/New_York"), 20261121);
    cr_expect_eq(clock_local_date(us, "Nowhere/Land"), 0);
}

Test(ulid, rises_and_carries_its_time)
{
    char last[ULID_LEN + 1] = "", id[ULID_LEN + 1];
    for (int i = 0; i < 5000; i++) {
        // The clock may stand still and step back.
        cr_assert(ulid_new(1795375617123000 - i % 3 * 1000, id, NULL));
        cr_assert_gt(strcmp(id, last), 0, "%s after %s", id, last);
        strcpy(last, id);
    }
    int64_t ms = 0;
    cr_expect(ulid_parse(id, &ms));
    cr_expect_eq(ms, 1795375617123);
}

Test(ulid, refuses_what_is_none)
{
    static const char *const BAD[] = {"",
                                      "01ARZ3NDEKTSV4RRFFQ69G5FA",
                                      "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
                                      "81ARZ3NDEKTSV4RRFFQ69G5FAV",
                                      "01ARZ3NDEKTSV4RRFFQ69G5FAU",
                                      "01arz3ndektsv4rrffq69g5fav"};
    for (gsize i = 0; i < G_N_ELEMENTS(BAD); i++)
        cr_expect_not(ulid_parse(BAD[i], NULL), "%s", BAD[i]);
    cr_expect(ulid_parse("01ARZ3NDEKTSV4RRFFQ69G5FAV", NULL));
}

Test(file, writes_atomically_and_reads_back)
{
    g_autofree char *dir = scratch();
    g_autofree char *path = g_build_filename(dir, "a", NULL);
    cr_assert(file_write_atomic(path, "one", 3, 0640, NULL));
    cr_assert(file_write_atomic(path, "second", 6, 0640, NULL));
    g_autoptr(GBytes) bytes = file_read(path, 100, NULL);
    cr_assert_not_null(bytes);
    cr_expect_eq(g_bytes_get_size(bytes), 6);
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0640 & ~umask(0));
    g_autoptr(GError) error = NULL;
    cr_expect_null(file_read(path, 5, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
    g_clear_error(&error);
    cr_expect_null(file_read("/nonexistent/file", 5, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_NOINPUT);
    g_remove(path);
    g_rmdir(dir);
}

Test(file, hashes)
{
    g_autofree char *hash = sha256_hex("abc", 3); // FIPS 180-2, B.1
    cr_expect_str_eq(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static char *log_line_of(void (*act)(void))
{
    g_autofree char *dir = scratch();
    g_autofree char *path = g_build_filename(dir, "log", NULL);
    cr_assert_not_null(freopen(path, "w", stderr));
    cr_assert(log_setup("stderr", "test", LOG_INFO_LEVEL, NULL));
    act();
    char *text = NULL;
    cr_assert(g_file_get_contents(path, &text, NULL, NULL));
    g_remove(path);
    g_rmdir(dir);
    return text;
}

static void say(void)
{
    log_debug("not to be seen");
    log_info("held", "queue_id", "4ABC", "absent", (char *)NULL, "reason", "two words\nand \"more\"");
}

Test(log, writes_keys_and_keeps_control_characters_out)
{
    g_autofree char *text = log_line_of(say);
    cr_expect_not_null(
        strstr(text, "test: info: held queue_id=4ABC reason=\"two words\\x0aand \\\"more\\\"\"\n"), "%s",
        text);
    cr_expect_null(strstr(text, "not to be seen"));
    cr_expect_null(strstr(text, "absent"));
}

Test(log, unknown_target_is_an_error)
{
    g_autoptr(GError) error = NULL;
    cr_expect_not(log_setup("printer", "test", LOG_INFO_LEVEL, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_CONFIG);
}
