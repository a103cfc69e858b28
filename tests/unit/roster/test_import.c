#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static Fixture f;

static void set_up(void)
{
    fixture_init(&f);
}

static void clear(void)
{
    fixture_clear(&f);
}

TestSuite(import, .init = set_up, .fini = clear);

#define USERS_11                                                                                             \
    "sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName,email,sms,phone,"                \
    "agentSourcedIds,password\n"
#define DOMAIN "kind,value,label\ndomain,example.org,mail\n"

static char *database_bytes(gsize *out_len)
{
    char *bytes = NULL;
    cr_assert(g_file_get_contents(f.config->roster.database, &bytes, out_len, NULL));
    return bytes;
}

Test(import, counts)
{
    fixture_put_district(&f);
    g_autoptr(RosterSummary) summary = fixture_import(&f);
    const guint got[] = {summary->people,      summary->staff,
                         summary->students,    summary->guardians,
                         summary->links,       summary->classes,
                         summary->enrollments, summary->lists,
                         summary->members,     summary->personal,
                         summary->published,   summary->webmail,
                         summary->exceptions,  summary->student_addresses};
    const guint expect[] = {14, 5, 5, 4, 4, 2, 6, 4, 8, 9, 8, 1, 3, 1};
    cr_expect_arr_eq(got, expect, sizeof expect);
    cr_expect(
        fixture_warns(summary, "users.csv:7: agentSourcedIds: a link to somebody who is not in users.csv"));
    cr_expect(fixture_warns(summary, "users.csv:9: agentSourcedIds: a link that is not between"));
    cr_expect(fixture_warns(summary, "exceptions.csv:4: approver: the staff member it is for"));
}

// What must not be readable in the file: private details of staff and passwords.
Test(import, private_details_are_hashed)
{
    fixture_put_district(&f);
    fixture_put(&f, "exceptions.csv", NULL); // they name values of their own
    roster_summary_free(fixture_import(&f));
    gsize len = 0;
    g_autofree char *bytes = database_bytes(&len);
    static const char *const hidden[] = {"dana.writes", "Dana.Writes",   "4135550151", "5550151",
                                         "Larkspur",    "larkspur",      "teo-lane",   "venmo",
                                         "4135550117",  "hunter2secret", "0190"};
    for (gsize i = 0; i < G_N_ELEMENTS(hidden); i++)
        cr_expect_null(memmem(bytes, len, hidden[i], strlen(hidden[i])), "%s is readable", hidden[i]);
    // A guardian's own number stands there: it is needed to tell it from others.
    cr_expect_not_null(memmem(bytes, len, "15085550142", 11));
    struct stat key, database;
    cr_assert(stat(f.config->roster.key_file, &key) == 0 && stat(f.config->roster.database, &database) == 0);
    cr_expect_eq(key.st_mode & 0777, 0600);
    cr_expect_eq(database.st_mode & 0007, 0);
}

Test(import, oneroster_12_with_roles)
{
    fixture_put(&f, "published.csv", DOMAIN);
    fixture_put(
        &f, "users.csv",
        "sourcedId,enabledUser,username,givenName,familyName,email,sms,phone,agentSourcedIds,password,"
        "userMasterIdentifier,preferredGivenName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
        "u1,true,u1,Margaret,Stone,mstone@example.org,,,,pw,,Peggy,,hs,\n"
        "u2,true,u2,Kit,Stone,kstone@students.example.org,,,u1,pw,,,,hs,\n"
        "u3,true,u3,Nobody,Atall,nobody@example.org,,,,pw,,,,hs,\n"
        "u4,true,u4,Con,Seller,con@example.org,,,,pw,,,,hs,\n");
    fixture_put(
        &f, "roles.csv",
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n"
        "r1,,,u1,primary,teacher,2026-08-24,2027-06-20,hs\nr2,,,u1,secondary,guardian,2026-08-24,,ms\n"
        "r3,,,u2,primary,student,,,hs\nr4,,,u4,primary,counselor,,,hs\n");
    g_autoptr(RosterSummary) summary = fixture_import(&f);
    cr_expect(fixture_warns(summary, "users.csv:4: role: none here or in roles.csv"));
    fixture_open(&f);
    static const char *const who[][2] = {{"mstone@example.org", "staff school u1"},
                                         {"kstone@students.example.org", "student school u2"},
                                         {"nobody@example.org", "service school -"},
                                         {"con@example.org", "staff school u4"}};
    for (gsize i = 0; i < G_N_ELEMENTS(who); i++) {
        g_autofree char *got = fixture_who(&f, who[i][0]);
        cr_expect_str_eq(got, who[i][1]);
    }
    cr_expect_eq(roster_is_family(f.session, "u1", "u2", NULL), TRI_YES);
    g_autofree char *named = fixture_join(roster_staff_named(f.session, "Peggy Stone", NULL));
    cr_expect_str_eq(named, "u1");
}

