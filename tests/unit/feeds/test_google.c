#include "views.h"

#include <criterion/criterion.h>
#include <string.h>

// The header as it was exported in one of the years.
#define HEADER                                                                                               \
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"               \
    "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],"         \
    "Status [READ ONLY],Last Sign In [READ ONLY],Recovery Email,Home Secondary Email,Work Secondary Email,"  \
    "Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Home Phone,Mobile Phone,Work Address,"          \
    "Home Address,Employee ID,Employee Type,Employee Title,Manager Email,Department,Cost Center\n"

#define FILE_NAME "User_Download_14102026_081500.csv"

static const char PEOPLE[] = HEADER
    "Dana,Whitlock,Dana.Whitlock@Example.org,hunter2secret,MD5,/Staff/High School,,Active,2026/10/13 "
    "08:00:00,"
    "dana.writes@example.net,helpdesk@example.org,dwhitlock@example.org,+14135550151,413-555-0102,"
    "(413) 555-0152,413.555.0153,31 Mill Street,\"14 Larkspur Lane, Alder Falls, MA 01399\",E77,Teacher,"
    "School Counselor,pokafor@example.org,Guidance,\n"
    "Min,Lee,mlee@students.example.org,****,,/Students/Class of 2027,,Suspended,Never logged in,"
    "min.plays@example.net,,,4135550160,,,,,,9901,,,,,\n"
    "Hana,Lee,hana@example.org,,,/Parents,,Archived,,,,,,,,,,,,,Nurse,,,\n"
    "Office,Printer,printer@example.org,,,/Devices,,Active,,,,,,,,,,,,,,nobody,,\n";

static void begin(Export *users)
{
    export_init(users, &FEED_GOOGLE);
}

Test(google, people)
{
    Export users;
    begin(&users);
    view_read(&users, NULL, FILE_NAME, PEOPLE, NULL);
    view_is("staff", export_person(&users, "dana.whitlock@example.org"),
            "Dana Whitlock: staff school counselor");
    view_is("student", export_person(&users, "mlee@students.example.org"), "Min Lee off: student");
    view_is("guardian", export_person(&users, "hana@example.org"), "Hana Lee off: guardian");
    view_is("unknown unit", export_person(&users, "printer@example.org"), "Office Printer: staff");
    view_is("manager", view_manager(&users, "dana.whitlock@example.org"), "pokafor@example.org");
    view_is("bad manager", view_manager(&users, "printer@example.org"), "");
    view_is("employee", export_idents(&users, "dana.whitlock@example.org"), "employee=E77");
    view_is("student's number", export_idents(&users, "mlee@students.example.org"), "student=9901");
    cr_expect(users.last.replaces == COVERS_PEOPLE);
    export_clear(&users);
}

Test(google, contacts)
{
    Export users;
    begin(&users);
    view_read(&users, NULL, FILE_NAME, PEOPLE, NULL);
    view_is("staff", view_use(&users, "dana.whitlock@example.org"),
            "email=dana.whitlock@example.org ask\nalias=dwhitlock@example.org ask\n"
            "recovery-email=dana.writes@example.net private\nrecovery-phone=+14135550151 private\n"
            "home-phone=+14135550152 private\ncell=+14135550153 private\nwork=+14135550102 work\n"
            "home-address=14 larkspur lane, alder falls, ma 01399 private\n");
    view_is("student", view_use(&users, "mlee@students.example.org"),
            "email=mlee@students.example.org ask\nrecovery-email=min.plays@example.net private\n"
            "recovery-phone=+14135550160 private\n");
    static const char *const warnings[] = {
        FILE_NAME ":2: Home Secondary Email: an address of the district",
        FILE_NAME ":5: Org Unit Path: nothing tells what people of this unit are",
        FILE_NAME ":5: Manager Email: not a mail address",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(warnings); i++)
        cr_expect(export_warns(&users, warnings[i]), "%s", warnings[i]);
    cr_expect(users.run->summary->warnings->len == G_N_ELEMENTS(warnings));
    export_clear(&users);
}

// No text of the model, and no warning, has any of a password.
Test(google, passwords_are_not_kept)
{
    Export users;
    begin(&users);
    view_read(&users, NULL, FILE_NAME, PEOPLE, NULL);
    g_autofree char *warnings = export_warnings(&users);
    Str last = model_text(users.run->model, "a text after all others");
    for (Str at = 0; at <= last; at++)
        cr_assert(strstr(model_string(users.run->model, at), "hunter2") == NULL);
    cr_expect(strstr(warnings, "hunter2") == NULL);
    export_clear(&users);
}

