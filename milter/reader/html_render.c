// HTML as a client shows it: inline tags join, blocks, cells and rows break, what is hidden goes elsewhere.
// No tree is built: a stack of open elements, bounded by limits.html_depth, holds all there is to know.
#include "reader/html_layer.h"

#include <string.h>

#define BIDI_LINE_MAX 4096 // bytes of a line that is turned round

typedef enum { BREAK_NONE, BREAK_SPACE, BREAK_CELL, BREAK_LINE, BREAK_PARAGRAPH } RenderBreak;

typedef struct {
    guint32 name; // hash of the tag's name
    HtmlTag tag;
    RenderBreak after; // what its end breaks
    HtmlStyle style;
    Layer layer;
    bool reply; // holds a quotation and what its reader answers
    bool hides;
    gsize start; // in the shown text
} RenderElement;

typedef struct {
    HtmlRendering *out;
    const ConfigLimits *limits;
    GHashTable *classes;  // hidden by a style sheet
    GArray *stack;        // of RenderElement; [0] is the document
    guint open[TAG_LAST]; // how many of a kind are on the stack
    guint overflow;       // elements open below the deepest that is kept
    RenderBreak pending;  // before the next shown text
    bool hidden_break;    // before the next hidden text
    bool outlook;
    GString *scratch;
} Renderer;

static RenderElement *render_at(Renderer *renderer, guint i)
{
    return &g_array_index(renderer->stack, RenderElement, i);
}

static RenderElement *render_top(Renderer *renderer)
{
    return render_at(renderer, renderer->stack->len - 1);
}

// ---- text ------------------------------------------------------------------------------------------------

static void render_break(Renderer *renderer, RenderBreak kind)
{
    renderer->pending = MAX(renderer->pending, kind);
    renderer->hidden_break |= kind > BREAK_SPACE;
}

static bool render_ends(const GString *text, char c)
{
    return text->len && text->str[text->len - 1] == c;
}

static void render_flush(Renderer *renderer)
{
    GString *shown = renderer->out->shown;
    RenderBreak pending = shown->len ? renderer->pending : BREAK_NONE;
    renderer->pending = BREAK_NONE;
    if (render_ends(shown, '\n')) {
        if (pending == BREAK_PARAGRAPH && !(shown->len > 1 && shown->str[shown->len - 2] == '\n'))
            g_string_append_c(shown, '\n');
        return;
    }
    static const char *const breaks[] = {"", " ", "\t", "\n", "\n\n"};
    g_string_append(shown, breaks[pending]);
}

// Text from `start` on belongs to `layer`.
static void render_mark(Renderer *renderer, gsize start, Layer layer)
{
    GArray *marks = renderer->out->marks;
    gsize end = renderer->out->shown->len;
    if (layer == LAYER_WRITTEN || start == end)
        return;
    LayerMark *last = marks->len ? &g_array_index(marks, LayerMark, marks->len - 1) : NULL;
    if (last && last->layer == layer && last->end == start) {
        last->end = end;
    } else {
        LayerMark mark = {start, end, layer};
        g_array_append_val(marks, mark);
    }
}

static bool render_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void render_flowing(Renderer *renderer, const char *text, gsize len)
{
    for (gsize at = 0; at < len;) {
        gsize word = at;
        while (at < len && !render_white(text[at]))
            at++;
        if (at > word) {
            render_flush(renderer);
            g_string_append_len(renderer->out->shown, text + word, at - word);
        }
        for (; at < len && render_white(text[at]); at++)
            renderer->pending = MAX(renderer->pending, BREAK_SPACE);
    }
}

static void render_kept(Renderer *renderer, const char *text, gsize len)
{
    if (!len)
        return;
    render_flush(renderer);
    for (gsize i = 0; i < len; i++) {
        if (text[i] != '\r')
            g_string_append_c(renderer->out->shown, text[i]);
    }
}

