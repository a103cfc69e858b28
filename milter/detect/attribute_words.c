// The words around a candidate, as features: labels, of whom its sentence speaks, what its paragraph is about.
#include "detect/attribute.h"

#include "detect/tables.h"

#include <string.h>

#define NEAR_BEFORE      80 // bytes
#define NEAR_AFTER       26
#define NEAR_ABBREVIATED 3 // "Cell. 413-..."
#define PARAGRAPH_BEFORE 260
#define PARAGRAPH_AFTER  140
#define SENTENCE_AFTER   60
#define EXERCISE_REACH   800
#define EXERCISE_WORDS   4
#define QUOTATION_REACH  300
#define ALONE_REACH      16

typedef struct {
    const AttributeScene *scene;
    const AttributePassage *passage;
    const Candidate *candidate;
    Layer layer;
    gsize before, after;
    guint64 features, previous; // those of its sentence, and of the sentence before
} WordsScan;

static guint64 words_bit(const char *name)
{
    return G_GUINT64_CONSTANT(1) << attribute_feature(name);
}

static gsize words_hit_start(const AttributePassage *passage, const PhraseHit *hit)
{
    return passage->view->origin[g_array_index(passage->tokens, PhraseToken, hit->first).start];
}

static gsize words_hit_end(const AttributePassage *passage, const PhraseHit *hit)
{
    return passage->view->origin[g_array_index(passage->tokens, PhraseToken, hit->last).end];
}

// What parts two places of a text.
typedef struct {
    guint newlines;
    bool paragraph, sentence, colon;
} WordsGap;

static WordsGap words_gap(const Passage *passage, gsize from, gsize to)
{
    WordsGap gap = {0};
    bool blank = false;
    for (gsize i = from; i < to && i < passage->len; i++) {
        char c = passage->text[i], next = i + 1 < passage->len ? passage->text[i + 1] : ' ';
        if (c == '\n') {
            gap.paragraph |= blank;
            gap.newlines++;
            blank = true;
        } else if (!g_ascii_isspace(c) && c != '>') {
            blank = false;
        }
        gap.sentence |= (c == '.' || c == '!' || c == '?' || c == ';') && g_ascii_isspace(next);
        gap.colon |= c == ':';
    }
    return gap;
}

// One-letter labels stand right before the detail: "C: 413-...", "(c) 413-...", "c. 413-...", or at the beginning of
// a line or column "C 413-...".
static bool words_label_fits(const WordsScan *scan, gsize start, gsize end, const WordsGap *gap)
{
    const char *text = scan->passage->passage->text;
    bool fits = end - start > 1;
    if (!fits && scan->candidate->start - end <= 4) {
        gsize before = start;
        while (before > 0 && text[before - 1] == ' ')
            before--;
        bool first = before == 0 || strchr("\n|/>*,", text[before - 1]);
        fits = gap->colon || text[end] == ')' || text[end] == '.' || (first && g_ascii_isupper(text[start]));
    }
    return fits;
}

// A line of a signature that names the school or an office says so of that line.
static bool words_of_other_line(const WordsScan *scan, guint64 bit, const WordsGap *gap)
{
    bool place = bit & (words_bit("school") | words_bit("office"));
    return scan->layer == LAYER_SIGNATURE && place && gap->newlines && !gap->colon;
}

static void words_near_before(WordsScan *scan, gsize start, gsize end, guint64 bit)
{
    const Passage *passage = scan->passage->passage;
    if (end <= scan->candidate->start && start + NEAR_BEFORE >= scan->candidate->start &&
        start >= scan->before) {
        WordsGap gap = words_gap(passage, end, scan->candidate->start);
        bool fits = !gap.paragraph && gap.newlines <= 1 && words_label_fits(scan, start, end, &gap) &&
                    !words_of_other_line(scan, bit, &gap);
        bool kind = bit & (words_bit("personal") | words_bit("office") | words_bit("group"));
        if (fits && !gap.sentence)
            scan->features |= bit;
        else if (fits && (!kind || end + NEAR_ABBREVIATED >= scan->candidate->start))
            scan->previous |= bit;
    }
}

