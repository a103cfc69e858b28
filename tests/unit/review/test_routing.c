// Who is to look at a held message, and what their digests hold.
#include "review/digest.h"
#include "review/link.h"
#include "roster/key.h"
#include "roster/schema.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#define NOW     ((int64_t)1795375617 * G_USEC_PER_SEC) // 2026-11-22 14:26 in New York
#define HOUR_US ((int64_t)3600 * G_USEC_PER_SEC)
#define TODAY   20261122

// Masks of roles: student 32, staff 64. Dana's supervisor is Pat, Pat's is Ruth; Cora is under Pat; Kim has none.
static const char EVERYBODY[] =
    "INSERT INTO source VALUES (1, 'sis', 'oneroster', 'sis', 0);"
    "INSERT INTO org VALUES (2, 1, 'hs', 'High School', 'school', ''), (3, 1, 'ms', 'Middle School', "
    "'school', ''),"
    " (4, 1, 'do', 'District Office', 'department', '');"
    "INSERT INTO person (id, pid, given, family, roles, enabled, gone, birth, mail, manager, schools) VALUES"
    " (1, 'dana', 'Dana', 'W', 64, 1, 0, 0, 'dana@example.org', 2, 'hs'),"
    " (2, 'pat', 'Pat', 'O', 64, 1, 0, 0, 'pat@example.org', 3, 'hs'),"
    " (3, 'ruth', 'Ruth', 'A', 64, 1, 0, 0, 'ruth@example.org', 0, 'do'),"
    " (4, 'kim', 'Kim', 'D', 64, 1, 0, 0, 'kim@example.org', 0, 'ms'),"
    " (5, 'min', 'Min', 'L', 32, 1, 0, 0, 'min@students.example.org', 0, 'hs'),"
    " (6, 'noah', 'Noah', 'F', 32, 1, 0, 0, 'noah@students.example.org', 0, 'ms'),"
    " (7, 'cora', 'Cora', 'B', 64, 1, 0, 0, 'cora@example.org', 2, 'hs'),"
    " (8, 'lee', 'Lee', 'P', 64, 1, 0, 0, 'lee@example.org', 4, 'ms'),"
    " (9, 'old', 'Old', 'P', 64, 0, 0, 0, 'old@example.org', 0, 'hs'),"
    " (10, 'sub', 'Sub', 'X', 64, 1, 0, 0, 'sub@example.org', 7, 'hs');"
    "INSERT INTO contact (key, person, field, record) SELECT 'email:' || mail, id, 'email', id FROM person;"
    "INSERT INTO contact (key, person, field, record) VALUES ('email:cora.b@example.org', 7, 'alias', 7);"
    "INSERT INTO post VALUES (2, 6, 'principal', 'hs', 0, 0, 2), (9, 6, 'principal', 'hs', 0, 0, 9),"
    " (4, 6, 'principal', 'ms', 20200101, 20210101, 4);"
    "INSERT INTO list VALUES ('all-ms@example.org', 1, 1, 'all');"
    "INSERT INTO list_member VALUES ('all-ms@example.org', 'noah@students.example.org', 1);"
    "INSERT INTO published VALUES ('domain:example.org', 'domain', 'mail', 1);";

typedef struct {
    char *dir;
    Config *config;
    Roster *roster;
    RosterSession *session;
    Routing *routing;
    Quarantine *quarantine;
    GError *error;
    guint items;
} Place;

static Place place;

static void must(bool ok)
{
    cr_assert(ok, "%s", place.error != NULL ? place.error->message : "failed");
}

