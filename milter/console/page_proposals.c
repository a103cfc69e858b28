// What reviewers' decisions say about the rules: proposals, with their evidence, for whoever keeps the policy. Nothing is ever applied here.
#include "console/internal.h"

#include <string.h>

#define DAY_US (86400 * (int64_t)G_USEC_PER_SEC)
enum {
    DAYS = 90,
    DECISIONS_MOST = 600,
    RECORDS_MOST = 300,
    RULE_LEAST = 10,
    WRONG_PERCENT = 40,
    VALUE_LEAST = 3,
    SHOWN = 3
};

typedef struct {
    char *kind, *value; // as it is masked
    GPtrArray *records; // of char*
} Value;

static void value_free(gpointer data)
{
    Value *value = data;
    g_free(value->kind);
    g_free(value->value);
    g_ptr_array_unref(value->records);
    g_free(value);
}

static const char *text(const json_t *object, const char *name)
{
    const char *found = json_string_value(json_object_get(object, name));
    return found != NULL ? found : "";
}

// ---- what was held for nothing, by value -------------------------------------------------------------------

static void value_add(GHashTable *values, const json_t *finding, const char *record)
{
    g_autofree char *key = g_strconcat(text(finding, "kind"), "\n", text(finding, "value"), NULL);
    Value *value = g_hash_table_lookup(values, key);
    Kind kind;
    // Only ways to reach somebody can be published.
    if (*text(finding, "value") == '\0' || !kind_parse(text(finding, "kind"), &kind) ||
        !kind_is_contact(kind))
        return;
    if (value == NULL) {
        value = g_new0(Value, 1);
        *value = (Value){g_strdup(text(finding, "kind")), g_strdup(text(finding, "value")),
                         g_ptr_array_new_with_free_func(g_free)};
        g_hash_table_insert(values, g_steal_pointer(&key), value);
    }
    if (value->records->len == 0 || strcmp(value->records->pdata[value->records->len - 1], record) != 0)
        g_ptr_array_add(value->records, g_strdup(record));
}

// The findings of `rule` in a record.
static bool values_of(const Config *config, const DocketEntry *entry, GHashTable *values, GError **error)
{
    GError *why = NULL;
    g_autoptr(ArchiveRecord) record = archive_get(config, entry->record, &why);
    if (record == NULL) { // destroyed since
        bool gone = g_error_matches(why, BASE_ERROR, BASE_ERROR_NOINPUT);
        if (gone)
            g_error_free(why);
        else
            g_propagate_error(error, why);
        return gone;
    }
    const json_t *judgement = json_object_get(record->meta, "judgement");
    const json_t *reasons = json_object_get(judgement, "reasons"),
                 *findings = json_object_get(judgement, "findings");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i), *used = json_object_get(reason, "findings");
        for (size_t k = 0; strcmp(text(reason, "rule"), entry->rule) == 0 && k < json_array_size(used); k++)
            value_add(values, json_array_get(findings, (size_t)json_integer_value(json_array_get(used, k))),
                      entry->record);
    }
    return true;
}

static bool is_wrong(const DocketEntry *entry)
{
    return g_strcmp0(entry->reason, "false-positive") == 0;
}

static int most_first(gconstpointer a, gconstpointer b)
{
    const Value *one = *(const Value *const *)a, *other = *(const Value *const *)b;
    return one->records->len != other->records->len ? (one->records->len < other->records->len ? 1 : -1)
                                                    : strcmp(one->value, other->value);
}

// Values that were false positives again and again. GPtrArray of Value, borrowed from `values`; NULL with `error`.
static GPtrArray *values_found(Request *request, GHashTable *values, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autoptr(GPtrArray) done = docket != NULL ? docket_done(docket, NULL, 0, DECISIONS_MOST, error) : NULL;
    bool ok = done != NULL;
    guint read = 0;
    for (guint i = 0; ok && i < done->len && read < RECORDS_MOST; i++) {
        const DocketEntry *entry = done->pdata[i];
        if (is_wrong(entry) && entry->made_us > request->now_us - DAYS * DAY_US) {
            ok = values_of(request->config, entry, values, error);
            read++;
        }
    }
    if (!ok)
        return NULL;
    GPtrArray *out = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    for (g_hash_table_iter_init(&iter, values); g_hash_table_iter_next(&iter, NULL, &value);)
        if (((Value *)value)->records->len >= VALUE_LEAST)
            g_ptr_array_add(out, value);
    g_ptr_array_sort(out, most_first);
    return out;
}

