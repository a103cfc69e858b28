#include "detect/phrases_book.h"

#include <string.h>

// A match is found by the set of places each item can end at, kept as bits relative to the first word: no
// recursion, no backtracking, at most PHRASE_REACH words looked at.
#define PHRASE_REACH 40

// ---- words of a text ----

// Latin letters without their accents; 0 for what is no part of a word.
gunichar phrases_fold(gunichar c)
{
    static const char LATIN1[] = "aaaaaaaceeeeiiiidnooooo/ouuuuyty";
    gunichar out = 0;
    if (c < 128)
        out = g_ascii_isalnum((char)c) ? (gunichar)g_ascii_tolower((char)c) : 0;
    else if (c >= 0xe0 && c <= 0xff)
        out = c == 0xf7 ? 0 : (gunichar)LATIN1[c - 0xe0];
    else if (g_unichar_isalnum(c))
        out = c;
    return out;
}

static bool phrase_is_apostrophe(gunichar c)
{
    return c == '\'' || c == 0x2019 || c == 0x2bc || c == '`';
}

// What a character that is no part of a word separates.
static PhraseBreak phrase_break_of(gunichar c, gunichar next)
{
    PhraseBreak found = BREAK_NONE;
    bool closes =
        next == 0 || g_unichar_isspace(next) || next == '"' || next == ')' || next == 0x201d || next == '\'';
    if (c == '!' || c == '?')
        found = BREAK_SENTENCE;
    else if (c == '.' && closes)
        found = BREAK_SENTENCE;
    else if (c == ',' || c == ';' || c == ':' || c == 0x2014 || c == 0x2013 || c == '(' || c == ')' ||
             c == 0x2026)
        found = BREAK_CLAUSE;
    return found;
}

typedef struct {
    const char *text;
    gsize len, at;
    PhraseBreak before;
    guint newlines;
    bool line, quoted;
} PhraseReader;

static gunichar phrase_char(const PhraseReader *reader, gsize at)
{
    guchar byte = at < reader->len ? (guchar)reader->text[at] : 0;
    return byte < 0x80 ? byte : g_utf8_get_char(reader->text + at);
}

// A word ends at `at` unless an apostrophe or the hyphen after a single letter ("e-mail") holds it together.
static bool phrase_holds(const PhraseReader *reader, gsize start, gsize at)
{
    gunichar c = phrase_char(reader, at);
    bool joined = phrase_is_apostrophe(c) || (c == '-' && at - start == 1 && reader->text[start] == 'e');
    return joined && phrases_fold(phrase_char(reader, at + (gsize)g_unichar_to_utf8(c, NULL))) != 0;
}

// A word as it is compared, at most PHRASE_WORD bytes and one character more of it.
#define PHRASE_WORD 64
typedef struct {
    const char *text; // of the text itself, or `folded`
    gsize len;
    guint hash;
    char folded[PHRASE_WORD + 8];
} PhraseWord;

static void phrase_put(PhraseWord *word, gunichar c)
{
    gsize from = word->len;
    if (word->len < PHRASE_WORD && c < 0x80)
        word->folded[word->len++] = (char)c;
    else if (word->len < PHRASE_WORD)
        word->len += (gsize)g_unichar_to_utf8(c, word->folded + word->len);
    for (gsize i = from; i < word->len; i++)
        word->hash = phrase_hash(word->hash, (guint8)word->folded[i]);
}

static const bool PLAIN[256] = {['a' ... 'z'] = true, ['0' ... '9'] = true};

// The lower case letters and figures that a word begins with.
static inline void phrase_read_plain(PhraseReader *reader, PhraseWord *out)
{
    const guchar *text = (const guchar *)reader->text;
    gsize at = reader->at, most = MIN(reader->len, at + PHRASE_WORD);
    guint hash = PHRASE_HASH;
    for (; at < most && PLAIN[text[at]]; at++)
        hash = phrase_hash(hash, text[at]);
    out->text = reader->text + reader->at;
    out->len = at - reader->at;
    out->hash = hash;
    while (at < reader->len && PLAIN[text[at]])
        at++;
    reader->at = at;
}

// Does the word that began at `start` go on?
static inline bool phrase_goes_on(const PhraseReader *reader, gsize start)
{
    guchar byte = reader->at < reader->len ? (guchar)reader->text[reader->at] : ' ';
    bool may = byte > '@' || byte == '\'' || byte == '-' || (byte >= '0' && byte <= '9');
    return may && (phrases_fold(phrase_char(reader, reader->at)) || phrase_holds(reader, start, reader->at));
}

