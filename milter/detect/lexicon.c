// lexicon: words of the categories of lexicon.txt, and what around them says that they are meant otherwise.
#include "detect/lexicon.h"

#include "detect/layer.h"
#include "detect/tables.h"

#include <math.h>
#include <string.h>

#define LEXICON_HITS         20000
#define LEXICON_REACH        40   // words that a denial or a report reaches
#define LEXICON_AROUND       60   // hits looked at before one
#define LEXICON_LEAST        0.3  // weaker ones are not handed on
#define LEXICON_DIRECT       0.9  // from here on it is said to somebody
#define LEXICON_DENIED       0.35 // what each sign leaves of a hit
#define LEXICON_TOLD         0.4
#define LEXICON_QUOTE        0.4
#define LEXICON_ABOUT        0.55
#define LEXICON_ABOUT_DIRECT 0.75
#define LEXICON_KEPT         32 // categories told apart in a passage

typedef enum {
    ROLE_OF_CATEGORY,
    ROLE_OF_RECORD,
    ROLE_OF_INNOCENT,
    ROLE_OF_BEFORE,
    ROLE_OF_TOLD,
    ROLE_OF_ABOUT
} HitRole;

struct LexiconText {
    const GArray *tokens, *hits;
    guint8 *roles;    // of the hits
    guint8 *innocent; // by token
    guint about;      // signs that the text is about such things
};

static HitRole lexicon_role(const PhraseHit *hit)
{
    static const struct {
        const char *section;
        HitRole role;
    } ROLES[] = {{"innocent", ROLE_OF_INNOCENT},
                 {"before", ROLE_OF_BEFORE},
                 {"reported", ROLE_OF_TOLD},
                 {"about", ROLE_OF_ABOUT},
                 {"confidential", ROLE_OF_RECORD}};
    HitRole role = ROLE_OF_CATEGORY;
    for (gsize i = 0; i < G_N_ELEMENTS(ROLES); i++)
        role = strcmp(hit->section, ROLES[i].section) == 0 ? ROLES[i].role : role;
    return role;
}

LexiconText *lexicon_text_new(const DetectView *view)
{
    LexiconText *text = g_new0(LexiconText, 1);
    text->tokens = view->lexicon_words;
    text->hits = view->lexicon;
    text->roles = g_malloc0(text->hits->len + 1);
    text->innocent = g_malloc0(text->tokens->len + 1);
    g_autoptr(GHashTable) about = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < text->hits->len; i++) {
        const PhraseHit *hit = &g_array_index(text->hits, PhraseHit, i);
        HitRole role = lexicon_role(hit);
        text->roles[i] = (guint8)role;
        if (role == ROLE_OF_INNOCENT)
            memset(text->innocent + hit->first, 1, hit->last - hit->first + 1);
        else if (role == ROLE_OF_ABOUT)
            g_hash_table_add(about, GUINT_TO_POINTER(hit->phrase + 1));
    }
    text->about = g_hash_table_size(about);
    return text;
}

void lexicon_text_free(LexiconText *text)
{
    if (text) {
        g_free(text->roles);
        g_free(text->innocent);
        g_free(text);
    }
}

guint lexicon_text_about(const LexiconText *text)
{
    return text->about;
}

// Swearing is that however it is denied.
static bool lexicon_is_bare(const PhraseHit *hit)
{
    return strcmp(hit->section, "profanity") == 0 || strcmp(hit->section, "hate") == 0;
}

static const PhraseToken *lexicon_token(const LexiconText *text, guint i)
{
    return &g_array_index(text->tokens, PhraseToken, i);
}

// Does a break of at least `least` stand between words `first` and `last`?
static bool lexicon_broken(const LexiconText *text, guint first, guint last, PhraseBreak least)
{
    bool broken = false;
    for (guint i = first + 1; i <= last && !broken; i++)
        broken = lexicon_token(text, i)->before >= least;
    return broken;
}

// What denials and reports before hit `at` leave of it.
static double lexicon_said(const LexiconText *text, guint at)
{
    const PhraseHit *hit = &g_array_index(text->hits, PhraseHit, at);
    bool denied = false, told = false;
    for (guint i = at, seen = 0; i > 0 && seen < LEXICON_AROUND; i--, seen++) {
        const PhraseHit *cue = &g_array_index(text->hits, PhraseHit, i - 1);
        if (hit->first - cue->first > LEXICON_REACH)
            break;
        if (cue->first == hit->first)
            continue;
        if (text->roles[i - 1] == ROLE_OF_BEFORE && !lexicon_is_bare(hit) && cue->last + 1 >= hit->first)
            denied = denied || !lexicon_broken(text, cue->first, hit->first, BREAK_CLAUSE);
        else if (text->roles[i - 1] == ROLE_OF_TOLD)
            told = told || !lexicon_broken(text, cue->first, hit->first, BREAK_SENTENCE);
    }
    return (denied ? LEXICON_DENIED : 1.0) * (told ? LEXICON_TOLD : 1.0);
}

