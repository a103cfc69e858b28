#include "book.h"

#include "roster/canon.h"

static Book book;

static void open_book(void)
{
    book_init(&book);
    book_write(&book, 2,
               "INSERT INTO person VALUES"
               " (21, 'n-1', 'T\303\251o', 'O''Brien-Lane', 64, 1, 0, 0, NULL, NULL, 0, ''),"
               " (22, 'n-2', 'James', 'James', 64, 1, 0, 0, NULL, NULL, 0, ''),"
               " (23, 'n-3', 'Cher', '', 64, 1, 0, 0, NULL, NULL, 0, ''),"
               " (24, 'n-4', 'J. Robert', 'Baker Jr.', 64, 1, 0, 0, NULL, NULL, 0, ''),"
               " (25, 'n-5', '\320\220\320\275\320\275\320\260', '\320\226\321\203\320\272', 64, 1, 0, 0, "
               "NULL, NULL, 0, ''),"
               " (26, 'n-6', 'Will', 'May', 64, 1, 0, 0, NULL, NULL, 0, ''),"
               " (27, 'n-7', 'B', 'Solo', 64, 1, 0, 0, NULL, NULL, 0, '');");
    book_open(&book, BOOK_TODAY);
}

static void close_book(void)
{
    book_clear(&book);
}

TestSuite(names, .init = open_book, .fini = close_book);

Test(names, of_staff)
{
    static const struct {
        const char *text, *expect;
    } cases[] = {
        {"Dana Whitlock", "stf-1"},
        {"WHITLOCK, Dana", "stf-1"},
        {"Whitlock, Dana L.", "stf-1"},
        {"Dana Q. Whitlock", "stf-1"},
        {"Dana Lynn Whitlock", "stf-1"},
        {"Ms. Dana Whitlock, M.Ed.", "stf-1"},
        {"Mrs Dana Whitlock (English)", "stf-1"},
        {"dana.whitlock", "stf-1"},
        {"Dana_Whitlock", "stf-1"},
        {"Dana Whit1ock", "stf-1"},
        {"D\303\242na Whitl\303\266ck", "stf-1"},
        // Full width; Cyrillic letters; mathematical ones; a soft hyphen and a zero width space.
        {"\357\274\244\357\275\201\357\275\216\357\275\201 Whitlock", "stf-1"},
        {"D\320\260n\320\260 Whitl\320\276ck", "stf-1"},
        {"\360\235\220\203\360\235\220\232\360\235\220\247\360\235\220\232 Whitlock", "stf-1"},
        {"Da\302\255na Whit\342\200\213lock", "stf-1"},
        {"Teo OBrien Lane", "n-1"},
        {"T\303\211O O\342\200\231BRIEN-LANE", "n-1"},
        {"Robert Baker", "n-4"},
        {"Bob Baker", ""},
        {"Teo Lane", ""},
        {"Dana", ""},
        {"Ms. Whitlock", ""},
        {"James", ""},
        {"James James", "n-2"},
        {"Cher", ""},
        {"Cher Solo", ""},
        {"B Solo", ""},
        {"will", ""},
        {"\320\220\320\275\320\275\320\260 \320\226\321\203\320\272", "n-5"},
        {"\320\220\320\235\320\235\320\220 \320\226\320\243\320\232", "n-5"},
        {"Pat Okafor and Dana Whitlock", "stf-1 stf-2"},
        {"Dana is here and so is everybody else of the Whitlock family", ""},
        {"Min Lee", ""},
        {"", ""},
        {"\xff Dana Whitlock", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = book_join(roster_staff_named(book.session, cases[i].text, NULL));
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].text, got);
    }
}

Test(names, of_students_in_a_text)
{
    static const struct {
        const char *text;
        guint most;
        const char *expect;
    } cases[] = {
        {"On the bus: Min Lee, Ortiz Ana; Rourke, Eli and Dana Whitlock", 10, "stu-1 stu-2 stu-3"},
        {"Min Lee Min Lee MIN LEE", 10, "stu-1"},
        {"Min and the others met Lee", 10, ""},
        {"Min Lee, Ana Ortiz", 0, ""},
        {"", 10, ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got =
            book_join(roster_students_named(book.session, cases[i].text, cases[i].most, NULL));
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].text, got);
    }
    g_autoptr(GPtrArray) one = roster_students_named(book.session, "Min Lee, Ana Ortiz", 1, NULL);
    cr_expect_eq(one->len, 1);
    g_autoptr(GString) longest = g_string_new(NULL);
    for (int i = 0; i < 100000; i++)
        g_string_append(longest, "Lee Min Ana ");
    int64_t began = g_get_monotonic_time();
    g_autofree char *got = book_join(roster_students_named(book.session, longest->str, 50, NULL));
    cr_expect_str_eq(got, "stu-1");
    cr_expect_lt(g_get_monotonic_time() - began, 5 * G_TIME_SPAN_SECOND);
}

Test(names, students_by_their_numbers)
{
    static const struct {
        const char *id, *expect;
    } cases[] = {
        {"stu-1", "stu-1"}, {"4410277", "stu-2"}, {"S-17", "stu-3"}, {"s-17", NULL},   {"stf-1", NULL},
        {"900", NULL},      {"441027", NULL},     {"", NULL},        {"' OR 1", NULL},
    };
    book_write(
        &book, 3,
        "INSERT INTO record (id, source, person, roles, enabled, gone, birth) VALUES (4, 1, 4, 32, 1, 0, 0),"
        " (5, 1, 5, 32, 1, 0, 0), (1, 1, 1, 64, 1, 0, 0);"
        "INSERT INTO ident VALUES (4, 'student', '4410277'), (5, 'type:state', 'S-17'),"
        " (1, 'employee', '900');");
    book_open(&book, BOOK_TODAY);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = NULL;
        g_autofree char *person = NULL;
        cr_assert(roster_student_of_id(book.session, cases[i].id, &person, &error), "%s",
                  error ? error->message : "");
        cr_expect(g_strcmp0(person, cases[i].expect) == 0, "%s: %s", cases[i].id, person);
    }
}

Test(names, kept_under_a_pair_of_words)
{
    static const struct {
        const char *given, *family, *key, *words;
    } cases[] = {
        {"Dana Lynn", "Whitlock", "whitlock dana", "dana whitlock"},
        {"Mary-Kate", "van der Berg", "berg mary", "mary kate van der berg"},
        {"J. Robert", "Baker III", "baker robert", "robert baker"},
        {"  ", "Baker", NULL, NULL},
        {"J.", "Baker", NULL, NULL},
        {"Dana", "--", NULL, NULL},
        {"", "", NULL, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *key = NULL, *words = NULL;
        bool full = canon_name(cases[i].given, cases[i].family, &key, &words);
        cr_expect_eq(full, cases[i].key != NULL);
        cr_expect(g_strcmp0(key, cases[i].key) == 0, "%s: %s", cases[i].given, key);
        cr_expect(g_strcmp0(words, cases[i].words) == 0, "%s: %s", cases[i].given, words);
    }
}
