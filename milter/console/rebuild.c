// HTML of a message, rebuilt. The only file of the console that includes libxml2.
#include "console/rebuild.h"

#include <libxml/HTMLparser.h>
#include <string.h>

// Of libxml2: each attribute of a tag is compared with the others, each end tag with all that is open.
enum {
    BYTES = 512 * 1024,
    CHUNK = 32 * 1024,
    ELEMENTS = 20000,
    DEPTH = 200,
    ATTRIBUTES = 100,
    TARGET = 500,
    PICTURE_BYTES = 4 * 1024 * 1024,
    PICTURES = 40,
    SECONDS = 2
};

typedef enum {
    DO_KEEP,    // as the element `as`
    DO_TEXT,    // only what is in it
    DO_DROP,    // nothing of it
    DO_LINK,    // its text, and where it leads to
    DO_FORM,    // what is in it, and where it would be sent
    DO_FIELD,   // a form's field: its value
    DO_PICTURE, // see picture()
    DO_OUTSIDE, // something from elsewhere: its name and address
    DO_REVERSED // <bdo>: the text as it is written
} What;

typedef struct {
    const char *name;
    What what;
    const char *as;
    bool empty;
} Rule;

static const Rule RULES[] = {
    // clang-format off
    {"a", DO_LINK, "span", false}, {"abbr", DO_KEEP, "span", false}, {"address", DO_KEEP, "div", false},
    {"applet", DO_OUTSIDE, NULL, false}, {"area", DO_LINK, NULL, true}, {"article", DO_KEEP, "div", false},
    {"aside", DO_KEEP, "div", false}, {"audio", DO_OUTSIDE, NULL, false}, {"b", DO_KEEP, "b", false},
    {"base", DO_DROP, NULL, true}, {"bdo", DO_REVERSED, "span", false}, {"big", DO_KEEP, "span", false},
    {"blockquote", DO_KEEP, "blockquote", false}, {"body", DO_KEEP, "div", false}, {"br", DO_KEEP, "br", true},
    {"button", DO_KEEP, "span", false}, {"caption", DO_KEEP, "caption", false}, {"center", DO_KEEP, "div", false},
    {"cite", DO_KEEP, "i", false}, {"code", DO_KEEP, "code", false}, {"dd", DO_KEEP, "dd", false},
    {"del", DO_KEEP, "del", false}, {"details", DO_KEEP, "div", false}, {"dfn", DO_KEEP, "i", false},
    {"dir", DO_KEEP, "ul", false}, {"div", DO_KEEP, "div", false}, {"dl", DO_KEEP, "dl", false},
    {"dt", DO_KEEP, "dt", false}, {"em", DO_KEEP, "em", false}, {"embed", DO_OUTSIDE, NULL, true},
    {"fieldset", DO_KEEP, "div", false}, {"figcaption", DO_KEEP, "div", false}, {"figure", DO_KEEP, "div", false},
    {"font", DO_KEEP, "span", false}, {"footer", DO_KEEP, "div", false}, {"form", DO_FORM, "div", false},
    {"frame", DO_OUTSIDE, NULL, true}, {"h1", DO_KEEP, "h1", false}, {"h2", DO_KEEP, "h2", false},
    {"h3", DO_KEEP, "h3", false}, {"h4", DO_KEEP, "h4", false}, {"h5", DO_KEEP, "h5", false},
    {"h6", DO_KEEP, "h6", false}, {"header", DO_KEEP, "div", false}, {"hr", DO_KEEP, "hr", true},
    {"i", DO_KEEP, "i", false}, {"iframe", DO_OUTSIDE, NULL, false}, {"image", DO_PICTURE, NULL, true},
    {"img", DO_PICTURE, NULL, true}, {"input", DO_FIELD, NULL, true}, {"ins", DO_KEEP, "ins", false},
    {"kbd", DO_KEEP, "code", false}, {"label", DO_KEEP, "span", false}, {"legend", DO_KEEP, "div", false},
    {"li", DO_KEEP, "li", false}, {"link", DO_DROP, NULL, true}, {"main", DO_KEEP, "div", false},
    {"menu", DO_KEEP, "ul", false}, {"meta", DO_DROP, NULL, true}, {"nav", DO_KEEP, "div", false},
    {"object", DO_OUTSIDE, NULL, false}, {"ol", DO_KEEP, "ol", false}, {"option", DO_KEEP, "div", false},
    {"p", DO_KEEP, "p", false}, {"param", DO_DROP, NULL, true}, {"plaintext", DO_KEEP, "pre", false},
    {"pre", DO_KEEP, "pre", false}, {"q", DO_KEEP, "q", false}, {"s", DO_KEEP, "s", false},
    {"samp", DO_KEEP, "code", false}, {"script", DO_DROP, NULL, false}, {"section", DO_KEEP, "div", false},
    {"small", DO_KEEP, "small", false}, {"source", DO_OUTSIDE, NULL, true}, {"span", DO_KEEP, "span", false},
    {"strike", DO_KEEP, "s", false}, {"strong", DO_KEEP, "strong", false}, {"style", DO_DROP, NULL, false},
    {"sub", DO_KEEP, "sub", false}, {"summary", DO_KEEP, "div", false}, {"sup", DO_KEEP, "sup", false},
    {"table", DO_KEEP, "table", false}, {"tbody", DO_KEEP, "tbody", false}, {"td", DO_KEEP, "td", false},
    {"textarea", DO_KEEP, "pre", false}, {"tfoot", DO_KEEP, "tfoot", false}, {"th", DO_KEEP, "th", false},
    {"thead", DO_KEEP, "thead", false}, {"title", DO_DROP, NULL, false}, {"tr", DO_KEEP, "tr", false},
    {"track", DO_OUTSIDE, NULL, true}, {"tt", DO_KEEP, "code", false}, {"u", DO_KEEP, "u", false},
    {"ul", DO_KEEP, "ul", false}, {"var", DO_KEEP, "i", false}, {"video", DO_OUTSIDE, NULL, false},
    {"xmp", DO_KEEP, "pre", false},
    // clang-format on
};
static const Rule OTHER = {"", DO_TEXT, NULL, false};