static void words_near_after(WordsScan *scan, gsize start, gsize end, guint64 bit)
{
    const Passage *passage = scan->passage->passage;
    if (start >= scan->candidate->end && start <= scan->candidate->end + NEAR_AFTER && end <= scan->after) {
        WordsGap gap = words_gap(passage, scan->candidate->end, start);
        bool names_next = end < passage->len && passage->text[end] == ':';
        bool letter = end - start == 1 && passage->text[start] != 'x';
        if (!gap.newlines && !gap.sentence && !names_next && !letter)
            scan->features |= bit;
    }
}

// Words that say of whom a sentence speaks.
static void words_sentence(WordsScan *scan, gsize start, gsize end, guint64 bit)
{
    const Candidate *candidate = scan->candidate;
    bool before = end <= candidate->start, after = start >= candidate->end;
    WordsGap gap = {0};
    if (before)
        gap = words_gap(scan->passage->passage, end, candidate->start);
    else if (after)
        gap = words_gap(scan->passage->passage, candidate->end, start);
    bool within = before ? start >= scan->before && start + NEAR_BEFORE >= candidate->start
                         : after && end <= scan->after && start <= candidate->end + SENTENCE_AFTER;
    if (within && !gap.sentence && !gap.paragraph && gap.newlines <= 1)
        scan->features |= bit;
}

static void words_paragraph(WordsScan *scan, gsize start, gsize end, guint64 bit)
{
    bool before = end <= scan->candidate->start;
    WordsGap gap = before ? words_gap(scan->passage->passage, end, scan->candidate->start)
                          : words_gap(scan->passage->passage, scan->candidate->end, start);
    bool organisation = bit == words_bit("organisation");
    if (!gap.paragraph)
        scan->features |= bit;
    if (!gap.paragraph && !gap.sentence && gap.newlines <= 1)
        scan->features |=
            words_bit(organisation ? "organisation in the sentence" : "textbook in the sentence");
}

static void words_hit(WordsScan *scan, const PhraseHit *hit)
{
    guint count, number = attribute_feature(hit->section);
    const AttributeFeature *feature = &attribute_features(&count)[number];
    guint64 bit = G_GUINT64_CONSTANT(1) << number;
    gsize start = words_hit_start(scan->passage, hit), end = words_hit_end(scan->passage, hit);
    if (feature->scope == SCOPE_NEAR) {
        words_near_before(scan, start, end, bit);
        words_near_after(scan, start, end, bit);
    } else if (feature->scope == SCOPE_SENTENCE) {
        words_sentence(scan, start, end, bit);
    } else if (end <= scan->candidate->start || start >= scan->candidate->end) {
        words_paragraph(scan, start, end, bit);
    }
}

