// social_handle: names of people on platforms, told from the platform's name beside them.
#include "detect/social_handle.h"
#include "detect/social.h"

#include <string.h>

#define NEAR        40    // bytes between a platform's name and the handle
#define WORDS_BACK  28    // in which words count as right before
#define PLACES_MOST 20000 // of a passage where a platform is named: no text that people write has more
#define SAME_REACH  240   // between a name and "the same on"

// What joins a platform's name and a handle.
typedef enum {
    JOIN_MARK /* : = */,
    JOIN_DASH,
    JOIN_IS,
    JOIN_AS,
    JOIN_AT /* @ and a blank */,
    JOIN_CELL /* | or a tabulator */,
    JOIN_LINE /* the next line */,
    JOIN_PLAIN /* blanks only */
} Join;

typedef struct {
    DetectScan *scan;
    HandleName last; // the name handed on last, to a platform
    gsize last_end;  // where the words about it end
    bool any, ahead; // there is one; it stood before its platform
} HandleRun;

bool handle_tagged(const char *platform, const HandleName *name)
{
    gsize n = strlen(name->tag), figures = n ? strspn(name->tag + 1, "0123456789") : 0;
    return (strcmp(platform, "discord") == 0 && n == 5 && figures == 4) ||
           (strcmp(platform, "battlenet") == 0 && n >= 5 && figures == n - 1) ||
           (strcmp(platform, "riot") == 0 && n > 0);
}

bool handle_emit(DetectScan *scan, const PlatformPlace *place, const HandleName *name, double shape,
                 const char *why, bool again)
{
    const DetectView *view = scan->view;
    const char *platform = place ? place->platform : NULL;
    bool tagged = platform && name->tag[0] && handle_tagged(platform, name);
    gsize start = name->start - (name->at && view->text[name->start - 1] == '@' ? 1 : 0);
    gsize end = name->end + (tagged && view->text[name->end] == '#' ? strlen(name->tag) : 0);
    bool nobody = platform && !name->made_up && tables_reserved(scan->data, platform, name->text);
    if (nobody || (!again && scan_taken(scan, start, end)))
        return false;
    g_autofree char *value =
        platform ? g_strconcat(platform, ":", name->text, tagged ? name->tag : NULL, NULL) : NULL;
    Candidate *candidate = candidate_new(KIND_HANDLE, value, view, start, end, shape);
    if (!platform)
        candidate->name = g_strdup(name->text);
    if (name->spelled)
        candidate_obfuscated(candidate, "at-dot");
    if (place && place->disguise)
        candidate_obfuscated(candidate, place->disguise);
    candidate_evidence(candidate, "%s", why);
    if (platform) // a bare name may yet turn out to be a number in words
        scan_take(scan, start, end);
    scan_add(scan, candidate);
    return true;
}

// ---- behind the platform's name --------------------------------------------------------------------------

// A word between the platform's name and the handle; false when it is none of them.
static bool handle_join_word(const char *text, gsize n, Join *join)
{
    static const struct {
        const char *word;
        Join join; // JOIN_PLAIN: goes on
    } WORDS[] = {
        {"is", JOIN_IS},          {"es", JOIN_IS},         {"\303\251", JOIN_IS}, {"est", JOIN_IS},
        {"as", JOIN_AS},          {"under", JOIN_AS},      {"como", JOIN_AS},     {"at", JOIN_AS},
        {"its", JOIN_IS},         {"it", JOIN_PLAIN},      {"s", JOIN_PLAIN},     {"handle", JOIN_PLAIN},
        {"username", JOIN_PLAIN}, {"user", JOIN_PLAIN},    {"name", JOIN_PLAIN},  {"id", JOIN_PLAIN},
        {"tag", JOIN_PLAIN},      {"account", JOIN_PLAIN}, {"acct", JOIN_PLAIN},  {"usuario", JOIN_PLAIN},
        {"cuenta", JOIN_PLAIN},   {"dm", JOIN_PLAIN},      {"dms", JOIN_PLAIN},   {"my", JOIN_PLAIN},
        {"me", JOIN_PLAIN},       {"al", JOIN_AS},         {"conta", JOIN_PLAIN}, {"compte", JOIN_PLAIN}};
    bool is = false;
    for (gsize i = 0; !is && i < G_N_ELEMENTS(WORDS); i++) {
        is = strlen(WORDS[i].word) == n && memcmp(WORDS[i].word, text, n) == 0;
        if (is && WORDS[i].join != JOIN_PLAIN)
            *join = WORDS[i].join;
    }
    return is;
}

