#include "support.h"

#include <string.h>

static void expect_street(const DetectData *data, const Config *config, const char *text, const char *want)
{
    Scanned *scanned = support_scan(data, config, text, "");
    street_find(&scanned->scan);
    const Candidate *first = support_first(scanned, KIND_STREET_ADDRESS);
    cr_expect(g_strcmp0(first ? first->value : NULL, want) == 0, "%s: %s, not %s", text,
              first ? first->value : NULL, want);
    scanned_free(scanned);
}

Test(street, addresses)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"Come over to my place, 27 Alder Lane, at six.", "27 alder lane"},
        {"i live at 27 alder ln apt 3", "27 alder ln apt 3"},
        {"My new place is 732 Falmouth Rd.", "732 falmouth rd"},
        {"Practice is at my home, 551 Willow Rd, Apt 18, North Haven.", "551 willow rd, apt 18"},
        {"Ship it to 27 Alder Lane\nSample Falls, MA 01399.", "27 alder lane, sample falls, ma 01399"},
        {"Museum, 40 Wharf Road, Suite 5, Northport, MA 01398-1234",
         "40 wharf road, suite 5, northport, ma 01398-1234"},
        {"1 College Circle, Westport", "1 college circle"},
        {"350 Fifth Avenue, New York, NY 10118", "350 fifth avenue, new york, ny 10118"},
        {"Twenty-two seventeen Ridge Pike", "2217 ridge pike"},
        {"880 Route 9, Hadley", "880 route 9"},
        {"PO Box 142, Sample Falls MA 01399", "po box 142, sample falls ma 01399"},
        {"P.O. Box 9", "po box 9"},
        {"27-29 Bay Road", "27-29 bay road"},
        {"77 Chestnut Hill, Dover NH", "77 chestnut hill, dover nh"},
        {"1600 K Street NW, Washington", "1600 k street nw"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        expect_street(data, config, CASES[i].text, CASES[i].want);
}

Test(street, no_addresses)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const char *const CASES[] = {
        "We have 20 students in this place.",
        "It is a 5 minute drive.",
        "Read pages 12 to 15 on the way.",
        "The 3 main points of the court case",
        "It took 10 years on the road.",
        "Call 413-555-0142 Main Street",
        "$5 at Park Place",
        "Room 12, Oak Hill School",
        "4 square and 3 circle",
        "version 2.14 Elm Street",
        "one way street",
        "Main Street",
        "14",
        "",
        "14 ",
        "po box",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        expect_street(data, config, CASES[i], NULL);
}

Test(street, home_raises)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    Scanned *home = support_scan(data, config, "my house is 27 alder lane", "");
    Scanned *bare = support_scan(data, config, "see 27 alder lane", "");
    street_find(&home->scan);
    street_find(&bare->scan);
    const Candidate *one = support_first(home, KIND_STREET_ADDRESS),
                    *other = support_first(bare, KIND_STREET_ADDRESS);
    cr_assert_not_null(one);
    cr_expect_gt(one->shape, other ? other->shape : 0.0);
    scanned_free(home);
    scanned_free(bare);
}

Test(street, linear, .timeout = 15)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const char *const UNITS[] = {"1 a ", "1 ", "one ", "p o ", "9 Elm ", "1-"};
    for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 200000)
            g_string_append(text, UNITS[i]);
        gint64 from = g_get_monotonic_time();
        expect_street(data, config, text->str, NULL);
        cr_expect_lt(g_get_monotonic_time() - from, 3000000, "%s", UNITS[i]);
    }
}
