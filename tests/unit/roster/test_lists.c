#include "book.h"

#include <string.h>

static Book book;

static const char LISTS[] =
    "INSERT INTO list VALUES ('eng@example.org', 1, 1, ''), ('past@example.org', 1, 1, ''),"
    " ('noclass@example.org', 1, 1, ''), ('office@example.org', 1, 1, ''), ('hs@example.org', 1, 1, ''),"
    " ('all@example.org', 1, 1, ''), ('round@example.org', 1, 1, ''), ('noorg@example.org', 1, 1, ''),"
    " ('staff@example.org', 1, 1, ''), ('odd@example.org', 1, 1, ''), ('pipe@example.org', 2, 0, ''),"
    " ('some@example.org', 2, 0, ''), ('dumped@example.org', 2, 0, ''), ('dumped@example.org', 3, 1, ''),"
    " ('both@example.org', 2, 0, ''), ('both@example.org', 3, 1, ''), ('outer@example.org', 1, 1, ''),"
    " ('onlypipe@example.org', 1, 1, ''), ('loop@example.org', 1, 1, ''), ('back@example.org', 1, 1, ''),"
    " ('empty@example.org', 1, 1, ''), ('summer@example.org', 1, 1, '');"
    "INSERT INTO list_member VALUES ('eng@example.org', 'class:eng', 1), ('past@example.org', 'class:past', "
    "1),"
    " ('noclass@example.org', 'class:zzz', 1), ('noclass@example.org', 'pat@example.org', 1),"
    " ('office@example.org', 'org:office', 1), ('hs@example.org', 'org:hs', 1), ('all@example.org', "
    "'org:all', 1),"
    " ('round@example.org', 'org:trip', 1), ('noorg@example.org', 'org:zzz', 1),"
    " ('staff@example.org', 'role:staff', 1), ('odd@example.org', 'role:wizard', 1),"
    " ('some@example.org', 'pat@example.org', 2), ('dumped@example.org', 'pat@example.org', 3),"
    " ('dumped@example.org', 'hana@example.net', 3), ('both@example.org', 'pat@example.org', 2),"
    " ('both@example.org', 'dana@example.org', 3), ('outer@example.org', 'pipe@example.org', 1),"
    " ('outer@example.org', 'eng@example.org', 1), ('onlypipe@example.org', 'pipe@example.org', 1),"
    " ('loop@example.org', 'back@example.org', 1), ('back@example.org', 'loop@example.org', 1),"
    " ('back@example.org', 'back@example.org', 1), ('back@example.org', 'who@out.example.net', 1),"
    " ('summer@example.org', 'dana@example.org', 1);";

static void open_book(void)
{
    book_init(&book);
    book_write(&book, 2, LISTS);
    book_open(&book, BOOK_TODAY);
}

static void close_book(void)
{
    book_clear(&book);
}

TestSuite(lists, .init = open_book, .fini = close_book);

static char *members_of(const Party *party)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; party->members != NULL && i < party->members->len; i++) {
        const Party *member = party->members->pdata[i];
        cr_expect_neq(member->role, ROLE_LIST);
        g_ptr_array_add(names, member->person != NULL ? g_strdup(member->person)
                               : member->role == ROLE_EXTERNAL
                                   ? g_strdup(member->canonical)
                                   : g_strconcat("any-", role_name(member->role), NULL));
    }
    return book_join(names);
}

