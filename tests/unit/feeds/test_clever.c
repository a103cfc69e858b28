#include "views.h"

#include <criterion/criterion.h>
#include <string.h>

#define SCHOOLS "School_id,School_name,School_number,Low_grade\nhs,High School,1,9\nms,Middle School,2,6\n"
#define STUDENTS                                                                                             \
    "School_id,Student_id,Student_number,State_id,Last_name,Middle_name,First_name,Grade,Gender,DOB,Race,"   \
    "Student_street,Student_city,Student_state,Student_zip,Student_email,Contact_relationship,Contact_type," \
    "Contact_name,Contact_phone,Contact_email,Contact_sis_id,Username,Password\n"                            \
    "hs,1001,9901,SX1,Lee,Q,Min,11,M,3/4/2009,W,14 Larkspur Lane,Alder Falls,MA,01399,"                      \
    "mlee@students.example.org,Mother,Primary,Hana "                                                         \
    "Lee,413-555-0142,Hana.Lee@example.net,c-1,MLee,s3cretpw\n"                                              \
    "hs,1001,9901,SX1,Lee,Q,Min,11,M,3/4/2009,W,14 Larkspur Lane,Alder Falls,MA,01399,"                      \
    "mlee@students.example.org,,Emergency,Ned Bor,413-555-0199,,c-2,MLee,s3cretpw\n"                         \
    "ms,1001,9901,SX1,Lee,Q,Min,11,M,3/4/2009,W,14 Larkspur Lane,Alder Falls,MA,01399,"                      \
    "mlee@students.example.org,Grandfather,Emergency,\"Lee, Jun\",4135550143,,,MLee,s3cretpw\n"              \
    "hs,1002,9902,,Ortiz,,Ana,9,F,2010-02-30,,,,,,,,,,,,,,\n"
#define TEACHERS                                                                                             \
    "Teacher_id,School_id,Teacher_number,State_teacher_id,Teacher_email,First_name,Middle_name,Last_name,"   \
    "Title,Username,Password\n"                                                                              \
    "t-1,hs,E77,,dana@example.org,Dana,,Whitlock,School Counselor,dana,pw1\n"                                \
    "t-1,ms,E77,,dana@example.org,Dana,,Whitlock,School Counselor,dana,pw1\n"                                \
    "t-2,hs,,,pat@example.org,Pat,,Okafor,,,\n"
#define SECTIONS                                                                                             \
    "School_id,Section_id,Teacher_id,Teacher_2_id,Name,Course_name,Section_number,Term_start,Term_end\n"     \
    "hs,s-1,t-1,t-2,English 11,English,1,8/24/2026,6/20/2027\n"                                              \
    "hs,s-2,t-9,,,Band,2,,\n"
#define ENROLLMENTS "School_id,Section_id,Student_id\nhs,s-1,1001\nhs,s-1,1002\nhs,s-7,1001\nhs,s-2,t-1\n"
#define ALL                                                                                                  \
    "schools.csv", SCHOOLS, "students.csv", STUDENTS, "teachers.csv", TEACHERS, "sections.csv", SECTIONS,    \
        "enrollments.csv", ENROLLMENTS

Test(clever, people)
{
    Export sis;
    export_init(&sis, &FEED_CLEVER);
    view_read(&sis, NULL, ALL, NULL);
    view_is("student", export_person(&sis, "1001"),
            "Min Lee login=mlee grade=11 born=20090304: student@hs/student@ms");
    view_is("bad birth date", export_person(&sis, "1002"), "Ana Ortiz grade=9: student@hs");
    view_is("teacher", export_person(&sis, "t-1"),
            "Dana Whitlock login=dana: staff school counselor@hs/staff school counselor@ms");
    view_is("guardian", export_person(&sis, "c-1"), "Hana Lee: guardian");
    view_is("no guardian", export_person(&sis, "c-2"), "-");
    view_is("guardian by number", export_person(&sis, "+14135550143"), "Jun Lee: guardian");
    view_is("links", view_relations(&sis), "#c-1 parent #1001\n#+14135550143 relative #1001\n");
    view_is("numbers", export_idents(&sis, "1001"), "state-student=SX1/student=9901");
    view_is("teacher's number", export_idents(&sis, "t-2"), "");
    view_is(
        "contacts", view_use(&sis, "1001"),
        "email=mlee@students.example.org ask\nhome-address=14 larkspur lane, alder falls, ma 01399 ask\n");
    view_is("guardian's", view_use(&sis, "c-1"), "email=hana.lee@example.net ask\nphone=+14135550142 ask\n");
    cr_expect(sis.last.replaces ==
              (COVERS_PEOPLE | COVERS_RELATIONS | COVERS_ORGS | COVERS_CLASSES | COVERS_SEATS));
    export_clear(&sis);
}

Test(clever, classes)
{
    Export sis;
    export_init(&sis, &FEED_CLEVER);
    view_read(&sis, NULL, ALL, NULL);
    view_is("schools", export_orgs(&sis), "hs High School school</ms Middle School school<");
    view_is("classes", export_classes(&sis), "s-1 English 11@hs 20260824-20270621/s-2 Band 2@hs");
    view_is("seats", export_seats(&sis), "s-1 student 1001/s-1 student 1002/s-1 teacher t-1/s-1 teacher t-2");
    export_clear(&sis);
}

