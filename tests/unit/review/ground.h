// A review database with an archive beside it, and records as the archivist feeds them.
#pragma once

#include "review/internal.h"

#include <criterion/criterion.h>

#define DAY ((int64_t)86400 * G_USEC_PER_SEC)
#define NOW ((int64_t)1795375617 * G_USEC_PER_SEC)

typedef struct {
    char *dir;
    Config *config;
    Review *review;
    Policy *policy;
    guint64 count; // of records made
} Ground;
// With `patterns` as the inner lines of that section; NULL = no section.
Ground *ground_new(const char *patterns);
void ground_free(Ground *ground);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ground, ground_free)

// A record between staff member `staff` and student `student` at `time_us` with `signs` of Sign; its judgement has `reasons` (taken
// over; NULL = none).
ArchiveRecord *ground_record(Ground *ground, const char *staff, const char *student, guint signs,
                             int64_t time_us, json_t *reasons);
// Feeds `records` at `now_us`; what is fed is emptied.
void ground_feed(Ground *ground, GPtrArray *records, int64_t now_us);
// Feeds `count` such records in one.
void ground_messages(Ground *ground, const char *staff, const char *student, guint signs, guint count,
                     int64_t time_us);
GPtrArray *ground_records(void);
// How many items of `kind` are in `state`.
guint ground_count(Ground *ground, int kind, int state);
// Names of the events in the archive, in order. GPtrArray of char*.
GPtrArray *ground_events(Ground *ground);
