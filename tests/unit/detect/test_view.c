#include "support.h"

#include <string.h>

static DetectView *view_of(Message *message, const char *text)
{
    return view_new(message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, strlen(text)), 0);
}

Test(view, folds_what_readers_see_alike)
{
    static const struct {
        const char *in, *out;
        guint invisible;
    } CASES[] = {
        {"", "", 0},
        {"Call ME", "call me", 0},
        {"a\r\nb\rc\vd", "a\nb\nc\nd", 0},
        {"４１３－５５５－０１４２", "413-555-0142", 0},
        {"𝟒𝟏𝟑-𝟓𝟓𝟓-𝟎𝟏𝟒𝟐", "413-555-0142", 0},
        {"④①③", "413", 0},
        {"❹❶❸", "413", 0},
        {"٤١٣ ۴۱۳ ४१३", "413 413 413", 0},
        {"4️⃣1️⃣3️⃣", "413", 0},
        {"4\u200b1\u200d3", "413", 2},
        {"4\u00ad13", "413", 1},
        {"\ufeffhello", "hello", 0},
        {"one\u200b two", "one two", 0},
        {"4\x08"
         "1",
         "41", 1},
        {"413\u00a0555\u20110142", "413 555-0142", 0},
        {"413\u2013555\u22120142", "413-555-0142", 0},
        {"413·555•0142", "413.555.0142", 0},
        {"jane＠gmail。com", "jane@gmail.com", 0},
        {"hi\u2028there", "hi\nthere", 0},
        {"4\u0336"
         "1\u0336"
         "3\u0336",
         "413", 2},
        {"What\u2019s", "what's", 0},
        {"STRASSE Straße", "strasse strasse", 0},
        {"ｊａｎｅ", "jane", 0},
        {"Ñandú", "ñandú", 0},
        {"n\u0303", "ñ", 0},
        {"\u202e2410-555-514\u202c", "415-555-0142", 1},
        {"x \u202e2410-555-514", "x 415-555-0142", 1},
        {"🅹🅰🅽🅴", "jane", 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = message_new();
        DetectView *view = view_of(message, CASES[i].in);
        cr_expect(eq(str, view->text, (char *)CASES[i].out), "case %zu", i);
        cr_expect(eq(u32, view->invisible, CASES[i].invisible), "case %zu: %s", i, CASES[i].out);
        cr_expect(eq(sz, view->len, strlen(CASES[i].out)), "case %zu", i);
        view_free(view);
    }
}

Test(view, leads_back_to_the_bytes)
{
    static const struct {
        const char *in, *stretch, *span;
    } CASES[] = {
        {"call 413-555-0142 now", "413-555-0142", "413-555-0142"},
        {"é ４１３ x", "413", "４１３"},
        {"a\r\nb 413", "413", "413"},
        {"ﬁn 4\u200b13.", "413", "4\u200b13"},
        {"x \u202e314\u202c y", "413", "314"},
        {"4️⃣1️⃣3️⃣", "41", "4️⃣1"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Message) message = message_new();
        DetectView *view = view_of(message, CASES[i].in);
        gsize at = (gsize)(strstr(view->text, CASES[i].stretch) - view->text), start, end;
        view_span(view, at, at + strlen(CASES[i].stretch), &start, &end);
        g_autofree char *span = g_strndup(view->passage->text + start, end - start);
        cr_expect(eq(str, span, (char *)CASES[i].span), "case %zu", i);
        view_free(view);
    }
}

Test(view, origins_never_leave_the_passage)
{
    static const char *const PIECES[] = {"a",    "é", "\u200b", "\u202e", "\u202c", "e\u0301\u0301\u0301",
                                         "\r\n", "ﷺ", "𝟒",      "\x01"};
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (guint round = 0; round < 400; round++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (gint n = g_rand_int_range(rand, 0, 40); n > 0; n--)
            g_string_append(text, PIECES[g_rand_int_range(rand, 0, G_N_ELEMENTS(PIECES))]);
        g_autoptr(Message) message = message_new();
        DetectView *view = view_of(message, text->str);
        cr_assert(g_utf8_validate(view->text, (gssize)view->len, NULL));
        for (gsize i = 0; i < view->len; i++)
            cr_assert(lt(u32, view->origin[i], (guint32)text->len));
        cr_assert(eq(u32, view->origin[view->len], (guint32)text->len));
        view_free(view);
    }
}

Test(view, long_clusters_cost_what_their_bytes_cost)
{
    g_autoptr(GString) text = g_string_new("z");
    for (guint i = 0; i < 200000; i++)
        g_string_append(text, "\u0301");
    g_autoptr(Message) message = message_new();
    DetectView *view = view_of(message, text->str);
    cr_assert(le(sz, view->len, text->len));
    view_free(view);
}
