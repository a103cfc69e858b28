// digits, inside: the digits that one word is, said or drawn.
#pragma once

#include "detect/digits.h"
#include "detect/spots.h"

#define DIGITS_MOST 15 // of one group

// How a number word joins the one behind it: "forty" "two" is 42, "quinientos" "cincuenta" is 550.
typedef enum { RANK_NONE, RANK_UNIT, RANK_TEEN, RANK_TENS, RANK_HUNDREDS, RANK_DONE } Rank;

// Where the words of each letter begin in the table.
typedef struct {
    guint8 first[27];
} NumberIndex;

void digits_index(NumberIndex *index);
// The digits of the word in [start, end), put to `out` (DIGITS_MOST and a zero): false when it is none. `classes` of its
// spot tell which ways are worth trying.
bool digits_token(const NumberIndex *index, const DetectView *view, gsize start, gsize end, guint32 classes,
                  DigitGroup *group, char *out);
// Numbers, and letters that are drawn like figures.
void digits_words_spots(SpotTable *table);
