// An archive with a log, a schedule and the databases around it, in a scratch directory.
#pragma once

#include "retention/internal.h"

#include <criterion/criterion.h>

#define NOON INT64_C(1795348800000000) // 2026-11-22T12:00:00Z

typedef struct {
    char *dir;
    Config *config;
    Retention *retention;
    GPtrArray *ids; // of char*: records
} Ground;
// `schedule` is the file's text; NULL = one by which everything is due at once.
void ground_init(Ground *ground, const char *schedule, guint records);
void ground_clear(Ground *ground);
// Gives leaves to all there is and signs.
void ground_sequence(Ground *ground);
json_t *ground_meta(Ground *ground, const char *id); // new reference; NULL: it is not there
