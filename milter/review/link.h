// link: the page of the console where a sender withdraws a held message, explains it or asks a supervisor.
#pragma once

#include "quarantine/quarantine.h"

// A signed token for `sender` to act on `item` until `expires_us` (review_token_make). Caller frees; NULL when there is none.
typedef char *(*LinkToken)(const void *key, const char *item, const char *sender, int64_t expires_us);
// From now on notices of held messages carry such a link, where review.console_url is set. The quarantine owns `key` then, and
// frees it when it is closed; where no link is made it is freed at once.
void link_notices(Quarantine *quarantine, const Config *config, LinkToken make, void *key,
                  GDestroyNotify free_key);
// The same with the key of review.key_file, made where it is missing; no file is touched where there is no console.
bool link_ready(Quarantine *quarantine, const Config *config, GError **error);
// "<review.console_url>/sender/<token>". Caller frees.
char *link_url(const Config *config, const char *token);