const char *const REBUILD_STYLE =
    ":root { color-scheme: light; background: #fff; color: #1b1f24; }"
    " body { font: 1rem/1.5 system-ui, sans-serif; margin: .75rem; overflow-wrap: anywhere; }"
    " table { border-collapse: collapse; } td, th { vertical-align: top; padding: .1rem .3rem; }"
    " pre { white-space: pre-wrap; } blockquote { margin: 0 0 0 .5rem; padding-left: .75rem;"
    " border-left: .2rem solid #8a93a0; }"
    " .link { text-decoration: underline; } .strong { font-weight: 700; } .slant { font-style: italic; }"
    " .center { text-align: center; } .right { text-align: right; }"
    " .target, .left-out { color: #4a5360; font: .85em/1.4 ui-monospace, monospace; }"
    " .left-out { border: 1px dotted #4a5360; padding: 0 .25rem; }"
    " .unseen { outline: 2px dashed #a11c1c; outline-offset: 1px; }"
    " .odd { background: #ffe27a; color: #1b1f24; font-size: .85em; }"
    " .note { background: #fff4d6; border-left: .35rem solid #8a93a0; padding: .4rem .6rem; }"
    " img { max-width: 100%; height: auto; } .blur { filter: blur(1.2rem); }";

typedef struct {
    const Rule *rule;
    char *target; // of a link or a form
    bool shown;
} Open;

typedef struct {
    Html *html;
    const RebuildOptions *options;
    RebuildReport *report;
    GArray *open;          // of Open
    guint dropped;         // of those, whose content is left out
    guint elements, depth; // depth: of what the parser has open
    htmlParserCtxtPtr parser;
    bool stopped;
} Run;

static const Rule *rule_of(const char *name)
{
    gsize from = 0, to = G_N_ELEMENTS(RULES);
    while (from < to) {
        gsize middle = from + (to - from) / 2;
        int order = g_ascii_strcasecmp(name, RULES[middle].name);
        if (order == 0)
            return &RULES[middle];
        *(order < 0 ? &to : &from) = order < 0 ? middle : middle + 1;
    }
    return &OTHER;
}

