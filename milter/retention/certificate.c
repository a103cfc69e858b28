// The certificate of a disposal: a note in words and JSON, signed by the log's key.
#include "retention/internal.h"

#include <string.h>

#define FIRST_LINE "chaperone disposal certificate, version 1"

// Where each part stands in the log.
static bool certify_parts(Retention *retention, const char *id, json_t *parts, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        retention->db,
        "SELECT segment, sha256, size, event, keys FROM part WHERE disposal = ? AND done = 1 ORDER BY "
        "segment, event",
        error);
    StoreStep step = STORE_FAILED;
    bool ok = get != NULL;
    if (ok)
        store_bind_text(get, 1, id);
    while (ok && (step = store_step(get, error)) == STORE_ROW) {
        guint64 leaf = 0;
        const char *event = store_text(get, 3);
        ok = archive_log_covers(retention->config, event, &leaf, error) == TRI_YES;
        json_array_append_new(parts, json_pack("{s:s, s:s, s:I, s:s, s:I, s:I}", "segment",
                                               store_text(get, 0), "sha256", store_text(get, 1), "size",
                                               (json_int_t)store_int(get, 2), "event", event, "leaf",
                                               (json_int_t)leaf, "keys", (json_int_t)store_int(get, 4)));
    }
    if (!ok && get != NULL && (error == NULL || *error == NULL))
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "disposal %s: the log does not know its event any more; run `chaperone archive verify`",
                    id);
    return ok && step == STORE_DONE;
}

typedef struct {
    GChecksum *sum;
    json_t *classes;
    guint count;
    int64_t bytes, first_us, last_us;
} Counting;

static bool certify_record(const DisposalRecord *record, void *data)
{
    Counting *counting = data;
    if (record->state != LISTED_DESTROYED)
        return true;
    g_autofree char *line = g_strdup_printf("%s %s\n", record->record, record->class);
    g_checksum_update(counting->sum, (const guchar *)line, -1);
    json_object_set_new(
        counting->classes, record->class,
        json_integer(json_integer_value(json_object_get(counting->classes, record->class)) + 1));
    counting->first_us = counting->count == 0 ? record->sent_us : MIN(counting->first_us, record->sent_us);
    counting->last_us = MAX(counting->last_us, record->sent_us);
    counting->bytes += record->size;
    counting->count++;
    return true;
}

static json_int_t certify_keys(const json_t *parts)
{
    json_int_t keys = 0;
    for (size_t i = 0; i < json_array_size(parts); i++)
        keys += json_integer_value(json_object_get(json_array_get(parts, i), "keys"));
    return keys;
}

static const char *certify_method(const json_t *parts, guint count)
{
    json_int_t keys = certify_keys(parts);
    if (keys == 0)
        return "records written out of their segments; rows and words out of the index";
    return keys >= count
               ? "keys of sealed records overwritten, so that no copy of them can be read; rows and "
                 "words out of the index"
               : "keys of sealed records overwritten, so that no copy of them can be read, other "
                 "records written out of their segments; rows and words out of the index";
}

static json_t *certify_json(Retention *retention, const Disposal *disposal, const Counting *counting,
                            json_t *parts, int64_t now_us)
{
    json_t *json = disposal_json(disposal);
    g_autofree char *now = clock_format(now_us), *first = clock_format(counting->first_us),
                    *last = clock_format(counting->last_us), *name = archive_log_name(retention->config);
    json_object_set_new(json, "certified", json_string(now));
    json_object_set_new(json, "log", json_string(name));
    json_object_set_new(json, "state", json_string(disposal_state_name(DISPOSAL_DONE)));
    json_object_set_new(json, "destroyed_list_sha256", json_string(g_checksum_get_string(counting->sum)));
    json_object_set(json, "destroyed_classes", counting->classes);
    json_object_set_new(json, "destroyed", json_integer(counting->count));
    json_object_set_new(json, "bytes", json_integer(counting->bytes));
    json_object_set_new(json, "first", counting->count > 0 ? json_string(first) : json_null());
    json_object_set_new(json, "last", counting->count > 0 ? json_string(last) : json_null());
    json_object_set_new(json, "method", json_string(certify_method(parts, counting->count)));
    json_object_set_new(json, "keys_destroyed", json_integer(certify_keys(parts)));
    json_object_set(json, "segments", parts);
    return json;
}

