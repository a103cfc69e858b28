// Street addresses in one canonical form, for the registry and for what is found in mail.
#pragma once

#include <glib.h>
#include <stdbool.h>

// The street line of a US address, lower case, words spelled out: "14 Larkspur Ln., Apt 3, Alder Falls MA
// 01399" -> "14 larkspur lane", "Fourteen N. Main St" -> "14 north main street", "P.O. Box 142, Alder Falls,
// MA 01399-0142" -> "po box 142 01399". Unit, town, state and ZIP code are left out (a box keeps its ZIP
// code: box numbers repeat in every town), because people leave them out as often as not and the form is
// compared for equality. Caller frees; NULL when `text` is no street address.
char *roster_canonical_street(const char *text);

typedef enum {
    STREET_SUFFIX_NONE,
    STREET_SUFFIX_WEAK /* also an everyday word or a town: "hill", "park" */,
    STREET_SUFFIX_STRONG
} StreetSuffix;
// Is `word` (lower case, no punctuation) a USPS street suffix? `out_full` (may be NULL) gets the spelled-out
// form, static.
StreetSuffix roster_street_suffix(const char *word, const char **out_full);
// The spelled-out form of a compass word ("ne" -> "northeast"), static; NULL when it is none.
const char *roster_street_direction(const char *word);
// Value of a spelled number word below 100 ("fourteen"), -1 when it is none.
int roster_street_number_word(const char *word);
