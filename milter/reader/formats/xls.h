// The shared strings of an Excel 97-2003 workbook (xls_strings.c).
#pragma once

#include "reader/formats/ole.h"

typedef struct XlsStrings XlsStrings;
// The table of the SST record at `at` of the workbook's stream and the CONTINUE records behind it: as many as there are.
XlsStrings *xls_strings_new(SniffBytes stream, gsize at);
void xls_strings_free(XlsStrings *strings);
const char *xls_strings_get(const XlsStrings *strings, guint index); // borrowed; NULL = none

// One object's storage (ole.c).
void ole_object(ReaderState *state, guint part, OleFile *ole, const char *storage);
