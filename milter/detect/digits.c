#include "detect/digits.h"

#include <string.h>

#define TOKEN_MOST  64 // a longer word is no number
#define DIGITS_MOST 15
#define GAP_MOST    10 // bytes between two groups
#define GAP_FILLERS 3

// How a number word joins the one behind it: "forty" "two" is 42, "quinientos" "cincuenta" is 550.
typedef enum { RANK_NONE, RANK_UNIT, RANK_TEEN, RANK_TENS, RANK_HUNDREDS, RANK_DONE } Rank;

typedef struct {
    const char *word, *digits;
    guint8 len, digits_len;
    guint8 rank;
    bool homophone;
} NumberWord;

// By their first letter, in order.
static const NumberWord WORDS[] = {
    {"ate", "8", 3, 1, RANK_UNIT, true},
    {"cero", "0", 4, 1, RANK_UNIT},
    {"cuatrocientos", "400", 13, 3, RANK_HUNDREDS},
    {"cuatro", "4", 6, 1, RANK_UNIT},
    {"cincuenta", "50", 9, 2, RANK_TENS},
    {"cinco", "5", 5, 1, RANK_UNIT},
    {"catorce", "14", 7, 2, RANK_TEEN},
    {"cuarenta", "40", 8, 2, RANK_TENS},
    {"dos", "2", 3, 1, RANK_UNIT},
    {"diez", "10", 4, 2, RANK_TEEN},
    {"doce", "12", 4, 2, RANK_TEEN},
    {"doscientos", "200", 10, 3, RANK_HUNDREDS},
    {"eighteen", "18", 8, 2, RANK_TEEN},
    {"eleven", "11", 6, 2, RANK_TEEN},
    {"eighty", "80", 6, 2, RANK_TENS},
    {"eight", "8", 5, 1, RANK_UNIT},
    {"fourteen", "14", 8, 2, RANK_TEEN},
    {"fifteen", "15", 7, 2, RANK_TEEN},
    {"forty", "40", 5, 2, RANK_TENS},
    {"fourty", "40", 6, 2, RANK_TENS},
    {"fifty", "50", 5, 2, RANK_TENS},
    {"four", "4", 4, 1, RANK_UNIT},
    {"fore", "4", 4, 1, RANK_UNIT, true},
    {"for", "4", 3, 1, RANK_UNIT, true},
    {"five", "5", 4, 1, RANK_UNIT},
    {"hundred", "00", 7, 2, RANK_DONE, true},
    {"nought", "0", 6, 1, RANK_UNIT},
    {"nineteen", "19", 8, 2, RANK_TEEN},
    {"ninety", "90", 6, 2, RANK_TENS},
    {"nine", "9", 4, 1, RANK_UNIT},
    {"niner", "9", 5, 1, RANK_UNIT},
    {"novecientos", "900", 11, 3, RANK_HUNDREDS},
    {"noventa", "90", 7, 2, RANK_TENS},
    {"nueve", "9", 5, 1, RANK_UNIT},
    {"oh", "0", 2, 1, RANK_UNIT, true},
    {"one", "1", 3, 1, RANK_UNIT},
    {"ochocientos", "800", 11, 3, RANK_HUNDREDS},
    {"ochenta", "80", 7, 2, RANK_TENS},
    {"ocho", "8", 4, 1, RANK_UNIT},
    {"once", "11", 4, 2, RANK_TEEN, true},
    {"o", "0", 1, 1, RANK_UNIT, true},
    {"quince", "15", 6, 2, RANK_TEEN},
    {"quinientos", "500", 10, 3, RANK_HUNDREDS},
    {"sixteen", "16", 7, 2, RANK_TEEN},
    {"seventeen", "17", 9, 2, RANK_TEEN},
    {"sixty", "60", 5, 2, RANK_TENS},
    {"seventy", "70", 7, 2, RANK_TENS},
    {"six", "6", 3, 1, RANK_UNIT},
    {"seven", "7", 5, 1, RANK_UNIT},
    {"seiscientos", "600", 11, 3, RANK_HUNDREDS},
    {"sesenta", "60", 7, 2, RANK_TENS},
    {"seis", "6", 4, 1, RANK_UNIT},
    {"setecientos", "700", 11, 3, RANK_HUNDREDS},
    {"setenta", "70", 7, 2, RANK_TENS},
    {"siete", "7", 5, 1, RANK_UNIT},
    {"thirteen", "13", 8, 2, RANK_TEEN},
    {"twelve", "12", 6, 2, RANK_TEEN},
    {"ten", "10", 3, 2, RANK_TEEN, true},
    {"twenty", "20", 6, 2, RANK_TENS},
    {"thirty", "30", 6, 2, RANK_TENS},
    {"two", "2", 3, 1, RANK_UNIT},
    {"too", "2", 3, 1, RANK_UNIT, true},
    {"to", "2", 2, 1, RANK_UNIT, true},
    {"three", "3", 5, 1, RANK_UNIT},
    {"tree", "3", 4, 1, RANK_UNIT, true},
    {"tres", "3", 4, 1, RANK_UNIT},
    {"trece", "13", 5, 2, RANK_TEEN},
    {"treinta", "30", 7, 2, RANK_TENS},
    {"trescientos", "300", 11, 3, RANK_HUNDREDS},
    {"uno", "1", 3, 1, RANK_UNIT},
    {"una", "1", 3, 1, RANK_UNIT, true},
    {"veinte", "20", 6, 2, RANK_TENS},
    {"won", "1", 3, 1, RANK_UNIT, true},
    {"zero", "0", 4, 1, RANK_UNIT},
};

