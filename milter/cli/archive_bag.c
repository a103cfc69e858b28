// archive export --bag, for auditors: the plain door to bags, without a case. archive check-bag.
#include "bag/bag.h"
#include "cli/archive.h"
#include "search/search.h"

#include <stdio.h>
#include <string.h>

#define IDS_MOST    ((gsize)64 * 1024 * 1024)
#define BATES_WIDTH 8

GOptionGroup *archive_bag_group(ArchiveOptions *options)
{
    const GOptionEntry entries[] = {
        {"bag", 0, 0, G_OPTION_ARG_FILENAME, &options->bag, "Export: the bag; must not exist", "DIR"},
        {"query", 0, 0, G_OPTION_ARG_STRING, &options->search, "Export: what this finds", "WORDS"},
        {"ids", 0, 0, G_OPTION_ARG_FILENAME, &options->ids_file,
         "Export: the records of this list, an id a line", "FILE"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &options->name, "Of the export (the directory's)", "TEXT"},
        {"about", 0, 0, G_OPTION_ARG_STRING, &options->about, "What was asked for", "TEXT"},
        {"requester", 0, 0, G_OPTION_ARG_STRING, &options->requester, "Who gets it", "TEXT"},
        {"custodian", 0, 0, G_OPTION_ARG_STRING, &options->custody, "Who answers for the records", "TEXT"},
        {"prefix", 0, 0, G_OPTION_ARG_STRING, &options->prefix, "Of the Bates numbers (MSG)", "TEXT"},
        {"envelope", 0, 0, G_OPTION_ARG_NONE, &options->envelope,
         "The receiver may see envelopes and blind copies", NULL},
        {"key", 0, 0, G_OPTION_ARG_STRING, &options->key, "check-bag: the log's verifier key (the bag's own)",
         "KEY"},
        {NULL},
    };
    GOptionGroup *group = g_option_group_new("bag", "Bags:", "Show the options of bags", NULL, NULL);
    g_option_group_add_entries(group, entries);
    return group;
}

void archive_bag_clear(ArchiveOptions *options)
{
    g_free(options->bag);
    g_free(options->search);
    g_free(options->ids_file);
    g_free(options->name);
    g_free(options->about);
    g_free(options->requester);
    g_free(options->custody);
    g_free(options->prefix);
    g_free(options->key);
}

// ---- which records ---------------------------------------------------------------------------------------

typedef struct {
    char *record, *custodian;
    int64_t us;
} Pick;

static void pick_free(gpointer data)
{
    Pick *pick = data;
    g_free(pick->record);
    g_free(pick->custodian);
    g_free(pick);
}

typedef struct {
    const Config *config;
    GPtrArray *picks; // of Pick
    guint64 damage;
} Picking;

// The custodian is the sender where it is one of the district's: a recipient may be hidden.
static void pick_add(Picking *picking, const char *record, int64_t us, const char *sender)
{
    Pick *pick = g_new0(Pick, 1);
    pick->record = g_strdup(record);
    pick->us = us;
    pick->custodian = config_is_ours(picking->config, sender) ? g_strdup(sender) : NULL;
    g_ptr_array_add(picking->picks, pick);
}

static void pick_record(Picking *picking, const ArchiveRecord *record)
{
    const json_t *envelope = json_object_get(record->meta, "envelope");
    pick_add(picking, record->ref->id, archive_mail_time(record->meta),
             json_string_value(json_object_get(envelope, "mail_from")));
}

static bool pick_place(Picking *picking, const ArchiveRef *place, GError **error)
{
    g_autoptr(ArchiveRecord) record = archive_get_at(picking->config, place, error);
    bool ok = record != NULL && record->raw != NULL;
    if (ok)
        pick_record(picking, record);
    else if (record != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: an event, no message", place->id);
    return ok;
}

static bool pick_ids(Picking *picking, char **ids, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (char **id = ids; *id != NULL; id++)
        if (*g_strstrip(*id) != '\0' && g_hash_table_add(seen, *id))
            g_ptr_array_add(list, *id);
    g_autoptr(GHashTable) places = archive_find(picking->config, list, error);
    bool ok = places != NULL;
    for (guint i = 0; ok && i < list->len; i++)
        ok = pick_place(picking, g_hash_table_lookup(places, list->pdata[i]), error);
    return ok;
}

static bool pick_file(Picking *picking, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, IDS_MOST, error);
    if (bytes == NULL)
        return false;
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    g_auto(GStrv) ids = g_strsplit(text, "\n", -1);
    return pick_ids(picking, ids, error);
}

