#include "fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    const char *name, *text;
    gsize zeros; // this many NULs instead of text
} Member;

static void put_member(struct archive *zip, const Member *member)
{
    static const char zeros[65536];
    struct archive_entry *entry = archive_entry_new();
    gsize size = member->text != NULL ? strlen(member->text) : member->zeros;
    archive_entry_set_pathname(entry, member->name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    cr_assert(archive_write_header(zip, entry) == ARCHIVE_OK);
    if (member->text != NULL)
        cr_assert(archive_write_data(zip, member->text, size) == (la_ssize_t)size);
    for (gsize left = member->text != NULL ? 0 : size; left > 0; left -= MIN(left, sizeof zeros))
        cr_assert(archive_write_data(zip, zeros, MIN(left, sizeof zeros)) > 0);
    archive_entry_free(entry);
}

static char *make_zip(Fixture *fixture, const Member *members)
{
    char *path = g_build_filename(fixture->dir, "export.zip", NULL);
    struct archive *zip = archive_write_new();
    cr_assert(archive_write_set_format_zip(zip) == ARCHIVE_OK &&
              archive_write_open_filename(zip, path) == ARCHIVE_OK);
    for (gsize i = 0; members[i].name != NULL; i++)
        put_member(zip, &members[i]);
    cr_assert(archive_write_close(zip) == ARCHIVE_OK);
    archive_write_free(zip);
    return path;
}

// The summary's people, or an error's text.
static char *import_zip(Fixture *fixture, const Member *members)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = make_zip(fixture, members);
    g_autoptr(RosterSummary) summary = roster_import(fixture->config, path, false, &error);
    return summary != NULL ? g_strdup_printf("%u people, %u published", summary->people, summary->published)
                           : g_strdup(error->message);
}

#define USERS     "sourcedId,role,givenName,familyName,email\n1,teacher,A,B,a@example.org\n"
#define PUBLISHED "kind,value,label\ndomain,example.org,x\n"

Test(zip, members)
{
    static const struct {
        Member members[4];
        const char *expect;
    } cases[] = {
        {{{"users.csv", USERS}, {"published.csv", PUBLISHED}}, "1 people, 1 published"},
        {{{"published.csv", PUBLISHED}, {"roster/users.csv", USERS}}, "1 people, 1 published"},
        {{{"export/published.csv", PUBLISHED}, {"readme.txt", "x"}}, "0 people, 1 published"},
        {{{"a/b/c/users.csv", USERS}, {"published.csv", PUBLISHED}}, "0 people, 1 published"},
        {{{"../../../etc/users.csv", USERS}, {"published.csv", PUBLISHED}}, "0 people, 1 published"},
        {{{"/users.csv", USERS}, {"published.csv", PUBLISHED}}, "1 people, 1 published"},
        {{{"users.csv", USERS}, {"x/users.csv", USERS}}, "users.csv is there twice"},
        {{{"other.txt", "x"}}, "no roster file"},
        {{{"users.csv", NULL, 300 * 1000 * 1000}}, "users.csv:1: column 1: a NUL character"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture fixture;
        fixture_init(&fixture);
        g_autofree char *got = import_zip(&fixture, cases[i].members);
        cr_expect(strstr(got, cases[i].expect) != NULL, "case %zu: %s", i, got);
        fixture_clear(&fixture);
    }
}

Test(zip, cut_and_not_a_zip)
{
    Fixture fixture;
    fixture_init(&fixture);
    const Member members[] = {{"users.csv", USERS}, {"published.csv", PUBLISHED}, {NULL}};
    g_autofree char *path = make_zip(&fixture, members);
    g_autofree char *bytes = NULL;
    gsize len = 0;
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    for (gsize cut = 0; cut < len; cut += 7) {
        g_autoptr(GError) error = NULL;
        cr_assert(g_file_set_contents(path, bytes, (gssize)cut, NULL));
        g_autoptr(RosterSummary) summary = roster_import(fixture.config, path, true, &error);
        cr_expect((summary == NULL) == (error != NULL), "cut at %zu", cut);
        // A zip is read by its directory, which is at the end, or by what its members say of themselves.
        if (cut < 30)
            cr_expect_null(summary, "cut at %zu", cut);
    }
    fixture_clear(&fixture);
}
