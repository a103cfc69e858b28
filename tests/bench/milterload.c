/*
 * milterload - load generator and one-shot debugger for mail filters.
 *
 * Plays the MTA side of the milter protocol (version 6) in the way Postfix
 * does: the same option negotiation, the same macros in front of every event,
 * one reply awaited per event unless the filter negotiated it away, ABORT
 * after every message and QUIT at the end of a session.  Every message that
 * it sends comes from a file on disk, so the same corpus drives any filter.
 *
 * One thread, one epoll set.  Header and body packets are encoded once, when
 * the corpus is loaded; only the envelope and the macros are built per message.
 *
 * Usage: milterload [options] SOCKET PATH...
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "corpus.h"
#include "report.h"
#include "util.h"

#define OFFERED_ACTIONS SMFI_CURR_ACTS
#define OFFERED_EVENTS  SMFI_CURR_PROT

#define MAX_PACKET           (16u * 1024 * 1024) /* larger replies break the protocol */
#define MAX_CONNECT_FAILURES 200                 /* in a row, before giving up */
#define CONNECT_RETRY_NS     (1000 * 1000)       /* unix socket backlog was full */

static struct {
    const char *target;
    const char *label;
    long concurrency;
    long messages; /* 0: one pass over the corpus, or no limit with duration */
    long per_connection;
    long warmup;
    double duration; /* seconds, 0: none */
    double rate;     /* messages per second offered, 0: as fast as possible */
    double timeout;  /* seconds without an answer */
    long shuffle;    /* seed, -1: keep the order of names */
    bool dump;
    struct envelope envelope;
} opt = {
    .concurrency = 1,
    .per_connection = 1,
    .timeout = 30,
    .shuffle = -1,
};

/* ------------------------------------------------------------------ */
/* Macros                                                              */

/* What Postfix sends unless the filter names its own lists (SETSYMLIST). */
static const struct {
    char event;
    const char *names;
} default_macros[] = {
    [SMFIM_CONNECT] = {SMFIC_CONNECT, "j {daemon_name} {daemon_addr} v _"},
    [SMFIM_HELO] = {SMFIC_HELO, "{tls_version} {cipher} {cipher_bits} "
                                "{cert_subject} {cert_issuer}"},
    [SMFIM_ENVFROM] = {SMFIC_MAIL, "i {auth_type} {auth_authen} {auth_author} "
                                   "{mail_addr} {mail_host} {mail_mailer}"},
    [SMFIM_ENVRCPT] = {SMFIC_RCPT, "i {rcpt_addr} {rcpt_host} {rcpt_mailer}"},
    [SMFIM_DATA] = {SMFIC_DATA, "i"},
    [SMFIM_EOM] = {SMFIC_BODYEOB, "i"},
    [SMFIM_EOH] = {SMFIC_EOH, "i"},
};

#define MACRO_STAGES COUNT(default_macros)

static size_t macro_stage(char event)
{
    if (event == SMFIC_HEADER)
        return SMFIM_EOH; /* Postfix sends these two with their ... */
    if (event == SMFIC_BODY)
        return SMFIM_EOM; /* ... end-of-section macros */
    for (size_t i = 0; i < MACRO_STAGES; i++)
        if (default_macros[i].event == event)
            return i;
    return MACRO_STAGES;
}

static const char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return at ? at + 1 : "";
}

static const char *macro_value(const char *name, size_t len, const struct envelope *envelope,
                               const char *queue_id, const char *rcpt)
{
    const struct {
        const char *name;
        const char *value;
    } known[] = {
        {"i", queue_id},
        {"j", "mx.milterload.test"},
        {"v", "Postfix 3.7.11"},
        {"_", envelope->client_name},
        {"{daemon_name}", "mx.milterload.test"},
        {"{daemon_addr}", "127.0.0.1"},
        {"{client_addr}", envelope->client_addr},
        {"{client_name}", envelope->client_name},
        {"{auth_authen}", envelope->auth},
        {"{auth_type}", envelope->auth ? "PLAIN" : NULL},
        {"{mail_addr}", envelope->from},
        {"{mail_host}", domain_of(envelope->from)},
        {"{mail_mailer}", "smtp"},
        {"{rcpt_addr}", rcpt},
        {"{rcpt_host}", rcpt ? domain_of(rcpt) : NULL},
        {"{rcpt_mailer}", rcpt ? "smtp" : NULL},
    };

    for (size_t i = 0; i < COUNT(known); i++)
        if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0)
            return known[i].value;
    return NULL;
}

/* ------------------------------------------------------------------ */
/* Connections                                                         */

