// worker: the process that reads messages.
#pragma once

#include "reader/channel.h"
#include "reader/reader.h"

// Serves the channel on CHANNEL_FD until the pool closes it. Returns the exit status.
int worker_run(void);
// For the self-test: what a worker of `setup->cls` does before the sandbox closes, and how it reads attachments.
bool worker_warm_up(const ChannelSetup *setup, GString *note);
void worker_options(const ChannelSetup *setup, AttachmentOptions *out);
