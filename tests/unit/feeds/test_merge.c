#include "feeds/run.h"

#include <criterion/criterion.h>
#include <string.h>

// A roster in lines, each "source:id role Given/Family what=value ..." or "! what ...":
//   roles "staff", "student", "guardian", "none", joined by '+'; the file is "<source>.csv", the line that of the text
//   mail= phone=                  contacts         alias= previous=  addresses under that name
//   pref=Given/Family            preferred names   number=space:value  idents
//   boss=mail                    manager
//   gone=yyyymmdd                since when
//   ! space source name          the source's space of ids
//   ! link ref ref               a relation; ref: source:id, *:id of any source, an address, or #space:value
//   ! rank source number         the rank of a source
//   ! registry source:id address  a private address;  ! owner address address  the same by school address
// What comes of it: the first id of everybody's person, in the order of the lines; links "guardian>student"; warnings, of
// which each must hold its part of `notes`, which are separated by '|'.
typedef struct {
    const char *name, *text, *people, *links, *notes;
} Case;

#define A "example.org"
#define P "example.net"

static const Case CASES[] = {
    // ids and numbers
    {"one id in two sources of one space",
     "sis:1 student Min/Lee mail=mlee@" A "\nclever:1 student Min/Lee\nsis:2 student Ana/Ortiz\n"
     "! space sis sis\n! space clever sis",
     "1 1 2", "", ""},
    {"one id in sources of different spaces",
     "sis:1 student Min/Lee\nad:1 staff Min/Lee\n! space sis sis\n! space ad ad", "1 1", "", ""},
    {"one id, names that differ",
     "sis:1 student Min/Lee\nclever:1 student Olga/Ortiz\n! space sis sis\n! space clever sis", "1 1", "",
     "clever.csv:2: id 1 belongs to Min Lee (sis.csv:1) and to Olga Ortiz, whose names differ; they count as "
     "two "
     "people"},
    {"one id, a student and a teacher",
     "sis:1 student Min/Lee\nclever:1 staff Min/Lee\n! space sis sis\n! space clever sis", "1 1", "",
     "one on the staff and one a student"},
    {"one id, one without a name", "sis:1 student Min/Lee\nclever:1 none /\n! space sis x\n! space clever x",
     "1 1", "", ""},
    {"employee number",
     "sis:t1 staff Dana/Whitlock number=employee:77\nad:u9 staff Dana/Whitlock number=employee:77", "t1 t1",
     "", ""},
    {"employee number, names that differ",
     "sis:t1 staff Dana/Whitlock number=employee:77\nad:u9 staff Pat/Okafor number=employee:77", "t1 u9", "",
     "employee 77 belongs to Dana Whitlock (sis.csv:1) and to Pat Okafor, whose names differ"},
    {"a number of two spaces",
     "sis:t1 staff Dana/Whitlock number=employee:7\nad:u9 staff Dana/Whitlock number=state:7", "t1 u9", "",
     ""},
    {"a number left by somebody who is gone",
     "sis:t1 staff Dana/Whitlock number=employee:77 gone=20260701\nad:u9 staff Pat/Okafor number=employee:77",
     "t1 u9", "", ""},
    {"a number that is a placeholder",
     "s:1 staff A/B number=employee:0\ns:2 staff A/B number=employee:0\ns:3 staff A/B number=employee:0\n"
     "s:4 staff A/B number=employee:0\ns:5 staff A/B number=employee:0\ns:6 staff A/B number=employee:0\n"
     "s:7 staff A/B number=employee:0\ns:8 staff A/B number=employee:0\ns:9 staff A/B number=employee:0",
     "1 2 3 4 5 6 7 8 9", "",
     "s.csv:1: employee 0: of more than 8 people, a placeholder; nobody is joined by it"},
    {"a chain of sources",
     "sis:1 staff Dana/Whitlock mail=dana@" A "\nad:2 staff D/Whitlock number=employee:5 mail=dana@" A
     "\nhr:3 staff Dana/Whitlock number=employee:5",
     "1 1 1", "", "ad.csv:2: name: not as in sis, which counts"},
    {"an initial between two people",
     "sis:1 staff J/Lee number=employee:5\nad:2 staff John/Lee number=employee:5\nhr:3 staff Jane/Lee "
     "number=employee:5",
     "1 1 3", "",
     "hr.csv:3: employee 5 belongs to J Lee (sis.csv:1) and to Jane Lee, whose names differ|not as in sis"},

    // names
    {"case, accents and signs",
     "a:1 staff T\303\251o/O'Brien-Lane mail=t@" A "\nb:2 staff TEO/OBRIEN_LANE mail=t@" A, "1 1", "", ""},
    {"an initial", "a:1 staff Dana/Whitlock mail=t@" A "\nb:2 staff D./Whitlock mail=t@" A, "1 1", "",
     "b.csv:2: name: not as in a, which counts"},
    {"a short form", "a:1 staff Robert/Ames mail=t@" A "\nb:2 staff Bob/Ames mail=t@" A, "1 1", "",
     "name: not as in a"},
    {"a preferred name", "a:1 staff Xiuying/Chen pref=Grace/ mail=t@" A "\nb:2 staff Grace/Chen mail=t@" A,
     "1 1", "", ""},
    {"a second family name", "a:1 staff Ines/Carvalho mail=t@" A "\nb:2 staff Ines/Carvalho-Diaz mail=t@" A,
     "1 1", "", "name: not as in a"},
    {"a second given name", "a:1 staff Ines/Carvalho mail=t@" A "\nb:2 staff Ana_Ines/Carvalho mail=t@" A,
     "1 1", "", "name: not as in a"},
    {"all in one field", "a:1 staff Ines/Carvalho mail=t@" A "\nb:2 staff /Ines_Carvalho mail=t@" A, "1 1",
     "", "name: not as in a"},
    {"no name", "a:1 staff Ines/Carvalho mail=t@" A "\nb:2 staff / mail=t@" A, "1 1", "", ""},
    {"another given name", "a:1 staff Ines/Carvalho mail=t@" A "\nb:2 staff Rui/Carvalho mail=t@" A, "1 2",
     "", "address t@" A " belongs to Ines Carvalho (a.csv:1) and to Rui Carvalho; they count as two people"},

    // school addresses
    {"a school address", "sis:1 student Min/Lee mail=mlee@" A "\ngoogle:x student Min/Lee mail=mlee@" A,
     "1 1", "", ""},
    {"a school address below the district's",
     "sis:1 student Min/Lee mail=m@s." A "\ng:x student Min/Lee mail=m@s." A, "1 1", "", ""},
    {"an alias", "sis:1 staff Min/Lee mail=mlee@" A "\nad:x staff Min/Lee mail=min@" A " alias=mlee@" A,
     "1 1", "", ""},
    {"a former address is nobody's mark",
     "sis:1 staff Min/Lee mail=mlee@" A "\nad:x staff Min/Lee previous=mlee@" A, "1 x", "", ""},
    {"a role that nobody told", "sis:1 staff Min/Lee mail=mlee@" A "\nad:x none Min/Lee mail=mlee@" A, "1 1",
     "", ""},
    {"two students of one address",
     "sis:1 student Min/Lee mail=mlee@" A "\nsis:2 student Max/Lee mail=mlee@" A, "1 2", "",
     "sis.csv:2: address mlee@" A " belongs to Min Lee (sis.csv:1) and to Max Lee; they count as two people"},
    {"twins of one address", "sis:1 student Jan/Lee mail=lee@" A "\nsis:2 student Jane/Lee mail=lee@" A,
     "1 2", "", "address lee@" A " belongs to Jan Lee (sis.csv:1) and to Jane Lee"},
    {"a student twice in one source",
     "sis:1 student Jan/Lee mail=lee@" A "\nsis:2 student JAN/Lee mail=lee@" A, "1 1", "", ""},
    {"an address left by somebody who is gone",
     "sis:1 student Min/Lee mail=mlee@" A " gone=20260701\nsis:2 student Max/Lee mail=mlee@" A, "1 2", "",
     ""},
    {"a student with a teacher's address",
     "sis:1 staff Min/Lee mail=mlee@" A "\nsis:2 student Min/Lee mail=mlee@" A, "1 2", "",
     "sis.csv:2: address mlee@" A " belongs to Min Lee"},
    {"a guardian of a student's name and address",
     "sis:1 student Min/Lee mail=mlee@" A "\nsis:2 guardian Min/Lee mail=mlee@" A, "1 2", "",
     "address mlee@" A},
    {"an address that is a placeholder",
     "s:1 staff A/B mail=n@" A "\ns:2 staff A/B mail=n@" A "\ns:3 staff A/B mail=n@" A
     "\ns:4 staff A/B mail=n@" A "\ns:5 staff A/B mail=n@" A "\ns:6 staff A/B mail=n@" A
     "\ns:7 staff A/B mail=n@" A "\ns:8 staff A/B mail=n@" A "\ns:9 staff A/B mail=n@" A,
     "1 2 3 4 5 6 7 8 9", "",
     "s.csv:1: address n@" A ": of more than 8 people, a placeholder; nobody is joined by it"},
    {"eight rows of one address are one person",
     "s:1 staff A/B mail=n@" A "\ns:2 staff A/B mail=n@" A "\ns:3 staff A/B mail=n@" A
     "\ns:4 staff A/B mail=n@" A "\ns:5 staff A/B mail=n@" A "\ns:6 staff A/B mail=n@" A
     "\ns:7 staff A/B mail=n@" A "\ns:8 staff A/B mail=n@" A,
     "1 1 1 1 1 1 1 1", "", ""},

    // a teacher who is a guardian
    {"by the school address",
     "sis:t staff Sam/Rourke mail=sr@" A "\nsis:s student Eli/Rourke\nsis:p guardian Samuel/Rourke mail=sr@" A
     "\n! link sis:p sis:s",
     "t s t", "t>s", ""},
    {"by a private address of both rows",
     "sis:t staff Sam/Rourke mail=sr@" A " alias=sam@" P "\nsis:s student Eli/Rourke\n"
     "sis:p guardian Sam/Rourke mail=sam@" P "\n! link sis:p sis:s",
     "t s t", "t>s", ""},
    {"by the registry",
     "sis:t staff Ines/Carvalho mail=ic@" A
     "\nsis:s student Sofia/Carvalho\nsis:p guardian Ines/Carvalho mail=ines@" P
     "\n! link sis:s sis:p\n! registry sis:t ines@" P,
     "t s t", "t>s", ""},
    {"by the registry, which knows the school address only",
     "sis:t staff Ines/Carvalho mail=ic@" A "\nsis:p guardian Ines/Carvalho mail=ines@" P "\n! owner ic@" A
     " ines@" P,
     "t t", "", ""},
    {"a registry of somebody who is not on the staff",
     "sis:t student Ines/Carvalho mail=ic@" A "\nsis:p guardian Ines/Carvalho mail=ines@" P "\n! owner ic@" A
     " ines@" P,
     "t p", "", ""},
    {"the husband's name over the teacher's address",
     "sis:t staff Ines/Carvalho mail=ic@" A "\nsis:p guardian Rui/Diaz mail=ic@" A, "t t", "",
     "sis.csv:2: Rui Diaz, a guardian, has the address of Ines Carvalho (sis.csv:1) of the staff: counted as "
     "one person"},
    {"the husband beside the teacher's own row",
     "sis:t staff Ines/Carvalho mail=ic@" A "\nsis:p guardian Ines/Carvalho mail=ic@" A
     "\nsis:q guardian Rui/Diaz mail=ic@" A,
     "t t q", "", ""},
    {"two guardians who are not the teacher",
     "sis:t staff Ines/Carvalho mail=ic@" A "\nsis:p guardian Rui/Diaz mail=ic@" A
     "\nsis:q guardian Olga/Ortiz mail=ic@" A,
     "t p q", "", "belongs to Ines Carvalho (sis.csv:1) and to Rui Diaz|and to Olga Ortiz"},
    {"roles of two rows of one number",
     "sis:t staff Sam/Rourke number=state:5\nsis:p guardian Sam/Rourke number=state:5", "t t", "", ""},

    // private addresses
    {"one guardian in two rows", "sis:p guardian Hana/Lee mail=hl@" P "\nsis:q guardian Hana/Lee mail=hl@" P,
     "p p", "", ""},
    {"a couple's address", "sis:p guardian Hana/Lee mail=lees@" P "\nsis:q guardian Jun/Lee mail=lees@" P,
     "p q", "", ""},
    {"brothers of one private address",
     "sis:1 student Min/Lee mail=lees@" P "\nsis:2 student Max/Lee mail=lees@" P, "1 2", "",
     "address lees@" P " belongs to Min Lee (sis.csv:1) and to Max Lee"},
    {"two teachers of one private address",
     "sis:1 staff Ines/Diaz alias=home@" P "\nsis:2 staff Rui/Diaz alias=home@" P, "1 2", "",
     "address home@" P},

    // sources that count more though they were read later
    {"the name of the first source counts",
     "google:g staff Bob/Ames mail=t@" A "\nsis:1 staff Robert/Ames mail=t@" A
     "\n! rank google 1\n! rank sis 0",
     "g g", "", "google.csv:1: name: not as in sis, which counts"},
    {"an initial after the names it fits",
     "old:1 staff Jane/Lee number=employee:5\nsis:2 staff J/Lee number=employee:5\nhr:3 staff John/Lee "
     "number=employee:5\n"
     "! rank hr 0\n! rank sis 1\n! rank old 2",
     "1 2 2", "",
     "old.csv:1: employee 5 belongs to John Lee (hr.csv:3) and to Jane Lee|sis.csv:2: name: not as in hr"},

    // what a child borrows
    {"a guardian's address in the child's row",
     "sis:s student Min/Lee mail=hana@" P "\nsis:p guardian Hana/Lee mail=hana@" P "\n! link sis:s sis:p",
     "s p", "p>s",
     "sis.csv:1: email: of a student equal to that of a guardian; counted as the guardian's only"},
    {"in the rows of brothers",
     "sis:s student Min/Lee mail=hana@" P "\nsis:r student Max/Lee mail=hana@" P
     "\nsis:p guardian Hana/Lee mail=hana@" P "\n! link sis:s sis:p\n! link sis:r sis:p",
     "s r p", "p>s p>r",
     "sis.csv:1: email: of a student equal to that of a guardian; counted as the guardian's only (also line "
     "2)"},
    {"in the child's account of another source",
     "sis:s student Min/Lee mail=min@" A "\nsis:p guardian Hana/Lee mail=hana@" P
     "\ngoogle:g student Min/Lee mail=min@" A " alias=hana@" P "\n! link sis:s sis:p",
     "s p s", "p>s", "google.csv:3: alias: of a student equal to that of a guardian"},
    {"the teacher's school address in the child's row",
     "sis:t staff+guardian Sam/Rourke mail=sr@" A "\nsis:s student Eli/Rourke mail=sr@" A
     "\n! link sis:s sis:t",
     "t s", "t>s", "sis.csv:2: email: of a student equal to that of a guardian"},
    {"of a teacher, a guardian by the registry",
     "sis:t staff Sam/Rourke mail=sr@" A "\nsis:s student Eli/Rourke mail=sr@" A
     "\nsis:p guardian Sam/Rourke mail=sam@" P "\n! link sis:s sis:p\n! registry sis:t sam@" P,
     "t s t", "t>s", "sis.csv:2: email: of a student equal to that of a guardian"},
    {"an address of another child's guardian",
     "sis:s student Min/Lee mail=hana@" P "\nsis:p guardian Hana/Lee mail=hana@" P, "s p", "",
     "address hana@" P " belongs to Min Lee (sis.csv:1) and to Hana Lee"},

    // links
    {"either way round and twice",
     "sis:s student Min/Lee\nsis:p guardian Hana/Lee\n! link sis:s sis:p\n! link sis:p sis:s\n! link sis:p "
     "sis:s",
     "s p", "p>s", ""},
    {"by address and by number",
     "sis:s student Min/Lee mail=min@" A " number=state:9\nd:p guardian Hana/Lee mail=hana@" P
     "\n! link hana@" P " #state:9\n! link d:p min@" A,
     "s p", "p>s", ""},
    {"by an address that is in the child's row too",
     "sis:s student Min/Lee mail=hana@" P "\nd:p guardian Hana/Lee mail=hana@" P "\n! link hana@" P " sis:s",
     "s p", "p>s", "email: of a student equal to that of a guardian"},
    {"by the id of another source of the space",
     "sis:s student Min/Lee\nd:p guardian Hana/Lee\n! space sis sis\n! space d sis\n! link d:p d:s", "s p",
     "p>s", ""},
    {"by the id of any source", "sis:s student Min/Lee\nd:p guardian Hana/Lee\n! link *:p *:s", "s p", "p>s",
     ""},
    {"by the id of a student and of a teacher",
     "sis:7 student Min/Lee\nhr:7 staff Pat/Okafor\nd:p guardian Hana/Lee\n! link *:7 d:p", "7 7 p", "p>7",
     ""},
    {"by the id of two students",
     "sis:7 student Min/Lee\nold:7 student Ana/Ortiz\nd:p guardian Hana/Lee\n! link *:7 d:p\n! link *:8 d:p",
     "7 7 p", "",
     "sis.csv:4: a link by an id that several people have; not kept|sis.csv:5: a link to somebody who is in "
     "no source"},
    {"both rows of one person",
     "sis:s student Min/Lee mail=m@" A "\ng:x student Min/Lee mail=m@" A
     "\nsis:p guardian Hana/Lee\n! link sis:s sis:p\n! link g:x sis:p",
     "s s p", "p>s", ""},
    {"to nobody", "sis:s student Min/Lee\n! link sis:s sis:p9", "s", "",
     "sis.csv:2: a link to somebody who is in no source; not kept"},
    {"by an unknown address and number",
     "sis:s student Min/Lee\n! link sis:s no@" P "\n! link sis:s #state:1\n"
     "! link sis:s #state",
     "s", "", "a link to somebody who is in no source; not kept (also lines 3, 4)"},
    {"to a teacher", "sis:s student Min/Lee\nsis:t staff Dana/Whitlock\n! link sis:s sis:t", "s t", "",
     "sis.csv:3: a link that is not between a student and a guardian; not kept"},
    {"of two students", "sis:s student Min/Lee\nsis:t student Max/Lee\n! link sis:s sis:t", "s t", "",
     "not between a student and a guardian"},
    {"to oneself", "sis:s student+guardian Min/Lee\n! link sis:s sis:s", "s", "",
     "a link of somebody to the same person; not kept"},
    {"a grown student's child", "sis:s student+guardian Min/Lee\nsis:t student Kim/Lee\n! link sis:t sis:s",
     "s t", "s>t", ""},

    // roles and numbers
    {"a student who is an aide", "sis:s student+staff Min/Lee", "s", "",
     "sis.csv:1: role: somebody who is on the staff and a student; counts as both"},
    {"a teacher's phone in a student's row",
     "sis:t staff Dana/Whitlock phone=+14135550151\nsis:s student Min/Lee phone=+14135550151", "t s", "",
     "sis.csv:2: phone: a student's and of Dana Whitlock (sis.csv:1) on the staff, who is not the guardian"},
    {"the phone of the teacher's own child",
     "sis:t staff+guardian Dana/Lee phone=+14135550151\nsis:s student Min/Lee phone=+14135550151\n! link "
     "sis:s sis:t",
     "t s", "t>s", ""},
    {"a manager who is unknown", "ad:1 staff Dana/Whitlock boss=none@" A, "1", "",
     "ad.csv:1: manager: somebody who is in no source; not kept"},
};

