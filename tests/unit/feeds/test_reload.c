#include "paper.h"

#include "roster/schema.h"

#include <criterion/criterion.h>
#include <string.h>

// One source of a run: what it covers, and what is read of it.
typedef struct {
    const char *source;
    guint replaces, changes;
    const char *text;
} Input;

// A run after the generation `before`: as feeds_import does it.
static char *again(const Paper *paper, const char *before, const Input *inputs, gsize count, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FeedRun) run = paper_run(paper);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(StoreDb) db = schema_open_read(before, &error);
    cr_assert_not_null(db, "%s", error != NULL ? error->message : "");
    for (gsize i = 0; i < count; i++) {
        FeedInput *input = g_new0(FeedInput, 1);
        input->replaces = inputs[i].replaces;
        input->changes = inputs[i].changes;
        input->source = model_source(run->model, inputs[i].source, inputs[i].source, inputs[i].source);
        g_array_index(run->model->sources, ModelSource, input->source).now = true;
        g_ptr_array_add(list, input);
    }
    cr_assert(reload_before(run, db, list, &error), "%s", error != NULL ? error->message : "");
    for (gsize i = 0; i < count; i++)
        paper_fill(run, inputs[i].text);
    cr_assert(reload_after(run, db, list, &error), "%s", error != NULL ? error->message : "");
    return paper_end(paper, run, name);
}

#define EVERYTHING                                                                                           \
    "! source sis oneroster pupils\n! source ad ldap ad\n! source d district d\n"                            \
    "sis:t1 staff Dana/Whitlock mail=dana@example.org prev=dw@example.org sms=+14135550101 "                 \
    "work=+14135550111 "                                                                                     \
    "id=emp:5 login=dana post=staff.principal.hs.20260801.20270701 post=staff..ms boss=sis:t2 pref=Dee/\n"   \
    "sis:t2 staff Pat/Okafor mail=pat@example.org off=1\n"                                                   \
    "ad:d9 none D/Whitlock id=emp:5 mail=dana@example.org alias=d.w@example.org recovery=dana@example.net\n" \
    "sis:s1 student Min/Lee mail=min@students.example.org birth=20100214 grade=10 post=student..hs\n"        \
    "sis:s2 student Ana/Ortiz gone=20261001 mail=ana@students.example.org\n"                                 \
    "d:g1 guardian Hana/Lee mail=hana@example.net sms=+15085550142 handle=whatsapp:+15085550143 "            \
    "home=12_Elm_Street,_Northfield\n"                                                                       \
    "! org sis hs High_School school district\n! class sis c1 Algebra hs class 20260801 20270601\n"          \
    "! class d band Jazz_Band _ group 0 0\n! seat sis:c1 sis:t1 staff 0 0\n"                                 \
    "! seat sis:c1 sis:s1 student 20260901 0\n! seat d:band sis:s1 student 0 20270101\n"                     \
    "! link sis agent sis:s1 d:g1\n! link d guardian d:g1 sis:s1\n! list d band@example.org 1 Band\n"        \
    "! list ad all@example.org 0 Everybody\n! member d band@example.org class:band\n"                        \
    "! personal d dana@example.org cell +14135550177\n! student d min@example.net "                          \
    "min@students.example.org\n"                                                                             \
    "! published d domain:books.example.com domain Library\n! published d phone:+14135550100 phone Office\n" \
    "! block d 14135550100 14135550199 Block\n! webmail d mail.example.com\n"                                \
    "! tool d Docs host docs.example.com hd=example.org 20260101 0 IT\n"

static void expect(const char *name, const char *path, const char *sql, const char *text)
{
    g_autofree char *got = paper_ask(path, sql);
    cr_expect_str_eq(got, text, "%s:\n  %s\n  %s", name, got, text);
}

// ---- all of it ------------------------------------------------------------------------------------------

