// Numbers beside those of the North American plan written in digits.
#include "detect/phone_window.h"
#include "detect/phone_world.h"
#include "detect/tables.h"

#include <string.h>

// Asked of the library in one passage: hostile text must not make it dear. More than that is a limit that was hit.
#define WORLD_MOST 400

// How an international number begins.
typedef enum {
    ABROAD_NO,
    ABROAD_PLUS,
    ABROAD_EXIT, // behind 011, 00 or the word "plus"
    ABROAD_BARE, // with its country's code: only where the text speaks of phones
} Abroad;

static bool phone_after_plus_word(const DetectView *view, gsize start)
{
    static const char *const WORDS[] = {"plus ", "más ", "mas "};
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(WORDS); i++) {
        gsize n = strlen(WORDS[i]);
        found = start >= n && memcmp(view->text + start - n, WORDS[i], n) == 0 &&
                (start == n || !g_ascii_isalnum(view->text[start - n - 1]));
    }
    return found;
}

// `*out_skip` digits of the first group are dialled before the country's code.
static Abroad phone_abroad(const Phones *phones, guint first, gsize *out_skip)
{
    const DetectView *view = phones->scan->view;
    const DigitGroup *group = phone_group(phones, first);
    const char *digits = phones->row->digits->str + group->at;
    Abroad abroad = ABROAD_NO;
    *out_skip = 0;
    if (group->start > 0 && view->text[group->start - 1] == '+')
        abroad = ABROAD_PLUS;
    else if (group->n >= 3 && memcmp(digits, "011", 3) == 0)
        *out_skip = 3;
    else if (group->n >= 2 && memcmp(digits, "00", 2) == 0)
        *out_skip = 2;
    else if (phone_after_plus_word(view, group->start))
        abroad = ABROAD_EXIT;
    else if (digits[0] >= '2')
        abroad = ABROAD_BARE;
    if (*out_skip)
        abroad = group->leet == 0 ? ABROAD_EXIT : ABROAD_NO;
    return abroad;
}

// +44 (0)20: dialled inside the country only.
static gsize phone_without_trunk(const Window *window, gsize skip, char *out)
{
    gsize code = window->sizes[0] >= '1' && window->sizes[0] <= '3' ? (gsize)(window->sizes[0] - '0') : 0;
    gsize n = 0;
    for (gsize i = skip; i < window->n; i++)
        if (!(skip == 0 && code > 0 && i == code && window->sizes[1] == '1' && window->digits[i] == '0'))
            out[n++] = window->digits[i];
    out[n] = '\0';
    return n;
}

// The longest run from the window on that a country has by its plan, else by length; `value` gets it. `*out_known`
// tells whether the plan has it.
static bool phone_longest_abroad(Phones *phones, Window *window, gsize skip, char *value, bool *out_known)
{
    DetectScan *scan = phones->scan;
    Window fits[WINDOW_GROUPS];
    guint count = 0;
    bool found = false;
    char digits[WINDOW_DIGITS + 2] = "+";
    do {
        scan->work++;
        gsize n = phone_without_trunk(window, skip, digits + 1);
        if (n >= 7 && digits[1] != '1' && tables_country(scan->data, digits + 1, n) &&
            !window_is_piece(phones, window, true) && !scan_taken(scan, window->start, window->end))
            fits[count++] = *window;
    } while (count < WINDOW_GROUPS && window_grow(phones, window) && !window_split(window) &&
             window->gaps[GAP_COMMA] == 0);
    *out_known = false;
    for (guint i = count; i > 0 && !*out_known; i--) {
        gsize n = phone_without_trunk(&fits[i - 1], skip, digits + 1);
        PhoneWorld world = PHONE_WORLD_UNKNOWN;
        char written[PHONE_WORLD_VALUE];
        if (phones->worlds++ < WORLD_MOST)
            world = phone_world(digits, n + 1, written);
        else
            *scan->truncated = true;
        *out_known = world == PHONE_WORLD_YES;
        if (*out_known || !found) {
            g_strlcpy(value, *out_known ? written : digits, PHONE_WORLD_VALUE);
            *window = fits[i - 1];
            found = true;
        }
    }
    return found;
}

// "0044 7700 900 739", "00 34 612 345 678": what is dialled first, the country's code, and groups as people say them; pairs
// alone only where the plan has them.
static bool phone_abroad_grouped(const Window *window, gsize skip, bool known)
{
    gsize groups = strlen(window->sizes), first = (gsize)(window->sizes[0] - '0');
    bool grouped = skip > 0 && groups >= 3 && first >= skip && first <= skip + 3 && window->words == 0 &&
                   window->gaps[GAP_OTHER] + window->gaps[GAP_COLON] + window->gaps[GAP_SLASH] == 0;
    bool large = known;
    for (gsize i = first == skip ? 2 : 1; grouped && i < groups; i++) {
        grouped = window->sizes[i] >= (known ? '1' : '2') && window->sizes[i] <= '8';
        large = large || window->sizes[i] >= '3';
    }
    bool alike = !known && strspn(window->sizes, "4") == groups; // "0030 0045 0100"
    return grouped && large && !alike;
}

static double phone_abroad_shape(Abroad abroad, gsize skip, bool known, bool grouped, const PhoneCue *cue)
{
    bool strong = cue->cue == CUE_PHONE || cue->cue == CUE_FORMAL;
    bool told = strong || cue->cue == CUE_WEAK;
    double shape;
    if (cue->cue == CUE_OTHER)
        shape = abroad == ABROAD_PLUS ? 0.3 : 0;
    else if (abroad == ABROAD_PLUS)
        shape = known ? 0.93 : strong ? 0.75 : 0.5;
    else if (!known)
        shape = (skip > 0 && strong) || (grouped && told) ? 0.6 : grouped ? 0.4 : 0;
    else if (abroad == ABROAD_EXIT)
        shape = skip == 3 || strong ? 0.88 : skip == 0 || told ? 0.75 : grouped ? 0.6 : 0.45;
    else
        shape = strong ? 0.85 : 0;
    return shape;
}

