#include "detect/street_read.h"

#include <string.h>

#define STREET_NAME 6 // words of a street's name, its suffix with it
#define STREET_BARE 3 // of one without
#define STREET_TOWN 3 // words of a town

// ---- words -----------------------------------------------------------------------------------------------

static bool street_inner(const char *text, gsize at, gsize len)
{
    guchar c = (guchar)text[at];
    return g_ascii_isalnum(c) || c >= 0x80 || (c == '\'' && at + 1 < len && g_ascii_isalpha(text[at + 1]));
}

static gunichar street_written(const DetectView *view, gsize at)
{
    guint32 origin = view->origin[at];
    return origin < view->passage->len ? g_utf8_get_char(view->passage->text + origin) : 0;
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
    if (n + 1 == STREET_WORD) // a long one: no piece of a character at its end
        n = (gsize)(g_utf8_find_prev_char(token->word, token->word + n) - token->word);
    token->word[n] = '\0';
    token->end = words->at = at;
    token->classes = phrases_classes(words->known, token->word, n);
    token->capital = g_unichar_isupper(street_written(words->view, token->start));
    token->capitals =
        token->capital && at > token->start + 1 && g_unichar_isupper(street_written(words->view, at - 1));
    words->count++;
}

// Reads one word more, if there is one.
static void street_read(StreetWords *words)
{
    const char *text = words->view->text;
    guint before = words->count;
    StreetToken next = {0};
    while (!words->ended && words->count == before) {
        if (words->at >= words->view->len || words->count == STREET_TOKENS) {
            words->ended = true;
        } else if (street_inner(text, words->at, words->view->len)) {
            words->tokens[words->count] = next;
            street_read_word(words);
        } else {
            char c = text[words->at++];
            words->ended = (c == '\n' && next.line) || strchr("?!;:\"()<>{}=@$%&*", c) != NULL;
            next.line |= c == '\n';
            next.comma |= c == ',' || c == '\t' || c == '|';
            next.stop |= c == '.';
            next.hash = c == '#';
        }
    }
}

bool street_has(StreetWords *words, guint i)
{
    while (words->count <= i && !words->ended)
        street_read(words);
    return i < words->count;
}

const char *street_at(StreetWords *words, guint i)
{
    return street_has(words, i) ? words->tokens[i].word : "";
}

bool street_follows(StreetWords *words, guint i)
{
    return street_has(words, i) && !words->tokens[i].comma && !words->tokens[i].line &&
           !words->tokens[i].hash;
}

bool street_is_number(const char *word)
{
    gsize digits = strspn(word, "0123456789");
    return digits > 0 && digits <= 6 && (word[digits] == '\0' || word[digits + 1] == '\0');
}

// `size` bytes a word of `list`.
static bool street_one_of(const char *list, gsize size, gsize count, const char *word)
{
    bool found = false;
    for (gsize i = 0; !found && i < count; i++)
        found = list[i * size] == *word && strcmp(list + i * size, word) == 0;
    return found;
}

typedef char StreetList[14]; // a word of a list
#define ONE_OF(list, word) street_one_of(*list, sizeof *list, G_N_ELEMENTS(list), word)

// ---- names -----------------------------------------------------------------------------------------------

static void street_count_capitals(StreetWords *words, StreetFound *found)
{
    for (guint i = found->name; i <= found->suffix; i++) {
        const StreetToken *token = &words->tokens[i];
        static const StreetList SMALL[] = {"de", "del", "la", "las", "los", "el", "of", "the", "to"};
        if (i > found->name && ONE_OF(SMALL, token->word))
            continue;
        found->names++;
        found->capitals += token->capital || g_ascii_isdigit(token->word[0]);
    }
}

// "route 9", "us highway 12", "county road 300 n", "farm to market road 1488": the word of the road's number; 0 = none.
static guint street_numbered_road(StreetWords *words, guint from, StreetNamed *named)
{
    static const StreetList BEFORE[] = {"us",       "u",       "s",      "state", "county", "co",
                                        "township", "twp",     "old",    "farm",  "to",     "market",
                                        "ranch",    "private", "forest", "north", "south",  "east",
                                        "west",     "n",       "e",      "w",     "indian", "national"};
    static const StreetList ROADS[] = {"route", "rte", "highway", "hwy", "interstate", "rt", "road", "rd"};
    static const StreetList SHORT[] = {"cr", "sr", "fm", "rm", "us", "sh", "th"};
    guint found = 0;
    for (guint i = from;
         !found && i < from + 5 && street_has(words, i) && (i == from || street_follows(words, i)); i++) {
        const char *word = words->tokens[i].word, *next = street_at(words, i + 1);
        bool number = street_follows(words, i + 1) && g_ascii_isdigit(*next) && strlen(next) <= 5;
        bool road = ONE_OF(ROADS, word), plain = strcmp(word, "road") == 0 || strcmp(word, "rd") == 0;
        if (number && road && (!plain || i > from)) {
            *named = STREET_NAME_STRONG;
            found = i + 1;
        } else if (number && i == from && ONE_OF(SHORT, word)) {
            *named = STREET_NAME_WEAK;
            found = i + 1;
        } else if (!ONE_OF(BEFORE, word)) {
            break;
        }
    }
    return found;
}

