// glance: of what a search found, to whom it went and the line in which the words stand, read from the records themselves.
#pragma once

#include "console/internal.h"

#include "search/search.h"

typedef struct {
    char *to;   // addresses of To and Cc
    char *line; // the first line that has one of the words, else the first; "" = it has no text
} Glance;

// Of the first `most` hits, within the case `matter`: record -> Glance. One event "view" names the records before anything is read. A record
// that cannot be read is left out. Caller unrefs; NULL with `error`.
GHashTable *glance_read(Request *request, const char *matter, const char *words, const GPtrArray *hits,
                        guint most, GError **error);
