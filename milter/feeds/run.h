// run: one import in work, as importers see it: the model to fill, what to warn of, how far it is. And tables: CSV
// files by column name.
#pragma once

#include "feeds/csv.h"
#include "feeds/feeds.h"
#include "feeds/model.h"
#include "feeds/source.h"
#include "store/store.h"

typedef struct FeedRun FeedRun;
typedef struct FeedInput FeedInput;

// What a source's files of now cover. `replaces`: everything the source gave of that kind before is forgotten;
// `changes` (delta): what it gave before is loaded first and changed.
typedef enum {
    COVERS_PEOPLE = 1 << 0,    // records, posts, contacts, idents, managers, and relations of kind "agent"
    COVERS_RELATIONS = 1 << 1, // relations of other kinds; whose file makes records too covers people as well
    COVERS_ORGS = 1 << 2,
    COVERS_CLASSES = 1 << 3,
    COVERS_SEATS = 1 << 4,
    COVERS_LISTS = 1 << 5,
    COVERS_PERSONAL = 1 << 6,
    COVERS_STUDENT_ADDRESSES = 1 << 7,
    COVERS_PUBLISHED = 1 << 8,
    COVERS_WEBMAIL = 1 << 9,
    COVERS_TOOLS = 1 << 10,
    COVERS_EXCEPTIONS = 1 << 11,
} FeedCovers;

struct FeedInput {
    const FeedSpec *spec;
    Source *files;  // NULL for ldap
    guint32 source; // of the model; set by the run before `read`
    guint replaces, changes;
    void *data; // the importer's
};

typedef struct {
    const char *type;
    // Does this look like mine? For paths given by hand. NULL: never (ldap).
    Tri (*recognise)(const Source *files, GError **error);
    // Checks what is there (manifest, headers) and sets replaces, changes, data. Nothing is in the model yet.
    bool (*open)(FeedRun *run, FeedInput *input, GError **error);
    // Fills the model. Sources are read in their order; all of them are open by then. References to people of other
    // sources are ModelRefs, resolved by merge.c when everybody is known.
    bool (*read)(FeedRun *run, FeedInput *input, GError **error);
    void (*close)(FeedInput *input); // frees data; may be NULL
} FeedImporter;
extern const FeedImporter FEED_ONEROSTER, FEED_SDS, FEED_CLEVER, FEED_GOOGLE, FEED_DISTRICT, FEED_ALIASES,
    FEED_MAILMAN, FEED_SYMPA, FEED_LDAP;

typedef struct FeedNote FeedNote;
struct FeedRun {
    const Config *config;
    const FeedOptions *options;
    Model *model;
    FeedSummary *summary;
    GPtrArray *notes;    // of FeedNote, in the order of their first line
    GHashTable *note_of; // the same, by file and text
    guint notes_dropped;
    GPtrArray *exceptions; // of FeedException, from exceptions.csv of this run
    bool exceptions_read;
    GPtrArray *consents; // of FeedConsent, from consents.csv
    bool consents_read;
    GPtrArray *reads; // of FeedRead
    GArray *outside;  // addresses that may prove to be outside the district
    GArray *expected; // what others are to know; NULL while there is nothing
    char *step;       // of the progress last told, and when
    int64_t step_at, step_done;
    bool step_over; // told as done
};

typedef struct {
    RosterException *exception;
    char *file;
    guint line;
} FeedException;
typedef struct {
    char *exception; // its id
    RosterConsent *consent;
    char *file;
    guint line;
} FeedConsent;
void run_add_consent(FeedRun *run, const char *exception, RosterConsent *taken, const char *file, guint line);
void run_add_exception(FeedRun *run, RosterException *taken, const char *file, guint line);

FeedRun *run_new(const Config *config, const FeedOptions *options, const RosterKey *key);
void run_free(FeedRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FeedRun, run_free)
// When all is read: the notes become warnings of the summary.
void run_end_notes(FeedRun *run);

// What was read, for the history.
typedef struct {
    char *source, *file, *sha256;
    int64_t bytes, rows;
} FeedRead;
void run_read(FeedRun *run, const char *source, const char *file, int64_t bytes, int64_t rows,
              const char *sha256);