static void show_values(Html *html, const GPtrArray *values)
{
    html_say(html, "h2", "proposals.values", NULL);
    html_say(html, "p", values->len > 0 ? "proposals.values-hint" : "proposals.no-values", NULL);
    for (guint i = 0; i < values->len; i++) {
        const Value *value = values->pdata[i];
        g_autofree char *count = g_strdup_printf("%u", value->records->len);
        g_autofree char *row = g_strdup_printf("%s,%s,", value->kind, value->value);
        html_open(html, "section", "class", "proposal", NULL);
        html_open(html, "p", NULL);
        html_words(html, "proposals.value", "kind", value->kind, "n", count, NULL);
        html_close(html, "p");
        html_open(html, "pre", NULL);
        html_text(html, "# published.csv\n");
        html_mail(html, row);
        html_close(html, "pre");
        html_say(html, "p", "proposals.see", NULL);
        html_open(html, "ul", NULL);
        for (guint k = 0; k < MIN(value->records->len, SHOWN); k++) {
            const char *record = value->records->pdata[k];
            g_autofree char *path = g_strconcat("/queue/", record, NULL);
            html_open(html, "li", NULL);
            html_link(html, path, record);
            html_close(html, "li");
        }
        html_close(html, "section");
    }
}

// ---- rules -------------------------------------------------------------------------------------------------

static bool rule_is_loose(const json_t *rule)
{
    int64_t decided = json_integer_value(json_object_get(rule, "decided"));
    int64_t wrong = json_integer_value(json_object_get(rule, "false_positive"));
    return decided >= RULE_LEAST && 100 * wrong >= WRONG_PERCENT * decided;
}

static void show_rule(Html *html, const json_t *rule, const char *since)
{
    g_autofree char *decided =
        g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(rule, "decided")));
    g_autofree char *wrong =
        g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(rule, "false_positive")));
    g_autofree char *lines =
        g_strdup_printf("# %s: %s of %s decided messages were false positives since %s\nmode = \"coach\";\n",
                        text(rule, "rule"), wrong, decided, since);
    html_open(html, "section", "class", "proposal", NULL);
    html_open(html, "p", NULL);
    html_words(html, "proposals.rule", "rule", text(rule, "rule"), "wrong", wrong, "decided", decided, NULL);
    html_close(html, "p");
    html_element(html, "pre", lines, NULL);
    html_close(html, "section");
}

static bool show_rules(Request *request, Html *html, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    int64_t from_us = request->now_us - DAYS * DAY_US;
    json_t *figures = docket != NULL ? docket_figures(docket, from_us, error) : NULL;
    if (figures == NULL)
        return false;
    int date = clock_local_date(from_us, request->config->district.timezone);
    g_autofree char *since = g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
    const json_t *rules = json_object_get(figures, "rules");
    guint shown = 0;
    html_say(html, "h2", "proposals.rules", NULL);
    for (size_t i = 0; i < json_array_size(rules); i++)
        if (rule_is_loose(json_array_get(rules, i)) && ++shown > 0)
            show_rule(html, json_array_get(rules, i), since);
    html_say(html, "p", shown > 0 ? "proposals.rules-hint" : "proposals.no-rules", NULL);
    json_decref(figures);
    return true;
}

static bool proposals(Request *request, Reply *reply, GError **error)
{
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, value_free);
    g_autoptr(GPtrArray) found = values_found(request, values, error);
    if (found == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "proposals.title");
    html_say(html, "p", "proposals.hint", NULL);
    bool ok = show_rules(request, html, error);
    show_values(html, found);
    page_end(request, html, reply);
    return ok;
}

static const Route ROUTES[] = {{"GET", "/dashboard/proposals", USER_REVIEWER | USER_APPROVER, proposals}};
const RouteTable PROPOSALS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
