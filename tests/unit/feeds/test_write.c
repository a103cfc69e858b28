#include "paper.h"

#include "roster/schema.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct {
    const char *name, *text;
    const char *sql, *expect; // first column of all rows
} Case;

#define PEOPLE   "SELECT pid FROM person ORDER BY id"
#define PERSON   "SELECT given || '/' || family || '/' || roles || '/' || enabled || '/' || gone FROM person"
#define CONTACTS "SELECT key || '=' || field || use FROM contact ORDER BY key, person, record"
#define PERSONAL                                                                                             \
    "SELECT field || source || person || (sealed IS NOT NULL) FROM personal ORDER BY field, sealed IS NULL"
#define STAFF_ROW  "sis:t1 staff Dana/Whitlock mail=dana@example.org"
#define GUARDIAN_1 "sis:g1 guardian Hana/Lee mail=hana@example.net"

static const Case CASES[] = {
    // who is who
    {"pid is the id in the source", STAFF_ROW "\n" GUARDIAN_1, PEOPLE, "t1 g1"},
    {"of two people with one id the second has the source's name before it",
     "sis:1 staff Dana/Whitlock\nad:1 staff Pat/Okafor", PEOPLE, "1 ad/1"},
    {"and a number behind where that is an id, too",
     "sis:1 staff Dana/Whitlock\nsis:ad/1 staff Bo/Ito\nsis:ad/1/2 staff Al/Roe\nad:1 staff Pat/Okafor",
     PEOPLE, "1 ad/1 ad/1/2 ad/1/3"},
    {"the pid of before stays", "sis:t1 staff Dana/Whitlock pid=77", PEOPLE, "77"},
    {"with the one who is there, not with who is gone",
     "sis:t1 staff Dana/Whitlock pid=77 gone=20261001\nad:d staff Pat/Okafor pid=77", PEOPLE, "t1 77"},
    {"nobody new takes a pid of before", "sis:77 staff Dana/Whitlock\nad:d staff Pat/Okafor pid=77", PEOPLE,
     "sis/77 77"},
    {"two records of one person", "sis:t1 staff Dana/Whitlock id=emp:5\nad:d none D/Whitlock id=emp:5",
     PERSON, "Dana/Whitlock/64/1/0"},
    {"the source that stands first names",
     "! source ad ad ad\n! source sis sis sis\nsis:t1 staff Dana/Whitlock id=emp:5\nad:d none D/Whitlock "
     "id=emp:5",
     "SELECT given || pid FROM person", "Dd"},
    {"a record without a name does not",
     "! source ad ad ad\nad:d none / id=emp:5\nsis:t1 staff Dana/Whitlock id=emp:5",
     "SELECT given || pid FROM person", "Danad"},
    {"roles together, enabled when one is",
     "sis:t1 staff Dana/Whitlock id=emp:5 off=1\nad:d guardian Dana/Whitlock id=emp:5", PERSON,
     "Dana/Whitlock/80/1/0"},
    {"gone when all are, since the last went",
     "sis:t1 staff Dana/Whitlock id=emp:5 gone=20260901\nad:d none Dana/Whitlock id=emp:5 gone=20261001",
     PERSON, "Dana/Whitlock/64/0/20261001"},
    {"what somebody was counts no more",
     "sis:t1 staff Dana/Whitlock id=emp:5 gone=20260901 post=staff.principal.hs\nad:d guardian Dana/Whitlock "
     "id=emp:5",
     "SELECT roles || '/' || enabled || '/' || gone || '/' || schools || '/' || (SELECT count(*) FROM post) "
     "FROM "
     "person",
     "16/1/0//0"},
    {"but all of it where the person is gone",
     "sis:t1 staff Dana/Whitlock gone=20260901 post=staff.principal.hs",
     "SELECT roles || '/' || schools || '/' || (SELECT position FROM post) FROM person", "64/hs/principal"},
    {"a birth date of a student", "sis:s1 student Min/Lee birth=20100214 grade=10",
     "SELECT birth || '/' || grade FROM person UNION ALL SELECT birth || '/' || grade FROM record",
     "20100214/10 20100214/10"},
    {"none of staff",
     "sis:t1 staff Dana/Whitlock birth=19700101\nsis:b staff+student Bo/Ito birth=20000101\nsis:g guardian "
     "G/H "
     "birth=19800101",
     "SELECT (SELECT sum(birth) FROM person) || '/' || (SELECT sum(birth) FROM record)", "0/0"},
    {"schools, each once",
     "sis:t1 staff Dana/Whitlock post=staff..hs post=staff.coach.hs post=staff..ms post=staff",
     "SELECT schools FROM person", "hs,ms"},
    {"a manager of another source",
     "sis:t1 staff Dana/Whitlock id=emp:1\nad:d staff Dana/Whitlock id=emp:1\nad:e staff Pat/Okafor "
     "boss=ad:d",
     "SELECT p.pid || '<' || m.pid FROM person p JOIN person m ON m.id = p.manager", "e<t1"},

    // addresses
    {"email before username, alias, others and previous",
     "sis:t1 staff Dana/Whitlock prev=p@example.org alias=a@example.org user=u@example.org "
     "mail=m@example.org",
     "SELECT mail FROM person", "m@example.org"},
    {"username before alias", "sis:t1 staff Dana/Whitlock alias=a@example.org user=u@example.org",
     "SELECT mail FROM person", "u@example.org"},
    {"previous where there is no other", "sis:t1 staff Dana/Whitlock prev=p@example.org",
     "SELECT mail FROM person", "p@example.org"},
    {"a school address before a better one elsewhere",
     "sis:t1 staff Dana/Whitlock mail=d@example.net alias=a@example.org", "SELECT mail FROM person",
     "a@example.org"},
    {"no school address", GUARDIAN_1, "SELECT mail FROM person", ""},
    {"a domain of published.csv is the school's",
     "! published d domain:books.example.com domain Library\nsis:t1 staff Dana/Whitlock "
     "mail=d@books.example.com",
     "SELECT mail FROM person", "d@books.example.com"},
    {"one row for an address that stands in two fields",
     "sis:t1 staff Dana/Whitlock user=dana@example.org mail=dana@example.org", CONTACTS,
     "email:dana@example.org=email0"},
    {"one for each record",
     "sis:t1 staff Dana/Whitlock mail=dana@example.org\nad:d staff Dana/Whitlock mail=dana@example.org",
     "SELECT key || person || record FROM contact", "email:dana@example.org11 email:dana@example.org12"},

    // whose details are plain
    {"a guardian's and a student's",
     "sis:g1 guardian Hana/Lee sms=+14135550101\nsis:s1 student Min/Lee sms=+14135550102", CONTACTS,
     "phone7:5550101=sms0 phone7:5550102=sms0 phone:+14135550101=sms0 phone:+14135550102=sms0"},
    {"a number of a staff member is not", "sis:t1 staff Dana/Whitlock sms=+14135550101", CONTACTS, ""},
    {"it is a hash, found whole and by its end", "sis:t1 staff Dana/Whitlock sms=+14135550101", PERSONAL,
     "smssis11 smssis10"},
    {"one given by work is plain", "sis:t1 staff Dana/Whitlock work=+14135550111", CONTACTS,
     "phone7:5550111=work1 phone:+14135550111=work1"},
    {"an address elsewhere that the own row has is plain", "sis:t1 staff Dana/Whitlock mail=dana@example.net",
     CONTACTS, "email:dana@example.net=email0"},
    {"a recovery address is not", "sis:t1 staff Dana/Whitlock recovery=dana@example.net",
     "SELECT (SELECT count(*) FROM contact) || '/' || (SELECT count(*) FROM personal WHERE field = "
     "'recovery')",
     "0/2"},
    {"of a student it is, but nobody is written to there", "sis:s1 student Min/Lee recovery=min@example.org",
     "SELECT (SELECT key || use FROM contact) || '/' || (SELECT ifnull(mail, '') FROM person)",
     "email:min@example.org2/"},
    {"a guardian's row of a staff member tells the guardian's",
     "sis:t1 staff Dana/Whitlock id=emp:5 sms=+14135550101\nsis:g1 guardian Dana/Whitlock id=emp:5 "
     "sms=+14135550102",
     "SELECT key || '/' || record FROM contact WHERE key GLOB 'phone:*' UNION SELECT 'hash/' || record FROM "
     "personal",
     "hash/1 phone:+14135550102/2"},
    {"a record without a role is the staff member's",
     "sis:t1 staff Dana/Whitlock id=emp:5\ngoogle:1 none Dana/Whitlock id=emp:5 sms=+14135550101",
     "SELECT (SELECT count(*) FROM contact) || '/' || source || record FROM personal WHERE sealed IS NOT "
     "NULL",
     "0/google2"},
    {"a handle that is a number, and a street",
     "sis:g1 guardian Hana/Lee handle=whatsapp:+14135550190 home=12_Elm_Street,_Northfield", CONTACTS,
     "handle:whatsapp:+14135550190=handle0 phone7:5550190=handle0 phone:+14135550190=handle0 "
     "street:12 elm st=home0 street:12 elm st|northfield=home0"},
    {"told by address", "! personal d dana@example.org cell +14135550101\n" STAFF_ROW,
     "SELECT owner || person || '/' || record || source FROM personal WHERE sealed IS NOT NULL",
     "dana@example.org0/0d"},

    // names and logins
    {"names of staff and students", STAFF_ROW "\n" GUARDIAN_1 "\nsis:s1 student Jos\303\251/O'Brien-Lane",
     "SELECT last || '|' || words FROM name", "lane jose|jose obrien lane whitlock dana|dana whitlock"},
    {"preferred ones, crossed", "sis:t1 staff Xiu_Ying/Chen pref=Grace/Wong", "SELECT last FROM name",
     "chen grace chen xiu wong grace wong xiu"},
    {"of each record, each once",
     "sis:t1 staff Robert/Ames id=emp:5\nad:d staff Bob/Ames id=emp:5\ngoogle:d staff ROBERT/AMES id=emp:5",
     "SELECT last FROM name", "ames bob ames robert"},
    {"a single word is nobody's", "sis:t1 staff Dana/ \nsis:t2 staff /Whitlock", "SELECT last FROM name", ""},
    {"logins but no addresses",
     "sis:t1 staff Dana/Whitlock login=zdana\nsis:t2 staff Bo/Ito login=bo\nsis:t3 staff Al/Roe "
     "login=al@example.org",
     "SELECT name || person FROM login", "bo2 zdana1"},

    // classes and families
    {"seats by class and person",
     "sis:t1 staff A/B\nsis:s1 student C/D\n! class sis c2 Algebra hs class 20260801 20270601\n"
     "! class sis c1 Band hs group 0 0\n! seat sis:c2 sis:s1 student 20260901 0\n! seat sis:c2 sis:t1 staff "
     "0 0\n"
     "! seat sis:c1 sis:s1 student 0 20261201",
     "SELECT c.cid || '/' || p.pid || '/' || s.role || '/' || s.begins || '/' || s.ends FROM seat s JOIN "
     "class c "
     "ON c.id = s.class JOIN person p ON p.id = s.person",
     "c2/t1/6/0/0 c2/s1/5/20260901/0 c1/s1/5/0/20261201"},
    {"a seat told twice ends at the later end",
     "sis:s1 student C/D\n! class sis c Algebra hs class 0 0\n! seat sis:c sis:s1 student 20260901 20261001\n"
     "! seat sis:c sis:s1 student 20260901 0\n! seat sis:c sis:s1 student 20260901 20270101",
     "SELECT ends FROM seat", "0"},
    {"two sources with a class of one id",
     "ad:s1 student C/D\nsis:s2 student E/F\n! class sis c Algebra hs class 0 0\n! class ad c Algebra_I hs "
     "class 0 "
     "0\n! seat sis:c sis:s2 student 0 0\n! seat ad:c ad:s1 student 0 0",
     "SELECT c.title || '/' || p.pid FROM seat s JOIN class c ON c.id = s.class JOIN person p ON p.id = "
     "s.person "
     "WHERE c.cid = 'c'",
     "Algebra I/s1 Algebra/s2"},
    {"links and what told of them",
     "sis:s1 student Min/Lee\n" GUARDIAN_1
     "\n! link sis agent sis:s1 sis:g1\n! link sis agent sis:g1 sis:s1\n"
     "! link sis guardian sis:s1 sis:g1\n! link sis guardian sis:s1 sis:nobody",
     "SELECT 'link' || guardian || student FROM link UNION ALL SELECT kind || a || b FROM relation",
     "link21 agent12 guardian12 agent21"},

    // the rest
    {"a list that two know, one by its members",
     "! list sis band@example.org 0 Band\n! list ad band@example.org 1 The_band\n! list ad band@example.org "
     "0 _\n"
     "! member ad band@example.org class:c1\n! member ad band@example.org a@example.org",
     "SELECT source || address || known || name FROM list UNION ALL SELECT list || member FROM list_member",
     "1band@example.org0Band 2band@example.org1The band band@example.orga@example.org "
     "band@example.orgclass:c1"},
    {"sources", "! source sis oneroster pupils\n! source ad ldap ad",
     "SELECT id || name || type || space FROM source", "1sisonerosterpupils 2adldapad"},
};

