// A disposal being carried out: what execute.c (a part of it) and carry.c (all of it) share.
#pragma once

#include "retention/internal.h"

typedef struct {
    Retention *retention;
    const Disposal *disposal;
    const RetentionSchedule *schedule;
    const char *who;
    gint64 end;      // monotonic: so long it waits
    Review *freezer; // not the one that is read: it is in a transaction meanwhile
    Cases *requests; // the same of requests for records
    bool frozen;
    DisposalOutcome *out;
} Executing;

// Records of one segment that go together.
typedef struct {
    char *segment;
    GPtrArray *records; // of ArchiveRef
    GPtrArray *metas;   // of json_t, in their order
    GArray *leaves;     // of guint64, in their order
    GArray *times;      // of int64_t, in their order
    ArchiveCut *cut;
} Piece;

// Destroys what waits of a segment. `*out_again`: there is more of it to be done.
bool execute_part(Executing *executing, const char *segment, bool *out_again, GError **error);
// One record's words are to go out of the index.
bool execute_unindex(Executing *executing, const ArchiveRef *ref, int64_t sent_us, GError **error);
// While frozen, reviewers put nothing under legal hold, and no request for records gets any.
bool execute_freeze(Executing *executing, GError **error);
void execute_thaw(Executing *executing);
