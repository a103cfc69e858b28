#include "detect/disclaimer.h"
#include "detect/phrases_book.h"
#include "detect/tables.h"

#include <string.h>

#define DISCLAIMER_KEY   3    // words that a disclaimer is looked up by
#define DISCLAIMER_LEAST 2    // words it has at least
#define DISCLAIMER_MOST  8192 // bytes of its words

struct DisclaimerBook {
    GHashTable *by_opening; // first words -> GPtrArray of char*: all words
};

// ---- words ----

// Appends the next word of text[*at..] to `out`, behind a blank unless it is the first one. False at the end.
static bool disclaimer_word(const char *text, gsize len, gsize *at, GString *out)
{
    bool inside = false, done = false;
    gsize before = out->len;
    while (*at < len && !done) {
        gunichar c = (guchar)text[*at] < 0x80 ? (guchar)text[*at] : g_utf8_get_char(text + *at);
        gunichar plain = phrases_fold(c < 0x80 ? c : g_unichar_tolower(c));
        bool joins = c == '\'' || c == '`' || c == 0x2019;
        if (plain) {
            if (!inside && before)
                g_string_append_c(out, ' ');
            g_string_append_unichar(out, plain);
        }
        done = inside && !plain && !joins;
        inside |= plain != 0;
        *at += done ? 0 : c < 0x80 ? 1 : (gsize)(g_utf8_next_char(text + *at) - (text + *at));
    }
    return inside;
}

char *disclaimer_words(const char *text, gsize len)
{
    GString *out = g_string_sized_new(len);
    for (gsize at = 0; disclaimer_word(text, len, &at, out);)
        continue;
    return g_string_free(out, FALSE);
}

// The first words of words[0..], fewer where there are no more. Caller frees.
static char *disclaimer_key(const char *words)
{
    const char *end = words;
    for (guint i = 0; i < DISCLAIMER_KEY && *end; i++)
        end += (i > 0) + strcspn(end + (i > 0), " ");
    return g_strndup(words, (gsize)(end - words));
}

// ---- the book ----

static bool disclaimer_add(DisclaimerBook *book, const char *name, guint line, const GString *text,
                           GError **error)
{
    g_autofree char *words = disclaimer_words(text->str, text->len);
    bool enough = strchr(words, ' ') != NULL, few = strlen(words) <= DISCLAIMER_MOST;
    if (!enough)
        tables_wrong(error, name, line, "a disclaimer has %d words at least", DISCLAIMER_LEAST);
    else if (!few)
        tables_wrong(error, name, line, "a disclaimer has %d letters at most; leave a blank line between two",
                     DISCLAIMER_MOST);
    if (enough && few) {
        char *key = disclaimer_key(words);
        GPtrArray *all = g_hash_table_lookup(book->by_opening, key);
        if (!all) {
            all = g_ptr_array_new_with_free_func(g_free);
            g_hash_table_insert(book->by_opening, key, all);
        } else {
            g_free(key);
        }
        g_ptr_array_add(all, g_steal_pointer(&words));
    }
    return enough && few;
}

// Lines that follow each other are one disclaimer; a bar is but a character here.
DisclaimerBook *disclaimer_book_new(const char *name, const GPtrArray *lines, GError **error)
{
    g_autoptr(DisclaimerBook) book = g_new0(DisclaimerBook, 1);
    g_autoptr(GString) text = g_string_new(NULL);
    guint first = 0;
    bool ok = true;
    book->by_opening =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; ok && i < lines->len; i++) {
        const TableLine *line = g_ptr_array_index(lines, i);
        const TableLine *next = i + 1 < lines->len ? g_ptr_array_index(lines, i + 1) : NULL;
        first = text->len ? first : line->line;
        for (guint k = 0; k < line->n_fields; k++) {
            g_string_append(text, line->fields[k]);
            g_string_append_c(text, ' ');
        }
        if (!next || next->line != line->line + 1) {
            ok = disclaimer_add(book, name, first, text, error);
            g_string_truncate(text, 0);
        }
    }
    return ok ? g_steal_pointer(&book) : NULL;
}

void disclaimer_book_free(DisclaimerBook *book)
{
    if (book) {
        g_hash_table_unref(book->by_opening);
        g_free(book);
    }
}

// ---- look-up ----

// Where `words` end in text[at..] when it begins with them and its line ends there; else 0.
static gsize disclaimer_ends(const char *words, const char *text, gsize len, gsize at)
{
    g_autoptr(GString) word = g_string_new(NULL);
    bool same = true;
    while (same && *words) {
        gsize n = strcspn(words, " ");
        g_string_truncate(word, 0);
        same = disclaimer_word(text, len, &at, word) && word->len == n && memcmp(word->str, words, n) == 0;
        words += n + (words[n] == ' ');
    }
    const char *newline = same && at < len ? memchr(text + at, '\n', len - at) : NULL;
    gsize stop = newline ? (gsize)(newline - text) : len;
    g_string_truncate(word, 0);
    return same && !disclaimer_word(text, stop, &(gsize){at}, word) ? at : 0;
}

gsize disclaimer_at(const DisclaimerBook *book, const char *text, gsize len, gsize at)
{
    gsize end = 0, behind = at;
    if (!book || g_hash_table_size(book->by_opening) == 0)
        return 0;
    g_autoptr(GString) key = g_string_new(NULL);
    const char *newline = at < len ? memchr(text + at, '\n', len - at) : NULL;
    gsize stop = newline ? (gsize)(newline - text) : len; // the first word stands on this line
    for (guint i = 0; i < DISCLAIMER_KEY && disclaimer_word(text, i ? len : stop, &behind, key); i++) {
        const GPtrArray *all =
            i + 1 >= DISCLAIMER_LEAST ? g_hash_table_lookup(book->by_opening, key->str) : NULL;
        for (guint k = 0; all && k < all->len; k++)
            end = MAX(end, disclaimer_ends(g_ptr_array_index(all, k), text, len, at));
    }
    return end;
}
