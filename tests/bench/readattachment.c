// Reads attachments as a worker does, without its process, and prints a JSON line for each: milliseconds, facts, passages.
// usage: readattachment [--ocr] FILE...
#include "reader/formats/formats.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *facts_of(const Message *message)
{
    json_t *list = json_array();
    for (guint i = 0; i < message->facts->len; i++)
        json_array_append_new(list, json_string(((Fact *)message->facts->pdata[i])->name));
    return list;
}

static json_t *passages_of(const Message *message)
{
    json_t *list = json_array();
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *p = message->passages->pdata[i];
        json_array_append_new(list, json_pack("{s:s,s:s?,s:s#}", "origin", passage_origin_name(p->origin),
                                              "place", p->place, "text", p->text, (size_t)p->len));
    }
    return list;
}

static bool read_one(const char *path, const AttachmentOptions *options)
{
    g_autofree char *data = NULL;
    gsize len = 0;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &data, &len, &error)) {
        fprintf(stderr, "readattachment: %s\n", error->message);
        return false;
    }
    g_autofree char *name = g_path_get_basename(path);
    gint64 start = g_get_monotonic_time();
    g_autoptr(Message) message =
        reader_parse_attachment(data, len, "application/octet-stream", name, NULL, options);
    double ms = (double)(g_get_monotonic_time() - start) / 1000;
    const Part *part = message->parts->pdata[0];
    json_t *line =
        json_pack("{s:s,s:s?,s:f,s:i,s:o,s:o}", "file", path, "type", part->sniffed, "ms", ms, "pictures",
                  (int)part->pictures, "facts", facts_of(message), "passages", passages_of(message));
    bool ok = json_dumpf(line, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;
    json_decref(line);
    return ok;
}

int main(int argc, char **argv)
{
    g_autoptr(Config) config = config_defaults();
    bool ocr = argc > 1 && strcmp(argv[1], "--ocr") == 0, ok = true;
    AttachmentOptions options = {.limits = &config->limits,
                                 .ocr = ocr,
                                 .languages = config->attachments.ocr_languages,
                                 .ocr_pictures = config->attachments.ocr_pictures,
                                 .ocr_least_pixels = config->attachments.ocr_least_pixels};
    g_autoptr(GString) note = g_string_new(NULL);
    if (!formats_warm_up(&options, note)) {
        fprintf(stderr, "readattachment: %s\n", note->str);
        return 1;
    }
    for (int i = ocr ? 2 : 1; i < argc; i++)
        ok = read_one(argv[i], &options) && ok;
    return ok ? 0 : 1;
}
