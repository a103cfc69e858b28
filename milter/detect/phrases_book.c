#include "detect/phrases_book.h"

#include "detect/tables.h"

#include <string.h>

#define BOOK_ITEMS   16
#define BOOK_GAP     6
#define BOOK_CHOICES 400

static void book_item_free(gpointer data)
{
    PhraseItem *item = data;
    if (item->choices)
        g_ptr_array_unref(item->choices);
    g_free(item->firsts);
    g_free(item);
}

static void book_phrase_free(gpointer data)
{
    Phrase *phrase = data;
    g_free(phrase->section);
    g_free(phrase->id);
    g_ptr_array_unref(phrase->items);
    g_free(phrase);
}

static void book_words_free(gpointer data)
{
    if (data)
        g_array_unref(data);
}

static void book_choices_free(gpointer data)
{
    g_ptr_array_unref(data);
}

void phrases_free(PhraseBook *book)
{
    if (book) {
        g_hash_table_unref(book->words);
        g_hash_table_unref(book->slots);
        g_ptr_array_unref(book->phrases);
        g_ptr_array_unref(book->starts);
        g_free(book->entries);
        g_free(book);
    }
}

typedef struct {
    PhraseBook *book;
    const char *name;
    guint line;
    GError **error;
} BookReader;

// `text` as the matcher's words; false when there is none in it.
static GArray *book_words(BookReader *reader, const char *text)
{
    g_autofree char *lower = g_utf8_strdown(text, -1);
    GArray *words = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(GString) word = g_string_new(NULL);
    for (const char *p = lower;; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p), folded = phrases_fold(c);
        bool inside = c == '\'' || c == '-';
        if (folded)
            g_string_append_unichar(word, folded);
        if (!folded && !inside && word->len) {
            gpointer number = g_hash_table_lookup(reader->book->words, word->str);
            if (!number) {
                number = GUINT_TO_POINTER(g_hash_table_size(reader->book->words) + 1);
                g_hash_table_insert(reader->book->words, g_strdup(word->str), number);
            }
            guint32 value = GPOINTER_TO_UINT(number);
            g_array_append_val(words, value);
            g_string_truncate(word, 0);
        }
        if (!c)
            break;
    }
    return words;
}

// "a / b c" -> choices; NULL with an error when one is empty.
static GPtrArray *book_choices(BookReader *reader, const char *text)
{
    GPtrArray *choices = g_ptr_array_new_with_free_func(book_words_free);
    g_auto(GStrv) parts = g_strsplit(text, "/", BOOK_CHOICES);
    bool ok = true;
    for (guint i = 0; ok && parts[i]; i++) {
        const char *part = g_strstrip(parts[i]);
        if (part[0] == '{') {
            g_autofree char *slot = g_strndup(part + 1, strcspn(part + 1, "}"));
            const GPtrArray *words = g_hash_table_lookup(reader->book->slots, slot);
            for (guint k = 0; words && k < words->len; k++)
                g_ptr_array_add(choices, g_array_ref(g_ptr_array_index(words, k)));
            if (!words)
                ok = tables_wrong(reader->error, reader->name, reader->line, "no slot \"%s\" stands above",
                                  slot);
        } else {
            GArray *words = book_words(reader, part);
            g_ptr_array_add(choices, words);
            if (!words->len)
                ok = tables_wrong(reader->error, reader->name, reader->line, "an empty choice in \"%s\"",
                                  text);
        }
    }
    if (!ok)
        g_clear_pointer(&choices, g_ptr_array_unref);
    return choices;
}

