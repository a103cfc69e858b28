#include "book.h"

#include <string.h>

static Book book;

static void open_book(void)
{
    book_init(&book);
    book_personal(&book, 1, 1, "", KIND_EMAIL, "dana.own@example.net");
    book_personal(&book, 1, 0, "d.whitlock@example.org", KIND_EMAIL, "dana.two@example.net");
    book_personal(&book, 1, 0, "unknown@example.org", KIND_EMAIL, "stray@example.net");
    book_open(&book, BOOK_TODAY);
}

static void close_book(void)
{
    book_clear(&book);
}

TestSuite(parties, .init = open_book, .fini = close_book);

Test(parties, whose_an_address_is)
{
    static const struct {
        const char *address, *expect;
    } cases[] = {
        {"DANA@Example.ORG", "staff school stf-1"},
        {"dana+spam@example.org", "staff school stf-1"},
        {"d.whitlock@example.org", "staff school stf-1"},
        {"dana.lynn@example.org", "staff school stf-1"},
        {"dana@out.example.net", "staff personal stf-1"},
        {"dana.own@example.net", "staff personal stf-1"},
        {"dana.two@example.net", "staff personal stf-1"},
        {"stray@example.net", "staff personal unknown@example.org"},
        {"hana@example.net", "guardian personal par-1"},
        {"eli@students.example.org", "student school stu-3 off"},
        {"min.plays@example.net", "student personal stu-1"},
        {"who@example.net", "student personal -"},
        // It went from a teacher to a student.
        {"jsmith@example.org", "student school stu-4"},
        {"gone@example.org", "staff school stf-5 off"},
        // A guardian's of now, a student's of before, that of a teacher who is gone.
        {"shared@example.net", "guardian personal par-1"},
        {"nobody@example.org", "service school -"},
        {"nobody@b\303\274cher.example", "service school -"},
        {"nobody@mail.B\303\234CHER.example", "service school -"},
        {"nobody@example.net", "external personal -"},
        {"nobody@xample.org", "external personal -"},
        {"dana", "staff school stf-1"},
        {"", "external personal -"},
        {"a\xff@example.org", "external personal -"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = book_who(&book, cases[i].address);
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].address, got);
    }
}

Test(parties, in_full)
{
    g_autoptr(Party) dana = book_party(&book, "dana@example.org");
    g_autofree char *positions = book_join(g_steal_pointer(&dana->positions));
    g_autofree char *schools = book_join(g_steal_pointer(&dana->schools));
    cr_expect_str_eq(dana->name, "Dana Lynn Whitlock");
    cr_expect_str_eq(positions, "counselor nurse tutor", "coach ended today, nurse begins: %s", positions);
    cr_expect_str_eq(schools, "hs office");
    cr_expect_str_eq(dana->manager, "stf-2");
    cr_expect_null(dana->grade);
    cr_expect_eq(dana->adult, TRI_NO);
    g_autoptr(Party) min = book_party(&book, "min@students.example.org");
    cr_expect_str_eq(min->grade, "12");
    cr_expect_null(min->manager);
}

