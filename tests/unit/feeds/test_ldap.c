// Filters with Postfix's placeholders, and what an entry's values become. Servers are in tests/e2e/test_ldap.py.
#include "feeds/ldap.h"

#include <criterion/criterion.h>
#include <string.h>

#define IS(got, want) cr_expect_str_eq((got) != NULL ? (got) : "(null)", want, "%s\n  not %s", (got), want)

// ---- filters --------------------------------------------------------------------------------------------

Test(ldap_filter, everybody)
{
    char *none[] = {NULL}, *one[] = {"example.org", NULL}, *two[] = {"example.org", "k12.example.net", NULL};
    const struct {
        const char *filter;
        char **domains;
        const char *want;
    } rows[] = {
        {"(mail=%s)", one, "(mail=*)"},
        {"mail=%s", one, "(mail=*)"},
        {"(|(mail=%s)(uid=%u))", two, "(|(mail=*)(uid=*))"},
        {"(|(mail=%S)(uid=%U))", two, "(|(mail=*)(uid=*))"},
        {"(proxyAddresses=smtp:%s)", one, "(proxyAddresses=smtp:*)"},
        {"(cn=*%u*)", one, "(cn=*)"},
        {"(cn=100%%)", one, "(cn=100%)"},
        {"(mail=%u@%d)", none, "(mail=*@*)"},
        {"(mail=%u@%d)", NULL, "(mail=*@*)"},
        {"(o=%1)", none, "(o=*)"},
        {"(mail=%u@%d)", one, "(|(mail=*@example.org)(mail=*@*.example.org))"},
        {"(mail=%u@%D)", two,
         "(|(mail=*@example.org)(mail=*@*.example.org)(mail=*@k12.example.net)(mail=*@*.k12.example.net))"},
        {"(&(dc=%2)(dc=%1))", one, "(|(&(dc=example)(dc=org))(&(dc=example)(dc=org)))"},
        {"(ou=%3)", one, "(|(ou=*))"},
        {"(ou=%9)", two, "(|(ou=*)(ou=*))"},
        {"(objectClass=*)", one, "(objectClass=*)"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = ldap_filter_all(rows[i].filter, rows[i].domains);
        IS(got, rows[i].want);
    }
}

Test(ldap_filter, one_address)
{
    const struct {
        const char *filter, *address, *want;
    } rows[] = {
        {"(mail=%s)", "ada@example.org", "(mail=ada@example.org)"},
        {"mail=%s", "ada@example.org", "(mail=ada@example.org)"},
        {"(|(uid=%u)(dc=%d))", "ada@example.org", "(|(uid=ada)(dc=example.org))"},
        {"(&(dc=%3)(dc=%2)(dc=%1))", "ada@students.example.org", "(&(dc=students)(dc=example)(dc=org))"},
        {"(dc=%4)", "ada@students.example.org", NULL},
        {"(dc=%9)", "ada@example.org", NULL},
        {"(uid=%u)", "ada", "(uid=ada)"},
        {"(mail=%s)", "ada", "(mail=ada)"},
        {"(dc=%d)", "ada", NULL},
        {"(dc=%d)", "ada@", NULL},
        {"(uid=%u)", "@example.org", NULL},
        {"(uid=%u)", "", NULL},
        {"(mail=%s)", "a*)(uid=*@example.org", "(mail=a\\2a\\29\\28uid=\\2a@example.org)"},
        {"(uid=%u)", "a\\b@example.org", "(uid=a\\5cb)"},
        {"(uid=%u%%)", "a@b@example.org", "(uid=a@b%)"},
        {"(dc=%2)", "a@*.org", "(dc=\\2a)"},
        {"(uid=%u)", "%d@example.org", "(uid=%d)"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = ldap_filter_one(rows[i].filter, rows[i].address);
        IS(got, rows[i].want != NULL ? rows[i].want : "(null)");
    }
}

Test(ldap_filter, mistakes)
{
    const struct {
        const char *filter, *what;
    } rows[] = {
        {"(mail=%x)", "%x"},         {"(mail=%0)", "%0"},           {"(mail=%", "%"},
        {"(mail=%s", "parentheses"}, {"(mail=%s))", "parentheses"}, {")mail=%s(", "parentheses"},
        {"(mail=% )", "% "},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect(!ldap_filter_check(rows[i].filter, &error), "%s", rows[i].filter);
        cr_assert_not_null(error);
        cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG));
        cr_expect(strstr(error->message, rows[i].what) != NULL, "%s: %s", rows[i].filter, error->message);
    }
    const char *right[] = {"", "(mail=%s)", "mail=%s", "(&(a=%u)(b=%d)(c=%9)(d=%%))", "(a=%S%U%D)"};
    for (gsize i = 0; i < G_N_ELEMENTS(right); i++)
        cr_expect(ldap_filter_check(right[i], NULL), "%s", right[i]);
    cr_expect(ldap_filter_has_address("(mail=%s)") && ldap_filter_has_address("(dc=%9)"));
    cr_expect(!ldap_filter_has_address("(cn=%%s)") && !ldap_filter_has_address("(cn=a)"));
}

