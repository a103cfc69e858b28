// The words of signatures.txt. Private to detect.
#pragma once

#include "base/base.h"

typedef enum {
    WORD_CLOSING = 1 << 0,
    WORD_GREETING = 1 << 1,
    WORD_TITLE = 1 << 2,
    WORD_PARTICLE = 1 << 3,
    WORD_DEGREE = 1 << 4,
    WORD_POST = 1 << 5,
    WORD_LABEL = 1 << 6,
    WORD_TALK = 1 << 7,
    WORD_STREET = 1 << 8,
    WORD_COMMON = 1 << 9,
} LayerWord;

typedef struct LayerWords LayerWords;
LayerWords *layer_words_new(void);
void layer_words_free(LayerWords *words);
// Takes one line of section `section`, its fields up to a NULL. NULL, or what is wrong with it.
const char *layer_words_add(LayerWords *words, const char *section, char *const *fields);
// What a word or a phrase is, as bits of LayerWord.
guint layer_words_bits(const LayerWords *words, const char *word, gsize len);
// Is `nick` short for `name`?
bool layer_words_nick(const LayerWords *words, const char *nick, gsize len, const char *name);
