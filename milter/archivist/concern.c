// The message that a report is about: by its Message-ID, else by what the report holds of it.
#include "archivist/watch.h"

#include <string.h>

// Records that are read for comparing, of those whose subject or parties fit.
#define MOST_COMPARED 200
#define MOST_FOUND    50
static const int64_t DAY_US = 86400 * (int64_t)G_USEC_PER_SEC;

typedef struct {
    const Config *config;
    const Report *report;
    const char *record;          // of the report
    const ReviewParty *reporter; // NULL = not known
    char *mailbox;               // of reports
    GPtrArray *named;            // of ReviewFound: by Message-ID
    ReportWay way;               // of those
    GPtrArray *alike;            // of ArchiveRecord, without its bytes: worth comparing, newest first
    GPtrArray *day;              // the same, of the day being read
    bool (*stop)(void *data);
    void *data;
} Search;

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static ReviewFound *found_new(const char *record, const char *why, json_t *meta)
{
    ReviewFound *found = g_new0(ReviewFound, 1);
    *found = (ReviewFound){g_strdup(record), g_strdup(why), json_incref(meta)};
    return found;
}

static bool reporter_is_in(const Search *search, const json_t *judgement)
{
    const ReviewParty *reporter = search->reporter;
    const json_t *list = json_object_get(judgement, "parties");
    bool in = false;
    for (size_t i = 0; reporter != NULL && i < json_array_size(list) && !in; i++) {
        const json_t *one = json_array_get(list, i);
        const char *address = text_of(one, "address"), *person = text_of(one, "person");
        in = (address != NULL && g_ascii_strcasecmp(address, reporter->address) == 0) ||
             (person != NULL && g_strcmp0(person, reporter->person) == 0);
    }
    return in;
}

static bool is_report(const Search *search, const json_t *envelope)
{
    const json_t *rcpts = json_object_get(envelope, "rcpts");
    bool is = false;
    for (size_t i = 0; i < json_array_size(rcpts) && !is; i++) {
        const char *address = text_of(json_array_get(rcpts, i), "address");
        g_autofree char *have = address != NULL ? roster_canonical_address(search->config, address) : NULL;
        is = search->mailbox != NULL && g_strcmp0(have, search->mailbox) == 0;
    }
    return is;
}

static void take_named(Search *search, const ArchiveRecord *record, ReportWay way)
{
    static const char *const WHY[] = {
        "the reported message: it is attached", "the reported message: forwarded by its Message-ID",
        "the reported message: the report answers it", "the reported message: the report refers to it"};
    if (way < search->way)
        g_ptr_array_set_size(search->named, 0);
    search->way = MIN(search->way, way);
    if (way == search->way && search->named->len < MOST_FOUND)
        g_ptr_array_add(search->named, found_new(record->ref->id, WHY[way], record->meta));
}

static void take_alike(Search *search, const ArchiveRecord *record)
{
    ArchiveRecord *kept = g_new0(ArchiveRecord, 1);
    kept->ref = g_new0(ArchiveRef, 1);
    kept->ref->segment = g_strdup(record->ref->segment);
    kept->ref->offset = record->ref->offset;
    kept->ref->length = record->ref->length;
    g_strlcpy(kept->ref->id, record->ref->id, sizeof kept->ref->id);
    kept->meta = json_incref(record->meta);
    // The newest of the day last: what is older makes room.
    if (search->day->len == MOST_COMPARED)
        g_ptr_array_remove_index(search->day, 0);
    g_ptr_array_add(search->day, kept);
}

static bool look_at(const ArchiveRecord *record, void *data)
{
    Search *search = data;
    const json_t *message = json_object_get(record->meta, "message");
    if (strcmp(record->ref->id, search->record) == 0 ||
        is_report(search, json_object_get(record->meta, "envelope")))
        return !search->stop(search->data);
    const char *id = text_of(message, "message_id");
    ReportWay way = id != NULL ? report_names(search->report, id) : WAY_NONE;
    if (way != WAY_NONE)
        take_named(search, record, way);
    else if (report_subject_is(search->report, text_of(message, "subject")) ||
             reporter_is_in(search, json_object_get(record->meta, "judgement")))
        take_alike(search, record);
    return !search->stop(search->data);
}