// Could the groups from `first` on be a number with a country's code before it and nothing else that tells so? The
// cheap answer.
static bool phone_long_enough(const Phones *phones, guint first)
{
    const GArray *groups = phones->row->groups;
    guint n = 0;
    bool figures = true, more = true;
    for (guint i = first; more && i < groups->len && i < first + WINDOW_GROUPS; i++) {
        const DigitGroup *group = phone_group(phones, i);
        bool fits = n + group->n <= WINDOW_DIGITS;
        n += fits ? group->n : 0;
        figures = figures && !(fits && group->words + group->leet);
        guint before = i > first ? phone_group(phones, i - 1)->gap : GAP_SPACE;
        more = fits && n < 11 && group->gap != GAP_BREAK && before != GAP_LINE && before != GAP_LINE_DASH &&
               before != GAP_TAB;
    }
    return n >= 11 && figures;
}

bool phone_try_international(Phones *phones, guint first, guint *out_last, bool *go_on)
{
    DetectScan *scan = phones->scan;
    gsize skip;
    Abroad abroad = phone_abroad(phones, first, &skip);
    bool taken = false, known;
    char value[PHONE_WORLD_VALUE];
    Window window;
    if (abroad == ABROAD_BARE && !phone_long_enough(phones, first))
        abroad = ABROAD_NO;
    if (abroad == ABROAD_NO)
        return false;
    window_open(phones, &window, first);
    PhoneCue cue = {CUE_NONE, window.start, window.start};
    if (abroad == ABROAD_BARE) // before the library is asked: most runs of figures are no phones
        cue = phone_cue(scan, window.start, window.end);
    bool may = abroad != ABROAD_BARE || cue.cue == CUE_PHONE || cue.cue == CUE_FORMAL;
    if (may && phone_longest_abroad(phones, &window, skip, value, &known)) {
        window.start -= abroad == ABROAD_PLUS ? 1 : 0;
        if (abroad != ABROAD_BARE)
            cue = phone_cue(scan, window.start, window.end);
        double shape =
            phone_abroad_shape(abroad, skip, known, phone_abroad_grouped(&window, skip, known), &cue);
        // "00:44:12 00:45:10": times
        if (skip == 2 && window.gaps[GAP_COLON] > 0 && cue.cue != CUE_PHONE && cue.cue != CUE_FORMAL)
            shape = 0;
        if (abroad == ABROAD_BARE && window_fixed(phones, &window) != FIXED_NO)
            shape = 0;
        taken = shape > 0;
        if (taken) {
            *out_last = window.last;
            *go_on = phone_emit(phones, &window, value, shape, &cue);
        }
    }
    return taken;
}

// 988, 741741: only numbers of the table, only where the text says to call or text them.
bool phone_try_short(Phones *phones, guint first, bool *go_on)
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

// Seven keys behind the code, marks between them. `*out_groups` is how they are grouped, a letter or figure a key:
// "LLLLLLL", "999-LLLL"; letters only as capitals.
static gsize phone_read_keys(const DetectView *view, gsize at, char *digits, char *out_groups)
{
    gsize n = 0, groups = 0;
    for (guint marks = 0; at < view->len && n < 7 && marks < 4; at++) {
        char c = view->text[at];
        bool key = g_ascii_isalnum(c);
        if (!key && !strchr("-. )", c))
            break;
        if (key && g_ascii_isalpha(c) && !g_ascii_isupper(view->passage->text[view->origin[at]]))
            break;
        if (key && marks > 0 && n > 0)
            out_groups[groups++] = '-';
        marks = key ? 0 : marks + 1;
        if (key) {
            out_groups[groups++] = g_ascii_isalpha(c) ? 'L' : '9';
            digits[n++] = phone_key(c);
        }
    }
    out_groups[groups] = '\0';
    return n == 7 && (at >= view->len || !g_ascii_isalnum(view->text[at])) ? at : 0;
}

bool phone_try_vanity(Phones *phones, guint first, bool *go_on)
{
    static const char *const OWN[] = {"999-LLLL", "LLL-9999", "LLL-LLLL", "LLLLLLL", "999LLLL"};
    DetectScan *scan = phones->scan;
    const DetectView *view = scan->view;
    const DigitGroup *group = phone_group(phones, first);
    bool taken = false;
    char digits[11], groups[16];
    gsize end = 0;
    if (group->n == 3 && group->figures == 3 && group->end < view->len &&
        strchr("-. )", view->text[group->end])) {
        memcpy(digits, phones->row->digits->str + group->at, 3);
        end = phone_read_keys(view, group->end, digits + 3, groups);
    }
    g_autofree char *value = end && strchr(groups, 'L') ? phone_nanp(scan->data, digits, 10) : NULL;
    if (value && !scan_taken(scan, group->start, end)) {
        Window window;
        window_open(phones, &window, first);
        window.end = end;
        PhoneCue cue = phone_cue(scan, window.start, window.end);
        bool strong = cue.cue == CUE_PHONE || cue.cue == CUE_FORMAL, own = false;
        for (gsize i = 0; i < G_N_ELEMENTS(OWN); i++)
            own = own || strcmp(groups, OWN[i]) == 0;
        NpaClass class =
            tables_npa(scan->data, (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0');
        taken = class == NPA_TOLL_FREE ? strong || view->text[group->end] != ' ' : strong && own;
        if (taken)
            *go_on = phone_emit(phones, &window, value, 0.7, &cue);
    }
    return taken;
}
