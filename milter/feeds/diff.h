// diff: what two generations say of people, side by side. What diff*.c share.
#pragma once

#include "feeds/rows.h"
#include "feeds/run.h"
#include "feeds/texts.h"
#include "roster/schema.h"
#include "store/store.h"

#define DIFF_KINDS 8

// People of one file, by their ids there.
typedef struct {
    StoreDb *db;
    StoreStmt *person; // pid and names of one
    guint32 last;      // the highest id
    guint64 *names;    // hashes
    guint8 *roles;     // mask of 1 << Role
    guint8 *states;    // DiffState
    guint32 *other;    // id of the same person in the other file; 0 = none
} DiffSide;
typedef enum { DIFF_HERE = 1, DIFF_GONE = 2, DIFF_ENABLED = 4 } DiffState;

typedef struct {
    DiffSide from, to; // from.db is NULL when there is nothing before
    FeedDiff *diff;
    guint most;
    GPtrArray *samples[DIFF_KINDS]; // of FeedChange
    unsigned char key[16];          // of the hashes
} Diff;

static inline bool diff_is_here(const DiffSide *side, guint32 id)
{
    return (side->states[id] & DIFF_HERE) != 0;
}
static inline bool diff_is_gone(const DiffSide *side, guint32 id)
{
    return (side->states[id] & DIFF_GONE) != 0;
}
// In the school and with an account that works.
static inline bool diff_is_active(const DiffSide *side, guint32 id)
{
    return (side->states[id] & (DIFF_HERE | DIFF_GONE | DIFF_ENABLED)) == (DIFF_HERE | DIFF_ENABLED);
}

// In the order in which changes are told.
typedef enum {
    DIFF_REMOVED,
    DIFF_RETURNED,
    DIFF_ROLE,
    DIFF_LINK_REMOVED,
    DIFF_LINK_ADDED,
    DIFF_ADDRESS,
    DIFF_RENAMED,
    DIFF_ADDED
} DiffKind;
// Counts a change of the person `id` of `side`; `before` and `after` are taken over. True when a sample of the kind is
// still wanted: the texts are needed only then.
bool diff_count(Diff *diff, DiffKind kind);
bool diff_add(Diff *diff, DiffKind kind, DiffSide *side, guint32 id, char *before, char *after,
              GError **error);
// "Given Family" or pid of a person; NULL with `error`. Caller frees.
char *diff_name(DiffSide *side, guint32 id, GError **error);
char *diff_pid(DiffSide *side, guint32 id, GError **error);

bool diff_match(Diff *diff, GError **error); // diff_match.c: reads the people and finds who is who
bool diff_links(Diff *diff, GError **error); // diff_detail.c
bool diff_addresses(Diff *diff, GError **error);