Test(import, relationships)
{
    fixture_put(&f, "published.csv", DOMAIN);
    fixture_put(&f, "users.csv",
                "sourcedId,username,givenName,familyName,password,email,phone,sms\n"
                "1,jo@example.org,Jo,Craig,x,jo@example.org,,\n"
                "2,jean.craig@example.net,Jean,Craig,x,jean.craig@example.net,,+15085550101\n");
    fixture_put(&f, "roles.csv", "userSourcedId,orgSourcedId,role,isPrimary\n1,hs,student,TRUE\n");
    fixture_put(&f, "relationships.csv",
                "userSourcedId,relationshipUserSourcedId,relationshipRole\n"
                "1,2,guardian\n1,3,doctor\n");
    g_autoptr(RosterSummary) summary = fixture_import(&f);
    cr_expect_eq(summary->links, 1);
    cr_expect(fixture_warns(summary, "relationships.csv:3: relationshipRole: `doctor` is no guardian"));
    fixture_open(&f);
    g_autofree char *who = fixture_who(&f, "jean.craig@example.net");
    cr_expect_str_eq(who, "guardian personal 2");
}

// Defects met in real exports: none stops the import, each is told with file and line.
Test(import, defects_are_warnings)
{
    fixture_put(&f, "published.csv", DOMAIN);
    fixture_put(&f, "manifest.csv",
                "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,bulk\n"
                "file.scoreScales,\nsource.systemCode,absent\n");
    fixture_put(&f, "Users.csv",
                "\xef\xbb\xbf"
                "agents,givenName,sourcedId,status,dataLastModified,enabledUser,role,familyName,userId,email,"
                "sms,phone,ext_note,prefferedGivenName,Grade,,\r\n"
                "x,Ann,a1,active,1/05/2023,TRUE,Teacher,One,u,ann@example.org,603777888,,n,Annie,7,,\r\n"
                "a1,Bo,a2,,,true,student,Two,u,bo@students.example.org,123456789012345,,\r\n"
                ",Cy,a3,tobedeleted,,maybe,ext:coach,Three,u,cy@elsewhere.example,,,\r\n"
                ",Di,a4,inactive,,false,parent,Four,u,not-an-address,,,\r\n"
                ",Di,a4,,,false,parent,Four,u,di@example.net,,,\r\n");
    fixture_put(&f, "classes.csv",
                "sourcedId,status,title,classType\nc1,active,T,Scheduled\nc2,tobedeleted,U,homeroom\n");
    fixture_put(&f, "enrollments.csv",
                "classSourcedId,userSourcedId,role,beginDate,endDate\n"
                "c1,a2,student,15/06/2023,2023-06-01T00:00:00Z\nc9,a2,student,,\nc1,a99,student,,\n");
    fixture_put(&f, "orgs.csv", "sourcedId,name\n");
    fixture_put(&f, "userprofiles.csv", "sourcedId\nx\n");
    g_autoptr(RosterSummary) summary = fixture_import(&f);
    static const char *const expect[] = {
        "Users.csv:1: the file's name should be users.csv",
        "Users.csv:1: column `agents` is read as `agentSourcedIds`",
        "Users.csv:1: column `dataLastModified` is read as `dateLastModified`",
        "Users.csv:1: column `userId` is read as `userIds`",
        "Users.csv:1: column `prefferedGivenName` is read as `preferredGivenName`",
        "Users.csv:1: a column without a name",
        "Users.csv:2: status: filled in a bulk file",
        "Users.csv:2: enabledUser: should be written in lower case",
        "Users.csv:2: role: `Teacher` should be written `teacher`",
        "Users.csv:2: sms: not a telephone number",
        "Users.csv:3: a row with fewer fields than the header",
        "Users.csv:4: status: marked as deleted",
        "Users.csv:4: enabledUser: neither true nor false",
        "Users.csv:4: role: `ext:coach` is not known; counted as staff",
        "Users.csv:4: email: outside the district's domains",
        "Users.csv:5: status: neither active nor tobedeleted",
        "Users.csv:5: email: not a mail address",
        "Users.csv:6: sourcedId: there already",
        "manifest.csv:5: file.scoreScales: no value",
        "classes.csv:3: status: marked as deleted",
        "enrollments.csv:2: beginDate: not a date as YYYY-MM-DD",
        "enrollments.csv:3: classSourcedId: no such class",
        "enrollments.csv:4: userSourcedId: no such user",
        "orgs.csv:1: a header and no rows",
        "userprofiles.csv: the file's name should be userProfiles.csv",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(expect); i++)
        cr_expect(fixture_warns(summary, expect[i]), "no warning: %s", expect[i]);
    fixture_open(&f);
    static const char *const who[][2] = {{"ann@example.org", "staff school a1"},
                                         {"bo@students.example.org", "student school a2"},
                                         {"cy@elsewhere.example", "staff personal a3"},
                                         {"di@example.net", "guardian personal a4"}};
    for (gsize i = 0; i < G_N_ELEMENTS(who); i++) {
        g_autofree char *got = fixture_who(&f, who[i][0]);
        cr_expect_str_eq(got, who[i][1]);
    }
    cr_expect_eq(roster_is_family(f.session, "a1", "a2", NULL), TRI_NO, "a teacher as agent is no family");
}

