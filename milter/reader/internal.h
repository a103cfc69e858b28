// reader, inside: what the worker's files share. Nobody outside the room includes this.
#pragma once

#include "reader/reader.h"

// The message being built and what has been spent on it. One thread.
typedef struct {
    Message *message;
    const ConfigLimits *limits;
    gsize decoded;  // bytes decoded so far
    guint depth;    // of nested messages and encoded-in-encoded content
    guint passages; // added so far
    gsize passage_bytes;
    guint part;       // that is being read as a message; 0 = the message itself
    GHashTable *seen; // hashes of lines the structured walk has read, for the sweep to leave out; NULL = none
    GByteArray *blob; // of the waiting parts; NULL = none wait
    bool keep;        // other attachments' bytes too, and HTML itself
    // Of an attachment's reading; NULL while a message's structure is read.
    struct Attachment *attachment;
} ReaderState;

// Adds text to the message within the limits (passages, passage_bytes); what is over them is cut at a
// character and stated as the fact "incomplete". NULL when nothing was added (empty or white space only, or
// no passages left).
Passage *reader_add_text(ReaderState *state, guint part, PassageOrigin origin, Visibility visibility,
                         const char *utf8, gsize len);

// ---- decoders (decode.c): content decoding that is never fussier than a mail client ----------------------

typedef enum { DECODE_CLEAN, DECODE_JUNK /* readable, but malformed */ } DecodeVerdict;
// Each appends to `out` and returns what it met. base64 restarts after padding, skips junk, takes the URL
// alphabet.
DecodeVerdict decode_base64(const void *data, gsize len, GByteArray *out);
DecodeVerdict decode_quoted_printable(const void *data, gsize len, bool header, GByteArray *out);
DecodeVerdict decode_uu(const void *data, gsize len, GByteArray *out, char **out_name);
DecodeVerdict decode_yenc(const void *data, gsize len, GByteArray *out);
DecodeVerdict decode_binhex(const void *data, gsize len, GByteArray *out);

// ---- character sets (charset.c) --------------------------------------------------------------------------

typedef struct {
    char *text; // valid UTF-8
    gsize len;
    char *reading; // NULL for the declared, clean one; else "charset=windows-1252", ...
    GArray *map;   // of PassageMap, text to the bytes read; NULL when there is none
} CharsetReading;
void charset_reading_free(CharsetReading *reading);
// Every plausible reading of `data`: the declared charset when it decodes, then BOM, UTF-8, UTF-16 by NUL
// pattern, UTF-7, windows-1252, ... At least one. `*out_fact` gets a fact name ("wrong-charset",
// "unknown-charset", "overlong-utf8", "nul", "utf-7") or NULL. GPtrArray of CharsetReading.
GPtrArray *charset_readings(const void *data, gsize len, const char *declared, const char **out_fact);
// Adds `reading` as a passage, with its map and its name; otherwise as reader_add_text. parse.c
Passage *reader_add_reading(ReaderState *state, guint part, PassageOrigin origin, Visibility visibility,
                            const CharsetReading *reading);
// One best reading, for headers. Caller frees.
char *charset_best(const void *data, gsize len, const char *declared, gsize *out_len);

// ---- headers (header.c) ----------------------------------------------------------------------------------

// Decodes RFC 2047 words (also without separating space, bad charsets, split multi-byte characters, padded
// base64 words, raw 8 bit). `raw` may hold NUL and folds. Caller frees; valid UTF-8.
char *header_decode(const void *raw, gsize len);

// ---- text formats: each turns decoded text (valid UTF-8) into passages of part `part` --------------------

void html_read(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading); // html.c
void calendar_read(ReaderState *state, guint part, const char *utf8, gsize len,
                   const char *reading); // calendar.c
void vcard_read(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading); // vcard.c
void table_read(ReaderState *state, guint part, const char *utf8, gsize len,
                const char *reading); // table.c: CSV, TSV
void data_read(ReaderState *state, guint part, const char *utf8, gsize len,
               const char *reading); // data.c: JSON, XML, RTF-as-text,
                                     // text/enriched, source code, other text

// ---- recognising content (sniff.c) -----------------------------------------------------------------------

typedef enum {
    SNIFF_TEXT,     // text/plain or a text format: `type` says which reader ("text/html", "text/calendar",
                    // "text/vcard", "text/csv", "application/json", "application/rtf", ...)
    SNIFF_MESSAGE,  // an e-mail message: "message/rfc822"
    SNIFF_DOCUMENT, // not text, could hold text: PDF, office file, archive, TNEF, p7m, ...
    SNIFF_IMAGE,
    SNIFF_MEDIA,     // audio, video
    SNIFF_SIGNATURE, // detached signature or certificate: nothing to read
    SNIFF_ENCRYPTED, // recognised as encrypted (OpenPGP, CMS enveloped, encrypted PDF, zip or office file)
    SNIFF_DAMAGED,   // claims a format it breaks at once (truncated zip or PDF header)
} SniffClass;
// What `data` really is; `declared` (lower case) and `name` (may be NULL) only settle what content leaves
// open.
// `*out_type` is a static string.
SniffClass sniff_content(const void *data, gsize len, const char *declared, const char *name,
                         const char **out_type);

// Reads content of any kind into part `part`, by sniff_content: text formats to passages, messages through
// structure_read, everything else to facts and the part's state. The one door for decoded bytes (leaf parts,
// data: URIs, uuencoded files, unwrapped opaque signatures). content.c
void content_read(ReaderState *state, guint part, const void *data, gsize len, const char *charset);
// Puts an attachment's decoded bytes into the blob, where they are to be kept and are not there.
void content_keep(ReaderState *state, guint part, const void *data, gsize len);
// Parses `data` as a message nested in part `part` (structure.c). The depth limit holds.
void structure_read(ReaderState *state, guint part, const void *data, gsize len);

// ---- before and beside the structure ---------------------------------------------------------------------

// Linear pass over the raw bytes: caps and lint facts (prescan.c). False = over a cap: GMime must not see the
// message.
bool prescan_message(ReaderState *state, const void *raw, gsize len);
// The structure-blind sweep (hostile-mail.md 5a): passages of ORIGIN_SWEEP. sweep.c
void sweep_message(ReaderState *state, const void *raw, gsize len);
