// RTF to text, flat: a bounded stack of group states, no recursion. Unknown destinations (\*) are passed
// over, but for HTML wrapped in RTF and for the targets of links.
#include "reader/rtf.h"
#include "reader/content.h"

#include <string.h>

#define RTF_DEPTH 1000

typedef struct {
    bool skip;  // a destination that is not text
    bool field; // a field's instruction
    guint8 unicode_skip;
} RtfGroup;

typedef struct {
    const char *at, *end;
    RtfGroup group;
    GArray *stack;  // of RtfGroup, the groups around this one
    guint overflow; // groups open below the deepest that is kept
    guint pass;     // characters left that only stand in for a \u
    bool starred;   // "\*" came before the word at hand
    gunichar high;  // first half of a surrogate pair
    GString *field;
    RtfText *out;
} Rtf;

static void rtf_append(Rtf *rtf, const char *text, gsize len)
{
    if (rtf->group.field)
        g_string_append_len(rtf->field, text, len);
    else if (!rtf->group.skip)
        g_string_append_len(rtf->out->text, text, len);
}

static void rtf_char(Rtf *rtf, gunichar c)
{
    if (rtf->pass) {
        rtf->pass--;
        return;
    }
    char utf8[6];
    if (c)
        rtf_append(rtf, utf8, g_unichar_to_utf8(c, utf8));
}

// ---- groups ----------------------------------------------------------------------------------------------

static void rtf_open(Rtf *rtf)
{
    rtf->pass = 0;
    if (rtf->stack->len >= RTF_DEPTH) {
        rtf->overflow++;
        rtf->out->deep = true;
        return;
    }
    g_array_append_val(rtf->stack, rtf->group);
}

// "HYPERLINK \"https://...\"": what is quoted, else the whole.
static void rtf_field_end(Rtf *rtf)
{
    const char *from = strchr(rtf->field->str, '"'), *to = from ? strchr(from + 1, '"') : NULL;
    char *link = to ? g_strndup(from + 1, to - from - 1) : g_strdup(rtf->field->str);
    g_ptr_array_add(rtf->out->links, link);
    g_string_truncate(rtf->field, 0);
}

static void rtf_close(Rtf *rtf)
{
    rtf->pass = 0;
    if (rtf->overflow) {
        rtf->overflow--;
    } else if (rtf->stack->len) {
        bool field = rtf->group.field;
        rtf->group = g_array_index(rtf->stack, RtfGroup, rtf->stack->len - 1);
        g_array_set_size(rtf->stack, rtf->stack->len - 1);
        if (field && !rtf->group.field)
            rtf_field_end(rtf);
    }
}

// ---- control words ---------------------------------------------------------------------------------------

static bool rtf_destination(const char *word)
{
    static const char *const names[] = {"fonttbl",      "colortbl",          "stylesheet",
                                        "pict",         "themedata",         "datastore",
                                        "info",         "listtable",         "objdata",
                                        "revtbl",       "rsidtbl",           "generator",
                                        "latentstyles", "listoverridetable", "colorschememapping",
                                        "pntext"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(word, names[i]))
            return true;
    }
    return false;
}

static const char *rtf_character(const char *word)
{
    static const struct {
        const char *word, *text;
    } characters[] = {
        {"par", "\n"},           {"line", "\n"},       {"row", "\n"},        {"sect", "\n"},
        {"page", "\n"},          {"tab", "\t"},        {"cell", "\t"},       {"emdash", "\u2014"},
        {"endash", "\u2013"},    {"lquote", "\u2018"}, {"rquote", "\u2019"}, {"ldblquote", "\u201c"},
        {"rdblquote", "\u201d"}, {"bullet", "\u2022"}, {"emspace", " "},     {"enspace", " "}};
    for (gsize i = 0; i < G_N_ELEMENTS(characters); i++) {
        if (g_str_equal(word, characters[i].word))
            return characters[i].text;
    }
    return NULL;
}

// \uN, a UTF-16 unit as a signed number, with the characters after it that old readers show.
static void rtf_unicode(Rtf *rtf, int number)
{
    gunichar unit = (guint16)number;
    rtf->pass = 0;
    if (unit >= 0xd800 && unit < 0xdc00) {
        rtf->high = unit;
    } else if (unit >= 0xdc00 && unit < 0xe000) {
        if (rtf->high)
            rtf_char(rtf, 0x10000 + ((rtf->high - 0xd800) << 10) + (unit - 0xdc00));
        rtf->high = 0;
    } else {
        rtf_char(rtf, unit);
    }
    rtf->pass = rtf->group.unicode_skip;
}