enum state { IDLE, RETRY, CONNECTING, NEGOTIATING, READY, BUSY, CLOSING };

/* One protocol event with its macros, ready to be sent. */
struct step {
    char event;
    const char *base; /* NULL: offsets are into the scratch buffer */
    struct span packet;
    struct span macros;
};

struct conn {
    int fd;
    enum state state;
    uint32_t epoll_events;
    unsigned session; /* counts the sessions that ended */

    uint32_t events; /* negotiated SMFIP_* */
    char *macros[MACRO_STAGES];
    long messages_done;

    const struct message *message;
    uint64_t serial;    /* of the message, for its queue ID */
    struct buf scratch; /* envelope and macro packets of this message */
    struct step *steps;
    size_t nsteps;
    size_t steps_cap;
    size_t next;  /* first step not sent yet */
    char waiting; /* event whose reply is awaited, or 0 */
    char skip;    /* event that the filter asked to skip */
    size_t rcpts_left;
    bool quarantined;

    struct iovec *out;
    size_t out_first;
    size_t out_count;
    size_t out_cap;
    struct buf in;

    int64_t connect_at;
    int64_t message_at;
    int64_t eom_at;
    int64_t deadline;
};

static struct conn *conns;
static struct conn **idle;
static size_t idle_count;
static size_t retrying;
static int epoll_fd;

static uint64_t started;          /* messages handed to connections */
static uint64_t finished;         /* with a verdict or a failure */
static uint64_t quota;            /* 0: no limit */
static int64_t stop_at;           /* 0: no limit */
static int64_t first_due;         /* with --rate */
static unsigned connect_failures; /* since the last verdict */
static bool ever_connected;
static bool warm;

static struct sockaddr_storage target_addr;
static socklen_t target_addr_len;

static void conn_work(struct conn *conn);

static void parse_target(const char *target)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    char *host;
    char *port;
    int error;

    if (strncmp(target, "unix:", 5) == 0 || strncmp(target, "local:", 6) == 0 || target[0] == '/') {
        struct sockaddr_un *sun = (struct sockaddr_un *)&target_addr;
        const char *path = target[0] == '/' ? target : strchr(target, ':') + 1;

        if (strlen(path) >= sizeof sun->sun_path)
            die("%s: path too long for a socket", path);
        sun->sun_family = AF_UNIX;
        strcpy(sun->sun_path, path);
        target_addr_len = sizeof *sun;
        return;
    }
    if (strncmp(target, "inet:", 5) == 0)
        hints.ai_family = AF_INET;
    else if (strncmp(target, "inet6:", 6) == 0)
        hints.ai_family = AF_INET6;
    else
        die("socket must be unix:PATH, inet:PORT@HOST or inet6:PORT@HOST");

    port = xstrndup(strchr(target, ':') + 1, strlen(target));
    if ((host = strchr(port, '@')) == NULL)
        die("%s: no @HOST", target);
    *host++ = '\0';
    if ((error = getaddrinfo(host, port, &hints, &list)) != 0)
        die("%s: %s", target, gai_strerror(error));
    memcpy(&target_addr, list->ai_addr, list->ai_addrlen);
    target_addr_len = list->ai_addrlen;
    freeaddrinfo(list);
    free(port);
}

static void watch(struct conn *conn, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = conn};

    if (conn->epoll_events == events)
        return;
    if (epoll_ctl(epoll_fd, conn->epoll_events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, conn->fd, &event) < 0)
        die("epoll_ctl: %s", strerror(errno));
    conn->epoll_events = events;
}

static void conn_close(struct conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    conn->session++;
    conn->epoll_events = 0;
    conn->state = IDLE;
    conn->out_first = conn->out_count = 0;
    conn->in.len = 0;
    conn->messages_done = 0;
    conn->waiting = 0;
    for (size_t i = 0; i < MACRO_STAGES; i++) {
        free(conn->macros[i]);
        conn->macros[i] = NULL;
    }
}

static void touch(struct conn *conn)
{
    conn->deadline = now_ns() + (int64_t)(opt.timeout * NS_PER_S);
}

/* Ends the message in hand without a verdict, and the session with it. */
static void conn_fail(struct conn *conn, enum failure failure)
{
    if (conn->message != NULL) {
        finished++;
        result.failures[failure]++;
        result.end = now_ns();
        if (opt.dump)
            printf("= failed: %s\n", failure_names[failure]);
    }
    if (failure == F_CONNECT && !ever_connected)
        die("%s: %s", opt.target, strerror(errno));
    if (failure == F_CONNECT && ++connect_failures >= MAX_CONNECT_FAILURES)
        die("%s: %u connections failed in a row: %s", opt.target, connect_failures, strerror(errno));
    conn->message = NULL;
    conn_close(conn);
    conn_work(conn);
}