Test(import, mistakes_are_errors)
{
    static const struct {
        const char *file, *text, *expect;
    } cases[] = {
        {"users.csv", "sourcedId,givenName,familyName,role\n1,A,B,teacher\n", "users.csv:1:|`email`|missing"},
        {"users.csv", "sourcedId,givenName,familyName,email\n1,A,B,a@example.org\n", "`role`|roles.csv"},
        {"users.csv",
         USERS_11 "1,true,,teacher,u,A,B,a@example.org,,,,p\n,true,,teacher,u,A,B,a@example.org,,,,p\n",
         "users.csv:3: sourcedId: empty"},
        {"users.csv", "sourcedId,sourcedId,givenName,familyName,email,role\n",
         "users.csv:1: sourcedId|twice"},
        {"users.csv", "", "users.csv:1: empty"},
        {"users.csv", "sourcedId,givenName,familyName,email,role\n1,A,B,\"a\n", "users.csv:3|never closed"},
        {"enrollments.csv", "userSourcedId,role\nx,student\n", "enrollments.csv:1|classSourcedId"},
        {"enrollments.csv", "classSourcedId,userSourcedId,role\nc,,student\n",
         "enrollments.csv:2: userSourcedId: empty"},
        {"roles.csv", "userSourcedId,role\nx,student\n", "users.csv|missing"},
        {"manifest.csv", "propertyName,value\nfile.users,delta\n", "manifest.csv:2|delta|bulk"},
        {"personal.csv", "address,kind,value\na@example.org,fax,1\n", "personal.csv:2: kind: `fax`"},
        {"personal.csv", "address,kind,value\na@example.org,cell,1\n", "personal.csv:2: value|+1413"},
        {"personal.csv", "address,kind,value\nnobody,cell,4135550142\n", "personal.csv:2: address: `nobody`"},
        {"personal.csv", "address,kind,value\na@example.org,handle,dana\n",
         "personal.csv:2: value|platform:name"},
        {"published.csv", "kind,value,label\nphone-block,+14135550139/+14135550100,x\n",
         "published.csv:2: value|block"},
        {"published.csv", "kind,value,label\nphone-block,+10000000000/+19999999999,x\n",
         "published.csv:2|million"},
        {"published.csv", "kind,value,label\ndomain,localhost,x\n", "published.csv:2: value|domain"},
        {"published.csv", "kind,value,label\npager,1,x\n", "published.csv:2: kind: `pager`"},
        {"lists.csv", "list,member\nx@example.org,nobody\n", "lists.csv:2: member"},
        {"students-personal.csv", "student\nx@example.org\n", "students-personal.csv:1|`address`"},
        {"webmail.csv", "domain\na b\n", "webmail.csv:2"},
        {"notes.txt", "x", "no roster file"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture_put(&f, cases[i].file, cases[i].text);
        fixture_import_fails(&f, cases[i].expect);
        fixture_put(&f, cases[i].file, NULL);
    }
}

Test(import, an_error_changes_nothing)
{
    fixture_put_district(&f);
    roster_summary_free(fixture_import(&f));
    fixture_open(&f);
    fixture_put(&f, "users.csv", USERS_11 "z,true,,teacher,u,Zed,Zed,zed@example.org,,,,p\n");
    fixture_put(&f, "lists.csv", "list,member\nbroken,row\n"); // the last kind but one
    fixture_import_fails(&f, "lists.csv:2");
    fixture_open(&f);
    g_autofree char *dana = fixture_who(&f, "dana.whitlock@example.org");
    g_autofree char *zed = fixture_who(&f, "zed@example.org");
    cr_expect_str_eq(dana, "staff school stf-1");
    cr_expect_str_eq(zed, "service school -");
}

Test(import, dry_run_changes_nothing)
{
    g_autoptr(GError) error = NULL;
    fixture_put_district(&f);
    g_autoptr(RosterSummary) first = roster_import(f.config, f.input, true, &error);
    cr_assert(first != NULL);
    cr_expect_eq(first->people, 14);
    cr_expect(!g_file_test(f.config->roster.database, G_FILE_TEST_EXISTS));
    cr_expect(!g_file_test(f.config->roster.key_file, G_FILE_TEST_EXISTS));
    roster_summary_free(fixture_import(&f));
    fixture_put(&f, "users.csv", USERS_11 "z,true,,teacher,u,Zed,Zed,zed@example.org,,,,p\n");
    g_autoptr(RosterSummary) second = roster_import(f.config, f.input, true, &error);
    cr_assert(second != NULL);
    cr_expect_eq(second->people, 1);
    fixture_open(&f);
    g_autofree char *dana = fixture_who(&f, "dana.whitlock@example.org");
    cr_expect_str_eq(dana, "staff school stf-1");
}

Test(import, kinds_that_are_absent_stay)
{
    fixture_put_district(&f);
    roster_summary_free(fixture_import(&f));
    static const char *const gone[] = {
        "users.csv",     "orgs.csv",      "classes.csv",           "enrollments.csv",
        "lists.csv",     "published.csv", "students-personal.csv", "webmail.csv",
        "exceptions.csv"};
    for (gsize i = 0; i < G_N_ELEMENTS(gone); i++)
        fixture_put(&f, gone[i], NULL);
    fixture_put(&f, "personal.csv", "address,kind,value\ntlane@example.org,cell,+14135550177\n");
    roster_summary_free(fixture_import(&f));
    fixture_open(&f);
    static const struct {
        const char *value, *expect;
    } cases[] = {{"+14135550177", "staff:stf-2"},
                 {"+14135550151", ""},                            // replaced
                 {"+14135550117", "staff:stf-2"},                 // from users.csv: another kind
                 {"+14135550184", "staff:stf-4 guardian:par-4"}}; // family still joined by the school address
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = fixture_owners(&f, KIND_PHONE, cases[i].value);
        cr_expect_str_eq(got, cases[i].expect, "%s: %s", cases[i].value, got);
    }
    g_autofree char *list = fixture_who(&f, "english@example.org");
    cr_expect_str_eq(list, "list school -");
    // The registry no longer gives the guardian's address to the staff member.
    cr_expect_eq(roster_is_family(f.session, "stf-5", "stu-4", NULL), TRI_NO);
}

