// reader, inside: the pieces of the HTML reader. Own tokenizer and no tree: time and memory are linear in the
// input and independent of nesting, and malformed markup is taken the way browsers take it (WHATWG HTML,
// section 13.2).
#pragma once

#include "reader/internal.h"

// ---- tokens (html_token.c) -------------------------------------------------------------------------------

// Tags that mean something to a reader of text.
typedef enum {
    TAG_OTHER,
    TAG_A,
    TAG_BASE,
    TAG_BDO,
    TAG_BLOCK, // any block without a meaning of its own
    TAG_BLOCKQUOTE,
    TAG_BODY,
    TAG_BR,
    TAG_CELL, // td, th
    TAG_FONT,
    TAG_HEAD,
    TAG_ITEM, // li, dd, dt
    TAG_META,
    TAG_OPTION,
    TAG_P, // p and headings
    TAG_PLAINTEXT,
    TAG_PRE,
    TAG_ROW,
    TAG_SCRIPT,
    TAG_STYLE,
    TAG_TABLE,
    TAG_TEXTAREA,
    TAG_TITLE,
    TAG_VOID, // img, input, hr, ...: no content
    TAG_XMP,
    TAG_LAST
} HtmlTag;

typedef enum {
    HTML_TEXT,
    HTML_START,
    HTML_END,
    HTML_COMMENT,
    HTML_MARKUP /* <!...>, <?...> */,
    HTML_CDATA
} HtmlKind;

#define HTML_NAME_MAX 31

typedef struct {
    HtmlKind kind;
    HtmlTag tag;
    char name[HTML_NAME_MAX + 1]; // of a tag: lower case, cut
    const char *text;             // text, attributes or content
    gsize len;
    bool literal; // text whose character references stand for themselves (script, style, CDATA)
    bool closed;  // <tag/>
} HtmlToken;

typedef struct {
    const char *at, *end;
    bool xml;       // no element has raw content (XML, SVG)
    bool outlook;   // what Outlook's conditional comments hold is markup
    bool no_quotes; // an attribute's quote never ended: quotes mean nothing any more
    bool no_gt;     // no '>' comes any more
    HtmlTag raw;    // the element whose raw content comes next
    char raw_name[HTML_NAME_MAX + 1];
} HtmlLexer;

void html_lexer_init(HtmlLexer *lexer, const char *utf8, gsize len, bool xml);
bool html_next(HtmlLexer *lexer, HtmlToken *token);

// Content of a conditional comment "[if ...]>content<![endif]" that Outlook shows; NULL for any other
// comment.
const char *html_conditional(const HtmlToken *comment, gsize *out_len);

typedef struct {
    const char *at, *end;
    const char *name, *value; // of the attribute at hand, as written
    gsize name_len, value_len;
} HtmlAttr;
void html_attr_init(HtmlAttr *attr, const HtmlToken *token);
bool html_attr_next(HtmlAttr *attr);
bool html_attr_is(const HtmlAttr *attr, const char *name);
// The value, its character references decoded. Caller frees.
char *html_attr_value(const HtmlAttr *attr);

// Appends `text` with its character references decoded (html_entity.c), NUL left out.
void html_decode(const char *text, gsize len, bool attribute, GString *out);

// ---- what is not shown (html_style.c) --------------------------------------------------------------------

#define HTML_NO_COLOUR (-1)
typedef enum { HTML_FLOW_DEFAULT, HTML_FLOW_INLINE, HTML_FLOW_BLOCK } HtmlFlow;

typedef struct {
    bool hidden;            // nothing below it can be shown
    bool invisible;         // visibility: a child may be visible again
    bool tiny;              // font-size 0: a child may have a size again
    int colour, background; // 0xrrggbb
    HtmlFlow flow;
    bool reversed; // right to left whatever the characters
    bool pre;      // white space counts
} HtmlStyle;

// Applies a style attribute's declarations to `style`.
void html_style_apply(HtmlStyle *style, const char *css, gsize len);
// Colour written in CSS or as an HTML attribute; HTML_NO_COLOUR when it is not understood, and for
// transparent ones
// `*out_transparent` (may be NULL) is set.
int html_colour(const char *text, bool *out_transparent);
bool html_style_hides(const HtmlStyle *style);

// Classes that a <style> element hides by a plain ".name { ... }" rule outside of media queries.
GHashTable *html_sheet_hidden(const char *utf8, gsize len);

// ---- as shown (html_render.c) ----------------------------------------------------------------------------

typedef struct {
    GString *shown, *hidden;
    GArray *marks; // of LayerMark, on `shown`
    bool deep, cut, script;
} HtmlRendering;

void html_render(HtmlRendering *out, const char *utf8, gsize len, const ConfigLimits *limits, bool xml,
                 bool outlook);
void html_rendering_clear(HtmlRendering *rendering);

// ---- beside what is shown (html_links.c, html_source.c) --------------------------------------------------

typedef struct {
    GPtrArray *links;    // char*, decoded, each once
    GPtrArray *embedded; // char*, data: URIs
    GString *attributes; // a line each
    bool script;
    bool conditional; // Outlook's conditional comments hold text
} HtmlBeside;
void html_beside(HtmlBeside *out, const char *utf8, gsize len, bool xml);
void html_beside_clear(HtmlBeside *beside);

// Percent-decoded until nothing changes (three times at most); valid UTF-8. Caller frees.
char *html_percent(const char *uri);

// The source with its tags taken off and nothing else understood.
GString *html_source(const char *utf8, gsize len);
