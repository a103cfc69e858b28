// OneRoster files as they should be: all versions, bulk and delta.
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

TestSuite(oneroster, .init = set_up, .fini = tear_down);

#define IS(call, text)                                                                                       \
    do {                                                                                                     \
        g_autofree char *got_ = call;                                                                        \
        cr_expect_str_eq(got_, text, "%s", got_);                                                            \
    } while (0)
#define READS()                                                                                              \
    do {                                                                                                     \
        g_autofree char *failed_ = export_read(&at);                                                         \
        cr_assert(failed_ == NULL, "%s", failed_);                                                           \
    } while (0)
#define FAILS(text)                                                                                          \
    do {                                                                                                     \
        g_autofree char *failed_ = export_read(&at);                                                         \
        cr_assert(failed_ != NULL, "read: %s", text);                                                        \
        cr_expect(strstr(failed_, text) != NULL, "%s", failed_);                                             \
    } while (0)

#define MANIFEST(version, files)                                                                             \
    "propertyName,value\nmanifest.version,1.0\noneroster.version," version "\n" files                        \
    "source.systemName,Our SIS\n"
#define USERS_11                                                                                             \
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"           \
    "familyName,"                                                                                            \
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
#define USERS_12                                                                                             \
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"        \
    "identifier,"                                                                                            \
    "email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,"               \
    "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
#define ROLES_12                                                                                             \
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"          \
    "userProfileSourcedId\n"
#define ORGS     "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
#define SESSIONS "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
#define CLASSES                                                                                              \
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"           \
    "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
#define ENROLLMENTS                                                                                          \
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate," \
    "endDate\n"
#define DEMOGRAPHICS                                                                                         \
    "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,"                    \
    "blackOrAfricanAmerican,"                                                                                \
    "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,"    \
    "countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus\n"

static bool keeps(const char *text)
{
    Str str;
    return texts_find(at.run->model->texts, text, &str);
}

Test(oneroster, version_11)
{
    export_put(&at, "manifest.csv",
               MANIFEST("1.1",
                        "file.users,bulk\nfile.orgs,bulk\nfile.academicSessions,bulk\nfile.classes,bulk\n"
                        "file.enrollments,bulk\nfile.demographics,bulk\nfile.courses,absent\n"));
    export_put(&at, "orgs.csv", ORGS "d,,,Maple County,district,,\nh,,,\"Maple, High\",school,7,d\n");
    export_put(&at, "academicSessions.csv",
               SESSIONS "q1,,,First,gradingPeriod,2026-08-24,2026-11-01,y,2027\n"
                        "q2,,,Second,gradingPeriod,2026-11-01,2027-01-20,y,2027\n");
    export_put(
        &at, "users.csv",
        USERS_11
        "t1,,,true,\"h,d\",teacher,Ann.One,\"{Fed:77},{State:A9}\",Ann,One,Q,4711,Ann.One@example.org,"
        "+1 413-555-0150,(413) 555-0151,,,Hidden-1\n"
        "s1,,,true,h,student,mlee,,Min,Lee,,9901,mlee@students.example.org,,,\"p1, p2\",\"07,08\",Hidden-2\n"
        "p1,,,false,h,guardian,,,Hana,Lee,,,hana.lee@example.net,4135550142,,s1,,Hidden-3\n"
        "p2,,,true,h,relative,,,Joon,Lee,,,,,,,,\n");
    export_put(&at, "classes.csv",
               CLASSES "c1,,,Band,10,,B,scheduled,1,h,\"q1,q2\",,,1\nc2,,,Home,10,,B,homeroom,,h,,,,\n");
    export_put(&at, "enrollments.csv",
               ENROLLMENTS "e1,,,c1,h,t1,teacher,true,,\ne2,,,c1,h,s1,student,,2026-08-24,2027-01-20\n"
                           "e3,,,c2,h,t1,proctor,,,\n");
    export_put(&at, "demographics.csv",
               DEMOGRAPHICS
               "s1,,,2013-04-05,female,false,true,false,false,false,false,false,US,MA,Elsewhere,\n");
    READS();
    IS(export_warnings(&at), "");
    IS(export_person(&at, "t1"), "Ann One login=ann.one: staff teacher@d/staff teacher@h");
    IS(export_person(&at, "s1"), "Min Lee login=mlee grade=07 born=20130405: student@h");
    IS(export_person(&at, "p1"), "Hana Lee off: guardian@h");
    IS(export_person(&at, "p2"), "Joon Lee: guardian@h");
    IS(export_contacts(&at, "t1"), "email=ann.one@example.org/phone=+14135550151/sms=+14135550150");
    IS(export_contacts(&at, "p1"), "email=hana.lee@example.net/sms=+14135550142");
    IS(export_idents(&at, "t1"), "employee=4711/identifier:sis=4711/type:fed=77/type:state=A9");
    IS(export_idents(&at, "s1"), "identifier:sis=9901");
    IS(export_relations(&at), "p1 agent s1/s1 agent p1/s1 agent p2");
    IS(export_orgs(&at), "d Maple County district</h Maple, High school<d");
    IS(export_classes(&at), "c1 Band@h 20260824-20270120/c2 Home@h");
    IS(export_seats(&at), "c1 student s1 20260824-20270120/c1 teacher t1/c2 teacher t1");
    cr_expect_eq(at.last.replaces, COVERS_PEOPLE | COVERS_ORGS | COVERS_CLASSES | COVERS_SEATS);
    cr_expect_eq(at.last.changes, 0);
    static const char *const secrets[] = {"Hidden-1",  "Hidden-2", "Hidden-3", "female",
                                          "Elsewhere", "MA",       "Q"};
    for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++)
        cr_expect(!keeps(secrets[i]), "%s", secrets[i]);
}

