// Searches, and the records that they bring into a case.
#include "cases/internal.h"

#include <string.h>
#include <unistd.h>

enum { BATCH = 100, TEXT_MOST = 4 * 1024 * 1024 };

// ---- one record, read ------------------------------------------------------------------------------------

static char *own_text(const Message *message)
{
    GString *text = g_string_new(message->subject);
    for (guint i = 0; i < message->passages->len && text->len < TEXT_MOST; i++) {
        const Passage *passage = message->passages->pdata[i];
        bool body = passage->origin == ORIGIN_TEXT || passage->origin == ORIGIN_HTML;
        if (!body || passage->visibility != VISIBILITY_SHOWN || passage->reading != NULL)
            continue;
        g_string_append_c(text, '\n');
        g_string_append_len(text, passage->text, (gssize)MIN(passage->len, TEXT_MOST));
    }
    return g_string_free(text, FALSE);
}

static int by_text(gconstpointer one, gconstpointer other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

// Whoever decides about a message decides about what it carries: another file makes another record.
static char *hash_of(const char *plain, const Message *message)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    for (guint i = 1; i < message->parts->len; i++) {
        const Part *part = message->parts->pdata[i];
        if (part->sha256 != NULL && (part->attachment || !g_str_has_prefix(part->type, "text/")))
            g_ptr_array_add(files, part->sha256);
    }
    g_ptr_array_sort(files, by_text);
    g_autoptr(GString) all = g_string_new(plain);
    for (guint i = 0; i < files->len; i++)
        g_string_append_printf(all, "\n%s", (const char *)files->pdata[i]);
    return all->len > 0 ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, all->str, (gssize)all->len)
                        : g_strdup("");
}

// Whose mail it is: the sender where it is one of the district's, else the first of its people that everybody may read of.
static char *custodian_of(const Config *config, const json_t *meta, const Message *message)
{
    static const char *const HEADERS[] = {"From", "To", "Cc"};
    const char *sender = json_string_value(json_object_get(json_object_get(meta, "envelope"), "mail_from"));
    const char *found = config_is_ours(config, sender) ? sender : NULL;
    for (gsize k = 0; k < G_N_ELEMENTS(HEADERS); k++)
        for (guint i = 0; found == NULL && i < message->addresses->len; i++) {
            const MessageAddress *one = message->addresses->pdata[i];
            if (one->part == 0 && strcmp(one->header, HEADERS[k]) == 0 &&
                config_is_ours(config, one->address))
                found = one->address;
        }
    return g_strdup(found);
}

// What cannot be read has no text and no thread, and is a record all the same.
static bool traits_read(const Config *config, Readers *readers, const ArchiveRef *ref, Traits *out,
                        GError **error)
{
    g_autoptr(ArchiveRecord) whole = archive_get_at(config, ref, error);
    gsize len = 0;
    const void *data = whole != NULL ? g_bytes_get_data(whole->raw, &len) : NULL;
    int fd = whole != NULL ? reader_seal(data, len, error) : -1;
    g_autoptr(Reading) reading = fd >= 0 ? readers_read(readers, fd, len, 0, error) : NULL;
    if (fd >= 0)
        close(fd);
    if (reading == NULL)
        return false;
    g_autofree char *text = own_text(reading->message), *plain = alike_plain(text);
    out->text_hash = hash_of(plain, reading->message);
    out->tells = alike_hash(plain, &out->near);
    out->custodian = custodian_of(config, whole->meta, reading->message);
    traits_conversation(out, reading->message);
    return true;
}

// ---- taking in -------------------------------------------------------------------------------------------

static bool record_put(Cases *cases, const char *id, const SearchHit *hit, const ArchiveRef *place,
                       const Traits *traits, GError **error)
{
    bool exact = false;
    g_autofree char *thread = belong_thread(cases, id, hit->record, traits, error);
    g_autofree char *group =
        thread != NULL ? belong_group(cases, id, hit->record, traits, &exact, error) : NULL;
    g_autoptr(StoreStmt) put =
        group != NULL
            ? cases_prepare(
                  cases, error,
                  "INSERT INTO record(matter, record, sender, subject, thread, grp, text_hash, received_us,"
                  " exact, near, custodian, segment, byte, bytes) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                  id, hit->record, hit->sender != NULL ? hit->sender : "",
                  hit->subject != NULL ? hit->subject : "", thread, group, traits->text_hash, NULL)
            : NULL;
    if (put == NULL)
        return false;
    store_bind_int(put, 8, hit->received_us);
    store_bind_int(put, 9, exact);
    if (traits->tells)
        store_bind_blob(put, 10, &traits->near, sizeof traits->near);
    store_bind_text(put, 11, traits->custodian);
    store_bind_text(put, 12, place->segment);
    store_bind_int(put, 13, place->offset);
    store_bind_int(put, 14, place->length);
    return store_run(put, error) && belong_keep(cases, id, hit->record, traits, error);
}

