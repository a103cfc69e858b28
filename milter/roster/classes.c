// The classes of a generation in memory: a person sits in ten of them, and each would be a walk down the file's tree.
// A class takes about 20 bytes; connections to one generation share them.
#include "roster/internal.h"

#include <string.h>

typedef struct {
    int64_t id;
    guint32 cid; // where it begins in `texts`
    int begins, ends;
} Class;

struct Classes {
    gint refs;
    GArray *rows; // of Class, by id
    GString *texts;
};

Classes *classes_ref(Classes *classes)
{
    g_atomic_int_inc(&classes->refs);
    return classes;
}

void classes_unref(Classes *classes)
{
    if (classes == NULL || !g_atomic_int_dec_and_test(&classes->refs))
        return;
    g_array_unref(classes->rows);
    g_string_free(classes->texts, TRUE);
    g_free(classes);
}

Classes *classes_read(RosterSession *session, GError **error)
{
    Classes *classes = g_new0(Classes, 1);
    classes->refs = 1;
    classes->rows = g_array_new(FALSE, FALSE, sizeof(Class));
    classes->texts = g_string_new(NULL);
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_ALL_CLASSES, NULL, NULL, error);
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        const char *cid = store_text(stmt, 1);
        Class row = {store_int(stmt, 0), (guint32)classes->texts->len, (int)store_int(stmt, 2),
                     (int)store_int(stmt, 3)};
        g_array_append_val(classes->rows, row);
        g_string_append_len(classes->texts, cid, (gssize)strlen(cid) + 1);
    }
    if (stmt != NULL)
        store_reset(stmt);
    if (step != STORE_DONE)
        g_clear_pointer(&classes, classes_unref);
    return classes;
}

// Ids have no gaps unless an import left some.
static const Class *find(const Classes *classes, int64_t id)
{
    guint low = 0, high = classes->rows->len;
    int64_t first = high > 0 ? g_array_index(classes->rows, Class, 0).id : 0;
    if (id >= first && id - first < high && g_array_index(classes->rows, Class, id - first).id == id)
        return &g_array_index(classes->rows, Class, id - first);
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const Class *row = &g_array_index(classes->rows, Class, middle);
        if (row->id == id)
            return row;
        if (row->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *classes_open(const Classes *classes, int64_t id, int begins, int ends, int today)
{
    const Class *row = find(classes, id);
    if (row == NULL)
        return NULL;
    int first = begins != 0 ? begins : row->begins, end = ends != 0 ? ends : row->ends;
    return first <= today && (end == 0 || end > today) ? classes->texts->str + row->cid : NULL;
}