static void rtf_word(Rtf *rtf, const char *word, bool numbered, int number)
{
    const char *text = rtf_character(word);
    bool starred = rtf->starred;
    rtf->starred = false;
    if (text) {
        rtf_append(rtf, text, strlen(text));
    } else if (g_str_equal(word, "u") && numbered) {
        rtf_unicode(rtf, number);
    } else if (g_str_equal(word, "uc") && numbered) {
        rtf->group.unicode_skip = CLAMP(number, 0, 16);
    } else if (g_str_equal(word, "bin") && number > 0 && number <= rtf->end - rtf->at) {
        // A length that goes past the end is none.
        rtf->at += number;
    } else if (g_str_equal(word, "fldinst")) {
        rtf->group.field = true;
    } else if ((starred && !g_str_equal(word, "htmltag")) || rtf_destination(word)) {
        rtf->group.skip = true;
    }
}

static void rtf_read_word(Rtf *rtf)
{
    char word[33];
    gsize n = 0;
    for (; rtf->at < rtf->end && g_ascii_isalpha(*rtf->at); rtf->at++) {
        if (n < sizeof(word) - 1)
            word[n++] = *rtf->at;
    }
    word[n] = '\0';
    bool negative = rtf->at < rtf->end && *rtf->at == '-', numbered = false;
    int number = 0;
    for (rtf->at += negative; rtf->at < rtf->end && g_ascii_isdigit(*rtf->at); rtf->at++) {
        number = MIN(number, 100000000) * 10 + (*rtf->at - '0');
        numbered = true;
    }
    if (rtf->at < rtf->end && *rtf->at == ' ')
        rtf->at++;
    rtf_word(rtf, word, numbered, negative ? -number : number);
}

static void rtf_hex(Rtf *rtf)
{
    if (rtf->end - rtf->at < 2 || !g_ascii_isxdigit(rtf->at[0]) || !g_ascii_isxdigit(rtf->at[1]))
        return;
    char byte = g_ascii_xdigit_value(rtf->at[0]) << 4 | g_ascii_xdigit_value(rtf->at[1]);
    g_autofree char *text = charset_best(&byte, 1, "windows-1252", NULL);
    rtf->at += 2;
    rtf_char(rtf, g_utf8_get_char(text));
}

static void rtf_control(Rtf *rtf)
{
    if (rtf->at >= rtf->end)
        return;
    if (g_ascii_isalpha(*rtf->at)) {
        rtf_read_word(rtf);
        return;
    }
    char c = *rtf->at++;
    if (c == '\'')
        rtf_hex(rtf);
    else if (c == '*')
        rtf->starred = true;
    else if (c == '~')
        rtf_char(rtf, 0xa0);
    else if (c == '_')
        rtf_char(rtf, 0x2011);
    else if (c == '\n' || c == '\r')
        rtf_char(rtf, '\n');
    else if (c == '{' || c == '}' || c == '\\')
        rtf_char(rtf, c);
}

void rtf_text(RtfText *out, const char *data, gsize len)
{
    *out = (RtfText){g_string_new(NULL), g_ptr_array_new_with_free_func(g_free), false};
    Rtf rtf = {
        .at = data, .end = data + len, .group = {.unicode_skip = 1}, .field = g_string_new(NULL), .out = out};
    rtf.stack = g_array_new(FALSE, FALSE, sizeof(RtfGroup));
    while (rtf.at < rtf.end) {
        gunichar c = g_utf8_get_char_validated(rtf.at, rtf.end - rtf.at);
        gsize taken = c > 0x10ffff ? 1 : g_unichar_to_utf8(c, NULL);
        rtf.at += taken;
        if (c == '{')
            rtf_open(&rtf);
        else if (c == '}')
            rtf_close(&rtf);
        else if (c == '\\')
            rtf_control(&rtf);
        else if (c != '\r' && c != '\n' && c <= 0x10ffff)
            rtf_char(&rtf, c);
    }
    if (rtf.field->len)
        rtf_field_end(&rtf);
    g_array_unref(rtf.stack);
    g_string_free(rtf.field, TRUE);
}

void rtf_text_clear(RtfText *text)
{
    g_string_free(text->text, TRUE);
    g_ptr_array_unref(text->links);
}
