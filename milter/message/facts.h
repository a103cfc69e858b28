// The facts a reader can state about a message, and that rules can name (hostile-mail.md sections 2.3, 4 and
// 6). One table: `X(name, class, meaning)`. The classes are what conf/policies/standard.conf acts on:
//   UNREADABLE  a part or the message could not be read: never a pass
//   AMBIGUOUS   clients may see different things: held for students
//   ODD         recorded, and a reason to look closer
#pragma once

#include <stdbool.h>

typedef enum { FACT_UNREADABLE, FACT_AMBIGUOUS, FACT_ODD } FactClass;

// clang-format off
#define MESSAGE_FACTS(X) \
    /* limits */ \
    X("too-large",            UNREADABLE, "the message is larger than is inspected") \
    X("too-many-headers",     UNREADABLE, "more header fields, or larger ones, than are read") \
    X("too-many-parts",       UNREADABLE, "more parts than are read") \
    X("too-deep",             UNREADABLE, "parts nested deeper than is read") \
    X("too-many-params",      UNREADABLE, "a field with more parameters than are read") \
    X("address-groups",       UNREADABLE, "an address field with more colons than any mail needs") \
    X("incomplete",           UNREADABLE, "text cut at a limit") \
    /* the reader */ \
    X("reader-crashed",       UNREADABLE, "the reader ended while reading this message") \
    X("reader-timeout",       UNREADABLE, "the reader did not end in time") \
    X("reader-refused",       UNREADABLE, "the reader's answer was not well-formed") \
    X("no-structure",         UNREADABLE, "the message could not be parsed; only its raw text was read") \
    /* parts */ \
    X("encrypted",            UNREADABLE, "an encrypted part") \
    X("unread",               UNREADABLE, "a part whose format is not read") \
    X("damaged",              UNREADABLE, "a part that could not be decoded") \
    X("unknown-charset",      UNREADABLE, "text in a character set that is not known, and not readable otherwise") \
    X("partial",              UNREADABLE, "message/partial: one piece of a message sent in pieces") \
    X("opaque-signed",        UNREADABLE, "opaque signed content that could not be unwrapped") \
    X("attachment-crashed",   UNREADABLE, "the reader ended while reading an attachment") \
    X("attachment-timeout",   UNREADABLE, "an attachment that could not be read in time") \
    X("attachment-too-big",   UNREADABLE, "an attachment larger than is read") \
    X("archive-limit",        UNREADABLE, "an archive with more entries, bytes or nesting than is read") \
    X("archive-mismatch",     UNREADABLE, "an archive whose directory and entries disagree") \
    X("no-text",              UNREADABLE, "a document without any text that could be read") \
    X("picture-unread",       UNREADABLE, "a picture that may hold text and could not be read") \
    X("pending",              UNREADABLE, "not read in the time of the mail path; read behind it") \
    /* ambiguities */ \
    X("dup-content-type",     AMBIGUOUS,  "several Content-Type fields") \
    X("dup-content-encoding", AMBIGUOUS,  "several Content-Transfer-Encoding fields") \
    X("dup-singleton",        AMBIGUOUS,  "several From, Subject or other fields that may stand once") \
    X("multiple-from",        AMBIGUOUS,  "several authors in From") \
    X("dup-param",            AMBIGUOUS,  "a parameter given more than once") \
    X("odd-encoding",         AMBIGUOUS,  "a malformed or unknown Content-Transfer-Encoding") \
    X("encoding-on-multipart", AMBIGUOUS, "an encoding on a multipart") \
    X("odd-content-type",     AMBIGUOUS,  "a malformed Content-Type") \
    X("boundary",             AMBIGUOUS,  "a multipart without boundary, or one that is malformed, unused or encoded") \
    X("nested-boundary",      AMBIGUOUS,  "nested multiparts that share a boundary") \
    X("truncated",            ODD,        "a multipart without its end") \
    X("header-in-body",       AMBIGUOUS,  "a header block not ended by an empty line") \
    X("odd-header-name",      AMBIGUOUS,  "a malformed header field name") \
    X("nul",                  AMBIGUOUS,  "NUL bytes in a header or in text") \
    X("bare-cr",              AMBIGUOUS,  "CR without LF, or CR CR LF") \
    X("encoded-parameter",    AMBIGUOUS,  "an encoded-word where none is allowed, in a structured field") \
    X("conflicting-name",     AMBIGUOUS,  "file names that differ between their spellings") \
    X("hidden-structure",     AMBIGUOUS,  "content that only the raw sweep sees") \
    X("parser-warning",       AMBIGUOUS,  "the MIME parser found the structure critically broken") \
    X("overlong-utf8",        AMBIGUOUS,  "overlong UTF-8") \
    X("utf-7",                AMBIGUOUS,  "UTF-7 text") \
    /* oddities */ \
    X("base64-junk",          ODD, "base64 with padding in the middle, junk or the URL alphabet") \
    X("qp-junk",              ODD, "malformed quoted-printable") \
    X("uuencode",             ODD, "uuencoded text in the body") \
    X("yenc",                 ODD, "yEnc text in the body") \
    X("binhex",               ODD, "BinHex text in the body") \
    X("wrong-charset",        ODD, "text that is not in the character set it claims") \
    X("wrong-type",           ODD, "a part whose content is not what its label says") \
    X("prologue-text",        ODD, "text outside the parts of a multipart") \
    X("external-body",        ODD, "message/external-body: content that lies elsewhere") \
    X("hidden-text",          ODD, "HTML text that no client shows") \
    X("script",               ODD, "script in HTML") \
    X("invisible-characters", ODD, "zero-width or bidi control characters inside words") \
    X("shortened-link",       ODD, "a link through a service that hides where it leads") \
    X("html-depth",           ODD, "HTML nested deeper than any mail needs") \
    X("signed",               ODD, "clear-signed; the signature is untouched") \
    X("no-message-id",        ODD, "no Message-ID") \
    X("image",                ODD, "a picture") \
    X("media",                ODD, "audio or video") \
    X("not-needed",           ODD, "an attachment that no rule in force could use for these parties") \
    X("code",                 ODD, "a QR or bar code in a picture") \
    X("ocr",                  ODD, "text recognised in a picture") \
    X("gps",                  ODD, "a picture that tells where it was taken") \
    X("macros",               ODD, "a document with macros") \
    X("embedded-file",        ODD, "a document with a file inside")
// clang-format on

// The table's own pointer for `name` (facts compare by it), its class and meaning; NULL when `name` is not in
// the table.
const char *message_fact_lookup(const char *name, FactClass *out_class, const char **out_meaning);
// Calls `func` for each fact.
void message_each_fact(void (*func)(const char *name, FactClass cls, const char *meaning, void *data),
                       void *data);