static void queue_out(struct conn *conn, const char *data, size_t len)
{
    struct iovec *last;

    if (len == 0)
        return;
    if (opt.dump)
        dump_event(data, len);
    if (conn->out_count > conn->out_first) {
        last = &conn->out[conn->out_count - 1];
        if ((const char *)last->iov_base + last->iov_len == data) {
            last->iov_len += len;
            return;
        }
    }
    GROW(conn->out, conn->out_count, conn->out_cap);
    conn->out[conn->out_count++] = (struct iovec){.iov_base = (char *)data, .iov_len = len};
}

/* Returns false if the connection broke; a full socket is not an error. */
static bool flush_out(struct conn *conn)
{
    while (conn->out_first < conn->out_count) {
        size_t count = conn->out_count - conn->out_first;
        struct msghdr header = {.msg_iov = conn->out + conn->out_first,
                                .msg_iovlen = count < 512 ? count : 512};
        ssize_t sent = sendmsg(conn->fd, &header, MSG_NOSIGNAL);

        if (sent < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN)
                return false;
            watch(conn, EPOLLIN | EPOLLOUT);
            return true;
        }
        result.bytes_sent += (uint64_t)sent;
        while (sent > 0) {
            struct iovec *iov = &conn->out[conn->out_first];
            size_t part = (size_t)sent < iov->iov_len ? (size_t)sent : iov->iov_len;

            iov->iov_base = (char *)iov->iov_base + part;
            iov->iov_len -= part;
            sent -= (ssize_t)part;
            if (iov->iov_len == 0)
                conn->out_first++;
        }
    }
    conn->out_first = conn->out_count = 0;
    watch(conn, EPOLLIN);
    return true;
}

/* ------------------------------------------------------------------ */
/* Sending a message                                                   */

static struct span encode_macros(struct conn *conn, char event, const char *queue_id, const char *rcpt)
{
    size_t stage = macro_stage(event);
    const char *names = conn->macros[stage] ? conn->macros[stage] : default_macros[stage].names;
    size_t start = packet_begin(&conn->scratch, SMFIC_MACRO);

    buf_add(&conn->scratch, &event, 1);
    while (*(names += strspn(names, " ,\t")) != '\0') {
        size_t len = strcspn(names, " ,\t");
        const char *value = macro_value(names, len, &conn->message->envelope, queue_id, rcpt);

        if (value != NULL) {
            buf_add(&conn->scratch, names, len);
            buf_add(&conn->scratch, "", 1);
            buf_add_string(&conn->scratch, value);
        }
        names += len;
    }
    packet_end(&conn->scratch, start);
    return (struct span){start, conn->scratch.len - start};
}

static struct step *add_step(struct conn *conn, char event, struct span macros)
{
    struct step *step;

    GROW(conn->steps, conn->nsteps, conn->steps_cap);
    step = &conn->steps[conn->nsteps++];
    *step = (struct step){.event = event, .macros = macros};
    return step;
}

/* An event whose arguments are strings, or has none. */
static void add_text_step(struct conn *conn, char event, struct span macros, const char *first,
                          const char *second)
{
    size_t start = packet_begin(&conn->scratch, event);

    if (first != NULL)
        buf_add_string(&conn->scratch, first);
    if (second != NULL)
        buf_add_string(&conn->scratch, second);
    packet_end(&conn->scratch, start);
    add_step(conn, event, macros)->packet = (struct span){start, conn->scratch.len - start};
}

static void add_connect_step(struct conn *conn, struct span macros)
{
    const struct envelope *envelope = &conn->message->envelope;
    bool v6 = strchr(envelope->client_addr, ':') != NULL;
    size_t start = packet_begin(&conn->scratch, SMFIC_CONNECT);
    uint16_t port = htons(40000);

    buf_add_string(&conn->scratch, envelope->client_name);
    buf_add(&conn->scratch, v6 ? "6" : "4", 1);
    buf_add(&conn->scratch, &port, sizeof port);
    buf_add_string(&conn->scratch, envelope->client_addr);
    packet_end(&conn->scratch, start);
    add_step(conn, SMFIC_CONNECT, macros)->packet = (struct span){start, conn->scratch.len - start};
}

