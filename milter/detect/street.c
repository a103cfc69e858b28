// street: US street addresses and boxes in running text: number, name, suffix, unit, town, state, ZIP code.
#include "detect/street.h"

#include "detect/internal.h"

#include <string.h>

#define STREET_TOKENS 18 // words looked at from a house number on
#define STREET_WORD   24 // bytes of one
#define STREET_NAME   5  // words of a street's name, its suffix with it
#define STREET_CUE    60 // bytes before an address in which a word about it may stand
#define STREET_LEAST  0.45

typedef struct {
    char word[STREET_WORD]; // lower case, apostrophes dropped
    gsize start, end;       // bytes of the view
    bool comma, line;       // stands between this and the word before
    bool capital;           // as written
} StreetToken;

// The words from byte `at` on, as far as an address could go; read when they are asked for.
typedef struct {
    const DetectView *view;
    StreetToken tokens[STREET_TOKENS];
    guint count;
    gsize at;
    bool ended;
} StreetWords;

typedef struct {
    guint name, suffix, last; // first word of the name, last word of it, last word of the address
    bool strong, unit, town, box;
    guint capitals, names;
} StreetFound;

static bool street_inner(const char *text, gsize at, gsize len)
{
    guchar c = (guchar)text[at];
    return g_ascii_isalnum(c) || c >= 0x80 || (c == '\'' && at + 1 < len && g_ascii_isalpha(text[at + 1]));
}

static void street_read_word(StreetWords *words)
{
    const char *text = words->view->text;
    StreetToken *token = &words->tokens[words->count];
    gsize n = 0, len = words->view->len, at = words->at;
    token->start = at;
    bool number = g_ascii_isdigit(text[at]);
    while (at < len && (street_inner(text, at, len) || (number && (text[at] == '-' || text[at] == '/') &&
                                                        at + 1 < len && g_ascii_isdigit(text[at + 1])))) {
        if (text[at] != '\'' && n + 1 < STREET_WORD)
            token->word[n++] = text[at];
        at++;
    }
    token->word[n] = '\0';
    token->end = words->at = at;
    const Passage *passage = words->view->passage;
    guint32 origin = words->view->origin[token->start];
    token->capital = origin < passage->len && g_unichar_isupper(g_utf8_get_char(passage->text + origin));
    words->count++;
}

// Reads one word more, if there is one.
static void street_read(StreetWords *words)
{
    const char *text = words->view->text;
    guint before = words->count;
    bool comma = false, line = false;
    while (!words->ended && words->count == before) {
        if (words->at >= words->view->len || words->count == STREET_TOKENS) {
            words->ended = true;
        } else if (street_inner(text, words->at, words->view->len)) {
            words->tokens[words->count] = (StreetToken){.comma = comma, .line = line};
            street_read_word(words);
        } else {
            char c = text[words->at++];
            words->ended = (c == '\n' && line) || strchr("?!;:\"()<>{}=@$%&*", c) != NULL;
            line |= c == '\n';
            comma |= c == ',';
        }
    }
}

static bool street_has(StreetWords *words, guint i)
{
    while (words->count <= i && !words->ended)
        street_read(words);
    return i < words->count;
}

static const char *street_at(StreetWords *words, guint i)
{
    return street_has(words, i) ? words->tokens[i].word : "";
}

// Words that stand in no street's name, but between a number and a word that is also a suffix.
static bool street_is_common(const char *word)
{
    static const char COMMON[][12] = {
        "of",        "the",     "to",     "in",       "and",     "for",     "a",        "an",      "is",
        "are",       "was",     "were",   "at",       "on",      "from",    "with",     "by",      "or",
        "if",        "that",    "this",   "these",    "those",   "my",      "your",     "our",     "his",
        "her",       "their",   "its",    "it",       "we",      "i",       "you",      "he",      "she",
        "they",      "will",    "can",    "not",      "no",      "so",      "as",       "be",      "am",
        "pm",        "min",     "mins",   "minute",   "minutes", "hour",    "hours",    "day",     "days",
        "week",      "weeks",   "month",  "months",   "year",    "years",   "mile",     "miles",   "feet",
        "foot",      "ft",      "km",     "meter",    "meters",  "yards",   "inch",     "inches",  "points",
        "point",     "percent", "people", "students", "student", "kids",    "pages",    "page",    "times",
        "time",      "more",    "most",   "per",      "each",    "every",   "all",      "copies",  "blocks",
        "ways",      "steps",   "th",     "rd",       "nd",      "which",   "who",      "what",    "when",
        "where",     "then",    "than",   "into",     "out",     "up",      "down",     "over",    "under",
        "after",     "before",  "please", "credits",  "grade",   "graders", "teachers", "classes", "problems",
        "questions", "de",      "del",    "y",        "con",     "para",    "en",       "que",     "cars",
        "buses",     "bus",     "dollars"};
    bool found = false;
    for (guint i = 0; !found && i < G_N_ELEMENTS(COMMON); i++)
        found = *COMMON[i] == *word && strcmp(COMMON[i], word) == 0;
    return found;
}