static void render_hidden(Renderer *renderer, const char *text, gsize len)
{
    GString *hidden = renderer->out->hidden;
    if (renderer->hidden_break && hidden->len && !render_ends(hidden, '\n'))
        g_string_append_c(hidden, '\n');
    renderer->hidden_break = false;
    for (gsize i = 0; i < len; i++) {
        if (!render_white(text[i]))
            g_string_append_c(hidden, text[i]);
        else if (hidden->len && !render_ends(hidden, ' '))
            g_string_append_c(hidden, ' ');
    }
}

// A quotation whose first words say that it is a forwarded message is one.
static void render_forwarded(Renderer *renderer, const char *text, gsize len)
{
    if (render_top(renderer)->layer != LAYER_QUOTED || !html_layer_forwarded(text, len))
        return;
    for (guint i = 0; i < renderer->stack->len; i++) {
        if (render_at(renderer, i)->layer == LAYER_QUOTED)
            render_at(renderer, i)->layer = LAYER_FORWARDED;
    }
}

static void render_text(Renderer *renderer, const char *text, gsize len)
{
    RenderElement *top = render_top(renderer);
    if (top->hides) {
        render_hidden(renderer, text, len);
        return;
    }
    render_forwarded(renderer, text, len);
    bool fresh = renderer->pending == BREAK_NONE;
    gsize before = renderer->out->shown->len;
    if (top->style.pre)
        render_kept(renderer, text, len);
    else
        render_flowing(renderer, text, len);
    // A break before the text is nobody's, unless the text before it is of the same layer.
    const GArray *marks = renderer->out->marks;
    bool joins = marks->len && g_array_index(marks, LayerMark, marks->len - 1).end == before;
    while (!fresh && !joins && before < renderer->out->shown->len &&
           render_white(renderer->out->shown->str[before]))
        before++;
    render_mark(renderer, before, top->layer);
}

static void render_text_token(Renderer *renderer, const HtmlToken *token)
{
    if (token->tag == TAG_SCRIPT) {
        renderer->out->script = true;
        return;
    }
    if (token->tag == TAG_STYLE || token->tag == TAG_TITLE)
        return;
    g_string_truncate(renderer->scratch, 0);
    if (token->literal)
        g_string_append_len(renderer->scratch, token->text, token->len);
    else
        html_decode(token->text, token->len, false, renderer->scratch);
    render_text(renderer, renderer->scratch->str, renderer->scratch->len);
}

// ---- the end of an element -------------------------------------------------------------------------------

// Turns each line of text[start..] round: it was shown from right to left.
static void render_reverse(GString *text, gsize start)
{
    while (start < text->len) {
        char *line = text->str + start;
        gsize len = strcspn(line, "\n\t");
        if (len && len <= BIDI_LINE_MAX) {
            g_autofree char *turned = g_utf8_strreverse(line, len);
            memcpy(line, turned, len);
        }
        start += len + 1;
    }
}

// What stands behind the quotation in its reply is the reader's own answer.
static void render_answered(Renderer *renderer, const RenderElement *top)
{
    RenderElement *around = renderer->stack->len > 1 ? render_at(renderer, renderer->stack->len - 2) : NULL;
    if (around && around->reply && around->layer == LAYER_QUOTED && top->tag == TAG_BLOCKQUOTE)
        around->layer = LAYER_WRITTEN;
}

static void render_pop(Renderer *renderer)
{
    RenderElement *top = render_top(renderer);
    bool outer = renderer->stack->len > 1 && render_at(renderer, renderer->stack->len - 2)->style.reversed;
    if (top->style.reversed && !outer)
        render_reverse(renderer->out->shown, top->start);
    render_break(renderer, top->after);
    render_answered(renderer, top);
    renderer->open[top->tag]--;
    g_array_set_size(renderer->stack, renderer->stack->len - 1);
}