typedef struct {
    Config *config;
    FeedOptions options;
    FeedRun *run;
} World;

static void world_init(World *world)
{
    static const RosterKey key = {.seal = {1}};
    *world = (World){.config = config_defaults()};
    g_strfreev(world->config->district.domains);
    world->config->district.domains = g_strsplit(A, " ", -1);
    world->run = run_new(world->config, &world->options, &key);
}

static void world_clear(World *world)
{
    run_free(world->run);
    config_unref(world->config);
}

static guint32 source_of(Model *model, const char *id)
{
    g_autofree char *name = g_strndup(id, strcspn(id, ":"));
    return model_source(model, name, NULL, NULL);
}

static ModelRef ref_of(Model *model, const char *text)
{
    if (text[0] == '#')
        return model_ref(model, REF_IDENT, 0, text + 1);
    if (text[0] == '*')
        return model_ref(model, REF_ID, MODEL_NONE, text + 2);
    return strchr(text, '@') != NULL
               ? model_ref(model, REF_ADDRESS, 0, text)
               : model_ref(model, REF_ID, source_of(model, text), strchr(text, ':') + 1);
}

static void put_order(Model *model, char **words, guint line)
{
    if (strcmp(words[1], "space") == 0) {
        model_source(model, words[2], "t", words[3]);
    } else if (strcmp(words[1], "rank") == 0) {
        guint32 source = model_source(model, words[2], NULL, NULL);
        g_array_index(model->sources, ModelSource, source).rank = (guint32)atoi(words[3]);
    } else if (strcmp(words[1], "link") == 0) {
        model_relation(model, 0, ref_of(model, words[2]), ref_of(model, words[3]), "guardian", "sis.csv",
                       line);
    } else if (strcmp(words[1], "registry") == 0) {
        guint32 record = model_find(model, source_of(model, words[2]), strchr(words[2], ':') + 1);
        cr_assert(model_personal(model, record, NULL, "email", KIND_EMAIL, words[3], "personal.csv", NULL));
    } else {
        cr_assert_str_eq(words[1], "owner");
        cr_assert(
            model_personal(model, MODEL_NONE, words[2], "email", KIND_EMAIL, words[3], "personal.csv", NULL));
    }
}

