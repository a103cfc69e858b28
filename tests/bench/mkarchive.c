// mkarchive: an archive of many messages, fast: appends what stands on standard input, each message as a line with its length
// and its time of receipt in microseconds and the bytes behind it. Prints seconds and bytes as JSON.
//
//   mkarchive CONFIG [THREADS] < MESSAGES
#include "archive/archive.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    Archive *archive;
    guint64 bytes;
    gint failed;
} Bench;

typedef struct {
    char *data;
    gsize len;
    int64_t time_us;
} One;

static json_t *meta_of(const One *one)
{
    const char *from = strstr(one->data, "From: "), *to = strstr(one->data, "To: ");
    g_autofree char *sender = from ? g_strndup(from + 6, strcspn(from + 6, "\r\n")) : g_strdup("");
    g_autofree char *rcpt = to ? g_strndup(to + 4, strcspn(to + 4, "\r\n")) : g_strdup("");
    return json_pack("{s:{s:s, s:[{s:s}]}, s:{s:[{s:s, s:s, s:[]}]}}", "envelope", "mail_from", sender,
                     "rcpts", "address", rcpt, "judgement", "recipients", "address", rcpt, "action",
                     "deliver", "rules");
}

static void append(gpointer data, gpointer user)
{
    One *one = data;
    Bench *bench = user;
    g_autoptr(GError) error = NULL;
    json_t *meta = meta_of(one);
    int fd = memfd_create("message", MFD_CLOEXEC);
    bool ok = fd >= 0 && file_write_all(fd, one->data, one->len, "message", &error);
    g_autoptr(ArchiveRef) ref =
        ok ? archive_append(bench->archive, NULL, fd, (int64_t)one->len, meta, one->time_us, &error) : NULL;
    if (ref == NULL && g_atomic_int_add(&bench->failed, 1) == 0)
        fprintf(stderr, "mkarchive: %s\n", error ? error->message : "failed");
    if (fd >= 0)
        close(fd);
    json_decref(meta);
    g_free(one->data);
    g_free(one);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc < 2 || sodium_init() < 0)
        return 64;
    g_autoptr(Config) config = config_load(argv[1], &error);
    Bench bench = {.archive = config ? archive_open(config, NULL, &error) : NULL};
    if (bench.archive == NULL) {
        fprintf(stderr, "mkarchive: %s\n", error->message);
        return 1;
    }
    GThreadPool *pool = g_thread_pool_new(append, &bench, argc > 2 ? atoi(argv[2]) : 32, FALSE, NULL);
    gint64 begin = g_get_monotonic_time();
    guint64 count = 0;
    uint64_t len;
    int64_t time_us;
    while (scanf("%" SCNu64 " %" SCNd64, &len, &time_us) == 2 && getchar() == '\n') {
        One *one = g_new0(One, 1);
        *one = (One){g_malloc(len + 1), len, time_us};
        if (fread(one->data, 1, len, stdin) != len)
            return 1;
        one->data[len] = '\0';
        bench.bytes += len;
        count++;
        g_thread_pool_push(pool, one, NULL);
        while (g_thread_pool_unprocessed(pool) > 2000)
            g_usleep(500);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    archive_close(&bench.archive);
    printf("{\"messages\": %" G_GUINT64_FORMAT ", \"bytes\": %" G_GUINT64_FORMAT ", \"seconds\": %.2f}\n",
           count, bench.bytes, (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC);
    return bench.failed ? 1 : 0;
}