Test(lists, whom_they_reach)
{
    static const struct {
        const char *list, *who, *members;
    } cases[] = {
        {"eng@example.org", "list school -", "stf-1 stu-1"},  // stu-2 sits in it from tomorrow
        {"past@example.org", "list school -", "stf-1 stu-1"}, // over: whom it had
        {"noclass@example.org", "list school - partly", "stf-2"},
        {"office@example.org", "list school -", "any-staff"},
        {"hs@example.org", "list school -", "any-guardian any-staff any-student"},
        {"all@example.org", "list school -", "any-guardian any-staff any-student"},
        {"round@example.org", "list school -", "any-staff"}, // orgs that are each other's parents
        {"noorg@example.org", "list-unknown school -", ""},
        {"staff@example.org", "list school -", "any-staff"},
        {"odd@example.org", "list-unknown school -", ""},
        {"pipe@example.org", "list-unknown school -", ""},
        {"some@example.org", "list school - partly", "stf-2"},
        {"dumped@example.org", "list school -", "par-1 stf-2"},
        {"both@example.org", "list school - partly", "stf-1 stf-2"},
        {"outer@example.org", "list school - partly", "stf-1 stu-1"},
        {"onlypipe@example.org", "list-unknown school -", ""},
        {"LOOP+x@example.org", "list school -", "who@out.example.net"},
        {"empty@example.org", "list school -", ""},
        {"summer@example.org", "list school -", "stf-1 stf-6"}, // a list at somebody's address
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Party) party = book_party(&book, cases[i].list);
        g_autofree char *who = book_who(&book, cases[i].list);
        g_autofree char *members = members_of(party);
        cr_expect_str_eq(who, cases[i].who, "%s: %s", cases[i].list, who);
        cr_expect_str_eq(members, cases[i].members, "%s: %s", cases[i].list, members);
        cr_expect_not_null(party->members);
        cr_expect_not_null(party->why);
    }
}

Test(lists, whom_unknown_ones_reach_is_configured)
{
    static const struct {
        const char *list;
        bool outside, students;
    } cases[] = {
        {"pipe@example.org", false, true},    {"some@example.org", false, true},
        {"dumped@example.org", false, false}, {"outer@example.org", true, true},
        {"eng@example.org", true, true},      {"staff@example.org", false, false},
        {"empty@example.org", false, false},
    };
    for (int strict = 0; strict < 2; strict++) {
        g_free(book.config->policy.unknown_lists);
        book.config->policy.unknown_lists = g_strdup(strict ? "students" : "outside");
        book_open(&book, BOOK_TODAY);
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
            g_autoptr(Party) party = book_party(&book, cases[i].list);
            cr_expect_eq(party_reaches(party, ROLE_STUDENT), strict ? cases[i].students : cases[i].outside,
                         "%s", cases[i].list);
        }
    }
}

// A thousand names of one list cost no more than one; a thousand lists end where no message goes.
Test(lists, many_are_bounded)
{
    g_autoptr(GString) sql = g_string_new(LISTS);
    g_string_append(
        sql, "INSERT INTO source VALUES (9, 'x', 'aliases', 'x', 0);"
             "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 15000) "
             "INSERT INTO list_member SELECT 'big@example.org', 'm' || i || '@out.example.net', 9 FROM n;"
             "INSERT INTO list VALUES ('big@example.org', 9, 1, '');"
             "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19) "
             "INSERT INTO list SELECT 'big' || i || '@example.org', 9, 1, '' FROM n;"
             "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19) "
             "INSERT INTO list_member SELECT 'big' || i || '@example.org', 'big@example.org', 9 FROM n;");
    book_write(&book, 3, sql->str);
    book_open(&book, BOOK_TODAY);
    g_autoptr(Party) first = book_party(&book, "big@example.org");
    cr_expect_eq(first->members->len, 15001);
    for (int i = 0; i < 1000; i++) {
        g_autoptr(Party) again = book_party(&book, "big@example.org");
        cr_assert_eq(again->members->len, 15001);
        cr_expect_not(party_reaches(again, ROLE_STUDENT));
    }
    bool strict = false;
    for (int i = 0; i < 20; i++) {
        g_autofree char *address = g_strdup_printf("big%d@example.org", i);
        g_autoptr(Party) list = book_party(&book, address);
        cr_expect(!strict || party_reaches(list, ROLE_STUDENT), "%s", address);
        strict |= party_reaches(list, ROLE_STUDENT);
    }
    cr_expect(strict);
    book_open(&book, BOOK_TODAY); // another message
    g_autoptr(Party) anew = book_party(&book, "big7@example.org");
    cr_expect_not(party_reaches(anew, ROLE_STUDENT));
}
