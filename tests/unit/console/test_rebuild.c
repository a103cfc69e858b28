// HTML of messages, rebuilt: nothing that works is left, nothing that is read is lost.
#include "console/rebuild.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    Words *words;
    RebuildReport report;
    char *html;
} Rebuilt;

static void rebuilt_clear(Rebuilt *rebuilt)
{
    words_free(rebuilt->words);
    g_free(rebuilt->html);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rebuilt, rebuilt_clear)

static Words *words_of_rebuild(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("chaperone-words-XXXXXX", NULL),
                    *path = g_build_filename(dir, "en.txt", NULL);
    cr_assert(
        g_file_set_contents(path,
                            "rebuild.picture = picture\nrebuild.outside = left out {name}\n"
                            "rebuild.field = field\nrebuild.form = form to\nrebuild.reversed = reversed\n",
                            -1, NULL));
    Words *words = words_load(dir, "en", &error);
    cr_assert_not_null(words);
    g_unlink(path);
    g_rmdir(dir);
    return words;
}

static char *any_picture(const char *src, void *data)
{
    return strstr(src, data) != NULL ? g_strdup("data:image/png;base64,AAAA") : NULL;
}

static Rebuilt rebuild(const char *text, gsize len)
{
    Rebuilt rebuilt = {.words = words_of_rebuild()};
    g_autoptr(Html) html = html_new(rebuilt.words);
    rebuild_html(html, text, len, &(RebuildOptions){any_picture, "cid:known", true}, &rebuilt.report);
    rebuilt.html = g_strdup(html_finish(html, &len));
    return rebuilt;
}

typedef struct {
    const char *given, *wanted;
} Rebuild;

