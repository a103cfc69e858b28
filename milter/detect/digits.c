#include "detect/digits_words.h"

#include <string.h>

#define GAP_MOST     10 // bytes between two groups
#define GAP_FILLERS  5
#define FILLERS_LONG 40 // bytes of them

static const struct {
    const char *word;
    guint times;
} MULTIPLIERS[] = {{"double", 2}, {"dbl", 2}, {"doble", 2}, {"triple", 3}, {"treble", 3}, {"quadruple", 4}};

// Words that people say between digits, sorted for the search by bytes.
typedef enum {
    SAID_NOT,
    SAID_MARK, // belongs to a number more surely than the others
    SAID_FILLER,
    SAID_LITTLE, // looked for only right behind digits: too common to have a spot of its own
    SAID_PLACE,  // a place in a number that is read out: says more than the others
} Said;
#define SAID_LONGEST 8
static const struct {
    const char *word;
    Said said;
} SAID[] = {
    {"and", SAID_FILLER},      {"are", SAID_LITTLE},     {"area", SAID_PLACE},     {"begins", SAID_LITTLE},
    {"by", SAID_LITTLE},       {"code", SAID_PLACE},     {"comes", SAID_LITTLE},   {"con", SAID_LITTLE},
    {"dash", SAID_MARK},       {"de", SAID_LITTLE},      {"después", SAID_LITTLE}, {"digits", SAID_LITTLE},
    {"dot", SAID_MARK},        {"ending", SAID_LITTLE},  {"ends", SAID_LITTLE},    {"es", SAID_LITTLE},
    {"exchange", SAID_PLACE},  {"final", SAID_PLACE},    {"finally", SAID_PLACE},  {"first", SAID_PLACE},
    {"followed", SAID_LITTLE}, {"guion", SAID_MARK},     {"hyphen", SAID_MARK},    {"in", SAID_LITTLE},
    {"is", SAID_LITTLE},       {"it", SAID_LITTLE},      {"lada", SAID_PLACE},     {"last", SAID_PLACE},
    {"luego", SAID_FILLER},    {"middle", SAID_PLACE},   {"minus", SAID_MARK},     {"next", SAID_PLACE},
    {"number", SAID_LITTLE},   {"numbers", SAID_LITTLE}, {"of", SAID_LITTLE},      {"period", SAID_MARK},
    {"point", SAID_MARK},      {"prefix", SAID_PLACE},   {"primero", SAID_PLACE},  {"primeros", SAID_PLACE},
    {"punto", SAID_MARK},      {"slash", SAID_MARK},     {"son", SAID_LITTLE},     {"space", SAID_MARK},
    {"star", SAID_MARK},       {"starts", SAID_LITTLE},  {"stop", SAID_MARK},      {"termina", SAID_LITTLE},
    {"the", SAID_LITTLE},      {"then", SAID_FILLER},    {"with", SAID_LITTLE},    {"y", SAID_FILLER},
    {"área", SAID_PLACE},      {"último", SAID_PLACE},   {"últimos", SAID_PLACE},
};

// Numbers, what is said between them, and letters that are drawn like figures.
void digits_spots(SpotTable *table)
{
    digits_words_spots(table);
    for (gsize i = 0; i < G_N_ELEMENTS(MULTIPLIERS); i++)
        spots_add(table, SPOT_SAID, MULTIPLIERS[i].word);
    for (gsize i = 0; i < G_N_ELEMENTS(SAID); i++) {
        g_assert(strlen(SAID[i].word) <= SAID_LONGEST &&
                 (i == 0 || strcmp(SAID[i - 1].word, SAID[i].word) < 0));
        if (SAID[i].said != SAID_LITTLE)
            spots_add(table, SPOT_SAID, SAID[i].word);
    }
}

typedef struct {
    DigitRow *row;
    const DetectView *view;
    guint times;       // "double" stands before
    gsize times_start; // where
    guint fillers;     // words between digits since the last ones
    Gap said;          // what they make
    bool said_place;   // one of them said where
    bool placed;       // the last word said where in the number the next digits stand
    bool listed;       // the number of a list's item stands before
    bool broken;       // another word stood since the last digits
} DigitReader;

static DigitGroup *digits_last(DigitReader *reader)
{
    GArray *groups = reader->row->groups;
    return groups->len ? &g_array_index(groups, DigitGroup, groups->len - 1) : NULL;
}

// ---- between words ---------------------------------------------------------------------------------------

// Bytes of a list's mark at `at`, behind a line's end: "* ", "- ".
static gsize digits_bullet(const char *text, gsize at, gsize n)
{
    gsize from = at;
    while (at < n && strchr(" \t>", text[at]))
        at++;
    return at + 1 < n && strchr("*-+.", text[at]) && text[at + 1] == ' ' ? at + 2 - from : 0;
}

