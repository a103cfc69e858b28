// social_told: names told in the sentence around a platform's name, or in the one next to it.
#include "detect/social_handle.h"

#include <string.h>

#define TOLD_AHEAD 110
#define TOLD_BACK  80

typedef struct {
    const char *words;
    bool strong; // what follows is a name, even a plain word
} Intro;

// By their first letter, in order.
static const Intro INTROS[] = {
    {"(", false},
    {"@ is ", true},
    {"@ there is ", true},
    {"add ", false},
    {"as ", false},
    {"called ", false},
    {"como ", false},
    {"el mio es ", false},
    {"el m\303\255o es ", false},
    {"es ", false},
    {"go by ", false},
    {"handle is ", true},
    {"handle: ", true},
    {"handle there is ", true},
    {"i'm ", false},
    {"i am ", false},
    {"im ", false},
    {"it's ", false},
    {"its ", false},
    {"it is ", false},
    {"id is ", true},
    {"id: ", true},
    {"look for ", false},
    {"look up ", false},
    {"me llamo ", false},
    {"mine is ", false},
    {"mine's ", false},
    {"name is ", false},
    {"name there is ", true},
    {"name on there is ", true},
    {"name: ", false},
    {"search for ", false},
    {"search ", false},
    {"sou ", false},
    {"soy ", false},
    {"tag is ", true},
    {"under ", false},
    {"user: ", true},
    {"user is ", true},
    {"username is ", true},
    {"username: ", true},
    {"username there is ", true},
    {"usuario es ", true},
    {"usuario: ", true},
};

// Do `words` stand at `at`, a line's end for any blank of them?
static bool told_words(const DetectView *view, gsize at, const char *words)
{
    gsize n = 0;
    while (words[n] && at + n < view->len &&
           (view->text[at + n] == words[n] || (words[n] == ' ' && view->text[at + n] == '\n')))
        n++;
    return words[n] == '\0';
}

static const Intro *told_intro(const DetectView *view, gsize at)
{
    const Intro *found = NULL;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(INTROS) && INTROS[i].words[0] <= view->text[at]; i++) {
        if (INTROS[i].words[0] == view->text[at] && told_words(view, at, INTROS[i].words))
            found = &INTROS[i];
    }
    return found;
}

// "x there", "x on there", "x ahí"
static bool told_there(const DetectView *view, gsize end)
{
    static const char *const WORDS[] = {" there", " on there",   " over there",
                                        " on it", " ah\303\255", " all\303\255",
                                        " ahi",   " alli",       " l\303\241"};
    bool there = false;
    for (gsize i = 0; !there && i < G_N_ELEMENTS(WORDS); i++) {
        gsize n = strlen(WORDS[i]);
        there = told_words(view, end, WORDS[i]) &&
                !(name_char(view->text[end + n]) && view->text[end + n] != '.');
    }
    return there;
}

// How sure that what `intro` introduces is a name.
static double told_shape(const DetectView *view, const Intro *intro, const HandleName *name, bool invited,
                         bool stage)
{
    bool there = told_there(view, name->end), ends = handle_ends(view, name->end) || there;
    bool odd = name->at || name->made_up;
    double shape = 0;
    if (odd && (intro->words[0] != '(' || name->at || view->text[name->end] == ')') &&
        (intro->strong || there || !stage))
        shape = invited || intro->strong ? 0.8 : 0.7;
    else if (!odd && strlen(name->text) >= 4 && !g_str_has_suffix(name->text, "ing") &&
             ((intro->strong && ends) || there))
        shape = 0.65;
    return shape;
}

// Does a sentence or a paragraph end at `at`? 2 = a paragraph.
static guint told_break(const DetectView *view, gsize at)
{
    char c = view->text[at], next = view->text[at + 1]; // the view ends with a zero
    guint found = 0;
    if (c == '\n')
        found = next == '\n' || next == '\r' ? 2 : 0;
    else if (strchr(".!?", c) != NULL)
        found = next == '\0' || strchr(" \n\t\"')", next) != NULL ? 1 : 0;
    return found;
}

