// phone: telephone numbers in all the forms people write them, disguised ones too.
#include "detect/phone.h"
#include "detect/digits.h"
#include "detect/tables.h"

#include <string.h>

#define WINDOW_GROUPS 16
#define WINDOW_DIGITS 15

// A run of groups that may be one number.
typedef struct {
    guint first, last; // groups
    char digits[WINDOW_DIGITS + 1];
    gsize n; // digits
    guint figures, words, homophones, leet;
    guint gaps[GAP_OTHER + 1];     // how many of each kind
    bool uniform;                  // all gaps alike
    char sizes[WINDOW_GROUPS + 1]; // digits of each group: "334"
    gsize start, end;              // of the view
} Window;

typedef struct {
    DetectScan *scan;
    DigitRow *row;

} Phones;

static const DigitGroup *phone_group(const Phones *phones, guint i)
{
    return &g_array_index(phones->row->groups, DigitGroup, i);
}

static bool phone_sizes(const Window *window, const char *const *list)
{
    bool found = false;
    for (; !found && *list; list++)
        found = strcmp(window->sizes, *list) == 0;
    return found;
}

// ---- windows ---------------------------------------------------------------------------------------------

static bool window_add(const Phones *phones, Window *window, guint i)
{
    const DigitGroup *group = phone_group(phones, i);
    guint count = i - window->first;
    bool fits = count < WINDOW_GROUPS && window->n + group->n <= WINDOW_DIGITS;
    if (fits) {
        const char *digits = phones->row->digits->str + group->at;
        memcpy(window->digits + window->n, digits, group->n);
        window->n += group->n;
        window->digits[window->n] = '\0';
        window->sizes[count] = (char)('0' + MIN(group->n, 9));
        if (group->n > 9)
            window->sizes[count] = group->n == 10 ? 'A' : group->n == 11 ? 'B' : 'Z';
        window->sizes[count + 1] = '\0';
        window->figures += group->figures;
        window->words += group->words;
        window->homophones += group->homophones;
        window->leet += group->leet;
        window->last = i;
        window->end = group->end;
        if (count > 0) {
            guint gap = phone_group(phones, i - 1)->gap;
            window->gaps[gap]++;
            window->uniform = window->uniform && window->gaps[gap] == count;
        }
    }
    return fits;
}

static void window_open(const Phones *phones, Window *window, guint first)
{
    memset(window, 0, sizeof *window);
    window->first = first;
    window->start = phone_group(phones, first)->start;
    window->uniform = true;
    window_add(phones, window, first);
}

// Adds the next group; false when nothing connected follows.
static bool window_grow(const Phones *phones, Window *window)
{
    guint next = window->last + 1;
    return next < phones->row->groups->len && phone_group(phones, window->last)->gap != GAP_BREAK &&
           window_add(phones, window, next);
}

static bool window_split(const Window *window)
{
    return window->gaps[GAP_LINE] + window->gaps[GAP_LINE_DASH] + window->gaps[GAP_TAB] > 0;
}

// Figures that stand so close to the window that it is a piece of something longer. `gap` is what stands
// between.
static bool window_touched_by(const Window *window, const DigitGroup *other, guint gap, bool tight)
{
    bool figures = other->figures == other->n;
    bool same_spaces = gap == GAP_SPACE && window->gaps[GAP_SPACE] > 0 && window->uniform &&
                       strcmp(window->sizes, "334") != 0;
    bool marks = tight && gap != GAP_SPACE && gap != GAP_COMMA && gap != GAP_LINE && gap != GAP_TAB &&
                 gap != GAP_BREAK && gap != GAP_COLON && gap != GAP_PAREN && gap != GAP_SLASH &&
                 gap != GAP_OTHER;
    return figures && (same_spaces || marks);
}

// `prefix`: the group before belongs to the number.
static bool window_is_piece(const Phones *phones, const Window *window, bool prefix)
{
    bool piece = false;
    if (window->first > 0 && !prefix) {
        const DigitGroup *before = phone_group(phones, window->first - 1);
        piece = window_touched_by(window, before, before->gap, before->tight);
    }
    if (!piece && window->last + 1 < phones->row->groups->len) {
        const DigitGroup *last = phone_group(phones, window->last);
        piece = window_touched_by(window, phone_group(phones, window->last + 1), last->gap, last->tight);
    }
    return piece;
}

