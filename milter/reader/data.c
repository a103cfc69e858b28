// Text formats that are data: JSON, XML, RTF, text/enriched; any other text as it stands.
#include "reader/content.h"
#include "reader/html.h"
#include "reader/rtf.h"

#include <string.h>

// ---- JSON ------------------------------------------------------------------------------------------------

// Four hex digits; -1 when they are none.
static int data_hex4(const char *at, const char *end)
{
    int value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(at[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

// The escape after a backslash; returns past it.
static const char *data_json_escape(const char *at, const char *end, GString *out)
{
    int unit = *at == 'u' ? data_hex4(at + 1, end) : -1;
    if (unit < 0) {
        char c = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at == 'r' || *at == 'b' || *at == 'f' ? ' ' : *at;
        g_string_append_c(out, c);
        return at + 1;
    }
    at += 5;
    int low = unit >= 0xd800 && unit < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u'
                  ? data_hex4(at + 2, end)
                  : -1;
    if (low >= 0xdc00 && low < 0xe000) {
        g_string_append_unichar(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return at + 6;
    }
    if (unit && (unit < 0xd800 || unit >= 0xe000))
        g_string_append_unichar(out, unit);
    return at;
}

// As it stands, but for its strings: without their quotes, and their escapes undone.
static void data_json(GString *out, const char *at, const char *end)
{
    bool inside = false;
    while (at < end) {
        char c = *at++;
        if (inside && c == '\\' && at < end)
            at = data_json_escape(at, end, out);
        else if (c == '"')
            inside = !inside;
        else if (c)
            g_string_append_c(out, c);
    }
}

// ---- XML and enriched text -------------------------------------------------------------------------------

// Text and attribute values, a line each; comments and the document type too: entities may be declared in it.
static void data_xml(GString *out, const char *utf8, gsize len)
{
    HtmlLexer lexer;
    HtmlToken token;
    html_lexer_init(&lexer, utf8, len, true);
    while (html_next(&lexer, &token)) {
        HtmlAttr attr;
        if (token.kind == HTML_START) {
            for (html_attr_init(&attr, &token); html_attr_next(&attr);) {
                html_decode(attr.value, attr.value_len, false, out);
                g_string_append_c(out, '\n');
            }
        } else if (token.kind != HTML_END) {
            html_decode(token.text, token.len, false, out);
            g_string_append_c(out, '\n');
        }
    }
}

// Past the '>' of the command at `at`; NULL when it is none.
static const char *data_enriched_command(const char *at, const char *end)
{
    for (at++; at < end && at[0] != '<' && at[0] != '\n'; at++) {
        if (*at == '>')
            return at + 1;
    }
    return NULL;
}

// RFC 1896: "<bold>", "<<" for '<'.
static void data_enriched(GString *out, const char *at, const char *end)
{
    while (at < end) {
        const char *after = *at == '<' ? data_enriched_command(at, end) : NULL;
        if (*at == '<' && at + 1 < end && at[1] == '<') {
            g_string_append_c(out, '<');
            at += 2;
        } else if (after) {
            if (after - at == 4 && !g_ascii_strncasecmp(at, "<nl>", 4))
                g_string_append_c(out, '\n');
            at = after;
        } else {
            g_string_append_c(out, *at++);
        }
    }
}

// ---- RTF -------------------------------------------------------------------------------------------------

static void data_rtf(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading)
{
    RtfText rtf;
    rtf_text(&rtf, utf8, len);
    if (rtf.deep)
        message_add_fact(state->message, "incomplete", part, "RTF groups nested deeper than is read");
    content_add_text(state, part, ORIGIN_DATA, rtf.text->str, rtf.text->len, reading, NULL);
    for (guint i = 0; i < rtf.links->len; i++) {
        g_autofree char *link = html_percent(rtf.links->pdata[i]);
        content_add_text(state, part, ORIGIN_LINK, link, strlen(link), reading, NULL);
    }
    rtf_text_clear(&rtf);
}

void data_read(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading)
{
    const Part *info = state->message->parts->pdata[part];
    if (g_str_equal(info->sniffed, "application/rtf")) {
        data_rtf(state, part, utf8, len, reading);
        return;
    }
    GString *out = g_string_sized_new(len + 1);
    if (g_str_equal(info->sniffed, "application/json"))
        data_json(out, utf8, utf8 + len);
    else if (g_str_equal(info->sniffed, "application/xml"))
        data_xml(out, utf8, len);
    else if (g_str_equal(info->sniffed, "text/enriched"))
        data_enriched(out, utf8, utf8 + len);
    else
        g_string_append_len(out, utf8, len);
    content_add_text(state, part, ORIGIN_DATA, out->str, out->len, reading, NULL);
    g_string_free(out, TRUE);
}
