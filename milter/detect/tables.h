// The tables detection stands on, parsed and indexed. Private to detect.
//
// All tables share one form: lines of UTF-8; `#` at the start of a line is a comment; `[name]` opens a
// section; every other line is fields separated by `|`, blanks around them taken off (`\|` is a bar).
// Sections may be opened again.
#pragma once

#include "detect/disclaimer.h"
#include "detect/internal.h"
#include "detect/layer_words.h"
#include "detect/phrases.h"
#include "detect/spots.h"

typedef struct {
    const char *section; // "" before the first one
    char **fields;       // at least one, NULL at the end; absent trailing fields are absent
    guint n_fields;
    guint line;
} TableLine;

// Lines of table `name` ("phrases.txt") in order, of TableLine; never NULL for a table of detect.h.
const GPtrArray *tables_lines(const DetectData *data, const char *name);
// Sets `error` to "NAME:LINE: WHAT" and returns false: for checks of a table by the file that uses it.
bool tables_wrong(GError **error, const char *name, guint line, const char *format, ...) G_GNUC_PRINTF(4, 5);

// The phrase book made of table `name` when it was read ("phrases.txt", "disclaimers.txt"; phrases_new over
// its lines).
const PhraseBook *tables_book(const DetectData *data, const char *name);
const PhraseWords *tables_words(const DetectData *data);
const LayerWords *tables_sign_words(const DetectData *data);
// The district's own disclaimers (disclaimers-local.txt); NULL when it has no such table.
const DisclaimerBook *tables_disclaimers(const DetectData *data);
// The classes of words by which spots are told (spots.h).
const SpotTable *tables_spots(const DetectData *data);

// Where an area code lies ("MA", "ON", "toll-free"); "" when unknown.
const char *tables_npa_place(const DetectData *data, int npa);
// Name of the service behind canonical phone value `value` ("988", "+18002221222"); NULL when it is no listed
// hotline.
const char *tables_hotline(const DetectData *data, const char *value);
// Are `n` digits (after the +) a country's calling code and as many more as that country has? Its name, or
// NULL.
const char *tables_country(const DetectData *data, const char *digits, gsize n);

// Is `domain` (lower case ASCII) a consumer mail service of the shipped list?
bool tables_is_webmail(const DetectData *data, const char *domain);
// Domain of the mail service people call `word` ("gmail" -> "gmail.com"); NULL when there is none.
const char *tables_mail_provider(const DetectData *data, const char *word, gsize len);
// Carrier of a mail-to-SMS gateway; NULL when `domain` is none.
const char *tables_sms_gateway(const DetectData *data, const char *domain);

// How a word names a platform.
typedef enum {
    NAMED_NO,
    NAMED_CLEARLY, // "snapchat", "insta"
    NAMED_LOOSELY, // "snap", "ig": also something else; wants a mark or an @ behind it
    NAMED_COMMON,  // "line", "signal": a word of the language first; wants more than that
} PlatformNamed;
// Platform that `word` (lower case, may hold one blank) names.
PlatformNamed tables_platform(const DetectData *data, const char *word, gsize len, const char **out_platform);

typedef enum { HOST_HANDLE, HOST_INVITE, HOST_PHONE, HOST_PAYMENT } HostKind;
typedef struct {
    HostKind kind;
    char *platform; // "instagram", "whatsapp", "venmo"
    char **steps; // path template in segments: literal, "{}" (the name), "*" (anything); a last "?key={}" is
                  // a query
    guint n_steps;
} HostRule;
// Rules of `host` (exact, without "www." or "m."); NULL when the table has none. First that fits wins.
const GPtrArray *tables_host(const DetectData *data, const char *host); // of HostRule
// Is path segment `segment` of `platform` one that is nobody's name ("explore", "p", "help")?
bool tables_reserved(const DetectData *data, const char *platform, const char *segment);
// Is `word` (lower case) one of the language that often stands beside a platform's name, and so nobody's name there?
bool tables_plain_word(const DetectData *data, const char *word);
// Is `host` (or a parent of it) a tool the school may use with students? `path` may be NULL.
const char *tables_approved(const DetectData *data, const char *host, const char *path);
// Is `host` (or a parent of it) a service whose links hide where they lead?
bool tables_is_shortener(const DetectData *data, const char *host);
// Is the last label of `host` a top-level domain that exists, or one of those reserved for examples?
bool tables_known_tld(const DetectData *data, const char *host);
// ASCII letters that `text` (UTF-8, n bytes) is drawn like, each letter replaced by the Latin one it is
// confusable with; NULL when some character resembles none. Caller frees.
char *tables_latin_lookalike(const DetectData *data, const char *text, gsize n);
