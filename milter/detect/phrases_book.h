// What a phrase book is made of: shared by the parser (phrases_book.c) and the matcher (phrases.c) only.
#pragma once

#include "detect/phrases.h"

// A bit for a word, of a set that tells most words that are not in it.
#define PHRASE_FOLLOW(word) (G_GUINT64_CONSTANT(1) << (word) % 64)

typedef struct {
    GPtrArray
        *choices;   // of GArray of guint32: word numbers, by the first when the book is whole; NULL for a gap
    guint8 *firsts; // a bit a word number: a choice begins with it; made when the book is whole
    guint32 *order; // first word of each choice
    guint64 may;    // PHRASE_FOLLOW of the first words of choices
    guint gap;
    bool optional;
    bool single; // all choices are one word: `firsts` tells all
} PhraseItem;

typedef struct {
    char *section, *id;
    double weight;
    GPtrArray *items;        // of PhraseItem
    const PhraseItem *steps; // the same, one behind the other, when the book is whole
    bool word;               // one item, one word
    bool cue;                // of a section that only says how the others are meant
} Phrase;

// Of a word that some book knows: its bytes are PhraseWords.text from `at` on.
typedef struct {
    guint32 at;
    guint16 len;
    guint8 classes;
} PhraseEntry;

// Where a word is looked up by its hash; number 0 is free.
typedef struct {
    guint32 hash, number;
} PhraseSlot;

struct PhraseWords {
    GHashTable *numbers; // char* -> number, from 1
    GHashTable *classes; // char* -> classes, of words that have some
    // Once more, open addressing and close together: what is asked for every word of a text.
    PhraseSlot *slots;
    guint mask;
    PhraseEntry *entries; // by number; that of 0 is empty
    char *text;           // of all words
};

// Phrases 64 * at to 64 * at + 63 as bits: which may begin with a word, and which of them may have any word behind it, or
// none.
typedef struct {
    guint64 firsts, loose;
    guint32 at;
} PhrasePiece;

struct PhraseBook {
    PhraseWords *words;  // borrowed
    GHashTable *slots;   // char* -> GPtrArray of GArray of guint32
    GPtrArray *phrases;  // of Phrase
    PhrasePiece *pieces; // of all words, by word number: those of word w are rows[w] to rows[w + 1]
    guint32 *rows;
    // A row a word number, a bit a phrase: may have the word behind its first one. Row 0 is that of words no pattern
    // knows.
    guint64 *seconds;
    guint stride; // of a row, in guint64
    // By word number: PHRASE_FOLLOW of what may stand behind it in a phrase; 0 where none begins with it. `speaks` is of
    // those that are no cues.
    guint64 *follow, *speaks;
    guint64 *cues; // bits of phrases
    PhraseItem *steps;
};

#define PHRASE_HASH 2166136261u
static inline guint phrase_hash(guint hash, guint8 byte)
{
    return (hash ^ byte) * 16777619u;
}

// The low bits of a short word's hash say little.
static inline guint phrase_slot(guint hash)
{
    return hash ^ hash >> 15;
}

// A letter or digit as words are compared by it; 0 for what is no part of a word.
gunichar phrases_fold(gunichar c);
