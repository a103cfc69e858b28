// The table of configuration keys; inside base only.
#pragma once

#include "base/config.h"

#include <libconfig.h>

typedef enum {
    KEY_STRING,
    KEY_STRINGS, // in lower case
    KEY_TEXTS,   // as they are written
    KEY_PATH,
    KEY_INT,
    KEY_SIZE /* int64 bytes: 65536 or "64K" */,
    KEY_BOOL,
    KEY_CHOICE,
    KEY_REVIEWERS /* GPtrArray of ConfigReviewer */
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

// What a mistake is told to: adds one at `line` of the file.
typedef void (*ConfigMistake)(void *data, int line, const char *key, const char *what);
// review.reviewers from its setting. Never NULL.
GPtrArray *reviewers_parse(const config_setting_t *setting, ConfigMistake mistake, void *data);
GPtrArray *reviewers_new(void);
bool reviewers_equal(const GPtrArray *a, const GPtrArray *b);

extern const ConfigKey CONFIG_KEYS[];
extern const gsize CONFIG_KEYS_COUNT;