static void phrase_read_word(PhraseReader *reader, PhraseWord *out)
{
    gsize start = reader->at;
    phrase_read_plain(reader, out);
    bool more = phrase_goes_on(reader, start);
    if (more) {
        memcpy(out->folded, out->text, out->len);
        out->text = out->folded;
    }
    for (; more; more = phrase_goes_on(reader, start)) {
        gunichar c = phrase_char(reader, reader->at);
        gunichar folded = phrases_fold(c);
        if (folded)
            phrase_put(out, folded);
        reader->at += c < 0x80 ? 1 : (gsize)g_unichar_to_utf8(c, NULL);
    }
}

// The word's number; 0 when no book knows it.
static guint32 phrase_find(const PhraseWords *words, const PhraseWord *word)
{
    guint32 number = 0;
    const PhraseSlot *slot;
    for (guint at = phrase_slot(word->hash); !number && (slot = &words->slots[at & words->mask])->number;
         at++) {
        if (slot->hash != word->hash)
            continue;
        const PhraseEntry *entry = &words->entries[slot->number];
        if (entry->len == word->len && memcmp(words->text + entry->at, word->text, word->len) == 0)
            number = slot->number;
    }
    return number;
}

guint32 phrases_number(const PhraseWords *words, const char *word, gsize len)
{
    PhraseWord plain;
    plain.text = word;
    plain.len = len;
    plain.hash = PHRASE_HASH;
    for (gsize i = 0; i < len; i++)
        plain.hash = phrase_hash(plain.hash, (guint8)word[i]);
    return phrase_find(words, &plain);
}

guint8 phrases_classes(const PhraseWords *words, const char *word, gsize len)
{
    return words->entries[phrases_number(words, word, len)].classes;
}

static void phrase_read_gap(PhraseReader *reader)
{
    gunichar c = phrase_char(reader, reader->at);
    reader->at += c < 0x80 ? 1 : (gsize)g_unichar_to_utf8(c, NULL);
    if (c == ' ')
        return;
    PhraseBreak found = phrase_break_of(c, phrase_char(reader, reader->at));
    if (c == '\n') {
        reader->newlines++;
        reader->line = true;
        if (reader->newlines > 1) {
            found = BREAK_PARAGRAPH;
            reader->quoted = false; // a forgotten closing mark spoils one paragraph at most
        }
    } else if (!g_unichar_isspace(c)) {
        reader->newlines = 0;
    }
    if (c == '"')
        reader->quoted = !reader->quoted;
    else if (c == 0x201c || c == 0x201e || c == 0xab)
        reader->quoted = true;
    else if (c == 0x201d || c == 0xbb)
        reader->quoted = false;
    reader->before = MAX(reader->before, found);
}

// Reads the word at the reader's place.
static void phrase_take(PhraseReader *reader, const PhraseWords *words, PhraseToken *token)
{
    PhraseWord word;
    *token = (PhraseToken){.start = (guint32)reader->at,
                           .before = reader->before,
                           .line = reader->line,
                           .quoted = reader->quoted};
    phrase_read_word(reader, &word);
    token->end = (guint32)reader->at;
    token->word = phrase_find(words, &word);
    token->classes = words->entries[token->word].classes;
    reader->before = BREAK_NONE;
    reader->line = false;
    reader->newlines = 0;
}

// The next words of the reader, at most `most`.
static void phrase_take_all(PhraseReader *reader, const PhraseWords *words, GArray *tokens, guint most)
{
    guint count = tokens->len, room = MIN(most, count + 64);
    g_array_set_size(tokens, room);
    while (reader->at < reader->len && count < most) {
        if (reader->text[reader->at] == ' ') {
            reader->at++;
        } else if (PLAIN[(guchar)reader->text[reader->at]] || phrases_fold(phrase_char(reader, reader->at))) {
            if (count == room) {
                room = MIN(most, room * 2);
                g_array_set_size(tokens, room);
            }
            phrase_take(reader, words, &g_array_index(tokens, PhraseToken, count++));
        } else {
            phrase_read_gap(reader);
        }
    }
    g_array_set_size(tokens, count);
}

GArray *phrases_tokens(const PhraseWords *words, const char *text, gsize len)
{
    GArray *tokens = g_array_sized_new(FALSE, FALSE, sizeof(PhraseToken), (guint)(len / 5) + 8);
    PhraseReader reader = {.text = text, .len = len, .line = true};
    phrase_take_all(&reader, words, tokens, G_MAXUINT);
    return tokens;
}

