// An archive with one record, a quarantine that holds it, and a listener for what is released.
#pragma once

#include "quarantine/internal.h"

#include <criterion/criterion.h>
#include <stdatomic.h>

#define NOW 1795375617000000

typedef struct {
    char *dir;
    Config *config;
    Archive *archive;
    Quarantine *quarantine;
    ArchiveRef *ref;
    Envelope *envelope;
} Bench;
// Two recipients, kid@ and two@example.org, that are held; releases go to a port where nobody listens.
Bench *bench_new(void);
// The same, of the message `raw`, and pending.
Bench *bench_new_pending(const char *raw);
void bench_free(Bench *bench);
HoldState state_of(Bench *bench, guint index);
// A decision as JSON that holds kid@example.org.
json_t *bench_judgement(void);

// Takes mail over SMTP; sets the port of `config`.
typedef struct {
    int fd;
    GThread *thread;
    GMutex lock;
    GPtrArray *mails;   // of char*: content, with CRLF
    atomic_bool refuse; // 450 to every recipient
} Sink;
Sink *sink_new(Config *config);
void sink_free(Sink *sink);
