// Tokens of senders' links: who may do what until when, and whatever else somebody may send in their place.
#include "review/token.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#define NOW    ((int64_t)1795375617 * G_USEC_PER_SEC)
#define UNTIL  (NOW + (int64_t)3600 * G_USEC_PER_SEC)
#define ITEM   "01KZ7C8T9QAAAAAAAAAAAAAAAB"
#define SENDER "dana@example.org"

typedef struct {
    char *dir, *path;
    ReviewKey *key;
} Desk;

static Desk desk;

static void set_up(void)
{
    g_autoptr(GError) error = NULL;
    cr_assert_geq(sodium_init(), 0);
    desk.dir = g_dir_make_tmp("chaperone-token-XXXXXX", NULL);
    desk.path = g_build_filename(desk.dir, "keys", "review.key", NULL);
    desk.key = review_key_load(desk.path, &error);
    cr_assert_not_null(desk.key, "%s", error != NULL ? error->message : "");
}

static void tear_down(void)
{
    g_autofree char *keys = g_build_filename(desk.dir, "keys", NULL);
    review_key_free(desk.key);
    g_unlink(desk.path);
    g_rmdir(keys);
    g_rmdir(desk.dir);
    g_free(desk.path);
    g_free(desk.dir);
}

TestSuite(token, .init = set_up, .fini = tear_down);

static Tri check_at(const char *text, int64_t now_us)
{
    g_auto(ReviewToken) token = {0};
    const char *why = NULL;
    g_autoptr(GError) error = NULL;
    Tri good = review_token_check(desk.path, text, now_us, &token, &why, &error);
    cr_expect_eq(good == TRI_NO, why != NULL);
    cr_expect_eq(good == TRI_UNKNOWN, error != NULL);
    cr_expect_eq(good == TRI_YES, token.sender != NULL);
    return good;
}

Test(token, holds_what_was_put_in)
{
    g_autofree char *text = review_token_make(desk.key, ITEM, SENDER, UNTIL);
    g_auto(ReviewToken) token = {0};
    const char *why;
    cr_assert_not_null(text);
    cr_assert_eq(review_token_check(desk.path, text, NOW, &token, &why, NULL), TRI_YES);
    cr_expect_str_eq(token.item, ITEM);
    cr_expect_str_eq(token.sender, SENDER);
    cr_expect_eq(token.expires_us, UNTIL);
    // Goes into an address without escapes.
    cr_expect_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
                 strlen(text));
}

Test(token, runs_out)
{
    g_autofree char *text = review_token_make(desk.key, ITEM, SENDER, UNTIL);
    cr_expect_eq(check_at(text, UNTIL - 1), TRI_YES);
    cr_expect_eq(check_at(text, UNTIL), TRI_NO);
    cr_expect_eq(check_at(text, UNTIL + 1), TRI_NO);
}

Test(token, no_letter_of_it_may_change)
{
    g_autofree char *text = review_token_make(desk.key, ITEM, SENDER, UNTIL);
    for (gsize i = 0; text[i] != '\0'; i++)
        for (const char *other = "A_9."; *other != '\0'; other++) {
            g_autofree char *bent = g_strdup(text);
            bent[i] = *other;
            if (*other != text[i])
                cr_expect_eq(check_at(bent, NOW), TRI_NO, "%s", bent);
        }
}

Test(token, no_part_of_it_will_do)
{
    g_autofree char *text = review_token_make(desk.key, ITEM, SENDER, UNTIL);
    g_autofree char *more = g_strconcat(text, "A", NULL), *twice = g_strconcat(text, ".", text, NULL);
    g_autofree char *space = g_strconcat(text, "\n", NULL), *padded = g_strconcat(text, "=", NULL);
    g_autofree char *large = g_strnfill(1 << 20, 'A');
    const char *const wrong[] = {"", ".", "..", "A.A", more, twice, space, padded, large};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        cr_expect_eq(check_at(wrong[i], NOW), TRI_NO, "%zu", i);
    for (gsize len = 0; len < strlen(text); len++) {
        g_autofree char *cut = g_strndup(text, len);
        cr_expect_eq(check_at(cut, NOW), TRI_NO, "%s", cut);
    }
}

