// reader, inside: header fields, parameters and addresses, as the structure, the pre-scan and the sweep share
// them.
#pragma once

#include "reader/internal.h"

// ---- base64 by another rule (decode.c) -------------------------------------------------------------------

typedef enum {
    BASE64_EQUALS_JUNK = 1, // '=' is skipped, and is no padding
    BASE64_MINUS_JUNK = 2,  // '-' and '_' are skipped, and are not the URL alphabet
} Base64Rule;
// What decode_base64 does under other rules for malformed input.
DecodeVerdict decode_base64_by(const void *data, gsize len, guint rules, GByteArray *out);
// Value of a base64 letter (standard alphabet), or -1.
int decode_base64_value(unsigned char c);

// ---- fields (fields.c) -----------------------------------------------------------------------------------

// A header field in the bytes it was found in.
typedef struct {
    const char *name; // as written, without the white space before the colon
    gsize name_len;
    const char *value; // after the colon, folds kept, without the last line end
    gsize value_len;
} Field;

typedef struct {
    GArray *fields; // of Field
    gsize body;     // offset of what follows the first empty line; len when there is none
    gsize stray;    // offset of the first line that is no field; == body when there is none
    bool closed;    // by an empty line
} FieldBlock;

// Splits the header block at `raw`, at most `max` fields. Always succeeds.
void fields_split(const char *raw, gsize len, guint max, FieldBlock *out);
void fields_clear(FieldBlock *block);
// Length of the first line with its line feed (the rest when there is none).
gsize fields_line(const char *raw, gsize len);
// Offset of the colon when the line is a field, else -1. Names may end in white space.
gssize fields_colon(const char *line, gsize len);
// True when `field` is called `name` (case-insensitive).
bool fields_is(const Field *field, const char *name);
// True when no client shows the field and only machines write it (Received, DKIM-Signature, ...).
bool fields_technical(const char *name);
// Unfolded: line ends and the white space around them to one space; trimmed. Caller frees; may hold NUL.
char *fields_unfold(const char *raw, gsize len, gsize *out_len);

// ---- parameters (params.c) -------------------------------------------------------------------------------

typedef enum {
    PARAMS_COMMENT = 1,       // a comment between the tokens
    PARAMS_JUNK = 2,          // text that is no parameter
    PARAMS_SPACE = 4,         // white space around '='
    PARAMS_UNTERMINATED = 8,  // a quote that does not end
    PARAMS_ESCAPE = 16,       // a backslash in a quoted value
    PARAMS_CONTROL = 32,      // control characters
    PARAMS_ENCODED_WORD = 64, // an encoded-word in the type
    PARAMS_TYPE = 128,        // no type/subtype at the start
} ParamsOdd;

typedef struct {
    char *key;     // lower case, without '*'
    int section;   // of a continued parameter, -1 = not continued
    bool extended; // key ends in '*': charset'language'%HH
    bool quoted;
    char *value; // bytes, unquoted
    gsize len;
    gsize rest; // where the value begins in the raw field
} Param;

typedef struct {
    char *type;        // what stands before the first ';', lower case, comments and white space taken out
    GPtrArray *params; // of Param, in order
    guint odd;         // ParamsOdd
    char *raw;         // the field
    gsize len;
} Params;

Params *params_parse(const char *raw, gsize len, guint max);
void params_free(Params *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Params, params_free)
// Every decoded spelling of parameter `key` (GPtrArray of char*, UTF-8, no two equal, empty ones left out):
// extended first, then plain ones in order, continuations joined by number and by order.
GPtrArray *params_spellings(const Params *params, const char *key);
// First spelling, or NULL. Caller frees.
char *params_get(const Params *params, const char *key);
// True when `key` is given more than once with values that differ.
bool params_differ(const Params *params, const char *key);

// ---- addresses (address.c) -------------------------------------------------------------------------------

typedef struct {
    char *name;    // display name, comments and group name, decoded; NULL
    char *address; // as written, without angle brackets; "" when there is none
} Mailbox;
// Mailboxes of a raw address field, at most `max`; false when there were more. GPtrArray of Mailbox.
bool address_parse(const char *raw, gsize len, guint max, GPtrArray *out);
GPtrArray *address_list_new(void);

// ---- header passages (heads.c) ---------------------------------------------------------------------------

// Passages and addresses of one field of part `part`. `instance` counts the fields of that name in its block.
void heads_read(ReaderState *state, guint part, const Field *field, guint instance);
// Fills name, charset, disposition of `part` from the raw Content-Type and Content-Disposition (either may be
// NULL) and adds all file names as passages.
void heads_read_names(ReaderState *state, guint part, const Field *type, const Field *disposition);

// ---- lines that were read (sweep.c) ----------------------------------------------------------------------

// Notes the lines of `data`, so that the sweep of an unambiguous message need not repeat them.
void sweep_note(ReaderState *state, const void *data, gsize len);
// Notes base64 data as a whole.
void sweep_note_base64(ReaderState *state, const void *data, gsize len);
// Notes the lines of a header field.
void sweep_note_field(ReaderState *state, const Field *field);
