#include "fixture.h"

#include <string.h>

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

TestSuite(sessions, .init = open_district, .fini = close_district);

#define ONE_USER "sourcedId,role,givenName,familyName,email\nz,student,Zed,Zed,dana.whitlock@example.org\n"

Test(sessions, a_session_sees_one_state)
{
    g_autofree char *before = fixture_who(&f, "dana.whitlock@example.org");
    fixture_put(&f, "users.csv", ONE_USER);
    fixture_import(&f);
    g_autofree char *during = fixture_who(&f, "dana.whitlock@example.org");
    cr_expect_str_eq(before, "staff school stf-1");
    cr_expect_str_eq(during, before);
    // The next session of the same roster sees the new one, without reopening.
    roster_session_end(g_steal_pointer(&f.session));
    f.session = roster_session_begin(f.roster, FIXTURE_TODAY, NULL);
    cr_assert(f.session != NULL);
    g_autofree char *after = fixture_who(&f, "dana.whitlock@example.org");
    cr_expect_str_eq(after, "student school z");
}

typedef struct {
    Roster *roster;
    gint stop, rounds, wrong;
} Load;

// Two look-ups of one session must tell of the same roster: dana is staff exactly while tlane is not gone.
static gpointer look_up(gpointer data)
{
    Load *load = data;
    while (!g_atomic_int_get(&load->stop)) {
        g_autoptr(RosterSession) session = roster_session_begin(load->roster, FIXTURE_TODAY, NULL);
        g_autoptr(Party) dana =
            session != NULL ? roster_resolve(session, "dana.whitlock@example.org", NULL) : NULL;
        g_autoptr(Party) lane = session != NULL ? roster_resolve(session, "tlane@example.org", NULL) : NULL;
        if (lane == NULL || dana == NULL || (dana->role == ROLE_STAFF) != lane->enabled)
            g_atomic_int_inc(&load->wrong);
        g_atomic_int_inc(&load->rounds);
    }
    return NULL;
}

Test(sessions, look_ups_during_imports)
{
    Load load = {.roster = f.roster};
    GThread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("look-up", look_up, &load);
    for (int i = 0; i < 6; i++) {
        if (i % 2 == 0)
            fixture_put(&f, "users.csv", ONE_USER);
        else
            fixture_put_district(&f);
        fixture_import(&f);
    }
    while (g_atomic_int_get(&load.rounds) < 200)
        g_usleep(1000);
    g_atomic_int_set(&load.stop, 1);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    cr_expect_eq(load.wrong, 0, "%d of %d", load.wrong, load.rounds);
}

Test(sessions, a_session_outlives_its_roster)
{
    roster_unref(g_steal_pointer(&f.roster));
    g_autofree char *who = fixture_who(&f, "dana.whitlock@example.org");
    cr_expect_str_eq(who, "staff school stf-1");
}

Test(sessions, a_long_list_fails_closed)
{
    g_autoptr(GString) lists = g_string_new("list,member\n");
    for (int i = 0; i < 21000; i++)
        g_string_append_printf(lists, "huge@example.org,m%d@example.net\n", i);
    fixture_put(&f, "lists.csv", lists->str);
    fixture_import(&f);
    fixture_open(&f);
    g_autoptr(Party) huge = roster_resolve(f.session, "huge@example.org", NULL);
    cr_assert(huge != NULL);
    cr_expect(party_reaches(huge, ROLE_STUDENT));
    cr_expect(huge->members->len <= 20001);
}

Test(sessions, deep_and_looped_lists_end)
{
    g_autoptr(GString) lists = g_string_new("list,member\n");
    for (int i = 0; i < 3000; i++)
        g_string_append_printf(lists, "l%d@example.org,l%d@example.org\nl%d@example.org,l0@example.org\n", i,
                               i + 1, i);
    g_string_append(lists, "l3000@example.org,mlee@students.example.org\n");
    fixture_put(&f, "lists.csv", lists->str);
    fixture_import(&f);
    fixture_open(&f);
    g_autoptr(Party) deep = roster_resolve(f.session, "l0@example.org", NULL);
    cr_assert(deep != NULL);
    cr_expect_eq(deep->members->len, 1);
    cr_expect(party_reaches(deep, ROLE_STUDENT));
}
