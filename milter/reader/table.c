// CSV, TSV and their kin: a row a line, cells apart by tabs, so that what is split over cells can be joined.
#include "reader/content.h"

#include <string.h>

#define TABLE_PEEK 8192

// The most frequent of the usual separators outside quotes at the beginning; ',' when none occurs.
static char table_separator(const char *text, gsize len)
{
    static const char separators[] = ",;\t|";
    guint count[4] = {0};
    bool quoted = false;
    char best = ',';
    guint most = 0;
    for (gsize i = 0; i < MIN(len, TABLE_PEEK); i++) {
        quoted ^= text[i] == '"';
        const char *found = text[i] && !quoted ? strchr(separators, text[i]) : NULL;
        if (found && ++count[found - separators] > most) {
            most = count[found - separators];
            best = *found;
        }
    }
    return best;
}

typedef struct {
    GString *out;
    bool quoted, fresh; // inside quotes; at the start of a cell
} Table;

static void table_char(Table *table, char c, char separator)
{
    if (c == separator && !table->quoted) {
        g_string_append_c(table->out, '\t');
        table->fresh = true;
    } else if ((c == '\n' || c == '\r') && !table->quoted) {
        if (table->out->len && table->out->str[table->out->len - 1] != '\n')
            g_string_append_c(table->out, '\n');
        table->fresh = true;
    } else if (c == '\n' || c == '\r' || c == '\t') {
        g_string_append_c(table->out, ' ');
    } else if (c) {
        g_string_append_c(table->out, c);
        table->fresh = false;
    }
}

void table_read(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading)
{
    char separator = table_separator(utf8, len);
    Table table = {g_string_sized_new(len + 1), false, true};
    for (gsize i = 0; i < len; i++) {
        bool doubled = utf8[i] == '"' && i + 1 < len && utf8[i + 1] == '"';
        if (table.fresh && utf8[i] == '=' && i + 1 < len && utf8[i + 1] == '"')
            continue; // ="0123": how spreadsheets are made to keep a number as text
        if (table.quoted && doubled) {
            table_char(&table, '"', separator);
            i++;
        } else if (utf8[i] == '"' && (table.quoted || table.fresh)) {
            table.quoted = !table.quoted;
            table.fresh = false;
        } else {
            table_char(&table, utf8[i], separator);
        }
    }
    content_add_text(state, part, ORIGIN_TABLE, table.out->str, table.out->len, reading, NULL);
    if (table.quoted) // the quote never ended: cells and rows behind it were taken for one
        content_add_text(state, part, ORIGIN_TABLE, utf8, len, reading ? reading : "quotes ignored", NULL);
    g_string_free(table.out, TRUE);
}
