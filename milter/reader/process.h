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

// A class of workers in the configuration.
typedef struct {
    const char *name;        // "messages"
    const char *workers_key; // to say what may help
    int workers, recycle_after, wall_ms, cpu_s;
    gint64 memory;
} ProcessClass;
ProcessClass process_class(const Config *config, ReaderClass cls);

// Fills in what a worker is told at its start. False with `error` set when reader.user is not known.
bool process_setup(const Config *config, ReaderClass cls, ChannelSetup *out_setup, GError **error);
// Starts config->reader.program and waits for its hello. False with `error` set, and nothing left behind but
// what `*out` holds (pid > 0: not ended yet; the caller reaps it).
bool process_start(const Config *config, const ChannelSetup *setup, ReaderProcess *out,
                   ChannelHello *out_hello, GError **error);
// Idle, alive and silent.
bool process_is_ready(const ReaderProcess *process);
// What a process is to read.
typedef struct {
    int sealed;
    gsize len;
    bool sweep_only, keep;               // of a message
    const ChannelAttachment *attachment; // NULL = a message
    gsize max_answer, max_blob;
} ReadRequest;

typedef struct {
    ReadOutcome outcome;
    Message *message; // only with READ_ANSWERED
    int blob;         // sealed file of the waiting parts' bytes; -1 = none
    gsize blob_len;
    char *detail; // what happened, when there is no answer
} ReadAnswer;
#define READ_ANSWER_NONE ((ReadAnswer){.outcome = READ_TIMED_OUT, .blob = -1})
void read_answer_clear(ReadAnswer *answer);

// Hands over what is to be read and waits for the answer. On anything but READ_ANSWERED the process is good for nothing but
// process_end.
void process_read(ReaderProcess *process, const ReadRequest *request, gint64 deadline, ReadAnswer *out);
// Kills it and closes its channel. True when it is gone and reaped; then `*out_status` (may be NULL) is its
// wait status. False: it may not be killed (it runs as another user) or takes long; call process_reap later.
bool process_end(ReaderProcess *process, int wait_ms, int *out_status);
bool process_reap(ReaderProcess *process);

// `fd` if it is a sealed memfd of at least `len` bytes, else a sealed copy; the caller closes it when it
// differs from `fd`. -1 with `error` set.
int process_sealed(int fd, gsize len, GError **error);
