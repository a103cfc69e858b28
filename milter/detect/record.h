// Student records in mail that leaves the district: what the files of it hand each other. Private to detect.
#pragma once

#include "detect/internal.h"
#include "detect/lexicon.h"

typedef enum { RECORD_SSN, RECORD_ID, RECORD_NAMES, RECORD_WORDS, RECORD_LAST } RecordValue;

typedef struct {
    const DetectView *view;
    gsize start, end; // bytes of the passage
    double shape;
    const char *why; // static
} RecordPlace;

typedef struct {
    const DetectData *data;
    const Config *config;
    const Message *message;
    RosterSession *roster;
    DetectView *const *views;
    GArray *const *marks;
    GPtrArray *out; // of Candidate
    bool *truncated;
    gsize names_left;               // bytes in which names may still be looked for
    guint ids_left;                 // tokens that may still be looked up
    GHashTable *found[RECORD_LAST]; // student's id in the roster (of SSNs the number) -> RecordPlace
    GHashTable *titled;             // students whom a subject or a file name names -> RecordPlace
} RecordScan;

// Searches the passages of a message that goes to somebody outside the district, or to a private address; adds
// candidates. False when the roster could not tell. (record.c)
bool record_find(RecordScan *scan, const Parties *parties, GError **error);
void record_note(RecordScan *scan, RecordValue value, const char *key, const DetectView *view, gsize start,
                 gsize end, double shape, const char *why);

// Social security numbers; students' numbers, which the roster knows. (record_number.c)
void record_ssns(RecordScan *scan, const DetectView *view);
bool record_ids(RecordScan *scan, const DetectView *view, GError **error);

// Lists of names with data. `cue`: words of records stand in the passage; `about`: it is about lessons or sports.
// (record_rows.c)
bool record_rows(RecordScan *scan, const DetectView *view, bool cue, bool about, GError **error);
// Students named in [start, end) of the passage, at most 200: ids, caller unrefs; NULL with `error`. Empty once
// scan->names_left is used up. (record_rows.c)
GPtrArray *record_named(RecordScan *scan, const Passage *passage, gsize start, gsize end, GError **error);
