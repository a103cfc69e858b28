#include "feeds/model.h"
#include "ground.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TODAY 20261015
#define HEADER                                                                                               \
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"           \
    "familyName,"                                                                                            \
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
#define MANIFEST                                                                                             \
    "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,bulk\nfile.orgs,bulk\n"     \
    "file.classes,absent\nfile.enrollments,absent\n"

static Ground ground;

static void set_up(void)
{
    ground_init(&ground);
}

static void tear_down(void)
{
    ground_clear(&ground);
}

TestSuite(import, .init = set_up, .fini = tear_down);

// A district: staff, students, and a guardian for each of the first `guardians` students.
typedef struct {
    guint staff, students, guardians;
} Size;

static char *write_district(const char *name, Size size)
{
    g_autoptr(GString) users = g_string_new(HEADER);
    for (guint i = 0; i < size.staff; i++)
        g_string_append_printf(users, "stf-%u,,,true,hs,teacher,t%u,,Tea,Cher%u,,,t%u@example.org,,,,,\n", i,
                               i, i, i);
    for (guint i = 0; i < size.students; i++)
        g_string_append_printf(
            users, "stu-%u,,,true,hs,student,s%u,,Stu,Dent%u,,,s%u@students.example.org,,,,9,\n", i, i, i, i);
    for (guint i = 0; i < size.guardians; i++)
        g_string_append_printf(
            users, "par-%u,,,true,hs,guardian,,,Gua,Rdian%u,,,g%u@example.net,,,stu-%u,,\n", i, i, i, i);
    g_autofree char *users_name = g_build_filename(name, "users.csv", NULL);
    g_autofree char *orgs_name = g_build_filename(name, "orgs.csv", NULL);
    g_autofree char *manifest_name = g_build_filename(name, "manifest.csv", NULL);
    g_autofree char *users_path = ground_write(&ground, users_name, users->str);
    g_autofree char *orgs_path = ground_write(
        &ground, orgs_name,
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nhs,,,High,school,,\n");
    g_autofree char *manifest_path = ground_write(&ground, manifest_name, MANIFEST);
    return ground_path(&ground, name);
}

static FeedResult *import_path(const char *path, FeedOptions options, GError **error)
{
    g_autoptr(GPtrArray) specs = feeds_recognise(ground.config, path, error);
    options.today = TODAY;
    options.who = "tester";
    return specs != NULL ? feeds_import(ground.config, specs, &options, error) : NULL;
}

static FeedResult *import_district(Size size, FeedOptions options, GError **error)
{
    g_autofree char *path = write_district("sis", size);
    return import_path(path, options, error);
}

static void import_must(Size size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FeedResult) result = import_district(size, (FeedOptions){0}, &error);
    cr_assert(result != NULL, "%s", error->message);
}

static void expect(const char *sql, const char *value)
{
    g_autofree char *got = ground_ask(ground.config->roster.database, sql);
    cr_expect_str_eq(got, value, "%s: got %s, want %s", sql, got, value);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Every name in the directory, sorted, a space between; without what readers of a roster leave beside it.
static char *listing(void)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(ground.dir, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL)
        if (!g_str_has_suffix(name, "-wal") && !g_str_has_suffix(name, "-shm"))
            g_ptr_array_add(names, g_strdup(name));
    g_dir_close(dir);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

// ---- what an import leaves ------------------------------------------------------------------------------

Test(import, first_and_again)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FeedResult) first = import_district((Size){3, 20, 10}, (FeedOptions){0}, &error);
    cr_assert(first != NULL, "%s", error->message);
    cr_expect(first->generation == 1 && first->summary->people == 33 && first->summary->staff == 3);
    cr_expect(first->summary->students == 20 && first->summary->guardians == 10 &&
              first->summary->links == 10);
    cr_expect(first->diff->added == 33 && first->diff->removed == 0);
    g_autofree char *names = listing();
    cr_expect_str_eq(
        names, "personal.key roster.db roster.db.000001 roster.db.change.lock roster.db.import.lock sis");
    g_autoptr(FeedResult) again = import_district((Size){3, 20, 10}, (FeedOptions){0}, &error);
    cr_assert(again != NULL, "%s", error->message);
    cr_expect(again->generation == 2 && again->diff->added == 0 && again->diff->removed == 0);
    expect("SELECT count(*) FROM person", "33");
    expect("SELECT group_concat(id || who || what || forced) FROM history", "1testerimport0,2testerimport0");
}