// ---- settings -------------------------------------------------------------------------------------------

Test(ldap_spec, what_is_refused)
{
    const struct {
        const char *uri, *bind_dn, *base, *filter, *path;
        bool starttls;
        const char *what; // NULL = fine
    } rows[] = {
        {"ldaps://dc1.example.org", "cn=a,dc=x", "dc=x", "", "", false, NULL},
        {"ldap://dc1.example.org", "cn=a,dc=x", "dc=x", "", "", true, NULL},
        {"ldap://dc1.example.org", "cn=a,dc=x", "dc=x", "", "", false, "starttls"},
        {"ldaps://a.example.org ldap://b.example.org", "cn=a,dc=x", "dc=x", "", "", false, "starttls"},
        {"ldap://127.evil.example.org", "cn=a,dc=x", "dc=x", "", "", false, "starttls"},
        {"ldap://localhost.example.org", "cn=a,dc=x", "dc=x", "", "", false, "starttls"},
        {"ldap://dc1.example.org", "", "dc=x", "", "", false, NULL},
        {"ldap://localhost", "cn=a,dc=x", "dc=x", "", "", false, NULL},
        {"ldap://127.0.0.1:3890", "cn=a,dc=x", "dc=x", "", "", false, NULL},
        {"ldap://[::1]", "cn=a,dc=x", "dc=x", "", "", false, NULL},
        {"ldapi://%2Frun%2Fslapd", "cn=a,dc=x", "dc=x", "", "", false, NULL},
        {"http://dc1.example.org", "", "dc=x", "", "", false, "uri"},
        {"ldaps://[", "", "dc=x", "", "", false, "uri"},
        {"ldaps://dc1.example.org", "", "dc=x", "(mail=%q)", "", false, "filter"},
        {"ldaps://dc1.example.org", "", "dc=x", "", "/tmp", false, "path"},
        {"ldaps://dc1.example.org", "", "", "", "", false, "base"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const FeedSpec spec = {.where = (char *)"roster.conf:7",
                               .uri = (char *)rows[i].uri,
                               .bind_dn = (char *)rows[i].bind_dn,
                               .base = (char *)rows[i].base,
                               .group_base = (char *)"dc=x",
                               .filter = (char *)rows[i].filter,
                               .group_filter = (char *)"",
                               .path = (char *)rows[i].path,
                               .starttls = rows[i].starttls};
        g_autoptr(GError) error = NULL;
        bool ok = ldap_spec_check(&spec, &error);
        cr_expect(ok == (rows[i].what == NULL), "%s: %s", rows[i].uri,
                  error != NULL ? error->message : "taken");
        if (ok || rows[i].what == NULL)
            continue;
        g_autofree char *begin = g_strconcat("roster.conf:7: ", rows[i].what, ": ", NULL);
        cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG));
        cr_expect(g_str_has_prefix(error->message, begin), "%s", error->message);
    }
}

