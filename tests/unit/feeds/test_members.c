#include "views.h"

#include <criterion/criterion.h>
#include <string.h>

static void begin(Export *dump, const FeedImporter *importer)
{
    export_init(dump, importer);
    dump->spec.list_domain = "lists.example.org";
    export_put(dump, "readme.txt", NULL);
}

typedef struct {
    const char *name, *file, *text, *lists, *warning;
} Case;

static void run_case(const FeedImporter *importer, const Case *test)
{
    Export dump;
    begin(&dump, importer);
    view_read(&dump, NULL, test->file, test->text, NULL);
    view_is(test->name, view_lists(&dump), test->lists);
    g_autofree char *warnings = export_warnings(&dump);
    cr_expect(test->warning[0] == '\0' ? warnings[0] == '\0' : strstr(warnings, test->warning) != NULL,
              "%s: `%s`", test->name, warnings);
    cr_expect(dump.last.replaces == COVERS_LISTS);
    cr_expect(dump.run->reads->len == 1);
    export_clear(&dump);
}

static void run_failure(const FeedImporter *importer, const char *file, const char *text, const char *expect)
{
    Export dump;
    begin(&dump, importer);
    view_read(&dump, expect, file, text, NULL);
    export_clear(&dump);
}

Test(members, mailman)
{
    static const Case cases[] = {
        {"addresses", "band.txt", "ann@example.org\r\nBEA@Example.org\n\n# gone: carl\n",
         "band@lists.example.org: ann@example.org bea@example.org\n", ""},
        {"names", "band@example.net",
         "Ann Archer <ann@example.org>\nbea@example.org (Bea, B.)\n\"x\" <c@example.org>",
         "band@example.net: ann@example.org bea@example.org c@example.org\n", ""},
        {"twice", "band.txt", "ann@example.org\nAnn <ANN@example.org>\n",
         "band@lists.example.org: ann@example.org\n", ""},
        {"local names", "band", "ann\nbea\n",
         "band@lists.example.org: ann@lists.example.org bea@lists.example.org\n", ""},
        {"a mark, Latin-1", "band.txt",
         "\xef\xbb\xbf"
         "Jos\xe9 <jose@example.org>\n",
         "band@lists.example.org: jose@example.org\n", ""},
        {"no members", "band.txt", "band@example.org has no members\n", "band@lists.example.org:\n",
         "a list without members"},
        {"a line that is none", "band.txt", "ann@example.org\nMembers of the band follow\n",
         "band@lists.example.org unknown: ann@example.org\n", "band.txt:2: not a mail address"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        run_case(&FEED_MAILMAN, &cases[i]);
}

Test(members, sympa)
{
    static const Case cases[] = {
        {"stanzas", "band.dump",
         "email Ann@example.org\ngecos Ann Archer\nreception mail\n\nemail bea@example.org\nvisibility "
         "conceal\n",
         "band@lists.example.org: ann@example.org bea@example.org\n", ""},
        {"keys that begin so", "band@example.net.dump",
         "emails x@example.org\nemail\tann@example.org\nemail_x y@y.y\n",
         "band@example.net: ann@example.org\n", ""},
        {"empty", "band.dump", "", "band@lists.example.org:\n", "a list without members"},
        {"bad address", "band.dump", "email ann@example.org\n\nemail <nobody\n",
         "band@lists.example.org unknown: ann@example.org\n", "band.dump:3: not a mail address"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        run_case(&FEED_SYMPA, &cases[i]);
}

Test(members, one_list_in_two_files)
{
    Export dump;
    begin(&dump, &FEED_MAILMAN);
    view_read(&dump, NULL, "band.txt", "ann@example.org\n", "band@lists.example.org", "bea@example.org\n",
              NULL);
    view_is("lists", view_lists(&dump), "band@lists.example.org: ann@example.org bea@example.org\n");
    export_clear(&dump);
}

Test(members, files_that_are_no_lists)
{
    Export dump;
    begin(&dump, &FEED_MAILMAN);
    view_read(&dump, NULL, "band.txt", "ann@example.org\n", "read me.txt", "hello", NULL);
    view_is("lists", view_lists(&dump), "band@lists.example.org: ann@example.org\n");
    cr_expect(export_warns(&dump, "read me.txt: not named after a list"));
    export_clear(&dump);
}

Test(members, bad_input)
{
    g_autofree char *line = g_strnfill(1024 * 1024 + 10, 'a'), *under = g_strnfill(1024 * 1024 - 10, 'a');
    run_failure(&FEED_MAILMAN, "band.txt", line, "band.txt:1: a line over 1 MB");
    run_failure(&FEED_MAILMAN, "band.txt", under, "not one mail address in it");
    run_failure(&FEED_MAILMAN, "band.txt", "<<<\n@@\n<>", "not one mail address in it");
    run_failure(&FEED_SYMPA, "band.dump", "hello\nworld\n", "band.dump:1: no `email` line in it");
}

Test(members, nul)
{
    Export dump;
    begin(&dump, &FEED_MAILMAN);
    g_autofree char *path = ground_path(&dump.ground, "export/band.txt");
    cr_assert(g_file_set_contents(path, "ann@example.org\n\0x\n", 19, NULL));
    view_read(&dump, "band.txt:2: a NUL character", NULL);
    export_clear(&dump);
}

Test(members, no_domain)
{
    Export dump;
    begin(&dump, &FEED_MAILMAN);
    dump.spec.list_domain = "";
    dump.spec.where = "/etc/roster.conf:9";
    view_read(&dump, "/etc/roster.conf:9: list_domain: missing", "band.txt", "ann@example.org\n", NULL);
    export_clear(&dump);
}

Test(members, no_files)
{
    Export dump;
    begin(&dump, &FEED_SYMPA);
    view_read(&dump, "no files; a file a list is looked for", NULL);
    export_clear(&dump);
}
