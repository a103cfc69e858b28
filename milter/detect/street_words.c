// The words of US street addresses.
#include "detect/street.h"

#include <string.h>

// USPS Publication 28, appendix C1, as far as suffixes are met in practice; strong ones first.
static const char *const STRONG[] = {
    "street",    "st",         "str",       "avenue",  "ave",   "av",    "aven",     "road",     "rd",
    "lane",      "ln",         "drive",     "dr",      "drv",   "court", "ct",       "circle",   "cir",
    "place",     "pl",         "boulevard", "blvd",    "boul",  "way",   "wy",       "terrace",  "terr",
    "ter",       "highway",    "hwy",       "parkway", "pkwy",  "pky",   "trail",    "trl",      "turnpike",
    "tpke",      "pike",       "square",    "sq",      "alley", "aly",   "crescent", "cres",     "causeway",
    "cswy",      "expressway", "expy",      "freeway", "fwy",   "plaza", "plz",      "crossing", "xing",
    "esplanade", "route",      "rte",       "wharf"};

static const char *const WEAK[] = {
    "loop",     "row",     "run",      "path",    "pass",     "walk",      "hill",    "hl",     "hills",
    "hls",      "park",    "ridge",    "rdg",     "heights",  "hts",       "view",    "vw",     "point",
    "pt",       "landing", "lndg",     "manor",   "mnr",      "meadow",    "meadows", "mdws",   "green",
    "grn",      "grove",   "grv",      "glen",    "gln",      "garden",    "gardens", "gdns",   "forest",
    "frst",     "farm",    "farms",    "estate",  "estates",  "ests",      "end",     "cove",   "cv",
    "corner",   "cor",     "commons",  "common",  "cmn",      "cliff",     "bend",    "bnd",    "bluff",
    "blf",      "branch",  "br",       "bridge",  "brg",      "brook",     "brk",     "bypass", "byp",
    "canyon",   "cyn",     "creek",    "crk",     "dale",     "extension", "ext",     "hollow", "holw",
    "island",   "isle",    "junction", "jct",     "knoll",    "knl",       "lake",    "lk",     "mall",
    "mews",     "mill",    "mills",    "mount",   "mountain", "mtn",       "orchard", "orch",   "oval",
    "overlook", "pines",   "ranch",    "rapids",  "rest",     "river",     "shore",   "shores", "shrs",
    "spring",   "springs", "spgs",     "spur",    "station",  "sta",       "summit",  "trace",  "trce",
    "vale",     "valley",  "vly",      "village", "vlg",      "vista",     "vis",     "woods"};

// Words that make a street of a name without ending it.
static const char *const OTHERS[] = {"rt",         "cr",     "sr",      "fm",      "rm",
                                     "interstate", "calle",  "avenida", "calzada", "callejon",
                                     "via",        "camino", "paseo",   "broadway"};

// Words that stand in no street's name, but between a number and a word that is also a suffix.
static const char *const COMMON[] = {
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
    "questions", "y",       "con",    "para",     "en",      "que",     "cars",     "buses",   "bus",
    "dollars"};

// What a number counts: no street is called so right behind it.
static const char *const COUNTED[] = {
    "way",      "lane",     "step",     "yard",      "level",   "word",     "piece",    "place",
    "quarter",  "quarters", "habits",   "book",      "books",   "child",    "children", "cups",
    "grades",   "habit",    "lives",    "letters",   "lessons", "men",      "women",    "names",
    "quarts",   "rules",    "seconds",  "second",    "sets",    "states",   "sorry",    "teams",
    "things",   "today",    "tomorrow", "tonight",   "items",   "monday",   "tuesday",  "wednesday",
    "thursday", "friday",   "saturday", "sunday",    "january", "february", "march",    "april",
    "june",     "july",     "august",   "september", "october", "november", "december", "channel",
    "daily",    "dogs",     "cats",     "girls",     "boys",    "acres",    "gallons",  "pounds",
    "lbs",      "oz",       "grams",    "kg",        "mg",      "ml",       "mm",       "cm",
    "units",    "weeks",    "passes",   "seats",     "spots",   "tickets",  "laps",     "reps",
    "rounds",   "games",    "goals",    "runs",      "hits",    "sheets",   "slides",   "stars",
    "songs",    "movies"};

// US states, as they are written in addresses.
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

static const char *const DIRECTIONS[] = {"n",         "s",         "e",         "w",         "ne",   "nw",
                                         "se",        "sw",        "north",     "south",     "east", "west",
                                         "northeast", "northwest", "southeast", "southwest", "no",   "so"};

bool street_direction(const char *word)
{
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(DIRECTIONS); i++)
        found = *DIRECTIONS[i] == *word && strcmp(DIRECTIONS[i], word) == 0;
    return found;
}

static const char SMALL[][16] = {"zero",    "one",     "two",       "three",    "four",
                                 "five",    "six",     "seven",     "eight",    "nine",
                                 "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                 "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char TENS[][16] = {"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};

void street_words_spots(SpotTable *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(SMALL); i++)
        spots_add(table, SPOT_HOUSE, SMALL[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(TENS); i++)
        spots_add(table, SPOT_HOUSE, TENS[i]);
}

static void street_class(PhraseWords *words, const char *const *list, gsize count, guint8 classes)
{
    for (gsize i = 0; i < count; i++)
        phrases_words_add(words, list[i], classes);
}

void street_classes(PhraseWords *words)
{
    street_class(words, OTHERS, G_N_ELEMENTS(OTHERS), WORD_ROAD);
    street_class(words, STRONG, G_N_ELEMENTS(STRONG), WORD_ROAD | WORD_SUFFIX_STRONG);
    street_class(words, WEAK, G_N_ELEMENTS(WEAK), WORD_ROAD | WORD_SUFFIX_WEAK);
    street_class(words, COMMON, G_N_ELEMENTS(COMMON), WORD_STREET_COMMON);
    street_class(words, COUNTED, G_N_ELEMENTS(COUNTED), WORD_STREET_COUNTED);
    street_class(words, CODES, G_N_ELEMENTS(CODES), WORD_STATE_CODE);
    street_class(words, NAMES, G_N_ELEMENTS(NAMES), WORD_STATE);
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
