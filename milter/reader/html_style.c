// Inline styles: as much of CSS as decides whether text is seen, and how it runs.
// mso-hide alone is not hiding: only one client knows it, the others show the text.
#include "reader/html.h"

#include <stdlib.h>
#include <string.h>

#define COLOUR_TRANSPARENT (-2)
#define FAR_OUTSIDE        (-500.0) // pixels or points beyond any window

// ---- colours ---------------------------------------------------------------------------------------------

static int html_colour_named(const char *name)
{
    static const struct {
        const char *name;
        int colour;
    } names[] = {{"white", 0xffffff},       {"black", 0x000000},      {"snow", 0xfffafa},
                 {"ivory", 0xfffff0},       {"ghostwhite", 0xf8f8ff}, {"whitesmoke", 0xf5f5f5},
                 {"floralwhite", 0xfffaf0}, {"azure", 0xf0ffff},      {"mintcream", 0xf5fffa},
                 {"red", 0xff0000},         {"green", 0x008000},      {"blue", 0x0000ff},
                 {"yellow", 0xffff00},      {"gray", 0x808080},       {"grey", 0x808080},
                 {"silver", 0xc0c0c0},      {"navy", 0x000080},       {"maroon", 0x800000},
                 {"purple", 0x800080},      {"teal", 0x008080},       {"orange", 0xffa500},
                 {"lime", 0x00ff00},        {"aqua", 0x00ffff},       {"cyan", 0x00ffff},
                 {"fuchsia", 0xff00ff},     {"magenta", 0xff00ff},    {"olive", 0x808000},
                 {"lightgray", 0xd3d3d3},   {"lightgrey", 0xd3d3d3},  {"darkgray", 0xa9a9a9},
                 {"windowtext", 0x000000},  {"window", 0xffffff}};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!g_ascii_strcasecmp(name, names[i].name))
            return names[i].colour;
    }
    return HTML_NO_COLOUR;
}

static int html_colour_hex(const char *digits)
{
    gsize len = strspn(digits, "0123456789abcdefABCDEF");
    if (digits[len] || (len != 3 && len != 4 && len != 6 && len != 8))
        return HTML_NO_COLOUR;
    int value[3];
    for (int i = 0; i < 3; i++)
        value[i] = len < 6
                       ? g_ascii_xdigit_value(digits[i]) * 17
                       : g_ascii_xdigit_value(digits[2 * i]) * 16 + g_ascii_xdigit_value(digits[2 * i + 1]);
    if ((len == 4 && digits[3] == '0') || (len == 8 && g_str_has_suffix(digits, "00")))
        return COLOUR_TRANSPARENT;
    return value[0] << 16 | value[1] << 8 | value[2];
}

// "rgb(255, 255, 255)", "rgba(0 0 0 / 0)".
static int html_colour_rgb(const char *arguments)
{
    double value[4] = {0, 0, 0, 1};
    const char *at = arguments;
    int n = 0;
    for (; n < 4; n++) {
        at += strspn(at, " ,/(");
        char *after = NULL;
        value[n] = g_ascii_strtod(at, &after);
        if (after == at)
            break;
        at = after + (*after == '%');
        if (after != at && n < 3)
            value[n] *= 2.55;
    }
    if (n < 3)
        return HTML_NO_COLOUR;
    if (n == 4 && value[3] <= 0.05)
        return COLOUR_TRANSPARENT;
    return (int)CLAMP(value[0], 0, 255) << 16 | (int)CLAMP(value[1], 0, 255) << 8 |
           (int)CLAMP(value[2], 0, 255);
}

int html_colour(const char *text, bool *out_transparent)
{
    g_autofree char *word = g_strstrip(g_strdup(text));
    int colour = HTML_NO_COLOUR;
    if (*word == '#')
        colour = html_colour_hex(word + 1);
    else if (!g_ascii_strncasecmp(word, "rgb", 3) && strchr(word, '('))
        colour = html_colour_rgb(strchr(word, '('));
    else if (!g_ascii_strcasecmp(word, "transparent"))
        colour = COLOUR_TRANSPARENT;
    else
        colour = html_colour_named(word);
    if (colour == HTML_NO_COLOUR && *word != '#')
        colour = html_colour_hex(word); // attributes do without the sign
    bool transparent = colour == COLOUR_TRANSPARENT;
    if (out_transparent)
        *out_transparent = transparent;
    return transparent ? HTML_NO_COLOUR : colour;
}