// Is `word` a kind of street that stands before its name?
static StreetNamed street_kind(const char *word)
{
    static const StreetList STRONG[] = {"calle",    "avenida", "avenue", "calzada",   "bulevar", "callejon",
                                        "callejón", "camino",  "paseo",  "carretera", "av",      "avda"};
    static const StreetList WEAK[] = {"via", "vía", "rue", "corte", "vista"};
    return ONE_OF(STRONG, word) ? STREET_NAME_STRONG
           : ONE_OF(WEAK, word) ? STREET_NAME_WEAK
                                : STREET_NAME_NONE;
}

static bool street_links(const char *word)
{
    static const StreetList LINKS[] = {"de", "del", "la", "las", "los", "el", "of", "the"};
    return ONE_OF(LINKS, word);
}

// The last word of the name behind a kind at `kind`: "calle luna", "avenue of the pines", "avenue a". 0 = none.
static guint street_kind_name(StreetWords *words, guint kind)
{
    guint last = 0;
    bool more = true;
    for (guint i = kind + 1; more && i < kind + STREET_NAME && street_follows(words, i); i++) {
        const StreetToken *token = &words->tokens[i];
        bool link = street_links(token->word);
        more = (link || token->capital || i == kind + 1) && (!token->stop || i == kind + 1) &&
               !g_ascii_isdigit(*token->word) &&
               (link || !(token->classes & WORD_STREET_COMMON) || (token->capital && token->word[1] == '\0'));
        if (more && !link)
            last = i;
    }
    return last;
}

// "broadway": the name is all.
static bool street_is_whole(const char *word)
{
    static const StreetList WHOLE[] = {"broadway", "bowery", "embarcadero", "boardwalk"};
    return ONE_OF(WHOLE, word);
}

// The suffix that ends a name from word `from` on; 0 = none.
static guint street_suffixed(StreetWords *words, guint from, StreetNamed *named)
{
    guint strong = 0, weak = 0;
    for (guint i = from; !strong && i < from + STREET_NAME && street_has(words, i); i++) {
        const StreetToken *token = &words->tokens[i];
        bool junior = token->comma && (strcmp(token->word, "jr") == 0 || strcmp(token->word, "sr") == 0);
        bool article = i == from && strcmp(token->word, "the") == 0 && token->capital;
        guint suffix = i > from ? token->classes & (WORD_SUFFIX_STRONG | WORD_SUFFIX_WEAK) : 0;
        bool next_strong =
            street_follows(words, i + 1) && (words->tokens[i + 1].classes & WORD_SUFFIX_STRONG);
        bool common = !suffix && (token->classes & WORD_STREET_COMMON) && !article;
        if ((token->comma && !junior) || token->line || token->hash || common ||
            (i == from && (token->classes & WORD_STREET_COUNTED)) ||
            (g_ascii_isdigit(token->word[0]) && g_ascii_isdigit(token->word[strlen(token->word) - 1])))
            break;
        if ((suffix & WORD_SUFFIX_STRONG) && !next_strong)
            strong = i;
        else if (suffix & WORD_SUFFIX_WEAK)
            weak = i;
    }
    bool article = strong && strcmp(words->tokens[from].word, "the") == 0;
    *named = strong && !article ? STREET_NAME_STRONG : strong || weak ? STREET_NAME_WEAK : STREET_NAME_NONE;
    return strong ? strong : weak;
}

// One to three words with capitals that a unit, a line's end or a comma ends: "27 Alder, Sample Falls, MA 01399".
static guint street_bare(StreetWords *words, guint from)
{
    static const StreetList UNITS[] = {"apt", "apartment", "unit", "suite", "ste"};
    guint last = 0;
    bool more = true;
    for (guint i = from; more && i < from + STREET_BARE && street_has(words, i); i++) {
        const StreetToken *token = &words->tokens[i];
        more = (i == from || street_follows(words, i)) && !token->comma && !token->line && token->capital &&
               !(token->classes & WORD_STREET_COMMON) &&
               !(i == from && (token->classes & WORD_STREET_COUNTED)) && !ONE_OF(UNITS, token->word) &&
               strlen(token->word) > 1;
        if (more)
            last = i;
    }
    return last;
}

