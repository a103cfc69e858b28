#include "feeds/settings.h"
#include "ground.h"

#include <criterion/criterion.h>
#include <string.h>

static Ground ground;

static void set_up(void)
{
    ground_init(&ground);
    g_free(ground.config->roster.sources);
    ground.config->roster.sources = g_build_filename(ground.dir, "roster.conf", NULL);
}

static void tear_down(void)
{
    ground_clear(&ground);
}

TestSuite(settings, .init = set_up, .fini = tear_down);

static GPtrArray *read_text(const char *text, GError **error)
{
    g_autofree char *path = ground_write(&ground, "roster.conf", text);
    return feeds_sources(ground.config, error);
}

Test(settings, no_file_configured)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_steal_pointer(&ground.config->roster.sources);
    ground.config->roster.sources = g_strdup("");
    g_autoptr(GPtrArray) none = feeds_sources(ground.config, &error);
    cr_expect(none != NULL && none->len == 0);
    g_free(ground.config->roster.sources);
    ground.config->roster.sources = g_steal_pointer(&path);
    cr_expect(feeds_sources(ground.config, &error) == NULL);
    cr_expect(error != NULL && error->code == BASE_ERROR_NOINPUT, "one that is configured and missing");
}

Test(settings, all_of_it)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) specs = read_text(
        "sources = (\n"
        "  { name = \"sis\"; type = \"oneroster\"; path = \"exports/sis.zip\"; },\n"
        "  { name = \"ad\"; type = \"ldap\"; uri = \"ldap://dc.example.org\"; base = \"DC=example\";\n"
        "    bind_dn = \"CN=reader\"; password_file = \"/etc/pw\"; page_size = 100; timeout_s = 5;\n"
        "    filter = \"(mail=%s)\"; roles = ( { match = \"OU=Staff,DC=example\"; on = \"dn\";\n"
        "    role = \"staff\"; position = \"Nurse\"; }, { match = \"*\"; on = \"title\"; role = \"student\"; "
        "} );\n"
        "  },\n"
        "  { name = \"safe\"; type = \"ldap\"; uri = \"LDAPS://dc\"; base = \"x\"; starttls = true; },\n"
        "  { name = \"lists-2\"; type = \"mailman\"; path = \"/srv/m\"; list_domain = \"Lists.Example.ORG\"; "
        "},\n"
        "  { name = \"al\"; type = \"aliases\"; path = \"/etc/aliases\"; ids = \"other\"; } );\n",
        &error);
    cr_assert(specs != NULL, "%s", error->message);
    cr_assert(specs->len == 5);
    const FeedSpec *sis = specs->pdata[0], *ad = specs->pdata[1], *safe = specs->pdata[2];
    const FeedSpec *lists = specs->pdata[3], *aliases = specs->pdata[4];
    g_autofree char *beside = ground_path(&ground, "exports/sis.zip");
    g_autofree char *where = ground_path(&ground, "roster.conf:2");
    cr_expect_str_eq(sis->path, beside);
    cr_expect_str_eq(sis->where, where);
    cr_expect_str_eq(sis->ids, "sis");
    cr_expect_str_eq(ad->ids, "ad");
    cr_expect(ad->starttls && !safe->starttls && ad->page_size == 100 && safe->page_size == 500);
    cr_expect(ad->timeout_s == 5 && safe->timeout_s == 60);
    cr_expect_str_eq(ad->group_base, "DC=example");
    cr_expect_str_eq(ad->path, "");
    cr_expect_str_eq(lists->list_domain, "lists.example.org");
    cr_expect_str_eq(aliases->list_domain, "example.org");
    cr_expect_str_eq(aliases->ids, "other");
    cr_assert(ad->roles->len == 2);
    const FeedRoleRule *rule = ad->roles->pdata[0];
    cr_expect(rule->role == ROLE_STAFF && strcmp(rule->position, "nurse") == 0 &&
              strcmp(rule->on, "dn") == 0);
    g_autoptr(FeedSpec) copy = settings_copy(ad, "/elsewhere");
    cr_expect_str_eq(copy->path, "/elsewhere");
    cr_expect_str_eq(copy->filter, "(mail=%s)");
    cr_expect(copy->roles->len == 2 && copy->page_size == 100 && copy->starttls);
}

