// Counts of held messages, kept for moments: with many items they cost a tenth of a second, and every reader of a list asks for them.
#include "console/internal.h"

#include <string.h>

#define FRESH_US     (3 * (int64_t)G_USEC_PER_SEC)
#define ENTRIES_MOST 500

typedef struct {
    json_t *counts;
    int64_t at_us;
    bool counting; // somebody does it right now
} Entry;

struct Counts {
    GMutex lock;
    GHashTable *entries; // char*: whose scope and which filter
    guint64 forgotten;   // how often: what was counted before is not kept
};

static void entry_free(gpointer data)
{
    Entry *entry = data;
    json_decref(entry->counts);
    g_free(entry);
}

Counts *counts_new(void)
{
    Counts *counts = g_new0(Counts, 1);
    g_mutex_init(&counts->lock);
    counts->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    return counts;
}

void counts_free(Counts *counts)
{
    if (counts == NULL)
        return;
    g_hash_table_unref(counts->entries);
    g_mutex_clear(&counts->lock);
    g_free(counts);
}

void counts_forget(Counts *counts)
{
    g_mutex_lock(&counts->lock);
    g_hash_table_remove_all(counts->entries);
    counts->forgotten++;
    g_mutex_unlock(&counts->lock);
}

static char *key_of(const Request *request, const HoldFilter *filter)
{
    g_autofree char *schools = filter->schools != NULL ? g_strjoinv("\n", (char **)filter->schools) : NULL;
    return g_strdup_printf("%s\n%s\n%d\n%s\n%d%s", request_who(request),
                           filter->rule != NULL ? filter->rule : "\t", filter->severity,
                           filter->claimed != NULL ? filter->claimed : "\t", schools != NULL,
                           schools != NULL ? schools : "");
}

// What is there and fresh, or is being counted anew by somebody else; NULL = it is the caller who counts. Caller unrefs.
static json_t *take(Counts *counts, const char *key, int64_t now_us, guint64 *out_forgotten)
{
    json_t *found = NULL;
    g_mutex_lock(&counts->lock);
    Entry *entry = g_hash_table_lookup(counts->entries, key);
    if (entry != NULL && (entry->counting || now_us - entry->at_us < FRESH_US))
        found = json_deep_copy(entry->counts);
    else if (entry != NULL)
        entry->counting = true;
    *out_forgotten = counts->forgotten;
    g_mutex_unlock(&counts->lock);
    return found;
}

static void put(Counts *counts, const char *key, json_t *fresh, int64_t now_us, guint64 forgotten)
{
    g_mutex_lock(&counts->lock);
    if (g_hash_table_size(counts->entries) >= ENTRIES_MOST)
        g_hash_table_remove_all(counts->entries);
    if (fresh != NULL && forgotten == counts->forgotten) {
        Entry *entry = g_new0(Entry, 1);
        *entry = (Entry){.counts = json_deep_copy(fresh), .at_us = now_us};
        g_hash_table_replace(counts->entries, g_strdup(key), entry);
    } else {
        g_hash_table_remove(counts->entries, key);
    }
    g_mutex_unlock(&counts->lock);
}

json_t *counts_get(Request *request, const HoldFilter *filter, GError **error)
{
    Counts *counts = request->console->counts;
    g_autofree char *key = key_of(request, filter);
    guint64 forgotten = 0;
    json_t *found = take(counts, key, request->now_us, &forgotten);
    if (found != NULL)
        return found;
    found = quarantine_counts(desk_quarantine(request->desk), filter, request_who(request), request->now_us,
                              error);
    put(counts, key, found, request->now_us, forgotten);
    return found;
}
