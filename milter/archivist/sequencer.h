// sequencer: a thread that gives every record and event its leaf in the archive's transparency log, and signs checkpoints.
#pragma once

#include "base/config.h"

typedef struct Sequencer Sequencer;
// Opens the log and starts. NULL with `error` as archive_log_open: what was put back from an old copy is refused here.
Sequencer *sequencer_start(const Config *config, GError **error);
// Sequences what is there, signs it, and ends the thread. Frees.
void sequencer_stop(Sequencer *sequencer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sequencer, sequencer_stop)
