#include "intake/internal.h"

#include <string.h>

// A record is made while Postfix has the message; its clock and ours may differ by so much, and Postfix may take so long.
#define BEFORE_US ((int64_t)600 * G_USEC_PER_SEC)
#define BEHIND_US ((int64_t)3600 * G_USEC_PER_SEC)

typedef struct {
    const MailLog *log;
    int64_t from_us, to_us;
    GHashTable *times; // queue id -> GArray of int64_t: when records of it were received
    Reconciliation *found;
} Reconciling;

void reconciliation_free(Reconciliation *found)
{
    if (found == NULL)
        return;
    g_ptr_array_unref(found->missing);
    g_ptr_array_unref(found->unknown);
    g_ptr_array_unref(found->ours);
    g_free(found);
}

// ---- the archive's side --------------------------------------------------------------------------------------

static ArchiveRecord *record_keep(const ArchiveRecord *record)
{
    ArchiveRecord *kept = g_new0(ArchiveRecord, 1);
    kept->ref = g_new0(ArchiveRef, 1);
    g_strlcpy(kept->ref->id, record->ref->id, sizeof kept->ref->id);
    kept->meta = json_incref(record->meta);
    return kept;
}

static bool take_record(const ArchiveRecord *record, void *data)
{
    Reconciling *reconciling = data;
    const char *id =
        json_string_value(json_object_get(json_object_get(record->meta, "envelope"), "queue_id"));
    int64_t us = json_integer_value(json_object_get(record->meta, "received_us"));
    if (id == NULL || *id == '\0') {
        reconciling->found->strangers++;
        return true;
    }
    GArray *times = g_hash_table_lookup(reconciling->times, id);
    if (times == NULL) {
        times = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_hash_table_insert(reconciling->times, g_strdup(id), times);
    }
    g_array_append_val(times, us);
    bool asked = us >= reconciling->from_us && us < reconciling->to_us;
    reconciling->found->records += asked;
    if (asked && !g_hash_table_contains(reconciling->log->by_id, id))
        g_ptr_array_add(reconciling->found->unknown, record_keep(record));
    return true;
}

static void take_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    ((Reconciling *)data)->found->damaged++;
}

static bool has_record(const Reconciling *reconciling, const char *queue_id, int64_t first_us,
                       int64_t last_us)
{
    const GArray *times = g_hash_table_lookup(reconciling->times, queue_id);
    bool has = false;
    for (guint i = 0; times != NULL && i < times->len && !has; i++) {
        int64_t us = g_array_index(times, int64_t, i);
        has = us >= first_us - BEFORE_US && us <= last_us + BEHIND_US;
    }
    return has;
}

// ---- the MTA's side ------------------------------------------------------------------------------------------

// The filter's own mail says so in its message id and comes from this machine.
static bool is_own(const MailFile *file)
{
    return file->message_id != NULL && g_str_has_suffix(file->message_id, ".chaperone.invalid") &&
           file->client != NULL &&
           (strstr(file->client, "[127.") != NULL || strstr(file->client, "[::1]") != NULL ||
            strcmp(file->client, "local") == 0);
}

// Is it made of a message that the archive has: forwarded, filtered once more, taken out of the hold queue?
static bool is_derived(const Reconciling *reconciling, const MailFile *file)
{
    enum { MOST = 10 };
    bool derived = false;
    for (int i = 0; file != NULL && file->parent != NULL && i < MOST && !derived; i++) {
        const MailFile *parent = g_hash_table_lookup(reconciling->log->by_id, file->parent);
        derived = has_record(reconciling, file->parent, parent != NULL ? parent->first_us : file->first_us,
                             file->last_us);
        file = parent;
    }
    return derived;
}

static void take_file(Reconciling *reconciling, MailFile *file)
{
    Reconciliation *found = reconciling->found;
    if (file->first_us < reconciling->from_us || file->first_us >= reconciling->to_us)
        return;
    found->refused += file->refused;
    if (file->refused || !file->accepted)
        return;
    found->accepted++;
    if (has_record(reconciling, file->queue_id, file->first_us, file->last_us)) {
        found->matched++;
    } else if (is_own(file)) {
        file->own = true;
        g_ptr_array_add(found->ours, file);
    } else if (file->internal) {
        found->internal++;
    } else if (is_derived(reconciling, file)) {
        found->derived++;
    } else {
        g_ptr_array_add(found->missing, file);
    }
}

static void free_times(gpointer data)
{
    g_array_unref(data);
}

Reconciliation *intake_reconcile(const Config *config, const MailLog *log, int64_t from_us, int64_t to_us,
                                 GError **error)
{
    if (log->lines == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "there is no line of Postfix in the log");
        return NULL;
    }
    g_autoptr(Reconciliation) found = g_new0(Reconciliation, 1);
    found->missing = g_ptr_array_new();
    found->ours = g_ptr_array_new();
    found->unknown = g_ptr_array_new_with_free_func((GDestroyNotify)archive_record_free);
    Reconciling reconciling = {.log = log, .found = found};
    // Further than the log goes nothing can be said.
    reconciling.from_us = MAX(from_us, log->first_us);
    reconciling.to_us = to_us != 0 ? MIN(to_us, log->last_us + 1) : log->last_us + 1;
    reconciling.times = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_times);
    ArchiveQuery query = {.from_us = MAX(reconciling.from_us - BEFORE_US, 1),
                          .to_us = reconciling.to_us + BEHIND_US};
    bool ok = archive_each(config, &query, take_record, take_damage, &reconciling, error);
    for (guint i = 0; ok && i < log->files->len; i++)
        take_file(&reconciling, log->files->pdata[i]);
    found->own = found->ours->len;
    g_hash_table_unref(reconciling.times);
    return ok ? g_steal_pointer(&found) : NULL;
}
