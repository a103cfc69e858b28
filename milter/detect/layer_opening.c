// Lines that open quoted or forwarded text, as the common mail programs write them.
#include "detect/layer.h"

#include <string.h>

#define OPENING_LINES   4   // an attribution is wrapped over so many lines at most
#define OPENING_LENGTH  400 // bytes of it
#define OPENING_HEADERS 8   // lines of a header block looked at

static bool opening_starts(const char *text, gsize len, const char *const *words, gsize count)
{
    bool found = false;
    for (gsize i = 0; !found && i < count; i++)
        found = strlen(words[i]) <= len && memcmp(text, words[i], strlen(words[i])) == 0;
    return found;
}

static bool opening_ends(const char *text, gsize len, const char *const *words, gsize count)
{
    bool found = false;
    for (gsize i = 0; !found && i < count; i++) {
        gsize n = strlen(words[i]);
        found = n <= len && memcmp(text + len - n, words[i], n) == 0;
    }
    return found;
}

static gsize opening_len(const LayerText *text, guint i)
{
    const LayerLine *line = layer_line(text, i);
    gsize end = line->end;
    while (end > line->body && (g_ascii_isspace(text->lower[end - 1]) || text->lower[end - 1] == '*'))
        end--;
    return end - line->body;
}

static bool opening_has(const char *text, gsize len, const char *set)
{
    bool found = false;
    for (gsize i = 0; !found && i < len; i++)
        found = strchr(set, text[i]) != NULL && text[i];
    return found;
}

static bool opening_verb(const char *text, gsize len)
{
    static const char *const VERBS[] = {
        "wrote:",    "writes:",   "wrote :",          "escribió:", "escribio:",
        "escreveu:", "a écrit :", "a écrit\xc2\xa0:", "a écrit:",  "a ecrit :",
        "a ecrit:",  "schrieb:",  "ha scritto:",      "schreef:",  "escribió :"};
    return opening_ends(text, len, VERBS, G_N_ELEMENTS(VERBS));
}

// "On Tue, Oct 6, 2026 at 3:14 PM Jane Doe <jane@example.org>\nwrote:" and its kin.
static LayerOpening opening_attribution(const LayerText *text, guint i, guint *out_last)
{
    static const char *const WORDS[] = {"on ", "el ", "em ", "le ", "am ", "il giorno ", "op ", "a las "};
    const LayerLine *first = layer_line(text, i);
    const char *body = text->lower + first->body;
    bool dated = opening_starts(body, opening_len(text, i), WORDS, G_N_ELEMENTS(WORDS));
    LayerOpening found = OPENING_NONE;
    for (guint k = i; !found && k < text->lines->len && k < i + (dated ? OPENING_LINES : 1u); k++) {
        const LayerLine *line = layer_line(text, k);
        gsize len = line->body + opening_len(text, k) - first->body;
        if (line->blank || line->depth != first->depth || len > OPENING_LENGTH)
            break;
        if (opening_verb(body, len)) {
            bool strong = opening_has(body, len, dated ? "0123456789@" : "@");
            found = strong ? OPENING_ATTRIBUTION : OPENING_WEAK;
            *out_last = k;
        }
    }
    return found;
}

// "-----Original Message-----", "---------- Forwarded message ---------", "Begin forwarded message:".
static LayerOpening opening_separator(const LayerText *text, guint i)
{
    static const char *const ORIGINAL[] = {"original message",
                                           "original appointment",
                                           "mensaje original",
                                           "mensagem original",
                                           "message d'origine",
                                           "message d’origine",
                                           "urspr",
                                           "reply message",
                                           "reply above this line"};
    static const char *const FORWARDED[] = {"forwarded message",
                                            "forwarded by",
                                            "begin forwarded message",
                                            "mensaje reenviado",
                                            "inicio del mensaje reenviado",
                                            "mensagem encaminhada",
                                            "início da mensagem encaminhada",
                                            "message transféré",
                                            "début du message",
                                            "weitergeleitete nachricht"};
    const LayerLine *line = layer_line(text, i);
    const char *body = text->lower + line->body;
    gsize len = opening_len(text, i), at = 0;
    while (at < len && strchr("-_*=# ", body[at]))
        at++;
    bool ruled = at >= 3, colon = len && body[len - 1] == ':';
    LayerOpening found = OPENING_NONE;
    if (len > 90 || !(ruled || colon))
        found = OPENING_NONE;
    else if (opening_starts(body + at, len - at, FORWARDED, G_N_ELEMENTS(FORWARDED)))
        found = OPENING_FORWARDED;
    else if (opening_starts(body + at, len - at, ORIGINAL, G_N_ELEMENTS(ORIGINAL)))
        found = OPENING_ORIGINAL;
    return found;
}

