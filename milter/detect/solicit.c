// solicit: requests to leave the school's channels, told from texts that speak about such requests.
#include "detect/phrases.h"
#include "detect/tables.h"

#include <math.h>
#include <string.h>

#define SOLICIT_HITS   2000
#define SOLICIT_FEW    4    // words between a phrase and what stands right before or after it
#define SOLICIT_AROUND 60   // hits looked at on either side of one
#define SOLICIT_ABOUT  0.55 // what each sign that a text is about such requests leaves of a hit
#define SOLICIT_QUOTE  0.35 // what quotation marks leave
#define SOLICIT_LEAST  0.3  // weaker ones are not handed on

typedef struct {
    const GArray *tokens, *hits;
    guint about;
} SolicitText;

static const PhraseToken *solicit_token(const SolicitText *text, guint i)
{
    return &g_array_index(text->tokens, PhraseToken, i);
}

// Does a break of at least `least` stand between words `first` and `last`?
static bool solicit_broken(const SolicitText *text, guint first, guint last, PhraseBreak least)
{
    bool broken = false;
    for (guint i = first + 1; i <= last && !broken; i++)
        broken = solicit_token(text, i)->before >= least;
    return broken;
}

// "never text me", "students who text me": right before the phrase, within its clause.
static bool solicit_before(const SolicitText *text, const PhraseHit *phrase, const PhraseHit *cue)
{
    return strcmp(cue->section, "before") == 0 && cue->first < phrase->first &&
           cue->last + 1 >= phrase->first && !solicit_broken(text, cue->first, phrase->first, BREAK_CLAUSE);
}

// "your number one choice": right after it; "text me on Remind": near.
static bool solicit_after(const SolicitText *text, const PhraseHit *phrase, const PhraseHit *cue)
{
    bool after = strcmp(cue->section, "after") == 0, near = strcmp(cue->section, "near") == 0;
    guint reach = phrase->last + (near ? SOLICIT_FEW : 1);
    return (after || near) && cue->first > phrase->first && cue->last > phrase->last && cue->first <= reach &&
           !solicit_broken(text, phrase->last, MAX(cue->first, phrase->last), BREAK_CLAUSE);
}

static bool solicit_reported(const SolicitText *text, const PhraseHit *phrase, const PhraseHit *cue)
{
    return strcmp(cue->section, "sentence") == 0 && cue->first < phrase->first &&
           !solicit_broken(text, cue->first, phrase->first, BREAK_SENTENCE);
}

// A cue that has another's id than its section's speaks of phrases of that id only.
static bool solicit_meant(const PhraseHit *phrase, const PhraseHit *cue)
{
    return strcmp(cue->id, cue->section) == 0 || strcmp(cue->id, phrase->id) == 0;
}

// Is hit `at` of the text a request and not a word about requests? Looks at the hits around it only.
static bool solicit_stands(const SolicitText *text, guint at)
{
    const PhraseHit *phrase = &g_array_index(text->hits, PhraseHit, at);
    guint from = at > SOLICIT_AROUND ? at - SOLICIT_AROUND : 0,
          to = MIN(at + SOLICIT_AROUND, text->hits->len);
    bool stands = true;
    for (guint i = from; stands && i < to; i++) {
        const PhraseHit *cue = &g_array_index(text->hits, PhraseHit, i);
        stands = !solicit_meant(phrase, cue) ||
                 (!solicit_before(text, phrase, cue) && !solicit_after(text, phrase, cue) &&
                  !solicit_reported(text, phrase, cue));
    }
    return stands;
}

static double solicit_shape(const SolicitText *text, const PhraseHit *phrase)
{
    double shape = phrase->weight * pow(SOLICIT_ABOUT, MIN(text->about, 3));
    if (solicit_token(text, phrase->first)->quoted && solicit_token(text, phrase->last)->quoted)
        shape *= SOLICIT_QUOTE;
    return shape;
}

// Signs that the text is about such requests, each phrase of the table counted once.
static guint solicit_about(const GArray *hits)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < hits->len; i++) {
        const PhraseHit *hit = &g_array_index(hits, PhraseHit, i);
        if (strcmp(hit->section, "about") == 0)
            g_hash_table_add(seen, GUINT_TO_POINTER(hit->phrase + 1));
    }
    return g_hash_table_size(seen);
}

static void solicit_add(DetectScan *scan, const SolicitText *text, const PhraseHit *phrase, double shape)
{
    gsize start = solicit_token(text, phrase->first)->start, end = solicit_token(text, phrase->last)->end;
    Candidate *candidate = candidate_new(KIND_SOLICITATION, phrase->id, scan->view, start, end, shape);
    candidate_evidence(candidate, "phrase: %s", phrase->id);
    if (text->about)
        candidate_evidence(candidate, "text about such requests: %u signs", text->about);
    scan_add(scan, candidate);
}

void solicit_find(DetectScan *scan)
{
    const PhraseBook *book = tables_book(scan->data, "phrases.txt");
    const GArray *tokens = scan->view->words;
    if (!phrases_speak(book, tokens))
        return;
    g_autoptr(GArray) hits = phrases_match(book, tokens, SOLICIT_HITS);
    SolicitText text = {tokens, hits, solicit_about(hits)};
    if (hits->len == SOLICIT_HITS)
        *scan->truncated = true;
    // Of phrases that overlap the surest is kept.
    const PhraseHit *best = NULL;
    double best_shape = 0.0;
    for (guint i = 0; i < hits->len; i++) {
        const PhraseHit *hit = &g_array_index(hits, PhraseHit, i);
        if (strcmp(hit->section, "solicit") != 0 || !solicit_stands(&text, i))
            continue;
        double shape = solicit_shape(&text, hit);
        if (best && hit->first > best->last) {
            solicit_add(scan, &text, best, best_shape);
            best = NULL;
        }
        if (shape >= SOLICIT_LEAST && (!best || shape > best_shape)) {
            best = hit;
            best_shape = shape;
        }
    }
    if (best)
        solicit_add(scan, &text, best, best_shape);
}