/* All events of the message in hand, in order. */
static void plan_message(struct conn *conn)
{
    const struct message *message = conn->message;
    const struct envelope *envelope = &message->envelope;
    const struct span *headers =
        conn->events & SMFIP_HDR_LEADSPC ? message->headers : message->headers_stripped;
    char queue_id[24];
    char size[32];
    char address[1024];
    struct span macros;

    conn->scratch.len = 0;
    conn->nsteps = conn->next = 0;
    conn->skip = 0;
    conn->quarantined = false;
    conn->rcpts_left = envelope->nrcpts;
    snprintf(queue_id, sizeof queue_id, "4ML%011" PRIX64, conn->serial);

    if (conn->messages_done == 0) {
        add_connect_step(conn, encode_macros(conn, SMFIC_CONNECT, queue_id, NULL));
        add_text_step(conn, SMFIC_HELO, encode_macros(conn, SMFIC_HELO, queue_id, NULL), envelope->helo,
                      NULL);
    }
    snprintf(address, sizeof address, "<%s>", envelope->from);
    snprintf(size, sizeof size, "SIZE=%zu", message->size);
    add_text_step(conn, SMFIC_MAIL, encode_macros(conn, SMFIC_MAIL, queue_id, NULL), address, size);
    for (size_t i = 0; i < envelope->nrcpts; i++) {
        snprintf(address, sizeof address, "<%s>", envelope->rcpts[i]);
        add_text_step(conn, SMFIC_RCPT, encode_macros(conn, SMFIC_RCPT, queue_id, envelope->rcpts[i]),
                      address, NULL);
    }
    add_text_step(conn, SMFIC_DATA, encode_macros(conn, SMFIC_DATA, queue_id, NULL), NULL, NULL);

    macros = encode_macros(conn, SMFIC_HEADER, queue_id, NULL);
    for (size_t i = 0; i < message->nheaders; i++) {
        struct step *step = add_step(conn, SMFIC_HEADER, macros);

        step->base = message->wire.data;
        step->packet = headers[i];
    }
    add_text_step(conn, SMFIC_EOH, encode_macros(conn, SMFIC_EOH, queue_id, NULL), NULL, NULL);

    macros = encode_macros(conn, SMFIC_BODY, queue_id, NULL);
    for (size_t i = 0; i < message->nbodies; i++) {
        struct step *step = add_step(conn, SMFIC_BODY, macros);

        step->base = message->wire.data;
        step->packet = message->bodies[i];
    }
    add_text_step(conn, SMFIC_BODYEOB, encode_macros(conn, SMFIC_BODYEOB, queue_id, NULL), NULL, NULL);
}

/* The SMFIP_NO* and SMFIP_NR_* bits of an event. */
static void event_flags(char event, uint32_t *unwanted, uint32_t *no_reply)
{
    static const struct {
        char event;
        uint32_t unwanted;
        uint32_t no_reply;
    } flags[] = {
        {SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN}, {SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO},
        {SMFIC_MAIL, SMFIP_NOMAIL, SMFIP_NR_MAIL},       {SMFIC_RCPT, SMFIP_NORCPT, SMFIP_NR_RCPT},
        {SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA},       {SMFIC_HEADER, SMFIP_NOHDRS, SMFIP_NR_HDR},
        {SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH},          {SMFIC_BODY, SMFIP_NOBODY, SMFIP_NR_BODY},
    };

    *unwanted = *no_reply = 0;
    for (size_t i = 0; i < COUNT(flags); i++) {
        if (flags[i].event == event) {
            *unwanted = flags[i].unwanted;
            *no_reply = flags[i].no_reply;
        }
    }
}

/* Sends events up to and including the next one that gets a reply. */
static void advance(struct conn *conn)
{
    conn->waiting = 0;
    while (!conn->waiting) {
        const struct step *step = &conn->steps[conn->next++];
        uint32_t unwanted;
        uint32_t no_reply;
        bool content = step->event == SMFIC_HEADER || step->event == SMFIC_EOH || step->event == SMFIC_BODY;

        if (step->event == conn->skip)
            continue;
        conn->skip = 0;
        event_flags(step->event, &unwanted, &no_reply);

        /* An unwanted envelope event still leaves its macros behind. */
        if (conn->events & unwanted && content)
            continue;
        queue_out(conn, conn->scratch.data + step->macros.off, step->macros.len);
        if (conn->events & unwanted)
            continue;
        queue_out(conn, (step->base ? step->base : conn->scratch.data) + step->packet.off, step->packet.len);
        if (!(conn->events & no_reply))
            conn->waiting = step->event;
    }
    touch(conn);
    if (conn->waiting == SMFIC_BODYEOB)
        conn->eom_at = now_ns();
    if (!flush_out(conn))
        conn_fail(conn, F_EOF);
}