Test(oneroster, version_12)
{
    export_put(
        &at, "manifest.csv",
        MANIFEST("1.2",
                 "file.users,bulk\nfile.roles,bulk\nfile.userProfiles,bulk\nfile.scoreScales,absent\n"));
    export_put(&at, "users.csv",
               USERS_12 "t1,,,true,ann,,Ann,One,,,ann@example.org,,,,,Hidden-1,M-1,,Annie,,Uno,h,she\n"
                        "t2,,,true,bo,,Bo,Two,,,bo@example.org,,,,,,,,,,,d,\n"
                        "t3,,,true,cy,,Cy,Three,,,cy@example.org,,,,,,,,,,,,\n");
    export_put(&at, "roles.csv",
               ROLES_12 "r1,,,t1,primary,counselor,2026-08-24,2027-06-20,h,\n"
                        "r2,,,t1,secondary,guardian,2026-08-24,,m,\n"
                        "r3,,,t2,primary,districtAdministrator,2020-08-24,2021-06-20,,\n"
                        "r4,,,t3,primary,principal,,,h,\nr5,,,t3,primary,ext:librarian,,,h,\n"
                        "r6,,,t3,primary,systemAdministrator,,,m,\n");
    export_put(
        &at, "userProfiles.csv",
        "sourcedId,status,dateLastModified,userSourcedId,profileType,vendorId,applicationId,description,"
        "credentialType,username,password\n"
        "u1,,,t1,mail,v,a,Mail,login,ann.uno@example.org,Hidden-2\nu2,,,t2,lms,v,a,LMS,login,bo2,Hidden-3\n");
    READS();
    IS(export_person(&at, "t1"),
       "Ann One (Annie Uno) login=ann: guardian@m 20260824-0/staff counselor@h 20260824-20270620");
    IS(export_person(&at, "t2"), "Bo Two login=bo: staff district administrator@d 20200824-20210620");
    IS(export_person(&at, "t3"),
       "Cy Three login=cy: staff librarian@h/staff principal@h/staff system administrator@m");
    IS(export_contacts(&at, "t1"), "email=ann@example.org/username=ann.uno@example.org");
    IS(export_idents(&at, "t1"), "master=M-1");
    IS(export_warnings(&at), "roles.csv:6: role: `ext:librarian` is not known; counted as staff\n");
    for (gsize i = 1; i <= 3; i++) {
        g_autofree char *secret = g_strdup_printf("Hidden-%zu", i);
        cr_expect(!keeps(secret));
    }
}

