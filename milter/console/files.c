// Messages with the bytes of what is in them.
#include "console/files.h"
#include "console/rebuild.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void files_clear(Files *files)
{
    if (files->bytes != NULL && munmap((void *)files->bytes, files->reading->blob_len) != 0)
        log_warn("cannot unmap the files of a message");
    files->bytes = NULL;
    g_clear_pointer(&files->reading, reading_free);
    g_clear_pointer(&files->record, archive_record_free);
}

static bool files_map(Files *files, const char *id, GError **error)
{
    const Reading *reading = files->reading;
    if (reading->blob < 0 || reading->blob_len == 0)
        return true;
    void *bytes = mmap(NULL, reading->blob_len, PROT_READ, MAP_PRIVATE, reading->blob, 0);
    if (bytes == MAP_FAILED) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "%s: cannot map its attachments: %s", id,
                    g_strerror(errno));
        return false;
    }
    files->bytes = bytes;
    return true;
}

bool files_read(Request *request, const HoldItem *item, Files *out, GError **error)
{
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    *out = (Files){.record = archive_get_at(request->config, &ref, error)};
    gsize len = 0;
    const void *data = out->record != NULL ? g_bytes_get_data(out->record->raw, &len) : NULL;
    int fd = data != NULL ? reader_seal(data, len, error) : -1;
    if (fd >= 0) {
        out->reading = readers_read_keeping(desk_readers(request->desk), fd, len, error);
        close(fd); // sealed: nothing can be lost
    }
    return out->reading != NULL && files_map(out, item->record, error);
}

const char *files_bytes(const Files *files, const Part *part)
{
    return files->bytes != NULL && part->blob >= 0 ? files->bytes + part->blob : NULL;
}

const Part *files_part(const Files *files, const char *path)
{
    const GPtrArray *parts = files->reading->message->parts;
    const Part *found = NULL;
    for (guint i = 1; i < parts->len && found == NULL; i++) {
        const Part *part = parts->pdata[i];
        if (part->path != NULL && strcmp(part->path, path) == 0 && files_bytes(files, part) != NULL)
            found = part;
    }
    return found;
}

// ---- pictures --------------------------------------------------------------------------------------------

static bool has_id(const Part *part, const char *id)
{
    const char *own = part->content_id;
    own = own != NULL ? own + strspn(own, " <") : "";
    gsize len = strcspn(own, ">");
    return len > 0 && strlen(id) == len && strncmp(own, id, len) == 0;
}

static char *picture_inside(const Files *files, const char *id)
{
    const GPtrArray *parts = files->reading->message->parts;
    char *found = NULL;
    for (guint i = 1; i < parts->len && found == NULL; i++) {
        const Part *part = parts->pdata[i];
        const char *bytes = files_bytes(files, part);
        if (bytes != NULL && has_id(part, id))
            found = rebuild_picture(bytes, part->size);
    }
    return found;
}

char *files_picture(const char *src, void *data)
{
    const char *comma = strchr(src, ',');
    if (g_ascii_strncasecmp(src, "cid:", 4) == 0) {
        g_autofree char *id = g_uri_unescape_string(src + 4, NULL);
        return picture_inside(data, id != NULL ? id : src + 4);
    }
    if (g_ascii_strncasecmp(src, "data:", 5) != 0 || comma == NULL)
        return NULL;
    gsize len = 0;
    g_autofree guchar *bytes = g_base64_decode(comma + 1, &len);
    return rebuild_picture(bytes, len);
}
