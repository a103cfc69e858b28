// Phone numbers: what the words around say (phone_cue.c), which digits are one (phone_number.c), and finding
// them (phone.c).
#pragma once

#include "detect/internal.h"

// ---- the words around ------------------------------------------------------------------------------------

typedef enum {
    CUE_NONE,
    CUE_WEAK,   // "number", "line"
    CUE_PHONE,  // "cell", "text me at"
    CUE_FORMAL, // a phone property: tel:, vCard TEL
    CUE_OTHER,  // says that it is something else: "order", "meeting id"
} CueClass;
typedef struct {
    CueClass cue;
    gsize start, end; // the word that says so, in the view
} PhoneCue;
// What the nearest telling word says, before the stretch or behind it.
PhoneCue phone_cue(DetectScan *scan, gsize start, gsize end);

// ---- values ----------------------------------------------------------------------------------------------

// "+1..." of ten digits or eleven that begin with 1, when the North American plan has such numbers; else
// NULL.
char *phone_nanp(const DetectData *data, const char *digits, gsize n);
// Value of digits from a link or a field, `plus` when a + stood before them: NANP, international, seven
// digits or a short code as they are; NULL when they are no number.
char *phone_value(const DetectData *data, const char *digits, gsize n, bool plus);
// Says in `candidate` what is known of its number: place, toll-free, hotline.
void phone_describe(const DetectData *data, Candidate *candidate);
