// detect, inside: the stages and what they hand on. Nobody outside the room includes this.
#pragma once

#include "detect/detect.h"

// ---- tables (tables.c) -----------------------------------------------------------------------------------

typedef enum {
    NPA_NONE,
    NPA_US,
    NPA_CANADA,
    NPA_CARIBBEAN,
    NPA_TOLL_FREE,
    NPA_PERSONAL,
    NPA_PREMIUM
} NpaClass;
NpaClass tables_npa(const DetectData *data, int npa); // 0 .. 999
// More look-ups (platforms by name and host, hotlines, phrases, disclaimers, approved tools, free-mail
// providers' names) stand in tables.h.

// ---- normalised view of a passage (view.c) ---------------------------------------------------------------

// NFKC case-folded, digits of every script to ASCII, dashes, dots and spaces folded, format characters
// dropped. `origin[i]` is the offset in the passage's text that text[i] came from; origin[len] is the end.
// Pure ASCII passages share work.
typedef struct {
    const Passage *passage;
    guint index; // in Message.passages
    char *text;  // lower case
    gsize len;
    guint32 *origin;
    guint invisible; // characters dropped inside words that no reader sees
    bool ascii;
    guint8 *taken; // a byte per byte of text: another finder took it
    GArray *words; // of PhraseToken (phrases.h): its words, once view_words was asked
    GArray *spots; // of Spot (spots.h): where finders look, then too
    // Once lexicon_find was run: the words as it read them, and of PhraseHit what it found, sorted; or NULL.
    GArray *lexicon_words, *lexicon;
} DetectView;
DetectView *view_new(const Passage *passage, guint index);
void view_free(DetectView *view);
// Reads the words and spots; a second call does nothing.
void view_words(DetectView *view, const DetectData *data);
// Offsets of a view's stretch in the passage's text.
void view_span(const DetectView *view, gsize start, gsize end, gsize *out_start, gsize *out_end);

// ---- candidates ------------------------------------------------------------------------------------------

typedef struct {
    Kind kind;
    char *value; // canonical; NULL when only the registry can complete it (`name`)
    char *name;  // bare handle or mailbox name without platform or domain; NULL
    guint passage;
    gsize start, end;       // bytes in the passage's text
    double shape;           // 0..1: how sure that this is a detail of this kind at all
    GPtrArray *obfuscation; // of const char* (static)
    GPtrArray *evidence;    // of char*
    char *person;           // of a student record: whose; NULL
    guint count;            // of one: how many students' it is
} Candidate;
Candidate *candidate_new(Kind kind, const char *value, const DetectView *view, gsize start, gsize end,
                         double shape);
void candidate_free(Candidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Candidate, candidate_free)
void candidate_obfuscated(Candidate *candidate, const char *how); // `how` static; kept once
void candidate_evidence(Candidate *candidate, const char *format, ...) G_GNUC_PRINTF(2, 3);

// The links met so far (links.c).
typedef struct LinkScan LinkScan;

typedef struct {
    const DetectData *data;
    const Config *config;
    const Message *message;
    const Parties *parties;
    LinkScan *links; // NULL where nobody asks
    DetectView *view;
    const GArray *marks;        // of LayerMark: the passage's; NULL
    GPtrArray *out;             // of Candidate
    bool *truncated;            // set when a limit was hit
    bool *shortened;            // set when a link hides where it leads; NULL where nobody asks
    gsize plain_from, plain_to; // a stretch of the view that is known to have no letter (phone_cue.c)
    guint64 work;               // steps taken beyond one walk over the text: tests hold it against the length
} DetectScan;

LinkScan *links_new(guint most);
GPtrArray *links_end(LinkScan *scan); // of Link; frees the scan
// A link to `host` and `rest` that begins at byte `start` of the view. False when there are too many.
bool links_add(DetectScan *scan, const char *host, const char *rest, gsize start);

void social_find(
    DetectScan *scan); // URLs, invites, profile URLs, handles (social.c); masks what it takes: see mask
void mailbox_find(DetectScan *scan); // e-mail addresses in all forms (mailbox.c)
void phone_find(DetectScan *scan);   // phones in all forms (phone.c)
void street_find(DetectScan *scan);  // home addresses (street.c)
void payment_find(DetectScan *scan); // payment handles (payment.c)
void solicit_find(DetectScan *scan); // off-channel solicitations (solicit.c)
void lexicon_find(DetectScan *scan); // words of the lexicon's categories (lexicon.c)
// Hands `candidate` on and owns it; at the limit it is dropped, *scan->truncated set, and the answer is
// false.
bool scan_add(DetectScan *scan, Candidate *candidate);
void scan_take(DetectScan *scan, gsize start, gsize end);
// True when a byte of [start, end) of the view was taken by another finder (URLs first: their digits are no
// phones).
bool scan_taken(const DetectScan *scan, gsize start, gsize end);

// ---- layers (layer.c) ------------------------------------------------------------------------------------

// Marks over the passage's whole text: written, signature, quoted, forwarded, footer. Uses the reader's marks
// (HTML), quote prefixes, attribution lines of the common clients and languages, the sender's name. GArray of
// LayerMark.
GArray *layer_find(const DetectData *data, const Passage *passage, const Parties *parties);
Layer layer_at(const GArray *marks, gsize offset);

// ---- attribution (attribute.c) ---------------------------------------------------------------------------

// Whose each candidate is, and how sure: exact matches of the roster, then context. Fills `findings` (of
// Finding). `marks[i]` are the layers of passage i, `views[i]` its view (either may be NULL). False with
// `error` when the roster could not tell.
bool attribute_candidates(const DetectData *data, const Config *config, const Message *message,
                          const Parties *parties, RosterSession *roster, GPtrArray *candidates,
                          GArray *const *marks, DetectView *const *views, GPtrArray *findings,
                          GError **error);
