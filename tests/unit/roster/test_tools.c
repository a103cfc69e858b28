#include "book.h"

static Book book;

static void open_book(void)
{
    book_init(&book);
    book_write(&book, 2,
               "INSERT INTO tool VALUES (1, 'Docs', 'host', 'docs.example.com', 'example.org', 0, 0, "
               "'pat@example.org', 1),"
               " (2, 'Lessons', 'host', 'lessons.example', '', 20260801, 20261016, 'pat@example.org', 1),"
               " (3, 'Lessons anew', 'host', 'lessons.example', '', 20261016, 0, 'pat@example.org', 1),"
               " (4, 'Old', 'host', 'old.example', '', 0, 20261016, 'pat@example.org', 1),"
               " (5, 'Band chat', 'invite', 'chat.example/join/Band', '', 0, 0, 'pat@example.org', 1),"
               " (6, 'District account', 'handle', 'twitter:exampleschools', '', 0, 0, '', 1),"
               " (7, 'Former account', 'handle', 'twitter:oldschools', '', 0, 20260101, '', 1),"
               " (8, 'Grades', 'host', 'grades.example', 'sample', 0, 0, '', 1);");
    book_open(&book, BOOK_TODAY);
}

static void close_book(void)
{
    book_clear(&book);
}

TestSuite(tools, .init = open_book, .fini = close_book);

Test(tools, of_links_and_handles)
{
    static const struct {
        const char *host, *rest, *name;
        bool in_force;
    } cases[] = {
        {"docs.example.com", "/a/example.org/d/1", "Docs", true},
        {"DOCS.Example.com", "/d/1?user=jane%40Example.org", "Docs", true},
        {"docs.example.com", "/d/1", "Docs", false},
        {"docs.example.com", "/a/notexample.org/d/1", "Docs", false},
        {"docs.example.com", "/a/example.organic/d/1", "Docs", false},
        {"docs.example.com", "/a/example.org.evil/d/1", "Docs", false},
        {"lessons.example", "/x", "Lessons anew", true},
        {"my.own.lessons.example", "", "Lessons anew", true},
        {"badlessons.example", "/x", NULL, false},
        {"old.example", "/", "Old", false},
        {"chat.example", "/join/Band", "Band chat", true},
        {"www.chat.example", "/join/Band/?x=1", "Band chat", true},
        {"chat.example", "/join/Band/members", "Band chat", true},
        {"chat.example", "/join/Bandits", NULL, false},
        {"chat.example", "/join/band", NULL, false},
        {"chat.example", "", NULL, false},
        {"sample.grades.example", "/x", "Grades", true},
        {"other.grades.example", "/sample-of/x", "Grades", false},
        {NULL, "twitter:exampleschools", "District account", true},
        {NULL, "x:@ExampleSchools", "District account", true},
        {NULL, "twitter:oldschools", "Former account", false},
        {NULL, "instagram:exampleschools", NULL, false},
        {NULL, "exampleschools", NULL, false},
        {"", "/x", NULL, false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(RosterTool) tool = NULL;
        cr_assert(roster_tool(book.session, cases[i].host, cases[i].rest, &tool, &error), "%s",
                  error != NULL ? error->message : "");
        cr_expect(g_strcmp0(tool != NULL ? tool->name : NULL, cases[i].name) == 0, "case %zu: %s", i,
                  tool != NULL ? tool->name : "none");
        if (tool != NULL)
            cr_expect_eq(tool->in_force, cases[i].in_force, "case %zu: %s", i, tool->name);
    }
}

Test(tools, approved_accounts_are_published)
{
    static const struct {
        Kind kind;
        const char *value, *label;
    } cases[] = {
        {KIND_HANDLE, "twitter:exampleschools", "approved: District account"},
        {KIND_HANDLE, "twitter:oldschools", NULL},
        {KIND_INVITE, "chat.example/join/Band", "approved: Band chat"},
        {KIND_INVITE, "lessons.example/class/7", "approved: Lessons anew"},
        {KIND_INVITE, "old.example/class/7", NULL},
        {KIND_EMAIL, "docs@docs.example.com", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) owners = roster_owners(book.session, cases[i].kind, cases[i].value, NULL);
        cr_assert_not_null(owners);
        cr_expect_eq(owners->len, cases[i].label != NULL ? 1 : 0, "%s", cases[i].value);
        const RosterOwner *owner = owners->len > 0 ? owners->pdata[0] : NULL;
        if (owner != NULL) {
            cr_expect_eq(owner->owner, OWNER_PUBLISHED);
            cr_expect_str_eq(owner->label, cases[i].label);
        }
    }
}
