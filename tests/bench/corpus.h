/* corpus - the messages to send, encoded once for all connections. */
#ifndef MILTERLOAD_CORPUS_H
#define MILTERLOAD_CORPUS_H

#include "util.h"

struct envelope {
    char *client_name;
    char *client_addr;
    char *helo;
    char *auth; /* {auth_authen}, or NULL for an unauthenticated client */
    char *from;
    char **rcpts;
    size_t nrcpts;
    size_t rcpts_cap;
};

/* ADDRESS, or @FILE with one address a line. */
void add_rcpt_option(struct envelope *envelope, const char *arg);

/* NAME[ADDRESS], as in mail.example.org[192.0.2.1]. */
void set_client(struct envelope *envelope, const char *arg);

struct span {
    size_t off;
    size_t len;
};

struct message {
    char *path;
    size_t size;                   /* as sent: CRLF line ends */
    struct buf wire;               /* every SMFIC_HEADER and SMFIC_BODY packet */
    struct span *headers;          /* value as it stands after the colon ... */
    struct span *headers_stripped; /* ... and less one leading space */
    size_t nheaders;
    struct span *bodies;
    size_t nbodies;
    struct envelope envelope;
};

extern struct message *corpus;
extern size_t corpus_count;
extern uint64_t corpus_bytes;

/* Adds one message, or every *.eml of a folder in the order of their names. */
void load_path(const char *path, const struct envelope *defaults);

/* Mixes the messages, the same way for the same seed. */
void shuffle_corpus(uint64_t seed);

#endif
