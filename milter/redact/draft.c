// The lines that are rendered, with marks in the place of what is redacted. From here on nothing else of the message is seen.
#include "redact/internal.h"

#include <string.h>

static void line_free(Line *line)
{
    g_free(line->text);
    g_array_unref(line->marks);
    g_free(line);
}

void draft_free(Draft *draft)
{
    if (draft == NULL)
        return;
    g_ptr_array_unref(draft->lines);
    g_array_unref(draft->mark_line);
    g_free(draft);
}

char *draft_mark(const char *code)
{
    return g_strdup_printf("[REDACTED %s]", code);
}

// ---- what goes together ----------------------------------------------------------------------------------

// Redactions that overlap or touch, as one black box.
typedef struct {
    gsize from, to;
    guint first, count; // in the list
} Box;

static bool only_spaces(const char *text, gsize from, gsize to)
{
    while (from < to && text[from] == ' ')
        from++;
    return from >= to;
}

// Of the same code, with nothing but spaces between: how many words a name has is nobody's concern.
static bool goes_with(const RenditionSection *section, const Box *box, const Redaction *last,
                      const Redaction *next)
{
    return next->from < box->to ||
           (strcmp(last->code, next->code) == 0 && only_spaces(section->text, box->to, next->from));
}

static GArray *boxes_of(const RenditionSection *section, const GPtrArray *redactions, guint first, guint end)
{
    GArray *boxes = g_array_new(FALSE, FALSE, sizeof(Box));
    for (guint i = first; i < end; i++) {
        const Redaction *one = redactions->pdata[i];
        Box *box = boxes->len > 0 ? &g_array_index(boxes, Box, boxes->len - 1) : NULL;
        if (box != NULL && goes_with(section, box, redactions->pdata[i - 1], one)) {
            box->to = MAX(box->to, one->to);
            box->count++;
        } else {
            Box next = {one->from, one->to, i, 1};
            g_array_append_val(boxes, next);
        }
    }
    return boxes;
}

// "[REDACTED A]", "[REDACTED A; B]": each code once.
static char *mark_of(const GPtrArray *redactions, const Box *box)
{
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = box->first; i < box->first + box->count; i++) {
        char *code = ((const Redaction *)redactions->pdata[i])->code;
        if (!g_ptr_array_find_with_equal_func(codes, code, g_str_equal, NULL))
            g_ptr_array_add(codes, code);
    }
    g_ptr_array_add(codes, NULL);
    g_autofree char *all = g_strjoinv("; ", (char **)codes->pdata);
    return draft_mark(all);
}

// ---- lines -----------------------------------------------------------------------------------------------

typedef struct {
    Draft *draft;
    GString *text; // of the line that is being written
    GArray *marks;
    guint number;
} Writing;

static void line_end(Writing *writing, guint number)
{
    Line *line = g_new0(Line, 1);
    while (writing->text->len > 0 && writing->text->str[writing->text->len - 1] == ' ')
        g_string_truncate(writing->text, writing->text->len - 1);
    line->number = number;
    line->text = g_strndup(writing->text->str, writing->text->len);
    line->marks = g_steal_pointer(&writing->marks);
    writing->marks = g_array_new(FALSE, FALSE, sizeof(LineMark));
    g_string_truncate(writing->text, 0);
    g_ptr_array_add(writing->draft->lines, line);
}

static void put_text(Writing *writing, const char *text, gsize len)
{
    for (const char *at = text, *end = text + len; at < end; at = g_utf8_next_char(at))
        if (*at == '\n')
            line_end(writing, ++writing->number);
        else if (!rendition_hides(g_utf8_get_char(at)))
            g_string_append_len(writing->text, at, g_utf8_next_char(at) - at);
}

static void put_mark(Writing *writing, const GPtrArray *redactions, const Box *box)
{
    g_autofree char *mark = mark_of(redactions, box);
    guint number = writing->number + 1;
    LineMark place = {writing->text->len, writing->text->len + strlen(mark)};
    g_string_append(writing->text, mark);
    g_array_append_val(writing->marks, place);
    for (guint i = 0; i < box->count; i++)
        g_array_append_val(writing->draft->mark_line, number);
    writing->draft->marks++;
}

static void put_section(Writing *writing, const RenditionSection *section, const GPtrArray *redactions,
                        guint first, guint end)
{
    g_autoptr(GArray) boxes = boxes_of(section, redactions, first, end);
    gsize at = 0;
    g_string_append(writing->text, section->label);
    line_end(writing, 0);
    for (guint i = 0; i < boxes->len; i++) {
        const Box *box = &g_array_index(boxes, Box, i);
        put_text(writing, section->text + at, box->from - at);
        put_mark(writing, redactions, box);
        at = box->to;
    }
    put_text(writing, section->text + at, section->len - at);
    // The last line's end may be redacted too.
    if (writing->text->len > 0)
        line_end(writing, ++writing->number);
}

Draft *draft_new(const Rendition *rendition, const GPtrArray *redactions)
{
    Draft *draft = g_new0(Draft, 1);
    draft->lines = g_ptr_array_new_with_free_func((GDestroyNotify)line_free);
    draft->mark_line = g_array_new(FALSE, FALSE, sizeof(guint));
    Writing writing = {
        .draft = draft, .text = g_string_new(NULL), .marks = g_array_new(FALSE, FALSE, sizeof(LineMark))};
    guint first = 0;
    for (guint i = 0; i < rendition->sections->len; i++) {
        guint end = first;
        while (end < redactions->len && ((const Redaction *)redactions->pdata[end])->section == i)
            end++;
        put_section(&writing, rendition->sections->pdata[i], redactions, first, end);
        first = end;
    }
    g_string_append(writing.text, "Not in this rendition");
    if (rendition->notes->len > 0)
        line_end(&writing, 0);
    for (guint i = 0; i < rendition->notes->len; i++) {
        g_string_assign(writing.text, rendition->notes->pdata[i]);
        line_end(&writing, ++writing.number);
    }
    g_string_free(writing.text, TRUE);
    g_array_unref(writing.marks);
    return draft;
}

char *draft_text(const Draft *draft, const char *bates)
{
    GString *out = g_string_new(NULL);
    if (bates != NULL)
        g_string_append_printf(out, "%s\n", bates);
    for (guint i = 0; i < draft->lines->len; i++) {
        const Line *line = draft->lines->pdata[i];
        if (line->number == 0)
            g_string_append_printf(out, "%s--- %s ---\n", out->len > 0 ? "\n" : "", line->text);
        else
            g_string_append_printf(out, "%5u%s%s\n", line->number, *line->text != '\0' ? "  " : "",
                                   line->text);
    }
    return g_string_free(out, FALSE);
}