// ---- matching ----

static bool phrase_words_at(const GArray *words, const GArray *tokens, guint at, guint limit)
{
    bool same = at + words->len <= limit;
    for (guint i = 0; same && i < words->len; i++)
        same = g_array_index(words, guint32, i) == g_array_index(tokens, PhraseToken, at + i).word;
    return same;
}

// The first choice that begins with `word`: they are sorted by it.
static guint phrase_choice(const PhraseItem *item, guint32 word)
{
    guint low = 0, high = item->choices->len;
    while (low < high) {
        guint mid = low + (high - low) / 2;
        if (item->order[mid] < word)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static guint64 phrase_step(const PhraseItem *item, const GArray *tokens, guint first, guint limit,
                           guint64 from)
{
    guint64 to = item->optional ? from : 0;
    if (!item->choices) {
        to = from;
        for (guint i = 0; i < item->gap; i++)
            to |= to << 1;
    }
    guint64 places = item->choices ? from & ((G_GUINT64_CONSTANT(1) << (limit - first)) - 1) : 0;
    for (; places; places &= places - 1) {
        guint offset = (guint)__builtin_ctzll(places);
        guint32 word = g_array_index(tokens, PhraseToken, first + offset).word;
        bool may = (item->may & PHRASE_FOLLOW(word)) && item->firsts[word / 8] >> word % 8 & 1;
        if (may && item->single)
            to |= G_GUINT64_CONSTANT(2) << offset;
        guint c = may && !item->single ? phrase_choice(item, word) : item->choices->len;
        for (; c < item->choices->len && item->order[c] == word; c++) {
            const GArray *words = g_ptr_array_index(item->choices, c);
            if (phrase_words_at(words, tokens, first + offset, limit))
                to |= G_GUINT64_CONSTANT(1) << (offset + words->len);
        }
    }
    return to & ((G_GUINT64_CONSTANT(2) << (limit - first)) - 1);
}

// Words that the phrase takes at `first`, the longest way; 0 when it does not match there.
static guint phrase_length(const Phrase *phrase, const GArray *tokens, guint first, guint limit)
{
    guint64 ends = 1;
    for (guint i = 0; ends && i < phrase->items->len; i++)
        ends = phrase_step(&phrase->steps[i], tokens, first, limit, ends);
    return ends > 1 ? 63 - (guint)__builtin_clzll(ends) : 0;
}

// Where the sentence of word `first` ends, or what is looked at of it; `stop` is that of the word before.
static guint phrase_stop(const GArray *tokens, guint first, guint stop)
{
    stop = MAX(stop, first + 1);
    while (stop < tokens->len && stop < first + PHRASE_REACH &&
           g_array_index(tokens, PhraseToken, stop).before < BREAK_SENTENCE)
        stop++;
    return stop;
}

// The word behind `first` in its sentence; 0 when there is none.
static guint32 phrase_second(const GArray *tokens, guint first)
{
    const PhraseToken *next = first + 1 < tokens->len ? &g_array_index(tokens, PhraseToken, first + 1) : NULL;
    return next && next->before < BREAK_SENTENCE ? next->word : 0;
}

// May a phrase begin with word `first`? Tells most of those where none does; `rows` is the book's follow or speaks.
static inline bool phrase_may_begin(const guint64 *rows, const GArray *tokens, guint first)
{
    guint64 follow = rows[g_array_index(tokens, PhraseToken, first).word];
    return follow && follow & PHRASE_FOLLOW(phrase_second(tokens, first));
}

// Words that phrase `number` takes at `first`; 0 when it does not match there. `*stop` goes up with rising `first`.
static guint phrase_at(const PhraseBook *book, guint number, const GArray *tokens, guint first, guint *stop)
{
    const Phrase *phrase = g_ptr_array_index(book->phrases, number);
    guint length = 1;
    if (!phrase->word) {
        *stop = phrase_stop(tokens, first, *stop);
        length = phrase_length(phrase, tokens, first, MIN(*stop, first + PHRASE_REACH));
    }
    return length;
}

// The phrases of `piece` that may begin with its word and have one behind it whose row of seconds is `then`.
static inline guint64 phrase_bits(const PhrasePiece *piece, const guint64 *then)
{
    return (piece->firsts & then[piece->at]) | piece->loose;
}

// May a phrase begin with the first two of `tokens`?
static bool phrase_may_match(const PhraseBook *book, const GArray *tokens)
{
    guint32 word = g_array_index(tokens, PhraseToken, 0).word;
    const guint64 *then = book->seconds + (gsize)phrase_second(tokens, 0) * book->stride;
    guint64 bits = 0;
    for (guint k = book->rows[word]; phrase_may_begin(book->follow, tokens, 0) && k < book->rows[word + 1];
         k++)
        bits |= phrase_bits(&book->pieces[k], then);
    return bits != 0;
}

// Adds the hits of phrases that begin at `first`.
static void phrase_match_at(const PhraseBook *book, const GArray *tokens, guint first, guint *stop, guint max,
                            GArray *hits)
{
    guint32 word = g_array_index(tokens, PhraseToken, first).word;
    const guint64 *then = book->seconds + (gsize)phrase_second(tokens, first) * book->stride;
    for (guint k = book->rows[word]; k < book->rows[word + 1]; k++) {
        const PhrasePiece *piece = &book->pieces[k];
        for (guint64 bits = phrase_bits(piece, then); bits && hits->len < max; bits &= bits - 1) {
            guint number = piece->at * 64 + (guint)__builtin_ctzll(bits);
            guint length = phrase_at(book, number, tokens, first, stop);
            if (length) {
                const Phrase *phrase = g_ptr_array_index(book->phrases, number);
                PhraseHit hit = {phrase->section, phrase->id, number,
                                 phrase->weight,  first,      first + length - 1};
                g_array_append_val(hits, hit);
            }
        }
    }
}

GArray *phrases_match(const PhraseBook *book, const GArray *tokens, guint max)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(PhraseHit));
    guint stop = 0;
    for (guint first = 0; first < tokens->len && hits->len < max; first++)
        if (phrase_may_begin(book->follow, tokens, first))
            phrase_match_at(book, tokens, first, &stop, max, hits);
    return hits;
}

