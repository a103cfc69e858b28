// HTML into tokens. Every byte is looked at a fixed number of times: what was once searched for in vain (a
// closing quote, a '>') is not searched for again.
#include "reader/html.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    HtmlTag tag;
} html_tags[] = {
    // sorted
    {"a", TAG_A},
    {"address", TAG_BLOCK},
    {"area", TAG_VOID},
    {"article", TAG_BLOCK},
    {"aside", TAG_BLOCK},
    {"base", TAG_BASE},
    {"bdo", TAG_BDO},
    {"blockquote", TAG_BLOCKQUOTE},
    {"body", TAG_BODY},
    {"br", TAG_BR},
    {"caption", TAG_BLOCK},
    {"center", TAG_BLOCK},
    {"col", TAG_VOID},
    {"dd", TAG_ITEM},
    {"details", TAG_BLOCK},
    {"dialog", TAG_BLOCK},
    {"dir", TAG_BLOCK},
    {"div", TAG_BLOCK},
    {"dl", TAG_BLOCK},
    {"dt", TAG_ITEM},
    {"embed", TAG_VOID},
    {"fieldset", TAG_BLOCK},
    {"figcaption", TAG_BLOCK},
    {"figure", TAG_BLOCK},
    {"font", TAG_FONT},
    {"footer", TAG_BLOCK},
    {"form", TAG_BLOCK},
    {"h1", TAG_P},
    {"h2", TAG_P},
    {"h3", TAG_P},
    {"h4", TAG_P},
    {"h5", TAG_P},
    {"h6", TAG_P},
    {"head", TAG_HEAD},
    {"header", TAG_BLOCK},
    {"hr", TAG_VOID},
    {"html", TAG_BLOCK},
    {"iframe", TAG_BLOCK},
    {"img", TAG_VOID},
    {"input", TAG_VOID},
    {"legend", TAG_BLOCK},
    {"li", TAG_ITEM},
    {"link", TAG_VOID},
    {"listing", TAG_PRE},
    {"main", TAG_BLOCK},
    {"menu", TAG_BLOCK},
    {"meta", TAG_META},
    {"nav", TAG_BLOCK},
    {"ol", TAG_BLOCK},
    {"optgroup", TAG_BLOCK},
    {"option", TAG_OPTION},
    {"p", TAG_P},
    {"param", TAG_VOID},
    {"plaintext", TAG_PLAINTEXT},
    {"pre", TAG_PRE},
    {"script", TAG_SCRIPT},
    {"section", TAG_BLOCK},
    {"source", TAG_VOID},
    {"style", TAG_STYLE},
    {"summary", TAG_BLOCK},
    {"table", TAG_TABLE},
    {"tbody", TAG_BLOCK},
    {"td", TAG_CELL},
    {"textarea", TAG_TEXTAREA},
    {"tfoot", TAG_BLOCK},
    {"th", TAG_CELL},
    {"thead", TAG_BLOCK},
    {"title", TAG_TITLE},
    {"tr", TAG_ROW},
    {"track", TAG_VOID},
    {"ul", TAG_BLOCK},
    {"wbr", TAG_VOID},
    {"xmp", TAG_XMP},
};

static int html_tag_compare(const void *name, const void *entry)
{
    return strcmp(name, *(const char *const *)entry);
}

static HtmlTag html_tag_of(const HtmlLexer *lexer, const char *name)
{
    if (lexer->xml && g_str_equal(name, "text"))
        return TAG_BLOCK; // SVG's lines of text
    const void *found =
        bsearch(name, html_tags, G_N_ELEMENTS(html_tags), sizeof(html_tags[0]), html_tag_compare);
    return found ? html_tags[((const char *)found - (const char *)html_tags) / sizeof(html_tags[0])].tag
                 : TAG_OTHER;
}

void html_lexer_init(HtmlLexer *lexer, const char *utf8, gsize len, bool xml)
{
    *lexer = (HtmlLexer){.at = utf8, .end = utf8 + len, .xml = xml};
}

static bool html_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool html_ahead(const HtmlLexer *lexer, const char *at, const char *word)
{
    gsize len = strlen(word);
    return (gsize)(lexer->end - at) >= len && !g_ascii_strncasecmp(at, word, len);
}

// ---- the end of a tag ------------------------------------------------------------------------------------