static const struct {
    const char *word;
    guint times;
} MULTIPLIERS[] = {{"double", 2}, {"dbl", 2}, {"doble", 2}, {"triple", 3}, {"treble", 3}, {"quadruple", 4}};

// Words that people say between digits. Those of marks belong to a number more surely than the others.
static const char *const MARKS[] = {"dash",  "hyphen", "dot",   "point", "period", "guion",
                                    "punto", "slash",  "minus", "star",  "stop",   "space"};
static const char *const FILLERS[] = {"then", "and", "y", "luego", "area", "code"};

// Which digit a letter is drawn like, seen in lower case; '\0' = none.
static char digits_leet(char c)
{
    static const char LETTERS[] = "oilzsbgq!", DIGITS[] = "011258991";
    const char *at = c ? strchr(LETTERS, c) : NULL;
    return at ? DIGITS[at - LETTERS] : '\0';
}

typedef struct {
    DigitRow *row;
    const DetectView *view;
    guint times;       // "double" stands before
    gsize times_start; // where
} DigitReader;

static DigitGroup *digits_last(DigitReader *reader)
{
    GArray *groups = reader->row->groups;
    return groups->len ? &g_array_index(groups, DigitGroup, groups->len - 1) : NULL;
}

// ---- one word --------------------------------------------------------------------------------------------

// Where the words of each letter begin in the table.
typedef struct {
    guint8 first[27];
} NumberIndex;

static void digits_index(NumberIndex *index)
{
    gsize at = 0;
    for (int letter = 0; letter < 27; letter++) {
        index->first[letter] = (guint8)at;
        while (at < G_N_ELEMENTS(WORDS) && WORDS[at].word[0] == 'a' + letter)
            at++;
    }
    g_assert(at == G_N_ELEMENTS(WORDS));
}

static const NumberWord *digits_word_at(const NumberIndex *index, const char *text, gsize n)
{
    const NumberWord *best = NULL;
    int letter = g_ascii_islower(*text) ? *text - 'a' : 26;
    for (gsize i = index->first[letter]; letter < 26 && i < index->first[letter + 1]; i++) {
        gsize len = WORDS[i].len;
        if (len <= n && (!best || len > best->len) && memcmp(WORDS[i].word, text, len) == 0)
            best = &WORDS[i];
    }
    return best;
}

static bool digits_put(char *out, guint8 *n, const char *digits, gsize len)
{
    bool fits = *n + len <= DIGITS_MOST;
    if (fits) {
        memcpy(out + *n, digits, len);
        *n = (guint8)(*n + len);
    }
    return fits;
}