static bool opening_is_from(const char *body, gsize len)
{
    static const char *const FROM[] = {
        "from:", "*from:", "from :", "de:", "*de:", "de :", "von:", "*von:", "da:"};
    return opening_starts(body, len, FROM, G_N_ELEMENTS(FROM));
}

// "From: ... / Sent: ... / To: ... / Subject: ..." with or without bold marks, in the order of any program.
static bool opening_header_block(const LayerText *text, guint i, guint *out_last)
{
    static const char *const NAMES[] = {
        "sent:",     "*sent:",      "date:",       "*date:",      "to:",       "*to:",        "cc:",
        "*cc:",      "subject:",    "*subject:",   "enviado:",    "*enviado:", "enviado el:", "*enviado el:",
        "para:",     "*para:",      "asunto:",     "*asunto:",    "fecha:",    "*fecha:",     "data:",
        "assunto:",  "*assunto:",   "enviada em:", "enviado em:", "envoyé",    "*envoyé",     "à:",
        "à :",       "*à",          "objet",       "*objet",      "gesendet:", "an:",         "betreff:",
        "reply-to:", "importance:", "attachments:"};
    const LayerLine *first = layer_line(text, i);
    bool is = opening_is_from(text->lower + first->body, opening_len(text, i));
    guint named = 0;
    for (guint k = i + 1; is && k < text->lines->len && k <= i + OPENING_HEADERS; k++) {
        const LayerLine *line = layer_line(text, k);
        if (line->depth == first->depth &&
            opening_starts(text->lower + line->body, opening_len(text, k), NAMES, G_N_ELEMENTS(NAMES))) {
            named++;
            *out_last = k;
        } else if (line->blank && named) {
            break;
        }
    }
    return is && named >= 2;
}

// A rule of underscores or dashes that only stands above a header block.
static bool opening_is_rule(const LayerText *text, guint i)
{
    const LayerLine *line = layer_line(text, i);
    gsize len = opening_len(text, i);
    return len >= 10 &&
           (strspn(text->lower + line->body, "_") == len || strspn(text->lower + line->body, "-") == len);
}

LayerOpening layer_opening(const LayerText *text, guint i, guint *out_last)
{
    LayerOpening found = OPENING_NONE;
    *out_last = i;
    if (!layer_line(text, i)->blank) {
        found = opening_separator(text, i);
        guint next = opening_is_rule(text, i) ? layer_next(text, i + 1) : i;
        if (!found && next < text->lines->len && next <= i + 2 && opening_header_block(text, next, out_last))
            found = OPENING_ORIGINAL;
        if (!found)
            found = opening_attribution(text, i, out_last);
    }
    return found;
}

GArray *layer_authors(const Passage *passage)
{
    GArray *authors = g_array_new(FALSE, FALSE, sizeof(LayerAuthor));
    g_autoptr(LayerText) text = layer_text_new(passage);
    for (guint i = 0; i < text->lines->len; i++) {
        guint last = i;
        const LayerLine *line = layer_line(text, i);
        LayerOpening opening = line->blank ? OPENING_NONE : opening_attribution(text, i, &last);
        if (!opening && !line->blank && opening_header_block(text, i, &last))
            last = i; // the From line alone: To names somebody else
        else if (!opening)
            continue;
        LayerAuthor author = {line->body, layer_line(text, last)->end};
        g_array_append_val(authors, author);
        i = last;
    }
    return authors;
}