Test(parties, roles_and_classes_of_the_day)
{
    static const struct {
        int today;
        const char *address, *roles, *classes;
    } cases[] = {
        {20261016, "dana@example.org", "staff", "band eng"},
        {20260731, "dana@example.org", "staff", "band"},
        {20260630, "dana@example.org", "staff", "band past"},
        {20261016, "min@students.example.org", "student", "eng"},
        {20261015, "min@students.example.org", "student", "band eng"},
        {20261016, "ana@students.example.org", "student", "band"},
        {20261017, "ana@students.example.org", "student", "band eng"},
        {20270701, "ana@students.example.org", "student", "band"},
        {20251101, "ana@students.example.org", "student", "band"},
        // The seat's end outweighs the class's; its begin is the class's.
        {20261016, "eli@students.example.org", "student", "club"},
        {20250731, "eli@students.example.org", "student", ""},
        // A teacher until the summer, a guardian since.
        {20260630, "sam@example.org", "staff", "band club"},
        {20261016, "sam@example.org", "guardian", "band club"},
        // Over, and nothing else: still a teacher to everybody.
        {20261016, "summer@example.org", "staff", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        book_open(&book, cases[i].today);
        g_autoptr(Party) party = book_party(&book, cases[i].address);
        g_autofree char *roles = book_join(g_steal_pointer(&party->roles));
        g_autofree char *classes = book_join(g_steal_pointer(&party->classes));
        cr_expect_str_eq(roles, cases[i].roles, "%s on %d: %s", cases[i].address, cases[i].today, roles);
        cr_expect_str_eq(classes, cases[i].classes, "%s on %d: %s", cases[i].address, cases[i].today,
                         classes);
    }
}

Test(parties, of_age)
{
    static const struct {
        int today;
        const char *address;
        Tri adult;
    } cases[] = {
        {20261015, "min@students.example.org", TRI_NO}, {20261016, "min@students.example.org", TRI_YES},
        {20261016, "ana@students.example.org", TRI_NO}, {20261016, "eli@students.example.org", TRI_UNKNOWN},
        {20260228, "jsmith@example.org", TRI_NO},       {20260301, "jsmith@example.org", TRI_YES},
        {20261016, "hana@example.net", TRI_NO},         {20261016, "who@example.net", TRI_UNKNOWN},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        book_open(&book, cases[i].today);
        g_autoptr(Party) party = book_party(&book, cases[i].address);
        cr_expect_eq(party->adult, cases[i].adult, "%s on %d", cases[i].address, cases[i].today);
    }
}

Test(parties, family)
{
    static const struct {
        const char *person, *student;
        Tri family;
    } cases[] = {
        {"par-1", "stu-1", TRI_YES}, {"par-1", "stu-2", TRI_NO},  {"stf-3", "stu-3", TRI_YES},
        {"stu-1", "stu-1", TRI_YES}, {"nobody", "stu-1", TRI_NO}, {NULL, "stu-1", TRI_NO},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        cr_expect_eq(roster_is_family(book.session, cases[i].person, cases[i].student, NULL), cases[i].family,
                     "%zu", i);
    g_autofree char *children = book_join(roster_children_of(book.session, "stf-3", NULL));
    g_autofree char *guardians = book_join(roster_guardians_of(book.session, "stu-1", NULL));
    cr_expect_str_eq(children, "stu-3");
    cr_expect_str_eq(guardians, "par-1");
}

Test(parties, shared_classes)
{
    static const struct {
        int today;
        const char *a, *b;
        bool teaches;
        Tri expect;
    } cases[] = {
        {20261016, "stf-1", "stu-1", true, TRI_YES},  {20261016, "stu-1", "stf-1", true, TRI_NO},
        {20261016, "stu-1", "stf-1", false, TRI_YES}, {20261016, "stf-1", "stu-2", true, TRI_NO},
        {20261017, "stf-1", "stu-2", true, TRI_YES},  {20261016, "stf-1", "stu-2", false, TRI_YES},
        {20261016, "stf-3", "stu-2", true, TRI_YES},  {20261016, "stf-3", "stu-1", true, TRI_NO},
        {20270701, "stf-1", "stu-1", true, TRI_NO},   {20261016, "nobody", "stu-1", false, TRI_NO},
        {20261016, NULL, "stu-1", false, TRI_NO},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        book_open(&book, cases[i].today);
        cr_expect_eq(roster_share_class(book.session, cases[i].a, cases[i].b, cases[i].teaches, NULL),
                     cases[i].expect, "case %zu", i);
    }
}

static char *owners(Kind kind, const char *value)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) found = roster_owners(book.session, kind, value, &error);
    cr_assert(found != NULL, "%s", error != NULL ? error->message : "");
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        const RosterOwner *owner = found->pdata[i];
        g_string_append_printf(out, "%s%s:%s:%s", i > 0 ? "|" : "", owner_name(owner->owner),
                               owner->person != NULL ? owner->person : "-", owner->label);
    }
    return g_strdup(out->str);
}

