#include "support.h"

#include "detect/disclaimer.h"

#include <string.h>

static const char LOCAL[] = "# comment\n"
                            "Maple Hollow keeps copies of all that is written here | see board rule 7.\n"
                            "\n"
                            "Sent with care\n"
                            "by your schools\n"
                            "# another\n"
                            "Questions? Ask the main office: 413-555-0180.\n"
                            "\n"
                            "Maple Hollow keeps copies\n";

typedef struct {
    const char *local; // NULL: there is none
    int code;          // of the error where it cannot be read
} Tables;

static GBytes *tables_read(const char *name, void *data, GError **error)
{
    const Tables *tables = data;
    g_autofree char *path = g_build_filename("conf/lists", name, NULL);
    bool local = strcmp(name, "disclaimers-local.txt") == 0;
    if (local && !tables->local)
        g_set_error(error, BASE_ERROR, tables->code, "%s cannot be read", name);
    return local ? (tables->local ? g_bytes_new(tables->local, strlen(tables->local)) : NULL)
                 : file_read(path, 16 << 20, error);
}

static DetectData *data_with(const Tables *tables, GError **error)
{
    return detect_data_new(tables_read, (void *)tables, error);
}

Test(disclaimer, table_may_be_missing_and_must_be_right)
{
    static const struct {
        Tables tables;
        const char *wrong; // NULL: read
    } CASES[] = {
        {{NULL, BASE_ERROR_NOINPUT}, NULL},
        {{NULL, BASE_ERROR_IO}, "cannot be read"},
        {{"", 0}, NULL},
        {{"# nothing\n\n", 0}, NULL},
        {{LOCAL, 0}, NULL},
        {{"Thanks\n", 0}, "disclaimers-local.txt:1: a disclaimer has 2 words at least"},
        {{"two words\n\n#\n...\n", 0}, "disclaimers-local.txt:4: a disclaimer has 2 words"},
        {{"\xff\n", 0}, "not UTF-8"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(DetectData) data = data_with(&CASES[i].tables, &error);
        cr_expect_eq(data == NULL, CASES[i].wrong != NULL, "%zu: %s", i, error ? error->message : "");
        bool told = !CASES[i].wrong || (error && strstr(error->message, CASES[i].wrong));
        cr_expect(told, "%zu: %s", i, error ? error->message : "");
    }
}

Test(disclaimer, layer_of_its_lines)
{
    Tables tables = {LOCAL, 0};
    g_autoptr(DetectData) data = data_with(&tables, NULL);
    static const struct {
        const char *text, *want; // a letter a line that is not blank
    } CASES[] = {
        {"Yes.\n\nMaple Hollow keeps copies of all that is written here | see board rule 7.\n", "wx"},
        // however it is wrapped, marked and written
        {"Yes.\n\n** MAPLE HOLLOW keeps copies of all\nthat is written here\n(see Board Rule 7)!\n", "wxxx"},
        {"Yes.\n\nSent with care by your schools\n\nMore of mine\n", "wxw"},
        {"Yes.\nSent with care\nby your schools\nMore of mine, please.\n", "wxxw"},
        {"Questions? Ask the main office: 413-555-0180.\nIt is open.\n", "xw"},
        // the longest that fits
        {"Maple Hollow keeps copies\n", "x"},
        {"Maple Hollow keeps copies\nof all that is written here see board rule 7\n", "xx"},
        // only whole paragraphs
        {"Maple Hollow keeps copies of everything.\n", "w"},
        {"We say: Sent with care by your schools\n", "w"},
        {"Sent with care by your schools and call me at 413-555-0181\n", "w"},
        {"Sent with care\n> by your schools\n", "wq"},
        {"Sent with care\n", "w"},
        {"> Sent with care by your schools\n", "q"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Message *message = message_new();
        const char *text = CASES[i].text;
        Passage *passage = message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, strlen(text));
        g_autoptr(GArray) marks = layer_find(data, passage, NULL);
        g_autoptr(GString) got = g_string_new(NULL);
        for (const char *at = text; *at; at += strcspn(at, "\n") + 1)
            if (*at != '\n')
                g_string_append_c(got, "wsqfx"[layer_at(marks, (gsize)(at - text))]);
        cr_expect_str_eq(got->str, CASES[i].want, "%s: %s, not %s", text, got->str, CASES[i].want);
        message_free(message);
    }
}

Test(disclaimer, words)
{
    static const struct {
        const char *text, *words;
    } CASES[] = {
        {"", ""},
        {" -- ", ""},
        {"Don\xe2\x80\x99t print  THIS.", "dont print this"},
        {"Informaci\xc3\xb3n: Sra. N\xc3\xba\xc3\xb1"
         "ez",
         "informacion sra nunez"},
        {"e-mail 413-555-0180", "e mail 413 555 0180"},
        {"a\nb\n\n\nc", "a b c"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *exact = g_memdup2(CASES[i].text, strlen(CASES[i].text)); // no byte behind it
        g_autofree char *words = disclaimer_words(exact ? exact : "", strlen(CASES[i].text));
        cr_expect_str_eq(words, CASES[i].words, "%s", CASES[i].text);
    }
}

Test(disclaimer, linear, .timeout = 20)
{
    Tables tables = {LOCAL, 0};
    g_autoptr(DetectData) data = data_with(&tables, NULL);
    static const char *const UNITS[] = {
        "-\n", "\n", "maple\n", "Maple Hollow keeps\n", "sent with care\n", "a ", "\xe2\x80\x94"};
    for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 1000000)
            g_string_append(text, UNITS[i]);
        Message *message = message_new();
        Passage *passage =
            message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text->str, text->len);
        gint64 from = g_get_monotonic_time();
        g_autoptr(GArray) marks = layer_find(data, passage, NULL);
        cr_expect_lt(g_get_monotonic_time() - from, 3 * G_USEC_PER_SEC, "%s", UNITS[i]);
        cr_expect_gt(marks->len, 0);
        message_free(message);
    }
}