Test(import, what_history_tells)
{
    import_must((Size){3, 20, 10});
    g_autoptr(GPtrArray) history = feeds_history(ground.config, NULL);
    cr_assert(history != NULL && history->len == 1);
    const FeedGeneration *row = history->pdata[0];
    json_t *counts = json_loads(row->counts, 0, NULL), *changes = json_loads(row->changes, 0, NULL);
    json_t *files = json_loads(row->files, 0, NULL);
    cr_expect(json_integer_value(json_object_get(counts, "people")) == 33);
    cr_expect(json_integer_value(json_object_get(changes, "added")) == 33);
    gsize index, told = 0;
    json_t *file;
    json_array_foreach(files, index, file)
    {
        const char *name = json_string_value(json_object_get(file, "file"));
        g_autofree char *path = g_build_filename(ground.dir, "sis", name, NULL);
        g_autofree char *content = NULL;
        gsize length = 0;
        cr_assert(g_file_get_contents(path, &content, &length, NULL));
        g_autofree char *hash = sha256_hex(content, length);
        cr_expect_str_eq(json_string_value(json_object_get(file, "sha256")), hash);
        cr_expect(json_integer_value(json_object_get(file, "bytes")) == (json_int_t)length);
        cr_expect_str_eq(json_string_value(json_object_get(file, "source")), "oneroster");
        if (strcmp(name, "users.csv") == 0)
            cr_expect(json_integer_value(json_object_get(file, "rows")) == 33);
        told++;
    }
    cr_expect(told >= 2 && row->present && !row->forced && llabs(row->at - time(NULL)) < 60);
    json_decref(counts);
    json_decref(changes);
    json_decref(files);
}

Test(import, a_trial_changes_nothing)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FeedResult) first = import_district((Size){3, 20, 10}, (FeedOptions){.dry_run = true}, &error);
    cr_assert(first != NULL, "%s", error->message);
    cr_expect(first->generation == 0 && first->diff->added == 33 && first->summary->people == 33);
    g_autofree char *names = listing();
    cr_expect_str_eq(names, "sis", "not even a key");
    import_must((Size){3, 20, 10});
    g_autofree char *before = listing();
    g_autoptr(FeedResult) trial = import_district((Size){3, 21, 10}, (FeedOptions){.dry_run = true}, &error);
    g_autofree char *after = listing();
    cr_assert(trial != NULL, "%s", error->message);
    cr_expect(trial->generation == 0 && trial->diff->added == 1);
    cr_expect_str_eq(after, before);
    expect("SELECT count(*) FROM person", "33");
}

Test(import, progress_is_told)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = write_district("sis", (Size){3, 20, 10});
    g_autoptr(GPtrArray) specs = feeds_recognise(ground.config, path, &error);
    void add_step(const char *source, const char *step, int64_t done, int64_t total, void *data)
    {
        cr_expect(done >= 0 && total >= 0 && step[0] != '\0');
        g_ptr_array_add(data, g_strdup(step));
    }
    const FeedOptions options = {.today = TODAY, .who = "tester", .progress = add_step, .data = steps};
    g_autoptr(FeedResult) result = feeds_import(ground.config, specs, &options, &error);
    cr_assert(result != NULL, "%s", error->message);
    cr_expect(steps->len >= 2);
}

// ---- the brake ------------------------------------------------------------------------------------------