// The item at `*at`, which moves behind it; NULL with an error.
static PhraseItem *book_item(BookReader *reader, const char **at)
{
    const char *p = *at, *end = NULL;
    PhraseItem *item = g_new0(PhraseItem, 1);
    g_autofree char *inner = NULL;
    if (*p == '<') {
        item->gap = (guint)g_ascii_strtoull(p + 1, (char **)&end, 10);
        end = *end == '>' && item->gap >= 1 && item->gap <= BOOK_GAP ? end + 1 : NULL;
    } else if (*p == '(' || *p == '{') {
        const char *close = strchr(p, *p == '(' ? ')' : '}');
        end = close ? close + 1 : NULL;
        if (close)
            inner = *p == '(' ? g_strndup(p + 1, (gsize)(close - p - 1)) : g_strndup(p, (gsize)(end - p));
    } else {
        end = p + strcspn(p, " (<{?");
        inner = g_strndup(p, (gsize)(end - p));
    }
    if (inner)
        item->choices = book_choices(reader, inner);
    else if (!end)
        tables_wrong(reader->error, reader->name, reader->line,
                     "\"%s\" is not closed, or is a gap that is not <1> to <%d>", p, BOOK_GAP);
    if (!end || (inner && !item->choices)) {
        g_clear_pointer(&item, book_item_free);
    } else {
        item->optional = *end == '?';
        *at = end + (item->optional ? 1 : 0);
    }
    return item;
}

// Enters phrase `number` under every word it may begin with.
static bool book_index(BookReader *reader, const Phrase *phrase, guint number)
{
    bool open = true;
    for (guint i = 0; open && i < phrase->items->len; i++) {
        const PhraseItem *item = g_ptr_array_index(phrase->items, i);
        if (!item->choices)
            return tables_wrong(reader->error, reader->name, reader->line,
                                "a phrase cannot begin with a gap");
        for (guint k = 0; k < item->choices->len; k++) {
            const GArray *words = g_ptr_array_index(item->choices, k);
            guint32 word = g_array_index(words, guint32, 0);
            if (word >= reader->book->starts->len)
                g_ptr_array_set_size(reader->book->starts, (gint)word + 1);
            GArray *list = g_ptr_array_index(reader->book->starts, word);
            if (!list)
                list = g_ptr_array_index(reader->book->starts, word) =
                    g_array_new(FALSE, FALSE, sizeof(guint));
            if (!list->len || g_array_index(list, guint, list->len - 1) != number)
                g_array_append_val(list, number);
        }
        open = item->optional;
    }
    return !open ||
           tables_wrong(reader->error, reader->name, reader->line, "every item of the phrase is optional");
}

static bool book_pattern(BookReader *reader, Phrase *phrase, const char *pattern)
{
    bool ok = true;
    const char *p = pattern + strspn(pattern, " ");
    while (ok && *p) {
        PhraseItem *item = book_item(reader, &p);
        ok = item != NULL;
        if (item)
            g_ptr_array_add(phrase->items, item);
        p += strspn(p, " ");
    }
    if (ok && (!phrase->items->len || phrase->items->len > BOOK_ITEMS))
        ok =
            tables_wrong(reader->error, reader->name, reader->line, "a phrase has 1 to %d items", BOOK_ITEMS);
    return ok;
}

// The sections that the users of a book look for; another one would be read by nobody.
static bool book_knows(const char *name, const char *section)
{
    static const struct {
        const char *name, *sections;
    } BOOKS[] = {
        {"phrases.txt", " solicit before after near sentence about "},
        {"disclaimers.txt", " disclaimer list-footer device "},
        {"labels.txt", " own personal office other recipient school group organisation textbook "},
    };
    g_autofree char *wanted = g_strdup_printf(" %s ", section);
    bool known = false;
    for (guint i = 0; i < G_N_ELEMENTS(BOOKS); i++)
        known |= strcmp(BOOKS[i].name, name) == 0 && strstr(BOOKS[i].sections, wanted);
    return known;
}