Test(import, sub_directory_and_zip_alike)
{
    fixture_put_district(&f);
    g_autofree char *from = g_build_filename(f.input, "users.csv", NULL);
    g_autofree char *dir = g_build_filename(f.input, "roster", NULL);
    g_autofree char *to = g_build_filename(dir, "users.csv", NULL);
    cr_assert(g_mkdir(dir, 0700) == 0 && g_rename(from, to) == 0);
    g_autoptr(RosterSummary) summary = fixture_import(&f);
    cr_expect_eq(summary->people, 14);
    fixture_put(&f, "users.csv", "sourcedId\n");
    fixture_import_fails(&f, "users.csv is there twice");
}

// An address many rows share is a placeholder, and makes nobody anybody's family.
Test(import, placeholder_addresses_join_nobody)
{
    g_autoptr(GString) users =
        g_string_new(USERS_11 "t,true,,teacher,t,Tea,Cher,none@example.org,,,,p\n"
                              "s,true,,student,s,Stu,Dent,s@students.example.org,,,g1,p\n");
    for (int i = 0; i < 20; i++)
        g_string_append_printf(users, "g%d,true,,guardian,g%d,G,%d,none@example.org,,,,p\n", i, i, i);
    fixture_put(&f, "published.csv", DOMAIN);
    fixture_put(&f, "users.csv", users->str);
    roster_summary_free(fixture_import(&f));
    fixture_open(&f);
    cr_expect_eq(roster_is_family(f.session, "g1", "s", NULL), TRI_YES);
    cr_expect_eq(roster_is_family(f.session, "t", "s", NULL), TRI_NO);
    cr_expect_eq(roster_is_family(f.session, "g2", "s", NULL), TRI_NO);
}

