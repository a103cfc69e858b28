#include "detect/layer_words.h"

#include <string.h>

#define WORD_MOST 64 // bytes of a phrase

struct LayerWords {
    GHashTable *bits;  // char* -> bits
    GHashTable *nicks; // "nick name"
};

LayerWords *layer_words_new(void)
{
    LayerWords *words = g_new0(LayerWords, 1);
    words->bits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    words->nicks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return words;
}

void layer_words_free(LayerWords *words)
{
    if (words) {
        g_hash_table_unref(words->bits);
        g_hash_table_unref(words->nicks);
        g_free(words);
    }
}

static guint word_section(const char *section)
{
    static const char *const SECTIONS[] = {"closing", "greeting", "title", "particle", "degree",
                                           "post",    "label",    "talk",  "street",   "common"};
    guint bit = 0;
    for (guint i = 0; !bit && i < G_N_ELEMENTS(SECTIONS); i++)
        if (strcmp(SECTIONS[i], section) == 0)
            bit = 1u << i;
    return bit;
}

static void word_add(LayerWords *words, const char *word, guint bit)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(words->bits, word));
    g_hash_table_insert(words->bits, g_strdup(word), GUINT_TO_POINTER(before | bit));
}

const char *layer_words_add(LayerWords *words, const char *section, char *const *fields)
{
    bool nickname = strcmp(section, "nickname") == 0;
    guint bit = word_section(section);
    const char *wrong = nickname && (!fields[0] || !fields[1] || fields[2]) ? "wanted NICK | NAME, NAME ..."
                        : !nickname && !bit                                 ? "there is no such section"
                        : !nickname && fields[1]                            ? "wanted words and commas"
                                                                            : NULL;
    g_auto(GStrv) each = wrong ? NULL : g_strsplit(fields[nickname ? 1 : 0], ",", -1);
    for (guint i = 0; !wrong && each[i]; i++) {
        const char *word = g_strstrip(each[i]);
        if (*word == '\0' || strlen(word) >= WORD_MOST)
            wrong = "a word is empty or too long";
        else if (nickname)
            g_hash_table_add(words->nicks, g_strconcat(fields[0], " ", word, NULL));
        else
            word_add(words, word, bit);
    }
    return wrong;
}

guint layer_words_bits(const LayerWords *words, const char *word, gsize len)
{
    char key[WORD_MOST];
    guint bits = 0;
    if (len > 0 && len < sizeof key) {
        memcpy(key, word, len);
        key[len] = '\0';
        bits = GPOINTER_TO_UINT(g_hash_table_lookup(words->bits, key));
    }
    return bits;
}

bool layer_words_nick(const LayerWords *words, const char *nick, gsize len, const char *name)
{
    char key[2 * WORD_MOST];
    bool fits = len + strlen(name) + 2 <= sizeof key;
    if (fits) {
        memcpy(key, nick, len);
        key[len] = ' ';
        strcpy(key + len + 1, name);
    }
    return fits && g_hash_table_contains(words->nicks, key);
}