// 1.0 has no manifest; the status of its rows is always filled.
Test(oneroster, version_10)
{
    export_put(&at, "users.csv",
               "sourcedId,status,dateLastModified,orgSourcedIds,role,username,userId,givenName,familyName,"
               "identifier,"
               "email,sms,phone,agents\n"
               "s1,active,2026-08-01,h,student,min,1,Min,Lee,,min@students.example.org,,,p1\n"
               "p1,active,2026-08-01,h,parent,,2,Hana,Lee,,hana@example.net,,,s1\n"
               "t9,tobedeleted,2026-08-01,h,teacher,,2,Old,One,,old@example.org,,,\n");
    export_put(&at, "demographics.csv",
               "userSourcedId,status,dateLastModified,birthdate,sex\ns1,active,,2008-10-14,x\n");
    READS();
    IS(export_person(&at, "s1"), "Min Lee login=min born=20081014: student@h");
    IS(export_person(&at, "t9"), "-");
    IS(export_relations(&at), "p1 agent s1/s1 agent p1");
    cr_expect(!export_warns(&at, "users.csv:2: status: filled"));
    cr_expect(!export_warns(&at, "demographics.csv"));
    cr_expect_eq(at.last.replaces, COVERS_PEOPLE);
}

Test(oneroster, byte_order_mark_and_line_ends)
{
    export_put(
        &at, "users.csv",
        "\xef\xbb\xbfsourcedId,role,givenName,familyName,email\r\n1,teacher,Ren\xc3\xa9,\"O'\"\"N\",\r\n");
    READS();
    IS(export_person(&at, "1"), "Ren\xc3\xa9 O'\"N: staff teacher");
}

// ---- which files are there ------------------------------------------------------------------------------