// All of the token as number words and figures one behind the other. A prefix never begins two words of the
// table, so taking the longest is right but for "o", which is tried where nothing longer is.
static bool digits_as_words(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                            char *out)
{
    bool ok = true;
    guint letters = 0;
    for (gsize i = 0; ok && i < len;) {
        const NumberWord *word = NULL;
        if (g_ascii_isdigit(token[i])) {
            ok = digits_put(out, &group->n, token + i, 1);
            group->figures++;
            group->rank = RANK_NONE;
            i++;
        } else if ((word = digits_word_at(index, token + i, len - i)) != NULL) {
            ok = digits_put(out, &group->n, word->digits, word->digits_len);
            group->words++;
            letters += word->word[1] == '\0';
            group->homophones = (guint8)(group->homophones + word->homophone);
            group->rank = word->rank;
            i += word->len;
        } else {
            ok = false;
        }
    }
    // "o142" is a letter drawn like a figure, "oh142" is spoken
    return ok && group->words > 0 && !(group->figures > 0 && group->words == letters);
}

// Figures and letters drawn like figures. Letters alone only where they are as many as a group of a number
// has.
static bool digits_as_leet(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                           char *out)
{
    bool ok = len <= 11;
    (void)index;
    for (gsize i = 0; ok && i < len; i++) {
        char digit = g_ascii_isdigit(token[i]) ? token[i] : digits_leet(token[i]);
        ok = digit != '\0' && digits_put(out, &group->n, &digit, 1);
        group->figures = (guint8)(group->figures + (g_ascii_isdigit(token[i]) ? 1 : 0));
        group->leet = (guint8)(group->leet + (g_ascii_isdigit(token[i]) ? 0 : 1));
    }
    return ok && (group->figures > 0 || len == 3 || len == 4 || len == 1);
}

// Figures with letters before, behind, or both: "cell4135550142now", "0142x12".
static bool digits_as_glued(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                            char *out)
{
    gsize first = 0, last;
    (void)index;
    while (first < len && !g_ascii_isdigit(token[first]))
        first++;
    for (last = first; last < len && g_ascii_isdigit(token[last]);)
        last++;
    gsize rest = last;
    while (rest < len && !g_ascii_isdigit(token[rest]))
        rest++;
    bool has_x = rest < len &&
                 (rest - last == 1 || (rest - last == 3 && memcmp(token + last, "ext", 3) == 0)) &&
                 (token[last] == 'x' || token[last] == 'e');
    gsize tail = rest;
    while (has_x && tail < len && g_ascii_isdigit(token[tail]))
        tail++;
    bool ok = last > first && (rest == len || (has_x && tail == len && tail - rest <= 6)) &&
              digits_put(out, &group->n, token + first, last - first);
    group->figures = group->n;
    group->glued_left = first > 0;
    group->glued_right = last < len && !has_x;
    group->extension = has_x;
    group->start += (guint32)first;
    group->end = group->start + (guint32)(last - first);
    return ok;
}

static bool digits_as_figures(const NumberIndex *index, const char *token, gsize len, DigitGroup *group,
                              char *out)
{
    bool ok = len <= DIGITS_MOST;
    (void)index;
    for (gsize i = 0; ok && i < len; i++)
        ok = g_ascii_isdigit(token[i]);
    if (ok) {
        digits_put(out, &group->n, token, len);
        group->figures = group->n;
    }
    return ok;
}

static bool digits_token(const NumberIndex *index, const DetectView *view, gsize start, gsize end,
                         DigitGroup *group, char *out)
{
    static bool (*const WAYS[])(const NumberIndex *, const char *, gsize, DigitGroup *, char *) = {
        digits_as_figures, digits_as_words, digits_as_leet, digits_as_glued};
    bool ok = false;
    for (gsize i = 0; !ok && end - start <= TOKEN_MOST && i < G_N_ELEMENTS(WAYS); i++) {
        *group = (DigitGroup){.start = (guint32)start, .end = (guint32)end};
        ok = WAYS[i](index, view->text + start, end - start, group, out);
    }
    return ok;
}

// ---- between words ---------------------------------------------------------------------------------------

