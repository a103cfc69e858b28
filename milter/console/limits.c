// How much an address may ask: a bucket each that fills again with time.
#include "console/internal.h"

// So many addresses are known at once; with more, those whose bucket is full are forgotten first.
#define ADDRESSES_MOST 20000

typedef struct {
    double left;
    int64_t at_us;
} Bucket;

struct Limits {
    GMutex lock;
    GHashTable *buckets;
    guint most; // in a minute
};

Limits *limits_new(guint most)
{
    Limits *limits = g_new0(Limits, 1);
    g_mutex_init(&limits->lock);
    limits->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    limits->most = MAX(most, 1);
    return limits;
}

void limits_free(Limits *limits)
{
    if (limits == NULL)
        return;
    g_hash_table_unref(limits->buckets);
    g_mutex_clear(&limits->lock);
    g_free(limits);
}

static void fill(const Limits *limits, Bucket *bucket, int64_t now_us)
{
    double minutes = (double)(now_us - bucket->at_us) / (60.0 * G_USEC_PER_SEC);
    bucket->left = CLAMP(bucket->left + minutes * limits->most, 0, limits->most);
    bucket->at_us = now_us;
}

static void make_room(Limits *limits, int64_t now_us)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, limits->buckets);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Bucket *bucket = value;
        fill(limits, bucket, now_us);
        if (bucket->left >= limits->most)
            g_hash_table_iter_remove(&iter);
    }
}

bool limits_take(Limits *limits, const char *remote, guint weight, int64_t now_us)
{
    bool may = false;
    g_mutex_lock(&limits->lock);
    Bucket *bucket = g_hash_table_lookup(limits->buckets, remote);
    if (bucket == NULL && g_hash_table_size(limits->buckets) >= ADDRESSES_MOST)
        make_room(limits, now_us);
    if (bucket == NULL && g_hash_table_size(limits->buckets) < ADDRESSES_MOST) {
        bucket = g_new(Bucket, 1);
        *bucket = (Bucket){.left = limits->most, .at_us = now_us};
        g_hash_table_insert(limits->buckets, g_strdup(remote), bucket);
    }
    if (bucket != NULL) {
        fill(limits, bucket, now_us);
        may = bucket->left >= weight;
        bucket->left -= may ? weight : 0;
    }
    g_mutex_unlock(&limits->lock);
    return may;
}
