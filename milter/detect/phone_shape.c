#include "detect/phone_window.h"

#include <string.h>

// ---- what touches a number -------------------------------------------------------------------------------

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

// "scan-413-555-0142.pdf": the name of a file.
static bool phone_names_a_file(const DetectView *view, gsize end)
{
    static const char *const ENDINGS[] = {"pdf", "doc", "docx", "xls", "xlsx", "ppt",  "pptx",  "csv",
                                          "txt", "jpg", "jpeg", "png", "gif",  "heic", "mp3",   "mp4",
                                          "mov", "m4a", "wav",  "zip", "html", "htm",  "pages", "key",
                                          "rtf", "odt", "ics",  "eml", "tif",  "tiff", "svg",   "json"};
    gsize to = end + 1;
    bool file = false;
    while (end < view->len && view->text[end] == '.' && to < view->len && to - end < 8 &&
           g_ascii_isalnum(view->text[to]))
        to++;
    for (gsize i = 0; !file && to > end + 1 && i < G_N_ELEMENTS(ENDINGS); i++)
        file =
            strlen(ENDINGS[i]) == to - end - 1 && memcmp(view->text + end + 1, ENDINGS[i], to - end - 1) == 0;
    return file;
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

Fixed window_fixed(const Phones *phones, const Window *window)
{
    const char *text = phones->scan->view->text;
    gsize start = window->start;
    // "/var/413/555", "c:\\413": a path.
    bool path =
        start > 1 && window->gaps[GAP_SLASH] > 0 && strchr("/\\", text[start - 1]) && text[start - 2] != ' ';
    Fixed before = phone_fixed_before(phones->scan, start);
    Fixed fixed = MAX(before, phone_fixed_behind(phones->scan, window->end));
    if (before != FIXED_NO && phone_names_a_file(phones->scan->view, window->end))
        fixed = MAX(fixed, FIXED_PATH);
    if (path)
        fixed = MAX(fixed, text[start - 1] == '\\' ? FIXED_CODE : FIXED_PATH);
    return fixed;
}

bool window_glued_to_code(const Phones *phones, const Window *window)
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

bool window_dials_on(const Phones *phones, const Window *window)
{
    const DetectView *view = phones->scan->view;
    gsize end = window->end;
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

// Single digits with marks of their own where a number has them: "4 1 3 - 5 5 5 - 0 1 4 2".
static bool window_grouped(const Window *window)
{
    gsize country = window->n - 10;
    guint inner = window->gap[country + 1];
    bool grouped = window->gap[country + 3] != inner && window->gap[country + 6] != inner;
    for (gsize i = country + 1; grouped && i < window->n; i++)
        grouped = i == country + 3 || i == country + 6 || window->gap[i] == inner;
    return grouped;
}

// "1 2 3 4 ...", "10, 9, 8 ...": counting.
static bool window_counts(const Window *window)
{
    const char *at = window->digits;
    int last = 0, step = 0;
    gsize count = strlen(window->sizes);
    bool counts = count >= 5;
    for (gsize i = 0; counts && i < count; i++) {
        int value = 0;
        for (char n = '0'; n < window->sizes[i]; n++)
            value = value * 10 + (*at++ - '0');
        counts = window->sizes[i] <= '2' && (i < 2 || value - last == step);
        step = value - last;
        last = value;
    }
    return counts && step != 0;
}

static double window_singles_shape(const Window *window, bool cue)
{
    double shape;
    bool grouped = window_grouped(window);
    if (window_split(window))
        shape = grouped ? (cue ? 0.9 : 0.5) : cue ? 0.75 : 0;
    else if (window->uniform || grouped)
        shape = cue ? 0.95 : 0.8;
    else
        shape = cue ? 0.8 : 0.3;
    return shape;
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
        shape = cue ? 0.8 : window->gaps[GAP_WORD] > 0 ? 0.6 : 0.45;
    else if (window->uniform && window->gaps[GAP_SPACE] > 0)
        shape = cue ? 0.9 : 0.7;
    else if (window_common_marks(window))
        shape = cue ? 0.97 : 0.95;
    else
        shape = cue ? 0.95 : 0.8;
    return shape;
}

double window_shape(const Window *window, bool cue, bool plus, bool invisible)
{
    static const char *const CANON[] = {"334", "1334", NULL};
    static const char *const BARE[] = {"A", "B", NULL};
    static const char *const HALF[] = {"37", "64", "1A", "137", "164", NULL};
    gsize count = strlen(window->sizes), tens = window->n;
    bool disguised = window->words > 0 || window->leet > 0;
    double shape = 0;
    if (window_sizes(window, CANON))
        shape = window_canonical_shape(window, cue);
    else if (window_sizes(window, BARE))
        shape = cue ? 0.9 : 0.3;
    else if (window_sizes(window, HALF) && (cue || window->gaps[GAP_DASH] + window->gaps[GAP_PAREN] > 0))
        shape = cue ? 0.85 : 0.5;
    else if (count == tens && !(window->words >= 3 && window_split(window)))
        shape = window_singles_shape(window, cue);
    else if (window->words >= 3)
        shape = 0.85;
    else if (!window_split(window) &&
             window->gaps[GAP_COLON] + window->gaps[GAP_SLASH] + window->gaps[GAP_LETTERS] == 0 &&
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
    return window_counts(window) ? 0 : shape;
}

double window_local_shape(const Window *window, const PhoneCue *cue)
{
    static const char *const WRITTEN[] = {"34", NULL};
    double shape = 0;
    bool strong = cue->cue == CUE_PHONE || cue->cue == CUE_FORMAL;
    if (window_split(window) || window->homophones > 1 || window_counts(window) ||
        window->gaps[GAP_SLASH] + window->gaps[GAP_COLON] > 0)
        shape = 0;
    else if (window->words >= 5)
        shape = strong ? 0.85 : cue->cue == CUE_WEAK ? 0.7 : 0;
    else if (window->gaps[GAP_COMMA] > 0)
        shape = 0;
    else if (window_sizes(window, WRITTEN) && window->leet > 0 && window->words == 0)
        shape = strong && window->figures >= 5 && !window->gaps[GAP_SPACE] ? 0.6 : 0;
    else if (window_sizes(window, WRITTEN) && window->words == 0)
        shape = strong                                             ? (window->gaps[GAP_SPACE] ? 0.65 : 0.78)
                : cue->cue == CUE_WEAK && !window->gaps[GAP_SPACE] ? 0.6
                                                                   : 0;
    else if (strcmp(window->sizes, "7") == 0 && window->figures == 7)
        shape = strong ? 0.55 : 0;
    else if (strcmp(window->sizes, "1111111") == 0 && window->uniform)
        shape = strong ? 0.7 : 0;
    return shape;
}
