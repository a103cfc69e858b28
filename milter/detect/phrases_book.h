// What a phrase book is made of: shared by the parser (phrases_book.c) and the matcher (phrases.c) only.
#pragma once

#include "detect/phrases.h"

typedef struct {
    GPtrArray
        *choices;   // of GArray of guint32: word numbers, by the first when the book is whole; NULL for a gap
    guint8 *firsts; // a bit a word number: a choice begins with it; made when the book is whole
    guint32 *order; // first word of each choice
    guint gap;
    bool optional;
    bool single; // all choices are one word: `firsts` tells all
} PhraseItem;

typedef struct {
    char *section, *id;
    double weight;
    GPtrArray *items; // of PhraseItem
    bool word;        // one item, one word
} Phrase;

typedef struct {
    const char *word; // NULL: free
    guint32 hash, number, len;
    guint8 classes;
} PhraseEntry;

struct PhraseWords {
    GHashTable *numbers; // char* -> number, from 1
    GHashTable *classes; // char* -> classes, of words that have some
    // Once more, open addressing: what is asked for every word of a text.
    PhraseEntry *entries;
    guint mask;
};

struct PhraseBook {
    PhraseWords *words; // borrowed
    GHashTable *slots;  // char* -> GPtrArray of GArray of guint32
    GPtrArray *phrases; // of Phrase
    // A row a word number, a bit a phrase: may begin with the word; may have it behind its first one; may begin with it
    // and have any word behind it, or none. Row 0 is that of words no pattern knows.
    guint64 *firsts, *seconds, *loose;
    guint stride;   // of a row, in guint64
    guint8 *begins; // by word number: some phrase begins with it
};

#define PHRASE_HASH 2166136261u
static inline guint phrase_hash(guint hash, guint8 byte)
{
    return (hash ^ byte) * 16777619u;
}

// A letter or digit as words are compared by it; 0 for what is no part of a word.
gunichar phrases_fold(gunichar c);
