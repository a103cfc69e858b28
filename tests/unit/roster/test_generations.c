#include "book.h"

#include "roster/key.h"

#include <glib/gstdio.h>
#include <string.h>

static Book book;

static void open_book(void)
{
    book_init(&book);
    book_open(&book, BOOK_TODAY);
}

static void close_book(void)
{
    book_clear(&book);
}

TestSuite(generations, .init = open_book, .fini = close_book);

#define DANA_LEFT                                                                                            \
    "DELETE FROM contact WHERE person IN (1, 2);"                                                            \
    "INSERT INTO contact (key, person, field, record) VALUES ('email:dana@example.org', 3, 'email', 3);"

static void remove_generation(int number)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_strdup_printf("%s.%06d%s", book.config->roster.database, number, parts[i]);
        g_unlink(path);
    }
}

Test(generations, a_session_sees_one)
{
    g_autofree char *before = book_who(&book, "dana@example.org");
    book_write(&book, 2, DANA_LEFT);
    remove_generation(1);
    g_autofree char *during = book_who(&book, "dana@example.org");
    g_autofree char *domains = book_who(&book, "pat@example.org");
    book_open(&book, BOOK_TODAY);
    g_autofree char *after = book_who(&book, "dana@example.org");
    cr_expect_str_eq(before, "staff school stf-1");
    cr_expect_str_eq(during, before);
    cr_expect_str_eq(domains, "staff school stf-2");
    cr_expect_str_eq(after, "student school stu-1");
}

// A session at work keeps the old one open; once it ends nothing does.
Test(generations, the_old_one_is_let_go)
{
    RosterSession *other = roster_session_begin(book.roster, BOOK_TODAY, NULL);
    cr_assert_not_null(other);
    roster_session_end(other);
    book_write(&book, 2, NULL);
    remove_generation(1);
    book_open(&book, BOOK_TODAY);
    g_autofree char *maps = NULL;
    cr_assert(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    cr_expect_null(strstr(maps, "roster.db.000001"), "still mapped");
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *link = g_build_filename("/proc/self/fd", name, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);
        cr_expect(target == NULL || strstr(target, "roster.db.000001") == NULL, "still open: %s", target);
    }
    g_dir_close(dir);
}

Test(generations, what_is_changed_in_place_is_seen_by_the_next_session)
{
    g_autofree char *before = book_who(&book, "dana.own@example.net");
    book_personal(&book, 1, 0, "dana@example.org", KIND_EMAIL, "dana.own@example.net");
    book_open(&book, BOOK_TODAY);
    g_autofree char *after = book_who(&book, "dana.own@example.net");
    cr_expect_str_eq(before, "external personal -");
    cr_expect_str_eq(after, "staff personal stf-1");
}

typedef struct {
    Roster *roster;
    gint stop, rounds, wrong;
    char *first; // what was wrong first
} Load;

// Two look-ups of one session must tell of the same generation: dana is staff exactly while pat is somebody.
static gpointer look_up(gpointer data)
{
    Load *load = data;
    while (!g_atomic_int_get(&load->stop)) {
        g_autoptr(GError) error = NULL;
        g_autoptr(RosterSession) session = roster_session_begin(load->roster, BOOK_TODAY, &error);
        g_autoptr(Party) dana = session != NULL ? roster_resolve(session, "dana@example.org", &error) : NULL;
        g_autoptr(Party) pat = session != NULL ? roster_resolve(session, "pat@example.org", &error) : NULL;
        if (dana == NULL || pat == NULL || (dana->role == ROLE_STAFF) != (pat->role == ROLE_STAFF)) {
            g_atomic_int_inc(&load->wrong);
            char *what = g_strdup(error != NULL ? error->message : "two generations in one session");
            if (!g_atomic_pointer_compare_and_exchange(&load->first, NULL, what))
                g_free(what);
        }
        g_atomic_int_inc(&load->rounds);
    }
    return NULL;
}

Test(generations, look_ups_while_one_follows_the_other)
{
    Load load = {.roster = book.roster};
    GThread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("look-up", look_up, &load);
    for (int number = 2; number < 9; number++) {
        book_write(&book, number, number % 2 == 0 ? DANA_LEFT : NULL);
        remove_generation(number - 1);
    }
    while (g_atomic_int_get(&load.rounds) < 400)
        g_usleep(1000);
    g_atomic_int_set(&load.stop, 1);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    cr_expect_eq(load.wrong, 0, "%d of %d: %s", load.wrong, load.rounds, load.first);
    g_free(load.first);
}

Test(generations, one_made_with_a_key_of_later)
{
    g_autoptr(GError) error = NULL;
    RosterKey key;
    char *line = key_make(&key, &error);
    cr_assert_not_null(line);
    cr_assert(key_add(book.config->roster.key_file, line, &error), "%s", error != NULL ? error->message : "");
    key_wipe(line);
    // The old generation is still read with the old key, by a connection of now.
    roster_unref(g_steal_pointer(&book.roster));
    book_personal(&book, 1, 1, "", KIND_PHONE, "+14135550199");
    book_open(&book, BOOK_TODAY);
    g_autoptr(GPtrArray) none = roster_owners(book.session, KIND_PHONE, "+14135550199", NULL);
    cr_expect(none != NULL && none->len == 0, "hashed with the new key, which is not this generation's");
    book_write(&book, 2, NULL);
    book_personal(&book, 2, 1, "", KIND_PHONE, "+14135550199");
    book_open(&book, BOOK_TODAY);
    g_autoptr(GPtrArray) found = roster_owners(book.session, KIND_PHONE, "+14135550199", NULL);
    cr_expect(found != NULL && found->len == 1);
}

Test(generations, without_its_key_there_is_no_answer)
{
    g_autoptr(GError) error = NULL;
    roster_session_end(g_steal_pointer(&book.session));
    roster_unref(g_steal_pointer(&book.roster));
    g_unlink(book.config->roster.key_file);
    book_write(&book, 2, NULL); // with a key of its own
    cr_assert(g_file_set_contents(book.config->roster.key_file,
                                  "0000000000000000000000000000000000000000000000000000000000000000\n", -1,
                                  NULL));
    cr_expect_null(roster_open(book.config, &error));
    cr_assert_not_null(error);
    cr_expect_eq(error->code, BASE_ERROR_DATA);
    cr_expect_not_null(strstr(error->message, book.config->roster.key_file), "%s", error->message);
}

Test(generations, none_at_all)
{
    g_autoptr(GError) error = NULL;
    roster_session_end(g_steal_pointer(&book.session));
    g_unlink(book.config->roster.database);
    cr_expect_null(roster_session_begin(book.roster, BOOK_TODAY, &error));
    cr_assert_not_null(error);
    cr_expect_eq(error->code, BASE_ERROR_NOINPUT);
    cr_expect_not_null(strstr(error->message, "chaperone roster import"), "%s", error->message);
}