static bool pick_each(const ArchiveRecord *record, void *data)
{
    pick_record(data, record);
    return true;
}

static void pick_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    archive_print_damage(segment, offset, what, &((Picking *)data)->damage);
}

// ---- searches --------------------------------------------------------------------------------------------

static SearchResult *ask(const Config *config, const char *text, bool envelope, int64_t now_us,
                         GError **error)
{
    const SearchTerms terms = {config->district.timezone, now_us, envelope};
    g_autoptr(SearchQuery) query = search_query_parse(text, &terms, error);
    return query != NULL ? search_run(config, query, 0, NULL, error) : NULL;
}

// Records of the time asked about that the search could not look into wholly. NULL with `error`.
static json_t *unsearched(const Config *config, const SearchResult *result, int64_t now_us, GError **error)
{
    g_autoptr(SearchResult) all = ask(config, "is:unsearchable", false, now_us, error);
    json_t *items = all != NULL ? json_array() : NULL;
    for (guint i = 0; all != NULL && i < all->hits->len; i++) {
        const SearchHit *hit = all->hits->pdata[i];
        if ((result->first_us == 0 || hit->received_us >= result->first_us) &&
            (result->last_us == 0 || hit->received_us <= result->last_us))
            json_array_append_new(items,
                                  json_pack("{s:s, s:s}", "record", hit->record, "why", hit->unsearchable));
    }
    return items;
}

static json_t *search_note(const Config *config, const ArchiveOptions *options, const SearchResult *result,
                           int64_t now_us, GError **error)
{
    json_t *items = unsearched(config, result, now_us, error);
    g_autofree char *time = clock_format(now_us);
    g_autofree char *through = result->through_us != 0 ? clock_format(result->through_us) : NULL;
    return items != NULL
               ? json_pack("[{s:s, s:s, s:s, s:I, s:I, s:I, s:s?, s:I, s:o}]", "query", options->search,
                           "who", options->who, "time", time, "total", (json_int_t)result->total, "indexed",
                           (json_int_t)result->indexed, "archived", (json_int_t)result->archived, "through",
                           through, "unsearchable", (json_int_t)result->unsearchable, "items", items)
               : NULL;
}

static bool pick_search(Picking *picking, const ArchiveOptions *options, BagSpec *spec, GError **error)
{
    const Config *config = picking->config;
    int64_t now_us = clock_now_us();
    g_autoptr(SearchResult) result = ask(config, options->search, true, now_us, error);
    spec->searches = result != NULL ? search_note(config, options, result, now_us, error) : NULL;
    bool ok = spec->searches != NULL && archive_event_once(config, "search", options->who, NULL,
                                                           json_array_get(spec->searches, 0), now_us, error);
    for (guint i = 0; ok && i < result->hits->len; i++) {
        const SearchHit *hit = result->hits->pdata[i];
        g_autofree char *sender = g_strndup(hit->sender, strcspn(hit->sender, "\n"));
        pick_add(picking, hit->record, hit->received_us, sender);
    }
    return ok;
}

static bool pick_all(Picking *picking, const ArchiveOptions *options, BagSpec *spec, GError **error)
{
    if (options->search != NULL)
        return pick_search(picking, options, spec, error);
    if (options->ids_file != NULL)
        return pick_file(picking, options->ids_file, error);
    if (options->ids[0] != NULL)
        return pick_ids(picking, options->ids, error);
    bool ok = archive_each(picking->config, &options->query, pick_each, pick_damage, picking, error);
    if (ok && picking->damage > 0)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "the archive is damaged where records were looked for; a bag would not be whole: name its "
            "records with --ids");
    return ok && picking->damage == 0;
}

// ---- the bag ---------------------------------------------------------------------------------------------

static gint by_time(gconstpointer one, gconstpointer other)
{
    const Pick *a = *(const Pick *const *)one, *b = *(const Pick *const *)other;
    return a->us != b->us ? (a->us < b->us ? -1 : 1) : strcmp(a->record, b->record);
}