bool html_style_hides(const HtmlStyle *style)
{
    if (style->hidden || style->invisible || style->tiny || style->colour == COLOUR_TRANSPARENT)
        return true;
    if (style->colour < 0 || style->background < 0)
        return false;
    for (int shift = 0; shift < 24; shift += 8) {
        int apart = (style->colour >> shift & 0xff) - (style->background >> shift & 0xff);
        if (abs(apart) > 6)
            return false;
    }
    return true;
}

// ---- declarations ----------------------------------------------------------------------------------------

typedef struct {
    bool no_size, clipped; // a box without size, whose content may not stick out
    bool placed, outside;  // positioned, and far from the window
    bool rtl, override;
} HtmlBox;

static bool html_any(const char *value, const char *const *words)
{
    gsize len = strcspn(value, " !");
    for (; *words; words++) {
        if (strlen(*words) == len && !strncmp(value, *words, len))
            return true;
    }
    return false;
}
#define HTML_ANY(value, ...) html_any(value, (const char *const[]){__VA_ARGS__, NULL})

static bool html_zero(const char *value)
{
    char *after = NULL;
    double number = g_ascii_strtod(value, &after);
    return after != value && number == 0;
}

// Too small to be read.
static bool html_tiny(const char *value)
{
    char *after = NULL;
    double number = g_ascii_strtod(value, &after);
    if (after == value)
        return false;
    double least = g_str_has_prefix(after, "px") || g_str_has_prefix(after, "pt") ? 2
                   : *after == '%'                                                ? 15
                                                                                  : 0.15;
    return number < least;
}

static bool html_outside(const char *value)
{
    char *after = NULL;
    double number = g_ascii_strtod(value, &after);
    return number <=
           (g_str_has_prefix(after, "px") || g_str_has_prefix(after, "pt") ? FAR_OUTSIDE : FAR_OUTSIDE / 16);
}

static void html_background(HtmlStyle *style, const char *value)
{
    if (strstr(value, "url(") || strstr(value, "gradient")) {
        style->background = HTML_NO_COLOUR;
        return;
    }
    if (strchr(value, '(')) {
        int colour = html_colour(value, NULL);
        style->background = colour >= 0 ? colour : style->background;
        return;
    }
    g_auto(GStrv) words = g_strsplit(value, " ", 8);
    for (char **word = words; *word; word++) {
        int colour = html_colour(*word, NULL);
        if (colour >= 0 && (**word == '#' || g_ascii_isalpha(**word)))
            style->background = colour;
    }
}

static void html_display(HtmlStyle *style, const char *value)
{
    if (HTML_ANY(value, "none"))
        style->hidden = true;
    else if (HTML_ANY(value, "inline", "inline-block", "inline-flex", "inline-table", "table-cell",
                      "contents"))
        style->flow = HTML_FLOW_INLINE;
    else if (HTML_ANY(value, "block", "flex", "grid", "table", "list-item", "table-row"))
        style->flow = HTML_FLOW_BLOCK;
}

static void html_declare_text(HtmlStyle *style, HtmlBox *box, const char *name, const char *value)
{
    bool transparent = false;
    if (g_str_equal(name, "color")) {
        int colour = html_colour(value, &transparent);
        if (!HTML_ANY(value, "inherit"))
            style->colour = transparent ? COLOUR_TRANSPARENT : colour;
    } else if (g_str_has_prefix(name, "background")) {
        if (g_str_equal(name, "background") || g_str_has_suffix(name, "-color") ||
            g_str_has_suffix(name, "-image"))
            html_background(style, value);
    } else if (g_str_equal(name, "font-size")) {
        style->tiny = html_tiny(value);
    } else if (g_str_equal(name, "font")) {
        style->tiny |=
            g_str_has_prefix(value, "0/") || g_str_has_prefix(value, "0px") || g_str_has_prefix(value, "0 ");
    } else if (g_str_equal(name, "white-space")) {
        style->pre = g_str_has_prefix(value, "pre") || HTML_ANY(value, "break-spaces");
    } else if (g_str_equal(name, "direction")) {
        box->rtl = HTML_ANY(value, "rtl");
    } else if (g_str_equal(name, "unicode-bidi")) {
        box->override = HTML_ANY(value, "bidi-override", "isolate-override");
    } else if (g_str_equal(name, "text-indent")) {
        style->hidden |= html_outside(value);
    }
}

