// Records taken out of the index: found no more, their words in no file of it, all others as they were.
#include "search/internal.h"

#include <criterion/criterion.h>
#include <string.h>

#define NOON INT64_C(1795348800000000) // 2026-11-22T12:00:00Z
enum { COUNT = 300 };

typedef struct {
    char *dir;
    Config *config;
} Ground;

static void record_name(guint i, char out[ULID_LEN + 1])
{
    g_snprintf(out, ULID_LEN + 1, "01AAAAAAAAAAAAAAAAAAAA%04u", i);
}

// Words of all scripts and forms, each document with one of its own.
static void add(SearchIndex *index, guint i)
{
    char record[ULID_LEN + 1];
    record_name(i, record);
    g_autofree char *body = g_strdup_printf(
        "lunch bus own%04u Ünïcödé İstanbul ǅungla ﬁnd ΣΊΣΥΦΟΣ e\xcc\x81tude Straße don't x-ray %u %s", i,
        i * 7, i % 3 == 0 ? "third" : "other");
    g_autofree char *subject = g_strdup_printf("subject%04u", i);
    const SearchDocument document = {.record = record,
                                     .received_us = NOON + i,
                                     .size = 100,
                                     .sender = "ann@example.org",
                                     .to = "ben@example.org",
                                     .subject = subject,
                                     .body = body,
                                     .attachment = "figures of lunch"};
    g_autoptr(GError) error = NULL;
    cr_assert(search_index_add(index, &document, &error), "%s", error ? error->message : "");
}

static Ground ground_new(void)
{
    g_autoptr(GError) error = NULL;
    Ground ground = {g_dir_make_tmp("chaperone-remove-XXXXXX", NULL), config_defaults()};
    g_free(ground.config->archive.dir);
    ground.config->archive.dir = g_strdup(ground.dir);
    g_autoptr(SearchIndex) index = search_index_open(ground.config, &error);
    cr_assert_not_null(index, "%s", error ? error->message : "");
    g_autoptr(GPtrArray) places = search_index_places(index, NULL);
    for (guint i = 0; i < COUNT; i++) {
        add(index, i);
        if (i % 50 == 0) // several pieces, as in life
            cr_assert(search_index_commit(index, places, &error));
    }
    cr_assert(search_index_commit(index, places, &error));
    return ground;
}

static void ground_clear(Ground *ground)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", ground->dir);
    cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    config_unref(ground->config);
    g_free(ground->dir);
}

static guint64 total(const Ground *ground, const char *text)
{
    const SearchTerms terms = {"UTC", NOON, true};
    g_autoptr(GError) error = NULL;
    g_autoptr(SearchQuery) query = search_query_parse(text, &terms, &error);
    g_autoptr(SearchResult) result = search_run(ground->config, query, 0, NULL, &error);
    cr_assert_not_null(result, "%s", error ? error->message : "");
    cr_assert_eq(result->hits->len, result->total);
    return result->total;
}

// Does any file of the index hold these bytes?
static bool files_hold(const Ground *ground, const char *bytes)
{
    g_autofree char *command = g_strdup_printf("grep -rqaF %s '%s/index'", bytes, ground->dir);
    int status = 0;
    cr_assert(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
    return status == 0;
}

static void ask(const Ground *ground, guint from, guint to)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = from; i < to; i++) {
        char record[ULID_LEN + 1];
        int64_t time = NOON + i;
        record_name(i, record);
        g_ptr_array_add(records, g_strdup(record));
        g_array_append_val(times, time);
    }
    cr_assert(search_ask_remove(ground->config, records, times, &error), "%s", error ? error->message : "");
}

static void carry_out(const Ground *ground)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SearchIndex) index = search_index_open(ground->config, &error);
    for (bool more = true; more;)
        cr_assert(search_index_remove_asked(index, &more, &error), "%s", error ? error->message : "");
    cr_assert_not(search_rebuild_asked(ground->config));
}

Test(search, removed_records_leave_no_word)
{
    Ground ground = ground_new();
    g_autoptr(GError) error = NULL;
    cr_assert_eq(total(&ground, "lunch"), COUNT);
    cr_assert(files_hold(&ground, "subject0017"));
    ask(&ground, 10, 40);
    cr_assert_eq(search_removed(ground.config, &error), TRI_NO);
    carry_out(&ground);
    cr_assert_eq(search_removed(ground.config, &error), TRI_YES);
    cr_assert_eq(total(&ground, "lunch"), COUNT - 30);
    cr_assert_eq(total(&ground, ""), COUNT - 30);
    cr_assert_eq(total(&ground, "own0017"), 0);
    cr_assert_eq(total(&ground, "own0010 OR own0039"), 0);
    cr_assert_eq(total(&ground, "own0009 OR own0040"), 2);
    cr_assert_eq(total(&ground, "\"lunch bus own0040\""), 1);
    cr_assert_eq(total(&ground, "third"), COUNT / 3 - 10);
    cr_assert_eq(total(&ground, "istanbul"), COUNT - 30);
    cr_assert_eq(total(&ground, "straße"), COUNT - 30);
    // Words of one document only, whole or as FTS5 keeps them behind what they share with the word before.
    cr_assert_not(files_hold(&ground, "subject0017"));
    cr_assert_not(files_hold(&ground, "own0017"));
    ground_clear(&ground);
}

// Asked for again, by a crash, or of what is not there: nothing happens; the count is right.
Test(search, removing_twice_is_removing_once)
{
    Ground ground = ground_new();
    g_autoptr(GError) error = NULL;
    ask(&ground, 0, 5);
    carry_out(&ground);
    ask(&ground, 0, 8);
    ask(&ground, COUNT, COUNT + 3);
    carry_out(&ground);
    cr_assert_eq(total(&ground, ""), COUNT - 8);
    const SearchTerms terms = {"UTC", NOON, true};
    g_autoptr(SearchQuery) query = search_query_parse("", &terms, &error);
    g_autoptr(SearchResult) result = search_run(ground.config, query, 1, NULL, &error);
    cr_assert_eq(result->indexed, COUNT - 8);
    ground_clear(&ground);
}

Test(search, hits_of_a_month_as_a_set)
{
    Ground ground = ground_new();
    g_autoptr(GError) error = NULL;
    const SearchTerms terms = {"UTC", NOON, true};
    g_autoptr(SearchQuery) query = search_query_parse("third", &terms, &error);
    g_autoptr(SearchMonth) month = search_month_find(ground.config, query, NOON, &error);
    cr_assert_not_null(month, "%s", error ? error->message : "");
    cr_assert_eq(search_month_has(month, "01AAAAAAAAAAAAAAAAAAAA0003"), TRI_YES);
    cr_assert_eq(search_month_has(month, "01AAAAAAAAAAAAAAAAAAAA0004"), TRI_NO);
    cr_assert_eq(search_month_has(month, "01AAAAAAAAAAAAAAAAAAAA9999"), TRI_UNKNOWN);
    g_autoptr(SearchMonth) none = search_month_find(ground.config, query, NOON * 2, &error);
    cr_assert_not_null(none);
    cr_assert_eq(search_month_has(none, "01AAAAAAAAAAAAAAAAAAAA0003"), TRI_UNKNOWN);
    ground_clear(&ground);
}
