// Schools, terms, classes and who is in them.
#include "feeds/oneroster.h"

#include <string.h>

bool sis_org(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Sis *sis = input->data;
    const char *id = table_get(table, O_ID);
    if (id[0] == '\0')
        return table_fail(table, O_ID, error, "empty; every school needs an id");
    SisFate fate = sis_status(sis, table, error);
    if (fate == ROW_FAILED || sis_is_repeated(run, sis, table, id, O_PARENT + 1))
        return fate != ROW_FAILED;
    if (fate == ROW_KEPT)
        model_org(run->model, input->source, id, table_get(table, O_NAME), table_get(table, O_TYPE),
                  table_get(table, O_PARENT));
    else if (sis->modes[SIS_ORGS] == SIS_DELTA)
        model_org_drop(run->model, input->source, id);
    return true;
}

bool sis_session(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Sis *sis = input->data;
    const char *id = table_get(table, S_ID);
    SisFate fate = sis_status(sis, table, error);
    if (fate == ROW_KEPT && id[0] != '\0') {
        SisTerm *term = g_new(SisTerm, 1);
        *term = (SisTerm){table_date(table, S_BEGINS), table_date(table, S_ENDS)};
        g_hash_table_insert(sis->terms, GUINT_TO_POINTER(model_text(run->model, id)), term);
    }
    return fate != ROW_FAILED;
}

// ---- classes --------------------------------------------------------------------------------------------

// From the first day of its first term to the last of its last; a term nobody knows leaves both open.
static SisTerm class_dates(FeedRun *run, const Sis *sis, Table *table)
{
    SisTerm dates = {0, 0};
    bool known = true, first = true;
    for (const char *at = table_get(table, C_TERMS); *at != '\0' && known;) {
        gsize length = strcspn(at, ",");
        g_autofree char *id = g_strstrip(g_strndup(at, length));
        const SisTerm *term = g_hash_table_lookup(sis->terms, GUINT_TO_POINTER(model_text(run->model, id)));
        at += length + (at[length] == ',' ? 1 : 0);
        known = term != NULL;
        if (!known)
            continue;
        bool open_begin = term->begins == 0 || (!first && dates.begins == 0);
        bool open_end = term->ends == 0 || (!first && dates.ends == 0);
        dates.begins = open_begin ? 0 : first ? term->begins : MIN(dates.begins, term->begins);
        dates.ends = open_end ? 0 : MAX(dates.ends, term->ends);
        first = false;
    }
    if (!known && g_hash_table_size(sis->terms) > 0)
        table_note(table, "%s: not in academicSessions.csv; the class counts without dates",
                   sis->kinds[SIS_CLASSES].columns[C_TERMS].name);
    return known ? dates : (SisTerm){0, 0};
}

static void check_class_type(Table *table)
{
    const char *text = table_get(table, C_TYPE);
    static const char *const types[] = {"homeroom", "scheduled"};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_ascii_strcasecmp(text, types[i]) == 0 && strcmp(text, types[i]) != 0)
            table_note(table, "classType: `%s` should be written `%s`", text, types[i]);
}

// A delta without terms leaves the dates that a class had.
static SisTerm former_dates(const Model *model, guint32 at)
{
    const ModelClass *former = &g_array_index(model->classes, ModelClass, at);
    return (SisTerm){(int)former->begins, (int)former->ends};
}

bool sis_class(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Sis *sis = input->data;
    Model *model = run->model;
    const char *id = table_get(table, C_ID);
    if (id[0] == '\0')
        return table_fail(table, C_ID, error, "empty; every class needs an id");
    SisFate fate = sis_status(sis, table, error);
    if (fate == ROW_FAILED || sis_is_repeated(run, sis, table, id, C_TYPE + 1))
        return fate != ROW_FAILED;
    guint32 at = model_class_find(model, input->source, id);
    if (fate == ROW_DELETED) {
        if (at != MODEL_NONE)
            model_class_drop(model, at);
        return true;
    }
    check_class_type(table);
    bool former = at != MODEL_NONE && g_hash_table_size(sis->terms) == 0;
    SisTerm dates = former ? former_dates(model, at) : class_dates(run, sis, table);
    model_class(model, input->source, id, table_get(table, C_TITLE), table_get(table, C_SCHOOL), "class",
                dates.begins, dates.ends);
    return true;
}

