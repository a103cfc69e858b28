#include "feeds/model.h"
#include "ground.h"

#include <criterion/criterion.h>
#include <string.h>

#define HEADER "id,kind,staff,students,values,from,until,approver,guardian_consent,purpose_required\n"
#define TRIP                                                                                                 \
    "EX-1,trip,dana@example.org,class:cls-1,+14135550151,2026-10-14,2026-10-18,pat@example.org,yes,yes\n"

static Ground ground;

static void set_up(void)
{
    ground_init(&ground);
    cr_assert(ground_generation(&ground, NULL, NULL) == 1);
}

static void tear_down(void)
{
    ground_clear(&ground);
}

TestSuite(change, .init = set_up, .fini = tear_down);

static void expect(const char *sql, const char *value)
{
    g_autofree char *got = ground_ask(ground.config->roster.database, sql);
    cr_expect_str_eq(got, value, "%s: got %s, want %s", sql, got, value);
}

// ---- exceptions from a file -----------------------------------------------------------------------------

// "2: warning|warning", or the error.
static char *import_text(const char *text, bool dry_run)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = ground_write(&ground, "given.csv", text);
    int count =
        feeds_exceptions_import(ground.config, path, NULL, dry_run, 20261001, "tester", warnings, &error);
    if (count < 0)
        return g_strdup(error->message);
    g_ptr_array_add(warnings, NULL);
    g_autofree char *all = g_strjoinv("|", (char **)warnings->pdata);
    return g_strdup_printf("%d: %s", count, all);
}

