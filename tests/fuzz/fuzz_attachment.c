// Attachments of the formats that our own code walks: zip and its documents, compound files, winmail.dat, archives, EPUB, mailboxes.
// PDF and pictures are left to their libraries, which live in the sandbox. What comes out must survive the way to the parent.
#include "reader/formats/formats.h"

#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *type = NULL;
    SniffClass cls = sniff_content(data, size, "application/octet-stream", NULL, &type);
    if (cls == SNIFF_IMAGE || strcmp(type, "application/pdf") == 0 || memmem(data, size, "%PDF-", 5) != NULL)
        return 0;
    g_autoptr(Config) config = config_defaults();
    ConfigLimits limits = config->limits;
    limits.archive_bytes = 4 * 1024 * 1024;
    limits.pictures = 0;
    AttachmentOptions options = {.limits = &limits};
    g_autoptr(Message) message =
        reader_parse_attachment(data, size, "application/octet-stream", "file", NULL, &options);
    g_autoptr(GBytes) wire = message_to_bytes(message);
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) back = message_from_bytes(wire, &error);
    if (back == NULL)
        g_error("not well-formed: %s", error->message);
    return 0;
}