// The first name introduced in [from, to), at most one sentence further.
static double told_between(DetectScan *scan, gsize from, gsize to, bool invited, bool stage, HandleName *name)
{
    const DetectView *view = scan->view;
    double shape = 0;
    guint breaks = 0;
    bool stop = false;
    for (gsize at = from; at < to && !stop && shape == 0;) {
        scan->work++;
        gsize end = name_word_end(view, at, to);
        bool starts = at == 0 || !name_char(view->text[at - 1]);
        const char *other;
        gsize word = end;
        const Intro *intro = starts ? told_intro(view, at) : NULL;
        if (intro && name_read(scan, at + strlen(intro->words), name) && name->start < to)
            shape = told_shape(view, intro, name, invited, stage);
        PlatformNamed named = starts && end > at ? platform_of_words(scan, at, &word, &other) : NAMED_NO;
        stop = named == NAMED_CLEARLY || named == NAMED_LOOSELY;
        if (end == at) {
            guint found = told_break(view, at);
            breaks += found;
            stop = breaks > 1;
            end = at + 1;
        }
        at = end;
    }
    return shape;
}

// "Add me on Snapchat! x_7", "on Telegram, @x": right behind the platform and a mark.
static double told_behind(DetectScan *scan, const PlatformPlace *place, HandleName *name)
{
    const DetectView *view = scan->view;
    gsize at = place->end;
    bool mark = false;
    while (at < view->len && at - place->end < 6 && strchr(" ,!?.;:-()\"", view->text[at]) != NULL)
        mark = mark || view->text[at] != ' ', at++;
    bool is = mark && at > place->end && view->text[at - 1] != '.' && name_read(scan, at, name) &&
              (name->at || name->made_up) && (name->at || handle_ends(view, name->end));
    return is ? 0.75 : 0;
}

// "Do you have", "I use": somebody's being there is spoken of.
static bool told_asked(DetectScan *scan, gsize before)
{
    static const char *const WORDS[] = {
        "have", "got",      "use",     "using",    "tienes",   "tiene",   "usas",  "uso",      "tengo", "usa",
        "i",    "im",       "you",     "u",        "estoy",    "am",      "tenes", "continue", "we",    "go",
        "keep", "seguimos", "sigamos", "hablemos", "hablamos", "podemos", "came",  "come",     NULL};
    return name_word_near(scan, before, 28, WORDS);
}

double handle_told(DetectScan *scan, const PlatformPlace *place, HandleName *name, const char **why)
{
    const DetectView *view = scan->view;
    bool common = place->named == NAMED_COMMON, stage = platform_is_stage(place->platform);
    bool invited = handle_invited(scan, place->start);
    bool asked = invited || handle_owned(scan, place->start) || told_asked(scan, place->start);
    double shape = 0;
    *why = "told right behind its platform";
    if (invited && !common && !stage)
        shape = told_behind(scan, place, name);
    if (shape == 0 && asked && !common) {
        *why = "introduced behind its platform";
        shape = told_between(scan, place->end, MIN(view->len, place->end + TOLD_AHEAD), invited, stage, name);
    }
    if (shape == 0 && invited && !common) {
        gsize from = place->start > TOLD_BACK ? place->start - TOLD_BACK : 0;
        for (gsize at = from; at + 1 < place->start; at++)
            from = view->text[at] == '\n' && view->text[at + 1] == '\n' ? at + 1 : from;
        *why = "introduced before its platform";
        shape = told_between(scan, from, place->start, false, stage, name);
    }
    return shape;
}

void handle_told_of_link(DetectScan *scan, const char *platform, gsize start, gsize end)
{
    PlatformPlace place = {.platform = platform, .named = NAMED_CLEARLY, .start = start, .end = end};
    HandleName name;
    double shape = told_between(scan, end, MIN(scan->view->len, end + TOLD_AHEAD), true, false, &name);
    if (shape > 0)
        handle_emit(scan, &place, &name, shape, "introduced behind an invitation", false);
}
