// School Data Sync files.
#include "export.h"
#include "feeds/texts.h"

#include <criterion/criterion.h>
#include <string.h>

static Export at;

static void set_up(void)
{
    export_init(&at, &FEED_SDS);
}

static void tear_down(void)
{
    export_clear(&at);
}

TestSuite(sds, .init = set_up, .fini = tear_down);

#define IS(call, text)                                                                                       \
    do {                                                                                                     \
        g_autofree char *got_ = call;                                                                        \
        cr_expect_str_eq(got_, text, "%s", got_);                                                            \
    } while (0)

#define USERS "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,sms\n"
#define ROLES "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate\n"

Test(sds, version_21)
{
    export_put(&at, "orgs.csv", "sourcedId,name,type,parentSourcedId\nd,Maple,district,\nh,High,school,d\n");
    export_put(
        &at, "academicSessions.csv",
        "sourcedId,title,type,schoolYear,startDate,endDate\ny,Year,schoolYear,2027,2026-08-24,2027-06-18\n");
    export_put(&at, "users.csv",
               USERS
               "s1,min@students.example.org,Min,Lee,Hidden-1,min@students.example.org,,,\n"
               "p1,hana@example.net,Hana,Lee,Hidden-2,,hana@example.net,+14135550142,+14135550143\n"
               "p2,,Joon,Lee,,,joon@example.net,,\nt1,ann@example.org,Ann,One,,A-1,ann@example.org,,\n");
    export_put(
        &at, "roles.csv",
        ROLES
        "s1,h,student,y,10,TRUE,2026-08-24,2027-06-18\nt1,h,professor,y,,TRUE,,\nt1,d,staff,y,,FALSE,,\n");
    export_put(&at, "relationships.csv",
               "userSourcedId,relationshipUserSourcedId,relationshipRole\ns1,p1,guardian\ns1,p2,relative\n"
               "s1,p1,doctor\ns1,p9,guardian\n");
    export_put(&at, "classes.csv",
               "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nc1,h,Band,y,\n");
    export_put(&at, "enrollments.csv", "classSourcedId,userSourcedId,role\nc1,s1,student\nc1,t1,teacher\n");
    // Never opened: it is no table at all.
    export_put(&at, "userFlags.csv", "\xff\xfe\"");
    g_autofree char *failed = export_read(&at);
    cr_assert(failed == NULL, "%s", failed);
    IS(export_person(&at, "s1"),
       "Min Lee login=min@students.example.org grade=10: student@h 20260824-20270618");
    IS(export_person(&at, "p1"), "Hana Lee login=hana@example.net: guardian");
    IS(export_person(&at, "p2"), "Joon Lee: guardian");
    IS(export_person(&at, "t1"), "Ann One login=ann@example.org: staff teacher@h/staff@d");
    IS(export_contacts(&at, "p1"),
       "email=hana@example.net/phone=+14135550142/sms=+14135550143/username=hana@example.net");
    IS(export_idents(&at, "t1"), "directory=A-1");
    IS(export_relations(&at), "s1 guardian p1/s1 guardian p9/s1 relative p2");
    IS(export_classes(&at), "c1 Band@h 20260824-20270618");
    IS(export_seats(&at), "c1 student s1/c1 teacher t1");
    IS(export_warnings(&at), "relationships.csv:4: relationshipRole: `doctor` is no guardian; not used\n"
                             "relationships.csv:5: relationshipUserSourcedId: no such user in the roster\n");
    cr_expect_eq(at.last.replaces,
                 COVERS_PEOPLE | COVERS_RELATIONS | COVERS_ORGS | COVERS_CLASSES | COVERS_SEATS);
    Str str;
    cr_expect(!texts_find(at.run->model->texts, "Hidden-1", &str));
    cr_expect(!texts_find(at.run->model->texts, "Hidden-2", &str));
}

// Roles in users.csv, no roles.csv.
Test(sds, version_2)
{
    export_put(&at, "users.csv",
               "sourcedId,orgSourcedIds,username,role,grade\ns1,h,min@students.example.org,student,10\n"
               "t1,\"h,d\",ann@example.org,teacher,\n");
    g_autofree char *failed = export_read(&at);
    cr_assert(failed == NULL, "%s", failed);
    IS(export_person(&at, "s1"), "  login=min@students.example.org grade=10: student@h");
    IS(export_person(&at, "t1"), "  login=ann@example.org: staff teacher@d/staff teacher@h");
    IS(export_warnings(&at), "");
}

Test(sds, relationships_want_their_people)
{
    export_put(&at, "relationships.csv",
               "userSourcedId,relationshipUserSourcedId,relationshipRole\ns1,p1,guardian\n");
    g_autofree char *failed = export_read(&at);
    cr_expect(failed != NULL && strstr(failed, "users.csv is missing; relationships.csv") != NULL, "%s",
              failed);
}

Test(sds, users_without_roles)
{
    export_put(&at, "users.csv", USERS "s1,min,Min,Lee,,,,,\n");
    g_autofree char *failed = export_read(&at);
    cr_expect(failed != NULL && strstr(failed, "users.csv:1: column `role` is missing") != NULL, "%s",
              failed);
}
