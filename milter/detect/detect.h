// detect: passages -> findings. Knows no files and no clock: its tables come in as bytes, the roster as a
// session. Pipeline: layer -> normalise -> one candidate pass -> validate -> attribute -> score.
#pragma once

#include "base/config.h"
#include "message/message.h"
#include "roster/roster.h"

// The tables that make detection current without a rebuild, each a text file under policy.lists_dir (formats
// are in the files' own comments): area-codes.txt, country-codes.txt, platforms.txt, webmail.txt,
// hotlines.txt, approved-tools.txt, phrases.txt, labels.txt, lexicon.txt, disclaimers.txt, signatures.txt,
// weights.txt, and disclaimers-local.txt, which need not be there (`read` then fails with BASE_ERROR_NOINPUT).
// Immutable and reference-counted; any thread.
typedef struct DetectData DetectData;
// `read` returns the bytes of a named table (caller of `read` unrefs), or NULL with `error`. NULL with
// `error` naming file and line when a table is wrong.
typedef GBytes *(*DetectReadTable)(const char *name, void *data, GError **error);
DetectData *detect_data_new(DetectReadTable read, void *data, GError **error);
DetectData *detect_data_ref(DetectData *data);
void detect_data_unref(DetectData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DetectData, detect_data_unref)

typedef struct {
    Kind kind;
    char *value;   // canonical, see roster.h
    char *text;    // as written, at most 200 bytes
    guint passage; // index in Message.passages
    guint part;
    char *where;      // "body", "subject", "signature", "quoted", "forwarded", "header", "html",
                      // "attachment:NAME", ...
    gsize start, end; // bytes in the passage's text
    Layer layer;
    Visibility visibility;
    Owner owner;
    char *owner_person;     // roster id; NULL
    double confidence;      // 0..1 that it is this kind of detail and is `owner`'s
    GPtrArray *obfuscation; // of char*: "spelled", "leet", "fullwidth", "zero-width", "homoglyph",
                            // "separators", "split", "at-dot", "no-domain", "hidden-html", "html-tags",
                            // "link-target", "hidden-text", "metadata", "code", ...; empty = plain
    GPtrArray *evidence; // of char*: what counted: "registry: cell of sender", "label: my cell", "NPA 413 MA"
    char *
        reckoning; // "sender rather than organisation: own +2.6, signature +1.7; shape 0.93"; NULL where an exact
                   // match tells the owner
    guint count;     // of a student record: how many students' it is; else 0
    bool sweep_only; // only the raw sweep sees it
} Finding;
void finding_free(Finding *finding);

// A link of the message, carried ones too.
typedef struct {
    char *host;    // lower case, as ASCII
    char *rest;    // path and query, as written
    guint passage; // index in Message.passages
    Layer layer;
    Tri approved; // YES: in approved-tools.txt; UNKNOWN: the registry (roster_tool) tells
} Link;

typedef struct {
    GPtrArray *links;    // of Link: each host and path once
    GPtrArray *findings; // of Finding: one per (kind, value, owner); the most telling place first
    GPtrArray
        *facts; // of char* (names from facts.h): what detection itself could not do ("incomplete") or saw
                // ("hidden-structure", "invisible-characters", "shortened-link")
    guint
        written; // words of the body that are neither signature nor footer nor quoted, counted up to DETECT_WORDS
} Detection;
#define DETECT_WORDS 100
void detection_free(Detection *detection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Detection, detection_free)

// Finds and attributes. NULL with `error` only when the roster could not tell or memory is out. Limits that
// were hit are facts, never a pass.
Detection *detect_run(const DetectData *data, const Config *config, const Message *message,
                      const Parties *parties, RosterSession *roster, GError **error);

// Canonical value of `text` as kind `kind`, as findings carry it ("(413) 555-0142" -> "+14135550142"). For
// imports and exceptions typed by hand. Caller frees; NULL when it is not one.
char *detect_canonical(const DetectData *data, const Config *config, Kind kind, const char *text);

// `value` masked for notices and logs: the last two characters of a number, the first letter of a name and
// the domain.
char *detect_mask(Kind kind, const char *value);

// What the sender's mail has behind the sender's signature and no table knows as a footer, a paragraph each, on one line:
// the district's own notices are among them. GPtrArray of char*; caller unrefs.
GPtrArray *detect_endings(const DetectData *data, const Message *message, const Parties *parties);
// The words of such a paragraph as disclaimers-local.txt compares them. Caller frees.
char *detect_ending_words(const char *text);
