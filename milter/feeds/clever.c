#include "feeds/clever.h"

#include "feeds/header.h"

#include <string.h>

#define POSTS_BACK 16

// Somebody's rows follow each other, with those of contacts between them.
void clever_post(Model *model, guint32 record, Role role, const char *position, const char *school)
{
    Str org = model_text(model, school), as = model_text(model, position);
    guint count = model->posts->len, least = count > POSTS_BACK ? count - POSTS_BACK : 0;
    for (guint i = count; i > least; i--) {
        const ModelPost *post = &g_array_index(model->posts, ModelPost, i - 1);
        if (post->record == record && post->org == org && post->position == as && post->role == (guint8)role)
            return;
    }
    model_post(model, record, role, position, school, 0, 0);
}

static int us_date(const char *text)
{
    int month = 0, day = 0, year = 0, end = 0;
    if (strlen(text) > 10 || sscanf(text, "%2d/%2d/%4d%n", &month, &day, &year, &end) != 3 ||
        text[end] != '\0')
        return 0;
    bool valid = year >= 1900 && month >= 1 && month <= 12 && day >= 1 &&
                 g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year);
    return valid ? year * 10000 + month * 100 + day : 0;
}

int clever_date(Table *table, guint column, const char *name)
{
    const char *text = table_get(table, column);
    int date = us_date(text);
    if (date == 0)
        date = table_parse_date(text);
    if (date == 0 && text[0] != '\0')
        table_note(table, "%s: not a date as MM/DD/YYYY; not used", name);
    return date;
}

// ---- files ----------------------------------------------------------------------------------------------

static Tri clever_recognise(const Source *files, GError **error)
{
    static const char *const columns[] = {"School_id", "Student_id", "First_name", "Last_name", NULL};
    return source_has(files, "students.csv") != NULL ? header_has(files, "students.csv", columns, error)
                                                     : TRI_NO;
}

static const struct {
    const char *file, *with; // what it tells is whole only with the other
    guint covers;
} FILES[] = {{"students.csv", "teachers.csv", COVERS_PEOPLE | COVERS_RELATIONS},
             {"teachers.csv", "students.csv", COVERS_PEOPLE},
             {"staff.csv", "students.csv", COVERS_PEOPLE},
             {"admins.csv", "students.csv", COVERS_PEOPLE},
             {"schools.csv", NULL, COVERS_ORGS},
             {"sections.csv", "enrollments.csv", COVERS_CLASSES | COVERS_SEATS},
             {"enrollments.csv", "sections.csv", COVERS_CLASSES | COVERS_SEATS}};

static bool clever_open(FeedRun *run, FeedInput *input, GError **error)
{
    const char *path = source_path(input->files);
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
        if (source_has(input->files, FILES[i].file) == NULL)
            continue;
        if (FILES[i].with != NULL && source_has(input->files, FILES[i].with) == NULL) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                        "%s: %s without %s: half of an export; put the other file beside it", path,
                        FILES[i].file, FILES[i].with);
            return false;
        }
        input->replaces |= FILES[i].covers;
    }
    input->data = g_new0(Clever, 1);
    if (input->replaces == 0)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_NOINPUT,
            "%s: none of students.csv, teachers.csv, sections.csv, enrollments.csv, schools.csv in it", path);
    return input->replaces != 0;
}

static bool clever_read(FeedRun *run, FeedInput *input, GError **error)
{
    return (source_has(input->files, "schools.csv") == NULL || clever_read_schools(run, input, error)) &&
           ((input->replaces & COVERS_PEOPLE) == 0 || clever_read_people(run, input, error)) &&
           ((input->replaces & COVERS_SEATS) == 0 || clever_read_sections(run, input, error));
}

static void clever_close(FeedInput *input)
{
    g_free(input->data);
}

const FeedImporter FEED_CLEVER = {.type = "clever",
                                  .recognise = clever_recognise,
                                  .open = clever_open,
                                  .read = clever_read,
                                  .close = clever_close};