Test(parties, owners_of_details)
{
    static const struct {
        Kind kind;
        const char *value, *expect;
    } cases[] = {
        {KIND_PHONE, "+14135550110", "school:-:staff member's work"},
        {KIND_PHONE, "5550110", "school:-:staff member's work"},
        // Somebody who is a guardian too is not taken to have published what his row says.
        {KIND_PHONE, "+14135550184", "staff:stf-3:guardian's row of a staff member: sms"},
        {KIND_EMAIL, "sam.home@example.net", "staff:stf-3:guardian's row of a staff member: email"},
        {KIND_EMAIL, "dana@out.example.net", "staff:stf-1:roster: email"},
        {KIND_EMAIL, "dana.own@example.net", "staff:stf-1:personal registry: cell"},
        {KIND_EMAIL, "dana.two@example.net", "staff:stf-1:personal registry: cell"},
        {KIND_EMAIL, "dana@example.org", "school:-:district domain example.org"},
        {KIND_PHONE, "+14135550166", "student:stu-2:student's sms"},
        {KIND_PHONE, "+15085550142", "guardian:par-1:guardian's phone"},
        {KIND_EMAIL, "min.plays@example.net", "student:stu-1:student's private address"},
        {KIND_PHONE, "988", "published:-:published: Lifeline"},
        {KIND_PHONE, "+14135550199", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = owners(cases[i].kind, cases[i].value);
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].value, got);
    }
    g_autofree char *kinds = book_join(roster_registered_kinds(book.session, "stf-1", NULL));
    cr_expect_str_eq(kinds, "cell");
}

Test(parties, logins)
{
    static const struct {
        const char *login, *expect; // "by person"
    } cases[] = {
        {"dana", "auth stf-1"},
        {"DANA", "auth stf-1"},
        {"both", "envelope -"},   // two have it
        {"jsmith", "auth stu-4"}, // one of them is gone
        {"dana@example.org", "auth stf-1"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Envelope) envelope = envelope_new();
        envelope->auth_login = g_strdup(cases[i].login);
        g_free(envelope->mail_from);
        envelope->mail_from = g_strdup("x@example.net");
        g_autoptr(Message) message = message_new();
        g_autoptr(Parties) parties = roster_resolve_message(book.session, envelope, message, NULL);
        cr_assert_not_null(parties);
        g_autofree char *got = g_strdup_printf(
            "%s %s", parties->sender_by, parties->sender->person != NULL ? parties->sender->person : "-");
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].login, got);
    }
}

Test(parties, exceptions_go_with_the_person_and_the_address)
{
    static const struct {
        const char *address, *expect;
    } cases[] = {{"dana@example.org", "EX-1"},       {"dana.own@example.net", "EX-1"},
                 {"d.whitlock@example.org", "EX-1"}, {"jsmith@example.org", "EX-2"},
                 {"gone@example.org", ""},           {"stranger@example.net", ""}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Party) party = book_party(&book, cases[i].address);
        g_autoptr(GPtrArray) found = roster_exceptions_of(book.session, party, NULL);
        cr_assert_not_null(found);
        GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
        for (guint k = 0; k < found->len; k++)
            g_ptr_array_add(ids, g_strdup(((RosterException *)found->pdata[k])->id));
        g_autofree char *got = book_join(ids);
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].address, got);
    }
}

Test(parties, an_exception_covers_who_is_enrolled_on_a_day_of_it)
{
    static const struct {
        const char *student;
        Tri expect;
    } cases[] = {{"min@students.example.org", TRI_YES}, // until the 16th, the exception begins on the 10th
                 {"ana@students.example.org", TRI_YES}, // since the 16th
                 {"eli@students.example.org", TRI_NO},
                 {"sam@example.org", TRI_NO}}; // teaches it
    g_autoptr(Party) dana = book_party(&book, "dana@example.org");
    g_autoptr(GPtrArray) found = roster_exceptions_of(book.session, dana, NULL);
    cr_assert(found != NULL && found->len == 1);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Party) student = book_party(&book, cases[i].student);
        cr_expect_eq(roster_exception_covers_student(book.session, found->pdata[0], student, NULL),
                     cases[i].expect, "%s", cases[i].student);
    }
}

Test(parties, names_of_things)
{
    g_autofree char *person = roster_person_name(book.session, "stf-1", NULL);
    g_autofree char *nobody = roster_person_name(book.session, "zzz", NULL);
    g_autofree char *title = roster_class_title(book.session, "eng", NULL);
    g_autofree char *school = roster_school_name(book.session, "hs", NULL);
    g_autofree char *unknown = roster_school_name(book.session, "zzz", NULL);
    cr_expect_str_eq(person, "Dana Lynn Whitlock");
    cr_expect_str_eq(nobody, "zzz");
    cr_expect_str_eq(title, "English");
    cr_expect_str_eq(school, "High School");
    cr_expect_str_eq(unknown, "zzz");
}