static Gap digits_gap_kind(const char *text, gsize n)
{
    guint lines = 0, marks = 0;
    bool paren = false, dash = false, tab = false, comma = false, dot = false, slash = false, colon = false,
         bar = false, other = false, broken = false;
    for (gsize i = 0; i < n; i++) {
        char c = text[i];
        lines += c == '\n';
        marks += strchr(" \n\t|", c) == NULL;
        tab |= c == '\t';
        bar |= c == '|';
        paren |= c == '(' || c == ')' || c == '[' || c == ']';
        dash |= c == '-';
        comma |= c == ',' || c == ';';
        dot |= c == '.';
        slash |= c == '/' || c == '\\';
        colon |= c == ':';
        other |= strchr(" \n\t()[]-,;./\\:>|", c) == NULL;
        broken |= strchr("$%@&?", c) != NULL || (c == '=' && n > 1);
        if (c == '\n')
            i += digits_bullet(text, i + 1, n);
    }
    Gap gap = GAP_OTHER;
    if (broken || lines > 2 || (lines == 2 && marks > 0))
        gap = GAP_BREAK;
    else if (lines == 2)
        gap = GAP_LINE;
    else if (lines == 1)
        gap = dash || paren ? GAP_LINE_DASH : marks > 2 || other || colon ? GAP_BREAK : GAP_LINE;
    else if (n == 0)
        gap = GAP_NONE;
    else if (tab)
        gap = GAP_TAB;
    else if (marks == 0 && !bar)
        gap = GAP_SPACE;
    else if (other || bar)
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

static Said digits_said(const char *token, gsize len)
{
    gsize low = 0, high = len <= SAID_LONGEST ? G_N_ELEMENTS(SAID) : 0;
    Said said = SAID_NOT;
    while (said == SAID_NOT && low < high) {
        gsize mid = (low + high) / 2;
        const char *word = SAID[mid].word;
        int order = (int)(guchar)*token - (int)(guchar)*word;
        if (order == 0)
            order = strncmp(token, word, len);
        if (order == 0 && word[len] == '\0')
            said = SAID[mid].said;
        else if (order > 0)
            low = mid + 1;
        else
            high = mid;
    }
    return said;
}

// Is the word said between digits? The gap it makes, or GAP_BREAK.
static Gap digits_filler(DigitReader *reader, const char *token, gsize len)
{
    Gap gap = GAP_BREAK;
    Said said = digits_said(token, len);
    reader->placed = said == SAID_PLACE;
    if (said == SAID_PLACE || said == SAID_MARK)
        gap = GAP_WORD;
    else if (said != SAID_NOT)
        gap = GAP_LETTERS;
    return gap;
}

static void digits_fill(DigitReader *reader, Gap gap)
{
    bool strong = gap == GAP_WORD && (reader->placed || reader->fillers == 0);
    if (reader->fillers == 0 || strong)
        reader->said = gap;
    else if (gap == GAP_LETTERS && reader->said == GAP_WORD && !reader->said_place)
        reader->said = gap;
    reader->said_place = (reader->fillers > 0 && reader->said_place) || reader->placed;
    reader->fillers++;
}

static void digits_break(DigitReader *reader)
{
    reader->broken = true;
    reader->placed = false;
    reader->times = 0;
}

// Other words stand in [from, to): only few of them may be said between digits.
static void digits_pass(DigitReader *reader, gsize from, gsize to)
{
    const char *text = reader->view->text;
    bool waits = !reader->broken || reader->times || reader->placed;
    if (to - from > FILLERS_LONG)
        digits_break(reader);
    for (gsize at = from; waits && at < to && to - from <= FILLERS_LONG;) {
        gsize end = at;
        while (end < to && ((guchar)text[end] >= 0x80 || g_ascii_isalnum(text[end])))
            end++;
        Gap gap = end > at ? digits_filler(reader, text + at, end - at) : GAP_NONE;
        if (gap == GAP_BREAK)
            digits_break(reader);
        else if (gap != GAP_NONE)
            digits_fill(reader, gap);
        reader->times = gap == GAP_NONE ? reader->times : 0;
        at = MAX(end, at + 1);
    }
}

static guint digits_multiplier(const char *token, gsize len)
{
    guint times = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(MULTIPLIERS); i++)
        if (MULTIPLIERS[i].word[0] == token[0] && strlen(MULTIPLIERS[i].word) == len &&
            memcmp(MULTIPLIERS[i].word, token, len) == 0)
            times = MULTIPLIERS[i].times;
    return times;
}

