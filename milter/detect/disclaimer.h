// The district's own disclaimers, word for word (disclaimers-local.txt): paragraphs compared by their words alone, so
// that case, accents, punctuation and where lines break do not matter. Private to detect.
#pragma once

#include "base/base.h"

typedef struct DisclaimerBook DisclaimerBook;
// `lines` is a GPtrArray of TableLine (tables.h), read and not kept. NULL with `error` naming `name` and line.
DisclaimerBook *disclaimer_book_new(const char *name, const GPtrArray *lines, GError **error);
void disclaimer_book_free(DisclaimerBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DisclaimerBook, disclaimer_book_free)

// Where the longest disclaimer that begins with the line at byte `at` ends, behind its last word, if that is a line's
// last too; 0 when none does. `book` may be NULL.
gsize disclaimer_at(const DisclaimerBook *book, const char *text, gsize len, gsize at);

// The words of `text` as they are compared, blanks between them. Caller frees.
char *disclaimer_words(const char *text, gsize len);
