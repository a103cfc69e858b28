// sandbox: takes from the calling process everything that reading a message does not need. One thread, once.
#pragma once

#include "reader/channel.h"

// Puts the layers in `wanted` in force, each as far as the system allows; returns those that are, `note` gets
// why the others are not. A built-in sanitizer cannot live in a sandbox: then nothing is put in force and the
// note says so.
guint sandbox_enter(guint wanted, const ChannelSetup *setup, GString *note);
// Arms (or, with NULL, disarms) the clocks that end the process: cpu_s of processor time, wall_ms and a
// second of wall time.
bool sandbox_clocks(const ChannelSetup *setup);
