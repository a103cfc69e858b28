// Numbers of people: social security numbers by their form, students' numbers by the roster.
#include "detect/record.h"

#include <string.h>

#define NUMBER_CUE     40 // bytes before a number in which a word says what it is
#define NUMBER_ID_MOST 32
#define NUMBER_LIST    3 // so many students' numbers are no accident

// Does one of `words` stand in the `reach` bytes before `at`, in its line?
static bool number_cued(const DetectView *view, gsize at, gsize reach, const char *const *words)
{
    gsize from = at > reach ? at - reach : 0;
    for (gsize i = at; i > from; i--)
        if (view->text[i - 1] == '\n')
            from = i;
    bool found = false;
    for (guint i = 0; words[i] && !found; i++)
        found = g_strstr_len(view->text + from, (gssize)(at - from), words[i]) != NULL;
    return found;
}

// ---- social security numbers -------------------------------------------------------------------------------

// Numbers that were never given, or that advertisements made known.
static bool ssn_is_valid(const char *nine)
{
    static const char *const KNOWN[] = {"078051120", "219099999"};
    bool valid = strncmp(nine, "000", 3) != 0 && strncmp(nine, "666", 3) != 0 && nine[0] != '9' &&
                 strncmp(nine + 3, "00", 2) != 0 && strncmp(nine + 5, "0000", 4) != 0;
    bool same = true;
    for (guint i = 1; i < 9; i++)
        same = same && nine[i] == nine[0];
    for (gsize i = 0; i < G_N_ELEMENTS(KNOWN); i++)
        valid = valid && strcmp(nine, KNOWN[i]) != 0;
    return valid && !same;
}

// Nine digits at `at`, plain or in groups of 3, 2 and 4; 0 when there are none. `*grouped`: with signs between.
static gsize ssn_length(const DetectView *view, gsize at, char *nine, bool *grouped)
{
    const char *text = view->text;
    gsize p = at;
    char sign = '\0';
    guint digits = 0;
    for (; p < view->len && digits < 9; p++) {
        bool between = (digits == 3 || digits == 5) && !g_ascii_isdigit(text[p]);
        if (g_ascii_isdigit(text[p])) {
            if ((digits == 3 || digits == 5) && sign != '\0' && text[p - 1] != sign)
                return 0;
            nine[digits++] = text[p];
        } else if (between && (text[p] == '-' || text[p] == ' ' || text[p] == '.') &&
                   text[p - 1] != text[p] && (sign == '\0' ? digits == 3 : text[p] == sign)) {
            sign = text[p];
        } else {
            return 0;
        }
    }
    nine[9] = '\0';
    *grouped = sign != '\0';
    bool ends = p == view->len ||
                (!g_ascii_isalnum(text[p]) &&
                 !((text[p] == '-' || text[p] == '.') && p + 1 < view->len && g_ascii_isdigit(text[p + 1])));
    return digits == 9 && ends ? p - at : 0;
}

void record_ssns(RecordScan *scan, const DetectView *view)
{
    static const char *const CUES[] = {
        "ssn",   "social security", "soc sec", "soc. sec",  "ss#",           "ss #",
        "ss no", "ss number",       "social:", "social is", "seguro social", NULL};
    static const char *const OTHERS[] = {
        "order",   "invoice",      "isbn", "part",    "model",  "serial", "ticket", "case", "track",
        "phone",   "fax",          "tel",  "item",    "policy", "claim",  "po ",    "po#",  "acct",
        "account", "confirmation", "zip",  "routing", "ein",    "tax id", NULL};
    for (gsize at = 0; at < view->len; at++) {
        char nine[10];
        bool grouped;
        char before = at > 0 ? view->text[at - 1] : ' ';
        if (!g_ascii_isdigit(view->text[at]) || g_ascii_isalnum(before) ||
            ((before == '-' || before == '.' || before == '/' || before == '$') && at > 1))
            continue;
        gsize len = ssn_length(view, at, nine, &grouped);
        if (len && ssn_is_valid(nine)) {
            bool cued = number_cued(view, at, NUMBER_CUE, CUES), other = number_cued(view, at, 24, OTHERS);
            double shape = cued ? 0.95 : !grouped || other ? 0.0 : view->text[at + 3] == '-' ? 0.75 : 0.35;
            gsize start, end;
            view_span(view, at, at + len, &start, &end);
            if (shape > 0.0)
                record_note(scan, RECORD_SSN, nine, view, start, end, shape,
                            cued ? "named a social security number" : "form of a social security number");
        }
        while (at + 1 < view->len && g_ascii_isdigit(view->text[at + 1]))
            at++;
    }
}

// ---- students' numbers ---------------------------------------------------------------------------------------

static bool number_is_part(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_';
}

// How sure it is that a token which is a student's number is meant as one.
static double number_shape(const DetectView *view, gsize at, gsize len, guint digits)
{
    static const char *const CUES[] = {"student id", "student #", "student no", "student number",
                                       " id",        "id:",       "ids:",       "id#",
                                       "(id",        "lasid",     "sasid",      "lunch",
                                       "state id",   "pin ",      "estudiante", "matricula",
                                       "matrícula",  NULL};
    double shape = digits < len ? 0.85 : 0.4;
    if (number_cued(view, at, NUMBER_CUE, CUES) || (at >= 2 && strncmp(view->text + at - 2, "id", 2) == 0))
        shape = 0.9;
    else if (digits == len && view->passage->origin == ORIGIN_TABLE)
        shape = 0.75;
    else if (digits == len && len < 5)
        shape = 0.0; // a year, a room, an amount
    return shape;
}

static bool number_lookup(RecordScan *scan, const DetectView *view, gsize at, gsize len, guint digits,
                          GError **error)
{
    gsize start, end;
    double shape = number_shape(view, at, len, digits);
    if (shape <= 0.0)
        return true;
    if (scan->ids_left == 0) {
        *scan->truncated = true;
        return true;
    }
    scan->ids_left--;
    view_span(view, at, at + len, &start, &end);
    g_autofree char *id = g_strndup(view->passage->text + start, end - start);
    g_autofree char *person = NULL;
    bool ok = roster_student_of_id(scan->roster, id, &person, error);
    if (ok && person)
        record_note(scan, RECORD_ID, person, view, start, end, shape, "roster: a student's number");
    return ok;
}

bool record_ids(RecordScan *scan, const DetectView *view, GError **error)
{
    bool ok = true;
    for (gsize at = 0; ok && at < view->len;) {
        gsize end = at;
        guint digits = 0;
        for (; end < view->len && number_is_part(view->text[end]); end++)
            digits += g_ascii_isdigit(view->text[end]) != 0;
        if (digits && end - at >= 4 && end - at <= NUMBER_ID_MOST && !view->taken[at])
            ok = number_lookup(scan, view, at, end - at, digits, error);
        at = MAX(end, at + 1);
    }
    GHashTable *found = scan->found[RECORD_ID];
    GHashTableIter iter;
    gpointer place;
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_size(found) >= NUMBER_LIST && g_hash_table_iter_next(&iter, NULL, &place))
        ((RecordPlace *)place)->shape = MAX(((RecordPlace *)place)->shape, 0.85);
    return ok;
}
