// register: which policies were in force, kept whole. `archive.dir/policies/SHA256/` holds the policy's files as they were; the event
// "policy" tells since when, who and why; every record's decision names the version and the SHA-256.
#pragma once

#include "archive/archive.h"
#include "policy/policy.h"

// Notes that `policy`, read from `path`, is in force from now on, unless it is the one noted last: keeps its files, adds the event.
// `*out_new` (may be NULL): it was not. False with `error`.
bool register_policy(const Config *config, const Policy *policy, const char *path, const char *who,
                     const char *why, int64_t now_us, bool *out_new, GError **error);
// The events of all policies, oldest first: a JSON array of {"time", "who", "why", "name", "version", "sha256", "files"}. New
// reference; NULL with `error`.
json_t *register_history(const Config *config, GError **error);