// Tables shut what is open outside them off from what ends inside.
static bool render_barrier(HtmlTag tag, HtmlTag ending)
{
    bool table = ending == TAG_CELL || ending == TAG_ROW || ending == TAG_TABLE || ending == TAG_BODY;
    return table ? tag == TAG_TABLE && ending != TAG_TABLE && ending != TAG_BODY
                 : tag == TAG_CELL || tag == TAG_TABLE;
}

// Ends the nearest element of that tag, and of that name unless `name` is 0, with all that is open in it.
static void render_end(Renderer *renderer, HtmlTag tag, guint32 name)
{
    for (guint i = renderer->open[tag] ? renderer->stack->len : 0; i-- > 1;) {
        const RenderElement *element = render_at(renderer, i);
        if (element->tag == tag && (!name || element->name == name)) {
            while (renderer->stack->len > i)
                render_pop(renderer);
            return;
        }
        if (render_barrier(element->tag, tag))
            return;
    }
}

// ---- the start of an element -----------------------------------------------------------------------------

// Elements whose start ends others of their kind that were left open.
static void render_imply(Renderer *renderer, const HtmlToken *token)
{
    static const bool ends_p[TAG_LAST] = {[TAG_BLOCK] = true, [TAG_BLOCKQUOTE] = true, [TAG_ITEM] = true,
                                          [TAG_P] = true,     [TAG_PRE] = true,        [TAG_TABLE] = true};
    if (ends_p[token->tag])
        render_end(renderer, TAG_P, g_str_hash("p"));
    if (token->tag == TAG_CELL || token->tag == TAG_ROW)
        render_end(renderer, token->tag, 0);
    if (token->tag == TAG_BODY)
        render_end(renderer, TAG_HEAD, 0);
    HtmlTag top = render_top(renderer)->tag;
    if (token->tag == top && (top == TAG_ITEM || top == TAG_OPTION || top == TAG_A))
        render_pop(renderer);
}

static RenderBreak render_breaks(const HtmlToken *token, const char *classes)
{
    switch (token->tag) {
    case TAG_CELL:
        return BREAK_CELL;
    case TAG_BLOCK:
    case TAG_ROW:
    case TAG_ITEM:
    case TAG_OPTION:
    case TAG_TEXTAREA:
    case TAG_BODY:
        return BREAK_LINE;
    case TAG_P: // Word's paragraphs are lines
        return classes && strstr(classes, "MsoNormal") ? BREAK_LINE : BREAK_PARAGRAPH;
    case TAG_BLOCKQUOTE:
    case TAG_PRE:
    case TAG_XMP:
    case TAG_PLAINTEXT:
    case TAG_TABLE:
        return BREAK_PARAGRAPH;
    case TAG_VOID:
        return g_str_equal(token->name, "hr") ? BREAK_LINE : BREAK_NONE;
    default:
        return BREAK_NONE;
    }
}

typedef struct {
    char *id, *classes, *css, *alt;
} RenderAttrs;

static void render_attrs_clear(RenderAttrs *attrs)
{
    g_free(attrs->id);
    g_free(attrs->classes);
    g_free(attrs->css);
    g_free(attrs->alt);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RenderAttrs, render_attrs_clear)

// The first of equal attributes counts.
static void render_keep(char **slot, const HtmlAttr *attr)
{
    if (!*slot)
        *slot = html_attr_value(attr);
}

