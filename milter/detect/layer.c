// layer: who wrote which stretch of a passage.
#include "detect/layer.h"

#include "detect/tables.h"

#include <string.h>

#define LAYER_FOOTER_LINES 14

// ---- lines ----

static Layer layer_reader_mark(const Passage *passage, guint *index, gsize offset)
{
    Layer layer = LAYER_WRITTEN;
    const GArray *marks = passage->marks;
    while (marks && *index < marks->len && g_array_index(marks, LayerMark, *index).end <= offset)
        (*index)++;
    if (marks && *index < marks->len && g_array_index(marks, LayerMark, *index).start <= offset)
        layer = g_array_index(marks, LayerMark, *index).layer;
    return layer;
}

// Behind blanks and quote marks; counts the marks.
static void layer_read_prefix(LayerLine *line, const char *text)
{
    gsize at = line->start, blanks = 0;
    while (at < line->end && (text[at] == '>' || text[at] == ' ' || text[at] == '\t') && blanks < 9) {
        if (text[at] == '>')
            line->depth++;
        blanks = text[at] == '>' ? 0 : blanks + 1;
        at++;
    }
    while (at < line->end && g_ascii_isspace(text[at]))
        at++;
    line->body = at;
    line->blank = at == line->end;
}

LayerText *layer_text_new(const Passage *passage)
{
    LayerText *text = g_new0(LayerText, 1);
    text->passage = passage;
    text->lower = g_ascii_strdown(passage->text, (gssize)passage->len);
    text->lines = g_array_new(FALSE, FALSE, sizeof(LayerLine));
    guint mark = 0;
    for (gsize at = 0; at < passage->len;) {
        const char *newline = memchr(passage->text + at, '\n', passage->len - at);
        gsize next = newline ? (gsize)(newline - passage->text) + 1 : passage->len;
        LayerLine line = {.start = at, .end = newline ? next - 1 : next, .layer = LAYER_WRITTEN};
        if (line.end > line.start && passage->text[line.end - 1] == '\r')
            line.end--;
        layer_read_prefix(&line, passage->text);
        Layer marked = layer_reader_mark(passage, &mark, MIN(line.body, line.end));
        if (marked == LAYER_QUOTED || marked == LAYER_FORWARDED)
            line.depth++;
        g_array_append_val(text->lines, line);
        at = next;
    }
    return text;
}

void layer_text_free(LayerText *text)
{
    if (text) {
        g_free(text->lower);
        g_array_unref(text->lines);
        g_free(text);
    }
}

LayerLine *layer_line(const LayerText *text, guint i)
{
    return &g_array_index(text->lines, LayerLine, i);
}

guint layer_next(const LayerText *text, guint i)
{
    while (i < text->lines->len && layer_line(text, i)->blank)
        i++;
    return i;
}

// ---- footers: what the tables know ----

enum { LINE_DISCLAIMER = 1, LINE_LIST_FOOTER = 2, LINE_DEVICE = 4 };

// A byte a line: which phrases of disclaimers.txt open it.
static guint8 *layer_known_lines(const DetectData *data, const LayerText *text)
{
    guint8 *known = g_malloc0(text->lines->len + 1);
    const PhraseBook *book = tables_book(data, "disclaimers.txt");
    g_autoptr(GArray) tokens = phrases_tokens(book, text->lower, text->passage->len);
    g_autoptr(GArray) hits = phrases_open_lines(book, tokens);
    guint line = 0;
    for (guint i = 0; i < hits->len; i++) {
        const PhraseHit *hit = &g_array_index(hits, PhraseHit, i);
        const PhraseToken *token = &g_array_index(tokens, PhraseToken, hit->first);
        while (line + 1 < text->lines->len && layer_line(text, line + 1)->start <= token->start)
            line++;
        known[line] |= strcmp(hit->section, "device") == 0        ? LINE_DEVICE
                       : strcmp(hit->section, "list-footer") == 0 ? LINE_LIST_FOOTER
                                                                  : LINE_DISCLAIMER;
    }
    return known;
}

// Marks the footer that opens at line `i`: a disclaimer to the end of its paragraph, a list's lines to the
// end of the text or as many as one has. Returns the line behind it.
static guint layer_mark_footer(const LayerText *text, guint i, bool list)
{
    guint end = i;
    while (end < text->lines->len && layer_line(text, end)->depth == 0 && end < i + LAYER_FOOTER_LINES &&
           (list || end == i || !layer_line(text, end)->blank))
        layer_line(text, end++)->layer = LAYER_FOOTER;
    return end;
}

// ---- the walk ----

typedef struct {
    const LayerText *text;
    const guint8 *known;
    Layer rest;    // layer of all unprefixed lines from here to the end; LAYER_WRITTEN = none yet
    Layer quoting; // layer of prefixed lines
    bool written;  // somebody wrote something above
} LayerWalk;

static void layer_set(const LayerText *text, guint from, guint last, Layer layer)
{
    for (guint i = from; i <= last; i++)
        layer_line(text, i)->layer = layer;
}

