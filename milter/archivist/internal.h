// archivist, inside.
#pragma once

#include "archivist/archivist.h"

// One pending message judged, as little as is needed to conclude it.
typedef struct {
    Envelope *envelope;
    Message *message; // without its passages
    json_t *judgement, *summary;
    GPtrArray *held, *delivered; // of char*: addresses of its pending recipients
    char *version;               // of the policy
    char *mark;                  // of the header X-Chaperone; NULL = none
    Action action;               // the strongest
    char *rule;                  // of the first reason; NULL = none
    bool tell;                   // the sender
} Verdict;
void verdict_free(Verdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Verdict, verdict_free)

// Reads `record` from the archive and judges it whole, for those recipients that are pending. NULL with `error`.
Verdict *item_judge(const Snapshot *snapshot, Readers *readers, Quarantine *quarantine, const char *record,
                    GError **error);