// After '=': past the value. NULL when its quote never ends.
static const char *html_value_end(const char *at, const char *end)
{
    while (at < end && html_blank(*at))
        at++;
    if (at < end && (*at == '"' || *at == '\'')) {
        const char *quote = memchr(at + 1, *at, end - at - 1);
        return quote ? quote + 1 : NULL;
    }
    while (at < end && !html_blank(*at) && *at != '>')
        at++;
    return at;
}

// The '>' of the tag whose attributes start at `at`; NULL when there is none.
static const char *html_tag_end(HtmlLexer *lexer, const char *at)
{
    const char *start = at;
    bool named = false; // an '=' without a name before it belongs to a name
    while (!lexer->no_quotes && at && at < lexer->end && *at != '>') {
        if (*at == '=' && named) {
            at = html_value_end(at + 1, lexer->end);
            named = false;
        } else {
            named = *at == '/' ? false : named || !html_blank(*at);
            at++;
        }
    }
    if (!lexer->no_quotes && at && at < lexer->end)
        return at;
    lexer->no_quotes = true;
    const char *gt = memchr(start, '>', lexer->end - start);
    lexer->no_gt = !gt;
    return gt;
}

// ---- tokens ----------------------------------------------------------------------------------------------

static bool html_text(HtmlLexer *lexer, HtmlToken *token, const char *end)
{
    *token = (HtmlToken){.kind = HTML_TEXT, .text = lexer->at, .len = end - lexer->at};
    lexer->at = end;
    return true;
}

static bool html_tag(HtmlLexer *lexer, HtmlToken *token)
{
    const char *at = lexer->at + 1;
    bool ends = *at == '/';
    at += ends;
    *token = (HtmlToken){.kind = ends ? HTML_END : HTML_START};
    for (gsize n = 0; at < lexer->end && !html_blank(*at) && *at != '>' && *at != '/'; at++) {
        if (n < HTML_NAME_MAX)
            token->name[n++] = g_ascii_tolower(*at);
    }
    const char *gt = html_tag_end(lexer, at);
    if (!gt) // never ends: some clients show it
        return html_text(lexer, token, lexer->end);
    token->tag = html_tag_of(lexer, token->name);
    token->text = at;
    token->len = gt - at;
    token->closed = gt > at && gt[-1] == '/';
    lexer->at = gt + 1;
    static const bool raw[TAG_LAST] = {[TAG_SCRIPT] = true, [TAG_STYLE] = true,     [TAG_TEXTAREA] = true,
                                       [TAG_TITLE] = true,  [TAG_PLAINTEXT] = true, [TAG_XMP] = true};
    if (!ends && raw[token->tag] && !lexer->xml) {
        lexer->raw = token->tag;
        memcpy(lexer->raw_name, token->name, sizeof(lexer->raw_name));
    }
    return true;
}

// Content up to `stop` at `end`; to the end of all when it is NULL.
static bool html_markup(HtmlLexer *lexer, HtmlToken *token, HtmlKind kind, const char *from, const char *end,
                        gsize stop)
{
    const char *last = end ? end : lexer->end;
    *token = (HtmlToken){.kind = kind, .text = from, .len = last - from, .literal = true};
    lexer->at = end ? end + stop : lexer->end;
    return true;
}

static bool html_comment(HtmlLexer *lexer, HtmlToken *token)
{
    const char *from = lexer->at + 4;
    if (html_ahead(lexer, from, ">") || html_ahead(lexer, from, "->"))
        return html_markup(lexer, token, HTML_COMMENT, from, from, *from == '>' ? 1 : 2);
    const char *at = from;
    while ((at = memmem(at, lexer->end - at, "--", 2))) {
        if (html_ahead(lexer, at + 2, ">") || html_ahead(lexer, at + 2, "!>"))
            break;
        at++;
    }
    const char *before = lexer->at;
    html_markup(lexer, token, HTML_COMMENT, from, at, at && at[2] == '!' ? 4 : 3);
    gsize len = 0;
    const char *inside = lexer->outlook ? html_conditional(token, &len) : NULL;
    if (inside) {
        *token = (HtmlToken){.kind = HTML_MARKUP, .text = before, .len = inside - before, .literal = true};
        lexer->at = inside;
    }
    return true;
}

