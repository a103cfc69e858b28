// layer: who wrote which stretch of a passage.
#include "detect/layer.h"

#include <string.h>

#define LAYER_FULL_LINE 68 // bytes of a line that a mail program may have wrapped
#define LAYER_TAIL_LINE 40 // and of what it left over

// ---- the walk ----

typedef struct {
    const DetectData *data;
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

// What a mail program left over when it wrapped a quoted line: lower case, short, amid quoted lines.
static bool layer_wrapped(const LayerText *text, guint i)
{
    const LayerLine *line = layer_line(text, i);
    const LayerLine *above = i > 0 ? layer_line(text, i - 1) : NULL;
    const LayerLine *below = i + 1 < text->lines->len ? layer_line(text, i + 1) : NULL;
    bool amid = above && below && above->depth > 0 && below->depth > 0 && !above->blank && !line->blank;
    return amid && above->end - above->start >= LAYER_FULL_LINE &&
           line->end - line->body <= LAYER_TAIL_LINE && g_ascii_islower(text->passage->text[line->body]) &&
           !strchr(".?!:", text->lower[above->end - 1]);
}

static guint layer_step(LayerWalk *walk, guint i)
{
    LayerLine *line = layer_line(walk->text, i);
    guint last = i, next = i + 1;
    if (line->depth || layer_wrapped(walk->text, i)) {
        line->layer = walk->quoting;
    } else if (walk->rest != LAYER_WRITTEN) {
        line->layer = walk->rest;
        if (!line->blank && layer_is_list_rule(walk->text, walk->known, i))
            next = layer_footer(walk->data, walk->text, walk->known, i);
        else if (!line->blank && layer_opening(walk->text, i, &last) == OPENING_FORWARDED)
            walk->rest = LAYER_FORWARDED;
    } else if (!line->blank) {
        next = layer_footer(walk->data, walk->text, walk->known, i);
        LayerOpening opening = next > i ? OPENING_NONE : layer_opening(walk->text, i, &last);
        if (opening)
            next = layer_enter(walk, opening, i, last);
        else if (next == i)
            walk->written = true;
        next = MAX(next, i + 1);
    }
    return next;
}

// Every run of written lines may end in a signature, and in a disclaimer that no table knows.
static void layer_signatures(const DetectData *data, const LayerText *text, const Parties *parties,
                             const guint8 *known)
{
    LayerNames names;
    layer_names_init(&names, data, parties);
    for (guint i = 0; i < text->lines->len;) {
        guint end = i;
        while (end < text->lines->len && layer_line(text, end)->layer == LAYER_WRITTEN)
            end++;
        if (end > i) {
            layer_legal(text, i, end);
            guint from = i;
            while (from < end) {
                guint to = from;
                while (to < end && layer_line(text, to)->layer == LAYER_WRITTEN)
                    to++;
                if (to > from)
                    layer_signature(text, from, to, &names, known);
                from = to + 1;
            }
        }
        i = end + 1;
    }
    layer_names_clear(&names);
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
           passage->origin != ORIGIN_FILENAME && passage->origin != ORIGIN_CODE &&
           passage->origin != ORIGIN_METADATA;
}

GArray *layer_find(const DetectData *data, const Passage *passage, const Parties *parties)
{
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(LayerMark));
    g_autoptr(LayerText) text = layer_text_new(passage);
    if (layer_has_lines(passage)) {
        g_autofree guint8 *known = layer_known_lines(data, text);
        LayerWalk walk = {
            .data = data, .text = text, .known = known, .rest = LAYER_WRITTEN, .quoting = LAYER_QUOTED};
        for (guint i = 0; i < text->lines->len;)
            i = layer_step(&walk, i);
        layer_signatures(data, text, parties, known);
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
