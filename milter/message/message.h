// message: the types that rooms hand to each other. An Envelope is what the MTA said, a Message is what the
// reader made of the bytes. Both are plain data: filled by one thread, then only read. Strings are valid
// UTF-8 unless a comment says bytes. A Message owns all it points to.
#pragma once

#include "base/base.h"
#include "message/facts.h"

#include <jansson.h>

// ---- envelope --------------------------------------------------------------------------------------------

typedef struct {
    char *address; // without angle brackets, as given
    char *raw;     // the exact RCPT argument, for smfi_delrcpt
    char *args;    // ESMTP arguments, space separated; may be NULL
} EnvelopeRcpt;

typedef struct {
    char *queue_id; // each may be NULL when not known
    char *client_addr, *client_name, *helo, *daemon_name;
    char *tls_version, *tls_cipher, *cert_subject;
    char *auth_login, *auth_type; // SASL login: the only trustworthy identity of a sender
    char *mail_from;              // without angle brackets; "" = null sender
    char *mail_args;
    GPtrArray *rcpts; // of EnvelopeRcpt, in order, duplicates kept
    bool non_smtp;    // from sendmail(1) through pickup
    int64_t received_us;
} Envelope;

Envelope *envelope_new(void);
void envelope_free(Envelope *envelope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Envelope, envelope_free)
// Adds a recipient; `raw` as the MTA gave it, with or without angle brackets; `args` may be NULL.
void envelope_add_rcpt(Envelope *envelope, const char *raw, const char *args);
// `raw` without its angle brackets; caller frees.
char *envelope_bare_address(const char *raw);
// New reference; keys as in the struct, unknown values left out, "rcpts" a list of {address, args}.
json_t *envelope_to_json(const Envelope *envelope);
// The reverse, for records read back. NULL with `error` set when it is not an envelope.
Envelope *envelope_from_json(const json_t *json, GError **error);

// ---- message ---------------------------------------------------------------------------------------------

// Where a passage's text stands in its part.
typedef enum {
    ORIGIN_TEXT,        // text/plain and what is shown as such
    ORIGIN_HTML,        // HTML as a client shows it
    ORIGIN_HTML_SOURCE, // HTML with the tags taken off and nothing else understood; comments; scripts; style
                        // content
    ORIGIN_LINK,        // a link target (href, src, action): one passage a link
    ORIGIN_ATTRIBUTE,   // alt, title, placeholder, value
    ORIGIN_HEADER, // a header that clients show, decoded; `header` names it. Of From, Reply-To and the like: one
                   // address
    ORIGIN_NAME,     // display name of an address header; `header` names it
    ORIGIN_FILENAME, // of a part
    ORIGIN_CALENDAR, // iCalendar property values
    ORIGIN_VCARD,    // vCard property values; `header` = property name
    ORIGIN_TABLE,    // CSV, TSV
    ORIGIN_DATA,     // JSON, XML, other text types
    ORIGIN_PROLOGUE, // text before the first or after the last boundary
    ORIGIN_SWEEP,    // the structure-blind sweep over the raw bytes
    ORIGIN_DOCUMENT, // text of a document: pages, sheets, slides, notes, comments, form fields
    ORIGIN_METADATA, // what a file says about itself: title, author, EXIF and picture comments
    ORIGIN_CODE,     // content of a QR or bar code
    ORIGIN_OCR,      // text recognised in a picture
    ORIGIN_MARKUP,   // HTML itself, in UTF-8: only for who asked for it (readers_read_keeping)
    ORIGIN_LAST
} PassageOrigin;
const char *passage_origin_name(PassageOrigin origin);
// Running text that a person wrote for readers: bodies, pages of documents, what is recognised in pictures.
bool passage_origin_is_prose(PassageOrigin origin);

typedef enum { VISIBILITY_SHOWN, VISIBILITY_HIDDEN /* no client shows it */, VISIBILITY_SOURCE } Visibility;

// Who wrote a stretch of text. The reader marks what HTML structure tells; detect finds the rest.
typedef enum {
    LAYER_WRITTEN,
    LAYER_SIGNATURE,
    LAYER_QUOTED,
    LAYER_FORWARDED,
    LAYER_FOOTER,
    LAYER_LAST
} Layer;
const char *layer_name(Layer layer);

typedef struct {
    gsize start, end; // bytes of the passage's text
    Layer layer;
} LayerMark;

// The bytes text[text..] come from the decoded part's bytes source[source..], up to the next entry.
typedef struct {
    guint32 text, source;
} PassageMap;

