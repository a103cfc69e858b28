// The source with its tags taken off and nothing else understood: what every misjudgement of the rendering
// falls back on. A '<' that no '>' follows before the next '<' is text. Blocks end a line; cells are apart
// unless one of the two holds a single character, as only a split number does.
#include "reader/html.h"

#include <string.h>

typedef struct {
    GString *out;
    gsize cell;   // where the cell's content began
    gsize before; // characters of the cell before it in its row; 0 = there is none
} HtmlSource;

// The break before a cell, put there when the cell ends.
static void html_source_cell(HtmlSource *source)
{
    gsize chars = g_utf8_strlen(source->out->str + source->cell, MIN(source->out->len - source->cell, 8));
    if (source->before > 1 && chars > 1)
        g_string_insert_c(source->out, source->cell, '\t');
    source->before = chars;
    source->cell = source->out->len;
}

static void html_source_line(HtmlSource *source)
{
    if (source->out->len && source->out->str[source->out->len - 1] != '\n')
        g_string_append_c(source->out, '\n');
}

typedef enum { SOURCE_INLINE, SOURCE_BLOCK, SOURCE_CELL } HtmlSourceTag;

// `name` is what follows '<' or "</".
static HtmlSourceTag html_source_tag(const char *name, gsize len)
{
    static const char *const blocks[] = {
        "p",     "div",    "br",   "tr",   "li",     "table",    "h1",      "h2",     "h3",         "h4",
        "ul",    "ol",     "dl",   "dd",   "dt",     "hr",       "title",   "body",   "blockquote", "pre",
        "style", "script", "head", "html", "option", "textarea", "section", "article"};
    gsize n = 0;
    while (n < len && g_ascii_isalnum(name[n]))
        n++;
    if (n == 2 && (!g_ascii_strncasecmp(name, "td", 2) || !g_ascii_strncasecmp(name, "th", 2)))
        return SOURCE_CELL;
    for (gsize i = 0; i < G_N_ELEMENTS(blocks); i++) {
        if (strlen(blocks[i]) == n && !g_ascii_strncasecmp(name, blocks[i], n))
            return SOURCE_BLOCK;
    }
    return SOURCE_INLINE;
}

// The '>' that ends the tag at `at`; NULL when a '<' or the end comes first.
static const char *html_source_tag_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '<'; at++) {
        if (*at == '>')
            return at;
    }
    return NULL;
}

// Length of the comment's mark at `at`; 0 when there is none. Only the marks go: what is between them stays.
static gsize html_source_mark(const char *at, const char *end)
{
    static const char *const marks[] = {"<!--", "-->", "<![CDATA[", "]]>"};
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        gsize len = strlen(marks[i]);
        if ((gsize)(end - at) >= len && !memcmp(at, marks[i], len))
            return len;
    }
    return 0;
}

static GString *html_source_strip(const char *at, const char *end)
{
    HtmlSource source = {g_string_sized_new(end - at + 1), 0, 0};
    while (at < end) {
        gsize mark = html_source_mark(at, end);
        const char *gt = NULL;
        if (mark) {
            at += mark;
        } else if (*at == '<' && at + 1 < end && (g_ascii_isalpha(at[1]) || strchr("/!?", at[1])) &&
                   (gt = html_source_tag_end(at, end))) {
            const char *name = at + 1 + (at[1] == '/');
            HtmlSourceTag tag = html_source_tag(name, gt - name);
            if (tag == SOURCE_CELL && at[1] == '/')
                html_source_cell(&source);
            if (tag == SOURCE_BLOCK) {
                html_source_line(&source);
                source.cell = source.out->len;
                source.before = 0;
            }
            at = gt + 1;
        } else {
            g_string_append_c(source.out, *at++);
        }
    }
    return source.out;
}

GString *html_source(const char *utf8, gsize len)
{
    GString *stripped = html_source_strip(utf8, utf8 + len);
    GString *out = g_string_sized_new(stripped->len + 1);
    html_decode(stripped->str, stripped->len, false, out);
    g_string_free(stripped, TRUE);
    return out;
}
