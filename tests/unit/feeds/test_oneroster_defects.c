// What is wrong with exports as they are met: defects are told and survived, damage is an error with file and line.
#include "export.h"
#include "feeds/texts.h"

#include <criterion/criterion.h>
#include <string.h>

static Export at;

static void set_up(void)
{
    export_init(&at, &FEED_ONEROSTER);
}

static void tear_down(void)
{
    export_clear(&at);
}

TestSuite(defects, .init = set_up, .fini = tear_down);

#define USER     "sourcedId,role,givenName,familyName,email"
#define TEACHER  "t1,teacher,Ann,One,ann@example.org"
#define MANIFEST "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"

// Each alone: the import works, this is said and nothing else, and this person comes out of it.
Test(defects, told_and_survived)
{
    static const struct {
        const char *what;
        const char *files[3][2];
        const char *warning; // all of them, a line each
        const char *id, *person;
    } cases[] = {
        {"upper case flag",
         {{"users.csv", USER ",enabledUser\n" TEACHER ",TRUE\ns1,student,Bo,Two,,FALSE\n"}},
         "users.csv:2: enabledUser: should be written in lower case (also line 3)\n",
         "s1",
         "Bo Two off: student"},
        {"status in a bulk file",
         {{"manifest.csv", MANIFEST "file.users,bulk\n"},
          {"users.csv", USER ",status,dateLastModified\n" TEACHER ",active,2026-05-01\nt2,teacher,Bo,Two,,,\n"
                             "t3,teacher,Cy,Three,,tobedeleted,2026-05-01\n"}},
         "users.csv:2: status: filled in a bulk file; it should be empty\nusers.csv:4: status: marked as "
         "deleted\n",
         "t3",
         "-"},
        {"dates the other way round",
         {{"users.csv", USER "\n" TEACHER "\n"},
          {"roles.csv", "sourcedId,userSourcedId,role,beginDate,endDate\nr1,t1,aide,1/05/2023,15/06/2023\n"}},
         "roles.csv:2: beginDate: not a date as YYYY-MM-DD; not used\n"
         "roles.csv:2: endDate: not a date as YYYY-MM-DD; not used\n",
         "t1",
         "Ann One: staff aide/staff teacher"},
        {"misspelt columns",
         {{"users.csv",
           USER ",dataLastModified,prefferedGivenName,prefferedMiddleName,prefferedFamilyName\n" TEACHER
                ",,Annie,M,Uno\n"}},
         "users.csv:1: column `dataLastModified` is read as `dateLastModified`\n"
         "users.csv:1: column `prefferedGivenName` is read as `preferredGivenName`\n"
         "users.csv:1: column `prefferedFamilyName` is read as `preferredFamilyName`\n",
         "t1",
         "Ann One (Annie Uno): staff teacher"},
        {"profiles that are roles",
         {{"users.csv", USER "\n" TEACHER "\n"},
          {"userprofiles.csv", "sourcedId,status,userSourcedId,roleType,role\nr1,,t1,primary,student\n"}},
         "userprofiles.csv:1: the file's name should be userProfiles.csv\n"
         "userprofiles.csv:2: these are the columns of roles.csv; not read\n",
         "t1",
         "Ann One: staff teacher"},
        {"columns without a name, short rows",
         {{"users.csv", USER ",phone,,\n" TEACHER ",,,\nt2,teacher,Bo,Two\n"}},
         "users.csv:1: a column without a name; not read\n"
         "users.csv:3: a row with fewer fields than the header has; the others count as empty\n",
         "t2",
         "Bo Two: staff teacher"},
        {"a comma that is not in quotes",
         {{"users.csv", USER "\nt1,teacher,Ann,One, Jr.,ann@example.org\n"}},
         "users.csv:2: a row with more fields than the header has; is a field with a comma not in quotes?\n"
         "users.csv:2: email: not a mail address; not kept\n",
         "t1",
         "Ann One: staff teacher"},
        {"manifest values",
         {{"manifest.csv",
           MANIFEST "file.users,bulk\nfile.scoreScales,\nfile.orgs,some\nsource.systemCode,absent\n"},
          {"users.csv", USER "\n" TEACHER "\n"}},
         "manifest.csv:5: file.scoreScales: no value; it should be absent, bulk or delta\n"
         "manifest.csv:6: file.orgs: `some` is not known; it should be absent, bulk or delta\n"
         "manifest.csv:7: source.systemCode: `absent` is no name; left empty if there is none\n",
         "t1",
         "Ann One: staff teacher"},
        {"a manifest that forgets files",
         {{"manifest.csv", MANIFEST "file.users,bulk\nfile.orgs,absent\n"},
          {"users.csv", USER "\n" TEACHER "\n"},
          {"orgs.csv", "sourcedId,name\nh,High\n"}},
         "manifest.csv:5: file.orgs: absent, but orgs.csv is there; read as bulk\n",
         "t1",
         "Ann One: staff teacher"},
        {"unknown status",
         {{"users.csv", USER "\n" TEACHER "\n"},
          {"academicSessions.csv", "sourcedId,status,startDate,endDate\nq,inactive,2026-01-01,2026-02-01\n"}},
         "academicSessions.csv:2: status: neither active nor tobedeleted; taken as active\n",
         "t1",
         "Ann One: staff teacher"},
        {"an inactive user",
         {{"users.csv", "status," USER "\ninactive," TEACHER "\n"}},
         "users.csv:2: status: neither active nor tobedeleted; taken as active\n",
         "t1",
         "Ann One off: staff teacher"},
        {"words in other case",
         {{"users.csv", USER "\nt1,Teacher,Ann,One,ann@example.org\n"},
          {"classes.csv", "sourcedId,title,classType\nc1,Band,Scheduled\n"}},
         "users.csv:2: role: `Teacher` should be written `teacher`\n"
         "classes.csv:2: classType: `Scheduled` should be written `scheduled`\n",
         "t1",
         "Ann One: staff teacher"},
        {"telephone numbers that are none",
         {{"users.csv", USER ",sms,phone\n" TEACHER ",603777888,123456789012345678\n"}},
         "users.csv:2: sms: not a telephone number; not kept\nusers.csv:2: phone: not a telephone number; "
         "not kept\n",
         "t1",
         "Ann One: staff teacher"},
        {"columns in another order",
         {{"users.csv", "email,familyName,agentSourcedIds,givenName,role,sourcedId\nann@example.org,One,,Ann,"
                        "teacher,t1\n"}},
         "",
         "t1",
         "Ann One: staff teacher"},
        {"columns of other names",
         {{"users.csv", USER ",agents,userId,grade\n" TEACHER ",s9,{Fed:1},7\n"}},
         "users.csv:1: column `agents` is read as `agentSourcedIds`\n"
         "users.csv:1: column `userId` is read as `userIds`\n"
         "users.csv:1: column `grade` is read as `grades`\n",
         "t1",
         "Ann One grade=7: staff teacher"},
        {"demographics by userSourcedId",
         {{"manifest.csv", MANIFEST "file.users,bulk\nfile.demographics,bulk\n"},
          {"users.csv", USER "\ns1,student,Bo,Two,\n"},
          {"demographics.csv", "userSourcedId,birthdate,sex\ns1,2010-02-14,x\ns9,2010-02-14,x\n"}},
         "demographics.csv:1: column `userSourcedId` is read as `sourcedId`\n"
         "demographics.csv:1: column `birthdate` is read as `birthDate`\n"
         "demographics.csv:3: sourcedId: no such user in the roster\n",
         "s1",
         "Bo Two born=20100214: student"},
        {"files with a header only",
         {{"users.csv", USER "\n" TEACHER "\n"}, {"academicSessions.csv", "sourcedId,startDate,endDate\n"}},
         "academicSessions.csv:1: a header and no rows\n",
         "t1",
         "Ann One: staff teacher"},
        {"the same row twice",
         {{"users.csv", USER "\n" TEACHER "\n" TEACHER "\n"}},
         "users.csv:3: sourcedId: there already, in the same row\n",
         "t1",
         "Ann One: staff teacher"},
        {"a file's name in other case",
         {{"USERS.CSV", USER "\n" TEACHER "\n"}},
         "USERS.CSV:1: the file's name should be users.csv\n",
         "t1",
         "Ann One: staff teacher"},
        {"nobody's role",
         {{"users.csv", "sourcedId,givenName,familyName,email\nt1,Ann,One,\n"},
          {"roles.csv", "sourcedId,userSourcedId,role\nr1,t2,teacher\n"}},
         "roles.csv:2: userSourcedId: no such user in the roster\n"
         "users.csv:2: role: none here or in roles.csv; the user counts as nobody\n",
         "t1",
         "Ann One: "},
        {"ids that are no pairs",
         {{"users.csv", USER ",userIds\n" TEACHER ",\"Fed:1,{Fed:2},{:3}\"\n"}},
         "users.csv:2: userIds: not written as {Type:Id}; not used\n",
         "t1",
         "Ann One: staff teacher"},
        {"addresses that are none and such as are outside",
         {{"users.csv", USER "\nt1,teacher,Ann,One,see office\nt2,teacher,Bo,Two,bo@example.net\n"
                             "p1,parent,Cy,Three,cy@example.net\n"}},
         "users.csv:2: email: not a mail address; not kept\n"
         "users.csv:3: email: outside the district's domains; it counts as a private address (domains: "
         "district.domains and the domain rows of published.csv)\n",
         "t1",
         "Ann One: staff teacher"},
        {"enrollments of nobody in nothing",
         {{"users.csv", USER "\n" TEACHER "\n"},
          {"classes.csv", "sourcedId,title,termSourcedIds\nc1,Band,q9\n"},
          {"enrollments.csv",
           "classSourcedId,userSourcedId,role\nc1,t9,teacher\nc9,t1,teacher\nc1,t1,teacher\n"}},
         "enrollments.csv:2: userSourcedId: no such user in the roster\n"
         "enrollments.csv:3: classSourcedId: no such class in the roster\n",
         "t1",
         "Ann One: staff teacher"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (gsize j = 0; j < 3 && cases[i].files[j][0] != NULL; j++)
            export_put(&at, cases[i].files[j][0], cases[i].files[j][1]);
        g_autofree char *failed = export_read(&at), *warnings = export_warnings(&at);
        g_autofree char *person = export_person(&at, cases[i].id);
        cr_expect(failed == NULL, "%s: %s", cases[i].what, failed);
        cr_expect_str_eq(warnings, cases[i].warning, "%s: %s", cases[i].what, warnings);
        cr_expect_str_eq(person, cases[i].person, "%s: %s", cases[i].what, person);
        tear_down();
        set_up();
    }
}

// A number that a teacher and a student have is kept for both: whose it is, merging tells.
Test(defects, one_number_of_two_people)
{
    export_put(&at, "users.csv",
               USER ",phone,agentSourcedIds\n" TEACHER ",4135550150,\ns1,student,Bo,Two,,4135550150,t1\n");
    g_autofree char *failed = export_read(&at), *teacher = export_contacts(&at, "t1"),
                    *student = export_contacts(&at, "s1");
    cr_assert(failed == NULL, "%s", failed);
    cr_expect_str_eq(teacher, "email=ann@example.org/phone=+14135550150");
    cr_expect_str_eq(student, "phone=+14135550150");
    g_autofree char *relations = export_relations(&at);
    cr_expect_str_eq(relations, "s1 agent t1");
}

Test(defects, plain_passwords_are_not_read)
{
    export_put(&at, "users.csv",
               USER ",password,Password\n" TEACHER
                    ",Open-Sesame1,\"Open, \"\"Sesame2\"\"\"\ns1,student,Bo,Two,,Open-Sesame3,x\n");
    g_autofree char *failed = export_read(&at);
    cr_assert(failed == NULL, "%s", failed);
    static const char *const secrets[] = {"Open-Sesame1", "Open, \"Sesame2\"", "Open-Sesame3"};
    for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++) {
        Str str;
        cr_expect(!texts_find(at.run->model->texts, secrets[i], &str), "%s", secrets[i]);
    }
}

