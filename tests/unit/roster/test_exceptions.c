#include "fixture.h"

#include <string.h>

static Fixture f;

static void open_district(void)
{
    fixture_init(&f);
    fixture_put_district(&f);
    roster_summary_free(fixture_import(&f));
    fixture_open(&f);
}

static void close_district(void)
{
    fixture_clear(&f);
}

TestSuite(exceptions, .init = open_district, .fini = close_district);

static GPtrArray *exceptions_of(const char *address)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Party) staff = roster_resolve(f.session, address, &error);
    cr_assert(staff != NULL);
    GPtrArray *all = roster_exceptions_of(f.session, staff, &error);
    cr_assert(all != NULL, "%s", error != NULL ? error->message : "");
    return all;
}

Test(exceptions, read_back)
{
    g_autoptr(GPtrArray) all = exceptions_of("Dana.Whitlock+x@example.org");
    cr_assert_eq(all->len, 2);
    const RosterException *one = all->pdata[0];
    cr_expect_str_eq(one->id, "EX-2");
    cr_expect_str_eq(one->kind, "approved");
    cr_expect_str_eq(one->staff_person, "stf-1");
    cr_expect_str_eq(one->approver_person, "stf-3");
    cr_expect_str_eq(one->students[1], "aortiz@students.example.org");
    cr_expect_str_eq(one->values[0], "+14135550151");
    cr_expect_str_eq(one->values[1], "instagram:dana.writes.things");
    cr_expect_null(one->values[2]);
    cr_expect_eq(one->from, 20261001);
    cr_expect_eq(one->until, 20261218);
    cr_expect(one->guardian_consent && !one->purpose_required);
    cr_expect_null(one->revoked);
    // Her private mailbox is she too.
    g_autoptr(GPtrArray) same = exceptions_of("dana.writes@mail.example.net");
    cr_expect_eq(same->len, 2);
    g_autoptr(GPtrArray) none = exceptions_of("stranger@example.net");
    cr_expect_eq(none->len, 0);
}

Test(exceptions, cover_students)
{
    static const struct {
        const char *staff;
        guint index;
        const char *student;
        Tri expect;
    } cases[] = {
        {"dana.whitlock@example.org", 0, "mlee@students.example.org", TRI_YES},
        {"dana.whitlock@example.org", 0, "min.plays@mail.example.net", TRI_YES},
        {"dana.whitlock@example.org", 0, "erourke@students.example.org", TRI_NO},
        {"dana.whitlock@example.org", 1, "erourke@students.example.org", TRI_YES},
        {"srourke@example.org", 0, "scarvalho@students.example.org", TRI_YES},
        {"srourke@example.org", 0, "erourke@students.example.org", TRI_NO}, // left the class before the trip
        {"srourke@example.org", 0, "mlee@students.example.org", TRI_NO},
        {"srourke@example.org", 0, "srourke@example.org", TRI_NO}, // its teacher
        {"srourke@example.org", 0, "stranger@example.net", TRI_NO},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) all = exceptions_of(cases[i].staff);
        g_autoptr(Party) student = roster_resolve(f.session, cases[i].student, NULL);
        cr_assert(student != NULL && all->len > cases[i].index);
        cr_expect_eq(roster_exception_covers_student(f.session, all->pdata[cases[i].index], student, NULL),
                     cases[i].expect, "%s for %s", cases[i].staff, cases[i].student);
    }
    // A child known by person only, as of a guardian.
    g_autoptr(GPtrArray) all = exceptions_of("srourke@example.org");
    Party child = {.person = "stu-4", .role = ROLE_STUDENT};
    cr_expect_eq(roster_exception_covers_student(f.session, all->pdata[0], &child, NULL), TRI_YES);
}

#define HEADER "id,kind,staff,students,values,from,until,approver,guardian_consent,purpose_required\n"