static void stop(Run *run)
{
    run->report->cut = run->stopped = true;
    xmlStopParser(run->parser);
}

// ---- attributes ------------------------------------------------------------------------------------------

static const char *attr(const xmlChar **attrs, const char *name)
{
    const char *value = NULL;
    for (gsize i = 0; attrs != NULL && attrs[i] != NULL && value == NULL; i += 2)
        if (g_ascii_strcasecmp((const char *)attrs[i], name) == 0)
            value = attrs[i + 1] != NULL ? (const char *)attrs[i + 1] : "";
    return value;
}

// A number of at most three figures; NULL for anything else.
static char *attr_number(const xmlChar **attrs, const char *name)
{
    const char *value = attr(attrs, name);
    gsize len = value != NULL ? strspn(value, "0123456789") : 0;
    return len > 0 && len <= 3 && value[len] == '\0' ? g_strdup(value) : NULL;
}

// What of a style a reader should know: `css` without white space, lower case, ';' before and after.
static void style_classes(const char *css, GString *classes)
{
    static const char *const KNOWN[][2] = {
        {";display:none", "unseen"},      {";visibility:hidden", "unseen"}, {";font-size:0;", "unseen"},
        {";font-size:0p", "unseen"},      {";opacity:0;", "unseen"},        {";max-height:0;", "unseen"},
        {";max-height:0p", "unseen"},     {";text-indent:-", "unseen"},     {";mso-hide:all", "unseen"},
        {";font-weight:bold", "strong"},  {";font-weight:700", "strong"},   {";font-style:italic", "slant"},
        {";text-align:center", "center"}, {";text-align:right", "right"}};
    for (gsize i = 0; i < G_N_ELEMENTS(KNOWN); i++)
        if (strstr(css, KNOWN[i][0]) != NULL && strstr(classes->str, KNOWN[i][1]) == NULL)
            g_string_append_printf(classes, "%s%s", classes->len > 0 ? " " : "", KNOWN[i][1]);
}

// NULL = none. Caller frees.
static char *classes_of(const Rule *rule, const xmlChar **attrs)
{
    const char *style = attr(attrs, "style"), *align = attr(attrs, "align");
    g_autoptr(GString) css = g_string_new(";"), classes = g_string_new(NULL);
    if (rule->what == DO_LINK)
        g_string_append(classes, "link");
    for (const char *at = style; at != NULL && *at != '\0' && css->len < 4000; at++)
        if (!g_ascii_isspace(*at))
            g_string_append_c(css, g_ascii_tolower(*at));
    g_string_append_c(css, ';');
    if (strcmp(rule->name, "center") == 0)
        g_string_append(css, "text-align:center;");
    if (align != NULL && g_ascii_strcasecmp(align, "center") == 0)
        g_string_append(css, "text-align:center;");
    if (attr(attrs, "hidden") != NULL)
        g_string_append(css, "display:none;");
    style_classes(css->str, classes);
    return classes->len > 0 ? g_strdup(classes->str) : NULL;
}

// ---- elements --------------------------------------------------------------------------------------------

static void put_target(Run *run, const char *key, const char *target)
{
    g_autofree char *cut = g_strndup(target, TARGET), *valid = g_utf8_make_valid(cut, -1);
    html_open(run->html, "span", "class", "target", NULL);
    html_text(run->html, " [");
    if (key != NULL) {
        html_words(run->html, key, NULL);
        html_text(run->html, " ");
    }
    html_mail(run->html, g_strstrip(valid));
    html_text(run->html, "]");
    html_close(run->html, "span");
}

static void put_left_out(Run *run, const char *key, const char *name, const char *text, const char *target)
{
    html_open(run->html, "span", "class", "left-out", NULL);
    html_words(run->html, key, "name", name, NULL);
    if (text != NULL && *text != '\0') {
        html_text(run->html, ": ");
        html_mail(run->html, text);
    }
    html_close(run->html, "span");
    if (target != NULL && *target != '\0' && g_ascii_strncasecmp(target, "data:", 5) != 0)
        put_target(run, NULL, target);
}

