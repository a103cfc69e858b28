// channel: what pool and worker say to each other over a stream socket: a fixed head, a payload, perhaps a
// descriptor. Both ends are of one build. The pool takes nothing from a worker on trust: kinds and sizes are
// checked here, the payload of an answer by message_from_bytes.
#pragma once

#include "base/config.h"

#include <sys/types.h>

#define CHANNEL_FD    3          // the worker's end
#define CHANNEL_NEVER G_MAXINT64 // no deadline

typedef enum {
    CHANNEL_SETUP = 1, // pool: limits and user, before anything else
    CHANNEL_HELLO,     // worker: the sandbox is up, these layers are in force
    CHANNEL_READ,      // pool: read the message in the descriptor; `value` = its length
    CHANNEL_ANSWER,    // worker: the payload is a Message
} ChannelKind;

#define CHANNEL_SWEEP_ONLY 1u // flag of CHANNEL_READ

typedef struct {
    guint32 magic;
    guint16 kind, flags;
    guint64 value, length; // `length` = bytes of payload
} ChannelHead;

typedef enum {
    CHANNEL_OK,
    CHANNEL_TIMEOUT,
    CHANNEL_CLOSED,  // the other end is gone
    CHANNEL_REFUSED, // what came is not what was to come
} ChannelResult;

// The layers of the worker's sandbox. Limits, no-new-privileges, the user (when the pool asks for one) and
// seccomp are mandatory; the others are used where kernel and container allow them.
typedef enum {
    LAYER_BIT_LIMITS = 1 << 0,
    LAYER_BIT_NO_NEW_PRIVS = 1 << 1,
    LAYER_BIT_USER = 1 << 2,
    LAYER_BIT_NAMESPACES = 1 << 3, // no network, own IPC and mounts
    LAYER_BIT_ROOT = 1 << 4,       // an empty, read-only root directory
    LAYER_BIT_LANDLOCK = 1 << 5,
    LAYER_BIT_SECCOMP = 1 << 6,
    LAYER_BIT_ALL = (1 << 7) - 1,
} LayerBit;
// Comma separated names of `layers`; caller frees. Bits by name: 0 when `name` is none.
char *channel_layer_names(guint layers);
guint channel_layer_lookup(const char *name);

typedef struct {
    char version[32];
    guint64 size; // of this struct
    ConfigLimits limits;
    gint64 memory;
    gint32 cpu_s, wall_ms, recycle_after;
    gint64 uid, gid; // to run as; -1 = stay
} ChannelSetup;

typedef struct {
    guint32 ready;  // 0: cannot work, and `note` says why
    guint32 layers; // in force
    char note[504]; // why others are not; for a person
} ChannelHello;

// Sends a head with `head->length` bytes of `payload` and, when it is not -1, the descriptor `pass`.
// `deadline` is in g_get_monotonic_time; CHANNEL_NEVER blocks.
ChannelResult channel_send(int fd, ChannelHead head, const void *payload, int pass, gint64 deadline);
// Receives a head of `kind` with a payload of at most `max` bytes. `*out_payload` and `*out_fd` may be NULL
// when none is wanted; a descriptor that nobody wants never arrives. On anything but CHANNEL_OK nothing is
// returned.
ChannelResult channel_receive(int fd, ChannelKind kind, gsize max, gint64 deadline, ChannelHead *out_head,
                              GBytes **out_payload, int *out_fd);