// Spoken digits run on behind the window, and one group later there is a number too that they do not run on
// behind: "at five, four one three ..." begins a number with "four".
static bool window_begins_too_early(const Phones *phones, const Window *window)
{
    const GArray *groups = phones->row->groups;
    bool early = false;
    if (window->words >= 3 && window->last + 1 < groups->len &&
        phone_group(phones, window->last)->gap != GAP_BREAK) {
        Window later;
        window_open(phones, &later, window->first + 1);
        while (later.n < 10 && window_grow(phones, &later))
            ;
        bool ends = later.last + 1 >= groups->len || phone_group(phones, later.last)->gap == GAP_BREAK;
        g_autofree char *value = later.n == 10 ? phone_nanp(phones->scan->data, later.digits, 10) : NULL;
        early = value != NULL && ends;
    }
    return early;
}

// ---- what touches a number -------------------------------------------------------------------------------

// A word fixed to the window by a mark ("INV-", "a1b2-", "$"): part of a name of some thing, unless it is a
// word about phones ("cell-413...").
typedef enum { FIXED_NO, FIXED_WORD, FIXED_CODE } Fixed;

static bool phone_code_char(char c)
{
    return g_ascii_isalnum(c);
}

// What the word in [start, end) makes of a number fixed to it. Figures alone are another number:
// window_is_piece's.
static Fixed phone_fixed_word(DetectScan *scan, gsize start, gsize end)
{
    guint letters = 0, figures = 0;
    for (gsize at = start; at < end; at++) {
        letters += g_ascii_isalpha(scan->view->text[at]) ? 1 : 0;
        figures += g_ascii_isdigit(scan->view->text[at]) ? 1 : 0;
    }
    scan->work += end - start;
    return letters == 0 ? FIXED_NO : figures > 0 ? FIXED_CODE : FIXED_WORD;
}

static Fixed phone_fixed_before(DetectScan *scan, gsize start)
{
    const char *text = scan->view->text;
    gsize at = start;
    Fixed fixed = FIXED_NO;
    if (at > 0 && strchr("$%", text[at - 1]) != NULL)
        fixed = FIXED_CODE;
    if (at > 1 && strchr("-_/.", text[at - 1]) != NULL) {
        gsize from = at - 1;
        while (from > 0 && start - from < 24 && phone_code_char(text[from - 1]))
            from--;
        fixed = MAX(fixed, phone_fixed_word(scan, from, at - 1));
    }
    return fixed;
}

static Fixed phone_fixed_behind(DetectScan *scan, gsize end)
{
    const DetectView *view = scan->view;
    Fixed fixed = FIXED_NO;
    if (end < view->len && (view->text[end] == '%' || view->text[end] == '@'))
        fixed = FIXED_CODE;
    if (end + 1 < view->len && strchr("-_/", view->text[end]) != NULL) {
        gsize to = end + 1;
        while (to < view->len && to - end < 24 && phone_code_char(view->text[to]))
            to++;
        fixed = MAX(fixed, phone_fixed_word(scan, end + 1, to));
    }
    return fixed;
}

// Letters glued to bare figures that could be the rest of a hexadecimal or other code.
static bool phone_glued_to_code(const Phones *phones, const Window *window)
{
    const char *text = phones->scan->view->text;
    const DigitGroup *first = phone_group(phones, window->first), *last = phone_group(phones, window->last);
    guint left = 0, right = 0;
    bool hex = true;
    for (gsize at = window->start; first->glued_left && at > 0 && left < 24 && g_ascii_isalpha(text[at - 1]);
         at--) {
        hex = hex && g_ascii_isxdigit(text[at - 1]);
        left++;
    }
    for (gsize at = window->end; last->glued_right && right < 24 && g_ascii_isalpha(text[at]); at++) {
        hex = hex && g_ascii_isxdigit(text[at]);
        right++;
    }
    return left + right > 0 && (hex || (left > 0 && left < 3 && window->first == window->last));
}

// A conference line's digits, not a person's: "+16465550142,,84155550123#".
static bool phone_dials_on(const DetectView *view, gsize end)
{
    return end + 2 < view->len && memcmp(view->text + end, ",,", 2) == 0;
}