static void render_attributes(const HtmlToken *token, HtmlStyle *style, RenderAttrs *attrs)
{
    HtmlAttr attr;
    bool bdo = token->tag == TAG_BDO;
    for (html_attr_init(&attr, token); html_attr_next(&attr);) {
        g_autofree char *value = NULL;
        if (html_attr_is(&attr, "id"))
            render_keep(&attrs->id, &attr);
        else if (html_attr_is(&attr, "class"))
            render_keep(&attrs->classes, &attr);
        else if (html_attr_is(&attr, "style"))
            render_keep(&attrs->css, &attr);
        else if (html_attr_is(&attr, "alt"))
            render_keep(&attrs->alt, &attr);
        else if (html_attr_is(&attr, "hidden"))
            style->hidden = true;
        else if (html_attr_is(&attr, "bgcolor") && (value = html_attr_value(&attr)))
            style->background = html_colour(value, NULL);
        else if (html_attr_is(&attr, "background"))
            style->background = HTML_NO_COLOUR;
        else if ((html_attr_is(&attr, "color") || (html_attr_is(&attr, "text") && token->tag == TAG_BODY)) &&
                 (value = html_attr_value(&attr)))
            style->colour = html_colour(value, NULL);
        else if (html_attr_is(&attr, "size") && token->tag == TAG_FONT)
            style->tiny = attr.value_len == 1 && *attr.value == '0';
        else if (html_attr_is(&attr, "dir") && bdo)
            style->reversed = attr.value_len == 3 && !g_ascii_strncasecmp(attr.value, "rtl", 3);
    }
}

static bool render_class_hidden(const Renderer *renderer, const char *classes)
{
    if (!classes || !g_hash_table_size(renderer->classes))
        return false;
    g_auto(GStrv) words = g_strsplit_set(classes, " \t\r\n\f", 64);
    for (char **word = words; *word; word++) {
        if (**word && g_hash_table_contains(renderer->classes, *word))
            return true;
    }
    return false;
}

static void render_style(const Renderer *renderer, const HtmlToken *token, RenderElement *element,
                         RenderAttrs *attrs)
{
    HtmlStyle *style = &element->style;
    style->flow = HTML_FLOW_DEFAULT;
    style->pre |= token->tag == TAG_PRE || token->tag == TAG_TEXTAREA || token->tag == TAG_XMP;
    style->hidden |= g_str_equal(token->name, "template") || g_str_equal(token->name, "datalist") ||
                     (renderer->outlook && g_str_equal(token->name, "xml"));
    render_attributes(token, style, attrs);
    style->hidden |= render_class_hidden(renderer, attrs->classes);
    if (attrs->css)
        html_style_apply(style, attrs->css, strlen(attrs->css));
    element->hides = html_style_hides(style);
}

static void render_layer(Renderer *renderer, const HtmlToken *token, const RenderAttrs *attrs,
                         RenderElement *element)
{
    HtmlLayerHint hint = html_layer_hint(token->tag, attrs->id, attrs->classes, attrs->css);
    // What stands in a quotation stays one, whatever its own parts are.
    if (!hint.hint || element->layer == LAYER_QUOTED || element->layer == LAYER_FORWARDED)
        return;
    element->layer = hint.layer;
    element->reply = hint.reply;
    for (guint k = 0; k < hint.onwards && k < renderer->stack->len; k++)
        render_at(renderer, renderer->stack->len - 1 - k)->layer = hint.layer;
}

static bool render_is_void(const HtmlToken *token)
{
    return token->tag == TAG_VOID || token->tag == TAG_BR || token->tag == TAG_BASE || token->tag == TAG_META;
}

static void render_void(Renderer *renderer, const HtmlToken *token, const RenderAttrs *attrs)
{
    if (token->tag == TAG_BR && !render_top(renderer)->hides) {
        const GArray *marks = renderer->out->marks;
        gsize before = renderer->out->shown->len;
        renderer->pending = renderer->pending < BREAK_CELL ? BREAK_NONE : renderer->pending;
        render_flush(renderer);
        g_string_append_c(renderer->out->shown, '\n');
        if (marks->len && g_array_index(marks, LayerMark, marks->len - 1).end == before)
            render_mark(renderer, before, render_top(renderer)->layer);
    } else if (token->tag == TAG_BR) {
        renderer->hidden_break = true;
    }
    // A picture of a character reads as that character.
    if (attrs->alt && *attrs->alt && g_utf8_strlen(attrs->alt, 16) <= 2)
        render_text(renderer, attrs->alt, strlen(attrs->alt));
}

