// conflict: may somebody decide about an item?
#pragma once

#include "quarantine/quarantine.h"

typedef struct {
    const Config *config;
    const char *who;
    const char *second; // who stands beside them; NULL = nobody
    int64_t now_us;
} ConflictAsk;

// May `ask->who` decide about the item? False with `error` (NOPERM) where they have a conflict of interest and `ask->second`, who has
// none, does not stand beside them. With both it is allowed: *out_note (caller frees; NULL = no conflict) is to be noted by the second.
bool conflict_check(const ConflictAsk *ask, const HoldItem *item, char **out_note, GError **error);
