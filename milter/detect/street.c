// street: US street addresses and boxes in running text: number, name, suffix, unit, town, state, ZIP code.
#include "detect/street_read.h"

#include "detect/spots.h"
#include "detect/tables.h"

#include <string.h>

#define STREET_CUE   60 // bytes before an address in which a word about it may stand
#define STREET_LEAST 0.45

// Words about a private home that stand before an address.
static const char *street_home_cue(const DetectView *view, gsize start)
{
    static const char CUES[][16] = {
        "my house",     "my place",      "my home",   "my address", "live at",      "living at",
        "come over",    "come by",       "our house", "our place",  "my apartment", "my apt",
        "home address", "mail it to me", "vivo en",   "mi casa",    "mi dirección", "mi direccion",
        "nuestra casa", "his house",     "her house", "i'm at",     "i am at",      "im at",
        "pick me up",   "stay at"};
    const char *text = view->text, *found = NULL;
    for (gsize at = start > STREET_CUE ? start - STREET_CUE : 0; !found && at < start; at++) {
        if (!g_ascii_islower(text[at]) || (at > 0 && g_ascii_isalnum(text[at - 1])))
            continue;
        for (gsize i = 0; !found && i < G_N_ELEMENTS(CUES); i++)
            if (CUES[i][0] == text[at] && CUES[i][1] == text[at + 1] && strlen(CUES[i]) <= start - at &&
                memcmp(text + at, CUES[i], strlen(CUES[i])) == 0)
                found = CUES[i];
    }
    return found;
}

// Words before a number that say what it counts or numbers: "bus 14", "exit 14".
static bool street_is_numbered(const DetectView *view, gsize start)
{
    static const char *const WORDS[] = {
        "bus",   "exit",   "take",   "mile",     "group",   "team",    "period",  "week",   "unit",   "grade",
        "room",  "page",   "pages",  "chapter",  "lesson",  "section", "part",    "act",    "scene",  "level",
        "top",   "step",   "vol",    "volume",   "version", "table",   "station", "gate",   "track",  "lab",
        "class", "block",  "cycle",  "quarter",  "round",   "game",    "episode", "season", "set",    "row",
        "seat",  "door",   "locker", "question", "problem", "number",  "no",      "day",    "phase",  "issue",
        "item",  "figure", "ch",     "pp",       "title",   "grades",  "rooms",   "form",   "module", "topic",
        "stage", "plan",   "theme",  "test",     "quiz",    "exercise"};
    gsize end = start > 0 && view->text[start - 1] == ' ' ? start - 1 : 0, from = end;
    while (from > 0 && end - from < 12 && g_ascii_isalpha(view->text[from - 1]))
        from--;
    bool found = false;
    for (gsize i = 0; end > from && !found && i < G_N_ELEMENTS(WORDS); i++)
        found = strlen(WORDS[i]) == end - from && memcmp(WORDS[i], view->text + from, end - from) == 0;
    return found;
}

// "the 2 Kings Court", "a 20 Yard Drive".
static bool street_has_article(const DetectView *view, gsize start)
{
    return (start >= 4 && memcmp(view->text + start - 4, "the ", 4) == 0) ||
           (start >= 3 && memcmp(view->text + start - 3, " a ", 3) == 0) ||
           (start == 2 && view->text[0] == 'a');
}

// `home`: the words right before say that somebody lives there.
static double street_shape(const StreetFound *found, bool cue, bool home, bool spelled)
{
    bool capitals = found->capitals == found->names;
    double shape = found->named == STREET_NAME_STRONG ? 0.62 : found->named == STREET_NAME_WEAK ? 0.3 : 0.1;
    shape += capitals ? 0.15 : (cue || found->town ? 0.0 : -0.15);
    shape +=
        (found->town ? 0.2 : 0.0) + (found->unit ? 0.1 : 0.0) + (cue ? 0.2 : 0.0) - (spelled ? 0.1 : 0.0);
    if (found->named == STREET_NAME_BARE)
        shape = !capitals || spelled
                    ? 0
                    : shape + (found->zip ? 0.2 : 0.0) + (home ? 0.2 : 0.0) + (found->apartment ? 0.2 : 0.0);
    else if (found->named == STREET_NAME_WEAK && found->apartment && capitals)
        shape += 0.1;
    return found->box ? 0.85 : CLAMP(shape, 0.0, 0.97);
}

// As written, lower case, one blank between words, commas kept, a spelled house number in digits. `last`: of its words.
static char *street_value(StreetWords *words, const StreetFound *found, const char *number, guint last)
{
    GString *value = g_string_new(number);
    for (guint i = found->name; i <= last; i++)
        g_string_append_printf(
            value, "%s%s", i > found->name && (words->tokens[i].comma || words->tokens[i].line) ? ", " : " ",
            words->tokens[i].word);
    return g_string_free(value, FALSE);
}

