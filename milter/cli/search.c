// search: the archive by words, fields and times. What was asked is recorded, with how many were found and what the index covered.
#include "search/search.h"
#include "cli/archive.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *config_path, *before, *reason, *who;
    gint limit;
    gboolean json, rebuild;
} Options;

static bool search_record(const Config *config, const Options *options, const char *text,
                          const SearchResult *result, GError **error)
{
    json_t *detail =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:s*}", "query", text, "found", (json_int_t)result->total,
                  "indexed", (json_int_t)result->indexed, "archived", (json_int_t)result->archived,
                  "unsearchable", (json_int_t)result->unsearchable, "reason", options->reason);
    bool ok = archive_event_once(config, "search", options->who, NULL, detail, clock_now_us(), error);
    json_decref(detail);
    return ok;
}

// ---- printing --------------------------------------------------------------------------------------------

static json_t *hit_json(const SearchHit *hit)
{
    g_autofree char *received = clock_format(hit->received_us);
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:i, s:s}", "id", hit->record, "received", received,
                     "size", (json_int_t)hit->size, "from", hit->sender, "subject", hit->subject, "action",
                     hit->action, "attachments", (int)hit->attachments, "unsearchable", hit->unsearchable);
}

static int print_result_json(const SearchResult *result)
{
    json_t *hits = json_array();
    for (guint i = 0; i < result->hits->len; i++)
        json_array_append_new(hits, hit_json(result->hits->pdata[i]));
    g_autofree char *through = result->through_us != 0 ? clock_format(result->through_us) : NULL;
    return archive_print_json(json_pack("{s:I, s:o, s:I, s:I, s:s?, s:I}", "total", (json_int_t)result->total,
                                        "hits", hits, "indexed", (json_int_t)result->indexed, "archived",
                                        (json_int_t)result->archived, "through", through, "unsearchable",
                                        (json_int_t)result->unsearchable));
}

static void print_hit(const SearchHit *hit)
{
    g_autofree char *received = clock_format(hit->received_us);
    g_autofree char *sender = archive_plain(hit->sender, 200), *subject = archive_plain(hit->subject, 60);
    sender[strcspn(sender, "\n")] = '\0';
    g_autofree char *unsearchable = archive_plain(hit->unsearchable, 200);
    printf("%s  %.19s  %-30.30s  %-7s  %s%s%s%s\n", hit->record, received, sender, hit->action, subject,
           *unsearchable != '\0' ? "  (not searched: " : "", unsearchable, *unsearchable != '\0' ? ")" : "");
}

static void print_result(const SearchResult *result)
{
    for (guint i = 0; i < result->hits->len; i++)
        print_hit(result->hits->pdata[i]);
    g_autofree char *through = result->through_us != 0 ? clock_format(result->through_us) : g_strdup("never");
    fflush(stdout);
    fprintf(stderr, "%u of %" G_GUINT64_FORMAT " found shown\n", result->hits->len, result->total);
    fprintf(stderr, "index: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " records, newest %s%s\n",
            result->indexed, result->archived, through,
            result->indexed < result->archived ? "; the rest is not searched: is chaperone-archivist running?"
                                               : "");
    if (result->unsearchable > 0)
        fprintf(stderr,
                "%" G_GUINT64_FORMAT
                " records of that time could not be read wholly: chaperone search is:unsearchable\n",
                result->unsearchable);
    if (result->hits->len > 0 && result->hits->len < result->total) {
        const SearchHit *last = result->hits->pdata[result->hits->len - 1];
        fprintf(stderr, "older ones: --before %s\n", last->record);
    }
}

// ---- the command -----------------------------------------------------------------------------------------

static int search_ask(const Config *config, const Options *options, const char *text, GError **error)
{
    const SearchTerms terms = {config->district.timezone, clock_now_us(), true};
    g_autoptr(SearchQuery) query = search_query_parse(text, &terms, error);
    g_autoptr(SearchResult) result =
        query != NULL ? search_run(config, query, (guint)options->limit, options->before, error) : NULL;
    if (result == NULL || !search_record(config, options, text, result, error))
        return base_exit_status(*error);
    if (options->json)
        return print_result_json(result);
    print_result(result);
    return ferror(stdout) ? BASE_ERROR_IO : 0;
}

static int search_rebuild(const Config *config, const Options *options, GError **error)
{
    if (!archive_event_once(config, "index-rebuild", options->who, NULL, NULL, clock_now_us(), error) ||
        !search_ask_rebuild(config, error))
        return base_exit_status(*error);
    fprintf(
        stderr,
        "chaperone-archivist makes the index anew, from the first record; a search tells how far it is\n");
    return 0;
}

// The words as one query. What the shell took the quotation marks off gets them back: several words in one argument.
static char *search_text(char **argv)
{
    GString *text = g_string_new(NULL);
    bool several = argv[0] != NULL && argv[1] != NULL;
    for (char **arg = argv; *arg != NULL; arg++) {
        bool phrase = several && strchr(*arg, ' ') != NULL && strpbrk(*arg, "\"()") == NULL;
        gsize field = phrase ? strspn(*arg, "abcdefghijklmnopqrstuvwxyz-") : 0;
        field = phrase && (*arg)[field] == ':' ? field + 1 : 0;
        g_string_append(text, arg > argv ? " " : "");
        g_string_append_len(text, *arg, (gssize)field);
        g_string_append_printf(text, phrase ? "\"%s\"" : "%s", *arg + field);
    }
    return g_string_free(text, FALSE);
}

static int search_main(const Options *options, int argc, char **argv)
{
    GError *error = NULL;
    if (options->limit < 0)
        return cli_usage("--limit must not be negative");
    if (options->rebuild != (argc == 1))
        return cli_usage(options->rebuild ? "search --rebuild takes no words"
                                          : "search wants something to look for");
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
    if (config == NULL)
        return cli_fail(error);
    g_autofree char *text = search_text(argv + 1);
    int status = options->rebuild ? search_rebuild(config, options, &error)
                                  : search_ask(config, options, text, &error);
    return error != NULL ? cli_fail(error) : status;
}

int cli_search(int argc, char **argv)
{
    Options options = {.limit = 50, .who = cli_who()};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {"limit", 'n', 0, G_OPTION_ARG_INT, &options.limit, "Show the newest N of them; 0 = all (50)", "N"},
        {"before", 0, 0, G_OPTION_ARG_STRING, &options.before, "Go on behind this record", "ID"},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options.reason, "Why; kept with the event", "TEXT"},
        {"rebuild", 0, 0, G_OPTION_ARG_NONE, &options.rebuild, "Have the index made anew, while mail flows",
         NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("WORD...");
    g_option_context_set_summary(
        context,
        "All words must be there: words, \"a phrase\", beginn*, OR, NOT or -, (...), NEAR(a b, 10), and\n"
        "FIELD:value with from, to, cc, rcpt, subject, body, attachment, filename, person, role, school, "
        "rule,\n"
        "action, message-id, id, has:attachment, is:unsearchable, size:>1M, before:DATE, after:DATE, "
        "on:DATE,\n"
        "newer:7d, older:2y. Put -- before a word that begins with -.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = g_option_context_parse(context, &argc, &argv, &error) ? 0 : cli_usage("%s", error->message);
    bool dashes = argc > 1 && strcmp(argv[1], "--") == 0;
    if (status == 0)
        status = search_main(&options, dashes ? argc - 1 : argc, dashes ? argv + 1 : argv);
    g_free(options.config_path);
    g_free(options.before);
    g_free(options.reason);
    g_free(options.who);
    return status;
}
