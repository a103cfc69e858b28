// cache: readings of attachments by content, on disk, shared by all programs of one host. Its errors never fail a reading.
// Any thread.
#pragma once

#include "reader/process.h"

typedef struct ReaderCache ReaderCache;

// What reading an attachment once gave.
typedef struct {
    ReadOutcome outcome;
    Message *message; // only with READ_ANSWERED
    char *detail;     // what happened, when there is no message
} ReaderPiece;
void reader_piece_clear(ReaderPiece *piece);

// False with `error` set when attachments.cache_dir cannot be used. `*out` is NULL when there is to be no cache.
bool reader_cache_open(const Config *config, ReaderCache **out, GError **error);
void reader_cache_close(ReaderCache *cache);

// Name of the reading of the `len` bytes of `data` by workers of `cls`, declared as `attachment` says: a hash over everything the
// reading depends on. Caller frees.
char *reader_cache_key(const ReaderCache *cache, ReaderClass cls, const void *data, gsize len,
                       const ChannelAttachment *attachment);
// False when it is not there, too old or damaged.
bool reader_cache_find(ReaderCache *cache, const char *key, ReaderPiece *out);
// What failed, and what was not read whole for want of time, is kept for an hour only.
void reader_cache_keep(ReaderCache *cache, const char *key, const ReaderPiece *piece);