static void render_start(Renderer *renderer, const HtmlToken *token)
{
    render_imply(renderer, token);
    RenderElement element = *render_top(renderer);
    element.reply = false;
    g_auto(RenderAttrs) attrs = {0};
    element.tag = token->tag;
    element.name = g_str_hash(token->name);
    render_style(renderer, token, &element, &attrs);
    element.after = element.style.flow == HTML_FLOW_INLINE ? BREAK_NONE
                    : element.style.flow == HTML_FLOW_BLOCK
                        ? MAX(BREAK_LINE, render_breaks(token, attrs.classes))
                        : render_breaks(token, attrs.classes);
    if (!element.hides)
        render_break(renderer, element.after);
    else
        renderer->hidden_break |= element.after > BREAK_SPACE;
    if (render_is_void(token)) {
        render_void(renderer, token, &attrs);
        return;
    }
    // Hidden blocks leave no gap between what stands before and after them.
    element.after = element.hides ? BREAK_NONE : element.after;
    render_layer(renderer, token, &attrs, &element);
    if (renderer->stack->len >= (guint)renderer->limits->html_depth) {
        renderer->out->deep = true;
        renderer->overflow++;
        return;
    }
    if (element.style.reversed && !render_top(renderer)->style.reversed)
        render_flush(renderer);
    element.start = renderer->out->shown->len;
    renderer->open[element.tag]++;
    g_array_append_val(renderer->stack, element);
}

static void render_token(Renderer *renderer, const HtmlToken *token, bool xml)
{
    switch (token->kind) {
    case HTML_TEXT:
        render_text_token(renderer, token);
        break;
    case HTML_START:
        render_start(renderer, token);
        if (xml && token->closed && !render_is_void(token))
            render_end(renderer, token->tag, g_str_hash(token->name));
        break;
    case HTML_END:
        if (renderer->overflow)
            renderer->overflow--;
        else if (token->tag == TAG_BR)
            render_break(renderer, BREAK_LINE);
        else
            render_end(renderer, token->tag, g_str_hash(token->name));
        break;
    case HTML_CDATA: // text in XHTML, a comment in HTML
        render_text_token(renderer, token);
        break;
    case HTML_COMMENT:
    case HTML_MARKUP:
        break;
    }
}

void html_render(HtmlRendering *out, const char *utf8, gsize len, const ConfigLimits *limits, bool xml,
                 bool outlook)
{
    HtmlLexer lexer;
    HtmlToken token;
    RenderElement document = {.tag = TAG_OTHER, .style = {.colour = 0, .background = 0xffffff}};
    Renderer renderer = {.out = out, .limits = limits, .outlook = outlook};
    *out = (HtmlRendering){g_string_sized_new(len / 2 + 16), g_string_new(NULL),
                           g_array_new(FALSE, FALSE, sizeof(LayerMark))};
    renderer.classes = html_sheet_hidden(utf8, len);
    renderer.stack = g_array_new(FALSE, FALSE, sizeof(RenderElement));
    renderer.scratch = g_string_new(NULL);
    g_array_append_val(renderer.stack, document);
    html_lexer_init(&lexer, utf8, len, xml);
    lexer.outlook = outlook;
    for (int nodes = 0; html_next(&lexer, &token); nodes++) {
        if (nodes >= limits->html_nodes) {
            out->cut = true;
            break;
        }
        render_token(&renderer, &token, xml);
    }
    while (renderer.stack->len > 1)
        render_pop(&renderer);
    g_hash_table_unref(renderer.classes);
    g_array_unref(renderer.stack);
    g_string_free(renderer.scratch, TRUE);
}

void html_rendering_clear(HtmlRendering *rendering)
{
    g_string_free(rendering->shown, TRUE);
    g_string_free(rendering->hidden, TRUE);
    g_array_unref(rendering->marks);
}
