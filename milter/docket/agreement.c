// How often two reviewers who decide about the same message agree.
#include "docket/internal.h"

static json_t *agreement_rules(Docket *docket, int64_t from_us, GError **error)
{
    g_autoptr(StoreStmt) get = store_prepare(
        docket->db,
        "SELECT e.rule, count(*), sum((e.action < 2) = l.releases) FROM look l JOIN entry e ON e.id = l.entry"
        " WHERE l.who IS NOT NULL AND l.looked_us >= ?1 GROUP BY e.rule ORDER BY 2 DESC, 1 LIMIT 500",
        error);
    json_t *rules = json_array();
    StoreStep step = STORE_FAILED;
    if (get != NULL)
        store_bind_int(get, 1, from_us);
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW)
        json_array_append_new(rules, json_pack("{s:s, s:I, s:I}", "rule", store_text(get, 0), "looked",
                                               (json_int_t)store_int(get, 1), "agreed",
                                               (json_int_t)store_int(get, 2)));
    if (step != STORE_DONE)
        g_clear_pointer(&rules, json_decref);
    return rules;
}

// Agreement beyond what chance would bring; null where chance alone brings all of it.
static json_t *kappa(const int64_t counts[4])
{
    double both = (double)counts[0], neither = (double)counts[1];
    double first = (double)counts[2], second = (double)counts[3], all = both + neither + first + second;
    if (all <= 0)
        return json_null();
    double agreed = (both + neither) / all;
    double chance = ((both + first) * (both + second) + (neither + first) * (neither + second)) / (all * all);
    return chance < 1 ? json_real((agreed - chance) / (1 - chance)) : json_null();
}

json_t *docket_agreement(Docket *docket, int64_t from_us, GError **error)
{
    json_t *rules = agreement_rules(docket, from_us, error);
    g_autoptr(StoreStmt) get =
        rules != NULL
            ? store_prepare(
                  docket->db,
                  "SELECT coalesce(sum(e.action < 2 AND l.releases), 0), coalesce(sum(e.action = 2 "
                  "AND NOT l.releases), 0), coalesce(sum(e.action < 2 AND NOT l.releases), 0),"
                  " coalesce(sum(e.action = 2 AND l.releases), 0) FROM look l JOIN entry e ON e.id = "
                  "l.entry WHERE l.who IS NOT NULL AND l.looked_us >= ?1",
                  error)
            : NULL;
    if (get != NULL)
        store_bind_int(get, 1, from_us);
    json_t *out = NULL;
    if (get != NULL && store_step(get, error) == STORE_ROW) {
        int64_t counts[4];
        for (int i = 0; i < 4; i++)
            counts[i] = store_int(get, i);
        out = json_pack("{s:I, s:I, s:I, s:I, s:o, s:O}", "both_release", (json_int_t)counts[0], "both_deny",
                        (json_int_t)counts[1], "first_releases", (json_int_t)counts[2], "second_releases",
                        (json_int_t)counts[3], "kappa", kappa(counts), "rules", rules);
    }
    json_decref(rules);
    return out;
}

static void free_look(gpointer data)
{
    DocketLook *look = data;
    g_free(look->record);
    g_free(look->rule);
    g_free(look->first);
    g_free(look->second);
    g_free(look->comment);
    g_free(look);
}

GPtrArray *docket_disagreements(Docket *docket, int64_t before_us, guint most, GError **error)
{
    g_autoptr(GPtrArray) looks = g_ptr_array_new_with_free_func(free_look);
    g_autoptr(StoreStmt) get = store_prepare(
        docket->db,
        "SELECT l.record, e.rule, e.who, l.who, l.comment, e.action, l.looked_us FROM look l JOIN entry e ON "
        "e.id = l.entry WHERE l.who IS NOT NULL AND (e.action < 2) != l.releases AND l.looked_us < ?1"
        " ORDER BY l.looked_us DESC LIMIT ?2",
        error);
    StoreStep step = STORE_FAILED;
    if (get != NULL) {
        store_bind_int(get, 1, before_us > 0 ? before_us : G_MAXINT64);
        store_bind_int(get, 2, most);
    }
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        DocketLook *look = g_new0(DocketLook, 1);
        *look = (DocketLook){.record = g_strdup(store_text(get, 0)),
                             .rule = g_strdup(store_text(get, 1)),
                             .first = g_strdup(store_text(get, 2)),
                             .second = g_strdup(store_text(get, 3)),
                             .comment = g_strdup(store_text(get, 4)),
                             .action = (DocketAction)store_int(get, 5),
                             .looked_us = store_int(get, 6)};
        g_ptr_array_add(looks, look);
    }
    return step == STORE_DONE ? g_steal_pointer(&looks) : NULL;
}
