// Spots: the few places of a text that finders look at, told in one walk over it, so that none has to walk over all
// of it. A run is letters and figures of ASCII one behind the other, or characters beyond ASCII; a run gets the
// classes of the words that may begin as it does. Classes are a promise of absence only: what a spot is told to be
// may turn out to be something else, but where no spot of a class stands there is nothing of it.
#pragma once

#include "detect/internal.h"
#include "detect/phrases.h"

enum {
    // Words of tables and finders, by their first three letters: spots_add.
    SPOT_NUMBER = 1 << 0,   // begins a number in words or in letters drawn like figures (digits.c)
    SPOT_SAID = 1 << 1,     // said between digits, or says how often the next one counts (digits.c)
    SPOT_PLATFORM = 1 << 2, // names a platform (platforms.txt)
    SPOT_PROVIDER = 1 << 3, // names a mail service (webmail.txt)
    SPOT_HOUSE = 1 << 4,    // begins an address (street.c)
    SPOT_AT = 1 << 6,       // stands for @ (mailbox.c)
    SPOT_MARK = 1 << 7,     // stands for a dot or another mark in a name (social_handle.c)
    SPOT_SERVICE = 1 << 8,  // names a payment service (payment.c)
    // Any run.
    SPOT_FIGURE = 1 << 16, // a figure stands in it
    SPOT_FOREIGN =
        1 << 17,         // it is, or touches one that is, of characters beyond ASCII: anything may begin here
    SPOT_LONG = 1 << 18, // more than SPOT_LONG_RUN bytes
    // Single characters.
    SPOT_SIGN = 1 << 20,    // @
    SPOT_COLON = 1 << 21,   // :
    SPOT_DOT = 1 << 22,     // . with something right behind it
    SPOT_LINE = 1 << 23,    // _
    SPOT_BRACKET = 1 << 24, // ( [ {
    // Runs of no class stand between the spot before and this one.
    SPOT_AFTER_WORDS = 1 << 28,
};
#define SPOT_CHARACTERS (SPOT_SIGN | SPOT_COLON | SPOT_DOT | SPOT_LINE | SPOT_BRACKET)
#define SPOT_LONG_RUN   12

typedef struct {
    guint32 start;   // byte of the view
    guint32 classes; // SPOT_...
} Spot;

// Classes by the first three letters of a run.
typedef struct {
    guint16 words[32 * 32 * 32];
    guint16 foreign; // of words that begin with a character beyond ASCII
} SpotTable;
// `word` (lower case) makes a run of `class` of all that begin with the same three letters, or are the same where it
// has fewer.
void spots_add(SpotTable *table, guint16 class, const char *word);
// The same, where what is no word of the language may be made of several: a shorter one is enough to begin.
void spots_add_beginning(SpotTable *table, guint16 class, const char *word);

// The words that each finder looks for itself.
void digits_spots(SpotTable *table);
void handle_spots(SpotTable *table);
void mailbox_spots(SpotTable *table);
void payment_spots(SpotTable *table);
void street_spots(SpotTable *table);
// Adds the words of addresses to those that tokens are told by.
void street_classes(PhraseWords *words);

// GArray of Spot, by place; the caller unrefs.
GArray *spots_find(const SpotTable *table, const char *text, gsize len);

// The next spot of `classes` from number `*i` on that does not begin before byte `at`; `*i` moves behind it. NULL when
// there is none.
static inline const Spot *spots_next(const DetectView *view, guint *i, guint32 classes, gsize at)
{
    const Spot *spots = (const Spot *)(const void *)view->spots->data, *found = NULL;
    guint k = *i;
    for (; !found && k < view->spots->len; k++)
        if ((spots[k].classes & classes) && spots[k].start >= at)
            found = &spots[k];
    *i = k;
    return found;
}
