#include "reader/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAGIC       0x43687231u
#define CHUNK       (1024u * 1024u)
#define MORE        (256u * 1024u)
#define STRING_MOST 1024

static const char *const LAYER_NAMES[] = {"limits", "no-new-privileges", "user",   "namespaces",
                                          "root",   "landlock",          "seccomp"};

char *channel_layer_names(guint layers)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(LAYER_NAMES); i++)
        if (layers & (1u << i))
            g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", LAYER_NAMES[i]);
    return g_string_free(out, FALSE);
}

guint channel_layer_lookup(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(LAYER_NAMES); i++)
        if (strcmp(LAYER_NAMES[i], name) == 0)
            return 1u << i;
    return 0;
}

// Waits until `fd` is ready. Without a deadline the call that follows blocks by itself: the worker needs no
// poll(2).
static ChannelResult channel_wait(int fd, short events, gint64 deadline)
{
    while (deadline != CHANNEL_NEVER) {
        gint64 left = deadline - g_get_monotonic_time();
        if (left <= 0)
            return CHANNEL_TIMEOUT;
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, (int)MIN((left + 999) / 1000, 60 * 1000));
        if (n > 0)
            break;
        if (n < 0 && errno != EINTR)
            return CHANNEL_CLOSED;
    }
    return CHANNEL_OK;
}

static bool again(void)
{
    return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

// The descriptor can only travel with bytes: it goes with the head, which a stream socket with an empty
// buffer takes whole.
static ssize_t send_head(int fd, const void *data, gsize len, int pass, int flags)
{
    struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    msg.msg_control = control.space;
    msg.msg_controllen = sizeof control.space;
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &pass, sizeof pass);
    return sendmsg(fd, &msg, flags);
}

static ChannelResult send_all(int fd, const void *data, gsize len, int pass, gint64 deadline)
{
    const char *p = data;
    int flags = MSG_NOSIGNAL | (deadline == CHANNEL_NEVER ? 0 : MSG_DONTWAIT);
    while (len > 0) {
        ChannelResult result = channel_wait(fd, POLLOUT, deadline);
        if (result != CHANNEL_OK)
            return result;
        ssize_t n = pass >= 0 ? send_head(fd, p, len, pass, flags) : send(fd, p, len, flags);
        if (n < 0 && again())
            continue;
        if (n <= 0)
            return CHANNEL_CLOSED;
        pass = -1;
        p += n;
        len -= (gsize)n;
    }
    return CHANNEL_OK;
}

ChannelResult channel_send(int fd, ChannelHead head, const void *payload, int pass, gint64 deadline)
{
    head.magic = MAGIC;
    ChannelResult result = send_all(fd, &head, sizeof head, pass, deadline);
    if (result == CHANNEL_OK)
        result = send_all(fd, payload, head.length, -1, deadline);
    return result;
}

static void take_fd(struct msghdr *msg, int *out_fd)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
            c->cmsg_len == CMSG_LEN(sizeof(int))) {
            if (*out_fd >= 0)
                close(*out_fd);
            memcpy(out_fd, CMSG_DATA(c), sizeof *out_fd);
        }
}

// Exactly `len` bytes. Without `out_fd` there is no room for descriptors, and the kernel drops those that
// come.
static ChannelResult receive_all(int fd, void *data, gsize len, gint64 deadline, int *out_fd)
{
    char *p = data;
    int flags = MSG_CMSG_CLOEXEC | (deadline == CHANNEL_NEVER ? 0 : MSG_DONTWAIT);
    while (len > 0) {
        ChannelResult result = channel_wait(fd, POLLIN, deadline);
        if (result != CHANNEL_OK)
            return result;
        struct iovec iov = {.iov_base = p, .iov_len = len};
        union {
            char space[CMSG_SPACE(sizeof(int))];
            struct cmsghdr align;
        } control;
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        if (out_fd != NULL) {
            msg.msg_control = control.space;
            msg.msg_controllen = sizeof control.space;
        }
        ssize_t n = recvmsg(fd, &msg, flags);
        if (n < 0 && again())
            continue;
        if (n <= 0)
            return CHANNEL_CLOSED;
        if (out_fd != NULL)
            take_fd(&msg, out_fd);
        p += n;
        len -= (gsize)n;
    }
    return CHANNEL_OK;
}

// Memory grows with what really arrives, not with what the head promises.
static ChannelResult receive_payload(int fd, gsize len, gint64 deadline, GByteArray *out)
{
    ChannelResult result = CHANNEL_OK;
    while (result == CHANNEL_OK && out->len < len) {
        guint had = out->len;
        guint step = (guint)MIN(len - had, CHUNK);
        g_byte_array_set_size(out, had + step);
        result = receive_all(fd, out->data + had, step, deadline, NULL);
    }
    return result;
}