static void picture(Run *run, const xmlChar **attrs)
{
    RebuildReport *report = run->report;
    const char *src = attr(attrs, "src"), *alt = attr(attrs, "alt");
    src = src != NULL ? src + strspn(src, " \t\r\n") : "";
    bool inside = g_ascii_strncasecmp(src, "cid:", 4) == 0 || g_ascii_strncasecmp(src, "data:", 5) == 0;
    bool may = inside && run->options->picture != NULL && report->shown < PICTURES;
    g_autofree char *data = may ? run->options->picture(src, run->options->data) : NULL;
    report->pictures++;
    report->remote += !inside && *src != '\0';
    report->shown += data != NULL;
    if (data != NULL)
        html_void(run->html, "img", "src", data, "alt", alt != NULL ? alt : "", "class",
                  run->options->blurred ? "blur" : NULL, NULL);
    else
        put_left_out(run, "rebuild.picture", "img", alt, src);
}

static void keep(Run *run, const Rule *rule, const xmlChar **attrs)
{
    g_autofree char *classes = classes_of(rule, attrs);
    bool cell = rule->as != NULL && (strcmp(rule->as, "td") == 0 || strcmp(rule->as, "th") == 0);
    g_autofree char *columns = cell ? attr_number(attrs, "colspan") : NULL,
                    *rows = cell ? attr_number(attrs, "rowspan") : NULL,
                    *start = strcmp(rule->name, "ol") == 0 ? attr_number(attrs, "start") : NULL;
    const char *asked = attr(attrs, "dir");
    const char *dir = asked != NULL && g_ascii_strcasecmp(asked, "rtl") == 0 ? "rtl" : NULL;
    if (rule->empty)
        html_void(run->html, rule->as, NULL);
    else
        html_open(run->html, rule->as, "class", classes, "colspan", columns, "rowspan", rows, "start", start,
                  "dir", dir, NULL);
}

static void outside(Run *run, const Rule *rule, const xmlChar **attrs)
{
    const char *src = attr(attrs, "src");
    put_left_out(run, "rebuild.outside", rule->name, NULL, src != NULL ? src : attr(attrs, "data"));
    run->report->remote++;
}

static void show(Run *run, const Rule *rule, const xmlChar **attrs, Open *open)
{
    const char *href = attr(attrs, "href");
    switch (rule->what) {
    case DO_KEEP:
        keep(run, rule, attrs);
        break;
    case DO_LINK:
        open->target = g_strdup(href);
        run->report->links += href != NULL;
        if (rule->empty && href != NULL)
            put_target(run, NULL, href);
        else if (!rule->empty)
            keep(run, rule, attrs);
        break;
    case DO_FORM:
        open->target = g_strdup(attr(attrs, "action"));
        keep(run, rule, attrs);
        break;
    case DO_FIELD:
        put_left_out(run, "rebuild.field", "input", attr(attrs, "value"), NULL);
        break;
    case DO_PICTURE:
        picture(run, attrs);
        break;
    case DO_OUTSIDE:
        outside(run, rule, attrs);
        break;
    case DO_REVERSED:
        put_left_out(run, "rebuild.reversed", "bdo", NULL, NULL);
        keep(run, rule, NULL);
        break;
    case DO_TEXT:
    case DO_DROP:
        break;
    }
}

static void close_last(Run *run)
{
    Open open = g_array_index(run->open, Open, run->open->len - 1);
    g_array_set_size(run->open, run->open->len - 1);
    if (open.rule->what == DO_DROP)
        run->dropped--;
    else if (open.shown && open.rule->as != NULL)
        html_close(run->html, open.rule->as);
    if (open.target != NULL && *open.target != '\0' && *open.target != '#')
        put_target(run, open.rule->what == DO_FORM ? "rebuild.form" : NULL, open.target);
    g_free(open.target);
}

// ---- what the parser calls -------------------------------------------------------------------------------

