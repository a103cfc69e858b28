#include "views.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static void begin(Export *own)
{
    export_init(own, &FEED_DISTRICT);
    export_put(own, "readme.txt", NULL);
}

typedef struct {
    const char *file, *header, *rows, *expect, *warning;
} Case;
typedef char *(*View)(const Export *own);

static void run_cases(const Case *cases, gsize count, View view, guint covers)
{
    for (gsize i = 0; i < count; i++) {
        Export own;
        begin(&own);
        g_autofree char *text = g_strconcat(cases[i].header, cases[i].rows, NULL);
        view_read(&own, NULL, cases[i].file, text, NULL);
        view_is(cases[i].rows, view(&own), cases[i].expect);
        g_autofree char *warnings = export_warnings(&own);
        cr_expect(cases[i].warning[0] == '\0' ? warnings[0] == '\0'
                                              : strstr(warnings, cases[i].warning) != NULL,
                  "%s: `%s`", cases[i].rows, warnings);
        cr_expect(own.last.replaces == covers);
        export_clear(&own);
    }
}

typedef struct {
    const char *file, *text, *fails;
} Failure;

static void run_failures(const Failure *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        Export own;
        begin(&own);
        view_read(&own, cases[i].fails, cases[i].file, cases[i].text, NULL);
        export_clear(&own);
    }
}

// Somebody the rows may name.
static void put_person(Export *own, const char *id, Role role, const char *address)
{
    Model *model = own->run->model;
    guint32 record = model_record(model, model_source(model, "other", "oneroster", "other"), id, NULL);
    model_post(model, record, role, "", "", 0, 0);
    model_contact(model, record, KIND_EMAIL, address, "email", CONTACT_ASK);
}

// ---- personal.csv, students-personal.csv ----------------------------------------------------------------

#define PERSONAL "personal.csv", "address,kind,value\n"
#define UNKNOWN  "address: nobody of the staff has it; kept under the address"

Test(district, personal)
{
    static const Case cases[] = {
        {PERSONAL, "Dana@example.org,cell,(413) 555-0151\n", "dana@example.org cell phone:+14135550151 sis\n",
         UNKNOWN},
        {PERSONAL, "d@example.org,email,D.W@example.net\nd@example.org,handle,instagram:@D.W\n",
         "d@example.org email email:d.w@example.net sis\nd@example.org handle handle:instagram:d.w sis\n",
         UNKNOWN},
        {PERSONAL, "d@example.org,home-address,\"14 Larkspur Lane,  Alder Falls\"\n",
         "d@example.org home-address street-address:14 larkspur lane, alder falls sis\n", UNKNOWN},
        {PERSONAL, "d@example.org,payment-handle,cashapp:$dw\nd@example.org,home-phone,+14135550152\n",
         "d@example.org payment-handle payment-handle:cashapp:dw sis\nd@example.org home-phone "
         "phone:+14135550152 sis\n",
         UNKNOWN},
        {PERSONAL, "", "", "personal.csv:1: a header and no rows"},
    };
    run_cases(cases, G_N_ELEMENTS(cases), view_personal, COVERS_PERSONAL);
}

Test(district, whom_personal_names)
{
    Export own;
    begin(&own);
    put_person(&own, "t1", ROLE_STAFF, "dana@example.org");
    put_person(&own, "s1", ROLE_STUDENT, "min@students.example.org");
    view_read(&own, NULL, "personal.csv",
              "address,kind,value\nDANA@example.org,cell,+14135550151\nmin@students.example.org,cell,+"
              "14135550152\n",
              "students-personal.csv",
              "student,address\nmin@students.example.org,Min@example.net\ndana@example.org,x@example.net\n",
              NULL);
    g_autofree char *warnings = export_warnings(&own);
    cr_expect_str_eq(warnings, "personal.csv:3: " UNKNOWN
                               "\nstudents-personal.csv:3: student: no student has this address\n");
    const ModelStudentAddress *row =
        &g_array_index(own.run->model->student_addresses, ModelStudentAddress, 0);
    cr_expect_str_eq(model_string(own.run->model, row->address), "min@example.net");
    cr_expect_str_eq(model_string(own.run->model, row->student), "min@students.example.org");
    cr_expect(own.last.replaces == (COVERS_PERSONAL | COVERS_STUDENT_ADDRESSES));
    export_clear(&own);
}

// ---- published.csv, webmail.csv, tools.csv --------------------------------------------------------------

#define PUBLISHED "published.csv", "kind,value,label\n"

