// archivist: works behind the mail path. It takes messages whose attachments could not be read in time from the quarantine,
// in order of arrival, reads them whole, judges them by the policy now in force, and releases or holds them. Inside:
// item.c (one message judged), archivist.c (what is read when, and the order of conclusions), main.c.
//
// Everything that must survive stands in the quarantine's database: a process that dies at any moment leaves recipients
// pending (they are judged again) or releasing (quarantine_recover settles them).
#pragma once

#include "judge/judge.h"
#include "quarantine/quarantine.h"
#include "review/review.h"

#define ARCHIVIST_NAME "chaperone-archivist"

typedef struct Archivist Archivist;
// Opens what it needs and starts attachments.workers threads that read. One process at a time for a quarantine: NULL with
// `error` (UNAVAILABLE) when another is at work. Thread rule: one thread calls all functions below. `wake` is a descriptor
// (eventfd) that is written to when archivist_step has something to do.
Archivist *archivist_new(Snapshot *snapshot, GError **error);
void archivist_free(Archivist *archivist);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archivist, archivist_free)
int archivist_wake_fd(const Archivist *archivist);
// Judges by `snapshot` from now on (a reference is taken).
void archivist_set_snapshot(Archivist *archivist, Snapshot *snapshot);

// Looks for pending messages and concludes what is read, in order of arrival. False with `error` when the quarantine could not
// be asked; the next step tries again.
bool archivist_step(Archivist *archivist, GError **error);
typedef struct {
    guint64 concluded, released, held; // messages; recipients
    guint waiting;                     // messages: not read yet, or read and not concluded
    guint failed;                      // messages that failed and wait for another try
    bool following;                    // the archive holds what the review or the index has not taken yet
    bool stuck;                        // and cannot take now; it is tried again
} ArchivistState;
void archivist_state(Archivist *archivist, ArchivistState *out_state);

// Begins no more messages, and waits at most `wait_ms` for those being read. False when some still are: the process must end
// without freeing it.
bool archivist_drain(Archivist *archivist, int wait_ms);
