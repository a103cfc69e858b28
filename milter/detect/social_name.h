// Names of people on platforms, read off the text: with marks said in words, with a Discord number. And words nearby.
#pragma once

#include "detect/internal.h"

#define NAME_MOST 32

typedef struct {
    gsize start, end;         // without @
    char text[NAME_MOST + 8]; // what the name is, marks that were spelled in their place
    char tag[8];              // "#1234" behind it, not within `end`; "" = none
    bool at;                  // an @ stands before it, or what says the same ("u/")
    bool made_up;             // holds a figure, underscore or dot: no word of the language
    bool spelled;             // "jane dot doe"
} HandleName;

enum { CHAR_LETTER = 1, CHAR_NAME = 2, CHAR_ODD = 4 };
extern const guint8 NAME_CHARS[256];

static inline bool name_char(char c)
{
    return NAME_CHARS[(guchar)c] & CHAR_NAME;
}

static inline bool name_letter(char c)
{
    return NAME_CHARS[(guchar)c] & CHAR_LETTER;
}

// The name that begins at `at`; false when none does.
bool name_read(const DetectScan *scan, gsize at, HandleName *name);
// The name that ends right before `at`, blanks and an opening bracket between left out.
bool name_read_before(const DetectScan *scan, gsize at, HandleName *name);
// A mark that is spelled at `at`: its length, 0 = none.
gsize name_spelled_mark(const DetectView *view, gsize at, char *mark);

// The end of the word at `at` (letters of any script; `at` itself where none begins), not beyond `limit`.
gsize name_word_end(const DetectView *view, gsize at, gsize limit);
// One of `words` (NULL at the end) stands in the `back` bytes before `before`, in its sentence and on its line.
bool name_word_near(DetectScan *scan, gsize before, gsize back, const char *const *words);
