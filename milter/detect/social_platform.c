// social_platform: platforms by their names, and these in disguise: "d1scord", "sn@p", "i n s t a", letters of other
// scripts.
#include "detect/social_platform.h"

#include <string.h>

#define WORD_MOST     24
#define DISGUISE_MOST 12
#define SPACED_LEAST  4 // letters

bool platform_is_stage(const char *platform)
{
    static const char *const STAGES[] = {
        "youtube", "spotify", "soundcloud", "bandcamp", "goodreads", "letterboxd", "minecraft",  "wattpad",
        "ao3",     "rumble",  "quora",      "chess",    "twitch",    "strava",     "deviantart", "pinterest"};
    bool is = false;
    for (gsize i = 0; !is && i < G_N_ELEMENTS(STAGES); i++)
        is = strcmp(STAGES[i], platform) == 0;
    return is;
}

PlatformNamed platform_of_words(const DetectScan *scan, gsize start, gsize *end, const char **platform)
{
    const DetectView *view = scan->view;
    PlatformNamed named = NAMED_NO;
    char both[2 * WORD_MOST];
    gsize two = *end;
    if (two + 1 < view->len && (view->text[two] == ' ' || view->text[two] == '-') &&
        name_letter(view->text[two + 1]))
        two = name_word_end(view, two + 1, MIN(view->len, two + 20));
    if (two > *end && two - start < sizeof both) {
        memcpy(both, view->text + start, two - start);
        both[*end - start] = ' ';
        named = tables_platform(scan->data, both, two - start, platform);
    }
    if (named != NAMED_NO)
        *end = two;
    else
        named = tables_platform(scan->data, view->text + start, *end - start, platform);
    return named;
}

// A disguised name is taken for one only where it is no short word.
static bool platform_of_disguised(const DetectScan *scan, const char *word, gsize n, PlatformPlace *place)
{
    place->named = tables_platform(scan->data, word, n, &place->platform);
    return place->named == NAMED_CLEARLY ? n >= 3 : place->named == NAMED_LOOSELY && n >= 4;
}

static bool platform_leet(const DetectScan *scan, PlatformPlace *place)
{
    static const char FIGURES[] = "013457@", LETTERS[] = "oieasta";
    char word[DISGUISE_MOST + 1];
    gsize n = place->end - place->start, odd = 0;
    bool one = false, is = false;
    for (gsize i = 0; i < n; i++) {
        char c = scan->view->text[place->start + i];
        const char *figure = strchr(FIGURES, c);
        odd += figure ? 1 : 0;
        one = one || c == '1';
        word[i] = figure ? LETTERS[figure - FIGURES] : c;
    }
    is = odd > 0 && odd < n && platform_of_disguised(scan, word, n, place);
    if (!is && one) {
        for (gsize i = 0; i < n; i++)
            word[i] = scan->view->text[place->start + i] == '1' ? 'l' : word[i];
        is = platform_of_disguised(scan, word, n, place);
    }
    place->disguise = "leet";
    return is;
}

// "i n s t a", "s.n.a.p" from place->start on.
static bool platform_spaced(const DetectScan *scan, PlatformPlace *place)
{
    const DetectView *view = scan->view;
    char word[DISGUISE_MOST];
    gsize n = 0, at = place->start;
    char mark = view->text[at + 1];
    bool spaced = mark != '\0' && strchr(" .-_*/", mark) != NULL;
    while (spaced && n < sizeof word && at < view->len && g_ascii_isalpha(view->text[at])) {
        word[n++] = view->text[at];
        at += view->text[at + 1] == mark && g_ascii_isalpha(view->text[at + 2]) ? 2 : 1;
    }
    place->end = at;
    place->disguise = "separators";
    // A word of several letters behind the last mark is none of them.
    return n >= SPACED_LEAST && at - place->start == 2 * n - 1 && platform_of_disguised(scan, word, n, place);
}

// Letters of Latin and of Greek or Cyrillic in one word.
static bool platform_lookalike(const DetectScan *scan, PlatformPlace *place)
{
    const char *text = scan->view->text + place->start;
    gsize n = place->end - place->start, latin = 0, other = 0;
    for (gsize i = 0; i < n; i++) {
        latin += g_ascii_isalpha(text[i]) ? 1 : 0;
        other += (guchar)text[i] >= 0xcd && (guchar)text[i] <= 0xd4 ? 1 : 0;
    }
    g_autofree char *plain = latin && other ? tables_latin_lookalike(scan->data, text, n) : NULL;
    place->disguise = "homoglyph";
    return plain && platform_of_disguised(scan, plain, strlen(plain), place);
}

// The stretch of letters, figures and @ around the spot, which a leet name may be.
static bool platform_leet_stretch(const DetectView *view, const Spot *spot, gsize least, PlatformPlace *place)
{
    gsize start = spot->start, end = start;
    if (spot->classes & SPOT_SIGN)
        while (start > least && spot->start - start < DISGUISE_MOST && g_ascii_isalnum(view->text[start - 1]))
            start--;
    while (end < view->len && end - start <= DISGUISE_MOST &&
           (g_ascii_isalnum(view->text[end]) || view->text[end] == '@'))
        end++;
    place->start = start;
    place->end = end;
    bool address = end + 1 < view->len && view->text[end] == '.' && g_ascii_isalnum(view->text[end + 1]);
    return end - start >= 3 && end - start <= DISGUISE_MOST && !(address && (spot->classes & SPOT_SIGN)) &&
           (spot->start > start || !(spot->classes & SPOT_SIGN));
}

static bool platform_bounded(const DetectView *view, const PlatformPlace *place)
{
    gsize at = place->start, end = place->end;
    bool begins = at == 0 || (!name_char(view->text[at - 1]) && view->text[at - 1] != '@');
    bool whole = end >= view->len || !name_char(view->text[end]) || strchr("-.", view->text[end]) != NULL;
    return begins && whole && !(end < view->len && view->text[end] == '@');
}

bool platform_at(const DetectScan *scan, const Spot *spot, gsize least, PlatformPlace *place)
{
    const DetectView *view = scan->view;
    bool is = false;
    *place = (PlatformPlace){.start = spot->start};
    if (spot->classes & (SPOT_PLATFORM | SPOT_FOREIGN)) {
        place->end = name_word_end(view, spot->start, MIN(view->len, spot->start + WORD_MOST));
        gsize n = place->end - place->start;
        bool whole = n > 0 && n < WORD_MOST && platform_bounded(view, place);
        if (whole && n == 1)
            is = platform_spaced(scan, place) && platform_bounded(view, place);
        if (!is)
            *place = (PlatformPlace){.start = spot->start, .end = spot->start + n};
        if (whole && !is) {
            place->named = platform_of_words(scan, place->start, &place->end, &place->platform);
            is = place->named != NAMED_NO;
        }
        if (whole && !is && (spot->classes & SPOT_FOREIGN))
            is = platform_lookalike(scan, place);
    }
    if (!is && (spot->classes & (SPOT_FIGURE | SPOT_SIGN)) && platform_leet_stretch(view, spot, least, place))
        is = platform_bounded(view, place) && platform_leet(scan, place);
    return is && !scan_taken(scan, place->start, place->end);
}