// A mark between them: its bytes, 0 when it is none.
static gsize handle_join_mark(const DetectView *view, gsize at, gsize platform_end, Join *join)
{
    char c = view->text[at], next = at + 1 < view->len ? view->text[at + 1] : '\n';
    gsize n = 0;
    if (c == ':' || c == '=' || c == '>') {
        *join = JOIN_MARK;
        n = 1;
    } else if (c == '-' || c == '~') {
        *join = *join == JOIN_PLAIN ? JOIN_DASH : *join;
        n = 1;
    } else if (c == '|' || c == '\t' || (c == ',' && at == platform_end && name_char(next))) {
        *join = JOIN_CELL;
        n = 1;
    } else if (c == '\n' && *join != JOIN_LINE && next != '\n') {
        *join = JOIN_LINE;
        n = 1;
    } else if (c == '@' && next == ' ') {
        *join = JOIN_AT;
        n = 2;
    } else if (c == ' ' || c == '(' || c == '[' || c == '"' || c == '\'' || c == '\r') {
        n = 1;
    } else if ((guchar)c >= 0x80 && !g_unichar_isalpha(g_utf8_get_char(view->text + at))) {
        n = g_utf8_skip[(guchar)c]; // a picture
    }
    return n;
}

// Words between the platform's name and the handle ("username is", "handle:", "->"), and what they amount to.
// Returns the offset where the name would begin.
static gsize handle_join(DetectScan *scan, gsize platform_end, Join *join)
{
    const DetectView *view = scan->view;
    gsize at = platform_end, limit = MIN(view->len, at + NEAR);
    *join = JOIN_PLAIN;
    bool go_on = true;
    while (go_on && at < limit) {
        scan->work++;
        gsize end = name_word_end(view, at, limit);
        if (end > at) {
            go_on = end < view->len && (!name_char(view->text[end]) || view->text[end] == '-') &&
                    handle_join_word(view->text + at, end - at, join);
            at = go_on ? end : at;
        } else {
            gsize n = handle_join_mark(view, at, platform_end, join);
            go_on = n > 0;
            at += n;
        }
    }
    return MIN(at, view->len);
}

bool handle_invited(DetectScan *scan, gsize before)
{
    static const char *const VERBS[] = {"add",
                                        "follow",
                                        "find",
                                        "message",
                                        "dm",
                                        "hmu",
                                        "hit",
                                        "reach",
                                        "msg",
                                        "snap",
                                        "text",
                                        "write",
                                        "contact",
                                        "agrega",
                                        "agregame",
                                        "sigueme",
                                        "s\303\255gueme",
                                        "search",
                                        "look",
                                        "talk",
                                        "chat",
                                        "join",
                                        "friend",
                                        "contactame",
                                        "agr\303\251game",
                                        "buscame",
                                        "b\303\272scame",
                                        "escribeme",
                                        "escr\303\255"
                                        "beme",
                                        "hablame",
                                        "h\303\241"
                                        "blame",
                                        "encuentras",
                                        "encu\303\251ntrame",
                                        "a\303\261\303\241"
                                        "deme",
                                        "adiciona",
                                        "segue",
                                        "chama",
                                        "ajoute",
                                        "pm",
                                        "ping",
                                        "move",
                                        "switch",
                                        NULL};
    return name_word_near(scan, before, WORDS_BACK, VERBS);
}

bool handle_owned(DetectScan *scan, gsize before)
{
    static const char *const OWNERS[] = {"my",
                                         "mi",
                                         "me",
                                         "mine",
                                         "our",
                                         "meu",
                                         "mon",
                                         "minha",
                                         "agregame",
                                         "sigueme",
                                         "buscame",
                                         "agr\303\251game",
                                         "s\303\255gueme",
                                         "b\303\272scame",
                                         "contactame",
                                         NULL};
    return name_word_near(scan, before, WORDS_BACK, OWNERS);
}