Test(rebuild, what_stays)
{
    static const Rebuild CASES[] = {
        {"<p>a <b>b</b><br>c</p>", "<p>a <b>b</b><br>c</p>"},
        {"<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"},
        {"<table><tr><td colspan=2 rowspan='9999'>x</table>",
         "<table><tr><td colspan=\"2\">x</td></tr></table>"},
        {"<p style='display:none; color:red'>x</p>", "<p class=\"unseen\">x</p>"},
        {"<p style='font-size: 0.9em; text-align:center'>x</p>", "<p class=\"center\">x</p>"},
        {"<p dir=rtl lang=xx id=main name=n class=blur>x</p>", "<p dir=\"rtl\">x</p>"},
        {"a &lt;script&gt; &amp; &ntilde;", "<p>a &lt;script&gt; &amp; \xc3\xb1</p>"},
        {"<unknown>x</unknown>", "x"},
        {"<pre>a\n b</pre>", "<pre>a\n b</pre>"},
        {"<p>a</p></body></html><p>b</p>", "<p>a</p><p>b</p>"},
        {"a<!-->b<!-- c --!>d<!-- e -- > f --> g", "abd g"},
        {"<![if !mso]>a<![endif]><?x ?>b", "ab"},
        {"<title><!--</title>a", "a"},
        {"<textarea><p>a<!-- </textarea>b", "<pre>&lt;p&gt;a&lt;!-- </pre>b"},
        {"a < b <3 c", "a &lt; b &lt;3 c"},
        {"<style>p</style x>a<script>b</scriptx>c</script>d", "ad"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_auto(Rebuilt) rebuilt = rebuild(CASES[i].given, strlen(CASES[i].given));
        cr_expect(strstr(rebuilt.html, CASES[i].wanted) != NULL, "%s\n gave %s", CASES[i].given,
                  rebuilt.html);
        cr_expect(!rebuilt.report.cut, "%s", CASES[i].given);
    }
}

Test(rebuild, what_would_lead_elsewhere_is_text)
{
    static const Rebuild CASES[] = {
        {"<a href='http://example.net/?a=1&b=\"'>here</a>",
         "<span class=\"link\">here</span><span class=\"target\"> "
         "[http://example.net/?a=1&amp;b=&quot;]</span>"},
        {"<a href=\" javascript:alert(1)\">x</a>", "<span class=\"target\"> [javascript:alert(1)]</span>"},
        {"<img src=http://example.net/p.gif alt=Bus>",
         ">picture: Bus</span><span class=\"target\"> [http://example.net/p.gif]"},
        {"<img src=cid:other>", ">picture</span><span class=\"target\"> [cid:other]"},
        {"<img src=cid:known alt='a&quot;b'>",
         "<img src=\"data:image/png;base64,AAAA\" alt=\"a&quot;b\" class=\"blur\">"},
        {"<iframe src=//example.net/f>in</iframe>",
         ">left out iframe</span><span class=\"target\"> [//example.net/f]</span>"},
        {"<form action=http://example.net/f><input value=v name=x>t</form>",
         ">field: v</span>t</div><span class=\"target\"> [form to http://example.net/f]"},
        {"<bdo dir=rtl>abc</bdo>", ">reversed</span><span>abc</span>"},
        {"<a href='http://e\xe2\x80\xaexample.net'>x</a>", "<span class=\"odd\">[U+202E]</span>xample.net]"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_auto(Rebuilt) rebuilt = rebuild(CASES[i].given, strlen(CASES[i].given));
        cr_expect(strstr(rebuilt.html, CASES[i].wanted) != NULL, "%s\n gave %s", CASES[i].given,
                  rebuilt.html);
        cr_expect(strstr(rebuilt.html, "href") == NULL && strstr(rebuilt.html, "src=\"http") == NULL);
    }
}

Test(rebuild, nothing_is_left_that_works)
{
    static const char *const CASES[] = {
        "<script>alert(1)</script>",
        "<SCRIPT SRC=http://example.net/x.js></SCRIPT>",
        "<img src=x onerror=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<svg/onload=alert(1)>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 "
        "onerror=alert(1)&gt;\">",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<style>@import 'http://example.net/x.css';</style>",
        "<link rel=stylesheet href=http://example.net/x.css>",
        "<meta http-equiv=refresh content='0;url=http://example.net'>",
        "<base href=http://example.net/>",
        "<p style=\"background:url(http://example.net/x)\">",
        "<object data=x.swf><embed src=x.swf>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<!--><script>alert(1)</script>-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<textarea></textarea><script>alert(1)</script>",
        "<xmp><script>alert(1)</script></xmp>",
        "<plaintext><script>alert(1)</script>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<p id=x name=y tabindex=1 accesskey=a contenteditable autofocus onfocus=alert(1)>",
        "<title></title><title><img src=x onerror=alert(1)></title>",
        "<? <script>alert(1)</script> ?>",
    };
    static const char *const NEVER[] = {"<script", "<svg",   "<math",   "<style", "<link",
                                        "<meta",   "<base",  "<object", "<embed", "<iframe",
                                        "<form",   "<input", " on",     " style", " id=",
                                        " name=",  " href",  "<!",      "<?",     "http://example.net/x.css"};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_auto(Rebuilt) rebuilt = rebuild(CASES[i], strlen(CASES[i]));
        // Only tags count: text has no '<' of its own.
        for (const char *tag = strchr(rebuilt.html, '<'); tag != NULL; tag = strchr(tag + 1, '<')) {
            const char *end = strchr(tag, '>');
            cr_assert_not_null(end);
            g_autofree char *one = g_strndup(tag, (gsize)(end - tag));
            for (gsize n = 0; n < G_N_ELEMENTS(NEVER); n++)
                cr_expect(strstr(one, NEVER[n]) == NULL, "%s\n gave %s", CASES[i], rebuilt.html);
        }
    }
}

// A document of `count` times `piece`, with a number for its '@'.
static Rebuilt rebuild_many(const char *before, const char *piece, guint count)
{
    g_autoptr(GString) text = g_string_new(before);
    for (guint i = 0; i < count; i++) {
        const char *mark = strchr(piece, '@');
        g_string_append_len(text, piece, mark - piece);
        g_string_append_printf(text, "%u%s", i, mark + 1);
    }
    return rebuild(text->str, text->len);
}

Test(rebuild, what_goes_on_and_on_ends, .timeout = 20)
{
    gint64 before = g_get_monotonic_time();
    static const struct {
        const char *before, *piece;
        guint count;
    } CASES[] = {{"", "<div>@", 100000},
                 {"", "<b><i><a href=x@>", 50000},
                 {"", "</p@>", 100000},
                 {"<p ", "a@ ", 100000},
                 {"<p ", "a@=\"\"", 100000},
                 {"<p x=\">", "a@ ", 100000},
                 {"", "<p title='@", 50000},
                 {"", "<br>@", 100000},
                 {"", "&#@;", 100000},
                 {"<table>", "<table><tr>@", 5000},
                 {"", "<!--@", 100000},
                 {"", "<@<a<", 100000},
                 {"<!-- <a x=\" --><p ", "a@ ", 100000},
                 {"<script>'<a x=\"'</script><p ", "a@ ", 100000},
                 {"<title><a x='</title><p ", "a@ ", 100000}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_auto(Rebuilt) rebuilt = rebuild_many(CASES[i].before, CASES[i].piece, CASES[i].count);
        gint64 now = g_get_monotonic_time();
        cr_expect_lt(now - before, 3 * G_USEC_PER_SEC, "%s%s: %d ms", CASES[i].before, CASES[i].piece,
                     (int)((now - before) / 1000));
        before = now;
    }
    g_auto(Rebuilt) deep = rebuild_many("", "<div>@", 1000);
    cr_expect(deep.report.cut);
    g_auto(Rebuilt) flat = rebuild_many("", "<div>@</div>", 1000);
    cr_expect(!flat.report.cut && strstr(flat.html, "<div>999</div>") != NULL);
}

Test(rebuild, only_pictures_are_pictures)
{
    static const char PNG[] = "\x89PNG\r\n\x1a\nrest", SVG[] = "<svg xmlns='http://www.w3.org/2000/svg'/>";
    g_autofree char *png = rebuild_picture(PNG, sizeof PNG), *svg = rebuild_picture(SVG, sizeof SVG);
    cr_expect(png != NULL && g_str_has_prefix(png, "data:image/png;base64,"));
    cr_expect_null(svg);
    cr_expect_null(rebuild_picture("\xff\xd8\xff", 3));
}
