// settings: sources and the types there are.
#pragma once

#include "feeds/run.h"

// A source with everything by default.
FeedSpec *settings_new(const Config *config, const char *name, const char *type, const char *path);
// The same source read from another path.
FeedSpec *settings_copy(const FeedSpec *spec, const char *path);

// import.c. NULL when there is no such type; the caller frees the list of them for a message.
const FeedImporter *import_importer(const char *type);
char *import_types(void);
// JSON of a diff's counts. Caller frees.
char *import_changes_json(const FeedDiff *diff);
