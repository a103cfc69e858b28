// street, inside: the words from a house number on, and the name of a street among them.
#pragma once

#include "detect/phrases.h"
#include "detect/street.h"

#define STREET_TOKENS 18 // words looked at from a house number on
#define STREET_WORD   24 // bytes of one

typedef struct {
    char word[STREET_WORD]; // lower case, apostrophes dropped
    gsize start, end;       // bytes of the view
    bool comma, line,
        stop;       // stands between this and the word before: a comma or cell's border, a line's end, a dot
    bool hash;      // # stands right before
    guint8 classes; // WORD_...
    bool capital;   // as written
    bool capitals;  // two or more letters, all of them capitals as written
} StreetToken;

// The words from byte `at` on, as far as an address could go; read when they are asked for.
typedef struct {
    const DetectView *view;
    const PhraseWords *known;
    StreetToken tokens[STREET_TOKENS];
    guint count;
    gsize at;
    bool ended;
} StreetWords;

bool street_has(StreetWords *words, guint i);
// The word's letters; "" where the text ends before.
const char *street_at(StreetWords *words, guint i);
// Does word `i` stand behind the one before with blanks only between?
bool street_follows(StreetWords *words, guint i);
bool street_is_number(const char *word);

// How sure the words that name a street are.
typedef enum {
    STREET_NAME_NONE,
    STREET_NAME_BARE, // no word of a street: wants a town or a word about a home
    STREET_NAME_WEAK, // a word that is also an everyday one
    STREET_NAME_STRONG,
} StreetNamed;

typedef struct {
    guint name, suffix, last; // first word of the name, last word of it, last word of the address
    StreetNamed named;
    bool unit, apartment, town, zip, box;
    guint capitals, names;
} StreetFound;

// The name that begins at word `from`, behind the house number: "alder lane", "us highway 12", "calle luna", or one
// without any such word.
bool street_name(StreetWords *words, guint from, StreetFound *found);
// The name that begins at word 0 with its kind, the house number behind it: "calle luna 27". `*out_number` is the
// number's word.
bool street_name_first(StreetWords *words, StreetFound *found, guint *out_number);
// Compass point, unit, and town with state or ZIP code behind the street.
void street_rest(StreetWords *words, StreetFound *found);
