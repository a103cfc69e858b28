// candidate: what the finders hand on, and the stretches they took.
#include "detect/internal.h"

#include <string.h>
#include <unicode/uchar.h>

static void candidate_note(GPtrArray *list, const char *word)
{
    for (guint i = 0; i < list->len; i++)
        if (strcmp(g_ptr_array_index(list, i), word) == 0)
            return;
    g_ptr_array_add(list, (gpointer)word);
}

// What the characters as written tell of disguise: those a reader does not see, and digits or letters of
// other forms.
static void candidate_note_characters(Candidate *candidate, const Passage *passage)
{
    const char *end = passage->text + candidate->end;
    for (const char *p = passage->text + candidate->start; p < end; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c >= 0x20 && c < 0x7f)
            continue;
        if (u_charType((UChar32)c) == U_FORMAT_CHAR || (c < 0x20 && c != '\n' && c != '\r' && c != '\t'))
            candidate_note(candidate->obfuscation, c >= 0x202a && c <= 0x202e ? "bidi" : "zero-width");
        else if (c == 0xff20 || (c >= 0xff10 && c <= 0xff5a))
            candidate_note(candidate->obfuscation, "fullwidth");
        else if (u_charDigitValue((UChar32)c) >= 0 || u_hasBinaryProperty((UChar32)c, UCHAR_EMOJI) ||
                 u_charType((UChar32)c) == U_OTHER_NUMBER || c == 0x20e3)
            candidate_note(candidate->obfuscation, "unicode-digits");
    }
}

Candidate *candidate_new(Kind kind, const char *value, const DetectView *view, gsize start, gsize end,
                         double shape)
{
    Candidate *candidate = g_new0(Candidate, 1);
    candidate->kind = kind;
    candidate->value = g_strdup(value);
    candidate->passage = view->index;
    view_span(view, start, end, &candidate->start, &candidate->end);
    candidate->shape = CLAMP(shape, 0.0, 1.0);
    candidate->obfuscation = g_ptr_array_new();
    candidate->evidence = g_ptr_array_new_with_free_func(g_free);
    if (start < end && view->origin[start] > view->origin[end - 1])
        candidate_note(candidate->obfuscation, "bidi");
    if (!view->ascii || view->invisible > 0)
        candidate_note_characters(candidate, view->passage);
    return candidate;
}

void candidate_free(Candidate *candidate)
{
    if (candidate == NULL)
        return;
    g_free(candidate->value);
    g_free(candidate->name);
    g_free(candidate->person);
    g_ptr_array_unref(candidate->obfuscation);
    g_ptr_array_unref(candidate->evidence);
    g_free(candidate);
}

void candidate_obfuscated(Candidate *candidate, const char *how)
{
    candidate_note(candidate->obfuscation, how);
}

void candidate_evidence(Candidate *candidate, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(candidate->evidence, g_strdup_vprintf(format, args));
    va_end(args);
}

bool scan_add(DetectScan *scan, Candidate *candidate)
{
    bool room = scan->out->len < (guint)scan->config->limits.candidates;
    if (room) {
        g_ptr_array_add(scan->out, candidate);
    } else {
        *scan->truncated = true;
        candidate_free(candidate);
    }
    return room;
}

void scan_take(DetectScan *scan, gsize start, gsize end)
{
    gsize stop = MIN(end, scan->view->len);
    if (start < stop)
        memset(scan->view->taken + start, 1, stop - start);
}

bool scan_taken(const DetectScan *scan, gsize start, gsize end)
{
    gsize stop = MIN(end, scan->view->len);
    return start < stop && memchr(scan->view->taken + start, 1, stop - start) != NULL;
}
