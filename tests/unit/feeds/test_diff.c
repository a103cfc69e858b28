#include "paper.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    const char *name, *from, *to;
    const char *counts;  // those that are not 0: "added 1 removed 2"
    const char *changes; // "kind person name before>after", a line each
} Case;

#define BASE                                                                                                 \
    "sis:t1 staff Dana/Whitlock mail=dana@example.org\nsis:s1 student Min/Lee mail=min@example.org\n"        \
    "sis:g1 guardian Hana/Lee mail=hana@example.net\n! link sis guardian sis:s1 sis:g1\n"

static const Case CASES[] = {
    {"nothing", BASE, BASE, "", ""},
    {"somebody new", "sis:t1 staff Dana/Whitlock", "sis:t1 staff Dana/Whitlock\nsis:s1 student+staff Min/Lee",
     "added 1", "added s1 Min Lee ->staff, student"},
    {"gone", "sis:s1 student Min/Lee", "sis:s1 student Min/Lee gone=20261122", "removed 1 students_removed 1",
     "removed s1 Min Lee student>-"},
    {"no more there", "sis:t1 staff Min/Lee", "", "removed 1 staff_removed 1", "removed t1 Min Lee staff>-"},
    {"no more there after having been gone", "sis:s1 student Min/Lee gone=20261001", "", "", ""},
    {"an account that works no more", "sis:g1 guardian Min/Lee", "sis:g1 guardian Min/Lee off=1",
     "removed 1 guardians_removed 1", "removed g1 Min Lee guardian>-"},
    {"one that did not", "sis:s1 student Min/Lee off=1", "sis:s1 student Min/Lee gone=20261122", "", ""},
    {"back", "sis:s1 student Min/Lee gone=20261001", "sis:s1 student Min/Lee", "returned 1",
     "returned s1 Min Lee ->student"},
    {"back to work", "sis:s1 student Min/Lee off=1", "sis:s1 student Min/Lee", "returned 1",
     "returned s1 Min Lee ->student"},
    {"another role", "sis:1 student Min/Lee", "sis:1 student+staff Min/Lee", "roles 1",
     "role 1 Min Lee student>staff, student"},
    {"a role lost is one taken away", "sis:1 guardian+staff Min/Lee", "sis:1 guardian Min/Lee",
     "roles 1 staff_removed 1", "role 1 Min Lee staff, guardian>guardian"},
    {"renamed", "sis:1 staff Dana/Whitlock", "sis:1 staff Dana/Lane", "renamed 1",
     "renamed 1 Dana Lane Dana Whitlock>Dana Lane"},
    {"the parts of a name count", "sis:1 staff Dana_Lee/Whitlock", "sis:1 staff Dana/Lee_Whitlock",
     "renamed 1", "renamed 1 Dana Lee Whitlock Dana Lee Whitlock>Dana Lee Whitlock"},
    {"another pid for the same row", "sis:1 staff Dana/Whitlock pid=old", "sis:1 staff Dana/Whitlock", "",
     ""},
    {"two that become one", "sis:1 staff Dana/Whitlock\nad:2 staff Dana/Whitlock",
     "sis:1 staff Dana/Whitlock id=e:1\nad:2 staff Dana/Whitlock id=e:1", "", ""},
    {"one that becomes two", "sis:1 staff Dana/Whitlock id=e:1\nad:2 staff Dana/Whitlock id=e:1",
     "sis:1 staff Dana/Whitlock\nad:2 staff Dana/Whitlock", "added 1", "added 2 Dana Whitlock ->staff"},
    {"the same id in another source is somebody else", "sis:1 staff Dana/Whitlock pid=x",
     "ad:1 staff Dana/Whitlock", "added 1 removed 1 staff_removed 1",
     "removed x Dana Whitlock staff>-|added 1 Dana Whitlock ->staff"},

    // links
    {"a child more", BASE, BASE "sis:s2 student Ana/Lee\n! link sis guardian sis:g1 sis:s2",
     "added 1 links_added 1", "guardian-added s2 Ana Lee ->g1|added s2 Ana Lee ->student"},
    {"another guardian", BASE,
     "sis:t1 staff Dana/Whitlock mail=dana@example.org\nsis:s1 student Min/Lee mail=min@example.org\n"
     "sis:g1 guardian Hana/Lee mail=hana@example.net\nsis:g2 guardian Bo/Ito\n! link sis guardian sis:s1 "
     "sis:g2",
     "added 1 links_added 1 links_removed 1",
     "guardian-removed s1 Min Lee g1>-|guardian-added s1 Min Lee ->g2|added g2 Bo Ito ->guardian"},
    {"a guardian who is there no more",
     "sis:s1 student Min/Lee\nsis:g1 guardian Hana/Lee\n! link sis guardian sis:s1 sis:g1",
     "sis:s1 student Min/Lee", "removed 1 links_removed 1 guardians_removed 1",
     "removed g1 Hana Lee guardian>-|guardian-removed s1 Min Lee g1>-"},
    {"links of people whose numbers are others now", BASE,
     "sis:a1 staff New/Comer\nsis:a2 guardian New/Parent\n" BASE, "added 2",
     "added a1 New Comer ->staff|added a2 New Parent ->guardian"},

    // addresses
    {"an address that goes to another", "sis:t1 staff Dana/Roe mail=dana@example.org\nsis:t2 staff Dana/Lee",
     "sis:t1 staff Dana/Roe prev=dana@example.org\nsis:t2 staff Dana/Lee mail=dana@example.org",
     "addresses_moved 1", "address-moved t2 Dana Lee t1>dana@example.org"},
    {"from somebody gone", "sis:t1 staff Dana/Roe mail=dana@example.org gone=20260901",
     "sis:t1 staff Dana/Roe mail=dana@example.org gone=20260901\nsis:t2 staff Ann/Lee mail=dana@example.org",
     "added 1 addresses_moved 1", "address-moved t2 Ann Lee t1>dana@example.org|added t2 Ann Lee ->staff"},
    {"from somebody who is there no more", "sis:t1 staff Dana/Roe mail=dana@example.org",
     "sis:t2 staff Ann/Lee mail=dana@example.org", "added 1 removed 1 addresses_moved 1 staff_removed 1",
     "removed t1 Dana Roe staff>-|address-moved t2 Ann Lee t1>dana@example.org|added t2 Ann Lee ->staff"},
    {"one that is shared now", "sis:g1 guardian Hana/Lee mail=lee@example.net",
     "sis:g1 guardian Hana/Lee mail=lee@example.net\nsis:g2 guardian Bo/Ito mail=lee@example.net", "added 1",
     "added g2 Bo Ito ->guardian"},
    {"one left by somebody to nobody", "sis:t1 staff Dana/Roe mail=dana@example.org", "sis:t1 staff Dana/Roe",
     "", ""},
    {"one that both have, by another pid", "sis:t1 staff Dana/Roe pid=x mail=dana@example.org",
     "sis:t1 staff Dana/Roe mail=dana@example.org", "", ""},
};

