// worker: the process that reads messages.
#pragma once

// Serves the channel on CHANNEL_FD until the pool closes it. Returns the exit status.
int worker_run(void);
