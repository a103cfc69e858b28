#include "feeds/clever.h"

#include <string.h>

// ---- what all have --------------------------------------------------------------------------------------

typedef struct {
    const char *id, *given, *family, *login;
} Naming;

// Names the record by the first of its rows. False when an earlier row was its.
static bool take_name(FeedRun *run, Table *table, guint32 record, const Naming *naming)
{
    Model *model = run->model;
    if (model_at(model, record)->seen)
        return false;
    Str given = model_text(model, naming->given), family = model_text(model, naming->family);
    g_autofree char *login = canon_lower(naming->login);
    Str name = model_text(model, login), file = model_text(model, table_file(table));
    ModelRecord *at = model_at(model, record);
    at->given = given;
    at->family = family;
    at->login = name;
    at->file = file;
    at->line = table_line(table);
    at->seen = true;
    return true;
}

// ---- students -------------------------------------------------------------------------------------------

enum {
    S_SCHOOL = C_COUNT,
    S_ID,
    S_NUMBER,
    S_STATE_ID,
    S_FAMILY,
    S_GIVEN,
    S_GRADE,
    S_BIRTH,
    S_STREET,
    S_CITY,
    S_STATE,
    S_ZIP,
    S_EMAIL,
    S_LOGIN,
    S_DROPPED
};
// Of what Clever takes beside, nothing concerns a mail filter.
#define DROPPED                                                                                              \
    "=Gender|Graduation_year|Race|Hispanic_Latino|Home_language|Ell_status|Frl_status|IEP_status|"           \
    "Unweighted_gpa|"                                                                                        \
    "Weighted_gpa|Middle_name|Contact_phone_type"
static const TableColumn STUDENTS[] = {
    CLEVER_CONTACT_COLUMNS,
    [S_SCHOOL] = {"School_id", COLUMN_REQUIRED},
    [S_ID] = {"Student_id", COLUMN_REQUIRED},
    [S_NUMBER] = {"Student_number"},
    [S_STATE_ID] = {"State_id"},
    [S_FAMILY] = {"Last_name", COLUMN_REQUIRED},
    [S_GIVEN] = {"First_name", COLUMN_REQUIRED},
    [S_GRADE] = {"Grade"},
    [S_BIRTH] = {"DOB", COLUMN_OPTIONAL, "=Dob"},
    [S_STREET] = {"Student_street"},
    [S_CITY] = {"Student_city"},
    [S_STATE] = {"Student_state"},
    [S_ZIP] = {"Student_zip"},
    [S_EMAIL] = {"Student_email"},
    [S_LOGIN] = {"Username"},
    [S_DROPPED] = {"Password", COLUMN_DROPPED, DROPPED},
};

static void put_street(FeedRun *run, Table *table, guint32 record)
{
    const char *street = table_get(table, S_STREET);
    if (street[0] == '\0')
        return;
    g_autofree char *text = g_strdup_printf("%s, %s, %s %s", street, table_get(table, S_CITY),
                                            table_get(table, S_STATE), table_get(table, S_ZIP));
    g_autofree char *home = canon_value(run->config, KIND_STREET_ADDRESS, text);
    if (home != NULL)
        model_contact(run->model, record, KIND_STREET_ADDRESS, home, "home-address", CONTACT_ASK);
}

static void put_student(FeedRun *run, Table *table, guint32 record)
{
    Model *model = run->model;
    int birth = clever_date(table, S_BIRTH, "DOB");
    Str grade = model_text(model, table_get(table, S_GRADE));
    model_at(model, record)->birth = (guint32)birth;
    model_at(model, record)->grade = grade;
    model_ident(model, record, "student", table_get(table, S_NUMBER));
    model_ident(model, record, "state-student", table_get(table, S_STATE_ID));
    run_add_email(run, record, table_get(table, S_EMAIL), "email", CONTACT_ASK, table_file(table),
                  table_line(table));
    put_street(run, table, record);
}

// A student has a row for each contact and for each school.
static bool read_student(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    const char *id = table_get(table, S_ID);
    const Naming naming = {id, table_get(table, S_GIVEN), table_get(table, S_FAMILY),
                           table_get(table, S_LOGIN)};
    if (id[0] == '\0')
        return table_fail(table, S_ID, error, "empty; every student has one");
    guint32 record = model_record(run->model, input->source, id, NULL);
    clever_post(run->model, record, ROLE_STUDENT, "", table_get(table, S_SCHOOL));
    if (take_name(run, table, record, &naming))
        put_student(run, table, record);
    clever_contact(run, input, table, record, id);
    return true;
}

