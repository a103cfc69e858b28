// Accounts: who gets in, until when, and what the archive is told of it.
#include "accounts/internal.h"

#include <criterion/criterion.h>
#include <string.h>

#define PASSWORD "a long way to the library"
#define HOUR_US  (3600LL * G_USEC_PER_SEC)

typedef struct {
    char *dir;
    Config *config;
    Accounts *accounts;
    int64_t now_us;
} Fixture;

static void set_path(char **key, const char *dir, const char *name)
{
    g_free(*key);
    *key = g_build_filename(dir, name, NULL);
}

static void fixture_init(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->dir = g_dir_make_tmp("chaperone-accounts-XXXXXX", NULL);
    fixture->config = config_defaults();
    set_path(&fixture->config->console.database, fixture->dir, "console.db");
    set_path(&fixture->config->archive.dir, fixture->dir, "archive");
    fixture->config->console.lock_after = 3;
    fixture->config->console.idle_minutes = 60;
    fixture->config->console.session_hours = 8;
    fixture->accounts = accounts_open(fixture->config, &error);
    cr_assert_not_null(fixture->accounts, "%s", error != NULL ? error->message : "");
    fixture->now_us = clock_now_us();
    char *schools[] = {"hs", NULL};
    User user = {.name = "Kim", .display = "Kim K.", .roles = USER_REVIEWER, .schools = schools};
    cr_assert(accounts_add(fixture->accounts, &user, "root", fixture->now_us, &error));
    cr_assert(
        accounts_set_password(fixture->accounts, "kim", PASSWORD, NULL, "root", fixture->now_us, &error));
}

static void fixture_clear(Fixture *fixture)
{
    accounts_close(&fixture->accounts);
    config_unref(fixture->config);
    g_autofree char *remove = g_strdup_printf("rm -rf '%s'", fixture->dir);
    cr_assert_eq(system(remove), 0);
    g_free(fixture->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static Enter enter(Fixture *fixture, const char *password, char **out_cookie)
{
    g_autoptr(GError) error = NULL;
    Enter got =
        accounts_enter(fixture->accounts, "kim", password, "192.0.2.1", fixture->now_us, out_cookie, &error);
    cr_assert_neq(got, ENTER_FAILED, "%s", error != NULL ? error->message : "");
    return got;
}

static Tri session(Fixture *fixture, const char *cookie, AccountSession **out)
{
    g_autoptr(GError) error = NULL;
    Tri got = accounts_session(fixture->accounts, cookie, fixture->now_us, out, &error);
    cr_assert_neq(got, TRI_UNKNOWN, "%s", error != NULL ? error->message : "");
    return got;
}

Test(accounts, codes_of_rfc_6238)
{
    // Appendix B, SHA-1; its eight digits end in our six.
    static const struct {
        int64_t time_s;
        int code;
    } VECTORS[] = {{59, 287082},       {1111111109, 81804},  {1111111111, 50471},
                   {1234567890, 5924}, {2000000000, 279037}, {20000000000, 353130}};
    for (gsize i = 0; i < G_N_ELEMENTS(VECTORS); i++)
        cr_expect_eq(accounts_totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", VECTORS[i].time_s),
                     VECTORS[i].code);
    cr_expect_eq(accounts_totp_code("not base 32!", 59), -1);
    cr_expect_eq(accounts_totp_code("", 59), -1);
}

Test(accounts, codes_fit_a_step_around)
{
    g_autofree char *secret = accounts_totp_new();
    cr_assert_eq(strlen(secret), 32);
    int64_t now_us = 1000000000LL * G_USEC_PER_SEC, step = 0;
    for (int off = -3; off <= 3; off++) {
        char code[16];
        g_snprintf(code, sizeof code, "%03d %03d", accounts_totp_code(secret, 1000000000 + off * 30) / 1000,
                   accounts_totp_code(secret, 1000000000 + off * 30) % 1000);
        cr_expect_eq(accounts_totp_check(secret, code, now_us, &step), off >= -1 && off <= 1);
    }
    cr_expect_not(accounts_totp_check(secret, "12345", now_us, &step));
    cr_expect_not(accounts_totp_check(secret, "", now_us, &step));
    cr_expect_not(accounts_totp_check(secret, "abcdef", now_us, &step));
}

Test(accounts, roles_by_name)
{
    g_autoptr(GError) error = NULL;
    cr_expect_eq(user_roles_parse("reviewer, auditor", &error), USER_REVIEWER | USER_AUDITOR);
    cr_expect_eq(user_roles_parse("reviewer,king", &error), 0);
    cr_expect_eq(error->code, BASE_ERROR_USAGE);
    for (guint i = 0; i < USER_ROLES; i++)
        cr_expect_eq(user_roles_parse(user_role_name(1U << i), NULL), 1U << i);
}

Test(accounts, sessions_end_by_time_and_by_idleness)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    g_autofree char *cookie = NULL;
    g_autoptr(AccountSession) one = NULL, two = NULL, three = NULL, four = NULL;
    int64_t begun = fixture.now_us;
    cr_assert_eq(enter(&fixture, PASSWORD, &cookie), ENTER_DONE);
    cr_assert_eq(session(&fixture, cookie, &one), TRI_YES);
    cr_expect_str_eq(one->user->display, "Kim K.");
    cr_expect(user_has_school(one->user, "hs"));
    cr_expect_not(user_has_school(one->user, "ms"));
    // Somebody who is there every 50 minutes is not idle, but the day ends.
    for (int i = 1; i * 50 < 8 * 60; i++) {
        g_autoptr(AccountSession) again = NULL;
        fixture.now_us = begun + i * 50LL * 60 * G_USEC_PER_SEC;
        cr_expect_eq(session(&fixture, cookie, &again), TRI_YES, "after %d minutes", i * 50);
    }
    fixture.now_us = begun + 8 * HOUR_US + 1;
    cr_expect_eq(session(&fixture, cookie, &two), TRI_NO);
    cr_expect_eq(accounts_sweep(fixture.accounts, fixture.now_us, NULL), 1);
    g_autofree char *other = NULL;
    cr_assert_eq(enter(&fixture, PASSWORD, &other), ENTER_DONE);
    fixture.now_us += 61LL * 60 * G_USEC_PER_SEC;
    cr_expect_eq(session(&fixture, other, &three), TRI_NO);
    cr_expect_eq(session(&fixture, "no such cookie", &four), TRI_NO);
}

Test(accounts, a_lock_opens_with_time)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    for (int i = 0; i < 3; i++) {
        g_autofree char *none = NULL;
        cr_expect_eq(enter(&fixture, "wrong wrong", &none), ENTER_REFUSED);
        cr_expect_null(none);
    }
    g_autofree char *locked = NULL, *open = NULL;
    cr_expect_eq(enter(&fixture, PASSWORD, &locked), ENTER_REFUSED);
    fixture.now_us += 16LL * 60 * G_USEC_PER_SEC;
    cr_expect_eq(enter(&fixture, PASSWORD, &open), ENTER_DONE);
}

