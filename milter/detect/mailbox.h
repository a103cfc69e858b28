// Canonical value of an e-mail address for detection: as the roster's, homoglyphs of the domain made Latin.
#pragma once

#include "detect/internal.h"

// Value of `local`@`domain` (view text); NULL when it is no address. `*latin` says whether homoglyphs were
// replaced.
char *mailbox_value(const DetectData *data, const Config *config, const char *local, const char *domain,
                    bool *latin);