// ---- what may be one -------------------------------------------------------------------------------------

Test(disclaimer, endings_of_a_message)
{
    g_autoptr(DetectData) data = support_data();
    static const char NOTICE[] = "Our schools keep a copy of this for seven years, as the board wants it.";
    static const struct {
        const char *text, *want; // endings, a bar between them
    } CASES[] = {
        {"See you.\n\nThanks,\nJane Doe\nGrade 7\n\nOur schools keep a copy of this for seven years,\n  as "
         "the board "
         "wants it.\n",
         NOTICE},
        // in front of the signature, in what is quoted, too short, or known
        {"Our schools keep a copy of this for seven years, as the board wants it.\n\nThanks,\nJane Doe\n",
         ""},
        {"See you.\n\nThanks,\nJane Doe\n\n> Our schools keep a copy of this for seven years.\n", ""},
        {"See you.\n\nThanks,\nJane Doe\n\nOur schools keep a copy.\n", ""},
        {"See you.\n\nThanks,\nJane Doe\n\nCONFIDENTIALITY NOTICE: this message is for its recipient and "
         "nobody "
         "else.\n",
         ""},
        {"See you.\n\nThanks,\nJane Doe\n\n# [Our] schools keep a copy of this for seven years | and more of "
         "it.\n\n"
         "The second one of them has enough words for that too.\n",
         "Our] schools keep a copy of this for seven years | and more of it.|The second one of them has "
         "enough words "
         "for that too."},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Message *message = message_new();
        Party sender = {.name = (char *)"Jane Doe"};
        Parties parties = {.sender = &sender};
        for (int twice = 0; twice < 2; twice++) // text and HTML
            message_add_passage(message, 0, twice ? ORIGIN_HTML : ORIGIN_TEXT, VISIBILITY_SHOWN,
                                CASES[i].text, strlen(CASES[i].text));
        message_add_passage(
            message, 0, ORIGIN_TEXT, VISIBILITY_HIDDEN,
            "Jane Doe\nGrade 7\n\nNobody sees these words, so nobody takes them for a notice of ours.\n", 80);
        g_autoptr(GPtrArray) endings = detect_endings(data, message, &parties);
        g_autoptr(GString) got = g_string_new(NULL);
        for (guint k = 0; k < endings->len; k++)
            g_string_append_printf(got, "%s%s", k ? "|" : "", (const char *)g_ptr_array_index(endings, k));
        cr_expect_str_eq(got->str, CASES[i].want, "%zu: %s", i, got->str);
        message_free(message);
    }
}
