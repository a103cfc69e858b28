// witnessing: a thread that has each new checkpoint cosigned by the peers of witness.peers.
#pragma once

#include "base/config.h"

typedef struct Witnessing Witnessing;
// NULL without `error` where there are no peers; NULL with `error` where it cannot start.
Witnessing *witnessing_start(const Config *config, GError **error);
void witnessing_stop(Witnessing *witnessing); // may be NULL
