// lines: text files that are no tables, a line at a time, bounded. What is not UTF-8 is taken for Latin-1, as older
// list managers write it.
#pragma once

#include "feeds/run.h"

#define LINES_BYTES (1024 * 1024) // of one line

typedef struct Lines Lines;

// Opens file `name` of `files`, which may be others than the input's. NULL with `error`.
Lines *lines_open(FeedRun *run, const FeedInput *input, const Source *files, const char *name,
                  GError **error);
void lines_free(Lines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lines, lines_free)
// The next line, without its end. At the file's end the history is told what was read.
CsvStep lines_next(Lines *lines, GError **error);
char *lines_text(Lines *lines); // may be written to; until the next line
guint lines_line(const Lines *lines);
const char *lines_file(const Lines *lines);
void lines_note(Lines *lines, const char *format, ...) G_GNUC_PRINTF(2, 3);