// First hit whose words begin at or after byte `from`.
static guint words_first(const AttributePassage *passage, gsize from)
{
    guint low = 0, high = passage->hits->len;
    while (low < high) {
        guint mid = low + (high - low) / 2;
        if (words_hit_start(passage, &g_array_index(passage->hits, PhraseHit, mid)) < from)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void words_labels(WordsScan *scan)
{
    gsize start = scan->candidate->start;
    gsize from = start > PARAGRAPH_BEFORE ? start - PARAGRAPH_BEFORE : 0,
          to = scan->candidate->end + PARAGRAPH_AFTER;
    for (guint i = words_first(scan->passage, from); i < scan->passage->hits->len; i++) {
        const PhraseHit *hit = &g_array_index(scan->passage->hits, PhraseHit, i);
        if (words_hit_start(scan->passage, hit) > to)
            break;
        words_hit(scan, hit);
    }
    // The sentence before speaks where the detail's own says nothing: "Text me! 413-555-0142".
    guint count;
    const AttributeFeature *features = attribute_features(&count);
    guint64 near = 0;
    for (guint i = 0; i < count; i++)
        near |= features[i].scope == SCOPE_NEAR ? G_GUINT64_CONSTANT(1) << i : 0;
    if (!(scan->features & near))
        scan->features |= scan->previous;
}

// Does a blank line stand between the hit and the detail?
static bool words_apart(const WordsScan *scan, const PhraseHit *hit)
{
    gsize start = words_hit_start(scan->passage, hit), end = words_hit_end(scan->passage, hit);
    bool before = end <= scan->candidate->start;
    return words_gap(scan->passage->passage, before ? end : scan->candidate->end,
                     before ? scan->candidate->start : start)
        .paragraph;
}

// Words of exercises and stories: two different ones in the detail's paragraph, or more of them around it.
static void words_exercise(WordsScan *scan)
{
    gsize start = scan->candidate->start, to = scan->candidate->end + EXERCISE_REACH;
    guint32 known[EXERCISE_WORDS];
    guint around = 0, beside = 0;
    for (guint i = words_first(scan->passage, start > EXERCISE_REACH ? start - EXERCISE_REACH : 0);
         i < scan->passage->hits->len && around < EXERCISE_WORDS; i++) {
        const PhraseHit *hit = &g_array_index(scan->passage->hits, PhraseHit, i);
        if (words_hit_start(scan->passage, hit) > to)
            break;
        bool inside = words_hit_end(scan->passage, hit) > start &&
                      words_hit_start(scan->passage, hit) < scan->candidate->end;
        if (inside || strcmp(hit->section, "textbook") != 0)
            continue;
        guint32 word = g_array_index(scan->passage->tokens, PhraseToken, hit->last).word;
        bool seen = false;
        for (guint k = 0; k < around; k++)
            seen |= known[k] == word;
        if (!seen) {
            known[around++] = word;
            beside += !words_apart(scan, hit);
        }
    }
    if (beside >= 2)
        scan->features |= words_bit("exercise");
    if (around >= EXERCISE_WORDS)
        scan->features |= words_bit("exercises around");
}

// "the school's phone" is nobody's.
static bool words_follows_article(const char *text, gsize at)
{
    static const char *const ARTICLES[] = {"the", "a", "an", "our", "this", "that", "each", "every"};
    gsize end = at;
    while (end > 0 && text[end - 1] == ' ')
        end--;
    gsize start = end;
    while (start > 0 && g_ascii_isalpha(text[start - 1]) && end - start < 8)
        start--;
    bool found = false;
    for (guint i = 0; i < G_N_ELEMENTS(ARTICLES) && end < at; i++)
        found |= strlen(ARTICLES[i]) == end - start &&
                 g_ascii_strncasecmp(ARTICLES[i], text + start, end - start) == 0;
    return found;
}

// "Maya's number", "Mr. Ortega's cell": a name, not "here's" or "what's".
static void words_possessive(WordsScan *scan)
{
    static const char *const NO_NAMES[] = {"here",  "there", "what", "that",    "it",  "he",
                                           "she",   "who",   "let",  "where",   "how", "this",
                                           "today", "when",  "name", "everyone"};
    const char *text = scan->passage->passage->text;
    gsize at = scan->candidate->start, from = MAX(scan->before, at > 40 ? at - 40 : 0);
    for (gsize i = from; i + 2 < at; i++) {
        gsize mark = text[i] == '\'' ? 1 : (strncmp(text + i, "’", 3) == 0 ? 3 : 0);
        if (!mark || i + mark + 1 >= at || text[i + mark] != 's' || text[i + mark + 1] != ' ')
            continue;
        gsize word = i;
        while (word > 0 && (g_ascii_isalpha(text[word - 1]) || (guchar)text[word - 1] >= 0x80))
            word--;
        g_autofree char *name = g_ascii_strdown(text + word, (gssize)(i - word));
        bool is_name = i - word >= 2 && !words_follows_article(text, word);
        for (guint k = 0; is_name && k < G_N_ELEMENTS(NO_NAMES); k++)
            is_name = strcmp(NO_NAMES[k], name) != 0;
        if (is_name && !words_gap(scan->passage->passage, i, at).sentence)
            scan->features |=
                words_bit(attribute_names_sender(scan->scene, name, strlen(name)) ? "own" : "somebody's");
    }
}

// ---- what the sentence itself is ----

// Opening less closing quotation marks in [from, to), those that look the same told by what stands before them.
static int words_quotes(const char *text, gsize from, gsize to)
{
    int open = 0;
    for (gsize i = from; i < to; i++) {
        bool first = i == 0 || g_ascii_isspace(text[i - 1]) || strchr("([:-", text[i - 1]);
        if (text[i] == '"')
            open += first ? 1 : -1;
        else if (strncmp(text + i, "“", 3) == 0 || strncmp(text + i, "«", 2) == 0)
            open++;
        else if (strncmp(text + i, "”", 3) == 0 || strncmp(text + i, "»", 2) == 0)
            open--;
        open = MAX(open, 0);
    }
    return open;
}

// Between quotation marks stand other people's words: a dialogue, a warning, an exercise.
static void words_quotation(WordsScan *scan)
{
    const Passage *passage = scan->passage->passage;
    gsize start = scan->candidate->start, end = MIN(scan->candidate->end, passage->len);
    gsize from = start > QUOTATION_REACH ? start - QUOTATION_REACH : 0,
          to = MIN(end + QUOTATION_REACH, passage->len);
    bool closes = false, text = passage_origin_is_prose(passage->origin);
    for (gsize i = start; i > from + 1; i--)
        from = passage->text[i - 1] == '\n' && passage->text[i - 2] == '\n' ? i : from;
    for (gsize i = end; i < to && !closes; i++)
        closes = passage->text[i] == '"' || strncmp(passage->text + i, "”", 3) == 0 ||
                 strncmp(passage->text + i, "»", 2) == 0;
    if (text && closes && words_quotes(passage->text, from, start) > 0)
        scan->features |= words_bit("between quotation marks");
}

// Does a sentence begin at byte `at`: at the top, behind its end, or in a line whose neighbour above ends one?
static bool words_sentence_begins(const char *text, gsize at)
{
    bool line = false, blank = true;
    while (at > 0 && blank) {
        blank = g_ascii_isspace(text[at - 1]) || text[at - 1] == '>';
        line |= text[at - 1] == '\n';
        at -= blank;
    }
    return at == 0 || strchr(line ? ".!?,:;" : ".!?", text[at - 1]) ||
           (at > 1 && line && text[at] == '\n' && text[at + 1] == '\n');
}

// A sentence that is the detail and nothing else.
static void words_alone(WordsScan *scan)
{
    const Passage *passage = scan->passage->passage;
    const char *text = passage->text;
    gsize start = scan->candidate->start, end = MIN(scan->candidate->end, passage->len);
    bool shown = passage_origin_is_prose(passage->origin) || passage->origin == ORIGIN_CODE;
    while (start > 0 && scan->candidate->start - start < ALONE_REACH && strchr("([-*> ", text[start - 1]))
        start--;
    while (end < passage->len && end - scan->candidate->end < ALONE_REACH && strchr(")]-* ", text[end]))
        end++;
    bool ends = end == passage->len || strchr("\r\n.!?", text[end]);
    if (shown && ends && words_sentence_begins(text, start) && scan->layer != LAYER_SIGNATURE &&
        scan->layer != LAYER_FOOTER)
        scan->features |= words_bit("alone in its sentence");
}

guint64 attribute_words(const AttributeScene *scene, const AttributePassage *passage,
                        const Candidate *candidate, Layer layer, gsize before, gsize after)
{
    WordsScan scan = {scene, passage, candidate, layer, before, after, 0, 0};
    words_labels(&scan);
    words_exercise(&scan);
    words_possessive(&scan);
    words_quotation(&scan);
    words_alone(&scan);
    return scan.features;
}
