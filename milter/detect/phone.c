// phone: telephone numbers in all the forms people write them, disguised ones too.
#include "detect/phone_window.h"

#include <string.h>

#define AREA_REACH 40 // bytes from a local number to its area code

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
        (!window_sizes(window, PLAIN) ||
         window->gaps[GAP_OTHER] + window->gaps[GAP_COMMA] + window->gaps[GAP_NONE] + window->gaps[GAP_WORD] >
             0))
        candidate_obfuscated(candidate, "separators");
}

bool phone_emit(Phones *phones, const Window *window, const char *value, double shape, const PhoneCue *cue)
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
    if (window_dials_on(phones, window))
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
    Fixed fixed = window_fixed(phones, window);
    bool bare = window_sizes(window, BARE) && window->words + window->leet == 0;
    bool cued = cue->cue == CUE_PHONE || cue->cue == CUE_FORMAL;
    if (fixed == FIXED_CODE || (!cued && (fixed == FIXED_PATH || (fixed == FIXED_WORD && bare))))
        shape = 0;
    else if (fixed == FIXED_WORD && !cued)
        shape = MIN(shape, 0.5);
    if (cue->cue == CUE_OTHER)
        shape = bare || window->gaps[GAP_SPACE] > 0 ? 0 : MIN(shape, 0.3);
    if (window_glued_to_code(phones, window) && !cued)
        shape = 0;
    if (window_dials_on(phones, window))
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

// "555-0142 (area code 413)": the group behind that completes the number, when the text says so.
static bool phone_area_behind(const Phones *phones, const Window *window)
{
    static const char *const WORDS[] = {"area", "área", "lada"};
    const DetectView *view = phones->scan->view;
    guint next = window->last + 1;
    const DigitGroup *group = next < phones->row->groups->len ? phone_group(phones, next) : NULL;
    bool found = false;
    // "6,170,860; area 856" is a quantity.
    bool quantity = strcmp(window->sizes, "133") == 0;
    if (group && !quantity && group->n == 3 && group->start - window->end <= AREA_REACH)
        for (gsize i = 0; !found && i < G_N_ELEMENTS(WORDS); i++)
            found = g_strstr_len(view->text + window->end, (gssize)(group->start - window->end), WORDS[i]) !=
                    NULL;
    return found;
}

// The same as a number of ten digits; *out_last is its last group.
static bool phone_try_area_behind(Phones *phones, const Window *local, guint *out_last, bool *go_on)
{
    bool taken = false;
    if (phone_area_behind(phones, local)) {
        Window window = *local;
        const DigitGroup *area = phone_group(phones, local->last + 1);
        g_autofree char *digits =
            g_strdup_printf("%.3s%s", phones->row->digits->str + area->at, local->digits);
        g_autofree char *value = phone_nanp(phones->scan->data, digits, 10);
        window.end = area->end;
        window.last++;
        PhoneCue cue = phone_cue(phones->scan, window.start, window.end);
        taken = value != NULL && cue.cue != CUE_OTHER && !scan_taken(phones->scan, window.start, window.end);
        if (taken) {
            *out_last = window.last;
            *go_on = phone_emit(phones, &window, value, cue.cue == CUE_NONE ? 0.75 : 0.9, &cue);
        }
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
        taken = phone_try_area_behind(phones, &local, out_last, go_on);
        if (!taken && phone_try_local(phones, &local, go_on)) {
            taken = true;
            *out_last = local.last;
        }
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