// From the newest day back. A message that is named surely ends it with its day and the one before: copies of one message come
// close together.
static bool walk_days(Search *search, int64_t until_us, GError **error)
{
    int days = search->config->review.concern_days, last = days;
    bool ok = true;
    for (int i = 0; ok && i < MIN(days, last) && !search->stop(search->data); i++) {
        const ArchiveQuery query = {.from_us = until_us - (i + 1) * DAY_US, .to_us = until_us - i * DAY_US};
        ok = archive_each(search->config, &query, look_at, NULL, search, error);
        while (search->day->len > 0 && search->alike->len < MOST_COMPARED)
            g_ptr_array_add(search->alike, g_ptr_array_steal_index(search->day, search->day->len - 1));
        g_ptr_array_set_size(search->day, 0);
        if (last == days && search->way <= WAY_REPLY)
            last = i + 2;
    }
    return ok;
}

static bool compare(Search *search, Readers *readers, GPtrArray *found, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < search->alike->len && !search->stop(search->data); i++) {
        const ArchiveRecord *one = search->alike->pdata[i];
        g_autoptr(GError) damage = NULL;
        g_autoptr(ArchiveRecord) whole = archive_get_at(search->config, one->ref, &damage);
        g_autofree char *what = NULL;
        if (whole == NULL) {
            log_warn("a record could not be compared", "record", one->ref->id, "error", damage->message);
            continue;
        }
        ok = report_holds(search->report, search->config, readers, whole, &what, error);
        if (what != NULL && found->len < MOST_FOUND)
            g_ptr_array_add(found, found_new(one->ref->id, what, one->meta));
    }
    return ok;
}

// The record of the report itself; NULL with `error`.
static ArchiveRecord *report_record(const Config *config, const ReviewItem *item, GError **error)
{
    const char *record = NULL;
    for (guint i = 0; i < item->links->len && record == NULL; i++) {
        const ReviewLink *link = item->links->pdata[i];
        record = g_strcmp0(link->why, "the report") == 0 ? link->record : NULL;
    }
    if (record == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: the report itself is not linked", item->id);
    return record != NULL ? archive_get(config, record, error) : NULL;
}

static const ReviewParty *reporter_of(const ReviewItem *item)
{
    const ReviewParty *found = NULL;
    for (guint i = 0; i < item->parties->len && found == NULL; i++) {
        const ReviewParty *party = item->parties->pdata[i];
        found = strcmp(party->as, "reporter") == 0 ? party : NULL;
    }
    return found;
}

GPtrArray *concern_search(const Config *config, Readers *readers, const ReviewItem *item,
                          bool (*stop)(void *data), void *data, GError **error)
{
    g_autoptr(ArchiveRecord) record = report_record(config, item, error);
    g_autoptr(Report) report = record != NULL ? report_read(config, readers, record, error) : NULL;
    if (report == NULL)
        return NULL;
    g_autoptr(GPtrArray) named = g_ptr_array_new_with_free_func((GDestroyNotify)review_found_free);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)review_found_free);
    g_autoptr(GPtrArray) alike = g_ptr_array_new_with_free_func((GDestroyNotify)archive_record_free);
    g_autoptr(GPtrArray) day = g_ptr_array_new_with_free_func((GDestroyNotify)archive_record_free);
    g_autofree char *mailbox = roster_canonical_address(config, config->review.concern_address);
    Search search = {.config = config,
                     .report = report,
                     .record = record->ref->id,
                     .reporter = reporter_of(item),
                     .mailbox = mailbox,
                     .named = named,
                     .way = WAY_NONE,
                     .alike = alike,
                     .day = day,
                     .stop = stop,
                     .data = data};
    bool ok = walk_days(&search, item->opened_us + DAY_US / 24, error);
    bool sure = search.way <= WAY_REPLY;
    ok = ok && (sure || compare(&search, readers, found, error));
    // What it merely refers to is taken where nothing else is found.
    if (ok && (sure || found->len == 0)) {
        g_ptr_array_unref(found);
        found = g_steal_pointer(&named);
    }
    if (ok && stop(data)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: the search was ended", item->id);
        ok = false;
    }
    return ok ? g_steal_pointer(&found) : NULL;
}
