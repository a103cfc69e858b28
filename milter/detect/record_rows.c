// Lists of students with what a school keeps of them: lines, and rows of tables, that hold names beside data.
#include "detect/record.h"

#include <string.h>

#define ROWS_NAMED 200   // students told of one look-up
#define ROWS_CHUNK 16000 // bytes of one look-up
#define ROWS_LINE  2000  // a longer line is no row

// ---- names -----------------------------------------------------------------------------------------------

// Do the words of a text begin with capitals where English does it? One in twenty is enough.
static bool rows_is_proper(const char *text, gsize len)
{
    guint words = 0, capitals = 0;
    for (gsize i = 0; i < MIN(len, 20000); i++) {
        bool first = g_ascii_isalpha(text[i]) && (i == 0 || !g_ascii_isalnum(text[i - 1]));
        words += first;
        capitals += first && g_ascii_isupper(text[i]);
    }
    return capitals * 20 > words;
}

static void rows_put_word(GString *out, const char *word, gsize len, bool proper)
{
    if (len > 2 && strncmp(word + len - 2, "'s", 2) == 0)
        len -= 2;
    else if (len > 4 && strncmp(word + len - 4, "’s", 4) == 0)
        len -= 4;
    if (proper && g_ascii_islower(*word))
        g_string_append(out, " 0");
    else
        g_string_append_printf(out, " %.*s", (int)len, word);
}

// The text with what cannot be of a name as a number, so that names are looked for where they can be, and none is
// put together of two lines.
static void rows_put(GString *out, const char *text, gsize len, bool proper)
{
    for (gsize i = 0; i < len;) {
        gsize end = i;
        while (end < len && (g_ascii_isalnum(text[end]) || (guchar)text[end] >= 0x80 || text[end] == '\'' ||
                             text[end] == '-'))
            end++;
        if (end > i)
            rows_put_word(out, text + i, end - i, proper);
        else if (text[i] == '\n')
            g_string_append(out, " 0 0 0 0");
        i = MAX(end, i + 1);
    }
}

static GPtrArray *rows_lookup(RecordScan *scan, const char *names, GError **error)
{
    gsize len = strlen(names);
    if (len > scan->names_left) {
        *scan->truncated = true;
        return g_ptr_array_new_with_free_func(g_free);
    }
    scan->names_left -= len;
    return roster_students_named(scan->roster, names, ROWS_NAMED, error);
}

GPtrArray *record_named(RecordScan *scan, const Passage *passage, gsize start, gsize end, GError **error)
{
    const char *text = passage->text;
    while (start > 0 && ((guchar)text[start] & 0xc0) == 0x80)
        start--;
    while (end < passage->len && ((guchar)text[end] & 0xc0) == 0x80)
        end++;
    bool table = passage->origin == ORIGIN_TABLE;
    g_autoptr(GString) names = g_string_new(NULL);
    rows_put(names, text + start, end - start, !table && rows_is_proper(text, passage->len));
    return rows_lookup(scan, names->str, error);
}

// ---- rows ------------------------------------------------------------------------------------------------

typedef struct {
    guint names;   // words that may be of names
    guint numbers; // data of any kind
    guint strong;  // what only school records or birthdays look like: 87%, B+, 2010-05-17
} RowSigns;

// "3/14/2011", "2011-03-14": a day with its year.
static bool rows_is_date(const char *word, gsize len)
{
    guint groups = 1, digits = 0, longest = 0;
    for (gsize i = 0; i < len; i++) {
        if (g_ascii_isdigit(word[i])) {
            digits++;
            longest = MAX(longest, digits);
        } else if (word[i] == '/' || word[i] == '-') {
            groups++;
            digits = 0;
        } else {
            return false;
        }
    }
    return groups == 3 && longest <= 4 && len >= 6;
}

// "B+", "C", as a field of its own: no initial and no article.
static bool rows_is_grade(const char *word, gsize len, const char *after, const char *end)
{
    bool letter = strchr("ABCDF", word[0]) != NULL && (len == 1 || (len == 2 && strchr("+-", word[1])));
    while (after < end && *after == ' ')
        after++;
    return letter && (after == end || *after == ',' || *after == '\t' || *after == ';' || *after == '|' ||
                      g_ascii_isdigit(*after));
}

