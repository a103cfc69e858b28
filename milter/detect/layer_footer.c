// Footers: text that is nobody's message. What the tables know, what lists put under mail, what lawyers write.
#include "detect/layer.h"
#include "detect/tables.h"

#include <string.h>

#define FOOTER_LINES       30
#define FOOTER_LIST_LINES  14
#define FOOTER_LEGAL_WORDS 3
#define FOOTER_PARAGRAPHS  2 // at the end of written text looked at for words of lawyers

guint8 *layer_known_lines(const DetectData *data, const LayerText *text)
{
    guint8 *known = g_malloc0(text->lines->len + 1);
    const PhraseBook *book = tables_book(data, "disclaimers.txt");
    g_autoptr(GArray) starts = NULL;
    g_autoptr(GArray) hits = phrases_open_lines(book, text->lower, text->passage->len, &starts);
    guint line = 0;
    for (guint i = 0; i < hits->len; i++) {
        const PhraseHit *hit = &g_array_index(hits, PhraseHit, i);
        gsize start = g_array_index(starts, gsize, i);
        while (line + 1 < text->lines->len && layer_line(text, line + 1)->start <= start)
            line++;
        known[line] |= strcmp(hit->section, "device") == 0        ? LINE_DEVICE
                       : strcmp(hit->section, "list-footer") == 0 ? LINE_LIST_FOOTER
                                                                  : LINE_DISCLAIMER;
    }
    return known;
}

// ---- of the tables ----

static bool footer_holds(const LayerText *text, guint i, const char *word)
{
    const LayerLine *line = layer_line(text, i);
    return memmem(text->lower + line->body, line->end - line->body, word, strlen(word)) != NULL;
}

bool layer_is_list_rule(const LayerText *text, const guint8 *known, guint i)
{
    const LayerLine *line = layer_line(text, i);
    bool delimiter = line->end - line->start >= 2 && line->end - line->start <= 3 &&
                     strncmp(text->lower + line->start, "--", 2) == 0;
    guint next = delimiter || layer_is_rule(text, i, 10) ? layer_next(text, i + 1) : i;
    return next > i && next <= i + 2 && next < text->lines->len && layer_line(text, next)->depth == 0 &&
           ((known[next] & LINE_LIST_FOOTER) || footer_holds(text, next, "mailing list") ||
            (next + 1 < text->lines->len && footer_holds(text, next + 1, "listinfo")));
}

static guint footer_paragraph(const LayerText *text, guint i)
{
    guint end = i;
    while (end < text->lines->len && end < i + FOOTER_LINES && layer_line(text, end)->depth == 0 &&
           !layer_line(text, end)->blank)
        end++;
    return end;
}

// Of a list: to the end of the text or to what is quoted, when that is as far as one reaches; else its paragraph.
static guint footer_list(const LayerText *text, guint i)
{
    guint end = i, last;
    while (end < text->lines->len && end < i + FOOTER_LIST_LINES && layer_line(text, end)->depth == 0 &&
           (end <= i + 1 || layer_opening(text, end, &last) == OPENING_NONE))
        end++;
    return end < i + FOOTER_LIST_LINES || end == text->lines->len ? end : footer_paragraph(text, i);
}

// The line behind a disclaimer of the district's own that begins at line `i`; `i` when none does.
static guint footer_own(const DetectData *data, const LayerText *text, guint i)
{
    gsize ends =
        disclaimer_at(tables_disclaimers(data), text->lower, text->passage->len, layer_line(text, i)->body);
    guint end = i;
    while (end < text->lines->len && layer_line(text, end)->start < ends && layer_line(text, end)->depth == 0)
        end++;
    bool all = end == text->lines->len || layer_line(text, end)->start >= ends;
    return all ? end : i;
}

guint layer_footer(const DetectData *data, const LayerText *text, const guint8 *known, guint i)
{
    guint end = i;
    if (!layer_line(text, i)->blank) {
        guint under = layer_is_rule(text, i, 3) ? layer_next(text, i + 1) : text->lines->len;
        bool ruled = under <= i + 2 && under < text->lines->len && layer_line(text, under)->depth == 0;
        end = footer_own(data, text, i);
        if (end == i && (layer_is_list_rule(text, known, i) || (known[i] & LINE_LIST_FOOTER)))
            end = footer_list(text, i);
        else if (end == i && (known[i] & LINE_DISCLAIMER))
            end = footer_paragraph(text, i);
        else if (end == i && ruled && (known[under] & LINE_DISCLAIMER))
            end = footer_paragraph(text, under);
    }
    for (guint k = i; k < end; k++)
        layer_line(text, k)->layer = LAYER_FOOTER;
    return end;
}

// ---- words of lawyers ----

// Which of the words by their beginnings, as bits.
static guint32 footer_legal_bit(const char *word, gsize len)
{
    static const char *const WORDS[] = {
        "confiden", "privileg", "intended",  "recipient", "destinat", "unauthor", "autoriz",   "disclos",
        "divulg",   "dissemin", "distribu",  "prohibit",  "prohibid", "proibid",  "interdit",  "destroy",
        "liab",     "ferpa",    "discrimin", "retention", "copying",  "difus",    "diffusion", "monitored"};
    guint32 bit = 0;
    for (gsize i = 0; !bit && len >= 4 && i < G_N_ELEMENTS(WORDS); i++)
        if (WORDS[i][0] == word[0] && strlen(WORDS[i]) <= len &&
            memcmp(WORDS[i], word, strlen(WORDS[i])) == 0)
            bit = 1u << i;
    return bit;
}

static bool footer_is_legal(const LayerText *text, guint from, guint to)
{
    guint32 seen = 0;
    gsize at = layer_line(text, from)->body, end = layer_line(text, to - 1)->end;
    while (at < end) {
        gsize word = at;
        while (at < end && g_ascii_isalpha(text->lower[at]))
            at++;
        seen |= footer_legal_bit(text->lower + word, at - word);
        at += at == word;
    }
    return __builtin_popcount(seen) >= FOOTER_LEGAL_WORDS;
}

void layer_legal(const LayerText *text, guint from, guint to)
{
    bool under = from > 0 && layer_line(text, from - 1)->layer == LAYER_FOOTER; // a footer goes on
    guint first = layer_next(text, from);
    for (guint i = first; under && i < to && i < first + 1;) {
        guint end = MIN(footer_paragraph(text, i), to);
        under = end > i && footer_is_legal(text, i, end);
        for (guint k = i; under && k < end; k++)
            layer_line(text, k)->layer = LAYER_FOOTER;
        first = i = under ? layer_next(text, end) : to;
    }
    guint last = to;
    for (guint n = 0; n < FOOTER_PARAGRAPHS && last > first; n++) {
        while (last > first && layer_line(text, last - 1)->blank)
            last--;
        guint start = last;
        while (start > first && !layer_line(text, start - 1)->blank && last - start < FOOTER_LINES)
            start--;
        if (start > first && start < last && footer_is_legal(text, start, last))
            for (guint k = start; k < last; k++)
                layer_line(text, k)->layer = LAYER_FOOTER;
        last = start;
    }
}