// ---- entries --------------------------------------------------------------------------------------------

Test(ldap_entry, keys_of_dns)
{
    const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"CN=Ada Moreno,OU=Staff,DC=example,DC=org", "cn=ada moreno, ou=staff, dc=example, dc=org", true},
        {"cn=Moreno\\, Ada,dc=x", "cn=Moreno\\2C Ada,dc=x", true},
        {"cn=\xC3\x89va,dc=x", "cn=\xC3\xA9va,dc=x", true},
        {"cn=\\C3\\A9va,dc=x", "cn=\xC3\xA9va,dc=x", true},
        {"cn=a,dc=x", "cn=b,dc=x", false},
        {"cn=a,dc=x", "cn=a,dc=y", false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *a = ldap_entry_key(rows[i].a), *b = ldap_entry_key(rows[i].b);
        cr_expect((g_strcmp0(a, b) == 0) == rows[i].same, "%s and %s: %s, %s", rows[i].a, rows[i].b, a, b);
    }
    g_autofree char *long_dn = g_strnfill(5000, 'a');
    const char *bad[] = {"", "cn=\xff,dc=x", long_dn, NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        cr_expect_null(ldap_entry_key(bad[i]));
}

Test(ldap_entry, units)
{
    const char *const rows[][2] = {{"CN=Ada,OU=Teachers,OU=Staff,DC=x", "/Staff/Teachers"},
                                   {"uid=a,ou=People,dc=x", "/People"},
                                   {"cn=a,dc=x", ""},
                                   {"cn=OU\\=Staff,dc=x", ""},
                                   {"no dn", ""}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *unit = ldap_entry_unit(rows[i][0]);
        IS(unit, rows[i][1]);
    }
}

// In a buffer that ends where the value ends.
static void add(LdapEntry *entry, const char *description, const char *data, gsize len)
{
    g_autofree char *exact = g_memdup2(data, len);
    ldap_entry_add(entry, "badgeNumber", description, exact, len);
}

