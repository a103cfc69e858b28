// phone, inside: a run of groups of digits that may be one number, what touches it, and how sure that makes it.
#pragma once

#include "detect/digits.h"
#include "detect/phone.h"

#define WINDOW_GROUPS 16
#define WINDOW_DIGITS 18

// A run of groups that may be one number.
typedef struct {
    guint first, last; // groups
    char digits[WINDOW_DIGITS + 1];
    gsize n; // digits
    guint figures, words, homophones, leet;
    guint gaps[GAP_OTHER + 1];     // how many of each kind
    guint8 gap[WINDOW_GROUPS];     // what stands before each group
    bool uniform;                  // all gaps alike
    char sizes[WINDOW_GROUPS + 1]; // digits of each group: "334"
    gsize start, end;              // of the view
} Window;

typedef struct {
    DetectScan *scan;
    DigitRow *row;
    guint worlds; // numbers asked of the library

} Phones;

static inline const DigitGroup *phone_group(const Phones *phones, guint i)
{
    return &g_array_index(phones->row->groups, DigitGroup, i);
}

// Is the window's grouping one of `list`, which NULL ends?
bool window_sizes(const Window *window, const char *const *list);
void window_open(const Phones *phones, Window *window, guint first);
// Adds the next group; false when nothing connected follows.
bool window_grow(const Phones *phones, Window *window);
bool window_split(const Window *window);
// Does it stand so close to other figures that it is a piece of something longer? `prefix`: the group before belongs
// to the number.
bool window_is_piece(const Phones *phones, const Window *window, bool prefix);
// Spoken digits run on behind the window, and one group later there is a number too that they do not run on
// behind: "at five, four one three ..." begins a number with "four".
bool window_begins_too_early(const Phones *phones, const Window *window);

// A word fixed to the window by a mark ("INV-", "a1b2-", "$"): part of a name of some thing, unless it is a
// word about phones ("cell-413...").
typedef enum { FIXED_NO, FIXED_WORD, FIXED_PATH, FIXED_CODE } Fixed;
Fixed window_fixed(const Phones *phones, const Window *window);
// Letters glued to bare figures that could be the rest of a hexadecimal or other code.
bool window_glued_to_code(const Phones *phones, const Window *window);
// A conference line's digits, not a person's: "+16465550142,,84155550123#".
bool window_dials_on(const Phones *phones, const Window *window);

// Ten (or eleven) digits of the North American plan; 0 = these are none. `cue` = something near speaks of
// phones.
double window_shape(const Window *window, bool cue, bool plus, bool invisible);
// Seven digits need a word that makes them a phone; 0 = none.
double window_local_shape(const Window *window, const PhoneCue *cue);

// ---- handing on (phone.c) --------------------------------------------------------------------------------

// Hands on the window's number; false when there is no room for more.
bool phone_emit(Phones *phones, const Window *window, const char *value, double shape, const PhoneCue *cue);

// ---- numbers of other kinds (phone_other.c) --------------------------------------------------------------

// The number that begins with group `first`, of another country, a service's short number, or spelled with the letters
// of the keys: true when there is one; *go_on is false when there is no room for more.
bool phone_try_international(Phones *phones, guint first, guint *out_last, bool *go_on);
bool phone_try_short(Phones *phones, guint first, bool *go_on);
bool phone_try_vanity(Phones *phones, guint first, bool *go_on);
