// What the tests of attachments share.
#pragma once

#include "reader/reader.h"

#include <criterion/criterion.h>

// A whole file of tests/corpus/attachments.
GBytes *attachment_file(const char *name);
// Reads `data` from an exact-size copy on the heap, with default limits and without OCR.
Message *attachment_read(const void *data, gsize len, const char *type, const char *name);
Message *attachment_read_with(const void *data, gsize len, const char *type, const char *name,
                              const ConfigLimits *limits);
// A passage of `origin` (-1 = any) at `place` (NULL = any) that holds `text`; NULL = none.
const Passage *attachment_find(const Message *message, int origin, const char *place, const char *text);
