#include "detect/phone_window.h"

#include <string.h>

bool window_sizes(const Window *window, const char *const *list)
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
        for (guint k = 0; k < group->n; k++) // few: no call is worth it
            window->digits[window->n + k] = digits[k];
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
            window->gap[count] = (guint8)gap;
            window->uniform = window->uniform && window->gaps[gap] == count;
        }
    }
    return fits;
}

void window_open(const Phones *phones, Window *window, guint first)
{
    memset(window, 0, sizeof *window);
    window->first = first;
    window->start = phone_group(phones, first)->start;
    window->uniform = true;
    window_add(phones, window, first);
}

bool window_grow(const Phones *phones, Window *window)
{
    guint next = window->last + 1;
    return next < phones->row->groups->len && phone_group(phones, window->last)->gap != GAP_BREAK &&
           window_add(phones, window, next);
}

bool window_split(const Window *window)
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

bool window_is_piece(const Phones *phones, const Window *window, bool prefix)
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

bool window_begins_too_early(const Phones *phones, const Window *window)
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
