// Names of people on platforms, told from the platform's name beside them.
#include "detect/social.h"
#include "detect/spots.h"
#include "detect/tables.h"

#include <string.h>

#define NAME_LEAST 2
#define NAME_MOST  32
#define NEAR       40 // bytes between a platform's name and the handle
#define VERBS_BACK 28

typedef struct {
    gsize start, end;         // without @
    char text[NAME_MOST + 8]; // what the name is, marks that were spelled in their place
    bool at;                  // an @ stands before it
    bool made_up;             // holds a figure, underscore or dot: no word of the language
    bool spelled;             // "jane dot doe"
} HandleName;

// What joins a platform's name and a handle.
typedef enum {
    JOIN_NONE,
    JOIN_MARK /* : = */,
    JOIN_DASH,
    JOIN_IS,
    JOIN_AS,
    JOIN_PLAIN /* blanks only */
} Join;

enum { CHAR_LETTER = 1, CHAR_NAME = 2, CHAR_ODD = 4 };
static const guint8 CHARS[256] = {['a' ... 'z'] = CHAR_LETTER | CHAR_NAME,
                                  ['A' ... 'Z'] = CHAR_LETTER | CHAR_NAME,
                                  ['0' ... '9'] = CHAR_NAME | CHAR_ODD,
                                  ['_'] = CHAR_NAME | CHAR_ODD,
                                  ['.'] = CHAR_NAME | CHAR_ODD,
                                  ['-'] = CHAR_NAME,
                                  [0x80 ... 0xff] = CHAR_LETTER};

static bool handle_char(char c)
{
    return CHARS[(guchar)c] & CHAR_NAME;
}

static bool handle_letter(char c)
{
    return CHARS[(guchar)c] & CHAR_LETTER;
}

// Words that follow a platform's name without being anybody's.
static bool handle_is_word(const char *text, gsize n)
{
    static const char *const WORDS[] = {
        "the",      "a",         "an",       "my",       "our",      "your",    "his",      "her",
        "their",    "this",      "that",     "is",       "are",      "was",     "were",     "be",
        "been",     "not",       "no",       "yes",      "and",      "or",      "but",      "for",
        "to",       "from",      "of",       "in",       "on",       "at",      "by",       "with",
        "as",       "it",        "its",      "if",       "so",       "we",      "you",      "they",
        "he",       "she",       "i",        "me",       "us",       "them",    "account",  "accounts",
        "page",     "pages",     "post",     "posts",    "story",    "stories", "policy",   "policies",
        "video",    "videos",    "photo",    "photos",   "live",     "group",   "groups",   "chat",
        "chats",    "app",       "apps",     "feed",     "profile",  "handle",  "username", "user",
        "name",     "id",        "tag",      "blocked",  "down",     "banned",  "allowed",  "now",
        "here",     "there",     "today",    "tomorrow", "please",   "because", "when",     "where",
        "what",     "who",       "which",    "how",      "why",      "can",     "could",    "will",
        "would",    "should",    "may",      "might",    "must",     "do",      "does",     "did",
        "have",     "has",       "had",      "get",      "got",      "only",    "also",     "just",
        "all",      "any",       "some",     "none",     "more",     "most",    "other",    "another",
        "facebook", "instagram", "snapchat", "tiktok",   "twitter",  "youtube", "discord",  "telegram",
        "whatsapp", "signal",    "public",   "private",  "open",     "closed",  "free",     "new",
        "old",      "safe",      "safety",   "school",   "work",     "team",    "class",    "use",
        "used",     "using",     "n/a",      "tbd",      "very",     "too",     "el",       "la",
        "los",      "las",       "un",       "una",      "mi",       "es",      "de",       "en",
        "con",      "para",      "por",      "y",        "o",        "que",     "no",       "si",
        "su",       "tu",        "then",     "after",    "before",   "during",  "until",    "while",
        "about",    "over",      "under",    "out",      "up",       "well",    "good",     "bad",
        "great",    "fine",      "com",      "message",  "messages", "link",    "media",    "social",
        "website",  "web",       "site",     "online",   "official", "always",  "never",    "like",
    };
    bool is = false;
    for (gsize i = 0; !is && i < G_N_ELEMENTS(WORDS); i++)
        is = strlen(WORDS[i]) == n && memcmp(WORDS[i], text, n) == 0;
    return is;
}