// ---- how sure --------------------------------------------------------------------------------------------

static bool window_common_marks(const Window *window)
{
    return window->gaps[GAP_OTHER] + window->gaps[GAP_COLON] + window->gaps[GAP_WORD] +
               window->gaps[GAP_LETTERS] + window->gaps[GAP_SLASH] + window->gaps[GAP_COMMA] +
               window->gaps[GAP_NONE] ==
           0;
}

static double window_canonical_shape(const Window *window, bool cue)
{
    double shape;
    if (window->gaps[GAP_LINE] + window->gaps[GAP_TAB] > 0)
        shape = cue                                                                          ? 0.85
                : window->gaps[GAP_LINE] + window->gaps[GAP_TAB] < strlen(window->sizes) - 1 ? 0.6
                                                                                             : 0.35;
    else if (window->gaps[GAP_LINE_DASH] > 0)
        shape = cue ? 0.9 : 0.75;
    else if (window->gaps[GAP_COMMA] + window->gaps[GAP_LETTERS] > 0)
        shape = cue ? 0.8 : 0.45;
    else if (window->uniform && window->gaps[GAP_SPACE] > 0)
        shape = cue ? 0.9 : 0.7;
    else if (window_common_marks(window))
        shape = cue ? 0.97 : 0.95;
    else
        shape = cue ? 0.95 : 0.8;
    return shape;
}

// Ten (or eleven) digits of the North American plan; 0 = these are none. `cue` = something near speaks of
// phones.
static double window_shape(const Window *window, bool cue, bool plus, bool invisible)
{
    static const char *const CANON[] = {"334", "1334", NULL};
    static const char *const BARE[] = {"A", "B", NULL};
    static const char *const HALF[] = {"37", "64", "1A", "137", "164", NULL};
    gsize count = strlen(window->sizes), tens = window->n;
    bool disguised = window->words > 0 || window->leet > 0;
    double shape = 0;
    if (phone_sizes(window, CANON))
        shape = window_canonical_shape(window, cue);
    else if (phone_sizes(window, BARE))
        shape = cue ? 0.9 : 0.3;
    else if (phone_sizes(window, HALF) && (cue || window->gaps[GAP_DASH] + window->gaps[GAP_PAREN] > 0))
        shape = cue ? 0.85 : 0.5;
    else if (count == tens && !window_split(window))
        shape = !window->uniform ? (cue ? 0.8 : 0.5) : cue ? 0.95 : 0.8;
    else if (window->words >= 3)
        shape = 0.85;
    else if (!window_split(window) && window->gaps[GAP_COLON] + window->gaps[GAP_SLASH] == 0 &&
             (cue || invisible || disguised))
        shape = window->uniform ? 0.75 : 0.6;
    if (disguised && shape > 0)
        shape = cue ? 0.95 : 0.88;
    if (window->homophones > 0 && window->homophones + 1 >= window->words && window->figures < 4 && !cue)
        shape *= 0.5;
    if (window->leet > 0 && window->words == 0 && window->figures < 4)
        shape = 0;
    if (plus && shape > 0 && !window_split(window))
        shape = MAX(shape, 0.93);
    return shape;
}

// Seven digits need a word that makes them a phone; 0 = none.
static double window_local_shape(const Window *window, const PhoneCue *cue)
{
    static const char *const WRITTEN[] = {"34", NULL};
    double shape = 0;
    bool strong = cue->cue == CUE_PHONE || cue->cue == CUE_FORMAL;
    if (window_split(window) || window->homophones > 1 ||
        window->gaps[GAP_COMMA] + window->gaps[GAP_SLASH] + window->gaps[GAP_COLON] > 0)
        shape = 0;
    else if (window->words >= 5)
        shape = strong ? 0.85 : cue->cue == CUE_WEAK ? 0.7 : 0;
    else if (phone_sizes(window, WRITTEN) && window->words == 0 && window->leet == 0)
        shape = strong                                             ? (window->gaps[GAP_SPACE] ? 0.65 : 0.78)
                : cue->cue == CUE_WEAK && !window->gaps[GAP_SPACE] ? 0.6
                                                                   : 0;
    else if (strcmp(window->sizes, "7") == 0 && window->figures == 7)
        shape = strong ? 0.55 : 0;
    else if (strcmp(window->sizes, "1111111") == 0 && window->uniform)
        shape = strong ? 0.7 : 0;
    return shape;
}