Test(clever, warnings)
{
    static const char *const expected[] = {
        "students.csv:3: a contact who is no guardian",   "students.csv:5: DOB: not a date as MM/DD/YYYY",
        "sections.csv:3: Teacher_id: no such teacher",    "enrollments.csv:4: Section_id: no such section",
        "enrollments.csv:5: Student_id: no such student",
    };
    Export sis;
    export_init(&sis, &FEED_CLEVER);
    view_read(&sis, NULL, ALL, NULL);
    g_autofree char *all = export_warnings(&sis);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        cr_expect(export_warns(&sis, expected[i]), "%s in: %s", expected[i], all);
    cr_expect(sis.run->summary->warnings->len == G_N_ELEMENTS(expected), "%s", all);
    export_clear(&sis);
}

Test(clever, what_is_not_kept)
{
    static const char *const never[] = {"s3cretpw", "pw1", "Q", "W", "Ned", "5550199"};
    Export sis;
    export_init(&sis, &FEED_CLEVER);
    view_read(&sis, NULL, ALL, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(never); i++) {
        Str last = model_text(sis.run->model, "a text after all others");
        for (Str at = 0; at <= last; at++)
            cr_assert(strcmp(model_string(sis.run->model, at), never[i]) != 0, "%s", never[i]);
    }
    export_clear(&sis);
}

#define S_HEADER "School_id,Student_id,Last_name,First_name,Contact_name,Contact_sis_id\n"
#define T_HEADER "School_id,Teacher_id,Teacher_email,First_name,Last_name\n"
#define F_HEADER "School_id,Staff_id,Staff_email,First_name,Last_name,Title\n"