static void start_message(struct conn *conn)
{
    conn->state = BUSY;
    if (opt.dump)
        printf("= %s\n", conn->message->path);
    plan_message(conn);
    if (opt.rate <= 0)
        conn->message_at = now_ns();
    advance(conn);
}

static void end_session(struct conn *conn)
{
    static const char quit[] = {0, 0, 0, 1, SMFIC_QUIT};

    queue_out(conn, quit, sizeof quit);
    conn->state = CLOSING;
    if (!flush_out(conn) || conn->out_count == 0) {
        conn_close(conn);
        conn_work(conn);
    }
}

static void finish_message(struct conn *conn, enum verdict verdict)
{
    static const char abort_packet[] = {0, 0, 0, 1, SMFIC_ABORT};
    char event = conn->waiting;
    int64_t now = now_ns();

    if (conn->quarantined && (verdict == CONTINUE || verdict == ACCEPT))
        verdict = QUARANTINE;
    result.verdicts[verdict]++;
    result.decided_at[name_index(event_names, EVENTS, event)]++;
    result.messages++;
    result.message_bytes += conn->message->size;
    add_latency(&result.message, now - conn->message_at);
    if (event == SMFIC_BODYEOB)
        add_latency(&result.eom, now - conn->eom_at);
    result.end = now;
    connect_failures = 0;
    if (opt.dump)
        printf("= %s\n", verdict_names[verdict]);

    conn->message = NULL;
    conn->waiting = 0;
    conn->messages_done++;
    finished++;
    if (!warm && finished >= (uint64_t)opt.warmup) {
        warm = true;
        reset_results();
        if (opt.duration > 0)
            stop_at = result.start + (int64_t)(opt.duration * NS_PER_S);
    }

    queue_out(conn, abort_packet, sizeof abort_packet);
    if (event == SMFIC_CONNECT || event == SMFIC_HELO || conn->messages_done >= opt.per_connection) {
        end_session(conn);
        return;
    }
    conn->state = READY;
    conn_work(conn);
}

/* ------------------------------------------------------------------ */
/* Replies                                                             */

static bool negotiated(struct conn *conn, const char *data, size_t len)
{
    if (len < MILTER_OPTLEN || get_u32(data) < 2)
        return false;
    conn->events = get_u32(data + 8);
    if (conn->events & ~(uint32_t)OFFERED_EVENTS)
        return false;
    if (get_u32(data + 4) & ~(uint32_t)OFFERED_ACTIONS)
        return false;

    data += MILTER_OPTLEN, len -= MILTER_OPTLEN;
    while (len > 4) {
        uint32_t stage = get_u32(data);
        size_t list = strnlen(data + 4, len - 4);

        if (list == len - 4 || stage >= MACRO_STAGES)
            return false;
        free(conn->macros[stage]);
        conn->macros[stage] = xstrndup(data + 4, list);
        data += list + 5, len -= list + 5;
    }
    add_latency(&result.session, now_ns() - conn->connect_at);
    result.sessions++;
    start_message(conn);
    return true;
}

static void refused(struct conn *conn, enum verdict verdict)
{
    if (conn->waiting == SMFIC_RCPT && verdict != DISCARD) {
        result.rcpts_refused++;
        if (--conn->rcpts_left > 0 || conn->steps[conn->next].event == SMFIC_RCPT) {
            advance(conn);
            return;
        }
    }
    finish_message(conn, verdict);
}

/* Returns false if the filter broke the protocol. */
static bool got_reply(struct conn *conn, char command, const char *data, size_t len)
{
    size_t change = name_index(change_names, CHANGES, command);

    if (opt.dump)
        dump_reply(command, data, len);
    if (conn->state == NEGOTIATING)
        return command == SMFIC_OPTNEG && negotiated(conn, data, len);
    if (command == SMFIR_PROGRESS) {
        result.progress++;
        touch(conn);
        return true;
    }
    if (conn->state != BUSY || !conn->waiting || conn->out_count > 0)
        return false; /* nothing was asked */
    if (change < CHANGES) {
        result.changes[change]++;
        if (command == SMFIR_QUARANTINE)
            conn->quarantined = true;
        return conn->waiting == SMFIC_BODYEOB;
    }

    switch (command) {
    case SMFIR_SKIP:
        conn->skip = conn->waiting;
        /* FALLTHROUGH */
    case SMFIR_CONTINUE:
        if (conn->waiting == SMFIC_BODYEOB)
            finish_message(conn, CONTINUE);
        else
            advance(conn);
        return true;
    case SMFIR_ACCEPT:
        finish_message(conn, ACCEPT);
        return true;
    case SMFIR_DISCARD:
        refused(conn, DISCARD);
        return true;
    case SMFIR_REJECT:
        refused(conn, REJECT);
        return true;
    case SMFIR_REPLYCODE:
        if (len < 4 || (data[0] != '4' && data[0] != '5'))
            return false;
        refused(conn, data[0] == '5' ? REJECT : TEMPFAIL);
        return true;
    case SMFIR_TEMPFAIL:
    case SMFIR_SHUTDOWN:
    case SMFIR_CONN_FAIL:
        refused(conn, TEMPFAIL);
        return true;
    default:
        return false;
    }
}

