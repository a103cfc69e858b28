#include "roster/import.h"

#include <string.h>

#define COLUMNS_MOST 32

struct Table {
    Import *import;
    SourceStream *stream;
    CsvReader *reader;
    char *file;
    const TableColumn *columns;
    guint count;
    int at[COLUMNS_MOST]; // field of each column; -1 = not there
    guint width;          // fields up to the last that has a name
};

void table_free(Table *table)
{
    if (table == NULL)
        return;
    csv_free(table->reader);
    source_stream_free(table->stream);
    g_free(table->file);
    g_free(table);
}

void table_note(Table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    import_note(table->import, table->file, csv_line(table->reader), "%s", text);
}

bool table_fail(const Table *table, guint column, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%u: %s: %s", table->file, csv_line(table->reader),
                table->columns[column].name, text);
    return false;
}

// The column a header field names: exactly, by its alias, in other case. -1 for a column nobody asked for.
static int column_of(Table *table, const char *name)
{
    int found = -1;
    for (guint i = 0; i < table->count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    for (guint i = 0; i < table->count && found < 0; i++)
        if ((table->columns[i].alias != NULL && g_ascii_strcasecmp(table->columns[i].alias, name) == 0) ||
            g_ascii_strcasecmp(table->columns[i].name, name) == 0)
            found = (int)i;
    if (found >= 0)
        table_note(table, "column `%s` is read as `%s`", name, table->columns[found].name);
    return found;
}

static bool read_header_field(Table *table, guint field, GError **error)
{
    const char *name = csv_field(table->reader, field);
    if (name[0] == '\0') {
        table_note(table, "a column without a name; not read");
        return true;
    }
    table->width = field + 1;
    int column = column_of(table, name);
    if (column < 0)
        return true;
    if (table->columns[column].use == COLUMN_DROPPED) {
        csv_drop_column(table->reader, field);
        return true;
    }
    if (table->at[column] >= 0)
        return table_fail(table, (guint)column, error, "the column is there twice; leave one");
    table->at[column] = (int)field;
    return true;
}

static bool read_header(Table *table, GError **error)
{
    CsvStep step = csv_next(table->reader, error);
    if (step == CSV_END)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:1: empty; the first line must name the columns",
                    table->file);
    bool ok = step == CSV_ROW;
    for (guint i = 0; ok && i < csv_count(table->reader); i++)
        ok = read_header_field(table, i, error);
    for (guint i = 0; ok && i < table->count; i++)
        if (table->columns[i].use == COLUMN_REQUIRED && table->at[i] < 0) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                        "%s:1: column `%s` is missing; add it to the export", table->file,
                        table->columns[i].name);
            ok = false;
        }
    return ok;
}

Table *table_open(Import *import, const char *file, const TableColumn *columns, guint count, GError **error)
{
    g_autoptr(Table) table = g_new0(Table, 1);
    g_assert(count <= COLUMNS_MOST);
    table->import = import;
    table->columns = columns;
    table->count = count;
    for (guint i = 0; i < count; i++)
        table->at[i] = -1;
    const char *name = source_has(import->source, file);
    table->file = g_strdup(name != NULL ? name : file);
    table->stream = source_stream(import->source, file, error);
    if (table->stream == NULL)
        return NULL;
    table->reader = csv_new(table->file, source_read, table->stream);
    if (!read_header(table, error))
        return NULL;
    if (strcmp(table->file, file) != 0)
        table_note(table, "the file's name should be %s", file);
    return g_steal_pointer(&table);
}

CsvStep table_next(Table *table, GError **error)
{
    CsvStep step = csv_next(table->reader, error);
    if (step == CSV_ROW && csv_count(table->reader) < table->width)
        table_note(table, "a row with fewer fields than the header has; the others count as empty");
    return step;
}

bool table_has(const Table *table, guint column)
{
    return table->at[column] >= 0;
}

const char *table_get(const Table *table, guint column)
{
    return table->at[column] >= 0 ? csv_field(table->reader, (guint)table->at[column]) : "";
}

guint table_line(const Table *table)
{
    return csv_line(table->reader);
}

int table_parse_date(const char *text)
{
    if (strlen(text) < 10 || text[4] != '-' || text[7] != '-' || (text[10] != '\0' && text[10] != 'T'))
        return 0;
    for (int i = 0; i < 10; i++)
        if (i != 4 && i != 7 && !g_ascii_isdigit(text[i]))
            return 0;
    int year = atoi(text), month = atoi(text + 5), day = atoi(text + 8);
    bool valid = year >= 1900 && month >= 1 && month <= 12 &&
                 g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year);
    return valid ? year * 10000 + month * 100 + day : 0;
}

int table_date(Table *table, guint column)
{
    const char *text = table_get(table, column);
    int date = table_parse_date(text);
    if (date == 0 && text[0] != '\0')
        table_note(table, "%s: not a date as YYYY-MM-DD; not used", table->columns[column].name);
    return date;
}

bool table_flag(Table *table, guint column, bool fallback)
{
    const char *text = table_get(table, column);
    bool yes = g_ascii_strcasecmp(text, "true") == 0 || g_ascii_strcasecmp(text, "yes") == 0 ||
               strcmp(text, "1") == 0;
    bool no = g_ascii_strcasecmp(text, "false") == 0 || g_ascii_strcasecmp(text, "no") == 0 ||
              strcmp(text, "0") == 0;
    if (!yes && !no && text[0] != '\0')
        table_note(table, "%s: neither true nor false; taken as %s", table->columns[column].name,
                   fallback ? "true" : "false");
    else if (g_ascii_isupper(text[0]))
        table_note(table, "%s: should be written in lower case", table->columns[column].name);
    return yes || (!no && fallback);
}

char *table_address(const Table *table, guint column, GError **error)
{
    const char *text = table_get(table, column);
    char *address = roster_canonical_address(table->import->config, text);
    if (address == NULL)
        table_fail(table, column, error, "`%s` is not a mail address; write local@domain", text);
    return address;
}

bool table_is_deleted(Table *table, guint status_column)
{
    const char *status = table_get(table, status_column);
    if (status[0] == '\0')
        return false;
    bool gone = g_ascii_strcasecmp(status, "tobedeleted") == 0;
    if (gone)
        table_note(table, "status: marked as deleted");
    else if (g_ascii_strcasecmp(status, "active") == 0)
        table_note(table, "status: filled in a bulk file; it should be empty");
    else
        table_note(table, "status: neither active nor tobedeleted; taken as active");
    return gone;
}
