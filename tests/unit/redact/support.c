#include "support.h"

#include <string.h>

Message *support_message(const char *text)
{
    Message *message = message_new();
    message_add_address(message, "From", 0, 0, "Ann Whitfield", "ann@example.org");
    message_add_address(message, "To", 0, 0, "Mia Torres", "mia@example.org");
    message_add_address(message, "Bcc", 0, 0, NULL, "hidden@example.org");
    message->subject = g_strdup("Reading of Mia Torres");
    message->date = g_strdup("Fri, 20 Nov 2026 10:00:00 -0500");
    message_add_part(message, 0, "1", "text/plain");
    support_put(message, 1, ORIGIN_TEXT, text);
    return message;
}

Part *support_attach(Message *message, const char *name, const char *type)
{
    g_autofree char *path = g_strdup_printf("%u", message->parts->len);
    Part *part = message_add_part(message, 0, path, type);
    part->attachment = true;
    part->name = g_strdup(name);
    part->state = PART_READ;
    return part;
}

Passage *support_put(Message *message, guint part, PassageOrigin origin, const char *text)
{
    return message_add_passage(message, part, origin, VISIBILITY_SHOWN, text, strlen(text));
}

bool support_says(const Rendition *rendition, const char *words)
{
    g_autofree char *text = rendition_text(rendition);
    return strstr(text, words) != NULL;
}

GPtrArray *support_redact(const Rendition *rendition, ...)
{
    va_list args;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)redaction_free);
    va_start(args, rendition);
    for (const char *words = va_arg(args, const char *); words != NULL; words = va_arg(args, const char *))
        cr_assert(redactions_add_words(rendition, list, words) > 0, "%s", words);
    va_end(args);
    redactions_apply(list, NULL, "X", "officer", 1);
    return list;
}

Config *support_config(void)
{
    Config *config = config_defaults();
    const char *build = g_getenv("BUILD");
    g_free(config->reader.program);
    config->reader.program = g_build_filename(build != NULL ? build : "build", "chaperone-reader", NULL);
    g_free(config->attachments.cache_dir);
    config->attachments.cache_dir =
        g_build_filename(build != NULL ? build : "build", "unit-attachments", NULL);
    return config;
}