Test(ldap_entry, values)
{
    g_autoptr(LdapEntry) entry = ldap_entry_new("cn=a,dc=x");
    g_autofree char *huge = g_strnfill(10000, 'x');
    const unsigned char guid[16] = {0x01, 0xab, 0x00, 0xff, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    add(entry, "objectGUID", (const char *)guid, sizeof guid);
    add(entry, "SN", " Moreno ", 8);
    add(entry, "givenname;lang-es", "Ada", 3);
    add(entry, "mail", "a\0b", 3);
    add(entry, "title", "\xff\xfe", 2);
    add(entry, "title", "Principal", 9);
    add(entry, "department", huge, 10000);
    add(entry, "badgeNumber", "\x01\x02", 2);
    add(entry, "userPassword", "secret", 6);
    add(entry, "displayName", "", 0);
    IS(ldap_entry_first(entry, LDAP_AT_GUID), "01ab00ff05060708090a0b0c0d0e0f10");
    IS(ldap_entry_first(entry, LDAP_AT_FAMILY), "Moreno");
    IS(ldap_entry_first(entry, LDAP_AT_GIVEN), "Ada");
    IS(ldap_entry_first(entry, LDAP_AT_TITLE), "Principal");
    IS(ldap_entry_first(entry, LDAP_AT_ID), "0102");
    cr_expect_null(ldap_entry_first(entry, LDAP_AT_MAIL));
    cr_expect_null(ldap_entry_first(entry, LDAP_AT_DEPARTMENT));
    cr_expect_null(ldap_entry_first(entry, LDAP_AT_DISPLAY));
    cr_expect(entry->bad[LDAP_AT_MAIL] && entry->bad[LDAP_AT_TITLE] && entry->bad[LDAP_AT_DEPARTMENT]);
    cr_expect(!entry->bad[LDAP_AT_FAMILY] && !entry->bad[LDAP_AT_ID]);
}

Test(ldap_entry, passwords_are_not_asked_for)
{
    g_autofree const char **wanted = ldap_entry_wanted("badgeNumber"),
                          **known = ldap_entry_wanted("EmployeeID");
    guint count = 0, twice = 0;
    for (guint i = 0; wanted[i] != NULL; i++) {
        cr_expect(strcasestr(wanted[i], "password") == NULL && strcasestr(wanted[i], "pwd") == NULL);
        count += strcmp(wanted[i], "badgeNumber") == 0;
    }
    for (guint i = 0; known[i] != NULL; i++)
        twice += g_ascii_strcasecmp(known[i], "employeeID") == 0;
    cr_expect(count == 1 && twice == 1);
}

Test(ldap_entry, ranges_of_members)
{
    const struct {
        const char *description;
        bool more;
        guint next;
    } rows[] = {
        {"member;range=0-1499", true, 1500}, {"Member;Range=1500-2999", true, 3000},
        {"member;range=3000-*", false, 0},   {"member", false, 0},
        {"mail;range=0-1499", false, 0},     {"member;range=0-x", true, 0},
        {"member;range=0", false, 0},        {"member;range=0-99999999999999", true, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(LdapEntry) entry = ldap_entry_new("cn=g,dc=x");
        ldap_entry_range(entry, rows[i].description);
        cr_expect(entry->member_more == rows[i].more && entry->member_next == rows[i].next, "%s: %u",
                  rows[i].description, entry->member_next);
    }
    g_autoptr(LdapEntry) entry = ldap_entry_new("cn=g,dc=x");
    add(entry, "member;range=0-1499", "cn=a,dc=x", 9);
    IS(ldap_entry_first(entry, LDAP_AT_MEMBER), "cn=a,dc=x");
}

// ---- people ---------------------------------------------------------------------------------------------

// "attribute=value" until NULL.
static LdapEntry *entry_of(const char *dn, const char *const *values)
{
    LdapEntry *entry = ldap_entry_new(dn);
    for (guint i = 0; values[i] != NULL; i++) {
        g_autofree char *name = g_strndup(values[i], strcspn(values[i], "="));
        const char *value = values[i] + strlen(name) + 1;
        add(entry, name, value, strlen(value));
    }
    return entry;
}

// "kind/field/use:value" of each, joined.
static char *details_of(const LdapPerson *person)
{
    static const char *const uses[] = {"ask", "work", "own"};
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < person->details->len; i++) {
        const LdapDetail *d = &g_array_index(person->details, LdapDetail, i);
        g_string_append_printf(out, "%s%s/%s/%s", i > 0 ? " " : "", d->field, uses[d->use], d->value);
    }
    return g_string_free(out, FALSE);
}

static FeedSpec plain_spec(void)
{
    return (FeedSpec){.id_attribute = (char *)"", .where = (char *)"roster.conf:1"};
}

Test(ldap_person, all_of_a_staff_member)
{
    const char *const values[] = {"objectClass=user",
                                  "givenName=Ada",
                                  "sn=Moreno",
                                  "mail=AMoreno@example.org",
                                  "proxyAddresses=SMTP:amoreno@example.org",
                                  "proxyAddresses=smtp:ada.moreno@example.org",
                                  "proxyAddresses=sip:amoreno@example.org",
                                  "proxyAddresses=X500:/o=x/cn=amoreno",
                                  "userPrincipalName=amoreno@ad.example.org",
                                  "sAMAccountName=AMoreno",
                                  "telephoneNumber=+1 508 555 0110",
                                  "ipPhone=4410",
                                  "otherIpPhone=508-555-0111",
                                  "homePhone=508-555-0143",
                                  "mobile=+1 (508) 555-0144",
                                  "otherHomePhone=none",
                                  "homePostalAddress=12 Mill Road$Maple Hollow, MA",
                                  "employeeID=E-7",
                                  "title=Principal",
                                  "manager=CN=Pat,OU=Staff,DC=x",
                                  "userAccountControl=512",
                                  NULL};
    g_autoptr(LdapEntry) entry = entry_of("CN=Ada,OU=Staff,DC=x", values);
    const FeedSpec spec = plain_spec();
    Config *config = config_defaults();
    g_autoptr(LdapPerson) person = ldap_person_new(config, &spec, entry, LDAP_NO_RULE);
    g_autofree char *details = details_of(person);
    IS(person->ext, "cn=ada,ou=staff,dc=x");
    IS(person->given, "Ada");
    IS(person->family, "Moreno");
    IS(person->login, "amoreno");
    IS(person->employee, "E-7");
    IS(person->manager, "cn=pat,ou=staff,dc=x");
    IS(person->address, "amoreno@example.org");
    IS(person->position, "principal");
    cr_expect(person->role == ROLE_STAFF && person->enabled && !person->guessed);
    IS(details, "email/ask/amoreno@example.org alias/ask/ada.moreno@example.org "
                "username/ask/amoreno@ad.example.org work/work/+15085550110 work/work/+15085550111 "
                "home-phone/own/+15085550143 cell/own/+15085550144 "
                "home-address/own/12 mill road, maple hollow, ma");
    cr_assert_eq(person->defects->len, 1);
    IS((char *)person->defects->pdata[0], "otherHomePhone: not a telephone number; not kept");
    config_unref(config);
}

Test(ldap_person, addresses)
{
    const struct {
        const char *values[5], *want, *defect;
    } rows[] = {
        {{"mail=a@example.org"}, "a@example.org", NULL},
        {{"proxyAddresses=smtp:b@example.org", "proxyAddresses=SMTP:a@example.org"},
         "a@example.org b@example.org",
         NULL},
        {{"mail=c@example.org", "proxyAddresses=SMTP:a@example.org"},
         "c@example.org a@example.org",
         "mail: not among its proxyAddresses"},
        {{"mail=b@example.org", "proxyAddresses=SMTP:a@example.org", "proxyAddresses=smtp:b@example.org"},
         "b@example.org a@example.org",
         NULL},
        {{"proxyAddresses=sip:a@example.org", "proxyAddresses=x400:c=us"}, "", NULL},
        {{"mail=nobody", "mail=a@example.org"}, "a@example.org", "mail: not a mail address"},
        {{"proxyAddresses=smtp:@@"}, "", "proxyAddresses: not a mail address"},
        {{"mail=a@example.org", "mailAlternateAddress=b@example.org", "mailLocalAddress=a@example.org"},
         "a@example.org b@example.org",
         NULL},
    };
    Config *config = config_defaults();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(LdapEntry) entry = entry_of("cn=a,dc=x", rows[i].values);
        g_autoptr(GPtrArray) defects = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) found = ldap_person_addresses(config, entry, defects);
        g_autoptr(GString) joined = g_string_new(NULL);
        for (guint j = 0; j < found->len; j++)
            g_string_append_printf(joined, "%s%s", j > 0 ? " " : "", (char *)found->pdata[j]);
        IS(joined->str, rows[i].want);
        cr_expect_eq(defects->len, rows[i].defect != NULL ? 1 : 0);
        if (defects->len > 0 && rows[i].defect != NULL)
            cr_expect(g_str_has_prefix(defects->pdata[0], rows[i].defect), "%s", (char *)defects->pdata[0]);
    }
    config_unref(config);
}

