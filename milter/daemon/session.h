// Callbacks and their state; inside daemon only.
#pragma once

#include "daemon/daemon.h"

#include <libmilter/mfapi.h>

// The one answer to the MTA for `verdict`: changes, reply text and code come from here and nowhere else.
// `actions` are the SMFIF_* that were negotiated, whatever the configuration says by now.
sfsistat reply_send(SMFICTX *ctx, const Verdict *verdict, unsigned long actions, int forged_headers);

// The descriptor that smfi_register wants. `daemon` is what the callbacks work with.
struct smfiDesc session_descriptor(Daemon *daemon);
