// process: one worker process as the pool sees it. A ReaderProcess is used by one thread at a time.
#pragma once

#include "reader/channel.h"
#include "reader/reader.h"

typedef struct {
    pid_t pid; // 0 = none
    int pidfd, fd;
    guint served; // messages
} ReaderProcess;
#define READER_PROCESS_NONE ((ReaderProcess){.pid = 0, .pidfd = -1, .fd = -1})

typedef enum { READ_ANSWERED, READ_CRASHED, READ_TIMED_OUT, READ_REFUSED } ReadOutcome;

// Fills in what a worker is told at its start. False with `error` set when reader.user is not known.
bool process_setup(const Config *config, ChannelSetup *out_setup, GError **error);
// Starts config->reader.program and waits for its hello. False with `error` set, and nothing left behind but
// what `*out` holds (pid > 0: not ended yet; the caller reaps it).
bool process_start(const Config *config, const ChannelSetup *setup, ReaderProcess *out,
                   ChannelHello *out_hello, GError **error);
// Idle, alive and silent.
bool process_is_ready(const ReaderProcess *process);
// Hands over a sealed message and waits for the answer. `*out_message` only with READ_ANSWERED; else
// `*out_detail` says what happened (caller frees) and the process is good for nothing but process_end.
ReadOutcome process_read(ReaderProcess *process, int sealed, gsize len, bool sweep_only, gsize max_answer,
                         gint64 deadline, Message **out_message, char **out_detail);
// Kills it and closes its channel. True when it is gone and reaped; then `*out_status` (may be NULL) is its
// wait status. False: it may not be killed (it runs as another user) or takes long; call process_reap later.
bool process_end(ReaderProcess *process, int wait_ms, int *out_status);
bool process_reap(ReaderProcess *process);

// `fd` if it is a sealed memfd of at least `len` bytes, else a sealed copy; the caller closes it when it
// differs from `fd`. -1 with `error` set.
int process_sealed(int fd, gsize len, GError **error);