void sis_end_classes(FeedRun *run, FeedInput *input)
{
    Sis *sis = input->data;
    Model *model = run->model;
    // All classes come anew, but enrollments only as changes: they were loaded with their classes.
    if (sis->modes[SIS_CLASSES] != SIS_BULK || (input->changes & COVERS_CLASSES) == 0)
        return;
    for (guint32 i = 0; i < model->classes->len; i++) {
        const ModelClass *at = &g_array_index(model->classes, ModelClass, i);
        if (at->source == input->source && !g_hash_table_contains(sis->seen, GUINT_TO_POINTER(at->cid)))
            model_class_drop(model, i);
    }
}

// ---- enrollments ----------------------------------------------------------------------------------------

void sis_begin_enrollments(FeedRun *run, FeedInput *input)
{
    Sis *sis = input->data;
    const Model *model = run->model;
    sis->users = ids_new();
    sis->classes = ids_new();
    for (guint32 i = 0; i < model->records->len; i++) {
        const ModelRecord *at = model_at(model, i);
        if (at->source == input->source && !at->dropped)
            ids_put(sis->users, model_string(model, at->ext), i);
    }
    for (guint32 i = 0; i < model->classes->len; i++) {
        const ModelClass *at = &g_array_index(model->classes, ModelClass, i);
        if (at->source == input->source && !at->dropped)
            ids_put(sis->classes, model_string(model, at->cid), i);
    }
}

void sis_end_enrollments(Sis *sis)
{
    g_clear_pointer(&sis->users, ids_free);
    g_clear_pointer(&sis->classes, ids_free);
}

static bool enrollment_role(Table *table, Role *out_role)
{
    const char *text = table_get(table, E_ROLE);
    if (strcmp(text, "student") == 0) {
        *out_role = ROLE_STUDENT;
        return true;
    }
    g_autofree char *position = NULL;
    if (!sis_role(table, E_ROLE, out_role, &position))
        return false;
    if (*out_role != ROLE_STUDENT)
        *out_role = ROLE_STAFF;
    return true;
}

bool sis_enrollment(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Sis *sis = input->data;
    Model *model = run->model;
    const char *class_id = table_get(table, E_CLASS), *user = table_get(table, E_USER);
    bool delta = sis->modes[SIS_ENROLLMENTS] == SIS_DELTA;
    SisFate fate = sis_status(sis, table, error);
    if (fate == ROW_FAILED || (fate == ROW_DELETED && !delta))
        return fate != ROW_FAILED;
    if (class_id[0] == '\0' || user[0] == '\0') {
        if (fate == ROW_KEPT)
            return table_fail(table, class_id[0] == '\0' ? E_CLASS : E_USER, error, "empty");
        table_note(table, "status: deleted, but not whose enrollment in which class; nothing deleted");
        return true;
    }
    guint32 at = ids_find(sis->classes, class_id), record = ids_find(sis->users, user);
    Role role;
    if (!enrollment_role(table, &role))
        return table_fail(table, E_ROLE, error, "empty; write student, teacher, ...");
    if (record == IDS_NONE)
        table_note(table, "userSourcedId: no such user in the roster");
    if (at == IDS_NONE)
        table_note(table, "classSourcedId: no such class in the roster");
    int begins = table_date(table, E_BEGINS), ends = table_date(table, E_ENDS);
    if (record == IDS_NONE || at == IDS_NONE)
        return true;
    if (delta && !model_seat_drop(model, at, record, role) && fate == ROW_DELETED)
        table_note(table, "status: deleted, but no such enrollment is in the roster");
    if (fate == ROW_KEPT)
        model_seat(model, at, record, role, begins, ends);
    return true;
}