Test(district, published)
{
    static const Case cases[] = {
        {PUBLISHED, "domain,Schools.Example.ORG.,mail\n", "domain:schools.example.org domain mail\n", ""},
        {PUBLISHED, "phone,(800) 555-0199,Tips\n",
         "phone:+18005550199 phone Tips\nphone7:5550199 phone Tips\n", ""},
        {PUBLISHED, "phone,988,Lifeline\nemail,PTO@Example.net,PTO\n",
         "phone:988 phone Lifeline\nemail:pto@example.net email PTO\n", ""},
        {PUBLISHED, "invite,https://www.remind.example/join/band/,class\n",
         "invite:remind.example/join/band invite class\n", ""},
    };
    run_cases(cases, G_N_ELEMENTS(cases), view_published, COVERS_PUBLISHED);
}

Test(district, blocks)
{
    static const Case cases[] = {
        {PUBLISHED, "phone-block,+14135550100/+14135550139,direct\n", "14135550100-14135550139 direct\n", ""},
        {PUBLISHED, "phone-block,413-555-0100 / 413-555-0100,one\n", "14135550100-14135550100 one\n", ""}};
    run_cases(cases, G_N_ELEMENTS(cases), view_blocks, COVERS_PUBLISHED);
}

#define TOOLS "tools.csv", "name,kind,value,tenant,from,until,approver\n"

Test(district, tools)
{
    static const Case cases[] = {
        {TOOLS, "Docs,host,Docs.Tool.Example,Example.org,2026-08-01,2027-06-30,pat@example.org\n",
         "Docs host docs.tool.example [example.org] 20260801-20270701 pat@example.org\n", ""},
        {TOOLS, "Band,handle,instagram:@Band.AF,,,,\n", "Band handle instagram:band.af [] 0-0 \n", ""},
        {TOOLS, "Class,invite,https://remind.example/join/x,,,2026-12-31,\n",
         "Class invite remind.example/join/x [] 0-20270101 \n", ""},
    };
    run_cases(cases, G_N_ELEMENTS(cases), view_tools, COVERS_TOOLS);
}

// ---- guardians.csv --------------------------------------------------------------------------------------

#define GUARDIANS "guardians.csv", "student,given,family,email,phone,relation,id\n"
#define G_COVERS  (COVERS_PEOPLE | COVERS_RELATIONS)

Test(district, guardians)
{
    static const Case cases[] = {
        {GUARDIANS, "stu-1,Hana,Lee,Hana@example.net,,Mother,g-1\n", "#g-1 parent *stu-1\n", ""},
        {GUARDIANS, "Min@students.example.org,Hana,Lee,Hana@example.net,,,\n",
         "#hana@example.net guardian min@students.example.org\n", ""},
        {GUARDIANS, "stu-1,Hana,Lee,,413-555-0142,aunt,\n", "#+14135550142 relative *stu-1\n", ""},
        {GUARDIANS, "stu-1,Hana,Lee,,,,\n", "#hana lee/stu-1 guardian *stu-1\n", ""},
        {GUARDIANS, "stu-1,,,,,,\n", "", "a guardian without id, name, address and number"},
        {GUARDIANS, "stu-1,Hana,Lee,a@example.net,,,\nstu-2,Hana,Lee,A@example.net,,,\n",
         "#a@example.net guardian *stu-1\n#a@example.net guardian *stu-2\n", ""},
        {GUARDIANS, "stu-1,Hana,Lee,,,,g\nstu-1,Hanna,Lee,,,,g\n", "#g guardian *stu-1\n#g guardian *stu-1\n",
         "guardians.csv:3: the guardian's name is not as in line 2, which counts"},
        {GUARDIANS, "stu-1,Hana,Lee,nobody,12,,\n", "#hana lee/stu-1 guardian *stu-1\n",
         "email: not a mail address"},
    };
    run_cases(cases, G_N_ELEMENTS(cases), view_relations, G_COVERS);
}

Test(district, a_guardian_of_several_rows)
{
    Export own;
    begin(&own);
    view_read(&own, NULL, "guardians.csv",
              "student,given,family,email,phone,id\nstu-1,,,a@example.net,4135550142,g\nstu-2,Hana,Lee,a@"
              "example.net,"
              "4135550143,g\n",
              NULL);
    view_is("person", export_person(&own, "g"), "Hana Lee: guardian");
    view_is("contacts", view_use(&own, "g"),
            "email=a@example.net ask\nphone=+14135550142 ask\nphone=+14135550143 ask\n");
    export_clear(&own);
}

