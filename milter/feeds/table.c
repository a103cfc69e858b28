#include "feeds/run.h"

#include <string.h>

#define COLUMNS_MOST  64
#define ROWS_PROGRESS 1024 // between two tellings of how far it is

struct Table {
    FeedRun *run;
    FeedInput *input;
    SourceStream *stream;
    CsvReader *reader;
    char *file;
    const TableColumn *columns;
    guint count;
    int at[COLUMNS_MOST]; // field of each column; -1 = not there
    guint width;          // fields up to the last that has a name
    guint fields;         // of the header
    int64_t rows;
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

const char *table_file(const Table *table)
{
    return table->file;
}

void table_note(Table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    run_note(table->run, table->file, csv_line(table->reader), "%s", text);
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

// ---- the header -----------------------------------------------------------------------------------------

// Is `name` one of the spellings "a|b"? In "=a|b" they are as good as the column's own.
static bool is_alias(const char *alias, const char *name, bool *out_silent)
{
    *out_silent = alias != NULL && alias[0] == '=';
    gsize wanted = strlen(name);
    for (const char *at = alias != NULL ? alias + *out_silent : ""; *at != '\0';) {
        gsize length = strcspn(at, "|");
        if (length == wanted && g_ascii_strncasecmp(at, name, length) == 0)
            return true;
        at += length + (at[length] == '|' ? 1 : 0);
    }
    return false;
}

// Without the remark in brackets that some exports add: "Email Address [Required]". Caller frees.
static char *bare_name(const char *field)
{
    const char *remark = g_str_has_suffix(field, "]") ? strstr(field, " [") : NULL;
    return remark != NULL ? g_strchomp(g_strndup(field, (gsize)(remark - field))) : g_strdup(field);
}

// The column a header field names: exactly, by an alias, in other case. -1 for a column nobody asked for.
static int column_of(Table *table, const char *field)
{
    g_autofree char *name = bare_name(field);
    int found = -1;
    bool silent = false;
    for (guint i = 0; i < table->count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    for (guint i = 0; i < table->count && found < 0; i++)
        if (is_alias(table->columns[i].alias, name, &silent) ||
            g_ascii_strcasecmp(table->columns[i].name, name) == 0)
            found = (int)i;
    if (found >= 0 && !silent)
        table_note(table, "column `%s` is read as `%s`", name, table->columns[found].name);
    return found;
}

static bool has_dropped(const Table *table)
{
    bool dropped = false;
    for (guint i = 0; i < table->count && !dropped; i++)
        dropped = table->columns[i].use == COLUMN_DROPPED;
    return dropped;
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
    if (column >= 0 ? table->columns[column].use == COLUMN_DROPPED : has_dropped(table)) {
        csv_drop_column(table->reader, field);
        return true;
    }
    if (column < 0)
        return true;
    if (table->at[column] >= 0)
        return table_fail(table, (guint)column, error, "the column is there twice; leave one");
    table->at[column] = (int)field;
    return true;
}

static bool fail_missing(const Table *table, guint column, GError **error)
{
    const char *first = csv_field(table->reader, 0);
    bool other = csv_count(table->reader) == 1 && strpbrk(first, ";\t|") != NULL;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%u: column `%s` is missing; %s", table->file,
                csv_line(table->reader), table->columns[column].name,
                other ? "the fields are not separated by commas: export it as comma separated values"
                      : "add it to the export (the first line must name the columns)");
    return false;
}

static bool read_header(Table *table, GError **error)
{
    CsvStep step = csv_next(table->reader, error);
    if (step == CSV_END)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:1: empty; the first line must name the columns",
                    table->file);
    bool ok = step == CSV_ROW;
    table->fields = csv_count(table->reader);
    for (guint i = 0; ok && i < table->fields; i++)
        ok = read_header_field(table, i, error);
    for (guint i = 0; ok && i < table->count; i++)
        if (table->columns[i].use == COLUMN_REQUIRED && table->at[i] < 0)
            ok = fail_missing(table, i, error);
    return ok;
}

Table *table_open(FeedRun *run, FeedInput *input, const char *file, const TableColumn *columns, guint count,
                  GError **error)
{
    g_autoptr(Table) table = g_new0(Table, 1);
    g_assert(count <= COLUMNS_MOST);
    table->run = run;
    table->input = input;
    table->columns = columns;
    table->count = count;
    for (guint i = 0; i < count; i++)
        table->at[i] = -1;
    const char *name = source_has(input->files, file);
    table->file = g_strdup(name != NULL ? name : file);
    table->stream = source_stream(input->files, file, error);
    if (table->stream == NULL)
        return NULL;
    table->reader = csv_new(table->file, source_read, table->stream);
    if (!read_header(table, error))
        return NULL;
    if (strcmp(table->file, file) != 0)
        table_note(table, "the file's name should be %s", file);
    return g_steal_pointer(&table);
}

// ---- rows -----------------------------------------------------------------------------------------------

// The zip of a source, once.
static bool record_zip(FeedRun *run, const FeedInput *input, GError **error)
{
    g_autofree char *hash = NULL, *name = g_path_get_basename(source_path(input->files));
    int64_t bytes = 0;
    for (guint i = 0; i < run->reads->len; i++) {
        const FeedRead *read = run->reads->pdata[i];
        if (strcmp(read->source, input->spec->name) == 0 && strcmp(read->file, name) == 0)
            return true;
    }
    if (!source_zip(input->files, &bytes, &hash, error))
        return false;
    if (hash != NULL)
        run_read(run, input->spec->name, name, bytes, 0, hash);
    return true;
}

bool table_record(FeedRun *run, const FeedInput *input, const SourceStream *stream, int64_t rows,
                  GError **error)
{
    const char *file = source_stream_name(stream);
    if (input->spec == NULL)
        return true;
    for (guint i = 0; i < run->reads->len; i++) {
        const FeedRead *read = run->reads->pdata[i];
        if (strcmp(read->source, input->spec->name) == 0 && strcmp(read->file, file) == 0)
            return true;
    }
    g_autofree char *hash = source_stream_sha256(stream);
    if (!record_zip(run, input, error))
        return false;
    run_read(run, input->spec->name, file, source_stream_done(stream), rows, hash);
    return true;
}

static void tell_progress(const Table *table)
{
    int64_t done = source_stream_done(table->stream), total = source_stream_total(table->stream);
    run_progress(table->run, table->input->spec != NULL ? table->input->spec->name : "", table->file, done,
                 total);
}

// Names with a comma and no quotes move all that follows.
static bool has_more(const Table *table)
{
    bool more = false;
    for (guint i = table->fields; i < csv_count(table->reader) && !more; i++)
        more = csv_field(table->reader, i)[0] != '\0';
    return more;
}

static bool check_row(Table *table, GError **error)
{
    guint fields = csv_count(table->reader);
    if (++table->rows > table->run->config->roster.rows) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s:%u: more than %d rows; raise roster.rows if the district is that large", table->file,
                    csv_line(table->reader), table->run->config->roster.rows);
        return false;
    }
    if (fields < table->width)
        table_note(table, "a row with fewer fields than the header has; the others count as empty");
    else if (fields > table->fields && has_more(table))
        table_note(table,
                   "a row with more fields than the header has; is a field with a comma not in quotes?");
    if (table->rows % ROWS_PROGRESS == 0)
        tell_progress(table);
    return true;
}

