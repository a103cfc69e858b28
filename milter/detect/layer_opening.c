// Lines that open quoted or forwarded text, as the common mail programs write them.
#include "detect/layer.h"

#include <string.h>

#define OPENING_LINES  4   // an attribution is wrapped over so many lines at most
#define OPENING_LENGTH 400 // bytes of it
#define OPENING_RULED  120 // bytes of a line between rules
#define OPENING_DIGITS 5   // of a date with its time

static bool opening_starts(const char *text, gsize len, const char *const *words, gsize count)
{
    bool found = false;
    for (gsize i = 0; !found && i < count; i++)
        found = strlen(words[i]) <= len && memcmp(text, words[i], strlen(words[i])) == 0;
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

// Does `text` tell a date with its time of day ("4:05", "16h05"), or an address? A year or a page is not enough.
static bool opening_dated(const char *text, gsize len)
{
    bool address = false, time = false;
    guint digits = 0;
    for (gsize i = 0; i < len; i++) {
        bool inside = i > 0 && i + 1 < len;
        digits += g_ascii_isdigit(text[i]);
        address |= inside && text[i] == '@' && g_ascii_isalnum(text[i - 1]) && g_ascii_isalnum(text[i + 1]);
        time |= inside && i + 2 < len && (text[i] == ':' || text[i] == 'h') && g_ascii_isdigit(text[i - 1]) &&
                g_ascii_isdigit(text[i + 1]) && g_ascii_isdigit(text[i + 2]);
    }
    return address || (time && digits >= OPENING_DIGITS);
}

// Does the folded `text` end in a verb of writing and a colon?
static bool opening_verb(const char *text, gsize len)
{
    static const char *const VERBS[] = {"wrote", "writes",  "escribio",   "escreveu",
                                        "ecrit", "schrieb", "ha scritto", "schreef"};
    bool found = false;
    while (len && (text[len - 1] == ':' || text[len - 1] == ' '))
        len--;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(VERBS); i++) {
        gsize n = strlen(VERBS[i]);
        found =
            n <= len && memcmp(text + len - n, VERBS[i], n) == 0 && (n == len || text[len - n - 1] == ' ');
    }
    // German puts the writer behind the verb.
    found = found || (len > 3 && memcmp(text, "am ", 3) == 0 && memmem(text, len, " schrieb ", 9));
    return found;
}

// "On Tue, Oct 6, 2026 at 3:14 PM Jane Doe <jane@example.org>\nwrote:"
static LayerOpening opening_wrapped(const LayerText *text, guint i, guint *out_last)
{
    static const char *const WORDS[] = {"on ", "el ", "em ", "le ", "am ", "il ", "op ", "a las ", "no dia "};
    const LayerLine *first = layer_line(text, i);
    const char *body = text->lower + first->body;
    gsize all = opening_len(text, i);
    bool may = opening_starts(body, all, WORDS, G_N_ELEMENTS(WORDS));
    LayerOpening found = OPENING_NONE;
    for (guint k = i; may && !found && k < text->lines->len && k < i + OPENING_LINES; k++) {
        const LayerLine *line = layer_line(text, k);
        gsize len = line->body + opening_len(text, k) - first->body;
        char folded[OPENING_LENGTH + 16];
        may = !line->blank && line->depth == first->depth && len <= OPENING_LENGTH;
        if (may && body[len - 1] == ':' &&
            opening_verb(folded, layer_fold(body, len, folded, sizeof folded))) {
            found = opening_dated(body, len) ? OPENING_ATTRIBUTION : OPENING_WEAK;
            *out_last = k;
        }
    }
    return found;
}

// "Jane Doe <jane@example.org> wrote:", "Jane Doe wrote on 11/3/2026 4:05 PM:", "Quoting jane@example.org:"
static LayerOpening opening_one_line(const LayerText *text, guint i)
{
    static const char *const QUOTING[] = {"quoting ", "citando a ", "citando ", "citant ", "zitat von "};
    static const char *const WROTE_ON[] = {" wrote on ", " escribio el ", " escreveu em ", " a ecrit le ",
                                           " schrieb am "};
    const char *body = text->lower + layer_line(text, i)->body;
    gsize len = opening_len(text, i);
    LayerOpening found = OPENING_NONE;
    if (len > 0 && len <= OPENING_LENGTH / 2 && body[len - 1] == ':') {
        char folded[OPENING_LENGTH + 16];
        gsize n = layer_fold(body, len, folded, sizeof folded);
        bool dated = opening_dated(folded, n);
        bool says = opening_verb(folded, n) || opening_starts(folded, n, QUOTING, G_N_ELEMENTS(QUOTING));
        for (gsize k = 0; !says && k < G_N_ELEMENTS(WROTE_ON); k++)
            says = strstr(folded, WROTE_ON[k]) != NULL;
        bool date_first = g_ascii_isdigit(folded[0]) && memchr(folded, '@', n) &&
                          strspn(folded, "0123456789") == 4 && (folded[4] == '-' || folded[4] == '/');
        if (says || date_first)
            found = dated ? OPENING_ATTRIBUTION : OPENING_WEAK;
    }
    return found;
}

