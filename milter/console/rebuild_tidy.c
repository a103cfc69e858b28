// HTML before it is parsed: what parsers take otherwise than browsers is taken away (WHATWG HTML, section 13.2.5).
#include "console/rebuild.h"

#include <string.h>

typedef struct {
    const char *at, *end;
    GString *out;
} Tidy;

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool ahead(const char *at, const char *end, const char *word)
{
    gsize len = strlen(word);
    return (gsize)(end - at) >= len && g_ascii_strncasecmp(at, word, len) == 0;
}

// A tag of that name: "<b" is not one of "<br>".
static bool ahead_name(const char *at, const char *end, const char *name)
{
    gsize len = strlen(name);
    return ahead(at, end, name) && (at + len == end || blank(at[len]) || at[len] == '>' || at[len] == '/');
}

static const char *behind(const char *at, const char *end, const char *mark)
{
    const char *found = memmem(at, (gsize)(end - at), mark, strlen(mark));
    return found != NULL ? found + strlen(mark) : end;
}

// Behind the comment whose text begins at `at`.
static const char *comment_end(const char *at, const char *end)
{
    if (ahead(at, end, ">") || ahead(at, end, "->"))
        return behind(at, end, ">");
    const char *plain = behind(at, end, "-->");
    const char *odd = behind(at, plain, "--!>");
    return odd < plain ? odd : plain;
}

// The '>' of the tag whose name begins at `at`, and how many attributes it has at most.
static const char *tag_end(const char *at, const char *end, guint *out_attributes)
{
    guint count = 0;
    for (; at < end && *at != '>'; at++) {
        count += blank(*at) && at + 1 < end && !blank(at[1]);
        bool value = *at == '=';
        while (value && at + 1 < end && blank(at[1]))
            at++;
        if (value && at + 1 < end && (at[1] == '"' || at[1] == '\'')) {
            const char *close = memchr(at + 2, at[1], (gsize)(end - at - 2));
            at = close != NULL ? close : end - 1;
            count++;
        }
    }
    *out_attributes = count;
    return at;
}

static void put_escaped(GString *out, const char *from, const char *to)
{
    for (; from < to; from++)
        if (*from == '<')
            g_string_append(out, "&lt;");
        else
            g_string_append_c(out, *from);
}

// Where the content of the raw element `name` that begins at `at` ends: its end tag.
static const char *raw_end(const char *at, const char *end, const char *name)
{
    for (; (at = memmem(at, (gsize)(end - at), "</", 2)) != NULL; at += 2)
        if (ahead_name(at + 2, end, name))
            return at;
    return end;
}

// The content of elements that hold no markup; `name` begins the tag, `at` is behind it.
static void tidy_raw(Tidy *tidy, const char *name)
{
    static const struct {
        const char *name;
        bool shown;
    } RAW[] = {{"script", false}, {"style", false},    {"iframe", false},  {"noembed", false},
               {"title", false},  {"noframes", false}, {"textarea", true}, {"xmp", true}};
    for (gsize i = 0; i < G_N_ELEMENTS(RAW); i++) {
        if (!ahead_name(name, tidy->end, RAW[i].name))
            continue;
        const char *stop = raw_end(tidy->at, tidy->end, RAW[i].name);
        if (RAW[i].shown)
            put_escaped(tidy->out, tidy->at, stop);
        tidy->at = stop;
    }
    if (ahead_name(name, tidy->end, "plaintext")) {
        put_escaped(tidy->out, tidy->at, tidy->end);
        tidy->at = tidy->end;
    }
}

// `tidy->at` is at the '<' of a tag. False: it has too many attributes.
static bool tidy_tag(Tidy *tidy, guint most)
{
    guint attributes = 0;
    bool ends = tidy->at[1] == '/';
    const char *name = tidy->at + 1 + ends;
    const char *last = tag_end(name, tidy->end, &attributes);
    bool whole = last < tidy->end,
         outer = ahead_name(name, tidy->end, "html") || ahead_name(name, tidy->end, "body");
    if (attributes > most)
        return false;
    // The ends of all are left out: more may come behind them. So is what never ends.
    if (whole && !(ends && outer))
        g_string_append_len(tidy->out, tidy->at, last + 1 - tidy->at);
    tidy->at = whole ? last + 1 : tidy->end;
    if (!ends)
        tidy_raw(tidy, name);
    return true;
}

GString *rebuild_tidy(const char *utf8, gsize len, guint attributes, bool *out_cut)
{
    Tidy tidy = {.at = utf8, .end = utf8 + len, .out = g_string_sized_new(len)};
    while (tidy.at < tidy.end) {
        const char *open = memchr(tidy.at, '<', (gsize)(tidy.end - tidy.at));
        open = open != NULL ? open : tidy.end;
        g_string_append_len(tidy.out, tidy.at, open - tidy.at);
        tidy.at = open;
        char next = open + 1 < tidy.end ? open[1] : '\0', third = open + 2 < tidy.end ? open[2] : '\0';
        if (open == tidy.end)
            continue;
        if (g_ascii_isalpha(next) || (next == '/' && g_ascii_isalpha(third))) {
            if (!tidy_tag(&tidy, attributes)) {
                *out_cut = true;
                break;
            }
        } else if (ahead(open, tidy.end, "<!--")) {
            tidy.at = comment_end(open + 4, tidy.end);
        } else if (next == '!' || next == '?' || next == '/') {
            tidy.at = behind(open, tidy.end, ">");
        } else {
            g_string_append(tidy.out, "&lt;");
            tidy.at = open + 1;
        }
    }
    return tidy.out;
}