ChannelResult channel_receive(int fd, ChannelKind kind, gsize max, gint64 deadline, ChannelHead *out_head,
                              GBytes **out_payload, int *out_fd)
{
    ChannelHead head = {0};
    int passed = -1;
    g_autoptr(GByteArray) payload = g_byte_array_new();
    ChannelResult result = receive_all(fd, &head, sizeof head, deadline, out_fd != NULL ? &passed : NULL);
    if (result == CHANNEL_OK &&
        (head.magic != MAGIC || head.kind != kind || head.length > MIN(max, G_MAXINT32)))
        result = CHANNEL_REFUSED;
    if (result == CHANNEL_OK)
        result = receive_payload(fd, head.length, deadline, payload);
    if (result != CHANNEL_OK) {
        if (passed >= 0)
            close(passed);
        return result;
    }
    if (out_head != NULL)
        *out_head = head;
    if (out_payload != NULL)
        *out_payload = g_byte_array_free_to_bytes(g_steal_pointer(&payload));
    if (out_fd != NULL)
        *out_fd = passed;
    return CHANNEL_OK;
}

// ---- bytes after an answer --------------------------------------------------------------------------------

ChannelResult channel_send_more(int fd, const void *data, gsize len, gint64 deadline)
{
    return send_all(fd, data, len, -1, deadline);
}

static ssize_t receive_some(int fd, void *data, gsize len, gint64 deadline, ChannelResult *out_result)
{
    for (;;) {
        *out_result = channel_wait(fd, POLLIN, deadline);
        if (*out_result != CHANNEL_OK)
            return -1;
        ssize_t n = recv(fd, data, len, deadline == CHANNEL_NEVER ? 0 : MSG_DONTWAIT);
        if (n >= 0 || !again()) {
            *out_result = n > 0 ? CHANNEL_OK : CHANNEL_CLOSED;
            return n;
        }
    }
}

ChannelResult channel_receive_more(int fd, gsize len, gint64 deadline, int file)
{
    ChannelResult result = CHANNEL_OK;
    g_autofree guint8 *chunk = g_malloc(MIN(MAX(len, 1), MORE));
    while (result == CHANNEL_OK && len > 0) {
        ssize_t n = receive_some(fd, chunk, MIN(len, MORE), deadline, &result);
        if (result == CHANNEL_OK && !file_write_all(file, chunk, (gsize)n, "attachments", NULL))
            result = CHANNEL_REFUSED;
        if (result == CHANNEL_OK)
            len -= (gsize)n;
    }
    return result;
}

// ---- attachments ------------------------------------------------------------------------------------------

// "=text" or nothing, and a NUL: what is absent is not what is empty.
static void pack_string(GByteArray *out, const char *text)
{
    g_autofree char *valid =
        text != NULL ? g_utf8_make_valid(text, (gssize)strnlen(text, STRING_MOST)) : NULL;
    if (valid != NULL) {
        g_byte_array_append(out, (const guint8 *)"=", 1);
        g_byte_array_append(out, (const guint8 *)valid, (guint)strlen(valid));
    }
    g_byte_array_append(out, (const guint8 *)"", 1);
}

GBytes *channel_pack_attachment(const ChannelAttachment *attachment)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&attachment->offset, sizeof attachment->offset);
    pack_string(out, attachment->type);
    pack_string(out, attachment->name);
    pack_string(out, attachment->charset);
    return g_byte_array_free_to_bytes(out);
}

static bool unpack_string(const char **at, const char *end, char **out)
{
    const char *stop = *at < end ? memchr(*at, '\0', (gsize)(end - *at)) : NULL;
    if (stop == NULL || (stop > *at && **at != '='))
        return false;
    *out = stop > *at ? g_strdup(*at + 1) : NULL;
    *at = stop + 1;
    return true;
}

bool channel_unpack_attachment(GBytes *bytes, ChannelAttachment *out)
{
    gsize len = 0;
    const char *at = g_bytes_get_data(bytes, &len), *end = at + len;
    *out = (ChannelAttachment){0};
    if (len < sizeof out->offset)
        return false;
    memcpy(&out->offset, at, sizeof out->offset);
    at += sizeof out->offset;
    bool ok = unpack_string(&at, end, &out->type) && unpack_string(&at, end, &out->name) &&
              unpack_string(&at, end, &out->charset) && at == end && out->type != NULL;
    if (!ok)
        channel_clear_attachment(out);
    return ok;
}

void channel_clear_attachment(ChannelAttachment *attachment)
{
    g_free(attachment->type);
    g_free(attachment->name);
    g_free(attachment->charset);
    *attachment = (ChannelAttachment){0};
}