// ---- handing on ------------------------------------------------------------------------------------------

static void phone_note_disguise(Candidate *candidate, const Window *window)
{
    static const char *const PLAIN[] = {"334", "1334", "A",   "B",  "37", "64",
                                        "1A",  "137",  "164", "34", "7",  NULL};
    if (window->words > 0)
        candidate_obfuscated(candidate, "spelled");
    if (window->leet > 0)
        candidate_obfuscated(candidate, "leet");
    if (window_split(window))
        candidate_obfuscated(candidate, "split");
    if (candidate->value[0] == '+' && !g_str_has_prefix(candidate->value, "+1"))
        return;
    if (window->words == 0 &&
        (!phone_sizes(window, PLAIN) ||
         window->gaps[GAP_OTHER] + window->gaps[GAP_COMMA] + window->gaps[GAP_NONE] + window->gaps[GAP_WORD] >
             0))
        candidate_obfuscated(candidate, "separators");
}

static bool phone_emit(Phones *phones, const Window *window, const char *value, double shape,
                       const PhoneCue *cue)
{
    DetectScan *scan = phones->scan;
    Candidate *candidate = candidate_new(KIND_PHONE, value, scan->view, window->start, window->end, shape);
    phone_note_disguise(candidate, window);
    phone_describe(scan->data, candidate);
    if (cue->cue == CUE_FORMAL)
        candidate_evidence(candidate, "field: tel");
    else if (cue->cue != CUE_NONE && cue->end > cue->start)
        candidate_evidence(candidate, "word: %.*s", (int)(cue->end - cue->start),
                           scan->view->text + cue->start);
    if (phone_dials_on(scan->view, window->end))
        candidate_evidence(candidate, "conference line");
    scan_take(scan, window->start, window->end);
    return scan_add(scan, candidate);
}

// Moves the window's start over "+", "(", "+1 (" that belong to it; says whether there was a plus.
static bool phone_take_marks(const DetectView *view, Window *window)
{
    bool plus = false;
    gsize at = window->start;
    for (guint i = 0; i < 3 && at > 0 && strchr("+( ", view->text[at - 1]) != NULL; i++) {
        at--;
        if (view->text[at] == '+')
            plus = true;
        if (view->text[at] != ' ')
            window->start = at;
        if (plus)
            break;
    }
    return plus;
}

static double phone_weigh_context(Phones *phones, Window *window, double shape, const PhoneCue *cue)
{
    static const char *const BARE[] = {"A", "B", "7", "37", "64", "1A", NULL};
    DetectScan *scan = phones->scan;
    Fixed fixed = MAX(phone_fixed_before(scan, window->start), phone_fixed_behind(scan, window->end));
    bool bare = phone_sizes(window, BARE) && window->words + window->leet == 0;
    bool cued = cue->cue == CUE_PHONE || cue->cue == CUE_FORMAL;
    if (fixed == FIXED_CODE || (fixed == FIXED_WORD && bare && !cued))
        shape = 0;
    else if (fixed == FIXED_WORD && !cued)
        shape = MIN(shape, 0.5);
    if (cue->cue == CUE_OTHER)
        shape = bare || window->gaps[GAP_SPACE] > 0 ? 0 : MIN(shape, 0.3);
    if (phone_glued_to_code(phones, window) && !cued)
        shape = 0;
    if (phone_dials_on(scan->view, window->end))
        shape = MIN(shape, 0.3);
    return shape;
}

// ---- trying ----------------------------------------------------------------------------------------------