static char *certify_text(Retention *retention, const Disposal *disposal, const Counting *counting,
                          const json_t *json, int64_t now_us)
{
    g_autofree char *now = clock_format(now_us), *first = clock_format(counting->first_us),
                    *last = clock_format(counting->last_us);
    g_autofree char *machine = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
    GString *text = g_string_new(FIRST_LINE "\n");
    g_string_append_printf(text, "%s\n", retention->config->district.name);
    g_string_append_printf(text, "Disposal %s, certified %s.\n", disposal->id, now);
    g_string_append_printf(text, "Authorization of the state: %s.\n", disposal->authorization);
    g_string_append_printf(text,
                           "%u records (%" G_GINT64_FORMAT " bytes), sent %.10s to %.10s, were destroyed.\n",
                           counting->count, counting->bytes, counting->count > 0 ? first : "-",
                           counting->count > 0 ? last : "-");
    json_int_t keys = json_integer_value(json_object_get(json, "keys_destroyed"));
    if (keys > 0)
        g_string_append_printf(
            text, "Of these, %" JSON_INTEGER_FORMAT " were sealed, and their keys were overwritten.\n", keys);
    g_string_append_printf(text, "%u records of the list were kept.\n", disposal->kept);
    g_string_append_printf(text, "Schedule %s, SHA-256 %s.\n", disposal->schedule, disposal->schedule_sha256);
    g_string_append_printf(text, "Proposed by %s.\n", disposal->proposed_by);
    for (guint i = 0; i < disposal->approvals->len; i++)
        g_string_append_printf(text, "Approved by %s.\n",
                               ((const DisposalApproval *)disposal->approvals->pdata[i])->who);
    g_string_append_printf(text, "%s\n", machine);
    // A note has no control characters; names come from people.
    for (char *at = text->str; *at != '\0'; at++)
        if ((guchar)*at < 0x20 && *at != '\n')
            *at = ' ';
    return g_string_free(text, FALSE);
}

static bool certify_keep(Retention *retention, const Disposal *disposal, const char *note, const char *who,
                         int64_t now_us, GError **error)
{
    g_autofree char *sha256 = sha256_hex(note, strlen(note));
    bool ok =
        store_begin(retention->db, error) &&
        retention_event(
            retention, "disposal-certificate", who, NULL,
            json_pack("{s:s, s:s, s:s}", "disposal", disposal->id, "sha256", sha256, "note", note), now_us,
            error) &&
        retention_exec(retention, error, "UPDATE disposal SET state = 2, certificate = ?2 WHERE id = ?1",
                       disposal->id, note, NULL) &&
        store_commit(retention->db, error);
    if (!ok)
        store_rollback(retention->db);
    return ok;
}

bool disposal_certify(Retention *retention, const char *id, const char *who, GError **error)
{
    int64_t now_us = clock_now_us();
    g_autoptr(Disposal) disposal = disposal_get(retention, id, error);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    json_t *classes = json_object(), *parts = json_array();
    Counting counting = {.sum = sum, .classes = classes};
    bool ok = disposal != NULL && certify_parts(retention, id, parts, error) &&
              disposal_each(retention, id, certify_record, &counting, error);
    if (ok) {
        json_t *json = certify_json(retention, disposal, &counting, parts, now_us);
        g_autofree char *text = certify_text(retention, disposal, &counting, json, now_us);
        g_autofree char *note = archive_log_sign(retention->config, text, error);
        ok = note != NULL && certify_keep(retention, disposal, note, who, now_us, error);
        json_decref(json);
    }
    json_decref(classes);
    json_decref(parts);
    return ok;
}

char *disposal_certificate(Retention *retention, const char *id, GError **error)
{
    g_autoptr(Disposal) disposal = disposal_get(retention, id, error);
    if (disposal != NULL && disposal->certificate == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "disposal %s is %s: it has a certificate when it is done", disposal->id,
                    disposal_state_name(disposal->state));
    return disposal != NULL ? g_strdup(disposal->certificate) : NULL;
}
