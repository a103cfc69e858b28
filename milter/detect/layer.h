// layer, inside: the lines of a passage and what the recognisers say about them. Private to detect.
#pragma once

#include "detect/disclaimer.h"
#include "detect/internal.h"
#include "detect/layer_words.h"
#include "detect/phrases.h"

// ---- lines (layer_text.c) ----

typedef struct {
    guint32 start, end; // bytes of the passage; `end` is behind the last character, before the line break
    guint32 body;       // behind the quote prefix and blanks
    guint depth;        // of quoting: '>' signs, and the reader's marks
    bool blank;         // nothing behind the prefix
    bool labelled;      // `label` is read: which header it is (layer_header.c)
    guint8 label;
    Layer layer;
} LayerLine;

typedef struct {
    const Passage *passage;
    char *
        lower; // the text byte for byte, letters of Western languages in lower case, wide and fixed blanks plain
    GArray *lines; // of LayerLine
} LayerText;

LayerText *layer_text_new(const Passage *passage);
void layer_text_free(LayerText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayerText, layer_text_free)
LayerLine *layer_line(const LayerText *text, guint i);
// The next line from `i` on that is not blank; lines->len when there is none.
guint layer_next(const LayerText *text, guint i);
// What the reader saw in the markup at `offset`; `*index` goes up with rising offsets.
Layer layer_reader_mark(const Passage *passage, guint *index, gsize offset);
// `len` bytes of `lower` without accents, blanks single, into `out` of `size` bytes; its length.
gsize layer_fold(const char *lower, gsize len, char *out, gsize size);
// Is line `i` a rule of at least `least` equal signs (underscores, dashes, stars ...)?
bool layer_is_rule(const LayerText *text, guint i, gsize least);

// ---- openings (layer_opening.c, layer_header.c) ----

typedef enum {
    OPENING_NONE,
    OPENING_ATTRIBUTION, // "On ... wrote:"; strong: quoted text follows, whether it is prefixed or not
    OPENING_WEAK,        // "Jane wrote:"; counts only where prefixed text follows
    OPENING_ORIGINAL,    // "-----Original Message-----", an Outlook header block
    OPENING_FORWARDED,   // "Begin forwarded message:"
} LayerOpening;
// What begins at line `i`; `*out_last` is the last line of it.
LayerOpening layer_opening(const LayerText *text, guint i, guint *out_last);
// "On ... wrote:" and its kin.
LayerOpening layer_attribution(const LayerText *text, guint i, guint *out_last);
// A block of header lines as mail programs put above what they quote; `*out_from` is the line that names the author.
bool layer_header_block(const LayerText *text, guint i, guint *out_from, guint *out_last);

// Who is named as the author of quoted or forwarded text: where the naming line begins and ends in the
// passage's text.
typedef struct {
    gsize start, end;
} LayerAuthor;
// GArray of LayerAuthor, by place.
GArray *layer_authors(const Passage *passage);

// ---- footers (layer_footer.c) ----

enum { LINE_DISCLAIMER = 1, LINE_LIST_FOOTER = 2, LINE_DEVICE = 4 };

// A byte a line: what phrases of disclaimers.txt open it.
guint8 *layer_known_lines(const DetectData *data, const LayerText *text);
// Marks the footer that opens at line `i`, where there is one. Returns the line behind it; `i` when there is none.
guint layer_footer(const DetectData *data, const LayerText *text, const guint8 *known, guint i);
// Is line `i` the rule above the footer of a list?
bool layer_is_list_rule(const LayerText *text, const guint8 *known, guint i);
// Marks paragraphs of [from, to) that are but the words of lawyers.
void layer_legal(const LayerText *text, guint from, guint to);

// ---- how the sender may sign (layer_names.c) ----

// In lower case and without accents.
typedef struct {
    const LayerWords *words;
    GPtrArray *names; // of char*: as the roster has them, and as From shows them
    GPtrArray *parts; // of char*: of the address before the at sign
} LayerNames;
void layer_names_init(LayerNames *names, const DetectData *data, const Parties *parties);
void layer_names_clear(LayerNames *names);
bool layer_names_match(const LayerNames *names, const char *word, gsize len);
// The first letters of two names: "PR" of Priya Raman.
bool layer_names_initials(const LayerNames *names, const char *word, gsize len);

// ---- lines of signatures (layer_sign_text.c, layer_sign.c) ----

#define SIGN_LINE   160 // bytes of a line looked at; longer ones are sentences
#define SIGN_TOKENS 24
#define SIGN_CLOSING_WORDS                                                                                   \
    9 // of a line that may be a closing; what the words of longer long lines are is not asked

typedef struct {
    gsize start, end;
    bool capital;
    guint is; // bits of LayerWord
} SignWord;   // letters, figures and apostrophes

typedef struct {
    char text[SIGN_LINE + 16]; // without accents, blanks single, what is neither letter nor ASCII a byte 1
    gsize len;
    SignWord words[SIGN_TOKENS];
    guint n, letters, digits, capitals;
    char first, last; // what opens and ends it; 'a' for any letter
    bool at, link, long_line, question;
} SignText;
void layer_sign_read(const LayerText *text, guint i, const LayerWords *words, SignText *sign);
const char *layer_sign_word(const SignText *sign, guint k, gsize *out_len);
// The words [from, to), blanks between them, into `out` of `size` bytes.
void layer_sign_words(const SignText *sign, guint from, guint to, char *out, gsize size);

typedef enum {
    SIGN_PROSE,    // a sentence
    SIGN_SHORT,    // a few words that may be anything
    SIGN_DETAIL,   // a title, a school, a number, an address, signs alone
    SIGN_NAMELIKE, // words that look like a name
    SIGN_NAME,     // the sender's name
    SIGN_CLOSING,  // "Thanks,"
    SIGN_SIGNED,   // "Thanks, Jane"
    SIGN_DEVICE,   // "Sent from my iPhone"
    SIGN_QUOTE,    // opens words between quotation marks
    SIGN_AUTHOR,   // "- Carl Sagan"
    SIGN_RULE,     // ______
    SIGN_DELIMITER // "-- "
} SignKind;

typedef struct {
    guint line;
    SignKind kind;
    bool gap;         // a blank line, or nothing, stands above it
    bool dashed;      // a dash or tilde opens it
    bool bare;        // no figure, no at sign, no question
    bool closes;      // a closing quotation mark stands in it
    bool ends;        // as a sentence does
    bool postscript;  // "P.S."
    gsize len, words; // of the line
} SignLine;
// What line `i` is, seen alone.
SignLine layer_sign(const LayerText *text, guint i, const LayerNames *names, bool device);

// ---- signatures (layer_signature.c) ----

// Marks the sender's own signatures within the written lines [from, to).
void layer_signature(const LayerText *text, guint from, guint to, const LayerNames *names,
                     const guint8 *known);