static BagSpec *spec_make(const Config *config, const ArchiveOptions *options, GError **error)
{
    g_autoptr(BagSpec) spec = bag_spec_new();
    Picking picking = {.config = config, .picks = g_ptr_array_new_with_free_func(pick_free)};
    bool ok = pick_all(&picking, options, spec, error);
    g_ptr_array_sort(picking.picks, by_time);
    for (guint i = 0; ok && i < picking.picks->len; i++) {
        const Pick *pick = picking.picks->pdata[i];
        g_autofree char *bates =
            bag_bates(options->prefix != NULL ? options->prefix : "MSG", BATES_WIDTH, i + 1);
        bag_spec_add(spec, pick->record, bates, BAG_FULL)->custodian = g_strdup(pick->custodian);
    }
    if (ok && picking.picks->len == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "no message was found: there is nothing to export");
        ok = false;
    }
    g_ptr_array_unref(picking.picks);
    spec->name = options->name != NULL ? g_strdup(options->name) : g_path_get_basename(options->bag);
    spec->description = g_strdup(options->about != NULL ? options->about : options->search);
    spec->requester = g_strdup(options->requester);
    spec->custody = g_strdup(options->custody);
    spec->who = g_strdup(options->who);
    spec->reason = g_strdup(options->reason);
    spec->envelope = options->envelope;
    spec->time_us = clock_now_us();
    return ok ? g_steal_pointer(&spec) : NULL;
}

static void show(const char *step, guint64 done, guint64 total, void *data)
{
    cli_progress_step(data, NULL, step, done, total);
}

static int print_result(const ArchiveOptions *options, const BagResult *result)
{
    for (guint i = 0; i < result->warnings->len; i++)
        fprintf(stderr, "chaperone: look at this: %s\n", (const char *)result->warnings->pdata[i]);
    if (options->json)
        return archive_print_json(json_pack(
            "{s:s, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:s}", "bag", options->bag, "items", (int)result->items,
            "full", (int)result->full, "redacted", (int)result->redacted, "withheld", (int)result->withheld,
            "attachments", (int)result->attachments, "files", (json_int_t)result->files, "bytes",
            (json_int_t)result->bytes, "manifest", result->manifest_sha256));
    printf("%u message%s with %u attachments in %s, read back: %" G_GUINT64_FORMAT
           " files, %" G_GUINT64_FORMAT " bytes\nSHA-256 of its tagmanifest-sha256.txt: %s\n",
           result->items, result->items == 1 ? "" : "s", result->attachments, options->bag, result->files,
           result->bytes, result->manifest_sha256);
    return 0;
}

static int check_options(const ArchiveOptions *options)
{
    int by_time = options->from != NULL || options->to != NULL || options->address != NULL;
    int ways = (options->search != NULL) + (options->ids_file != NULL) + (options->ids[0] != NULL) + by_time;
    if (*options->bag == '\0' || options->out != NULL || options->format != NULL)
        return cli_usage("archive export wants --bag DIR, or --format and --out");
    if (ways != 1)
        return cli_usage(
            "archive export --bag wants one of --query, --ids, ids, or --from, --to and --address");
    return options->events ? cli_usage("archive export writes messages, not events") : 0;
}

int archive_bag_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    int status = check_options(options);
    if (status != 0)
        return status;
    g_autoptr(BagSpec) spec = spec_make(config, options, error);
    g_autoptr(Readers) readers = spec != NULL ? readers_new(config, error) : NULL;
    CliProgress progress = {0};
    g_autoptr(BagResult) result =
        readers != NULL ? bag_write(config, readers, spec, options->bag, show, &progress, error) : NULL;
    cli_progress_end(&progress);
    return result != NULL ? print_result(options, result) : base_exit_status(*error);
}

// ---- checking one ----------------------------------------------------------------------------------------

static void on_finding(const char *file, const char *what, void *data)
{
    json_array_append_new(data, json_pack("{s:s, s:s}", "file", file, "what", what));
}

int archive_check_bag_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (options->ids[0] == NULL || options->ids[1] != NULL)
        return cli_usage("archive check-bag wants one directory");
    json_t *findings = json_array();
    Tri right = bag_check(options->ids[0], options->key, on_finding, NULL, findings, error);
    for (size_t i = 0; !options->json && i < json_array_size(findings); i++) {
        const json_t *one = json_array_get(findings, i);
        g_autofree char *file = cli_clean(json_string_value(json_object_get(one, "file")));
        fprintf(stderr, "chaperone: %s: %s\n", file, json_string_value(json_object_get(one, "what")));
    }
    int status = right == TRI_YES ? 0 : right == TRI_NO ? BASE_ERROR_DATA : base_exit_status(*error);
    if (options->json && right != TRI_UNKNOWN &&
        archive_print_json(json_pack("{s:b, s:O}", "right", right == TRI_YES, "findings", findings)) != 0)
        status = BASE_ERROR_IO;
    else if (!options->json && right == TRI_YES)
        printf("%s: every file is as it was written, and every proof leads to its checkpoint\n",
               options->ids[0]);
    json_decref(findings);
    return status;
}