static Str given_of(Model *model, const char *name, bool family)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", 2);
    g_autofree char *text = g_strdelimit(g_strdup(parts[family]), "_", ' ');
    return model_text(model, text);
}

static void put_detail(Model *model, guint32 record, const char *what, const char *value)
{
    if (strcmp(what, "mail") == 0) {
        model_contact(model, record, KIND_EMAIL, value, "email", CONTACT_ASK);
    } else if (strcmp(what, "phone") == 0) {
        model_contact(model, record, KIND_PHONE, value, "phone", CONTACT_ASK);
    } else if (strcmp(what, "pref") == 0) {
        model_at(model, record)->preferred_given = given_of(model, value, false);
        model_at(model, record)->preferred_family = given_of(model, value, true);
    } else if (strcmp(what, "number") == 0) {
        g_auto(GStrv) parts = g_strsplit(value, ":", 2);
        model_ident(model, record, parts[0], parts[1]);
    } else if (strcmp(what, "gone") == 0) {
        model_at(model, record)->gone = (guint32)atoi(value);
    } else if (strcmp(what, "boss") == 0) {
        model_manager(model, record, model_ref(model, REF_ADDRESS, 0, value));
    } else {
        model_contact(model, record, KIND_EMAIL, value, what, CONTACT_ASK);
    }
}

