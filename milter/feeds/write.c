#include "feeds/write.h"

#include "roster/schema.h"

#include <stdlib.h>
#include <string.h>

// ---- order ----------------------------------------------------------------------------------------------

typedef struct {
    Writing *w;
    WriteCompare compare;
} Sorting;

// Rows that are equal stay in their order.
static int compare_rows(const void *a, const void *b, void *data)
{
    const Sorting *sorting = data;
    guint32 left = *(const guint32 *)a, right = *(const guint32 *)b;
    int order = sorting->compare(sorting->w, left, right);
    return order != 0 ? order : write_compare(left, right);
}

void write_sort(Writing *w, guint32 *rows, guint count, WriteCompare compare)
{
    Sorting sorting = {w, compare};
    if (count > 1)
        qsort_r(rows, count, sizeof *rows, compare_rows, &sorting);
}

guint32 *write_sorted(Writing *w, guint count, WriteCompare compare)
{
    guint32 *rows = g_new(guint32, count + 1);
    for (guint32 i = 0; i < count; i++)
        rows[i] = i;
    write_sort(w, rows, count, compare);
    return rows;
}

guint64 write_head(const char *text)
{
    guint64 head = 0;
    guint i = 0;
    for (; i < 8 && text[i] != '\0'; i++)
        head = head << 8 | (guchar)text[i];
    return i > 0 ? head << 8 * (8 - i) : 0;
}

int write_compare_texts(const Writing *w, Str a, Str b)
{
    return a == b ? 0 : strcmp(model_string(w->model, a), model_string(w->model, b));
}

// ---- the file -------------------------------------------------------------------------------------------

static int64_t count_rows(const Model *model)
{
    const GArray *arrays[] = {model->records,
                              model->records,
                              model->posts,
                              model->contacts,
                              model->idents,
                              model->relations,
                              model->links,
                              model->seats,
                              model->members,
                              model->personal,
                              model->sources,
                              model->orgs,
                              model->classes,
                              model->lists,
                              model->tools,
                              model->published,
                              model->blocks,
                              model->webmail,
                              model->student_addresses};
    int64_t count = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++)
        count += arrays[i]->len;
    return count;
}

static bool write_key(Writing *w, GError **error)
{
    unsigned char hash[KEY_HASH];
    WriteTable *t = write_begin(w, "meta", 2, NULL, error);
    bool ok = t != NULL;
    if (ok) {
        key_hash(&w->model->key, "key", hash);
        write_copy(t, "key");
        write_blob(t, hash, sizeof hash);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

// The version comes last: before it the file is no roster.
static bool write_indexes(Writing *w, GError **error)
{
    g_autofree char *version = g_strdup_printf("PRAGMA user_version = %d", SCHEMA_VERSION);
    run_progress(w->run, "", "index", 0, 0);
    return store_exec(w->db, SCHEMA_INDEXES, error) && store_exec(w->db, version, error);
}

static void writing_clear(Writing *w)
{
    g_free(w->source_ids);
    g_free(w->numbers);
    g_free(w->group);
    g_free(w->begins);
    g_free(w->roles);
    g_free(w->mails);
    g_free(w->classes);
    store_close(&w->db);
}

bool write_file(FeedRun *run, const char *path, GError **error)
{
    Writing w = {.run = run, .model = run->model, .total = count_rows(run->model)};
    w.db = store_open(path, STORE_BUILD, 0, error);
    bool ok = w.db != NULL && store_exec(w.db, "BEGIN", error) && store_exec(w.db, SCHEMA_TABLES, error);
    if (ok) {
        write_group(&w);
        write_mails(&w);
    }
    ok = ok && write_key(&w, error) && write_rest(&w, error) && write_people(&w, error) &&
         write_names(&w, error) && write_contacts(&w, error) && write_seats(&w, error) &&
         write_indexes(&w, error) && store_commit(w.db, error);
    if (ok)
        run_progress(run, "", "write", w.total, w.total);
    writing_clear(&w);
    return ok;
}