double lexicon_shape(const LexiconText *text, guint at)
{
    const PhraseHit *hit = &g_array_index(text->hits, PhraseHit, at);
    bool direct = hit->weight >= LEXICON_DIRECT;
    double shape = hit->weight * (direct ? pow(LEXICON_ABOUT_DIRECT, MIN(text->about, 2))
                                         : pow(LEXICON_ABOUT, MIN(text->about, 3)));
    if (lexicon_token(text, hit->first)->quoted && lexicon_token(text, hit->last)->quoted)
        shape *= LEXICON_QUOTE;
    if (memchr(text->innocent + hit->first, 1, hit->last - hit->first + 1))
        shape = 0.0;
    return shape > 0.0 ? shape * lexicon_said(text, at) : 0.0;
}

// ---- the best of each category and layer -------------------------------------------------------------------

typedef struct {
    const PhraseHit *hit[LAYER_LAST];
    double shape[LAYER_LAST];
    const char *category;
} LexiconBest;

static LexiconBest *lexicon_best(GArray *all, const char *category)
{
    LexiconBest *found = NULL;
    for (guint i = 0; i < all->len && !found; i++) {
        LexiconBest *one = &g_array_index(all, LexiconBest, i);
        found = strcmp(one->category, category) == 0 ? one : NULL;
    }
    if (!found && all->len < LEXICON_KEPT) {
        LexiconBest fresh = {.category = category};
        g_array_append_val(all, fresh);
        found = &g_array_index(all, LexiconBest, all->len - 1);
    }
    return found;
}

static bool lexicon_is_disguised(const DetectView *view, gsize start, gsize end)
{
    bool found = false;
    for (gsize i = start; i < end && !found; i++)
        found = strchr("!$*@#|+", view->text[i]) || g_ascii_isdigit(view->text[i]);
    return found;
}

static void lexicon_add(DetectScan *scan, const LexiconText *text, const PhraseHit *hit, double shape)
{
    gsize start = lexicon_token(text, hit->first)->start, end = lexicon_token(text, hit->last)->end;
    Candidate *candidate = candidate_new(KIND_PHRASE, hit->section, scan->view, start, end, shape);
    candidate_evidence(candidate, "lexicon: %s/%s", hit->section, hit->id);
    if (text->about)
        candidate_evidence(candidate, "text about such things: %u signs", text->about);
    if (shape < hit->weight && !text->about)
        candidate_evidence(candidate, "denied, reported or quoted");
    if (text->tokens != scan->view->words && lexicon_is_disguised(scan->view, start, end))
        candidate_obfuscated(candidate, "leet");
    scan_add(scan, candidate);
}

static Layer lexicon_layer(const DetectScan *scan, const PhraseToken *token)
{
    gsize start, end;
    view_span(scan->view, token->start, token->end, &start, &end);
    return scan->marks ? layer_at(scan->marks, start) : LAYER_WRITTEN;
}

void lexicon_find(DetectScan *scan)
{
    const PhraseBook *book = tables_book(scan->data, "lexicon.txt");
    DetectView *view = scan->view;
    view->lexicon_words = lexicon_words(scan->data, view);
    view->lexicon =
        phrases_match(book, view->lexicon_words, phrases_speak(book, view->lexicon_words) ? LEXICON_HITS : 0);
    if (!view->lexicon->len)
        return;
    if (view->lexicon->len == LEXICON_HITS)
        *scan->truncated = true;
    g_autoptr(LexiconText) text = lexicon_text_new(view);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(LexiconBest));
    for (guint i = 0; i < view->lexicon->len; i++) {
        const PhraseHit *hit = &g_array_index(view->lexicon, PhraseHit, i);
        double shape = text->roles[i] == ROLE_OF_CATEGORY ? lexicon_shape(text, i) : 0.0;
        LexiconBest *best = shape >= LEXICON_LEAST ? lexicon_best(all, hit->section) : NULL;
        Layer layer = best ? lexicon_layer(scan, lexicon_token(text, hit->first)) : LAYER_WRITTEN;
        if (best && shape > best->shape[layer]) {
            best->shape[layer] = shape;
            best->hit[layer] = hit;
        }
    }
    for (guint i = 0; i < all->len; i++) {
        const LexiconBest *best = &g_array_index(all, LexiconBest, i);
        for (guint layer = 0; layer < LAYER_LAST; layer++)
            if (best->hit[layer])
                lexicon_add(scan, text, best->hit[layer], best->shape[layer]);
    }
}
