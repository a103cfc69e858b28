// Student records: what is one, what only looks like one, and in which mail they are looked for.
#include "support.h"

#include "feeds/feeds.h"

#include <string.h>

#define ANN     "ann@example.org"
#define BEA     "bea@example.org"
#define UMA     "uma@students.example.org"
#define ULLA    "ulla@example.net" // Uma's mother
#define OUT     "office@vendor.example"
#define ANN_OUT "ann.archer@freemail.example.net"

typedef struct {
    char *dir;
    Config *config;
    Roster *roster;
    RosterSession *session;
    DetectData *data;
} Ground;

// The sample district, and two students with numbers as student systems give them.
static void ground_import(Ground *ground)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *users = g_build_filename(ground->dir, "district", "roster", "users.csv", NULL);
    g_autofree char *to = g_build_filename(ground->dir, "district", NULL), *text = NULL;
    const char *copy[] = {"cp", "-r", "tests/unit/district", to, NULL};
    cr_assert(
        g_spawn_sync(NULL, (char **)copy, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, &error));
    cr_assert(g_file_get_contents(users, &text, NULL, &error));
    g_autofree char *more =
        g_strconcat(text,
                    "s-5,,,true,org-h,student,yara,,Yara,Young,,4410277,yara@students.example.org,,,,10,\n"
                    "s-6,,,true,org-h,student,zack,,Zack,O'Neil,,MH-20417,zack@students.example.org,,,,10,\n",
                    NULL);
    cr_assert(g_file_set_contents(users, more, -1, &error));
    FeedResult *result = feeds_import_path(ground->config, to, false, TODAY, &error);
    cr_assert_not_null(result, "%s", error ? error->message : "");
    feed_result_free(result);
}

