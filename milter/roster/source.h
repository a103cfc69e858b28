// source: the files of an import, from a directory or a zip. Names in a zip are compared with those that are
// known and never used as paths; what is read is bounded.
#pragma once

#include "base/base.h"

#define SOURCE_FILE_BYTES (2LL * 1024 * 1024 * 1024) // of one file, decompressed

typedef struct Source Source;
typedef struct SourceStream SourceStream;

Source *source_open(const char *path, GError **error);
// One CSV file as a source of that one name.
Source *source_open_file(const char *path, const char *name, GError **error);
void source_free(Source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_free)

// The name under which the source has file `name` ("users.csv"): itself, or in other case. NULL when it has
// none. Borrowed.
const char *source_has(const Source *source, const char *name);
SourceStream *source_stream(const Source *source, const char *name, GError **error);
gssize source_read(void *stream, void *buf, gsize len, GError **error); // a CsvRead
void source_stream_free(SourceStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceStream, source_stream_free)
