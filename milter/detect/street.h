// street, inside: the words of US street addresses (USPS Publication 28). Private to detect.
#pragma once

#include "detect/spots.h"

typedef enum {
    STREET_SUFFIX_NONE,
    STREET_SUFFIX_WEAK, // also an everyday word or part of a town's name: "hill", "park"
    STREET_SUFFIX_STRONG,
} StreetSuffix;
// Is `word` (lower case, no punctuation) a street suffix? `out_full` (may be NULL) gets the spelled-out form,
// static.
StreetSuffix street_suffix(const char *word, const char **out_full);
// The spelled-out form of a compass word ("ne" -> "northeast"), static; NULL when it is none.
const char *street_direction(const char *word);
// Is `word` a US state or its postal code? Only a postal code where `code` is set.
bool street_is_state(const char *word, bool code);
// Value of a spelled number word below 100 ("fourteen"), -1 when it is none.
int street_number_word(const char *word);
// Number words are spots where an address may begin.
void street_words_spots(SpotTable *table);
