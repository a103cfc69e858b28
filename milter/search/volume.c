// How much mail there was, hour by hour, and what became of it.
#include "search/internal.h"

enum { BUSY_MS = 10000 };

static bool volume_shard(const char *path, int64_t from_us, int64_t to_us, SearchVolume func, void *data,
                         GError **error)
{
    StoreDb *db = store_open(path, STORE_READ, BUSY_MS, error);
    StoreStmt *stmt = db != NULL ? store_prepare(db,
                                                 "SELECT received / 3600000000, action, count(*) FROM item"
                                                 " WHERE received >= ? AND received < ? GROUP BY 1, 2",
                                                 error)
                                 : NULL;
    StoreStep step = stmt != NULL ? STORE_ROW : STORE_FAILED;
    if (stmt != NULL) {
        store_bind_int(stmt, 1, from_us);
        store_bind_int(stmt, 2, to_us);
    }
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        func(store_int(stmt, 0) * 3600 * G_USEC_PER_SEC, store_text(stmt, 1), (guint64)store_int(stmt, 2),
             data);
    store_finalize(&stmt);
    store_close(&db);
    return step == STORE_DONE;
}

bool search_volume(const Config *config, int64_t from_us, int64_t to_us, SearchVolume func, void *data,
                   GError **error)
{
    g_autofree char *dir = search_dir(config);
    g_autoptr(GArray) months = search_months(dir, error);
    bool ok = months != NULL;
    for (guint i = 0; ok && i < months->len; i++) {
        int month = g_array_index(months, int, i);
        bool outside = month < search_month(from_us) || month > search_month(to_us);
        g_autofree char *path = search_shard_path(dir, month);
        ok = outside || volume_shard(path, from_us, to_us, func, data, error);
    }
    return ok;
}