Test(import, brake)
{
    static const struct {
        Size before, after;
        int percent, least;
        const char *expect; // NULL: it goes through
    } cases[] = {
        {{20, 100, 50}, {20, 100, 50}, 5, 10, NULL},
        {{20, 100, 50}, {20, 90, 50}, 5, 10, NULL},
        {{20, 100, 50}, {20, 89, 50}, 5, 10, "11 of 100 students, more than 5 %"},
        {{20, 100, 50}, {20, 89, 50}, 11, 10, NULL},
        {{20, 100, 50}, {20, 89, 50}, 5, 11, NULL},
        {{20, 100, 50}, {8, 100, 50}, 5, 10, "12 of 20 staff, more"},
        {{20, 100, 50}, {20, 100, 30}, 5, 10, "20 of 50 guardians, 20 of 50 guardian links, more"},
        {{20, 100, 50}, {19, 100, 50}, 0, 0, "1 of 20 staff, more than 0 %"},
        {{20, 100, 50}, {0, 1, 0}, 100, 0, NULL},
        {{0, 5, 0}, {20, 100, 50}, 5, 10, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Ground whole = ground;
        ground_init(&ground);
        ground.config->roster.brake_percent = cases[i].percent;
        ground.config->roster.brake_least = cases[i].least;
        import_must(cases[i].before);
        g_autoptr(GError) error = NULL;
        g_autofree char *before = listing();
        FeedResult *refused = NULL;
        g_autoptr(FeedResult) result =
            import_district(cases[i].after, (FeedOptions){.refused = &refused}, &error);
        g_autofree char *after = listing();
        cr_expect((result != NULL) == (cases[i].expect == NULL), "case %zu: %s", i,
                  error ? error->message : "passed");
        if (result == NULL) {
            cr_expect(error->code == BASE_ERROR_NOPERM && strstr(error->message, cases[i].expect) != NULL &&
                          strstr(error->message, "--force") != NULL,
                      "case %zu: %s", i, error->message);
            cr_expect_str_eq(after, before, "nothing was changed");
            cr_assert(refused != NULL);
            cr_expect(refused->diff->removed > 0 && refused->generation == 0);
            g_autoptr(FeedResult) forced =
                import_district(cases[i].after, (FeedOptions){.force = true}, NULL);
            cr_expect(forced != NULL && forced->generation == 2);
            expect("SELECT forced FROM history WHERE id = 2", "1");
        }
        feed_result_free(refused);
        ground_clear(&ground);
        ground = whole;
    }
}

// ---- bad input ------------------------------------------------------------------------------------------

Test(import, bad_input_changes_nothing)
{
    static const struct {
        const char *name, *text, *expect;
        int code;
    } cases[] = {
        {"users.csv", "sourcedId,role,givenName\n1,teacher,A\n",
         "users.csv:1: column `familyName` is missing", BASE_ERROR_DATA},
        {"users.csv", HEADER "1,,,true,hs,teacher,x,,A,\"B\n", "users.csv:", BASE_ERROR_DATA},
        {"users.csv", HEADER "1,,,true,hs,teacher,x,,A,\377\376,,,a@example.org,,,,,\n",
         "users.csv:2:", BASE_ERROR_DATA},
        {"users.csv", "", "users.csv", BASE_ERROR_DATA},
        {"exceptions.csv", "id,kind\nx,y\n", "exceptions.csv:1: column `staff` is missing", BASE_ERROR_DATA},
        {"personal.csv", "address,kind,value\nt0@example.org,fax,12\n",
         "personal.csv:2: kind: ", BASE_ERROR_DATA},
    };
    import_must((Size){3, 20, 10});
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = write_district("next", (Size){3, 21, 10});
        g_autofree char *name = g_build_filename("next", cases[i].name, NULL);
        g_autofree char *spoiled = ground_write(&ground, name, cases[i].text);
        g_autofree char *before = listing();
        g_autoptr(FeedResult) result = import_path(path, (FeedOptions){0}, &error);
        g_autofree char *after = listing();
        cr_assert(result == NULL, "case %zu was taken", i);
        cr_expect(error->code == cases[i].code && strstr(error->message, cases[i].expect) != NULL,
                  "case %zu: %s", i, error->message);
        cr_expect_str_eq(after, before);
        expect("SELECT count(*) || ',' || (SELECT count(*) FROM history) FROM person", "33,1");
        unlink(spoiled);
    }
}