Test(token, of_another_key_is_none)
{
    g_autofree char *other_path = g_build_filename(desk.dir, "other.key", NULL);
    g_autoptr(ReviewKey) other = review_key_load(other_path, NULL);
    g_autofree char *text = review_token_make(other, ITEM, SENDER, UNTIL);
    cr_assert_not_null(text);
    cr_expect_eq(check_at(text, NOW), TRI_NO);
    g_unlink(other_path);
}

Test(token, lives_on_under_a_newer_key)
{
    g_autofree char *text = review_token_make(desk.key, ITEM, SENDER, UNTIL), *old = NULL;
    char hex[66];
    unsigned char bytes[32];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    cr_assert(g_file_get_contents(desk.path, &old, NULL, NULL));
    g_autofree char *both = g_strdup_printf("# of November\n%s\n%s", hex, old);
    cr_assert(g_file_set_contents(desk.path, both, -1, NULL));
    g_autoptr(ReviewKey) newer = review_key_load(desk.path, NULL);
    g_autofree char *next = review_token_make(newer, ITEM, SENDER, UNTIL);
    cr_expect_eq(check_at(text, NOW), TRI_YES);
    cr_expect_eq(check_at(next, NOW), TRI_YES);
    cr_assert(g_file_set_contents(desk.path, hex, -1, NULL));
    cr_expect_eq(check_at(text, NOW), TRI_NO);
    cr_expect_eq(check_at(next, NOW), TRI_YES);
}

Test(token, nobody_knows_without_the_keys)
{
    g_autofree char *text = review_token_make(desk.key, ITEM, SENDER, UNTIL);
    cr_assert(g_file_set_contents(desk.path, "not a key\n", -1, NULL));
    cr_expect_eq(check_at(text, NOW), TRI_UNKNOWN);
    cr_assert_eq(g_unlink(desk.path), 0);
    cr_expect_eq(check_at(text, NOW), TRI_UNKNOWN);
    cr_expect_not(g_file_test(desk.path, G_FILE_TEST_EXISTS), "checking makes no key");
}

Test(token, key_file_is_the_filters_alone_and_is_made_once)
{
    struct stat st;
    g_autofree char *before = NULL, *after = NULL;
    cr_assert_eq(stat(desk.path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
    cr_assert(g_file_get_contents(desk.path, &before, NULL, NULL));
    g_autoptr(ReviewKey) again = review_key_load(desk.path, NULL);
    cr_assert(g_file_get_contents(desk.path, &after, NULL, NULL));
    cr_expect_str_eq(before, after);
    g_autofree char *text = review_token_make(again, ITEM, SENDER, UNTIL);
    cr_expect_eq(check_at(text, NOW), TRI_YES);
}

static gpointer load_key(gpointer path)
{
    return review_key_load(path, NULL);
}

Test(token, programs_that_make_the_file_at_once_end_with_one_key)
{
    enum { PROGRAMS = 8 };
    GThread *threads[PROGRAMS];
    g_unlink(desk.path);
    for (int i = 0; i < PROGRAMS; i++)
        threads[i] = g_thread_new("key", load_key, desk.path);
    for (int i = 0; i < PROGRAMS; i++) {
        g_autoptr(ReviewKey) key = g_thread_join(threads[i]);
        cr_assert_not_null(key);
        g_autofree char *text = review_token_make(key, ITEM, SENDER, UNTIL);
        cr_expect_eq(check_at(text, NOW), TRI_YES);
    }
}

Test(token, is_not_made_of_what_does_not_fit)
{
    g_autofree char *large = g_strnfill(321, 'a'), *most = g_strnfill(320, 'a');
    g_autofree char *whole = review_token_make(desk.key, ITEM, most, UNTIL);
    cr_expect_eq(check_at(whole, NOW), TRI_YES);
    cr_expect_null(review_token_make(desk.key, ITEM, large, UNTIL));
    cr_expect_null(review_token_make(desk.key, ITEM, "", UNTIL));
    cr_expect_null(review_token_make(desk.key, "01KZ", SENDER, UNTIL));
    cr_expect_null(review_token_make(desk.key, ITEM, "d\xff", UNTIL));
    cr_expect_null(review_token_make(desk.key, ITEM, SENDER, -1));
}