static Tri is_known(Cases *cases, const char *id, const char *record, GError **error)
{
    g_autoptr(StoreStmt) get =
        cases_prepare(cases, error, "SELECT 1 FROM record WHERE matter = ? AND record = ?", id, record, NULL);
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

typedef struct {
    Cases *cases;
    const char *id;
    Readers *readers;
    GPtrArray
        *new; // of SearchHit, borrowed, the oldest first: a thread and a group are named by their first record
    GHashTable *places; // of each, ArchiveRef
    CaseSearched *out;
} Collect;

static bool collect_new(Collect *collect, const GPtrArray *hits, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    bool ok = true;
    for (guint i = hits->len; ok && i > 0; i--) {
        SearchHit *hit = hits->pdata[i - 1];
        Tri known = is_known(collect->cases, collect->id, hit->record, error);
        ok = known != TRI_UNKNOWN;
        if (known == TRI_NO) {
            g_ptr_array_add(collect->new, hit);
            g_ptr_array_add(ids, hit->record);
        }
    }
    collect->out->known = hits->len - collect->new->len;
    collect->places = ok ? archive_find(collect->cases->config, ids, error) : NULL;
    return collect->places != NULL;
}

// Somebody else's search may have brought it meanwhile.
static bool collect_put(Collect *collect, guint from, const Traits *traits, guint count, GError **error)
{
    bool ok = store_begin(collect->cases->db, error);
    guint added = 0;
    for (guint i = 0; ok && i < count; i++) {
        const SearchHit *hit = collect->new->pdata[from + i];
        Tri known = is_known(collect->cases, collect->id, hit->record, error);
        ok = known != TRI_UNKNOWN &&
             (known == TRI_YES ||
              record_put(collect->cases, collect->id, hit, g_hash_table_lookup(collect->places, hit->record),
                         &traits[i], error));
        added += known == TRI_NO;
    }
    ok = ok && store_commit(collect->cases->db, error);
    if (!ok)
        store_rollback(collect->cases->db);
    collect->out->added += ok ? added : 0;
    collect->out->known += ok ? count - added : 0;
    return ok;
}

// Reading may take its time: nothing is locked meanwhile.
static bool collect_batch(Collect *collect, guint from, guint count, GError **error)
{
    Traits traits[BATCH] = {0};
    bool ok = true;
    for (guint i = 0; ok && i < count; i++) {
        const SearchHit *hit = collect->new->pdata[from + i];
        ok = traits_read(collect->cases->config, collect->readers,
                         g_hash_table_lookup(collect->places, hit->record), &traits[i], error);
    }
    ok = ok && collect_put(collect, from, traits, count, error);
    for (guint i = 0; i < count; i++)
        traits_clear(&traits[i]);
    return ok;
}

// What was committed is known in the next try.
static bool collect_all(Collect *collect, const GPtrArray *hits, CaseProgress progress, void *data,
                        GError **error)
{
    bool ok = collect_new(collect, hits, error);
    for (guint done = 0; ok && done < collect->new->len; done += BATCH) {
        guint count = MIN(BATCH, collect->new->len - done);
        ok = collect_batch(collect, done, count, error);
        if (progress != NULL)
            progress(done + count, collect->new->len, data);
    }
    return ok;
}

// ---- what a search could not look into ---------------------------------------------------------------------

// Local days that hold the time asked about, and a little more on both sides.
static char *lacking_query(const SearchTerms *terms, const SearchResult *result)
{
    const int64_t more = 26 * 3600 * (int64_t)G_USEC_PER_SEC;
    GString *query = g_string_new("is:unsearchable");
    int first = result->first_us > more ? clock_local_date(result->first_us - more, terms->timezone) : 0;
    int last = result->last_us > 0 ? clock_local_date(result->last_us + more, terms->timezone) : 0;
    if (first != 0)
        g_string_append_printf(query, " after:%04d-%02d-%02d", first / 10000, first / 100 % 100, first % 100);
    if (last != 0)
        g_string_append_printf(query, " before:%04d-%02d-%02d", last / 10000, last / 100 % 100, last % 100);
    return g_string_free(query, FALSE);
}

// [{"record", "why"}]. NULL with `error`.
static json_t *lacking(Cases *cases, const SearchTerms *terms, const SearchResult *result, GError **error)
{
    g_autofree char *text = lacking_query(terms, result);
    g_autoptr(SearchQuery) query = result->unsearchable > 0 ? search_query_parse(text, terms, error) : NULL;
    g_autoptr(SearchResult) found =
        query != NULL ? search_run(cases->config, query, CASE_LACKING_MOST, NULL, error) : NULL;
    if (result->unsearchable > 0 && found == NULL)
        return NULL;
    json_t *items = json_array();
    for (guint i = 0; found != NULL && i < found->hits->len; i++) {
        const SearchHit *hit = found->hits->pdata[i];
        if (hit->received_us >= result->first_us &&
            (result->last_us == 0 || hit->received_us < result->last_us))
            json_array_append_new(items,
                                  json_pack("{s:s, s:s}", "record", hit->record, "why", hit->unsearchable));
    }
    return items;
}

// ---- searching -------------------------------------------------------------------------------------------

static bool search_put(Cases *cases, const char *id, const char *query, bool envelope, const json_t *items,
                       const CaseSearched *out, const char *who, int64_t now_us, GError **error)
{
    char *text = json_dumps(items, JSON_COMPACT);
    g_autoptr(StoreStmt) put = cases_prepare(
        cases, error,
        "INSERT INTO search(matter, query, who, items, time_us, total, added, indexed, archived, "
        "unsearchable, through_us, envelope) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
        id, query, who, text, NULL);
    const int64_t numbers[] = {now_us,
                               (int64_t)out->hits,
                               (int64_t)out->added,
                               (int64_t)out->indexed,
                               (int64_t)out->archived,
                               (int64_t)out->unsearchable,
                               out->through_us,
                               envelope};
    for (gsize i = 0; put != NULL && i < G_N_ELEMENTS(numbers); i++)
        store_bind_int(put, (int)i + 5, numbers[i]);
    g_autofree char *through = out->through_us > 0 ? clock_format(out->through_us) : NULL;
    json_t *detail = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:s?}", "query", query, "envelope",
                               envelope, "total", (json_int_t)out->hits, "added", (json_int_t)out->added,
                               "indexed", (json_int_t)out->indexed, "archived", (json_int_t)out->archived,
                               "unsearchable", (json_int_t)out->unsearchable, "through", through);
    free(text);
    bool told = cases_event(cases, "case-search", id, NULL, detail, who, now_us, error);
    return told && put != NULL && store_run(put, error);
}