// Is a word about a home right before the number, nothing but what joins them between?
static bool street_at_home(const DetectView *view, gsize start)
{
    static const char *const CUES[] = {
        "live at",  "living at",    "lives at",     "my address",       "home address", "our address",
        "my house", "our house",    "my place",     "our place",        "my apartment", "vivo en",
        "mi casa",  "mi dirección", "mi direccion", "mail it to me at", "my home",      "nuestra casa"};
    static const char *const JOINS[] = {" is at ",   " is ",      ": ",   ":\n", ":", " es ",
                                        " está en ", " esta en ", " at ", " - ", " "};
    gsize end = start;
    for (gsize i = 0; end == start && i < G_N_ELEMENTS(JOINS); i++) {
        gsize n = strlen(JOINS[i]);
        if (start >= n && memcmp(view->text + start - n, JOINS[i], n) == 0)
            end = start - n;
    }
    bool home = false;
    for (gsize i = 0; end < start && !home && i < G_N_ELEMENTS(CUES); i++) {
        gsize n = strlen(CUES[i]);
        home = end >= n && memcmp(view->text + end - n, CUES[i], n) == 0;
    }
    return home;
}

// `last`: the last word of the value; the address may go on.
static gsize street_emit(DetectScan *scan, StreetWords *words, StreetFound *found, const char *number,
                         bool spelled, guint last)
{
    gsize start = words->tokens[0].start, end = words->tokens[found->last].end;
    const char *cue = street_home_cue(scan->view, start);
    bool home = found->named == STREET_NAME_BARE && street_at_home(scan->view, start);
    double shape = street_shape(found, cue != NULL, home, spelled);
    if (!found->box && !cue && shape >= STREET_LEAST && street_is_numbered(scan->view, start))
        shape = 0;
    else if (!found->town && !cue && street_has_article(scan->view, start))
        shape -= 0.3;
    bool takes = shape >= STREET_LEAST && !scan_taken(scan, start, end);
    if (takes) {
        g_autofree char *value = street_value(words, found, number, last);
        Candidate *candidate = candidate_new(KIND_STREET_ADDRESS, value, scan->view, start, end, shape);
        if (spelled)
            candidate_obfuscated(candidate, "spelled");
        if (cue)
            candidate_evidence(candidate, "label: %s", cue);
        if (found->town)
            candidate_evidence(candidate, "town and state or ZIP code");
        scan_add(scan, candidate);
        scan_take(scan, start, end);
    }
    return takes ? end : 0;
}

// The house number that words[0] begins; words used. `number` gets its digits.
static guint street_house(StreetWords *words, GString *number, bool *out_spelled)
{
    const char *first = street_at(words, 0);
    gsize digits = strspn(first, "0123456789");
    guint used = 0;
    *out_spelled = digits == 0;
    const char *dash = strchr(first, '-');
    bool range = dash && strlen(first) <= 9 && !strchr(dash + 1, '-');
    if (digits && digits <= 6 && (first[digits] == '\0' || range || first[digits + 1] == '\0')) {
        g_string_append(number, first);
        used = 1;
        const char *half = street_at(words, 1);
        if (street_follows(words, 1) && strlen(half) == 3 && half[1] == '/') { // "1234 1/2 Elm St"
            g_string_append_printf(number, " %s", half);
            used = 2;
        }
    }
    int value = digits ? -1 : street_number_word(first);
    while (value >= 0 && used < 5) {
        int next = street_number_word(street_at(words, used + 1));
        bool compound = value >= 20 && value % 10 == 0 && next >= 1 && next <= 9;
        g_string_append_printf(number, "%d", compound ? value + next : value);
        used += compound ? 2 : 1;
        value = street_number_word(street_at(words, used));
    }
    return used;
}

static bool street_says(StreetWords *words, guint at, const char *word)
{
    return strcmp(street_at(words, at), word) == 0;
}

// "po box 142", "p.o. box 142", "post office box 142", "pob 142"; the number's word, 0 when it is none.
static guint street_box(StreetWords *words)
{
    guint at = 0;
    bool whole = street_says(words, 0, "pob");
    if (street_says(words, 0, "po"))
        at = 1;
    else if ((street_says(words, 0, "p") && street_says(words, 1, "o")) ||
             (street_says(words, 0, "post") && street_says(words, 1, "office")))
        at = 2;
    at = whole ? 1 : at && street_says(words, at, "box") ? at + 1 : 0;
    bool number = at && street_has(words, at) && g_ascii_isdigit(*street_at(words, at));
    bool letter = at && street_has(words, at) && words->tokens[at].capital &&
                  street_at(words, at)[1] == '\0' && street_has(words, at + 1) &&
                  words->tokens[at + 1].comma; // "PO Box A, Dover"
    return number || letter ? at : 0;
}

// "rr 2 box 142", "rural route 2, box 142", "hc 61 box 14": the box's word, and the number's of the route; 0 = none.
static guint street_route_box(StreetWords *words, guint *out_route)
{
    static const char *const KINDS[] = {"rr", "rfd", "hc", "psc", "cmr", "rd"};
    guint at = 0;
    for (gsize i = 0; !at && i < G_N_ELEMENTS(KINDS); i++)
        at = street_says(words, 0, KINDS[i]) ? 1 : 0;
    if (!at && ((street_says(words, 0, "r") && (street_says(words, 1, "r") || street_says(words, 1, "d"))) ||
                (street_says(words, 0, "rural") &&
                 (street_says(words, 1, "route") || street_says(words, 1, "rte"))) ||
                (street_says(words, 0, "highway") && street_says(words, 1, "contract"))))
        at = 2;
    bool box = at && street_is_number(street_at(words, at)) && street_says(words, at + 1, "box") &&
               street_is_number(street_at(words, at + 2));
    *out_route = at;
    return box ? at + 2 : 0;
}