static void on_readable(struct conn *conn)
{
    char chunk[65536];
    size_t used = 0;
    unsigned session = conn->session;
    ssize_t got = recv(conn->fd, chunk, sizeof chunk, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (conn->state == READY) { /* idle: the filter hung up, or broke in */
        conn_close(conn);
        return;
    }
    if (got <= 0) {
        conn_fail(conn, F_EOF);
        return;
    }
    result.bytes_received += (uint64_t)got;
    buf_add(&conn->in, chunk, (size_t)got);

    while (conn->in.len - used >= MILTER_LEN_BYTES + 1) {
        const char *packet = conn->in.data + used;
        uint32_t len = get_u32(packet);

        if (len < 1 || len > MAX_PACKET) {
            conn_fail(conn, F_PROTOCOL);
            return;
        }
        if (conn->in.len - used < MILTER_LEN_BYTES + len)
            break;
        used += MILTER_LEN_BYTES + len;
        if (!got_reply(conn, packet[MILTER_LEN_BYTES], packet + MILTER_LEN_BYTES + 1, len - 1)) {
            conn_fail(conn, F_PROTOCOL);
            return;
        }
        if (conn->session != session)
            return; /* that reply ended the session */
    }
    memmove(conn->in.data, conn->in.data + used, conn->in.len - used);
    conn->in.len -= used;
}

/* ------------------------------------------------------------------ */
/* Opening sessions                                                    */

static void negotiate(struct conn *conn)
{
    size_t start;

    conn->scratch.len = 0;
    start = packet_begin(&conn->scratch, SMFIC_OPTNEG);
    buf_add_u32(&conn->scratch, SMFI_PROT_VERSION);
    buf_add_u32(&conn->scratch, OFFERED_ACTIONS);
    buf_add_u32(&conn->scratch, OFFERED_EVENTS);
    packet_end(&conn->scratch, start);
    conn->state = NEGOTIATING;
    ever_connected = true;
    queue_out(conn, conn->scratch.data, conn->scratch.len);
    touch(conn);
    if (!flush_out(conn))
        conn_fail(conn, F_EOF);
}

static void open_session(struct conn *conn)
{
    int one = 1;

    if (conn->state == RETRY)
        retrying--;
    else
        conn->connect_at = now_ns();
    conn->state = CONNECTING;
    touch(conn);
    conn->fd = socket(target_addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        die("socket: %s", strerror(errno));
    if (target_addr.ss_family != AF_UNIX)
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);

    if (connect(conn->fd, (struct sockaddr *)&target_addr, target_addr_len) == 0) {
        negotiate(conn);
    } else if (errno == EINPROGRESS) {
        watch(conn, EPOLLOUT);
    } else if (errno == EAGAIN) { /* a unix socket whose backlog is full */
        int64_t now = now_ns();

        if (now - conn->connect_at > (int64_t)(opt.timeout * NS_PER_S)) {
            conn_fail(conn, F_TIMEOUT);
            return;
        }
        close(conn->fd);
        conn->fd = -1;
        conn->state = RETRY;
        conn->deadline = now + CONNECT_RETRY_NS;
        retrying++;
        result.connect_retries++;
    } else {
        conn_fail(conn, F_CONNECT);
    }
}

static bool out_of_work(int64_t now)
{
    return (quota > 0 && started >= quota) || (stop_at > 0 && now >= stop_at);
}

static int64_t next_due(void)
{
    return first_due + (int64_t)((double)started / opt.rate * NS_PER_S);
}

/* Gives a connection without a message its next one, if there is one. */
static void conn_work(struct conn *conn)
{
    int64_t now = now_ns();

    if (out_of_work(now)) {
        if (conn->state == READY)
            end_session(conn);
        return;
    }
    if (opt.rate > 0) {
        if (next_due() > now) {
            if (conn->state == READY && !flush_out(conn))
                conn_close(conn);
            idle[idle_count++] = conn;
            return;
        }
        conn->message_at = next_due();
    }
    conn->message = &corpus[started % corpus_count];
    conn->serial = started++;
    if (conn->state == READY)
        start_message(conn);
    else
        open_session(conn);
}

static void on_event(struct conn *conn, uint32_t events)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (conn->state == CONNECTING) {
        getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        errno = error;
        if (error != 0)
            conn_fail(conn, F_CONNECT);
        else
            negotiate(conn);
        return;
    }
    if (events & EPOLLOUT) {
        if (!flush_out(conn)) {
            conn_fail(conn, F_EOF);
            return;
        }
        if (conn->state == CLOSING && conn->out_count == 0) {
            conn_close(conn);
            conn_work(conn);
            return;
        }
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        on_readable(conn);
}

static void check_deadlines(int64_t now, bool all)
{
    for (long i = 0; i < opt.concurrency; i++) {
        struct conn *conn = &conns[i];

        if (conn->state == RETRY && conn->deadline <= now)
            open_session(conn);
        else if (all && conn->message != NULL && conn->deadline <= now)
            conn_fail(conn, F_TIMEOUT);
    }
}

static void run(void)
{
    struct epoll_event events[256];
    int64_t next_check = now_ns() + NS_PER_S;

    for (long i = 0; i < opt.concurrency; i++)
        conn_work(&conns[i]);

    while (finished < started || !out_of_work(now_ns())) {
        int64_t now = now_ns();
        int64_t wait = next_check - now;
        struct timespec timeout;
        int count;

        if (retrying > 0 && wait > CONNECT_RETRY_NS)
            wait = CONNECT_RETRY_NS;
        if (opt.rate > 0 && idle_count > 0 && wait > next_due() - now)
            wait = next_due() - now;
        if (wait < 0)
            wait = 0;
        timeout = (struct timespec){wait / NS_PER_S, wait % NS_PER_S};
        count = epoll_pwait2(epoll_fd, events, COUNT(events), &timeout, NULL);
        if (count < 0 && errno != EINTR)
            die("epoll_wait: %s", strerror(errno));
        for (int i = 0; i < count; i++) {
            struct conn *conn = events[i].data.ptr;

            if (conn->fd >= 0)
                on_event(conn, events[i].events);
        }

        now = now_ns();
        while (opt.rate > 0 && idle_count > 0 && !out_of_work(now) && next_due() <= now)
            conn_work(idle[--idle_count]);
        if (retrying > 0 || now >= next_check)
            check_deadlines(now, now >= next_check);
        if (now >= next_check)
            next_check = now + NS_PER_S;
    }
}

/* ------------------------------------------------------------------ */
/* Command line                                                        */

static const char usage_text[] = "Usage: milterload [options] SOCKET PATH...\n"
                                 "\n"
                                 "Feeds mail to a filter over the milter protocol and reports, as JSON,\n"
                                 "how fast it answers and what it says.\n"
                                 "\n"
                                 "SOCKET is unix:PATH, inet:PORT@HOST or inet6:PORT@HOST.  Each PATH is a\n"
                                 "message or a folder of *.eml; NAME.env beside NAME.eml overrides the\n"
                                 "envelope given here, with lines of from:, rcpt:, auth:, helo: and "
                                 "client:\n"
                                 "\n"
                                 "  -c, --concurrency N     connections kept busy at once (1)\n"
                                 "  -n, --messages N        messages to send (one pass over the corpus)\n"
                                 "  -d, --duration S        stop after S seconds instead\n"
                                 "  -k, --per-connection N  messages per connection (1)\n"
                                 "  -r, --rate R            offer R messages a second; latency then counts\n"
                                 "                          from the moment that a message was due\n"
                                 "  -w, --warmup N          messages to send before measuring (0)\n"
                                 "  -t, --timeout S         longest wait for a reply (30)\n"
                                 "  -f, --from ADDRESS      envelope sender\n"
                                 "  -R, --rcpt ADDRESS      envelope recipient, repeatable; @FILE: a list\n"
                                 "  -a, --auth LOGIN        name that the client logged in with\n"
                                 "      --helo NAME         what the client calls itself\n"
                                 "      --client NAME[ADDR] the client's name and address\n"
                                 "      --shuffle SEED      mix the corpus, the same way for the same seed\n"
                                 "      --label TEXT        name of this run in the report\n"
                                 "      --dump              print the dialogue instead of the report\n"
                                 "  -h, --help              print this text\n"
                                 "\n"
                                 "Exit status: 0 all messages got a verdict, 1 some did not, 2 wrong usage\n"
                                 "or no filter there.\n";

static long number(const char *text, long least)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < least)
        die("%s: not a number of at least %ld", text, least);
    return value;
}