CsvStep table_next(Table *table, GError **error)
{
    CsvStep step = csv_next(table->reader, error);
    bool ok = step != CSV_FAILED;
    if (step == CSV_ROW) {
        ok = check_row(table, error);
    } else if (step == CSV_END) {
        tell_progress(table);
        ok = table_record(table->run, table->input, table->stream, table->rows, error);
    }
    return ok ? step : CSV_FAILED;
}

bool table_each(FeedRun *run, FeedInput *input, const char *file, const TableColumn *columns, guint count,
                TableRow row, GError **error)
{
    g_autoptr(Table) table = table_open(run, input, file, columns, count, error);
    bool ok = table != NULL;
    CsvStep step = CSV_ROW;
    while (ok && step == CSV_ROW) {
        step = table_next(table, error);
        ok = step == CSV_END || (step == CSV_ROW && row(run, input, table, error));
    }
    if (ok && table->rows == 0)
        run_note(run, table->file, 1, "a header and no rows");
    return ok;
}

// ---- fields ---------------------------------------------------------------------------------------------

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
    if (strlen(text) < 10 || text[4] != '-' || text[7] != '-' ||
        (text[10] != '\0' && text[10] != 'T' && text[10] != ' '))
        return 0;
    for (int i = 0; i < 10; i++)
        if (i != 4 && i != 7 && !g_ascii_isdigit(text[i]))
            return 0;
    int year = atoi(text), month = atoi(text + 5), day = atoi(text + 8);
    bool valid = year >= 1900 && month >= 1 && month <= 12 &&
                 g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year);
    return valid ? year * 10000 + month * 100 + day : 0;
}

int table_day_after(int last)
{
    GDate date;
    if (last == 0)
        return 0;
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, (GDateDay)(last % 100), (GDateMonth)(last / 100 % 100), (GDateYear)(last / 10000));
    g_date_add_days(&date, 1);
    return g_date_get_year(&date) * 10000 + (int)g_date_get_month(&date) * 100 + g_date_get_day(&date);
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
    char *address = roster_canonical_address(table->run->config, text);
    if (address == NULL)
        table_fail(table, column, error, "`%s` is not a mail address; write local@domain", text);
    return address;
}