static void write_roster(void)
{
    const char *path = place.config->roster.database;
    RosterKey key;
    unsigned char hash[KEY_HASH];
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, 1000, &place.error);
    must(db != NULL && store_exec(db, SCHEMA_TABLES, &place.error) &&
         store_exec(db, EVERYBODY, &place.error));
    must(key_load(place.config->roster.key_file, true, &key, &place.error));
    key_hash(&key, "key", hash);
    g_autoptr(StoreStmt) put = store_prepare(db, "INSERT INTO meta VALUES ('key', ?1)", &place.error);
    must(put != NULL);
    store_bind_blob(put, 1, hash, sizeof hash);
    g_autofree char *version = g_strdup_printf("PRAGMA user_version = %d", SCHEMA_VERSION);
    must(store_run(put, &place.error));
    store_finalize(&put);
    must(store_exec(db, SCHEMA_INDEXES, &place.error) && store_exec(db, version, &place.error));
}

static void set_path(char **slot, const char *name)
{
    g_free(*slot);
    *slot = g_build_filename(place.dir, name, NULL);
}

static void set_up(void)
{
    place = (Place){.dir = g_dir_make_tmp("chaperone-routing-XXXXXX", NULL), .config = config_defaults()};
    Config *config = place.config;
    set_path(&config->roster.database, "roster.db");
    set_path(&config->roster.key_file, "roster.key");
    set_path(&config->policy.lists_dir, "lists");
    set_path(&config->quarantine.database, "q.db");
    set_path(&config->archive.dir, "archive");
    config->archive.min_free_bytes = 0;
    g_free(config->notice.from);
    config->notice.from = g_strdup("filter@example.org");
    g_free(config->notice.dir);
    config->notice.dir = g_strdup("conf/notices");
    config->quarantine.release_port = 1;
    write_roster();
    must((place.roster = roster_open(config, &place.error)) != NULL);
    must((place.session = roster_session_begin(place.roster, TODAY, &place.error)) != NULL);
    must((place.quarantine = quarantine_open(config, &place.error)) != NULL);
    place.routing = routing_new(config, place.session);
}

static void tear_down(void)
{
    routing_free(place.routing);
    quarantine_close(&place.quarantine);
    roster_session_end(place.session);
    roster_unref(place.roster);
    config_unref(place.config);
    g_autofree char *remove = g_strdup_printf("rm -rf %s", place.dir);
    cr_assert(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
    g_free(place.dir);
}

TestSuite(routing, .init = set_up, .fini = tear_down);

static void reviewer_free(gpointer data)
{
    ConfigReviewer *reviewer = data;
    g_free(reviewer->address);
    g_strfreev(reviewer->schools);
    g_strfreev(reviewer->roles);
    g_free(reviewer->digest);
    g_free(reviewer);
}

// "address schools roles digest; ..."
static void set_reviewers(const char *text)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(reviewer_free);
    g_auto(GStrv) rows = g_strsplit(text, ";", -1);
    for (guint i = 0; rows[i] != NULL && *rows[i] != '\0'; i++) {
        g_auto(GStrv) words = g_strsplit(g_strstrip(rows[i]), " ", 4);
        ConfigReviewer *one = g_new0(ConfigReviewer, 1);
        g_strdelimit(words[1], "_", ' ');
        *one = (ConfigReviewer){g_strdup(words[0]), g_strsplit(words[1], ",", -1),
                                g_strsplit(words[2], ",", -1), g_strdup(words[3])};
        g_ptr_array_add(all, one);
    }
    g_ptr_array_unref(place.config->review.reviewers);
    place.config->review.reviewers = all;
}

// Holds a message; recipients joined by ','.
static HoldItem *hold(const char *sender, const char *rcpts, int64_t held_us)
{
    ArchiveRef ref = {.segment = (char *)"none", .length = 1};
    g_auto(GStrv) all = g_strsplit(rcpts, ",", -1);
    g_autoptr(GPtrArray) held = g_ptr_array_new();
    g_autoptr(Envelope) envelope = envelope_new();
    must(ulid_new(held_us, ref.id, &place.error));
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(sender);
    for (char **one = all; *one != NULL; one++) {
        envelope_add_rcpt(envelope, *one, NULL);
        g_ptr_array_add(held, *one);
    }
    json_t *summary = json_pack("{s:s, s:s, s:s, s:s, s:i}", "sender", sender, "rule", "staff-private-detail",
                                "clause", "NS-Cell 1a", "gist", "a private number", "severity", 3);
    must(quarantine_hold(place.quarantine, &ref, envelope, held, NULL, summary, held_us, &place.error));
    json_decref(summary);
    HoldItem *item = quarantine_get(place.quarantine, ref.id, &place.error);
    must(item != NULL);
    return item;
}

