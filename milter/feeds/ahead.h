// ahead: a thread that reads a stream ahead of its reader, so that reading, unpacking and hashing of a large file cost
// no time besides what is done with it.
#pragma once

#include "base/base.h"

typedef struct Ahead Ahead;
// Up to `len` bytes into `buf`; 0 at the end, -1 with `error`. Called in the thread only, until the end or ahead_free.
typedef gssize (*AheadRead)(void *data, void *buf, gsize len, GError **error);

Ahead *ahead_new(AheadRead read, void *data);
gssize ahead_read(Ahead *ahead, void *buf, gsize len, GError **error); // an AheadRead
void ahead_free(Ahead *ahead);                                         // waits for the thread