static RowSigns rows_signs(const char *line, gsize len, bool table)
{
    RowSigns signs = {0, 0, 0};
    const char *end = line + len;
    for (const char *p = line; p < end;) {
        gsize n = 0;
        while (p + n < end && !strchr(" \t,;|:()\"", p[n]))
            n++;
        bool number = n && g_ascii_isdigit(p[0]);
        if (n && rows_is_grade(p, n, p + n, end) && signs.names >= 2)
            signs.strong++;
        else if (number && (p[n - 1] == '%' || rows_is_date(p, n)))
            signs.strong++;
        else if (n > 1 && (g_ascii_isupper(p[0]) || (guchar)p[0] >= 0x80 || (table && g_ascii_islower(p[0]))))
            signs.names++;
        signs.numbers += number;
        p += n + 1;
    }
    signs.numbers += signs.strong;
    return signs;
}

typedef struct {
    GString *names;
    guint rows, strong, many;
    gsize start, end; // of the first one
} Rows;

// Looks up the rows that were put together. False when the roster could not tell.
static bool rows_flush(RecordScan *scan, Rows *rows, GHashTable *people, GError **error)
{
    g_autoptr(GPtrArray) named = rows->names->len ? rows_lookup(scan, rows->names->str, error)
                                                  : g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; named && i < named->len; i++)
        g_hash_table_add(people, g_strdup(named->pdata[i]));
    g_string_truncate(rows->names, 0);
    return named != NULL;
}

static void rows_take(Rows *rows, const Passage *passage, gsize start, gsize len, bool proper)
{
    bool table = passage->origin == ORIGIN_TABLE;
    RowSigns signs = rows_signs(passage->text + start, len, table);
    if (len > ROWS_LINE || signs.names < 2 || (!table && !signs.numbers))
        return;
    if (!rows->rows++) {
        rows->start = start;
        rows->end = start + len;
    }
    rows->strong += signs.strong > 0;
    rows->many += signs.names >= 4 && signs.numbers >= 2;
    rows_put(rows->names, passage->text + start, len, proper);
    g_string_append(rows->names, " 0 0 0 0");
}

static double rows_shape(const Rows *rows, bool table, bool cue, bool about)
{
    double shape = about ? 0.35 : 0.5; // names with bare numbers: points of a match, seats
    if (cue || rows->strong >= 2)
        shape = 0.9;
    else if (table)
        shape = 0.7;
    return shape;
}

bool record_rows(RecordScan *scan, const DetectView *view, bool cue, bool about, GError **error)
{
    const Passage *passage = view->passage;
    bool table = passage->origin == ORIGIN_TABLE, ok = true;
    bool proper = !table && rows_is_proper(passage->text, passage->len);
    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GHashTable) people = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Rows rows = {.names = names};
    for (gsize at = 0; ok && at < passage->len && g_hash_table_size(people) < ROWS_NAMED;) {
        const char *stop = memchr(passage->text + at, '\n', passage->len - at);
        gsize len = stop ? (gsize)(stop - passage->text) - at : passage->len - at;
        bool cr = len && passage->text[at + len - 1] == '\r';
        rows_take(&rows, passage, at, len - cr, proper);
        at += len + 1;
        if (names->len > ROWS_CHUNK)
            ok = rows_flush(scan, &rows, people, error);
    }
    // One line is a list when several names and numbers stand in it.
    bool list = rows.rows >= 2 || rows.many > 0;
    ok = ok && (!list || rows_flush(scan, &rows, people, error));
    GHashTableIter iter;
    gpointer person;
    g_hash_table_iter_init(&iter, people);
    while (ok && list && g_hash_table_size(people) >= 2 && g_hash_table_iter_next(&iter, &person, NULL))
        record_note(scan, RECORD_NAMES, person, view, rows.start, rows.end,
                    rows_shape(&rows, table, cue, about), "a list of students with data");
    return ok;
}