static double seconds_or_rate(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value > 0))
        die("%s: not a positive number", text);
    return value;
}

static void parse_options(int argc, char **argv)
{
    enum { HELO = 256, CLIENT, SHUFFLE, LABEL, DUMP };
    static const struct option options[] = {{"concurrency", required_argument, NULL, 'c'},
                                            {"messages", required_argument, NULL, 'n'},
                                            {"duration", required_argument, NULL, 'd'},
                                            {"per-connection", required_argument, NULL, 'k'},
                                            {"rate", required_argument, NULL, 'r'},
                                            {"warmup", required_argument, NULL, 'w'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"from", required_argument, NULL, 'f'},
                                            {"rcpt", required_argument, NULL, 'R'},
                                            {"auth", required_argument, NULL, 'a'},
                                            {"helo", required_argument, NULL, HELO},
                                            {"client", required_argument, NULL, CLIENT},
                                            {"shuffle", required_argument, NULL, SHUFFLE},
                                            {"label", required_argument, NULL, LABEL},
                                            {"dump", no_argument, NULL, DUMP},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct envelope *envelope = &opt.envelope;
    int option;

    while ((option = getopt_long(argc, argv, "c:n:d:k:r:w:t:f:R:a:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            opt.concurrency = number(optarg, 1);
            break;
        case 'n':
            opt.messages = number(optarg, 1);
            break;
        case 'd':
            opt.duration = seconds_or_rate(optarg);
            break;
        case 'k':
            opt.per_connection = number(optarg, 1);
            break;
        case 'r':
            opt.rate = seconds_or_rate(optarg);
            break;
        case 'w':
            opt.warmup = number(optarg, 0);
            break;
        case 't':
            opt.timeout = seconds_or_rate(optarg);
            break;
        case 'f':
            envelope->from = optarg;
            break;
        case 'R':
            add_rcpt_option(envelope, optarg);
            break;
        case 'a':
            envelope->auth = optarg;
            break;
        case HELO:
            envelope->helo = optarg;
            break;
        case CLIENT:
            set_client(envelope, optarg);
            break;
        case SHUFFLE:
            opt.shuffle = number(optarg, 0);
            break;
        case LABEL:
            opt.label = optarg;
            break;
        case DUMP:
            opt.dump = true;
            break;
        case 'h':
            fputs(usage_text, stdout);
            exit(EXIT_SUCCESS);
        default:
            fputs(usage_text, stderr);
            exit(EXIT_USAGE);
        }
    }
    if (argc - optind < 2) {
        fputs(usage_text, stderr);
        exit(EXIT_USAGE);
    }
    if (envelope->client_name == NULL)
        set_client(envelope, "client.milterload.test[192.0.2.10]");
    if (envelope->helo == NULL)
        envelope->helo = envelope->client_name;
    if (envelope->from == NULL)
        envelope->from = "sender@milterload.test";
    if (envelope->nrcpts == 0)
        add_rcpt_option(envelope, "recipient@milterload.test");

    opt.target = argv[optind++];
    parse_target(opt.target);
    while (optind < argc)
        load_path(argv[optind++], &opt.envelope);
    if (corpus_count == 0)
        die("no messages found");
    if (opt.shuffle >= 0)
        shuffle_corpus((uint64_t)opt.shuffle);
}

/* One descriptor per connection, whatever the shell allows by default. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    uint64_t failures = 0;

    parse_options(argc, argv);
    raise_file_limit();
    if ((epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die("epoll_create1: %s", strerror(errno));
    conns = xcalloc((size_t)opt.concurrency, sizeof *conns);
    idle = xcalloc((size_t)opt.concurrency, sizeof(struct conn *));
    for (long i = 0; i < opt.concurrency; i++)
        conns[i].fd = -1;

    if (opt.messages > 0)
        quota = (uint64_t)(opt.messages + opt.warmup);
    else if (opt.duration <= 0)
        quota = corpus_count + (uint64_t)opt.warmup;
    reset_results();
    first_due = result.start;
    if (opt.warmup == 0) {
        warm = true;
        if (opt.duration > 0)
            stop_at = result.start + (int64_t)(opt.duration * NS_PER_S);
    }

    run();

    if (!opt.dump)
        print_report(&(struct report_info){
            .label = opt.label,
            .target = opt.target,
            .files = corpus_count,
            .bytes = corpus_bytes,
            .concurrency = opt.concurrency,
            .per_connection = opt.per_connection,
            .rate = opt.rate,
        });
    for (size_t i = 0; i < FAILURES; i++)
        failures += result.failures[i];
    return failures > 0;
}
