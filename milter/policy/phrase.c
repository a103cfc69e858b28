#include "policy/internal.h"

#include <string.h>

// Words left out at most where a phrase has "...".
#define PHRASE_GAP 6

typedef struct {
    char *text;
    gsize len;
    bool beginning; // "word*"
    bool gap;       // "..." stands before it
} PhraseWord;

struct PhrasePattern {
    GArray *words; // of PhraseWord
};

static void phrase_word_clear(gpointer data)
{
    g_free(((PhraseWord *)data)->text);
}

void phrase_free(PhrasePattern *phrase)
{
    if (phrase)
        g_array_unref(phrase->words);
    g_free(phrase);
}

static void phrase_add(PhrasePattern *phrase, const char *token, bool gap)
{
    bool beginning = g_str_has_suffix(token, "*");
    g_autoptr(GPtrArray) parts = phrase_words(token, strlen(token), 8);
    for (guint i = 0; i < parts->len; i++) {
        PhraseWord word = {.text = g_strdup(parts->pdata[i]),
                           .len = strlen(parts->pdata[i]),
                           .beginning = beginning && i + 1 == parts->len,
                           .gap = gap && i == 0};
        g_array_append_val(phrase->words, word);
    }
}

PhrasePattern *phrase_new(const char *text)
{
    PhrasePattern *phrase = g_new0(PhrasePattern, 1);
    phrase->words = g_array_new(FALSE, FALSE, sizeof(PhraseWord));
    g_array_set_clear_func(phrase->words, phrase_word_clear);
    g_auto(GStrv) tokens = g_strsplit_set(text, " \t", 64);
    bool gap = false;
    for (guint i = 0; tokens[i]; i++) {
        if (strcmp(tokens[i], "...") == 0) {
            gap = true;
        } else if (*tokens[i]) {
            phrase_add(phrase, tokens[i], gap);
            gap = false;
        }
    }
    if (phrase->words->len == 0)
        g_clear_pointer(&phrase, phrase_free);
    return phrase;
}

GPtrArray *phrase_words(const char *text, gsize len, guint most)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    const char *end = text + len;
    const char *start = NULL;
    for (const char *p = text; p <= end && words->len < most; p = p < end ? g_utf8_next_char(p) : p + 1) {
        bool letter =
            p < end && (g_unichar_isalnum(g_utf8_get_char(p)) || g_unichar_ismark(g_utf8_get_char(p)));
        if (letter && !start)
            start = p;
        if (!letter && start) {
            g_ptr_array_add(words, g_utf8_casefold(start, p - start));
            start = NULL;
        }
    }
    return words;
}

static bool phrase_word_is(const PhraseWord *word, const char *text)
{
    return word->beginning ? strncmp(text, word->text, word->len) == 0 : strcmp(text, word->text) == 0;
}

// The phrase from its word 0 at words[at]. The nearest word is taken after a gap: linear in the phrase.
static bool phrase_matches_at(const PhrasePattern *phrase, const GPtrArray *words, guint at)
{
    for (guint i = 0; i < phrase->words->len; i++) {
        const PhraseWord *word = &g_array_index(phrase->words, PhraseWord, i);
        guint last = MIN(words->len, at + 1 + (word->gap ? PHRASE_GAP : 0));
        while (at < last && !phrase_word_is(word, words->pdata[at]))
            at++;
        if (at >= last)
            return false;
        at++;
    }
    return true;
}

bool phrase_matches(const PhrasePattern *phrase, const GPtrArray *words)
{
    bool found = false;
    for (guint at = 0; at < words->len && !found; at++)
        found = phrase_matches_at(phrase, words, at);
    return found;
}
