// key: the keyed hashes under which staff members' private details are kept. Without the key file nothing can be read
// back from the roster; with it a given value can be recognised. The file holds a master key a line, 64 hexadecimal
// digits, newest first, `#` comments; from each master one key a kind of value is derived and one for sealing.
#pragma once

#include "base/base.h"

#define KEY_HASH  32
#define KEY_KINDS 8

typedef struct {
    unsigned char hash[KEY_KINDS][32]; // for HMAC-SHA-256, by the kind that a text begins with
    unsigned char seal[32];            // for values that are to be read back
} RosterKey;

// The newest key of the file; with `create` makes the file (mode 0600) when it is missing.
bool key_load(const char *path, bool create, RosterKey *out, GError **error);
// The key of the file with which a generation was made: `check` is its meta row "key", key_hash(key, "key").
// BASE_ERROR_DATA when the file is without it.
bool key_choose(const char *path, const void *check, gsize len, RosterKey *out, GError **error);

// The kind is the letters `text` begins with: "phone:...", "phone7:...", "email:...", "handle:...", "street:...",
// "invite:...", "name:...".
void key_hash(const RosterKey *key, const char *text, unsigned char out[KEY_HASH]);
// `text` encrypted; NULL when the system gives no randomness.
GBytes *key_seal(const RosterKey *key, const char *text);
// NULL when `data` was not sealed with this key. Caller frees.
char *key_unseal(const RosterKey *key, const void *data, gsize len);

// A new key, not yet in a file. Its line of the file; NULL with `error`. key_wipe frees it.
char *key_make(RosterKey *out, GError **error);
void key_wipe(char *line);
// Puts `line` first into the file; mode and owner stay.
bool key_add(const char *path, const char *line, GError **error);
// Removes keys that none of `checks` (GPtrArray of GBytes) was made with. Their number; -1 with `error`.
int key_keep(const char *path, const GPtrArray *checks, GError **error);
