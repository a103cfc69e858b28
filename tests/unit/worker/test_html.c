#include "text_fixture.h"

#include <string.h>
#include <time.h>

// ---- as shown --------------------------------------------------------------------------------------------

static const struct {
    const char *html, *shown;
} shown_cases[] = {
    {"<p>413<b>-</b>555<i>-</i>0142", "413-555-0142"},
    {"<p>4<b></b>1<i>3</i>-<span>555</span>-0<!-- x -->142", "413-555-0142"},
    {"&#52;&#x31&#51;&hyphen;555&#45;0142", "413\u2010555-0142"},
    {"&commat;&period;&num;&lpar;&rpar;&amp;&lt&copy1", "@.#()&<\u00a91"},
    {"a&nbsp;b &bogus; &", "a\u00a0b &bogus; &"},
    {"&#150;&#0;&#xd800;&#99999999;", "\u2013\ufffd\ufffd\ufffd"},
    {"one  \n two<br>three<br/>four", "one two\nthree\nfour"},
    {"<div>a</div><div>b</div>", "a\nb"},
    {"<p>a<p>b", "a\n\nb"},
    {"<p class=MsoNormal>a</p><p class=MsoNormal>b</p>", "a\nb"},
    {"<ul><li>a<li>b</ul>c", "a\nb\nc"},
    {"<table><tr><td>413<td>555<tr><td>0142</table>", "413\t555\n0142"},
    {"<pre>a\r\n  b</pre>", "a\n  b"},
    {"<style>p{}</style><script>x()</script>text", "text"},
    {"<textarea>a&lt;b</textarea>", "a<b"},
    {"a < b <3 c", "a < b <3 c"},
    {"a<!-->b<!--->c<!-- d --!>e", "abce"},
    {"a<!bogus>b<?pi>c</>d", "abcd"},
    {"4<img alt=1>3<img alt='a logo'>", "413"},
    {"<bdo dir=rtl>2410-555-314</bdo>", "413-555-0142"},
    {"<span style='unicode-bidi:bidi-override;direction:rtl'>2410-555-314</span>!", "413-555-0142!"},
    {"<div style='float:left'>413</div><div style='float:left'>-555</div>", "413-555"},
    {"<div style='display:inline'>413</div>-<span style='display:block'>x</span>y", "413-\nx\ny"},
    {"<a title='x>y' href=\"a'b\">link</a>", "link"},
    {"<a title=\"never ends>413-555-0142</a> tail", "413-555-0142 tail"},
    {"<p <b Text 413-555-0142<br", "<p <b Text 413-555-0142<br"},
    {"<svg><text>413</text></svg>", "413"},
    {"<option>a<option>b", "a\nb"},
    {"a\xcc\x81 \xf0\x9d\x9f\x92", "a\xcc\x81 \xf0\x9d\x9f\x92"},
    {"<title>t</title>x", "x"},
};