// ---- groups.csv -----------------------------------------------------------------------------------------

#define GROUPS   "groups.csv", "group,title,kind,school,member,role,begins,ends,list\n"
#define C_COVERS (COVERS_CLASSES | COVERS_SEATS)

Test(district, groups)
{
    static const Case cases[] = {
        {GROUPS, "chess,Chess Club,club,hs,Dana@example.org,staff,,,\nchess,,,,stu-1,student,,,\n",
         "chess club (Chess Club)@hs 0-0\n staff dana@example.org 0-0\n student *stu-1 0-0\n", ""},
        {GROUPS, "nyc,New York,trip,,stu-1,student,2026-10-14,2026-10-18,\n",
         "nyc trip (New York)@ 20261014-20261019\n student *stu-1 20261014-20261019\n", ""},
        {GROUPS, "x,,,,stu-1,Student,2026-10-14,2026-10-31,\nx,,,,stu-2,student,2026-10-01,2026-10-20,\n",
         "x group ()@ 20261001-20261101\n student *stu-1 20261014-20261101\n student *stu-2 "
         "20261001-20261021\n",
         ""},
        {GROUPS, "x,,,,stu-1,student,2026-10-14,,\nx,,,,stu-2,student,,,\n",
         "x group ()@ 0-0\n student *stu-1 20261014-0\n student *stu-2 0-0\n", ""},
        {GROUPS, "x,One,team,,,,,,\nx,Two,,,,,,,\n", "x team (One)@ 0-0\n",
         "groups.csv:3: title, school or kind of the group: not as in its first row"},
    };
    run_cases(cases, G_N_ELEMENTS(cases), view_groups, C_COVERS);
}

Test(district, groups_have_lists)
{
    static const Case cases[] = {
        {GROUPS,
         "chess,Chess Club,,,stu-1,student,,,Chess@example.org\nchess,,,,stu-2,student,,,chess@example.org\n",
         "chess@example.org (Chess Club): class:chess\n", ""},
        {GROUPS, "a,,,,stu-1,student,,,ab@example.org\nb,,,,stu-1,student,,,ab@example.org\n",
         "ab@example.org: class:a class:b\n", ""},
    };
    run_cases(cases, G_N_ELEMENTS(cases), view_lists, C_COVERS);
}

// lists.csv and groups.csv each leave what the other gave.
Test(district, lists_of_two_files)
{
    Export own;
    begin(&own);
    export_put(&own, "groups.csv",
               "group,title,kind,school,member,role,begins,ends,list\nc,,,,,,,,c@example.org\n");
    export_put(&own, "lists.csv", "list,member\nl@example.org,a@example.org\n");
    export_before(&own);
    view_read(&own, NULL, "groups.csv", "group,member,role,list\nd,,,d@example.org\n", NULL);
    view_is("groups again", view_lists(&own), "l@example.org: a@example.org\nd@example.org: class:d\n");
    cr_expect((own.last.replaces & COVERS_LISTS) == 0);
    export_clear(&own);
}

// ---- lists.csv ------------------------------------------------------------------------------------------

#define LISTS "lists.csv", "list,member,name\n"

Test(district, lists)
{
    static const Case cases[] = {
        {LISTS, "Staff@example.org,Ann@example.org,All staff\nstaff@example.org,bea@example.net,\n",
         "staff@example.org (All staff): ann@example.org bea@example.net\n", ""},
        {LISTS, "a@example.org,?,\nb@example.org,,\nb@example.org,ann@example.org,\n",
         "a@example.org unknown:\nb@example.org unknown: ann@example.org\n", ""},
        {LISTS, "a@example.org,role:student,\n", "a@example.org: role:student\n", ""},
        {LISTS, "a@example.org,class:c-1,\n", "a@example.org: class:c-1\n",
         "member: no such class in the roster"},
        {LISTS, "a@example.org,org:hs,\n", "a@example.org: org:hs\n", "member: no such school in the roster"},
        {LISTS, "a@example.org,A@example.org,\n", "a@example.org: a@example.org\n",
         "lists.csv:2: member: the list itself"},
        {LISTS, "a@example.org,b@example.org,\na@example.org,b@example.org,\n",
         "a@example.org: b@example.org\n", ""},
    };
    run_cases(cases, G_N_ELEMENTS(cases), view_lists, COVERS_LISTS);
}