// Words that begin an address without a house number before.
static const char *const FIRST[] = {"po",       "p",         "post", "pob",    "rr",    "r",
                                    "rfd",      "rural",     "hc",   "psc",    "cmr",   "calle",
                                    "avenida",  "av",        "avda", "camino", "paseo", "calzada",
                                    "callejon", "carretera", "via",  "highway"};

// Can the first word begin an address at all?
static bool street_opens(StreetWords *words)
{
    const char *first = street_at(words, 0);
    bool opens = g_ascii_isdigit(*first) || street_number_word(first) >= 0;
    for (gsize i = 0; !opens && i < G_N_ELEMENTS(FIRST); i++)
        opens = strcmp(FIRST[i], first) == 0;
    return opens;
}

static gsize street_try_box(DetectScan *scan, StreetWords *words)
{
    guint route, box = street_box(words);
    gsize end = 0;
    StreetFound found = {.name = box, .suffix = box, .box = true};
    if (box) {
        street_rest(words, &found);
        end = street_emit(scan, words, &found, "po box", false, found.last);
    } else if ((box = street_route_box(words, &route)) != 0) {
        const char *kind =
            street_says(words, 0, "hc") || street_says(words, 0, "psc") || street_says(words, 0, "cmr")
                ? street_at(words, 0)
                : "rr";
        found.name = route;
        found.suffix = box;
        street_rest(words, &found);
        end = street_emit(scan, words, &found, kind, false, found.last);
    }
    return end;
}

static gsize street_try_words(DetectScan *scan, StreetWords *words)
{
    StreetFound found = {0};
    bool spelled = false;
    guint at = 0;
    g_autoptr(GString) number = g_string_new(NULL);
    gsize end = g_ascii_isdigit(*street_at(words, 0)) ? 0 : street_try_box(scan, words);
    if (end == 0 && street_name_first(words, &found, &at)) {
        g_string_append(number, street_at(words, at));
        found.last = at;
        end = street_emit(scan, words, &found, number->str, false, found.suffix);
    } else if (end == 0) {
        guint used = street_house(words, number, &spelled);
        if (used && street_name(words, used, &found) &&
            (!spelled || found.capitals == found.names || found.named == STREET_NAME_STRONG)) {
            street_rest(words, &found);
            end = street_emit(scan, words, &found, number->str, spelled, found.last);
        }
    }
    return end;
}

// Tries an address at byte `at`, a word's first; the byte behind it, 0 when there is none.
static gsize street_try(DetectScan *scan, gsize at)
{
    StreetWords words;
    words.view = scan->view;
    words.known = tables_words(scan->data);
    words.at = at;
    words.count = 0;
    words.ended = false;
    return street_opens(&words) ? street_try_words(scan, &words) : 0;
}

// A number and a name behind it, as a street without a suffix has.
static bool street_may_lack(const DetectView *view, gsize at)
{
    while (at < view->len && (g_ascii_isdigit(view->text[at]) || view->text[at] == '-'))
        at++;
    guint32 origin =
        at + 1 < view->len && view->text[at] == ' ' ? view->origin[at + 1] : (guint32)view->passage->len;
    return origin < view->passage->len && g_unichar_isupper(g_utf8_get_char(view->passage->text + origin));
}

// Does a word that may end a street's name stand among the words from byte `at` on? `*word` goes up to the first of
// them.
static bool street_may_follow(const DetectView *view, gsize at, guint *word)
{
    const PhraseToken *words = (const PhraseToken *)(const void *)view->words->data;
    bool may = false;
    while (*word < view->words->len && words[*word].start < at)
        (*word)++;
    for (guint i = *word; !may && i < view->words->len && i < *word + STREET_TOKENS; i++)
        may = words[i].classes & WORD_ROAD;
    return may || strchr("prhca", view->text[at]) || street_may_lack(view, at); // boxes have none
}

static bool street_may_start(const DetectView *view, gsize at)
{
    guchar before = at ? (guchar)view->text[at - 1] : ' ';
    return before < 0x80 && !strchr("$#./:-@+=_&%'", before);
}

void street_spots(SpotTable *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FIRST); i++)
        spots_add(table, SPOT_HOUSE, FIRST[i]);
    street_words_spots(table);
}

void street_find(DetectScan *scan)
{
    guint i = 0, word = 0;
    gsize at = 0;
    const Spot *spot;
    while (!*scan->truncated && (spot = spots_next(scan->view, &i, SPOT_FIGURE | SPOT_HOUSE, at)) != NULL) {
        bool may =
            street_may_start(scan->view, spot->start) && street_may_follow(scan->view, spot->start, &word);
        gsize end = may ? street_try(scan, spot->start) : 0;
        at = MAX(at, end);
    }
}
