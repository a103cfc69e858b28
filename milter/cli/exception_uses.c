// Uses of exceptions: events of the archive.
#include "archive/archive.h"
#include "cli/exception.h"
#include "reader/reader.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOUR_US (3600 * (int64_t)G_USEC_PER_SEC)

static void use_free(ExceptionUse *use)
{
    char *texts[] = {use->record, use->time, use->rule, use->effective, use->why, use->who};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_ptr_array_unref(use->students);
    g_free(use);
}

static char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return g_strdup(text != NULL ? text : "");
}

static ExceptionUse *use_of(const json_t *event)
{
    const json_t *detail = json_object_get(event, "detail"), *student;
    const json_t *students = json_object_get(detail, "students");
    ExceptionUse *use = g_new0(ExceptionUse, 1);
    size_t i;
    use->record = text_of(event, "record");
    use->time = text_of(event, "time");
    use->time_us = json_integer_value(json_object_get(event, "time_us"));
    use->who = text_of(event, "who");
    use->rule = text_of(detail, "rule");
    use->effective = text_of(detail, "effective");
    use->why = text_of(detail, "why");
    use->afterwards = json_is_true(json_object_get(detail, "afterwards"));
    use->students = g_ptr_array_new_with_free_func(g_free);
    json_array_foreach(students, i, student) if (json_is_string(student))
        g_ptr_array_add(use->students, g_strdup(json_string_value(student)));
    // As events told it before: one a student.
    if (students == NULL && json_is_string(json_object_get(detail, "student")))
        g_ptr_array_add(use->students, text_of(detail, "student"));
    json_int_t count = json_integer_value(json_object_get(detail, "count"));
    use->count = count > 0 ? (guint)count : use->students->len;
    return use;
}

static bool take_event(const ArchiveRecord *record, void *data)
{
    GHashTable *uses = data;
    const char *event = json_string_value(json_object_get(record->meta, "event"));
    const char *id = json_string_value(json_object_get(json_object_get(record->meta, "detail"), "exception"));
    if (g_strcmp0(event, "exception-used") != 0 || id == NULL)
        return true;
    GPtrArray *own = g_hash_table_lookup(uses, id);
    if (own == NULL) {
        own = g_ptr_array_new_with_free_func((GDestroyNotify)use_free);
        g_hash_table_insert(uses, g_strdup(id), own);
    }
    g_ptr_array_add(own, use_of(record->meta));
    return true;
}

static void print_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    fprintf(stderr, "chaperone: %s:%" G_GINT64_FORMAT ": %s\n", segment, (gint64)offset, what);
}

