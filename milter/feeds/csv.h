// csv: an RFC 4180 reader for hostile files: streaming, linear, bounded. Accepts LF, CRLF and CR as line
// ends, a byte order mark, line ends inside quotes, empty lines (skipped). Refuses NUL, text that is not
// UTF-8, and what is over a bound.
#pragma once

#include "base/base.h"

#define CSV_FIELD_BYTES 65536 // of one field
#define CSV_ROW_BYTES   262144
#define CSV_ROW_FIELDS  512

typedef struct CsvReader CsvReader;
// Up to `len` bytes into `buf`; 0 at the end, -1 with `error`.
typedef gssize (*CsvRead)(void *data, void *buf, gsize len, GError **error);

typedef enum { CSV_ROW = 1, CSV_END = 0, CSV_FAILED = -1 } CsvStep;

// `name` is the file's name in errors.
CsvReader *csv_new(const char *name, CsvRead read, void *data);
void csv_free(CsvReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CsvReader, csv_free)

// Reads the next row. Errors are "name:line: what; remedy" and final.
CsvStep csv_next(CsvReader *reader, GError **error);
guint csv_line(const CsvReader *reader);  // on which the row begins, from 1
guint csv_count(const CsvReader *reader); // fields of the row
// Field `index` without surrounding blanks; "" past the row's end. Borrowed until the next row.
const char *csv_field(const CsvReader *reader, guint index);
// From the next row on, what stands in column `index` reads as "" and is wiped where it was read to.
void csv_drop_column(CsvReader *reader, guint index);
