// What the pool takes from a worker, and what it does not.
#include "reader/channel.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    int ends[2];
} Pair;

static Pair pair_new(void)
{
    Pair pair;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.ends), 0);
    return pair;
}

static void pair_close(Pair *pair)
{
    close(pair->ends[0]);
    close(pair->ends[1]);
}

static gint64 soon(int ms)
{
    return g_get_monotonic_time() + ms * 1000ll;
}

Test(channel, payload_and_descriptor_arrive)
{
    Pair pair = pair_new();
    int file = memfd_create("x", MFD_CLOEXEC), got_fd = -1;
    ChannelHead head = {.kind = CHANNEL_READ, .flags = CHANNEL_SWEEP_ONLY, .value = 7, .length = 5}, got;
    cr_assert_eq(channel_send(pair.ends[0], head, "hello", file, soon(1000)), CHANNEL_OK);
    g_autoptr(GBytes) payload = NULL;
    cr_assert_eq(channel_receive(pair.ends[1], CHANNEL_READ, 5, soon(1000), &got, &payload, &got_fd),
                 CHANNEL_OK);
    cr_expect_eq(got.value, 7);
    cr_expect_eq(got.flags, CHANNEL_SWEEP_ONLY);
    cr_expect_eq(g_bytes_get_size(payload), 5);
    cr_expect_arr_eq(g_bytes_get_data(payload, NULL), "hello", 5);
    struct stat a, b;
    cr_assert_eq(fstat(file, &a), 0);
    cr_assert_eq(fstat(got_fd, &b), 0);
    cr_expect_eq(a.st_ino, b.st_ino);
    cr_expect_eq(fcntl(got_fd, F_GETFD), FD_CLOEXEC);
    close(file);
    close(got_fd);
    pair_close(&pair);
}

static guint open_descriptors(void)
{
    guint count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

// Workers have no descriptors to give: what one sends along never reaches the pool.
Test(channel, unwanted_descriptor_is_dropped)
{
    Pair pair = pair_new();
    int file = memfd_create("x", MFD_CLOEXEC);
    ChannelHead head = {.kind = CHANNEL_ANSWER, .length = 1};
    cr_assert_eq(channel_send(pair.ends[0], head, "a", file, soon(1000)), CHANNEL_OK);
    guint before = open_descriptors();
    g_autoptr(GBytes) payload = NULL;
    cr_expect_eq(channel_receive(pair.ends[1], CHANNEL_ANSWER, 5, soon(1000), NULL, &payload, NULL),
                 CHANNEL_OK);
    cr_expect_eq(open_descriptors(), before);
    close(file);
    pair_close(&pair);
}

// A right head to spoil.
static ChannelHead good_head(guint64 length)
{
    Pair pair = pair_new();
    ChannelHead head = {.kind = CHANNEL_ANSWER, .length = length}, raw;
    char *payload = g_malloc0(length);
    cr_assert_eq(channel_send(pair.ends[0], head, payload, -1, soon(1000)), CHANNEL_OK);
    cr_assert_eq(recv(pair.ends[1], &raw, sizeof raw, MSG_WAITALL), (ssize_t)sizeof raw);
    g_free(payload);
    pair_close(&pair);
    return raw;
}

static void expect_result(const char *what, const void *bytes, gsize len, ChannelResult expected)
{
    Pair pair = pair_new();
    cr_assert_eq(send(pair.ends[0], bytes, len, 0), (ssize_t)len);
    cr_assert_eq(shutdown(pair.ends[0], SHUT_WR), 0);
    g_autoptr(GBytes) payload = NULL;
    ChannelResult result =
        channel_receive(pair.ends[1], CHANNEL_ANSWER, 100, soon(1000), NULL, &payload, NULL);
    cr_expect_eq(result, expected, "%s: %d", what, result);
    cr_expect_null(payload, "%s", what);
    pair_close(&pair);
}

Test(channel, garbage)
{
    const ChannelHead good = good_head(50);
    ChannelHead head = good;
    expect_result("nothing", "", 0, CHANNEL_CLOSED);
    expect_result("half a head", &head, sizeof head / 2, CHANNEL_CLOSED);
    expect_result("no payload", &head, sizeof head, CHANNEL_CLOSED);
    head.magic ^= 1;
    expect_result("magic", &head, sizeof head, CHANNEL_REFUSED);
    head = good;
    head.kind = CHANNEL_HELLO;
    expect_result("kind", &head, sizeof head, CHANNEL_REFUSED);
    static const guint64 lengths[] = {101, 1ull << 31, 1ull << 32, (1ull << 32) + 50, G_MAXUINT64};
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        head = good;
        head.length = lengths[i];
        expect_result("length", &head, sizeof head, CHANNEL_REFUSED);
    }
    static const char noise[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n                  ";
    expect_result("noise", noise, sizeof noise, CHANNEL_REFUSED);
}

// A promise costs no memory: the head says 2 GB, and nothing follows.
Test(channel, promised_length_is_not_allocated)
{
    Pair pair = pair_new();
    ChannelHead head = good_head(50);
    head.length = G_MAXINT32;
    cr_assert_eq(send(pair.ends[0], &head, sizeof head, 0), (ssize_t)sizeof head);
    g_autoptr(GBytes) payload = NULL;
    gint64 start = g_get_monotonic_time();
    cr_expect_eq(channel_receive(pair.ends[1], CHANNEL_ANSWER, G_MAXSIZE, soon(50), NULL, &payload, NULL),
                 CHANNEL_TIMEOUT);
    cr_expect_geq(g_get_monotonic_time() - start, 50 * 1000);
    g_autofree char *status = NULL;
    cr_assert(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
    const char *peak = strstr(status, "VmHWM:");
    cr_assert_not_null(peak);
    cr_expect_lt(g_ascii_strtoull(peak + 6, NULL, 10), 1024 * 1024, "less than 1 GB");
    pair_close(&pair);
}

Test(channel, sending_to_one_that_does_not_read)
{
    Pair pair = pair_new();
    gsize len = 8 * 1024 * 1024;
    g_autofree char *much = g_malloc0(len);
    ChannelHead head = {.kind = CHANNEL_ANSWER, .length = len};
    cr_expect_eq(channel_send(pair.ends[0], head, much, -1, soon(50)), CHANNEL_TIMEOUT);
    close(pair.ends[1]);
    cr_expect_eq(channel_send(pair.ends[0], head, much, -1, soon(50)), CHANNEL_CLOSED, "and no SIGPIPE");
    close(pair.ends[0]);
}

Test(channel, layer_names)
{
    g_autofree char *all = channel_layer_names(LAYER_BIT_ALL), *none = channel_layer_names(0);
    cr_expect_str_eq(all, "limits, no-new-privileges, user, namespaces, root, landlock, seccomp");
    cr_expect_str_empty(none);
    cr_expect_eq(channel_layer_lookup("seccomp"), LAYER_BIT_SECCOMP);
    cr_expect_eq(channel_layer_lookup("secc"), 0);
}
