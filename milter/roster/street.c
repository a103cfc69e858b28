#include "roster/street.h"

#include <string.h>

// USPS Publication 28, appendix C1, as far as suffixes are met in practice; strong ones first.
typedef struct {
    const char *word, *full;
} StreetWord;

static const StreetWord STRONG[] = {
    {"street", "street"},
    {"st", "street"},
    {"str", "street"},
    {"avenue", "avenue"},
    {"ave", "avenue"},
    {"av", "avenue"},
    {"aven", "avenue"},
    {"road", "road"},
    {"rd", "road"},
    {"lane", "lane"},
    {"ln", "lane"},
    {"drive", "drive"},
    {"dr", "drive"},
    {"drv", "drive"},
    {"court", "court"},
    {"ct", "court"},
    {"circle", "circle"},
    {"cir", "circle"},
    {"place", "place"},
    {"pl", "place"},
    {"boulevard", "boulevard"},
    {"blvd", "boulevard"},
    {"boul", "boulevard"},
    {"way", "way"},
    {"wy", "way"},
    {"terrace", "terrace"},
    {"terr", "terrace"},
    {"ter", "terrace"},
    {"highway", "highway"},
    {"hwy", "highway"},
    {"parkway", "parkway"},
    {"pkwy", "parkway"},
    {"pky", "parkway"},
    {"trail", "trail"},
    {"trl", "trail"},
    {"turnpike", "turnpike"},
    {"tpke", "turnpike"},
    {"pike", "pike"},
    {"square", "square"},
    {"sq", "square"},
    {"alley", "alley"},
    {"aly", "alley"},
    {"crescent", "crescent"},
    {"cres", "crescent"},
    {"causeway", "causeway"},
    {"cswy", "causeway"},
    {"expressway", "expressway"},
    {"expy", "expressway"},
    {"freeway", "freeway"},
    {"fwy", "freeway"},
    {"plaza", "plaza"},
    {"plz", "plaza"},
    {"crossing", "crossing"},
    {"xing", "crossing"},
    {"esplanade", "esplanade"},
    {"route", "route"},
    {"rte", "route"},
    {"wharf", "wharf"},
};

static const StreetWord WEAK[] = {
    {"loop", "loop"},         {"row", "row"},           {"run", "run"},
    {"path", "path"},         {"pass", "pass"},         {"walk", "walk"},
    {"hill", "hill"},         {"hl", "hill"},           {"hills", "hills"},
    {"hls", "hills"},         {"park", "park"},         {"ridge", "ridge"},
    {"rdg", "ridge"},         {"heights", "heights"},   {"hts", "heights"},
    {"view", "view"},         {"vw", "view"},           {"point", "point"},
    {"pt", "point"},          {"landing", "landing"},   {"lndg", "landing"},
    {"manor", "manor"},       {"mnr", "manor"},         {"meadow", "meadow"},
    {"meadows", "meadows"},   {"mdws", "meadows"},      {"green", "green"},
    {"grn", "green"},         {"grove", "grove"},       {"grv", "grove"},
    {"glen", "glen"},         {"gln", "glen"},          {"garden", "garden"},
    {"gardens", "gardens"},   {"gdns", "gardens"},      {"forest", "forest"},
    {"frst", "forest"},       {"farm", "farm"},         {"farms", "farms"},
    {"estate", "estate"},     {"estates", "estates"},   {"ests", "estates"},
    {"end", "end"},           {"cove", "cove"},         {"cv", "cove"},
    {"corner", "corner"},     {"cor", "corner"},        {"commons", "commons"},
    {"common", "common"},     {"cmn", "common"},        {"cliff", "cliff"},
    {"bend", "bend"},         {"bnd", "bend"},          {"bluff", "bluff"},
    {"blf", "bluff"},         {"branch", "branch"},     {"br", "branch"},
    {"bridge", "bridge"},     {"brg", "bridge"},        {"brook", "brook"},
    {"brk", "brook"},         {"bypass", "bypass"},     {"byp", "bypass"},
    {"canyon", "canyon"},     {"cyn", "canyon"},        {"creek", "creek"},
    {"crk", "creek"},         {"dale", "dale"},         {"extension", "extension"},
    {"ext", "extension"},     {"hollow", "hollow"},     {"holw", "hollow"},
    {"island", "island"},     {"isle", "isle"},         {"junction", "junction"},
    {"jct", "junction"},      {"knoll", "knoll"},       {"knl", "knoll"},
    {"lake", "lake"},         {"lk", "lake"},           {"mall", "mall"},
    {"mews", "mews"},         {"mill", "mill"},         {"mills", "mills"},
    {"mount", "mount"},       {"mountain", "mountain"}, {"mtn", "mountain"},
    {"orchard", "orchard"},   {"orch", "orchard"},      {"oval", "oval"},
    {"overlook", "overlook"}, {"pines", "pines"},       {"ranch", "ranch"},
    {"rapids", "rapids"},     {"rest", "rest"},         {"river", "river"},
    {"shore", "shore"},       {"shores", "shores"},     {"shrs", "shores"},
    {"spring", "spring"},     {"springs", "springs"},   {"spgs", "springs"},
    {"spur", "spur"},         {"station", "station"},   {"sta", "station"},
    {"summit", "summit"},     {"trace", "trace"},       {"trce", "trace"},
    {"vale", "vale"},         {"valley", "valley"},     {"vly", "valley"},
    {"village", "village"},   {"vlg", "village"},       {"vista", "vista"},
    {"vis", "vista"},         {"woods", "woods"},
};

