#include "intake/internal.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WAIT_MS = 60000 }; // for other deliveries; Postfix gives one much longer

ArchiveRef *intake_deliver(const Config *config, GBytes *raw, const IntakeHints *hints, bool *out_report,
                           GError **error)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(raw, &len);
    g_autofree char *origin = g_strconcat(config->archive.origin, "-journal", NULL);
    json_t *meta = intake_meta(raw, hints, out_report);
    int fd = memfd_create("chaperone-journal", MFD_CLOEXEC);
    if (fd < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "no memory for a message: %s", g_strerror(errno));
    bool ok = fd >= 0 && file_write_all(fd, data != NULL ? data : "", len, "message", error);
    g_autoptr(Archive) archive = ok ? archive_open_shared(config, origin, WAIT_MS, error) : NULL;
    ArchiveRef *ref =
        archive != NULL ? archive_append(archive, NULL, fd, (int64_t)len, meta, hints->now_us, error) : NULL;
    if (fd >= 0)
        close(fd);
    json_decref(meta);
    return ref;
}