GHashTable *exception_uses(const Config *config, int64_t from_us, int64_t to_us, GError **error)
{
    g_autoptr(GHashTable) uses =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    const ArchiveQuery query = {.from_us = from_us, .to_us = to_us, .events = true};
    // Nothing has been archived yet: nothing was used.
    if (!g_file_test(config->archive.dir, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&uses);
    CliWorking *working = cli_working_begin("reading events");
    bool ok = archive_each(config, &query, take_event, print_damage, uses, error);
    cli_working_end(working);
    return ok ? g_steal_pointer(&uses) : NULL;
}

json_t *exception_use_json(const ExceptionUse *use)
{
    json_t *students = json_array();
    for (guint i = 0; i < use->students->len; i++)
        json_array_append_new(students, json_string(use->students->pdata[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:i, s:b}", "record", use->record, "time",
                     use->time, "rule", use->rule, "effective", use->effective, "why", use->why, "who",
                     use->who, "students", students, "count", (int)use->count, "afterwards", use->afterwards);
}

// ---- recorded afterwards ----------------------------------------------------------------------------------

typedef struct {
    const Snapshot *snapshot;
    Readers *readers;
    const char *id, *who;
    const GPtrArray *known; // of ExceptionUse: recorded already; NULL = none
    int found;
    GError *error;
} Afterwards;

// The message as it came, judged with the exceptions of now.
static json_t *judge_again(Afterwards *after, const ArchiveRecord *record)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(record->raw, &len);
    g_autoptr(Envelope) envelope =
        envelope_from_json(json_object_get(record->meta, "envelope"), &after->error);
    int fd = envelope != NULL ? reader_seal(data, len, &after->error) : -1;
    if (fd < 0)
        return NULL;
    g_autoptr(Judgement) judgement = judge_message(after->snapshot, after->readers, envelope, fd, len,
                                                   envelope->received_us, JUDGE_WHOLE, &after->error);
    close(fd); // sealed memory: nothing can be lost
    return judgement != NULL ? judgement_to_json(judgement, envelope, NULL, true) : NULL;
}

static void print_found(const ArchiveRecord *record, const json_t *use)
{
    const json_t *judgement = json_object_get(record->meta, "judgement");
    const json_t *rcpts = json_object_get(judgement, "recipients");
    bool held = false;
    for (size_t i = 0; i < json_array_size(rcpts) && !held; i++)
        held = g_strcmp0(json_string_value(json_object_get(json_array_get(rcpts, i), "action")), "hold") == 0;
    g_autofree char *time = clock_format(json_integer_value(json_object_get(record->meta, "received_us")));
    printf("    covers %s of %s, %d student%s%s\n", record->ref->id, time,
           (int)json_integer_value(json_object_get(use, "count")),
           json_integer_value(json_object_get(use, "count")) == 1 ? "" : "s",
           held ? ": it was held; see `chaperone quarantine show`" : "");
}

static bool is_known(const Afterwards *after, const char *record)
{
    bool known = false;
    for (guint i = 0; after->known != NULL && i < after->known->len && !known; i++)
        known = strcmp(((const ExceptionUse *)after->known->pdata[i])->record, record) == 0;
    return known;
}

static bool take_record(const ArchiveRecord *record, void *data)
{
    Afterwards *after = data;
    if (is_known(after, record->ref->id))
        return true;
    json_t *judgement = judge_again(after, record), *uses = archive_exception_uses(judgement);
    bool found = false;
    for (size_t i = 0; after->error == NULL && i < json_array_size(uses); i++) {
        json_t *use = json_array_get(uses, i);
        if (g_strcmp0(json_string_value(json_object_get(use, "exception")), after->id) != 0)
            continue;
        json_object_set_new(use, "afterwards", json_true());
        if (!found)
            print_found(record, use);
        found = true;
        archive_event_once(after->snapshot->config, "exception-used", after->who, record->ref->id, use,
                           clock_now_us(), &after->error);
    }
    after->found += found;
    json_decref(uses);
    json_decref(judgement);
    return after->error == NULL;
}

// Messages since the first that the exception could cover, up to when it was recorded.
static bool query_of(const Config *config, const char *id, ArchiveQuery *out, char **out_address,
                     GError **error)
{
    g_auto(ExceptionBook) book = {0};
    PolicyExceptionDemand demand = {.retro_hours = -1};
    const RosterException *exception =
        exception_book_open(config, &book, error) ? exception_book_find(&book, id, error) : NULL;
    if (exception == NULL)
        return false;
    policy_exception_asks(book.policy, exception->kind, &demand);
    *out_address = g_strdup(exception->staff);
    *out = (ArchiveQuery){.address = *out_address,
                          .from_us = exception->recorded_us - MAX(demand.retro_hours, 0) * HOUR_US,
                          .to_us = exception->recorded_us,
                          .want_raw = true};
    return true;
}

int exception_afterwards(const Config *config, const char *id, const char *who, GError **error)
{
    ArchiveQuery query;
    g_autofree char *address = NULL;
    if (!g_file_test(config->archive.dir, G_FILE_TEST_IS_DIR))
        return 0;
    if (!query_of(config, id, &query, &address, error))
        return -1;
    g_autoptr(GHashTable) uses = exception_uses(config, query.from_us, 0, error);
    g_autoptr(Snapshot) snapshot = uses != NULL ? snapshot_new((Config *)config, error) : NULL;
    g_autoptr(Readers) readers = snapshot != NULL ? readers_new(config, error) : NULL;
    Afterwards after = {.snapshot = snapshot,
                        .readers = readers,
                        .id = id,
                        .who = who,
                        .known = uses != NULL ? g_hash_table_lookup(uses, id) : NULL};
    bool ok = readers != NULL && archive_each(config, &query, take_record, print_damage, &after, error);
    if (ok && after.error != NULL) {
        g_propagate_error(error, after.error);
        ok = false;
    }
    return ok ? after.found : -1;
}
