// A message of which parts are exempt: its rendition, and nothing of the original. Its columns of senders, recipients and subject
// are empty: they may hold what was redacted, and stand, as far as they may be seen, in the rendition. Its hash is the rendition's: that of
// the original would let guesses be tried.
#include "bag/internal.h"

#include "redact/redact.h"

#include <string.h>

static void set(json_t *row, const char *column, const char *text)
{
    if (text != NULL && *text != '\0')
        json_object_set_new(row, column, json_string(text));
}

static json_t *redaction_row(const json_t *log, const json_t *one)
{
    static const char *const KEYS[][2] = {
        {"PART", "section"}, {"KIND", "kind"}, {"CODE", "code"}, {"REVIEWER", "reviewer"}, {"TIME", "time"}};
    static const char *const HASHES[][2] = {{"SHA256BEFORE", "before"}, {"SHA256AFTER", "text_sha256"}};
    static const char *const NUMBERS[][2] = {{"LINE", "line"}, {"NUMBER", "number"}};
    json_t *row = json_object();
    for (guint i = 0; i < G_N_ELEMENTS(KEYS); i++)
        set(row, KEYS[i][0], json_string_value(json_object_get(one, KEYS[i][1])));
    for (guint i = 0; i < G_N_ELEMENTS(HASHES); i++)
        set(row, HASHES[i][0], json_string_value(json_object_get(log, HASHES[i][1])));
    for (guint i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
        const json_t *number = json_object_get(one, NUMBERS[i][1]);
        g_autofree char *text = json_is_integer(number)
                                    ? g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(number))
                                    : NULL;
        set(row, NUMBERS[i][0], text);
    }
    return row;
}

static RedactResult *render(const BagJob *job, const BagItem *item, const ArchiveRecord *record,
                            GError **error)
{
    const RedactStyle style = {item->bates, job->time_us};
    g_autoptr(Message) message = redact_read(job->config, job->readers, record->meta, record->raw, error);
    g_autoptr(Rendition) rendition = message != NULL ? rendition_new(message, record->meta) : NULL;
    return rendition != NULL
               ? redact_render(job->config, job->readers, rendition, item->redactions, &style, error)
               : NULL;
}

static bool put(const BagJob *job, json_t *note, const char *name, const void *data, gsize len,
                GError **error)
{
    return bag_put(job, json_object_get(note, "files"), name, data, len, error);
}

static void note_log(json_t *note, const RedactResult *result)
{
    json_t *redactions = json_array(), *warnings = json_array();
    const json_t *list = json_object_get(result->log, "redactions");
    for (size_t i = 0; i < json_array_size(list); i++)
        json_array_append_new(redactions, redaction_row(result->log, json_array_get(list, i)));
    for (guint i = 0; i < result->warnings->len; i++)
        json_array_append_new(warnings, json_string(result->warnings->pdata[i]));
    json_object_set_new(note, "redactions", redactions);
    json_object_set_new(note, "warnings", warnings);
}

bool redacted_write(const BagJob *job, const BagItem *item, const ArchiveRecord *record, json_t *note,
                    GError **error)
{
    json_t *row = json_array_get(json_object_get(note, "rows"), 0);
    RedactResult *result = render(job, item, record, error);
    if (result == NULL) {
        g_prefix_error(error, "%s: ", item->bates);
        return false;
    }
    gsize len = 0;
    const void *pdf = g_bytes_get_data(result->pdf, &len);
    g_autofree char *pdf_name = g_strdup_printf("data/redacted/%s.pdf", item->bates);
    g_autofree char *text_name = g_strdup_printf("data/text/%s.txt", item->bates);
    set(row, "NATIVEPATH", pdf_name);
    set(row, "TEXTPATH", text_name);
    set(row, "DOCTYPE", "application/pdf");
    set(row, "RECORD", item->record);
    row_hashes(row, pdf, len);
    note_log(note, result);
    bool ok = put(job, note, pdf_name, pdf, len, error) &&
              put(job, note, text_name, result->text, strlen(result->text), error);
    redact_result_free(result);
    return ok;
}
