// The lines of a passage, and its text as layers compare it.
#include "detect/layer.h"
#include "detect/phrases_book.h"

#include <string.h>

#define LAYER_PREFIX_BLANKS 9

Layer layer_reader_mark(const Passage *passage, guint *index, gsize offset)
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
    while (at < line->end && (text[at] == '>' || text[at] == ' ' || text[at] == '\t') &&
           blanks < LAYER_PREFIX_BLANKS) {
        if (text[at] == '>')
            line->depth++;
        blanks = text[at] == '>' ? 0 : blanks + 1;
        at++;
    }
    while (at < line->end && g_ascii_isspace(text[at]))
        at++;
    line->body = (guint32)at;
    line->blank = at == line->end;
}

// Letters of two bytes (Latin-1) to lower case, blanks of several bytes to as many plain ones.
static void layer_lower_wide(char *text, gsize len)
{
    guchar *at = (guchar *)text, *end = at + len;
    while (at < end) {
        gsize rest = (gsize)(end - at);
        if (*at < 0x80) {
            at++;
        } else if (rest >= 2 && at[0] == 0xc3 && at[1] >= 0x80 && at[1] <= 0x9e && at[1] != 0x97) {
            at[1] = (guchar)(at[1] + 0x20);
            at += 2;
        } else if (rest >= 2 && at[0] == 0xc2 && at[1] == 0xa0) {
            at[0] = at[1] = ' ';
            at += 2;
        } else if (rest >= 3 && at[0] == 0xe2 && at[1] == 0x80 &&
                   ((at[2] >= 0x80 && at[2] <= 0x8a) || at[2] == 0xaf)) {
            at[0] = at[1] = at[2] = ' ';
            at += 3;
        } else {
            at++;
        }
    }
}

// Eight bytes at once, of them the capitals of ASCII in lower case.
static guint64 layer_lower_eight(guint64 bytes)
{
    const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101);
    guint64 low = bytes & (ones * 0x7f);
    guint64 capitals = (low + ones * (0x80 - 'A')) & ~(low + ones * (0x7f - 'Z')) & ~bytes & (ones * 0x80);
    return bytes | capitals >> 2;
}

static char *layer_lower(const char *text, gsize len)
{
    char *lower = g_malloc(len + 1);
    guint64 all = 0, bytes;
    gsize i = 0;
    for (; i + sizeof bytes <= len; i += sizeof bytes) {
        memcpy(&bytes, text + i, sizeof bytes);
        all |= bytes;
        bytes = layer_lower_eight(bytes);
        memcpy(lower + i, &bytes, sizeof bytes);
    }
    bytes = 0;
    memcpy(&bytes, text + i, len - i);
    all |= bytes;
    bytes = layer_lower_eight(bytes);
    memcpy(lower + i, &bytes, len - i);
    lower[len] = '\0';
    if (all & G_GUINT64_CONSTANT(0x8080808080808080))
        layer_lower_wide(lower, len);
    return lower;
}

LayerText *layer_text_new(const Passage *passage)
{
    LayerText *text = g_new0(LayerText, 1);
    text->passage = passage;
    text->lower = layer_lower(passage->text, passage->len);
    text->lines = g_array_sized_new(FALSE, FALSE, sizeof(LayerLine), (guint)(passage->len / 32) + 8);
    guint mark = 0;
    for (gsize at = 0; at < passage->len;) {
        const char *newline = memchr(passage->text + at, '\n', passage->len - at);
        gsize next = newline ? (gsize)(newline - passage->text) + 1 : passage->len;
        LayerLine line = {
            .start = (guint32)at, .end = (guint32)(newline ? next - 1 : next), .layer = LAYER_WRITTEN};
        if (line.end > line.start && passage->text[line.end - 1] == '\r')
            line.end--;
        layer_read_prefix(&line, text->lower);
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

gsize layer_fold(const char *lower, gsize len, char *out, gsize size)
{
    gsize n = 0;
    bool blank = true; // none at the start
    for (const char *at = lower, *end = lower + len; at < end && n + 7 < size; at = g_utf8_next_char(at)) {
        gunichar c = (guchar)*at < 0x80 ? (gunichar)*at : g_utf8_get_char(at);
        gunichar plain = c == 0x2019 || c == '`' ? '\'' : c < 0x80 ? c : phrases_fold(c);
        bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!space)
            n += (gsize)g_unichar_to_utf8(plain ? plain : c, out + n);
        else if (!blank)
            out[n++] = ' ';
        blank = space;
    }
    n -= n > 0 && out[n - 1] == ' ';
    out[n] = '\0';
    return n;
}

bool layer_is_rule(const LayerText *text, guint i, gsize least)
{
    const LayerLine *line = layer_line(text, i);
    const char *body = text->lower + line->body;
    gsize len = line->end - line->body, signs = 0;
    bool rule = len >= least && strchr("_-=*~#+.", body[0]) != NULL;
    for (gsize k = 0; rule && k < len; k++) {
        signs += body[k] == body[0];
        rule = body[k] == body[0] || g_ascii_isspace(body[k]);
    }
    return rule && signs >= least;
}
