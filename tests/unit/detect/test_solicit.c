#include "support.h"

#include <string.h>

// The surest solicitation in `text`: its id, or "" when there is none of at least 0.5.
static char *solicited(const DetectData *data, const Config *config, const char *text)
{
    Scanned *scanned = support_scan(data, config, text, "");
    solicit_find(&scanned->scan);
    const Candidate *best = NULL;
    for (guint i = 0; i < scanned->out->len; i++) {
        const Candidate *candidate = g_ptr_array_index(scanned->out, i);
        if (candidate->shape >= 0.5 && (!best || candidate->shape > best->shape))
            best = candidate;
    }
    char *id = g_strdup(best ? best->value : "");
    scanned_free(scanned);
    return id;
}

Test(solicit, requests)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"What's your number?", "ask-number"},
        {"whats ur cell", "ask-number"},
        {"Could you please send me your cell number before Friday", "ask-number"},
        {"Can I have your phone number?", "ask-number"},
        {"what is the best number to reach you", "ask-number"},
        {"let's swap numbers", "ask-number"},
        {"What’s your snap?", "ask-handle"},
        {"gimme your insta", "ask-handle"},
        {"r u on discord", "ask-handle"},
        {"How can I find you on Instagram?", "ask-handle"},
        {"Just text me when the bus is there.", "move-text"},
        {"Shoot me a text tonight!", "move-text"},
        {"You can call me on my cell.", "move-text"},
        {"Add me on Snapchat", "move-app"},
        {"let us continue this on WhatsApp", "move-app"},
        {"I'll message you on Telegram", "move-app"},
        {"Message me privately about it.", "move-private"},
        {"Please don't use your school email, text instead", "move-private"},
        {"Write to my personal email from now on", "move-private"},
        {"¿Cuál es tu número de celular?", "ask-number"},
        {"Pasame tu numero", "ask-number"},
        {"¿tienes whatsapp?", "ask-handle"},
        {"Mejor hablamos por WhatsApp", "move-app"},
        {"Agrégame en Instagram", "move-app"},
        {"mándame un mensaje de texto", "move-text"},
        {"No uses el correo de la escuela", "move-private"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *got = solicited(data, config, CASES[i].text);
        cr_expect_str_eq(got, CASES[i].want, "%s: \"%s\", not \"%s\"", CASES[i].text, got, CASES[i].want);
    }
}

Test(solicit, no_requests)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const char *const CASES[] = {
        "Do not text while driving.",
        "Never text or DM a student.",
        "Please do not DM me.",
        "I'm sorry, I can't give you my number.",
        "If a stranger asks \"what's your snap?\", tell an adult you trust.",
        "Someone online may say add me on Discord.",
        "Employees shall not ask: what is your number.",
        "The man in the story asked, \"What's your phone number?\"",
        "Watch for messages like \"text me\" and \"let's talk on WhatsApp\".",
        "Text me on Remind if you are late.",
        "Message me on Google Classroom.",
        "Call me at the school, ext. 12.",
        "Call the office if you will be absent.",
        "What's your number one choice for the elective?",
        "What is your locker number?",
        "What is your student number?",
        "Bring your text and your notebook.",
        "The text structure of chapter 3 is sequence.",
        "My friends text me all day long, wrote the narrator.",
        "Let's meet on Zoom at three.",
        "Follow the school's page on Instagram.",
        "Are you on the bus list?",
        "Ask your mom to text me? No: ask her to call the office.",
        "Please update your phone number in the portal.",
        "Move the signal flag to the left.",
        "Un desconocido pregunta: ¿cuál es tu número?",
        "",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *got = solicited(data, config, CASES[i]);
        cr_expect_str_eq(got, "", "%s: \"%s\"", CASES[i], got);
    }
}

Test(solicit, a_text_about_requests_weighs_less)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    g_autofree char *plain = solicited(data, config, "Add me on Snapchat.");
    g_autofree char *lesson =
        solicited(data, config,
                  "Digital citizenship, lesson plan 4. Discussion questions about healthy boundaries.\n"
                  "Which of these are red flags? Add me on Snapchat.");
    cr_expect_str_eq(plain, "move-app");
    cr_expect_str_eq(lesson, "");
}

Test(solicit, linear, .timeout = 15)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const char *const UNITS[] = {"what is your ", "text me ",         "never ",
                                        "can i get ",    "if someone asks ", "the "};
    for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 200000)
            g_string_append(text, UNITS[i]);
        gint64 from = g_get_monotonic_time();
        g_autofree char *got = solicited(data, config, text->str);
        cr_expect_lt(g_get_monotonic_time() - from, 3000000, "%s: %s", UNITS[i], got);
    }
}

Test(solicit, wrong_tables)
{
    static const struct {
        const char *section, *line, *want;
    } CASES[] = {
        {"solicit", "ask | 2.0 | text me", "weight"}, {"solicit", "ask | 0.5 | (text me", "not closed"},
        {"solicit", "ask | 0.5 | <9> me", "gap"},     {"solicit", "ask | 0.5 | {nothing} me", "no slot"},
        {"solicit", "ask | 0.5 | me?", "optional"},   {"solicit", "ask | 0.5 | <2> me", "begin with a gap"},
        {"solicit", "ask | me", "PATTERN"},           {"solicit", "ask | 0.5 | ( / )", "empty"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GPtrArray) lines = g_ptr_array_new();
        g_auto(GStrv) fields = g_strsplit(CASES[i].line, " | ", -1);
        TableLine line = {CASES[i].section, fields, g_strv_length(fields), 7};
        g_ptr_array_add(lines, &line);
        g_autoptr(GError) error = NULL;
        PhraseWords *words = phrases_words_new();
        PhraseBook *book = phrases_new("phrases.txt", lines, words, &error);
        cr_expect_null(book, "%s", CASES[i].line);
        phrases_words_free(words);
        cr_expect(error && strstr(error->message, CASES[i].want) && strstr(error->message, "phrases.txt:7"),
                  "%s: %s", CASES[i].line, error ? error->message : "");
    }
}
