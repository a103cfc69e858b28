// `chaperone roster` and `chaperone exception` as a shell sees them: exit status, what is printed where.
#include "cli/cli.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    char *dir, *out, *err;
} Office;

static void put(Office *office, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(office->dir, name, NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
}

static void office_init(Office *office)
{
    *office = (Office){.dir = g_dir_make_tmp("chaperone-cli-XXXXXX", NULL)};
    put(office, "chaperone.conf",
        "roster = { database = \"roster.db\"; key_file = \"key\"; };\n"
        "archive = { dir = \"archive\"; };\n"
        "district = { timezone = \"America/New_York\"; };\n"
        "policy = { file = \"policy.conf\"; };\n");
    put(office, "policy.conf",
        "name = \"small\";\nversion = 1;\nrules: ({ name = \"private\"; clause = [ \"A 1\" ];"
        " gist = \"Private numbers\"; action = \"hold\"; when: { finding: { kind = \"phone\"; }; };"
        " exceptions = [ \"role\" ]; });\n");
    put(office, "published.csv", "kind,value,label\ndomain,example.org,mail\n");
    put(office, "users.csv",
        "sourcedId,role,givenName,familyName,email,agentSourcedIds,enabledUser\n"
        "t1,teacher,Dana,Whitlock,dana@example.org,,TRUE\np1,principal,Pat,Okafor,pat@example.org,,true\n"
        "s1,student,Min,Lee,mlee@example.org,g1,true\ng1,guardian,Hana,Lee,hana@example.net,,true\n");
    put(office, "personal.csv", "address,kind,value\ndana@example.org,cell,+14135550151\n");
    put(office, "lists.csv",
        "list,member\nall@example.org,dana@example.org\nall@example.org,mlee@example.org\n");
}

static void office_clear(Office *office)
{
    char *argv[] = {"rm", "-rf", office->dir, NULL};
    cr_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_free(office->dir);
    g_free(office->out);
    g_free(office->err);
}

// Runs `words`, separated by "|" (%d = the directory); its exit status.
static int run(Office *office, const char *words)
{
    g_autofree char *out = g_build_filename(office->dir, "stdout", NULL);
    g_autofree char *err = g_build_filename(office->dir, "stderr", NULL);
    g_autoptr(GString) line = g_string_new(words);
    g_string_append(line, "|--config|%d/chaperone.conf");
    g_string_replace(line, "%d", office->dir, 0);
    g_auto(GStrv) argv = g_strsplit(line->str, "|", -1);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        cr_assert(freopen(out, "w", stdout) != NULL && freopen(err, "w", stderr) != NULL);
        cr_assert(freopen("/dev/null", "r", stdin) != NULL);
        g_setenv("SUDO_USER", "officer", TRUE);
        int argc = (int)g_strv_length(argv);
        int result = strcmp(argv[0], "roster") == 0 ? cli_roster(argc, argv) : cli_exception(argc, argv);
        fflush(stdout);
        fflush(stderr);
        _exit(result);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status), "%s", words);
    g_clear_pointer(&office->out, g_free);
    g_clear_pointer(&office->err, g_free);
    cr_assert(g_file_get_contents(out, &office->out, NULL, NULL) &&
              g_file_get_contents(err, &office->err, NULL, NULL));
    return WEXITSTATUS(status);
}

static bool says(const char *text, const char *parts)
{
    g_auto(GStrv) list = g_strsplit(parts, "|", -1);
    for (gsize i = 0; list[i] != NULL; i++)
        if (strstr(text, list[i]) == NULL)
            return false;
    return true;
}

typedef struct {
    const char *words;
    int status;
    const char *out, *err; // parts that must be there
} Step;

static void walk(Office *office, const Step *steps, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        int status = run(office, steps[i].words);
        cr_expect_eq(status, steps[i].status, "%s: %d, %s", steps[i].words, status, office->err);
        cr_expect(says(office->out, steps[i].out), "%s prints: %s", steps[i].words, office->out);
        cr_expect(says(office->err, steps[i].err), "%s complains: %s", steps[i].words, office->err);
    }
}

