// What a phrase book is made of: shared by the parser (phrases_book.c) and the matcher (phrases.c) only.
#pragma once

#include "detect/phrases.h"

typedef struct {
    GPtrArray *choices; // of GArray of guint32: word numbers; NULL for a gap
    guint gap;
    bool optional;
} PhraseItem;

typedef struct {
    char *section, *id;
    double weight;
    GPtrArray *items; // of PhraseItem
} Phrase;

struct PhraseBook {
    GHashTable *words;  // char* -> number, from 1
    GHashTable *slots;  // char* -> GPtrArray of GArray of guint32
    GPtrArray *phrases; // of Phrase
    GPtrArray *starts;  // by word number: GArray of guint, or NULL
};

// A letter or digit as words are compared by it; 0 for what is no part of a word.
gunichar phrases_fold(gunichar c);