Test(reload, what_nobody_reads_anew_is_written_as_it_was)
{
    static const Input runs[][2] = {
        {{"other", 0xfff, 0, ""}},
        {{"sis", 0, 0, ""}, {"d", 0, 0, ""}},
        {{"sis", 0xfff, 0xfff, ""}, {"ad", 0, 0xfff, ""}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
        Paper paper;
        paper_init(&paper);
        g_autofree char *one = paper_write(&paper, "1.db", EVERYTHING);
        g_autofree char *two = again(&paper, one, runs[i], runs[i][1].source != NULL ? 2 : 1, "2.db");
        ground_exec(two, "DELETE FROM source WHERE name = 'other'");
        // What this run says of its sources is this run's.
        ground_exec(one, "UPDATE source SET type = '', space = '', imported = 0");
        ground_exec(two, "UPDATE source SET type = '', space = '', imported = 0");
        g_autofree char *first = paper_dump(one), *second = paper_dump(two);
        cr_expect_str_eq(second, first, "run %zu:\n%s\n---\n%s", i, first, second);
        paper_clear(&paper);
    }
}

// ---- one thing at a time --------------------------------------------------------------------------------

typedef struct {
    const char *name, *before;
    Input inputs[3];
    const char *sql, *expect;
} Case;

#define SOURCES "(SELECT group_concat(name) FROM (SELECT name FROM source ORDER BY id))"
#define ALL     0xfff
#define PEOPLE  "SELECT pid || '/' || roles || '/' || enabled || '/' || gone FROM person ORDER BY pid"
#define MAILS                                                                                                \
    "SELECT substr(key, 7) || '=' || field || '/' || (SELECT pid FROM person p WHERE p.id = person) FROM "   \
    "contact"
#define SEATS                                                                                                \
    "SELECT c.cid || '/' || p.pid FROM seat s JOIN class c ON c.id = s.class JOIN person p ON p.id = "       \
    "s.person"
#define SIS_2                                                                                                \
    "sis:t1 staff Dana/Whitlock mail=dana@example.org\nsis:s1 student Min/Lee mail=min@example.org\n"

static const Case CASES[] = {
    // who is gone, and back
    {"who is in no export any more is gone today",
     SIS_2,
     {{"sis", COVERS_PEOPLE, 0, "sis:t1 staff Dana/Whitlock"}},
     PEOPLE,
     "s1/32/0/20261122 t1/64/1/0"},
    {"and since then",
     "sis:s1 student Min/Lee gone=20261001",
     {{"sis", COVERS_PEOPLE, 0, ""}},
     PEOPLE,
     "s1/32/0/20261001"},
    {"until it is too long",
     "sis:s1 student Min/Lee gone=20251017\nsis:s2 student Ana/Ortiz gone=20251018",
     {{"sis", COVERS_PEOPLE, 0, ""}},
     PEOPLE,
     "s2/32/0/20251018"},
    {"whoever reads",
     "sis:s1 student Min/Lee gone=20251017\nsis:s2 student Ana/Ortiz gone=20251018",
     {{"ad", COVERS_PEOPLE, 0, ""}},
     PEOPLE,
     "s2/32/0/20251018"},
    {"back again",
     "sis:s1 student Min/Lee gone=20261001 prev=min@example.org",
     {{"sis", COVERS_PEOPLE, 0, "sis:s1 student Min/Lee"}},
     PEOPLE,
     "s1/32/1/0"},
    {"somebody gone keeps addresses, posts, names, private details",
     "sis:t1 staff Dana/Whitlock mail=dana@example.org sms=+14135550101 post=staff.nurse.hs id=emp:5 "
     "pref=Dee/",
     {{"sis", COVERS_PEOPLE, 0, ""}},
     "SELECT (SELECT key FROM contact) || (SELECT position FROM post) || (SELECT count(*) FROM personal) || "
     "(SELECT count(*) FROM name) || (SELECT value FROM ident)",
     "email:dana@example.orgnurse225"},
    {"but no seat and no child",
     "sis:s1 student Min/Lee\nsis:g guardian H/L\n! class sis c A hs class 0 0\n! seat sis:c sis:s1 student "
     "0 0\n"
     "! link sis guardian sis:s1 sis:g",
     {{"sis", COVERS_PEOPLE, 0, "sis:g guardian H/L"}},
     "SELECT (SELECT count(*) FROM seat) + (SELECT count(*) FROM link) + (SELECT count(*) FROM relation)",
     "0"},
    {"gone in one source, there in another",
     "sis:t1 staff Dana/Whitlock id=emp:5\nad:d guardian Dana/Whitlock id=emp:5",
     {{"sis", COVERS_PEOPLE, 0, ""}},
     PEOPLE,
     "t1/16/1/0"},
    {"another source's people stay",
     SIS_2,
     {{"ad", ALL, 0, "ad:d staff Bo/Ito"}},
     PEOPLE,
     "d/64/1/0 s1/32/1/0 t1/64/1/0"},
    {"so do those of a source whose files of now are without people",
     SIS_2,
     {{"sis", ALL & ~COVERS_PEOPLE, 0, ""}},
     PEOPLE,
     "s1/32/1/0 t1/64/1/0"},

    // pids
    {"a pid stays where another source is the first now",
     "! source sis sis sis\n! source ad ad ad\nsis:t1 staff Dana/Whitlock id=emp:5\nad:d staff Dana/Whitlock "
     "id=emp:5",
     {{"ad", COVERS_PEOPLE, 0, "ad:d staff Dana/Whitlock id=emp:5"},
      {"sis", COVERS_PEOPLE, 0, "sis:t1 staff Dana/Whitlock id=emp:5"}},
     "SELECT pid || " SOURCES " FROM person",
     "t1ad,sis"},
    {"and where one is read alone",
     "! source sis sis sis\n! source ad ad ad\nsis:t1 staff Dana/Whitlock id=emp:5\nad:d staff D/Whitlock "
     "id=emp:5",
     {{"ad", COVERS_PEOPLE, 0, "ad:d staff D/Whitlock id=emp:5"}},
     "SELECT pid || given || " SOURCES " FROM person",
     "t1Danasis,ad"},
    {"new sources come last",
     "! source sis sis sis\n! source ad ad ad",
     {{"new", 0, 0, ""}, {"ad", 0, 0, ""}, {"more", 0, 0, ""}},
     "SELECT " SOURCES,
     "sis,ad,new,more"},
    {"who was one person and is two: the first keeps the pid",
     "sis:t1 staff Dana/Whitlock id=emp:5\nad:d staff Dana/Whitlock id=emp:5",
     {{"ad", COVERS_PEOPLE, 0, "ad:d staff Dana/Whitlock"}},
     PEOPLE,
     "d/64/1/0 t1/64/1/0"},

    // former addresses
    {"an address that somebody had",
     SIS_2,
     {{"sis", COVERS_PEOPLE, 0,
       "sis:t1 staff Dana/Lane mail=dana.lane@example.org\nsis:s1 student Min/Lee mail=min@example.org"}},
     MAILS,
     "dana.lane@example.org=email/t1 dana@example.org=previous/t1 min@example.org=email/s1"},
    {"stays known",
     "sis:t1 staff Dana/Lane mail=dana.lane@example.org prev=dana@example.org",
     {{"sis", COVERS_PEOPLE, 0, "sis:t1 staff Dana/Lane mail=dana.lane@example.org"}},
     MAILS,
     "dana.lane@example.org=email/t1 dana@example.org=previous/t1"},
    {"unless another has it now",
     SIS_2,
     {{"sis", COVERS_PEOPLE, 0,
       "sis:t1 staff Dana/Lane\nsis:t9 staff Dana/Roe mail=dana@example.org\nsis:s1 student Min/Lee"}},
     MAILS,
     "dana@example.org=email/t9 min@example.org=previous/s1"},
    {"or it is outside the district",
     "sis:g guardian H/L mail=h@example.net",
     {{"sis", COVERS_PEOPLE, 0, "sis:g guardian H/L mail=h2@example.net"}},
     MAILS,
     "h2@example.net=email/g"},
    {"or the same person has it from another source",
     "sis:t1 staff Dana/Whitlock id=emp:5 mail=dana@example.org\nad:d staff Dana/Whitlock id=emp:5 "
     "mail=dana@example.org",
     {{"sis", COVERS_PEOPLE, 0, "sis:t1 staff Dana/Whitlock id=emp:5"}},
     MAILS,
     "dana@example.org=email/t1"},
    {"a domain that is published",
     "! published d domain:books.example.com domain L\nsis:t1 staff D/W mail=d@books.example.com",
     {{"sis", COVERS_PEOPLE, 0, "sis:t1 staff D/W"}},
     MAILS,
     "d@books.example.com=previous/t1"},

    // kinds of rows
    {"seats of files that are not there stay for those who are",
     SIS_2 "! class sis c A hs class 0 0\n! seat sis:c sis:s1 student 0 0\n! seat sis:c sis:t1 staff 0 0",
     {{"sis", COVERS_PEOPLE, 0, "sis:s1 student Min/Lee"}},
     SEATS,
     "c/s1"},
    {"for classes that are",
     SIS_2 "! class sis c A hs class 0 0\n! class sis e E hs class 0 0\n! seat sis:c sis:s1 student 0 0\n"
           "! seat sis:e sis:s1 student 0 0",
     {{"sis", COVERS_CLASSES, 0, "! class sis e E2 hs class 0 0"}},
     SEATS,
     "e/s1"},
    {"not those that are read anew",
     SIS_2 "! class sis c A hs class 0 0\n! seat sis:c sis:s1 student 0 0",
     {{"sis", COVERS_SEATS, 0, "! seat sis:c sis:t1 staff 0 0"}},
     SEATS,
     "c/t1"},
    {"another source's group of people that are read anew",
     SIS_2 "! class d band B _ group 0 0\n! seat d:band sis:s1 student 0 0\n! seat d:band sis:t1 staff 0 0",
     {{"sis", ALL, 0, "sis:s1 student Min/Lee"}},
     SEATS,
     "band/s1"},
    {"a child told by a file that is not there",
     "sis:s1 student Min/Lee\nsis:g guardian H/L\n! link sis parent sis:s1 sis:g\n! link sis agent sis:g "
     "sis:s1",
     {{"sis", COVERS_PEOPLE, 0, "sis:s1 student Min/Lee\nsis:g guardian H/L"}},
     "SELECT kind || (SELECT count(*) FROM link) FROM relation",
     "parent1"},
    {"one told by somebody's own row goes with it",
     "sis:s1 student Min/Lee\nsis:g guardian H/L\n! link sis agent sis:s1 sis:g",
     {{"sis", COVERS_PEOPLE, 0, "sis:s1 student Min/Lee\nsis:g guardian H/L"}},
     "SELECT count(*) FROM link",
     "0"},
    {"relationships read anew",
     "sis:s1 student Min/Lee\nsis:g guardian H/L\n! link sis parent sis:s1 sis:g\n"
     "! link sis agent sis:s1 sis:g",
     {{"sis", COVERS_RELATIONS, 0, ""}},
     "SELECT kind FROM relation",
     "agent"},
    {"private details told by address",
     "! personal d dana@example.org cell +14135550177\n"
     "! personal e dana@example.org home +14135550178",
     {{"d", COVERS_PERSONAL, 0, "! personal d dana@example.org cell +14135550179"}},
     "SELECT field || source FROM personal WHERE sealed IS NOT NULL ORDER BY 1",
     "celld homee"},
    {"private details of records read anew",
     "sis:t1 staff Dana/Whitlock sms=+14135550101",
     {{"sis", COVERS_PEOPLE, 0, "sis:t1 staff Dana/Whitlock"}},
     "SELECT count(*) FROM personal",
     "0"},
    {"lists, numbers, tools and the like of one source only",
     "! list d a@example.org 1 A\n! list e b@example.org 1 B\n! member d a@example.org x@example.org\n"
     "! member e b@example.org y@example.org\n! published d phone:1 phone P\n! published e phone:2 phone Q\n"
     "! block d 1 2 B\n! block e 3 4 C\n! webmail d w.example.com\n! webmail e v.example.com\n"
     "! student d a@x.example s@example.org\n! student e b@x.example s@example.org\n"
     "! tool d T host t.example.com _ 0 0 IT\n! tool e U host u.example.com _ 0 0 IT\n! org d o O school "
     "_\n! org e p P school _",
     {{"d", ALL, 0, "! webmail d z.example.com"}},
     "SELECT (SELECT group_concat(address) FROM list) || ' ' || (SELECT group_concat(member) FROM "
     "list_member) || ' ' || "
     "(SELECT group_concat(key) FROM published) || ' ' || (SELECT group_concat(first) FROM block) || ' ' || "
     "(SELECT group_concat(domain) FROM webmail) || ' ' || (SELECT group_concat(address) FROM "
     "student_address) || ' ' || "
     "(SELECT group_concat(name) FROM tool) || ' ' || (SELECT group_concat(oid) FROM org)",
     "b@example.org y@example.org phone:2 3 v.example.com,z.example.com b@x.example U p"},
    {"each kind by itself",
     "! list d a@example.org 1 A\n! published d phone:1 phone P\n! webmail d w.example.com\n"
     "! student d a@x.example s@example.org\n! tool d T host t.example.com _ 0 0 IT\n! org d o O school _",
     {{"d", COVERS_TOOLS | COVERS_LISTS, 0, ""}},
     "SELECT (SELECT count(*) FROM list) || (SELECT count(*) FROM published) || (SELECT count(*) FROM "
     "webmail) || "
     "(SELECT count(*) FROM student_address) || (SELECT count(*) FROM tool) || (SELECT count(*) FROM org)",
     "011101"},

    // deltas
    {"a delta changes what was",
     SIS_2,
     {{"sis", 0, COVERS_PEOPLE, "sis:t1 staff Dana/Lane"}},
     "SELECT pid || given || family FROM person",
     "t1DanaLane s1MinLee"},
    {"and deletes", SIS_2, {{"sis", 0, COVERS_PEOPLE, "- sis:s1"}}, PEOPLE, "t1/64/1/0"},
    {"with the seats",
     SIS_2 "! class sis c A hs class 0 0\n! seat sis:c sis:s1 student 0 0\n! seat sis:c sis:t1 staff 0 0",
     {{"sis", 0, COVERS_PEOPLE | COVERS_CLASSES | COVERS_SEATS, "- sis:s1"}},
     SEATS,
     "c/t1"},
    {"a delta brings back who was gone",
     "sis:s1 student Min/Lee gone=20261001",
     {{"sis", 0, COVERS_PEOPLE, "sis:s1 student Min/Lee"}},
     PEOPLE,
     "s1/32/1/0"},
};

Test(reload, keeps_what_is_not_read_anew)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const Case *at = &CASES[i];
        Paper paper;
        gsize count = 0;
        paper_init(&paper);
        while (count < G_N_ELEMENTS(at->inputs) && at->inputs[count].source != NULL)
            count++;
        g_autofree char *one = paper_write(&paper, "1.db", at->before);
        g_autofree char *two = again(&paper, one, at->inputs, count, "2.db");
        expect(at->name, two, at->sql, at->expect);
        paper_clear(&paper);
    }
}