Test(roster_command, steps)
{
    static const Step steps[] = {
        {"roster|show|dana@example.org", BASE_ERROR_NOINPUT, "", "chaperone: |roster import"},
        {"roster|import|%d|--dry-run", 0, "4  people|Nothing was changed", "users.csv:2: enabledUser"},
        {"roster|show|dana@example.org", BASE_ERROR_NOINPUT, "", "chaperone: "},
        {"roster|import|%d", 0, "4  people|1  personal details", "warning: users.csv:2"},
        {"roster|show|Dana+x@example.org", 0, "Dana Whitlock|staff|school|cell", ""},
        {"roster|show|mlee@example.org", 0, "student|Hana Lee (g1)", ""},
        {"roster|show|hana@example.net", 0, "guardian|Min Lee (s1)", ""},
        {"roster|show|all@example.org", 0, "list|mlee@example.org  student", ""},
        {"roster|import|%d/nowhere", BASE_ERROR_NOINPUT, "", "chaperone: |nowhere"},
        {"roster|import", BASE_ERROR_USAGE, "", "chaperone: "},
        {"roster", BASE_ERROR_USAGE, "", "chaperone: "},
        {"roster|import|%d|--wat", BASE_ERROR_USAGE, "", "chaperone: "},
    };
    Office office;
    office_init(&office);
    walk(&office, steps, G_N_ELEMENTS(steps));
    put(&office, "lists.csv", "list,member\nall@example.org,nobody\n");
    cr_expect_eq(run(&office, "roster|import|%d"), BASE_ERROR_DATA);
    cr_expect(says(office.err, "chaperone: |lists.csv:2: member"), "%s", office.err);
    office_clear(&office);
}

Test(roster_command, generations)
{
    static const Step steps[] = {
        {"roster|history", BASE_ERROR_NOINPUT, "", "chaperone: |roster import"},
        {"roster|import|%d", 0, "4  people added|(generation 1)", ""},
        {"roster|import|%d", 0, "No changes of people.|(generation 2)", ""},
        {"roster|import|%d|--source|other", BASE_ERROR_USAGE, "", "no source \"other\""},
        {"roster|history", 0, "generation|in force|kept|officer", ""},
        {"roster|diff", 0, "No changes of people.", ""},
        {"roster|diff|1|2|3", BASE_ERROR_USAGE, "", "usage: "},
        {"roster|diff|one", BASE_ERROR_USAGE, "", "\"one\" is no generation"},
        {"roster|diff|77", BASE_ERROR_NOINPUT, "", "77"},
        {"roster|rollback|1", 0, "generation 3", ""},
        {"roster|history|--json", 0, "\"what\": \"rollback to 1\"|\"who\": \"officer\"|\"sha256\"", ""},
        {"roster|key|rotate", 0, "generation 4", ""},
        {"roster|key|prune|--json", 0, "\"removed\": 0", ""},
        {"roster|key", BASE_ERROR_USAGE, "", "no step \"key\""},
        {"roster|sources", 0, "source|people|district|(not in the sources file)", ""},
        {"roster|keys", 0, "list_domain", ""},
        {"roster|probe|ad|dana@example.org", BASE_ERROR_USAGE, "", "ad"},
    };
    Office office;
    office_init(&office);
    walk(&office, steps, G_N_ELEMENTS(steps));
    office_clear(&office);
}

Test(roster_command, personal)
{
    static const Step steps[] = {
        {"roster|import|%d", 0, "", ""},
        {"roster|personal|list|dana@example.org", 0, "cell  district", ""},
        {"roster|personal|add|dana@example.org|handle|snapchat:Dana_W", 0,
         "dana@example.org: handle registered", ""},
        {"roster|personal|list|dana@example.org", 0, "cell|handle  registered by hand", ""},
        {"roster|show|dana@example.org", 0, "handle", ""},
        {"roster|personal|add|dana@example.org|handle", BASE_ERROR_USAGE, "", "usage: "},
        {"roster|personal|add|dana@example.org|pager|1", BASE_ERROR_USAGE, "", "pager"},
        {"roster|personal|add|dana@example.org|cell|-", BASE_ERROR_DATA, "", "standard input"},
        {"roster|personal|remove|dana@example.org|handle", 0, "removed", ""},
        {"roster|personal|remove|dana@example.org|handle", BASE_ERROR_NOINPUT, "", "handle"},
        {"roster|personal|list|nowhere", BASE_ERROR_USAGE, "", "nowhere"},
    };
    Office office;
    office_init(&office);
    walk(&office, steps, G_N_ELEMENTS(steps));
    office_clear(&office);
}

