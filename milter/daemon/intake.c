#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct Intake {
    GByteArray *memory;
    int64_t threshold, size;
    char *spool_dir;
    int fd; // of the spool file, or of the sealed copy of `memory`
    bool spooled, failed;
};

Intake *intake_new(int64_t threshold, const char *spool_dir)
{
    Intake *intake = g_new0(Intake, 1);
    *intake = (Intake){
        .memory = g_byte_array_new(), .threshold = threshold, .spool_dir = g_strdup(spool_dir), .fd = -1};
    return intake;
}

void intake_free(Intake *intake)
{
    if (intake == NULL)
        return;
    if (intake->fd >= 0)
        close(intake->fd);
    g_byte_array_unref(intake->memory);
    g_free(intake->spool_dir);
    g_free(intake);
}

// A file without a name, also where the file system knows no O_TMPFILE.
static int unnamed_file(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    g_autofree char *path = g_build_filename(dir, "spool-XXXXXX", NULL);
    fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static bool to_file(Intake *intake, GError **error)
{
    intake->fd = unnamed_file(intake->spool_dir);
    if (intake->fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: cannot spool a large message: %s",
                    intake->spool_dir, g_strerror(errno));
        return false;
    }
    if (!file_write_all(intake->fd, intake->memory->data, intake->memory->len, intake->spool_dir, error))
        return false;
    intake->spooled = true;
    g_byte_array_unref(intake->memory);
    intake->memory = g_byte_array_new();
    return true;
}

bool intake_add(Intake *intake, const void *data, gsize len, GError **error)
{
    bool ok = !intake->failed;
    if (!ok) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: spooling failed before", intake->spool_dir);
        return false;
    }
    if (!intake->spooled && intake->size + (int64_t)len > intake->threshold)
        ok = to_file(intake, error);
    if (ok && intake->spooled)
        ok = file_write_all(intake->fd, data, len, intake->spool_dir, error);
    else if (ok)
        g_byte_array_append(intake->memory, data, (guint)len);
    intake->failed = !ok;
    intake->size += (int64_t)len;
    return ok;
}

int64_t intake_size(const Intake *intake)
{
    return intake->size;
}

int intake_fd(Intake *intake, GError **error)
{
    if (intake->failed) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: spooling failed", intake->spool_dir);
        return -1;
    }
    if (!intake->spooled && intake->fd < 0)
        intake->fd = reader_seal(intake->memory->data, intake->memory->len, error);
    if (intake->fd >= 0 && lseek(intake->fd, 0, SEEK_SET) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot seek: %s", intake->spool_dir,
                    g_strerror(errno));
        return -1;
    }
    return intake->fd;
}
