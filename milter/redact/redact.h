// redact: messages without the words that the receiver may not have. What goes out is never the message made poorer but a
// rendition made anew of text alone: numbered lines of text, and a PDF drawn from the very same lines. The original is not touched.
// The way: redact_read -> rendition_new -> redact_propose (the machine) and redactions_add, redactions_everywhere (the officer)
// -> redact_render, which reads back what it made and refuses it where a redacted string is still there.
// Thread rule: every function may be called from any thread; a Rendition is only read after rendition_new.
#pragma once

#include "base/config.h"
#include "detect/detect.h"
#include "message/message.h"
#include "reader/reader.h"
#include "roster/roster.h"

#include <jansson.h>

// ---- rendition: the message as lines of text ---------------------------------------------------------------

typedef struct {
    char *label; // "Header", "Text", "HTML", "Attachment 2", "Attachment 2, page 3": no word of the message
    char *text;  // valid UTF-8, LF, ends with LF; no control characters but LF
    gsize len;
    char *sha256; // of the text
    guint lines;
    guint first_line;    // its number in the rendition
    GArray *line_starts; // of gsize
    GArray *
        passages; // of guint: the passages of the message that it was made of, in order; empty for the header
    GArray *starts; // of gsize: where in the text each begins
} RenditionSection;

typedef struct {
    GPtrArray *sections; // of RenditionSection
    GPtrArray
        *notes; // of char*: what is not in it and why ("Attachment 2: encrypted"): no word of the message
    char *salt; // of the record, hex; NULL = none
} Rendition;

// Reads a record for its rendition: all attachments, pictures too where archive.index_ocr is set; of a journal report the message
// that it reports. `meta` may be NULL. NULL with `error`: DATA, a report whose message cannot be taken out; TEMPFAIL, OS as
// readers_read. Message goes to the caller.
Message *redact_read(const Config *config, Readers *readers, const json_t *meta, GBytes *raw, GError **error);

// What people read of the message: a header (From, Sender, Reply-To, To, Cc, Date, Subject, names of attachments; never Bcc or the
// envelope), each text, alternatives too, what is in attachments by pages, headers of messages in it. What no client shows, file
// properties and what could not be read is not there, and noted. The same message gives the same rendition, byte for byte. `meta`:
// of the record, for its salt; may be NULL.
Rendition *rendition_new(const Message *message, const json_t *meta);
void rendition_free(Rendition *rendition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rendition, rendition_free)
// All of it, lines numbered from 1 through all sections. Caller frees.
char *rendition_text(const Rendition *rendition);
// The number of the line that byte `at` of section `section` is in.
guint rendition_line(const Rendition *rendition, guint section, gsize at);

// ---- redactions ----------------------------------------------------------------------------------------------

typedef struct {
    guint section;  // index in Rendition.sections
    gsize from, to; // bytes of its text, whole characters
    char *kind;     // "student-name", "guardian-name", "student-address", a Kind's name ("phone"), "words"
    char *why;      // for the officer; may name persons: not for the receiver
    char *code;     // of the exemption; NULL = only proposed
    char *reviewer; // who applied it; NULL = only proposed
    int64_t time_us;
    bool keep_others; // the officer has seen that the same string stands elsewhere and leaves it there
} Redaction;
void redaction_free(Redaction *redaction);

// The list as it is kept and handed on: an array of {"section", "sha256" (of the section's text), "from", "to", "kind", "why",
// "code", "reviewer", "time" (RFC 3339), "keep_others"}, and where `text` is set "line" and "text", the redacted words, for a person
// to look at. New reference.
json_t *redactions_to_json(const Rendition *rendition, const GPtrArray *redactions, bool text);
// The reverse, sorted and checked against the rendition: of Redaction; caller unrefs. NULL with `error` (DATA), naming the
// element: no such section, a range that is none, a section whose text is another now ("sha256", "text").
GPtrArray *redactions_from_json(const Rendition *rendition, const json_t *json, GError **error);

// What the machine would redact, without codes: names, addresses and numbers of students and guardians by the roster; personal
// contact details and student records that detection found, other than the schools' own and published ones; each wherever in the
// rendition it stands. `message` is the one the rendition was made of. GPtrArray of Redaction, by place; NULL with `error` when the
// roster could not tell.
GPtrArray *redact_propose(const Config *config, const DetectData *tables, RosterSession *roster,
                          const Envelope *envelope, const Message *message, const Rendition *rendition,
                          GError **error);

// Adds a redaction of "words" wherever `words` stand (case, spaces, hyphens and line ends do not count), where nothing is yet.
// Returns how many were added.
guint redactions_add_words(const Rendition *rendition, GPtrArray *redactions, const char *words);
// Adds a redaction of "lines": those of these numbers (of rendition_text), from the first to the last. False with `error` (USAGE): they are not
// in one section.
bool redactions_add_lines(const Rendition *rendition, GPtrArray *redactions, guint first, guint last,
                          GError **error);
// Adds to each redaction the other places where the same string stands, with the same kind, code, reviewer and time; not of those with
// keep_others. Returns how many were added.
guint redactions_everywhere(const Rendition *rendition, GPtrArray *redactions);
// Sets code, reviewer and time of the redactions of `kind` (NULL = all) that have no code. Returns how many.
guint redactions_apply(GPtrArray *redactions, const char *kind, const char *code, const char *reviewer,
                       int64_t time_us);

// ---- rendering -----------------------------------------------------------------------------------------------

typedef struct {
    const char *bates; // number on every page and the title of the PDF; NULL = none
    int64_t time_us;   // the PDF's date: the same input makes the same bytes
} RedactStyle;

typedef struct {
    char *text;  // UTF-8
    GBytes *pdf; // PDF 1.5, text with a fixed mark "[REDACTED code]" in a black box for each redaction
    guint pages;
    // For the receiver: {"before", "text_sha256", "pdf_sha256", "pages", "redactions": [{"number", "section" (label), "line" (of the
    // rendition rendered), "kind", "code", "reviewer", "time"}]}. before = SHA-256(salt || the whole rendition's text), hex, salt of the record: who
    // has the record can check it, who has not cannot try words against it; left out without a salt.
    json_t *log;
    GPtrArray *warnings; // of char*: what the officer has to look at
} RedactResult;
void redact_result_free(RedactResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RedactResult, redact_result_free)

// Renders, and reads back what it made, the PDF with the reader. `redactions`: array as above, each with code, reviewer and time. NULL
// with `error`: USAGE, one has no code, or there is none; DATA, the list does not fit the rendition, or a redacted string still stands
// somewhere (the places are named, not the string); TEMPFAIL, OS: it could not be read back.
RedactResult *redact_render(const Config *config, Readers *readers, const Rendition *rendition,
                            const json_t *redactions, const RedactStyle *style, GError **error);
