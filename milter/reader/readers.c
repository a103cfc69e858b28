// The three classes of workers as one thing, and the readings that come from them.
#include "reader/readers.h"

#include <string.h>
#include <unistd.h>

void reading_free(Reading *reading)
{
    if (reading == NULL)
        return;
    g_clear_pointer(&reading->message, message_free);
    if (reading->blob >= 0)
        close(reading->blob); // sealed: nothing can be lost
    g_free(reading);
}

// ---- making and freeing -----------------------------------------------------------------------------------

typedef struct {
    const Config *config;
    ReaderClass cls;
    ReaderPool *pool;
    GError *error;
} Start;

static gpointer start_pool(gpointer data)
{
    Start *start = data;
    start->pool = reader_pool_new(start->config, start->cls, &start->error);
    return NULL;
}

// Without OCR in the configuration nobody asks for its workers, until that is reloaded.
static bool wants_class(const Config *config, ReaderClass cls)
{
    return cls != READER_OCR || strcmp(config->attachments.ocr, "never") != 0;
}

// All at once: loading what OCR needs takes as long as all the rest. The first error counts.
static bool start_pools(Readers *readers, GError **error)
{
    Start starts[READER_CLASSES] = {0};
    GThread *threads[READER_CLASSES] = {0};
    bool ok = true;
    for (guint i = 0; i < READER_CLASSES; i++) {
        starts[i] = (Start){.config = readers->config, .cls = i};
        if (wants_class(readers->config, i))
            threads[i] = g_thread_new("reader-start", start_pool, &starts[i]);
    }
    for (guint i = 0; i < READER_CLASSES; i++) {
        if (threads[i] == NULL)
            continue;
        g_thread_join(threads[i]);
        readers->pools[i] = starts[i].pool;
        if (starts[i].pool == NULL && ok)
            g_propagate_error(error, g_steal_pointer(&starts[i].error));
        ok &= starts[i].pool != NULL;
        g_clear_error(&starts[i].error);
    }
    return ok;
}

Readers *readers_new(const Config *config, GError **error)
{
    g_autoptr(Readers) readers = g_new0(Readers, 1);
    readers->config = config_ref((Config *)config);
    readers->flying = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&readers->lock);
    g_mutex_init(&readers->starting);
    g_cond_init(&readers->landed);
    return reader_cache_open(config, &readers->cache, error) && start_pools(readers, error)
               ? g_steal_pointer(&readers)
               : NULL;
}

void readers_free(Readers *readers)
{
    if (readers == NULL)
        return;
    for (guint i = 0; i < READER_CLASSES; i++)
        g_clear_pointer(&readers->pools[i], reader_pool_free);
    g_clear_pointer(&readers->cache, reader_cache_close);
    g_hash_table_unref(readers->flying);
    g_mutex_clear(&readers->lock);
    g_mutex_clear(&readers->starting);
    g_cond_clear(&readers->landed);
    config_unref(readers->config);
    g_free(readers);
}

ReaderPool *readers_pool(Readers *readers, ReaderClass cls, GError **error)
{
    g_mutex_lock(&readers->starting);
    if (readers->pools[cls] == NULL)
        readers->pools[cls] = reader_pool_new(readers->config, cls, error);
    ReaderPool *pool = readers->pools[cls];
    g_mutex_unlock(&readers->starting);
    return pool;
}

// ---- reading ----------------------------------------------------------------------------------------------

Reading *readers_read(Readers *readers, int fd, gsize len, int budget_ms, GError **error)
{
    return reader_pool_read(readers->pools[READER_MESSAGES], fd, len, budget_ms, error);
}

Reading *readers_read_keeping(Readers *readers, int fd, gsize len, GError **error)
{
    return reader_pool_read_keeping(readers->pools[READER_MESSAGES], fd, len, error);
}

void readers_stats(Readers *readers, ReaderClass cls, ReaderStats *out_stats)
{
    *out_stats = (ReaderStats){0};
    g_mutex_lock(&readers->starting);
    if (readers->pools[cls] != NULL)
        reader_pool_stats(readers->pools[cls], out_stats);
    g_mutex_unlock(&readers->starting);
}

void readers_cache_stats(Readers *readers, guint64 *out_hits, guint64 *out_misses)
{
    g_mutex_lock(&readers->lock);
    *out_hits = readers->hits;
    *out_misses = readers->misses;
    g_mutex_unlock(&readers->lock);
}