Test(import, one_guardian_in_several_rows)
{
    fixture_put(&f, "published.csv", DOMAIN);
    fixture_put(
        &f, "users.csv",
        USERS_11
        "s1,true,,student,,A,B,a@students.example.org,,,g1,\ns2,true,,student,,C,B,G@example.net,,,g2,\n"
        "g1,true,,guardian,,G,B,g@example.net,,,,\ng2,true,,guardian,,G,B,g@example.net,,,,\n");
    g_autoptr(RosterSummary) summary = fixture_import(&f);
    fixture_open(&f);
    g_autofree char *children = fixture_join(roster_children_of(f.session, "g1", NULL));
    cr_expect_str_eq(children, "s1 s2");
    // A young child's row with the guardian's address does not make the guardian a student.
    g_autofree char *who = fixture_who(&f, "g@example.net");
    cr_expect_str_eq(who, "guardian personal g1");
    cr_expect(fixture_warns(summary, "email: of a student equal to that of a guardian"));
}

Test(import, another_key_is_refused)
{
    fixture_put_district(&f);
    roster_summary_free(fixture_import(&f));
    cr_assert(g_file_set_contents(f.config->roster.key_file,
                                  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", -1,
                                  NULL));
    g_autoptr(GError) error = NULL;
    g_autoptr(Roster) roster = roster_open(f.config, &error);
    cr_expect(roster == NULL && strstr(error->message, "not the key") != NULL);
    fixture_put(&f, "users.csv", NULL);
    fixture_import_fails(&f, "not the key");
    // All of what the key made comes anew: the new key is taken.
    fixture_put_district(&f);
    roster_summary_free(fixture_import(&f));
    fixture_open(&f);
    g_autofree char *got = fixture_owners(&f, KIND_PHONE, "+14135550151");
    cr_expect_str_eq(got, "staff:stf-1");
}

Test(import, opening_what_is_no_roster)
{
    g_autoptr(GError) none = NULL, empty = NULL, key = NULL;
    cr_expect_null(roster_open(f.config, &none));
    cr_expect(strstr(none->message, "there is no roster") != NULL);
    fixture_put_district(&f);
    roster_summary_free(fixture_import(&f));
    g_unlink(f.config->roster.key_file);
    cr_expect_null(roster_open(f.config, &key));
    cr_expect(strstr(key->message, f.config->roster.key_file) != NULL);
    cr_assert(g_file_set_contents(f.config->roster.database,
                                  "not a database, not at all, but longer than a page", -1, NULL));
    cr_expect_null(roster_open(f.config, &empty));
    cr_expect_neq(empty, NULL);
}

Test(import, long_warnings_are_folded)
{
    g_autoptr(GString) users = g_string_new(USERS_11);
    for (int i = 0; i < 2000; i++)
        g_string_append_printf(users, "i%d,TRUE,,student,,A,B,s%d@students.example.org,,,,\n", i, i);
    fixture_put(&f, "published.csv", DOMAIN);
    fixture_put(&f, "users.csv", users->str);
    g_autoptr(RosterSummary) summary = fixture_import(&f);
    cr_expect(summary->warnings->len < 5);
    cr_expect(fixture_warns(summary, "users.csv:2: enabledUser: should be written in lower case "
                                     "(also lines 3, 4, 5, 6 and 1995 more)"));
}
