// reader, inside: what the readers of text formats need of content.c.
#pragma once

#include "reader/internal.h"

// Reads content that stands inside the text of `part` (a data: URI, a uuencoded file, a picture in a contact
// card) as a part of its own below it. `type` is its label in lower case ("application/octet-stream" when it
// has none), `name` its file name or NULL.
void content_read_inside(ReaderState *state, guint part, const void *data, gsize len, const char *type,
                         const char *name);
// Adds text like reader_add_text and sets the passage's reading and, where not NULL, its header.
Passage *content_add_text(ReaderState *state, guint part, PassageOrigin origin, const char *utf8, gsize len,
                          const char *reading, const char *header);
// uuencode, yEnc and BinHex in the lines of a text (content_inline.c).
void content_read_inline(ReaderState *state, guint part, const void *data, gsize len);