bool street_name(StreetWords *words, guint from, StreetFound *found)
{
    guint kind = from + (strcmp(street_at(words, from), "el") == 0 ? 1 : 0);
    found->name = from;
    found->named = STREET_NAME_NONE;
    if (!street_has(words, from) || words->tokens[from].comma || words->tokens[from].line)
        return false;
    found->suffix = street_numbered_road(words, from, &found->named);
    if (!found->suffix && street_kind(street_at(words, kind)) && street_follows(words, kind)) {
        found->named = street_kind(street_at(words, kind));
        found->suffix = street_kind_name(words, kind);
    }
    if (!found->suffix && street_is_whole(street_at(words, from))) {
        found->named = STREET_NAME_WEAK;
        found->suffix = from;
    }
    if (!found->suffix)
        found->suffix = street_suffixed(words, from, &found->named);
    if (!found->suffix) {
        found->suffix = street_bare(words, from);
        found->named = STREET_NAME_BARE;
    }
    if (found->suffix)
        street_count_capitals(words, found);
    return found->suffix != 0;
}

bool street_name_first(StreetWords *words, StreetFound *found, guint *out_number)
{
    static const StreetList NUMBER[] = {"no", "num", "número", "numero", "nº"};
    StreetNamed kind = street_kind(street_at(words, 0));
    guint last = 0, at = 1;
    if (kind && street_has(words, 1)) {
        last = street_kind_name(words, 0);
        if (!last && g_ascii_isdigit(*street_at(words, 1)) && street_has(words, 2) && words->tokens[2].hash)
            last = 1; // "calle 8 #142"
        at = last + 1;
        at += ONE_OF(NUMBER, street_at(words, at)) ? 1 : 0;
    }
    bool number =
        last && street_is_number(street_at(words, at)) && !words->tokens[at].line && !words->tokens[at].stop;
    // "en la calle hay 20 personas": what is counted follows.
    bool counted = number && street_follows(words, at + 1) && !words->tokens[at + 1].stop &&
                   !words->tokens[at + 1].capital && !words->tokens[at].hash;
    *out_number = at;
    if (number && !counted) {
        found->suffix = last;
        found->named = kind;
        street_count_capitals(words, found);
    }
    return number && !counted;
}

// ---- behind the name -------------------------------------------------------------------------------------

static bool street_is_unit(const char *word)
{
    static const StreetList UNITS[] = {"apt", "apartment", "unit", "suite", "ste",  "floor",
                                       "fl",  "rm",        "room", "lot",   "bldg", "building"};
    return ONE_OF(UNITS, word);
}

static bool street_is_apartment(const char *word)
{
    static const StreetList APARTMENTS[] = {"apt", "apartment", "suite", "ste"};
    return ONE_OF(APARTMENTS, word);
}

static bool street_is_zip(const char *word)
{
    return strspn(word, "0123456789") == 5 && (word[5] == '\0' || (word[5] == '-' && strlen(word) == 10));
}

// Up to three words of a town, then the state's code or a ZIP code.
static void street_town(StreetWords *words, StreetFound *found, guint at)
{
    for (guint k = at; !found->town && k <= at + STREET_TOWN && street_has(words, k); k++) {
        const StreetToken *token = &words->tokens[k];
        bool zip_next = street_is_zip(street_at(words, k + 1));
        guint states = zip_next || token->comma ? WORD_STATE | WORD_STATE_CODE : WORD_STATE_CODE;
        bool state = (token->classes & states) && (zip_next || token->capital);
        if ((token->classes & WORD_STREET_COMMON) && !state)
            break;
        if (state && (k > at || zip_next)) {
            found->town = true;
            found->zip = zip_next;
            found->last = zip_next ? k + 1 : k;
        } else if (street_is_zip(token->word)) {
            found->town = found->zip = true;
            found->last = k;
        }
    }
}

void street_rest(StreetWords *words, StreetFound *found)
{
    guint at = found->suffix + 1;
    found->last = found->suffix;
    if (street_follows(words, at) && strlen(words->tokens[at].word) <= 2 &&
        street_direction(words->tokens[at].word) && words->tokens[at].capital)
        found->last = at++;
    if (street_is_unit(street_at(words, at)) && street_has(words, at + 1) &&
        strlen(street_at(words, at + 1)) <= 5) {
        found->last = at + 1;
        found->unit = true;
        found->apartment = street_is_apartment(street_at(words, at));
        at += 2;
    } else if (street_has(words, at) && words->tokens[at].hash && street_is_number(street_at(words, at))) {
        found->last = at++;
        found->unit = true;
    }
    street_town(words, found, at);
}