Test(write, says_what_the_model_says)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Paper paper;
        paper_init(&paper);
        g_autofree char *path = paper_write(&paper, "r.db", CASES[i].text);
        g_autofree char *got = paper_ask(path, CASES[i].sql);
        const char *expect = CASES[i].expect[0] == '\0' && strcmp(got, "-") == 0 ? "-" : CASES[i].expect;
        cr_expect_str_eq(got, expect, "%s:\n  %s\n  %s", CASES[i].name, got, expect);
        paper_clear(&paper);
    }
}

Test(write, counts_what_is_there)
{
    Paper paper;
    paper_init(&paper);
    g_autoptr(FeedRun) run = paper_run(&paper);
    paper_fill(
        run, "sis:t1 staff+guardian Dana/Whitlock sms=+14135550101\nsis:t2 staff Old/Teacher gone=20261001\n"
             "sis:s1 student Min/Lee\nsis:g1 guardian Hana/Lee\n! link sis agent sis:s1 sis:g1\n"
             "! link sis agent sis:g1 sis:s1\n! class sis c A hs class 0 0\n! seat sis:c sis:s1 student 0 0\n"
             "! seat sis:c sis:s1 student 0 0\n! list d l@example.org 1 L\n! member d l@example.org "
             "m@example.org\n"
             "! member d l@example.org m@example.org\n! personal d dana@example.org cell +14135550102\n"
             "! student d m@example.net s@example.org\n! published d phone:+14135550100 phone Office\n"
             "! block d 14135550100 14135550199 Block\n! webmail d mail.example.net\n"
             "! tool d Docs host docs.example.com _ 0 0 IT");
    g_autofree char *path = paper_end(&paper, run, "r.db");
    const FeedSummary *s = run->summary;
    const guint counts[] = {s->people,  s->staff,    s->students,    s->guardians,
                            s->links,   s->classes,  s->enrollments, s->lists,
                            s->members, s->personal, s->published,   s->student_addresses,
                            s->webmail, s->tools};
    const guint expect[] = {3, 1, 1, 2, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        cr_expect_eq(counts[i], expect[i], "count %zu: %u", i, counts[i]);
    paper_clear(&paper);
}

// Private details are as they were for who writes the model a second time.
Test(write, leaves_the_model_as_it_was)
{
    Paper paper;
    paper_init(&paper);
    g_autoptr(FeedRun) run = paper_run(&paper);
    paper_fill(run, "sis:t1 staff Dana/Whitlock sms=+14135550101 recovery=d@example.net\n"
                    "! personal d dana@example.org cell +14135550102");
    guint personal = run->model->personal->len, contacts = run->model->contacts->len;
    g_autofree char *one = paper_end(&paper, run, "a.db"), *two = paper_end(&paper, run, "b.db");
    const char *sql = "SELECT hex(hash) || person || owner || field || source || record FROM personal";
    g_autofree char *first = paper_ask(one, sql), *second = paper_ask(two, sql);
    cr_expect_str_eq(first, second);
    cr_expect_eq(run->model->personal->len, personal);
    cr_expect_eq(run->model->contacts->len, contacts);
    paper_clear(&paper);
}

Test(write, nothing_of_a_staff_members_private_details_stands_in_the_file)
{
    Paper paper;
    paper_init(&paper);
    g_autofree char *path = paper_write(
        &paper, "r.db",
        "sis:t1 staff Dana/Whitlock sms=+14135550177 recovery=dana.private@example.net birth=19700203\n"
        "! personal d dana@example.org cell +14135550188\n"
        "sis:g1 guardian Hana/Lee sms=+14135550166");
    g_autoptr(GBytes) bytes = file_read(path, 10000000, NULL);
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);
    static const char *const hidden[] = {"5550177", "dana.private", "5550188", "19700203"};
    for (gsize i = 0; i < G_N_ELEMENTS(hidden); i++)
        cr_expect_null(memmem(data, length, hidden[i], strlen(hidden[i])), "%s", hidden[i]);
    cr_expect_not_null(memmem(data, length, "5550166", 7), "a family's are kept to be told from those");
    paper_clear(&paper);
}

