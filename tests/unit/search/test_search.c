// The index and its language, on shards in a scratch directory: each query with the documents it must find, and what is refused.
#include "search/internal.h"

#include <criterion/criterion.h>
#include <string.h>

#define DAY_US (86400 * (int64_t)G_USEC_PER_SEC)
#define NOON   INT64_C(1795348800000000) // 2026-11-22T12:00:00Z

static const SearchDocument DOCUMENTS[] = {
    {.record = "01AAAAAAAAAAAAAAAAAAAAAAA0",
     .received_us = NOON,
     .size = 1000,
     .sender = "ann.lee@example.org Ann Lee",
     .to = "jonah@students.example.org",
     .cc = "",
     .envelope = "jonah@students.example.org hidden@example.net",
     .subject = "Field trip",
     .body = "The bus leaves at eight. Bring a lunch.",
     .people = "staff af-stf-1 student af-stu-2",
     .schools = "af-hs",
     .rules = "staff-private-detail",
     .action = "hold",
     .message_id = "one@example.org"},
    {.record = "01AAAAAAAAAAAAAAAAAAAAAAA1",
     .received_us = NOON + 1,
     .size = 5 * 1024 * 1024,
     .sender = "ben@example.org",
     .to = "ann.lee@example.org",
     .cc = "office@example.org",
     .envelope = "ann.lee@example.org",
     .subject = "Re: budget",
     .body = "Teléfono and café; the trip is off.",
     .attachment = "quarterly figures of the lunch program",
     .filename = "budget-2026.xlsx",
     .action = "deliver",
     .attachments = 1,
     .message_id = "two@example.org"},
    {.record = "01AAAAAAAAAAAAAAAAAAAAAAA2",
     .received_us = NOON - 40 * DAY_US,
     .size = 300,
     .sender = "press@example.net",
     .to = "office@example.org",
     .subject = "trip trips tripping",
     .body = "lunch bus",
     .action = "tag",
     .message_id = "three@example.org",
     .unsearchable = "encrypted: plan.zip",
     .attachments = 1},
};

typedef struct {
    char *dir;
    Config *config;
} Fixture;

static void fixture_fill(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->dir = g_dir_make_tmp("chaperone-search-XXXXXX", NULL);
    fixture->config = config_defaults();
    g_free(fixture->config->archive.dir);
    fixture->config->archive.dir = g_strdup(fixture->dir);
    g_autoptr(SearchIndex) index = search_index_open(fixture->config, &error);
    cr_assert_not_null(index, "%s", error ? error->message : "");
    g_autoptr(GPtrArray) places = search_index_places(index, NULL);
    for (guint twice = 0; twice < 2; twice++) {
        for (guint i = 0; i < G_N_ELEMENTS(DOCUMENTS); i++)
            cr_assert(search_index_add(index, &DOCUMENTS[i], &error), "%s", error ? error->message : "");
        cr_assert(search_index_commit(index, places, &error), "%s", error ? error->message : "");
    }
}

static void fixture_clear(Fixture *fixture)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", fixture->dir);
    cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    config_unref(fixture->config);
    g_free(fixture->dir);
}

// The last figures of the ids found, newest first: "10"; or "!": what was refused.
static char *ask(Fixture *fixture, const char *text, bool envelope)
{
    const SearchTerms terms = {"America/New_York", NOON + DAY_US, envelope};
    g_autoptr(GError) error = NULL;
    g_autoptr(SearchQuery) query = search_query_parse(text, &terms, &error);
    if (query == NULL) {
        cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_USAGE), "%s", text);
        return g_strdup_printf("!%s", error->message);
    }
    g_autoptr(SearchResult) result = search_run(fixture->config, query, 0, NULL, &error);
    cr_assert_not_null(result, "%s: %s", text, error ? error->message : "");
    cr_assert_eq(result->total, result->hits->len);
    GString *found = g_string_new(NULL);
    for (guint i = 0; i < result->hits->len; i++)
        g_string_append_c(found, ((SearchHit *)result->hits->pdata[i])->record[25]);
    return g_string_free(found, FALSE);
}