// A defect that does not stop the import. The same text of the same file is noted once, with its lines.
G_GNUC_PRINTF(4, 5)
void run_note(FeedRun *run, const char *file, guint line, const char *format, ...);
// Cheap enough to be called for every few rows.
void run_progress(FeedRun *run, const char *source, const char *step, int64_t done, int64_t total);
// The role that the spec's rules give to a value; false when none fits. Letters' case is ignored. "unit": units below
// fit too; "dn": the pattern is a DN's end.
bool run_role(const FeedSpec *spec, const char *on, const char *value, Role *out_role,
              const char **out_position);

// Helpers that importers share.
// A mail address as found in a file: canonical, or NULL with a note ("field: not a mail address; not kept").
// Adds it as a contact of `record` and notes one outside the district for staff and students.
void run_add_email(FeedRun *run, guint32 record, const char *text, const char *field, ContactUse use,
                   const char *file, guint line);
void run_add_phone(FeedRun *run, guint32 record, const char *text, const char *field, ContactUse use,
                   const char *file, guint line);

// expect.c: notes `what` at the end if no source of the roster knows `text`: a canonical address, a class's id, ...
typedef enum { EXPECT_STAFF, EXPECT_STUDENT, EXPECT_CLASS, EXPECT_ORG } FeedExpected;
void run_expect(FeedRun *run, FeedExpected kind, const char *text, const char *what, const char *file,
                guint line);
void run_note_expected(FeedRun *run); // by run_end_notes

// ---- tables -------------------------------------------------------------------------------------

// DROPPED: wiped unread. A table with such a column drops all columns that it does not ask for as well.
typedef enum { COLUMN_OPTIONAL, COLUMN_REQUIRED, COLUMN_DROPPED } ColumnUse;
typedef struct {
    const char *name;
    ColumnUse use;
    const char
        *alias; // spellings met in the wild, "a|b"; "=a|b" for ones that are no defect; case is ignored
} TableColumn;

typedef struct Table Table;
// Opens `file` and reads its header. NULL with `error`.
Table *table_open(FeedRun *run, FeedInput *input, const char *file, const TableColumn *columns, guint count,
                  GError **error);
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)
CsvStep table_next(Table *table, GError **error);
const char *table_file(const Table *table);              // as it is called in the source
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
// yyyymmdd of "2026-10-14"; 0 when it is no date.
int table_parse_date(const char *text);
// The end, excluded, of what has `last` as its last day; 0 for 0.
int table_day_after(int last);

typedef bool (*TableRow)(FeedRun *run, FeedInput *input, Table *table, GError **error);
// Runs `row` over the rows of `file`; notes a file that has none.
bool table_each(FeedRun *run, FeedInput *input, const char *file, const TableColumn *columns, guint count,
                TableRow row, GError **error);
#define TABLE_EACH(run, input, file, columns, row, error)                                                    \
    table_each(run, input, file, columns, G_N_ELEMENTS(columns), row, error)

// For importers that read a stream themselves: tells the history what was read of it, and of the zip it is in. Tables do
// so when they are read to their end; a file read twice is told once. False with `error`.
bool table_record(FeedRun *run, const FeedInput *input, const SourceStream *stream, int64_t rows,
                  GError **error);

// ---- between the files of this room -------------------------------------------------------------

// merge.c: which records are one person (ModelRecord.person), their links; conflicts are noted.
bool merge_run(FeedRun *run, GError **error);
// reload.c: what the generation in force has of everything that no input replaces; people that a bulk replaces and is
// without become `gone`. `db` is open for reading.
bool reload_before(FeedRun *run, StoreDb *db, const GPtrArray *inputs,
                   GError **error); // before importers read
bool reload_after(FeedRun *run, StoreDb *db, const GPtrArray *inputs,
                  GError **error); // gone people, former addresses
// write.c: the model as a new file `path` (not yet in force). exception and history and source "own" of personal are
// left to generation.c.
bool write_file(FeedRun *run, const char *path, GError **error);
// diff.c
FeedDiff *diff_files(const char *from, const char *to, guint changes_most, GError **error);