#define SOURCE(more) "sources = ( { name = \"a\"; type = \"oneroster\"; path = \"/x\"; " more " } );"

Test(settings, mistakes)
{
    static const struct {
        const char *text, *expect;
    } cases[] = {
        {"source = ( );", ":1: source: unknown key; nearest is sources"},
        {"sources = { };", ":1: sources: wants a list"},
        {"sources = ( 1 );", ":1: sources: wants groups"},
        {"sources = (\n{ name = \"a\" }", ": syntax: "},
        {SOURCE("pth = \"/y\";"), ":1: source a: pth: unknown key; nearest is path"},
        {SOURCE("quite_other = 1;"), "quite_other: unknown key; see chaperone-roster.conf(5)"},
        {SOURCE("uri = \"ldap://x\";"), "source a: uri: not for a source of type oneroster"},
        {SOURCE("ids = 3;"), "ids: wants text in quotes"},
        {"sources = ( { name = \"B\"; type = \"oneroster\"; path = \"/x\"; } );",
         "name: \"B\": use a-z, 0-9 and -"},
        {"sources = ( { name = \"own\"; type = \"sds\"; path = \"/x\"; } );", "name: \"own\": use a-z"},
        {"sources = ( { type = \"sds\"; path = \"/x\"; } );", "source 1: name: \"\": use a-z"},
        {"sources = ( { name = \"a\"; type = \"onerooster\"; path = \"/x\"; } );",
         "type: \"onerooster\" is none of oneroster, sds, clever,"},
        {"sources = ( { name = \"a\"; type = \"sds\"; } );", "path: missing"},
        {"sources = ( { name = \"a\"; type = \"ldap\"; base = \"x\"; } );", "uri: \"\": write ldaps://host"},
        {"sources = ( { name = \"a\"; type = \"ldap\"; uri = \"http://x\"; base = \"x\"; } );",
         "uri: \"http://x\":"},
        {"sources = ( { name = \"a\"; type = \"ldap\"; uri = \"ldap://x\"; } );", "base: missing"},
        {"sources = ( { name = \"a\"; type = \"ldap\"; uri = \"ldap://x\"; base = \"x\"; bind_dn = \"y\"; } "
         ");",
         "password_file: missing"},
        {"sources = ( { name = \"a\"; type = \"ldap\"; uri = \"ldap://x\"; base = \"x\"; page_size = 0; } );",
         "page_size: 0 is out of bounds; 1 to 10000 is allowed"},
        {"sources = ( { name = \"a\"; type = \"ldap\"; uri = \"ldap://x\"; base = \"x\"; page_size = \"9\"; "
         "} );",
         "page_size: wants a whole number"},
        {"sources = ( { name = \"a\"; type = \"ldap\"; uri = \"ldap://x\"; base = \"x\"; starttls = 1; } );",
         "starttls: wants true or false"},
        {"sources = ( { name = \"a\"; type = \"aliases\"; path = \"/x\"; list_domain = \"no domain\"; } );",
         "list_domain: \"no domain\" is no domain"},
        {SOURCE("roles = \"staff\";"), "roles: wants a list"},
        {SOURCE("roles = ( 1 );"), "roles: wants groups"},
        {SOURCE("roles = ( { on = \"unit\"; role = \"staff\"; } );"), "roles.match: missing"},
        {SOURCE("roles = ( { match = \"x\"; on = \"units\"; role = \"staff\"; } );"),
         "roles.on: \"units\" is none of unit, title,"},
        {SOURCE("roles = ( { match = \"x\"; on = \"unit\"; role = \"list\"; } );"),
         "roles.role: \"list\" is none of"},
        {SOURCE("roles = ( { match = \"x\"; on = \"unit\"; role = \"staff\"; positon = \"x\"; } );"),
         "roles.positon: unknown key; nearest is position"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) specs = read_text(cases[i].text, &error);
        cr_assert(specs == NULL && error != NULL, "case %zu was taken", i);
        cr_expect(error->code == BASE_ERROR_CONFIG);
        cr_expect(strstr(error->message, cases[i].expect) != NULL, "%s: want %s", error->message,
                  cases[i].expect);
    }
}

