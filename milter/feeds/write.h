// write: the model as a file of the roster: what write*.c share while write_file works. Rows go in the order of their
// table's key, so that the file grows at its end.
#pragma once

#include "feeds/run.h"

// Fields of addresses, the better one first; others come before "previous".
#define WRITE_FIELDS   4
#define WRITE_PREVIOUS 3

typedef struct {
    FeedRun *run;
    Model *model;
    StoreDb *db;
    int64_t done, total; // rows, roughly
    guint32 *source_ids; // of each source of the model
    guint32 *numbers;    // of each record: its person's id; 0 = dropped
    guint32 people;      // ids are 1 .. people
    guint32 *group;      // records by person: those who are there first, then in the order of their sources
    guint32 *begins;     // of each id and one more: where its records begin in `group`
    guint8 *roles;       // of each id
    guint32 *mails;      // of each id: 1 + the row of model->contacts it is written to; 0 = none
    Str fields[WRITE_FIELDS];
    guint32 *classes; // of each class of the model: its id
} Writing;

#define WRITE_AT(array, type, at) (&g_array_index((array), type, (at)))

// ---- rows (write_table.c) -------------------------------------------------------------------------------

// Rows of one table, inserted some at a time; rows that are there already are passed over. Each row is its columns one
// after the other and write_row. Texts of the model and blobs are borrowed until write_end.
typedef struct WriteTable WriteTable;
// `written`, unless it is NULL, counts the rows. NULL with `error`.
WriteTable *write_begin(Writing *w, const char *table, guint columns, guint *written, GError **error);
void write_int(WriteTable *t, int64_t value);
void write_int_or_null(WriteTable *t, int64_t value); // NULL for 0
void write_text(WriteTable *t, Str text);
void write_text_or_null(WriteTable *t, Str text);               // NULL for ""
void write_unless(WriteTable *t, Str text, Str known);          // NULL where it is what is known
void write_copy(WriteTable *t, const char *text);               // of a text that changes
void write_blob(WriteTable *t, const void *data, gsize length); // NULL for NULL
bool write_row(WriteTable *t, GError **error);
// Inserts what is left when `ok`, and frees; `t` may be NULL. Was all of it ok?
bool write_end(WriteTable *t, bool ok, GError **error);

// ---- order (write.c) ------------------------------------------------------------------------------------

// Numbers of rows, to be sorted by what they stand for. Caller frees.
typedef int (*WriteCompare)(const Writing *w, guint32 a, guint32 b);
guint32 *write_sorted(Writing *w, guint count, WriteCompare compare);
void write_sort(Writing *w, guint32 *rows, guint count, WriteCompare compare);

// A text by which rows are sorted: its first bytes as a number, and what tells the rest.
typedef struct {
    guint64 head;
    guint32 text, row;
} WriteKey;
guint64 write_head(const char *text);
int write_compare_texts(const Writing *w, Str a, Str b);
static inline int write_compare(guint64 a, guint64 b)
{
    return a < b ? -1 : a > b;
}

// ---- people (write_people.c) ----------------------------------------------------------------------------

// Numbers people and tells their roles. What follows is written in this order.
void write_group(Writing *w);
bool write_people(Writing *w, GError **error); // person, record, post, ident
bool write_names(Writing *w, GError **error);  // name, login
static inline guint write_count(const Writing *w, guint32 person)
{
    return w->begins[person + 1] - w->begins[person];
}
static inline guint32 write_record(const Writing *w, guint32 person, guint at)
{
    return w->group[w->begins[person] + at];
}
// How many of the person's records count: those that are there; all where none is.
guint write_counted(const Writing *w, guint32 person);

// ---- contacts (write_contact.c) -------------------------------------------------------------------------

void write_mails(Writing *w);                    // fills `mails`
bool write_contacts(Writing *w, GError **error); // contact, personal

// ---- the rest (write_rest.c) ----------------------------------------------------------------------------

bool write_seats(Writing *w, GError **error); // seat, relation, link
bool write_rest(Writing *w, GError **error);  // source, org, class, list, published, ...