static void search_counts(const SearchResult *result, CaseSearched *out)
{
    *out = (CaseSearched){.hits = result->total,
                          .indexed = result->indexed,
                          .archived = result->archived,
                          .unsearchable = result->unsearchable,
                          .through_us = result->through_us};
}

bool case_search(Cases *cases, const char *id, Readers *readers, const char *query, bool envelope,
                 const char *who, int64_t now_us, CaseProgress progress, void *data, CaseSearched *out,
                 GError **error)
{
    const SearchTerms terms = {cases->config->district.timezone, now_us, envelope};
    *out = (CaseSearched){0};
    if (!cases_is_open(cases, id, error))
        return false;
    g_autoptr(SearchQuery) parsed = search_query_parse(query, &terms, error);
    g_autoptr(SearchResult) result =
        parsed != NULL ? search_run(cases->config, parsed, 0, NULL, error) : NULL;
    json_t *items = result != NULL ? lacking(cases, &terms, result, error) : NULL;
    if (items == NULL)
        return false;
    search_counts(result, out);
    g_autoptr(GPtrArray) new = g_ptr_array_new();
    Collect collect = {cases, id, readers, new, NULL, out};
    bool ok = collect_all(&collect, result->hits, progress, data, error) &&
              search_put(cases, id, query, envelope, items, out, who, now_us, error);
    g_clear_pointer(&collect.places, g_hash_table_unref);
    json_decref(items);
    return ok;
}

static json_t *search_json(StoreStmt *row)
{
    static const char *const NUMBERS[] = {"total", "added", "indexed", "archived", "unsearchable"};
    g_autofree char *time = clock_format(store_int(row, 2));
    g_autofree char *through = store_int(row, 8) > 0 ? clock_format(store_int(row, 8)) : NULL;
    json_t *items = json_loads(store_text(row, 10), 0, NULL);
    json_t *one =
        json_pack("{s:s, s:s, s:s, s:s?, s:b, s:o?}", "query", store_text(row, 0), "who", store_text(row, 1),
                  "time", time, "through", through, "envelope", store_int(row, 9) != 0, "items", items);
    for (gsize i = 0; i < G_N_ELEMENTS(NUMBERS); i++)
        json_object_set_new(one, NUMBERS[i], json_integer(store_int(row, (int)i + 3)));
    return one;
}

json_t *case_searches(Cases *cases, const char *id, GError **error)
{
    g_autoptr(StoreStmt) get = cases_prepare(
        cases, error,
        "SELECT query, who, time_us, total, added, indexed, archived, unsearchable, through_us, "
        "envelope, items FROM search WHERE matter = ? ORDER BY id",
        id, NULL);
    json_t *all = json_array();
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        json_array_append_new(all, search_json(get));
    if (step != STORE_DONE)
        g_clear_pointer(&all, json_decref);
    return all;
}
