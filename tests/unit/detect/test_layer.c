#include "support.h"

#include "detect/layer.h"

#include <string.h>

// The layers of `text` as letters, a line each: w(ritten) s(ignature) q(uoted) f(orwarded) x (footer); by
// each line's first byte that is no blank, blank lines left out.
static char *layers_of(const DetectData *data, const char *text, GArray *reader_marks)
{
    static const char LETTERS[] = "wsqfx";
    gsize len = strlen(text);
    Message *message = message_new();
    Passage *passage = message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, len);
    passage->marks = reader_marks;
    Party sender = {.name = "Jane Doe"};
    Parties parties = {.sender = &sender};
    g_autoptr(GArray) marks = layer_find(data, passage, &parties);
    GString *out = g_string_new(NULL);
    gsize at = 0, covered = 0;
    for (guint i = 0; i < marks->len; i++) {
        const LayerMark *mark = &g_array_index(marks, LayerMark, i);
        cr_expect_eq(mark->start, covered, "marks leave a gap or overlap at %zu", covered);
        covered = mark->end;
    }
    cr_expect_eq(covered, len, "marks do not cover the text");
    while (at < len) {
        gsize end = at + strcspn(text + at, "\n");
        gsize body = at + strspn(text + at, " \t");
        if (body < end)
            g_string_append_c(out, LETTERS[layer_at(marks, body)]);
        at = end + 1;
    }
    message_free(message);
    return g_string_free(out, FALSE);
}

Test(layer, clients)
{
    g_autoptr(DetectData) data = support_data();
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"One line.", "w"},
        {"", ""},
        {"\n\n", ""},
        // Gmail, one line and wrapped over two and three
        {"Yes.\n\nOn Tue, Oct 6, 2026 at 3:14 PM Bob Roe <bob@example.org> wrote:\n\n> When?\n> Bob\n",
         "wqqq"},
        {"Yes.\n\nOn Tue, Oct 6, 2026 at 3:14 PM Bob Roe <bob@example.org>\nwrote:\n\n> When?\n", "wqqq"},
        {"Yes.\n\nOn Tue, Oct 6, 2026 at 3:14 PM\nBob Roe <bob@example.org>\nwrote:\n\n> When?\n", "wqqqq"},
        // other languages
        {"Si.\n\nEl mar, 6 oct 2026 a las 15:14, Bob Roe (<bob@example.org>) escribió:\n\n> Cuando\n", "wqq"},
        {"Sim.\n\nEm ter., 6 de out. de 2026 às 15:14, Bob <bob@example.org> escreveu:\n> Quando\n", "wqq"},
        {"Oui.\n\nLe mar. 6 oct. 2026 à 15:14, Bob Roe <bob@example.org> a écrit :\n> Quand\n", "wqq"},
        // unprefixed quoting after an attribution reaches to the end
        {"Yes.\n\nOn Oct 6, 2026, at 3:14 PM, Bob Roe <bob@example.org> wrote:\n\nWhen?\nBob\n", "wqqq"},
        // inline answers stand between quoted lines
        {"On Oct 6, 2026, at 3:14 PM, Bob <bob@example.org> wrote:\n> When?\nAt four.\n> Where?\nHere.\n",
         "qqwqw"},
        // bottom posting
        {"On Oct 6, 2026, Bob <bob@example.org> wrote:\n> When?\n\nAt four.\n", "qqw"},
        // Outlook
        {"Yes.\n\nFrom: Bob Roe <bob@example.org>\nSent: Tuesday, October 6, 2026 3:14 PM\nTo: Jane Doe\n"
         "Subject: RE: trip\n\nWhen?\n",
         "wqqqqq"},
        {"Yes.\n\n________________________________\nFrom: Bob Roe\nSent: Tuesday\nTo: Jane\nSubject: "
         "a\n\nWhen?\n",
         "wqqqqqq"},
        {"Sí.\n\nDe: Bob Roe\nEnviado el: martes\nPara: Jane\nAsunto: viaje\n\n¿Cuándo?\n", "wqqqqq"},
        {"Yes.\n\n-----Original Message-----\nFrom: Bob\nSent: Tuesday\nTo: Jane\n\nWhen?\n", "wqqqqq"},
        // forwards
        {"FYI\n\n---------- Forwarded message ---------\nFrom: Bob <bob@example.org>\nDate: Tue\nSubject: "
         "a\n\nHi\n",
         "wfffff"},
        {"FYI\n\nBegin forwarded message:\n\n> From: Bob <bob@example.org>\n> Subject: a\n>\n> Hi\n",
         "wfffff"},
        {"From: Bob Roe\nSent: Tuesday\nTo: Jane\nSubject: a\n\nHi\n", "fffff"},
        // what only looks like one
        {"On Monday she wrote:\nThe sea is blue.\n", "ww"},
        {"From: the office\nPlease come.\n", "ww"},
        {"To whom it may concern:\nSubject: none\n", "ww"},
        // signatures
        {"Bring boots.\n\n-- \nJ.\nroom 4\n", "wsss"},
        {"Bring boots.\n\nThanks,\nJane Doe\nGrade 7\n413-555-0142\n", "wssss"},
        {"Bring boots.\n\nMs. Doe\n413-555-0142\n", "wss"},
        {"Bring boots.\n\nSaludos,\nJane\n", "wss"},
        {"Bring boots.\n\nSent from my iPhone\n", "ws"},
        {"Bring boots.\n\nEnviado desde mi iPhone\n", "ws"},
        {"Hi Jane,\nsee you at the bus.\n", "ww"},
        {"Thanks for the boots you brought along on Monday.\nAnd more of it\n", "ww"},
        // a signature above what is quoted
        {"Yes.\n\nJane Doe\nRoom 4\n\nOn Oct 6, 2026, Bob <bob@example.org> wrote:\n> When?\n", "wssqq"},
        // footers
        {"Yes.\n\nCONFIDENTIALITY NOTICE: This email\nis for its recipient.\n\nMore of mine.\n", "wxxw"},
        {"Yes.\n\nThis e-mail and any attachments are meant\nfor one.\n", "wxx"},
        {"Yes.\n\nYou received this message because you are subscribed to the list\nbye\n", "wxx"},
        {"To update your schedule, text me.\n", "w"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *got = layers_of(data, CASES[i].text, NULL);
        cr_expect_str_eq(got, CASES[i].want, "%s: %s, not %s", CASES[i].text, got, CASES[i].want);
    }
}

