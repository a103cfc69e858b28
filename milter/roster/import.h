// import: one import in work: its transaction, its warnings, and tables, which are CSV files by column name.
#pragma once

#include "roster/csv.h"
#include "roster/internal.h"
#include "roster/source.h"

typedef struct {
    const Config *config;
    RosterKey key;
    StoreDb *db;
    Source *source;
    RosterSummary *summary;
    GPtrArray *notes;    // of ImportNote, in the order of their first line
    GHashTable *note_of; // text -> ImportNote
    guint notes_dropped;
    GHashTable *statements; // SQL -> StoreStmt
    char *who;              // for exceptions
} Import;

// A defect that does not stop the import. The same text of the same file is noted once, with its lines.
G_GNUC_PRINTF(4, 5)
void import_note(Import *import, const char *file, guint line, const char *format, ...);
// A statement of this import, prepared once, reset. NULL with `error`.
StoreStmt *import_statement(Import *import, const char *sql, GError **error);
// Runs `sql` with text parameters ended by NULL.
bool import_run(Import *import, GError **error, const char *sql, ...) G_GNUC_NULL_TERMINATED;
// Is there a row for `a` (and `b`, which may be NULL)?
Tri import_has(Import *import, const char *sql, const char *a, const char *b, GError **error);
bool import_file_present(const Import *import, const char *file);
Tri import_is_district(Import *import, const char *domain, GError **error);
// Keeps a staff member's private detail as hashes. `owner` (canonical address) or `person` may be "".
bool import_personal(Import *import, const char *owner, const char *person, const char *field, Kind kind,
                     const char *canonical, const char *source, GError **error);

// ---- tables -------------------------------------------------------------------------------------

typedef enum { COLUMN_OPTIONAL, COLUMN_REQUIRED, COLUMN_DROPPED } ColumnUse;
typedef struct {
    const char *name;
    ColumnUse use;
    const char *alias; // a spelling met in the wild
} TableColumn;

typedef struct Table Table;
// Opens `file` and reads its header. NULL with `error`.
Table *table_open(Import *import, const char *file, const TableColumn *columns, guint count, GError **error);
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)
CsvStep table_next(Table *table, GError **error);
bool table_has(const Table *table, guint column);        // is the column in the file?
const char *table_get(const Table *table, guint column); // "" when it is not
G_GNUC_PRINTF(2, 3) void table_note(Table *table, const char *format, ...);
guint table_line(const Table *table);
// "file:line: column: what". Always false.
G_GNUC_PRINTF(4, 5)
bool table_fail(const Table *table, guint column, GError **error, const char *format, ...);
// yyyymmdd of an ISO 8601 date; 0 when it is empty or, with a note, is none.
int table_date(Table *table, guint column);
bool table_flag(Table *table, guint column, bool fallback); // true/false, yes/no
// Canonical address; NULL with `error`.
char *table_address(const Table *table, guint column, GError **error);
// True for a row that a bulk export marks as gone; notes that bulk files have no status.
bool table_is_deleted(Table *table, guint status_column);
// yyyymmdd of "2026-10-14"; 0 when it is no date.
int table_parse_date(const char *text);

// ---- the kinds of file --------------------------------------------------------------------------

// Each reads its file, when it is there, into the open transaction.
bool oneroster_import(Import *import, GError **error);
// What follows from people and the registry together: family, identity.
bool oneroster_relate(Import *import, GError **error);
bool district_import_published(Import *import, GError **error);
bool district_import_people(Import *import, GError **error);
bool district_import_lists(Import *import, GError **error);
bool exception_import(Import *import, bool replace, GError **error);

Import *import_begin(const Config *config, Source *source, bool dry_run, bool renew, GError **error);
// Ends the transaction: kept when `keep`. The summary gets the notes. Frees the import.
bool import_end(Import *import, bool keep, GError **error);
