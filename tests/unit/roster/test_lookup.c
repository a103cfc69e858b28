#include "fixture.h"

#include <string.h>

static Fixture district;

static void open_district(void)
{
    fixture_init(&district);
    fixture_put_district(&district);
    fixture_import(&district);
    fixture_open(&district);
}

static void close_district(void)
{
    fixture_clear(&district);
}

TestSuite(lookup, .init = open_district, .fini = close_district);

Test(lookup, addresses)
{
    static const struct {
        const char *address, *expect;
    } cases[] = {
        {"dana.whitlock@example.org", "staff school stf-1"},
        {"Dana.Whitlock+x@EXAMPLE.org", "staff school stf-1"},
        {"dana.writes@mail.example.net", "staff personal stf-1"},
        {"mlee@students.example.org", "student school stu-1"},
        {"min.plays@mail.example.net", "student personal stu-1"},
        {"ggone@students.example.org", "student school stu-5"},
        {"hana.lee@example.net", "guardian personal par-1"},
        {"srourke@example.org", "staff school stf-4"},
        {"ines.home@mail.example.net", "staff personal stf-5"},
        {"news@example.org", "service school -"},
        {"copier@deep.hs.example.org", "service school -"},
        {"x@notexample.org", "external personal -"},
        {"stranger@mail.example.net", "external personal -"},
        {"english@example.org", "list school -"},
        {"all+news@example.org", "list school -"},
        {"srourke", "staff school stf-4"},
        {"nobody", "external personal -"},
        {"", "external personal -"},
        {"a\xff@example.org", "external personal -"},
        {"' OR 1=1 --@example.org", "service school -"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = fixture_who(&district, cases[i].address);
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].address, got);
    }
}

Test(lookup, party_in_full)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Party) party = roster_resolve(district.session, "Dana.Whitlock@example.org", &error);
    cr_assert(party != NULL);
    cr_expect_str_eq(party->address, "Dana.Whitlock@example.org");
    cr_expect_str_eq(party->canonical, "dana.whitlock@example.org");
    cr_expect_str_eq(party->name, "Dana Whitlock");
    cr_expect(party->enabled);
    cr_expect_eq(party->schools->len, 2);
    cr_expect_eq(party->classes->len, 1);
    cr_expect_str_eq(party->classes->pdata[0], "cls-1");
    cr_expect_null(party->members);
    g_autoptr(Party) off = roster_resolve(district.session, "ggone@students.example.org", &error);
    cr_assert(off != NULL);
    cr_expect(!off->enabled);
}

Test(lookup, staff_and_guardian)
{
    static const char *const addresses[] = {"srourke@example.org", "icarvalho@example.org",
                                            "ines.home@mail.example.net"};
    for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Party) party = roster_resolve(district.session, addresses[i], &error);
        cr_assert(party != NULL);
        cr_expect_eq(party->role, ROLE_STAFF);
        cr_expect_eq(party->roles->len, 2, "%s has %u roles", addresses[i], party->roles->len);
        cr_expect_str_eq(party->roles->pdata[0], "staff");
        cr_expect_str_eq(party->roles->pdata[1], "guardian");
    }
}

Test(lookup, family)
{
    static const struct {
        const char *person, *student;
        Tri expect;
    } cases[] = {
        {"par-1", "stu-1", TRI_YES}, {"par-2", "stu-2", TRI_YES}, {"par-1", "stu-2", TRI_NO},
        {"stf-4", "stu-3", TRI_YES}, {"stf-5", "stu-4", TRI_YES}, {"stf-4", "stu-4", TRI_NO},
        {"stf-1", "stu-3", TRI_NO},  {"stu-1", "stu-1", TRI_YES}, {"stf-1", "nobody", TRI_NO},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect_eq(roster_is_family(district.session, cases[i].person, cases[i].student, &error),
                     cases[i].expect, "%s of %s", cases[i].person, cases[i].student);
    }
    g_autofree char *children = fixture_join(roster_children_of(district.session, "stf-5", NULL));
    cr_expect_str_eq(children, "stu-4");
    g_autofree char *guardians = fixture_join(roster_guardians_of(district.session, "stu-1", NULL));
    cr_expect_str_eq(guardians, "par-1");
}

Test(lookup, names)
{
    static const struct {
        const char *text, *expect;
    } cases[] = {
        {"Dana Whitlock", "stf-1"},
        {"Coach WHITLOCK, Dana (English)", "stf-1"},
        {"Ms. Whitlock", ""},
        {"Dana", ""},
        {"Teo OBrien Lane", "stf-2"},
        {"T\303\211O O\342\200\231BRIEN-LANE", "stf-2"},
        {"Teo Lane", ""},
        {"Pat Okafor and Dana Whitlock", "stf-3 stf-1"},
        {"Min Lee", ""},
        {"", ""},
        {"\xff", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = fixture_join(roster_staff_named(district.session, cases[i].text, NULL));
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].text, got);
    }
}

