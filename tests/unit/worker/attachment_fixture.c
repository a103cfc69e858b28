#include "attachment_fixture.h"

#include <string.h>

GBytes *attachment_file(const char *name)
{
    g_autofree char *path = g_build_filename("tests/corpus/attachments", name, NULL);
    char *data = NULL;
    gsize len = 0;
    g_autoptr(GError) error = NULL;
    cr_assert(g_file_get_contents(path, &data, &len, &error), "%s", error != NULL ? error->message : path);
    return g_bytes_new_take(data, len);
}

Message *attachment_read_with(const void *data, gsize len, const char *type, const char *name,
                              const ConfigLimits *limits)
{
    g_autofree void *exact = g_malloc(MAX(len, 1));
    memcpy(exact, data, len);
    AttachmentOptions options = {.limits = limits};
    return reader_parse_attachment(exact, len, *type != '\0' ? type : "application/octet-stream", name, NULL,
                                   &options);
}

Message *attachment_read(const void *data, gsize len, const char *type, const char *name)
{
    g_autoptr(Config) config = config_defaults();
    return attachment_read_with(data, len, type, name, &config->limits);
}

const Passage *attachment_find(const Message *message, int origin, const char *place, const char *text)
{
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        if ((origin < 0 || (int)passage->origin == origin) &&
            (place == NULL || g_strcmp0(passage->place, place) == 0) && strstr(passage->text, text) != NULL)
            return passage;
    }
    return NULL;
}
