#include "base/config.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

static char *write_config(const char *text)
{
    g_autofree char *dir = g_dir_make_tmp("chaperone-config-XXXXXX", NULL);
    char *path = g_build_filename(dir, "chaperone.conf", NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void remove_config(char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_remove(path);
    g_rmdir(dir);
    g_free(path);
}

Test(config, takes_values_of_every_type)
{
    char *path = write_config(
        "district = { name = \"Maple County\"; domains = [ \"Maple.Example.ORG\" ]; };\n"
        "milter = { socket = \"inet:8891@127.0.0.1\"; max_messages = 7; spool_threshold = \"64K\";\n"
        "  socket_mode = \"0600\"; add_header = false; archive_failure = \"hold\"; };\n"
        "roster = { database = \"data/roster.db\"; };\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(path, &error);
    cr_assert_not_null(config, "%s", error != NULL ? error->message : "");
    cr_expect_str_eq(config->district.domains[0], "maple.example.org");
    cr_expect(config_is_ours(config, "a@Maple.example.org") &&
              config_is_ours(config, "a@mail.maple.example.org"));
    cr_expect_not(config_is_ours(config, "a@xmaple.example.org") ||
                  config_is_ours(config, "maple.example.org") || config_is_ours(config, "a@example.org") ||
                  config_is_ours(config, NULL));
    cr_expect_eq(config->milter.max_messages, 7);
    cr_expect_eq(config->milter.spool_threshold, 65536);
    cr_expect_eq(config->milter.socket_mode, 0600);
    cr_expect_not(config->milter.add_header);
    cr_expect(config->milter.archive_failure_hold);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *expected = g_build_filename(dir, "data/roster.db", NULL);
    cr_expect_str_eq(config->roster.database, expected);
    cr_expect_eq(config->limits.parts, 1000, "a default");
    remove_config(path);
}

Test(config, takes_reviewers)
{
    char *path = write_config(
        "review = { reviewers = ( { address = \"Dean@Example.org\"; schools = [ \"HS-1\" ]; "
        "roles = ( \"student\" ); digest = \"weekly\"; }, { address = \"b@example.org\"; } ); };\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(path, &error);
    cr_assert_not_null(config, "%s", error != NULL ? error->message : "");
    cr_assert_eq(config->review.reviewers->len, 2);
    const ConfigReviewer *dean = config->review.reviewers->pdata[0],
                         *other = config->review.reviewers->pdata[1];
    cr_expect_str_eq(dean->address, "dean@example.org");
    cr_expect_str_eq(dean->schools[0], "HS-1");
    cr_expect_str_eq(dean->roles[0], "student");
    cr_expect_str_eq(dean->digest, "weekly");
    cr_expect_str_eq(other->schools[0], "*");
    cr_expect_str_eq(other->roles[0], "*");
    cr_expect_str_eq(other->digest, "daily");
    remove_config(path);
}

// Every mistake names file, line and key.
Test(config, names_every_mistake)
{
    static const struct {
        const char *text, *message;
    } ROWS[] = {
        {"milter = { sockett = \"unix:/x\"; };", ":1: milter.sockett: unknown key; nearest is milter.socket"},
        {"\nmailer = { };", ":2: mailer: unknown group"},
        {"milter = 5;", ":1: milter: wants a group"},
        {"milter = { max_messages = \"7\"; };", "milter.max_messages: wants a whole number"},
        {"milter = { max_messages = 0; };", "milter.max_messages: 0 is out of bounds; 1 to 10000"},
        {"milter = { socket = 5; };", "milter.socket: wants text"},
        {"milter = { socket = \"/run/x\"; };", "milter.socket: \"/run/x\": write unix:/path"},
        {"milter = { socket_mode = \"0999\"; };", "milter.socket_mode: \"0999\" is no octal mode"},
        {"milter = { add_header = 1; };", "milter.add_header: wants true or false"},
        {"milter = { spool_threshold = \"1Q\"; };", "milter.spool_threshold: wants bytes"},
        {"policy = { mode = \"strict\"; };", "policy.mode: \"strict\" is none of monitor|coach|enforce"},
        {"district = { domains = \"x\"; };", "district.domains: wants a list"},
        {"district = { timezone = \"Mars/Base\"; };", "district.timezone: \"Mars/Base\" is no time zone"},
        {"archive = { origin = \"a/b\"; };", "archive.origin: \"a/b\": use a-z"},
        {"notice = { from = \"nobody\"; };", "notice.from: \"nobody\" is no address"},
        {"notice = { languages = [ ]; };", "notice.languages: is empty"},
        {"notice = { languages = [ \"../x\" ]; };", "notice.languages: \"../x\" is no language"},
        {"review = { console_url = \"console.example.org\"; };",
         "review.console_url: \"console.example.org\" is no"},
        {"review = { reviewers = \"a@example.org\"; };", "review.reviewers: wants a list of groups"},
        {"review = {\n reviewers = ( \"a@example.org\" ); };", "review.reviewers: wants groups"},
        {"review = {\n reviewers = ( { schools = [ \"x\" ]; } ); };",
         ":2: review.reviewers: address wants one"},
        {"review = { reviewers = ( { address = \"a@b, c@d\"; } ); };", "review.reviewers: address wants one"},
        {"review = { reviewers = ( { address = \"a@b\"; school = \"x\"; } ); };", "unknown key school;"},
        {"review = { reviewers = ( { address = \"a@b\"; schools = [ ]; } ); };", "schools is empty"},
        {"review = { reviewers = ( { address = \"a@b\"; roles = [ \"dean\" ]; } ); };",
         "roles: \"dean\" is none of"},
        {"review = { reviewers = ( { address = \"a@b\"; digest = \"hourly\"; } ); };", "digest is none of"},
        {"milter = {", ":1: syntax:"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        char *path = write_config(ROWS[i].text);
        g_autoptr(GError) error = NULL;
        cr_expect_null(config_load(path, &error), "%s", ROWS[i].text);
        cr_assert_not_null(error);
        cr_expect_eq(base_exit_status(error), BASE_ERROR_CONFIG);
        cr_expect_not_null(strstr(error->message, ROWS[i].message), "%s\ngives %s", ROWS[i].text,
                           error->message);
        cr_expect(g_str_has_prefix(error->message, path));
        remove_config(path);
    }
}

Test(config, collects_all_mistakes)
{
    char *path = write_config("milter = { a = 1;\n b = 2; };\nreader = { workers = 0; };\n");
    g_autoptr(GError) error = NULL;
    cr_expect_null(config_load(path, &error));
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    cr_expect_eq(g_strv_length(lines), 3, "%s", error->message);
    remove_config(path);
}

static void count_key(const char *path, const char *type, const char *fallback, const char *meaning,
                      void *data)
{
    cr_expect(strlen(meaning) > 8 && strchr(path, '.') != NULL && *type != '\0' && fallback != NULL, "%s",
              path);
    ++*(int *)data;
}

Test(config, every_key_says_what_it_means)
{
    int keys = 0;
    config_each_key(count_key, &keys);
    cr_expect_gt(keys, 50);
}

Test(config, tells_what_a_running_daemon_cannot_take_over)
{
    g_autoptr(Config) a = config_defaults();
    g_autoptr(Config) b = config_defaults();
    cr_expect_null(config_needs_restart(a, b));
    b->milter.max_messages++;
    b->milter.wait_ms++;
    g_free(b->archive.dir);
    b->archive.dir = g_strdup("/elsewhere");
    g_autofree char *keys = config_needs_restart(a, b);
    cr_expect_str_eq(keys, "milter.max_messages archive.dir");
}
