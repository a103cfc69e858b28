// header: what a CSV file's first line names, for telling files apart.
#pragma once

#include "feeds/run.h"

// Does file `name` have all of `columns` (ended by NULL), a remark in brackets after a name ignored? TRI_NO for what is
// no CSV file; TRI_UNKNOWN with `error` when it cannot be read.
Tri header_has(const Source *files, const char *name, const char *const *columns, GError **error);
// Notes the columns of `file` that none of `columns` is: a misspelt one would be missed in silence. What is wrong with the
// file is left to its reader.
void header_note_others(FeedRun *run, const Source *files, const char *file, const TableColumn *columns,
                        guint count);
