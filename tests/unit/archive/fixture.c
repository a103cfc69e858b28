#include "fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void fixture_init(Fixture *fixture)
{
    fixture->dir = g_dir_make_tmp("chaperone-archive-XXXXXX", NULL);
    cr_assert(fixture->dir != NULL);
    fixture->config = config_defaults();
    ConfigArchive *archive = &fixture->config->archive;
    g_free(archive->dir);
    g_free(archive->origin);
    archive->dir = g_build_filename(fixture->dir, "archive", NULL);
    archive->origin = g_strdup("mta1");
    archive->min_free_bytes = 0;
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        struct stat now;
        if (lstat(child, &now) == 0 && S_ISDIR(now.st_mode))
            remove_tree(child);
        else
            g_unlink(child);
    }
    if (dir != NULL)
        g_dir_close(dir);
    g_rmdir(path);
}

void fixture_clear(Fixture *fixture)
{
    remove_tree(fixture->dir);
    config_unref(fixture->config);
    g_free(fixture->dir);
}

int message_fd(const void *data, gsize len)
{
    int fd = memfd_create("message", MFD_CLOEXEC);
    cr_assert(fd >= 0);
    cr_assert(file_write_all(fd, data, len, "message", NULL));
    return fd;
}

json_t *meta_new(const char *from, const char *to, const char *subject)
{
    return json_pack("{s:{s:s, s:[{s:s}]}, s:{s:s}}", "envelope", "mail_from", from, "rcpts", "address", to,
                     "message", "subject", subject);
}

ArchiveRef *append(Archive *archive, const void *data, gsize len, int64_t now_us, GError **error)
{
    int fd = message_fd(data, len);
    json_t *meta = meta_new("teacher@example.org", "pupil@example.org", "Homework");
    ArchiveRef *ref = archive_append(archive, NULL, fd, (int64_t)len, meta, now_us, error);
    json_decref(meta);
    close(fd);
    return ref;
}

ArchiveRef *append_text(Archive *archive, const char *text, int64_t now_us)
{
    GError *error = NULL;
    ArchiveRef *ref = append(archive, text, strlen(text), now_us, &error);
    cr_assert(ref != NULL, "%s", error != NULL ? error->message : "");
    return ref;
}

void append_and_die(Fixture *fixture, const char *const *texts, int64_t now_us)
{
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        Archive *archive = archive_open(fixture->config, NULL, NULL);
        bool ok = archive != NULL;
        for (; ok && *texts != NULL; texts++) {
            int fd = message_fd(*texts, strlen(*texts));
            ArchiveRef *ref =
                archive_append(archive, NULL, fd, (int64_t)strlen(*texts), NULL, now_us++, NULL);
            ok = ref != NULL;
            archive_ref_free(ref);
            close(fd);
        }
        _exit(ok ? 0 : 1);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert(status == 0);
}

char *segment_path(Fixture *fixture, const char *rel)
{
    return g_build_filename(fixture->config->archive.dir, rel, NULL);
}

GBytes *file_bytes(const char *path)
{
    GError *error = NULL;
    GBytes *bytes = file_read(path, 1 << 30, &error);
    cr_assert(bytes != NULL, "%s", error != NULL ? error->message : "");
    return bytes;
}

void file_put(const char *path, const void *data, gsize len, int mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert(fd >= 0);
    cr_assert(file_write_all(fd, data, len, path, NULL));
    cr_assert(fchmod(fd, (mode_t)mode) == 0);
    cr_assert(close(fd) == 0);
}

void file_flip(const char *path, int64_t offset, guint8 mask)
{
    struct stat now;
    cr_assert(stat(path, &now) == 0);
    g_autoptr(GBytes) bytes = file_bytes(path);
    gsize len;
    guint8 *copy = g_memdup2(g_bytes_get_data(bytes, &len), g_bytes_get_size(bytes));
    cr_assert(offset >= 0 && (gsize)offset < len);
    copy[offset] ^= mask;
    file_put(path, copy, len, (int)(now.st_mode & 07777));
    g_free(copy);
}

char *shell(Fixture *fixture, const char *command, int *status)
{
    g_autofree char *script = g_strdup_printf("cd '%s' && { %s; } 2>&1", fixture->dir, command);
    char *argv[] = {"/bin/bash", "-o", "pipefail", "-c", script, NULL}, *out = NULL;
    int raw;
    cr_assert(g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &out, NULL, &raw, NULL));
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
    return out;
}

static void bytes_free(gpointer bytes)
{
    if (bytes != NULL)
        g_bytes_unref(bytes);
}

void seen_init(Seen *seen)
{
    seen->damage = g_ptr_array_new_with_free_func(g_free);
    seen->records = g_ptr_array_new_with_free_func(g_free);
    seen->raws = g_ptr_array_new_with_free_func(bytes_free);
}

void seen_clear(Seen *seen)
{
    g_ptr_array_unref(seen->damage);
    g_ptr_array_unref(seen->records);
    g_ptr_array_unref(seen->raws);
}

void seen_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    Seen *seen = data;
    g_ptr_array_add(seen->damage, g_strdup_printf("%s@%" G_GINT64_FORMAT ": %s", segment, offset, what));
}

bool seen_record(const ArchiveRecord *record, void *data)
{
    Seen *seen = data;
    g_ptr_array_add(seen->records, g_strdup(record->ref->id));
    g_ptr_array_add(seen->raws, record->raw != NULL ? g_bytes_ref(record->raw) : NULL);
    return true;
}
