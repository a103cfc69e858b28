// What a phrase book is made of: shared by the parser (phrases_book.c) and the matcher (phrases.c) only.
#pragma once

#include "detect/phrases.h"

typedef struct {
    GPtrArray *choices; // of GArray of guint32: word numbers; NULL for a gap
    guint8 *firsts;     // a bit a word number: a choice begins with it; made when the book is whole
    guint gap;
    bool optional;
    bool single; // all choices are one word: `firsts` tells all
} PhraseItem;

typedef struct {
    char *section, *id;
    double weight;
    GPtrArray *items; // of PhraseItem
} Phrase;

typedef struct {
    const char *word; // NULL: free
    guint32 hash, number;
} PhraseEntry;

struct PhraseBook {
    GHashTable *words;  // char* -> number, from 1
    GHashTable *slots;  // char* -> GPtrArray of GArray of guint32
    GPtrArray *phrases; // of Phrase
    GPtrArray *starts;  // by word number: GArray of guint, or NULL
    // `words` once more, open addressing: what the matcher asks for every word of a text.
    PhraseEntry *entries;
    guint mask;
};

#define PHRASE_HASH 2166136261u
static inline guint phrase_hash(guint hash, guint8 byte)
{
    return (hash ^ byte) * 16777619u;
}

// A letter or digit as words are compared by it; 0 for what is no part of a word.
gunichar phrases_fold(gunichar c);
