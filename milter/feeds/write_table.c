// Rows on their way into a table. A statement that inserts several costs little more than one that inserts one.
#include "feeds/write.h"

#define BATCH         16
#define PROGRESS_ROWS 8192

typedef enum { VALUE_NULL, VALUE_INT, VALUE_LENT, VALUE_COPY, VALUE_BLOB } ValueKind;
typedef struct {
    ValueKind kind;
    int64_t number; // VALUE_COPY: where in `copies`; VALUE_BLOB: its length
    const void *data;
} Value;

struct WriteTable {
    Writing *w;
    const char *name;
    StoreStmt *batch;
    guint columns, column, rows;
    Value *values;   // of BATCH rows
    GString *copies; // each with its NUL
    guint *written;
};

static StoreStmt *insert_of(const WriteTable *t, guint rows, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    g_string_printf(sql, "INSERT OR IGNORE INTO %s VALUES ", t->name);
    for (guint i = 0; i < rows * t->columns; i++) {
        bool first = i % t->columns == 0, last = (i + 1) % t->columns == 0;
        g_string_append_printf(sql, "%s?%u%s", !first ? ", " : i > 0 ? ", (" : "(", i + 1, last ? ")" : "");
    }
    return store_prepare(t->w->db, sql->str, error);
}

WriteTable *write_begin(Writing *w, const char *table, guint columns, guint *written, GError **error)
{
    WriteTable *t = g_new(WriteTable, 1);
    *t = (WriteTable){.w = w, .name = table, .columns = columns, .written = written};
    t->values = g_new(Value, BATCH * columns);
    t->copies = g_string_new(NULL);
    t->batch = insert_of(t, BATCH, error);
    if (t->batch == NULL) {
        write_end(t, false, NULL);
        t = NULL;
    }
    return t;
}

static void put(WriteTable *t, Value value)
{
    g_assert(t->column < t->columns);
    t->values[t->rows * t->columns + t->column++] = value;
}

void write_int(WriteTable *t, int64_t value)
{
    put(t, (Value){VALUE_INT, value, NULL});
}

void write_int_or_null(WriteTable *t, int64_t value)
{
    put(t, (Value){value != 0 ? VALUE_INT : VALUE_NULL, value, NULL});
}

void write_text(WriteTable *t, Str text)
{
    put(t, (Value){VALUE_LENT, 0, model_string(t->w->model, text)});
}

void write_text_or_null(WriteTable *t, Str text)
{
    write_unless(t, text, 0);
}

void write_unless(WriteTable *t, Str text, Str known)
{
    put(t, (Value){text != known ? VALUE_LENT : VALUE_NULL, 0, model_string(t->w->model, text)});
}

void write_copy(WriteTable *t, const char *text)
{
    put(t, (Value){VALUE_COPY, (int64_t)t->copies->len, NULL});
    g_string_append(t->copies, text);
    g_string_append_c(t->copies, '\0');
}

void write_blob(WriteTable *t, const void *data, gsize length)
{
    put(t, (Value){data != NULL ? VALUE_BLOB : VALUE_NULL, (int64_t)length, data});
}

static void bind(const WriteTable *t, StoreStmt *stmt, int index, const Value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        break;
    case VALUE_INT:
        store_bind_int(stmt, index, value->number);
        break;
    case VALUE_LENT:
        store_lend_text(stmt, index, value->data);
        break;
    case VALUE_COPY:
        store_lend_text(stmt, index, t->copies->str + value->number);
        break;
    case VALUE_BLOB:
        store_bind_blob(stmt, index, value->data, (gsize)value->number);
        break;
    }
}

static bool insert(WriteTable *t, StoreStmt *stmt, GError **error)
{
    for (guint i = 0; i < t->rows * t->columns; i++)
        bind(t, stmt, (int)i + 1, &t->values[i]);
    bool ok = store_run(stmt, error);
    if (ok && t->written != NULL)
        *t->written += (guint)store_changes(t->w->db);
    t->rows = 0;
    g_string_truncate(t->copies, 0);
    return ok;
}

bool write_row(WriteTable *t, GError **error)
{
    g_assert(t->column == t->columns);
    t->column = 0;
    t->rows++;
    if (++t->w->done % PROGRESS_ROWS == 0)
        run_progress(t->w->run, "", "write", t->w->done, MAX(t->w->total, t->w->done));
    return t->rows < BATCH || insert(t, t->batch, error);
}

bool write_end(WriteTable *t, bool ok, GError **error)
{
    if (t == NULL)
        return false;
    if (ok && t->rows > 0) {
        g_autoptr(StoreStmt) rest = insert_of(t, t->rows, error);
        ok = rest != NULL && insert(t, rest, error);
    }
    store_finalize(&t->batch);
    g_string_free(t->copies, TRUE);
    g_free(t->values);
    g_free(t);
    return ok;
}