static bool street_is_unit(const char *word)
{
    static const char *const UNITS[] = {"apt", "apartment", "unit", "suite", "ste",  "floor",
                                        "fl",  "rm",        "room", "lot",   "bldg", "building"};
    bool found = false;
    for (guint i = 0; !found && i < G_N_ELEMENTS(UNITS); i++)
        found = strcmp(UNITS[i], word) == 0;
    return found;
}

static bool street_is_zip(const char *word)
{
    return strspn(word, "0123456789") == 5 && (word[5] == '\0' || (word[5] == '-' && strlen(word) == 10));
}

// The name and suffix that begin at word `from`.
static bool street_name(StreetWords *words, guint from, StreetFound *found)
{
    guint weak = 0;
    bool road =
        strcmp(street_at(words, from), "route") == 0 || strcmp(street_at(words, from), "highway") == 0;
    found->name = from;
    found->suffix = road && g_ascii_isdigit(street_at(words, from + 1)[0]) ? from + 1 : 0;
    for (guint i = from; !found->suffix && i < from + STREET_NAME && street_has(words, i); i++) {
        const StreetToken *token = &words->tokens[i];
        StreetSuffix suffix = i > from ? street_suffix(token->word, NULL) : STREET_SUFFIX_NONE;
        bool next_strong = street_has(words, i + 1) && !words->tokens[i + 1].comma &&
                           !words->tokens[i + 1].line &&
                           street_suffix(words->tokens[i + 1].word, NULL) == STREET_SUFFIX_STRONG;
        if (token->comma || token->line || street_is_common(token->word) ||
            (g_ascii_isdigit(token->word[0]) && g_ascii_isdigit(token->word[strlen(token->word) - 1])))
            break;
        if (suffix == STREET_SUFFIX_STRONG && !next_strong)
            found->suffix = i;
        else if (suffix == STREET_SUFFIX_WEAK)
            weak = i;
    }
    found->strong = found->suffix != 0;
    if (!found->suffix)
        found->suffix = weak;
    for (guint i = from; found->suffix && i <= found->suffix; i++) {
        found->names++;
        found->capitals += words->tokens[i].capital || g_ascii_isdigit(words->tokens[i].word[0]);
    }
    return found->suffix != 0;
}

// Compass point, unit, and town with state or ZIP code behind the street.
static void street_rest(StreetWords *words, StreetFound *found)
{
    guint at = found->suffix + 1;
    bool free = street_has(words, at) && !words->tokens[at].comma && !words->tokens[at].line;
    found->last = found->suffix;
    if (free && strlen(words->tokens[at].word) <= 2 && street_direction(words->tokens[at].word) &&
        words->tokens[at].capital)
        found->last = at++;
    if (street_is_unit(street_at(words, at)) && street_has(words, at + 1) &&
        strlen(street_at(words, at + 1)) <= 5) {
        found->last = at + 1;
        found->unit = true;
        at += 2;
    }
    // Up to three words of a town, then the state's code or a ZIP code.
    for (guint k = at; !found->town && k <= at + 3 && street_has(words, k); k++) {
        const StreetToken *token = &words->tokens[k];
        bool zip_next = street_is_zip(street_at(words, k + 1));
        bool state = street_is_state(token->word, !zip_next && !token->comma) && (zip_next || token->capital);
        if (street_is_common(token->word) && !state)
            break;
        if (state && (k > at || zip_next)) {
            found->town = true;
            found->last = zip_next ? k + 1 : k;
        } else if (street_is_zip(token->word)) {
            found->town = true;
            found->last = k;
        }
    }
}

// Words about a private home that stand before an address.
static const char *street_home_cue(const DetectView *view, gsize start)
{
    static const char *const CUES[] = {
        "my house",     "my place",      "my home",   "my address", "live at",      "living at",
        "come over",    "come by",       "our house", "our place",  "my apartment", "my apt",
        "home address", "mail it to me", "vivo en",   "mi casa",    "mi dirección", "mi direccion",
        "nuestra casa", "his house",     "her house", "i'm at",     "i am at",      "im at",
        "pick me up",   "stay at"};
    gsize from = start > STREET_CUE ? start - STREET_CUE : 0;
    const char *found = NULL;
    for (guint i = 0; !found && i < G_N_ELEMENTS(CUES); i++)
        if (memmem(view->text + from, start - from, CUES[i], strlen(CUES[i])))
            found = CUES[i];
    return found;
}