Test(lookup, owners)
{
    static const struct {
        Kind kind;
        const char *value, *expect;
    } cases[] = {
        {KIND_PHONE, "+14135550151", "staff:stf-1"},
        {KIND_PHONE, "5550151", "staff:stf-1"},
        {KIND_PHONE, "+14135550190", "staff:stf-1"},
        {KIND_PHONE, "+14135550105", "school:- staff:stf-2"},
        {KIND_PHONE, "5550103", "school:-"},
        {KIND_PHONE, "+14135550117", "staff:stf-2"},
        {KIND_PHONE, "+14135550184", "staff:stf-4"},
        {KIND_PHONE, "+14135550162", "staff:stf-5"},
        {KIND_PHONE, "+14135550166", "student:stu-2"},
        {KIND_PHONE, "+15085550143", "guardian:par-1"},
        {KIND_PHONE, "5550144", "guardian:par-2"},
        {KIND_PHONE, "988", "published:-"},
        {KIND_PHONE, "+18005550199", "published:-"},
        {KIND_PHONE, "+14135550199", ""},
        {KIND_PHONE, "0151", ""},
        {KIND_EMAIL, "dana.writes@mail.example.net", "staff:stf-1"},
        {KIND_EMAIL, "dana.whitlock@example.org", "school:-"},
        {KIND_EMAIL, "mlee@students.example.org", "school:-"},
        {KIND_EMAIL, "min.plays@mail.example.net", "student:stu-1"},
        {KIND_EMAIL, "hana.lee@example.net", "guardian:par-1"},
        {KIND_EMAIL, "ines.home@mail.example.net", "staff:stf-5"},
        {KIND_EMAIL, "pto@mail.example.net", "published:-"},
        {KIND_EMAIL, "stranger@mail.example.net", ""},
        {KIND_EMAIL, "not an address", ""},
        {KIND_HANDLE, "instagram:dana.writes.things", "staff:stf-1"},
        {KIND_HANDLE, "snapchat:dana.writes.things", ""},
        {KIND_HANDLE, "whatsapp:+14135550151", "staff:stf-1"},
        {KIND_HANDLE, "twitter:exampleschools", "published:-"},
        {KIND_PAYMENT_HANDLE, "venmo:@teo-lane", "staff:stf-2"},
        {KIND_INVITE, "remind.example/join/band", "published:-"},
        {KIND_STREET_ADDRESS, "14 larkspur lane", "staff:stf-1"},
        {KIND_STREET_ADDRESS, "31 mill st, alder falls", "school:-"},
        {KIND_SOLICITATION, "text me", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = fixture_owners(&district, cases[i].kind, cases[i].value);
        cr_expect_str_eq(got, cases[i].expect, "%s %s: %s", kind_name(cases[i].kind), cases[i].value, got);
    }
}

Test(lookup, values_by_name)
{
    static const struct {
        const char *person;
        Kind kind;
        const char *name, *expect;
    } cases[] = {
        {"stf-1", KIND_HANDLE, "@Dana.Writes.Things", "instagram:dana.writes.things"},
        {"stf-1", KIND_EMAIL, "dana.writes", "dana.writes@mail.example.net"},
        {"stf-2", KIND_EMAIL, "dana.writes", ""},
        {"stf-2", KIND_HANDLE, "teo-lane", "venmo:teo-lane"},
        {"stf-1", KIND_HANDLE, "dana", ""},
        {"stf-1", KIND_PHONE, "+14135550151", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        GPtrArray *values =
            roster_values_named(district.session, cases[i].person, cases[i].kind, cases[i].name, NULL);
        g_autofree char *got = fixture_join(values);
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].name, got);
    }
}

Test(lookup, domains)
{
    static const struct {
        const char *domain;
        Tri webmail, district;
    } cases[] = {
        {"mail.example.net", TRI_YES, TRI_NO},
        {"uk.mail.example.net", TRI_YES, TRI_NO},
        {"example.net", TRI_NO, TRI_NO},
        {"EXAMPLE.org", TRI_NO, TRI_YES},
        {"students.example.org", TRI_NO, TRI_YES},
        {"badexample.org", TRI_NO, TRI_NO},
        {"", TRI_NO, TRI_NO},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        cr_expect_eq(roster_is_webmail(district.session, cases[i].domain, NULL), cases[i].webmail, "%s",
                     cases[i].domain);
        cr_expect_eq(roster_is_district_domain(district.session, cases[i].domain, NULL), cases[i].district,
                     "%s", cases[i].domain);
    }
}

Test(lookup, shipped_webmail)
{
    g_autofree char *path = g_build_filename(district.config->policy.lists_dir, "webmail.txt", NULL);
    cr_assert(file_make_dirs(district.config->policy.lists_dir, 0700, NULL));
    cr_assert(g_file_set_contents(path, "# free mail\nfree.example # one\n\n", -1, NULL));
    fixture_open(&district);
    cr_expect_eq(roster_is_webmail(district.session, "Free.example", NULL), TRI_YES);
    cr_expect_eq(roster_is_webmail(district.session, "one", NULL), TRI_NO);
}

