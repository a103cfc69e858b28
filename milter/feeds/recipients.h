// recipients: the right side of an alias: addresses, files to include, commands, separated by commas or blanks, parts of
// them quoted, comments in parentheses.
#pragma once

#include "base/base.h"

typedef enum {
    RECIPIENT_ADDRESS, // text: "user", "user@domain"
    RECIPIENT_INCLUDE, // text: the file's path
    RECIPIENT_OTHER,   // a command, or a file that mail is appended to
} RecipientKind;
typedef bool (*RecipientFunc)(RecipientKind kind, const char *text, void *data);

// Calls `func` for each; false as soon as it says so. Linear.
bool recipients_each(const char *text, RecipientFunc func, void *data);
// Bytes of the name that `text` begins with, up to a blank or one of `ends`, outside of quotes.
gsize recipients_name_length(const char *text, const char *ends);
// Its first `length` bytes without quotes and backslashes. Caller frees.
char *recipients_unquote(const char *text, gsize length);