Test(district, classes_that_lists_name)
{
    Export own;
    begin(&own);
    model_class(own.run->model, model_source(own.run->model, "other", "oneroster", "other"), "c-1", "", "",
                "class", 0, 0);
    model_org(own.run->model, model_source(own.run->model, "other", "oneroster", "other"), "hs", "", "", "");
    view_read(&own, NULL, "lists.csv",
              "list,member\na@example.org,class:c-1\na@example.org,org:hs\na@example.org,class:chess\n",
              "groups.csv", "group,member,role\nchess,,\n", NULL);
    g_autofree char *warnings = export_warnings(&own);
    cr_expect_str_eq(warnings, "");
    export_clear(&own);
}

// ---- bad input ------------------------------------------------------------------------------------------

Test(district, bad_rows)
{
    static const Failure cases[] = {
        {"personal.csv", "address,kind\n", "personal.csv:1: column `value` is missing"},
        {"personal.csv", "address,kind,value\nx,cell,+14135550151\n",
         "personal.csv:2: address: `x` is not a mail address"},
        {"personal.csv", "address,kind,value\nd@example.org,fax,+14135550151\n",
         "personal.csv:2: kind: `fax` is not one of"},
        {"personal.csv", "address,kind,value\nd@example.org,cell,5550151\n",
         "personal.csv:2: value: not a phone; write +1413"},
        {"personal.csv", "address,kind,value\nd@example.org,handle,dana\n",
         "value: not a handle; write platform:name"},
        {"personal.csv", "address,kind,value\nd@example.org,home-address,x\n", "value: not a street-address"},
        {"published.csv", "kind,value\nfax,1\n", "kind: `fax` is not one of domain, phone"},
        {"published.csv", "kind,value\ndomain,localhost\n", "value: `localhost` is not a domain"},
        {"published.csv", "kind,value\nphone,none\n", "value: `none` is not a phone"},
        {"published.csv", "kind,value\nphone-block,+14135550100\n", "not a block of numbers"},
        {"published.csv", "kind,value\nphone-block,+14135550139/+14135550100\n", "not a block of numbers"},
        {"published.csv", "kind,value\nphone-block,+14130000000/+14131000000\n",
         "a block of a million numbers or more"},
        {"students-personal.csv", "student,address\nx@example.org,y\n",
         "students-personal.csv:2: address: `y`"},
        {"webmail.csv", "domain\na b\n", "webmail.csv:2: domain: not a domain"},
        {"tools.csv", "name,kind,value\n,host,a.example\n", "tools.csv:2: name: empty"},
        {"tools.csv", "name,kind,value\nx,url,a.example\n", "kind: `url` is not one of host, handle, invite"},
        {"tools.csv", "name,kind,value\nx,host,https://a.example/\n",
         "value: no host; write docs.tool.example"},
        {"tools.csv", "name,kind,value\nx,invite,a.example\n", "value: no invite; write host/path"},
        {"tools.csv", "name,kind,value,until\nx,host,a.example,12/31/2026\n",
         "until: `12/31/2026` is not a date"},
        {"tools.csv", "name,kind,value,from,until\nx,host,a.example,2026-02-01,2026-01-31\n",
         "until: before `from`"},
        {"guardians.csv", "student,given,family,email\n,A,B,a@example.net\n",
         "guardians.csv:2: student: empty"},
        {"guardians.csv", "student,given,family\n", "column `email` is missing"},
        {"groups.csv", "group,member,role\n,a@example.org,staff\n", "groups.csv:2: group: empty"},
        {"groups.csv", "group,member,role\na;b,a@example.org,staff\n", "group: empty, or with a `;`"},
        {"groups.csv", "group,member,role\na,a@example.org,coach\n",
         "role: `coach` is neither staff nor student"},
        {"groups.csv", "group,member,role,kind\na,a@example.org,staff,gang\n",
         "kind: `gang` is not one of group, team"},
        {"groups.csv", "group,member,role,ends\na,a@example.org,staff,soon\n", "ends: `soon` is not a date"},
        {"groups.csv", "group,member,role,begins,ends\na,,,2026-02-01,2026-01-01\n", "ends: before `begins`"},
        {"groups.csv", "group,member,role,list\na,a@example.org,staff,band\n",
         "list: `band` is not a mail address"},
        {"lists.csv", "list,member\nx,a@example.org\n", "lists.csv:2: list: `x` is not a mail address"},
        {"lists.csv", "list,member\na@example.org,b\n", "lists.csv:2: member: `b` is not a mail address"},
        {"lists.csv", "list,member\na@example.org,class:\n", "member: no id after `class:`"},
        {"lists.csv", "list,member\na@example.org,role:list\n",
         "member: `role:list` is none of role:student"},
    };
    run_failures(cases, G_N_ELEMENTS(cases));
}