static int compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *members_of(const char *list)
{
    g_autoptr(Party) party = roster_resolve(district.session, list, NULL);
    cr_assert(party != NULL && party->members != NULL, "%s is no list", list);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < party->members->len; i++) {
        const Party *member = party->members->pdata[i];
        g_ptr_array_add(names, g_strdup(member->person != NULL ? member->person : member->canonical));
    }
    g_ptr_array_sort(names, compare_text);
    return fixture_join(names);
}

Test(lookup, lists)
{
    static const struct {
        const char *list, *expect;
    } cases[] = {
        {"english@example.org", "stf-1 stu-1 stu-2"},
        {"parents@example.org", "par-1"},
        // all contains staff contains all
        {"all@example.org", "guest@example.net stf-1 stf-2 stu-1 stu-2"},
        {"staff@example.org", "guest@example.net stf-1 stf-2 stu-1 stu-2"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = members_of(cases[i].list);
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].list, got);
    }
    g_autoptr(Party) all = roster_resolve(district.session, "all@example.org", NULL);
    g_autoptr(Party) parents = roster_resolve(district.session, "parents@example.org", NULL);
    cr_expect(party_reaches(all, ROLE_STUDENT));
    cr_expect(!party_reaches(parents, ROLE_STUDENT));
    cr_expect(party_reaches(parents, ROLE_GUARDIAN));
    for (guint i = 0; i < all->members->len; i++)
        cr_expect_neq(((Party *)all->members->pdata[i])->role, ROLE_LIST);
}

static Message *message_from(const char *const *headers)
{
    Message *message = message_new();
    for (gsize i = 0; headers[i] != NULL; i += 2)
        message_add_address(message, headers[i], 0, 0, NULL, headers[i + 1]);
    return message;
}

Test(lookup, senders)
{
    static const struct {
        const char *auth, *mail_from, *from, *second_from;
        const char *expect; // "by person"
    } cases[] = {
        {"tlane@example.org", "dana.whitlock@example.org", "dana.whitlock@example.org", NULL, "auth stf-2"},
        {"tlane", "x@example.net", "x@example.net", NULL, "auth stf-2"},
        {"TLANE", "x@example.net", "x@example.net", NULL, "auth stf-2"},
        {"unknown-login", "x@example.net", "dana.whitlock@example.org", NULL, "from stf-1"},
        {NULL, "x@example.net", "Dana.Whitlock@example.org", NULL, "from stf-1"},
        {NULL, "x@example.net", "x@example.net", "dana.whitlock@example.org", "from stf-1"},
        {NULL, "hana.lee@example.net", NULL, NULL, "envelope par-1"},
        {NULL, "", "hana.lee@example.net", NULL, "from par-1"},
        {NULL, "", NULL, NULL, "envelope -"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Envelope) envelope = envelope_new();
        envelope->auth_login = g_strdup(cases[i].auth);
        g_free(envelope->mail_from);
        envelope->mail_from = g_strdup(cases[i].mail_from);
        envelope_add_rcpt(envelope, "<mlee@students.example.org>", NULL);
        envelope_add_rcpt(envelope, "<mlee@students.example.org>", NULL);
        const char *headers[] = {"From", cases[i].from, "From", cases[i].second_from, NULL};
        if (cases[i].second_from == NULL)
            headers[2] = NULL;
        if (cases[i].from == NULL)
            headers[0] = NULL;
        g_autoptr(Message) message = message_from(headers);
        g_autoptr(GError) error = NULL;
        g_autoptr(Parties) parties = roster_resolve_message(district.session, envelope, message, &error);
        cr_assert(parties != NULL);
        g_autofree char *got = g_strdup_printf(
            "%s %s", parties->sender_by, parties->sender->person != NULL ? parties->sender->person : "-");
        cr_expect_str_eq(got, cases[i].expect, "case %zu: %s", i, got);
        cr_expect_eq(parties->rcpts->len, 2);
        cr_expect_eq(parties->envelope_from == NULL, cases[i].mail_from[0] == '\0');
    }
}

Test(lookup, headers_of_the_top_message)
{
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup("tlane@example.org");
    const char *headers[] = {
        "From",        "tlane@example.org", "Reply-To", "dana.writes@mail.example.net", "To", "broken",
        "Resent-From", "x@example.net",     NULL};
    g_autoptr(Message) message = message_from(headers);
    message_add_address(message, "From", 1, 0, NULL, "nested@example.net");
    g_autoptr(Parties) parties = roster_resolve_message(district.session, envelope, message, NULL);
    cr_assert(parties != NULL);
    cr_assert_eq(parties->header->len, 3);
    const PartyHeader *reply = parties->header->pdata[1];
    cr_expect_str_eq(reply->source->header, "Reply-To");
    cr_expect_str_eq(reply->party->person, "stf-1");
    cr_expect_eq(reply->party->account, ACCOUNT_PERSONAL);
}

Test(lookup, schools)
{
    g_autoptr(GPtrArray) schools = roster_schools(district.session, NULL);
    cr_assert_eq(schools->len, 2);
    cr_expect_str_eq(schools->pdata[0], "hs");
    cr_expect_str_eq(schools->pdata[1], "ms");
}
