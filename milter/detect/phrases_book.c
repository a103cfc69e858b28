#include "detect/phrases_book.h"

#include "detect/phrases_inflect.h"
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
    g_free(item->order);
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
        g_hash_table_unref(book->slots);
        g_ptr_array_unref(book->phrases);
        g_free(book->pieces);
        g_free(book->rows);
        g_free(book->seconds);
        g_free(book->follow);
        g_free(book->speaks);
        g_free(book->cues);
        g_free(book->steps);
        g_free(book);
    }
}

typedef struct {
    PhraseBook *book;
    const char *name;
    guint line;
    GError **error;
} BookReader;

static guint32 book_number(PhraseWords *words, const char *word)
{
    gpointer number = g_hash_table_lookup(words->numbers, word);
    if (!number) {
        number = GUINT_TO_POINTER(g_hash_table_size(words->numbers) + 1);
        g_hash_table_insert(words->numbers, g_strdup(word), number);
    }
    return GPOINTER_TO_UINT(number);
}

// `text` as the matcher's words; false when there is none in it.
static GArray *book_words(BookReader *reader, const char *text)
{
    g_autofree char *lower = g_utf8_strdown(text, -1);
    GArray *words = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(GString) word = g_string_new(NULL);
    for (const char *p = lower;; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p), folded = phrases_fold(c);
        bool inside = c == '\'' || c == '-';
        if (folded || c == '*')
            g_string_append_unichar(word, folded ? folded : c);
        else if (!inside && word->len) {
            guint32 value = book_number(reader->book->words, word->str);
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
            g_autoptr(GPtrArray) forms = phrases_inflect(part);
            guint least = G_MAXUINT;
            for (guint k = 0; k < forms->len; k++) {
                GArray *words = book_words(reader, forms->pdata[k]);
                g_ptr_array_add(choices, words);
                least = MIN(least, words->len);
            }
            if (!least)
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
    if (inner && strpbrk(inner, "(<"))
        tables_wrong(reader->error, reader->name, reader->line,
                     "a group or a gap stands in the group \"%s\"; write two lines", inner);
    else if (inner)
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

// A phrase begins with a word, and not all of it may be left out.
static bool book_check(BookReader *reader, const Phrase *phrase)
{
    bool open = true;
    for (guint i = 0; open && i < phrase->items->len; i++) {
        const PhraseItem *item = g_ptr_array_index(phrase->items, i);
        if (!item->choices)
            return tables_wrong(reader->error, reader->name, reader->line,
                                "a phrase cannot begin with a gap");
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
        {"lexicon.txt", " sexualised intimacy threats self-harm bullying hate profanity drugs-alcohol "
                        "weapons political commercial "
                        "proselytising confidential innocent before reported about "},
        {"labels.txt", " own personal office other recipient school group first-person second-person "
                       "third-person organisation textbook "},
    };
    if (strcmp(name, "lexicon.txt") == 0 && strncmp(section, "x-", 2) == 0)
        return true;
    g_autofree char *wanted = g_strdup_printf(" %s ", section);
    bool known = false;
    for (guint i = 0; i < G_N_ELEMENTS(BOOKS); i++)
        known |= strcmp(BOOKS[i].name, name) == 0 && strstr(BOOKS[i].sections, wanted);
    return known;
}

// Sections whose phrases say how those of others are meant, and nothing by themselves.
static bool book_is_cue(const char *section)
{
    static const char *const CUES[] = {"before", "after",    "near",    "sentence",
                                       "about",  "innocent", "reported"};
    bool cue = false;
    for (gsize i = 0; i < G_N_ELEMENTS(CUES); i++)
        cue |= strcmp(CUES[i], section) == 0;
    return cue;
}

static bool book_phrase(BookReader *reader, const TableLine *line)
{
    Phrase *phrase = g_new0(Phrase, 1);
    bool full = line->n_fields == 3;
    phrase->section = g_strdup(line->section);
    phrase->id = g_strdup(full ? line->fields[0] : line->section);
    phrase->items = g_ptr_array_new_with_free_func(book_item_free);
    phrase->cue = book_is_cue(line->section);
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
    return ok && book_check(reader, phrase);
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

PhraseWords *phrases_words_new(void)
{
    PhraseWords *words = g_new0(PhraseWords, 1);
    words->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    words->classes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return words;
}

void phrases_words_free(PhraseWords *words)
{
    if (words) {
        g_hash_table_unref(words->numbers);
        g_hash_table_unref(words->classes);
        g_free(words->entries);
        g_free(words->slots);
        g_free(words->text);
        g_free(words);
    }
}

void phrases_words_add(PhraseWords *words, const char *word, guint8 classes)
{
    guint all = classes | GPOINTER_TO_UINT(g_hash_table_lookup(words->classes, word));
    book_number(words, word);
    g_hash_table_insert(words->classes, g_strdup(word), GUINT_TO_POINTER(all));
}

void phrases_words_finish(PhraseWords *words)
{
    guint count = g_hash_table_size(words->numbers), room = 64;
    while (room < 2 * count)
        room *= 2;
    words->entries = g_new0(PhraseEntry, count + 1);
    words->slots = g_new0(PhraseSlot, room);
    words->mask = room - 1;
    g_autoptr(GString) text = g_string_new(NULL);
    GHashTableIter iter;
    gpointer word, number;
    g_hash_table_iter_init(&iter, words->numbers);
    while (g_hash_table_iter_next(&iter, &word, &number)) {
        guint hash = PHRASE_HASH;
        gsize len = strlen(word);
        for (const char *p = word; *p; p++)
            hash = phrase_hash(hash, (guint8)*p);
        guint at = phrase_slot(hash) & words->mask;
        while (words->slots[at].number)
            at = (at + 1) & words->mask;
        words->slots[at] = (PhraseSlot){hash, GPOINTER_TO_UINT(number)};
        words->entries[GPOINTER_TO_UINT(number)] =
            (PhraseEntry){(guint32)text->len, (guint16)MIN(len, G_MAXUINT16),
                          (guint8)GPOINTER_TO_UINT(g_hash_table_lookup(words->classes, word))};
        g_string_append(text, word);
    }
    words->text = g_string_free(g_steal_pointer(&text), FALSE);
}

static int book_by_first_word(gconstpointer a, gconstpointer b)
{
    guint32 one = g_array_index(*(GArray *const *)a, guint32, 0),
            other = g_array_index(*(GArray *const *)b, guint32, 0);
    return (one > other) - (one < other);
}

static void book_finish_item(PhraseItem *item, guint count)
{
    item->firsts = g_malloc0(count / 8 + 1);
    if (item->choices)
        g_ptr_array_sort(item->choices, book_by_first_word);
    item->single = item->choices != NULL;
    item->order = g_new0(guint32, item->choices ? item->choices->len : 0);
    for (guint c = 0; item->choices && c < item->choices->len; c++) {
        const GArray *words = g_ptr_array_index(item->choices, c);
        guint32 first = g_array_index(words, guint32, 0);
        item->single = item->single && words->len == 1;
        item->order[c] = first;
        item->firsts[first / 8] |= (guint8)(1 << (first % 8));
        item->may |= PHRASE_FOLLOW(first);
    }
}

// The rows while they are made: those of `firsts` and `loose` have few bits each, and are kept as pieces.
typedef struct {
    PhraseBook *book;
    guint64 *firsts, *loose;
    guint64 *follow; // by phrase
} BookRows;

static void book_set(guint64 *rows, guint stride, guint32 word, guint phrase)
{
    rows[(gsize)word * stride + phrase / 64] |= G_GUINT64_CONSTANT(1) << phrase % 64;
}

static void book_set_second(BookRows *rows, guint32 word, guint phrase)
{
    book_set(rows->book->seconds, rows->book->stride, word, phrase);
    rows->follow[phrase] |= PHRASE_FOLLOW(word);
}

// What may stand behind item `at`; true where anything may.
static bool book_follow(BookRows *rows, guint number, guint at)
{
    const Phrase *phrase = g_ptr_array_index(rows->book->phrases, number);
    bool open = true, any = false;
    for (guint i = at + 1; open && !any; i++) {
        const PhraseItem *item = i < phrase->items->len ? g_ptr_array_index(phrase->items, i) : NULL;
        any = !item || !item->choices;
        for (guint c = 0; !any && c < item->choices->len; c++)
            book_set_second(rows, g_array_index((GArray *)g_ptr_array_index(item->choices, c), guint32, 0),
                            number);
        open = !any && item->optional;
    }
    return any;
}

// The bits of phrase `number` in the rows.
static void book_finish_phrase(BookRows *rows, guint number)
{
    const Phrase *phrase = g_ptr_array_index(rows->book->phrases, number);
    guint stride = rows->book->stride;
    bool open = true;
    for (guint i = 0; open && i < phrase->items->len; i++) {
        const PhraseItem *item = g_ptr_array_index(phrase->items, i);
        Tri any = TRI_UNKNOWN; // word behind a choice of one
        for (guint c = 0; c < item->choices->len; c++) {
            const GArray *words = g_ptr_array_index(item->choices, c);
            guint32 first = g_array_index(words, guint32, 0);
            book_set(rows->firsts, stride, first, number);
            if (words->len == 1 && any == TRI_UNKNOWN)
                any = book_follow(rows, number, i) ? TRI_YES : TRI_NO;
            if (words->len > 1)
                book_set_second(rows, g_array_index(words, guint32, 1), number);
            else if (any == TRI_YES)
                book_set(rows->loose, stride, first, number);
        }
        open = item->optional;
    }
}

// What may stand behind the first word of the phrases of `piece`, `but` those left out.
static guint64 book_piece_follow(const BookRows *rows, const PhrasePiece *piece, guint64 but)
{
    guint64 follow = piece->loose & ~but ? G_MAXUINT64 : 0;
    for (guint64 bits = piece->firsts & ~but; bits; bits &= bits - 1)
        follow |= rows->follow[piece->at * 64 + (guint)__builtin_ctzll(bits)];
    return follow;
}

// The bits of `firsts` and `loose`, as pieces.
static void book_finish_rows(BookRows *rows, guint count)
{
    PhraseBook *book = rows->book;
    g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(PhrasePiece));
    book->rows = g_new0(guint32, (gsize)count + 2);
    book->follow = g_new0(guint64, (gsize)count + 1);
    book->speaks = g_new0(guint64, (gsize)count + 1);
    for (guint word = 0; word <= count; word++) {
        for (guint k = 0; k < book->stride; k++) {
            gsize at = (gsize)word * book->stride + k;
            PhrasePiece piece = {rows->firsts[at], rows->loose[at], k};
            if (piece.firsts)
                g_array_append_val(pieces, piece);
            book->follow[word] |= book_piece_follow(rows, &piece, 0);
            book->speaks[word] |= book_piece_follow(rows, &piece, book->cues[k]);
        }
        book->rows[word + 1] = pieces->len;
    }
    book->pieces = g_memdup2(pieces->data, MAX(pieces->len, 1) * sizeof(PhrasePiece));
}

void phrases_finish(PhraseBook *book)
{
    guint count = g_hash_table_size(book->words->numbers);
    book->stride = book->phrases->len / 64 + 1;
    gsize cells = ((gsize)count + 1) * book->stride;
    g_autofree guint64 *firsts = g_new0(guint64, cells), *loose = g_new0(guint64, cells),
                       *follow = g_new0(guint64, book->phrases->len + 1);
    BookRows rows = {book, firsts, loose, follow};
    book->seconds = g_new0(guint64, cells);
    book->cues = g_new0(guint64, book->stride + 1);
    guint items = 0;
    for (guint i = 0; i < book->phrases->len; i++) {
        const Phrase *phrase = g_ptr_array_index(book->phrases, i);
        items += phrase->items->len;
        if (phrase->cue)
            book_set(book->cues, book->stride, 0, i);
    }
    book->steps = g_new0(PhraseItem, items + 1);
    PhraseItem *step = book->steps;
    for (guint i = 0; i < book->phrases->len; i++) {
        Phrase *phrase = g_ptr_array_index(book->phrases, i);
        phrase->steps = step;
        for (guint k = 0; k < phrase->items->len; k++) {
            book_finish_item(g_ptr_array_index(phrase->items, k), count);
            *step++ = *(const PhraseItem *)g_ptr_array_index(phrase->items, k);
        }
        book_finish_phrase(&rows, i);
        phrase->word = phrase->items->len == 1 && phrase->steps->single;
    }
    book_finish_rows(&rows, count);
}

PhraseBook *phrases_new(const char *name, const GPtrArray *lines, PhraseWords *words, GError **error)
{
    PhraseBook *book = g_new0(PhraseBook, 1);
    book->words = words;
    book->slots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, book_choices_free);
    book->phrases = g_ptr_array_new_with_free_func(book_phrase_free);
    BookReader reader = {book, name, 0, error};
    bool ok = true;
    for (guint i = 0; ok && i < lines->len; i++) {
        const TableLine *line = g_ptr_array_index(lines, i);
        reader.line = line->line;
        ok = strcmp(line->section, "slots") == 0 ? book_slot(&reader, line) : book_phrase(&reader, line);
    }
    if (!ok)
        g_clear_pointer(&book, phrases_free);
    return book;
}
