// Phrase books: patterns of words with slots, read from a table and matched over text in linear time. Used
// for off-channel solicitations (phrases.txt) and for openings of disclaimers and list footers
// (disclaimers.txt).
//
// Lines of section [slots]:   NAME | word word / word / ...    words that a pattern may name as {NAME}
// Lines of other sections:    ID | WEIGHT | PATTERN            or PATTERN alone: the section is its id, 1.0
// its weight A pattern is words, {NAME}, groups (a / b c) and gaps <N> (up to N words of any kind); "?" after
// an item makes it optional. Words are compared lower case, without accents, apostrophes and the hyphen of
// "e-mail". "threaten~" is a word with its English endings, "amenazar~es" one with its Spanish ones, and "#" in a
// word is any vowel (phrases_inflect.h). A phrase does not reach over the end of a sentence.
#pragma once

#include "base/base.h"

// The words that any book knows, numbered: a text's words are read and looked up once, for all books.
typedef struct PhraseWords PhraseWords;
PhraseWords *phrases_words_new(void);
void phrases_words_free(PhraseWords *words);
// Words that finders ask of a text's tokens themselves.
enum {
    WORD_ROAD = 1 << 0, // stands in an address whose street it tells
    WORD_SUFFIX_STRONG = 1 << 1,
    WORD_SUFFIX_WEAK = 1 << 2, // also an everyday word or part of a town's name: "hill", "park"
    WORD_STREET_COMMON = 1 << 3,
    WORD_STREET_COUNTED = 1 << 4,
    WORD_STATE = 1 << 5, // a US state
    WORD_STATE_CODE = 1 << 6,
};
// `word` (lower case) is one of `classes` as well; for books or not.
void phrases_words_add(PhraseWords *words, const char *word, guint8 classes);
// No book may be made with `words` after this, no word added, and nothing looked up before it.
void phrases_words_finish(PhraseWords *words);

// Number of `word`, which is as words are compared (but may hold stars); 0 when no book knows it.
guint32 phrases_number(const PhraseWords *words, const char *word, gsize len);
// WORD_... of it.
guint8 phrases_classes(const PhraseWords *words, const char *word, gsize len);

typedef struct PhraseBook PhraseBook;
// `lines` is a GPtrArray of TableLine (tables.h), read and not kept. NULL with `error` naming `name` and line.
// `words` outlives the book, which matches only after phrases_finish. Then immutable; any thread.
PhraseBook *phrases_new(const char *name, const GPtrArray *lines, PhraseWords *words, GError **error);
void phrases_finish(PhraseBook *book);
void phrases_free(PhraseBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PhraseBook, phrases_free)

typedef enum { BREAK_NONE, BREAK_CLAUSE, BREAK_SENTENCE, BREAK_PARAGRAPH } PhraseBreak;

typedef struct {
    guint32 word;       // number in PhraseWords; 0 = a word no pattern knows
    guint32 start, end; // bytes of the text
    PhraseBreak before; // what stands between the word before and this one
    bool line;          // first of its line
    bool quoted;        // between quotation marks
    guint8 classes;     // WORD_...
} PhraseToken;

// The words of `text`, which is lower case (NFKC case-folded). GArray of PhraseToken; caller unrefs.
GArray *phrases_tokens(const PhraseWords *words, const char *text, gsize len);

typedef struct {
    const char *section, *id; // the book's own
    guint phrase;             // number in the book
    double weight;
    guint first, last; // tokens, both included
} PhraseHit;

// All hits, by first word; several phrases may hit the same words. At most `max`. GArray of PhraseHit; caller
// unrefs.
GArray *phrases_match(const PhraseBook *book, const GArray *tokens, guint max);
// Would any hit be of a section that says something by itself, and not only how others are meant ([before], [about])?
bool phrases_speak(const PhraseBook *book, const GArray *tokens);
// Those of a text that begin with the first word of a line, by where they stand: `out_starts` (of gsize, the caller
// unrefs) has the byte of each hit's first word; its tokens are not told.
GArray *phrases_open_lines(const PhraseBook *book, const char *text, gsize len, GArray **out_starts);
