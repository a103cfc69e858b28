// Links of a message, each host and path once, for rules that ask where mail leads.
#include "detect/internal.h"
#include "detect/tables.h"

#include <string.h>

struct LinkScan {
    GPtrArray *links; // of Link
    GHashTable *seen; // "host rest"
    guint most;
};

static void link_free(Link *link)
{
    g_free(link->host);
    g_free(link->rest);
    g_free(link);
}

LinkScan *links_new(guint most)
{
    LinkScan *scan = g_new0(LinkScan, 1);
    scan->links = g_ptr_array_new_with_free_func((GDestroyNotify)link_free);
    scan->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    scan->most = most;
    return scan;
}

GPtrArray *links_end(LinkScan *scan)
{
    GPtrArray *links = scan->links;
    g_hash_table_unref(scan->seen);
    g_free(scan);
    return links;
}

bool links_add(DetectScan *scan, const char *host, const char *rest, gsize start)
{
    LinkScan *links = scan->links;
    if (!links || !*host || links->links->len >= links->most)
        return links == NULL || links->links->len < links->most;
    gsize from, to;
    view_span(scan->view, start, start + 1, &from, &to);
    char *key = g_strconcat(host, " ", rest, NULL);
    if (!g_hash_table_add(links->seen, key))
        return true;
    Link *link = g_new0(Link, 1);
    link->host = g_ascii_strdown(host, -1);
    link->rest = g_strdup(rest);
    link->passage = scan->view->index;
    link->layer = scan->marks ? layer_at(scan->marks, from) : LAYER_WRITTEN;
    link->approved = tables_approved(scan->data, host, rest) ? TRI_YES : TRI_UNKNOWN;
    g_ptr_array_add(links->links, link);
    return true;
}
