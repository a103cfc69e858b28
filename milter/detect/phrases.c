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
    char text[PHRASE_WORD + 8];
    gsize len;
    guint hash;
} PhraseWord;

static void phrase_put(PhraseWord *word, gunichar c)
{
    gsize from = word->len;
    if (word->len < PHRASE_WORD && c < 0x80)
        word->text[word->len++] = (char)c;
    else if (word->len < PHRASE_WORD)
        word->len += (gsize)g_unichar_to_utf8(c, word->text + word->len);
    for (gsize i = from; i < word->len; i++)
        word->hash = phrase_hash(word->hash, (guint8)word->text[i]);
}

// The lower case letters and figures that follow.
static void phrase_read_plain(PhraseReader *reader, PhraseWord *out)
{
    gsize at = reader->at;
    for (; at < reader->len; at++) {
        char c = reader->text[at];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            break;
        if (out->len < PHRASE_WORD) {
            out->text[out->len++] = c;
            out->hash = phrase_hash(out->hash, (guint8)c);
        }
    }
    reader->at = at;
}

static void phrase_read_word(PhraseReader *reader, PhraseWord *out)
{
    gsize start = reader->at;
    bool more = true;
    out->len = 0;
    out->hash = PHRASE_HASH;
    while (more) {
        gunichar c = phrase_char(reader, reader->at);
        gunichar folded = phrases_fold(c);
        if (folded)
            phrase_put(out, folded);
        reader->at += c < 0x80 ? 1 : (gsize)g_unichar_to_utf8(c, NULL);
        phrase_read_plain(reader, out);
        more = reader->at < reader->len &&
               (phrases_fold(phrase_char(reader, reader->at)) || phrase_holds(reader, start, reader->at));
    }
}

// Number of a word in the book; 0 = no pattern knows it.
static guint32 phrase_number(const PhraseBook *book, const PhraseWord *word)
{
    const PhraseEntry *entry = &book->entries[word->hash & book->mask];
    while (entry->word && !(entry->hash == word->hash && strncmp(entry->word, word->text, word->len) == 0 &&
                            entry->word[word->len] == '\0'))
        entry = entry == &book->entries[book->mask] ? book->entries : entry + 1;
    return entry->number;
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

GArray *phrases_tokens(const PhraseBook *book, const char *text, gsize len)
{
    GArray *tokens = g_array_sized_new(FALSE, FALSE, sizeof(PhraseToken), (guint)(len / 8) + 8);
    PhraseWord word;
    PhraseReader reader = {.text = text, .len = len, .line = true};
    while (reader.at < len) {
        if (phrases_fold(phrase_char(&reader, reader.at))) {
            PhraseToken token = {.start = (guint32)reader.at,
                                 .before = reader.before,
                                 .line = reader.line,
                                 .quoted = reader.quoted};
            phrase_read_word(&reader, &word);
            token.end = (guint32)reader.at;
            token.word = phrase_number(book, &word);
            g_array_append_val(tokens, token);
            reader.before = BREAK_NONE;
            reader.line = false;
            reader.newlines = 0;
        } else {
            phrase_read_gap(&reader);
        }
    }
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
        bool may = item->firsts[word / 8] >> word % 8 & 1;
        if (may && item->single)
            to |= G_GUINT64_CONSTANT(2) << offset;
        for (guint c = 0; may && !item->single && c < item->choices->len; c++) {
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
        ends = phrase_step(g_ptr_array_index(phrase->items, i), tokens, first, limit, ends);
    return ends > 1 ? 63 - (guint)__builtin_clzll(ends) : 0;
}

static GArray *phrase_match_all(const PhraseBook *book, const GArray *tokens, guint max, bool lines)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(PhraseHit));
    guint stop = 0; // where the sentence ends
    for (guint first = 0; first < tokens->len && hits->len < max; first++) {
        const PhraseToken *token = &g_array_index(tokens, PhraseToken, first);
        const GArray *starts =
            token->word && (token->line || !lines) ? g_ptr_array_index(book->starts, token->word) : NULL;
        stop = MAX(stop, first + 1);
        while (starts && stop < tokens->len && stop < first + PHRASE_REACH &&
               g_array_index(tokens, PhraseToken, stop).before < BREAK_SENTENCE)
            stop++;
        guint limit = MIN(stop, first + PHRASE_REACH);
        for (guint i = 0; starts && i < starts->len && hits->len < max; i++) {
            const Phrase *phrase = g_ptr_array_index(book->phrases, g_array_index(starts, guint, i));
            guint length = phrase_length(phrase, tokens, first, limit);
            if (length) {
                PhraseHit hit = {phrase->section, phrase->id, g_array_index(starts, guint, i),
                                 phrase->weight,  first,      first + length - 1};
                g_array_append_val(hits, hit);
            }
        }
    }
    return hits;
}

GArray *phrases_match(const PhraseBook *book, const GArray *tokens, guint max)
{
    return phrase_match_all(book, tokens, max, false);
}

GArray *phrases_open_lines(const PhraseBook *book, const GArray *tokens)
{
    return phrase_match_all(book, tokens, G_MAXUINT, true);
}
