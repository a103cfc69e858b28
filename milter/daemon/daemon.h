// daemon: the libmilter filter. The only room that includes mfapi.h. Inside: session.c (callbacks, one struct
// a connection), intake.c (the bytes of one message), gate.c (how many messages are worked on at once),
// pipeline.c (the steps of one message), reply.c (one verdict -> one libmilter answer), server.c (socket,
// privileges, libmilter's own threads), notifier.c (notices, beside the mail path), main.c. Thread rule:
// libmilter runs the callbacks of one message on different threads, one at a time; everything a message needs
// lives in its Session.
#pragma once

#include "archive/archive.h"
#include "base/config.h"
#include "judge/judge.h"
#include "quarantine/quarantine.h"

#include <stdatomic.h>

// ---- gate: a bound on messages in work -------------------------------------------------------------------

typedef struct Gate Gate;
Gate *gate_new(int places);
void gate_free(Gate *gate);
// Takes a place, waiting up to `wait_ms`; calls `tick` (may be NULL) about every `tick_ms` while it waits.
// False = none came free.
bool gate_enter(Gate *gate, int wait_ms, int tick_ms, void (*tick)(void *), void *data);
void gate_leave(Gate *gate);
// Waits until nobody is inside, at most `wait_ms`. The number still inside.
int gate_drain(Gate *gate, int wait_ms);
// From now on nobody gets in; who waits is sent away.
void gate_close(Gate *gate);

// ---- what all sessions share -----------------------------------------------------------------------------

typedef struct {
    GMutex lock; // guards `snapshot`
    Snapshot *snapshot;
    Config *started; // as it was at the start: what needs a restart is read from here
    Archive *archive;
    Quarantine *quarantine;
    Readers *readers;
    Gate *gate;
    atomic_int in_flight;          // end-of-message callbacks that have not returned
    atomic_int attachment_waiters; // messages that wait for their attachments
    atomic_uint_fast64_t messages, held, deferred, pending;
} Daemon;
// A reference to the snapshot in force; caller unrefs.
Snapshot *daemon_snapshot(Daemon *daemon);
// Are there the templates that notices are written from?
bool daemon_check_notices(const Snapshot *snapshot, GError **error);
// Notes the policy in the register, where it is another than the one before. False with `error`.
bool daemon_register(const Snapshot *snapshot, const char *why, GError **error);
// Validates and swaps; keeps the old one on error. Logs what it did.
void daemon_reload(Daemon *daemon);

// ---- intake: the bytes of one message, in memory up to a threshold, then in an unnamed file --------------

typedef struct Intake Intake;
Intake *intake_new(int64_t threshold, const char *spool_dir);
void intake_free(Intake *intake);
// False with `error` when spooling fails; the intake then refuses everything that follows.
bool intake_add(Intake *intake, const void *data, gsize len, GError **error);
int64_t intake_size(const Intake *intake);
// A descriptor over all the bytes, at offset 0, owned by the intake. -1 with `error`.
int intake_fd(Intake *intake, GError **error);

// ---- one verdict for one message -------------------------------------------------------------------------

typedef enum {
    VERDICT_DELIVER,   // to all recipients
    VERDICT_DROP_HELD, // delete the held recipients, deliver to the rest
    VERDICT_DISCARD,   // all are held: 250, and nothing goes on
    VERDICT_REJECT,    // 5xx, by rule
    VERDICT_TEMPFAIL,  // 4xx: something failed; the sender keeps the message
    VERDICT_MTA_HOLD,  // archive failed and the configuration prefers Postfix's hold queue
} VerdictKind;

typedef struct {
    VerdictKind kind;
    char *record;       // ULID; NULL when there is none
    char *text;         // of REJECT and TEMPFAIL, for the client; one line, no secrets
    GPtrArray *dropped; // of char*: exact RCPT arguments of held recipients
    bool tagged;
} Verdict;
void verdict_clear(Verdict *verdict);

// A message whose record exists was not taken over in the end (the MTA got a 4xx): says so in the archive and
// takes back what was held, so that the sender's next try is the only one.
void pipeline_withdraw(Daemon *daemon, const Envelope *envelope, const char *record, const char *why);

// Steps 1 to 7 but the reply itself. Never fails: what cannot be done is VERDICT_TEMPFAIL with a log line.
// `tick` is called between steps.
void pipeline_run(Daemon *daemon, const Envelope *envelope, Intake *intake, void (*tick)(void *), void *data,
                  Verdict *out_verdict);

// ---- libmilter -------------------------------------------------------------------------------------------

// Registers the callbacks (one file-scope pointer: they get no user data) and opens the socket with owner,
// group and mode. Call before privileges are dropped and before threads start.
bool server_open(Daemon *daemon, const Config *config, GError **error);
// Runs libmilter in a thread of its own, all signals blocked.
bool server_start(GError **error);
// Stops libmilter and waits for its main loop to end.
void server_stop(const Config *config);
// Did libmilter's loop end by itself?
bool server_ended(void);

// ---- notices ---------------------------------------------------------------------------------------------

typedef struct Notifier Notifier;
Notifier *notifier_start(Daemon *daemon);
void notifier_stop(Notifier *notifier);