Test(import, wrong_sources)
{
    g_autoptr(GError) error = NULL;
    const FeedOptions options = {.today = TODAY, .who = "tester"};
    g_autofree char *sis = write_district("sis", (Size){3, 20, 10});
    const struct {
        const char *conf, *expect;
        int code;
    } cases[] = {
        {"sources = ( );", "no sources: name a directory", BASE_ERROR_CONFIG},
        {"sources = ( { name = \"sis\"; type = \"oneroster\"; path = \"sis\"; },"
         " { name = \"two\"; type = \"district\"; path = \"missing\"; } );",
         "source two: ", BASE_ERROR_NOINPUT},
    };
    g_free(ground.config->roster.sources);
    ground.config->roster.sources = ground_path(&ground, "roster.conf");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_clear_error(&error);
        g_autofree char *conf = ground_write(&ground, "roster.conf", cases[i].conf);
        g_autoptr(GPtrArray) specs = feeds_sources(ground.config, &error);
        cr_assert(specs != NULL, "%s", error->message);
        g_autoptr(FeedResult) result = feeds_import(ground.config, specs, &options, &error);
        cr_assert(result == NULL && error != NULL);
        cr_expect(error->code == cases[i].code && strstr(error->message, cases[i].expect) != NULL, "%d %s",
                  error->code, error->message);
        cr_expect(!g_file_test(ground.config->roster.database, G_FILE_TEST_EXISTS));
    }
}

// ---- what is recognised ---------------------------------------------------------------------------------

static char *recognised(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) specs = feeds_recognise(ground.config, path, &error);
    g_autoptr(GString) out = g_string_new(error != NULL ? error->message : NULL);
    for (guint i = 0; specs != NULL && i < specs->len; i++) {
        const FeedSpec *spec = specs->pdata[i];
        cr_expect_str_eq(spec->path, path);
        g_string_append_printf(out, "%s%s=%s", i > 0 ? " " : "", spec->name, spec->type);
    }
    return g_strdup(out->str);
}

Test(import, recognised)
{
    g_autofree char *path = write_district("sis", (Size){1, 1, 0});
    g_autofree char *alone = recognised(path);
    cr_expect_str_eq(alone, "oneroster=oneroster");
    g_autofree char *published =
        ground_write(&ground, "sis/published.csv", "kind,value,label\nphone,988,Lifeline\n");
    g_autofree char *both = recognised(path);
    cr_expect_str_eq(both, "oneroster=oneroster district=district");
    g_free(ground.config->roster.sources);
    ground.config->roster.sources =
        ground_write(&ground, "roster.conf",
                     "sources = ( { name = \"sis\"; type = \"oneroster\"; path = \"/srv/x\"; } );");
    g_autofree char *named = recognised(path);
    cr_expect_str_eq(named, "sis=oneroster district=district");
    g_autofree char *other = ground_write(&ground, "other/picture.png", "x");
    g_autofree char *dir = ground_path(&ground, "other");
    g_autofree char *nothing = recognised(dir);
    cr_expect(strstr(nothing, "other: no roster file in it; users.csv,") != NULL, "%s", nothing);
    g_autofree char *gone = ground_path(&ground, "gone");
    g_autofree char *missing = recognised(gone);
    cr_expect(strstr(missing, "gone") != NULL && strstr(missing, "=") == NULL, "%s", missing);
}

// ---- what stays -----------------------------------------------------------------------------------------

#define EXCEPTION_HEADER                                                                                     \
    "id,kind,staff,students,values,from,until,approver,guardian_consent,purpose_required\n"
#define EXCEPTION_ROW(id) id ",trip,t0@example.org,*,*,2026-10-14,2026-10-18,t1@example.org,yes,yes\n"

