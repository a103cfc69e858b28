// What the tests of redact share: messages with passages put there by hand, and readers.
#pragma once

#include "redact/internal.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

// A message from Ann to Mia with a subject and a text; more is added by the test.
Message *support_message(const char *text);
Part *support_attach(Message *message, const char *name, const char *type);
Passage *support_put(Message *message, guint part, PassageOrigin origin, const char *text);
// The rendition's whole text.
bool support_says(const Rendition *rendition, const char *words);
// A list with each of `words` redacted wherever it stands, applied with code "X".
GPtrArray *support_redact(const Rendition *rendition, ...) G_GNUC_NULL_TERMINATED;
Config *support_config(void); // with the reader that was built