Test(accounts, a_right_password_forgets_the_wrong_ones)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            g_autofree char *none = NULL;
            cr_expect_eq(enter(&fixture, "wrong wrong", &none), ENTER_REFUSED);
        }
        g_autofree char *cookie = NULL;
        cr_expect_eq(enter(&fixture, PASSWORD, &cookie), ENTER_DONE);
    }
}

Test(accounts, a_link_is_good_once_and_for_a_while)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    g_autoptr(GError) error = NULL;
    int64_t until_us = 0;
    g_autofree char *old =
        accounts_make_link(fixture.accounts, "kim", "root", fixture.now_us, &until_us, &error);
    g_autofree char *link =
        accounts_make_link(fixture.accounts, "kim", "root", fixture.now_us, &until_us, &error);
    g_autofree char *one = NULL, *two = NULL, *three = NULL, *four = NULL;
    cr_assert_not_null(link);
    cr_expect_eq(accounts_enter_link(fixture.accounts, old, "192.0.2.1", fixture.now_us, &one, &error),
                 ENTER_REFUSED);
    cr_expect_eq(accounts_enter_link(fixture.accounts, link, "192.0.2.1", fixture.now_us, &two, &error),
                 ENTER_DONE);
    cr_expect_eq(accounts_enter_link(fixture.accounts, link, "192.0.2.1", fixture.now_us, &three, &error),
                 ENTER_REFUSED);
    g_autofree char *late =
        accounts_make_link(fixture.accounts, "kim", "root", fixture.now_us, &until_us, &error);
    cr_expect_eq(accounts_enter_link(fixture.accounts, late, "192.0.2.1", until_us + 1, &four, &error),
                 ENTER_REFUSED);
    cr_expect_null(accounts_make_link(fixture.accounts, "nobody", "root", fixture.now_us, &until_us, &error));
    cr_expect_eq(error->code, BASE_ERROR_DATA);
}

