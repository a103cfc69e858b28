#include "feeds/csv.h"

#include <string.h>

// Big enough for the longest row there may be and much of the next: a row that the buffer's end cuts is scanned twice.
#define BUFFER (1024 * 1024)

// Where a field lies in the buffer, its quotes excluded.
typedef struct {
    guint32 from, to;
    bool quoted, rewrite; // rewrite: has quotes or line ends to be made one character of
} Span;

struct CsvReader {
    char *name;
    CsvRead read;
    void *data;
    char *buffer;           // and a NUL after what is filled
    gsize at, filled, most; // most: ever filled
    bool begun, ended, failed;
    guint line;     // being read
    guint row_line; // where the row began
    guint count;
    Span spans[CSV_ROW_FIELDS];
    const char *fields[CSV_ROW_FIELDS];
    bool dropped[CSV_ROW_FIELDS];
};

CsvReader *csv_new(const char *name, CsvRead read, void *data)
{
    CsvReader *reader = g_new0(CsvReader, 1);
    reader->name = g_strdup(name);
    reader->read = read;
    reader->data = data;
    reader->buffer = g_malloc(BUFFER + 1);
    reader->buffer[0] = '\0';
    reader->line = 1;
    return reader;
}

void csv_free(CsvReader *reader)
{
    if (reader == NULL)
        return;
    g_free(reader->name);
    // Rows may have held what nobody should find in freed memory.
    explicit_bzero(reader->buffer, reader->most);
    g_free(reader->buffer);
    g_free(reader);
}

G_GNUC_PRINTF(4, 5) static void fail(CsvReader *reader, guint line, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%u: %s", reader->name, line, what);
    reader->failed = true;
}

// ---- the buffer -----------------------------------------------------------------------------------------

// Moves what is left to the front and fills the buffer, or as far as the file goes.
static void fill(CsvReader *reader, GError **error)
{
    reader->filled -= reader->at;
    memmove(reader->buffer, reader->buffer + reader->at, reader->filled);
    reader->at = 0;
    while (reader->filled < BUFFER && !reader->ended && !reader->failed) {
        gssize got =
            reader->read(reader->data, reader->buffer + reader->filled, BUFFER - reader->filled, error);
        reader->failed = got < 0;
        reader->ended = got == 0;
        reader->filled += got > 0 ? (gsize)got : 0;
    }
    reader->most = MAX(reader->most, reader->filled);
    reader->buffer[reader->filled] = '\0';
}