// ---- teachers, staff, administrators --------------------------------------------------------------------

enum { T_SCHOOL, T_ID, T_NUMBER, T_STATE_ID, T_EMAIL, T_GIVEN, T_FAMILY, T_TITLE, T_LOGIN, T_DROPPED };
static const TableColumn TEACHERS[] = {
    [T_SCHOOL] = {"School_id", COLUMN_REQUIRED},
    [T_ID] = {"Teacher_id", COLUMN_REQUIRED},
    [T_NUMBER] = {"Teacher_number"},
    [T_STATE_ID] = {"State_teacher_id", COLUMN_OPTIONAL, "=State_id"},
    [T_EMAIL] = {"Teacher_email"},
    [T_GIVEN] = {"First_name", COLUMN_REQUIRED},
    [T_FAMILY] = {"Last_name", COLUMN_REQUIRED},
    [T_TITLE] = {"Title"},
    [T_LOGIN] = {"Username"},
    [T_DROPPED] = {"Password", COLUMN_DROPPED, "=Middle_name"},
};
static const TableColumn STAFF[] = {
    [T_SCHOOL] = {"School_id"},
    [T_ID] = {"Staff_id", COLUMN_REQUIRED},
    [T_NUMBER] = {"Staff_number"},
    [T_STATE_ID] = {"State_staff_id"},
    [T_EMAIL] = {"Staff_email", COLUMN_OPTIONAL, "=Admin_email"},
    [T_GIVEN] = {"First_name", COLUMN_REQUIRED},
    [T_FAMILY] = {"Last_name", COLUMN_REQUIRED},
    [T_TITLE] = {"Title", COLUMN_OPTIONAL, "=Admin_title"},
    [T_LOGIN] = {"Username"},
    [T_DROPPED] = {"Password", COLUMN_DROPPED, "=Middle_name"},
};

// Who has the same id in both files and neither of the names is somebody else.
static guint32 staff_record(FeedRun *run, FeedInput *input, Table *table, const Naming *naming)
{
    g_autofree char *ext = clever_ext(input->data, CLEVER_STAFF, naming->id);
    Model *model = run->model;
    guint32 record = model_record(model, input->source, ext, NULL);
    const ModelRecord *at = model_at(model, record);
    if (!at->seen || g_ascii_strcasecmp(model_string(model, at->family), naming->family) == 0 ||
        g_ascii_strcasecmp(model_string(model, at->given), naming->given) == 0)
        return record;
    g_autofree char *other = g_strconcat(ext, "/", table_file(table), NULL);
    table_note(table, "another name has the same id in line %u of %s; they count as two people", at->line,
               model_string(model, at->file));
    return model_record(model, input->source, other, NULL);
}

static bool read_staff(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    const Naming naming = {table_get(table, T_ID), table_get(table, T_GIVEN), table_get(table, T_FAMILY),
                           table_get(table, T_LOGIN)};
    if (naming.id[0] == '\0')
        return table_fail(table, T_ID, error, "empty; everybody has one");
    guint32 record = staff_record(run, input, table, &naming);
    g_autofree char *title = canon_lower(table_get(table, T_TITLE));
    clever_post(run->model, record, ROLE_STAFF, title, table_get(table, T_SCHOOL));
    model_ident(run->model, record, "employee", table_get(table, T_NUMBER));
    model_ident(run->model, record, "state-staff", table_get(table, T_STATE_ID));
    run_add_email(run, record, table_get(table, T_EMAIL), "email", CONTACT_ASK, table_file(table),
                  table_line(table));
    take_name(run, table, record, &naming);
    return true;
}

bool clever_read_people(FeedRun *run, FeedInput *input, GError **error)
{
    const Source *files = input->files;
    return clever_scan_ids(run, input, error) &&
           TABLE_EACH(run, input, "students.csv", STUDENTS, read_student, error) &&
           TABLE_EACH(run, input, "teachers.csv", TEACHERS, read_staff, error) &&
           (source_has(files, "staff.csv") == NULL ||
            TABLE_EACH(run, input, "staff.csv", STAFF, read_staff, error)) &&
           (source_has(files, "admins.csv") == NULL ||
            TABLE_EACH(run, input, "admins.csv", STAFF, read_staff, error));
}