// Ids of one kind that are another's as well.
Test(clever, ids_that_meet)
{
    static const struct {
        const char *students, *teachers, *staff, *ids;
    } cases[] = {
        {"hs,1,Lee,Min,,\n", "hs,2,,Dana,Whitlock\n", "hs,3,,Pat,Okafor,\n", "1 2 3"},
        {"hs,1,Lee,Min,,\n", "hs,1,,Dana,Whitlock\nhs,2,,Ines,Carv\n", "hs,3,,Pat,Okafor,\n",
         "1 staff:1 staff:2 staff:3"},
        {"hs,1,Lee,Min,Hana Lee,1\n", "hs,2,,Dana,Whitlock\n", "", "1 contact:1 2"},
        {"hs,1,Lee,Min,Hana Lee,2\n", "hs,2,,Dana,Whitlock\n", "", "1 contact:2 2"},
        {"hs,1,Lee,Min,Hana Lee,7\n", "hs,2,,Dana,Whitlock\n", "", "1 7 2"},
        // One person in both files of the staff, and two.
        {"hs,1,Lee,Min,,\n", "hs,2,,Dana,Whitlock\n", "ms,2,,Dana,Whitlock-Smith,Dean\n", "1 2"},
        {"hs,1,Lee,Min,,\n", "hs,2,,Dana,Whitlock\n", "ms,2,,Pat,Okafor,Dean\n", "1 2 2/staff.csv"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Export sis;
        export_init(&sis, &FEED_CLEVER);
        g_autofree char *students = g_strconcat(S_HEADER, cases[i].students, NULL);
        g_autofree char *teachers = g_strconcat(T_HEADER, cases[i].teachers, NULL);
        g_autofree char *staff = g_strconcat(F_HEADER, cases[i].staff, NULL);
        view_read(&sis, NULL, "students.csv", students, "teachers.csv", teachers, "staff.csv", staff, NULL);
        GString *ids = g_string_new(NULL);
        for (guint32 j = 0; j < sis.run->model->records->len; j++)
            g_string_append_printf(ids, "%s%s", j > 0 ? " " : "",
                                   model_string(sis.run->model, model_at(sis.run->model, j)->ext));
        view_is(cases[i].ids, g_string_free(ids, FALSE), cases[i].ids);
        export_clear(&sis);
    }
}

// Teachers are found under their names for classes, whether people were read by the same run or by one before.
Test(clever, classes_later)
{
    Export sis;
    export_init(&sis, &FEED_CLEVER);
    export_put(&sis, "readme.txt", NULL);
    export_put(&sis, "students.csv", S_HEADER "hs,1,Lee,Min,,\n");
    export_put(&sis, "teachers.csv", T_HEADER "hs,1,,Dana,Whitlock\n");
    export_before(&sis);
    view_read(&sis, NULL, "sections.csv", "School_id,Section_id,Teacher_id,Name\nhs,s,1,Band\n",
              "enrollments.csv", "School_id,Section_id,Student_id\nhs,s,1\n", NULL);
    view_is("seats", export_seats(&sis), "s student 1/s teacher staff:1");
    cr_expect(sis.last.replaces == (COVERS_CLASSES | COVERS_SEATS));
    export_clear(&sis);
}

Test(clever, contacts)
{
    static const struct {
        const char *relationship, *type, *link;
    } cases[] = {{"", "", "guardian"},
                 {"Mother", "", "parent"},
                 {"Father", "Emergency", "parent"},
                 {"", "Primary", "guardian"},
                 {"", "Emergency", ""},
                 {"Doctor", "Medical", ""},
                 {"Neighbor", "Primary", ""},
                 {"Step-Mother", "", "parent"},
                 {"Legal Guardian", "", "guardian"},
                 {"Aunt/Uncle", "", "relative"},
                 {"Case Worker", "Secondary", ""},
                 {"Self", "", ""},
                 {"Other", "Family", "guardian"},
                 {"", "Guardian", "guardian"},
                 {"Foster parent", "", "guardian"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Export sis;
        export_init(&sis, &FEED_CLEVER);
        g_autofree char *students = g_strdup_printf(
            "School_id,Student_id,Last_name,First_name,Contact_name,Contact_relationship,Contact_type\n"
            "hs,1,Lee,Min,Hana Lee,%s,%s\n",
            cases[i].relationship, cases[i].type);
        g_autofree char *expect =
            cases[i].link[0] != '\0' ? g_strdup_printf("#hana lee/1 %s #1\n", cases[i].link) : g_strdup("");
        g_autofree char *what = g_strdup_printf("%s, %s", cases[i].relationship, cases[i].type);
        view_read(&sis, NULL, "students.csv", students, "teachers.csv", T_HEADER "hs,2,,Dana,Whitlock\n",
                  NULL);
        view_is(what, view_relations(&sis), expect);
        export_clear(&sis);
    }
}

Test(clever, administrators)
{
    Export sis;
    export_init(&sis, &FEED_CLEVER);
    view_read(&sis, NULL, "students.csv", S_HEADER "hs,1,Lee,Min,,\n", "teachers.csv", T_HEADER "hs,2,,D,W\n",
              "admins.csv",
              "School_id,Staff_id,Admin_email,First_name,Last_name,Admin_title\nhs,9,p@example.org,Pat,O,"
              "Principal\n",
              NULL);
    view_is("administrator", export_person(&sis, "9"), "Pat O: staff principal@hs");
    view_is("contacts", view_use(&sis, "9"), "email=p@example.org ask\n");
    g_autofree char *warnings = export_warnings(&sis);
    cr_expect_str_eq(warnings, "");
    export_clear(&sis);
}

Test(clever, bad_input)
{
    g_autofree char *field = g_strnfill(1024 * 1024, 'a');
    g_autofree char *large = g_strdup_printf(S_HEADER "hs,1,%s,Min,,\n", field);
    const struct {
        const char *students, *teachers, *fails;
    } cases[] = {
        {S_HEADER "hs,1,Lee,Min,,\n", NULL, "students.csv without teachers.csv: half of an export"},
        {NULL, T_HEADER "hs,1,,D,W\n", "teachers.csv without students.csv: half of an export"},
        {NULL, NULL, "none of students.csv, teachers.csv"},
        {"Student_id,Last_name,First_name\n1,Lee,Min\n", T_HEADER,
         "students.csv:1: column `School_id` is missing"},
        {S_HEADER "hs,,Lee,Min,,\n", T_HEADER, "students.csv:2: Student_id: empty"},
        {S_HEADER "hs,1,Lee,Min,,\n", T_HEADER "hs,,,D,W\n", "teachers.csv:2: Teacher_id: empty"},
        {large, T_HEADER, "students.csv:2"},
        {S_HEADER "hs,1,\"Lee,Min,,\n", T_HEADER, "the quote opened on line 2 is never closed"},
        {S_HEADER "hs,1,L\xe9"
                  "e,Min,,\n",
         T_HEADER, "not UTF-8"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Export sis;
        export_init(&sis, &FEED_CLEVER);
        if (cases[i].students != NULL)
            export_put(&sis, "students.csv", cases[i].students);
        if (cases[i].teachers != NULL)
            export_put(&sis, "teachers.csv", cases[i].teachers);
        view_read(&sis, cases[i].fails, NULL);
        export_clear(&sis);
    }
    Export sis;
    export_init(&sis, &FEED_CLEVER);
    view_read(&sis, "sections.csv without enrollments.csv", "sections.csv", SECTIONS, NULL);
    export_clear(&sis);
}

Test(clever, recognised)
{
    static const struct {
        const char *name, *text;
        Tri mine;
    } cases[] = {{"students.csv", STUDENTS, TRI_YES},
                 {"students.csv", "SIS ID,School SIS ID,First Name,Last Name\n", TRI_NO},
                 {"users.csv", STUDENTS, TRI_NO},
                 {"students.csv", "\xff\xff\"", TRI_NO}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Export sis;
        export_init(&sis, &FEED_CLEVER);
        export_put(&sis, cases[i].name, cases[i].text);
        g_autoptr(Source) files = source_open(sis.spec.path, NULL);
        cr_expect(FEED_CLEVER.recognise(files, NULL) == cases[i].mine, "%zu", i);
        export_clear(&sis);
    }
}