// Tries the window as it is. True when it was taken; *go_on is false when there is no room for more.
static bool phone_try_nanp(Phones *phones, const Window *as_is, bool *go_on)
{
    DetectScan *scan = phones->scan;
    g_autofree char *value = phone_nanp(scan->data, as_is->digits, as_is->n);
    bool taken = false;
    if (value && phone_group(phones, as_is->first)->figures + phone_group(phones, as_is->first)->words == 0 &&
        as_is->n == 11)
        g_clear_pointer(&value, g_free); // "I 413...": the letter is no country code
    if (value && !window_is_piece(phones, as_is, false) && !window_begins_too_early(phones, as_is) &&
        !scan_taken(scan, as_is->start, as_is->end)) {
        Window window = *as_is;
        bool plus = phone_take_marks(scan->view, &window);
        PhoneCue cue = phone_cue(scan, window.start, window.end);
        bool invisible = false;
        for (gsize i = window.start + 1; scan->view->invisible > 0 && !invisible && i < window.end; i++)
            invisible = scan->view->origin[i] != scan->view->origin[i - 1] + 1;
        bool strong = cue.cue == CUE_PHONE || cue.cue == CUE_FORMAL;
        double shape = window_shape(&window, strong, plus, invisible);
        if (cue.cue == CUE_WEAK) // half way between a word that says it and none
            shape = (shape + window_shape(&window, true, plus, invisible)) / 2;
        shape = phone_weigh_context(phones, &window, shape, &cue);
        taken = shape > 0;
        if (taken)
            *go_on = phone_emit(phones, &window, value, shape, &cue);
    }
    return taken;
}

static bool phone_try_local(Phones *phones, const Window *window, bool *go_on)
{
    DetectScan *scan = phones->scan;
    bool taken = false;
    if (window->digits[0] >= '2' && !(window->digits[1] == '1' && window->digits[2] == '1') &&
        !window_is_piece(phones, window, false) && !scan_taken(scan, window->start, window->end)) {
        PhoneCue cue = phone_cue(scan, window->start, window->end);
        double shape = cue.cue == CUE_OTHER ? 0 : window_local_shape(window, &cue);
        Window copy = *window;
        shape = phone_weigh_context(phones, &copy, shape, &cue);
        taken = shape > 0;
        if (taken)
            *go_on = phone_emit(phones, window, window->digits, shape, &cue);
    }
    return taken;
}

// +44 20 7946 0958, 011 44 ..., 00 44 ...: the longest run that is a number of its country.
static bool phone_try_international(Phones *phones, guint first, guint *out_last, bool *go_on)
{
    DetectScan *scan = phones->scan;
    const DetectView *view = scan->view;
    const DigitGroup *group = phone_group(phones, first);
    const char *digits = phones->row->digits->str + group->at;
    bool plus = group->start > 0 && view->text[group->start - 1] == '+';
    bool prefix =
        !plus && group->gap != GAP_BREAK &&
        ((group->n == 3 && memcmp(digits, "011", 3) == 0) || (group->n == 2 && memcmp(digits, "00", 2) == 0));
    bool taken = false;
    if ((plus || (prefix && first + 1 < phones->row->groups->len)) && group->words + group->leet == 0) {
        Window window, best = {0};
        window_open(phones, &window, first + (prefix ? 1 : 0));
        do {
            scan->work++;
            bool country = window.sizes[0] >= '1' && window.sizes[0] <= '3' && window.sizes[1] == '1';
            gsize zero = country ? (gsize)(window.sizes[0] - '0') : 0;
            if (zero && window.digits[zero] == '0' &&
                window.n < 5) { // +44 (0)20: dialled inside the country only
                window.digits[zero] = '\0';
                window.n = zero;
            }
            if (window.digits[0] != '1' && window.n >= 7 &&
                tables_country(scan->data, window.digits, window.n) &&
                !window_is_piece(phones, &window, prefix))
                best = window;
        } while (!window_split(&window) && window.gaps[GAP_COMMA] == 0 && window_grow(phones, &window));
        if (best.n > 0 && !window_split(&best) && best.gaps[GAP_COMMA] == 0 &&
            !scan_taken(scan, best.start, best.end)) {
            g_autofree char *value = g_strconcat("+", best.digits, NULL);
            best.start = plus ? group->start - 1 : group->start;
            PhoneCue cue = phone_cue(scan, best.start, best.end);
            double shape = plus ? 0.9 : group->n == 3 ? 0.85 : cue.cue == CUE_PHONE ? 0.8 : 0.4;
            taken = true;
            *out_last = best.last;
            *go_on = phone_emit(phones, &best, value, cue.cue == CUE_OTHER ? 0.3 : shape, &cue);
        }
    }
    return taken;
}

