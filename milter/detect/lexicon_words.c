// The words of a text with those read that are spelled with signs for letters: "k!ll", "a$$", "sh*t".
#include "detect/lexicon.h"
#include "detect/tables.h"

#include <string.h>

#define WORDS_LONGEST 20
#define WORDS_LEAST   3

typedef struct {
    guint32 start, end, word;
} SignedWord;

static bool words_is_sign(char c)
{
    static const bool SIGNS[256] = {['!'] = true, ['$'] = true, ['*'] = true, ['@'] = true,
                                    ['#'] = true, ['|'] = true, ['+'] = true, ['0' ... '9'] = true};
    return SIGNS[(guchar)c];
}

static bool words_is_part(char c)
{
    return g_ascii_islower(c) || words_is_sign(c);
}

// The letter a sign stands for; a star for what no letter looks like. `tall`: a stroke is an l.
static char words_letter(char c, bool tall)
{
    static const char SIGNS[] = "$5@430+7#", LETTERS[] = "ssaaeott*";
    const char *at = strchr(SIGNS, c);
    char out = at ? LETTERS[at - SIGNS] : c;
    if (c == '!' || c == '1' || c == '|')
        out = tall ? 'l' : 'i';
    return out;
}

static guint32 words_number(const PhraseWords *words, const char *text, gsize len)
{
    char folded[WORDS_LONGEST];
    guint32 number = 0;
    for (int tall = 0; tall < 2 && !number; tall++) {
        for (gsize i = 0; i < len; i++)
            folded[i] = words_letter(text[i], tall);
        number = phrases_number(words, folded, len);
    }
    return number;
}

// The signed word around the sign at `at`; its number is 0 when there is none. `*next` is where to go on.
static SignedWord words_around(const PhraseWords *words, const DetectView *view, gsize at, gsize floor,
                               gsize *next)
{
    gsize start = at, end = at + 1;
    while (start > floor && at - start < WORDS_LONGEST && words_is_part(view->text[start - 1]))
        start--;
    while (end < view->len && end - at < WORDS_LONGEST && words_is_part(view->text[end]))
        end++;
    *next = end;
    while (start < end && strchr("!*#@|+", view->text[start]))
        start++;
    while (end > start && strchr("!*#@|+", view->text[end - 1]))
        end--;
    guint letters = 0, signs = 0;
    for (gsize i = start; i < end; i++) {
        letters += g_ascii_islower(view->text[i]) != 0;
        signs += words_is_sign(view->text[i]);
    }
    // "SH17-204" is a number of something.
    bool number =
        (end - start >= 2 && g_ascii_isdigit(view->text[end - 1]) && g_ascii_isdigit(view->text[end - 2])) ||
        (start > 0 && view->text[start - 1] == '-') || (end < view->len && view->text[end] == '-');
    SignedWord found = {(guint32)start, (guint32)end, 0};
    if (!number && signs && letters && end - start >= WORDS_LEAST && end - start < WORDS_LONGEST)
        found.word = words_number(words, view->text + start, end - start);
    return found;
}

static GArray *words_signed(const PhraseWords *words, const DetectView *view)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(SignedWord));
    for (gsize at = 0, floor = 0; at < view->len; at++) {
        if (!words_is_sign(view->text[at]))
            continue;
        bool beside = (at > floor && g_ascii_islower(view->text[at - 1])) ||
                      (at + 1 < view->len && g_ascii_islower(view->text[at + 1]));
        if (!beside)
            continue;
        gsize next;
        SignedWord one = words_around(words, view, at, floor, &next);
        if (one.word)
            g_array_append_val(found, one);
        at = next - 1;
        floor = next;
    }
    return found;
}

GArray *lexicon_words(const DetectData *data, const DetectView *view)
{
    g_autoptr(GArray) found = words_signed(tables_words(data), view);
    if (!found->len)
        return g_array_ref(view->words);
    GArray *out = g_array_sized_new(FALSE, FALSE, sizeof(PhraseToken), view->words->len);
    for (guint i = 0, k = 0; i < view->words->len; i++) {
        PhraseToken token = g_array_index(view->words, PhraseToken, i);
        while (k < found->len && g_array_index(found, SignedWord, k).end <= token.start)
            k++;
        const SignedWord *word = k < found->len ? &g_array_index(found, SignedWord, k) : NULL;
        bool inside = word && token.start >= word->start && token.end <= word->end;
        const PhraseToken *last = out->len ? &g_array_index(out, PhraseToken, out->len - 1) : NULL;
        if (inside && last && last->start == word->start && last->end == word->end)
            continue; // a further piece of it
        if (inside) {
            token.word = word->word;
            token.start = word->start;
            token.end = word->end;
        }
        g_array_append_val(out, token);
    }
    return out;
}