static double street_shape(const StreetFound *found, bool cue, bool spelled)
{
    bool capitals = found->capitals == found->names;
    double shape = found->strong ? 0.62 : 0.3;
    shape += capitals ? 0.15 : (cue || found->town ? 0.0 : -0.15);
    shape +=
        (found->town ? 0.2 : 0.0) + (found->unit ? 0.1 : 0.0) + (cue ? 0.2 : 0.0) - (spelled ? 0.1 : 0.0);
    return found->box ? 0.85 : CLAMP(shape, 0.0, 0.97);
}

// As written, lower case, one blank between words, commas kept, a spelled house number in digits.
static char *street_value(StreetWords *words, const StreetFound *found, const char *number)
{
    GString *value = g_string_new(number);
    for (guint i = found->name; i <= found->last; i++)
        g_string_append_printf(value, "%s%s", words->tokens[i].comma || words->tokens[i].line ? ", " : " ",
                               words->tokens[i].word);
    return g_string_free(value, FALSE);
}

static gsize street_emit(DetectScan *scan, StreetWords *words, StreetFound *found, const char *number,
                         bool spelled)
{
    gsize start = words->tokens[0].start, end = words->tokens[found->last].end;
    const char *cue = street_home_cue(scan->view, start);
    double shape = street_shape(found, cue != NULL, spelled);
    bool takes = shape >= STREET_LEAST && !scan_taken(scan, start, end);
    if (takes) {
        g_autofree char *value = street_value(words, found, number);
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

// "po box 142", "p.o. box 142", "post office box 142"; words before the number, 0 when it is none.
static guint street_box(StreetWords *words)
{
    guint at = 0;
    if (strcmp(street_at(words, 0), "po") == 0)
        at = 1;
    else if ((strcmp(street_at(words, 0), "p") == 0 && strcmp(street_at(words, 1), "o") == 0) ||
             (strcmp(street_at(words, 0), "post") == 0 && strcmp(street_at(words, 1), "office") == 0))
        at = 2;
    bool box = at && strcmp(street_at(words, at), "box") == 0 && g_ascii_isdigit(street_at(words, at + 1)[0]);
    return box ? at + 1 : 0;
}

// Can the first word begin an address at all?
static bool street_opens(StreetWords *words)
{
    const char *first = street_at(words, 0);
    return g_ascii_isdigit(*first) || *first == 'p' || street_number_word(first) >= 0;
}

static gsize street_try_words(DetectScan *scan, StreetWords *words)
{
    StreetFound found = {0};
    gsize end = 0;
    bool spelled = false;
    g_autoptr(GString) number = g_string_new(NULL);
    guint box = street_box(words);
    if (box) {
        found = (StreetFound){.name = box, .suffix = box, .box = true, .strong = true};
        street_rest(words, &found);
        end = street_emit(scan, words, &found, "po box", false);
    } else {
        guint used = street_house(words, number, &spelled);
        if (used && street_name(words, used, &found) &&
            (!spelled || found.capitals == found.names || found.strong)) {
            street_rest(words, &found);
            end = street_emit(scan, words, &found, number->str, spelled);
        }
    }
    return end;
}

// Tries an address at byte `at`, a word's first; the byte behind it, 0 when there is none.
static gsize street_try(DetectScan *scan, gsize at)
{
    StreetWords words;
    words.view = scan->view;
    words.at = at;
    words.count = 0;
    words.ended = false;
    return street_opens(&words) ? street_try_words(scan, &words) : 0;
}

static bool street_may_start(const DetectView *view, gsize at)
{
    guchar c = (guchar)view->text[at], before = at ? (guchar)view->text[at - 1] : ' ';
    bool word = !g_ascii_isalnum(before) && before < 0x80 && !strchr("$#./:-@+=_&%'", before);
    // The first letters of number words and of "p.o. box".
    return word && (g_ascii_isdigit(c) || (c && strchr("oztfsenp", c)));
}

void street_find(DetectScan *scan)
{
    for (gsize at = 0; at < scan->view->len && !*scan->truncated;) {
        gsize end = street_may_start(scan->view, at) ? street_try(scan, at) : 0;
        at = end ? end : at + 1;
    }
}