static const struct {
    const char *form; // begins with one character that is no letter
    char mark;
} FORMS[] = {{" dot ", '.'},   {" punto ", '.'}, {" underscore ", '_'}, {" guion bajo ", '_'},
             {" point ", '.'}, {"(dot)", '.'},   {"[dot]", '.'},        {" under score ", '_'}};

void handle_spots(SpotTable *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FORMS); i++)
        spots_add(table, SPOT_MARK, FORMS[i].form + 1);
}

// A mark that is spelled at `at`: its length, 0 = none.
static gsize handle_spelled_mark(const DetectView *view, gsize at, char *mark)
{
    gsize found = 0;
    char first = at + 1 < view->len ? view->text[at] : '\0';
    bool may =
        (first == ' ' || first == '(' || first == '[') && memchr("dpug", view->text[at + 1], 4) != NULL;
    for (gsize i = 0; may && !found && i < G_N_ELEMENTS(FORMS); i++) {
        gsize n = strlen(FORMS[i].form);
        if (view->len - at > n && memcmp(view->text + at, FORMS[i].form, n) == 0 &&
            g_ascii_isalnum(view->text[at + n])) {
            found = n;
            *mark = FORMS[i].mark;
        }
    }
    return found;
}

// The run of a name's characters at name->end goes into name->text. False when it is too long.
static bool handle_read_run(const DetectView *view, HandleName *name)
{
    gsize end = name->end, used = strlen(name->text);
    while (end < view->len && end - name->end <= NAME_MOST && handle_char(view->text[end]))
        end++;
    while (end > name->end && strchr(".-", view->text[end - 1]) != NULL)
        end--;
    bool fits = used + (end - name->end) <= NAME_MOST;
    if (fits) {
        memcpy(name->text + used, view->text + name->end, end - name->end);
        name->text[used + (end - name->end)] = '\0';
        name->end = end;
    }
    return fits;
}

// "774-555-ol23" is no name.
static bool handle_is_number(const char *text)
{
    gsize figures = 0, alike = 0, others = 0;
    for (const char *p = text; *p; p++) {
        figures += g_ascii_isdigit(*p) ? 1 : 0;
        alike += strchr("oilszb", *p) != NULL;
        others += !g_ascii_isdigit(*p) && strchr("oilszb.-_", *p) == NULL;
    }
    return others == 0 && figures >= 4 && figures + alike >= 7;
}

static bool handle_is_name(const DetectView *view, HandleName *name)
{
    gsize letters = 0, len = strlen(name->text);
    for (const char *p = name->text; *p; p++) {
        letters += g_ascii_isalpha(*p) ? 1 : 0;
        name->made_up = name->made_up || g_ascii_isdigit(*p) || *p == '_' || *p == '.';
    }
    const char *next = view->text + name->end;
    return len >= NAME_LEAST && letters > 0 && (g_ascii_isalnum(name->text[0]) || name->text[0] == '_') &&
           *next != '@' && !((guchar)*next >= 0x80 && g_unichar_isalpha(g_utf8_get_char(next))) &&
           !(next[0] == '/' && next[1] == '/') &&
           (name->at || name->made_up || !handle_is_word(name->text, len)) && !handle_is_number(name->text);
}

