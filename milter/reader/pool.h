// pool: the worker processes of one class. Threads borrow them; a keeper thread starts new ones in the place of those that are
// gone.
#pragma once

#include "reader/process.h"

typedef struct ReaderPool ReaderPool;

ReaderPool *reader_pool_new(const Config *config, ReaderClass cls, GError **error);
void reader_pool_free(ReaderPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReaderPool, reader_pool_free)
// As readers_read, which it is for READER_MESSAGES.
Reading *reader_pool_read(ReaderPool *pool, int fd, gsize len, int budget_ms, GError **error);
// As readers_read_keeping.
Reading *reader_pool_read_keeping(ReaderPool *pool, int fd, gsize len, GError **error);
// What to read of an attachment, whose bytes are `len` from `attachment->offset` of `sealed`.
typedef struct {
    int sealed;
    gsize len;
    ChannelAttachment attachment;
} PoolAttachment;
// One try, in a worker that is waited for until `until` and may take `wall_ms`, but not past `deadline` (both in
// g_get_monotonic_time). False when none was free. Else `*out` says what came of it and `*out_us` how long the worker took.
bool reader_pool_attachment(ReaderPool *pool, const PoolAttachment *job, gint64 until, gint64 wall_us,
                            gint64 deadline, ReadAnswer *out, gint64 *out_us);
void reader_pool_stats(ReaderPool *pool, ReaderStats *out_stats);