Test(write, an_empty_model_is_a_roster)
{
    Paper paper;
    paper_init(&paper);
    g_autofree char *path = paper_write(&paper, "r.db", "");
    g_autofree char *got = paper_ask(path, "SELECT (SELECT count(*) FROM person) || hex(value) FROM meta");
    unsigned char hash[KEY_HASH];
    g_autoptr(GString) expect = g_string_new("0");
    key_hash(&paper.key, "key", hash);
    for (gsize i = 0; i < sizeof hash; i++)
        g_string_append_printf(expect, "%02X", hash[i]);
    cr_expect_str_eq(got, expect->str);
    paper_clear(&paper);
}

Test(write, a_file_that_cannot_be_written_is_an_error)
{
    Paper paper;
    g_autoptr(GError) error = NULL;
    paper_init(&paper);
    g_autoptr(FeedRun) run = paper_run(&paper);
    paper_fill(run, STAFF_ROW);
    cr_assert(merge_run(run, NULL));
    g_autofree char *path = ground_path(&paper.ground, "none/r.db");
    cr_expect_not(write_file(run, path, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_NOINPUT, "%s", error->message);
    cr_expect_not_null(strstr(error->message, path));
    paper_clear(&paper);
}

// More rows than an insert takes, at every remainder.
Test(write, any_number_of_rows)
{
    for (guint count = 14; count <= 34; count++) {
        Paper paper;
        paper_init(&paper);
        g_autoptr(FeedRun) run = paper_run(&paper);
        g_autoptr(GString) text = g_string_new("! class sis c A hs class 0 0\n");
        for (guint i = 0; i < count; i++)
            g_string_append_printf(
                text, "sis:s%u student Min/Lee%u sms=+1413555%04u\n! seat sis:c sis:s%u student 0 0\n", i, i,
                i, i);
        paper_fill(run, text->str);
        g_autofree char *path = paper_end(&paper, run, "r.db");
        g_autofree char *got =
            paper_ask(path, "SELECT (SELECT count(*) FROM person) || '/' || (SELECT count(*) FROM "
                            "contact) || '/' || (SELECT count(*) FROM seat)");
        g_autofree char *expect = g_strdup_printf("%u/%u/%u", count, 2 * count, count);
        cr_expect_str_eq(got, expect);
        cr_expect_eq(run->summary->enrollments, count);
        paper_clear(&paper);
    }
}

// A file cut short, or an older one, is no roster.
Test(schema, opens_rosters_of_this_version_only)
{
    Paper paper;
    paper_init(&paper);
    static const struct {
        const char *sql, *says;
    } cases[] = {
        {"PRAGMA user_version = 1", "run `chaperone roster import`"},
        {"PRAGMA user_version = 0", "an older program"},
        {"PRAGMA user_version = 4", "a newer program"},
        {"PRAGMA application_id = 7", "not a roster"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = g_strdup_printf("%zu.db", i);
        g_autofree char *path = paper_write(&paper, name, STAFF_ROW);
        ground_exec(path, cases[i].sql);
        g_autoptr(StoreDb) read = schema_open_read(path, &error);
        cr_expect_null(read);
        cr_expect_not_null(strstr(error->message, cases[i].says), "%s", error->message);
        cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
        g_clear_error(&error);
        g_autoptr(StoreDb) change = schema_open_change(path, &error);
        cr_expect_null(change);
        cr_expect_eq(base_exit_status(error), BASE_ERROR_DATA);
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *none = ground_path(&paper.ground, "none.db");
    cr_expect_null(schema_open_change(none, &error));
    cr_expect_eq(base_exit_status(error), BASE_ERROR_NOINPUT, "%s", error->message);
    cr_expect_not(g_file_test(none, G_FILE_TEST_EXISTS), "it is not made by looking");
    paper_clear(&paper);
}