// The name that begins at `at`; false when none does.
static bool handle_name_at(const DetectView *view, gsize at, HandleName *name)
{
    memset(name, 0, sizeof *name);
    name->at = at < view->len && view->text[at] == '@';
    name->start = name->end = at + (name->at ? 1 : 0);
    bool ok = handle_read_run(view, name);
    char mark = '.';
    gsize n = name->end > name->start ? handle_spelled_mark(view, name->end, &mark) : 0;
    for (guint pieces = 0; ok && n > 0 && pieces < 4; pieces++) {
        gsize used = strlen(name->text);
        name->spelled = true;
        name->text[used] = mark;
        name->text[used + 1] = '\0';
        name->end += n;
        ok = handle_read_run(view, name);
        n = handle_spelled_mark(view, name->end, &mark);
    }
    return ok && handle_is_name(view, name);
}

// Where the run of a name's characters that ends at `end` begins.
static gsize handle_run_start(const DetectView *view, gsize end)
{
    gsize start = end;
    while (start > 0 && end - start <= NAME_MOST && handle_char(view->text[start - 1]))
        start--;
    return start;
}

// The name that ends right before `at`, blanks and "(" between left out.
static bool handle_name_before(const DetectView *view, gsize at, HandleName *name)
{
    gsize end = at;
    while (end > 0 && at - end < 3 && strchr(" (", view->text[end - 1]) != NULL)
        end--;
    gsize start = handle_run_start(view, end);
    for (guint pieces = 0; start < end && pieces < 4; pieces++) { // over marks that are spelled
        gsize earlier = start;
        char mark;
        for (gsize n = 5; earlier == start && n <= 13 && n < start; n++)
            if (handle_spelled_mark(view, start - n, &mark) == n)
                earlier = handle_run_start(view, start - n);
        if (earlier == start)
            break;
        start = earlier;
    }
    if (start > 0 && view->text[start - 1] == '@')
        start--;
    bool free_start = start == 0 || strchr(" \n\t(,:;\"'", view->text[start - 1]) != NULL;
    return end > start && free_start && handle_name_at(view, start, name) && name->end == end;
}

// `again`: the stretch was handed on under another platform just now.
static void handle_emit(DetectScan *scan, const char *platform, const HandleName *name, double shape,
                        const char *why, bool again)
{
    const DetectView *view = scan->view;
    gsize start = name->start - (name->at ? 1 : 0);
    const char *bare = name->text;
    bool nobody = platform && !name->made_up && tables_reserved(scan->data, platform, bare);
    if (nobody || (!again && scan_taken(scan, start, name->end)))
        return;
    g_autofree char *value = platform ? g_strconcat(platform, ":", bare, NULL) : NULL;
    Candidate *candidate = candidate_new(KIND_HANDLE, value, view, start, name->end, shape);
    if (!platform)
        candidate->name = g_strdup(bare);
    if (name->spelled)
        candidate_obfuscated(candidate, "at-dot");
    candidate_evidence(candidate, "%s", why);
    if (platform) // a bare name may yet turn out to be a number in words
        scan_take(scan, start, name->end);
    scan_add(scan, candidate);
}

// Words between the platform's name and the handle ("username is", "handle:", "->"), and what they amount to.
// Returns the offset where the name would begin.
static gsize handle_join(DetectScan *scan, gsize at, Join *join)
{
    static const struct {
        const char *word;
        Join join; // JOIN_NONE: goes on
    } WORDS[] = {{"is", JOIN_IS},     {"es", JOIN_IS},       {"as", JOIN_AS},         {"under", JOIN_AS},
                 {"como", JOIN_AS},   {"handle", JOIN_NONE}, {"username", JOIN_NONE}, {"user", JOIN_NONE},
                 {"name", JOIN_NONE}, {"id", JOIN_NONE},     {"tag", JOIN_NONE},      {"account", JOIN_NONE},
                 {"acct", JOIN_NONE}, {"at", JOIN_AS},       {"usuario", JOIN_NONE},  {"cuenta", JOIN_NONE},
                 {"dm", JOIN_NONE},   {"dms", JOIN_NONE},    {"my", JOIN_NONE},       {"me", JOIN_NONE}};
    const DetectView *view = scan->view;
    gsize limit = MIN(view->len, at + NEAR);
    *join = JOIN_PLAIN;
    bool go_on = true;
    while (go_on && at < limit) {
        char c = view->text[at];
        scan->work++;
        gsize end = at;
        while (end < limit && handle_letter(view->text[end]))
            end++;
        go_on = false;
        if (c == ':' || c == '=' || c == '>') {
            *join = JOIN_MARK;
            go_on = true;
            end = at + 1;
        } else if (c == '-' || c == '~') {
            *join = *join == JOIN_PLAIN ? JOIN_DASH : *join;
            go_on = true;
            end = at + 1;
        } else if (c == ' ' || c == '(' || c == '"' || c == '\'') {
            go_on = true;
            end = at + 1;
        } else if (end > at && end < view->len && !handle_char(view->text[end])) {
            for (gsize i = 0; !go_on && i < G_N_ELEMENTS(WORDS); i++) {
                go_on = strlen(WORDS[i].word) == end - at &&
                        memcmp(WORDS[i].word, view->text + at, end - at) == 0;
                if (go_on && WORDS[i].join != JOIN_NONE)
                    *join = WORDS[i].join;
            }
        }
        if (go_on)
            at = end;
    }
    return at;
}