Test(district, hostile_fields)
{
    static const char *const headers[][2] = {{"personal.csv", "address,kind,value\n"},
                                             {"published.csv", "kind,value,label\n"},
                                             {"guardians.csv", "student,given,family,email\n"},
                                             {"groups.csv", "group,member,role\n"},
                                             {"lists.csv", "list,member\n"},
                                             {"tools.csv", "name,kind,value\n"}};
    g_autofree char *field = g_strnfill(1024 * 1024, '9'), *most = g_strnfill(65000, '9');
    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autofree char *large = g_strdup_printf("%s%s,x,y\n", headers[i][1], field);
        g_autofree char *under = g_strdup_printf("%s%s,%s,y\n", headers[i][1], most, most);
        Export own;
        begin(&own);
        view_read(&own, headers[i][0], headers[i][0], large, NULL);
        export_put(&own, headers[i][0], under);
        g_autofree char *error = export_read(&own);
        cr_expect(error == NULL || strlen(error) < 70000);
        export_clear(&own);
    }
}

// ---- the source -----------------------------------------------------------------------------------------

Test(district, nothing_there)
{
    Export own;
    begin(&own);
    view_read(&own, "none of the district's files in it: published.csv, webmail.csv, guardians.csv",
              "users.csv", "a\n", NULL);
    g_autoptr(Source) files = source_open(own.spec.path, NULL);
    cr_expect(FEED_DISTRICT.recognise(files, NULL) == TRI_NO);
    export_clear(&own);
}

Test(district, misspelt_names)
{
    Export own;
    begin(&own);
    view_read(&own, NULL, "webmail.csv", "domain\nmail.example\n", "Guardian.csv", "x\n", "list.csv", "x\n",
              "student_personal.csv", "x\n", "users.csv", "x\n", NULL);
    g_autofree char *warnings = export_warnings(&own);
    cr_expect_str_eq(warnings,
                     "Guardian.csv: not read; should it be called guardians.csv?\n"
                     "list.csv: not read; should it be called lists.csv?\n"
                     "student_personal.csv: not read; should it be called students-personal.csv?\n");
    g_autoptr(Source) files = source_open(own.spec.path, NULL);
    cr_expect(FEED_DISTRICT.recognise(files, NULL) == TRI_YES);
    export_clear(&own);
}

Test(district, unknown_columns)
{
    Export own;
    begin(&own);
    view_read(&own, NULL, "lists.csv", "List,member,names,\na@example.org,b@example.org,x,\n", NULL);
    g_autofree char *warnings = export_warnings(&own);
    cr_expect(export_warns(&own, "lists.csv:1: column `names` is not known; not read"), "%s", warnings);
    cr_expect(own.run->summary->warnings->len == 3, "%s", warnings);
    export_clear(&own);
}

Test(district, exceptions_too)
{
    Export own;
    begin(&own);
    view_read(&own, NULL, "exceptions.csv",
              "id,kind,staff,students,values,from,until,approver,guardian_consent,purpose_required\n"
              "EX-1,trip,a@example.org,class:x,+14135550184,2026-10-14,2026-10-18,p@example.org,yes,yes\n",
              NULL);
    cr_expect(own.last.replaces == COVERS_EXCEPTIONS);
    cr_expect(own.run->exceptions->len == 1);
    export_clear(&own);
}

// ---- a whole import -------------------------------------------------------------------------------------

typedef struct {
    Ground ground;
    char *dir;
} Whole;

static void whole_put(Whole *whole, const char *file, const char *text)
{
    g_autofree char *name = g_build_filename("all", file, NULL);
    if (text != NULL)
        g_free(ground_write(&whole->ground, name, text));
    else {
        g_autofree char *path = ground_path(&whole->ground, name);
        cr_assert(unlink(path) == 0);
    }
}

static char *whole_import(Whole *whole)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FeedResult) result =
        feeds_import_path(whole->ground.config, whole->dir, false, 20261014, &error);
    cr_assert(result != NULL, "%s", error != NULL ? error->message : "");
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < result->summary->warnings->len; i++)
        g_string_append_printf(out, "%s\n", (char *)result->summary->warnings->pdata[i]);
    return g_string_free(out, FALSE);
}

static void whole_asks(const Whole *whole, const char *sql, const char *expect)
{
    view_is(sql, ground_ask(whole->ground.config->roster.database, sql), expect);
}

