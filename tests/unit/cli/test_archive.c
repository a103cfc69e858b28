#include "archive/archive.h"
#include "cli/cli.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOON INT64_C(1732276800000000) // 2024-11-22T12:00:00Z

typedef struct {
    char *dir, *config_path;
    Config *config;
    char *out, *err; // of the last command
    char ids[8][ULID_LEN + 1];
    guint n;
} Desk;

static void desk_init(Desk *desk)
{
    *desk = (Desk){.dir = g_dir_make_tmp("chaperone-cli-XXXXXX", NULL)};
    desk->config_path = g_build_filename(desk->dir, "chaperone.conf", NULL);
    g_autofree char *text =
        g_strdup_printf("archive = { dir = \"%s/archive\"; origin = \"mta1\"; min_free_bytes = \"0\"; };\n"
                        "district = { timezone = \"America/New_York\"; };\n",
                        desk->dir);
    GError *error = NULL;
    cr_assert(g_file_set_contents(desk->config_path, text, -1, NULL));
    desk->config = config_load(desk->config_path, &error);
    cr_assert(desk->config != NULL, "%s", error != NULL ? error->message : "");
}

static void desk_clear(Desk *desk)
{
    char *argv[] = {"rm", "-rf", desk->dir, NULL};
    cr_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    config_unref(desk->config);
    g_free(desk->dir);
    g_free(desk->config_path);
    g_free(desk->out);
    g_free(desk->err);
}

static void add(Desk *desk, Archive *archive, const char *from, const char *subject, const char *body,
                int64_t now_us)
{
    int fd = memfd_create("message", MFD_CLOEXEC);
    cr_assert(fd >= 0 && file_write_all(fd, body, strlen(body), "message", NULL));
    json_t *meta =
        json_pack("{s:{s:s, s:[{s:s}, {s:s}]}, s:{s:s}, s:{s:[{s:s, s:s}, {s:s, s:s}]}}", "envelope",
                  "mail_from", from, "rcpts", "address", "mia@example.org", "address", "jo@example.org",
                  "message", "subject", subject, "judgement", "recipients", "address", "mia@example.org",
                  "action", "deliver", "address", "jo@example.org", "action", "hold");
    cr_assert(meta != NULL);
    g_autoptr(ArchiveRef) ref = archive_append(archive, NULL, fd, (int64_t)strlen(body), meta, now_us, NULL);
    cr_assert(ref != NULL);
    g_strlcpy(desk->ids[desk->n++], ref->id, ULID_LEN + 1);
    json_decref(meta);
    close(fd);
}

static const char *const BODIES[] = {"Subject: one\r\n\r\nFrom here on\r\n>From there\r\n", "no end of line",
                                     "", "Subject: four\n\nbare line feeds\nFrom \n"};

static void fill(Desk *desk)
{
    g_autoptr(Archive) archive = archive_open(desk->config, NULL, NULL);
    cr_assert(archive != NULL);
    add(desk, archive, "ann@example.org", "One", BODIES[0], NOON);
    add(desk, archive, "", "a\033[31m\ttrap", BODIES[1], NOON + 3600 * (int64_t)G_USEC_PER_SEC);
    add(desk, archive, "carl@example.net", "Three", BODIES[2], NOON + 2 * 3600 * (int64_t)G_USEC_PER_SEC);
    // 23:30 in the district, already the next day in UTC
    add(desk, archive, "ann@example.org", "Four", BODIES[3], NOON + (int64_t)(16.5 * 3600) * G_USEC_PER_SEC);
}

// Runs `chaperone archive WORDS` (split at blanks; %d = the desk's directory, %0 to %7 = ids); its exit
// status.
static int run(Desk *desk, const char *words)
{
    g_autofree char *out = g_build_filename(desk->dir, "stdout", NULL),
                    *err = g_build_filename(desk->dir, "stderr", NULL);
    g_autoptr(GString) line = g_string_new(words);
    for (guint i = 0; i < desk->n; i++) {
        char mark[] = {'%', (char)('0' + i), '\0'};
        g_string_replace(line, mark, desk->ids[i], 0);
    }
    g_string_replace(line, "%d", desk->dir, 0);
    g_autofree char *whole = g_strdup_printf("archive --config %s %s", desk->config_path, line->str);
    g_auto(GStrv) argv = g_strsplit(whole, " ", -1);
    fflush(stdout);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        cr_assert(freopen(out, "w", stdout) != NULL && freopen(err, "w", stderr) != NULL);
        g_setenv("SUDO_USER", "officer", TRUE);
        int status = cli_archive((int)g_strv_length(argv), argv);
        fflush(stdout);
        fflush(stderr);
        _exit(status);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status), "%s", words);
    g_clear_pointer(&desk->out, g_free);
    g_clear_pointer(&desk->err, g_free);
    cr_assert(g_file_get_contents(out, &desk->out, NULL, NULL) &&
              g_file_get_contents(err, &desk->err, NULL, NULL));
    return WEXITSTATUS(status);
}