static char *routes_of(const HoldItem *item)
{
    g_autoptr(GPtrArray) routes = routing_reviewers(place.routing, item, &place.error);
    must(routes != NULL);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < routes->len; i++) {
        const ReviewRoute *route = routes->pdata[i];
        g_string_append_printf(text, "%s%s: %s", i > 0 ? "; " : "", route->address, route->why);
    }
    return g_string_free(text, FALSE);
}

Test(routing, finds_who_reviews)
{
    static const struct {
        const char *reviewers, *sender, *rcpts, *expect;
    } ROWS[] = {
        {"desk@example.org * * daily", "dana@example.org", "min@students.example.org",
         "desk@example.org: reviewer for all schools"},
        {"cora@example.org hs * daily; lee@example.org ms * daily", "dana@example.org",
         "min@students.example.org", "cora@example.org: reviewer for High School"},
        {"cora@example.org high_school * daily", "dana@example.org", "min@students.example.org",
         "cora@example.org: reviewer for High School"},
        // A student's school counts, members of lists included.
        {"lee@example.org ms * daily", "dana@example.org", "noah@students.example.org",
         "lee@example.org: reviewer for Middle School"},
        {"lee@example.org ms * daily", "dana@example.org", "all-ms@example.org",
         "lee@example.org: reviewer for Middle School"},
        {"cora@example.org hs * daily; lee@example.org ms * daily", "dana@example.org",
         "noah@students.example.org",
         "cora@example.org: reviewer for High School; lee@example.org: reviewer for Middle School"},
        {"lee@example.org ms * daily", "who@example.net", "kim@example.org",
         "lee@example.org: reviewer for Middle School"},
        // The sender's role.
        {"cora@example.org hs student daily; desk@example.org * staff daily", "min@students.example.org",
         "dana@example.org", "cora@example.org: reviewer for High School"},
        {"cora@example.org hs student daily; desk@example.org * staff daily", "dana@example.org",
         "min@students.example.org", "desk@example.org: reviewer for all schools"},
        // Nobody named: the principals, who are in office and have an account; then the supervisor; then nobody.
        {"", "dana@example.org", "min@students.example.org", "pat@example.org: principal of High School"},
        {"lee@example.org ms * daily", "dana@example.org", "min@students.example.org",
         "pat@example.org: principal of High School"},
        {"", "lee@example.org", "noah@students.example.org", "kim@example.org: supervisor of the sender"},
        {"", "kim@example.org", "noah@students.example.org", ""},
        {"", "who@example.net", "other@example.net", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        set_reviewers(ROWS[i].reviewers);
        g_autoptr(HoldItem) item = hold(ROWS[i].sender, ROWS[i].rcpts, NOW);
        g_autofree char *got = routes_of(item);
        cr_expect_str_eq(got, ROWS[i].expect, "row %zu: %s", i, got);
    }
}

Test(routing, nobody_reviews_their_own_or_their_supervisors_mail)
{
    static const struct {
        const char *reviewers, *sender, *rcpts, *expect;
    } ROWS[] = {
        // Cora wrote it, under another address of hers too.
        {"cora@example.org hs * daily; desk@example.org * * daily", "cora@example.org",
         "min@students.example.org", "desk@example.org: reviewer for all schools"},
        {"cora@example.org hs * daily", "cora.b@example.org", "min@students.example.org",
         "pat@example.org: principal of High School"},
        // She is to receive it.
        {"cora@example.org hs * daily", "dana@example.org", "min@students.example.org,Cora.B@example.org",
         "pat@example.org: principal of High School"},
        // Her supervisor wrote it, and her supervisor's; the principal's own goes to the principal's supervisor.
        {"cora@example.org hs * daily", "pat@example.org", "min@students.example.org",
         "ruth@example.org: supervisor of the sender"},
        {"cora@example.org * * daily", "ruth@example.org", "min@students.example.org", ""},
        {"sub@example.org hs * daily; desk@example.org * * daily", "pat@example.org",
         "min@students.example.org", "desk@example.org: reviewer for all schools"},
        // A supervisor may review who is under them.
        {"pat@example.org hs * daily", "dana@example.org", "min@students.example.org",
         "pat@example.org: reviewer for High School"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        set_reviewers(ROWS[i].reviewers);
        g_autoptr(HoldItem) item = hold(ROWS[i].sender, ROWS[i].rcpts, NOW);
        g_autofree char *got = routes_of(item);
        cr_expect_str_eq(got, ROWS[i].expect, "row %zu: %s", i, got);
    }
}

Test(routing, who_may_not_decide)
{
    static const struct {
        const char *who, *sender, *rcpts;
        Tri conflict;
    } ROWS[] = {
        {"dana@example.org", "dana@example.org", "min@students.example.org", TRI_YES},
        {"dana", "dana@example.org", "min@students.example.org", TRI_YES},
        {"Cora.B@example.org", "cora@example.org", "min@students.example.org", TRI_YES},
        {"cora", "dana@example.org", "min@students.example.org,cora.b@example.org", TRI_YES},
        {"cora", "pat@example.org", "min@students.example.org", TRI_YES},
        {"cora", "ruth@example.org", "min@students.example.org", TRI_YES},
        {"sub", "ruth@example.org", "min@students.example.org", TRI_NO},
        {"pat", "dana@example.org", "min@students.example.org", TRI_NO},
        {"kim", "dana@example.org", "min@students.example.org", TRI_NO},
        {"root", "dana@example.org", "min@students.example.org", TRI_NO},
        {"someone@example.net", "someone@example.net", "min@students.example.org", TRI_YES},
    };
    g_strfreev(place.config->district.domains);
    place.config->district.domains = g_strsplit("students.example.org example.org", " ", -1);
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autoptr(HoldItem) item = hold(ROWS[i].sender, ROWS[i].rcpts, NOW);
        g_autofree char *why = NULL;
        Tri got = routing_conflict(place.routing, ROWS[i].who, item, &why, &place.error);
        cr_expect_eq(got, ROWS[i].conflict, "row %zu: %d %s", i, got,
                     place.error ? place.error->message : "");
        cr_expect_eq(got == TRI_YES, why != NULL, "row %zu", i);
    }
}

Test(routing, whom_a_sender_may_ask)
{
    static const char *const ROWS[][2] = {
        {"dana@example.org", "pat@example.org"},         // the supervisor
        {"min@students.example.org", "pat@example.org"}, // the principal
        {"pat@example.org", "ruth@example.org"},
        {"kim@example.org", NULL}, // who was the principal once
        {"ruth@example.org", NULL},
        {"who@example.net", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autoptr(ReviewRoute) route = NULL;
        must(routing_supervisor(place.routing, ROWS[i][0], &route, &place.error));
        cr_expect_str_eq(route != NULL ? route->address : "-", ROWS[i][1] != NULL ? ROWS[i][1] : "-", "%s",
                         ROWS[i][0]);
    }
}

Test(routing, schools_that_reviewers_are_named_for_must_be_known)
{
    set_reviewers(
        "a@example.org hs,High_School daily daily; b@example.org * * daily; c@example.org ms,hss * daily");
    g_autoptr(GPtrArray) unknown = routing_unknown_schools(place.config, place.session, &place.error);
    must(unknown != NULL);
    cr_assert_eq(unknown->len, 1);
    cr_expect_str_eq(unknown->pdata[0],
                     "review.reviewers: c@example.org: the roster knows no school \"hss\"");
}

static Digest *of_reviewer(Digests *digests, const char *reviewer)
{
    for (guint i = 0; i < digests->digests->len; i++)
        if (strcmp(((Digest *)digests->digests->pdata[i])->reviewer, reviewer) == 0)
            return digests->digests->pdata[i];
    return NULL;
}

static Digests *collect(int64_t now_us)
{
    Digests *digests =
        digest_collect(place.config, place.quarantine, place.routing, now_us, NULL, NULL, &place.error);
    must(digests != NULL);
    return digests;
}

Test(routing, digests_are_by_reviewer_and_school)
{
    set_reviewers("cora@example.org hs * weekly; desk@example.org * * daily; none@example.org * * none");
    hold_item_free(hold("dana@example.org", "noah@students.example.org", NOW - 30 * HOUR_US));
    hold_item_free(hold("dana@example.org", "min@students.example.org", NOW - HOUR_US));
    hold_item_free(hold("cora@example.org", "min@students.example.org", NOW));
    g_autoptr(HoldItem) decided = hold("dana@example.org", "min@students.example.org", NOW);
    must(quarantine_deny(place.quarantine, decided->record, "desk", "no", NOW, &place.error));
    g_autoptr(Digests) digests = collect(NOW);
    cr_assert_eq(digests->items->len, 3, "what is decided is in no digest");
    cr_expect_eq(digests->unrouted, 0);
    const Digest *cora = of_reviewer(digests, "cora@example.org"),
                 *desk = of_reviewer(digests, "desk@example.org");
    cr_assert(cora != NULL && desk != NULL && of_reviewer(digests, "none@example.org") != NULL);
    cr_expect(cora->count == 2 && cora->overdue == 1 && desk->count == 3 && desk->overdue == 1);
    cr_expect_str_eq(cora->period, "weekly");
    cr_expect_eq(cora->schools->len, 1, "hers only");
    cr_assert_eq(digests->schools->schools->len, 2);
    const DigestSchool *hs = digests->schools->schools->pdata[0], *ms = digests->schools->schools->pdata[1];
    cr_expect_str_eq(hs->school->name, "High School");
    cr_expect(hs->items->len == 3 && ms->items->len == 1 && ms->overdue == 1);
    g_autoptr(TemplateData) data = digest_data(place.config, cora, NOW);
    g_autoptr(NoticeBook) book = notice_book_load(place.config, NULL, &place.error);
    must(book != NULL);
    g_autofree char *mail =
        notice_book_mail(place.config, book, "digest", data, "cora@example.org", "digest.1", NOW);
    static const char *const PARTS[] = {"Subject: Held messages to review: 2, 1 past their time\r\n",
                                        "To: cora@example.org\r\n",
                                        "High School: 2, 1 past their time\r\n",
                                        " - 6 h late",
                                        "dana@example.org, to 1 recipients",
                                        "staff-private-detail (NS-Cell 1a)"};
    for (gsize i = 0; i < G_N_ELEMENTS(PARTS); i++)
        cr_expect_not_null(strstr(mail, PARTS[i]), "%s\nlacks %s", mail, PARTS[i]);
    json_t *json = digest_json(place.config, cora, NOW);
    cr_expect_eq(json_integer_value(json_object_get(json, "count")), 2);
    json_decref(json);
}

Test(routing, digests_come_when_they_are_due)
{
    Digest daily = {.count = 1, .period = "daily"}, weekly = {.count = 1, .period = "weekly"};
    Digest none = {.count = 1, .period = "none"}, empty = {.count = 0, .period = "daily"};
    const struct {
        const Digest *digest;
        int64_t ago_us; // -1 = never sent
        bool due;
    } ROWS[] = {
        {&daily, -1, true},
        {&daily, 2 * HOUR_US, false},
        {&daily, 15 * HOUR_US, true},
        {&weekly, -1, true},
        {&weekly, 6 * 24 * HOUR_US, false},
        {&weekly, 7 * 24 * HOUR_US - 900, true},
        {&none, -1, false},
        {&empty, -1, false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++)
        cr_expect_eq(
            digest_is_due(place.config, ROWS[i].digest, ROWS[i].ago_us < 0 ? 0 : NOW - ROWS[i].ago_us, NOW),
            ROWS[i].due, "row %zu", i);
}

Test(routing, reviewers_are_reminded_of_what_is_late)
{
    set_reviewers("cora@example.org hs * daily");
    g_autoptr(HoldItem) late = hold("dana@example.org", "min@students.example.org", NOW - 25 * HOUR_US);
    g_autoptr(HoldItem) nobodys = hold("kim@example.org", "noah@students.example.org", NOW - 25 * HOUR_US);
    hold_item_free(hold("dana@example.org", "min@students.example.org", NOW - 23 * HOUR_US));
    cr_expect_eq(routing_remind(place.config, place.quarantine, place.roster, 20, NOW, &place.error), 2);
    cr_expect_eq(
        routing_remind(place.config, place.quarantine, place.roster, 20, NOW + HOUR_US / 2, &place.error), 0,
        "once a day");
    g_autoptr(HoldItem) after = quarantine_get(place.quarantine, late->record, NULL);
    g_autoptr(HoldItem) other = quarantine_get(place.quarantine, nobodys->record, NULL);
    cr_assert(after->steps->len == 1 && other->steps->len == 1);
    const HoldStep *step = after->steps->pdata[0], *none = other->steps->pdata[0];
    cr_expect_str_eq(step->step, "reminded");
    cr_expect_str_eq(step->why, "cora@example.org (reviewer for High School)");
    cr_expect_not_null(strstr(none->why, "nobody"), "that nobody is there is recorded");
    g_clear_pointer(&place.config->notice.from, g_free);
    place.config->notice.from = g_strdup("");
    cr_expect_eq(
        routing_remind(place.config, place.quarantine, place.roster, 20, NOW + 48 * HOUR_US, &place.error),
        0);
}

// ---- links -----------------------------------------------------------------------------------------------

static char *make_token(const void *key, const char *item, const char *sender, int64_t expires_us)
{
    return *(const char *)key == 'k'
               ? g_strdup_printf("T-%s-%s-%d", item, sender, (int)((expires_us - NOW) / (24 * HOUR_US)))
               : NULL;
}

static char *notice_of(const HoldItem *item)
{
    g_autoptr(Envelope) envelope = envelope_new();
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(item->mail_from);
    json_t *decision = json_pack("{s:[{s:s, s:s, s:s}], s:[]}", "parties", "address", item->mail_from, "role",
                                 "staff", "account", "school", "reasons");
    must(quarantine_notice(place.quarantine, NOTICE_HELD, item->record, envelope, NULL, decision, NULL, NOW,
                           &place.error));
    json_decref(decision);
    g_autoptr(StoreDb) db = store_open(place.config->quarantine.database, STORE_READ, 1000, &place.error);
    must(db != NULL);
    g_autoptr(StoreStmt) get =
        store_prepare(db, "SELECT body FROM notice ORDER BY id DESC LIMIT 1", &place.error);
    must(get != NULL && store_step(get, &place.error) == STORE_ROW);
    return g_strdup(store_text(get, 0));
}

Test(routing, notices_carry_the_senders_link)
{
    g_autoptr(HoldItem) item = hold("dana@example.org", "min@students.example.org", NOW);
    link_notices(place.quarantine, place.config, make_token, g_strdup("k"), g_free);
    g_autofree char *bare = notice_of(item);
    cr_expect_null(strstr(bare, "/sender/"), "there is no console");
    g_free(place.config->review.console_url);
    place.config->review.console_url = g_strdup("https://console.example.org/");
    link_notices(place.quarantine, place.config, make_token, g_strdup("k"), g_free);
    g_autofree char *linked = notice_of(item);
    g_autofree char *url = g_strdup_printf(
        "\r\n  https://console.example.org/sender/T-%s-dana@example.org-14\r\n", item->record);
    cr_expect_not_null(strstr(linked, url), "%s\nlacks %s", linked, url);
}