// 988, 741741: only numbers of the table, only where the text says to call or text them.
static bool phone_try_short(Phones *phones, guint first, bool *go_on)
{
    DetectScan *scan = phones->scan;
    const DigitGroup *group = phone_group(phones, first);
    Window window;
    bool taken = false;
    if (group->n >= 3 && group->n <= 6 && group->figures == group->n && !group->glued_left &&
        !group->glued_right) {
        window_open(phones, &window, first);
        const char *hotline = tables_hotline(scan->data, window.digits);
        if (hotline && !window_is_piece(phones, &window, false) &&
            !scan_taken(scan, window.start, window.end)) {
            PhoneCue cue = phone_cue(scan, window.start, window.end);
            taken = cue.cue == CUE_PHONE || cue.cue == CUE_FORMAL;
            if (taken)
                *go_on = phone_emit(phones, &window, window.digits, 0.9, &cue);
        }
    }
    return taken;
}

static char phone_key(char letter)
{
    static const char KEYS[] = "22233344455566677778889999";
    return g_ascii_isalpha(letter) ? KEYS[letter - 'a'] : letter;
}

// 1-800-FLOWERS: letters after a toll-free code, seven keys in all.
static bool phone_try_vanity(Phones *phones, guint first, bool *go_on)
{
    DetectScan *scan = phones->scan;
    const DetectView *view = scan->view;
    const DigitGroup *group = phone_group(phones, first);
    const char *npa = phones->row->digits->str + group->at;
    int code =
        group->n == 3 && group->figures == 3 ? (npa[0] - '0') * 100 + (npa[1] - '0') * 10 + npa[2] - '0' : 0;
    bool taken = false;
    if (code && tables_npa(scan->data, code) == NPA_TOLL_FREE) {
        char digits[11];
        memcpy(digits, npa, 3);
        gsize n = 3, at = group->end, letters = 0;
        for (guint marks = 0; at < view->len && n < 10 && marks < 4; at++) {
            bool key = g_ascii_isalnum(view->text[at]);
            if (!key && view->text[at] != '-' && view->text[at] != '.' && view->text[at] != ' ' &&
                view->text[at] != ')')
                break;
            marks = key ? 0 : marks + 1;
            letters += key && g_ascii_isalpha(view->text[at]);
            if (key)
                digits[n++] = phone_key(view->text[at]);
        }
        bool whole = at >= view->len || !g_ascii_isalnum(view->text[at]);
        g_autofree char *value = n == 10 && whole && letters >= 3 ? phone_nanp(scan->data, digits, n) : NULL;
        if (value && (view->text[group->end] == '-' || view->text[group->end] == '.')) {
            Window window;
            window_open(phones, &window, first);
            window.end = at;
            PhoneCue cue = {CUE_NONE, at, at};
            taken = true;
            *go_on = phone_emit(phones, &window, value, 0.7, &cue);
        }
    }
    return taken;
}

// The number that begins with group `first`, if any: `*out_last` is its last group.
static bool phone_try(Phones *phones, guint first, guint *out_last, bool *go_on)
{
    Window window;
    *out_last = first;
    bool taken = phone_try_international(phones, first, out_last, go_on);
    window_open(phones, &window, first);
    Window local = {0};
    bool more = !taken;
    while (more && window.n <= 11) {
        phones->scan->work++;
        bool ten = window.n == 10 || (window.n == 11 && window.digits[0] == '1');
        if (window.n == 7)
            local = window;
        taken = ten && phone_try_nanp(phones, &window, go_on);
        more = !taken && window_grow(phones, &window);
        if (taken)
            *out_last = window.last;
    }
    if (!taken && local.n == 7) {
        taken = phone_try_local(phones, &local, go_on);
        *out_last = taken ? local.last : first;
    }
    return taken || phone_try_short(phones, first, go_on) || phone_try_vanity(phones, first, go_on);
}

void phone_find(DetectScan *scan)
{
    Phones phones = {.scan = scan, .row = digits_read(scan->view)};
    bool go_on = true;
    for (guint i = 0; go_on && i < phones.row->groups->len;) {
        guint last = i;
        phone_try(&phones, i, &last, &go_on);
        i = last + 1;
    }
    digits_free(phones.row);
}
