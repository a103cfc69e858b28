#include "fixture.h"

#include "feeds/feeds.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char USERS[] =
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
    "middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password\r\n"
    "stf-1,,,true,\"hs,ms\",teacher,dwhitlock,,Dana,Whitlock,,,dana.whitlock@example.org,,,,,"
    "hunter2secret\r\n"
    "stf-2,,,true,hs,teacher,tlane,,T\303\251o,O'Brien-Lane,,,tlane@example.org,4135550117,,,,\r\n"
    "stf-3,,,true,hs,administrator,pokafor,,Pat,Okafor,,,pokafor@example.org,,,,,\r\n"
    "stf-4,,,true,hs,aide,srourke,,Sam,Rourke,,,srourke@example.org,,,,,\r\n"
    "stf-5,,,true,hs,teacher,icarv,,Ines,Carvalho,,,icarvalho@example.org,,,,,\r\n"
    "stu-1,,,true,hs,student,minlee,,Min,Lee,,,mlee@students.example.org,,,\"par-1,par-9\",11,\r\n"
    "stu-2,,,true,hs,student,aortiz,,Ana,Ortiz,,,aortiz@students.example.org,4135550166,,,11,\r\n"
    "stu-3,,,true,hs,student,erourke,,Eli,Rourke,,,erourke@students.example.org,,,stf-1,10,\r\n"
    "stu-4,,,true,hs,student,scarv,,Sofia,Carvalho,,,scarvalho@students.example.org,,,par-5,9,\r\n"
    "stu-5,,,false,hs,student,gone,,Gil,Gone,,,ggone@students.example.org,,,,9,\r\n"
    "par-1,,,true,hs,guardian,hlee,,Hana,Lee,,,hana.lee@example.net,5085550142,508-555-0143,,,\r\n"
    "par-2,,,true,hs,parent,oortiz,,Olga,Ortiz,,,olga.ortiz@example.net,5085550144,,stu-2,,\r\n"
    "par-4,,,true,hs,guardian,,,Samuel,Rourke,,,srourke@example.org,4135550184,,stu-3,,\r\n"
    "par-5,,,true,hs,relative,,,Ines,Carvalho,,,ines.home@mail.example.net,4135550162,,,,\r\n";
static const char ORGS[] = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
                           "hs,,,High School,school,,\nms,,,Middle School,school,,\n";
static const char CLASSES[] =
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,"
    "location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
    "cls-1,,,English,11,,,scheduled,,hs,,,,\ncls-2,,,Band,\"9,10\",,,scheduled,,hs,,,,\n";
static const char ENROLLMENTS[] =
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,"
    "endDate\n"
    "e1,,,cls-1,hs,stf-1,teacher,true,,\ne2,,,cls-1,hs,stu-1,student,,,\ne3,,,cls-1,hs,stu-2,student,,,\n"
    "e4,,,cls-2,hs,stf-4,teacher,true,,\ne5,,,cls-2,hs,stu-3,student,,2026-08-24,2026-10-10\n"
    "e6,,,cls-2,hs,stu-4,student,,,\n";
static const char PERSONAL[] =
    "address,kind,value\n"
    "dana.whitlock@example.org,email,dana.writes@mail.example.net\n"
    "dana.whitlock@example.org,cell,+14135550151\n"
    "dana.whitlock@example.org,home-address,\"14 Larkspur Lane, Alder Falls, MA 01399\"\n"
    "dana.whitlock@example.org,handle,instagram:Dana.Writes.Things\n"
    "dana.whitlock@example.org,handle,whatsapp:+14135550190\n"
    "tlane@example.org,handle,venmo:teo-lane\n"
    "tlane@example.org,cell,+14135550105\n"
    "srourke@example.org,cell,413-555-0184\n"
    "icarvalho@example.org,email,ines.home@mail.example.net\n";
static const char PUBLISHED[] = "kind,value,label\n"
                                "domain,example.org,mail and web\n"
                                "phone-block,+14135550100/+14135550109,direct dial\n"
                                "phone,988,Lifeline\nphone,+18005550199,Tip line\n"
                                "email,pto@mail.example.net,PTO\nhandle,twitter:@ExampleSchools,district\n"
                                "invite,https://www.remind.example/join/band/,class\n"
                                "address,\"31 Mill Street, Alder Falls, MA 01399\",district office\n";
static const char LISTS[] = "list,member\n"
                            "english@example.org,class:cls-1\nstaff@example.org,dana.whitlock@example.org\n"
                            "staff@example.org,TLane@Example.org\nall@example.org,staff@example.org\n"
                            "all@example.org,english@example.org\nall@example.org,guest@example.net\n"
                            "staff@example.org,all@example.org\nparents@example.org,hana.lee@example.net\n";
