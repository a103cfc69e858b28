#include "feeds/header.h"

#include <string.h>

static bool is_named(const char *field, const char *column)
{
    gsize length = strlen(column);
    return g_ascii_strncasecmp(field, column, length) == 0 &&
           (field[length] == '\0' || g_str_has_prefix(field + length, " ["));
}

static bool has(const CsvReader *reader, const char *column)
{
    bool found = false;
    for (guint i = 0; !found && i < csv_count(reader); i++)
        found = is_named(csv_field(reader, i), column);
    return found;
}

static CsvReader *open_header(const char *name, SourceStream *stream)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(CsvReader) reader = csv_new(name, source_read, stream);
    return csv_next(reader, &why) == CSV_ROW ? g_steal_pointer(&reader) : NULL;
}

Tri header_has(const Source *files, const char *name, const char *const *columns, GError **error)
{
    g_autoptr(SourceStream) stream = source_stream(files, name, error);
    if (stream == NULL)
        return TRI_UNKNOWN;
    // What is no table, or is a broken one, is nobody's: the importer that is told to read it says why.
    g_autoptr(CsvReader) reader = open_header(name, stream);
    bool all = reader != NULL;
    for (gsize i = 0; all && columns[i] != NULL; i++)
        all = has(reader, columns[i]);
    return all ? TRI_YES : TRI_NO;
}

static bool is_column(const char *field, const TableColumn *columns, guint count)
{
    bool found = field[0] == '\0';
    for (guint i = 0; !found && i < count; i++)
        found = g_ascii_strcasecmp(columns[i].name, field) == 0;
    return found;
}

void header_note_others(FeedRun *run, const Source *files, const char *file, const TableColumn *columns,
                        guint count)
{
    g_autoptr(SourceStream) stream = source_stream(files, file, NULL);
    g_autoptr(CsvReader) reader = stream != NULL ? open_header(file, stream) : NULL;
    for (guint i = 0; reader != NULL && i < csv_count(reader); i++)
        if (!is_column(csv_field(reader, i), columns, count))
            run_note(run, file, 1, "column `%.40s` is not known; not read", csv_field(reader, i));
}