Test(ldap_person, names)
{
    const struct {
        const char *values[4], *given, *family;
    } rows[] = {
        {{"givenName=Min", "sn=Lee"}, "Min", "Lee"},
        {{"displayName=Lee, Min"}, "Min", "Lee"},
        {{"displayName=Min Lee"}, "Min", "Lee"},
        {{"cn=Ana Maria Ruiz"}, "Ana Maria", "Ruiz"},
        {{"displayName=Office"}, "", "Office"},
        {{"sn=Ruiz", "cn=Ana Ruiz"}, "Ana", "Ruiz"},
        {{"sn=Ruiz", "cn=aruiz"}, "", "Ruiz"},
        {{"givenName=Ana", "displayName=Ruiz, Ana"}, "Ana", "Ruiz"},
        {{NULL}, "", ""},
    };
    const FeedSpec spec = plain_spec();
    Config *config = config_defaults();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(LdapEntry) entry = entry_of("cn=a,dc=x", rows[i].values);
        g_autoptr(LdapPerson) person = ldap_person_new(config, &spec, entry, LDAP_NO_RULE);
        IS(person->given, rows[i].given);
        IS(person->family, rows[i].family);
    }
    config_unref(config);
}

Test(ldap_person, ids_and_accounts)
{
    FeedSpec spec = plain_spec();
    Config *config = config_defaults();
    const char *const badge[] = {"entryUUID=11-22", "userAccountControl=514", "badgeNumber=B9", NULL};
    g_autoptr(LdapEntry) entry = entry_of("cn=a,dc=x", badge);
    g_autoptr(LdapPerson) by_badge = ldap_person_new(config, &spec, entry, LDAP_NO_RULE);
    IS(by_badge->ext, "B9");
    cr_expect(!by_badge->enabled);
    const char *const locked[] = {"nsAccountLock=TRUE", "entryUUID=11-22", NULL};
    spec.id_attribute = (char *)"badgeNumber";
    g_autoptr(LdapEntry) other = entry_of("cn=b,dc=x", locked);
    g_autoptr(LdapPerson) without = ldap_person_new(config, &spec, other, LDAP_NO_RULE);
    IS(without->ext, "11-22");
    cr_expect(!without->enabled);
    cr_expect_eq(without->defects->len, 1);
    const char *const not_people[] = {"group", "Computer", "contact", "groupOfNames"};
    for (gsize i = 0; i < G_N_ELEMENTS(not_people); i++) {
        g_autoptr(LdapEntry) thing = ldap_entry_new("cn=c,dc=x");
        add(thing, "objectClass", not_people[i], strlen(not_people[i]));
        cr_expect(!ldap_person_is(thing), "%s", not_people[i]);
    }
    cr_expect(ldap_person_is(entry));
    config_unref(config);
}