static void put_record(Model *model, char **words, guint line)
{
    static const struct {
        const char *name;
        Role role;
    } ROLES[] = {{"staff", ROLE_STAFF}, {"student", ROLE_STUDENT}, {"guardian", ROLE_GUARDIAN}};
    bool made;
    guint32 record = model_record(model, source_of(model, words[0]), strchr(words[0], ':') + 1, &made);
    g_autofree char *file = g_strdup_printf("%.*s.csv", (int)strcspn(words[0], ":"), words[0]);
    cr_assert(made);
    for (guint i = 0; i < G_N_ELEMENTS(ROLES); i++)
        if (strstr(words[1], ROLES[i].name) != NULL)
            model_post(model, record, ROLES[i].role, "", "", 0, 0);
    model_at(model, record)->given = given_of(model, words[2], false);
    model_at(model, record)->family = given_of(model, words[2], true);
    model_at(model, record)->file = model_text(model, file);
    model_at(model, record)->line = line;
    for (guint i = 3; words[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(words[i], "=", 2);
        put_detail(model, record, parts[0], parts[1]);
    }
}

static void put(World *world, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
        if (words[0][0] == '!')
            put_order(world->run->model, words, i + 1);
        else
            put_record(world->run->model, words, i + 1);
    }
}

static const char *ext_of(const Model *model, guint32 record)
{
    return model_string(model, model_at(model, model_at(model, record)->person)->ext);
}

