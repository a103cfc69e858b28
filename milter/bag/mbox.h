// mbox: mboxrd, the mbox of RFC 4155 with every line "From ", ">From ", ">>From " ... of a message quoted by one more ">".
#pragma once

#include "base/base.h"

// The line before a message, with its end: always in English, in UTC. `sender` NULL = not known, "" = the null sender.
// Caller frees.
char *mbox_from_line(const char *sender, int64_t us);
// A message for such a file, and back. Caller unrefs.
GByteArray *mbox_quote(const guint8 *data, gsize len);
GByteArray *mbox_unquote(const guint8 *data, gsize len);