Test(search, queries)
{
    static const struct {
        const char *query, *found;
    } QUERIES[] = {{"", "102"},
                   {"lunch", "102"},
                   {"lunch trip", "102"},
                   {"LUNCH AND trip", "102"},
                   {"budget", "1"},
                   {"budget OR tripping", "12"},
                   {"\"field trip\"", "0"},
                   {"\"trip field\"", ""},
                   {"trip -budget", "02"},
                   {"trip NOT budget", "02"},
                   {"-budget", "02"},
                   {"NOT (budget OR press)", "0"},
                   {"trip*", "102"},
                   {"tripp*", "2"},
                   {"telefono", "1"},
                   {"CAFÉ", "1"},
                   {"from:ann.lee@example.org", "0"},
                   {"from:lee", "0"},
                   {"to:ann.lee@example.org", "1"},
                   {"cc:office", "1"},
                   {"subject:trip", "02"},
                   {"body:trip", "1"},
                   {"subject:\"field trip\"", "0"},
                   {"attachment:lunch", "1"},
                   {"filename:budget*", "1"},
                   {"person:af-stu-2", "0"},
                   {"role:student", "0"},
                   {"school:af-hs", "0"},
                   {"rule:staff-private-detail", "0"},
                   {"action:hold", "0"},
                   {"action:HOLD OR action:tag", "02"},
                   {"message-id:<two@example.org>", "1"},
                   {"id:01aaaaaaaaaaaaaaaaaaaaaaa2", "2"},
                   {"has:attachment", "12"},
                   {"has:attachment trip", "12"},
                   {"has:attachment (budget OR -lunch)", "1"},
                   {"is:unsearchable", "2"},
                   {"size:>1M", "1"},
                   {"size:<1K", "02"},
                   {"size:<500", "2"},
                   {"on:2026-11-22", "10"},
                   {"before:2026-11-22", "2"},
                   {"after:2026-11-21", "10"},
                   {"after:2026-11-22", ""},
                   {"newer:7d", "10"},
                   {"older:1m", "2"},
                   {"trip before:2026-11-01", "2"},
                   {"(trip before:2026-11-01) OR budget", "12"},
                   {"-before:2026-11-01", "10"},
                   {"NEAR(bus lunch, 4)", "2"},
                   {"NEAR(bus lunch, 10)", "02"},
                   {"it's", ""},
                   {"bus & lunch", "02"},
                   {"budget - & figures", "1"},
                   {"; DROP TABLE item", ""},
                   {"\"') OR 1=1 --\"", ""},
                   {"http://x", ""}};
    Fixture fixture;
    fixture_fill(&fixture);
    for (guint i = 0; i < G_N_ELEMENTS(QUERIES); i++) {
        g_autofree char *found = ask(&fixture, QUERIES[i].query, true);
        cr_expect_str_eq(found, QUERIES[i].found, "%s: %s, not %s", QUERIES[i].query, found,
                         QUERIES[i].found);
    }
    fixture_clear(&fixture);
}

// Envelope recipients (BCC) are for those entitled: others neither ask for them nor meet them by a plain word.
Test(search, the_envelope_is_for_the_entitled)
{
    Fixture fixture;
    fixture_fill(&fixture);
    g_autofree char *entitled = ask(&fixture, "hidden", true), *field = ask(&fixture, "rcpt:hidden", true);
    g_autofree char *other = ask(&fixture, "hidden", false), *refused = ask(&fixture, "rcpt:hidden", false);
    g_autofree char *near = ask(&fixture, "NEAR(jonah hidden)", false);
    cr_expect_str_eq(entitled, "0");
    cr_expect_str_eq(field, "0");
    cr_expect_str_eq(other, "");
    cr_expect_str_eq(near, "");
    cr_expect(*refused == '!', "%s", refused);
    fixture_clear(&fixture);
}

Test(search, what_is_refused_is_named)
{
    static const struct {
        const char *query, *says;
    } BAD[] = {{"(trip", "parenthesis"},
               {"trip)", "closes nothing"},
               {"\"trip", "quotation mark"},
               {"colour:red", "no such field"},
               {"has:wings", "no such field"},
               {"before:yesterday", "no date"},
               {"on:2026-02-30", "no date"},
               {"newer:7", "no span"},
               {"newer:0d", "no span"},
               {"size:1M", "no size"},
               {"size:>", "no size"},
               {"trip OR", "missing"},
               {"NOT", "missing"},
               {"()", "missing"},
               {"NEAR(a)", "two words"},
               {"NEAR(a b", "without its end"},
               {"NEAR(a b, x)", "number"},
               {"!!!", "missing"},
               {"\xff", "UTF-8"},
               {"subject:\"\"", "no letter"}};
    Fixture fixture;
    fixture_fill(&fixture);
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_autofree char *answer = ask(&fixture, BAD[i].query, true);
        cr_expect(*answer == '!' && strstr(answer, BAD[i].says) != NULL, "%s: %s", BAD[i].query, answer);
    }
    g_autoptr(GString) deep = g_string_new(NULL);
    for (guint i = 0; i < 100000; i++)
        g_string_append_c(deep, '(');
    g_autofree char *answer = ask(&fixture, deep->str, true);
    cr_expect(strstr(answer, "too deep") != NULL);
    g_string_truncate(deep, 0);
    for (guint i = 0; i < 100000; i++)
        g_string_append(deep, "a ");
    g_autofree char *wide = ask(&fixture, deep->str, true);
    cr_expect(strstr(wide, "too long") != NULL, "%.60s", wide);
    fixture_clear(&fixture);
}

