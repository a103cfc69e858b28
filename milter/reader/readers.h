// readers, inside: what the client's files share. Nobody outside the room includes this.
#pragma once

#include "reader/cache.h"
#include "reader/pool.h"

struct Readers {
    Config *config;
    GMutex starting;
    ReaderPool *pools[READER_CLASSES]; // by readers_pool
    ReaderCache *cache;                // NULL = none
    GMutex lock;                       // over all below
    GCond landed;
    GHashTable *flying; // keys of what is being read: a second thread that wants the same waits for the first
    guint64 hits, misses; // of the cache
};

// The workers of a class, which are started where they were not wanted before. NULL with `error` set when they cannot be.
ReaderPool *readers_pool(Readers *readers, ReaderClass cls, GError **error);