// "I'm on PLATFORM as", "estoy en PLATFORM como"
static bool handle_present(DetectScan *scan, gsize before)
{
    static const char *const WORDS[] = {"i", "im", "estoy", "am", NULL};
    const DetectView *view = scan->view;
    return before >= 4 &&
           (memcmp(view->text + before - 4, " on ", 4) == 0 ||
            memcmp(view->text + before - 4, " en ", 4) == 0) &&
           name_word_near(scan, before - 3, 12, WORDS);
}

// Nothing stands before on its line but what parts things of a list, or other platforms with it.
static bool handle_line_start(const DetectView *view, gsize at)
{
    while (at > 0 && strchr(" \t*-(/|&,", view->text[at - 1]) != NULL)
        at--;
    return at == 0 || strchr("\n;", view->text[at - 1]) != NULL;
}

// A sentence, or a thing of a list, begins at `at`.
static bool handle_clause_start(const DetectView *view, gsize at)
{
    gsize mark = at;
    while (mark > 0 && strchr(" (\"'", view->text[mark - 1]) != NULL)
        mark--;
    return mark == 0 || strchr("\n.!?;:,|/*-", view->text[mark - 1]) != NULL;
}

bool handle_ends(const DetectView *view, gsize end)
{
    char c = end < view->len ? view->text[end] : '\n';
    if (c == ' ' && end + 1 < view->len)
        c = strchr("(-|/\n", view->text[end + 1]) ? '\n' : c;
    return strchr("\n\r\t,.;:!?)]|/\"'", c) != NULL;
}

static bool handle_line_ends(const DetectView *view, gsize end)
{
    while (end < view->len && strchr(" \t\r.", view->text[end]) != NULL)
        end++;
    return end >= view->len || view->text[end] == '\n';
}

// How sure that `name`, joined so to a platform whose name is a word of the language, is a handle.
static double handle_shape_common(DetectScan *scan, gsize platform, Join join, const HandleName *name)
{
    const DetectView *view = scan->view;
    bool owned = handle_owned(scan, platform), said = join == JOIN_MARK || join == JOIN_IS || join == JOIN_AS;
    double shape = 0;
    if (name->at)
        shape = join == JOIN_PLAIN && !owned && !handle_invited(scan, platform) ? 0.55 : 0.93;
    else if (name->made_up && owned && said)
        shape = 0.85;
    else if (name->made_up && join == JOIN_MARK && handle_line_start(view, platform) &&
             strlen(name->text) >= 6 && g_ascii_isalpha(name->text[0]))
        shape = handle_line_ends(view, name->end) ? 0.75 : 0;
    return shape;
}

// How sure that `name`, joined so to `place`, is a handle; 0 = it is not.
static double handle_shape(DetectScan *scan, const PlatformPlace *place, Join join, const HandleName *name)
{
    const DetectView *view = scan->view;
    bool clear = place->named == NAMED_CLEARLY, stage = platform_is_stage(place->platform);
    bool line = handle_line_start(view, place->start), owned = handle_owned(scan, place->start);
    bool invited = handle_invited(scan, place->start), ends = handle_ends(view, name->end);
    bool label = line || owned, odd = name->made_up, plain = !odd && strlen(name->text) >= 4;
    double shape = 0;
    if (place->named == NAMED_COMMON)
        shape = handle_shape_common(scan, place->start, join, name);
    else if (name->at)
        shape = join == JOIN_PLAIN && !clear ? 0.85 : 0.93;
    else if (join == JOIN_MARK && odd)
        shape = clear || label ? 0.92 : 0.8;
    else if (join == JOIN_MARK && plain)
        shape = ends && (owned || (!stage && (label || (clear && handle_clause_start(view, place->start)))))
                    ? 0.75
                    : 0;
    else if (join == JOIN_DASH && odd)
        shape = label ? 0.85 : 0.6;
    else if (join == JOIN_CELL && odd)
        shape = line ? 0.85 : 0;
    else if (join == JOIN_LINE && odd)
        shape = line && handle_line_ends(view, name->end) ? 0.75 : 0;
    else if (join == JOIN_AT)
        shape = odd ? 0.85 : plain && label && ends && !stage ? 0.6 : 0;
    else if ((join == JOIN_AS || join == JOIN_IS) && odd)
        shape = invited || label ? 0.92 : clear ? 0.7 : 0.5;
    else if ((join == JOIN_AS || join == JOIN_IS) && plain)
        shape = ends && (owned || (join == JOIN_AS && handle_present(scan, place->start))) ? 0.65 : 0;
    else if (join == JOIN_PLAIN && odd)
        shape = invited || owned || (line && ends) ? 0.85 : 0;
    return shape;
}