static bool handle_word_near(DetectScan *scan, gsize before, const char *const *words)
{
    const DetectView *view = scan->view;
    gsize floor = before > VERBS_BACK ? before - VERBS_BACK : 0;
    bool found = false;
    for (gsize at = before; !found && at > floor && view->text[at - 1] != '\n';) {
        scan->work++;
        gsize end = at;
        while (at > floor && handle_letter(view->text[at - 1]))
            at--;
        for (const char *const *word = words; !found && end > at && *word; word++)
            found = strlen(*word) == end - at && memcmp(*word, view->text + at, end - at) == 0;
        if (at == end)
            at--;
    }
    return found;
}

static bool handle_invited(DetectScan *scan, gsize before)
{
    static const char *const VERBS[] = {"add",        "follow",  "find",     "message", "dm",      "hmu",
                                        "hit",        "reach",   "msg",      "snap",    "text",    "write",
                                        "contact",    "agrega",  "agregame", "sigueme", "sígueme", "agrégame",
                                        "search",     "look",    "talk",     "chat",    "join",    "friend",
                                        "contactame", "buscame", "búscame",  NULL};
    return handle_word_near(scan, before, VERBS);
}

static bool handle_owned(DetectScan *scan, gsize before)
{
    static const char *const OWNERS[] = {"my", "mi", "me", "mine", "our", NULL};
    return handle_word_near(scan, before, OWNERS);
}

static bool handle_line_start(const DetectView *view, gsize at)
{
    while (at > 0 && strchr(" \t*-(/|&,", view->text[at - 1]) != NULL)
        at--;
    return at == 0 || view->text[at - 1] == '\n';
}

static bool handle_ends(const DetectView *view, gsize end)
{
    char c = end < view->len ? view->text[end] : '\n';
    if (c == ' ' && end + 1 < view->len)
        c = strchr("(-|/\n", view->text[end + 1]) ? '\n' : c;
    return strchr("\n,.;:!?)|/\"'", c) != NULL;
}

// How sure that `name`, joined so to a platform named so, is a handle; 0 = it is not.
static double handle_shape(DetectScan *scan, PlatformNamed named, gsize platform, Join join,
                           const HandleName *name)
{
    const DetectView *view = scan->view;
    bool clear = named == NAMED_CLEARLY;
    bool label = handle_line_start(view, platform) || handle_owned(scan, platform);
    bool invited = handle_invited(scan, platform);
    bool ends = handle_ends(view, name->end);
    double shape = 0;
    if (name->at)
        shape = join == JOIN_PLAIN && !clear ? 0.85 : 0.93;
    else if (join == JOIN_MARK)
        shape = name->made_up ? (clear || label ? 0.92 : 0.8) : ends && (clear || label) ? 0.75 : 0;
    else if (join == JOIN_DASH)
        shape = name->made_up ? (label ? 0.85 : 0.6) : 0;
    else if (join == JOIN_AS || join == JOIN_IS)
        shape = name->made_up                ? (invited || label ? 0.92
                                                : clear          ? 0.7
                                                                 : 0.5)
                : (invited || label) && ends ? 0.65
                                             : 0;
    else if (join == JOIN_PLAIN)
        shape = name->made_up && (invited || label) ? 0.85 : 0;
    gsize n = name->end - name->start;
    if (shape > 0 && !name->at && !name->made_up && n < 4)
        shape = 0;
    return shape;
}

