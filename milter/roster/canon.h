// canon: one spelling for each thing that look-ups compare: mailboxes, numbers, handles, addresses of
// streets, names. Everything the roster stores under a value is stored under keys ("phone:+14135550142"), so
// that the same function makes them for an import and for a look-up.
#pragma once

#include "roster/roster.h"

// Domain in A-labels, lower case, without a trailing dot; NULL when it is none. Caller frees.
char *canon_domain(const char *text);
// "+14135550142"; digits only where it has no country and is not a North American number; NULL when it is no
// number.
char *canon_phone(const char *text);
// "platform:name" lower case, without "@" or "$" before the name; NULL when the platform is missing.
char *canon_handle(const char *text);
// "host/path"; NULL when there is no path.
char *canon_invite(const char *text);
// Canonical value of `text` as `kind`; NULL when it is none. Caller frees.
char *canon_value(const Config *config, Kind kind, const char *text);
// The kind that `text` looks like in an exception's values; KIND_LAST when it cannot be told.
Kind canon_guess(const char *text);

// Keys under which a canonical value is kept, and those to look it up by. GPtrArray of char*, caller unrefs.
GPtrArray *canon_store_keys(Kind kind, const char *canonical);
GPtrArray *canon_query_keys(Kind kind, const char *canonical);

// Words of a name: case, width, accents and letters that look like Latin ones folded, punctuation dropped, at most
// `most`. Caller unrefs.
GPtrArray *canon_words(const char *text, guint most);
// A full name as it is kept for being found in a text: *out_key is "family given", the last word of the one and the
// first of the other; *out_words all words that must appear ("teo obrien lane"). Middle names and "Jr." are left out.
// False, and nothing to free, when it is no full name: a single word never stands for somebody.
bool canon_name(const char *given, const char *family, char **out_key, char **out_words);
// A copy with Unicode letters in lower case, whatever the locale. Caller frees.
char *canon_lower(const char *text);