static char *people_of(const Model *model)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint32 i = 0; i < model->records->len; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", ext_of(model, i));
    return g_strdup(out->str);
}

static char *links_of(const Model *model)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < model->links->len; i++) {
        const ModelLink *link = &g_array_index(model->links, ModelLink, i);
        cr_expect_eq(model_at(model, link->guardian)->person, link->guardian);
        cr_expect_eq(model_at(model, link->student)->person, link->student);
        g_string_append_printf(out, "%s%s>%s", i > 0 ? " " : "", ext_of(model, link->guardian),
                               ext_of(model, link->student));
    }
    return g_strdup(out->str);
}

static void expect_notes(const Case *at, const GPtrArray *warnings)
{
    g_auto(GStrv) parts = g_strsplit(at->notes, "|", -1);
    guint count = g_strv_length(parts);
    g_ptr_array_add((GPtrArray *)warnings, NULL);
    g_autofree char *all = g_strjoinv("\n", (char **)warnings->pdata);
    cr_expect_eq(warnings->len - 1, count, "%s: %u warnings:\n%s", at->name, warnings->len - 1, all);
    for (guint i = 0; i < count; i++)
        cr_expect(strstr(all, parts[i]) != NULL, "%s: no warning '%s':\n%s", at->name, parts[i], all);
}