static const StreetWord DIRECTIONS[] = {
    {"n", "north"},
    {"s", "south"},
    {"e", "east"},
    {"w", "west"},
    {"ne", "northeast"},
    {"nw", "northwest"},
    {"se", "southeast"},
    {"sw", "southwest"},
    {"north", "north"},
    {"south", "south"},
    {"east", "east"},
    {"west", "west"},
    {"northeast", "northeast"},
    {"northwest", "northwest"},
    {"southeast", "southeast"},
    {"southwest", "southwest"},
    {"no", "north"},
    {"so", "south"},
};

static const char *street_look_up(const StreetWord *table, gsize count, const char *word)
{
    for (gsize i = 0; i < count; i++)
        if (strcmp(table[i].word, word) == 0)
            return table[i].full;
    return NULL;
}

StreetSuffix roster_street_suffix(const char *word, const char **out_full)
{
    StreetSuffix found = STREET_SUFFIX_STRONG;
    const char *full = street_look_up(STRONG, G_N_ELEMENTS(STRONG), word);
    if (!full) {
        full = street_look_up(WEAK, G_N_ELEMENTS(WEAK), word);
        found = full ? STREET_SUFFIX_WEAK : STREET_SUFFIX_NONE;
    }
    if (out_full)
        *out_full = full;
    return found;
}

const char *roster_street_direction(const char *word)
{
    return street_look_up(DIRECTIONS, G_N_ELEMENTS(DIRECTIONS), word);
}