static Gap digits_gap_kind(const char *text, gsize n)
{
    guint lines = 0, marks = 0;
    bool paren = false, dash = false, tab = false, comma = false, dot = false, slash = false, colon = false,
         other = false;
    for (gsize i = 0; i < n; i++) {
        char c = text[i];
        lines += c == '\n';
        marks += c != ' ' && c != '\n' && c != '\t';
        tab |= c == '\t';
        paren |= c == '(' || c == ')' || c == '[' || c == ']';
        dash |= c == '-';
        comma |= c == ',' || c == ';';
        dot |= c == '.';
        slash |= c == '/' || c == '\\';
        colon |= c == ':';
        other |= strchr(" \n\t()[]-,;./\\:>", c) == NULL;
        if (strchr("$%@&=?", c) != NULL)
            lines = 2;
    }
    Gap gap = GAP_OTHER;
    if (lines > 1)
        gap = GAP_BREAK;
    else if (lines == 1)
        gap = dash || paren ? GAP_LINE_DASH : marks > 2 || other || colon ? GAP_BREAK : GAP_LINE;
    else if (n == 0)
        gap = GAP_NONE;
    else if (tab)
        gap = GAP_TAB;
    else if (marks == 0)
        gap = GAP_SPACE;
    else if (other)
        gap = GAP_OTHER;
    else if (paren)
        gap = GAP_PAREN;
    else if (comma)
        gap = GAP_COMMA;
    else if (colon)
        gap = GAP_COLON;
    else if (slash)
        gap = GAP_SLASH;
    else if (dash)
        gap = dot ? GAP_OTHER : GAP_DASH;
    else if (dot)
        gap = GAP_DOT;
    return gap;
}

// Is the word said between digits? The gap it makes, or GAP_BREAK.
static Gap digits_filler(const char *token, gsize len)
{
    Gap gap = GAP_BREAK;
    bool may = len <= 6 && memchr("dhpgsmtaylc", *token, 11) != NULL; // what they begin with
    for (gsize i = 0; may && gap == GAP_BREAK && i < G_N_ELEMENTS(MARKS); i++)
        if (*MARKS[i] == *token && strlen(MARKS[i]) == len && memcmp(MARKS[i], token, len) == 0)
            gap = GAP_WORD;
    for (gsize i = 0; may && gap == GAP_BREAK && i < G_N_ELEMENTS(FILLERS); i++)
        if (*FILLERS[i] == *token && strlen(FILLERS[i]) == len && memcmp(FILLERS[i], token, len) == 0)
            gap = GAP_LETTERS;
    return gap;
}

static guint digits_multiplier(const char *token, gsize len)
{
    guint times = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(MULTIPLIERS); i++)
        if (*MULTIPLIERS[i].word == *token && strlen(MULTIPLIERS[i].word) == len &&
            memcmp(MULTIPLIERS[i].word, token, len) == 0)
            times = MULTIPLIERS[i].times;
    return times;
}

// "forty" then "two", "quinientos" then "cincuenta": one number. True when `group` went into the last one.
static bool digits_join(DigitReader *reader, DigitGroup *group, const char *digits)
{
    DigitGroup *last = digits_last(reader);
    gsize zeros = 0;
    if (last && group->words == 1 && group->homophones == 0 && group->figures == 0 &&
        group->rank < RANK_HUNDREDS && digits[0] != '0' &&
        (last->gap == GAP_SPACE || last->gap == GAP_DASH || last->gap == GAP_LETTERS)) {
        if (last->rank == RANK_TENS && group->n == 1)
            zeros = 1;
        else if (last->rank == RANK_HUNDREDS && group->n <= 2)
            zeros = group->n;
    }
    if (zeros > 0) {
        memcpy(reader->row->digits->str + last->at + last->n - zeros, digits, zeros);
        last->end = group->end;
        last->words++;
        last->rank = last->rank == RANK_HUNDREDS && group->rank == RANK_TENS ? RANK_TENS : RANK_DONE;
    }
    return zeros > 0;
}

static void digits_add(DigitReader *reader, DigitGroup *group, char *digits)
{
    if (reader->times > 1 && group->n == 1) {
        memset(digits, digits[0], reader->times);
        group->n = (guint8)reader->times;
        group->words++;
        group->start = (guint32)reader->times_start;
    }
    reader->times = 0;
    if (!digits_join(reader, group, digits)) {
        group->at = (guint32)reader->row->digits->len;
        g_string_append_len(reader->row->digits, digits, group->n);
        group->gap = GAP_BREAK;
        g_array_append_val(reader->row->groups, *group);
    }
}

// ---- the whole text --------------------------------------------------------------------------------------

