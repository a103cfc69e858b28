// The CSV reader: the first byte says how many bytes a read hands out, the rest is the file. Every field must
// be valid UTF-8 and within its bound.
#include "feeds/csv.h"

#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    const uint8_t *data;
    size_t size, piece;
} Input;

static gssize input_read(void *data, void *buf, gsize len, GError **error)
{
    Input *input = data;
    size_t take = MIN(MIN(len, input->piece), input->size);
    memcpy(buf, input->data, take);
    input->data += take;
    input->size -= take;
    return (gssize)take;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    Input input = {data + 1, size - 1, (size_t)data[0] + 1};
    g_autoptr(CsvReader) reader = csv_new("fuzz.csv", input_read, &input);
    g_autoptr(GError) error = NULL;
    guint line = 0;
    csv_drop_column(reader, data[0] % 8);
    CsvStep step;
    while ((step = csv_next(reader, &error)) == CSV_ROW) {
        g_assert(csv_line(reader) > line && csv_count(reader) > 0);
        line = csv_line(reader);
        for (guint i = 0; i < csv_count(reader); i++) {
            g_assert(g_utf8_validate(csv_field(reader, i), -1, NULL));
            g_assert(strlen(csv_field(reader, i)) <= CSV_FIELD_BYTES);
        }
        g_assert(csv_field(reader, data[0] % 8)[0] == '\0');
    }
    g_assert((step == CSV_FAILED) == (error != NULL));
    return 0;
}