Test(import, exceptions_and_what_staff_registered)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_district("sis", (Size){3, 20, 10});
    g_autofree char *file =
        ground_write(&ground, "sis/exceptions.csv",
                     EXCEPTION_HEADER EXCEPTION_ROW("EX-1") EXCEPTION_ROW("EX-2") EXCEPTION_ROW("EX-3"));
    g_autoptr(FeedResult) first = import_path(path, (FeedOptions){0}, &error);
    cr_assert(first != NULL, "%s", error->message);
    cr_expect(first->summary->exceptions == 3);
    char *any[] = {"*", NULL};
    const RosterException given = {.id = "EX-4",
                                   .kind = "trip",
                                   .staff = "t0@example.org",
                                   .students = any,
                                   .values = any,
                                   .from = TODAY,
                                   .until = TODAY,
                                   .approver = "t1@example.org"};
    cr_assert(feeds_exception_add(ground.config, &given, "tester", NULL));
    cr_assert(feeds_exception_revoke(ground.config, "EX-2", "tester", "over", NULL));
    cr_assert(feeds_personal_add(ground.config, "t0@example.org", "cell", "+14135550142", NULL));
    g_autofree char *next = ground_write(&ground, "sis/exceptions.csv",
                                         EXCEPTION_HEADER EXCEPTION_ROW("EX-1") EXCEPTION_ROW("EX-2"));
    g_autoptr(FeedResult) second = import_path(path, (FeedOptions){0}, &error);
    cr_assert(second != NULL, "%s", error->message);
    expect("SELECT group_concat(id || source || (revoked IS NOT NULL)) FROM exception",
           "EX-1exceptions.csv0,EX-2exceptions.csv1,EX-4command0");
    cr_expect(second->summary->exceptions == 3);
    bool noted = false;
    for (guint i = 0; i < second->summary->warnings->len; i++)
        noted = noted ||
                strstr(second->summary->warnings->pdata[i], "exceptions.csv:3: id: EX-2 was revoked") != NULL;
    cr_expect(noted);
    expect("SELECT count(*) FROM personal WHERE source = 'own' AND owner = 't0@example.org'", "2");
    // An import without the file leaves them.
    unlink(next);
    g_autoptr(FeedResult) third = import_path(path, (FeedOptions){0}, &error);
    cr_assert(third != NULL, "%s", error->message);
    expect("SELECT count(*) FROM exception", "3");
    cr_expect(third->summary->exceptions == 3);
}

#define CONSENT_HEADER    "exception,student,guardian,given,sha256\n"
#define CONSENT_ROW(hash) "EX-1,s0@students.example.org,Guardian,2026-10-01," hash "\n"
#define HASH_A            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HASH_C            "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

Test(import, consents)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_district("sis", (Size){3, 20, 10});
    g_autofree char *student = g_strdup(CONSENT_HEADER CONSENT_ROW(HASH_A) CONSENT_ROW(HASH_B));
    g_autofree char *exceptions =
        ground_write(&ground, "sis/exceptions.csv", EXCEPTION_HEADER EXCEPTION_ROW("EX-1"));
    g_autofree char *file = ground_write(&ground, "sis/consents.csv", student);
    g_autoptr(FeedResult) first = import_path(path, (FeedOptions){0}, &error);
    cr_assert(first != NULL, "%s", error->message);
    expect("SELECT count(*) FROM consent WHERE source = 'consents.csv'", "2");
    cr_assert(
        feeds_consent_withdraw(ground.config, "EX-1", "s0@students.example.org", "tester", "no", &error),
        "%s", error ? error->message : "");
    g_autofree char *next =
        ground_write(&ground, "sis/consents.csv", CONSENT_HEADER CONSENT_ROW(HASH_A) CONSENT_ROW(HASH_C));
    g_autoptr(FeedResult) second = import_path(path, (FeedOptions){0}, &error);
    cr_assert(second != NULL, "%s", error->message);
    // Those withdrawn stay, and stay so.
    expect("SELECT group_concat(substr(sha256, 1, 1) || (withdrawn IS NULL)) FROM (SELECT * FROM consent "
           "ORDER BY sha256)",
           "a0,b0,c1");
    unlink(next);
    g_autoptr(FeedResult) third = import_path(path, (FeedOptions){0}, &error);
    cr_assert(third != NULL, "%s", error->message);
    expect("SELECT count(*) FROM consent", "3");
}

