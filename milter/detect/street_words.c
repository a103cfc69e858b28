// The words of US street addresses.
#include "detect/street.h"

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

static const char *street_words_find(const StreetWord *table, gsize count, const char *word)
{
    for (gsize i = 0; i < count; i++)
        if (*table[i].word == *word && strcmp(table[i].word, word) == 0)
            return table[i].full;
    return NULL;
}

StreetSuffix street_suffix(const char *word, const char **out_full)
{
    StreetSuffix found = STREET_SUFFIX_STRONG;
    const char *full = street_words_find(STRONG, G_N_ELEMENTS(STRONG), word);
    if (!full) {
        full = street_words_find(WEAK, G_N_ELEMENTS(WEAK), word);
        found = full ? STREET_SUFFIX_WEAK : STREET_SUFFIX_NONE;
    }
    if (out_full)
        *out_full = full;
    return found;
}

const char *street_direction(const char *word)
{
    return street_words_find(DIRECTIONS, G_N_ELEMENTS(DIRECTIONS), word);
}

static const char *const SMALL[] = {"zero",    "one",     "two",       "three",    "four",
                                    "five",    "six",     "seven",     "eight",    "nine",
                                    "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const TENS[] = {"twenty", "thirty",  "forty",  "fifty",
                                   "sixty",  "seventy", "eighty", "ninety"};

void street_words_spots(SpotTable *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(SMALL); i++)
        spots_add(table, SPOT_HOUSE, SMALL[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(TENS); i++)
        spots_add(table, SPOT_HOUSE, TENS[i]);
}

void street_suffixes(PhraseWords *words)
{
    // Words that make a street of a name without ending it.
    static const char *const OTHERS[] = {"rt",         "cr",     "sr",      "fm",      "rm",
                                         "interstate", "calle",  "avenida", "calzada", "callejon",
                                         "via",        "camino", "paseo",   "broadway"};
    for (gsize i = 0; i < G_N_ELEMENTS(OTHERS); i++)
        phrases_words_add(words, OTHERS[i], WORD_STREET_SUFFIX);
    for (gsize i = 0; i < G_N_ELEMENTS(STRONG); i++)
        phrases_words_add(words, STRONG[i].word, WORD_STREET_SUFFIX);
    for (gsize i = 0; i < G_N_ELEMENTS(WEAK); i++)
        phrases_words_add(words, WEAK[i].word, WORD_STREET_SUFFIX);
}

int street_number_word(const char *word)
{
    int value = -1;
    for (guint i = 0; value < 0 && i < G_N_ELEMENTS(SMALL); i++)
        if (*SMALL[i] == *word && strcmp(SMALL[i], word) == 0)
            value = (int)i;
    for (guint i = 0; value < 0 && i < G_N_ELEMENTS(TENS); i++)
        if (*TENS[i] == *word && strcmp(TENS[i], word) == 0)
            value = 20 + 10 * (int)i;
    return value;
}

bool street_is_state(const char *word, bool code)
{
    static const char *const CODES[] = {"al", "ak", "az", "ar", "ca", "co", "ct", "de", "dc", "fl", "ga",
                                        "hi", "id", "il", "in", "ia", "ks", "ky", "la", "me", "md", "ma",
                                        "mi", "mn", "ms", "mo", "mt", "ne", "nv", "nh", "nj", "nm", "ny",
                                        "nc", "nd", "oh", "ok", "or", "pa", "ri", "sc", "sd", "tn", "tx",
                                        "ut", "vt", "va", "wa", "wv", "wi", "wy", "pr", "vi", "gu"};
    static const char *const NAMES[] = {
        "alabama",  "alaska",   "arizona",   "arkansas",    "california",   "colorado",  "connecticut",
        "delaware", "florida",  "georgia",   "hawaii",      "idaho",        "illinois",  "indiana",
        "iowa",     "kansas",   "kentucky",  "louisiana",   "maine",        "maryland",  "massachusetts",
        "mass",     "michigan", "minnesota", "mississippi", "missouri",     "montana",   "nebraska",
        "nevada",   "ohio",     "oklahoma",  "oregon",      "pennsylvania", "tennessee", "texas",
        "utah",     "vermont",  "virginia",  "washington",  "wisconsin",    "wyoming",   "conn",
        "calif",    "penn"};
    bool found = false;
    for (guint i = 0; !found && i < G_N_ELEMENTS(CODES); i++)
        found = *CODES[i] == *word && strcmp(CODES[i], word) == 0;
    for (guint i = 0; !found && !code && i < G_N_ELEMENTS(NAMES); i++)
        found = *NAMES[i] == *word && strcmp(NAMES[i], word) == 0;
    return found;
}