Test(change, exceptions_of_a_file)
{
    static const struct {
        const char *text, *expect;
    } cases[] = {
        {HEADER TRIP, "1: "},
        {HEADER "a b,trip,d@example.org,*,*,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
         "id: must be 1 to 64"},
        {HEADER "E,tripp,d@example.org,*,*,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
         ":2: kind: not one of trip"},
        {HEADER "E,trip,dana,*,*,2026-10-14,2026-10-18,p@example.org,yes,yes\n", "staff: not a mail address"},
        {HEADER "E,trip,d@example.org,*,*,14.10.2026,2026-10-18,p@example.org,yes,yes\n", "from: not a date"},
        {HEADER "E,trip,d@example.org,*,*,2026-10-14,2026-02-30,p@example.org,yes,yes\n",
         "until: not a date"},
        {HEADER "E,trip,d@example.org,*,*,2026-10-14,2026-10-13,p@example.org,yes,yes\n",
         "until: before `from`"},
        {HEADER "E,trip,d@example.org,,*,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
         "students: empty; write *"},
        {HEADER "E,trip,d@example.org,*;Min,*,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
         "students: `Min` is neither an address nor class:<id>"},
        {HEADER "E,trip,d@example.org,*,nothing,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
         "values: `nothing` is neither a number,"},
        {HEADER TRIP TRIP, ":3: id: EX-1 is there twice"},
        {"id,kind\nE,trip\n", "column `staff` is missing"},
        {HEADER "E,trip,nobody@example.org,*,*,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
         "staff: nobody of the staff has the address nobody@example.org"},
        {HEADER "E,trip,dana@example.org,class:no,*,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
         "students: no such class: class:no"},
        {HEADER "E,trip,dana@example.org,dana@example.org,*,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
         "students: no such student: dana@example.org"},
        {HEADER "E,trip,dana@example.org,*,*,2026-10-14,2026-10-18,,yes,yes\n",
         "approver: empty; the exception"},
        {HEADER "E,approved,dana@example.org,*,*,2026-10-14,2026-10-18,p@example.org,no,yes\n",
         "guardian_consent: not given"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = import_text(cases[i].text, true);
        cr_expect(strstr(got, cases[i].expect) != NULL, "case %zu: got %s, want %s", i, got, cases[i].expect);
    }
    expect("SELECT count(*) FROM exception", "0");
}

Test(change, a_file_adds_and_replaces)
{
    g_autofree char *first = import_text(
        HEADER TRIP
        "EX-2,trip,Dana@Example.org,*,(413) 555-0142;*,2026-10-14,2026-10-18,p@example.org,no,no\n",
        false);
    cr_expect_str_eq(first, "2: ");
    expect("SELECT group_concat(id || students || value_list || begins || source) FROM exception",
           "EX-1class:cls-1+1413555015120261014file,EX-2*+14135550142;*20261014file");
    g_autofree char *added =
        ground_ask(ground.config->roster.database, "SELECT added FROM exception WHERE id = 'EX-1'");
    cr_expect(g_str_has_suffix(added, " by tester"), "%s", added);
    g_autofree char *second = import_text(
        HEADER TRIP "EX-3,trip,dana@example.org,*,*,2026-10-14,2026-10-18,p@example.org,no,no\n", false);
    cr_expect_str_eq(second, "2: ");
    expect("SELECT group_concat(id) FROM exception", "EX-1,EX-2,EX-3");
    expect("SELECT added FROM exception WHERE id = 'EX-1'", added);
    // One that was revoked stays so.
    cr_expect(feeds_exception_revoke(ground.config, "EX-1", "tester", "over", NULL));
    g_autofree char *third = import_text(HEADER TRIP, false);
    cr_expect(strstr(third, "given.csv:2: id: EX-1 was revoked; it stays so") != NULL ||
                  strstr(third, "exceptions.csv:2: id: EX-1 was revoked; it stays so") != NULL,
              "%s", third);
    expect("SELECT revoked IS NOT NULL FROM exception WHERE id = 'EX-1'", "1");
}

Test(change, a_bad_file_changes_nothing)
{
    g_autofree char *got =
        import_text(HEADER TRIP "E,trip,dana@example.org,*,*,x,2026-10-18,p@example.org,yes,yes\n", false);
    cr_expect(strstr(got, ":3: from: not a date") != NULL, "%s", got);
    expect("SELECT count(*) FROM exception", "0");
}

// ---- what is beside the columns that must be there -----------------------------------------------------------

#define HASH "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define FULL                                                                                                 \
    "id,kind,staff,students,values,from,until,approver,direction,purpose,approved,approval_sha256,"          \
    "recorded\n"

Test(change, papers_of_exceptions)
{
    g_autofree char *got = import_text(
        FULL "EX-1,trip,dana@example.org,class:cls-1,*,2026-10-14,2026-10-18,pat@example.org,both,"
             "to the lake,2026-10-02," HASH ",2026-10-03T08:00:00Z\n",
        false);
    cr_expect_str_eq(got, "1: ");
    expect("SELECT way || purpose || approved || approval || recorded || guardian_consent || purpose_required"
           " FROM exception",
           "2to the lake202610020123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
           "179101440000000001");
    static const struct {
        const char *row, *expect;
    } wrong[] = {
        {",,,,yesterday", "recorded: not a time"},
        {",,,12,", "approval_sha256: not a SHA-256"},
        {",,2026-13-01,,", "approved: not a date"},
        {"down,,,,", "direction: not one of"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *text =
            g_strconcat(FULL "E,trip,dana@example.org,*,*,2026-10-14,2026-10-18,pat@example.org,",
                        wrong[i].row, "\n", NULL);
        g_autofree char *said = import_text(text, false);
        cr_expect(strstr(said, wrong[i].expect) != NULL, "%s: %s", wrong[i].row, said);
    }
}

// The time an exception was recorded stays while its words do.
Test(change, recorded_once)
{
    g_autofree char *first = import_text(HEADER TRIP, false);
    g_autofree char *was = ground_ask(ground.config->roster.database, "SELECT recorded FROM exception");
    cr_expect(strlen(was) > 10, "%s", was);
    g_autofree char *again = import_text(HEADER TRIP, false);
    expect("SELECT recorded FROM exception", was);
    g_autofree char *changed = import_text(
        HEADER "EX-1,trip,dana@example.org,class:cls-1,*,2026-10-14,2026-10-18,pat@example.org,yes,yes\n",
        false);
    g_autofree char *now = ground_ask(ground.config->roster.database, "SELECT recorded FROM exception");
    cr_expect(strcmp(now, was) > 0, "%s, then %s", was, now);
}

#define CONSENTS "exception,student,guardian,given,sha256,document,until\n"

static char *import_consents(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = ground_write(&ground, "papers.csv", text);
    int count =
        feeds_exceptions_import(ground.config, NULL, path, false, 20261001, "tester", warnings, &error);
    if (count < 0)
        return g_strdup(error->message);
    g_ptr_array_add(warnings, NULL);
    g_autofree char *all = g_strjoinv("|", (char **)warnings->pdata);
    return g_strdup_printf("%d: %s", count, all);
}

Test(change, consents_of_a_file)
{
    g_autofree char *trip = import_text(HEADER TRIP, false);
    static const struct {
        const char *row, *expect;
    } rows[] = {
        {"EX-1,min@students.example.org,,2026-10-01," HASH ",,",
         "guardian: neither a mail address nor a name"},
        {"EX-1,min@students.example.org,Hana Lee,soon," HASH ",,", "given: not a date"},
        {"EX-1,min@students.example.org,Hana Lee,2026-10-01,12,,", "sha256: not the SHA-256"},
        {"EX-1,min,Hana Lee,2026-10-01," HASH ",,", "student: not a mail address"},
        {"EX-1,min@students.example.org,Hana Lee,2026-10-01," HASH ",,2026-09-01", "until: before `given`"},
        {"EX-1,who@students.example.org,Hana Lee,2026-10-01," HASH ",,", "student: nobody of the students"},
        {"EX-9,min@students.example.org,Hana Lee,2026-10-01," HASH ",,",
         "exception: there is none of the name EX-9"},
        {"EX-1,min@students.example.org,Hana Lee,2026-10-01," HASH ",form,", "1: "},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat(CONSENTS, rows[i].row, "\n", NULL);
        g_autofree char *said = import_consents(text);
        cr_expect(strstr(said, rows[i].expect) != NULL, "%s: %s", rows[i].row, said);
    }
    expect("SELECT guardian || given || document || ends || source FROM consent WHERE exception = 'EX-1' AND"
           " student = 'min@students.example.org'",
           "Hana Lee20261001form0file");
    expect("SELECT count(*) FROM exception", "1");
}

Test(change, one_consent)
{
    g_autofree char *trip = import_text(HEADER TRIP, false);
    g_autoptr(GError) error = NULL;
    RosterConsent consent = {
        .student = "Min@students.example.org", .guardian = "Hana Lee", .sha256 = HASH, .given = 20261001};
    cr_expect(feeds_consent_add(ground.config, "EX-1", &consent, "tester", &error), "%s",
              error ? error->message : "");
    cr_expect(!feeds_consent_add(ground.config, "EX-7", &consent, "tester", &error));
    cr_expect(strstr(error->message, "EX-7: there is none") != NULL, "%s", error->message);
    g_clear_error(&error);
    consent.student = "dana@example.org";
    cr_expect(!feeds_consent_add(ground.config, "EX-1", &consent, "tester", &error));
    cr_expect(strstr(error->message, "nobody of the students has the address dana@example.org") != NULL, "%s",
              error->message);
    g_clear_error(&error);
    const char *student = "min@students.example.org";
    cr_expect(feeds_consent_withdraw(ground.config, "EX-1", student, "tester", "no more", &error));
    expect("SELECT substr(withdrawn, 11) FROM consent", " by tester: no more");
    cr_expect(!feeds_consent_withdraw(ground.config, "EX-1", student, "tester", "again", &error));
    g_clear_error(&error);
    // The same paper again is still one that was withdrawn; a new paper counts.
    consent.student = (char *)student;
    cr_expect(feeds_consent_add(ground.config, "EX-1", &consent, "tester", &error));
    expect("SELECT count(*) FROM consent WHERE withdrawn IS NULL", "0");
}

// ---- exceptions by hand ---------------------------------------------------------------------------------

Test(change, one_exception)
{
    char *students[] = {"Min@students.example.org", NULL}, *values[] = {"instagram:@Dana", NULL};
    RosterException exception = {.id = "EX-7",
                                 .kind = "approved",
                                 .staff = "dana@example.org",
                                 .students = students,
                                 .values = values,
                                 .from = 20261001,
                                 .until = 20261031,
                                 .approver = "pat@example.org",
                                 .guardian_consent = true};
    g_autoptr(GError) error = NULL;
    cr_expect(feeds_exception_add(ground.config, &exception, "tester", &error), "%s",
              error != NULL ? error->message : "");
    expect("SELECT students || value_list || source || guardian_consent FROM exception",
           "min@students.example.orginstagram:danacommand1");
    const struct {
        const char *staff, *id, *approver, *expect;
    } wrong[] = {{"dana@example.org", "EX-7", "pat@example.org", "exception EX-7: id: taken"},
                 {"who@example.org", "EX-8", "pat@example.org", "staff: nobody of the staff"},
                 {"dana@example.org", "EX-8", "dana@example.org", "the exception will never apply"},
                 {"dana", "EX-8", "pat@example.org", "exception EX-8: staff: not a mail address"}};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_clear_error(&error);
        exception.staff = (char *)wrong[i].staff;
        exception.id = (char *)wrong[i].id;
        exception.approver = (char *)wrong[i].approver;
        cr_expect(!feeds_exception_add(ground.config, &exception, "tester", &error));
        cr_assert(error != NULL && error->code == BASE_ERROR_DATA);
        cr_expect(strstr(error->message, wrong[i].expect) != NULL, "%s", error->message);
    }
    g_clear_error(&error);
    cr_expect(!feeds_exception_revoke(ground.config, "EX-9", "tester", "x", &error));
    cr_expect(error->code == BASE_ERROR_NOINPUT && strstr(error->message, "there is none") != NULL);
    cr_expect(feeds_exception_revoke(ground.config, "EX-7", "tester", "trip is off", NULL));
    expect("SELECT substr(revoked, 11) FROM exception", " by tester: trip is off");
    g_clear_error(&error);
    cr_expect(!feeds_exception_revoke(ground.config, "EX-7", "tester", "again", &error));
    cr_expect(error->code == BASE_ERROR_DATA && strstr(error->message, "revoked already") != NULL);
}

Test(change, without_a_roster)
{
    g_autoptr(GError) error = NULL;
    g_free(ground.config->roster.database);
    ground.config->roster.database = ground_path(&ground, "none.db");
    cr_expect(!feeds_personal_add(ground.config, "dana@example.org", "cell", "+14135550142", &error));
    cr_assert(error != NULL && error->code == BASE_ERROR_NOINPUT);
    cr_expect(strstr(error->message, "there is no roster; run `chaperone roster import`") != NULL, "%s",
              error->message);
    cr_expect(!g_file_test(ground.config->roster.database, G_FILE_TEST_EXISTS));
}

// ---- private details ------------------------------------------------------------------------------------

static char *registered(const char *plain)
{
    RosterKey key;
    unsigned char hash[KEY_HASH];
    cr_assert(generation_key(ground.config, ground.config->roster.database, &key, NULL));
    key_hash(&key, plain, hash);
    g_autofree char *hex = hex_encode(hash, sizeof hash);
    g_autofree char *sql =
        g_strdup_printf("SELECT group_concat(owner || ' ' || field || ' ' || source) FROM personal "
                        "WHERE hash = x'%s'",
                        hex);
    return ground_ask(ground.config->roster.database, sql);
}

static void expect_registered(const char *plain, const char *value)
{
    g_autofree char *got = registered(plain);
    cr_expect_str_eq(got, value, "%s: got %s", plain, got);
}

static void add(const char *address, const char *kind, const char *value)
{
    g_autoptr(GError) error = NULL;
    cr_expect(feeds_personal_add(ground.config, address, kind, value, &error), "%s",
              error != NULL ? error->message : "");
}

Test(change, registered_by_hand)
{
    add("Dana@Example.org", "cell", "(413) 555-0142");
    add("dana@example.org", "cell", "413-555-0142");
    add("dana@example.org", "email", "Dana.Home@mail.example.net");
    add("dana@example.org", "handle", "instagram:@Dana_W");
    expect_registered("phone:+14135550142", "dana@example.org cell own");
    expect_registered("phone7:5550142", "dana@example.org cell own");
    expect_registered("email:dana.home@mail.example.net", "dana@example.org email own");
    expect_registered("name:email:dana.home", "dana@example.org email own");
    expect_registered("name:handle:dana_w", "dana@example.org handle own");
    expect("SELECT count(*) FROM personal WHERE sealed IS NOT NULL", "3");
    expect("SELECT count(*) FROM personal WHERE person <> 0", "0");
    // The next generation has them too.
    cr_assert(ground_generation(&ground, NULL, NULL) == 2);
    expect_registered("phone:+14135550142", "dana@example.org cell own");
}

Test(change, who_and_what_may_be_registered)
{
    static const struct {
        const char *address, *kind, *value, *expect;
        int code;
    } cases[] = {
        {"dana", "cell", "+14135550142", "dana: not a mail address", BASE_ERROR_USAGE},
        {"min@students.example.org", "cell", "+14135550142", "nobody of the staff has this address",
         BASE_ERROR_NOINPUT},
        {"who@example.net", "cell", "+14135550142", "nobody of the staff has this address",
         BASE_ERROR_NOINPUT},
        {"dana@example.org", "fax", "+14135550142", "fax: not one of email, cell,", BASE_ERROR_USAGE},
        {"dana@example.org", "cell", "12", "12: not a phone; write +14135550142", BASE_ERROR_USAGE},
        {"dana@example.org", "handle", "dana", "dana: not a handle; write platform:name", BASE_ERROR_USAGE},
        {"dana@example.org", "email", "d@sub.example.org", "an address of the district", BASE_ERROR_USAGE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect(
            !feeds_personal_add(ground.config, cases[i].address, cases[i].kind, cases[i].value, &error));
        cr_assert(error != NULL);
        cr_expect(error->code == cases[i].code && strstr(error->message, cases[i].expect) != NULL, "%d %s",
                  error->code, error->message);
    }
    expect("SELECT count(*) FROM personal", "0");
}

Test(change, taken_back)
{
    g_autoptr(GError) error = NULL;
    add("dana@example.org", "cell", "+14135550142");
    add("dana@example.org", "cell", "+15085550142");
    add("dana@example.org", "email", "dana@mail.example.net");
    ground_exec(
        ground.config->roster.database,
        "INSERT INTO personal VALUES (x'01', 0, 'dana@example.org', 'cell', NULL, 'personal.csv', 0)");
    cr_expect(!feeds_personal_remove(ground.config, "dana@example.org", "cell", "+14135550199", &error));
    cr_expect(error->code == BASE_ERROR_NOINPUT && strstr(error->message, "not registered by hand") != NULL);
    cr_expect(feeds_personal_remove(ground.config, "dana@example.org", "cell", "413 555 0142", NULL));
    expect_registered("phone:+14135550142", "");
    expect_registered("phone:+15085550142", "dana@example.org cell own");
    // The last digits are the other number's as well.
    expect_registered("phone7:5550142", "dana@example.org cell own");
    cr_expect(feeds_personal_remove(ground.config, "dana@example.org", "cell", NULL, NULL));
    expect_registered("phone7:5550142", "");
    expect_registered("email:dana@mail.example.net", "dana@example.org email own");
    expect("SELECT count(*) FROM personal WHERE source = 'personal.csv'", "1");
    g_clear_error(&error);
    cr_expect(!feeds_personal_remove(ground.config, "dana@example.org", "cell", NULL, &error));
    cr_expect(error->code == BASE_ERROR_NOINPUT);
}
