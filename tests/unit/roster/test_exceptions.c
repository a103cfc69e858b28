#include "fixture.h"

static Fixture f;

static void open_district(void)
{
    fixture_init(&f);
    fixture_put_district(&f);
    fixture_import(&f);
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