Test(html, shown)
{
    for (gsize i = 0; i < G_N_ELEMENTS(shown_cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(shown_cases[i].html, "text/html");
        const Passage *passage = text_passage(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
        cr_assert_not_null(passage, "%s", shown_cases[i].html);
        g_autofree char *got = g_strchomp(g_strdup(passage->text));
        cr_expect_str_eq(got, shown_cases[i].shown, "%s", shown_cases[i].html);
    }
}

// ---- hidden ----------------------------------------------------------------------------------------------

static const struct {
    const char *html, *shown, *hidden;
} hidden_cases[] = {
    {"413<span style='display:none'>99</span>-555", "413-555", "99"},
    {"413<span style='DISPLAY : NONE !important'>99</span>-555", "413-555", "99"},
    {"413<p style='display:none'>99</p>-555", "413-555", "99"},
    {"413<font size=0>9</font>-555", "413-555", "9"},
    {"413<i style='font-size:0'>9<b style='font-size:12px'>8</b></i>-555", "4138-555", "9"},
    {"413<i hidden>9</i>-555", "413-555", "9"},
    {"413<i style='opacity:0'>9</i>-555", "413-555", "9"},
    {"413<i style='visibility:hidden'>9<b style='visibility:visible'>8</b></i>-5", "4138-5", "9"},
    {"413<i style='max-height:0;overflow:hidden'>9</i>-5", "413-5", "9"},
    {"413<i style='position:absolute;left:-9999px'>9</i>-5", "413-5", "9"},
    {"413<i style='text-indent:-9999px'>9</i>-5", "413-5", "9"},
    {"413<i style='color:transparent'>9</i>-5", "413-5", "9"},
    {"413<i style='color:rgba(1,1,1,0)'>9</i>-5", "413-5", "9"},
    {"413<i style='color:#FFF'>9</i>-5", "413-5", "9"},
    {"413<font color=white>9</font>-5", "413-5", "9"},
    {"<body bgcolor=#222><p>413<font color='#212223'>9</font>-5", NULL, "9"},
    {"<style>.pre{display:none}@media print{.no{display:none}}</style>4<i class='a pre'>9</i>1<b "
     "class=no>3</b>",
     "413", "9"},
    {"<template>9</template>413", "413", "9"},
    {"<p style='display:none'>9<p>413", "413", "9"},
};

Test(html, hidden)
{
    for (gsize i = 0; i < G_N_ELEMENTS(hidden_cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(hidden_cases[i].html, "text/html");
        g_autofree char *shown = text_of(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
        g_autofree char *hidden = text_of(fixture, ORIGIN_HTML, VISIBILITY_HIDDEN);
        cr_expect(!hidden_cases[i].shown || !strcmp(g_strstrip(shown), hidden_cases[i].shown), "%s: %s",
                  hidden_cases[i].html, shown);
        cr_expect_str_eq(g_strstrip(hidden), hidden_cases[i].hidden, "%s", hidden_cases[i].html);
        cr_expect(text_fact(fixture, "hidden-text"), "%s", hidden_cases[i].html);
    }
}

// What looks like hiding and is not.
Test(html, not_hidden)
{
    static const char *const cases[] = {
        "<td bgcolor=navy><font color=white>413</font>",
        "<div style='background:#123456'><span style='color:#ffffff'>413</span></div>",
        "<div style='background-image:url(x.png);color:white'>413</div>",
        "<i style='font-size:11px;opacity:0.8;width:0'>413</i>",
        "<i style='mso-hide:all'>413</i>",
        "<style>.a .b{display:none}</style><i class=b>413</i>",
        "<div style='display:none'>\u200c\u00a0</div>413",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(cases[i], "text/html");
        g_autofree char *shown = text_of(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
        cr_expect_str_eq(g_strstrip(shown), "413", "%s", cases[i]);
        cr_expect(!text_fact(fixture, "hidden-text"), "%s", cases[i]);
    }
}

// ---- beside it -------------------------------------------------------------------------------------------

static const struct {
    const char *html;
    PassageOrigin origin;
    const char *text;
} beside_cases[] = {
    {"<a href='tel:+1%34135550142'>call</a>", ORIGIN_LINK, "tel:+14135550142"},
    {"<a href=mailto:jo%2540example.org>x</a>", ORIGIN_LINK, "mailto:jo@example.org"},
    {"<a href=' sms:+1413\n5550142 '>x</a>", ORIGIN_LINK, "sms:+14135550142"},
    {"<a href=x?a=1&amp;b=2&copy=3>x</a><a href=x?a=1&b=2&copy=3>y</a>", ORIGIN_LINK, "x?a=1&b=2&copy=3"},
    {"<base href=https://example.org/><a href=jo>x</a><a href=//example.net>", ORIGIN_LINK,
     "https://example.org/jo|//example.net"},
    {"<form action=/a><iframe src=/b></iframe><img src=/c>", ORIGIN_LINK, "/a|/b"},
    {"<meta http-equiv=refresh content='0; URL=https://example.org/jo'>", ORIGIN_LINK,
     "https://example.org/jo"},
    {"<a href=''>x</a><a href='#top'>x</a><img src=cid:a>", ORIGIN_LINK, ""},
    {"<img alt='call 413' title=t><input value='555' placeholder=p>", ORIGIN_ATTRIBUTE,
     "call 413\nt\n555\np\n"},
    {"<title>a &amp; b</title>", ORIGIN_ATTRIBUTE, "a & b\n"},
    {"a<!-- 413 --><style>p:after{content:'555'}</style>", ORIGIN_HTML_SOURCE,
     "a 413 \np:after{content:'555'}\n"},
    {"<table><tr><td>4</td><td>13</td><td>555</td><td>0142</td></tr>", ORIGIN_HTML_SOURCE,
     "413\t555\t0142\n"},
    {"<p <b 413-555-0142<br", ORIGIN_HTML_SOURCE, "<p <b 413-555-0142<br"},
    {"<img src='data:text/plain,413%2d555'>", ORIGIN_TEXT, "413-555"},
    {"<img src='data:text/plain;base64,NDEzLTU1NQ=='>", ORIGIN_TEXT, "413-555"},
};

Test(html, beside)
{
    for (gsize i = 0; i < G_N_ELEMENTS(beside_cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(beside_cases[i].html, "text/html");
        g_autofree char *got = text_of(fixture, beside_cases[i].origin, ANY_VISIBILITY);
        cr_expect_str_eq(got, beside_cases[i].text, "%s", beside_cases[i].html);
    }
}

Test(html, outlook_reads_conditional_comments)
{
    g_autoptr(TextFixture) fixture = text_read_string(
        "413<!--[if mso]><xml>96</xml>-555<![endif]-->!<!--[if !mso]><!-->x<!--<![endif]-->", "text/html");
    g_autofree char *got = text_of(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
    cr_expect_str_eq(got, "413!x|413-555!x");
    g_autoptr(TextFixture) ghost =
        text_read_string("a<!--[if mso]><table><tr><td><![endif]-->b", "text/html");
    g_autofree char *plain = text_of(ghost, ORIGIN_HTML, VISIBILITY_SHOWN);
    cr_expect_str_eq(plain, "ab", "layout without text makes no second reading");
}

Test(html, entities_decoded_twice)
{
    g_autoptr(TextFixture) fixture = text_read_string("<p>&amp;#52;13-555-0142", "text/html");
    g_autofree char *got = text_of(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
    cr_expect_str_eq(got, "&#52;13-555-0142|413-555-0142");
}

Test(html, script_is_a_fact)
{
    static const char *const cases[] = {"<script>1</script>", "<a href='JavaScript:x()'>a</a>",
                                        "<b onclick=x()>a</b>"};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(cases[i], "text/html");
        cr_expect(text_fact(fixture, "script"), "%s", cases[i]);
    }
}

// ---- layers ----------------------------------------------------------------------------------------------

static const struct {
    const char *html;
    const char *text; // the marked text
    Layer layer;
} layer_cases[] = {
    {"mine<blockquote type=cite>theirs</blockquote>mine", "theirs", LAYER_QUOTED},
    {"mine<div class='gmail_quote gmail_quote_container'>On Monday wrote:<blockquote>t</blockquote></div>",
     "On Monday wrote:\n\nt", LAYER_QUOTED},
    {"mine<div class=gmail_quote>---------- Forwarded message ---------<br>From: Jo</div>",
     "---------- Forwarded message ---------\nFrom: Jo", LAYER_FORWARDED},
    {"mine<div><div id=divRplyFwdMsg>From: Jo</div><div>old</div></div>", "From: Jo\nold", LAYER_QUOTED},
    {"mine<div class=gmail_signature>Jo</div>", "Jo", LAYER_SIGNATURE},
    {"mine<div id=Signature><p>Jo</p></div>more", "Jo", LAYER_SIGNATURE},
    {"<div class=moz-signature>Jo</div>", "Jo", LAYER_SIGNATURE},
    {"mine<blockquote>old<div class=gmail_signature>Jo</div></blockquote>", "old\nJo", LAYER_QUOTED},
    {"mine<div class='yahoo_quoted'>old</div>", "old", LAYER_QUOTED},
    {"mine<div id='ydp1a2byahoo_quoted_12' class='ydp1a2byahoo_quoted'>old</div>", "old", LAYER_QUOTED},
    {"mine<div class='x_x_gmail_signature'>Jo</div>", "Jo", LAYER_SIGNATURE},
    {"<div>mine<div class=gmail_extra><div class=gmail_quote>old</div>also mine</div></div>", "old",
     LAYER_QUOTED},
    {"mine<blockquote style='margin:0 0 0 40px;border:none;padding:0px'>also mine</blockquote>"
     "<blockquote style='margin:0 0 0 .8ex;border-left:1px #ccc solid'>old</blockquote>",
     "old", LAYER_QUOTED},
    {"<div class=WordSection1><p class=MsoNormal>mine</p><div><div style='border:none;border-top:solid "
     "#E1E1E1 "
     "1.0pt;padding:3.0pt 0in 0in 0in'><p class=MsoNormal><b>From:</b> Jo</p></div></div><p "
     "class=MsoNormal>old</p></div>",
     "From: Jo\nold", LAYER_QUOTED},
    {"<div class=WordSection1><p class=MsoNormal>mine</p><div><div style=\"BORDER: none;\nborder-top: solid "
     "#B5C4DF 1.0pt;padding: 3.0pt 0cm 0cm 0cm\"><p class=MsoNormal>From: Jo</p></div></div><p "
     "class=MsoNormal>old</p></div>",
     "From: Jo\nold", LAYER_QUOTED},
    {"<div style='border-top:solid #000 1px;padding:3px'>mine</div><blockquote>old</blockquote>", "old",
     LAYER_QUOTED},
    {"mine<div id=appendonsend></div><hr><div id=divRplyFwdMsg>De: Jo</div><div>old</div>", "De: Jo\nold",
     LAYER_QUOTED},
    {"mine<div class=moz-cite-prefix>On 1/2/26 Jo wrote:<br></div><blockquote type=cite "
     "cite=mid:x>old</blockquote>"
     "also mine",
     "On 1/2/26 Jo wrote:\n\nold", LAYER_QUOTED},
    {"mine<div class=gmail_quote>---------- Mensaje reenviado ---------<br>De: "
     "Jo<blockquote>a</blockquote>b</div>",
     "---------- Mensaje reenviado ---------\nDe: Jo\n\na\n\nb", LAYER_FORWARDED},
    {"<blockquote type=cite><div>Début du message transféré :</div><br><div>De: Jo</div></blockquote>",
     "Début du message transféré :\n\nDe: Jo", LAYER_FORWARDED},
    {"mine<p id=reply-intro>On Monday Jo wrote:</p>mine", "On Monday Jo wrote:", LAYER_QUOTED},
    {"mine<div id=composer_signature>Jo</div>", "Jo", LAYER_SIGNATURE},
    {"mine<div id=ms-outlook-mobile-signature>Get it</div>", "Get it", LAYER_SIGNATURE},
};

// Who answers between the lines of a quotation writes.
Test(html, answers_inside_a_reply)
{
    g_autoptr(TextFixture) fixture = text_read_string(
        "<div class=gmail_quote><div class=gmail_attr>Jo wrote:</div><blockquote "
        "class=gmail_quote>one</blockquote>"
        "<div>my answer</div><blockquote class=gmail_quote>two<div class=gmail_quote>three<blockquote>four"
        "</blockquote>five</div></blockquote>my other answer</div>",
        "text/html");
    const Passage *passage = text_passage(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
    cr_assert(passage && passage->marks);
    static const char *const QUOTED[] = {"Jo wrote:", "one", "two", "three", "four", "five"};
    static const char *const WRITTEN[] = {"my answer", "my other answer"};
    for (gsize i = 0; i < G_N_ELEMENTS(QUOTED) + G_N_ELEMENTS(WRITTEN); i++) {
        bool quoted = i < G_N_ELEMENTS(QUOTED), marked = false;
        const char *word = quoted ? QUOTED[i] : WRITTEN[i - G_N_ELEMENTS(QUOTED)];
        const char *found = strstr(passage->text, word);
        cr_assert(found != NULL, "%s", word);
        gsize at = (gsize)(found - passage->text);
        for (guint k = 0; k < passage->marks->len; k++) {
            const LayerMark *mark = &g_array_index(passage->marks, LayerMark, k);
            marked |= mark->start <= at && at < mark->end && mark->layer == LAYER_QUOTED;
        }
        cr_expect_eq(marked, quoted, "%s", word);
    }
}

Test(html, layers)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layer_cases); i++) {
        g_autoptr(TextFixture) fixture = text_read_string(layer_cases[i].html, "text/html");
        const Passage *passage = text_passage(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
        cr_assert(passage && passage->marks && passage->marks->len == 1, "%s", layer_cases[i].html);
        const LayerMark *mark = &g_array_index(passage->marks, LayerMark, 0);
        g_autofree char *text = g_strndup(passage->text + mark->start, mark->end - mark->start);
        cr_expect_eq(mark->layer, layer_cases[i].layer, "%s", layer_cases[i].html);
        cr_expect_str_eq(text, layer_cases[i].text, "%s", layer_cases[i].html);
    }
}

// ---- hostile ---------------------------------------------------------------------------------------------

static char *repeat(const char *a, const char *b, gsize count)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < count; i++)
        g_string_append(text, a);
    g_string_append(text, "413-555-0142");
    for (gsize i = 0; i < count; i++)
        g_string_append(text, b);
    return g_string_free(text, FALSE);
}

// Each is quadratic in some reader of HTML.
Test(html, linear)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"<div>", "</div>"},
        {"<i>", "</div>"},
        {"<p ", "a=1 b "},
        {"<p x=\"", "'"},
        {"<!--", "--"},
        {"<script>", "</"},
        {"&", "&amp"},
        {"<td>", "</tr>"},
        {"<bdo dir=rtl>", "x"},
        {"<blockquote>", "</p>"},
        {"<![CDATA[", "]]"},
        {"<a href=x>", ""},
        {"<b style='a:b;'>", "</b "},
        {"<style>a{", "</style>"},
        {"<!--[if x", "]>"},
        {"<table>", "<p>"},
        {"<p>", "<div>"},
        {"<?", "<!"},
        {"<title>", "</titl"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *html = repeat(cases[i].before, cases[i].after, 50000);
        clock_t start = clock();
        g_autoptr(TextFixture) fixture = text_read_string(html, "text/html");
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        cr_expect_lt(seconds, 2.0, "%s: %.2f s", cases[i].before, seconds);
        g_autofree char *source = text_of(fixture, ORIGIN_HTML_SOURCE, ANY_VISIBILITY);
        cr_expect(strstr(source, "413-555-0142"), "%s", cases[i].before);
    }
}

Test(html, depth_is_a_fact_and_text_below_it_is_seen)
{
    g_autofree char *html = repeat("<div>", "", 100000);
    g_autoptr(TextFixture) fixture = text_read_string(html, "text/html");
    g_autofree char *shown = text_of(fixture, ORIGIN_HTML, VISIBILITY_SHOWN);
    cr_expect_str_eq(shown, "413-555-0142");
    cr_expect(text_fact(fixture, "html-depth"));
    cr_expect(!text_fact(fixture, "incomplete"));
}

Test(html, every_prefix_of_a_page_is_survived)
{
    static const char page[] =
        "<!DOCTYPE html><p style=\"color:rgb(1,2,3)\" id='a'>&amp;&#x41;<!--[if mso]>a<![endif]-->"
        "<![CDATA[b]]><script>x</script><img src=\"data:text/html;base64,PGI+\">\xf0\x9f\x98\x80";
    for (gsize len = 0; len < sizeof(page); len++) {
        g_autoptr(TextFixture) fixture = text_read(page, len, "text/html", NULL);
        cr_assert_eq(text_part(fixture, 1)->state, PART_READ);
    }
}
