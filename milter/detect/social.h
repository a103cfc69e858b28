// Links and handles: what a link means (social_link.c), names beside platforms (social_handle.c), finding
// links (social.c).
#pragma once

#include "detect/internal.h"

// What `host` and `path` (with query, as written, percent-decoded where needed) stand for, handed on as
// candidates over [start, end) of the view. True when it was something.
bool social_link(DetectScan *scan, const char *host, const char *path, gsize start, gsize end,
                 const char *disguise);
// Rules of hosts such as NAME.example.org, of which `host` is one; NULL where there are none.
const GPtrArray *social_own_host(const DetectData *data, const char *host);
// "snap: jdoe_99", "my insta is x.y", "@x on tiktok": stretches taken by links are left out.
void social_handles(DetectScan *scan);