static char *counts_of(const FeedDiff *d)
{
    const struct {
        const char *name;
        guint count;
    } counts[] = {{"added", d->added},
                  {"removed", d->removed},
                  {"returned", d->returned},
                  {"roles", d->roles},
                  {"links_added", d->links_added},
                  {"links_removed", d->links_removed},
                  {"addresses_moved", d->addresses_moved},
                  {"renamed", d->renamed},
                  {"staff_removed", d->staff_removed},
                  {"students_removed", d->students_removed},
                  {"guardians_removed", d->guardians_removed}};
    g_autoptr(GString) out = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        if (counts[i].count > 0)
            g_string_append_printf(out, "%s%s %u", out->len > 0 ? " " : "", counts[i].name, counts[i].count);
    return g_strdup(out->str);
}

static char *changes_of(const FeedDiff *d)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < d->changes->len; i++) {
        const FeedChange *at = d->changes->pdata[i];
        g_string_append_printf(out, "%s%s %s %s %s>%s", i > 0 ? "|" : "", at->kind, at->person, at->name,
                               at->before != NULL ? at->before : "-", at->after != NULL ? at->after : "-");
    }
    return g_strdup(out->str);
}

static FeedDiff *compare(const Paper *paper, const char *from, const char *to, guint most)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *one = from != NULL ? paper_write(paper, "1.db", from) : NULL;
    g_autofree char *two = paper_write(paper, "2.db", to);
    FeedDiff *diff = diff_files(one, two, most, &error);
    cr_assert_not_null(diff, "%s", error != NULL ? error->message : "");
    return diff;
}

Test(diff, tells_what_changes)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Paper paper;
        paper_init(&paper);
        g_autoptr(FeedDiff) diff = compare(&paper, CASES[i].from, CASES[i].to, 100);
        g_autofree char *counts = counts_of(diff), *changes = changes_of(diff);
        cr_expect_str_eq(counts, CASES[i].counts, "%s:\n  %s\n  %s", CASES[i].name, counts, CASES[i].counts);
        cr_expect_str_eq(changes, CASES[i].changes, "%s:\n  %s\n  %s", CASES[i].name, changes,
                         CASES[i].changes);
        cr_expect_not(diff->cut);
        paper_clear(&paper);
    }
}

