#include "roster/csv.h"

#include <string.h>

#define CHUNK 65536

struct CsvReader {
    char *name;
    CsvRead read;
    void *data;
    unsigned char *chunk;
    gsize at, filled;
    bool ended, failed;
    guint line;     // being read
    guint row_line; // where the row began
    GString *text;  // of the row: fields, each with a NUL after it
    GArray *starts; // of gsize, in text
    bool dropped[CSV_ROW_FIELDS];
};

CsvReader *csv_new(const char *name, CsvRead read, void *data)
{
    CsvReader *reader = g_new0(CsvReader, 1);
    reader->name = g_strdup(name);
    reader->read = read;
    reader->data = data;
    reader->chunk = g_malloc(CHUNK);
    reader->line = 1;
    reader->text = g_string_new(NULL);
    reader->starts = g_array_new(FALSE, FALSE, sizeof(gsize));
    return reader;
}

void csv_free(CsvReader *reader)
{
    if (reader == NULL)
        return;
    g_free(reader->name);
    // Rows may have held what nobody should find in freed memory.
    memset(reader->chunk, 0, CHUNK);
    g_free(reader->chunk);
    g_string_free(reader->text, TRUE);
    g_array_unref(reader->starts);
    g_free(reader);
}

G_GNUC_PRINTF(3, 4) static void fail(CsvReader *reader, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%u: %s", reader->name, reader->line, what);
    reader->failed = true;
}

// True while there is a byte at `at`. False at the end or, with `failed`, on an error.
static bool fill(CsvReader *reader, GError **error)
{
    if (reader->at < reader->filled)
        return true;
    if (reader->ended || reader->failed)
        return false;
    reader->at = reader->filled = 0;
    // A source may hand out single bytes; a byte order mark is looked for in one piece.
    while (reader->filled < 3 && !reader->ended && !reader->failed) {
        gssize got =
            reader->read(reader->data, reader->chunk + reader->filled, CHUNK - reader->filled, error);
        reader->failed = got < 0;
        reader->ended = got == 0;
        reader->filled += got > 0 ? (gsize)got : 0;
    }
    return reader->filled > 0 && !reader->failed;
}

static int peek(CsvReader *reader, GError **error)
{
    return fill(reader, error) ? reader->chunk[reader->at] : -1;
}

static int take(CsvReader *reader, GError **error)
{
    return fill(reader, error) ? reader->chunk[reader->at++] : -1;
}

static bool append(CsvReader *reader, guint column, int c, gsize *length, GError **error)
{
    if (c == 0) {
        fail(reader, error, "column %u: a NUL character; save the file as UTF-8 text", column + 1);
    } else if (++*length > CSV_FIELD_BYTES) {
        fail(reader, error, "column %u: a field over %d bytes; is a quote missing?", column + 1,
             CSV_FIELD_BYTES);
    } else if (reader->text->len >= CSV_ROW_BYTES) {
        fail(reader, error, "a row over %d bytes; is a quote missing?", CSV_ROW_BYTES);
    } else if (!reader->dropped[column]) {
        g_string_append_c(reader->text, (char)c);
    }
    return !reader->failed;
}

// Counts the line when `c` ends one, and takes the LF of a CRLF.
static bool line_end(CsvReader *reader, int c, GError **error)
{
    if (c != '\n' && c != '\r')
        return false;
    if (c == '\r' && peek(reader, error) == '\n')
        reader->at++;
    reader->line++;
    return true;
}

static void read_quoted(CsvReader *reader, guint column, GError **error)
{
    guint opened = reader->line;
    gsize length = 0;
    bool closed = false;
    while (!closed && !reader->failed) {
        int c = take(reader, error);
        if (c < 0) {
            if (!reader->failed)
                fail(reader, error, "column %u: the quote opened on line %u is never closed", column + 1,
                     opened);
        } else if (c == '"' && peek(reader, error) == '"') {
            reader->at++;
            append(reader, column, '"', &length, error);
        } else if (c == '"') {
            closed = true;
        } else {
            if (line_end(reader, c, error))
                c = '\n';
            append(reader, column, c, &length, error);
        }
    }
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t';
}

