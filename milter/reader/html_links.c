// What stands beside the text that is shown: where links lead, what attributes say, data: URIs.
#include "reader/html.h"

#include <string.h>

typedef struct {
    HtmlBeside *out;
    GHashTable *known; // of link targets
    char *base;
} HtmlBesideState;

// ---- URIs ------------------------------------------------------------------------------------------------

static bool html_percent_once(GString *text)
{
    gsize to = 0;
    bool changed = false;
    for (gsize from = 0; from < text->len; from++) {
        char c = text->str[from];
        if (c == '%' && from + 2 < text->len && g_ascii_isxdigit(text->str[from + 1]) &&
            g_ascii_isxdigit(text->str[from + 2])) {
            c = g_ascii_xdigit_value(text->str[from + 1]) << 4 | g_ascii_xdigit_value(text->str[from + 2]);
            from += 2;
            changed = true;
        }
        if (c)
            text->str[to++] = c;
    }
    g_string_truncate(text, to);
    return changed;
}

char *html_percent(const char *uri)
{
    GString *text = g_string_new(uri);
    for (int round = 0; round < 3 && html_percent_once(text); round++) {
    }
    char *valid = g_utf8_make_valid(text->str, text->len);
    g_string_free(text, TRUE);
    return valid;
}

// Browsers pass over white space at both ends, and over tabs and line ends anywhere.
static char *html_uri(const char *value)
{
    char *uri = g_strstrip(g_strdup(value));
    char *to = uri;
    for (const char *from = uri; *from; from++) {
        if (*from != '\t' && *from != '\n' && *from != '\r')
            *to++ = *from;
    }
    *to = '\0';
    return uri;
}

static bool html_has_scheme(const char *uri, const char *scheme)
{
    return !g_ascii_strncasecmp(uri, scheme, strlen(scheme));
}

// "scheme:" or "//host": stands without a base.
static bool html_absolute(const char *uri)
{
    const char *colon = strchr(uri, ':');
    return g_str_has_prefix(uri, "//") || (colon && (gsize)(colon - uri) < strcspn(uri, "/?#"));
}

static void html_link(HtmlBesideState *state, const char *value)
{
    g_autofree char *uri = html_uri(value);
    if (html_has_scheme(uri, "data:")) {
        g_ptr_array_add(state->out->embedded, g_steal_pointer(&uri));
        return;
    }
    state->out->script |= html_has_scheme(uri, "javascript:") || html_has_scheme(uri, "vbscript:");
    if (!*uri || *uri == '#' || html_has_scheme(uri, "cid:"))
        return;
    bool relative = state->base && !html_absolute(uri);
    g_autofree char *whole = relative ? g_strconcat(state->base, uri, NULL) : g_steal_pointer(&uri);
    char *decoded = html_percent(whole);
    if (g_hash_table_add(state->known, g_strdup(decoded)))
        g_ptr_array_add(state->out->links, decoded);
    else
        g_free(decoded);
}

// ---- attributes ------------------------------------------------------------------------------------------

// A picture's address shows nothing; only what it holds itself counts.
static bool html_is_picture(const HtmlToken *token)
{
    return g_str_equal(token->name, "img") || g_str_equal(token->name, "image") ||
           g_str_equal(token->name, "input") || g_str_equal(token->name, "source") ||
           g_str_equal(token->name, "video") || g_str_equal(token->name, "audio");
}

static void html_refresh(HtmlBesideState *state, const char *content)
{
    g_autofree char *lower = g_ascii_strdown(content, -1);
    const char *url = strstr(lower, "url=");
    if (url) {
        g_autofree char *target = g_strdup(content + (url - lower) + 4);
        g_strdelimit(target, "'\"", ' ');
        html_link(state, target);
    }
}

static void html_beside_attribute(HtmlBesideState *state, const HtmlToken *token, const HtmlAttr *attr)
{
    static const char *const texts[] = {"alt",        "title", "placeholder", "value",
                                        "aria-label", "label", "summary",     "data-tooltip"};
    static const char *const targets[] = {"href",       "src",  "action", "formaction",
                                          "xlink:href", "data", "poster", "background",
                                          "longdesc",   "cite", "srcdoc"};
    g_autofree char *value = attr->value_len ? html_attr_value(attr) : NULL;
    if (!value)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (html_attr_is(attr, texts[i]))
            g_string_append_printf(state->out->attributes, "%s\n", value);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
        bool data = html_has_scheme(value, "data:");
        if (html_attr_is(attr, targets[i]) && token->tag != TAG_BASE &&
            (data || !html_is_picture(token) || attr->name_len > 6))
            html_link(state, value);
    }
    if (token->tag == TAG_META && html_attr_is(attr, "content"))
        html_refresh(state, value);
    if (token->tag == TAG_BASE && html_attr_is(attr, "href") && !state->base)
        state->base = html_uri(value);
    state->out->script |= attr->name_len > 4 && !g_ascii_strncasecmp(attr->name, "on", 2);
}

// ---- conditional comments --------------------------------------------------------------------------------

// Whether a conditional comment holds text, and not only markup and settings.
static bool html_conditional_text(const HtmlToken *comment)
{
    gsize len = 0;
    const char *inside = html_conditional(comment, &len);
    HtmlLexer lexer;
    HtmlToken token;
    bool found = false, settings = false;
    html_lexer_init(&lexer, inside, inside ? len : 0, false);
    while (inside && !found && html_next(&lexer, &token)) {
        if (token.kind == HTML_START || token.kind == HTML_END)
            settings = g_str_equal(token.name, "xml") ? token.kind == HTML_START : settings;
        else if (token.kind == HTML_TEXT && !token.literal && !settings)
            for (gsize i = 0; i < token.len && !found; i++)
                found = g_ascii_isalnum(token.text[i]) || (guchar)token.text[i] >= 0x80;
    }
    return found;
}

void html_beside(HtmlBeside *out, const char *utf8, gsize len, bool xml)
{
    HtmlLexer lexer;
    HtmlToken token;
    HtmlBesideState state = {out, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), NULL};
    *out = (HtmlBeside){g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free),
                        g_string_new(NULL)};
    html_lexer_init(&lexer, utf8, len, xml);
    while (html_next(&lexer, &token)) {
        if (token.kind == HTML_START) {
            HtmlAttr attr;
            for (html_attr_init(&attr, &token); html_attr_next(&attr);)
                html_beside_attribute(&state, &token, &attr);
            out->script |= token.tag == TAG_SCRIPT;
        } else if (token.kind == HTML_TEXT && token.tag == TAG_TITLE) {
            html_decode(token.text, token.len, false, out->attributes);
            g_string_append_c(out->attributes, '\n');
        } else if (token.kind == HTML_COMMENT) {
            out->conditional |= html_conditional_text(&token);
        }
    }
    g_hash_table_unref(state.known);
    g_free(state.base);
}

void html_beside_clear(HtmlBeside *beside)
{
    g_ptr_array_unref(beside->links);
    g_ptr_array_unref(beside->embedded);
    g_string_free(beside->attributes, TRUE);
}
