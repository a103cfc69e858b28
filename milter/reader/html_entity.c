// Character references of HTML: numeric and named ones, with their semicolon and without.
#include "reader/html.h"
#include "reader/html_entities.h"

#include <string.h>

#define ENTITY_LONGEST      31
#define ENTITY_LONGEST_BARE 6

// Code points 0x80 to 0x9f are taken as windows-1252.
static const guint16 html_c1[32] = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
                                    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

static void html_append_code(GString *out, guint32 code)
{
    if (code >= 0x80 && code < 0xa0)
        code = html_c1[code - 0x80];
    if (!code || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        code = 0xfffd;
    g_string_append_unichar(out, code);
}

// "#52", "#x34": appends the character and returns the length taken; 0 when it is no number.
static gsize html_decode_number(const char *text, gsize len, GString *out)
{
    gsize at = 1;
    bool hex = at < len && (text[at] == 'x' || text[at] == 'X');
    at += hex;
    gsize digits = at;
    guint32 code = 0;
    for (; at < len && (hex ? g_ascii_isxdigit(text[at]) : g_ascii_isdigit(text[at])); at++)
        code = MIN(code * (hex ? 16 : 10) + g_ascii_xdigit_value(text[at]), 0x110000);
    if (at == digits)
        return 0;
    html_append_code(out, code);
    return at < len && text[at] == ';' ? at + 1 : at;
}

static const HtmlEntity *html_entity_find(const char *name, gsize len)
{
    gsize low = 0, high = G_N_ELEMENTS(html_entities);
    while (low < high) {
        gsize middle = (low + high) / 2;
        int order = strncmp(html_entities[middle].name, name, len);
        if (!order && html_entities[middle].name[len])
            order = 1;
        if (!order)
            return &html_entities[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

// A name with its semicolon, or the longest known name without one. In attributes the latter must not run on
// into letters or '=': "?a=1&copy=2" is an address.
static gsize html_decode_name(const char *text, gsize len, bool attribute, GString *out)
{
    gsize n = 0;
    while (n < MIN(len, ENTITY_LONGEST) && g_ascii_isalnum(text[n]))
        n++;
    const HtmlEntity *entity = n < len && text[n] == ';' ? html_entity_find(text, n) : NULL;
    if (entity) {
        g_string_append(out, entity->text);
        return n + 1;
    }
    for (gsize m = MIN(n, ENTITY_LONGEST_BARE); m > 1; m--) {
        entity = html_entity_find(text, m);
        if (entity && entity->bare) {
            if (attribute && m < len && (g_ascii_isalnum(text[m]) || text[m] == '='))
                return 0;
            g_string_append(out, entity->text);
            return m;
        }
    }
    return 0;
}

void html_decode(const char *text, gsize len, bool attribute, GString *out)
{
    for (gsize at = 0; at < len;) {
        gsize plain = at;
        while (at < len && text[at] != '&' && text[at])
            at++;
        g_string_append_len(out, text + plain, at - plain);
        if (at == len)
            break;
        if (!text[at]) {
            at++;
            continue;
        }
        at++;
        gsize taken = at < len && text[at] == '#' ? html_decode_number(text + at, len - at, out)
                                                  : html_decode_name(text + at, len - at, attribute, out);
        if (!taken)
            g_string_append_c(out, '&');
        at += taken;
    }
}