Test(merge, cases)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        World world;
        g_autoptr(GError) error = NULL;
        world_init(&world);
        put(&world, CASES[i].text);
        cr_assert(merge_run(world.run, &error), "%s", CASES[i].name);
        run_end_notes(world.run);
        g_autofree char *people = people_of(world.run->model), *links = links_of(world.run->model);
        cr_expect_str_eq(links, CASES[i].links, "%s: %s", CASES[i].name, links);
        // Sources whose ids are equal are told apart by their records, not by the text.
        cr_expect_str_eq(people, CASES[i].people, "%s: %s", CASES[i].name, people);
        expect_notes(&CASES[i], world.run->summary->warnings);
        world_clear(&world);
    }
}

Test(merge, a_circle_of_guardians_is_refused)
{
    World world;
    g_autoptr(GError) error = NULL;
    world_init(&world);
    put(&world, "sis:s student+guardian Min/Lee\nsis:t student+guardian Max/Lee\n! link sis:s sis:t\n"
                "! link sis:t sis:s");
    cr_expect_not(merge_run(world.run, &error));
    cr_assert_not_null(error);
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA));
    cr_expect(g_str_has_prefix(error->message, "sis.csv:3: "), "%s", error->message);
    world_clear(&world);
}

static guint persons(const Model *model)
{
    guint count = 0;
    for (guint32 i = 0; i < model->records->len; i++)
        count += model_at(model, i)->person == i;
    return count;
}

