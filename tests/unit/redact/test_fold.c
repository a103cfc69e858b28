// Strings are found whatever their spelling, and nothing else is.
#include "support.h"

#include <string.h>

typedef struct {
    const char *needle, *text;
    int flags;
    const char *found; // the first hit; NULL = none
} Case;

static const Case CASES[] = {
    {"Mia Torres", "of mia\r\n  TORRES, yes", 0, "mia\r\n  TORRES"},
    {"Mia Torres", "of Mia Tor-\nres.", 0, "Mia Tor-\nres"},
    {"Jos\303\251", "and Jose\314\201, he", 0, "Jose\314\201"},
    {"Jose", "and JOS\303\211.", 0, "JOS\303\211"},
    {"Torres", "The Torres' house, the Torress", 0, "Torres"},
    {"Mia", "Miami", 0, NULL},
    {"Mia", "Anemia", 0, NULL},
    {"Mia", "Mias", 0, "Mia"},
    {"Mia", "class10Mia", 0, "Mia"},
    {"Grace", "by the grace of", NEEDLE_CAPITAL, NULL},
    {"Grace", "by Grace.", NEEDLE_CAPITAL, "Grace"},
    {"508-555-0142", "call +1 (508) 555 0142 now", 0, "(508) 555 0142"},
    {"(508) 555-0142", "call15085550142", 0, "5085550142"},
    {"85", "1852", 0, NULL},
    {"85", "a grade of 85.", 0, "85"},
    {"mia.t.07@webmail.example", "MIA.T.07@WEBMAIL.EXAMPLE;", 0, "MIA.T.07@WEBMAIL.EXAMPLE"},
    {"\346\235\216\351\233\267", "\345\255\246\347\224\237\346\235\216\351\233\267\346\230\257", 0,
     "\346\235\216\351\233\267"},
    {"\357\274\255ia", "Mia", 0, "Mia"},
    {"M\302\255ia", "M\342\200\213ia", 0, "M\342\200\213ia"},
};

Test(fold, finds_what_people_would_read_as_the_same)
{
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const Case *one = &CASES[i];
        g_autoptr(Needles) needles = needles_new();
        cr_assert(needles_add(needles, one->needle, -1, one->flags, 7));
        g_autoptr(GArray) hits = needles_find(needles, one->text, strlen(one->text));
        cr_assert_eq(hits->len > 0, one->found != NULL, "%s in %s", one->needle, one->text);
        if (one->found == NULL)
            continue;
        const NeedleHit *hit = &g_array_index(hits, NeedleHit, 0);
        g_autofree char *found = g_strndup(one->text + hit->from, hit->to - hit->from);
        cr_assert_str_eq(found, one->found, "%s in %s: %s", one->needle, one->text, found);
        cr_assert_eq(hit->needle, 7);
    }
}

Test(fold, what_has_no_letters_cannot_be_looked_for)
{
    g_autoptr(Needles) needles = needles_new();
    cr_assert_not(needles_add(needles, " -- * ", -1, 0, 0));
    cr_assert_eq(needle_figures("12-34", 5), 4);
    cr_assert_eq(needle_figures("12a", 3), 0);
}

Test(fold, many_needles_in_a_long_text)
{
    g_autoptr(Needles) needles = needles_new();
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 5000; i++) {
        g_autofree char *name = g_strdup_printf("Person%uName", i * 7919 % 100000);
        cr_assert(needles_add(needles, name, -1, 0, i));
    }
    for (guint i = 0; i < 100000; i++)
        g_string_append_printf(text, "person%uname and more words\n", i);
    gint64 begun = g_get_monotonic_time();
    g_autoptr(GArray) hits = needles_find(needles, text->str, text->len);
    cr_assert_eq(hits->len, 5000);
    cr_assert_lt(g_get_monotonic_time() - begun, 20 * G_USEC_PER_SEC);
}
