// source: the files of an import: a directory, a zip, or one file, which may be gzipped. Names in a zip are compared
// with those that are known and never used as paths; what is read is bounded and hashed.
#pragma once

#include "base/base.h"

#define SOURCE_FILE_BYTES (2LL * 1024 * 1024 * 1024) // of one file, decompressed
#define SOURCE_FREE_BYTES (64LL * 1024 * 1024)       // a file may grow to this, and beyond it
#define SOURCE_RATIO      250                        // to so many times the size of the zip or .gz it is in

typedef struct Source Source;
typedef struct SourceStream SourceStream;

// Lists all regular files there; of a directory those in its sub-directory "roster" as well, of a zip those one
// directory below. Hidden files are left out. "x.csv.gz" is called "x.csv".
Source *source_open(const char *path, GError **error);
// One file as a source of that one name.
Source *source_open_file(const char *path, const char *name, GError **error);
void source_free(Source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_free)

const char *source_path(const Source *source);
bool source_is_single(const Source *source); // neither a directory nor a zip
guint source_count(const Source *source);
const char *source_name(const Source *source, guint index); // in the order of their names
// The name under which the source has file `name` ("users.csv"): itself, or in other case. NULL when it has
// none. Borrowed.
const char *source_has(const Source *source, const char *name);
// Size and hash (hex, caller frees) of the zip itself. *out_sha256 is NULL when the source is none. False with `error`.
bool source_zip(const Source *source, int64_t *out_bytes, char **out_sha256, GError **error);

SourceStream *source_stream(const Source *source, const char *name, GError **error);
gssize source_read(void *stream, void *buf, gsize len, GError **error); // a CsvRead
void source_stream_free(SourceStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceStream, source_stream_free)

const char *source_stream_name(const SourceStream *stream);
int64_t source_stream_done(const SourceStream *stream);  // bytes read
int64_t source_stream_total(const SourceStream *stream); // 0 when it cannot be told
char *source_stream_sha256(const SourceStream *stream);  // of a stream read to its end. Hex, caller frees.