Test(google, units)
{
    static const struct {
        const char *unit, *role;
    } cases[] = {{"/Students", "student"},
                 {"/students/Elementary", "student"},
                 {"/High School/Student Accounts", "student"},
                 {"/Staff/Student Services", "staff"},
                 {"/Student Services", "staff"},
                 {"/Faculty & Staff", "staff"},
                 {"/Teachers", "staff"},
                 {"/Parents and Guardians", "guardian"},
                 {"/", "staff"},
                 {"", "staff"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Export users;
        begin(&users);
        g_autofree char *text = g_strdup_printf("First Name [Required],Last Name [Required],Email Address "
                                                "[Required],Org Unit Path [Required]\nA,B,"
                                                "a@example.org,%s\n",
                                                cases[i].unit);
        g_autofree char *expect = g_strdup_printf("A B: %s", cases[i].role);
        view_read(&users, NULL, "u.csv", text, NULL);
        view_is(cases[i].unit, export_person(&users, "a@example.org"), expect);
        export_clear(&users);
    }
}

Test(google, rules)
{
    static FeedRoleRule rules[] = {
        {.match = "/Devices", .on = "unit", .role = ROLE_SERVICE, .position = ""},
        {.match = "*Counselor*", .on = "title", .role = ROLE_STAFF, .position = "counselor"},
        {.match = "Guidance", .on = "department", .role = ROLE_STUDENT, .position = ""},
        {.match = "nurse", .on = "title", .role = ROLE_STAFF, .position = ""}};
    g_autoptr(GPtrArray) roles = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        g_ptr_array_add(roles, &rules[i]);
    Export users;
    begin(&users);
    users.spec.roles = roles;
    view_read(&users, NULL, FILE_NAME, PEOPLE, NULL);
    view_is("position", export_person(&users, "dana.whitlock@example.org"), "Dana Whitlock: staff counselor");
    view_is("service", export_person(&users, "printer@example.org"), "Office Printer: service");
    view_is("title", export_person(&users, "hana@example.org"), "Hana Lee off: staff nurse");
    view_is("none", export_person(&users, "mlee@students.example.org"), "Min Lee off: student");
    export_clear(&users);
}

Test(google, older_header)
{
    Export users;
    begin(&users);
    view_read(&users, NULL, "users.csv",
              "Email Address,First Name,Last Name,Org Unit Path,Secondary Email,Home Phone 1,Employee Id\n"
              "a@example.org,A,B,/Staff,a@example.net,4135550152,7\n",
              NULL);
    view_is("contacts", view_use(&users, "a@example.org"),
            "email=a@example.org ask\nhome-email=a@example.net private\nhome-phone=+14135550152 private\n");
    g_autofree char *warnings = export_warnings(&users);
    cr_expect_str_eq(warnings, "");
    export_clear(&users);
}

Test(google, twice)
{
    Export users;
    begin(&users);
    view_read(&users, NULL, "u.csv",
              "First Name,Last Name,Email Address,Org Unit "
              "Path\nA,B,a@example.org,/Staff\nC,D,A@example.org,/Students\n",
              NULL);
    view_is("first", export_person(&users, "a@example.org"), "A B: staff");
    cr_expect(export_warns(&users, "u.csv:3: Email Address: there is a row with it before"));
    export_clear(&users);
}

Test(google, several_files)
{
    Export users;
    begin(&users);
    view_read(&users, NULL, "one.csv",
              "First Name,Last Name,Email Address,Org Unit Path\nA,B,a@example.org,/Staff\n", "two.csv",
              "First Name,Last Name,Email Address,Org Unit Path\nC,D,c@example.org,/Staff\n", "orgs.csv",
              "sourcedId,name\n1,x\n", NULL);
    view_is("one", export_person(&users, "a@example.org"), "A B: staff");
    view_is("two", export_person(&users, "c@example.org"), "C D: staff");
    g_autoptr(Source) files = source_open(users.spec.path, NULL);
    cr_expect(FEED_GOOGLE.recognise(files, NULL) == TRI_YES);
    export_clear(&users);
}

Test(google, bad_input)
{
    g_autofree char *field = g_strnfill(1024 * 1024, 'a');
    g_autofree char *large =
        g_strdup_printf("First Name,Last Name,Email Address,Org Unit Path\n%s,B,a@example.org,/\n", field);
    const struct {
        const char *text, *fails;
    } cases[] = {
        {"First Name,Last Name,Email Address\nA,B,a@example.org\n",
         "u.csv:1: column `Org Unit Path` is missing"},
        {"sourcedId,name\n1,x\n", "u.csv:1: column `First Name` is missing"},
        {"First Name;Last Name;Email Address;Org Unit Path\n", "not separated by commas"},
        {"First Name,Last Name,Email Address,Org Unit Path\nA,B,nobody,/\n",
         "u.csv:2: Email Address: `nobody` is not a mail"},
        {"First Name,Last Name,Email Address,Org Unit Path\nA,B,\"a@example.org,/\n",
         "the quote opened on line 2 is never closed"},
        {"First Name,Last Name,Email Address,Org Unit Path\nA,\xff\xfe,a@example.org,/\n",
         "u.csv:2: column 2: not UTF-8"},
        {"First Name,Last Name,Email Address,Email Address,Org Unit Path\n", "the column is there twice"},
        {"", "u.csv:1: empty"},
        {large, "u.csv:2"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Export users;
        begin(&users);
        export_put(&users, "readme.txt", NULL);
        view_read(&users, cases[i].fails, "u.csv", cases[i].text, NULL);
        export_clear(&users);
    }
    Export users;
    begin(&users);
    view_read(&users, "no user export in it", "orgs.csv", "sourcedId,name\n1,x\n", NULL);
    g_autoptr(Source) files = source_open(users.spec.path, NULL);
    cr_expect(FEED_GOOGLE.recognise(files, NULL) == TRI_NO);
    export_clear(&users);
}
