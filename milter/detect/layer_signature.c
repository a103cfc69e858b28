// The sender's own signature: the last lines that carry the name, a closing word or a delimiter.
#include "detect/layer.h"

#include <string.h>

#define SIGNATURE_LINES 12 // a signature has no more lines that are not blank
#define SIGNATURE_WIDTH 100

static const char *signature_line(const LayerText *text, guint i, gsize *out_len)
{
    const LayerLine *line = layer_line(text, i);
    gsize end = line->end;
    while (end > line->body &&
           (g_ascii_isspace(text->lower[end - 1]) || strchr(",.!-*", text->lower[end - 1])))
        end--;
    *out_len = end - line->body;
    return text->lower + line->body;
}

static guint signature_words(const char *line, gsize len)
{
    guint words = 0;
    for (gsize i = 0; i < len; i++)
        words += !g_ascii_isspace(line[i]) && (i == 0 || g_ascii_isspace(line[i - 1]));
    return words;
}

static bool signature_is_delimiter(const LayerText *text, guint i)
{
    const LayerLine *line = layer_line(text, i);
    const char *body = text->lower + line->start;
    gsize len = line->end - line->start;
    while (len && g_ascii_isspace(body[len - 1]))
        len--;
    bool dashes = len == 2 && memcmp(body, "--", 2) == 0;
    bool em_dash = len == 3 && memcmp(body, "—", 3) == 0;
    bool rule = len >= 3 && len <= 40 && (strspn(body, "_") >= len || strspn(body, "-") >= len);
    return dashes || em_dash || rule;
}

static bool signature_is_closing(const LayerText *text, guint i)
{
    static const char *const CLOSINGS[] = {"thanks",
                                           "thank you",
                                           "many thanks",
                                           "thanks so much",
                                           "thanks again",
                                           "thanks a lot",
                                           "thx",
                                           "best",
                                           "best regards",
                                           "kind regards",
                                           "warm regards",
                                           "regards",
                                           "best wishes",
                                           "all the best",
                                           "sincerely",
                                           "yours",
                                           "yours truly",
                                           "sincerely yours",
                                           "respectfully",
                                           "cheers",
                                           "warmly",
                                           "take care",
                                           "love",
                                           "with gratitude",
                                           "gracias",
                                           "muchas gracias",
                                           "saludos",
                                           "un saludo",
                                           "saludos cordiales",
                                           "atentamente",
                                           "un abrazo",
                                           "abrazos",
                                           "cordialmente",
                                           "obrigado",
                                           "obrigada",
                                           "abraços",
                                           "atenciosamente",
                                           "merci",
                                           "cordialement",
                                           "bien cordialement",
                                           "onward",
                                           "in partnership",
                                           "go team",
                                           "peace",
                                           "ttyl",
                                           "talk soon",
                                           "see you soon",
                                           "your teacher"};
    gsize len;
    const char *line = signature_line(text, i, &len);
    bool found = false;
    for (gsize k = 0; !found && k < G_N_ELEMENTS(CLOSINGS); k++)
        found = strlen(CLOSINGS[k]) == len && memcmp(line, CLOSINGS[k], len) == 0;
    return found;
}

// Does `line` hold `word` as a word?
static bool signature_holds(const char *line, gsize len, const char *word)
{
    gsize n = strlen(word);
    bool found = false;
    const char *p = n && n <= len ? line : NULL;
    while (p && !found) {
        p = memmem(p, len - (gsize)(p - line), word, n);
        if (p) {
            gsize at = (gsize)(p - line);
            bool before = at == 0 || !(g_ascii_isalnum(line[at - 1]) || line[at - 1] < 0);
            bool after = at + n == len || !(g_ascii_isalnum(line[at + n]) || line[at + n] < 0);
            found = before && after;
            p++;
        }
    }
    return found;
}

static bool signature_is_greeting(const char *line, gsize len)
{
    static const char *const WORDS[] = {"hi",      "hello",   "dear", "hey",   "hola",
                                        "estimad", "querid",  "buen", "good ", "to ",
                                        "ol",      "bonjour", "cher", "from:", "re:"};
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(WORDS); i++)
        found = strlen(WORDS[i]) <= len && memcmp(line, WORDS[i], strlen(WORDS[i])) == 0;
    return found;
}

// A short line that carries the sender's name: the whole name, or part of it with little else.
static bool signature_is_name(const LayerText *text, guint i, char *const *names)
{
    static const char *const TITLES[] = {"mr",       "mrs",     "ms",      "mx",   "miss",  "dr",
                                         "coach",    "prof",    "sr",      "sra",  "señor", "señora",
                                         "señorita", "maestro", "maestra", "profe"};
    gsize len;
    const char *line = signature_line(text, i, &len);
    guint words = signature_words(line, len), held = 0, known = 0;
    for (guint k = 0; names && names[k]; k++) {
        bool counts = strlen(names[k]) >= 2;
        known += counts;
        held += counts && signature_holds(line, len, names[k]);
    }
    bool titled = false;
    for (guint k = 0; held && k < G_N_ELEMENTS(TITLES); k++)
        titled |= signature_holds(line, MIN(len, 12), TITLES[k]);
    bool fits =
        len >= 2 && len <= 70 && words <= 8 && !signature_is_greeting(line, len) && !memchr(line, '?', len);
    return fits && held && (words <= 2 || titled || (held >= 2 && held * 2 >= known));
}

// Given and family name in lower case; the display name of From where the roster knows no name.
static char **signature_names(const Parties *parties)
{
    const char *name = parties && parties->sender ? parties->sender->name : NULL;
    for (guint i = 0; !name && parties && parties->header && i < parties->header->len; i++) {
        const PartyHeader *header = g_ptr_array_index(parties->header, i);
        if (header->source && header->source->header &&
            g_ascii_strcasecmp(header->source->header, "From") == 0)
            name = header->source->name;
    }
    g_autofree char *lower = name ? g_ascii_strdown(name, -1) : NULL;
    return lower ? g_strsplit_set(lower, " ,\t\"'()", 12) : NULL;
}

// The first line of [from, to) that opens a signature, looked for in its last lines; `to` when there is none.
static guint signature_start(const LayerText *text, guint from, guint to, char *const *names,
                             const guint8 *device_lines)
{
    guint start = to, seen = 0;
    for (guint i = to; i > from && seen < SIGNATURE_LINES; i--) {
        const LayerLine *line = layer_line(text, i - 1);
        if (line->blank)
            continue;
        bool delimiter = signature_is_delimiter(text, i - 1);
        bool device = device_lines[i - 1];
        if (line->end - line->start > SIGNATURE_WIDTH && !device)
            break;
        seen++;
        // A closing word wants a name under it; a name opens where text stands above it or the run is that
        // short.
        if (delimiter || device || (signature_is_closing(text, i - 1) && start <= i + 3) ||
            signature_is_name(text, i - 1, names))
            start = i - 1;
        else if (signature_is_closing(text, i - 1) && layer_next(text, i) < to && seen <= 7)
            start = i - 1;
        if (delimiter)
            break;
    }
    return start;
}

void layer_mark_signature(const LayerText *text, guint from, guint to, const Parties *parties,
                          const guint8 *device_lines)
{
    g_auto(GStrv) names = signature_names(parties);
    guint start = signature_start(text, from, to, names, device_lines);
    for (guint i = start; i < to; i++)
        layer_line(text, i)->layer = LAYER_SIGNATURE;
}