// "I'm NAME", "soy NAME", "look for NAME": plain words become names behind these.
static bool handle_introduced(const DetectView *view, gsize start)
{
    static const char *const WORDS[] = {"i'm ",     "im ",         "i am ", "soy ",      "look for ",
                                        "name is ", "search for ", "add ",  "follow ",   "find ",
                                        "go by ",   "am called ",  "user ", "username ", "handle is "};
    bool introduced = false;
    for (gsize i = 0; !introduced && i < G_N_ELEMENTS(WORDS); i++) {
        gsize n = strlen(WORDS[i]);
        introduced = start >= n && memcmp(view->text + start - n, WORDS[i], n) == 0 &&
                     (start == n || !g_ascii_isalpha(view->text[start - n - 1]));
    }
    return introduced;
}

// "@name on insta", "name_99 (snap)": the handle first.
static void handle_before_platform(DetectScan *scan, const char *platform, PlatformNamed named, gsize start)
{
    static const char *const LINKS[] = {" on ", " on my ", " en ", " (", " - ", " at ", " via "};
    const DetectView *view = scan->view;
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(LINKS); i++) {
        gsize n = strlen(LINKS[i]);
        HandleName name;
        found = start > n && memcmp(view->text + start - n, LINKS[i], n) == 0 &&
                handle_name_before(view, start - n, &name) &&
                (name.at || name.made_up || handle_introduced(view, name.start));
        // "2 on x", "v1.2 on steam": a figure alone makes no name, and a version is none
        found = found && (name.at || g_ascii_isalpha(view->text[name.start]));
        if (found && (named == NAMED_CLEARLY || name.at || handle_invited(scan, name.start) ||
                      handle_owned(scan, name.start)))
            handle_emit(scan, platform, &name,
                        name.at                            ? 0.92
                        : handle_invited(scan, name.start) ? 0.85
                                                           : 0.6,
                        "named before its platform", false);
    }
}

// The other platforms of "IG/Snap: x" share the name.
static void handle_shared(DetectScan *scan, gsize start, const HandleName *name, double shape)
{
    const DetectView *view = scan->view;
    for (guint n = 0; n < 3 && start > 1; n++) {
        gsize end = start;
        while (end > 0 && start - end < 4 && strchr(" /&+,|", view->text[end - 1]) != NULL)
            end--;
        gsize word = end;
        while (word > 0 && end - word < 20 && handle_letter(view->text[word - 1]))
            word--;
        const char *platform;
        bool linked = end < start && memchr(view->text + end, '/', start - end);
        linked = linked || (end < start && (memchr(view->text + end, '&', start - end) ||
                                            memchr(view->text + end, '|', start - end)));
        if (!linked || tables_platform(scan->data, view->text + word, end - word, &platform) == NAMED_NO)
            break;
        handle_emit(scan, platform, name, shape, "beside the name of its platform", true);
        start = word;
    }
}

// discord: name#1234
static void handle_discord(DetectScan *scan, HandleName *name)
{
    const char *text = scan->view->text;
    gsize end = name->end, digits = 0;
    if (end < scan->view->len && text[end] == '#')
        while (end + 1 + digits < scan->view->len && digits < 5 && g_ascii_isdigit(text[end + 1 + digits]))
            digits++;
    if (digits == 4) {
        memcpy(name->text + strlen(name->text), text + end, 5); // room is left for it, zeroes behind
        name->end = end + 5;
        name->made_up = true;
    }
}