// Of ids that are equal the ids do not tell who is one person; their number does.
Test(merge, number_of_people_under_one_id)
{
    static const struct {
        const char *text;
        guint people;
    } cases[] = {
        {"sis:1 student Min/Lee\nclever:1 student Min/Lee\n! space sis sis\n! space clever sis", 1},
        {"sis:1 student Min/Lee\nclever:1 none /\n! space sis sis\n! space clever sis", 1},
        {"sis:1 student Min/Lee\nad:1 student Min/Lee\n! space sis sis\n! space ad ad", 2},
        {"sis:1 student Min/Lee\nad:1 student Min/Lee", 2},
        {"sis:1 student Min/Lee\nclever:1 student Olga/Ortiz\n! space sis sis\n! space clever sis", 2},
        {"sis:1 student Min/Lee\nclever:1 staff Min/Lee\n! space sis sis\n! space clever sis", 2},
        {"a:1 student Min/Lee\nb:1 student Olga/Ortiz\nc:1 student Olga/Ortiz\n"
         "! space a x\n! space b x\n! space c x",
         2},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world;
        world_init(&world);
        put(&world, cases[i].text);
        cr_assert(merge_run(world.run, NULL));
        cr_expect_eq(persons(world.run->model), cases[i].people, "%zu: %u", i, persons(world.run->model));
        world_clear(&world);
    }
}

// What a child has borrowed is taken from the row; all else stays.
Test(merge, borrowed_address_is_the_guardians_only)
{
    World world;
    world_init(&world);
    Model *model = world.run->model;
    put(&world, "sis:s student Min/Lee mail=hana@" P " alias=min@" A "\nsis:p guardian Hana/Lee mail=hana@" P
                "\n! link sis:s sis:p");
    cr_assert(merge_run(world.run, NULL));
    cr_assert_eq(model->contacts->len, 2);
    for (guint i = 0; i < 2; i++) {
        const ModelContact *contact = &g_array_index(model->contacts, ModelContact, i);
        const char *value = model_string(model, contact->value);
        cr_expect_str_eq(value, contact->record == 0 ? "min@" A : "hana@" P);
    }
    world_clear(&world);
}

// Mistakes without end do not take the place of other warnings: after some with names they are told by line alone.
Test(merge, many_conflicts_are_told_briefly)
{
    World world;
    world_init(&world);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 2000; i++)
        g_string_append_printf(
            text, "%ssis:%u %s Given%u/Family mail=%u@" A " number=state:%u phone=+1413555%04u",
            i > 0 ? "\n" : "", i, i % 2 == 0 ? "staff" : "student", i, i / 2, i / 2, i / 2);
    put(&world, text->str);
    cr_assert(merge_run(world.run, NULL));
    run_end_notes(world.run);
    const GPtrArray *warnings = world.run->summary->warnings;
    cr_expect_eq(warnings->len, 3 * 51, "%u", warnings->len);
    guint brief = 0;
    for (guint i = 0; i < warnings->len; i++)
        brief += g_str_has_suffix(warnings->pdata[i], " and 945 more)");
    cr_expect_eq(brief, 3, "%u", brief);
    cr_expect_eq(persons(world.run->model), 2000);
    world_clear(&world);
}