Test(search, pages_coverage_and_what_is_not_searchable)
{
    Fixture fixture;
    fixture_fill(&fixture);
    const SearchTerms terms = {"UTC", NOON, true};
    g_autoptr(SearchQuery) query = search_query_parse("lunch", &terms, NULL);
    g_autoptr(SearchResult) first = search_run(fixture.config, query, 2, NULL, NULL);
    cr_assert_eq(first->hits->len, 2);
    cr_expect_eq(first->total, 3);
    cr_expect_eq(first->indexed, 3);
    cr_expect_eq(first->through_us, NOON + 1);
    cr_expect_eq(first->unsearchable, 1);
    g_autoptr(SearchQuery) late = search_query_parse("lunch after:2026-11-01", &terms, NULL);
    g_autoptr(SearchResult) none = search_run(fixture.config, late, 2, NULL, NULL);
    cr_expect_eq(none->unsearchable, 0);
    cr_expect_eq(none->total, 2);
    fixture_clear(&fixture);
}

static bool at_once(void *data)
{
    guint *asked = data;
    return (*asked)++ == 0;
}

static bool never(void *data)
{
    return false;
}

static SearchDocument many(guint i, char *record)
{
    g_snprintf(record, 27, "01BBBBBBBBBBBBBBBBBBBB%04u", i);
    return (SearchDocument){.record = record,
                            .received_us = NOON - (i % 2 == 0 ? 40 : 0) * DAY_US,
                            .body = "many words that are said again, lunch and bus and trip",
                            .subject = "many"};
}

static void fill_many(SearchIndex *index, guint first, guint count)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) places = search_index_places(index, NULL);
    for (guint i = first; i < first + count; i++) {
        char record[27];
        SearchDocument one = many(i, record);
        cr_assert(search_index_add(index, &one, &error) &&
                      (i % 10 != 9 || search_index_commit(index, places, &error)),
                  "%s", error ? error->message : "");
    }
}

static int64_t pieces(Fixture *fixture, int month)
{
    g_autofree char *dir = search_dir(fixture->config), *path = search_shard_path(dir, month);
    g_autoptr(StoreDb) db = store_open(path, STORE_READ, 1000, NULL);
    g_autoptr(StoreStmt) stmt =
        store_prepare(db, "SELECT count(DISTINCT id >> 37) FROM text_data WHERE id > 10", NULL);
    cr_assert_eq(store_step(stmt, NULL), STORE_ROW);
    return store_int(stmt, 0);
}

Test(search, a_month_that_is_over_becomes_one_piece)
{
    Fixture fixture;
    fixture_fill(&fixture);
    g_autoptr(GError) error = NULL;
    g_autoptr(SearchIndex) index = search_index_open(fixture.config, &error);
    fill_many(index, 0, 330);
    cr_assert_gt(pieces(&fixture, 202610), 1, "%d", (int)pieces(&fixture, 202610));
    int64_t newest = pieces(&fixture, 202611);
    bool more = false;
    guint asked = 0;
    cr_assert(search_index_tidy(index, at_once, &asked, &more, &error) && more);
    while (search_index_tidy(index, never, NULL, &more, &error) && more)
        ;
    cr_assert_null(error);
    cr_assert_eq(pieces(&fixture, 202610), 1);
    cr_assert_eq(pieces(&fixture, 202611), newest, "the newest month is left alone");
    g_autofree char *found = ask(&fixture, "subject:trip lunch before:2026-11-01", true);
    cr_assert_str_eq(found, "2");
    // What comes late makes it a month to be tidied again, once.
    fill_many(index, 330, 20);
    cr_assert(search_index_tidy(index, never, NULL, &more, &error) && more);
    cr_assert_eq(pieces(&fixture, 202610), 1);
    cr_assert(search_index_tidy(index, never, NULL, &more, &error) && !more);
    search_index_close(&index);
    fixture_clear(&fixture);
}

Test(search, thrown_away_and_one_writer)
{
    Fixture fixture;
    fixture_fill(&fixture);
    g_autoptr(GError) error = NULL;
    cr_assert(search_ask_rebuild(fixture.config, &error));
    cr_expect(search_rebuild_asked(fixture.config));
    g_autoptr(SearchIndex) index = search_index_open(fixture.config, &error);
    cr_expect_null(search_index_open(fixture.config, &error));
    cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL));
    g_clear_error(&error);
    cr_assert(search_index_reset(index, &error), "%s", error ? error->message : "");
    cr_expect_not(search_rebuild_asked(fixture.config));
    g_autofree char *found = ask(&fixture, "lunch", true);
    cr_expect_str_eq(found, "");
    fixture_clear(&fixture);
}
