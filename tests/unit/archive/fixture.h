// An archive in a scratch directory, and the ways the tests fill and damage it.
#pragma once

#include "archive/internal.h"

#include <criterion/criterion.h>

#define DAY_US (86400 * (int64_t)G_USEC_PER_SEC)
#define NOON   INT64_C(1795348800000000) // 2026-11-22T12:00:00Z

typedef struct {
    char *dir;
    Config *config;
} Fixture;
void fixture_init(Fixture *fixture);
void fixture_clear(Fixture *fixture);

int message_fd(const void *data, gsize len);
json_t *meta_new(const char *from, const char *to, const char *subject);
// Appends; NULL with *error on failure.
ArchiveRef *append(Archive *archive, const void *data, gsize len, int64_t now_us, GError **error);
ArchiveRef *append_text(Archive *archive, const char *text, int64_t now_us);
// A process that appends and dies without closing: the segment stays open and its lock is free.
void append_and_die(Fixture *fixture, const char *const *texts, int64_t now_us);

char *segment_path(Fixture *fixture, const char *rel);
GBytes *file_bytes(const char *path);
void file_put(const char *path, const void *data, gsize len, int mode);
void file_flip(const char *path, int64_t offset, guint8 mask);
// Runs `command` in the fixture's directory; its output, caller frees; *status its exit status.
char *shell(Fixture *fixture, const char *command, int *status);

typedef struct {
    GPtrArray *damage;  // of char*: "segment@offset: what"
    GPtrArray *records; // of char*: ids
    GPtrArray *raws;    // of GBytes
} Seen;
void seen_init(Seen *seen);
void seen_clear(Seen *seen);
void seen_damage(const char *segment, int64_t offset, const char *what, void *seen);
bool seen_record(const ArchiveRecord *record, void *seen);
