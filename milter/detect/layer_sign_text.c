// A line of a signature as it is compared.
#include "detect/layer.h"
#include "detect/phrases_book.h"

#include <string.h>

static char sign_plain(gunichar c)
{
    char plain = c < 0x80 ? (char)c : '\x01'; // an emoji, a drawing
    if (c == 0x2019 || c == 0x2018)
        plain = '\'';
    else if (c == 0x201c || c == 0x201d || c == 0x201e || c == 0xab || c == 0xbb)
        plain = '"';
    else if (c == 0x2013 || c == 0x2014 || c == 0x2015 || c == 0x2212)
        plain = '-';
    else if (c == 0x2022 || c == 0xb7 || c == 0x2027 || c == 0x25cf || c == 0x2502)
        plain = '|';
    return plain;
}

// Is the last word still open?
static bool sign_inside(const SignText *sign)
{
    return sign->n && sign->words[sign->n - 1].end == sign->len;
}

// A letter or figure that was put at `start` of the text.
static void sign_part(SignText *sign, gsize start, bool inside, bool capital)
{
    if (!inside && sign->n < SIGN_TOKENS) {
        sign->words[sign->n].start = start;
        sign->words[sign->n++].capital = capital;
        sign->capitals += capital;
        inside = true;
    }
    if (inside)
        sign->words[sign->n - 1].end = sign->len;
    if (!sign->first)
        sign->first = 'a';
}

static void sign_put(SignText *sign, gunichar c, const char *original)
{
    gunichar letter = phrases_fold(c < 0x100 ? c : g_unichar_tolower(c));
    gsize start = sign->len;
    bool inside = sign_inside(sign);
    if (letter) {
        sign->len += (gsize)g_unichar_to_utf8(letter, sign->text + sign->len);
        sign_part(sign, start, inside, !inside && g_unichar_isupper(g_utf8_get_char(original)));
        sign->digits += g_unichar_isdigit(letter);
        sign->letters += g_unichar_isalpha(letter);
    } else {
        char plain = sign_plain(c);
        sign->text[sign->len++] = plain;
        if (plain == '\'' && inside)
            sign->words[sign->n - 1].end = sign->len;
        if (!sign->first)
            sign->first = plain;
        sign->at |= plain == '@';
        sign->question |= plain == '?';
    }
}

static bool sign_is_plain(char c)
{
    return (guchar)(c - 'a') < 26 || (guchar)(c - '0') < 10;
}

// The letters and figures of ASCII from `at` on, lower case, as far as there is room. Returns what is behind them.
static const char *sign_put_plain(SignText *sign, const char *at, const char *end, bool capital)
{
    gsize start = sign->len, most = MIN((gsize)(end - at), SIGN_LINE - start), n = 0;
    bool inside = sign_inside(sign);
    guint figures = 0;
    for (; n < most && sign_is_plain(at[n]); n++) {
        sign->text[start + n] = at[n];
        figures += at[n] <= '9';
    }
    sign->len += n;
    sign->digits += figures;
    sign->letters += (guint)n - figures;
    sign_part(sign, start, inside, capital);
    return at + n;
}

static void sign_read_text(SignText *sign, const LayerText *text, const char *at, const char *end)
{
    while (at < end && sign->len < SIGN_LINE) {
        const char *original = text->passage->text + (at - text->lower);
        if (sign_is_plain(*at)) {
            at = sign_put_plain(sign, at, end, g_ascii_isupper(*original));
            continue;
        }
        gunichar c = (guchar)*at < 0x80 ? (gunichar)*at : g_utf8_get_char(at);
        bool space = c == ' ' || c == '\t' || c == 0x200b || c == 0xfeff || c == 0xfe0f || c == 0x200d;
        if (!space)
            sign_put(sign, c, original);
        else if (sign->len && sign->text[sign->len - 1] != ' ')
            sign->text[sign->len++] = ' ';
        at += c < 0x80 ? 1 : g_utf8_next_char(at) - at;
    }
}

void layer_sign_read(const LayerText *text, guint i, const LayerWords *words, SignText *sign)
{
    const LayerLine *line = layer_line(text, i);
    const char *lower = text->lower + line->body, *end = text->lower + line->end;
    memset(sign, 0, offsetof(SignText, words));
    sign->n = sign->letters = sign->digits = sign->capitals = 0;
    sign->first = sign->last = '\0';
    sign->at = sign->link = sign->question = false;
    while (end > lower && g_ascii_isspace(end[-1]))
        end--;
    sign->long_line = end - lower > SIGN_LINE;
    sign_read_text(sign, text, lower, end);
    sign->text[sign->len] = '\0';
    for (gsize k = sign->len; k > 0 && !sign->last; k--)
        sign->last = sign->text[k - 1] == ' ' ? '\0' : sign->text[k - 1];
    for (guint k = 0; k < sign->n; k++) {
        gsize len;
        const char *word = layer_sign_word(sign, k, &len);
        bool counts = !sign->long_line || sign->n <= SIGN_CLOSING_WORDS;
        sign->words[k].is = counts ? layer_words_bits(words, word, len) : 0;
    }
    sign->link = strstr(sign->text, "http") != NULL || strstr(sign->text, "www.") != NULL;
}

const char *layer_sign_word(const SignText *sign, guint k, gsize *out_len)
{
    *out_len = sign->words[k].end - sign->words[k].start;
    while (*out_len && sign->text[sign->words[k].start + *out_len - 1] == '\'')
        (*out_len)--;
    return sign->text + sign->words[k].start;
}

void layer_sign_words(const SignText *sign, guint from, guint to, char *out, gsize size)
{
    gsize n = 0;
    for (guint k = from; k < to && k < sign->n; k++) {
        gsize len;
        const char *word = layer_sign_word(sign, k, &len);
        if (n + len + 2 < size) {
            if (n)
                out[n++] = ' ';
            memcpy(out + n, word, len);
            n += len;
        }
    }
    out[n] = '\0';
}