Test(layer, readers_marks_come_first)
{
    g_autoptr(DetectData) data = support_data();
    const char *text = "Yes.\nOn Oct 6, 2026, Bob <bob@example.org> wrote:\nWhen?\nAfterwards.\n";
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(LayerMark));
    gsize start = (gsize)(strstr(text, "When") - text);
    LayerMark mark = {start, start + 6, LAYER_QUOTED};
    g_array_append_val(marks, mark);
    g_autofree char *got = layers_of(data, text, marks);
    cr_expect_str_eq(got, "wqqw");
}

Test(layer, authors)
{
    const char *text =
        "Yes.\nOn Oct 6, 2026, Bob <bob@example.org>\nwrote:\n> When?\n\nFrom: Ann\nTo: Bob\nSubject: a\n";
    Message *message = message_new();
    Passage *passage = message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, strlen(text));
    g_autoptr(GArray) authors = layer_authors(passage);
    cr_assert_eq(authors->len, 2);
    const LayerAuthor *author = &g_array_index(authors, LayerAuthor, 0);
    cr_expect(memmem(text + author->start, author->end - author->start, "bob@example.org", 15) != NULL);
    author = &g_array_index(authors, LayerAuthor, 1);
    cr_expect_eq(strncmp(text + author->start, "From: Ann", author->end - author->start), 0);
    message_free(message);
}

Test(layer, linear, .timeout = 10)
{
    g_autoptr(DetectData) data = support_data();
    static const char *const UNITS[] = {"> ",
                                        "\n",
                                        "On \n",
                                        "From: a\n",
                                        "Thanks,\n",
                                        "-- \n",
                                        "\"",
                                        "wrote:\n",
                                        "to unsubscribe\n",
                                        "Jane\n",
                                        "_________________________\n",
                                        ">\n> a\n",
                                        "Subject: a@b\n",
                                        "De: a\n\nPara: b\n\n",
                                        "On 11/3/26 4:05 PM, Jane\n",
                                        "Thanks,\nJane Doe\n\n",
                                        "\"Be kind.\n- Jane\n",
                                        "a\n\n> b\n",
                                        "confidential privileged intended\n\n",
                                        "-- \nmailing list\n",
                                        "* * * * * *\n",
                                        "\xf0\x9f\x8f\x80",
                                        "\xc2\xa0\xe2\x80\xaf\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 300000)
            g_string_append(text, UNITS[i]);
        Message *message = message_new();
        Passage *passage =
            message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text->str, text->len);
        gint64 from = g_get_monotonic_time();
        g_autoptr(GArray) marks = layer_find(data, passage, NULL);
        cr_expect_lt(g_get_monotonic_time() - from, 3000000, "%s", UNITS[i]);
        cr_expect_gt(marks->len, 0);
        message_free(message);
    }
}
