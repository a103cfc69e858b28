// Legal holds as a set, for asking about many records.
#include "retention/internal.h"

#include <string.h>

typedef struct {
    char *id, *matter, *query;
    int64_t query_us;
} SetHold;

struct HoldSet {
    GPtrArray *holds;                         // of SetHold
    GHashTable *people, *addresses, *records; // of char* -> GPtrArray of borrowed SetHold
    Sieve *sieve;
};

static void hold_free(gpointer data)
{
    SetHold *hold = data;
    g_free(hold->id);
    g_free(hold->matter);
    g_free(hold->query);
    g_free(hold);
}

static void list_free(gpointer list)
{
    g_ptr_array_unref(list);
}

void hold_set_free(HoldSet *set)
{
    if (set == NULL)
        return;
    g_hash_table_unref(set->people);
    g_hash_table_unref(set->addresses);
    g_hash_table_unref(set->records);
    g_ptr_array_unref(set->holds);
    sieve_free(set->sieve);
    g_free(set);
}

static bool set_read_holds(HoldSet *set, Retention *retention, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        retention->db, "SELECT id, matter, query, query_us FROM hold WHERE state < 2 ORDER BY id", error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        SetHold *hold = g_new0(SetHold, 1);
        *hold = (SetHold){g_strdup(store_text(get, 0)), g_strdup(store_text(get, 1)),
                          g_strdup(store_text(get, 2)), store_int(get, 3)};
        g_ptr_array_add(set->holds, hold);
    }
    return step == STORE_DONE;
}

static SetHold *set_find(HoldSet *set, const char *id)
{
    SetHold *found = NULL;
    for (guint i = 0; found == NULL && i < set->holds->len; i++) {
        SetHold *hold = set->holds->pdata[i];
        found = strcmp(hold->id, id) == 0 ? hold : NULL;
    }
    return found;
}

static bool set_read(HoldSet *set, Retention *retention, const char *sql, GHashTable *into, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(retention->db, sql, error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        SetHold *hold = set_find(set, store_text(get, 0));
        const char *what = store_text(get, 1);
        GPtrArray *list = g_hash_table_lookup(into, what);
        if (hold != NULL && list == NULL) {
            list = g_ptr_array_new();
            g_hash_table_insert(into, g_strdup(what), list);
        }
        if (hold != NULL)
            g_ptr_array_add(list, hold);
    }
    return step == STORE_DONE;
}

HoldSet *hold_set_new(Retention *retention, GError **error)
{
    g_autoptr(HoldSet) set = g_new0(HoldSet, 1);
    set->holds = g_ptr_array_new_with_free_func(hold_free);
    set->people = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, list_free);
    set->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, list_free);
    set->records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, list_free);
    set->sieve = sieve_new(retention->config);
    bool ok = set_read_holds(set, retention, error) &&
              set_read(set, retention, "SELECT hold, person FROM hold_person", set->people, error) &&
              set_read(set, retention, "SELECT hold, address FROM hold_address", set->addresses, error) &&
              set_read(set, retention, "SELECT hold, record FROM hold_record", set->records, error);
    return ok ? g_steal_pointer(&set) : NULL;
}

// ---- asking ----------------------------------------------------------------------------------------------

static void match_add(GPtrArray *out, GHashTable *told, const SetHold *hold, const char *why)
{
    if (g_hash_table_add(told, (gpointer)hold))
        g_ptr_array_add(out, g_strdup_printf("%s %s: %s", hold->id, hold->matter, why));
}

static void match_look(GHashTable *in, const char *key, const char *what, GHashTable *told, GPtrArray *out)
{
    const GPtrArray *list = key != NULL ? g_hash_table_lookup(in, key) : NULL;
    g_autofree char *why = list != NULL ? g_strdup_printf("%s %s", what, key) : NULL;
    for (guint i = 0; list != NULL && i < list->len; i++)
        match_add(out, told, list->pdata[i], why);
}

bool hold_set_match(HoldSet *set, const RecordFacts *facts, GPtrArray *out, GError **error)
{
    g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
    match_look(set->records, facts->id, "names", told, out);
    for (guint i = 0; i < facts->persons->len; i++)
        match_look(set->people, facts->persons->pdata[i], "person", told, out);
    for (guint i = 0; i < facts->addresses->len; i++)
        match_look(set->addresses, facts->addresses->pdata[i], "address", told, out);
    bool ok = true;
    for (guint i = 0; ok && i < set->holds->len; i++) {
        const SetHold *hold = set->holds->pdata[i];
        Tri hit = TRI_NO;
        if (hold->query == NULL || g_hash_table_contains(told, hold))
            continue;
        ok = sieve_ask(set->sieve, hold->query, hold->query_us, facts, &hit, error);
        if (ok && hit != TRI_NO)
            match_add(out, told, hold,
                      hit == TRI_YES ? "a hit of its query" : "not wholly in the index: cannot be told");
    }
    return ok;
}