Test(settings, all_mistakes_at_once)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) specs = read_text("sources = (\n"
                                           "{ name = \"a\"; type = \"sds\"; path = \"/x\";\n  pth = 1; },\n"
                                           "{ name = \"a\"; type = \"sds\"; path = \"/y\"; } );\n",
                                           &error);
    cr_assert(specs == NULL && error != NULL);
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    cr_assert(g_strv_length(lines) == 2, "%s", error->message);
    cr_expect(g_str_has_suffix(lines[0], "roster.conf:3: source a: pth: unknown key; nearest is path"), "%s",
              lines[0]);
    g_autofree char *taken =
        g_strdup_printf("name: taken by the source of %s:2", ground.config->roster.sources);
    cr_expect(strstr(lines[1], "roster.conf:4: source a: ") != NULL && g_str_has_suffix(lines[1], taken),
              "%s", lines[1]);
}

static void count_key(const char *key, const char *type, const char *fallback, const char *meaning,
                      void *data)
{
    GHashTable *keys = data;
    cr_expect(g_hash_table_add(keys, g_strdup(key)), "%s twice", key);
    cr_expect(type[0] != '\0' && strlen(meaning) > 10 && fallback != NULL);
}

Test(settings, keys_are_told)
{
    static const char *const some[] = {"name",           "type", "path",     "roles.match",
                                       "roles.position", "uri",  "timeout_s"};
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    feeds_each_key(count_key, keys);
    for (gsize i = 0; i < G_N_ELEMENTS(some); i++)
        cr_expect(g_hash_table_contains(keys, some[i]), "%s", some[i]);
    cr_expect(g_hash_table_size(keys) == 21);
}

// ---- rules ----------------------------------------------------------------------------------------------