Test(roster_command, brake)
{
    Office office;
    office_init(&office);
    g_autoptr(GString) users =
        g_string_new("sourcedId,role,givenName,familyName,email,agentSourcedIds,enabledUser\n");
    gsize few = 0;
    for (int i = 0; i < 40; i++) {
        g_string_append_printf(users, "s%d,student,Min,Lee%d,s%d@example.org,,true\n", i, i, i);
        few = i == 9 ? users->len : few;
    }
    put(&office, "users.csv", users->str);
    cr_assert_eq(run(&office, "roster|import|%d"), 0, "%s", office.err);
    g_string_truncate(users, few);
    put(&office, "users.csv", users->str);
    cr_expect_eq(run(&office, "roster|import|%d|--changes|2"), BASE_ERROR_NOPERM);
    cr_expect(says(office.out, "30  people removed|... and 28 more"), "%s", office.out);
    cr_expect(says(office.err, "30 of 40 students|--force"), "%s", office.err);
    cr_expect_eq(run(&office, "roster|import|%d|--json"), BASE_ERROR_NOPERM);
    cr_expect(says(office.out, "\"refused\": \"this import|\"removed\": 30"), "%s", office.out);
    cr_expect_eq(run(&office, "roster|import|%d|--force"), 0, "%s", office.err);
    office_clear(&office);
}

Test(roster_command, json)
{
    Office office;
    office_init(&office);
    cr_assert_eq(run(&office, "roster|import|%d|--json"), 0);
    json_t *summary = json_loads(office.out, 0, NULL);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(summary, "counts"), "people")), 4);
    cr_expect_eq(json_array_size(json_object_get(summary, "warnings")), 1);
    cr_assert_eq(run(&office, "roster|show|dana@example.org|--json"), 0);
    json_t *dana = json_loads(office.out, 0, NULL);
    cr_expect_str_eq(json_string_value(json_object_get(dana, "person")), "t1");
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(dana, "registered"), 0)), "cell");
    cr_expect_null(strstr(office.out, "5550151"));
    json_decref(summary);
    json_decref(dana);
    office_clear(&office);
}

Test(exception_command, steps)
{
#define ADD                                                                                                  \
    "exception|add|--id|EX-1|--kind|role|--staff|dana@example.org|--student|*|--value|413-555-0151|--from|"  \
    "2026-01-01"
    static const Step steps[] = {
        {"exception|list", 0, "", ""},
        {ADD, BASE_ERROR_USAGE, "", "--until"},
        {ADD "|--until|2099-12-31|--approver|dana@example.org", BASE_ERROR_DATA, "", "EX-1: approver"},
        {ADD "|--until|soon|--approver|pat@example.org", BASE_ERROR_DATA, "", "until: not a date"},
        {ADD "|--until|2099-12-31|--approver|pat@example.org", 0, "EX-1: added", ""},
        {"exception|list", 0, "EX-1|2099-12-31|in force|+14135550151", ""},
        {"exception|revoke|EX-1", BASE_ERROR_USAGE, "", "--reason"},
        {"exception|revoke|EX-1|--reason|the number changed", 0, "EX-1: revoked", ""},
        {"exception|list", 0, "", ""},
        {"exception|list|--all", 0, "EX-1|revoked|by officer: the number changed", ""},
        {"exception|import|%d/none.csv", BASE_ERROR_NOINPUT, "", "none.csv"},
        {"exception|what", BASE_ERROR_USAGE, "", "chaperone: "},
    };
    Office office;
    office_init(&office);
    cr_assert_eq(run(&office, "roster|import|%d"), 0);
    walk(&office, steps, G_N_ELEMENTS(steps));
    office_clear(&office);
}
