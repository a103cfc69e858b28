#include "bag/internal.h"

#include <string.h>

#define BATES_MOST 48
#define TEXT_MOST  10000

static const char *const TREATMENTS[] = {
    [BAG_FULL] = "full", [BAG_REDACTED] = "redacted", [BAG_WITHHELD] = "withheld"};

const char *bag_treatment_name(BagTreatment treatment)
{
    return treatment < BAG_TREATMENTS ? TREATMENTS[treatment] : "?";
}

bool bag_treatment_parse(const char *name, BagTreatment *out)
{
    bool found = false;
    for (guint i = 0; i < BAG_TREATMENTS && !found; i++) {
        found = g_strcmp0(name, TREATMENTS[i]) == 0;
        *out = found ? (BagTreatment)i : *out;
    }
    return found;
}

// ---- making ----------------------------------------------------------------------------------------------

static void exemption_free(gpointer data)
{
    BagExemption *exemption = data;
    g_free(exemption->code);
    g_free(exemption->reason);
    g_free(exemption);
}

static void item_free(gpointer data)
{
    BagItem *item = data;
    g_free(item->record);
    g_free(item->bates);
    g_free(item->custodian);
    g_clear_pointer(&item->exemptions, g_ptr_array_unref);
    json_decref(item->redactions);
    g_free(item);
}

BagSpec *bag_spec_new(void)
{
    BagSpec *spec = g_new0(BagSpec, 1);
    spec->items = g_ptr_array_new_with_free_func(item_free);
    return spec;
}

void bag_spec_free(BagSpec *spec)
{
    if (spec == NULL)
        return;
    g_free(spec->name);
    g_free(spec->description);
    g_free(spec->requester);
    g_free(spec->custody);
    g_free(spec->who);
    g_free(spec->reason);
    g_free(spec->checkpoint);
    json_decref(spec->searches);
    g_ptr_array_unref(spec->items);
    g_free(spec);
}

BagItem *bag_spec_add(BagSpec *spec, const char *record, const char *bates, BagTreatment treatment)
{
    BagItem *item = g_new0(BagItem, 1);
    item->record = g_strdup(record);
    item->bates = g_strdup(bates);
    item->treatment = treatment;
    g_ptr_array_add(spec->items, item);
    return item;
}

void bag_item_exempt(BagItem *item, const char *code, const char *reason)
{
    if (item->exemptions == NULL)
        item->exemptions = g_ptr_array_new_with_free_func(exemption_free);
    BagExemption *exemption = g_new0(BagExemption, 1);
    exemption->code = g_strdup(code);
    exemption->reason = g_strdup(reason);
    g_ptr_array_add(item->exemptions, exemption);
}

char *bag_bates(const char *prefix, guint width, guint64 number)
{
    return g_strdup_printf("%s%0*" G_GINT64_MODIFIER "u", prefix, (int)MIN(width, 20), number);
}

// ---- checking --------------------------------------------------------------------------------------------

static bool is_bates(const char *text)
{
    gsize len = text != NULL ? strlen(text) : 0;
    return len > 0 && len <= BATES_MOST &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

// What is wrong with the item; NULL = nothing.
static const char *item_mistake(const BagItem *item)
{
    guint exemptions = item->exemptions != NULL ? item->exemptions->len : 0;
    const char *mistake = NULL;
    if (!is_bates(item->bates))
        mistake = "a Bates number is letters, figures, \"-\" and \"_\", 48 at most";
    else if (item->record == NULL || !ulid_parse(item->record, NULL))
        mistake = "its record is no id";
    else if (item->treatment >= BAG_TREATMENTS)
        mistake = "its treatment is none";
    else if (item->treatment == BAG_WITHHELD && exemptions == 0)
        mistake = "what is withheld wants an exemption's code";
    else if (item->treatment == BAG_REDACTED && json_array_size(item->redactions) == 0)
        mistake = "what is redacted wants its redactions";
    for (guint i = 0; i < exemptions && mistake == NULL; i++) {
        const BagExemption *exemption = item->exemptions->pdata[i];
        if (exemption->code == NULL || *exemption->code == '\0')
            mistake = "an exemption without a code";
    }
    return mistake;
}

// `seen`: lower-case numbers and records.
static const char *item_repeats(const BagItem *item, GHashTable *seen)
{
    const char *mistake = NULL;
    if (!g_hash_table_add(seen, g_ascii_strdown(item->bates, -1)))
        mistake = "its number stands there twice";
    else if (!g_hash_table_add(seen, g_strconcat("record ", item->record, NULL)))
        mistake = "its record stands there twice";
    return mistake;
}

static bool is_text(const char *text)
{
    return text == NULL || (strlen(text) <= TEXT_MOST && g_utf8_validate(text, -1, NULL));
}

bool spec_check(const BagSpec *spec, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *mistake = NULL, *where = spec->name != NULL ? spec->name : "the export";
    if (spec->name == NULL || *spec->name == '\0')
        mistake = "it wants a name";
    else if (!is_text(spec->name) || !is_text(spec->description) || !is_text(spec->requester) ||
             !is_text(spec->custody) || !is_text(spec->reason))
        mistake = "name, description, requester, custodian and reason are UTF-8, 10,000 bytes at most";
    else if (spec->who == NULL || *spec->who == '\0')
        mistake = "it wants to know who exports";
    else if (spec->time_us <= 0)
        mistake = "it wants a time";
    else if (spec->items->len == 0)
        mistake = "there is nothing in it";
    for (guint i = 0; i < spec->items->len && mistake == NULL; i++) {
        const BagItem *item = spec->items->pdata[i];
        mistake = item_mistake(item);
        mistake = mistake == NULL ? item_repeats(item, seen) : mistake;
        where = item->bates != NULL ? item->bates : "an item";
    }
    if (mistake != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: %s", where, mistake);
    return mistake == NULL;
}

// ---- as text ---------------------------------------------------------------------------------------------

static json_t *item_json(const BagItem *item)
{
    json_t *exemptions = json_array();
    for (guint i = 0; item->exemptions != NULL && i < item->exemptions->len; i++) {
        const BagExemption *one = item->exemptions->pdata[i];
        json_array_append_new(exemptions, json_pack("{s:s, s:s?}", "code", one->code, "reason", one->reason));
    }
    return json_pack("{s:s, s:s, s:s?, s:s, s:o, s:O?}", "record", item->record, "bates", item->bates,
                     "custodian", item->custodian, "treatment", bag_treatment_name(item->treatment),
                     "exemptions", exemptions, "redactions", item->redactions);
}

char *spec_text(const BagSpec *spec)
{
    json_t *items = json_array();
    for (guint i = 0; i < spec->items->len; i++)
        json_array_append_new(items, item_json(spec->items->pdata[i]));
    json_t *json =
        json_pack("{s:i, s:s, s:s?, s:s?, s:s?, s:s, s:b, s:o}", "v", 1, "name", spec->name, "description",
                  spec->description, "requester", spec->requester, "custody", spec->custody, "who", spec->who,
                  "envelope", (int)spec->envelope, "items", items);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(json);
    return text;
}