Test(oneroster, only_what_is_there_is_covered)
{
    static const struct {
        const char *file, *text;
        guint replaces, changes;
    } cases[] = {
        {"orgs.csv", ORGS "d,,,Maple,district,,\n", COVERS_ORGS, 0},
        {"classes.csv", CLASSES "c1,,,Band,10,,B,scheduled,1,h,,,,\n", COVERS_CLASSES, 0},
        {"enrollments.csv", ENROLLMENTS, COVERS_SEATS, 0},
        {"academicSessions.csv", SESSIONS, 0, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        export_put(&at, cases[i].file, cases[i].text);
        READS();
        cr_expect_eq(at.last.replaces, cases[i].replaces, "%s", cases[i].file);
        cr_expect_eq(at.last.changes, cases[i].changes, "%s", cases[i].file);
        export_put(&at, cases[i].file, NULL);
    }
}

Test(oneroster, a_manifest_alone_changes_nothing)
{
    export_put(&at, "manifest.csv", MANIFEST("1.1", "file.users,absent\nfile.orgs,absent\n"));
    READS();
    cr_expect_eq(at.last.replaces | at.last.changes, 0);
    IS(export_warnings(&at), "manifest.csv: no file with it: nothing has changed\n");
}

Test(oneroster, halves_are_refused)
{
    static const struct {
        const char *manifest, *users, *roles, *demographics, *expect;
    } cases[] = {
        {"file.users,bulk\n", NULL, NULL, NULL, "manifest.csv:4: users.csv should be there and is not"},
        {"file.users,bulk\nfile.roles,bulk\n", USERS_12 "1,,,true,a,,A,B,,,,,,,,,,,,,,,\n", NULL, NULL,
         "users.csv:1: column `role` is missing and there is no roles.csv"},
        {"file.users,bulk\nfile.roles,bulk\n", USERS_11 "1,,,true,,teacher,a,,A,B,,,,,,,,\n", NULL, NULL,
         "manifest.csv:5: roles.csv should be there"},
        {"file.roles,bulk\n", NULL, ROLES_12 "r,,,1,primary,teacher,,,,\n", NULL,
         "users.csv is missing; roles.csv"},
        {"file.users,bulk\nfile.roles,delta\n", USERS_12 "1,,,true,a,,A,B,,,,,,,,,,,,,,,\n",
         ROLES_12 "r,active,2026-08-01,1,primary,teacher,,,,\n", NULL, "one is bulk and the other a delta"},
        {"file.users,bulk\nfile.demographics,delta\n", USERS_11 "1,,,true,,teacher,a,,A,B,,,,,,,,\n", NULL,
         DEMOGRAPHICS "1,active,2026-08-01,2013-04-05,,,,,,,,,,,,\n", "users.csv is bulk"},
        {"file.users,delta\n", USERS_11 "1,,,true,,teacher,a,,A,B,,,,,,,,\n", NULL, NULL,
         "users.csv:2: status: empty, as in a bulk file, but manifest.csv:4 says delta"},
        {"file.users,delta\n", USERS_11 "1,active,2026-08-01,true,,teacher,a,,A,B,,,,,,,,\n", NULL, NULL,
         "a delta, but the roster has nothing of source `sis`"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *files[][2] = {{"users.csv", cases[i].users},
                                  {"roles.csv", cases[i].roles},
                                  {"demographics.csv", cases[i].demographics}};
        g_autofree char *manifest = g_strconcat(
            "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n", cases[i].manifest, NULL);
        export_put(&at, "manifest.csv", manifest);
        for (gsize j = 0; j < G_N_ELEMENTS(files); j++)
            if (files[j][1] != NULL)
                export_put(&at, files[j][0], files[j][1]);
        g_autofree char *failed = export_read(&at);
        cr_expect(failed != NULL && strstr(failed, cases[i].expect) != NULL, "case %zu: %s", i, failed);
        for (gsize j = 0; j < G_N_ELEMENTS(files); j++)
            if (files[j][1] != NULL)
                export_put(&at, files[j][0], NULL);
        export_clear(&at);
        export_init(&at, &FEED_ONEROSTER);
    }
}

// ---- deltas ---------------------------------------------------------------------------------------------

static void put_before_delta(void)
{
    export_put(&at, "orgs.csv", ORGS "d,,,Maple,district,,\nh,,,High,school,7,d\nx,,,Old,school,8,d\n");
    export_put(&at, "academicSessions.csv",
               SESSIONS "q1,,,First,gradingPeriod,2026-08-24,2026-11-01,y,2027\n");
    export_put(&at, "users.csv",
               USERS_11 "t1,,,true,h,teacher,ann,,Ann,One,,4711,ann@example.org,,,,,\n"
                        "s1,,,true,h,student,mlee,,Min,Lee,,,mlee@students.example.org,,,p1,07,\n"
                        "s2,,,true,h,student,bo,,Bo,Two,,,bo@students.example.org,,,,07,\n"
                        "p1,,,true,h,guardian,,,Hana,Lee,,,hana@example.net,,,,,\n");
    export_put(&at, "demographics.csv", DEMOGRAPHICS "s1,,,2013-04-05,,,,,,,,,,,,\n");
    export_put(&at, "classes.csv",
               CLASSES "c1,,,Band,10,,B,scheduled,1,h,q1,,,\nc2,,,Art,10,,B,scheduled,1,h,q1,,,\n");
    export_put(&at, "enrollments.csv",
               ENROLLMENTS "e1,,,c1,h,t1,teacher,,,\ne2,,,c1,h,s1,student,,,\ne3,,,c2,h,s1,student,,,\n"
                           "e4,,,c1,h,s2,student,,,\n");
}

static void before_delta(void)
{
    put_before_delta();
    export_before(&at);
}

Test(oneroster, delta_of_everything)
{
    before_delta();
    export_put(
        &at, "manifest.csv",
        MANIFEST("1.1", "file.users,delta\nfile.orgs,delta\nfile.classes,delta\nfile.enrollments,delta\n"));
    export_put(&at, "orgs.csv",
               ORGS "h,active,2026-10-01,Maple High,school,7,d\nx,tobedeleted,2026-10-01,Old,school,8,d\n"
                    "y,active,2026-10-01,New,school,9,d\n");
    export_put(&at, "users.csv",
               USERS_11
               "t1,active,2026-10-01,true,h,administrator,ann,,Anne,One,,4711,anne@example.org,,,,,\n"
               "s1,active,2026-10-01,true,h,student,mlee,,Min,Lee,,,mlee@students.example.org,,,p2,08,\n"
               "s2,tobedeleted,2026-10-01,,,,,,,,,,,,,,,\n"
               "p2,active,2026-10-01,true,h,guardian,,,Joon,Lee,,,joon@example.net,,,,,\n"
               "s9,tobedeleted,2026-10-01,,,,,,,,,,,,,,,\n");
    export_put(&at, "classes.csv",
               CLASSES "c1,active,2026-10-01,Big Band,10,,B,scheduled,1,h,q1,,,\n"
                       "c2,tobedeleted,2026-10-01,,,,,,,,,,,\n"
                       "c3,active,2026-10-01,Chess,10,,B,scheduled,1,h,q1,,,\n");
    export_put(&at, "enrollments.csv",
               ENROLLMENTS "e1,active,2026-10-01,c1,h,t1,teacher,,2026-08-24,\n"
                           "e2,tobedeleted,2026-10-01,c1,h,s1,student,,,\n"
                           "e9,active,2026-10-01,c3,h,s1,student,,,\n"
                           "e8,tobedeleted,2026-10-01,c3,h,t1,teacher,,,\n"
                           "e7,tobedeleted,2026-10-01,,,,,,,\n");
    READS();
    IS(export_person(&at, "t1"), "Anne One login=ann: staff administrator@h");
    IS(export_contacts(&at, "t1"), "email=anne@example.org");
    IS(export_idents(&at, "t1"), "employee=4711/identifier:sis=4711");
    IS(export_person(&at, "s1"), "Min Lee login=mlee grade=08 born=20130405: student@h");
    IS(export_person(&at, "s2"), "Bo Two login=bo grade=07 gone off: student@h");
    IS(export_person(&at, "p1"), "Hana Lee: guardian@h");
    IS(export_relations(&at), "s1 agent p2");
    IS(export_orgs(&at), "d Maple district</h Maple High school<d/y New school<d");
    IS(export_classes(&at), "c1 Big Band@h 20260824-20261101/c3 Chess@h");
    IS(export_seats(&at), "c1 student s2/c1 teacher t1 20260824-0/c3 student s1");
    IS(export_warnings(&at),
       "users.csv:6: status: deleted, but no such user is in the roster\n"
       "enrollments.csv:5: status: deleted, but no such enrollment is in the roster\n"
       "enrollments.csv:6: status: deleted, but not whose enrollment in which class; nothing deleted\n");
    cr_expect_eq(at.last.replaces, 0);
    cr_expect_eq(at.last.changes, COVERS_PEOPLE | COVERS_ORGS | COVERS_CLASSES | COVERS_SEATS);
}

Test(oneroster, a_delta_of_which_a_part_has_no_status)
{
    before_delta();
    export_put(&at, "manifest.csv", MANIFEST("1.1", "file.users,delta\n"));
    export_put(&at, "users.csv",
               USERS_11
               "t1,active,2026-10-01,true,h,teacher,a,,A,B,,,,,,,,\n2,,,true,,teacher,a,,A,B,,,,,,,,\n");
    FAILS("users.csv:3: status: empty in a delta: write active or tobedeleted in each row");
}

// In 1.2 what people are and what else is known of them change apart.
Test(oneroster, delta_of_roles)
{
    export_put(&at, "users.csv",
               USERS_12 "t1,,,true,ann,,Ann,One,,,ann@example.org,,,,,,,,,,,h,\n"
                        "t2,,,true,bo,,Bo,Two,,,bo@example.org,,,,,,,,,,,h,\n");
    export_put(&at, "roles.csv",
               ROLES_12 "r1,,,t1,primary,teacher,2025-08-24,,h,\nr2,,,t1,secondary,guardian,,,m,\n"
                        "r3,,,t2,primary,teacher,,,h,\n");
    export_before(&at);
    export_put(&at, "manifest.csv", MANIFEST("1.2", "file.roles,delta\nfile.users,delta\n"));
    export_put(&at, "users.csv",
               USERS_12 "t2,active,2026-10-01,true,bo,,Beau,Two,,,beau@example.org,,,,,,,,,,,h,\n");
    export_put(&at, "roles.csv",
               ROLES_12 "r1,active,2026-10-01,t1,primary,teacher,2025-08-24,2026-09-30,h,\n"
                        "r2,tobedeleted,2026-10-01,t1,secondary,guardian,,,m,\n"
                        "r4,active,2026-10-01,t1,primary,principal,2026-09-30,,h,\n"
                        "r9,active,2026-10-01,t9,primary,principal,,,h,\n"
                        "r5,tobedeleted,2026-10-01,,,,,,,\n");
    READS();
    IS(export_person(&at, "t1"),
       "Ann One login=ann: staff principal@h 20260930-0/staff teacher@h 20250824-20260930");
    IS(export_contacts(&at, "t1"), "email=ann@example.org");
    IS(export_person(&at, "t2"), "Beau Two login=bo: staff teacher@h");
    IS(export_contacts(&at, "t2"), "email=beau@example.org");
    IS(export_warnings(&at), "roles.csv:5: userSourcedId: no such user in the roster\n"
                             "roles.csv:6: status: deleted, but not which role of whom; nothing deleted\n");
    cr_expect_eq(at.last.changes, COVERS_PEOPLE);
}

Test(oneroster, a_person_comes_back)
{
    before_delta();
    export_put(&at, "manifest.csv", MANIFEST("1.1", "file.users,delta\n"));
    export_put(&at, "users.csv", USERS_11 "s2,tobedeleted,2026-10-01,,,,,,,,,,,,,,,\n");
    export_before(&at);
    IS(export_person(&at, "s2"), "Bo Two login=bo grade=07 gone off: student@h");
    export_put(&at, "manifest.csv", MANIFEST("1.1", "file.users,delta\n"));
    export_put(&at, "users.csv",
               USERS_11 "s2,active,2026-10-08,true,h,student,bo,,Bo,Two,,,bo@students.example.org,,,,07,\n");
    READS();
    IS(export_person(&at, "s2"), "Bo Two login=bo grade=07: student@h");
}

Test(oneroster, classes_anew_and_enrollments_as_changes)
{
    before_delta();
    export_put(&at, "manifest.csv", MANIFEST("1.1", "file.classes,bulk\nfile.enrollments,delta\n"));
    export_put(&at, "classes.csv", CLASSES "c1,,,Band,10,,B,scheduled,1,h,,,,\n");
    export_put(&at, "enrollments.csv", ENROLLMENTS "e2,tobedeleted,2026-10-01,c1,h,s1,student,,,\n");
    READS();
    IS(export_classes(&at), "c1 Band@h 20260824-20261101");
    IS(export_seats(&at), "c1 student s2/c1 teacher t1");
    cr_expect_eq(at.last.changes, COVERS_CLASSES | COVERS_SEATS);
}

static void import_into_roster(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FeedResult) result = feeds_import_path(at.ground.config, at.spec.path, false, 20261014, &error);
    cr_assert(result != NULL, "%s", error->message);
}

#define ASK(sql, text) IS(ground_ask(at.ground.config->roster.database, sql), text)

// The same through an import with all its parts: what a delta does not name is still there.
Test(oneroster, delta_through_an_import)
{
    static const char *const files[] = {"orgs.csv",         "users.csv",
                                        "demographics.csv", "academicSessions.csv",
                                        "classes.csv",      "enrollments.csv"};
    put_before_delta();
    import_into_roster();
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        export_put(&at, files[i], NULL);
    export_put(&at, "manifest.csv", MANIFEST("1.1", "file.users,delta\nfile.enrollments,delta\n"));
    export_put(&at, "users.csv",
               USERS_11
               "t1,active,2026-10-01,true,h,administrator,ann,,Anne,One,,4711,anne@example.org,,,,,\n"
               "s2,tobedeleted,2026-10-01,,,,,,,,,,,,,,,\n");
    export_put(&at, "enrollments.csv", ENROLLMENTS "e2,tobedeleted,2026-10-01,c1,h,s1,student,,,\n");
    import_into_roster();
    ASK("SELECT group_concat(given || ' ' || family || ' ' || (gone <> 0), '/') FROM (SELECT * FROM person "
        "ORDER BY given)",
        "Anne One 0/Bo Two 1/Hana Lee 0/Min Lee 0");
    ASK("SELECT group_concat(position || '@' || org, '/') FROM post WHERE role = 6", "administrator@h");
    ASK("SELECT group_concat(key || ' ' || field, '/') FROM (SELECT * FROM contact WHERE key LIKE '%ann%' "
        "ORDER BY key)",
        "email:ann@example.org previous/email:anne@example.org email");
    ASK("SELECT birth FROM person WHERE given = 'Min'", "20130405");
    ASK("SELECT count(*) FROM link", "1");
    ASK("SELECT group_concat(cid || ' ' || given, '/') FROM (SELECT cid, given FROM seat JOIN class ON "
        "class.id = seat.class "
        "JOIN person ON person.id = seat.person WHERE gone = 0 ORDER BY cid, given)",
        "c1 Anne/c2 Min");
}

// ---- telling formats apart ------------------------------------------------------------------------------

Test(oneroster, recognised)
{
    static const struct {
        const char *file, *text, *expect;
    } cases[] = {
        {"manifest.csv", "propertyName,value\n", "oneroster"},
        {"users.csv", USERS_11, "oneroster"},
        {"users.csv", USERS_12, "oneroster"},
        {"Users.csv", "role,givenName\n", "oneroster"},
        {"users.csv", "", "oneroster"},
        {"enrollments.csv", ENROLLMENTS, "oneroster"},
        {"users.csv",
         "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,sms\n", "sds"},
        {"roles.csv", "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary\n", "sds"},
        {"classes.csv", "sourcedId,orgSourcedId,title\n", "sds"},
        {"users.csv", "First Name [Required],Last Name [Required],Email Address [Required]\n", "neither"},
        {"enrollments.csv", "School_id,Section_id,Student_id\n", "neither"},
        {"published.csv", "kind,value,label\n", "neither"},
        {"users.csv", "\xff\xfes", "users.csv:1: UTF-16; export the file as UTF-8"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        export_put(&at, cases[i].file, cases[i].text);
        g_autoptr(Source) files = source_open(at.spec.path, NULL);
        Tri one = FEED_ONEROSTER.recognise(files, &error);
        Tri sds = one != TRI_UNKNOWN ? FEED_SDS.recognise(files, &error) : TRI_UNKNOWN;
        const char *got = error != NULL    ? error->message
                          : one == TRI_YES ? sds == TRI_YES ? "both" : "oneroster"
                          : sds == TRI_YES ? "sds"
                                           : "neither";
        cr_expect_str_eq(got, cases[i].expect, "case %zu: %s", i, got);
        export_put(&at, cases[i].file, NULL);
    }
}

// ---- what the history is told ---------------------------------------------------------------------------

Test(oneroster, files_read_are_recorded)
{
    export_put(&at, "manifest.csv", MANIFEST("1.1", "file.orgs,bulk\n"));
    export_put(&at, "orgs.csv", ORGS "d,,,Maple,district,,\n\nh,,,High,school,7,d\n");
    READS();
    cr_assert_eq(at.run->reads->len, 2);
    const FeedRead *read = at.run->reads->pdata[1];
    g_autofree char *expect = g_compute_checksum_for_string(
        G_CHECKSUM_SHA256, ORGS "d,,,Maple,district,,\n\nh,,,High,school,7,d\n", -1);
    cr_expect_str_eq(read->source, "sis");
    cr_expect_str_eq(read->file, "orgs.csv");
    cr_expect_str_eq(read->sha256, expect);
    cr_expect_eq(read->rows, 2);
    cr_expect_eq(read->bytes, (int64_t)strlen(ORGS "d,,,Maple,district,,\n\nh,,,High,school,7,d\n"));
}
