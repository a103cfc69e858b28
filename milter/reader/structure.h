// reader, inside: what the structured walk (structure.c) and the reading of its leaves (leaf.c) share.
#pragma once

#include "reader/mime.h"

// Last field of that name; NULL when there is none.
const Field *structure_last(const GArray *fields, const char *name);
// Its type/subtype in lower case, "" for NULL. Caller frees.
char *structure_type(const ReaderState *state, const Field *type);
// Decodes and reads a leaf's bytes by every encoding that its fields or its content suggest. leaf.c
void leaf_read(ReaderState *state, guint part, const GArray *fields, const char *data, gsize len);
