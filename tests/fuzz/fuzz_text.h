// What the fuzz targets of the text readers share: `data` read as content of type `type`, as chaperone-reader
// does.
#pragma once

#include "reader/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline int fuzz_text(const uint8_t *data, size_t size, const char *type)
{
    g_autoptr(Config) config = config_defaults();
    g_autoptr(Message) message = message_new();
    ReaderState state = {.message = message, .limits = &config->limits};
    message_add_part(message, 0, "1", type);
    content_read(&state, 1, data, size, NULL);
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        g_assert_true(g_utf8_validate(passage->text, (gssize)passage->len, NULL));
        for (guint k = 0; passage->marks && k < passage->marks->len; k++) {
            const LayerMark *mark = &g_array_index(passage->marks, LayerMark, k);
            g_assert_cmpuint(mark->start, <, mark->end);
            g_assert_cmpuint(mark->end, <=, passage->len);
        }
    }
    return 0;
}
