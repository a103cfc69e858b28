#include "roster/street.h"

#include <criterion/criterion.h>

Test(street, canonical)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"14 Larkspur Lane, Alder Falls, MA 01399", "14 larkspur lane"},
        {"14 Larkspur Ln.", "14 larkspur lane"},
        {"14 LARKSPUR LN APT 3B", "14 larkspur lane"},
        {"14 Larkspur Lane Alder Falls MA", "14 larkspur lane"},
        {"fourteen larkspur lane", "14 larkspur lane"},
        {"Twenty-two seventeen Ridge Pike", "2217 ridge pike"},
        {"120 N. Main St., Springfield", "120 north main street"},
        {"120 North Main Street", "120 north main street"},
        {"9 Court Square", "9 court square"},
        {"1 College Circle, Westover", "1 college circle"},
        {"33 St. James Ave", "33 saint james avenue"},
        {"5 Forest Hill Drive", "5 forest hill drive"},
        {"5 Park Place Road", "5 park place road"},
        {"77 Chestnut Hill, Dover", "77 chestnut hill"},
        {"12 Broadway, New York", "12 broadway"},
        {"350 Fifth Avenue", "350 5th avenue"},
        {"350 5th Ave", "350 5th avenue"},
        {"880 Route 9, Hadley", "880 route 9"},
        {"880 Rt 9, Hadley", "880 route 9"},
        {"15 O'Neil Dr", "15 oneil drive"},
        {"27-29 Bay Road", "27-29 bay road"},
        {"12 1/2 Elm St", "12 elm street"},
        {"1600 K St NW, Washington", "1600 k street northwest"},
        {"14 Main Street West Springfield MA", "14 main street"},
        {"P.O. Box 142, Alder Falls, MA 01399-0142", "po box 142 01399"},
        {"PO Box 142", "po box 142"},
        {"Post Office Box 9", "po box 9"},
        {"Larkspur Lane", NULL},
        {"14", NULL},
        {"", NULL},
        {",,,", NULL},
        {"box", NULL},
        {"14 of the students in this very long sentence", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *copy = g_strdup(CASES[i].text);
        g_autofree char *got = roster_canonical_street(copy);
        cr_expect(g_strcmp0(got, CASES[i].want) == 0, "%s: %s, not %s", CASES[i].text, got, CASES[i].want);
    }
}
