// What the tests of detect share: the shipped tables, and one passage looked at by one finder.
#pragma once

#include "detect/tables.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define TODAY 20261016 // of the sample district

DetectData *support_data(void);
Config *support_config(void); // gmail.com ignores dots

typedef struct {
    Message *message;
    Parties *parties;
    DetectView *view;
    GPtrArray *out; // of Candidate
    bool truncated;
    DetectScan scan;
} Scanned;
// Runs the finders named by the letters of `which` ("s" social, "m" mailbox, "p" phone), in that order, over
// `text`.
Scanned *support_scan(const DetectData *data, const Config *config, const char *text, const char *which);
Scanned *support_scan_origin(const DetectData *data, const Config *config, const char *text, gsize len,
                             PassageOrigin origin, const char *header, const char *which);
void scanned_free(Scanned *scanned);
// "phone:+14135550142 handle:instagram:x" of the candidates whose shape is at least `least`, in order of
// place; a NULL value is "kind:?name". Caller frees.
char *support_values(const Scanned *scanned, double least);
const Candidate *support_first(const Scanned *scanned, Kind kind);
bool support_has(const GPtrArray *list, const char *word);
// Removes a directory of files, and frees its name.
void support_remove(char *dir);
