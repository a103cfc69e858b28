// redact, inside. rendition.c makes the text, read.c what it is made of; fold.c finds strings whatever their spelling; list.c keeps
// redactions, propose.c and people.c find some; render.c puts marks in their places (draft), has pdf.c draw them and check.c read
// back what was drawn.
#pragma once

#include "redact/redact.h"

// ---- fold.c: strings as people compare them ----------------------------------------------------------------------

// Only letters and figures count, without case, accents and width: line ends, hyphens and spaces within words do not. A string of
// letters is found as whole words only, a number of seven figures and more wherever it stands.
typedef enum {
    NEEDLE_CAPITAL = 1, // only where it begins with a capital: names that are words too
    NEEDLE_LOOSE = 2,   // within words too
} NeedleFlags;
typedef struct {
    gsize from, to; // bytes of the text
    guint needle;   // the number it was added with
} NeedleHit;
typedef struct Needles Needles;
Needles *needles_new(void);
void needles_free(Needles *needles);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Needles, needles_free)
// The first of equal ones counts. False where nothing of `text` counts: it cannot be looked for.
bool needles_add(Needles *needles, const char *text, gssize len, int flags, guint number);
// Of NeedleHit, by place; of overlapping ones all. Caller unrefs.
GArray *needles_find(const Needles *needles, const char *text, gsize len);
// Figures of `text` where it is nothing else, 0 where there are others (or letters).
guint needle_figures(const char *text, gsize len);

// ---- list.c ------------------------------------------------------------------------------------------------------

Redaction *redaction_new(guint section, gsize from, gsize to, const char *kind, const char *why);
void redactions_sort(GPtrArray *redactions);
// Sorts; of those that lie within another the other stays.
void redactions_drop_covered(GPtrArray *redactions);
// Adds a redaction for each hit of `needles` that no single one covers yet. Returns how many.
typedef Redaction *(*RedactionMake)(guint section, const NeedleHit *hit, void *data);
guint redactions_add_found(const Rendition *rendition, GPtrArray *redactions, const Needles *needles,
                           RedactionMake make, void *data);

// ---- rendition.c -------------------------------------------------------------------------------------------------

// Is the character left out of what is rendered? It stays in the sections' texts, whose bytes are those of the passages.
bool rendition_hides(gunichar c);

// ---- people.c ----------------------------------------------------------------------------------------------------

typedef struct {
    guint section;
    gsize from, to;
    char *person;
} NamePlace;
// Where full names of students stand, however the roster has them. Of NamePlace; caller unrefs. NULL with `error`.
GPtrArray *people_named(RosterSession *roster, const Rendition *rendition, GError **error);

// ---- draft.c: what is rendered -----------------------------------------------------------------------------------

typedef struct {
    gsize from, to; // bytes of the line's text: "[REDACTED code]"
} LineMark;
typedef struct {
    guint number; // from 1; 0 = a heading
    char *text;   // without LF
    GArray *marks;
} Line;
typedef struct {
    GPtrArray *lines;  // of Line
    GArray *mark_line; // of guint: the number of the line of each redaction's mark, in the list's order
    guint marks;       // in the lines: touching redactions of one code are one
} Draft;
Draft *draft_new(const Rendition *rendition, const GPtrArray *redactions);
void draft_free(Draft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Draft, draft_free)
char *draft_text(const Draft *draft, const char *bates);
// Caller frees.
char *draft_mark(const char *code);

// ---- pdf.c -------------------------------------------------------------------------------------------------------

// NULL with `error` (OS). `*out_unknown`: characters that no font of this machine has.
GBytes *pdf_draw(const Draft *draft, const RedactStyle *style, guint *out_pages, guint *out_unknown,
                 GError **error);

// ---- check.c -----------------------------------------------------------------------------------------------------

// Is a redacted string still in the text or the PDF? False with `error`. Those that the officer leaves become `warnings`.
bool check_rendered(const Config *config, Readers *readers, const Rendition *rendition,
                    const GPtrArray *redactions, const Draft *draft, GBytes *pdf, guint pages,
                    GPtrArray *warnings, GError **error);