Test(exceptions, import_checks)
{
    static const struct {
        const char *row, *expect;
    } cases[] = {
        {"X 1,trip,tlane@example.org,*,*,2026-01-01,2026-01-02,pokafor@example.org,yes,no",
         "exceptions.csv:2: id"},
        {"X,holiday,tlane@example.org,*,*,2026-01-01,2026-01-02,pokafor@example.org,yes,no",
         ":2: kind: not one of trip"},
        {"X,trip,tlane,*,*,2026-01-01,2026-01-02,pokafor@example.org,yes,no", ":2: staff"},
        {"X,trip,tlane@example.org,nobody,*,2026-01-01,2026-01-02,pokafor@example.org,yes,no",
         ":2: students: `nobody`"},
        {"X,trip,tlane@example.org,,*,2026-01-01,2026-01-02,pokafor@example.org,yes,no",
         ":2: students: empty"},
        {"X,trip,tlane@example.org,*,what,2026-01-01,2026-01-02,pokafor@example.org,yes,no",
         ":2: values: `what`"},
        {"X,trip,tlane@example.org,*,*,2026-02-30,2026-03-02,pokafor@example.org,yes,no",
         ":2: from: not a date"},
        {"X,trip,tlane@example.org,*,*,2026-01-01,1/2/2026,pokafor@example.org,yes,no",
         ":2: until: not a date"},
        {"X,trip,tlane@example.org,*,*,2026-01-02,2026-01-01,pokafor@example.org,yes,no",
         ":2: until: before"},
        {"X,trip,tlane@example.org,*,*,2026-01-01,2026-01-02,boss,yes,no", ":2: approver"},
        {"X,trip,tlane@example.org,*,*,2026-01-01,2026-01-02,p@example.org,yes,no\n"
         "X,trip,tlane@example.org,*,*,2026-01-01,2026-01-02,p@example.org,yes,no",
         ":3: id: X is there twice"},
    };
    g_autofree char *path = g_build_filename(f.dir, "more.csv", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(HEADER, cases[i].row, "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(RosterSummary) summary = g_new0(RosterSummary, 1);
        summary->warnings = g_ptr_array_new_with_free_func(g_free);
        cr_assert(g_file_set_contents(path, text, -1, NULL));
        cr_expect_eq(roster_exceptions_import(f.config, path, false, summary, &error), -1, "%s",
                     cases[i].row);
        cr_expect(error != NULL && strstr(error->message, cases[i].expect) != NULL, "`%s` lacks `%s`",
                  error != NULL ? error->message : "", cases[i].expect);
    }
}

static int import_rows(const char *rows, bool dry_run, RosterSummary *summary)
{
    g_autofree char *path = g_build_filename(f.dir, "more.csv", NULL);
    g_autofree char *text = g_strconcat(HEADER, rows, NULL);
    g_autoptr(GError) error = NULL;
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    int count = roster_exceptions_import(f.config, path, dry_run, summary, &error);
    cr_assert(count >= 0, "%s", error != NULL ? error->message : "");
    return count;
}

Test(exceptions, import_adds_and_replaces)
{
    g_autoptr(RosterSummary) summary = g_new0(RosterSummary, 1);
    summary->warnings = g_ptr_array_new_with_free_func(g_free);
    const char *rows =
        "EX-1,trip,srourke@example.org,class:nope,*,2026-01-01,2026-01-02,pokafor@example.org,yes,no\n"
        "EX-9,family,ghost@example.org,*,*,2026-01-01,2026-01-02,,no,no\n"
        "EX-10,approved,tlane@example.org,*,*,2026-01-01,2026-01-01,pokafor@example.org,no,no\n";
    cr_expect_eq(import_rows(rows, true, summary), 3);
    fixture_open(&f);
    g_autoptr(GPtrArray) before = roster_exceptions_all(f.session, NULL);
    cr_expect_eq(before->len, 3);
    cr_expect_eq(import_rows(rows, false, summary), 3);
    cr_expect(fixture_warns(summary, "exceptions.csv:2: students: no such class: class:nope"));
    cr_expect(fixture_warns(summary, "exceptions.csv:3: staff: nobody of the staff"));
    cr_expect(fixture_warns(summary, "exceptions.csv:3: approver: empty"));
    cr_expect(fixture_warns(summary, "exceptions.csv:4: guardian_consent: not given"));
    fixture_open(&f);
    g_autoptr(GPtrArray) all = roster_exceptions_all(f.session, NULL);
    cr_expect_eq(all->len, 5);
    cr_expect_str_eq(((RosterException *)all->pdata[0])->students[0], "class:nope");
    cr_expect_null(((RosterException *)all->pdata[4])->staff_person);
}

static RosterException sample(char **students, char **values)
{
    RosterException exception = {.id = "EX-50",
                                 .kind = "emergency",
                                 .staff = "TLane@example.org",
                                 .students = students,
                                 .values = values,
                                 .from = 20261101,
                                 .until = 20261130,
                                 .approver = "pokafor@example.org",
                                 .guardian_consent = true};
    return exception;
}

Test(exceptions, add_by_hand)
{
    char *students[] = {"mlee@students.example.org", "class:cls-1", NULL}, *values[] = {"413.555.0117", NULL};
    char *strangers[] = {"stranger@example.net", NULL}, *nothing[] = {NULL};
    RosterException good = sample(students, values);
    g_autoptr(GError) error = NULL;
    cr_assert(roster_exception_add(f.config, &good, "admin", &error), "%s",
              error != NULL ? error->message : "");
    fixture_open(&f);
    g_autoptr(GPtrArray) mine = exceptions_of("tlane@example.org");
    cr_assert_eq(mine->len, 1);
    cr_expect_str_eq(((RosterException *)mine->pdata[0])->values[0], "+14135550117");
    RosterException bad[8];
    const char *expect[8] = {"id: taken",        "staff: nobody",   "students: no such student",
                             "values: empty",    "approver: empty", "approver: the staff member",
                             "guardian_consent", "until: before"};
    for (int i = 0; i < 8; i++) {
        bad[i] = good;
        bad[i].id = i == 0 ? "EX-50" : "EX-51";
    }
    bad[1].staff = "ghost@example.org";
    bad[2].students = strangers;
    bad[3].values = nothing;
    bad[4].approver = "";
    bad[5].approver = "tlane@example.org";
    bad[6].kind = "approved";
    bad[6].guardian_consent = false;
    bad[7].until = 20261001;
    for (int i = 0; i < 8; i++) {
        g_autoptr(GError) why = NULL;
        cr_expect(!roster_exception_add(f.config, &bad[i], "admin", &why), "case %d", i);
        cr_expect(why != NULL && strstr(why->message, expect[i]) != NULL, "case %d: %s", i,
                  why != NULL ? why->message : "");
    }
}

Test(exceptions, revoked_stay_revoked)
{
    g_autoptr(GError) none = NULL, again = NULL, error = NULL;
    char *students[] = {"*", NULL}, *values[] = {"*", NULL};
    RosterException by_hand = sample(students, values);
    cr_expect(!roster_exception_revoke(f.config, "EX-404", "admin", "why", &none));
    cr_expect_eq(none->code, BASE_ERROR_NOINPUT);
    cr_assert(roster_exception_add(f.config, &by_hand, "admin", &error));
    cr_assert(roster_exception_revoke(f.config, "EX-1", "admin", "the trip is off", &error));
    cr_expect(!roster_exception_revoke(f.config, "EX-1", "admin", "twice", &again));
    // The district's file still has EX-1 and has no EX-50.
    g_autoptr(RosterSummary) summary = fixture_import(&f);
    cr_expect(fixture_warns(summary, "exceptions.csv:2: id: EX-1 was revoked"));
    fixture_put(&f, "exceptions.csv", HEADER);
    roster_summary_free(fixture_import(&f));
    fixture_open(&f);
    g_autoptr(GPtrArray) all = roster_exceptions_all(f.session, NULL);
    cr_assert_eq(all->len, 2);
    const RosterException *revoked = all->pdata[0], *kept = all->pdata[1];
    cr_expect_str_eq(revoked->id, "EX-1");
    cr_assert(revoked->revoked != NULL);
    cr_expect(strstr(revoked->revoked, " by admin: the trip is off") != NULL);
    cr_expect_eq(strlen(revoked->revoked), strlen("2026-11-01 by admin: the trip is off"));
    cr_expect_str_eq(kept->id, "EX-50");
}
