// What pages are written with: escaping, texts, paths, limits.
#include "console/internal.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

static Words *words_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("chaperone-words-XXXXXX", NULL),
                    *path = g_build_filename(dir, "en.txt", NULL);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    Words *words = words_load(dir, "en", &error);
    g_unlink(path);
    g_rmdir(dir);
    return words;
}

static void expect(Html *html, const char *want)
{
    gsize len = 0;
    cr_expect_str_eq(html_finish(html, &len), want);
    cr_expect_eq(len, strlen(want));
}

Test(console, everything_is_escaped)
{
    g_autoptr(Words) words = words_of("a.b = <{x}> & {y}\n");
    g_autoptr(Html) html = html_new(words);
    html_open(html, "p", "title", "\"'<>&", "hidden", "", "class", NULL, NULL);
    html_text(html, "<script>\x01\x7f&amp;");
    html_words(html, "a.b", "x", "<b>", "y", "{x}", NULL);
    expect(html,
           "<p title=\"&quot;&#39;&lt;&gt;&amp;\" hidden>&lt;script&gt;\xef\xbf\xbd\xef\xbf\xbd&amp;amp;"
           "&lt;&lt;b&gt;&gt; &amp; {x}</p>");
}

Test(console, bytes_that_are_no_text_do_not_end_it)
{
    g_autoptr(Words) words = words_of("");
    g_autoptr(Html) html = html_new(words);
    html_text(html, "a\xff<b");
    expect(html, "a\xef\xbf\xbd&lt;b");
}

Test(console, hidden_characters_of_mail_are_seen)
{
    g_autoptr(Words) words = words_of("");
    g_autoptr(Html) html = html_new(words);
    html_mail(html, "invoice\xe2\x80\xae"
                    "fdp.exe\xe2\x80\x8b\xc2\xad");
    expect(html, "invoice<span class=\"odd\">[U+202E]</span>fdp.exe<span class=\"odd\">[U+200B]</span>"
                 "<span class=\"odd\">[U+00AD]</span>");
}

Test(console, what_is_open_is_closed)
{
    g_autoptr(Words) words = words_of("");
    g_autoptr(Html) html = html_new(words);
    html_open(html, "div", NULL);
    html_open(html, "ul", NULL);
    html_open(html, "li", NULL);
    html_close(html, "ul");
    html_open(html, "p", NULL);
    expect(html, "<div><ul><li></li></ul><p></p></div>");
}

Test(console, links_lead_nowhere_else)
{
    static const char *const FOREIGN[] = {"//host.example.net/", "https://host.example.net/",
                                          "javascript:alert(1)", "/\\host.example.net"};
    g_autoptr(Words) words = words_of("");
    for (gsize i = 0; i < G_N_ELEMENTS(FOREIGN); i++) {
        g_autoptr(Html) html = html_new(words);
        html_link(html, FOREIGN[i], "here");
        expect(html, "here");
        g_autoptr(Reply) reply = reply_new();
        reply_redirect(reply, FOREIGN[i], "said.saved");
        cr_expect_str_eq(reply->headers->pdata[1], "/");
    }
}

Test(console, texts_say_where_they_are_wrong)
{
    cr_expect_null(words_of("a.b = one\na.b = two\n"));
    cr_expect_null(words_of("no equals\n"));
    cr_expect_null(words_of("a = \xff\n"));
    g_autoptr(Words) words = words_of("# comment\n\nhome.title = Home {name\n");
    cr_assert_not_null(words);
    g_autofree char *text = words_fill(words, "home.title", "name", "x", NULL);
    cr_expect_str_eq(text, "Home {name");
    cr_expect_str_eq(words_get(words, "not.there"), "not.there");
}

Test(console, paths)
{
    static const char *const GOOD[] = {"/", "/a", "/a/b-c", "/sender/tok.en"};
    static const char *const BAD[] = {"",      "a",      "//a",   "/a//b", "/../a",
                                      "/a/..", "/a/./b", "/a\\b", "/\xff", "/a/"};
    for (gsize i = 0; i < G_N_ELEMENTS(GOOD); i++) {
        g_autofree char *path = request_path(GOOD[i]);
        cr_expect_not_null(path, "%s", GOOD[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_autofree char *path = request_path(BAD[i]);
        cr_expect_null(path, "%s", BAD[i]);
    }
}

Test(console, an_address_asks_so_much_and_waits)
{
    Limits *limits = limits_new(60);
    int taken = 0;
    for (int i = 0; i < 100; i++)
        taken += limits_take(limits, "192.0.2.1", 1, 1000000);
    cr_expect_eq(taken, 60);
    cr_expect(limits_take(limits, "192.0.2.2", 1, 1000000));
    cr_expect(limits_take(limits, "192.0.2.1", 1, 1000000 + 2 * G_USEC_PER_SEC));
    cr_expect_not(limits_take(limits, "192.0.2.1", 5, 1000000 + 2 * G_USEC_PER_SEC));
    // So many addresses that not all are kept: nobody is let through for it, and memory is bounded.
    for (int i = 0; i < 50000; i++) {
        char name[32];
        g_snprintf(name, sizeof name, "2001:db8::%x", i);
        limits_take(limits, name, 1, 2000000);
    }
    cr_expect_not(limits_take(limits, "203.0.113.1", 1, 2000000));
    cr_expect(limits_take(limits, "203.0.113.1", 1, 2000000 + 120LL * G_USEC_PER_SEC));
    limits_free(limits);
}

Test(console, downloads_have_harmless_names_and_types)
{
    g_autoptr(Reply) reply = reply_new();
    reply_download(reply, "../..\\\"x\r\n.html", "text/html", "<b>", 3);
    cr_expect_str_eq(reply->headers->pdata[1], "application/octet-stream");
    cr_expect_str_eq(reply->headers->pdata[3], "attachment; filename=\"_..__x__.html\"");
    cr_expect_not_null(strstr(reply->csp, "sandbox"));
}

Test(console, cells_are_no_formulas)
{
    g_autoptr(GString) out = g_string_new(NULL);
    reply_csv_cell(out, "=1+1", false);
    reply_csv_cell(out, "say \"hi\"", false);
    reply_csv_cell(out, "@x", true);
    cr_expect_str_eq(out->str, "\"'=1+1\",\"say \"\"hi\"\"\",\"'@x\"\r\n");
}

Test(console, headers_stay_one)
{
    g_autoptr(Reply) reply = reply_new();
    reply_header(reply, "Location", "/a\r\nSet-Cookie: x=y");
    cr_expect_str_eq(reply->headers->pdata[1], "/a  Set-Cookie: x=y");
}
