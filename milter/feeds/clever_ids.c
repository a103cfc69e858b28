#include "feeds/clever.h"

#include <stdlib.h>
#include <string.h>

static const char *const KIND_NAMES[] = {
    [CLEVER_STUDENT] = "", [CLEVER_STAFF] = "staff:", [CLEVER_CONTACT] = "contact:"};

static const struct {
    const char *file, *column;
    CleverKind kind;
} IDS[] = {{"students.csv", "Student_id", CLEVER_STUDENT},
           {"students.csv", "Contact_sis_id", CLEVER_CONTACT},
           {"teachers.csv", "Teacher_id", CLEVER_STAFF},
           {"staff.csv", "Staff_id", CLEVER_STAFF},
           {"admins.csv", "Staff_id", CLEVER_STAFF}};

typedef struct {
    GArray *ids[CLEVER_KINDS]; // of Str
} Scan;

static int column_at(const CsvReader *reader, const char *name)
{
    for (guint i = 0; i < csv_count(reader); i++)
        if (g_ascii_strcasecmp(csv_field(reader, i), name) == 0)
            return (int)i;
    return -1;
}

static void take_ids(Model *model, const CsvReader *reader, int column, GArray *out)
{
    Str id = column >= 0 ? model_text(model, csv_field(reader, (guint)column)) : 0;
    if (id != 0 && (out->len == 0 || g_array_index(out, Str, out->len - 1) != id))
        g_array_append_val(out, id);
}

// What is wrong with the file is told when it is read for its people.
static bool scan_file(FeedRun *run, FeedInput *input, const char *file, Scan *scan, GError **error)
{
    int columns[G_N_ELEMENTS(IDS)];
    if (source_has(input->files, file) == NULL)
        return true;
    g_autoptr(SourceStream) stream = source_stream(input->files, file, error);
    if (stream == NULL)
        return false;
    g_autoptr(CsvReader) reader = csv_new(file, source_read, stream);
    g_autoptr(GError) why = NULL;
    CsvStep step = csv_next(reader, &why);
    for (gsize i = 0; i < G_N_ELEMENTS(IDS); i++)
        columns[i] =
            step == CSV_ROW && strcmp(IDS[i].file, file) == 0 ? column_at(reader, IDS[i].column) : -1;
    while (step == CSV_ROW && (step = csv_next(reader, &why)) == CSV_ROW)
        for (gsize i = 0; i < G_N_ELEMENTS(IDS); i++)
            take_ids(run->model, reader, columns[i], scan->ids[IDS[i].kind]);
    return true;
}

static int compare_ids(const void *left, const void *right)
{
    Str a = *(const Str *)left, b = *(const Str *)right;
    return a < b ? -1 : a > b;
}

static bool have_common(const GArray *one, const GArray *other)
{
    guint i = 0, j = 0;
    while (i < one->len && j < other->len) {
        Str a = g_array_index(one, Str, i), b = g_array_index(other, Str, j);
        if (a == b)
            return true;
        if (a < b)
            i++;
        else
            j++;
    }
    return false;
}

bool clever_scan_ids(FeedRun *run, FeedInput *input, GError **error)
{
    static const char *const files[] = {"students.csv", "teachers.csv", "staff.csv", "admins.csv"};
    Clever *clever = input->data;
    Scan scan;
    bool ok = true;
    for (gsize i = 0; i < CLEVER_KINDS; i++)
        scan.ids[i] = g_array_new(FALSE, FALSE, sizeof(Str));
    for (gsize i = 0; ok && i < G_N_ELEMENTS(files); i++)
        ok = scan_file(run, input, files[i], &scan, error);
    for (gsize i = 0; i < CLEVER_KINDS; i++)
        if (scan.ids[i]->len > 1)
            qsort(scan.ids[i]->data, scan.ids[i]->len, sizeof(Str), compare_ids);
    clever->apart[CLEVER_STAFF] = have_common(scan.ids[CLEVER_STAFF], scan.ids[CLEVER_STUDENT]);
    clever->apart[CLEVER_CONTACT] = have_common(scan.ids[CLEVER_CONTACT], scan.ids[CLEVER_STUDENT]) ||
                                    have_common(scan.ids[CLEVER_CONTACT], scan.ids[CLEVER_STAFF]);
    for (gsize i = 0; i < CLEVER_KINDS; i++)
        g_array_unref(scan.ids[i]);
    return ok;
}

char *clever_ext(const Clever *clever, CleverKind kind, const char *id)
{
    return g_strconcat(clever->apart[kind] ? KIND_NAMES[kind] : "", id, NULL);
}

guint32 clever_find_staff(const Model *model, guint32 source, const char *id)
{
    g_autofree char *apart = g_strconcat(KIND_NAMES[CLEVER_STAFF], id, NULL);
    guint32 record = model_find(model, source, apart);
    if (record == MODEL_NONE)
        record = model_find(model, source, id);
    bool staff = record != MODEL_NONE && (model_at(model, record)->roles & 1 << ROLE_STAFF) != 0;
    return staff ? record : MODEL_NONE;
}
