// key: the keyed hash under which staff members' private details are kept. Without the key file nothing can
// be read back from the roster; with it a given value can be recognised.
#pragma once

#include "base/base.h"

#define KEY_HASH 32

typedef struct {
    unsigned char hash[32]; // for HMAC-SHA-256
    unsigned char seal[32]; // for platform and domain names
} RosterKey;

// Reads the key file; with `create` makes it (mode 0600) when it is missing.
bool key_load(const char *path, bool create, RosterKey *out, GError **error);
void key_hash(const RosterKey *key, const char *text, unsigned char out[KEY_HASH]);
// `text` encrypted; NULL when the system gives no randomness.
GBytes *key_seal(const RosterKey *key, const char *text);
// NULL when `data` was not sealed with this key. Caller frees.
char *key_unseal(const RosterKey *key, const void *data, gsize len);
