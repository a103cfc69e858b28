// judge: the one code path from a message to its decision, for the daemon, `chaperone scan` and whatever
// decides later. It owns the snapshot (configuration, policy, tables, roster) that a message is judged by.
#pragma once

#include "base/config.h"
#include "detect/detect.h"
#include "message/message.h"
#include "policy/policy.h"
#include "reader/reader.h"
#include "roster/roster.h"

// Everything a decision depends on beside the message. Immutable, reference-counted: HUP makes a new one.
typedef struct {
    Config *config;
    Policy *policy;
    DetectData *tables;
    Roster *roster;
    Mode mode;
} Snapshot;

// Loads and checks all of it; what `chaperone check` refuses, this refuses. `error` holds every mistake, a
// line each.
Snapshot *snapshot_load(const char *config_path, GError **error);
// The same on a configuration already loaded (a reference is taken).
Snapshot *snapshot_new(Config *config, GError **error);
Snapshot *snapshot_ref(Snapshot *snapshot);
void snapshot_unref(Snapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_unref)

// One message judged: steps 1 to 4 of the design.
typedef struct {
    Message *message;
    Parties *parties;
    Detection *detection;
    Decision *decision;
} Judgement;
void judgement_free(Judgement *judgement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Judgement, judgement_free)

// `fd` holds the `len` raw bytes. NULL with `error` (tempfail) when a step could not tell; `now_us` is the
// time of receipt; `budget_ms` bounds the reading (0 = reader.wall_ms).
Judgement *judge_message(const Snapshot *snapshot, ReaderPool *pool, const Envelope *envelope, int fd,
                         gsize len, int64_t now_us, int budget_ms, GError **error);

// What scan prints and what a record keeps of the decision: the object of the issue ({"id"?, "direction",
// "mode", "policy", "parties", "recipients", "findings", "phrases", "records", "facts", "reasons"}). `mask` hides the values (for
// records: the bytes are beside them anyway, but the metadata is read by more people). New reference. `id`
// may be NULL.
json_t *judgement_to_json(const Judgement *judgement, const Envelope *envelope, const char *id, bool mask);