// ---- roles ----------------------------------------------------------------------------------------------

static void add_rule(GPtrArray *rules, const char *on, const char *match, Role role, const char *position)
{
    FeedRoleRule *rule = g_new0(FeedRoleRule, 1);
    *rule =
        (FeedRoleRule){.on = (char *)on, .match = (char *)match, .role = role, .position = (char *)position};
    g_ptr_array_add(rules, rule);
}

Test(ldap_person, roles_by_units)
{
    const struct {
        const char *dn, *type;
        Role role;
        bool guessed;
    } rows[] = {
        {"cn=a,ou=Students,dc=x", NULL, ROLE_STUDENT, false},
        {"cn=a,ou=Class of 2030,ou=Student Accounts,dc=x", NULL, ROLE_STUDENT, false},
        {"cn=a,ou=Student Services,ou=Staff,dc=x", NULL, ROLE_STAFF, false},
        {"cn=a,ou=Faculty,dc=x", NULL, ROLE_STAFF, false},
        {"cn=a,ou=Parents,dc=x", NULL, ROLE_GUARDIAN, false},
        {"cn=a,ou=People,dc=x", NULL, ROLE_STAFF, true},
        {"cn=a,ou=People,dc=x", "Student", ROLE_STUDENT, false},
        {"cn=Students,dc=x", NULL, ROLE_STAFF, true},
    };
    const FeedSpec spec = plain_spec();
    Config *config = config_defaults();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(LdapEntry) entry = ldap_entry_new(rows[i].dn);
        if (rows[i].type != NULL)
            add(entry, "employeeType", rows[i].type, strlen(rows[i].type));
        g_autoptr(LdapPerson) person = ldap_person_new(config, &spec, entry, LDAP_NO_RULE);
        cr_expect(person->role == rows[i].role && person->guessed == rows[i].guessed, "%s: %s", rows[i].dn,
                  role_name(person->role));
    }
    config_unref(config);
}

