// street, inside: the words of US street addresses (USPS Publication 28). Private to detect.
#pragma once

#include "detect/spots.h"

// Is `word` (lower case, no punctuation) a compass point: "ne", "north"?
bool street_direction(const char *word);
// Value of a spelled number word below 100 ("fourteen"), -1 when it is none.
int street_number_word(const char *word);
// Number words are spots where an address may begin.
void street_words_spots(SpotTable *table);