// ---- the rest -------------------------------------------------------------------------------------------

Test(reload, an_address_changed_by_a_delta_becomes_a_former_one)
{
    Paper paper;
    g_autoptr(GError) error = NULL;
    paper_init(&paper);
    g_autofree char *one = paper_write(&paper, "1.db", SIS_2);
    g_autoptr(FeedRun) run = paper_run(&paper);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_autoptr(StoreDb) db = schema_open_read(one, &error);
    FeedInput input = {.changes = COVERS_PEOPLE, .source = model_source(run->model, "sis", NULL, NULL)};
    g_ptr_array_add(list, &input);
    cr_assert(reload_before(run, db, list, &error));
    model_renew(run->model, model_find(run->model, input.source, "t1"));
    paper_fill(run, "sis:t1 staff Dana/Lane mail=lane@example.org");
    cr_assert(reload_after(run, db, list, &error));
    g_autofree char *two = paper_end(&paper, run, "2.db");
    expect("delta", two, MAILS,
           "dana@example.org=previous/t1 lane@example.org=email/t1 min@example.org=email/s1");
    paper_clear(&paper);
}

// generation.c carries that over, whatever happened to it meanwhile.
Test(reload, what_staff_registered_themselves_is_not_the_imports)
{
    Paper paper;
    const Input input = {"ad", 0, 0, ""};
    paper_init(&paper);
    g_autofree char *one = paper_write(&paper, "1.db", EVERYTHING);
    ground_exec(one, "UPDATE personal SET source = 'own' WHERE owner <> ''");
    g_autofree char *two = again(&paper, one, &input, 1, "2.db");
    expect("own", two, "SELECT count(*) FROM personal WHERE owner <> ''", "0");
    paper_clear(&paper);
}