int roster_street_number_word(const char *word)
{
    static const char *const SMALL[] = {"zero",    "one",     "two",       "three",    "four",
                                        "five",    "six",     "seven",     "eight",    "nine",
                                        "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                        "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
    static const char *const TENS[] = {"twenty", "thirty",  "forty",  "fifty",
                                       "sixty",  "seventy", "eighty", "ninety"};
    int value = -1;
    for (guint i = 0; value < 0 && i < G_N_ELEMENTS(SMALL); i++)
        if (strcmp(SMALL[i], word) == 0)
            value = (int)i;
    for (guint i = 0; value < 0 && i < G_N_ELEMENTS(TENS); i++)
        if (strcmp(TENS[i], word) == 0)
            value = 20 + 10 * (int)i;
    return value;
}

// ---- words
// ------------------------------------------------------------------------------------------------------------

#define STREET_WORDS 14

typedef struct {
    char *word;  // lower case, letters, digits, '/' and '\''
    bool breaks; // a comma or a line end stands before it
} StreetToken;

static void street_token_clear(gpointer token)
{
    g_free(((StreetToken *)token)->word);
}

static bool street_is_word(gunichar c)
{
    return g_unichar_isalnum(c) || c == '/';
}

// Does the character at `p` hold the word `word` together with what follows: "o'neil", "p.o.", "12-14"?
static bool street_joins(const GString *word, const char *p)
{
    gunichar c = g_utf8_get_char(p);
    gunichar next = *p ? g_utf8_get_char(g_utf8_next_char(p)) : 0;
    bool apostrophe = (c == '\'' || c == 0x2019) && g_unichar_isalpha(next);
    bool initials = c == '.' && word->len == 1 && g_unichar_isalpha(next) && p[2] == '.';
    bool range = c == '-' && g_ascii_isdigit(word->str[0]) && next < 128 && g_ascii_isdigit((char)next);
    return apostrophe || initials || range;
}

static const char *street_take_word(const char *p, GString *word)
{
    bool more = true;
    while (more) {
        gunichar c = g_utf8_get_char(p);
        if (street_is_word(c) || c == '-')
            g_string_append_unichar(word, c);
        p = g_utf8_next_char(p);
        more = *p && (street_is_word(g_utf8_get_char(p)) || street_joins(word, p));
    }
    return p;
}

// The first words of `text`.
static GArray *street_tokens(const char *text)
{
    GArray *tokens = g_array_new(FALSE, FALSE, sizeof(StreetToken));
    g_array_set_clear_func(tokens, street_token_clear);
    g_autofree char *lower = g_utf8_strdown(text, -1);
    bool breaks = false;
    const char *p = lower;
    while (*p && tokens->len < STREET_WORDS) {
        gunichar c = g_utf8_get_char(p);
        if (street_is_word(c)) {
            g_autoptr(GString) word = g_string_new(NULL);
            p = street_take_word(p, word);
            StreetToken token = {g_strdup(word->str), breaks};
            g_array_append_val(tokens, token);
            breaks = false;
        } else {
            breaks |= c == ',' || c == '\n' || c == ';' || c == '|';
            p = g_utf8_next_char(p);
        }
    }
    return tokens;
}

static const char *street_word(const GArray *tokens, guint i)
{
    return i < tokens->len ? g_array_index(tokens, StreetToken, i).word : "";
}

static bool street_breaks(const GArray *tokens, guint i)
{
    return i >= tokens->len || g_array_index(tokens, StreetToken, i).breaks;
}

// ---- the parts of an address
// ------------------------------------------------------------------------------------------

static const char *street_find_zip(const GArray *tokens, guint from)
{
    const char *zip = NULL;
    for (guint i = from; i < tokens->len; i++) {
        const char *word = street_word(tokens, i);
        if (strspn(word, "0123456789") == 5 && (word[5] == '\0' || word[5] == '-'))
            zip = word;
    }
    return zip;
}

// "po box 142", "p o box 142", "post office box 142", "box 142".
static char *street_box(const GArray *tokens)
{
    guint at = 0;
    if (strcmp(street_word(tokens, 0), "po") == 0 || strcmp(street_word(tokens, 0), "pob") == 0)
        at = 1;
    else if (strcmp(street_word(tokens, 0), "p") == 0 && strcmp(street_word(tokens, 1), "o") == 0)
        at = 2;
    else if (strcmp(street_word(tokens, 0), "post") == 0 && strcmp(street_word(tokens, 1), "office") == 0)
        at = 2;
    bool named = strcmp(street_word(tokens, at), "box") == 0;
    const char *number = street_word(tokens, at + (named ? 1 : 0));
    char *box = NULL;
    if ((named || strcmp(street_word(tokens, 0), "pob") == 0) && g_ascii_isdigit(number[0])) {
        const char *zip = street_find_zip(tokens, at + 2);
        box = zip ? g_strdup_printf("po box %s %.5s", number, zip) : g_strdup_printf("po box %s", number);
    }
    return box;
}

// A spelled house number: "fourteen" 14, "twenty two seventeen" 2217. Appends its digits; words used.
static guint street_spelled(const GArray *tokens, GString *out)
{
    guint used = 0;
    int value = roster_street_number_word(street_word(tokens, 0));
    while (value >= 0 && used < 6) {
        int next = roster_street_number_word(street_word(tokens, used + 1));
        if (value >= 20 && value % 10 == 0 && next >= 1 && next <= 9) {
            value += next;
            used++;
        }
        g_string_append_printf(out, "%d", value);
        used++;
        value = roster_street_number_word(street_word(tokens, used));
    }
    return used;
}

static guint street_number(const GArray *tokens, GString *out)
{
    const char *first = street_word(tokens, 0);
    guint used = 0;
    if (g_ascii_isdigit(first[0]) && strlen(first) <= 9) {
        g_string_append(out, first);
        used = strchr(street_word(tokens, 1), '/') && g_ascii_isdigit(street_word(tokens, 1)[0]) ? 2 : 1;
    } else {
        used = street_spelled(tokens, out);
    }
    return used;
}

// One past the last word of the street name that begins at `from`: its suffix, or where a comma ends it.
static guint street_end(const GArray *tokens, guint from)
{
    guint end = 0, weak = 0, stop = from + 1;
    while (stop < tokens->len && stop < from + 6 && !street_breaks(tokens, stop))
        stop++;
    stop = MIN(stop, tokens->len);
    for (guint i = from + 1; i < stop && !end; i++) {
        StreetSuffix suffix = roster_street_suffix(street_word(tokens, i), NULL);
        bool follows =
            i + 1 < stop && roster_street_suffix(street_word(tokens, i + 1), NULL) == STREET_SUFFIX_STRONG;
        if (suffix == STREET_SUFFIX_STRONG && !follows)
            end = i + 1;
        else if (suffix == STREET_SUFFIX_WEAK && (!weak || weak == i))
            weak = i + 1;
    }
    const char *first = street_word(tokens, from);
    bool road = strcmp(first, "route") == 0 || strcmp(first, "rte") == 0 || strcmp(first, "rt") == 0 ||
                strcmp(first, "highway") == 0 || strcmp(first, "hwy") == 0;
    if (road && g_ascii_isdigit(street_word(tokens, from + 1)[0]))
        end = from + 2;
    if (!end)
        end = weak ? weak : (stop - from <= 3 && street_breaks(tokens, stop) ? stop : 0);
    return end;
}

static const char *street_full_word(const GArray *tokens, guint i, guint from, guint end)
{
    const char *word = street_word(tokens, i), *full = NULL;
    static const char *const ORDINALS[][2] = {
        {"first", "1st"}, {"second", "2nd"},  {"third", "3rd"},  {"fourth", "4th"}, {"fifth", "5th"},
        {"sixth", "6th"}, {"seventh", "7th"}, {"eighth", "8th"}, {"ninth", "9th"},  {"tenth", "10th"}};
    if (i + 1 == end || (i == from && g_ascii_isdigit(street_word(tokens, i + 1)[0])))
        roster_street_suffix(word, &full);
    else if (i == from && end - from > 2)
        full = roster_street_direction(word);
    for (guint k = 0; !full && k < G_N_ELEMENTS(ORDINALS); k++)
        if (strcmp(word, ORDINALS[k][0]) == 0)
            full = ORDINALS[k][1];
    if (!full && i + 1 < end && strcmp(word, "st") == 0)
        full = "saint";
    if (!full && i + 1 < end && strcmp(word, "mt") == 0)
        full = "mount";
    if (!full && strcmp(word, "rt") == 0)
        full = "route";
    return full ? full : word;
}

// A compass word after the suffix belongs to the street only where nothing but a comma or a unit can follow.
static const char *street_trailing_direction(const GArray *tokens, guint end)
{
    const char *full = street_breaks(tokens, end) ? NULL : roster_street_direction(street_word(tokens, end));
    bool alone = strlen(street_word(tokens, end)) <= 2 || street_breaks(tokens, end + 1);
    return full && alone ? full : NULL;
}

char *roster_canonical_street(const char *text)
{
    g_autoptr(GArray) tokens = street_tokens(text);
    char *canonical = street_box(tokens);
    g_autoptr(GString) out = g_string_new(NULL);
    guint from = canonical ? 0 : street_number(tokens, out);
    guint end = from && from < tokens->len ? street_end(tokens, from) : 0;
    if (end) {
        for (guint i = from; i < end; i++)
            g_string_append_printf(out, " %s", street_full_word(tokens, i, from, end));
        const char *direction = street_trailing_direction(tokens, end);
        if (direction)
            g_string_append_printf(out, " %s", direction);
        canonical = g_strdup(out->str);
    }
    return canonical;
}
