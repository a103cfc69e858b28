// The hits of a query in one month, as a set.
#include "search/internal.h"

#include <string.h>

enum { BUSY_MS = 10000 };

struct SearchMonth {
    GHashTable *records; // of char*: every record of the month -> Tri
};

void search_month_free(SearchMonth *month)
{
    if (month == NULL)
        return;
    g_hash_table_unref(month->records);
    g_free(month);
}

static bool month_fill(SearchMonth *month, StoreDb *db, const SearchQuery *query, GError **error)
{
    // NULL of the condition is no hit either.
    g_autofree char *sql =
        g_strdup_printf("SELECT record, unsearchable != '', coalesce((%s), 0) FROM item", query->where);
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    for (guint i = 0; stmt != NULL && i < query->values->len; i++)
        store_bind_text(stmt, (int)i + 1, query->values->pdata[i]);
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        Tri has = store_int(stmt, 1) != 0 ? TRI_UNKNOWN : store_int(stmt, 2) != 0 ? TRI_YES : TRI_NO;
        g_hash_table_replace(month->records, g_strdup(store_text(stmt, 0)), GINT_TO_POINTER((int)has));
    }
    return step == STORE_DONE;
}

SearchMonth *search_month_find(const Config *config, const SearchQuery *query, int64_t received_us,
                               GError **error)
{
    g_autofree char *dir = search_dir(config), *path = search_shard_path(dir, search_month(received_us));
    g_autoptr(SearchMonth) month = g_new0(SearchMonth, 1);
    month->records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&month);
    g_autoptr(StoreDb) db = store_open(path, STORE_READ, BUSY_MS, error);
    return db != NULL && month_fill(month, db, query, error) ? g_steal_pointer(&month) : NULL;
}

Tri search_month_has(SearchMonth *month, const char *record)
{
    gpointer has = NULL;
    bool known = g_hash_table_lookup_extended(month->records, record, NULL, &has);
    return known ? (Tri)GPOINTER_TO_INT(has) : TRI_UNKNOWN;
}