static bool html_declaration(HtmlLexer *lexer, HtmlToken *token)
{
    if (html_ahead(lexer, lexer->at, "<!--"))
        return html_comment(lexer, token);
    if (html_ahead(lexer, lexer->at, "<![CDATA[")) {
        const char *from = lexer->at + 9;
        return html_markup(lexer, token, HTML_CDATA, from, memmem(from, lexer->end - from, "]]>", 3), 3);
    }
    const char *from = lexer->at + 1;
    return html_markup(lexer, token, HTML_MARKUP, from, memchr(from, '>', lexer->end - from), 1);
}

// Content of an element that holds no markup. False when it is empty.
static bool html_raw(HtmlLexer *lexer, HtmlToken *token)
{
    HtmlTag tag = lexer->raw;
    gsize name = strlen(lexer->raw_name);
    const char *at = tag == TAG_PLAINTEXT ? NULL : lexer->at, *stop = lexer->end;
    lexer->raw = TAG_OTHER;
    while (at && (at = memmem(at, lexer->end - at, "</", 2))) {
        const char *after = at + 2 + name;
        if (html_ahead(lexer, at + 2, lexer->raw_name) &&
            (after == lexer->end || html_blank(*after) || *after == '/' || *after == '>')) {
            stop = at;
            break;
        }
        at += 2;
    }
    if (stop == lexer->at)
        return false;
    html_text(lexer, token, stop);
    token->tag = tag;
    token->literal = tag != TAG_TEXTAREA && tag != TAG_TITLE;
    return true;
}

bool html_next(HtmlLexer *lexer, HtmlToken *token)
{
    if (lexer->raw && html_raw(lexer, token))
        return true;
    if (lexer->at >= lexer->end)
        return false;
    const char *at = lexer->at;
    if (*at == '<' && at + 1 < lexer->end && !lexer->no_gt) {
        char next = at[1], third = at + 2 < lexer->end ? at[2] : 0;
        if (g_ascii_isalpha(next) || (next == '/' && g_ascii_isalpha(third)))
            return html_tag(lexer, token);
        if (next == '!' || next == '?' || next == '/')
            return html_declaration(lexer, token);
    }
    const char *end = lexer->no_gt ? NULL : memchr(at + 1, '<', lexer->end - at - 1);
    return html_text(lexer, token, end ? end : lexer->end);
}

const char *html_conditional(const HtmlToken *comment, gsize *out_len)
{
    const char *at = comment->text, *end = at + comment->len;
    while (at < end && html_blank(*at))
        at++;
    if (end - at < 5 || g_ascii_strncasecmp(at, "[if", 3))
        return NULL;
    const char *inside = memmem(at, end - at, "]>", 2);
    if (!inside || memmem(at, inside - at, "!", 1))
        return NULL;
    inside += 2;
    const char *stop = memmem(inside, end - inside, "<![", 3);
    *out_len = (stop ? stop : end) - inside;
    return inside;
}

// ---- attributes ------------------------------------------------------------------------------------------

void html_attr_init(HtmlAttr *attr, const HtmlToken *token)
{
    *attr = (HtmlAttr){.at = token->text, .end = token->text + token->len};
}

bool html_attr_next(HtmlAttr *attr)
{
    const char *at = attr->at, *end = attr->end;
    while (at < end && (html_blank(*at) || *at == '/'))
        at++;
    attr->name = at;
    while (at < end && !html_blank(*at) && *at != '/' && (*at != '=' || at == attr->name))
        at++;
    attr->name_len = at - attr->name;
    attr->value = at;
    attr->value_len = 0;
    const char *sign = at;
    while (sign < end && html_blank(*sign))
        sign++;
    if (sign < end && *sign == '=') {
        at = sign + 1;
        while (at < end && html_blank(*at))
            at++;
        const char *stop = html_value_end(at, end);
        bool quoted = at < end && (*at == '"' || *at == '\'');
        attr->value = at + quoted;
        attr->value_len = stop ? stop - at - (quoted ? 2 : 0) : end - at - quoted;
        at = stop ? stop : end;
    }
    attr->at = at;
    return attr->name_len > 0;
}

bool html_attr_is(const HtmlAttr *attr, const char *name)
{
    return strlen(name) == attr->name_len && !g_ascii_strncasecmp(attr->name, name, attr->name_len);
}

char *html_attr_value(const HtmlAttr *attr)
{
    GString *value = g_string_sized_new(attr->value_len);
    html_decode(attr->value, attr->value_len, true, value);
    return g_string_free(value, FALSE);
}