typedef struct {
    guint part; // index in Message.parts; 0 = the message itself
    PassageOrigin origin;
    Visibility visibility;
    char *header; // see ORIGIN_*; else NULL
    char *
        place; // where in its part, for a person: "page 3", "sheet Budget", "slide 2"; NULL = nowhere special
    char *text; // valid UTF-8, may hold NUL only as U+FFFD; `len` bytes and a NUL after them
    gsize len;
    GArray *marks; // of LayerMark, ordered, not overlapping; NULL = no hints
    GArray *map;   // of PassageMap, ordered; NULL = no linear source
    char *reading; // which reading of an ambiguity this is ("charset=utf-16le", "header 2 of 2"); NULL = the
                   // plain one
} Passage;

typedef enum {
    PART_READ,
    PART_UNREAD, // not a format that is read
    PART_FAILED, // could not be read
    PART_CONTAINER,
    PART_WAITING, // an attachment whose bytes lie in the reading's blob, not read yet
    PART_SKIPPED, // an attachment that no rule in force could use for these parties
} PartState;

typedef struct {
    int parent; // index; -1 for part 0, the top message
    guint depth;
    char *path;     // "1.2.1" as IMAP numbers parts; "" for part 0
    char *type;     // declared, lower case "text/html"; "" when there is none
    char *sniffed;  // by content; equal to `type` where they agree
    char *name;     // file name, decoded; NULL when none. The other spellings are passages of ORIGIN_FILENAME
    char *charset;  // declared; NULL when none
    char *encoding; // Content-Transfer-Encoding as declared; NULL when none
    char *content_id;
    bool attachment; // disposition attachment, or a type that clients show as a file
    PartState state;
    gsize size;   // decoded bytes
    char *sha256; // hex, over the decoded bytes; NULL for containers
    gint64
        blob; // where its `size` bytes begin in the reading's blob, as they do of PART_WAITING; -1 = they are not in it
    guint
        pictures; // pictures and pages without text, in this part itself, that may hold text and were not OCRed
} Part;

typedef struct {
    char *header;   // "From", "Sender", "Reply-To", "To", "Cc", "Resent-From", ...
    guint part;     // 0 = top message; others are of nested messages
    guint instance; // counts from 0 among the headers of that name
    char *name;     // display name or comment, decoded; NULL when none
    char *address;  // as written, without angle brackets; may be malformed
} MessageAddress;

typedef struct {
    char *name;
    char *value; // unfolded, decoded
} MessageHeader;

typedef struct {
    const char *name; // from the table in facts.h
    int part;         // -1 = the message
    char *detail;     // what exactly, for a person; may be NULL
} Fact;

typedef struct {
    char *message_id, *date, *subject; // first instances, decoded; NULL when none
    GPtrArray *headers;                // of MessageHeader: top message, in order, all instances
    GPtrArray *parts;                  // of Part; [0] is the message
    GPtrArray *passages;               // of Passage
    GPtrArray *addresses;              // of MessageAddress
    GPtrArray *facts;                  // of Fact
} Message;

Message *message_new(void); // with part 0 and nothing else
void message_free(Message *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, message_free)
Part *message_add_part(Message *message, int parent, const char *path, const char *type);
// Takes a copy of `len` bytes of valid UTF-8. The passage returned is owned by the message; fill in the rest.
Passage *message_add_passage(Message *message, guint part, PassageOrigin origin, Visibility visibility,
                             const char *text, gsize len);
// `name` must be one of facts.h; the same (name, part) is kept once. `detail` is copied, may be NULL.
void message_add_fact(Message *message, const char *name, int part, const char *detail);
bool message_has_fact(const Message *message, const char *name);
// Drops the facts named `name` of `part` (-1 = the message).
void message_drop_fact(Message *message, const char *name, int part);
// Puts `piece`, the reading of one attachment (its part 0 is that attachment), in the place of the waiting part `part`:
// state, sniffed type and pictures of its part 0 become the part's, its other parts are appended below it (paths with the
// part's own in front), passages, addresses and facts follow. Name, type and sizes of the part stay. What would go over
// `max_parts`, `max_passages` or `max_bytes` (of all passages) is left out and stated as the fact "incomplete".
// `piece` is only read.
void message_graft(Message *message, guint part, const Message *piece, guint max_parts, guint max_passages,
                   gsize max_bytes);
void message_add_address(Message *message, const char *header, guint part, guint instance, const char *name,
                         const char *address);
void message_add_header(Message *message, const char *name, const char *value);
// First value of top-level header `name` (case-insensitive), borrowed; NULL when there is none.
const char *message_header(const Message *message, const char *name);
// "body", "html", "subject", "header", "attachment:NAME", "attachment:OUTER!INNER", "attachment:NAME, page 3", ... for
// people and for `where` in scan's output; layers override it in detect. Caller frees.
char *message_where(const Message *message, const Passage *passage);

// The wire form between the reader's worker and its parent: a serialized GVariant. The worker is not trusted:
// message_from_bytes checks every index, count, enum and UTF-8 and returns NULL with `error` set at the first
// lie.
GBytes *message_to_bytes(const Message *message);
Message *message_from_bytes(GBytes *bytes, GError **error);