// Reads one field with what ends it. True when another field follows in the row.
static bool read_field(CsvReader *reader, guint column, GError **error)
{
    gsize length = 0;
    bool more = false, done = false, quoted = false;
    while (!done && !reader->failed) {
        int c = take(reader, error);
        if (c == ',') {
            more = done = true;
        } else if (c < 0 || line_end(reader, c, error)) {
            done = true;
        } else if (c == '"' && length == 0 && !quoted) {
            quoted = true;
            read_quoted(reader, column, error);
        } else if (quoted && !is_blank(c)) {
            fail(reader, error, "column %u: text after a closing quote; double quotes inside a field",
                 column + 1);
        } else if (!quoted && !(length == 0 && is_blank(c))) {
            append(reader, column, c, &length, error);
        }
    }
    return more && !reader->failed;
}

static void end_field(CsvReader *reader, gsize start)
{
    GString *text = reader->text;
    while (text->len > start && is_blank(text->str[text->len - 1]))
        g_string_truncate(text, text->len - 1);
    g_string_append_c(text, '\0');
}

static void read_row(CsvReader *reader, GError **error)
{
    bool more = true;
    g_string_truncate(reader->text, 0);
    g_array_set_size(reader->starts, 0);
    reader->row_line = reader->line;
    while (more && !reader->failed) {
        guint column = reader->starts->len;
        if (column == CSV_ROW_FIELDS) {
            fail(reader, error, "more than %d fields in a row", CSV_ROW_FIELDS);
            break;
        }
        gsize start = reader->text->len;
        g_array_append_val(reader->starts, start);
        more = read_field(reader, column, error);
        end_field(reader, start);
    }
}

static bool is_empty_line(const CsvReader *reader)
{
    return reader->starts->len == 1 && reader->text->str[0] == '\0';
}

static bool is_text(CsvReader *reader, GError **error)
{
    // The NULs between the fields are ours.
    for (guint i = 0; i < reader->starts->len && !reader->failed; i++) {
        gsize start = g_array_index(reader->starts, gsize, i);
        if (!g_utf8_validate(reader->text->str + start, -1, NULL))
            fail(reader, error, "column %u: not UTF-8; save the file as UTF-8", i + 1);
    }
    return !reader->failed;
}

static void skip_mark(CsvReader *reader, GError **error)
{
    if (!fill(reader, error))
        return;
    const unsigned char *at = reader->chunk + reader->at;
    gsize left = reader->filled - reader->at;
    if (left >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        reader->at += 3;
    else if (left >= 2 && (memcmp(at, "\xff\xfe", 2) == 0 || memcmp(at, "\xfe\xff", 2) == 0))
        fail(reader, error, "UTF-16; save the file as UTF-8");
}

CsvStep csv_next(CsvReader *reader, GError **error)
{
    if (reader->line == 1 && reader->row_line == 0)
        skip_mark(reader, error);
    bool row = false;
    while (!row && !reader->failed && fill(reader, error)) {
        read_row(reader, error);
        row = !reader->failed && !is_empty_line(reader);
    }
    if (reader->failed) {
        if (error != NULL && *error == NULL)
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: not read to its end", reader->name);
        return CSV_FAILED;
    }
    if (row && !is_text(reader, error))
        return CSV_FAILED;
    return row ? CSV_ROW : CSV_END;
}

guint csv_line(const CsvReader *reader)
{
    return reader->row_line;
}

guint csv_count(const CsvReader *reader)
{
    return reader->starts->len;
}

const char *csv_field(const CsvReader *reader, guint index)
{
    if (index >= reader->starts->len)
        return "";
    return reader->text->str + g_array_index(reader->starts, gsize, index);
}

void csv_drop_column(CsvReader *reader, guint index)
{
    if (index < CSV_ROW_FIELDS)
        reader->dropped[index] = true;
}
