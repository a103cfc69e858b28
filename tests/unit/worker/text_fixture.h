// What the tests of the text readers share: a state to read into, and questions about what came of it.
#pragma once

#include "reader/content.h"

#include <criterion/criterion.h>

typedef struct {
    Config *config;
    ReaderState state;
} TextFixture;

// One part of the declared type below the message, its content read through content_read. `name` may be NULL.
// The bytes are handed over in a buffer of exactly their size.
TextFixture *text_read(const void *data, gsize len, const char *type, const char *name);
TextFixture *text_read_string(const char *text, const char *type);
void text_free(TextFixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextFixture, text_free)

#define ANY_VISIBILITY (-1)
// All passages of that origin joined by "|" in order. Caller frees.
char *text_of(const TextFixture *fixture, PassageOrigin origin, int visibility);
// The first passage of that origin and visibility; NULL when there is none.
const Passage *text_passage(const TextFixture *fixture, PassageOrigin origin, int visibility);
// First passage with that property name.
const char *text_property(const TextFixture *fixture, const char *header);
bool text_fact(const TextFixture *fixture, const char *fact);
const Part *text_part(const TextFixture *fixture, guint part);