// Ten nights with the same files: nothing grows, nobody's id changes.
Test(reload, the_same_every_night)
{
    static const Input night[] = {{"sis", ALL, 0,
                                   "sis:t1 staff Dana/Lane mail=lane@example.org sms=+14135550101 id=emp:5\n"
                                   "sis:s1 student Min/Lee mail=min@example.org\nsis:g guardian H/L\n"
                                   "! class sis c A hs class 0 0\n! seat sis:c sis:s1 student 0 0\n"
                                   "! link sis agent sis:s1 sis:g\n"},
                                  {"ad", ALL, 0, "ad:d none Dana/Lane id=emp:5 mail=lane@example.org\n"}};
    Paper paper;
    paper_init(&paper);
    g_autofree char *last = paper_write(&paper, "0.db", SIS_2), *first = NULL;
    for (guint i = 1; i <= 10; i++) {
        g_autofree char *name = g_strdup_printf("%u.db", i);
        char *next = again(&paper, last, night, G_N_ELEMENTS(night), name);
        ground_exec(next, "UPDATE source SET imported = 0; UPDATE personal SET sealed = NULL");
        g_autofree char *dump = paper_dump(next);
        if (first == NULL)
            first = g_steal_pointer(&dump);
        else
            cr_expect_str_eq(dump, first, "night %u", i);
        g_free(last);
        last = next;
    }
    expect("former", last, "SELECT field FROM contact WHERE key = 'email:dana@example.org'", "previous");
    paper_clear(&paper);
}

// A roster that somebody has had in hand is read as far as it makes sense.
Test(reload, rows_that_hang_in_the_air_are_left_out)
{
    static const char *const harm[] = {
        "DELETE FROM record WHERE id = 1",
        "DELETE FROM person WHERE id = 1",
        "DELETE FROM class",
        "DELETE FROM source",
        "UPDATE record SET source = 99",
        "UPDATE seat SET record = 4000000",
        "UPDATE contact SET key = 'fax:1' || key",
        "UPDATE personal SET hash = substr(hash, 1, 9)",
        "UPDATE relation SET a = -5",
        "UPDATE record SET manager = 77",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(harm); i++) {
        Paper paper;
        paper_init(&paper);
        g_autofree char *one = paper_write(&paper, "1.db", EVERYTHING);
        ground_exec(one, harm[i]);
        const Input input = {"sis", COVERS_PEOPLE, 0, "sis:t1 staff Dana/Whitlock"};
        g_autofree char *two = again(&paper, one, &input, 1, "2.db");
        g_autofree char *got = paper_ask(two, "SELECT count(*) FROM person WHERE pid = 't1'");
        cr_expect_str_eq(got, "1", "%s", harm[i]);
        paper_clear(&paper);
    }
}
