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
    CHANNEL_ANSWER,    // worker: the payload is a Message, `value` bytes of waiting attachments follow it
    CHANNEL_ATTACHMENT // pool: read an attachment in the descriptor; `value` = its length, payload: ChannelAttachment
} ChannelKind;

// Flags of CHANNEL_READ.
#define CHANNEL_SWEEP_ONLY 1u
#define CHANNEL_KEEP       2u // the bytes of all attachments

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

#define CHANNEL_LANGUAGES 256
typedef struct {
    char version[32];
    guint64 size; // of this struct
    guint32 cls;  // ReaderClass
    ConfigLimits limits;
    gint64 memory;
    gint32 cpu_s, wall_ms, recycle_after;
    gint64 uid, gid; // to run as; -1 = stay
    gint32 ocr_pictures;
    gint64 ocr_least_pixels;
    char languages[CHANNEL_LANGUAGES];
} ChannelSetup;

typedef struct {
    guint32 ready;  // 0: cannot work, and `note` says why
    guint32 layers; // in force
    char note[504]; // why others are not; for a person
} ChannelHello;

// What is known of an attachment beside its bytes.
typedef struct {
    guint64 offset;              // where it begins in the descriptor
    char *type, *name, *charset; // `name` and `charset` may be NULL
} ChannelAttachment;
#define CHANNEL_ATTACHMENT_MOST 16384 // bytes packed; longer strings are cut
GBytes *channel_pack_attachment(const ChannelAttachment *attachment);
// False when `bytes` are none; `*out` is then empty. channel_clear_attachment in any case.
bool channel_unpack_attachment(GBytes *bytes, ChannelAttachment *out);
void channel_clear_attachment(ChannelAttachment *attachment);

// Sends a head with `head->length` bytes of `payload` and, when it is not -1, the descriptor `pass`.
// `deadline` is in g_get_monotonic_time; CHANNEL_NEVER blocks.
ChannelResult channel_send(int fd, ChannelHead head, const void *payload, int pass, gint64 deadline);
// Receives a head of `kind` with a payload of at most `max` bytes. `*out_payload` and `*out_fd` may be NULL
// when none is wanted; a descriptor that nobody wants never arrives. On anything but CHANNEL_OK nothing is
// returned.
ChannelResult channel_receive(int fd, ChannelKind kind, gsize max, gint64 deadline, ChannelHead *out_head,
                              GBytes **out_payload, int *out_fd);
// More bytes after a head and its payload, whose number the head tells.
ChannelResult channel_send_more(int fd, const void *data, gsize len, gint64 deadline);
// The same, into `file`. CHANNEL_REFUSED when that cannot be written.
ChannelResult channel_receive_more(int fd, gsize len, gint64 deadline, int file);