static const char EXCEPTIONS[] =
    "id,kind,staff,students,values,from,until,approver,guardian_consent,purpose_required\n"
    "EX-1,trip,srourke@example.org,class:cls-2,+14135550184,2026-10-14,2026-10-18,pokafor@example.org,yes,"
    "yes\n"
    "EX-2,approved,dana.whitlock@example.org,mlee@students.example.org;AOrtiz@students.example.org,"
    "(413) 555-0151;instagram:@dana.writes.things,2026-10-01,2026-12-18,pokafor@example.org,yes,no\n"
    "EX-3,approved,dana.whitlock@example.org,*,*,2026-10-01,2026-12-18,dana.whitlock@example.org,no,no\n";

static void replace(char **at, char *value)
{
    g_free(*at);
    *at = value;
}

void fixture_init(Fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->dir = g_dir_make_tmp("chaperone-roster-XXXXXX", NULL);
    cr_assert(fixture->dir != NULL);
    fixture->input = g_build_filename(fixture->dir, "export", NULL);
    cr_assert(g_mkdir(fixture->input, 0700) == 0);
    fixture->config = config_defaults();
    replace(&fixture->config->roster.database, g_build_filename(fixture->dir, "db", "roster.db", NULL));
    replace(&fixture->config->roster.key_file, g_build_filename(fixture->dir, "db", "key", NULL));
    replace(&fixture->config->policy.lists_dir, g_build_filename(fixture->dir, "lists", NULL));
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_tree(child);
        else
            g_unlink(child);
    }
    if (dir != NULL)
        g_dir_close(dir);
    g_rmdir(path);
}

void fixture_clear(Fixture *fixture)
{
    roster_session_end(fixture->session);
    roster_unref(fixture->roster);
    config_unref(fixture->config);
    remove_tree(fixture->dir);
    g_free(fixture->dir);
    g_free(fixture->input);
}

void fixture_put(Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->input, name, NULL);
    g_autofree char *dir = g_path_get_dirname(path);
    cr_assert(g_mkdir_with_parents(dir, 0700) == 0);
    if (text == NULL)
        g_unlink(path);
    else
        cr_assert(g_file_set_contents(path, text, -1, NULL));
}

void fixture_put_district(Fixture *fixture)
{
    fixture_put(fixture, "users.csv", USERS);
    fixture_put(fixture, "orgs.csv", ORGS);
    fixture_put(fixture, "classes.csv", CLASSES);
    fixture_put(fixture, "enrollments.csv", ENROLLMENTS);
    fixture_put(fixture, "personal.csv", PERSONAL);
    fixture_put(fixture, "published.csv", PUBLISHED);
    fixture_put(fixture, "lists.csv", LISTS);
    fixture_put(fixture, "students-personal.csv",
                "student,address\nmlee@students.example.org,min.plays@mail.example.net\n");
    fixture_put(fixture, "webmail.csv", "domain\nmail.example.net\n");
    fixture_put(fixture, "exceptions.csv", EXCEPTIONS);
}

void fixture_import(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    FeedResult *result = feeds_import_path(fixture->config, fixture->input, false, FIXTURE_TODAY, &error);
    cr_assert(result != NULL, "import: %s", error != NULL ? error->message : "no reason given");
    feed_result_free(result);
}

RosterSession *fixture_open(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    roster_session_end(g_steal_pointer(&fixture->session));
    roster_unref(g_steal_pointer(&fixture->roster));
    fixture->roster = roster_open(fixture->config, &error);
    cr_assert(fixture->roster != NULL, "%s", error != NULL ? error->message : "");
    fixture->session = roster_session_begin(fixture->roster, FIXTURE_TODAY, &error);
    cr_assert(fixture->session != NULL, "%s", error != NULL ? error->message : "");
    return fixture->session;
}

char *fixture_who(Fixture *fixture, const char *address)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *copy = g_strdup(address); // exact size, so that an overrun is seen
    g_autoptr(Party) party = roster_resolve(fixture->session, copy, &error);
    cr_assert(party != NULL, "%s", error != NULL ? error->message : "");
    return g_strdup_printf("%s %s %s", role_name(party->role), account_name(party->account),
                           party->person != NULL ? party->person : "-");
}

char *fixture_owners(Fixture *fixture, Kind kind, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *copy = g_strdup(value);
    g_autoptr(GPtrArray) owners = roster_owners(fixture->session, kind, copy, &error);
    cr_assert(owners != NULL, "%s", error != NULL ? error->message : "");
    for (guint i = 0; i < owners->len; i++) {
        const RosterOwner *owner = owners->pdata[i];
        g_string_append_printf(out, "%s%s:%s", i > 0 ? " " : "", owner_name(owner->owner),
                               owner->person != NULL ? owner->person : "-");
    }
    return g_strdup(out->str);
}

char *fixture_join(GPtrArray *strings)
{
    cr_assert(strings != NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < strings->len; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", (char *)strings->pdata[i]);
    g_ptr_array_unref(strings);
    return g_strdup(out->str);
}
