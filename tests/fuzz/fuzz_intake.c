// Messages, journal reports, mbox files and lines of logs as they come: no bound is passed, and what an mbox is cut into lies in
// order within it.
#include "intake/internal.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    int64_t last;
    gsize bytes;
} Cuts;

static bool cut(const MboxMessage *message, void *data)
{
    Cuts *cuts = data;
    g_assert(message->position > cuts->last && message->raw != NULL);
    cuts->last = message->position;
    cuts->bytes += g_bytes_get_size(message->raw);
    return true;
}

static void try_mbox(const char *data, gsize len)
{
    int fd = memfd_create("mbox", MFD_CLOEXEC);
    g_assert(fd >= 0 && file_write_all(fd, data, len, "mbox", NULL));
    IntakeFormat found = mbox_kind(fd, "x", NULL);
    for (IntakeFormat kind = INTAKE_MBOXRD; kind <= INTAKE_MBOXCL2; kind++) {
        Cuts cuts = {.last = -1};
        bool ok = mbox_read(fd, "x", kind, cut, &cuts, NULL);
        g_assert(ok == (found != INTAKE_LAST));
        g_assert(cuts.bytes <= len);
    }
    close(fd);
}

static void try_message(const char *data, gsize len)
{
    g_autoptr(GBytes) raw = g_bytes_new(data, len);
    IntakeHints hints = {.source = "x", .format = "eml", .now_us = INT64_C(1795348800000000)};
    json_t *meta = intake_meta(raw, &hints, NULL);
    const json_t *wrapper = json_object_get(json_object_get(meta, "intake"), "wrapper");
    json_int_t end = json_integer_value(json_object_get(wrapper, "offset")) +
                     json_integer_value(json_object_get(wrapper, "length"));
    g_assert(end <= (json_int_t)len);
    char *text = json_dumps(meta, JSON_COMPACT);
    g_assert(text != NULL); // all of it is UTF-8
    free(text);
    json_decref(meta);
}

static void try_log(const char *data, gsize len)
{
    g_autofree char *text = g_strndup(data, len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 1000);
    g_autoptr(MailLog) log = maillog_new();
    for (char **line = lines; *line != NULL; line++)
        maillog_line(log, *line, INT64_C(1795348800000000));
    g_assert(log->files->len <= 2 * g_strv_length(lines));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data + 1;
    if (len > 0 && data[0] == 'b')
        try_mbox(text, len - 1);
    else if (len > 0 && data[0] == 'l')
        try_log(text, len - 1);
    else if (len > 0)
        try_message(text, len - 1);
    return 0;
}