// What the opening found at line `i` means for it and what follows.
static guint layer_enter(LayerWalk *walk, LayerOpening opening, guint i, guint last)
{
    guint next = layer_next(walk->text, last + 1);
    bool prefixed = next < walk->text->lines->len && layer_line(walk->text, next)->depth > 0;
    Layer layer = LAYER_QUOTED;
    if (opening == OPENING_FORWARDED || (opening == OPENING_ORIGINAL && !walk->written))
        layer = LAYER_FORWARDED;
    if (opening != OPENING_WEAK || prefixed) {
        layer_set(walk->text, i, last, layer);
        walk->quoting = layer;
        if (!prefixed)
            walk->rest = layer;
    } else {
        last = i; // a sentence that ends in "wrote:"
    }
    return last + 1;
}

static guint layer_step(LayerWalk *walk, guint i)
{
    LayerLine *line = layer_line(walk->text, i);
    guint last = i, next = i + 1;
    if (line->depth) {
        line->layer = walk->quoting;
    } else if (walk->rest != LAYER_WRITTEN) {
        line->layer = walk->rest;
        if (!line->blank && layer_opening(walk->text, i, &last) == OPENING_FORWARDED)
            walk->rest = LAYER_FORWARDED;
    } else if (walk->known[i] & (LINE_DISCLAIMER | LINE_LIST_FOOTER)) {
        next = layer_mark_footer(walk->text, i, walk->known[i] & LINE_LIST_FOOTER);
    } else if (!line->blank) {
        LayerOpening opening = layer_opening(walk->text, i, &last);
        if (opening)
            next = layer_enter(walk, opening, i, last);
        else
            walk->written = true;
    }
    return next;
}

// Every run of written lines may end in a signature.
static void layer_signatures(const LayerText *text, const Parties *parties, const guint8 *known)
{
    g_autofree guint8 *devices = g_malloc0(text->lines->len + 1);
    for (guint i = 0; i < text->lines->len; i++)
        devices[i] = known[i] & LINE_DEVICE;
    for (guint i = 0; i < text->lines->len;) {
        guint end = i;
        while (end < text->lines->len && layer_line(text, end)->layer == LAYER_WRITTEN)
            end++;
        if (end > i)
            layer_mark_signature(text, i, end, parties, devices);
        i = end + 1;
    }
}

// ---- marks ----

static void layer_emit(GArray *marks, gsize start, gsize end, Layer layer)
{
    LayerMark *last = marks->len ? &g_array_index(marks, LayerMark, marks->len - 1) : NULL;
    if (last && last->layer == layer && last->end == start) {
        last->end = end;
    } else if (start < end) {
        LayerMark mark = {start, end, layer};
        g_array_append_val(marks, mark);
    }
}

// [start, end) as `layer`, except where the reader saw something else in the markup.
static void layer_emit_line(GArray *marks, const Passage *passage, guint *index, gsize start, gsize end,
                            Layer layer)
{
    gsize at = start;
    while (at < end) {
        Layer marked = layer_reader_mark(passage, index, at);
        gsize stop = end;
        if (passage->marks && *index < passage->marks->len) {
            const LayerMark *mark = &g_array_index(passage->marks, LayerMark, *index);
            stop = MIN(end, mark->start > at ? mark->start : mark->end);
        }
        layer_emit(marks, at, stop, marked == LAYER_WRITTEN ? layer : marked);
        at = stop;
    }
}

static bool layer_has_lines(const Passage *passage)
{
    return passage->origin != ORIGIN_HEADER && passage->origin != ORIGIN_NAME &&
           passage->origin != ORIGIN_LINK && passage->origin != ORIGIN_ATTRIBUTE &&
           passage->origin != ORIGIN_FILENAME;
}

GArray *layer_find(const DetectData *data, const Passage *passage, const Parties *parties)
{
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(LayerMark));
    g_autoptr(LayerText) text = layer_text_new(passage);
    if (layer_has_lines(passage)) {
        g_autofree guint8 *known = layer_known_lines(data, text);
        LayerWalk walk = {.text = text, .known = known, .rest = LAYER_WRITTEN, .quoting = LAYER_QUOTED};
        for (guint i = 0; i < text->lines->len;)
            i = layer_step(&walk, i);
        layer_signatures(text, parties, known);
    }
    guint index = 0;
    for (guint i = 0; i < text->lines->len; i++) {
        gsize end = i + 1 < text->lines->len ? layer_line(text, i + 1)->start : passage->len;
        layer_emit_line(marks, passage, &index, layer_line(text, i)->start, end, layer_line(text, i)->layer);
    }
    return marks;
}

Layer layer_at(const GArray *marks, gsize offset)
{
    Layer layer = LAYER_WRITTEN;
    guint low = 0, high = marks ? marks->len : 0;
    while (low < high) {
        guint mid = low + (high - low) / 2;
        const LayerMark *mark = &g_array_index(marks, LayerMark, mid);
        if (offset < mark->start) {
            high = mid;
        } else if (offset >= mark->end) {
            low = mid + 1;
        } else {
            layer = mark->layer;
            low = high;
        }
    }
    return layer;
}
