// What the files of the witness room share.
#pragma once

#include "witness/witness.h"

#define WITNESS_BODY_MAX (64 * 1024)

// A peer of witness.peers, taken apart.
typedef struct {
    char *url; // with /add-checkpoint
    TlogKey *key;
} Peer;
void peer_free(gpointer peer);
// GPtrArray of Peer; NULL with `error` (CONFIG) naming the one that is wrong.
GPtrArray *peers_of(const Config *config, GError **error);
void witness_word_free(gpointer word);
