// judge: the one code path from a message to its decision, for the daemon, `chaperone scan` and whatever
// decides later. It owns the snapshot (configuration, policy, tables, roster) that a message is judged by.
#pragma once

#include "base/config.h"
#include "detect/detect.h"
#include "message/message.h"
#include "policy/policy.h"
#include "reader/reader.h"
#include "roster/roster.h"

#include <stdatomic.h>

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
// The policy of a file, with what it includes. NULL with `error`: every mistake, a line each.
Policy *snapshot_policy(const char *path, GError **error);
Snapshot *snapshot_ref(Snapshot *snapshot);
void snapshot_unref(Snapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_unref)

// One message judged: steps 1 to 4 of the design.
typedef struct {
    Message *message;
    Parties *parties;
    Detection *detection;
    Decision *decision; // of what was read
    // Something was not read in time that could change the decision, for the recipients whose flag in `waits` is set (one a
    // recipient of the envelope): theirs comes later.
    bool pending;
    bool *waits;
    bool *decided; // recipients that were decided earlier and are no part of `decision`; NULL = none
} Judgement;
void judgement_free(Judgement *judgement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Judgement, judgement_free)

// How long a judgement may take.
typedef struct {
    int reading_ms;     // for the message; 0 = reader.wall_ms
    int attachments_ms; // for its attachments; 0 = attachments.message_ms
    bool may_wait;      // false: attachments that are not in the cache make it pending at once
    bool finish;        // true: never pending; what was not read in time is a fact
    // Messages that wait for attachments at once, counted in `waiters`: more than `most_waiters` may not. NULL = no bound.
    atomic_int *waiters;
    int most_waiters;
} JudgeBudget;
extern const JudgeBudget JUDGE_WHOLE; // takes its time, and finishes: scan, the archivist, backtests

// `fd` holds the `len` raw bytes. NULL with `error` (tempfail) when a step could not tell; `now_us` is the time of receipt.
// Order: read the message, resolve, ask the policy what attachments could change for these parties (policy_needs), read those,
// detect and decide. A message without attachments pays nothing for them. One that is pending is decided by what was read, for
// the recipients that do not wait; the others stand in no reason.
Judgement *judge_message(const Snapshot *snapshot, Readers *readers, const Envelope *envelope, int fd,
                         gsize len, int64_t now_us, JudgeBudget budget, GError **error);

// Takes the recipients of `decided` (one flag a recipient) out of the decision: what became of them is known already.
void judgement_leave(Judgement *judgement, const bool *decided);
// Is the sender to be told of this decision?
bool judgement_tells_sender(const Judgement *judgement);
// What stands in the record beside the bytes: "envelope", "judgement" (masked), "message". New reference.
json_t *judgement_meta(const Judgement *judgement, const Envelope *envelope);
// What reviewers see of a held or pending message in lists; `meta` as judgement_meta made it. New reference.
json_t *judgement_summary(const Judgement *judgement, const json_t *meta);

// What scan prints and what a record keeps of the decision: the object of the issue ({"id"?, "direction",
// "mode", "policy", "parties", "recipients", "findings", "phrases", "records", "facts", "reasons"}; "pending" where recipients
// wait, whose "action" is "pending"). `mask` hides the values (for
// records: the bytes are beside them anyway, but the metadata is read by more people). New reference. `id`
// may be NULL.
json_t *judgement_to_json(const Judgement *judgement, const Envelope *envelope, const char *id, bool mask);