static json_t *run_json(Desk *desk, const char *words)
{
    int status = run(desk, words);
    cr_assert_eq(status, 0, "%s: %d %s", words, status, desk->err);
    json_t *json = json_loads(desk->out, 0, NULL);
    cr_assert(json != NULL, "%s: %s", words, desk->out);
    return json;
}

Test(archive, list_selects_and_says_who_and_what)
{
    Desk desk;
    desk_init(&desk);
    fill(&desk);
    static const struct {
        const char *words;
        int first, count; // of the ids
    } cases[] = {
        {"list --json", 0, 4},
        {"list --json --limit 2", 2, 2},
        {"list --json --address ANN@example.org --limit 1", 3, 1},
        {"list --json --to 2024-11-22", 0, 4}, // the day ends in the district
        {"list --json --from 2024-11-22 --to 2024-11-22T18:30:00Z", 0, 3},
        {"list --json --from 2024-11-23", 0, 0},
        {"list --json --from 2024-11-23T00:00:00Z", 3, 1},
        {"list --json --address nobody@example.org", 0, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *rows = run_json(&desk, cases[i].words);
        cr_assert_eq(json_array_size(rows), (size_t)cases[i].count, "%s: %zu", cases[i].words,
                     json_array_size(rows));
        for (int k = 0; k < cases[i].count; k++) {
            const json_t *row = json_array_get(rows, (size_t)k);
            cr_assert_str_eq(json_string_value(json_object_get(row, "id")), desk.ids[cases[i].first + k]);
            cr_assert_str_eq(json_string_value(json_object_get(row, "action")), "hold");
            cr_assert_eq(json_array_size(json_object_get(row, "to")), 2);
        }
        json_decref(rows);
    }
    cr_assert_eq(run(&desk, "list"), 0);
    cr_assert(strstr(desk.out, "mia@example.org +1") != NULL && strstr(desk.out, "carl@example.net") != NULL);
    cr_assert(strchr(desk.out, '\033') == NULL, "control characters of a message reach the terminal");
    desk_clear(&desk);
}

Test(archive, show_gives_metadata_or_the_exact_bytes)
{
    Desk desk;
    desk_init(&desk);
    fill(&desk);
    for (guint i = 0; i < desk.n; i++) {
        g_autofree char *raw = g_strdup_printf("show %s --raw", desk.ids[i]);
        cr_assert_eq(run(&desk, raw), 0);
        cr_assert_str_eq(desk.out, BODIES[i]);
    }
    json_t *meta = run_json(&desk, "show %0 --json");
    cr_assert_str_eq(json_string_value(json_object_get(json_object_get(meta, "message"), "subject")), "One");
    json_decref(meta);
    cr_assert_eq(run(&desk, "show %1"), 0);
    cr_assert(strstr(desk.out, desk.ids[1]) != NULL && strchr(desk.out, '\033') == NULL);
    desk_clear(&desk);
}

Test(archive, wrong_use_has_its_exit_status)
{
    static const struct {
        const char *words;
        int status;
    } cases[] = {
        {"", 64},
        {"burn", 64},
        {"show", 64},
        {"show %0 %1", 64},
        {"show nonsense", 64},
        {"show 01ARZ3NDEKTSV4RRFFQ69G5FAV", 66},
        {"list %0", 64},
        {"list --from yesterday", 64},
        {"list --limit -1", 64},
        {"list --no-such-option", 64},
        {"export --format eml --out %d/x", 64},
        {"export --format pst --out %d/x --id %0", 64},
        {"export --format eml --id %0", 64},
        {"export --format eml --out %d/x --id %0 --from 2024-01-01", 64},
        {"export --format eml --out %d/no/such/place --id %0", 73},
        {"export --format mbox --out %d/archive --id %0", 73},
        {"export --format eml --out %d/archive --id %0", 73},
        {"--config %d/none.conf verify", 66},
    };
    Desk desk;
    desk_init(&desk);
    fill(&desk);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        int status = run(&desk, cases[i].words);
        bool config = cases[i].status == 66 && status == 78; // a configuration that is not there
        cr_assert(status == cases[i].status || config, "\"%s\": %d: %s", cases[i].words, status, desk.err);
        cr_assert(g_str_has_prefix(desk.err, "chaperone: "), "\"%s\": %s", cases[i].words, desk.err);
    }
    desk_clear(&desk);
}

Test(archive, verify_names_damage_and_fails)
{
    Desk desk;
    desk_init(&desk);
    fill(&desk);
    json_t *clean = run_json(&desk, "verify --json");
    cr_assert_eq(json_integer_value(json_object_get(clean, "records")), 4);
    json_decref(clean);
    cr_assert_eq(run(&desk, "verify"), 0);
    cr_assert(strstr(desk.out, "4 records") != NULL);
    g_autoptr(ArchiveRecord) record = archive_get(desk.config, desk.ids[1], NULL);
    g_autofree char *path = g_build_filename(desk.config->archive.dir, record->ref->segment, NULL);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    guint8 byte;
    off_t last = record->ref->offset + record->ref->length - 1;
    cr_assert(fd >= 0 && pread(fd, &byte, 1, last) == 1);
    byte ^= 1;
    cr_assert(pwrite(fd, &byte, 1, last) == 1);
    close(fd);
    cr_assert_eq(run(&desk, "verify"), 65);
    cr_assert(strstr(desk.err, desk.ids[1]) != NULL, "%s", desk.err);
    cr_assert(strstr(desk.out, "1 damaged") != NULL, "%s", desk.out);
    cr_assert_eq(run(&desk, "verify --json"), 65);
    cr_assert_eq(run(&desk, "show %1"), 65);
    // What is sound is exported all the same, and the status tells that it is not all.
    cr_assert_eq(run(&desk, "export --format eml --out %d/some --address mia@example.org"), 65);
    cr_assert(strstr(desk.out, "3 messages exported") != NULL && strstr(desk.out, "1 failed") != NULL, "%s",
              desk.out);
    desk_clear(&desk);
}