Test(diff, counts_those_of_before)
{
    Paper paper;
    paper_init(&paper);
    g_autoptr(FeedDiff) diff =
        compare(&paper, BASE "sis:t8 staff Off/Duty off=1\nsis:t9 staff Gone/Away gone=20260101", BASE, 10);
    cr_expect_eq(diff->staff, 1);
    cr_expect_eq(diff->students, 1);
    cr_expect_eq(diff->guardians, 1);
    cr_expect_eq(diff->links, 1);
    cr_expect_eq(diff->removed, 0);
    paper_clear(&paper);
}

Test(diff, with_nothing_before_everybody_is_added)
{
    Paper paper;
    paper_init(&paper);
    g_autoptr(FeedDiff) diff = compare(&paper, NULL, BASE, 2);
    cr_expect_eq(diff->added, 3);
    cr_expect_eq(diff->links_added, 1);
    cr_expect_eq(diff->staff + diff->students + diff->guardians + diff->links, 0);
    cr_expect_eq(diff->changes->len, 2);
    cr_expect(diff->cut);
    paper_clear(&paper);
}

// Thousands of one kind do not hide one of another.
Test(diff, samples_are_of_all_kinds)
{
    Paper paper;
    paper_init(&paper);
    g_autoptr(GString) from = g_string_new("sis:t1 staff Dana/Whitlock\nsis:t2 staff Bo/Ito\n");
    g_autoptr(GString) to = g_string_new("sis:t1 staff Dana/Lane\nsis:t2 guardian Bo/Ito\n");
    for (guint i = 0; i < 300; i++) {
        g_string_append_printf(from, "sis:a%u student Old/N%u\n", i, i);
        g_string_append_printf(to, "sis:b%u student New/N%u\n", i, i);
    }
    const guint most[] = {0, 1, 4, 10, 602, 1000};
    for (gsize i = 0; i < G_N_ELEMENTS(most); i++) {
        g_autoptr(FeedDiff) diff = compare(&paper, from->str, to->str, most[i]);
        guint kinds[4] = {0};
        for (guint k = 0; k < diff->changes->len; k++) {
            const FeedChange *at = diff->changes->pdata[k];
            kinds[strcmp(at->kind, "removed") == 0   ? 0
                  : strcmp(at->kind, "role") == 0    ? 1
                  : strcmp(at->kind, "renamed") == 0 ? 2
                                                     : 3]++;
        }
        cr_expect_eq(diff->added, 300);
        cr_expect_eq(diff->removed, 300);
        cr_expect_eq(diff->changes->len, MIN(most[i], 602), "%u", diff->changes->len);
        cr_expect_eq(diff->cut, most[i] < 602, "most %u", most[i]);
        if (most[i] >= 4)
            cr_expect(kinds[1] == 1 && kinds[2] == 1 && kinds[0] + kinds[3] == diff->changes->len - 2 &&
                          kinds[0] - kinds[3] <= 1,
                      "%u %u %u %u", kinds[0], kinds[1], kinds[2], kinds[3]);
        g_autofree char *one = ground_path(&paper.ground, "1.db"), *two = ground_path(&paper.ground, "2.db");
        cr_assert(g_unlink(one) == 0 && g_unlink(two) == 0);
    }
    paper_clear(&paper);
}

// One address of a thousand people is nobody's, and takes no time.
Test(diff, an_address_of_very_many_is_nobodys)
{
    Paper paper;
    paper_init(&paper);
    g_autoptr(GString) from = g_string_new(NULL), to = g_string_new(NULL);
    for (guint i = 0; i < 1000; i++) {
        g_string_append_printf(from, "sis:a%u guardian Old/N%u mail=none@example.net\n", i, i);
        g_string_append_printf(to, "sis:b%u guardian New/N%u mail=none@example.net\n", i, i);
    }
    g_autoptr(FeedDiff) diff = compare(&paper, from->str, to->str, 0);
    cr_expect_eq(diff->addresses_moved, 0);
    cr_expect_eq(diff->removed, 1000);
    paper_clear(&paper);
}

Test(diff, a_file_that_is_no_roster_is_an_error)
{
    Paper paper;
    g_autoptr(GError) error = NULL;
    paper_init(&paper);
    g_autofree char *one = paper_write(&paper, "1.db", BASE);
    g_autofree char *none = ground_path(&paper.ground, "none.db");
    g_autofree char *text =
        ground_write(&paper.ground, "text.db", "this is a text that is long enough to be looked at");
    cr_expect_null(diff_files(one, none, 1, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_NOINPUT);
    g_clear_error(&error);
    cr_expect_null(diff_files(text, one, 1, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
    paper_clear(&paper);
}