static void begin(CsvReader *reader, GError **error)
{
    reader->begun = true;
    fill(reader, error);
    const char *at = reader->buffer;
    if (reader->filled >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        reader->at = 3;
    else if (reader->filled >= 2 && (memcmp(at, "\xff\xfe", 2) == 0 || memcmp(at, "\xfe\xff", 2) == 0))
        fail(reader, 1, error, "UTF-16; export the file as UTF-8");
}

// ---- finding fields -------------------------------------------------------------------------------------

typedef enum { SCAN_MORE, SCAN_ROW, SCAN_CUT, SCAN_FAILED } Scan; // CUT: the buffer ends before the row does

// A row being looked at. Nothing is changed in the buffer until its end is known.
typedef struct {
    CsvReader *reader;
    char *at, *end; // *end is a NUL
    guint line, opened;
    Span *span;
    GError **error;
} Row;

// What ends a run of plain text.
static const bool ENDS_TEXT[256] = {['\0'] = true, [','] = true, ['\n'] = true, ['\r'] = true};
static const bool ENDS_QUOTED[256] = {['\0'] = true, ['"'] = true, ['\n'] = true, ['\r'] = true};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static guint column(const Row *row)
{
    return (guint)(row->span - row->reader->spans) + 1;
}

static Scan check_length(const Row *row, gsize length)
{
    if (length <= CSV_FIELD_BYTES)
        return SCAN_MORE;
    fail(row->reader, row->line, row->error, "column %u: a field over %d bytes; is a quote missing?",
         column(row), CSV_FIELD_BYTES);
    return SCAN_FAILED;
}

static Scan refuse_nul(const Row *row)
{
    fail(row->reader, row->line, row->error,
         "column %u: a NUL character; UTF-16, or no text? export the file as UTF-8", column(row));
    return SCAN_FAILED;
}

// At a CR, LF or NUL. False when the buffer's end leaves open whether an LF follows.
static bool take_line_end(Row *row)
{
    bool pair = row->at[0] == '\r' && row->at[1] == '\n';
    if (row->at[0] == '\r' && row->at + 1 == row->end && !row->reader->ended)
        return false;
    row->at += pair ? 2 : 1;
    row->line++;
    return true;
}

// Past an opening quote; stops after the closing one.
static Scan scan_quoted(Row *row)
{
    const char *from = row->at;
    gsize escapes = 0;
    row->opened = row->line;
    for (;;) {
        while (!ENDS_QUOTED[(guint8)*row->at])
            row->at++;
        Scan length = check_length(row, (gsize)(row->at - from) - escapes);
        if (length != SCAN_MORE)
            return length;
        char c = *row->at;
        if (c == '\0')
            return row->at < row->end ? refuse_nul(row) : SCAN_CUT;
        if (c != '"') {
            row->span->rewrite = row->span->rewrite || c == '\r';
            if (!take_line_end(row))
                return SCAN_CUT;
        } else if (row->at[1] == '"') {
            row->span->rewrite = true;
            escapes++;
            row->at += 2;
        } else if (row->at + 1 == row->end && !row->reader->ended) {
            return SCAN_CUT;
        } else {
            row->span->to = (guint32)(row->at++ - row->reader->buffer);
            row->opened = 0;
            return SCAN_MORE;
        }
    }
}

// At what ended a field: MORE when another follows.
static Scan end_field(Row *row)
{
    if (*row->at == ',') {
        row->at++;
        return SCAN_MORE;
    }
    if (*row->at == '\0' && row->at < row->end)
        return refuse_nul(row);
    if (row->at == row->end)
        return row->reader->ended ? SCAN_ROW : SCAN_CUT;
    return take_line_end(row) ? SCAN_ROW : SCAN_CUT;
}

static Scan scan_quoted_field(Row *row)
{
    Span *span = row->span;
    span->quoted = true;
    row->at++;
    span->from = (guint32)(row->at - row->reader->buffer);
    Scan scan = scan_quoted(row);
    if (scan != SCAN_MORE)
        return scan;
    while (is_blank(*row->at))
        row->at++;
    if (ENDS_TEXT[(guint8)*row->at])
        return end_field(row);
    fail(row->reader, row->line, row->error,
         "column %u: text after a closing quote; double quotes inside a field", column(row));
    return SCAN_FAILED;
}

static Scan scan_field(Row *row)
{
    Span *span = row->span;
    span->quoted = span->rewrite = false;
    while (is_blank(*row->at))
        row->at++;
    if (*row->at == '"')
        return scan_quoted_field(row);
    const char *from = row->at;
    while (!ENDS_TEXT[(guint8)*row->at])
        row->at++;
    span->from = (guint32)(from - row->reader->buffer);
    span->to = (guint32)(row->at - row->reader->buffer);
    Scan length = check_length(row, (gsize)(row->at - from));
    return length == SCAN_MORE ? end_field(row) : length;
}

static Scan scan_row(Row *row)
{
    CsvReader *reader = row->reader;
    const char *begin = row->at;
    Scan scan = SCAN_MORE;
    for (guint i = 0; scan == SCAN_MORE; i++) {
        if (i == CSV_ROW_FIELDS) {
            fail(reader, row->line, row->error, "more than %d fields in a row", CSV_ROW_FIELDS);
            return SCAN_FAILED;
        }
        row->span = &reader->spans[i];
        scan = scan_field(row);
    }
    if (scan != SCAN_FAILED && row->at - begin > CSV_ROW_BYTES) {
        fail(reader, row->line, row->error, "a row over %d bytes; is a quote missing?", CSV_ROW_BYTES);
        scan = SCAN_FAILED;
    } else if (scan == SCAN_CUT && reader->ended) {
        fail(reader, row->line, row->error, "column %u: the quote opened on line %u is never closed",
             column(row), row->opened);
        scan = SCAN_FAILED;
    }
    return scan;
}

// ---- fields as texts ------------------------------------------------------------------------------------

// Doubled quotes become one, every line end LF. Returns the new end.
static char *rewrite(char *from, const char *end)
{
    char *to = from;
    for (const char *at = from; at < end; at++) {
        if (*at == '"' || (*at == '\r' && at[1] == '\n'))
            at++;
        *to++ = *at == '\r' ? '\n' : *at;
    }
    return to;
}

static void finish_field(CsvReader *reader, guint index)
{
    const Span *span = &reader->spans[index];
    char *from = reader->buffer + span->from, *end = reader->buffer + span->to;
    if (reader->dropped[index]) {
        explicit_bzero(from, (gsize)(end - from));
        reader->fields[index] = "";
        return;
    }
    if (span->quoted)
        while (from < end && is_blank(*from))
            from++;
    if (span->rewrite)
        end = rewrite(from, end);
    while (end > from && is_blank(end[-1]))
        end--;
    *end = '\0';
    reader->fields[index] = from;
}

static bool is_ascii(const char *text, gsize length)
{
    guint64 bits = 0, word = 0;
    for (; length >= sizeof word; length -= sizeof word, text += sizeof word) {
        memcpy(&word, text, sizeof word);
        bits |= word;
    }
    for (; length > 0; length--)
        bits |= (guint8)*text++;
    return (bits & 0x8080808080808080u) == 0;
}

static bool check_text(CsvReader *reader, GError **error)
{
    for (guint i = 0; i < reader->count && !reader->failed; i++)
        if (!g_utf8_validate(reader->fields[i], -1, NULL))
            fail(reader, reader->row_line, error,
                 "column %u: not UTF-8 (Windows-1252 or another old encoding?); export the file as UTF-8",
                 i + 1);
    return !reader->failed;
}

// Finds the next row, empty ones included. A row that the buffer's end cuts is looked at once more with the rest of it
// there, which then must be enough.
static Scan find_row(CsvReader *reader, Row *row, GError **error)
{
    Scan scan = SCAN_CUT;
    if (reader->at == reader->filled && !reader->ended)
        fill(reader, error);
    while (scan == SCAN_CUT && !reader->failed) {
        *row = (Row){.reader = reader,
                     .at = reader->buffer + reader->at,
                     .end = reader->buffer + reader->filled,
                     .line = reader->line,
                     .error = error};
        scan = scan_row(row);
        if (scan == SCAN_CUT)
            fill(reader, error);
    }
    return reader->failed ? SCAN_FAILED : scan;
}

// False for an empty line.
static bool finish_row(CsvReader *reader, const Row *row, GError **error)
{
    const char *begins = reader->buffer + reader->at;
    bool ascii = is_ascii(begins, (gsize)(row->at - begins));
    reader->row_line = reader->line;
    reader->line = row->line;
    reader->count = (guint)(row->span - reader->spans) + 1;
    reader->at = (gsize)(row->at - reader->buffer);
    for (guint i = 0; i < reader->count; i++)
        finish_field(reader, i);
    return (reader->count > 1 || reader->fields[0][0] != '\0') && (ascii || check_text(reader, error));
}

CsvStep csv_next(CsvReader *reader, GError **error)
{
    bool row = false;
    if (!reader->begun)
        begin(reader, error);
    while (!row && !reader->failed && (reader->at < reader->filled || !reader->ended)) {
        Row found;
        if (find_row(reader, &found, error) == SCAN_ROW && found.at > reader->buffer + reader->at)
            row = finish_row(reader, &found, error);
    }
    if (!row)
        reader->count = 0;
    if (reader->failed && error != NULL && *error == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: not read to its end", reader->name);
    return reader->failed ? CSV_FAILED : row ? CSV_ROW : CSV_END;
}

guint csv_line(const CsvReader *reader)
{
    return reader->row_line;
}

guint csv_count(const CsvReader *reader)
{
    return reader->count;
}

const char *csv_field(const CsvReader *reader, guint index)
{
    return index < reader->count ? reader->fields[index] : "";
}

void csv_drop_column(CsvReader *reader, guint index)
{
    if (index < CSV_ROW_FIELDS)
        reader->dropped[index] = true;
}