#define USERS                                                                                                \
    "sourcedId,orgSourcedIds,role,username,givenName,familyName,email,agentSourcedIds,enabledUser\n"         \
    "stf-1,hs,teacher,,Dana,Whitlock,dana@example.org,,true\n"                                               \
    "stu-1,hs,student,,Min,Lee,min@students.example.org,,true\n"                                             \
    "stu-2,hs,student,,Ana,Ortiz,ana@students.example.org,,true\n"
#define SEATS                                                                                                \
    "SELECT group_concat(x, ' ') FROM (SELECT c.cid || ':' || p.given AS x FROM seat s JOIN class c ON "     \
    "c.id = s.class"                                                                                         \
    " JOIN person p ON p.id = s.person ORDER BY c.cid, p.given)"
#define LINKS                                                                                                \
    "SELECT group_concat(x, ' ') FROM (SELECT g.given || '>' || s.given AS x FROM link l JOIN person g ON"   \
    " g.id = l.guardian JOIN person s ON s.id = l.student ORDER BY 1)"
#define MEMBERS                                                                                              \
    "SELECT group_concat(x, ' ') FROM (SELECT list || '>' || member AS x FROM list_member ORDER BY 1)"

// References of the district's files to people of another source, in one run; then runs of some of the files.
Test(district, whole_import)
{
    Whole whole = {0};
    ground_init(&whole.ground);
    whole.dir = ground_path(&whole.ground, "all");
    whole_put(&whole, "users.csv", USERS);
    whole_put(&whole, "guardians.csv",
              "student,given,family,email,phone\nstu-1,Hana,Lee,hana@example.net,413-555-0142\n"
              "ANA@students.example.org,Olga,Ortiz,olga@example.net,\nstu-9,Nobody,Here,n@example.net,\n");
    whole_put(&whole, "groups.csv",
              "group,title,member,role,list\nchess,Chess,stu-1,student,chess@example.org\nchess,,dana@"
              "example.org,staff,\n"
              "chess,,nobody@example.org,student,\n");
    whole_put(&whole, "lists.csv",
              "list,member\nall@example.org,chess@example.org\nall@example.org,class:chess\n");
    whole_put(&whole, "personal.csv", "address,kind,value\ndana@example.org,cell,+14135550151\n");
    g_autofree char *warnings = whole_import(&whole);
    cr_expect(strstr(warnings, "guardians.csv:4: ") != NULL && strstr(warnings, "groups.csv:4: ") != NULL,
              "%s", warnings);
    cr_expect(strstr(warnings, "personal.csv") == NULL && strstr(warnings, "lists.csv") == NULL, "%s",
              warnings);
    whole_asks(&whole, SEATS, "chess:Dana chess:Min");
    whole_asks(&whole, LINKS, "Hana>Min Olga>Ana");
    whole_asks(&whole, MEMBERS,
               "all@example.org>chess@example.org all@example.org>class:chess chess@example.org>class:chess");
    whole_asks(&whole, "SELECT count(*) FROM personal WHERE owner = 'dana@example.org'", "2");

    // The registry and the people again, by themselves.
    whole_put(&whole, "guardians.csv", NULL);
    whole_put(&whole, "groups.csv", NULL);
    whole_put(&whole, "lists.csv", "list,member\nsome@example.org,dana@example.org\n");
    g_autofree char *again = whole_import(&whole);
    whole_asks(&whole, SEATS, "chess:Dana chess:Min");
    whole_asks(&whole, LINKS, "Hana>Min Olga>Ana");
    whole_asks(&whole, MEMBERS, "chess@example.org>class:chess some@example.org>dana@example.org");

    // Groups that have become others.
    whole_put(&whole, "users.csv", NULL);
    whole_put(&whole, "lists.csv", NULL);
    whole_put(&whole, "groups.csv", "group,member,role,list\nband,stu-2,student,band@example.org\n");
    whole_put(&whole, "guardians.csv", "student,given,family,email\nstu-2,Olga,Ortiz,olga@example.net\n");
    g_autofree char *third = whole_import(&whole);
    cr_expect(strstr(third, "groups.csv") == NULL && strstr(third, "guardians.csv") == NULL, "%s", third);
    whole_asks(&whole, SEATS, "band:Ana");
    whole_asks(&whole, LINKS, "Olga>Ana");
    whole_asks(&whole, MEMBERS, "band@example.org>class:band some@example.org>dana@example.org");
    g_free(whole.dir);
    ground_clear(&whole.ground);
}
