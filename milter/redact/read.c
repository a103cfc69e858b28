// A record's message, read for its rendition.
#include "redact/redact.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// The message in a journal report: its wrapper tells of every recipient and is shown to nobody. NULL with `error`.
static GBytes *unwrap(const json_t *wrapper, GBytes *raw, GError **error)
{
    const char *sha256 = json_string_value(json_object_get(wrapper, "sha256"));
    json_int_t offset = json_integer_value(json_object_get(wrapper, "offset"));
    json_int_t length = json_integer_value(json_object_get(wrapper, "length"));
    gsize size = g_bytes_get_size(raw);
    bool fits = sha256 != NULL && offset >= 0 && length > 0 && (gsize)offset <= size &&
                (gsize)length <= size - (gsize)offset;
    g_autoptr(GBytes) inner = fits ? g_bytes_new_from_bytes(raw, (gsize)offset, (gsize)length) : NULL;
    g_autofree char *hash = fits ? sha256_hex(g_bytes_get_data(inner, NULL), g_bytes_get_size(inner)) : NULL;
    if (hash == NULL || g_ascii_strcasecmp(hash, sha256) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a journal report whose message cannot be taken out as it stands; withhold it");
        return NULL;
    }
    return g_steal_pointer(&inner);
}

static Message *read_all(const Config *config, Readers *readers, int fd, gsize len, GError **error)
{
    g_autoptr(Reading) reading = readers_read(readers, fd, len, 0, error);
    if (reading == NULL)
        return NULL;
    (void)readers_attachments(readers, reading,
                              (ReaderNeeds){.wanted = true, .ocr = config->archive.index_ocr}, 0);
    return g_steal_pointer(&reading->message);
}

Message *redact_read(const Config *config, Readers *readers, const json_t *meta, GBytes *raw, GError **error)
{
    const json_t *wrapper = json_object_get(json_object_get(meta, "intake"), "wrapper");
    g_autoptr(GBytes) bytes = wrapper != NULL ? unwrap(wrapper, raw, error) : g_bytes_ref(raw);
    gsize len = 0;
    const void *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    int fd = bytes != NULL ? reader_seal(data, len, error) : -1;
    g_autoptr(Message) message = fd >= 0 ? read_all(config, readers, fd, len, error) : NULL;
    if (fd >= 0 && close(fd) != 0 && message != NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "close: %s", g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&message);
}
