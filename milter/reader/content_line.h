// reader, inside: the "content lines" that vCard and iCalendar share: folded lines, NAME;PARAM=VALUE:value.
#pragma once

#include "reader/content.h"

#define CONTENT_LINE_SINGLE 400 // properties that get a passage of their own; the rest share one

typedef struct {
    const char *at, *end;
    GString *line; // unfolded
    // Of the line at hand:
    char *name;         // upper case, without its group
    const char *params; // in `line`; NULL when there are none
    gsize params_len;
    char *value; // decoded (quoted-printable), still escaped; valid UTF-8
} ContentLines;

void content_lines_init(ContentLines *lines, const char *utf8, gsize len);
void content_lines_clear(ContentLines *lines);
// The next line that has a name and a value.
bool content_lines_next(ContentLines *lines);
// Value of a parameter, unquoted; NULL when there is none. Caller frees.
char *content_lines_param(const ContentLines *lines, const char *name);
// True when a parameter has the value, also in vCard 2.1's way, without "ENCODING=" or "TYPE=".
bool content_lines_says(const ContentLines *lines, const char *value);
// `value` with \n, \, \; \: and \\ undone. Caller frees.
char *content_lines_unescape(const char *value);
// The content of a base64 value, when the parameters say that it is one. False when it is none.
bool content_lines_binary(const ContentLines *lines, GByteArray *out);

// Collects a part's properties as passages.
typedef struct {
    ReaderState *state;
    guint part;
    PassageOrigin origin;
    const char *reading;
    guint count;
    GString *rest; // what is over CONTENT_LINE_SINGLE, a line each
} ContentProperties;

void content_properties_init(ContentProperties *properties, ReaderState *state, guint part,
                             PassageOrigin origin, const char *reading);
void content_properties_add(ContentProperties *properties, const char *name, const char *text);
void content_properties_finish(ContentProperties *properties);