static bool digits_is_hundred(const DigitGroup *group)
{
    return group->words == 1 && group->figures == 0 && group->rank == RANK_DONE && group->n == 2;
}

// "forty" then "two", "quinientos" then "cincuenta": one number. True when `group` went into the last one.
static bool digits_join(DigitReader *reader, DigitGroup *group, const char *digits)
{
    DigitGroup *last = digits_last(reader);
    gsize zeros = 0;
    if (last && digits_is_hundred(group) && last->n == 1 && last->words == 1 && last->gap == GAP_SPACE) {
        g_string_append(reader->row->digits, "00"); // the last one's digits are the row's last
        last->n = 3;
        last->end = group->end;
        last->rank = RANK_HUNDREDS;
        last->homophones = group->homophones;
        return true;
    }
    if (last && group->words == 1 && group->homophones == 0 && group->figures == 0 &&
        group->rank < RANK_HUNDREDS && digits[0] != '0' &&
        (last->gap == GAP_SPACE || last->gap == GAP_DASH || last->gap == GAP_LETTERS)) {
        if (last->rank == RANK_TENS && group->n == 1)
            zeros = 1;
        else if (last->rank == RANK_HUNDREDS &&
                 (group->n == 2 || (group->n == 1 && (last->homophones == 0 || last->gap == GAP_LETTERS))))
            zeros = group->n; // "eight hundred five five five" is no 805
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
    bool ok = end - start <= 24, marks = true;
    for (gsize i = 0; ok && i < 3; i++) {
        gsize letters = at;
        while (i > 0 && at < end && at - letters < 7 && g_ascii_isalpha(text[at]))
            at++;
        marks = marks && (i == 0 || digits_said(text + letters, at - letters) == SAID_MARK);
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
            digits_last(reader)->gap = marks ? GAP_WORD : GAP_LETTERS;
        digits_add(reader, &group, digits);
    }
    return ok;
}

// "4|3", "0|42": one figure of a group of three or four; elsewhere the bar parts cells.
static bool digits_bar_is_one(const DetectView *view, gsize start, gsize bar)
{
    gsize end = bar + 1;
    while (end < view->len && end - start < 5 && g_ascii_isdigit(view->text[end]))
        end++;
    bool inside = end > bar + 1 && (end - start == 3 || end - start == 4) &&
                  (end == view->len || (view->text[end] != '|' && !g_ascii_isalnum(view->text[end]))) &&
                  (start == 0 || view->text[start - 1] != '|');
    for (gsize i = start; inside && i < bar; i++)
        inside = g_ascii_isdigit(view->text[i]);
    return inside;
}

// The end of the word that begins at `at`; `at` where none does.
static gsize digits_word_end(const DetectView *view, gsize at)
{
    gsize end = at;
    for (gsize n = 1; n > 0; end += n) {
        guchar c = end < view->len ? (guchar)view->text[end] : ' ';
        n = g_ascii_isalnum((char)c);
        if (c >= 0x80 && g_unichar_isalpha(g_utf8_get_char(view->text + end)))
            n = (gsize)(g_utf8_next_char(view->text + end) - (view->text + end));
        else if (c == '!' && end > at && end + 1 < view->len)
            n = g_ascii_isdigit(view->text[end - 1]) && g_ascii_isdigit(view->text[end + 1]);
        else if (c == '|' && end > at)
            n = digits_bar_is_one(view, at, end);
    }
    return end;
}

static void digits_close_gap(DigitReader *reader, gsize next)
{
    DigitGroup *last = digits_last(reader);
    if (!last)
        return;
    gsize n = next - last->end;
    const char *between = reader->view->text + last->end;
    if (reader->listed) {
        const char *line = n <= FILLERS_LONG ? memchr(between, '\n', n) : NULL;
        last->gap = line && !memchr(line + 1, '\n', n - (gsize)(line + 1 - between)) ? GAP_LINE : GAP_BREAK;
    } else if (reader->fillers > 0) {
        last->gap = reader->fillers <= GAP_FILLERS && n <= FILLERS_LONG ? reader->said : GAP_BREAK;
    } else {
        last->gap = n <= GAP_MOST ? digits_gap_kind(between, n) : GAP_BREAK;
    }
    last->tight = n <= 1;
}

// "2. " and "2) " at the beginning of a line.
static bool digits_number_a_list(const DetectView *view, gsize start, gsize end)
{
    const char *text = view->text;
    bool list = end - start <= 2 && end + 2 < view->len && (text[end] == '.' || text[end] == ')') &&
                text[end + 1] == ' ' && text[end + 2] != '\n';
    for (gsize i = start; list && i < end; i++)
        list = g_ascii_isdigit(text[i]);
    while (list && start > 0 && strchr(" \t>", text[start - 1]))
        start--;
    return list && (start == 0 || text[start - 1] == '\n');
}

// "last four: 0142", "first 3 digits are 413": how many figures come next, not one of them.
static bool digits_count_next(const DetectView *view, gsize end, const DigitGroup *group, const char *digits)
{
    gsize at = end, n = 0, count = group->n == 1 ? (gsize)(digits[0] - '0') : 0;
    gsize limit = MIN(view->len, end + FILLERS_LONG);
    while (count >= 2 && at < limit && !g_ascii_isdigit(view->text[at])) {
        gsize stop = at;
        while (stop < limit && g_ascii_isalpha(view->text[stop]))
            stop++;
        if (stop > at && digits_said(view->text + at, stop - at) != SAID_LITTLE)
            count = 0;
        at = MAX(stop, at + 1);
    }
    while (count >= 2 && at + n < view->len && g_ascii_isdigit(view->text[at + n]))
        n++;
    return count >= 2 && n == count;
}

static void digits_found(DigitReader *reader, DigitGroup *group, char *digits)
{
    if (!reader->broken)
        digits_close_gap(reader, reader->times ? reader->times_start : group->start);
    DigitGroup *last = digits_last(reader);
    if (last && (last->extension || last->glued_right || group->glued_left))
        last->gap = GAP_BREAK;
    digits_add(reader, group, digits);
    reader->broken = reader->placed = reader->listed = false;
    reader->fillers = 0;
}

// A word that may be said or written as part of a number.
static void digits_take(DigitReader *reader, const NumberIndex *index, gsize at, gsize end, guint32 classes)
{
    const char *word = reader->view->text + at;
    char digits[DIGITS_MOST + 1] = "";
    DigitGroup group;
    bool said = (classes & (SPOT_SAID | SPOT_FOREIGN)) || !reader->broken, placed = reader->placed;
    guint times = said ? digits_multiplier(word, end - at) : 0;
    Gap filler = said && !times ? digits_filler(reader, word, end - at) : GAP_BREAK;
    if (times > 0) {
        reader->times = times;
        reader->times_start = at;
    } else if (filler != GAP_BREAK) {
        digits_fill(reader, filler);
    } else if ((classes & SPOT_FIGURE) && digits_number_a_list(reader->view, at, end)) {
        reader->listed = true;
    } else if (!digits_token(index, reader->view, at, end, classes, &group, digits)) {
        if (digits_interleaved(reader, at, end))
            reader->broken = false;
        else
            digits_break(reader);
    } else if (placed && digits_count_next(reader->view, end, &group, digits)) {
        reader->placed = true;
        digits_fill(reader, GAP_WORD);
    } else {
        digits_found(reader, &group, digits);
    }
}

// The words that begin at a spot: one, or as many as stand in a run of characters beyond ASCII. Returns the end of the
// last one.
static gsize digits_at_spot(DigitReader *reader, const NumberIndex *index, const Spot *spot)
{
    const DetectView *view = reader->view;
    gsize at = spot->start;
    do {
        gsize end = digits_word_end(view, at);
        if (end == at)
            end = (gsize)(g_utf8_next_char(view->text + at) - view->text);
        else
            digits_take(reader, index, at, end, spot->classes);
        at = end;
    } while (at < view->len && (guchar)view->text[at] >= 0x80);
    return at;
}

DigitRow *digits_read(const DetectView *view)
{
    DigitRow *row = g_new0(DigitRow, 1);
    row->groups = g_array_new(FALSE, FALSE, sizeof(DigitGroup));
    row->digits = g_string_new(NULL);
    DigitReader reader = {.row = row, .view = view, .said = GAP_BREAK, .broken = true};
    NumberIndex index;
    digits_index(&index);
    gsize at = 0;
    for (guint i = 0; i < view->spots->len; i++) {
        const Spot *spot = &g_array_index(view->spots, Spot, i);
        if (spot->start < at || (spot->classes & (SPOT_CHARACTERS | SPOT_AFTER_WORDS)) == spot->classes)
            continue;
        if (spot->start > at)
            digits_pass(&reader, at, spot->start);
        at = spot->start;
        if (spot->classes & (SPOT_NUMBER | SPOT_SAID | SPOT_FIGURE | SPOT_FOREIGN)) {
            at = digits_at_spot(&reader, &index, spot);
        } else if (!(spot->classes & SPOT_CHARACTERS)) {
            at = digits_word_end(view, spot->start);
            digits_pass(&reader, spot->start, at);
        }
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
