// Digits however they are written: figures, words of English and Spanish ("four", "oh", "double five",
// "cuatro"), letters drawn like figures (O, l, S), and mixes. A text becomes a row of groups with what stands
// between them.
#pragma once

#include "detect/internal.h"

// What separates a group from the next.
typedef enum {
    GAP_BREAK, // the next one has nothing to do with it
    GAP_NONE,  // nothing: "80" "2" of "80 2" have GAP_SPACE, of "for80" "two" nothing
    GAP_SPACE,
    GAP_DASH, // with or without blanks around it
    GAP_DOT,
    GAP_PAREN, // a bracket closes or opens, other marks with it or not
    GAP_SLASH,
    GAP_COLON,
    GAP_COMMA,
    GAP_TAB,
    GAP_LINE,      // a line ends; other marks only of quoting
    GAP_LINE_DASH, // a line ends after a dash or bracket
    GAP_WORD,      // "dash", "dot"
    GAP_LETTERS,   // other letters: "then", "413x555x0142"
    GAP_OTHER,     // any other marks
} Gap;

typedef struct {
    guint32 start, end;                     // bytes of the view
    guint32 at;                             // of its digits in DigitRow.digits
    guint8 n;                               // digits
    guint8 figures;                         // of them written as such
    guint8 words;                           // number words
    guint8 homophones;                      // of these words that mean other things too ("for", "to", "oh")
    guint8 leet;                            // letters drawn like figures
    guint8 gap;                             // Gap to the next group
    guint8 rank;                            // of the last word, see digits.c
    guint8 tight : 1;                       // the gap is at most one character
    guint8 glued_left : 1, glued_right : 1; // letters that are no digits touch it
    guint8 extension : 1;                   // "x12" follows in the same word
} DigitGroup;

typedef struct {
    GArray *groups; // of DigitGroup
    GString *digits;
} DigitRow;

DigitRow *digits_read(const DetectView *view);
void digits_free(DigitRow *row);
// The digits of one word that means a number and nothing else ("nine", "treinta"), put to `out`: how many; 0 when it is
// none.
gsize digits_of_word(const char *word, gsize n, char out[4]);