static void handle_at_platform(DetectScan *scan, const char *platform, PlatformNamed named, gsize start,
                               gsize end)
{
    Join join;
    HandleName name;
    gsize at = handle_join(scan, end, &join);
    bool found = false;
    if (at > end && handle_name_at(scan->view, at, &name)) {
        if (strcmp(platform, "discord") == 0)
            handle_discord(scan, &name);
        double shape = handle_shape(scan, named, start, join, &name);
        found = shape > 0;
        if (found) {
            handle_emit(scan, platform, &name, shape, "beside the name of its platform", false);
            handle_shared(scan, start, &name, shape);
        }
    }
    if (!found)
        handle_before_platform(scan, platform, named, start);
}

// The platform that the word at [start, end) names, alone or with the next one ("tik tok").
static PlatformNamed handle_platform(DetectScan *scan, gsize start, gsize *end, const char **platform)
{
    const DetectView *view = scan->view;
    gsize two = *end;
    PlatformNamed named = NAMED_NO;
    if (two + 1 < view->len && view->text[two] == ' ' && handle_letter(view->text[two + 1])) {
        two++;
        while (two < view->len && two - *end < 20 && handle_letter(view->text[two]))
            two++;
        named = tables_platform(scan->data, view->text + start, two - start, platform);
    }
    if (named != NAMED_NO)
        *end = two;
    else
        named = tables_platform(scan->data, view->text + start, *end - start, platform);
    return named;
}

// "@jdoe_99" alone, or a made-up name after "add me": which platform only the registry can say.
static void handle_alone(DetectScan *scan, gsize at)
{
    const DetectView *view = scan->view;
    HandleName name;
    bool free_start = at == 0 || strchr(" \n\t(,:;\"'/", view->text[at - 1]) != NULL;
    if (free_start && handle_name_at(view, at, &name) && (name.at || name.made_up) &&
        (name.at || handle_invited(scan, at)) && g_ascii_isalpha(view->text[name.start]) &&
        !tables_mail_provider(scan->data, name.text, strlen(name.text)))
        handle_emit(scan, NULL, &name, name.at && handle_invited(scan, at) ? 0.6 : 0.3,
                    "a name without its platform", false);
}

// Every word that names a platform, with what stands around it.
static void handle_platforms(DetectScan *scan)
{
    const DetectView *view = scan->view;
    gsize at = 0;
    guint i = 0;
    const Spot *spot;
    while (!*scan->truncated && (spot = spots_next(view, &i, SPOT_PLATFORM | SPOT_FOREIGN, at)) != NULL) {
        gsize end = at = spot->start;
        while (end < view->len && handle_letter(view->text[end]))
            end++;
        bool begins = at == 0 || (!handle_char(view->text[at - 1]) && view->text[at - 1] != '@');
        bool whole =
            end == view->len || !handle_char(view->text[end]) || strchr("-.", view->text[end]) != NULL;
        if (end > at && end - at < 24 && begins && whole) {
            gsize word = end;
            const char *platform;
            PlatformNamed named = handle_platform(scan, at, &word, &platform);
            if (named != NAMED_NO && !scan_taken(scan, at, end))
                handle_at_platform(scan, platform, named, at, word);
        }
        at = end;
    }
}

// A word without @ is a name only with a figure or mark in it, or a mark that is spelled behind it.
static bool handle_may_be_made_up(const DetectView *view, gsize at, gsize end)
{
    char mark;
    bool odd = false;
    while (end > at && (view->text[end - 1] == '.' || view->text[end - 1] == '-'))
        end--;
    for (gsize i = at; !odd && i < end; i++)
        odd = CHARS[(guchar)view->text[i]] & CHAR_ODD;
    return odd || handle_spelled_mark(view, end, &mark) > 0;
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
        if ((spot->classes & SPOT_MARK) && start > at && !handle_char(view->text[start - 1]))
            start--; // the word before it, not the word itself
        gsize end = start;
        while (start > at && handle_char(view->text[start - 1]))
            start--;
        while (end < view->len && handle_char(view->text[end]))
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
