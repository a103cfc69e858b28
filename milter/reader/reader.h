// reader: bytes -> Message. Two halves: the pool, which the daemon and the command link, and the worker
// program (chaperone-reader), which alone includes GMime, ICU and libxml2 and does the parsing. The worker is
// not trusted.
#pragma once

#include "base/config.h"
#include "message/message.h"

// ---- for the daemon and the command -----------------------------------------------------------------------

typedef struct ReaderPool ReaderPool;

// Starts the pool's processes (fork + exec of config->reader.program). NULL with `error` set when none can be
// started or when a worker reports that its sandbox is not complete and reader.sandbox_required is set. Where
// the caller is root, workers become reader.user; make the pool after dropping privileges, or stay root: a
// process may not end those that run as another user.
// Thread rule: make and free it in the main thread;
// reader_read may be called from any thread. It starts a thread of its own.
ReaderPool *reader_pool_new(const Config *config, GError **error);
void reader_pool_free(ReaderPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReaderPool, reader_pool_free)

// Makes an anonymous sealed file (memfd, no more writes or growth) of `raw`. -1 with `error` set.
int reader_seal(const void *raw, gsize len, GError **error);

// Reads the message in `fd` (`len` bytes, CRLF or LF lines; sealed by the caller or by this function). Never
// fails because of the message: a crash, a time-out or a malformed answer of the worker is a fact in the
// Message returned, after a second try in a new worker that only sweeps the raw bytes. NULL with `error`
// (BASE_ERROR_TEMPFAIL or OS) only when no worker could be had in reader.wait_ms or the system refused.
// Caller owns the Message. `budget_ms` bounds the reading, both tries together, where it is less than
// reader.wall_ms; 0 = reader.wall_ms. The wait for a free worker is not part of it: a busy pool must not make
// messages unreadable.
Message *reader_read(ReaderPool *pool, int fd, gsize len, int budget_ms, GError **error);

typedef struct {
    // Processes. One more than reader.workers is kept alive, ready to take the place of another.
    guint alive, busy;
    guint64 read, crashed, timed_out, recycled;
} ReaderStats;
void reader_pool_stats(ReaderPool *pool, ReaderStats *out_stats);

// ---- the worker's own work, without processes: for chaperone-reader, unit tests and fuzz targets ----------

// Parses `raw`. Always returns a Message. `sweep_only` skips everything but the raw sweep (for a message
// whose full reading ended a worker).
Message *reader_parse(const void *raw, gsize len, const ConfigLimits *limits, bool sweep_only);
