#include "views.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void begin(Export *maps)
{
    export_init(maps, &FEED_ALIASES);
    maps->spec.list_domain = "example.org";
}

typedef struct {
    const char *name, *file, *text, *lists, *warning;
} Case;

static const Case CASES[] = {
    // aliases(5)
    {"plain", "aliases", "# all\nstaff: ann, bea@example.net\n",
     "staff@example.org: ann@example.org bea@example.net\n", ""},
    {"continued", "aliases", "staff: ann,\n\n  # and\n\tbea,\n   carl\nother: x",
     "staff@example.org: ann@example.org bea@example.org carl@example.org\nother@example.org: "
     "x@example.org\n",
     ""},
    {"case and blanks", "aliases", "Staff  :ANN , Bea \r\n",
     "staff@example.org: ann@example.org bea@example.org\n", ""},
    {"quoted", "aliases", "\"the staff\": \"ann archer\"@example.net, \"bea\\\"b\"\n",
     "the staff@example.org: ann archer@example.net bea\"b@example.org\n", ""},
    {"names and comments", "aliases",
     "staff: Ann Archer <ann@example.net>, bea (the boss, not (Carl)), <dora>\n",
     "staff@example.org: ann@example.net bea@example.org dora@example.org\n", ""},
    {"backslash", "aliases", "ann: \\ann, archive\n", "ann@example.org: archive@example.org\n", ""},
    {"to itself", "aliases", "ann: \\ann\nbea: bea@example.org\n", "", ""},
    {"commands and files", "aliases",
     "band: \"|/usr/bin/post, band\"\nlog: /var/log/x, ann\nnull: /dev/null\n",
     "band@example.org unknown:\nlog@example.org unknown: ann@example.org\nnull@example.org unknown:\n", ""},
    {"a chain and a loop", "aliases", "postmaster: root\nroot: ann\na: b\nb: a\n",
     "postmaster@example.org: root@example.org\nroot@example.org: ann@example.org\na@example.org: "
     "b@example.org\n"
     "b@example.org: a@example.org\n",
     ""},
    {"one name twice", "aliases", "staff: ann\nSTAFF: bea, ann\n",
     "staff@example.org: ann@example.org bea@example.org\n", ""},
    {"not an alias", "aliases", "staff ann\nstaff: ann\n", "staff@example.org: ann@example.org\n",
     "aliases:1: not `name: member, ...`; not read"},
    {"no address", "aliases", "staff: ann, @, bea\n",
     "staff@example.org unknown: ann@example.org bea@example.org\n",
     "staff@example.org: a member that is no mail address"},
    {"empty", "aliases", "# nothing\n\n", "", "aliases:1: no aliases in it"},
    {"nobody", "aliases", "staff:\nb: ann\n", "b@example.org: ann@example.org\n", ""},
    {"unclosed quote, bracket, comment", "aliases", "a: \"ann, bea\nb: <ann\nc: ann (x, bea\n",
     "a@example.org: ann, bea@example.org\nb@example.org: ann@example.org\nc@example.org: ann@example.org\n",
     ""},
    // virtual(5)
    {"virtual", "virtual", "staff@example.org ann@example.net, bea\ncoach@example.org\n   carl dora\n",
     "staff@example.org: ann@example.net bea@example.org\ncoach@example.org: carl@example.org "
     "dora@example.org\n",
     ""},
    {"catch-all", "virtual-alias.map", "@example.net  ann\nx@example.net y\n",
     "x@example.net: y@example.org\n", "@example.net: takes every other address of the domain"},
    {"a domain row", "virtual", "example.net anything\ninfo@example.net ann\nann.archer ann\n",
     "info@example.net: ann@example.org\nann.archer@example.org: ann@example.org\n", ""},
    {"a pattern", "virtual.txt", "/^(.*)-list@example.org$/ $1\nx@example.org y\n",
     "x@example.org: y@example.org\n", "a pattern; whom it means cannot be told"},
    {"a name without anybody", "virtual", "ann@example.org\nx@example.org y\n",
     "x@example.org: y@example.org\n", "virtual:1: not `name member, ...`; not read"},
};

Test(aliases, texts)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Export maps;
        begin(&maps);
        view_read(&maps, NULL, CASES[i].file, CASES[i].text, NULL);
        view_is(CASES[i].name, view_lists(&maps), CASES[i].lists);
        g_autofree char *warnings = export_warnings(&maps);
        cr_expect(CASES[i].warning[0] == '\0' ? warnings[0] == '\0'
                                              : strstr(warnings, CASES[i].warning) != NULL,
                  "%s: `%s`", CASES[i].name, warnings);
        cr_expect(maps.last.replaces == COVERS_LISTS);
        export_clear(&maps);
    }
}