// ---- before it -------------------------------------------------------------------------------------------

// Does one of `words` (each ends with a blank) stand right before `start`, itself no end of a word?
static bool handle_follows(const DetectView *view, gsize start, const char *const *words)
{
    bool follows = false;
    for (gsize i = 0; !follows && words[i]; i++) {
        gsize n = strlen(words[i]);
        follows = start >= n && memcmp(view->text + start - n, words[i], n) == 0 &&
                  (start == n || !name_char(view->text[start - n - 1]));
    }
    return follows;
}

// "I'm NAME", "soy NAME": plain words become names behind these.
static bool handle_introduced(const DetectView *view, gsize start)
{
    static const char *const WORDS[] = {"i'm ",   "im ",        "i am ",       "soy ",      "name is ",
                                        "go by ", "am called ", "user ",       "username ", "handle is ",
                                        "me as ", "me llamo ",  "usuario es ", "como ",     "sou ",
                                        "estoy ", "je suis ",   "me under ",   NULL};
    return handle_follows(view, start, WORDS);
}

// "add NAME", "it's NAME": made-up words only.
static bool handle_pointed_at(const DetectView *view, gsize start)
{
    static const char *const WORDS[] = {
        "add ",     "follow ", "find ",   "look for ", "search for ", "search ", "look up ", "dm ",
        "message ", "msg ",    "it's ",   "its ",      "it is ",      "text ",   "busca ",   "agrega a ",
        "sigue a ", "snap ",   "hit up ", "contact ",  "friend ",     "pm ",     "es ",      NULL};
    return handle_follows(view, start, WORDS);
}

// How sure that `name`, which stands before a platform, is a handle there. `is_mine`: "is my" joins them.
static double handle_before_shape(DetectScan *scan, const PlatformPlace *place, const HandleName *name,
                                  bool is_mine)
{
    const DetectView *view = scan->view;
    gsize start = name->start - (name->at ? 1 : 0);
    bool introduced = handle_introduced(view, start), pointed = handle_pointed_at(view, start);
    bool stage = platform_is_stage(place->platform), common = place->named == NAMED_COMMON;
    bool sure = introduced || is_mine, letters = g_ascii_isalpha(name->text[0]);
    bool tagged = strlen(name->text) >= 3 && handle_tagged(place->platform, name);
    bool plain = strlen(name->text) >= 4 && !g_str_has_suffix(name->text, "ing") &&
                 (!is_mine || (handle_clause_start(view, start) && handle_ends(view, place->end)));
    double shape = 0;
    if (name->at)
        shape = 0.92;
    else if (!name->made_up &&
             !tagged) // "2 on x", "v1.2 on steam": a figure alone makes no name, a version is none
        shape = sure && plain && letters && !common ? 0.6 : 0;
    else if (sure && letters)
        shape = 0.85;
    else if (letters && !common && (!stage || tagged))
        shape = pointed || tagged || handle_owned(scan, start)                      ? 0.85
                : place->named == NAMED_CLEARLY && handle_clause_start(view, start) ? 0.6
                                                                                    : 0;
    return shape;
}

// "@name on insta", "name_99 (snap)", "name_99 is my snap": the handle first.
static bool handle_before_platform(HandleRun *run, const PlatformPlace *place)
{
    static const struct {
        const char *words;
        bool mine, sign; // says whose; counts only with an @
    } LINKS[] = {{" on ", false, false},    {" on my ", true, false}, {" en ", false, false},
                 {" en mi ", true, false},  {" (", false, false},     {" [", false, false},
                 {" - ", false, false},     {" at ", false, false},   {" via ", false, false},
                 {" in ", false, false},    {" is my ", true, false}, {" es mi ", true, false},
                 {" is our ", false, true}, {" | ", false, true},     {", ", false, true},
                 {"\t", false, true},       {" no ", false, true},    {" for ", false, true},
                 {": ", false, true},       {" sur ", false, true}};
    DetectScan *scan = run->scan;
    const DetectView *view = scan->view;
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(LINKS); i++) {
        gsize n = strlen(LINKS[i].words);
        HandleName name;
        if (place->start > n && memcmp(view->text + place->start - n, LINKS[i].words, n) == 0 &&
            name_read_before(scan, place->start - n, &name) && (name.at || !LINKS[i].sign)) {
            double shape = handle_before_shape(scan, place, &name, LINKS[i].mine);
            found = shape > 0 && handle_emit(scan, place, &name, shape, "named before its platform", false);
        }
        if (found)
            run->last = name;
    }
    return found;
}

