// layer, inside: the lines of a passage and what the recognisers say about them. Private to detect.
#pragma once

#include "detect/internal.h"
#include "detect/phrases.h"

typedef struct {
    gsize start, end; // bytes of the passage; `end` is behind the last character, before the line break
    gsize body;       // behind the quote prefix and blanks
    guint depth;      // of quoting: '>' signs, and the reader's marks
    bool blank;       // nothing behind the prefix
    Layer layer;
} LayerLine;

typedef struct {
    const Passage *passage;
    char *lower;   // the text with ASCII letters lowered, byte for byte
    GArray *lines; // of LayerLine
} LayerText;

LayerText *layer_text_new(const Passage *passage);
void layer_text_free(LayerText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayerText, layer_text_free)
LayerLine *layer_line(const LayerText *text, guint i);
// The next line from `i` on that is not blank; lines->len when there is none.
guint layer_next(const LayerText *text, guint i);

typedef enum {
    OPENING_NONE,
    OPENING_ATTRIBUTION, // "On ... wrote:"; strong: quoted text follows, whether it is prefixed or not
    OPENING_WEAK,        // "Jane wrote:"; counts only where prefixed text follows
    OPENING_ORIGINAL,    // "-----Original Message-----", an Outlook header block
    OPENING_FORWARDED,   // "Begin forwarded message:"
} LayerOpening;
// What begins at line `i`; `*out_last` is the last line of it.
LayerOpening layer_opening(const LayerText *text, guint i, guint *out_last);

// Marks the sender's own signature within the written lines [from, to).
void layer_mark_signature(const LayerText *text, guint from, guint to, const Parties *parties,
                          const guint8 *device_lines);

// Who is named as the author of quoted or forwarded text: where the naming line begins and ends in the
// passage's text.
typedef struct {
    gsize start, end;
} LayerAuthor;
// GArray of LayerAuthor, by place.
GArray *layer_authors(const Passage *passage);
