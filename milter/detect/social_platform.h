// Where a text names a platform, plainly or in disguise.
#pragma once

#include "detect/social_name.h"
#include "detect/spots.h"
#include "detect/tables.h"

typedef struct {
    const char *platform;
    PlatformNamed named;
    gsize start, end;
    const char *disguise; // static; NULL = none
} PlatformPlace;

// Is a platform named at `spot`, and not before byte `least`?
bool platform_at(const DetectScan *scan, const Spot *spot, gsize least, PlatformPlace *place);
// The platform that the words at [start, *end) name, the next one taken to them where two make its name.
PlatformNamed platform_of_words(const DetectScan *scan, gsize start, gsize *end, const char **platform);
// How sure that the name it comes with is somebody's on that platform: platforms on which works are looked for more than
// people need more to be said.
bool platform_is_stage(const char *platform);