// ---- one name on several ---------------------------------------------------------------------------------

// What stands between platforms that share a name: "/", "and", "y". Its bytes before `end`, 0 = none.
static gsize handle_listed(const DetectView *view, gsize end)
{
    static const char *const MARKS[] = {" / ", "/",   " & ", "&", " and ",  " y ", " + ",
                                        "+",   " e ", " | ", "|", ", and ", ", "};
    gsize found = 0;
    for (gsize i = 0; found == 0 && i < G_N_ELEMENTS(MARKS); i++) {
        gsize n = strlen(MARKS[i]);
        if (end > n && memcmp(view->text + end - n, MARKS[i], n) == 0)
            found = n;
    }
    return found;
}

// The other platforms of "IG/Snap: x" share the name.
static void handle_shared(DetectScan *scan, gsize start, const HandleName *name, double shape)
{
    const DetectView *view = scan->view;
    for (guint n = 0; n < 3 && start > 1; n++) {
        gsize mark = handle_listed(view, start), end = start - mark, word = end;
        while (word > 0 && end - word < 20 && name_letter(view->text[word - 1]))
            word--;
        PlatformPlace place = {.start = word, .end = end};
        if (mark > 0)
            place.named = tables_platform(scan->data, view->text + word, end - word, &place.platform);
        if (place.named != NAMED_CLEARLY && place.named != NAMED_LOOSELY)
            break;
        handle_emit(scan, &place, name, shape, "beside the name of its platform", true);
        start = word;
    }
}

// "@x on Snap and Insta", "my insta is x, same on snap": the name handed on last counts here too.
static bool handle_same(HandleRun *run, const PlatformPlace *place)
{
    static const char *const WORDS[] = {
        "same on ",       "same @ on ",         "same name on ",     "same handle on ", "same username on ",
        "same user on ",  "same for ",          "same thing on ",    "same on my ",     "same @ for ",
        "same name for ", "same username for ", "same as my ",       "same in ",        "igual en ",
        "mismo en ",      "misma en ",          "mismo usuario en ", "same at on ",     NULL};
    const DetectView *view = run->scan->view;
    bool near = run->any && place->start >= run->last_end && place->start - run->last_end < SAME_REACH;
    bool same = near && handle_follows(view, place->start, WORDS);
    if (near && !same && run->ahead && place->named != NAMED_COMMON) {
        gsize mark = handle_listed(view, place->start);
        same = mark > 0 && place->start - mark == run->last_end;
    }
    if (same)
        handle_emit(run->scan, place, &run->last, 0.8, "the same name as on another platform", true);
    return same;
}

// ---- all of them -----------------------------------------------------------------------------------------

static bool handle_behind_platform(HandleRun *run, const PlatformPlace *place)
{
    DetectScan *scan = run->scan;
    const DetectView *view = scan->view;
    Join join;
    HandleName name;
    gsize at = handle_join(scan, place->end, &join);
    gsize skip = 0;
    if (strcmp(place->platform, "reddit") == 0 && at + 3 < view->len)
        skip = memcmp(view->text + at, "u/", 2) == 0 ? 2 : memcmp(view->text + at, "/u/", 3) == 0 ? 3 : 0;
    bool found = at > place->end && name_read(scan, at + skip, &name);
    if (found) {
        name.at = name.at || skip > 0;
        name.made_up = name.made_up || (name.tag[0] && handle_tagged(place->platform, &name));
        double shape = handle_shape(scan, place, join, &name);
        found = shape > 0 && handle_emit(scan, place, &name, shape, "beside the name of its platform", false);
        if (found)
            handle_shared(scan, place->start, &name, shape);
    }
    if (found)
        run->last = name;
    return found;
}

