// findings: one for each detail, however often and in whatever forms the message shows it.
#include "detect/attribute.h"

#include <string.h>

void finding_free(Finding *finding)
{
    if (finding) {
        g_free(finding->value);
        g_free(finding->text);
        g_free(finding->where);
        g_free(finding->owner_person);
        g_ptr_array_unref(finding->obfuscation);
        g_ptr_array_unref(finding->evidence);
        g_free(finding);
    }
}

static void findings_union(GPtrArray *into, const GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++) {
        bool known = false;
        for (guint k = 0; !known && k < into->len; k++)
            known = strcmp(g_ptr_array_index(into, k), g_ptr_array_index(from, i)) == 0;
        if (!known && into->len < 24)
            g_ptr_array_add(into, g_strdup(g_ptr_array_index(from, i)));
    }
}

// The better of two places of one detail: the surer; of equals the one that a reader sees and that stands
// first.
static bool findings_better(const Finding *one, const Finding *other)
{
    int order = one->confidence > other->confidence + 0.005   ? 1
                : one->confidence < other->confidence - 0.005 ? -1
                                                              : 0;
    if (!order)
        order = (one->visibility == VISIBILITY_SHOWN) - (other->visibility == VISIBILITY_SHOWN);
    if (!order)
        order = (one->layer == LAYER_WRITTEN) - (other->layer == LAYER_WRITTEN);
    return order > 0;
}

// A detail whose owner the registry knows has that owner wherever it stands; else the surest place tells, so
// that a number is not the sender's in one line and nobody's in the next.
void findings_merge(GPtrArray *findings, const Message *message)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (guint i = 0; i < findings->len; i++)
        g_ptr_array_add(all, g_ptr_array_index(findings, i));
    g_ptr_array_set_free_func(findings, NULL);
    g_ptr_array_set_size(findings, 0);
    for (guint i = 0; i < all->len; i++) {
        Finding *finding = g_ptr_array_index(all, i);
        const Passage *passage = g_ptr_array_index(message->passages, finding->passage);
        finding->sweep_only = passage->origin == ORIGIN_SWEEP;
        char *key = g_strdup_printf("%d %s", finding->kind, finding->value);
        gpointer at = NULL;
        bool known = g_hash_table_lookup_extended(seen, key, NULL, &at);
        if (!known) {
            g_hash_table_insert(seen, key, GUINT_TO_POINTER(findings->len));
            g_ptr_array_add(findings, finding);
            continue;
        }
        g_free(key);
        Finding **kept = (Finding **)&findings->pdata[GPOINTER_TO_UINT(at)];
        Finding *winner = findings_better(finding, *kept) ? finding : *kept;
        Finding *loser = winner == finding ? *kept : finding;
        winner->sweep_only = finding->sweep_only && (*kept)->sweep_only;
        findings_union(winner->obfuscation, loser->obfuscation);
        *kept = winner;
        finding_free(loser);
    }
    g_ptr_array_set_free_func(findings, (GDestroyNotify)finding_free);
}