Test(accounts, a_code_makes_half_a_session_whole_once)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    g_autofree char *secret = accounts_totp_new(), *half = NULL, *whole = NULL, *half2 = NULL, *none = NULL;
    g_autoptr(AccountSession) first = NULL, second = NULL, third = NULL;
    char code[16];
    cr_assert(accounts_set_totp(fixture.accounts, "kim", secret, "kim", fixture.now_us, NULL));
    cr_assert_eq(enter(&fixture, PASSWORD, &half), ENTER_NEEDS_CODE);
    cr_assert_eq(session(&fixture, half, &first), TRI_YES);
    cr_expect_eq(first->stage, SESSION_HALF);
    g_snprintf(code, sizeof code, "%06d", accounts_totp_code(secret, fixture.now_us / G_USEC_PER_SEC));
    cr_assert_eq(accounts_enter_code(fixture.accounts, half, code, "192.0.2.1", fixture.now_us, &whole, NULL),
                 ENTER_DONE);
    cr_assert_str_neq(half, whole);
    cr_assert_eq(session(&fixture, whole, &second), TRI_YES);
    cr_expect_eq(second->stage, SESSION_WHOLE);
    cr_expect_eq(session(&fixture, half, &third), TRI_NO);
    cr_assert_eq(enter(&fixture, PASSWORD, &half2), ENTER_NEEDS_CODE);
    cr_expect_eq(accounts_enter_code(fixture.accounts, half2, code, "192.0.2.1", fixture.now_us, &none, NULL),
                 ENTER_REFUSED);
}

Test(accounts, an_authenticator_can_be_required)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    fixture.config->console.require_totp = true;
    g_autofree char *cookie = NULL;
    g_autoptr(AccountSession) before = NULL, after = NULL;
    cr_assert_eq(enter(&fixture, PASSWORD, &cookie), ENTER_NEEDS_TOTP);
    cr_assert_eq(session(&fixture, cookie, &before), TRI_YES);
    cr_expect_eq(before->stage, SESSION_SET_UP);
    cr_assert(accounts_session_whole(fixture.accounts, before->id, NULL));
    cr_assert_eq(session(&fixture, cookie, &after), TRI_YES);
    cr_expect_eq(after->stage, SESSION_WHOLE);
}

Test(accounts, what_is_wrong_changes_nothing)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    g_autoptr(GPtrArray) before = accounts_list(fixture.accounts, NULL, 100, NULL);
    char *none[] = {NULL};
    static const char *const NAMES[] = {"", "two words", "kim", "a\nb", "<b>"};
    for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autoptr(GError) error = NULL;
        User user = {.name = (char *)NAMES[i], .roles = USER_AUDITOR, .schools = none};
        cr_expect_not(accounts_add(fixture.accounts, &user, "root", fixture.now_us, &error), "\"%s\"",
                      NAMES[i]);
        cr_expect_eq(error->code, BASE_ERROR_DATA);
    }
    static const char *const PASSWORDS[] = {"short", "aaaaaaaaaaaaaaaa",
                                            "\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff"};
    for (gsize i = 0; i < G_N_ELEMENTS(PASSWORDS); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect_not(accounts_set_password(fixture.accounts, "kim", PASSWORDS[i], NULL, "root",
                                            fixture.now_us, &error));
        cr_expect_eq(error->code, BASE_ERROR_DATA);
    }
    g_autoptr(GPtrArray) after = accounts_list(fixture.accounts, NULL, 100, NULL);
    g_autofree char *cookie = NULL;
    cr_expect_eq(before->len, after->len);
    cr_expect_eq(enter(&fixture, PASSWORD, &cookie), ENTER_DONE);
}

Test(accounts, nothing_changes_where_the_archive_cannot_be_told)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    g_autoptr(GError) error = NULL;
    set_path(&fixture.config->archive.dir, "/proc", "nowhere");
    cr_expect_not(
        accounts_set_roles(fixture.accounts, "kim", USER_AUDITOR, NULL, "root", fixture.now_us, &error));
    g_autoptr(User) user = NULL;
    cr_assert_eq(accounts_find(fixture.accounts, "KIM", &user, NULL), TRI_YES);
    cr_expect_eq(user->roles, USER_REVIEWER);
}

static void add(Fixture *fixture, const char *name, guint roles)
{
    char *schools[] = {NULL};
    User user = {.name = (char *)name, .roles = roles, .schools = schools};
    cr_assert(accounts_add(fixture->accounts, &user, "root", fixture->now_us, NULL));
}

static guint roles_now(Fixture *fixture, const char *cookie)
{
    g_autoptr(AccountSession) one = NULL;
    cr_assert_eq(session(fixture, cookie, &one), TRI_YES);
    return one->user->roles;
}