// "413x555x0142", "413abc555def0142": figures with letters between, as many as a number has.
static bool digits_interleaved(DigitReader *reader, gsize start, gsize end)
{
    static const guint8 SIZES[] = {3, 3, 4};
    const char *text = reader->view->text;
    gsize at = start, starts[3] = {0};
    bool ok = end - start <= 24;
    for (gsize i = 0; ok && i < 3; i++) {
        for (gsize letters = 0; i > 0 && at < end && letters < 7 && g_ascii_isalpha(text[at]); letters++)
            at++;
        starts[i] = at;
        while (at < end && g_ascii_isdigit(text[at]))
            at++;
        ok = at - starts[i] == SIZES[i];
    }
    ok = ok && at == end;
    for (gsize i = 0; ok && i < 3; i++) {
        char digits[DIGITS_MOST + 1] = "";
        DigitGroup group = {.start = (guint32)starts[i], .end = (guint32)starts[i] + SIZES[i]};
        group.n = group.figures = SIZES[i];
        memcpy(digits, text + starts[i], SIZES[i]);
        if (i > 0)
            digits_last(reader)->gap = GAP_LETTERS;
        digits_add(reader, &group, digits);
    }
    return ok;
}

// The end of the word that begins at `at` (a letter or figure), at least one byte on.
static gsize digits_word_end(const DetectView *view, gsize at)
{
    gsize end = at;
    while (end < view->len) {
        guchar c = (guchar)view->text[end];
        bool inside = g_ascii_isalnum(c);
        gsize n = 1;
        if (c >= 0x80) {
            inside = g_unichar_isalpha(g_utf8_get_char(view->text + end));
            n = (gsize)(g_utf8_next_char(view->text + end) - (view->text + end));
        } else if (c == '!' && end > at && end + 1 < view->len) {
            inside = g_ascii_isdigit(view->text[end - 1]) && g_ascii_isdigit(view->text[end + 1]);
        }
        if (!inside)
            break;
        end += n;
    }
    return end;
}

static void digits_close_gap(DigitReader *reader, gsize next, guint fillers, Gap said)
{
    DigitGroup *last = digits_last(reader);
    if (!last)
        return;
    gsize n = next - last->end;
    if (fillers > 0)
        last->gap = fillers <= GAP_FILLERS && n <= 32 ? said : GAP_BREAK;
    else
        last->gap = n <= GAP_MOST ? digits_gap_kind(reader->view->text + last->end, n) : GAP_BREAK;
    last->tight = n <= 1;
}

DigitRow *digits_read(const DetectView *view)
{
    DigitRow *row = g_new0(DigitRow, 1);
    row->groups = g_array_new(FALSE, FALSE, sizeof(DigitGroup));
    row->digits = g_string_new(NULL);
    DigitReader reader = {.row = row, .view = view};
    NumberIndex index;
    digits_index(&index);
    guint fillers = 0;
    Gap filler, said = GAP_BREAK;
    bool broken = false;
    for (gsize at = 0; at < view->len;) {
        gsize end = digits_word_end(view, at);
        if (end == at) {
            at = (gsize)(g_utf8_next_char(view->text + at) - view->text);
            continue;
        }
        char digits[DIGITS_MOST + 1] = "";
        DigitGroup group;
        guint times = digits_multiplier(view->text + at, end - at);
        if (times > 0) {
            reader.times = times;
            reader.times_start = at;
        } else if ((filler = digits_filler(view->text + at, end - at)) != GAP_BREAK) {
            said = fillers == 0 || said == GAP_WORD ? filler : said;
            fillers++;
        } else if (digits_token(&index, view, at, end, &group, digits)) {
            if (!broken)
                digits_close_gap(&reader, reader.times ? reader.times_start : group.start, fillers, said);
            DigitGroup *last = digits_last(&reader);
            if (last && (last->extension || last->glued_right || group.glued_left))
                last->gap = GAP_BREAK;
            digits_add(&reader, &group, digits);
            broken = false;
            fillers = 0;
        } else {
            broken = !digits_interleaved(&reader, at, end);
            reader.times = 0;
        }
        at = end;
    }
    return row;
}

void digits_free(DigitRow *row)
{
    if (row) {
        g_array_unref(row->groups);
        g_string_free(row->digits, TRUE);
        g_free(row);
    }
}