Test(merge, managers)
{
    World world;
    world_init(&world);
    Model *model = world.run->model;
    // The chief's second row is the one that the addresses name; somebody's own chief is nobody.
    put(&world,
        "sis:c staff Pat/Okafor number=employee:1\nad:a staff Dana/Whitlock boss=pat@" A
        "\nad:c staff Pat/Okafor number=employee:1 mail=pat@" A " boss=pat@" A "\nad:b staff A/B boss=x@" A);
    cr_assert(merge_run(world.run, NULL));
    cr_assert_eq(model->managers->len, 3);
    cr_expect_eq(g_array_index(model->managers, ModelManager, 0).person, 0);
    cr_expect_eq(g_array_index(model->managers, ModelManager, 1).person, MODEL_NONE);
    cr_expect_eq(g_array_index(model->managers, ModelManager, 2).person, MODEL_NONE);
    world_clear(&world);
}

Test(merge, seats_of_people_not_known_before)
{
    World world;
    world_init(&world);
    Model *model = world.run->model;
    guint32 source = model_source(model, "groups", "district", "groups");
    guint32 band = model_class(model, source, "band", "Band", "hs", "club", 0, 0);
    put(&world,
        "sis:t staff Pat/Okafor mail=pat@" A "\nsis:7 student Min/Lee\nhr:7 staff A/B\nold:8 staff A/B\n"
        "sis:8 staff C/D");
    model_seat_ref(model, band, model_ref(model, REF_ADDRESS, 0, "pat@" A), ROLE_STAFF, 20260901, 20270601,
                   "g.csv", 2);
    model_seat_ref(model, band, model_ref(model, REF_ID, MODEL_NONE, "7"), ROLE_STUDENT, 0, 0, "g.csv", 3);
    model_seat_ref(model, band, model_ref(model, REF_ID, MODEL_NONE, "8"), ROLE_STAFF, 0, 0, "g.csv", 4);
    model_seat_ref(model, band, model_ref(model, REF_ADDRESS, 0, "no@" A), ROLE_STAFF, 0, 0, "g.csv", 5);
    cr_assert(merge_run(world.run, NULL));
    run_end_notes(world.run);
    cr_assert_eq(model->seats->len, 2);
    const ModelSeat *seats = &g_array_index(model->seats, ModelSeat, 0);
    cr_expect(seats[0].record == 0 && seats[0].role == ROLE_STAFF && seats[0].begins == 20260901 &&
              seats[0].ends == 20270601 && seats[0].class_index == band);
    cr_expect(seats[1].record == 1 && seats[1].role == ROLE_STUDENT);
    const GPtrArray *warnings = world.run->summary->warnings;
    cr_assert_eq(warnings->len, 2);
    cr_expect_str_eq(warnings->pdata[0], "g.csv:4: an id that several people have; not kept");
    cr_expect_str_eq(warnings->pdata[1], "g.csv:5: no@" A ": somebody who is in no source; not kept");
    world_clear(&world);
}

// A hundred thousand rows under one value of each sort take no longer than as many of their own.
Test(merge, placeholders_cost_no_more, .timeout = 20)
{
    World world;
    world_init(&world);
    Model *model = world.run->model;
    guint32 source = model_source(model, "sis", "oneroster", "sis");
    const guint count = 100000;
    for (guint i = 0; i < count; i++) {
        char ext[16];
        g_snprintf(ext, sizeof ext, "%u", i);
        guint32 record = model_record(model, source, ext, NULL);
        model_at(model, record)->given = model_text(model, ext);
        model_at(model, record)->family = model_text(model, "Lee");
        model_post(model, record,
                   i % 3 == 0   ? ROLE_STAFF
                   : i % 3 == 1 ? ROLE_STUDENT
                                : ROLE_GUARDIAN,
                   "", "", 0, 0);
        model_contact(model, record, KIND_EMAIL, "none@" A, "email", CONTACT_ASK);
        model_contact(model, record, KIND_EMAIL, "none@" P, "home", CONTACT_ASK);
        model_contact(model, record, KIND_PHONE, "+14135550100", "phone", CONTACT_ASK);
        model_ident(model, record, "state", "0");
        model_relation(model, source, model_ref(model, REF_ADDRESS, 0, "none@" A),
                       model_ref(model, REF_IDENT, 0, "state:0"), "guardian", "users.csv", i);
        model_manager(model, record, model_ref(model, REF_ADDRESS, 0, "none@" P));
    }
    cr_assert(merge_run(world.run, NULL));
    cr_expect_eq(persons(model), count);
    world_clear(&world);
}
