#include "bench.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static const char PLAIN[] = "From: ben@example.org\r\nSubject: s\r\n\r\ncall my cell\r\n";

json_t *bench_judgement(void)
{
    return json_pack("{s:[{s:s,s:s,s:s}], s:[{s:s,s:s}], s:[{s:s,s:s,s:s,s:s,s:[i]}], s:[{s:s,s:s,s:s}]}",
                     "parties", "address", "ben@example.org", "role", "staff", "account", "school",
                     "recipients", "address", "kid@example.org", "action", "hold", "reasons", "rule",
                     "S1-private-contact", "clause", "NS-Cell 1a", "gist", "a private number", "remedy",
                     "use the school line", "findings", 0, "findings", "kind", "phone", "value",
                     "+1********42", "where", "body");
}

static Bench *make(const char *raw, bool pending)
{
    Bench *bench = g_new0(Bench, 1);
    bench->dir = g_dir_make_tmp("chaperone-quarantine-XXXXXX", NULL);
    bench->config = config_defaults();
    g_free(bench->config->archive.dir);
    bench->config->archive.dir = g_build_filename(bench->dir, "archive", NULL);
    bench->config->archive.min_free_bytes = 0;
    g_free(bench->config->quarantine.database);
    bench->config->quarantine.database = g_build_filename(bench->dir, "q.db", NULL);
    g_free(bench->config->notice.from);
    bench->config->notice.from = g_strdup("filter@example.org");
    g_free(bench->config->notice.dir);
    bench->config->notice.dir = g_strdup("conf/notices");
    // A port where nobody listens: what is sent is certainly refused.
    bench->config->quarantine.release_port = 1;
    bench->config->quarantine.release_timeout_s = 5;
    g_autoptr(GError) error = NULL;
    bench->archive = archive_open(bench->config, NULL, &error);
    cr_assert_not_null(bench->archive, "%s", error != NULL ? error->message : "");
    bench->quarantine = quarantine_open(bench->config, &error);
    cr_assert_not_null(bench->quarantine, "%s", error != NULL ? error->message : "");
    bench->envelope = envelope_new();
    g_free(bench->envelope->mail_from);
    bench->envelope->mail_from = g_strdup("ben@example.org");
    bench->envelope->received_us = NOW;
    envelope_add_rcpt(bench->envelope, "<kid@example.org>", NULL);
    envelope_add_rcpt(bench->envelope, "<two@example.org>", NULL);
    int fd = memfd_create("message", MFD_CLOEXEC);
    cr_assert_eq(write(fd, raw, strlen(raw)), (ssize_t)strlen(raw));
    json_t *meta = json_pack("{s:o, s:o, s:{s:s}}", "envelope", envelope_to_json(bench->envelope),
                             "judgement", bench_judgement(), "message", "subject", "s");
    bench->ref = archive_append(bench->archive, NULL, fd, (int64_t)strlen(raw), meta, NOW, &error);
    cr_assert_not_null(bench->ref, "%s", error != NULL ? error->message : "");
    json_decref(meta);
    close(fd);
    g_autoptr(GPtrArray) held = g_ptr_array_new();
    g_ptr_array_add(held, (gpointer) "kid@example.org");
    g_ptr_array_add(held, (gpointer) "two@example.org");
    json_t *summary = json_pack("{s:s}", "subject", "s");
    cr_assert(quarantine_hold(bench->quarantine, bench->ref, bench->envelope, pending ? NULL : held,
                              pending ? held : NULL, summary, NOW, &error));
    json_decref(summary);
    return bench;
}

void bench_free(Bench *bench)
{
    quarantine_close(&bench->quarantine);
    archive_close(&bench->archive);
    archive_ref_free(bench->ref);
    envelope_free(bench->envelope);
    config_unref(bench->config);
    g_autofree char *remove = g_strdup_printf("rm -rf %s", bench->dir);
    cr_assert_eq(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL), TRUE);
    g_free(bench->dir);
    g_free(bench);
}

Bench *bench_new(void)
{
    return make(PLAIN, false);
}

Bench *bench_new_pending(const char *raw)
{
    return make(raw, true);
}

HoldState state_of(Bench *bench, guint index)
{
    g_autoptr(HoldItem) item = quarantine_get(bench->quarantine, bench->ref->id, NULL);
    cr_assert_not_null(item);
    return ((HoldRcpt *)item->rcpts->pdata[index])->state;
}

// ---- a listener ------------------------------------------------------------------------------------------

static bool take_line(FILE *in, GString *line)
{
    char buffer[2048];
    g_string_truncate(line, 0);
    if (fgets(buffer, sizeof buffer, in) == NULL)
        return false;
    g_string_append(line, buffer);
    return true;
}

static void take_data(Sink *sink, FILE *in, GString *line)
{
    GString *data = g_string_new(NULL);
    while (take_line(in, line) && strcmp(line->str, ".\r\n") != 0)
        g_string_append(data, line->str);
    g_mutex_lock(&sink->lock);
    g_ptr_array_add(sink->mails, g_string_free(data, FALSE));
    g_mutex_unlock(&sink->lock);
}

static void converse(Sink *sink, int fd)
{
    FILE *in = fdopen(fd, "r+e");
    g_autoptr(GString) line = g_string_new(NULL);
    const char *answer = "220 sink\r\n";
    while (in != NULL && answer != NULL) {
        (void)!write(fd, answer, strlen(answer));
        if (!take_line(in, line))
            break;
        answer = "250 ok\r\n";
        if (g_ascii_strncasecmp(line->str, "RCPT", 4) == 0)
            answer = sink->refuse ? "450 not now\r\n" : "250 ok\r\n";
        if (g_ascii_strncasecmp(line->str, "DATA", 4) == 0) {
            (void)!write(fd, "354 go\r\n", 8);
            take_data(sink, in, line);
            answer = "250 2.0.0 Ok: queued as 4ABC\r\n";
        }
        if (g_ascii_strncasecmp(line->str, "QUIT", 4) == 0)
            break;
    }
    if (in != NULL)
        fclose(in);
}

static gpointer listen_on(gpointer data)
{
    Sink *sink = data;
    int fd;
    while ((fd = accept(sink->fd, NULL, NULL)) >= 0)
        converse(sink, fd);
    return NULL;
}

Sink *sink_new(Config *config)
{
    Sink *sink = g_new0(Sink, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    g_mutex_init(&sink->lock);
    sink->mails = g_ptr_array_new_with_free_func(g_free);
    sink->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(sink->fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(sink->fd, 5), 0);
    cr_assert_eq(getsockname(sink->fd, (struct sockaddr *)&address, &len), 0);
    config->quarantine.release_port = ntohs(address.sin_port);
    sink->thread = g_thread_new("sink", listen_on, sink);
    return sink;
}

void sink_free(Sink *sink)
{
    shutdown(sink->fd, SHUT_RDWR);
    g_thread_join(sink->thread);
    close(sink->fd);
    g_ptr_array_unref(sink->mails);
    g_mutex_clear(&sink->lock);
    g_free(sink);
}