Test(ldap_person, roles_by_rules_in_their_order)
{
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(g_free);
    add_rule(rules, "title", "*nurse*", ROLE_STAFF, "nurse");
    add_rule(rules, "group", "Pupils", ROLE_STUDENT, "");
    add_rule(rules, "dn", "OU=Staff,DC=x", ROLE_STAFF, "");
    add_rule(rules, "department", "Kitchen", ROLE_SERVICE, "");
    add_rule(rules, "unit", "/Homes", ROLE_GUARDIAN, "");
    add_rule(rules, "type", "learner", ROLE_STUDENT, "");
    const struct {
        const char *dn, *values[3];
        int group_rule;
        Role role;
        const char *position;
    } rows[] = {
        {"cn=a,ou=Students,dc=x", {"title=School Nurse"}, 1, ROLE_STAFF, "nurse"},
        {"cn=a,ou=Other,dc=x", {"title=Any"}, 1, ROLE_STUDENT, ""},
        {"cn=a,ou=Other,dc=x", {"memberOf=CN=Pupils,OU=Groups,DC=x"}, LDAP_NO_RULE, ROLE_STUDENT, ""},
        {"cn=a,ou=Staff,dc=x", {"title=Coach"}, LDAP_NO_RULE, ROLE_STAFF, "coach"},
        {"cn=a,ou=Math, OU=STAFF, DC=x", {NULL}, LDAP_NO_RULE, ROLE_STAFF, ""},
        {"cn=a,ou=Other,dc=x", {"department=kitchen"}, LDAP_NO_RULE, ROLE_SERVICE, ""},
        {"cn=a,ou=Lee,ou=Homes,dc=x", {NULL}, LDAP_NO_RULE, ROLE_GUARDIAN, ""},
        {"cn=a,ou=Other,dc=x", {"employeeType=Learner", "title=x"}, LDAP_NO_RULE, ROLE_STUDENT, ""},
        {"cn=a,ou=Pupils,dc=x", {NULL}, LDAP_NO_RULE, ROLE_STUDENT, ""},
    };
    FeedSpec spec = plain_spec();
    spec.roles = rules;
    Config *config = config_defaults();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(LdapEntry) entry = entry_of(rows[i].dn, rows[i].values);
        g_autoptr(LdapPerson) person = ldap_person_new(config, &spec, entry, rows[i].group_rule);
        cr_expect_eq(person->role, rows[i].role, "%s: %s", rows[i].dn, role_name(person->role));
        IS(person->position, rows[i].position);
    }
    config_unref(config);
}

// ---- notes ----------------------------------------------------------------------------------------------

Test(ldap_notes, a_defect_is_told_once)
{
    const FeedOptions options = {.dry_run = true};
    Config *config = config_defaults();
    g_autoptr(FeedRun) run = run_new(config, &options, NULL);
    g_autoptr(LdapNotes) notes = ldap_notes_new();
    for (int i = 0; i < 3; i++) {
        g_autofree char *dn = g_strdup_printf("cn=%d,dc=x", i);
        ldap_notes_add(notes, dn, "mail: wrong");
    }
    ldap_notes_add(notes, "cn=9,dc=x", "sn: wrong");
    ldap_notes_end(notes, run, "ldaps://dc1");
    run_end_notes(run);
    cr_assert_eq(run->summary->warnings->len, 2);
    IS((char *)run->summary->warnings->pdata[0], "ldaps://dc1: cn=0,dc=x: mail: wrong (and 2 more)");
    IS((char *)run->summary->warnings->pdata[1], "ldaps://dc1: cn=9,dc=x: sn: wrong");
    config_unref(config);
}
