// Between the files that tell names beside platforms.
#pragma once

#include "detect/social_platform.h"

// Hands `name` on as one of `place`'s platform, or of none where that is NULL; `again`: the stretch was handed on under
// another platform just now. False when it is nobody's or taken.
bool handle_emit(DetectScan *scan, const PlatformPlace *place, const HandleName *name, double shape,
                 const char *why, bool again);
// A sentence or line ends behind the name, or what parts things of a list.
bool handle_ends(const DetectView *view, gsize end);
// "add", "find", "hmu" stand before; "my", "me", "mi" do.
bool handle_invited(DetectScan *scan, gsize before);
bool handle_owned(DetectScan *scan, gsize before);
// "#1234" is part of the names of `platform`.
bool handle_tagged(const char *platform, const HandleName *name);

// "Do you have Snap? I'm x7", "Add me on Discord, x7", "I'm x there": names that a platform's is told of from further
// away. `*name` gets it and `*why` what tells; how sure, 0 = none.
double handle_told(DetectScan *scan, const PlatformPlace *place, HandleName *name, const char **why);
// "discord.gg/x, I'm y there": hands on the name told behind an invitation to `platform` at [start, end).
void handle_told_of_link(DetectScan *scan, const char *platform, gsize start, gsize end);