static bool book_phrase(BookReader *reader, const TableLine *line)
{
    Phrase *phrase = g_new0(Phrase, 1);
    bool full = line->n_fields == 3;
    phrase->section = g_strdup(line->section);
    phrase->id = g_strdup(full ? line->fields[0] : line->section);
    phrase->items = g_ptr_array_new_with_free_func(book_item_free);
    char *end = NULL;
    phrase->weight = full ? g_ascii_strtod(line->fields[1], &end) : 1.0;
    g_ptr_array_add(reader->book->phrases, phrase);
    bool ok = book_knows(reader->name, line->section);
    if (!ok)
        tables_wrong(reader->error, reader->name, reader->line, "there is no section [%s]", line->section);
    else if (!(line->n_fields == 1 || full))
        ok = tables_wrong(reader->error, reader->name, reader->line,
                          "not \"PATTERN\" or \"ID | WEIGHT | PATTERN\" in a section");
    if (ok && full && (*end || end == line->fields[1] || phrase->weight <= 0.0 || phrase->weight > 1.0))
        ok = tables_wrong(reader->error, reader->name, reader->line,
                          "weight \"%s\" is not above 0 and at most 1", line->fields[1]);
    ok = ok && book_pattern(reader, phrase, line->fields[full ? 2 : 0]);
    return ok && book_index(reader, phrase, reader->book->phrases->len - 1);
}

static bool book_slot(BookReader *reader, const TableLine *line)
{
    GPtrArray *choices = NULL;
    if (line->n_fields == 2)
        choices = book_choices(reader, line->fields[1]);
    else
        tables_wrong(reader->error, reader->name, reader->line, "not \"NAME | words / words\"");
    if (choices)
        g_hash_table_insert(reader->book->slots, g_strdup(line->fields[0]), choices);
    return choices != NULL;
}

// What the matcher looks up fast, once all words have their numbers.
static void book_finish(PhraseBook *book)
{
    guint count = g_hash_table_size(book->words), room = 64;
    while (room < 4 * count)
        room *= 2;
    book->entries = g_new0(PhraseEntry, room);
    book->mask = room - 1;
    GHashTableIter iter;
    gpointer word, number;
    g_hash_table_iter_init(&iter, book->words);
    while (g_hash_table_iter_next(&iter, &word, &number)) {
        guint hash = PHRASE_HASH;
        for (const char *p = word; *p; p++)
            hash = phrase_hash(hash, (guint8)*p);
        guint at = hash & book->mask;
        while (book->entries[at].word)
            at = (at + 1) & book->mask;
        book->entries[at] = (PhraseEntry){word, hash, GPOINTER_TO_UINT(number)};
    }
    for (guint i = 0; i < book->phrases->len; i++) {
        const Phrase *phrase = g_ptr_array_index(book->phrases, i);
        for (guint k = 0; k < phrase->items->len; k++) {
            PhraseItem *item = g_ptr_array_index(phrase->items, k);
            item->firsts = g_malloc0(count / 8 + 1);
            item->single = item->choices != NULL;
            for (guint c = 0; item->choices && c < item->choices->len; c++) {
                const GArray *words = g_ptr_array_index(item->choices, c);
                guint32 first = g_array_index(words, guint32, 0);
                item->single = item->single && words->len == 1;
                item->firsts[first / 8] |= (guint8)(1 << (first % 8));
            }
        }
    }
    // Words that begin no phrase have no list, but have a number.
    g_ptr_array_set_size(book->starts, (gint)count + 1);
}

PhraseBook *phrases_new(const char *name, const GPtrArray *lines, GError **error)
{
    PhraseBook *book = g_new0(PhraseBook, 1);
    book->words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    book->slots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, book_choices_free);
    book->phrases = g_ptr_array_new_with_free_func(book_phrase_free);
    book->starts = g_ptr_array_new_with_free_func(book_words_free);
    BookReader reader = {book, name, 0, error};
    bool ok = true;
    for (guint i = 0; ok && i < lines->len; i++) {
        const TableLine *line = g_ptr_array_index(lines, i);
        reader.line = line->line;
        ok = strcmp(line->section, "slots") == 0 ? book_slot(&reader, line) : book_phrase(&reader, line);
    }
    if (ok)
        book_finish(book);
    else
        g_clear_pointer(&book, phrases_free);
    return book;
}