Test(archive, export_to_a_directory)
{
    Desk desk;
    desk_init(&desk);
    fill(&desk);
    cr_assert_eq(run(&desk, "export --format eml --out %d/case --from 2024-01-01"), 0);
    cr_assert(g_str_has_prefix(desk.out, "4 messages exported"), "%s", desk.out);
    for (guint i = 0; i < desk.n; i++) {
        g_autofree char *eml = g_strdup_printf("%s/case/%s.eml", desk.dir, desk.ids[i]);
        g_autofree char *json = g_strdup_printf("%s/case/%s.json", desk.dir, desk.ids[i]);
        g_autofree char *text = NULL;
        gsize len;
        cr_assert(g_file_get_contents(eml, &text, &len, NULL));
        cr_assert(len == strlen(BODIES[i]) && memcmp(text, BODIES[i], len) == 0);
        json_t *meta = json_load_file(json, 0, NULL);
        cr_assert_str_eq(json_string_value(json_object_get(meta, "id")), desk.ids[i]);
        json_decref(meta);
    }
    cr_assert_eq(run(&desk, "export --format eml --out %d/case --id %0"), 73, "an export was overwritten");
    cr_assert_eq(run(&desk, "export --format eml --out %d/two --id %0 %2"), 0);
    cr_assert(g_str_has_prefix(desk.out, "2 messages exported"), "%s", desk.out);
    desk_clear(&desk);
}

// Read by somebody else's reader.
Test(archive, export_to_mboxrd)
{
    static const char expected[] = "4\n"
                                   "ann@example.org Fri Nov 22 12:00:00 2024\n"
                                   "MAILER-DAEMON Fri Nov 22 13:00:00 2024\n"
                                   "carl@example.net Fri Nov 22 14:00:00 2024\n"
                                   "ann@example.org Sat Nov 23 04:30:00 2024\n";
    Desk desk;
    desk_init(&desk);
    fill(&desk);
    cr_assert_eq(run(&desk, "export --format mbox --out %d/case.mbox --from 2024-01-01"), 0, "%s", desk.err);
    g_autofree char *path = g_build_filename(desk.dir, "case.mbox", NULL);
    g_autofree char *text = NULL, *out = NULL;
    cr_assert(g_file_get_contents(path, &text, NULL, NULL));
    cr_assert(strstr(text, "\r\n>From here on\r\n>>From there\r\n\nFrom MAILER-DAEMON ") != NULL, "%s", text);
    cr_assert(strstr(text, "no end of line\n\nFrom carl") != NULL && strstr(text, "\n>From \n\n") != NULL,
              "%s", text);
    char *argv[] = {"python3", "-c",
                    "import mailbox, sys\nbox = mailbox.mbox(sys.argv[1])\nprint(len(box))\n"
                    "for m in box: print(m.get_from())",
                    path, NULL};
    int status;
    cr_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &status, NULL));
    cr_assert_str_eq(out, expected);
    desk_clear(&desk);
}

Test(archive, looking_leaves_a_trace)
{
    static const struct {
        const char *words;
        const char *events[3];
    } cases[] = {
        {"list --address ann@example.org", {"search"}},
        {"show %0 --raw", {"view"}},
        {"export --format eml --out %d/x --id %0 --reason request-17", {"export", "exported"}},
        {"verify", {NULL}},
    };
    Desk desk;
    desk_init(&desk);
    fill(&desk);
    size_t before = 1; // the listing of events is itself one
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        cr_assert_eq(run(&desk, cases[i].words), 0, "%s", desk.err);
        json_t *events = run_json(&desk, "list --events --json");
        for (gsize k = 0; cases[i].events[k] != NULL; k++) {
            const json_t *event = json_array_get(events, before - 1 + k);
            cr_assert_str_eq(json_string_value(json_object_get(event, "event")), cases[i].events[k]);
            cr_assert_str_eq(json_string_value(json_object_get(event, "who")), "officer");
        }
        before = json_array_size(events) + 1;
        json_decref(events);
    }
    json_t *events = run_json(&desk, "list --events --json");
    const json_t *export = json_array_get(events, 4);
    cr_assert_str_eq(json_string_value(json_object_get(json_object_get(export, "detail"), "reason")),
                     "request-17");
    json_decref(events);
    desk_clear(&desk);
}