static void html_declare_box(HtmlStyle *style, HtmlBox *box, const char *name, const char *value)
{
    if (g_str_equal(name, "display")) {
        html_display(style, value);
    } else if (g_str_equal(name, "visibility")) {
        style->invisible = HTML_ANY(value, "hidden", "collapse");
    } else if (g_str_equal(name, "opacity")) {
        style->hidden |= g_ascii_strtod(value, NULL) <= 0.05 && (g_ascii_isdigit(*value) || *value == '.');
    } else if (g_str_equal(name, "float")) {
        if (HTML_ANY(value, "left", "right"))
            style->flow = HTML_FLOW_INLINE;
    } else if (g_str_has_prefix(name, "overflow")) {
        box->clipped = HTML_ANY(value, "hidden", "clip");
    } else if (HTML_ANY(name, "height", "width", "max-height", "max-width")) {
        box->no_size |= html_zero(value);
    } else if (g_str_equal(name, "position")) {
        box->placed = HTML_ANY(value, "absolute", "fixed", "relative");
    } else if (HTML_ANY(name, "left", "top", "right", "bottom")) {
        box->outside |= html_outside(value);
    } else if (HTML_ANY(name, "margin-left", "margin-top")) {
        style->hidden |= html_outside(value);
    } else if (g_str_equal(name, "transform")) {
        style->hidden |= strstr(value, "scale(0)") || strstr(value, "scale(0,");
    } else if (g_str_equal(name, "clip")) {
        style->hidden |= strstr(value, "rect(0") != NULL;
    } else if (g_str_equal(name, "clip-path")) {
        style->hidden |=
            strstr(value, "inset(50%") || strstr(value, "inset(100%") || strstr(value, "circle(0");
    }
}

void html_style_apply(HtmlStyle *style, const char *css, gsize len)
{
    HtmlBox box = {0};
    g_autofree char *copy = g_ascii_strdown(css, len);
    char *rest = copy;
    for (char *declaration; (declaration = strsep(&rest, ";"));) {
        char *colon = strchr(declaration, ':');
        if (!colon)
            continue;
        *colon = '\0';
        colon[1 + strcspn(colon + 1, "!")] = '\0'; // "!important"; a value of its own it is never
        const char *name = g_strstrip(declaration), *value = g_strstrip(colon + 1);
        html_declare_text(style, &box, name, value);
        html_declare_box(style, &box, name, value);
    }
    style->hidden |= (box.no_size && box.clipped) || (box.placed && box.outside);
    style->reversed |= box.rtl && box.override;
}

// ---- style sheets ----------------------------------------------------------------------------------------

// Past the block that starts after `at`; blocks inside it are counted.
static const char *html_sheet_skip(const char *at, const char *end)
{
    guint open = 0;
    for (; at < end; at++) {
        open += *at == '{';
        if (*at == '}' && --open == 0)
            return at + 1;
        if (*at == ';' && !open)
            return at + 1;
        if (*at == '}' && (int)open < 0)
            return at + 1;
    }
    return end;
}

static void html_sheet_selectors(GHashTable *classes, const char *text, gsize len)
{
    g_autofree char *copy = g_strndup(text, len);
    char *rest = copy;
    for (char *selector; (selector = strsep(&rest, ","));) {
        g_strstrip(selector);
        char *name = strchr(selector, '.');
        if (name && name[1] && !strpbrk(selector, " >+~:[#*") && !strchr(name + 1, '.'))
            g_hash_table_add(classes, g_strdup(name + 1));
    }
}

static void html_sheet_read(GHashTable *classes, const char *at, const char *end)
{
    while (at < end) {
        if (g_ascii_isspace(*at)) {
            at++;
        } else if (end - at >= 2 && at[0] == '/' && at[1] == '*') {
            const char *stop = memmem(at + 2, end - at - 2, "*/", 2);
            at = stop ? stop + 2 : end;
        } else if (*at == '@') {
            at = html_sheet_skip(at, end); // what holds only on some screens
        } else {
            const char *open = memchr(at, '{', end - at);
            const char *stop = open ? memchr(open, '}', end - open) : NULL;
            if (!stop)
                break;
            HtmlStyle style = {.colour = 0, .background = 0xffffff};
            html_style_apply(&style, open + 1, stop - open - 1);
            if (html_style_hides(&style) && style.colour == 0)
                html_sheet_selectors(classes, at, open - at);
            at = stop + 1;
        }
    }
}

GHashTable *html_sheet_hidden(const char *utf8, gsize len)
{
    GHashTable *classes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    HtmlLexer lexer;
    HtmlToken token;
    html_lexer_init(&lexer, utf8, len, false);
    while (html_next(&lexer, &token)) {
        if (token.kind == HTML_TEXT && token.tag == TAG_STYLE)
            html_sheet_read(classes, token.text, token.text + token.len);
    }
    return classes;
}
