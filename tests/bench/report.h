/* report - what is counted, and how it is printed. */
#ifndef MILTERLOAD_REPORT_H
#define MILTERLOAD_REPORT_H

#include <sys/resource.h>

#include "util.h"

enum verdict { CONTINUE, ACCEPT, QUARANTINE, REJECT, TEMPFAIL, DISCARD, VERDICTS };

enum failure { F_CONNECT, F_EOF, F_TIMEOUT, F_PROTOCOL, FAILURES };

struct command_name {
    char command;
    const char *name;
};

#define EVENTS  13
#define CHANGES 9

extern const char *const verdict_names[VERDICTS];
extern const char *const failure_names[FAILURES];
extern const struct command_name event_names[EVENTS];
extern const struct command_name change_names[CHANGES];

/* COUNT if the command is none of these. */
size_t name_index(const struct command_name *names, size_t count, char command);

struct latencies {
    uint32_t *us;
    size_t count;
    size_t cap;
};

struct result {
    uint64_t verdicts[VERDICTS];
    uint64_t decided_at[EVENTS]; /* by the event that the verdict answered */
    uint64_t changes[CHANGES];
    uint64_t failures[FAILURES];
    uint64_t rcpts_refused;
    uint64_t progress;
    uint64_t sessions;
    uint64_t connect_retries;
    uint64_t messages;
    uint64_t message_bytes;
    uint64_t bytes_sent;
    uint64_t bytes_received;
    struct latencies session; /* connect() to the reply to OPTNEG */
    struct latencies message; /* MAIL (or its due time) to the verdict */
    struct latencies eom;     /* end of message sent to the verdict */
    int64_t start;
    int64_t end;
    struct rusage usage;
};

extern struct result result;

void add_latency(struct latencies *list, int64_t ns);

/* Forgets everything and starts the clock. */
void reset_results(void);

/* One packet, for people. */
void dump_event(const char *packet, size_t len);
void dump_reply(char command, const char *data, size_t len);

/* What the report says about the run besides its results. */
struct report_info {
    const char *label;
    const char *target;
    size_t files;
    uint64_t bytes;
    long concurrency;
    long per_connection;
    double rate;
};

/* The results as a JSON object. */
void print_report(const struct report_info *info);

#endif
