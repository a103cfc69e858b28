// Load files and logs. CSV: RFC 4180; Concordance: fields in U+00FE, U+0014 between them, U+00AE for a line's end.
#include "bag/internal.h"

#include <string.h>

const char *const TABLE_COLUMNS[] = {
    "BEGBATES",   "ENDBATES",  "BEGATTACH", "ENDATTACH",  "PARENTID",   "CUSTODIAN",    "FROM",
    "TO",         "CC",        "BCC",       "SUBJECT",    "DATESENT",   "DATERECEIVED", "MD5HASH",
    "SHA256HASH", "MESSAGEID", "INREPLYTO", "REFERENCES", "NATIVEPATH", "TEXTPATH",     "FILENAME",
    "FILESIZE",   "DOCTYPE",   "TREATMENT", "EXEMPTIONS", "UNREADABLE", "RECORD",       NULL};

static const char *cell_of(const json_t *row, const char *column)
{
    const char *text = json_string_value(json_object_get(row, column));
    return text != NULL ? text : "";
}

// ---- cells -----------------------------------------------------------------------------------------------

// Programs of tables take a cell that begins so for a formula; they take an apostrophe before it for text.
static bool is_formula(const char *text)
{
    return *text == '=' || *text == '+' || *text == '-' || *text == '@' || *text == '\t' || *text == '\r';
}

void table_csv_cell(GString *out, const char *text, char separator)
{
    bool quoted = strpbrk(text, "\"\r\n") != NULL || strchr(text, separator) != NULL || *text == ' ' ||
                  is_formula(text);
    g_string_append(out, quoted ? "\"" : "");
    g_string_append(out, is_formula(text) ? "'" : "");
    for (const char *at = text; *at != '\0'; at++)
        if (*at == '"')
            g_string_append(out, "\"\"");
        else
            g_string_append_c(out, g_ascii_iscntrl(*at) ? ' ' : *at);
    g_string_append(out, quoted ? "\"" : "");
}

static void csv_line(GString *out, const char *const *cells, char separator)
{
    for (guint i = 0; cells[i] != NULL; i++) {
        if (i > 0)
            g_string_append_c(out, separator);
        table_csv_cell(out, cells[i], separator);
    }
    g_string_append(out, "\r\n");
}

static void dat_cell(GString *out, const char *text)
{
    g_string_append(out, "\xc3\xbe");
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == 0xfe)
            g_string_append(out, "th");
        else if (c == 0xae)
            g_string_append(out, "(R)");
        else if (c == '\n')
            g_string_append(out, "\xc2\xae");
        else if (c >= 0x20 && c != 0x7f)
            g_string_append_unichar(out, c);
    }
    g_string_append(out, "\xc3\xbe");
}

// ---- load files ------------------------------------------------------------------------------------------

void table_csv_head(GString *out)
{
    csv_line(out, TABLE_COLUMNS, ',');
}

static void csv_rows(GString *out, const json_t *rows, char separator)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *cells[G_N_ELEMENTS(TABLE_COLUMNS)] = {NULL};
        for (guint k = 0; TABLE_COLUMNS[k] != NULL; k++)
            cells[k] = cell_of(json_array_get(rows, i), TABLE_COLUMNS[k]);
        csv_line(out, cells, separator);
    }
}

void table_csv_rows(GString *out, const json_t *rows)
{
    csv_rows(out, rows, ',');
}

void table_psv_head(GString *out)
{
    csv_line(out, TABLE_COLUMNS, '|');
}

void table_psv_rows(GString *out, const json_t *rows)
{
    csv_rows(out, rows, '|');
}

void table_dat_head(GString *out)
{
    g_string_append(out, "\xef\xbb\xbf");
    for (guint k = 0; TABLE_COLUMNS[k] != NULL; k++) {
        g_string_append(out, k > 0 ? "\x14" : "");
        dat_cell(out, TABLE_COLUMNS[k]);
    }
    g_string_append(out, "\r\n");
}

void table_dat_rows(GString *out, const json_t *rows)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        for (guint k = 0; TABLE_COLUMNS[k] != NULL; k++) {
            g_string_append(out, k > 0 ? "\x14" : "");
            dat_cell(out, cell_of(json_array_get(rows, i), TABLE_COLUMNS[k]));
        }
        g_string_append(out, "\r\n");
    }
}

// ---- what was redacted and withheld ----------------------------------------------------------------------

static const char *const REDACTIONS[] = {"BATES",  "NUMBER",   "PART", "LINE",         "KIND",        "CODE",
                                         "REASON", "REVIEWER", "TIME", "SHA256BEFORE", "SHA256AFTER", NULL};

void table_redactions_head(GString *out)
{
    csv_line(out, REDACTIONS, ',');
}

// Why an exemption was claimed, as the item says it.
static const char *reason_of(const BagItem *item, const char *code)
{
    const char *reason = "";
    for (guint i = 0; item->exemptions != NULL && i < item->exemptions->len && *reason == '\0'; i++) {
        const BagExemption *exemption = item->exemptions->pdata[i];
        reason = strcmp(exemption->code, code) == 0 && exemption->reason != NULL ? exemption->reason : "";
    }
    return reason;
}

void table_redactions_rows(GString *out, const BagItem *item, const json_t *redactions)
{
    for (size_t i = 0; i < json_array_size(redactions); i++) {
        const json_t *row = json_array_get(redactions, i);
        const char *cells[G_N_ELEMENTS(REDACTIONS)] = {item->bates};
        for (guint k = 1; REDACTIONS[k] != NULL; k++)
            cells[k] = strcmp(REDACTIONS[k], "REASON") == 0 ? reason_of(item, cell_of(row, "CODE"))
                                                            : cell_of(row, REDACTIONS[k]);
        csv_line(out, cells, ',');
    }
}

static const char *const WITHHELD[] = {"BATES", "DATE", "CUSTODIAN", "CODE", "REASON", NULL};

void table_withheld_head(GString *out)
{
    csv_line(out, WITHHELD, ',');
}

void table_withheld_row(GString *out, const BagItem *item, const json_t *row)
{
    for (guint i = 0; item->exemptions != NULL && i < item->exemptions->len; i++) {
        const BagExemption *exemption = item->exemptions->pdata[i];
        const char *cells[] = {item->bates,
                               cell_of(row, "DATERECEIVED"),
                               cell_of(row, "CUSTODIAN"),
                               exemption->code,
                               exemption->reason != NULL ? exemption->reason : "",
                               NULL};
        csv_line(out, cells, ',');
    }
}
