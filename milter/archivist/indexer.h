// indexer: threads that read archived messages whole, attachments included, and put their text into the archive's index.
#pragma once

#include "base/config.h"
#include "reader/reader.h"

typedef struct Indexer Indexer;
// Opens the index and starts; `readers` must live until indexer_stop. NULL with `error`.
Indexer *indexer_start(const Config *config, Readers *readers, GError **error);
// Ends after the batch it is at; what is not indexed yet is next time. Frees.
void indexer_stop(Indexer *indexer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Indexer, indexer_stop)
// Is there nothing left to index, as far as it knows?
bool indexer_is_done(Indexer *indexer);