// A file named by hand is read whatever its name; its text tells which of the two it is.
Test(aliases, by_content)
{
    static const struct {
        const char *text, *lists;
    } cases[] = {{"staff: ann\n", "staff@example.org: ann@example.org\n"},
                 {"\"a b\" : ann\n", "a b@example.org: ann@example.org\n"},
                 {"staff@example.org ann: bea\n", "staff@example.org: ann:@example.org bea@example.org\n"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Export maps;
        begin(&maps);
        export_put(&maps, "map", cases[i].text);
        g_free(maps.spec.path);
        maps.spec.path = ground_path(&maps.ground, "export/map");
        view_read(&maps, NULL, NULL);
        view_is(cases[i].text, view_lists(&maps), cases[i].lists);
        export_clear(&maps);
    }
}

Test(aliases, which_files)
{
    Export maps;
    begin(&maps);
    view_read(&maps, NULL, "aliases", "a: b\n", "aliases.db", "junk", "virtual_lists", "c d\n", "passwd",
              "root:x\n", NULL);
    view_is("lists", view_lists(&maps), "a@example.org: b@example.org\nc@example.org: d@example.org\n");
    g_autoptr(Source) files = source_open(maps.spec.path, NULL);
    cr_expect(FEED_ALIASES.recognise(files, NULL) == TRI_YES);
    export_clear(&maps);

    begin(&maps);
    view_read(&maps, "no file named aliases* or virtual*", "passwd", "root:x\n", NULL);
    g_autoptr(Source) none = source_open(maps.spec.path, NULL);
    cr_expect(FEED_ALIASES.recognise(none, NULL) == TRI_NO);
    export_clear(&maps);
}

// ---- :include: ------------------------------------------------------------------------------------------

Test(aliases, includes)
{
    Export maps;
    begin(&maps);
    view_read(&maps, NULL, "aliases", "staff: :include:team, \":include:sub/more\"\n", "team",
              "ann, bea\n# x\ncarl\n", "sub/more", "dora\n:include:../export/team\n", NULL);
    view_is("lists", view_lists(&maps),
            "staff@example.org: ann@example.org bea@example.org carl@example.org dora@example.org\n");
    cr_expect(maps.run->reads->len == 3);
    export_clear(&maps);
}

Test(aliases, absolute_includes)
{
    Export maps;
    begin(&maps);
    g_autofree char *text =
        g_strdup_printf("a: :include:%s/team\nb: :include:/etc/hostname\n", maps.spec.path);
    view_read(&maps, NULL, "aliases", text, "team", "ann\n", NULL);
    view_is("lists", view_lists(&maps), "a@example.org: ann@example.org\nb@example.org unknown:\n");
    cr_expect(export_warns(&maps, "aliases:2: b@example.org: includes a file that is not read"));
    export_clear(&maps);
}

Test(aliases, includes_that_lead_out)
{
    static const char *const paths[] = {"../secret", "sub/../../secret", "link", ".", "missing", "fifo", ""};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        Export maps;
        begin(&maps);
        g_autofree char *secret = ground_write(&maps.ground, "secret", "ann@example.org\n");
        g_autofree char *beside = ground_write(&maps.ground, "export-beside/secret", "ann@example.org\n");
        g_autofree char *link = ground_path(&maps.ground, "export/link"),
                        *fifo = ground_path(&maps.ground, "export/fifo");
        g_autofree char *sub = ground_write(&maps.ground, "export/sub/x", "y");
        g_autofree char *text = g_strdup_printf("staff: bea, :include:%s\n", paths[i]);
        cr_assert(symlink(secret, link) == 0);
        cr_assert(g_strcmp0(paths[i], "fifo") != 0 || mkfifo(fifo, 0600) == 0);
        view_read(&maps, NULL, "aliases", text, NULL);
        view_is(paths[i], view_lists(&maps), "staff@example.org unknown: bea@example.org\n");
        export_clear(&maps);
    }
}

Test(aliases, include_loops)
{
    Export maps;
    begin(&maps);
    view_read(&maps, NULL, "aliases", "a: :include:one\n", "one", ":include:two\nann\n", "two",
              ":include:one\nbea\n", NULL);
    view_is("lists", view_lists(&maps), "a@example.org: ann@example.org bea@example.org\n");
    export_clear(&maps);
}

Test(aliases, too_many_includes)
{
    Export maps;
    begin(&maps);
    for (int i = 0; i < 120; i++) {
        g_autofree char *name = g_strdup_printf("f%d", i),
                        *text = g_strdup_printf(":include:f%d\nm%d\n", i + 1, i);
        export_put(&maps, name, text);
    }
    view_read(&maps, NULL, "aliases", "a: :include:f0\n", NULL);
    g_autofree char *lists = view_lists(&maps);
    cr_expect(g_str_has_prefix(lists, "a@example.org unknown: m0@") && strstr(lists, " m99@") != NULL &&
              strstr(lists, " m100@") == NULL);
    export_clear(&maps);
}

// ---- bad input ------------------------------------------------------------------------------------------

Test(aliases, not_aliases)
{
    g_autofree char *line = g_strnfill(1024 * 1024 + 10, 'a');
    g_autofree char *many = g_strnfill(1024 * 1024 - 10, ',');
    g_autofree char *deep = g_strnfill(1000000, '(');
    g_autofree char *comment = g_strconcat("a: ", deep, NULL);
    const struct {
        const char *text, *fails;
    } cases[] = {{"<html>\n<body>\n", "aliases:2: no alias in it"}, {line, "aliases:1: a line over 1 MB"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Export maps;
        begin(&maps);
        view_read(&maps, cases[i].fails, "aliases", cases[i].text, NULL);
        export_clear(&maps);
    }
    const char *const fine[] = {comment, many};
    for (gsize i = 0; i < G_N_ELEMENTS(fine); i++) {
        Export maps;
        begin(&maps);
        g_autofree char *text = g_strconcat("x: y\n", i == 1 ? "a:" : "", fine[i], "\n", NULL);
        view_read(&maps, NULL, "aliases", text, NULL);
        view_is("hostile", view_lists(&maps), "x@example.org: y@example.org\n");
        export_clear(&maps);
    }
}

Test(aliases, endless_continuation)
{
    Export maps;
    begin(&maps);
    g_autoptr(GString) text = g_string_new("a: b");
    for (int i = 0; i < 9; i++) {
        g_autofree char *line = g_strnfill(1000000, 'x');
        g_string_append_printf(text, ",\n %s", line);
    }
    view_read(&maps, "aliases:1: an alias of more than", "aliases", text->str, NULL);
    export_clear(&maps);
}