bool phrases_speak(const PhraseBook *book, const GArray *tokens)
{
    bool found = false;
    guint stop = 0;
    for (guint first = 0; first < tokens->len && !found; first++) {
        if (!phrase_may_begin(book->speaks, tokens, first))
            continue;
        guint32 word = g_array_index(tokens, PhraseToken, first).word;
        const guint64 *then = book->seconds + (gsize)phrase_second(tokens, first) * book->stride;
        for (guint k = book->rows[word]; k < book->rows[word + 1] && !found; k++) {
            const PhrasePiece *piece = &book->pieces[k];
            guint64 bits = phrase_bits(piece, then) & ~book->cues[piece->at];
            for (; bits && !found; bits &= bits - 1) {
                guint number = piece->at * 64 + (guint)__builtin_ctzll(bits);
                found = phrase_at(book, number, tokens, first, &stop) > 0;
            }
        }
    }
    return found;
}

GArray *phrases_open_lines(const PhraseBook *book, const char *text, gsize len, GArray **out_starts)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(PhraseHit));
    *out_starts = g_array_new(FALSE, FALSE, sizeof(gsize));
    g_autoptr(GArray) tokens = g_array_sized_new(FALSE, FALSE, sizeof(PhraseToken), PHRASE_REACH + 1);
    PhraseReader reader = {.text = text, .len = len, .line = true};
    while (reader.at < len) {
        if (!reader.line) { // on to the next line
            const char *end = memchr(text + reader.at, '\n', len - reader.at);
            reader.at = end ? (gsize)(end - text) : len;
            phrase_read_gap(&reader);
        } else if (!phrases_fold(phrase_char(&reader, reader.at))) {
            phrase_read_gap(&reader);
        } else {
            PhraseReader ahead = reader;
            PhraseToken first;
            phrase_take(&reader, book->words, &first);
            if (!book->follow[first.word])
                continue;
            guint stop = 0, before = hits->len;
            g_array_set_size(tokens, 0);
            phrase_take_all(&ahead, book->words, tokens, 2);
            if (!phrase_may_match(book, tokens))
                continue;
            phrase_take_all(&ahead, book->words, tokens, PHRASE_REACH + 1);
            phrase_match_at(book, tokens, 0, &stop, G_MAXUINT, hits);
            for (guint i = before; i < hits->len; i++) {
                gsize start = first.start;
                g_array_append_val(*out_starts, start);
            }
        }
    }
    return hits;
}