Test(settings, role_rules)
{
    static const struct {
        const char *match, *on, *value;
        bool fits;
    } cases[] = {
        {"/Staff", "unit", "/Staff", true},
        {"/Staff", "unit", "/staff/Teachers", true},
        {"/Staff", "unit", "/Staffing", false},
        {"/Staff/", "unit", "/Staff/Teachers", true},
        {"/", "unit", "/Anything", true},
        {"*/Students", "unit", "/Hill School/Students/Grade 9", true},
        {"*Counselor*", "title", "School counselor II", true},
        {"Counselor", "title", "School counselor", false},
        {"*", "title", "", true},
        {"a*b*c", "title", "aXXbYYbZZc", true},
        {"a*b*c", "title", "aXXbYYbZZcd", false},
        {"***", "title", "x", true},
        {"\303\211cole*", "title", "\303\251COLE de Nuit", true},
        {"OU=Staff,DC=example,DC=org", "dn", "cn=Dana Whitlock, ou=staff, dc=example,dc=org", true},
        {"OU = Staff,DC=example", "dn", "OU=Staff,DC=example", true},
        {"OU=Staff,DC=example", "dn", "CN=x,OU=NoStaff,DC=example", false},
        {"CN=* admin*,OU=Staff", "dn", "CN=Dana Admin x,OU=Staff", true},
        {"All Staff", "group", "all staff", true},
        {"All Staff", "group", "All Staff and others", false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        FeedRoleRule rule = {.match = (char *)cases[i].match,
                             .on = (char *)cases[i].on,
                             .role = ROLE_STAFF,
                             .position = (char *)"nurse"};
        g_autoptr(GPtrArray) roles = g_ptr_array_new();
        g_ptr_array_add(roles, &rule);
        const FeedSpec spec = {.roles = roles};
        Role role = ROLE_LAST;
        const char *position = NULL;
        bool got = run_role(&spec, cases[i].on, cases[i].value, &role, &position);
        cr_expect(got == cases[i].fits, "%s over %s", cases[i].match, cases[i].value);
        cr_expect(!got || (role == ROLE_STAFF && strcmp(position, "nurse") == 0));
        cr_expect(!run_role(&spec, "department", cases[i].value, &role, &position),
                  "another thing than the rule is on");
    }
}

Test(settings, many_stars_take_no_time, .timeout = 5)
{
    g_autofree char *value = g_strnfill(20000, 'a');
    FeedRoleRule rule = {
        .match = (char *)"*a*a*a*a*a*a*a*a*a*a*a*a*b", .on = (char *)"title", .role = ROLE_STAFF};
    g_autoptr(GPtrArray) roles = g_ptr_array_new();
    g_ptr_array_add(roles, &rule);
    const FeedSpec spec = {.roles = roles};
    Role role;
    const char *position;
    cr_expect(!run_role(&spec, "title", value, &role, &position));
}

// ---- notes ----------------------------------------------------------------------------------------------

Test(settings, notes_are_gathered)
{
    const RosterKey key = {0};
    const FeedOptions options = {.who = "tester"};
    g_autoptr(FeedRun) run = run_new(ground.config, &options, &key);
    for (guint line = 2; line < 12; line++)
        run_note(run, "users.csv", line, "email: not a mail address; not kept");
    run_note(run, "users.csv", 11, "email: not a mail address; not kept");
    run_note(run, "orgs.csv", 0, "no rows");
    guint32 source = model_source(run->model, "sis", "oneroster", "sis");
    const char *const addresses[] = {"a@example.net", "b@sub.example.org", "c@pto.example.net",
                                     "d@example.net", "not one"};
    for (guint i = 0; i < G_N_ELEMENTS(addresses); i++) {
        g_autofree char *id = g_strdup_printf("%u", i);
        guint32 record = model_record(run->model, source, id, NULL);
        run_add_email(run, record, addresses[i], "email", CONTACT_ASK, "users.csv", 20 + i);
        run_add_phone(run, record, i == 0 ? "12" : "(413) 555-0142", "sms", CONTACT_ASK, "users.csv", 20 + i);
        // Known after the address, as in OneRoster 1.2.
        model_post(run->model, record, i == 3 ? ROLE_GUARDIAN : ROLE_STAFF, "", "", 0, 0);
    }
    model_published(run->model, source, "domain:pto.example.net", "domain", "");
    run_end_notes(run);
    static const char *const expect[] = {
        "users.csv:2: email: not a mail address; not kept (also lines 3, 4, 5, 6 and 6 more)",
        "orgs.csv: no rows",
        "users.csv:20: sms: not a telephone number; not kept",
        "users.csv:20: email: outside the district's domains; it counts as a private address (domains: "
        "district.domains and the domain rows of published.csv)",
    };
    cr_assert(run->summary->warnings->len == G_N_ELEMENTS(expect));
    for (guint i = 0; i < G_N_ELEMENTS(expect); i++)
        cr_expect_str_eq(run->summary->warnings->pdata[i], expect[i]);
    cr_expect(run->model->contacts->len == 8);
}

Test(settings, notes_have_an_end)
{
    const RosterKey key = {0};
    const FeedOptions options = {.who = "tester"};
    g_autoptr(FeedRun) run = run_new(ground.config, &options, &key);
    for (guint i = 0; i < 700; i++)
        run_note(run, "users.csv", i + 1, "note %u", i);
    run_end_notes(run);
    cr_assert(run->summary->warnings->len == 501);
    cr_expect_str_eq(run->summary->warnings->pdata[500], "and 200 more warnings");
}
