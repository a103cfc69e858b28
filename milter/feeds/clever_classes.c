#include "feeds/clever.h"

#include <string.h>

// ---- schools --------------------------------------------------------------------------------------------

enum { H_ID, H_NAME };
static const TableColumn SCHOOLS[] = {
    [H_ID] = {"School_id", COLUMN_REQUIRED}, [H_NAME] = {"School_name", COLUMN_REQUIRED}};

static bool read_school(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    const char *id = table_get(table, H_ID);
    if (id[0] == '\0')
        return table_fail(table, H_ID, error, "empty; every school has one");
    model_org(run->model, input->source, id, table_get(table, H_NAME), "school", "");
    return true;
}

bool clever_read_schools(FeedRun *run, FeedInput *input, GError **error)
{
    return TABLE_EACH(run, input, "schools.csv", SCHOOLS, read_school, error);
}

// ---- sections -------------------------------------------------------------------------------------------

#define TEACHERS 10
enum {
    X_SCHOOL,
    X_ID,
    X_NAME,
    X_COURSE,
    X_NUMBER,
    X_BEGINS,
    X_ENDS,
    X_TEACHER,
    X_LAST = X_TEACHER + TEACHERS - 1,
};
static const TableColumn SECTIONS[] = {
    [X_SCHOOL] = {"School_id", COLUMN_REQUIRED},
    [X_ID] = {"Section_id", COLUMN_REQUIRED},
    [X_NAME] = {"Name", COLUMN_OPTIONAL, "=Section_name"},
    [X_COURSE] = {"Course_name"},
    [X_NUMBER] = {"Section_number"},
    [X_BEGINS] = {"Term_start"},
    [X_ENDS] = {"Term_end"},
    [X_TEACHER] = {"Teacher_id", COLUMN_REQUIRED},
    [X_TEACHER + 1] = {"Teacher_2_id"},
    [X_TEACHER + 2] = {"Teacher_3_id"},
    [X_TEACHER + 3] = {"Teacher_4_id"},
    [X_TEACHER + 4] = {"Teacher_5_id"},
    [X_TEACHER + 5] = {"Teacher_6_id"},
    [X_TEACHER + 6] = {"Teacher_7_id"},
    [X_TEACHER + 7] = {"Teacher_8_id"},
    [X_TEACHER + 8] = {"Teacher_9_id"},
    [X_LAST] = {"Teacher_10_id"},
};

static char *title_of(const Table *table)
{
    const char *name = table_get(table, X_NAME), *course = table_get(table, X_COURSE);
    const char *number = table_get(table, X_NUMBER);
    if (name[0] != '\0' || course[0] == '\0')
        return g_strdup(name);
    return number[0] != '\0' ? g_strdup_printf("%s %s", course, number) : g_strdup(course);
}

static bool read_section(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Model *model = run->model;
    const char *id = table_get(table, X_ID);
    if (id[0] == '\0')
        return table_fail(table, X_ID, error, "empty; every section has one");
    if (model_class_find(model, input->source, id) != MODEL_NONE)
        table_note(table, "Section_id: there is a row with it before; this one counts");
    g_autofree char *title = title_of(table);
    int begins = clever_date(table, X_BEGINS, "Term_start"), ends = clever_date(table, X_ENDS, "Term_end");
    guint32 at = model_class(model, input->source, id, title, table_get(table, X_SCHOOL), "class", begins,
                             table_day_after(ends));
    for (guint i = X_TEACHER; i <= X_LAST; i++) {
        const char *teacher = table_get(table, i);
        guint32 record = clever_find_staff(model, input->source, teacher);
        if (record != MODEL_NONE)
            model_seat(model, at, record, ROLE_STAFF, 0, 0);
        else if (teacher[0] != '\0')
            table_note(table, "%s: no such teacher; not enrolled", SECTIONS[i].name);
    }
    return true;
}

// ---- enrollments ----------------------------------------------------------------------------------------

enum { E_SECTION, E_STUDENT };
static const TableColumn ENROLLMENTS[] = {
    [E_SECTION] = {"Section_id", COLUMN_REQUIRED}, [E_STUDENT] = {"Student_id", COLUMN_REQUIRED}};

static bool read_enrollment(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Model *model = run->model;
    guint32 at = model_class_find(model, input->source, table_get(table, E_SECTION));
    guint32 record = model_find(model, input->source, table_get(table, E_STUDENT));
    bool student = record != MODEL_NONE && (model_at(model, record)->roles & 1 << ROLE_STUDENT) != 0;
    if (at == MODEL_NONE)
        table_note(table, "Section_id: no such section; not enrolled");
    else if (!student)
        table_note(table, "Student_id: no such student; not enrolled");
    else
        model_seat(model, at, record, ROLE_STUDENT, 0, 0);
    return true;
}

bool clever_read_sections(FeedRun *run, FeedInput *input, GError **error)
{
    return TABLE_EACH(run, input, "sections.csv", SECTIONS, read_section, error) &&
           TABLE_EACH(run, input, "enrollments.csv", ENROLLMENTS, read_enrollment, error);
}