static void on_start(void *data, const xmlChar *name, const xmlChar **attrs)
{
    Run *run = data;
    const Rule *rule = rule_of((const char *)name);
    if (++run->elements > ELEMENTS || ++run->depth > DEPTH) {
        stop(run);
        return;
    }
    Open open = {.rule = rule, .shown = run->dropped == 0};
    if (open.shown)
        show(run, rule, attrs, &open);
    if (rule->empty) {
        g_free(open.target);
        return;
    }
    run->dropped += rule->what == DO_DROP;
    g_array_append_val(run->open, open);
}

static void on_end(void *data, const xmlChar *name)
{
    Run *run = data;
    const Rule *rule = rule_of((const char *)name);
    guint at = run->open->len;
    run->depth -= run->depth > 0;
    if (rule->empty)
        return;
    while (at > 0 && g_array_index(run->open, Open, at - 1).rule != rule)
        at--;
    while (at > 0 && run->open->len >= at)
        close_last(run);
}

static void on_text(void *data, const xmlChar *text, int len)
{
    Run *run = data;
    if (run->dropped > 0 || len <= 0)
        return;
    g_autofree char *copy = g_strndup((const char *)text, (gsize)len);
    html_mail(run->html, copy);
}

// ---- parsing ---------------------------------------------------------------------------------------------

// What was cut beforehand is fed all the same; what is cut now ends it.
static void feed(Run *run, const char *utf8, gsize len)
{
    gint64 deadline = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;
    for (gsize at = 0; at < len && !run->stopped;) {
        gsize size = MIN(len - at, CHUNK);
        htmlParseChunk(run->parser, utf8 + at, (int)size, 0);
        at += size;
        if (at < len && g_get_monotonic_time() > deadline)
            stop(run);
    }
    if (!run->stopped)
        htmlParseChunk(run->parser, NULL, 0, 1);
}

void rebuild_html(Html *html, const char *utf8, gsize len, const RebuildOptions *options, RebuildReport *out)
{
    htmlSAXHandler sax = {.startElement = on_start,
                          .endElement = on_end,
                          .characters = on_text,
                          .ignorableWhitespace = on_text,
                          .cdataBlock = on_text};
    Run run = {.html = html, .options = options, .report = out};
    gsize most = MIN(len, BYTES);
    *out = (RebuildReport){0};
    run.open = g_array_new(FALSE, FALSE, sizeof(Open));
    run.parser = htmlCreatePushParserCtxt(&sax, &run, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    while (most < len && most > 0 && ((guchar)utf8[most] & 0xc0) == 0x80)
        most--;
    g_autoptr(GString) tidy = rebuild_tidy(utf8, most, ATTRIBUTES, &out->cut);
    if (run.parser != NULL) {
        htmlCtxtUseOptions(run.parser, HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR |
                                           HTML_PARSE_NOWARNING | HTML_PARSE_IGNORE_ENC);
        feed(&run, tidy->str, tidy->len);
        htmlFreeParserCtxt(run.parser);
    }
    out->cut = out->cut || most < len || run.parser == NULL;
    while (run.open->len > 0)
        close_last(&run);
    g_array_unref(run.open);
}

// ---- pictures --------------------------------------------------------------------------------------------

char *rebuild_picture(const void *data, gsize len)
{
    static const struct {
        const char *bytes, *type;
        gsize len, at;
    } MAGIC[] = {{"\x89PNG\r\n\x1a\n", "image/png", 8, 0},
                 {"\xff\xd8\xff", "image/jpeg", 3, 0},
                 {"GIF87a", "image/gif", 6, 0},
                 {"GIF89a", "image/gif", 6, 0},
                 {"WEBPVP8", "image/webp", 7, 8}};
    const char *type = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(MAGIC) && type == NULL; i++)
        if (len > MAGIC[i].at + MAGIC[i].len &&
            memcmp((const char *)data + MAGIC[i].at, MAGIC[i].bytes, MAGIC[i].len) == 0)
            type = MAGIC[i].type;
    if (type == NULL || len > PICTURE_BYTES)
        return NULL;
    g_autofree char *text = g_base64_encode(data, len);
    return g_strdup_printf("data:%s;base64,%s", type, text);
}
