// The table of configuration keys; inside base only.
#pragma once

#include "base/config.h"

typedef enum {
    KEY_STRING,
    KEY_STRINGS,
    KEY_PATH,
    KEY_INT,
    KEY_SIZE /* int64 bytes: 65536 or "64K" */,
    KEY_BOOL,
    KEY_CHOICE
} KeyType;

typedef struct {
    const char *path; // "milter.socket"
    KeyType type;
    gsize offset;
    const char *fallback; // as text; lists: comma separated
    int64_t least, most;  // of numbers
    const char *choices;  // KEY_CHOICE: "a|b|c"
    bool restart;         // a running daemon cannot take it over
    const char *meaning;
} ConfigKey;

extern const ConfigKey CONFIG_KEYS[];
extern const gsize CONFIG_KEYS_COUNT;