Test(accounts, access_for_a_time_wants_two_and_ends)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    Accounts *accounts = fixture.accounts;
    g_autoptr(GError) not_asked = NULL, self = NULL, role = NULL, twice = NULL, none = NULL;
    add(&fixture, "one", USER_BREAK_GLASS);
    add(&fixture, "two", USER_BREAK_GLASS);
    cr_assert(accounts_set_roles(accounts, "kim", USER_BREAK_GLASS, NULL, "root", fixture.now_us, NULL));
    g_autofree char *cookie = NULL;
    cr_assert_eq(enter(&fixture, PASSWORD, &cookie), ENTER_DONE);
    g_autofree char *id = accounts_grant_ask(accounts, "kim", USER_REVIEWER, "", "the reviewer is ill", 2,
                                             fixture.now_us, NULL);
    cr_assert_not_null(id);
    cr_expect_eq(roles_now(&fixture, cookie), USER_BREAK_GLASS);
    cr_expect_not(accounts_grant_give(accounts, id, "kim", fixture.now_us, &self));
    cr_expect_eq(self->code, BASE_ERROR_NOPERM);
    add(&fixture, "plain", USER_REVIEWER | USER_RECORDS);
    cr_expect_not(accounts_grant_give(accounts, id, "plain", fixture.now_us, &role));
    cr_expect_eq(role->code, BASE_ERROR_NOPERM);
    cr_expect_not(accounts_grant_give(accounts, "nothing", "one", fixture.now_us, &none));
    cr_expect_eq(none->code, BASE_ERROR_NOINPUT);
    cr_expect(accounts_grant_give(accounts, id, "one", fixture.now_us, NULL));
    cr_expect_not(accounts_grant_give(accounts, id, "two", fixture.now_us, &twice));
    cr_expect_eq(roles_now(&fixture, cookie), USER_BREAK_GLASS | USER_REVIEWER);
    fixture.now_us += 30LL * 60 * G_USEC_PER_SEC;
    cr_expect_eq(roles_now(&fixture, cookie), USER_BREAK_GLASS | USER_REVIEWER);
    fixture.now_us += 55LL * 60 * G_USEC_PER_SEC;
    cr_expect_eq(roles_now(&fixture, cookie), USER_BREAK_GLASS | USER_REVIEWER);
    fixture.now_us += 36LL * 60 * G_USEC_PER_SEC;
    cr_expect_eq(roles_now(&fixture, cookie), USER_BREAK_GLASS);
    cr_expect_null(accounts_grant_ask(accounts, "plain", USER_AUDITOR, "", "because I want to", 2,
                                      fixture.now_us, &not_asked));
    cr_expect_eq(not_asked->code, BASE_ERROR_NOPERM);
}

Test(accounts, access_within_a_case)
{
    g_auto(Fixture) fixture = {0};
    fixture_init(&fixture);
    Accounts *accounts = fixture.accounts;
    add(&fixture, "ada", USER_AUDITOR);
    add(&fixture, "rex", USER_RECORDS);
    g_autofree char *id =
        accounts_grant_ask(accounts, "ada", 0, "case-7", "the yearly audit", 24, fixture.now_us, NULL);
    g_autofree char *late =
        accounts_grant_ask(accounts, "ada", 0, "case-8", "the yearly audit", 24, fixture.now_us, NULL);
    cr_assert_not_null(id);
    cr_expect_eq(accounts_is_granted(accounts, "ada", "case-7", fixture.now_us, NULL), TRI_NO);
    cr_expect(accounts_grant_give(accounts, id, "rex", fixture.now_us, NULL));
    cr_expect_eq(accounts_is_granted(accounts, "ada", "case-7", fixture.now_us, NULL), TRI_YES);
    cr_expect_eq(accounts_is_granted(accounts, "ada", "case-8", fixture.now_us, NULL), TRI_NO);
    cr_expect_eq(accounts_is_granted(accounts, "ada", "", fixture.now_us, NULL), TRI_NO);
    cr_expect(accounts_grant_end(accounts, id, "rex", fixture.now_us, NULL));
    cr_expect_eq(accounts_is_granted(accounts, "ada", "case-7", fixture.now_us, NULL), TRI_NO);
    // What nobody gave in time is over.
    cr_expect_not(accounts_grant_give(accounts, late, "rex", fixture.now_us + 25 * HOUR_US, NULL));
    static const struct {
        guint roles;
        const char *matter, *why;
        int hours;
    } WRONG[] = {{0, "", "a good reason", 1},
                 {0, "c", "short", 1},
                 {0, "c", "a good reason", 0},
                 {0, "c", "a good reason", 9999}};
    for (gsize i = 0; i < G_N_ELEMENTS(WRONG); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect_null(accounts_grant_ask(accounts, "ada", WRONG[i].roles, WRONG[i].matter, WRONG[i].why,
                                          WRONG[i].hours, fixture.now_us, &error));
        cr_expect_eq(error->code, BASE_ERROR_DATA);
    }
}