Test(defects, damage_is_an_error)
{
    static const struct {
        const char *file, *text, *expect;
    } cases[] = {
        {"users.csv", "sourcedId,givenName,familyName,role\n1,A,B,teacher\n",
         "users.csv:1: column `email` is missing"},
        {"users.csv", "sourcedId;givenName;familyName;email;role\n",
         "users.csv:1: column `sourcedId` is missing; the fields "
         "are not separated by commas"},
        {"users.csv", "", "users.csv:1: empty; the first line must name the columns"},
        {"users.csv", USER ",sourcedId\n", "users.csv:1: sourcedId: the column is there twice"},
        {"users.csv", USER "\n" TEACHER "\n,teacher,Bo,Two,\n", "users.csv:3: sourcedId: empty"},
        {"users.csv", USER "\n" TEACHER "\nt2,teacher,\"Bo,Two,\n",
         "users.csv:4: column 3: the quote opened on line 3"},
        {"users.csv", USER "\n" TEACHER "\nt2,teacher,Ren\xe9,Two,\n",
         "users.csv:3: column 3: not UTF-8 (Windows-1252"},
        {"users.csv", "\xff\xfes", "users.csv:1: UTF-16; export the file as UTF-8"},
        {"users.csv", USER "\n" TEACHER "\nt1,student,Bo,Two,bo@example.org\n",
         "users.csv:3: sourcedId: `t1` is in line 2 already"},
        {"roles.csv", "userSourcedId,sourcedId\n", "roles.csv:1: column `role` is missing"},
        {"roles.csv", "sourcedId,userSourcedId,role\nr,x,teacher\n", "users.csv is missing"},
        {"enrollments.csv", "userSourcedId,role\n", "enrollments.csv:1: column `classSourcedId` is missing"},
        {"enrollments.csv", "classSourcedId,userSourcedId,role\nc,,student\n",
         "enrollments.csv:2: userSourcedId: empty"},
        {"classes.csv", "sourcedId,title\n,Band\n", "classes.csv:2: sourcedId: empty"},
        {"orgs.csv", "sourcedId,name\n,High\n", "orgs.csv:2: sourcedId: empty"},
        {"manifest.csv", "name,value\n", "manifest.csv:1: column `propertyName` is missing"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        export_put(&at, cases[i].file, cases[i].text);
        g_autofree char *failed = export_read(&at);
        cr_expect(failed != NULL && strstr(failed, cases[i].expect) != NULL, "case %zu: %s", i, failed);
        tear_down();
        set_up();
    }
}

Test(defects, too_much_is_an_error)
{
    g_autoptr(GString) text = g_string_new(USER "\nt1,teacher,");
    for (int i = 0; i < 1000000; i++)
        g_string_append_c(text, 'x');
    g_string_append(text, ",One,\n");
    export_put(&at, "users.csv", text->str);
    g_autofree char *field = export_read(&at);
    cr_expect(field != NULL && strstr(field, "users.csv:2: column 3: a field over 65536 bytes") != NULL, "%s",
              field);

    at.ground.config->roster.rows = 2;
    export_put(&at, "users.csv", USER "\n" TEACHER "\nt2,teacher,A,B,\nt3,teacher,A,B,\n");
    g_autofree char *rows = export_read(&at);
    cr_expect(rows != NULL && strstr(rows, "users.csv:4: more than 2 rows; raise roster.rows") != NULL, "%s",
              rows);
}

// A person with very many roles in a delta must not cost the square of them.
Test(defects, very_many_roles)
{
    g_autoptr(GString) roles = g_string_new("sourcedId,status,userSourcedId,role,orgSourcedId\n");
    export_put(&at, "users.csv", USER "\n" TEACHER "\n");
    export_before(&at);
    export_put(&at, "manifest.csv", MANIFEST "file.roles,delta\n");
    for (int i = 0; i < 2000; i++)
        g_string_append_printf(roles, "r%d,active,t1,teacher,o%d\n", i, i);
    export_put(&at, "roles.csv", roles->str);
    g_autofree char *failed = export_read(&at);
    cr_expect(failed != NULL && strstr(failed, "roles.csv: user `t1` has more than 1000 roles") != NULL, "%s",
              failed);
}
