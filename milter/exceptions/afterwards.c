// Exceptions recorded after the message: what they would have let through.
#include "exceptions/internal.h"
#include "reader/reader.h"

#include <string.h>
#include <unistd.h>

#define HOUR_US (3600 * (int64_t)G_USEC_PER_SEC)

// ---- judged again ---

// The message as it came, judged with the exceptions of now.
static json_t *judge_again(const Snapshot *snapshot, Readers *readers, const ArchiveRecord *record,
                           GError **error)
{
    gsize len = 0;
    const void *data = g_bytes_get_data(record->raw, &len);
    g_autoptr(Envelope) envelope = envelope_from_json(json_object_get(record->meta, "envelope"), error);
    int fd = envelope != NULL ? reader_seal(data, len, error) : -1;
    if (fd < 0)
        return NULL;
    g_autoptr(Judgement) judgement =
        judge_message(snapshot, readers, envelope, fd, len, envelope->received_us, JUDGE_WHOLE, error);
    close(fd); // sealed memory: nothing can be lost
    return judgement != NULL ? judgement_to_json(judgement, envelope, NULL, true) : NULL;
}

static bool is_held(const json_t *judgement)
{
    const json_t *rcpts = json_object_get(judgement, "recipients");
    bool held = false;
    for (size_t i = 0; i < json_array_size(rcpts) && !held; i++)
        held = g_strcmp0(json_string_value(json_object_get(json_array_get(rcpts, i), "action")), "hold") == 0;
    return held;
}

// Rules whose reasons hold, each once.
static char *rules_of(const json_t *judgement)
{
    const json_t *reasons = json_object_get(judgement, "reasons");
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        const char *rule = json_string_value(json_object_get(reason, "rule"));
        bool holds = g_strcmp0(json_string_value(json_object_get(reason, "effective")), "hold") == 0;
        if (holds && rule != NULL && !g_ptr_array_find_with_equal_func(rules, rule, g_str_equal, NULL))
            g_ptr_array_add(rules, (char *)rule);
    }
    g_ptr_array_add(rules, NULL);
    return g_strjoinv(", ", (char **)rules->pdata);
}

Tri exception_still_holds(const Snapshot *snapshot, Readers *readers, const ArchiveRecord *record,
                          char **out_why, GError **error)
{
    json_t *judgement = judge_again(snapshot, readers, record, error);
    Tri held = judgement == NULL ? TRI_UNKNOWN : is_held(judgement) ? TRI_YES : TRI_NO;
    *out_why = held == TRI_YES ? rules_of(judgement) : NULL;
    json_decref(judgement);
    return held;
}

// ---- recorded afterwards ---

typedef struct {
    const Snapshot *snapshot;
    Readers *readers;
    const char *id, *who;
    const GPtrArray *known; // of ExceptionUse: recorded already; NULL = none
    ExceptionFound tell;
    void *data;
    int found;
    GError *error;
} Afterwards;

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
    json_t *judgement = judge_again(after->snapshot, after->readers, record, &after->error),
           *uses = archive_exception_uses(judgement);
    bool found = false;
    for (size_t i = 0; after->error == NULL && i < json_array_size(uses); i++) {
        json_t *use = json_array_get(uses, i);
        if (g_strcmp0(json_string_value(json_object_get(use, "exception")), after->id) != 0)
            continue;
        json_object_set_new(use, "afterwards", json_true());
        if (!found && after->tell != NULL)
            after->tell(record, use, is_held(json_object_get(record->meta, "judgement")), after->data);
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

int exception_afterwards(const Config *config, Readers *readers, const char *id, const char *who,
                         ExceptionFound found, void *data, GError **error)
{
    ArchiveQuery query;
    g_autofree char *address = NULL;
    if (!g_file_test(config->archive.dir, G_FILE_TEST_IS_DIR))
        return 0;
    if (!query_of(config, id, &query, &address, error))
        return -1;
    g_autoptr(GHashTable) uses = exception_uses(config, query.from_us, 0, error);
    g_autoptr(Snapshot) snapshot = uses != NULL ? snapshot_new((Config *)config, error) : NULL;
    g_autoptr(Readers) own = readers == NULL && snapshot != NULL ? readers_new(config, error) : NULL;
    Afterwards after = {.snapshot = snapshot,
                        .readers = readers != NULL ? readers : own,
                        .id = id,
                        .who = who,
                        .tell = found,
                        .data = data,
                        .known = uses != NULL ? g_hash_table_lookup(uses, id) : NULL};
    bool ok = snapshot != NULL && after.readers != NULL &&
              archive_each(config, &query, take_record, exception_damage, &after, error);
    if (ok && after.error != NULL) {
        g_propagate_error(error, after.error);
        ok = false;
    }
    return ok ? after.found : -1;
}
