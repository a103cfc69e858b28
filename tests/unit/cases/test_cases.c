// Clocks by law, and texts that are nearly the same.
#include "cases/internal.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

static CaseClocks *clocks_of(const char *text, GError **error)
{
    g_autofree char *dir = g_dir_make_tmp("chaperone-clocks-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "clocks.conf", NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    CaseClocks *clocks = case_clocks_load(path, error);
    g_unlink(path);
    g_rmdir(dir);
    return clocks;
}

static const char CLOCKS[] =
    "clocks: ( { name = \"ten\"; days = 10; business = true; extension = 5; fee-when-late = false; },"
    "          { name = \"four\"; days = 4; business = true; }, { name = \"whole\"; days = 45; }, { name = "
    "\"one\"; days = 1; }, { name = "
    "\"none\"; days = 0; } );"
    "holidays: [ \"2026-11-26\", \"2026-12-25\" ];";

Test(clock, due)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CaseClocks) clocks = clocks_of(CLOCKS, &error);
    cr_assert_not_null(clocks, "%s", error != NULL ? error->message : "");
    static const struct {
        const char *name;
        int received, extension, want;
    } cases[] = {
        {"ten", 20261102, 0, 20261116}, // Monday to Monday
        {"ten", 20261106, 0, 20261120}, // a Friday does not count itself
        {"ten", 20261107, 0, 20261120}, // nor a Saturday
        {"ten", 20261116, 0, 20261201}, // over Thanksgiving
        {"ten", 20261116, 5, 20261208},   {"four", 20261124, 0, 20261201},
        {"whole", 20261110, 0, 20261224}, // Christmas is closed: the day before it, not the Monday behind
        {"whole", 20261111, 0, 20261224}, // nor on the Saturday
        {"one", 20261127, 0, 20261128},   // but not before the request came
        {"none", 20261102, 0, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CaseProfile *profile = case_clocks_profile(clocks, cases[i].name);
        int got = case_due(clocks, profile, cases[i].received, cases[i].extension);
        cr_assert_eq(got, cases[i].want, "%s %d: %d", cases[i].name, cases[i].received, got);
    }
    const CaseProfile *ten = case_clocks_profile(clocks, "ten"),
                      *whole = case_clocks_profile(clocks, "whole");
    cr_assert_eq(case_days_left(clocks, ten, 20261125, 20261201), 3);
    cr_assert_eq(case_days_left(clocks, ten, 20261201, 20261125), -3);
    cr_assert_eq(case_days_left(clocks, whole, 20261125, 20261201), 6);
    cr_assert_eq(case_days_left(clocks, ten, 20261201, 20261201), 0);
}

Test(clock, mistakes_are_named)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "there is no clock"},
        {"clocks: ( { days = 3; } );", ":1: a clock wants a name"},
        {"clocks: (\n { name = \"a\"; days = -1; } );", ":2: days and extension"},
        {"clocks: ( { name = \"a\"; days = 1; },\n { name = \"a\"; days = 1; } );",
         ":2: there is a clock of this name"},
        {"clocks: ( { name = \"a\"; day = 1; } );", "unknown key"},
        {"clocks: ( { name = \"a\"; } );\nholidays: [ \"soon\" ];", ":2: holidays"},
        {"clocks: (", ":1: syntax error"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        cr_assert_null(clocks_of(cases[i].text, &error), "%s", cases[i].text);
        cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_CONFIG));
        cr_assert_not_null(strstr(error->message, cases[i].want), "%s", error->message);
    }
}

static const char TEXT[] = "The budget committee met on Monday to talk about the roof of the gymnasium, the "
                           "heating of the west wing and the new buses for "
                           "the spring term, and it was agreed that the superintendent writes to the town "
                           "before the end of the month.";

Test(alike, near_and_far)
{
    g_autofree char *one = alike_plain(TEXT);
    g_autofree char *changed = g_strdup(one),
                    *other = alike_plain("Dear families, the concert of the jazz band is on Friday at seven "
                                         "in the auditorium; bring chairs, and tell your neighbors.");
    memcpy(strstr(changed, "monday"), "friday", strlen("friday"));
    AlikeHash first, second, third, none;
    cr_assert(alike_hash(one, &first) && alike_hash(changed, &second) && alike_hash(other, &third));
    cr_assert_eq(alike_shared(&first, &first), ALIKE_HASHES);
    cr_assert_geq(alike_shared(&first, &second), ALIKE_NEAR);
    cr_assert_leq(alike_shared(&first, &third), 2);
    int bands = 0;
    for (int band = 0; band < ALIKE_BANDS; band++)
        bands += alike_band(&first, band) == alike_band(&second, band);
    cr_assert_gt(bands, 0);
    g_autofree char *few = alike_plain("Thank you!");
    cr_assert_not(alike_hash(few, &none));
    g_autofree char *spaced = alike_plain("  Ünder - Weg,\n\nübern  ");
    cr_assert_str_eq(spaced, "ünder weg übern");
}

Test(alike, subjects)
{
    static const struct {
        const char *subject, *plain;
        bool answers;
    } cases[] = {
        {"Roof", "roof", false},
        {"Re: Roof", "roof", true},
        {"RE: Fwd: AW[2]: the Roof!", "the roof", true},
        {"  re : roof", "roof", true},
        {"Fwd:", "", true},
        {"Reading: chapter four", "reading chapter four", false},
        {"Re Roof", "re roof", false},
        {"", "", false},
        {NULL, "", false},
        {"Recall: Roof", "recall roof", false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool answers = !cases[i].answers;
        g_autofree char *plain = alike_subject(cases[i].subject, &answers);
        cr_assert_str_eq(plain, cases[i].plain, "%s", cases[i].subject);
        cr_assert_eq(answers, cases[i].answers, "%s", cases[i].subject);
    }
}