static Ground *ground_new(void)
{
    g_autoptr(GError) error = NULL;
    Ground *ground = g_new0(Ground, 1);
    ground->dir = g_dir_make_tmp("chaperone-record-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(ground->dir, "chaperone.conf", NULL);
    cr_assert(g_file_set_contents(path,
                                  "district = { name = \"Sample\"; domains = [\"example.org\"]; };\n"
                                  "roster = { database = \"roster.db\"; key_file = \"roster.key\"; };\n",
                                  -1, NULL));
    ground->config = config_load(path, &error);
    cr_assert_not_null(ground->config, "%s", error ? error->message : "");
    ground_import(ground);
    ground->roster = roster_open(ground->config, &error);
    ground->session = ground->roster ? roster_session_begin(ground->roster, TODAY, &error) : NULL;
    cr_assert_not_null(ground->session, "%s", error ? error->message : "");
    ground->data = support_data();
    return ground;
}

static void ground_free(Ground *ground)
{
    const char *remove[] = {"rm", "-r", ground->dir, NULL};
    roster_session_end(ground->session);
    roster_unref(ground->roster);
    config_unref(ground->config);
    detect_data_unref(ground->data);
    (void)g_spawn_sync(NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(ground->dir);
    g_free(ground);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// "student-names*3 ssn record-words:s-1" of the records that are as sure as the standard policy asks, in order of the
// alphabet: a list is told with its length, a student's own record with the student.
static char *records(const Detection *detection, double least)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < detection->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(detection->findings, i);
        if (finding->kind != KIND_STUDENT_RECORD || finding->confidence < least)
            continue;
        g_autofree char *line = finding->count > 1 ? g_strdup_printf("%s*%u", finding->value, finding->count)
                                : finding->owner_person
                                    ? g_strdup_printf("%s:%s", finding->value, finding->owner_person)
                                    : g_strdup(finding->value);
        if (!g_ptr_array_find_with_equal_func(out, line, g_str_equal, NULL))
            g_ptr_array_add(out, g_steal_pointer(&line));
    }
    g_ptr_array_sort(out, by_text);
    g_ptr_array_add(out, NULL);
    return g_strjoinv(" ", (char **)out->pdata);
}

static Detection *run(const Ground *ground, const char *from, const char *to, const Message *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(from);
    envelope_add_rcpt(envelope, to, NULL);
    g_autoptr(Parties) parties = roster_resolve_message(ground->session, envelope, message, &error);
    cr_assert_not_null(parties, "%s", error ? error->message : "");
    Detection *detection =
        detect_run(ground->data, ground->config, message, parties, ground->session, &error);
    cr_assert_not_null(detection, "%s", error ? error->message : "");
    return detection;
}

static void add(Message *message, guint part, PassageOrigin origin, const char *header, const char *text)
{
    gsize len = strlen(text);
    g_autofree char *copy = g_memdup2(text, len); // of the exact size
    message_add_passage(message, part, origin, VISIBILITY_SHOWN, copy ? copy : "", len)->header =
        g_strdup(header);
}

typedef struct {
    const char *from, *to, *subject, *text;
    PassageOrigin origin;
    const char *want;
} Case;

static void expect_all(const Case *cases, gsize count)
{
    Ground *ground = ground_new();
    for (gsize i = 0; i < count; i++) {
        g_autoptr(Message) message = message_new();
        message_add_part(message, 0, "1", "text/plain");
        if (cases[i].subject)
            add(message, 0, ORIGIN_HEADER, "Subject", cases[i].subject);
        add(message, 1, cases[i].origin, NULL, cases[i].text);
        g_autoptr(Detection) detection = run(ground, cases[i].from, cases[i].to, message);
        g_autofree char *got = records(detection, 0.6);
        cr_expect_str_eq(got, cases[i].want, "%s -> %s: %s: \"%s\", not \"%s\"", cases[i].from, cases[i].to,
                         cases[i].text, got, cases[i].want);
    }
    ground_free(ground);
}

#define LIST "Uma Underwood,87%\nVic Vance,91%\nWes Cooper,78%\n"

// Only what leaves the district is searched.
Test(record, where_it_goes)
{
    static const Case CASES[] = {
        {ANN, OUT, NULL, LIST, ORIGIN_TABLE, "student-names*3"},
        {ANN, ANN_OUT, NULL, LIST, ORIGIN_TABLE, "student-names*3"},
        {ANN, ULLA, NULL, LIST, ORIGIN_TABLE, "student-names*3"},
        {UMA, OUT, NULL, LIST, ORIGIN_TABLE, "student-names*3"},
        {ANN, BEA, NULL, LIST, ORIGIN_TABLE, ""},
        {ANN, UMA, NULL, LIST, ORIGIN_TABLE, ""},
        {OUT, ANN, NULL, LIST, ORIGIN_TABLE, ""},
        {ULLA, ANN, NULL, LIST, ORIGIN_TABLE, ""},
    };
    expect_all(CASES, G_N_ELEMENTS(CASES));
}

Test(record, social_security_numbers)
{
    static const Case CASES[] = {
        {ANN, OUT, NULL, "SSN 412-55-1234", ORIGIN_TEXT, "ssn"},
        {ANN, OUT, NULL, "ssn: 412551234", ORIGIN_TEXT, "ssn"},
        {ANN, OUT, NULL, "her social security number is 412 55 1234.", ORIGIN_TEXT, "ssn"},
        {ANN, OUT, NULL, "número de seguro social 412-55-1234", ORIGIN_TEXT, "ssn"},
        {ANN, OUT, NULL, "Uma: 412-55-1234", ORIGIN_TEXT, "ssn"},
        {ANN, OUT, NULL, "ssn ４１２-５５-１２３４", ORIGIN_TEXT, "ssn"},
        {ANN, OUT, NULL, "SSN 412-55-1234, SSN 413-55-1234", ORIGIN_TEXT, "ssn*2"},
        {ANN, OUT, NULL, "id,ssn\n1,412-55-1234\n", ORIGIN_TABLE, "ssn"},
        {ANN, OUT, NULL, "412551234", ORIGIN_TEXT, ""}, // any nine digits
        {ANN, OUT, NULL, "order 412-55-1234", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "ssn 000-55-1234", ORIGIN_TEXT, ""}, // never given
        {ANN, OUT, NULL, "ssn 666-55-1234 912-55-1234", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "ssn 412-00-1234 412-55-0000", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "ssn 078-05-1120", ORIGIN_TEXT, ""}, // of an advertisement
        {ANN, OUT, NULL, "413-555-0142", ORIGIN_TEXT, ""},    // a phone
        {ANN, OUT, NULL, "ssn 412-55-12345, 1412-55-1234", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "ISBN 978-412-55-1234", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "2026-412-55-1234-9", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "score 412-55, 1234 seats", ORIGIN_TEXT, ""},
    };
    expect_all(CASES, G_N_ELEMENTS(CASES));
}

Test(record, students_numbers)
{
    static const Case CASES[] = {
        {ANN, OUT, NULL, "Her student id is 4410277.", ORIGIN_TEXT, "student-id:s-5"},
        {ANN, OUT, NULL, "4410277", ORIGIN_TEXT, ""}, // a number like any other
        {ANN, OUT, NULL, "MH-20417 is absent", ORIGIN_TEXT, "student-id:s-6"},
        {ANN, OUT, NULL, "student id mh-20417", ORIGIN_TEXT, ""}, // not as the source writes it
        {ANN, OUT, NULL, "no,room\n4410277,204\n", ORIGIN_TABLE, "student-id:s-5"},
        {ANN, OUT, NULL, "student id 4410278", ORIGIN_TEXT, ""}, // nobody's
        {ANN, OUT, NULL, "room 12, chapter 11, 2026", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "ids: 4410277, s-1x, MH-20417", ORIGIN_TEXT, "student-id:s-5 student-id:s-6"},
    };
    expect_all(CASES, G_N_ELEMENTS(CASES));
}

Test(record, lists_of_names)
{
    static const Case CASES[] = {
        {ANN, OUT, NULL, "Uma Underwood\t87%\nVic Vance\t91%\n", ORIGIN_TEXT, "student-names*2"},
        {ANN, OUT, NULL, "Uma Underwood\t87%\r\nVic Vance\t91%\r\nWes Cooper\t78%\r\n", ORIGIN_TEXT,
         "student-names*3"},
        {ANN, OUT, NULL, "Uma Underwood A-\nVic Vance B\nWes Cooper C+\n", ORIGIN_HTML, "student-names*3"},
        {ANN, OUT, NULL, "Underwood, Uma 3/14/2011\nVance, Vic 4/2/2010\n", ORIGIN_TEXT, "student-names*2"},
        {ANN, OUT, NULL, "last,first,gpa\nunderwood,uma,3.1\nvance,vic,2.9\n", ORIGIN_TABLE,
         "record-words:s-1 record-words:s-2 student-names*2"},
        {ANN, OUT, NULL, "name\troom\nUma Underwood\t12\nZack O'Neil\t14\n", ORIGIN_TABLE, "student-names*2"},
        {ANN, OUT, NULL, "Final grades: Uma Underwood 92, Vic Vance 81, Wes Cooper 77", ORIGIN_TEXT,
         "record-words:s-1 record-words:s-2 record-words:s-3 student-names*3"},
        // matches, prizes and lists of guests
        {ANN, OUT, NULL, "Uma Underwood 12 points, Vic Vance 8 points", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "Uma Underwood, Vic Vance and Wes Cooper won on May 3 in room 204.", ORIGIN_TEXT,
         ""},
        {ANN, OUT, NULL, "Guests:\nUma Underwood\nVic Vance\nWes Cooper\n", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "Ann Archer\t87%\nCarl Cooper\t91%\nBea Boss\t78%\n", ORIGIN_TEXT, ""}, // staff
        {ANN, OUT, NULL, "Joe Nobody\t87%\nSue Stranger\t91%\n", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "Uma Vance\t87%\nVic Cooper\t91%\nWes Underwood\t70%\n", ORIGIN_TEXT,
         ""}, // nobody's names
    };
    expect_all(CASES, G_N_ELEMENTS(CASES));
}

Test(record, words_beside_names)
{
    static const Case CASES[] = {
        {ANN, OUT, NULL, "Uma Underwood has an IEP.", ORIGIN_TEXT, "record-words:s-1"},
        {ANN, OUT, NULL, "uma underwood's date of birth is in may, vic vance's too", ORIGIN_TEXT,
         "record-words:s-1 record-words:s-2"},
        {ANN, OUT, NULL, "Vic Vance fue suspendido ayer.", ORIGIN_TEXT, "record-words:s-2"},
        {ANN, OUT, "Uma Underwood", "The 504 meeting is on Friday.", ORIGIN_TEXT, "record-words:s-1"},
        {ANN, OUT, NULL, "The IEP training is on Friday.", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "Uma Underwood sings on Friday.", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "Carl Cooper leads special education.", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL, "We met Uma.\n\n-- \nAnn Archer\nSpecial Education", ORIGIN_TEXT, ""},
        {ANN, OUT, NULL,
         "The chapter on custody law is due. The policy handbook lists suspension. Uma Underwood sings.",
         ORIGIN_TEXT, ""},
    };
    expect_all(CASES, G_N_ELEMENTS(CASES));
}

// Of a few students each is told, so that a guardian's own can be told from others; of many how many they are.
Test(record, owners)
{
    Ground *ground = ground_new();
    g_autoptr(Message) message = message_new();
    message_add_part(message, 0, "1", "text/csv");
    add(message, 1, ORIGIN_TABLE, NULL, LIST);
    g_autoptr(Detection) detection = run(ground, ANN, OUT, message);
    g_autoptr(GHashTable) owners = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < detection->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(detection->findings, i);
        cr_expect_eq(finding->owner, OWNER_STUDENT);
        g_hash_table_add(owners, finding->owner_person);
    }
    cr_expect_eq(g_hash_table_size(owners), 3);
    cr_expect(g_hash_table_contains(owners, "s-1") && g_hash_table_contains(owners, "s-3"));
    ground_free(ground);
}

// However much stands in it, so much is looked up and no more, and what was not read is said.
Test(record, bounded, .timeout = 60)
{
    static const struct {
        const char *piece;
        bool said;
    } CASES[] = {{"Jo Doe 87% A-\n", true},
                 {"412-55-", false},
                 {"ssn 412551234 ", true},
                 {"zz4410x, ", true},
                 {"Jo,Doe,1\n", true},
                 {"IEP Jo Doe ", true},
                 {"4", false},
                 {"\n\n", false}};
    Ground *ground = ground_new();
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 1000000)
            g_string_append(text, CASES[i].piece);
        g_autoptr(Message) message = message_new();
        message_add_part(message, 0, "1", "text/plain");
        add(message, 1, ORIGIN_TABLE, NULL, text->str);
        gint64 before = g_get_monotonic_time();
        g_autoptr(Detection) detection = run(ground, ANN, OUT, message);
        gint64 took = g_get_monotonic_time() - before;
        cr_expect(took < 10 * G_USEC_PER_SEC, "%s: %" G_GINT64_FORMAT " us", CASES[i].piece, took);
        cr_expect_eq(support_has(detection->facts, "incomplete"), CASES[i].said, "%s", CASES[i].piece);
    }
    ground_free(ground);
}
