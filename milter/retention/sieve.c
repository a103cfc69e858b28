// Queries asked of single records. The first question about a month finds all hits of that month; what was indexed by then is
// what counts.
#include "retention/internal.h"

#include <string.h>

struct Sieve {
    const Config *config;
    GHashTable *found; // of char*: "MONTH THEN QUERY" -> SearchMonth
};

static void month_free(gpointer month)
{
    search_month_free(month);
}

Sieve *sieve_new(const Config *config)
{
    Sieve *sieve = g_new0(Sieve, 1);
    sieve->config = config;
    sieve->found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, month_free);
    return sieve;
}

void sieve_free(Sieve *sieve)
{
    if (sieve == NULL)
        return;
    g_hash_table_unref(sieve->found);
    g_free(sieve);
}

static SearchMonth *sieve_month(Sieve *sieve, const char *query, int64_t then_us, int64_t sent_us,
                                GError **error)
{
    g_autofree char *key =
        g_strdup_printf("%d %" G_GINT64_FORMAT " %s", clock_local_date(sent_us, NULL) / 100, then_us, query);
    SearchMonth *month = g_hash_table_lookup(sieve->found, key);
    if (month != NULL)
        return month;
    const SearchTerms terms = {sieve->config->district.timezone, then_us, true};
    g_autoptr(SearchQuery) parsed = search_query_parse(query, &terms, error);
    month = parsed != NULL ? search_month_find(sieve->config, parsed, sent_us, error) : NULL;
    if (month != NULL)
        g_hash_table_insert(sieve->found, g_steal_pointer(&key), month);
    return month;
}

bool sieve_ask(Sieve *sieve, const char *query, int64_t then_us, const RecordFacts *facts, Tri *out,
               GError **error)
{
    SearchMonth *month = sieve_month(sieve, query, then_us, facts->sent_us, error);
    *out = month != NULL ? search_month_has(month, facts->id) : TRI_UNKNOWN;
    return month != NULL;
}