static bool handle_far_from_platform(HandleRun *run, const PlatformPlace *place)
{
    HandleName name;
    const char *why = NULL;
    double shape = handle_told(run->scan, place, &name, &why);
    bool found = shape > 0 && handle_emit(run->scan, place, &name, shape, why, false);
    if (found)
        run->last = name;
    return found;
}

static void handle_at_platform(HandleRun *run, const PlatformPlace *place)
{
    bool same = handle_same(run, place);
    bool behind = !same && handle_behind_platform(run, place);
    bool before = !same && !behind && handle_before_platform(run, place);
    bool far = !same && !behind && !before && handle_far_from_platform(run, place);
    if (same)
        run->last_end = place->end;
    else if (behind || before || far)
        run->last_end = before ? place->end : run->last.end;
    if (behind || before || far)
        run->ahead = before;
    run->any = run->any || behind || before || far;
}

// Every word that names a platform, with what stands around it.
static void handle_platforms(DetectScan *scan)
{
    HandleRun run = {.scan = scan};
    gsize at = 0, least = 0;
    guint i = 0, places = 0;
    const Spot *spot;
    while (!*scan->truncated &&
           (spot = spots_next(scan->view, &i, SPOT_PLATFORM | SPOT_FOREIGN | SPOT_FIGURE | SPOT_SIGN, at)) !=
               NULL) {
        PlatformPlace place;
        if (platform_at(scan, spot, least, &place)) {
            if (++places == PLACES_MOST)
                *scan->truncated = true;
            if (place.disguise) // it is no name itself
                scan_take(scan, place.start, place.end);
            handle_at_platform(&run, &place);
            at = least = place.end;
        } else {
            at = spot->start + 1;
        }
    }
}

// "@jdoe_99" alone, or a made-up name after "add me": which platform only the registry can say.
static void handle_alone(DetectScan *scan, gsize at)
{
    const DetectView *view = scan->view;
    HandleName name;
    bool free_start = at == 0 || strchr(" \n\t(,:;\"'/", view->text[at - 1]) != NULL;
    if (free_start && name_read(scan, at, &name) && (name.at || name.made_up) &&
        (name.at || handle_invited(scan, at)) && g_ascii_isalpha(view->text[name.start]) &&
        !tables_mail_provider(scan->data, name.text, strlen(name.text)))
        handle_emit(scan, NULL, &name, name.at && handle_invited(scan, at) ? 0.6 : 0.3,
                    "a name without its platform", false);
}

// A word without @ is a name only with a figure or mark in it, or a mark that is spelled behind it.
static bool handle_may_be_made_up(const DetectView *view, gsize at, gsize end)
{
    char mark;
    bool odd = false;
    while (end > at && (view->text[end - 1] == '.' || view->text[end - 1] == '-'))
        end--;
    for (gsize i = at; !odd && i < end; i++)
        odd = NAME_CHARS[(guchar)view->text[i]] & CHAR_ODD;
    return odd || name_spelled_mark(view, end, &mark) > 0;
}

// Names without their platform: an @, or what makes a word look made up, stands in or behind them.
static void handle_names(DetectScan *scan)
{
    const DetectView *view = scan->view;
    gsize at = 0;
    guint i = 0;
    const Spot *spot;
    while (!*scan->truncated &&
           (spot = spots_next(view, &i, SPOT_SIGN | SPOT_FIGURE | SPOT_DOT | SPOT_LINE | SPOT_MARK, at)) !=
               NULL) {
        if (spot->classes & SPOT_SIGN) {
            handle_alone(scan, spot->start);
            at = spot->start + 1;
            continue;
        }
        gsize start = spot->start;
        if ((spot->classes & SPOT_MARK) && start > at && !name_char(view->text[start - 1]))
            start--; // the word before it, not the word itself
        gsize end = start;
        while (start > at && name_char(view->text[start - 1]))
            start--;
        while (end < view->len && name_char(view->text[end]))
            end++;
        bool begins = start == 0 || view->text[start - 1] != '@';
        if (begins && end - start > 3 && end - start <= NAME_MOST && handle_may_be_made_up(view, start, end))
            handle_alone(scan, start);
        at = MAX(end, at);
    }
}

void social_handles(DetectScan *scan)
{
    handle_platforms(scan);
    handle_names(scan);
}