LayerOpening layer_attribution(const LayerText *text, guint i, guint *out_last)
{
    *out_last = i;
    LayerOpening found = opening_wrapped(text, i, out_last);
    return found ? found : opening_one_line(text, i);
}

// "-----Original Message-----", "---------- Forwarded message ---------", "Begin forwarded message:".
static LayerOpening opening_separator(const LayerText *text, guint i)
{
    static const char *const ORIGINAL[] = {
        "original message",  "original appointment", "mensaje original",   "mensagem original",
        "message d'origine", "message original",     "message initial",    "urspr",
        "reply message",     "reply above this",     "please reply above", "mensaje anterior"};
    static const char *const FORWARDED[] = {"forwarded message",
                                            "forwarded by",
                                            "forwarded email",
                                            "begin forwarded message",
                                            "mensaje reenviado",
                                            "reenviado por",
                                            "inicio del mensaje reenviado",
                                            "mensagem encaminhada",
                                            "mensagem reencaminhada",
                                            "encaminhado por",
                                            "inicio da mensagem",
                                            "comeco da mensagem",
                                            "message transfere",
                                            "message reexpedie",
                                            "mail transfere",
                                            "courriel transfere",
                                            "transfere par",
                                            "debut du message",
                                            "weitergeleitete nachricht",
                                            "e-mail transfere",
                                            "messages transferes",
                                            "inicio de mensaje reenviado"};
    const LayerLine *line = layer_line(text, i);
    const char *body = text->lower + line->body;
    gsize len = opening_len(text, i), at = 0;
    while (at < len && strchr("-_*=# ", body[at]))
        at++;
    bool ruled = at >= 3, colon = len && body[len - 1] == ':';
    LayerOpening found = OPENING_NONE;
    if (len > at && len <= OPENING_RULED && (ruled || colon)) {
        char folded[OPENING_RULED + 16];
        gsize n = layer_fold(body + at, len - at, folded, sizeof folded);
        if (opening_starts(folded, n, FORWARDED, G_N_ELEMENTS(FORWARDED)))
            found = OPENING_FORWARDED;
        else if (opening_starts(folded, n, ORIGINAL, G_N_ELEMENTS(ORIGINAL)))
            found = OPENING_ORIGINAL;
    }
    return found;
}

// Notes: "Jane Doe" ---11/03/2026 02:00:10 PM---first words
static bool opening_noted(const LayerText *text, guint i)
{
    const char *body = text->lower + layer_line(text, i)->body;
    gsize len = opening_len(text, i);
    const char *rule = len >= 16 && len <= OPENING_LENGTH ? memmem(body, len, "---", 3) : NULL;
    const char *date = rule ? rule + 3 : NULL;
    gsize digits = date ? strspn(date, "0123456789/.-") : 0;
    return rule && rule > body && digits >= 8 && digits <= 10 && date[digits] == ' ' &&
           opening_dated(date, (gsize)(body + len - date)) && strstr(date + digits, "---");
}

LayerOpening layer_opening(const LayerText *text, guint i, guint *out_last)
{
    LayerOpening found = OPENING_NONE;
    guint from, last;
    *out_last = i;
    if (!layer_line(text, i)->blank) {
        found = opening_separator(text, i);
        guint next = layer_is_rule(text, i, 10) ? layer_next(text, i + 1) : i;
        if (!found && next < text->lines->len && next <= i + 2 &&
            layer_header_block(text, next, &from, &last)) {
            found = OPENING_ORIGINAL;
            *out_last = last;
        }
        if (!found && opening_noted(text, i))
            found = OPENING_ORIGINAL;
        if (!found)
            found = layer_attribution(text, i, out_last);
    }
    return found;
}

GArray *layer_authors(const Passage *passage)
{
    GArray *authors = g_array_new(FALSE, FALSE, sizeof(LayerAuthor));
    g_autoptr(LayerText) text = layer_text_new(passage);
    for (guint i = 0; i < text->lines->len; i++) {
        guint first = i, last = i, block = i;
        const LayerLine *line = layer_line(text, i);
        bool named = !line->blank && layer_attribution(text, i, &last) != OPENING_NONE;
        if (!named && !line->blank && layer_header_block(text, i, &first, &block)) {
            named = true;
            last = first; // the From line alone: To names somebody else
        }
        if (named) {
            LayerAuthor author = {layer_line(text, first)->body, layer_line(text, last)->end};
            g_array_append_val(authors, author);
            i = MAX(last, block);
        }
    }
    return authors;
}