Test(import, other_sources_stay)
{
    g_autoptr(GError) error = NULL;
    import_must((Size){3, 20, 10});
    g_autofree char *file =
        ground_write(&ground, "own/published.csv", "kind,value,label\nphone,+18005550199,Tip line\n");
    g_autofree char *path = ground_path(&ground, "own");
    g_autoptr(FeedResult) second = import_path(path, (FeedOptions){0}, &error);
    cr_assert(second != NULL, "%s", error->message);
    cr_expect(second->diff->removed == 0);
    expect("SELECT count(*) FROM person", "33");
    import_must((Size){3, 21, 10});
    expect("SELECT (SELECT count(*) FROM person) || ',' || (SELECT count(DISTINCT label) FROM published "
           "WHERE label = "
           "'Tip line')",
           "34,1");
}

Test(import, the_key_of_before)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_district("sis", (Size){3, 20, 10});
    g_autofree char *file =
        ground_write(&ground, "sis/personal.csv", "address,kind,value\nt0@example.org,cell,+14135550142\n");
    RosterKey key, newer;
    g_autoptr(FeedResult) first = import_path(path, (FeedOptions){0}, &error);
    cr_assert(first != NULL, "%s", error->message);
    cr_assert(generation_key(ground.config, ground.config->roster.database, &key, NULL));
    // A key that a rotation left when it was killed is not used by the next import.
    char *line = key_make(&newer, NULL);
    cr_assert(key_add(ground.config->roster.key_file, line, NULL));
    key_wipe(line);
    import_must((Size){3, 20, 10});
    cr_assert(generation_key(ground.config, ground.config->roster.database, &newer, NULL));
    cr_expect(memcmp(&key, &newer, sizeof key) == 0);
    cr_expect(feeds_key_rotate(ground.config, "tester", &error) == 3, "%s",
              error != NULL ? error->message : "");
    cr_assert(generation_key(ground.config, ground.config->roster.database, &newer, NULL));
    cr_expect(memcmp(&key, &newer, sizeof key) != 0);
    // An import without the file keeps what was hashed anew.
    unlink(file);
    import_must((Size){3, 20, 10});
    unsigned char hash[KEY_HASH];
    key_hash(&newer, "phone:+14135550142", hash);
    g_autofree char *hex = hex_encode(hash, sizeof hash);
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM personal WHERE hash = x'%s'", hex);
    expect(sql, "1");
    // Without its key it cannot go on.
    g_autofree char *lost = ground_write(&ground, "personal.key", "");
    unlink(lost);
    g_autoptr(FeedResult) without = import_path(path, (FeedOptions){0}, &error);
    cr_assert(without == NULL && error != NULL);
    cr_expect(error->code == BASE_ERROR_NOINPUT &&
                  strstr(error->message, "personal.key: missing; restore the key file") != NULL,
              "%s", error->message);
    expect("SELECT count(*) FROM history", "4");
}

// ---- killed ---------------------------------------------------------------------------------------------

Test(import, killed_at_any_moment, .timeout = 60)
{
    import_must((Size){10, 50, 20});
    int64_t start = g_get_monotonic_time();
    import_must((Size){10, 50, 20});
    int32_t took = (int32_t)(g_get_monotonic_time() - start);
    GRand *random = g_rand_new_with_seed(5);
    for (int i = 0; i < 40 && (i < 10 || g_get_monotonic_time() - start < G_USEC_PER_SEC); i++) {
        int status = 0;
        pid_t child = fork();
        cr_assert(child >= 0);
        if (child == 0) {
            g_autoptr(FeedResult) result =
                import_district((Size){10, 51 + (guint)i, 20}, (FeedOptions){0}, NULL);
            _exit(result != NULL ? 0 : 1);
        }
        g_usleep((gulong)g_rand_int_range(random, 500, 2 * took + 1000));
        kill(child, SIGKILL);
        cr_assert(waitpid(child, &status, 0) == child);
        cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "an import after a killed one failed");
        expect("PRAGMA integrity_check", "ok");
        expect("SELECT count(*) >= 80 FROM person", "1");
    }
    g_rand_free(random);
    import_must((Size){10, 200, 20});
    g_autoptr(GPtrArray) names = NULL;
    g_autofree char *after = listing();
    cr_expect(strstr(after, ".new") == NULL, "%s", after);
}
