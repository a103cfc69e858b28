// The whole reading of a message, with the default limits; what comes out must survive the way to the parent.
#include "reader/reader.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Config) config = config_defaults();
    g_autoptr(Message) message = reader_parse(data, size, &config->limits, false, NULL);
    g_autoptr(GBytes) wire = message_to_bytes(message);
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) back = message_from_bytes(wire, &error);
    if (back == NULL)
        g_error("not well-formed: %s", error->message);
    return 0;
}
