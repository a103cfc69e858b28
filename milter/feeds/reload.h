// reload: the generation in force read back into the model: what reload*.c share.
#pragma once

#include "feeds/run.h"

typedef struct {
    FeedRun *run;
    Model *model;
    StoreDb *db;
    const GPtrArray *inputs;
    bool after;      // reload_after: sources were read
    guint *replaced; // of each source of the model: FeedCovers that this run gives anew
    GArray *sources; // of guint32: of each source id of the file its source in the model; MODEL_NONE
    guint32 *records, *classes; // of each id of the file: its row in the model; MODEL_NONE
    guint32 records_last, classes_last;
    GByteArray *states;    // of each record id: ReloadState
    bool any_due;          // are there records whose rows are to be loaded now?
    GHashTable *addresses; // after: those that somebody has now; Str
    int64_t rows;
} Reload;

typedef enum {
    RELOAD_NONE,
    RELOAD_BEFORE, // its source's people are as they were, or changed by this run
    RELOAD_READ,   // read anew
    RELOAD_GONE    // no more in what replaces it
} ReloadState;

// Is what the source gave of `cover` kept?
static inline bool reload_keeps(const Reload *r, guint32 source, guint cover)
{
    return (r->replaced[source] & cover) == 0;
}

// The model's source of a source id of the file; MODEL_NONE.
static inline guint32 reload_source(const Reload *r, int64_t id)
{
    return id > 0 && id < r->sources->len ? g_array_index(r->sources, guint32, id) : MODEL_NONE;
}
static inline guint32 reload_record(const Reload *r, int64_t id)
{
    return id > 0 && id <= r->records_last ? r->records[id] : MODEL_NONE;
}
static inline ReloadState reload_state(const Reload *r, int64_t id)
{
    return id > 0 && id <= r->records_last ? (ReloadState)r->states->data[id] : RELOAD_NONE;
}
static inline guint32 reload_class(const Reload *r, int64_t id)
{
    return id > 0 && id <= r->classes_last ? r->classes[id] : MODEL_NONE;
}

// reload.c
typedef bool (*ReloadRow)(Reload *r, StoreStmt *stmt, GError **error);
bool reload_each(Reload *r, const char *sql, ReloadRow row, GError **error);
// Ids, in the file, of the sources that keep some of `covers`: "1, 4"; NULL when there are none. Caller frees.
char *reload_kept(const Reload *r, guint covers);
int64_t reload_last(Reload *r, const char *table, GError **error); // the highest id; -1 with `error`

// reload_people.c
bool reload_people(Reload *r, GError **error);
